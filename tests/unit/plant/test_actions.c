/* SPDX-License-Identifier: Apache-2.0 */
/* What acts do to the world, how attempts can end, and what the ledger says of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/plant/world.h"

static const int64_t onset = 2 * NS_PER_HOUR;
static const int64_t settled = 5 * NS_PER_MIN; /* Longer than any attempt. */

static double loss_of(struct world *world, uint16_t model)
{
    return world_model(world, model)->healthy_quality - world_model(world, model)->quality;
}

static const struct ledger_entry *last_entry(const struct world *world)
{
    assert_true(world->truth.n_ledger > 0);
    return &world->truth.ledger[world->truth.n_ledger - 1];
}

static enum outcome_status last_outcome(const struct world *world)
{
    const struct event *event = world_last(world, EVENT_OUTCOME, 0);
    assert_non_null(event);
    return event->outcome.status;
}

static struct world *bad_push(uint64_t seed)
{
    struct world *world = world_open(seed);
    world_plan(world, PLAN_BAD_MODEL_PUSH, 1, onset)->a = 0.15;
    world_begin(world, NULL);
    world_run(world, onset + NS_PER_HOUR);
    return world;
}

static struct action_args to_version(struct world *world, uint16_t version)
{
    return (struct action_args){
        .model = {1}, .target = {version}, .subject = world_version(world, 1, version)->digest};
}

/* One attempt in seventy is aborted for its latency: tries keys until one went through. */
static void act_until_done(struct world *world, enum verb verb, struct action_args args, uint64_t key)
{
    for (uint64_t i = 0; i < 4; i++) {
        world_act(world, verb, args, key + i, FATE_NORMAL);
        world_run(world, engine_now(world->engine) + settled);
        if (last_entry(world)->end != LEDGER_ABORTED) {
            return;
        }
    }
    fail_msg("four attempts in a row were aborted");
}

static void rollback_when_done_restores_and_ends_the_fault(void **state)
{
    (void)state;
    struct world *world = bad_push(1);
    double before = world_model(world, 1)->quality;
    act_until_done(world, VERB_ROLLBACK, to_version(world, 4), 50);
    const struct ledger_entry *entry = last_entry(world);
    assert_int_equal(entry->end, LEDGER_DONE);
    assert_int_equal(last_outcome(world), OUTCOME_DONE);
    assert_true(entry->effect_at > entry->asked_at);
    assert_true(entry->effect_at - entry->asked_at <= 60 * NS_PER_S);
    assert_true(entry->faulty);
    assert_int_equal(entry->cause, CAUSE_BAD_MODEL);
    assert_int_equal(entry->version_before.value, 6);
    assert_int_equal(entry->version_after.value, 4);
    assert_int_equal(entry->after_sequence, 7);
    assert_true(fabs(entry->quality_before - before) < 0.02);
    assert_true(entry->quality_after > entry->quality_before + 0.1);
    assert_true(entry->target_exists && entry->target_available && entry->target_compatible &&
                entry->target_certified);
    assert_false(entry->target_bad);
    assert_true(entry->served_digest.lo == world_version(world, 1, 4)->digest.lo);
    assert_int_equal(entry->moved_ppm, 3000 * 1000000u / 20000);
    assert_false(world_model(world, 1)->faulty);
    assert_true(world_model(world, 1)->fault_ended == entry->effect_at);
    assert_true(fabs(loss_of(world, 1)) < 1e-9);
    assert_int_equal(world_last(world, EVENT_BASELINE, 1)->baseline.version.value, 4);
    world_close(world);
}

static void rollback_when_target_cannot_be_loaded_is_refused(void **state)
{
    (void)state;
    struct world *world = bad_push(2);
    act_until_done(world, VERB_ROLLBACK, to_version(world, 1), 50);
    assert_int_equal(last_entry(world)->end, LEDGER_FAILED);
    assert_false(last_entry(world)->target_available);
    assert_true(last_entry(world)->effect_at == NEVER);
    assert_int_equal(last_outcome(world), OUTCOME_FAILED);
    struct action_args args = to_version(world, 4);
    args.subject.lo ^= 1;
    act_until_done(world, VERB_ROLLBACK, args, 60);
    assert_int_equal(last_entry(world)->end, LEDGER_FAILED);
    args = (struct action_args){.model = {1}, .target = {77}};
    act_until_done(world, VERB_ROLLBACK, args, 70);
    assert_false(last_entry(world)->target_exists);
    assert_int_equal(world_model(world, 1)->serving.value, 6);
    world_close(world);
}

