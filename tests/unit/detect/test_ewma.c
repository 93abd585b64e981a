/* SPDX-License-Identifier: Apache-2.0 */
/* EWMA chart: its recursion by hand, its run length as promised, its reference. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/ewma.h"

static void ewma_when_mean_is_given_follows_its_recursion(void **state)
{
    (void)state;
    struct ewma_options options = ewma_defaults();
    struct ewma ewma;
    options.reference = 0;
    options.lambda = 0.2;
    options.arl = 500.0;
    options.mean = 10.0;
    options.deviation = 2.0;
    ewma_init(&ewma, &options);
    assert_true(fabs(ewma.limit - 2.96217838 / 3.0) <
                1e-8); /* c of the R package spc, sqrt(.2 / 1.8) = 1 / 3. */
    double z = 0.0;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ewma_step(&ewma, 13.0), DETECT_NONE);
        z = 0.8 * z + 0.2 * 1.5;
        assert_true(fabs(ewma_statistic(&ewma) - z) < 1e-12);
    }
    int n_steps = 3;
    while (ewma_step(&ewma, 13.0) != DETECT_DRIFT) {
        z = 0.8 * z + 0.2 * 1.5;
        assert_true(z <= ewma.limit);
        n_steps++;
    }
    assert_true(0.8 * z + 0.2 * 1.5 > ewma.limit);
    assert_int_equal(ewma_step(&ewma, 10.0), DETECT_NONE);
    assert_true(fabs(ewma_statistic(&ewma)) < 1e-12); /* Afresh. */
}

static void ewma_when_nothing_changes_has_the_run_length(void **state)
{
    (void)state;
    enum { RUNS = 2000 };
    struct ewma_options options = ewma_defaults();
    struct ewma ewma;
    struct stream random;
    options.reference = 0;
    options.arl = 100.0;
    ewma_init(&ewma, &options);
    stream_init(&random, 3, "test/ewma", 0);
    double sum = 0.0, squares = 0.0;
    for (int run = 0; run < RUNS; run++) {
        double length = 1.0;
        while (ewma_step(&ewma, stream_normal(&random)) != DETECT_DRIFT) {
            length += 1.0;
        }
        sum += length;
        squares += length * length;
    }
    double mean = sum / RUNS, deviation = sqrt(squares / RUNS - mean * mean);
    assert_true(fabs(mean - 100.0) < 4.0 * deviation / sqrt(RUNS));
}

static void ewma_when_mean_falls_alarms_as_when_it_rises(void **state)
{
    (void)state;
    struct ewma_options options = ewma_defaults();
    struct ewma up, down;
    ewma_init(&up, &options);
    ewma_init(&down, &options);
    struct stream random;
    stream_init(&random, 4, "test/ewma", 0);
    bool is_over = false;
    for (int i = 0; i < 300 && !is_over; i++) {
        double z = stream_normal(&random) + (i < 200 ? 0.0 : 2.0);
        enum detect_signal risen = ewma_step(&up, z), fallen = ewma_step(&down, -z);
        assert_int_equal(risen, fallen);
        is_over = risen == DETECT_DRIFT;
        assert_true(!is_over || i >= 200);
    }
    assert_true(is_over);
}

static void ewma_when_stream_is_constant_never_alarms(void **state)
{
    (void)state;
    struct ewma_options options = ewma_defaults();
    struct ewma ewma;
    ewma_init(&ewma, &options);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(ewma_step(&ewma, 0.1), DETECT_NONE);
    }
}

static void ewma_wrong_when_an_option_is_out_of_range_names_it(void **state)
{
    (void)state;
    struct ewma_options options = ewma_defaults();
    assert_null(ewma_wrong(&options));
    options.lambda = 0.0;
    assert_string_equal(ewma_wrong(&options), "lambda is in 0.05 .. 1");
    options = ewma_defaults();
    options.arl = 1.0;
    assert_string_equal(ewma_wrong(&options), "arl is in 2 .. 1e6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ewma_when_mean_is_given_follows_its_recursion),
        cmocka_unit_test(ewma_when_nothing_changes_has_the_run_length),
        cmocka_unit_test(ewma_when_mean_falls_alarms_as_when_it_rises),
        cmocka_unit_test(ewma_when_stream_is_constant_never_alarms),
        cmocka_unit_test(ewma_wrong_when_an_option_is_out_of_range_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
