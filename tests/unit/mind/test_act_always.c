/* SPDX-License-Identifier: Apache-2.0 */
/* The mind that answers every symptom with a change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/mind/fixture.h"

static struct bench bench;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&bench, &bench_act_always);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static const struct bench_window shifted = {.shifted = true};

static void act_always_when_all_is_well_says_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        bench_window(&bench, 1, (struct bench_window){.scored = 500, .wrong = 60});
        assert_int_equal(bench.advice.n_items, 0);
    }
}

static void act_always_when_a_symptom_shows_acts_on_what_the_tools_say(void **state)
{
    (void)state;
    bench_window(&bench, 1, shifted);
    assert_non_null(bench_find(&bench, ADVICE_OPEN));
    assert_true(bench_count(&bench, ADVICE_ASK) >= 8);
    bench_answer_all(&bench, 1);
    const struct advice_item *item = bench_find(&bench, ADVICE_PROPOSE);
    assert_non_null(item);
    assert_int_equal(item->verb, VERB_RETRAIN);
    assert_int_equal(item->args.window, TRAIN_LAST_N);
    assert_true(item->args.to_ns == bench.event.at);
    assert_true(item->n_evidence >= 1);
}

static void act_always_when_refused_tries_other_verbs_with_rising_plans(void **state)
{
    (void)state;
    uint64_t verbs = 0;
    uint16_t plan = 0;
    for (int i = 0; i < 12; i++) {
        bench_window(&bench, 1, shifted);
        bench_answer_all(&bench, 1);
        for (int j = 0; j < 20; j++) {
            const struct advice_item *item = bench_find(&bench, ADVICE_PROPOSE);
            if (item == NULL) {
                break;
            }
            assert_true(item->plan > plan);
            plan = item->plan;
            verbs |= UINT64_C(1) << item->verb;
            bench_entry(&bench, item->incident.value)->n_refused++;
            bench_tick(&bench, 0);
        }
        assert_int_equal(bench_count(&bench, ADVICE_ESCALATE), 0);
    }
    static const enum verb expected[] = {
        VERB_RETRAIN,  VERB_ROLLBACK,        VERB_ROLLBACK_CONFIG, VERB_THRESHOLD,
        VERB_FALLBACK, VERB_DISABLE_FEATURE, VERB_QUARANTINE_DATA, VERB_PIN_SNAPSHOT};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_true((verbs >> expected[i] & 1) != 0);
    }
}

static void act_always_when_an_action_is_under_way_waits_for_it(void **state)
{
    (void)state;
    bench_window(&bench, 1, shifted);
    bench_answer_all(&bench, 1);
    const struct advice_item *item = bench_find(&bench, ADVICE_PROPOSE);
    assert_non_null(item);
    struct advice_item proposal = *item;
    bench_act(&bench, &proposal, ACTION_INTENDED);
    bench_tick(&bench, NS_PER_S);
    assert_int_equal(bench_count(&bench, ADVICE_PROPOSE), 0);
    bench_act(&bench, &proposal, ACTION_VERIFIED);
    bench_tick(&bench, NS_PER_S);
    assert_int_equal(bench_count(&bench, ADVICE_PROPOSE), 1);
}

static void act_always_when_a_training_ended_goes_for_canary_and_promotion(void **state)
{
    (void)state;
    bench_window(&bench, 1, shifted);
    bench_answer_all(&bench, 1);
    uint64_t verbs = 0;
    bench.docket.entries[0].trained.value = 6;
    for (int i = 0; i < 4; i++) {
        bench.docket.entries[0].n_refused++;
        bench.docket.entries[0].canary_passed = i >= 2;
        bench_tick(&bench, 0);
        const struct advice_item *item = bench_find(&bench, ADVICE_PROPOSE);
        assert_non_null(item);
        verbs |= UINT64_C(1) << item->verb;
    }
    assert_true((verbs >> VERB_CANARY & 1) != 0);
    assert_true((verbs >> VERB_PROMOTE & 1) != 0);
}

static void act_always_when_the_symptom_is_gone_closes(void **state)
{
    (void)state;
    bench_window(&bench, 1, shifted);
    for (int i = 0; i < 4; i++) {
        bench_window(&bench, 1, (struct bench_window){0});
    }
    bench_tick(&bench, NS_PER_S);
    assert_int_equal(bench.docket.n_entries, 0);
}

static void act_always_when_restored_goes_on_alike(void **state)
{
    (void)state;
    bench_window(&bench, 1, shifted);
    bench_answer_all(&bench, 1);
    assert_round_trip(&bench, &bench_act_always);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(act_always_when_all_is_well_says_nothing),
        ON_BENCH(act_always_when_a_symptom_shows_acts_on_what_the_tools_say),
        ON_BENCH(act_always_when_refused_tries_other_verbs_with_rising_plans),
        ON_BENCH(act_always_when_an_action_is_under_way_waits_for_it),
        ON_BENCH(act_always_when_a_training_ended_goes_for_canary_and_promotion),
        ON_BENCH(act_always_when_the_symptom_is_gone_closes),
        ON_BENCH(act_always_when_restored_goes_on_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
