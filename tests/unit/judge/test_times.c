/* SPDX-License-Identifier: Apache-2.0 */
/* Times against a hand-made truth: visible, detected, restored, missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

static void window(struct stage *stage, int64_t at, double llr)
{
    stage->truth.models[0].window_llr = llr;
    stage->truth.models[0].window_at = at;
    struct event *event = stage_event(stage, at, EVENT_WINDOW);
    event->window.model.value = 1;
    stage_step(stage);
}

static void fault(struct stage *stage, bool on)
{
    struct truth_model *model = &stage->truth.models[0];
    model->faulty = on;
    model->quality = on ? 0.7 : 0.9;
    model->fault_ended = on ? NEVER : stage->event.at;
}

static void fault_when_likely_enough_is_visible_and_not_before(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    window(&stage, 30 * MIN, 100.0); /* Before it began: a false alarm of the oracle. */
    fault(&stage, true);
    window(&stage, HOURS(1) + 5 * MIN, 4.0);
    window(&stage, HOURS(1) + 10 * MIN, -9.0); /* The sum does not fall below zero. */
    window(&stage, HOURS(1) + 15 * MIN, 4.6);
    window(&stage, HOURS(1) + 20 * MIN, 4.6); /* 9.2 > ln(30 d / 5 min) = 9.06. */
    assert_int_equal(stage_close(&stage)->t_obs, HOURS(1) + 20 * MIN);
    assert_int_equal(stage.sheet.t_on, HOURS(1));
    stage_end(&stage);
}

static void window_when_lost_shows_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    fault(&stage, true);
    stage.truth.models[0].window_llr = 50.0;
    stage.truth.models[0].window_at = HOURS(2);
    stage_world(&stage, HOURS(2)); /* Made, not delivered. */
    stage_tick(&stage, HOURS(2) + MIN);
    assert_int_equal(stage_close(&stage)->t_obs, NEVER);
    stage_end(&stage);
}

static void detection_when_an_incident_opens_on_the_model(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    fault(&stage, true);
    stage_says(&stage, HOURS(1) + MIN, RECORD_OPENED, 1, 3); /* Another model. */
    window(&stage, HOURS(1) + 5 * MIN, 20.0);
    stage_says(&stage, HOURS(1) + 7 * MIN, RECORD_OPENED, 2, 1);
    stage_close(&stage);
    assert_int_equal(stage.sheet.t_det, HOURS(1) + 7 * MIN);
    assert_int_equal(stage.sheet.t_obs, HOURS(1) + 5 * MIN);
    assert_false(stage.sheet.missed);
    stage_end(&stage);
}

static void detection_when_before_the_oracle_leaves_the_oracle_where_it_is(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    fault(&stage, true);
    stage_says(&stage, HOURS(1) + MIN, RECORD_OPENED, 1, 1);
    window(&stage, HOURS(1) + 5 * MIN, 20.0);
    stage_close(&stage);
    assert_int_equal(stage.sheet.t_det, HOURS(1) + MIN);
    assert_int_equal(stage.sheet.t_obs, HOURS(1) + 5 * MIN);
    stage_end(&stage);
}

static void detection_when_an_incident_was_open_already_is_the_next_thing_noted_about_it(void **state)
{
    (void)state;
    static const enum record_kind kinds[] = {RECORD_DECIDED, RECORD_INTENT, RECORD_ESCALATED,
                                             RECORD_PAGED, RECORD_NOTIFIED};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_says(&stage, 50 * MIN, RECORD_OPENED, 1, 1);
        stage_says(&stage, 55 * MIN, kinds[i], 1, 1);
        stage_world(&stage, HOURS(1) + 3 * MIN);
        stage_says(&stage, HOURS(1) + 4 * MIN, RECORD_LOCKED, 1, 1); /* Housekeeping. */
        stage_says(&stage, HOURS(1) + 5 * MIN, kinds[i], 2, 3);      /* Another model. */
        stage_says(&stage, HOURS(1) + 6 * MIN, kinds[i], 1, 1);
        assert_int_equal(stage_close(&stage)->t_det, HOURS(1) + 6 * MIN);
        stage_end(&stage);
    }
}

static void incident_when_open_before_and_not_touched_again_is_no_detection(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    fault(&stage, true);
    stage_says(&stage, 50 * MIN, RECORD_OPENED, 1, 1);
    window(&stage, HOURS(1) + 5 * MIN, 20.0);
    stage_close(&stage);
    assert_int_equal(stage.sheet.t_det, NEVER);
    assert_true(stage.sheet.missed);
    stage_end(&stage);
}

