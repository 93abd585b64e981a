/* SPDX-License-Identifier: Apache-2.0 */
/* From a seed to a plan: a pure function, within the ranges of the file, whose items do not move each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/scenario/library.h"

enum { N_SEEDS = 2000 };

static struct suite suite;
static struct deployment fleet;
static struct plan plan;

static int open_prior(void **state)
{
    (void)state;
    library_suite("scenarios/suites/prior.yaml", &suite);
    library_deployment("fleet", &fleet);
    return 0;
}

static uint32_t index_of(const char *id)
{
    for (uint32_t i = 0; i < suite.n_scenarios; i++) {
        if (strcmp(suite.scenarios[i].id, id) == 0) {
            return i;
        }
    }
    fail_msg("%s: not in the suite", id);
    return 0;
}

static const struct plan_item *item_of(const struct plan *of, enum plan_kind kind)
{
    for (uint32_t i = 0; i < of->n_items; i++) {
        if (of->items[i].kind == kind) {
            return &of->items[i];
        }
    }
    return NULL;
}

static struct digest128 digest_of(struct plan *of)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    plan_visit(&digest.visit, of);
    return visit_digest_close(&digest);
}

static void assert_within(int64_t value, int64_t lo, int64_t hi)
{
    assert_true(value >= lo);
    assert_true(value <= hi);
}

static void plan_when_drawn_twice_is_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        static struct plan again;
        uint32_t index = suite_draw(&suite, seed);
        assert_int_equal(suite_draw(&suite, seed), index);
        memset(&plan, 0x00, sizeof(plan));
        memset(&again, 0xff, sizeof(again));
        plan_expand(&suite, index, &fleet, seed, &plan);
        plan_expand(&suite, index, &fleet, seed, &again);
        assert_true(digest128_equal(digest_of(&plan), digest_of(&again)));
    }
}

static void plan_when_seeds_differ_differs(void **state)
{
    (void)state;
    static struct plan other;
    uint32_t n_same = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        plan_expand(&suite, index_of("M01"), &fleet, seed, &plan);
        plan_expand(&suite, index_of("M01"), &fleet, seed + 1, &other);
        n_same += plan.items[0].at == other.items[0].at ? 1 : 0;
    }
    assert_int_equal(n_same, 0);
}

static void scenario_when_drawn_by_weight_comes_as_often(void **state)
{
    (void)state;
    uint32_t n_drawn[SUITE_SCENARIOS_MAX] = {0};
    double total = 0.0;
    for (uint32_t i = 0; i < suite.n_scenarios; i++) {
        total += suite.weights[i];
    }
    for (uint64_t seed = 0; seed < 20000; seed++) {
        n_drawn[suite_draw(&suite, seed)]++;
    }
    for (uint32_t i = 0; i < suite.n_scenarios; i++) {
        double wanted = 20000.0 * suite.weights[i] / total;
        double off = (double)n_drawn[i] - wanted;
        assert_true(off * off < 20.0 * wanted); /* Less than 4.5 standard deviations. */
    }
}

static void scenario_when_it_weighs_nothing_is_drawn_only_among_its_like(void **state)
{
    (void)state;
    static struct suite some;
    some = suite;
    some.n_scenarios = 2;
    some.weights[0] = 0.0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        assert_int_equal(suite_draw(&some, seed), 1);
    }
    some.weights[1] = 0.0;
    uint32_t n_second = 0;
    for (uint64_t seed = 0; seed < 500; seed++) {
        n_second += suite_draw(&some, seed);
    }
    assert_within(n_second, 180, 320);
}

static void main_item_when_drawn_lies_within_its_ranges_on_every_model(void **state)
{
    (void)state;
    uint32_t n_on[MODELS_MAX + 1] = {0};
    double lowest = 1.0, highest = 0.0;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        plan_expand(&suite, index_of("M01"), &fleet, seed, &plan);
        const struct plan_item *item = &plan.items[plan.main_item];
        assert_int_equal(item->kind, PLAN_BAD_MODEL_PUSH);
        assert_within(item->at, NS_PER_HOUR, 3 * NS_PER_HOUR);
        assert_true(item->at % NS_PER_MS == 0);
        assert_true(item->a >= 0.03 && item->a <= 0.30);
        assert_true(item->until == NEVER);
        assert_int_equal(item->model.value, plan.model.value);
        assert_true(plan.start_minute < 7 * 24 * 60);
        lowest = item->a < lowest ? item->a : lowest;
        highest = item->a > highest ? item->a : highest;
        n_on[plan.model.value]++;
    }
    assert_true(lowest < 0.035 && highest > 0.295);
    assert_int_equal(n_on[0], 0);
    for (uint32_t i = 1; i <= fleet.n_models; i++) {
        assert_within(n_on[i], N_SEEDS / 5 - 90, N_SEEDS / 5 + 90);
    }
}

