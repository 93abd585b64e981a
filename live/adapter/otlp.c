/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of incidents: the agents by what they advised, tools and LLM from question to answer, actions from intent to outcome, and the
 * warden's records. Ids come from the run and the incident, so that the same journal gives the same trace. */
#include "live/adapter/otlp.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/prng.h"
#include "core/types/names.h"
#include "live/adapter/genai.h"
#include "live/adapter/parts.h"

enum { TRIES_MAX = 4, TAIL_BYTES = 160, KIND_INTERNAL = 1, KIND_CLIENT = 3, STATUS_ERROR = 2 };

static const char what[] = "traces";

void tracer_init(struct tracer *tracer, uint64_t run, int64_t epoch_unix_ns, const char *llm_model)
{
    memset(tracer, 0, sizeof(*tracer));
    tracer->run = run;
    tracer->epoch_unix_ns = epoch_unix_ns;
    chars_clean(tracer->llm_model, sizeof(tracer->llm_model), slice_of(llm_model));
}

static uint64_t id_of(uint64_t run, uint32_t incident, uint32_t index)
{
    uint64_t id = prng_at(run, (uint64_t)incident << 16 | index);
    return id == 0 ? 1 : id; /* An id of zeros is none. */
}

static struct incident_trace *trace_of(struct tracer *tracer, struct incident_id incident)
{
    for (uint32_t i = 0; i < INCIDENTS_MAX && incident.value != 0; i++) {
        if (tracer->traces[i].incident.value == incident.value) {
            return &tracer->traces[i];
        }
    }
    return NULL;
}

static struct incident_trace *trace_of_model(struct tracer *tracer, struct model_id model)
{
    for (uint32_t i = 0; i < INCIDENTS_MAX; i++) {
        struct incident_trace *trace = &tracer->traces[i];
        if (trace->incident.value != 0 && !trace->closed && trace->model.value == model.value) {
            return trace;
        }
    }
    return NULL;
}

static void note_words(struct span *span, const char *key, const char *words)
{
    if (span->n_attributes == SPAN_ATTRIBUTES_MAX) {
        return;
    }
    struct span_attribute *attribute = &span->attributes[span->n_attributes++];
    attribute->key = key;
    attribute->is_number = false;
    chars_clean(attribute->words, sizeof(attribute->words), slice_of(words));
}

static void note_number(struct span *span, const char *key, int64_t number)
{
    if (span->n_attributes < SPAN_ATTRIBUTES_MAX) {
        span->attributes[span->n_attributes++] =
            (struct span_attribute){.key = key, .is_number = true, .number = number};
    }
}

/* A child of the incident; NULL when the trace is full or there is none. */
static struct span *span_push(struct tracer *tracer, struct incident_trace *trace,
                              const char *operation, const char *subject, int64_t at)
{
    if (trace == NULL || trace->closed) {
        return NULL;
    }
    if (trace->n_spans == SPANS_MAX) {
        trace->n_dropped++;
        return NULL;
    }
    struct span *span = &trace->spans[trace->n_spans];
    memset(span, 0, sizeof(*span));
    span->id = id_of(tracer->run, trace->incident.value, trace->n_spans + 2u);
    span->parent = trace->n_spans == 0 ? 0 : trace->spans[0].id;
    span->from = span->to = at;
    struct text name;
    text_init(&name, span->name, sizeof(span->name));
    text_put(&name, operation);
    text_put_char(&name, ' ');
    text_put(&name, subject);
    note_words(span, GENAI_OPERATION, operation);
    trace->n_spans++;
    return span;
}

static const char *model_name(const struct deployment *deployment, struct model_id model)
{
    bool is_known = model.value >= 1 && model.value <= deployment->n_models;
    return is_known ? deployment->models[model.value - 1].name : "";
}

