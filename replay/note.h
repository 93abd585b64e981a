/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes of C2SP (c2sp.org/signed-note) with Ed25519 keys: text, a blank line, lines of signatures. */
#ifndef REPLAY_NOTE_H
#define REPLAY_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

enum {
    NOTE_NAME_MAX = 200, /* Bytes of our own keys' names: a host, a path, and room to spare. */
    NOTE_SIGNATURES_MAX = 100, /* Of one note; 16 must be accepted. */
    NOTE_SIGNATURE_BYTES = 64,
    NOTE_KEY_TEXT = NOTE_NAME_MAX + 64, /* name+12345678+44 characters of base64, NUL. */
    NOTE_SIGNER_TEXT = NOTE_KEY_TEXT + 16,
    NOTE_LINE = NOTE_NAME_MAX + 128, /* A line with a signature. */
};

/* Verifier key: name+hash+base64(0x01, 32 bytes); hash is the id, 8 hexadecimal digits. */
struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint32_t id;
    uint8_t point[32];
};
/* Secret key: PRIVATE+KEY+name+hash+base64(0x01, 32 bytes of seed). */
struct note_signer {
    struct note_key key;
    uint8_t secret[64];
};

/* Not empty, UTF-8, no space of any script, no plus, no control character, at most NOTE_NAME_MAX bytes. */
bool note_is_name(struct slice name);
/* Exactly one key; a newline may follow. The hash must fit name and key, so that no character can be changed unnoticed. */
bool note_key_parse(struct slice text, struct note_key *ret_key);
bool note_signer_parse(struct slice text, struct note_signer *ret_signer);
/* A signer from 32 secret bytes. */
void note_signer_init(const char *name, const uint8_t seed[32], struct note_signer *ret_signer);
bool note_key_equal(const struct note_key *a, const struct note_key *b);
void note_key_write(const struct note_key *key, struct text *into);
void note_signer_write(const struct note_signer *signer, struct text *into);

struct note_signature {
    struct slice name;
    uint32_t id;
    uint32_t n_bytes; /* Of the signature; only 64 are kept, more or fewer are of another kind of key. */
    uint8_t bytes[NOTE_SIGNATURE_BYTES];
};
struct note {
    struct slice text; /* With its last newline, without the blank line. */
    uint32_t n_signatures;
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
};
enum note_verdict { NOTE_SIGNED, NOTE_UNSIGNED, NOTE_FORGED };

/* Valid UTF-8 without control characters but newline, ending in one. */
bool note_is_text(struct slice text);
/* Slices into bytes. */
bool note_parse(struct slice bytes, struct note *ret_note);
/* SIGNED: every signature of the key is sound, and there is one. */
enum note_verdict note_verify(const struct note *note, const struct note_key *key);
/* text must be a note_is_text. */
void note_sign(struct slice text, const struct note_signer *signer, struct text *into);

#endif
