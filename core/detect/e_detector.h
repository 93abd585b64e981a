/* SPDX-License-Identifier: Apache-2.0 */
/* E-detector on counts of failures: an alarm with a guaranteed average run length. */
#ifndef CORE_DETECT_E_DETECTOR_H
#define CORE_DETECT_E_DETECTOR_H

#include <stdint.h>

#include "core/base/visit.h"

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