static struct incident_trace *slot_of(struct tracer *tracer)
{
    struct incident_trace *oldest = NULL;
    for (uint32_t i = 0; i < INCIDENTS_MAX; i++) {
        struct incident_trace *trace = &tracer->traces[i];
        if (trace->incident.value == 0) {
            return trace;
        }
        bool is_older =
            trace->closed && (oldest == NULL || trace->incident.value < oldest->incident.value);
        oldest = is_older ? trace : oldest;
    }
    return oldest; /* A closed one that nobody fetched makes room. */
}

static void open_incident(struct tracer *tracer, const struct deployment *deployment,
                          const struct record *record, int64_t at)
{
    struct incident_trace *trace = slot_of(tracer);
    if (trace == NULL || trace_of(tracer, record->incident) != NULL) {
        return;
    }
    memset(trace, 0, sizeof(*trace));
    trace->incident = record->incident;
    trace->model = record->model;
    struct span *root = span_push(tracer, trace, GENAI_INVOKE_WORKFLOW, "incident", at);
    ASSERT(root != NULL);
    root->to = NEVER;
    note_words(root, GENAI_WORKFLOW_NAME, "incident");
    note_number(root, STEWARD_INCIDENT, record->incident.value);
    note_words(root, STEWARD_MODEL, model_name(deployment, record->model));
}

/* Who of the mind says such a thing. */
static const char *agent_of(enum advice_kind kind)
{
    switch (kind) {
    case ADVICE_NOTE:
        return "monitor";
    case ADVICE_ASK:
    case ADVICE_ASK_LLM:
    case ADVICE_CLAIM:
        return "investigator";
    case ADVICE_PROPOSE:
    case ADVICE_WATCH:
        return "strategist";
    case ADVICE_OPEN:
    case ADVICE_ESCALATE:
    case ADVICE_NOTIFY:
    case ADVICE_CLOSE:
        return "coordinator";
    case N_ADVICE_KINDS:
        break;
    }
    return "mind";
}

static void add_advice(struct tracer *tracer, const struct advice_item *item, int64_t at)
{
    bool is_question = item->kind == ADVICE_ASK || item->kind == ADVICE_ASK_LLM;
    if (is_question || item->kind == ADVICE_NOTE) {
        return; /* Questions have spans of their own; notes belong to no incident yet. */
    }
    const char *agent = agent_of(item->kind);
    struct span *span =
        span_push(tracer, trace_of(tracer, item->incident), GENAI_INVOKE_AGENT, agent, at);
    if (span == NULL) {
        return;
    }
    note_words(span, GENAI_AGENT_NAME, agent);
    note_words(span, STEWARD_RECORD, advice_name(item->kind));
    if (item->kind == ADVICE_CLAIM || item->kind == ADVICE_PROPOSE || item->kind == ADVICE_CLOSE) {
        note_words(span, STEWARD_CAUSE, cause_name(item->cause));
    }
    if (item->kind == ADVICE_PROPOSE) {
        note_words(span, STEWARD_VERB, verb_name(item->verb));
    }
}

static void close_incident(struct incident_trace *trace, const struct record *record, int64_t at)
{
    for (uint32_t i = 0; i < trace->n_spans; i++) {
        struct span *span = &trace->spans[i];
        span->to = span->to == NEVER ? at : span->to;
        span->question = span->action = 0;
    }
    note_words(&trace->spans[0], STEWARD_CAUSE, cause_name(record->cause));
    note_words(&trace->spans[0], STEWARD_RECORD,
               incident_state_name((enum incident_state)record->incident_state));
    trace->closed = true;
}

static void begin_action(struct tracer *tracer, struct incident_trace *trace,
                         const struct record *record, int64_t at)
{
    struct span *span = span_push(tracer, trace, GENAI_EXECUTE_TOOL, verb_name(record->verb), at);
    if (span == NULL) {
        return;
    }
    span->to = NEVER;
    span->is_client = true;
    span->action = record->action.value;
    note_words(span, GENAI_TOOL_NAME, verb_name(record->verb));
    note_number(span, STEWARD_ACTION, record->action.value);
}

