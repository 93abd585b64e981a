/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 10: an effect that needs approval has one of this very action, in time and not used before. */
#include "core/warden/layers.h"
#include "core/warden/parts.h"

/* REQ S10 */
enum refusal layer_10_approval(struct warden *warden, const struct event *event,
                               struct candidate *change)
{
    if (change->verdict != VERDICT_ONE && change->verdict != VERDICT_TWO) {
        return REFUSAL_NONE;
    }
    const struct action *action = change->action;
    const struct approval *approval =
        action == NULL ? NULL : approvals_find(warden, action->approval);
    if (approval == NULL) {
        return REFUSAL_NEEDS_HUMAN;
    }
    struct digest128 hash = action_hash(change->item.verb, &change->item.args);
    bool matches = approval->action.value == action->id.value &&
                   approval->action_hash.hi == hash.hi && approval->action_hash.lo == hash.lo;
    bool spent = approval->used && action->attempts == 0;
    if (!matches || spent) {
        return REFUSAL_APPROVAL_MISMATCH;
    }
    uint32_t quorum = change->verdict == VERDICT_TWO ? 2 : 1;
    if (approval->n_granted < quorum || approval->n_granted < approval->quorum) {
        return REFUSAL_NEEDS_HUMAN;
    }
    return event->at + EFFECT_LAG_NS <= approval->expires_at ? REFUSAL_NONE
                                                             : REFUSAL_APPROVAL_EXPIRED;
}
