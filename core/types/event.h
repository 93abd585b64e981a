/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the core can learn. An event carries its time; nothing else tells the core what time it is. */
#ifndef CORE_TYPES_EVENT_H
#define CORE_TYPES_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/action.h"
#include "core/types/evidence.h"
#include "core/types/ident.h"
#include "core/types/reply.h"

/* X(NAME, word). */
#define EVENT_TABLE(X)                                                                             \
    X(START, "start")                                                                              \
    X(TICK, "tick")                                                                                \
    X(BASELINE, "baseline")                                                                        \
    X(WINDOW, "window")                                                                            \
    X(ANSWER, "answer")                                                                            \
    X(REPLY, "reply")                                                                              \
    X(OUTCOME, "outcome")                                                                          \
    X(APPROVAL, "approval")                                                                        \
    X(PAGE, "page")                                                                                \
    X(CHANGE, "change")                                                                            \
    X(CONTROL, "control")                                                                          \
    X(HANDLING, "handling")

enum event_kind {
#define X(name, word) EVENT_##name,
    EVENT_TABLE(X)
#undef X
        N_EVENT_KINDS
};

/* First event of a process. After a crash the state has been recovered from the journal and recovered is true: open intents
 * must be read back, pages without delivery sent again. */
struct start_event {
    bool recovered;
    uint32_t incarnation;
};

/* Reference profile of a version, from its training and evaluation record; sent at start and when a version begins to serve. */
struct baseline {
    struct model_id model;
    struct version_id version;
    uint32_t rows; /* Behind the proportions. */
    uint32_t bins_ppm[FEATURES_MAX][BINS];
    double error; /* Holdout error rate, as observed. */
    double positive_rate;
    uint32_t latency_p95_us;
    uint32_t constant_features; /* Bit i: feature i has zero spread in the reference. */
};

enum serving_role { SERVING_CHAMPION, SERVING_CANARY, N_SERVING_ROLES };

/* Telemetry of one model over [from, to): counters, so that their absence is visible. Late ones have at > to. */
struct window {
    struct model_id model;
    struct version_id version;
    enum serving_role role;
    int64_t from, to;
    uint32_t requests, errors, fallbacks, positives;
    uint32_t latency_p95_us;
    uint32_t bins[FEATURES_MAX][BINS];
    uint32_t score_bins[SCORE_BINS];
    uint32_t labels_scored, labels_correct; /* Labels that arrived in this window ... */
    int64_t cohort_from, cohort_to;         /* ... for requests of this interval. */
};

enum outcome_status {
    OUTCOME_DONE,    /* The platform says that it is done. Believed only after read-back. */
    OUTCOME_FAILED,  /* It says that it was not done. */
    OUTCOME_UNKNOWN, /* No answer in time. */
    OUTCOME_TRAINED, /* A training that an earlier RETRAIN started ended with the version named. */
    OUTCOME_TRAIN_FAILED,
    N_OUTCOME_STATUSES
};
struct outcome {
    struct action_id action;
    struct digest128 key; /* The idempotency key of the attempt. */
    enum outcome_status status;
    struct version_id version; /* TRAINED. */
};

struct approval_event {
    struct approval_id approval;
    struct digest128 action_hash;
    uint64_t nonce;
    struct person_id person;
    bool granted;
    int64_t issued_at;
};

enum page_status { PAGE_DELIVERED, PAGE_UNDELIVERED, PAGE_ACKNOWLEDGED, N_PAGE_STATUSES };
struct page_event {
    struct page_id page;
    enum page_status status;
    struct person_id person;
};

struct change_event {
    struct change change;
    struct slice note; /* Untrusted text of whoever made the change; at most TEXT_BYTES_MAX. */
};

enum control_kind {
    CONTROL_HALT,  /* Kill switch. Latched. */
    CONTROL_RESET, /* Only a person with the role operator. */
    CONTROL_ARM,   /* Dead man armed: heartbeats are due from now. */
    CONTROL_HEARTBEAT,
    CONTROL_DISARM,
    CONTROL_CALENDAR, /* A declared window became known. */
    CONTROL_WITHDRAW, /* A declared window, named by all its members, is in force no more. */
    N_CONTROL_KINDS
};
struct control_event {
    enum control_kind kind;
    struct person_id person;
    struct calendar_entry calendar;
};

enum handling_kind { HANDLING_TAKEN, HANDLING_RESOLVED, N_HANDLING_KINDS };
struct handling_event {
    struct incident_id incident;
    enum handling_kind kind;
    struct person_id person;
};

struct event {
    uint64_t sequence; /* 1, 2, ... within a run; survives crashes. The evidence id of what it carries. */
    int64_t at;        /* Nanoseconds since the run's epoch; never falls. */
    enum event_kind kind;
    union {
        struct start_event start;
        struct baseline baseline;
        struct window window;
        struct answer answer;
        struct reply_event reply;
        struct outcome outcome;
        struct approval_event approval;
        struct page_event page;
        struct change_event change;
        struct control_event control;
        struct handling_event handling;
    };
};

void event_visit(struct visit *visit, struct event *event);

#endif
