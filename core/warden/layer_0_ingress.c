/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 0: where an item comes from. Text that anybody may write never carries a change of state alone. */
#include "core/warden/evidence.h"
#include "core/warden/layers.h"

enum refusal layer_0_ingress(struct warden *warden, const struct event *event,
                             struct candidate *change)
{
    const struct advice_item *item = &change->item;
    if (item->n_evidence > EVIDENCE_CITED_MAX) {
        return REFUSAL_MALFORMED;
    }
    uint32_t n_untrusted = 0;
    for (uint32_t i = 0; i < item->n_evidence; i++) {
        if (item->evidence[i].value > event->sequence) {
            return REFUSAL_INGRESS; /* Nobody can cite what has not come yet. */
        }
        const struct evidence_entry *entry = evidence_find(warden, item->evidence[i]);
        n_untrusted += entry != NULL && !entry->trusted ? 1 : 0;
    }
    bool changes =
        item->kind == ADVICE_PROPOSE && item->verb < N_VERBS && verb_changes_state(item->verb);
    return changes && n_untrusted > 0 && n_untrusted == item->n_evidence ? REFUSAL_INGRESS
                                                                         : REFUSAL_NONE;
}
