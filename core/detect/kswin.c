/* SPDX-License-Identifier: Apache-2.0 */
/* KSWIN on a window kept in order: a look marks the draws and the newest values and walks over the window once. */
#include "core/detect/kswin.h"

#include "core/base/assert.h"
#include "core/detect/ks_p.h"

enum { MT_SHIFT = 397, SAMPLE_SET_LEAST = 21 };

struct kswin_options kswin_defaults(void)
{
    return (struct kswin_options){.alpha = 0.005, .window = 100, .stat = 30, .seed = 0};
}

const char *kswin_wrong(const struct kswin_options *options)
{
    if (!(options->alpha >= 0.0 && options->alpha <= 1.0)) {
        return "alpha is in [0, 1]";
    }
    if (options->window < 2 || options->window > KSWIN_WINDOW_MAX) {
        return "window is in 2 .. 1024";
    }
    if (options->stat < 1 || options->stat > options->window / 2) {
        return "stat is in 1 .. window / 2";
    }
    return NULL;
}

/* init_genrand and init_by_array of Matsumoto and Nishimura's mt19937ar.c (2002), with CPython's key: the seed in 32-bit words, least first. */
static void seed_state(struct kswin *kswin)
{
    uint32_t *state = kswin->state, key[2];
    key[0] = (uint32_t)kswin->options.seed;
    key[1] = (uint32_t)(kswin->options.seed >> 32);
    uint32_t n_key = key[1] == 0 ? 1 : 2;
    state[0] = 19650218u;
    for (uint32_t i = 1; i < KSWIN_STATE_WORDS; i++) {
        state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
    }
    uint32_t i = 1, j = 0;
    for (uint32_t k = 0; k < KSWIN_STATE_WORDS; k++) {
        state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1664525u)) + key[j] + j;
        j = j + 1 == n_key ? 0 : j + 1;
        if (++i == KSWIN_STATE_WORDS) {
            state[0] = state[KSWIN_STATE_WORDS - 1];
            i = 1;
        }
    }
    for (uint32_t k = 1; k < KSWIN_STATE_WORDS; k++) {
        state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) * 1566083941u)) - i;
        if (++i == KSWIN_STATE_WORDS) {
            state[0] = state[KSWIN_STATE_WORDS - 1];
            i = 1;
        }
    }
    state[0] = 0x80000000u;
    kswin->state_i = KSWIN_STATE_WORDS;
}

static uint32_t twisted(uint32_t high, uint32_t low, uint32_t far)
{
    uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return far ^ (y >> 1) ^ (0x9908b0dfu & (0u - (low & 1u)));
}

static void next_state(struct kswin *kswin)
{
    uint32_t *state = kswin->state;
    uint32_t i = 0;
    for (; i < KSWIN_STATE_WORDS - MT_SHIFT; i++) {
        state[i] = twisted(state[i], state[i + 1], state[i + MT_SHIFT]);
    }
    for (; i < KSWIN_STATE_WORDS - 1; i++) {
        state[i] = twisted(state[i], state[i + 1], state[i + MT_SHIFT - KSWIN_STATE_WORDS]);
    }
    state[i] = twisted(state[i], state[0], state[MT_SHIFT - 1]);
    kswin->state_i = 0;
}

