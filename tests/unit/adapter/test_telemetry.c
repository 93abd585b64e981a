/* SPDX-License-Identifier: Apache-2.0 */
/* What steward tells of itself: one trace an incident, and a page of metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <cmocka.h>

#include "live/adapter/metrics.h"
#include "live/adapter/otlp.h"
#include "tests/unit/adapter/play.h"

static struct tracer tracer;
static struct live_metrics metrics;
static struct advice advice;
static struct effects effects;
static char words[BODY_BYTES_MAX];

static void step(const struct event *event)
{
    tracer_step(&tracer, play_deployment(), event, &advice, &effects);
    live_metrics_step(&metrics, event, &effects);
    advice_reset(&advice);
    effects_reset(&effects);
}

static struct record *record(enum record_kind kind)
{
    struct record *row = effects_record(&effects, kind);
    row->incident.value = 3;
    row->model.value = 1;
    return row;
}

/* Opened, a tool and the LLM asked, decided, acted, closed. */
static void play_incident(void)
{
    struct event event = {.sequence = 1, .at = NS_PER_MIN, .kind = EVENT_WINDOW};
    advice_reset(&advice);
    effects_reset(&effects);
    (void)record(RECORD_OPENED);
    struct ask_effect *ask = &effects_push(&effects, EFFECT_ASK)->ask;
    *ask = (struct ask_effect){.question = {5}, .tool = TOOL_LABELS, .model = {1}};
    struct ask_llm_effect *ask_llm = &effects_push(&effects, EFFECT_ASK_LLM)->ask_llm;
    ask_llm->question.value = 6;
    ask_llm->incident.value = 3;
    ask_llm->model.value = 1;
    step(&event);
    event = (struct event){.sequence = 2, .at = 2 * NS_PER_MIN, .kind = EVENT_ANSWER};
    event.answer = (struct answer){.question = {5}, .tool = TOOL_LABELS, .model = {1}};
    struct advice_item *item = advice_push(&advice, ADVICE_PROPOSE);
    item->incident.value = 3;
    item->verb = VERB_ROLLBACK;
    item->cause = CAUSE_BAD_MODEL;
    struct record *row = record(RECORD_DECIDED);
    row->verb = VERB_ROLLBACK;
    row->verdict = VERDICT_AUTO;
    row = record(RECORD_INTENT);
    row->verb = VERB_ROLLBACK;
    row->action.value = 4;
    step(&event);
    event = (struct event){.sequence = 3, .at = 3 * NS_PER_MIN, .kind = EVENT_REPLY};
    event.reply = (struct reply_event){.question = {6}, .model = {1}, .tokens = 120};
    event.reply.reply.verdict = REPLY_SYNTAX;
    row = record(RECORD_OUTCOME);
    row->action.value = 4;
    row->action_state = ACTION_APPLIED;
    step(&event);
    event = (struct event){.sequence = 4, .at = 4 * NS_PER_MIN, .kind = EVENT_TICK};
    row = record(RECORD_CLOSED);
    row->incident_state = INCIDENT_RESOLVED;
    row->cause = CAUSE_BAD_MODEL;
    step(&event);
}

static int fresh(void **state)
{
    (void)state;
    tracer_init(&tracer, 42, EPOCH_UNIX_NS, "tiny-1");
    memset(&metrics, 0, sizeof(metrics));
    play_incident();
    return 0;
}

static const json_t *span_named(const json_t *spans, const char *name)
{
    for (size_t i = 0; i < json_array_size(spans); i++) {
        const json_t *span = json_array_get(spans, i);
        if (strcmp(json_string_value(json_object_get(span, "name")), name) == 0) {
            return span;
        }
    }
    fail_msg("no span %s in %s", name, words);
    return NULL;
}

static const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value == NULL ? "" : value;
}

