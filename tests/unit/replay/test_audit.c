/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying journals: a true one passes, and whatever is edited, swapped, cut, put back or flipped is refused. */
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
#include <sodium.h>
#include <sqlite3.h>

#include "core/base/assert.h"
#include "replay/audit.h"
#include "tests/unit/replay/scribe.h"

enum { DUMP_BYTES = 1 << 22, LEAVES_MAX = 512, SMALL_FRAMES = 24 /* Enough for an incident. */ };

static const char secret[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char verifier[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char other_verifier[] =
    "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";

static struct scribe *scribe;
static struct err_text text;
static struct audit_result result;
static char path[PATH_BYTES];
static size_t stride = 13; /* Between bytes that flip; 1 when every byte is asked for. */

static int open_scribe(void **state)
{
    (void)state;
    scribe = scribe_open();
    scribe_path("audit", path);
    return 0;
}

static int close_scribe(void **state)
{
    (void)state;
    (void)unlink(path); /* Not every test leaves one. */
    scribe_close(scribe);
    return 0;
}

/* Five runs: more frames than lie between two checkpoints. */
static void write_runs(uint32_t n_runs, const char *secret_key)
{
    (void)unlink(path); /* Of the test before. */
    scribe->secret_key = secret_key;
    if (scribe_write(scribe, path, n_runs, &text) != OK) {
        fail_msg("%s", text.text);
    }
}

static enum err verify_with(const char *key_text, struct slice saved)
{
    struct note_key key;
    struct audit_request request = {.path = path, .saved = saved};
    if (key_text != NULL) {
        assert_true(note_key_parse(slice_of(key_text), &key));
        request.key = &key;
    }
    memset(&text, 0, sizeof(text));
    return audit_verify(&request, &result, &text);
}

static enum err verify(void) { return verify_with(NULL, (struct slice){"", 0}); }

static bool is_refused(enum err err)
{
    return err == ERR_DATA || (err == OK && result.problem.text[0] != '\0');
}

static void assert_passes(enum err err)
{
    if (is_refused(err)) {
        fail_msg("%s%s", text.text, result.problem.text);
    }
    assert_int_equal(err, OK);
}

/* err_set cuts what does not fit; a problem is one line. */
static void assert_problem(enum err err, const char *what)
{
    assert_int_equal(err, OK);
    if (strstr(result.problem.text, what) == NULL) {
        fail_msg("'%s' does not say '%s'", result.problem.text, what);
    }
    assert_null(strchr(result.problem.text, '\n'));
}

static void run_sql(const char *statement)
{
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, statement, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", statement, sqlite3_errmsg(database));
    }
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void journal_when_unsigned_passes_and_says_so(void **state)
{
    (void)state;
    write_runs(2, NULL);
    assert_passes(verify());
    assert_false(result.is_signed);
    assert_int_equal(result.n_checkpoints, 0);
    assert_int_equal(result.size, 2 * STORY_FRAMES);
    assert_memory_equal(result.checkpoint, "steward/", 8);
    assert_problem(verify_with(verifier, (struct slice){"", 0}), "is unsigned");
}

static void journal_when_signed_passes_for_its_key_alone(void **state)
{
    (void)state;
    write_runs(5, secret);
    assert_passes(verify_with(verifier, (struct slice){"", 0}));
    assert_true(result.is_signed);
    assert_string_equal(result.key.name, "PeterNeumann");
    assert_int_equal(result.size, 5 * STORY_FRAMES);
    assert_int_equal(result.n_checkpoints, 2); /* At 256 frames and at the end. */
    assert_memory_equal(result.checkpoint, "PeterNeumann/", 13);
    assert_passes(verify());
    assert_problem(verify_with(other_verifier, (struct slice){"", 0}), "another key");
}

static void journal_when_written_again_is_signed_the_same(void **state)
{
    (void)state;
    char before[TRAIL_NOTE_BYTES];
    write_runs(1, secret);
    assert_passes(verify());
    memcpy(before, result.checkpoint, sizeof(before));
    write_runs(1, secret);
    assert_passes(verify());
    assert_string_equal(before, result.checkpoint);
    scribe->settings.seed++;
    write_runs(1, secret);
    assert_passes(verify());
    assert_int_not_equal(strncmp(before, result.checkpoint, 30), 0); /* Another run is another log. */
}

static void journal_when_empty_passes(void **state)
{
    (void)state;
    write_runs(0, secret);
    assert_passes(verify());
    assert_int_equal(result.size, 0);
    assert_string_equal(result.root, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

/* The root made without any code of ours: leaves by SQL, pairs level by level. */
static void root_when_made_by_other_means_is_the_same(void **state)
{
    (void)state;
    static uint8_t hashes[LEAVES_MAX][32], bytes[1 << 16];
    sqlite3 *database = NULL;
    sqlite3_stmt *read = NULL;
    size_t n = 0;
    write_runs(5, NULL);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(
            database,
            "SELECT printf('00%016x%016x%016x%016x%016x', run, seq, at_ns, kind, length(body))"
            " || hex(body) || hex(chain) FROM frame ORDER BY run, seq",
            -1, &read, NULL),
        SQLITE_OK);
    while (sqlite3_step(read) == SQLITE_ROW) {
        size_t n_bytes = 0;
        assert_int_equal(sodium_hex2bin(bytes, sizeof(bytes),
                                        (const char *)sqlite3_column_text(read, 0),
                                        (size_t)sqlite3_column_bytes(read, 0), NULL, &n_bytes, NULL),
                         0);
        assert_true(n < LEAVES_MAX);
        (void)crypto_hash_sha256(hashes[n++], bytes, n_bytes);
    }
    assert_int_equal(sqlite3_finalize(read), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    assert_int_equal(n, 5 * STORY_FRAMES);
    for (; n > 1; n = n / 2 + n % 2) {
        for (size_t i = 0; i < n / 2; i++) {
            bytes[0] = 1;
            memcpy(bytes + 1, hashes[2 * i], 64); /* Two that lie side by side. */
            (void)crypto_hash_sha256(hashes[i], bytes, 65);
        }
        if (n % 2 == 1) {
            memcpy(hashes[n / 2], hashes[n - 1], 32);
        }
    }
    char root[64];
    (void)sodium_bin2base64(root, sizeof(root), hashes[0], 32, sodium_base64_VARIANT_ORIGINAL);
    assert_passes(verify());
    assert_string_equal(result.root, root);
}

static void journal_when_edited_in_any_table_is_refused(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "UPDATE run SET arm = 'rules' WHERE id = 2",
        "UPDATE run SET plan = plan || ' '",
        "UPDATE run SET build = 'other' WHERE id = 5",
        "UPDATE run SET knowledge = x'6e6f6e65'", /* The same bytes as a blob. */
        "UPDATE run SET fingerprint = '0123456789abcdef0123456789abcdef' WHERE id = 1",
        "UPDATE run SET seed = seed + 1 WHERE id = 5",
        "INSERT INTO run SELECT 9, arm, mind, scenario, seed, plan, build, configuration, policy, knowledge, fingerprint FROM run WHERE id = 1",
        "DELETE FROM run WHERE id = 5",
        "UPDATE document SET body = body || x'00' WHERE kind = 'policy'",
        "UPDATE document SET kind = 'policy'",
        "DELETE FROM document WHERE kind = 'policy'",
        "UPDATE frame SET at_ns = at_ns + 1 WHERE run = 3 AND seq = 20",
        "UPDATE frame SET kind = kind + 1 WHERE run = 3 AND seq = 20",
        "UPDATE frame SET chain = zeroblob(16) WHERE run = 1 AND seq = 60",
        "UPDATE frame SET body = body || x'00' WHERE run = 5 AND seq = 60",
        "UPDATE frame SET body = CAST(body AS TEXT) WHERE run = 1 AND seq = 1",
        "UPDATE frame SET seq = 61 WHERE run = 5 AND seq = 60",
        "UPDATE frame SET run = 6, seq = 1 WHERE run = 5 AND seq = 60",
        "DELETE FROM frame WHERE run = 5 AND seq = 60",
        "DELETE FROM frame WHERE run = 1 AND seq = 1",
        "DELETE FROM frame WHERE run = 2",
        "DELETE FROM frame",
        "UPDATE frame SET rowid = 1000 WHERE rowid = 300",
        /* Two frames change places: in the numbers that they carry, in the rows that they take, in their bodies. */
        "UPDATE frame SET seq = 1000 WHERE run = 1 AND seq = 7; UPDATE frame SET seq = 7 WHERE run = 1 AND seq = 8;"
        "UPDATE frame SET seq = 8 WHERE run = 1 AND seq = 1000",
        "UPDATE frame SET rowid = 1000 WHERE rowid = 7; UPDATE frame SET rowid = 7 WHERE rowid = 8;"
        "UPDATE frame SET rowid = 8 WHERE rowid = 1000",
        "CREATE TEMP TABLE t AS SELECT rowid AS r, body AS b FROM frame WHERE rowid IN (7, 8);"
        "UPDATE frame SET body = (SELECT b FROM t WHERE r = 15 - frame.rowid) WHERE rowid IN (7, 8)",
        "UPDATE truth SET kind = 'effect' WHERE run = 1",
        "UPDATE truth SET body = 'S00: for the test'", /* The same bytes as text. */
        "UPDATE truth SET at_ns = at_ns + 1 WHERE run = 5",
        "DELETE FROM truth WHERE run = 5",
        "INSERT INTO truth SELECT run, 2, at_ns, kind, body FROM truth WHERE run = 5",
        "UPDATE truth SET rowid = 9 WHERE rowid = 5",
        "UPDATE snapshot SET body = x'' WHERE run = 1 AND seq = 16",
        "UPDATE snapshot SET seq = 17 WHERE run = 1 AND seq = 16",
        "DELETE FROM snapshot WHERE run = 5",
        "UPDATE tree SET root = zeroblob(32) WHERE size = 256",
        "UPDATE tree SET root = zeroblob(32) WHERE size = 300",
        "UPDATE tree SET truth_rows = zeroblob(32) WHERE size = 300",
        "UPDATE tree SET truth_rows = zeroblob(32) WHERE size = 256",
        "UPDATE tree SET signer = ''",
        "UPDATE tree SET signer = '' WHERE size = 256",
        "UPDATE tree SET signer = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'",
        "UPDATE tree SET signer = signer || char(10)",
        "DELETE FROM tree WHERE size = 256",
        "DELETE FROM tree WHERE size = 300",
        "DELETE FROM tree",
        "INSERT INTO tree SELECT * FROM tree WHERE size = 256",
        "DELETE FROM checkpoint WHERE size = 256",
        "DELETE FROM checkpoint WHERE size = 300",
        "DELETE FROM checkpoint",
        "UPDATE checkpoint SET size = 255 WHERE size = 256",
        "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 256) WHERE size = 300",
        "UPDATE checkpoint SET note = replace(note, '256', '255') WHERE size = 256",
        "UPDATE checkpoint SET note = CAST(note AS BLOB) WHERE size = 256",
        "UPDATE checkpoint SET note = note || substr(note, instr(note, char(10, 10)) + 2) WHERE size = 256",
        "INSERT INTO checkpoint SELECT * FROM checkpoint WHERE size = 300",
        "DELETE FROM incident",
        "UPDATE incident SET event = 'closed' WHERE rowid = 1",
        "INSERT INTO approval VALUES(1, 1, 0, 1, 1, 1, 'ROLLBACK', 'approved', 1, 'none')",
        "INSERT INTO decision SELECT 1, 1, 0, 1, 1, 1, '', '', '', '', '', '', ''",
        "INSERT INTO llm VALUES(1, 1, 1, 1, '', '', 0, 0)",
        "DROP TABLE decision",
        "CREATE TABLE extra(a)",
        "CREATE INDEX extra ON frame(at_ns)",
        "CREATE VIEW extra AS SELECT * FROM frame",
        "CREATE TRIGGER extra AFTER INSERT ON frame BEGIN SELECT 1; END",
        "ALTER TABLE truth ADD COLUMN more",
        "ALTER TABLE frame RENAME COLUMN body TO bulk",
        "PRAGMA user_version = 7",
        "PRAGMA application_id = 7",
    };
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        write_runs(5, secret);
        run_sql(edits[i]);
        if (!is_refused(verify())) {
            fail_msg("not noticed: %s", edits[i]);
        }
        const char *told = text.text[0] != '\0' ? text.text : result.problem.text;
        assert_true(strlen(told) > 10);
        assert_null(strchr(told, '\n'));
    }
}

static void journal_when_rows_beside_the_frames_differ_names_their_table(void **state)
{
    (void)state;
    static const struct edit {
        const char *statement, *table;
    } edits[] = {
        {"UPDATE run SET plan = 'other' WHERE id = 2", "table run "},
        {"UPDATE document SET kind = 'other'", "table document "},
        {"DELETE FROM truth WHERE run = 5", "table truth "},
        {"DELETE FROM snapshot WHERE run = 5", "table snapshot "},
        {"UPDATE tree SET root = zeroblob(32) WHERE size = 300", "table tree, row 2 "},
        {"DELETE FROM tree WHERE size = 300", "table tree, row 2 "},
        {"UPDATE incident SET event = 'closed' WHERE rowid = 1", "table incident, row 1 "},
    };
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        write_runs(5, NULL);
        run_sql(edits[i].statement);
        assert_int_equal(verify(), OK);
        if (strstr(result.problem.text, edits[i].table) == NULL) {
            fail_msg("%s: %s", edits[i].statement, result.problem.text);
        }
    }
}

static struct slice keep_checkpoint(char kept[TRAIL_NOTE_BYTES])
{
    assert_passes(verify());
    memcpy(kept, result.checkpoint, TRAIL_NOTE_BYTES);
    return slice_of(kept);
}

/* Whoever holds the key can cut a tail and end the journal anew, or put an older copy back: what was kept elsewhere tells. */
static void journal_when_shorter_than_what_was_kept_is_refused(void **state)
{
    (void)state;
    char kept[TRAIL_NOTE_BYTES], earlier[TRAIL_NOTE_BYTES];
    static const char *const keys[] = {secret, NULL};
    for (int i = 0; i < 2; i++) {
        write_runs(3, keys[i]);
        (void)keep_checkpoint(earlier);
        write_runs(5, keys[i]);
        (void)keep_checkpoint(kept);
        assert_passes(verify_with(NULL, slice_of(kept)));
        assert_true(result.has_saved);
        assert_int_equal(result.saved_size, 5 * STORY_FRAMES);
        assert_passes(verify_with(NULL, slice_of(earlier))); /* It has grown since. */
        write_runs(3, keys[i]);
        assert_passes(verify());
        assert_problem(verify_with(NULL, slice_of(kept)), "older copy");
    }
}

static void journal_when_its_past_is_another_than_what_was_kept_is_refused(void **state)
{
    (void)state;
    char kept[TRAIL_NOTE_BYTES];
    write_runs(3, secret);
    (void)keep_checkpoint(kept);
    scribe->twist = TWIST_OUTCOME;
    scribe->twisted = 33;
    write_runs(5, secret);
    assert_passes(verify());
    assert_problem(verify_with(NULL, slice_of(kept)), "first frames");
    scribe->twist = TWIST_NONE;
    scribe->settings.seed++;
    write_runs(5, secret);
    assert_problem(verify_with(NULL, slice_of(kept)), "another journal");
}

static void kept_checkpoint_when_forged_or_none_is_refused(void **state)
{
    (void)state;
    char kept[TRAIL_NOTE_BYTES];
    write_runs(1, secret);
    struct slice note = keep_checkpoint(kept);
    char *end_of_text = strstr(kept, "\n\n");
    assert_non_null(end_of_text);
    struct slice unsigned_text = {kept, (size_t)(end_of_text + 1 - kept)};
    assert_problem(verify_with(NULL, unsigned_text), "not signed");
    for (size_t at = 0; at < note.n_bytes; at++) {
        kept[at] ^= 1;
        enum err err = verify_with(NULL, note);
        kept[at] ^= 1;
        if (!is_refused(err)) {
            fail_msg("byte %zu", at);
        }
    }
    assert_int_equal(verify_with(NULL, slice_of("nonsense")), ERR_DATA);
    assert_string_equal(text.text, "not a checkpoint");
}

/* A journal signed anew by another key, with everything made again, passes on its own and for nobody who knows the key. */
static void journal_when_made_again_with_another_key_is_refused_by_who_knows_the_key(void **state)
{
    (void)state;
    char other[NOTE_SIGNER_TEXT], other_public[NOTE_KEY_TEXT];
    struct text secret_text, public_text;
    text_init(&secret_text, other, sizeof(other));
    text_init(&public_text, other_public, sizeof(other_public));
    assert_true(audit_generate("PeterNeumann", &secret_text, &public_text));
    write_runs(1, other);
    assert_passes(verify());
    assert_passes(verify_with(other_public, (struct slice){"", 0}));
    assert_problem(verify_with(verifier, (struct slice){"", 0}), "another key");
}

/* All rows of all tables, as text. */
static char *dump_rows(size_t *ret_n_bytes)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *list = NULL, *read = NULL;
    char *bytes = malloc(DUMP_BYTES), select[128];
    struct text into;
    assert_non_null(bytes);
    text_init(&into, bytes, DUMP_BYTES);
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database,
                                        "SELECT name, sql FROM sqlite_master WHERE type = 'table'",
                                        -1, &list, NULL),
                     SQLITE_OK);
    while (sqlite3_step(list) == SQLITE_ROW) {
        text_put(&into, (const char *)sqlite3_column_text(list, 1));
        (void)snprintf(select, sizeof(select), "SELECT rowid, * FROM \"%s\"",
                       (const char *)sqlite3_column_text(list, 0));
        assert_int_equal(sqlite3_prepare_v2(database, select, -1, &read, NULL), SQLITE_OK);
        int code = SQLITE_ROW;
        while ((code = sqlite3_step(read)) == SQLITE_ROW) {
            for (int i = 0; i < sqlite3_column_count(read); i++) {
                text_put_i64(&into, sqlite3_column_type(read, i));
                text_put_slice(&into, (struct slice){sqlite3_column_blob(read, i),
                                                     (size_t)sqlite3_column_bytes(read, i)});
                text_put_char(&into, '|');
            }
        }
        assert_int_equal(code, SQLITE_DONE);
        assert_int_equal(sqlite3_finalize(read), SQLITE_OK);
    }
    assert_int_equal(sqlite3_finalize(list), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    assert_false(into.truncated);
    *ret_n_bytes = into.n_bytes;
    return bytes;
}

