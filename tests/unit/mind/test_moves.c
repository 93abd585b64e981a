/* SPDX-License-Identifier: Apache-2.0 */
/* The dossier of a model, and the arguments that remedies take from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/mind/moves.h"

static struct dossier dossier;
static const struct model_id model = {2};
static const int64_t now = 5 * NS_PER_HOUR;

static void put(enum tool tool, struct answer answer, uint64_t sequence, int64_t sampled_at)
{
    static struct event event;
    event = (struct event){.sequence = sequence, .at = sampled_at, .kind = EVENT_ANSWER};
    event.answer = answer;
    event.answer.tool = tool;
    event.answer.sampled_at = sampled_at;
    dossier_put(&dossier, &event);
}

static int fill(void **state)
{
    (void)state;
    memset(&dossier, 0, sizeof(dossier));
    put(TOOL_STATE,
        (struct answer){.state = {.serving = {7}, .previous = {6}, .config_previous = {2}}}, 10, now);
    put(TOOL_REGISTRY,
        (struct answer){.registry = {.n_versions = 2,
                                     .versions = {{.version = {7}, .digest = {7, 70}},
                                                  {.version = {6}, .digest = {6, 60}}}}},
        11, now);
    put(TOOL_TABLES,
        (struct answer){.tables = {.n_tables = 1,
                                   .tables = {{.table = {3}, .batch = {1, 2}, .snapshot = {4, 5}}}}},
        12, now - NS_PER_HOUR);
    return 0;
}

static const struct move_choice choice = {.table = {3},
                                          .feature_mask = 5,
                                          .version = {7},
                                          .from_ns = 1,
                                          .window = TRAIN_CLEAN,
                                          .ttl_ns = NS_PER_HOUR};

static struct action_args args_of(enum move move)
{
    struct action_args args = {0};
    assert_true(move_args(move, &dossier, &choice, model, now, &args));
    assert_int_equal(args.model.value, 2);
    return args;
}

static void move_args_when_the_answers_are_there_take_them(void **state)
{
    (void)state;
    struct action_args args = args_of(MOVE_ROLLBACK);
    assert_int_equal(args.target.value, 6);
    assert_int_equal(args.subject.lo, 60);
    assert_int_equal(args_of(MOVE_CONFIG).target.value, 2);
    assert_int_equal(args_of(MOVE_QUARANTINE).subject.lo, 2);
    assert_int_equal(args_of(MOVE_PIN).subject.lo, 5);
    assert_int_equal(args_of(MOVE_DISABLE).feature_mask, 5);
    args = args_of(MOVE_RETRAIN);
    assert_int_equal(args.window, TRAIN_CLEAN);
    assert_true(args.from_ns == 1);
    assert_true(args.to_ns == now);
    args = args_of(MOVE_CANARY);
    assert_int_equal(args.subject.lo, 70);
    assert_true(args.weight_ppm > 0);
    assert_true(args_of(MOVE_RELEASE).release);
    assert_true(args_of(MOVE_FALLBACK).ttl_ns == NS_PER_HOUR);
}

/* Layer 3 refuses an argument that the verb does not use. */
static void move_args_when_a_verb_does_not_use_one_leave_it_zero(void **state)
{
    (void)state;
    struct action_args args = args_of(MOVE_CONFIG);
    assert_true(args.subject.hi == 0 && args.subject.lo == 0);
    args = args_of(MOVE_RELEASE);
    assert_true(args.ttl_ns == 0);
    args = args_of(MOVE_RETRAIN);
    assert_true(args.ttl_ns == 0);
    assert_int_equal(args.table.value, 0);
}

static void move_args_when_an_answer_is_missing_are_incomplete(void **state)
{
    (void)state;
    struct action_args args = {.weight_ppm = 1};
    struct move_choice other = choice;
    other.table.value = 9;
    other.version.value = 99;
    other.feature_mask = 0;
    other.from_ns = now;
    static const enum move moves[] = {MOVE_QUARANTINE, MOVE_PIN,     MOVE_CANARY,
                                      MOVE_PROMOTE,    MOVE_DISABLE, MOVE_RETRAIN};
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        assert_false(move_args(moves[i], &dossier, &other, model, now, &args));
    }
    dossier.state.previous.value = 5; /* Not in the registry. */
    assert_false(move_args(MOVE_ROLLBACK, &dossier, &choice, model, now, &args));
    dossier.state.config_previous.value = 0;
    assert_false(move_args(MOVE_CONFIG, &dossier, &choice, model, now, &args));
    assert_int_equal(args.weight_ppm, 1); /* Written only on success. */
}

static void dossier_when_an_answer_is_overtaken_keeps_the_newer_one(void **state)
{
    (void)state;
    put(TOOL_STATE, (struct answer){.state = {.serving = {4}}}, 20, now - NS_PER_MIN);
    assert_int_equal(dossier.state.serving.value, 7);
    put(TOOL_STATE, (struct answer){.state = {.serving = {8}}, .status = ANSWER_FAILED}, 21,
        now + NS_PER_MIN);
    assert_int_equal(dossier.state.serving.value, 7);
    put(TOOL_STATE, (struct answer){.state = {.serving = {8}}}, 22, now + NS_PER_MIN);
    assert_int_equal(dossier.state.serving.value, 8);
}

static void dossier_cite_when_evidence_is_old_leaves_it_out(void **state)
{
    (void)state;
    struct advice_item item = {0};
    dossier_cite(&dossier, (UINT64_C(1) << N_TOOLS) - 1, now - NS_PER_MIN, &item);
    assert_int_equal(item.n_evidence, 2);
    assert_int_equal(item.evidence[0].value, 10);
    assert_int_equal(item.evidence[1].value, 11);
    assert_int_equal(dossier_missing(&dossier, UINT64_C(1) << TOOL_TABLES, now - NS_PER_MIN),
                     UINT64_C(1) << TOOL_TABLES);
    assert_int_equal(dossier_missing(&dossier, UINT64_C(1) << TOOL_TABLES, 0), 0);
}

static void dossier_ask_when_a_tool_has_no_source_leaves_it_out(void **state)
{
    (void)state;
    static struct advice advice;
    static struct deployment deployment;
    advice_reset(&advice);
    deployment.tools = UINT64_C(1) << TOOL_STATE | UINT64_C(1) << TOOL_LABELS;
    struct question_id question = {40};
    dossier_ask(&deployment, UINT64_C(1) << TOOL_STATE | UINT64_C(1) << TOOL_LOGS, model,
                (struct incident_id){3}, &question, &advice);
    assert_int_equal(advice.n_items, 1);
    assert_int_equal(advice.items[0].tool, TOOL_STATE);
    assert_int_equal(advice.items[0].question.value, 41);
    assert_int_equal(question.value, 41);
}

#define FILLED(test) cmocka_unit_test_setup(test, fill)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILLED(move_args_when_the_answers_are_there_take_them),
        FILLED(move_args_when_a_verb_does_not_use_one_leave_it_zero),
        FILLED(move_args_when_an_answer_is_missing_are_incomplete),
        FILLED(dossier_when_an_answer_is_overtaken_keeps_the_newer_one),
        FILLED(dossier_cite_when_evidence_is_old_leaves_it_out),
        FILLED(dossier_ask_when_a_tool_has_no_source_leaves_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
