/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration: do probabilities mean what they say, and is a map that corrects them worth having? */
#ifndef CORE_DETECT_CALIBRATION_H
#define CORE_DETECT_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/isotonic.h"

/* Expected calibration error over ten bins of equal width (Naeini, Cooper, Hauskrecht 2015): sum_b n_b / n |mean p - mean y|. Mergeable by adding.
 * Bytes of state: 240. */
enum { CALIBRATION_BINS = 10 };
struct calibration {
    uint64_t n[CALIBRATION_BINS];
    double probabilities[CALIBRATION_BINS]; /* Sums by bin. */
    double outcomes[CALIBRATION_BINS];
};
void calibration_init(struct calibration *calibration);
/* p is the probability of outcome; held within 0 .. 1, NaN changes nothing. */
void calibration_step(struct calibration *calibration, double p, bool outcome);
void calibration_merge(struct calibration *calibration, const struct calibration *other);
uint64_t calibration_n(const struct calibration *calibration);
uint32_t calibration_bin(double p);
/* 0 without cases. */
double calibration_error(const struct calibration *calibration);
/* What calibration_error would be on average for a perfectly calibrated model with these counts: sum_b n_b / n sqrt(2 p_b (1 - p_b) / (pi n_b)). An
 * error is told from none only beyond it; it falls with the square root of n. */
double calibration_noise(const struct calibration *calibration);

/* Isotonic recalibration that must earn its place: the first labels fit the map, the later ones, which the map has not seen, say whether the error
 * is smaller with it. Isotonic maps of probabilities: Zadrozny and Elkan 2002, "Transforming classifier scores into accurate multiclass probability
 * estimates", KDD. Bytes of state: 3,056. */
struct recalibration {
    struct isotonic fit;
    struct isotonic_map map;
    struct calibration raw, mapped;
    bool is_fitted;
};
void recalibration_init(struct recalibration *recalibration);
/* A label of the first part. Not after recalibration_fit. */
void recalibration_learn(struct recalibration *recalibration, double p, bool outcome);
/* Ends the first part. */
void recalibration_fit(struct recalibration *recalibration);
/* A label of the second part. Only after recalibration_fit. */
void recalibration_check(struct recalibration *recalibration, double p, bool outcome);
/* Whether labels of the second part were better met with the map; false without any. */
bool recalibration_helps(const struct recalibration *recalibration);
/* The mapped probability where the map helps, p itself otherwise. */
double recalibration_at(const struct recalibration *recalibration, double p);

/* Why an estimate without labels may be used, or not. The first that applies, in this order. */
enum estimate_trust {
    ESTIMATE_TRUSTED,
    ESTIMATE_FEW_LABELS,      /* The reference is too small to tell. */
    ESTIMATE_MISCALIBRATED,   /* On the reference itself. */
    ESTIMATE_LABELS_DISAGREE, /* Late labels contradict the estimate: the relation has changed, which no estimate from inputs can see. */
    ESTIMATE_UNSEEN,          /* Too many cases are unlike any that the reference has labels for. */
    N_ESTIMATE_TRUSTS
};
/* A clause for people. */
const char *estimate_trust_word(enum estimate_trust trust);

#endif
