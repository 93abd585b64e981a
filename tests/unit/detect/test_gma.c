/* SPDX-License-Identifier: Apache-2.0 */
/* GMA against the published alarms of frouros and MOA, and by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/detect/alarms.h"

static void gma_when_streams_are_kept_alarms_where_published(void **state)
{
    (void)state;
    static const size_t frouros[] = {134}, capymoa[] = {1023};
    assert_published(DETECTOR_GMA, "frouros_stream_drift.txt", frouros, 1, NULL);
    assert_published(DETECTOR_GMA, "capymoa_seed0.txt", capymoa, 1, "min_instances", 29.0, NULL);
}

/* 0 for 99 rows, then 200: the mean is 2, the deviation 198, the sum 1.98. */
static void gma_when_one_value_is_large_alarms_at_once(void **state)
{
    (void)state;
    struct gma_options options = gma_defaults();
    struct gma gma;
    gma_init(&gma, &options);
    for (int i = 0; i < 99; i++) {
        assert_int_equal(gma_step(&gma, 0.0), DETECT_NONE);
    }
    assert_int_equal(gma_step(&gma, 200.0), DETECT_DRIFT);
    assert_true(fabs(gma_statistic(&gma) - 1.98) < 1e-12);
    assert_int_equal(gma_step(&gma, 200.0), DETECT_NONE);
    assert_true(fabs(gma_statistic(&gma)) < 1e-12); /* Afresh: the mean is the value. */
}

static void gma_wrong_when_an_option_is_out_of_range_names_it(void **state)
{
    (void)state;
    struct gma_options options = gma_defaults();
    assert_null(gma_wrong(&options));
    options.alpha = -0.1;
    assert_string_equal(gma_wrong(&options), "alpha is in 0 .. 1");
    options = gma_defaults();
    options.min_instances = 0;
    assert_string_equal(gma_wrong(&options), "min_instances is in 1 .. 2147483648");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gma_when_streams_are_kept_alarms_where_published),
        cmocka_unit_test(gma_when_one_value_is_large_alarms_at_once),
        cmocka_unit_test(gma_wrong_when_an_option_is_out_of_range_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
