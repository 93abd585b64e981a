/* SPDX-License-Identifier: Apache-2.0 */
/* Incremental Kolmogorov-Smirnov: a sliding window against a reference window, exactly, in logarithmic time a value. */
#ifndef CORE_DETECT_IKS_H
#define CORE_DETECT_IKS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* dos Reis, Flach, Matwin, Batista, "Fast unsupervised online drift detection using incremental Kolmogorov-Smirnov test", KDD 2016. The first
 * values of the stream are the reference. Where the paper has a treap, here the distinct values of the reference are the leaves of a tree that
 * stays as it is: a leaf counts the values of the window between the reference value before it and its own, and those equal to it; a node knows
 * the sum and the extremes of the running difference n_reference * (in the window) - n_window * (in the reference), all integers. Ties are
 * exact, without the paper's random tie-break. */
enum iks_start {
    IKS_START_FULL, /* The window begins as the newest values of the reference and slides (the authors' IKSSW). */
    IKS_START_EMPTY /* The first look is after `window` values that follow the reference (frouros). */
};
enum { IKS_SIZE_MAX = 1024 };

struct iks_options {
    uint32_t reference; /* 1 .. IKS_SIZE_MAX values. */
    uint32_t window;    /* 1 .. IKS_SIZE_MAX values, with IKS_START_FULL at most reference. */
    double critical; /* Drift when D > critical * sqrt((n + m) / (n m)), the paper's c(alpha), > 0, */
    double alpha;    /* unless this is > 0: drift when the exact p-value <= alpha, in [0, 1]. */
    enum iks_start start;
};
/* The authors': reference and window 500 values, critical 1.95 (an asymptotic p-value of 0.001), IKS_START_FULL. */
struct iks_options iks_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *iks_wrong(const struct iks_options *options);

struct iks_node {
    int32_t sum, highest, lowest; /* Of the running difference from the node's first leaf on. */
};

/* 47.2 kB whatever the stream. */
struct iks {
    struct iks_options options;
    uint32_t n_reference; /* Values of the reference so far; a look needs all. */
    uint32_t n_window;
    uint32_t oldest;   /* Slot of the oldest value of a full window. */
    uint32_t n_leaves; /* Distinct values of the reference. */
    uint32_t n_base;   /* Leaves of the tree, a power of two. */
    uint32_t distance; /* Of the last look, D = distance / (reference * window). */
    uint32_t quiet; /* Distances up to here are known to be no drift, from loud on they are one. */
    uint32_t loud;
    bool is_over; /* The alarm was given; with the next value the window becomes the reference. */
    double reference[IKS_SIZE_MAX]; /* In order of arrival, then in order of value, each once. */
    double window[IKS_SIZE_MAX];
    uint16_t leaves[IKS_SIZE_MAX]; /* Twice the leaf of a value of the window, plus one when it equals the leaf's value. */
    int32_t below[IKS_SIZE_MAX]; /* Values of the window strictly before a leaf's value. */
    struct iks_node nodes[2 * IKS_SIZE_MAX];
};

/* The options must be right (iks_wrong). */
void iks_init(struct iks *iks, const struct iks_options *options);
/* x is finite (detector_step keeps the rest out). With the value after an alarm the window becomes the reference (the authors' Update). DETECT_DRIFT or DETECT_NONE. */
enum detect_signal iks_step(struct iks *iks, double x);
/* D of the last look, 0 before the first. */
double iks_statistic(const struct iks *iks);
/* Its exact p-value, 1 before the first look. O(reference * window * D) when the sizes differ. */
double iks_p(const struct iks *iks);

#endif
