/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks: signatures made and checked. */
#include "live/adapter/webhook.h"

#include <string.h>

#include <sodium.h>

#include "core/base/assert.h"
#include "live/adapter/parts.h"

enum { BASE64_BYTES = 96 };
_Static_assert(crypto_auth_hmacsha256_BYTES == 32, "HMAC-SHA256");

static struct slice trimmed(struct slice text)
{
    while (text.n_bytes > 0 && (unsigned char)text.bytes[0] <= ' ') {
        text.bytes++;
        text.n_bytes--;
    }
    while (text.n_bytes > 0 && (unsigned char)text.bytes[text.n_bytes - 1] <= ' ') {
        text.n_bytes--;
    }
    return text;
}

bool webhook_secret_parse(struct slice text, struct webhook_secret *ret_secret)
{
    static const char prefix[] = "whsec_";
    struct slice words = trimmed(text);
    if (words.n_bytes >= strlen(prefix) && memcmp(words.bytes, prefix, strlen(prefix)) == 0) {
        words.bytes += strlen(prefix);
        words.n_bytes -= strlen(prefix);
    }
    struct webhook_secret secret;
    memset(&secret, 0, sizeof(secret));
    size_t n_bytes = 0;
    if (words.n_bytes > BASE64_BYTES ||
        sodium_base642bin(secret.bytes, sizeof(secret.bytes), words.bytes, words.n_bytes, NULL,
                          &n_bytes, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        n_bytes < WEBHOOK_SECRET_MIN) {
        sodium_memzero(&secret, sizeof(secret));
        return false;
    }
    secret.n_bytes = (uint32_t)n_bytes;
    *ret_secret = secret;
    sodium_memzero(&secret, sizeof(secret));
    return true;
}

static void mac_of(const struct webhook_secret *secret, struct slice id, struct slice timestamp,
                   struct slice body, uint8_t mac[crypto_auth_hmacsha256_BYTES])
{
    crypto_auth_hmacsha256_state state;
    const uint8_t dot = '.';
    crypto_auth_hmacsha256_init(&state, secret->bytes, secret->n_bytes);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)id.bytes, id.n_bytes);
    crypto_auth_hmacsha256_update(&state, &dot, 1);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)timestamp.bytes, timestamp.n_bytes);
    crypto_auth_hmacsha256_update(&state, &dot, 1);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)body.bytes, body.n_bytes);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_memzero(&state, sizeof(state));
}

void webhook_sign(const struct webhook_secret *secret, struct slice id, int64_t timestamp_s,
                  struct slice body, char ret_signature[WEBHOOK_SIGNATURE_BYTES])
{
    ASSERT(secret->n_bytes >= WEBHOOK_SECRET_MIN);
    char digits[24];
    struct text text;
    text_init(&text, digits, sizeof(digits));
    text_put_i64(&text, timestamp_s);
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    mac_of(secret, id, (struct slice){text.bytes, text.n_bytes}, body, mac);
    memcpy(ret_signature, "v1,", 3);
    char *end = sodium_bin2base64(ret_signature + 3, WEBHOOK_SIGNATURE_BYTES - 3, mac, sizeof(mac),
                                  sodium_base64_VARIANT_ORIGINAL);
    ASSERT(end != NULL);
}

const char *webhook_verdict_name(enum webhook_verdict verdict)
{
    static const char *const names[N_WEBHOOK_VERDICTS] = {[WEBHOOK_VALID] = "valid",
                                                          [WEBHOOK_UNSIGNED] = "unsigned",
                                                          [WEBHOOK_STALE] = "stale timestamp",
                                                          [WEBHOOK_FORGED] = "no signature matches"};
    ASSERT((uint32_t)verdict < N_WEBHOOK_VERDICTS);
    return names[verdict];
}

/* One of the list: version, comma, base64. Versions other than v1 are passed over. */
static bool is_match(struct slice word, const uint8_t mac[crypto_auth_hmacsha256_BYTES])
{
    uint8_t given[crypto_auth_hmacsha256_BYTES];
    size_t n_bytes = 0;
    return word.n_bytes > 3 && memcmp(word.bytes, "v1,", 3) == 0 &&
           sodium_base642bin(given, sizeof(given), word.bytes + 3, word.n_bytes - 3, NULL, &n_bytes,
                             NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           n_bytes == sizeof(given) && sodium_memcmp(given, mac, sizeof(given)) == 0;
}

enum webhook_verdict webhook_verify(const struct webhook_secret *secret, struct slice id,
                                    struct slice timestamp, struct slice signature,
                                    struct slice body, int64_t now_unix_s)
{
    ASSERT(secret->n_bytes >= WEBHOOK_SECRET_MIN);
    int64_t at = 0;
    if (id.n_bytes == 0 || signature.n_bytes == 0 || !slice_whole(timestamp, 0, INT64_MAX, &at)) {
        return WEBHOOK_UNSIGNED;
    }
    if (at < now_unix_s - WEBHOOK_TOLERANCE_S || at > now_unix_s + WEBHOOK_TOLERANCE_S) {
        return WEBHOOK_STALE;
    }
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    mac_of(secret, id, timestamp, body, mac);
    bool is_found = false;
    size_t from = 0;
    for (size_t i = 0; i <= signature.n_bytes; i++) {
        if (i == signature.n_bytes || signature.bytes[i] == ' ') {
            is_found = is_match((struct slice){signature.bytes + from, i - from}, mac) || is_found;
            from = i + 1;
        }
    }
    return is_found ? WEBHOOK_VALID : WEBHOOK_FORGED;
}
