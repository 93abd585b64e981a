/* SPDX-License-Identifier: Apache-2.0 */
/* Two-sample tests by walks over the pooled order, and their null distributions. */
#include "core/detect/two_sample.h"

#include <stdbool.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/sample.h"

static const double pi = 0x1.921fb54442d18p+1;

static double square(double x) { return x * x; }

static double cell_term(double observed, double expected, enum chi_square_kind kind)
{
    if (kind == CHI_SQUARE_PEARSON) {
        return square(observed - expected) / expected;
    }
    return observed > 0.0 ? 2.0 * observed * d_log(observed / expected) : 0.0;
}

static struct chi_square judged(double statistic, uint32_t degrees)
{
    double kept = statistic > 0.0 ? statistic : 0.0; /* G may round below 0. */
    return (struct chi_square){kept, d_gamma_q(0.5 * (double)degrees, 0.5 * kept), degrees};
}

static double sum_of(const double *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        ASSERT(values[i] >= 0.0);
        sum += values[i];
    }
    return sum;
}

struct chi_square chi_square_two_sample(const double *a, const double *b, size_t n_cells,
                                        enum chi_square_kind kind)
{
    double total_a = sum_of(a, n_cells), total_b = sum_of(b, n_cells), total = total_a + total_b;
    uint32_t n_filled = 0;
    for (size_t i = 0; i < n_cells; i++) {
        n_filled += a[i] + b[i] > 0.0 ? 1 : 0;
    }
    if (n_filled < 2 || total_a <= 0.0 || total_b <= 0.0) {
        return (struct chi_square){0.0, 1.0, 0};
    }
    double sum_a = 0.0, sum_b = 0.0;
    for (size_t i = 0; i < n_cells; i++) {
        double column = a[i] + b[i];
        if (column > 0.0) {
            sum_a += cell_term(a[i], total_a * column / total, kind);
            sum_b += cell_term(b[i], total_b * column / total, kind);
        }
    }
    return judged(sum_a + sum_b, n_filled - 1);
}

struct chi_square chi_square_fit(const double *counts, const double *shares, size_t n_cells,
                                 enum chi_square_kind kind)
{
    double total = sum_of(counts, n_cells), total_shares = sum_of(shares, n_cells);
    uint32_t n_filled = 0;
    bool is_possible = true;
    for (size_t i = 0; i < n_cells; i++) {
        n_filled += shares[i] > 0.0 ? 1 : 0;
        is_possible = is_possible && (shares[i] > 0.0 || counts[i] <= 0.0);
    }
    if (!is_possible) {
        return (struct chi_square){__builtin_inf(), 0.0, n_filled > 1 ? n_filled - 1 : 0};
    }
    if (n_filled < 2 || total <= 0.0) {
        return (struct chi_square){0.0, 1.0, 0};
    }
    double sum = 0.0;
    for (size_t i = 0; i < n_cells; i++) {
        if (shares[i] > 0.0) {
            sum += cell_term(counts[i], shares[i] / total_shares * total, kind);
        }
    }
    return judged(sum, n_filled - 1);
}

size_t two_sample_scratch(size_t n, size_t m) { return sample_pair_scratch(n, m); }

/* Sum over the n_here sorted values after n_before of one sample that share a mid-rank: (rank - place)^2. */
static double rank_gap(double rank, size_t n_before, size_t n_here)
{
    double sum = 0.0;
    for (size_t i = 1; i <= n_here; i++) {
        sum += square(rank - (double)(n_before + i));
    }
    return sum;
}

static double mid_rank(const struct sample_group *group)
{
    size_t before = group->a_before + group->b_before, here = group->n_a + group->n_b;
    return (double)before + 0.5 * (double)(here + 1);
}

