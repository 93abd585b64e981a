/* SPDX-License-Identifier: Apache-2.0 */
/* Executing journals again: a true one is the same to the last bit, and whatever was altered is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "tests/unit/replay/scribe.h"

static struct scribe *scribe;
static struct err_text text;
static struct replay_result result;
static char path[PATH_BYTES];
static const struct replay_port nobody = {NULL, NULL, NULL};

static int open_scribe(void **state)
{
    (void)state;
    scribe = scribe_open();
    scribe_path("rerun", path);
    memset(&result, 0, sizeof(result));
    return 0;
}

static int close_scribe(void **state)
{
    (void)state;
    (void)unlink(path); /* Not every test leaves one. */
    scribe_close(scribe);
    return 0;
}

static enum err replay(void) { return replay_run(path, NULL, &nobody, &result, &text); }

static void run_sql(const char *statement)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, statement, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void journal_when_true_is_the_same(void **state)
{
    (void)state;
    assert_int_equal(scribe_write(scribe, path, 3, &text), OK);
    assert_int_equal(replay(), OK);
    assert_true(result.same);
    assert_int_equal(result.runs, 3);
    assert_int_equal(result.frames, 3 * STORY_FRAMES);
    assert_int_equal(result.executed, 3 * STORY_FRAMES);
}

static void journal_when_of_any_mind_is_the_same(void **state)
{
    (void)state;
    for (int mind = 0; mind < N_MIND_KINDS; mind++) {
        scribe->settings.mind = (enum mind_kind)mind;
        assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
        assert_int_equal(replay(), OK);
        assert_true(result.same);
        assert_int_equal(unlink(path), 0);
    }
}

static void journal_when_of_people_alone_is_read_and_not_executed(void **state)
{
    (void)state;
    scribe->is_manual = true;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    assert_int_equal(replay(), OK);
    assert_true(result.same);
    assert_int_equal(result.frames, STORY_FRAMES);
    assert_int_equal(result.executed, 0);
}

/* Story of a replay, as its port is told. */
struct told {
    uint64_t n_runs, n_frames;
    int64_t newest;
    enum err answer;
};

static enum err told_run(void *self, uint64_t run_id, const char *arm, const char *mind,
                         const char *scenario, uint64_t seed)
{
    struct told *told = self;
    assert_int_equal(run_id, ++told->n_runs);
    assert_string_equal(arm, "steward");
    assert_string_equal(mind, "steward");
    assert_string_equal(scenario, "hand-made");
    assert_int_equal(seed, 4711);
    return OK;
}

static enum err told_frame(void *self, const struct settings *settings, const struct event *event,
                           const struct advice *advice, const struct effects *effects)
{
    struct told *told = self;
    assert_string_equal(settings->deployment.models[0].name, "fraud");
    assert_int_equal(event->sequence, ++told->n_frames);
    assert_true(event->at >= told->newest);
    assert_true(advice->n_items <= ADVICE_MAX);
    assert_true(effects->n_effects <= EFFECTS_MAX);
    told->newest = event->at;
    return told->n_frames == 5 ? told->answer : OK;
}

static void port_when_given_is_told_every_frame_and_its_failure_ends_it(void **state)
{
    (void)state;
    struct told told = {.answer = OK};
    struct replay_port port = {&told, told_run, told_frame};
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    assert_int_equal(replay_run(path, NULL, &port, &result, &text), OK);
    assert_int_equal(told.n_frames, STORY_FRAMES);
    told = (struct told){.answer = ERR_IO};
    assert_int_equal(replay_run(path, NULL, &port, &result, &text), ERR_IO);
    assert_int_equal(told.n_frames, 5);
}

/* A forger who makes the chain anew is found by executing. */
static void outcome_when_forged_with_its_chain_is_the_first_divergence(void **state)
{
    (void)state;
    scribe->twist = TWIST_OUTCOME;
    scribe->twisted = 33;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    assert_int_equal(replay(), OK);
    assert_false(result.same);
    assert_int_equal(result.run_id, 1);
    assert_int_equal(result.sequence, 33);
    assert_int_equal(result.at, 32 * 5 * NS_PER_MIN);
    assert_true(strlen(result.where) > 0);
}

