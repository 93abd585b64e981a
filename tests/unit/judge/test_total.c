/* SPDX-License-Identifier: Apache-2.0 */
/* The judge is total: any event, any row, any ledger entry is taken, and the same ones give the same sheet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/judge/stage.h"

#define HOURS(n) ((n)*NS_PER_HOUR)

#include "tests/lib/random_visit.h"

/* An episode of noise: 400 events with random bodies, random effects and random ledger entries. */
static void play(struct stage *stage, uint64_t seed)
{
    struct random_visit random;
    stage_open(stage);
    stage_begin(stage, false);
    int64_t at = 0;
    for (uint64_t i = 1; i <= 400; i++) {
        random_visit_init(&random, seed, i);
        struct stream *stream = &random.stream;
        at += (int64_t)stream_below(stream, 3 * (uint64_t)MIN);
        struct event *event = stage_event(stage, at, EVENT_TICK);
        random.visit.failed = false;
        event_visit(&random.visit, event);
        event->sequence = stage->sequence;
        event->at = at;
        effects_visit(&random.visit, &stage->effects);
        for (uint32_t j = 0; j < stage->effects.n_effects; j++) { /* Often about things that exist. */
            struct record *record = &stage->effects.items[j].record;
            if (stage->effects.items[j].kind == EFFECT_RECORD && stream_chance(stream, 0.7)) {
                record->model.value = record->args.model.value =
                    (uint16_t)(1 + stream_below(stream, 5));
                record->incident.value = (uint32_t)(1 + stream_below(stream, 6));
                record->action.value = (uint32_t)(1 + stream_below(stream, 40));
                record->evidence[0].value = 1 + stream_below(stream, stage->sequence);
            }
        }
        judge_world(stage->judge, at);
        judge_step(stage->judge, event, &stage->effects);
        bool acts = stage->truth.n_ledger < LEDGER_MAX - 1 && stream_chance(stream, 0.5);
        if (acts) {
            struct ledger_entry *entry = truth_ledger_push(&stage->truth);
            action_args_visit(&random.visit, "args", &entry->args);
            entry->args.model.value = (uint16_t)stream_below(stream, 8); /* Some do not exist. */
            entry->verb = (enum verb)stream_below(stream, N_VERBS);
            entry->principal = (enum principal)stream_below(stream, N_PRINCIPALS);
            entry->action.value = (uint32_t)stream_below(stream, 40);
            entry->incident.value = (uint32_t)stream_below(stream, 6);
            entry->after_sequence = stage->sequence;
            entry->asked_at = at;
        }
        for (uint32_t j = 0; j < stage->truth.n_ledger; j++) {
            struct ledger_entry *entry = &stage->truth.ledger[j];
            if (entry->end == LEDGER_OPEN && stream_chance(stream, 0.3)) {
                entry->end = (enum ledger_end)(1 + stream_below(stream, N_LEDGER_ENDS - 1));
                entry->effect_at = entry->end == LEDGER_DONE ? at : NEVER;
                entry->ended_at = at;
                entry->version_before.value = (uint16_t)stream_below(stream, 4);
                entry->version_after.value = (uint16_t)stream_below(stream, 4);
            }
        }
        if (stage->truth.n_human < HUMAN_ACTS_MAX && stream_chance(stream, 0.3)) {
            truth_human(&stage->truth, (enum human_kind)stream_below(stream, N_HUMAN_KINDS), at,
                        (struct person_id){1}, (struct model_id){(uint16_t)stream_below(stream, 7)},
                        (struct incident_id){(uint32_t)stream_below(stream, 6)}, MIN);
        }
    }
    stage->plan.horizon_ns = at + MIN;
    stage->event.at = at;
    stage_close(stage);
}

