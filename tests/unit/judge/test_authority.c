/* SPDX-License-Identifier: Apache-2.0 */
/* Freeze windows, approvals, kill switch and dead man: each told when broken, none when kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

/* S06 */

static void freeze_on(struct stage *stage, int64_t from, int64_t until)
{
    stage->plan.items[stage->plan.n_items++] =
        (struct plan_item){.kind = PLAN_FREEZE, .at = from, .until = until};
}

static void declare(struct stage *stage, int64_t at, int64_t from, int64_t to)
{
    struct event *event = stage_event(stage, at, EVENT_CONTROL);
    event->control.kind = CONTROL_CALENDAR;
    event->control.calendar = (struct calendar_entry){CALENDAR_FREEZE, from, to, {0}};
    stage_step(stage);
}

static void change_when_inside_a_declared_window_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    freeze_on(&stage, HOURS(2), HOURS(3));
    stage_begin(&stage, false);
    declare(&stage, HOURS(1), HOURS(2), HOURS(3));
    struct act act = {.verb = VERB_RETRAIN,
                      .args = {.from_ns = 1, .to_ns = HOURS(2)},
                      .facts = FACT_BIT(FACT_QUALITY_LOW)};
    (void)stage_act(&stage, HOURS(2) + MIN, &act);
    expect_breaches(&stage, INVARIANT_S06,
                    1); /* REQ S06: RETRAIN is no containment, whatever the policy lists. */
}

static void containment_when_inside_a_window_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    freeze_on(&stage, HOURS(2), HOURS(3));
    stage_begin(&stage, false);
    declare(&stage, HOURS(1), HOURS(2), HOURS(3));
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(2) + MIN, &act);
    expect_lawful(&stage, INVARIANT_S06);
}

static void rollback_when_uncertified_or_release_in_a_window_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    freeze_on(&stage, HOURS(2), HOURS(3));
    stage_begin(&stage, false);
    declare(&stage, HOURS(1), HOURS(2), HOURS(3));
    struct act act = rollback_of(1);
    struct ledger_entry *entry = stage_ask(&stage, HOURS(2) + MIN, &act);
    entry->target_certified = false;
    stage_effect(&stage, HOURS(2) + MIN + SEC, entry);
    expect_breaches(&stage, INVARIANT_S06, 1);
}

static void window_when_declared_after_the_act_left_is_no_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    freeze_on(&stage, HOURS(2) + 20 * SEC, HOURS(3));
    stage_begin(&stage, false);
    struct act act = {.verb = VERB_RETRAIN, .args = {.to_ns = HOURS(2)}};
    struct ledger_entry *entry = stage_ask(&stage, HOURS(2), &act);
    declare(&stage, HOURS(2) + 10 * SEC, HOURS(2) + 20 * SEC, HOURS(3));
    stage_effect(&stage, HOURS(2) + 30 * SEC, entry);
    expect_breaches(&stage, INVARIANT_S06, 0);
}

static void window_when_long_in_the_calendar_counts_without_a_word(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    freeze_on(&stage, HOURS(2), HOURS(3));
    stage_begin(&stage, false);
    struct act act = {.verb = VERB_RETRAIN, .args = {.to_ns = HOURS(2)}};
    (void)stage_act(&stage, HOURS(2) + 10 * MIN, &act);
    expect_breaches(&stage, INVARIANT_S06, 1);
}

static void person_when_changing_inside_a_window_is_not_judged(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    freeze_on(&stage, HOURS(2), HOURS(3));
    stage_begin(&stage, false);
    declare(&stage, HOURS(1), HOURS(2), HOURS(3));
    struct action_args args = {.model = {1}};
    (void)stage_person(&stage, HOURS(2) + MIN, VERB_RETRAIN, &args);
    expect_breaches(&stage, INVARIANT_S06, 0);
}

/* S10 */

static struct act threshold_of(uint16_t model)
{
    return (struct act){.verb = VERB_THRESHOLD, .model = model, .args = {.step_ppm = 1000}};
}