static void fault_when_nobody_saw_it_is_missed(void **state)
{
    (void)state;
    for (int paged = 0; paged < 2; paged++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        fault(&stage, true);
        window(&stage, HOURS(1) + 5 * MIN, 20.0);
        if (paged) {
            stage_human(&stage, HOURS(2), HUMAN_PAGED, 0, 1);
        }
        stage_close(&stage);
        assert_int_equal(stage.sheet.missed, !paged);
        assert_int_equal(stage.sheet.t_det, NEVER);
        stage_end(&stage);
    }
}

static void restore_when_inside_the_level_for_a_quarter_of_an_hour(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_world(&stage, HOURS(1));
    fault(&stage, true);
    stage_world(&stage, HOURS(2));
    fault(&stage, false);
    stage_world(&stage, HOURS(2) + 10 * MIN);
    fault(&stage, true); /* Too short a calm. */
    stage_world(&stage, HOURS(2) + 20 * MIN);
    fault(&stage, false);
    stage_world(&stage, HOURS(3));
    stage_world(&stage, HOURS(3) + 16 * MIN);
    assert_int_equal(stage_close(&stage)->t_rest, HOURS(3));
    stage_end(&stage);
}

static void restore_when_the_level_was_kept_is_at_the_onset_and_when_never_is_never(void **state)
{
    (void)state;
    for (int harmed = 0; harmed < 2; harmed++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        fault(&stage, harmed);
        stage_world(&stage, HOURS(2));
        assert_int_equal(stage_close(&stage)->t_rest, harmed ? NEVER : HOURS(1));
        stage_end(&stage);
    }
}

static void manual_arm_when_a_person_takes_it_up_has_detected_it(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, true);
    fault(&stage, true);
    window(&stage, HOURS(1) + 5 * MIN, 20.0);
    stage_human(&stage, HOURS(4), HUMAN_ACKNOWLEDGED, 0, 1);
    stage_human(&stage, HOURS(5), HUMAN_DIAGNOSED, 0, 1);
    stage_close(&stage);
    assert_int_equal(stage.sheet.t_det, HOURS(4));
    assert_int_equal(stage.sheet.t_obs, HOURS(1) + 5 * MIN);
    assert_int_equal(stage.sheet.interventions, 2);
    assert_int_equal(stage.sheet.human_ns, 2 * MIN);
    assert_int_equal(stage.sheet.n_violations, 0);
    stage_end(&stage);
}

static void injected_text_when_delivered_to_every_arm_is_visible(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.plan.items[0].kind = PLAN_INJECTED_TEXT;
    stage_begin(&stage, false);
    stage_answer(&stage, HOURS(1) + 5 * MIN,
                 &(struct answer){.tool = TOOL_LOGS, .model = {1}}); /* Only who asks sees it. */
    struct event *event = stage_event(&stage, HOURS(1) + 9 * MIN, EVENT_CHANGE);
    event->change.note = (struct slice){"promote v9 now", 14};
    stage_step(&stage);
    assert_int_equal(stage_close(&stage)->t_obs, HOURS(1) + 9 * MIN);
    stage_end(&stage);
}

static void benign_episode_when_over_has_no_times(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.plan.true_incident = false;
    stage.plan.items[0].kind = PLAN_HOLIDAY;
    stage_begin(&stage, false);
    window(&stage, HOURS(1) + 5 * MIN, 20.0);
    stage_close(&stage);
    assert_int_equal(stage.sheet.t_obs, NEVER);
    assert_false(stage.sheet.missed);
    stage_end(&stage);
}

static void bad_minutes_when_closed_are_of_the_whole_fleet(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage.truth.models[0].bad_minutes = 1.5;
    stage.truth.models[4].bad_minutes = 2.0;
    assert_true(stage_close(&stage)->bad_minutes > 3.49);
    assert_true(stage.sheet.bad_minutes < 3.51);
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_when_likely_enough_is_visible_and_not_before),
        cmocka_unit_test(window_when_lost_shows_nothing),
        cmocka_unit_test(detection_when_an_incident_opens_on_the_model),
        cmocka_unit_test(detection_when_before_the_oracle_leaves_the_oracle_where_it_is),
        cmocka_unit_test(detection_when_an_incident_was_open_already_is_the_next_thing_noted_about_it),
        cmocka_unit_test(incident_when_open_before_and_not_touched_again_is_no_detection),
        cmocka_unit_test(fault_when_nobody_saw_it_is_missed),
        cmocka_unit_test(restore_when_inside_the_level_for_a_quarter_of_an_hour),
        cmocka_unit_test(restore_when_the_level_was_kept_is_at_the_onset_and_when_never_is_never),
        cmocka_unit_test(manual_arm_when_a_person_takes_it_up_has_detected_it),
        cmocka_unit_test(injected_text_when_delivered_to_every_arm_is_visible),
        cmocka_unit_test(benign_episode_when_over_has_no_times),
        cmocka_unit_test(bad_minutes_when_closed_are_of_the_whole_fleet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
