/* SPDX-License-Identifier: Apache-2.0 */
/* Distances against frouros and scipy, and thresholds that hold their level. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/distance.h"
#include "core/detect/psi.h"
#include "core/detect/sample.h"
#include "core/detect/sketch.h"
#include "tests/lib/truth_stream.h"

enum { SIZE_MAX_HERE = 500, BINS = 10, MORE = 4 * SIZE_MAX_HERE * 2 };

static void assert_within(double seen, double expected, double absolute)
{
    if (!(fabs(seen - expected) <= absolute)) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

struct samples {
    double a[SIZE_MAX_HERE], b[SIZE_MAX_HERE];
    size_t n, m;
    double p[SKETCH_CELLS_MAX], q[SKETCH_CELLS_MAX]; /* Ten pooled bins of equal width. */
    size_t n_cells;
    double lo, hi;
};

static void read_samples(struct samples *samples, const char *a, const char *b)
{
    samples->n = truth_stream(a, samples->a, SIZE_MAX_HERE);
    samples->m = truth_stream(b, samples->b, SIZE_MAX_HERE);
    double lo = samples->a[0], hi = lo;
    for (size_t i = 0; i < samples->n; i++) {
        lo = fmin(lo, samples->a[i]);
        hi = fmax(hi, samples->a[i]);
    }
    for (size_t i = 0; i < samples->m; i++) {
        lo = fmin(lo, samples->b[i]);
        hi = fmax(hi, samples->b[i]);
    }
    struct sketch first, second;
    sketch_init_even(&first, lo, hi, BINS);
    sketch_init_like(&second, &first);
    for (size_t i = 0; i < samples->n; i++) {
        sketch_add(&first, samples->a[i]);
    }
    for (size_t i = 0; i < samples->m; i++) {
        sketch_add(&second, samples->b[i]);
    }
    samples->n_cells = sketch_masses(&first, false, samples->p);
    assert_int_equal(sketch_masses(&second, false, samples->q), samples->n_cells);
    samples->lo = lo;
    samples->hi = hi;
}

/* Two columns a line. */
static void read_rows(const char *name, double rows[200])
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/oracles/%s", getenv("STEWARD_TRUTH_DIR"), name);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(fscanf(stream, "%lf", rows + i), 1);
    }
    assert_int_equal(fclose(stream), 0);
}

static void distance_mmd_when_rows_have_two_columns_is_that_of_frouros(void **state)
{
    (void)state;
    static double a[200], b[200];
    if (getenv("STEWARD_TRUTH_DIR") == NULL) {
        (void)printf("STEWARD_TRUTH_DIR is not set\n");
        (void)fflush(stdout);
        skip();
    }
    read_rows("fr_mv_ref.txt", a);
    read_rows("fr_mv_test.txt", b);
    assert_within(distance_mmd(a, 100, b, 100, 2, 1.0, MMD_UNBIASED), .1016363390, 1e-9);
    assert_within(distance_mmd(a, 100, b, 100, 2, 1.0, MMD_BIASED), .1170183218, 1e-9);
    assert_within(distance_mmd(a, 100, a, 100, 2, 1.0, MMD_BIASED), 0.0, 1e-14);
}

