/* SPDX-License-Identifier: Apache-2.0 */
/* A warden without layer 4: an argument may come from anywhere. */
/* REQ S21: the judge must see it. */
#include "core/warden/layers.h"

enum refusal layer_4_taint(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)warden;
    (void)event;
    (void)change;
    return REFUSAL_NONE;
}
