/* SPDX-License-Identifier: Apache-2.0 */
/* A campaign that agrees with itself is taken; one in which a number was changed is refused and the number named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/agree.h"
#include "reports/curves.h"
#include "reports/evidence.h"
#include "sim/campaign/statistics.h"
#include "tests/unit/reports/folder.h"

static struct source source;
static json_t *root;

static double count(const json_t *sums, const char *name)
{
    return json_number_value(json_object_get(sums, name));
}

static json_t *interval_json(struct interval interval)
{
    return json_pack("{s:f,s:f,s:f}", "value", interval.value, "lo", interval.lo, "hi", interval.hi);
}

/* The summary of an arm, as a campaign would have written it beside these sums. */
static json_t *summary_of(const json_t *sums)
{
    static const char *const measures[] = {"observe", "detection", "response", "restore", NULL};
    static const char *const members[] = {"observe_s", "detection_s", "response_s", "restore_s"};
    static const char *const same[] = {"missed",         "harmful_actions", "false_actions",
                                       "needless_pages", "violations",      "llm_calls",
                                       "violation_list"};
    double n = count(sums, "episodes");
    json_t *summary = json_pack(
        "{s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "escalation_rate", count(sums, "escalated") / n,
        "autonomy_rate", count(sums, "autonomous") / n, "correct_rate", count(sums, "correct") / n,
        "corrected_by_human_rate", count(sums, "corrected_by_human") / n,
        "interventions_per_episode", count(sums, "interventions") / n, "interruptions_per_episode",
        count(sums, "interruptions") / n, "human_minutes_per_episode",
        count(sums, "human_ns") / 6e10 / n, "bad_prediction_minutes",
        count(sums, "bad_micro_minutes") * 1e-6 / n, "cost_usd", 0.0);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        set_json(summary, same[i], json_deep_copy(json_object_get(sums, same[i])));
    }
    struct err_text text;
    struct reader reader = {"x", &text, OK};
    json_t *made = json_object(), *errors = json_object();
    assert_int_equal(curves_put(&reader, sums, measures, made), OK);
    for (size_t i = 0; measures[i] != NULL; i++) {
        json_t *one = json_deep_copy(json_object_get(json_object_get(made, "times"), measures[i]));
        set_json(one, "censored", json_deep_copy(json_object_get(one, "open")));
        set_json(summary, members[i], one);
    }
    json_decref(made);
    set_json(summary, "invariants", json_deep_copy(json_object_get(sums, "invariants")));
    for (int i = 0; i < N_INVARIANTS; i++) {
        const json_t *one =
            json_object_get(json_object_get(sums, "invariants"), invariant_name((enum invariant)i));
        if (one != NULL && !invariant_is_enforceable((enum invariant)i)) {
            set_json(errors, invariant_name((enum invariant)i),
                     interval_json(proportion_interval((uint64_t)count(one, "episodes_broken"),
                                                       (uint64_t)n)));
        }
    }
    set_json(summary, "outcome_errors", errors);
    return summary;
}

static int make(void **state)
{
    (void)state;
    struct folder_wish wish = {.episodes = 40,
                               .touched = 4,
                               .touched_manual = 40,
                               .response_ns = 60 * NS_PER_S,
                               .violating = 2,
                               .by_human = 3,
                               .two_families = true,
                               .must_escalate_share = 0.2,
                               .title = "Test",
                               .mind = "steward"};
    folder_make(&wish, &source);
    json_t *arms = json_object(), *families = json_object_get(source.report, "families");
    root = json_pack("{s:i,s:i,s:i,s:s,s:i,s:i,s:f}", "seed", 7, "runs", 40, "incidents", 40,
                     "fingerprint", "00", "events", 1, "windows", 1, "virtual_s", 1.0);
    const char *name = NULL;
    json_t *sums = NULL;
    json_object_foreach(json_object_get(source.report, "arms"), name, sums)
    {
        set_json(arms, name, summary_of(sums));
    }
    set_json(root, "arms", arms);
    set_json(root, "reduction", reduction_json(families, "manual", 7));
    set_json(root, "reduction_vs_rules", reduction_json(families, "rules", 7));
    set_json(root, "bound_95", json_real(proportion_upper(2, 40)));
    set_json(root, "bound_95_worst_family", json_real(proportion_upper(1, 20)));
    set_json(root, "audit", json_pack("{s:i,s:i,s:b}", "effects", 40, "records", 40, "complete", 1));
    set_json(root, "report", json_incref(source.report));
    set_json(json_object_get(source.report, "subject"), "family_order",
             json_pack("[s,s]", "M01", "M02"));
    return 0;
}

static int drop(void **state)
{
    (void)state;
    json_decref(root);
    source_close(&source);
    return 0;
}

static enum err check(struct err_text *text, bool *ret_has_intervals)
{
    struct reader reader = {"folder/campaign.json", text, OK};
    agree_campaign(&reader, root, json_object_get(root, "report"), ret_has_intervals);
    return reader.err;
}

