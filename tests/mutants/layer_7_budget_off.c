/* SPDX-License-Identifier: Apache-2.0 */
/* A warden without layer 7: no rate, cool-down, blast radius or lock. */
/* REQ S08, S11: the judge must see both. */
#include "core/warden/layers.h"

enum refusal layer_7_budget(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)warden;
    (void)event;
    (void)change;
    return REFUSAL_NONE;
}
