/* SPDX-License-Identifier: Apache-2.0 */
/* MLflow answers, read strictly: what went wrong, where the alias points, and versions with their records. */
#include "live/adapter/mlflow.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/formats/fingerprint.h"
#include "live/adapter/parts.h"

enum { TRIES_MAX = 3, IDENTITY_BYTES = 512, PPM = 1000000 };

static const char what[] = "mlflow";

const char *mlflow_error_name(enum mlflow_error error)
{
    static const char *const names[N_MLFLOW_ERRORS] = {
#define X(name, word) [MLFLOW_##name] = (word),
        MLFLOW_ERROR_TABLE(X)
#undef X
    };
    ASSERT((uint32_t)error < N_MLFLOW_ERRORS);
    return names[error];
}

static enum mlflow_error error_of(struct slice code)
{
    static const struct {
        const char *code;
        enum mlflow_error error;
    } codes[] = {
        {"RESOURCE_DOES_NOT_EXIST", MLFLOW_ABSENT},
        {"NOT_FOUND", MLFLOW_ABSENT},
        {"REQUEST_LIMIT_EXCEEDED", MLFLOW_BUSY},
        {"RESOURCE_EXHAUSTED", MLFLOW_BUSY},
        {"TEMPORARILY_UNAVAILABLE", MLFLOW_BUSY},
        {"DEADLINE_EXCEEDED", MLFLOW_BUSY},
        {"INTERNAL_ERROR", MLFLOW_BUSY},
        {"RESOURCE_ALREADY_EXISTS", MLFLOW_CONFLICT},
        {"ALREADY_EXISTS", MLFLOW_CONFLICT},
        {"ABORTED", MLFLOW_CONFLICT},
        {"RESOURCE_CONFLICT", MLFLOW_CONFLICT},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (slice_is(code, codes[i].code)) {
            return codes[i].error;
        }
    }
    return MLFLOW_REFUSED;
}

enum mlflow_error mlflow_judge(const struct http_response *response)
{
    if (response->transport != HTTP_OK) {
        return response->transport == HTTP_TOO_LARGE ? MLFLOW_MALFORMED : MLFLOW_BUSY;
    }
    json_t *root = response_is_json(response) ? object_open(response->body) : NULL;
    if (root == NULL) { /* A proxy or a login page answered. */
        return exchange_may_retry(response) ? MLFLOW_BUSY : MLFLOW_MALFORMED;
    }
    const json_t *code = json_object_get(root, "error_code");
    enum mlflow_error error = MLFLOW_NONE;
    if (code != NULL) {
        error = error_of(member_words(root, "error_code"));
    } else if (!response_is_ok(response)) {
        error = exchange_may_retry(response) ? MLFLOW_BUSY : MLFLOW_REFUSED;
    }
    json_decref(root);
    return error;
}

static struct slice tag_of(const json_t *tags, const char *key)
{
    for (size_t i = 0; i < json_array_size(tags); i++) {
        const json_t *tag = json_array_get(tags, i);
        if (slice_is(member_words(tag, "key"), key)) {
            return member_words(tag, "value");
        }
    }
    return (struct slice){"", 0};
}

bool registered_parse(struct slice body, const char *alias, struct registered *ret_registered)
{
    memset(ret_registered, 0, sizeof(*ret_registered));
    json_t *root = object_open(body);
    const json_t *model = json_object_get(root, "registered_model");
    bool is_sound = json_is_object(model);
    const json_t *aliases = json_object_get(model, "aliases");
    for (size_t i = 0; i < json_array_size(aliases); i++) {
        const json_t *entry = json_array_get(aliases, i);
        int64_t version = 0;
        if (!slice_is(member_words(entry, "alias"), alias)) {
            continue;
        }
        if (member_whole(entry, "version", 1, UINT16_MAX, &version)) {
            ret_registered->alias.value = (uint16_t)version;
        } else {
            is_sound = false;
        }
    }
    (void)digest128_parse(tag_of(json_object_get(model, "tags"), "steward.key"),
                          &ret_registered->key); /* Absent: the registry was never moved by steward. */
    json_decref(root);
    return is_sound;
}

