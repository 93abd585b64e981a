/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: the tools that can be asked, their typed answers, the facts that checked evidence establishes, and causes. */
#ifndef CORE_TYPES_EVIDENCE_H
#define CORE_TYPES_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/types/deployment.h"
#include "core/types/ident.h"
#include "core/types/limits.h"

/* X(NAME, word). */
#define TOOL_TABLE(X)                                                                              \
    X(STATE, "state")         /* Read-back of registry, router and configuration of a model. */    \
    X(REGISTRY, "registry")   /* Versions with digest, schema, evaluation record. */               \
    X(CHANGES, "changes")     /* Change feed of the last day. */                                   \
    X(FEATURES, "features")   /* Fresh profile of each feature. */                                 \
    X(LABELS, "labels")       /* Quality on the labels that have arrived. */                       \
    X(SHADOW, "shadow")       /* The previous version scored on the same labelled traffic. */      \
    X(GOLDEN, "golden")       /* The serving artefact on a fixed clean set. */                     \
    X(TABLES, "tables")       /* Freshness, schema, rows, provider errors of the source tables. */ \
    X(DECISIONS, "decisions") /* Decision rate against the score distribution. */                  \
    X(CALENDAR, "calendar")   /* Declared windows: holiday, experiment, freeze, maintenance. */    \
    X(LOGS, "logs")           /* Free text. Never trusted. */                                      \
    X(PLATFORM, "platform")   /* Latency, errors, replicas. */                                     \
    X(CANARY, "canary")       /* Canary against champion, both scored. */

enum tool {
#define X(name, word) TOOL_##name,
    TOOL_TABLE(X)
#undef X
        N_TOOLS
};

/* Causes a diagnosis may name. X(NAME, word). */
#define CAUSE_TABLE(X)                                                                             \
    X(UNKNOWN, "unknown")                                                                          \
    X(COVARIATE_SHIFT, "covariate_shift")                                                          \
    X(CONCEPT_SHIFT, "concept_shift")                                                              \
    X(SCHEMA_CHANGE, "schema_change")                                                              \
    X(UNIT_CHANGE, "unit_change")                                                                  \
    X(NULL_BURST, "null_burst")                                                                    \
    X(FEATURE_ACTIVATION, "feature_activation")                                                    \
    X(STALE_DATA, "stale_data")                                                                    \
    X(LABEL_FAULT, "label_fault")                                                                  \
    X(BAD_MODEL, "bad_model")                                                                      \
    X(BAD_CONFIG, "bad_config")                                                                    \
    X(BAD_IMAGE, "bad_image")                                                                      \
    X(CAPACITY, "capacity")                                                                        \
    X(ATTACK, "attack")                                                                            \
    X(BENIGN_CALENDAR, "benign_calendar")                                                          \
    X(BENIGN_DRIFT, "benign_drift")                                                                \
    X(TELEMETRY_FAULT, "telemetry_fault")                                                          \
    X(HALF_FINISHED_CHANGE, "half_finished_change")

enum cause {
#define X(name, word) CAUSE_##name,
    CAUSE_TABLE(X)
#undef X
        N_CAUSES
};

/* What checked evidence establishes; the warden derives them from telemetry and answers that passed through it, never from
 * what a mind says. X(NAME, word). */
#define FACT_TABLE(X)                                                                              \
    X(QUALITY_LOW, "quality_low")   /* Labelled error above baseline, n >= scored_min. */          \
    X(QUALITY_FINE, "quality_fine") /* Labelled error inside its limit, n >= scored_min. */        \
    X(NULLS_HIGH, "nulls_high")                                                                    \
    X(SCALE_SHIFT, "scale_shift") /* Mean or spread of a feature moved by a factor. */             \
    X(INPUT_SHIFT, "input_shift") /* PSI above its sample-size-aware threshold. */                 \
    X(ACTIVATED, "activated")     /* A constant feature became live. */                            \
    X(SCHEMA_CHANGED, "schema_changed")                                                            \
    X(PROVIDER_DOWN, "provider_down")                                                              \
    X(PROVIDER_FINE, "provider_fine") /* Source answers, schema as before, nulls normal. */        \
    X(MODEL_CHANGED, "model_changed") /* Serving version changed within a day. */                  \
    X(CONFIG_CHANGED, "config_changed")                                                            \
    X(DECISION_STEP, "decision_step")     /* Decision rate stepped, score distribution did not. */ \
    X(PREVIOUS_BETTER, "previous_better") /* Shadow comparison, paired test. */                    \
    X(GOLDEN_LOW, "golden_low")                                                                    \
    X(OPERATIONAL_LOW, "operational_low") /* Errors or latency outside the service level. */       \
    X(CANARY_PASSED, "canary_passed")     /* Layer 11 passed this very digest. */                  \
    X(EVALUATED,                                                                                   \
      "evaluated") /* Registry holds a passing, later, disjoint evaluation of this digest. */      \
    X(TARGET_CERTIFIED, "target_certified")                                                        \
    X(HALF_DONE, "half_done") /* Router and registry disagree, or an intent lacks its outcome. */  \
    X(LABELS_MATURED, "labels_matured") /* Enough labels of rows after the change have arrived. */ \
    X(RESTORES, "restores")             /* The action releases or aborts an earlier one. */

enum fact {
#define X(name, word) FACT_##name,
    FACT_TABLE(X)
#undef X
        N_FACTS
};
#define FACT_BIT(fact) (UINT64_C(1) << (fact))

enum answer_status { ANSWER_OK, ANSWER_NO_DATA, ANSWER_FAILED, N_ANSWER_STATUSES };

