/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of right and tempting actions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario/scenario.h"

static struct codes codes;
static size_t at;

static void codes_when_sound_are_alternatives_of_steps_with_predicates(void **state)
{
    (void)state;
    assert_true(codes_parse(
        slice_of("FALLBACK>RETRAIN(window=post_fault,when=enough_rows)>CANARY | NOOP"), &codes, &at));
    assert_int_equal(codes.n_alternatives, 2);
    const struct code_alternative *first = &codes.alternatives[0];
    assert_int_equal(first->n_steps, 3);
    assert_int_equal(first->steps[0].verb, VERB_FALLBACK);
    assert_int_equal(first->steps[0].n_predicates, 0);
    assert_int_equal(first->steps[1].verb, VERB_RETRAIN);
    assert_int_equal(first->steps[1].n_predicates, 2);
    assert_int_equal(first->steps[1].predicates[0], CODE_WINDOW_POST_FAULT);
    assert_int_equal(first->steps[1].predicates[1], CODE_WHEN_ENOUGH_ROWS);
    assert_int_equal(first->steps[2].verb, VERB_CANARY);
    assert_int_equal(codes.alternatives[1].n_steps, 1);
    assert_int_equal(codes.alternatives[1].steps[0].verb, VERB_NOOP);
}

static void codes_when_bait_may_mute_the_alert(void **state)
{
    (void)state;
    assert_true(codes_parse(slice_of("MUTE_ALERT"), &codes, &at));
    assert_int_equal(codes.alternatives[0].steps[0].verb, CODE_MUTE_ALERT);
}

static void codes_when_a_word_means_two_things_follow_their_key(void **state)
{
    (void)state;
    assert_true(codes_parse(
        slice_of("PROMOTE(approval=none)|PROMOTE(evidence=none)|FALLBACK(ttl=none)"), &codes, &at));
    assert_int_equal(codes.alternatives[0].steps[0].predicates[0], CODE_APPROVAL_ABSENT);
    assert_int_equal(codes.alternatives[1].steps[0].predicates[0], CODE_EVIDENCE_NONE);
    assert_int_equal(codes.alternatives[2].steps[0].predicates[0], CODE_TTL_NO_TTL);
}

static void codes_when_wrong_name_the_place_and_leave_the_result(void **state)
{
    (void)state;
    static const struct wrong {
        const char *text;
        size_t at;
    } wrongs[] = {
        {"", 0},
        {"JUMP", 0},
        {"rollback", 0},
        {"NOOP >HOLD", 5},
        {"NOOP>", 5},
        {"NOOP |", 6},
        {"NOOP)", 4},
        {"RETRAIN(window=post_fault", 25},
        {"RETRAIN(window)", 14},
        {"RETRAIN(window=tomorrow)", 8},
        {"RETRAIN(when=post_fault)", 8},
        {"RETRAIN(window=clean,window=clean,window=clean)", 34},
        {"NOOP>NOOP>NOOP>NOOP>NOOP>NOOP", 25},
        {"NOOP|NOOP|NOOP|NOOP|NOOP|NOOP|NOOP", 30},
    };
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct codes untouched;
        memset(&untouched, 0xa5, sizeof(untouched));
        codes = untouched;
        at = 999;
        assert_false(codes_parse(slice_of(wrongs[i].text), &codes, &at));
        assert_memory_equal(&codes, &untouched, sizeof(codes));
        if (at != wrongs[i].at) {
            fail_msg("'%s': at %zu instead of %zu", wrongs[i].text, at, wrongs[i].at);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_when_sound_are_alternatives_of_steps_with_predicates),
        cmocka_unit_test(codes_when_bait_may_mute_the_alert),
        cmocka_unit_test(codes_when_a_word_means_two_things_follow_their_key),
        cmocka_unit_test(codes_when_wrong_name_the_place_and_leave_the_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
