/* SPDX-License-Identifier: Apache-2.0 */
/* One description of a struct, many uses: a function thing_visit(v, thing) names each field once,
 * in a fixed order, and the visitor packs it, unpacks it, digests it or writes it as text.
 * Addresses and padding can therefore enter nothing. */
#ifndef CORE_BASE_VISIT_H
#define CORE_BASE_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"

/* The primitives. Readers set *value; writers leave it. name is for people (text, divergence
 * reports) and is not encoded. */
struct visit_ops {
    void (*u64)(void *self, const char *name, uint64_t *value, uint64_t max);
    void (*i64)(void *self, const char *name, int64_t *value);
    void (*f64)(void *self, const char *name, double *value);
    /* Fixed-length array of counts: one blob op for the hot telemetry path. */
    void (*u32s)(void *self, const char *name, uint32_t *values, size_t n);
    /* Variable bytes; a reader points the slice into its input. Longer than max_bytes fails. */
    void (*bytes)(void *self, const char *name, struct slice *value, size_t max_bytes);
    /* Begin and end of a nested thing, for text and for frames; index -1 outside arrays. */
    void (*begin)(void *self, const char *name, int index);
    void (*end)(void *self);
};

struct visit {
    const struct visit_ops *ops;
    void *self;
    bool reading; /* True when the visitor sets fields: enums and counts must then be checked before
                     use. */
    bool failed;  /* Sticky. A reader that met a wrong type, a value out of range or the end of its
                     input. */
};

/* Helpers that narrow to the field's own width; out of range on reading sets failed and leaves the
 * field 0. */
void visit_bool(struct visit *visit, const char *name, bool *value);
void visit_u8(struct visit *visit, const char *name, uint8_t *value);
void visit_u16(struct visit *visit, const char *name, uint16_t *value);
void visit_u32(struct visit *visit, const char *name, uint32_t *value);
void visit_u64(struct visit *visit, const char *name, uint64_t *value);
void visit_i32(struct visit *visit, const char *name, int32_t *value);
void visit_i64(struct visit *visit, const char *name, int64_t *value);
void visit_f64(struct visit *visit, const char *name, double *value);
void visit_u32s(struct visit *visit, const char *name, uint32_t *values, size_t n);
/* An enum or a count kept in an int-sized field: 0 .. n_values-1. */
void visit_enum(struct visit *visit, const char *name, void *enum_field, size_t field_bytes,
                uint32_t n_values);
#define VISIT_ENUM(visit, thing, field, n_values)                                                  \
    visit_enum((visit), #field, &(thing)->field, sizeof(thing)->field, (uint32_t)(n_values))
/* NUL-terminated text in a fixed array. */
void visit_chars(struct visit *visit, const char *name, char *chars, size_t capacity);
void visit_slice(struct visit *visit, const char *name, struct slice *value, size_t max_bytes);
void visit_begin(struct visit *visit, const char *name, int index);
void visit_end(struct visit *visit);

/* A visitor that digests: feeds little-endian bytes to XXH3-128. */
struct digest128 {
    uint64_t hi, lo;
};
struct visit_digest {
    struct visit visit;
    uint8_t buffer[4096];
    size_t n_bytes;
    struct digest128 chain; /* Digest so far, renewed at every full buffer: XXH3-128 seeded by
                               chain.lo, mixed with chain.hi. */
};
void visit_digest_init(struct visit_digest *digest);
struct digest128 visit_digest_close(struct visit_digest *digest);

#endif
