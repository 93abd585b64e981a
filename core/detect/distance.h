/* SPDX-License-Identifier: Apache-2.0 */
/* Distances between two laws, from binned masses or from samples, and how large chance alone makes them. */
/* Bytes of state: none, but for the caller's scratch. Kullback and Leibler 1951; Jensen-Shannon: Lin 1991, "Divergence measures based on the Shannon entropy";
 * Hellinger 1909; Bhattacharyya 1943; Wasserstein-1 on the line as an integral: Vallender 1974, "Calculation of the Wasserstein distance". */
#ifndef CORE_DETECT_DISTANCE_H
#define CORE_DETECT_DISTANCE_H

#include <stddef.h>
#include <stdint.h>

/* Masses p and q of n cells: counts or shares >= 0 of any scale, made to sum to 1 here. When either has no mass nothing is known: 0. Natural logarithms.
 *
 * PSI has two forms, for two uses. psi_statistic (core/detect/psi.h) takes counts and smooths both sides with half a count, so that it stays finite and its
 * threshold holds: it watches models. distance_psi is the plain sum over masses with empty cells raised to a floor > 0, sum (q - p) ln(q / p), as other
 * implementations have it: it reproduces their figures. */
double distance_psi(const double *p, const double *q, size_t n, double floor);
/* sum p ln(p / q); infinite where q = 0 < p. */
double distance_kullback_leibler(const double *p, const double *q, size_t n);
/* Square root of the Jensen-Shannon divergence (KL(p, m) + KL(q, m)) / 2, m the mean of both: scipy's jensenshannon; at most sqrt(ln 2). */
double distance_jensen_shannon(const double *p, const double *q, size_t n);
/* sqrt(sum (sqrt p - sqrt q)^2 / 2), at most 1. */
double distance_hellinger(const double *p, const double *q, size_t n);
/* -ln sum sqrt(p q); infinite when nothing is shared. */
double distance_bhattacharyya(const double *p, const double *q, size_t n);
/* sum |p - q| / 2. Complement of the histogram intersection, 1 - sum min(p, q), is the same number. */
double distance_total_variation(const double *p, const double *q, size_t n);

/* How large a distance is no evidence: under no change, with n and m independent rows behind the masses, it is exceeded with probability alpha.
 * PSI, KL, JS^2 and H^2 are f-divergences, and -ln BC is H^2 near 0: (1/n + 1/m) f''(1) / 2 chi-square with cells - 1 degrees of freedom is their limit (Csiszar and
 * Shields 2004, theorem 4.1; Pardo 2006, chapter 3), f''(1) / 2 being 1, 1/2, 1/8, 1/8 and 1/8; for JS and Hellinger the root of it. Good from about five
 * expected rows a cell; cells empty on both sides do not count as cells. Exact quantile, unlike psi_threshold's.
 * Total variation: sqrt((1/n + 1/m) (cells - 1)) / 2 + sqrt((1/n + 1/m) ln(1/alpha) / 2), the mean by Cauchy-Schwarz and McDiarmid's inequality (1989,
 * lemma 1.2; a row moves it by at most 1/n): at most alpha at every n, hence wide. Out of reach, 1e12, when n or m is 0. */
enum distance_kind {
    DISTANCE_PSI,
    DISTANCE_KULLBACK_LEIBLER,
    DISTANCE_JENSEN_SHANNON,
    DISTANCE_HELLINGER,
    DISTANCE_BHATTACHARYYA,
    DISTANCE_TOTAL_VARIATION,
    N_DISTANCE_KINDS
};
double distance_threshold(enum distance_kind kind, double n, double m, size_t n_cells, double alpha);
/* Quantile of chi-square: the x with Q(degrees / 2, x / 2) = alpha, to 1e-12 relative. 0 < alpha < 1, degrees >= 1. */
double chi_square_quantile(double degrees, double alpha);

/* Samples of n, m >= 1 finite values in any order, which stay as they are. Scratch for all of the rest. */
size_t distance_scratch(size_t n, size_t m);
/* Integral of |F_a - F_b|, in the units of the values: scipy's wasserstein_distance. */
double distance_wasserstein(const double *a, size_t n, const double *b, size_t m, double *scratch);
/* What Wasserstein-1 exceeds with probability alpha at most under no change, at every n and m, when all values lie within an interval of this length: length
 * (sqrt(1/n + 1/m) / 2 + sqrt((1/n + 1/m) ln(1/alpha) / 2)), E|F_a - F_b| <= sqrt(F (1 - F) (1/n + 1/m)) and McDiarmid's inequality, as a value moves it by at
 * most length / n. Holds for sketch_wasserstein over its edges as well. Wide; the permutation test below is exact. Out of reach, 1e12, when n or m is 0. */
double distance_wasserstein_threshold(double length, double n, double m, double alpha);
/* sqrt(2 integral of (F_a - F_b)^2): scipy's energy_distance (Szekely and Rizzo 2013). */
double distance_energy(const double *a, size_t n, const double *b, size_t m, double *scratch);

/* Permutation test of a distance of samples: (1 + shuffles at least as far) / (1 + shuffles), valid at every size (Phipson and Smyth 2010, eq. 2). The
 * labels are dealt anew from the named stream "detect/permutation" of the seed. DEAL_TOTAL_VARIATION takes the values as names of cells. O(n + m) a
 * shuffle. The distance may be NULL. */
enum deal_kind { DEAL_WASSERSTEIN, DEAL_ENERGY, DEAL_TOTAL_VARIATION };
double distance_permutation_p(enum deal_kind kind, const double *a, size_t n, const double *b,
                              size_t m, uint32_t shuffles, uint64_t seed, double *scratch,
                              double *ret_distance);

/* Squared maximum mean discrepancy with the kernel exp(-|x - y|^2 / (2 sigma^2)), Gretton et al. 2012, eqs. 3 (unbiased, may be below 0) and 5 (biased), as
 * frouros' MMD. Rows of `dimensions` values; n, m >= 2, sigma > 0. O((n + m)^2): for samples, not for streams. */
enum mmd_kind { MMD_UNBIASED, MMD_BIASED };
double distance_mmd(const double *a, size_t n, const double *b, size_t m, size_t dimensions,
                    double sigma, enum mmd_kind kind);
/* What the biased form exceeds with probability alpha at most under no change, at every n and m and whatever the law: (1/n + 1/m) (1 + sqrt(2 ln(1/alpha)))^2,
 * Gretton et al. 2012, theorem 8 and corollary 9 with K = 1, for unequal sizes by the same proof. Wide. Out of reach, 1e12, when n or m is 0. */
double distance_mmd_threshold(double n, double m, double alpha);

#endif
