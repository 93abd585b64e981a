/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the audit trail: verify a journal, prove one of its frames, export it, make keys. */
#ifndef REPLAY_AUDIT_H
#define REPLAY_AUDIT_H

#include "core/base/err.h"
#include "replay/checkpoint.h"
#include "replay/note.h"
#include "replay/trail.h"

struct audit_request {
    const char *path;
    const struct note_key *key; /* NULL: the one that the journal names. */
    struct slice saved; /* A checkpoint kept elsewhere, signed or (of an unsigned journal) its text alone; empty: none. */
};

struct audit_result {
    struct err_text problem; /* Empty: everything fits. Otherwise what did not, first. */
    uint64_t size;           /* Frames. */
    char root[CHECKPOINT_ROOT_TEXT];
    bool is_signed;
    struct note_key key; /* Whose signatures were verified. */
    uint64_t n_checkpoints;
    bool has_saved;
    uint64_t saved_size;
    char checkpoint[TRAIL_NOTE_BYTES]; /* The closing one: to be kept elsewhere. Text alone when unsigned. */
};

/* Tree, roots and checkpoints are made again from the frames, projections are built again, the other tables are digested; all is compared.
 * Edited content is a problem in the result; a file that is no whole journal is ERR_DATA. A saved checkpoint that is none is ERR_DATA. */
enum err audit_verify(const struct audit_request *request, struct audit_result *ret_result,
                      struct err_text *ret_text) MUST_USE;

struct audit_proof {
    uint64_t index, size; /* Of a frame; of consistency: index is the size of the earlier tree. */
    uint32_t n_hashes;
    char hashes[MERKLE_LEVELS_MAX][CHECKPOINT_ROOT_TEXT]; /* Base64. */
    char *leaf; /* Base64 of the bytes of the leaf; NULL for consistency. audit_proof_close frees it. */
    char checkpoint[TRAIL_NOTE_BYTES];
};

/* Frame `number` of a run; run 0: counted over the whole journal, from 1. The journal is verified first: a problem is ERR_DATA. A frame that is
 * not there is ERR_USAGE. */
enum err audit_prove(const char *path, uint64_t run, uint64_t number, struct audit_proof *ret_proof,
                     struct err_text *ret_text) MUST_USE;
/* That the tree of `before` frames is the beginning of this one. */
enum err audit_prove_growth(const char *path, uint64_t before, struct audit_proof *ret_proof,
                            struct err_text *ret_text) MUST_USE;
void audit_proof_close(struct audit_proof *proof);

enum audit_cell_kind { AUDIT_NULL, AUDIT_INTEGER, AUDIT_REAL, AUDIT_TEXT, AUDIT_BASE64 };
struct audit_cell {
    const char *name;
    enum audit_cell_kind kind;
    int64_t integer;
    double real;
    struct slice text; /* Also of base64. */
};
enum { AUDIT_CELLS_MAX = 16 };
struct audit_port {
    void *self;
    enum err (*row)(void *self, const char *table, const struct audit_cell *cells, uint32_t n_cells);
};
/* Every row of every table; frames also have their leaf's hash, in base64. A port's failure ends it. */
enum err audit_export(const char *path, const struct audit_port *port,
                      struct err_text *ret_text) MUST_USE;

/* A new key: the secret one (at least NOTE_SIGNER_TEXT) and the verifier's (at least NOTE_KEY_TEXT). False: the name is none. */
bool audit_generate(const char *name, struct text *secret, struct text *verifier);
/* Overwrites a secret that is no longer needed. */
void audit_wipe(void *bytes, size_t n_bytes);

#endif
