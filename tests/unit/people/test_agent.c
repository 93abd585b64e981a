/* SPDX-License-Identifier: Apache-2.0 */
/* On-call beside the agent: delivery, acknowledgement, taking over, diagnosis, repair, and how often the first remedy is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/people/town.h"

enum { SEEDS = 4000 };

static struct town town;

static bool is_share(uint64_t n, uint64_t of, double expected, double tolerance)
{
    double share = (double)n / (double)of;
    return share > expected - tolerance && share < expected + tolerance;
}

/* Minutes between delivery and acknowledgement of one page; negative: not acknowledged. */
static double minutes_to_acknowledge(uint64_t seed, uint32_t start_minute)
{
    town_init(&town, seed, start_minute, 40 * NS_PER_HOUR);
    town_open(&town, false);
    town_page(&town, 1, 1, false);
    town_run(&town, false);
    const struct seen_event *delivered = town_find(&town, EVENT_PAGE, PAGE_DELIVERED);
    const struct seen_event *acknowledged = town_find(&town, EVENT_PAGE, PAGE_ACKNOWLEDGED);
    assert_non_null(delivered);
    assert_in_range(delivered->at, 1, 20 * NS_PER_S);
    return acknowledged == NULL ? -1.0
                                : (double)(acknowledged->at - delivered->at) / (double)NS_PER_MIN;
}

/* LN(4 min; 1); after 30 minutes the person does not answer any more: the agent's escalator calls the next. */
static void page_when_delivered_in_office_hours_is_acknowledged_as_claimed(void **state)
{
    (void)state;
    uint64_t n_median = 0, n_p90 = 0, n_never = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double minutes = minutes_to_acknowledge(seed, MONDAY_10);
        n_never += minutes < 0.0 ? 1 : 0;
        n_median += minutes >= 0.0 && minutes <= 4.0 ? 1 : 0;
        n_p90 += minutes >= 0.0 && minutes <= 14.41 ? 1 : 0; /* 4 exp(1.28155). */
        assert_true(minutes <= 30.0);
    }
    assert_true(is_share(n_median, SEEDS, 0.50, 0.032)); /* Four standard errors, here and below. */
    assert_true(is_share(n_p90, SEEDS, 0.90, 0.019));
    assert_true(is_share(n_never, SEEDS, 0.0219, 0.0093)); /* 1 - Phi(ln 7.5). */
}

static void page_when_delivered_off_hours_takes_longer(void **state)
{
    (void)state;
    uint64_t n_median = 0, n_never = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double minutes = minutes_to_acknowledge(seed, SATURDAY_10);
        n_never += minutes < 0.0 ? 1 : 0;
        n_median += minutes >= 0.0 && minutes <= 6.8 ? 1 : 0;
    }
    assert_true(is_share(n_median, SEEDS, 0.50, 0.032));
    assert_true(is_share(n_never, SEEDS, 0.0688, 0.016)); /* 1 - Phi(ln(30 / 6.8)). */
}

static void page_when_channels_are_down_comes_back_undelivered(void **state)
{
    (void)state;
    town_init(&town, 1, MONDAY_10, 40 * NS_PER_HOUR);
    town_open(&town, false);
    town_page(&town, 9, 1, true);
    town_run(&town, false);
    assert_int_equal(town.n_events, 1);
    assert_int_equal(town.events[0].at, 10 * NS_PER_S);
    assert_int_equal(town.events[0].event.kind, EVENT_PAGE);
    assert_int_equal(town.events[0].event.page.status, PAGE_UNDELIVERED);
    assert_int_equal(town.events[0].event.page.page.value, 9);
    assert_int_equal(town.truth.n_human, 0);
}

/* A seed whose first page is acknowledged. */
static void handle(uint64_t seed, enum cause cause)
{
    town_init(&town, seed, MONDAY_10, 4000 * NS_PER_HOUR);
    if (cause != CAUSE_UNKNOWN) {
        town_break(&town, cause);
    }
    town_open(&town, false);
    town_page(&town, 1, 1, false);
    town_run(&town, false);
}

static void incident_when_nothing_is_wrong_is_resolved_without_an_act(void **state)
{
    (void)state;
    uint64_t n_median = 0, n_p90 = 0, n = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        handle(seed, CAUSE_UNKNOWN);
        const struct seen_event *taken = town_find(&town, EVENT_HANDLING, HANDLING_TAKEN);
        const struct seen_event *resolved = town_find(&town, EVENT_HANDLING, HANDLING_RESOLVED);
        assert_int_equal(town.n_wishes, 0);
        if (taken == NULL) {
            continue;
        }
        assert_non_null(resolved);
        assert_int_equal(taken->at - town_find(&town, EVENT_PAGE, PAGE_ACKNOWLEDGED)->at, NS_PER_MIN);
        double minutes = (double)(resolved->at - taken->at) / (double)NS_PER_MIN;
        n++;
        n_median +=
            minutes <= 72.0
                ? 1
                : 0; /* Triage, rerouting of one in five, investigation, decision, check: 400,000 draws. */
        n_p90 += minutes <= 165.5 ? 1 : 0;
    }
    assert_true(n > SEEDS * 9 / 10);
    assert_true(is_share(n_median, n, 0.50, 0.033));
    assert_true(is_share(n_p90, n, 0.90, 0.020));
}

