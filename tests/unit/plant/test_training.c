/* SPDX-License-Identifier: Apache-2.0 */
/* Training on what a window holds: rows of after a drift mend it, mixed and corrupt ones do not, few ones shake. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/plant/world.h"

static const int64_t onset = NS_PER_HOUR;

struct result {
    bool trained;
    struct truth_version version;
    struct ledger_entry entry;
    double quality, healthy;
};

/* Trains model 1 on a window at a time and waits for the version. Fates of training differ by seed: false when it failed. */
static struct result train(struct world *world, int64_t at, int64_t from, int64_t to)
{
    struct result result = {.trained = false};
    world_run(world, at);
    struct action_args args = {.model = {1}, .window = TRAIN_LAST_N, .from_ns = from, .to_ns = to};
    world_act(world, VERB_RETRAIN, args, 5, FATE_NORMAL);
    world_run(world, world->plan.horizon_ns - 1);
    const struct event *event = world_last(world, EVENT_OUTCOME, 0);
    result.entry = world->truth.ledger[0];
    result.trained = event->outcome.status == OUTCOME_TRAINED;
    if (result.trained) {
        result.version = *world_version(world, 1, event->outcome.version.value);
        result.quality = result.version.quality;
        result.healthy = world_model(world, 1)->healthy_quality;
    }
    return result;
}

static struct world *concept_shift(uint64_t seed)
{
    struct world *world = world_open(seed);
    world->plan.horizon_ns = 3 * NS_PER_DAY;
    world_plan(world, PLAN_CONCEPT_SHIFT, 1, onset)->b = 45.0;
    world_begin(world, NULL);
    return world;
}

static void retrain_when_rows_are_of_after_the_drift_mends_and_mixed_does_not(void **state)
{
    (void)state;
    uint32_t n = 0;
    double after = 0.0, mixed = 0.0, before = 0.0;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        int64_t at = onset + 4 * NS_PER_HOUR;
        struct world *world = concept_shift(seed);
        struct result clean = train(world, at, onset, at);
        world_close(world);
        world = concept_shift(seed);
        struct result blend = train(world, at, onset - 2 * NS_PER_HOUR, at);
        world_close(world);
        world = concept_shift(seed);
        struct result old = train(world, at, onset - NS_PER_DAY, onset);
        world_close(world);
        if (!clean.trained || !blend.trained || !old.trained) {
            continue; /* One training in twelve fails. */
        }
        n++;
        after += clean.healthy - clean.quality;
        mixed += blend.healthy - blend.quality;
        before += old.healthy - old.quality;
        assert_true(clean.entry.rows_after_onset * 100 >= clean.entry.rows * 95);
        assert_int_equal(clean.entry.rows_faulty, 0);
        assert_true(clean.entry.labels_ready);
        assert_true(blend.entry.rows_after_onset * 100 < blend.entry.rows * 95);
        assert_int_equal(old.entry.rows_after_onset, 0);
        assert_false(old.entry.labels_ready);
        assert_true(clean.version.evaluated_from >= clean.version.trained_to);
        assert_false(clean.version.bad);
        assert_false(clean.version.certified);
    }
    assert_true(n >= 4);
    assert_true(after / n < 0.015);
    assert_true(mixed / n > after / n + 0.02);
    assert_true(before / n > mixed / n);
}

static void retrain_when_put_into_service_ends_the_drift(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct world *world = concept_shift(seed);
        int64_t at = onset + 4 * NS_PER_HOUR;
        world_run(world, at);
        struct action_args args = {.model = {1}, .from_ns = onset, .to_ns = at};
        world_act(world, VERB_RETRAIN, args, 5, FATE_NORMAL);
        world_run(world, at + 2 * NS_PER_MIN);
        assert_true(world_model(world, 1)->training || world->truth.ledger[0].end != LEDGER_DONE);
        world_run(world, 2 * NS_PER_DAY);
        const struct event *event = world_last(world, EVENT_OUTCOME, 0);
        if (event->outcome.status != OUTCOME_TRAINED) {
            world_close(world);
            continue;
        }
        assert_false(world_model(world, 1)->training);
        assert_true(world_model(world, 1)->faulty);
        const struct truth_version *version = world_version(world, 1, event->outcome.version.value);
        args = (struct action_args){
            .model = {1}, .target = version->version, .subject = version->digest};
        world_act(world, VERB_PROMOTE, args, 6, FATE_NORMAL);
        world_run(world, 2 * NS_PER_DAY + 10 * NS_PER_MIN);
        if (world->truth.ledger[1].end == LEDGER_DONE) {
            assert_false(world_model(world, 1)->faulty);
            assert_true(world_model(world, 1)->fault_ended == world->truth.ledger[1].effect_at);
        }
        world_close(world);
    }
}

static struct world *unit_change(uint64_t seed)
{
    struct world *world = world_open(seed);
    world->plan.horizon_ns = 3 * NS_PER_DAY;
    struct plan_item *item = world_plan(world, PLAN_UNIT_CHANGE, 1, onset);
    item->a = 100.0;
    item->mask = 0x1;
    item->table.value = 1;
    world_begin(world, NULL);
    return world;
}