static double at_share(const double *sorted, size_t n, double share) /* numpy.percentile, linear. */
{
    double at = share * (double)(n - 1), low = floor(at);
    size_t i = (size_t)low;
    return i + 1 < n ? sorted[i] + (at - low) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* frouros takes JS and KL of something else than counts: each sample's histogram with numpy's "auto" bins (the narrower of Sturges' and Freedman and
 * Diaconis' widths), its distribution function drawn straight through each bin, and the differences of that at ten pooled points. */
static void smooth_masses(const double *values, size_t n, double lo, double hi,
                          double ret_masses[BINS - 1])
{
    static double sorted[SIZE_MAX_HERE], buffer[SIZE_MAX_HERE];
    for (size_t i = 0; i < n; i++) {
        sorted[i] = values[i];
    }
    sample_sort(sorted, n, buffer);
    double least = sorted[0], range = sorted[n - 1] - least, size = (double)n;
    double quartiles = at_share(sorted, n, 0.75) - at_share(sorted, n, 0.25);
    double width = fmin(2.0 * quartiles / cbrt(size), range / (log2(size) + 1.0));
    uint32_t n_bins = (uint32_t)ceil(range / width);
    struct sketch sketch;
    sketch_init_even(&sketch, least, sorted[n - 1], n_bins);
    for (size_t i = 0; i < n; i++) {
        sketch_add(&sketch, values[i]);
    }
    double before = 0.0;
    for (int i = 0; i < BINS; i++) {
        double x = i == BINS - 1 ? hi : lo + (double)i * ((hi - lo) / (BINS - 1)), below = 0.0;
        for (uint32_t bin = 0; bin < n_bins; bin++) {
            double left = sketch.edges[bin], right = sketch.edges[bin + 1];
            double share = fmin(1.0, fmax(0.0, (x - left) / (right - left)));
            below += share * (double)sketch.counts[bin] / size;
        }
        if (i > 0) {
            ret_masses[i - 1] = below - before;
        }
        before = below;
    }
}

static void distance_when_samples_are_apart_is_that_of_frouros(void **state)
{
    (void)state;
    static struct samples s;
    static double scratch[MORE];
    read_samples(&s, "fr_uni_ref.txt", "fr_uni_test.txt");
    assert_within(distance_psi(s.p, s.q, s.n_cells, DBL_MIN), 461.2037943574, 1e-9);
    assert_within(distance_hellinger(s.p, s.q, s.n_cells), .7450909970, 1e-9);
    assert_within(distance_bhattacharyya(s.p, s.q, s.n_cells), 0.81004194680781794, 1e-12);
    assert_within(distance_total_variation(s.p, s.q, s.n_cells), .78, 1e-12);
    assert_within(distance_wasserstein(s.a, s.n, s.b, s.m, scratch), 3.853460065, 1e-9);
    assert_within(distance_energy(s.a, s.n, s.b, s.m, scratch), 2.110599818, 1e-9);
    /* frouros puts DBL_EPSILON into empty bins here. */
    static double raised_p[SKETCH_CELLS_MAX], raised_q[SKETCH_CELLS_MAX];
    for (size_t i = 1; i + 1 < s.n_cells; i++) {
        raised_p[i] = fmax(s.p[i] / 100.0, DBL_EPSILON);
        raised_q[i] = fmax(s.q[i] / 100.0, DBL_EPSILON);
    }
    assert_within(distance_bhattacharyya(raised_p, raised_q, s.n_cells), .8100418839, 1e-9);
    double mmd = distance_mmd(s.a, s.n, s.b, s.m, 1, 1.0, MMD_UNBIASED);
    assert_within(mmd, s.n == 100 ? .6950900417 : -.00038547222, 1e-9);
    double p[BINS - 1], q[BINS - 1];
    smooth_masses(s.a, s.n, s.lo, s.hi, p);
    smooth_masses(s.b, s.m, s.lo, s.hi, q);
    assert_within(distance_jensen_shannon(p, q, BINS - 1), .6701010796, 1e-9);
    assert_true(isinf(distance_kullback_leibler(q, p, BINS - 1)));
    assert_within(distance_jensen_shannon(s.p, s.q, s.n_cells), 0.6588791029721555, 1e-12);
}

static void distance_when_samples_are_alike_is_that_of_frouros(void **state)
{
    (void)state;
    static struct samples s;
    static double scratch[MORE];
    read_samples(&s, "fr_same_ref500.txt", "fr_same_test500.txt");
    assert_within(distance_psi(s.p, s.q, s.n_cells, DBL_MIN), .01840072887, 1e-9);
    assert_within(distance_hellinger(s.p, s.q, s.n_cells), .04792538641, 1e-9);
    assert_within(distance_bhattacharyya(s.p, s.q, s.n_cells), .00229948445, 1e-9);
    assert_within(distance_total_variation(s.p, s.q, s.n_cells), .052, 1e-12);
    assert_within(distance_wasserstein(s.a, s.n, s.b, s.m, scratch), .07671466175, 1e-9);
    assert_within(distance_energy(s.a, s.n, s.b, s.m, scratch), .06588206672, 1e-9);
    double mmd = distance_mmd(s.a, s.n, s.b, s.m, 1, 1.0, MMD_UNBIASED);
    assert_within(mmd, s.n == 100 ? .6950900417 : -.00038547222, 1e-9);
    double p[BINS - 1], q[BINS - 1];
    smooth_masses(s.a, s.n, s.lo, s.hi, p);
    smooth_masses(s.b, s.m, s.lo, s.hi, q);
    assert_within(distance_jensen_shannon(p, q, BINS - 1), .03175551648, 1e-9);
    assert_within(distance_jensen_shannon(s.p, s.q, s.n_cells), 0.04789171475284488, 1e-12);
}

/* mpmath, 40 digits: laws that differ in the seventh, third and first digit. */
static void distance_jensen_shannon_when_laws_are_near_keeps_its_digits(void **state)
{
    (void)state;
    static const double p[3] = {0.25, 0.25, 0.5};
    static const double gaps[3] = {0x1p-24, 0x1p-10, 0x1p-3};
    static const double expected[3] = {5.9604644775391119103e-8, 0.0009765646730982742626,
                                       0.13004244608704734373};
    for (int i = 0; i < 3; i++) {
        const double q[3] = {0.25 + gaps[i], 0.25 - gaps[i], 0.5};
        assert_within(distance_jensen_shannon(p, q, 3) / expected[i], 1.0, 1e-14);
    }
}

/* evidently's categories. */
static void distance_when_categories_are_published_is_the_same(void **state)
{
    (void)state;
    static const double p[6] = {16, 18, 16, 14, 12, 12}, q[6] = {16, 16, 16, 16, 16, 8};
    static double a[88], b[88], scratch[4 * 176];
    assert_within(distance_hellinger(p, q, 6), 0.06812774370983354, 1e-14);
    size_t n = 0, m = 0;
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < (int)p[i]; j++) {
            a[n++] = i;
        }
        for (int j = 0; j < (int)q[i]; j++) {
            b[m++] = i;
        }
    }
    double distance = 0.0;
    double chance =
        distance_permutation_p(DEAL_TOTAL_VARIATION, a, n, b, m, 20000, 1, scratch, &distance);
    assert_within(distance, 0.06818181818181819, 1e-12);
    /* numpy, 20,000 shuffles: .96815 at least as far, .88635 farther. The published .928 lies between: one of equal shuffles is farther there when rounding
     * makes it so. */
    assert_within(chance, .96815, 3.0 * sqrt(.96815 * .03185 * 2.0 / 20000.0));
    assert_true(chance > .928);
    assert_true(chance ==
                distance_permutation_p(DEAL_TOTAL_VARIATION, a, n, b, m, 20000, 1, scratch, NULL));
}

