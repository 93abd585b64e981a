/* SPDX-License-Identifier: Apache-2.0 */
/* Investigator: what is known of a model, what it shows of the signs, and which question is worth asking next. */
#ifndef CORE_MIND_INVESTIGATOR_H
#define CORE_MIND_INVESTIGATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mind/diagnosis.h"
#include "core/mind/folder.h"
#include "core/mind/monitor.h"
#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/event.h"

/* What an LLM said about one incident: hints, never facts. */
struct hints {
    uint32_t causes; /* Bits 1 << enum cause. */
    bool asked, answered;
    struct question_id question;
    int64_t deadline;
};

/* What the signs are read with. */
struct question_frame {
    const struct model_entry *model;
    double tolerated; /* Labelled error. */
    int64_t onset;    /* Rows from here on are in question. */
    int64_t since;    /* Older answers are not about this. */
    bool declared;    /* The calendar names this time. */
};
void investigator_read(const struct folder *folder, const struct watched_model *watched,
                       const struct question_frame *frame, struct signs *ret_signs);
/* Tools worth asking now, most informative first, at most n_max; bits 1 << enum tool. */
uint64_t investigator_choose(const struct diagnosis *diagnosis, const struct signs *signs,
                             const struct folder *folder, uint64_t tools, int64_t since,
                             int64_t now, uint32_t n_max);
/* Whether an answer that matters is outstanding. */
bool investigator_waits(const struct folder *folder, int64_t now);
/* Says the questions; those that are outstanding already are left out. */
void investigator_ask(struct folder *folder, uint64_t tools, struct model_id model,
                      struct incident_id incident, int64_t now, uint32_t *question,
                      struct advice *advice);
/* Takes the claims of a reply. */
void investigator_reply(struct hints *hints, const struct reply_event *reply);
/* The diagnosis as questions are chosen from it: what the hints name is worth a look, however unlikely. */
void investigator_consider(const struct diagnosis *diagnosis, const struct hints *hints,
                           struct diagnosis *ret_considered);
/* The leading hypothesis, where a near tie is broken by the hints. Nothing else listens to them. */
enum cause investigator_hypothesis(const struct diagnosis *diagnosis, const struct hints *hints);

#endif
