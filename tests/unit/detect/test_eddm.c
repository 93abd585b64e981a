/* SPDX-License-Identifier: Apache-2.0 */
/* EDDM against the published alarms of river and scikit-multiflow, and by hand. */
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

static void eddm_when_stream_is_rivers_warns_and_alarms_where_river_does(void **state)
{
    (void)state;
    static const size_t drifts[] = {1278}, warnings[] = {1059};
    struct detector_settings settings = detector_defaults(DETECTOR_EDDM);
    set(&settings, DETECTOR_EDDM, "alpha", 0.8);
    set(&settings, DETECTOR_EDDM, "beta", 0.75);
    run(DETECTOR_EDDM, &settings, stream, fill_coins(stream, 42, 1000, 1000, mostly_ones), &alarms);
    assert_rows(alarms.at, alarms.n, drifts, 1);
    assert_rows(alarms.warnings, alarms.n_warnings, warnings, 1);
}

static void eddm_when_stream_is_kept_alarms_where_each_flavour_does(void **state)
{
    (void)state;
    static const size_t river[] = {663, 828, 1007, 1078}, moa[] = {681, 848, 983, 1042, 1089};
    assert_published(DETECTOR_EDDM, "river_np_stream2.txt", river, 4, NULL);
    assert_published(DETECTOR_EDDM, "river_np_stream2.txt", moa, 5, "flavour", (double)EDDM_MOA,
                     NULL);
}

/* Errors ten apart, then two apart: the mean distance falls, and no flavour may miss it. */
static void eddm_when_errors_come_closer_alarms(void **state)
{
    (void)state;
    for (int flavour = EDDM_RIVER; flavour <= EDDM_FROUROS; flavour++) {
        struct eddm_options options = eddm_defaults();
        struct eddm eddm;
        int alarm = -1;
        options.flavour = (enum eddm_flavour)flavour;
        eddm_init(&eddm, &options);
        for (int i = 0; i < 1000 && alarm < 0; i++) {
            bool is_error = i < 500 ? i % 10 == 9 : i % 2 == 1;
            alarm = eddm_step(&eddm, is_error ? 1.0 : 0.0) == DETECT_DRIFT ? i : -1;
        }
        assert_true(alarm > 500 && alarm < 700);
        assert_true(eddm_statistic(&eddm) < options.beta);
    }
}

static void eddm_when_there_is_no_error_says_nothing(void **state)
{
    (void)state;
    struct eddm_options options = eddm_defaults();
    struct eddm eddm;
    eddm_init(&eddm, &options);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(eddm_step(&eddm, i % 2 == 0 ? 0.0 : 0.999), DETECT_NONE);
    }
    assert_true(eddm_statistic(&eddm) >= 1.0);
}

static void eddm_wrong_when_beta_is_above_alpha_says_so(void **state)
{
    (void)state;
    struct eddm_options options = eddm_defaults();
    assert_null(eddm_wrong(&options));
    options.beta = 0.96;
    assert_string_equal(eddm_wrong(&options), "beta is in 0 .. alpha");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eddm_when_stream_is_rivers_warns_and_alarms_where_river_does),
        cmocka_unit_test(eddm_when_stream_is_kept_alarms_where_each_flavour_does),
        cmocka_unit_test(eddm_when_errors_come_closer_alarms),
        cmocka_unit_test(eddm_when_there_is_no_error_says_nothing),
        cmocka_unit_test(eddm_wrong_when_beta_is_above_alpha_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
