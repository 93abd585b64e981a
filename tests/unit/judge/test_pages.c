/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines of incidents and pages, and how an escalation ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

/* S22 */

static void incident_when_left_alone_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
    stage_tick(&stage, HOURS(2) + 5 * MIN);
    stage_tick(&stage, HOURS(2) + 5 * MIN + SEC);
    stage_tick(&stage, HOURS(2) + 9 * MIN);
    expect_breaches(&stage, INVARIANT_S22, 1); /* REQ S22: once. */
}

static void incident_when_handled_late_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
    stage_says(&stage, HOURS(2) + 6 * MIN, RECORD_WATCHED, 1, 1);
    expect_breaches(&stage, INVARIANT_S22, 1);
}

static void incident_when_watched_closed_or_paged_in_time_is_lawful(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
        if (i == 2) {
            stage_page(&stage, HOURS(2) + 4 * MIN, 1, 1, ROLE_ONCALL, 1);
            stage_human(&stage, HOURS(2) + 5 * MIN, HUMAN_PAGED, 1, 1);
            stage_event(&stage, HOURS(2) + 6 * MIN, EVENT_PAGE)->page =
                (struct page_event){{1}, PAGE_ACKNOWLEDGED, {ONCALL}};
            stage_step(&stage);
        } else {
            stage_says(&stage, HOURS(2) + 4 * MIN, i == 0 ? RECORD_WATCHED : RECORD_CLOSED, 1, 1);
        }
        stage_tick(&stage, HOURS(3));
        expect_lawful(&stage, INVARIANT_S22);
    }
}

static void containment_when_only_said_is_a_breach_and_when_done_lawful(void **state)
{
    (void)state;
    for (uint32_t done = 0; done < 2; done++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
        if (done) {
            struct act act = fallback_of(1);
            (void)stage_act(&stage, HOURS(2) + MIN, &act);
        }
        stage_says(&stage, HOURS(2) + 4 * MIN, RECORD_CONTAINED, 1, 1);
        stage_tick(&stage, HOURS(2) + 30 * MIN);
        expect_breaches(&stage, INVARIANT_S22, done ? 0 : 1);
    }
}

static void incident_when_the_process_was_dead_is_excused_by_so_much(void **state)
{
    (void)state;
    for (uint32_t late = 0; late < 2; late++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
        stage_tick(&stage, HOURS(2) + MIN); /* It dies here ... */
        stage_event(&stage, HOURS(2) + 11 * MIN, EVENT_START)->start.recovered = true;
        stage_step(&stage);
        stage_says(&stage, HOURS(2) + (late ? 16 : 14) * MIN, RECORD_WATCHED, 1, 1);
        expect_breaches(&stage, INVARIANT_S22, late);
    }
}

static void incident_when_every_channel_was_down_is_excused_by_so_much(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage.plan.items[stage.plan.n_items++] = (struct plan_item){
        .kind = PLAN_PAGE_OUTAGE, .at = HOURS(2) + MIN, .until = HOURS(2) + 9 * MIN};
    stage_begin(&stage, false);
    stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
    stage_human(&stage, HOURS(2) + 12 * MIN, HUMAN_PAGED, 1, 1);
    expect_breaches(&stage, INVARIANT_S22, 0);
}

/* S23 */

static void page_when_delivered_in_time_is_lawful_and_late_a_breach(void **state)
{
    (void)state;
    for (uint32_t late = 0; late < 2; late++) {
        struct stage stage;
        stage_open(&stage);
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
        stage_says(&stage, HOURS(2) + MIN, RECORD_ESCALATED, 1, 1);
        stage_page(&stage, HOURS(2) + MIN, 1, 1, ROLE_ONCALL, 1);
        stage_human(&stage, HOURS(2) + (late ? 4 : 2) * MIN, HUMAN_PAGED, 1, 1);
        expect_breaches(&stage, INVARIANT_S23, late); /* REQ S23 */
    }
}

