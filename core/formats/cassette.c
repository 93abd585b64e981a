/* SPDX-License-Identifier: Apache-2.0 */
/* Cassettes: lines with counted bytes between them, because an answer may hold anything. */
#include "core/formats/cassette.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/types/names.h"

struct cassette {
    uint32_t n_exchanges;
    struct cassette_exchange exchanges[CASSETTE_EXCHANGES_MAX];
};

struct reading {
    const char *name;
    struct slice rest;
    uint32_t number; /* Of the exchange being read. */
    struct err_text *text;
};

static enum err refuse(const struct reading *reading, const char *why)
{
    return err_set(reading->text, ERR_DATA, "cassette %.300s: exchange %u: %s", reading->name,
                   reading->number, why);
}

static bool starts_with(struct slice slice, const char *words)
{
    size_t n_bytes = strlen(words);
    return slice.n_bytes >= n_bytes && memcmp(slice.bytes, words, n_bytes) == 0;
}

/* Bytes up to the stop, which is taken too; false when there is none in the first CASSETTE_LINE_BYTES. */
static bool take_field(struct slice *rest, char stop, struct slice *ret_field)
{
    size_t most = rest->n_bytes < CASSETTE_LINE_BYTES ? rest->n_bytes : CASSETTE_LINE_BYTES;
    const char *end = most == 0 ? NULL : memchr(rest->bytes, stop, most);
    if (end == NULL) {
        return false;
    }
    *ret_field = (struct slice){rest->bytes, (size_t)(end - rest->bytes)};
    rest->bytes += ret_field->n_bytes + 1;
    rest->n_bytes -= ret_field->n_bytes + 1;
    return true;
}

