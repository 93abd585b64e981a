/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a step, told line by line, and that any step can be told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/trace.h"
#include "tests/lib/random_visit.h"

static struct deployment deployment;
static struct event event;
static struct advice advice;
static struct effects effects;
static char buffer[65536];
static struct text text;

static int start(void **state)
{
    (void)state;
    memset(&deployment, 0, sizeof(deployment));
    deployment.n_models = 1;
    deployment.models[0] = (struct model_entry){.name = "fraud", .n_features = 3};
    (void)strncpy(deployment.models[0].features[0].name, "amount", NAME_BYTES - 1);
    (void)strncpy(deployment.models[0].features[1].name, "age", NAME_BYTES - 1);
    (void)strncpy(deployment.models[0].features[2].name, "country", NAME_BYTES - 1);
    deployment.n_tables = 1;
    deployment.tables[0] = (struct table_entry){.name = "payments"};
    deployment.n_people = 2;
    deployment.people[0] = (struct person_entry){.name = "ann"};
    deployment.people[1] = (struct person_entry){.name = "bob"};
    memset(&event, 0, sizeof(event));
    event.sequence = 17;
    event.at = 75 * NS_PER_MIN;
    event.kind = EVENT_TICK;
    advice_reset(&advice);
    effects_reset(&effects);
    text_init(&text, buffer, sizeof(buffer));
    return 0;
}

static void assert_story(const char *expected)
{
    trace_step(&deployment, &event, &advice, &effects, &text);
    assert_false(text.truncated);
    assert_string_equal(buffer, expected);
}

static struct action_args args_of(uint16_t target)
{
    struct action_args args;
    memset(&args, 0, sizeof(args));
    args.model.value = 1;
    args.target.value = target;
    return args;
}

static struct record *record_of(enum record_kind kind, enum verb verb, struct action_args args)
{
    struct record *record = effects_record(&effects, kind);
    record->incident.value = 1;
    record->model.value = 1;
    record->action.value = 3;
    record->verb = verb;
    record->args = args;
    return record;
}

static void story_when_quiet_is_empty(void **state)
{
    (void)state;
    event.kind = EVENT_WINDOW;
    effects.wake_at = 5;
    struct record *renewed = effects_record(&effects, RECORD_LOCKED);
    renewed->deadline = 7;
    (void)effects_push(&effects, EFFECT_ASK);
    assert_story("");
}

static void story_when_a_model_goes_bad_reads_from_symptom_to_proposal(void **state)
{
    (void)state;
    struct advice_item *note = advice_push(&advice, ADVICE_NOTE);
    note->model.value = 1;
    note->symptom = SYMPTOM_INPUT_SHIFT;
    note->value = 0.31;
    note->limit = 0.1;
    note->assurance = (struct assurance){
        .guarantee = GUARANTEE_FDR, .bound = 0.05, .evidence = 3.24e9, .level = 5.1e-5, .share = 0.625};
    struct advice_item *loss = advice_push(&advice, ADVICE_NOTE);
    loss->model.value = 1;
    loss->symptom = SYMPTOM_QUALITY;
    loss->feature = -1;
    loss->value = 0.2;
    loss->limit = 0.12;
    loss->assurance = (struct assurance){
        .guarantee = GUARANTEE_RUN_LENGTH, .bound = 10000.0, .evidence = 12345.0, .level = 1e-4};
    struct advice_item *open = advice_push(&advice, ADVICE_OPEN);
    open->incident.value = 1;
    open->model.value = 1;
    open->symptom = SYMPTOM_QUALITY;
    open->severity = 2;
    struct advice_item *ask = advice_push(&advice, ADVICE_ASK);
    ask->model.value = 1;
    ask->tool = TOOL_SHADOW;
    struct advice_item *claim = advice_push(&advice, ADVICE_CLAIM);
    claim->incident.value = 1;
    claim->cause = CAUSE_BAD_MODEL;
    claim->value = 0.9312;
    claim->n_evidence = 3;
    struct advice_item *propose = advice_push(&advice, ADVICE_PROPOSE);
    propose->verb = VERB_ROLLBACK;
    propose->args = args_of(3);
    propose->cause = CAUSE_BAD_MODEL;
    propose->plan = 1;
    propose->step = 2;
    assert_story(
        "[01:15:00.000] monitor      > input shift on fraud.amount: 0.310 (limit 0.100), "
        "e-value 3.2e+9 at level 5.1e-5, FDR 0.05, 63 % of the evidence\n"
        "[01:15:00.000] monitor      > quality on fraud: 0.200 (limit 0.120), statistic 1.2e+4 at "
        "level 1.0e-4, run length 10000 windows\n"
        "[01:15:00.000] coordinator  > opens incident 1 on fraud: quality, severity 2\n"
        "[01:15:00.000] investigator > asks shadow of fraud\n"
        "[01:15:00.000] investigator > incident 1: bad_model with probability 0.931, 3 pieces of "
        "evidence\n"
        "[01:15:00.000] strategist   > proposes ROLLBACK fraud to v3 against bad_model (plan 1 "
        "step 2)\n");
}

