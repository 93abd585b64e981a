/* SPDX-License-Identifier: Apache-2.0 */
/* Our own /metrics: counters taken from the same steps as the journal, as text exposition 0.0.4. */
#ifndef LIVE_ADAPTER_METRICS_H
#define LIVE_ADAPTER_METRICS_H

#include "core/steward.h"
#include "live/adapter/llm.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { RESPONSE_BUCKETS = 10 };
struct live_metrics {
    uint64_t events[N_EVENT_KINDS];
    uint64_t records[N_RECORD_KINDS];
    uint64_t decisions[N_VERDICTS];
    uint64_t refusals[N_REFUSALS];
    uint64_t outcomes[N_ACTION_STATES]; /* Of OUTCOME records. */
    uint64_t answers[N_TOOLS][N_ANSWER_STATUSES];
    uint64_t replies[N_REPLY_VERDICTS];
    uint64_t llm_tokens;
    uint64_t closed[N_INCIDENT_STATES];
    uint64_t response[RESPONSE_BUCKETS + 1]; /* Opened to contained or closed; the last is above all edges. */
    double response_sum_s;
    int64_t opened_at[INCIDENTS_MAX]; /* By slot of the next. */
    struct incident_id opened[INCIDENTS_MAX];
    int64_t event_at;
};
/* What the host adds. */
struct live_gauges {
    const char *mode;         /* Of modes. */
    const char *const *modes; /* Ends with NULL. */
    bool halted, ready;
    uint32_t n_incidents, n_approvals, n_actions;
    bool reload_ok;
    int64_t reload_unix_s;
    int64_t epoch_unix_ns;
    uint64_t n_requests_failed, n_queued;
};
void live_metrics_step(struct live_metrics *metrics, const struct event *event,
                       const struct effects *effects);
/* Passes promtool check metrics. */
void live_metrics_write(const struct live_metrics *metrics, const struct live_gauges *gauges,
                        const struct llm_meter *meter, struct text *text);

#endif
