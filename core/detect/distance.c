/* SPDX-License-Identifier: Apache-2.0 */
/* Distances: sums over cells, integrals between distribution functions, and labels dealt anew. */
#include "core/detect/distance.h"

#include <stdbool.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/base/prng.h"
#include "core/detect/sample.h"

static double square(double x) { return x * x; }

static double total_of(const double *masses, size_t n)
{
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        ASSERT(masses[i] >= 0.0);
        total += masses[i];
    }
    return total;
}

static bool is_empty(double total) { return !(total > 0.0); }

double distance_psi(const double *p, const double *q, size_t n, double floor)
{
    ASSERT(floor > 0.0);
    double total_p = total_of(p, n), total_q = total_of(q, n), sum = 0.0;
    if (is_empty(total_p) || is_empty(total_q)) {
        return 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        double here = p[i] / total_p, there = q[i] / total_q;
        here = here < floor ? floor : here;
        there = there < floor ? floor : there;
        /* Two logarithms: the quotient of a share and a tiny floor may overflow. */
        sum += (there - here) * (d_log(there) - d_log(here));
    }
    return sum;
}

/* p ln(p / q), 0 for p = 0. */
static double relative_entropy(double p, double q)
{
    if (!(p > 0.0)) {
        return 0.0;
    }
    return q > 0.0 ? p * d_log(p / q) : __builtin_inf();
}

double distance_kullback_leibler(const double *p, const double *q, size_t n)
{
    double total_p = total_of(p, n), total_q = total_of(q, n), sum = 0.0;
    if (is_empty(total_p) || is_empty(total_q)) {
        return 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        sum += relative_entropy(p[i] / total_p, q[i] / total_q);
    }
    return sum > 0.0 ? sum : 0.0;
}

/* (1 + x) ln(1 + x) + (1 - x) ln(1 - x) for |x| <= 1. Near 0 its series, sum of x^2k / (k (2k - 1)), as the logarithms cancel there. */
static double two_sided_entropy(double x)
{
    static const double series_max =
        0.2; /* The first term left out is x^20 / 190 < 2e-15 of the sum. */
    double z = x * x;
    if (z > square(series_max)) {
        double plus = 1.0 + x, minus = 1.0 - x;
        return (plus > 0.0 ? plus * d_log(plus) : 0.0) + (minus > 0.0 ? minus * d_log(minus) : 0.0);
    }
    double sum = 0.0;
    for (double k = 9.0; k >= 1.0; k -= 1.0) {
        sum = sum * z + 1.0 / (k * (2.0 * k - 1.0));
    }
    return sum * z;
}

double distance_jensen_shannon(const double *p, const double *q, size_t n)
{
    double total_p = total_of(p, n), total_q = total_of(q, n), sum = 0.0;
    if (is_empty(total_p) || is_empty(total_q)) {
        return 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        double here = p[i] / total_p, there = q[i] / total_q, mean = 0.5 * (here + there);
        double gap = 0.5 * (here - there); /* here = mean (1 + x), there = mean (1 - x). */
        sum += mean > 0.0 ? mean * two_sided_entropy(gap / mean) : 0.0;
    }
    return d_sqrt(0.5 * sum);
}

double distance_hellinger(const double *p, const double *q, size_t n)
{
    double total_p = total_of(p, n), total_q = total_of(q, n), sum = 0.0;
    if (is_empty(total_p) || is_empty(total_q)) {
        return 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        sum += square(d_sqrt(p[i] / total_p) - d_sqrt(q[i] / total_q));
    }
    return d_sqrt(0.5 * sum);
}

double distance_bhattacharyya(const double *p, const double *q, size_t n)
{
    double total_p = total_of(p, n), total_q = total_of(q, n), overlap = 0.0;
    if (is_empty(total_p) || is_empty(total_q)) {
        return 0.0;
    }
    double hellinger = distance_hellinger(p, q, n), gap = hellinger * hellinger;
    if (gap < 0.5) { /* 1 - overlap without what the overlap rounds away. */
        return -d_log1p(-gap);
    }
    for (size_t i = 0; i < n; i++) {
        overlap += d_sqrt(p[i] / total_p * (q[i] / total_q));
    }
    return overlap > 0.0 ? -d_log(overlap) : __builtin_inf();
}

