/* SPDX-License-Identifier: Apache-2.0 */
/* The two-sample Kolmogorov-Smirnov test of whole samples, two-sided: statistic, exact and asymptotic p-value. */
#ifndef CORE_DETECT_KS_H
#define CORE_DETECT_KS_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of state: none, but for the caller's scratch. Smirnov 1939; exact p: Hodges 1958, "The significance probability of the Smirnov two-sample test",
 * Arkiv for Matematik 3; asymptotic p: see ks_p.h. */

/* What scipy.stats.ks_2samp(method=...) takes. KS_AUTO: exact when both samples have at most 10,000 values. */
enum ks_method { KS_AUTO, KS_EXACT, KS_ASYMPTOTIC };

struct ks_result {
    double statistic;      /* D = sup |F_a - F_b|, the bits of scipy's for the method used. */
    double p;              /* Two-sided, in [0, 1]. */
    enum ks_method method; /* The one used, KS_EXACT or KS_ASYMPTOTIC. */
};

/* Values a sample at most: the products of counts stay exact in a double and in 64 bits. */
#define KS_SIZE_MAX (UINT64_C(1) << 26)

/* Doubles of scratch that the tests below need for samples of n and m values. */
size_t ks_scratch(size_t n, size_t m);
/* Samples of 1 .. KS_SIZE_MAX finite values in any order; they stay as they are. KS_EXACT turns to the asymptotic method, as scipy does, when the
 * least common multiple over the greatest common divisor of n and m reaches 2^31 - 1. */
struct ks_result ks_two_sample(const double *a, size_t n, const double *b, size_t m,
                               enum ks_method method, double *scratch);
/* max |i / n - j / m| with each quotient and the difference rounded as scipy rounds them (and numpy), without sorting the samples: counts in cells
 * of about equal share bound the difference, and only values of cells that may hold the maximum are put in order. */
double ks_statistic(const double *a, size_t n, const double *b, size_t m, double *scratch);

#endif
