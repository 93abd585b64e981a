/* SPDX-License-Identifier: Apache-2.0 */
/* The packing and the unpacking visitor, and the whole things made with them. The packer encodes
 * with the templates of msgpack-c over its own buffer, so that each value costs one bounds check
 * and one store; the unpacker is strict, because what it reads may be a damaged or forged journal.
 */
#include "core/formats/codec.h"

#include <string.h>

#include <msgpack/pack_define.h>
#include <msgpack/sysdep.h>
#include <msgpack/timestamp.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"

/* The templates write one head and at most eight bytes at a time, for which the caller has made
 * sure that there is room. */
#define msgpack_pack_inline_func(name) static inline int template##name
#define msgpack_pack_inline_func_cint(name) static inline int template##name
#define msgpack_pack_inline_func_fixint(name) static inline int template_fix##name
#define msgpack_pack_user struct packer *
#define msgpack_pack_append_buffer(user, from, n)                                                  \
    do {                                                                                           \
        memcpy((user)->bytes + (user)->n_bytes, (from), (n));                                      \
        (user)->n_bytes += (n);                                                                    \
        return 0;                                                                                  \
    } while (0)
#include <msgpack/pack_template.h>

enum {
    FRAME_HEAD_BYTES = 5, /* Array with a 32-bit count, known only at the end. */
    VALUE_BYTES_MAX = 9,  /* Head and eight bytes. */
    HEAD_ARRAY_32 = 0xdd,
    HEAD_BIN_8 = 0xc4,
    HEAD_BIN_16 = 0xc5,
    HEAD_BIN_32 = 0xc6,
    HEAD_FLOAT_64 = 0xcb,
    HEAD_UINT_8 = 0xcc,
    HEAD_UINT_16 = 0xcd,
    HEAD_UINT_32 = 0xce,
    HEAD_UINT_64 = 0xcf,
    HEAD_INT_8 = 0xd0,
    HEAD_INT_16 = 0xd1,
    HEAD_INT_32 = 0xd2,
    HEAD_INT_64 = 0xd3,
    HEAD_NEGATIVE_FIX = 0xe0,
    POSITIVE_FIX_MAX = 0x7f,
};

/* Claims room for one value of at most so many bytes. */
static inline bool packer_takes(struct packer *packer, size_t n_bytes)
{
    if (packer->capacity - packer->n_bytes < n_bytes) {
        packer->visit.failed = true;
        return false;
    }
    packer->n_values++;
    return true;
}

static void pack_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)name; /* Words are for people. */
    (void)max;
    struct packer *packer = self;
    if (packer_takes(packer, VALUE_BYTES_MAX)) {
        (void)template_uint64(packer, *value); /* Cannot fail: the room was claimed. */
    }
}

static void pack_i64(void *self, const char *name, int64_t *value)
{
    (void)name;
    struct packer *packer = self;
    if (packer_takes(packer, VALUE_BYTES_MAX)) {
        (void)template_int64(packer, *value);
    }
}

static void pack_f64(void *self, const char *name, double *value)
{
    (void)name;
    struct packer *packer = self;
    if (packer_takes(packer, VALUE_BYTES_MAX)) {
        (void)template_double(packer, d_canonical(*value));
    }
}

static void pack_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    (void)name;
    struct packer *packer = self;
    while (n > 0 && values[n - 1] == 0) {
        n--;
    }
    if (!packer_takes(packer, VALUE_BYTES_MAX + n * sizeof(*values))) {
        return;
    }
    (void)template_bin(packer, n * sizeof(*values));
    uint8_t *to = packer->bytes + packer->n_bytes;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(to, values, n * sizeof(*values));
#else
    for (size_t i = 0; i < n; i++) {
        for (size_t byte = 0; byte < sizeof(*values); byte++) {
            to[i * sizeof(*values) + byte] = (uint8_t)(values[i] >> (8 * byte));
        }
    }
#endif
    packer->n_bytes += n * sizeof(*values);
}

