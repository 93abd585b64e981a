/* SPDX-License-Identifier: Apache-2.0 */
/* Bare loops. Not part of what is measured: only what it is measured against. */
#include "bench/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/prng.h"

enum {
    HEAP_MAX = 4096,
    ROOT = 3 /* Children of i are 4 * (i - 2) .. + 3: four of them fill a cache line. */
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

uint64_t limit_audited(const uint64_t *increments, uint64_t n)
{
    enum { RECORDS = 4096 };
    static const handler handlers[2] = {arrives, leaves};
    struct shop *shop = aligned_alloc(64, (sizeof(*shop) + 63) / 64 * 64);
    struct record64 *records = aligned_alloc(64, RECORDS * sizeof(*records));
    uint64_t chain = 0;
    if (shop != NULL && records != NULL) {
        shop->heap.n = 0;
        shop->increments = increments;
        shop->now = shop->sequence = shop->waiting = 0;
        schedule(shop, 0);
        for (uint64_t i = 0; i < n; i++) {
            struct key key = pop(&shop->heap);
            shop->now = key.at;
            handlers[key.sequence & 1](shop);
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

uint64_t limit_append(size_t n_bytes, uint64_t n)
{
    enum { BUFFER = 1 << 20 };
    uint8_t *buffer = calloc(1, BUFFER), *source = calloc(1, n_bytes);
    size_t at = 0;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n && buffer != NULL && source != NULL; i++) {
        source[0] = (uint8_t)i;
        memcpy(buffer + at, source, n_bytes);
        sum += buffer[at];
        at = at + 2 * n_bytes < BUFFER ? at + n_bytes : 0;
    }
    free(buffer);
    free(source);
    return sum;
}

uint64_t limit_write(size_t n_bytes, uint64_t n)
{
    FILE *stream = tmpfile();
    uint8_t *source = calloc(1, n_bytes);
    uint64_t n_written = 0;
    if (stream != NULL && source != NULL && setvbuf(stream, NULL, _IONBF, 0) == 0) {
        for (uint64_t i = 0; i < n; i++) {
            n_written += fwrite(source, 1, n_bytes, stream) == n_bytes ? 1 : 0;
        }
    }
    free(source);
    if (stream != NULL) {
        (void)fclose(stream); /* Thrown away. */
    }
    return n_written;
}

double limit_psi(size_t n_bins, uint64_t n)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        for (size_t b = 0; b < n_bins; b++) {
            double p = 0.01 + (double)((i + 7 * b) & 63), q = 0.02 + (double)(b + 1);
            sum += (p - q) * log(p / q);
        }
    }
    return sum;
}

double limit_sums(uint64_t n)
{
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    for (uint64_t i = 0; i < n; i++) {
        double failures = (double)(i & 7), others = 60.0 - failures;
        for (int k = 0; k < 4; k++) {
            double weight = 0.2 + 0.1 * k;
            sums[k] = (sums[k] + 1.0) * exp(failures * weight - others * 0.05 * weight);
            sums[k] = sums[k] > 1e12 ? 1e12 : sums[k];
        }
    }
    return sums[0] + sums[1] + sums[2] + sums[3];
}
