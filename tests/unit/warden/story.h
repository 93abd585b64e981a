/* SPDX-License-Identifier: Apache-2.0 */
/* A small world around one warden, told by hand: two models, their people, tools that answer truthfully and a platform that does
 * what it is asked unless a test says otherwise. Everything that leaves the warden is kept. */
#ifndef TESTS_UNIT_WARDEN_STORY_H
#define TESTS_UNIT_WARDEN_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/warden/warden.h"

enum {
    STORY_RECORDS_MAX = 4096,
    STORY_ACTS_MAX = 128,
    STORY_PAGES_MAX = 256,
    STORY_REQUESTS_MAX = 64,
    STORY_PENDING_MAX = 256,
    STORY_MODELS = 2,
    FRAUD = 1,  /* Tier low. */
    CREDIT = 2, /* Tier high. */
    OLGA = 1,   /* On call, level 1. */
    OTTO = 2,   /* Level 2. */
    ADA = 3,    /* Approver. */
    AMIR = 4,   /* Approver. */
    PIA = 5,    /* Producer. */
    SVEN = 6,   /* Security. */
    OPAL = 7    /* Operator. */
};

enum story_fate {
    STORY_DONE,
    STORY_FAILS,
    STORY_UNKNOWN_DONE,
    STORY_UNKNOWN_NOT_DONE,
    STORY_SILENT_DONE,
    STORY_SILENT
};

struct story_pending {
    int64_t at;
    struct event event;
    bool is_ask; /* An answer to make, for the model and tool of event.answer. */
    bool is_effect;
    struct act_effect act;
};

struct story_model {
    struct state_answer state;
    struct registry_answer registry;
    struct changes_answer changes;
    struct features_answer features;
    struct labels_answer labels;
    struct shadow_answer shadow;
    struct golden_answer golden;
    struct tables_answer tables;
    struct decisions_answer decisions;
    struct canary_answer canary;
    double error; /* Of the labels that arrive. */
    double availability;
};

struct story {
    struct deployment deployment;
    struct policy policy;
    void *block;
    struct warden *warden;
    struct event event;
    struct advice advice; /* Said in the next step. */
    struct effects effects;
    uint64_t sequence;
    int64_t now, next_window, wake_at;
    bool telemetry, tools_silent, pages_down, answers_pages;
    enum story_fate fate;
    struct calendar_answer calendar;
    struct story_model models[STORY_MODELS];
    struct digest128 applied_keys[STORY_ACTS_MAX];
    uint32_t n_applied;
    uint32_t n_pending;
    struct story_pending pending[STORY_PENDING_MAX];
    uint32_t n_records, n_acts, n_pages, n_requests, n_asks, n_notifies;
    struct record records[STORY_RECORDS_MAX];
    int64_t record_at[STORY_RECORDS_MAX];
    struct act_effect acts[STORY_ACTS_MAX];
    struct page_effect pages[STORY_PAGES_MAX];
    int64_t page_at[STORY_PAGES_MAX];
    struct request_effect requests[STORY_REQUESTS_MAX];
    struct evidence_id newest[STORY_MODELS][N_TOOLS]; /* Last answers given. */
    struct evidence_id window[STORY_MODELS];
};

/* Baselines are told, an hour of healthy telemetry has passed. */
void story_begin(struct story *story);
void story_end(struct story *story);
/* One step with the event as set in story->event (kind and body) and what was said in story->advice. */
void story_step(struct story *story);
void story_tick(struct story *story);
/* What was said is said now; then time passes: answers, outcomes, windows and ticks come when they are due. */
void story_run(struct story *story, int64_t for_ns);
/* The tools are asked and answer, outside of the warden's own questions. */
struct evidence_id story_answer(struct story *story, uint16_t model, enum tool tool);

struct advice_item *story_say(struct story *story, enum advice_kind kind, uint32_t incident,
                              uint16_t model);
/* Opens the incident now. */
void story_open(struct story *story, uint32_t incident, uint16_t model);
/* A pipeline has pushed version 5 in place of 4, and it is bad: every tool shows it. */
void story_bad_push(struct story *story, uint16_t model);
/* Reads what a roll-back to version 4 rests on and says it; not yet stepped. */
struct advice_item *story_propose_rollback(struct story *story, uint32_t incident, uint16_t model);
struct advice_item *story_propose_fallback(struct story *story, uint32_t incident, uint16_t model);

const struct record *story_record(const struct story *story,
                                  enum record_kind kind); /* Newest, NULL: none. */
uint32_t story_count(const struct story *story, enum record_kind kind);
int32_t story_index(const struct story *story, enum record_kind kind); /* Of the first; -1 none. */
const struct docket_entry *story_entry(const struct story *story, uint32_t incident);
void story_approval(struct story *story, const struct request_effect *request, uint16_t person,
                    bool granted);
struct digest128 story_digest(struct story *story);

#endif
