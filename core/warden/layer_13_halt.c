/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 13: after the kill switch or the dead man's expiry nothing starts. */
#include "core/warden/layers.h"

/* REQ S25 */
enum refusal layer_13_halt(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)event; /* The watchdog latched the switch before anything of this event was looked at. */
    bool starts = change->item.kind == ADVICE_PROPOSE && verb_changes_state(change->item.verb);
    return starts && warden->halted ? REFUSAL_HALTED : REFUSAL_NONE;
}
