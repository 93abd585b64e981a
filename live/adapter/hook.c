/* SPDX-License-Identifier: Apache-2.0 */
/* The signed hook: bodies of actions and messages, one POST that is safe to repeat, and looks at the job behind it. */
#include "live/adapter/hook.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/types/names.h"
#include "live/adapter/parts.h"

#define LAST_POST_NS (45 * NS_PER_S)
#define POLL_NS (5 * NS_PER_S)
#define PATIENCE_NS (2 * NS_PER_HOUR)

enum { TRIES_MAX = 4 };

static const char what[] = "hook";

static void put_words(struct text *text, const char *name, const char *words)
{
    text_put_char(text, ',');
    put_member(text, name);
    put_json_words(text, words);
}

static void put_number(struct text *text, const char *name, int64_t number)
{
    text_put_char(text, ',');
    put_member(text, name);
    text_put_i64(text, number);
}

static const char *model_name(const struct deployment *deployment, struct model_id model)
{
    bool is_known = model.value >= 1 && model.value <= deployment->n_models;
    return is_known ? deployment->models[model.value - 1].name : "";
}

static const char *person_name(const struct deployment *deployment, struct person_id person)
{
    bool is_known = person.value >= 1 && person.value <= deployment->n_people;
    return is_known ? deployment->people[person.value - 1].name : "";
}

static const char *table_name(const struct deployment *deployment, struct table_id table)
{
    bool is_known = table.value >= 1 && table.value <= deployment->n_tables;
    return is_known ? deployment->tables[table.value - 1].name : "";
}

static void put_features(const struct deployment *deployment, const struct action_args *args,
                         struct text *text)
{
    const struct model_entry *model = &deployment->models[args->model.value - 1];
    bool is_first = true;
    text_put_char(text, ',');
    put_member(text, "features");
    text_put_char(text, '[');
    for (uint32_t i = 0; i < model->n_features; i++) {
        if (((args->feature_mask >> i) & 1u) != 0) {
            text_put(text, is_first ? "" : ",");
            put_json_words(text, model->features[i].name);
            is_first = false;
        }
    }
    text_put_char(text, ']');
}

static void put_args(const struct deployment *deployment, const struct act_effect *act,
                     int64_t epoch_unix_ns, struct text *text)
{
    const struct action_args *args = &act->args;
    bool is_known = args->model.value >= 1 && args->model.value <= deployment->n_models;
    put_words(text, "model", model_name(deployment, args->model));
    if (args->target.value != 0) {
        put_number(text, "target", args->target.value);
    }
    if (args->table.value != 0) {
        put_words(text, "table", table_name(deployment, args->table));
    }
    if (args->feature_mask != 0 && is_known) {
        put_features(deployment, args, text);
    }
    if (act->verb == VERB_RETRAIN) {
        put_words(text, "window", train_window_name(args->window));
        put_number(text, "from", (epoch_unix_ns + args->from_ns) / NS_PER_S);
        put_number(text, "to", (epoch_unix_ns + args->to_ns) / NS_PER_S);
    }
    if (act->verb == VERB_FALLBACK) {
        put_words(text, "mode", fallback_mode_name(args->mode));
    }
    if (args->weight_ppm != 0) {
        put_number(text, "weight_ppm", args->weight_ppm);
    }
    if (args->step_ppm != 0) {
        put_number(text, "step_ppm", args->step_ppm);
    }
    if (args->ttl_ns != 0) {
        put_number(text, "ttl_s", args->ttl_ns / NS_PER_S);
    }
    text_put(text, args->release ? ",\"release\":true" : ",\"release\":false");
    text_put(text, args->purge ? ",\"purge\":true" : ",\"purge\":false");
    text_put_char(text, ',');
    put_member(text, "subject");
    text_put_char(text, '"');
    digest128_put(text, args->subject);
    text_put_char(text, '"');
}

bool hook_act_body(const struct deployment *deployment, const struct act_effect *act,
                   int64_t epoch_unix_ns, struct text *text)
{
    text_put(text, "{\"type\":\"steward.action\"");
    put_number(text, "action", act->action.value);
    put_number(text, "incident", act->incident.value);
    put_words(text, "verb", verb_name(act->verb));
    put_words(text, "principal", principal_name(act->principal));
    put_args(deployment, act, epoch_unix_ns, text);
    text_put_char(text, '}');
    return !text->truncated;
}

bool hook_page_body(const struct deployment *deployment, const struct page_effect *page,
                    struct text *text)
{
    text_put(text, "{\"type\":\"steward.page\"");
    put_number(text, "page", page->page.value);
    put_number(text, "incident", page->incident.value);
    put_words(text, "model", model_name(deployment, page->model));
    put_words(text, "recipient", role_name(page->recipient));
    put_words(text, "person", person_name(deployment, page->person));
    put_number(text, "severity", page->severity);
    put_number(text, "level", page->level);
    put_words(text, "cause", cause_name(page->cause));
    text_put_char(text, '}');
    return !text->truncated;
}

