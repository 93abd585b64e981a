/* SPDX-License-Identifier: Apache-2.0 */
/* Door of detection: numbers in, verdicts out. Pure, constant state, no allocation. */
#ifndef CORE_DETECT_DETECT_H
#define CORE_DETECT_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/visit.h"

/* Population stability index of observed counts against expected proportions over n_bins: sum (p - q) ln(p / q), both smoothed
 * with half a count a bin at the size of the observed total, so that an empty bin stays finite and one that is empty on both sides
 * adds nothing (Siddiqi 2006; smoothing: Jeffreys prior). 0 when either total is 0. */
double psi_statistic(const uint32_t *counts, const uint32_t *expected_ppm, size_t n_bins);

/* Under no change PSI * 1/(1/n + 1/m) is close to chi-square with n_bins - 1 degrees of freedom (Yurdakul 2018, section 3). Threshold =
 * max(practical, (1/n + 1/m) * chi2_{bins-1, 1-alpha}), Wilson-Hilferty for the quantile. Out of reach when n or m is 0. */
double psi_threshold(uint32_t n, uint32_t m, size_t n_bins, double alpha, double practical);

/* z statistic of a proportion against a reference with its own sampling error, pooled; 0 when n or reference_n is 0. */
double proportion_z(uint32_t successes, uint32_t n, double reference, uint32_t reference_n);

/* One-sided exact-enough lower confidence bound (Wilson score) of a proportion. */
double wilson_lower(uint32_t successes, uint32_t n, double z);
double wilson_upper(uint32_t successes, uint32_t n, double z);

/* McNemar's exact-enough one-sided test of discordant pairs b > c: normal with continuity correction; p-value. */
double mcnemar_p(uint32_t b, uint32_t c);

/* Non-inferiority of two proportions, unpooled z (Farrington and Manning 1990 in its simple form): true when the one-sided lower bound of
 * p_new - p_old at confidence 1-alpha is above -margin. */
bool non_inferior(uint32_t correct_new, uint32_t n_new, uint32_t correct_old, uint32_t n_old,
                  double margin, double alpha);

/* Shiryaev-Roberts e-detector on counts (Shin, Ramdas, Rinaldo 2023, "E-detectors", eq. 9): R_t = (R_{t-1} + 1) * e_t, where e_t is a mixture
 * over alternatives of the binomial likelihood ratio against the worst tolerated rate. Average run length to a false alarm while the
 * true rate stays <= tolerated is at least the threshold, in windows. */
enum { E_DETECTOR_ALTERNATIVES = 4 };
struct e_detector {
    double r[E_DETECTOR_ALTERNATIVES]; /* One Shiryaev-Roberts sum an alternative; the detector is their mean. */
    double tolerated;
    double alternatives[E_DETECTOR_ALTERNATIVES];
    double failure_weights[E_DETECTOR_ALTERNATIVES]; /* ln(alternative / tolerated), follows from the rates. */
    double success_weights[E_DETECTOR_ALTERNATIVES]; /* ln((1 - alternative) / (1 - tolerated)), likewise. */
};
/* Alternatives are tolerated + 0.02, 0.05, 0.1, 0.2, capped at 0.98; tolerated itself is held within 0.001 .. 0.97. */
void e_detector_init(struct e_detector *detector, double tolerated);
/* Adds a window of failures out of n; returns the statistic (capped at 1e12). A window without labels (n = 0) changes nothing. */
double e_detector_step(struct e_detector *detector, uint32_t failures, uint32_t n);
double e_detector_value(const struct e_detector *detector);
void e_detector_reset(struct e_detector *detector);
void e_detector_visit(struct visit *visit, const char *name, struct e_detector *detector);

#endif
