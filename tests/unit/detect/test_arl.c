/* SPDX-License-Identifier: Apache-2.0 */
/* Run lengths of control charts against the R package spc 0.6.7, and against charts that were run. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/arl.h"

static void assert_near(double seen, double expected, double relative)
{
    if (!(fabs(seen - expected) <= relative * fabs(expected))) {
        fail_msg("seen %.12g, expected %.12g", seen, expected);
    }
}

/* xcusum.arl(k = .5, h, mu), ten digits. */
static void cusum_arl_when_in_tables_of_spc_is_the_same(void **state)
{
    (void)state;
    static const struct {
        double h, arl[4];
    } rows[] = {{3.0, {117.5957042, 17.35051657, 6.403908893, 2.679691951}},
                {4.0, {335.3675776, 26.67916243, 8.38320213, 3.342770131}},
                {4.77, {737.1227889, 35.22649084, 9.917052262, 3.855294087}},
                {5.0, {930.8870121, 38.00960992, 10.3759753, 4.008871061}}};
    static const double shifts[4] = {0.0, 0.5, 1.0, 2.0};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) {
            assert_near(cusum_arl(0.5, rows[i].h, shifts[k]), rows[i].arl[k], 1e-8);
        }
    }
    assert_near(cusum_arl_two_sided(0.5, 4.774, 0.0), 370.0625265, 1e-8);
    assert_near(cusum_arl_two_sided(0.5, 4.774, 1.0), 9.92502168, 1e-6);
}

static void cusum_threshold_when_in_tables_of_spc_is_the_same(void **state)
{
    (void)state;
    assert_near(cusum_threshold(0.5, 370.0, false), 4.095448547, 1e-8);
    assert_near(cusum_threshold(0.5, 500.0, false), 4.38912974, 1e-8);
    assert_near(cusum_threshold(0.5, 1000.0, false), 5.070703856, 1e-8);
    assert_near(cusum_threshold(0.5, 10000.0, false), 7.36078557, 1e-8);
}

/* xewma.arl(l, c, mu), two-sided. */
static void ewma_arl_when_in_tables_of_spc_is_the_same(void **state)
{
    (void)state;
    static const double shifts[4] = {0.0, 0.5, 1.0, 2.0};
    static const double tenth[4] = {499.5795501, 31.2974352, 10.33066516, 4.362253414};
    static const double fifth[4] = {499.7351222, 41.76439576, 10.5416658, 3.743439061};
    for (size_t k = 0; k < 4; k++) {
        assert_near(ewma_arl(0.1, 2.814, shifts[k]), tenth[k], 1e-8);
        assert_near(ewma_arl(0.2, 2.962, shifts[k]), fifth[k], 1e-8);
    }
    assert_near(ewma_threshold(0.1, 500.0), 2.814309995, 1e-8);
    assert_near(ewma_threshold(0.2, 500.0), 2.96217838, 1e-8);
}

/* With lambda 1 the chart is Shewhart's: 1 / L is the probability of |z| > c. */
static void ewma_arl_when_lambda_is_one_is_that_of_single_values(void **state)
{
    (void)state;
    assert_near(ewma_arl(1.0, 3.0, 0.0), 1.0 / erfc(3.0 / sqrt(2.0)), 1e-12);
    assert_near(ewma_arl(1.0, 3.0, 1.0),
                1.0 / (0.5 * erfc(2.0 / sqrt(2.0)) + 0.5 * erfc(4.0 / sqrt(2.0))), 1e-12);
}

static void thresholds_when_put_back_give_their_run_length(void **state)
{
    (void)state;
    static const double arls[] = {2.0, 50.0, 1e4, 1e6}, lambdas[] = {0.05, 0.1, 0.3, 1.0};
    for (size_t i = 0; i < sizeof(arls) / sizeof(arls[0]); i++) {
        for (double k = 0.25; k <= 1.0; k *= 2.0) {
            double h = cusum_threshold(k, arls[i], true);
            double least = cusum_arl_two_sided(k, 0.01, 0.0);
            assert_near(cusum_arl_two_sided(k, h, 0.0), fmax(arls[i], least), 1e-6);
        }
        for (size_t l = 0; l < sizeof(lambdas) / sizeof(lambdas[0]); l++) {
            double c = ewma_threshold(lambdas[l], arls[i]);
            double least = ewma_arl(lambdas[l], 0.1, 0.0);
            assert_near(ewma_arl(lambdas[l], c, 0.0), fmax(arls[i], least), 1e-6);
        }
    }
}

/* 4,000 runs of a chart for a promise of 200: the mean is within four standard errors. */
static void cusum_arl_when_charts_are_run_is_their_mean(void **state)
{
    (void)state;
    enum { RUNS = 4000 };
    double h = cusum_threshold(0.5, 200.0, false), sum = 0.0, squares = 0.0;
    struct stream random;
    stream_init(&random, 1, "test/arl", 0);
    for (int run = 0; run < RUNS; run++) {
        double level = 0.0, length = 0.0;
        while (level <= h) {
            level = fmax(0.0, level + stream_normal(&random) - 0.5);
            length += 1.0;
        }
        sum += length;
        squares += length * length;
    }
    double mean = sum / RUNS, deviation = sqrt(squares / RUNS - mean * mean);
    assert_true(fabs(mean - 200.0) < 4.0 * deviation / sqrt(RUNS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cusum_arl_when_in_tables_of_spc_is_the_same),
        cmocka_unit_test(cusum_threshold_when_in_tables_of_spc_is_the_same),
        cmocka_unit_test(ewma_arl_when_in_tables_of_spc_is_the_same),
        cmocka_unit_test(ewma_arl_when_lambda_is_one_is_that_of_single_values),
        cmocka_unit_test(thresholds_when_put_back_give_their_run_length),
        cmocka_unit_test(cusum_arl_when_charts_are_run_is_their_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
