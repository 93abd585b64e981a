/* SPDX-License-Identifier: Apache-2.0 */
/* Words made safe for a page, and forms read back. */
#include <string.h>

#include "live/server/server.h"

void html_put(struct text *text, struct slice raw)
{
    for (size_t i = 0; i < raw.n_bytes; i++) {
        unsigned char c = (unsigned char)raw.bytes[i];
        if (c == '&') {
            text_put(text, "&amp;");
        } else if (c == '<') {
            text_put(text, "&lt;");
        } else if (c == '>') {
            text_put(text, "&gt;");
        } else if (c == '"') {
            text_put(text, "&quot;");
        } else if (c == '\'') {
            text_put(text, "&#39;");
        } else {
            text_put_char(text, c < 0x20 || c == 0x7f ? ' ' : (char)c);
        }
    }
}

void html_put_words(struct text *text, const char *words) { html_put(text, slice_of(words)); }

static void put_two(struct text *text, uint32_t number)
{
    text_put_char(text, (char)('0' + number / 10 % 10));
    text_put_char(text, (char)('0' + number % 10));
}

/* Days since 1970 to year, month and day, with years that begin in March. */
static void put_civil(struct text *text, int64_t days)
{
    uint32_t day = (uint32_t)(days + 719468), era = day / 146097, of_era = day % 146097;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153; /* 0: March. */
    text_put_u64(text, year + era * 400 + (month >= 10));
    text_put_char(text, '-');
    put_two(text, month < 10 ? month + 3 : month - 9);
    text_put_char(text, '-');
    put_two(text, of_year - (153 * month + 2) / 5 + 1);
}

void put_utc(struct text *text, int64_t unix_ns, bool is_dated)
{
    int64_t s = unix_ns < 0 ? 0 : unix_ns / NS_PER_S;
    uint32_t of_day = (uint32_t)(s % 86400);
    if (is_dated) {
        put_civil(text, s / 86400);
        text_put_char(text, ' ');
    }
    put_two(text, of_day / 3600);
    text_put_char(text, ':');
    put_two(text, of_day / 60 % 60);
    text_put_char(text, ':');
    put_two(text, of_day % 60);
}

void json_put(struct text *text, const char *words)
{
    static const char hex[] = "0123456789abcdef";
    text_put_char(text, '"');
    for (const char *c = words; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\') {
            text_put_char(text, '\\');
            text_put_char(text, *c);
        } else if (byte < 0x20 || byte == 0x7f) {
            text_put(text, "\\u00");
            text_put_char(text, hex[byte >> 4]);
            text_put_char(text, hex[byte & 15]);
        } else {
            text_put_char(text, *c);
        }
    }
    text_put_char(text, '"');
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool decode(struct slice raw, char *ret_value, size_t capacity)
{
    size_t n_bytes = 0;
    for (size_t i = 0; i < raw.n_bytes; i++) {
        int byte = (unsigned char)raw.bytes[i];
        if (byte == '+') {
            byte = ' ';
        } else if (byte == '%') {
            int high = i + 2 < raw.n_bytes ? digit(raw.bytes[i + 1]) : -1;
            int low = high >= 0 ? digit(raw.bytes[i + 2]) : -1;
            if (low < 0) {
                return false;
            }
            byte = high * 16 + low;
            i += 2;
        }
        if (byte < 0x20 || byte == 0x7f || n_bytes + 1 >= capacity) {
            return false;
        }
        ret_value[n_bytes++] = (char)byte;
    }
    ret_value[n_bytes] = '\0';
    return true;
}

bool form_field(struct slice body, const char *name, char *ret_value, size_t capacity)
{
    size_t n_name = strlen(name), at = 0;
    while (at < body.n_bytes) {
        const char *field = body.bytes + at;
        const char *end = memchr(field, '&', body.n_bytes - at);
        size_t n_field = end == NULL ? body.n_bytes - at : (size_t)(end - field);
        if (n_field > n_name && memcmp(field, name, n_name) == 0 && field[n_name] == '=') {
            return decode((struct slice){field + n_name + 1, n_field - n_name - 1}, ret_value,
                          capacity);
        }
        at += n_field + 1;
    }
    return false;
}
