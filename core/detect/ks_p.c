/* SPDX-License-Identifier: Apache-2.0 */
/* The tails, each by the method that scipy chooses for its size, so that both agree to ten digits wherever a method is an approximation. */
#include "core/detect/ks_p.h"

#include <stdbool.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"

#define PI 3.14159265358979323846
#define SQRT_TWO_PI 2.50662827463100050242
#define TWO_128 0x1p128
/* Where the tail is 1 - 1e-12 at most the matrix is spared, so that its order stays below MATRIX_MAX: Kolmogorov's limit is 5e-13 at z^2 = 0.04,
 * and n d^1.5 <= 1.4 with n d^2 > 0.04 holds n below 60,025 and n d below 49. */
#define CERTAIN 0.04
/* Pomeranz is used for n <= 140 and n d^2 <= 4, n d < 23.7. */
enum { MATRIX_MAX = 99, POWERS_MAX = 64, SMIRNOV_TERMS_MAX = 1000000, STIRLING_LEAST = 16 };

static double clipped(double p) { return p < 0.0 ? 0.0 : p > 1.0 ? 1.0 : p; }

static double power_of(double x, uint64_t n) /* By squaring. */
{
    double result = 1.0;
    for (double square = x; n > 0; n /= 2, square *= square) {
        result *= n % 2 == 1 ? square : 1.0;
    }
    return result;
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b > 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Share of the paths from (0, 0) to (n, n) that reach |x - y| = h: 2 A0 (1 - A1 (1 - A2 (...))), A_k = product over j < h of (n - k h - j) / (n + k h
 * + j + 1), the reflections of Hodges' formula by their common factors. */
static double outside_square(uint64_t n, uint64_t h)
{
    double p = 0.0;
    for (uint64_t k = n / h + 1; k-- > 0;) {
        double factor = 1.0;
        for (uint64_t j = 0; j < h; j++) {
            factor = ((double)n - (double)(k * h) - (double)j) * factor /
                     ((double)n + (double)(k * h) + (double)j + 1.0);
        }
        p = factor * (1.0 - p);
    }
    return 2.0 * p;
}

static int64_t floor_of(int64_t a, int64_t b) /* Of a / b, b > 0. */
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* Share of the paths from (0, 0) to (m, n), m >= n, that reach |x n - y m| = h g: column i of A(i, j) = share of the paths to (i, j) that did. */
static double outside_lines(int64_t m, int64_t n, int64_t g, int64_t h, double *column)
{
    int64_t step_x = n / g, step_y = m / g;
    int64_t first = 0, end = least(-floor_of(-h, step_y), n + 1);
    int64_t n_cells = least(2 * end + 2, n + 1);
    for (int64_t j = 0; j < n_cells; j++) {
        column[j] = j < end ? 0.0 : 1.0;
    }
    int64_t length = end;
    for (int64_t i = 1; i <= m; i++) {
        int64_t before = first, length_before = length;
        first = least(most(floor_of(step_x * i - h, step_y) + 1, 0), n);
        end = least(-floor_of(-(step_x * i + h), step_y), n + 1);
        if (end <= first) {
            return 1.0;
        }
        length = end - first;
        double value = first == 0 ? 0.0 : 1.0;
        for (int64_t k = 0; k < length; k++) {
            double j = (double)(k + first);
            value = (column[k + first - before] * (double)i + value * j) / ((double)i + j);
            column[k] = value;
        }
        for (int64_t k = length; k < length_before; k++) {
            column[k] = 1.0;
        }
    }
    return column[length - 1];
}

double ks_p_exact(uint64_t n, uint64_t m, uint64_t h, double *scratch)
{
    ASSERT(n >= 1 && m >= 1);
    if (h == 0) {
        return 1.0;
    }
    if (n == m) {
        ASSERT(h <= n);
        return clipped(outside_square(n, h));
    }
    ASSERT(scratch != NULL);
    uint64_t g = greatest_divisor(n, m);
    ASSERT(h <= n / g * m);
    int64_t larger = (int64_t)(n > m ? n : m), smaller = (int64_t)(n > m ? m : n);
    return clipped(outside_lines(larger, smaller, (int64_t)g, (int64_t)h, scratch));
}

/* ln n! - ((n + 1/2) ln n - n + ln(2 pi) / 2). */
static double stirling_error(double n)
{
    if (n < STIRLING_LEAST) {
        return d_lgamma(n + 1.0) - ((n + 0.5) * d_log(n) - n) - d_log(SQRT_TWO_PI);
    }
    double w = 1.0 / (n * n);
    return (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w / 1188.0)))) /
           n;
}

