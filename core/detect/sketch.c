/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-bin sketch. */
#include "core/detect/sketch.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static bool is_finite(double x) { return x - x == 0.0; }

static void count(uint64_t *counter, uint64_t more)
{
    *counter = *counter > UINT64_MAX - more ? UINT64_MAX : *counter + more;
}

/* Appends an edge unless it is not above the last one. */
static void put_edge(struct sketch *sketch, uint32_t *n_edges, double edge)
{
    if (*n_edges == 0 || edge > sketch->edges[*n_edges - 1]) {
        sketch->edges[(*n_edges)++] = edge;
    }
}

static void close_edges(struct sketch *sketch, uint32_t n_edges)
{
    if (n_edges == 1) {
        sketch->edges[n_edges++] = sketch->edges[0];
    }
    sketch->n_bins = n_edges - 1;
}

void sketch_init_even(struct sketch *sketch, double lo, double hi, uint32_t n_bins)
{
    ASSERT(n_bins >= 1);
    ASSERT(n_bins <= SKETCH_BINS_MAX);
    ASSERT(is_finite(lo));
    ASSERT(is_finite(hi));
    ASSERT(lo <= hi);
    *sketch = (struct sketch){0};
    double width = hi - lo;
    uint32_t n_edges = 0;
    for (uint32_t i = 0; i < n_bins; i++) {
        double share = (double)i / (double)n_bins;
        /* numpy's way, unless hi - lo is more than a double holds. */
        double edge = is_finite(width) ? (double)i * (width / (double)n_bins) + lo
                                       : lo * (1.0 - share) + hi * share;
        put_edge(sketch, &n_edges, edge < hi ? edge : hi);
    }
    put_edge(sketch, &n_edges, hi);
    close_edges(sketch, n_edges);
}

void sketch_init_quantiles(struct sketch *sketch, const double *sorted, size_t n, uint32_t n_bins)
{
    ASSERT(n >= 1);
    ASSERT(n_bins >= 1);
    ASSERT(n_bins <= SKETCH_BINS_MAX);
    *sketch = (struct sketch){0};
    uint32_t n_edges = 0;
    for (uint32_t i = 0; i <= n_bins; i++) {
        size_t at = (size_t)((double)i / (double)n_bins * (double)(n - 1) + 0.5);
        ASSERT(is_finite(sorted[at]));
        put_edge(sketch, &n_edges, sorted[at]);
    }
    close_edges(sketch, n_edges);
}

void sketch_init_like(struct sketch *sketch, const struct sketch *other)
{
    struct sketch empty = {.n_bins = other->n_bins};
    for (uint32_t i = 0; i <= other->n_bins; i++) {
        empty.edges[i] = other->edges[i];
    }
    *sketch = empty;
}

/* The last bin whose lower edge is <= x, for x within the edges. */
static uint32_t bin_of(const struct sketch *sketch, double x)
{
    uint32_t low = 0, high = sketch->n_bins;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        bool is_above = x >= sketch->edges[middle];
        low = is_above ? middle : low;
        high = is_above ? high : middle;
    }
    return low;
}

void sketch_add(struct sketch *sketch, double x)
{
    if (x != x) {
        count(&sketch->n_missing, 1);
    } else if (!is_finite(x)) {
        count(&sketch->n_infinite, 1);
    } else if (x < sketch->edges[0]) {
        count(&sketch->n_below, 1);
    } else if (x > sketch->edges[sketch->n_bins]) {
        count(&sketch->n_above, 1);
    } else {
        count(&sketch->counts[bin_of(sketch, x)], 1);
    }
}

void sketch_add_missing(struct sketch *sketch) { count(&sketch->n_missing, 1); }

uint64_t sketch_n(const struct sketch *sketch)
{
    uint64_t sum = sketch->n_below;
    for (uint32_t i = 0; i < sketch->n_bins; i++) {
        count(&sum, sketch->counts[i]);
    }
    count(&sum, sketch->n_above);
    return sum;
}

uint64_t sketch_total(const struct sketch *sketch)
{
    uint64_t sum = sketch_n(sketch);
    count(&sum, sketch->n_missing);
    count(&sum, sketch->n_infinite);
    return sum;
}

static bool has_same_edges(const struct sketch *a, const struct sketch *b)
{
    bool is_same = a->n_bins == b->n_bins;
    for (uint32_t i = 0; is_same && i <= a->n_bins; i++) {
        is_same = a->edges[i] <= b->edges[i] && a->edges[i] >= b->edges[i];
    }
    return is_same;
}

