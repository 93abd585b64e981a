/* SPDX-License-Identifier: Apache-2.0 */
/* A pair of visitors over one tape: the writer records what a visit names, the reader gives it back to another thing. */
#ifndef TESTS_LIB_MEMORY_VISIT_H
#define TESTS_LIB_MEMORY_VISIT_H

#include "core/base/visit.h"

enum { MEMORY_VISIT_VALUES = 1 << 16 };

struct memory_visit {
    struct visit visit;
    size_t n_values, at;
    uint64_t values[MEMORY_VISIT_VALUES]; /* Doubles and signed numbers by their bits; slices by address and length. */
};

void memory_visit_init(struct memory_visit *memory);
/* From here on the tape is read from its start. */
void memory_visit_rewind(struct memory_visit *memory);
/* Whether everything that was written has been read. */
bool memory_visit_is_done(const struct memory_visit *memory);

#endif
