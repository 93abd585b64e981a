/* SPDX-License-Identifier: Apache-2.0 */
/* What the servers say: MLflow's registry and Prometheus' instant vectors as bytes, spoilt by the fault that was drawn. */
#include "wire/double.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/types/limits.h"

#define ANSWER_NS (8 * NS_PER_MS)

enum {
    TWICE_MAX = (1 << 15) - 1,
    RETRY_AFTER_S_MAX = 5,
    PPM = 1000000,
    LABEL_WINDOWS = 3, /* Of the first look at labels. */
    LABELS_FEW = 999   /* Fewer than an answer needs. */
};

enum wire_fault wire_fault_draw(struct stream *stream)
{
    static const uint32_t shares_ppm[N_WIRE_FAULTS] = {
#define X(name, ppm) [WIRE_FAULT_##name] = (ppm),
        WIRE_FAULT_TABLE(X)
#undef X
    };
    uint64_t drawn = stream_below(stream, PPM);
    for (uint32_t i = 0; i < N_WIRE_FAULTS; i++) {
        if (drawn < shares_ppm[i]) {
            return (enum wire_fault)i;
        }
        drawn -= shares_ppm[i];
    }
    return WIRE_FAULT_NONE;
}

static void put_hex(struct text *text, struct digest128 digest)
{
    char hex[40];
    (void)snprintf(hex, sizeof(hex), "%016llx%016llx", (unsigned long long)digest.hi,
                   (unsigned long long)digest.lo);
    text_put(text, hex);
}

static struct digest128 hex_of(const char *words)
{
    unsigned long long hi = 0, lo = 0;
    bool is_digest = words != NULL && sscanf(words, "%16llx%16llx", &hi, &lo) == 2;
    return is_digest ? (struct digest128){.hi = hi, .lo = lo} : (struct digest128){0};
}

/* MLflow. */

static void put_registered(const struct wire_double *servers, bool is_stale, struct text *text)
{
    const struct double_model *model = &servers->model;
    struct version_id alias = is_stale ? model->alias_before : model->alias;
    struct digest128 key = is_stale ? model->key_before : model->key;
    text_put(text, "{\"registered_model\":{\"name\":\"model\",\"aliases\":[");
    if (alias.value != 0) {
        text_put(text, "{\"alias\":\"champion\",\"version\":\"");
        text_put_u64(text, alias.value);
        text_put(text, "\"}");
    }
    text_put(text, "],\"tags\":[");
    if (key.hi != 0 || key.lo != 0) {
        text_put(text, "{\"key\":\"steward.key\",\"value\":\"");
        put_hex(text, key);
        text_put(text, "\"}");
    }
    text_put(text, "]}}");
}

static void put_tag(struct text *text, const char *key)
{
    text_put(text, ",{\"key\":\"steward.");
    text_put(text, key);
    text_put(text, "\",\"value\":\"");
}

static void put_time(const struct wire_double *servers, struct text *text, const char *key, int64_t at)
{
    put_tag(text, key);
    text_put_i64(text, (servers->epoch_unix_ns + at) / NS_PER_S);
    text_put(text, "\"}");
}

static void put_digest_tag(struct text *text, const char *key, struct digest128 digest)
{
    put_tag(text, key);
    put_hex(text, digest);
    text_put(text, "\"}");
}

static void put_version(const struct wire_double *servers, const struct registry_version *version,
                        struct text *text)
{
    text_put(text, "{\"name\":\"model\",\"version\":\"");
    text_put_u64(text, version->version.value);
    text_put(text, "\",\"status\":\"");
    text_put(text, version->available ? "READY" : "FAILED_REGISTRATION");
    text_put(text, "\",\"source\":\"");
    text_put(text, version->complete ? "models:/m" : "");
    text_put(text, "\",\"tags\":[{\"key\":\"steward.schema_id\",\"value\":\"");
    text_put_u64(text, version->schema_id);
    text_put(text, "\"}");
    put_digest_tag(text, "digest", version->digest);
    put_time(servers, text, "trained_from", version->trained_from);
    put_time(servers, text, "trained_to", version->trained_to);
    put_time(servers, text, "evaluated_from", version->evaluated_from);
    put_time(servers, text, "evaluated_to", version->evaluated_to);
    if (version->deployed_at != NEVER) {
        put_time(servers, text, "deployed_at", version->deployed_at);
    }
    if (version->certified) {
        put_tag(text, "certified");
        text_put(text, "true\"}");
    }
    if (version->evaluated) {
        char error[32];
        (void)snprintf(error, sizeof(error), "%.17g", version->holdout_error);
        put_tag(text, "holdout_error");
        text_put(text, error);
        text_put(text, "\"}");
        put_digest_tag(text, "evaluated_digest", version->evaluated_digest);
    }
    text_put(text, "]}");
}

