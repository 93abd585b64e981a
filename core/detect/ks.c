/* SPDX-License-Identifier: Apache-2.0 */
/* The statistic without a sort of the samples. A first look at some of the values says how many cells each stretch of the doubles deserves; all
 * values are counted in their cells; a cell whose counts cannot hold the maximum is done. The rest, a few per cent of values in samples that
 * are not mostly ties, are put in order and walked through. */
#include "core/detect/ks.h"

#include <stdbool.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/ks_p.h"

/* A stretch is the sign, the exponent and the first bit of the mantissa; CELLS is about how many cells all of them are divided into, so that the counts stay
 * in the second-level cache; LOOKED_AT values decide; below CELLS_LEAST values the samples are one cell. */
enum {
    STRETCH_BITS = 13,
    STRETCHES = 1 << STRETCH_BITS,
    CELLS = 1 << 14,
    CELLS_MAX = 2 * CELLS + STRETCHES,
    LOOKED_AT = 1 << 14,
    CELLS_LEAST = 1 << 12,
    DIGIT_BITS = 11,
    DIGITS = 1 << DIGIT_BITS,
    RUN = 12
};
#define EXACT_UP_TO 10000 /* scipy's MAX_AUTO_N. */
#define RATIO_MAX 2147483647.0

struct cell {
    uint32_t a, b;
};
struct stretch {
    uint32_t first_cell;
    uint32_t shift; /* Of the bits below the stretch's, moved up, to the number of the cell. */
};
struct grid {
    struct stretch stretches[STRETCHES];
    struct cell cells[CELLS_MAX + 1];
    uint64_t n_cells;
};

/* Two samples of which only the order counts, and what is known of the greatest difference. */
struct walk {
    int64_t n, m;
    int64_t highest;  /* |i m - j n|. */
    int64_t rounding; /* Differences this far below the highest may round to more than it. */
    double statistic;
};

_Static_assert(sizeof(struct cell) == sizeof(double), "scratch is counted in doubles");
_Static_assert(sizeof(struct grid) % sizeof(double) == 0, "the keys follow it");

size_t ks_scratch(size_t n, size_t m)
{
    return sizeof(struct grid) / sizeof(double) + 1 + n + m + (n > m ? n : m);
}

/* Order of the unsigned keys is order of the values; -0 is 0. */
static uint64_t key_of(double x)
{
    uint64_t bits = 0;
    x += 0.0;
    memcpy(&bits, &x, sizeof(bits));
    return bits ^ ((uint64_t)((int64_t)bits >> 63) | UINT64_C(1) << 63);
}

static uint32_t cell_of(const struct grid *grid, uint64_t key)
{
    const struct stretch *stretch = &grid->stretches[key >> (64 - STRETCH_BITS)];
    return stretch->first_cell + (uint32_t)((key << STRETCH_BITS) >> 1 >> stretch->shift);
}

/* Merges runs that were put in order by insertion. */
static void sort_few(uint64_t *keys, size_t n, uint64_t *buffer)
{
    for (size_t begin = 0; begin < n; begin += RUN) {
        size_t end = begin + RUN < n ? begin + RUN : n;
        for (size_t i = begin + 1; i < end; i++) {
            uint64_t key = keys[i];
            size_t k = i;
            for (; k > begin && keys[k - 1] > key; k--) {
                keys[k] = keys[k - 1];
            }
            keys[k] = key;
        }
    }
    uint64_t *from = keys, *to = buffer;
    for (size_t run = RUN; run < n; run *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * run) {
            size_t middle = begin + run < n ? begin + run : n;
            size_t end = middle + run < n ? middle + run : n;
            size_t i = begin, k = middle;
            for (size_t out = begin; out < end; out++) {
                bool is_left = k == end || (i < middle && from[i] <= from[k]);
                to[out] = is_left ? from[i++] : from[k++];
            }
        }
        uint64_t *other = from;
        from = to;
        to = other;
    }
    if (from != keys) {
        memcpy(keys, from, n * sizeof(keys[0]));
    }
}

/* By digits from the lowest; a digit that all keys share is passed over. */
static void sort_many(uint64_t *keys, size_t n, uint64_t *buffer)
{
    uint64_t *from = keys, *to = buffer;
    for (uint32_t shift = 0; shift < 64; shift += DIGIT_BITS) {
        uint32_t counts[DIGITS];
        memset(counts, 0, sizeof(counts));
        for (size_t i = 0; i < n; i++) {
            counts[(from[i] >> shift) % DIGITS]++;
        }
        if (counts[(from[0] >> shift) % DIGITS] == n) {
            continue;
        }
        uint32_t sum = 0;
        for (uint32_t digit = 0; digit < DIGITS; digit++) {
            uint32_t count = counts[digit];
            counts[digit] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++) {
            to[counts[(from[i] >> shift) % DIGITS]++] = from[i];
        }
        uint64_t *other = from;
        from = to;
        to = other;
    }
    if (from != keys) {
        memcpy(keys, from, n * sizeof(keys[0]));
    }
}

