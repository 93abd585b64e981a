/* SPDX-License-Identifier: Apache-2.0 */
/* What the machines share and nobody else sees: JSON read strictly and written bounded, words made clean, trying again. */
#ifndef LIVE_ADAPTER_PARTS_H
#define LIVE_ADAPTER_PARTS_H

#include <jansson.h>

#include "core/base/visit.h"
#include "live/adapter/exchange.h"

/* One JSON object without repeated members and nothing after it; NULL otherwise. json_decref ends it. */
json_t *object_open(struct slice body);
/* A string member; empty when it is absent or no string. */
struct slice member_words(const json_t *object, const char *name);
/* An integer, or a string of decimal digits, in lo .. hi. */
bool value_whole(const json_t *value, int64_t lo, int64_t hi, int64_t *ret_whole);
bool member_whole(const json_t *object, const char *name, int64_t lo, int64_t hi, int64_t *ret_whole);
bool slice_is(struct slice slice, const char *words);
/* Decimal digits with an optional minus, at most 18 of them. */
bool slice_whole(struct slice slice, int64_t lo, int64_t hi, int64_t *ret_whole);
/* A finite decimal number and nothing else; also NaN and infinities when special is given, which is then set. */
bool slice_real(struct slice slice, double *ret_real, bool *ret_special);

/* Copies what is printable UTF-8: control, direction and zero-width characters become nothing, broken bytes '?', cut on a boundary. */
void chars_clean(char *chars, size_t capacity, struct slice raw);
/* A JSON string with its quotes. */
void put_json(struct text *text, struct slice raw);
void put_json_words(struct text *text, const char *words);
/* "name":  */
void put_member(struct text *text, const char *name);
/* Percent-encoding of everything but RFC 3986's unreserved characters. */
void put_percent(struct text *text, struct slice raw);

/* media type application/json or one that ends with +json. */
bool response_is_json(const struct http_response *response);
bool response_is_ok(const struct http_response *response);

/* Ends a call of a machine. */
enum exchange_next exchange_to(struct exchange *exchange, enum exchange_next next);
/* A new request: its tries begin. */
enum exchange_next exchange_first(struct exchange *exchange);
/* EXCHANGE_WAIT before another try when the response allows it and tries are left; else EXCHANGE_FAILED. */
enum exchange_next exchange_again(struct exchange *exchange, const char *what,
                                  const struct http_response *response, uint32_t tries_max,
                                  int64_t now_ns);
/* True when a timer has nothing to do: what it then returns is in *ret_next. While a response is due that is EXCHANGE_WAIT. */
bool exchange_is_early(const struct exchange *exchange, int64_t now_ns, enum exchange_next *ret_next);
/* EXCHANGE_FAILED with these words. */
enum exchange_next exchange_fail(struct exchange *exchange, const char *what, const char *why);

#endif
