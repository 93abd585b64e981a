/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of the steps, and the page that Prometheus reads. */
#include "live/adapter/metrics.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/types/names.h"
#include "live/adapter/parts.h"

static const int64_t bucket_edges_s[RESPONSE_BUCKETS] = {30,  60,   120,  180,  300,
                                                         600, 1200, 1800, 3600, 7200};

static void respond(struct live_metrics *metrics, struct incident_id incident, int64_t at)
{
    for (uint32_t i = 0; i < INCIDENTS_MAX && incident.value != 0; i++) {
        if (metrics->opened[i].value != incident.value) {
            continue;
        }
        int64_t took = at - metrics->opened_at[i];
        uint32_t bucket = 0;
        while (bucket < RESPONSE_BUCKETS && took > bucket_edges_s[bucket] * NS_PER_S) {
            bucket++;
        }
        metrics->response[bucket]++;
        metrics->response_sum_s += (double)took / (double)NS_PER_S;
        metrics->opened[i].value = 0;
        return;
    }
}

static void open(struct live_metrics *metrics, struct incident_id incident, int64_t at)
{
    for (uint32_t i = 0; i < INCIDENTS_MAX; i++) {
        if (metrics->opened[i].value == 0) {
            metrics->opened[i] = incident;
            metrics->opened_at[i] = at;
            return;
        }
    }
}

static void record_step(struct live_metrics *metrics, const struct record *record, int64_t at)
{
    metrics->records[record->kind]++;
    if (record->kind == RECORD_OPENED) {
        open(metrics, record->incident, at);
    }
    bool is_response = record->kind == RECORD_CONTAINED || record->kind == RECORD_CLOSED ||
                       record->kind == RECORD_DELIVERED;
    if (is_response) {
        respond(metrics, record->incident, at);
    }
    if (record->kind == RECORD_CLOSED && record->incident_state < N_INCIDENT_STATES) {
        metrics->closed[record->incident_state]++;
    }
    if (record->kind == RECORD_DECIDED) {
        metrics->decisions[record->verdict]++;
    }
    if (record->kind == RECORD_REFUSED) {
        metrics->refusals[record->reason]++;
    }
    if (record->kind == RECORD_OUTCOME && record->action_state < N_ACTION_STATES) {
        metrics->outcomes[record->action_state]++;
    }
}

void live_metrics_step(struct live_metrics *metrics, const struct event *event,
                       const struct effects *effects)
{
    metrics->events[event->kind]++;
    metrics->event_at = event->at;
    if (event->kind == EVENT_ANSWER) {
        metrics->answers[event->answer.tool][event->answer.status]++;
    }
    if (event->kind == EVENT_REPLY) {
        metrics->replies[event->reply.reply.verdict]++;
        metrics->llm_tokens += event->reply.tokens;
    }
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        if (effects->items[i].kind == EFFECT_RECORD) {
            record_step(metrics, &effects->items[i].record, event->at);
        }
    }
}

static void put_family(struct text *text, const char *name, const char *type, const char *help)
{
    text_put(text, "# HELP ");
    text_put(text, name);
    text_put_char(text, ' ');
    text_put(text, help);
    text_put(text, "\n# TYPE ");
    text_put(text, name);
    text_put_char(text, ' ');
    text_put(text, type);
    text_put_char(text, '\n');
}

static void put_label(struct text *text, const char *name, const char *words)
{
    text_put(text, name);
    text_put(text, "=\"");
    for (size_t i = 0; words[i] != '\0'; i++) {
        if (words[i] == '"' || words[i] == '\\') {
            text_put_char(text, '\\');
        }
        text_put_char(text, words[i] == '\n' ? ' ' : words[i]);
    }
    text_put_char(text, '"');
}

static void put_plain(struct text *text, const char *name, const char *type, const char *help,
                      uint64_t value)
{
    put_family(text, name, type, help);
    text_put(text, name);
    text_put_char(text, ' ');
    text_put_u64(text, value);
    text_put_char(text, '\n');
}

static void put_labelled(struct text *text, const char *name, const char *label, const char *words,
                         uint64_t value)
{
    text_put(text, name);
    text_put_char(text, '{');
    put_label(text, label, words);
    text_put(text, "} ");
    text_put_u64(text, value);
    text_put_char(text, '\n');
}

static void put_counts(const struct live_metrics *metrics, struct text *text)
{
    put_family(text, "steward_events_total", "counter", "Events stepped, by kind.");
    for (uint32_t i = 0; i < N_EVENT_KINDS; i++) {
        put_labelled(text, "steward_events_total", "kind", event_name((enum event_kind)i),
                     metrics->events[i]);
    }
    put_family(text, "steward_audit_records_total", "counter", "Audit records, by kind.");
    for (uint32_t i = 0; i < N_RECORD_KINDS; i++) {
        put_labelled(text, "steward_audit_records_total", "kind", record_name((enum record_kind)i),
                     metrics->records[i]);
    }
    put_family(text, "steward_decisions_total", "counter", "Proposals decided, by verdict.");
    for (uint32_t i = 0; i < N_VERDICTS; i++) {
        put_labelled(text, "steward_decisions_total", "verdict", verdict_name((enum verdict)i),
                     metrics->decisions[i]);
    }
    put_family(text, "steward_refusals_total", "counter", "Advice refused by a layer, by reason.");
    for (uint32_t i = 0; i < N_REFUSALS; i++) {
        put_labelled(text, "steward_refusals_total", "reason", refusal_name((enum refusal)i),
                     metrics->refusals[i]);
    }
    put_family(text, "steward_outcomes_total", "counter",
               "Attempts that were read back, by what the read showed.");
    for (uint32_t i = 0; i < N_ACTION_STATES; i++) {
        put_labelled(text, "steward_outcomes_total", "state",
                     action_state_name((enum action_state)i), metrics->outcomes[i]);
    }
    put_family(text, "steward_incidents_closed_total", "counter", "Incidents closed, by state.");
    for (uint32_t i = 0; i < N_INCIDENT_STATES; i++) {
        if (incident_is_closed((enum incident_state)i)) {
            put_labelled(text, "steward_incidents_closed_total", "state",
                         incident_state_name((enum incident_state)i), metrics->closed[i]);
        }
    }
}

