/* SPDX-License-Identifier: Apache-2.0 */
/* Exchange: the one shape of every adapter. A machine is given a response or a timer and says what to send next; it opens no socket and
 * reads no clock. */
#ifndef LIVE_ADAPTER_EXCHANGE_H
#define LIVE_ADAPTER_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"

enum {
    URL_BYTES = 2048, /* What proxies pass on; longer queries go as a form. */
    HTTP_HEADERS_MAX = 8,
    HEADER_NAME_BYTES = 64,
    HEADER_VALUE_BYTES = 1024, /* A token of one of the longer kinds. */
    CONTENT_TYPE_BYTES = 128,
    BODY_BYTES_MAX = 64 * 1024,
    RESPONSE_BYTES_MAX =
        1024 * 1024, /* Refused above; the pipe stops reading there, decompressed bytes counted. */
    EXCHANGE_ERROR_BYTES = 256,
};

enum http_method { HTTP_GET, HTTP_POST, HTTP_PATCH, HTTP_DELETE, N_HTTP_METHODS };
const char *http_method_name(enum http_method method);

struct http_header {
    char name[HEADER_NAME_BYTES];
    char value[HEADER_VALUE_BYTES];
    bool secret; /* The value is never shown. */
};

struct http_request {
    enum http_method method;
    char url[URL_BYTES];
    bool secret_url; /* The path is a secret (chat webhooks): never shown. */
    uint32_t n_headers;
    struct http_header headers[HTTP_HEADERS_MAX];
    char content_type[CONTENT_TYPE_BYTES]; /* Empty: no body. */
    uint32_t body_bytes;
    char body[BODY_BYTES_MAX];
    int64_t timeout_ns;
    size_t response_bytes_max;
};

enum http_transport { HTTP_OK, HTTP_FAILED, HTTP_TIMEOUT, HTTP_TOO_LARGE, N_HTTP_TRANSPORTS };

struct http_response {
    enum http_transport transport;
    uint32_t status; /* With OK. Redirects are not followed: 3xx arrives as it is. */
    char content_type[CONTENT_TYPE_BYTES]; /* As sent; empty when there was none. */
    int64_t retry_after_ns;                /* From Retry-After; -1 none. */
    struct slice body;                     /* Borrowed until the machine returns. */
};

enum exchange_next {
    EXCHANGE_SEND, /* *ret is a request; its response is due by X_take. */
    EXCHANGE_WAIT, /* Nothing to send before exchange.wait_until; then X_timer. A timer while a response is due says it too. */
    EXCHANGE_DONE, /* The result is in the machine. */
    EXCHANGE_FAILED, /* exchange.error says why. */
};

/* Common part of every machine, its first member. All times are those of the host: nanoseconds since the run's epoch. */
struct exchange {
    enum exchange_next next; /* What the last call returned. */
    int64_t wait_until;
    uint32_t tries; /* Of the present request. */
    char error[EXCHANGE_ERROR_BYTES]; /* One line without secrets or control characters; empty unless something went wrong. */
};

/* One server: base URL without a slash at its end, how to prove who we are, and patience. */
struct endpoint {
    char url[URL_BYTES / 2];
    bool secret_url;
    struct http_header auth; /* Empty name: none. Host name for servers that check it goes by the URL. */
    int64_t timeout_ns;      /* 0: ten seconds. */
};

/* Begins a request to the endpoint: method, URL from base and path, authorization, timeout, ceiling of the response. False when it does not
 * fit. */
bool request_begin(struct http_request *request, enum http_method method,
                   const struct endpoint *endpoint, const char *path);
/* Adds ?name=value or &name=value, the value percent-encoded. False when it does not fit. */
bool request_query(struct http_request *request, const char *name, struct slice value);
bool request_header(struct http_request *request, const char *name, struct slice value, bool secret);
/* Sets the body; false when it is longer than the buffer. */
bool request_body(struct http_request *request, const char *content_type, struct slice body);
/* The request as it may be shown: method, URL, headers and body; secrets as ***. For dry runs and records. */
void request_describe(const struct http_request *request, struct text *text);

/* Waiting before the next try: Retry-After up to a minute when the server named it, else 1 s, 2 s, 4 s, ...; -1 when it asks for more. */
int64_t exchange_backoff_ns(const struct http_response *response, uint32_t tries);
/* 408 425 429 and 5xx except 501, and responses that never came whole. */
bool exchange_may_retry(const struct http_response *response);
/* "WHAT: HTTP 502, text/html", "WHAT: no answer in time", ...; whatever the server said is not in it. */
void exchange_complain(struct exchange *exchange, const char *what,
                       const struct http_response *response);

#endif
