/* SPDX-License-Identifier: Apache-2.0 */
/* Confidence-based performance estimation: what a classifier's accuracy should be, without labels, and whether to believe it. */
#ifndef CORE_DETECT_CBPE_H
#define CORE_DETECT_CBPE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/calibration.h"

/* NannyML's CBPE for a binary classifier with calibrated probabilities p of the positive class: a case predicted positive is right with probability
 * p, one predicted negative with 1 - p; the expected cells of the confusion matrix are sums of these. It holds when p is calibrated where production
 * now is. It cannot see a change of P(y | x): the inputs are all that it knows. Estimated accuracy is never below 1/2 when the model predicts the
 * more probable class, whatever the truth. Mergeable by adding. Bytes of state: 40, of the gate 376. Bialek, Kivimaki, Kuberski, Perrakis 2024, "Estimating
 * model performance under covariate shift without labels", arXiv 2401.08348. */
struct cbpe {
    double true_positives, false_positives, true_negatives, false_negatives; /* Expected counts. */
    uint64_t n;
};
void cbpe_init(struct cbpe *cbpe);
/* p is held within 0 .. 1; NaN changes nothing. */
void cbpe_step(struct cbpe *cbpe, double p, bool predicted);
void cbpe_merge(struct cbpe *cbpe, const struct cbpe *other);
/* Each 0 when there is nothing to divide by. */
double cbpe_accuracy(const struct cbpe *cbpe);
double cbpe_precision(const struct cbpe *cbpe);
double cbpe_recall(const struct cbpe *cbpe);
double cbpe_f1(const struct cbpe *cbpe);

/* The gate. It looks at the labelled reference, at the scores that arrive, and at labels that arrive late.
 *  - ESTIMATE_FEW_LABELS: fewer than labels_min in the reference.
 *  - ESTIMATE_MISCALIBRATED: calibration_error - calibration_noise > tolerance on the reference.
 *  - ESTIMATE_LABELS_DISAGREE: the sum over late labels of (right - expected right) leaves the two-sided normal mixture boundary (confidence.h,
 *    v = n / 4, each term within a range of 1) by more than n tolerance. Latched. P(ever, for a model calibrated to within tolerance) <= alpha.
 *  - ESTIMATE_UNSEEN: more than unseen_max of at least 100 scores fall in bins of which the reference has fewer than 30 labels. */
struct cbpe_gate_options {
    uint64_t labels_min; /* Default 1,000. */
    double tolerance;    /* Of the accuracy, 0 .. 1. Default 0.02. */
    double alpha;        /* 1e-12 .. 0.4. Default 0.01. */
    double unseen_max;   /* A share. Default 0.1. */
};
struct cbpe_gate {
    struct cbpe_gate_options options;
    struct calibration reference;
    uint64_t scores[CALIBRATION_BINS];
    uint64_t late_n;
    double surprise; /* Sum of right - expected right over late labels. */
    bool disagreed;
};
struct cbpe_gate_options cbpe_gate_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *cbpe_gate_wrong(const struct cbpe_gate_options *options);
/* The options must be right (cbpe_gate_wrong). */
void cbpe_gate_init(struct cbpe_gate *gate, const struct cbpe_gate_options *options);
/* A labelled case of the reference; a score of production; a late label of production. p as in cbpe_step (after recalibration, if any). */
void cbpe_gate_reference(struct cbpe_gate *gate, double p, bool positive);
void cbpe_gate_score(struct cbpe_gate *gate, double p);
void cbpe_gate_label(struct cbpe_gate *gate, double p, bool predicted, bool positive);
enum estimate_trust cbpe_gate_trust(const struct cbpe_gate *gate);

#endif