static bool take_number(struct slice *rest, char stop, uint64_t most, uint64_t *ret_value)
{
    struct slice field;
    uint64_t value = 0;
    if (!take_field(rest, stop, &field) || field.n_bytes == 0 || field.n_bytes > 18) {
        return false;
    }
    bool has_zero = field.n_bytes > 1 && field.bytes[0] == '0';
    for (size_t i = 0; i < field.n_bytes; i++) {
        if (field.bytes[i] < '0' || field.bytes[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(field.bytes[i] - '0');
    }
    *ret_value = value;
    return !has_zero && value <= most;
}

static bool take_prompt(struct slice *rest, struct digest128 *ret_prompt)
{
    struct slice field;
    return take_field(rest, ' ', &field) && digest128_parse(field, ret_prompt);
}

static bool take_verdict(struct slice *rest, enum reply_verdict *ret_verdict)
{
    struct slice field;
    if (!take_field(rest, ' ', &field)) {
        return false;
    }
    for (uint32_t i = 0; i < N_REPLY_VERDICTS; i++) {
        if (slice_equal(field, slice_of(reply_verdict_name((enum reply_verdict)i)))) {
            *ret_verdict = (enum reply_verdict)i;
            return true;
        }
    }
    return false;
}

static enum err read_exchange(struct reading *reading, struct cassette_exchange *exchange)
{
    struct slice word, *rest = &reading->rest;
    uint64_t latency_ns = 0, tokens = 0, cost = 0, n_bytes = 0;
    if (!take_field(rest, ' ', &word) || !slice_equal(word, slice_of("exchange"))) {
        return refuse(reading, "does not begin with 'exchange '");
    }
    if (!take_prompt(rest, &exchange->prompt)) {
        return refuse(reading, "its prompt is not 32 lower-case hex digits");
    }
    if (!take_verdict(rest, &exchange->verdict)) {
        return refuse(reading, "its verdict is not one of a reply");
    }
    bool is_read = take_number(rest, ' ', (uint64_t)CASSETTE_LATENCY_MAX_NS, &latency_ns) &&
                   take_number(rest, ' ', UINT32_MAX, &tokens) &&
                   take_number(rest, ' ', UINT32_MAX, &cost) &&
                   take_number(rest, '\n', REPLY_BYTES_MAX, &n_bytes);
    if (!is_read) {
        return refuse(
            reading,
            "wants latency (at most a day), tokens, cost and bytes (at most 8192) as plain numbers");
    }
    if (rest->n_bytes < n_bytes + 1 || rest->bytes[n_bytes] != '\n') {
        return refuse(reading, "its answer is cut short or longer than it says");
    }
    exchange->latency_ns = (int64_t)latency_ns;
    exchange->tokens = (uint32_t)tokens;
    exchange->cost_microusd = (uint32_t)cost;
    exchange->raw = (struct slice){rest->bytes, (size_t)n_bytes};
    rest->bytes += n_bytes + 1;
    rest->n_bytes -= (size_t)n_bytes + 1;
    return OK;
}

static enum err read_all(struct reading *reading, struct cassette *cassette)
{
    if (!starts_with(reading->rest, CASSETTE_HEAD)) {
        return err_set(reading->text, ERR_DATA,
                       "cassette %.300s: does not begin with the line 'steward-cassette 1'",
                       reading->name);
    }
    reading->rest.bytes += strlen(CASSETTE_HEAD);
    reading->rest.n_bytes -= strlen(CASSETTE_HEAD);
    while (reading->rest.n_bytes > 0) {
        reading->number = cassette->n_exchanges + 1;
        if (cassette->n_exchanges == CASSETTE_EXCHANGES_MAX) {
            return refuse(reading, "is more than a cassette holds (4096)");
        }
        TRY(read_exchange(reading, &cassette->exchanges[cassette->n_exchanges]));
        cassette->n_exchanges++;
    }
    return OK;
}

enum err cassette_open(const char *name, struct slice bytes, struct cassette **ret_cassette,
                       struct err_text *ret_text)
{
    struct cassette *cassette = calloc(1, sizeof(*cassette));
    if (cassette == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "cassette %.300s: out of memory", name);
    }
    struct reading reading = {name, bytes, 0, ret_text};
    enum err err = read_all(&reading, cassette);
    if (err != OK) {
        cassette_close(cassette);
        return err;
    }
    *ret_cassette = cassette;
    return OK;
}

void cassette_close(struct cassette *cassette) { free(cassette); }

uint32_t cassette_length(const struct cassette *cassette) { return cassette->n_exchanges; }

const struct cassette_exchange *cassette_play(const struct cassette *cassette,
                                              struct cassette_head *head, struct digest128 prompt)
{
    for (uint32_t i = 0; i < cassette->n_exchanges; i++) {
        const struct cassette_exchange *exchange = &cassette->exchanges[i];
        uint64_t bit = UINT64_C(1) << (i % 64);
        bool is_it = exchange->prompt.hi == prompt.hi && exchange->prompt.lo == prompt.lo;
        if (is_it && (head->played[i / 64] & bit) == 0) {
            head->played[i / 64] |= bit;
            return exchange;
        }
    }
    return NULL;
}

bool cassette_is_silent(const struct cassette_exchange *exchange)
{
    enum reply_verdict verdict = exchange->verdict;
    bool is_refused = verdict == REPLY_REFUSAL && exchange->raw.n_bytes == 0;
    return verdict == REPLY_TIMEOUT || verdict == REPLY_TRANSPORT || verdict == REPLY_OVERSIZE ||
           is_refused;
}

size_t cassette_write(const struct cassette_exchange *exchange,
                      char ret_bytes[CASSETTE_EXCHANGE_BYTES])
{
    int64_t latency_ns = exchange->latency_ns < 0                         ? 0
                         : exchange->latency_ns > CASSETTE_LATENCY_MAX_NS ? CASSETTE_LATENCY_MAX_NS
                                                                          : exchange->latency_ns;
    size_t n_raw = exchange->raw.n_bytes < REPLY_BYTES_MAX ? exchange->raw.n_bytes : REPLY_BYTES_MAX;
    struct text line;
    text_init(&line, ret_bytes, CASSETTE_LINE_BYTES);
    text_put(&line, "exchange ");
    digest128_put(&line, exchange->prompt);
    text_put_char(&line, ' ');
    text_put(&line, reply_verdict_name(exchange->verdict));
    text_put_char(&line, ' ');
    text_put_i64(&line, latency_ns);
    text_put_char(&line, ' ');
    text_put_u64(&line, exchange->tokens);
    text_put_char(&line, ' ');
    text_put_u64(&line, exchange->cost_microusd);
    text_put_char(&line, ' ');
    text_put_u64(&line, n_raw);
    text_put_char(&line, '\n');
    ASSERT(!line.truncated);
    if (n_raw > 0) {
        memcpy(ret_bytes + line.n_bytes, exchange->raw.bytes, n_raw);
    }
    ret_bytes[line.n_bytes + n_raw] = '\n';
    return line.n_bytes + n_raw + 1;
}
