/* SPDX-License-Identifier: Apache-2.0 */
/* ECDD: an EWMA chart for errors whose limit follows the error rate. */
#ifndef CORE_DETECT_ECDD_H
#define CORE_DETECT_ECDD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Ross, Adams, Tasoulis, Hand, "Exponentially weighted moving average charts for detecting concept drift", Pattern Recognition Letters 33, 2012,
 * sections 3 and 4. p is the mean of all t errors since the last alarm, Z <- lambda x + (1 - lambda) Z from 0,
 *     s^2 = p (1 - p) lambda / (2 - lambda) (1 - (1 - lambda)^(2 t)),
 * a drift when Z > p + L s and a warning when Z > p + warning L s, once t >= min_instances. L is the authors' polynomial in p for an average run length of
 * 100, 400 or 1000 errors and answers at lambda 0.2. Only rises alarm. Where p leaves 0 .. 1 because other values than 0 and 1 came, s is no number and
 * nothing is said. The step after an alarm starts afresh. */
enum ecdd_run_length { ECDD_ARL_100, ECDD_ARL_400, ECDD_ARL_1000 };
struct ecdd_options {
    uint32_t min_instances; /* 1 .. 2^31. */
    double lambda;          /* 0 .. 1. */
    double warning;         /* 0 .. 1. */
    enum ecdd_run_length arl;
};
/* frouros': min_instances 30, lambda 0.2, warning 0.5, ECDD_ARL_400. */
struct ecdd_options ecdd_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *ecdd_wrong(const struct ecdd_options *options);

/* 72 bytes. */
struct ecdd {
    struct ecdd_options options;
    double n, p, z;
    double remainder; /* (1 - lambda)^(2 n). */
    bool is_over;     /* The alarm was given, the next value starts anew. */
};

/* The options must be right (ecdd_wrong). */
void ecdd_init(struct ecdd *ecdd, const struct ecdd_options *options);
/* x is finite (detector_step keeps the rest out). */
enum detect_signal ecdd_step(struct ecdd *ecdd, double x);
/* Z, the recent error rate. */
double ecdd_statistic(const struct ecdd *ecdd);

#endif