struct cramer_von_mises cramer_von_mises(const double *a, size_t n, const double *b, size_t m,
                                         double *scratch)
{
    ASSERT(n >= 2);
    ASSERT(m >= 2);
    struct sample_pair pair = sample_pair_sort(a, n, b, m, scratch);
    struct sample_group group = {0};
    double sum_a = 0.0, sum_b = 0.0;
    while (sample_pair_next(&pair, &group)) {
        double rank = mid_rank(&group);
        sum_a += rank_gap(rank, group.a_before, group.n_a);
        sum_b += rank_gap(rank, group.b_before, group.n_b);
    }
    double size_a = (double)n, size_b = (double)m, k = size_a * size_b, total = size_a + size_b;
    double u = size_a * sum_a + size_b * sum_b;
    double statistic = u / (k * total) - (4.0 * k - 1.0) / (6.0 * total);
    return (struct cramer_von_mises){statistic, u, n, m};
}

/* P(limit <= x), Csorgo and Faraway 1996, eq. 1.3, as far as scipy sums it. */
static double limit_cdf(double x)
{
    double sum = 0.0;
    for (int k = 0; k < 1000; k++) {
        double order = (double)k;
        double front = d_exp(d_lgamma(order + 0.5) - d_lgamma(order + 1.0));
        double y = 4.0 * order + 1.0, q = y * y / (16.0 * x);
        double term = front / (pi * d_sqrt(pi) * d_sqrt(x)) * d_sqrt(y) * d_exp(-2.0 * q) *
                      d_bessel_k_scaled(0.25, q);
        sum += term;
        if (term < 1e-7) {
            break;
        }
    }
    return sum;
}

