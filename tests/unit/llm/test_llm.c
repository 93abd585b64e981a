/* SPDX-License-Identifier: Apache-2.0 */
/* The mocked LLM: what each persona's bytes are to the strict parser, and how often it is right, late, unusable or obedient. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/reply.h"
#include "sim/llm/llm.h"

enum { CALLS = 20000, NEWEST = 40 };

/* One call and what the parser makes of it. */
struct hearing {
    struct plan plan;
    struct ask_llm_effect ask;
    enum persona persona;
    enum cause truth;
    bool injected;
    char bytes[REPLY_BYTES_MAX];
    struct llm_answer answer;
    struct reply reply;
};

static void hear(struct hearing *hearing, uint64_t call)
{
    llm_answer(&hearing->plan, hearing->persona, call, &hearing->ask, hearing->truth,
               hearing->injected, hearing->bytes, &hearing->answer);
    assert_true(hearing->answer.n_bytes <= REPLY_BYTES_MAX);
    reply_parse((struct slice){hearing->bytes, hearing->answer.n_bytes}, NEWEST, &hearing->reply);
}

static struct hearing hearing_of(enum persona persona, enum cause truth, enum cause leading)
{
    struct hearing hearing = {.persona = persona, .truth = truth};
    hearing.plan.seed = 11;
    hearing.ask.leading = leading;
    hearing.ask.n_evidence = 3;
    for (uint32_t i = 0; i < 3; i++) {
        hearing.ask.evidence[i].value = 17 + i;
    }
    return hearing;
}

static bool is_share(uint64_t n, uint64_t of, double expected, double tolerance)
{
    double share = (double)n / (double)of;
    return share > expected - tolerance && share < expected + tolerance;
}

/* Published root-cause accuracy is 11-47 %; whether the tables lead to the truth must not matter. */
static void honest_when_asked_is_right_in_45_of_100(void **state)
{
    (void)state;
    static const enum cause leading[] = {CAUSE_BAD_MODEL, CAUSE_COVARIATE_SHIFT, CAUSE_UNKNOWN};
    for (size_t i = 0; i < 3; i++) {
        struct hearing hearing = hearing_of(PERSONA_HONEST, CAUSE_BAD_MODEL, leading[i]);
        uint64_t n_valid = 0, n_right = 0;
        for (uint64_t call = 0; call < CALLS; call++) {
            hear(&hearing, call);
            assert_true(hearing.answer.answered);
            n_valid += hearing.reply.verdict == REPLY_VALID ? 1 : 0;
            n_right += hearing.reply.n_claims > 0 && hearing.reply.claims[0].cause == CAUSE_BAD_MODEL
                           ? 1
                           : 0;
        }
        assert_true(is_share(n_valid, CALLS, 0.98, 0.005));
        assert_true(is_share(n_right, n_valid, 0.45, 0.015)); /* Four standard errors. */
    }
}

static void honest_when_wrong_often_echoes_what_it_was_shown(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_HONEST, CAUSE_BAD_MODEL, CAUSE_COVARIATE_SHIFT);
    uint64_t n_echo = 0, n_wrong = 0;
    for (uint64_t call = 0; call < CALLS; call++) {
        hear(&hearing, call);
        bool is_wrong =
            hearing.reply.n_claims > 0 && hearing.reply.claims[0].cause != CAUSE_BAD_MODEL;
        n_wrong += is_wrong ? 1 : 0;
        n_echo += is_wrong && hearing.reply.claims[0].cause == CAUSE_COVARIATE_SHIFT ? 1 : 0;
    }
    assert_true(is_share(n_echo, n_wrong, 0.53, 0.03)); /* Half, and one in sixteen of the other half. */
}

static void honest_when_valid_cites_what_it_was_given_and_suggests_nothing(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_HONEST, CAUSE_NULL_BURST, CAUSE_NULL_BURST);
    for (uint64_t call = 0; call < 200; call++) {
        hear(&hearing, call);
        for (uint32_t i = 0; i < hearing.reply.n_claims; i++) {
            const struct llm_claim *claim = &hearing.reply.claims[i];
            assert_int_equal(claim->n_cited, 3);
            assert_int_equal(claim->cited[2].value, 19);
            assert_false(claim->suggests);
            assert_in_range(claim->confidence_pct, 5, 94);
        }
    }
}

static void honest_when_it_reads_an_instruction_follows_17_of_100(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_HONEST, CAUSE_ATTACK, CAUSE_UNKNOWN);
    hearing.injected = true;
    uint64_t n_obeyed = 0;
    for (uint64_t call = 0; call < CALLS; call++) {
        hear(&hearing, call);
        n_obeyed += hearing.reply.n_claims > 0 && hearing.reply.claims[0].suggests ? 1 : 0;
    }
    assert_true(is_share(n_obeyed, CALLS, 0.17, 0.011));
}

static void wrong_when_asked_is_valid_certain_and_never_right(void **state)
{
    (void)state;
    for (int truth = 0; truth < N_CAUSES; truth++) {
        struct hearing hearing = hearing_of(PERSONA_WRONG, (enum cause)truth, CAUSE_UNKNOWN);
        for (uint64_t call = 0; call < 300; call++) {
            hear(&hearing, call);
            assert_int_equal(hearing.reply.verdict, REPLY_VALID);
            assert_int_equal(hearing.reply.n_claims, 1);
            assert_int_not_equal(hearing.reply.claims[0].cause, truth);
            assert_int_not_equal(hearing.reply.claims[0].cause, CAUSE_UNKNOWN);
            assert_int_equal(hearing.reply.claims[0].confidence_pct, 99);
        }
    }
}

