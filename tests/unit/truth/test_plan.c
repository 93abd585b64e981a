/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: words there and back, tokens that are nobody else's, a digest of every field, a text for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sim/truth/plan.h"

static struct plan sample(void)
{
    struct plan plan;
    memset(&plan, 0, sizeof(plan));
    plan.seed = 7;
    memcpy(plan.scenario, "M01", 4);
    plan.model.value = 1;
    plan.horizon_ns = 12 * NS_PER_HOUR;
    plan.correct.n_alternatives = 1;
    plan.correct.alternatives[0].n_steps = 1;
    plan.correct.alternatives[0].steps[0] = (struct code_step){
        .verb = VERB_ROLLBACK, .n_predicates = 1, .predicates = {CODE_TARGET_LAST_KNOWN_GOOD}};
    plan.n_items = 1;
    plan.items[0] = (struct plan_item){
        .kind = PLAN_BAD_MODEL_PUSH, .model = {1}, .at = 102 * NS_PER_MIN, .until = NEVER, .a = 0.18};
    return plan;
}

static struct digest128 digest_of(struct plan *plan)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    plan_visit(&digest.visit, plan);
    return visit_digest_close(&digest);
}

static void words_when_read_back_name_the_same_thing(void **state)
{
    (void)state;
    for (int i = 0; i < N_PLAN_KINDS; i++) {
        enum plan_kind kind = N_PLAN_KINDS;
        assert_true(plan_kind_find(slice_of(plan_kind_name((enum plan_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    for (int i = 0; i < N_PERSONAS; i++) {
        enum persona persona = N_PERSONAS;
        assert_true(persona_find(slice_of(persona_name((enum persona)i)), &persona));
        assert_int_equal(persona, i);
    }
    enum plan_kind kind = PLAN_CRASH;
    assert_false(plan_kind_find(slice_of("earthquake"), &kind));
    assert_int_equal(kind, PLAN_CRASH);
}

static void faults_when_asked_are_those_of_the_table(void **state)
{
    (void)state;
    assert_true(plan_kind_is_fault(PLAN_BAD_MODEL_PUSH));
    assert_true(plan_kind_is_fault(PLAN_INJECTED_TEXT));
    assert_false(plan_kind_is_fault(PLAN_HOLIDAY));
    assert_false(plan_kind_is_fault(PLAN_TAINT));
}

static void token_when_seed_or_channel_differ_is_another(void **state)
{
    (void)state;
    struct plan plan = sample();
    struct digest128 tokens[3 * N_TAINT_CHANNELS];
    size_t n = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        plan.seed = seed;
        for (int channel = 0; channel < N_TAINT_CHANNELS; channel++) {
            tokens[n++] = plan_token(&plan, (enum taint_channel)channel);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_true(tokens[i].hi != tokens[j].hi || tokens[i].lo != tokens[j].lo);
        }
    }
    struct digest128 again = plan_token(&plan, TAINT_LLM);
    assert_int_equal(again.hi, tokens[n - 1].hi);
    assert_int_equal(again.lo, tokens[n - 1].lo);
}

static void digest_when_a_field_changes_changes(void **state)
{
    (void)state;
    struct plan plan = sample();
    struct digest128 before = digest_of(&plan);
    plan.items[0].a = 0.19;
    assert_true(digest_of(&plan).lo != before.lo);
    plan = sample();
    plan.correct.alternatives[0].steps[0].predicates[0] = CODE_TARGET_PREVIOUS;
    assert_true(digest_of(&plan).lo != before.lo);
    plan = sample();
    plan.items[1].a = 5.0; /* Beyond n_items: not of the plan. */
    assert_int_equal(digest_of(&plan).lo, before.lo);
}

static void text_when_written_reads_as_a_list(void **state)
{
    (void)state;
    struct plan plan = sample();
    struct deployment deployment;
    memset(&deployment, 0, sizeof(deployment));
    deployment.n_models = 1;
    memcpy(deployment.models[0].name, "fraud", 6);
    char buffer[512];
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    plan_text(&plan, &deployment, &text);
    assert_string_equal(buffer, "M01 seed 7 on fraud\n"
                                "  [01:42:00.000] bad_model_push on fraud: accuracy lost 0.18\n");
}

static void text_when_a_kind_has_numbers_names_them(void **state)
{
    (void)state;
    static const struct line {
        enum plan_kind kind;
        double a, b;
        const char *numbers;
    } lines[] = {
        {PLAN_COVARIATE_SHIFT, 1.2, 24.4, ": moves 1.20 sd, turns 24 degrees"},
        {PLAN_CONCEPT_SHIFT, 0, 36, ": turns 36 degrees"},
        {PLAN_SCHEMA_CHANGE, 0, 0, ""},
        {PLAN_UNIT_CHANGE, 100, 0, ": x 100"},
        {PLAN_UNIT_CHANGE, 0.01, 0, ": x 0.01"},
        {PLAN_NULL_BURST, 0.2, 0, ": nulls 0.20"},
        {PLAN_HOLIDAY, 1.85, 0.8, ": traffic x 1.85, moves 0.80 sd"},
        {PLAN_FORGED_APPROVAL, 2.9, 0, ": forgery 2"},
        {PLAN_CRASH, 1, 0.2, ": before act 1"},
        {PLAN_CRASH, 3, 0.7, ": after act 3"},
        {PLAN_FREEZE, 0, 0, ""},
    };
    struct deployment deployment;
    memset(&deployment, 0, sizeof(deployment));
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct plan plan = {.scenario = "M01", .seed = 7, .n_items = 1};
        plan.items[0] = (struct plan_item){
            .kind = lines[i].kind, .until = 60 * NS_PER_S, .a = lines[i].a, .b = lines[i].b};
        char buffer[256], expected[256];
        struct text text;
        text_init(&text, buffer, sizeof(buffer));
        plan_text(&plan, &deployment, &text);
        (void)snprintf(expected, sizeof(expected),
                       "M01 seed 7\n  [00:00:00.000] %s on the fleet%s, until [00:01:00.000]\n",
                       plan_kind_name(lines[i].kind), lines[i].numbers);
        assert_string_equal(buffer, expected);
    }
}

static void off_hours_when_on_a_weekend_or_at_night(void **state)
{
    (void)state;
    struct plan plan = sample();
    plan.start_minute = 7 * 60 + 59;
    assert_true(plan_is_off_hours(&plan, 0));
    assert_false(plan_is_off_hours(&plan, NS_PER_MIN));
    plan.start_minute = 5 * 24 * 60 + 12 * 60;
    assert_true(plan_is_off_hours(&plan, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_when_read_back_name_the_same_thing),
        cmocka_unit_test(faults_when_asked_are_those_of_the_table),
        cmocka_unit_test(token_when_seed_or_channel_differ_is_another),
        cmocka_unit_test(digest_when_a_field_changes_changes),
        cmocka_unit_test(text_when_written_reads_as_a_list),
        cmocka_unit_test(text_when_a_kind_has_numbers_names_them),
        cmocka_unit_test(off_hours_when_on_a_weekend_or_at_night),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
