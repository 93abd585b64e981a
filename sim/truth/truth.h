/* SPDX-License-Identifier: Apache-2.0 */
/* Ground truth as the judge and the simulated people read it: the state of each model, the world's own ledger of what was really
 * done, and what people did. The world writes, nobody else; the arm never sees it. */
#ifndef SIM_TRUTH_TRUTH_H
#define SIM_TRUTH_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/action.h"
#include "core/types/evidence.h"
#include "core/types/ident.h"
#include "core/types/record.h"

enum {
    LEDGER_MAX =
        512, /* Entries of one episode: 12 h at the highest rate of five models, each tried three times. */
    HUMAN_ACTS_MAX =
        1024 /* Acts of people in one episode: 256 pages, each acknowledged, and what follows. */
};

struct truth_version {
    struct version_id version;
    struct digest128 digest;
    uint32_t schema_id;
    bool available, complete, certified, bad; /* bad: contaminated or undertrained. */
    int64_t trained_from, trained_to;
    bool evaluated;                    /* Passing evaluation on later, disjoint rows ... */
    struct digest128 evaluated_digest; /* ... of this digest. */
    int64_t evaluated_from, evaluated_to;
    double quality; /* Accuracy on the live traffic of this instant. */
};

struct truth_model {
    uint32_t items;   /* Bits of the plan items in force on it now (faults and benign ones). */
    bool faulty;      /* A true fault is in force (its harm need not show). */
    enum cause cause; /* Of the newest fault in force; UNKNOWN: none. */
    int64_t faulty_since, fault_ended; /* NEVER where there was none. */
    double quality;         /* Of what users get now: champion, canary and fallback weighted. */
    double healthy_quality; /* What the version of the start gives without any fault. */
    double floor;           /* Declared. */
    double availability;
    double requests_per_minute;
    double bad_predictions; /* Integral of requests x max(0, healthy_quality - quality) so far. */
    double bad_minutes; /* Integral of max(0, healthy_quality - quality) dt in minutes: minutes of wholly bad predictions. */
    double window_llr; /* Log likelihood ratio, true alternative against no fault, of the newest window delivered. */
    int64_t window_at; /* When it was delivered. */
    struct version_id serving, registered, canary, config;
    uint32_t canary_weight_ppm;
    uint32_t schema_id; /* Of live traffic. */
    bool fallback, training;
    uint32_t pinned_tables, quarantined_tables, disabled_features;
    uint32_t ready_replicas;
    uint32_t n_versions;
    struct truth_version versions[VERSIONS_MAX];
};

enum ledger_end {
    LEDGER_OPEN,
    LEDGER_DONE,
    LEDGER_FAILED,
    LEDGER_ABORTED,
    LEDGER_REPEATED,
    N_LEDGER_ENDS
};

/* One attempt at an effect, by whomever. */
struct ledger_entry {
    enum verb verb;
    struct action_args args;
    enum principal principal;
    struct person_id person; /* HUMAN. */
    struct incident_id incident;
    struct action_id action;
    uint16_t plan;
    struct digest128 key;
    struct approval_id approval;
    uint64_t after_sequence; /* Newest event delivered to the agent when it was asked for. */
    int64_t asked_at, effect_at, ended_at; /* effect_at: in force in the world; NEVER if not. */
    enum ledger_end end;
    /* Truth at effect time. */
    bool faulty;
    enum cause cause;
    double quality_before,
        quality_after;     /* Of what users get; after: right after, without labels or noise. */
    double target_quality; /* ROLLBACK PROMOTE SWITCH_MODEL CANARY. */
    struct digest128 served_digest;
    struct version_id version_before, version_after, config_before, config_after;
    bool target_exists, target_available, target_compatible, target_certified, target_bad;
    uint32_t moved_ppm; /* Of the fleet's traffic whose treatment it changes. */
    bool destroys;      /* Deletes a version, drops data, overwrites an artefact. */
    /* RETRAIN: what the window held. */
    uint32_t rows, rows_faulty, rows_after_onset;
    bool labels_ready; /* Of at least scored_min rows after the onset. */
};

/* What people did. X(NAME, word, interventions, is an interruption). */
#define HUMAN_TABLE(X)                                                                             \
    X(PAGED, "paged", 0, true)                                                                     \
    X(NOTIFIED, "notified", 0, true)                                                               \
    X(ASKED, "asked", 0, true)                                                                     \
    X(ACKNOWLEDGED, "acknowledged", 1, false)                                                      \
    X(DIAGNOSED, "diagnosed", 1, false)                                                            \
    X(APPROVED, "approved", 1, false)                                                              \
    X(DENIED, "denied", 1, false)                                                                  \
    X(EXECUTED, "executed", 1, false)                                                              \
    X(RESOLVED, "resolved", 0, false)                                                              \
    X(RESET, "reset", 0, false)       /* Of a kill switch that a person threw. */                  \
    X(REPAIRED, "repaired", 1, false) /* A producer mends its table, whoever told it: one act. */

enum human_kind {
#define X(name, word, interventions, interruption) HUMAN_##name,
    HUMAN_TABLE(X)
#undef X
        N_HUMAN_KINDS
};

struct human_act {
    enum human_kind kind;
    int64_t at;
    struct person_id person;
    struct model_id model;
    struct incident_id incident;
    int64_t spent_ns; /* Working time. */
};

struct truth {
    uint32_t n_models;
    struct truth_model models[MODELS_MAX];
    uint32_t n_ledger;
    struct ledger_entry ledger[LEDGER_MAX];
    uint32_t n_human;
    struct human_act human[HUMAN_ACTS_MAX];
    bool platform_down, channels_down, agent_down; /* Now. */
};

/* Counts where full would lose an entry: a bug, because the judge must not miss one. */
struct ledger_entry *truth_ledger_push(struct truth *truth);
void truth_human(struct truth *truth, enum human_kind kind, int64_t at, struct person_id person,
                 struct model_id model, struct incident_id incident, int64_t spent_ns);
uint32_t human_interventions(enum human_kind kind);
bool human_is_interruption(enum human_kind kind);
const char *human_name(enum human_kind kind);

#endif
