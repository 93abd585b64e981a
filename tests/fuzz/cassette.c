/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a cassette: refused, or every exchange is within its bounds and written again makes the very same file. */
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/cassette.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct cassette *cassette = NULL;
    struct err_text text;
    struct cassette_head head = {{0}};
    char written[CASSETTE_EXCHANGE_BYTES];
    const char *rest = (const char *)bytes;
    if (cassette_open("input", (struct slice){rest, n_bytes}, &cassette, &text) != OK) {
        ASSERT(cassette == NULL);
        return 0;
    }
    ASSERT(memcmp(rest, CASSETTE_HEAD, strlen(CASSETTE_HEAD)) == 0);
    rest += strlen(CASSETTE_HEAD);
    for (uint32_t i = 0; i < cassette_length(cassette); i++) {
        struct digest128 prompt = {0, 0};
        bool is_digest =
            digest128_parse((struct slice){rest + 9, 32}, &prompt); /* After "exchange ". */
        ASSERT(is_digest);
        const struct cassette_exchange *exchange = cassette_play(cassette, &head, prompt);
        ASSERT(exchange != NULL);
        ASSERT((uint32_t)exchange->verdict < N_REPLY_VERDICTS);
        ASSERT(exchange->latency_ns >= 0 && exchange->latency_ns <= CASSETTE_LATENCY_MAX_NS);
        ASSERT(exchange->raw.n_bytes <= REPLY_BYTES_MAX);
        size_t n_written = cassette_write(exchange, written);
        ASSERT(memcmp(rest, written, n_written) == 0);
        rest += n_written;
    }
    ASSERT(rest == (const char *)bytes + n_bytes);
    cassette_close(cassette);
    return 0;
}