static void trace_when_closed_holds_agents_tools_llm_and_action(void **state)
{
    (void)state;
    struct incident_trace *trace = tracer_closed(&tracer);
    assert_non_null(trace);
    struct text text;
    text_init(&text, words, sizeof(words));
    trace_write(&tracer, play_deployment(), trace, &text);
    assert_false(text.truncated);
    json_t *root = json_loadb(text.bytes, text.n_bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const json_t *resource = json_array_get(json_object_get(root, "resourceSpans"), 0);
    const json_t *scope = json_array_get(json_object_get(resource, "scopeSpans"), 0);
    const json_t *spans = json_object_get(scope, "spans");
    const json_t *incident = span_named(spans, "invoke_workflow incident");
    const json_t *tool = span_named(spans, "execute_tool labels");
    const json_t *chat = span_named(spans, "chat tiny-1");
    const json_t *action = span_named(spans, "execute_tool ROLLBACK");
    (void)span_named(spans, "invoke_agent strategist");
    (void)span_named(spans, "invoke_agent warden");
    assert_int_equal(strlen(member(incident, "traceId")), 32);
    assert_int_equal(strlen(member(incident, "spanId")), 16);
    assert_null(json_object_get(incident, "parentSpanId"));
    assert_string_equal(member(tool, "parentSpanId"), member(incident, "spanId"));
    assert_string_equal(member(incident, "startTimeUnixNano"), "1795440060000000000");
    assert_string_equal(member(incident, "endTimeUnixNano"), "1795440240000000000");
    assert_string_equal(member(tool, "endTimeUnixNano"), "1795440120000000000");
    assert_string_equal(member(action, "endTimeUnixNano"), "1795440180000000000");
    assert_int_equal(json_integer_value(json_object_get(chat, "kind")), 3);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(chat, "status"), "code")), 2);
    json_decref(root);
    tracer_drop(trace);
    assert_null(tracer_closed(&tracer));
}

static void trace_when_room_is_short_leaves_the_end_out(void **state)
{
    (void)state;
    struct text text;
    text_init(&text, words, 1500);
    trace_write(&tracer, play_deployment(), tracer_closed(&tracer), &text);
    assert_false(text.truncated);
    json_t *root = json_loadb(text.bytes, text.n_bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_non_null(strstr(words, "stewardSpansLeftOut"));
    json_decref(root);
}

static void trace_when_refused_for_good_is_not_repeated(void **state)
{
    (void)state;
    static struct trace_send sending;
    static struct http_request request;
    assert_int_equal(trace_send_begin(&sending, play_endpoint(), &tracer, play_deployment(),
                                      tracer_closed(&tracer), 0, &request),
                     EXCHANGE_SEND);
    assert_string_equal(request.url, "http://server.test:1/v1/traces");
    struct http_response response = play_json(503, "{}");
    assert_int_equal(trace_send_take(&sending, 0, &response, &request), EXCHANGE_WAIT);
    assert_int_equal(trace_send_timer(&sending, NS_PER_S, &request), EXCHANGE_SEND);
    response = play_json(500, "{}");
    assert_int_equal(trace_send_take(&sending, NS_PER_S, &response, &request), EXCHANGE_FAILED);
    (void)trace_send_begin(&sending, play_endpoint(), &tracer, play_deployment(),
                           tracer_closed(&tracer), 0, &request);
    response = play_json(200, "{\"partialSuccess\":{\"rejectedSpans\":\"1\"}}");
    assert_int_equal(trace_send_take(&sending, 0, &response, &request), EXCHANGE_DONE);
}

static void metrics_when_written_are_whole_families(void **state)
{
    (void)state;
    static const char *const modes[] = {"shadow", "auto", NULL};
    struct live_gauges gauges = {.mode = "shadow", .modes = modes, .ready = true};
    struct llm_meter meter = {.calls = 1};
    struct text text;
    text_init(&text, words, sizeof(words));
    live_metrics_write(&metrics, &gauges, &meter, &text);
    assert_false(text.truncated);
    assert_int_equal(words[text.n_bytes - 1], '\n');
    assert_non_null(strstr(words, "steward_mode{mode=\"shadow\"} 1\n"));
    assert_non_null(strstr(words, "steward_decisions_total{verdict=\"auto\"} 1\n"));
    assert_non_null(strstr(words, "steward_tool_answers_total{tool=\"labels\",status=\"ok\"} 1\n"));
    assert_non_null(strstr(words, "steward_llm_tokens_total 120\n"));
    assert_non_null(strstr(words, "steward_response_seconds_bucket{le=\"120\"} 0\n"));
    assert_non_null(strstr(words, "steward_response_seconds_bucket{le=\"180\"} 1\n"));
    assert_non_null(strstr(words, "steward_response_seconds_sum 180.000\n"));
    /* A family is announced once. */
    for (const char *at = words; (at = strstr(at, "# TYPE ")) != NULL; at++) {
        char line[128];
        assert_int_equal(sscanf(at, "%127[^\n]", line), 1);
        assert_null(strstr(at + 1, line));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(trace_when_closed_holds_agents_tools_llm_and_action, fresh),
        cmocka_unit_test_setup(trace_when_room_is_short_leaves_the_end_out, fresh),
        cmocka_unit_test_setup(trace_when_refused_for_good_is_not_repeated, fresh),
        cmocka_unit_test_setup(metrics_when_written_are_whole_families, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
