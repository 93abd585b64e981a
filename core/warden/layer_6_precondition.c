/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 6: preconditions on the state last read; before the effect that read is fresh. */
#include "core/warden/evidence.h"
#include "core/warden/layers.h"
#include "core/warden/parts.h"

static bool same(struct digest128 a, struct digest128 b) { return a.hi == b.hi && a.lo == b.lo; }

/* REQ S18: the target is there, whole, and takes the traffic as it is. */
static enum refusal target_refusal(const struct model_memory *memory, const struct action_args *args)
{
    const struct registry_version *version = evidence_version(memory, args->target);
    if (version == NULL || !version->available || !version->complete) {
        return REFUSAL_TARGET_MISSING;
    }
    if (memory->newest[TOOL_STATE].ok && version->schema_id != memory->state.schema_id) {
        return REFUSAL_TARGET_INCOMPATIBLE;
    }
    return REFUSAL_NONE;
}

/* REQ S03: evaluated as this very digest, on rows after its training window. */
static bool is_evaluated(const struct model_memory *memory, const struct action_args *args)
{
    const struct registry_version *version = evidence_version(memory, args->target);
    return version != NULL && version->evaluated &&
           same(version->evaluated_digest, version->digest) &&
           same(version->digest, args->subject) && version->evaluated_from >= version->trained_to &&
           version->evaluated_to > version->evaluated_from;
}

/* REQ S16: taking a containment away must leave a version that can serve. */
static enum refusal serving_refusal(const struct model_memory *memory)
{
    const struct registry_version *version = evidence_version(memory, memory->state.serving);
    if (version == NULL || !version->available || !version->complete) {
        return REFUSAL_TARGET_MISSING;
    }
    return version->schema_id == memory->state.schema_id ? REFUSAL_NONE : REFUSAL_TARGET_INCOMPATIBLE;
}

/* REQ S13: no training window holds quarantined or disputed data, and enough of its rows have labels. */
static enum refusal retrain_refusal(const struct warden *warden, const struct model_memory *memory,
                                    const struct candidate *change)
{
    const struct action_args *args = &change->item.args;
    if (memory->disputed_from != NEVER && args->to_ns > memory->disputed_from &&
        (memory->disputed_to == NEVER || args->from_ns < memory->disputed_to)) {
        return REFUSAL_QUARANTINED_DATA;
    }
    if (memory->newest[TOOL_STATE].ok && memory->state.quarantined_tables != 0) {
        const struct model_entry *model = &warden->deployment->models[args->model.value - 1];
        for (uint32_t i = 0; i < model->n_features; i++) {
            uint32_t table = model->features[i].table.value;
            if (table != 0 && ((memory->state.quarantined_tables >> (table - 1)) & 1) != 0) {
                return REFUSAL_QUARANTINED_DATA;
            }
        }
    }
    if ((change->facts & FACT_BIT(FACT_LABELS_MATURED)) == 0) {
        return REFUSAL_SMALL_SAMPLE;
    }
    int32_t i_entry = incidents_index(warden, change->item.incident);
    int64_t opened_at = i_entry < 0 ? 0 : warden->docket.entries[i_entry].opened_at;
    switch (args->window) {
    case TRAIN_POST_CHANGE: /* Rows of after the change cannot end before anybody noticed it. */
        return args->to_ns > opened_at ? REFUSAL_NONE : REFUSAL_BAD_ARGUMENT;
    case TRAIN_PRE_CHANGE:
        return args->to_ns <= opened_at ? REFUSAL_NONE : REFUSAL_BAD_ARGUMENT;
    case TRAIN_LAST_N:
    case TRAIN_CLEAN:
    case N_TRAIN_WINDOWS:
        return REFUSAL_NONE;
    }
    return REFUSAL_NONE;
}

