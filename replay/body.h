/* SPDX-License-Identifier: Apache-2.0 */
/* Body of a frame: one msgpack array of two bins, the packed event and the packed outcome. */
#ifndef REPLAY_BODY_H
#define REPLAY_BODY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

/* 0x92, then twice: 0xc6, length as 32 bits big-endian, bytes. Returns the bytes used; 0 when they do not fit. */
size_t body_pack(struct slice event, struct slice outcome, uint8_t *bytes, size_t capacity);
/* Slices into body. False when it is anything else. */
bool body_unpack(struct slice body, struct slice *ret_event, struct slice *ret_outcome);

#endif
