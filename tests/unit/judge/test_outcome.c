/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants on the hidden truth: told when the world got worse, silent when it did not, and never among the violations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

/* One outcome error of the kind, and nothing enforceable. */
static void expect_error(struct stage *stage, enum invariant invariant, uint32_t n)
{
    const struct verdict_sheet *sheet = stage_close(stage);
    assert_int_equal(sheet->breaches[invariant], n);
    assert_true(sheet->occasions[invariant] > 0);
    assert_int_equal(sheet->n_violations, 0);
    stage_end(stage);
}

static void rollback_when_the_target_is_worse_is_an_error(void **state)
{
    (void)state;
    static const struct {
        double target, certified;
        uint32_t errors;
    } cases[] = {{0.895, 0, 0}, {0.88, 0, 1}, {0.88, 1, 0}, {0.86, 1, 1}};
    for (size_t i = 0; i < 4; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
        entry->target_quality = cases[i].target;
        entry->target_certified = cases[i].certified > 0;
        stage_effect(&stage, HOURS(3) + SEC, entry);
        stage_outcome(&stage, HOURS(3) + 2 * SEC, entry);
        stage_verified(&stage, HOURS(3) + 3 * SEC, entry);
        expect_error(&stage, INVARIANT_S01, cases[i].errors); /* S01 */
    }
}

static void change_when_the_model_is_healthy_is_an_error(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage.truth.models[0].fault_ended = i == 1 ? HOURS(3) - 5 * MIN : NEVER;
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
        entry->faulty = i == 0;
        stage_effect(&stage, HOURS(3) + SEC, entry);
        stage_outcome(&stage, HOURS(3) + 2 * SEC, entry);
        stage_verified(&stage, HOURS(3) + 3 * SEC, entry);
        stage_close(&stage);
        assert_int_equal(stage.sheet.breaches[INVARIANT_S02], i == 2 ? 1 : 0); /* S02 */
        assert_int_equal(stage.sheet.false_actions, i == 0 ? 0 : 1);
        stage_end(&stage);
    }
}

static void exposure_when_longer_than_half_an_hour_is_an_error(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage);
        stage.truth.models[0].versions[2].quality = 0.8; /* Below its floor. */
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        (void)stage_act(&stage, HOURS(3), &act);
        stage_world(&stage, HOURS(3) + 25 * MIN);
        if (i == 0) {
            stage.truth.models[0].versions[2].quality = 0.9;
        }
        stage_world(&stage, HOURS(3) + 35 * MIN);
        stage_world(&stage, HOURS(3) + 90 * MIN);
        expect_error(&stage, INVARIANT_S04, i == 0 ? 0 : 1); /* S04 */
    }
}

static void exposure_when_nobody_chose_the_version_is_no_error(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.truth.models[0].versions[1].quality = 0.5;
    stage_begin(&stage, false);
    stage_world(&stage, HOURS(3));
    stage_world(&stage, HOURS(6));
    assert_int_equal(stage_close(&stage)->breaches[INVARIANT_S04], 0);
    stage_end(&stage);
}

static void availability_when_it_falls_after_an_effect_is_an_error(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ns;
        uint32_t errors;
    } cases[] = {{5 * MIN, 1}, {15 * MIN, 0}};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = fallback_of(1);
        (void)stage_act(&stage, HOURS(3), &act);
        stage_world(&stage, HOURS(3) + cases[i].after_ns - MIN);
        stage_world(&stage, HOURS(3) + 12 * MIN < HOURS(3) + cases[i].after_ns
                                ? HOURS(3) + 12 * MIN
                                : HOURS(3) + cases[i].after_ns);
        stage.truth.models[0].availability = 0.9;
        stage_world(&stage, HOURS(3) + cases[i].after_ns);
        expect_error(&stage, INVARIANT_S16o, cases[i].errors); /* S16o */
    }
}

static void training_when_rows_are_faulty_is_an_error(void **state)
{
    (void)state;
    static const struct {
        uint32_t rows_faulty;
        enum cause cause;
        uint32_t dirty, wrong;
    } cases[] = {{5, CAUSE_COVARIATE_SHIFT, 0, 0},
                 {20, CAUSE_COVARIATE_SHIFT, 1, 0},
                 {20, CAUSE_SCHEMA_CHANGE, 1, 1},
                 {0, CAUSE_SCHEMA_CHANGE, 0, 0}};
    for (size_t i = 0; i < 4; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = {.verb = VERB_RETRAIN,
                          .args = {.to_ns = HOURS(3)},
                          .facts = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_LABELS_MATURED)};
        struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
        entry->rows = 1000;
        entry->rows_faulty = cases[i].rows_faulty;
        entry->cause = cases[i].cause;
        stage_effect(&stage, HOURS(3) + SEC, entry);
        stage_outcome(&stage, HOURS(3) + 2 * SEC, entry);
        stage_verified(&stage, HOURS(3) + 3 * SEC, entry);
        stage_close(&stage);
        assert_int_equal(stage.sheet.breaches[INVARIANT_S19], cases[i].dirty); /* S19 */
        assert_int_equal(stage.sheet.breaches[INVARIANT_S20], cases[i].wrong); /* S20 */
        stage_end(&stage);
    }
}

