/* SPDX-License-Identifier: Apache-2.0 */
/* The policy file: rules in order, deny by default, limits that replace defaults one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/deployment.h"

static struct policy policy;
static struct err_text text;

static void assert_parsed(const char *document)
{
    if (policy_parse("p.yaml", slice_of(document), &policy, &text) != OK) {
        fail_msg("%s", text.text);
    }
}

static void assert_refused(const char *document, const char *message)
{
    memset(&text, 0, sizeof(text));
    assert_int_equal(policy_parse("p.yaml", slice_of(document), &policy, &text), ERR_CONFIG);
    assert_string_equal(text.text, message);
}

static void policy_when_sound_holds_its_rules_in_order(void **state)
{
    (void)state;
    assert_parsed(
        "version: v1\n"
        "rules:\n"
        "  - {verb: ROLLBACK, tiers: [low, medium], needs: [target_certified], any: [quality_low, golden_low], verdict: auto}\n"
        "  - {verb: ROLLBACK, needs: [target_certified], verdict: two}\n"
        "freeze_allow: [NOTIFY, ROLLBACK]\n"
        "preauthorised: [FALLBACK]\n");
    assert_string_equal(policy.version, "v1");
    assert_int_equal(policy.n_rules, 2);
    assert_int_equal(policy.rules[0].verb, VERB_ROLLBACK);
    assert_int_equal(policy.rules[0].tiers, 1u << TIER_LOW | 1u << TIER_MEDIUM);
    assert_true(policy.rules[0].needs_all == FACT_BIT(FACT_TARGET_CERTIFIED));
    assert_true(policy.rules[0].needs_any == (FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_GOLDEN_LOW)));
    assert_int_equal(policy.rules[0].verdict, VERDICT_AUTO);
    assert_int_equal(policy.rules[1].tiers, (1u << N_TIERS) - 1);
    assert_int_equal(policy.rules[1].verdict, VERDICT_TWO);
    assert_true(policy.freeze_allow == (UINT64_C(1) << VERB_NOTIFY | UINT64_C(1) << VERB_ROLLBACK));
    assert_true(policy.preauthorised == UINT64_C(1) << VERB_FALLBACK);
    uint64_t facts = FACT_BIT(FACT_TARGET_CERTIFIED) | FACT_BIT(FACT_GOLDEN_LOW);
    assert_int_equal(policy_verdict(&policy, VERB_ROLLBACK, TIER_LOW, facts), VERDICT_AUTO);
    assert_int_equal(policy_verdict(&policy, VERB_ROLLBACK, TIER_HIGH, facts), VERDICT_TWO);
    assert_int_equal(policy_verdict(&policy, VERB_PROMOTE, TIER_LOW, facts), VERDICT_FORBID);
}

static void limits_when_absent_are_the_defaults(void **state)
{
    (void)state;
    struct policy wanted;
    memset(&wanted, 0, sizeof(wanted));
    memcpy(wanted.version, "v1", 2);
    policy_defaults(&wanted.limits);
    assert_parsed("version: v1\nrules: []\n");
    assert_true(digest128_equal(policy_digest(&policy), policy_digest(&wanted)));
    assert_parsed("version: v1\nrules: []\nlimits: {cool_down: 45min}\n");
    wanted.limits.cool_down_ns = 45 * NS_PER_MIN;
    assert_true(digest128_equal(policy_digest(&policy), policy_digest(&wanted)));
}

static void limits_when_all_are_given_replace_each_member(void **state)
{
    (void)state;
    assert_parsed(
        "version: v1\nrules: []\nlimits:\n"
        "  models_per_window: 1\n  traffic_per_window: 0.1\n  unverified_per_fleet: 2\n"
        "  blast_window: 1min\n  changes_per_model_hour: 3\n  cool_down: 2min\n  flips_per_day: 0\n"
        "  scored_min: 4\n  feature_rows_min: 5\n  canary_min: 3min\n  canary_margin: 0.015\n"
        "  threshold_step: 0.1\n"
        "  stale: 4min\n  approval_ttl: 5min\n  act_deadline: 6min\n  page_deadline: 7s\n"
        "  acknowledge: 8min\n  clear: 9min\n  lock: 10s\n  dead_man: 11s\n  verify: 12h\n"
        "  llm_tokens_per_day: 13\n");
    struct policy wanted;
    memset(&wanted, 0, sizeof(wanted));
    memcpy(wanted.version, "v1", 2);
    wanted.limits = (struct policy_limits){
        .models_per_window = 1,
        .traffic_ppm_per_window = 100000,
        .unverified_per_fleet = 2,
        .blast_window_ns = NS_PER_MIN,
        .changes_per_model_hour = 3,
        .cool_down_ns = 2 * NS_PER_MIN,
        .flips_per_day = 0,
        .scored_min = 4,
        .feature_rows_min = 5,
        .canary_min_ns = 3 * NS_PER_MIN,
        .canary_margin_ppm = 15000,
        .threshold_step_ppm = 100000,
        .stale_ns = 4 * NS_PER_MIN,
        .approval_ttl_ns = 5 * NS_PER_MIN,
        .act_deadline_ns = 6 * NS_PER_MIN,
        .page_deadline_ns = 7 * NS_PER_S,
        .acknowledge_ns = 8 * NS_PER_MIN,
        .clear_ns = 9 * NS_PER_MIN,
        .lock_ns = 10 * NS_PER_S,
        .dead_man_ns = 11 * NS_PER_S,
        .verify_ns = 12 * NS_PER_HOUR,
        .llm_tokens_per_day = 13,
    };
    assert_true(digest128_equal(policy_digest(&policy), policy_digest(&wanted)));
}

static void policy_when_wrong_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    assert_refused("rules: []\n", "p.yaml:1:1: policy: key 'version' is missing");
    assert_refused("version: v1\n", "p.yaml:1:1: policy: key 'rules' is missing");
    assert_refused("version: v1\nrules: {}\n", "p.yaml:2:8: 'rules': expected a list of rules");
    assert_refused("version: v1\nrule: []\n",
                   "p.yaml:2:1: unknown key 'rule' in policy; accepted: version, rules, freeze_allow, "
                   "preauthorised, limits");
    assert_refused("version: v1\nrules: [{verb: NOOP}]\n",
                   "p.yaml:2:9: rule: key 'verdict' is missing");
    assert_refused(
        "version: v1\nrules: [{verb: NOOP, when: x, verdict: auto}]\n",
        "p.yaml:2:22: unknown key 'when' in rule; accepted: verb, tiers, needs, any, verdict");
    assert_refused(
        "version: v1\nrules: [{verb: NOOP, verdict: allow}]\n",
        "p.yaml:2:31: unknown verdict 'allow'; accepted: forbid, escalate, wait, two, one, canary, auto");
    assert_refused("version: v1\nrules: [{verb: NOOP, tiers: [], verdict: auto}]\n",
                   "p.yaml:2:29: 'tiers': a rule for no tier never applies");
    assert_refused(
        "version: v1\nrules: [{verb: NOOP, needs: [quality_low, quality_low], verdict: auto}]\n",
        "p.yaml:2:43: fact 'quality_low' is listed twice");
    assert_refused("version: v1\nrules: []\nlimits: {stale: 0s}\n",
                   "p.yaml:3:17: 'stale' must lie between 1s and 90d");
    assert_refused("version: v1\nrules: []\nlimits: {canary_margin: 2}\n",
                   "p.yaml:3:25: 'canary_margin': expected a number from 0 to 1, found '2'");
    assert_refused(
        "version: v1\nrules: []\nlimits: {models_per_window: 0}\n",
        "p.yaml:3:29: 'models_per_window': expected a whole number from 1 to 16, found '0'");
    assert_int_equal(policy_parse("p.yaml", slice_of("version: v1\nrules: []\nlimits: {cool: 1s}\n"),
                                  &policy, &text),
                     ERR_CONFIG);
    assert_non_null(strstr(
        text.text, "p.yaml:3:10: unknown key 'cool' in limits; accepted: models_per_window, "));
    assert_non_null(strstr(text.text, ", llm_tokens_per_day"));
}

static void policy_when_it_has_too_many_rules_is_refused(void **state)
{
    (void)state;
    char document[8192];
    struct text writer;
    text_init(&writer, document, sizeof(document));
    text_put(&writer, "version: v1\nrules:\n");
    for (uint32_t i = 0; i <= POLICY_RULES_MAX; i++) {
        text_put(&writer, "  - {verb: NOOP, verdict: auto}\n");
    }
    assert_refused(document, "p.yaml:99:5: 'rules': more than 96 rules");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_when_sound_holds_its_rules_in_order),
        cmocka_unit_test(limits_when_absent_are_the_defaults),
        cmocka_unit_test(limits_when_all_are_given_replace_each_member),
        cmocka_unit_test(policy_when_wrong_is_refused_where_it_is_wrong),
        cmocka_unit_test(policy_when_it_has_too_many_rules_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
