/* SPDX-License-Identifier: Apache-2.0 */
/* GMA: a geometric moving average of the deviations from the running mean. */
#ifndef CORE_DETECT_GMA_H
#define CORE_DETECT_GMA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Roberts, "Control chart tests based on geometric moving averages", Technometrics 1, 1959, as MOA and frouros have it: with the mean m of all n values
 * since the last alarm, x itself included, S <- alpha S + (1 - alpha) (x - m), and a drift when n >= min_instances and S > threshold. MOA counts one
 * more: set min_instances one less. The threshold is in units of the stream. Only rises alarm. The step after an alarm starts afresh. */
struct gma_options {
    uint32_t min_instances; /* 1 .. 2^31. */
    double alpha;           /* 0 .. 1. */
    double threshold;       /* >= 0, finite. */
};
/* frouros': min_instances 30, alpha 0.99, threshold 1. */
struct gma_options gma_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *gma_wrong(const struct gma_options *options);

/* 56 bytes. */
struct gma {
    struct gma_options options;
    double n, mean, sum;
    bool is_over; /* The alarm was given, the next value starts anew. */
};

/* The options must be right (gma_wrong). */
void gma_init(struct gma *gma, const struct gma_options *options);
/* x is finite and so is every sum of such values (detector_step keeps the rest out). DETECT_DRIFT or DETECT_NONE. */
enum detect_signal gma_step(struct gma *gma, double x);
/* S, which is held against the threshold. */
double gma_statistic(const struct gma *gma);

#endif
