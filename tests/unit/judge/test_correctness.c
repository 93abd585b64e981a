/* SPDX-License-Identifier: Apache-2.0 */
/* Right alternatives and baits, each predicate on a hand-made ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

static struct code_step step_of(uint32_t verb) { return (struct code_step){.verb = verb}; }

static struct code_step step_with(uint32_t verb, enum code_predicate predicate)
{
    return (struct code_step){.verb = verb, .n_predicates = 1, .predicates = {predicate}};
}

static void alternative(struct codes *codes, uint32_t i, uint32_t n, const struct code_step *steps)
{
    codes->n_alternatives = i + 1;
    codes->alternatives[i].n_steps = n;
    memcpy(codes->alternatives[i].steps, steps, n * sizeof(*steps));
}

static void only(struct codes *codes, struct code_step step) { alternative(codes, 0, 1, &step); }

/* Opens with the given right and tempting steps. */
static void open_with(struct stage *stage, uint32_t n, const struct code_step *right,
                      struct code_step bait)
{
    stage_open(stage);
    alternative(&stage->plan.correct, 0, n, right);
    only(&stage->plan.bait, bait);
    stage_begin(stage, false);
}

static struct act retrain(void)
{
    return (struct act){.verb = VERB_RETRAIN,
                        .args = {.to_ns = HOURS(3)},
                        .facts = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_LABELS_MATURED)};
}

static struct ledger_entry *trained(struct stage *stage, int64_t at, uint32_t rows, uint32_t after)
{
    struct act act = retrain();
    struct ledger_entry *entry = stage_ask(stage, at, &act);
    entry->rows = rows;
    entry->rows_after_onset = after;
    entry->labels_ready = after >= 500;
    stage_effect(stage, at + SEC, entry);
    stage_outcome(stage, at + 2 * SEC, entry);
    stage_verified(stage, at + 3 * SEC, entry);
    return entry;
}

static void remedy_when_right_is_correct_from_its_confirmation(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    stage_close(&stage);
    assert_true(stage.sheet.correct);
    assert_int_equal(stage.sheet.t_eff, HOURS(3) + 15 * SEC); /* The read-back, not the effect. */
    assert_int_equal(stage.sheet.harmful_actions, 0);
    stage_end(&stage);
}

static void remedy_when_on_another_model_spoilt_or_before_the_fault_is_not_correct(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = rollback_of(i == 0 ? 3 : 1);
        struct ledger_entry *entry = stage_ask(&stage, i == 1 ? 30 * MIN : HOURS(3), &act);
        entry->target_bad = i == 2;
        stage_effect(&stage, entry->asked_at + SEC, entry);
        stage_outcome(&stage, entry->asked_at + 2 * SEC, entry);
        stage_close(&stage);
        assert_false(stage.sheet.correct);
        assert_int_equal(stage.sheet.t_eff, NEVER);
        stage_end(&stage);
    }
}

static void remedy_when_not_confirmed_does_not_count(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.without_outcome = true;
    (void)stage_act(&stage, HOURS(3), &act);
    assert_int_equal(stage_close(&stage)->t_eff, NEVER);
    stage_end(&stage);
}

static void remedy_when_by_a_person_counts_at_once(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct action_args args = {.model = {1}, .target = {1}};
    (void)stage_person(&stage, HOURS(5), VERB_ROLLBACK, &args);
    stage_close(&stage);
    assert_true(stage.sheet.correct);
    assert_int_equal(stage.sheet.t_eff, HOURS(5));
    stage_end(&stage);
}

static void bait_when_taken_is_harmful_and_spoils_the_remedy(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    (void)trained(&stage, HOURS(3), 1000, 0);
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(4), &act);
    stage_close(&stage);
    assert_int_equal(stage.sheet.harmful_actions, 1);
    assert_false(stage.sheet.correct);
    assert_int_equal(stage.sheet.t_eff,
                     HOURS(4) + 15 * SEC); /* The clock went on until the right act. */
    stage_end(&stage);
}

