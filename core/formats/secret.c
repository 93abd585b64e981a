/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: only from files that nobody else can use. */
#include "core/formats/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static enum err check_file(int file, const char *path, struct err_text *ret_text)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        return err_set(ret_text, ERR_IO, "secret %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return err_set(ret_text, ERR_NO_INPUT, "secret %s: %s", path,
                       S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file");
    }
    if (MODE_IS_OPEN(status.st_mode)) {
        return err_set(ret_text, ERR_CONFIG, "secret %s: others can use it (mode %03o); chmod 600 it",
                       path, (unsigned)status.st_mode & 0777u);
    }
    return OK;
}

enum err secret_read(const char *path, char *ret_secret, size_t capacity, struct err_text *ret_text)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        return err_set(ret_text, ERR_NO_INPUT, "secret %s: %s", path, strerror(errno));
    }
    enum err err = check_file(file, path, ret_text);
    ssize_t n_read = 0;
    if (err == OK) {
        n_read = read(file, ret_secret, capacity);
        if (n_read < 0) {
            err = err_set(ret_text, ERR_IO, "secret %s: %s", path, strerror(errno));
        }
    }
    (void)close(file); /* Only read. */
    if (err != OK) {
        return err;
    }
    size_t n_bytes = (size_t)n_read, from = 0;
    if (n_bytes == capacity) {
        return err_set(ret_text, ERR_CONFIG, "secret %s: is longer than %zu bytes", path,
                       capacity - 1);
    }
    while (n_bytes > 0 && is_space(ret_secret[n_bytes - 1])) {
        n_bytes--;
    }
    while (from < n_bytes && is_space(ret_secret[from])) {
        from++;
    }
    memmove(ret_secret, ret_secret + from, n_bytes - from);
    ret_secret[n_bytes - from] = '\0';
    bool is_whole = n_bytes > from && strlen(ret_secret) == n_bytes - from;
    return is_whole ? OK
                    : err_set(ret_text, ERR_CONFIG, "secret %s: %s", path,
                              n_bytes > from ? "holds a zero byte" : "is empty");
}
