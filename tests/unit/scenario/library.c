/* SPDX-License-Identifier: Apache-2.0 */
/* The files of scenarios/ for the tests of this room, read from what the build embeds. */
#include "tests/unit/scenario/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/embedded.h"
#include "core/formats/deployment.h"

static enum err read_embedded(void *self, const char *path, struct slice *ret_bytes,
                              struct err_text *ret_text)
{
    (void)self;
    for (size_t i = 0; i < n_embedded_files; i++) {
        if (strcmp(embedded_files[i].path, path) == 0) {
            *ret_bytes =
                (struct slice){(const char *)embedded_files[i].bytes, embedded_files[i].n_bytes};
            return OK;
        }
    }
    return err_set(ret_text, ERR_NO_INPUT, "%s: not embedded", path);
}

struct slice library_file(const char *path)
{
    struct slice bytes = {NULL, 0};
    if (read_embedded(NULL, path, &bytes, NULL) != OK) {
        fail_msg("%s: not embedded", path);
    }
    return bytes;
}

struct library library_embedded(void) { return (struct library){NULL, read_embedded}; }

void library_suite(const char *path, struct suite *ret_suite)
{
    struct err_text text;
    struct library library = library_embedded();
    suite_init(ret_suite, "test");
    if (suite_add_suite(ret_suite, path, library_file(path), &library, &text) != OK) {
        fail_msg("%s", text.text);
    }
}

void library_deployment(const char *name, struct deployment *ret_deployment)
{
    char path[128];
    struct text writer;
    struct err_text text;
    text_init(&writer, path, sizeof(path));
    text_put(&writer, "scenarios/deployments/");
    text_put(&writer, name);
    text_put(&writer, ".yaml");
    if (deployment_parse(path, library_file(path), ret_deployment, &text) != OK) {
        fail_msg("%s", text.text);
    }
}
