/* SPDX-License-Identifier: Apache-2.0 */
/* The manual arm: how people come to know by themselves, what they do, what counts as their work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/people/town.h"

enum { SEEDS = 4000, MONDAY_8 = 8 * 60 };

static struct town town;

static bool is_share(uint64_t n, uint64_t of, double expected, double tolerance)
{
    double share = (double)n / (double)of;
    return share > expected - tolerance && share < expected + tolerance;
}

static void open_fault(uint64_t seed, enum cause cause, enum plan_kind kind, int64_t horizon_ns)
{
    town_init(&town, seed, MONDAY_8, horizon_ns);
    town_break(&town, cause);
    town.plan.n_items = 1;
    town.plan.items[0] =
        (struct plan_item){.kind = kind, .model = {1}, .at = NS_PER_HOUR, .until = NEVER};
    town_open(&town, true);
}

/* Page, ticket, dashboard and report in their shares, with off-hours: 400,000 draws of the same description elsewhere. */
static void fault_when_it_begins_is_picked_up_as_slowly_as_claimed(void **state)
{
    (void)state;
    static const double minutes[] = {15, 30, 60, 120, 480, 1440};
    static const double shares[] = {0.2448, 0.4700, 0.6169, 0.7078, 0.8206, 0.9302};
    uint64_t n_within[6] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        open_fault(seed, CAUSE_BAD_MODEL, PLAN_BAD_MODEL_PUSH, 9000 * NS_PER_HOUR);
        town_run(&town, false);
        const struct human_act *picked = town_act(&town, HUMAN_ACKNOWLEDGED);
        for (size_t i = 0; i < 6; i++) {
            int64_t limit = NS_PER_HOUR + (int64_t)minutes[i] * NS_PER_MIN;
            n_within[i] += picked != NULL && picked->at <= limit ? 1 : 0;
        }
    }
    for (size_t i = 0; i < 6; i++) {
        assert_true(is_share(n_within[i], SEEDS, shares[i], 0.032));
    }
}

static void fault_when_beyond_the_horizon_is_nobodys(void **state)
{
    (void)state;
    uint64_t n_unnoticed = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        open_fault(seed, CAUSE_BAD_MODEL, PLAN_BAD_MODEL_PUSH, 12 * NS_PER_HOUR);
        town_run(&town, false);
        n_unnoticed += town.truth.n_human == 0 ? 1 : 0;
    }
    assert_in_range(n_unnoticed, 100, 260);
}

static void people_when_they_act_alone_send_nothing_to_an_agent(void **state)
{
    (void)state;
    uint64_t n_acted = 0, n_approved = 0, n_wrong = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        open_fault(seed, CAUSE_BAD_MODEL, PLAN_BAD_MODEL_PUSH, 9000 * NS_PER_HOUR);
        town_run(&town, false);
        assert_int_equal(town.n_events, 0);
        if (town.n_wishes == 0) {
            continue;
        }
        n_acted++;
        uint32_t n_rounds = town.n_wishes;
        n_wrong += town.wishes[0].wish.verb == VERB_RETRAIN ? 1 : 0;
        n_approved += town_count(&town, HUMAN_APPROVED) > 0 ? 1 : 0;
        assert_int_equal(town_count(&town, HUMAN_ACKNOWLEDGED), 1);
        assert_int_equal(town_count(&town, HUMAN_DIAGNOSED), n_rounds);
        assert_int_equal(town_count(&town, HUMAN_EXECUTED), n_rounds);
        assert_int_equal(town_count(&town, HUMAN_RESOLVED), 1);
        assert_int_equal(town.wishes[n_rounds - 1].wish.verb, VERB_ROLLBACK);
        assert_int_equal(town.wishes[0].wish.incident.value, 0);
    }
    assert_true(n_acted > SEEDS * 9 / 10);
    assert_true(is_share(n_approved, n_acted, 0.35, 0.032));
    assert_true(is_share(n_wrong, n_acted, 0.15, 0.023));
}

/* Minutes people spend are the minutes they work: neither the queue of an approval nor the hours before somebody looks. */
static void work_when_summed_leaves_out_waiting(void **state)
{
    (void)state;
    uint64_t n_waited = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        open_fault(seed, CAUSE_BAD_MODEL, PLAN_BAD_MODEL_PUSH, 9000 * NS_PER_HOUR);
        town_run(&town, false);
        const struct human_act *diagnosed = town_act(&town, HUMAN_DIAGNOSED);
        const struct human_act *executed = town_act(&town, HUMAN_EXECUTED);
        bool is_simple = town.n_wishes == 1 && town.wishes[0].wish.verb == VERB_ROLLBACK;
        if (!is_simple || town_count(&town, HUMAN_APPROVED) == 0) {
            continue;
        }
        n_waited++;
        assert_true(executed->spent_ns < executed->at - diagnosed->at);
        assert_int_equal(diagnosed->spent_ns,
                         diagnosed->at - town_act(&town, HUMAN_ACKNOWLEDGED)->at);
    }
    assert_true(n_waited > 50);
}

static void show(uint16_t model, uint32_t low, uint32_t high)
{
    struct event event = {.kind = EVENT_BASELINE, .baseline = {.model = {model}, .rows = 1000000}};
    event.baseline.bins_ppm[0][0] = event.baseline.bins_ppm[0][1] = 500000;
    people_observe(town.people, &event);
    event = (struct event){.kind = EVENT_WINDOW, .window = {.model = {model}}};
    event.window.bins[0][0] = low;
    event.window.bins[0][1] = high;
    people_observe(town.people, &event);
    people_observe(town.people, &event);
}

/* PSI of 3:1 against 1:1 is 0.27, of 2.8:1.2 is 0.17: only the first is above the textbook's 0.25, and only once. */
static void alert_when_inputs_move_is_raised_once_a_model(void **state)
{
    (void)state;
    uint64_t n_noticed = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        town_init(&town, seed, MONDAY_8, 9000 * NS_PER_HOUR);
        town_open(&town, true);
        show(1, 7500, 2500);
        show(2, 7000, 3000);
        town_run(&town, false);
        assert_int_equal(town.n_wishes, 0); /* Nothing is wrong. */
        assert_true(town_count(&town, HUMAN_ACKNOWLEDGED) <= 1);
        n_noticed += town_count(&town, HUMAN_ACKNOWLEDGED);
    }
    assert_true(is_share(n_noticed, 1000, 0.92, 0.035)); /* No stranger reports what harms nobody. */
}

static void condition_when_no_fault_is_not_noticed(void **state)
{
    (void)state;
    static const enum plan_kind kinds[] = {PLAN_HOLIDAY, PLAN_HARMLESS_SHIFT, PLAN_HEALTHY_PUSH,
                                           PLAN_INJECTED_TEXT, PLAN_CRASH};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        town_init(&town, 5, MONDAY_8, 9000 * NS_PER_HOUR);
        town.plan.n_items = 1;
        town.plan.items[0] =
            (struct plan_item){.kind = kinds[i], .model = {1}, .at = NS_PER_HOUR, .until = NEVER};
        town_open(&town, true);
        town_run(&town, false);
        assert_int_equal(town.truth.n_human, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_when_it_begins_is_picked_up_as_slowly_as_claimed),
        cmocka_unit_test(fault_when_beyond_the_horizon_is_nobodys),
        cmocka_unit_test(people_when_they_act_alone_send_nothing_to_an_agent),
        cmocka_unit_test(work_when_summed_leaves_out_waiting),
        cmocka_unit_test(alert_when_inputs_move_is_raised_once_a_model),
        cmocka_unit_test(condition_when_no_fault_is_not_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
