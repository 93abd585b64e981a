/* SPDX-License-Identifier: Apache-2.0 */
/* What steward looks after: models, signals, tables, people, tools and limits. One file describes it for every world. */
#ifndef CORE_TYPES_DEPLOYMENT_H
#define CORE_TYPES_DEPLOYMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/ident.h"
#include "core/types/limits.h"

/* X(NAME, word). Order is severity of consequences. */
#define TIER_TABLE(X)                                                                              \
    X(LOW, "low")                                                                                  \
    X(MEDIUM, "medium")                                                                            \
    X(HIGH, "high")

enum tier {
#define X(name, word) TIER_##name,
    TIER_TABLE(X)
#undef X
        N_TIERS
};

/* Roles as bits. X(NAME, word). */
#define ROLE_TABLE(X)                                                                              \
    X(ONCALL, "oncall")                                                                            \
    X(APPROVER, "approver")                                                                        \
    X(PRODUCER, "producer")                                                                        \
    X(OWNER, "owner")                                                                              \
    X(SECURITY, "security")                                                                        \
    X(OPERATOR, "operator") /* May halt and reset the kill switch. */

enum role {
#define X(name, word) ROLE_##name,
    ROLE_TABLE(X)
#undef X
        N_ROLES
};

struct feature_entry {
    char name[NAME_BYTES];
    struct table_id table;
    double importance; /* Share of the model's decision that rests on it, 0..1, as the registry publishes it. */
};

struct model_entry {
    char name[NAME_BYTES];
    enum tier tier;
    uint32_t requests_per_window; /* Mean; the day shape multiplies it. */
    int64_t label_delay_ns;       /* 90 % of a cohort's labels have arrived after this. */
    double accuracy_floor;        /* The declared service level of true quality. */
    double availability_floor;    /* Share of requests answered. */
    uint32_t n_features;
    struct feature_entry features[FEATURES_MAX];
};

struct table_entry {
    char name[NAME_BYTES];
    struct person_id producer;
};

struct person_entry {
    char name[NAME_BYTES];
    uint32_t roles; /* Bits 1 << enum role. */
    uint32_t level; /* On-call level, 1 first; 0 not on the rota. */
};

struct llm_limits {
    bool enabled;
    int64_t deadline_ns; /* An answer later than this is not waited for. */
    uint32_t calls_per_incident;
    uint32_t tokens_per_day;
};

struct deployment {
    char name[NAME_BYTES];
    int64_t window_ns; /* Length of a telemetry window; all models alike. */
    uint32_t n_models;
    struct model_entry models[MODELS_MAX];
    uint32_t n_tables;
    struct table_entry tables[TABLES_MAX];
    uint32_t n_people;
    struct person_entry people[PEOPLE_MAX];
    uint64_t tools; /* Bits 1 << enum tool: evidence tools with a source. */
    uint64_t verbs; /* Bits 1 << enum verb: actions with an adapter. */
    struct llm_limits llm;
};

const struct model_entry *deployment_model(const struct deployment *deployment,
                                           struct model_id model);
/* First person with the role and, for on-call, the level (the highest level present when level is beyond); 0 when none. */
struct person_id deployment_person(const struct deployment *deployment, enum role role,
                                   uint32_t level);
bool deployment_person_has(const struct deployment *deployment, struct person_id person,
                           enum role role);
void deployment_visit(struct visit *visit, struct deployment *deployment);

#endif
