/* SPDX-License-Identifier: Apache-2.0 */
/* Cassettes: what a language model was asked and answered, kept to be played again. Of a request only the digest of its prompt is kept, of an answer
 * its words; addresses, headers and tokens of access are not in it.
 *
 *     steward-cassette 1
 *     exchange PROMPT VERDICT LATENCY_NS TOKENS COST_MICROUSD BYTES
 *     <BYTES bytes>
 *
 * and so on. PROMPT: 32 hex digits, the digest that the question carries (core/types/effect.h), which is the same in every world. VERDICT: a word of
 * core/types/reply.h, as it was judged. Numbers are decimal without leading zeros, fields are one space apart, every line and every answer ends with
 * a newline. */
#ifndef CORE_FORMATS_CASSETTE_H
#define CORE_FORMATS_CASSETTE_H

#include "core/base/err.h"
#include "core/base/visit.h"
#include "core/types/reply.h"

enum {
    CASSETTE_EXCHANGES_MAX = 4096, /* Days of a fleet: an incident has three at most. */
    CASSETTE_LINE_BYTES = 160,
    CASSETTE_EXCHANGE_BYTES = CASSETTE_LINE_BYTES + REPLY_BYTES_MAX + 1
};
#define CASSETTE_HEAD "steward-cassette 1\n"
#define CASSETTE_LATENCY_MAX_NS NS_PER_DAY

struct cassette_exchange {
    struct digest128 prompt;
    enum reply_verdict verdict; /* Of the bytes judged anew it may be another: citations count in the run that plays. */
    int64_t latency_ns;
    uint32_t tokens, cost_microusd;
    struct slice raw; /* At most REPLY_BYTES_MAX; empty: nothing came. */
};

struct cassette;
/* The exchanges of a file, in its order. Their answers borrow from bytes. Anything but the format is ERR_DATA with name and the number of the
 * exchange; so is more than CASSETTE_EXCHANGES_MAX of them. */
enum err cassette_open(const char *name, struct slice bytes, struct cassette **ret_cassette,
                       struct err_text *ret_text) MUST_USE;
void cassette_close(struct cassette *cassette);
uint32_t cassette_length(const struct cassette *cassette);

/* Which exchanges were played. Zeroed is none. */
struct cassette_head {
    uint64_t played[CASSETTE_EXCHANGES_MAX / 64];
};
/* The first exchange with this prompt that was not played yet; NULL: there is none. */
const struct cassette_exchange *cassette_play(const struct cassette *cassette,
                                              struct cassette_head *head, struct digest128 prompt);
/* Whether the verdict was not one of the bytes: nothing of use came, and that is what is played. */
bool cassette_is_silent(const struct cassette_exchange *exchange);

/* One exchange as it stands in a file. Returns the bytes written; values past their bounds are cut to them. */
size_t cassette_write(const struct cassette_exchange *exchange,
                      char ret_bytes[CASSETTE_EXCHANGE_BYTES]);

#endif