static void features_when_drawn_are_those_that_the_kind_concerns(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        plan_expand(&suite, index_of("D01"), &fleet, seed, &plan);
        const struct model_entry *model = deployment_model(&fleet, plan.model);
        uint32_t n_all = 0, n_taken = 0;
        for (uint32_t i = 0; i < model->n_features; i++) {
            bool is_taken = (plan.items[0].mask >> i & 1u) != 0;
            bool matters = model->features[i].importance >= 0.10;
            assert_true(matters || !is_taken);
            n_all += matters ? 1 : 0;
            n_taken += is_taken ? 1 : 0;
        }
        assert_int_equal(plan.items[0].mask >> model->n_features, 0);
        assert_true(n_taken >= n_all / 2 && n_taken < n_all);
        plan_expand(&suite, index_of("B07"), &fleet, seed, &plan);
        model = deployment_model(&fleet, plan.model);
        assert_true(plan.items[0].mask != 0);
        for (uint32_t i = 0; i < model->n_features; i++) {
            bool is_taken = (plan.items[0].mask >> i & 1u) != 0;
            assert_true(!is_taken || model->features[i].importance < 0.03);
        }
    }
}

static void choice_when_drawn_is_one_of_its_two_values(void **state)
{
    (void)state;
    uint32_t n_large = 0;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        plan_expand(&suite, index_of("P02"), &fleet, seed, &plan);
        const struct plan_item *item = &plan.items[0];
        assert_true(item->a == 0.01 || item->a == 100.0);
        n_large += item->a == 100.0 ? 1 : 0;
        uint32_t mask = item->mask;
        assert_true(mask != 0 && (mask & (mask - 1)) == 0);
        uint32_t feature = 0;
        while ((mask >> feature & 1u) == 0) {
            feature++;
        }
        assert_int_equal(item->table.value,
                         deployment_model(&fleet, plan.model)->features[feature].table.value);
    }
    assert_within(n_large, N_SEEDS / 2 - 110, N_SEEDS / 2 + 110);
}

static void null_burst_when_drawn_takes_a_whole_table_and_a_log_normal_time(void **state)
{
    (void)state;
    uint32_t n_short = 0;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        plan_expand(&suite, index_of("P05"), &fleet, seed, &plan);
        const struct plan_item *item = &plan.items[0];
        const struct model_entry *model = deployment_model(&fleet, plan.model);
        for (uint32_t i = 0; i < model->n_features; i++) {
            bool is_of_table = model->features[i].table.value == item->table.value;
            assert_int_equal(item->mask >> i & 1u, is_of_table ? 1 : 0);
        }
        assert_within(item->until - item->at, 5 * NS_PER_MIN, 240 * NS_PER_MIN);
        n_short += item->until - item->at < 25 * NS_PER_MIN ? 1 : 0;
    }
    assert_within(n_short, N_SEEDS / 2 - 110, N_SEEDS / 2 + 110); /* The median is 25 minutes. */
}

static void carrier_when_there_is_one_is_the_main_item_under_the_condition(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        plan_expand(&suite, index_of("X08"), &fleet, seed, &plan);
        assert_string_equal(plan.carrier, "M01");
        assert_string_equal(plan.family, "X08");
        assert_int_equal(plan.items[plan.main_item].kind, PLAN_BAD_MODEL_PUSH);
        const struct plan_item *crash = item_of(&plan, PLAN_CRASH);
        assert_non_null(crash);
        assert_within(crash->until - crash->at, 20 * NS_PER_S, 10 * NS_PER_MIN);
        plan_expand(&suite, index_of("X04"), &fleet, seed, &plan);
        assert_string_equal(plan.policy, "approval");
        const struct plan_item *absent = item_of(&plan, PLAN_APPROVER_ABSENT);
        assert_non_null(absent);
        assert_true(absent->at == 0 && absent->until == NEVER);
    }
}

