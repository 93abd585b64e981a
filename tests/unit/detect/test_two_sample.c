/* SPDX-License-Identifier: Apache-2.0 */
/* Batch tests against scipy's figures, closed forms and enumeration. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/two_sample.h"
#include "tests/lib/truth_stream.h"

static void assert_near(double seen, double expected, double relative)
{
    if (!(fabs(seen - expected) <= relative * fabs(expected))) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

/* Categories a, b, c of two samples of six: frouros and scipy. */
static void chi_square_two_sample_when_published_is_the_same(void **state)
{
    (void)state;
    const double a[4] = {4.0, 2.0, 0.0, 0.0}, b[4] = {1.0, 1.0, 4.0, 0.0};
    struct chi_square test = chi_square_two_sample(a, b, 4, CHI_SQUARE_PEARSON);
    assert_int_equal(test.degrees, 2);
    assert_near(test.statistic, 6.133333333333333, 1e-14);
    assert_near(test.p, exp(-0.5 * 6.133333333333333), 1e-12);
    assert_true(fabs(test.p - .04657615) < 5e-9);
}

/* evidently's figures. */
static void chi_square_fit_when_published_is_the_same(void **state)
{
    (void)state;
    const double reference[6] = {16, 18, 16, 14, 12, 12}, current[6] = {16, 16, 16, 16, 16, 8};
    struct chi_square test = chi_square_fit(current, reference, 6, CHI_SQUARE_PEARSON);
    assert_true(fabs(test.statistic - 3.1746) < 5e-5);
    assert_true(fabs(test.p - .67309) < 5e-6);
    const double few[3] = {5, 5, 8}, other[3] = {4, 6, 8};
    test = chi_square_fit(other, few, 3, CHI_SQUARE_G);
    assert_true(fabs(test.p - .8176) < 5e-5);
    assert_near(test.p, exp(-0.5 * test.statistic), 1e-12);
}

static void chi_square_when_there_is_nothing_to_compare_is_certain_of_nothing(void **state)
{
    (void)state;
    const double none[3] = {0.0, 0.0, 0.0}, one[3] = {0.0, 7.0, 0.0}, two[3] = {1.0, 7.0, 0.0};
    struct chi_square test = chi_square_two_sample(none, two, 3, CHI_SQUARE_PEARSON);
    assert_true(test.p == 1.0);
    test = chi_square_two_sample(one, one, 3, CHI_SQUARE_G);
    assert_true(test.p == 1.0);
    test = chi_square_two_sample(two, two, 3, CHI_SQUARE_G);
    assert_true(test.statistic == 0.0);
    assert_true(test.p == 1.0);
    test = chi_square_fit(two, one, 3, CHI_SQUARE_PEARSON);
    assert_true(test.p == 0.0);
    assert_true(isinf(test.statistic));
    test = chi_square_fit(none, two, 3, CHI_SQUARE_PEARSON);
    assert_true(test.p == 1.0);
}

static void cramer_von_mises_when_published_is_the_same(void **state)
{
    (void)state;
    static double a[100], b[100], scratch[300];
    assert_int_equal(truth_stream("ev_cvm_ref.txt", a, 100), 100);
    assert_int_equal(truth_stream("ev_cvm_cur.txt", b, 100), 100);
    struct cramer_von_mises test = cramer_von_mises(a, 100, b, 100, scratch);
    assert_near(test.statistic, 0.06209999999999383, 1e-10);
    assert_near(cramer_von_mises_p_asymptotic(&test), 0.8076839039394619, 1e-10);
}

/* scipy 1.17 on the samples of frouros: a strong shift and none. */
static void two_sample_when_shifted_and_not_is_that_of_scipy(void **state)
{
    (void)state;
    static double a[500], b[500], scratch[1500];
    size_t n = truth_stream("fr_uni_ref.txt", a, 500), m = truth_stream("fr_uni_test.txt", b, 500);
    struct cramer_von_mises cvm = cramer_von_mises(a, n, b, m, scratch);
    assert_near(cvm.statistic, 13.730999999999995, 1e-12);
    assert_true(fabs(cramer_von_mises_p_asymptotic(&cvm) - 4.2137571210076885e-10) <= 4e-15);
    struct mann_whitney mw = mann_whitney(a, n, b, m, scratch);
    assert_true(mw.u == 397.0);
    assert_near(mann_whitney_p_asymptotic(&mw, ALTERNATIVE_TWO_SIDED), 2.4316730629326422e-29, 1e-10);
    n = truth_stream("fr_same_ref500.txt", a, 500);
    m = truth_stream("fr_same_test500.txt", b, 500);
    cvm = cramer_von_mises(a, n, b, m, scratch);
    assert_near(cvm.statistic, 0.178291999999999, 1e-10);
    assert_near(cramer_von_mises_p_asymptotic(&cvm), 0.3141683424738526, 1e-10);
    mw = mann_whitney(a, n, b, m, scratch);
    assert_true(mw.u == 119609.0);
    assert_near(mann_whitney_p_asymptotic(&mw, ALTERNATIVE_TWO_SIDED), 0.2378374563993758, 1e-10);
}

