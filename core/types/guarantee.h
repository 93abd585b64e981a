/* SPDX-License-Identifier: Apache-2.0 */
/* What an alarm may be trusted with: the evidence behind it, and the guarantee of the procedure that issued it. */
#ifndef CORE_TYPES_GUARANTEE_H
#define CORE_TYPES_GUARANTEE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/visit.h"

/* X(NAME, word). */
#define GUARANTEE_TABLE(X)                                                                                           \
    X(NONE, "none") /* No alarm. */                                                                                  \
    X(FDR, "FDR") /* False share of all alarms of the fleet so far, on average: at most the bound. */                \
    X(RUN_LENGTH, "run length") /* Windows to a false alarm, on average: at least the bound. */                      \
    X(EVER,                                                                                                          \
      "ever") /* Probability that any alarm of this word on the model is false, over all time: at most the bound. */ \
    X(RULE, "rule") /* A fixed limit, or a fact: no probability is claimed. */

enum guarantee {
#define X(name, word) GUARANTEE_##name,
    GUARANTEE_TABLE(X)
#undef X
        N_GUARANTEES
};

/* The claim of a mind about its own alarm; with NONE and RULE all but share is 0. The warden records it as that and decides nothing by it. */
struct assurance {
    enum guarantee guarantee;
    double bound;
    double evidence; /* At the alarm. FDR, EVER: an e-value, at most 1 on average under no change. RUN_LENGTH: the statistic, which is none. */
    double level;    /* It was held against 1 / level. */
    double wealth_before, wealth_after; /* FDR: what all tests to come may spend, before and after. */
    double share; /* Of the feature in the evidence of all features, 0 .. 1. */
};

/* Numbers within their ranges and finite. */
bool assurance_is_valid(const struct assurance *assurance);
void assurance_visit(struct visit *visit, struct assurance *assurance);

#endif
