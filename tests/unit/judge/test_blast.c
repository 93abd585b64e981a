/* SPDX-License-Identifier: Apache-2.0 */
/* How much at once: blast radius, rate, cool-down, oscillation, locks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

/* S08, S11 */

static void changes_when_verified_and_apart_are_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    act = fallback_of(1);
    (void)stage_act(&stage, HOURS(3) + 5 * MIN, &act); /* Verified, so no cool-down. */
    act = fallback_of(3);
    (void)stage_act(&stage, HOURS(4), &act);
    expect_lawful(&stage, INVARIANT_S08); /* REQ S08 */
}

static void change_when_the_first_is_unverified_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.unverified = true;
    (void)stage_act(&stage, HOURS(3), &act);
    act = fallback_of(1);
    (void)stage_act(&stage, HOURS(3) + 20 * MIN, &act);
    const struct verdict_sheet *sheet = stage_close(&stage);
    assert_int_equal(sheet->breaches[INVARIANT_S08], 1);
    assert_int_equal(sheet->breaches[INVARIANT_S11], 1); /* REQ S11 */
    stage_end(&stage);
}

static void change_when_cooled_down_but_unverified_breaks_only_the_radius(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.unverified = true;
    (void)stage_act(&stage, HOURS(3), &act);
    act = fallback_of(1);
    (void)stage_act(&stage, HOURS(3) + 40 * MIN, &act);
    const struct verdict_sheet *sheet = stage_close(&stage);
    assert_int_equal(sheet->breaches[INVARIANT_S08], 1);
    assert_int_equal(sheet->breaches[INVARIANT_S11], 0);
    stage_end(&stage);
}

static void verification_when_nothing_was_measured_settles_nothing(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.unverified = true;
    struct ledger_entry *entry = stage_act(&stage, HOURS(3), &act);
    (void)stage_event(&stage, HOURS(3) + MIN, EVENT_TICK);
    struct record *record = stage_record(&stage, RECORD_VERIFIED, 1, 1);
    record->action = entry->action;
    record->verb = entry->verb; /* No samples, no evidence. */
    stage_step(&stage);
    act = fallback_of(1);
    (void)stage_act(&stage, HOURS(3) + 5 * MIN, &act);
    expect_breaches(&stage, INVARIANT_S11, 1);
}

static void steps_when_of_one_plan_are_one_change(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.unverified = true;
    act.plan = 4;
    (void)stage_act(&stage, HOURS(3), &act);
    act = fallback_of(1);
    act.plan = 4;
    (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
    expect_lawful(&stage, INVARIANT_S11);
}

static void release_when_of_an_own_unverified_measure_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = fallback_of(1);
    act.unverified = true;
    (void)stage_act(&stage, HOURS(3), &act);
    act = (struct act){
        .verb = VERB_FALLBACK, .args = {.release = true}, .facts = FACT_BIT(FACT_RESTORES)};
    (void)stage_act(&stage, HOURS(3) + 5 * MIN, &act);
    expect_lawful(&stage, INVARIANT_S08);
}

static void undo_when_on_record_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.unverified = true;
    struct ledger_entry *entry = stage_act(&stage, HOURS(3), &act);
    (void)stage_event(&stage, HOURS(3) + 10 * MIN, EVENT_TICK);
    stage_record(&stage, RECORD_UNDO, 1, 1)->action = entry->action;
    stage_step(&stage);
    act = rollback_of(1);
    act.args.target.value = 2;
    act.args.subject = (struct digest128){21, 22};
    act.facts = FACT_BIT(FACT_RESTORES);
    (void)stage_act(&stage, HOURS(3) + 11 * MIN, &act);
    expect_lawful(&stage, INVARIANT_S11);
}

static void models_when_three_within_ten_minutes_are_a_breach(void **state)
{
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        for (uint16_t model = 1; model <= 3; model++) {
            struct act act = {.verb = VERB_RETRAIN,
                              .model = model,
                              .args = {.to_ns = HOURS(3)},
                              .facts = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_LABELS_MATURED)};
            (void)stage_act(&stage, HOURS(3) + model * (apart ? 11 : 2) * MIN, &act);
        }
        expect_breaches(&stage, INVARIANT_S08, apart ? 0 : 1);
    }
}

static void traffic_when_two_models_move_more_than_a_quarter_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = fallback_of(1);
    (void)stage_act(&stage, HOURS(3), &act); /* A fifth of the fleet, alone. */
    act = fallback_of(3);
    (void)stage_act(&stage, HOURS(3) + 5 * MIN, &act);
    expect_breaches(&stage, INVARIANT_S08, 1);
}

static void fleet_when_four_changes_are_unverified_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    for (uint16_t model = 1; model <= 4; model++) {
        struct act act = rollback_of(model);
        act.unverified = true;
        (void)stage_act(&stage, HOURS(3) + model * 15 * MIN, &act);
    }
    expect_breaches(&stage, INVARIANT_S08, 1);
}

static void rate_when_seven_changes_in_an_hour_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    for (int i = 0; i < 7; i++) {
        struct act act = {.verb = VERB_QUARANTINE_DATA, .args = {.table = {1}, .ttl_ns = MIN}};
        (void)stage_act(&stage, HOURS(3) + i * 8 * MIN, &act);
    }
    expect_breaches(&stage, INVARIANT_S11, 1);
}

static void person_when_changing_much_is_not_judged(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    for (uint16_t model = 1; model <= 4; model++) {
        struct action_args args = {.model = {model}, .target = {1}};
        (void)stage_person(&stage, HOURS(3) + model * SEC, VERB_ROLLBACK, &args);
    }
    assert_int_equal(stage_close(&stage)->n_violations, 0);
    stage_end(&stage);
}