bool hook_notify_body(const struct deployment *deployment, const struct notify_effect *notify,
                      struct text *text)
{
    text_put(text, "{\"type\":\"steward.notify\"");
    put_number(text, "incident", notify->incident.value);
    put_words(text, "model", model_name(deployment, notify->model));
    put_words(text, "table", table_name(deployment, notify->table));
    put_words(text, "recipient", role_name(notify->recipient));
    put_words(text, "person", person_name(deployment, notify->person));
    put_words(text, "cause", cause_name(notify->cause));
    text_put_char(text, '}');
    return !text->truncated;
}

/* The identity of the call and its signature over what is sent. */
static bool sign(const struct hook_call *call, int64_t now_ns, struct http_request *request)
{
    char signature[WEBHOOK_SIGNATURE_BYTES], seconds[24];
    int64_t timestamp = (call->source->epoch_unix_ns + now_ns) / NS_PER_S;
    struct slice body = {request->body, request->body_bytes};
    webhook_sign(&call->source->secret, slice_of(call->id), timestamp, body, signature);
    struct text text;
    text_init(&text, seconds, sizeof(seconds));
    text_put_i64(&text, timestamp);
    return request_header(request, "webhook-id", slice_of(call->id), false) &&
           request_header(request, "webhook-timestamp", (struct slice){text.bytes, text.n_bytes},
                          false) &&
           request_header(request, "webhook-signature", slice_of(signature), true) &&
           request_header(request, "Idempotency-Key", slice_of(call->id), false);
}

/* A look at the job goes to the server of the endpoint and nowhere else. */
static bool poll_request(const struct hook_call *call, int64_t now_ns, struct http_request *request)
{
    struct endpoint origin = call->source->endpoint;
    char *host = strstr(origin.url, "://");
    char *path = host == NULL ? NULL : strpbrk(host + 3, "/?#");
    if (path != NULL) {
        *path = '\0';
    }
    return request_begin(request, HTTP_GET, &origin, call->poll_path) && sign(call, now_ns, request);
}

static bool post_request(const struct hook_call *call, int64_t now_ns, struct http_request *request)
{
    return request_begin(request, HTTP_POST, &call->source->endpoint, "") &&
           request_body(request, "application/json", (struct slice){call->body, call->body_bytes}) &&
           sign(call, now_ns, request);
}

static enum exchange_next finish(struct hook_call *call, enum outcome_status status,
                                 enum exchange_next next)
{
    call->status = status;
    if (next == EXCHANGE_DONE) {
        call->exchange.error[0] = '\0';
    }
    return exchange_to(&call->exchange, next);
}

static enum exchange_next fail(struct hook_call *call, enum outcome_status status, const char *why)
{
    (void)exchange_fail(&call->exchange, what, why);
    return finish(call, status, EXCHANGE_FAILED);
}

static enum outcome_status failure_of(const struct hook_call *call)
{
    return call->is_training && call->accepted ? OUTCOME_TRAIN_FAILED : OUTCOME_FAILED;
}

static enum exchange_next send(struct hook_call *call, int64_t now_ns,
                               struct http_request *ret_request)
{
    if (!call->polling && now_ns > call->started_at + LAST_POST_NS) {
        return fail(call, call->exchange.tries > 1 ? OUTCOME_UNKNOWN : OUTCOME_FAILED,
                    "too late to begin");
    }
    bool fits = call->polling ? poll_request(call, now_ns, ret_request)
                              : post_request(call, now_ns, ret_request);
    return fits ? exchange_to(&call->exchange, EXCHANGE_SEND)
                : fail(call, failure_of(call), "the request does not fit");
}

enum exchange_next hook_call_begin(struct hook_call *call, const struct hook_source *source,
                                   const char *id, struct slice body, bool is_training,
                                   int64_t now_ns, struct http_request *ret_request)
{
    memset(call, 0, sizeof(*call));
    call->source = source;
    call->is_training = is_training;
    call->started_at = now_ns;
    call->exchange.tries = 1;
    struct text name;
    text_init(&name, call->id, sizeof(call->id));
    text_put(&name, id);
    if (name.truncated || body.n_bytes > sizeof(call->body)) {
        return fail(call, OUTCOME_FAILED, "the body or its id is too long");
    }
    memcpy(call->body, body.bytes, body.n_bytes);
    call->body_bytes = (uint32_t)body.n_bytes;
    return send(call, now_ns, ret_request);
}

enum exchange_next hook_call_begin_act(struct hook_call *call, const struct hook_source *source,
                                       const struct deployment *deployment,
                                       const struct act_effect *act, int64_t now_ns,
                                       struct http_request *ret_request)
{
    char key[40], body[sizeof(call->body)];
    struct text id, text;
    text_init(&id, key, sizeof(key));
    digest128_put(&id, act->key);
    text_init(&text, body, sizeof(body));
    bool is_whole = hook_act_body(deployment, act, source->epoch_unix_ns, &text);
    ASSERT(is_whole); /* Eight names of features and a dozen numbers. */
    return hook_call_begin(call, source, key, (struct slice){text.bytes, text.n_bytes},
                           act->verb == VERB_RETRAIN, now_ns, ret_request);
}

