/* SPDX-License-Identifier: Apache-2.0 */
/* Input files under failure: all of it or nothing, and the name in the message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "tests/fault/failing.h"

static char path[64];

static int make_file(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/steward_fault_file_%ld", (long)getpid());
    FILE *stream = fopen(path, "wb");
    if (stream == NULL) {
        return -1;
    }
    (void)fputs("some bytes", stream); /* The test reads them back. */
    return fclose(stream);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static enum err read_once(struct err_text *text)
{
    struct files *files = NULL;
    struct slice bytes = {NULL, 0};
    enum err err = files_open(&files, text);
    if (err == OK) {
        err = files_read(files, path, &bytes, text);
    }
    if (err == OK) {
        assert_int_equal(bytes.n_bytes, 10);
        assert_memory_equal(bytes.bytes, "some bytes", 10);
    } else {
        assert_null(bytes.bytes);
    }
    if (files != NULL) {
        files_close(files);
    }
    return err;
}

static void reader_when_any_call_fails_gives_no_bytes(void **state)
{
    (void)state;
    for (int forever = 0; forever < 2; forever++) {
        uint64_t n = 1;
        for (;; n++) {
            struct err_text text = {""};
            failing_arm(FAILING_CALLS, n, forever == 1);
            enum err err = read_once(&text);
            bool has_failed = failing_disarm();
            assert_int_equal(err != OK, has_failed);
            if (!has_failed) {
                break;
            }
            assert_true(err == ERR_INTERNAL || err == ERR_NO_INPUT || err == ERR_IO);
            assert_true(n == 1 || strncmp(text.text, path, strlen(path)) == 0);
        }
        assert_int_equal(n, 7); /* calloc, stat, fopen, calloc, malloc, fread. */
    }
}

static enum err read_input_once(struct err_text *text)
{
    struct files *files = NULL;
    struct slice bytes = {NULL, 0};
    rewind(stdin);
    enum err err = files_open(&files, text);
    if (err == OK) {
        err = files_read_input(files, &bytes, text);
    }
    assert_int_equal(bytes.n_bytes, err == OK ? 10 : 0);
    assert_int_equal(err == OK, bytes.bytes != NULL);
    if (files != NULL) {
        files_close(files);
    }
    return err;
}

static void input_when_any_call_fails_gives_no_bytes(void **state)
{
    (void)state;
    assert_non_null(freopen(path, "rb", stdin));
    for (int forever = 0; forever < 2; forever++) {
        uint64_t n = 1;
        for (;; n++) {
            struct err_text text = {""};
            failing_arm(FAILING_CALLS, n, forever == 1);
            enum err err = read_input_once(&text);
            bool has_failed = failing_disarm();
            assert_int_equal(err != OK, has_failed);
            if (!has_failed) {
                break;
            }
            assert_true(err == ERR_INTERNAL || err == ERR_IO);
            assert_true(n == 1 || strncmp(text.text, "standard input", 14) == 0);
        }
        assert_int_equal(n, 5); /* calloc, calloc, realloc, fread. */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_when_any_call_fails_gives_no_bytes),
        cmocka_unit_test(input_when_any_call_fails_gives_no_bytes),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