/* x ln(x / mean) + mean - x without loss where they are near. */
static double deviance(double x, double mean)
{
    double difference = x - mean, v = difference / (x + mean);
    if (d_abs(v) >= 0.1) {
        return x * d_log(x / mean) - difference;
    }
    double sum = difference * v, term = 2.0 * x * v, square = v * v;
    for (double k = 3.0; k < 40.0; k += 2.0) {
        term *= square;
        double next = sum + term / k;
        if (next >= sum && next <= sum) {
            break;
        }
        sum = next;
    }
    return sum;
}

/* Smirnov 1944 (as Birnbaum and Tingey 1951): P(D_n+ >= d) = d sum over j <= n (1 - d) of C(n, j) p^(j-1) (1-p)^(n-j), p = d + j / n, where
 * C(n, j) p^j (1-p)^(n-j) is binomial, by Loader, "Fast and accurate computation of binomial probabilities", 2000. All terms are positive. */
static double smirnov_sum(uint64_t count, double d)
{
    double n = (double)count, nd = n * d;
    double sum = d_exp(n * d_log1p(-d)) / d; /* j = 0. */
    double error_n = stirling_error(n);
    for (double j = 1.0; j < n - nd && j < n; j += 1.0) {
        double rest = n - j, mean = nd + j;
        double exponent = error_n - stirling_error(j) - stirling_error(rest) - deviance(j, mean) -
                          deviance(rest, n - mean);
        if (exponent > -745.0) {
            sum += d_exp(exponent) * d_sqrt(n / (j * rest)) / SQRT_TWO_PI * n / mean;
        }
    }
    return d * sum;
}

static double smirnov(uint64_t count, double d)
{
    double n = (double)count;
    if (-2.0 * n * d * d < -708.396418532264106224) { /* ln of the smallest normal double. */
        return 0.0;
    }
    if (count > SMIRNOV_TERMS_MAX) {
        double root = 6.0 * n * d + 1.0;
        return d_exp(-(root * root) / 18.0 / n);
    }
    return smirnov_sum(count, d);
}

struct matrix {
    uint32_t order;
    double cells[MATRIX_MAX * MATRIX_MAX];
};

static void fill_matrix(struct matrix *matrix, uint32_t k, double h)
{
    uint32_t order = 2 * k - 1;
    double column[MATRIX_MAX], inverse[MATRIX_MAX + 1], factorial = 1.0, power = 1.0;
    matrix->order = order;
    for (uint32_t j = 0; j < order; j++) {
        inverse[j] = factorial; /* 1 / j! */
        factorial /= (double)(j + 1);
        power *= h;
        column[j] = (1.0 - power) * factorial;
    }
    double excess = 2.0 * h - 1.0 > 0.0 ? power_of(2.0 * h - 1.0, order) : 0.0;
    column[order - 1] = (1.0 + (excess - 2.0 * power)) * factorial;
    for (uint32_t i = 0; i < order; i++) {
        for (uint32_t j = 0; j < order; j++) {
            double *cell = &matrix->cells[i * order + j];
            *cell = i + 1 < j ? 0.0 : inverse[j == 0 ? 0 : i + 1 - j];
        }
    }
    for (uint32_t i = 0; i < order; i++) {
        matrix->cells[i * order] = column[i];
        matrix->cells[(order - 1) * order + i] = column[order - 1 - i];
    }
}

static void square(struct matrix *matrix, const struct matrix *root)
{
    uint32_t order = root->order;
    matrix->order = order;
    for (uint32_t i = 0; i < order; i++) {
        double *row = &matrix->cells[i * order];
        memset(row, 0, order * sizeof(row[0]));
        for (uint32_t k = 0; k < order; k++) {
            double factor = root->cells[i * order + k];
            const double *other = &root->cells[k * order];
            for (uint32_t j = 0; j < order; j++) {
                row[j] += factor * other[j];
            }
        }
    }
}

static void scale(double *cells, uint32_t n, double pivot, int *exponent)
{
    if (d_abs(pivot) <= TWO_128) {
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        cells[i] /= TWO_128;
    }
    *exponent += 128;
}

static void multiply_row(double *row, const struct matrix *matrix)
{
    uint32_t order = matrix->order;
    double product[MATRIX_MAX] = {0};
    for (uint32_t k = 0; k < order; k++) {
        for (uint32_t j = 0; j < order; j++) {
            product[j] += row[k] * matrix->cells[k * order + j];
        }
    }
    memcpy(row, product, order * sizeof(row[0]));
}

/* x 2^exponent, exponent a multiple of 128. */
static double unscaled(double x, int exponent)
{
    for (; exponent > 0; exponent -= 128) {
        x *= TWO_128;
    }
    for (; exponent < 0; exponent += 128) {
        x /= TWO_128;
    }
    return x;
}

