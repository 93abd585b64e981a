/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a campaign as the fixed JSON and as a table: names, types, what is unknown, and that zero never stands alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/summary.h"

static struct suite suite;
static struct campaign_request request;
static struct campaign_result result;
static const double not_a_number = 0.0 / 0.0;

/* 200 episodes of two scenarios in two arms, in round numbers. */
static int make_result(void **state)
{
    (void)state;
    memset(&request, 0, sizeof(request));
    memset(&result, 0, sizeof(result));
    suite_init(&suite, "test");
    (void)snprintf(suite.title, sizeof(suite.title), "Test mix");
    suite.n_scenarios = 2;
    request.suite = &suite;
    request.arms[ARM_STEWARD] = request.arms[ARM_MANUAL] = true;
    result.seed = 7;
    result.runs = result.incidents = 200;
    result.events = 12345;
    result.windows = 6789;
    result.virtual_s = 43200.0;
    result.fingerprint = (struct digest128){UINT64_C(0x0123456789abcdef), 0xff};
    result.bound_95 = 0.0149;
    result.bound_95_worst_family = 0.03;
    result.worst_family_episodes = 100;
    for (int i = 0; i < N_ARMS; i++) {
        struct arm_result *arm = &result.arms[i];
        arm->run = request.arms[i];
        arm->episodes = arm->incidents = 200;
        arm->response = (struct quantiles){150.0, 280.5, not_a_number, 180, 3};
        arm->observe = arm->detection = arm->restore =
            (struct quantiles){not_a_number, not_a_number, not_a_number, 0, 0};
        arm->escalation_rate = (struct interval){0.25, 0.19, 0.32};
        arm->autonomy_rate = (struct interval){0.5, 0.43, 0.57};
        arm->correct_rate = 0.75;
        arm->corrected_by_human_rate = 0.25;
        arm->harmful_actions = 1;
        arm->false_actions = 2;
        arm->needless_pages = 3;
        arm->effects = arm->records = 400;
        for (int j = 0; j < N_INVARIANTS; j++) {
            arm->outcome_errors[j] = (struct interval){0.01, 0.001, 0.04};
            arm->occasions[j] = 5;
        }
    }
    result.vs_manual = (struct reduction){{0.6, 0.5, 0.7}, {0.5, 0.4, 0.6}, {0.4, 0.3, 0.5}, true};
    result.n_families = 2;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(result.families[i].scenario, sizeof(result.families[i].scenario), "T%d", i);
        result.families[i].episodes[ARM_STEWARD] = result.families[i].episodes[ARM_MANUAL] = 100;
    }
    return 0;
}

static json_t *as_json(void)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    FILE *stream = open_memstream(&bytes, &n_bytes);
    assert_non_null(stream);
    assert_true(summary_json(stream, &request, &result, 1.5));
    assert_int_equal(fclose(stream), 0);
    json_error_t error;
    json_t *root = json_loadb(bytes, n_bytes, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    free(bytes);
    return root;
}

static void assert_has(const json_t *object, const char *const *keys, bool (*is_it)(const json_t *))
{
    for (size_t i = 0; keys[i] != NULL; i++) {
        const json_t *value = json_object_get(object, keys[i]);
        if (value == NULL || !is_it(value)) {
            fail_msg("key %s is missing or of another type", keys[i]);
        }
    }
}

static bool is_number(const json_t *value) { return json_is_number(value); }
static bool is_object(const json_t *value) { return json_is_object(value); }
static bool is_count(const json_t *value) { return json_is_integer(value); }

static void json_when_written_has_the_fixed_members(void **state)
{
    (void)state;
    static const char *const counts[] = {"seed", "runs", "incidents", "events", "windows", NULL};
    static const char *const numbers[] = {"virtual_s", "wall_s", "bound_95",
                                          "bound_95_worst_family", NULL};
    static const char *const objects[] = {"arms", "reduction", "audit", NULL};
    json_t *root = as_json();
    assert_has(root, counts, is_count);
    assert_has(root, numbers, is_number);
    assert_has(root, objects, is_object);
    assert_true(json_is_null(json_object_get(root, "reduction_vs_rules")));
    assert_string_equal(json_string_value(json_object_get(root, "fingerprint")),
                        "0123456789abcdef00000000000000ff");
    const json_t *audit = json_object_get(root, "audit");
    assert_int_equal(json_integer_value(json_object_get(audit, "effects")), 400);
    assert_int_equal(json_integer_value(json_object_get(audit, "records")), 400);
    assert_true(json_is_true(json_object_get(audit, "complete")));
    const json_t *episodes = json_object_get(json_object_get(root, "reduction"), "episodes");
    static const char *const interval[] = {"value", "lo", "hi", NULL};
    assert_has(episodes, interval, is_number);
    json_decref(root);
}

static void json_when_an_arm_did_not_run_leaves_it_out(void **state)
{
    (void)state;
    json_t *root = as_json();
    const json_t *arms = json_object_get(root, "arms");
    assert_int_equal(json_object_size(arms), 2);
    assert_non_null(json_object_get(arms, "steward"));
    assert_non_null(json_object_get(arms, "manual"));
    json_decref(root);
}

