/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a live platform: which tool has which source, and the machine that asks it. */
#ifndef LIVE_ADAPTER_EVIDENCE_H
#define LIVE_ADAPTER_EVIDENCE_H

#include "core/types/effect.h"
#include "core/types/event.h"
#include "live/adapter/mlflow.h"
#include "live/adapter/prometheus.h"

/* X(tool, source). A tool that is not here has no live source and is refused in a live deployment.
 * STATE: registry alias; version, replicas, requests, errors and fallback as Prometheus shows them. FEATURES: bins against the reference bins; shift and
 * scale are estimated from the deciles, so they are lower bounds. */
#define LIVE_TOOL_TABLE(X)                                                                         \
    X(STATE, "registry and Prometheus")                                                            \
    X(REGISTRY, "registry")                                                                        \
    X(CHANGES, "intake")                                                                           \
    X(FEATURES, "Prometheus")                                                                      \
    X(LABELS, "Prometheus")                                                                        \
    X(GOLDEN, "Prometheus")                                                                        \
    X(DECISIONS, "Prometheus")                                                                     \
    X(CALENDAR, "calendar file")                                                                   \
    X(PLATFORM, "Prometheus")

/* Where one model is looked at. */
struct model_source {
    const struct endpoint *prometheus;
    const struct signal_queries *queries;
    const struct registry_source *registry; /* NULL: none. */
    int64_t epoch_unix_ns;
};
/* Bits 1 << enum tool: what can be asked of such a source. */
uint64_t live_tools(const struct model_source *source);
/* Bits 1 << enum verb: actions with an adapter. STATE must be able to show what they did: ROLLBACK PROMOTE SWITCH_MODEL RECONCILE by the registry, FALLBACK RETRAIN
 * by the hook, NOTIFY ESCALATE NOOP HOLD always. */
uint64_t live_verbs(const struct model_source *source, bool has_hook);
/* "registry", "Prometheus", ...; NULL: none. */
const char *live_tool_source(enum tool tool);

/* What was learnt before and no server keeps. Rebuilt by the host from its journal's events: memory_note for each, before anything is asked. */
struct live_memory {
    struct baseline baselines[MODELS_MAX]; /* version 0: none. */
    uint32_t n_changes;
    struct change changes[32]; /* Ring. */
    uint32_t n_calendar;
    struct calendar_entry calendar[CALENDAR_MAX];
    struct version_id trained[MODELS_MAX];
    struct action_id training[MODELS_MAX]; /* 0: none runs. */
};
/* BASELINE, CHANGE, CONTROL that declares or withdraws a window, OUTCOME of a training; others leave it as it is. */
void live_memory_note(struct live_memory *memory, const struct event *event);
/* A RETRAIN left. */
void live_memory_training(struct live_memory *memory, const struct act_effect *act);

struct evidence_call {
    struct exchange exchange;
    const struct model_source *source;
    const struct deployment *deployment;
    const struct live_memory *memory;
    uint32_t step;
    struct registered registered;
    struct registry_list list;
    uint32_t bins[FEATURES_MAX][BINS], score_bins[SCORE_BINS];
    struct vector vector; /* Scratch. */
    bool seen;            /* Something was there. */
    /* Result with DONE and FAILED alike: an event that may be delivered as it is. */
    struct answer answer;
};
/* A source that fails makes ANSWER_FAILED, an empty one ANSWER_NO_DATA; never an answer that looks well. */
enum exchange_next evidence_call_begin(struct evidence_call *call, const struct model_source *source,
                                       const struct deployment *deployment,
                                       const struct live_memory *memory, const struct ask_effect *ask,
                                       int64_t now_ns, struct http_request *ret_request);
enum exchange_next evidence_call_take(struct evidence_call *call, int64_t now_ns,
                                      const struct http_response *response,
                                      struct http_request *ret_request);
enum exchange_next evidence_call_timer(struct evidence_call *call, int64_t now_ns,
                                       struct http_request *ret_request);

#endif
