/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a running steward. Two files, because the journal proper may hold only what is audited: in the other are letters, and the event
 * of the step in progress, which the next one replaces. A frame is one transaction: row, leaf, snapshot, fingerprint. */
#include "replay/live_journal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "replay/body.h"
#include "replay/project.h"
#include "replay/schema.h"
#include "replay/trail.h"

enum { CHAIN_BYTES = 16, ARM_STEWARD_NUMBER = 0 };

static const char queue_tables[] =
    "CREATE TABLE IF NOT EXISTS letter(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key BLOB NOT NULL UNIQUE,"
    " body BLOB NOT NULL, done INTEGER NOT NULL);" /* done: 0 waits, 1 ended, 2 is in its step. */
    "CREATE TABLE IF NOT EXISTS step(only INTEGER PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL,"
    " event BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS quarantine(run INTEGER NOT NULL, seq INTEGER NOT NULL, at_ns INTEGER NOT NULL, event BLOB NOT NULL,"
    " UNIQUE(run, seq, event));";

struct live_journal {
    sqlite3 *database, *queue;
    char *path, *queue_path;
    sqlite3_stmt *put_frame, *put_snapshot, *put_fingerprint;
    sqlite3_stmt *put_step, *put_letter, *step_letter, *end_letter, *find_letter;
    int64_t run;
    uint64_t stepped; /* Letter of the newest event; 0: none. */
    uint8_t *body;
    struct trail trail;
    bool has_trail;
    struct note_signer signer; /* Wiped when released. */
};

static void chain_bytes(struct digest128 chain, uint8_t ret_bytes[CHAIN_BYTES])
{
    for (size_t i = 0; i < 8; i++) {
        ret_bytes[i] = (uint8_t)(chain.hi >> (56 - 8 * i));
        ret_bytes[8 + i] = (uint8_t)(chain.lo >> (56 - 8 * i));
    }
}

static enum err open_file(const char *path, sqlite3 **ret_database, struct err_text *ret_text)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return err_set(ret_text, ERR_NO_INPUT, "journal %s: is a directory", path);
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(path, ret_database, flags, NULL) != SQLITE_OK) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "journal %s: cannot be opened: %s", path,
                       sqlite3_errmsg(*ret_database));
    }
    /* The first write takes the lock and keeps it. */
    enum err err =
        sql_run(*ret_database, path, "opening it",
                "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                "PRAGMA trusted_schema=OFF; BEGIN IMMEDIATE; COMMIT;",
                ret_text);
    int code = sqlite3_errcode(*ret_database) & 0xff;
    if (err != OK && (code == SQLITE_BUSY || code == SQLITE_LOCKED)) {
        return err_set(ret_text, ERR_UNAVAILABLE, "journal %s: another process has it open", path);
    }
    return err;
}

