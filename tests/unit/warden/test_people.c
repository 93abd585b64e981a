/* SPDX-License-Identifier: Apache-2.0 */
/* What concerns people: approvals and forgeries, the kill switch and the dead man, pages and reminders, deadlines, closing. */
#include "tests/unit/warden/story.h"

static int begin(void **state)
{
    static struct story story;
    story_begin(&story);
    story_bad_push(&story, FRAUD);
    story_bad_push(&story, CREDIT);
    *state = &story;
    return 0;
}

static int end(void **state)
{
    story_end(*state);
    return 0;
}

static void control(struct story *story, enum control_kind kind, uint16_t person)
{
    story->event = (struct event){.kind = EVENT_CONTROL};
    story->event.control.kind = kind;
    story->event.control.person.value = person;
    story_step(story);
}

static void handling(struct story *story, uint32_t incident, enum handling_kind kind, uint16_t person)
{
    story->event = (struct event){.kind = EVENT_HANDLING, .handling = {{incident}, kind, {person}}};
    story_step(story);
}

static void acknowledge(struct story *story, struct page_id page, uint16_t person)
{
    story->event = (struct event){.kind = EVENT_PAGE, .page = {page, PAGE_ACKNOWLEDGED, {person}}};
    story_step(story);
}

/* A roll-back on the high tier waits for an approver. */
static const struct request_effect *request(struct story *story)
{
    story_open(story, 1, CREDIT);
    story_propose_rollback(story, 1, CREDIT);
    story_tick(story);
    assert_int_equal(story->n_requests, 1);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_AWAITING);
    return &story->requests[0];
}

static void approval_when_it_is_sound_lets_the_act_out_once(void **state)
{
    struct story *story = *state;
    const struct request_effect *asked = request(story);
    story_run(story, NS_PER_MIN);
    assert_int_equal(story->n_acts, 0);
    story_approval(story, asked, ADA, true);
    story_step(story);
    assert_int_equal(story_count(story, RECORD_APPROVED), 1);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story->acts[0].approval.value, asked->approval.value);
    assert_true(story_index(story, RECORD_APPROVED) < story_index(story, RECORD_INTENT));
    story_approval(story, asked, AMIR, true);
    story_step(story);
    assert_int_equal(story_record(story, RECORD_REJECTED)->reason, REFUSAL_APPROVAL_MISMATCH);
    assert_int_equal(story->n_acts, 1);
}

static void approval_when_anything_about_it_is_wrong_is_rejected(void **state)
{
    struct story *story = *state;
    const struct request_effect *asked = request(story);
    story_run(story, 10 * NS_PER_S);
    story_approval(story, asked, ADA, true);
    story->event.approval.action_hash.lo ^= 1;
    story_step(story);
    assert_int_equal(story_record(story, RECORD_REJECTED)->reason, REFUSAL_APPROVAL_MISMATCH);
    story_approval(story, asked, ADA, true);
    story->event.approval.nonce ^= 1;
    story_step(story);
    assert_int_equal(story_count(story, RECORD_REJECTED), 2);
    story_approval(story, asked, PIA, true);
    story_step(story);
    assert_int_equal(story_record(story, RECORD_REJECTED)->reason, REFUSAL_APPROVAL_ROLE);
    story_approval(story, asked, ADA, true);
    story->event.approval.issued_at = story->now - NS_PER_HOUR;
    story_step(story);
    assert_int_equal(story_record(story, RECORD_REJECTED)->reason, REFUSAL_APPROVAL_EXPIRED);
    story_approval(story, asked, ADA, true);
    story->event.approval.approval.value = 99;
    story_step(story);
    assert_int_equal(story_count(story, RECORD_REJECTED), 5);
    story_run(story, NS_PER_MIN);
    assert_int_equal(story->n_acts, 0);
    assert_int_equal(story_count(story, RECORD_APPROVED), 0);
}

