/* SPDX-License-Identifier: Apache-2.0 */
/* Options: what is accepted in any order, and what is refused with the word that was wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

enum { SEED, TRACE, OUT, SET, N_OPTIONS };

static const struct option_entry table[N_OPTIONS] = {
    [SEED] = {"seed", "N", "a number"},
    [TRACE] = {"trace", NULL, "a flag"},
    [OUT] = {"out", "DIR", "a word"},
    [SET] = {"set", "KEY=VALUE...", "a word that may repeat"},
};

enum { WORDS_MAX = TARGETS_MAX + 2 };

/* Parses the words up to NULL. */
static enum err parse(const char *const *words, struct arguments *arguments, struct err_text *text)
{
    char *argv[WORDS_MAX];
    int argc = 0;
    while (words[argc] != NULL) {
        argv[argc] = (char *)(uintptr_t)words[argc]; /* As main gives them. */
        argc++;
    }
    return arguments_parse(argc, argv, table, N_OPTIONS, arguments, text);
}

#define PARSE(arguments, text, ...) parse((const char *const[]){__VA_ARGS__, NULL}, arguments, text)

static void options_when_mixed_with_targets_are_told_apart(void **state)
{
    (void)state;
    struct arguments arguments;
    struct err_text text;
    assert_int_equal(
        PARSE(&arguments, &text, "M01", "--seed", "7", "--trace", "mix:prior", "--out=a=b"), OK);
    assert_int_equal(arguments.n_targets, 2);
    assert_string_equal(arguments.targets[0], "M01");
    assert_string_equal(arguments.targets[1], "mix:prior");
    assert_string_equal(arguments.values[SEED], "7");
    assert_string_equal(arguments.values[TRACE], "");
    assert_string_equal(arguments.values[OUT], "a=b");
    assert_false(arguments.help);
}

static void options_when_they_may_repeat_are_kept_in_order(void **state)
{
    (void)state;
    struct arguments arguments;
    struct err_text text;
    assert_int_equal(PARSE(&arguments, &text, "--set", "a=1", "M01", "--set=b=2", "--set", "a=3"),
                     OK);
    assert_int_equal(arguments.n_repeats, 3);
    assert_string_equal(arguments.repeats[0].value, "a=1");
    assert_string_equal(arguments.repeats[1].value, "b=2");
    assert_string_equal(arguments.repeats[2].value, "a=3");
    assert_int_equal(arguments.repeats[1].option_i, SET);
    assert_string_equal(arguments.values[SET], "a=3");
    assert_int_equal(PARSE(&arguments, &text, "--set", "a=1", "--set"), ERR_USAGE);
    assert_string_equal(text.text, "option --set wants a value (KEY=VALUE...)");
}

static void options_when_they_repeat_too_often_are_refused(void **state)
{
    (void)state;
    struct arguments arguments;
    struct err_text text;
    char *argv[REPEATS_MAX + 1], word[] = "--set=a=1";
    for (int i = 0; i <= REPEATS_MAX; i++) {
        argv[i] = word;
    }
    assert_int_equal(arguments_parse(REPEATS_MAX, argv, table, N_OPTIONS, &arguments, &text), OK);
    assert_int_equal(arguments_parse(REPEATS_MAX + 1, argv, table, N_OPTIONS, &arguments, &text),
                     ERR_USAGE);
}

static void options_when_absent_have_no_value(void **state)
{
    (void)state;
    struct arguments arguments;
    struct err_text text;
    assert_int_equal(arguments_parse(0, NULL, table, N_OPTIONS, &arguments, &text), OK);
    assert_int_equal(arguments.n_targets, 0);
    for (int i = 0; i < N_OPTIONS; i++) {
        assert_null(arguments.values[i]);
    }
}

static void words_when_after_two_dashes_are_targets(void **state)
{
    (void)state;
    struct arguments arguments;
    struct err_text text;
    assert_int_equal(PARSE(&arguments, &text, "-", "--", "--trace", "--help", "--"), OK);
    assert_int_equal(arguments.n_targets, 4);
    assert_string_equal(arguments.targets[0], "-");
    assert_string_equal(arguments.targets[1], "--trace");
    assert_string_equal(arguments.targets[3], "--");
    assert_null(arguments.values[TRACE]);
    assert_false(arguments.help);
}