static void put_versions(const struct wire_double *servers, struct text *text)
{
    text_put(text, "{\"model_versions\":[");
    for (uint32_t i = 0; i < servers->registry.n_versions; i++) {
        text_put(text, i == 0 ? "" : ",");
        put_version(servers, &servers->registry.versions[i], text);
    }
    text_put(text, "]}");
}

static void set_alias(struct wire_double *servers, const char *version, int64_t now_ns)
{
    unsigned number = 0;
    bool is_version = version != NULL && sscanf(version, "%5u", &number) == 1;
    ASSERT(is_version && number >= 1 && number <= UINT16_MAX);
    servers->model.alias_before = servers->model.alias;
    servers->model.alias.value = (uint16_t)number;
    servers->n_sets++;
    servers->set_at = now_ns;
}

/* A change asked of the registry. */
static void change(struct wire_double *servers, const struct http_request *request, int64_t now_ns,
                   struct text *text)
{
    json_t *root = json_loadb(request->body, request->body_bytes, 0, NULL);
    ASSERT(root != NULL);
    const char *key = json_string_value(json_object_get(root, "key"));
    if (strstr(request->url, "/alias") != NULL) {
        set_alias(servers, json_string_value(json_object_get(root, "version")), now_ns);
    } else if (key != NULL && strcmp(key, "steward.key") == 0) {
        servers->model.key_before = servers->model.key;
        servers->model.key = hex_of(json_string_value(json_object_get(root, "value")));
    }
    json_decref(root);
    text_put(text, "{}");
}

/* Prometheus. */

static bool asks(const struct http_request *request, const char *words)
{
    size_t n_bytes = strlen(words);
    for (size_t i = 0; i + n_bytes <= request->body_bytes; i++) {
        if (memcmp(request->body + i, words, n_bytes) == 0) {
            return true;
        }
    }
    return false;
}

static void put_sample(const struct wire_double *servers, int64_t now_ns, struct version_id version,
                       double value, struct text *text)
{
    char sample[256];
    char labels[64] = "";
    if (version.value != 0) {
        (void)snprintf(labels, sizeof(labels), "\"version\":\"%u\",\"role\":\"champion\"",
                       (unsigned)version.value);
    }
    (void)snprintf(sample, sizeof(sample), "{\"metric\":{%s},\"value\":[%lld.000,\"%.12g\"]}",
                   labels, (long long)((servers->epoch_unix_ns + now_ns) / NS_PER_S), value);
    text_put(text, sample);
}

static const char *const bin_words[BINS] = {"0", "1", "2", "3",    "4",   "5",   "6",
                                            "7", "8", "9", "null", "low", "high"};

static void put_bin(const struct wire_double *servers, int64_t now_ns, const char *feature,
                    uint32_t bin, uint32_t count, struct text *text)
{
    text_put(text, "{\"metric\":{\"bin\":\"");
    text_put(text, bin_words[bin]);
    text_put(text, "\"");
    if (feature != NULL) {
        text_put(text, ",\"feature\":\"");
        text_put(text, feature);
        text_put(text, "\"");
    }
    text_put(text, "},\"value\":[");
    text_put_i64(text, (servers->epoch_unix_ns + now_ns) / NS_PER_S);
    text_put(text, ".000,\"");
    text_put_u64(text, count);
    text_put(text, "\"]}");
}

static void put_bins(const struct wire_double *servers, const struct window *window, int64_t now_ns,
                     struct text *text)
{
    for (uint32_t i = 0; i < servers->entry->n_features; i++) {
        for (uint32_t j = 0; j < BINS; j++) {
            text_put(text, i + j == 0 ? "" : ",");
            put_bin(servers, now_ns, servers->entry->features[i].name, j, window->bins[i][j], text);
        }
    }
}

static void put_scores(const struct wire_double *servers, const struct window *window,
                       int64_t now_ns, struct text *text)
{
    for (uint32_t i = 0; i < SCORE_BINS; i++) {
        text_put(text, i == 0 ? "" : ",");
        put_bin(servers, now_ns, NULL, i, window->score_bins[i], text);
    }
}

