/* SPDX-License-Identifier: Apache-2.0 */
/* Dispersion: how much more counts of one window after another differ than those of independent rows would, learned as windows come. */
#ifndef CORE_DETECT_DISPERSION_H
#define CORE_DETECT_DISPERSION_H

#include <stdint.h>

#include "core/base/visit.h"

/* Rows of one window that resemble each other (a burst of failures, a series in time, a batch of one customer) say less than their number: with a
 * correlation r between any two of n rows the variance of a count is D = 1 + (n - 1) r times the binomial one (McCullagh, Nelder 1989,
 * "Generalized Linear Models", section 4.5). Log likelihood ratios are therefore divided by D, as quasi-likelihood has it (section 9). By Jensen's
 * inequality a ratio to the power 1 / D still has a mean of at most 1 where rows are independent, for any D that the past gives; where variances are D
 * times the binomial ones its mean is 1 to the second order of what is bet on.
 *
 * D is the mean of looks: the chi-square of two windows in a row, whose mean is 1 a degree for windows of one rate, wherever that rate wanders between
 * pairs. It begins as DISPERSION_PRIOR looks of `dispersion_prior`; what is used is that mean and two errors of a mean of normal squares above it, at
 * least 1. So a stream of which nothing was seen is judged at D = 24, after 24 looks at independent rows at 2.4, after 100 at 1.4.
 * A look counts as 16 times what is used at most, so that one step of the rate, which is no dispersion, does not make the stream deaf.
 * D is that of windows of the size it was learned on: where windows grow, it lags behind. */
struct dispersion {
    double value;     /* Mean of the looks, the prior's included. */
    uint32_t n_looks; /* At most DISPERSION_MEMORY; from there on old looks fade. */
    uint32_t before,
        before_n; /* Of a rate: the window that the next look begins with; no rows: none. */
};
enum { DISPERSION_PRIOR = 2, DISPERSION_MEMORY = 256 };

void dispersion_init(struct dispersion *dispersion);
/* Adds a look: 1 on average where rows are independent. */
void dispersion_look(struct dispersion *dispersion, double look);
/* Takes a window of a rate in: that many occurrences in n rows. Of windows under an alarm nothing must be learned: see forget. */
void dispersion_take(struct dispersion *dispersion, uint32_t occurrences, uint32_t n);
/* The next window has no neighbour: something came between, or another version serves. What was learned stays. */
void dispersion_forget(struct dispersion *dispersion);
/* What evidence is to be divided by, 1 .. 2e4. */
double dispersion_used(const struct dispersion *dispersion);
void dispersion_visit(struct visit *visit, const char *name, struct dispersion *dispersion);

#endif