/* All choices of n out of n + m ranks: how many have a T (or U) as far out. */
static void exact_p_when_all_deals_are_listed_is_their_share(void **state)
{
    (void)state;
    static const size_t sizes[4][2] = {{4, 4}, {3, 6}, {5, 4}, {2, 7}};
    static double scratch[100000];
    struct stream stream;
    stream_init(&stream, 41, "tests/exact", 0);
    for (int i = 0; i < 4; i++) {
        size_t n = sizes[i][0], m = sizes[i][1], total = n + m;
        for (int trial = 0; trial < 5; trial++) {
            double a[8], b[8];
            for (size_t j = 0; j < n; j++) {
                a[j] = stream_normal(&stream);
            }
            for (size_t j = 0; j < m; j++) {
                b[j] = stream_normal(&stream) + 0.5;
            }
            struct cramer_von_mises cvm = cramer_von_mises(a, n, b, m, scratch);
            struct mann_whitney mw = mann_whitney(a, n, b, m, scratch);
            double n_cvm = 0.0, n_greater = 0.0, n_less = 0.0, n_deals = 0.0;
            for (unsigned deal = 0; deal < 1U << total; deal++) {
                double x[8], y[8];
                size_t n_x = 0, n_y = 0;
                for (unsigned rank = 0; rank < total; rank++) {
                    bool is_first = (deal >> rank & 1U) != 0;
                    if (is_first ? n_x < n : n_y < m) {
                        *(is_first ? &x[n_x++] : &y[n_y++]) = (double)rank;
                    }
                }
                if (n_x != n || n_y != m || (unsigned)__builtin_popcount(deal) != n) {
                    continue;
                }
                n_deals += 1.0;
                n_cvm += cramer_von_mises(x, n, y, m, scratch).u >= cvm.u ? 1.0 : 0.0;
                double u = mann_whitney(x, n, y, m, scratch).u;
                n_greater += u >= mw.u ? 1.0 : 0.0;
                n_less += u <= mw.u ? 1.0 : 0.0;
            }
            assert_true(cramer_von_mises_exact_scratch(&cvm) <= 100000);
            assert_true(mann_whitney_exact_scratch(&mw) <= 100000);
            assert_near(cramer_von_mises_p_exact(&cvm, scratch), n_cvm / n_deals, 1e-12);
            assert_near(mann_whitney_p_exact(&mw, ALTERNATIVE_GREATER, scratch),
                        n_greater / n_deals, 1e-12);
            assert_near(mann_whitney_p_exact(&mw, ALTERNATIVE_LESS, scratch), n_less / n_deals,
                        1e-12);
            double tail = fmin(n_greater, n_less) / n_deals;
            assert_near(mann_whitney_p_exact(&mw, ALTERNATIVE_TWO_SIDED, scratch),
                        fmin(1.0, 2.0 * tail), 1e-12);
        }
    }
}

static void cramer_von_mises_p_exact_when_samples_are_apart_is_two_deals(void **state)
{
    (void)state;
    double scratch[35], a[12], b[11];
    for (int i = 0; i < 12; i++) {
        a[i] = i;
    }
    for (int i = 0; i < 11; i++) {
        b[i] = 100 + i;
    }
    struct cramer_von_mises test = cramer_von_mises(a, 12, b, 11, scratch);
    double *room = calloc(cramer_von_mises_exact_scratch(&test), sizeof(*room));
    assert_non_null(room);
    /* The two deals that part the samples, of C(23, 11). */
    assert_near(cramer_von_mises_p_exact(&test, room), 2.0 / 1352078.0, 1e-12);
    free(room);
}

