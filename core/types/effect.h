/* SPDX-License-Identifier: Apache-2.0 */
/* Everything the core can want. No effect reaches a world before its record is in the journal. */
#ifndef CORE_TYPES_EFFECT_H
#define CORE_TYPES_EFFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/advice.h"
#include "core/types/incident.h"
#include "core/types/record.h"

/* X(NAME, word). */
#define EFFECT_TABLE(X)                                                                            \
    X(RECORD, "record")                                                                            \
    X(ASK, "ask")                                                                                  \
    X(ASK_LLM, "ask llm")                                                                          \
    X(ACT, "act")                                                                                  \
    X(REQUEST_APPROVAL, "request approval")                                                        \
    X(PAGE, "page")                                                                                \
    X(NOTIFY, "notify")

enum effect_kind {
#define X(name, word) EFFECT_##name,
    EFFECT_TABLE(X)
#undef X
        N_EFFECT_KINDS
};

/* question ids of the warden have the top bit set, so that they never meet those of a mind. */
#define QUESTION_WARDEN UINT32_C(0x80000000)

struct ask_effect {
    struct question_id question;
    enum tool tool;
    struct model_id model;
};
struct ask_llm_effect {
    struct question_id question;
    struct incident_id incident;
    struct model_id model;
    struct digest128 prompt;
    enum cause leading; /* Hypothesis of the tables, shown to the LLM. */
    uint32_t n_evidence;
    struct evidence_id evidence[EVIDENCE_CITED_MAX];
    int64_t deadline;
};
struct act_effect {
    struct action_id action;
    struct incident_id incident;
    uint16_t plan;
    enum verb verb;
    struct action_args args;
    struct digest128 key; /* The platform applies a key at most once. */
    enum principal principal;
    struct approval_id approval; /* 0: none was needed. */
};
struct request_effect {
    struct approval_id approval;
    struct incident_id incident;
    struct action_id action;
    struct digest128 action_hash;
    enum verb verb;
    struct action_args args;
    uint64_t nonce;
    uint32_t quorum;
    int64_t expires_at;
};
struct page_effect {
    struct page_id page;
    struct incident_id incident;
    struct model_id model;
    enum role recipient;
    struct person_id person;
    uint8_t severity, level;
    enum cause cause; /* Leading hypothesis. */
};
struct notify_effect {
    struct incident_id incident;
    struct model_id model;
    struct table_id table; /* The producer's, when the recipient is one. */
    enum role recipient;
    struct person_id person;
    enum cause cause;
};

struct effect {
    enum effect_kind kind;
    union {
        struct record record;
        struct ask_effect ask;
        struct ask_llm_effect ask_llm;
        struct act_effect act;
        struct request_effect request;
        struct page_effect page;
        struct notify_effect notify;
    };
};

struct effects {
    uint32_t n_effects;
    struct effect items[EFFECTS_MAX]; /* In the order in which they must be carried out. */
    int64_t wake_at; /* A TICK is due at this time; NEVER: none. Replaces the one before. */
};

void effects_reset(struct effects *effects);
/* Room for n more. The warden asks before it begins something that needs several. */
bool effects_have_room(const struct effects *effects, uint32_t n);
/* The next effect, zeroed, of the kind. A full list is a bug. */
struct effect *effects_push(struct effects *effects, enum effect_kind kind);
struct record *effects_record(struct effects *effects, enum record_kind kind);
void effect_visit(struct visit *visit, struct effect *effect);
void effects_visit(struct visit *visit, struct effects *effects);

#endif
