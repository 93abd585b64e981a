/* SPDX-License-Identifier: Apache-2.0 */
/* Policy table: first match, deny by default, digest over everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/limits.h"
#include "core/types/policy.h"

#define ALL_TIERS ((1u << N_TIERS) - 1)

static struct policy table(void)
{
    static const struct policy_rule rules[] = {
        {VERB_ROLLBACK, 1u << TIER_HIGH, FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_TARGET_CERTIFIED),
         FACT_BIT(FACT_MODEL_CHANGED) | FACT_BIT(FACT_PREVIOUS_BETTER), VERDICT_AUTO},
        {VERB_ROLLBACK, ALL_TIERS, FACT_BIT(FACT_QUALITY_LOW), 0, VERDICT_ONE},
        {VERB_ROLLBACK, ALL_TIERS, 0, 0, VERDICT_ESCALATE},
        {VERB_ROLLBACK, ALL_TIERS, 0, 0, VERDICT_AUTO},
        {VERB_RETRAIN, 1u << TIER_LOW, 0, 0, VERDICT_AUTO},
    };
    struct policy policy;
    memset(&policy, 0, sizeof(policy));
    policy.n_rules = sizeof(rules) / sizeof(rules[0]);
    memcpy(policy.rules, rules, sizeof(rules));
    policy_defaults(&policy.limits);
    return policy;
}

static void verdict_when_several_rules_match_is_the_first(void **state)
{
    (void)state;
    struct policy policy = table();
    uint64_t low = FACT_BIT(FACT_QUALITY_LOW);
    uint64_t certified = low | FACT_BIT(FACT_TARGET_CERTIFIED);
    uint64_t full = certified | FACT_BIT(FACT_PREVIOUS_BETTER);
    assert_int_equal(policy_verdict(&policy, VERB_ROLLBACK, TIER_HIGH, full), VERDICT_AUTO);
    assert_int_equal(policy_verdict(&policy, VERB_ROLLBACK, TIER_HIGH, certified), VERDICT_ONE);
    assert_int_equal(policy_verdict(&policy, VERB_ROLLBACK, TIER_LOW, full), VERDICT_ONE);
    assert_int_equal(policy_verdict(&policy, VERB_ROLLBACK, TIER_HIGH, full & ~low),
                     VERDICT_ESCALATE);
}

static void verdict_when_no_rule_matches_is_forbid(void **state)
{
    (void)state;
    struct policy policy = table();
    for (int verb = 0; verb < N_VERBS; verb++) {
        bool is_named = verb == VERB_ROLLBACK || verb == VERB_RETRAIN;
        if (!is_named) {
            assert_int_equal(policy_verdict(&policy, (enum verb)verb, TIER_LOW, UINT64_MAX),
                             VERDICT_FORBID);
        }
    }
    assert_int_equal(policy_verdict(&policy, VERB_RETRAIN, TIER_LOW, 0), VERDICT_AUTO);
    assert_int_equal(policy_verdict(&policy, VERB_RETRAIN, TIER_MEDIUM, UINT64_MAX), VERDICT_FORBID);
    policy.n_rules = 0;
    assert_int_equal(policy_verdict(&policy, VERB_ROLLBACK, TIER_HIGH, UINT64_MAX), VERDICT_FORBID);
}

static void defaults_when_taken_are_those_of_the_invariants(void **state)
{
    (void)state;
    struct policy_limits limits;
    memset(&limits, 0xff, sizeof(limits));
    policy_defaults(&limits);
    assert_int_equal(limits.models_per_window, 2);
    assert_int_equal(limits.traffic_ppm_per_window, 250000);
    assert_int_equal(limits.scored_min, 500);
    assert_int_equal(limits.feature_rows_min, 200);
    assert_int_equal(limits.stale_ns, 180 * NS_PER_S);
    assert_int_equal(limits.act_deadline_ns, 300 * NS_PER_S);
    assert_int_equal(limits.page_deadline_ns, 120 * NS_PER_S);
    assert_int_equal(limits.approval_ttl_ns, 900 * NS_PER_S);
    assert_int_equal(limits.dead_man_ns, 60 * NS_PER_S);
    assert_int_equal(limits.lock_ns, 120 * NS_PER_S);
}

static void digest_when_a_rule_or_a_limit_changes_is_another(void **state)
{
    (void)state;
    struct policy policy = table();
    struct digest128 before = policy_digest(&policy);
    assert_true(digest128_equal(before, policy_digest(&policy)));
    policy.rules[4].verdict = VERDICT_ONE;
    struct digest128 with_rule = policy_digest(&policy);
    assert_false(digest128_equal(before, with_rule));
    policy.limits.llm_tokens_per_day++;
    assert_false(digest128_equal(with_rule, policy_digest(&policy)));
    policy = table();
    policy.rules[5].verb = VERB_PROMOTE; /* Beyond n_rules: no part of the policy. */
    assert_true(digest128_equal(before, policy_digest(&policy)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdict_when_several_rules_match_is_the_first),
        cmocka_unit_test(verdict_when_no_rule_matches_is_forbid),
        cmocka_unit_test(defaults_when_taken_are_those_of_the_invariants),
        cmocka_unit_test(digest_when_a_rule_or_a_limit_changes_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
