/* SPDX-License-Identifier: Apache-2.0 */
/* E-detectors: alarms with a guaranteed average run length, on counts of failures and on streams of bounded values. */
#ifndef CORE_DETECT_E_DETECTOR_H
#define CORE_DETECT_E_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/visit.h"
#include "core/detect/dispersion.h"
#include "core/detect/signal.h"

/* Shiryaev-Roberts e-detector on counts (Shin, Ramdas, Rinaldo 2023, "E-detectors", eq. 9): R_t = (R_{t-1} + 1) * e_t, where e_t is a mixture
 * over alternatives of the binomial likelihood ratio against the worst tolerated rate. Average run length to a false alarm while the
 * true rate stays <= tolerated is at least the threshold, in windows: for rows that are independent given the past, or as dependent as the
 * dispersion learned of earlier windows says (dispersion.h), by which the ln of each ratio is divided. R_t is no e-value. Bytes of state: 160. */
enum { E_DETECTOR_ALTERNATIVES = 4 };
struct e_detector {
    double r[E_DETECTOR_ALTERNATIVES]; /* One Shiryaev-Roberts sum an alternative; the detector is their mean. */
    double tolerated;
    struct dispersion dispersion; /* Of the failures; learned of windows below the threshold that the caller names. */
    double alternatives[E_DETECTOR_ALTERNATIVES];
    double failure_weights[E_DETECTOR_ALTERNATIVES]; /* ln(alternative / tolerated), follows from the rates. */
    double success_weights[E_DETECTOR_ALTERNATIVES]; /* ln((1 - alternative) / (1 - tolerated)), likewise. */
};
/* Alternatives are tolerated + 0.02, 0.05, 0.1, 0.2, capped at 0.98; tolerated itself is held within 0.001 .. 0.97. */
void e_detector_init(struct e_detector *detector, double tolerated);
/* Likewise, but the dispersion stays: another version serves the same traffic. */
void e_detector_restart(struct e_detector *detector, double tolerated);
/* Adds a window of failures out of n; returns the statistic (capped at 1e12). A window without labels (n = 0) changes nothing. A window at which the
 * statistic is at most `calm` teaches the dispersion, after it was judged; alarms must not. */
double e_detector_step(struct e_detector *detector, uint32_t failures, uint32_t n, double calm);
/* Ln of the evidence of that many failures out of n in all, against "the rate is at most the tolerated one": the same mixture, without a memory, divided
 * by the dispersion. As totals grow from a start that was fixed before they were seen it is an e-process, so that P(ever e >= 1 / a) <= a (Ville); from a
 * start that was chosen by looking at these labels it is a score without a guarantee. 0 for n = 0. */
double e_detector_evidence(const struct e_detector *detector, uint64_t failures, uint64_t n);
double e_detector_value(const struct e_detector *detector);
void e_detector_reset(struct e_detector *detector);
void e_detector_visit(struct visit *visit, const char *name, struct e_detector *detector);

/* Mean of a bounded stream: e-SR and e-CUSUM mixtures (Shin, Ramdas, Rinaldo 2023, as above, with bets for bounded
 * values). Values are first scaled to y = (x - lo) / (hi - lo), the tolerated mean likewise to m. Bet k of 10 is lambda_k = 0.95 / m * 2^-k,
 * its increment L_k = 1 + lambda_k (y - m); bets weigh the same.
 *     e-SR:     M_k <- (M_k + 1) L_k           e-CUSUM:  M_k <- max(M_k, 1) L_k
 * The statistic is the mean of M_k, the alarm statistic >= arl.
 * Guarantee: while E[x_t | past] <= m0 at every t, the mean number of observations to the first alarm, and from each alarm to the next, is at
 * least arl. Not asymptotic; neither independence nor identical distributions are needed. e-CUSUM <= e-SR, so it alarms later and seldomer.
 * Values outside lo .. hi count as the nearer end (the guarantee is then about the clipped mean); NaN changes nothing and gives DETECT_NONE, and
 * detector_step does so with infinities. The step after an alarm starts afresh. Bytes of state: 208. Nothing overflows: a sum grows past 10 arl at most
 * by one increment. */
enum { E_BETS = 10 };

struct e_sr_options {
    double m0; /* Tolerated mean, lo < m0 < hi, in the units of the stream. Default 0.5. */
    double arl; /* Guaranteed average run length to a false alarm, in observations, 1 .. 1e12. Default 10,000. */
    double lo, hi; /* Bounds of the stream, finite, lo < hi. Default 0 and 1. */
    bool below; /* Alarm when the mean falls below m0 (an accuracy) instead of rising above it (an error). Default false. */
};
struct e_cusum_options {
    double m0, arl, lo, hi; /* As above. */
    bool below;
};

/* What both share: the scaled stream and its bets. */
struct e_bets {
    double m[E_BETS]; /* One sum a bet, >= 0. */
    double lambdas[E_BETS];
    double mean; /* m0, scaled (and mirrored for below), 0 < mean <= 1. */
    double lo, hi;
    double arl;
    double statistic;
    bool below, alarmed;
};
struct e_sr {
    struct e_bets bets;
};
struct e_cusum {
    struct e_bets bets;
};

struct e_sr_options e_sr_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *e_sr_wrong(const struct e_sr_options *options);
/* The options must be right (e_sr_wrong). */
void e_sr_init(struct e_sr *detector, const struct e_sr_options *options);
/* DETECT_DRIFT on an alarm, else DETECT_NONE: a warning would carry no guarantee. */
enum detect_signal e_sr_step(struct e_sr *detector, double x);
/* Mean of the sums after the last step, that of an alarm included; its threshold is arl. */
double e_sr_statistic(const struct e_sr *detector);

struct e_cusum_options e_cusum_defaults(void);
const char *e_cusum_wrong(const struct e_cusum_options *options);
void e_cusum_init(struct e_cusum *detector, const struct e_cusum_options *options);
enum detect_signal e_cusum_step(struct e_cusum *detector, double x);
double e_cusum_statistic(const struct e_cusum *detector);

#endif
