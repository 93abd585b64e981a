/* SPDX-License-Identifier: Apache-2.0 */
/* Standard base64 with padding (RFC 4648, section 4), read strictly: one text for one value. */
#ifndef REPLAY_BASE64_H
#define REPLAY_BASE64_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

/* False for anything that base64_encode would not have written, or more than capacity. */
bool base64_decode(struct slice text, uint8_t *bytes, size_t capacity, size_t *ret_n_bytes);
/* Characters of n bytes with their NUL. */
size_t base64_bytes(size_t n_bytes);
/* text_bytes: at least base64_bytes of them. */
void base64_encode(const uint8_t *bytes, size_t n_bytes, char *text, size_t text_bytes);

#endif
