/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes. Base64 is the standard one with padding, and strict: bits that mean nothing must be zero. */
#include "replay/note.h"

#include <sodium.h>
#include <string.h>

#include "core/base/assert.h"
#include "replay/base64.h"

static const char secret_prefix[] = "PRIVATE+KEY+";
static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space. */

enum {
    ALGORITHM_ED25519 = 1,
    ENCODED_KEY = 33,   /* Algorithm, then 32 bytes. */
    DECODED_MAX = 8192, /* Signatures of other kinds reach 5 kB. */
    ID_DIGITS = 8,
};

/* Takes one character of strict UTF-8. */
static bool take_character(struct slice *rest, uint32_t *ret_character)
{
    static const uint32_t lowest[] = {0, 0x80, 0x800, 0x10000}; /* By the number of bytes that follow. */
    uint8_t lead = (uint8_t)rest->bytes[0];
    uint32_t n_more = lead < 0x80       ? 0
                      : lead >> 5 == 6  ? 1
                      : lead >> 4 == 14 ? 2
                      : lead >> 3 == 30 ? 3
                                        : 4;
    if (n_more == 4 || rest->n_bytes < 1 + n_more) {
        return false;
    }
    uint32_t character = n_more == 0 ? lead : lead & (0x3fu >> n_more);
    for (uint32_t i = 1; i <= n_more; i++) {
        uint8_t byte = (uint8_t)rest->bytes[i];
        if (byte >> 6 != 2) {
            return false;
        }
        character = character << 6 | (byte & 0x3fu);
    }
    bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < lowest[n_more] || character > 0x10ffff || is_surrogate) {
        return false;
    }
    rest->bytes += 1 + n_more;
    rest->n_bytes -= 1 + n_more;
    *ret_character = character;
    return true;
}

/* White space of Unicode. */
static bool is_space(uint32_t character)
{
    static const uint32_t others[] = {0x20,   0x85,   0xa0,   0x1680, 0x2028,
                                      0x2029, 0x202f, 0x205f, 0x3000};
    bool is_it =
        (character >= 0x09 && character <= 0x0d) || (character >= 0x2000 && character <= 0x200a);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        is_it = is_it || character == others[i];
    }
    return is_it;
}

/* The rule for names in signature lines, which may be longer than ours. */
static bool is_any_name(struct slice name)
{
    uint32_t character = 0;
    bool is_sound = name.n_bytes > 0;
    while (is_sound && name.n_bytes > 0) {
        is_sound = take_character(&name, &character) && !is_space(character) && character != '+' &&
                   character >= 0x20;
    }
    return is_sound;
}

bool note_is_name(struct slice name) { return name.n_bytes <= NOTE_NAME_MAX && is_any_name(name); }

bool note_is_text(struct slice text)
{
    uint32_t character = 0;
    while (text.n_bytes > 0) {
        if (!take_character(&text, &character) || (character < 0x20 && character != '\n')) {
            return false;
        }
    }
    return character == '\n';
}

static void put_base64(struct text *into, const uint8_t *bytes, size_t n_bytes)
{
    char encoded[128];
    ASSERT(base64_bytes(n_bytes) <= sizeof(encoded));
    base64_encode(bytes, n_bytes, encoded, sizeof(encoded));
    text_put(into, encoded);
    sodium_memzero(encoded, sizeof(encoded)); /* It may be a secret. */
}

