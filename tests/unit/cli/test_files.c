/* SPDX-License-Identifier: Apache-2.0 */
/* Input files: from the disk, from the binary, and every way in which there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/steward_files_XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static void path_of(const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", folder, name);
}

static void put_file(const char *name, const char *bytes)
{
    char path[128];
    path_of(name, path);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, strlen(bytes), stream), strlen(bytes));
    assert_int_equal(fclose(stream), 0);
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"plain", "empty", "M77.yaml", "suites", "inner"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        path_of(names[i], path);
        (void)remove(path); /* Not every test made it. */
    }
    return rmdir(folder);
}

static void file_when_it_exists_is_read_whole(void **state)
{
    (void)state;
    struct files *files = NULL;
    struct err_text text;
    struct slice bytes, again;
    char path[128];
    put_file("plain", "eleven byte");
    path_of("plain", path);
    assert_int_equal(files_open(&files, &text), OK);
    assert_int_equal(files_read(files, path, &bytes, &text), OK);
    assert_int_equal(files_read(files, path, &again, &text), OK);
    assert_int_equal(bytes.n_bytes, 11);
    assert_memory_equal(bytes.bytes, "eleven byte", 11);
    assert_true(slice_equal(bytes, again));
    files_close(files);
}

static void file_when_it_cannot_be_read_is_told_with_its_name(void **state)
{
    (void)state;
    struct files *files = NULL;
    struct err_text text;
    struct slice bytes;
    char path[128], message[256];
    assert_int_equal(files_open(&files, &text), OK);
    path_of("missing", path);
    assert_int_equal(files_read(files, path, &bytes, &text), ERR_NO_INPUT);
    (void)snprintf(message, sizeof(message), "%s: No such file or directory", path);
    assert_string_equal(text.text, message);
    assert_int_equal(files_read(files, folder, &bytes, &text), ERR_NO_INPUT);
    (void)snprintf(message, sizeof(message), "%s: is a directory", folder);
    assert_string_equal(text.text, message);
    assert_int_equal(files_read(files, "/dev/null", &bytes, &text), ERR_NO_INPUT);
    assert_string_equal(text.text, "/dev/null: is not a regular file");
    put_file("empty", "");
    path_of("empty", path);
    assert_int_equal(files_read(files, path, &bytes, &text), ERR_DATA);
    (void)snprintf(message, sizeof(message), "%s: is empty", path);
    assert_string_equal(text.text, message);
    files_close(files);
}

static void embedded_when_asked_by_path_is_there(void **state)
{
    (void)state;
    struct slice bytes;
    assert_true(files_embedded("scenarios/M01.yaml", &bytes));
    assert_memory_equal(bytes.bytes, "id: M01\n", 8);
    assert_false(files_embedded("scenarios/M02.yaml", &bytes));
    assert_false(files_embedded("M01.yaml", &bytes));
}

static void library_when_a_suite_lies_on_disk_looks_beside_and_above_it_first(void **state)
{
    (void)state;
    struct files *files = NULL;
    struct err_text text;
    struct slice bytes;
    char path[128];
    assert_int_equal(files_open(&files, &text), OK);
    put_file("M77.yaml", "on disk");
    struct library library = files_library(files, folder);
    assert_int_equal(library.read(library.self, "scenarios/M77.yaml", &bytes, &text), OK);
    assert_memory_equal(bytes.bytes, "on disk", 7);
    path_of("suites", path);
    assert_int_equal(mkdir(path, 0700), 0);
    library = files_library(files, path);
    assert_int_equal(library.read(library.self, "scenarios/M77.yaml", &bytes, &text), OK);
    assert_int_equal(library.read(library.self, "scenarios/M01.yaml", &bytes, &text), OK);
    assert_int_equal(library.read(library.self, "scenarios/M78.yaml", &bytes, &text), ERR_NO_INPUT);
    library = files_library(files, NULL);
    assert_int_equal(library.read(library.self, "scenarios/M77.yaml", &bytes, &text), ERR_NO_INPUT);
    assert_non_null(strstr(text.text, "scenarios/M77.yaml: no such scenario in this build"));
    files_close(files);
}

static void word_when_it_means_a_file_holds_a_slash_or_its_ending(void **state)
{
    (void)state;
    assert_true(names_a_file("a/b"));
    assert_true(names_a_file("own.yaml"));
    assert_true(names_a_file("./M01"));
    assert_false(names_a_file("M01"));
    assert_false(names_a_file("mix:prior"));
    assert_false(names_a_file(".yaml"));
    assert_false(names_a_file(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_when_it_exists_is_read_whole),
        cmocka_unit_test(file_when_it_cannot_be_read_is_told_with_its_name),
        cmocka_unit_test(embedded_when_asked_by_path_is_there),
        cmocka_unit_test(library_when_a_suite_lies_on_disk_looks_beside_and_above_it_first),
        cmocka_unit_test(word_when_it_means_a_file_holds_a_slash_or_its_ending),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