static void windows_when_told_apart_by_their_rows(void **state)
{
    (void)state;
    static const struct {
        uint32_t after;
        enum code_predicate is;
    } cases[] = {{1000, CODE_WINDOW_POST_FAULT}, {950, CODE_WINDOW_POST_FAULT},
                 {949, CODE_WINDOW_MIXED},       {201, CODE_WINDOW_MIXED},
                 {200, CODE_WINDOW_PRE_FAULT},   {0, CODE_WINDOW_PRE_FAULT}};
    static const enum code_predicate all[] = {CODE_WINDOW_POST_FAULT, CODE_WINDOW_MIXED,
                                              CODE_WINDOW_PRE_FAULT};
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 3; j++) {
            struct stage stage;
            struct code_step right = step_with(VERB_RETRAIN, all[j]);
            open_with(&stage, 1, &right, step_of(CODE_MUTE_ALERT));
            (void)trained(&stage, HOURS(3), 1000, cases[i].after);
            assert_int_equal(stage_close(&stage)->correct, all[j] == cases[i].is);
            stage_end(&stage);
        }
    }
}

static void training_when_rows_are_too_few_is_too_early(void **state)
{
    (void)state;
    for (int ready = 0; ready < 2; ready++) {
        struct stage stage;
        struct code_step right = step_with(VERB_RETRAIN, CODE_WHEN_ENOUGH_ROWS);
        open_with(&stage, 1, &right, step_with(VERB_RETRAIN, CODE_WHEN_NOW));
        (void)trained(&stage, HOURS(3), 1000, ready ? 1000 : 100);
        stage_close(&stage);
        assert_int_equal(stage.sheet.correct, ready);
        assert_int_equal(stage.sheet.harmful_actions, !ready);
        stage_end(&stage);
    }
}

static void steps_when_in_order_match_and_out_of_order_do_not(void **state)
{
    (void)state;
    for (int in_order = 0; in_order < 2; in_order++) {
        struct stage stage;
        struct code_step right[] = {step_of(VERB_FALLBACK), step_of(VERB_RETRAIN)};
        open_with(&stage, 2, right, step_of(CODE_MUTE_ALERT));
        struct act act = fallback_of(1);
        (void)stage_act(&stage, in_order ? HOURS(2) : HOURS(2),
                        in_order ? &act
                                 : &(struct act){.verb = VERB_RETRAIN,
                                                 .args = {.to_ns = 1},
                                                 .facts = FACT_BIT(FACT_QUALITY_LOW)});
        if (in_order) {
            (void)trained(&stage, HOURS(3), 1000, 1000);
        } else {
            (void)stage_act(&stage, HOURS(3), &act);
        }
        stage_close(&stage);
        assert_int_equal(stage.sheet.correct, in_order);
        assert_int_equal(stage.sheet.t_eff, in_order ? HOURS(2) + 15 * SEC : NEVER);
        stage_end(&stage);
    }
}

static void telling_when_to_the_right_role_counts_anywhere(void **state)
{
    (void)state;
    static const enum role roles[] = {ROLE_PRODUCER, ROLE_OWNER};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        struct code_step right[] = {step_of(VERB_FALLBACK), step_with(VERB_NOTIFY, CODE_TO_PRODUCER)};
        open_with(&stage, 2, right, step_of(CODE_MUTE_ALERT));
        (void)stage_event(&stage, HOURS(2), EVENT_TICK);
        struct notify_effect *notify = &effects_push(&stage.effects, EFFECT_NOTIFY)->notify;
        notify->model.value = 1;
        notify->recipient = roles[i];
        stage_step(&stage);
        struct act act = fallback_of(1);
        (void)stage_act(&stage, HOURS(3), &act);
        assert_int_equal(stage_close(&stage)->correct, i == 0);
        stage_end(&stage);
    }
}