double distance_total_variation(const double *p, const double *q, size_t n)
{
    double total_p = total_of(p, n), total_q = total_of(q, n), sum = 0.0;
    if (is_empty(total_p) || is_empty(total_q)) {
        return 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        sum += d_abs(p[i] / total_p - q[i] / total_q);
    }
    return 0.5 * sum;
}

/* Halving between bounds that enclose the quantile, which no start value can lead astray. */
double chi_square_quantile(double degrees, double alpha)
{
    ASSERT(degrees >= 1.0);
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    double low = 0.0, high = degrees + 10.0;
    while (d_gamma_q(0.5 * degrees, 0.5 * high) > alpha) {
        high *= 2.0;
    }
    for (int i = 0; i < 200 && high - low > 1e-13 * high; i++) {
        double middle = 0.5 * (low + high);
        bool is_above = d_gamma_q(0.5 * degrees, 0.5 * middle) > alpha;
        low = is_above ? middle : low;
        high = is_above ? high : middle;
    }
    return 0.5 * (low + high);
}

double distance_threshold(enum distance_kind kind, double n, double m, size_t n_cells, double alpha)
{
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    if (!(n > 0.0) || !(m > 0.0)) {
        return 1e12; /* Nothing was seen, so nothing can be said. */
    }
    if (n_cells < 2) {
        return 0.0; /* One cell cannot differ. */
    }
    double noise = 1.0 / n + 1.0 / m, degrees = (double)n_cells - 1.0;
    if (kind == DISTANCE_TOTAL_VARIATION) {
        return 0.5 * d_sqrt(noise * degrees) + d_sqrt(0.5 * noise * -d_log(alpha));
    }
    double limit = noise * chi_square_quantile(degrees, alpha);
    switch (kind) {
    case DISTANCE_PSI:
        return limit;
    case DISTANCE_KULLBACK_LEIBLER:
        return 0.5 * limit;
    case DISTANCE_BHATTACHARYYA:
        return 0.125 * limit;
    case DISTANCE_JENSEN_SHANNON:
    case DISTANCE_HELLINGER:
        return d_sqrt(0.125 * limit);
    case DISTANCE_TOTAL_VARIATION:
    case N_DISTANCE_KINDS:
        break;
    }
    ASSERT(kind < DISTANCE_TOTAL_VARIATION);
    return 0.0;
}

/* The samples in order, then the pooled values, then the labels in pooled order. */
size_t distance_scratch(size_t n, size_t m) { return sample_pair_scratch(n, m) + 2 * (n + m); }

/* Over stretches between neighbouring values: |gap| or 2 gap^2 times the length, gap = F_a - F_b. */
static double between(double gap, double length, bool is_energy)
{
    return (is_energy ? 2.0 * square(gap) : d_abs(gap)) * length;
}

static double integral(const double *a, size_t n, const double *b, size_t m, bool is_energy,
                       double *scratch)
{
    struct sample_pair pair = sample_pair_sort(a, n, b, m, scratch);
    struct sample_group group = {0};
    double sum = 0.0, before = 0.0, gap = 0.0;
    while (sample_pair_next(&pair, &group)) {
        sum += group.a_before + group.b_before > 0 ? between(gap, group.value - before, is_energy)
                                                   : 0.0;
        gap = (double)(group.a_before + group.n_a) / (double)n -
              (double)(group.b_before + group.n_b) / (double)m;
        before = group.value;
    }
    return sum;
}

double distance_wasserstein(const double *a, size_t n, const double *b, size_t m, double *scratch)
{
    return integral(a, n, b, m, false, scratch);
}

double distance_wasserstein_threshold(double length, double n, double m, double alpha)
{
    /* Two cells: one degree of freedom in the mean of |F_a - F_b| at each point. */
    double share = distance_threshold(DISTANCE_TOTAL_VARIATION, n, m, 2, alpha);
    return n > 0.0 && m > 0.0 ? length * share : share;
}

double distance_energy(const double *a, size_t n, const double *b, size_t m, double *scratch)
{
    return d_sqrt(integral(a, n, b, m, true, scratch));
}

/* Pooled values in order and, beside each, 1 for the first sample and 0 for the second. */
struct deal {
    const double *values;
    double *labels;
    size_t n, m;
};

