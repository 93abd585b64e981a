/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals and quantiles against figures of others: scipy's beta quantiles, product limits worked out in fractions, a bootstrap of
 * 400,000 resamples in another language. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/campaign/statistics.h"

static bool is_near(double a, double b, double tolerance)
{
    return a - b <= tolerance && b - a <= tolerance;
}

static bool is_nan(double a) { return !(a <= 0.0) && !(a >= 0.0); }

/* beta.ppf(.025, k, n-k+1), beta.ppf(.975, k+1, n-k), beta.ppf(.95, k+1, n-k) of scipy 1.x. */
static const struct {
    uint64_t k, n;
    double lo, hi, upper;
} proportions[] = {
    {0, 1, 0, 0.975, 0.95},
    {1, 1, 0.025, 1, 1},
    {0, 10, 0, 0.308497107819, 0.258865550893},
    {3, 10, 0.0667395111777, 0.65245285006, 0.606624216105},
    {1, 200, 0.000126581027867, 0.0275418984572, 0.023498470435},
    {17, 200, 0.0502959186303, 0.13260516583, 0.124771133192},
    {100, 200, 0.428658430907, 0.571341569093, 0.560358974717},
    {199, 200, 0.972458101543, 0.999873418972, 0.999743566413},
    {200, 200, 0.981724659645, 1, 1},
    {0, 5000, 0, 0.000737503801108, 0.000598967002315},
    {7, 5000, 0.00056305202429, 0.0028823943528, 0.00262800619648},
    {2500, 5000, 0.486044374001, 0.513955625999, 0.511728674041},
    {123, 100000, 0.00102235136832, 0.00146738983946, 0.0014285277501},
};

static void proportion_when_counted_has_the_exact_interval(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(proportions) / sizeof(proportions[0]); i++) {
        struct interval interval = proportion_interval(proportions[i].k, proportions[i].n);
        assert_true(
            is_near(interval.value, (double)proportions[i].k / (double)proportions[i].n, 1e-15));
        assert_true(is_near(interval.lo, proportions[i].lo, 1e-9));
        assert_true(is_near(interval.hi, proportions[i].hi, 1e-9));
    }
}

static void upper_bound_when_counted_is_the_one_sided_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(proportions) / sizeof(proportions[0]); i++) {
        assert_true(is_near(proportion_upper(proportions[i].k, proportions[i].n),
                            proportions[i].upper, 1e-9));
    }
}

/* Zero without n is meaningless: 300 -> 1.0e-2, 1,000 -> 3.0e-3, 30,000 -> 1.0e-4. */
static void upper_bound_when_nothing_happened_shrinks_with_n(void **state)
{
    (void)state;
    assert_true(is_near(proportion_upper(0, 300), 9.936e-3, 1e-6));
    assert_true(is_near(proportion_upper(0, 1000), 2.991e-3, 1e-6));
    assert_true(is_near(proportion_upper(0, 30000), 9.985e-5, 1e-8));
}

static void proportion_when_nothing_was_tried_says_nothing(void **state)
{
    (void)state;
    struct interval interval = proportion_interval(0, 0);
    assert_true(is_nan(interval.value));
    assert_true(is_near(interval.lo, 0.0, 0.0));
    assert_true(is_near(interval.hi, 1.0, 0.0));
    assert_true(is_near(proportion_upper(0, 0), 1.0, 0.0));
}

/* Weeks in remission under 6-MP (Freireich 1963, as in Kaplan and Meier's literature): median 23, survival never reaches 5 %. */
static void quantiles_when_many_are_censored_end_where_the_estimate_ends(void **state)
{
    (void)state;
    struct sample samples[21];
    static const double seen[] = {6, 6, 6, 7, 10, 13, 16, 22, 23};
    static const double censored[] = {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35};
    size_t n = 0;
    for (size_t i = 0; i < 12; i++) {
        samples[n++] = (struct sample){censored[11 - i], true};
    }
    for (size_t i = 0; i < 9; i++) {
        samples[n++] = (struct sample){seen[(i * 4) % 9], false};
    }
    struct quantiles q = quantiles_of(samples, n);
    assert_int_equal(q.n, 21);
    assert_int_equal(q.censored, 12);
    assert_true(is_near(q.p50, 23.0, 0.0));
    assert_true(is_nan(q.p95));
    assert_true(is_nan(q.p99));
}