static void arm_when_written_has_the_fixed_members(void **state)
{
    (void)state;
    static const char *const quantiles[] = {"observe_s", "detection_s",    "response_s",
                                            "restore_s", "outcome_errors", NULL};
    static const char *const counts[] = {"missed",     "harmful_actions", "false_actions",
                                         "violations", "llm_calls",       NULL};
    static const char *const numbers[] = {"escalation_rate",
                                          "autonomy_rate",
                                          "interventions_per_episode",
                                          "interruptions_per_episode",
                                          "bad_prediction_minutes",
                                          "cost_usd",
                                          NULL};
    json_t *root = as_json();
    const json_t *arm = json_object_get(json_object_get(root, "arms"), "steward");
    assert_has(arm, quantiles, is_object);
    assert_has(arm, counts, is_count);
    assert_has(arm, numbers, is_number);
    assert_int_equal(json_array_size(json_object_get(arm, "violation_list")), 0);
    const json_t *response = json_object_get(arm, "response_s");
    assert_true(json_real_value(json_object_get(response, "p95")) > 280.4);
    assert_true(json_is_null(json_object_get(response, "p99"))); /* Past censoring. */
    assert_int_equal(json_integer_value(json_object_get(response, "n")), 180);
    assert_int_equal(json_integer_value(json_object_get(response, "censored")), 3);
    assert_true(json_is_null(json_object_get(json_object_get(arm, "observe_s"), "p50")));
    json_decref(root);
}

static void outcome_errors_when_written_are_those_checked_and_not_enforceable(void **state)
{
    (void)state;
    json_t *root = as_json();
    const json_t *errors =
        json_object_get(json_object_get(json_object_get(root, "arms"), "steward"), "outcome_errors");
    size_t n = 0;
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        const json_t *value = json_object_get(errors, invariant_name(invariant));
        bool is_wanted = invariant_is_checked(invariant) && !invariant_is_enforceable(invariant);
        assert_int_equal(value != NULL, is_wanted);
        n += is_wanted ? 1 : 0;
    }
    assert_true(n > 0);
    assert_int_equal(json_object_size(errors), n);
    assert_non_null(json_object_get(errors, "S20"));
    json_decref(root);
}

static void violation_when_listed_names_invariant_scenario_and_seed(void **state)
{
    (void)state;
    struct arm_result *arm = &result.arms[ARM_STEWARD];
    arm->violations = 1;
    arm->n_listed = 1;
    arm->listed[0] = (struct listed_violation){
        .invariant = INVARIANT_S08, .scenario = "T1", .seed = 99, .why = "why"};
    json_t *root = as_json();
    const json_t *list =
        json_object_get(json_object_get(json_object_get(root, "arms"), "steward"), "violation_list");
    assert_int_equal(json_array_size(list), 1);
    const json_t *listed = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(listed, "invariant")), "S08");
    assert_string_equal(json_string_value(json_object_get(listed, "scenario")), "T1");
    assert_int_equal(json_integer_value(json_object_get(listed, "seed")), 99);
    json_decref(root);
}

static void json_when_the_stream_is_full_says_so(void **state)
{
    (void)state;
    FILE *stream = fopen("/dev/full", "w");
    assert_non_null(stream);
    assert_int_equal(setvbuf(stream, NULL, _IONBF, 0), 0);
    assert_false(summary_json(stream, &request, &result, 1.5));
    assert_int_equal(fclose(stream), 0);
}

static char *as_table(void)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    FILE *stream = open_memstream(&bytes, &n_bytes);
    assert_non_null(stream);
    summary_table(stream, &request, &result, "steward sim mix:test --mind rules", 1.5);
    assert_int_equal(fclose(stream), 0);
    return bytes;
}

static void table_when_nothing_was_violated_prints_the_bound(void **state)
{
    (void)state;
    char *table = as_table();
    assert_non_null(strstr(table, "0 violations in 200 episodes, <= 0.015 an episode at 95 %"));
    assert_non_null(strstr(table, "0123456789abcdef00000000000000ff"));
    assert_non_null(strstr(table, "(worst scenario <= 0.03, n = 100)"));
    assert_non_null(strstr(table, "25.0 % [19.0, 32.0]"));
    assert_non_null(strstr(table, "not checked:"));
    assert_null(strstr(table, "nan"));
    free(table);
}

static void table_when_the_other_arm_needed_nobody_says_so(void **state)
{
    (void)state;
    result.vs_manual.episodes = result.vs_manual.minutes =
        (struct interval){not_a_number, not_a_number, not_a_number};
    char *table = as_table();
    assert_non_null(strstr(table, "against manual: none needed one"));
    assert_null(strstr(table, "nan"));
    free(table);
}

