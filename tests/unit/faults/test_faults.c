/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: intervals, rates, the numbering of crashes, the steps of controls, and that no condition moves another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/faults/faults.h"

enum { ACTS = 20000 };

static const struct model_id first = {1}, second = {2}, fleet = {0};

static struct plan plan_of(const struct plan_item *items, uint32_t n_items)
{
    struct plan plan = {.seed = 21, .n_items = n_items};
    memcpy(plan.items, items, n_items * sizeof(items[0]));
    return plan;
}

static const struct plan_item everything[] = {
    {.kind = PLAN_ACTION_FAILURE, .at = 0, .until = NEVER, .a = 0.3},
    {.kind = PLAN_UNKNOWN_OUTCOME, .at = 0, .until = NEVER, .a = 0.4},
    {.kind = PLAN_TELEMETRY_LOST, .model = {2}, .at = NS_PER_HOUR, .until = 2 * NS_PER_HOUR},
    {.kind = PLAN_TELEMETRY_LATE, .model = {1}, .at = NS_PER_HOUR, .until = 2 * NS_PER_HOUR, .a = 42.5},
    {.kind = PLAN_LLM_OUTAGE, .at = NS_PER_HOUR, .until = 2 * NS_PER_HOUR},
    {.kind = PLAN_PAGE_OUTAGE, .at = NS_PER_HOUR, .until = 2 * NS_PER_HOUR},
    {.kind = PLAN_REGISTRY_OUTAGE, .at = NS_PER_HOUR, .until = 2 * NS_PER_HOUR},
    {.kind = PLAN_CRASH, .at = NS_PER_HOUR, .until = NS_PER_HOUR + 90 * NS_PER_S, .a = 2, .b = 0},
    {.kind = PLAN_CRASH, .at = NS_PER_HOUR, .until = NS_PER_HOUR + 30 * NS_PER_S, .a = 3, .b = 1},
};
enum { N_EVERYTHING = sizeof(everything) / sizeof(everything[0]) };

/* Everything that the faults say about a stretch of an episode, as numbers. */
struct effects_seen {
    bool llm[10], channels[10], registry[10], crash_before[6], crash_after[6];
    int64_t delay[2][10];
    enum action_fault act[64];
};

static struct effects_seen see(const struct plan *plan)
{
    struct effects_seen seen;
    memset(&seen, 0, sizeof(seen));
    for (int i = 0; i < 10; i++) {
        int64_t at = i * 20 * NS_PER_MIN;
        seen.llm[i] = faults_llm_down(plan, at);
        seen.channels[i] = faults_channels_down(plan, at);
        seen.registry[i] = faults_registry_down(plan, at);
        for (uint16_t model = 1; model <= 2; model++) {
            struct event window = {.kind = EVENT_WINDOW, .at = at, .window = {.model = {model}}};
            seen.delay[model - 1][i] = faults_window_delay(plan, &window);
        }
    }
    for (uint64_t act = 0; act < 6; act++) {
        int64_t down_ns = 0;
        seen.crash_before[act] = faults_crash(plan, act, false, &down_ns);
        seen.crash_after[act] = faults_crash(plan, act, true, &down_ns);
    }
    for (uint64_t act = 0; act < 64; act++) {
        seen.act[act] = faults_action(plan, 0, first, VERB_FALLBACK, act);
    }
    return seen;
}

static void condition_when_removed_moves_nothing_else(void **state)
{
    (void)state;
    struct plan whole = plan_of(everything, N_EVERYTHING);
    struct effects_seen all = see(&whole);
    for (uint32_t gone = 0; gone < N_EVERYTHING; gone++) {
        struct plan less = plan_of(everything, N_EVERYTHING - 1);
        for (uint32_t i = gone; i + 1 < N_EVERYTHING; i++) {
            less.items[i] = everything[i + 1];
        }
        struct effects_seen rest = see(&less);
        enum plan_kind kind = everything[gone].kind;
        assert_true(kind == PLAN_LLM_OUTAGE || memcmp(rest.llm, all.llm, sizeof(all.llm)) == 0);
        assert_true(kind == PLAN_PAGE_OUTAGE ||
                    memcmp(rest.channels, all.channels, sizeof(all.channels)) == 0);
        assert_true(kind == PLAN_REGISTRY_OUTAGE ||
                    memcmp(rest.registry, all.registry, sizeof(all.registry)) == 0);
        assert_true(kind == PLAN_TELEMETRY_LATE ||
                    memcmp(rest.delay[0], all.delay[0], sizeof(all.delay[0])) == 0);
        assert_true(kind == PLAN_TELEMETRY_LOST ||
                    memcmp(rest.delay[1], all.delay[1], sizeof(all.delay[1])) == 0);
        assert_true(kind == PLAN_CRASH ||
                    memcmp(rest.crash_before, all.crash_before, sizeof(all.crash_before)) == 0);
        assert_true(kind == PLAN_CRASH ||
                    memcmp(rest.crash_after, all.crash_after, sizeof(all.crash_after)) == 0);
        for (int act = 0; act < 64; act++) {
            bool was_failure = all.act[act] == ACTION_FAILS,
                 is_failure = rest.act[act] == ACTION_FAILS;
            assert_true(kind == PLAN_ACTION_FAILURE || was_failure == is_failure);
            assert_true(kind == PLAN_UNKNOWN_OUTCOME || was_failure || rest.act[act] == all.act[act]);
        }
    }
}

