/* SPDX-License-Identifier: Apache-2.0 */
/* Bare loops of writing: into memory, to a file, to the disk, and into one table. */
#include "bench/limits.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t limit_append(size_t n_bytes, uint64_t n)
{
    enum { BUFFER = 1 << 20 };
    uint8_t *buffer = calloc(1, BUFFER), *source = calloc(1, n_bytes);
    size_t at = 0;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n && buffer != NULL && source != NULL; i++) {
        source[0] = (uint8_t)i;
        memcpy(buffer + at, source, n_bytes);
        sum += buffer[at];
        at = at + 2 * n_bytes < BUFFER ? at + n_bytes : 0;
    }
    free(buffer);
    free(source);
    return sum;
}

uint64_t limit_write(size_t n_bytes, uint64_t n)
{
    FILE *stream = tmpfile();
    uint8_t *source = calloc(1, n_bytes);
    uint64_t n_written = 0;
    if (stream != NULL && source != NULL && setvbuf(stream, NULL, _IONBF, 0) == 0) {
        for (uint64_t i = 0; i < n; i++) {
            n_written += fwrite(source, 1, n_bytes, stream) == n_bytes ? 1 : 0;
        }
    }
    free(source);
    if (stream != NULL) {
        (void)fclose(stream); /* Thrown away. */
    }
    return n_written;
}

uint64_t limit_durable(const char *path, size_t n_bytes, uint64_t n)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    uint8_t *source = calloc(1, n_bytes);
    uint64_t n_written = 0;
    for (uint64_t i = 0; i < n && file >= 0 && source != NULL; i++) {
        bool is_durable = write(file, source, n_bytes) == (ssize_t)n_bytes && fdatasync(file) == 0;
        n_written += is_durable ? 1 : 0;
    }
    free(source);
    if (file >= 0) {
        (void)close(file);  /* Thrown away. */
        (void)unlink(path); /* The same. */
    }
    return n_written;
}

static bool insert(sqlite3_stmt *put, const uint8_t *source, size_t n_bytes, int64_t i)
{
    bool is_bound = sqlite3_bind_int64(put, 1, i) == SQLITE_OK &&
                    sqlite3_bind_blob(put, 2, source, (int)n_bytes, SQLITE_STATIC) == SQLITE_OK;
    bool is_put = is_bound && sqlite3_step(put) == SQLITE_DONE;
    return sqlite3_reset(put) == SQLITE_OK && is_put;
}

uint64_t limit_durable_row(const char *path, size_t n_bytes, uint64_t n)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *put = NULL;
    uint8_t *source = calloc(1, n_bytes);
    uint64_t n_written = 0;
    bool is_open =
        source != NULL && sqlite3_open(path, &database) == SQLITE_OK &&
        sqlite3_exec(database,
                     "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                     "CREATE TABLE record(id INTEGER PRIMARY KEY, body BLOB NOT NULL)",
                     NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(database, "INSERT INTO record VALUES(?,?)", -1, &put, NULL) == SQLITE_OK;
    for (uint64_t i = 0; i < n && is_open; i++) {
        n_written += insert(put, source, n_bytes, (int64_t)i) ? 1 : 0;
    }
    (void)sqlite3_finalize(put);   /* Counted already. */
    (void)sqlite3_close(database); /* Thrown away. */
    (void)unlink(path);            /* The same; its log went with the close. */
    free(source);
    return n_written;
}
