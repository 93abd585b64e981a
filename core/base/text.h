/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed byte slices and a bounded text writer without printf, locale or heap. */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes owned by someone else, not NUL-terminated. Valid until the end of the step unless the
 * holder says otherwise. */
struct slice {
    const char *bytes;
    size_t n_bytes;
};

struct slice slice_of(const char *zero_terminated);
bool slice_equal(struct slice a, struct slice b);
/* Length of the UTF-8 sequence at the start of n_bytes >= 1 (RFC 3629: shortest form, no surrogates, at most
 * U+10FFFF), 0 when it is none. */
size_t utf8_length(const uint8_t *bytes, size_t n_bytes);
/* Index of needle in haystack, or -1. */
int64_t slice_find(struct slice haystack, struct slice needle);

/* Writer into a given buffer; always NUL-terminated; what does not fit is cut and truncated set. */
struct text {
    char *bytes;
    size_t capacity; /* Including the NUL. */
    size_t n_bytes;
    bool truncated;
};

void text_init(struct text *text, char *buffer, size_t capacity);
void text_put(struct text *text, const char *zero_terminated);
void text_put_slice(struct text *text, struct slice slice);
void text_put_char(struct text *text, char character);
void text_put_i64(struct text *text, int64_t value);
void text_put_u64(struct text *text, uint64_t value);
/* 16 lower-case digits. */
void text_put_hex64(struct text *text, uint64_t value);
/* Fixed point, rounded half away from zero on the decimal; decimals 0..9; NaN, inf as words, and so
 * a magnitude of 2^64 or more. Exact integer arithmetic after one multiplication, so the same bytes
 * everywhere. */
void text_put_fixed(struct text *text, double value, int decimals);
/* "[hh:mm:ss.mmm]" or "[Dd hh:mm:ss.mmm]" when at is a day or more. */
void text_put_clock(struct text *text, int64_t at_ns);
/* A human duration: 850ms, 42s, 3m12s, 2h05m, 3d04h. */
void text_put_duration(struct text *text, int64_t duration_ns);

#endif
