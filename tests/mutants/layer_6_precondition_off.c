/* SPDX-License-Identifier: Apache-2.0 */
/* A warden without layer 6: nobody looks whether the target exists and fits. */
/* REQ S18: the judge must see it. */
#include "core/warden/layers.h"

enum refusal layer_6_precondition(struct warden *warden, const struct event *event,
                                  struct candidate *change)
{
    (void)warden;
    (void)event;
    (void)change;
    return REFUSAL_NONE;
}
