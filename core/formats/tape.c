/* SPDX-License-Identifier: Apache-2.0 */
/* Tape: one write an exchange; what of it did not fit is taken back. */
#include "core/formats/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a full cassette. */
#define TAPE_BYTES_MAX ((off_t)CASSETTE_EXCHANGES_MAX * CASSETTE_EXCHANGE_BYTES)

struct tape {
    int file;
    char *path;
    off_t n_bytes;
    uint32_t n_exchanges;
};

static enum err read_file(struct tape *tape, char *bytes, struct err_text *ret_text)
{
    off_t at = 0;
    while (at < tape->n_bytes) {
        ssize_t n_read = pread(tape->file, bytes + at, (size_t)(tape->n_bytes - at), at);
        if (n_read <= 0 && errno != EINTR) {
            return err_set(ret_text, ERR_IO, "cassette %s: %s", tape->path,
                           n_read == 0 ? "became shorter" : strerror(errno));
        }
        at += n_read > 0 ? n_read : 0;
    }
    return OK;
}

/* How many exchanges it holds already. */
static enum err count(struct tape *tape, struct err_text *ret_text)
{
    struct cassette *cassette = NULL;
    char *bytes = malloc((size_t)tape->n_bytes);
    if (bytes == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "cassette %s: out of memory", tape->path);
    }
    enum err err = read_file(tape, bytes, ret_text);
    if (err == OK) {
        err = cassette_open(tape->path, (struct slice){bytes, (size_t)tape->n_bytes}, &cassette,
                            ret_text);
    }
    if (err == OK) {
        tape->n_exchanges = cassette_length(cassette);
        cassette_close(cassette);
    }
    free(bytes);
    return err;
}

static enum err append(struct tape *tape, const char *bytes, size_t n_bytes, struct err_text *ret_text)
{
    ssize_t n_written = write(tape->file, bytes, n_bytes);
    if (n_written == (ssize_t)n_bytes) {
        tape->n_bytes += (off_t)n_bytes;
        return OK;
    }
    int reason = n_written < 0 ? errno : ENOSPC;
    bool is_whole = n_written <= 0 || ftruncate(tape->file, tape->n_bytes) == 0;
    return err_set(ret_text, ERR_IO, "cassette %s: writing failed: %s%s", tape->path,
                   strerror(reason), is_whole ? "" : "; its end is cut short");
}

static enum err prepare(struct tape *tape, struct err_text *ret_text)
{
    struct stat status;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fstat(tape->file, &status) != 0) {
        return err_set(ret_text, ERR_IO, "cassette %s: %s", tape->path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode) || status.st_size > TAPE_BYTES_MAX) {
        return err_set(ret_text, ERR_DATA, "cassette %s: %s", tape->path,
                       S_ISREG(status.st_mode) ? "is larger than any cassette"
                                               : "is not a regular file");
    }
    if (fcntl(tape->file, F_SETLK, &lock) != 0) {
        return err_set(ret_text, ERR_UNAVAILABLE, "cassette %s: another process records on it",
                       tape->path);
    }
    tape->n_bytes = status.st_size;
    return tape->n_bytes > 0 ? count(tape, ret_text)
                             : append(tape, CASSETTE_HEAD, strlen(CASSETTE_HEAD), ret_text);
}

enum err tape_open(const char *path, struct tape **ret_tape, struct err_text *ret_text)
{
    struct tape *tape = calloc(1, sizeof(*tape));
    if (tape == NULL || (tape->path = strdup(path)) == NULL) {
        free(tape);
        return err_set(ret_text, ERR_INTERNAL, "cassette %s: out of memory", path);
    }
    enum err err = OK;
    tape->file = open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0600);
    if (tape->file < 0) {
        err = err_set(ret_text, ERR_CANNOT_WRITE, "cassette %s: %s", path, strerror(errno));
    } else {
        err = prepare(tape, ret_text);
    }
    if (err != OK) {
        tape_close(tape);
        return err;
    }
    *ret_tape = tape;
    return OK;
}

enum err tape_put(struct tape *tape, const struct cassette_exchange *exchange,
                  struct err_text *ret_text)
{
    char bytes[CASSETTE_EXCHANGE_BYTES];
    if (tape->n_exchanges == CASSETTE_EXCHANGES_MAX) {
        return err_set(ret_text, ERR_NO_SPACE, "cassette %s: is full (%d exchanges)", tape->path,
                       CASSETTE_EXCHANGES_MAX);
    }
    TRY(append(tape, bytes, cassette_write(exchange, bytes), ret_text));
    tape->n_exchanges++;
    return OK;
}

void tape_close(struct tape *tape)
{
    if (tape->file >= 0) {
        (void)close(tape->file); /* Every exchange was written by itself. */
    }
    free(tape->path);
    free(tape);
}
