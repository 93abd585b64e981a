/* SPDX-License-Identifier: Apache-2.0 */
/* Each layer refuses with its own reason, and says so on record and in the docket. */
#include "tests/unit/warden/story.h"

static int begin(void **state)
{
    static struct story story;
    story_begin(&story);
    story_bad_push(&story, FRAUD);
    story_bad_push(&story, CREDIT);
    story_open(&story, 1, FRAUD);
    *state = &story;
    return 0;
}

static int end(void **state)
{
    story_end(*state);
    return 0;
}

static void assert_refused(struct story *story, uint32_t layer, enum refusal reason)
{
    story_tick(story);
    const struct record *record = story_record(story, RECORD_REFUSED);
    assert_non_null(record);
    assert_int_equal(record->refused_layer, layer);
    assert_int_equal(record->reason, reason);
    assert_int_equal(story->n_acts, 0);
    for (uint32_t i = 0; i < story->effects.n_effects; i++) {
        assert_int_not_equal(story->effects.items[i].kind, EFFECT_ACT);
    }
    const struct docket_entry *entry = story_entry(story, 1);
    if (entry != NULL && record->incident.value == 1) {
        assert_int_equal(entry->refused_reason, reason);
        assert_true(entry->n_refused > 0);
    }
}

static void ingress_when_only_text_is_cited_refuses(void **state)
{
    struct story *story = *state;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->n_evidence = 0;
    story->advice.n_items = 0;
    struct evidence_id logs = story_answer(story, FRAUD, TOOL_LOGS);
    item = story_propose_rollback(story, 1, FRAUD);
    item->n_evidence = 0;
    advice_cite(item, logs);
    assert_refused(story, 0, REFUSAL_INGRESS);
}

static void schema_when_a_number_is_not_finite_or_an_enum_out_of_range_refuses(void **state)
{
    struct story *story = *state;
    double zero = 0.0;
    story_propose_rollback(story, 1, FRAUD)->value = zero / zero;
    assert_refused(story, 1, REFUSAL_MALFORMED);
    story_propose_rollback(story, 1, FRAUD)->assurance.evidence = zero / zero;
    assert_refused(story, 1, REFUSAL_MALFORMED);
    story_propose_rollback(story, 1, FRAUD)->assurance.share = 1.5;
    assert_refused(story, 1, REFUSAL_MALFORMED);
    story_propose_rollback(story, 1, FRAUD)->assurance.guarantee = (enum guarantee)9;
    assert_refused(story, 1, REFUSAL_MALFORMED);
    story_propose_rollback(story, 1, FRAUD)->verb = (enum verb)999;
    assert_refused(story, 1, REFUSAL_MALFORMED);
    story_propose_rollback(story, 1, FRAUD)->kind = (enum advice_kind)77;
    assert_refused(story, 1, REFUSAL_MALFORMED);
}

static void evidence_when_unknown_foreign_or_old_refuses(void **state)
{
    struct story *story = *state;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->n_evidence = 0;
    assert_refused(story, 2, REFUSAL_UNKNOWN_EVIDENCE);
    struct evidence_id foreign = story_answer(story, CREDIT, TOOL_CHANGES);
    item = story_propose_rollback(story, 1, FRAUD);
    advice_cite(item, foreign);
    assert_refused(story, 2, REFUSAL_FOREIGN_EVIDENCE);
    item = story_propose_rollback(story, 1, FRAUD);
    struct advice_item kept = *item;
    story->advice.n_items = 0;
    story_run(story, 20 * NS_PER_MIN);
    *story_say(story, ADVICE_PROPOSE, 1, FRAUD) = kept;
    assert_refused(story, 2, REFUSAL_STALE_EVIDENCE);
}

static void labels_when_too_few_or_too_young_confirm_nothing(void **state)
{
    struct story *story = *state;
    story->models[FRAUD - 1].labels =
        (struct labels_answer){.scored = 100, .correct = 50, .baseline_error = 0.10};
    struct evidence_id labels = story_answer(story, FRAUD, TOOL_LABELS);
    struct advice_item *item = story_propose_fallback(story, 1, FRAUD);
    item->n_evidence = 0;
    advice_cite(item, labels);
    assert_refused(story, 2, REFUSAL_SMALL_SAMPLE);
}