double cramer_von_mises_p_asymptotic(const struct cramer_von_mises *test)
{
    double n = (double)test->n, m = (double)test->m, k = n * m, total = n + m;
    double mean = (1.0 + 1.0 / total) / 6.0;
    double variance = (total + 1.0) * (4.0 * k * total - 3.0 * (n * n + m * m) - 2.0 * k) /
                      (45.0 * total * total * 4.0 * k);
    double limit = 1.0 / 6.0 + (test->statistic - mean) / d_sqrt(45.0 * variance);
    if (limit < 0.003) { /* The distribution function is below 1e-17 there. */
        return 1.0;
    }
    double p = 1.0 - limit_cdf(limit);
    return p > 0.0 ? p : 0.0;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The lattice of Xiao, Gordon and Yakovlev: paths of `few` steps one way and `many` the other. */
struct lattice {
    uint64_t few, many, step_few, step_many;
    uint64_t zeta; /* A path counts when its sum of squares reaches this; 0: all do. */
};

static struct lattice lattice_of(const struct cramer_von_mises *test)
{
    ASSERT(test->n >= 1);
    ASSERT(test->n <= CRAMER_VON_MISES_EXACT_MAX);
    ASSERT(test->m >= 1);
    ASSERT(test->m <= CRAMER_VON_MISES_EXACT_MAX);
    uint64_t few = test->n < test->m ? test->n : test->m,
             many = test->n < test->m ? test->m : test->n;
    uint64_t multiple = few / greatest_common_divisor(few, many) * many;
    double product = (double)few * (double)many, scale = (double)(multiple * multiple * (few + many));
    double zeta = d_floor(scale * (6.0 * test->u - product * (4.0 * product - 1.0)) /
                          (6.0 * product * product));
    double most = scale; /* No path reaches it. */
    zeta = zeta < most ? zeta : most;
    return (struct lattice){few, many, multiple / few, multiple / many,
                            zeta > 0.0 ? (uint64_t)zeta : 0};
}

size_t cramer_von_mises_exact_scratch(const struct cramer_von_mises *test)
{
    struct lattice lattice = lattice_of(test);
    return (size_t)((lattice.few + 1) * (lattice.zeta + 1));
}

/* row[s], for the sums s below zeta and, in row[zeta], all others: adds the paths that come from the row before and moves all by `gain`. */
static void advance(double *row, const double *before, uint64_t zeta, uint64_t gain)
{
    double reached = 0.0;
    uint64_t first = gain < zeta ? zeta - gain : 0;
    for (uint64_t s = first; s <= zeta; s++) {
        reached += row[s] + (before == NULL ? 0.0 : before[s]);
    }
    for (uint64_t s = zeta; s-- > 0;) {
        bool is_from_inside = s >= gain;
        double moved = is_from_inside ? row[s - gain] : 0.0;
        row[s] = moved + (is_from_inside && before != NULL ? before[s - gain] : 0.0);
    }
    row[zeta] = reached;
}

double cramer_von_mises_p_exact(const struct cramer_von_mises *test, double *scratch)
{
    struct lattice lattice = lattice_of(test);
    if (lattice.zeta == 0) {
        return 1.0;
    }
    size_t row_size = (size_t)lattice.zeta + 1, n_rows = (size_t)lattice.few + 1;
    for (size_t i = 0; i < n_rows * row_size; i++) {
        scratch[i] = 0.0;
    }
    scratch[0] = 1.0;
    for (uint64_t u = 0; u <= lattice.many; u++) {
        for (uint64_t v = 0; v <= lattice.few; v++) {
            uint64_t up = lattice.step_few * v, across = lattice.step_many * u;
            uint64_t gap = up > across ? up - across : across - up;
            double *row = scratch + v * row_size;
            advance(row, v == 0 ? NULL : row - row_size, lattice.zeta, gap * gap);
        }
    }
    const double *last = scratch + lattice.few * row_size;
    double n_paths = 0.0;
    for (size_t s = 0; s < row_size; s++) {
        n_paths += last[s];
    }
    return last[lattice.zeta] / n_paths;
}

struct mann_whitney mann_whitney(const double *a, size_t n, const double *b, size_t m, double *scratch)
{
    struct sample_pair pair = sample_pair_sort(a, n, b, m, scratch);
    struct sample_group group = {0};
    double rank_sum = 0.0, tie_term = 0.0;
    while (sample_pair_next(&pair, &group)) {
        double here = (double)(group.n_a + group.n_b);
        rank_sum += mid_rank(&group) * (double)group.n_a;
        tie_term += here * here * here - here;
    }
    double size = (double)n;
    return (struct mann_whitney){rank_sum - size * (size + 1.0) / 2.0, tie_term, n, m};
}

/* The statistic whose upper tail is asked for, and how often that tail counts. */
static double tail_statistic(const struct mann_whitney *test, enum alternative alternative,
                             double *ret_factor)
{
    double other = (double)test->n * (double)test->m - test->u;
    *ret_factor = 1.0;
    switch (alternative) {
    case ALTERNATIVE_GREATER:
        return test->u;
    case ALTERNATIVE_LESS:
        return other;
    case ALTERNATIVE_TWO_SIDED:
        break;
    }
    *ret_factor = 2.0;
    return test->u > other ? test->u : other;
}

static double at_most_one(double p) { return p < 1.0 ? p : 1.0; }

double mann_whitney_p_asymptotic(const struct mann_whitney *test, enum alternative alternative)
{
    double factor = 0.0, u = tail_statistic(test, alternative, &factor);
    double n = (double)test->n, m = (double)test->m, total = n + m;
    double variance = n * m / 12.0 * ((total + 1.0) - test->tie_term / (total * (total - 1.0)));
    double gap = u - n * m / 2.0 - 0.5;
    if (!(variance > 0.0)) {
        return 1.0; /* All values alike. */
    }
    return at_most_one(factor * d_normal_cdf(-gap / d_sqrt(variance)));
}

size_t mann_whitney_exact_scratch(const struct mann_whitney *test)
{
    size_t few = test->n < test->m ? test->n : test->m;
    return (few + 1) * (test->n * test->m / 2 + 1);
}

/* P(U <= most) for most <= n m / 2, by P_{i,j}(u) = i / (i + j) P_{i-1,j}(u - j) + j / (i + j) P_{i,j-1}(u): Mann and Whitney's recursion in
 * probabilities, so that nothing overflows and nothing is subtracted. Row i holds P_{i,j}. */
static double lower_tail(size_t few, size_t many, size_t most, double *scratch)
{
    size_t row_size = most + 1;
    for (size_t i = 0; i < (few + 1) * row_size; i++) {
        scratch[i] = i % row_size == 0 ? 1.0 : 0.0; /* j = 0: U is 0. */
    }
    for (size_t j = 1; j <= many; j++) {
        for (size_t i = 1; i <= few; i++) {
            double *row = scratch + i * row_size;
            const double *before = row - row_size;
            double share_i = (double)i / (double)(i + j), share_j = (double)j / (double)(i + j);
            for (size_t u = 0; u <= most; u++) {
                row[u] = share_j * row[u] + (u >= j ? share_i * before[u - j] : 0.0);
            }
        }
    }
    double sum = 0.0;
    for (size_t u = 0; u <= most; u++) {
        sum += scratch[few * row_size + u];
    }
    return sum;
}

double mann_whitney_p_exact(const struct mann_whitney *test, enum alternative alternative,
                            double *scratch)
{
    double factor = 0.0;
    size_t u = (size_t)tail_statistic(test, alternative, &factor), product = test->n * test->m;
    size_t few = test->n < test->m ? test->n : test->m, many = test->n < test->m ? test->m : test->n;
    if (u == 0) {
        return 1.0;
    }
    /* P(U >= u) = P(U <= n m - u) by symmetry. */
    bool is_upper = product - u <= product / 2;
    double tail = is_upper ? lower_tail(few, many, product - u, scratch)
                           : 1.0 - lower_tail(few, many, u - 1, scratch);
    return at_most_one(factor * tail);
}

/* Sigma of Scholz and Stephens 1987, eq. 4, for two samples of n and m. */
static double anderson_sigma(double n, double m)
{
    double total = n + m, sum = 0.0, g = 0.0;
    for (double i = 2.0; i < total; i += 1.0) {
        sum += 1.0 / (total + 1.0 - i);
        g += sum / i;
    }
    double h = sum + 1.0, inverse = 1.0 / n + 1.0 / m, k = 2.0;
    double a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * inverse;
    double b = (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * inverse -
               8.0 * h + 4.0 * g - 6.0;
    double c = (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k +
               (2.0 * h - 6.0) * inverse + 4.0 * h;
    double d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
    double above = a * total * total * total + b * total * total + c * total + d;
    return d_sqrt(above / ((total - 1.0) * (total - 2.0) * (total - 3.0)));
}

/* ln p is a parabola through their table 2 for two samples (least squares over the seven levels 0.25 .. 0.001). */
static double anderson_p(double statistic)
{
    static const double least = 0.325, most = 6.546;
    if (statistic < least) {
        return 0.25;
    }
    if (statistic > most) {
        return 0.001;
    }
    return d_exp((0.01819809457411147 * statistic - 1.0082265644652515) * statistic -
                 1.077770279820484);
}

struct anderson_darling anderson_darling(const double *a, size_t n, const double *b, size_t m,
                                         double *scratch)
{
    ASSERT(n + m >= 4);
    struct sample_pair pair = sample_pair_sort(a, n, b, m, scratch);
    struct sample_group group = {0};
    double size_a = (double)n, size_b = (double)m, total = size_a + size_b;
    double sum_a = 0.0, sum_b = 0.0;
    size_t n_groups = 0;
    while (sample_pair_next(&pair, &group)) {
        n_groups++;
        double here = (double)(group.n_a + group.n_b);
        double below = (double)(group.a_before + group.b_before) + 0.5 * here;
        double below_a = (double)group.a_before + 0.5 * (double)group.n_a;
        double below_b = (double)group.b_before + 0.5 * (double)group.n_b;
        double spread = below * (total - below) - total * here / 4.0;
        if (spread > 0.0) { /* 0 only when all values are alike. */
            sum_a += here / total * square(total * below_a - below * size_a) / spread;
            sum_b += here / total * square(total * below_b - below * size_b) / spread;
        }
    }
    if (n_groups < 2) {
        return (struct anderson_darling){0.0, 0.25};
    }
    double raw = (sum_a / size_a + sum_b / size_b) * (total - 1.0) / total;
    double statistic = (raw - 1.0) / anderson_sigma(size_a, size_b);
    return (struct anderson_darling){statistic, anderson_p(statistic)};
}
