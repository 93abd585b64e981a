/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator against river's and CapyMOA's published figures, counted cases, and its baselines. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/detect/evaluate.h"

static void assert_near(double seen, double expected)
{
    if (!(fabs(seen - expected) <= 1e-4 * fmax(1.0, fabs(expected)))) {
        fail_msg("seen %.12g, expected %.12g", seen, expected);
    }
}

/* Changes at these rows, found within `delay`. */
static struct evaluation judge(uint64_t n, const uint64_t *alarms, uint64_t n_alarms,
                               const uint64_t *changes, uint64_t n_changes, uint64_t delay)
{
    struct episode episodes[8];
    for (uint64_t i = 0; i < n_changes; i++) {
        episodes[i] = (struct episode){changes[i], changes[i] + delay};
    }
    return evaluate(n, alarms, n_alarms, episodes, n_changes);
}

/* evaluate.py of river's pull request 1963. */
static void evaluate_when_figures_are_rivers_is_the_same(void **state)
{
    (void)state;
    static const uint64_t one[] = {100}, two[] = {100, 500}, three[] = {100, 500, 900};
    static const uint64_t late[] = {110, 900}, twice[] = {110, 130}, both[] = {110, 530};
    struct evaluation evaluation = judge(1000, late, 2, one, 1, 50);
    assert_int_equal(evaluation.n_hits, 1);
    assert_int_equal(evaluation.n_false, 1);
    assert_near(evaluation.precision, 0.5);
    assert_near(evaluation.far, 1.0);
    evaluation = judge(1000, twice, 2, two, 2, 50);
    assert_near(evaluation.recall, 2.0 / 3.0);
    assert_near(evaluation.episode_recall, 0.5);
    evaluation = judge(1000, both, 2, three, 3, 100);
    assert_near(evaluation.mtd, 20.0);
    assert_near(evaluation.normalized_delay, 0.2);
    static const uint64_t gaps[] = {200, 300, 500}, mixed[] = {110, 400, 700}, ends[] = {100, 900};
    assert_near(judge(1000, gaps, 3, NULL, 0, 0).mtfa, 150.0);
    evaluation = judge(1000, mixed, 3, ends, 2, 50);
    assert_near(evaluation.mtr, 15.0);
    assert_near(evaluation.mdr, 0.5);
}

/* EvaluateDriftDetector of CapyMOA. */
static void evaluate_when_figures_are_capymoas_is_the_same(void **state)
{
    (void)state;
    static const uint64_t alarms[] = {500, 1200, 1250, 2100}, changes[] = {1000, 2000};
    struct evaluation evaluation = judge(3000, alarms, 4, changes, 2, 200);
    assert_near(evaluation.f1, 0.6667);
    assert_near(evaluation.mtd, 150.0);
    assert_near(evaluation.normalized_delay, 0.75);
}

/* An episode without an end of its own ends with the next one, or with the stream: 50 of 299 rows, and 100 of 599. */
static void evaluate_when_episodes_are_endless_measures_delay_by_what_there_was(void **state)
{
    (void)state;
    static const struct episode episodes[] = {{100, 100 + (uint64_t)UINT32_MAX},
                                              {400, 400 + (uint64_t)UINT32_MAX}};
    static const uint64_t alarms[] = {150, 500};
    struct evaluation evaluation = evaluate(1000, alarms, 2, episodes, 2);
    assert_int_equal(evaluation.n_detected, 2);
    assert_near(evaluation.normalized_delay, (50.0 / 299.0 + 100.0 / 599.0) / 2.0);
}

static void evaluate_when_nothing_was_said_has_no_precision(void **state)
{
    (void)state;
    static const uint64_t changes[] = {100};
    struct evaluation evaluation = judge(1000, NULL, 0, changes, 1, 99);
    assert_true(isnan(evaluation.precision));
    assert_true(isnan(evaluation.mtd));
    assert_true(isnan(evaluation.mtr));
    assert_near(evaluation.mdr, 1.0);
    assert_near(evaluation.f1, 0.0);
    assert_near(evaluation.recall, 0.0);
    assert_int_equal(evaluation.n_outside, 900);
    assert_true(isinf(evaluation.arl));
    assert_near(evaluation.arl_low, 900.0 / 3.688879454);
}

