/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a journal to read it. */
#include "replay/reader.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static enum err open_database(const char *path, sqlite3 **ret_database, int64_t *ret_file_bytes,
                              struct err_text *ret_text)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return err_set(ret_text, ERR_NO_INPUT, "journal %s: %s", path, strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return err_set(ret_text, ERR_NO_INPUT, "journal %s: is a directory", path);
    }
    if (status.st_size == 0) {
        return err_set(ret_text, ERR_DATA, "journal %s: is empty", path);
    }
    if (sqlite3_open_v2(path, ret_database, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        return err_set(ret_text, ERR_NO_INPUT, "journal %s: %s", path, sqlite3_errmsg(*ret_database));
    }
    *ret_file_bytes = status.st_size;
    return OK;
}

static enum err read_number(sqlite3 *database, const char *path, const char *statement,
                            int64_t *ret_value, struct err_text *ret_text)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(database, path, statement, &read, ret_text));
    enum err err = OK;
    if (sqlite3_step(read) == SQLITE_ROW) {
        *ret_value = sqlite3_column_int64(read, 0);
    } else {
        err = sql_failure(database, path, "reading its head", ret_text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static enum err check_head(sqlite3 *database, const char *path, int64_t file_bytes,
                           struct err_text *ret_text)
{
    int64_t application = 0, version = 0, page_bytes = 1, stray = 0;
    TRY(read_number(database, path, "PRAGMA application_id", &application, ret_text));
    TRY(read_number(database, path, "PRAGMA user_version", &version, ret_text));
    if (application != JOURNAL_APPLICATION || version != JOURNAL_VERSION) {
        return err_set(ret_text, ERR_DATA, "journal %s: not a journal of steward", path);
    }
    TRY(read_number(database, path, "PRAGMA page_size", &page_bytes, ret_text));
    if (file_bytes % page_bytes != 0) {
        return err_set(ret_text, ERR_DATA, "journal %s: ends in the middle of a page", path);
    }
    TRY(read_number(database, path, "SELECT count(*) FROM frame WHERE run NOT IN (SELECT id FROM run)",
                    &stray, ret_text));
    if (stray != 0) {
        return err_set(ret_text, ERR_DATA, "journal %s: %lld frames belong to no run", path,
                       (long long)stray);
    }
    return OK;
}

enum err reader_open(const char *path, sqlite3 **ret_database, struct err_text *ret_text)
{
    int64_t file_bytes = 0;
    TRY(open_database(path, ret_database, &file_bytes, ret_text));
    enum err err = check_head(*ret_database, path, file_bytes, ret_text);
    int code = sqlite3_errcode(*ret_database) & 0xff;
    if (err != OK && (code == SQLITE_BUSY || code == SQLITE_LOCKED)) {
        return err_set(ret_text, ERR_UNAVAILABLE,
                       "journal %s: a running steward holds it; it can be read once that has ended",
                       path);
    }
    return err;
}
