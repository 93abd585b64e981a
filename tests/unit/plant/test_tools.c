/* SPDX-License-Identifier: Apache-2.0 */
/* The tools: each answer tells what truth is, with noise, and only what could be known then. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/plant/world.h"

static const int64_t onset = 2 * NS_PER_HOUR;

static void state_when_asked_is_what_the_platform_does(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    world_plan(world, PLAN_BAD_MODEL_PUSH, 1, onset)->a = 0.1;
    world_begin(world, NULL);
    world_run(world, onset + NS_PER_HOUR);
    const struct answer *answer = world_ask(world, TOOL_STATE, 1);
    assert_int_equal(answer->status, ANSWER_OK);
    assert_int_equal(answer->state.serving.value, 6);
    assert_int_equal(answer->state.registered.value, 6);
    assert_int_equal(answer->state.previous.value, 4);
    assert_true(answer->state.serving_digest.lo == world_version(world, 1, 6)->digest.lo);
    assert_int_equal(answer->state.config.value, 2);
    assert_int_equal(answer->state.config_previous.value, 1);
    assert_true(answer->state.requests > 100);
    assert_true(answer->state.ready_replicas > 0);
    assert_true(answer->sampled_at <= engine_now(world->engine));
    world_close(world);
}

static void registry_when_asked_lists_newest_first(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    world_plan(world, PLAN_HEALTHY_PUSH, 1, onset)->a = 0.0;
    world_begin(world, NULL);
    world_run(world, onset + NS_PER_MIN);
    const struct answer *answer = world_ask(world, TOOL_REGISTRY, 1);
    assert_int_equal(answer->registry.n_versions, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(answer->registry.versions[i].version.value, 6 - i);
    }
    assert_true(answer->registry.versions[0].deployed_at == onset);
    assert_true(answer->registry.versions[1].deployed_at == NEVER);
    assert_true(answer->registry.versions[2].certified);
    assert_true(answer->registry.versions[2].evaluated_from >=
                answer->registry.versions[2].trained_to);
    world_close(world);
}

static void registry_when_down_fails(void **state)
{
    (void)state;
    struct world *world = world_open(3);
    world_begin(world, NULL);
    world->truth.platform_down = true;
    struct ask_effect ask = {.question = {9}, .tool = TOOL_REGISTRY, .model = {1}};
    plant_ask(world->plant, &ask);
    world_run(world, 2 * NS_PER_MIN);
    const struct answer *answer = &world_last(world, EVENT_ANSWER, 1)->answer;
    assert_int_equal(answer->status, ANSWER_FAILED);
    assert_int_equal(answer->question.value, 9);
    world_close(world);
}

static void shadow_and_golden_when_a_bad_model_serves_tell_on_it(void **state)
{
    (void)state;
    struct world *world = world_open(4);
    world_plan(world, PLAN_BAD_MODEL_PUSH, 1, onset)->a = 0.15;
    world_begin(world, NULL);
    const struct answer *before = world_ask(world, TOOL_GOLDEN, 1);
    assert_true((double)before->golden.correct / before->golden.n >
                before->golden.reference_accuracy - 0.04);
    world_run(world, onset + 10 * NS_PER_MIN);
    const struct answer *golden = world_ask(world, TOOL_GOLDEN, 1);
    assert_true((double)golden->golden.correct / golden->golden.n <
                golden->golden.reference_accuracy - 0.08);
    const struct answer *shadow = world_ask(world, TOOL_SHADOW, 1);
    assert_int_equal(shadow->shadow.version.value, 4);
    double lead =
        ((double)shadow->shadow.only_shadow_correct - (double)shadow->shadow.only_serving_correct) /
        (double)shadow->shadow.scored;
    assert_true(fabs(lead - 0.15) < 0.04);
    world_close(world);
}

static void labels_when_asked_are_of_due_cohorts(void **state)
{
    (void)state;
    struct world *world = world_open(5);
    world_plan(world, PLAN_CONCEPT_SHIFT, 5, onset)->b = 60.0;
    world_begin(world, NULL);
    world_run(world, onset + 30 * NS_PER_MIN);
    const struct answer *early = world_ask(world, TOOL_LABELS, 5);
    assert_true(early->labels.cohort_to <=
                early->sampled_at - world->deployment.models[4].label_delay_ns);
    double error = 1.0 - (double)early->labels.correct / (double)early->labels.scored;
    assert_true(fabs(error - early->labels.baseline_error) < 0.03);
    world_run(world, onset + 4 * NS_PER_HOUR);
    const struct answer *late = world_ask(world, TOOL_LABELS, 5);
    error = 1.0 - (double)late->labels.correct / (double)late->labels.scored;
    assert_true(late->labels.cohort_from >= onset);
    assert_true(error > late->labels.baseline_error + 0.05);
    assert_true(late->labels.scored >= 1000);
    world_close(world);
}

static void features_when_a_unit_changed_show_scale(void **state)
{
    (void)state;
    struct world *world = world_open(6);
    struct plan_item *item = world_plan(world, PLAN_UNIT_CHANGE, 1, onset);
    item->a = 100.0;
    item->mask = 0x2;
    item->table.value = 1;
    world_begin(world, NULL);
    const struct answer *before = world_ask(world, TOOL_FEATURES, 1);
    for (uint32_t i = 0; i < 6; i++) {
        assert_true(fabs(before->features.features[i].scale - 1.0) < 0.1);
        assert_true(fabs(before->features.features[i].shift) < 0.3);
        assert_true(before->features.features[i].psi < 0.1);
    }
    world_run(world, onset + NS_PER_MIN);
    const struct answer *after = world_ask(world, TOOL_FEATURES, 1);
    assert_true(after->features.features[1].scale > 50.0);
    assert_true(after->features.features[1].psi > 1.0);
    assert_true(after->features.features[0].psi < 0.1);
    world_close(world);
}

static void tables_when_a_source_fails_name_it(void **state)
{
    (void)state;
    struct world *world = world_open(7);
    struct plan_item *burst = world_plan(world, PLAN_NULL_BURST, 1, onset);
    burst->a = 0.7;
    burst->mask = 0xf;
    burst->table.value = 1;
    burst->until = onset + NS_PER_HOUR;
    struct plan_item *schema = world_plan(world, PLAN_SCHEMA_CHANGE, 2, onset);
    schema->mask = 0x1;
    schema->table.value = 3;
    world_begin(world, NULL);
    world_run(world, onset + 40 * NS_PER_MIN);
    const struct answer *tables = world_ask(world, TOOL_TABLES, 1);
    assert_int_equal(tables->tables.n_tables, 2);
    assert_true(tables->tables.tables[0].provider_error_ratio > 0.5);
    assert_true(tables->tables.tables[1].provider_error_ratio < 0.05);
    assert_true(tables->tables.tables[0].snapshot_at < onset);
    assert_true(tables->tables.tables[1].snapshot_at >= onset);
    tables = world_ask(world, TOOL_TABLES, 2);
    assert_true(tables->tables.tables[0].schema_changed_at == onset);
    assert_true(tables->tables.tables[1].schema_changed_at == NEVER);
    world_run(world, onset + 2 * NS_PER_HOUR);
    tables = world_ask(world, TOOL_TABLES, 1);
    assert_true(tables->tables.tables[0].provider_error_ratio < 0.05);
    world_close(world);
}

static void decisions_when_the_threshold_moved_step_without_the_scores(void **state)
{
    (void)state;
    struct world *world = world_open(8);
    world_plan(world, PLAN_BAD_CONFIG_PUSH, 1, onset)->a = 1.0;
    world_begin(world, NULL);
    world_run(world, onset + NS_PER_MIN);
    const struct answer *answer = world_ask(world, TOOL_DECISIONS, 1);
    double rate = (double)answer->decisions.positives / (double)answer->decisions.decisions;
    assert_true(fabs(rate - answer->decisions.reference_rate) > 0.1);
    assert_true(answer->decisions.score_psi < 0.1);
    world_close(world);
}

static void changes_when_asked_are_newest_first_and_of_the_model(void **state)
{
    (void)state;
    struct world *world = world_open(9);
    (void)world_plan(world, PLAN_HEALTHY_PUSH, 1, onset);
    world_plan(world, PLAN_BAD_CONFIG_PUSH, 1, onset + NS_PER_MIN)->a = 0.5;
    (void)world_plan(world, PLAN_HEALTHY_PUSH, 2, onset);
    world_begin(world, NULL);
    world_run(world, onset + 2 * NS_PER_MIN);
    const struct answer *answer = world_ask(world, TOOL_CHANGES, 1);
    assert_int_equal(answer->changes.n_changes, 2);
    assert_int_equal(answer->changes.changes[0].kind, CHANGE_CONFIG);
    assert_int_equal(answer->changes.changes[1].kind, CHANGE_MODEL);
    assert_true(answer->changes.changes[1].at == onset);
    world_close(world);
}

static void calendar_when_asked_lists_what_is_declared(void **state)
{
    (void)state;
    struct world *world = world_open(10);
    struct plan_item *holiday = world_plan(world, PLAN_HOLIDAY, 1, onset);
    holiday->a = 1.5;
    holiday->until = onset + 4 * NS_PER_HOUR;
    world_begin(world, NULL);
    const struct answer *answer = world_ask(world, TOOL_CALENDAR, 1);
    assert_int_equal(answer->calendar.n_entries, 1);
    assert_int_equal(answer->calendar.entries[0].kind, CALENDAR_HOLIDAY);
    assert_int_equal(world_ask(world, TOOL_CALENDAR, 2)->calendar.n_entries, 0);
    world_close(world);
}

static void ask_when_there_is_no_source_or_no_model_tells_so(void **state)
{
    (void)state;
    struct world *world = world_open(11);
    world->deployment.tools &= ~(UINT64_C(1) << TOOL_SHADOW);
    world_begin(world, NULL);
    struct ask_effect ask = {.question = {1}, .tool = TOOL_SHADOW, .model = {1}};
    plant_ask(world->plant, &ask);
    ask.model.value = 17;
    plant_ask(world->plant, &ask);
    world_run(world, 3 * NS_PER_MIN);
    uint32_t n = 0;
    for (uint32_t i = 0; i < world->n_seen; i++) {
        if (world->seen[i].kind == EVENT_ANSWER) {
            assert_int_equal(world->seen[i].answer.status, ANSWER_FAILED);
            n++;
        }
    }
    assert_int_equal(n, 1);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_when_asked_is_what_the_platform_does),
        cmocka_unit_test(registry_when_asked_lists_newest_first),
        cmocka_unit_test(registry_when_down_fails),
        cmocka_unit_test(shadow_and_golden_when_a_bad_model_serves_tell_on_it),
        cmocka_unit_test(labels_when_asked_are_of_due_cohorts),
        cmocka_unit_test(features_when_a_unit_changed_show_scale),
        cmocka_unit_test(tables_when_a_source_fails_name_it),
        cmocka_unit_test(decisions_when_the_threshold_moved_step_without_the_scores),
        cmocka_unit_test(changes_when_asked_are_newest_first_and_of_the_model),
        cmocka_unit_test(calendar_when_asked_lists_what_is_declared),
        cmocka_unit_test(ask_when_there_is_no_source_or_no_model_tells_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