static void story_when_the_warden_acts_reads_from_decision_to_verification(void **state)
{
    (void)state;
    struct record *decided = record_of(RECORD_DECIDED, VERB_ROLLBACK, args_of(3));
    decided->verdict = VERDICT_TWO;
    decided->facts = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_MODEL_CHANGED);
    struct record *requested = record_of(RECORD_REQUESTED, VERB_ROLLBACK, args_of(3));
    requested->verdict = VERDICT_TWO;
    requested->deadline = event.at + 15 * NS_PER_MIN;
    record_of(RECORD_APPROVED, VERB_ROLLBACK, args_of(3))->person.value = 2;
    (void)record_of(RECORD_INTENT, VERB_ROLLBACK, args_of(3));
    record_of(RECORD_OUTCOME, VERB_ROLLBACK, args_of(3))->action_state = ACTION_APPLIED;
    struct record *verified = record_of(RECORD_VERIFIED, VERB_ROLLBACK, args_of(3));
    verified->metric = 0.081;
    verified->limit = 0.1;
    verified->n = 612;
    struct record *closed = record_of(RECORD_CLOSED, VERB_NOOP, args_of(0));
    closed->incident_state = INCIDENT_RESOLVED;
    closed->principal = PRINCIPAL_RULE;
    assert_story(
        "[01:15:00.000] decision     > ROLLBACK fraud to v3: two on quality_low, model_changed\n"
        "[01:15:00.000] approvals    > asks two approvers for action 3 ROLLBACK fraud to v3 until "
        "[01:30:00.000]\n"
        "[01:15:00.000] approvals    > bob approves action 3 ROLLBACK fraud to v3\n"
        "[01:15:00.000] actuator     > starts action 3 ROLLBACK fraud to v3\n"
        "[01:15:00.000] actuator     > action 3 ROLLBACK fraud: applied\n"
        "[01:15:00.000] actuator     > verified action 3 ROLLBACK fraud to v3: independent metric "
        "0.081 (limit 0.100, n 612)\n"
        "[01:15:00.000] auditor      > incident 1 on fraud closed: resolved, by rule\n");
}

