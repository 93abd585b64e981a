/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying a journal: everything that can be derived is derived again beside it, in memory, and compared row by row; what cannot be derived
 * is digested, and the digest is in the closing root's row. SQLite's own check holds indexes and tables together. */
#include "replay/audit.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "replay/base64.h"
#include "replay/project.h"
#include "replay/reader.h"
#include "replay/rows.h"
#include "replay/schema.h"

static const char select_frames[] =
    "SELECT rowid, run, seq, at_ns, kind, body, chain FROM frame ORDER BY rowid";

struct audit {
    const struct audit_request *request;
    struct audit_result *result;
    struct err_text *text;
    const char *path;
    sqlite3 *journal, *again; /* As it is; as it should be. */
    struct trail trail;       /* Of again. */
    struct checkpoint saved;
    struct note saved_note;
    struct merkle_hash saved_root; /* As it should be. */
    struct note note;
};

static bool is_sound(const struct audit *audit) { return audit->result->problem.text[0] == '\0'; }

static enum err problem(struct audit *audit, const char *what)
{
    (void)err_set(&audit->result->problem, ERR_DATA, "%s", what); /* A verdict, not a failure. */
    return OK;
}

/* SQLite tells a page that could not be read as a fault of the file; the code behind it says which it was. */
static bool is_unread(struct slice said)
{
    static const char *const words[] = {"error code=", "error code "};
    struct slice corrupt = slice_of("11"); /* SQLITE_CORRUPT. */
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        int64_t at = slice_find(said, slice_of(words[i]));
        size_t from = (size_t)at + strlen(words[i]);
        if (at >= 0 && from + 2 <= said.n_bytes) {
            return !slice_equal((struct slice){said.bytes + from, 2}, corrupt);
        }
        if (at >= 0) {
            return true;
        }
    }
    return slice_find(said, slice_of("failed to get page")) >= 0;
}

static enum err tell_store(struct audit *audit, struct slice said)
{
    if (sqlite3_errcode(audit->journal) == SQLITE_NOMEM) {
        return err_set(audit->text, ERR_INTERNAL, "journal %s: out of memory", audit->path);
    }
    if (is_unread(said)) {
        return err_set(audit->text, ERR_IO, "journal %s: its pages cannot be read", audit->path);
    }
    struct slice line = said;
    const char *newline = said.n_bytes == 0 ? NULL : memchr(said.bytes, '\n', said.n_bytes);
    if (newline != NULL && said.bytes[0] == '*') { /* A title. */
        line.bytes = newline + 1;
        line.n_bytes -= (size_t)(line.bytes - said.bytes);
        newline = memchr(line.bytes, '\n', line.n_bytes);
    }
    line.n_bytes = newline == NULL ? line.n_bytes : (size_t)(newline - line.bytes);
    char plain[SQL_SAID_BYTES];
    sql_printable(line, plain);
    return err_set(audit->text, ERR_DATA, "journal %s: damaged: %s", audit->path, plain);
}

