/* SPDX-License-Identifier: Apache-2.0 */
/* Names, words and kinds of the invariants. */
#include "core/base/assert.h"
#include "sim/judge/judge.h"

struct invariant_row {
    const char *name, *words;
    bool enforceable, checked;
};

static const struct invariant_row invariant_rows[N_INVARIANTS] = {
#define X(id, enforceable, checked, words) {#id, words, enforceable, checked},
    INVARIANT_TABLE(X)
#undef X
};

const char *invariant_name(enum invariant invariant)
{
    ASSERT((unsigned)invariant < N_INVARIANTS);
    return invariant_rows[invariant].name;
}

const char *invariant_words(enum invariant invariant)
{
    ASSERT((unsigned)invariant < N_INVARIANTS);
    return invariant_rows[invariant].words;
}

bool invariant_is_enforceable(enum invariant invariant)
{
    ASSERT((unsigned)invariant < N_INVARIANTS);
    return invariant_rows[invariant].enforceable;
}

bool invariant_is_checked(enum invariant invariant)
{
    ASSERT((unsigned)invariant < N_INVARIANTS);
    return invariant_rows[invariant].checked;
}
