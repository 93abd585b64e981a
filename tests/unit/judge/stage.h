/* SPDX-License-Identifier: Apache-2.0 */
/* A hand-made episode for the judge: events, rows and ledger entries are put by the test, one lawful act in a single call. */
#ifndef TESTS_UNIT_JUDGE_STAGE_H
#define TESTS_UNIT_JUDGE_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/judge/judge.h"

#define MIN NS_PER_MIN
#define SEC NS_PER_S

enum { ONCALL = 1, SECOND, APPROVER, OTHER_APPROVER, PRODUCER, SECURITY, OPERATOR };

struct stage {
    struct deployment deployment;
    struct policy policy;
    struct plan plan;
    struct truth truth;
    struct judge *judge;
    struct event event;
    struct effects effects;
    uint64_t sequence;
    struct evidence_id labels, state, registry; /* Newest of each. */
    struct verdict_sheet sheet;
    void *block;
};

/* What an act is; zero members take the lawful choice. */
struct act {
    enum verb verb;
    uint16_t model;    /* 0: 1. */
    uint32_t incident; /* 0: model. */
    uint32_t action;   /* 0: the next. */
    uint16_t plan;     /* 0: number of the action. */
    struct action_args args;
    uint64_t facts; /* 0: quality_low. */
    struct approval_id approval;
    enum principal principal;
    int64_t effect_ns; /* From request to effect; 0: 10 s. */
    bool without_intent, without_outcome, without_answers, unverified;
    uint64_t key; /* 0: number of the action. */
};

/* Five models of equal traffic, the second of tier high; M01 on model 1 at one hour; people by the names above. */
void stage_open(struct stage *stage);
/* After the test has changed what it wants. */
void stage_begin(struct stage *stage, bool manual);
void stage_end(struct stage *stage);

/* The next event; fill its body, put effects, then stage_step. */
struct event *stage_event(struct stage *stage, int64_t at, enum event_kind kind);
struct record *stage_record(struct stage *stage, enum record_kind kind, uint32_t incident,
                            uint16_t model);
void stage_step(struct stage *stage);
void stage_tick(struct stage *stage, int64_t at);
/* A tick whose step records one row. */
void stage_says(struct stage *stage, int64_t at, enum record_kind kind, uint32_t incident,
                uint16_t model);
void stage_answer(struct stage *stage, int64_t at, const struct answer *answer);
/* State, registry and labels (a third of 1000 wrong, of two hours ago) of a model, sampled at the time. */
void stage_answers(struct stage *stage, int64_t at, uint16_t model);
/* Answers, intent, request, effect after 10 s, outcome and verification; the entry stays to be looked at. */
struct ledger_entry *stage_act(struct stage *stage, int64_t at, const struct act *act);
/* The parts of it. */
struct ledger_entry *stage_ask(struct stage *stage, int64_t at, const struct act *act);
void stage_effect(struct stage *stage, int64_t at, struct ledger_entry *entry);
void stage_fails(struct stage *stage, int64_t at, struct ledger_entry *entry);
void stage_outcome(struct stage *stage, int64_t at, const struct ledger_entry *entry);
void stage_verified(struct stage *stage, int64_t at, const struct ledger_entry *entry);
/* A person does it, at once. */
struct ledger_entry *stage_person(struct stage *stage, int64_t at, enum verb verb,
                                  const struct action_args *args);
void stage_human(struct stage *stage, int64_t at, enum human_kind kind, uint32_t incident,
                 uint16_t model);
void stage_page(struct stage *stage, int64_t at, uint32_t page, uint32_t incident, enum role role,
                uint8_t level);
void stage_control(struct stage *stage, int64_t at, enum control_kind kind, uint16_t person);
/* Looks at the world without an event. */
void stage_world(struct stage *stage, int64_t at);
struct verdict_sheet *stage_close(struct stage *stage);

/* A whole number of what was seen; prints every violation when it differs. */
void expect_breaches(struct stage *stage, enum invariant invariant, uint32_t n);
/* Nothing enforceable was violated at all, and the invariant was looked at. */
void expect_lawful(struct stage *stage, enum invariant invariant);

extern const struct digest128 certified_digest, candidate_digest, foreign_digest;
/* A lawful rollback of a model to its certified version 1, and what a lawful canary of the candidate 3 takes. */
struct act rollback_of(uint16_t model);
struct act canary_of(uint16_t model);
struct act fallback_of(uint16_t model);

#endif
