/* SPDX-License-Identifier: Apache-2.0 */
/* Slices and the bounded text writer; integers only, so the same bytes on every machine. */
#include "core/base/text.h"

#include <string.h>

#include "core/base/assert.h"

/* Nothing written by hand is near it: a longer run of bytes has lost its NUL. */
enum { SLICE_BYTES_MAX = 1 << 20 };

struct slice slice_of(const char *zero_terminated)
{
    size_t n_bytes = 0;
    while (n_bytes < SLICE_BYTES_MAX && zero_terminated[n_bytes] != '\0') {
        n_bytes++;
    }
    ASSERT(n_bytes < SLICE_BYTES_MAX);
    return (struct slice){zero_terminated, n_bytes};
}

bool slice_equal(struct slice a, struct slice b)
{
    return a.n_bytes == b.n_bytes && (a.n_bytes == 0 || memcmp(a.bytes, b.bytes, a.n_bytes) == 0);
}

size_t utf8_length(const uint8_t *bytes, size_t n_bytes)
{
    uint8_t head = bytes[0];
    size_t length = head < 0x80                   ? 1
                    : head >= 0xc2 && head < 0xe0 ? 2
                    : head >= 0xe0 && head < 0xf0 ? 3
                    : head >= 0xf0 && head < 0xf5 ? 4
                                                  : 0;
    if (length == 0 || length > n_bytes) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0u) != 0x80u) {
            return 0;
        }
    }
    bool is_overlong = (head == 0xe0 && bytes[1] < 0xa0) || (head == 0xf0 && bytes[1] < 0x90);
    bool is_surrogate = head == 0xed && bytes[1] >= 0xa0;
    bool is_beyond = head == 0xf4 && bytes[1] >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

int64_t slice_find(struct slice haystack, struct slice needle)
{
    if (needle.n_bytes == 0) {
        return 0;
    }
    if (needle.n_bytes > haystack.n_bytes) {
        return -1;
    }
    for (size_t i = 0; i <= haystack.n_bytes - needle.n_bytes; i++) {
        if (haystack.bytes[i] == needle.bytes[0] &&
            memcmp(haystack.bytes + i, needle.bytes, needle.n_bytes) == 0) {
            return (int64_t)i;
        }
    }
    return -1;
}

void text_init(struct text *text, char *buffer, size_t capacity)
{
    ASSERT(capacity >= 1);
    *text = (struct text){.bytes = buffer, .capacity = capacity};
    buffer[0] = '\0';
}

void text_put_slice(struct text *text, struct slice slice)
{
    size_t room = text->capacity - 1 - text->n_bytes;
    size_t n_bytes = slice.n_bytes < room ? slice.n_bytes : room;
    if (n_bytes > 0) {
        memcpy(text->bytes + text->n_bytes, slice.bytes, n_bytes);
    }
    text->n_bytes += n_bytes;
    text->bytes[text->n_bytes] = '\0';
    text->truncated = text->truncated || n_bytes < slice.n_bytes;
}

void text_put(struct text *text, const char *zero_terminated)
{
    text_put_slice(text, slice_of(zero_terminated));
}

void text_put_char(struct text *text, char character)
{
    text_put_slice(text, (struct slice){&character, 1});
}

/* At least min_digits digits, with leading zeros. */
static void put_digits(struct text *text, uint64_t value, int min_digits)
{
    char digits[20];
    int n = 0;
    while (value > 0 || n < min_digits) {
        digits[sizeof(digits) - 1 - (size_t)n++] = (char)('0' + value % 10);
        value /= 10;
    }
    text_put_slice(text, (struct slice){digits + sizeof(digits) - (size_t)n, (size_t)n});
}

void text_put_u64(struct text *text, uint64_t value) { put_digits(text, value, 1); }

void text_put_i64(struct text *text, int64_t value)
{
    if (value < 0) {
        text_put_char(text, '-');
    }
    put_digits(text, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 1);
}

void text_put_hex64(struct text *text, uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4) {
        text_put_char(text, "0123456789abcdef"[value >> shift & 15]);
    }
}

void text_put_fixed(struct text *text, double value, int decimals)
{
    ASSERT(decimals >= 0);
    ASSERT(decimals <= 9);
    if (!(value <= 0.0 || value > 0.0)) {
        text_put(text, "nan");
        return;
    }
    uint64_t scale = 1;
    for (int i = 0; i < decimals; i++) {
        scale *= 10;
    }
    double magnitude = value < 0.0 ? -value : value;
    if (magnitude >= 0x1p64) {
        text_put(text, value < 0.0 ? "-inf" : "inf");
        return;
    }
    uint64_t whole = (uint64_t)magnitude;
    /* The fraction is exact; taking it before scaling keeps large values in range. */
    double scaled = (magnitude - (double)whole) * (double)scale;
    uint64_t fraction = (uint64_t)scaled;
    fraction += scaled - (double)fraction >= 0.5 ? 1 : 0;
    whole += fraction == scale ? 1 : 0;
    fraction = fraction == scale ? 0 : fraction;
    if (value < 0.0 && (whole > 0 || fraction > 0)) {
        text_put_char(text, '-');
    }
    put_digits(text, whole, 1);
    if (decimals > 0) {
        text_put_char(text, '.');
        put_digits(text, fraction, decimals);
    }
}

void text_put_clock(struct text *text, int64_t at_ns)
{
    uint64_t ms = at_ns < 0 ? 0 : (uint64_t)at_ns / 1000000;
    text_put_char(text, '[');
    if (ms >= 86400000) {
        put_digits(text, ms / 86400000, 1);
        text_put(text, "d ");
    }
    put_digits(text, ms / 3600000 % 24, 2);
    text_put_char(text, ':');
    put_digits(text, ms / 60000 % 60, 2);
    text_put_char(text, ':');
    put_digits(text, ms / 1000 % 60, 2);
    text_put_char(text, '.');
    put_digits(text, ms % 1000, 3);
    text_put_char(text, ']');
}

void text_put_duration(struct text *text, int64_t duration_ns)
{
    if (duration_ns < 0) {
        text_put_char(text, '-');
        duration_ns = duration_ns == INT64_MIN ? INT64_MAX : -duration_ns;
    }
    uint64_t ms = (uint64_t)duration_ns / 1000000;
    uint64_t s = ms / 1000, minutes = s / 60, hours = minutes / 60;
    if (ms < 1000) {
        put_digits(text, ms, 1);
        text_put(text, "ms");
    } else if (s < 60) {
        put_digits(text, s, 1);
        text_put_char(text, 's');
    } else if (minutes < 60) {
        put_digits(text, minutes, 1);
        text_put_char(text, 'm');
        put_digits(text, s % 60, 2);
        text_put_char(text, 's');
    } else if (hours < 24) {
        put_digits(text, hours, 1);
        text_put_char(text, 'h');
        put_digits(text, minutes % 60, 2);
        text_put_char(text, 'm');
    } else {
        put_digits(text, hours / 24, 1);
        text_put_char(text, 'd');
        put_digits(text, hours % 24, 2);
        text_put_char(text, 'h');
    }
}
