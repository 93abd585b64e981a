/* SPDX-License-Identifier: Apache-2.0 */
/* A warden without layer 13: the kill switch stops nothing. */
/* REQ S25: the judge must see it. */
#include "core/warden/layers.h"

enum refusal layer_13_halt(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)warden;
    (void)event;
    (void)change;
    return REFUSAL_NONE;
}
