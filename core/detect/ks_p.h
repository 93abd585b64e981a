/* SPDX-License-Identifier: Apache-2.0 */
/* Tail probabilities of the two-sided Kolmogorov-Smirnov statistics, exact and for large samples. */
#ifndef CORE_DETECT_KS_P_H
#define CORE_DETECT_KS_P_H

#include <stdint.h>

/* P(D >= h / lcm(n, m)), exact for continuous distributions; n, m >= 1, 0 <= h <= lcm. n = m: Hodges, "The significance probability of the
 * Smirnov two-sample test", Arkiv for Matematik 1958, by reflection. Otherwise the recursion of Viehmann, arXiv 2102.08037, over lattice paths,
 * O(n m D); scratch holds min(n, m) + 1 doubles and may be NULL when n = m. */
double ks_p_exact(uint64_t n, uint64_t m, uint64_t h, double *scratch);
/* P(D_n >= d) of the one-sample statistic for n values (Kolmogorov's distribution for finite n), by Simard and L'Ecuyer, "Computing the two-sided
 * Kolmogorov-Smirnov distribution", J. Stat. Software 2011, with scipy's choice of method: Ruben and Gambino at both ends, Durbin's matrix
 * (Marsaglia, Tsang, Wang 2003), Pomeranz 1974, Pelz and Good 1976, and twice Smirnov's one-sided tail. ks_two_sample takes it at
 * n = round(n m / (n + m)), to even. Durbin's matrix takes 160 kB of stack; Smirnov's tail O(n) time up to n = 1,000,000, above that it is
 * exp(-(6 n d + 1)^2 / (18 n)), as in scipy. */
double ks_p_asymptotic(double d, uint64_t n);

#endif