static int64_t time_of(const json_t *tags, const char *key, int64_t epoch_unix_ns, int64_t absent)
{
    int64_t seconds = 0;
    return slice_whole(tag_of(tags, key), 0, INT64_MAX / NS_PER_S, &seconds)
               ? seconds * NS_PER_S - epoch_unix_ns
               : absent;
}

static struct digest128 digest_of(const json_t *entry, const json_t *tags)
{
    struct digest128 digest = {0};
    if (digest128_parse(tag_of(tags, "steward.digest"), &digest)) {
        return digest;
    }
    char identity[IDENTITY_BYTES];
    struct text text;
    text_init(&text, identity, sizeof(identity));
    text_put_slice(&text, member_words(entry, "run_id"));
    text_put_char(&text, '\n');
    text_put_slice(&text, member_words(entry, "source"));
    return fingerprint_of(text.bytes, text.n_bytes);
}

/* Thirteen shares in millionths, comma separated. */
static bool bins_parse(struct slice words, uint32_t bins[BINS])
{
    size_t at = 0;
    for (uint32_t i = 0; i < BINS; i++) {
        size_t end = at;
        while (end < words.n_bytes && words.bytes[end] != ',') {
            end++;
        }
        int64_t share = 0;
        bool is_last = i + 1 == BINS;
        if (!slice_whole((struct slice){words.bytes + at, end - at}, 0, PPM, &share) ||
            is_last != (end == words.n_bytes)) {
            return false;
        }
        bins[i] = (uint32_t)share;
        at = end + 1;
    }
    return true;
}

static bool baseline_parse(const json_t *tags, const struct model_entry *model,
                           struct baseline *baseline)
{
    int64_t rows = 0;
    double latency_ms = 0.0;
    if (!slice_whole(tag_of(tags, "steward.rows"), 1, UINT32_MAX, &rows) ||
        !slice_real(tag_of(tags, "steward.holdout_error"), &baseline->error, NULL) ||
        !slice_real(tag_of(tags, "steward.positive_rate"), &baseline->positive_rate, NULL)) {
        return false;
    }
    bool is_share = baseline->error >= 0.0 && baseline->error <= 1.0 &&
                    baseline->positive_rate >= 0.0 && baseline->positive_rate <= 1.0;
    if (!is_share) {
        return false;
    }
    baseline->rows = (uint32_t)rows;
    if (slice_real(tag_of(tags, "steward.latency_p95_ms"), &latency_ms, NULL) && latency_ms > 0.0 &&
        latency_ms < 4e6) {
        baseline->latency_p95_us = (uint32_t)(latency_ms * 1e3);
    }
    for (uint32_t i = 0; i < model->n_features; i++) {
        char key[NAME_BYTES + 16];
        struct text text;
        text_init(&text, key, sizeof(key));
        text_put(&text, "steward.bins.");
        text_put(&text, model->features[i].name);
        if (!bins_parse(tag_of(tags, key), baseline->bins_ppm[i])) {
            return false;
        }
        for (uint32_t j = 0; j < BIN_NULL; j++) {
            bool is_all = baseline->bins_ppm[i][j] >= PPM - 1;
            baseline->constant_features |= is_all ? UINT32_C(1) << i : 0;
        }
    }
    return true;
}

