/* SPDX-License-Identifier: Apache-2.0 */
/* MLflow registry: the alias read, set and read back; versions with their evaluation records as tags. */
#ifndef LIVE_ADAPTER_MLFLOW_H
#define LIVE_ADAPTER_MLFLOW_H

#include "core/types/effect.h"
#include "core/types/event.h"
#include "live/adapter/exchange.h"

enum { REGISTERED_BYTES = 128, ALIAS_BYTES = 64 };

struct registry_source {
    struct endpoint endpoint;     /* Base such as http://127.0.0.1:5000. */
    char model[REGISTERED_BYTES]; /* Registered model. */
    char alias[ALIAS_BYTES];      /* Of the version that serves; "champion". */
    int64_t epoch_unix_ns;        /* Of the run: tags carry Unix seconds. */
};

/* Error codes are decided on by name, never by status. X(NAME, word). */
#define MLFLOW_ERROR_TABLE(X)                                                                      \
    X(NONE, "none")                                                                                \
    X(ABSENT, "absent")   /* RESOURCE_DOES_NOT_EXIST, NOT_FOUND. */                                \
    X(REFUSED, "refused") /* The request is wrong or not allowed: no second try. */                \
    X(BUSY, "busy")       /* A second try may work. */                                             \
    X(CONFLICT, "conflict")                                                                        \
    X(MALFORMED, "malformed") /* Not the JSON of the API: a proxy, a login page. */

enum mlflow_error {
#define X(name, word) MLFLOW_##name,
    MLFLOW_ERROR_TABLE(X)
#undef X
        N_MLFLOW_ERRORS
};
const char *mlflow_error_name(enum mlflow_error error);
/* The verdict on a response: NONE only for a 2xx JSON object without error_code. */
enum mlflow_error mlflow_judge(const struct http_response *response);

/* What registered-models/get says. */
struct registered {
    struct version_id alias; /* 0: the alias is not set. */
    struct digest128 key;    /* Tag steward.key: of the last change steward made; 0 none. */
};
bool registered_parse(struct slice body, const char *alias, struct registered *ret_registered);

/* Tags of a model version that are read; all optional but for the first.
 *   steward.schema_id          number; without it 1
 *   steward.digest             32 hex digits of the artefact; without it a digest of source and run
 *   steward.holdout_error      of the evaluation on record; its absence: not evaluated
 *   steward.evaluated_digest   32 hex digits; absent: that of the version
 *   steward.trained_from, trained_to, evaluated_from, evaluated_to, deployed_at   Unix seconds
 *   steward.certified          true
 *   steward.positive_rate, steward.latency_p95_ms, steward.rows     of the reference
 *   steward.bins.FEATURE       13 shares in millionths, comma separated: ten deciles, null, low, high */
struct registry_record {
    struct registry_version version;
    bool has_baseline; /* Bins of every feature, error, rate and rows were there. */
    struct baseline baseline;
};
struct registry_list {
    uint32_t n_records;
    struct registry_record records[VERSIONS_MAX]; /* Newest first. */
};
bool versions_parse(struct slice body, const struct model_entry *model, struct model_id id,
                    int64_t epoch_unix_ns, struct registry_list *ret_list);
void registry_list_answer(const struct registry_list *list, struct registry_answer *ret_answer);
/* What served before: the newest deployed_at of the others, else the highest number below; 0 none. */
struct version_id registry_list_previous(const struct registry_list *list, struct version_id serving);
const struct registry_record *registry_list_find(const struct registry_list *list,
                                                 struct version_id version);

/* GET requests. */
bool mlflow_read_registered(struct http_request *request, const struct registry_source *source);
bool mlflow_read_versions(struct http_request *request, const struct registry_source *source);

/* The alias and the list of versions, for start, baselines and evidence. */
struct registry_read {
    struct exchange exchange;
    const struct registry_source *source;
    const struct model_entry *model;
    struct model_id id;
    uint32_t step;
    /* Result with DONE. */
    struct registered registered;
    struct registry_list list;
};
enum exchange_next registry_read_begin(struct registry_read *read,
                                       const struct registry_source *source,
                                       const struct model_entry *model, struct model_id id,
                                       int64_t now_ns, struct http_request *ret_request);
enum exchange_next registry_read_take(struct registry_read *read, int64_t now_ns,
                                      const struct http_response *response,
                                      struct http_request *ret_request);
enum exchange_next registry_read_timer(struct registry_read *read, int64_t now_ns,
                                       struct http_request *ret_request);

/* Moves the alias: ROLLBACK, PROMOTE, SWITCH_MODEL; RECONCILE with target the version that serves. Reads first: where the registry has
 * seen the key, or two reads in a row show the alias at the target, nothing is sent; reads that never agree end as UNKNOWN. Sets once; a set whose answer is lost is read back, never repeated here. Then tags
 * (steward.key on the model, steward.deployed_at and steward.action on the version) and reads back. No set leaves later than 45 s after the
 * begin: by then the warden counts on it that none will start. Every request carries X-Steward-Action and
 * Idempotency-Key. */
struct alias_move {
    struct exchange exchange;
    const struct registry_source *source;
    struct action_id action;
    struct digest128 key;
    struct version_id target;
    int64_t begun_at;
    uint32_t step, looks;
    bool was_there; /* The look before, ahead of the set: the alias showed the target. */
    bool sent;      /* The set left for the server. */
    bool confirmed; /* The server said that it is done. */
    /* Result with DONE and FAILED. */
    enum outcome_status status; /* DONE, FAILED, UNKNOWN. */
    bool changed;               /* This machine made the change. */
    struct version_id before;
};
enum exchange_next alias_move_begin(struct alias_move *move, const struct registry_source *source,
                                    const struct act_effect *act, struct version_id target,
                                    int64_t now_ns, struct http_request *ret_request);
enum exchange_next alias_move_take(struct alias_move *move, int64_t now_ns,
                                   const struct http_response *response,
                                   struct http_request *ret_request);
enum exchange_next alias_move_timer(struct alias_move *move, int64_t now_ns,
                                    struct http_request *ret_request);
/* The one request that would change something, for dry runs and shadow. */
bool alias_move_preview(const struct registry_source *source, const struct act_effect *act,
                        struct version_id target, struct http_request *ret_request);

#endif