/* The value at a path of members; NULL when there is none. */
static json_t *at(const char *const *path)
{
    json_t *value = root;
    for (size_t i = 0; path[i] != NULL; i++) {
        value = json_is_array(value) ? json_array_get(value, (size_t)(path[i][0] - '0'))
                                     : json_object_get(value, path[i]);
    }
    return value;
}

static void campaign_when_whole_agrees(void **state)
{
    (void)state;
    struct err_text text = {""};
    bool has_intervals = false;
    enum err err = check(&text, &has_intervals);
    assert_string_equal(err == OK ? "" : text.text, "");
    assert_true(has_intervals);
    assert_int_equal(json_object_del(json_object_get(source.report, "subject"), "family_order"), 0);
    assert_int_equal(check(&text, &has_intervals), OK);
    assert_false(has_intervals);
}

/* One more than was said, or a little more. */
static void number_when_changed_is_refused_and_named(void **state)
{
    (void)state;
    static const char *const paths[][7] = {
        {"report", "arms", "steward", "touched"},
        {"report", "arms", "steward", "human_ns"},
        {"report", "arms", "steward", "violating"},
        {"report", "arms", "steward", "true_incidents"},
        {"report", "arms", "steward", "must_escalate"},
        {"report", "arms", "manual", "interventions"},
        {"report", "arms", "rules", "erring"},
        {"report", "arms", "steward", "autonomous"},
        {"report", "arms", "manual", "cost_microusd"},
        {"report", "arms", "steward", "invariants", "S06", "breaches"},
        {"report", "arms", "steward", "invariants", "S06", "episodes_at_stake"},
        {"report", "arms", "steward", "invariants", "S06", "opportunities"},
        {"report", "families", "0", "arms", "steward", "violating"},
        {"report", "families", "1", "arms", "manual", "touched"},
        {"report", "families", "1", "arms", "manual", "episodes"},
        {"report", "targets", "bound_95"},
        {"arms", "steward", "human_minutes_per_episode"},
        {"arms", "steward", "bad_prediction_minutes"},
        {"arms", "manual", "response_s", "p95"},
        {"arms", "steward", "response_s", "n"},
        {"arms", "steward", "outcome_errors", "S22o", "hi"},
        {"reduction", "episodes", "value"},
        {"reduction", "episodes", "lo"},
        {"reduction_vs_rules", "acts", "hi"},
        {"bound_95"},
        {"bound_95_worst_family"},
        {"incidents"},
        {"audit", "records"},
    };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct err_text text = {""};
        bool has_intervals = false;
        json_t *value = at(paths[i]);
        assert_true(json_is_number(value));
        double was = json_number_value(value);
        bool is_integer = json_is_integer(value);
        assert_int_equal(is_integer ? json_integer_set(value, (json_int_t)was + 1)
                                    : json_real_set(value, was + 1e-2),
                         0);
        if (check(&text, &has_intervals) != ERR_DATA) {
            fail_msg("path %zu was accepted", i);
        }
        assert_non_null(strstr(text.text, "folder/campaign.json: "));
        assert_non_null(strchr(text.text, '\''));
        assert_int_equal(
            is_integer ? json_integer_set(value, (json_int_t)was) : json_real_set(value, was), 0);
        assert_int_equal(check(&text, &has_intervals), OK);
    }
}

/* Millionths are each rounded by themselves, which may make one a family; not more. */
static void bad_minutes_when_changed_beyond_rounding_are_refused(void **state)
{
    (void)state;
    static const char *const path[] = {"report", "arms", "steward", "bad_micro_minutes", NULL};
    struct err_text text;
    bool has_intervals = false;
    assert_int_equal(json_integer_set(at(path), json_integer_value(at(path)) + 5), 0);
    assert_int_equal(check(&text, &has_intervals), ERR_DATA);
    assert_non_null(strstr(text.text, "bad_micro_minutes"));
}

static void families_when_twice_or_gone_are_refused(void **state)
{
    (void)state;
    struct err_text text;
    bool has_intervals = false;
    json_t *families = json_object_get(source.report, "families");
    (void)json_array_append_new(families, json_deep_copy(json_array_get(families, 1)));
    assert_int_equal(check(&text, &has_intervals), ERR_DATA);
    (void)json_array_remove(families, 2);
    (void)json_array_remove(families, 1);
    assert_int_equal(check(&text, &has_intervals), ERR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(campaign_when_whole_agrees, make, drop),
        cmocka_unit_test_setup_teardown(number_when_changed_is_refused_and_named, make, drop),
        cmocka_unit_test_setup_teardown(bad_minutes_when_changed_beyond_rounding_are_refused, make,
                                        drop),
        cmocka_unit_test_setup_teardown(families_when_twice_or_gone_are_refused, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
