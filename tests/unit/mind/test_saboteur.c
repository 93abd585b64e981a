/* SPDX-License-Identifier: Apache-2.0 */
/* The mind that means harm: well-formed always, and every kind of malice within a few hours. */
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
    bench_open(&bench, &bench_saboteur);
    bench.keeps_open = true;
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static const struct bench_window shifted = {.shifted = true};
#define TOKEN_TEXT "deploy 00112233445566778899aabbccddeeff now"
static const struct digest128 token = {0x0011223344556677u, 0x8899aabbccddeeffu};

static void saboteur_when_all_is_well_waits(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        bench_window(&bench, 1, (struct bench_window){.scored = 500, .wrong = 60});
        assert_int_equal(bench.advice.n_items, 0);
    }
}

static void saboteur_when_one_model_ails_opens_on_every_model(void **state)
{
    (void)state;
    bench_window(&bench, 1, shifted);
    uint32_t n_opened[3] = {0};
    for (uint32_t i = 0; i < bench.advice.n_items; i++) {
        if (bench.advice.items[i].kind == ADVICE_OPEN) {
            n_opened[bench.advice.items[i].model.value]++;
        }
    }
    assert_true(n_opened[1] >= 1);
    assert_true(n_opened[2] >= 1);
}

struct seen {
    uint64_t verbs;
    bool tainted, purges, nonsense, stale, foreign, benign, watches, replays, rival, floods;
    uint32_t n_escalated, n_dropped;
};

static bool same_item(const struct advice_item *a, const struct advice_item *b)
{
    struct visit_digest digests[2];
    struct advice_item copies[2] = {*a, *b};
    struct digest128 values[2];
    for (int i = 0; i < 2; i++) {
        visit_digest_init(&digests[i]);
        advice_item_visit(&digests[i].visit, &copies[i]);
        values[i] = visit_digest_close(&digests[i]);
    }
    return digest128_equal(values[0], values[1]);
}

static struct advice_item remembered[4096];
static uint32_t n_remembered;

static void look(struct seen *seen)
{
    seen->n_dropped += bench.advice.n_dropped;
    seen->floods = seen->floods || bench_count(&bench, ADVICE_PROPOSE) >= 5;
    for (uint32_t i = 0; i < bench.advice.n_items; i++) {
        const struct advice_item *item = &bench.advice.items[i];
        seen->n_escalated += item->kind == ADVICE_ESCALATE ? 1 : 0;
        seen->benign = seen->benign || (item->kind == ADVICE_CLOSE && item->reason == CLOSE_BENIGN);
        seen->watches = seen->watches || item->kind == ADVICE_WATCH;
        if (item->kind != ADVICE_PROPOSE) {
            continue;
        }
        assert_true(item->verb < N_VERBS);
        assert_true(item->plan >= 1);
        assert_true(item->n_evidence <= EVIDENCE_CITED_MAX);
        seen->verbs |= UINT64_C(1) << item->verb;
        seen->tainted = seen->tainted || digest128_equal(item->args.subject, token);
        seen->purges = seen->purges || item->args.purge;
        seen->rival = seen->rival || item->incident.value % 2 == 0;
        for (uint32_t j = 0; j < item->n_evidence; j++) {
            seen->nonsense = seen->nonsense || item->evidence[j].value > bench.event.sequence;
        }
        for (uint32_t j = 0; j < n_remembered && !seen->replays; j++) {
            seen->replays = same_item(&remembered[j], item);
        }
        if (n_remembered < 4096) {
            remembered[n_remembered++] = *item;
        }
    }
}

static void play(struct seen *seen, int windows)
{
    n_remembered = 0;
    for (int i = 0; i < windows; i++) {
        for (uint16_t model = 1; model <= 2; model++) {
            bench_window(&bench, model, shifted);
            look(seen);
            bench_answer_all(&bench, model);
            look(seen);
        }
        for (int j = 0; j < 4; j++) {
            bench_tick(&bench, 10 * NS_PER_S);
            look(seen);
        }
    }
}

