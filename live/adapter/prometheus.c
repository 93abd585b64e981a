/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus answers, read strictly, and windows put together from them. */
#include "live/adapter/prometheus.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "live/adapter/parts.h"

enum { TRIES_MAX = 3, ERROR_WORDS = 160 };

static const char what[] = "prometheus query";

static const char *const signal_names[N_SIGNALS] = {
#define X(name, word, query) [SIGNAL_##name] = (word),
    SIGNAL_TABLE(X)
#undef X
};

static const char *const signal_defaults[N_SIGNALS] = {
#define X(name, word, query) [SIGNAL_##name] = (query),
    SIGNAL_TABLE(X)
#undef X
};

/* In the order in which a window is read: without the first there is none. */
static const enum signal_kind window_signals[] = {
    SIGNAL_REQUESTS,    SIGNAL_VERSION, SIGNAL_ERRORS, SIGNAL_FALLBACKS, SIGNAL_POSITIVES,
    SIGNAL_LATENCY_P95, SIGNAL_BINS,    SIGNAL_SCORES, SIGNAL_SCORED,    SIGNAL_CORRECT};
enum { N_WINDOW_SIGNALS = sizeof(window_signals) / sizeof(window_signals[0]) };

const char *signal_name(enum signal_kind signal)
{
    ASSERT((uint32_t)signal < N_SIGNALS);
    return signal_names[signal];
}

void signal_queries_defaults(struct signal_queries *ret_queries)
{
    for (uint32_t i = 0; i < N_SIGNALS; i++) {
        struct text text;
        text_init(&text, ret_queries->templates[i], QUERY_BYTES);
        text_put(&text, signal_defaults[i]);
        ASSERT(!text.truncated);
    }
}

/* A name inside the quotes of a selector. */
static void put_quoted(struct text *text, const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (name[i] == '"' || name[i] == '\\') {
            text_put_char(text, '\\');
        }
        text_put_char(text, name[i]);
    }
}

bool signal_query(const struct signal_queries *queries, enum signal_kind signal,
                  const char *model_name, int64_t span_ns, struct text *text)
{
    ASSERT((uint32_t)signal < N_SIGNALS);
    ASSERT(span_ns >= NS_PER_S);
    static const char model_word[] = "$model", span_word[] = "$window";
    const char *at = queries->templates[signal];
    if (at[0] == '\0') {
        return false;
    }
    while (*at != '\0') {
        if (strncmp(at, model_word, strlen(model_word)) == 0) {
            put_quoted(text, model_name);
            at += strlen(model_word);
        } else if (strncmp(at, span_word, strlen(span_word)) == 0) {
            text_put_i64(text, span_ns / NS_PER_S);
            text_put_char(text, 's');
            at += strlen(span_word);
        } else {
            text_put_char(text, *at++);
        }
    }
    return !text->truncated;
}

static void label_read(const json_t *labels, const char *name, char *ret_label)
{
    chars_clean(ret_label, LABEL_BYTES, member_words(labels, name));
}

static bool sample_parse(const json_t *labels, const json_t *pair, struct sample *sample,
                         bool *is_special)
{
    const json_t *at = json_array_get(pair, 0), *value = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !json_is_number(at) || !json_is_string(value)) {
        return false;
    }
    double seconds = json_number_value(at);
    if (!(seconds > -1e11 && seconds < 1e11)) {
        return false;
    }
    sample->at_unix_ms = (int64_t)(seconds * 1e3 + (seconds < 0.0 ? -0.5 : 0.5));
    label_read(labels, "feature", sample->feature);
    label_read(labels, "bin", sample->bin);
    label_read(labels, "version", sample->version);
    label_read(labels, "role", sample->role);
    return slice_real((struct slice){json_string_value(value), json_string_length(value)},
                      &sample->value, is_special);
}

static int sample_compare(const void *one, const void *other)
{
    const struct sample *a = one, *b = other;
    int order = strcmp(a->feature, b->feature);
    order = order != 0 ? order : strcmp(a->bin, b->bin);
    order = order != 0 ? order : strcmp(a->version, b->version);
    order = order != 0 ? order : strcmp(a->role, b->role);
    if (order != 0) {
        return order;
    }
    if (a->at_unix_ms != b->at_unix_ms) {
        return a->at_unix_ms < b->at_unix_ms ? -1 : 1;
    }
    return (a->value > b->value) - (a->value < b->value);
}