static enum err check_store(struct audit *audit)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(audit->journal, audit->path, "PRAGMA integrity_check(1)", &read, audit->text));
    enum err err = OK;
    if (sqlite3_step(read) != SQLITE_ROW) {
        err = sql_failure(audit->journal, audit->path, "checking its pages", audit->text);
    } else if (!slice_equal(sql_column(read, 0), slice_of("ok"))) {
        err = tell_store(audit, sql_column(read, 0));
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static enum err has_projections(struct audit *audit, bool *ret_has)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(
        audit->journal, audit->path,
        "SELECT count(*) FROM sqlite_master WHERE name IN ('incident', 'decision', 'action')",
        &read, audit->text));
    enum err err = OK;
    if (sqlite3_step(read) == SQLITE_ROW) {
        *ret_has = sqlite3_column_int(read, 0) > 0;
    } else {
        err = sql_failure(audit->journal, audit->path, "reading its tables", audit->text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static enum err check_schema(struct audit *audit)
{
    uint64_t row = 0;
    TRY(schema_create(audit->again, audit->path, audit->text));
    TRY(project_create(audit->again, audit->path, audit->text));
    TRY(rows_compare(audit->journal, audit->again, audit->path,
                     "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name, tbl_name",
                     &row, audit->text));
    if (row == 0) {
        return OK;
    }
    bool is_ended = false;
    TRY(has_projections(audit, &is_ended));
    return err_set(
        audit->text, ERR_DATA, "journal %s: %s", audit->path,
        is_ended ? "its tables are not those of a journal"
                 : "was not closed, so that nothing vouches for its end; a start and an orderly end of "
                   "`steward live` close it");
}

/* The key whose signatures are wanted: the journal says which, --key says whether that is the right one. */
static enum err choose_key(struct audit *audit, struct slice named)
{
    const struct note_key *wanted = audit->request->key;
    struct audit_result *result = audit->result;
    result->is_signed = named.n_bytes > 0;
    if (!result->is_signed) {
        return wanted == NULL
                   ? OK
                   : problem(audit, "is unsigned, and a signature by the given key is wanted");
    }
    if (!note_key_parse(named, &result->key) || named.bytes[named.n_bytes - 1] == '\n') {
        return problem(audit, "the key that it names is none");
    }
    if (wanted != NULL && !note_key_equal(wanted, &result->key)) {
        return problem(audit, "is signed by another key than the given one");
    }
    audit->trail.key = &result->key;
    return OK;
}

static enum err read_signer(struct audit *audit)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(audit->journal, audit->path,
                    "SELECT signer FROM tree ORDER BY rowid DESC LIMIT 1", &read, audit->text));
    enum err err = OK;
    int code = sqlite3_step(read);
    if (code == SQLITE_ROW) {
        err = choose_key(audit, sql_column(read, 0));
    } else if (code == SQLITE_DONE) {
        err = problem(audit, "its closing root is missing");
    } else {
        err = sql_failure(audit->journal, audit->path, "reading its tree", audit->text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static void read_frame(sqlite3_stmt *read, struct trail_frame *ret_frame)
{
    ret_frame->run = sqlite3_column_int64(read, 1);
    ret_frame->sequence = sqlite3_column_int64(read, 2);
    ret_frame->at = sqlite3_column_int64(read, 3);
    ret_frame->kind = sqlite3_column_int64(read, 4);
    ret_frame->body = sql_column(read, 5);
    ret_frame->chain = sql_column(read, 6);
}

/* Rows in order without a gap, runs in order without a gap in their frames, each cell of its type. */
static bool is_next(sqlite3_stmt *read, const struct trail_frame *before,
                    const struct trail_frame *frame, uint64_t number)
{
    bool is_typed = true;
    for (int column = 0; column < 7; column++) {
        is_typed = is_typed &&
                   sqlite3_column_type(read, column) == (column < 5 ? SQLITE_INTEGER : SQLITE_BLOB);
    }
    bool is_same_run = frame->run == before->run;
    bool is_in_order = is_same_run ? frame->sequence == before->sequence + 1
                                   : frame->run > before->run && frame->sequence == 1;
    return is_typed && is_in_order && (uint64_t)sqlite3_column_int64(read, 0) == number;
}

static void note_saved_root(struct audit *audit)
{
    if (audit->result->has_saved && audit->trail.tree.size == audit->saved.size) {
        audit->saved_root = merkle_root(&audit->trail.tree);
    }
}

static enum err walk_frames(struct audit *audit, sqlite3_stmt *read)
{
    struct trail_frame before = {0}, frame;
    for (;;) {
        note_saved_root(audit);
        int code = sqlite3_step(read);
        if (code == SQLITE_DONE) {
            return OK;
        }
        if (code != SQLITE_ROW) {
            return sql_failure(audit->journal, audit->path, "reading frames", audit->text);
        }
        read_frame(read, &frame);
        if (!is_next(read, &before, &frame, audit->trail.tree.size + 1)) {
            (void)err_set(
                &audit->result->problem, ERR_DATA, "frame %llu of the journal is not the next frame",
                (unsigned long long)audit->trail.tree.size + 1); /* A verdict, not a failure. */
            return OK;
        }
        struct merkle_hash leaf = trail_leaf(&frame);
        TRY(trail_add(&audit->trail, &leaf, audit->text));
        before = frame;
    }
}

static enum err make_trail(struct audit *audit)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(audit->journal, audit->path, select_frames, &read, audit->text));
    enum err err = walk_frames(audit, read);
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    TRY(err);
    struct merkle_hash root = merkle_root(&audit->trail.tree);
    audit->result->size = audit->trail.tree.size;
    checkpoint_root_text(&root, audit->result->root);
    return is_sound(audit) ? trail_end(&audit->trail, audit->text) : OK;
}

static enum err check_table(struct audit *audit, const char *table)
{
    char select[96];
    uint64_t row = 0;
    (void)snprintf(select, sizeof(select), "SELECT rowid, * FROM %s ORDER BY rowid", table);
    TRY(rows_compare(audit->journal, audit->again, audit->path, select, &row, audit->text));
    if (row != 0) {
        (void)err_set(&audit->result->problem, ERR_DATA,
                      "table %s, row %llu is not what the frames make of it", table,
                      (unsigned long long)row); /* A verdict. */
    }
    return OK;
}

/* Which table it is that does not fit its digest in the closing row. */
static enum err check_tree(struct audit *audit)
{
    static const char *const tables[] = {"run", "document", "truth", "snapshot"};
    uint64_t row = 0;
    TRY(check_table(audit, "tree"));
    if (is_sound(audit)) {
        return OK;
    }
    TRY(rows_compare(audit->journal, audit->again, audit->path,
                     "SELECT rowid, size, root, signer FROM tree ORDER BY rowid", &row, audit->text));
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && row == 0; i++) {
        char select[96];
        (void)snprintf(select, sizeof(select),
                       "SELECT %s_rows FROM tree ORDER BY rowid DESC LIMIT 1", tables[i]);
        TRY(rows_compare(audit->journal, audit->again, audit->path, select, &row, audit->text));
        if (row != 0) {
            (void)err_set(
                &audit->result->problem, ERR_DATA,
                "the rows of table %s are not those of which the closing row of tree has the digest",
                tables[i]); /* A verdict. */
        }
    }
    return OK;
}