static void mann_whitney_when_categories_are_published_is_the_same(void **state)
{
    (void)state;
    static const int n_reference[6] = {16, 18, 16, 14, 12, 12},
                     n_current[6] = {16, 16, 16, 16, 16, 8};
    static double a[88], b[88], scratch[264];
    size_t n = 0, m = 0;
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < n_reference[i]; j++) {
            a[n++] = i;
        }
        for (int j = 0; j < n_current[i]; j++) {
            b[m++] = i;
        }
    }
    struct mann_whitney test = mann_whitney(a, n, b, m, scratch);
    assert_true(test.u == 3856.0);
    assert_true(fabs(mann_whitney_p_asymptotic(&test, ALTERNATIVE_LESS) - .481) < 5e-4);
    assert_near(mann_whitney_p_asymptotic(&test, ALTERNATIVE_TWO_SIDED), 0.962866061197499, 1e-10);
    struct mann_whitney flat = mann_whitney(a, 5, b, 7, scratch);
    assert_true(mann_whitney_p_asymptotic(&flat, ALTERNATIVE_TWO_SIDED) == 1.0);
}

static void anderson_darling_when_published_is_the_same(void **state)
{
    (void)state;
    const double a[8] = {38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0};
    const double b[8] = {39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8};
    double scratch[24];
    struct anderson_darling test = anderson_darling(a, 8, b, 8, scratch);
    assert_near(test.statistic, 1.7183096744360893, 1e-12);
    assert_near(test.p, 0.06351467728760844, 1e-12);
    assert_true(anderson_darling(a, 8, a, 8, scratch).p == 0.25);
    const double flat[4] = {1.0, 1.0, 1.0, 1.0};
    test = anderson_darling(flat, 4, flat, 4, scratch);
    assert_true(test.statistic == 0.0);
    assert_true(test.p == 0.25);
}

/* Each test on samples of one law: p <= 0.05 no more often than it says, with three standard errors. */
static void p_when_nothing_changed_is_seldom_small(void **state)
{
    (void)state;
    enum { TRIALS = 2000, N = 40, M = 60 };
    static double a[N], b[M], scratch[3 * (N + M)];
    struct stream stream;
    stream_init(&stream, 42, "tests/two_sample/level", 0);
    int n_small[3] = {0, 0, 0};
    for (int trial = 0; trial < TRIALS; trial++) {
        for (int i = 0; i < N; i++) {
            a[i] = stream_exponential(&stream, 1.0);
        }
        for (int i = 0; i < M; i++) {
            b[i] = stream_exponential(&stream, 1.0);
        }
        struct cramer_von_mises cvm = cramer_von_mises(a, N, b, M, scratch);
        struct mann_whitney mw = mann_whitney(a, N, b, M, scratch);
        n_small[0] += cramer_von_mises_p_asymptotic(&cvm) <= 0.05 ? 1 : 0;
        n_small[1] += mann_whitney_p_asymptotic(&mw, ALTERNATIVE_TWO_SIDED) <= 0.05 ? 1 : 0;
        n_small[2] += anderson_darling(a, N, b, M, scratch).p <= 0.05 ? 1 : 0;
    }
    double slack = 3.0 * sqrt(0.05 * 0.95 * TRIALS);
    for (int i = 0; i < 3; i++) {
        if (fabs(n_small[i] - 0.05 * TRIALS) > slack) {
            fail_msg("test %d: %d of %d (seed 42)", i, n_small[i], TRIALS);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chi_square_two_sample_when_published_is_the_same),
        cmocka_unit_test(chi_square_fit_when_published_is_the_same),
        cmocka_unit_test(chi_square_when_there_is_nothing_to_compare_is_certain_of_nothing),
        cmocka_unit_test(cramer_von_mises_when_published_is_the_same),
        cmocka_unit_test(two_sample_when_shifted_and_not_is_that_of_scipy),
        cmocka_unit_test(exact_p_when_all_deals_are_listed_is_their_share),
        cmocka_unit_test(cramer_von_mises_p_exact_when_samples_are_apart_is_two_deals),
        cmocka_unit_test(mann_whitney_when_categories_are_published_is_the_same),
        cmocka_unit_test(anderson_darling_when_published_is_the_same),
        cmocka_unit_test(p_when_nothing_changed_is_seldom_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