static void end_action(struct incident_trace *trace, const struct record *record, int64_t at)
{
    for (uint32_t i = 0; trace != NULL && i < trace->n_spans; i++) {
        struct span *span = &trace->spans[i];
        if (span->action != 0 && span->action == record->action.value) {
            span->action = 0;
            span->to = at;
            span->failed = record->action_state == ACTION_FAILED;
            note_words(span, STEWARD_ACTION_STATE,
                       action_state_name((enum action_state)record->action_state));
        }
    }
}

static void add_record(struct tracer *tracer, const struct record *record, int64_t at)
{
    struct incident_trace *trace = trace_of(tracer, record->incident);
    if (record->kind == RECORD_OPENED || trace == NULL || trace->closed) {
        return;
    }
    if (record->kind == RECORD_CLOSED) {
        close_incident(trace, record, at);
        return;
    }
    if (record->kind == RECORD_INTENT) {
        begin_action(tracer, trace, record, at);
        return;
    }
    if (record->kind == RECORD_OUTCOME) {
        end_action(trace, record, at);
        return;
    }
    struct span *span = span_push(tracer, trace, GENAI_INVOKE_AGENT, "warden", at);
    if (span == NULL) {
        return;
    }
    note_words(span, GENAI_AGENT_NAME, "warden");
    note_words(span, STEWARD_RECORD, record_name(record->kind));
    if (record->verb != VERB_NOOP) {
        note_words(span, STEWARD_VERB, verb_name(record->verb));
    }
    if (record->kind == RECORD_DECIDED) {
        note_words(span, STEWARD_VERDICT, verdict_name(record->verdict));
    }
    if (record->reason != REFUSAL_NONE) {
        note_words(span, STEWARD_REFUSAL, refusal_name(record->reason));
        note_number(span, STEWARD_LAYER, record->refused_layer);
    }
}

static void begin_question(struct tracer *tracer, const struct effect *effect, int64_t at)
{
    bool is_llm = effect->kind == EFFECT_ASK_LLM;
    struct incident_trace *trace = is_llm ? trace_of(tracer, effect->ask_llm.incident)
                                          : trace_of_model(tracer, effect->ask.model);
    const char *tool = is_llm ? tracer->llm_model : tool_name(effect->ask.tool);
    struct span *span = span_push(tracer, trace, is_llm ? GENAI_CHAT : GENAI_EXECUTE_TOOL, tool, at);
    if (span == NULL) {
        return;
    }
    span->to = NEVER;
    span->is_client = is_llm;
    span->question = is_llm ? effect->ask_llm.question.value : effect->ask.question.value;
    note_words(span, is_llm ? GENAI_REQUEST_MODEL : GENAI_TOOL_NAME, tool);
    if (is_llm) {
        note_words(span, GENAI_PROVIDER_NAME, "openai");
        note_number(span, GENAI_CONVERSATION, effect->ask_llm.incident.value);
    }
}

static struct span *span_of_question(struct tracer *tracer, struct question_id question,
                                     struct model_id model)
{
    struct incident_trace *trace = trace_of_model(tracer, model);
    for (uint32_t i = 0; trace != NULL && i < trace->n_spans; i++) {
        if (trace->spans[i].question != 0 && trace->spans[i].question == question.value) {
            return &trace->spans[i];
        }
    }
    return NULL;
}

static void end_question(struct tracer *tracer, const struct event *event)
{
    static const char *const statuses[N_ANSWER_STATUSES] = {
        [ANSWER_OK] = "ok", [ANSWER_NO_DATA] = "no data", [ANSWER_FAILED] = "failed"};
    bool is_reply = event->kind == EVENT_REPLY;
    struct span *span = is_reply
                            ? span_of_question(tracer, event->reply.question, event->reply.model)
                            : span_of_question(tracer, event->answer.question, event->answer.model);
    if (span == NULL) {
        return;
    }
    span->question = 0;
    span->to = event->at;
    const char *end =
        is_reply ? reply_verdict_name(event->reply.reply.verdict) : statuses[event->answer.status];
    span->failed = is_reply ? event->reply.reply.verdict != REPLY_VALID
                            : event->answer.status == ANSWER_FAILED;
    note_words(span, is_reply ? STEWARD_REPLY : STEWARD_ANSWER, end);
    if (is_reply) {
        note_number(span, GENAI_USAGE_OUTPUT, event->reply.tokens);
    }
    if (span->failed) {
        note_words(span, OTEL_ERROR_TYPE, end);
    }
}

