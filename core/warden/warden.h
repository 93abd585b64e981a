/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the warden: decides, guards, acts, asks humans and records. Includes nothing of the mind and believes nothing it says. */
#ifndef CORE_WARDEN_WARDEN_H
#define CORE_WARDEN_WARDEN_H

#include <stddef.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "core/types/incident.h"
#include "core/types/policy.h"

struct warden; /* Opaque, no pointers but those to deployment and policy. */

size_t warden_size(void);
/* mind: digest of the mind whose advice will come, for the records only. */
struct warden *warden_init(void *block, const struct deployment *deployment,
                           const struct policy *policy, uint64_t seed, struct digest128 mind);
/* effects is appended to; effects->wake_at becomes the earliest of the warden's own deadlines and advice->wake_at, or the time
 * of the event itself when the docket changed and the mind should look. */
void warden_step(struct warden *warden, const struct event *event, const struct advice *advice,
                 struct effects *effects);
const struct docket *warden_docket(const struct warden *warden);
void warden_visit(struct warden *warden, struct visit *visit);

#endif