static void action_when_arguments_do_not_fit_the_verb_or_the_incident_refuses(void **state)
{
    struct story *story = *state;
    story_propose_rollback(story, 1, FRAUD)->args.weight_ppm = 5;
    assert_refused(story, 3, REFUSAL_BAD_ARGUMENT);
    story_propose_rollback(story, 1, FRAUD)->args.target.value = 0;
    assert_refused(story, 3, REFUSAL_BAD_ARGUMENT);
    story_propose_rollback(story, 9, FRAUD);
    assert_refused(story, 3, REFUSAL_UNKNOWN_INCIDENT);
    story_propose_rollback(story, 1, CREDIT);
    assert_refused(story, 3, REFUSAL_BAD_ARGUMENT);
    story->deployment.verbs &= ~(UINT64_C(1) << VERB_ROLLBACK);
    story_propose_rollback(story, 1, FRAUD);
    assert_refused(story, 3, REFUSAL_NO_ADAPTER);
}

static void threshold_when_moved_further_than_the_policy_lets_one_act_is_refused(void **state)
{
    struct story *story = *state;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_THRESHOLD;
    item->args = (struct action_args){.model = {FRAUD}, .step_ppm = 250001};
    assert_refused(story, 3, REFUSAL_BAD_ARGUMENT);
    item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_THRESHOLD;
    item->args = (struct action_args){.model = {FRAUD}, .step_ppm = INT32_MIN};
    assert_refused(story, 3, REFUSAL_BAD_ARGUMENT);
    item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_THRESHOLD;
    item->args = (struct action_args){.model = {FRAUD}, .step_ppm = -250000};
    story_tick(story);
    assert_int_not_equal(story_record(story, RECORD_REFUSED)->refused_layer, 3);
}

static void rows_when_older_than_any_warehouse_are_refused(void **state)
{
    struct story *story = *state;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_RETRAIN;
    item->args =
        (struct action_args){.model = {FRAUD}, .from_ns = INT64_MIN / 3, .to_ns = story->now};
    assert_refused(story, 3, REFUSAL_BAD_ARGUMENT);
}

static void taint_when_an_artefact_was_named_by_nobody_trusted_refuses(void **state)
{
    struct story *story = *state;
    story_propose_rollback(story, 1, FRAUD)->args.subject.lo ^= 1;
    assert_refused(story, 4, REFUSAL_TAINTED);
}

static void policy_when_no_rule_fits_forbids(void **state)
{
    struct story *story = *state;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_RESTART;
    item->args = (struct action_args){.model = {FRAUD}};
    assert_refused(story, 5, REFUSAL_FORBIDDEN);
}

static void policy_when_it_purges_forbids(void **state)
{
    struct story *story = *state;
    story_propose_rollback(story, 1, FRAUD)->args.purge = true;
    assert_refused(story, 5, REFUSAL_FORBIDDEN);
}

static void policy_when_the_table_wants_a_human_escalates(void **state)
{
    struct story *story = *state;
    story->models[FRAUD - 1].labels =
        (struct labels_answer){.scored = 2000, .correct = 1200, .baseline_error = 0.10};
    struct evidence_id labels = story_answer(story, FRAUD, TOOL_LABELS);
    struct advice_item *item = story_propose_fallback(story, 1, FRAUD);
    item->verb = VERB_THRESHOLD;
    item->args = (struct action_args){.model = {FRAUD}, .step_ppm = 100000};
    item->n_evidence = 0;
    advice_cite(item, labels);
    assert_refused(story, 5, REFUSAL_NEEDS_HUMAN);
    assert_true(story_entry(story, 1)->escalated);
}

