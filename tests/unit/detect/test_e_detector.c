/* SPDX-License-Identifier: Apache-2.0 */
/* The e-detector against scipy's binomial likelihoods, its run length to a false alarm, and its delay. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/e_detector.h"
#include "tests/lib/memory_visit.h"

static void assert_near(double seen, double expected)
{
    if (fabs(seen - expected) > 1e-10 * fmax(1.0, fabs(expected))) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

/* Figures: R = (R + 1) * binom.pmf(f, n, a) / binom.pmf(f, n, t), mean over the four alternatives. */
static void e_detector_when_computed_elsewhere_is_the_same(void **state)
{
    (void)state;
    struct e_detector detector;
    e_detector_init(&detector, 0.1);
    assert_near(e_detector_step(&detector, 10, 100), 0.2952824579055271);
    assert_near(e_detector_step(&detector, 15, 100), 2.5519652181616648);
    assert_near(e_detector_step(&detector, 20, 100), 110.57410852893636);
    assert_near(e_detector_step(&detector, 0, 0), 110.57410852893636);
    assert_near(e_detector_step(&detector, 30, 100), 24095494.03775905);
    assert_near(e_detector_value(&detector), 24095494.03775905);
    e_detector_reset(&detector);
    assert_true(e_detector_value(&detector) == 0.0);
}

static void e_detector_when_the_change_is_gross_stays_at_its_cap(void **state)
{
    (void)state;
    struct e_detector detector;
    e_detector_init(&detector, 0.05);
    for (int i = 0; i < 100; i++) {
        assert_true(e_detector_step(&detector, 4000, 5000) <= 1e12);
    }
    assert_true(e_detector_value(&detector) == 1e12);
    assert_true(e_detector_step(&detector, 0, 100000) == 0.0);
}

static void e_detector_when_given_odd_rates_stays_finite(void **state)
{
    (void)state;
    static const double rates[] = {-1.0, 0.0, 1e-9, 0.5, 0.969, 0.98, 1.0, 7.0, NAN};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct e_detector detector;
        e_detector_init(&detector, rates[i]);
        for (uint32_t j = 0; j < 50; j++) {
            double value = e_detector_step(&detector, j * 3, 40 + j);
            assert_true(value >= 0.0);
            assert_true(value <= 1e12);
        }
    }
}

/* Mean windows to the first alarm while the true rate is the tolerated one or less. */
static double run_length(double tolerated, double rate, uint32_t n, double threshold, uint64_t index)
{
    struct stream stream;
    stream_init(&stream, 11, "tests/e_detector", index);
    const int n_runs = 400;
    const int windows_max = 20000;
    double sum = 0.0;
    for (int run = 0; run < n_runs; run++) {
        struct e_detector detector;
        e_detector_init(&detector, tolerated);
        int windows = 0;
        double value = 0.0;
        while (value < threshold && windows < windows_max) {
            value = e_detector_step(&detector, (uint32_t)stream_binomial(&stream, n, rate), n);
            windows++;
        }
        sum += windows;
    }
    return sum / n_runs;
}

static void e_detector_when_nothing_changed_runs_as_long_as_its_threshold(void **state)
{
    (void)state;
    assert_true(run_length(0.10, 0.10, 50, 100.0, 0) >= 100.0);
    assert_true(run_length(0.10, 0.10, 400, 100.0, 1) >= 100.0);
    assert_true(run_length(0.05, 0.05, 200, 300.0, 2) >= 300.0);
    assert_true(run_length(0.25, 0.25, 24, 200.0, 3) >= 200.0);
    assert_true(run_length(0.10, 0.09, 200, 200.0, 4) >= 200.0);
}

static void e_detector_when_quality_falls_alarms_within_windows(void **state)
{
    (void)state;
    assert_true(run_length(0.12, 0.20, 300, 1000.0, 5) <= 2.0);
    assert_true(run_length(0.12, 0.15, 300, 1000.0, 6) <= 12.0);
    assert_true(run_length(0.12, 0.30, 50, 1000.0, 7) <= 3.0);
}

static void e_detector_when_restored_goes_on_alike(void **state)
{
    (void)state;
    static struct memory_visit memory;
    struct e_detector first, second = {0};
    e_detector_init(&first, 0.1);
    (void)e_detector_step(&first, 14, 100);
    memory_visit_init(&memory);
    e_detector_visit(&memory.visit, "detector", &first);
    memory_visit_rewind(&memory);
    e_detector_visit(&memory.visit, "detector", &second);
    assert_true(memory_visit_is_done(&memory));
    assert_true(e_detector_value(&first) == e_detector_value(&second));
    assert_true(e_detector_step(&first, 17, 90) == e_detector_step(&second, 17, 90));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e_detector_when_computed_elsewhere_is_the_same),
        cmocka_unit_test(e_detector_when_the_change_is_gross_stays_at_its_cap),
        cmocka_unit_test(e_detector_when_given_odd_rates_stays_finite),
        cmocka_unit_test(e_detector_when_nothing_changed_runs_as_long_as_its_threshold),
        cmocka_unit_test(e_detector_when_quality_falls_alarms_within_windows),
        cmocka_unit_test(e_detector_when_restored_goes_on_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