void tracer_step(struct tracer *tracer, const struct deployment *deployment,
                 const struct event *event, const struct advice *advice,
                 const struct effects *effects)
{
    if (event->kind == EVENT_ANSWER || event->kind == EVENT_REPLY) {
        end_question(tracer, event);
    }
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind == EFFECT_RECORD && effect->record.kind == RECORD_OPENED) {
            open_incident(tracer, deployment, &effect->record, event->at);
        }
    }
    for (uint32_t i = 0; i < advice->n_items; i++) {
        add_advice(tracer, &advice->items[i], event->at);
    }
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind == EFFECT_RECORD) {
            add_record(tracer, &effect->record, event->at);
        } else if (effect->kind == EFFECT_ASK || effect->kind == EFFECT_ASK_LLM) {
            begin_question(tracer, effect, event->at);
        }
    }
}

struct incident_trace *tracer_closed(struct tracer *tracer)
{
    struct incident_trace *first = NULL;
    for (uint32_t i = 0; i < INCIDENTS_MAX; i++) {
        struct incident_trace *trace = &tracer->traces[i];
        bool is_ready = trace->incident.value != 0 && trace->closed;
        if (is_ready && (first == NULL || trace->incident.value < first->incident.value)) {
            first = trace;
        }
    }
    return first;
}

void tracer_drop(struct incident_trace *trace) { memset(trace, 0, sizeof(*trace)); }

static void put_attribute(struct text *text, const struct span_attribute *attribute)
{
    text_put_char(text, '{');
    put_member(text, "key");
    put_json_words(text, attribute->key);
    text_put(text, ",\"value\":{");
    if (attribute->is_number) { /* 64-bit integers go as strings. */
        text_put(text, "\"intValue\":\"");
        text_put_i64(text, attribute->number);
        text_put(text, "\"}}");
        return;
    }
    put_member(text, "stringValue");
    put_json_words(text, attribute->words);
    text_put(text, "}}");
}

static void put_time(struct text *text, const char *name, int64_t unix_ns)
{
    text_put_char(text, ',');
    put_member(text, name);
    text_put_char(text, '"');
    text_put_i64(text, unix_ns);
    text_put_char(text, '"');
}

static void put_span(const struct tracer *tracer, const struct incident_trace *trace,
                     const struct span *span, struct text *text)
{
    text_put(text, "{\"traceId\":\"");
    text_put_hex64(text, id_of(tracer->run, trace->incident.value, 0));
    text_put_hex64(text, id_of(tracer->run, trace->incident.value, 1));
    text_put(text, "\",\"spanId\":\"");
    text_put_hex64(text, span->id);
    if (span->parent != 0) {
        text_put(text, "\",\"parentSpanId\":\"");
        text_put_hex64(text, span->parent);
    }
    text_put(text, "\",\"name\":");
    put_json_words(text, span->name);
    text_put(text, ",\"kind\":");
    text_put_i64(text, span->is_client ? KIND_CLIENT : KIND_INTERNAL);
    put_time(text, "startTimeUnixNano", tracer->epoch_unix_ns + span->from);
    put_time(text, "endTimeUnixNano",
             tracer->epoch_unix_ns + (span->to == NEVER ? span->from : span->to));
    text_put(text, ",\"attributes\":[");
    for (uint32_t i = 0; i < span->n_attributes; i++) {
        text_put(text, i == 0 ? "" : ",");
        put_attribute(text, &span->attributes[i]);
    }
    text_put(text, "],\"status\":{\"code\":");
    text_put_i64(text, span->failed ? STATUS_ERROR : 0);
    text_put(text, "}}");
}

