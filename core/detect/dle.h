/* SPDX-License-Identifier: Apache-2.0 */
/* Direct loss estimation for a regression: the loss to be expected without labels, and whether to believe it. */
#ifndef CORE_DETECT_DLE_H
#define CORE_DETECT_DLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/calibration.h"

/* NannyML's DLE fits a second model of the loss on labelled reference cases and averages its answers over production. Here the second model is the
 * mean loss by bin of one driver, which the caller chooses: the prediction itself or the feature that the loss depends on most. 32 bins of equal width
 * over lo .. hi. A driver outside is in no bin: a labelled case with it is dropped, one of production is unseen. Losses are clipped to 0 .. loss_max.
 * It holds when P(loss | driver) is what it was; it cannot see a change of P(y | x). Bytes of state: 1,120.
 * There is no paper of it; averages within bins are the regressogram of Tukey 1961, "Curves as parameters, and touch estimation".
 *
 * Trust, in the order of calibration.h:
 *  - ESTIMATE_FEW_LABELS: fewer than labels_min in the reference.
 *  - ESTIMATE_LABELS_DISAGREE: the sum over late labels of (loss - expected loss) leaves the two-sided normal mixture boundary (confidence.h,
 *    v = n loss_max^2 / 4) by more than n tolerance and three standard errors of each bin's mean. Latched. P(ever, for losses as in the reference)
 *    <= alpha and the 0.3 % that a mean is off by more than that.
 *  - ESTIMATE_UNSEEN: more than unseen_max of at least 100 cases lie outside lo .. hi or in bins with fewer than 30 labels. */
enum { DLE_BINS = 32 };
struct dle_options {
    double lo, hi;       /* Finite, lo < hi. Default 0 and 1. */
    double loss_max;     /* > 0, finite. Default 1. */
    uint64_t labels_min; /* Default 1,000. */
    double tolerance;    /* Of the mean loss, in its units, >= 0. Default 0.02. */
    double alpha;        /* 1e-12 .. 0.4. Default 0.01. */
    double unseen_max;   /* A share. Default 0.1. */
};
struct dle {
    struct dle_options options;
    uint64_t reference_n[DLE_BINS];
    double losses[DLE_BINS], squares[DLE_BINS]; /* Sums by bin. */
    uint64_t n[DLE_BINS];                       /* Production. */
    uint64_t outside_n;                         /* Production outside lo .. hi. */
    uint64_t late_n;
    double surprise, slack;
    bool disagreed;
};
struct dle_options dle_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *dle_wrong(const struct dle_options *options);
/* The options must be right (dle_wrong). */
void dle_init(struct dle *dle, const struct dle_options *options);
/* NaN in any argument changes nothing. */
void dle_reference(struct dle *dle, double driver, double loss);
void dle_step(struct dle *dle, double driver);
void dle_label(struct dle *dle, double driver, double loss);
/* Mean expected loss of production over the bins that the reference knows; the mean loss of the reference before any case, 0 without a reference. */
double dle_estimate(const struct dle *dle);
/* Mean loss of the reference. */
double dle_baseline(const struct dle *dle);
enum estimate_trust dle_trust(const struct dle *dle);
/* Adds the production cases of other, which has the same options and reference. */
void dle_merge(struct dle *dle, const struct dle *other);

#endif
