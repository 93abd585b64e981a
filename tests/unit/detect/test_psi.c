/* SPDX-License-Identifier: Apache-2.0 */
/* PSI against figures of numpy and scipy, and the level that its threshold promises. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/psi.h"

enum { BINS = 13 };

static void assert_near(double seen, double expected, double relative)
{
    double error = fabs(seen - expected);
    if (error > relative * fmax(fabs(expected), 1e-12)) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

/* Figures: numpy, sum((p - q) * log(p / q)) with p, q smoothed by half a count of the observed total. */
static void psi_statistic_when_computed_elsewhere_is_the_same(void **state)
{
    (void)state;
    static const uint32_t even[5] = {200000, 200000, 200000, 200000, 200000};
    static const uint32_t mild[5] = {120, 80, 100, 95, 105};
    assert_near(psi_statistic(mild, even, 5), 0.01704631820352443, 1e-12);

    static const uint32_t quarters[4] = {250000, 250000, 250000, 250000};
    static const uint32_t heaped[4] = {900, 50, 50, 0};
    assert_near(psi_statistic(heaped, quarters, 4), 3.020374318989888, 1e-12);

    static const uint32_t halves[3] = {500000, 500000, 0};
    static const uint32_t elsewhere[3] = {0, 0, 1000};
    assert_near(psi_statistic(elsewhere, halves, 3), 14.48842447718318, 1e-12);

    static const uint32_t profile[BINS] = {98000, 98000, 98000, 98000, 98000, 98000, 98000,
                                           98000, 98000, 98000, 15000, 2500,  2500};
    static const uint32_t window[BINS] = {90, 103, 99, 96, 110, 101, 94, 105, 98, 104, 30, 2, 5};
    assert_near(psi_statistic(window, profile, BINS), 0.013553625178068773, 1e-12);
}

static void psi_statistic_when_nothing_changed_is_zero(void **state)
{
    (void)state;
    static const uint32_t expected[4] = {500000, 250000, 250000, 0};
    static const uint32_t same[4] = {4000, 2000, 2000, 0};
    static const uint32_t none[4] = {0};
    assert_true(psi_statistic(same, expected, 4) == 0.0);
    assert_true(psi_statistic(none, expected, 4) == 0.0);
    assert_true(psi_statistic(same, none, 4) == 0.0);
}

/* The series and the logarithm meet at a ratio of 9 / 7. */
static void psi_statistic_when_the_method_changes_is_continuous(void **state)
{
    (void)state;
    for (uint32_t moved = 1; moved < 500000; moved += 997) {
        uint32_t counts[2] = {1000000 + moved, 1000000 - moved};
        static const uint32_t expected[2] = {500000, 500000};
        double total = 2000001.0;
        double p = (1000000.5 + moved) / total, q = (1000000.5 - moved) / total;
        double exact = (p - 0.5) * log(p / 0.5) + (q - 0.5) * log(q / 0.5);
        assert_near(psi_statistic(counts, expected, 2), exact, 1e-9);
    }
}

/* Figures: scipy.stats.chi2.isf; Wilson and Hilferty is within 0.6 % from ten degrees of freedom on. */
static void psi_threshold_when_computed_elsewhere_is_close(void **state)
{
    (void)state;
    assert_near(psi_threshold(500, 100000, BINS, 0.001, 0.0), 0.06614807571879402, 0.006);
    assert_near(psi_threshold(100, 20000, BINS, 0.01, 0.0), 0.2634805214206354, 0.006);
    assert_near(psi_threshold(200, 100000, BINS, 0.001, 0.1), 0.16487654694087464, 0.006);
    assert_near(psi_threshold(1000, 1000, 2, 0.05, 0.0), 0.007682917641388257, 0.03);
    /* Far out in the tail it is too high by a twentieth, on the safe side. */
    double far = psi_threshold(300, 50000, 11, 1e-10, 0.0);
    assert_true(far > 0.22858874615816546);
    assert_near(far, 0.22858874615816546, 0.06);
}

static void psi_threshold_when_the_sample_is_large_is_the_practical_one(void **state)
{
    (void)state;
    assert_true(psi_threshold(5000, 100000, BINS, 0.001, 0.1) == 0.1);
    for (uint32_t n = 50; n < 200000; n += n / 7) {
        double exact = psi_threshold(n, 100000, BINS, 1e-4, 0.0);
        double both = psi_threshold(n, 100000, BINS, 1e-4, 0.1);
        assert_true(both == (exact > 0.1 ? exact : 0.1));
    }
}

static void psi_threshold_when_nothing_was_seen_is_out_of_reach(void **state)
{
    (void)state;
    assert_true(psi_threshold(0, 100000, BINS, 0.01, 0.1) > 1e6);
    assert_true(psi_threshold(1000, 0, BINS, 0.01, 0.1) > 1e6);
}

/* Multinomial by conditional binomials. */
static void draw(struct stream *stream, uint32_t n, const double *shares, uint32_t *counts)
{
    double left = 1.0;
    uint64_t rest = n;
    for (int i = 0; i < BINS - 1; i++) {
        double p = left > 0.0 ? fmin(shares[i] / left, 1.0) : 0.0;
        uint64_t k = stream_binomial(stream, rest, p);
        counts[i] = (uint32_t)k;
        rest -= k;
        left -= shares[i];
    }
    counts[BINS - 1] = (uint32_t)rest;
}

/* Reference and window are both samples of one truth: alarms must be no more frequent than alpha (with three standard errors). */
static void psi_threshold_when_nothing_changed_holds_its_level(void **state)
{
    (void)state;
    static const double shares[2][BINS] = {
        {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.0, 0.0, 0.0},
        {0.098, 0.098, 0.098, 0.098, 0.098, 0.098, 0.098, 0.098, 0.098, 0.098, 0.015, 0.004, 0.001},
    };
    static const uint32_t sizes[] = {100, 300, 1000, 10000, 100000};
    const double alpha = 0.01;
    const uint32_t m = 50000, n_trials = 4000;
    for (uint64_t i_share = 0; i_share < 2; i_share++) {
        for (uint64_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct stream stream;
            stream_init(&stream, 20, "tests/psi", i_share * 16 + i);
            double threshold = psi_threshold(sizes[i], m, BINS, alpha, 0.0);
            uint32_t n_alarms = 0;
            for (uint32_t trial = 0; trial < n_trials; trial++) {
                uint32_t reference[BINS], window[BINS];
                draw(&stream, m, shares[i_share], reference);
                draw(&stream, sizes[i], shares[i_share], window);
                n_alarms += psi_statistic(window, reference, BINS) > threshold ? 1 : 0;
            }
            double most = alpha * n_trials + 3.0 * sqrt(alpha * n_trials);
            if ((double)n_alarms > most) {
                fail_msg("n %u, share %u: %u alarms in %u, at most %.0f (seed 20)", sizes[i],
                         (unsigned)i_share, n_alarms, n_trials, most);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(psi_statistic_when_computed_elsewhere_is_the_same),
        cmocka_unit_test(psi_statistic_when_nothing_changed_is_zero),
        cmocka_unit_test(psi_statistic_when_the_method_changes_is_continuous),
        cmocka_unit_test(psi_threshold_when_computed_elsewhere_is_close),
        cmocka_unit_test(psi_threshold_when_the_sample_is_large_is_the_practical_one),
        cmocka_unit_test(psi_threshold_when_nothing_was_seen_is_out_of_reach),
        cmocka_unit_test(psi_threshold_when_nothing_changed_holds_its_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
