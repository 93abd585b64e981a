/* SPDX-License-Identifier: Apache-2.0 */
/* Words, exit statuses and texts of failures. */
#include "core/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *err_word(enum err err)
{
    switch (err) {
    case OK:
        return "ok";
#define X(name, code, exit_status, word)                                                           \
    case name:                                                                                     \
        return word;
        ERR_TABLE(X)
#undef X
    }
    return "unknown failure";
}

int err_exit_status(enum err err)
{
    switch (err) {
    case OK:
        return 0;
#define X(name, code, exit_status, word)                                                           \
    case name:                                                                                     \
        return exit_status;
        ERR_TABLE(X)
#undef X
    }
    return 70;
}

enum err err_set(struct err_text *ret_text, enum err err, const char *format, ...)
{
    if (ret_text != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(ret_text->text, sizeof(ret_text->text), format, arguments); /* Cut is fine. */
        va_end(arguments);
    }
    return err;
}

enum err err_wrap(struct err_text *text, enum err err, const char *format, ...)
{
    if (text == NULL) {
        return err;
    }
    struct err_text inner = *text;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text->text, sizeof(text->text), format, arguments); /* Cut is fine. */
    va_end(arguments);
    size_t n_bytes = strlen(text->text);
    (void)snprintf(text->text + n_bytes, sizeof(text->text) - n_bytes, ": %s", inner.text);
    return err;
}
