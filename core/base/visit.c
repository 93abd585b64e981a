/* SPDX-License-Identifier: Apache-2.0 */
/* Narrowing helpers over the visitor's primitives, and the visitor that digests. */
#include "core/base/visit.h"

#include <string.h>

#include <xxhash.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"

void visit_u64(struct visit *visit, const char *name, uint64_t *value)
{
    visit->ops->u64(visit->self, name, value, UINT64_MAX);
}

/* Visits a field of any unsigned width through the 64-bit primitive. Only readers may store the
 * result: a writer may stand on a constant. */
static uint64_t narrow(struct visit *visit, const char *name, uint64_t value, uint64_t max)
{
    visit->ops->u64(visit->self, name, &value, max);
    bool fits = value <= max;
    visit->failed = visit->failed || !fits;
    return fits ? value : 0;
}

void visit_bool(struct visit *visit, const char *name, bool *value)
{
    uint64_t wide = narrow(visit, name, *value ? 1 : 0, 1);
    if (visit->reading) {
        *value = wide != 0;
    }
}

void visit_u8(struct visit *visit, const char *name, uint8_t *value)
{
    uint64_t wide = narrow(visit, name, *value, UINT8_MAX);
    if (visit->reading) {
        *value = (uint8_t)wide;
    }
}

void visit_u16(struct visit *visit, const char *name, uint16_t *value)
{
    uint64_t wide = narrow(visit, name, *value, UINT16_MAX);
    if (visit->reading) {
        *value = (uint16_t)wide;
    }
}

void visit_u32(struct visit *visit, const char *name, uint32_t *value)
{
    uint64_t wide = narrow(visit, name, *value, UINT32_MAX);
    if (visit->reading) {
        *value = (uint32_t)wide;
    }
}

void visit_i64(struct visit *visit, const char *name, int64_t *value)
{
    visit->ops->i64(visit->self, name, value);
}

void visit_i32(struct visit *visit, const char *name, int32_t *value)
{
    int64_t wide = *value;
    visit->ops->i64(visit->self, name, &wide);
    bool fits = wide >= INT32_MIN && wide <= INT32_MAX;
    visit->failed = visit->failed || !fits;
    if (visit->reading) {
        *value = fits ? (int32_t)wide : 0;
    }
}

void visit_f64(struct visit *visit, const char *name, double *value)
{
    visit->ops->f64(visit->self, name, value);
}

void visit_u32s(struct visit *visit, const char *name, uint32_t *values, size_t n)
{
    visit->ops->u32s(visit->self, name, values, n);
}

void visit_enum(struct visit *visit, const char *name, void *enum_field, size_t field_bytes,
                uint32_t n_values)
{
    ASSERT(field_bytes == sizeof(uint32_t) || field_bytes == sizeof(uint8_t));
    ASSERT(n_values >= 1);
    uint32_t value = 0;
    uint8_t small = 0;
    if (field_bytes == sizeof(small)) {
        memcpy(&small, enum_field, sizeof(small));
        value = small;
    } else {
        memcpy(&value, enum_field, sizeof(value));
    }
    value = (uint32_t)narrow(visit, name, value, n_values - 1);
    if (!visit->reading) {
        return;
    }
    small = (uint8_t)value;
    memcpy(enum_field, field_bytes == sizeof(small) ? (const void *)&small : (const void *)&value,
           field_bytes);
}

void visit_chars(struct visit *visit, const char *name, char *chars, size_t capacity)
{
    size_t n_bytes = 0;
    while (n_bytes < capacity && chars[n_bytes] != '\0') {
        n_bytes++;
    }
    struct slice slice = {chars, n_bytes};
    visit->ops->bytes(visit->self, name, &slice, capacity - 1);
    if (!visit->reading) {
        return;
    }
    bool is_sound = slice.n_bytes < capacity;
    for (size_t i = 0; is_sound && i < slice.n_bytes; i++) {
        is_sound = slice.bytes[i] != '\0';
    }
    if (!is_sound) {
        visit->failed = true;
        slice.n_bytes = 0;
    }
    if (slice.n_bytes > 0) {
        memmove(chars, slice.bytes, slice.n_bytes);
    }
    memset(chars + slice.n_bytes, 0, capacity - slice.n_bytes);
}

