/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows, escaped where it is not ours. */
#include "reports/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 1 << 14 };

static bool make_room(struct page *page, size_t n_bytes)
{
    size_t wanted = page->n_bytes + n_bytes + 1;
    if (page->failed || wanted <= page->capacity) {
        return !page->failed;
    }
    size_t capacity = page->capacity == 0 ? FIRST_BYTES : page->capacity;
    while (capacity < wanted) {
        capacity *= 2;
    }
    char *bytes = realloc(page->bytes, capacity);
    if (bytes == NULL) {
        page->failed = true;
        return false;
    }
    page->bytes = bytes;
    page->capacity = capacity;
    return true;
}

void page_close(struct page *page)
{
    free(page->bytes);
    *page = (struct page){0};
}

void page_put(struct page *page, const char *bytes, size_t n_bytes)
{
    if (!make_room(page, n_bytes)) {
        return;
    }
    if (n_bytes > 0) {
        memcpy(page->bytes + page->n_bytes, bytes, n_bytes);
    }
    page->n_bytes += n_bytes;
    page->bytes[page->n_bytes] = '\0';
}

void page_format(struct page *page, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n_bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (n_bytes < 0) {
        page->failed = true;
    } else if (make_room(page, (size_t)n_bytes)) {
        (void)vsnprintf(page->bytes + page->n_bytes, (size_t)n_bytes + 1, format, again);
        page->n_bytes += (size_t)n_bytes;
    }
    va_end(again);
}

void page_words(struct page *page, const char *words)
{
    for (const char *at = words; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        bool is_control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
        switch (c) {
        case '&':
            page_put(page, "&amp;", 5);
            break;
        case '<':
            page_put(page, "&lt;", 4);
            break;
        case '>':
            page_put(page, "&gt;", 4);
            break;
        case '"':
            page_put(page, "&quot;", 6);
            break;
        case '\'':
            page_put(page, "&#39;", 5);
            break;
        default:
            page_put(page, is_control ? "?" : at, 1);
        }
    }
}

void page_label(struct page *page, const char *words)
{
    for (const char *at = words; *at != '\0'; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                        (*at >= '0' && *at <= '9') || strchr(" .,:-_/%+()", *at) != NULL;
        page_put(page, is_plain ? at : "?", 1);
    }
}

void page_duration(struct page *page, double seconds)
{
    if (!isfinite(seconds)) {
        page_format(page, "past the horizon");
        return;
    }
    if (seconds < 59.95) {
        page_format(page, "%.1f s", seconds);
        return;
    }
    long whole = lround(seconds);
    if (whole < 3600) {
        page_format(page, "%ld min %02ld s", whole / 60, whole % 60);
    } else if (whole < 2 * 86400) {
        page_format(page, "%ld h %02ld min", whole / 3600, whole % 3600 / 60);
    } else {
        page_format(page, "%.1f d", seconds / 86400.0);
    }
}
