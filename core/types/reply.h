/* SPDX-License-Identifier: Apache-2.0 */
/* A reply of the LLM after the strict parser: a verdict and claims, both untrusted, with the raw bytes beside them. */
#ifndef CORE_TYPES_REPLY_H
#define CORE_TYPES_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/action.h"
#include "core/types/evidence.h"

/* X(NAME, word). */
#define REPLY_VERDICT_TABLE(X)                                                                     \
    X(VALID, "valid")                                                                              \
    X(TIMEOUT, "timeout")                                                                          \
    X(TRANSPORT, "transport") /* HTTP error, empty body. */                                        \
    X(OVERSIZE, "oversize")                                                                        \
    X(ENCODING, "encoding") /* Not UTF-8, or control characters. */                                \
    X(SYNTAX, "syntax")     /* Not one JSON object, or something after it. */                      \
    X(SCHEMA, "schema") /* Unknown, missing, repeated or ill-typed member, value out of range. */  \
    X(CITATION, "citation") /* An evidence id that cannot exist. */                                \
    X(REFUSAL, "refusal")

enum reply_verdict {
#define X(name, word) REPLY_##name,
    REPLY_VERDICT_TABLE(X)
#undef X
        N_REPLY_VERDICTS
};

/* One hypothesis. The suggestion is what hostile minds may act on; ours does not read it. */
struct llm_claim {
    enum cause cause;
    uint32_t confidence_pct; /* Verbalised; not a probability. */
    uint32_t n_cited;
    struct evidence_id cited[EVIDENCE_CITED_MAX];
    bool suggests;
    enum verb verb;
    struct version_id target;
    struct digest128 subject;
};

struct reply {
    enum reply_verdict verdict;
    uint32_t n_claims;
    struct llm_claim claims[CLAIMS_MAX]; /* Empty unless VALID. */
};

struct reply_event {
    struct question_id question;
    struct model_id model;
    struct reply reply;
    uint32_t tokens;
    uint32_t cost_microusd;
    struct slice raw; /* At most REPLY_BYTES_MAX. */
};

void reply_event_visit(struct visit *visit, struct reply_event *reply);

#endif