static uint32_t big_endian(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* First four bytes of SHA-256(name, newline, algorithm, point). */
static uint32_t id_of(const char *name, const uint8_t point[32])
{
    static const uint8_t between[] = {'\n', ALGORITHM_ED25519};
    crypto_hash_sha256_state state;
    uint8_t digest[32];
    (void)crypto_hash_sha256_init(&state); /* These cannot fail. */
    (void)crypto_hash_sha256_update(&state, (const uint8_t *)name, strlen(name));
    (void)crypto_hash_sha256_update(&state, between, sizeof(between));
    (void)crypto_hash_sha256_update(&state, point, 32);
    (void)crypto_hash_sha256_final(&state, digest);
    return big_endian(digest);
}

static bool parse_id(struct slice digits, uint32_t *ret_id)
{
    uint32_t id = 0;
    if (digits.n_bytes != ID_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < ID_DIGITS; i++) {
        char digit = digits.bytes[i];
        bool is_number = digit >= '0' && digit <= '9';
        if (!is_number && (digit < 'a' || digit > 'f')) {
            return false;
        }
        id = id << 4 | (uint32_t)(is_number ? digit - '0' : digit - 'a' + 10);
    }
    *ret_id = id;
    return true;
}

static struct slice cut(struct slice *rest, char at)
{
    const char *end = memchr(rest->bytes, at, rest->n_bytes);
    struct slice part = {rest->bytes, end == NULL ? rest->n_bytes : (size_t)(end - rest->bytes)};
    size_t n_taken = part.n_bytes + (end == NULL ? 0 : 1);
    rest->bytes += n_taken;
    rest->n_bytes -= n_taken;
    return part;
}

/* name+id+base64: name and id into the key, the 32 bytes out. */
static bool parse_parts(struct slice text, struct note_key *ret_key, uint8_t ret_bytes[32])
{
    if (text.n_bytes > 0 && text.bytes[text.n_bytes - 1] == '\n') {
        text.n_bytes--;
    }
    uint8_t encoded[ENCODED_KEY];
    size_t n_bytes = 0;
    if (text.n_bytes == 0) {
        return false;
    }
    struct slice name = cut(&text, '+');
    struct slice id = cut(&text, '+');
    bool is_sound = note_is_name(name) && parse_id(id, &ret_key->id) &&
                    base64_decode(text, encoded, sizeof(encoded), &n_bytes) &&
                    n_bytes == ENCODED_KEY && encoded[0] == ALGORITHM_ED25519;
    if (is_sound) {
        memcpy(ret_bytes, encoded + 1, 32);
        memcpy(ret_key->name, name.bytes, name.n_bytes);
        ret_key->name[name.n_bytes] = '\0';
    }
    sodium_memzero(encoded, sizeof(encoded));
    return is_sound;
}

bool note_key_parse(struct slice text, struct note_key *ret_key)
{
    struct note_key key = {{0}, 0, {0}};
    bool is_sound = parse_parts(text, &key, key.point) && key.id == id_of(key.name, key.point);
    if (is_sound) {
        *ret_key = key;
    }
    return is_sound;
}

void note_signer_init(const char *name, const uint8_t seed[32], struct note_signer *ret_signer)
{
    struct slice slice = slice_of(name);
    ASSERT(note_is_name(slice));
    memset(ret_signer, 0, sizeof(*ret_signer));
    memcpy(ret_signer->key.name, name, slice.n_bytes);
    (void)crypto_sign_seed_keypair(ret_signer->key.point, ret_signer->secret, seed); /* Cannot fail. */
    ret_signer->key.id = id_of(name, ret_signer->key.point);
}

bool note_signer_parse(struct slice text, struct note_signer *ret_signer)
{
    struct slice prefix = {secret_prefix, sizeof(secret_prefix) - 1};
    struct note_key key = {{0}, 0, {0}};
    struct note_signer signer;
    uint8_t seed[32];
    if (text.n_bytes < prefix.n_bytes || memcmp(text.bytes, prefix.bytes, prefix.n_bytes) != 0) {
        return false;
    }
    struct slice rest = {text.bytes + prefix.n_bytes, text.n_bytes - prefix.n_bytes};
    bool is_sound = parse_parts(rest, &key, seed);
    if (is_sound) {
        note_signer_init(key.name, seed, &signer);
        is_sound = signer.key.id == key.id;
    }
    if (is_sound) {
        *ret_signer = signer;
    }
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(&signer, sizeof(signer));
    return is_sound;
}

bool note_key_equal(const struct note_key *a, const struct note_key *b)
{
    return strcmp(a->name, b->name) == 0 && a->id == b->id &&
           memcmp(a->point, b->point, sizeof(a->point)) == 0;
}

static void write_parts(const struct note_key *key, const uint8_t bytes[32], struct text *into)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t encoded[ENCODED_KEY] = {ALGORITHM_ED25519};
    memcpy(encoded + 1, bytes, 32);
    text_put(into, key->name);
    text_put_char(into, '+');
    for (int shift = 28; shift >= 0; shift -= 4) {
        text_put_char(into, digits[key->id >> shift & 15]);
    }
    text_put_char(into, '+');
    put_base64(into, encoded, sizeof(encoded));
    sodium_memzero(encoded, sizeof(encoded));
}

