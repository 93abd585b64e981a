/* SPDX-License-Identifier: Apache-2.0 */
/* The two-sample test against scipy's figures: every bit of D, ten digits of p. */
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
#include "core/detect/ks.h"
#include "tests/lib/truth_stream.h"

enum { SIZE_MAX_HERE = 60000 };

static double a[SIZE_MAX_HERE], b[SIZE_MAX_HERE];

static double *scratch_for(size_t n, size_t m)
{
    double *scratch = malloc(ks_scratch(n, m) * sizeof(*scratch));
    assert_non_null(scratch);
    return scratch;
}

/* Knuth's 64-bit congruential generator, easy to repeat elsewhere; levels > 0 rounds down to that many. */
static void fill(double *values, size_t n, uint64_t seed, double shift, double levels)
{
    uint64_t state = seed;
    for (size_t i = 0; i < n; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        values[i] = (double)(state >> 11) * 0x1p-53 + shift;
        values[i] = levels > 0.0 ? floor(values[i] * levels) / levels : values[i];
    }
}

/* scipy 1.14.1, stats.ks_2samp(a, b, method=...): statistic.hex(), pvalue. a = fill(n, 31 n + m), b = fill(m, n + 17 m) moved. */
static void ks_two_sample_when_scipys_is_known_agrees(void **state)
{
    (void)state;
    static const struct {
        uint32_t n, m;
        enum ks_method method;
        double shift, levels, d, p;
    } rows[] = {
        {7, 5, KS_EXACT, 0.2, 0, 0x1.5075075075075p-1, 0.11616161616161617},
        {30, 30, KS_EXACT, 0.3, 0, 0x1.0p-1, 0.00089957768401767988},
        {100, 10, KS_EXACT, 0.2, 0, 0x1.5c28f5c28f5c3p-2, 0.20327372322696732},
        {50, 70, KS_EXACT, 0.15, 4, 0x1.fd130463796adp-3, 0.045309781158004554},
        {500, 500, KS_EXACT, 0.05, 0, 0x1.e353f7ced9168p-4, 0.0018769751767371433},
        {1000, 3000, KS_EXACT, 0.04, 0, 0x1.c28f5c28f5c29p-5, 0.020990076739740817},
        {999, 1000, KS_ASYMPTOTIC, 0.05, 0, 0x1.35182085a1660p-4, 0.0063677272780421814},
        {20, 31, KS_ASYMPTOTIC, 0.1, 0, 0x1.3680d3680d368p-3, 0.90736851769595406},
        {60, 60, KS_ASYMPTOTIC, 0.2, 0, 0x1.1111111111111p-2, 0.022554710564199665},
        {300, 300, KS_ASYMPTOTIC, 0.05, 0, 0x1.2c5f92c5f92c8p-4, 0.3770507548263381},
        {300, 301, KS_ASYMPTOTIC, 0.0, 0, 0x1.929d54b2c36f0p-5, 0.84400922423256941},
        {3000, 2000, KS_ASYMPTOTIC, 0.1, 16, 0x1.04189374bc6a8p-3, 2.4835432961682811e-17},
        {20000, 20000, KS_ASYMPTOTIC, 0.01, 0, 0x1.c5d63886594c0p-7, 0.042739803119485331},
        {20000, 30000, KS_AUTO, 0.002, 0, 0x1.5555555555560p-7, 0.14684542711328286},
        {400, 300, KS_ASYMPTOTIC, 0.9, 0, 0x1.da740da740da7p-1, 1.8546427370974427e-194},
        {12000, 9000, KS_AUTO, 0.02, 64, 0x1.801d208a5a920p-6, 0.0068978288130821623},
    };
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        uint32_t n = rows[r].n, m = rows[r].m;
        fill(a, n, (uint64_t)n * 31 + m, 0.0, rows[r].levels);
        fill(b, m, (uint64_t)n + (uint64_t)m * 17, rows[r].shift, rows[r].levels);
        double *scratch = scratch_for(n, m);
        struct ks_result result = ks_two_sample(a, n, b, m, rows[r].method, scratch);
        free(scratch);
        assert_memory_equal(&result.statistic, &rows[r].d, sizeof(double));
        if (fabs(result.p - rows[r].p) > 1e-10 * rows[r].p) {
            fail_msg("row %zu: p %.17g, expected %.17g", r, result.p, rows[r].p);
        }
        enum ks_method used = rows[r].method == KS_EXACT ? KS_EXACT : KS_ASYMPTOTIC;
        assert_int_equal(result.method, used);
    }
}

static void ks_two_sample_when_the_samples_are_published_agrees(void **state)
{
    (void)state;
    size_t n = truth_stream("fr_uni_ref.txt", a, SIZE_MAX_HERE);
    size_t m = truth_stream("fr_uni_test.txt", b, SIZE_MAX_HERE);
    double *scratch = scratch_for(n, m);
    struct ks_result result = ks_two_sample(a, n, b, m, KS_AUTO, scratch);
    free(scratch);
    assert_true(fabs(result.statistic - 0.81) < 1e-15);
    assert_true(fabs(result.p - 3.938153902e-33) < 1e-9 * 3.938153902e-33);
    assert_int_equal(result.method, KS_EXACT);
}

