/* SPDX-License-Identifier: Apache-2.0 */
/* Merkle tree of RFC 6962 over SHA-256: grown leaf by leaf, with proofs of inclusion and of consistency. */
#ifndef REPLAY_MERKLE_H
#define REPLAY_MERKLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

enum { MERKLE_BYTES = 32, MERKLE_LEVELS_MAX = 64 /* A size has 64 bits. */ };

struct merkle_hash {
    uint8_t bytes[MERKLE_BYTES];
};

/* SHA-256 of 0x00 and the bytes of the leaf; of 0x01 and the two below. */
struct merkle_hash merkle_leaf(struct slice bytes);
struct merkle_hash merkle_node(const struct merkle_hash *left, const struct merkle_hash *right);
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/* What must be kept of a tree to go on: the roots of the whole subtrees, one for each bit that is set in the size. */
struct merkle_tree {
    uint64_t size;
    struct merkle_hash whole[MERKLE_LEVELS_MAX];
};
void merkle_init(struct merkle_tree *tree);
void merkle_push(struct merkle_tree *tree, const struct merkle_hash *leaf);
/* Of an empty tree: SHA-256 of nothing. */
struct merkle_hash merkle_root(const struct merkle_tree *tree);

/* Hashes from the leaf's sibling up to the child of the root. */
struct merkle_proof {
    uint32_t n_hashes;
    struct merkle_hash hashes[MERKLE_LEVELS_MAX];
};
/* From the hashes of all leaves. index < size. */
void merkle_prove_inclusion(const struct merkle_hash *leaves, uint64_t size, uint64_t index,
                            struct merkle_proof *ret_proof);
/* That the tree of `before` leaves is the beginning of the tree of `size` leaves. 1 <= before <= size. */
void merkle_prove_consistency(const struct merkle_hash *leaves, uint64_t size, uint64_t before,
                              struct merkle_proof *ret_proof);
bool merkle_is_included(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
                        const struct merkle_hash *hashes, uint64_t n_hashes,
                        const struct merkle_hash *root);
/* Nothing is proved about an empty tree: before = 0 is refused. */
bool merkle_is_consistent(uint64_t before, uint64_t size, const struct merkle_hash *hashes,
                          uint64_t n_hashes, const struct merkle_hash *root_before,
                          const struct merkle_hash *root);

#endif