static void pack_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)name;
    struct packer *packer = self;
    if (value->n_bytes > max_bytes) {
        packer->visit.failed = true;
        return;
    }
    if (!packer_takes(packer, VALUE_BYTES_MAX + value->n_bytes)) {
        return;
    }
    (void)template_bin(packer, value->n_bytes);
    if (value->n_bytes > 0) {
        memcpy(packer->bytes + packer->n_bytes, value->bytes, value->n_bytes);
        packer->n_bytes += value->n_bytes;
    }
}

static void no_begin(void *self, const char *name, int index)
{
    (void)self; /* Nesting leaves no mark. */
    (void)name;
    (void)index;
}

static void no_end(void *self) { (void)self; }

static const struct visit_ops pack_ops = {
    .u64 = pack_u64,
    .i64 = pack_i64,
    .f64 = pack_f64,
    .u32s = pack_u32s,
    .bytes = pack_bytes,
    .begin = no_begin,
    .end = no_end,
};

void packer_init(struct packer *packer, uint8_t *bytes, size_t capacity)
{
    *packer = (struct packer){
        .visit = {.ops = &pack_ops, .self = packer},
        .bytes = bytes,
        .capacity = capacity,
    };
    if (capacity < FRAME_HEAD_BYTES) {
        packer->visit.failed = true;
        packer->n_bytes = capacity;
        return;
    }
    packer->n_bytes = FRAME_HEAD_BYTES;
}

size_t packer_close(struct packer *packer)
{
    ASSERT(packer->n_bytes <= packer->capacity);
    if (packer->visit.failed) {
        return 0;
    }
    packer->bytes[0] = HEAD_ARRAY_32;
    _msgpack_store32(packer->bytes + 1, packer->n_values);
    return packer->n_bytes;
}

/* The next n bytes, or NULL and failed. */
static const uint8_t *unpacker_take(struct unpacker *unpacker, size_t n_bytes)
{
    if (unpacker->visit.failed || unpacker->n_bytes - unpacker->at < n_bytes) {
        unpacker->visit.failed = true;
        return NULL;
    }
    const uint8_t *taken = unpacker->bytes + unpacker->at;
    unpacker->at += n_bytes;
    return taken;
}

/* Head of the next value of the array; 0xc1, which msgpack never uses, when there is none. */
static uint8_t unpacker_head(struct unpacker *unpacker)
{
    if (unpacker->n_values == 0) {
        unpacker->visit.failed = true;
    }
    const uint8_t *head = unpacker_take(unpacker, 1);
    if (head == NULL) {
        return 0xc1;
    }
    unpacker->n_values--;
    return *head;
}

static uint64_t big_endian(const uint8_t *bytes, size_t n_bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Bytes that follow the head and must not be smaller than least, the first value that needs them.
 */
static bool unpacker_tail(struct unpacker *unpacker, size_t n_bytes, uint64_t least,
                          uint64_t *ret_value)
{
    const uint8_t *bytes = unpacker_take(unpacker, n_bytes);
    if (bytes == NULL) {
        return false;
    }
    uint64_t value = big_endian(bytes, n_bytes);
    if (value < least) {
        unpacker->visit.failed = true;
        return false;
    }
    *ret_value = value;
    return true;
}

/* A number that is not negative, whose head has been read. */
static uint64_t unsigned_value(struct unpacker *unpacker, uint8_t head)
{
    uint64_t value = 0;
    bool is_sound = true;
    if (head <= POSITIVE_FIX_MAX) {
        value = head;
    } else if (head == HEAD_UINT_8) {
        is_sound = unpacker_tail(unpacker, 1, POSITIVE_FIX_MAX + 1, &value);
    } else if (head == HEAD_UINT_16) {
        is_sound = unpacker_tail(unpacker, 2, UINT64_C(1) << 8, &value);
    } else if (head == HEAD_UINT_32) {
        is_sound = unpacker_tail(unpacker, 4, UINT64_C(1) << 16, &value);
    } else if (head == HEAD_UINT_64) {
        is_sound = unpacker_tail(unpacker, 8, UINT64_C(1) << 32, &value);
    } else {
        is_sound = false;
    }
    if (!is_sound) {
        unpacker->visit.failed = true;
        return 0;
    }
    return value;
}

/* A negative number of n bytes in two's complement, not above most, the first value that needs so
 * many. */
static int64_t negative_value(struct unpacker *unpacker, size_t n_bytes, int64_t most)
{
    uint64_t bits = 0;
    if (!unpacker_tail(unpacker, n_bytes, 0, &bits)) {
        return 0;
    }
    uint64_t sign = UINT64_C(1) << (8 * n_bytes - 1);
    /* The magnitude less one, which fits int64 also for the smallest number. */
    uint64_t low = ~bits & (sign - 1);
    int64_t value = -(int64_t)low - 1;
    if ((bits & sign) == 0 || value > most) {
        unpacker->visit.failed = true;
        return 0;
    }
    return value;
}

static void unpack_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)name;
    struct unpacker *unpacker = self;
    uint64_t read = unsigned_value(unpacker, unpacker_head(unpacker));
    if (read > max) {
        unpacker->visit.failed = true;
        read = 0;
    }
    *value = read;
}

