/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an action: happy path, unknown and failed outcomes, crash, verification, undo, release. */
#include "tests/unit/warden/story.h"

static int begin(void **state)
{
    static struct story story;
    story_begin(&story);
    *state = &story;
    return 0;
}

static int end(void **state)
{
    story_end(*state);
    return 0;
}

static void rollback_when_evidence_is_good_is_checked_intended_read_and_verified(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story_tick(story);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_CHECKING);
    assert_int_equal(story->n_acts, 0);
    assert_int_equal(story_count(story, RECORD_DECIDED), 1);
    assert_int_equal(story_record(story, RECORD_DECIDED)->verdict, VERDICT_AUTO);

    story_run(story, 5 * NS_PER_S); /* Fresh answers. */
    assert_int_equal(story->n_acts, 1);
    const struct record *intent = story_record(story, RECORD_INTENT);
    assert_non_null(intent);
    assert_int_equal(intent->action.value, story->acts[0].action.value);
    assert_memory_equal(&intent->key, &story->acts[0].key, sizeof(intent->key));
    assert_int_equal(intent->layers[8], LAYER_NOT_BUILT);
    assert_int_equal(intent->layers[9], LAYER_NOT_BUILT);
    assert_int_equal(intent->layers[14], LAYER_PASS);
    assert_int_equal(story_count(story, RECORD_LOCKED), 1);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_INTENDED);

    story_run(story, 15 * NS_PER_S); /* Outcome and read-back. */
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_CONTAINED);
    assert_int_equal(story_record(story, RECORD_OUTCOME)->action_state, ACTION_APPLIED);
    assert_int_equal(story_count(story, RECORD_CONTAINED), 1);
    assert_int_equal(story_count(story, RECORD_UNLOCKED), 1);

    story->models[FRAUD - 1].golden.correct = 900;
    story_run(story, 50 * NS_PER_MIN); /* Labels of rows after it. */
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_VERIFIED);
    assert_true(story_record(story, RECORD_VERIFIED)->n >= 500);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story->n_pages, 0);

    story_run(story, 20 * NS_PER_MIN);
    story_say(story, ADVICE_CLOSE, 1, FRAUD)->reason = CLOSE_RESOLVED;
    story_tick(story);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_RESOLVED);
    assert_int_equal(story_record(story, RECORD_CLOSED)->principal, PRINCIPAL_RULE);
    story_tick(story);
    assert_null(story_entry(story, 1));
}

static void unknown_outcome_when_not_done_is_read_back_and_repeated_with_the_same_key(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_UNKNOWN_NOT_DONE;
    story_run(story, 5 * NS_PER_S);
    int64_t first = story->now;
    story->fate = STORY_DONE;
    story_run(story, 3 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 2);
    assert_memory_equal(&story->acts[0].key, &story->acts[1].key, sizeof(story->acts[0].key));
    assert_int_equal(story_count(story, RECORD_INTENT), 2);
    assert_int_equal(story_count(story, RECORD_OUTCOME), 2);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
    /* Nothing was repeated while the first attempt could still start. */
    int32_t second = -1;
    for (uint32_t i = 0; i < story->n_records; i++) {
        second = story->records[i].kind == RECORD_INTENT ? (int32_t)i : second;
    }
    assert_true(story->record_at[second] > first + 55 * NS_PER_S);
}