/* P(D_n < d) = n! / n^n (H^n)_kk, d = (k - h) / n, by Marsaglia, Tsang and Wang 2003; n d > 0.5. */
static double below_by_matrix(uint64_t n, double d)
{
    double nd = (double)n * d, whole = d_floor(nd);
    uint32_t k = (uint32_t)whole + (nd > whole ? 1 : 0);
    ASSERT(k >= 1 && 2 * k - 1 <= MATRIX_MAX);
    struct matrix matrices[2];
    uint32_t current = 0;
    int exponent = 0, matrix_exponent = 0;
    fill_matrix(&matrices[0], k, (double)k - nd);
    double row[MATRIX_MAX] = {0};
    row[k - 1] = 1.0;
    uint32_t order = matrices[0].order;
    for (uint64_t rest = n; rest > 0; rest /= 2) {
        struct matrix *matrix = &matrices[current];
        if (rest % 2 == 1) {
            multiply_row(row, matrix);
            exponent += matrix_exponent;
            scale(row, order, row[k - 1], &exponent);
        }
        square(&matrices[1 - current], matrix);
        current = 1 - current;
        matrix_exponent *= 2;
        matrix = &matrices[current];
        scale(matrix->cells, order * order, matrix->cells[(k - 1) * order + k - 1], &matrix_exponent);
    }
    double p = row[k - 1];
    for (uint64_t i = 1; i <= n; i++) {
        p = (double)i * p / (double)n;
        if (p < 1.0 / TWO_128) {
            p *= TWO_128;
            exponent -= 128;
        }
    }
    return clipped(unscaled(p, exponent));
}

/* The columns of Pomeranz's row i that are not zero. */
static void pomeranz_range(int i, int n, int whole, int is_part, int is_over_half, int *ret_first,
                           int *ret_last)
{
    int first = -whole - is_part - 1, last = whole + is_part - 1;
    int half = (i + 1) / 2;
    if (i > 0 && i % 2 == 1 && half == n + 1) {
        first += n;
        last += n;
    } else if (i > 0 && i % 2 == 1) {
        first = half - 1 - whole - is_over_half - 1;
        last = half + whole - 1 + is_part - 1;
    } else if (i > 0) {
        first = half - 1 - whole - 1;
        last = half + whole + is_over_half - 1;
    }
    *ret_first = first + 2 > 0 ? first + 2 : 0;
    *ret_last = last < n ? last : n;
}

static void fill_powers(double *powers, int n_powers, double x) /* x^k / k! */
{
    powers[0] = 1.0;
    for (int k = 1; k < n_powers; k++) {
        powers[k] = powers[k - 1] * x / (double)k;
    }
}

/* P(D_n < d) by Pomeranz, "Exact cumulative distribution of the Kolmogorov-Smirnov statistic for small samples", CACM 1974. */
static double below_by_pomeranz(int n, double d)
{
    double t = (double)n * d, whole_t = d_floor(t), part = t - whole_t;
    double g = part < 1.0 - part ? part : 1.0 - part;
    int whole = (int)whole_t, is_part = part > 0.0, is_over_half = part > 0.5;
    int n_powers = 2 * (whole + 1), exponent = 0;
    ASSERT(n_powers <= POWERS_MAX);
    double powers[3][POWERS_MAX], rows[2][POWERS_MAX] = {{0}};
    fill_powers(powers[0], n_powers, g / n);
    fill_powers(powers[1], n_powers, 2.0 * g / n);
    fill_powers(powers[2], n_powers, (1.0 - 2.0 * g) / n);
    rows[1][0] = 1.0;
    int starts[2] = {0, 0}, now = 1, first = 0, last = 0;
    pomeranz_range(0, n, whole, is_part, is_over_half, &first, &last);
    for (int i = 1; i < 2 * n + 2; i++) {
        int first_before = first, was = now;
        now = 1 - now;
        memset(rows[now], 0, sizeof(rows[now]));
        pomeranz_range(i, n, whole, is_part, is_over_half, &first, &last);
        const double *power = i == 1 || i == 2 * n + 1 ? powers[0]
                              : i % 2 == 1             ? powers[1]
                                                       : powers[2];
        double highest = 0.0;
        for (int j = first; j <= last && last >= first_before; j++) {
            double sum = 0.0;
            for (int u = first_before; u <= j; u++) {
                int from = u - starts[was];
                bool is_inside = from >= 0 && from < n_powers && j - u < n_powers;
                sum += is_inside ? rows[was][from] * power[j - u] : 0.0;
            }
            ASSERT(j - first < POWERS_MAX);
            rows[now][j - first] = sum;
            highest = sum > highest ? sum : highest;
        }
        if (highest > 0.0 && highest < 1.0 / TWO_128) {
            for (int j = 0; j < n_powers; j++) {
                rows[now][j] *= TWO_128;
            }
            exponent -= 128;
        }
        if (last >= first_before) {
            starts[now] = starts[was] + first - first_before;
        }
    }
    double p = rows[now][n - starts[now]];
    for (int i = 1; i <= n; i++) {
        if (p > TWO_128) {
            p /= TWO_128;
            exponent += 128;
        }
        p *= (double)i;
    }
    return clipped(unscaled(p, exponent));
}

