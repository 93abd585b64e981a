/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical msgpack of everything that has a visit function, and back, bounded. */
#ifndef CORE_FORMATS_CODEC_H
#define CORE_FORMATS_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/visit.h"
#include "core/steward.h"

/* A packing is one msgpack array (always with a 32-bit count) of what the visit names, in its order: integers in their shortest
 * form, doubles as float64 made canonical (d_canonical), variable bytes as bin, arrays of counts as one bin of little-endian
 * words without the zeros at its end. Nesting leaves no mark. Tools of others can therefore read it, and there is
 * exactly one packing of a thing. */

/* Packing visitor over a given buffer. What does not fit sets visit.failed; a value counts as nine bytes when it is asked whether it
 * fits, so a buffer needs a few bytes more than the packing. */
struct packer {
    struct visit visit;
    uint8_t *bytes;
    size_t capacity, n_bytes;
    uint32_t n_values;
};
void packer_init(struct packer *packer, uint8_t *bytes, size_t capacity);
/* Ends the packing: bytes used, 0 when something did not fit. */
size_t packer_close(struct packer *packer);

/* Unpacking visitor over given bytes (borrowed; slices point into them). A wrong type, an overflow, an excess length, a missing
 * byte or a form that the packer would not have chosen sets visit.failed. */
struct unpacker {
    struct visit visit;
    const uint8_t *bytes;
    size_t n_bytes, at;
    uint32_t n_values; /* Of the array, still to come. */
};
void unpacker_init(struct unpacker *unpacker, const uint8_t *bytes, size_t n_bytes);
/* True when nothing failed and nothing is left over. */
bool unpacker_is_done(const struct unpacker *unpacker);

/* Whole things. Return the bytes used, 0 when the buffer is too small (a bug where the caller sized it). */
size_t codec_pack_event(const struct event *event, uint8_t *bytes, size_t capacity);
size_t codec_pack_outcome(const struct advice *advice, const struct effects *effects,
                          uint8_t *bytes, size_t capacity); /* advice then effects, one blob */
size_t codec_pack_state(struct steward *steward, uint8_t *bytes, size_t capacity);
/* False when the bytes are not exactly the packing of some such thing, which would pack to the same bytes again; what was
 * read so far is then left in the output and must not be used. */
bool codec_unpack_event(const uint8_t *bytes, size_t n_bytes, struct event *ret_event);
bool codec_unpack_outcome(const uint8_t *bytes, size_t n_bytes, struct advice *ret_advice,
                          struct effects *ret_effects);
bool codec_unpack_state(const uint8_t *bytes, size_t n_bytes, struct steward *steward);

/* An upper bound on any of the above. */
enum { CODEC_BYTES_MAX = 512 * 1024 };

/* First field in which two packed outcomes or events differ, as a path with both values ("effects[2].record.verb: ROLLBACK / RETRAIN").
 * False when equal. */
struct text;
bool codec_describe_difference(const struct event *a, const struct event *b, struct text *ret_text);
bool codec_describe_outcome_difference(const struct advice *advice_a,
                                       const struct effects *effects_a, const struct advice *advice_b,
                                       const struct effects *effects_b, struct text *ret_text);

#endif
