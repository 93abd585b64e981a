/* SPDX-License-Identifier: Apache-2.0 */
/* KSWIN: the newest values of a window against a sample of the older ones, by Kolmogorov and Smirnov. */
#ifndef CORE_DETECT_KSWIN_H
#define CORE_DETECT_KSWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Raab, Heusinger, Schleif, "Reactive soft prototype computing for concept drift streams", Neurocomputing 2020, as river has it: once the
 * window is full, each value draws `stat` of the window - stat older ones without replacement and tests them against the `stat` newest; a drift
 * when the exact two-sided p <= alpha and D > 0.1. The value after an alarm starts from nothing, the draws from the seed. alpha is per look and
 * there is a look a value, so it is no rate of false alarms.
 *
 * The draws are those of CPython's random.Random(seed).sample(range(window - stat), stat): MT19937 (Matsumoto and Nishimura, TOMACS 1998)
 * seeded by init_by_array with the 32-bit words of the seed, a number below n from the top bits of one output with rejection, and the pool or
 * the set method by CPython's rule for the size. */
enum { KSWIN_WINDOW_MAX = 1024, KSWIN_STATE_WORDS = 624 };

struct kswin_options {
    double alpha;    /* In [0, 1]. */
    uint32_t window; /* 2 .. KSWIN_WINDOW_MAX. */
    uint32_t stat;   /* 1 .. window / 2. */
    uint64_t seed;
};
/* river's: alpha 0.005, window 100, stat 30; seed 0 where river would take one from the machine. */
struct kswin_options kswin_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *kswin_wrong(const struct kswin_options *options);

/* 21.0 kB whatever the stream. */
struct kswin {
    struct kswin_options options;
    uint32_t n;        /* Values in the window. */
    uint32_t oldest;   /* Slot of the oldest value once it is full. */
    uint32_t distance; /* Of the last look, D = distance / stat. */
    uint32_t quiet; /* Distances up to here are known to be no drift, from loud on they are one. */
    uint32_t loud;
    bool is_over;     /* The alarm was given, the next value starts anew. */
    bool is_pool;     /* CPython's pool method; otherwise its set method. */
    uint32_t state_i; /* Next word of state; KSWIN_STATE_WORDS: none left. */
    uint32_t state[KSWIN_STATE_WORDS];
    double sorted[KSWIN_WINDOW_MAX];  /* The window in order of value, */
    uint16_t slots[KSWIN_WINDOW_MAX]; /* with the slot of each, */
    double values[KSWIN_WINDOW_MAX];  /* and by slot. */
};

/* The options must be right (kswin_wrong). */
void kswin_init(struct kswin *kswin, const struct kswin_options *options);
/* x is finite (detector_step keeps the rest out). DETECT_DRIFT or DETECT_NONE. */
enum detect_signal kswin_step(struct kswin *kswin, double x);
/* D of the last look, 0 before the first. */
double kswin_statistic(const struct kswin *kswin);
/* Its exact p-value, 1 before the first look. */
double kswin_p(const struct kswin *kswin);

#endif
