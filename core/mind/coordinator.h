/* SPDX-License-Identifier: Apache-2.0 */
/* Coordinator: opens one incident a model, merges what belongs to it, has it investigated and planned in time, and closes it. */
#ifndef CORE_MIND_COORDINATOR_H
#define CORE_MIND_COORDINATOR_H

#include "core/mind/inquiry.h"
#include "core/mind/monitor.h"
#include "core/types/advice.h"
#include "core/types/event.h"
#include "core/types/incident.h"
#include "core/types/policy.h"

/* A change of a model that is looked into before anything shows. */
struct probe {
    uint64_t tools;   /* Still to be asked. */
    int64_t due_at;   /* NEVER: none. */
    uint8_t n_rounds; /* Left. */
};

struct coordinator {
    const struct deployment *deployment;
    const struct policy_limits *limits; /* clear_ns: nothing is closed on its metric before. */
    uint32_t incident_last, question_last;
    uint32_t n_calendar;
    struct calendar_entry calendar[CALENDAR_MAX];
    struct folder folders[MODELS_MAX];
    struct inquiry inquiries[MODELS_MAX];
    struct probe probes[MODELS_MAX];
    uint32_t n_bets[MODELS_MAX]; /* Tests on answers after a push or a configuration: the k-th is held against its part of the budget. */
    int64_t quiet_until[MODELS_MAX]; /* A human has just put the case down: the same symptoms open no new one. */
    bool reconciling; /* Since a recovery: a half-finished change is an incident of its own. */
};

void coordinator_init(struct coordinator *coordinator, const struct deployment *deployment,
                      const struct policy_limits *limits);
/* Takes the event in, then does whatever is due. Lowers advice->wake_at to the next deadline. */
void coordinator_step(struct coordinator *coordinator, struct monitor *monitor,
                      const struct event *event, const struct docket *docket, struct advice *advice);
void coordinator_visit(struct visit *visit, struct coordinator *coordinator);

#endif