static void quorum_of_two_when_one_person_answers_twice_is_not_met(void **state)
{
    struct story *story = *state;
    for (uint32_t i = 0; i < story->policy.n_rules; i++) {
        struct policy_rule *rule = &story->policy.rules[i];
        rule->verdict = rule->verdict == VERDICT_ONE ? VERDICT_TWO : rule->verdict;
    }
    const struct request_effect *asked = request(story);
    assert_int_equal(asked->quorum, 2);
    for (int i = 0; i < 2; i++) {
        story_approval(story, asked, ADA, true);
        story_step(story);
    }
    assert_int_equal(story_record(story, RECORD_REJECTED)->reason, REFUSAL_DUPLICATE);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 0);
    story_approval(story, asked, AMIR, true);
    story_step(story);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
}

static void denial_when_it_is_sound_ends_the_action(void **state)
{
    struct story *story = *state;
    const struct request_effect *asked = request(story);
    story_approval(story, asked, ADA, false);
    story_step(story);
    assert_int_equal(story_count(story, RECORD_DENIED), 1);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_REFUSED);
}

static void approver_when_absent_is_covered_by_containment_and_then_a_human_is_paged(void **state)
{
    struct story *story = *state;
    const struct request_effect *asked = request(story);
    int64_t opened = story->now;
    story_run(story, 3 * NS_PER_MIN + 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story->acts[0].verb, VERB_FALLBACK);
    assert_int_equal(story->acts[0].principal, PRINCIPAL_RULE);
    assert_int_equal(story->acts[0].approval.value, 0);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_CONTAINED);
    assert_int_equal(story->n_pages, 0);
    story_run(story, 12 * NS_PER_MIN);
    assert_true(story->now > opened + 15 * NS_PER_MIN);
    assert_int_equal(story_count(story, RECORD_EXPIRED), 1);
    assert_int_equal(story_record(story, RECORD_ESCALATED)->reason, REFUSAL_APPROVAL_EXPIRED);
    assert_true(story->n_pages >= 1);
    story_approval(story, asked, ADA, true); /* Too late: it is of nothing any more. */
    story_step(story);
    assert_int_equal(story_record(story, RECORD_REJECTED)->reason, REFUSAL_APPROVAL_MISMATCH);
    story_run(story, NS_PER_MIN);
    assert_int_equal(story->n_acts, 1);
}

static void halt_when_thrown_is_latched_until_an_operator_resets_it(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story_tick(story);
    control(story, CONTROL_HALT, OLGA);
    assert_true(warden_docket(story->warden)->halted);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_REFUSED);
    control(story, CONTROL_RESET, ADA);
    assert_int_equal(story_record(story, RECORD_REJECTED)->refused_layer, 13);
    assert_true(warden_docket(story->warden)->halted);
    story_propose_rollback(story, 1, FRAUD);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 0);
    control(story, CONTROL_RESET, OPAL);
    assert_false(warden_docket(story->warden)->halted);
    story_propose_rollback(story, 1, FRAUD);
    story_run(story, 30 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
}

static void halt_when_an_attempt_is_in_flight_only_reads_it_back(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_propose_rollback(story, 1, FRAUD);
    story->fate = STORY_FAILS;
    story_run(story, 5 * NS_PER_S);
    assert_int_equal(story->n_acts, 1);
    control(story, CONTROL_HALT, OPAL);
    story_run(story, 5 * NS_PER_MIN);
    assert_int_equal(story->n_acts, 1);
    assert_int_equal(story_entry(story, 1)->action_state, ACTION_FAILED);
    assert_int_equal(story_count(story, RECORD_OUTCOME), 1);
}