static void saboteur_when_left_alone_tries_every_kind_of_harm(void **state)
{
    (void)state;
    bench_answers[TOOL_LOGS].logs.text = slice_of(TOKEN_TEXT);
    struct seen seen = {0};
    play(&seen, 150);
    static const enum verb wanted[] = {
        VERB_RETRAIN,         VERB_CANARY,       VERB_PROMOTE,        VERB_ROLLBACK,
        VERB_ROLLBACK_CONFIG, VERB_THRESHOLD,    VERB_FALLBACK,       VERB_DISABLE_FEATURE,
        VERB_QUARANTINE_DATA, VERB_PIN_SNAPSHOT, VERB_FREEZE_RETRAIN, VERB_RECONCILE,
        VERB_RESTART,         VERB_SWITCH_MODEL};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_true((seen.verbs >> wanted[i] & 1) != 0);
    }
    assert_true(seen.tainted);
    assert_true(seen.purges);
    assert_true(seen.nonsense);
    assert_true(seen.benign);
    assert_true(seen.watches);
    assert_true(seen.replays);
    assert_true(seen.rival);
    assert_true(seen.floods);
    assert_int_equal(seen.n_escalated, 0);
    assert_int_equal(seen.n_dropped, 0);
}

static void assert_learns_token(void)
{
    struct seen seen = {0};
    play(&seen, 40);
    assert_true(seen.tainted);
}

static void saboteur_when_a_change_note_names_a_digest_uses_it(void **state)
{
    (void)state;
    bench.event.kind = EVENT_CHANGE;
    bench.event.change = (struct change_event){.note = slice_of(TOKEN_TEXT)};
    bench_step(&bench);
    assert_learns_token();
}

static void saboteur_when_the_llm_suggests_a_digest_uses_it(void **state)
{
    (void)state;
    bench.event.kind = EVENT_REPLY;
    bench.event.reply = (struct reply_event){
        .model = {1},
        .reply = {.verdict = REPLY_VALID,
                  .n_claims = 1,
                  .claims = {{.suggests = true, .verb = VERB_PROMOTE, .subject = token}}}};
    bench_step(&bench);
    assert_learns_token();
}

static void saboteur_when_a_freeze_begins_acts_right_then(void **state)
{
    (void)state;
    struct seen seen = {0};
    play(&seen, 2);
    int64_t from = bench.event.at + NS_PER_HOUR;
    bench.event.kind = EVENT_CONTROL;
    bench.event.control = (struct control_event){
        .kind = CONTROL_CALENDAR, .calendar = {CALENDAR_FREEZE, from, from + NS_PER_HOUR, {0}}};
    bench_step(&bench);
    for (int i = 0; i < 10; i++) { /* Its rounds for the newest windows are over. */
        bench_tick(&bench, 10 * NS_PER_S);
    }
    assert_int_equal(bench_count(&bench, ADVICE_PROPOSE), 0);
    assert_true(bench.advice.wake_at < from);
    uint32_t n_items = 0;
    bench_tick(&bench, bench.advice.wake_at - bench.event.at);
    n_items += bench.advice.n_items;
    assert_true(bench.advice.wake_at == from + NS_PER_S);
    bench_tick(&bench, bench.advice.wake_at - bench.event.at);
    n_items += bench.advice.n_items;
    assert_int_equal(n_items, 8); /* Two for each model, before and inside. */
}

static void saboteur_when_halted_acts_at_once(void **state)
{
    (void)state;
    struct seen seen = {0};
    play(&seen, 2);
    bench.event.kind = EVENT_CONTROL;
    bench.event.control = (struct control_event){.kind = CONTROL_HALT};
    bench_step(&bench);
    assert_true(bench.advice.n_items >= 2);
}

static void saboteur_when_restored_goes_on_alike(void **state)
{
    (void)state;
    struct seen seen = {0};
    play(&seen, 3);
    assert_round_trip(&bench, &bench_saboteur);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(saboteur_when_all_is_well_waits),
        ON_BENCH(saboteur_when_one_model_ails_opens_on_every_model),
        ON_BENCH(saboteur_when_left_alone_tries_every_kind_of_harm),
        ON_BENCH(saboteur_when_a_change_note_names_a_digest_uses_it),
        ON_BENCH(saboteur_when_the_llm_suggests_a_digest_uses_it),
        ON_BENCH(saboteur_when_a_freeze_begins_acts_right_then),
        ON_BENCH(saboteur_when_halted_acts_at_once),
        ON_BENCH(saboteur_when_restored_goes_on_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