void note_key_write(const struct note_key *key, struct text *into)
{
    write_parts(key, key->point, into);
}

void note_signer_write(const struct note_signer *signer, struct text *into)
{
    text_put(into, secret_prefix);
    write_parts(&signer->key, signer->secret, into); /* The seed is the first half. */
}

static bool parse_signature(struct slice line, struct note_signature *ret_signature)
{
    uint8_t bytes[DECODED_MAX];
    size_t n_bytes = 0, n_dash = sizeof(dash) - 1;
    if (line.n_bytes < n_dash || memcmp(line.bytes, dash, n_dash) != 0) {
        return false;
    }
    struct slice rest = {line.bytes + n_dash, line.n_bytes - n_dash};
    struct slice name = cut(&rest, ' ');
    if (!is_any_name(name) || !base64_decode(rest, bytes, sizeof(bytes), &n_bytes) || n_bytes < 5) {
        return false;
    }
    memset(ret_signature, 0, sizeof(*ret_signature));
    ret_signature->name = name;
    ret_signature->id = big_endian(bytes);
    ret_signature->n_bytes = (uint32_t)n_bytes - 4;
    if (ret_signature->n_bytes == NOTE_SIGNATURE_BYTES) {
        memcpy(ret_signature->bytes, bytes + 4, NOTE_SIGNATURE_BYTES);
    }
    return true;
}

/* Length of the text before the last empty line; 0 when there is none. */
static size_t text_length(struct slice bytes)
{
    for (size_t i = bytes.n_bytes; i >= 2; i--) {
        if (bytes.bytes[i - 1] == '\n' && bytes.bytes[i - 2] == '\n') {
            return i - 1;
        }
    }
    return 0;
}

bool note_parse(struct slice bytes, struct note *ret_note)
{
    size_t n_text = note_is_text(bytes) ? text_length(bytes) : 0;
    if (n_text == 0) {
        return false;
    }
    ret_note->text = (struct slice){bytes.bytes, n_text};
    ret_note->n_signatures = 0;
    struct slice rest = {bytes.bytes + n_text + 1, bytes.n_bytes - n_text - 1};
    while (rest.n_bytes > 0) {
        struct slice line = cut(&rest, '\n');
        if (ret_note->n_signatures == NOTE_SIGNATURES_MAX ||
            !parse_signature(line, &ret_note->signatures[ret_note->n_signatures])) {
            return false;
        }
        ret_note->n_signatures++;
    }
    return ret_note->n_signatures > 0;
}

enum note_verdict note_verify(const struct note *note, const struct note_key *key)
{
    enum note_verdict verdict = NOTE_UNSIGNED;
    for (uint32_t i = 0; i < note->n_signatures; i++) {
        const struct note_signature *signature = &note->signatures[i];
        if (signature->id != key->id || !slice_equal(signature->name, slice_of(key->name))) {
            continue;
        }
        bool is_sound =
            signature->n_bytes == NOTE_SIGNATURE_BYTES &&
            crypto_sign_verify_detached(signature->bytes, (const uint8_t *)note->text.bytes,
                                        note->text.n_bytes, key->point) == 0;
        if (!is_sound) {
            return NOTE_FORGED;
        }
        verdict = NOTE_SIGNED;
    }
    return verdict;
}

void note_sign(struct slice text, const struct note_signer *signer, struct text *into)
{
    ASSERT(note_is_text(text));
    uint8_t bytes[4 + NOTE_SIGNATURE_BYTES];
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)(signer->key.id >> (24 - 8 * i));
    }
    (void)crypto_sign_detached(bytes + 4, NULL, (const uint8_t *)text.bytes, text.n_bytes,
                               signer->secret); /* Cannot fail. */
    text_put_slice(into, text);
    text_put_char(into, '\n');
    text_put(into, dash);
    text_put(into, signer->key.name);
    text_put_char(into, ' ');
    put_base64(into, bytes, sizeof(bytes));
    text_put_char(into, '\n');
}
