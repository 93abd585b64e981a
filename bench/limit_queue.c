/* SPDX-License-Identifier: Apache-2.0 */
/* Bare loops of an event queue. Not part of what is measured: only what it is measured against. */
#include "bench/limits.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/prng.h"

enum {
    HEAP_MAX = 4096, /* More than the engine holds. */
    ROOT = 3         /* Children of i are 4 * (i - 2) .. + 3: four of them fill a cache line. */
};

struct key {
    uint64_t at, sequence;
};
struct heap4 {
    struct key keys[HEAP_MAX + 8];
    uint32_t n;
};

void limit_increments(uint64_t *increments)
{
    struct stream stream;
    stream_init(&stream, 42, "bench/increments", 0);
    for (uint32_t i = 0; i < INCREMENTS; i++) {
        increments[i] = 1 + (uint64_t)stream_exponential(&stream, 1e6);
    }
}

void limit_samples(double *gaussian, double *errors)
{
    struct stream normal, error;
    stream_init(&normal, 42, "bench/gaussian", 0);
    stream_init(&error, 42, "bench/errors", 0);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        gaussian[i] = stream_normal(&normal);
        errors[i] = stream_chance(&error, 0.1) ? 1.0 : 0.0;
    }
}

static int is_before(struct key a, struct key b)
{
    return a.at < b.at || (a.at == b.at && a.sequence < b.sequence);
}

static void push(struct heap4 *heap, struct key key)
{
    uint32_t i = ROOT + heap->n++;
    while (i > ROOT) {
        uint32_t parent = (i >> 2) + 2;
        if (!is_before(key, heap->keys[parent])) {
            break;
        }
        heap->keys[i] = heap->keys[parent];
        i = parent;
    }
    heap->keys[i] = key;
}

/* Lets key sink from the root. */
static void sink(struct heap4 *heap, struct key key)
{
    uint32_t i = ROOT, end = ROOT + heap->n;
    for (;;) {
        uint32_t first = 4 * (i - 2), least = first;
        if (first >= end) {
            break;
        }
        uint32_t last = first + 4 < end ? first + 4 : end;
        for (uint32_t child = first + 1; child < last; child++) {
            least = is_before(heap->keys[child], heap->keys[least]) ? child : least;
        }
        if (!is_before(heap->keys[least], key)) {
            break;
        }
        heap->keys[i] = heap->keys[least];
        i = least;
    }
    heap->keys[i] = key;
}

static struct key pop(struct heap4 *heap)
{
    struct key top = heap->keys[ROOT], key = heap->keys[ROOT + --heap->n];
    sink(heap, key);
    return top;
}

uint64_t limit_hold(const uint64_t *increments, uint32_t n_pending, uint64_t n)
{
    struct heap4 *heap = aligned_alloc(64, (sizeof(*heap) + 63) / 64 * 64);
    if (heap == NULL) {
        return 0;
    }
    heap->n = 0;
    uint64_t sequence = 0, sum = 0;
    for (uint32_t i = 0; i < n_pending; i++) {
        push(heap, (struct key){increments[sequence % INCREMENTS], sequence});
        sequence++;
    }
    for (uint64_t i = 0; i < n; i++) {
        struct key key = heap->keys[ROOT];
        sum = sum * 31 + key.at;
        key.at += increments[sequence % INCREMENTS];
        key.sequence = sequence++;
        sink(heap, key);
    }
    free(heap);
    return sum;
}

struct record64 {
    uint64_t words[8];
};

/* One server with a queue; it serves twice as fast as customers come. */
struct shop {
    struct heap4 heap;
    const uint64_t *increments;
    uint64_t now, sequence, waiting;
};
typedef void (*handler)(struct shop *shop);

static void schedule(struct shop *shop, uint64_t kind)
{
    uint64_t after = shop->increments[shop->sequence % INCREMENTS] >> kind;
    push(&shop->heap, (struct key){shop->now + after, shop->sequence++ << 8 | kind});
}

static void arrives(struct shop *shop)
{
    if (shop->waiting++ == 0) {
        schedule(shop, 1);
    }
    schedule(shop, 0);
}

static void leaves(struct shop *shop)
{
    if (--shop->waiting > 0) {
        schedule(shop, 1);
    }
}

static bool open_shop(const uint64_t *increments, struct shop **ret_shop)
{
    struct shop *shop = aligned_alloc(64, (sizeof(*shop) + 63) / 64 * 64);
    if (shop != NULL) {
        shop->heap.n = 0;
        shop->increments = increments;
        shop->now = shop->sequence = shop->waiting = 0;
        schedule(shop, 0);
        *ret_shop = shop;
    }
    return shop != NULL;
}

/* The event that is handled. */
static struct key serve(struct shop *shop)
{
    static const handler handlers[2] = {arrives, leaves};
    struct key key = pop(&shop->heap);
    shop->now = key.at;
    handlers[key.sequence & 1](shop);
    return key;
}

uint64_t limit_queue(const uint64_t *increments, uint64_t n)
{
    struct shop *shop = NULL;
    uint64_t sum = 0;
    if (open_shop(increments, &shop)) {
        for (uint64_t i = 0; i < n; i++) {
            struct key key = serve(shop);
            sum = sum * 31 + key.at;
        }
    }
    free(shop);
    return sum;
}

uint64_t limit_audited(const uint64_t *increments, uint64_t n)
{
    enum { RECORDS = 4096 };
    struct shop *shop = NULL;
    struct record64 *records = aligned_alloc(64, RECORDS * sizeof(*records));
    uint64_t chain = 0;
    if (records != NULL && open_shop(increments, &shop)) {
        for (uint64_t i = 0; i < n; i++) {
            struct key key = serve(shop);
            struct record64 *record = &records[i % RECORDS];
            *record = (struct record64){
                {i, key.at, key.sequence, shop->waiting, shop->sequence, shop->heap.n, 0, chain}};
            chain = XXH3_64bits(record, sizeof(*record));
        }
    }
    free(shop);
    free(records);
    return chain;
}