static void interval_when_asked_holds_its_begin_and_not_its_end(void **state)
{
    (void)state;
    struct plan plan = plan_of(everything, N_EVERYTHING);
    assert_false(faults_llm_down(&plan, NS_PER_HOUR - 1));
    assert_true(faults_llm_down(&plan, NS_PER_HOUR));
    assert_true(faults_llm_down(&plan, 2 * NS_PER_HOUR - 1));
    assert_false(faults_llm_down(&plan, 2 * NS_PER_HOUR));
    assert_true(faults_active(&plan, PLAN_ACTION_FAILURE, NEVER - 1, second) == &plan.items[0]);
}

static void item_when_of_one_model_leaves_the_others(void **state)
{
    (void)state;
    struct plan plan = plan_of(everything, N_EVERYTHING);
    struct event window = {.kind = EVENT_WINDOW, .at = NS_PER_HOUR, .window = {.model = first}};
    assert_int_equal(faults_window_delay(&plan, &window), 42500 * NS_PER_MS);
    window.window.model = second;
    assert_int_equal(faults_window_delay(&plan, &window), -1);
    window.window.model.value = 3;
    assert_int_equal(faults_window_delay(&plan, &window), 0);
    assert_null(faults_active(&plan, PLAN_TELEMETRY_LOST, NS_PER_HOUR, fleet));
}

static void action_when_conditions_hold_fails_at_their_rates(void **state)
{
    (void)state;
    struct plan plan = plan_of(everything, 2);
    uint64_t n[4] = {0};
    for (uint64_t act = 1; act <= ACTS; act++) {
        n[faults_action(&plan, 0, first, VERB_FALLBACK, act)]++;
    }
    assert_in_range(n[ACTION_FAILS], 5740, 6260);        /* .30 and four standard errors. */
    assert_in_range(n[ACTION_UNKNOWN_DONE], 2580, 3020); /* .7 x .4 x .5. */
    assert_in_range(n[ACTION_UNKNOWN_NOT_DONE], 2580, 3020);
    assert_int_equal(n[0] + n[1] + n[2] + n[3], ACTS);
    plan.n_items = 0;
    assert_int_equal(faults_action(&plan, 0, first, VERB_FALLBACK, 1), ACTION_GOES);
}

static void registry_when_down_fails_only_what_needs_it(void **state)
{
    (void)state;
    struct plan plan = plan_of(&everything[6], 1);
    static const enum verb needs[] = {VERB_PROMOTE, VERB_ROLLBACK, VERB_CANARY, VERB_RETRAIN,
                                      VERB_RECONCILE};
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        assert_int_equal(faults_action(&plan, NS_PER_HOUR, first, needs[i], 1), ACTION_FAILS);
        assert_int_equal(faults_action(&plan, 0, first, needs[i], 1), ACTION_GOES);
    }
    assert_int_equal(faults_action(&plan, NS_PER_HOUR, first, VERB_FALLBACK, 1), ACTION_GOES);
    assert_int_equal(faults_action(&plan, NS_PER_HOUR, first, VERB_ROLLBACK_CONFIG, 1), ACTION_GOES);
}

static void crash_when_numbered_happens_at_that_act_on_that_side(void **state)
{
    (void)state;
    struct plan plan = plan_of(everything, N_EVERYTHING);
    for (uint64_t act = 0; act < 6; act++) {
        int64_t down_ns = -1;
        assert_int_equal(faults_crash(&plan, act, false, &down_ns), act == 2);
        assert_int_equal(down_ns, act == 2 ? 90 * NS_PER_S : -1);
        down_ns = -1;
        assert_int_equal(faults_crash(&plan, act, true, &down_ns), act == 3);
        assert_int_equal(down_ns, act == 3 ? 30 * NS_PER_S : -1);
    }
}

/* Controls. */

static struct deployment two_people(void)
{
    struct deployment deployment;
    memset(&deployment, 0, sizeof(deployment));
    deployment.n_people = 2;
    deployment.people[0].roles = 1u << ROLE_ONCALL;
    deployment.people[1].roles = 1u << ROLE_OPERATOR;
    return deployment;
}

