/* SPDX-License-Identifier: Apache-2.0 */
/* EWMA control chart: an exponentially weighted mean with limits of a known run length. */
#ifndef CORE_DETECT_EWMA_H
#define CORE_DETECT_EWMA_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Roberts, "Control chart tests based on geometric moving averages", Technometrics 1, 1959. z = (x - mean) / deviation, Z <- (1 - lambda) Z + lambda z
 * from 0; a drift when |Z| > c sqrt(lambda / (2 - lambda)). c is the one whose average run length without a change is `arl` (core/detect/arl.h), exact for
 * independent normal values of known mean and deviation. Without these (reference > 0) both are estimated from that many values at first and after
 * each alarm, and more until they differ: the run length then varies about arl with the luck of the reference, and is lower on the whole. */
struct ewma_options {
    double lambda;          /* 0.05 .. 1. */
    double arl;             /* 2 .. 1e6. */
    uint32_t reference;     /* 0 (mean and deviation are given) or 2 .. 2^31. */
    double mean, deviation; /* Finite; deviation > 0. */
};
/* lambda 0.1, arl 1000, reference 100. */
struct ewma_options ewma_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *ewma_wrong(const struct ewma_options *options);

/* 96 bytes. */
struct ewma {
    struct ewma_options options;
    double limit; /* Of |Z|. */
    double n;
    double mean, squares; /* Of the reference. */
    double scale;         /* 1 / deviation; 0 while there is none. */
    double z;
    bool is_over; /* The alarm was given, the next value starts anew. */
};

/* The options must be right (ewma_wrong). Takes about 2 ms to find c. */
void ewma_init(struct ewma *ewma, const struct ewma_options *options);
/* x is finite and so is every sum of such values (detector_step keeps the rest out). DETECT_DRIFT or DETECT_NONE. */
enum detect_signal ewma_step(struct ewma *ewma, double x);
/* Z in deviations, which is held against the limit on either side. */
double ewma_statistic(const struct ewma *ewma);

#endif
