/* SPDX-License-Identifier: Apache-2.0 */
/* DDSketch with a window of buckets that moves up and never down. */
#include "core/detect/ddsketch.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static const double alpha_min = 1e-4, alpha_max = 0.5;
/* ln of any double over ln gamma at the smallest alpha: 745.2 / 2e-4. */
static const int32_t index_max = 3726000;

static bool is_finite(double x) { return x - x == 0.0; }

static void count(uint64_t *counter, uint64_t more)
{
    *counter = *counter > UINT64_MAX - more ? UINT64_MAX : *counter + more;
}

static uint32_t place(int32_t index)
{
    return (uint32_t)index % DDSKETCH_BUCKETS; /* Of the two's complement, which 2048 divides. */
}

_Static_assert((DDSKETCH_BUCKETS & (DDSKETCH_BUCKETS - 1)) == 0, "place() needs a power of two");

static int32_t lowest(const struct ddsketch_store *store)
{
    return store->highest - (DDSKETCH_BUCKETS - 1);
}

/* Moves the window up: what falls out of it goes into its lowest bucket. */
static void lift(struct ddsketch_store *store, int32_t highest)
{
    int64_t n_moved = (int64_t)highest - store->highest;
    uint64_t collapsed = 0;
    int32_t first = lowest(store);
    for (int32_t i = 0; i < DDSKETCH_BUCKETS && i < n_moved; i++) {
        uint64_t *bucket = &store->counts[place(first + i)];
        count(&collapsed, *bucket);
        *bucket = 0;
    }
    store->highest = highest;
    count(&store->counts[place(lowest(store))], collapsed);
}

static void store_add(struct ddsketch_store *store, int32_t index, uint64_t more)
{
    if (more == 0) {
        return;
    }
    if (store->n == 0) {
        store->highest = index;
    } else if (index > store->highest) {
        lift(store, index);
    }
    int32_t kept = index < lowest(store) ? lowest(store) : index;
    count(&store->counts[place(kept)], more);
    count(&store->n, more);
}

void ddsketch_init(struct ddsketch *sketch, double alpha)
{
    ASSERT(alpha >= alpha_min);
    ASSERT(alpha <= alpha_max);
    *sketch = (struct ddsketch){.alpha = alpha};
    sketch->log_gamma = d_log1p(alpha) - d_log1p(-alpha);
}

static int32_t index_of(const struct ddsketch *sketch, double magnitude)
{
    double exact = d_log(magnitude) / sketch->log_gamma;
    double whole = d_floor(exact);
    whole = whole < exact ? whole + 1.0 : whole;
    return (int32_t)whole;
}

void ddsketch_add(struct ddsketch *sketch, double x)
{
    if (x != x) {
        count(&sketch->n_missing, 1);
        return;
    }
    if (!is_finite(x)) {
        count(&sketch->n_infinite, 1);
        return;
    }
    bool is_first = ddsketch_n(sketch) == 0;
    sketch->min = is_first || x < sketch->min ? x : sketch->min;
    sketch->max = is_first || x > sketch->max ? x : sketch->max;
    if (x > 0.0) {
        store_add(&sketch->positive, index_of(sketch, x), 1);
    } else if (x < 0.0) {
        store_add(&sketch->negative, index_of(sketch, -x), 1);
    } else {
        count(&sketch->n_zero, 1);
    }
}

void ddsketch_add_missing(struct ddsketch *sketch) { count(&sketch->n_missing, 1); }

uint64_t ddsketch_n(const struct ddsketch *sketch)
{
    uint64_t sum = sketch->negative.n;
    count(&sum, sketch->n_zero);
    count(&sum, sketch->positive.n);
    return sum;
}

/* The bucket of the given rank, counted from the lowest up. */
static int32_t bucket_at(const struct ddsketch_store *store, uint64_t rank)
{
    ASSERT(rank < store->n);
    uint64_t below = 0;
    int32_t index = lowest(store);
    for (int32_t i = 0; i < DDSKETCH_BUCKETS; i++) {
        index = lowest(store) + i;
        uint64_t here = store->counts[place(index)];
        if (rank - below < here) {
            break;
        }
        below += here;
    }
    return index;
}

static double value_of(const struct ddsketch *sketch, int32_t index)
{
    double gamma = (1.0 + sketch->alpha) / (1.0 - sketch->alpha);
    return d_exp((double)index * sketch->log_gamma) * (2.0 / (gamma + 1.0));
}

