/* SPDX-License-Identifier: Apache-2.0 */
/* Tests and bounds of proportions: normal approximations, total over every count. */
#include "core/detect/proportion.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static double share(uint32_t successes, uint32_t n)
{
    return successes >= n ? 1.0 : (double)successes / (double)n;
}

/* Pooled, so that a reference of 0 or 1 has a spread too. */
double proportion_z(uint32_t successes, uint32_t n, double reference, uint32_t reference_n)
{
    if (n == 0 || reference_n == 0) {
        return 0.0;
    }
    double a = (double)n, b = (double)reference_n;
    double observed = share(successes, n);
    double pooled = (observed * a + reference * b) / (a + b);
    double variance = pooled * (1.0 - pooled) * (1.0 / a + 1.0 / b);
    return variance > 0.0 ? (observed - reference) / d_sqrt(variance) : 0.0;
}

/* Wilson 1927. sign -1: lower bound, 1: upper bound. */
static double wilson(uint32_t successes, uint32_t n, double z, double sign)
{
    double p = share(successes, n), rows = (double)n, square = z * z;
    double centre = p + square / (2.0 * rows);
    double spread = z * d_sqrt(p * (1.0 - p) / rows + square / (4.0 * rows * rows));
    double bound = (centre + sign * spread) / (1.0 + square / rows);
    if (bound < 0.0) {
        return 0.0;
    }
    return bound > 1.0 ? 1.0 : bound;
}

double wilson_lower(uint32_t successes, uint32_t n, double z)
{
    return n == 0 || successes == 0 ? 0.0 : wilson(successes, n, z, -1.0);
}

double wilson_upper(uint32_t successes, uint32_t n, double z)
{
    return n == 0 || successes >= n ? 1.0 : wilson(successes, n, z, 1.0);
}

double mcnemar_p(uint32_t b, uint32_t c)
{
    if (b == 0 && c == 0) {
        return 1.0;
    }
    double z = ((double)b - (double)c - 1.0) / d_sqrt((double)b + (double)c);
    return d_normal_cdf(-z);
}

bool non_inferior(uint32_t correct_new, uint32_t n_new, uint32_t correct_old, uint32_t n_old,
                  double margin, double alpha)
{
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    if (n_new == 0 || n_old == 0) {
        return false;
    }
    double p_new = share(correct_new, n_new), p_old = share(correct_old, n_old);
    double variance = p_new * (1.0 - p_new) / (double)n_new + p_old * (1.0 - p_old) / (double)n_old;
    return p_new - p_old + d_normal_quantile(alpha) * d_sqrt(variance) > -margin;
}
