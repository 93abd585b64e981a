/* SPDX-License-Identifier: Apache-2.0 */
/* Inquiry: one incident as the mind sees it, from the first symptom to its close. One a model: that is the deduplication. */
#ifndef CORE_MIND_INQUIRY_H
#define CORE_MIND_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/mind/investigator.h"
#include "core/types/action.h"
#include "core/types/evidence.h"

enum plan_phase {
    PLAN_NONE,     /* No cause decided. */
    PLAN_READY,    /* The step is due when its gate opens. */
    PLAN_PROPOSED, /* Said; the docket will show what became of it. */
    PLAN_DONE,     /* No further step. */
    N_PLAN_PHASES
};

/* A course of action against one cause. */
struct plan {
    enum cause cause;
    uint16_t number; /* Of the newest plan of the incident; rises. */
    uint8_t step;    /* Index in the table of the cause. */
    uint8_t phase;   /* enum plan_phase. */
    uint8_t tries;   /* Of this step. */
    uint8_t trainings;
    struct version_id used; /* Result of a training that has been given up. */
    int64_t ready_at;       /* Since when the step waits for its gate. */
    int64_t retry_at;
    int64_t proposed_at;
    uint32_t refused_seen;        /* n_refused of the docket when it was said. */
    struct action_id action_seen; /* Newest action of the docket then. */
    struct action_args args;      /* As said. */
    uint8_t resume;               /* Step to go on with after a stopgap. */
    uint8_t stopgaps;             /* Put in so far. */
    bool frozen;                  /* A step was refused for a freeze window. */
    bool overtaken; /* The warden contains while the step waits for an approver; the docket shows the containment only. */
    /* Containment that stands and has to be taken away again. */
    bool fallback;
    uint32_t disabled;
    struct table_id quarantined;
};

struct inquiry {
    struct incident_id incident; /* 0: none. */
    struct model_id model;
    int64_t opened_at;
    int64_t onset;             /* Rows from here on are in question. */
    uint32_t symptoms;         /* Bits 1 << enum symptom: said already. */
    uint32_t features;         /* Features named already. */
    uint32_t said[N_SYMPTOMS]; /* Of each symptom: bit 0 of the model, bit i + 1 of feature i. */
    bool listed;               /* The docket has shown it. */
    bool taken;                /* A human has worked on it: it is theirs to the end. */
    bool training_failed;
    bool loss;             /* Labels have shown some. */
    uint32_t paged;        /* Bits 1 << enum role that were escalated to. */
    uint32_t notified;     /* Likewise. */
    enum cause hypothesis; /* The tables' best, near ties ordered by the LLM: for words to humans. */
    enum cause claimed;    /* Last cause said; UNKNOWN: none. */
    uint32_t n_questions;
    struct hints hints;
    int64_t looked_at;   /* When text was last asked for. */
    int64_t watch_until; /* 0: no watch. */
    int64_t watch_said_at;
    int64_t close_at;  /* When to try to close next. */
    int64_t moved_at;  /* Newest own change of what is served; labels of older rows are void. */
    uint32_t revision; /* Of the docket's entry when last looked at. */
    int64_t wake_at;   /* Nothing to do before, unless something happens. */
    struct plan plan;
};

#endif
