/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus: instant queries with an explicit time, and the window of a model put together from them. */
#ifndef LIVE_ADAPTER_PROMETHEUS_H
#define LIVE_ADAPTER_PROMETHEUS_H

#include "core/types/deployment.h"
#include "core/types/event.h"
#include "live/adapter/exchange.h"

/* Signals of one model. X(NAME, word in the live section, query). $model and $window (such as 300s) are replaced; an empty query has no
 * source. Counters are asked for as increases, so that a frozen exporter shows nothing instead of its last value. An
 * increase is extrapolated from the samples within the window: of counters that were born in it, each would be off by its own share. So requests,
 * without which there is no window, have to have had a sample when it began (Prometheus: the five minutes before count). */
#define SIGNAL_TABLE(X)                                                                                                   \
    X(REQUESTS, "requests",                                                                                               \
      "sum(increase(mlserve_requests_total{model=\"$model\"}[$window])) "                                                 \
      "and sum(mlserve_requests_total{model=\"$model\"} offset $window)")                                                 \
    X(ERRORS, "errors",                                                                                                   \
      "sum(increase(mlserve_requests_total{model=\"$model\",code=~\"5..\"}[$window])) or vector(0)")                      \
    X(FALLBACKS, "fallbacks",                                                                                             \
      "sum(increase(mlserve_fallback_total{model=\"$model\"}[$window])) or vector(0)")                                    \
    X(POSITIVES, "positives",                                                                                             \
      "sum(increase(mlpred_decisions_total{model=\"$model\",decision=\"positive\"}[$window])) or vector(0)")              \
    X(LATENCY_P95, "latency_p95",                                                                                         \
      "histogram_quantile(0.95, sum by (le) (rate(mlserve_request_duration_seconds_bucket{model=\"$model\"}[$window])))") \
    X(BINS, "bins", "sum by (feature, bin) (increase(mlfeat_bin_total{model=\"$model\"}[$window]))")                      \
    X(SCORES, "scores", "sum by (bin) (increase(mlpred_score_bin_total{model=\"$model\"}[$window]))")                     \
    X(SCORED, "scored", "sum(increase(mlqual_scored_total{model=\"$model\"}[$window])) or vector(0)")                     \
    X(CORRECT, "correct",                                                                                                 \
      "sum(increase(mlqual_correct_total{model=\"$model\"}[$window])) or vector(0)")                                      \
    X(VERSION, "version", "mlserve_model_info{model=\"$model\"} == 1")                                                    \
    X(REPLICAS, "replicas", "sum(mlserve_replicas{model=\"$model\",state=\"ready\"})")                                    \
    X(RESTARTS, "restarts",                                                                                               \
      "sum(increase(mlserve_restarts_total{model=\"$model\"}[$window])) or vector(0)")                                    \
    X(FALLBACK, "fallback", "max(mlserve_fallback_active{model=\"$model\"}) or vector(0)")                                \
    X(GOLDEN_SCORED, "golden_scored", "")                                                                                 \
    X(GOLDEN_CORRECT, "golden_correct", "")

enum signal_kind {
#define X(name, word, query) SIGNAL_##name,
    SIGNAL_TABLE(X)
#undef X
        N_SIGNALS
};

const char *signal_name(enum signal_kind signal);

enum { QUERY_BYTES = 384 };
struct signal_queries {
    char templates[N_SIGNALS][QUERY_BYTES]; /* Empty: no source. */
};
void signal_queries_defaults(struct signal_queries *ret_queries);
/* The query of a signal for a model over a span of so many nanoseconds (whole seconds). False when it does not fit or is empty. */
bool signal_query(const struct signal_queries *queries, enum signal_kind signal,
                  const char *model_name, int64_t span_ns, struct text *text);

/* One vector, sorted by its labels: (feature, bin), version, ... */
enum { SAMPLES_MAX = 256, LABEL_BYTES = 32 };
enum vector_status {
    VECTOR_OK,
    VECTOR_NO_DATA,    /* Success and nothing in it. */
    VECTOR_PARTIAL,    /* Success with warnings: the samples are there, but some may be missing. */
    VECTOR_NOT_FINITE, /* A sample is NaN or infinite: it never means well. */
    VECTOR_REFUSED,    /* status error: bad query, execution error. */
    VECTOR_MALFORMED,  /* Not the JSON of the API, or more samples than SAMPLES_MAX. */
    N_VECTOR_STATUSES
};
struct sample {
    char feature[LABEL_BYTES], bin[LABEL_BYTES], version[LABEL_BYTES],
        role[LABEL_BYTES]; /* Empty: no such label. */
    int64_t at_unix_ms;
    double value;
};
struct vector {
    enum vector_status status;
    uint32_t n_samples;
    struct sample samples[SAMPLES_MAX];
    char error[EXCHANGE_ERROR_BYTES]; /* REFUSED: the server's words, cleaned and cut. Untrusted. */
};
void vector_parse(struct slice body, struct vector *ret_vector);

/* POST /api/v1/query, a form with query, time and timeout. at is nanoseconds since the epoch of the run, which lies at epoch_unix_ns. */
bool prometheus_query(struct http_request *request, const struct endpoint *endpoint,
                      struct slice query, int64_t at_unix_ns);

/* Reads [to - window, to) of a model: one query a signal. */
struct window_read {
    struct exchange exchange;
    const struct endpoint *endpoint; /* Borrowed until the end. */
    const struct signal_queries *queries;
    const struct deployment *deployment;
    int64_t epoch_unix_ns;
    struct model_id model;
    uint32_t signal_i;
    /* Result with DONE. */
    struct window window;
    bool no_data; /* No requests counter at all: there is no window, and silence must be seen as such. */
    bool partial;         /* Some series are missing; what is missing is zero in the window. */
    struct vector vector; /* Scratch. */
};
/* role is always the champion's: traffic of all versions together, as the queries sum it. The version is the champion's of the info series, 0
 * when none says. */
enum exchange_next window_read_begin(struct window_read *read, const struct endpoint *endpoint,
                                     const struct signal_queries *queries,
                                     const struct deployment *deployment, struct model_id model,
                                     int64_t epoch_unix_ns, int64_t to, int64_t now_ns,
                                     struct http_request *ret_request);
enum exchange_next window_read_take(struct window_read *read, int64_t now_ns,
                                    const struct http_response *response,
                                    struct http_request *ret_request);
enum exchange_next window_read_timer(struct window_read *read, int64_t now_ns,
                                     struct http_request *ret_request);

/* Fields of a window from vectors, shared with the evidence tools. */
bool vector_count(const struct vector *vector,
                  uint32_t *ret_count); /* The one sample, rounded, 0 .. 2^32-1. */
void vector_bins(const struct vector *vector, const struct model_entry *model,
                 uint32_t bins[FEATURES_MAX][BINS]);
void vector_scores(const struct vector *vector, uint32_t bins[SCORE_BINS]);
struct version_id
vector_version(const struct vector *vector); /* Newest sample whose role is champion or absent; 0 none. */

#endif