static void sort(uint64_t *keys, size_t n, uint64_t *buffer)
{
    if (n < DIGITS) {
        sort_few(keys, n, buffer);
    } else {
        sort_many(keys, n, buffer);
    }
}

static int64_t difference_at(const struct walk *walk, int64_t i, int64_t j)
{
    int64_t difference = i * walk->m - j * walk->n;
    return difference < 0 ? -difference : difference;
}

static void visit(struct walk *walk, int64_t i, int64_t j)
{
    int64_t difference = difference_at(walk, i, j);
    if (difference < walk->highest - walk->rounding) {
        return;
    }
    walk->highest = difference > walk->highest ? difference : walk->highest;
    double rounded = d_abs((double)i / (double)walk->n - (double)j / (double)walk->m);
    walk->statistic = rounded > walk->statistic ? rounded : walk->statistic;
}

/* Values in order, after i of the first and j of the second sample. */
static void walk_keys(struct walk *walk, const uint64_t *a, size_t n_a, const uint64_t *b,
                      size_t n_b, int64_t i, int64_t j)
{
    size_t x = 0, y = 0;
    while (x < n_a || y < n_b) {
        uint64_t key = y == n_b || (x < n_a && a[x] < b[y]) ? a[x] : b[y];
        while (x < n_a && a[x] == key) {
            x++;
        }
        while (y < n_b && b[y] == key) {
            y++;
        }
        visit(walk, i + (int64_t)x, j + (int64_t)y);
    }
}

static void fill_keys(uint64_t *keys, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        keys[i] = key_of(values[i]);
    }
}

static void walk_whole(struct walk *walk, const double *a, const double *b, uint64_t *keys)
{
    size_t n = (size_t)walk->n, m = (size_t)walk->m;
    fill_keys(keys, a, n);
    fill_keys(keys + n, b, m);
    sort(keys, n, keys + n + m);
    sort(keys + n, m, keys + n + m);
    walk_keys(walk, keys, n, keys + n, m, 0, 0);
}

static void look_at(uint32_t *counts, const double *values, size_t n, size_t step)
{
    for (size_t i = 0; i < n; i += step) {
        counts[key_of(values[i]) >> (64 - STRETCH_BITS)]++;
    }
}

/* A stretch with share s of the values looked at has about s CELLS cells, at most twice as many, at least one. */
static void divide(struct grid *grid, const double *a, size_t n, const double *b, size_t m)
{
    uint32_t counts[STRETCHES];
    memset(counts, 0, sizeof(counts));
    size_t step = (n + m) / LOOKED_AT + 1;
    look_at(counts, a, n, step);
    look_at(counts, b, m, step);
    uint64_t total = (n - 1) / step + (m - 1) / step + 2;
    uint32_t n_cells = 0;
    for (uint32_t i = 0; i < STRETCHES; i++) {
        uint32_t bits = 0;
        while ((uint64_t)counts[i] * CELLS > total << bits) {
            bits++;
        }
        grid->stretches[i] = (struct stretch){n_cells, 63 - bits};
        n_cells += 1u << bits;
    }
    ASSERT(n_cells <= CELLS_MAX);
    grid->n_cells = n_cells;
    memset(grid->cells, 0, n_cells * sizeof(grid->cells[0]));
}

/* The highest difference between cells, as integers. */
static void visit_borders(struct walk *walk, const struct grid *grid)
{
    int64_t i = 0, j = 0;
    for (uint32_t k = 0; k < grid->n_cells; k++) {
        i += grid->cells[k].a;
        j += grid->cells[k].b;
        visit(walk, i, j);
    }
}

/* Inside a cell the difference is at most what it is when all of one sample come first. */
static bool can_hold(const struct walk *walk, const struct cell *cell, int64_t i, int64_t j)
{
    int64_t least = walk->highest - walk->rounding;
    return cell->a + cell->b > 1 && (difference_at(walk, i + cell->a, j) >= least ||
                                     difference_at(walk, i, j + cell->b) >= least);
}

