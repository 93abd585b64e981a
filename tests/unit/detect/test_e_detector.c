/* SPDX-License-Identifier: Apache-2.0 */
/* E-detectors against figures computed elsewhere, their run length to a false alarm, and their delay. */
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
#include "tests/lib/beta_draw.h"
#include "tests/lib/truth_stream.h"

static void assert_near(double seen, double expected)
{
    if (fabs(seen - expected) > 1e-10 * fmax(1.0, fabs(expected))) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

/* Rows are known to be independent. */
static void trust(struct e_detector *detector)
{
    detector->dispersion = (struct dispersion){.value = 0.5, .n_looks = DISPERSION_MEMORY};
}

/* Figures: R = (R + 1) * binom.pmf(f, n, a) / binom.pmf(f, n, t), mean over the four alternatives. */
static void e_detector_when_computed_elsewhere_is_the_same(void **state)
{
    (void)state;
    struct e_detector detector;
    e_detector_init(&detector, 0.1);
    trust(&detector);
    assert_near(e_detector_step(&detector, 10, 100, 1e4), 0.2952824579055271);
    assert_near(e_detector_step(&detector, 15, 100, 1e4), 2.5519652181616648);
    assert_near(e_detector_step(&detector, 20, 100, 1e4), 110.57410852893636);
    assert_near(e_detector_step(&detector, 0, 0, 1e4), 110.57410852893636);
    assert_near(e_detector_step(&detector, 30, 100, 1e4), 24095494.03775905);
    assert_near(e_detector_value(&detector), 24095494.03775905);
    e_detector_reset(&detector);
    assert_true(e_detector_value(&detector) == 0.0);
}

/* Without a memory: one window's statistic is its likelihood ratio, and totals are one large window. */
static void evidence_when_of_totals_is_that_of_one_window(void **state)
{
    (void)state;
    struct e_detector detector;
    e_detector_init(&detector, 0.1);
    trust(&detector);
    assert_near(exp(e_detector_evidence(&detector, 10, 100)), 0.2952824579055271);
    assert_near(e_detector_evidence(&detector, 0, 0), 0.0);
    assert_true(e_detector_evidence(&detector, 30000, 100000) >
                1000.0); /* Beyond what a double holds as a ratio. */
    assert_true(e_detector_evidence(&detector, 5000, 100000) < -400.0);
    assert_near(e_detector_evidence(&detector, 7, 5), e_detector_evidence(&detector, 5, 5));
    assert_true(e_detector_value(&detector) == 0.0);
}

static void e_detector_when_the_change_is_gross_stays_at_its_cap(void **state)
{
    (void)state;
    struct e_detector detector;
    e_detector_init(&detector, 0.05);
    trust(&detector);
    for (int i = 0; i < 100; i++) {
        assert_true(e_detector_step(&detector, 4000, 5000, 1e4) <= 1e12);
    }
    assert_true(e_detector_value(&detector) == 1e12);
    assert_true(e_detector_step(&detector, 0, 100000, 1e4) == 0.0);
}

static void e_detector_when_given_odd_rates_stays_finite(void **state)
{
    (void)state;
    static const double rates[] = {-1.0, 0.0, 1e-9, 0.5, 0.969, 0.98, 1.0, 7.0, NAN};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct e_detector detector;
        e_detector_init(&detector, rates[i]);
        for (uint32_t j = 0; j < 50; j++) {
            double value = e_detector_step(&detector, j * 3, 40 + j, 1e4);
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
        trust(&detector);
        int windows = 0;
        double value = 0.0;
        while (value < threshold && windows < windows_max) {
            value = e_detector_step(&detector, (uint32_t)stream_binomial(&stream, n, rate), n, 1e4);
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
    (void)e_detector_step(&first, 14, 100, 1e4);
    memory_visit_init(&memory);
    e_detector_visit(&memory.visit, "detector", &first);
    memory_visit_rewind(&memory);
    e_detector_visit(&memory.visit, "detector", &second);
    assert_true(memory_visit_is_done(&memory));
    assert_true(e_detector_value(&first) == e_detector_value(&second));
    assert_true(e_detector_step(&first, 17, 90, 1e4) == e_detector_step(&second, 17, 90, 1e4));
}

/* Labels of bursts: a rate of its own for each window, from a beta distribution with the tolerated mean, 200 labels. What each run cost is told by the
 * number of alarms of 100 runs of two and a half days. */
static void e_detector_when_labels_come_in_bursts_keeps_its_run_length(void **state)
{
    (void)state;
    static const double concentrations[] = {1000.0, 100.0, 30.0};
    struct stream stream;
    stream_init(&stream, 17, "tests/e_detector/bursts", 0);
    for (int k = 0; k < 3; k++) {
        int n_alarms = 0;
        for (int run = 0; run < 100; run++) {
            struct e_detector detector;
            e_detector_init(&detector, 0.12);
            for (int window = 0; window < 720; window++) {
                double rate = beta_draw(&stream, 0.12, concentrations[k]);
                uint32_t lost = (uint32_t)stream_binomial(&stream, 200, rate);
                double value = e_detector_step(&detector, lost, 200, 1e4);
                if (value >= 1e4) {
                    n_alarms++;
                    e_detector_reset(&detector);
                }
            }
        }
        assert_true(n_alarms <=
                    30); /* 201,600 windows at a run length of 10,000 are 20; two deviations more. */
    }
}

/* Another version: what was learned of how labels come stays, and a loss shows at once. */
static void e_detector_when_restarted_keeps_the_dispersion(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 19, "tests/e_detector/restart", 0);
    struct e_detector detector;
    e_detector_init(&detector, 0.12);
    assert_true(dispersion_used(&detector.dispersion) > 20.0);
    for (int window = 0; window < 100; window++) {
        (void)e_detector_step(&detector, (uint32_t)stream_binomial(&stream, 300, 0.1), 300, 1e4);
    }
    double used = dispersion_used(&detector.dispersion);
    assert_true(used < 2.5);
    e_detector_restart(&detector, 0.15);
    assert_true(dispersion_used(&detector.dispersion) == used);
    assert_true(e_detector_value(&detector) == 0.0);
    int delay = 0;
    while (e_detector_step(&detector, (uint32_t)stream_binomial(&stream, 300, 0.3), 300, 1e4) < 1e4) {
        delay++;
    }
    assert_true(delay <= 3);
}

/* Index of the first alarm on a stream, or -1; the statistic at it. */
static int first_alarm_sr(const struct e_sr_options *options, const double *values, int n, double *ret)
{
    struct e_sr detector;
    assert_null(e_sr_wrong(options));
    e_sr_init(&detector, options);
    for (int i = 0; i < n; i++) {
        if (e_sr_step(&detector, values[i]) == DETECT_DRIFT) {
            *ret = e_sr_statistic(&detector);
            return i;
        }
    }
    return -1;
}

static int first_alarm_cusum(const struct e_cusum_options *options, const double *values, int n,
                             double *ret)
{
    struct e_cusum detector;
    assert_null(e_cusum_wrong(options));
    e_cusum_init(&detector, options);
    for (int i = 0; i < n; i++) {
        if (e_cusum_step(&detector, values[i]) == DETECT_DRIFT) {
            *ret = e_cusum_statistic(&detector);
            return i;
        }
    }
    return -1;
}

/* 1,000 fair coins, then 1,000 that show 1 with probability 0.7; figures of a Python implementation of the same recursions. */
static void mixtures_when_river_binary_alarm_where_published(void **state)
{
    (void)state;
    static double values[2000];
    assert_int_equal(truth_stream("river_binary.txt", values, 2000), 2000);
    static const double means[] = {0.5, 0.55};
    static const int at_sr[] = {1098, 1123}, at_cusum[] = {1120, 1231};
    static const double value_sr[] = {10811.77376416439, 10348.76959366565};
    static const double value_cusum[] = {14613.641706456343, 12804.702976437811};
    for (int i = 0; i < 2; i++) {
        struct e_sr_options sr = e_sr_defaults();
        struct e_cusum_options cusum = e_cusum_defaults();
        double value = 0.0;
        sr.m0 = means[i];
        cusum.m0 = means[i];
        assert_int_equal(first_alarm_sr(&sr, values, 2000, &value), at_sr[i]);
        assert_near(value, value_sr[i]);
        assert_int_equal(first_alarm_cusum(&cusum, values, 2000, &value), at_cusum[i]);
        assert_near(value, value_cusum[i]);
    }
}

static void mixtures_when_stream_is_scaled_or_mirrored_alarm_alike(void **state)
{
    (void)state;
    static double plain[3000], moved[3000], mirrored[3000];
    struct stream stream;
    stream_init(&stream, 12, "tests/e_detector", 0);
    for (int i = 0; i < 3000; i++) {
        plain[i] = stream_unit(&stream) * (i < 2000 ? 0.5 : 0.75);
        moved[i] = plain[i] * 64.0 - 16.0; /* Powers of two: no rounding. */
        mirrored[i] = 1.0 - plain[i];
    }
    struct e_sr_options options = e_sr_defaults();
    options.m0 = 0.25;
    double first = 0.0, second = 0.0;
    int at = first_alarm_sr(&options, plain, 3000, &first);
    assert_true(at > 2000);
    struct e_sr_options scaled = {.m0 = 0.0, .arl = 1e4, .lo = -16.0, .hi = 48.0, .below = false};
    assert_int_equal(first_alarm_sr(&scaled, moved, 3000, &second), at);
    assert_near(second, first);
    struct e_sr_options below = {.m0 = 0.75, .arl = 1e4, .lo = 0.0, .hi = 1.0, .below = true};
    assert_int_equal(first_alarm_sr(&below, mirrored, 3000, &second), at);
    assert_near(second, first);
}

static void mixtures_when_options_are_wrong_say_which(void **state)
{
    (void)state;
    static const struct e_sr_options wrong[] = {
        {.m0 = 0.0, .arl = 1e4, .lo = 0.0, .hi = 1.0},
        {.m0 = 1.0, .arl = 1e4, .lo = 0.0, .hi = 1.0},
        {.m0 = NAN, .arl = 1e4, .lo = 0.0, .hi = 1.0},
        {.m0 = 0.5, .arl = 0.5, .lo = 0.0, .hi = 1.0},
        {.m0 = 0.5, .arl = NAN, .lo = 0.0, .hi = 1.0},
        {.m0 = 0.5, .arl = 1e13, .lo = 0.0, .hi = 1.0},
        {.m0 = 0.5, .arl = 1e4, .lo = 1.0, .hi = 0.0},
        {.m0 = 0.5, .arl = 1e4, .lo = 0.0, .hi = INFINITY},
        {.m0 = 0.5, .arl = 1e4, .lo = NAN, .hi = 1.0},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct e_cusum_options same = {
            .m0 = wrong[i].m0, .arl = wrong[i].arl, .lo = wrong[i].lo, .hi = wrong[i].hi};
        assert_non_null(e_sr_wrong(&wrong[i]));
        assert_non_null(e_cusum_wrong(&same));
    }
    struct e_sr_options right = e_sr_defaults();
    assert_null(e_sr_wrong(&right));
}

/* NaN says nothing, infinities count as ends, and the sums of an extreme detector stay finite and above 0. */
static void mixtures_when_values_are_odd_stay_finite(void **state)
{
    (void)state;
    static const double means[] = {1e-12, 0.5, 1.0 - 1e-12};
    static const double values[] = {NAN, INFINITY, -INFINITY, 1e300, -1e300, 0.0, 1.0, 0.3};
    for (int i = 0; i < 3; i++) {
        struct e_sr_options options = e_sr_defaults();
        options.m0 = means[i];
        options.arl = 1e12;
        struct e_sr detector;
        e_sr_init(&detector, &options);
        assert_int_equal(e_sr_step(&detector, NAN), DETECT_NONE);
        assert_true(e_sr_statistic(&detector) == 0.0);
        for (int j = 1; j < 2000; j++) {
            (void)e_sr_step(&detector, values[j % 8]);
            assert_true(isfinite(e_sr_statistic(&detector)));
            assert_true(e_sr_statistic(&detector) > 0.0);
        }
        for (int j = 0; j < 100000; j++) {
            (void)e_sr_step(&detector, 0.0);
        }
        assert_true(e_sr_statistic(&detector) > 0.0);
    }
}

static void mixtures_when_alarmed_start_afresh(void **state)
{
    (void)state;
    struct e_sr_options options = e_sr_defaults();
    struct e_sr detector, fresh;
    e_sr_init(&detector, &options);
    e_sr_init(&fresh, &options);
    int n = 0;
    while (e_sr_step(&detector, 1.0) == DETECT_NONE) {
        n++;
    }
    assert_in_range(n, 5, 40);
    assert_int_equal(e_sr_step(&detector, 0.7), e_sr_step(&fresh, 0.7));
    assert_true(e_sr_statistic(&detector) == e_sr_statistic(&fresh));
}

/* Mean observations to an alarm of both mixtures on the same dependent stream: a Markov chain of errors whose conditional mean never exceeds m0. */
static void mixtures_when_conditional_mean_holds_run_as_long_as_promised(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 13, "tests/e_detector", 0);
    const int n_runs = 150;
    double sum = 0.0, square = 0.0;
    for (int run = 0; run < n_runs; run++) {
        struct e_sr_options options = e_sr_defaults();
        options.m0 = 0.2;
        options.arl = 200.0;
        struct e_sr detector;
        e_sr_init(&detector, &options);
        int n = 0, last = 0;
        enum detect_signal signal = DETECT_NONE;
        while (signal == DETECT_NONE && n < 20000) {
            last = stream_chance(&stream, last != 0 ? 0.2 : 0.19);
            signal = e_sr_step(&detector, (double)last);
            n++;
        }
        sum += n;
        square += (double)n * n;
    }
    double mean = sum / n_runs, error = sqrt((square / n_runs - mean * mean) / n_runs);
    if (mean + 2.0 * error < 200.0) {
        fail_msg("mean run %g, standard error %g", mean, error);
    }
}

static void e_cusum_when_beside_e_sr_is_never_larger(void **state)
{
    (void)state;
    struct e_sr_options sr = e_sr_defaults();
    struct e_cusum_options cusum = e_cusum_defaults();
    sr.arl = 1e12;
    cusum.arl = 1e12;
    struct e_sr first;
    struct e_cusum second;
    e_sr_init(&first, &sr);
    e_cusum_init(&second, &cusum);
    struct stream stream;
    stream_init(&stream, 14, "tests/e_detector", 0);
    for (int i = 0; i < 5000; i++) {
        double x = stream_unit(&stream);
        (void)e_sr_step(&first, x);
        (void)e_cusum_step(&second, x);
        assert_true(e_cusum_statistic(&second) <= e_sr_statistic(&first));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e_detector_when_computed_elsewhere_is_the_same),
        cmocka_unit_test(evidence_when_of_totals_is_that_of_one_window),
        cmocka_unit_test(e_detector_when_the_change_is_gross_stays_at_its_cap),
        cmocka_unit_test(e_detector_when_given_odd_rates_stays_finite),
        cmocka_unit_test(e_detector_when_nothing_changed_runs_as_long_as_its_threshold),
        cmocka_unit_test(e_detector_when_quality_falls_alarms_within_windows),
        cmocka_unit_test(e_detector_when_restored_goes_on_alike),
        cmocka_unit_test(e_detector_when_labels_come_in_bursts_keeps_its_run_length),
        cmocka_unit_test(e_detector_when_restarted_keeps_the_dispersion),
        cmocka_unit_test(mixtures_when_river_binary_alarm_where_published),
        cmocka_unit_test(mixtures_when_stream_is_scaled_or_mirrored_alarm_alike),
        cmocka_unit_test(mixtures_when_options_are_wrong_say_which),
        cmocka_unit_test(mixtures_when_values_are_odd_stay_finite),
        cmocka_unit_test(mixtures_when_alarmed_start_afresh),
        cmocka_unit_test(mixtures_when_conditional_mean_holds_run_as_long_as_promised),
        cmocka_unit_test(e_cusum_when_beside_e_sr_is_never_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