static int by_value(const void *x, const void *y)
{
    const double *left = x, *right = y;
    return (*left > *right) - (*left < *right);
}

/* By sorting, with the roundings of numpy's shares. */
static double sorted_statistic(const double *x, size_t n, const double *y, size_t m)
{
    static double left[SIZE_MAX_HERE], right[SIZE_MAX_HERE];
    memcpy(left, x, n * sizeof(left[0]));
    memcpy(right, y, m * sizeof(right[0]));
    qsort(left, n, sizeof(left[0]), by_value);
    qsort(right, m, sizeof(right[0]), by_value);
    double highest = 0.0;
    for (size_t i = 0, j = 0; i < n || j < m;) {
        double value = j == m || (i < n && left[i] < right[j]) ? left[i] : right[j];
        while (i < n && left[i] <= value) {
            i++;
        }
        while (j < m && right[j] <= value) {
            j++;
        }
        double gap = fabs((double)i / (double)n - (double)j / (double)m);
        highest = gap > highest ? gap : highest;
    }
    return highest;
}

static double drawn(struct stream *random, uint64_t kind, double shift)
{
    double normal = stream_normal(random);
    switch (kind) {
    case 0:
        return normal + shift;
    case 1: /* All in one stretch of the doubles, and almost all in one cell. */
        return 1e6 + 1e-7 * (normal + shift);
    case 2: /* Mostly ties, of both zeros. */
        return stream_chance(random, 0.3 + shift) ? -0.0 : 0.0;
    case 3: /* From the smallest to the largest. */
        return normal < 0 ? -ldexp(1.0, (int)(400.0 * normal)) : ldexp(1.0, (int)(400.0 * normal));
    default:
        return floor(3.0 * normal) * 1e-310;
    }
}

static void ks_statistic_when_cells_are_closed_is_that_of_sorting(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct stream random;
        stream_init(&random, seed, "tests/ks", 0);
        size_t limit = seed % 3 == 0 ? 100 : SIZE_MAX_HERE;
        size_t n = 1 + stream_below(&random, limit);
        size_t m = seed % 4 == 0 ? n : 1 + stream_below(&random, limit);
        double shift = seed % 2 == 0 ? 0.0 : 0.2;
        for (size_t i = 0; i < n; i++) {
            a[i] = drawn(&random, seed % 5, 0.0);
        }
        for (size_t i = 0; i < m; i++) {
            b[i] = drawn(&random, seed % 5, shift);
        }
        double *scratch = scratch_for(n, m);
        double seen = ks_statistic(a, n, b, m, scratch), expected = sorted_statistic(a, n, b, m);
        free(scratch);
        assert_memory_equal(&seen, &expected, sizeof(double));
    }
}

/* The first look at every so many values sees only the common ones; the rare ones fall into stretches of a single cell. */
static void ks_statistic_when_the_first_look_misses_values_is_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE_MAX_HERE; i++) {
        a[i] = i % 4 == 0 ? 1.0 : 8.0 + (double)i;
        b[i] = i % 4 == 0 ? 1.0 : 8.5 + (double)(i * i % 70000);
    }
    double *scratch = scratch_for(SIZE_MAX_HERE, SIZE_MAX_HERE);
    double seen = ks_statistic(a, SIZE_MAX_HERE, b, SIZE_MAX_HERE, scratch);
    free(scratch);
    double expected = sorted_statistic(a, SIZE_MAX_HERE, b, SIZE_MAX_HERE);
    assert_memory_equal(&seen, &expected, sizeof(double));
}

static void ks_two_sample_when_samples_are_equal_is_certain(void **state)
{
    (void)state;
    fill(a, 5000, 1, 0.0, 0.0);
    double *scratch = scratch_for(5000, 5000);
    struct ks_result result = ks_two_sample(a, 5000, a, 5000, KS_AUTO, scratch);
    assert_true(result.statistic == 0.0 && result.p == 1.0);
    result = ks_two_sample(a, 5000, a, 5000, KS_ASYMPTOTIC, scratch);
    assert_true(result.statistic == 0.0 && result.p == 1.0);
    result = ks_two_sample(a, 1, a + 1, 1, KS_ASYMPTOTIC, scratch);
    assert_true(result.statistic == 1.0);
    free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ks_two_sample_when_scipys_is_known_agrees),
        cmocka_unit_test(ks_two_sample_when_the_samples_are_published_agrees),
        cmocka_unit_test(ks_statistic_when_cells_are_closed_is_that_of_sorting),
        cmocka_unit_test(ks_statistic_when_the_first_look_misses_values_is_exact),
        cmocka_unit_test(ks_two_sample_when_samples_are_equal_is_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
