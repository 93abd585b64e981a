/* SPDX-License-Identifier: Apache-2.0 */
/* SHA256SUMS and SHA256SUMS.note of a report, made and checked. The first line keeps a note of a report from passing for a checkpoint. */
#include "reports/seal.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/look.h"
#include "reports/reports.h"

static const char purpose[] = "steward report 1\n";
enum {
    PATH_BYTES = 4096 + 512,
    NAME_MAX_BYTES = 200,
    HEX_BYTES = 2 * crypto_hash_sha256_BYTES,
    FILE_BYTES_MAX = 1 << 20 /* Of SHA256SUMS and of the note. */
};

static enum err digest_of(const char *folder, const char *name, char ret_hex[HEX_BYTES + 1],
                          struct err_text *ret_text)
{
    char path[PATH_BYTES];
    unsigned char bytes[16384], digest[crypto_hash_sha256_BYTES];
    (void)snprintf(path, sizeof(path), "%.4096s/%.400s", folder, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return err_set(ret_text, errno == ENOENT ? ERR_NO_INPUT : ERR_IO, "%.400s: %s", path,
                       strerror(errno));
    }
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state); /* Cannot fail. */
    size_t n = 0;
    while ((n = fread(bytes, 1, sizeof(bytes), stream)) > 0) {
        (void)crypto_hash_sha256_update(&state, bytes, n); /* Nor this. */
    }
    bool is_read = ferror(stream) == 0;
    (void)fclose(stream); /* Only read. */
    (void)crypto_hash_sha256_final(&state, digest);
    (void)sodium_bin2hex(ret_hex, HEX_BYTES + 1, digest, sizeof(digest)); /* It fits. */
    return is_read ? OK : err_set(ret_text, ERR_IO, "%.400s: cannot be read", path);
}

enum err seal_add(struct page *sums, const char *folder, const char *name, struct err_text *ret_text)
{
    char hex[HEX_BYTES + 1];
    TRY(digest_of(folder, name, hex, ret_text));
    page_format(sums, "%s  %s\n", hex, name);
    return sums->failed ? err_set(ret_text, ERR_INTERNAL, "report: out of memory") : OK;
}

enum err seal_sign(const struct page *sums, const struct note_signer *signer, struct page *note,
                   struct err_text *ret_text)
{
    struct page signed_text = {0};
    struct text text;
    page_format(&signed_text, "%s%s", purpose, sums->bytes);
    size_t capacity = signed_text.n_bytes + NOTE_LINE + 16;
    char *bytes = signed_text.failed ? NULL : malloc(capacity);
    if (bytes != NULL) {
        text_init(&text, bytes, capacity);
        note_sign((struct slice){signed_text.bytes, signed_text.n_bytes}, signer, &text);
        page_put(note, text.bytes, text.n_bytes);
    }
    bool is_made = bytes != NULL && !note->failed;
    free(bytes);
    page_close(&signed_text);
    return is_made ? OK : err_set(ret_text, ERR_INTERNAL, "report: out of memory");
}

static enum err read_file(const char *folder, const char *name, struct page *bytes,
                          struct err_text *ret_text)
{
    char path[PATH_BYTES], part[4096];
    (void)snprintf(path, sizeof(path), "%.4096s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return err_set(ret_text, ERR_NO_INPUT, "%.400s: %s; `steward report --sign` writes it",
                       path, strerror(errno));
    }
    size_t n = 0;
    while (bytes->n_bytes <= FILE_BYTES_MAX && (n = fread(part, 1, sizeof(part), stream)) > 0) {
        page_put(bytes, part, n);
    }
    bool is_read = ferror(stream) == 0 && bytes->n_bytes > 0 && bytes->n_bytes <= FILE_BYTES_MAX &&
                   !bytes->failed && strlen(bytes->bytes) == bytes->n_bytes;
    (void)fclose(stream); /* Only read. */
    return is_read ? OK : err_set(ret_text, ERR_DATA, "%.400s: is no such file", path);
}

/* The key that the report itself names. */
static enum err own_key(const char *folder, struct note_key *ret_key, struct err_text *ret_text)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%.4096s/evidence.json", folder);
    json_t *evidence = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    const char *words = words_of(json_object_get(evidence, "signature"), "key");
    bool is_key = note_key_parse((struct slice){words, strlen(words)}, ret_key);
    json_decref(evidence);
    return is_key ? OK : err_set(ret_text, ERR_DATA, "%.400s: names no key", path);
}