static enum refusal state_refusal(const struct warden *warden, const struct candidate *change,
                                  const struct model_memory *memory)
{
    const struct state_answer *state = &memory->state;
    const struct action_args *args = &change->item.args;
    const struct model_entry *model = &warden->deployment->models[args->model.value - 1];
    uint32_t all = (UINT32_C(1) << model->n_features) - 1;
    uint32_t table = args->table.value == 0 ? 0 : UINT32_C(1) << (args->table.value - 1);
    bool met = true;
    switch (change->item.verb) {
    case VERB_FALLBACK:
        if (args->release && state->fallback) {
            return serving_refusal(memory);
        }
        met = state->fallback == args->release;
        break;
    case VERB_PIN_SNAPSHOT:
        met = ((state->pinned_tables & table) != 0) == args->release;
        break;
    case VERB_QUARANTINE_DATA:
        met = ((state->quarantined_tables & table) != 0) == args->release;
        break;
    case VERB_DISABLE_FEATURE:
        met = args->release ? (state->disabled_features & args->feature_mask) != 0
                            : (state->disabled_features | args->feature_mask) != all &&
                                  (args->feature_mask & ~state->disabled_features) != 0;
        break;
    case VERB_FREEZE_RETRAIN:
        met = state->retrain_frozen == args->release;
        break;
    case VERB_RETRAIN:
        met = !state->training && !state->retrain_frozen;
        break;
    case VERB_CANARY:
        /* A fallback answers for the canary as well: its labels would say nothing of the version. */
        met = state->canary.value == 0 && state->serving.value != args->target.value &&
              !state->fallback;
        break;
    case VERB_ABORT_CANARY:
        met = state->canary.value != 0;
        break;
    case VERB_PROMOTE:
    case VERB_ROLLBACK:
    case VERB_SWITCH_MODEL:
        met = state->serving.value != args->target.value ||
              state->registered.value != args->target.value;
        break;
    case VERB_ROLLBACK_CONFIG:
        met = state->config.value != args->target.value;
        break;
    case VERB_RECONCILE:
        /* What was approved is the version that served then. */
        met = (change->facts & FACT_BIT(FACT_HALF_DONE)) != 0 &&
              state->serving.value == args->target.value;
        break;
    case VERB_THRESHOLD:
    case VERB_ROLLBACK_IMAGE:
    case VERB_SCALE_OUT:
    CASE_VERBS_THAT_TELL:
    CASE_VERBS_WITHOUT_LEVER:
        break;
    }
    return met ? REFUSAL_NONE : REFUSAL_PRECONDITION;
}

enum refusal layer_6_precondition(struct warden *warden, const struct event *event,
                                  struct candidate *change)
{
    (void)event; /* Age of the read is layer 2's. */
    const struct advice_item *item = &change->item;
    if (!verb_changes_state(item->verb)) {
        return REFUSAL_NONE;
    }
    const struct model_memory *memory = evidence_model(warden, item->model);
    bool names_version = item->verb == VERB_CANARY || item->verb == VERB_PROMOTE ||
                         item->verb == VERB_ROLLBACK || item->verb == VERB_SWITCH_MODEL;
    if (names_version && target_refusal(memory, &item->args) != REFUSAL_NONE) {
        return target_refusal(memory, &item->args);
    }
    if ((item->verb == VERB_CANARY || item->verb == VERB_PROMOTE) &&
        !is_evaluated(memory, &item->args)) {
        return REFUSAL_NOT_EVALUATED;
    }
    if (item->verb == VERB_RETRAIN) {
        enum refusal refusal = retrain_refusal(warden, memory, change);
        if (refusal != REFUSAL_NONE) {
            return refusal;
        }
    }
    if (!memory->newest[TOOL_STATE].ok) {
        return change->executing ? REFUSAL_STALE_EVIDENCE : REFUSAL_NONE;
    }
    bool unserved = change->executing && verb_moves_serving(item->verb) &&
                    item->verb != VERB_FALLBACK && memory->state.ready_replicas == 0;
    if (unserved) { /* REQ S16 */
        return REFUSAL_PRECONDITION;
    }
    if (!change->executing) {
        return REFUSAL_NONE; /* An older read may be out of date; the fresh one decides. */
    }
    return state_refusal(warden, change, memory);
}
