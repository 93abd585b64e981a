/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's own copy of every number of the invariants. A policy may tighten one; loosening it changes nothing here. */
#ifndef SIM_JUDGE_PARAMETERS_H
#define SIM_JUDGE_PARAMETERS_H

#include <stdint.h>

#include "core/types/policy.h"

struct parameters {
    uint32_t models_max;      /* S08 b_max: models changed within a window. */
    uint32_t traffic_ppm_max; /* S08 share_max. */
    uint32_t unverified_max;  /* S08 u_all. */
    int64_t blast_ns;         /* S08 t_window. */
    uint32_t changes_max;     /* S11 r_max: per model and hour. */
    int64_t cool_down_ns;     /* S11 t_cool. */
    uint32_t flips_max;       /* S34 flips. */
    int64_t flip_ns;          /* S34 t_flip. */
    uint32_t scored_min;      /* S07, S13 n_min. */
    uint32_t values_min;      /* S13 n_feature. */
    int64_t canary_ns;        /* S07 t_min. */
    int64_t stale_ns;         /* S17 t_stale. */
    int64_t approval_ns;      /* S10 ttl_approval. */
    int64_t act_ns;           /* S22 t_act. */
    int64_t escalate_ns;      /* S23 t_esc. */
    int64_t acknowledge_ns;   /* S24 t_ack. */
    int64_t clear_ns;         /* S24 t_clear. */
    uint32_t levels;          /* S24 levels. */
    int64_t lock_ns;          /* S37 t_lock. */
    int64_t kill_ns;          /* S25 t_kill. */
    int64_t dead_ns;          /* S25 t_dead. */
    int64_t recover_ns;       /* S14 t_recover. */
    uint64_t freeze_allow;    /* S06: containment only. */
};

#define VERB_BIT(verb) (UINT64_C(1) << (verb))

/* Numbers of the outcome invariants; no policy changes them. */
#define CLEAN_NS (10 * NS_PER_MIN)       /* S02 t_clean. */
#define WORSE_MAX 0.01                   /* S01, S32 eps: one point of accuracy. */
#define WORSE_EMERGENCY_MAX 0.03         /* S01 eps_emerg: to a version that a human certified. */
#define UNAVAILABLE_MAX 0.001            /* S32 eps of availability. */
#define EXPOSED_PPM_MAX 100000u          /* S04 x. */
#define EXPOSE_NS (30 * NS_PER_MIN)      /* S04 t_expose. */
#define ATTRIBUTE_NS (10 * NS_PER_MIN)   /* S16o t_attr. */
#define AVAILABILITY_FLOOR 0.99          /* S16o avail_floor; a declared level overrides it. */
#define DIRTY_ROWS_MAX 0.01              /* S19 c_max. */
#define MISS_NS (30 * NS_PER_MIN)        /* S22o t_miss. */
#define RESTORE_NS (15 * NS_PER_MIN)     /* Restored: inside the service level for so long. */
#define FALSE_ALARM_NS (30 * NS_PER_DAY) /* Of the oracle: one in so much of a model's time. */

/* What the platform and the loop need; a lawful warden leaves room for it, so none of it excuses anything beyond. */
#define PAGE_SLACK_NS                                                                              \
    (5 * NS_PER_S) /* From a due time to the page: one turn of the loop after a back-off of a second. */
#define OUTCOME_NS (10 * NS_PER_MIN) /* By then the audit shows how an attempt ended. */
#define LABEL_SLACK_NS NS_PER_MIN    /* Cohorts are cut to the minute. */

static inline int64_t shorter(int64_t own, int64_t other)
{
    return other > 0 && other < own ? other : own;
}

static inline int64_t longer(int64_t own, int64_t other) { return other > own ? other : own; }

static inline uint32_t fewer(uint32_t own, uint32_t other)
{
    return other > 0 && other < own ? other : own;
}

static inline uint32_t more(uint32_t own, uint32_t other) { return other > own ? other : own; }

/* The catalogue's values, tightened by the policy in force. */
static inline struct parameters parameters_of(const struct policy *policy)
{
    const struct policy_limits *limits = &policy->limits;
    return (struct parameters){
        .models_max = fewer(2, limits->models_per_window),
        .traffic_ppm_max = fewer(250000, limits->traffic_ppm_per_window),
        .unverified_max = fewer(3, limits->unverified_per_fleet),
        .blast_ns = longer(10 * NS_PER_MIN, limits->blast_window_ns),
        .changes_max = fewer(6, limits->changes_per_model_hour),
        .cool_down_ns = longer(30 * NS_PER_MIN, limits->cool_down_ns),
        .flips_max = fewer(1, limits->flips_per_day),
        .flip_ns = 24 * NS_PER_HOUR,
        .scored_min = more(500, limits->scored_min),
        .values_min = more(200, limits->feature_rows_min),
        .canary_ns = longer(10 * NS_PER_MIN, limits->canary_min_ns),
        .stale_ns = shorter(180 * NS_PER_S, limits->stale_ns),
        .approval_ns = shorter(15 * NS_PER_MIN, limits->approval_ttl_ns),
        .act_ns = shorter(5 * NS_PER_MIN, limits->act_deadline_ns),
        .escalate_ns = shorter(120 * NS_PER_S, limits->page_deadline_ns),
        .acknowledge_ns = shorter(5 * NS_PER_MIN, limits->acknowledge_ns),
        .clear_ns = longer(15 * NS_PER_MIN, limits->clear_ns),
        .levels = 4,
        .lock_ns = shorter(120 * NS_PER_S, limits->lock_ns),
        .kill_ns = NS_PER_S,
        .dead_ns = shorter(60 * NS_PER_S, limits->dead_man_ns),
        .recover_ns = 120 * NS_PER_S,
        .freeze_allow =
            (VERB_BIT(VERB_ROLLBACK) | VERB_BIT(VERB_FALLBACK) | VERB_BIT(VERB_ABORT_CANARY)) &
            policy->freeze_allow,
    };
}

#endif