static void distance_when_laws_are_equal_or_apart_is_at_its_ends(void **state)
{
    (void)state;
    static const double p[4] = {2.0, 3.0, 0.0, 5.0}, twice[4] = {4.0, 6.0, 0.0, 10.0};
    static const double other[4] = {0.0, 0.0, 7.0, 0.0}, none[4] = {0.0};
    assert_true(distance_psi(p, twice, 4, 1e-4) == 0.0);
    assert_true(distance_kullback_leibler(p, twice, 4) == 0.0);
    assert_true(distance_jensen_shannon(p, twice, 4) == 0.0);
    assert_true(distance_hellinger(p, twice, 4) == 0.0);
    assert_true(distance_total_variation(p, twice, 4) == 0.0);
    assert_within(distance_jensen_shannon(p, other, 4), sqrt(log(2.0)), 1e-15);
    assert_within(distance_hellinger(p, other, 4), 1.0, 1e-15);
    assert_true(isinf(distance_bhattacharyya(p, other, 4)));
    assert_within(distance_total_variation(p, other, 4), 1.0, 1e-15);
    assert_true(isinf(distance_kullback_leibler(p, other, 4)));
    assert_true(distance_psi(p, other, 4, DBL_MIN) < (double)INFINITY);
    assert_true(distance_psi(p, none, 4, 1e-4) == 0.0);
    assert_true(distance_jensen_shannon(none, p, 4) == 0.0);
    assert_true(distance_hellinger(none, p, 4) == 0.0);
    assert_true(distance_total_variation(none, none, 4) == 0.0);
    assert_true(distance_kullback_leibler(none, p, 4) == 0.0);
}

