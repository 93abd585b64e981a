/* SPDX-License-Identifier: Apache-2.0 */
/* A few words over SQLite. */
#include "replay/sql.h"

void sql_printable(struct slice said, char ret_chars[SQL_SAID_BYTES])
{
    size_t n_bytes = said.n_bytes < SQL_SAID_BYTES ? said.n_bytes : SQL_SAID_BYTES - 1;
    for (size_t i = 0; i < n_bytes; i++) {
        bool is_plain = said.bytes[i] >= ' ' && said.bytes[i] <= '~';
        ret_chars[i] = is_plain ? said.bytes[i] : '?';
    }
    ret_chars[n_bytes] = '\0';
}

enum err sql_failure(sqlite3 *database, const char *path, const char *doing, struct err_text *ret_text)
{
    enum err err = ERR_INTERNAL;
    int code = sqlite3_errcode(database) & 0xff;
    bool is_read_only = sqlite3_db_readonly(database, "main") == 1;
    if (code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        err = ERR_IO;
    } else if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR ||
               code == SQLITE_MISMATCH || code == SQLITE_CONSTRAINT) {
        err = ERR_DATA;
    } else if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM) {
        err = is_read_only ? ERR_DATA
                           : ERR_CANNOT_WRITE; /* A changed head asks for files beside it. */
    }
    char said[SQL_SAID_BYTES];
    sql_printable(slice_of(sqlite3_errmsg(database)), said);
    return err_set(ret_text, err, "journal %s: %s: %s", path, doing, said);
}

enum err sql_run(sqlite3 *database, const char *path, const char *doing, const char *statements,
                 struct err_text *ret_text)
{
    int code = sqlite3_exec(database, statements, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : sql_failure(database, path, doing, ret_text);
}

enum err sql_prepare(sqlite3 *database, const char *path, const char *statement,
                     sqlite3_stmt **ret_statement, struct err_text *ret_text)
{
    int code = sqlite3_prepare_v2(database, statement, -1, ret_statement, NULL);
    return code == SQLITE_OK ? OK : sql_failure(database, path, "reading its tables", ret_text);
}

enum err sql_step(sqlite3 *database, const char *path, const char *doing, sqlite3_stmt *statement,
                  struct err_text *ret_text)
{
    enum err err = OK;
    if (sqlite3_step(statement) != SQLITE_DONE) {
        err = sql_failure(database, path, doing, ret_text);
    }
    (void)sqlite3_reset(statement);          /* Repeats the failure that was reported. */
    (void)sqlite3_clear_bindings(statement); /* What was bound is not ours to keep. */
    return err;
}

void sql_bind_blob(sqlite3_stmt *statement, int place, struct slice bytes)
{
    (void)sqlite3_bind_blob64(statement, place, bytes.bytes, bytes.n_bytes,
                              SQLITE_STATIC); /* No copy: nothing can fail. */
}

void sql_bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    (void)sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC); /* No copy: nothing can fail. */
}

struct slice sql_column(sqlite3_stmt *statement, int place)
{
    const void *bytes = sqlite3_column_blob(statement, place);
    return (struct slice){bytes, (size_t)sqlite3_column_bytes(statement, place)};
}