/* What is printed on the line that begins with label; its first blank-separated words behind the label. */
static void assert_line(const char *table, const char *label, const char *wanted)
{
    const char *at = strstr(table, label);
    assert_non_null(at);
    at += strlen(label);
    const char *end = strchr(at, '\n');
    assert_non_null(end);
    char line[256], squeezed[256];
    size_t n_bytes = 0;
    (void)snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
    for (const char *c = line; *c != '\0'; c++) {
        bool is_needless = *c == ' ' && (n_bytes == 0 || squeezed[n_bytes - 1] == ' ');
        if (!is_needless) {
            squeezed[n_bytes++] = *c;
        }
    }
    squeezed[n_bytes] = '\0';
    assert_string_equal(squeezed, wanted);
}

static void table_when_there_was_nothing_to_judge_prints_no_rate(void **state)
{
    (void)state;
    result.arms[ARM_STEWARD].occasions[INVARIANT_S04] = 0;
    result.arms[ARM_MANUAL].occasions[INVARIANT_S20] = 0;
    result.arms[ARM_STEWARD].occasions[INVARIANT_S07] = 0;
    char *table = as_table();
    assert_line(table, "S04  no exposure to a bad version", "- 1.0 % [0.1, 4.0]");
    assert_line(table, "S20  no retrain against pipeline fault or attack", "1.0 % [0.1, 4.0] -");
    assert_line(table, "S07  promotion only after a passed canary", "- -");
    assert_line(table, "S08  blast radius", "0 in 5 -");
    assert_line(table, "\nenforceable violations", "0 in 200 -");
    assert_line(table, "\nescalation rate", "25.0 % [19.0, 32.0] -");
    assert_line(table, "\nautonomy rate", "50.0 % [43.0, 57.0] 50.0 % [43.0, 57.0]");
    assert_line(table, "\nacts", "1 harmful, 2 false 1 harmful");
    assert_line(table, "\nneedless pages", "3 -");
    assert_line(table, "\nright remedy (by itself + with a person)", "75.0 % (50.0 + 25.0) 75.0 %");
    free(table);
}

static void table_when_of_few_episodes_carries_no_interval_and_no_reduction(void **state)
{
    (void)state;
    result.runs = 9;
    result.arms[ARM_STEWARD].episodes = result.arms[ARM_MANUAL].episodes = 9;
    result.worst_family_episodes = 4;
    char *table = as_table();
    assert_line(table, "\nescalation rate", "25.0 % -");
    assert_line(table, "S20  no retrain against pipeline fault or attack", "1.0 % 1.0 %");
    assert_null(strstr(table, "against manual"));
    assert_null(strstr(table, "95 % interval"));
    assert_null(strstr(table, "worst scenario"));
    free(table);
}

static void violation_when_listed_carries_the_command_that_repeats_it(void **state)
{
    (void)state;
    result.arms[ARM_STEWARD].violations = result.arms[ARM_STEWARD].n_listed = 1;
    result.arms[ARM_STEWARD].listed[0] = (struct listed_violation){
        .invariant = INVARIANT_S08, .scenario = "T1", .seed = 99, .why = "why"};
    char *table = as_table();
    assert_non_null(strstr(table, "arm steward, scenario T1, seed 99: why\n"
                                  "  again: steward sim mix:test --mind rules --seed 99\n"));
    free(table);
}

static void json_when_the_steward_arm_did_not_run_is_null_about_it(void **state)
{
    (void)state;
    request.arms[ARM_STEWARD] = false;
    json_t *root = as_json();
    assert_true(json_is_null(json_object_get(root, "incidents")));
    assert_true(json_is_null(json_object_get(root, "bound_95")));
    assert_true(json_is_null(json_object_get(root, "bound_95_worst_family")));
    assert_true(json_is_null(json_object_get(json_object_get(root, "audit"), "complete")));
    json_decref(root);
    char *table = as_table();
    assert_int_equal(strncmp(table, "Test mix: 200 episodes, seed 7\n", 31), 0);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(json_when_written_has_the_fixed_members, make_result),
        cmocka_unit_test_setup(json_when_an_arm_did_not_run_leaves_it_out, make_result),
        cmocka_unit_test_setup(arm_when_written_has_the_fixed_members, make_result),
        cmocka_unit_test_setup(outcome_errors_when_written_are_those_checked_and_not_enforceable,
                               make_result),
        cmocka_unit_test_setup(violation_when_listed_names_invariant_scenario_and_seed, make_result),
        cmocka_unit_test_setup(json_when_the_stream_is_full_says_so, make_result),
        cmocka_unit_test_setup(table_when_nothing_was_violated_prints_the_bound, make_result),
        cmocka_unit_test_setup(table_when_the_other_arm_needed_nobody_says_so, make_result),
        cmocka_unit_test_setup(table_when_there_was_nothing_to_judge_prints_no_rate, make_result),
        cmocka_unit_test_setup(table_when_of_few_episodes_carries_no_interval_and_no_reduction,
                               make_result),
        cmocka_unit_test_setup(violation_when_listed_carries_the_command_that_repeats_it, make_result),
        cmocka_unit_test_setup(json_when_the_steward_arm_did_not_run_is_null_about_it, make_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
