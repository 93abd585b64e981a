/* SPDX-License-Identifier: Apache-2.0 */
/* The audit record: one self-contained row for each decision, intent, outcome, page, approval and closure. */
#ifndef CORE_TYPES_RECORD_H
#define CORE_TYPES_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/action.h"
#include "core/types/evidence.h"
#include "core/types/guarantee.h"
#include "core/types/ident.h"
#include "core/types/policy.h"

/* X(NAME, word). */
#define RECORD_TABLE(X)                                                                            \
    X(OPENED, "opened")                                                                            \
    X(DECIDED, "decided")     /* Verdict of the policy on a proposal, layers and evidence. */      \
    X(REFUSED, "refused")     /* A layer said no to an item of advice. */                          \
    X(REQUESTED, "requested") /* Approval asked for. */                                            \
    X(APPROVED, "approved")   /* An approval passed its checks and is bound. */                    \
    X(REJECTED, "rejected")   /* An approval, reset or handling was not what it claimed to be. */  \
    X(DENIED, "denied")                                                                            \
    X(EXPIRED, "expired")                                                                          \
    X(LOCKED, "locked")                                                                            \
    X(UNLOCKED, "unlocked")                                                                        \
    X(INTENT, "intent")     /* Written before the effect. */                                       \
    X(OUTCOME, "outcome")   /* Read back: applied, failed. */                                      \
    X(VERIFIED, "verified") /* Layer 12: the independent metric. */                                \
    X(UNDO, "undo")         /* Layer 12 decided to take it back. */                                \
    X(CANARY, "canary")     /* Layer 11's verdict. */                                              \
    X(CONTAINED, "contained")                                                                      \
    X(WATCHED, "watched")                                                                          \
    X(ESCALATED, "escalated") /* The decision to escalate. */                                      \
    X(PAGED, "paged")         /* A page left. */                                                   \
    X(DELIVERED, "delivered")                                                                      \
    X(ACKNOWLEDGED, "acknowledged")                                                                \
    X(CLOSED, "closed")                                                                            \
    X(HALTED, "halted")                                                                            \
    X(RESET, "reset")                                                                              \
    X(RECONCILED, "reconciled")                                                                    \
    X(NOTIFIED, "notified")

enum record_kind {
#define X(name, word) RECORD_##name,
    RECORD_TABLE(X)
#undef X
        N_RECORD_KINDS
};

enum { N_LAYERS = 15 };
enum layer_verdict {
    LAYER_NOT_REACHED,
    LAYER_PASS,
    LAYER_REFUSE,
    LAYER_NOT_BUILT,
    LAYER_NOT_NEEDED,
    N_LAYER_VERDICTS
};

/* Why something was refused. X(NAME, word). */
#define REFUSAL_TABLE(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(INGRESS, "untrusted origin")                                                                 \
    X(MALFORMED, "malformed")                                                                      \
    X(UNKNOWN_INCIDENT, "unknown incident")                                                        \
    X(UNKNOWN_EVIDENCE, "unknown evidence")                                                        \
    X(STALE_EVIDENCE, "stale evidence")                                                            \
    X(FOREIGN_EVIDENCE, "evidence of another model")                                               \
    X(SMALL_SAMPLE, "sample too small")                                                            \
    X(YOUNG_LABELS, "labels too young")                                                            \
    X(QUARANTINED_DATA, "data under quarantine")                                                   \
    X(BAD_ARGUMENT, "bad argument")                                                                \
    X(TAINTED, "tainted argument")                                                                 \
    X(FORBIDDEN, "forbidden by policy")                                                            \
    X(FROZEN, "freeze window")                                                                     \
    X(NO_ADAPTER, "no adapter")                                                                    \
    X(NEEDS_HUMAN, "needs a human")                                                                \
    X(WAIT, "policy says wait")                                                                    \
    X(PRECONDITION, "precondition not met")                                                        \
    X(TARGET_MISSING, "target not available")                                                      \
    X(TARGET_INCOMPATIBLE, "target incompatible")                                                  \
    X(NOT_EVALUATED, "no valid evaluation")                                                        \
    X(NO_CANARY, "no passed canary")                                                               \
    X(RATE, "rate limit")                                                                          \
    X(COOL_DOWN, "cool-down")                                                                      \
    X(BLAST_RADIUS, "blast radius")                                                                \
    X(UNVERIFIED_CHANGE, "a change is unverified")                                                 \
    X(OSCILLATION, "oscillation")                                                                  \
    X(LOCKED, "locked by another incident")                                                        \
    X(BUDGET, "budget spent")                                                                      \
    X(APPROVAL_MISMATCH, "approval does not match")                                                \
    X(APPROVAL_ROLE, "approver lacks the role")                                                    \
    X(APPROVAL_EXPIRED, "approval expired")                                                        \
    X(HALTED, "kill switch")                                                                       \
    X(FULL, "no room")                                                                             \
    X(NOT_CLEAR, "metric not clear")                                                               \
    X(TAKEN, "a human works on it")                                                                \
    X(DUPLICATE, "duplicate")

enum refusal {
#define X(name, word) REFUSAL_##name,
    REFUSAL_TABLE(X)
#undef X
        N_REFUSALS
};

/* Who acted or closed. X(NAME, word). */
#define PRINCIPAL_TABLE(X)                                                                         \
    X(MIND, "mind")                                                                                \
    X(RULE, "rule") /* The warden, by a rule of its own: undo, reconcile, release, watchdog. */    \
    X(HUMAN, "human")

enum principal {
#define X(name, word) PRINCIPAL_##name,
    PRINCIPAL_TABLE(X)
#undef X
        N_PRINCIPALS
};

/* One flat row; what a kind does not use is zero. */
struct record {
    enum record_kind kind;
    struct incident_id incident;
    struct model_id model;
    struct action_id action;
    uint16_t plan;
    uint8_t step;
    enum verb verb;
    struct action_args args;
    struct digest128 key;     /* INTENT: idempotency key. */
    enum principal principal; /* Who asked for it; CLOSED: who closed. */
    struct person_id person;
    enum verdict verdict;     /* DECIDED. */
    uint8_t layers[N_LAYERS]; /* enum layer_verdict of each layer so far. */
    uint8_t refused_layer;    /* REFUSED REJECTED. */
    enum refusal reason;
    enum cause cause;
    uint64_t facts; /* Facts that the cited evidence established. */
    uint32_t n_evidence;
    struct evidence_id evidence[EVIDENCE_CITED_MAX]; /* INTENT: the last one is the fresh read before the effect. */
    struct approval_id approval;
    struct page_id page;
    uint8_t severity, level;
    enum role recipient;
    uint8_t advice_kind;    /* REFUSED: enum advice_kind of what was refused. */
    uint8_t incident_state; /* CLOSED: enum incident_state. */
    uint8_t action_state;   /* OUTCOME VERIFIED UNDO: enum action_state. */
    double metric,
        limit;  /* VERIFIED UNDO CLOSED WATCHED CANARY: the independent metric and its limit. */
    uint32_t n; /* Samples behind the metric. */
    struct assurance assurance;    /* OPENED: as the mind claimed it. */
    int64_t deadline;              /* REQUESTED: expiry; WATCHED: until; LOCKED: lease end. */
    struct digest128 policy, mind; /* DECIDED INTENT: what decided and what advised. */
};

void record_visit(struct visit *visit, struct record *record);

#endif
