/* SPDX-License-Identifier: Apache-2.0 */
/* A warden without layer 10: what needs approval goes without one. */
/* REQ S10: the judge must see it. */
#include "core/warden/layers.h"

enum refusal layer_10_approval(struct warden *warden, const struct event *event,
                               struct candidate *change)
{
    (void)warden;
    (void)event;
    (void)change;
    return REFUSAL_NONE;
}