static void policy_when_a_freeze_is_withdrawn_lets_through_what_it_held(void **state)
{
    struct story *story = *state;
    story->event = (struct event){.kind = EVENT_CONTROL};
    story->event.control.kind = CONTROL_CALENDAR;
    story->event.control.calendar = (struct calendar_entry){
        CALENDAR_FREEZE, story->now - NS_PER_MIN, story->now + NS_PER_HOUR, {0}};
    struct control_event control = story->event.control;
    story_step(story);
    for (int i = 0; i < 2; i++) {
        struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
        item->verb = VERB_CANARY;
        item->args.target.value = 6;
        item->args.subject = (struct digest128){1000 + FRAUD, 6};
        item->args.weight_ppm = 100000;
        if (i == 0) {
            assert_refused(story, 5, REFUSAL_FROZEN);
            control.kind = CONTROL_WITHDRAW;
            story->event = (struct event){.kind = EVENT_CONTROL, .control = control};
            story_step(story);
        }
    }
    uint32_t n_refused = story_count(story, RECORD_REFUSED);
    story_tick(story);
    assert_true(story_count(story, RECORD_REFUSED) == n_refused ||
                story_record(story, RECORD_REFUSED)->reason != REFUSAL_FROZEN);
}

static void policy_when_a_freeze_begins_soon_refuses_but_lets_containment_through(void **state)
{
    struct story *story = *state;
    story->event = (struct event){.kind = EVENT_CONTROL};
    story->event.control.kind = CONTROL_CALENDAR;
    story->event.control.calendar = (struct calendar_entry){
        CALENDAR_FREEZE, story->now + NS_PER_MIN, story->now + NS_PER_HOUR, {0}};
    story_step(story);
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_CANARY;
    item->args.target.value = 6;
    item->args.subject = (struct digest128){1000 + FRAUD, 6};
    item->args.weight_ppm = 100000;
    assert_refused(story, 5, REFUSAL_FROZEN);
    story_propose_fallback(story, 1, FRAUD);
    story_run(story, 5 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
}

static void precondition_when_the_target_is_gone_or_does_not_fit_refuses(void **state)
{
    struct story *story = *state;
    story->models[FRAUD - 1].registry.versions[2].available = false;
    story_propose_rollback(story, 1, FRAUD);
    assert_refused(story, 6, REFUSAL_TARGET_MISSING);
    story->models[FRAUD - 1].registry.versions[2].available = true;
    story->models[FRAUD - 1].registry.versions[2].schema_id = 3;
    story_propose_rollback(story, 1, FRAUD);
    assert_refused(story, 6, REFUSAL_TARGET_INCOMPATIBLE);
}

static void precondition_when_the_evaluation_is_of_another_artefact_refuses(void **state)
{
    struct story *story = *state;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_CANARY;
    item->args.target.value = 5;
    item->args.subject = (struct digest128){1000 + FRAUD, 5};
    item->args.weight_ppm = 100000;
    story->policy.rules[0] = (struct policy_rule){VERB_CANARY, 7, 0, 0, VERDICT_AUTO};
    assert_refused(story, 6, REFUSAL_NOT_EVALUATED);
}

static void budget_when_a_change_is_unverified_refuses_the_next_on_the_model(void **state)
{
    struct story *story = *state;
    story_propose_rollback(story, 1, FRAUD);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    struct advice_item *item = story_propose_fallback(story, 1, FRAUD);
    item->plan = 2;
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story_entry(story, 1)->refused_layer, 7);
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_COOL_DOWN);
}

static void budget_when_plans_run_backwards_refuses(void **state)
{
    struct story *story = *state;
    story_propose_rollback(story, 1, FRAUD)->plan = 3;
    story->fate = STORY_FAILS;
    story_run(story, 5 * NS_PER_MIN);
    uint32_t n_acts = story->n_acts;
    story_propose_fallback(story, 1, FRAUD)->plan = 2;
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, n_acts);
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_BAD_ARGUMENT);
}

static void canary_when_a_fallback_answers_in_its_place_is_refused(void **state)
{
    struct story *story = *state;
    story->models[FRAUD - 1].state.fallback = true;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_CANARY;
    item->args.target.value = 6;
    item->args.subject = (struct digest128){1000 + FRAUD, 6};
    item->args.weight_ppm = 100000;
    story_run(story, 10 * NS_PER_S);
    assert_int_equal(story->n_acts, 0);
    assert_int_equal(story_entry(story, 1)->refused_layer, 6);
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_PRECONDITION);
}

/* REQ S12: what a human changed is not overridden. */
static void change_when_a_person_made_it_is_no_reason_to_take_it_back(void **state)
{
    struct story *story = *state;
    struct changes_answer *changes = &story->models[FRAUD - 1].changes;
    changes->changes[1] = changes->changes[0]; /* The pipeline's, and before it in the feed: */
    changes->changes[0].by.value = OLGA;
    changes->n_changes = 2;
    story_propose_rollback(story, 1, FRAUD);
    assert_refused(story, 5, REFUSAL_FORBIDDEN);
}

