/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer of the LLM's server and of a job behind the hook: a verdict comes out, claims only with a valid one. */
#include <string.h>

#include "core/base/assert.h"
#include "live/adapter/hook.h"
#include "live/adapter/llm.h"
#include "tests/fuzz/fuzz.h"

static void ask_llm(const struct http_response *response)
{
    static const struct llm_source source = {.endpoint = {.url = "http://llm.test"}, .model = "tiny"};
    static const struct llm_limits limits = {.enabled = true, .tokens_per_day = 100000};
    static const struct ask_llm_effect ask = {
        .question = {1}, .model = {1}, .deadline = 30 * NS_PER_S};
    static struct llm_call call;
    static struct http_request request;
    struct llm_meter meter = {0};
    enum exchange_next next =
        llm_call_begin(&call, &source, &meter, &limits, &ask, slice_of("why?"), 10, 0, &request);
    ASSERT(next == EXCHANGE_SEND);
    next = llm_call_take(&call, 0, response, &request);
    ASSERT(next == EXCHANGE_DONE || next == EXCHANGE_FAILED);
    const struct reply *reply = &call.reply.reply;
    ASSERT((uint32_t)reply->verdict < N_REPLY_VERDICTS);
    ASSERT((reply->n_claims > 0) == (reply->verdict == REPLY_VALID));
    ASSERT(next == EXCHANGE_DONE || reply->verdict != REPLY_VALID);
    ASSERT(call.reply.raw.n_bytes <= REPLY_BYTES_MAX);
}

static void call_hook(const struct http_response *response)
{
    static const struct hook_source source = {.endpoint = {.url = "http://jobs.test/hook"},
                                              .secret = {.n_bytes = WEBHOOK_SECRET_MIN}};
    static struct hook_call call;
    static struct http_request request;
    enum exchange_next next = hook_call_begin(&call, &source, "1", slice_of("{}"), true, 0, &request);
    ASSERT(next == EXCHANGE_SEND);
    next = hook_call_take(&call, 0, response, &request);
    ASSERT(next != EXCHANGE_SEND);
    if (next == EXCHANGE_WAIT) {
        next = hook_call_timer(&call, call.exchange.wait_until, &request);
        ASSERT(next == EXCHANGE_SEND || next == EXCHANGE_FAILED);
        ASSERT(next == EXCHANGE_FAILED || strncmp(request.url, "http://jobs.test/", 17) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct http_response response = {.transport = HTTP_OK,
                                     .status = 200,
                                     .content_type = "application/json",
                                     .retry_after_ns = -1,
                                     .body = {(const char *)bytes, n_bytes}};
    ask_llm(&response);
    response.status = 202;
    call_hook(&response);
    return 0;
}
