/* SPDX-License-Identifier: Apache-2.0 */
/* Door of campaigns: wires engine, plant, people, LLM, faults, core and judge into episodes; runs many in worker processes; merges in
 * run order. */
#ifndef SIM_CAMPAIGN_CAMPAIGN_H
#define SIM_CAMPAIGN_CAMPAIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/formats/cassette.h"
#include "core/formats/csv.h"
#include "core/steward.h"
#include "sim/judge/judge.h"
#include "sim/scenario/scenario.h"

/* X(NAME, word). */
#define ARM_TABLE(X)                                                                               \
    X(STEWARD, "steward")                                                                          \
    X(RULES, "rules")                                                                              \
    X(MANUAL, "manual")

enum arm {
#define X(name, word) ARM_##name,
    ARM_TABLE(X)
#undef X
        N_ARMS
};
const char *arm_name(enum arm arm);

enum { SETTINGS_MAX = 16, RECORDINGS_MAX = 4 };

/* Deployments and policies by the names that scenarios use, and opened recordings. Owned by the caller. */
struct named_deployment {
    char name[NAME_BYTES];
    struct deployment deployment;
};
struct named_policy {
    char name[NAME_BYTES];
    struct policy policy;
};
struct named_recording {
    char name[64];
    struct recording recording;
    uint32_t first_row, train_rows;
    int64_t row_ns;
};

/* What is told of one run of one arm, as it happens. Any pointer may be NULL. A failure of the journal ends the campaign. */
struct run_identity {
    uint64_t run; /* 0-based. */
    uint64_t seed;
    enum arm arm;
    enum mind_kind mind;
    const struct plan *plan;
    const struct settings *settings;
};
struct frame_bytes {
    uint64_t sequence;
    int64_t at;
    uint8_t kind;
    struct slice event, outcome;
    struct slice state; /* Packed state after the step, now and then; otherwise empty. */
    struct digest128 chain;
};
struct journal_port {
    void *self;
    enum err (*begin)(void *self, const struct run_identity *identity);
    enum err (*put)(void *self,
                    const struct frame_bytes *frame); /* Durable enough before effects are applied. */
    enum err (*end)(void *self, const struct run_identity *identity,
                    const struct verdict_sheet *sheet, const struct truth *truth,
                    struct digest128 fingerprint);
};
struct trace_port {
    void *self;
    enum err (*begin)(void *self, const struct run_identity *identity);
    enum err (*put)(void *self, struct slice lines);
};
struct progress_port {
    void *self;
    void (*put)(void *self, uint64_t n_ended, uint64_t n_all, uint64_t n_violations);
};

/* Protocols between the arms with an agent and the platform. Windows and answers are carried as bytes; acts that move an alias are exchanges with a registry.
 * begin NULL: none, and answers and acts go straight. Every function is deterministic in the identity's seed and its calls so far. */
enum wire_fate {
    WIRE_GOES,
    WIRE_FAILS,
    WIRE_UNKNOWN_DONE,
    WIRE_UNKNOWN_NOT_DONE,
    WIRE_BELIEVED_DONE /* Nothing was asked of the registry, and DONE is told. */
};
struct wire_port {
    void *self;
    void (*begin)(void *self, const struct run_identity *identity);
    /* An event as core is about to get it: what a live host would remember of it. */
    void (*note)(void *self, const struct event *event);
    /* Replaces an answer by what arrives of it. registry, registered: what the registry holds of its model now. */
    void (*answer)(void *self, const struct registry_answer *registry, struct version_id registered,
                   struct answer *ret_answer);
    /* Replaces a window of a champion by what arrives of it; false: nothing does. */
    bool (*window)(void *self, struct window *ret_window);
    /* Moves an alias from registered to the target of a ROLLBACK, PROMOTE, SWITCH_MODEL or RECONCILE. fate: what the plan wants of it; returned: what
     * became of it. *ret_delay_ns: until the registry had it, or the exchange was over. */
    enum wire_fate (*act)(void *self, const struct act_effect *act, struct version_id registered,
                          enum wire_fate fate, int64_t now_ns, int64_t *ret_delay_ns);
};

/* What the mocked LLM was asked and answered, in the order of the questions. put NULL: nobody listens. A failure ends the campaign. */
struct llm_port {
    void *self;
    enum err (*put)(void *self, const struct cassette_exchange *exchange);
};

