/* SPDX-License-Identifier: Apache-2.0 */
/* Words for a channel, and the incoming webhook that takes them. */
#include "live/adapter/slack.h"

#include <string.h>

#include "core/types/names.h"
#include "live/adapter/parts.h"

enum { TRIES_MAX = 3 };

static const char what[] = "chat webhook";

void slack_escape(struct text *text, struct slice raw)
{
    char clean[SLACK_TEXT_BYTES];
    chars_clean(clean, sizeof(clean), raw);
    for (size_t i = 0; clean[i] != '\0'; i++) {
        switch (clean[i]) {
        case '&':
            text_put(text, "&amp;");
            break;
        case '<':
            text_put(text, "&lt;");
            break;
        case '>':
            text_put(text, "&gt;");
            break;
        default:
            text_put_char(text, clean[i]);
        }
    }
}

static void put_model(struct text *text, const struct deployment *deployment, struct model_id model)
{
    bool is_known = model.value >= 1 && model.value <= deployment->n_models;
    slack_escape(text, slice_of(is_known ? deployment->models[model.value - 1].name : "the fleet"));
}

static void put_person(struct text *text, const struct deployment *deployment,
                       struct person_id person, enum role recipient)
{
    bool is_known = person.value >= 1 && person.value <= deployment->n_people;
    slack_escape(text, slice_of(is_known ? deployment->people[person.value - 1].name
                                         : role_name(recipient)));
}

static void put_address(struct text *text, const char *address)
{
    if (address[0] != '\0') {
        text_put(text, "\n");
        slack_escape(text, slice_of(address));
    }
}

void slack_page_text(const struct deployment *deployment, const struct page_effect *page,
                     const char *address, struct text *text)
{
    text_put(text, "Page ");
    text_put_u64(text, page->page.value);
    text_put(text, " for ");
    put_person(text, deployment, page->person, page->recipient);
    text_put(text, ": incident ");
    text_put_u64(text, page->incident.value);
    text_put(text, " of ");
    put_model(text, deployment, page->model);
    text_put(text, ", severity ");
    text_put_u64(text, page->severity);
    text_put(text, ", cause so far: ");
    slack_escape(text, slice_of(cause_name(page->cause)));
    put_address(text, address);
}

void slack_notify_text(const struct deployment *deployment, const struct notify_effect *notify,
                       const char *address, struct text *text)
{
    text_put(text, "For ");
    put_person(text, deployment, notify->person, notify->recipient);
    text_put(text, ": incident ");
    text_put_u64(text, notify->incident.value);
    text_put(text, " of ");
    put_model(text, deployment, notify->model);
    if (notify->table.value >= 1 && notify->table.value <= deployment->n_tables) {
        text_put(text, ", table ");
        slack_escape(text, slice_of(deployment->tables[notify->table.value - 1].name));
    }
    text_put(text, ", cause: ");
    slack_escape(text, slice_of(cause_name(notify->cause)));
    put_address(text, address);
}

static enum exchange_next send(struct slack_send *message, struct http_request *ret_request)
{
    char body[2 * SLACK_TEXT_BYTES];
    struct text text;
    text_init(&text, body, sizeof(body));
    text_put(&text, "{\"text\":");
    put_json_words(&text, message->text);
    text_put_char(&text, '}');
    bool fits =
        !text.truncated && request_begin(ret_request, HTTP_POST, message->endpoint, "") &&
        request_body(ret_request, "application/json", (struct slice){text.bytes, text.n_bytes});
    return fits ? exchange_to(&message->exchange, EXCHANGE_SEND)
                : exchange_fail(&message->exchange, what, "the request does not fit");
}

enum exchange_next slack_send_begin(struct slack_send *message, const struct endpoint *endpoint,
                                    struct slice text, int64_t now_ns,
                                    struct http_request *ret_request)
{
    (void)now_ns;
    memset(message, 0, sizeof(*message));
    message->endpoint = endpoint;
    message->exchange.tries = 1;
    struct text copy; /* Too long: the end is cut. */
    text_init(&copy, message->text, sizeof(message->text));
    text_put_slice(&copy, text);
    return send(message, ret_request);
}

enum exchange_next slack_send_take(struct slack_send *message, int64_t now_ns,
                                   const struct http_response *response,
                                   struct http_request *ret_request)
{
    (void)ret_request;
    if (response_is_ok(response)) {
        message->delivered = true;
        message->exchange.error[0] = '\0';
        return exchange_to(&message->exchange, EXCHANGE_DONE);
    }
    return exchange_again(&message->exchange, what, response, TRIES_MAX, now_ns);
}

enum exchange_next slack_send_timer(struct slack_send *message, int64_t now_ns,
                                    struct http_request *ret_request)
{
    enum exchange_next next = EXCHANGE_DONE;
    if (exchange_is_early(&message->exchange, now_ns, &next)) {
        return next;
    }
    return send(message, ret_request);
}
