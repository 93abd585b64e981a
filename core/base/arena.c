/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation on a given block. */
#include "core/base/arena.h"

#include <string.h>

#include "core/base/assert.h"

enum { ALIGNMENT = 16 };

size_t arena_cost(size_t bytes)
{
    ASSERT(bytes <= SIZE_MAX - ALIGNMENT);
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void arena_init(struct arena *arena, void *block, size_t block_bytes)
{
    ASSERT(block != NULL);
    ASSERT((uintptr_t)block % ALIGNMENT == 0);
    memset(block, 0, block_bytes);
    *arena = (struct arena){.block = block, .block_bytes = block_bytes};
}

void *arena_take(struct arena *arena, size_t bytes)
{
    size_t cost = arena_cost(bytes);
    ASSERT(!arena->sealed);
    ASSERT(cost <= arena->block_bytes - arena->used_bytes);
    void *taken = arena->block + arena->used_bytes;
    arena->used_bytes += cost;
    return taken;
}

void arena_seal(struct arena *arena) { arena->sealed = true; }