static void judge_when_fed_with_noise_takes_it_and_repeats_itself(void **state)
{
    (void)state;
    static struct stage first, second;
    for (uint64_t seed = 1; seed <= 16; seed++) {
        play(&first, seed);
        play(&second, seed);
        bool is_same = true;
        for (int i = 0; i < N_INVARIANTS; i++) {
            is_same = is_same && first.sheet.breaches[i] == second.sheet.breaches[i] &&
                      first.sheet.occasions[i] == second.sheet.occasions[i] &&
                      first.sheet.occasions[i] >= first.sheet.breaches[i];
        }
        is_same = is_same && first.sheet.n_violations == second.sheet.n_violations &&
                  first.sheet.t_det == second.sheet.t_det && first.sheet.t_eff == second.sheet.t_eff;
        if (!is_same) {
            print_message("seed %llu of test_judge_total\n", (unsigned long long)seed);
        }
        assert_true(is_same);
        assert_true(first.sheet.n_kept <= VIOLATIONS_MAX);
        stage_end(&first);
        stage_end(&second);
    }
}

static void list_when_full_keeps_the_enforceable_ones(void **state)
{
    (void)state;
    static struct stage stage;
    stage_open(&stage);
    stage_begin(&stage, true);
    for (int i = 0; i < 40; i++) { /* Forty outcome errors by people alone. */
        struct ledger_entry *entry = truth_ledger_push(&stage.truth);
        *entry = (struct ledger_entry){.verb = VERB_ROLLBACK,
                                       .args = {.model = {1}},
                                       .principal = PRINCIPAL_HUMAN,
                                       .end = LEDGER_DONE,
                                       .effect_at = HOURS(2),
                                       .version_before = {2}};
    }
    stage_world(&stage, HOURS(2));
    stage_close(&stage);
    assert_int_equal(stage.sheet.n_kept, VIOLATIONS_MAX);
    assert_int_equal(stage.sheet.breaches[INVARIANT_S01], 40);
    assert_int_equal(stage.sheet.n_violations, 0);
    stage_end(&stage);
}

static void invariants_when_listed_have_names_words_and_kinds(void **state)
{
    (void)state;
    uint32_t n_enforceable = 0;
    for (int i = 0; i < N_INVARIANTS; i++) {
        const char *name = invariant_name((enum invariant)i);
        assert_int_equal(name[0], 'S');
        assert_true(invariant_words((enum invariant)i)[0] != '\0');
        bool is_checked = invariant_is_checked((enum invariant)i);
        n_enforceable += is_checked && invariant_is_enforceable((enum invariant)i) ? 1 : 0;
    }
    assert_int_equal(n_enforceable, 22);
    assert_string_equal(invariant_name(INVARIANT_S22o), "S22o");
    assert_false(invariant_is_enforceable(INVARIANT_S22o));
    assert_false(invariant_is_checked(INVARIANT_S12));
}

static void judge_when_measured_is_modest(void **state)
{
    (void)state;
    assert_true(judge_size() < 300 * 1024);
}

static void parameters_when_the_policy_is_lax_stay_and_when_strict_tighten(void **state)
{
    (void)state;
    for (int strict = 0; strict < 2; strict++) {
        static struct stage stage;
        stage_open(&stage);
        stage.policy.limits.act_deadline_ns = strict ? 2 * MIN : HOURS(2);
        stage_begin(&stage, false);
        stage_says(&stage, HOURS(2), RECORD_OPENED, 1, 1);
        stage_says(&stage, HOURS(2) + (strict ? 3 : 6) * MIN, RECORD_WATCHED, 1, 1);
        expect_breaches(&stage, INVARIANT_S22, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judge_when_fed_with_noise_takes_it_and_repeats_itself),
        cmocka_unit_test(list_when_full_keeps_the_enforceable_ones),
        cmocka_unit_test(invariants_when_listed_have_names_words_and_kinds),
        cmocka_unit_test(judge_when_measured_is_modest),
        cmocka_unit_test(parameters_when_the_policy_is_lax_stay_and_when_strict_tighten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