static void first_remedy_when_chosen_is_wrong_in_15_of_100_and_then_put_right(void **state)
{
    (void)state;
    uint64_t n = 0, n_wrong = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        handle(seed, CAUSE_BAD_CONFIG);
        if (town.n_wishes == 0) {
            continue;
        }
        n++;
        const struct person_wish *wish = &town.wishes[0].wish;
        if (wish->verb == VERB_ROLLBACK) {
            n_wrong++;
            assert_int_equal(town.n_wishes, 2);
            wish = &town.wishes[1].wish;
        } else {
            assert_int_equal(town.n_wishes, 1);
        }
        assert_int_equal(wish->kind, WISH_ACT);
        assert_int_equal(wish->verb, VERB_ROLLBACK_CONFIG);
        assert_int_equal(wish->args.target.value, 3);
        assert_int_equal(wish->incident.value, 1);
        assert_int_equal(wish->person.value, ONCALL);
        assert_non_null(town_find(&town, EVENT_HANDLING, HANDLING_RESOLVED));
    }
    assert_true(is_share(n_wrong, n, 0.15, 0.023));
}

/* Right and tempting remedy of a cause. */
static void remedy_when_the_cause_is_known_is_its_own(void **state)
{
    (void)state;
    static const struct {
        enum cause cause;
        enum person_wish_kind kind;
        enum verb right, tempting;
    } remedies[] = {
        {CAUSE_BAD_MODEL, WISH_ACT, VERB_ROLLBACK, VERB_RETRAIN},
        {CAUSE_BAD_CONFIG, WISH_ACT, VERB_ROLLBACK_CONFIG, VERB_ROLLBACK},
        {CAUSE_NULL_BURST, WISH_ACT, VERB_FALLBACK, VERB_ROLLBACK},
        {CAUSE_COVARIATE_SHIFT, WISH_ACT, VERB_RETRAIN, VERB_ROLLBACK},
        {CAUSE_CONCEPT_SHIFT, WISH_ACT, VERB_RETRAIN, VERB_ROLLBACK},
        {CAUSE_SCHEMA_CHANGE, WISH_REPAIR, VERB_NOTIFY, VERB_ROLLBACK},
        {CAUSE_UNIT_CHANGE, WISH_REPAIR, VERB_NOTIFY, VERB_ROLLBACK},
    };
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        uint64_t n_right = 0, n_tempting = 0;
        for (uint64_t seed = 0; seed < 200; seed++) {
            town_init(&town, seed, MONDAY_10, 4000 * NS_PER_HOUR);
            town_break(&town, remedies[i].cause);
            town.plan.n_items = 1;
            town.plan.items[0] =
                (struct plan_item){.kind = PLAN_SCHEMA_CHANGE, .model = {1}, .table = {2}};
            town_open(&town, false);
            town_page(&town, 1, 1, false);
            town_run(&town, true);
            if (town.n_wishes == 0) {
                continue;
            }
            const struct person_wish *wish = &town.wishes[0].wish;
            bool is_right = wish->kind == remedies[i].kind &&
                            (wish->kind == WISH_REPAIR || wish->verb == remedies[i].right);
            n_right += is_right ? 1 : 0;
            n_tempting += wish->verb == remedies[i].tempting ? 1 : 0;
            assert_true(is_right || wish->verb == remedies[i].tempting);
            assert_true(!is_right || wish->kind != WISH_REPAIR || wish->table.value == 2);
        }
        assert_true(n_right > 3 * n_tempting);
        assert_true(n_tempting > 0);
    }
}

static void rollback_when_wished_names_the_best_usable_version(void **state)
{
    (void)state;
    uint64_t n = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        handle(seed, CAUSE_BAD_MODEL);
        if (town.n_wishes > 0 && town.wishes[0].wish.verb == VERB_ROLLBACK) {
            n++;
            assert_int_equal(town.wishes[0].wish.args.target.value, 1);
            assert_int_equal(town.wishes[0].wish.args.subject.hi, 1);
        }
    }
    assert_true(n > 30);
}