static void page_when_never_sent_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_says(&stage, HOURS(2), RECORD_ESCALATED, 0, 1); /* The warden's own trouble. */
    stage_tick(&stage, HOURS(2) + 3 * MIN);
    stage_tick(&stage, HOURS(2) + 6 * MIN);
    expect_breaches(&stage, INVARIANT_S23, 1);
}

static void page_when_channels_were_down_is_excused_until_they_are_up(void **state)
{
    (void)state;
    for (uint32_t late = 0; late < 2; late++) {
        struct stage stage;
        stage_open(&stage);
        stage.plan.items[stage.plan.n_items++] = (struct plan_item){
            .kind = PLAN_PAGE_OUTAGE, .at = HOURS(2) + MIN, .until = HOURS(2) + 10 * MIN};
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(2) + 2 * MIN, RECORD_ESCALATED, 1, 1);
        stage_tick(&stage, HOURS(2) + 9 * MIN);
        stage_human(&stage, HOURS(2) + (late ? 13 : 11) * MIN, HUMAN_PAGED, 1, 1);
        expect_breaches(&stage, INVARIANT_S23, late);
    }
}

/* S24 */

static void delivered_page(struct stage *stage, int64_t at, uint32_t page, uint8_t level)
{
    stage_page(stage, at, page, 1, ROLE_ONCALL, level);
    stage_human(stage, at + 5 * SEC, HUMAN_PAGED, 1, 1);
}

static void acknowledge(struct stage *stage, int64_t at, uint32_t page)
{
    stage_event(stage, at, EVENT_PAGE)->page =
        (struct page_event){{page}, PAGE_ACKNOWLEDGED, {ONCALL}};
    stage_step(stage);
}

static void escalation_when_repeated_one_level_higher_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
    stage_says(&stage, HOURS(2), RECORD_ESCALATED, 1, 1);
    delivered_page(&stage, HOURS(2) + SEC, 1, 1);
    delivered_page(&stage, HOURS(2) + 5 * MIN, 2, 2);
    delivered_page(&stage, HOURS(2) + 10 * MIN, 3, 2); /* The rota has no third level. */
    acknowledge(&stage, HOURS(2) + 12 * MIN, 1);
    stage_tick(&stage, HOURS(4));
    expect_lawful(&stage, INVARIANT_S24); /* REQ S24 */
}

static void escalation_when_not_repeated_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_says(&stage, HOURS(2), RECORD_ESCALATED, 1, 1);
    delivered_page(&stage, HOURS(2) + SEC, 1, 1);
    stage_tick(&stage, HOURS(2) + 6 * MIN);
    expect_breaches(&stage, INVARIANT_S24, 1);
}

static void escalation_when_repeated_on_the_same_level_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, false);
    stage_says(&stage, HOURS(2), RECORD_ESCALATED, 1, 1);
    delivered_page(&stage, HOURS(2) + SEC, 1, 1);
    delivered_page(&stage, HOURS(2) + 5 * MIN, 2, 1);
    acknowledge(&stage, HOURS(2) + 6 * MIN, 2);
    expect_breaches(&stage, INVARIANT_S24, 1);
}

static void escalated(struct stage *stage)
{
    stage_open(stage);
    stage_begin(stage, false);
    stage_says(stage, HOURS(2), RECORD_OPENED, 1, 1);
    stage_says(stage, HOURS(2), RECORD_ESCALATED, 1, 1);
    delivered_page(stage, HOURS(2) + SEC, 1, 1);
    acknowledge(stage, HOURS(2) + MIN, 1);
}

static void close_as(struct stage *stage, int64_t at, enum principal principal,
                     enum incident_state end)
{
    (void)stage_event(stage, at, EVENT_TICK);
    struct record *record = stage_record(stage, RECORD_CLOSED, 1, 1);
    record->principal = principal;
    record->incident_state = (uint8_t)end;
    stage_step(stage);
}