static void distance_wasserstein_when_moved_is_the_way(void **state)
{
    (void)state;
    static const double a[3] = {3.0, 1.0, 2.0}, b[6] = {4.5, 3.5, 5.5, 4.5, 3.5, 5.5};
    static double scratch[64];
    assert_int_equal(distance_scratch(3, 6), 33);
    assert_within(distance_wasserstein(a, 3, b, 6, scratch), 2.5, 1e-14);
    assert_within(distance_wasserstein(b, 6, a, 3, scratch), 2.5, 1e-14);
    assert_true(distance_wasserstein(a, 3, a, 3, scratch) == 0.0);
    assert_true(distance_energy(a, 3, a, 3, scratch) == 0.0);
}

/* Figures: scipy.stats.chi2.isf. */
static void chi_square_quantile_when_compared_is_that_of_scipy(void **state)
{
    (void)state;
    assert_within(chi_square_quantile(1.0, 0.05) / 3.841458820694124, 1.0, 1e-11);
    assert_within(chi_square_quantile(12.0, 0.001) / 32.90949040736021, 1.0, 1e-11);
    assert_within(chi_square_quantile(10.0, 1e-10) / 68.16761813861793, 1.0, 1e-11);
    assert_within(chi_square_quantile(2.0, 0.5) / (2.0 * log(2.0)), 1.0, 1e-12);
    assert_within(chi_square_quantile(2.0, 1e-12) / (-2.0 * log(1e-12)), 1.0, 1e-12);
    /* psi_threshold approximates the same. */
    double exact = distance_threshold(DISTANCE_PSI, 500, 100000, 13, 0.001);
    assert_within(psi_threshold(500, 100000, 13, 0.001, 0.0) / exact, 1.0, 0.006);
}

static void distance_threshold_when_nothing_was_seen_is_out_of_reach(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_DISTANCE_KINDS; kind++) {
        assert_true(distance_threshold((enum distance_kind)kind, 0.0, 100.0, 10, 0.01) > 1e6);
        assert_true(distance_threshold((enum distance_kind)kind, 100.0, 0.0, 10, 0.01) > 1e6);
        assert_true(distance_threshold((enum distance_kind)kind, 100.0, 100.0, 10, 0.01) >
                    distance_threshold((enum distance_kind)kind, 1000.0, 100.0, 10, 0.01));
        assert_true(distance_threshold((enum distance_kind)kind, 5.0, 5.0, 1, 0.01) == 0.0);
    }
}

static void draw(struct stream *stream, uint32_t n, const double *shares, double *counts)
{
    for (int i = 0; i < BINS; i++) {
        counts[i] = 0.0;
    }
    for (uint32_t row = 0; row < n; row++) {
        double unit = stream_unit(stream);
        int i = 0;
        while (i < BINS - 1 && unit >= shares[i]) {
            unit -= shares[i++];
        }
        counts[i] += 1.0;
    }
}

/* Both are samples of one law: the limit is passed as often as it says, within three standard errors and a fifth for the limit's own error; total variation
 * no more often. */
