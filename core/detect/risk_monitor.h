/* SPDX-License-Identifier: Apache-2.0 */
/* Harmful-shift risk monitor: has the risk in production risen above the risk at acceptance by more than is tolerated? */
#ifndef CORE_DETECT_RISK_MONITOR_H
#define CORE_DETECT_RISK_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/visit.h"

/* Podkopaev and Ramdas 2022, "Tracking the risk of a deployed model and detecting harmful distribution shifts", section 2: alarm when the lower
 * confidence sequence of the target risk exceeds the upper confidence sequence of the source risk plus a tolerance. Losses are bounded in 0 .. 1;
 * an error counts 1, a right answer 0.
 *
 * Both sequences are betting ones (Waudby-Smith and Ramdas 2024, section 4) over a fixed mixture of 16 bets c_k = 0.95 * 2^-k of equal weight.
 * For a candidate risk p, a loss x multiplies the wealth of bet k by 1 + c_k (x / p - 1); totals suffice, because for a fraction x of a loss
 *     ln(1 + c_k (x / p - 1)) >= x ln(1 + c_k (1 / p - 1)) + (1 - x) ln(1 - c_k).
 * So the state is four numbers, labels may come late, in batches and in any order that does not depend on them, and windows merge by adding.
 *
 * Guarantee: P(ever an alarm) <= alpha while the source's losses have a conditional mean that is constant and the target's never have a
 * conditional mean above it plus the tolerance. A benign shift (inputs move, risk does not) is no alarm. Half of alpha is spent on each sequence.
 * What it is not: the target's losses are counted from its start, so that a late change is diluted by the good time before; e_sr with
 * m0 = risk_monitor_limit() is the detector for that. Bytes of state: 80. */
struct risk_monitor_options {
    double alpha;     /* P(ever a false alarm), 1e-12 .. 0.5. Default 0.01. */
    double tolerance; /* Added to the source risk, 0 .. 1. Default 0. */
};

struct risk_monitor {
    double alpha, tolerance;
    double source_loss, target_loss; /* Sums of losses. */
    uint64_t source_n, target_n;
    double source_upper; /* Smallest upper bound of the source risk so far; 1 without labels. */
    double evidence; /* ln of the e-value against "target risk <= source_upper + tolerance" now; 0 without labels. */
    double evidence_max; /* Largest so far. */
    bool source_fixed;   /* The source was given once, by risk_monitor_source_fixed. */
    bool alarmed;        /* Latched: the guarantee is about ever. */
};

struct risk_monitor_options risk_monitor_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *risk_monitor_wrong(const struct risk_monitor_options *options);
/* The options must be right (risk_monitor_wrong). */
void risk_monitor_init(struct risk_monitor *monitor, const struct risk_monitor_options *options);

/* Adds labelled cases of the accepted model (source) or of production (target): errors out of n. errors above n count as n; n = 0 changes nothing.
 * Each returns whether the monitor has alarmed by now. Sources may be added after targets: late labels of the acceptance are welcome. */
bool risk_monitor_source(struct risk_monitor *monitor, uint64_t errors, uint64_t n);
bool risk_monitor_target(struct risk_monitor *monitor, uint64_t errors, uint64_t n);
/* The same for a sum of losses in 0 .. 1 over n cases (a Brier score, a scaled absolute error); clipped to 0 .. n, NaN changes nothing. */
bool risk_monitor_source_loss(struct risk_monitor *monitor, double loss_sum, uint64_t n);
bool risk_monitor_target_loss(struct risk_monitor *monitor, double loss_sum, uint64_t n);

/* The whole acceptance set at once, when its size was set beforehand: its bound is that of one look (risk_upper_fixed) and tighter. Once, and not
 * together with the other two. */
bool risk_monitor_source_fixed(struct risk_monitor *monitor, double loss_sum, uint64_t n);

/* What the target risk is held against: source_upper + tolerance, at most 1. */
double risk_monitor_limit(const struct risk_monitor *monitor);
/* Lower confidence bound of the target risk, now; 0 without labels. The alarm is: above the limit. */
double risk_monitor_target_lower(const struct risk_monitor *monitor);
/* ln of the e-value that the alarm is decided by, now, and the value that it must reach: ln(2 / alpha). */
double risk_monitor_evidence(const struct risk_monitor *monitor);
double risk_monitor_threshold(const struct risk_monitor *monitor);
bool risk_monitor_has_alarmed(const struct risk_monitor *monitor);
/* Forgets the target and the alarm (a new version is deployed); the source stays. */
void risk_monitor_restart(struct risk_monitor *monitor);
void risk_monitor_visit(struct visit *visit, const char *name, struct risk_monitor *monitor);

/* The bounds themselves, for a sum of losses over n cases (n = 0 gives 0 and 1): each fails at any time with probability at most alpha. */
double risk_lower(double loss_sum, uint64_t n, double alpha);
double risk_upper(double loss_sum, uint64_t n, double alpha);
/* Upper bound for one look at n cases, n set beforehand (Hoeffding 1963, theorem 1, inverted): the largest u with n KL(loss_sum / n, u) <= ln(1 / alpha). */
double risk_upper_fixed(double loss_sum, uint64_t n, double alpha);

#endif
