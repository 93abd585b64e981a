/* SPDX-License-Identifier: Apache-2.0 */
/* 4-ary heap of slots: payloads stay where they are, only 32-byte keys move. */
#include "core/base/heap.h"

#include <string.h>

#include "core/base/assert.h"

enum { ARITY = 4 };
#define NO_SLOT UINT32_MAX

struct node {
    struct heap_key key;
    uint32_t slot;
};

struct slot {
    uint32_t generation; /* Odd while pending. */
    uint32_t place;      /* Index of its node while pending; next free slot otherwise. */
};

/* In the block: heap, nodes, slots, payloads; found by offset, so that the block may be copied. */
struct heap {
    uint64_t next_sequence;
    uint32_t capacity, count, payload_bytes, first_free;
};

_Static_assert(sizeof(struct node) == 32, "two keys a cache line");

static size_t round_up(size_t bytes) { return (bytes + 15) / 16 * 16; }

static struct node *nodes_of(const struct heap *heap)
{
    return (struct node *)((uintptr_t)heap + round_up(sizeof(struct heap)));
}

static struct slot *slots_of(const struct heap *heap)
{
    return (struct slot *)((uintptr_t)nodes_of(heap) + round_up(heap->capacity * sizeof(struct node)));
}

static uint8_t *payload_of(const struct heap *heap, uint32_t slot)
{
    uintptr_t payloads = (uintptr_t)slots_of(heap) + round_up(heap->capacity * sizeof(struct slot));
    return (uint8_t *)(payloads + (size_t)slot * heap->payload_bytes);
}

size_t heap_size(uint32_t capacity, uint32_t payload_bytes)
{
    return round_up(sizeof(struct heap)) + round_up(capacity * sizeof(struct node)) +
           round_up(capacity * sizeof(struct slot)) + round_up((size_t)capacity * payload_bytes);
}

struct heap *heap_init(void *block, uint32_t capacity, uint32_t payload_bytes)
{
    ASSERT(capacity >= 1);
    ASSERT(payload_bytes >= 1);
    ASSERT((uintptr_t)block % 16 == 0);
    memset(block, 0, heap_size(capacity, payload_bytes));
    struct heap *heap = block;
    heap->capacity = capacity;
    heap->payload_bytes = payload_bytes;
    for (uint32_t i = 0; i < capacity; i++) {
        slots_of(heap)[i].place = i + 1 < capacity ? i + 1 : NO_SLOT;
    }
    return heap;
}

uint32_t heap_count(const struct heap *heap) { return heap->count; }

bool heap_is_full(const struct heap *heap) { return heap->count == heap->capacity; }

static bool is_before(const struct heap_key *a, const struct heap_key *b)
{
    if (a->at != b->at) {
        return a->at < b->at;
    }
    if (a->class != b->class) {
        return a->class < b->class;
    }
    return a->sequence < b->sequence;
}

static void put_node(struct heap *heap, uint32_t place, struct node node)
{
    nodes_of(heap)[place] = node;
    slots_of(heap)[node.slot].place = place;
}

static void sift_up(struct heap *heap, uint32_t place, struct node node)
{
    while (place > 0) {
        uint32_t parent = (place - 1) / ARITY;
        if (!is_before(&node.key, &nodes_of(heap)[parent].key)) {
            break;
        }
        put_node(heap, place, nodes_of(heap)[parent]);
        place = parent;
    }
    put_node(heap, place, node);
}

static void sift_down(struct heap *heap, uint32_t place, struct node node)
{
    const struct node *nodes = nodes_of(heap);
    for (;;) {
        uint32_t first = place * ARITY + 1;
        if (first >= heap->count) {
            break;
        }
        uint32_t end = first + ARITY < heap->count ? first + ARITY : heap->count;
        uint32_t least = first;
        for (uint32_t i = first + 1; i < end; i++) {
            least = is_before(&nodes[i].key, &nodes[least].key) ? i : least;
        }
        if (!is_before(&nodes[least].key, &node.key)) {
            break;
        }
        put_node(heap, place, nodes[least]);
        place = least;
    }
    put_node(heap, place, node);
}

struct heap_handle heap_push(struct heap *heap, int64_t at, uint32_t class, const void *payload)
{
    ASSERT(!heap_is_full(heap));
    uint32_t slot = heap->first_free;
    struct slot *taken = &slots_of(heap)[slot];
    heap->first_free = taken->place;
    taken->generation++;
    memcpy(payload_of(heap, slot), payload, heap->payload_bytes);
    struct node node = {{at, class, heap->next_sequence++}, slot};
    sift_up(heap, heap->count++, node);
    return (struct heap_handle){(uint64_t)taken->generation << 32 | slot};
}

bool heap_peek(const struct heap *heap, struct heap_key *ret_key)
{
    if (heap->count == 0) {
        return false;
    }
    *ret_key = nodes_of(heap)[0].key;
    return true;
}

/* Takes the node at place out and frees its slot. */
static void take_out(struct heap *heap, uint32_t place)
{
    uint32_t slot = nodes_of(heap)[place].slot;
    struct node last = nodes_of(heap)[--heap->count];
    if (place < heap->count) {
        bool is_up = place > 0 && is_before(&last.key, &nodes_of(heap)[(place - 1) / ARITY].key);
        if (is_up) {
            sift_up(heap, place, last);
        } else {
            sift_down(heap, place, last);
        }
    }
    struct slot *freed = &slots_of(heap)[slot];
    freed->generation++;
    freed->place = heap->first_free;
    heap->first_free = slot;
}

bool heap_pop(struct heap *heap, struct heap_key *ret_key, void *ret_payload)
{
    if (!heap_peek(heap, ret_key)) {
        return false;
    }
    memcpy(ret_payload, payload_of(heap, nodes_of(heap)[0].slot), heap->payload_bytes);
    take_out(heap, 0);
    return true;
}

bool heap_cancel(struct heap *heap, struct heap_handle handle)
{
    uint32_t slot = (uint32_t)handle.value, generation = (uint32_t)(handle.value >> 32);
    bool is_pending = slot < heap->capacity && generation % 2 == 1 &&
                      slots_of(heap)[slot].generation == generation;
    if (is_pending) {
        take_out(heap, slots_of(heap)[slot].place);
    }
    return is_pending;
}