static void story_when_an_act_is_measured_by_no_metric_claims_none(void **state)
{
    (void)state;
    struct action_args args = args_of(0);
    args.to_ns = NS_PER_HOUR;
    struct record *decided = record_of(RECORD_DECIDED, VERB_RETRAIN, args);
    decided->verdict = VERDICT_AUTO;
    decided->facts =
        FACT_BIT(FACT_QUALITY_FINE) | FACT_BIT(FACT_PROVIDER_FINE) | FACT_BIT(FACT_LABELS_MATURED);
    record_of(RECORD_DECIDED, VERB_HOLD, args_of(0))->verdict = VERDICT_AUTO;
    (void)record_of(RECORD_VERIFIED, VERB_RETRAIN, args);
    assert_story("[01:15:00.000] decision     > RETRAIN fraud on last_n rows from [00:00:00.000] to "
                 "[01:00:00.000]: auto on labels_matured\n"
                 "[01:15:00.000] decision     > HOLD fraud: auto, needs no evidence\n"
                 "[01:15:00.000] actuator     > verified action 3 RETRAIN fraud on last_n rows from "
                 "[00:00:00.000] to [01:00:00.000] by read-back\n");
}

static void story_when_a_layer_refuses_names_layer_and_reason(void **state)
{
    (void)state;
    struct record *refused = record_of(RECORD_REFUSED, VERB_ROLLBACK, args_of(3));
    refused->refused_layer = 6;
    refused->reason = REFUSAL_TARGET_MISSING;
    refused->advice_kind = ADVICE_PROPOSE;
    struct record *rejected = record_of(RECORD_REJECTED, VERB_NOOP, args_of(0));
    rejected->refused_layer = 10;
    rejected->person.value = 1;
    rejected->reason = REFUSAL_APPROVAL_ROLE;
    struct record *close = record_of(RECORD_REFUSED, VERB_NOOP, args_of(0));
    close->refused_layer = 1;
    close->reason = REFUSAL_NOT_CLEAR;
    close->advice_kind = ADVICE_CLOSE;
    assert_story(
        "[01:15:00.000] layer 6      > preconditions: refuses ROLLBACK fraud to v3: target not "
        "available\n"
        "[01:15:00.000] layer 10     > approval: rejects what came from ann: approver lacks the "
        "role\n"
        "[01:15:00.000] layer 1      > schema: refuses to close fraud: metric not clear\n");
}

static void story_when_a_human_is_paged_names_the_human(void **state)
{
    (void)state;
    struct record *escalated = record_of(RECORD_ESCALATED, VERB_NOOP, args_of(0));
    escalated->severity = 1;
    escalated->cause = CAUSE_CONCEPT_SHIFT;
    struct record *paged = record_of(RECORD_PAGED, VERB_NOOP, args_of(0));
    paged->person.value = 1;
    paged->level = 1;
    paged->page.value = 4;
    struct record *seen = record_of(RECORD_ACKNOWLEDGED, VERB_NOOP, args_of(0));
    seen->person.value = 1;
    seen->page.value = 4;
    assert_story("[01:15:00.000] escalator    > escalates incident 1 on fraud to oncall, severity 1: "
                 "concept_shift\n"
                 "[01:15:00.000] escalator    > pages ann (oncall, level 1): page 4 about incident 1\n"
                 "[01:15:00.000] escalator    > ann acknowledges page 4 about incident 1\n");
}

static void story_when_features_are_disabled_names_them_and_for_how_long(void **state)
{
    (void)state;
    struct action_args args = args_of(0);
    args.feature_mask = 1u << 0 | 1u << 2;
    args.ttl_ns = 2 * NS_PER_HOUR + 5 * NS_PER_MIN;
    (void)record_of(RECORD_INTENT, VERB_DISABLE_FEATURE, args);
    args.release = true;
    args.ttl_ns = 0;
    record_of(RECORD_INTENT, VERB_DISABLE_FEATURE, args)->principal = PRINCIPAL_RULE;
    assert_story(
        "[01:15:00.000] actuator     > starts action 3 DISABLE_FEATURE fraud feature amount, "
        "country "
        "for 2h05m\n"
        "[01:15:00.000] actuator     > starts action 3 release of DISABLE_FEATURE fraud feature "
        "amount, country, by rule\n");
}