/* A note of the journal has the text that it should have, one signature, and that by the key. */
static bool is_note(struct audit *audit, struct slice bytes, struct slice text)
{
    return note_parse(bytes, &audit->note) && slice_equal(audit->note.text, text) &&
           audit->note.n_signatures == 1 &&
           note_verify(&audit->note, &audit->result->key) == NOTE_SIGNED;
}

static enum err compare_notes(struct audit *audit, sqlite3_stmt *read, sqlite3_stmt *wanted)
{
    uint64_t row = 0;
    for (;;) {
        int code = sqlite3_step(read);
        int code_wanted = sqlite3_step(wanted);
        bool is_read = (code == SQLITE_ROW || code == SQLITE_DONE);
        if (!is_read || (code_wanted != SQLITE_ROW && code_wanted != SQLITE_DONE)) {
            return sql_failure(is_read ? audit->again : audit->journal, audit->path,
                               "reading checkpoints", audit->text);
        }
        if (code == SQLITE_DONE && code_wanted == SQLITE_DONE) {
            return OK;
        }
        row++;
        bool is_same = code == code_wanted && sqlite3_column_int64(read, 0) == (int64_t)row &&
                       sqlite3_column_type(read, 1) == SQLITE_INTEGER &&
                       sqlite3_column_int64(read, 1) == sqlite3_column_int64(wanted, 1) &&
                       sqlite3_column_type(read, 2) == SQLITE_TEXT &&
                       is_note(audit, sql_column(read, 2), sql_column(wanted, 2));
        if (!is_same) {
            (void)err_set(&audit->result->problem, ERR_DATA,
                          "checkpoint %llu is not a signed one of these frames",
                          (unsigned long long)row); /* A verdict. */
            return OK;
        }
        audit->result->n_checkpoints = row;
    }
}

