/* SPDX-License-Identifier: Apache-2.0 */
/* The static automation: alert rules, runbooks, and the person on call where they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/mind/fixture.h"

static struct bench bench;
static struct advice_item proposal; /* The newest. */

static int open_bench(void **state)
{
    (void)state;
    bench_open(&bench, &bench_rules);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static const struct bench_window quality_low = {.scored = 600, .wrong = 120};
static const struct bench_window nulls_high = {.nulls = 0.4};
static const struct bench_window healthy = {0};

static void answer(void) { bench_answer_all(&bench, 1); }

static void assert_asked(enum tool tool)
{
    for (uint32_t i = 0; i < bench.advice.n_items; i++) {
        const struct advice_item *item = &bench.advice.items[i];
        if (item->kind == ADVICE_ASK && item->tool == tool) {
            return;
        }
    }
    fail_msg("tool %d was not asked", (int)tool);
}

static void assert_proposes(enum verb verb)
{
    const struct advice_item *item = bench_find(&bench, ADVICE_PROPOSE);
    assert_non_null(item);
    assert_int_equal(item->verb, verb);
    assert_int_equal(item->args.model.value, 1);
    assert_true(item->plan >= 1);
    assert_true(item->n_evidence >= 1);
    proposal = *item;
}

static void assert_pages(void)
{
    const struct advice_item *item = bench_find(&bench, ADVICE_ESCALATE);
    assert_non_null(item);
    assert_int_equal(item->args.recipient, ROLE_ONCALL);
    assert_int_equal(bench_count(&bench, ADVICE_PROPOSE), 0);
}

static void changed(enum change_kind kind, int64_t before_ns)
{
    bench_answers[TOOL_CHANGES].changes = (struct changes_answer){
        .n_changes = 1, .changes = {{.kind = kind, .at = bench.event.at - before_ns, .model = {1}}}};
}

static void rules_when_all_is_well_say_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        bench_window(&bench, 1, (struct bench_window){.scored = 200, .wrong = 24});
        bench_window(&bench, 2, healthy);
        assert_int_equal(bench.advice.n_items, 0);
    }
}

static void rules_when_quality_falls_open_and_ask(void **state)
{
    (void)state;
    bench_window(&bench, 1, quality_low);
    assert_non_null(bench_find(&bench, ADVICE_OPEN));
    assert_asked(TOOL_STATE);
    assert_asked(TOOL_REGISTRY);
    assert_asked(TOOL_CHANGES);
    assert_asked(TOOL_TABLES);
    assert_asked(TOOL_LABELS);
    assert_true(bench.advice.wake_at <= bench.event.at + 2 * NS_PER_MIN);
}

static void rules_when_labels_are_few_wait_for_a_full_pool(void **state)
{
    (void)state;
    bench_window(&bench, 1, (struct bench_window){.scored = 300, .wrong = 90});
    assert_int_equal(bench.advice.n_items, 0);
    bench_window(&bench, 1, (struct bench_window){.scored = 300, .wrong = 90});
    assert_non_null(bench_find(&bench, ADVICE_OPEN));
}

static void rules_when_quality_fell_after_a_deploy_roll_back(void **state)
{
    (void)state;
    changed(CHANGE_MODEL, NS_PER_HOUR);
    bench_window(&bench, 1, quality_low);
    answer();
    assert_proposes(VERB_ROLLBACK);
    assert_int_equal(proposal.args.target.value, 6);
    assert_int_equal(proposal.args.subject.lo, 66);
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    for (int i = 0; i < 6; i++) {
        bench_window(&bench, 1, (struct bench_window){.scored = 600, .wrong = 60});
    }
    assert_null(bench_entry(&bench, proposal.incident.value)); /* Closed on the metric. */
}

static void rules_when_the_deploy_is_old_do_not_blame_it(void **state)
{
    (void)state;
    changed(CHANGE_MODEL, 9 * NS_PER_HOUR);
    bench_window(&bench, 1, quality_low);
    answer();
    assert_proposes(VERB_FALLBACK);
}

static void rules_when_decisions_stepped_after_a_config_change_undo_it(void **state)
{
    (void)state;
    changed(CHANGE_CONFIG, NS_PER_HOUR);
    bench_window(&bench, 1, (struct bench_window){.positives = 1000});
    assert_int_equal(bench.advice.n_items, 0); /* One window is no signal. */
    bench_window(&bench, 1, (struct bench_window){.positives = 1000});
    answer();
    bench_tick(&bench, 61 * NS_PER_S);
    assert_proposes(VERB_ROLLBACK_CONFIG);
    assert_int_equal(proposal.args.target.value, 2);
}