static void rollback_when_schema_does_not_fit_breaks_serving(void **state)
{
    (void)state;
    struct world *world = bad_push(3);
    act_until_done(world, VERB_ROLLBACK, to_version(world, 2), 50);
    assert_int_equal(last_entry(world)->end, LEDGER_DONE);
    assert_false(last_entry(world)->target_compatible);
    assert_true(world_model(world, 1)->availability < 0.9);
    world_close(world);
}

static void key_when_repeated_is_applied_once(void **state)
{
    (void)state;
    struct world *world = bad_push(4);
    world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_NORMAL);
    world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_NORMAL);
    assert_int_equal(last_entry(world)->end, LEDGER_REPEATED);
    world_run(world, engine_now(world->engine) + settled);
    assert_int_equal(world->truth.ledger[0].end, LEDGER_DONE);
    world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_NORMAL);
    assert_int_equal(last_entry(world)->end, LEDGER_REPEATED);
    assert_true(last_entry(world)->effect_at == NEVER);
    world_run(world, engine_now(world->engine) + settled);
    assert_int_equal(last_outcome(world), OUTCOME_DONE);
    world_close(world);
}

static void key_when_the_first_attempt_failed_may_be_used_again(void **state)
{
    (void)state;
    struct world *world = bad_push(5);
    world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_FAILS);
    world_run(world, engine_now(world->engine) + settled);
    assert_int_equal(last_entry(world)->end, LEDGER_FAILED);
    assert_int_equal(last_outcome(world), OUTCOME_FAILED);
    assert_int_equal(world_model(world, 1)->serving.value, 6);
    world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_NORMAL);
    world_run(world, engine_now(world->engine) + settled);
    assert_int_equal(last_entry(world)->end, LEDGER_DONE);
    world_close(world);
}

static void attempt_when_outcome_is_unknown_is_done_or_not(void **state)
{
    (void)state;
    uint32_t half = 0;
    for (uint64_t seed = 6; seed < 16; seed++) {
        struct world *world = bad_push(seed);
        int64_t asked_at = engine_now(world->engine);
        world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_UNKNOWN_NOT_DONE);
        world_run(world, asked_at + settled);
        assert_int_equal(last_outcome(world), OUTCOME_UNKNOWN);
        assert_true(world_last(world, EVENT_OUTCOME, 0)->at == asked_at + 60 * NS_PER_S);
        assert_int_equal(world_model(world, 1)->serving.value, 6);
        half +=
            world_model(world, 1)->registered.value != world_model(world, 1)->serving.value ? 1 : 0;
        world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_UNKNOWN_DONE);
        world_run(world, engine_now(world->engine) + settled);
        assert_int_equal(last_outcome(world), OUTCOME_UNKNOWN);
        bool is_done = last_entry(world)->end == LEDGER_DONE;
        assert_true(is_done || last_entry(world)->end == LEDGER_ABORTED);
        assert_int_equal(world_model(world, 1)->serving.value, is_done ? 4 : 6);
        world_close(world);
    }
    assert_true(half > 0);
    assert_true(half < 10);
}

static void reconcile_when_router_and_alias_differ_makes_them_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 6; seed < 16; seed++) {
        struct world *world = bad_push(seed);
        world_act(world, VERB_ROLLBACK, to_version(world, 4), 50, FATE_UNKNOWN_NOT_DONE);
        world_run(world, engine_now(world->engine) + settled);
        struct version_id serving = world_model(world, 1)->serving;
        act_until_done(world, VERB_RECONCILE, (struct action_args){.model = {1}, .target = serving},
                       60);
        assert_int_equal(world_model(world, 1)->serving.value, serving.value);
        assert_int_equal(world_model(world, 1)->serving.value,
                         world_model(world, 1)->registered.value);
        world_close(world);
    }
}

static void attempt_when_slow_is_aborted_after_a_minute(void **state)
{
    (void)state;
    struct world *world = world_open(17);
    world_begin(world, NULL);
    uint32_t n_aborted = 0;
    for (uint64_t i = 0; i < 300; i++) {
        uint16_t model = (uint16_t)(1 + i % 5);
        world_act(world, VERB_RECONCILE,
                  (struct action_args){.model = {model}, .target = world_model(world, model)->serving},
                  100 + i, FATE_NORMAL);
    }
    world_run(world, settled);
    for (uint32_t i = 0; i < world->truth.n_ledger; i++) {
        const struct ledger_entry *entry = &world->truth.ledger[i];
        bool is_aborted = entry->end == LEDGER_ABORTED;
        assert_true(is_aborted || entry->end == LEDGER_DONE);
        assert_true(entry->ended_at - entry->asked_at <= 60 * NS_PER_S);
        assert_true(!is_aborted || entry->effect_at == NEVER);
        n_aborted += is_aborted ? 1 : 0;
    }
    assert_true(n_aborted >= 1);
    assert_true(n_aborted <= 15);
    world_close(world);
}

