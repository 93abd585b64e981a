/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time over one heap: the next occurrence decides what time it is. */
#include "sim/engine/engine.h"

#include <string.h>

#include "core/base/assert.h"

_Static_assert(sizeof(struct occurrence) == 16, "no padding enters the queue");

struct engine {
    int64_t now, horizon;
    uint64_t count;
    uint64_t unused; /* Keeps the heap behind it on 16 bytes. */
};

_Static_assert(sizeof(struct engine) % 16 == 0, "the heap lies right behind");

static struct heap *heap_of(const struct engine *engine)
{
    return (struct heap *)((uintptr_t)engine + sizeof(struct engine));
}

size_t engine_size(void)
{
    return sizeof(struct engine) + heap_size(OCCURRENCES_MAX, sizeof(struct occurrence));
}

struct engine *engine_init(void *block, int64_t horizon_ns)
{
    ASSERT(horizon_ns >= 0);
    struct engine *engine = block;
    *engine = (struct engine){.horizon = horizon_ns};
    (void)heap_init(heap_of(engine), OCCURRENCES_MAX,
                    sizeof(struct occurrence)); /* Found by its place. */
    return engine;
}

int64_t engine_now(const struct engine *engine) { return engine->now; }

struct heap_handle engine_at(struct engine *engine, int64_t at, struct occurrence occurrence)
{
    ASSERT(at >= engine->now);
    ASSERT(occurrence.owner < N_OWNERS);
    if (at > engine->horizon) {
        return (struct heap_handle){0};
    }
    return heap_push(heap_of(engine), at, occurrence.owner, &occurrence);
}

bool engine_cancel(struct engine *engine, struct heap_handle handle)
{
    return heap_cancel(heap_of(engine), handle);
}

bool engine_next(struct engine *engine, struct occurrence *ret_occurrence)
{
    struct heap_key key;
    if (!heap_pop(heap_of(engine), &key, ret_occurrence)) {
        engine->now = engine->horizon;
        return false;
    }
    ASSERT(key.at >= engine->now);
    engine->now = key.at;
    engine->count++;
    return true;
}

uint64_t engine_count(const struct engine *engine) { return engine->count; }
