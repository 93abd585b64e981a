/* SPDX-License-Identifier: Apache-2.0 */
/* HDDM: a mean against the best cut of its past, by Hoeffding's (A) and McDiarmid's (W) inequality. */
#ifndef CORE_DETECT_HDDM_H
#define CORE_DETECT_HDDM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Frias-Blanco et al., "Online and non-parametric drift detection methods based on Hoeffding's bounds", IEEE TKDE 27(3), 2015. Values lie in 0 .. 1.
 *
 * HDDM_A (section 3.1): z is the mean of all n values, x the mean of the first m, m being the cut where x + e(m) was least,
 * e(m) = sqrt(ln(1 / d) / (2 m)). The mean has risen at confidence c when
 *     z - x >= sqrt((n - m) / (m n) / 2 * ln(2 / c)).
 * HDDM_W (section 3.2): means weigh exponentially, z <- l v + (1 - l) z, with the bound b <- l^2 + (1 - l)^2 b, b = 1 at first. x is z at the cut
 * where z + sqrt(b ln(1 / d) / 2) was least, y the mean of what came after it, and the mean has risen when
 *     y - x > sqrt((b_x + b_y) ln(1 / c) / 2).
 * c is `drift` for a drift and `warning` for a warning; d is `drift`. Two-sided, falls are sought likewise by the cut where the lower edge was highest.
 * c bounds the error of one test, not of a stream that is tested at every step. The step after an alarm starts afresh. */
struct hddm_a_options {
    double drift, warning; /* 1e-300 .. 1. */
    bool two_sided;
};
struct hddm_w_options {
    double drift, warning; /* 1e-300 .. 1. */
    double lambda;         /* l, 0 .. 1. */
    bool two_sided;
    /* A mean that is 0 takes the next value whole, as river's EWMean does: on streams that begin with zeros its first 1 weighs 1, not l. Only
     * to agree with river. */
    bool zero_restarts;
};
/* river's: drift 0.001, warning 0.005, lambda 0.05, one-sided (a rise); zero_restarts false. */
struct hddm_a_options hddm_a_defaults(void);
struct hddm_w_options hddm_w_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *hddm_a_wrong(const struct hddm_a_options *options);
const char *hddm_w_wrong(const struct hddm_w_options *options);

struct hddm_mean {
    double n, mean;
};
/* 104 bytes. */
struct hddm_a {
    struct hddm_a_options options;
    double log_drift, log_2_drift, log_2_warning; /* ln(1 / drift), ln(2 / drift), ln(2 / warning). */
    struct hddm_mean all, lowest, highest;        /* Of all values and up to the cuts. */
    bool is_over; /* The alarm was given, the next value starts anew. */
};

struct hddm_weighted {
    double mean, bound;
    bool is_empty;
};
/* 192 bytes. */
struct hddm_w {
    struct hddm_w_options options;
    double log_drift, log_warning; /* ln(1 / drift), ln(1 / warning). */
    struct hddm_weighted all;
    struct hddm_weighted before_rise, after_rise, before_fall, after_fall;
    double rise_cut, fall_cut;
    bool is_over; /* The alarm was given, the next value starts anew. */
};

/* The options must be right (hddm_a_wrong, hddm_w_wrong). */
void hddm_a_init(struct hddm_a *hddm, const struct hddm_a_options *options);
void hddm_w_init(struct hddm_w *hddm, const struct hddm_w_options *options);
/* x is finite (detector_step keeps the rest out); the inequalities hold for 0 .. 1. */
enum detect_signal hddm_a_step(struct hddm_a *hddm, double x);
enum detect_signal hddm_w_step(struct hddm_w *hddm, double x);
/* z - x, the rise since the cut; 0 before the first step. */
double hddm_a_statistic(const struct hddm_a *hddm);
/* y - x likewise. */
double hddm_w_statistic(const struct hddm_w *hddm);

#endif
