/* SPDX-License-Identifier: Apache-2.0 */
/* Journals under failure: a writer that fails leaves nothing, one that says yes has written a whole journal; a reader never takes a
 * failure for a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay/audit.h"
#include "tests/fault/failing.h"
#include "tests/unit/replay/scribe.h"

enum { TRIES_MAX = 1000 };

static struct scribe *scribe;
static struct err_text text;
static char path[PATH_BYTES];
static const struct replay_port nobody = {NULL, NULL, NULL};

static int open_scribe(void **state)
{
    (void)state;
    scribe = scribe_open();
    scribe_path("fault", path);
    return 0;
}

static int close_scribe(void **state)
{
    (void)state;
    (void)unlink(path); /* Not every test leaves one. */
    scribe_close(scribe);
    return 0;
}

static void assert_is_whole(void)
{
    struct replay_result result = {0};
    assert_int_equal(replay_run(path, NULL, &nobody, &result, &text), OK);
    assert_true(result.same);
    assert_int_equal(result.frames, STORY_FRAMES);
}

static void write_with_failures(enum failing_kind kind, bool forever)
{
    uint64_t n_failures = 0;
    uint64_t n = 1;
    for (int tries = 0; tries < TRIES_MAX; tries++, n = failing_next(n)) {
        text.text[0] = '\0';
        failing_arm(kind, n, forever);
        enum err err = scribe_write(scribe, path, 1, &text);
        bool has_failed = failing_disarm();
        assert_false(scribe_is_partial(path));
        assert_int_equal(scribe_is_there(path), err == OK);
        if (err == OK) {
            assert_is_whole(); /* The failure was one that does not matter, or there was none. */
            assert_int_equal(unlink(path), 0);
        } else {
            assert_true(has_failed);
            assert_memory_equal(text.text, "journal /tmp/steward_fault_", 27);
            n_failures++;
        }
        if (!has_failed) {
            assert_int_equal(err, OK);
            assert_true(n_failures > 0);
            return;
        }
    }
    fail_msg("no run passed");
}

/* Executes the journal again, or verifies its audit trail. */
static enum err read_once(bool is_audit)
{
    struct replay_result result = {0};
    static struct audit_result audited;
    enum err err = is_audit ? audit_verify(&(struct audit_request){.path = path}, &audited, &text)
                            : replay_run(path, NULL, &nobody, &result, &text);
    if (err == OK && is_audit) {
        assert_string_equal(audited.problem.text, "");
        assert_int_equal(audited.size, STORY_FRAMES);
    } else if (err == OK) {
        assert_true(result.same);
        assert_int_equal(result.frames, STORY_FRAMES);
    }
    return err;
}

static void read_with_failures(enum failing_kind kind, bool forever, bool is_audit)
{
    if (!scribe_is_there(path)) {
        assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    }
    uint64_t n_failures = 0;
    uint64_t n = 1;
    for (int tries = 0; tries < TRIES_MAX; tries++, n = failing_next(n)) {
        failing_arm(kind, n, forever);
        enum err err = read_once(is_audit);
        bool has_failed = failing_disarm();
        if (err == ERR_DATA) { /* The journal is sound; the machine is not. */
            fail_msg("failure %llu taken for damage: %s", (unsigned long long)n, text.text);
        }
        if (err != OK) {
            assert_true(has_failed);
            assert_memory_equal(text.text, "journal /tmp/steward_fault_", 27);
            n_failures++;
        }
        if (!has_failed) {
            assert_int_equal(err, OK);
            assert_true(n_failures > 0);
            return;
        }
    }
    fail_msg("no run passed");
}

static void writer_when_a_call_fails_leaves_nothing(void **state)
{
    (void)state;
    write_with_failures(FAILING_CALLS, false);
    write_with_failures(FAILING_CALLS, true);
}

static void writer_when_its_store_lacks_memory_leaves_nothing(void **state)
{
    (void)state;
    write_with_failures(FAILING_SQLITE_MEMORY, false);
    write_with_failures(FAILING_SQLITE_MEMORY, true);
}

static void writer_when_its_store_cannot_write_leaves_nothing(void **state)
{
    (void)state;
    write_with_failures(FAILING_SQLITE_FILES, false);
    write_with_failures(FAILING_SQLITE_FILES, true);
}

static void reader_when_a_call_fails_says_so(void **state)
{
    (void)state;
    read_with_failures(FAILING_CALLS, false, false);
    read_with_failures(FAILING_CALLS, true, false);
}

static void reader_when_its_store_lacks_memory_says_so(void **state)
{
    (void)state;
    read_with_failures(FAILING_SQLITE_MEMORY, false, false);
    read_with_failures(FAILING_SQLITE_MEMORY, true, false);
}

static void reader_when_its_store_cannot_read_says_so(void **state)
{
    (void)state;
    read_with_failures(FAILING_SQLITE_FILES, false, false);
    read_with_failures(FAILING_SQLITE_FILES, true, false);
}

static void verifier_when_a_call_fails_says_so(void **state)
{
    (void)state;
    read_with_failures(FAILING_CALLS, false, true);
    read_with_failures(FAILING_CALLS, true, true);
}

static void verifier_when_its_store_lacks_memory_says_so(void **state)
{
    (void)state;
    read_with_failures(FAILING_SQLITE_MEMORY, false, true);
    read_with_failures(FAILING_SQLITE_MEMORY, true, true);
}

static void verifier_when_its_store_cannot_read_says_so(void **state)
{
    (void)state;
    read_with_failures(FAILING_SQLITE_FILES, false, true);
    read_with_failures(FAILING_SQLITE_FILES, true, true);
}

#define WITH_SCRIBE(test) cmocka_unit_test_setup_teardown(test, open_scribe, close_scribe)

int main(void)
{
    failing_sqlite_install();
    const struct CMUnitTest tests[] = {
        WITH_SCRIBE(writer_when_a_call_fails_leaves_nothing),
        WITH_SCRIBE(writer_when_its_store_lacks_memory_leaves_nothing),
        WITH_SCRIBE(writer_when_its_store_cannot_write_leaves_nothing),
        WITH_SCRIBE(reader_when_a_call_fails_says_so),
        WITH_SCRIBE(reader_when_its_store_lacks_memory_says_so),
        WITH_SCRIBE(reader_when_its_store_cannot_read_says_so),
        WITH_SCRIBE(verifier_when_a_call_fails_says_so),
        WITH_SCRIBE(verifier_when_its_store_lacks_memory_says_so),
        WITH_SCRIBE(verifier_when_its_store_cannot_read_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
