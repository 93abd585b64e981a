/* SPDX-License-Identifier: Apache-2.0 */
/* Hook: any action or message as a signed HTTP request (Standard Webhooks), with an idempotency key and status polling. */
#ifndef LIVE_ADAPTER_HOOK_H
#define LIVE_ADAPTER_HOOK_H

#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "live/adapter/exchange.h"
#include "live/adapter/webhook.h"

struct hook_source {
    struct endpoint endpoint; /* The URL is posted to as it is. */
    struct webhook_secret secret;
    int64_t epoch_unix_ns;
    int64_t poll_ns;     /* Between looks at the status; 0: five seconds. */
    int64_t patience_ns; /* Until a job that does not end counts as unknown; 0: two hours. */
};

/* JSON bodies. The whole effect is in them; names, not numbers, where there are names; times are Unix seconds. False when cut. */
bool hook_act_body(const struct deployment *deployment, const struct act_effect *act,
                   int64_t epoch_unix_ns, struct text *text);
bool hook_page_body(const struct deployment *deployment, const struct page_effect *page,
                    struct text *text);
bool hook_notify_body(const struct deployment *deployment, const struct notify_effect *notify,
                      struct text *text);

/* POST with webhook-id (the id), webhook-timestamp, webhook-signature and Idempotency-Key. Answers:
 *   200 204, or {"status":"done"}                         done
 *   202, or {"status":"running","poll":"/jobs/7"}         accepted; the path (same server only) is looked at until it says done or failed
 *   {"status":"done","version":7}                         a training that ended with the version
 *   {"status":"failed"}, 4xx but for 408 425 429          failed
 * Without a path a 202 is done. No POST leaves later than 45 s after the begin: by then the warden counts on it that none will start.
 * Retries carry the same id, so a receiver does the work once. What stays without an answer is UNKNOWN. */
struct hook_call {
    struct exchange exchange;
    const struct hook_source *source;
    char id[64];
    char body[4096];
    uint32_t body_bytes;
    bool is_training;
    bool polling;
    char poll_path[256];
    int64_t started_at;
    /* Results. */
    bool accepted; /* True from the first answer that took the work; OUTCOME_DONE may be told once then. */
    enum outcome_status status; /* With DONE and FAILED: DONE, FAILED, UNKNOWN, TRAINED, TRAIN_FAILED. */
    struct version_id version; /* TRAINED. */
};
/* id: names the work for ever (the action's key, "page-7"). */
enum exchange_next hook_call_begin(struct hook_call *call, const struct hook_source *source,
                                   const char *id, struct slice body, bool is_training,
                                   int64_t now_ns, struct http_request *ret_request);
enum exchange_next hook_call_begin_act(struct hook_call *call, const struct hook_source *source,
                                       const struct deployment *deployment,
                                       const struct act_effect *act, int64_t now_ns,
                                       struct http_request *ret_request);
enum exchange_next hook_call_take(struct hook_call *call, int64_t now_ns,
                                  const struct http_response *response,
                                  struct http_request *ret_request);
enum exchange_next hook_call_timer(struct hook_call *call, int64_t now_ns,
                                   struct http_request *ret_request);

#endif