static void help_when_asked_either_way_is_noticed(void **state)
{
    (void)state;
    struct arguments arguments;
    struct err_text text;
    assert_int_equal(PARSE(&arguments, &text, "M01", "--help"), OK);
    assert_true(arguments.help);
    assert_int_equal(PARSE(&arguments, &text, "-h"), OK);
    assert_true(arguments.help);
}

static void option_when_wrong_is_refused_and_named(void **state)
{
    (void)state;
    static const struct {
        const char *words[4];
        const char *message;
    } wrong[] = {
        {{"--sed", "7"}, "unknown option '--sed'; see --help"},
        {{"--seedy=7"}, "unknown option '--seedy=7'; see --help"},
        {{"-x"}, "unknown option '-x'; see --help"},
        {{"--seed", "1", "--seed=2"}, "option --seed given twice"},
        {{"--trace", "--trace"}, "option --trace given twice"},
        {{"--trace=yes"}, "option --trace takes no value"},
        {{"M01", "--seed"}, "option --seed wants a value (N)"},
        {{"--seed="}, "option --seed wants a value (N)"},
        {{"--out", ""}, "option --out wants a value (DIR)"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct arguments arguments;
        struct err_text text;
        assert_int_equal(parse(wrong[i].words, &arguments, &text), ERR_USAGE);
        assert_string_equal(text.text, wrong[i].message);
    }
}

static void targets_when_too_many_are_refused(void **state)
{
    (void)state;
    const char *words[WORDS_MAX] = {NULL};
    struct arguments arguments;
    struct err_text text;
    for (int i = 0; i < TARGETS_MAX; i++) {
        words[i] = "M01";
    }
    assert_int_equal(parse(words, &arguments, &text), OK);
    assert_int_equal(arguments.n_targets, TARGETS_MAX);
    words[TARGETS_MAX] = "M05";
    assert_int_equal(parse(words, &arguments, &text), ERR_USAGE);
    assert_string_equal(text.text, "more than 64 targets");
}

static void number_when_in_its_range_is_taken(void **state)
{
    (void)state;
    struct err_text text;
    uint64_t value = 5;
    assert_int_equal(arguments_number(NULL, "seed", 0, 9, &value, &text), OK);
    assert_int_equal(value, 5);
    assert_int_equal(arguments_number("0", "seed", 0, 9, &value, &text), OK);
    assert_int_equal(value, 0);
    assert_int_equal(
        arguments_number("9007199254740991", "seed", 0, (UINT64_C(1) << 53) - 1, &value, &text), OK);
    assert_int_equal(value, (UINT64_C(1) << 53) - 1);
}

static void number_when_it_is_none_or_out_of_range_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1x",
                                        "0x10",
                                        "1e3",
                                        "1.5",
                                        "nan",
                                        "101",
                                        "18446744073709551616",
                                        "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err_text text;
        uint64_t value = 5;
        assert_int_equal(arguments_number(wrong[i], "runs", 1, 100, &value, &text), ERR_USAGE);
        assert_int_equal(value, 5);
        assert_non_null(strstr(text.text, "is not a whole number from 1 to 100"));
        assert_non_null(strstr(text.text, "--runs"));
        assert_non_null(strstr(text.text, wrong[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_when_mixed_with_targets_are_told_apart),
        cmocka_unit_test(options_when_they_may_repeat_are_kept_in_order),
        cmocka_unit_test(options_when_they_repeat_too_often_are_refused),
        cmocka_unit_test(options_when_absent_have_no_value),
        cmocka_unit_test(words_when_after_two_dashes_are_targets),
        cmocka_unit_test(help_when_asked_either_way_is_noticed),
        cmocka_unit_test(option_when_wrong_is_refused_and_named),
        cmocka_unit_test(targets_when_too_many_are_refused),
        cmocka_unit_test(number_when_in_its_range_is_taken),
        cmocka_unit_test(number_when_it_is_none_or_out_of_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