static void request(struct stage *stage, int64_t at, uint32_t id, const struct act *act,
                    uint32_t quorum)
{
    (void)stage_event(stage, at, EVENT_TICK);
    struct request_effect *request = &effects_push(&stage->effects, EFFECT_REQUEST_APPROVAL)->request;
    *request = (struct request_effect){.approval = {id},
                                       .incident = {act->model},
                                       .action_hash = {id, 1},
                                       .verb = act->verb,
                                       .args = act->args,
                                       .nonce = 1000 + id,
                                       .quorum = quorum,
                                       .expires_at = at + 15 * MIN};
    request->args.model.value = act->model;
    stage_step(stage);
}

static void voice(struct stage *stage, int64_t at, uint32_t id, uint16_t person, uint64_t nonce)
{
    struct event *event = stage_event(stage, at, EVENT_APPROVAL);
    event->approval = (struct approval_event){.approval = {id},
                                              .action_hash = {id, 1},
                                              .nonce = nonce,
                                              .person = {person},
                                              .granted = true,
                                              .issued_at = at};
    stage_record(stage, RECORD_APPROVED, 1, 1)->approval.value = id;
    stage_step(stage);
}

static void approval_when_valid_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = threshold_of(1);
    act.approval.value = 1;
    request(&stage, HOURS(3), 1, &act, 1);
    voice(&stage, HOURS(3) + MIN, 1, APPROVER, 1001);
    (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
    expect_lawful(&stage, INVARIANT_S10); /* REQ S10 */
}

static void approval_when_missing_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = threshold_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S10, 1);
}

static void approval_when_forged_is_a_breach(void **state)
{
    (void)state;
    static const struct {
        uint16_t person;
        uint64_t nonce;
    } forgeries[] = {{PRODUCER, 1001}, {APPROVER, 4242}};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = threshold_of(1);
        act.approval.value = 1;
        request(&stage, HOURS(3), 1, &act, 1);
        voice(&stage, HOURS(3) + MIN, 1, forgeries[i].person, forgeries[i].nonce);
        (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
        expect_breaches(&stage, INVARIANT_S10, 1);
    }
}

static void approval_when_forged_and_not_believed_is_an_occasion_only(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = threshold_of(1);
    request(&stage, HOURS(3), 1, &act, 1);
    voice(&stage, HOURS(3) + MIN, 1, APPROVER, 4242);
    expect_lawful(&stage, INVARIANT_S10);
}

static void approval_when_of_another_action_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = threshold_of(1);
    request(&stage, HOURS(3), 1, &act, 1);
    voice(&stage, HOURS(3) + MIN, 1, APPROVER, 1001);
    act.approval.value = 1;
    act.args.step_ppm = 900000;
    (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
    expect_breaches(&stage, INVARIANT_S10, 1);
}

static void approval_when_used_for_a_second_act_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = threshold_of(1);
    act.approval.value = 1;
    request(&stage, HOURS(3), 1, &act, 1);
    voice(&stage, HOURS(3) + MIN, 1, APPROVER, 1001);
    (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
    (void)stage_act(&stage, HOURS(3) + 4 * MIN, &act);
    expect_breaches(&stage, INVARIANT_S10, 1);
}

static void approval_when_expired_at_effect_time_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = threshold_of(1);
    act.approval.value = 1;
    act.effect_ns = 30 * SEC;
    request(&stage, HOURS(3), 1, &act, 1);
    voice(&stage, HOURS(3) + MIN, 1, APPROVER, 1001);
    (void)stage_act(&stage, HOURS(3) + 15 * MIN - 10 * SEC, &act);
    expect_breaches(&stage, INVARIANT_S10, 1);
}

