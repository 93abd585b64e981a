/* SPDX-License-Identifier: Apache-2.0 */
/* Reference sets. */
#include "tests/unit/replay/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

void vectors_path(const char *name, char ret_path[VECTOR_PATH])
{
    const char *folder = getenv("STEWARD_TRUTH_DIR");
    if (folder == NULL || folder[0] == '\0') {
        (void)printf("STEWARD_TRUTH_DIR is not set\n");
        (void)fflush(stdout);
        skip();
    }
    (void)snprintf(ret_path, VECTOR_PATH, "%s/vectors/%s", folder, name);
}

json_t *vectors_read(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    if (root == NULL) {
        fail_msg("%s: %s", path, error.text);
    }
    return root;
}

struct slice vectors_bytes(const char *path)
{
    static char bytes[VECTOR_BYTES];
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t n_bytes = fread(bytes, 1, sizeof(bytes), stream);
    assert_int_equal(fclose(stream), 0);
    assert_true(n_bytes < sizeof(bytes));
    return (struct slice){bytes, n_bytes};
}

struct slice vectors_text(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    assert_true(json_is_string(value));
    return (struct slice){json_string_value(value), json_string_length(value)};
}

size_t vectors_hex(const char *digits, uint8_t *bytes, size_t capacity)
{
    size_t n_bytes = 0;
    assert_int_equal(sodium_hex2bin(bytes, capacity, digits, strlen(digits), NULL, &n_bytes, NULL),
                     0);
    return n_bytes;
}
