/* SPDX-License-Identifier: Apache-2.0 */
/* Outside bytes to values and words, and words back into JSON and URLs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "live/adapter/parts.h"

enum { NUMBER_DIGITS_MAX = 18, NUMBER_BYTES = 40 };

json_t *object_open(struct slice body)
{
    json_error_t error;
    json_t *root = json_loadb(body.bytes, body.n_bytes, JSON_REJECT_DUPLICATES, &error);
    if (root != NULL && !json_is_object(root)) {
        json_decref(root);
        return NULL;
    }
    return root;
}

struct slice member_words(const json_t *object, const char *name)
{
    const json_t *member = json_object_get(object, name);
    return json_is_string(member)
               ? (struct slice){json_string_value(member), json_string_length(member)}
               : (struct slice){"", 0};
}

bool slice_is(struct slice slice, const char *words) { return slice_equal(slice, slice_of(words)); }

bool slice_whole(struct slice slice, int64_t lo, int64_t hi, int64_t *ret_whole)
{
    size_t sign = slice.n_bytes > 0 && slice.bytes[0] == '-' ? 1 : 0;
    if (slice.n_bytes == sign || slice.n_bytes - sign > NUMBER_DIGITS_MAX) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = sign; i < slice.n_bytes; i++) {
        char digit = slice.bytes[i];
        if (digit < '0' || digit > '9') {
            return false;
        }
        value = value * 10 + (digit - '0');
    }
    value = sign == 1 ? -value : value;
    if (value < lo || value > hi) {
        return false;
    }
    *ret_whole = value;
    return true;
}

bool value_whole(const json_t *value, int64_t lo, int64_t hi, int64_t *ret_whole)
{
    if (json_is_string(value)) {
        return slice_whole((struct slice){json_string_value(value), json_string_length(value)}, lo,
                           hi, ret_whole);
    }
    if (!json_is_integer(value) || json_integer_value(value) < lo || json_integer_value(value) > hi) {
        return false;
    }
    *ret_whole = json_integer_value(value);
    return true;
}

bool member_whole(const json_t *object, const char *name, int64_t lo, int64_t hi, int64_t *ret_whole)
{
    return value_whole(json_object_get(object, name), lo, hi, ret_whole);
}

bool slice_real(struct slice slice, double *ret_real, bool *ret_special)
{
    bool is_special = slice_is(slice, "NaN") || slice_is(slice, "+Inf") ||
                      slice_is(slice, "-Inf") || slice_is(slice, "Inf");
    if (is_special) {
        if (ret_special == NULL) {
            return false;
        }
        *ret_special = true;
        *ret_real = 0.0;
        return true;
    }
    char digits[NUMBER_BYTES];
    if (slice.n_bytes == 0 || slice.n_bytes >= sizeof(digits)) {
        return false;
    }
    for (size_t i = 0; i < slice.n_bytes; i++) {
        digits[i] = slice.bytes[i];
        if (digits[i] == '\0' || strchr("0123456789+-.eE", digits[i]) == NULL) {
            return false;
        }
    }
    digits[slice.n_bytes] = '\0';
    char *end = NULL;
    double value = strtod(digits, &end);
    if (end != digits + slice.n_bytes || !isfinite(value)) {
        return false;
    }
    *ret_real = value;
    return true;
}

/* Control characters, and those that hide or turn text around: U+200B..200F, U+202A..202E, U+2060..206F, U+FEFF. */
static bool is_unseen(const unsigned char *bytes, size_t length)
{
    bool is_control = length == 1 && (bytes[0] < 0x20 || bytes[0] == 0x7f);
    bool is_upper = length == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0;
    bool is_mark = length == 3 && bytes[0] == 0xe2 && bytes[1] == 0x80 &&
                   ((bytes[2] >= 0x8b && bytes[2] <= 0x8f) || (bytes[2] >= 0xa8 && bytes[2] <= 0xae));
    bool is_turn =
        length == 3 && bytes[0] == 0xe2 && bytes[1] == 0x81 && bytes[2] >= 0xa0 && bytes[2] <= 0xaf;
    bool is_order = length == 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf;
    return is_control || is_upper || is_mark || is_turn || is_order;
}

void chars_clean(char *chars, size_t capacity, struct slice raw)
{
    const unsigned char *bytes = (const unsigned char *)raw.bytes;
    size_t n = 0, at = 0;
    while (at < raw.n_bytes) {
        size_t length = utf8_length(bytes + at, raw.n_bytes - at);
        bool is_broken = length == 0;
        length = is_broken ? 1 : length;
        if (n + length >= capacity) {
            break;
        }
        if (is_broken) {
            chars[n++] = '?';
        } else if (!is_unseen(bytes + at, length)) {
            memcpy(chars + n, bytes + at, length);
            n += length;
        }
        at += length;
    }
    chars[n] = '\0';
}

void put_json(struct text *text, struct slice raw)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *bytes = (const unsigned char *)raw.bytes;
    text_put_char(text, '"');
    size_t at = 0;
    while (at < raw.n_bytes) {
        size_t length = utf8_length(bytes + at, raw.n_bytes - at);
        unsigned char byte = bytes[at];
        if (length == 0) {
            text_put_char(text, '?');
        } else if (byte == '"' || byte == '\\') {
            text_put_char(text, '\\');
            text_put_char(text, (char)byte);
        } else if (byte == '\n') {
            text_put(text, "\\n");
        } else if (byte < 0x20 || byte == 0x7f) {
            text_put(text, "\\u00");
            text_put_char(text, hex[byte >> 4]);
            text_put_char(text, hex[byte & 15u]);
        } else {
            text_put_slice(text, (struct slice){raw.bytes + at, length});
        }
        at += length == 0 ? 1 : length;
    }
    text_put_char(text, '"');
}

void put_json_words(struct text *text, const char *words) { put_json(text, slice_of(words)); }

void put_member(struct text *text, const char *name)
{
    put_json_words(text, name);
    text_put_char(text, ':');
}

void put_percent(struct text *text, struct slice raw)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < raw.n_bytes; i++) {
        unsigned char byte = (unsigned char)raw.bytes[i];
        bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                        (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
                        byte == '~';
        if (is_plain) {
            text_put_char(text, (char)byte);
            continue;
        }
        text_put_char(text, '%');
        text_put_char(text, hex[byte >> 4]);
        text_put_char(text, hex[byte & 15u]);
    }
}

bool response_is_json(const struct http_response *response)
{
    size_t n = strcspn(response->content_type, "; \t");
    bool is_plain = n == strlen("application/json") &&
                    strncasecmp(response->content_type, "application/json", n) == 0;
    bool is_suffixed = n > 5 && strncasecmp(response->content_type + n - 5, "+json", 5) == 0;
    return is_plain || is_suffixed;
}

bool response_is_ok(const struct http_response *response)
{
    return response->transport == HTTP_OK && response->status >= 200 && response->status < 300;
}