/* The placebo arm of the same trial: nobody censored, many ties. */
static void quantiles_when_none_is_censored_are_those_of_the_sample(void **state)
{
    (void)state;
    static const double weeks[] = {23, 1, 1, 2,  2,  3,  4,  4,  5,  5, 8,
                                   8,  8, 8, 11, 11, 12, 12, 15, 17, 22};
    struct sample samples[21];
    for (size_t i = 0; i < 21; i++) {
        samples[i] = (struct sample){weeks[i], false};
    }
    struct quantiles q = quantiles_of(samples, 21);
    assert_true(is_near(q.p50, 8.0, 0.0));
    assert_true(is_near(q.p95, 22.0, 0.0));
    assert_true(is_near(q.p99, 23.0, 0.0));
    assert_int_equal(q.censored, 0);
}

static void quantiles_when_every_third_is_censored_move_up(void **state)
{
    (void)state;
    struct sample samples[100];
    for (int i = 0; i < 100; i++) {
        samples[i] = (struct sample){(double)(i + 1), (i + 1) % 3 == 0};
    }
    struct quantiles q = quantiles_of(samples, 100);
    assert_true(is_near(q.p50, 65.0, 0.0));
    assert_true(is_near(q.p95, 100.0, 0.0));
    for (int i = 0; i < 100; i++) {
        samples[i] = (struct sample){(double)(i + 1), false};
    }
    q = quantiles_of(samples, 100);
    assert_true(is_near(q.p50, 50.0, 0.0));
    assert_true(is_near(q.p95, 95.0, 0.0));
    assert_true(is_near(q.p99, 99.0, 0.0));
}

static void quantiles_when_there_is_no_sample_are_unknown(void **state)
{
    (void)state;
    struct quantiles q = quantiles_of(NULL, 0);
    assert_int_equal(q.n, 0);
    assert_true(is_nan(q.p50));
    struct sample open = {60.0, true};
    q = quantiles_of(&open, 1);
    assert_int_equal(q.n, 1);
    assert_int_equal(q.censored, 1);
    assert_true(is_nan(q.p50));
}

static const struct family_pair families[] = {{12, 60}, {3, 41}, {9, 30}, {0, 22},
                                              {18, 25}, {2, 48}, {7, 19}, {5, 33}};

static void reduction_when_resampled_agrees_with_another_bootstrap(void **state)
{
    (void)state;
    struct interval interval = reduction_interval(families, 8, 7);
    assert_true(is_near(interval.value, 0.798561151079, 1e-12));
    assert_true(is_near(interval.lo, 0.6485, 0.02));
    assert_true(is_near(interval.hi, 0.9020, 0.02));
}

static void reduction_when_repeated_gives_the_same_bits(void **state)
{
    (void)state;
    struct interval a = reduction_interval(families, 8, 7), b = reduction_interval(families, 8, 7);
    assert_memory_equal(&a, &b, sizeof(a));
    struct interval other = reduction_interval(families, 8, 8);
    assert_true(is_near(other.value, a.value, 0.0));
    assert_false(is_near(other.lo, a.lo, 0.0) && is_near(other.hi, a.hi, 0.0));
}

static void reduction_when_one_family_ran_has_no_spread(void **state)
{
    (void)state;
    struct interval interval = reduction_interval(families, 1, 7);
    assert_true(is_near(interval.value, 0.8, 1e-15));
    assert_true(is_near(interval.lo, interval.value, 0.0));
    assert_true(is_near(interval.hi, interval.value, 0.0));
}

static void reduction_when_they_needed_nothing_is_unknown(void **state)
{
    (void)state;
    struct family_pair nothing = {2, 0};
    struct interval interval = reduction_interval(&nothing, 1, 7);
    assert_true(is_nan(interval.value));
    assert_true(is_nan(interval.lo));
    assert_true(is_nan(interval.hi));
    struct family_pair worse = {30, 20};
    assert_true(is_near(reduction_interval(&worse, 1, 7).value, -0.5, 1e-15));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proportion_when_counted_has_the_exact_interval),
        cmocka_unit_test(upper_bound_when_counted_is_the_one_sided_one),
        cmocka_unit_test(upper_bound_when_nothing_happened_shrinks_with_n),
        cmocka_unit_test(proportion_when_nothing_was_tried_says_nothing),
        cmocka_unit_test(quantiles_when_many_are_censored_end_where_the_estimate_ends),
        cmocka_unit_test(quantiles_when_none_is_censored_are_those_of_the_sample),
        cmocka_unit_test(quantiles_when_every_third_is_censored_move_up),
        cmocka_unit_test(quantiles_when_there_is_no_sample_are_unknown),
        cmocka_unit_test(reduction_when_resampled_agrees_with_another_bootstrap),
        cmocka_unit_test(reduction_when_repeated_gives_the_same_bits),
        cmocka_unit_test(reduction_when_one_family_ran_has_no_spread),
        cmocka_unit_test(reduction_when_they_needed_nothing_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
