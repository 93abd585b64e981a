/* SPDX-License-Identifier: Apache-2.0 */
/* Cassettes: what was written is read and played in order by prompt; anything else is refused by name; a tape is a whole cassette at any time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/formats/tape.h"

static const char first[] =
    "exchange 0000000000000001000000000000000f valid 5000000000 900 27 2\n{}\n";
static const char second[] =
    "exchange 0000000000000001000000000000000f timeout 20000000000 0 0 0\n\n";
static const struct digest128 prompt = {1, 15};
static struct err_text text;
static char path[64];

static struct cassette *read_words(const char *words)
{
    struct cassette *cassette = NULL;
    assert_int_equal(cassette_open("a.txt", slice_of(words), &cassette, &text), OK);
    return cassette;
}

static void cassette_when_a_prompt_comes_again_plays_its_exchanges_in_order(void **state)
{
    char words[512];
    struct cassette_head head = {{0}};
    (void)state;
    (void)snprintf(words, sizeof(words), "%s%s%s%s", CASSETTE_HEAD, first, second, first);
    struct cassette *cassette = read_words(words);
    assert_int_equal(cassette_length(cassette), 3);
    const struct cassette_exchange *exchange = cassette_play(cassette, &head, prompt);
    assert_non_null(exchange);
    assert_int_equal(exchange->verdict, REPLY_VALID);
    assert_int_equal(exchange->latency_ns, 5 * NS_PER_S);
    assert_int_equal(exchange->tokens, 900);
    assert_int_equal(exchange->cost_microusd, 27);
    assert_true(slice_equal(exchange->raw, slice_of("{}")));
    assert_false(cassette_is_silent(exchange));
    exchange = cassette_play(cassette, &head, prompt);
    assert_true(cassette_is_silent(exchange));
    assert_non_null(cassette_play(cassette, &head, prompt));
    assert_null(cassette_play(cassette, &head, prompt));
    assert_null(cassette_play(cassette, &head, (struct digest128){1, 16}));
    head = (struct cassette_head){{0}};
    assert_non_null(cassette_play(cassette, &head, prompt)); /* Rewound. */
    cassette_close(cassette);
}

static void cassette_when_it_is_written_is_the_same_when_read(void **state)
{
    static char raw[REPLY_BYTES_MAX];
    static char bytes[sizeof(CASSETTE_HEAD) + CASSETTE_EXCHANGE_BYTES];
    struct cassette_head head = {{0}};
    struct cassette *cassette = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof(raw); i++) {
        raw[i] = (char)(i * 7); /* Zero bytes and newlines among them. */
    }
    struct cassette_exchange exchange = {prompt,     REPLY_ENCODING, CASSETTE_LATENCY_MAX_NS + 1,
                                         UINT32_MAX, UINT32_MAX,     {raw, sizeof(raw)}};
    memcpy(bytes, CASSETTE_HEAD, strlen(CASSETTE_HEAD));
    size_t n_bytes = strlen(CASSETTE_HEAD);
    n_bytes += cassette_write(&exchange, bytes + n_bytes);
    assert_int_equal(cassette_open("a.txt", (struct slice){bytes, n_bytes}, &cassette, &text), OK);
    const struct cassette_exchange *read = cassette_play(cassette, &head, prompt);
    assert_non_null(read);
    assert_int_equal(read->verdict, REPLY_ENCODING);
    assert_int_equal(read->latency_ns, CASSETTE_LATENCY_MAX_NS);
    assert_int_equal(read->tokens, UINT32_MAX);
    assert_true(slice_equal(read->raw, exchange.raw));
    cassette_close(cassette);
}