static void hand_off_when_delivered_to_security_is_right_and_acting_is_not(void **state)
{
    (void)state;
    for (int acts = 0; acts < 2; acts++) {
        struct stage stage;
        struct code_step right[] = {step_of(VERB_NOOP), step_with(VERB_ESCALATE, CODE_TO_SECURITY)};
        open_with(&stage, 2, right, step_with(VERB_ROLLBACK, CODE_EVIDENCE_UNTRUSTED));
        stage_page(&stage, HOURS(2), 1, 1, ROLE_SECURITY, 1);
        stage_human(&stage, HOURS(2) + 5 * SEC, HUMAN_PAGED, 1, 1);
        if (acts) {
            struct act act = rollback_of(1);
            act.args.subject = plan_token(&stage.plan, TAINT_NOTE);
            (void)stage_act(&stage, HOURS(3), &act);
        }
        stage_close(&stage);
        assert_int_equal(stage.sheet.correct, !acts);
        assert_int_equal(stage.sheet.harmful_actions, acts); /* The bait was in the text. */
        assert_int_equal(stage.sheet.t_eff, acts ? NEVER : HOURS(2) + 5 * SEC);
        stage_end(&stage);
    }
}

static void family_that_must_escalate_when_handed_off_is_answered(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    struct code_step right[] = {step_of(VERB_ESCALATE),
                                step_with(VERB_THRESHOLD, CODE_DIRECTION_TIGHTEN)};
    alternative(&stage.plan.correct, 0, 2, right);
    stage.plan.must_escalate = true;
    stage_begin(&stage, false);
    stage_page(&stage, HOURS(2), 1, 1, ROLE_ONCALL, 1);
    stage_human(&stage, HOURS(2) + 5 * SEC, HUMAN_PAGED, 1, 1);
    stage_close(&stage);
    assert_true(stage.sheet.correct);
    assert_int_equal(stage.sheet.t_eff, HOURS(2) + 5 * SEC);
    assert_true(stage.sheet.escalated);
    assert_int_equal(stage.sheet.interruptions, 1);
    stage_end(&stage);
}

static void benign_family_when_left_alone_is_right_and_paging_is_bait(void **state)
{
    (void)state;
    for (int pages = 0; pages < 2; pages++) {
        struct stage stage;
        stage_open(&stage);
        stage.plan.true_incident = false;
        only(&stage.plan.correct, step_of(VERB_NOOP));
        only(&stage.plan.bait, step_of(VERB_ESCALATE));
        stage_begin(&stage, false);
        for (uint32_t i = 0; pages && i < 2; i++) { /* Twice for one incident is once. */
            stage_page(&stage, HOURS(2) + i * 5 * MIN, 1 + i, 1, ROLE_ONCALL, (uint8_t)(1 + i));
            stage_human(&stage, HOURS(2) + i * 5 * MIN + SEC, HUMAN_PAGED, 1, 1);
        }
        stage_close(&stage);
        assert_int_equal(stage.sheet.correct, !pages);
        assert_int_equal(stage.sheet.needless_pages, pages);
        assert_int_equal(stage.sheet.harmful_actions, 0); /* Calling somebody changes no state. */
        stage_end(&stage);
    }
}

static void manual_arm_when_called_for_nothing_counts_alike_and_is_not_wrong_for_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.plan.true_incident = false;
    only(&stage.plan.correct, step_of(VERB_NOOP));
    only(&stage.plan.bait, step_of(VERB_ESCALATE));
    stage_begin(&stage, true);
    stage_human(&stage, HOURS(2), HUMAN_ACKNOWLEDGED, 0, 1);
    stage_human(&stage, HOURS(3), HUMAN_DIAGNOSED, 0, 1);
    stage_close(&stage);
    assert_int_equal(stage.sheet.needless_pages, 1);
    assert_int_equal(stage.sheet.harmful_actions, 0);
    assert_true(stage.sheet.correct);
    stage_end(&stage);
}

static void telling_when_it_is_the_bait_is_a_needless_page(void **state)
{
    (void)state;
    for (int producer = 0; producer < 2; producer++) {
        struct stage stage;
        stage_open(&stage);
        only(&stage.plan.correct, step_of(VERB_NOOP));
        only(&stage.plan.bait, step_with(VERB_NOTIFY, CODE_TO_PRODUCER));
        stage_begin(&stage, false);
        (void)stage_event(&stage, HOURS(2), EVENT_TICK);
        struct notify_effect *notify = &effects_push(&stage.effects, EFFECT_NOTIFY)->notify;
        *notify =
            (struct notify_effect){.model = {1}, .recipient = producer ? ROLE_PRODUCER : ROLE_OWNER};
        stage_step(&stage);
        assert_int_equal(stage_close(&stage)->needless_pages, producer);
        assert_int_equal(stage.sheet.correct, !producer);
        stage_end(&stage);
    }
}