static enum err check_checkpoints(struct audit *audit)
{
    static const char select[] = "SELECT rowid, size, note FROM checkpoint ORDER BY rowid";
    sqlite3_stmt *read = NULL, *wanted = NULL;
    enum err err = sql_prepare(audit->journal, audit->path, select, &read, audit->text);
    if (err == OK) {
        err = sql_prepare(audit->again, audit->path, select, &wanted, audit->text);
    }
    if (err == OK) {
        err = compare_notes(audit, read, wanted);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    (void)sqlite3_finalize(wanted);
    return err;
}

/* The closing checkpoint; an unsigned journal has none, and its text is made. */
static enum err take_checkpoint(struct audit *audit)
{
    struct text text;
    text_init(&text, audit->result->checkpoint, sizeof(audit->result->checkpoint));
    if (!audit->result->is_signed) {
        struct merkle_hash root = merkle_root(&audit->trail.tree);
        checkpoint_write(&(struct checkpoint){slice_of(audit->trail.origin), audit->result->size,
                                              root, slice_of(audit->trail.closed)},
                         &text);
        return OK;
    }
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(audit->journal, audit->path,
                    "SELECT note FROM checkpoint ORDER BY rowid DESC LIMIT 1", &read, audit->text));
    enum err err = OK;
    if (sqlite3_step(read) == SQLITE_ROW) {
        text_put_slice(&text, sql_column(read, 0));
    } else {
        err = sql_failure(audit->journal, audit->path, "reading checkpoints", audit->text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    ASSERT(!text.truncated);
    return err;
}

/* A note, or the text of one. */
static enum err parse_saved(struct audit *audit)
{
    struct slice bytes = audit->request->saved;
    audit->result->has_saved = bytes.n_bytes > 0;
    if (!audit->result->has_saved) {
        return OK;
    }
    bool is_parsed = note_parse(bytes, &audit->saved_note);
    if (!is_parsed) {
        audit->saved_note.text = bytes;
        audit->saved_note.n_signatures = 0;
        is_parsed = note_is_text(bytes);
    }
    if (!is_parsed || !checkpoint_parse(audit->saved_note.text, &audit->saved)) {
        return err_set(audit->text, ERR_DATA, "not a checkpoint");
    }
    audit->result->saved_size = audit->saved.size;
    return OK;
}

static enum err check_saved(struct audit *audit)
{
    const struct audit_result *result = audit->result;
    if (!result->has_saved) {
        return OK;
    }
    if (result->is_signed && note_verify(&audit->saved_note, &result->key) != NOTE_SIGNED) {
        return problem(audit, "the saved checkpoint is not signed by the journal's key");
    }
    if (!slice_equal(audit->saved.origin, slice_of(audit->trail.origin))) {
        return problem(audit, "the saved checkpoint is of another journal");
    }
    if (audit->saved.size > result->size) {
        (void)err_set(
            &audit->result->problem, ERR_DATA,
            "has %llu frames, and the saved checkpoint %llu: frames were cut, or this is an older copy",
            (unsigned long long)result->size, (unsigned long long)audit->saved.size); /* A verdict. */
        return OK;
    }
    if (!merkle_equal(&audit->saved.root, &audit->saved_root)) {
        return problem(audit, "its first frames are not those of the saved checkpoint");
    }
    bool is_closing = audit->saved.size == result->size && audit->saved.extensions.n_bytes > 0;
    bool is_same = !is_closing || slice_equal(audit->saved.extensions, slice_of(audit->trail.closed));
    return is_same
               ? OK
               : problem(
                     audit,
                     "its runs, documents, truth or snapshots are not those of the saved checkpoint");
}

static enum err check_derived(struct audit *audit)
{
    TRY(check_tree(audit));
    if (is_sound(audit)) {
        TRY(check_checkpoints(audit));
    }
    if (is_sound(audit)) {
        TRY(project(audit->journal, audit->again, audit->path, audit->text));
    }
    for (int i = 0; projection_tables[i] != NULL && is_sound(audit); i++) {
        TRY(check_table(audit, projection_tables[i]));
    }
    if (is_sound(audit)) {
        TRY(take_checkpoint(audit));
        TRY(check_saved(audit));
    }
    return OK;
}

static enum err check_all(struct audit *audit)
{
    TRY(parse_saved(audit));
    TRY(reader_open(audit->path, &audit->journal, audit->text));
    if (sqlite3_open(":memory:", &audit->again) != SQLITE_OK) {
        return err_set(audit->text, ERR_INTERNAL, "journal %s: out of memory", audit->path);
    }
    TRY(check_store(audit));
    TRY(check_schema(audit));
    TRY(trail_open(&audit->trail, audit->journal, audit->again, audit->path, audit->text));
    TRY(read_signer(audit));
    if (is_sound(audit)) {
        TRY(make_trail(audit));
    }
    return is_sound(audit) ? check_derived(audit) : OK;
}

enum err audit_verify(const struct audit_request *request, struct audit_result *ret_result,
                      struct err_text *ret_text)
{
    struct audit *audit = calloc(1, sizeof(*audit));
    if (audit == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", request->path);
    }
    memset(ret_result, 0, sizeof(*ret_result));
    audit->request = request;
    audit->result = ret_result;
    audit->text = ret_text;
    audit->path = request->path;
    enum err err = check_all(audit);
    trail_close(&audit->trail);
    (void)sqlite3_close(audit->again); /* Nothing can be lost: in memory, read only. */
    (void)sqlite3_close(audit->journal);
    free(audit);
    return err;
}

/* Verifies, and takes problems for damage: nothing is proved or told from a journal that does not verify. */
static enum err open_sound(const char *path, struct audit_result *ret_result, sqlite3 **ret_journal,
                           struct err_text *ret_text)
{
    TRY(audit_verify(&(struct audit_request){.path = path}, ret_result, ret_text));
    if (ret_result->problem.text[0] != '\0') {
        return err_set(ret_text, ERR_DATA, "journal %s: %s", path, ret_result->problem.text);
    }
    return reader_open(path, ret_journal, ret_text);
}

static char *encode(const uint8_t *bytes, size_t n_bytes)
{
    size_t capacity = base64_bytes(n_bytes);
    char *text = malloc(capacity);
    if (text != NULL) {
        base64_encode(bytes, n_bytes, text, capacity);
    }
    return text;
}

static enum err encode_leaf(const struct trail_frame *frame, const char *path, char **ret_leaf,
                            struct err_text *ret_text)
{
    size_t n_bytes = TRAIL_HEAD_BYTES + frame->body.n_bytes + frame->chain.n_bytes;
    uint8_t *bytes = malloc(n_bytes);
    if (bytes != NULL) {
        trail_head(frame, bytes);
        memcpy(bytes + TRAIL_HEAD_BYTES, frame->body.bytes, frame->body.n_bytes);
        memcpy(bytes + TRAIL_HEAD_BYTES + frame->body.n_bytes, frame->chain.bytes,
               frame->chain.n_bytes);
        *ret_leaf = encode(bytes, n_bytes);
    }
    free(bytes);
    return *ret_leaf != NULL ? OK
                             : err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
}

/* What a proof is made from. */
struct leaves {
    sqlite3 *journal;
    const char *path;
    struct merkle_hash *hashes;
    uint64_t size;
    uint64_t run, number; /* Of the frame to be proved; number 0: none. */
    uint64_t index;       /* Of it; size: it is not there. */
    char *leaf;
};

static bool is_wanted(const struct leaves *leaves, const struct trail_frame *frame, uint64_t index)
{
    return leaves->run == 0
               ? leaves->number == index + 1
               : leaves->run == (uint64_t)frame->run && leaves->number == (uint64_t)frame->sequence;
}

static enum err read_leaves(struct leaves *leaves, struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(leaves->journal, leaves->path, select_frames, &read, ret_text));
    enum err err = OK;
    int code = SQLITE_ROW;
    uint64_t index = 0;
    leaves->index = leaves->size;
    while (err == OK && index < leaves->size && (code = sqlite3_step(read)) == SQLITE_ROW) {
        struct trail_frame frame;
        read_frame(read, &frame);
        leaves->hashes[index] = trail_leaf(&frame);
        if (leaves->leaf == NULL && is_wanted(leaves, &frame, index)) {
            leaves->index = index;
            err = encode_leaf(&frame, leaves->path, &leaves->leaf, ret_text);
        }
        index++;
    }
    if (err == OK && index < leaves->size) {
        err = sql_failure(leaves->journal, leaves->path, "reading frames", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static void write_proof(const struct merkle_proof *proof, struct audit_proof *ret_proof)
{
    ret_proof->n_hashes = proof->n_hashes;
    for (uint32_t i = 0; i < proof->n_hashes; i++) {
        checkpoint_root_text(&proof->hashes[i], ret_proof->hashes[i]);
    }
}

static enum err prove_frame(struct leaves *leaves, struct audit_proof *proof,
                            struct err_text *ret_text)
{
    struct merkle_proof made;
    struct merkle_tree tree;
    if (leaves->index == leaves->size) {
        return err_set(ret_text, ERR_USAGE, "journal %s: has no frame %llu", leaves->path,
                       (unsigned long long)leaves->number);
    }
    merkle_prove_inclusion(leaves->hashes, leaves->size, leaves->index, &made);
    merkle_init(&tree);
    for (uint64_t i = 0; i < leaves->size; i++) {
        merkle_push(&tree, &leaves->hashes[i]);
    }
    struct merkle_hash root = merkle_root(&tree);
    ASSERT(merkle_is_included(&leaves->hashes[leaves->index], leaves->index, leaves->size,
                              made.hashes, made.n_hashes, &root));
    proof->index = leaves->index;
    proof->leaf = leaves->leaf;
    leaves->leaf = NULL;
    write_proof(&made, proof);
    return OK;
}

static enum err prove_growth(const struct leaves *leaves, uint64_t before,
                             struct audit_proof *proof, struct err_text *ret_text)
{
    struct merkle_proof made;
    struct merkle_tree tree;
    struct merkle_hash root_before, root;
    if (before == 0 || before > leaves->size) {
        return err_set(ret_text, ERR_USAGE, "journal %s: has %llu frames; %llu is no earlier size",
                       leaves->path, (unsigned long long)leaves->size, (unsigned long long)before);
    }
    merkle_prove_consistency(leaves->hashes, leaves->size, before, &made);
    merkle_init(&tree);
    for (uint64_t i = 0; i < leaves->size; i++) {
        merkle_push(&tree, &leaves->hashes[i]);
        root_before = i + 1 == before ? merkle_root(&tree) : root_before;
    }
    root = merkle_root(&tree);
    ASSERT(merkle_is_consistent(before, leaves->size, made.hashes, made.n_hashes, &root_before,
                                &root));
    proof->index = before;
    write_proof(&made, proof);
    return OK;
}

/* number 0: consistency with the tree of `run` frames. */
static enum err prove(const char *path, uint64_t run, uint64_t number,
                      struct audit_proof *ret_proof, struct err_text *ret_text)
{
    struct audit_result result;
    struct leaves leaves = {.path = path, .run = run, .number = number};
    memset(ret_proof, 0, sizeof(*ret_proof));
    enum err err = open_sound(path, &result, &leaves.journal, ret_text);
    if (err != OK) {
        goto out;
    }
    leaves.size = result.size;
    leaves.hashes = calloc(leaves.size + 1, sizeof(*leaves.hashes));
    if (leaves.hashes == NULL) {
        err = err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
        goto out;
    }
    err = read_leaves(&leaves, ret_text);
    if (err != OK) {
        goto out;
    }
    ret_proof->size = result.size;
    memcpy(ret_proof->checkpoint, result.checkpoint, sizeof(result.checkpoint));
    err = number == 0 ? prove_growth(&leaves, run, ret_proof, ret_text)
                      : prove_frame(&leaves, ret_proof, ret_text);
out:
    (void)sqlite3_close(leaves.journal); /* Read only: nothing can be lost. */
    free(leaves.hashes);
    free(leaves.leaf);
    return err;
}

enum err audit_prove(const char *path, uint64_t run, uint64_t number, struct audit_proof *ret_proof,
                     struct err_text *ret_text)
{
    if (number == 0) {
        return err_set(ret_text, ERR_USAGE, "journal %s: frames count from 1", path);
    }
    return prove(path, run, number, ret_proof, ret_text);
}

enum err audit_prove_growth(const char *path, uint64_t before, struct audit_proof *ret_proof,
                            struct err_text *ret_text)
{
    return prove(path, before, 0, ret_proof, ret_text);
}

void audit_proof_close(struct audit_proof *proof)
{
    free(proof->leaf);
    proof->leaf = NULL;
}

static enum err tell_row(sqlite3_stmt *read, const char *table, const char *path,
                         const struct audit_port *port, struct err_text *ret_text)
{
    struct audit_cell cells[AUDIT_CELLS_MAX];
    char *encoded[AUDIT_CELLS_MAX] = {NULL};
    char leaf_text[CHECKPOINT_ROOT_TEXT];
    int n_cells = sqlite3_column_count(read);
    enum err err = OK;
    ASSERT(n_cells < AUDIT_CELLS_MAX);
    for (int i = 0; i < n_cells; i++) {
        static const enum audit_cell_kind kinds[] = {[SQLITE_INTEGER] = AUDIT_INTEGER,
                                                     [SQLITE_FLOAT] = AUDIT_REAL,
                                                     [SQLITE_TEXT] = AUDIT_TEXT,
                                                     [SQLITE_BLOB] = AUDIT_BASE64,
                                                     [SQLITE_NULL] = AUDIT_NULL};
        cells[i] = (struct audit_cell){sqlite3_column_name(read, i),
                                       kinds[sqlite3_column_type(read, i)],
                                       sqlite3_column_int64(read, i),
                                       sqlite3_column_double(read, i),
                                       {"", 0}};
        if (cells[i].kind == AUDIT_TEXT && sqlite3_column_bytes(read, i) > 0) {
            cells[i].text = sql_column(read, i);
        } else if (cells[i].kind == AUDIT_BASE64) {
            struct slice bytes = sql_column(read, i);
            encoded[i] = encode((const uint8_t *)bytes.bytes, bytes.n_bytes);
            cells[i].text = slice_of(encoded[i] == NULL ? "" : encoded[i]);
            err = encoded[i] == NULL
                      ? err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path)
                      : err;
        }
    }
    if (strcmp(table, "frame") == 0) {
        struct trail_frame frame;
        read_frame(read, &frame);
        struct merkle_hash leaf = trail_leaf(&frame);
        checkpoint_root_text(&leaf, leaf_text);
        cells[n_cells++] = (struct audit_cell){"leaf", AUDIT_BASE64, 0, 0.0, slice_of(leaf_text)};
    }
    if (err == OK) {
        err = port->row(port->self, table, cells, (uint32_t)n_cells);
    }
    for (int i = 0; i < AUDIT_CELLS_MAX; i++) {
        free(encoded[i]);
    }
    return err;
}

static enum err tell_table(sqlite3 *journal, const char *table, const char *path,
                           const struct audit_port *port, struct err_text *ret_text)
{
    char select[96];
    sqlite3_stmt *read = NULL;
    (void)snprintf(select, sizeof(select), "SELECT rowid AS row, * FROM %s ORDER BY rowid", table);
    TRY(sql_prepare(journal, path, select, &read, ret_text));
    enum err err = OK;
    int code = SQLITE_ROW;
    while (err == OK && (code = sqlite3_step(read)) == SQLITE_ROW) {
        err = tell_row(read, table, path, port, ret_text);
    }
    if (err == OK && code != SQLITE_DONE) {
        err = sql_failure(journal, path, "reading its rows", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

enum err audit_export(const char *path, const struct audit_port *port, struct err_text *ret_text)
{
    static const char *const tables[] = {"run", "document", "frame", "truth", "snapshot", NULL};
    static const char *const trail_tables[] = {"tree", "checkpoint", NULL};
    const char *const *const groups[] = {tables, projection_tables, trail_tables};
    struct audit_result result;
    sqlite3 *journal = NULL;
    enum err err = open_sound(path, &result, &journal, ret_text);
    for (size_t group = 0; group < sizeof(groups) / sizeof(groups[0]); group++) {
        for (size_t i = 0; err == OK && groups[group][i] != NULL; i++) {
            err = tell_table(journal, groups[group][i], path, port, ret_text);
        }
    }
    (void)sqlite3_close(journal); /* Read only: nothing can be lost. */
    return err;
}

bool audit_generate(const char *name, struct text *secret, struct text *verifier)
{
    struct note_signer signer;
    uint8_t seed[32];
    if (!note_is_name(slice_of(name)) || sodium_init() < 0) {
        return false;
    }
    randombytes_buf(seed, sizeof(seed));
    note_signer_init(name, seed, &signer);
    note_signer_write(&signer, secret);
    note_key_write(&signer.key, verifier);
    ASSERT(!secret->truncated);
    ASSERT(!verifier->truncated);
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(&signer, sizeof(signer));
    return true;
}

void audit_wipe(void *bytes, size_t n_bytes) { sodium_memzero(bytes, n_bytes); }