static void unpack_i64(void *self, const char *name, int64_t *value)
{
    (void)name;
    struct unpacker *unpacker = self;
    uint8_t head = unpacker_head(unpacker);
    if (head >= HEAD_NEGATIVE_FIX) {
        *value = (int64_t)head - 256;
    } else if (head == HEAD_INT_8) {
        *value = negative_value(unpacker, 1, -33);
    } else if (head == HEAD_INT_16) {
        *value = negative_value(unpacker, 2, INT64_C(-129));
    } else if (head == HEAD_INT_32) {
        *value = negative_value(unpacker, 4, INT64_C(-32769));
    } else if (head == HEAD_INT_64) {
        *value = negative_value(unpacker, 8, INT64_C(-2147483649));
    } else {
        uint64_t read = unsigned_value(unpacker, head);
        bool fits = read <= INT64_MAX;
        unpacker->visit.failed = unpacker->visit.failed || !fits;
        *value = fits ? (int64_t)read : 0;
    }
}

static void unpack_f64(void *self, const char *name, double *value)
{
    (void)name;
    struct unpacker *unpacker = self;
    *value = 0;
    uint64_t bits = 0;
    if (unpacker_head(unpacker) != HEAD_FLOAT_64 || !unpacker_tail(unpacker, 8, 0, &bits)) {
        unpacker->visit.failed = true;
        return;
    }
    double read = 0;
    memcpy(&read, &bits, sizeof(read));
    double canonical = d_canonical(read);
    uint64_t canonical_bits = 0;
    memcpy(&canonical_bits, &canonical, sizeof(canonical_bits));
    if (canonical_bits != bits) {
        unpacker->visit.failed = true;
        return;
    }
    *value = read;
}

/* A bin of at most max_bytes; NULL when there is none. */
static const uint8_t *unpacker_bin(struct unpacker *unpacker, size_t max_bytes, size_t *ret_bytes)
{
    uint8_t head = unpacker_head(unpacker);
    uint64_t n_bytes = 0;
    bool is_sound = false;
    if (head == HEAD_BIN_8) {
        is_sound = unpacker_tail(unpacker, 1, 0, &n_bytes);
    } else if (head == HEAD_BIN_16) {
        is_sound = unpacker_tail(unpacker, 2, UINT64_C(1) << 8, &n_bytes);
    } else if (head == HEAD_BIN_32) {
        is_sound = unpacker_tail(unpacker, 4, UINT64_C(1) << 16, &n_bytes);
    }
    if (!is_sound || n_bytes > max_bytes) {
        unpacker->visit.failed = true;
        return NULL;
    }
    *ret_bytes = (size_t)n_bytes;
    return unpacker_take(unpacker, (size_t)n_bytes);
}