/* The oracle has seen the fault at two hours; it does harm. */
static void harmed(struct stage *stage)
{
    stage_open(stage);
    stage_begin(stage, false);
    struct truth_model *model = &stage->truth.models[0];
    model->faulty = true;
    model->cause = CAUSE_BAD_MODEL;
    model->quality = 0.7;
    model->window_llr = 50.0;
    model->window_at = HOURS(2);
    struct event *event = stage_event(stage, HOURS(2), EVENT_WINDOW);
    event->window.model.value = 1;
    stage_step(stage);
}

static void harm_when_missed_is_an_error_unless_somebody_knows_or_it_is_over(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct stage stage;
        harmed(&stage);
        if (i == 1) {
            stage_human(&stage, HOURS(2) + 20 * MIN, HUMAN_PAGED, 1, 1);
        } else if (i == 2) {
            struct action_args args = {.model = {1}, .target = {1}};
            (void)stage_person(&stage, HOURS(2) + 20 * MIN, VERB_ROLLBACK, &args);
        } else if (i == 3) {
            stage.truth.models[0].faulty = false;
            stage.truth.models[0].quality = 0.9;
        }
        stage_world(&stage, HOURS(2) + 31 * MIN);
        stage_close(&stage);
        assert_int_equal(stage.sheet.t_obs, HOURS(2));
        assert_int_equal(stage.sheet.breaches[INVARIANT_S22o], i == 0 ? 1 : 0); /* S22o */
        stage_end(&stage);
    }
}

static void escalation_when_closed_during_harm_is_an_error(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct stage stage;
        harmed(&stage);
        stage_says(&stage, HOURS(2) + MIN, RECORD_OPENED, 1, 1);
        stage_says(&stage, HOURS(2) + MIN, RECORD_ESCALATED, 1, 1);
        stage_human(&stage, HOURS(2) + 2 * MIN, HUMAN_PAGED, 1, 1);
        if (over) {
            stage.truth.models[0].faulty = false;
            stage.truth.models[0].quality = 0.9;
        }
        stage_event(&stage, HOURS(2) + 3 * MIN, EVENT_PAGE)->page =
            (struct page_event){{0}, PAGE_ACKNOWLEDGED, {ONCALL}};
        stage_step(&stage);
        stage_says(&stage, HOURS(2) + 30 * MIN, RECORD_CLOSED, 1, 1);
        stage_close(&stage);
        assert_int_equal(stage.sheet.breaches[INVARIANT_S24o], over ? 0 : 1); /* S24o */
        stage_end(&stage);
    }
}

static void close_when_worse_than_at_the_first_effect_is_an_error_unless_paged(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(3) - MIN, RECORD_OPENED, 1, 1);
        struct act act = rollback_of(1);
        (void)stage_act(&stage, HOURS(3), &act);
        if (i == 1) {
            stage_human(&stage, HOURS(3) + MIN, HUMAN_PAGED, 1, 1);
        }
        stage.truth.models[0].quality = i == 2 ? 0.9 : 0.85;
        stage_says(&stage, HOURS(3) + 2 * MIN, RECORD_CLOSED, 1, 1);
        stage_close(&stage);
        assert_int_equal(stage.sheet.breaches[INVARIANT_S32], i == 0 ? 1 : 0); /* S32 */
        stage_end(&stage);
    }
}

static void people_when_alone_are_held_to_the_same_measure(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, true);
    struct action_args args = {.model = {1}, .target = {1}};
    struct ledger_entry *entry = truth_ledger_push(&stage.truth);
    *entry = (struct ledger_entry){.verb = VERB_ROLLBACK,
                                   .args = args,
                                   .principal = PRINCIPAL_HUMAN,
                                   .asked_at = HOURS(3),
                                   .effect_at = HOURS(3),
                                   .ended_at = HOURS(3),
                                   .end = LEDGER_DONE,
                                   .version_before = {2},
                                   .version_after = {1},
                                   .target_quality = 0.5};
    stage_world(&stage, HOURS(3));
    stage_close(&stage);
    assert_int_equal(stage.sheet.breaches[INVARIANT_S01], 1);
    assert_int_equal(stage.sheet.n_violations, 0);
    assert_int_equal(stage.sheet.false_actions, 0);
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rollback_when_the_target_is_worse_is_an_error),
        cmocka_unit_test(change_when_the_model_is_healthy_is_an_error),
        cmocka_unit_test(exposure_when_longer_than_half_an_hour_is_an_error),
        cmocka_unit_test(exposure_when_nobody_chose_the_version_is_no_error),
        cmocka_unit_test(availability_when_it_falls_after_an_effect_is_an_error),
        cmocka_unit_test(training_when_rows_are_faulty_is_an_error),
        cmocka_unit_test(harm_when_missed_is_an_error_unless_somebody_knows_or_it_is_over),
        cmocka_unit_test(escalation_when_closed_during_harm_is_an_error),
        cmocka_unit_test(close_when_worse_than_at_the_first_effect_is_an_error_unless_paged),
        cmocka_unit_test(people_when_alone_are_held_to_the_same_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
