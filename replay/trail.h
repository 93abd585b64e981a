/* SPDX-License-Identifier: Apache-2.0 */
/* The audit trail of a journal: the tree over its frames, with roots and checkpoints at intervals and at the end. The writer makes it as it
 * goes; the verifier makes it again and compares. */
#ifndef REPLAY_TRAIL_H
#define REPLAY_TRAIL_H

#include "replay/checkpoint.h"
#include "replay/note.h"
#include "replay/sql.h"

enum {
    TRAIL_EVERY = 256, /* Frames between two checkpoints: a signature takes longer than a frame. */
    TRAIL_HEAD_BYTES = 40,  /* Of a leaf. */
    TRAIL_NOTE_BYTES = 2048 /* A checkpoint: origin, size, root, four digests, one signature. */
};

struct trail_frame {
    int64_t run, sequence, at, kind;
    struct slice body, chain;
};
/* Leaf of a frame: run, seq, at_ns, kind and the length of body as 8 bytes each, big-endian; body; chain. The head of it: */
void trail_head(const struct trail_frame *frame, uint8_t ret_head[TRAIL_HEAD_BYTES]);
/* SHA-256 of 0x00 and the leaf. */
struct merkle_hash trail_leaf(const struct trail_frame *frame);

struct trail {
    sqlite3 *from; /* Has runs, documents, truth, snapshots. */
    sqlite3 *into; /* Gets rows of tree and checkpoint; may be the same. */
    const char *path;
    const struct note_key *key;       /* NULL: no checkpoints. */
    const struct note_signer *signer; /* NULL: their text alone. */
    sqlite3_stmt *put_tree, *put_checkpoint;
    struct merkle_tree tree;
    char closed[512]; /* Extension lines of the closing checkpoint; empty before the end. */
    char origin[NOTE_NAME_MAX + 32]; /* Name of the key, slash, 16 digits of the digest of the first run's row. */
};

/* An empty tree without a key. trail_close is due whatever is returned. */
enum err trail_open(struct trail *trail, sqlite3 *from, sqlite3 *into, const char *path,
                    struct err_text *ret_text) MUST_USE;
/* The next frame, in the order of run and seq. */
enum err trail_add(struct trail *trail, const struct merkle_hash *leaf,
                   struct err_text *ret_text) MUST_USE;
/* The closing row. */
enum err trail_end(struct trail *trail, struct err_text *ret_text) MUST_USE;
void trail_close(struct trail *trail);

#endif