/* One line of digests; a name stays within the folder. */
static enum err check_line(const char *folder, const char *line, size_t n_bytes,
                           struct report_seal *seal, struct err_text *ret_text)
{
    char name[NAME_MAX_BYTES + 1], hex[HEX_BYTES + 1];
    bool is_line = n_bytes > HEX_BYTES + 2 && n_bytes - HEX_BYTES - 2 <= NAME_MAX_BYTES &&
                   memcmp(line + HEX_BYTES, "  ", 2) == 0;
    if (!is_line) {
        return err_set(ret_text, ERR_DATA, "%.300s/SHA256SUMS: line %llu is not one of sha256sum",
                       folder, (unsigned long long)seal->n_files + 1);
    }
    size_t n_name = n_bytes - HEX_BYTES - 2;
    memcpy(name, line + HEX_BYTES + 2, n_name);
    name[n_name] = '\0';
    if (name[0] == '/' || strstr(name, "..") != NULL) {
        return err_set(ret_text, ERR_DATA, "%.300s/SHA256SUMS: '%s' lies outside", folder, name);
    }
    enum err err = digest_of(folder, name, hex, ret_text);
    if (err == ERR_NO_INPUT) {
        err = err_set(ret_text, ERR_DATA, "%.300s/%s: was signed and is missing", folder, name);
    }
    if (err == OK && memcmp(hex, line, HEX_BYTES) != 0) {
        err = err_set(ret_text, ERR_DATA, "%.300s/%s: is not what was signed", folder, name);
    }
    seal->n_files++;
    return err;
}

static enum err check_files(const char *folder, const char *sums, struct report_seal *seal,
                            struct err_text *ret_text)
{
    for (const char *line = sums; *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t n_bytes = end == NULL ? strlen(line) : (size_t)(end - line);
        TRY(check_line(folder, line, n_bytes, seal, ret_text));
        line += n_bytes + (end == NULL ? 0 : 1);
    }
    return OK;
}

/* Whether a line of digests has that name or, for a folder, one within it. */
static bool is_listed(const char *sums, const char *name, bool is_folder)
{
    size_t n_name = strlen(name);
    for (const char *line = sums; *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t n_bytes = end == NULL ? strlen(line) : (size_t)(end - line);
        const char *its = line + HEX_BYTES + 2;
        size_t n_its = n_bytes - HEX_BYTES - 2; /* Each line was checked before. */
        bool is_same = n_its >= n_name && memcmp(its, name, n_name) == 0;
        if (is_same && (is_folder ? n_its > n_name && its[n_name] == '/' : n_its == n_name)) {
            return true;
        }
        line += n_bytes + (end == NULL ? 0 : 1);
    }
    return false;
}

static bool is_seal(const char *name)
{
    return strcmp(name, "SHA256SUMS") == 0 || strcmp(name, "SHA256SUMS.note") == 0;
}

/* One entry of a folder; folders in which something was signed are put at the end of the list, to be looked into. */
static enum err check_entry(const char *folder, const char *sums, const char *name,
                            struct page *folders, struct err_text *ret_text)
{
    char path[2 * PATH_BYTES];
    struct stat status;
    (void)snprintf(path, sizeof(path), "%.4096s/%.4096s", folder, name);
    if (lstat(path, &status) != 0) {
        return err_set(ret_text, ERR_IO, "%.400s: %s", path, strerror(errno));
    }
    bool is_folder = S_ISDIR(status.st_mode);
    if (!is_folder && (is_seal(name) || is_listed(sums, name, false))) {
        return OK;
    }
    if (is_folder && is_listed(sums, name, true)) {
        page_put(folders, name, strlen(name) + 1);
        return folders->failed ? err_set(ret_text, ERR_INTERNAL, "report: out of memory") : OK;
    }
    return err_set(ret_text, ERR_DATA, "%.300s/%.300s%s: is here and was not signed", folder, name,
                   is_folder ? "/" : "");
}

