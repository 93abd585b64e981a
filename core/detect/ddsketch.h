/* SPDX-License-Identifier: Apache-2.0 */
/* DDSketch: quantiles of an unbounded stream within a relative error, mergeable. */
#ifndef CORE_DETECT_DDSKETCH_H
#define CORE_DETECT_DDSKETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/visit.h"

/* Masson, Rim, Lee 2019, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB 12(12). With gamma = (1 + alpha) / (1 -
 * alpha), bucket i counts gamma^(i-1) < |x| <= gamma^i (section 2.1), positive and negative values and zero apart; a quantile is answered with
 * 2 gamma^i / (gamma + 1), within alpha of the exact one (proposition 4; here alpha + 1e-12, as i comes from a logarithm of 2 ulp).
 * Of either sign the DDSKETCH_BUCKETS highest are kept and smaller magnitudes share the lowest of them (section 2.2, collapsing): they alone lose the guarantee.
 * At alpha = 0.01 that is after 17 decades. Smallest and largest value are exact.
 * What is in a bucket depends on the set of values only, so that any split of the stream and any order of merging gives the same sketch. Counts stop at
 * 2^64 - 1. NaN and infinities are counted and never stored. Bytes of state: 32,856. */
enum { DDSKETCH_BUCKETS = 2048 };

struct ddsketch_store {
    uint64_t n;
    int32_t highest; /* Index of the highest bucket in use, when n > 0. */
    uint64_t counts[DDSKETCH_BUCKETS]; /* Of bucket i at i mod DDSKETCH_BUCKETS, for highest - DDSKETCH_BUCKETS < i <= highest. */
};

struct ddsketch {
    double alpha;
    double log_gamma; /* Follows from alpha. */
    uint64_t n_zero, n_missing, n_infinite;
    double min, max;                          /* When there is a value. */
    struct ddsketch_store positive, negative; /* negative by |x|. */
};

/* 1e-4 <= alpha <= 0.5. */
void ddsketch_init(struct ddsketch *sketch, double alpha);
/* NaN counts as missing. */
void ddsketch_add(struct ddsketch *sketch, double x);
void ddsketch_add_missing(struct ddsketch *sketch);
/* Finite values. */
uint64_t ddsketch_n(const struct ddsketch *sketch);
/* The lower quantile: the value of rank floor(q (n - 1)) from 0, 0 <= q <= 1; NaN when there is none. Within min .. max. */
double ddsketch_quantile(const struct ddsketch *sketch, double q);
/* False, and nothing is added, when the alphas differ. */
bool ddsketch_merge(struct ddsketch *sketch, const struct ddsketch *other);
/* A reader checks and fails. */
void ddsketch_visit(struct visit *visit, const char *name, struct ddsketch *sketch);

#endif