static void unknown_outcome_when_done_is_not_repeated(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_UNKNOWN_DONE;
    story_run(story, 3 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
}

static void silence_when_nothing_came_back_is_an_unknown_outcome(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_SILENT_DONE;
    story_run(story, 2 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
}

static void failure_when_repeated_is_given_up_after_three_attempts(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_FAILS;
    story_run(story, 15 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 3);
    assert_int_equal(story_count(story, RECORD_OUTCOME), 3);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_FAILED);
    assert_int_equal(story_count(story, RECORD_LOCKED), story_count(story, RECORD_UNLOCKED));
    assert_true(story_count(story, RECORD_ESCALATED) == 1); /* The watchdog: nobody contained it. */
}

static void half_done_switch_when_found_is_reconciled_by_rule(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_UNKNOWN_NOT_DONE;
    story_run(story, 5 * NS_PER_S);
    story->models[FRAUD - 1].state.registered.value = 4; /* The alias moved, the router did not. */
    story->fate = STORY_DONE;
    story_run(story, 3 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 2);
    assert_int_equal(story->acts[1].verb, VERB_RECONCILE);
    assert_int_equal(story->acts[1].principal, PRINCIPAL_RULE);
    assert_int_equal(story->acts[1].args.target.value, story->models[FRAUD - 1].state.serving.value);
    assert_int_equal(story->models[FRAUD - 1].state.registered.value,
                     story->models[FRAUD - 1].state.serving.value);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_VERIFIED);
}

static void crash_when_the_act_never_left_reads_back_before_it_repeats(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_SILENT;
    story_run(story, 5 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    story->n_pending = 0; /* The process is gone, and what it waited for. */
    story->now += 5 * NS_PER_MIN;
    story->next_window = story->now + 5 * NS_PER_MIN;
    story->fate = STORY_DONE;
    story->event = (struct event){.kind = EVENT_START, .start = {true, 1}};
    story_step(story);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story->effects.items[story->effects.n_effects - 1].kind, EFFECT_PAGE);
    bool asks_state = false;
    for (uint32_t i = 0; i < story->effects.n_effects; i++) {
        asks_state = asks_state || (story->effects.items[i].kind == EFFECT_ASK &&
                                    story->effects.items[i].ask.tool == TOOL_STATE);
    }
    assert_true(asks_state);
    story_run(story, 2 * NS_PER_MIN);
    assert_int_equal(story_count(story, RECORD_RECONCILED), 1);
    assert_int_equal(story->n_acts, 2);
    assert_memory_equal(&story->acts[0].key, &story->acts[1].key, sizeof(story->acts[0].key));
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
}

static void crash_when_the_act_took_effect_does_not_repeat_it(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_SILENT_DONE;
    story_run(story, 20 * NS_PER_S);
    story->n_pending = 0;
    story->now += 30 * NS_PER_S;
    story->event = (struct event){.kind = EVENT_START, .start = {true, 1}};
    story_step(story);
    story_run(story, 20 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story_count(story, RECORD_RECONCILED), 1);
    assert_int_equal(story_record(story, RECORD_OUTCOME)->action_state, ACTION_APPLIED);
}

static void silent_tools_when_nothing_fresh_comes_let_nothing_out(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->tools_silent = true;
    story_run(story, 4 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 0);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_REFUSED);
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_STALE_EVIDENCE);
}

static void freeze_when_it_is_read_between_plan_and_act_stops_the_act(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story->models[FRAUD - 1].features.features[0].null_ratio = 0.5;
    story_open(story, 1, FRAUD);
    struct evidence_id nulls = story_answer(story, FRAUD, TOOL_FEATURES);
    (void)story_answer(story, FRAUD, TOOL_TABLES);
    struct advice_item *item = story_say(story, ADVICE_PROPOSE, 1, FRAUD);
    item->verb = VERB_QUARANTINE_DATA;
    item->plan = 1;
    item->args.model.value = FRAUD;
    item->args.table.value = 1;
    item->args.subject = (struct digest128){21, 22};
    advice_cite(item, nulls);
    story->calendar.n_entries = 1;
    story->calendar.entries[0] = (struct calendar_entry){
        CALENDAR_FREEZE, story->now + 80 * NS_PER_S, story->now + NS_PER_HOUR, {0}};
    story_run(story, 10 * NS_PER_S);
    assert_int_equal(story->n_acts, 0);
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_FROZEN);
}

