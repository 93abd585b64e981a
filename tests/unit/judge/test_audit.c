/* SPDX-License-Identifier: Apache-2.0 */
/* The audit against the ledger: order, one to one, nothing twice, nothing left open after a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

static void audit_when_whole_is_lawful_and_counted(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    (void)stage_act(&stage, HOURS(3), &act);
    act = fallback_of(3);
    (void)stage_act(&stage, HOURS(5), &act);
    const struct verdict_sheet *sheet = stage_close(&stage);
    assert_int_equal(sheet->effects, 2); /* REQ S28 */
    assert_int_equal(sheet->records, 2);
    assert_int_equal(sheet->n_violations, 0);
    assert_true(sheet->occasions[INVARIANT_S27] > 0);
    stage_end(&stage);
}

static void effect_when_no_intent_was_recorded_breaks_order_and_completeness(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.without_intent = true;
    (void)stage_act(&stage, HOURS(3), &act);
    const struct verdict_sheet *sheet = stage_close(&stage);
    assert_int_equal(sheet->breaches[INVARIANT_S27], 1); /* REQ S27 */
    assert_int_equal(sheet->breaches[INVARIANT_S28], 1);
    assert_int_equal(sheet->effects, 1);
    assert_int_equal(sheet->records, 0);
    stage_end(&stage);
}

static void effect_when_no_outcome_was_recorded_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.without_outcome = true;
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S28, 1);
}

static void effect_when_too_late_for_an_outcome_is_not_counted(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.without_outcome = act.unverified = true;
    (void)stage_act(&stage, HOURS(12) - MIN, &act);
    const struct verdict_sheet *sheet = stage_close(&stage);
    assert_int_equal(sheet->effects, 0);
    assert_int_equal(sheet->breaches[INVARIANT_S28], 0);
    stage_end(&stage);
}

static void intent_when_it_names_another_action_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
    entry->args.target.value = 2;
    stage_effect(&stage, HOURS(3) + SEC, entry);
    stage_outcome(&stage, HOURS(3) + 2 * SEC, entry);
    expect_breaches(&stage, INVARIANT_S28, 1);
}

static void intent_when_nothing_follows_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_answers(&stage, HOURS(3), 1);
    (void)stage_event(&stage, HOURS(3), EVENT_TICK);
    struct record *record = stage_record(&stage, RECORD_INTENT, 1, 1);
    record->action.value = 1;
    record->verb = VERB_FALLBACK;
    record->key = (struct digest128){1, 1};
    record->facts = FACT_BIT(FACT_QUALITY_LOW);
    record->n_evidence = 1;
    record->evidence[0] = stage.labels;
    stage_step(&stage);
    expect_breaches(&stage, INVARIANT_S28, 1);
}

static void approval_when_used_before_it_is_on_record_breaks_order(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.approval.value = 4;
    (void)stage_act(&stage, HOURS(3), &act);
    expect_breaches(&stage, INVARIANT_S27, 1);
}

static void closure_when_the_effect_is_unverified_is_a_breach(void **state)
{
    (void)state;
    for (uint32_t verified = 0; verified < 2; verified++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(3) - MIN, RECORD_OPENED, 1, 1);
        struct act act = rollback_of(1);
        act.unverified = !verified;
        (void)stage_act(&stage, HOURS(3), &act);
        stage_says(&stage, HOURS(3) + 2 * MIN, RECORD_CLOSED, 1, 1);
        expect_breaches(&stage, INVARIANT_S27, verified ? 0 : 1);
    }
}

/* S14 */

static void effect_when_applied_twice_is_a_breach(void **state)
{
    (void)state;
    for (int same_key = 0; same_key < 2; same_key++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        act.action = 1;
        act.plan = 1;
        (void)stage_act(&stage, HOURS(3), &act);
        act.key = same_key ? 1 : 2;
        (void)stage_act(&stage, HOURS(3) + 5 * MIN, &act);
        expect_breaches(&stage, INVARIANT_S14, 1); /* REQ S14 */
    }
}

static void attempt_when_repeated_after_a_failure_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    act.action = 1;
    act.plan = 1;
    struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
    stage_fails(&stage, HOURS(3) + 10 * SEC, entry);
    (void)stage_act(&stage, HOURS(3) + 2 * MIN, &act);
    expect_lawful(&stage, INVARIANT_S14);
}

static void unknown(struct stage *stage, int64_t at, const struct ledger_entry *entry)
{
    stage_event(stage, at, EVENT_OUTCOME)->outcome =
        (struct outcome){.action = entry->action, .key = entry->key, .status = OUTCOME_UNKNOWN};
    stage_step(stage);
}

static void attempt_when_its_end_stays_unknown_is_a_breach(void **state)
{
    (void)state;
    for (uint32_t late = 0; late < 2; late++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
        stage_effect(&stage, HOURS(3) + 20 * SEC, entry);
        unknown(&stage, HOURS(3) + MIN, entry);
        stage_tick(&stage, HOURS(3) + (late ? 4 : 2) * MIN);
        stage_outcome(&stage, HOURS(3) + 4 * MIN, entry);
        stage_verified(&stage, HOURS(3) + 4 * MIN, entry);
        expect_breaches(&stage, INVARIANT_S14, late);
    }
}

static void attempt_when_open_after_a_crash_is_owed_a_word(void **state)
{
    (void)state;
    for (uint32_t late = 0; late < 2; late++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        struct act act = rollback_of(1);
        struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
        stage_effect(&stage, HOURS(3) + 20 * SEC, entry);
        stage_event(&stage, HOURS(3) + 10 * MIN, EVENT_START)->start.recovered = true;
        stage_step(&stage);
        stage_tick(&stage, HOURS(3) + (late ? 13 : 11) * MIN);
        stage_outcome(&stage, HOURS(3) + 13 * MIN, entry);
        stage_verified(&stage, HOURS(3) + 13 * MIN, entry);
        expect_breaches(&stage, INVARIANT_S14, late);
    }
}

static void attempt_when_the_registry_is_down_is_excused(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.plan.items[stage.plan.n_items++] =
        (struct plan_item){.kind = PLAN_REGISTRY_OUTAGE, .at = HOURS(3), .until = HOURS(4)};
    stage_begin(&stage, false);
    struct act act = rollback_of(1);
    struct ledger_entry *entry = stage_ask(&stage, HOURS(3), &act);
    unknown(&stage, HOURS(3) + MIN, entry);
    stage_tick(&stage, HOURS(3) + 30 * MIN);
    expect_breaches(&stage, INVARIANT_S14, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audit_when_whole_is_lawful_and_counted),
        cmocka_unit_test(effect_when_no_intent_was_recorded_breaks_order_and_completeness),
        cmocka_unit_test(effect_when_no_outcome_was_recorded_is_a_breach),
        cmocka_unit_test(effect_when_too_late_for_an_outcome_is_not_counted),
        cmocka_unit_test(intent_when_it_names_another_action_is_a_breach),
        cmocka_unit_test(intent_when_nothing_follows_is_a_breach),
        cmocka_unit_test(approval_when_used_before_it_is_on_record_breaks_order),
        cmocka_unit_test(closure_when_the_effect_is_unverified_is_a_breach),
        cmocka_unit_test(effect_when_applied_twice_is_a_breach),
        cmocka_unit_test(attempt_when_repeated_after_a_failure_is_lawful),
        cmocka_unit_test(attempt_when_its_end_stays_unknown_is_a_breach),
        cmocka_unit_test(attempt_when_open_after_a_crash_is_owed_a_word),
        cmocka_unit_test(attempt_when_the_registry_is_down_is_excused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
