/* SPDX-License-Identifier: Apache-2.0 */
/* Population stability index of counts, and a threshold that knows the sample. */
#ifndef CORE_DETECT_PSI_H
#define CORE_DETECT_PSI_H

#include <stddef.h>
#include <stdint.h>

/* Population stability index of observed counts against expected proportions over n_bins: sum (p - q) ln(p / q), both smoothed
 * with half a count a bin at the size of the observed total, so that an empty bin stays finite and one that is empty on both sides
 * adds nothing (Siddiqi 2006; smoothing: Jeffreys prior). 0 when either total is 0. */
double psi_statistic(const uint32_t *counts, const uint32_t *expected_ppm, size_t n_bins);

/* Under no change PSI * 1/(1/n + 1/m) is close to chi-square with n_bins - 1 degrees of freedom (Yurdakul 2018, section 3). Threshold =
 * max(practical, (1/n + 1/m) * chi2_{bins-1, 1-alpha}), Wilson-Hilferty for the quantile. Out of reach when n or m is 0. */
double psi_threshold(uint32_t n, uint32_t m, size_t n_bins, double alpha, double practical);

#endif