static enum vector_status samples_parse(const json_t *data, struct vector *vector)
{
    struct slice type = member_words(data, "resultType");
    const json_t *result = json_object_get(data, "result");
    bool is_special = false;
    if (slice_is(type, "scalar")) {
        vector->n_samples = 1;
        memset(&vector->samples[0], 0, sizeof(vector->samples[0]));
        bool is_sound = sample_parse(NULL, result, &vector->samples[0], &is_special);
        return !is_sound ? VECTOR_MALFORMED : is_special ? VECTOR_NOT_FINITE : VECTOR_OK;
    }
    if (!slice_is(type, "vector") || !json_is_array(result) || json_array_size(result) > SAMPLES_MAX) {
        return VECTOR_MALFORMED;
    }
    for (size_t i = 0; i < json_array_size(result); i++) {
        const json_t *series = json_array_get(result, i);
        const json_t *labels = json_object_get(series, "metric");
        struct sample *sample = &vector->samples[i];
        memset(sample, 0, sizeof(*sample));
        if (!json_is_object(labels) ||
            !sample_parse(labels, json_object_get(series, "value"), sample, &is_special)) {
            return VECTOR_MALFORMED; /* A native histogram in place of a value is one too. */
        }
        vector->n_samples++;
    }
    qsort(vector->samples, vector->n_samples, sizeof(vector->samples[0]), sample_compare);
    if (is_special) {
        return VECTOR_NOT_FINITE;
    }
    return vector->n_samples == 0 ? VECTOR_NO_DATA : VECTOR_OK;
}

static enum vector_status envelope_parse(const json_t *root, struct vector *vector)
{
    struct slice status = member_words(root, "status");
    if (slice_is(status, "error")) {
        chars_clean(vector->error, ERROR_WORDS, member_words(root, "error"));
        return VECTOR_REFUSED;
    }
    if (!slice_is(status, "success")) {
        return VECTOR_MALFORMED;
    }
    enum vector_status read = samples_parse(json_object_get(root, "data"), vector);
    bool is_warned = json_array_size(json_object_get(root, "warnings")) > 0;
    return is_warned && read == VECTOR_OK ? VECTOR_PARTIAL : read;
}

void vector_parse(struct slice body, struct vector *ret_vector)
{
    ret_vector->n_samples = 0;
    ret_vector->error[0] = '\0';
    ret_vector->status = VECTOR_MALFORMED;
    json_t *root = object_open(body);
    if (root == NULL) {
        return;
    }
    ret_vector->status = envelope_parse(root, ret_vector);
    json_decref(root);
    bool has_samples = ret_vector->status == VECTOR_OK || ret_vector->status == VECTOR_PARTIAL;
    ret_vector->n_samples = has_samples ? ret_vector->n_samples : 0;
}

bool prometheus_query(struct http_request *request, const struct endpoint *endpoint,
                      struct slice query, int64_t at_unix_ns)
{
    if (!request_begin(request, HTTP_POST, endpoint, "/api/v1/query")) {
        return false;
    }
    struct text body;
    text_init(&body, request->body, sizeof(request->body));
    text_put(&body, "query=");
    put_percent(&body, query);
    text_put(&body, "&time=");
    text_put_i64(&body, at_unix_ns / NS_PER_S);
    text_put_char(&body, '.');
    int64_t ms = at_unix_ns % NS_PER_S / NS_PER_MS;
    text_put_char(&body, (char)('0' + ms / 100));
    text_put_char(&body, (char)('0' + ms / 10 % 10));
    text_put_char(&body, (char)('0' + ms % 10));
    struct text type;
    text_init(&type, request->content_type, sizeof(request->content_type));
    text_put(&type, "application/x-www-form-urlencoded");
    request->body_bytes = (uint32_t)body.n_bytes;
    return !body.truncated;
}

bool vector_count(const struct vector *vector, uint32_t *ret_count)
{
    if (vector->n_samples != 1 || vector->samples[0].value < 0.0 ||
        vector->samples[0].value > 4294967294.0) {
        return false;
    }
    *ret_count = (uint32_t)(vector->samples[0].value + 0.5);
    return true;
}