static void state_when_forged_is_a_divergence(void **state)
{
    (void)state;
    scribe->twist = TWIST_STATE;
    scribe->twisted = 2 * SNAPSHOT_EVERY;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    assert_int_equal(replay(), OK);
    assert_false(result.same);
    assert_int_equal(result.sequence, 2 * SNAPSHOT_EVERY);
    assert_non_null(strstr(result.where, "snapshot"));
}

static void frame_when_it_cannot_be_is_damage(void **state)
{
    (void)state;
    static const enum twist twists[] = {TWIST_TIME, TWIST_LENGTH};
    for (size_t i = 0; i < 2; i++) {
        scribe->twist = twists[i];
        scribe->twisted = 33;
        if (scribe_write(scribe, path, 1, &text) == OK) {
            assert_int_equal(replay(), ERR_DATA);
            assert_non_null(strstr(text.text, "run 1 frame 33: "));
            assert_int_equal(unlink(path), 0);
        } else {
            assert_false(scribe_is_there(path)); /* Its own projections cannot read it. */
        }
    }
}

static sqlite3 *edited;
static sqlite3_stmt *get, *set;

static void edit_open(const char *column)
{
    char statement[96];
    assert_int_equal(sqlite3_open(path, &edited), SQLITE_OK);
    assert_int_equal(sqlite3_exec(edited, "PRAGMA synchronous=OFF", NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(statement, sizeof(statement), "SELECT %s FROM frame WHERE seq=?", column);
    assert_int_equal(sqlite3_prepare_v2(edited, statement, -1, &get, NULL), SQLITE_OK);
    (void)snprintf(statement, sizeof(statement), "UPDATE frame SET %s=? WHERE seq=?", column);
    assert_int_equal(sqlite3_prepare_v2(edited, statement, -1, &set, NULL), SQLITE_OK);
}

static void edit_close(void)
{
    assert_int_equal(sqlite3_finalize(get), SQLITE_OK);
    assert_int_equal(sqlite3_finalize(set), SQLITE_OK);
    assert_int_equal(sqlite3_close(edited), SQLITE_OK);
}

static size_t edit_get(int sequence, char *bytes, size_t capacity)
{
    assert_int_equal(sqlite3_bind_int(get, 1, sequence), SQLITE_OK);
    assert_int_equal(sqlite3_step(get), SQLITE_ROW);
    size_t n_bytes = (size_t)sqlite3_column_bytes(get, 0);
    assert_true(n_bytes > 0);
    assert_true(n_bytes <= capacity);
    memcpy(bytes, sqlite3_column_blob(get, 0), n_bytes);
    assert_int_equal(sqlite3_reset(get), SQLITE_OK);
    return n_bytes;
}

static void edit_set(int sequence, const char *bytes, size_t n_bytes)
{
    assert_int_equal(sqlite3_bind_blob(set, 1, bytes, (int)n_bytes, SQLITE_TRANSIENT), SQLITE_OK);
    assert_int_equal(sqlite3_bind_int(set, 2, sequence), SQLITE_OK);
    assert_int_equal(sqlite3_step(set), SQLITE_DONE);
    assert_int_equal(sqlite3_reset(set), SQLITE_OK);
}

/* Changes byte after byte of the column in some frames; each change alone must be noticed. */
static void assert_every_byte_counts(const char *column)
{
    static const int sequences[] = {1, 3, 10, 40, STORY_FRAMES};
    static char bytes[65536];
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    edit_open(column);
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        size_t n_bytes = edit_get(sequences[i], bytes, sizeof(bytes));
        for (size_t at = 0; at < n_bytes; at += at < 24 || n_bytes - at < 24 ? 1 : 31) {
            bytes[at] ^= (char)(1 << at % 8);
            edit_set(sequences[i], bytes, n_bytes);
            enum err err = replay();
            assert_true(err == ERR_DATA || (err == OK && !result.same));
            bytes[at] ^= (char)(1 << at % 8);
        }
        edit_set(sequences[i], bytes, n_bytes - 1);
        assert_int_equal(replay(), ERR_DATA);
        edit_set(sequences[i], bytes, n_bytes);
    }
    edit_close();
    assert_int_equal(replay(), OK);
    assert_true(result.same);
}

static void body_when_any_byte_is_changed_is_noticed(void **state)
{
    (void)state;
    assert_every_byte_counts("body");
}

static void chain_when_any_byte_is_changed_is_noticed(void **state)
{
    (void)state;
    assert_every_byte_counts("chain");
}

static void journal_when_edited_in_any_table_that_counts_is_damaged(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "DELETE FROM frame WHERE seq = 20",
        "DELETE FROM frame WHERE seq = 1",
        "DELETE FROM frame WHERE seq = 60",
        "DELETE FROM frame",
        "DELETE FROM run",
        "DELETE FROM document WHERE kind = 'policy'",
        "UPDATE document SET body = body || x'00' WHERE kind = 'policy'",
        "UPDATE document SET body = x'' WHERE kind = 'deployment'",
        "UPDATE frame SET at_ns = at_ns + 1 WHERE seq = 20",
        "UPDATE frame SET kind = kind + 1 WHERE seq = 20",
        "UPDATE frame SET seq = 1000 WHERE seq = 60",
        "UPDATE frame SET run = 9 WHERE seq = 60",
        "INSERT INTO frame SELECT run, 61, at_ns, kind, body, chain FROM frame WHERE seq = 60",
        "INSERT INTO frame SELECT 7, seq, at_ns, kind, body, chain FROM frame",
        "UPDATE run SET seed = seed + 1",
        "UPDATE run SET arm = 'rules'",
        "UPDATE run SET arm = 'nobody'",
        "UPDATE run SET mind = 'nobody'",
        "UPDATE run SET fingerprint = '0123456789abcdef0123456789abcdef'",
        "UPDATE run SET policy = configuration",
        "UPDATE frame SET body = 'text' WHERE seq = 5",
        "UPDATE frame SET chain = x'' WHERE seq = 5",
        "PRAGMA user_version = 1",
        "PRAGMA application_id = 7",
        "DROP TABLE frame",
        "DROP TABLE run",
        "DROP TABLE snapshot",
        "ALTER TABLE frame RENAME COLUMN body TO bulk",
    };
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
        run_sql(edits[i]);
        enum err err = replay();
        if (err != ERR_DATA) {
            fail_msg("not noticed: %s", edits[i]);
        }
        assert_memory_equal(text.text, "journal /tmp/steward_rerun_", 27);
        assert_null(strchr(text.text, '\n'));
        assert_int_equal(unlink(path), 0);
    }
}

