/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-bin sketch: a column of values as counts, which sketches of other parts of the column can be added to. */
#ifndef CORE_DETECT_SKETCH_H
#define CORE_DETECT_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/visit.h"

/* Bin i holds edges[i] <= x < edges[i + 1], the last one its upper edge too (numpy.histogram). What lies outside is counted below or above; NaN and
 * missing values are counted as missing, infinities apart as well: these are questions of data quality, and no statistic of values sees them.
 * Counts stop at 2^64 - 1. Merging adds counts, so that any split of a column and any order of merging gives the same sketch. Bytes of state: 1,072.
 * Edges at quantiles are the equi-depth histogram of Piatetsky-Shapiro and Connell 1984, "Accurate estimation of the number of tuples satisfying a
 * condition", SIGMOD. */
enum { SKETCH_BINS_MAX = 64, SKETCH_CELLS_MAX = SKETCH_BINS_MAX + 3 };

struct sketch {
    uint32_t n_bins; /* 1 .. SKETCH_BINS_MAX. */
    double edges[SKETCH_BINS_MAX + 1]; /* n_bins + 1 used, finite, strictly rising; a single bin may have equal edges. */
    uint64_t counts[SKETCH_BINS_MAX];
    uint64_t n_below, n_above, n_missing, n_infinite;
};

/* n_bins bins of equal width over lo .. hi, both finite, with numpy.linspace's edges. lo = hi, as in a constant column, makes one bin of that value.
 * Edges that rounding makes equal become one. */
void sketch_init_even(struct sketch *sketch, double lo, double hi, uint32_t n_bins);
/* Bins of about equal share of n sorted finite values, n >= 1: edges at their quantiles i / n_bins, equal ones made one. */
void sketch_init_quantiles(struct sketch *sketch, const double *sorted, size_t n, uint32_t n_bins);
/* The same edges, no counts. */
void sketch_init_like(struct sketch *sketch, const struct sketch *other);
void sketch_add(struct sketch *sketch, double x);
void sketch_add_missing(struct sketch *sketch);
/* All rows: in bins, outside, missing, infinite. */
uint64_t sketch_total(const struct sketch *sketch);
/* Rows with a finite value. */
uint64_t sketch_n(const struct sketch *sketch);
/* False, and nothing is added, when the edges differ. */
bool sketch_merge(struct sketch *sketch, const struct sketch *other);
/* Counts as masses for core/detect/distance.h and two_sample.h: below, the bins, above;
 * with_missing puts missing last. Returns how many: n_bins + 2 or n_bins + 3. Exact below 2^53. */
size_t sketch_masses(const struct sketch *sketch, bool with_missing,
                     double ret_masses[SKETCH_CELLS_MAX]);
/* All rows have one value's bin although there are several bins, or there is no row at all: what a column must not be without anybody knowing. */
bool sketch_is_constant(const struct sketch *sketch);
bool sketch_is_empty(const struct sketch *sketch);
/* Wasserstein-1 between sketches of the same edges, each bin spread evenly over its width; what lies outside stands at the outer edges. Value units; 0
 * when either has no finite row. At most the width of the widest bin off the distance of the samples. */
double sketch_wasserstein(const struct sketch *a, const struct sketch *b);
/* A reader checks the edges and fails. */
void sketch_visit(struct visit *visit, const char *name, struct sketch *sketch);

#endif