static void config_when_rolled_back_restores(void **state)
{
    (void)state;
    struct world *world = world_open(18);
    world_plan(world, PLAN_BAD_CONFIG_PUSH, 1, onset)->a = 1.2;
    world_begin(world, NULL);
    world_run(world, onset + NS_PER_HOUR);
    assert_true(loss_of(world, 1) > 0.02);
    act_until_done(world, VERB_ROLLBACK_CONFIG, (struct action_args){.model = {1}, .target = {2}},
                   50);
    assert_false(world_model(world, 1)->faulty);
    assert_true(fabs(loss_of(world, 1)) < 1e-9);
    assert_int_equal(last_entry(world)->config_before.value, 3);
    assert_int_equal(last_entry(world)->config_after.value, 2);
    world_close(world);
}

static struct world *unit_change(uint64_t seed)
{
    struct world *world = world_open(seed);
    struct plan_item *item = world_plan(world, PLAN_UNIT_CHANGE, 1, onset);
    item->a = 100.0;
    item->mask = 0x1;
    item->table.value = 1;
    world_begin(world, NULL);
    world_run(world, onset + NS_PER_HOUR);
    return world;
}

static void containment_when_taken_helps_and_ends_with_its_time_to_live(void **state)
{
    (void)state;
    static const enum verb verbs[] = {VERB_FALLBACK, VERB_DISABLE_FEATURE, VERB_PIN_SNAPSHOT};
    for (size_t i = 0; i < 3; i++) {
        struct world *world = unit_change(19 + i);
        double bad = loss_of(world, 1);
        struct action_args args = {.model = {1}, .ttl_ns = NS_PER_HOUR};
        if (verbs[i] == VERB_DISABLE_FEATURE) {
            args.feature_mask = 0x1;
        }
        if (verbs[i] == VERB_PIN_SNAPSHOT) {
            const struct answer *answer = world_ask(world, TOOL_TABLES, 1);
            args.table.value = 1;
            args.subject = answer->tables.tables[0].snapshot;
            assert_true(answer->tables.tables[0].snapshot_at <= onset);
        }
        act_until_done(world, verbs[i], args, 50);
        assert_int_equal(last_entry(world)->end, LEDGER_DONE);
        assert_true(loss_of(world, 1) < bad - 0.1);
        assert_true(loss_of(world, 1) > 0.0);
        assert_true(world_model(world, 1)->faulty);
        world_run(world, last_entry(world)->effect_at + NS_PER_HOUR + NS_PER_MIN);
        assert_true(fabs(loss_of(world, 1) - bad) < 0.03);
        assert_false(world_model(world, 1)->fallback);
        assert_int_equal(world_model(world, 1)->disabled_features, 0);
        assert_int_equal(world_model(world, 1)->pinned_tables, 0);
        world_close(world);
    }
}

static void pin_when_the_digest_is_no_clean_snapshot_does_not_help(void **state)
{
    (void)state;
    struct world *world = unit_change(23);
    double bad = loss_of(world, 1);
    struct action_args args = {.model = {1}, .table = {1}, .subject = {1, 2}};
    act_until_done(world, VERB_PIN_SNAPSHOT, args, 50);
    assert_true(fabs(loss_of(world, 1) - bad) < 0.02);
    world_close(world);
}

static void fallback_when_released_early_stays_released(void **state)
{
    (void)state;
    struct world *world = unit_change(24);
    struct action_args args = {.model = {1}, .ttl_ns = 3 * NS_PER_HOUR};
    act_until_done(world, VERB_FALLBACK, args, 50);
    world_run(world, engine_now(world->engine) + 10 * NS_PER_MIN);
    const struct window *window = &world_last(world, EVENT_WINDOW, 1)->window;
    assert_int_equal(window->fallbacks, window->requests);
    args.release = true;
    act_until_done(world, VERB_FALLBACK, args, 60);
    assert_false(world_model(world, 1)->fallback);
    args.release = false;
    args.ttl_ns = 0;
    act_until_done(world, VERB_FALLBACK, args, 70);
    world_run(world, onset + 6 * NS_PER_HOUR); /* The first one's time is over: not this one's. */
    assert_true(world_model(world, 1)->fallback);
    world_close(world);
}

