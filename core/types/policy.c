/* SPDX-License-Identifier: Apache-2.0 */
/* Looking a verdict up in the policy table, deny by default, and the defaults of its numbers. */
#include "core/types/policy.h"

#include "core/base/assert.h"

enum verdict policy_verdict(const struct policy *policy, enum verb verb, enum tier tier,
                            uint64_t facts)
{
    ASSERT((uint32_t)verb < N_VERBS);
    ASSERT((uint32_t)tier < N_TIERS);
    ASSERT(policy->n_rules <= POLICY_RULES_MAX);
    for (uint32_t i = 0; i < policy->n_rules; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        bool is_about = rule->verb == verb && (rule->tiers >> tier & 1u) != 0;
        bool has_all = (facts & rule->needs_all) == rule->needs_all;
        bool has_any = rule->needs_any == 0 || (facts & rule->needs_any) != 0;
        if (is_about && has_all && has_any) {
            return rule->verdict;
        }
    }
    return VERDICT_FORBID;
}

void policy_defaults(struct policy_limits *limits)
{
    *limits = (struct policy_limits){
        .models_per_window = 2,           /* S08 b_max: one change, one undo. */
        .traffic_ppm_per_window = 250000, /* S08 share_max: one canary step that needs no approval. */
        .unverified_per_fleet = 3,        /* S08 u_all: what one person on call can follow. */
        .blast_window_ns = 10 * NS_PER_MIN, /* S08 t_window: the unit of b_max. */
        .changes_per_model_hour = 6,        /* S11 r_max. */
        .cool_down_ns = 30 * NS_PER_MIN,    /* S11 t_cool. */
        .flips_per_day = 1,                 /* S34 flips: one undo is legitimate. */
        .scored_min = 500,                  /* S07, S13 n_min. */
        .feature_rows_min = 200,            /* S13 n_feature: PSI noise below 0.1. */
        .canary_min_ns = 10 * NS_PER_MIN,   /* S07 t_min. */
        .canary_margin_ppm = 20000,         /* Two points of accuracy, the tolerance of S43. */
        .threshold_step_ppm =
            250000, /* A quarter of a score deviation: at most ten points of decisions. */
        .stale_ns = 180 * NS_PER_S,         /* S17 t_stale: three scrapes. */
        .approval_ttl_ns = 15 * NS_PER_MIN, /* S10 ttl_approval: state seldom holds for longer. */
        .act_deadline_ns = 5 * NS_PER_MIN,  /* S22 t_act. */
        .page_deadline_ns = 120 * NS_PER_S, /* S23 t_esc: four tries. */
        .acknowledge_ns = 5 * NS_PER_MIN,   /* S24 t_ack. */
        .clear_ns = 15 * NS_PER_MIN,        /* S24 t_clear. */
        .lock_ns = 120 * NS_PER_S,          /* S37 t_lock. */
        .dead_man_ns = 60 * NS_PER_S,       /* S25 t_dead: four beats. */
        .verify_ns = 2 * NS_PER_HOUR, /* The slowest labels, and an hour to collect enough of them. */
        .llm_tokens_per_day = 500000, /* S30 tokens. */
    };
}

static void rule_visit(struct visit *visit, struct policy_rule *rule)
{
    VISIT_ENUM(visit, rule, verb, N_VERBS);
    visit_u32(visit, "tiers", &rule->tiers);
    visit_u64(visit, "needs_all", &rule->needs_all);
    visit_u64(visit, "needs_any", &rule->needs_any);
    VISIT_ENUM(visit, rule, verdict, N_VERDICTS);
}

static void limits_visit(struct visit *visit, struct policy_limits *limits)
{
    visit_begin(visit, "limits", -1);
    visit_u32(visit, "models_per_window", &limits->models_per_window);
    visit_u32(visit, "traffic_ppm_per_window", &limits->traffic_ppm_per_window);
    visit_u32(visit, "unverified_per_fleet", &limits->unverified_per_fleet);
    visit_i64(visit, "blast_window_ns", &limits->blast_window_ns);
    visit_u32(visit, "changes_per_model_hour", &limits->changes_per_model_hour);
    visit_i64(visit, "cool_down_ns", &limits->cool_down_ns);
    visit_u32(visit, "flips_per_day", &limits->flips_per_day);
    visit_u32(visit, "scored_min", &limits->scored_min);
    visit_u32(visit, "feature_rows_min", &limits->feature_rows_min);
    visit_i64(visit, "canary_min_ns", &limits->canary_min_ns);
    visit_u32(visit, "canary_margin_ppm", &limits->canary_margin_ppm);
    visit_u32(visit, "threshold_step_ppm", &limits->threshold_step_ppm);
    visit_i64(visit, "stale_ns", &limits->stale_ns);
    visit_i64(visit, "approval_ttl_ns", &limits->approval_ttl_ns);
    visit_i64(visit, "act_deadline_ns", &limits->act_deadline_ns);
    visit_i64(visit, "page_deadline_ns", &limits->page_deadline_ns);
    visit_i64(visit, "acknowledge_ns", &limits->acknowledge_ns);
    visit_i64(visit, "clear_ns", &limits->clear_ns);
    visit_i64(visit, "lock_ns", &limits->lock_ns);
    visit_i64(visit, "dead_man_ns", &limits->dead_man_ns);
    visit_i64(visit, "verify_ns", &limits->verify_ns);
    visit_u32(visit, "llm_tokens_per_day", &limits->llm_tokens_per_day);
    visit_end(visit);
}

void policy_visit(struct visit *visit, struct policy *policy)
{
    visit_begin(visit, "policy", -1);
    visit_chars(visit, "version", policy->version, sizeof(policy->version));
    VISIT_ENUM(visit, policy, n_rules, POLICY_RULES_MAX + 1);
    for (uint32_t i = 0; i < policy->n_rules; i++) {
        visit_begin(visit, "rules", (int)i);
        rule_visit(visit, &policy->rules[i]);
        visit_end(visit);
    }
    visit_u64(visit, "freeze_allow", &policy->freeze_allow);
    visit_u64(visit, "preauthorised", &policy->preauthorised);
    limits_visit(visit, &policy->limits);
    visit_end(visit);
}

struct digest128 policy_digest(const struct policy *policy)
{
    struct policy copy = *policy; /* A visitor takes what it could write to. */
    struct visit_digest digest;
    visit_digest_init(&digest);
    policy_visit(&digest.visit, &copy);
    ASSERT(!digest.visit.failed);
    return visit_digest_close(&digest);
}