/* One sample of the window's signals. Without a request there is no latency. */
static void put_count(const struct wire_double *servers, const struct http_request *request,
                      int64_t now_ns, struct text *text)
{
    const struct window *window = servers->window;
    static const struct version_id no_version = {0};
    if (asks(request, "mlserve_model_info")) {
        if (window->version.value != 0) {
            put_sample(servers, now_ns, window->version, 1.0, text);
        }
        return;
    }
    double value = 0.0;
    if (asks(request, "mlserve_fallback_total")) {
        value = window->fallbacks;
    } else if (asks(request, "mlpred_decisions_total")) {
        value = window->positives;
    } else if (asks(request, "mlserve_request_duration_seconds_bucket")) {
        if (window->latency_p95_us == 0) {
            text_put(text, "{\"metric\":{},\"value\":[1.000,\"NaN\"]}");
            return;
        }
        value = (double)window->latency_p95_us / 1e6;
    } else if (asks(request, "mlqual_scored_total")) {
        value = window->labels_scored;
    } else if (asks(request, "mlqual_correct_total")) {
        value = window->labels_correct;
    } else {
        ASSERT(asks(request, "mlserve_requests_total"));
        value = asks(request, "5..") ? window->errors : window->requests;
    }
    put_sample(servers, now_ns, no_version, value, text);
}