static void distance_threshold_when_nothing_changed_holds_its_level(void **state)
{
    (void)state;
    static const double shares[BINS] = {0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05};
    enum { TRIALS = 4000, N = 400, M = 700 };
    const double alpha = 0.05;
    int n_passed[N_DISTANCE_KINDS] = {0};
    struct stream stream;
    stream_init(&stream, 70, "tests/distance/level", 0);
    for (int trial = 0; trial < TRIALS; trial++) {
        double p[BINS], q[BINS];
        draw(&stream, N, shares, p);
        draw(&stream, M, shares, q);
        const double seen[N_DISTANCE_KINDS] = {
            distance_psi(p, q, BINS, 1e-4),      distance_kullback_leibler(p, q, BINS),
            distance_jensen_shannon(p, q, BINS), distance_hellinger(p, q, BINS),
            distance_bhattacharyya(p, q, BINS),  distance_total_variation(p, q, BINS),
        };
        for (int kind = 0; kind < N_DISTANCE_KINDS; kind++) {
            double limit = distance_threshold((enum distance_kind)kind, N, M, BINS, alpha);
            n_passed[kind] += seen[kind] > limit ? 1 : 0;
        }
    }
    double expected = alpha * TRIALS, slack = 3.0 * sqrt(expected) + 0.2 * expected;
    for (int kind = 0; kind < DISTANCE_TOTAL_VARIATION; kind++) {
        if (fabs(n_passed[kind] - expected) > slack) {
            fail_msg("kind %d: %d of %d passed, %.0f expected (seed 70)", kind, n_passed[kind],
                     TRIALS, expected);
        }
    }
    assert_true(n_passed[DISTANCE_TOTAL_VARIATION] <= expected);
}

static void distance_permutation_p_when_nothing_changed_is_uniform_and_small_when_it_did(void **state)
{
    (void)state;
    enum { TRIALS = 400, N = 30, M = 20, SHUFFLES = 99 };
    static double a[N], b[M], scratch[4 * (N + M)];
    assert_true(distance_scratch(N, M) <= 4 * (N + M));
    for (int kind = 0; kind <= DEAL_TOTAL_VARIATION; kind++) {
        struct stream stream;
        stream_init(&stream, 71, "tests/distance/permutation", (uint64_t)kind);
        int n_small = 0, n_found = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            for (int i = 0; i < N; i++) {
                a[i] = floor(stream_normal(&stream) * 2.0);
            }
            for (int i = 0; i < M; i++) {
                b[i] = floor(stream_normal(&stream) * 2.0);
            }
            uint64_t seed = (uint64_t)trial;
            n_small += distance_permutation_p((enum deal_kind)kind, a, N, b, M, SHUFFLES, seed,
                                              scratch, NULL) <= 0.1
                           ? 1
                           : 0;
            for (int i = 0; i < M; i++) {
                b[i] += 4.0;
            }
            n_found += distance_permutation_p((enum deal_kind)kind, a, N, b, M, SHUFFLES, seed,
                                              scratch, NULL) <= 0.1
                           ? 1
                           : 0;
        }
        double expected = 0.1 * TRIALS;
        if ((double)n_small > expected + 3.0 * sqrt(expected)) {
            fail_msg("kind %d: %d of %d small (seed 71)", kind, n_small, TRIALS);
        }
        assert_true(n_small > 0);
        assert_true(n_found > TRIALS * 9 / 10);
    }
}

static void distance_mmd_threshold_when_nothing_changed_holds_and_when_it_did_is_passed(void **state)
{
    (void)state;
    enum { TRIALS = 300, N = 40, M = 25 };
    /* Corollary 9: sqrt(2 / m) (1 + sqrt(2 ln(1 / alpha))), squared. */
    assert_within(distance_mmd_threshold(100.0, 100.0, 0.05),
                  0.02 * pow(1.0 + sqrt(2.0 * log(20.0)), 2.0), 1e-12);
    assert_true(distance_mmd_threshold(0.0, 100.0, 0.05) > 1e6);
    struct stream stream;
    stream_init(&stream, 72, "tests/distance/mmd", 0);
    double limit = distance_mmd_threshold(N, M, 0.1);
    int n_passed = 0, n_found = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        double a[N], b[M];
        for (int i = 0; i < N; i++) {
            a[i] = stream_normal(&stream);
        }
        for (int i = 0; i < M; i++) {
            b[i] = stream_normal(&stream);
        }
        n_passed += distance_mmd(a, N, b, M, 1, 1.0, MMD_BIASED) > limit ? 1 : 0;
        for (int i = 0; i < M; i++) {
            b[i] += 3.0;
        }
        n_found += distance_mmd(a, N, b, M, 1, 1.0, MMD_BIASED) > limit ? 1 : 0;
    }
    assert_true(n_passed <= TRIALS / 10);
    assert_true(n_found > TRIALS * 9 / 10);
}

