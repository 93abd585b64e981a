/* SPDX-License-Identifier: Apache-2.0 */
/* Reads published streams. */
#include "tests/lib/truth_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

size_t truth_stream(const char *name, double *values, size_t n_max)
{
    const char *folder = getenv("STEWARD_TRUTH_DIR");
    if (folder == NULL || folder[0] == '\0') {
        print_message("skipped: STEWARD_TRUTH_DIR is not set\n");
        skip();
    }
    char path[4096], line[128];
    (void)snprintf(path, sizeof(path), "%s/oracles/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s: cannot be opened", path);
        return 0;
    }
    size_t n = 0;
    while (fgets(line, (int)sizeof(line), file) != NULL) {
        char *end = NULL;
        double value = strtod(line, &end);
        if (end == line || n == n_max) {
            fail_msg("%s: line %zu: %s", path, n + 1, end == line ? "no number" : "too many");
        }
        values[n++] = value;
    }
    (void)fclose(file); /* Only read. */
    assert_true(n > 0);
    return n;
}
