/* SPDX-License-Identifier: Apache-2.0 */
/* What must go on: nothing is destroyed (S05), and every model keeps a version that can serve (S16). */
#include "sim/judge/state.h"

/* REQ S05 */
void serving_in_force(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    occasion(judge, INVARIANT_S05);
    if (entry->destroys || entry->args.purge) {
        struct text why =
            breach(judge, INVARIANT_S05, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, "a version or data was deleted");
    }
}

/* What the answers delivered so far project for the model with the effect applied; NULL: it goes on serving. */
static const char *projected_flaw(const struct model_memory *memory, const struct ledger_entry *entry)
{
    if (!memory->has_state || !memory->has_registry) {
        return "let out without a read-back of what serves";
    }
    bool moves = entry->verb == VERB_PROMOTE || entry->verb == VERB_ROLLBACK ||
                 entry->verb == VERB_SWITCH_MODEL;
    struct version_id serves = moves ? entry->args.target : memory->state.serving;
    const struct registry_version *version = history_version(memory, serves);
    if (memory->state.ready_replicas == 0) {
        return "no replica is ready";
    }
    if (version == NULL || !version->available || !version->complete) {
        return "what would serve is not available";
    }
    return version->schema_id == memory->state.schema_id
               ? NULL
               : "what would serve does not take the schema";
}

/* REQ S16: acts that choose what serves. The others leave it as it is; a fallback answers by itself. */
void serving_asked(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    const struct model_memory *memory = judge_model(judge, entry->args.model);
    bool releases = entry->verb == VERB_FALLBACK && entry->args.release && memory->state.fallback;
    bool chooses = entry->verb == VERB_PROMOTE || entry->verb == VERB_ROLLBACK ||
                   entry->verb == VERB_SWITCH_MODEL || releases;
    if (!chooses) {
        return;
    }
    occasion(judge, INVARIANT_S16);
    const char *flaw = projected_flaw(memory, entry);
    if (flaw != NULL) {
        struct text why =
            breach(judge, INVARIANT_S16, entry->asked_at, entry->args.model, entry->verb);
        text_put(&why, flaw);
    }
}
