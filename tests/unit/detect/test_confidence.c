/* SPDX-License-Identifier: Apache-2.0 */
/* Confidence sequences against the figures of the package confseq and of numpy, and their coverage at all times at once. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/confidence.h"

static void assert_within(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance)) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

/* Figures of confseq's own tests: v_opt = 100, alpha = alpha_opt = 0.05, ln of the mixture at s = 10, v = 100, and the bound at v = 100. */
static void mixture_when_computed_by_confseq_is_the_same(void **state)
{
    (void)state;
    static const struct {
        enum mixture_kind kind;
        double log, bound;
    } rows[N_MIXTURE_KINDS] = {
        {MIXTURE_NORMAL_TWO_SIDED, -0.6510052, 30.35209},
        {MIXTURE_NORMAL_ONE_SIDED, -0.06502391, 27.66071},
        {MIXTURE_GAMMA_EXPONENTIAL, -0.2490165, 33.02017},
        {MIXTURE_GAMMA_POISSON, -0.06991219, 30.1949},
        {MIXTURE_BETA_BINOMIAL_TWO_SIDED, -0.6941012, 31.4308},
        {MIXTURE_BETA_BINOMIAL_ONE_SIDED, -0.07134019, 28.41238},
    };
    for (int i = 0; i < N_MIXTURE_KINDS; i++) {
        struct mixture mixture;
        if (i >= MIXTURE_BETA_BINOMIAL_TWO_SIDED) {
            mixture_init_beta_binomial(&mixture, rows[i].kind, 100.0, 0.05, 0.2, 0.8);
        } else {
            mixture_init(&mixture, rows[i].kind, 100.0, 0.05, 2.0);
        }
        assert_within(mixture_log(&mixture, 10.0, 100.0), rows[i].log, 1e-5);
        assert_within(mixture_bound(&mixture, 100.0, 0.05), rows[i].bound, 1e-5);
    }
    struct mixture normal;
    mixture_init(&normal, MIXTURE_NORMAL_TWO_SIDED, 100.0, 0.05, 0.0);
    assert_within(normal.rho, 12.60056, 1e-5);
}

static void mixture_when_at_its_bound_is_at_the_threshold(void **state)
{
    (void)state;
    static const double times[] = {0.5, 3.0, 40.0, 1e3, 1e5};
    for (int kind = 0; kind < N_MIXTURE_KINDS; kind++) {
        struct mixture mixture;
        if (kind >= MIXTURE_BETA_BINOMIAL_TWO_SIDED) {
            mixture_init_beta_binomial(&mixture, (enum mixture_kind)kind, 50.0, 0.05, 0.3, 0.7);
        } else {
            mixture_init(&mixture, (enum mixture_kind)kind, 50.0, 0.05, 1.0);
        }
        double last = 0.0;
        for (int i = 0; i < 5; i++) {
            double bound = mixture_bound(&mixture, times[i], 0.01);
            assert_true(bound > last);
            last = bound;
            if (kind < MIXTURE_BETA_BINOMIAL_TWO_SIDED || bound < times[i] / 0.3 * 0.999) {
                assert_within(mixture_log(&mixture, bound, times[i]), log(100.0), 1e-6);
            }
        }
    }
}

static void boundaries_when_computed_by_confseq_are_the_same(void **state)
{
    (void)state;
    assert_within(poly_stitching_bound(100.0, 0.05, 10.0, 3.0, 1.4, 2.0), 64.48755, 1e-5);
    assert_within(poly_stitching_bound(100.0, 0.05, 10.0, -1.0, 1.4, 2.0), 28.99389, 1e-5);
    assert_within(empirical_process_lil_bound(1000.0, 0.05, 100.0, 0.85), 0.08204769, 1e-5);
    assert_true(isinf(empirical_process_lil_bound(99.0, 0.05, 100.0, 0.85)));
    assert_within(double_stitching_bound(0.5, 1000.0, 0.05, 100.0, 0.5, 1.4, 2.0), 68.62803, 1e-5);
    assert_within(double_stitching_bound(0.9, 1000.0, 0.05, 100.0, 0.5, 1.4, 2.0), 43.72119, 1e-5);
    assert_within(double_stitching_bound(0.1, 1000.0, 0.05, 100.0, 0.5, 1.4, 2.0), 59.96521, 1e-5);
    double lower = 0.0, upper = 0.0;
    bernoulli_interval(700.0, 1000, 0.05, 100.0, 0.05, &lower, &upper);
    assert_within(lower, 0.651629, 1e-5); /* Published to six digits. */
    assert_within(upper, 0.745949, 1e-5);
    bernoulli_interval(0.0, 50, 0.05, 100.0, 0.05, &lower, &upper);
    assert_true(lower == 0.0);
    assert_in_range((int)(upper * 1000.0), 50, 250);
    bernoulli_interval(50.0, 50, 0.05, 100.0, 0.05, &lower, &upper);
    assert_true(upper == 1.0);
}

/* Figures: the formulas of the header in numpy, on x_t = 0.6 ((37 t) mod 101) / 101 + 0.1. */
static void streams_when_computed_elsewhere_are_the_same(void **state)
{
    (void)state;
    struct cs_options options = cs_defaults();
    struct bernstein_cs bernstein;
    struct betting_cs betting;
    bernstein_cs_init(&bernstein, &options);
    betting_cs_init(&betting, &options);
    for (int t = 0; t < 400; t++) {
        double x = (double)((t * 37) % 101) / 101.0 * 0.6 + 0.1;
        bernstein_cs_step(&bernstein, x);
        betting_cs_step(&betting, x);
        if (t + 1 == 10) {
            assert_true(bernstein_cs_lower(&bernstein) == 0.0);
            assert_true(betting_cs_lower(&betting) == 45.0 / 256.0);
            assert_true(betting_cs_upper(&betting) == 174.0 / 256.0);
        }
        if (t + 1 == 50) {
            assert_within(bernstein_cs_lower(&bernstein), 0.23621142101596426, 1e-12);
            assert_within(bernstein_cs_upper(&bernstein), 0.5551926264819805, 1e-12);
        }
    }
    assert_within(bernstein_cs_lower(&bernstein), 0.36560028576567294, 1e-12);
    assert_within(bernstein_cs_upper(&bernstein), 0.4276790412157243, 1e-12);
    assert_true(betting_cs_lower(&betting) == 94.0 / 256.0);
    assert_true(betting_cs_upper(&betting) == 109.0 / 256.0);
}

