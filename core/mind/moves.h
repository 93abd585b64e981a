/* SPDX-License-Identifier: Apache-2.0 */
/* The usual remedies of the simple minds: which verb, which tools it rests on, and its arguments from what those answered. */
#ifndef CORE_MIND_MOVES_H
#define CORE_MIND_MOVES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mind/dossier.h"
#include "core/types/action.h"

enum move {
    MOVE_FALLBACK,
    MOVE_QUARANTINE,
    MOVE_PIN,
    MOVE_DISABLE,
    MOVE_ROLLBACK,
    MOVE_CONFIG,
    MOVE_THRESHOLD,
    MOVE_RETRAIN,
    MOVE_CANARY,
    MOVE_PROMOTE,
    MOVE_RELEASE, /* Of a fallback. */
    N_MOVES
};

/* What the answers do not decide. */
struct move_choice {
    struct table_id table;
    uint32_t feature_mask;
    struct version_id version; /* CANARY PROMOTE. */
    int64_t from_ns;           /* RETRAIN: rows from here to now ... */
    enum train_window window;  /* ... which are called this. */
    int64_t ttl_ns;            /* Of containment. */
};

enum verb move_verb(enum move move);
/* Bits 1 << enum tool. */
uint64_t move_tools(enum move move);
/* False while an answer that an argument needs is missing. */
bool move_args(enum move move, const struct dossier *dossier, const struct move_choice *choice,
               struct model_id model, int64_t now, struct action_args *ret_args);

#endif
