/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of version rests on: evaluation (S03), canary (S07), fresh evidence (S17) and a target that is there and fits
 * (S18). */
#include "sim/judge/state.h"

static bool moves_version(enum verb verb)
{
    return verb == VERB_PROMOTE || verb == VERB_ROLLBACK || verb == VERB_SWITCH_MODEL;
}

static const struct truth_version *truth_version(const struct truth_model *model,
                                                 struct version_id version)
{
    for (uint32_t i = 0; i < model->n_versions && i < VERSIONS_MAX; i++) {
        if (model->versions[i].version.value == version.value) {
            return &model->versions[i];
        }
    }
    return NULL;
}

/* The artefact that the world reports as served; the one asked for where it reports none. */
static struct digest128 served(const struct ledger_entry *entry)
{
    return digest_is_set(entry->served_digest) ? entry->served_digest : entry->args.subject;
}

/* REQ S03: evaluated as this very artefact, on rows after those it learned from. */
static void judge_evaluation(struct judge *judge, const struct ledger_entry *entry)
{
    if (entry->verb != VERB_PROMOTE && entry->verb != VERB_CANARY) {
        return;
    }
    occasion(judge, INVARIANT_S03);
    const struct truth_model *model = judge_truth(judge, entry->args.model);
    const struct truth_version *version = truth_version(model, entry->args.target);
    const char *flaw = NULL;
    if (version == NULL || !version->evaluated) {
        flaw = "no passing evaluation on record";
    } else if (!digest_same(version->evaluated_digest, served(entry))) {
        flaw = "the artefact served is not the one evaluated";
    } else if (version->evaluated_from < version->trained_to ||
               version->evaluated_to <= version->evaluated_from) {
        flaw = "evaluated on data of its own training window";
    }
    if (flaw != NULL) {
        struct text why =
            breach(judge, INVARIANT_S03, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, flaw);
    }
}

/* REQ S07: a canary of the same artefact ran long enough, and its samples were enough and good. */
static void judge_canary(struct judge *judge, const struct ledger_entry *entry)
{
    if (entry->verb != VERB_PROMOTE) {
        return;
    }
    occasion(judge, INVARIANT_S07);
    struct digest128 artefact = served(entry);
    int64_t ran_ns = -1;
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *canary = &judge->truth->ledger[i];
        bool is_it = canary->verb == VERB_CANARY && canary->end == LEDGER_DONE &&
                     canary->args.model.value == entry->args.model.value &&
                     digest_same(served(canary), artefact) && canary->effect_at <= entry->effect_at;
        if (is_it && entry->effect_at - canary->effect_at > ran_ns) {
            ran_ns = entry->effect_at - canary->effect_at;
        }
    }
    const struct model_memory *memory = judge_model(judge, entry->args.model);
    bool has_passed = digest_is_set(memory->passed) && digest_same(memory->passed, artefact);
    if (ran_ns >= judge->parameters.canary_ns && has_passed) {
        return;
    }
    struct text why = breach(judge, INVARIANT_S07, entry->effect_at, entry->args.model, entry->verb);
    if (ran_ns < 0) {
        text_put(&why, "promoted without a canary of this artefact");
    } else if (!has_passed) {
        text_put(&why, "promoted before the canary had enough good samples");
    } else {
        text_put(&why, "the canary ran for only ");
        text_put_duration(&why, ran_ns);
    }
}

/* REQ S17: fresh when it takes effect, not only when it was planned. */
static void judge_freshness(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    const struct entry_memory *memory = &judge->entries[entry_i];
    if (!memory->had_intent) {
        return; /* Nothing says what it rests on; S27 and S28 have it. */
    }
    occasion(judge, INVARIANT_S17);
    if (memory->decisive_at == NEVER) {
        struct text why =
            breach(judge, INVARIANT_S17, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, "the intent cites no evidence");
    } else if (memory->decisive_at < entry->effect_at - judge->parameters.stale_ns) {
        struct text why =
            breach(judge, INVARIANT_S17, entry->effect_at, entry->args.model, entry->verb);
        text_put(&why, "decisive evidence was ");
        text_put_duration(&why, entry->effect_at - memory->decisive_at);
        text_put(&why, " old");
    }
}

/* What the answers delivered so far say of the target; NULL: nothing against it. */
static const char *target_flaw(const struct model_memory *memory, const struct action_args *args)
{
    const struct registry_version *version = history_version(memory, args->target);
    if (!memory->has_registry || version == NULL) {
        return "the registry has shown no such target";
    }
    if (!version->available || !version->complete) {
        return "the registry says that the target is not available";
    }
    if (memory->has_state && version->schema_id != memory->state.schema_id) {
        return "the target does not take the schema of the traffic";
    }
    return NULL;
}

/* REQ S18: by what was known when it was let out. */
void change_asked(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    if (!moves_version(entry->verb)) {
        return;
    }
    occasion(judge, INVARIANT_S18);
    const struct model_memory *memory = judge_model(judge, entry->args.model);
    int64_t fresh_from = entry->asked_at - judge->parameters.stale_ns;
    judge->entries[entry_i].fresh_target = memory->has_state && memory->state_at >= fresh_from &&
                                           memory->has_registry && memory->registry_at >= fresh_from;
    const char *flaw = target_flaw(memory, &entry->args);
    if (flaw != NULL) {
        struct text why =
            breach(judge, INVARIANT_S18, entry->asked_at, entry->args.model, entry->verb);
        text_put(&why, flaw);
        judge->entries[entry_i].unfit = true;
    }
}

/* REQ S18: by the truth when it took effect, unless fresh answers had shown a sound target a moment before. */
static void judge_target(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    const struct entry_memory *memory = &judge->entries[entry_i];
    bool is_fit = entry->target_exists && entry->target_available && entry->target_compatible;
    if (!moves_version(entry->verb) || is_fit || memory->unfit || memory->fresh_target) {
        return;
    }
    struct text why = breach(judge, INVARIANT_S18, entry->effect_at, entry->args.model, entry->verb);
    text_put(&why, !entry->target_exists      ? "the target does not exist"
                   : !entry->target_available ? "the target is not available"
                                              : "the target does not fit live traffic");
}

void change_in_force(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    judge_evaluation(judge, entry);
    judge_canary(judge, entry);
    judge_freshness(judge, entry_i);
    judge_target(judge, entry_i);
}