void visit_slice(struct visit *visit, const char *name, struct slice *value, size_t max_bytes)
{
    visit->ops->bytes(visit->self, name, value, max_bytes);
    if (value->n_bytes > max_bytes) {
        visit->failed = true;
        value->n_bytes = visit->reading ? 0 : value->n_bytes;
    }
}

void visit_begin(struct visit *visit, const char *name, int index)
{
    visit->ops->begin(visit->self, name, index);
}

void visit_end(struct visit *visit) { visit->ops->end(visit->self); }

/* Compilers make one store of it where the machine is little-endian. */
static void store_word(uint8_t *at, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* The hot path: a telemetry window is mostly arrays of counts. */
static void store_halves(uint8_t *at, const uint32_t *values, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(at, values, n * sizeof(*values));
#else
    for (size_t i = 0; i < n * sizeof(*values); i++) {
        at[i] = (uint8_t)(values[i / 4] >> (8 * (i % 4)));
    }
#endif
}

static void digest_flush(struct visit_digest *digest)
{
    XXH128_hash_t block = XXH3_128bits_withSeed(digest->buffer, digest->n_bytes, digest->chain.lo);
    digest->chain.lo = block.low64 ^ (digest->chain.hi << 1 | digest->chain.hi >> 63);
    digest->chain.hi = block.high64;
    digest->n_bytes = 0;
}

static void digest_feed(struct visit_digest *digest, const void *bytes, size_t n_bytes)
{
    const uint8_t *at = bytes;
    while (n_bytes > 0) {
        size_t room = sizeof(digest->buffer) - digest->n_bytes;
        size_t n = n_bytes < room ? n_bytes : room;
        memcpy(digest->buffer + digest->n_bytes, at, n);
        digest->n_bytes += n;
        at += n;
        n_bytes -= n;
        if (digest->n_bytes == sizeof(digest->buffer)) {
            digest_flush(digest);
        }
    }
}

/* The buffer is never left full, so a field that fits needs no loop. */
static void digest_word(struct visit_digest *digest, uint64_t value)
{
    if (sizeof(digest->buffer) - digest->n_bytes > sizeof(value)) {
        store_word(digest->buffer + digest->n_bytes, value);
        digest->n_bytes += sizeof(value);
        return;
    }
    uint8_t bytes[sizeof(value)];
    store_word(bytes, value);
    digest_feed(digest, bytes, sizeof(bytes));
}

static void digest_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)name; /* Words are for people. */
    (void)max;
    digest_word(self, *value);
}

static void digest_i64(void *self, const char *name, int64_t *value)
{
    (void)name;
    digest_word(self, (uint64_t)*value);
}

static void digest_f64(void *self, const char *name, double *value)
{
    (void)name;
    double canonical = d_canonical(*value);
    uint64_t bits = 0;
    memcpy(&bits, &canonical, sizeof(bits));
    digest_word(self, bits);
}

static void digest_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    (void)name;
    struct visit_digest *digest = self;
    size_t room = sizeof(digest->buffer) - digest->n_bytes;
    if (n < room / sizeof(*values)) {
        store_halves(digest->buffer + digest->n_bytes, values, n);
        digest->n_bytes += n * sizeof(*values);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[sizeof(*values)];
        store_halves(bytes, values + i, 1);
        digest_feed(digest, bytes, sizeof(bytes));
    }
}

static void digest_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)name;
    (void)max_bytes;
    digest_word(self, value->n_bytes); /* So that neighbouring texts cannot trade bytes. */
    digest_feed(self, value->bytes, value->n_bytes);
}

static void digest_begin(void *self, const char *name, int index)
{
    (void)self;
    (void)name;
    (void)index;
}

static void digest_end(void *self) { (void)self; }

static const struct visit_ops digest_ops = {digest_u64,   digest_i64,   digest_f64, digest_u32s,
                                            digest_bytes, digest_begin, digest_end};

void visit_digest_init(struct visit_digest *digest)
{
    digest->visit = (struct visit){.ops = &digest_ops, .self = digest};
    digest->n_bytes = 0;
    digest->chain = (struct digest128){0, 0};
}

struct digest128 visit_digest_close(struct visit_digest *digest)
{
    digest_word(digest, 0x73746577617264); /* Never an empty last block. */
    digest_flush(digest);
    return digest->chain;
}