static void promotion_when_no_canary_passed_is_refused(void **state)
{
    struct story *story = *state;
    struct advice_item *item = story_propose_rollback(story, 1, FRAUD);
    item->verb = VERB_PROMOTE;
    item->args.target.value = 6;
    item->args.subject = (struct digest128){1000 + FRAUD, 6};
    story->policy.rules[0] = (struct policy_rule){VERB_PROMOTE, 7, 0, 0, VERDICT_AUTO};
    story_run(story, 10 * NS_PER_S);
    assert_int_equal(story->n_acts, 0);
    assert_int_equal(story_entry(story, 1)->refused_layer, 11);
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_NO_CANARY);
}

static void switch_when_thrown_refuses_everything_that_starts(void **state)
{
    struct story *story = *state;
    story->event = (struct event){.kind = EVENT_CONTROL};
    story->event.control.kind = CONTROL_HALT;
    story_step(story);
    story_propose_rollback(story, 1, FRAUD);
    assert_refused(story, 13, REFUSAL_HALTED);
}

static void question_when_no_tool_answers_it_or_too_many_are_asked_is_refused(void **state)
{
    struct story *story = *state;
    story->deployment.tools &= ~(UINT64_C(1) << TOOL_SHADOW);
    struct advice_item *item = story_say(story, ADVICE_ASK, 0, FRAUD);
    item->tool = TOOL_SHADOW;
    item->question.value = 1;
    assert_refused(story, 3, REFUSAL_NO_ADAPTER);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 40; i++) {
            item = story_say(story, ADVICE_ASK, 0, FRAUD);
            item->tool = TOOL_STATE;
            item->question.value = i + 1;
        }
        story_tick(story);
    }
    assert_int_equal(story_record(story, RECORD_REFUSED)->reason, REFUSAL_RATE);
}

static void advice_when_it_finds_no_room_is_counted(void **state)
{
    struct story *story = *state;
    for (uint32_t i = 0; i < 60; i++) {
        story_say(story, ADVICE_PROPOSE, 1, FRAUD)->verb = (enum verb)999;
    }
    story_tick(story);
    const struct record *record = story_record(story, RECORD_REFUSED);
    assert_int_equal(record->reason, REFUSAL_FULL);
    assert_true(record->n >= 12);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(ingress_when_only_text_is_cited_refuses),
        TEST(schema_when_a_number_is_not_finite_or_an_enum_out_of_range_refuses),
        TEST(evidence_when_unknown_foreign_or_old_refuses),
        TEST(labels_when_too_few_or_too_young_confirm_nothing),
        TEST(action_when_arguments_do_not_fit_the_verb_or_the_incident_refuses),
        TEST(threshold_when_moved_further_than_the_policy_lets_one_act_is_refused),
        TEST(rows_when_older_than_any_warehouse_are_refused),
        TEST(taint_when_an_artefact_was_named_by_nobody_trusted_refuses),
        TEST(policy_when_no_rule_fits_forbids),
        TEST(policy_when_it_purges_forbids),
        TEST(policy_when_the_table_wants_a_human_escalates),
        TEST(policy_when_a_freeze_is_withdrawn_lets_through_what_it_held),
        TEST(policy_when_a_freeze_begins_soon_refuses_but_lets_containment_through),
        TEST(precondition_when_the_target_is_gone_or_does_not_fit_refuses),
        TEST(precondition_when_the_evaluation_is_of_another_artefact_refuses),
        TEST(budget_when_a_change_is_unverified_refuses_the_next_on_the_model),
        TEST(budget_when_plans_run_backwards_refuses),
        TEST(canary_when_a_fallback_answers_in_its_place_is_refused),
        TEST(change_when_a_person_made_it_is_no_reason_to_take_it_back),
        TEST(promotion_when_no_canary_passed_is_refused),
        TEST(switch_when_thrown_refuses_everything_that_starts),
        TEST(question_when_no_tool_answers_it_or_too_many_are_asked_is_refused),
        TEST(advice_when_it_finds_no_room_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
