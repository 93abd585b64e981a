/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 14: write-ahead audit. The intent is recorded before the effect leaves. */
#include "core/warden/layers.h"
#include "core/warden/parts.h"

/* REQ S27, S28 */
enum refusal layer_14_audit(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)event; /* Its time is the time of the row. */
    if (!effects_have_room(warden->effects, 2)) {
        return REFUSAL_FULL; /* The intent and the effect go together or not at all. */
    }
    change->layers[14] = LAYER_PASS;
    struct record *record = audit_change(warden, RECORD_INTENT, change);
    record->key = change->action->key;
    record->action_state = (uint8_t)ACTION_INTENDED;
    return REFUSAL_NONE;
}