/* What the judge said of one episode of one arm, told in run order whatever the number of workers. */
struct verdict_told {
    uint64_t run, seed;
    const struct scenario *scenario;
    enum arm arm;
    const struct verdict_sheet *sheet;
};
struct verdict_port {
    void *self;
    enum err (*put)(void *self, const struct verdict_told *told, struct err_text *ret_text);
};

struct campaign_request {
    const struct suite *suite; /* All targets together. */
    uint64_t seed, runs;
    uint32_t jobs; /* Worker processes, >= 1. Forced to 1 with a journal, a trace or a listener to the LLM. */
    bool arms[N_ARMS];
    enum mind_kind mind; /* Of the steward arm; the manual arm has none. */
    int persona;         /* -1: what the plan says; else enum persona. */
    /* Played in place of the mocked LLM, from its beginning in every episode; NULL: none. A question with a prompt that it has not, or not any more,
     * finds the LLM away. */
    const struct cassette *cassette;
    struct llm_port llm;
    const struct policy *policy;         /* NULL: what the scenario names. */
    const struct deployment *deployment; /* NULL: likewise. */
    const struct named_deployment *deployments;
    uint32_t n_deployments;
    const struct named_policy *policies;
    uint32_t n_policies;
    const struct named_recording *recordings;
    uint32_t n_recordings;
    struct journal_port journal;
    struct trace_port trace;
    struct progress_port progress;
    struct verdict_port verdicts;
    struct wire_port wire;
};

struct interval {
    double value, lo, hi;
};
/* Seconds; NaN past censoring (printed as null). Kaplan-Meier on right-censored times. */
struct quantiles {
    double p50, p95, p99;
    uint64_t n, censored;
};
struct listed_violation {
    enum invariant invariant;
    char scenario[NAME_BYTES];
    uint64_t seed;
    char why[96];
};
enum { LISTED_MAX = 256 };

struct arm_result {
    bool run;
    uint64_t episodes;
    uint64_t incidents; /* True incidents and benign controls. */
    struct quantiles observe, detection, response, restore;
    uint64_t missed, harmful_actions, false_actions, needless_pages, violations;
    struct interval escalation_rate,
        autonomy_rate; /* Printed as plain numbers; the interval is for the table. */
    double interventions_per_episode, interruptions_per_episode, bad_prediction_minutes,
        human_minutes;
    double correct_rate, corrected_by_human_rate; /* The second is a part of the first. */
    uint64_t occasions[N_INVARIANTS], breaches[N_INVARIANTS];
    struct interval outcome_errors[N_INVARIANTS]; /* Share of episodes with at least one (outcome invariants only). */
    uint64_t outcome_error_episodes; /* With any. */
    uint64_t llm_calls;
    uint64_t llm_unrecorded;            /* Of these, with no exchange on the cassette. */
    struct digest128 unrecorded_prompt; /* Of the first. */
    uint64_t unrecorded_seed;
    double cost_usd;
    uint64_t effects, records;
    uint64_t n_listed;
    struct listed_violation listed[LISTED_MAX];
};
struct family_result {
    char scenario[NAME_BYTES];
    uint64_t episodes[N_ARMS], violations[N_ARMS], correct[N_ARMS], interventions[N_ARMS],
        harmful[N_ARMS];
    double bad_minutes[N_ARMS];
};
struct reduction {
    struct interval episodes, acts, minutes; /* Paired by seed; bootstrap by family, 95 %. */
    bool known;
};
struct campaign_result {
    uint64_t seed, runs, incidents, events, windows;
    double virtual_s;
    struct digest128 fingerprint;
    struct arm_result arms[N_ARMS];
    struct reduction vs_manual, vs_rules;
    /* Clopper-Pearson upper bound of episodes with a violation, steward arm; a family that no episode drew has the bound 1. */
    double bound_95, bound_95_worst_family;
    uint64_t worst_family_episodes; /* Of the family with the worst bound. */
    uint32_t n_families;
    struct family_result families[SUITE_SCENARIOS_MAX];
};

/* Runs all. ret_result is written only on success. Signals are the caller's business: stop (may be NULL) is polled between runs
 * and ends the campaign with ERR_CRASHED. */
enum err campaign_run(const struct campaign_request *request, const volatile int *stop,
                      struct campaign_result *ret_result, struct err_text *ret_text) MUST_USE;

#endif