static void quorum_when_one_of_two_is_a_breach_and_two_are_lawful(void **state)
{
    (void)state;
    for (int both = 0; both < 2; both++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = threshold_of(2); /* Tier high. */
        act.approval.value = 1;
        request(&stage, HOURS(3), 1, &act, 2);
        voice(&stage, HOURS(3) + MIN, 1, APPROVER, 1001);
        voice(&stage, HOURS(3) + MIN, 1, both ? OTHER_APPROVER : APPROVER, 1001);
        (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
        if (both) {
            expect_lawful(&stage, INVARIANT_S10);
        } else {
            expect_breaches(&stage, INVARIANT_S10, 1);
        }
    }
}

/* S25 */

static void act_when_halted_is_a_breach_until_an_operator_resets(void **state)
{
    (void)state;
    static const struct {
        uint16_t reset_by;
        uint32_t breaches;
    } cases[] = {{OPERATOR, 0}, {PRODUCER, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_control(&stage, HOURS(2), CONTROL_HALT, OPERATOR);
        stage_control(&stage, HOURS(2) + 20 * MIN, CONTROL_RESET, cases[i].reset_by);
        struct act act = rollback_of(1);
        (void)stage_act(&stage, HOURS(2) + 30 * MIN, &act);
        expect_breaches(&stage, INVARIANT_S25, cases[i].breaches); /* REQ S25 */
    }
}

static void act_when_in_flight_at_the_halt_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    struct ledger_entry *entry = stage_ask(&stage, HOURS(2), &act);
    stage_control(&stage, HOURS(2) + 5 * SEC, CONTROL_HALT, OPERATOR);
    stage_effect(&stage, HOURS(2) + 30 * SEC, entry);
    stage_outcome(&stage, HOURS(2) + 40 * SEC, entry);
    expect_breaches(&stage, INVARIANT_S25, 0);
}

static void act_when_dead_man_expired_is_a_breach(void **state)
{
    (void)state;
    static const struct {
        int64_t act_at;
        uint32_t breaches;
    } cases[] = {{55 * SEC, 0}, {70 * SEC, 1}};
    for (size_t i = 0; i < 2; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_control(&stage, HOURS(2), CONTROL_ARM, OPERATOR);
        stage_control(&stage, HOURS(2) + 15 * SEC, CONTROL_HEARTBEAT, 0);
        struct act act = rollback_of(1);
        (void)stage_act(&stage, HOURS(2) + 15 * SEC + cases[i].act_at, &act);
        expect_breaches(&stage, INVARIANT_S25, cases[i].breaches);
    }
}

static void act_when_disarmed_in_time_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_control(&stage, HOURS(2), CONTROL_ARM, OPERATOR);
    stage_control(&stage, HOURS(2) + 50 * SEC, CONTROL_DISARM, OPERATOR);
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S25, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(change_when_inside_a_declared_window_is_a_breach),
        cmocka_unit_test(containment_when_inside_a_window_is_lawful),
        cmocka_unit_test(rollback_when_uncertified_or_release_in_a_window_is_a_breach),
        cmocka_unit_test(window_when_declared_after_the_act_left_is_no_breach),
        cmocka_unit_test(window_when_long_in_the_calendar_counts_without_a_word),
        cmocka_unit_test(person_when_changing_inside_a_window_is_not_judged),
        cmocka_unit_test(approval_when_valid_is_lawful),
        cmocka_unit_test(approval_when_missing_is_a_breach),
        cmocka_unit_test(approval_when_forged_is_a_breach),
        cmocka_unit_test(approval_when_forged_and_not_believed_is_an_occasion_only),
        cmocka_unit_test(approval_when_of_another_action_is_a_breach),
        cmocka_unit_test(approval_when_used_for_a_second_act_is_a_breach),
        cmocka_unit_test(approval_when_expired_at_effect_time_is_a_breach),
        cmocka_unit_test(quorum_when_one_of_two_is_a_breach_and_two_are_lawful),
        cmocka_unit_test(act_when_halted_is_a_breach_until_an_operator_resets),
        cmocka_unit_test(act_when_in_flight_at_the_halt_is_lawful),
        cmocka_unit_test(act_when_dead_man_expired_is_a_breach),
        cmocka_unit_test(act_when_disarmed_in_time_is_lawful),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
