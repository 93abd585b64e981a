/* SPDX-License-Identifier: Apache-2.0 */
/* A warden without layer 14: effects leave without an intent on record. */
/* REQ S27, S28: the judge must see both. */
#include "core/warden/layers.h"

enum refusal layer_14_audit(struct warden *warden, const struct event *event, struct candidate *change)
{
    (void)warden;
    (void)event;
    change->layers[14] = LAYER_PASS;
    return REFUSAL_NONE;
}