static void projections_when_dropped_do_not_matter(void **state)
{
    (void)state;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    run_sql("DROP TABLE incident; DROP TABLE decision; DROP TABLE action; DROP TABLE approval; DROP TABLE llm;"
            "DELETE FROM truth; VACUUM");
    assert_int_equal(replay(), OK);
    assert_true(result.same);
}

static char *read_whole(size_t *ret_n_bytes)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    char *bytes = malloc((size_t)status.st_size);
    assert_non_null(bytes);
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_int_equal(fread(bytes, 1, (size_t)status.st_size, stream), status.st_size);
    assert_int_equal(fclose(stream), 0);
    *ret_n_bytes = (size_t)status.st_size;
    return bytes;
}

static void write_whole(const char *bytes, size_t n_bytes)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n_bytes, stream), n_bytes);
    assert_int_equal(fclose(stream), 0);
}

static void file_when_cut_anywhere_is_damaged(void **state)
{
    (void)state;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    size_t n_bytes = 0;
    char *bytes = read_whole(&n_bytes);
    for (size_t length = 0; length < n_bytes; length += length < 200 ? 13 : n_bytes / 53) {
        write_whole(bytes, length);
        assert_int_equal(replay(), ERR_DATA);
        assert_non_null(strstr(text.text, path));
    }
    write_whole(bytes, n_bytes - 1);
    assert_int_equal(replay(), ERR_DATA);
    free(bytes);
}

