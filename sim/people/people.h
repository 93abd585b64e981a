/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the people: on-call, approvers, producers, operator; and the whole manual arm. Times and errors of research-based
 * distributions, `typical` team. People know the truth as slowly and as wrongly as the distributions say. */
#ifndef SIM_PEOPLE_PEOPLE_H
#define SIM_PEOPLE_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "sim/engine/engine.h"
#include "sim/truth/plan.h"
#include "sim/truth/truth.h"

struct people; /* Opaque; in the episode's block. */

/* What a person wants done to the world; the host carries it out through the plant. */
enum person_wish_kind { WISH_NONE, WISH_ACT, WISH_REPAIR };
struct person_wish {
    enum person_wish_kind kind;
    enum verb verb;
    struct action_args args;
    struct person_id person;
    struct incident_id incident;
    struct table_id table;
};

size_t people_size(void);
/* manual: this is the manual arm, where people detect by themselves (alerts on textbook thresholds, tickets, dashboards, reports). */
struct people *people_init(void *block, const struct deployment *deployment, const struct plan *plan,
                           bool manual, struct engine *engine, struct truth *truth);

/* Handles an occurrence of OWNER_PEOPLE. True when *ret_event is for the agent (PAGE, APPROVAL, HANDLING, CONTROL); *ret_wish may ask
 * for something as well. */
bool people_step(struct people *people, const struct occurrence *occurrence,
                 struct event *ret_event, struct person_wish *ret_wish);

/* Effects of the agent that concern people. forgery: how a forged answer comes first (-1: none; else plan a of FORGED_APPROVAL);
 * absent, stale: conditions in force now; channels_down: nothing is delivered (PAGE_UNDELIVERED comes back). */
struct approval_conditions {
    int forgery;
    bool absent, stale;
};
void people_request(struct people *people, const struct request_effect *request,
                    struct approval_conditions conditions);
void people_page(struct people *people, const struct page_effect *page, bool channels_down);
void people_notify(struct people *people, const struct notify_effect *notify);

/* Manual arm: telemetry as the alerting rule sees it (PSI of a feature > 0.25, once a model). What a true fault does to quality is
 * noticed through the channels drawn at the start. */
void people_observe(struct people *people, const struct event *event);

#endif
