/* SPDX-License-Identifier: Apache-2.0 */
/* Replays a corpus with any compiler: each file as it is, cut at every place, and with each byte
 * changed in a few ways. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum {
    FILE_BYTES_MAX = 1 << 20,
    CHANGED_BYTES_MAX =
        4096, /* Places of one file that are cut and changed: spread evenly when it is longer. */
};

/* A copy of exactly n bytes, so that a sanitizer sees a read beyond them. */
static void replay(const uint8_t *bytes, size_t n_bytes)
{
    uint8_t *copy = malloc(n_bytes > 0 ? n_bytes : 1);
    if (copy == NULL) {
        (void)fprintf(stderr, "no memory for %zu bytes\n", n_bytes);
        exit(EXIT_FAILURE);
    }
    memcpy(copy, bytes, n_bytes);
    (void)LLVMFuzzerTestOneInput(copy, n_bytes); /* Always 0 by its contract. */
    free(copy);
}

static unsigned long replay_variants(uint8_t *bytes, size_t n_bytes)
{
    static const uint8_t changes[] = {0x01, 0x20, 0x80, 0xff};
    unsigned long n_inputs = 1;
    replay(bytes, n_bytes);
    size_t stride = 1 + n_bytes / CHANGED_BYTES_MAX;
    for (size_t at = 0; at < n_bytes; at += stride) {
        replay(bytes, at);
        for (size_t i = 0; i < sizeof(changes); i++) {
            bytes[at] ^= changes[i];
            replay(bytes, n_bytes);
            bytes[at] ^= changes[i];
        }
        n_inputs += 1 + sizeof(changes);
    }
    return n_inputs;
}

/* Inputs made of the file; 0 when it cannot be read whole. */
static unsigned long replay_file(const char *path)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    size_t n_bytes = fread(bytes, 1, sizeof(bytes), file);
    int is_whole = n_bytes < sizeof(bytes) && ferror(file) == 0;
    (void)fclose(file); /* Only read. */
    return is_whole ? replay_variants(bytes, n_bytes) : 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS_DIRECTORY\n", argv[0]);
        return 2;
    }
    DIR *directory = opendir(argv[1]);
    if (directory == NULL) {
        (void)fprintf(stderr, "%s: cannot open\n", argv[1]);
        return EXIT_FAILURE;
    }
    unsigned long n_files = 0;
    unsigned long n_inputs = 0;
    unsigned long n_unread = 0;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        unsigned long n = replay_file(path);
        n_files++;
        n_inputs += n;
        n_unread += n == 0;
    }
    (void)closedir(directory);
    (void)printf("%lu files, %lu inputs, %lu files unread\n", n_files, n_inputs, n_unread);
    return n_files > 0 && n_unread == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
