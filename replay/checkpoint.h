/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of C2SP (c2sp.org/tlog-checkpoint): the text of a note that names a log, its size and its root. */
#ifndef REPLAY_CHECKPOINT_H
#define REPLAY_CHECKPOINT_H

#include "replay/merkle.h"

enum { CHECKPOINT_ROOT_TEXT = 45 /* 44 characters of base64, NUL. */ };

struct checkpoint {
    struct slice origin;
    uint64_t size;
    struct merkle_hash root;
    struct slice extensions; /* Whole lines, may be empty. */
};

/* Strict: the one way in which checkpoint_write writes. Slices into text. */
bool checkpoint_parse(struct slice text, struct checkpoint *ret_checkpoint);
void checkpoint_write(const struct checkpoint *checkpoint, struct text *into);
void checkpoint_root_text(const struct merkle_hash *root, char ret_text[CHECKPOINT_ROOT_TEXT]);

#endif