static void write_byte(size_t at, uint8_t byte)
{
    FILE *stream = fopen(path, "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, (long)at, SEEK_SET), 0);
    assert_int_equal(fputc(byte, stream), byte);
    assert_int_equal(fclose(stream), 0);
}

static uint8_t *read_file(size_t *ret_n_bytes)
{
    uint8_t *bytes = malloc(DUMP_BYTES);
    FILE *stream = fopen(path, "rb");
    assert_non_null(bytes);
    assert_non_null(stream);
    *ret_n_bytes = fread(bytes, 1, DUMP_BYTES, stream);
    assert_int_equal(fclose(stream), 0);
    assert_true(*ret_n_bytes < DUMP_BYTES);
    return bytes;
}

static void assert_refused_or_the_same(size_t at, const char *rows, size_t n_rows, uint32_t *n_refused)
{
    enum err err = verify();
    if (is_refused(err)) {
        (*n_refused)++;
        return;
    }
    assert_int_equal(err, OK);
    size_t n_now = 0;
    char *now = dump_rows(&n_now);
    bool is_same = n_now == n_rows && memcmp(now, rows, n_rows) == 0;
    free(now);
    if (!is_same) {
        fail_msg("byte %zu: passes with other rows", at);
    }
}

static void flip_every_byte(const char *key)
{
    size_t n_bytes = 0, n_rows = 0;
    uint32_t n_refused = 0;
    scribe->n_frames = SMALL_FRAMES;
    scribe->state_max = 64;
    write_runs(1, key);
    run_sql("PRAGMA page_size = 512; VACUUM"); /* Less of nothing to flip. */
    uint8_t *bytes = read_file(&n_bytes);
    char *rows = dump_rows(&n_rows);
    for (size_t at = 0; at < n_bytes; at += stride) {
        write_byte(at, bytes[at] ^ (uint8_t)(1 << at / stride % 8));
        assert_refused_or_the_same(at, rows, n_rows, &n_refused);
        write_byte(at, bytes[at]);
    }
    assert_true(n_refused > n_bytes / stride / 4);
    free(rows);
    free(bytes);
}

static void byte_when_any_of_a_signed_journal_flips_is_refused_or_leaves_all_rows(void **state)
{
    (void)state;
    flip_every_byte(secret);
}

static void byte_when_any_of_an_unsigned_journal_flips_is_refused_or_leaves_all_rows(void **state)
{
    (void)state;
    flip_every_byte(NULL);
}

static void file_when_cut_or_none_is_damaged(void **state)
{
    (void)state;
    assert_int_equal(verify(), ERR_NO_INPUT);
    write_runs(1, secret);
    size_t n_bytes = 0;
    uint8_t *bytes = read_file(&n_bytes);
    free(bytes);
    for (size_t length = n_bytes - 1; length > 1000; length -= n_bytes / 29) {
        assert_int_equal(truncate(path, (off_t)length), 0);
        assert_int_equal(verify(), ERR_DATA);
        assert_memory_equal(text.text, "journal /tmp/steward_audit_", 27);
    }
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(verify(), ERR_DATA);
}

static void frame_when_proved_is_included_in_the_checkpoint(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {1, 2, 60, 61, 256, 257, 299, 300};
    write_runs(5, secret);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct audit_proof proof, same;
        uint64_t run = (numbers[i] - 1) / STORY_FRAMES + 1,
                 sequence = (numbers[i] - 1) % STORY_FRAMES + 1;
        assert_int_equal(audit_prove(path, 0, numbers[i], &proof, &text), OK);
        assert_int_equal(audit_prove(path, run, sequence, &same, &text), OK);
        assert_string_equal(proof.leaf, same.leaf);
        assert_int_equal(proof.index, numbers[i] - 1);
        struct note note;
        struct checkpoint checkpoint;
        struct note_key key;
        assert_true(note_key_parse(slice_of(verifier), &key));
        assert_true(note_parse(slice_of(proof.checkpoint), &note));
        assert_int_equal(note_verify(&note, &key), NOTE_SIGNED);
        assert_true(checkpoint_parse(note.text, &checkpoint));
        static uint8_t bytes[1 << 16];
        struct merkle_hash hashes[MERKLE_LEVELS_MAX];
        size_t n_bytes = 0, n_hash = 0;
        assert_int_equal(sodium_base642bin(bytes, sizeof(bytes), proof.leaf, strlen(proof.leaf),
                                           NULL, &n_bytes, NULL, sodium_base64_VARIANT_ORIGINAL),
                         0);
        for (uint32_t k = 0; k < proof.n_hashes; k++) {
            assert_int_equal(sodium_base642bin(hashes[k].bytes, 32, proof.hashes[k], 44, NULL,
                                               &n_hash, NULL, sodium_base64_VARIANT_ORIGINAL),
                             0);
        }
        struct merkle_hash leaf = merkle_leaf((struct slice){(const char *)bytes, n_bytes});
        assert_true(merkle_is_included(&leaf, proof.index, checkpoint.size, hashes, proof.n_hashes,
                                       &checkpoint.root));
        audit_proof_close(&proof);
        audit_proof_close(&same);
    }
}