/* The training starts when it is decided, runs by itself, and what it made is put into service. */
static void retrain_when_it_ends_is_promoted(void **state)
{
    (void)state;
    uint64_t n = 0;
    for (uint64_t seed = 0; seed < 50; seed++) {
        town_init(&town, seed, MONDAY_10, 4000 * NS_PER_HOUR);
        town_break(&town, CAUSE_CONCEPT_SHIFT);
        town.truth.models[0].faulty_since = 5 * NS_PER_MIN;
        town_open(&town, false);
        town_page(&town, 1, 1, false);
        town_run(&town, true);
        if (town.n_wishes == 0 || town.wishes[0].wish.verb != VERB_RETRAIN) {
            continue;
        }
        n++;
        assert_int_equal(town.wishes[0].wish.args.window, TRAIN_POST_CHANGE);
        assert_int_equal(town.wishes[0].wish.args.from_ns, 5 * NS_PER_MIN);
        assert_int_equal(town.wishes[0].wish.args.to_ns, town.wishes[0].at);
        struct truth_model *model = &town.truth.models[0];
        struct truth_version *trained = &model->versions[model->n_versions++];
        *trained = (struct truth_version){
            .version = {4}, .digest = {4, 7}, .available = true, .complete = true, .quality = 0.93};
        town_run(&town, false);
        assert_int_equal(town.n_wishes, 2);
        assert_int_equal(town.wishes[1].wish.verb, VERB_PROMOTE);
        assert_int_equal(town.wishes[1].wish.args.target.value, 4);
        assert_true(town.wishes[1].at - town.wishes[0].at > 10 * NS_PER_MIN);
        const struct human_act *executed = town_act(&town, HUMAN_EXECUTED),
                               *resolved = town_act(&town, HUMAN_RESOLVED);
        assert_true(executed->spent_ns + resolved->spent_ns <
                    town.wishes[1].at - town.wishes[0].at + NS_PER_HOUR);
        assert_int_equal(resolved->spent_ns,
                         resolved->at - town.wishes[1].at); /* Not the hours of the machine. */
    }
    assert_true(n > 30);
}

static void incident_when_paged_twice_is_taken_once(void **state)
{
    (void)state;
    uint64_t n_both = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        town_init(&town, seed, MONDAY_10, 40 * NS_PER_HOUR);
        town_open(&town, false);
        town_page(&town, 1, 7, false);
        town_page(&town, 2, 7, false);
        town_page(&town, 3, 8, false);
        town_run(&town, false);
        uint32_t n_taken = 0, n_acknowledged = 0;
        for (uint32_t i = 0; i < town.n_events; i++) {
            const struct event *event = &town.events[i].event;
            n_taken +=
                event->kind == EVENT_HANDLING && event->handling.kind == HANDLING_TAKEN ? 1 : 0;
            n_acknowledged +=
                event->kind == EVENT_PAGE && event->page.status == PAGE_ACKNOWLEDGED ? 1 : 0;
        }
        assert_true(n_taken <= 2);
        assert_int_equal(n_taken, n_acknowledged);
        assert_int_equal(town_count(&town, HUMAN_PAGED), 3);
        n_both += n_taken == 2 ? 1 : 0;
    }
    assert_true(n_both > 30);
}

static void page_when_others_go_out_keeps_its_time(void **state)
{
    (void)state;
    int64_t alone[20];
    for (int round = 0; round < 2; round++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            town_init(&town, seed, MONDAY_10, 40 * NS_PER_HOUR);
            town_open(&town, false);
            if (round == 1) {
                town_page(&town, 1, 1, false);
            }
            town_page(&town, 2, 2, false);
            town_run(&town, false);
            int64_t at = -1;
            for (uint32_t i = 0; i < town.n_events; i++) {
                const struct event *event = &town.events[i].event;
                bool is_it = event->kind == EVENT_PAGE && event->page.page.value == 2 &&
                             event->page.status == PAGE_ACKNOWLEDGED;
                at = is_it ? town.events[i].at : at;
            }
            alone[seed] = round == 0 ? at : alone[seed];
            assert_int_equal(at, alone[seed]);
        }
    }
}

