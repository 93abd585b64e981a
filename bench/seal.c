/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of the audit trail: a leaf into the tree, a checkpoint signed, a checkpoint verified. */
#include <stdlib.h>

#include "bench/case.h"
#include "bench/limits.h"
#include "replay/trail.h"

enum { LEAVES = 50000, SIGNATURES = 2000, CHAIN_BYTES = 16 };

static const char text[] = "example.com/steward/0123456789abcdef\n20852163\n"
                           "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

static struct slice body_of(const struct bench *bench)
{
    return (struct slice){(const char *)bench->bytes, bench->event_bytes};
}

static enum err leaves(struct bench *bench, struct timing *ret_timing)
{
    static const char chain[CHAIN_BYTES] = {1};
    struct merkle_tree tree;
    merkle_init(&tree);
    double began = bench_cpu_s();
    for (int64_t i = 0; i < LEAVES; i++) {
        struct trail_frame frame = {.run = 1,
                                    .sequence = i + 1,
                                    .at = i,
                                    .kind = EVENT_WINDOW,
                                    .body = body_of(bench),
                                    .chain = {chain, sizeof(chain)}};
        struct merkle_hash leaf = trail_leaf(&frame);
        merkle_push(&tree, &leaf);
    }
    struct merkle_hash root = merkle_root(&tree);
    *ret_timing = (struct timing){bench_cpu_s() - began, LEAVES};
    bench->sink += root.bytes[0];
    return OK;
}

static enum err leaves_limit(struct bench *bench, struct timing *ret_timing)
{
    size_t n_bytes = 1 + TRAIL_HEAD_BYTES + bench->event_bytes + CHAIN_BYTES;
    double began = bench_cpu_s();
    bench->sink += limit_sha256(n_bytes, LEAVES);
    *ret_timing = (struct timing){bench_cpu_s() - began, LEAVES};
    return OK;
}

static void open_signer(struct note_signer *ret_signer)
{
    static const uint8_t seed[32] = {1}; /* Of the bench alone. */
    note_signer_init("example.com/steward", seed, ret_signer);
}

static void write_note(const struct note_signer *signer, char *bytes, size_t capacity,
                       struct text *ret_note)
{
    text_init(ret_note, bytes, capacity);
    note_sign((struct slice){text, sizeof(text) - 1}, signer, ret_note);
}

static enum err sign(struct bench *bench, struct timing *ret_timing)
{
    struct note_signer signer;
    char bytes[TRAIL_NOTE_BYTES];
    open_signer(&signer);
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < SIGNATURES; i++) {
        struct text note;
        write_note(&signer, bytes, sizeof(bytes), &note);
        bench->sink += note.n_bytes;
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, SIGNATURES};
    return OK;
}

static enum err sign_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_sign((const uint8_t *)text, sizeof(text) - 1, SIGNATURES);
    *ret_timing = (struct timing){bench_cpu_s() - began, SIGNATURES};
    return OK;
}

static enum err verify(struct bench *bench, struct timing *ret_timing)
{
    struct note_signer signer;
    struct note *note = malloc(sizeof(*note));
    char bytes[TRAIL_NOTE_BYTES];
    struct text signed_text;
    if (note == NULL) {
        return err_set(bench->text, ERR_INTERNAL, "bench: out of memory");
    }
    open_signer(&signer);
    write_note(&signer, bytes, sizeof(bytes), &signed_text);
    struct slice slice = {signed_text.bytes, signed_text.n_bytes};
    uint64_t n_signed = 0;
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < SIGNATURES; i++) {
        n_signed += note_parse(slice, note) && note_verify(note, &signer.key) == NOTE_SIGNED ? 1 : 0;
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, SIGNATURES};
    free(note);
    return n_signed == SIGNATURES
               ? OK
               : err_set(bench->text, ERR_INTERNAL, "note_verify: refused its own");
}

static enum err verify_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_verify((const uint8_t *)text, sizeof(text) - 1, SIGNATURES);
    *ret_timing = (struct timing){bench_cpu_s() - began, SIGNATURES};
    return OK;
}

static const struct bench_case cases[] = {
    {.name = "merkle_append",
     .unit = "leaves/s",
     .scale = SCALE_PER_SECOND,
     .run = leaves,
     .limit = leaves_limit},
    {.name = "note_sign", .unit = "notes/s", .scale = SCALE_PER_SECOND, .run = sign, .limit = sign_limit},
    {.name = "note_verify",
     .unit = "notes/s",
     .scale = SCALE_PER_SECOND,
     .run = verify,
     .limit = verify_limit},
};
const struct bench_table bench_seal = {cases, sizeof(cases) / sizeof(cases[0])};
