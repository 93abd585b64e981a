/* SPDX-License-Identifier: Apache-2.0 */
/* The closed list of actions, their typed arguments, content address and life cycle. */
#ifndef CORE_TYPES_ACTION_H
#define CORE_TYPES_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/machine.h"
#include "core/types/deployment.h"
#include "core/types/ident.h"

/* X(NAME, changes state, moves traffic or serving). What changes state passes every layer; the others only tell or wait. */
#define VERB_TABLE(X)                                                                              \
    X(NOOP, false, false)                                                                          \
    X(NOTIFY, false, false)                                                                        \
    X(ESCALATE, false, false)                                                                      \
    X(HOLD, false, false)                                                                          \
    X(FALLBACK, true, true)                                                                        \
    X(PIN_SNAPSHOT, true, true)                                                                    \
    X(QUARANTINE_DATA, true, false)                                                                \
    X(DISABLE_FEATURE, true, true)                                                                 \
    X(CLIP, true, true)                                                                            \
    X(DEDUP, true, false)                                                                          \
    X(RERUN_PIPELINE, true, false)                                                                 \
    X(BACKFILL, true, false)                                                                       \
    X(FREEZE_RETRAIN, true, false)                                                                 \
    X(RETRAIN, true, false)                                                                        \
    X(RECALIBRATE, true, true)                                                                     \
    X(THRESHOLD, true, true)                                                                       \
    X(CANARY, true, true)                                                                          \
    X(ABORT_CANARY, true, true)                                                                    \
    X(PROMOTE, true, true)                                                                         \
    X(ROLLBACK, true, true)                                                                        \
    X(ROLLBACK_CONFIG, true, true)                                                                 \
    X(ROLLBACK_IMAGE, true, true)                                                                  \
    X(SWITCH_MODEL, true, true)                                                                    \
    X(DRAIN, true, true)                                                                           \
    X(SCALE_OUT, true, true)                                                                       \
    X(SHED_LOAD, true, true)                                                                       \
    X(RATE_LIMIT, true, true)                                                                      \
    X(RESTART, true, true)                                                                         \
    X(FAILOVER, true, true)                                                                        \
    X(RECONCILE, true, true)                                                                       \
    X(LOCK, true, false)                                                                           \
    X(STAND_DOWN, false, false)                                                                    \
    X(WAIT_LABELS, false, false)                                                                   \
    X(EXPLORATION, true, true)

enum verb {
#define X(name, changes, serving) VERB_##name,
    VERB_TABLE(X)
#undef X
        N_VERBS
};

/* Labels that end a switch over every verb: what only tells or waits, and what no platform has a lever for yet. */
#define CASE_VERBS_THAT_TELL                                                                       \
    case VERB_NOOP:                                                                                \
    case VERB_NOTIFY:                                                                              \
    case VERB_ESCALATE:                                                                            \
    case VERB_HOLD:                                                                                \
    case VERB_STAND_DOWN:                                                                          \
    case VERB_WAIT_LABELS
#define CASE_VERBS_WITHOUT_LEVER                                                                   \
    case VERB_CLIP:                                                                                \
    case VERB_DEDUP:                                                                               \
    case VERB_RERUN_PIPELINE:                                                                      \
    case VERB_BACKFILL:                                                                            \
    case VERB_RECALIBRATE:                                                                         \
    case VERB_DRAIN:                                                                               \
    case VERB_SHED_LOAD:                                                                           \
    case VERB_RATE_LIMIT:                                                                          \
    case VERB_RESTART:                                                                             \
    case VERB_FAILOVER:                                                                            \
    case VERB_LOCK:                                                                                \
    case VERB_EXPLORATION:                                                                         \
    case N_VERBS

