/* SPDX-License-Identifier: Apache-2.0 */
/* Strategist: a table of steps for each cause, carried out one by one against what the docket says became of them. */
#ifndef CORE_MIND_STRATEGIST_H
#define CORE_MIND_STRATEGIST_H

#include "core/mind/inquiry.h"
#include "core/types/advice.h"
#include "core/types/incident.h"

/* What a plan is made from. */
struct outlook {
    const struct deployment *deployment;
    const struct model_entry *model;
    const struct docket_entry *entry; /* Of this incident. */
    bool halted;
    const struct watched_model *watched;
    struct folder *folder;
    const struct signs *signs;
    int64_t now;
    int64_t clear_ns;     /* Of the policy: how long a metric has to be clear. */
    int64_t frozen_until; /* 0: no freeze window is open. */
    uint32_t *question;   /* Number of the newest question. */
};

/* Begins a new plan against the cause; containment that stands is kept in mind. */
void strategist_begin(struct inquiry *inquiry, enum cause cause, int64_t now);
/* Carries the plan on as far as it goes now. Returns when to look again at the latest; NEVER: when something happens. */
int64_t strategist_step(struct inquiry *inquiry, const struct outlook *outlook,
                        struct advice *advice);
/* An action of this incident is on its way: nothing may be planned past it. */
bool strategist_is_busy(const struct inquiry *inquiry, const struct docket_entry *entry);
/* The cause does harm as long as nobody contains it. */
bool cause_is_harmful(enum cause cause);
/* The rows that come in are at fault, not the model. */
bool cause_is_of_data(enum cause cause);
/* Pages the role once. */
void strategist_escalate(struct inquiry *inquiry, const struct outlook *outlook,
                         enum role recipient, struct advice *advice);
/* Cites what speaks for the incident, newest window first. */
void strategist_cite(const struct outlook *outlook, uint64_t tools, struct advice_item *item);

#endif