double ddsketch_quantile(const struct ddsketch *sketch, double q)
{
    ASSERT(q >= 0.0);
    ASSERT(q <= 1.0);
    uint64_t n = ddsketch_n(sketch);
    if (n == 0) {
        return __builtin_nan("");
    }
    double exact = d_floor(q * (double)(n - 1));
    uint64_t rank = exact >= (double)(n - 1) ? n - 1 : (uint64_t)exact;
    double value = 0.0;
    if (rank < sketch->negative.n) {
        value = -value_of(sketch, bucket_at(&sketch->negative, sketch->negative.n - 1 - rank));
    } else if (rank - sketch->negative.n >= sketch->n_zero) {
        value = value_of(sketch,
                         bucket_at(&sketch->positive, rank - sketch->negative.n - sketch->n_zero));
    }
    value = value < sketch->min ? sketch->min : value;
    return value > sketch->max ? sketch->max : value;
}

static void store_merge(struct ddsketch_store *store, const struct ddsketch_store *other)
{
    if (other->n == 0) {
        return;
    }
    if (store->n > 0 && other->highest > store->highest) {
        lift(store, other->highest);
    }
    for (int32_t i = DDSKETCH_BUCKETS - 1; i >= 0; i--) {
        int32_t index = lowest(other) + i;
        store_add(store, index, other->counts[place(index)]);
    }
}

bool ddsketch_merge(struct ddsketch *sketch, const struct ddsketch *other)
{
    bool is_same = sketch->alpha <= other->alpha && sketch->alpha >= other->alpha;
    if (!is_same) {
        return false;
    }
    if (ddsketch_n(other) > 0) {
        bool is_first = ddsketch_n(sketch) == 0;
        sketch->min = is_first || other->min < sketch->min ? other->min : sketch->min;
        sketch->max = is_first || other->max > sketch->max ? other->max : sketch->max;
    }
    store_merge(&sketch->positive, &other->positive);
    store_merge(&sketch->negative, &other->negative);
    count(&sketch->n_zero, other->n_zero);
    count(&sketch->n_missing, other->n_missing);
    count(&sketch->n_infinite, other->n_infinite);
    return true;
}

/* From the highest bucket down to the lowest that is in use. */
static void store_visit(struct visit *visit, const char *name, struct ddsketch_store *store)
{
    uint32_t n_used = 0;
    for (int32_t i = 0; !visit->reading && store->n > 0 && i < DDSKETCH_BUCKETS; i++) {
        n_used = store->counts[place(store->highest - i)] > 0 ? (uint32_t)i + 1 : n_used;
    }
    visit_begin(visit, name, -1);
    visit_i32(visit, "highest", &store->highest);
    visit_u32(visit, "used", &n_used);
    bool fits =
        n_used <= DDSKETCH_BUCKETS && store->highest >= -index_max && store->highest <= index_max;
    if (visit->reading) {
        *store = (struct ddsketch_store){.highest = fits ? store->highest : 0};
    }
    for (uint32_t i = 0; fits && i < n_used; i++) {
        uint64_t *bucket = &store->counts[place(store->highest - (int32_t)i)];
        visit_u64(visit, "count", bucket);
        if (visit->reading) {
            count(&store->n, *bucket);
            fits = i > 0 || *bucket > 0;
        }
    }
    visit_end(visit);
    visit->failed = visit->failed || (visit->reading && !fits);
}

void ddsketch_visit(struct visit *visit, const char *name, struct ddsketch *sketch)
{
    visit_begin(visit, name, -1);
    visit_f64(visit, "alpha", &sketch->alpha);
    visit_u64(visit, "zero", &sketch->n_zero);
    visit_u64(visit, "missing", &sketch->n_missing);
    visit_u64(visit, "infinite", &sketch->n_infinite);
    visit_f64(visit, "min", &sketch->min);
    visit_f64(visit, "max", &sketch->max);
    store_visit(visit, "positive", &sketch->positive);
    store_visit(visit, "negative", &sketch->negative);
    visit_end(visit);
    if (!visit->reading) {
        return;
    }
    bool is_sound = !visit->failed && sketch->alpha >= alpha_min && sketch->alpha <= alpha_max;
    is_sound =
        is_sound && is_finite(sketch->min) && is_finite(sketch->max) && sketch->min <= sketch->max;
    if (!is_sound) {
        visit->failed = true;
        ddsketch_init(sketch, 0.01);
        return;
    }
    sketch->log_gamma = d_log1p(sketch->alpha) - d_log1p(-sketch->alpha);
}
