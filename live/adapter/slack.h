/* SPDX-License-Identifier: Apache-2.0 */
/* Slack-compatible incoming webhook: pages and notes as escaped text. */
#ifndef LIVE_ADAPTER_SLACK_H
#define LIVE_ADAPTER_SLACK_H

#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "live/adapter/exchange.h"

enum { SLACK_TEXT_BYTES = 2048 };

/* The URL of the endpoint is the secret: secret_url is set by whoever fills it. */
struct slack_send {
    struct exchange exchange;
    const struct endpoint *endpoint;
    char text[SLACK_TEXT_BYTES];
    bool delivered; /* With DONE. */
};

/* & < > escaped and control characters dropped, so that no mention or link can come out of a name. */
void slack_escape(struct text *text, struct slice raw);
/* address: of the page where the incident is shown; empty: none. */
void slack_page_text(const struct deployment *deployment, const struct page_effect *page,
                     const char *address, struct text *text);
void slack_notify_text(const struct deployment *deployment, const struct notify_effect *notify,
                       const char *address, struct text *text);

/* text is sent as it is given (escaped by the writers above). Tried three times. Slack has no idempotency: a lost answer may
 * mean a second message, never none. */
enum exchange_next slack_send_begin(struct slack_send *message, const struct endpoint *endpoint,
                                    struct slice text, int64_t now_ns,
                                    struct http_request *ret_request);
enum exchange_next slack_send_take(struct slack_send *message, int64_t now_ns,
                                   const struct http_response *response,
                                   struct http_request *ret_request);
enum exchange_next slack_send_timer(struct slack_send *message, int64_t now_ns,
                                    struct http_request *ret_request);

#endif