static void effect_when_labels_say_worse_is_taken_back_and_escalated(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
    story->models[FRAUD - 1].error = 0.40;
    story_run(story, 50 * NS_PER_MIN);
    assert_int_equal(story_count(story, RECORD_UNDO), 1);
    assert_true(story_record(story, RECORD_UNDO)->metric > story_record(story, RECORD_UNDO)->limit);
    assert_int_equal(story->n_acts, 2);
    assert_int_equal(story->acts[1].verb, VERB_ROLLBACK);
    assert_int_equal(story->acts[1].args.target.value, 5);
    assert_int_equal(story->acts[1].principal, PRINCIPAL_RULE);
    assert_int_equal(story->models[FRAUD - 1].state.serving.value, 5);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_ESCALATED);
    assert_true(story->n_pages >= 1);
}

static void training_when_it_ends_is_told_in_the_docket(void **state)
{
    struct story *story = *state;
    story->models[FRAUD - 1].error = 0.18;
    story->models[FRAUD - 1].labels =
        (struct labels_answer){.scored = 2000, .correct = 1600, .baseline_error = 0.10};
    story_run(story, NS_PER_HOUR);
    story_open(story, 1, FRAUD);
    int64_t opened = story->now;
    story_say(story, ADVICE_WATCH, 1, FRAUD)->until = story->now + 3 * NS_PER_HOUR;
    story->advice.items[0].limit = 0.5;
    story_tick(story);
    story_run(story, 50 * NS_PER_MIN);
    struct evidence_id labels = story_answer(story, FRAUD, TOOL_LABELS);
    struct advice_item *item = story_say(story, ADVICE_PROPOSE, 1, FRAUD);
    item->verb = VERB_RETRAIN;
    item->plan = 1;
    item->args.model.value = FRAUD;
    item->args.window = TRAIN_POST_CHANGE;
    item->args.from_ns = opened;
    item->args.to_ns = story->now;
    advice_cite(item, labels);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_VERIFIED);
    story->models[FRAUD - 1].state.training = false;
    story->event = (struct event){.kind = EVENT_OUTCOME};
    story->event.outcome =
        (struct outcome){story->acts[0].action, story->acts[0].key, OUTCOME_TRAINED, {6}};
    story_step(story);
    assert_int_equal(story_entry(story, 1)->trained.value, 6);
    assert_int_equal(story->wake_at, story->now);

    /* Canary of what was trained: it passes on enough labels of both arms, then may be promoted. */
    (void)story_answer(story, FRAUD, TOOL_STATE);
    struct evidence_id registry = story_answer(story, FRAUD, TOOL_REGISTRY);
    item = story_say(story, ADVICE_PROPOSE, 1, FRAUD);
    item->verb = VERB_CANARY;
    item->plan = 1;
    item->args.model.value = FRAUD;
    item->args.target.value = 6;
    item->args.weight_ppm = 200000;
    item->args.subject = (struct digest128){1000 + FRAUD, 6};
    advice_cite(item, registry);
    story_run(story, NS_PER_MIN);
    assert_int_equal(story->n_acts, 2);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
    story->models[FRAUD - 1].canary = (struct canary_answer){.version = {6},
                                                             .digest = {1000 + FRAUD, 6},
                                                             .since = story->now,
                                                             .champion_scored = 5000,
                                                             .champion_correct = 4100,
                                                             .canary_scored = 2000,
                                                             .canary_correct = 1800};
    story_run(story, 40 * NS_PER_MIN);
    assert_true(story_entry(story, 1)->canary_passed);
    assert_int_equal(story_record(story, RECORD_CANARY)->reason, REFUSAL_NONE);
    registry = story_answer(story, FRAUD, TOOL_REGISTRY);
    item = story_say(story, ADVICE_PROPOSE, 1, FRAUD);
    item->verb = VERB_PROMOTE;
    item->plan = 1;
    item->args.model.value = FRAUD;
    item->args.target.value = 6;
    item->args.subject = (struct digest128){1000 + FRAUD, 6};
    advice_cite(item, registry);
    story_run(story, NS_PER_MIN);
    assert_int_equal(story->n_acts, 3);
    assert_int_equal(story->models[FRAUD - 1].state.serving.value, 6);
}

