/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the verbs, content address of an action and the table of its life cycle. */
#include "core/types/action.h"

#include "core/base/assert.h"

_Static_assert(N_VERBS <= 64, "sets of verbs are 64-bit masks");
_Static_assert(N_ACTION_STATES <= 32, "a machine has at most 32 states");

static const bool verb_changes[N_VERBS] = {
#define X(name, changes, serving) [VERB_##name] = changes,
    VERB_TABLE(X)
#undef X
};

static const bool verb_serves[N_VERBS] = {
#define X(name, changes, serving) [VERB_##name] = serving,
    VERB_TABLE(X)
#undef X
};

static const uint32_t uses[N_VERBS] = {
    [VERB_FALLBACK] = USES_MODE | USES_TTL,
    [VERB_PIN_SNAPSHOT] = USES_TABLE | USES_TTL | USES_SUBJECT,
    [VERB_QUARANTINE_DATA] = USES_TABLE | USES_TTL | USES_SUBJECT | USES_PURGE,
    [VERB_DISABLE_FEATURE] = USES_MASK | USES_TTL,
    [VERB_CLIP] = USES_MASK,
    [VERB_FREEZE_RETRAIN] = USES_TTL,
    [VERB_RETRAIN] = USES_ROWS,
    [VERB_THRESHOLD] = USES_STEP,
    [VERB_CANARY] = USES_TARGET | USES_WEIGHT | USES_SUBJECT,
    [VERB_PROMOTE] = USES_TARGET | USES_SUBJECT,
    [VERB_SWITCH_MODEL] = USES_TARGET | USES_SUBJECT,
    [VERB_ROLLBACK] = USES_TARGET | USES_SUBJECT | USES_PURGE,
    [VERB_ROLLBACK_CONFIG] = USES_TARGET,
    [VERB_RECONCILE] = USES_TARGET,
    [VERB_NOTIFY] = USES_RECIPIENT | USES_TABLE,
    [VERB_ESCALATE] = USES_RECIPIENT,
};

bool verb_changes_state(enum verb verb)
{
    ASSERT((uint32_t)verb < N_VERBS);
    return verb_changes[verb];
}

bool verb_moves_serving(enum verb verb)
{
    ASSERT((uint32_t)verb < N_VERBS);
    return verb_serves[verb];
}

uint32_t verb_uses(enum verb verb)
{
    ASSERT((uint32_t)verb < N_VERBS);
    return uses[verb];
}

void action_args_visit(struct visit *visit, const char *name, struct action_args *args)
{
    visit_begin(visit, name, -1);
    visit_u16(visit, "model", &args->model.value);
    visit_u16(visit, "target", &args->target.value);
    visit_u16(visit, "table", &args->table.value);
    visit_u32(visit, "feature_mask", &args->feature_mask);
    VISIT_ENUM(visit, args, window, N_TRAIN_WINDOWS);
    visit_i64(visit, "from_ns", &args->from_ns);
    visit_i64(visit, "to_ns", &args->to_ns);
    visit_u32(visit, "weight_ppm", &args->weight_ppm);
    visit_i32(visit, "step_ppm", &args->step_ppm);
    VISIT_ENUM(visit, args, mode, N_FALLBACK_MODES);
    visit_i64(visit, "ttl_ns", &args->ttl_ns);
    visit_bool(visit, "release", &args->release);
    visit_bool(visit, "purge", &args->purge);
    VISIT_ENUM(visit, args, recipient, N_ROLES);
    digest128_visit(visit, "subject", &args->subject);
    visit_end(visit);
}

struct digest128 action_hash(enum verb verb, const struct action_args *args)
{
    ASSERT((uint32_t)verb < N_VERBS);
    struct action_args copy = *args; /* A visitor takes what it could write to. */
    uint64_t number = (uint64_t)verb;
    struct visit_digest digest;
    visit_digest_init(&digest);
    visit_u64(&digest.visit, "verb", &number);
    action_args_visit(&digest.visit, "args", &copy);
    /* A refused field would be digested as 0, so that two different actions could share an address.
     */
    ASSERT(!digest.visit.failed);
    return visit_digest_close(&digest);
}

#define BIT(state) (UINT32_C(1) << (state))

/* CHECKING comes before every attempt, also before one with the same key; it may find that the
 * state asked for is there already. UNDOING waits for the undo, which is an action of its own. */
enum {
    AFTER_NONE = BIT(ACTION_AWAITING) | BIT(ACTION_CHECKING) | BIT(ACTION_REFUSED),
    AFTER_AWAITING = BIT(ACTION_CHECKING) | BIT(ACTION_REFUSED) | BIT(ACTION_EXPIRED),
    AFTER_CHECKING = BIT(ACTION_INTENDED) | BIT(ACTION_APPLIED) | BIT(ACTION_FAILED) |
                     BIT(ACTION_REFUSED) | BIT(ACTION_EXPIRED),
    AFTER_INTENDED = BIT(ACTION_READING) | BIT(ACTION_FAILED),
    AFTER_READING = BIT(ACTION_CHECKING) | BIT(ACTION_APPLIED) | BIT(ACTION_FAILED),
    AFTER_APPLIED = BIT(ACTION_VERIFIED) | BIT(ACTION_UNDOING) | BIT(ACTION_FAILED),
    AFTER_UNDOING = BIT(ACTION_UNDONE) | BIT(ACTION_FAILED),
    AFTER_VERIFIED = 0,
    AFTER_UNDONE = 0,
    AFTER_FAILED = 0,
    AFTER_REFUSED = 0,
    AFTER_EXPIRED = 0,
};

static const struct machine_state action_states[N_ACTION_STATES] = {
#define X(name, word) [ACTION_##name] = {word, AFTER_##name},
    ACTION_STATE_TABLE(X)
#undef X
};

const struct machine action_machine = {action_states, N_ACTION_STATES};
