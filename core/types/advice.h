/* SPDX-License-Identifier: Apache-2.0 */
/* Everything a mind can say. Nothing here is believed: the warden checks each item and may refuse it with a reason. */
#ifndef CORE_TYPES_ADVICE_H
#define CORE_TYPES_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/action.h"
#include "core/types/event.h"
#include "core/types/guarantee.h"
#include "core/types/ident.h"
#include "core/types/record.h"

/* X(NAME, word). */
#define SYMPTOM_TABLE(X)                                                                                \
    X(INPUT_SHIFT, "input shift")                                                                       \
    X(QUALITY, "quality")                                                                               \
    X(NULLS, "nulls")                                                                                   \
    X(DECISIONS, "decisions")                                                                           \
    X(OPERATIONAL, "operational")                                                                       \
    X(SILENCE, "silence") /* Telemetry is missing. */                                                   \
    X(DATA,                                                                                             \
      "data quality") /* Telemetry that cannot be right: a feature without rows, counters that jump. */ \
    X(SUSPICIOUS_TEXT, "suspicious text")                                                               \
    X(OPEN_INTENT, "open intent") /* Found after a restart. */

enum symptom {
#define X(name, word) SYMPTOM_##name,
    SYMPTOM_TABLE(X)
#undef X
        N_SYMPTOMS
};

/* X(NAME, word). */
#define ADVICE_TABLE(X)                                                                            \
    X(NOTE, "note") /* A symptom seen: for the story and the record, no consequence. */            \
    X(OPEN, "open")                                                                                \
    X(ASK, "ask")                                                                                  \
    X(ASK_LLM, "ask llm")                                                                          \
    X(CLAIM, "claim")                                                                              \
    X(PROPOSE, "propose")                                                                          \
    X(WATCH, "watch")                                                                              \
    X(ESCALATE, "escalate")                                                                        \
    X(NOTIFY, "notify")                                                                            \
    X(CLOSE, "close")

enum advice_kind {
#define X(name, word) ADVICE_##name,
    ADVICE_TABLE(X)
#undef X
        N_ADVICE_KINDS
};

enum close_reason { CLOSE_BENIGN, CLOSE_RESOLVED, N_CLOSE_REASONS };

/* One flat item; what a kind does not use is zero. */
struct advice_item {
    enum advice_kind kind;
    struct incident_id incident;
    struct model_id model;
    enum symptom symptom; /* NOTE OPEN. */
    int32_t feature;      /* NOTE: index of the feature, -1 none. */
    double value,
        limit; /* NOTE: statistic and threshold; CLAIM: value is the probability; WATCH: limit is the harm limit
                                  (labelled error rate) that pages. */
    struct assurance assurance;  /* NOTE OPEN. */
    uint8_t severity;            /* OPEN ESCALATE: 1 worst .. 5. */
    enum tool tool;              /* ASK. */
    struct question_id question; /* ASK ASK_LLM: the mind's number; answers carry it. */
    struct digest128 prompt;     /* ASK_LLM: digest of what is asked. */
    enum cause cause;            /* ASK_LLM: the leading hypothesis; CLAIM PROPOSE CLOSE. */
    enum verb verb;              /* PROPOSE. */
    struct action_args args;     /* PROPOSE; NOTIFY ESCALATE: args.recipient. */
    uint16_t plan; /* PROPOSE: steps of one plan count as one change; rising within an incident. */
    uint8_t step;
    int64_t until;            /* WATCH: the time at which it ends. */
    enum close_reason reason; /* CLOSE. */
    uint32_t n_evidence;
    struct evidence_id evidence[EVIDENCE_CITED_MAX];
};

struct advice {
    uint32_t n_items;
    struct advice_item items[ADVICE_MAX];
    uint32_t n_dropped;         /* Said beyond ADVICE_MAX and lost; recorded. */
    int64_t wake_at;            /* The mind wants a tick then; NEVER: none. */
    struct advice_item scratch; /* Takes what is said beyond the list; in no encoding. */
};

void advice_reset(struct advice *advice);
/* The next item, zeroed, of the kind; when full the drop is counted and a scratch item (not kept) is returned. */
struct advice_item *advice_push(struct advice *advice, enum advice_kind kind);
/* Adds a citation unless full or already there. */
void advice_cite(struct advice_item *item, struct evidence_id evidence);
void advice_item_visit(struct visit *visit, struct advice_item *item);
void advice_visit(struct visit *visit, struct advice *advice);

#endif