static void canary_when_started_takes_its_share_and_is_seen_apart(void **state)
{
    (void)state;
    struct world *world = bad_push(25);
    struct action_args args = to_version(world, 4);
    args.weight_ppm = 200000;
    act_until_done(world, VERB_CANARY, args, 50);
    assert_int_equal(world_model(world, 1)->canary.value, 4);
    assert_int_equal(last_entry(world)->moved_ppm, 3000 * 200000u / 20000);
    int64_t since = engine_now(world->engine);
    world_run(world, since + 90 * NS_PER_MIN);
    const struct window *canary = &world_last(world, EVENT_WINDOW, 1)->window;
    assert_int_equal(canary->role, SERVING_CANARY);
    assert_int_equal(canary->version.value, 4);
    const struct answer *answer = world_ask(world, TOOL_CANARY, 1);
    assert_int_equal(answer->status, ANSWER_OK);
    assert_true(answer->canary.canary_scored > 1000);
    assert_true(answer->canary.champion_scored > 2 * answer->canary.canary_scored);
    double champion =
        (double)answer->canary.champion_correct / (double)answer->canary.champion_scored;
    double share = (double)answer->canary.canary_correct / (double)answer->canary.canary_scored;
    assert_true(share > champion + 0.08);
    act_until_done(world, VERB_ABORT_CANARY, (struct action_args){.model = {1}}, 60);
    assert_int_equal(world_model(world, 1)->canary.value, 0);
    assert_int_equal(world_ask(world, TOOL_CANARY, 1)->status, ANSWER_NO_DATA);
    world_close(world);
}

static void verb_when_the_platform_has_no_lever_fails(void **state)
{
    (void)state;
    struct world *world = world_open(26);
    world->deployment.verbs &= ~(UINT64_C(1) << VERB_FALLBACK);
    world_begin(world, NULL);
    act_until_done(world, VERB_FALLBACK, (struct action_args){.model = {1}}, 50);
    assert_int_equal(last_entry(world)->end, LEDGER_FAILED);
    act_until_done(world, VERB_SCALE_OUT, (struct action_args){.model = {1}}, 60);
    assert_int_equal(last_entry(world)->end, LEDGER_FAILED);
    act_until_done(world, VERB_FALLBACK, (struct action_args){.model = {99}}, 70);
    assert_int_equal(last_entry(world)->end, LEDGER_FAILED);
    world_close(world);
}

static void purge_when_asked_for_is_noted_as_destroying(void **state)
{
    (void)state;
    struct world *world = bad_push(27);
    struct action_args args = to_version(world, 4);
    args.purge = true;
    act_until_done(world, VERB_ROLLBACK, args, 50);
    assert_true(last_entry(world)->destroys);
    assert_false(world_version(world, 1, 6)->available);
    world_close(world);
}

static void human_when_acting_gets_no_outcome_but_a_change_is_told(void **state)
{
    (void)state;
    struct world *world = bad_push(28);
    struct action_args args = to_version(world, 4);
    plant_act_human(world->plant, VERB_PROMOTE, &args, (struct person_id){3},
                    (struct incident_id){0});
    world_run(world, engine_now(world->engine) + settled);
    assert_null(world_last(world, EVENT_OUTCOME, 0));
    assert_int_equal(last_entry(world)->principal, PRINCIPAL_HUMAN);
    assert_int_equal(last_entry(world)->end, LEDGER_DONE);
    const struct event *change = world_last(world, EVENT_CHANGE, 1);
    assert_int_equal(change->change.change.by.value, 3);
    assert_int_equal(change->change.change.to.value, 4);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rollback_when_done_restores_and_ends_the_fault),
        cmocka_unit_test(rollback_when_target_cannot_be_loaded_is_refused),
        cmocka_unit_test(rollback_when_schema_does_not_fit_breaks_serving),
        cmocka_unit_test(key_when_repeated_is_applied_once),
        cmocka_unit_test(key_when_the_first_attempt_failed_may_be_used_again),
        cmocka_unit_test(attempt_when_outcome_is_unknown_is_done_or_not),
        cmocka_unit_test(reconcile_when_router_and_alias_differ_makes_them_agree),
        cmocka_unit_test(attempt_when_slow_is_aborted_after_a_minute),
        cmocka_unit_test(config_when_rolled_back_restores),
        cmocka_unit_test(containment_when_taken_helps_and_ends_with_its_time_to_live),
        cmocka_unit_test(pin_when_the_digest_is_no_clean_snapshot_does_not_help),
        cmocka_unit_test(fallback_when_released_early_stays_released),
        cmocka_unit_test(canary_when_started_takes_its_share_and_is_seen_apart),
        cmocka_unit_test(verb_when_the_platform_has_no_lever_fails),
        cmocka_unit_test(purge_when_asked_for_is_noted_as_destroying),
        cmocka_unit_test(human_when_acting_gets_no_outcome_but_a_change_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
