/* SPDX-License-Identifier: Apache-2.0 */
/* Requests written within their buffers, shown without their secrets, and tried again with patience. */
#include "live/adapter/exchange.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/types/limits.h"
#include "live/adapter/parts.h"

#define TIMEOUT_NS (10 * NS_PER_S)
#define RETRY_AFTER_MAX_NS NS_PER_MIN
#define BACKOFF_MAX_NS (16 * NS_PER_S)

const char *http_method_name(enum http_method method)
{
    static const char *const names[N_HTTP_METHODS] = {
        [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE"};
    ASSERT((uint32_t)method < N_HTTP_METHODS);
    return names[method];
}

/* A line break in a header would begin another one. */
static bool is_field(struct slice words)
{
    for (size_t i = 0; i < words.n_bytes; i++) {
        unsigned char byte = (unsigned char)words.bytes[i];
        if (byte < 0x20 || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool chars_set(char *chars, size_t capacity, struct slice words)
{
    if (words.n_bytes >= capacity || !is_field(words)) {
        return false;
    }
    memcpy(chars, words.bytes, words.n_bytes);
    chars[words.n_bytes] = '\0';
    return true;
}

bool request_begin(struct http_request *request, enum http_method method,
                   const struct endpoint *endpoint, const char *path)
{
    request->method = method;
    request->secret_url = endpoint->secret_url;
    request->n_headers = 0;
    request->content_type[0] = '\0';
    request->body_bytes = 0;
    request->timeout_ns = endpoint->timeout_ns > 0 ? endpoint->timeout_ns : TIMEOUT_NS;
    request->response_bytes_max = RESPONSE_BYTES_MAX;
    struct text url;
    text_init(&url, request->url, sizeof(request->url));
    text_put(&url, endpoint->url);
    text_put(&url, path);
    if (url.truncated || !is_field((struct slice){url.bytes, url.n_bytes})) {
        return false;
    }
    return endpoint->auth.name[0] == '\0' ||
           request_header(request, endpoint->auth.name, slice_of(endpoint->auth.value), true);
}

bool request_query(struct http_request *request, const char *name, struct slice value)
{
    struct text url = {
        .bytes = request->url, .capacity = sizeof(request->url), .n_bytes = strlen(request->url)};
    text_put_char(&url, strchr(request->url, '?') == NULL ? '?' : '&');
    put_percent(&url, slice_of(name));
    text_put_char(&url, '=');
    put_percent(&url, value);
    return !url.truncated;
}

bool request_header(struct http_request *request, const char *name, struct slice value, bool secret)
{
    if (request->n_headers == HTTP_HEADERS_MAX) {
        return false;
    }
    struct http_header *header = &request->headers[request->n_headers];
    if (!chars_set(header->name, sizeof(header->name), slice_of(name)) ||
        !chars_set(header->value, sizeof(header->value), value)) {
        return false;
    }
    header->secret = secret;
    request->n_headers++;
    return true;
}

bool request_body(struct http_request *request, const char *content_type, struct slice body)
{
    if (body.n_bytes > sizeof(request->body) ||
        !chars_set(request->content_type, sizeof(request->content_type), slice_of(content_type))) {
        return false;
    }
    memcpy(request->body, body.bytes, body.n_bytes);
    request->body_bytes = (uint32_t)body.n_bytes;
    return true;
}

/* Of a secret URL only scheme and host may be seen. */
static void describe_url(const struct http_request *request, struct text *text)
{
    const char *host = strstr(request->url, "://");
    const char *path = host == NULL ? NULL : strchr(host + 3, '/');
    if (!request->secret_url) {
        text_put(text, request->url);
        return;
    }
    if (path != NULL) {
        text_put_slice(text, (struct slice){request->url, (size_t)(path - request->url)});
        text_put_char(text, '/');
    }
    text_put(text, "***");
}

void request_describe(const struct http_request *request, struct text *text)
{
    text_put(text, http_method_name(request->method));
    text_put_char(text, ' ');
    describe_url(request, text);
    text_put_char(text, '\n');
    for (uint32_t i = 0; i < request->n_headers; i++) {
        const struct http_header *header = &request->headers[i];
        text_put(text, header->name);
        text_put(text, ": ");
        text_put(text, header->secret ? "***" : header->value);
        text_put_char(text, '\n');
    }
    if (request->body_bytes > 0) {
        text_put(text, "Content-Type: ");
        text_put(text, request->content_type);
        text_put(text, "\n\n");
        text_put_slice(text, (struct slice){request->body, request->body_bytes});
        text_put_char(text, '\n');
    }
}

int64_t exchange_backoff_ns(const struct http_response *response, uint32_t tries)
{
    if (response->transport == HTTP_OK && response->retry_after_ns >= 0) {
        return response->retry_after_ns <= RETRY_AFTER_MAX_NS ? response->retry_after_ns : -1;
    }
    int64_t wait = NS_PER_S;
    for (uint32_t i = 1; i < tries && wait < BACKOFF_MAX_NS; i++) {
        wait *= 2;
    }
    return wait;
}

bool exchange_may_retry(const struct http_response *response)
{
    if (response->transport != HTTP_OK) {
        return response->transport != HTTP_TOO_LARGE;
    }
    uint32_t status = response->status;
    return status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501);
}

void exchange_complain(struct exchange *exchange, const char *what,
                       const struct http_response *response)
{
    static const char *const transports[N_HTTP_TRANSPORTS] = {
        [HTTP_OK] = "HTTP ",
        [HTTP_FAILED] = "no connection, or it broke",
        [HTTP_TIMEOUT] = "no answer in time",
        [HTTP_TOO_LARGE] = "the answer is larger than allowed"};
    ASSERT((uint32_t)response->transport < N_HTTP_TRANSPORTS);
    char type[CONTENT_TYPE_BYTES];
    chars_clean(type, sizeof(type), slice_of(response->content_type));
    struct text text;
    text_init(&text, exchange->error, sizeof(exchange->error));
    text_put(&text, what);
    text_put(&text, ": ");
    text_put(&text, transports[response->transport]);
    if (response->transport == HTTP_OK) {
        text_put_u64(&text, response->status);
        text_put(&text, ", ");
        text_put(&text, type[0] == '\0' ? "no content type" : type);
    }
}

enum exchange_next exchange_to(struct exchange *exchange, enum exchange_next next)
{
    exchange->next = next;
    return next;
}

enum exchange_next exchange_first(struct exchange *exchange)
{
    exchange->tries = 1;
    return exchange_to(exchange, EXCHANGE_SEND);
}

enum exchange_next exchange_again(struct exchange *exchange, const char *what,
                                  const struct http_response *response, uint32_t tries_max,
                                  int64_t now_ns)
{
    exchange_complain(exchange, what, response);
    int64_t wait = exchange_backoff_ns(response, exchange->tries);
    if (!exchange_may_retry(response) || exchange->tries >= tries_max || wait < 0) {
        return exchange_to(exchange, EXCHANGE_FAILED);
    }
    exchange->tries++;
    exchange->wait_until = now_ns + wait;
    return exchange_to(exchange, EXCHANGE_WAIT);
}

bool exchange_is_early(const struct exchange *exchange, int64_t now_ns, enum exchange_next *ret_next)
{
    bool is_due = exchange->next == EXCHANGE_WAIT && now_ns >= exchange->wait_until;
    *ret_next = exchange->next == EXCHANGE_SEND ? EXCHANGE_WAIT : exchange->next;
    return !is_due;
}

enum exchange_next exchange_fail(struct exchange *exchange, const char *what, const char *why)
{
    struct text text;
    text_init(&text, exchange->error, sizeof(exchange->error));
    text_put(&text, what);
    text_put(&text, ": ");
    text_put(&text, why);
    return exchange_to(exchange, EXCHANGE_FAILED);
}
