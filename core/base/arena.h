/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation on one given block, sealed after init: nothing allocates while an episode runs.
 */
#ifndef CORE_BASE_ARENA_H
#define CORE_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena {
    uint8_t *block; /* Borrowed; aligned to 16. */
    size_t block_bytes;
    size_t used_bytes;
    bool sealed;
};

/* block must be 16-aligned and is zeroed whole, so padding never differs between runs. */
void arena_init(struct arena *arena, void *block, size_t block_bytes);
/* 16-aligned, zeroed, never NULL: asking for more than the block holds, or after the seal, is a
 * bug. */
void *arena_take(struct arena *arena, size_t bytes);
void arena_seal(struct arena *arena);
/* Bytes one arena_take(bytes) uses; for *_size() functions. */
size_t arena_cost(size_t bytes);

#endif
