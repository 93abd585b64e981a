/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a signed note, a checkpoint and keys: what is taken for one is written back as the same bytes, and nothing is signed by a key that
 * did not sign. */
#include <string.h>

#include "core/base/assert.h"
#include "replay/checkpoint.h"
#include "replay/note.h"
#include "tests/fuzz/fuzz.h"

enum { BYTES_MAX = 1 << 20 };

static char again[BYTES_MAX];
static struct note note;

static void assert_within(struct slice part, struct slice whole)
{
    ASSERT(part.bytes >= whole.bytes);
    ASSERT(part.bytes + part.n_bytes <= whole.bytes + whole.n_bytes);
}

static void try_checkpoint(struct slice bytes)
{
    struct checkpoint checkpoint;
    struct text text;
    if (!checkpoint_parse(bytes, &checkpoint)) {
        return;
    }
    assert_within(checkpoint.origin, bytes);
    assert_within(checkpoint.extensions, bytes);
    text_init(&text, again, sizeof(again));
    checkpoint_write(&checkpoint, &text);
    ASSERT(!text.truncated);
    ASSERT(slice_equal((struct slice){text.bytes, text.n_bytes}, bytes));
}

static void try_note(struct slice bytes)
{
    static const uint8_t seed[32] = {7};
    struct note_signer signer;
    if (!note_parse(bytes, &note)) {
        return;
    }
    ASSERT(note.n_signatures >= 1);
    ASSERT(note.n_signatures <= NOTE_SIGNATURES_MAX);
    ASSERT(note.text.bytes == bytes.bytes);
    ASSERT(note.text.n_bytes < bytes.n_bytes);
    ASSERT(note_is_text(note.text));
    for (uint32_t i = 0; i < note.n_signatures; i++) {
        assert_within(note.signatures[i].name, bytes);
    }
    try_checkpoint(note.text);
    note_signer_init("fuzz", seed, &signer);
    ASSERT(note_verify(&note, &signer.key) != NOTE_SIGNED);
}

static void try_keys(struct slice bytes)
{
    struct note_key key;
    struct note_signer signer;
    struct text text;
    struct slice line = bytes;
    if (line.n_bytes > 0 && line.bytes[line.n_bytes - 1] == '\n') {
        line.n_bytes--;
    }
    text_init(&text, again, sizeof(again));
    bool is_key = note_key_parse(bytes, &key);
    bool is_signer = note_signer_parse(bytes, &signer);
    ASSERT(!(is_key && is_signer));
    if (is_key) {
        note_key_write(&key, &text);
    } else if (is_signer) {
        note_signer_write(&signer, &text);
    }
    ASSERT(!(is_key || is_signer) || slice_equal((struct slice){text.bytes, text.n_bytes}, line));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct slice slice = {(const char *)bytes, n_bytes};
    try_note(slice);
    try_checkpoint(slice);
    try_keys(slice);
    return 0;
}
