/* SPDX-License-Identifier: Apache-2.0 */
/* A warden without layer 5: whatever is proposed is allowed at once, in freeze windows too. */
/* REQ S06: the judge must see it. */
#include "core/warden/layers.h"

enum refusal layer_5_policy(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)warden;
    (void)event;
    change->verdict = VERDICT_AUTO;
    return REFUSAL_NONE;
}