/* Nine false alarms in 9,000 rows. Exact interval of nine events (Garwood): 4.1154 to 17.0848; Byar's is within 1 %. */
static void evaluate_when_false_alarms_are_counted_has_their_interval(void **state)
{
    (void)state;
    uint64_t alarms[9];
    for (uint64_t i = 0; i < 9; i++) {
        alarms[i] = 1000 * i + 7;
    }
    struct evaluation evaluation = judge(9000, alarms, 9, NULL, 0, 0);
    assert_near(evaluation.arl, 1000.0);
    assert_near(evaluation.mtfa, 1000.0);
    assert_true(fabs(evaluation.arl_low - 9000.0 / 17.0848) < 0.01 * 9000.0 / 17.0848);
    assert_true(fabs(evaluation.arl_high - 9000.0 / 4.1154) < 0.01 * 9000.0 / 4.1154);
}

/* The second change ends the first one's time; an alarm at a change's own row is a hit without delay; a change beyond the end is missed. */
static void evaluate_when_episodes_overlap_gives_each_alarm_to_the_last(void **state)
{
    (void)state;
    static const struct episode episodes[] = {{100, 500}, {300, 400}, {2000, 2100}};
    static const uint64_t alarms[] = {99, 300, 399, 450};
    struct evaluation evaluation = evaluate(1000, alarms, 4, episodes, 3);
    assert_int_equal(evaluation.n_detected, 1);
    assert_int_equal(evaluation.n_hits, 2);
    assert_int_equal(evaluation.n_false, 2);
    assert_near(evaluation.mtd, 0.0);
    assert_true(isinf(evaluation.mtr));
    assert_int_equal(evaluation.n_outside, 1000 - 301);
    assert_near(evaluation.mdr, 2.0 / 3.0);
}

/* Alarms at 99, 199, ...: of ten, one lies within 99 rows of the change at 150. */
static void evaluate_periodic_when_alarms_are_blind_is_counted_like_any(void **state)
{
    (void)state;
    static const struct episode episode = {150, 249};
    struct evaluation evaluation = evaluate_periodic(1000, 100, &episode, 1);
    assert_int_equal(evaluation.n_alarms, 10);
    assert_int_equal(evaluation.n_hits, 1);
    assert_near(evaluation.mtd, 49.0);
    assert_near(evaluation.precision, 0.1);
    evaluation = evaluate_periodic(1000, 1001, &episode, 1);
    assert_int_equal(evaluation.n_alarms, 0);
    assert_near(evaluation.mdr, 1.0);
}

/* More blind alarms score better on more changes: why the baseline stands beside every figure. */
static void evaluate_periodic_when_changes_are_dense_gains_f1(void **state)
{
    (void)state;
    struct episode few[5], many[50];
    for (uint64_t i = 0; i < 50; i++) {
        many[i] = (struct episode){1000 * i + 40, 1000 * i + 540};
    }
    for (uint64_t i = 0; i < 5; i++) {
        few[i] = many[10 * i];
    }
    double with_few = evaluate_periodic(50000, 100, few, 5).f1;
    double with_many = evaluate_periodic(50000, 100, many, 50).f1;
    assert_true(with_few < 0.15);
    assert_true(with_many > 0.6);
}

static void lift_when_alarms_are_none_is_unknown(void **state)
{
    (void)state;
    assert_near(lift_per_drift(0.797, 0.696, 14), 0.00721);
    assert_true(isnan(lift_per_drift(0.7, 0.7, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluate_when_figures_are_rivers_is_the_same),
        cmocka_unit_test(evaluate_when_figures_are_capymoas_is_the_same),
        cmocka_unit_test(evaluate_when_episodes_are_endless_measures_delay_by_what_there_was),
        cmocka_unit_test(evaluate_when_nothing_was_said_has_no_precision),
        cmocka_unit_test(evaluate_when_false_alarms_are_counted_has_their_interval),
        cmocka_unit_test(evaluate_when_episodes_overlap_gives_each_alarm_to_the_last),
        cmocka_unit_test(evaluate_periodic_when_alarms_are_blind_is_counted_like_any),
        cmocka_unit_test(evaluate_periodic_when_changes_are_dense_gains_f1),
        cmocka_unit_test(lift_when_alarms_are_none_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
