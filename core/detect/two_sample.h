/* SPDX-License-Identifier: Apache-2.0 */
/* Tests whether two batches come from one law, with p-values: chi-square and G on counts, Cramer-von Mises, Mann-Whitney and Anderson-Darling on
 * values. Kolmogorov-Smirnov: core/detect/ks.h. */
#ifndef CORE_DETECT_TWO_SAMPLE_H
#define CORE_DETECT_TWO_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of state: none, but for the caller's scratch. A p-value holds for one look at data that were fixed before: a test repeated every window needs core/detect/fdr.h or an e-process. Figures are those
 * of scipy 1.17 to 1e-10 relative, with the method named; where scipy itself loses digits it is said. Samples hold finite values in any order and
 * stay as they are; scratch is the caller's. */

struct chi_square {
    double statistic;
    double p; /* P(chi-square with these degrees >= statistic) = Q(degrees / 2, statistic / 2). */
    uint32_t degrees;
};
/* Pearson 1900, sum (o - e)^2 / e, or Wilks 1935 (G), 2 sum o ln(o / e). */
enum chi_square_kind { CHI_SQUARE_PEARSON, CHI_SQUARE_G };
/* Homogeneity of two rows of counts >= 0, as scipy.stats.chi2_contingency(correction=False, lambda_=...): expected = row total * column total / total.
 * Cells that are empty in both rows are left out. With fewer than two cells left, or an empty row: statistic 0, p 1, degrees 0. */
struct chi_square chi_square_two_sample(const double *a, const double *b, size_t n_cells,
                                        enum chi_square_kind kind);
/* Goodness of fit of counts to expected shares (any scale, above 0 where there is a count), as scipy.stats.chisquare and power_divergence with
 * f_exp = shares scaled to the counts' total. Cells empty in both are left out; a count where no share is: statistic infinite, p 0. */
struct chi_square chi_square_fit(const double *counts, const double *shares, size_t n_cells,
                                 enum chi_square_kind kind);

/* Cramer-von Mises, Anderson 1962, "On the distribution of the two-sample Cramer-von Mises criterion", eqs. 9 and 10, mid-ranks for ties. */
struct cramer_von_mises {
    double statistic; /* T. */
    double u;         /* U of eq. 10, from which the exact p follows. */
    size_t n, m;
};
/* Doubles of scratch for the tests on values below, but for exact p-values. */
size_t two_sample_scratch(size_t n, size_t m);
/* n, m >= 2. */
struct cramer_von_mises cramer_von_mises(const double *a, size_t n, const double *b, size_t m,
                                         double *scratch);
/* scipy method='asymptotic': T moved and scaled to the limit's mean and variance, then the limit by Csorgo and Faraway 1996, eq. 1.3, of which scipy
 * stops after the first term below 1e-7, and so does this, for its figures. p = 1 - cdf, never below 0; the early stop leaves an absolute error of up to
 * 1e-8, so that below 1e-6 a p says only that it is small (n = 874, m = 868: 3.4e-9 at T = 28.9, but 2.5e-10 at T = 7.1). */
double cramer_von_mises_p_asymptotic(const struct cramer_von_mises *test);
/* scipy method='exact', what method='auto' takes up to CRAMER_VON_MISES_EXACT_MAX values a sample: Xiao, Gordon, Yakovlev 2006, "A C++ program for the
 * Cramer-von Mises two-sample test", eqs. 11 to 13. Counts stay exact in a double. Sums that have reached the statistic share one cell, so scratch grows
 * with it: a few thousand doubles for equal sizes, 12 million for 19 and 20 at T = 1. */
enum { CRAMER_VON_MISES_EXACT_MAX = 20 };
size_t cramer_von_mises_exact_scratch(const struct cramer_von_mises *test);
double cramer_von_mises_p_exact(const struct cramer_von_mises *test, double *scratch);

enum alternative { ALTERNATIVE_TWO_SIDED, ALTERNATIVE_LESS, ALTERNATIVE_GREATER };

/* Mann and Whitney 1947, as scipy.stats.mannwhitneyu. */
struct mann_whitney {
    double u;        /* Of the first sample: pairs a > b, ties a half. */
    double tie_term; /* Sum of t^3 - t over groups of t equal values. */
    size_t n, m;
};
struct mann_whitney mann_whitney(const double *a, size_t n, const double *b, size_t m,
                                 double *scratch);
/* method='asymptotic': normal, with tie and continuity correction. */
double mann_whitney_p_asymptotic(const struct mann_whitney *test, enum alternative alternative);
/* method='exact': valid without ties; with them U is cut to a whole number, as scipy does. Scratch: (min(n, m) + 1) (n m / 2 + 1) doubles. */
size_t mann_whitney_exact_scratch(const struct mann_whitney *test);
double mann_whitney_p_exact(const struct mann_whitney *test, enum alternative alternative,
                            double *scratch);

/* Anderson and Darling for two samples, Scholz and Stephens 1987, eq. 7 (mid-ranks), as scipy.stats.anderson_ksamp(variant='midrank'): the statistic is
 * standardised; p is interpolated in their table 2 and held within 0.001 .. 0.25. n + m >= 4; all values alike: statistic 0, p 0.25. */
struct anderson_darling {
    double statistic, p;
};
struct anderson_darling anderson_darling(const double *a, size_t n, const double *b, size_t m,
                                         double *scratch);

#endif
