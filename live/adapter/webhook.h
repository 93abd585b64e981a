/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks signatures: HMAC-SHA256 over id, timestamp and body. Used to sign what leaves and to check what arrives. */
#ifndef LIVE_ADAPTER_WEBHOOK_H
#define LIVE_ADAPTER_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

enum { WEBHOOK_SECRET_MIN = 24, WEBHOOK_SECRET_MAX = 64, WEBHOOK_SIGNATURE_BYTES = 48 };
#define WEBHOOK_TOLERANCE_S 300 /* Of the timestamp, either way. */

struct webhook_secret {
    uint32_t n_bytes;
    uint8_t bytes[WEBHOOK_SECRET_MAX];
};

/* "whsec_<base64>" or the base64 alone; white space around it is ignored. False when it is no 24 to 64 bytes. */
bool webhook_secret_parse(struct slice text, struct webhook_secret *ret_secret);
/* "v1,<base64>". */
void webhook_sign(const struct webhook_secret *secret, struct slice id, int64_t timestamp_s,
                  struct slice body, char ret_signature[WEBHOOK_SIGNATURE_BYTES]);

enum webhook_verdict {
    WEBHOOK_VALID,
    WEBHOOK_UNSIGNED, /* A header is missing or malformed. */
    WEBHOOK_STALE,    /* Timestamp beyond the tolerance. */
    WEBHOOK_FORGED,   /* No signature of the list matches. */
    N_WEBHOOK_VERDICTS
};
const char *webhook_verdict_name(enum webhook_verdict verdict);
/* The three headers as they came (empty slice: absent); signature is a list separated by spaces. Compared in constant time. */
enum webhook_verdict webhook_verify(const struct webhook_secret *secret, struct slice id,
                                    struct slice timestamp, struct slice signature,
                                    struct slice body, int64_t now_unix_s);

#endif
