/* SPDX-License-Identifier: Apache-2.0 */
/* MT19937 after Matsumoto and Nishimura 1998, one word at a time. */
#include "tests/lib/python_random.h"

#include <math.h>

static void mix(uint32_t *state, uint32_t factor, uint32_t i, uint32_t plus)
{
    uint32_t before = state[i - 1] ^ (state[i - 1] >> 30);
    state[i] = (state[i] ^ (before * factor)) + plus;
}

void python_random_init(struct python_random *random, uint32_t seed)
{
    uint32_t *state = random->state;
    state[0] = 19650218;
    for (uint32_t i = 1; i < PYTHON_RANDOM_WORDS; i++) {
        state[i] = 1812433253 * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
    }
    uint32_t i = 1;
    for (uint32_t k = 0; k < 2 * PYTHON_RANDOM_WORDS - 1; k++) {
        if (k < PYTHON_RANDOM_WORDS) {
            mix(state, 1664525, i, seed);
        } else {
            mix(state, 1566083941, i, 0 - i);
        }
        if (++i == PYTHON_RANDOM_WORDS) {
            state[0] = state[PYTHON_RANDOM_WORDS - 1];
            i = 1;
        }
    }
    state[0] = 0x80000000;
    random->next = 0;
}

/* The state is a ring: the word that is used next is renewed just before. */
static uint32_t next_word(struct python_random *random)
{
    uint32_t *state = random->state, i = random->next;
    uint32_t after = (i + 1) % PYTHON_RANDOM_WORDS;
    uint32_t y = (state[i] & 0x80000000) | (state[after] & 0x7fffffff);
    state[i] = state[(i + 397) % PYTHON_RANDOM_WORDS] ^ (y >> 1) ^ (y % 2 == 1 ? 0x9908b0df : 0);
    random->next = after;
    y = state[i];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >> 18);
}

double python_random_unit(struct python_random *random)
{
    uint32_t high = next_word(random) >> 5;
    uint32_t low = next_word(random) >> 6;
    return ((double)high * 67108864.0 + (double)low) / 9007199254740992.0;
}

static int weighted(const double *weights, int n_kinds, double unit)
{
    double total = 0.0, sum = 0.0;
    for (int i = 0; i < n_kinds; i++) {
        total += weights[i];
    }
    int kind = 0;
    for (; kind < n_kinds - 1; kind++) {
        sum += weights[kind];
        if (unit * total < sum) {
            break;
        }
    }
    return kind;
}

void python_random_choices(struct python_random *random, int first, int n_kinds,
                           const double *weights, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double unit = python_random_unit(random);
        int kind =
            weights != NULL ? weighted(weights, n_kinds, unit) : (int)floor(unit * (double)n_kinds);
        values[i] = (double)(first + kind);
    }
}
