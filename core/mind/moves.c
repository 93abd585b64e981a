/* SPDX-License-Identifier: Apache-2.0 */
/* The usual remedies as a table, and their arguments. */
#include "core/mind/moves.h"

#include "core/base/assert.h"

#define BIT(tool) (UINT64_C(1) << (tool))

static const struct {
    enum verb verb;
    uint64_t tools;
} moves[N_MOVES] = {
    [MOVE_FALLBACK] = {VERB_FALLBACK, BIT(TOOL_TABLES) | BIT(TOOL_LABELS)},
    [MOVE_QUARANTINE] = {VERB_QUARANTINE_DATA, BIT(TOOL_TABLES) | BIT(TOOL_FEATURES)},
    [MOVE_PIN] = {VERB_PIN_SNAPSHOT, BIT(TOOL_TABLES) | BIT(TOOL_FEATURES)},
    [MOVE_DISABLE] = {VERB_DISABLE_FEATURE, BIT(TOOL_TABLES) | BIT(TOOL_FEATURES)},
    [MOVE_ROLLBACK] = {VERB_ROLLBACK,
                       BIT(TOOL_STATE) | BIT(TOOL_REGISTRY) | BIT(TOOL_CHANGES) | BIT(TOOL_LABELS)},
    [MOVE_CONFIG] = {VERB_ROLLBACK_CONFIG,
                     BIT(TOOL_STATE) | BIT(TOOL_CHANGES) | BIT(TOOL_LABELS) | BIT(TOOL_DECISIONS)},
    [MOVE_THRESHOLD] = {VERB_THRESHOLD, BIT(TOOL_LABELS)},
    [MOVE_RETRAIN] = {VERB_RETRAIN, BIT(TOOL_LABELS) | BIT(TOOL_FEATURES)},
    [MOVE_CANARY] = {VERB_CANARY, BIT(TOOL_STATE) | BIT(TOOL_REGISTRY)},
    [MOVE_PROMOTE] = {VERB_PROMOTE, BIT(TOOL_STATE) | BIT(TOOL_REGISTRY)},
    [MOVE_RELEASE] = {VERB_FALLBACK, BIT(TOOL_STATE) | BIT(TOOL_TABLES)},
};

enum verb move_verb(enum move move)
{
    ASSERT((unsigned)move < N_MOVES);
    return moves[move].verb;
}

uint64_t move_tools(enum move move)
{
    ASSERT((unsigned)move < N_MOVES);
    return moves[move].tools;
}

static const struct table_profile *table_of(const struct dossier *dossier, struct table_id table)
{
    for (uint32_t i = 0; i < dossier->tables.n_tables && i < 4; i++) {
        if (dossier->tables.tables[i].table.value == table.value) {
            return &dossier->tables.tables[i];
        }
    }
    return NULL;
}

static bool is_set(struct digest128 digest) { return digest.hi != 0 || digest.lo != 0; }

static bool version_args(const struct dossier *dossier, struct version_id target,
                         struct action_args *args)
{
    const struct registry_version *version = dossier_version(dossier, target);
    if (target.value == 0 || version == NULL) {
        return false;
    }
    args->target = target;
    args->subject = version->digest;
    return is_set(args->subject);
}

static bool table_args(const struct dossier *dossier, const struct move_choice *choice,
                       bool snapshot, struct action_args *args)
{
    const struct table_profile *table = table_of(dossier, choice->table);
    if (table == NULL) {
        return false;
    }
    args->table = choice->table;
    args->ttl_ns = choice->ttl_ns;
    args->subject = snapshot ? table->snapshot : table->batch;
    return is_set(args->subject);
}

bool move_args(enum move move, const struct dossier *dossier, const struct move_choice *choice,
               struct model_id model, int64_t now, struct action_args *ret_args)
{
    struct action_args args = {.model = model};
    bool complete = true;
    switch (move) {
    case MOVE_FALLBACK:
        args.mode = FALLBACK_RULES;
        args.ttl_ns = choice->ttl_ns;
        break;
    case MOVE_QUARANTINE:
        complete = table_args(dossier, choice, false, &args);
        break;
    case MOVE_PIN:
        complete = table_args(dossier, choice, true, &args);
        break;
    case MOVE_DISABLE:
        args.feature_mask = choice->feature_mask;
        args.ttl_ns = choice->ttl_ns;
        complete = args.feature_mask != 0;
        break;
    case MOVE_ROLLBACK:
        complete = version_args(dossier, dossier->state.previous, &args);
        break;
    case MOVE_CONFIG:
        args.target = dossier->state.config_previous;
        complete = args.target.value != 0;
        break;
    case MOVE_THRESHOLD:
        args.step_ppm = 200000; /* A fifth of a score deviation. */
        break;
    case MOVE_RETRAIN:
        args.window = choice->window;
        args.from_ns = choice->from_ns;
        args.to_ns = now;
        complete = args.from_ns < args.to_ns;
        break;
    case MOVE_CANARY:
        args.weight_ppm = 100000; /* The first step of a usual ramp. */
        complete = version_args(dossier, choice->version, &args);
        break;
    case MOVE_PROMOTE:
        complete = version_args(dossier, choice->version, &args);
        break;
    case MOVE_RELEASE:
        args.release = true;
        break;
    case N_MOVES:
        complete = false;
        break;
    }
    if (complete) {
        *ret_args = args;
    }
    return complete;
}