static void rules_when_a_source_fails_fall_back_until_it_recovers(void **state)
{
    (void)state;
    bench_answers[TOOL_TABLES].tables.tables[0].provider_error_ratio = 0.9;
    bench_window(&bench, 1, nulls_high);
    bench_window(&bench, 1, nulls_high);
    bench_answer_all(&bench, 1);
    assert_proposes(VERB_FALLBACK);
    assert_false(proposal.args.release);
    assert_true(proposal.args.ttl_ns > 0);
    const struct advice_item *notice = bench_find(&bench, ADVICE_NOTIFY);
    assert_non_null(notice);
    assert_int_equal(notice->args.recipient, ROLE_PRODUCER);
    assert_int_equal(notice->args.table.value, 1);
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    bench_window(&bench, 1, nulls_high);
    assert_int_equal(bench_count(&bench, ADVICE_PROPOSE), 0);
    bench_answers[TOOL_TABLES].tables.tables[0].provider_error_ratio = 0.0;
    bool released = false;
    for (int i = 0; i < 6 && !released; i++) {
        bench_window(&bench, 1, healthy);
        answer();
        const struct advice_item *item = bench_find(&bench, ADVICE_PROPOSE);
        released = item != NULL && item->verb == VERB_FALLBACK && item->args.release;
    }
    assert_true(released);
}

static void rules_when_the_schema_changed_quarantine_then_disable(void **state)
{
    (void)state;
    bench_answers[TOOL_TABLES].tables.tables[0].schema_changed_at = bench.event.at;
    bench_window(&bench, 1, nulls_high);
    bench_window(&bench, 1, nulls_high);
    answer(); /* What chooses the runbook ... */
    answer(); /* ... and what its first step wants besides. */
    assert_proposes(VERB_QUARANTINE_DATA);
    assert_int_equal(proposal.args.table.value, 1);
    assert_int_equal(proposal.args.subject.hi, 100);
    assert_non_null(bench_find(&bench, ADVICE_WATCH));
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    bench_window(&bench, 1, nulls_high);
    assert_proposes(VERB_DISABLE_FEATURE);
    assert_int_equal(proposal.args.feature_mask, 2);
    assert_int_equal(proposal.plan, 1);
    assert_int_equal(proposal.step, 2);
}

static void rules_when_quality_falls_for_no_known_reason_retrain_once_labels_suffice(void **state)
{
    (void)state;
    bench_window(&bench, 1, quality_low);
    answer();
    assert_proposes(VERB_FALLBACK);
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    int windows = 0;
    const struct advice_item *item = NULL;
    while (item == NULL && windows < 40) {
        bench_window(&bench, 1, (struct bench_window){.scored = 150, .wrong = 45});
        item = bench_find(&bench, ADVICE_PROPOSE);
        if (item == NULL) {
            bench_answer_all(&bench, 1);
            item = bench_find(&bench, ADVICE_PROPOSE);
        }
        windows++;
    }
    assert_proposes(VERB_RETRAIN);
    assert_true(windows >= 12); /* Labels of rows since the alert come an hour late. */
    assert_int_equal(proposal.args.window, TRAIN_POST_CHANGE);
    assert_true(proposal.args.from_ns < proposal.args.to_ns);
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    bench_tick(&bench, NS_PER_MIN);
    bench_entry(&bench, proposal.incident.value)->trained.value = 8;
    bench_answers[TOOL_REGISTRY].registry.versions[0].version.value = 8;
    bench_tick(&bench, 11 * NS_PER_MIN);
    answer();
    assert_proposes(VERB_FALLBACK); /* Under it a canary would show nothing. */
    assert_true(proposal.args.release);
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    bench_tick(&bench, NS_PER_MIN);
    answer();
    assert_proposes(VERB_CANARY);
    assert_int_equal(proposal.args.target.value, 8);
    bench_act(&bench, &proposal, ACTION_APPLIED);
    bench_entry(&bench, proposal.incident.value)->canary_passed = true;
    bench_tick(&bench, NS_PER_MIN);
    assert_proposes(VERB_PROMOTE);
}

static void rules_when_one_feature_moves_with_the_decisions_suspect_its_source(void **state)
{
    (void)state;
    static const struct bench_window both = {.shifted = true, .positives = 1000};
    bench_answers[TOOL_TABLES].tables.n_tables = 2;
    bench_window(&bench, 1, both);
    bench_window(&bench, 1, both);
    const struct advice_item *open = bench_find(&bench, ADVICE_OPEN);
    assert_non_null(open);
    assert_int_equal(open->symptom, SYMPTOM_DECISIONS);
    answer();
    answer();
    /* One feature alone moved: its source is suspected first. */
    assert_proposes(VERB_QUARANTINE_DATA);
    assert_int_equal(proposal.args.table.value, 1);
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    bench_window(&bench, 1, both);
    assert_proposes(VERB_FALLBACK);
    assert_false(proposal.args.release);
}

static void rules_when_a_step_is_refused_page(void **state)
{
    (void)state;
    changed(CHANGE_MODEL, NS_PER_HOUR);
    bench_window(&bench, 1, quality_low);
    answer();
    assert_proposes(VERB_ROLLBACK);
    struct docket_entry *entry = bench_entry(&bench, proposal.incident.value);
    entry->n_refused = 1;
    entry->refused_verb = VERB_ROLLBACK;
    bench_tick(&bench, 0);
    assert_pages();
    bench_tick(&bench, NS_PER_HOUR);
    assert_int_equal(bench.advice.n_items, 0); /* From here on a person decides. */
}