static int by_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* One folder within the report, in the order of names; inside: "" or a path that ends in no slash. */
static enum err check_folder(const char *folder, const char *sums, const char *inside,
                             struct page *folders, struct err_text *ret_text)
{
    char path[2 * PATH_BYTES], name[2 * PATH_BYTES];
    struct dirent **entries = NULL;
    (void)snprintf(path, sizeof(path), "%.4096s/%.4096s", folder, inside);
    int n = scandir(path, &entries, NULL, NULL);
    if (n < 0) {
        return err_set(ret_text, ERR_IO, "%.400s: %s", path, strerror(errno));
    }
    const char **names = calloc((size_t)n + 1, sizeof(names[0]));
    enum err err = names == NULL ? err_set(ret_text, ERR_INTERNAL, "report: out of memory") : OK;
    for (int i = 0; i < n && err == OK; i++) {
        names[i] = entries[i]->d_name;
    }
    if (err == OK) {
        qsort(names, (size_t)n, sizeof(names[0]), by_words);
    }
    for (int i = 0; i < n && err == OK; i++) {
        if (strcmp(names[i], ".") != 0 && strcmp(names[i], "..") != 0) {
            (void)snprintf(name, sizeof(name), "%.4096s%s%s", inside, inside[0] == '\0' ? "" : "/",
                           names[i]);
            err = check_entry(folder, sums, name, folders, ret_text);
        }
    }
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
    free(names);
    return err;
}

/* What lies there beside the files that were signed would pass for a part of the report. */
static enum err check_nothing_else(const char *folder, const char *sums, struct err_text *ret_text)
{
    struct page folders = {0};
    enum err err = check_folder(folder, sums, "", &folders, ret_text);
    for (size_t at = 0; at < folders.n_bytes && err == OK;) {
        char inside[PATH_BYTES]; /* The list may move while it grows. */
        (void)snprintf(inside, sizeof(inside), "%.4096s", folders.bytes + at);
        at += strlen(folders.bytes + at) + 1;
        err = check_folder(folder, sums, inside, &folders, ret_text);
    }
    page_close(&folders);
    return err;
}

static enum err check(const char *folder, const struct note_key *key, const struct page *sums,
                      const struct page *bytes, struct note *note, struct report_seal *seal,
                      struct err_text *ret_text)
{
    if (!note_parse((struct slice){bytes->bytes, bytes->n_bytes}, note)) {
        return err_set(ret_text, ERR_DATA, "%.300s/SHA256SUMS.note: is no signed note", folder);
    }
    enum note_verdict verdict = note_verify(note, key);
    if (verdict != NOTE_SIGNED) {
        return err_set(ret_text, ERR_DATA, "%.300s/SHA256SUMS.note: %s %s", folder,
                       verdict == NOTE_FORGED ? "holds a wrong signature of" : "is not signed by",
                       key->name);
    }
    size_t n_purpose = sizeof(purpose) - 1;
    bool is_same = note->text.n_bytes == n_purpose + sums->n_bytes &&
                   memcmp(note->text.bytes, purpose, n_purpose) == 0 &&
                   memcmp(note->text.bytes + n_purpose, sums->bytes, sums->n_bytes) == 0;
    if (!is_same) {
        return err_set(ret_text, ERR_DATA, "%.300s/SHA256SUMS: is not what was signed", folder);
    }
    TRY(check_files(folder, sums->bytes, seal, ret_text));
    return check_nothing_else(folder, sums->bytes, ret_text);
}

/* A draft has neither of both; one without the other is damage. */
static enum err read_seal(const char *folder, struct page *sums, struct page *note,
                          struct err_text *ret_text)
{
    struct err_text note_text;
    enum err err = read_file(folder, "SHA256SUMS", sums, ret_text);
    enum err note_err = read_file(folder, "SHA256SUMS.note", note, &note_text);
    if (err == OK && note_err != OK) {
        *ret_text = note_text;
        err = note_err == ERR_NO_INPUT ? ERR_DATA : note_err;
    } else if (err == ERR_NO_INPUT && note_err != ERR_NO_INPUT) {
        err = ERR_DATA;
    }
    return err;
}

enum err report_seal_verify(const char *folder, const struct note_key *key,
                            struct report_seal *ret_seal, struct err_text *ret_text)
{
    struct page sums = {0}, bytes = {0};
    struct report_seal seal = {.is_own_key = key == NULL};
    struct note *note = malloc(sizeof(*note));
    enum err err = note == NULL ? err_set(ret_text, ERR_INTERNAL, "report: out of memory") : OK;
    err = err == OK ? read_seal(folder, &sums, &bytes, ret_text) : err;
    if (err == OK && key == NULL) {
        err = own_key(folder, &seal.key, ret_text);
    } else if (err == OK) {
        seal.key = *key;
    }
    err = err == OK ? check(folder, &seal.key, &sums, &bytes, note, &seal, ret_text) : err;
    free(note);
    page_close(&sums);
    page_close(&bytes);
    if (err == OK) {
        *ret_seal = seal;
    }
    return err;
}
