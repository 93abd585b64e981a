/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a journal: one connection, one transaction, a name only when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "replay/body.h"
#include "replay/project.h"
#include "replay/replay.h"
#include "replay/schema.h"
#include "replay/trail.h"

struct journal {
    sqlite3 *database;
    char *path, *partial;
    int lock; /* Held on the unfinished file from before it is opened until after it has its name; -1: none. */
    sqlite3_stmt *put_run, *end_run, *put_document, *put_frame, *put_truth, *put_snapshot;
    int64_t run;
    int64_t n_truth;
    uint8_t *body;
    struct trail trail;
    struct note_signer signer; /* Wiped when released. */
};

static enum err check_path(const char *path, struct err_text *ret_text)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return OK;
    }
    if (S_ISDIR(status.st_mode)) {
        return err_set(ret_text, ERR_NO_INPUT, "journal %s: is a directory", path);
    }
    return err_set(ret_text, ERR_CANNOT_WRITE,
                   "journal %s: exists already; remove it or name another", path);
}

static enum err prepare(struct journal *journal, struct err_text *ret_text)
{
    sqlite3 *database = journal->database;
    const char *path = journal->path;
    char modes[192];
    (void)snprintf(modes, sizeof(modes),
                   "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;"
                   "PRAGMA application_id=%d; PRAGMA user_version=%d; BEGIN;",
                   JOURNAL_APPLICATION, JOURNAL_VERSION);
    TRY(sql_run(database, path, "creating it", modes, ret_text));
    TRY(schema_create(database, path, ret_text));
    TRY(trail_open(&journal->trail, database, database, path, ret_text));
    TRY(sql_prepare(database, path, "INSERT INTO run VALUES(NULL,?,?,?,?,?,?,?,?,?,'')",
                    &journal->put_run, ret_text));
    TRY(sql_prepare(database, path, "UPDATE run SET fingerprint=? WHERE id=?", &journal->end_run,
                    ret_text));
    TRY(sql_prepare(database, path, "INSERT OR IGNORE INTO document VALUES(?,?,?)",
                    &journal->put_document, ret_text));
    TRY(sql_prepare(database, path, "INSERT INTO frame VALUES(?,?,?,?,?,?)", &journal->put_frame,
                    ret_text));
    TRY(sql_prepare(database, path, "INSERT INTO truth VALUES(?,?,?,?,?)", &journal->put_truth,
                    ret_text));
    return sql_prepare(database, path, "INSERT INTO snapshot VALUES(?,?,?)", &journal->put_snapshot,
                       ret_text);
}

static void finalize(struct journal *journal)
{
    sqlite3_stmt *const statements[] = {journal->put_run,      journal->end_run,
                                        journal->put_document, journal->put_frame,
                                        journal->put_truth,    journal->put_snapshot};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        (void)sqlite3_finalize(statements[i]); /* Repeats a failure already reported. */
    }
    trail_close(&journal->trail);
}

static void release(struct journal *journal)
{
    if (journal->lock >= 0) {
        (void)close(journal->lock); /* Only held. */
    }
    sodium_memzero(&journal->signer, sizeof(journal->signer));
    free(journal->path);
    free(journal->partial);
    free(journal->body);
    free(journal);
}

/* Two writers of one name: the second is told, and what a killed one left is emptied. Between our open and our lock the first may have ended: then
 * the file that we hold has its name, or none. */
static enum err lock_partial(struct journal *journal, struct err_text *ret_text)
{
    struct stat ours, named;
    journal->lock = open(journal->partial, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (journal->lock < 0) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "journal %s: cannot be created: %s",
                       journal->path, strerror(errno));
    }
    bool is_ours = flock(journal->lock, LOCK_EX | LOCK_NB) == 0 &&
                   fstat(journal->lock, &ours) == 0 && ours.st_nlink > 0;
    if (!is_ours) {
        return err_set(ret_text, ERR_UNAVAILABLE, "journal %s: another process is writing it",
                       journal->path);
    }
    enum err err = check_path(journal->path, ret_text); /* It may have been named since. */
    if (err == OK && ftruncate(journal->lock, 0) != 0) {
        err = err_set(ret_text, ERR_IO, "journal %s: cannot be emptied: %s", journal->path,
                      strerror(errno));
    }
    bool is_theirs = err != OK && stat(journal->path, &named) == 0 && named.st_ino == ours.st_ino &&
                     named.st_dev == ours.st_dev;
    if (err != OK && !is_theirs) {
        (void)unlink(journal->partial); /* Made above. */
    }
    return err;
}