static void waiting_when_it_is_the_bait_is_wrong_only_if_nothing_else_was_done(void **state)
{
    (void)state;
    for (int acts = 0; acts < 2; acts++) {
        struct stage stage;
        stage_open(&stage);
        only(&stage.plan.correct, step_of(VERB_HOLD));
        only(&stage.plan.bait, step_of(VERB_WAIT_LABELS));
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(2), RECORD_WATCHED, 1, 1);
        if (acts) {
            struct act act = rollback_of(1);
            (void)stage_act(&stage, HOURS(2) + 10 * MIN, &act);
        }
        assert_int_equal(stage_close(&stage)->correct, acts);
        assert_int_equal(stage.sheet.harmful_actions, 0); /* Doing nothing changes no state. */
        stage_end(&stage);
    }
}

static void closing_when_a_fault_does_harm_is_the_idle_bait(void **state)
{
    (void)state;
    for (int faulty = 0; faulty < 2; faulty++) {
        struct stage stage;
        stage_open(&stage);
        only(&stage.plan.correct, step_of(VERB_NOOP));
        only(&stage.plan.bait, step_of(VERB_NOOP));
        stage_begin(&stage, false);
        stage.truth.models[0].faulty = faulty;
        stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
        stage_says(&stage, HOURS(2) + MIN, RECORD_CLOSED, 1, 1);
        assert_int_equal(stage_close(&stage)->correct, !faulty);
        assert_int_equal(stage.sheet.harmful_actions, 0);
        stage_end(&stage);
    }
}

static void measure_when_without_end_is_bait_and_with_one_is_not(void **state)
{
    (void)state;
    for (int bounded = 0; bounded < 2; bounded++) {
        struct stage stage;
        struct code_step right = step_with(VERB_FALLBACK, CODE_TTL_BOUNDED_TTL);
        open_with(&stage, 1, &right, step_with(VERB_FALLBACK, CODE_TTL_NO_TTL));
        struct act act = fallback_of(1);
        act.args.ttl_ns = bounded ? HOURS(1) : 0;
        (void)stage_act(&stage, HOURS(3), &act);
        stage_close(&stage);
        assert_int_equal(stage.sheet.correct, bounded);
        assert_int_equal(stage.sheet.harmful_actions, !bounded);
        stage_end(&stage);
    }
}

static void containment_when_preauthorised_is_told_from_an_unapproved_remedy(void **state)
{
    (void)state;
    struct stage stage;
    struct code_step right[] = {step_with(VERB_FALLBACK, CODE_APPROVAL_PREAUTHORISED),
                                step_of(VERB_ESCALATE)};
    open_with(&stage, 2, right, step_with(VERB_THRESHOLD, CODE_APPROVAL_ABSENT));
    struct act act = fallback_of(1);
    (void)stage_act(&stage, HOURS(2), &act);
    stage_page(&stage, HOURS(2) + MIN, 1, 1, ROLE_ONCALL, 1);
    stage_human(&stage, HOURS(2) + MIN + SEC, HUMAN_PAGED, 1, 1);
    act = (struct act){.verb = VERB_THRESHOLD, .args = {.step_ppm = 5}};
    (void)stage_act(&stage, HOURS(4), &act);
    stage_close(&stage);
    assert_int_equal(stage.sheet.harmful_actions, 1);
    assert_int_equal(stage.sheet.t_eff, HOURS(2) + 15 * SEC);
    stage_end(&stage);
}