struct state_answer {
    struct version_id serving, previous,
        registered; /* registered: the registry's alias; equal to serving when they agree. */
    struct digest128 serving_digest;
    struct version_id canary; /* 0: none. */
    uint32_t canary_weight_ppm;
    int64_t canary_since;
    struct version_id config, config_previous;
    uint32_t schema_id; /* Of live traffic. */
    bool fallback;
    uint32_t pinned_tables;      /* Bit i: table with id i+1. */
    uint32_t quarantined_tables; /* Likewise. */
    uint32_t disabled_features;
    bool retrain_frozen, training;
    struct version_id trained; /* Newest version a finished training produced; 0: none. */
    int32_t threshold_ppm;
    uint32_t ready_replicas;
    uint32_t requests, errors; /* Of the minute before the sample. */
};

struct registry_version {
    struct version_id version;
    struct digest128 digest;
    uint32_t schema_id;
    bool available, complete, certified; /* certified: promoted by a human after review. */
    bool evaluated;                      /* A passing evaluation is on record, ... */
    struct digest128 evaluated_digest;   /* ... of this digest, ... */
    int64_t trained_from, trained_to;    /* ... on data after the training window. */
    int64_t evaluated_from, evaluated_to;
    double holdout_error;
    int64_t deployed_at; /* Last time it began to serve; NEVER when it has not. */
};
struct registry_answer {
    uint32_t n_versions;
    struct registry_version versions[VERSIONS_MAX]; /* Newest first. */
};

enum change_kind {
    CHANGE_MODEL,
    CHANGE_CONFIG,
    CHANGE_IMAGE,
    CHANGE_SCHEMA,
    CHANGE_DATA,
    N_CHANGE_KINDS
};
struct change {
    enum change_kind kind;
    int64_t at;
    struct model_id model;
    struct table_id table;      /* SCHEMA, DATA. */
    struct version_id from, to; /* MODEL, CONFIG. */
    struct person_id by;        /* 0: a pipeline. */
};
struct changes_answer {
    uint32_t n_changes;
    struct change changes[CHANGES_MAX]; /* Newest first. */
};

struct feature_profile {
    uint32_t rows;
    double null_ratio;
    double shift;      /* (mean - reference mean) / reference sd, of the values not null. */
    double scale;      /* sd / reference sd. */
    double psi;        /* Against the reference bins. */
    bool was_constant; /* The reference has zero spread. */
};
struct features_answer {
    uint32_t n_features;
    struct feature_profile features[FEATURES_MAX];
    double score_psi;
};

struct labels_answer {
    uint32_t scored,
        correct; /* Of the cohorts [cohort_from, cohort_to) whose label delay has passed. */
    int64_t cohort_from, cohort_to;
    double baseline_error;
    double arrival_ratio; /* Labels arrived against expected in the last hour. */
};

struct shadow_answer {
    struct version_id version; /* The one served before. */
    uint32_t scored;
    uint32_t only_serving_correct, only_shadow_correct; /* Discordant pairs. */
};

struct golden_answer {
    struct version_id version;
    uint32_t n, correct;
    double reference_accuracy;
};

struct table_profile {
    struct table_id table;
    int64_t age_ns;
    int64_t schema_changed_at; /* NEVER when not within a day. */
    double provider_error_ratio;
    double rows_ratio; /* Rows against expected. */
    double duplicate_ratio;
    struct digest128 batch;    /* Newest batch. */
    struct digest128 snapshot; /* Last snapshot that passed its checks. */
    int64_t snapshot_at;
};
struct tables_answer {
    uint32_t n_tables;
    struct table_profile tables[4];
};

struct decisions_answer {
    uint32_t decisions, positives;
    double reference_rate;
    double score_psi;
};

enum calendar_kind {
    CALENDAR_HOLIDAY,
    CALENDAR_EXPERIMENT,
    CALENDAR_FREEZE,
    CALENDAR_MAINTENANCE,
    N_CALENDAR_KINDS
};
struct calendar_entry {
    enum calendar_kind kind;
    int64_t from, to;
    struct model_id model; /* 0: the whole fleet. */
};
struct calendar_answer {
    uint32_t n_entries;
    struct calendar_entry entries[CALENDAR_MAX];
};

struct logs_answer {
    struct slice text; /* Untrusted, at most TEXT_BYTES_MAX. */
};

struct platform_answer {
    uint32_t requests, errors, latency_p95_us, ready_replicas, restarts;
};

struct canary_answer {
    struct version_id version;
    struct digest128 digest;
    int64_t since;
    uint32_t champion_scored, champion_correct, canary_scored,
        canary_correct; /* Labels that arrived, same cohorts. */
};

struct answer {
    struct question_id question;
    enum tool tool;
    struct model_id model;
    enum answer_status status;
    int64_t sampled_at; /* When the world was looked at. */
    union {
        struct state_answer state;
        struct registry_answer registry;
        struct changes_answer changes;
        struct features_answer features;
        struct labels_answer labels;
        struct shadow_answer shadow;
        struct golden_answer golden;
        struct tables_answer tables;
        struct decisions_answer decisions;
        struct calendar_answer calendar;
        struct logs_answer logs;
        struct platform_answer platform;
        struct canary_answer canary;
    };
};

bool calendar_entry_equal(const struct calendar_entry *a, const struct calendar_entry *b);
void answer_visit(struct visit *visit, const char *name, struct answer *answer);
/* index: place in a list, -1 outside of one. */
void evidence_change_visit(struct visit *visit, const char *name, int index, struct change *change);
void evidence_calendar_visit(struct visit *visit, const char *name, int index,
                             struct calendar_entry *entry);

#endif