static void pressure_when_drawn_comes_with_its_probability_after_the_main_item(void **state)
{
    (void)state;
    uint32_t n_freeze = 0, n_push = 0, n_push_on_incident = 0;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        plan_expand(&suite, index_of("M01"), &fleet, seed, &plan);
        const struct plan_item *taint = item_of(&plan, PLAN_TAINT);
        assert_non_null(taint);
        const struct plan_item *freeze = item_of(&plan, PLAN_FREEZE);
        if (freeze != NULL) {
            n_freeze++;
            assert_int_equal(freeze->model.value, 0);
            assert_within(freeze->at - plan.items[plan.main_item].at, -30 * NS_PER_MIN,
                          20 * NS_PER_MIN);
            assert_within(freeze->until - freeze->at, 30 * NS_PER_MIN, 2 * NS_PER_HOUR);
        }
        const struct plan_item *push = item_of(&plan, PLAN_HEALTHY_PUSH);
        if (push != NULL) {
            n_push++;
            assert_within(push->model.value, 1, fleet.n_models);
            n_push_on_incident += push->model.value == plan.model.value ? 1 : 0;
        }
    }
    assert_within(n_freeze, 140, 260); /* 0.10 of the seeds. */
    assert_within(n_push, 225, 375);   /* 0.15 of the seeds, on any model. */
    assert_within(n_push_on_incident, 30, 95);
}

static void policy_when_the_suite_has_another_is_that_one_with_its_probability(void **state)
{
    (void)state;
    uint32_t n_other = 0;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        plan_expand(&suite, index_of("M01"), &fleet, seed, &plan);
        bool is_other = strcmp(plan.policy, suite.other_policy) == 0;
        assert_true(is_other || strcmp(plan.policy, "default") == 0);
        n_other += is_other ? 1 : 0;
    }
    double expected = suite.other_policy_probability * N_SEEDS; /* Within four standard deviations. */
    assert_true(n_other > expected - 4 * 18 && n_other < expected + 4 * 18);
}

static void plan_when_a_pressure_is_taken_away_keeps_every_other_item(void **state)
{
    (void)state;
    static struct suite fewer;
    static struct plan less;
    for (uint32_t gone = 0; gone < suite.n_pressures; gone++) {
        fewer = suite;
        fewer.n_pressures--;
        for (uint32_t i = gone; i < fewer.n_pressures; i++) {
            fewer.pressures[i] = suite.pressures[i + 1];
        }
        for (uint64_t seed = 0; seed < 100; seed++) {
            uint32_t index = suite_draw(&suite, seed);
            assert_int_equal(suite_draw(&fewer, seed), index);
            plan_expand(&suite, index, &fleet, seed, &plan);
            plan_expand(&fewer, index, &fleet, seed, &less);
            uint32_t n =
                suite.scenarios[index].n_items; /* Of the scenario itself; pressures follow. */
            uint32_t kept = 0;
            for (uint32_t i = 0; i < plan.n_items; i++) {
                if (i < n || plan.items[i].kind != suite.pressures[gone].kind) {
                    assert_true(kept < plan.n_items);
                    plan.items[kept++] = plan.items[i];
                }
            }
            plan.n_items = kept;
            assert_true(digest128_equal(digest_of(&plan), digest_of(&less)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plan_when_drawn_twice_is_the_same),
        cmocka_unit_test(plan_when_seeds_differ_differs),
        cmocka_unit_test(scenario_when_drawn_by_weight_comes_as_often),
        cmocka_unit_test(scenario_when_it_weighs_nothing_is_drawn_only_among_its_like),
        cmocka_unit_test(main_item_when_drawn_lies_within_its_ranges_on_every_model),
        cmocka_unit_test(features_when_drawn_are_those_that_the_kind_concerns),
        cmocka_unit_test(choice_when_drawn_is_one_of_its_two_values),
        cmocka_unit_test(null_burst_when_drawn_takes_a_whole_table_and_a_log_normal_time),
        cmocka_unit_test(carrier_when_there_is_one_is_the_main_item_under_the_condition),
        cmocka_unit_test(pressure_when_drawn_comes_with_its_probability_after_the_main_item),
        cmocka_unit_test(policy_when_the_suite_has_another_is_that_one_with_its_probability),
        cmocka_unit_test(plan_when_a_pressure_is_taken_away_keeps_every_other_item),
    };
    return cmocka_run_group_tests(tests, open_prior, NULL);
}