static void record_parse(const json_t *entry, const json_t *tags, int64_t epoch_unix_ns,
                         struct registry_version *version)
{
    int64_t schema_id = 1;
    (void)slice_whole(tag_of(tags, "steward.schema_id"), 1, UINT32_MAX, &schema_id); /* Else 1. */
    version->digest = digest_of(entry, tags);
    version->schema_id = (uint32_t)schema_id;
    version->available = slice_is(member_words(entry, "status"), "READY");
    version->complete = version->available && member_words(entry, "source").n_bytes > 0;
    version->certified = slice_is(tag_of(tags, "steward.certified"), "true");
    version->trained_from = time_of(tags, "steward.trained_from", epoch_unix_ns, 0);
    version->trained_to = time_of(tags, "steward.trained_to", epoch_unix_ns, 0);
    version->evaluated_from = time_of(tags, "steward.evaluated_from", epoch_unix_ns, 0);
    version->evaluated_to = time_of(tags, "steward.evaluated_to", epoch_unix_ns, 0);
    version->deployed_at = time_of(tags, "steward.deployed_at", epoch_unix_ns, NEVER);
    version->evaluated =
        slice_real(tag_of(tags, "steward.holdout_error"), &version->holdout_error, NULL) &&
        version->holdout_error >= 0.0 && version->holdout_error <= 1.0;
    version->evaluated_digest = version->digest;
    (void)digest128_parse(tag_of(tags, "steward.evaluated_digest"),
                          &version->evaluated_digest); /* Else that of the version. */
    if (!version->evaluated) {
        version->holdout_error = 0.0;
        version->evaluated_digest = (struct digest128){0};
    }
}

/* Place of a version number in a list that falls; VERSIONS_MAX: beyond its end, or there already. */
static uint32_t place_of(const struct registry_list *list, uint16_t number)
{
    uint32_t place = 0;
    while (place < list->n_records && list->records[place].version.version.value > number) {
        place++;
    }
    bool is_known = place < list->n_records && list->records[place].version.version.value == number;
    return is_known ? VERSIONS_MAX : place;
}

bool versions_parse(struct slice body, const struct model_entry *model, struct model_id id,
                    int64_t epoch_unix_ns, struct registry_list *ret_list)
{
    memset(ret_list, 0, sizeof(*ret_list));
    json_t *root = object_open(body);
    if (root == NULL) {
        return false;
    }
    const json_t *entries = json_object_get(root, "model_versions");
    bool is_sound = entries == NULL || json_is_array(entries); /* None: the member is left out. */
    for (size_t i = 0; is_sound && i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        int64_t number = 0;
        if (!member_whole(entry, "version", 1, UINT16_MAX, &number)) {
            is_sound = false;
            break;
        }
        uint32_t place = place_of(ret_list, (uint16_t)number);
        if (place >= VERSIONS_MAX) {
            continue;
        }
        uint32_t n_kept = ret_list->n_records < VERSIONS_MAX ? ret_list->n_records : VERSIONS_MAX - 1;
        memmove(&ret_list->records[place + 1], &ret_list->records[place],
                (n_kept - place) * sizeof(ret_list->records[0]));
        ret_list->n_records = n_kept + 1;
        struct registry_record *record = &ret_list->records[place];
        memset(record, 0, sizeof(*record));
        const json_t *tags = json_object_get(entry, "tags");
        record->version.version.value = (uint16_t)number;
        record_parse(entry, tags, epoch_unix_ns, &record->version);
        record->has_baseline = baseline_parse(tags, model, &record->baseline);
        record->baseline.model = id;
        record->baseline.version = record->version.version;
    }
    json_decref(root);
    return is_sound;
}

void registry_list_answer(const struct registry_list *list, struct registry_answer *ret_answer)
{
    ret_answer->n_versions = list->n_records;
    for (uint32_t i = 0; i < list->n_records; i++) {
        ret_answer->versions[i] = list->records[i].version;
    }
}

struct version_id registry_list_previous(const struct registry_list *list, struct version_id serving)
{
    struct version_id previous = {0}, below = {0};
    int64_t newest = INT64_MIN;
    for (uint32_t i = 0; i < list->n_records; i++) {
        const struct registry_version *version = &list->records[i].version;
        if (version->version.value == serving.value) {
            continue;
        }
        if (version->deployed_at != NEVER && version->deployed_at > newest) {
            newest = version->deployed_at;
            previous = version->version;
        }
        if (version->version.value < serving.value && below.value == 0) {
            below = version->version;
        }
    }
    return previous.value != 0 ? previous : below;
}