/* 0..9, null, low, high; BINS: another word. */
static uint32_t bin_of(const char *word)
{
    bool is_digit = word[0] >= '0' && word[0] <= '9' && word[1] == '\0';
    if (is_digit) {
        return (uint32_t)(word[0] - '0');
    }
    return strcmp(word, "null") == 0   ? BIN_NULL
           : strcmp(word, "low") == 0  ? BIN_LOW
           : strcmp(word, "high") == 0 ? BIN_HIGH
                                       : BINS;
}

static uint32_t count_of(double value)
{
    return value > 0.0 && value < 4294967294.0 ? (uint32_t)(value + 0.5) : 0;
}

void vector_bins(const struct vector *vector, const struct model_entry *model,
                 uint32_t bins[FEATURES_MAX][BINS])
{
    for (uint32_t i = 0; i < vector->n_samples; i++) {
        const struct sample *sample = &vector->samples[i];
        uint32_t bin = bin_of(sample->bin);
        for (uint32_t j = 0; j < model->n_features && bin < BINS; j++) {
            if (strcmp(sample->feature, model->features[j].name) == 0) {
                bins[j][bin] = count_of(sample->value);
            }
        }
    }
}

void vector_scores(const struct vector *vector, uint32_t bins[SCORE_BINS])
{
    for (uint32_t i = 0; i < vector->n_samples; i++) {
        uint32_t bin = bin_of(vector->samples[i].bin);
        if (bin < SCORE_BINS) {
            bins[bin] = count_of(vector->samples[i].value);
        }
    }
}

struct version_id vector_version(const struct vector *vector)
{
    struct version_id version = {0};
    int64_t newest = INT64_MIN;
    for (uint32_t i = 0; i < vector->n_samples; i++) {
        const struct sample *sample = &vector->samples[i];
        int64_t number = 0;
        bool is_champion = sample->role[0] == '\0' || strcmp(sample->role, "champion") == 0;
        bool is_later = is_champion && sample->at_unix_ms >= newest;
        if (is_later && slice_whole(slice_of(sample->version), 1, UINT16_MAX, &number)) {
            version.value = (uint16_t)number;
            newest = sample->at_unix_ms;
        }
    }
    return version;
}

/* The request of the present signal; a signal without a source is passed over. */
static enum exchange_next window_send(struct window_read *read, struct http_request *ret_request)
{
    while (read->signal_i < N_WINDOW_SIGNALS &&
           read->queries->templates[window_signals[read->signal_i]][0] == '\0') {
        read->signal_i++;
    }
    struct window *window = &read->window;
    if (read->signal_i == N_WINDOW_SIGNALS) {
        return exchange_to(&read->exchange, EXCHANGE_DONE);
    }
    char query[URL_BYTES];
    struct text text;
    text_init(&text, query, sizeof(query));
    bool is_whole = signal_query(read->queries, window_signals[read->signal_i],
                                 read->deployment->models[read->model.value - 1].name,
                                 window->to - window->from, &text);
    if (!is_whole ||
        !prometheus_query(ret_request, read->endpoint, (struct slice){text.bytes, text.n_bytes},
                          read->epoch_unix_ns + window->to)) {
        return exchange_fail(&read->exchange, what, "the query does not fit");
    }
    return exchange_first(&read->exchange);
}

enum exchange_next window_read_begin(struct window_read *read, const struct endpoint *endpoint,
                                     const struct signal_queries *queries,
                                     const struct deployment *deployment, struct model_id model,
                                     int64_t epoch_unix_ns, int64_t to, int64_t now_ns,
                                     struct http_request *ret_request)
{
    (void)now_ns;
    ASSERT(model.value >= 1);
    ASSERT(model.value <= deployment->n_models);
    memset(read, 0, sizeof(*read));
    read->endpoint = endpoint;
    read->queries = queries;
    read->deployment = deployment;
    read->epoch_unix_ns = epoch_unix_ns;
    read->model = model;
    int64_t delay = deployment->models[model.value - 1].label_delay_ns;
    read->window.model = model;
    read->window.role = SERVING_CHAMPION;
    read->window.from = to - deployment->window_ns;
    read->window.to = to;
    read->window.cohort_from = read->window.from - delay;
    read->window.cohort_to = to - delay;
    return window_send(read, ret_request);
}

/* A count of the window: the one sample, or zero and a note when there is none. */
static uint32_t window_count(struct window_read *read)
{
    uint32_t count = 0;
    if (!vector_count(&read->vector, &count)) {
        read->partial = true;
        return 0;
    }
    return count;
}