static void rules_when_a_step_fails_page(void **state)
{
    (void)state;
    changed(CHANGE_MODEL, NS_PER_HOUR);
    bench_window(&bench, 1, quality_low);
    answer();
    assert_proposes(VERB_ROLLBACK);
    bench_act(&bench, &proposal, ACTION_FAILED);
    bench_tick(&bench, 0);
    assert_pages();
}

static void rules_when_no_answer_comes_page_within_minutes(void **state)
{
    (void)state;
    bench_window(&bench, 1, (struct bench_window){.positives = 1000});
    bench_window(&bench, 1, (struct bench_window){.positives = 1000});
    assert_non_null(bench_find(&bench, ADVICE_OPEN));
    bench_tick(&bench, 61 * NS_PER_S);
    assert_pages();
}

static void rules_when_only_inputs_drift_page_after_an_hour(void **state)
{
    (void)state;
    int windows = 0;
    while (bench_find(&bench, ADVICE_ESCALATE) == NULL && windows < 50) {
        bench_window(&bench, 1, (struct bench_window){.shifted = true});
        windows++;
    }
    assert_int_equal(windows, 12);
    assert_non_null(bench_find(&bench, ADVICE_OPEN));
}

static void rules_when_a_holiday_explains_the_drift_stay_silent(void **state)
{
    (void)state;
    bench.event.kind = EVENT_CONTROL;
    bench.event.control = (struct control_event){
        .kind = CONTROL_CALENDAR,
        .calendar = {CALENDAR_HOLIDAY, bench.event.at, bench.event.at + NS_PER_DAY, {0}}};
    bench_step(&bench);
    for (int i = 0; i < 50; i++) {
        bench_window(&bench, 1, (struct bench_window){.shifted = true, .positives = 900});
        assert_int_equal(bench.advice.n_items, 0);
    }
}

static void rules_when_a_holiday_is_withdrawn_see_the_drift_again(void **state)
{
    (void)state;
    struct control_event control = {
        .kind = CONTROL_CALENDAR,
        .calendar = {CALENDAR_HOLIDAY, bench.event.at, bench.event.at + NS_PER_DAY, {0}}};
    bench.event.kind = EVENT_CONTROL;
    bench.event.control = control;
    bench_step(&bench);
    control.kind = CONTROL_WITHDRAW;
    bench.event.kind = EVENT_CONTROL;
    bench.event.control = control;
    bench_step(&bench);
    for (int i = 0; i < 50 && bench_find(&bench, ADVICE_OPEN) == NULL; i++) {
        bench_window(&bench, 1, (struct bench_window){.shifted = true, .positives = 900});
    }
    assert_non_null(bench_find(&bench, ADVICE_OPEN));
}

static void rules_when_a_person_has_taken_over_propose_nothing(void **state)
{
    (void)state;
    changed(CHANGE_MODEL, NS_PER_HOUR);
    bench_window(&bench, 1, quality_low);
    bench.docket.entries[0].taken = true;
    answer();
    bench_tick(&bench, 2 * NS_PER_MIN);
    assert_int_equal(bench_count(&bench, ADVICE_PROPOSE), 0);
}

static void rules_when_restored_go_on_alike(void **state)
{
    (void)state;
    bench_answers[TOOL_TABLES].tables.tables[0].schema_changed_at = bench.event.at;
    bench_window(&bench, 1, nulls_high);
    bench_window(&bench, 1, nulls_high);
    answer();
    assert_round_trip(&bench, &bench_rules);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(rules_when_all_is_well_say_nothing),
        ON_BENCH(rules_when_quality_falls_open_and_ask),
        ON_BENCH(rules_when_labels_are_few_wait_for_a_full_pool),
        ON_BENCH(rules_when_quality_fell_after_a_deploy_roll_back),
        ON_BENCH(rules_when_the_deploy_is_old_do_not_blame_it),
        ON_BENCH(rules_when_decisions_stepped_after_a_config_change_undo_it),
        ON_BENCH(rules_when_a_source_fails_fall_back_until_it_recovers),
        ON_BENCH(rules_when_the_schema_changed_quarantine_then_disable),
        ON_BENCH(rules_when_quality_falls_for_no_known_reason_retrain_once_labels_suffice),
        ON_BENCH(rules_when_one_feature_moves_with_the_decisions_suspect_its_source),
        ON_BENCH(rules_when_a_step_is_refused_page),
        ON_BENCH(rules_when_a_step_fails_page),
        ON_BENCH(rules_when_no_answer_comes_page_within_minutes),
        ON_BENCH(rules_when_only_inputs_drift_page_after_an_hour),
        ON_BENCH(rules_when_a_holiday_explains_the_drift_stay_silent),
        ON_BENCH(rules_when_a_holiday_is_withdrawn_see_the_drift_again),
        ON_BENCH(rules_when_a_person_has_taken_over_propose_nothing),
        ON_BENCH(rules_when_restored_go_on_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
