/* SPDX-License-Identifier: Apache-2.0 */
/* Alertmanager's double: whatever the network does to its posts, the intake takes each alert once and none is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/limits.h"
#include "wire/alerts.h"

#define EPOCH_NS (INT64_C(1767225600) * NS_PER_S)

struct stage {
    struct deployment deployment;
    struct alert_double alerts;
    struct alert_intake intake;
};

static const struct model_id fraud = {2};

static struct stage *stage_open(void)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    assert_non_null(stage);
    stage->deployment.n_models = 2;
    stage->deployment.models[1].accuracy_floor = 0.9;
    (void)snprintf(stage->deployment.models[0].name, sizeof(stage->deployment.models[0].name),
                   "churn");
    (void)snprintf(stage->deployment.models[1].name, sizeof(stage->deployment.models[1].name),
                   "fraud");
    stage->alerts.epoch_unix_ns = EPOCH_NS;
    return stage;
}

static void watch(struct stage *stage, int64_t to, uint32_t errors, uint32_t correct)
{
    const struct window window = {.model = fraud,
                                  .to = to,
                                  .requests = 1000,
                                  .errors = errors,
                                  .labels_scored = 200,
                                  .labels_correct = correct};
    alerts_watch(&stage->alerts, &stage->deployment, &window);
}

static bool deliver(struct stage *stage, enum alert_fault fault)
{
    return alerts_deliver(&stage->alerts, &stage->deployment, fraud, fault, &stage->intake);
}

static void alert_when_a_rule_holds_wakes_its_model_once(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    watch(stage, NS_PER_HOUR, 60, 190);
    assert_true(deliver(stage, ALERT_FAULT_NONE));
    assert_int_equal(stage->intake.woken, 2);
    assert_int_equal(stage->intake.n_kept, 1);
    const struct alert *alert = &stage->intake.batch.alerts[0];
    assert_string_equal(alert->name, "ModelErrorsHigh");
    assert_true(alert->firing);
    assert_int_equal(alert->model.value, 2);
    assert_int_equal(alert->starts_unix_ns, EPOCH_NS + NS_PER_HOUR);
    stage->intake.woken = 0;
    assert_true(deliver(stage, ALERT_FAULT_NONE)); /* Repeated, as Alertmanager does. */
    assert_int_equal(stage->intake.woken, 0);
    assert_int_equal(stage->intake.n_duplicates, 1);
    free(stage);
}

static void alert_when_resolved_is_told_and_wakes_nobody(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    watch(stage, NS_PER_HOUR, 60, 190);
    assert_true(deliver(stage, ALERT_FAULT_NONE));
    stage->intake.woken = 0;
    watch(stage, 2 * NS_PER_HOUR, 0, 190);
    assert_true(deliver(stage, ALERT_FAULT_NONE));
    assert_false(stage->intake.batch.alerts[0].firing);
    assert_int_equal(stage->intake.batch.alerts[0].starts_unix_ns, EPOCH_NS + NS_PER_HOUR);
    assert_int_equal(stage->intake.n_kept, 2);
    assert_int_equal(stage->intake.woken, 0);
    watch(stage, 3 * NS_PER_HOUR, 60, 190); /* The same alert, fired anew. */
    assert_true(deliver(stage, ALERT_FAULT_NONE));
    assert_int_equal(stage->intake.woken, 2);
    free(stage);
}

static void alert_when_its_answer_is_lost_comes_again_and_counts_once(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    watch(stage, NS_PER_HOUR, 0, 100);
    assert_false(deliver(stage, ALERT_FAULT_LOST_2XX));
    assert_int_equal(stage->intake.n_kept, 1);
    assert_true(deliver(stage, ALERT_FAULT_NONE));
    assert_int_equal(stage->intake.n_kept, 1);
    assert_int_equal(stage->intake.n_duplicates, 1);
    free(stage);
}

static void alert_when_cut_or_reset_is_not_taken_and_not_confirmed(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    watch(stage, NS_PER_HOUR, 60, 190);
    assert_false(deliver(stage, ALERT_FAULT_TRUNCATED));
    assert_false(deliver(stage, ALERT_FAULT_RESET));
    assert_int_equal(stage->intake.n_refused, 1);
    assert_int_equal(stage->intake.n_kept, 0);
    assert_true(deliver(stage, ALERT_FAULT_DUPLICATED));
    assert_int_equal(stage->intake.n_kept, 1);
    assert_int_equal(stage->intake.n_duplicates, 1);
    free(stage);
}

static void alert_when_overtaken_by_its_end_is_taken_after_it_and_each_once(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    watch(stage, NS_PER_HOUR, 60, 190);
    assert_false(deliver(stage, ALERT_FAULT_LATE));
    assert_int_equal(stage->intake.n_kept, 0);
    watch(stage, 2 * NS_PER_HOUR, 0, 190);
    assert_true(deliver(stage, ALERT_FAULT_NONE)); /* Resolved first, then what fired. */
    assert_int_equal(stage->intake.n_kept, 2);
    assert_int_equal(stage->intake.n_duplicates, 0);
    assert_true(stage->intake.batch.alerts[0].firing);
    free(stage);
}

static void alerts_when_posts_meet_faults_by_chance_are_all_taken_once(void **state)
{
    (void)state;
    struct stage *stage = stage_open();
    uint32_t n_fired = 0, n_woken = 0;
    for (uint32_t i = 1; i <= 200; i++) {
        bool is_bad = i % 4 == 1;
        n_fired += is_bad ? 1 : 0;
        watch(stage, (int64_t)i * NS_PER_HOUR, is_bad ? 60 : 0, 190);
        for (uint64_t j = 0; j < 12; j++) { /* Later rounds of the same group. */
            struct stream stream;
            stream_init(&stream, 77, "test", 100 * i + j);
            alerts_post(&stage->alerts, &stage->deployment, fraud, &stream, &stage->intake);
        }
        n_woken += stage->intake.woken == 2 ? 1 : 0;
        stage->intake.woken = 0;
    }
    assert_int_equal(n_fired, 50);
    assert_int_equal(n_woken, 50);
    assert_int_equal(stage->intake.n_kept, 100);
    assert_true(stage->intake.n_duplicates > 0);
    assert_true(stage->intake.n_refused > 0);
    free(stage);
}

static void faults_when_drawn_often_all_come(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 5, "test", 0);
    uint32_t counts[N_ALERT_FAULTS] = {0};
    for (uint32_t i = 0; i < 2000; i++) {
        counts[alert_fault_draw(&stream)]++;
    }
    for (uint32_t i = 0; i < N_ALERT_FAULTS; i++) {
        assert_true(counts[i] > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alert_when_a_rule_holds_wakes_its_model_once),
        cmocka_unit_test(alert_when_resolved_is_told_and_wakes_nobody),
        cmocka_unit_test(alert_when_its_answer_is_lost_comes_again_and_counts_once),
        cmocka_unit_test(alert_when_cut_or_reset_is_not_taken_and_not_confirmed),
        cmocka_unit_test(alert_when_overtaken_by_its_end_is_taken_after_it_and_each_once),
        cmocka_unit_test(alerts_when_posts_meet_faults_by_chance_are_all_taken_once),
        cmocka_unit_test(faults_when_drawn_often_all_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