/* Marks the cells that may hold the maximum. */
static void open_cells(const struct walk *walk, const struct grid *grid, uint8_t *is_open)
{
    int64_t i = 0, j = 0;
    for (uint32_t k = 0; k < grid->n_cells; k++) {
        const struct cell *cell = &grid->cells[k];
        is_open[k] = can_hold(walk, cell, i, j);
        i += cell->a;
        j += cell->b;
    }
}

static size_t gather(const struct grid *grid, const uint8_t *is_open, const double *values,
                     size_t n, uint64_t *keys)
{
    size_t n_keys = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t key = key_of(values[i]);
        keys[n_keys] = key; /* Always written, kept when it counts: no branch to guess. */
        n_keys += is_open[cell_of(grid, key)];
    }
    return n_keys;
}

static void walk_open(struct walk *walk, const struct grid *grid, const uint8_t *is_open,
                      const uint64_t *a, const uint64_t *b)
{
    int64_t i = 0, j = 0;
    for (uint32_t k = 0; k < grid->n_cells; k++) {
        const struct cell *cell = &grid->cells[k];
        if (is_open[k] != 0) {
            walk_keys(walk, a, cell->a, b, cell->b, i, j);
            a += cell->a;
            b += cell->b;
        }
        i += cell->a;
        j += cell->b;
    }
}

static void walk_cells(struct walk *walk, const double *a, const double *b, struct grid *grid,
                       uint64_t *keys)
{
    size_t n = (size_t)walk->n, m = (size_t)walk->m;
    divide(grid, a, n, b, m);
    for (size_t i = 0; i < n; i++) {
        grid->cells[cell_of(grid, key_of(a[i]))].a++;
    }
    for (size_t i = 0; i < m; i++) {
        grid->cells[cell_of(grid, key_of(b[i]))].b++;
    }
    visit_borders(walk, grid);
    uint8_t is_open[CELLS_MAX];
    open_cells(walk, grid, is_open);
    uint64_t *keys_b = keys + n;
    size_t n_a = gather(grid, is_open, a, n, keys);
    size_t n_b = gather(grid, is_open, b, m, keys_b);
    sort(keys, n_a, keys + n + m);
    sort(keys_b, n_b, keys + n + m);
    walk_open(walk, grid, is_open, keys, keys_b);
}

double ks_statistic(const double *a, size_t n, const double *b, size_t m, double *scratch)
{
    ASSERT(n >= 1 && n <= KS_SIZE_MAX);
    ASSERT(m >= 1 && m <= KS_SIZE_MAX);
    /* The three roundings of i / n - j / m are each at most 2^-53, so two differences change places only when they are 6 n m / 2^53 apart. */
    struct walk walk = {.n = (int64_t)n, .m = (int64_t)m};
    walk.rounding = 1 + (walk.n * walk.m >> 50);
    struct grid *grid = (struct grid *)(void *)scratch;
    uint64_t *keys = (uint64_t *)(void *)(scratch + sizeof(*grid) / sizeof(double));
    if (n + m < CELLS_LEAST) {
        walk_whole(&walk, a, b, keys);
    } else {
        walk_cells(&walk, a, b, grid, keys);
    }
    return walk.statistic;
}

static size_t greatest_divisor(size_t a, size_t b)
{
    while (b > 0) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t nearest_even(double x) /* x >= 0, halves to even. */
{
    double whole = d_floor(x), part = x - whole;
    uint64_t below = (uint64_t)whole;
    bool is_up = part > 0.5 || (part >= 0.5 && below % 2 == 1);
    return below + (is_up ? 1 : 0);
}

struct ks_result ks_two_sample(const double *a, size_t n, const double *b, size_t m,
                               enum ks_method method, double *scratch)
{
    double d = ks_statistic(a, n, b, m, scratch);
    size_t g = greatest_divisor(n, m);
    bool is_exact = method == KS_EXACT;
    if (method == KS_AUTO) {
        is_exact = n <= EXACT_UP_TO && m <= EXACT_UP_TO;
    }
    if (is_exact && (double)(n / g) < RATIO_MAX / (double)(m / g)) {
        uint64_t multiple = (uint64_t)(n / g) * m;
        uint64_t h = nearest_even(d * (double)multiple);
        double p = ks_p_exact(n, m, h, scratch);
        return (struct ks_result){(double)h / (double)multiple, p, KS_EXACT};
    }
    double larger = (double)(n > m ? n : m), smaller = (double)(n > m ? m : n);
    uint64_t count = nearest_even(larger * smaller / (larger + smaller));
    double p = count == 0 ? 1.0 : ks_p_asymptotic(d, count);
    return (struct ks_result){d, p, KS_ASYMPTOTIC};
}