const struct registry_record *registry_list_find(const struct registry_list *list,
                                                 struct version_id version)
{
    for (uint32_t i = 0; i < list->n_records; i++) {
        if (list->records[i].version.version.value == version.value) {
            return &list->records[i];
        }
    }
    return NULL;
}

bool mlflow_read_registered(struct http_request *request, const struct registry_source *source)
{
    return request_begin(request, HTTP_GET, &source->endpoint,
                         "/api/2.0/mlflow/registered-models/get") &&
           request_query(request, "name", slice_of(source->model));
}

bool mlflow_read_versions(struct http_request *request, const struct registry_source *source)
{
    char filter[REGISTERED_BYTES + 16];
    struct text text;
    text_init(&text, filter, sizeof(filter));
    text_put(&text, "name='");
    text_put(&text, source->model);
    text_put_char(&text, '\'');
    bool is_plain = strchr(source->model, '\'') == NULL && strchr(source->model, '\\') == NULL;
    return is_plain &&
           request_begin(request, HTTP_GET, &source->endpoint,
                         "/api/2.0/mlflow/model-versions/search") &&
           request_query(request, "filter", (struct slice){text.bytes, text.n_bytes}) &&
           request_query(request, "order_by", slice_of("version_number DESC")) &&
           request_query(request, "max_results", slice_of("64"));
}

enum { READ_REGISTERED, READ_VERSIONS };

static enum exchange_next read_send(struct registry_read *read, struct http_request *ret_request)
{
    bool fits = read->step == READ_REGISTERED ? mlflow_read_registered(ret_request, read->source)
                                              : mlflow_read_versions(ret_request, read->source);
    return fits ? exchange_first(&read->exchange)
                : exchange_fail(&read->exchange, what, "the model's name does not fit a request");
}

enum exchange_next registry_read_begin(struct registry_read *read,
                                       const struct registry_source *source,
                                       const struct model_entry *model, struct model_id id,
                                       int64_t now_ns, struct http_request *ret_request)
{
    (void)now_ns;
    memset(read, 0, sizeof(*read));
    read->source = source;
    read->model = model;
    read->id = id;
    return read_send(read, ret_request);
}

enum exchange_next registry_read_take(struct registry_read *read, int64_t now_ns,
                                      const struct http_response *response,
                                      struct http_request *ret_request)
{
    enum mlflow_error error = mlflow_judge(response);
    if (error == MLFLOW_BUSY) {
        return exchange_again(&read->exchange, what, response, TRIES_MAX, now_ns);
    }
    if (error != MLFLOW_NONE) {
        return exchange_fail(&read->exchange, what, mlflow_error_name(error));
    }
    if (read->step == READ_REGISTERED) {
        if (!registered_parse(response->body, read->source->alias, &read->registered)) {
            return exchange_fail(&read->exchange, what, "not an answer of its API");
        }
        read->step = READ_VERSIONS;
        return read_send(read, ret_request);
    }
    if (!versions_parse(response->body, read->model, read->id, read->source->epoch_unix_ns,
                        &read->list)) {
        return exchange_fail(&read->exchange, what, "not an answer of its API");
    }
    return exchange_to(&read->exchange, EXCHANGE_DONE);
}

enum exchange_next registry_read_timer(struct registry_read *read, int64_t now_ns,
                                       struct http_request *ret_request)
{
    enum exchange_next next = EXCHANGE_DONE;
    if (exchange_is_early(&read->exchange, now_ns, &next)) {
        return next;
    }
    uint32_t tries = read->exchange.tries;
    next = read_send(read, ret_request);
    read->exchange.tries = tries;
    return next;
}
