/* SPDX-License-Identifier: Apache-2.0 */
/* Writing journals: what is in the file, that a path is never overwritten, and that no failure leaves half a file. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/replay/scribe.h"

static struct scribe *scribe;
static struct err_text text;
static char path[PATH_BYTES];

static int open_scribe(void **state)
{
    (void)state;
    scribe = scribe_open();
    scribe_path("journal", path);
    return 0;
}

static int close_scribe(void **state)
{
    (void)state;
    (void)unlink(path); /* Not every test leaves one. */
    scribe_close(scribe);
    return 0;
}

static int64_t number_of(const char *statement)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *read = NULL;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, statement, -1, &read, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(read), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(read, 0);
    assert_int_equal(sqlite3_finalize(read), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return value;
}

static void journal_when_closed_is_one_file_that_sqlite_opens(void **state)
{
    (void)state;
    assert_int_equal(scribe_write(scribe, path, 2, &text), OK);
    assert_false(scribe_is_partial(path));
    assert_int_equal(number_of("SELECT count(*) FROM run"), 2);
    assert_int_equal(
        number_of("SELECT count(*) FROM run WHERE length(fingerprint) = 32 AND arm = 'steward'"), 2);
    assert_int_equal(number_of("SELECT count(*) FROM frame"), 2 * STORY_FRAMES);
    assert_int_equal(
        number_of("SELECT count(*) FROM frame WHERE typeof(body) = 'blob' AND length(body) > 0"),
        2 * STORY_FRAMES);
    assert_int_equal(
        number_of("SELECT count(*) FROM frame WHERE typeof(chain) = 'blob' AND length(chain) = 16"),
        2 * STORY_FRAMES);
    assert_int_equal(number_of("SELECT count(*) FROM document"), 2); /* Both runs have the same two. */
    assert_int_equal(number_of("SELECT count(*) FROM truth WHERE kind = 'violation'"), 2);
    assert_int_equal(number_of("SELECT count(*) FROM snapshot"), 2 * (STORY_FRAMES / SNAPSHOT_EVERY));
    assert_int_equal(
        number_of(
            "SELECT count(*) FROM sqlite_master WHERE name IN ('incident','decision','action','approval','llm')"),
        5);
}

static void frames_when_listed_carry_time_and_kind_of_their_events(void **state)
{
    (void)state;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    assert_int_equal(number_of("SELECT at_ns FROM frame WHERE seq = 3"), 10 * NS_PER_MIN);
    assert_int_equal(number_of("SELECT kind FROM frame WHERE seq = 1"), EVENT_START);
    assert_int_equal(number_of("SELECT kind FROM frame WHERE seq = 40"), EVENT_CONTROL);
    assert_int_equal(number_of("SELECT max(seq) - min(seq) + 1 FROM frame"), STORY_FRAMES);
}

static void journal_when_discarded_leaves_nothing(void **state)
{
    (void)state;
    struct journal *journal = NULL;
    assert_int_equal(journal_create(path, &journal, &text), OK);
    assert_int_equal(scribe_run(scribe, journal, &text), OK);
    assert_false(scribe_is_there(path)); /* No name before it is whole. */
    assert_int_equal(journal_close(journal, true, &text), OK);
    assert_false(scribe_is_there(path));
    assert_false(scribe_is_partial(path));
}

static void path_when_taken_is_not_overwritten(void **state)
{
    (void)state;
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fputs("precious", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    struct journal *journal = NULL;
    assert_int_equal(journal_create(path, &journal, &text), ERR_CANNOT_WRITE);
    assert_null(journal);
    assert_non_null(strstr(text.text, path));
    assert_non_null(strstr(text.text, "exists already"));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 8);
    assert_false(scribe_is_partial(path));
}

static void path_when_it_cannot_be_made_is_refused(void **state)
{
    (void)state;
    struct journal *journal = NULL;
    assert_int_equal(journal_create("/tmp", &journal, &text), ERR_NO_INPUT);
    assert_string_equal(text.text, "journal /tmp: is a directory");
    assert_int_equal(journal_create("/nowhere/at/all.stw", &journal, &text), ERR_CANNOT_WRITE);
    assert_non_null(strstr(text.text, "/nowhere/at/all.stw"));
    assert_int_equal(journal_create("/dev/full", &journal, &text), ERR_CANNOT_WRITE);
    assert_null(journal);
}

