/* SPDX-License-Identifier: Apache-2.0 */
/* Policy tables as data: what each verb needs on each tier, deny by default, and the numbers of the budgets. */
#ifndef CORE_TYPES_POLICY_H
#define CORE_TYPES_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/action.h"
#include "core/types/evidence.h"

/* From strictest to freest. X(NAME, word). */
#define VERDICT_TABLE(X)                                                                           \
    X(FORBID, "forbid")                                                                            \
    X(ESCALATE, "escalate")                                                                        \
    X(WAIT, "wait")                                                                                \
    X(TWO, "two")                                                                                  \
    X(ONE, "one")                                                                                  \
    X(CANARY, "canary") /* Automatic once a canary of the same digest has passed. */               \
    X(AUTO, "auto")

enum verdict {
#define X(name, word) VERDICT_##name,
    VERDICT_TABLE(X)
#undef X
        N_VERDICTS
};

struct policy_rule {
    enum verb verb;
    uint32_t tiers;     /* Bits 1 << enum tier. */
    uint64_t needs_all; /* Bits 1 << enum fact: facts the cited, checked evidence must establish. */
    uint64_t needs_any; /* At least one of these, when not 0. */
    enum verdict verdict;
};

/* Defaults are those of the safety invariants (S07 S08 S10 S11 S13 S17 S22 S23 S24 S25 S34 S37); a file may tighten them. */
struct policy_limits {
    uint32_t models_per_window;      /* S08 b_max. */
    uint32_t traffic_ppm_per_window; /* S08 share_max. */
    uint32_t unverified_per_fleet;   /* S08 u_all; per model it is always 1. */
    int64_t blast_window_ns;         /* S08 t_window. */
    uint32_t changes_per_model_hour; /* S11 r_max. */
    int64_t cool_down_ns;            /* S11 t_cool. */
    uint32_t flips_per_day;          /* S34 flips. */
    uint32_t scored_min;             /* S07, S13 n_min. */
    uint32_t feature_rows_min;       /* S13 n_feature. */
    int64_t canary_min_ns;           /* S07 t_min. */
    uint32_t canary_margin_ppm;      /* Layer 11: non-inferiority margin on accuracy. */
    uint32_t threshold_step_ppm;     /* Layer 3: how far one act moves a decision threshold. */
    int64_t stale_ns;                /* S17. */
    int64_t approval_ttl_ns;         /* S10. */
    int64_t act_deadline_ns;         /* S22 t_act. */
    int64_t page_deadline_ns;        /* S23 t_esc. */
    int64_t acknowledge_ns;          /* S24 t_ack. */
    int64_t clear_ns;                /* S24 t_clear. */
    int64_t lock_ns;                 /* S37 t_lock. */
    int64_t dead_man_ns;             /* S25 t_dead. */
    int64_t verify_ns; /* Layer 12: an effect not verified by then is a matter for a human. */
    uint32_t llm_tokens_per_day;
};

struct policy {
    char version[NAME_BYTES];
    uint32_t n_rules;
    struct policy_rule rules[POLICY_RULES_MAX]; /* The first rule whose verb, tier and needs match decides; none: forbid. */
    uint64_t freeze_allow; /* Verbs allowed inside a freeze window (S06; ROLLBACK only to the last certified version). */
    uint64_t preauthorised; /* Verbs allowed without approval as containment when an approver is absent. */
    struct policy_limits limits;
};

/* The verdict of the table for facts established by checked evidence. */
enum verdict policy_verdict(const struct policy *policy, enum verb verb, enum tier tier,
                            uint64_t facts);
void policy_defaults(struct policy_limits *limits);
void policy_visit(struct visit *visit, struct policy *policy);
struct digest128 policy_digest(const struct policy *policy);

#endif