enum err journal_create(const char *path, struct journal **ret_journal, struct err_text *ret_text)
{
    TRY(check_path(path, ret_text));
    struct journal *journal = calloc(1, sizeof(*journal));
    if (journal == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
    }
    journal->lock = -1;
    size_t n_bytes = strlen(path);
    journal->path = strdup(path);
    journal->partial = malloc(n_bytes + sizeof(".partial"));
    journal->body = malloc(FRAME_BODY_BYTES_MAX);
    if (journal->path == NULL || journal->partial == NULL || journal->body == NULL) {
        release(journal);
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
    }
    memcpy(journal->partial, path, n_bytes);
    memcpy(journal->partial + n_bytes, ".partial", sizeof(".partial"));
    enum err err = lock_partial(journal, ret_text);
    if (err != OK) {
        release(journal);
        return err;
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (sqlite3_open_v2(journal->partial, &journal->database, flags, NULL) != SQLITE_OK) {
        err = err_set(ret_text, ERR_CANNOT_WRITE, "journal %s: cannot be created: %s", path,
                      sqlite3_errmsg(journal->database));
    } else {
        err = prepare(journal, ret_text);
    }
    if (err != OK) {
        struct err_text ignored;
        enum err also = journal_close(journal, true, &ignored);
        (void)also; /* The first failure is the one to tell. */
        return err;
    }
    *ret_journal = journal;
    return OK;
}

enum err journal_sign(struct journal *journal, struct slice secret_key, struct err_text *ret_text)
{
    ASSERT(journal->trail.tree.size == 0);
    if (!note_signer_parse(secret_key, &journal->signer)) {
        return err_set(ret_text, ERR_CONFIG, "not a secret key as `steward audit keygen` makes them");
    }
    journal->trail.signer = &journal->signer;
    journal->trail.key = &journal->signer.key;
    return OK;
}

static enum err put_document(struct journal *journal, const char *kind, size_t n_bytes,
                             char ret_hex[33], struct err_text *ret_text)
{
    ASSERT(n_bytes > 0);
    fingerprint_hex(fingerprint_of(journal->body, n_bytes), ret_hex);
    sql_bind_text(journal->put_document, 1, ret_hex);
    sql_bind_text(journal->put_document, 2, kind);
    sql_bind_blob(journal->put_document, 3, (struct slice){(const char *)journal->body, n_bytes});
    return sql_step(journal->database, journal->path, "writing a document", journal->put_document,
                    ret_text);
}

enum err journal_begin(struct journal *journal, const struct journal_run *run,
                       struct err_text *ret_text)
{
    char configuration[33], policy[33];
    struct packer packer;
    struct settings *settings = malloc(sizeof(*settings));
    if (settings == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", journal->path);
    }
    *settings = *run->settings; /* A writing visitor changes nothing but wants to be able to. */
    packer_init(&packer, journal->body, FRAME_BODY_BYTES_MAX);
    deployment_visit(&packer.visit, &settings->deployment);
    enum err err =
        put_document(journal, "deployment", packer_close(&packer), configuration, ret_text);
    if (err == OK) {
        packer_init(&packer, journal->body, FRAME_BODY_BYTES_MAX);
        policy_visit(&packer.visit, &settings->policy);
        err = put_document(journal, "policy", packer_close(&packer), policy, ret_text);
    }
    free(settings);
    TRY(err);
    sqlite3_stmt *put = journal->put_run;
    sql_bind_text(put, 1, run->arm);
    sql_bind_text(put, 2, run->mind);
    sql_bind_text(put, 3, run->scenario);
    (void)sqlite3_bind_int64(put, 4, (int64_t)run->seed); /* Below 2^53. The step reports. */
    (void)sqlite3_bind_text64(put, 5, run->plan.bytes, run->plan.n_bytes, SQLITE_STATIC, SQLITE_UTF8);
    sql_bind_text(put, 6, run->build == NULL ? STEWARD_VERSION : run->build);
    sql_bind_text(put, 7, configuration);
    sql_bind_text(put, 8, policy);
    sql_bind_text(put, 9, "none");
    TRY(sql_step(journal->database, journal->path, "writing a run", put, ret_text));
    journal->run = sqlite3_last_insert_rowid(journal->database);
    journal->n_truth = 0;
    return OK;
}

enum err journal_put(struct journal *journal, const struct journal_frame *frame,
                     struct err_text *ret_text)
{
    size_t n_bytes = body_pack(frame->event, frame->outcome, journal->body, FRAME_BODY_BYTES_MAX);
    ASSERT(n_bytes > 0);
    uint8_t chain[16];
    for (size_t i = 0; i < 8; i++) {
        chain[i] = (uint8_t)(frame->chain.hi >> (56 - 8 * i));
        chain[8 + i] = (uint8_t)(frame->chain.lo >> (56 - 8 * i));
    }
    sqlite3_stmt *put = journal->put_frame;
    (void)sqlite3_bind_int64(put, 1, journal->run); /* The step reports. */
    (void)sqlite3_bind_int64(put, 2, (int64_t)frame->sequence);
    (void)sqlite3_bind_int64(put, 3, frame->at);
    (void)sqlite3_bind_int64(put, 4, frame->kind);
    sql_bind_blob(put, 5, (struct slice){(const char *)journal->body, n_bytes});
    sql_bind_blob(put, 6, (struct slice){(const char *)chain, sizeof(chain)});
    TRY(sql_step(journal->database, journal->path, "writing a frame", put, ret_text));
    struct trail_frame leaf = {.run = journal->run,
                               .sequence = (int64_t)frame->sequence,
                               .at = frame->at,
                               .kind = frame->kind,
                               .body = {(const char *)journal->body, n_bytes},
                               .chain = {(const char *)chain, sizeof(chain)}};
    struct merkle_hash hash = trail_leaf(&leaf);
    TRY(trail_add(&journal->trail, &hash, ret_text));
    if (frame->state.n_bytes == 0) {
        return OK;
    }
    put = journal->put_snapshot;
    (void)sqlite3_bind_int64(put, 1, journal->run);
    (void)sqlite3_bind_int64(put, 2, (int64_t)frame->sequence);
    sql_bind_blob(put, 3, frame->state);
    return sql_step(journal->database, journal->path, "writing a snapshot", put, ret_text);
}

enum err journal_put_truth(struct journal *journal, int64_t at, const char *kind, struct slice body,
                           struct err_text *ret_text)
{
    sqlite3_stmt *put = journal->put_truth;
    (void)sqlite3_bind_int64(put, 1, journal->run); /* The step reports. */
    (void)sqlite3_bind_int64(put, 2, ++journal->n_truth);
    (void)sqlite3_bind_int64(put, 3, at);
    sql_bind_text(put, 4, kind);
    sql_bind_blob(put, 5, body);
    return sql_step(journal->database, journal->path, "writing a verdict", put, ret_text);
}

enum err journal_end(struct journal *journal, struct digest128 fingerprint, struct err_text *ret_text)
{
    char hex[33];
    fingerprint_hex(fingerprint, hex);
    sql_bind_text(journal->end_run, 1, hex);
    (void)sqlite3_bind_int64(journal->end_run, 2, journal->run); /* The step reports. */
    return sql_step(journal->database, journal->path, "ending a run", journal->end_run, ret_text);
}

enum err journal_close(struct journal *journal, bool discard, struct err_text *ret_text)
{
    enum err err = OK;
    if (!discard) {
        err = project_create(journal->database, journal->path, ret_text);
    }
    if (err == OK && !discard) {
        err = project(journal->database, journal->database, journal->path, ret_text);
    }
    if (err == OK && !discard) {
        err = trail_end(&journal->trail, ret_text);
    }
    if (err == OK && !discard) {
        err = sql_run(journal->database, journal->path, "writing it out", "COMMIT", ret_text);
    }
    finalize(journal);
    if (sqlite3_close(journal->database) != SQLITE_OK && err == OK) {
        err = err_set(ret_text, ERR_IO, "journal %s: closing failed", journal->path);
    }
    if (err == OK && !discard && rename(journal->partial, journal->path) != 0) {
        err = err_set(ret_text, ERR_CANNOT_WRITE, "journal %s: naming the whole file: %s",
                      journal->path, strerror(errno));
    }
    if (err != OK || discard) {
        (void)unlink(journal->partial); /* Nothing half-written stays. */
    }
    release(journal);
    return err;
}
