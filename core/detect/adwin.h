/* SPDX-License-Identifier: Apache-2.0 */
/* ADWIN: a window over a stream that shrinks when its two parts differ in mean. */
#ifndef CORE_DETECT_ADWIN_H
#define CORE_DETECT_ADWIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/signal.h"

/* Bifet and Gavalda, "Learning from time-changing data with adaptive windowing", SDM 2007. The window is kept as an exponential histogram:
 * row i holds up to max_buckets buckets of 2^i values, each a sum and a sum of squared deviations (Babcock et al., PODS 2003, section 3).
 * Every `look_every` values each cut between two buckets is looked at, oldest first; with n0 values before and n1 after it, m = 1 / (n0 - L + 1) + 1 /
 * (n1 - L + 1), L = min_window_length, v the variance of the window of W values and d = ln(2 ln(W) / delta), it is a change when
 *     |mean0 - mean1| > sqrt(2 m v d) + 2/3 m d,
 * and then the oldest bucket goes, and so on until no cut is one. d divides delta by ln W where the paper's proof divides by W, as every
 * implementation in use does, so that delta is no proven bound of false alarms. Both directions alarm. The second term is for values of order 1: for
 * constant values as large as 1e100 the rounding of the sums alone passes for a change, in every implementation; scale such a stream first. */
enum adwin_flavour {
    ADWIN_RIVER, /* Cuts with n0, n1 >= L; the update after an alarm starts from nothing. river from 2024 on. */
    ADWIN_MOA,    /* Cuts with n0, n1 > L + 1; the window only shrinks. */
    ADWIN_FROUROS /* Cuts with n0, n1 > L, m = 1 / (n0 - L - 1) + 1 / (n1 - L - 1), only shrinks; the newest bucket of each row stays on the newer side. */
};

/* Buckets a row at most, and rows: 2^47 values a row and more than a century of a value a microsecond. */
enum { ADWIN_BUCKETS_MAX = 15, ADWIN_ROWS = 48 };
/* Values that may wait for a look before they are put into rows all at once: the default look_every. */
enum { ADWIN_WAITING_MAX = 32 };

struct adwin_options {
    double delta;               /* In (0, 1]. */
    uint32_t look_every;        /* Values between two looks, >= 1. */
    uint32_t max_buckets;       /* 2 .. ADWIN_BUCKETS_MAX. */
    uint32_t min_window_length; /* L, 1 .. 2^20. */
    uint32_t grace_period;      /* No look while the window is not wider than this. */
    enum adwin_flavour flavour;
};
/* river's: delta 0.002, look_every 32 (their clock), max_buckets 5, min_window_length 5, grace_period 10. */
struct adwin_options adwin_defaults(void);
/* NULL when the options are within their ranges, else one clause that names the option and its range. */
const char *adwin_wrong(const struct adwin_options *options);

struct adwin_row {
    uint32_t n; /* Buckets, oldest first. */
    double totals[ADWIN_BUCKETS_MAX];
    double deviations[ADWIN_BUCKETS_MAX]; /* Sums of squared deviations from the bucket's mean. */
};

/* 12.3 kB whatever the stream; a window of W values with the defaults uses the first log2(W / 5) rows of 248 bytes. */
struct adwin {
    struct adwin_options options;
    uint32_t n_rows;
    uint32_t until_look;
    uint32_t n_waiting;
    bool is_over; /* River: the alarm was given, the next value starts anew. */
    /* Of the values in the rows; adwin_settle brings in those that wait. */
    double width, total;
    double deviation;    /* Sum of squared deviations from the mean. */
    double magnitude;    /* At least the sum of absolute values. */
    double spread;       /* d at spread_width, so a bound from below for wider windows. */
    double spread_width; /* 0: none yet. */
    uint64_t n_alarms;
    double waiting[ADWIN_WAITING_MAX];
    struct adwin_row rows[ADWIN_ROWS];
};

/* The options must be right (adwin_wrong). */
void adwin_init(struct adwin *adwin, const struct adwin_options *options);
/* x is finite (detector_step keeps the rest out); beyond 1e140 squares leave the range of a double and changes are missed. DETECT_DRIFT or DETECT_NONE. */
enum detect_signal adwin_step(struct adwin *adwin, double x);
/* Puts the values that wait into the rows, so that width, total and deviation are those of the whole window. Changes no decision. */
void adwin_settle(struct adwin *adwin);
/* Mean of the window; 0 when it is empty. */
double adwin_statistic(const struct adwin *adwin);

#endif
