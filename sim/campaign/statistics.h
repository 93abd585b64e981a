/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals and quantiles of a campaign: exact proportions, Kaplan-Meier, paired bootstrap by family. */
#ifndef SIM_CAMPAIGN_STATISTICS_H
#define SIM_CAMPAIGN_STATISTICS_H

#include <stddef.h>

#include "sim/campaign/campaign.h"

/* Clopper-Pearson interval (1934) at 95 %, two-sided. n 0: value NaN, lo 0, hi 1. */
struct interval proportion_interval(uint64_t k, uint64_t n);
/* One-sided 95 % upper bound of a proportion; k 0: 1 - 0.05^(1/n). 1 when n is 0. */
double proportion_upper(uint64_t k, uint64_t n);

struct sample {
    double seconds;
    bool censored; /* Not seen by then. */
};
/* Quantiles of the Kaplan-Meier estimator (1958): the smallest time at which the estimated survival is at most 1 - p. Sorts samples. */
struct quantiles quantiles_of(struct sample *samples, size_t n);

/* Sums of one family for a pair of arms. */
struct family_pair {
    double ours, theirs;
};
/* 1 - sum(ours) / sum(theirs); interval: 95 % percentile bootstrap over families, 2,000 resamples from a named stream. */
struct interval reduction_interval(const struct family_pair *families, size_t n, uint64_t seed);

#endif