bool sketch_merge(struct sketch *sketch, const struct sketch *other)
{
    if (!has_same_edges(sketch, other)) {
        return false;
    }
    for (uint32_t i = 0; i < sketch->n_bins; i++) {
        count(&sketch->counts[i], other->counts[i]);
    }
    count(&sketch->n_below, other->n_below);
    count(&sketch->n_above, other->n_above);
    count(&sketch->n_missing, other->n_missing);
    count(&sketch->n_infinite, other->n_infinite);
    return true;
}

size_t sketch_masses(const struct sketch *sketch, bool with_missing,
                     double ret_masses[SKETCH_CELLS_MAX])
{
    size_t n = 0;
    ret_masses[n++] = (double)sketch->n_below;
    for (uint32_t i = 0; i < sketch->n_bins; i++) {
        ret_masses[n++] = (double)sketch->counts[i];
    }
    ret_masses[n++] = (double)sketch->n_above;
    if (with_missing) {
        ret_masses[n++] = (double)sketch->n_missing;
    }
    return n;
}

bool sketch_is_empty(const struct sketch *sketch) { return sketch_total(sketch) == 0; }

bool sketch_is_constant(const struct sketch *sketch)
{
    uint64_t n = sketch_n(sketch);
    bool is_one = n > 0 && (sketch->n_below == n || sketch->n_above == n);
    for (uint32_t i = 0; n > 0 && i < sketch->n_bins; i++) {
        is_one = is_one || sketch->counts[i] == n;
    }
    return is_one;
}

/* Integral of |gap| while it goes evenly from one value to another over a width. */
static double under_line(double from, double to, double width)
{
    bool is_crossing = (from < 0.0 && to > 0.0) || (from > 0.0 && to < 0.0);
    double area = 0.5 * (d_abs(from) + d_abs(to));
    if (is_crossing) {
        area = 0.5 * (from * from + to * to) / (d_abs(from) + d_abs(to));
    }
    return area * width;
}

double sketch_wasserstein(const struct sketch *a, const struct sketch *b)
{
    ASSERT(has_same_edges(a, b));
    double n_a = (double)sketch_n(a), n_b = (double)sketch_n(b);
    if (n_a <= 0.0 || n_b <= 0.0) {
        return 0.0;
    }
    double gap = (double)a->n_below / n_a - (double)b->n_below / n_b, sum = 0.0;
    for (uint32_t i = 0; i < a->n_bins; i++) {
        double next = gap + ((double)a->counts[i] / n_a - (double)b->counts[i] / n_b);
        sum += under_line(gap, next, a->edges[i + 1] - a->edges[i]);
        gap = next;
    }
    return sum;
}

static bool is_possible(const struct sketch *sketch)
{
    bool is_single = sketch->n_bins == 1;
    bool is_sound = true;
    for (uint32_t i = 0; is_sound && i <= sketch->n_bins; i++) {
        is_sound = is_finite(sketch->edges[i]);
        if (i > 0) {
            bool is_equal = is_single && sketch->edges[0] >= sketch->edges[1];
            is_sound = is_sound && (sketch->edges[i] > sketch->edges[i - 1] ||
                                    (is_equal && sketch->edges[0] <= sketch->edges[1]));
        }
    }
    return is_sound;
}

void sketch_visit(struct visit *visit, const char *name, struct sketch *sketch)
{
    visit_begin(visit, name, -1);
    visit_u32(visit, "bins", &sketch->n_bins);
    bool fits = sketch->n_bins >= 1 && sketch->n_bins <= SKETCH_BINS_MAX;
    for (uint32_t i = 0; fits && i <= sketch->n_bins; i++) {
        visit_f64(visit, "edge", &sketch->edges[i]);
    }
    for (uint32_t i = 0; fits && i < sketch->n_bins; i++) {
        visit_u64(visit, "count", &sketch->counts[i]);
    }
    visit_u64(visit, "below", &sketch->n_below);
    visit_u64(visit, "above", &sketch->n_above);
    visit_u64(visit, "missing", &sketch->n_missing);
    visit_u64(visit, "infinite", &sketch->n_infinite);
    visit_end(visit);
    if (visit->reading && (visit->failed || !fits || !is_possible(sketch))) {
        visit->failed = true;
        sketch_init_even(sketch, 0.0, 1.0, 1);
    }
}