static uint32_t draw_word(struct kswin *kswin)
{
    if (kswin->state_i == KSWIN_STATE_WORDS) {
        next_state(kswin);
    }
    uint32_t y = kswin->state[kswin->state_i++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

/* CPython's _randbelow_with_getrandbits; n >= 1. */
static uint32_t draw_below(struct kswin *kswin, uint32_t n)
{
    uint32_t shift = (uint32_t)__builtin_clz(n);
    uint32_t drawn = draw_word(kswin) >> shift;
    while (drawn >= n) {
        drawn = draw_word(kswin) >> shift;
    }
    return drawn;
}

/* CPython's random.sample: a set of drawn numbers costs it less than a pool of n when n exceeds this. */
static uint32_t set_size(uint32_t k)
{
    uint32_t size = SAMPLE_SET_LEAST;
    if (k > 5) {
        uint32_t power = 4;
        while (power < 3 * k) {
            power *= 4;
        }
        size += power;
    }
    return size;
}

static uint32_t slot_of(const struct kswin *kswin, uint32_t age) /* 0: the oldest. */
{
    uint32_t slot = kswin->oldest + age;
    return slot < kswin->options.window ? slot : slot - kswin->options.window;
}

/* Adds one to the marks of the slots drawn. */
static void mark_draws(struct kswin *kswin, int8_t *marks)
{
    uint32_t n = kswin->options.window - kswin->options.stat, k = kswin->options.stat;
    if (!kswin->is_pool) {
        for (uint32_t i = 0; i < k; i++) {
            uint32_t slot = slot_of(kswin, draw_below(kswin, n));
            while (marks[slot] != 0) {
                slot = slot_of(kswin, draw_below(kswin, n));
            }
            marks[slot] = 1;
        }
        return;
    }
    uint16_t pool[KSWIN_WINDOW_MAX];
    for (uint32_t i = 0; i < n; i++) {
        pool[i] = (uint16_t)i;
    }
    /* As draw_below in a loop, but a number that is rejected picks the last of the pool, takes nothing and marks nothing: half the numbers are, and
     * a branch on it would be guessed wrong as often. */
    for (uint32_t left = n; left > n - k;) {
        uint32_t drawn = draw_word(kswin) >> __builtin_clz(left);
        uint32_t is_taken = drawn < left ? 1 : 0;
        uint32_t j = is_taken != 0 ? drawn : left - 1;
        uint32_t slot = slot_of(kswin, pool[j]);
        marks[slot] = (int8_t)(marks[slot] | (int8_t)is_taken);
        pool[j] = pool[left - 1];
        left -= is_taken;
    }
}

static void empty(struct kswin *kswin)
{
    kswin->n = 0;
    kswin->oldest = 0;
    kswin->is_over = false;
    seed_state(kswin);
}

void kswin_init(struct kswin *kswin, const struct kswin_options *options)
{
    ASSERT(kswin_wrong(options) == NULL);
    memset(kswin, 0, sizeof(*kswin));
    kswin->options = *options;
    kswin->is_pool = options->window - options->stat <= set_size(options->stat);
    kswin->loud = options->stat + 1;
    empty(kswin);
}

/* First place whose value is not less than x among n in order. */
static uint32_t place_of(const double *sorted, uint32_t n, double x)
{
    const double *base = sorted;
    while (n > 1) {
        uint32_t half = n / 2;
        base = base[half - 1] < x ? base + half : base;
        n -= half;
    }
    uint32_t place = (uint32_t)(base - sorted);
    return n == 1 && *base < x ? place + 1 : place;
}

static void put(struct kswin *kswin, double x)
{
    uint32_t window = kswin->options.window;
    uint32_t n = kswin->n, slot = n;
    uint32_t hole = n; /* Where a value left the order. */
    if (n == window) {
        slot = kswin->oldest;
        hole = place_of(kswin->sorted, n, kswin->values[slot]);
        while (kswin->slots[hole] != slot) {
            hole++;
        }
        kswin->oldest = slot + 1 == window ? 0 : slot + 1;
    } else {
        kswin->n++;
    }
    uint32_t place = place_of(kswin->sorted, n, x);
    double *sorted = kswin->sorted;
    uint16_t *slots = kswin->slots;
    if (place > hole) {
        place--;
        memmove(sorted + hole, sorted + hole + 1, (place - hole) * sizeof(*sorted));
        memmove(slots + hole, slots + hole + 1, (place - hole) * sizeof(*slots));
    } else {
        memmove(sorted + place + 1, sorted + place, (hole - place) * sizeof(*sorted));
        memmove(slots + place + 1, slots + place, (hole - place) * sizeof(*slots));
    }
    sorted[place] = x;
    slots[place] = (uint16_t)slot;
    kswin->values[slot] = x;
}

/* max |draws - newest| over the values up to each distinct one. */
static uint32_t distance_of(const struct kswin *kswin, const int8_t *marks)
{
    uint32_t n = kswin->n;
    int32_t sum = 0, highest = 0;
    for (uint32_t i = 0; i + 1 < n; i++) {
        sum += marks[kswin->slots[i]];
        int32_t gap = sum < 0 ? -sum : sum;
        gap = kswin->sorted[i] < kswin->sorted[i + 1] ? gap : 0;
        highest = gap > highest ? gap : highest;
    }
    return (uint32_t)highest; /* At the last value both shares are one. */
}

static bool is_drift(struct kswin *kswin)
{
    uint32_t distance = kswin->distance, stat = kswin->options.stat;
    if (distance <= kswin->quiet || distance >= kswin->loud) {
        return distance >= kswin->loud;
    }
    bool is_loud = ks_p_exact(stat, stat, distance, NULL) <= kswin->options.alpha &&
                   (double)distance / (double)stat > 0.1;
    if (is_loud) {
        kswin->loud = distance;
    } else {
        kswin->quiet = distance;
    }
    return is_loud;
}

enum detect_signal kswin_step(struct kswin *kswin, double x)
{
    if (kswin->is_over) {
        empty(kswin);
    }
    put(kswin, x);
    uint32_t window = kswin->options.window, stat = kswin->options.stat;
    if (kswin->n < window) {
        return DETECT_NONE;
    }
    int8_t marks[KSWIN_WINDOW_MAX];
    memset(marks, 0, window);
    mark_draws(kswin, marks);
    for (uint32_t age = window - stat; age < window; age++) {
        marks[slot_of(kswin, age)] = -1;
    }
    kswin->distance = distance_of(kswin, marks);
    kswin->is_over = is_drift(kswin);
    return kswin->is_over ? DETECT_DRIFT : DETECT_NONE;
}

double kswin_statistic(const struct kswin *kswin)
{
    return (double)kswin->distance / (double)kswin->options.stat;
}

double kswin_p(const struct kswin *kswin)
{
    return ks_p_exact(kswin->options.stat, kswin->options.stat, kswin->distance, NULL);
}
