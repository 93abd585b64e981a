/* SPDX-License-Identifier: Apache-2.0 */
/* DDM against the published alarms of river, and where its formula can be followed by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/detect/alarms.h"

static double stream[STREAM_MAX];
static struct alarms alarms;
static const double mostly_ones[2] = {0.3, 0.7};

/* The example of river's documentation: random.Random(42). */
static void ddm_when_stream_is_rivers_warns_and_alarms_where_river_does(void **state)
{
    (void)state;
    static const size_t drifts[] = {1334}, warnings[] = {1084, 1492};
    struct detector_settings settings = detector_defaults(DETECTOR_DDM);
    run(DETECTOR_DDM, &settings, stream, fill_coins(stream, 42, 1000, 1000, mostly_ones), &alarms);
    assert_rows(alarms.at, alarms.n, drifts, 1);
    assert_rows(alarms.warnings, alarms.n_warnings, warnings, 2);
}

static void ddm_when_streams_are_kept_alarms_where_published(void **state)
{
    (void)state;
    static const size_t river[] = {1049}, capymoa[] = {1005};
    assert_published(DETECTOR_DDM, "river_np_stream2.txt", river, 1, NULL);
    assert_published(DETECTOR_DDM, "capymoa_seed0.txt", capymoa, 1, NULL);
}

/* p + s > p_min + 3 s_min, and not >=. */
static void ddm_when_all_are_errors_never_alarms(void **state)
{
    (void)state;
    struct ddm ddm;
    struct ddm_options options = ddm_defaults();
    ddm_init(&ddm, &options);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(ddm_step(&ddm, 1.0), DETECT_NONE);
    }
    assert_true(ddm_statistic(&ddm) >= 1.0 && ddm_statistic(&ddm) <= 1.0);
}

/* 100 right answers, so that p_min = s_min = 0: the first error is above. The step after is the first of a new stream. */
static void ddm_when_it_alarmed_starts_afresh(void **state)
{
    (void)state;
    struct ddm ddm;
    struct ddm_options options = ddm_defaults();
    ddm_init(&ddm, &options);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ddm_step(&ddm, 0.0), DETECT_NONE);
    }
    assert_int_equal(ddm_step(&ddm, 1.0), DETECT_DRIFT);
    double p = 1.0 / 101.0;
    assert_true(fabs(ddm_statistic(&ddm) - (p + sqrt(p * (1.0 - p) / 101.0))) < 1e-15);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(ddm_step(&ddm, i % 2), DETECT_NONE);
    }
    assert_true(ddm.n > 29.5 && ddm.n < 30.5);
}

static void ddm_when_values_are_no_errors_says_nothing(void **state)
{
    (void)state;
    struct ddm ddm;
    struct ddm_options options = ddm_defaults();
    ddm_init(&ddm, &options);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(ddm_step(&ddm, i < 500 ? 5.0 : 7.0), DETECT_NONE);
    }
}

static void ddm_wrong_when_options_disagree_names_one(void **state)
{
    (void)state;
    struct ddm_options options = ddm_defaults();
    assert_null(ddm_wrong(&options));
    options.drift = 1.0;
    assert_string_equal(ddm_wrong(&options), "drift is in warning .. 1000000");
    options = ddm_defaults();
    options.warm_start = 0;
    assert_non_null(ddm_wrong(&options));
    options = ddm_defaults();
    options.warning = NAN;
    assert_non_null(ddm_wrong(&options));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ddm_when_stream_is_rivers_warns_and_alarms_where_river_does),
        cmocka_unit_test(ddm_when_streams_are_kept_alarms_where_published),
        cmocka_unit_test(ddm_when_all_are_errors_never_alarms),
        cmocka_unit_test(ddm_when_it_alarmed_starts_afresh),
        cmocka_unit_test(ddm_when_values_are_no_errors_says_nothing),
        cmocka_unit_test(ddm_wrong_when_options_disagree_names_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