/* Wherever a bit flips, the answer is one of three: damaged, diverged, or the same because nothing that counts was hit. */
static void file_when_a_bit_flips_anywhere_never_breaks_the_reader(void **state)
{
    (void)state;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    size_t n_bytes = 0;
    char *bytes = read_whole(&n_bytes);
    uint64_t n_noticed = 0;
    for (size_t at = 0; at < n_bytes; at += at < 112 ? 1 : n_bytes / 211) {
        bytes[at] ^= (char)(1 << at % 8);
        write_whole(bytes, n_bytes);
        enum err err = replay();
        bytes[at] ^= (char)(1 << at % 8);
        if (err != OK && err != ERR_DATA) {
            fail_msg("byte %zu: %s", at, text.text);
        }
        n_noticed += err == ERR_DATA || !result.same ? 1 : 0;
    }
    assert_true(n_noticed > 50);
    free(bytes);
}

static void file_when_it_is_none_is_told(void **state)
{
    (void)state;
    assert_int_equal(replay(), ERR_NO_INPUT);
    assert_non_null(strstr(text.text, path));
    assert_int_equal(replay_run("/tmp", NULL, &nobody, &result, &text), ERR_NO_INPUT);
    assert_string_equal(text.text, "journal /tmp: is a directory");
    write_whole("", 0);
    assert_int_equal(replay(), ERR_DATA);
    assert_non_null(strstr(text.text, "is empty"));
    write_whole("id: M01\n", 8);
    assert_int_equal(replay(), ERR_DATA);
    assert_int_equal(unlink(path), 0);
    run_sql("CREATE TABLE other(a)"); /* A database of somebody else. */
    assert_int_equal(replay(), ERR_DATA);
    assert_non_null(strstr(text.text, "not a journal of steward"));
}

static void policy_when_the_same_but_for_its_name_decides_the_same(void **state)
{
    (void)state;
    assert_int_equal(scribe_write(scribe, path, 1, &text), OK);
    struct policy policy = scribe->settings.policy;
    (void)snprintf(policy.version, sizeof(policy.version), "renamed");
    assert_int_equal(replay_run(path, &policy, &nobody, &result, &text), OK);
    assert_true(result.same);
    assert_int_equal(result.frames, STORY_FRAMES);
}

#define WITH_SCRIBE(test) cmocka_unit_test_setup_teardown(test, open_scribe, close_scribe)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRIBE(journal_when_true_is_the_same),
        WITH_SCRIBE(journal_when_of_any_mind_is_the_same),
        WITH_SCRIBE(journal_when_of_people_alone_is_read_and_not_executed),
        WITH_SCRIBE(port_when_given_is_told_every_frame_and_its_failure_ends_it),
        WITH_SCRIBE(outcome_when_forged_with_its_chain_is_the_first_divergence),
        WITH_SCRIBE(state_when_forged_is_a_divergence),
        WITH_SCRIBE(frame_when_it_cannot_be_is_damage),
        WITH_SCRIBE(body_when_any_byte_is_changed_is_noticed),
        WITH_SCRIBE(chain_when_any_byte_is_changed_is_noticed),
        WITH_SCRIBE(journal_when_edited_in_any_table_that_counts_is_damaged),
        WITH_SCRIBE(projections_when_dropped_do_not_matter),
        WITH_SCRIBE(file_when_cut_anywhere_is_damaged),
        WITH_SCRIBE(file_when_a_bit_flips_anywhere_never_breaks_the_reader),
        WITH_SCRIBE(file_when_it_is_none_is_told),
        WITH_SCRIBE(policy_when_the_same_but_for_its_name_decides_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
