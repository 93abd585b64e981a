/* SPDX-License-Identifier: Apache-2.0 */
/* Words: every value has one, no two share one, and files find them again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/types/names.h"

/* Asserts that the words of one enum are present and different. */
#define ASSERT_WORDS(type, n_values, name_of)                                                      \
    do {                                                                                           \
        for (int i = 0; i < (n_values); i++) {                                                     \
            assert_true(slice_of(name_of((type)i)).n_bytes > 0);                                   \
            for (int j = 0; j < i; j++) {                                                          \
                assert_string_not_equal(name_of((type)i), name_of((type)j));                       \
            }                                                                                      \
        }                                                                                          \
        expect_assert_failure((void)name_of((type)(n_values)));                                    \
    } while (0)

static void words_of_every_enum_are_present_and_different(void **state)
{
    (void)state;
    ASSERT_WORDS(enum verb, N_VERBS, verb_name);
    ASSERT_WORDS(enum tool, N_TOOLS, tool_name);
    ASSERT_WORDS(enum cause, N_CAUSES, cause_name);
    ASSERT_WORDS(enum fact, N_FACTS, fact_name);
    ASSERT_WORDS(enum tier, N_TIERS, tier_name);
    ASSERT_WORDS(enum role, N_ROLES, role_name);
    ASSERT_WORDS(enum verdict, N_VERDICTS, verdict_name);
    ASSERT_WORDS(enum event_kind, N_EVENT_KINDS, event_name);
    ASSERT_WORDS(enum advice_kind, N_ADVICE_KINDS, advice_name);
    ASSERT_WORDS(enum symptom, N_SYMPTOMS, symptom_name);
    ASSERT_WORDS(enum guarantee, N_GUARANTEES, guarantee_name);
    ASSERT_WORDS(enum effect_kind, N_EFFECT_KINDS, effect_name);
    ASSERT_WORDS(enum record_kind, N_RECORD_KINDS, record_name);
    ASSERT_WORDS(enum refusal, N_REFUSALS, refusal_name);
    ASSERT_WORDS(enum principal, N_PRINCIPALS, principal_name);
    ASSERT_WORDS(enum incident_state, N_INCIDENT_STATES, incident_state_name);
    ASSERT_WORDS(enum action_state, N_ACTION_STATES, action_state_name);
    ASSERT_WORDS(enum reply_verdict, N_REPLY_VERDICTS, reply_verdict_name);
    ASSERT_WORDS(enum change_kind, N_CHANGE_KINDS, change_kind_name);
    ASSERT_WORDS(enum control_kind, N_CONTROL_KINDS, control_name);
    ASSERT_WORDS(enum train_window, N_TRAIN_WINDOWS, train_window_name);
    ASSERT_WORDS(enum fallback_mode, N_FALLBACK_MODES, fallback_mode_name);
    ASSERT_WORDS(enum calendar_kind, N_CALENDAR_KINDS, calendar_name);
    ASSERT_WORDS(uint32_t, N_LAYERS, layer_name);
}

#define ASSERT_FOUND(type, n_values, name_of, find)                                                \
    do {                                                                                           \
        for (int i = 0; i < (n_values); i++) {                                                     \
            type found = (type)((i + 1) % (n_values));                                             \
            assert_true(find(slice_of(name_of((type)i)), &found));                                 \
            assert_int_equal(found, i);                                                            \
        }                                                                                          \
        type kept = (type)1;                                                                       \
        assert_false(find(slice_of("no such word"), &kept));                                       \
        assert_false(find(slice_of(""), &kept));                                                   \
        assert_int_equal(kept, 1);                                                                 \
    } while (0)

static void words_when_read_from_a_file_find_their_value(void **state)
{
    (void)state;
    ASSERT_FOUND(enum verb, N_VERBS, verb_name, verb_find);
    ASSERT_FOUND(enum tool, N_TOOLS, tool_name, tool_find);
    ASSERT_FOUND(enum cause, N_CAUSES, cause_name, cause_find);
    ASSERT_FOUND(enum fact, N_FACTS, fact_name, fact_find);
    ASSERT_FOUND(enum tier, N_TIERS, tier_name, tier_find);
    ASSERT_FOUND(enum role, N_ROLES, role_name, role_find);
    ASSERT_FOUND(enum verdict, N_VERDICTS, verdict_name, verdict_find);
}

static void words_when_cut_or_with_a_nul_are_not_found(void **state)
{
    (void)state;
    enum verb verb = VERB_NOOP;
    assert_false(verb_find((struct slice){"ROLLBACK_CONFIG", 14}, &verb));
    assert_false(verb_find((struct slice){"ROLLBACK\0", 9}, &verb));
    assert_false(verb_find(slice_of("rollback"), &verb));
    assert_true(verb_find((struct slice){"ROLLBACK_CONFIG", 8}, &verb));
    assert_int_equal(verb, VERB_ROLLBACK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_every_enum_are_present_and_different),
        cmocka_unit_test(words_when_read_from_a_file_find_their_value),
        cmocka_unit_test(words_when_cut_or_with_a_nul_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
