/* SPDX-License-Identifier: Apache-2.0 */
/* Key files. */
#include "cli/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