static void window_put(struct window_read *read, enum signal_kind signal)
{
    struct window *window = &read->window;
    const struct model_entry *model = &read->deployment->models[read->model.value - 1];
    uint32_t count = 0;
    switch (signal) {
    case SIGNAL_REQUESTS:
        read->no_data = !vector_count(&read->vector, &window->requests);
        return;
    case SIGNAL_VERSION:
        window->version = vector_version(&read->vector);
        read->partial = read->partial || window->version.value == 0;
        return;
    case SIGNAL_ERRORS: /* Increases are extrapolated: rounding may leave one more of a part than of the whole. */
        count = window_count(read);
        window->errors = count < window->requests ? count : window->requests;
        return;
    case SIGNAL_FALLBACKS:
        count = window_count(read);
        window->fallbacks = count < window->requests ? count : window->requests;
        return;
    case SIGNAL_POSITIVES:
        count = window_count(read);
        window->positives = count < window->requests ? count : window->requests;
        return;
    case SIGNAL_LATENCY_P95:
        if (read->vector.n_samples == 1 && read->vector.samples[0].value < 4000.0) {
            window->latency_p95_us = count_of(read->vector.samples[0].value * 1e6);
        } else {
            read->partial = true;
        }
        return;
    case SIGNAL_BINS:
        vector_bins(&read->vector, model, window->bins);
        read->partial = read->partial || read->vector.n_samples == 0;
        return;
    case SIGNAL_SCORES:
        vector_scores(&read->vector, window->score_bins);
        read->partial = read->partial || read->vector.n_samples == 0;
        return;
    case SIGNAL_SCORED:
        window->labels_scored = window_count(read);
        return;
    case SIGNAL_CORRECT:
        count = window_count(read);
        window->labels_correct = count < window->labels_scored ? count : window->labels_scored;
        if (read->vector.n_samples == 0) { /* All wrong is a finding; nothing known is none. */
            window->labels_scored = 0;
        }
        return;
    case SIGNAL_REPLICAS:
    case SIGNAL_RESTARTS:
    case SIGNAL_FALLBACK:
    case SIGNAL_GOLDEN_SCORED:
    case SIGNAL_GOLDEN_CORRECT:
    case N_SIGNALS:
        break;
    }
    ASSERT(signal < N_SIGNALS);
}

/* A sample that is no number must not pass for a quiet zero: of what is counted it spoils the window, of the latency it says that
 * there was no request. */
static bool is_spoilt(enum signal_kind signal, enum vector_status status)
{
    return status == VECTOR_REFUSED || status == VECTOR_MALFORMED ||
           (status == VECTOR_NOT_FINITE && signal != SIGNAL_LATENCY_P95);
}

enum exchange_next window_read_take(struct window_read *read, int64_t now_ns,
                                    const struct http_response *response,
                                    struct http_request *ret_request)
{
    ASSERT(read->signal_i < N_WINDOW_SIGNALS);
    enum signal_kind signal = window_signals[read->signal_i];
    bool is_readable = response->transport == HTTP_OK && response_is_json(response);
    bool is_refusal = response->status == 400 || response->status == 422;
    if (!is_readable || (!response_is_ok(response) && !is_refusal)) {
        return exchange_again(&read->exchange, what, response, TRIES_MAX, now_ns);
    }
    vector_parse(response->body, &read->vector);
    if (is_spoilt(signal, read->vector.status)) {
        const char *why = read->vector.status == VECTOR_MALFORMED ? "not an answer of its API"
                          : read->vector.status == VECTOR_REFUSED ? read->vector.error
                                                                  : "a sample is not finite";
        return exchange_fail(&read->exchange, signal_names[signal], why);
    }
    read->partial = read->partial || read->vector.status == VECTOR_PARTIAL;
    window_put(read, signal);
    if (read->no_data) {
        return exchange_to(&read->exchange, EXCHANGE_DONE);
    }
    read->signal_i++;
    return window_send(read, ret_request);
}

enum exchange_next window_read_timer(struct window_read *read, int64_t now_ns,
                                     struct http_request *ret_request)
{
    enum exchange_next next = EXCHANGE_DONE;
    if (exchange_is_early(&read->exchange, now_ns, &next)) {
        return next;
    }
    uint32_t tries = read->exchange.tries;
    next = window_send(read, ret_request);
    read->exchange.tries = tries;
    return next;
}