static void retrain_when_rows_are_corrupt_harms_after_the_repair(void **state)
{
    (void)state;
    uint32_t n = 0;
    double contaminated = 0.0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct world *world = unit_change(seed);
        int64_t at = onset + 6 * NS_PER_HOUR;
        world_run(world, at);
        struct action_args args = {.model = {1}, .from_ns = onset - 6 * NS_PER_HOUR, .to_ns = at};
        world_act(world, VERB_RETRAIN, args, 5, FATE_NORMAL);
        world_run(world, 2 * NS_PER_DAY);
        const struct event *event = world_last(world, EVENT_OUTCOME, 0);
        if (event->outcome.status == OUTCOME_TRAINED) {
            assert_true(world->truth.ledger[0].rows_faulty * 100 > world->truth.ledger[0].rows);
            assert_true(world_version(world, 1, event->outcome.version.value)->bad);
            plant_repair(world->plant, (struct table_id){1});
            contaminated += world_model(world, 1)->healthy_quality -
                            world_version(world, 1, event->outcome.version.value)->quality;
            n++;
        }
        world_close(world);
    }
    assert_true(n >= 3);
    assert_true(contaminated / n >
                0.03); /* The tempting remedy costs more than it mends once the source is right again. */
}

static void retrain_when_corrupt_rows_are_set_aside_is_clean(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct world *world = unit_change(seed);
        int64_t at = onset + 6 * NS_PER_HOUR;
        world_run(world, at);
        struct action_args aside = {.model = {1}, .table = {1}};
        world_act(world, VERB_QUARANTINE_DATA, aside, 4, FATE_NORMAL);
        world_run(world, at + 5 * NS_PER_MIN);
        struct action_args args = {.model = {1}, .from_ns = onset - 6 * NS_PER_HOUR, .to_ns = at};
        world_act(world, VERB_RETRAIN, args, 5, FATE_NORMAL);
        world_run(world, at + 10 * NS_PER_MIN);
        bool both =
            world->truth.ledger[0].end == LEDGER_DONE && world->truth.ledger[1].end == LEDGER_DONE;
        if (both) {
            assert_int_equal(world->truth.ledger[1].rows_faulty, 0);
            assert_true(world->truth.ledger[1].rows > 1000);
            assert_int_equal(world_model(world, 1)->quarantined_tables, 1);
        }
        world_close(world);
    }
}

static void retrain_when_rows_are_few_is_worse_than_when_many(void **state)
{
    (void)state;
    uint32_t n = 0;
    double few = 0.0, many = 0.0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct world *world = world_open(seed);
        world->plan.horizon_ns = 3 * NS_PER_DAY;
        world_begin(world, NULL);
        struct result little = train(world, NS_PER_HOUR, -5 * NS_PER_MIN, 0);
        world_close(world);
        world = world_open(seed);
        world->plan.horizon_ns = 3 * NS_PER_DAY;
        world_begin(world, NULL);
        struct result lot = train(world, NS_PER_HOUR, -10 * NS_PER_DAY, 0);
        world_close(world);
        if (little.trained && lot.trained) {
            few += little.quality;
            many += lot.quality;
            n++;
        }
    }
    assert_true(n >= 5);
    assert_true(many / n > few / n + 0.001);
}

static void retrain_when_no_label_has_arrived_fails(void **state)
{
    (void)state;
    struct world *world = world_open(3);
    world->plan.horizon_ns = 3 * NS_PER_DAY;
    world_begin(world, NULL);
    struct result result =
        train(world, 2 * NS_PER_HOUR, 2 * NS_PER_HOUR - 20 * NS_PER_MIN, 2 * NS_PER_HOUR);
    assert_false(result.trained);
    assert_int_equal(result.entry.rows, 0);
    world_close(world);
}

static void retrain_when_frozen_or_running_is_refused(void **state)
{
    (void)state;
    struct world *world = world_open(4);
    world_begin(world, NULL);
    world_act(world, VERB_FREEZE_RETRAIN, (struct action_args){.model = {1}}, 4, FATE_NORMAL);
    world_run(world, 5 * NS_PER_MIN);
    struct action_args args = {.model = {1}, .from_ns = -NS_PER_DAY, .to_ns = 0};
    world_act(world, VERB_RETRAIN, args, 5, FATE_NORMAL);
    world_run(world, 10 * NS_PER_MIN);
    assert_int_equal(world->truth.ledger[0].end, LEDGER_DONE);
    assert_int_equal(world->truth.ledger[1].end, LEDGER_FAILED);
    assert_true(world_ask(world, TOOL_STATE, 1)->state.retrain_frozen);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retrain_when_rows_are_of_after_the_drift_mends_and_mixed_does_not),
        cmocka_unit_test(retrain_when_put_into_service_ends_the_drift),
        cmocka_unit_test(retrain_when_rows_are_corrupt_harms_after_the_repair),
        cmocka_unit_test(retrain_when_corrupt_rows_are_set_aside_is_clean),
        cmocka_unit_test(retrain_when_rows_are_few_is_worse_than_when_many),
        cmocka_unit_test(retrain_when_no_label_has_arrived_fails),
        cmocka_unit_test(retrain_when_frozen_or_running_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
