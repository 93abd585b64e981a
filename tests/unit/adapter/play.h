/* SPDX-License-Identifier: Apache-2.0 */
/* A deployment, an endpoint and responses for tests of machines. */
#ifndef TESTS_UNIT_ADAPTER_PLAY_H
#define TESTS_UNIT_ADAPTER_PLAY_H

#include <stdbool.h>

#include "core/types/deployment.h"
#include "live/adapter/exchange.h"

#define EPOCH_UNIX_NS (INT64_C(1795440000) * NS_PER_S)

/* One model fraud with features amount (table payments) and hour, a person ada, five-minute windows, labels after an hour. */
const struct deployment *play_deployment(void);
/* http://server.test:1 with a bearer token of the word PLANTED-TOKEN. */
const struct endpoint *play_endpoint(void);
struct http_response play_json(uint32_t status, const char *body);
struct http_response play_html(uint32_t status);
struct http_response play_broken(enum http_transport transport);
bool request_has(const struct http_request *request, const char *words); /* In the body. */

#endif
