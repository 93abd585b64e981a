/* SPDX-License-Identifier: Apache-2.0 */
/* Input files: embedded in the binary or on the disk. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/embedded.h"

#define FILE_BYTES_MAX (INT64_C(512) * 1024 * 1024)

struct held_file {
    struct held_file *next;
    char *bytes;
};

struct files {
    struct held_file *first;
    char folder[PATH_BYTES]; /* Of the suite on the disk; empty: none. */
};

enum err files_open(struct files **ret_files, struct err_text *ret_text)
{
    *ret_files = calloc(1, sizeof(**ret_files));
    return *ret_files != NULL ? OK : err_set(ret_text, ERR_INTERNAL, "out of memory");
}

void files_close(struct files *files)
{
    while (files->first != NULL) {
        struct held_file *next = files->first->next;
        free(files->first->bytes);
        free(files->first);
        files->first = next;
    }
    free(files);
}

bool files_embedded(const char *path, struct slice *ret_bytes)
{
    for (size_t i = 0; i < n_embedded_files; i++) {
        if (strcmp(embedded_files[i].path, path) == 0) {
            *ret_bytes =
                (struct slice){(const char *)embedded_files[i].bytes, embedded_files[i].n_bytes};
            return true;
        }
    }
    return false;
}

static enum err read_stream(FILE *stream, const char *path, size_t n_bytes, char *bytes,
                            struct err_text *ret_text)
{
    size_t n_read = fread(bytes, 1, n_bytes, stream);
    if (n_read != n_bytes) {
        return err_set(ret_text, ERR_IO, "%s: read %zu of %zu bytes", path, n_read, n_bytes);
    }
    return OK;
}

enum err files_read(struct files *files, const char *path, struct slice *ret_bytes,
                    struct err_text *ret_text)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        return err_set(ret_text, ERR_NO_INPUT, "%.400s: %s", path,
                       strerror(errno)); /* The reason fits beside it. */
    }
    if (!S_ISREG(status.st_mode)) {
        return err_set(ret_text, ERR_NO_INPUT, "%s: %s", path,
                       S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file");
    }
    if (status.st_size == 0 || status.st_size > FILE_BYTES_MAX) {
        return err_set(ret_text, ERR_DATA, "%s: %s", path,
                       status.st_size == 0 ? "is empty" : "is larger than 512 MiB");
    }
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return err_set(ret_text, ERR_NO_INPUT, "%s: %s", path, strerror(errno));
    }
    struct held_file *held = calloc(1, sizeof(*held));
    size_t n_bytes = (size_t)status.st_size;
    enum err err = ERR_INTERNAL;
    if (held == NULL || (held->bytes = malloc(n_bytes)) == NULL) {
        free(held);
        err = err_set(ret_text, ERR_INTERNAL, "%s: out of memory", path);
    } else {
        held->next = files->first;
        files->first = held;
        err = read_stream(stream, path, n_bytes, held->bytes, ret_text);
    }
    if (err == OK) {
        *ret_bytes = (struct slice){held->bytes, n_bytes};
    }
    (void)fclose(stream); /* Only read. */
    return err;
}

enum { INPUT_BYTES_FIRST = 1 << 16 };

static enum err read_to_end(struct files *files, FILE *stream, const char *name,
                            struct slice *ret_bytes, struct err_text *ret_text)
{
    struct held_file *held = calloc(1, sizeof(*held));
    if (held == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "%.400s: out of memory", name);
    }
    held->next = files->first;
    files->first = held;
    size_t n_bytes = 0, capacity = 0, n_read = 0;
    do {
        if (n_bytes == capacity) {
            capacity = capacity == 0 ? INPUT_BYTES_FIRST : 2 * capacity;
            char *bytes = capacity <= (size_t)FILE_BYTES_MAX ? realloc(held->bytes, capacity) : NULL;
            if (bytes == NULL) {
                return capacity <= (size_t)FILE_BYTES_MAX
                           ? err_set(ret_text, ERR_INTERNAL, "%.400s: out of memory", name)
                           : err_set(ret_text, ERR_DATA, "%.400s: is larger than 512 MiB", name);
            }
            held->bytes = bytes;
        }
        n_read = fread(held->bytes + n_bytes, 1, capacity - n_bytes, stream);
        n_bytes += n_read;
    } while (n_read > 0 && !feof(stream));
    if (!feof(stream)) {
        return err_set(ret_text, ERR_IO, "%.400s: reading failed: %s", name, strerror(errno));
    }
    *ret_bytes = (struct slice){held->bytes, n_bytes};
    return OK;
}

enum err files_read_input(struct files *files, struct slice *ret_bytes, struct err_text *ret_text)
{
    return read_to_end(files, stdin, "standard input", ret_bytes, ret_text);
}

enum err files_read_any(struct files *files, const char *path, struct slice *ret_bytes,
                        struct err_text *ret_text)
{
    struct stat status;
    bool is_stream = stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
    if (!is_stream) {
        return files_read(files, path, ret_bytes, ret_text);
    }
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return err_set(ret_text, ERR_NO_INPUT, "%.400s: %s", path, strerror(errno));
    }
    enum err err = read_to_end(files, stream, path, ret_bytes, ret_text);
    (void)fclose(stream); /* Only read. */
    return err == OK && ret_bytes->n_bytes == 0
               ? err_set(ret_text, ERR_DATA, "%.400s: is empty", path)
               : err;
}

/* "scenarios/ID.yaml" beside the suite on the disk, or in the folder above, or embedded. */
static enum err library_read(void *self, const char *path, struct slice *ret_bytes,
                             struct err_text *ret_text)
{
    struct files *files = self;
    const char *name = strrchr(path, '/') + 1;
    for (int i = 0; i < 2 && files->folder[0] != '\0'; i++) {
        char full[2 * PATH_BYTES];
        struct stat status;
        (void)snprintf(full, sizeof(full), "%s%s/%s", files->folder, i == 0 ? "" : "/..", name);
        if (stat(full, &status) == 0) {
            return files_read(files, full, ret_bytes, ret_text);
        }
    }
    if (files_embedded(path, ret_bytes)) {
        return OK;
    }
    return err_set(ret_text, ERR_NO_INPUT,
                   "%s: no such scenario in this build; see `steward scenario list`", path);
}

struct library files_library(struct files *files, const char *folder)
{
    (void)snprintf(files->folder, sizeof(files->folder), "%s", folder == NULL ? "" : folder);
    return (struct library){files, library_read};
}

bool names_a_file(const char *word)
{
    size_t n_bytes = strlen(word);
    return strchr(word, '/') != NULL || (n_bytes > 5 && strcmp(word + n_bytes - 5, ".yaml") == 0);
}

bool files_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}