static void dead_man_when_heartbeats_stop_halts_and_when_they_come_does_not(void **state)
{
    struct story *story = *state;
    control(story, CONTROL_ARM, OPAL);
    for (int i = 0; i < 8; i++) {
        story_run(story, 15 * NS_PER_S);
        control(story, CONTROL_HEARTBEAT, 0);
    }
    assert_false(warden_docket(story->warden)->halted);
    story->telemetry = false;
    story_run(story, 59 * NS_PER_S);
    assert_false(warden_docket(story->warden)->halted);
    story_run(story, NS_PER_S);
    assert_true(warden_docket(story->warden)->halted);
    assert_int_equal(story_record(story, RECORD_HALTED)->principal, PRINCIPAL_RULE);
    control(story, CONTROL_DISARM, PIA);
    assert_int_equal(story_count(story, RECORD_REJECTED), 1);
    control(story, CONTROL_DISARM, OPAL);
    assert_true(warden_docket(story->warden)->halted); /* Latched. */
    control(story, CONTROL_RESET, OPAL);
    assert_false(warden_docket(story->warden)->halted);
}

static void watchdog_when_nobody_acts_escalates_before_the_deadline(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    int64_t opened = story->now;
    story_run(story, 5 * NS_PER_MIN);
    assert_int_equal(story->n_pages, 1);
    assert_true(story->page_at[0] <= opened + 4 * NS_PER_MIN);
    assert_int_equal(story->pages[0].person.value, OLGA);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_ESCALATED);
    assert_int_equal(story_count(story, RECORD_DELIVERED), 1);
}

static void page_when_undelivered_is_sent_again_until_it_arrives(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story->pages_down = true;
    story_say(story, ADVICE_ESCALATE, 1, FRAUD)->args.recipient = ROLE_ONCALL;
    story_run(story, 100 * NS_PER_S);
    assert_int_equal(story->n_pages, 4);
    for (uint32_t i = 1; i < story->n_pages; i++) {
        assert_int_equal(story->pages[i].page.value, story->pages[0].page.value);
        assert_true(story->page_at[i] - story->page_at[i - 1] <= 30 * NS_PER_S);
    }
    story->pages_down = false;
    story_run(story, 40 * NS_PER_S);
    assert_int_equal(story_count(story, RECORD_DELIVERED), 1);
    uint32_t n_pages = story->n_pages;
    story_run(story, 100 * NS_PER_S);
    assert_int_equal(story->n_pages, n_pages);
}

static void page_when_nobody_answers_goes_one_level_higher_until_somebody_does(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_say(story, ADVICE_ESCALATE, 1, FRAUD)->args.recipient = ROLE_ONCALL;
    story_run(story, 5 * NS_PER_MIN + NS_PER_S);
    assert_int_equal(story->n_pages, 2);
    assert_int_equal(story->pages[1].level, 2);
    assert_int_equal(story->pages[1].person.value, OTTO);
    story_run(story, 5 * NS_PER_MIN);
    assert_int_equal(story->pages[2].level, 3);
    acknowledge(story, story->pages[0].page, OLGA);
    assert_true(story_entry(story, 1)->acknowledged);
    uint32_t n_pages = story->n_pages;
    story_run(story, 30 * NS_PER_MIN);
    assert_int_equal(story->n_pages, n_pages);
}

static void escalation_when_said_twice_is_a_duplicate_but_security_is_called_beside(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_say(story, ADVICE_ESCALATE, 1, FRAUD)->args.recipient = ROLE_ONCALL;
    story_tick(story);
    story_say(story, ADVICE_ESCALATE, 1, FRAUD)->args.recipient = ROLE_ONCALL;
    story_tick(story);
    assert_int_equal(story_record(story, RECORD_REFUSED)->reason, REFUSAL_DUPLICATE);
    story_say(story, ADVICE_ESCALATE, 1, FRAUD)->args.recipient = ROLE_SECURITY;
    story_tick(story);
    assert_int_equal(story->n_pages, 2);
    assert_int_equal(story->pages[1].person.value, SVEN);
}