enum job_state { JOB_UNSAID, JOB_DONE, JOB_RUNNING, JOB_FAILED };

static bool is_path(struct slice path)
{
    bool is_rooted =
        path.n_bytes > 0 && path.bytes[0] == '/' && (path.n_bytes == 1 || path.bytes[1] != '/');
    for (size_t i = 0; i < path.n_bytes; i++) {
        is_rooted = is_rooted && path.bytes[i] > ' ' && path.bytes[i] != 0x7f;
    }
    return is_rooted;
}

/* What the body says of the job; a body that is no JSON says nothing. */
static enum job_state job_read(struct hook_call *call, const struct http_response *response)
{
    json_t *root = response_is_json(response) ? object_open(response->body) : NULL;
    struct slice status = member_words(root, "status"), poll = member_words(root, "poll");
    int64_t version = 0;
    enum job_state state = slice_is(status, "done")      ? JOB_DONE
                           : slice_is(status, "running") ? JOB_RUNNING
                           : slice_is(status, "failed")  ? JOB_FAILED
                                                         : JOB_UNSAID;
    if (member_whole(root, "version", 1, UINT16_MAX, &version)) {
        call->version.value = (uint16_t)version;
    }
    if (is_path(poll) && poll.n_bytes < sizeof(call->poll_path)) {
        memcpy(call->poll_path, poll.bytes, poll.n_bytes);
        call->poll_path[poll.n_bytes] = '\0';
    }
    json_decref(root);
    return state;
}

static enum exchange_next finish_done(struct hook_call *call)
{
    call->accepted = true;
    bool is_trained = call->is_training && call->version.value != 0;
    return finish(call, is_trained ? OUTCOME_TRAINED : OUTCOME_DONE, EXCHANGE_DONE);
}

static enum exchange_next poll_later(struct hook_call *call, int64_t now_ns)
{
    int64_t patience = call->source->patience_ns > 0 ? call->source->patience_ns : PATIENCE_NS;
    if (now_ns - call->started_at >= patience) {
        return fail(call, call->is_training ? OUTCOME_TRAIN_FAILED : OUTCOME_UNKNOWN,
                    "the job does not end");
    }
    call->polling = true;
    call->exchange.wait_until =
        now_ns + (call->source->poll_ns > 0 ? call->source->poll_ns : POLL_NS);
    return exchange_to(&call->exchange, EXCHANGE_WAIT);
}

static enum exchange_next take_post(struct hook_call *call, int64_t now_ns,
                                    const struct http_response *response)
{
    if (!response_is_ok(response)) {
        if (!exchange_may_retry(response)) {
            exchange_complain(&call->exchange, what, response);
            bool is_answered = response->transport == HTTP_OK;
            return finish(call, is_answered ? OUTCOME_FAILED : OUTCOME_UNKNOWN, EXCHANGE_FAILED);
        }
        call->status = OUTCOME_UNKNOWN; /* When no try is left: one of them may have arrived. */
        return exchange_again(&call->exchange, what, response, TRIES_MAX, now_ns);
    }
    enum job_state state = job_read(call, response);
    if (state == JOB_FAILED) {
        return fail(call, OUTCOME_FAILED, "the receiver says failed");
    }
    bool is_running = state == JOB_RUNNING || (state == JOB_UNSAID && response->status == 202);
    if (is_running && call->poll_path[0] != '\0') {
        call->accepted = true;
        return poll_later(call, now_ns);
    }
    return finish_done(call);
}

static enum exchange_next take_poll(struct hook_call *call, int64_t now_ns,
                                    const struct http_response *response)
{
    bool is_gone = response->transport == HTTP_OK && !response_is_ok(response) &&
                   !exchange_may_retry(response);
    if (is_gone) {
        return fail(call, call->is_training ? OUTCOME_TRAIN_FAILED : OUTCOME_UNKNOWN,
                    "the job cannot be looked at");
    }
    enum job_state state = response_is_ok(response) ? job_read(call, response) : JOB_UNSAID;
    if (state == JOB_DONE) {
        return call->is_training && call->version.value == 0
                   ? fail(call, OUTCOME_TRAIN_FAILED, "the training names no version")
                   : finish_done(call);
    }
    return state == JOB_FAILED ? fail(call, failure_of(call), "the job failed")
                               : poll_later(call, now_ns);
}

enum exchange_next hook_call_take(struct hook_call *call, int64_t now_ns,
                                  const struct http_response *response,
                                  struct http_request *ret_request)
{
    (void)ret_request; /* Whatever comes next waits first. */
    return call->polling ? take_poll(call, now_ns, response) : take_post(call, now_ns, response);
}

enum exchange_next hook_call_timer(struct hook_call *call, int64_t now_ns,
                                   struct http_request *ret_request)
{
    enum exchange_next next = EXCHANGE_DONE;
    if (exchange_is_early(&call->exchange, now_ns, &next)) {
        return next;
    }
    return send(call, now_ns, ret_request);
}
