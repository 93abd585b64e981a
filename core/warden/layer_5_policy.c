/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 5: policy tables, freeze windows, precedence of people, and nothing destructive. */
#include "core/warden/evidence.h"
#include "core/warden/layers.h"
#include "core/warden/parts.h"

/* REQ S06: an effect starts up to a minute after its ACT, so a window that begins soon counts as begun. */
static bool is_frozen(const struct warden *warden, struct model_id model, int64_t now)
{
    if (warden->calendar_full) {
        return true;
    }
    for (uint32_t i = 0; i < warden->n_calendar; i++) {
        const struct calendar_entry *entry = &warden->calendar[i];
        bool here = entry->model.value == 0 || entry->model.value == model.value;
        bool freezes = entry->kind == CALENDAR_FREEZE || entry->kind == CALENDAR_MAINTENANCE;
        if (here && freezes && entry->from <= now + FREEZE_MARGIN_NS && now < entry->to) {
            return true;
        }
    }
    return false;
}

static bool is_allowed_in_freeze(const struct warden *warden, const struct candidate *change)
{
    bool listed = (warden->policy->freeze_allow & (UINT64_C(1) << change->item.verb)) != 0;
    bool certified = (change->facts & FACT_BIT(FACT_TARGET_CERTIFIED)) != 0;
    return listed && !change->item.args.release && (change->item.verb != VERB_ROLLBACK || certified);
}

/* Without a fresh calendar nobody knows that now is no window; before the effect that is a reason to refuse. */
static bool calendar_is_known(struct warden *warden, const struct candidate *change, int64_t now)
{
    if (!change->executing || !evidence_has_tool(warden, TOOL_CALENDAR)) {
        return true;
    }
    const struct newest *newest = &evidence_model(warden, change->item.model)->newest[TOOL_CALENDAR];
    return newest->ok && now - newest->sampled_at <= warden->policy->limits.stale_ns;
}

/* Containment by a rule while no approver answers. */
static bool is_preauthorised(const struct warden *warden, const struct candidate *change)
{
    bool listed = (warden->policy->preauthorised & (UINT64_C(1) << change->item.verb)) != 0;
    bool waits = change->verdict == VERDICT_ONE || change->verdict == VERDICT_TWO;
    return listed && waits && change->principal == PRINCIPAL_RULE && !change->item.args.release;
}

enum refusal layer_5_policy(struct warden *warden, const struct event *event, struct candidate *change)
{
    const struct advice_item *item = &change->item;
    if (!verb_changes_state(item->verb)) {
        change->verdict = VERDICT_AUTO;
        return REFUSAL_NONE;
    }
    change->verdict = VERDICT_FORBID;
    if (item->args.purge) { /* REQ S05 */
        return REFUSAL_FORBIDDEN;
    }
    int32_t i_entry = incidents_index(warden, item->incident);
    if (i_entry < 0) {
        return REFUSAL_UNKNOWN_INCIDENT;
    }
    if (warden->docket.entries[i_entry].taken) { /* REQ S12 */
        return REFUSAL_TAKEN;
    }
    bool excepted = is_allowed_in_freeze(warden, change);
    if (!excepted && is_frozen(warden, item->model, event->at)) {
        return REFUSAL_FROZEN;
    }
    if (!excepted && !calendar_is_known(warden, change, event->at)) {
        return REFUSAL_STALE_EVIDENCE;
    }
    /* REQ S35: what checked evidence and the table permit, and nothing else. */
    enum tier tier = warden->deployment->models[item->model.value - 1].tier;
    change->verdict = policy_verdict(warden->policy, item->verb, tier, change->facts);
    if (is_preauthorised(warden, change)) {
        change->verdict = VERDICT_AUTO;
    }
    switch (change->verdict) {
    case VERDICT_FORBID:
        return REFUSAL_FORBIDDEN;
    case VERDICT_ESCALATE:
        return REFUSAL_NEEDS_HUMAN;
    case VERDICT_WAIT:
        return REFUSAL_WAIT;
    case VERDICT_TWO:
    case VERDICT_ONE:
    case VERDICT_CANARY:
    case VERDICT_AUTO:
        return REFUSAL_NONE;
    case N_VERDICTS:
        return REFUSAL_FORBIDDEN;
    }
    return REFUSAL_FORBIDDEN;
}
