/* SPDX-License-Identifier: Apache-2.0 */
/* The tails against scipy's, one row or more for each method, and against all orders of small samples. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/detect/ks_p.h"

/* scipy 1.14.1, stats.kstwo.sf(d, n). */
static void ks_p_asymptotic_when_scipys_is_known_agrees(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        double d, p;
    } rows[] = {
        {1, 0.7, 0.60000000000000009},
        {2, 0.4, 0.81999999999999995},
        {5, 0.15, 0.99880000000000002},
        {5, 0.19, 0.97732518400000001},
        {10, 0.92, 2.1474836479999892e-11},
        {10, 0.6, 0.00056816720000000035},
        {20, 0.19, 0.41411812259172909},
        {29, 0.0366, 0.99999999992531352},
        {50, 0.2, 0.031438777769532411},
        {100, 0.08, 0.51821936454806716},
        {100, 0.06, 0.84288479562741225},
        {140, 0.05, 0.85764802976561139},
        {140, 0.25, 3.3915724370710318e-08},
        {141, 0.03, 0.99921076010127186},
        {141, 0.005, 1},
        {1000, 0.02, 0.81089716568955772},
        {1000, 0.03, 0.32269021439146361},
        {1000, 0.06, 0.0014285978879528911},
        {1000, 0.9, 0},
        {5000, 0.008, 0.90359078767802758},
        {50000, 0.003, 0.75790004434871472},
        {200000, 0.004, 0.0033142128225602551},
        {200000, 0.001, 0.98815002088557291},
        {900000, 0.002, 0.0014911751530685168},
        {1000000, 0.0025, 7.4407859767776965e-06},
        {2000000, 0.0015, 0.00024657290508461606},
        {100, 0.003, 1},
    };
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        double p = ks_p_asymptotic(rows[r].d, rows[r].n);
        if (fabs(p - rows[r].p) > 1e-10 * rows[r].p) {
            fail_msg("row %zu: p %.17g, expected %.17g", r, p, rows[r].p);
        }
    }
}

/* Share of the orders of n values of one kind and m of another that reach the distance, by counting them all. */
static double counted(uint32_t n, uint32_t m, uint32_t h, uint32_t multiple)
{
    uint32_t n_orders = 0, n_reached = 0;
    for (uint32_t order = 0; order < 1u << (n + m); order++) {
        if ((uint32_t)__builtin_popcount(order) != n) {
            continue;
        }
        uint32_t i = 0, j = 0, highest = 0;
        for (uint32_t k = 0; k < n + m; k++) {
            i += order >> k & 1;
            j += 1 - (order >> k & 1);
            uint32_t left = i * (multiple / n), right = j * (multiple / m);
            uint32_t gap = left > right ? left - right : right - left;
            highest = gap > highest ? gap : highest;
        }
        n_orders++;
        n_reached += highest >= h ? 1 : 0;
    }
    return (double)n_reached / (double)n_orders;
}

static void ks_p_exact_when_all_orders_are_counted_is_their_share(void **state)
{
    (void)state;
    double scratch[16];
    static const uint32_t sizes[][3] = {{4, 4, 4}, {6, 6, 6},  {3, 5, 15}, {8, 4, 8},
                                        {1, 9, 9}, {6, 9, 18}, {7, 1, 7}};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        uint32_t n = sizes[s][0], m = sizes[s][1], multiple = sizes[s][2];
        for (uint32_t h = 0; h <= multiple; h++) {
            double p = ks_p_exact(n, m, h, scratch), expected = counted(n, m, h, multiple);
            assert_true(fabs(p - expected) < 1e-14);
            double swapped = ks_p_exact(m, n, h, scratch);
            assert_true(p >= swapped && p <= swapped);
        }
    }
}

static void ks_p_asymptotic_when_the_distance_grows_falls(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 10, 139, 140, 141, 1000, 30000};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        double before = 1.0;
        for (double z = 0.02; z < 8.0; z += 0.09) {
            double d = z / sqrt((double)sizes[s]);
            double p = d < 1.0 ? ks_p_asymptotic(d, sizes[s]) : 0.0;
            assert_true(p >= 0.0 && p <= before + 2e-5); /* Methods meet within Pelz and Good's error. */
            before = p;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ks_p_asymptotic_when_scipys_is_known_agrees),
        cmocka_unit_test(ks_p_exact_when_all_orders_are_counted_is_their_share),
        cmocka_unit_test(ks_p_asymptotic_when_the_distance_grows_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