static void halt_when_planned_is_thrown_and_reset_by_an_operator(void **state)
{
    (void)state;
    struct deployment deployment = two_people();
    struct plan_item item = {.kind = PLAN_HALT, .at = NS_PER_MIN, .until = NS_PER_HOUR};
    struct plan plan = plan_of(&item, 1);
    struct control_event control;
    int64_t at = 0;
    assert_true(faults_control(&plan, &deployment, 0, 0, &at, &control));
    assert_int_equal(control.kind, CONTROL_HALT);
    assert_int_equal(control.person.value, 2);
    assert_int_equal(at, NS_PER_MIN);
    assert_true(faults_control(&plan, &deployment, 0, 1, &at, &control));
    assert_int_equal(control.kind, CONTROL_RESET);
    assert_int_equal(control.person.value, 2);
    assert_int_equal(at, NS_PER_HOUR);
    assert_false(faults_control(&plan, &deployment, 0, 2, &at, &control));
}

static void forged_reset_when_planned_comes_from_no_operator(void **state)
{
    (void)state;
    struct deployment deployment = two_people();
    struct plan_item item = {.kind = PLAN_FORGED_RESET, .at = NS_PER_MIN, .until = NEVER};
    struct plan plan = plan_of(&item, 1);
    struct control_event control;
    int64_t at = 0;
    assert_true(faults_control(&plan, &deployment, 0, 0, &at, &control));
    assert_int_equal(control.kind, CONTROL_RESET);
    assert_int_equal(control.person.value, 1);
    assert_false(faults_control(&plan, &deployment, 0, 1, &at, &control));
}

/* Steps of an armed dead man: returns the last heartbeat. */
static int64_t beat_until_disarmed(const struct plan *plan, const struct deployment *deployment,
                                   uint64_t *ret_step)
{
    struct control_event control;
    int64_t at = 0, last = 0;
    assert_true(faults_control(plan, deployment, 0, 0, &at, &control));
    assert_int_equal(control.kind, CONTROL_ARM);
    assert_int_equal(control.person.value, 2);
    last = at;
    for (uint64_t step = 1;; step++) {
        assert_true(faults_control(plan, deployment, 0, step, &at, &control));
        if (control.kind == CONTROL_DISARM) {
            assert_int_equal(at, plan->items[0].until);
            assert_int_equal(control.person.value, 2);
            *ret_step = step;
            return last;
        }
        assert_int_equal(control.kind, CONTROL_HEARTBEAT);
        assert_int_equal(at - last, 15 * NS_PER_S);
        last = at;
    }
}

static void dead_man_when_heartbeats_stop_is_disarmed_and_reset(void **state)
{
    (void)state;
    struct deployment deployment = two_people();
    struct plan_item item = {
        .kind = PLAN_DEAD_MAN, .at = NS_PER_HOUR, .until = 2 * NS_PER_HOUR, .a = 300};
    struct plan plan = plan_of(&item, 1);
    uint64_t step = 0;
    int64_t last = beat_until_disarmed(&plan, &deployment, &step);
    assert_int_equal(last, NS_PER_HOUR + 300 * NS_PER_S);
    struct control_event control;
    int64_t at = 0;
    assert_true(faults_control(&plan, &deployment, 0, step + 1, &at, &control));
    assert_int_equal(control.kind, CONTROL_RESET);
    assert_int_equal(at, 2 * NS_PER_HOUR);
    assert_false(faults_control(&plan, &deployment, 0, step + 2, &at, &control));
}

static void dead_man_when_heartbeats_last_never_expires(void **state)
{
    (void)state;
    struct deployment deployment = two_people();
    struct plan_item item = {
        .kind = PLAN_DEAD_MAN, .at = NS_PER_HOUR, .until = NS_PER_HOUR + 1000 * NS_PER_S, .a = 950};
    struct plan plan = plan_of(&item, 1);
    uint64_t step = 0;
    int64_t last = beat_until_disarmed(&plan, &deployment, &step);
    assert_true(item.until - last <= 15 * NS_PER_S);
    struct control_event control;
    int64_t at = 0;
    assert_false(faults_control(&plan, &deployment, 0, step + 1, &at, &control));
}

static void control_when_the_item_is_another_kind_has_no_step(void **state)
{
    (void)state;
    struct deployment deployment = two_people();
    struct plan plan = plan_of(everything, N_EVERYTHING);
    for (uint32_t i = 0; i < N_EVERYTHING; i++) {
        struct control_event control;
        int64_t at = 0;
        assert_false(faults_control(&plan, &deployment, i, 0, &at, &control));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(condition_when_removed_moves_nothing_else),
        cmocka_unit_test(interval_when_asked_holds_its_begin_and_not_its_end),
        cmocka_unit_test(item_when_of_one_model_leaves_the_others),
        cmocka_unit_test(action_when_conditions_hold_fails_at_their_rates),
        cmocka_unit_test(registry_when_down_fails_only_what_needs_it),
        cmocka_unit_test(crash_when_numbered_happens_at_that_act_on_that_side),
        cmocka_unit_test(halt_when_planned_is_thrown_and_reset_by_an_operator),
        cmocka_unit_test(forged_reset_when_planned_comes_from_no_operator),
        cmocka_unit_test(dead_man_when_heartbeats_stop_is_disarmed_and_reset),
        cmocka_unit_test(dead_man_when_heartbeats_last_never_expires),
        cmocka_unit_test(control_when_the_item_is_another_kind_has_no_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
