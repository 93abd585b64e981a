/* SPDX-License-Identifier: Apache-2.0 */
/* The audit trail. */
#include "replay/trail.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "replay/rows.h"

enum { N_CLOSED = 4, HEX_TEXT = 2 * MERKLE_BYTES + 1 };

/* Tables without frames, by which rows the end of a trail vouches for them. */
static const struct {
    const char *name, *select;
} closed_tables[N_CLOSED] = {
    {"run", "SELECT rowid, * FROM run ORDER BY rowid"},
    {"document", "SELECT rowid, * FROM document ORDER BY rowid"},
    {"truth", "SELECT rowid, * FROM truth ORDER BY rowid"},
    {"snapshot", "SELECT rowid, * FROM snapshot ORDER BY rowid"},
};

void trail_head(const struct trail_frame *frame, uint8_t ret_head[TRAIL_HEAD_BYTES])
{
    const uint64_t numbers[] = {(uint64_t)frame->run, (uint64_t)frame->sequence,
                                (uint64_t)frame->at, (uint64_t)frame->kind, frame->body.n_bytes};
    for (size_t i = 0; i < TRAIL_HEAD_BYTES; i++) {
        ret_head[i] = (uint8_t)(numbers[i / 8] >> (56 - 8 * (i % 8)));
    }
}

struct merkle_hash trail_leaf(const struct trail_frame *frame)
{
    uint8_t head[1 + TRAIL_HEAD_BYTES] = {0};
    crypto_hash_sha256_state state;
    struct merkle_hash hash;
    trail_head(frame, head + 1);
    (void)crypto_hash_sha256_init(&state); /* These cannot fail. */
    (void)crypto_hash_sha256_update(&state, head, sizeof(head));
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)frame->body.bytes, frame->body.n_bytes);
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)frame->chain.bytes,
                                    frame->chain.n_bytes);
    (void)crypto_hash_sha256_final(&state, hash.bytes);
    return hash;
}

enum err trail_open(struct trail *trail, sqlite3 *from, sqlite3 *into, const char *path,
                    struct err_text *ret_text)
{
    memset(trail, 0, sizeof(*trail));
    trail->from = from;
    trail->into = into;
    trail->path = path;
    merkle_init(&trail->tree);
    TRY(sql_prepare(into, path, "INSERT INTO tree VALUES(?,?,?,?,?,?,?)", &trail->put_tree, ret_text));
    return sql_prepare(into, path, "INSERT INTO checkpoint VALUES(?,?)", &trail->put_checkpoint,
                       ret_text);
}

void trail_close(struct trail *trail)
{
    (void)sqlite3_finalize(trail->put_tree); /* Repeats a failure already reported. */
    (void)sqlite3_finalize(trail->put_checkpoint);
}

/* What the first run is, known before its first frame: a tree of other runs is another log. */
static enum err name_origin(struct trail *trail, struct err_text *ret_text)
{
    struct merkle_hash digest;
    char hex[HEX_TEXT];
    if (trail->origin[0] != '\0') {
        return OK;
    }
    TRY(rows_digest(
        trail->from, trail->path,
        "SELECT arm, mind, scenario, seed, plan, build, configuration, policy, knowledge FROM run WHERE id = 1",
        &digest, ret_text));
    (void)sodium_bin2hex(hex, sizeof(hex), digest.bytes, MERKLE_BYTES);
    (void)snprintf(trail->origin, sizeof(trail->origin), "%s/%.16s",
                   trail->key == NULL ? "steward" : trail->key->name, hex);
    return OK;
}

static enum err put_checkpoint(struct trail *trail, const struct merkle_hash *root,
                               struct err_text *ret_text)
{
    char bytes[TRAIL_NOTE_BYTES], note_bytes[TRAIL_NOTE_BYTES];
    struct text text, note;
    text_init(&text, bytes, sizeof(bytes));
    text_init(&note, note_bytes, sizeof(note_bytes));
    checkpoint_write(&(struct checkpoint){slice_of(trail->origin), trail->tree.size, *root,
                                          slice_of(trail->closed)},
                     &text);
    struct slice body = {text.bytes, text.n_bytes};
    if (trail->signer == NULL) {
        text_put_slice(&note, body);
    } else {
        note_sign(body, trail->signer, &note);
    }
    ASSERT(!text.truncated);
    ASSERT(!note.truncated);
    (void)sqlite3_bind_int64(trail->put_checkpoint, 1,
                             (int64_t)trail->tree.size); /* The step reports. */
    sql_bind_text(trail->put_checkpoint, 2, note.bytes);
    return sql_step(trail->into, trail->path, "writing a checkpoint", trail->put_checkpoint,
                    ret_text);
}

/* closed: digests of the rows of the closed tables, or NULL before the end. */
static enum err put_root(struct trail *trail, const struct merkle_hash *closed,
                         struct err_text *ret_text)
{
    TRY(name_origin(trail, ret_text));
    struct merkle_hash root = merkle_root(&trail->tree);
    char key_bytes[NOTE_KEY_TEXT];
    struct text key;
    text_init(&key, key_bytes, sizeof(key_bytes));
    if (trail->key != NULL) {
        note_key_write(trail->key, &key);
    }
    sqlite3_stmt *put = trail->put_tree;
    (void)sqlite3_bind_int64(put, 1, (int64_t)trail->tree.size); /* The step reports. */
    sql_bind_blob(put, 2, (struct slice){(const char *)root.bytes, MERKLE_BYTES});
    sql_bind_text(put, 3, key_bytes);
    for (int i = 0; i < N_CLOSED && closed != NULL; i++) {
        sql_bind_blob(put, 4 + i, (struct slice){(const char *)closed[i].bytes, MERKLE_BYTES});
    }
    TRY(sql_step(trail->into, trail->path, "writing a root", put, ret_text));
    return trail->key == NULL ? OK : put_checkpoint(trail, &root, ret_text);
}

enum err trail_add(struct trail *trail, const struct merkle_hash *leaf, struct err_text *ret_text)
{
    merkle_push(&trail->tree, leaf);
    return trail->tree.size % TRAIL_EVERY == 0 ? put_root(trail, NULL, ret_text) : OK;
}

enum err trail_end(struct trail *trail, struct err_text *ret_text)
{
    struct merkle_hash closed[N_CLOSED];
    char hex[HEX_TEXT];
    struct text lines;
    text_init(&lines, trail->closed, sizeof(trail->closed));
    for (int i = 0; i < N_CLOSED; i++) {
        TRY(rows_digest(trail->from, trail->path, closed_tables[i].select, &closed[i], ret_text));
        (void)sodium_bin2hex(hex, sizeof(hex), closed[i].bytes, MERKLE_BYTES);
        text_put(&lines, closed_tables[i].name);
        text_put(&lines, " sha256 ");
        text_put(&lines, hex);
        text_put_char(&lines, '\n');
    }
    ASSERT(!lines.truncated);
    return put_root(trail, closed, ret_text);
}
