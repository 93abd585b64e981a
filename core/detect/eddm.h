/* SPDX-License-Identifier: Apache-2.0 */
/* EDDM: errors that come closer together than they once did. */
#ifndef CORE_DETECT_EDDM_H
#define CORE_DETECT_EDDM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Baena-Garcia et al., "Early drift detection method", IWKDDS 2006, section 3.1. p' and s' are mean and standard deviation of the distances between
 * errors (x = 1) since the last alarm, v = p' + 2 s' and v_max its largest. At an error that sets no new v_max, once there were enough errors,
 *     v / v_max < alpha: a warning,      v / v_max < beta: a drift.
 * The implementations in use differ in s' and in what is enough, and so in their alarms: */
enum eddm_flavour {
    EDDM_RIVER, /* s' divides by n - 1; v counts once n > warm_start, errors > warm_start. */
    EDDM_MOA, /* s' divides by n; v counts once n + 1 >= warm_start, errors > warm_start. MOA and scikit-multiflow. */
    EDDM_FROUROS /* s' divides by n; v counts once n >= warm_start, errors >= warm_start. */
};
/* Between errors the last warning stands (frouros: falls). Even a stream without a change alarms every 700 observations or so with the defaults:
 * for parity, not for use. The step after an alarm starts afresh. Only errors that come closer alarm. */
struct eddm_options {
    uint32_t warm_start; /* 1 .. 2^31. */
    double alpha;        /* 0 .. 1, */
    double beta;         /* at most alpha. */
    enum eddm_flavour flavour;
};
/* river's: warm_start 30, alpha 0.95, beta 0.9. */
struct eddm_options eddm_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *eddm_wrong(const struct eddm_options *options);

/* 96 bytes. */
struct eddm {
    struct eddm_options options;
    double n, last_error, n_errors;
    double mean, deviations; /* Of the distances: p', sum of squared deviations. */
    double v_max;
    double ratio;    /* v / v_max at the last error that counted, 1 before. */
    bool is_warning; /* Stands until the next error. */
    bool is_over;    /* The alarm was given, the next value starts anew. */
};

/* The options must be right (eddm_wrong). */
void eddm_init(struct eddm *eddm, const struct eddm_options *options);
/* x is finite (detector_step keeps the rest out); 1 is an error, anything else is none. */
enum detect_signal eddm_step(struct eddm *eddm, double x);
/* v / v_max: falls towards beta. */
double eddm_statistic(const struct eddm *eddm);

#endif