static void closure_when_by_rule_on_a_clear_metric_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    escalated(&stage);
    close_as(&stage, HOURS(2) + 20 * MIN, PRINCIPAL_RULE, INCIDENT_RESOLVED);
    expect_lawful(&stage, INVARIANT_S24);
}

static void closure_when_too_early_benign_by_mind_or_in_a_false_name_is_a_breach(void **state)
{
    (void)state;
    static const struct {
        int64_t after_ns;
        enum principal principal;
        enum incident_state end;
    } cases[] = {{10 * MIN, PRINCIPAL_RULE, INCIDENT_RESOLVED},
                 {20 * MIN, PRINCIPAL_RULE, INCIDENT_BENIGN},
                 {20 * MIN, PRINCIPAL_MIND, INCIDENT_RESOLVED},
                 {20 * MIN, PRINCIPAL_HUMAN, INCIDENT_HANDED_OVER}};
    for (size_t i = 0; i < 4; i++) {
        struct stage stage;
        escalated(&stage);
        close_as(&stage, HOURS(2) + cases[i].after_ns, cases[i].principal, cases[i].end);
        expect_breaches(&stage, INVARIANT_S24, 1);
    }
}

static void closure_when_by_the_person_who_resolved_it_is_lawful(void **state)
{
    (void)state;
    struct stage stage;
    escalated(&stage);
    stage_event(&stage, HOURS(2) + 5 * MIN, EVENT_HANDLING)->handling =
        (struct handling_event){{1}, HANDLING_RESOLVED, {ONCALL}};
    struct record *record = stage_record(&stage, RECORD_CLOSED, 1, 1);
    record->principal = PRINCIPAL_HUMAN;
    record->incident_state = INCIDENT_HANDED_OVER;
    stage_step(&stage);
    expect_lawful(&stage, INVARIANT_S24);
}

static void closure_when_labels_are_plainly_bad_is_a_breach(void **state)
{
    (void)state;
    struct stage stage;
    escalated(&stage);
    struct event *event = stage_event(&stage, HOURS(2) + 15 * MIN, EVENT_WINDOW);
    event->window = (struct window){.model = {1},
                                    .labels_scored = 600,
                                    .labels_correct = 400,
                                    .cohort_from = HOURS(1),
                                    .cohort_to = HOURS(1) + 10 * MIN,
                                    .requests = 1000};
    stage_step(&stage);
    close_as(&stage, HOURS(2) + 20 * MIN, PRINCIPAL_RULE, INCIDENT_RESOLVED);
    expect_breaches(&stage, INVARIANT_S24, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incident_when_left_alone_is_a_breach),
        cmocka_unit_test(incident_when_handled_late_is_a_breach),
        cmocka_unit_test(incident_when_watched_closed_or_paged_in_time_is_lawful),
        cmocka_unit_test(containment_when_only_said_is_a_breach_and_when_done_lawful),
        cmocka_unit_test(incident_when_the_process_was_dead_is_excused_by_so_much),
        cmocka_unit_test(incident_when_every_channel_was_down_is_excused_by_so_much),
        cmocka_unit_test(page_when_delivered_in_time_is_lawful_and_late_a_breach),
        cmocka_unit_test(page_when_never_sent_is_a_breach),
        cmocka_unit_test(page_when_channels_were_down_is_excused_until_they_are_up),
        cmocka_unit_test(escalation_when_repeated_one_level_higher_is_lawful),
        cmocka_unit_test(escalation_when_not_repeated_is_a_breach),
        cmocka_unit_test(escalation_when_repeated_on_the_same_level_is_a_breach),
        cmocka_unit_test(closure_when_by_rule_on_a_clear_metric_is_lawful),
        cmocka_unit_test(closure_when_too_early_benign_by_mind_or_in_a_false_name_is_a_breach),
        cmocka_unit_test(closure_when_by_the_person_who_resolved_it_is_lawful),
        cmocka_unit_test(closure_when_labels_are_plainly_bad_is_a_breach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
