/* SPDX-License-Identifier: Apache-2.0 */
/* Failures: every code has its own word and a status of sysexits, and messages grow outwards within
 * bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/err.h"

static void words_when_codes_differ_differ(void **state)
{
    (void)state;
    static const enum err codes[] = {
#define X(name, code, exit_status, word) name,
        ERR_TABLE(X)
#undef X
    };
    size_t n = sizeof(codes) / sizeof(codes[0]);
    for (size_t i = 0; i < n; i++) {
        assert_true(codes[i] < 0);
        assert_in_range(err_exit_status(codes[i]), 1, 125);
        for (size_t j = i + 1; j < n; j++) {
            assert_string_not_equal(err_word(codes[i]), err_word(codes[j]));
        }
    }
}

static void words_when_given_known_codes_are_the_tables(void **state)
{
    (void)state;
    assert_string_equal(err_word(OK), "ok");
    assert_string_equal(err_word(ERR_CONFIG), "bad configuration");
    assert_string_equal(err_word((enum err)(-99)), "unknown failure");
    assert_int_equal(err_exit_status(OK), 0);
    assert_int_equal(err_exit_status(ERR_USAGE), 2);
    assert_int_equal(err_exit_status(ERR_DATA), 65);
    assert_int_equal(err_exit_status((enum err)(-99)), 70);
}

static void set_when_wrapped_twice_reads_from_the_outside_in(void **state)
{
    (void)state;
    struct err_text text;
    assert_int_equal(err_set(&text, ERR_DATA, "frame %d: checksum mismatch", 17), ERR_DATA);
    assert_int_equal(err_wrap(&text, ERR_DATA, "journal %s", "day3.stw"), ERR_DATA);
    assert_int_equal(err_wrap(&text, ERR_IO, "replay"), ERR_IO);
    assert_string_equal(text.text, "replay: journal day3.stw: frame 17: checksum mismatch");
}

static void set_when_no_text_is_wanted_still_returns_the_code(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, ERR_IO, "x"), ERR_IO);
    assert_int_equal(err_wrap(NULL, ERR_IO, "x"), ERR_IO);
}

static void wrap_when_text_is_too_long_cuts_the_inner_end(void **state)
{
    (void)state;
    char long_word[2 * sizeof(struct err_text)];
    memset(long_word, 'a', sizeof(long_word));
    long_word[sizeof(long_word) - 1] = '\0';
    struct err_text text;
    (void)err_set(&text, ERR_DATA, "%s", long_word); /* The code is not the subject. */
    assert_int_equal(strlen(text.text), sizeof(text.text) - 1);
    (void)err_wrap(&text, ERR_DATA, "outer");
    assert_int_equal(strlen(text.text), sizeof(text.text) - 1);
    assert_memory_equal(text.text, "outer: aaa", 10);
    (void)err_wrap(&text, ERR_DATA, "%s", long_word);
    assert_int_equal(strlen(text.text), sizeof(text.text) - 1);
    assert_int_equal(text.text[0], 'a');
}

static enum err steps_until(enum err failure, int *ret_steps)
{
    *ret_steps = 1;
    TRY(failure);
    *ret_steps = 2;
    return OK;
}

static void try_when_call_fails_leaves_with_its_code(void **state)
{
    (void)state;
    int steps = 0;
    assert_int_equal(steps_until(ERR_NO_SPACE, &steps), ERR_NO_SPACE);
    assert_int_equal(steps, 1);
    assert_int_equal(steps_until(OK, &steps), OK);
    assert_int_equal(steps, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_when_codes_differ_differ),
        cmocka_unit_test(words_when_given_known_codes_are_the_tables),
        cmocka_unit_test(set_when_wrapped_twice_reads_from_the_outside_in),
        cmocka_unit_test(set_when_no_text_is_wanted_still_returns_the_code),
        cmocka_unit_test(wrap_when_text_is_too_long_cuts_the_inner_end),
        cmocka_unit_test(try_when_call_fails_leaves_with_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