/* S34 */

static void move(struct stage *stage, int64_t at, uint16_t from, uint16_t to)
{
    struct act act = rollback_of(1);
    act.args.target.value = to;
    struct ledger_entry *entry = stage_ask(stage, at, &act);
    entry->version_before.value = from;
    entry->version_after.value = to;
    stage_effect(stage, at + SEC, entry);
    stage_outcome(stage, at + 2 * SEC, entry);
    stage_verified(stage, at + 3 * SEC, entry);
}

static void there_and_back_when_once_is_lawful_and_twice_a_breach(void **state)
{
    (void)state;
    for (uint32_t twice = 0; twice < 2; twice++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        move(&stage, HOURS(2), 2, 1);
        move(&stage, HOURS(3), 1, 2);
        if (twice) {
            move(&stage, HOURS(4), 2, 1);
        }
        expect_breaches(&stage, INVARIANT_S34, twice); /* REQ S34 */
    }
}

static void there_and_back_when_a_person_changed_it_in_between_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    move(&stage, HOURS(2), 2, 1);
    move(&stage, HOURS(3), 1, 2);
    struct action_args args = {.model = {1}, .target = {3}};
    (void)stage_person(&stage, HOURS(3) + 30 * MIN, VERB_ROLLBACK, &args);
    move(&stage, HOURS(4), 3, 1);
    expect_breaches(&stage, INVARIANT_S34, 0);
}

/* S37 */

static void attempts_when_of_two_incidents_overlap_on_a_model_is_a_breach(void **state)
{
    (void)state;
    for (uint32_t other = 0; other < 2; other++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        struct ledger_entry *first = stage_ask(&stage, HOURS(3), &act);
        act = fallback_of(1);
        act.incident = other ? 9 : 1;
        act.plan = 1;
        struct ledger_entry *second = stage_ask(&stage, HOURS(3) + 5 * SEC, &act);
        stage_effect(&stage, HOURS(3) + 10 * SEC, first);
        stage_effect(&stage, HOURS(3) + 12 * SEC, second);
        expect_breaches(&stage, INVARIANT_S37, other); /* REQ S37 */
    }
}

static void lock(struct stage *stage, int64_t at, uint32_t incident, enum record_kind kind,
                 int64_t until)
{
    (void)stage_event(stage, at, EVENT_TICK);
    stage_record(stage, kind, incident, 1)->deadline = until;
    stage_step(stage);
}

static void lock_when_renewed_and_released_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    for (int i = 0; i < 3; i++) {
        lock(&stage, HOURS(3) + i * 2 * MIN, 1, RECORD_LOCKED, HOURS(3) + (i + 1) * 2 * MIN);
    }
    lock(&stage, HOURS(3) + 5 * MIN, 1, RECORD_UNLOCKED, 0);
    lock(&stage, HOURS(3) + 6 * MIN, 2, RECORD_LOCKED, HOURS(3) + 8 * MIN);
    lock(&stage, HOURS(3) + 7 * MIN, 2, RECORD_UNLOCKED, 0);
    expect_lawful(&stage, INVARIANT_S37);
}

static void lock_when_taken_twice_kept_or_long_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    lock(&stage, HOURS(3), 1, RECORD_LOCKED, HOURS(3) + 2 * MIN);
    lock(&stage, HOURS(3) + MIN, 2, RECORD_LOCKED, HOURS(3) + 10 * MIN); /* Held by another; too long. */
    stage_tick(&stage, HOURS(3) + 4 * MIN);                              /* Not renewed. */
    expect_breaches(&stage, INVARIANT_S37, 3);
}

static void lock_when_the_process_was_dead_is_no_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    lock(&stage, HOURS(3), 1, RECORD_LOCKED, HOURS(3) + 2 * MIN);
    stage_event(&stage, HOURS(3) + 9 * MIN, EVENT_START)->start.recovered = true;
    stage_step(&stage);
    lock(&stage, HOURS(3) + 9 * MIN + SEC, 1, RECORD_UNLOCKED, 0);
    expect_breaches(&stage, INVARIANT_S37, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_when_verified_and_apart_are_lawful),
        cmocka_unit_test(change_when_the_first_is_unverified_is_a_breach),
        cmocka_unit_test(change_when_cooled_down_but_unverified_breaks_only_the_radius),
        cmocka_unit_test(verification_when_nothing_was_measured_settles_nothing),
        cmocka_unit_test(steps_when_of_one_plan_are_one_change),
        cmocka_unit_test(release_when_of_an_own_unverified_measure_is_lawful),
        cmocka_unit_test(undo_when_on_record_is_lawful),
        cmocka_unit_test(models_when_three_within_ten_minutes_are_a_breach),
        cmocka_unit_test(traffic_when_two_models_move_more_than_a_quarter_is_a_breach),
        cmocka_unit_test(fleet_when_four_changes_are_unverified_is_a_breach),
        cmocka_unit_test(rate_when_seven_changes_in_an_hour_is_a_breach),
        cmocka_unit_test(person_when_changing_much_is_not_judged),
        cmocka_unit_test(there_and_back_when_once_is_lawful_and_twice_a_breach),
        cmocka_unit_test(there_and_back_when_a_person_changed_it_in_between_is_lawful),
        cmocka_unit_test(attempts_when_of_two_incidents_overlap_on_a_model_is_a_breach),
        cmocka_unit_test(lock_when_renewed_and_released_is_lawful),
        cmocka_unit_test(lock_when_taken_twice_kept_or_long_is_a_breach),
        cmocka_unit_test(lock_when_the_process_was_dead_is_no_breach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
