/* SPDX-License-Identifier: Apache-2.0 */
/* A reading visitor that fills any visited struct with random, valid values; small and extreme ones
 * are frequent. */
#ifndef TESTS_LIB_RANDOM_VISIT_H
#define TESTS_LIB_RANDOM_VISIT_H

#include "core/base/prng.h"
#include "core/base/visit.h"

struct random_visit {
    struct visit visit;
    struct stream stream;
    char pool[16384]; /* Bytes that the slices point to: valid as long as this visitor. */
    size_t used;
};

void random_visit_init(struct random_visit *random, uint64_t seed, uint64_t index);

#endif
