/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3-128 chains over packed frames. Every block that is hashed begins with the digest before it
 * and the lengths of its parts, so that no two ways to cut the same bytes give the same
 * fingerprint. */
#include "core/formats/fingerprint.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/types/ident.h"

enum { HEAD_BYTES = 32 };

static void store_le64(uint8_t *bytes, uint64_t value)
{
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

static struct digest128 digest_of(XXH128_hash_t hash)
{
    return (struct digest128){.hi = hash.high64, .lo = hash.low64};
}

static void head_of(uint8_t ret_head[HEAD_BYTES], struct digest128 before, uint64_t a, uint64_t b)
{
    store_le64(ret_head, before.hi);
    store_le64(ret_head + 8, before.lo);
    store_le64(ret_head + 16, a);
    store_le64(ret_head + 24, b);
}

struct digest128 fingerprint_begin(const uint8_t *identity, size_t n_bytes)
{
    static const uint8_t nothing[1];
    return fingerprint_add((struct digest128){0, 0}, identity, n_bytes, nothing, 0);
}

struct digest128 fingerprint_begin_run(uint8_t arm, uint8_t mind, uint64_t seed)
{
    uint8_t identity[10] = {arm, mind};
    store_le64(identity + 2, seed);
    return fingerprint_begin(identity, sizeof(identity));
}

struct digest128 fingerprint_add(struct digest128 before, const uint8_t *event, size_t event_bytes,
                                 const uint8_t *outcome, size_t outcome_bytes)
{
    uint8_t head[HEAD_BYTES];
    head_of(head, before, event_bytes, outcome_bytes);
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    (void)XXH3_128bits_reset(&state); /* These fail on NULL arguments only. */
    (void)XXH3_128bits_update(&state, head, sizeof(head));
    (void)XXH3_128bits_update(&state, event, event_bytes);
    (void)XXH3_128bits_update(&state, outcome, outcome_bytes);
    return digest_of(XXH3_128bits_digest(&state));
}

struct digest128 fingerprint_merge(struct digest128 before, struct digest128 run)
{
    uint8_t block[HEAD_BYTES];
    head_of(block, before, run.hi, run.lo);
    return digest_of(XXH3_128bits(block, sizeof(block)));
}

struct digest128 fingerprint_of(const void *bytes, size_t n_bytes)
{
    return digest_of(XXH3_128bits(bytes, n_bytes));
}

void fingerprint_hex(struct digest128 digest, char ret_hex[33])
{
    struct text text;
    text_init(&text, ret_hex, 33);
    digest128_put(&text, digest);
}