static void proof_when_of_what_is_not_there_or_not_sound_is_refused(void **state)
{
    (void)state;
    struct audit_proof proof;
    write_runs(1, secret);
    assert_int_equal(audit_prove(path, 0, 0, &proof, &text), ERR_USAGE);
    assert_int_equal(audit_prove(path, 0, STORY_FRAMES + 1, &proof, &text), ERR_USAGE);
    assert_int_equal(audit_prove(path, 2, 1, &proof, &text), ERR_USAGE);
    assert_int_equal(audit_prove_growth(path, 0, &proof, &text), ERR_USAGE);
    assert_int_equal(audit_prove_growth(path, STORY_FRAMES + 1, &proof, &text), ERR_USAGE);
    assert_int_equal(audit_prove_growth(path, 7, &proof, &text), OK);
    assert_null(proof.leaf);
    assert_true(proof.n_hashes > 0);
    run_sql("UPDATE truth SET kind = 'other'");
    assert_int_equal(audit_prove(path, 0, 1, &proof, &text), ERR_DATA);
}

struct told {
    uint32_t n_rows, n_frames, n_left;
};

static enum err count_row(void *self, const char *table, const struct audit_cell *cells,
                          uint32_t n_cells)
{
    struct told *told = self;
    bool is_frame = strcmp(table, "frame") == 0;
    assert_true(n_cells > 2);
    assert_int_equal(cells[0].kind, AUDIT_INTEGER);
    if (is_frame) {
        assert_string_equal(cells[n_cells - 1].name, "leaf");
        assert_int_equal(cells[n_cells - 1].text.n_bytes, 44);
    }
    told->n_rows++;
    told->n_frames += is_frame ? 1 : 0;
    return told->n_left > 0 && --told->n_left == 0 ? ERR_IO : OK;
}

