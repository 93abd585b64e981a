/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a packed event and as a packed outcome: refused, or the packing of something that
 * packs to the same bytes again and whose story can be told. */
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/trace.h"
#include "tests/fuzz/fuzz.h"

static struct event event;
static struct advice advice;
static struct effects effects;
static uint8_t again[CODEC_BYTES_MAX];
static char story[65536];
static const struct deployment nowhere;

static void tell(void)
{
    struct text text;
    text_init(&text, story, sizeof(story));
    trace_step(&nowhere, &event, &advice, &effects, &text);
    ASSERT(text.n_bytes < sizeof(story));
}

static void try_event(const uint8_t *bytes, size_t n_bytes)
{
    if (!codec_unpack_event(bytes, n_bytes, &event)) {
        return;
    }
    ASSERT(codec_pack_event(&event, again, sizeof(again)) == n_bytes);
    ASSERT(memcmp(again, bytes, n_bytes) == 0);
    advice_reset(&advice);
    effects_reset(&effects);
    tell();
}

static void try_outcome(const uint8_t *bytes, size_t n_bytes)
{
    if (!codec_unpack_outcome(bytes, n_bytes, &advice, &effects)) {
        return;
    }
    ASSERT(codec_pack_outcome(&advice, &effects, again, sizeof(again)) == n_bytes);
    ASSERT(memcmp(again, bytes, n_bytes) == 0);
    memset(&event, 0, sizeof(event));
    event.kind = EVENT_TICK;
    tell();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    try_event(bytes, n_bytes);
    try_outcome(bytes, n_bytes);
    return 0;
}
