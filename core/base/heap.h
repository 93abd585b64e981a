/* SPDX-License-Identifier: Apache-2.0 */
/* 4-ary min-heap over a strict total order (at, class, sequence) with cancel by handle; storage is
 * given. */
#ifndef CORE_BASE_HEAP_H
#define CORE_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Handle of a pending entry: slot and generation, 0 is none. Survives moves; a stale handle is
 * refused. */
struct heap_handle {
    uint64_t value;
};

struct heap_key {
    int64_t at;        /* Nanoseconds. */
    uint32_t class;    /* Smaller first among equal times. */
    uint64_t sequence; /* Assigned at push; unique. */
};

struct heap; /* Opaque: lives in the given block, holds no pointers outside it. */

size_t heap_size(uint32_t capacity, uint32_t payload_bytes);
/* Lays the heap into block (16-aligned, heap_size() bytes) and returns it. */
struct heap *heap_init(void *block, uint32_t capacity, uint32_t payload_bytes);
uint32_t heap_count(const struct heap *heap);
bool heap_is_full(const struct heap *heap);
/* Copies payload in. A full heap is a bug: ask heap_is_full first where that can happen. */
struct heap_handle heap_push(struct heap *heap, int64_t at, uint32_t class, const void *payload);
/* False when empty. */
bool heap_peek(const struct heap *heap, struct heap_key *ret_key);
bool heap_pop(struct heap *heap, struct heap_key *ret_key, void *ret_payload);
/* False when the entry is gone already. */
bool heap_cancel(struct heap *heap, struct heap_handle handle);

#endif
