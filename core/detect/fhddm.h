/* SPDX-License-Identifier: Apache-2.0 */
/* FHDDM: the share of right answers in a window against the best share that it had. */
#ifndef CORE_DETECT_FHDDM_H
#define CORE_DETECT_FHDDM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Pesaranghader and Viktor, "Fast Hoeffding drift detection method for evolving data streams", ECML PKDD 2016, section 3. u is the mean of the last
 * `window` values, u_max its largest since the last alarm; a drift when u_max - u > sqrt(ln(1 / delta) / (2 window)). With a short window that is stacked
 * on it (FHDDMS, Pesaranghader et al. 2018) a drift also when the newest `short_window` values say so by their own bound.
 *
 * Which way: the paper's values are 1 for a right answer, so that a drift is a fall of ones, and so it is here by default and in river, whose page
 * says that 1 is an error. For errors set `direction` to FHDDM_RISE: each value counts as 1 - x. The step after an alarm starts afresh. */
enum fhddm_direction { FHDDM_FALL, FHDDM_RISE };
enum { FHDDM_WINDOW_MAX = 1024 };

struct fhddm_options {
    uint32_t window;       /* 1 .. FHDDM_WINDOW_MAX. */
    double delta;          /* 1e-300 .. 1. */
    uint32_t short_window; /* 0: none; at most window. */
    enum fhddm_direction direction;
};
/* river's: window 100, delta 1e-6, no short window, FHDDM_FALL. */
struct fhddm_options fhddm_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *fhddm_wrong(const struct fhddm_options *options);

/* 8.3 kB whatever the stream. */
struct fhddm {
    struct fhddm_options options;
    double bound, short_bound;
    double sum, short_sum; /* Of the newest window - 1 and short_window - 1 values. */
    double largest, short_largest;
    double share;          /* u; 0 until the window is full. */
    uint32_t n_values, at; /* In the window; slot of the next one. */
    bool is_over;          /* The alarm was given, the next value starts anew. */
    double values[FHDDM_WINDOW_MAX];
};

/* The options must be right (fhddm_wrong). */
void fhddm_init(struct fhddm *fhddm, const struct fhddm_options *options);
/* x is finite (detector_step keeps the rest out). DETECT_DRIFT or DETECT_NONE. */
enum detect_signal fhddm_step(struct fhddm *fhddm, double x);
/* u_max - u, 0 until the window is full. */
double fhddm_statistic(const struct fhddm *fhddm);

#endif
