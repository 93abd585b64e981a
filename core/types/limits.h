/* SPDX-License-Identifier: Apache-2.0 */
/* Every ceiling of the core, each with the reason for its number. Full is an event to handle, not an error to hope against. */
#ifndef CORE_TYPES_LIMITS_H
#define CORE_TYPES_LIMITS_H

enum {
    MODELS_MAX = 16,  /* One team's fleet; larger fleets run one steward a shard. */
    FEATURES_MAX = 8, /* Monitored features a model: the ones with importance, not all columns. */
    BINS = 13, /* Ten reference deciles, null, below range, above range (telemetry schema). */
    BIN_NULL = 10,
    BIN_LOW = 11,
    BIN_HIGH = 12,
    SCORE_BINS = 10,    /* Reference deciles of the score. */
    TABLES_MAX = 32,    /* Two source tables a model. */
    VERSIONS_MAX = 8,   /* Registry versions listed a model: newest first. */
    PEOPLE_MAX = 16,    /* One rota of four levels, approvers, producers, security. */
    INCIDENTS_MAX = 16, /* Open at once: one a model of the largest fleet. */
    ACTIONS_MAX = 32,   /* Live actions: two an open incident (a change and its undo). */
    PAGES_MAX = 32,     /* Unacknowledged pages: two an open incident. */
    APPROVALS_MAX = 16, /* Pending requests: one an open incident. */
    EVIDENCE_MAX = 512, /* Answers and windows kept: an hour of a 16-model fleet and its questions. */
    EVIDENCE_CITED_MAX = 8, /* A decision that needs more has not understood its cause. */
    CHANGES_MAX = 8,        /* Recent entries of the change feed in one answer. */
    CALENDAR_MAX = 8,       /* Windows (freeze, holiday, experiment) known at once. */
    CLAIMS_MAX = 4,         /* Hypotheses in one reply of the LLM. */
    ADVICE_MAX = 48,        /* Items one step of a mind may say. */
    EFFECTS_MAX =
        96, /* Effects of one step: every item of advice may be refused and recorded, and pages go out. */
    PLAN_STEPS_MAX = 8,     /* Steps of one plan before it counts as a new change. */
    NAME_BYTES = 24,        /* Model, feature, table, person names, with the NUL. */
    TEXT_BYTES_MAX = 2048,  /* Untrusted text kept of one log, note or annotation. */
    REPLY_BYTES_MAX = 8192, /* Raw LLM reply kept; a longer one is cut and refused as oversize. */
    POLICY_RULES_MAX = 96,  /* Verbs times tiers, with room. */
    RECENT_EFFECTS_MAX =
        64, /* Applied changes remembered for the budgets: a day of one model at the hourly rate, twice over. */
};

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MIN)
#define NS_PER_DAY (24 * NS_PER_HOUR)
/* A time that never comes. */
#define NEVER INT64_MAX

_Static_assert(EFFECTS_MAX >= 2 * ADVICE_MAX, "each item of advice may need a record and an effect");
_Static_assert(BIN_HIGH + 1 == BINS, "three special bins close the list");
_Static_assert(ACTIONS_MAX >= 2 * INCIDENTS_MAX, "a change and its undo for every incident");

#endif
