/* SPDX-License-Identifier: Apache-2.0 */
/* DDM: an error rate that has risen by standard deviations above the lowest that it had. */
#ifndef CORE_DETECT_DDM_H
#define CORE_DETECT_DDM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Gama, Medas, Castillo, Rodrigues, "Learning with drift detection", SBIA 2004, section 2.1. p is the mean of the errors since the last alarm and
 * s = sqrt(p (1 - p) / n). p_min and s_min are those of the n > warm_start with the least p + s. Then
 *     p + s > p_min + warning s_min: a warning,      p + s > p_min + drift s_min: a drift.
 * Strictly greater, so that a stream of ones alone never alarms. Errors are 1, right answers 0; where p leaves 0 .. 1 because other values came,
 * s is no number and nothing is said. The step after an alarm starts afresh. Only a rise alarms; p_min grows stale on long streams. */
struct ddm_options {
    uint32_t warm_start; /* Observations before anything is said, 1 .. 2^31. */
    double warning;      /* In s_min, 0 .. 1e6, */
    double drift;        /* and this, at least as much. */
};
/* river's: warm_start 30, warning 2, drift 3. */
struct ddm_options ddm_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *ddm_wrong(const struct ddm_options *options);

/* 80 bytes. */
struct ddm {
    struct ddm_options options;
    double n;
    double p;                                  /* Mean. */
    double level;                              /* p + s of the last step. */
    double lowest, warning_level, drift_level; /* p_min + s_min and what is above them. */
    bool is_over; /* The alarm was given, the next value starts anew. */
};

/* The options must be right (ddm_wrong). */
void ddm_init(struct ddm *ddm, const struct ddm_options *options);
/* x is finite (detector_step keeps the rest out). */
enum detect_signal ddm_step(struct ddm *ddm, double x);
/* p + s after the last step, which is held against p_min + drift s_min; 0 before the first. */
double ddm_statistic(const struct ddm *ddm);

#endif