static void unpack_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    (void)name;
    struct unpacker *unpacker = self;
    memset(values, 0, n * sizeof(*values));
    size_t n_bytes = 0;
    const uint8_t *from = unpacker_bin(unpacker, n * sizeof(*values), &n_bytes);
    if (from == NULL) {
        return;
    }
    if (n_bytes % sizeof(*values) != 0) {
        unpacker->visit.failed = true;
        return;
    }
    size_t n_words = n_bytes / sizeof(*values);
    for (size_t i = 0; i < n_words; i++) {
        const uint8_t *word = from + i * sizeof(*values);
        values[i] = (uint32_t)word[0] | (uint32_t)word[1] << 8 | (uint32_t)word[2] << 16 |
                    (uint32_t)word[3] << 24;
    }
    if (n_words > 0 && values[n_words - 1] == 0) {
        unpacker->visit.failed = true;
    }
}

static void unpack_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)name;
    struct unpacker *unpacker = self;
    *value = (struct slice){.bytes = "", .n_bytes = 0};
    size_t n_bytes = 0;
    const uint8_t *from = unpacker_bin(unpacker, max_bytes, &n_bytes);
    if (from != NULL) {
        *value = (struct slice){.bytes = (const char *)from, .n_bytes = n_bytes};
    }
}

static const struct visit_ops unpack_ops = {
    .u64 = unpack_u64,
    .i64 = unpack_i64,
    .f64 = unpack_f64,
    .u32s = unpack_u32s,
    .bytes = unpack_bytes,
    .begin = no_begin,
    .end = no_end,
};

void unpacker_init(struct unpacker *unpacker, const uint8_t *bytes, size_t n_bytes)
{
    *unpacker = (struct unpacker){
        .visit = {.ops = &unpack_ops, .self = unpacker, .reading = true},
        .bytes = bytes,
        .n_bytes = n_bytes,
    };
    const uint8_t *head = unpacker_take(unpacker, FRAME_HEAD_BYTES);
    if (head == NULL || head[0] != HEAD_ARRAY_32) {
        unpacker->visit.failed = true;
        return;
    }
    unpacker->n_values = (uint32_t)big_endian(head + 1, 4);
}

bool unpacker_is_done(const struct unpacker *unpacker)
{
    return !unpacker->visit.failed && unpacker->at == unpacker->n_bytes && unpacker->n_values == 0;
}

/* A visit takes what it could write to; a packing visitor does not change it. */
size_t codec_pack_event(const struct event *event, uint8_t *bytes, size_t capacity)
{
    struct packer packer;
    packer_init(&packer, bytes, capacity);
    event_visit(&packer.visit, (struct event *)event);
    return packer_close(&packer);
}

size_t codec_pack_outcome(const struct advice *advice, const struct effects *effects,
                          uint8_t *bytes, size_t capacity)
{
    struct packer packer;
    packer_init(&packer, bytes, capacity);
    advice_visit(&packer.visit, (struct advice *)advice);
    effects_visit(&packer.visit, (struct effects *)effects);
    return packer_close(&packer);
}

size_t codec_pack_state(struct steward *steward, uint8_t *bytes, size_t capacity)
{
    struct packer packer;
    packer_init(&packer, bytes, capacity);
    steward_visit(steward, &packer.visit);
    return packer_close(&packer);
}

bool codec_unpack_event(const uint8_t *bytes, size_t n_bytes, struct event *ret_event)
{
    memset(ret_event, 0, sizeof(*ret_event));
    struct unpacker unpacker;
    unpacker_init(&unpacker, bytes, n_bytes);
    event_visit(&unpacker.visit, ret_event);
    return unpacker_is_done(&unpacker);
}

bool codec_unpack_outcome(const uint8_t *bytes, size_t n_bytes, struct advice *ret_advice,
                          struct effects *ret_effects)
{
    struct unpacker unpacker;
    unpacker_init(&unpacker, bytes, n_bytes);
    advice_visit(&unpacker.visit, ret_advice);
    effects_visit(&unpacker.visit, ret_effects);
    return unpacker_is_done(&unpacker);
}

bool codec_unpack_state(const uint8_t *bytes, size_t n_bytes, struct steward *steward)
{
    struct unpacker unpacker;
    unpacker_init(&unpacker, bytes, n_bytes);
    steward_visit(steward, &unpacker.visit);
    return unpacker_is_done(&unpacker);
}