static void export_when_asked_tells_every_row_of_a_sound_journal(void **state)
{
    (void)state;
    struct told told = {0, 0, 0};
    struct audit_port port = {&told, count_row};
    write_runs(2, secret);
    assert_int_equal(audit_export(path, &port, &text), OK);
    assert_int_equal(told.n_frames, 2 * STORY_FRAMES);
    assert_true(told.n_rows > told.n_frames + 8);
    told = (struct told){0, 0, 5};
    assert_int_equal(audit_export(path, &port, &text), ERR_IO);
    assert_int_equal(told.n_rows, 5);
    run_sql("DELETE FROM truth");
    assert_int_equal(audit_export(path, &port, &text), ERR_DATA);
}

static void key_when_generated_signs_and_is_a_new_one(void **state)
{
    (void)state;
    char first[NOTE_SIGNER_TEXT], second[NOTE_SIGNER_TEXT], public_bytes[NOTE_KEY_TEXT];
    struct text secret_text, public_text;
    struct note_signer signer;
    struct note_key key;
    text_init(&secret_text, first, sizeof(first));
    text_init(&public_text, public_bytes, sizeof(public_bytes));
    assert_true(audit_generate("example.com/steward", &secret_text, &public_text));
    assert_true(note_signer_parse(slice_of(first), &signer));
    assert_true(note_key_parse(slice_of(public_bytes), &key));
    assert_true(note_key_equal(&signer.key, &key));
    text_init(&secret_text, second, sizeof(second));
    text_init(&public_text, public_bytes, sizeof(public_bytes));
    assert_true(audit_generate("example.com/steward", &secret_text, &public_text));
    assert_string_not_equal(first, second);
    assert_false(audit_generate("no name", &secret_text, &public_text));
    audit_wipe(first, sizeof(first));
    assert_int_equal(first[0], 0);
}

