/* SPDX-License-Identifier: Apache-2.0 */
/* Body of a frame. */
#include "replay/body.h"

#include <string.h>

enum { BIN_HEAD = 5 };

static uint8_t *put_bin(uint8_t *at, struct slice slice)
{
    *at++ = 0xc6;
    for (int shift = 24; shift >= 0; shift -= 8) {
        *at++ = (uint8_t)(slice.n_bytes >> shift);
    }
    memcpy(at, slice.bytes, slice.n_bytes);
    return at + slice.n_bytes;
}

size_t body_pack(struct slice event, struct slice outcome, uint8_t *bytes, size_t capacity)
{
    size_t n_bytes = 1 + 2 * BIN_HEAD + event.n_bytes + outcome.n_bytes;
    if (n_bytes > capacity) {
        return 0;
    }
    bytes[0] = 0x92;
    (void)put_bin(put_bin(bytes + 1, event), outcome);
    return n_bytes;
}

static bool take_bin(struct slice *rest, struct slice *ret_slice)
{
    const uint8_t *head = (const uint8_t *)rest->bytes;
    if (rest->n_bytes < BIN_HEAD || head[0] != 0xc6) {
        return false;
    }
    size_t n_bytes = 0;
    for (int i = 1; i < BIN_HEAD; i++) {
        n_bytes = n_bytes << 8 | head[i];
    }
    if (n_bytes > rest->n_bytes - BIN_HEAD) {
        return false;
    }
    *ret_slice = (struct slice){rest->bytes + BIN_HEAD, n_bytes};
    rest->bytes += BIN_HEAD + n_bytes;
    rest->n_bytes -= BIN_HEAD + n_bytes;
    return true;
}

bool body_unpack(struct slice body, struct slice *ret_event, struct slice *ret_outcome)
{
    if (body.n_bytes < 1 || (uint8_t)body.bytes[0] != 0x92) {
        return false;
    }
    struct slice rest = {body.bytes + 1, body.n_bytes - 1};
    return take_bin(&rest, ret_event) && take_bin(&rest, ret_outcome) && rest.n_bytes == 0;
}
