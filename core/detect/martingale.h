/* SPDX-License-Identifier: Apache-2.0 */
/* Conformal test martingale against a fixed reference: do new values still look like the reference? */
#ifndef CORE_DETECT_MARTINGALE_H
#define CORE_DETECT_MARTINGALE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/prng.h"
#include "core/detect/signal.h"

/* Vovk et al. 2021, "Retrain or not retrain: conformal test martingales for change-point detection", with the simple jumper of its section 4.
 * A value x (a score or a feature) gets the smoothed conformal p-value against n reference values r_i,
 *     p = (#{r_i > x} + u (#{r_i = x} + 1)) / (n + 1),      u uniform on (0,1) from the named stream "detect/ctm" of the seed;
 * three accounts e = -1, 0, 1 share their capital (a part `jump` of all of it is dealt out evenly before each bet) and account e multiplies by
 * 1 + e (p - 1/2). S is the sum, 1 at first.
 *
 * The reference is fixed, so that new values cannot teach the detector what it should notice, but then p is not uniform given the reference: its
 * mean is off 1/2 by the luck of the reference, and a bet of the literature alarms in the long run for certain. The bets are linear, so only that
 * mean matters: with r_i from the same law, E[p | reference] is (sum F(r_i) + 1/2) / (n + 1), F the mid-distribution function, sub-Gaussian with
 * the variance 1/12 of a uniform. Guarded, account e therefore multiplies by 1 + e (p - 1/2) - g with
 *     g = sqrt(ln(2 / d) / (6 n)),
 * which is a supermartingale for all but a share d of references. A shift that moves the mean of p by less than g is not seen: 0.07 at n = 200
 * and c = 100, a shift of a normal mean of a quarter of a standard deviation; 0.03 at n = 1,000, a ninth.
 * Guarantee, guarded, values independent and from the law of the reference:
 *     CTM_EVER  P(ever an alarm) <= 1 / c   (Ville; alarm when S >= 2 c, d = 1 / (2 c))
 *     CTM_ARL   mean observations to an alarm >= c   (Shiryaev-Roberts of the same factors; alarm when it is >= c / 0.99, d = 0.01)
 * Unguarded: g = 0, thresholds c; for comparison with other implementations, valid only while n is large against the square of the run.
 * CTM_EVER loses capital while nothing happens and needs it back after a change; on an endless stream use CTM_ARL. */
enum ctm_guarantee { CTM_EVER, CTM_ARL };

enum { CTM_REFERENCE_MAX = 1024 };

struct ctm_options {
    uint32_t n_reference; /* The first values of the stream are the reference, 2 .. CTM_REFERENCE_MAX. Default 200. */
    double c; /* See above, 1 .. 1e12. Default 100, which is little as a run length: detector.h's arl for CTM_ARL is 10,000. */
    double jump;                  /* 0 .. 1. Default 0.01. */
    uint64_t seed;                /* Of the ties. Default 0. */
    enum ctm_guarantee guarantee; /* Default CTM_EVER. */
    bool guarded;                 /* Default true. */
};

/* 8.3 kB. */
struct ctm {
    struct ctm_options options;
    struct stream ties;
    double threshold, guard;
    double shares[3];     /* Of the accounts e = -1, 0, 1; they sum to 1. */
    double log_capital;   /* ln S: S itself leaves the range of a double on long streams. */
    double log_threshold; /* ln of threshold. */
    double sum;           /* Shiryaev-Roberts sum of the factors of S. */
    double p;             /* Of the last value. */
    bool alarmed, given;  /* given: the reference came from outside. */
    uint32_t n_reference; /* Values in the reference so far. */
    double reference[CTM_REFERENCE_MAX]; /* Ascending. */
};

struct ctm_options ctm_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *ctm_wrong(const struct ctm_options *options);
/* The options must be right (ctm_wrong). */
void ctm_init(struct ctm *ctm, const struct ctm_options *options);
/* Sets the reference: n values, 2 .. CTM_REFERENCE_MAX, none NaN, in any order; copied. It takes the place of options.n_reference. */
void ctm_set_reference(struct ctm *ctm, const double *values, uint32_t n);
/* DETECT_DRIFT on an alarm, else DETECT_NONE. NaN changes nothing; an infinity is a value like others
 * here, but detector_step keeps it out. The step after an alarm starts with a capital of 1, and, unless the reference was set, with a new reference
 * from the values that follow. */
enum detect_signal ctm_step(struct ctm *ctm, double x);
/* S (CTM_EVER, at most e^700) or the Shiryaev-Roberts sum (CTM_ARL) after the last step, and the value that alarms. */
double ctm_statistic(const struct ctm *ctm);
double ctm_threshold(const struct ctm *ctm);
/* The last conformal p-value; 0.5 before the first. */
double ctm_p(const struct ctm *ctm);

#endif