/* P(D_n < d) ~ K0(z) + K1(z) / sqrt(n) + K2(z) / n + K3(z) / n^1.5, z = d sqrt(n): Pelz and Good, "Approximating the lower tail-areas of the
 * Kolmogorov-Smirnov one-sample statistic", JRSS B 1976, the sums in Jacobi's form for small z. */
static double below_by_pelz_good(uint64_t count, double d)
{
    double n = (double)count, root_n = d_sqrt(n), z = root_n * d;
    double z2 = z * z, z3 = z2 * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4;
    double pi2 = PI * PI, pi4 = pi2 * pi2, pi6 = pi4 * pi2;
    double log_q = -pi2 / 8.0 / z2;
    if (log_q < -708.0) {
        return 0.0;
    }
    double k[4] = {0.0, 0.0, 0.0, 0.0};
    double n_terms = d_floor(16.0 * z / PI) + 1.0;
    for (double i = n_terms; i >= 1.0; i -= 1.0) {
        double m2 = (2.0 * i - 1.0) * (2.0 * i - 1.0), m4 = m2 * m2, m6 = m4 * m2;
        double terms[4];
        terms[0] = 1.0;
        terms[1] = -z2 + pi2 / 4.0 * m2;
        terms[2] = 6.0 * z6 + 2.0 * z4 + (2.0 * z4 - 5.0 * z2) * pi2 / 4.0 * m2 +
                   pi4 * (1.0 - 2.0 * z2) / 16.0 * m4;
        terms[3] = -30.0 * z6 - 90.0 * z8 + pi2 * (135.0 * z4 - 96.0 * z6) / 4.0 * m2 +
                   pi4 * (-60.0 * z2 + 212.0 * z4) / 16.0 * m4 + pi6 * (5.0 - 30.0 * z2) / 64.0 * m6;
        double weight = d_exp(log_q * m2); /* q^(m^2) */
        for (int j = 0; j < 4; j++) {
            k[j] += terms[j] * weight;
        }
    }
    k[0] *= SQRT_TWO_PI / z;
    k[1] *= SQRT_TWO_PI / (6.0 * z4);
    k[2] *= SQRT_TWO_PI / (72.0 * z6 * z);
    k[3] *= SQRT_TWO_PI / (6480.0 * z8 * z2);
    double extra2 = 0.0, extra3 = 0.0;
    for (double i = n_terms; i >= 1.0; i -= 1.0) {
        double weight = i * i * d_exp(-pi2 / 2.0 / z2 * i * i);
        extra2 += weight;
        extra3 += (3.0 * z2 - pi2 * i * i) * weight;
    }
    k[2] += extra2 * pi2 * SQRT_TWO_PI / (-36.0 * z3);
    k[3] += extra3 * pi2 * SQRT_TWO_PI / (216.0 * z6);
    return clipped(k[0] + k[1] / root_n + k[2] / n + k[3] / (n * root_n));
}

/* Ruben and Gambino, for 1 / (2 n) < d <= 1 / n: 1 - n! (2 d - 1 / n)^n. */
static double tail_at_left(uint64_t n, double nd)
{
    if (n > 140) {
        return 1.0; /* n! / n^n is below 1e-60. */
    }
    double below = 1.0;
    for (uint64_t i = 1; i <= n; i++) {
        below *= (double)i / (double)n * (2.0 * nd - 1.0);
    }
    return 1.0 - below;
}

double ks_p_asymptotic(double d, uint64_t n)
{
    ASSERT(n >= 1);
    double count = (double)n, nd = count * d, nd2 = nd * d;
    if (d >= 1.0) {
        return 0.0;
    }
    if (nd <= 0.5) {
        return 1.0;
    }
    if (nd <= 1.0) {
        return tail_at_left(n, nd);
    }
    if (nd >= count - 1.0) {
        return 2.0 * power_of(1.0 - d, n);
    }
    if (n > 140 && d < 0.5 && nd2 >= 370.0) {
        return 0.0;
    }
    if (d >= 0.5 || nd2 > (n <= 140 ? 4.0 : 2.2)) {
        return clipped(2.0 * smirnov(n, d));
    }
    if (n > 140 && nd2 <= CERTAIN) {
        return 1.0;
    }
    bool is_matrix = n <= 140 ? nd2 <= 0.754693 : n <= 100000 && nd * d_sqrt(d) <= 1.4;
    if (is_matrix) {
        return 1.0 - below_by_matrix(n, d);
    }
    return 1.0 - (n <= 140 ? below_by_pomeranz((int)n, d) : below_by_pelz_good(n, d));
}
