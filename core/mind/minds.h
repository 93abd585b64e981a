/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the room: the five minds behind the door. Each owns a block of its own size, keeps no pointers but those to the
 * deployment and the policy's limits, and has its whole state in its visit. */
#ifndef CORE_MIND_MINDS_H
#define CORE_MIND_MINDS_H

#include <stddef.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/event.h"
#include "core/types/incident.h"
#include "core/types/policy.h"

/* The block is 16-aligned and zeroed by init. */
size_t steward_mind_size(void);
void steward_mind_init(void *block, const struct deployment *deployment,
                       const struct policy_limits *limits);
void steward_mind_step(void *block, const struct event *event, const struct docket *docket,
                       struct advice *advice);
void steward_mind_visit(void *block, struct visit *visit);

size_t rules_size(void);
void rules_init(void *block, const struct deployment *deployment, const struct policy_limits *limits);
void rules_step(void *block, const struct event *event, const struct docket *docket,
                struct advice *advice);
void rules_visit(void *block, struct visit *visit);

size_t escalate_all_size(void);
void escalate_all_init(void *block, const struct deployment *deployment,
                       const struct policy_limits *limits);
void escalate_all_step(void *block, const struct event *event, const struct docket *docket,
                       struct advice *advice);
void escalate_all_visit(void *block, struct visit *visit);

size_t act_always_size(void);
void act_always_init(void *block, const struct deployment *deployment,
                     const struct policy_limits *limits);
void act_always_step(void *block, const struct event *event, const struct docket *docket,
                     struct advice *advice);
void act_always_visit(void *block, struct visit *visit);

size_t saboteur_size(void);
void saboteur_init(void *block, const struct deployment *deployment,
                   const struct policy_limits *limits);
void saboteur_step(void *block, const struct event *event, const struct docket *docket,
                   struct advice *advice);
void saboteur_visit(void *block, struct visit *visit);

#endif