/* Arguments that a verb uses beside the model; all others are zero. */
enum {
    USES_TARGET = 1,
    USES_TABLE = 2,
    USES_MASK = 4,
    USES_ROWS = 8,
    USES_WEIGHT = 16,
    USES_STEP = 32,
    USES_MODE = 64,
    USES_TTL = 128, /* And release. */
    USES_PURGE = 256,
    USES_RECIPIENT = 512,
    USES_SUBJECT = 1024
};

bool verb_changes_state(enum verb verb);
bool verb_moves_serving(enum verb verb);
uint32_t verb_uses(enum verb verb);

/* Rows a RETRAIN asks for. The judge decides from from_ns and to_ns what they really held. */
enum train_window {
    TRAIN_LAST_N,
    TRAIN_POST_CHANGE,
    TRAIN_PRE_CHANGE,
    TRAIN_CLEAN,
    N_TRAIN_WINDOWS
};

enum fallback_mode { FALLBACK_RULES, FALLBACK_LAST_GOOD, N_FALLBACK_MODES };

/* Arguments of every verb; what a verb does not use is zero (layer 3 refuses otherwise). */
struct action_args {
    struct model_id model; /* All. */
    struct version_id target; /* CANARY PROMOTE ROLLBACK SWITCH_MODEL: version; RECONCILE: the version that serves, which the
                                 registry is to show; ROLLBACK_CONFIG: config version. */
    struct table_id table;    /* QUARANTINE_DATA PIN_SNAPSHOT; 0 elsewhere. */
    uint32_t feature_mask;    /* DISABLE_FEATURE CLIP: bit i is feature i of the model. */
    enum train_window window; /* RETRAIN. */
    int64_t from_ns, to_ns;   /* RETRAIN: rows of [from, to). */
    uint32_t weight_ppm;      /* CANARY: share of the model's traffic. */
    int32_t step_ppm; /* THRESHOLD: shift of the decision threshold in millionths of a score sd; > 0 tightens. */
    enum fallback_mode mode; /* FALLBACK. */
    int64_t ttl_ns; /* FALLBACK PIN_SNAPSHOT QUARANTINE_DATA DISABLE_FEATURE FREEZE_RETRAIN: stands this long; 0 none. */
    bool release;   /* The same verbs: true takes the earlier one away again. */
    bool purge; /* ROLLBACK QUARANTINE_DATA: delete what is replaced or set aside. Destructive. */
    enum role recipient; /* NOTIFY ESCALATE. */
    struct digest128 subject; /* CANARY PROMOTE ROLLBACK SWITCH_MODEL: digest of the artefact; QUARANTINE_DATA PIN_SNAPSHOT:
                                     digest of the batch or snapshot. 0 where unused. */
};

/* Content address: XXH3-128 of verb and arguments. Approvals hold the action itself as well, so a collision gains nothing. */
struct digest128 action_hash(enum verb verb, const struct action_args *args);
void action_args_visit(struct visit *visit, const char *name, struct action_args *args);

/* Life cycle of an action in the warden. X(NAME, word). */
#define ACTION_STATE_TABLE(X)                                                                      \
    X(NONE, "none")                                                                                \
    X(AWAITING, "awaiting approval")                                                               \
    X(CHECKING, "checking") /* Fresh state asked for, before every attempt. */                     \
    X(INTENDED, "intended") /* Intent recorded and request sent; outcome open. */                  \
    X(READING, "reading back")                                                                     \
    X(APPLIED, "applied") /* Read-back shows the state asked for; verification runs. */            \
    X(VERIFIED, "verified")                                                                        \
    X(UNDOING, "undoing") /* The undo is an action of its own; this one waits for it. */           \
    X(UNDONE, "undone")                                                                            \
    X(FAILED, "failed")                                                                            \
    X(REFUSED, "refused")                                                                          \
    X(EXPIRED, "expired")

enum action_state {
#define X(name, word) ACTION_##name,
    ACTION_STATE_TABLE(X)
#undef X
        N_ACTION_STATES
};

extern const struct machine action_machine;

#endif