static void put_answers(const struct live_metrics *metrics, struct text *text)
{
    static const char *const statuses[N_ANSWER_STATUSES] = {
        [ANSWER_OK] = "ok", [ANSWER_NO_DATA] = "no_data", [ANSWER_FAILED] = "failed"};
    put_family(text, "steward_tool_answers_total", "counter",
               "Answers of evidence tools, by tool and status.");
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        for (uint32_t j = 0; j < N_ANSWER_STATUSES; j++) {
            text_put(text, "steward_tool_answers_total{");
            put_label(text, "tool", tool_name((enum tool)i));
            text_put_char(text, ',');
            put_label(text, "status", statuses[j]);
            text_put(text, "} ");
            text_put_u64(text, metrics->answers[i][j]);
            text_put_char(text, '\n');
        }
    }
}

static void put_llm(const struct live_metrics *metrics, const struct llm_meter *meter,
                    struct text *text)
{
    put_family(text, "steward_llm_replies_total", "counter", "Replies of the LLM, by verdict.");
    for (uint32_t i = 0; i < N_REPLY_VERDICTS; i++) {
        put_labelled(text, "steward_llm_replies_total", "verdict",
                     reply_verdict_name((enum reply_verdict)i), metrics->replies[i]);
    }
    put_plain(text, "steward_llm_tokens_total", "counter", "Tokens spent on the LLM.",
              metrics->llm_tokens);
    put_plain(text, "steward_llm_calls_total", "counter", "Questions sent to the LLM.", meter->calls);
    put_plain(text, "steward_llm_calls_refused_total", "counter",
              "Questions not sent for budget or circuit breaker.", meter->calls_refused);
    put_plain(text, "steward_llm_circuit_open", "gauge",
              "1 while the circuit breaker lets no question through.",
              metrics->event_at < meter->open_until ? 1 : 0);
}

static void put_response(const struct live_metrics *metrics, struct text *text)
{
    uint64_t total = 0;
    put_family(text, "steward_response_seconds", "histogram",
               "From the opening of an incident to containment, delivered page or close.");
    for (uint32_t i = 0; i < RESPONSE_BUCKETS; i++) {
        total += metrics->response[i];
        text_put(text, "steward_response_seconds_bucket{le=\"");
        text_put_i64(text, bucket_edges_s[i]);
        text_put(text, "\"} ");
        text_put_u64(text, total);
        text_put_char(text, '\n');
    }
    total += metrics->response[RESPONSE_BUCKETS];
    text_put(text, "steward_response_seconds_bucket{le=\"+Inf\"} ");
    text_put_u64(text, total);
    text_put(text, "\nsteward_response_seconds_sum ");
    text_put_fixed(text, metrics->response_sum_s, 3);
    text_put(text, "\nsteward_response_seconds_count ");
    text_put_u64(text, total);
    text_put_char(text, '\n');
}

static void put_gauges(const struct live_metrics *metrics, const struct live_gauges *gauges,
                       struct text *text)
{
    put_family(text, "steward_build_info", "gauge", "Version of the program.");
    put_labelled(text, "steward_build_info", "version", STEWARD_VERSION, 1);
    put_family(text, "steward_mode", "gauge", "1 for the mode in force.");
    for (uint32_t i = 0; gauges->modes[i] != NULL; i++) {
        put_labelled(text, "steward_mode", "mode", gauges->modes[i],
                     strcmp(gauges->modes[i], gauges->mode) == 0 ? 1 : 0);
    }
    put_plain(text, "steward_halted", "gauge", "1 while the kill switch is latched.",
              gauges->halted ? 1 : 0);
    put_plain(text, "steward_ready", "gauge", "1 while every check of readiness passes.",
              gauges->ready ? 1 : 0);
    put_plain(text, "steward_incidents_open", "gauge", "Open incidents.", gauges->n_incidents);
    put_plain(text, "steward_approvals_pending", "gauge", "Approvals asked for and not given.",
              gauges->n_approvals);
    put_plain(text, "steward_actions_inflight", "gauge", "Actions between intent and their end.",
              gauges->n_actions);
    put_plain(text, "steward_requests_failed_total", "counter",
              "Requests to other servers that ended without a usable answer.",
              gauges->n_requests_failed);
    put_plain(text, "steward_requests_queued", "gauge", "Requests that wait to be sent.",
              gauges->n_queued);
    put_plain(text, "steward_config_last_reload_successful", "gauge",
              "1 when the last reload of the configuration was taken.", gauges->reload_ok ? 1 : 0);
    put_plain(text, "steward_config_last_reload_success_timestamp_seconds", "gauge",
              "When a configuration was last taken.", (uint64_t)gauges->reload_unix_s);
    put_plain(text, "steward_last_event_timestamp_seconds", "gauge",
              "Time of the newest event stepped.",
              (uint64_t)((gauges->epoch_unix_ns + metrics->event_at) / NS_PER_S));
}

void live_metrics_write(const struct live_metrics *metrics, const struct live_gauges *gauges,
                        const struct llm_meter *meter, struct text *text)
{
    ASSERT(gauges->reload_unix_s >= 0);
    put_gauges(metrics, gauges, text);
    put_counts(metrics, text);
    put_answers(metrics, text);
    put_llm(metrics, meter, text);
    put_response(metrics, text);
}
