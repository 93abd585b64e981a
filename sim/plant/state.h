/* SPDX-License-Identifier: Apache-2.0 */
/* The whole state of the plant: worlds, versions, platform and telemetry of each model. Parallel to truth, where what is there is
 * not kept twice. */
#ifndef SIM_PLANT_STATE_H
#define SIM_PLANT_STATE_H

#include "core/base/prng.h"
#include "sim/plant/learner.h"
#include "sim/plant/plant.h"

enum {
    EPOCHS_MAX = 2 * PLAN_ITEMS_MAX +
                 2,    /* Each item begins and ends once, and two repairs at the same instant. */
    COHORTS_MAX = 128, /* Windows kept: labels older than that do not come. */
    CONFIGS_MAX = PLAN_ITEMS_MAX + 2, /* Two of the start, one a push. */
    QUARANTINES_MAX = 16, /* Of one model in one episode; the oldest is forgotten beyond. */
    FEED_MAX =
        64, /* Changes of one episode by pipelines and people: two an item, and a dozen human acts. */
    NORMAL_CELLS = 256, /* Of the table of normal quantiles. */
    SPLIT_MAX = 2       /* Requests with and without the values of a failing provider. */
};

#define LABELLED_SHARE 0.9 /* Of a cohort after the label delay: what its declaration says. */
#define START_CONFIG 2     /* Config version of the start; number 1 came before it. */
#define PLATFORM_LIMIT_NS (60 * NS_PER_S) /* An attempt that would start later is aborted. */
#define BATCH_NS (5 * NS_PER_MIN)
#define SNAPSHOT_NS NS_PER_HOUR

/* What requests of a model look like and what the label then is, under a set of plan items. Standardised: the reference has mean 0
 * and deviation 1. Truth: y = [truth . x + offset + noise N(0,1) > 0]. */
struct environment {
    uint32_t items;
    double mean[FEATURES_MAX], sd[FEATURES_MAX];
    double truth[FEATURES_MAX], offset, noise;
    double scale[FEATURES_MAX]; /* Unit of the raw value against the usual one. */
    uint32_t dropped;           /* Features that are null. */
    uint32_t burst;             /* Features that are null together, ... */
    double burst_share;         /* ... in this share of requests. */
    double traffic;
};

/* Moments of what a version is given, for one share of the requests. */
struct served {
    double share;
    double mean[FEATURES_MAX], variance[FEATURES_MAX];
    double covariance[FEATURES_MAX]; /* With the latent truth. */
    double truth_mean, truth_sd;
};

/* What a version is, beside its row in truth. */
struct artefact {
    double weights[FEATURES_MAX], intercept;
    double reference_mean[FEATURES_MAX], reference_sd[FEATURES_MAX];
    double score_mean, score_sd; /* Of its reference. */
    double positive_rate;
    double holdout_error; /* As observed. */
    double accuracy;      /* Structural, on the live traffic of this instant. */
    uint32_t rows, constant_features;
    int64_t deployed_at;
    uint32_t profile_ppm[FEATURES_MAX][BINS];
};

/* Probabilities of what a window shows, with their derivatives by a shift of the mean, so that the slow drift of the inputs costs
 * no distribution function. The last row is the score of the champion. */
enum {
    ROWS_OF_VIEW = FEATURES_MAX + 2,
    ROW_SCORE = FEATURES_MAX,
    ROW_CANARY_SCORE = FEATURES_MAX + 1
};
struct view {
    double p[ROWS_OF_VIEW][BINS], slope[ROWS_OF_VIEW][BINS], bend[ROWS_OF_VIEW][BINS];
    double root[ROWS_OF_VIEW][BINS],
        half_inverse[ROWS_OF_VIEW][BINS]; /* Of p: sqrt(p) and 1 / (2 sqrt(p)). */
    double positive, canary_positive;
    double quality, healthy, canary_quality, champion_quality;
    double canary_share, fallback_share, availability, latency, traffic;
};

/* Requests of one window and how they were answered; scored ones are known when their labels are due. */
struct cohort {
    uint32_t requests, positives;
    uint32_t scored, correct, canary_scored, canary_correct;
    double quality, healthy; /* Expected; for the oracle test. */
    struct version_id canary, champion;
};

struct epoch {
    int64_t from;
    uint32_t items;
};

struct quarantine {
    struct table_id table;
    int64_t from, to;
};

struct training {
    uint32_t n_started;
    int64_t labelled_to; /* Rows whose labels had arrived when it began. */
};

