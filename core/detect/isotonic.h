/* SPDX-License-Identifier: Apache-2.0 */
/* Isotonic regression: the closest curve that never falls, by pooling adjacent violators. */
#ifndef CORE_DETECT_ISOTONIC_H
#define CORE_DETECT_ISOTONIC_H

#include <stdint.h>

/* Pool adjacent violators (Ayer, Brunk, Ewing, Reid, Silverman 1955): replaces values[0..n-1] by the non-decreasing sequence f that minimises
 * sum w_i (values_i - f_i)^2, in O(n). weights are > 0; weights and sizes (n each) are scratch and lose their content. */
void isotonic_pool(double *values, double *weights, uint32_t *sizes, uint32_t n);

/* A stream of (score, outcome) in 64 bins of equal width over 0 .. 1; scores outside count in the nearer end bin. 1.5 kB, mergeable by adding. */
enum { ISOTONIC_BINS = 64 };
struct isotonic {
    double n[ISOTONIC_BINS];
    double scores[ISOTONIC_BINS];   /* Sums by bin. */
    double outcomes[ISOTONIC_BINS]; /* Likewise. */
};
/* The fitted curve: knots at the mean score of each bin that holds something, linear between them, constant outside. */
struct isotonic_map {
    uint32_t n_knots;
    double scores[ISOTONIC_BINS]; /* Ascending. */
    double values[ISOTONIC_BINS]; /* Non-decreasing. */
};

void isotonic_init(struct isotonic *isotonic);
/* NaN in either changes nothing. outcome is 0 or 1 for a probability, any finite number for a regression. */
void isotonic_step(struct isotonic *isotonic, double score, double outcome);
void isotonic_merge(struct isotonic *isotonic, const struct isotonic *other);
void isotonic_fit(const struct isotonic *isotonic, struct isotonic_map *ret_map);
/* A map without knots gives the score back. */
double isotonic_at(const struct isotonic_map *map, double score);

#endif
