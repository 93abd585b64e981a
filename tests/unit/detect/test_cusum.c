/* SPDX-License-Identifier: Apache-2.0 */
/* CUSUM against the published alarms of frouros, and the chart's run length as it is promised. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/arl.h"
#include "tests/unit/detect/alarms.h"

static void cusum_when_stream_is_frouros_alarms_where_it_does(void **state)
{
    (void)state;
    static const size_t drifts[] = {113, 226};
    assert_published(DETECTOR_CUSUM, "frouros_stream_drift.txt", drifts, 2, NULL);
    assert_published(DETECTOR_CUSUM, "frouros_stream_drift.txt", drifts, 2, "min_instances", 1.0,
                     NULL);
}

/* Mean run length of the chart with known mean and deviation, over 2,000 runs, within four standard errors. */
static void cusum_when_chart_knows_its_mean_has_the_run_length(void **state)
{
    (void)state;
    enum { RUNS = 2000 };
    struct cusum_options options = cusum_defaults();
    options.flavour = CUSUM_CHART;
    options.arl = 100.0;
    options.reference = 0;
    options.mean = 7.0;
    options.deviation = 3.0;
    struct cusum cusum;
    struct stream random;
    cusum_init(&cusum, &options);
    stream_init(&random, 2, "test/cusum", 0);
    double sum = 0.0, squares = 0.0;
    for (int run = 0; run < RUNS; run++) {
        double length = 1.0;
        while (cusum_step(&cusum, 7.0 + 3.0 * stream_normal(&random)) != DETECT_DRIFT) {
            length += 1.0;
        }
        assert_true(cusum_statistic(&cusum) > cusum.h);
        sum += length;
        squares += length * length;
    }
    double mean = sum / RUNS, deviation = sqrt(squares / RUNS - mean * mean);
    assert_true(fabs(mean - 100.0) < 4.0 * deviation / sqrt(RUNS));
}

/* 0, 2, 0, 2 ... has mean 1; deviation sqrt(100 / 99) after 100. */
static void cusum_when_chart_has_a_reference_measures_in_its_deviations(void **state)
{
    (void)state;
    struct cusum_options options = cusum_defaults();
    struct cusum cusum;
    options.flavour = CUSUM_CHART;
    cusum_init(&cusum, &options);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(cusum_step(&cusum, i % 2 == 0 ? 0.0 : 2.0), DETECT_NONE);
    }
    double z = 4.0 / sqrt(100.0 / 99.0);
    assert_int_equal(cusum_step(&cusum, 5.0), DETECT_NONE);
    assert_true(fabs(cusum_statistic(&cusum) - (z - 0.5)) < 1e-12);
    assert_int_equal(cusum_step(&cusum, -3.0), DETECT_NONE);
    assert_true(fabs(cusum_statistic(&cusum) - (z - 0.5)) < 1e-12); /* Of the fall. */
    assert_int_equal(cusum_step(&cusum, -3.0), DETECT_DRIFT);
}

static void cusum_when_one_sided_is_blind_to_a_fall(void **state)
{
    (void)state;
    struct cusum_options options = cusum_defaults();
    struct cusum cusum;
    options.flavour = CUSUM_CHART;
    options.two_sided = false;
    options.reference = 0;
    cusum_init(&cusum, &options);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(cusum_step(&cusum, -2.0), DETECT_NONE);
    }
}

/* A reference without a spread goes on until there is one. */
static void cusum_when_stream_is_constant_never_alarms(void **state)
{
    (void)state;
    for (int flavour = CUSUM_RUNNING; flavour <= CUSUM_CHART; flavour++) {
        struct cusum_options options = cusum_defaults();
        struct cusum cusum;
        options.flavour = (enum cusum_flavour)flavour;
        cusum_init(&cusum, &options);
        for (int i = 0; i < 5000; i++) {
            assert_int_equal(cusum_step(&cusum, 0.1), DETECT_NONE);
        }
    }
}

static void cusum_wrong_when_an_option_is_out_of_range_names_it(void **state)
{
    (void)state;
    struct cusum_options options = cusum_defaults();
    assert_null(cusum_wrong(&options));
    options.reference = 1;
    assert_string_equal(cusum_wrong(&options), "reference is 0 or in 2 .. 2147483648");
    options = cusum_defaults();
    options.deviation = 0.0;
    assert_string_equal(cusum_wrong(&options), "deviation is in 1e-300 .. 1e300");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cusum_when_stream_is_frouros_alarms_where_it_does),
        cmocka_unit_test(cusum_when_chart_knows_its_mean_has_the_run_length),
        cmocka_unit_test(cusum_when_chart_has_a_reference_measures_in_its_deviations),
        cmocka_unit_test(cusum_when_one_sided_is_blind_to_a_fall),
        cmocka_unit_test(cusum_when_stream_is_constant_never_alarms),
        cmocka_unit_test(cusum_wrong_when_an_option_is_out_of_range_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
