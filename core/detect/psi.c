/* SPDX-License-Identifier: Apache-2.0 */
/* Population stability index of binned counts and the threshold that its own sampling noise asks for. */
#include "core/detect/psi.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

/* ln(a / b) for a, b > 0 with x = (a - b) / (a + b): 2 artanh(x) as a series where that is exact to the last digits, which is
 * where the bins of a model without drift are; the logarithm beyond. */
static double log_ratio(double a, double b, double x)
{
    static const double series_max =
        0.125; /* The first term left out is x^14 / 15 < 2e-14 of the sum. */
    if (x > series_max || x < -series_max) {
        return d_log(a / b);
    }
    double y = x * x;
    double tail = 1.0 / 11.0 + y * (1.0 / 13.0);
    tail = 1.0 / 9.0 + y * tail;
    tail = 1.0 / 7.0 + y * tail;
    tail = 1.0 / 5.0 + y * tail;
    tail = 1.0 / 3.0 + y * tail;
    return 2.0 * (x + x * y * tail);
}

/* In counts: a = count + 1/2, b = total * expected + 1/2, both of the same sum, so that one division at the end is enough and a
 * bin that is empty on both sides adds exactly nothing. */
double psi_statistic(const uint32_t *counts, const uint32_t *expected_ppm, size_t n_bins)
{
    ASSERT(n_bins >= 1);
    uint64_t total = 0, expected_total = 0;
    for (size_t i = 0; i < n_bins; i++) {
        total += counts[i];
        expected_total += expected_ppm[i];
    }
    if (total == 0 || expected_total == 0) {
        return 0.0;
    }
    double scale = (double)total / (double)expected_total;
    double sum = 0.0;
    for (size_t i = 0; i < n_bins; i++) {
        if (counts[i] == 0 && expected_ppm[i] == 0) {
            continue;
        }
        double a = (double)counts[i] + 0.5, b = (double)expected_ppm[i] * scale + 0.5;
        sum += (a - b) * log_ratio(a, b, (a - b) / (a + b));
    }
    return sum / ((double)total + 0.5 * (double)n_bins);
}

/* Wilson and Hilferty 1931: chi-square with k degrees of freedom is close to k (1 - 2/(9k) + z sqrt(2/(9k)))^3. */
static double chi_square_quantile(double degrees, double z)
{
    double spread = 2.0 / (9.0 * degrees);
    double root = 1.0 - spread + z * d_sqrt(spread);
    return root > 0.0 ? degrees * root * root * root : 0.0;
}

double psi_threshold(uint32_t n, uint32_t m, size_t n_bins, double alpha, double practical)
{
    ASSERT(n_bins >= 2);
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    static const double z_large = 6.0, alpha_large = 1e-8; /* 1 - Phi(6) is 1e-9. */
    if (n == 0 || m == 0) {
        return 1e12; /* Nothing was seen, so nothing can be said. */
    }
    double noise = 1.0 / (double)n + 1.0 / (double)m, degrees = (double)n_bins - 1.0;
    /* Most windows are so large that the practical limit decides whatever alpha is: no quantile is needed then. */
    if (alpha >= alpha_large && noise * chi_square_quantile(degrees, z_large) <= practical) {
        return practical;
    }
    double statistical = noise * chi_square_quantile(degrees, -d_normal_quantile(alpha));
    return statistical > practical ? statistical : practical;
}