static void escalated_incident_when_nobody_answered_is_closed_by_no_rule(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_say(story, ADVICE_ESCALATE, 1, FRAUD)->args.recipient = ROLE_ONCALL;
    story_run(story, 90 * NS_PER_MIN);
    story_say(story, ADVICE_CLOSE, 1, FRAUD)->reason = CLOSE_RESOLVED;
    story_tick(story);
    assert_int_equal(story_record(story, RECORD_REFUSED)->reason, REFUSAL_NEEDS_HUMAN);
    story_say(story, ADVICE_CLOSE, 1, FRAUD)->reason = CLOSE_BENIGN;
    story_tick(story);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_ESCALATED);
    acknowledge(story, story->pages[story->n_pages - 1].page, OLGA);
    story_say(story, ADVICE_CLOSE, 1, FRAUD)->reason = CLOSE_RESOLVED;
    story_tick(story);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_RESOLVED);
}

static void benign_when_labels_are_fine_is_closed_and_when_they_are_not_is_not(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_say(story, ADVICE_CLOSE, 1, FRAUD)->reason = CLOSE_BENIGN;
    story_tick(story);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_BENIGN);
    story->models[FRAUD - 1].error = 0.19;
    story_run(story, 20 * NS_PER_MIN);
    story_open(story, 2, FRAUD);
    story_say(story, ADVICE_CLOSE, 2, FRAUD)->reason = CLOSE_BENIGN;
    story_tick(story);
    assert_int_equal(story_record(story, RECORD_REFUSED)->reason, REFUSAL_NOT_CLEAR);
    assert_int_equal(story_entry(story, 2)->state, INCIDENT_OPEN);
}

static void watch_when_its_harm_limit_is_passed_pages(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    struct advice_item *item = story_say(story, ADVICE_WATCH, 1, FRAUD);
    item->until = story->now + 3 * NS_PER_HOUR;
    item->limit = 0.9; /* Far too lax: the warden has a limit of its own. */
    story_tick(story);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_WATCHED);
    assert_true(story_record(story, RECORD_WATCHED)->limit < 0.25);
    story_run(story, 20 * NS_PER_MIN);
    assert_int_equal(story->n_pages, 0);
    story->models[FRAUD - 1].error = 0.3;
    story_run(story, 40 * NS_PER_MIN);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_ESCALATED);
    assert_true(story->n_pages >= 1);
}

static void watch_when_its_time_is_over_is_open_again_and_escalated(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    struct advice_item *item = story_say(story, ADVICE_WATCH, 1, FRAUD);
    item->until = story->now + 10 * NS_PER_MIN;
    item->limit = 0.2;
    story_run(story, 10 * NS_PER_MIN);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_OPEN);
    story_run(story, 5 * NS_PER_MIN);
    assert_int_equal(story_entry(story, 1)->state, INCIDENT_ESCALATED);
}

/* REQ S12: what a human works on is left to the human. */
static void human_when_working_on_it_has_precedence_and_ends_it(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_propose_fallback(story, 1, FRAUD);
    story_run(story, NS_PER_MIN);
    assert_true(story->models[FRAUD - 1].state.fallback);
    handling(story, 1, HANDLING_TAKEN, PIA);
    assert_int_equal(story_record(story, RECORD_REJECTED)->reason, REFUSAL_APPROVAL_ROLE);
    handling(story, 1, HANDLING_TAKEN, OLGA);
    assert_true(story_entry(story, 1)->taken);
    story_propose_rollback(story, 1, FRAUD);
    story_tick(story);
    assert_int_equal(story_entry(story, 1)->refused_reason, REFUSAL_TAKEN);
    story->models[FRAUD - 1].golden.correct = 900;
    story_run(story, 10 * NS_PER_MIN);
    handling(story, 1, HANDLING_RESOLVED, OLGA);
    story_run(story, 3 * NS_PER_MIN); /* The fallback goes first, by rule. */
    assert_false(story->models[FRAUD - 1].state.fallback);
    story_run(story, 15 * NS_PER_MIN);
    assert_null(story_entry(story, 1));
    const struct record *closed = story_record(story, RECORD_CLOSED);
    assert_int_equal(closed->principal, PRINCIPAL_HUMAN);
    assert_int_equal(closed->person.value, OLGA);
}