static void streams_when_scaled_move_with_the_values(void **state)
{
    (void)state;
    struct cs_options options = {.alpha = 0.05, .lo = -8.0, .hi = 8.0}, unit = cs_defaults();
    struct bernstein_cs moved, plain;
    bernstein_cs_init(&moved, &options);
    bernstein_cs_init(&plain, &unit);
    bernstein_cs_step(&moved, NAN);
    assert_int_equal(moved.bets.n, 0);
    for (int t = 0; t < 300; t++) {
        double x = (double)((t * 37) % 128) / 128.0;
        bernstein_cs_step(&moved, x * 16.0 - 8.0);
        bernstein_cs_step(&plain, x);
    }
    bernstein_cs_step(&moved, INFINITY);
    bernstein_cs_step(&plain, 1.0);
    assert_within(bernstein_cs_lower(&moved), bernstein_cs_lower(&plain) * 16.0 - 8.0, 1e-12);
    assert_within(bernstein_cs_upper(&moved), bernstein_cs_upper(&plain) * 16.0 - 8.0, 1e-12);
}

/* Runs of which the mean ever leaves an interval, out of n_runs: at alpha 0.1 a tenth may. Beta(1, 3) values, and errors with a rate of 0.05. */
static void streams_when_looked_at_always_miss_no_more_than_promised(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 15, "tests/confidence", 0);
    const int n_runs = 200;
    int missed_bernstein = 0, missed_betting = 0;
    double width_bernstein = 0.0, width_betting = 0.0;
    for (int run = 0; run < n_runs; run++) {
        struct cs_options options = cs_defaults();
        options.alpha = 0.1;
        struct bernstein_cs bernstein;
        struct betting_cs betting;
        bernstein_cs_init(&bernstein, &options);
        betting_cs_init(&betting, &options);
        double mean = run % 2 == 0 ? 0.25 : 0.05;
        for (int t = 0; t < 1000; t++) {
            double u = stream_unit(&stream);
            double x = run % 2 == 0 ? 1.0 - cbrt(u) : (u < 0.05 ? 1.0 : 0.0);
            bernstein_cs_step(&bernstein, x);
            betting_cs_step(&betting, x);
        }
        missed_bernstein +=
            bernstein_cs_lower(&bernstein) > mean || bernstein_cs_upper(&bernstein) < mean;
        missed_betting += betting_cs_lower(&betting) > mean || betting_cs_upper(&betting) < mean;
        width_bernstein += bernstein_cs_upper(&bernstein) - bernstein_cs_lower(&bernstein);
        width_betting += betting_cs_upper(&betting) - betting_cs_lower(&betting);
    }
    /* 33 or more of 200 would have probability below 0.002 at a rate of a tenth. */
    assert_in_range(missed_bernstein, 0, 32);
    assert_in_range(missed_betting, 0, 32);
    assert_true(width_bernstein / n_runs < 0.12);
    assert_true(width_betting / n_runs < 0.08);
}

static void betting_when_the_mean_moves_becomes_empty(void **state)
{
    (void)state;
    struct cs_options options = cs_defaults();
    struct betting_cs betting;
    betting_cs_init(&betting, &options);
    struct stream stream;
    stream_init(&stream, 16, "tests/confidence", 0);
    for (int t = 0; t < 500; t++) {
        betting_cs_step(&betting, (double)stream_chance(&stream, 0.2));
    }
    assert_true(betting_cs_lower(&betting) < betting_cs_upper(&betting));
    for (int t = 0; t < 2000; t++) {
        betting_cs_step(&betting, (double)stream_chance(&stream, 0.6));
    }
    assert_true(betting_cs_lower(&betting) >= betting_cs_upper(&betting));
}

static void options_when_wrong_are_named(void **state)
{
    (void)state;
    static const struct cs_options wrong[] = {
        {.alpha = 0.0, .lo = 0.0, .hi = 1.0}, {.alpha = 0.6, .lo = 0.0, .hi = 1.0},
        {.alpha = NAN, .lo = 0.0, .hi = 1.0}, {.alpha = 0.1, .lo = 1.0, .hi = 1.0},
        {.alpha = 0.1, .lo = NAN, .hi = 1.0}, {.alpha = 0.1, .lo = -INFINITY, .hi = 1.0},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(cs_wrong(&wrong[i]));
    }
    struct cs_options right = cs_defaults();
    assert_null(cs_wrong(&right));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixture_when_computed_by_confseq_is_the_same),
        cmocka_unit_test(mixture_when_at_its_bound_is_at_the_threshold),
        cmocka_unit_test(boundaries_when_computed_by_confseq_are_the_same),
        cmocka_unit_test(streams_when_computed_elsewhere_are_the_same),
        cmocka_unit_test(streams_when_scaled_move_with_the_values),
        cmocka_unit_test(streams_when_looked_at_always_miss_no_more_than_promised),
        cmocka_unit_test(betting_when_the_mean_moves_becomes_empty),
        cmocka_unit_test(options_when_wrong_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