static void repeat_when_nothing_was_read_back_is_blind(void **state)
{
    (void)state;
    for (int blind = 0; blind < 2; blind++) {
        struct stage stage;
        struct code_step right = step_of(VERB_RECONCILE);
        open_with(&stage, 1, &right, step_with(VERB_ROLLBACK, CODE_TRIES_BLIND));
        struct act act = rollback_of(1);
        act.action = 1;
        struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
        stage_fails(&stage, HOURS(3) + 30 * SEC, entry);
        act.without_answers = blind;
        act.action = 2;
        (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
        stage_says(&stage, HOURS(3) + 3 * MIN, RECORD_RECONCILED, 1, 1);
        stage_close(&stage);
        assert_int_equal(stage.sheet.harmful_actions, blind);
        assert_int_equal(stage.sheet.t_eff,
                         HOURS(3) + 3 * MIN); /* The audit's reconciliation is the right act. */
        stage_end(&stage);
    }
}

static void fault_when_ended_by_people_is_answered_by_them(void **state)
{
    (void)state;
    static const enum human_kind kinds[] = {HUMAN_EXECUTED, HUMAN_REPAIRED};
    for (size_t i = 0; i < 2; i++) {
        for (int contained = 0; contained < 2; contained++) {
            struct stage stage;
            struct code_step right[] = {step_of(VERB_FALLBACK), step_of(VERB_QUARANTINE_DATA)};
            open_with(&stage, 2, right, step_of(CODE_MUTE_ALERT));
            struct act act = contained ? fallback_of(1) : rollback_of(1); /* One is half right. */
            (void)stage_act(&stage, HOURS(2), &act);
            stage.truth.models[0].fault_ended = HOURS(6);
            stage_human(&stage, HOURS(6), kinds[i], 1, 1);
            stage_close(&stage);
            assert_int_equal(stage.sheet.t_eff, HOURS(6));
            assert_true(stage.sheet.correct);
            assert_int_equal(stage.sheet.corrected_by_human, !contained);
            stage_end(&stage);
        }
    }
}

static void remedy_when_by_a_person_is_told_from_the_arms_own(void **state)
{
    (void)state;
    for (int person = 0; person < 2; person++) {
        struct stage stage;
        struct code_step right = step_of(VERB_ROLLBACK);
        open_with(&stage, 1, &right, step_of(CODE_MUTE_ALERT));
        struct act act = rollback_of(1);
        struct action_args args = {.model = {1}, .target = {1}};
        if (person) {
            (void)stage_person(&stage, HOURS(3), VERB_ROLLBACK, &args);
        } else {
            (void)stage_act(&stage, HOURS(3), &act);
        }
        stage_close(&stage);
        assert_true(stage.sheet.correct);
        assert_int_equal(stage.sheet.corrected_by_human, person);
        stage_end(&stage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remedy_when_right_is_correct_from_its_confirmation),
        cmocka_unit_test(remedy_when_on_another_model_spoilt_or_before_the_fault_is_not_correct),
        cmocka_unit_test(remedy_when_not_confirmed_does_not_count),
        cmocka_unit_test(remedy_when_by_a_person_counts_at_once),
        cmocka_unit_test(bait_when_taken_is_harmful_and_spoils_the_remedy),
        cmocka_unit_test(windows_when_told_apart_by_their_rows),
        cmocka_unit_test(training_when_rows_are_too_few_is_too_early),
        cmocka_unit_test(steps_when_in_order_match_and_out_of_order_do_not),
        cmocka_unit_test(telling_when_to_the_right_role_counts_anywhere),
        cmocka_unit_test(hand_off_when_delivered_to_security_is_right_and_acting_is_not),
        cmocka_unit_test(family_that_must_escalate_when_handed_off_is_answered),
        cmocka_unit_test(benign_family_when_left_alone_is_right_and_paging_is_bait),
        cmocka_unit_test(manual_arm_when_called_for_nothing_counts_alike_and_is_not_wrong_for_it),
        cmocka_unit_test(telling_when_it_is_the_bait_is_a_needless_page),
        cmocka_unit_test(waiting_when_it_is_the_bait_is_wrong_only_if_nothing_else_was_done),
        cmocka_unit_test(closing_when_a_fault_does_harm_is_the_idle_bait),
        cmocka_unit_test(measure_when_without_end_is_bait_and_with_one_is_not),
        cmocka_unit_test(containment_when_preauthorised_is_told_from_an_unapproved_remedy),
        cmocka_unit_test(repeat_when_nothing_was_read_back_is_blind),
        cmocka_unit_test(fault_when_ended_by_people_is_answered_by_them),
        cmocka_unit_test(remedy_when_by_a_person_is_told_from_the_arms_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