static enum err read_number(sqlite3 *database, const char *path, const char *statement,
                            int64_t *ret_value, struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(database, path, statement, &read, ret_text));
    enum err err = OK;
    int code = sqlite3_step(read);
    if (code == SQLITE_ROW) {
        *ret_value = sqlite3_column_int64(read, 0);
    } else if (code == SQLITE_DONE) {
        *ret_value = 0;
    } else {
        err = sql_failure(database, path, "reading its head", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

/* A new file gets its tables; an ended one loses what its end had added. */
static enum err prepare_tables(struct live_journal *journal, struct err_text *ret_text)
{
    sqlite3 *database = journal->database;
    const char *path = journal->path;
    int64_t application = 0, version = 0, tables = 0;
    TRY(read_number(database, path, "PRAGMA application_id", &application, ret_text));
    TRY(read_number(database, path, "PRAGMA user_version", &version, ret_text));
    TRY(read_number(database, path, "SELECT count(*) FROM sqlite_master", &tables, ret_text));
    if (tables == 0) {
        char head[160];
        (void)snprintf(head, sizeof(head), "PRAGMA application_id=%d; PRAGMA user_version=%d;",
                       JOURNAL_APPLICATION, JOURNAL_VERSION);
        TRY(sql_run(database, path, "creating it", "BEGIN IMMEDIATE;", ret_text));
        TRY(schema_create(database, path, ret_text));
        TRY(sql_run(database, path, "creating it", head, ret_text));
        return sql_run(database, path, "creating it", "COMMIT;", ret_text);
    }
    if (application != JOURNAL_APPLICATION || version != JOURNAL_VERSION) {
        return err_set(ret_text, ERR_DATA, "journal %s: not a journal of steward", path);
    }
    TRY(sql_run(database, path, "continuing it", "BEGIN IMMEDIATE;", ret_text));
    for (int i = 0; projection_tables[i] != NULL; i++) {
        char drop[96];
        (void)snprintf(drop, sizeof(drop), "DROP TABLE IF EXISTS %s;", projection_tables[i]);
        TRY(sql_run(database, path, "continuing it", drop, ret_text));
    }
    return sql_run(
        database, path, "continuing it",
        "DELETE FROM checkpoint WHERE rowid IN (SELECT max(c.rowid) FROM checkpoint c JOIN tree t ON t.size = c.size"
        " WHERE t.run_rows IS NOT NULL GROUP BY c.size);"
        "DELETE FROM tree WHERE run_rows IS NOT NULL; COMMIT;",
        ret_text);
}

/* The tree over the frames that are there. */
static enum err grow_tree(struct live_journal *journal, struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(journal->database, journal->path,
                    "SELECT run, seq, at_ns, kind, body, chain FROM frame ORDER BY rowid", &read,
                    ret_text));
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(read)) == SQLITE_ROW) {
        struct trail_frame frame = {.run = sqlite3_column_int64(read, 0),
                                    .sequence = sqlite3_column_int64(read, 1),
                                    .at = sqlite3_column_int64(read, 2),
                                    .kind = sqlite3_column_int64(read, 3),
                                    .body = sql_column(read, 4),
                                    .chain = sql_column(read, 5)};
        struct merkle_hash leaf = trail_leaf(&frame);
        merkle_push(&journal->trail.tree, &leaf);
    }
    enum err err = OK;
    if (code != SQLITE_DONE) {
        err = sql_failure(journal->database, journal->path, "reading frames", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static enum err prepare(struct live_journal *journal, struct slice secret_key,
                        struct err_text *ret_text)
{
    TRY(open_file(journal->path, &journal->database, ret_text));
    TRY(open_file(journal->queue_path, &journal->queue, ret_text));
    TRY(prepare_tables(journal, ret_text));
    TRY(sql_run(journal->queue, journal->queue_path, "creating its tables", queue_tables, ret_text));
    journal->has_trail = true;
    TRY(trail_open(&journal->trail, journal->database, journal->database, journal->path, ret_text));
    if (secret_key.n_bytes > 0) {
        if (!note_signer_parse(secret_key, &journal->signer)) {
            return err_set(ret_text, ERR_CONFIG,
                           "not a secret key as `steward audit keygen` makes them");
        }
        journal->trail.signer = &journal->signer;
        journal->trail.key = &journal->signer.key;
    }
    TRY(grow_tree(journal, ret_text));
    const struct {
        sqlite3 *database;
        const char *path, *statement;
        sqlite3_stmt **into;
    } wanted[] = {
        {journal->database, journal->path, "INSERT INTO frame VALUES(?,?,?,?,?,?)",
         &journal->put_frame},
        {journal->database, journal->path, "INSERT INTO snapshot VALUES(?,?,?)",
         &journal->put_snapshot},
        {journal->database, journal->path, "UPDATE run SET fingerprint=? WHERE id=?",
         &journal->put_fingerprint},
        {journal->queue, journal->queue_path, "INSERT OR REPLACE INTO step VALUES(1,?,?,?,?)",
         &journal->put_step},
        {journal->queue, journal->queue_path, "INSERT OR IGNORE INTO letter VALUES(NULL,?,?,?,0)",
         &journal->put_letter},
        {journal->queue, journal->queue_path, "UPDATE letter SET done=2 WHERE id=?",
         &journal->step_letter},
        {journal->queue, journal->queue_path, "UPDATE letter SET done=1, body=x'00' WHERE id=?",
         &journal->end_letter},
        {journal->queue, journal->queue_path, "SELECT id FROM letter WHERE key=?",
         &journal->find_letter},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        TRY(sql_prepare(wanted[i].database, wanted[i].path, wanted[i].statement, wanted[i].into,
                        ret_text));
    }
    return OK;
}

static void finalize(struct live_journal *journal)
{
    sqlite3_stmt *const statements[] = {
        journal->put_frame,  journal->put_snapshot, journal->put_fingerprint, journal->put_step,
        journal->put_letter, journal->step_letter,  journal->end_letter,      journal->find_letter};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        (void)sqlite3_finalize(statements[i]); /* Repeats a failure already reported. */
    }
    if (journal->has_trail) {
        trail_close(&journal->trail);
    }
}

static void release(struct live_journal *journal)
{
    sodium_memzero(&journal->signer, sizeof(journal->signer));
    free(journal->path);
    free(journal->queue_path);
    free(journal->body);
    free(journal);
}

enum err live_journal_open(const char *path, const char *queue_path, struct slice secret_key,
                           struct live_journal **ret_journal, struct err_text *ret_text)
{
    struct live_journal *journal = calloc(1, sizeof(*journal));
    if (journal == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
    }
    journal->path = strdup(path);
    journal->queue_path = strdup(queue_path);
    journal->body = malloc(FRAME_BODY_BYTES_MAX);
    if (journal->path == NULL || journal->queue_path == NULL || journal->body == NULL) {
        release(journal);
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
    }
    enum err err = prepare(journal, secret_key, ret_text);
    if (err != OK) {
        struct err_text ignored;
        enum err also = live_journal_close(journal, true, &ignored);
        (void)also; /* The first failure is the one to tell. */
        return err;
    }
    *ret_journal = journal;
    return OK;
}

/* Packs deployment or policy of the settings into body. */
static size_t pack_document(struct live_journal *journal, const struct settings *given, bool is_policy)
{
    struct packer packer;
    struct settings *settings = malloc(sizeof(*settings));
    if (settings == NULL) {
        return 0;
    }
    *settings = *given; /* A writing visitor changes nothing but wants to be able to. */
    packer_init(&packer, journal->body, FRAME_BODY_BYTES_MAX);
    if (is_policy) {
        policy_visit(&packer.visit, &settings->policy);
    } else {
        deployment_visit(&packer.visit, &settings->deployment);
    }
    free(settings);
    return packer_close(&packer);
}

static enum err document_digest(struct live_journal *journal, const struct settings *settings,
                                bool is_policy, char ret_hex[33], size_t *ret_bytes,
                                struct err_text *ret_text)
{
    *ret_bytes = pack_document(journal, settings, is_policy);
    if (*ret_bytes == 0) {
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", journal->path);
    }
    fingerprint_hex(fingerprint_of(journal->body, *ret_bytes), ret_hex);
    return OK;
}

static void copy_column(sqlite3_stmt *read, int place, char *ret_chars, size_t capacity)
{
    const unsigned char *words = sqlite3_column_text(read, place);
    (void)snprintf(ret_chars, capacity, "%s", words == NULL ? "" : (const char *)words);
}

enum err live_journal_newest(struct live_journal *journal, const struct settings *settings,
                             struct live_run *ret_run, struct err_text *ret_text)
{
    char configuration[33], policy[33];
    size_t n_bytes = 0;
    TRY(document_digest(journal, settings, false, configuration, &n_bytes, ret_text));
    TRY(document_digest(journal, settings, true, policy, &n_bytes, ret_text));
    struct live_run run = {0};
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(
        journal->database, journal->path,
        "SELECT id, seed, build, plan, configuration, policy, mind,"
        " (SELECT count(*) FROM frame WHERE frame.run = run.id) FROM run ORDER BY id DESC LIMIT 1",
        &read, ret_text));
    enum err err = OK;
    int code = sqlite3_step(read);
    if (code == SQLITE_ROW) {
        char old_configuration[33], old_policy[33];
        run.run = (uint64_t)sqlite3_column_int64(read, 0);
        run.seed = (uint64_t)sqlite3_column_int64(read, 1);
        copy_column(read, 2, run.build, sizeof(run.build));
        copy_column(read, 3, run.plan, sizeof(run.plan));
        copy_column(read, 4, old_configuration, sizeof(old_configuration));
        copy_column(read, 5, old_policy, sizeof(old_policy));
        copy_column(read, 6, run.mind, sizeof(run.mind));
        run.frames = (uint64_t)sqlite3_column_int64(read, 7);
        run.same_settings = strcmp(old_configuration, configuration) == 0 &&
                            strcmp(old_policy, policy) == 0 &&
                            strcmp(run.mind, mind_name(settings->mind)) == 0;
        journal->run = (int64_t)run.run;
    } else if (code != SQLITE_DONE) {
        err = sql_failure(journal->database, journal->path, "reading runs", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    if (err == OK) {
        *ret_run = run;
    }
    return err;
}

static enum err unpack_document(struct live_journal *journal, struct slice body, const char *digest,
                                bool is_policy, struct settings *settings, struct err_text *ret_text)
{
    char hex[33];
    struct unpacker unpacker;
    fingerprint_hex(fingerprint_of(body.bytes, body.n_bytes), hex);
    unpacker_init(&unpacker, (const uint8_t *)body.bytes, body.n_bytes);
    if (is_policy) {
        policy_visit(&unpacker.visit, &settings->policy);
    } else {
        deployment_visit(&unpacker.visit, &settings->deployment);
    }
    bool is_sound = strcmp(hex, digest) == 0 && !unpacker.visit.failed && unpacker_is_done(&unpacker);
    return is_sound ? OK
                    : err_set(ret_text, ERR_DATA,
                              "journal %s: run %lld: its deployment or policy cannot be read",
                              journal->path, (long long)journal->run);
}

static enum err read_documents(struct live_journal *journal, sqlite3_stmt *read,
                               struct settings *settings, struct err_text *ret_text)
{
    for (int i = 0; i < 2; i++) { /* The deployment, then the policy. */
        char digest[33];
        if (sqlite3_step(read) != SQLITE_ROW) {
            return err_set(ret_text, ERR_DATA,
                           "journal %s: run %lld: its deployment or policy is missing",
                           journal->path, (long long)journal->run);
        }
        copy_column(read, 0, digest, sizeof(digest));
        TRY(unpack_document(journal, sql_column(read, 1), digest, i == 1, settings, ret_text));
    }
    return OK;
}

enum err live_journal_settings(struct live_journal *journal, const struct live_run *run,
                               struct settings *ret_settings, struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    if (!mind_find(slice_of(run->mind), &ret_settings->mind)) {
        return err_set(ret_text, ERR_DATA, "journal %s: run %llu: an unknown mind", journal->path,
                       (unsigned long long)run->run);
    }
    TRY(sql_prepare(
        journal->database, journal->path,
        "SELECT d.digest, d.body FROM run r JOIN document d ON d.digest IN (r.configuration, r.policy)"
        " WHERE r.id=? ORDER BY d.digest = r.policy",
        &read, ret_text));
    (void)sqlite3_bind_int64(read, 1, (int64_t)run->run); /* The step reports. */
    enum err err = read_documents(journal, read, ret_settings, ret_text);
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    ret_settings->seed = run->seed;
    return err;
}

static enum err put_document(struct live_journal *journal, const struct settings *settings,
                             bool is_policy, char ret_hex[33], struct err_text *ret_text)
{
    size_t n_bytes = 0;
    TRY(document_digest(journal, settings, is_policy, ret_hex, &n_bytes, ret_text));
    sqlite3_stmt *put = NULL;
    TRY(sql_prepare(journal->database, journal->path,
                    "INSERT OR IGNORE INTO document VALUES(?,?,?)", &put, ret_text));
    sql_bind_text(put, 1, ret_hex);
    sql_bind_text(put, 2, is_policy ? "policy" : "deployment");
    sql_bind_blob(put, 3, (struct slice){(const char *)journal->body, n_bytes});
    enum err err = sql_step(journal->database, journal->path, "writing a document", put, ret_text);
    (void)sqlite3_finalize(put); /* Repeats the failure that was reported. */
    return err;
}

static enum err put_run(struct live_journal *journal, const struct journal_run *run,
                        struct err_text *ret_text)
{
    char configuration[33], policy[33], fingerprint[33];
    TRY(put_document(journal, run->settings, false, configuration, ret_text));
    TRY(put_document(journal, run->settings, true, policy, ret_text));
    fingerprint_hex(fingerprint_begin_run(ARM_STEWARD_NUMBER, (uint8_t)run->settings->mind, run->seed),
                    fingerprint);
    sqlite3_stmt *put = NULL;
    TRY(sql_prepare(journal->database, journal->path,
                    "INSERT INTO run VALUES(NULL,?,?,?,?,?,?,?,?,?,?)", &put, ret_text));
    sql_bind_text(put, 1, run->arm);
    sql_bind_text(put, 2, run->mind);
    sql_bind_text(put, 3, run->scenario);
    (void)sqlite3_bind_int64(put, 4, (int64_t)run->seed); /* Below 2^53. The step reports. */
    (void)sqlite3_bind_text64(put, 5, run->plan.bytes, run->plan.n_bytes, SQLITE_TRANSIENT,
                              SQLITE_UTF8);
    sql_bind_text(put, 6, run->build == NULL ? STEWARD_VERSION : run->build);
    sql_bind_text(put, 7, configuration);
    sql_bind_text(put, 8, policy);
    sql_bind_text(put, 9, "none");
    sql_bind_text(put, 10, fingerprint);
    enum err err = sql_step(journal->database, journal->path, "writing a run", put, ret_text);
    (void)sqlite3_finalize(put); /* Repeats the failure that was reported. */
    return err;
}

enum err live_journal_begin(struct live_journal *journal, const struct journal_run *run,
                            struct err_text *ret_text)
{
    TRY(sql_run(journal->database, journal->path, "beginning a run", "BEGIN IMMEDIATE", ret_text));
    enum err err = put_run(journal, run, ret_text);
    if (err != OK) {
        (void)sqlite3_exec(journal->database, "ROLLBACK", NULL, NULL, NULL); /* The failure is told. */
        return err;
    }
    journal->run = sqlite3_last_insert_rowid(journal->database);
    return sql_run(journal->database, journal->path, "beginning a run", "COMMIT", ret_text);
}

static enum err damaged(const struct live_journal *journal, uint64_t sequence, const char *what,
                        struct err_text *ret_text)
{
    return err_set(ret_text, ERR_DATA, "journal %s: run %lld frame %llu: %s", journal->path,
                   (long long)journal->run, (unsigned long long)sequence, what);
}

static enum err resume_snapshot(struct live_journal *journal, const struct live_journal_port *port,
                                uint64_t *ret_sequence, struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(journal->database, journal->path,
                    "SELECT seq, body FROM snapshot WHERE run=? ORDER BY seq DESC LIMIT 1", &read,
                    ret_text));
    (void)sqlite3_bind_int64(read, 1, journal->run); /* The step reports. */
    enum err err = OK;
    int code = sqlite3_step(read);
    *ret_sequence = 0;
    if (code == SQLITE_ROW) {
        *ret_sequence = (uint64_t)sqlite3_column_int64(read, 0);
        err = port->snapshot(port->self, *ret_sequence, sql_column(read, 1));
        if (err != OK) {
            err = damaged(journal, *ret_sequence, "its snapshot cannot be read", ret_text);
        }
    } else if (code == SQLITE_DONE) {
        err = port->snapshot(port->self, 0, (struct slice){"", 0});
    } else {
        err = sql_failure(journal->database, journal->path, "reading its snapshot", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static enum err resume_frame(struct live_journal *journal, sqlite3_stmt *read,
                             const struct live_journal_port *port, uint64_t snapshot,
                             uint64_t *sequence, struct digest128 *chain, struct err_text *ret_text)
{
    if ((uint64_t)sqlite3_column_int64(read, 0) != *sequence + 1) {
        return damaged(journal, *sequence + 1, "is missing", ret_text);
    }
    ++*sequence;
    struct slice event, outcome, recorded = sql_column(read, 3);
    if (!body_unpack(sql_column(read, 2), &event, &outcome)) {
        return damaged(journal, *sequence, "its body is not a frame", ret_text);
    }
    *chain = fingerprint_add(*chain, (const uint8_t *)event.bytes, event.n_bytes,
                             (const uint8_t *)outcome.bytes, outcome.n_bytes);
    uint8_t expected[CHAIN_BYTES];
    chain_bytes(*chain, expected);
    if (recorded.n_bytes != CHAIN_BYTES || memcmp(recorded.bytes, expected, CHAIN_BYTES) != 0) {
        return damaged(journal, *sequence, "its body does not fit its chain: it was changed",
                       ret_text);
    }
    enum err err = port->frame(port->self, event, outcome, *sequence <= snapshot);
    return err == OK ? OK : damaged(journal, *sequence, "its body cannot be read", ret_text);
}

enum err live_journal_resume(struct live_journal *journal, const struct live_run *run,
                             const struct live_journal_port *port, uint64_t *ret_sequence,
                             int64_t *ret_at, struct digest128 *ret_chain, struct err_text *ret_text)
{
    uint64_t snapshot = 0, sequence = 0;
    int64_t at = 0;
    enum mind_kind mind = MIND_STEWARD;
    struct digest128 chain = {0, 0};
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(journal->database, journal->path, "SELECT mind FROM run WHERE id=?", &read,
                    ret_text));
    (void)sqlite3_bind_int64(read, 1, journal->run); /* The step reports. */
    char word[32] = "";
    if (sqlite3_step(read) == SQLITE_ROW) {
        copy_column(read, 0, word, sizeof(word));
    }
    (void)sqlite3_finalize(read); /* An absent row is an unknown mind. */
    if (!mind_find(slice_of(word), &mind)) {
        return damaged(journal, 0, "its run names an unknown mind", ret_text);
    }
    chain = fingerprint_begin_run(ARM_STEWARD_NUMBER, (uint8_t)mind, run->seed);
    TRY(resume_snapshot(journal, port, &snapshot, ret_text));
    TRY(sql_prepare(journal->database, journal->path,
                    "SELECT seq, at_ns, body, chain FROM frame WHERE run=? ORDER BY seq", &read,
                    ret_text));
    (void)sqlite3_bind_int64(read, 1, journal->run); /* The step reports. */
    enum err err = OK;
    int code = SQLITE_ROW;
    while (err == OK && (code = sqlite3_step(read)) == SQLITE_ROW) {
        at = sqlite3_column_int64(read, 1);
        err = resume_frame(journal, read, port, snapshot, &sequence, &chain, ret_text);
    }
    if (err == OK && code != SQLITE_DONE) {
        err = sql_failure(journal->database, journal->path, "reading frames", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    if (err == OK && snapshot > sequence) {
        err = damaged(journal, snapshot, "its snapshot has no frame", ret_text);
    }
    if (err == OK) {
        *ret_sequence = sequence;
        *ret_at = at;
        *ret_chain = chain;
    }
    return err;
}

enum err live_journal_quarantine(struct live_journal *journal, uint64_t *ret_sequence,
                                 struct err_text *ret_text)
{
    int64_t run = 0, sequence = 0, newest = 0;
    sqlite3 *queue = journal->queue;
    const char *path = journal->queue_path;
    TRY(read_number(queue, path, "SELECT run FROM step", &run, ret_text));
    TRY(read_number(queue, path, "SELECT seq FROM step", &sequence, ret_text));
    char select[96];
    (void)snprintf(select, sizeof(select), "SELECT max(seq) FROM frame WHERE run=%lld",
                   (long long)run);
    TRY(read_number(journal->database, journal->path, select, &newest, ret_text));
    *ret_sequence = 0;
    if (run == 0 || sequence <= newest) {
        return sql_run(queue, path, "ending a letter",
                       "UPDATE letter SET done=1, body=x'00' WHERE done=2", ret_text);
    }
    TRY(sql_run(queue, path, "setting an event aside",
                "BEGIN IMMEDIATE; INSERT OR IGNORE INTO quarantine SELECT run, seq, at_ns, event FROM step;"
                "DELETE FROM step;"
                "UPDATE letter SET done = (kind = 'again'), kind = 'again' WHERE done=2; COMMIT;",
                ret_text));
    *ret_sequence = (uint64_t)sequence;
    return OK;
}

static enum err put_step(struct live_journal *journal, uint64_t sequence, int64_t at,
                         struct slice event, uint64_t letter, struct err_text *ret_text)
{
    sqlite3_stmt *put = journal->put_step;
    (void)sqlite3_bind_int64(put, 1, journal->run); /* The step reports. */
    (void)sqlite3_bind_int64(put, 2, (int64_t)sequence);
    (void)sqlite3_bind_int64(put, 3, at);
    sql_bind_blob(put, 4, event);
    TRY(sql_step(journal->queue, journal->queue_path, "writing an event", put, ret_text));
    if (journal->stepped != 0) {
        TRY(live_journal_letter_done(journal, journal->stepped, ret_text));
    }
    if (letter != 0) {
        (void)sqlite3_bind_int64(journal->step_letter, 1, (int64_t)letter); /* The step reports. */
        TRY(sql_step(journal->queue, journal->queue_path, "stepping a letter", journal->step_letter,
                     ret_text));
    }
    journal->stepped = letter;
    return OK;
}

enum err live_journal_put_event(struct live_journal *journal, uint64_t sequence, int64_t at,
                                struct slice event, uint64_t letter, struct err_text *ret_text)
{
    TRY(sql_run(journal->queue, journal->queue_path, "writing an event", "BEGIN IMMEDIATE", ret_text));
    enum err err = put_step(journal, sequence, at, event, letter, ret_text);
    if (err != OK) {
        (void)sqlite3_exec(journal->queue, "ROLLBACK", NULL, NULL, NULL); /* The failure is told. */
        return err;
    }
    return sql_run(journal->queue, journal->queue_path, "writing an event", "COMMIT", ret_text);
}

static enum err put_frame(struct live_journal *journal, const struct journal_frame *frame,
                          struct err_text *ret_text)
{
    size_t n_bytes = body_pack(frame->event, frame->outcome, journal->body, FRAME_BODY_BYTES_MAX);
    ASSERT(n_bytes > 0);
    uint8_t chain[CHAIN_BYTES];
    chain_bytes(frame->chain, chain);
    sqlite3_stmt *put = journal->put_frame;
    (void)sqlite3_bind_int64(put, 1, journal->run); /* The step reports. */
    (void)sqlite3_bind_int64(put, 2, (int64_t)frame->sequence);
    (void)sqlite3_bind_int64(put, 3, frame->at);
    (void)sqlite3_bind_int64(put, 4, frame->kind);
    sql_bind_blob(put, 5, (struct slice){(const char *)journal->body, n_bytes});
    sql_bind_blob(put, 6, (struct slice){(const char *)chain, sizeof(chain)});
    TRY(sql_step(journal->database, journal->path, "writing a frame", put, ret_text));
    if (frame->state.n_bytes > 0) {
        put = journal->put_snapshot;
        (void)sqlite3_bind_int64(put, 1, journal->run);
        (void)sqlite3_bind_int64(put, 2, (int64_t)frame->sequence);
        sql_bind_blob(put, 3, frame->state);
        TRY(sql_step(journal->database, journal->path, "writing a snapshot", put, ret_text));
    }
    char hex[33];
    fingerprint_hex(frame->chain, hex);
    sql_bind_text(journal->put_fingerprint, 1, hex);
    (void)sqlite3_bind_int64(journal->put_fingerprint, 2, journal->run);
    TRY(sql_step(journal->database, journal->path, "writing a frame", journal->put_fingerprint,
                 ret_text));
    struct trail_frame leaf = {.run = journal->run,
                               .sequence = (int64_t)frame->sequence,
                               .at = frame->at,
                               .kind = frame->kind,
                               .body = {(const char *)journal->body, n_bytes},
                               .chain = {(const char *)chain, sizeof(chain)}};
    struct merkle_hash hash = trail_leaf(&leaf);
    return trail_add(&journal->trail, &hash, ret_text);
}

enum err live_journal_put_frame(struct live_journal *journal, const struct journal_frame *frame,
                                struct err_text *ret_text)
{
    TRY(sql_run(journal->database, journal->path, "writing a frame", "BEGIN IMMEDIATE", ret_text));
    enum err err = put_frame(journal, frame, ret_text);
    if (err != OK) {
        (void)sqlite3_exec(journal->database, "ROLLBACK", NULL, NULL, NULL); /* The failure is told. */
        return err;
    }
    return sql_run(journal->database, journal->path, "writing a frame", "COMMIT", ret_text);
}

/* What was delivered long ago, and what was set aside even longer ago. */
static enum err forget_letters(struct live_journal *journal, struct err_text *ret_text)
{
    char forget[256];
    (void)snprintf(forget, sizeof(forget),
                   "DELETE FROM letter WHERE done=1 AND id <= (SELECT max(id) FROM letter) - %d;"
                   "DELETE FROM quarantine WHERE rowid <= (SELECT max(rowid) FROM quarantine) - %d;",
                   LIVE_LETTERS_KEPT, LIVE_QUARANTINE_KEPT);
    return sql_run(journal->queue, journal->queue_path, "forgetting old letters", forget, ret_text);
}

enum err live_journal_put_letter(struct live_journal *journal, const char *kind,
                                 struct digest128 key, struct slice body, uint64_t *ret_letter,
                                 bool *ret_is_duplicate, struct err_text *ret_text)
{
    uint8_t name[CHAIN_BYTES];
    chain_bytes(key, name);
    struct slice name_slice = {(const char *)name, sizeof(name)};
    sqlite3_stmt *put = journal->put_letter;
    sql_bind_text(put, 1, kind);
    sql_bind_blob(put, 2, name_slice);
    sql_bind_blob(put, 3, body);
    TRY(sql_step(journal->queue, journal->queue_path, "keeping a letter", put, ret_text));
    bool is_duplicate = sqlite3_changes(journal->queue) == 0;
    sqlite3_stmt *find = journal->find_letter;
    sql_bind_blob(find, 1, name_slice);
    bool is_found = sqlite3_step(find) == SQLITE_ROW;
    uint64_t letter = is_found ? (uint64_t)sqlite3_column_int64(find, 0) : 0;
    (void)sqlite3_reset(find); /* Repeats what is_found says. */
    if (!is_found) {
        return sql_failure(journal->queue, journal->queue_path, "keeping a letter", ret_text);
    }
    if (!is_duplicate && letter % LIVE_LETTERS_TRIM == 0) {
        TRY(forget_letters(journal, ret_text));
    }
    *ret_letter = letter;
    *ret_is_duplicate = is_duplicate;
    return OK;
}

enum err live_journal_letter_done(struct live_journal *journal, uint64_t letter,
                                  struct err_text *ret_text)
{
    (void)sqlite3_bind_int64(journal->end_letter, 1, (int64_t)letter); /* The step reports. */
    return sql_step(journal->queue, journal->queue_path, "ending a letter", journal->end_letter,
                    ret_text);
}

enum err live_journal_letters(struct live_journal *journal, const struct live_letter_port *port,
                              struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    TRY(forget_letters(journal, ret_text));
    TRY(sql_prepare(journal->queue, journal->queue_path,
                    "SELECT id, kind, body FROM letter WHERE done=0 ORDER BY id", &read, ret_text));
    enum err err = OK;
    int code = SQLITE_ROW;
    while (err == OK && (code = sqlite3_step(read)) == SQLITE_ROW) {
        char kind[32];
        copy_column(read, 1, kind, sizeof(kind));
        err = port->letter(port->self, (uint64_t)sqlite3_column_int64(read, 0), kind,
                           sql_column(read, 2));
        if (err != OK) {
            err = err_set(ret_text, err, "journal %s: a letter cannot be taken up",
                          journal->queue_path);
        }
    }
    if (err == OK && code != SQLITE_DONE) {
        err = sql_failure(journal->queue, journal->queue_path, "reading letters", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static enum err end(struct live_journal *journal, struct err_text *ret_text)
{
    sqlite3 *database = journal->database;
    TRY(sql_run(database, journal->path, "ending it", "BEGIN IMMEDIATE", ret_text));
    enum err err = project_create(database, journal->path, ret_text);
    if (err == OK) {
        err = project(database, database, journal->path, ret_text);
    }
    if (err == OK) {
        err = trail_end(&journal->trail, ret_text);
    }
    if (err != OK) {
        (void)sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL); /* The failure is told. */
        return err;
    }
    return sql_run(database, journal->path, "ending it", "COMMIT", ret_text);
}

enum err live_journal_close(struct live_journal *journal, bool abandon, struct err_text *ret_text)
{
    enum err err = abandon ? OK : end(journal, ret_text);
    finalize(journal);
    if (err == OK && !abandon) {
        err = sql_run(journal->database, journal->path, "ending it", "PRAGMA journal_mode=DELETE",
                      ret_text);
    }
    if (sqlite3_close(journal->database) != SQLITE_OK && err == OK) {
        err = err_set(ret_text, ERR_IO, "journal %s: closing failed", journal->path);
    }
    if (sqlite3_close(journal->queue) != SQLITE_OK && err == OK) {
        err = err_set(ret_text, ERR_IO, "journal %s: closing failed", journal->queue_path);
    }
    release(journal);
    return err;
}