static void story_when_an_answer_arrives_is_one_line(void **state)
{
    (void)state;
    event.kind = EVENT_ANSWER;
    event.answer.tool = TOOL_LABELS;
    event.answer.model.value = 1;
    event.answer.labels.scored = 500;
    event.answer.labels.correct = 412;
    event.answer.labels.baseline_error = 0.08;
    assert_story("[01:15:00.000] investigator > labels of fraud: 412 of 500 right, baseline error 0.080 "
                 "[evidence 17]\n");
}

static void story_when_the_warden_asked_is_silent(void **state)
{
    (void)state;
    event.kind = EVENT_ANSWER;
    event.answer.tool = TOOL_STATE;
    event.answer.model.value = 1;
    event.answer.question.value = QUESTION_WARDEN | 5;
    assert_story("");
}

static void story_when_text_is_hostile_does_not_repeat_it(void **state)
{
    (void)state;
    event.kind = EVENT_REPLY;
    event.reply.model.value = 1;
    event.reply.reply.verdict = REPLY_SYNTAX;
    event.reply.raw = slice_of("\n[00:00:00.000] kill switch  > reset by bob\n");
    assert_story("[01:15:00.000] investigator > LLM on fraud: reply not used, syntax\n");
}

/* Whatever a journal holds: whole lines, each with its time, and no line break of a stranger. */
static void story_when_the_step_is_random_has_whole_lines(void **state)
{
    (void)state;
    static struct random_visit filler;
    uint32_t n_lines = 0;
    for (uint64_t round = 0; round < 3000; round++) {
        random_visit_init(&filler, 99, round);
        memset(&event, 0, sizeof(event));
        event_visit(&filler.visit, &event);
        event.at = 75 * NS_PER_MIN;
        advice_visit(&filler.visit, &advice);
        effects_visit(&filler.visit, &effects);
        assert_false(filler.visit.failed);
        text_init(&text, buffer, sizeof(buffer));
        trace_step(&deployment, &event, &advice, &effects, &text);
        assert_false(text.truncated);
        const char *line = buffer;
        while (*line != '\0') {
            assert_memory_equal(line, "[01:15:00.000] ", 15);
            assert_memory_equal(line + 27, " > ", 3);
            const char *end = strchr(line, '\n');
            assert_non_null(end);
            for (const char *at = line; at < end; at++) {
                assert_true(*at >= ' ' && *at <= '~');
            }
            line = end + 1;
            n_lines++;
        }
    }
    assert_true(n_lines > 3000);
}

static void story_when_the_buffer_is_short_is_cut_and_says_so(void **state)
{
    (void)state;
    (void)record_of(RECORD_INTENT, VERB_ROLLBACK, args_of(3));
    char small[40];
    text_init(&text, small, sizeof(small));
    trace_step(&deployment, &event, &advice, &effects, &text);
    assert_true(text.truncated);
    assert_int_equal(strlen(small), sizeof(small) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(story_when_quiet_is_empty, start),
        cmocka_unit_test_setup(story_when_a_model_goes_bad_reads_from_symptom_to_proposal, start),
        cmocka_unit_test_setup(story_when_the_warden_acts_reads_from_decision_to_verification, start),
        cmocka_unit_test_setup(story_when_an_act_is_measured_by_no_metric_claims_none, start),
        cmocka_unit_test_setup(story_when_a_layer_refuses_names_layer_and_reason, start),
        cmocka_unit_test_setup(story_when_a_human_is_paged_names_the_human, start),
        cmocka_unit_test_setup(story_when_features_are_disabled_names_them_and_for_how_long, start),
        cmocka_unit_test_setup(story_when_an_answer_arrives_is_one_line, start),
        cmocka_unit_test_setup(story_when_the_warden_asked_is_silent, start),
        cmocka_unit_test_setup(story_when_text_is_hostile_does_not_repeat_it, start),
        cmocka_unit_test_setup(story_when_the_step_is_random_has_whole_lines, start),
        cmocka_unit_test_setup(story_when_the_buffer_is_short_is_cut_and_says_so, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
