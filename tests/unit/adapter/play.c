/* SPDX-License-Identifier: Apache-2.0 */
/* A deployment, an endpoint and responses for tests of machines. */
#include "tests/unit/adapter/play.h"

#include <string.h>

const struct deployment *play_deployment(void)
{
    static const struct deployment deployment = {
        .name = "shop",
        .window_ns = 5 * NS_PER_MIN,
        .n_models = 1,
        .models = {{.name = "fraud",
                    .tier = TIER_HIGH,
                    .label_delay_ns = NS_PER_HOUR,
                    .accuracy_floor = 0.8,
                    .availability_floor = 0.99,
                    .n_features = 2,
                    .features = {{.name = "amount", .table = {1}, .importance = 0.6},
                                 {.name = "hour", .table = {1}, .importance = 0.4}}}},
        .n_tables = 1,
        .tables = {{.name = "payments", .producer = {1}}},
        .n_people = 1,
        .people = {{.name = "ada", .roles = 1, .level = 1}},
        .tools = ~UINT64_C(0),
        .llm = {.enabled = true,
                .deadline_ns = 30 * NS_PER_S,
                .calls_per_incident = 3,
                .tokens_per_day = 100000}};
    return &deployment;
}

const struct endpoint *play_endpoint(void)
{
    static const struct endpoint endpoint = {
        .url = "http://server.test:1",
        .auth = {.name = "Authorization", .value = "Bearer PLANTED-TOKEN", .secret = true}};
    return &endpoint;
}

struct http_response play_json(uint32_t status, const char *body)
{
    return (struct http_response){.transport = HTTP_OK,
                                  .status = status,
                                  .content_type = "application/json; charset=utf-8",
                                  .retry_after_ns = -1,
                                  .body = slice_of(body)};
}

struct http_response play_html(uint32_t status)
{
    return (struct http_response){.transport = HTTP_OK,
                                  .status = status,
                                  .content_type = "text/html",
                                  .retry_after_ns = -1,
                                  .body = slice_of("<html><body>Log in</body></html>")};
}

struct http_response play_broken(enum http_transport transport)
{
    return (struct http_response){.transport = transport, .retry_after_ns = -1, .body = {"", 0}};
}

bool request_has(const struct http_request *request, const char *words)
{
    return slice_find((struct slice){request->body, request->body_bytes}, slice_of(words)) >= 0;
}