static void query_window(const struct wire_double *servers, const struct http_request *request,
                         int64_t now_ns, struct text *text)
{
    text_put(text, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[");
    if (asks(request, "mlfeat_bin_total")) {
        put_bins(servers, servers->window, now_ns, text);
    } else if (asks(request, "mlpred_score_bin_total")) {
        put_scores(servers, servers->window, now_ns, text);
    } else {
        put_count(servers, request, now_ns, text);
    }
    text_put(text, "]}}");
}

/* The count that the platform shows of what was asked; false: no such series. */
static bool count_of_platform(const struct answer *asked, const struct http_request *request,
                              double *ret_value)
{
    const struct state_answer *state = &asked->state;
    const struct platform_answer *platform = &asked->platform;
    bool is_platform = asked->tool == TOOL_PLATFORM;
    if (asks(request, "mlserve_replicas")) {
        *ret_value = is_platform ? platform->ready_replicas : state->ready_replicas;
    } else if (asks(request, "mlserve_fallback_active")) {
        *ret_value = state->fallback ? 1.0 : 0.0;
    } else if (asks(request, "mlserve_restarts_total")) {
        *ret_value = platform->restarts;
    } else if (asks(request, "mlserve_request_duration_seconds_bucket")) {
        *ret_value = (double)platform->latency_p95_us / 1e6;
    } else if (asks(request, "mlserve_requests_total")) {
        bool is_errors = asks(request, "5..");
        *ret_value = is_platform ? (is_errors ? platform->errors : platform->requests)
                                 : (is_errors ? state->errors : state->requests);
    } else {
        return false;
    }
    return true;
}

/* Labels: what the answer holds, or where only the three windows of the first look are asked for, their part of it; too few for an
 * answer where the platform had to look further back. */
static uint32_t labels_of(const struct wire_double *servers, const struct http_request *request,
                          bool is_scored)
{
    const struct labels_answer *labels = &servers->asked->labels;
    char span[32];
    int64_t windows = (labels->cohort_to - labels->cohort_from) / servers->window_ns;
    (void)snprintf(span, sizeof(span), "%%5B%llds%%5D",
                   (long long)(LABEL_WINDOWS * servers->window_ns / NS_PER_S));
    uint32_t whole = is_scored ? labels->scored : labels->correct;
    if (windows <= LABEL_WINDOWS || !asks(request, span)) {
        return whole;
    }
    uint64_t part = (uint64_t)whole * LABEL_WINDOWS / (uint64_t)windows;
    return part < LABELS_FEW ? (uint32_t)part : LABELS_FEW;
}

/* What labels, decisions and the golden set count. */
static bool count_of_quality(const struct wire_double *servers, const struct http_request *request,
                             double *ret_value)
{
    const struct answer *asked = servers->asked;
    if (asked->tool == TOOL_LABELS) {
        *ret_value = labels_of(servers, request, asks(request, "mlqual_scored_total"));
    } else if (asked->tool == TOOL_GOLDEN) {
        *ret_value = asks(request, "golden_scored") ? asked->golden.n : asked->golden.correct;
    } else {
        ASSERT(asked->tool == TOOL_DECISIONS);
        *ret_value = asks(request, "mlpred_decisions_total") ? asked->decisions.positives
                     : asks(request, "5..")                  ? 0.0
                                                             : asked->decisions.decisions;
    }
    return true;
}

static void query_answer(const struct wire_double *servers, const struct http_request *request,
                         int64_t now_ns, struct text *text)
{
    const struct answer *asked = servers->asked;
    bool is_state = asked->tool == TOOL_STATE || asked->tool == TOOL_PLATFORM;
    static const struct version_id no_version = {0};
    struct version_id version =
        asked->tool == TOOL_GOLDEN ? asked->golden.version : asked->state.serving;
    double value = 1.0;
    text_put(text, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[");
    if (asks(request, "mlfeat_bin_total")) {
        put_bins(servers, servers->newest, now_ns, text);
    } else if (asks(request, "mlpred_score_bin_total")) {
        put_scores(servers, servers->newest, now_ns, text);
    } else if (asks(request, "mlserve_model_info")) {
        if (version.value != 0) {
            put_sample(servers, now_ns, version, value, text);
        }
    } else if (is_state ? count_of_platform(asked, request, &value)
                        : count_of_quality(servers, request, &value)) {
        put_sample(servers, now_ns, no_version, value, text);
    }
    text_put(text, "]}}");
}

/* The network. */

static void answer(struct wire_double *servers, const struct http_request *request, bool is_stale,
                   int64_t now_ns, struct text *text)
{
    if (strstr(request->url, "/api/v1/query") != NULL) {
        if (servers->window != NULL) {
            query_window(servers, request, now_ns, text);
        } else {
            query_answer(servers, request, now_ns, text);
        }
    } else if (request->method == HTTP_POST) {
        change(servers, request, now_ns, text);
    } else if (strstr(request->url, "/registered-models/get") != NULL) {
        put_registered(servers, is_stale, text);
    } else {
        ASSERT(strstr(request->url, "/model-versions/search") != NULL);
        put_versions(servers, text);
    }
}

static void say(struct http_response *response, uint32_t status, const char *content_type)
{
    *response = (struct http_response){
        .transport = HTTP_OK, .status = status, .retry_after_ns = -1, .body = {"", 0}};
    (void)snprintf(response->content_type, sizeof(response->content_type), "%s", content_type);
}

static int64_t lose(struct http_response *response, enum http_transport transport, int64_t at)
{
    *response = (struct http_response){.transport = transport, .retry_after_ns = -1, .body = {"", 0}};
    return at;
}

/* A doomed set; true when it was one. */
static bool is_doomed(struct wire_double *servers, const struct http_request *request,
                      int64_t now_ns, struct text *text)
{
    bool is_set = request->method == HTTP_POST && strstr(request->url, "/alias") != NULL;
    if (!is_set || servers->doom == DOOM_NONE) {
        return false;
    }
    if (servers->doom == DOOM_LOST_DONE) {
        change(servers, request, now_ns, text);
    }
    servers->dark = servers->doom != DOOM_REFUSED;
    return true;
}

int64_t double_serve(struct wire_double *servers, const struct http_request *request,
                     enum wire_fault fault, struct stream *stream, int64_t now_ns,
                     struct http_response *ret_response)
{
    struct text text;
    text_init(&text, servers->body, sizeof(servers->body));
    int64_t at = now_ns + ANSWER_NS;
    bool is_doom = is_doomed(servers, request, now_ns, &text);
    if (servers->dark) {
        return lose(ret_response, HTTP_TIMEOUT, now_ns + request->timeout_ns);
    }
    if (is_doom) {
        say(ret_response, 403, "application/json");
        ret_response->body = slice_of("{\"error_code\":\"PERMISSION_DENIED\",\"message\":\"no\"}");
        return at;
    }
    bool is_busy = fault == WIRE_FAULT_BUSY_429 || fault == WIRE_FAULT_BUSY_503;
    if (fault == WIRE_FAULT_RESET_BEFORE) {
        return lose(ret_response, HTTP_FAILED, at);
    }
    if (fault == WIRE_FAULT_HTML) {
        say(ret_response, 502, "text/html");
        ret_response->body = slice_of("<html><body>Bad gateway</body></html>");
        return at;
    }
    if (is_busy) {
        say(ret_response, fault == WIRE_FAULT_BUSY_429 ? 429 : 503, "application/json");
        ret_response->retry_after_ns =
            (int64_t)(1 + stream_below(stream, RETRY_AFTER_S_MAX)) * NS_PER_S;
        ret_response->body = slice_of("{\"error_code\":\"TEMPORARILY_UNAVAILABLE\"}");
        return at;
    }
    answer(servers, request, fault == WIRE_FAULT_STALE, now_ns, &text);
    ASSERT(!text.truncated);
    if (fault == WIRE_FAULT_RESET_AFTER || fault == WIRE_FAULT_TIMEOUT) {
        bool is_reset = fault == WIRE_FAULT_RESET_AFTER;
        return lose(ret_response, is_reset ? HTTP_FAILED : HTTP_TIMEOUT,
                    is_reset ? at : now_ns + request->timeout_ns);
    }
    say(ret_response, 200, "application/json");
    size_t n_bytes = text.n_bytes;
    if (fault == WIRE_FAULT_DUPLICATED && n_bytes <= TWICE_MAX) {
        memcpy(servers->body + n_bytes, servers->body, n_bytes);
        n_bytes *= 2;
    }
    n_bytes /= fault == WIRE_FAULT_TRUNCATED ? 2 : 1;
    ret_response->body = (struct slice){servers->body, n_bytes};
    return at;
}
