/* SPDX-License-Identifier: Apache-2.0 */
/* Key files. */
#include "cli/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err check_secret(const char *path, const struct stat *status, struct err_text *ret_text)
{
    if (S_ISDIR(status->st_mode)) {
        return err_set(ret_text, ERR_NO_INPUT, "%s: is a directory", path);
    }
    if ((status->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return err_set(ret_text, ERR_CONFIG,
                       "%s: others than its owner can use this secret key (mode %03o); chmod 600 it",
                       path, (unsigned)status->st_mode & 0777u);
    }
    return OK;
}

static enum err read_secret(int file, const char *path, char ret_bytes[KEY_BYTES],
                            struct slice *ret_key, struct err_text *ret_text)
{
    struct stat status;
    if (fstat(file, &status) != 0) {
        return err_set(ret_text, ERR_IO, "%s: %s", path, strerror(errno));
    }
    TRY(check_secret(path, &status, ret_text));
    ssize_t n_bytes = read(file, ret_bytes, KEY_BYTES);
    if (n_bytes < 0) {
        return err_set(ret_text, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (n_bytes == 0 || n_bytes == KEY_BYTES) {
        return err_set(ret_text, ERR_CONFIG, "%s: %s", path,
                       n_bytes == 0 ? "is empty" : "is longer than any key");
    }
    *ret_key = (struct slice){ret_bytes, (size_t)n_bytes};
    return OK;
}

enum err key_read_secret(const char *path, char ret_bytes[KEY_BYTES], struct slice *ret_key,
                         struct err_text *ret_text)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) {
        return err_set(ret_text, ERR_NO_INPUT, "%s: %s", path, strerror(errno));
    }
    enum err err = read_secret(file, path, ret_bytes, ret_key, ret_text);
    (void)close(file); /* Only read. */
    return err;
}

enum err key_read_verifier(const char *path, struct note_key *ret_key, struct err_text *ret_text)
{
    static const char secret[] = "PRIVATE+KEY+";
    struct files *files = NULL;
    struct slice bytes = {"", 0};
    TRY(files_open(&files, ret_text));
    enum err err = files_read(files, path, &bytes, ret_text);
    err = err == ERR_DATA ? ERR_CONFIG : err;
    if (err == OK && !note_key_parse(bytes, ret_key)) {
        bool is_secret =
            bytes.n_bytes > sizeof(secret) && memcmp(bytes.bytes, secret, sizeof(secret) - 1) == 0;
        err = err_set(
            ret_text, ERR_CONFIG, "%s: %s", path,
            is_secret
                ? "is a secret key; its verifier key is in the file .pub beside it"
                : "is no verifier key (NAME+HASH+KEY, as `steward audit keygen` writes to FILE.pub)");
    }
    files_close(files);
    return err;
}

enum err key_write(const char *path, unsigned mode, struct slice bytes, struct err_text *ret_text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (file < 0) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "%s: %s", path,
                       errno == EEXIST ? "exists already; keys are not overwritten"
                                       : strerror(errno));
    }
    bool is_written =
        write(file, bytes.bytes, bytes.n_bytes) == (ssize_t)bytes.n_bytes && fsync(file) == 0;
    int reason = errno;
    if (close(file) != 0 || !is_written) {
        (void)unlink(path); /* Half a key is none. */
        return err_set(ret_text, ERR_IO, "%s: writing failed: %s", path, strerror(reason));
    }
    return OK;
}
