/* SPDX-License-Identifier: Apache-2.0 */
/* Merkle tree. Proofs are made as RFC 6962 2.1.1 and 2.1.2 define them, walked from the root down instead of by recursion; they are checked
 * by the algorithms of RFC 9162 2.1.3.2 and 2.1.4.2, which share nothing with the making. */
#include "replay/merkle.h"

#include <sodium.h>
#include <string.h>

#include "core/base/assert.h"

static struct merkle_hash hash_parts(uint8_t prefix, struct slice first, struct slice second)
{
    crypto_hash_sha256_state state;
    struct merkle_hash hash;
    (void)crypto_hash_sha256_init(&state); /* These four cannot fail. */
    (void)crypto_hash_sha256_update(&state, &prefix, 1);
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)first.bytes, first.n_bytes);
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)second.bytes, second.n_bytes);
    (void)crypto_hash_sha256_final(&state, hash.bytes);
    return hash;
}

struct merkle_hash merkle_leaf(struct slice bytes)
{
    return hash_parts(0, bytes, (struct slice){"", 0});
}

struct merkle_hash merkle_node(const struct merkle_hash *left, const struct merkle_hash *right)
{
    return hash_parts(1, (struct slice){(const char *)left->bytes, MERKLE_BYTES},
                      (struct slice){(const char *)right->bytes, MERKLE_BYTES});
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, MERKLE_BYTES) == 0;
}

void merkle_init(struct merkle_tree *tree) { memset(tree, 0, sizeof(*tree)); }

void merkle_push(struct merkle_tree *tree, const struct merkle_hash *leaf)
{
    ASSERT(tree->size < UINT64_MAX);
    struct merkle_hash hash = *leaf;
    uint32_t level = 0;
    for (; (tree->size >> level & 1) != 0; level++) {
        hash = merkle_node(&tree->whole[level], &hash);
    }
    tree->whole[level] = hash;
    tree->size++;
}

struct merkle_hash merkle_root(const struct merkle_tree *tree)
{
    struct merkle_hash root;
    (void)crypto_hash_sha256(root.bytes, NULL, 0); /* Of nothing; cannot fail. */
    bool is_first = true;
    for (uint32_t level = 0; level < MERKLE_LEVELS_MAX; level++) {
        if ((tree->size >> level & 1) != 0) {
            root = is_first ? tree->whole[level] : merkle_node(&tree->whole[level], &root);
            is_first = false;
        }
    }
    return root;
}

static struct merkle_hash root_of(const struct merkle_hash *leaves, uint64_t size)
{
    struct merkle_tree tree;
    merkle_init(&tree);
    for (uint64_t i = 0; i < size; i++) {
        merkle_push(&tree, &leaves[i]);
    }
    return merkle_root(&tree);
}

/* Largest power of two below size; size >= 2. */
static uint64_t split_of(uint64_t size)
{
    uint64_t split = 1;
    while (split < size - split) {
        split *= 2;
    }
    return split;
}

static void proof_put(struct merkle_proof *proof, struct merkle_hash hash)
{
    ASSERT(proof->n_hashes < MERKLE_LEVELS_MAX);
    proof->hashes[proof->n_hashes++] = hash;
}

/* Collected from the root down, told from the leaf up. */
static void proof_reverse(struct merkle_proof *proof)
{
    for (uint32_t i = 0; i < proof->n_hashes / 2; i++) {
        struct merkle_hash hash = proof->hashes[i];
        proof->hashes[i] = proof->hashes[proof->n_hashes - 1 - i];
        proof->hashes[proof->n_hashes - 1 - i] = hash;
    }
}

void merkle_prove_inclusion(const struct merkle_hash *leaves, uint64_t size, uint64_t index,
                            struct merkle_proof *ret_proof)
{
    ASSERT(index < size);
    ret_proof->n_hashes = 0;
    while (size > 1) {
        uint64_t split = split_of(size);
        if (index < split) {
            proof_put(ret_proof, root_of(leaves + split, size - split));
            size = split;
        } else {
            proof_put(ret_proof, root_of(leaves, split));
            leaves += split;
            index -= split;
            size -= split;
        }
    }
    proof_reverse(ret_proof);
}

void merkle_prove_consistency(const struct merkle_hash *leaves, uint64_t size, uint64_t before,
                              struct merkle_proof *ret_proof)
{
    ASSERT(before >= 1);
    ASSERT(before <= size);
    bool is_known = true; /* The subtree is the whole earlier tree, whose root the other side has. */
    ret_proof->n_hashes = 0;
    while (before != size) {
        uint64_t split = split_of(size);
        if (before <= split) {
            proof_put(ret_proof, root_of(leaves + split, size - split));
            size = split;
        } else {
            proof_put(ret_proof, root_of(leaves, split));
            leaves += split;
            before -= split;
            size -= split;
            is_known = false;
        }
    }
    if (!is_known) {
        proof_put(ret_proof, root_of(leaves, size));
    }
    proof_reverse(ret_proof);
}

/* Place of a node and of the last node on the same level. */
struct place {
    uint64_t node, last;
};

static bool is_right(const struct place *place)
{
    return (place->node & 1) != 0 || place->node == place->last;
}

static void climb(struct place *place)
{
    place->node >>= 1;
    place->last >>= 1;
}

/* A last node without a sibling stands for its parents until it has one. */
static void climb_alone(struct place *place)
{
    while ((place->node & 1) == 0 && place->node != 0) {
        climb(place);
    }
}

bool merkle_is_included(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
                        const struct merkle_hash *hashes, uint64_t n_hashes,
                        const struct merkle_hash *root)
{
    if (index >= size) {
        return false;
    }
    struct place place = {index, size - 1};
    struct merkle_hash hash = *leaf;
    for (uint64_t i = 0; i < n_hashes; i++) {
        if (place.last == 0) {
            return false;
        }
        if (is_right(&place)) {
            hash = merkle_node(&hashes[i], &hash);
            climb_alone(&place);
        } else {
            hash = merkle_node(&hash, &hashes[i]);
        }
        climb(&place);
    }
    return place.last == 0 && merkle_equal(&hash, root);
}

bool merkle_is_consistent(uint64_t before, uint64_t size, const struct merkle_hash *hashes,
                          uint64_t n_hashes, const struct merkle_hash *root_before,
                          const struct merkle_hash *root)
{
    if (before == 0 || before > size) {
        return false;
    }
    if (before == size) {
        return n_hashes == 0 && merkle_equal(root_before, root);
    }
    bool is_whole = (before & (before - 1)) ==
                    0; /* Its root is a node of the later tree, and not repeated in the proof. */
    if (n_hashes == 0) {
        return false;
    }
    struct place place = {before - 1, size - 1};
    while ((place.node & 1) != 0) {
        climb(&place);
    }
    struct merkle_hash old = is_whole ? *root_before : hashes[0];
    struct merkle_hash now = old;
    for (uint64_t i = is_whole ? 0 : 1; i < n_hashes; i++) {
        if (place.last == 0) {
            return false;
        }
        if (is_right(&place)) {
            old = merkle_node(&hashes[i], &old);
            now = merkle_node(&hashes[i], &now);
            climb_alone(&place);
        } else {
            now = merkle_node(&now, &hashes[i]);
        }
        climb(&place);
    }
    return place.last == 0 && merkle_equal(&old, root_before) && merkle_equal(&now, root);
}
