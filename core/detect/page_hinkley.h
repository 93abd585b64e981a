/* SPDX-License-Identifier: Apache-2.0 */
/* Page-Hinkley: a cumulative sum of deviations from the running mean. */
#ifndef CORE_DETECT_PAGE_HINKLEY_H
#define CORE_DETECT_PAGE_HINKLEY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Page, "Continuous inspection schemes", Biometrika 41, 1954; Gama et al., "A survey on concept drift adaptation", ACM CSUR 2014, section 3.2.
 * With the mean m of all n values since the last alarm, x itself included,
 *     S <- alpha S + x - m - delta,
 * and a drift when S is too large. The implementations differ in what is too large, and so in their alarms: */
enum page_hinkley_flavour {
    PAGE_HINKLEY_CLAMPED, /* S is at least 0; n + 1 >= min_instances, S >= threshold. river until 2023, scikit-multiflow. Rises only. */
    PAGE_HINKLEY_RIVER, /* S - min S > threshold (a rise); max T - T > threshold, T <- alpha T + x - m + delta (a fall); n >= min_instances. river from
                           2023 on; `direction` chooses. */
    PAGE_HINKLEY_MOA, /* S > threshold, not clamped, so that a long calm before the change delays the alarm; n + 1 >= min_instances. MOA, CapyMOA. */
    PAGE_HINKLEY_FROUROS /* The same with n >= min_instances. */
};
enum page_hinkley_direction { PAGE_HINKLEY_UP, PAGE_HINKLEY_DOWN, PAGE_HINKLEY_BOTH };
/* threshold and delta are in units of the stream: standardise it, or scale them. The step after an alarm starts afresh. */
struct page_hinkley_options {
    uint32_t min_instances; /* 1 .. 2^31. */
    double delta;           /* Magnitude of changes to be let pass, finite. */
    double threshold;       /* >= 0, finite. */
    double alpha;           /* Weight of the past sum, 0 .. 1. */
    enum page_hinkley_flavour flavour;
    enum page_hinkley_direction direction; /* PAGE_HINKLEY_RIVER only. */
};
/* river's: min_instances 30, delta 0.005, threshold 50, alpha 0.9999, clamped (what it was until 2023), up. */
struct page_hinkley_options page_hinkley_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *page_hinkley_wrong(const struct page_hinkley_options *options);

/* 104 bytes. */
struct page_hinkley {
    struct page_hinkley_options options;
    double n, mean;
    double rise, fall; /* S and T. */
    double rise_min, fall_max;
    double statistic;
    bool is_over; /* The alarm was given, the next value starts anew. */
};

/* The options must be right (page_hinkley_wrong). */
void page_hinkley_init(struct page_hinkley *test, const struct page_hinkley_options *options);
/* x is finite and so is every sum of such values (detector_step keeps the rest out). DETECT_DRIFT or DETECT_NONE. */
enum detect_signal page_hinkley_step(struct page_hinkley *test, double x);
/* What is held against the threshold; 0 before the first step. */
double page_hinkley_statistic(const struct page_hinkley *test);

#endif
