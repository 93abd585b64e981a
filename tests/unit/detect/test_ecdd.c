/* SPDX-License-Identifier: Apache-2.0 */
/* ECDD against the published alarm of MOA's EWMA chart, and its formula by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/detect/alarms.h"

/* MOA's EWMAChartDM has the same rule; the values 4 .. 7 after row 999 are no errors. */
static void ecdd_when_stream_is_capymoas_alarms_where_it_does(void **state)
{
    (void)state;
    static const size_t drifts[] = {999};
    assert_published(DETECTOR_ECDD, "capymoa_seed0.txt", drifts, 1, NULL);
}

/* An error at every tenth row, then errors only. */
static void ecdd_when_errors_rise_alarms_where_the_formula_does(void **state)
{
    (void)state;
    struct ecdd_options options = ecdd_defaults();
    struct ecdd ecdd;
    ecdd_init(&ecdd, &options);
    double errors = 0.0, z = 0.0;
    enum detect_signal signal = DETECT_NONE;
    for (int i = 0; i < 300 && signal != DETECT_DRIFT; i++) {
        double x = i < 200 ? (i % 10 == 9 ? 1.0 : 0.0) : 1.0;
        signal = ecdd_step(&ecdd, x);
        errors += x;
        z = 0.2 * x + 0.8 * z;
        double t = i + 1.0, p = errors / t;
        double s = sqrt(p * (1.0 - p) * (0.2 / 1.8) * (1.0 - pow(0.8, 2.0 * t)));
        double limit = 3.97 - 6.56 * p + 48.73 * pow(p, 3) - 330.13 * pow(p, 5) + 848.18 * pow(p, 7);
        enum detect_signal expected = z > p + limit * s         ? DETECT_DRIFT
                                      : z > p + 0.5 * limit * s ? DETECT_WARNING
                                                                : DETECT_NONE;
        assert_int_equal(signal, i + 1 < 30 ? DETECT_NONE : expected);
        assert_true(fabs(ecdd_statistic(&ecdd) - z) < 1e-12);
    }
    assert_int_equal(signal, DETECT_DRIFT);
}

/* Three run lengths: the longer, the later. 100 is quicker than 400 on the same errors. */
static void ecdd_when_run_length_is_shorter_alarms_no_later(void **state)
{
    (void)state;
    int alarm[2] = {-1, -1};
    for (int arl = ECDD_ARL_100; arl <= ECDD_ARL_400; arl++) {
        struct ecdd_options options = ecdd_defaults();
        struct ecdd ecdd;
        options.arl = (enum ecdd_run_length)arl;
        ecdd_init(&ecdd, &options);
        for (int i = 0; i < 400 && alarm[arl] < 0; i++) {
            double x = i < 200 ? (i % 10 == 9 ? 1.0 : 0.0) : (i % 3 != 0 ? 1.0 : 0.0);
            alarm[arl] = ecdd_step(&ecdd, x) == DETECT_DRIFT ? i : -1;
        }
        assert_true(alarm[arl] >= 200);
    }
    assert_true(alarm[0] < alarm[1]);
}

static void ecdd_when_there_is_no_error_never_alarms(void **state)
{
    (void)state;
    struct ecdd_options options = ecdd_defaults();
    struct ecdd ecdd;
    ecdd_init(&ecdd, &options);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(ecdd_step(&ecdd, 0.0), DETECT_NONE);
    }
    options.warning = 2.0;
    assert_string_equal(ecdd_wrong(&options), "warning is in 0 .. 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecdd_when_stream_is_capymoas_alarms_where_it_does),
        cmocka_unit_test(ecdd_when_errors_rise_alarms_where_the_formula_does),
        cmocka_unit_test(ecdd_when_run_length_is_shorter_alarms_no_later),
        cmocka_unit_test(ecdd_when_there_is_no_error_never_alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
