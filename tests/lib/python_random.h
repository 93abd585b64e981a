/* SPDX-License-Identifier: Apache-2.0 */
/* CPython's random.Random for tests: published streams of reference implementations are made anew instead of kept. */
#ifndef TESTS_LIB_PYTHON_RANDOM_H
#define TESTS_LIB_PYTHON_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { PYTHON_RANDOM_WORDS = 624 };
struct python_random {
    uint32_t state[PYTHON_RANDOM_WORDS];
    uint32_t next;
};
/* random.Random(seed) for a seed of 32 bits: MT19937, init_by_array. */
void python_random_init(struct python_random *random, uint32_t seed);
/* random(): 53 bits in [0, 1). */
double python_random_unit(struct python_random *random);
/* choices(range(first, first + n_kinds), k=n), appended at values; weights may be NULL. */
void python_random_choices(struct python_random *random, int first, int n_kinds,
                           const double *weights, double *values, size_t n);

#endif
