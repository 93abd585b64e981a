/* SPDX-License-Identifier: Apache-2.0 */
/* The mind `steward`: the monitor sees, the coordinator runs the incidents with investigator and strategist. */
#include "core/mind/minds.h"

#include <stdint.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/mind/coordinator.h"
#include "core/mind/intake.h"
#include "core/mind/monitor.h"

struct steward_mind {
    const struct deployment *deployment;
    struct monitor monitor;
    struct coordinator coordinator;
};

size_t steward_mind_size(void) { return sizeof(struct steward_mind); }

void steward_mind_init(void *block, const struct deployment *deployment,
                       const struct policy_limits *limits)
{
    ASSERT(((uintptr_t)block & 15) == 0);
    ASSERT(deployment->n_models <= MODELS_MAX);
    struct steward_mind *mind = block;
    memset(mind, 0, sizeof(*mind));
    mind->deployment = deployment;
    monitor_init(&mind->monitor, deployment);
    coordinator_init(&mind->coordinator, deployment, limits);
}

static bool is_model(const struct steward_mind *mind, struct model_id model)
{
    return model.value >= 1 && model.value <= mind->deployment->n_models;
}

void steward_mind_step(void *block, const struct event *event, const struct docket *docket,
                       struct advice *advice)
{
    struct steward_mind *mind = block;
    if (event->kind == EVENT_BASELINE && is_model(mind, event->baseline.model)) {
        monitor_baseline(&mind->monitor, &event->baseline);
    }
    if (event->kind == EVENT_WINDOW && is_model(mind, event->window.model)) {
        struct findings findings;
        monitor_window(&mind->monitor, &event->window, (struct evidence_id){event->sequence},
                       &findings);
        intake_findings(&mind->coordinator, &mind->monitor, event->window.model, &findings, event,
                        advice);
    }
    uint32_t silent = monitor_silence(&mind->monitor, event->at);
    if (silent != 0) {
        intake_silence(&mind->coordinator, &mind->monitor, silent, event, advice);
    }
    coordinator_step(&mind->coordinator, &mind->monitor, event, docket, advice);
    int64_t overdue_at = monitor_deadline(&mind->monitor);
    advice->wake_at = overdue_at < advice->wake_at ? overdue_at : advice->wake_at;
}

void steward_mind_visit(void *block, struct visit *visit)
{
    struct steward_mind *mind = block;
    visit_begin(visit, "steward", -1);
    monitor_visit(visit, &mind->monitor);
    coordinator_visit(visit, &mind->coordinator);
    visit_end(visit);
}
