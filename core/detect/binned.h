/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence, by betting, that the counts of a binned feature or of one event have left what is tolerated of their reference. */
#ifndef CORE_DETECT_BINNED_H
#define CORE_DETECT_BINNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/visit.h"
#include "core/detect/dispersion.h"

/* An e-process E_t against a null hypothesis is a statistic that is never below 0 and of which E[E_tau] <= 1 at any stopping time tau while the
 * null holds, so that P(ever E_t >= 1 / a) <= a (Ville). Here: E_t = sum over s <= t of w_s L_s L_{s+1} .. L_t, a mixture over the time at
 * which the change began (Shin, Ramdas, Rinaldo 2023, "E-detectors", section 4.2), where L_t is the binomial likelihood ratio of window t
 * of an alternative p1 to the null p0 < p1. L_t has a conditional mean of at most 1 whenever the event has conditional probability of
 * p0 or less in window t, given the past of the whole fleet, and its rows are independent given that past: nothing has to be independent or alike between
 * windows, and what lies below p0 may wander. For rows that depend on each other within a window L_t is taken to the power 1 / D, D learned from earlier
 * windows (dispersion.h): then the claim holds where D is right, and to the second order of the bet. */

/* Weight w_s of a change at the s-th window (s = 1, 2, ...): 1 / (2.1098 n ln^2 n) with n = s + 1, of which the sum is 1 at most. */
double e_process_weight(uint64_t window);

/* A bet that an event has probability p1 where at most p0 is tolerated. */
struct bet {
    double sum;  /* The e-process. */
    double gain; /* Of an occurrence above a non-occurrence, nats. */
    double loss; /* Of a non-occurrence, nats a row; negative. */
};
/* Keeps the sum; p0 and p1 are held within 1e-6 .. 1 - 1e-6. With p1 <= p0, or a NaN, the bet is that nothing happens: it never gains. */
void bet_place(struct bet *bet, double p0, double p1);
/* Adds a window, the how-manieth, with that many occurrences in n rows; returns the e-process, at most 1e12. n = 0 changes nothing. The dispersion is
 * read, not taught: the caller lets it learn once the window has been judged. */
double bet_step(struct bet *bet, uint64_t occurrences, uint64_t n, uint64_t window,
                const struct dispersion *dispersion);
/* E-value of one test alone: the likelihood ratio of that many occurrences in n independent rows, p0 and p1 as above, at most 1e12. */
double bet_once(double p0, double p1, uint64_t occurrences, uint64_t n);

/* Counts in order of the value: below the reference range, its deciles, above it. Nulls are apart: proportions are of rows that have a value. */
enum {
    BINNED_CELLS = 12,
    BINNED_TAILS = BINNED_CELLS - 1, /* Above and below each inner edge. */
    BINNED_EVENTS = 2 * BINNED_TAILS + BINNED_CELLS - 2
};

/* Null hypothesis: no upper or lower tail of the feature, and no single cell, is more probable than after a shift of its reference by
 * `tolerated` standard deviations (p0 = Phi(Phi^-1(q) + tolerated), q the reference's share with three standard errors of its own
 * sampling added), or than half a per cent. Alternative: the same with `alternative` deviations and one and a half per cent. The tails see shifts
 * and spreads, however many bins share them; the cells see what leaves the tails as they were, as an exchange of values does.
 * The feature's e-process is the mean of its events', which is one as well.
 *
 * The dispersion of a feature is 1 and all of its chi-square beyond the degrees: no event can vary by more, should the rows resemble each other in that
 * one alone. State: 848 bytes, of which 512 follow from the reference; a calm window costs 64 multiplications and no exponential. */
struct binned {
    double sums[BINNED_EVENTS];
    bool is_moving; /* Some sum is above 0. */
    struct dispersion dispersion;
    uint32_t before[BINNED_CELLS]; /* Window that the next look at the dispersion begins with; empty: none. */
    double gains[BINNED_EVENTS], losses[BINNED_EVENTS]; /* Follow from the reference. */
};
/* Nothing was seen; the reference follows. */
void binned_init(struct binned *binned);
/* Forgets the evidence. */
void binned_reset(struct binned *binned);
/* Keeps the sums. shares: of the reference, at least 0, any scale; rows behind them, 0: nothing is known and the bets never gain.
 * let_be: shares that are tolerated as well as the reference's, the larger one of each event; NULL: none. */
void binned_refer(struct binned *binned, const double shares[BINNED_CELLS], uint64_t rows,
                  const double *let_be, double tolerated, double alternative);
/* Adds a window, the how-manieth, of fewer than 2^32 rows; returns the e-process, at most 1e12. A window without rows changes nothing. */
double binned_step(struct binned *binned, const uint32_t cells[BINNED_CELLS], uint64_t window);
/* The window was judged and no alarm came of it: what it shows of the dispersion counts for the next ones. */
void binned_learn(struct binned *binned, const uint32_t cells[BINNED_CELLS], uint64_t window);
/* The next window has no neighbour; what was learned stays. */
void binned_part(struct binned *binned);
double binned_value(const struct binned *binned);
/* The sums only: the caller refers again after reading. */
void binned_visit(struct visit *visit, const char *name, struct binned *binned);

#endif