static void producer_when_notified_repairs_once(void **state)
{
    (void)state;
    uint64_t n_median = 0;
    enum { TRIES = 1000 };
    for (uint64_t seed = 0; seed < TRIES; seed++) {
        town_init(&town, seed, MONDAY_10, 4000 * NS_PER_HOUR);
        town_open(&town, false);
        struct notify_effect notify = {.incident = {1},
                                       .model = {1},
                                       .table = {2},
                                       .recipient = ROLE_PRODUCER,
                                       .person = {PRODUCER}};
        people_notify(town.people, &notify);
        people_notify(town.people, &notify);
        notify.recipient = ROLE_OWNER;
        notify.table.value = 1;
        people_notify(town.people, &notify);
        town_run(&town, false);
        assert_int_equal(town.n_events, 0);
        assert_int_equal(town.n_wishes, 1);
        assert_int_equal(town.wishes[0].wish.kind, WISH_REPAIR);
        assert_int_equal(town.wishes[0].wish.table.value, 2);
        assert_int_equal(town_count(&town, HUMAN_NOTIFIED), 3);
        assert_int_equal(town_count(&town, HUMAN_REPAIRED), 1);
        const struct human_act *repaired = town_act(&town, HUMAN_REPAIRED);
        assert_int_equal(repaired->person.value, PRODUCER);
        assert_int_equal(repaired->model.value, 1);
        assert_int_equal(repaired->spent_ns, town.wishes[0].at); /* All of it is its work. */
        n_median += town.wishes[0].at <= 50 * NS_PER_MIN ? 1 : 0;
    }
    assert_true(is_share(n_median, TRIES, 0.50, 0.064));
}

static void producer_when_told_again_after_a_repair_looks_again(void **state)
{
    (void)state;
    town_init(&town, 1, MONDAY_10, 4000 * NS_PER_HOUR);
    town_open(&town, false);
    struct notify_effect notify = {
        .model = {1}, .table = {2}, .recipient = ROLE_PRODUCER, .person = {PRODUCER}};
    for (uint32_t i = 1; i <= 2; i++) {
        people_notify(town.people, &notify);
        town_run(&town, true);
        assert_int_equal(town.n_wishes, i);
    }
    assert_true(town.wishes[1].at == 2 * town.wishes[0].at);
}

/* Told by an agent, by a person whom an agent paged, or by people alone: the same producer, for as long, at the same price. */
static void repair_when_told_by_whomever_costs_the_same(void **state)
{
    (void)state;
    uint64_t n = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        int64_t spent_ns[3];
        for (int teller = 0; teller < 3; teller++) {
            town_init(&town, seed, MONDAY_10, 9000 * NS_PER_HOUR);
            town_break(&town, CAUSE_SCHEMA_CHANGE);
            town.plan.n_items = 1;
            town.plan.items[0] = (struct plan_item){
                .kind = PLAN_SCHEMA_CHANGE, .model = {1}, .table = {2}, .until = NEVER};
            town_open(&town, teller == 2);
            if (teller == 0) {
                struct notify_effect notify = {
                    .model = {1}, .table = {2}, .recipient = ROLE_PRODUCER, .person = {PRODUCER}};
                people_notify(town.people, &notify);
            } else if (teller == 1) {
                town_page(&town, 1, 1, false);
            }
            town_run(&town, true);
            bool is_simple = town.n_wishes == 1 && town.wishes[0].wish.kind == WISH_REPAIR;
            spent_ns[teller] = is_simple ? town_act(&town, HUMAN_REPAIRED)->spent_ns : 0;
            assert_int_equal(is_simple ? town_count(&town, HUMAN_EXECUTED) : 0, 0);
            if (is_simple && teller > 0) { /* Waiting for it is nobody's work. */
                town.truth.models[0].faulty = false;
                town_run(&town, false);
                const struct human_act *resolved = town_act(&town, HUMAN_RESOLVED);
                assert_int_equal(resolved->spent_ns, resolved->at - NS_PER_MIN - town.wishes[0].at);
            }
        }
        bool is_all = spent_ns[1] != 0 && spent_ns[2] != 0;
        n += is_all ? 1 : 0;
        assert_true(!is_all || (spent_ns[1] == spent_ns[0] && spent_ns[2] == spent_ns[0]));
    }
    assert_true(n > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_when_delivered_in_office_hours_is_acknowledged_as_claimed),
        cmocka_unit_test(page_when_delivered_off_hours_takes_longer),
        cmocka_unit_test(page_when_channels_are_down_comes_back_undelivered),
        cmocka_unit_test(incident_when_nothing_is_wrong_is_resolved_without_an_act),
        cmocka_unit_test(first_remedy_when_chosen_is_wrong_in_15_of_100_and_then_put_right),
        cmocka_unit_test(remedy_when_the_cause_is_known_is_its_own),
        cmocka_unit_test(rollback_when_wished_names_the_best_usable_version),
        cmocka_unit_test(retrain_when_it_ends_is_promoted),
        cmocka_unit_test(incident_when_paged_twice_is_taken_once),
        cmocka_unit_test(page_when_others_go_out_keeps_its_time),
        cmocka_unit_test(producer_when_notified_repairs_once),
        cmocka_unit_test(producer_when_told_again_after_a_repair_looks_again),
        cmocka_unit_test(repair_when_told_by_whomever_costs_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
