/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a form, and as words on a page: a field stays within its buffer and holds no control character; what is shown holds no markup. */
#include <string.h>

#include "core/base/assert.h"
#include "live/server/server.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static const char *const names[] = {"csrf", "act", "number", "hash", "token"};
    struct slice body = {(const char *)bytes, n_bytes};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char value[33];
        if (!form_field(body, names[i], value, sizeof(value))) {
            continue;
        }
        ASSERT(strlen(value) < sizeof(value));
        for (const char *c = value; *c != '\0'; c++) {
            ASSERT((unsigned char)*c >= 0x20);
        }
    }
    char page[4096];
    struct text text;
    text_init(&text, page, sizeof(page));
    html_put(&text, body);
    ASSERT(strpbrk(page, "<>\"'") == NULL);
    return 0;
}