void trace_write(const struct tracer *tracer, const struct deployment *deployment,
                 const struct incident_trace *trace, struct text *text)
{
    text_put(
        text,
        "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{\"stringValue\":"
        "\"steward\"}},{\"key\":\"service.version\",\"value\":{\"stringValue\":\"" STEWARD_VERSION
        "\"}},{\"key\":\"steward.deployment\",\"value\":{\"stringValue\":");
    put_json_words(text, deployment->name);
    text_put(text,
             "}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"steward\",\"version\":\"" STEWARD_VERSION
             "\"},\"spans\":[");
    uint32_t n_left_out = trace->n_dropped;
    size_t capacity = text->capacity;
    ASSERT(capacity > TAIL_BYTES);
    for (uint32_t i = 0; i < trace->n_spans; i++) {
        size_t before = text->n_bytes;
        text->capacity = capacity - TAIL_BYTES;
        text_put(text, i == 0 ? "" : ",");
        put_span(tracer, trace, &trace->spans[i], text);
        text->capacity = capacity;
        if (text->truncated) {
            text->truncated = false;
            text->n_bytes = before;
            text->bytes[before] = '\0';
            n_left_out += trace->n_spans - i;
            break;
        }
    }
    text_put(text, "]");
    if (n_left_out > 0) { /* Unknown members are passed over; people who look find it. */
        text_put(text, ",\"stewardSpansLeftOut\":\"");
        text_put_u64(text, n_left_out);
        text_put(text, "\"");
    }
    text_put(text, "}]}]}");
}

static enum exchange_next send(struct trace_send *sending, struct http_request *ret_request)
{
    bool fits = request_begin(ret_request, HTTP_POST, sending->endpoint, "/v1/traces") &&
                request_body(ret_request, "application/json",
                             (struct slice){sending->body, sending->body_bytes});
    return fits ? exchange_to(&sending->exchange, EXCHANGE_SEND)
                : exchange_fail(&sending->exchange, what, "the request does not fit");
}

enum exchange_next trace_send_begin(struct trace_send *sending, const struct endpoint *endpoint,
                                    const struct tracer *tracer, const struct deployment *deployment,
                                    const struct incident_trace *trace, int64_t now_ns,
                                    struct http_request *ret_request)
{
    (void)now_ns;
    memset(&sending->exchange, 0, sizeof(sending->exchange));
    sending->exchange.tries = 1;
    sending->endpoint = endpoint;
    struct text body;
    text_init(&body, sending->body, sizeof(sending->body));
    trace_write(tracer, deployment, trace, &body);
    sending->body_bytes = (uint32_t)body.n_bytes;
    return send(sending, ret_request);
}

enum exchange_next trace_send_take(struct trace_send *sending, int64_t now_ns,
                                   const struct http_response *response,
                                   struct http_request *ret_request)
{
    (void)ret_request;
    if (response_is_ok(response)) { /* What a partial success rejected must not come again. */
        return exchange_to(&sending->exchange, EXCHANGE_DONE);
    }
    bool is_final = response->transport == HTTP_OK && response->status != 429 &&
                    response->status != 502 && response->status != 503 && response->status != 504;
    if (is_final) {
        exchange_complain(&sending->exchange, what, response);
        return exchange_to(&sending->exchange, EXCHANGE_FAILED);
    }
    return exchange_again(&sending->exchange, what, response, TRIES_MAX, now_ns);
}

enum exchange_next trace_send_timer(struct trace_send *sending, int64_t now_ns,
                                    struct http_request *ret_request)
{
    enum exchange_next next = EXCHANGE_DONE;
    if (exchange_is_early(&sending->exchange, now_ns, &next)) {
        return next;
    }
    return send(sending, ret_request);
}
