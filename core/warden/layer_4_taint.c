/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 4: what an argument names must have been named by a trusted answer; text and replies of the LLM are no source. */
#include "core/warden/evidence.h"
#include "core/warden/layers.h"

static bool same(struct digest128 a, struct digest128 b) { return a.hi == b.hi && a.lo == b.lo; }

static bool artefact_is_known(const struct model_memory *memory, struct version_id target,
                              struct digest128 subject)
{
    const struct registry_version *version = evidence_version(memory, target);
    if (memory->newest[TOOL_REGISTRY].evidence.value != 0 && version != NULL) {
        return same(version->digest, subject);
    }
    if (memory->newest[TOOL_STATE].ok && memory->state.serving.value == target.value) {
        return same(memory->state.serving_digest, subject);
    }
    return memory->newest[TOOL_CANARY].ok && memory->canary.version.value == target.value &&
           same(memory->canary.digest, subject);
}

static bool batch_is_known(const struct model_memory *memory, struct table_id table,
                           struct digest128 subject, bool snapshot)
{
    uint32_t n = memory->n_subjects < SUBJECTS_KEPT ? memory->n_subjects : SUBJECTS_KEPT;
    for (uint32_t i = 0; i < n; i++) {
        const struct subject *known = &memory->subjects[i];
        if (known->table.value == table.value && known->snapshot == snapshot &&
            same(known->digest, subject)) {
            return true;
        }
    }
    return false;
}

/* REQ S21: no argument of a change derives from untrusted text. */
enum refusal layer_4_taint(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)event; /* The store already holds what the event brought. */
    const struct advice_item *item = &change->item;
    const struct action_args *args = &item->args;
    bool subject = args->subject.hi != 0 || args->subject.lo != 0;
    if (item->kind != ADVICE_PROPOSE || !subject) {
        return REFUSAL_NONE;
    }
    const struct model_memory *memory = evidence_model(warden, item->model);
    bool known = args->target.value != 0 ? artefact_is_known(memory, args->target, args->subject)
                                         : batch_is_known(memory, args->table, args->subject,
                                                          item->verb == VERB_PIN_SNAPSHOT);
    return known ? REFUSAL_NONE : REFUSAL_TAINTED;
}