static void partial_when_left_by_a_killed_run_is_replaced(void **state)
{
    (void)state;
    char partial[PATH_BYTES + 16];
    (void)snprintf(partial, sizeof(partial), "%s.partial", path);
    FILE *stream = fopen(partial, "w");
    assert_non_null(stream);
    assert_true(fputs("rubbish", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    assert_false(scribe_is_partial(path));
    assert_int_equal(number_of("SELECT count(*) FROM run"), 1);
}

/* Writes with a limit on the size of files in place of a full disk. */
static enum err write_within(uint64_t n_bytes)
{
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = n_bytes;
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum err err = scribe_write(scribe, path, 1, &text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    return err;
}

static uint64_t whole_bytes(void)
{
    struct stat status;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(unlink(path), 0);
    return (uint64_t)status.st_size;
}

static void disk_when_full_at_any_size_leaves_nothing_half_written(void **state)
{
    (void)state;
    uint64_t n_bytes = whole_bytes();
    for (uint64_t limit = 0; limit < n_bytes; limit += n_bytes / 23) {
        enum err err = write_within(limit);
        assert_true(err == ERR_IO || err == ERR_CANNOT_WRITE);
        assert_memory_equal(text.text, "journal /tmp/steward_journal_", 29);
        assert_null(strchr(text.text, '\n'));
        assert_false(scribe_is_there(path));
        assert_false(scribe_is_partial(path));
    }
    assert_int_equal(write_within(n_bytes), OK);
    assert_true(scribe_is_there(path));
}

/* Larger than what SQLite keeps in memory: the failure comes while frames are put. */
static void disk_when_full_in_the_middle_of_a_large_run_leaves_nothing(void **state)
{
    (void)state;
    scribe->padding = 1500000;
    uint64_t n_bytes = whole_bytes();
    assert_true(n_bytes > 4 * 1000000);
    for (uint64_t part = 1; part <= 3; part++) {
        enum err err = write_within(n_bytes * part / 4);
        assert_int_equal(err, ERR_IO);
        assert_false(scribe_is_there(path));
        assert_false(scribe_is_partial(path));
    }
}

static void journal_when_it_is_being_written_has_no_second_writer(void **state)
{
    (void)state;
    struct journal *first = NULL, *second = NULL;
    scribe_path("two_writers", path);
    assert_int_equal(journal_create(path, &first, &text), OK);
    assert_int_equal(journal_create(path, &second, &text), ERR_UNAVAILABLE);
    assert_non_null(strstr(text.text, "another process is writing it"));
    assert_true(scribe_is_partial(path));
    assert_int_equal(journal_close(first, true, &text), OK);
    assert_false(scribe_is_partial(path));
    assert_int_equal(journal_create(path, &second, &text), OK); /* The lock ended with its holder. */
    assert_int_equal(journal_close(second, true, &text), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(journal_when_closed_is_one_file_that_sqlite_opens,
                                        open_scribe, close_scribe),
        cmocka_unit_test_setup_teardown(frames_when_listed_carry_time_and_kind_of_their_events,
                                        open_scribe, close_scribe),
        cmocka_unit_test_setup_teardown(journal_when_discarded_leaves_nothing, open_scribe,
                                        close_scribe),
        cmocka_unit_test_setup_teardown(path_when_taken_is_not_overwritten, open_scribe, close_scribe),
        cmocka_unit_test_setup_teardown(path_when_it_cannot_be_made_is_refused, open_scribe,
                                        close_scribe),
        cmocka_unit_test_setup_teardown(partial_when_left_by_a_killed_run_is_replaced, open_scribe,
                                        close_scribe),
        cmocka_unit_test_setup_teardown(disk_when_full_at_any_size_leaves_nothing_half_written,
                                        open_scribe, close_scribe),
        cmocka_unit_test_setup_teardown(disk_when_full_in_the_middle_of_a_large_run_leaves_nothing,
                                        open_scribe, close_scribe),
        cmocka_unit_test(journal_when_it_is_being_written_has_no_second_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
