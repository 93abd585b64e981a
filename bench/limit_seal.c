/* SPDX-License-Identifier: Apache-2.0 */
/* Bare calls of the library for what the audit trail is sealed with. */
#include "bench/limits.h"

#include <sodium.h>
#include <stdlib.h>

uint64_t limit_sha256(size_t n_bytes, uint64_t n)
{
    enum { NODE = 65 }; /* A byte 1 and two hashes: on average one a leaf. */
    uint8_t *source = calloc(1, n_bytes + NODE), hash[crypto_hash_sha256_BYTES] = {0};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n && source != NULL; i++) {
        source[0] = (uint8_t)i;
        (void)crypto_hash_sha256(hash, source, n_bytes); /* Cannot fail. */
        source[1] = hash[0];
        (void)crypto_hash_sha256(hash, source, NODE); /* Nor this. */
        sum += hash[0];
    }
    free(source);
    return sum;
}

uint64_t limit_sign(const uint8_t *text, size_t n_bytes, uint64_t n)
{
    uint8_t point[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES],
        seed[crypto_sign_SEEDBYTES] = {1}, signature[crypto_sign_BYTES];
    uint64_t n_signed = 0;
    (void)crypto_sign_seed_keypair(point, secret, seed); /* Cannot fail. */
    for (uint64_t i = 0; i < n; i++) {
        n_signed += crypto_sign_detached(signature, NULL, text, n_bytes, secret) == 0 ? 1 : 0;
    }
    return n_signed;
}

uint64_t limit_verify(const uint8_t *text, size_t n_bytes, uint64_t n)
{
    uint8_t point[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES],
        seed[crypto_sign_SEEDBYTES] = {1}, signature[crypto_sign_BYTES];
    uint64_t n_sound = 0;
    (void)crypto_sign_seed_keypair(point, secret, seed);                /* Cannot fail. */
    (void)crypto_sign_detached(signature, NULL, text, n_bytes, secret); /* A wrong one counts as none. */
    for (uint64_t i = 0; i < n; i++) {
        n_sound += crypto_sign_verify_detached(signature, text, n_bytes, point) == 0 ? 1 : 0;
    }
    return n_sound;
}