static void journal_when_the_key_is_none_is_not_signed(void **state)
{
    (void)state;
    scribe->secret_key = verifier;
    assert_int_equal(scribe_write(scribe, path, 1, &text), ERR_CONFIG);
    assert_null(strstr(text.text, verifier));
    assert_false(scribe_is_there(path));
    assert_false(scribe_is_partial(path));
}

#define WITH_SCRIBE(test) cmocka_unit_test_setup_teardown(test, open_scribe, close_scribe)

int main(int argc, char **argv)
{
    const struct CMUnitTest every_byte[] = {
        WITH_SCRIBE(byte_when_any_of_a_signed_journal_flips_is_refused_or_leaves_all_rows),
        WITH_SCRIBE(byte_when_any_of_an_unsigned_journal_flips_is_refused_or_leaves_all_rows),
    };
    if (argc == 2 && strcmp(argv[1], "--every-byte") == 0) {
        stride = 1;
        return cmocka_run_group_tests(every_byte, NULL, NULL);
    }
    const struct CMUnitTest tests[] = {
        WITH_SCRIBE(journal_when_unsigned_passes_and_says_so),
        WITH_SCRIBE(journal_when_signed_passes_for_its_key_alone),
        WITH_SCRIBE(journal_when_written_again_is_signed_the_same),
        WITH_SCRIBE(journal_when_empty_passes),
        WITH_SCRIBE(root_when_made_by_other_means_is_the_same),
        WITH_SCRIBE(journal_when_edited_in_any_table_is_refused),
        WITH_SCRIBE(journal_when_rows_beside_the_frames_differ_names_their_table),
        WITH_SCRIBE(journal_when_shorter_than_what_was_kept_is_refused),
        WITH_SCRIBE(journal_when_its_past_is_another_than_what_was_kept_is_refused),
        WITH_SCRIBE(kept_checkpoint_when_forged_or_none_is_refused),
        WITH_SCRIBE(journal_when_made_again_with_another_key_is_refused_by_who_knows_the_key),
        WITH_SCRIBE(byte_when_any_of_a_signed_journal_flips_is_refused_or_leaves_all_rows),
        WITH_SCRIBE(byte_when_any_of_an_unsigned_journal_flips_is_refused_or_leaves_all_rows),
        WITH_SCRIBE(file_when_cut_or_none_is_damaged),
        WITH_SCRIBE(frame_when_proved_is_included_in_the_checkpoint),
        WITH_SCRIBE(proof_when_of_what_is_not_there_or_not_sound_is_refused),
        WITH_SCRIBE(export_when_asked_tells_every_row_of_a_sound_journal),
        WITH_SCRIBE(key_when_generated_signs_and_is_a_new_one),
        WITH_SCRIBE(journal_when_the_key_is_none_is_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
