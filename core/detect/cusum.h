/* SPDX-License-Identifier: Apache-2.0 */
/* CUSUM: of the error rate as stream libraries have it, or as a control chart with a run length that is known. */
#ifndef CORE_DETECT_CUSUM_H
#define CORE_DETECT_CUSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Page, "Continuous inspection schemes", Biometrika 41, 1954. */
enum cusum_flavour {
    CUSUM_RUNNING, /* S <- max(0, S + x - m - delta), m the mean of all n values since the last alarm; a drift when n >= min_instances and S > threshold.
                      frouros; MOA with min_instances one less. Rises only. */
    CUSUM_CHART /* z = (x - mean) / deviation; S <- max(0, S + z - k) and, two-sided, the same for -z; a drift when S > h. */
};
/* The chart's h is the one whose average run length without a change is `arl` (core/detect/arl.h), exact for independent normal values of known mean and
 * deviation. Without these (reference > 0) both are estimated from that many values at first and after each alarm, and more until they differ: the
 * run length then varies about arl with the luck of the reference, and is lower on the whole. The step after an alarm starts afresh. */
struct cusum_options {
    enum cusum_flavour flavour;
    uint32_t min_instances;  /* Running: 1 .. 2^31. */
    double delta, threshold; /* Running: finite; threshold >= 0. In units of the stream. */
    double k;                /* Chart: half of the shift to be found, in deviations, 0.25 .. 5. */
    double arl;              /* Chart: 2 .. 1e6. */
    bool two_sided;          /* Chart. */
    uint32_t reference;      /* Chart: 0 (mean and deviation are given) or 2 .. 2^31. */
    double mean, deviation;  /* Chart: finite; deviation > 0. */
};
/* frouros': running, min_instances 30, delta 0.005, threshold 50. The chart's: k 0.5, arl 1000, two-sided, reference 100. */
struct cusum_options cusum_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *cusum_wrong(const struct cusum_options *options);

/* 128 bytes. */
struct cusum {
    struct cusum_options options;
    double h; /* Of the chart. */
    double n;
    double mean, squares; /* Running or reference: mean, sum of squared deviations. */
    double scale;         /* 1 / deviation; 0 while there is none. */
    double rise, fall;
    bool is_over; /* The alarm was given, the next value starts anew. */
};

/* The options must be right (cusum_wrong). A chart takes about 2 ms to find its h. */
void cusum_init(struct cusum *cusum, const struct cusum_options *options);
/* x is finite and so is every sum of such values (detector_step keeps the rest out). DETECT_DRIFT or DETECT_NONE. */
enum detect_signal cusum_step(struct cusum *cusum, double x);
/* The larger sum, which is held against threshold or h. */
double cusum_statistic(const struct cusum *cusum);

#endif
