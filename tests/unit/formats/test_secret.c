/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets from files: what is a secret, and whose files hold none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "core/formats/secret.h"

static char path[64];

static void put(const char *words, size_t n_bytes, mode_t mode)
{
    (void)unlink(path); /* It may not be there. */
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(words, 1, n_bytes, stream), n_bytes);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void assert_read(enum err err, const char *words)
{
    char secret[16];
    struct err_text text = {""};
    assert_int_equal(secret_read(path, secret, sizeof(secret), &text), err);
    const char *said = err == OK ? secret : text.text;
    if (strstr(said, words) == NULL) {
        fail_msg("expected '%s' in '%s'", words, said);
    }
}

static void secret_when_its_file_is_its_owners_is_read_without_white_space(void **state)
{
    (void)state;
    put(" \tsecret\r\n", 10, 0600);
    assert_read(OK, "secret");
    put("secret", 6, 0400);
    assert_read(OK, "secret");
}

static void secret_when_anybody_else_can_use_its_file_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0440, 0620, 0610, 0604, 0602, 0601, 0666};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        put("secret", 6, modes[i]);
        assert_read(ERR_CONFIG, "others can use it (mode ");
    }
}

static void secret_when_it_is_none_is_refused_with_the_reason(void **state)
{
    (void)state;
    put("", 0, 0600);
    assert_read(ERR_CONFIG, "is empty");
    put("sec\0ret", 7, 0600);
    assert_read(ERR_CONFIG, "holds a zero byte");
    put("sixteen bytes...", 16, 0600);
    assert_read(ERR_CONFIG, "is longer than 15 bytes");
    assert_int_equal(unlink(path), 0);
    assert_read(ERR_NO_INPUT, "No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_read(ERR_NO_INPUT, "is a directory");
    assert_int_equal(rmdir(path), 0);
    put("secret", 6, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_when_its_file_is_its_owners_is_read_without_white_space),
        cmocka_unit_test(secret_when_anybody_else_can_use_its_file_is_refused),
        cmocka_unit_test(secret_when_it_is_none_is_refused_with_the_reason),
    };
    (void)snprintf(path, sizeof(path), "/tmp/steward_secret_%ld", (long)getpid());
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path); /* The last one left it. */
    return status;
}