static void service_level_when_it_burns_and_nobody_looks_is_paged_for(void **state)
{
    struct story *story = *state;
    story->models[FRAUD - 1].error = 0.35;
    story_run(story, 20 * NS_PER_MIN);
    assert_true(story->n_pages >= 1);
    assert_int_equal(story_count(story, RECORD_ESCALATED), 1);
    assert_int_equal(story->pages[0].incident.value, 0);
    assert_int_equal(story->pages[0].model.value, FRAUD);
}

static void incident_numbers_when_used_before_are_refused(void **state)
{
    struct story *story = *state;
    story_open(story, 4, FRAUD);
    story_open(story, 4, CREDIT);
    assert_int_equal(story_record(story, RECORD_REFUSED)->reason, REFUSAL_DUPLICATE);
    for (uint32_t i = 5; i < 30; i++) {
        story_open(story, i, CREDIT);
    }
    assert_int_equal(warden_docket(story->warden)->n_entries, INCIDENTS_MAX);
    assert_int_equal(story_record(story, RECORD_REFUSED)->reason, REFUSAL_FULL);
    assert_true(story->n_pages >= 1);
}

static void crash_when_a_page_was_open_sends_it_again(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    story_say(story, ADVICE_ESCALATE, 1, FRAUD)->args.recipient = ROLE_ONCALL;
    story_tick(story);
    assert_int_equal(story->n_pages, 1);
    story->n_pending = 0;
    story->now += NS_PER_S;
    story->event = (struct event){.kind = EVENT_START, .start = {true, 1}};
    story_step(story);
    assert_int_equal(story->n_pages, 2);
    assert_int_equal(story->pages[1].page.value, story->pages[0].page.value);
}

static void notification_when_repeated_too_often_is_refused(void **state)
{
    struct story *story = *state;
    story_open(story, 1, FRAUD);
    for (int i = 0; i < 12; i++) {
        struct advice_item *item = story_say(story, ADVICE_NOTIFY, 1, FRAUD);
        item->args.recipient = ROLE_PRODUCER;
        item->args.table.value = 1;
        story_tick(story);
    }
    assert_int_equal(story->n_notifies, 8);
    assert_int_equal(story_record(story, RECORD_REFUSED)->reason, REFUSAL_BUDGET);
    assert_int_equal(story_record(story, RECORD_NOTIFIED)->person.value, PIA);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(approval_when_it_is_sound_lets_the_act_out_once),
        TEST(approval_when_anything_about_it_is_wrong_is_rejected),
        TEST(quorum_of_two_when_one_person_answers_twice_is_not_met),
        TEST(denial_when_it_is_sound_ends_the_action),
        TEST(approver_when_absent_is_covered_by_containment_and_then_a_human_is_paged),
        TEST(halt_when_thrown_is_latched_until_an_operator_resets_it),
        TEST(halt_when_an_attempt_is_in_flight_only_reads_it_back),
        TEST(dead_man_when_heartbeats_stop_halts_and_when_they_come_does_not),
        TEST(watchdog_when_nobody_acts_escalates_before_the_deadline),
        TEST(page_when_undelivered_is_sent_again_until_it_arrives),
        TEST(page_when_nobody_answers_goes_one_level_higher_until_somebody_does),
        TEST(escalation_when_said_twice_is_a_duplicate_but_security_is_called_beside),
        TEST(escalated_incident_when_nobody_answered_is_closed_by_no_rule),
        TEST(benign_when_labels_are_fine_is_closed_and_when_they_are_not_is_not),
        TEST(watch_when_its_harm_limit_is_passed_pages),
        TEST(watch_when_its_time_is_over_is_open_again_and_escalated),
        TEST(human_when_working_on_it_has_precedence_and_ends_it),
        TEST(service_level_when_it_burns_and_nobody_looks_is_paged_for),
        TEST(incident_numbers_when_used_before_are_refused),
        TEST(crash_when_a_page_was_open_sends_it_again),
        TEST(notification_when_repeated_too_often_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