static void canary_when_it_is_worse_is_aborted_by_rule(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    (void)story_answer(story, FRAUD, TOOL_STATE);
    struct evidence_id registry = story_answer(story, FRAUD, TOOL_REGISTRY);
    struct advice_item *item = story_say(story, ADVICE_PROPOSE, 1, FRAUD);
    item->verb = VERB_CANARY;
    item->plan = 1;
    item->args.model.value = FRAUD;
    item->args.target.value = 6;
    item->args.weight_ppm = 200000;
    item->args.subject = (struct digest128){1000 + FRAUD, 6};
    advice_cite(item, registry);
    story->models[FRAUD - 1].canary = (struct canary_answer){.version = {6},
                                                             .digest = {1000 + FRAUD, 6},
                                                             .champion_scored = 5000,
                                                             .champion_correct = 4500,
                                                             .canary_scored = 2000,
                                                             .canary_correct = 1500};
    story_run(story, NS_PER_HOUR);
    assert_true(story_entry(story, 1)->canary_failed);
    assert_int_equal(story->n_acts, 2);
    assert_int_equal(story->acts[1].verb, VERB_ABORT_CANARY);
    assert_int_equal(story->models[FRAUD - 1].state.canary.value, 0);
}

static void fallback_when_its_time_is_over_is_released_by_rule_once_the_model_is_well(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_fallback(story, 1, FRAUD);
    story_run(story, 30 * NS_PER_S);
    assert_true(story->models[FRAUD - 1].state.fallback);
    story_run(story, 65 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 1); /* The artefact is still bad. */
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_NOT_CLEAR);
    story->models[FRAUD - 1].golden.correct = 900;
    story_run(story, 10 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 2);
    assert_true(story->acts[1].args.release);
    assert_int_equal(story->acts[1].principal, PRINCIPAL_RULE);
    assert_false(story->models[FRAUD - 1].state.fallback);
}

static void lock_when_a_read_back_takes_long_is_renewed_in_time(void **state)
{
    struct story *story = *state;
    story_bad_push(story, FRAUD);
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story_run(story, 5 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    story->tools_silent = true;
    story_run(story, 10 * NS_PER_MIN);
    int64_t last = NEVER;
    for (uint32_t i = 0; i < story->n_records; i++) {
        if (story->records[i].kind == RECORD_LOCKED) {
            assert_true(last == NEVER || story->record_at[i] - last <= 120 * NS_PER_S);
            last = story->record_at[i];
        }
    }
    assert_true(story_count(story, RECORD_LOCKED) >= 6);
    assert_true(story->n_pages >= 1); /* Nobody can say what is in force. */
    story->tools_silent = false;
    story_run(story, 2 * NS_PER_MIN);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_APPLIED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(rollback_when_evidence_is_good_is_checked_intended_read_and_verified),
        TEST(unknown_outcome_when_not_done_is_read_back_and_repeated_with_the_same_key),
        TEST(unknown_outcome_when_done_is_not_repeated),
        TEST(silence_when_nothing_came_back_is_an_unknown_outcome),
        TEST(failure_when_repeated_is_given_up_after_three_attempts),
        TEST(half_done_switch_when_found_is_reconciled_by_rule),
        TEST(crash_when_the_act_never_left_reads_back_before_it_repeats),
        TEST(crash_when_the_act_took_effect_does_not_repeat_it),
        TEST(silent_tools_when_nothing_fresh_comes_let_nothing_out),
        TEST(freeze_when_it_is_read_between_plan_and_act_stops_the_act),
        TEST(effect_when_labels_say_worse_is_taken_back_and_escalated),
        TEST(training_when_it_ends_is_told_in_the_docket),
        TEST(canary_when_it_is_worse_is_aborted_by_rule),
        TEST(fallback_when_its_time_is_over_is_released_by_rule_once_the_model_is_well),
        TEST(lock_when_a_read_back_takes_long_is_renewed_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
