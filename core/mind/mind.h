/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the mind: fallible and replaceable. Reads events and the docket, says advice. Five minds behind one door. */
#ifndef CORE_MIND_MIND_H
#define CORE_MIND_MIND_H

#include <stddef.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/event.h"
#include "core/types/incident.h"
#include "core/types/policy.h"

enum mind_door_kind { /* Same order as enum mind_kind of core/steward.h; core asserts that they agree. */
                      MIND_DOOR_STEWARD,
                      MIND_DOOR_RULES,
                      MIND_DOOR_ESCALATE_ALL,
                      MIND_DOOR_ACT_ALWAYS,
                      MIND_DOOR_SABOTEUR
};

struct mind; /* Opaque, no pointers but those to the deployment and the limits. */

size_t mind_size(void);
struct mind *mind_init(void *block, const struct deployment *deployment,
                       const struct policy_limits *limits, enum mind_door_kind kind);
/* docket: what the warden published after the step before. advice is appended to. */
void mind_step(struct mind *mind, const struct event *event, const struct docket *docket,
               struct advice *advice);
void mind_visit(struct mind *mind, struct visit *visit);
/* Names the mind in records: kind and version of its tables. */
struct digest128 mind_identity(const struct mind *mind);

#endif
