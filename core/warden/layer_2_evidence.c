/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 2: cited evidence exists, is of this model, fresh, large and old enough; derives the facts it establishes. */
#include "core/warden/evidence.h"
#include "core/warden/layers.h"

/* REQ S17: the effect may start EFFECT_LAG_NS after its ACT and its evidence must still be fresh then. */
static int64_t age_max(const struct warden *warden, const struct candidate *change)
{
    if (!change->executing) {
        return EVIDENCE_AGE_NS;
    }
    int64_t stale = warden->policy->limits.stale_ns;
    return stale > EFFECT_LAG_NS ? stale - EFFECT_LAG_NS : 0;
}

/* Why labels that were cited establish nothing. */
static enum refusal labels_excuse(struct warden *warden, const struct advice_item *item)
{
    const struct model_memory *memory = evidence_model(warden, item->model);
    const struct newest *newest = &memory->newest[TOOL_LABELS];
    for (uint32_t i = 0; i < item->n_evidence; i++) {
        if (newest->ok && newest->facts == 0 && newest->evidence.value == item->evidence[i].value) {
            return memory->labels.scored < warden->policy->limits.scored_min ? REFUSAL_SMALL_SAMPLE
                                                                             : REFUSAL_YOUNG_LABELS;
        }
    }
    return REFUSAL_NONE;
}

static bool changes_model(enum verb verb)
{
    return verb == VERB_RETRAIN || verb == VERB_CANARY || verb == VERB_PROMOTE ||
           verb == VERB_ROLLBACK || verb == VERB_SWITCH_MODEL || verb == VERB_THRESHOLD ||
           verb == VERB_RECALIBRATE;
}

/* REQ S13: under an open data-quality verdict what the data say of the model confirms nothing. */
static enum refusal drop_disputed(struct warden *warden, struct candidate *change)
{
    static const uint64_t of_data = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_QUALITY_FINE) |
                                    FACT_BIT(FACT_INPUT_SHIFT) | FACT_BIT(FACT_SCALE_SHIFT) |
                                    FACT_BIT(FACT_PREVIOUS_BETTER) | FACT_BIT(FACT_LABELS_MATURED);
    const struct model_memory *memory = evidence_model(warden, change->item.model);
    bool open = memory->disputed_from != NEVER && memory->disputed_to == NEVER;
    if (!open || !changes_model(change->item.verb) || (change->facts & of_data) == 0) {
        return REFUSAL_NONE;
    }
    change->facts &= ~of_data;
    uint64_t left = change->facts & ~(FACT_BIT(FACT_EVALUATED) | FACT_BIT(FACT_TARGET_CERTIFIED));
    return left == 0 ? REFUSAL_QUARANTINED_DATA : REFUSAL_NONE;
}

/* Facts of the target rest on the registry's newest answer, which the row then has to name. */
static void cite_registry(struct warden *warden, struct advice_item *item)
{
    const struct newest *newest = &evidence_model(warden, item->model)->newest[TOOL_REGISTRY];
    if (item->args.target.value == 0 || newest->evidence.value == 0 ||
        item->n_evidence == EVIDENCE_CITED_MAX) {
        return;
    }
    for (uint32_t i = 0; i < item->n_evidence; i++) {
        if (item->evidence[i].value == newest->evidence.value) {
            return;
        }
    }
    item->evidence[item->n_evidence++] = newest->evidence;
}

enum refusal layer_2_evidence(struct warden *warden, const struct event *event,
                              struct candidate *change)
{
    struct advice_item *item = &change->item;
    bool changes = item->kind == ADVICE_PROPOSE && verb_changes_state(item->verb);
    bool own_model =
        item->kind == ADVICE_PROPOSE || item->kind == ADVICE_WATCH || item->kind == ADVICE_CLOSE;
    uint32_t n_fresh = 0;
    change->facts = 0;
    for (uint32_t i = 0; i < item->n_evidence; i++) {
        const struct evidence_entry *entry = evidence_find(warden, item->evidence[i]);
        if (entry == NULL) {
            return REFUSAL_UNKNOWN_EVIDENCE;
        }
        if (own_model && entry->model.value != 0 && item->model.value != 0 &&
            entry->model.value != item->model.value) {
            return REFUSAL_FOREIGN_EVIDENCE;
        }
        bool fresh = event->at - entry->sampled_at <= age_max(warden, change);
        if (change->executing && !fresh) {
            return REFUSAL_STALE_EVIDENCE;
        }
        if (fresh && (entry->trusted || entry->kind == EVENT_CHANGE)) {
            n_fresh++;
            change->facts |= changes ? evidence_facts(warden, entry) : 0;
        }
    }
    if (!changes) {
        return REFUSAL_NONE;
    }
    if (n_fresh == 0 && change->principal == PRINCIPAL_MIND) {
        return item->n_evidence == 0 ? REFUSAL_UNKNOWN_EVIDENCE : REFUSAL_STALE_EVIDENCE;
    }
    if (change->facts == 0 && labels_excuse(warden, item) != REFUSAL_NONE) {
        return labels_excuse(warden, item);
    }
    cite_registry(warden, item);
    change->facts |= evidence_context(warden, change);
    return drop_disputed(warden, change);
}