static void cassette_when_it_is_not_one_is_refused_by_name_and_place(void **state)
{
    static const struct {
        const char *words, *why;
    } cases[] = {
        {"", "does not begin with the line"},
        {"steward-cassette 2\n", "does not begin with the line"},
        {CASSETTE_HEAD "exchang", "exchange 1: does not begin"},
        {CASSETTE_HEAD "exchange 00000000000000010000000000000F0F valid 1 1 1 0\n\n", "32 lower-case"},
        {CASSETTE_HEAD "exchange 0000000000000001000000000000000f sure 1 1 1 0\n\n", "its verdict"},
        {CASSETTE_HEAD "exchange 0000000000000001000000000000000f valid 01 1 1 0\n\n",
         "plain numbers"},
        {CASSETTE_HEAD "exchange 0000000000000001000000000000000f valid 86400000000001 1 1 0\n\n",
         "at most a day"},
        {CASSETTE_HEAD "exchange 0000000000000001000000000000000f valid 1 4294967296 1 0\n\n",
         "plain numbers"},
        {CASSETTE_HEAD "exchange 0000000000000001000000000000000f valid 1 1 1 8193\n",
         "plain numbers"},
        {CASSETTE_HEAD "exchange 0000000000000001000000000000000f valid 1 1 1 3\n{}\n", "cut short"},
        {CASSETTE_HEAD "exchange 0000000000000001000000000000000f valid 1 1 1 1\n{}\n", "cut short"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cassette *cassette = NULL;
        assert_int_equal(cassette_open("a.txt", slice_of(cases[i].words), &cassette, &text),
                         ERR_DATA);
        assert_null(cassette);
        if (strstr(text.text, "cassette a.txt: ") == NULL || strstr(text.text, cases[i].why) == NULL) {
            fail_msg("expected '%s' in '%s'", cases[i].why, text.text);
        }
    }
}

static void cassette_when_it_holds_too_many_is_refused(void **state)
{
    size_t n_head = strlen(CASSETTE_HEAD), n_each = strlen(second);
    size_t n_bytes = n_head + (CASSETTE_EXCHANGES_MAX + 1) * n_each;
    char *bytes = malloc(n_bytes);
    struct cassette *cassette = NULL;
    (void)state;
    memcpy(bytes, CASSETTE_HEAD, n_head);
    for (size_t i = 0; i <= CASSETTE_EXCHANGES_MAX; i++) {
        memcpy(bytes + n_head + i * n_each, second, n_each);
    }
    assert_int_equal(cassette_open("a.txt", (struct slice){bytes, n_bytes}, &cassette, &text),
                     ERR_DATA);
    assert_non_null(strstr(text.text, "exchange 4097"));
    assert_int_equal(
        cassette_open("a.txt", (struct slice){bytes, n_bytes - n_each}, &cassette, &text), OK);
    cassette_close(cassette);
    free(bytes);
}

static int name_tape(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/steward_tape_%ld", (long)getpid());
    (void)unlink(path); /* Of a test that was killed. */
    return 0;
}

static int remove_tape(void **state)
{
    (void)state;
    return unlink(path);
}

static struct cassette_exchange an_exchange(void)
{
    return (struct cassette_exchange){prompt, REPLY_VALID, NS_PER_S, 1, 2, slice_of("{}")};
}

static size_t read_tape(char ret_bytes[4096])
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t n_bytes = fread(ret_bytes, 1, 4096, stream);
    assert_int_equal(fclose(stream), 0);
    return n_bytes;
}

static void tape_when_it_is_opened_again_goes_on(void **state)
{
    struct tape *tape = NULL;
    struct stat status;
    char bytes[4096];
    struct cassette *cassette = NULL;
    struct cassette_exchange exchange = an_exchange();
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tape_open(path, &tape, &text), OK);
        assert_int_equal(tape_put(tape, &exchange, &text), OK);
        tape_close(tape);
    }
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    struct slice words = {bytes, read_tape(bytes)};
    assert_int_equal(cassette_open(path, words, &cassette, &text), OK);
    assert_int_equal(cassette_length(cassette), 3);
    cassette_close(cassette);
}

static void tape_when_the_file_is_something_else_leaves_it_alone(void **state)
{
    static const char words[] = "important notes\n";
    struct tape *tape = NULL;
    char bytes[4096];
    (void)state;
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_true(fputs(words, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(tape_open(path, &tape, &text), ERR_DATA);
    assert_null(tape);
    assert_int_equal(read_tape(bytes), strlen(words));
    assert_int_equal(tape_open("/nowhere/tape", &tape, &text), ERR_CANNOT_WRITE);
}

static void tape_when_the_disk_is_full_stays_whole(void **state)
{
    struct tape *tape = NULL;
    struct rlimit before, limit;
    char bytes[4096];
    struct cassette *cassette = NULL;
    struct cassette_exchange exchange = an_exchange();
    (void)state;
    assert_int_equal(tape_open(path, &tape, &text), OK);
    assert_int_equal(tape_put(tape, &exchange, &text), OK);
    size_t n_whole = read_tape(bytes);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    limit = before;
    limit.rlim_cur = n_whole + 10; /* In the middle of the next. */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum err err = tape_put(tape, &exchange, &text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, ERR_IO);
    assert_non_null(strstr(text.text, "writing failed"));
    assert_int_equal(read_tape(bytes), n_whole);
    assert_int_equal(tape_put(tape, &exchange, &text), OK); /* There is room again. */
    tape_close(tape);
    struct slice words = {bytes, read_tape(bytes)};
    assert_int_equal(cassette_open(path, words, &cassette, &text), OK);
    assert_int_equal(cassette_length(cassette), 2);
    cassette_close(cassette);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cassette_when_a_prompt_comes_again_plays_its_exchanges_in_order),
        cmocka_unit_test(cassette_when_it_is_written_is_the_same_when_read),
        cmocka_unit_test(cassette_when_it_is_not_one_is_refused_by_name_and_place),
        cmocka_unit_test(cassette_when_it_holds_too_many_is_refused),
        cmocka_unit_test_setup_teardown(tape_when_it_is_opened_again_goes_on, name_tape, remove_tape),
        cmocka_unit_test_setup_teardown(tape_when_the_file_is_something_else_leaves_it_alone,
                                        name_tape, remove_tape),
        cmocka_unit_test_setup_teardown(tape_when_the_disk_is_full_stays_whole, name_tape,
                                        remove_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
