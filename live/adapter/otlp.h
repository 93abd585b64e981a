/* SPDX-License-Identifier: Apache-2.0 */
/* Traces: one an incident, from events, advice and effects alone, as OTLP/HTTP JSON. */
#ifndef LIVE_ADAPTER_OTLP_H
#define LIVE_ADAPTER_OTLP_H

#include "core/steward.h"
#include "live/adapter/exchange.h"

enum { SPANS_MAX = 96, SPAN_ATTRIBUTES_MAX = 8, SPAN_NAME_BYTES = 48, SPAN_VALUE_BYTES = 40 };

struct span_attribute {
    const char *key; /* Of genai.h. */
    bool is_number;
    int64_t number;
    char words[SPAN_VALUE_BYTES];
};
struct span {
    uint64_t id, parent; /* parent 0: the root. */
    char name[SPAN_NAME_BYTES];
    bool is_client; /* Kind CLIENT, else INTERNAL. */
    bool failed;
    int64_t from, to;  /* NEVER: open. */
    uint32_t question; /* Of a tool or LLM call that is open; 0 otherwise. */
    uint32_t action;   /* Of an action whose outcome is open; 0 otherwise. */
    uint32_t n_attributes;
    struct span_attribute attributes[SPAN_ATTRIBUTES_MAX];
};
struct incident_trace {
    struct incident_id incident; /* 0: free. */
    struct model_id model;
    bool closed; /* Ready to be sent. */
    uint32_t n_spans, n_dropped;
    struct span spans[SPANS_MAX]; /* The first is the incident itself. */
};
struct tracer {
    uint64_t run; /* Seed of the ids: the same run gives the same ids. */
    int64_t epoch_unix_ns;
    char llm_model[SPAN_VALUE_BYTES];
    struct incident_trace traces[INCIDENTS_MAX];
};
void tracer_init(struct tracer *tracer, uint64_t run, int64_t epoch_unix_ns, const char *llm_model);
void tracer_step(struct tracer *tracer, const struct deployment *deployment,
                 const struct event *event, const struct advice *advice,
                 const struct effects *effects);
/* A closed trace that was not sent yet; NULL none. tracer_drop frees it. */
struct incident_trace *tracer_closed(struct tracer *tracer);
void tracer_drop(struct incident_trace *trace);
/* The JSON; spans that do not fit are left out from the end and counted in the root. */
void trace_write(const struct tracer *tracer, const struct deployment *deployment,
                 const struct incident_trace *trace, struct text *text);

/* POST base/v1/traces. Tried again on 429 502 503 504 only; a partial success is done. */
struct trace_send {
    struct exchange exchange;
    const struct endpoint *endpoint;
    uint32_t body_bytes;
    char body[BODY_BYTES_MAX];
};
enum exchange_next trace_send_begin(struct trace_send *sending, const struct endpoint *endpoint,
                                    const struct tracer *tracer, const struct deployment *deployment,
                                    const struct incident_trace *trace, int64_t now_ns,
                                    struct http_request *ret_request);
enum exchange_next trace_send_take(struct trace_send *sending, int64_t now_ns,
                                   const struct http_response *response,
                                   struct http_request *ret_request);
enum exchange_next trace_send_timer(struct trace_send *sending, int64_t now_ns,
                                    struct http_request *ret_request);

#endif