static double deal_distance(const struct deal *deal, enum deal_kind kind)
{
    size_t size = deal->n + deal->m;
    double share_a = 1.0 / (double)deal->n, share_b = 1.0 / (double)deal->m;
    double sum = 0.0, n_a = 0.0, n_b = 0.0, cell_a = 0.0, cell_b = 0.0;
    for (size_t i = 0; i < size; i++) {
        n_a += deal->labels[i];
        n_b += 1.0 - deal->labels[i];
        bool is_last = i + 1 == size, is_end = is_last || deal->values[i + 1] > deal->values[i];
        if (!is_end) {
            continue;
        }
        if (kind == DEAL_TOTAL_VARIATION) {
            sum += 0.5 * d_abs((n_a - cell_a) * share_a - (n_b - cell_b) * share_b);
            cell_a = n_a;
            cell_b = n_b;
        } else if (!is_last) {
            double length = deal->values[i + 1] - deal->values[i];
            sum += between(n_a * share_a - n_b * share_b, length, kind == DEAL_ENERGY);
        }
    }
    return kind == DEAL_ENERGY ? d_sqrt(sum) : sum;
}

/* Fisher and Yates. */
static void shuffle(double *labels, size_t n, struct stream *stream)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = stream_below(stream, i);
        double moved = labels[i - 1];
        labels[i - 1] = labels[j];
        labels[j] = moved;
    }
}

double distance_permutation_p(enum deal_kind kind, const double *a, size_t n, const double *b,
                              size_t m, uint32_t shuffles, uint64_t seed, double *scratch,
                              double *ret_distance)
{
    struct sample_pair pair = sample_pair_sort(a, n, b, m, scratch);
    double *values = scratch + sample_pair_scratch(n, m), *labels = values + n + m;
    struct sample_group group = {0};
    size_t at = 0;
    while (sample_pair_next(&pair, &group)) {
        for (size_t i = 0; i < group.n_a + group.n_b; i++) {
            values[at] = group.value;
            labels[at++] = i < group.n_a ? 1.0 : 0.0;
        }
    }
    struct deal deal = {values, labels, n, m};
    double distance = deal_distance(&deal, kind);
    /* Sums in another order of equal terms may differ in the last digits: that is as far. */
    double as_far = distance * (1.0 - 1e-12);
    struct stream stream;
    stream_init(&stream, seed, "detect/permutation", (uint64_t)kind);
    uint32_t n_as_far = 0;
    for (uint32_t i = 0; i < shuffles; i++) {
        shuffle(labels, n + m, &stream);
        n_as_far += deal_distance(&deal, kind) >= as_far ? 1 : 0;
    }
    if (ret_distance != NULL) {
        *ret_distance = distance;
    }
    return (1.0 + (double)n_as_far) / (1.0 + (double)shuffles);
}

/* Sum of the kernel over pairs of rows, of one sample (pairs of different rows) or of two. */
static double kernel_sum(const double *a, size_t n, const double *b, size_t m, bool is_same,
                         size_t dimensions, double scale)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++) {
            double gap = 0.0;
            for (size_t k = 0; k < dimensions; k++) {
                gap += square(a[i * dimensions + k] - b[j * dimensions + k]);
            }
            sum += is_same && i == j ? 0.0 : d_exp(-gap * scale);
        }
    }
    return sum;
}

double distance_mmd(const double *a, size_t n, const double *b, size_t m, size_t dimensions,
                    double sigma, enum mmd_kind kind)
{
    ASSERT(n >= 2);
    ASSERT(m >= 2);
    ASSERT(sigma > 0.0);
    double scale = 0.5 / square(sigma), size_a = (double)n, size_b = (double)m;
    double of_a = kernel_sum(a, n, a, n, true, dimensions, scale);
    double of_b = kernel_sum(b, m, b, m, true, dimensions, scale);
    double of_both = kernel_sum(a, n, b, m, false, dimensions, scale) / (size_a * size_b);
    if (kind == MMD_BIASED) {
        return (of_a + size_a) / square(size_a) + (of_b + size_b) / square(size_b) - 2.0 * of_both;
    }
    return of_a / (size_a * (size_a - 1.0)) + of_b / (size_b * (size_b - 1.0)) - 2.0 * of_both;
}

double distance_mmd_threshold(double n, double m, double alpha)
{
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    if (!(n > 0.0) || !(m > 0.0)) {
        return 1e12;
    }
    return (1.0 / n + 1.0 / m) * square(1.0 + d_sqrt(-2.0 * d_log(alpha)));
}
