/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in order of value, alone and in pairs. */
#ifndef CORE_DETECT_SAMPLE_H
#define CORE_DETECT_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

/* Sorts upward by merging, O(n log n), no NaN. buffer: n doubles. Equal values, -0 and 0 too, keep their order. */
void sample_sort(double *values, size_t n, double *buffer);

/* Both samples in order; borrowed from the scratch they were put into. */
struct sample_pair {
    const double *a, *b;
    size_t n, m;
};
/* Doubles of scratch for sample_pair_sort. */
size_t sample_pair_scratch(size_t n, size_t m);
/* Copies and sorts; the samples stay as they are. n, m >= 1, no NaN. */
struct sample_pair sample_pair_sort(const double *a, size_t n, const double *b, size_t m,
                                    double *scratch);

/* A walk over the distinct values of both, upward. Start from all zeros. */
struct sample_group {
    double value;
    size_t a_before, b_before; /* Values below. */
    size_t n_a, n_b;           /* Values here. */
};
/* Moves to the next distinct value; false when there is none. */
bool sample_pair_next(const struct sample_pair *pair, struct sample_group *group);

#endif