struct plant_model {
    /* What it is. */
    const struct model_entry *entry;
    double direction[FEATURES_MAX], offset, noise;
    double raw_mean[FEATURES_MAX]; /* In reference deviations: what a change of unit multiplies as well. */
    double fill[FEATURES_MAX]; /* Value in place of a null. */
    double null_rate[FEATURES_MAX];
    double rules[FEATURES_MAX]; /* Weights of the rules that stand in when the model is bypassed. */
    double drift_sd[FEATURES_MAX];
    double base_latency_us, base_availability;
    double train_median_min, train_sigma;
    uint64_t key; /* Of its streams. */
    uint32_t delay_windows;
    struct artefact start; /* The version of the start, for what health would be. */
    /* The world around it. */
    uint32_t n_epochs;
    struct epoch epochs[EPOCHS_MAX];
    struct environment now, benign;
    uint32_t active; /* Plan items whose time it is. */
    int64_t onset;   /* Of the newest fault so far. */
    /* The platform. */
    struct artefact artefacts[VERSIONS_MAX]; /* Oldest first, as in truth. */
    struct version_id version_last, previous, trained;
    int64_t canary_since;
    uint32_t n_configs;
    double config_threshold[CONFIGS_MAX]; /* In deviations of the score. */
    struct version_id config_previous;
    int32_t threshold_ppm;
    bool retrain_frozen;
    enum fallback_mode fallback_mode;
    uint32_t fallback_by, frozen_by, pinned_by[TABLES_MAX], disabled_by[FEATURES_MAX],
        quarantined_by[TABLES_MAX];
    uint32_t corrupt_pins; /* Tables pinned to something that was not a clean snapshot. */
    uint32_t n_quarantines;
    struct quarantine quarantines[QUARANTINES_MAX];
    struct training training;
    struct version_id pushed[PLAN_ITEMS_MAX]; /* Version or config that an item deployed. */
    uint32_t n_attempts, n_asks;
    /* Telemetry. */
    uint64_t n_windows;
    int64_t settled_at, seen_at; /* Integrals and the mixed view are true up to here. */
    double mixed_weight;
    double drift[FEATURES_MAX], unexplained, level;
    struct view view, mixed;
    double ratio[FEATURES_MAX][BINS]; /* Log likelihood ratio of a value, fault against none. */
    double positive_ratio, negative_ratio;
    bool has_ratio, inputs_differ;
    struct cohort cohorts[COHORTS_MAX];
    uint32_t labels_held; /* Cohorts whose labels missed their window. */
};

/* What the platform knows of an attempt beside its row in the ledger. */
struct attempt {
    uint8_t fate; /* enum fate. */
    bool late;    /* It would start beyond the limit. */
    bool applied, in_flight;
};

struct feed_entry {
    struct change change;
    uint32_t item; /* Of the plan; PLAN_ITEMS_MAX: a person's. */
};

/* One recording drives one model. */
struct recorded {
    uint32_t model_i;
    uint32_t event_row;   /* UINT32_MAX: none. */
    uint32_t horizon_row; /* One beyond the last row that is served. */
    bool majority;        /* Of the rows behind the start: what the rules say. */
    double low[FEATURES_MAX], high[FEATURES_MAX],
        edges[FEATURES_MAX][SCORE_BINS - 1];          /* Of the reference. */
    double score_edges[VERSIONS_MAX][SCORE_BINS - 1]; /* Deciles of each version's own scores. */
    double fitted_edges[SCORE_BINS - 1];
    struct learner learners[VERSIONS_MAX]; /* In the order of the versions. */
    struct learner fitted;                 /* Waits for its slot. */
    struct learner start;
};

struct plant {
    const struct deployment *deployment;
    const struct plan *plan;
    struct engine *engine;
    struct truth *truth;
    bool has_recording;
    struct plant_recording recording;
    uint32_t item_sign[PLAN_ITEMS_MAX];
    int64_t item_ended[PLAN_ITEMS_MAX]; /* NEVER: it runs. */
    uint64_t windows;
    uint64_t requests_total; /* A window, fleet. */
    uint32_t n_feed;
    struct feed_entry feed[FEED_MAX];
    struct attempt attempts[LEDGER_MAX];
    char text[TEXT_BYTES_MAX];
    double normal[NORMAL_CELLS + 1];
    double edges[BINS]; /* Reference deciles between the ends of its range; BINS - 2 are used. */
    double reference_p[BINS], reference_slope[BINS], reference_bend[BINS];
    struct plant_model models[MODELS_MAX];
    struct recorded recorded; /* Last: untouched when nothing is recorded. */
};

#endif