static void malformed_when_asked_is_refused_for_every_reason(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_MALFORMED, CAUSE_BAD_MODEL, CAUSE_BAD_MODEL);
    uint64_t n_seen[N_REPLY_VERDICTS] = {0};
    for (uint64_t call = 0; call < 2000; call++) {
        hear(&hearing, call);
        assert_int_not_equal(hearing.reply.verdict, REPLY_VALID);
        assert_int_equal(hearing.reply.n_claims, 0);
        n_seen[hearing.reply.verdict]++;
    }
    assert_true(n_seen[REPLY_SYNTAX] > 0);
    assert_true(n_seen[REPLY_SCHEMA] > 0);
    assert_true(n_seen[REPLY_ENCODING] > 0);
    assert_true(n_seen[REPLY_CITATION] > 0);
}

static void slow_when_asked_misses_a_minute_or_never_answers(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_SLOW, CAUSE_BAD_MODEL, CAUSE_BAD_MODEL);
    uint64_t n_silent = 0;
    for (uint64_t call = 0; call < CALLS; call++) {
        hear(&hearing, call);
        assert_true(hearing.answer.latency_ns >= 60 * NS_PER_S);
        n_silent += hearing.answer.answered ? 0 : 1;
    }
    assert_true(is_share(n_silent, CALLS, 0.30, 0.015));
}

static void injected_when_asked_suggests_acts_on_planted_tokens(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_INJECTED, CAUSE_COVARIATE_SHIFT, CAUSE_UNKNOWN);
    uint64_t n_from[N_TAINT_CHANNELS] = {0};
    for (uint64_t call = 0; call < 300; call++) {
        hear(&hearing, call);
        assert_int_equal(hearing.reply.verdict, REPLY_VALID);
        const struct llm_claim *claim = &hearing.reply.claims[0];
        assert_true(claim->suggests);
        assert_true(verb_changes_state(claim->verb));
        uint64_t n_matches = 0;
        for (int channel = 0; channel < N_TAINT_CHANNELS; channel++) {
            bool is_token = digest128_equal(claim->subject,
                                            plan_token(&hearing.plan, (enum taint_channel)channel));
            n_from[channel] += is_token ? 1 : 0;
            n_matches += is_token ? 1 : 0;
        }
        assert_int_equal(n_matches, 1);
    }
    for (int channel = 0; channel < N_TAINT_CHANNELS; channel++) {
        assert_true(n_from[channel] > 0);
    }
}

static void off_when_asked_sends_nothing_and_costs_nothing(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_OFF, CAUSE_BAD_MODEL, CAUSE_BAD_MODEL);
    hear(&hearing, 0);
    assert_false(hearing.answer.answered);
    assert_int_equal(hearing.answer.n_bytes, 0);
    assert_int_equal(hearing.answer.tokens, 0);
    assert_int_equal(hearing.answer.cost_microusd, 0);
    assert_int_equal(hearing.reply.verdict, REPLY_TRANSPORT);
}

/* LN(6 s; .6), and one in a hundred beyond a minute. */
static void latency_when_honest_has_its_quantiles(void **state)
{
    (void)state;
    struct hearing hearing = hearing_of(PERSONA_HONEST, CAUSE_BAD_MODEL, CAUSE_BAD_MODEL);
    uint64_t n_below_median = 0, n_below_p90 = 0, n_stuck = 0;
    for (uint64_t call = 0; call < CALLS; call++) {
        hear(&hearing, call);
        n_below_median += hearing.answer.latency_ns < 6 * NS_PER_S ? 1 : 0;
        n_below_p90 +=
            hearing.answer.latency_ns < 12946 * NS_PER_MS ? 1 : 0; /* 6 exp(.6 x 1.28155). */
        n_stuck += hearing.answer.latency_ns > 60 * NS_PER_S ? 1 : 0;
    }
    assert_true(is_share(n_below_median, CALLS, 0.5 * 0.99, 0.015));
    assert_true(is_share(n_below_p90, CALLS, 0.9 * 0.99, 0.010));
    assert_true(is_share(n_stuck, CALLS, 0.0101, 0.003));
}

static void answer_when_repeated_is_the_same_whatever_came_between(void **state)
{
    (void)state;
    for (int persona = 0; persona < N_PERSONAS; persona++) {
        struct hearing a = hearing_of((enum persona)persona, CAUSE_BAD_CONFIG, CAUSE_UNKNOWN), b = a;
        hear(&a, 5);
        for (uint64_t call = 0; call <= 5; call++) {
            hear(&b, call);
        }
        assert_int_equal(a.answer.n_bytes, b.answer.n_bytes);
        assert_memory_equal(a.bytes, b.bytes, a.answer.n_bytes);
        assert_int_equal(a.answer.latency_ns, b.answer.latency_ns);
        b.plan.seed = 12;
        hear(&b, 5);
        assert_int_not_equal(a.answer.latency_ns, b.answer.latency_ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_when_asked_is_right_in_45_of_100),
        cmocka_unit_test(honest_when_wrong_often_echoes_what_it_was_shown),
        cmocka_unit_test(honest_when_valid_cites_what_it_was_given_and_suggests_nothing),
        cmocka_unit_test(honest_when_it_reads_an_instruction_follows_17_of_100),
        cmocka_unit_test(wrong_when_asked_is_valid_certain_and_never_right),
        cmocka_unit_test(malformed_when_asked_is_refused_for_every_reason),
        cmocka_unit_test(slow_when_asked_misses_a_minute_or_never_answers),
        cmocka_unit_test(injected_when_asked_suggests_acts_on_planted_tokens),
        cmocka_unit_test(off_when_asked_sends_nothing_and_costs_nothing),
        cmocka_unit_test(latency_when_honest_has_its_quantiles),
        cmocka_unit_test(answer_when_repeated_is_the_same_whatever_came_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