static void
distance_wasserstein_threshold_when_nothing_changed_holds_and_when_it_did_is_passed(void **state)
{
    (void)state;
    enum { TRIALS = 1000, N = 200, M = 120 };
    static double a[N], b[M], scratch[4 * (N + M)];
    assert_true(distance_scratch(N, M) <= 4 * (N + M));
    struct stream stream;
    stream_init(&stream, 73, "tests/distance/wasserstein", 0);
    double limit = distance_wasserstein_threshold(1.0, N, M, 0.1), noise = 1.0 / N + 1.0 / M;
    assert_within(limit, 0.5 * sqrt(noise) + sqrt(0.5 * noise * log(10.0)), 1e-14);
    assert_within(distance_wasserstein_threshold(3.0, N, M, 0.1), 3.0 * limit, 1e-14);
    assert_true(distance_wasserstein_threshold(1e-9, 0.0, M, 0.1) > 1e6);
    int n_passed = 0, n_sketch = 0, n_found = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
        struct sketch first, second;
        sketch_init_even(&first, 0.0, 1.0, 8);
        sketch_init_like(&second, &first);
        for (int i = 0; i < N; i++) {
            a[i] = (double)stream_chance(&stream, 0.5); /* As spread as the interval allows. */
            sketch_add(&first, a[i]);
        }
        for (int i = 0; i < M; i++) {
            b[i] = (double)stream_chance(&stream, 0.5);
            sketch_add(&second, b[i]);
        }
        n_passed += distance_wasserstein(a, N, b, M, scratch) > limit ? 1 : 0;
        n_sketch += sketch_wasserstein(&first, &second) > limit ? 1 : 0;
        for (int i = 0; i < M; i++) {
            b[i] = 0.8 * b[i] + 0.2 * stream_unit(&stream) + 0.25 * (1.0 - b[i]);
        }
        n_found += distance_wasserstein(a, N, b, M, scratch) > limit ? 1 : 0;
    }
    assert_true(n_passed <= TRIALS / 10);
    assert_true(n_sketch <= TRIALS / 10);
    assert_true(n_found > TRIALS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_when_samples_are_apart_is_that_of_frouros),
        cmocka_unit_test(distance_when_samples_are_alike_is_that_of_frouros),
        cmocka_unit_test(distance_mmd_when_rows_have_two_columns_is_that_of_frouros),
        cmocka_unit_test(distance_when_categories_are_published_is_the_same),
        cmocka_unit_test(distance_when_laws_are_equal_or_apart_is_at_its_ends),
        cmocka_unit_test(distance_wasserstein_when_moved_is_the_way),
        cmocka_unit_test(chi_square_quantile_when_compared_is_that_of_scipy),
        cmocka_unit_test(distance_threshold_when_nothing_was_seen_is_out_of_reach),
        cmocka_unit_test(distance_threshold_when_nothing_changed_holds_its_level),
        cmocka_unit_test(distance_permutation_p_when_nothing_changed_is_uniform_and_small_when_it_did),
        cmocka_unit_test(distance_mmd_threshold_when_nothing_changed_holds_and_when_it_did_is_passed),
        cmocka_unit_test(distance_jensen_shannon_when_laws_are_near_keeps_its_digits),
        cmocka_unit_test(
            distance_wasserstein_threshold_when_nothing_changed_holds_and_when_it_did_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
