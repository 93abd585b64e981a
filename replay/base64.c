/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 by libsodium, which refuses bits that mean nothing but takes 0xab and 0xaf for plus and slash (1.0.18 compares characters that may be
 * negative); here only ASCII reaches it. */
#include "replay/base64.h"

#include <sodium.h>

bool base64_decode(struct slice text, uint8_t *bytes, size_t capacity, size_t *ret_n_bytes)
{
    for (size_t i = 0; i < text.n_bytes; i++) {
        if ((uint8_t)text.bytes[i] >= 0x80) {
            return false;
        }
    }
    return sodium_base642bin(bytes, capacity, text.bytes, text.n_bytes, NULL, ret_n_bytes, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0;
}

size_t base64_bytes(size_t n_bytes)
{
    return sodium_base64_encoded_len(n_bytes, sodium_base64_VARIANT_ORIGINAL);
}

void base64_encode(const uint8_t *bytes, size_t n_bytes, char *text, size_t text_bytes)
{
    (void)sodium_bin2base64(text, text_bytes, bytes, n_bytes, sodium_base64_VARIANT_ORIGINAL);
}
