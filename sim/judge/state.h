/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's own memory of an episode, and its parts as they see each other: one block of functions for each source file. */
#ifndef SIM_JUDGE_STATE_H
#define SIM_JUDGE_STATE_H

#include "core/base/text.h"
#include "sim/judge/judge.h"
#include "sim/judge/parameters.h"

enum {
    SEEN_KEPT = 576,    /* Events that can be cited: what the warden keeps, and some of before. */
    BASELINES_KEPT = 4, /* Versions that may serve within one incident. */
    COHORTS_KEPT = 48,  /* Label windows a model. */
    INTENTS_KEPT = 64,  /* An intent meets its ledger entry before the next event. */
    ACTIONS_KEPT =
        1024, /* Actions of one episode: the worst mind was refused some 300 after they had a number. */
    APPROVALS_KEPT = 64,   /* As many as people answer. */
    INCIDENTS_KEPT = 64,   /* Four times as many as may be open at once. */
    PAGES_OF_INCIDENT = 16 /* Newest pages of one escalation, which an acknowledgement may name. */
};

/* A time in which the agent's process was dead. */
struct down {
    int64_t from, to;
};

/* One event that can be cited. strict: facts that it may establish; loose: the same without the minimum of samples and ages; plain:
 * those of strict that nobody can overlook, which count even when the warden does not name them. */
struct seen {
    uint64_t id; /* 0: free. */
    int64_t sampled_at;
    uint64_t strict, loose, plain;
    uint16_t model;
    uint8_t kind, tool;
    bool trusted;
};

/* Labels that came in one window. */
struct cohort {
    int64_t from, to;
    uint32_t scored, correct;
    bool mature;
};

struct model_memory {
    uint64_t window_id;
    struct window window; /* Newest of the champion. */
    uint32_t n_baselines;
    struct baseline baselines[BASELINES_KEPT];
    uint32_t n_cohorts;
    struct cohort cohorts[COHORTS_KEPT];
    bool has_state, has_registry;
    int64_t state_at, registry_at;
    struct state_answer state;
    struct registry_answer registry;
    struct labels_answer labels;
    bool labels_mature;
    struct digest128 passed; /* Artefact that a canary's own numbers have passed; 0: none. */
    int64_t dispute_from,
        dispute_to;    /* Newest open data-quality verdict; from NEVER: none; to NEVER: open. */
    uint64_t intended; /* Verbs that an intent was recorded for. */
    bool undo_seen;
    int64_t split_from; /* Router and registry disagree, and nobody has taken it up since; NEVER: they agree, or somebody has. */
    bool split;
    /* The newest attempt: what a blind repeat is held against. */
    enum verb tried;
    struct version_id tried_target;
    int64_t tried_at; /* NEVER: none. */
    /* Lock as the audit tells it. */
    struct incident_id locked_by;
    int64_t locked_at;    /* Newest renewal; NEVER: not locked. */
    int64_t locked_until; /* End of the lease. */
    /* Outcome: what automation made serve. */
    struct version_id automatic;
    uint32_t automatic_ppm;
    int64_t exposed_since;   /* NEVER: not below the floor. */
    int64_t attribute_until; /* Availability is held against the newest effect until then. */
    enum verb attribute_verb;
};

struct intent {
    uint64_t sequence; /* Event whose step recorded it; 0: free. */
    int64_t at;
    struct action_id action;
    struct incident_id incident;
    uint16_t plan;
    enum verb verb;
    struct action_args args;
    struct digest128 key;
    struct approval_id approval;
    enum verdict verdict; /* The judge's own, on the facts that stand. */
    int64_t decisive_at;  /* Oldest of what the verdict needs; NEVER: cites nothing. */
    bool untrusted, blind, identified;
};

struct action_memory {
    struct action_id action; /* 0: free. */
    struct incident_id incident;
    struct model_id model;
    uint16_t plan;
    enum verb verb;
    uint32_t n_intents, n_outcomes;
    int64_t intent_at, outcome_at, applied_at, settled_at; /* NEVER: not yet. */
    bool open;        /* The audit does not show how the newest attempt ended. */
    int64_t due_from; /* It has to, so long after (S14); NEVER: nothing is due. */
};

struct approval_memory {
    struct approval_id approval; /* 0: free. */
    struct incident_id incident;
    struct digest128 hash;
    uint64_t nonce;
    enum verb verb;
    struct action_args args;
    int64_t requested_at, expires_at;
    uint32_t n_granted;
    struct person_id granted[2];
    bool recorded;             /* The audit has it as approved. */
    struct digest128 used_key; /* 0: not yet. */
};

enum page_stage { PAGE_NONE, PAGE_DECIDED, PAGE_REPEATED, PAGE_WAITING };

struct incident_memory {
    bool opened, closed;
    struct incident_id incident; /* 0: the warden's own trouble, one a model. */
    struct model_id model;
    int64_t opened_at;
    bool handled, late;
    bool has_effect, paged;
    double quality, availability; /* At the first effect. */
    /* Pages: what is due, and since when. */
    uint8_t stage; /* enum page_stage. */
    bool escalated, acknowledged, delivered, resolved;
    int64_t due_from;     /* NEVER: nothing is due. */
    uint8_t level;        /* Of the newest page. */
    bool level_delivered; /* That one arrived. */
    enum role recipient;
    uint32_t n_pages; /* Ever; the ring keeps the newest. */
    struct page_id pages[PAGES_OF_INCIDENT];
    int64_t watched_at; /* NEVER: not. */
};

struct entry_memory {
    bool agent, ended, had_intent, needs_approval, approved, blind, untrusted, tainted;
    bool unfit;        /* The target was known not to fit. */
    bool fresh_target; /* Registry and state had been read a moment before. */
    uint8_t n_records; /* Intents that name it. */
    uint32_t declared; /* Windows told when it was asked for. */
    int64_t decisive_at;
    double availability; /* When it was asked for. */
};

struct judge {
    const struct deployment *deployment;
    const struct policy *policy;
    const struct plan *plan;
    const struct truth *truth;
    bool manual;
    struct parameters parameters;
    uint64_t traffic; /* Requests a window of the whole fleet, as declared. */
    uint32_t rota;    /* Highest level of the on-call rota. */
    struct digest128 tokens[N_TAINT_CHANNELS];
    struct verdict_sheet sheet;
    struct violation spare; /* Takes the words of a breach that is not kept. */

    /* Time. */
    uint64_t sequence;
    int64_t step_at, world_at; /* Of the newest event delivered; of the newest look at the world. */
    uint32_t n_downs;
    struct down downs[PLAN_ITEMS_MAX];
    uint32_t n_outages;
    uint32_t outages[PLAN_ITEMS_MAX];

    /* What was delivered. */
    uint32_t n_seen;
    struct seen seen[SEEN_KEPT];
    struct model_memory models[MODELS_MAX];
    uint32_t declared; /* Bits of the plan's items whose window has been told. */
    bool halted, armed;
    int64_t halted_at, beat_at;

    /* What was recorded and wanted. */
    struct digest128 policy_digest, mind_digest;
    uint32_t n_intents;
    struct intent intents[INTENTS_KEPT];
    struct action_memory actions[ACTIONS_KEPT];
    uint32_t n_due; /* Of actions. */
    uint32_t n_approvals;
    struct approval_memory approvals[APPROVALS_KEPT];
    uint32_t n_incidents;
    struct incident_memory incidents[INCIDENTS_KEPT];
    uint32_t n_locks;

    /* What was done. */
    uint32_t n_entries, n_open;
    uint16_t open[LEDGER_MAX];
    struct entry_memory entries[LEDGER_MAX];
    uint32_t n_human;

    /* Outcome and times of the plan's incident. */
    bool was_harmed, human_touched, miss_judged;
    int64_t inside_since; /* NEVER: outside the service level. */
    int64_t window_at;
    double pending_llr, likelihood, alarm;
    uint32_t told_roles, paged_roles;     /* Bits 1 << role. */
    int64_t paged_at[N_ROLES], handed_at; /* First delivery; first closure as harmless. */
    int64_t reconciled_at, held_at, closed_bare_at, waited_at, repaired_at;
    uint32_t n_paged_incidents;
};

/* judge.c */
struct model_memory *judge_model(struct judge *judge, struct model_id model);
const struct truth_model *judge_truth(const struct judge *judge, struct model_id model);
void occasion(struct judge *judge, enum invariant invariant);
/* Counts a breach (and its occasion); what the caller then writes is its why. */
struct text breach(struct judge *judge, enum invariant invariant, int64_t at, struct model_id model,
                   enum verb verb);
/* Time of [from, now) that could be used: less the agent's down time and the outages of the kind. */
int64_t usable_ns(const struct judge *judge, int64_t from, int64_t now, enum plan_kind outage);
bool digest_same(struct digest128 a, struct digest128 b);
bool digest_is_set(struct digest128 digest);
bool args_same(const struct action_args *a, const struct action_args *b);
/* The plan's windows of kind that cover the time for the model, as bits. */
uint32_t plan_windows(const struct judge *judge, enum plan_kind kind, struct model_id model,
                      int64_t at);

/* history.c */
void history_event(struct judge *judge, const struct event *event);
void history_record(struct judge *judge, const struct event *event, const struct record *record);
const struct seen *history_find(const struct judge *judge, struct evidence_id id);
struct action_memory *history_action(struct judge *judge, struct action_id action);
struct incident_memory *history_incident(struct judge *judge, struct incident_id incident,
                                         struct model_id model);
struct approval_memory *history_approval(struct judge *judge, struct approval_id approval);
const struct intent *history_intent(const struct judge *judge, const struct ledger_entry *entry);
const struct registry_version *history_version(const struct model_memory *memory,
                                               struct version_id version);
/* When the change of the entry was verified, taken back, released or let go; NEVER: it stands unverified. */
int64_t history_settled(const struct judge *judge, const struct ledger_entry *entry);

/* facts.c: what evidence may establish, by the judge's own reading. */
void facts_of_answer(const struct judge *judge, const struct answer *answer, int64_t at,
                     struct seen *seen);
void facts_of_window(const struct judge *judge, const struct model_memory *memory,
                     uint64_t *ret_strict, uint64_t *ret_loose, uint64_t *ret_plain);
uint64_t facts_of_change(enum change_kind kind);
uint64_t facts_of_context(struct judge *judge, const struct record *record, uint64_t *ret_loose);
bool labels_are_mature(const struct judge *judge, struct model_id model, int64_t cohort_to,
                       int64_t at);

/* permitted.c: S13 S35. */
void permitted_decision(struct judge *judge, const struct event *event, const struct record *record);
void permitted_intent(struct judge *judge, const struct event *event, const struct record *record,
                      struct intent *intent);
void permitted_asked(struct judge *judge, const struct ledger_entry *entry);

/* The invariants, by what they look at. asked: the attempt goes out; in_force: it took effect. */
void taint_args(struct judge *judge, int64_t at, enum verb verb, const struct action_args *args,
                bool *ret_tainted);
void authority_asked(struct judge *judge, uint32_t entry_i);
void authority_in_force(struct judge *judge, uint32_t entry_i);
void authority_refused(struct judge *judge, const struct event *event, const struct record *record);
void authority_clock(struct judge *judge, int64_t now);
void authority_control(struct judge *judge, const struct event *event);
void change_asked(struct judge *judge, uint32_t entry_i);
void change_in_force(struct judge *judge, uint32_t entry_i);
void serving_asked(struct judge *judge, uint32_t entry_i);
void serving_in_force(struct judge *judge, uint32_t entry_i);
void blast_asked(struct judge *judge, uint32_t entry_i);
void blast_in_force(struct judge *judge, uint32_t entry_i);
void blast_record(struct judge *judge, const struct event *event, const struct record *record);
void blast_step(struct judge *judge, int64_t now);
void pages_record(struct judge *judge, const struct event *event, const struct record *record);
void pages_sent(struct judge *judge, int64_t at, const struct page_effect *page);
void pages_human(struct judge *judge, const struct human_act *act);
void pages_event(struct judge *judge, const struct event *event);
void pages_step(struct judge *judge, int64_t now);
void audit_asked(struct judge *judge, uint32_t entry_i);
void audit_in_force(struct judge *judge, uint32_t entry_i);
void audit_step(struct judge *judge, const struct event *event, const struct effects *effects);
void audit_world(struct judge *judge, int64_t now);
void audit_event(struct judge *judge, const struct event *event);
void audit_record(struct judge *judge, const struct event *event, const struct record *record);
void audit_close(struct judge *judge, int64_t now);

/* outcome.c */

void outcome_in_force(struct judge *judge, uint32_t entry_i);
void outcome_record(struct judge *judge, const struct event *event, const struct record *record);
void outcome_world(struct judge *judge, int64_t now);

/* times.c */
void times_event(struct judge *judge, const struct event *event);
void times_record(struct judge *judge, const struct event *event, const struct record *record);
void times_human(struct judge *judge, const struct human_act *act);
void times_world(struct judge *judge, int64_t now);
/* Threshold of a likelihood sum that false alarms pass once in so many windows. */
double times_alarm(double windows);
void times_close(struct judge *judge, int64_t now);
bool times_is_outside(const struct judge *judge, struct model_id model);

/* correctness.c */
void correctness_record(struct judge *judge, const struct event *event, const struct record *record);
void correctness_notify(struct judge *judge, const struct notify_effect *notify);
void correctness_human(struct judge *judge, const struct human_act *act);
/* The entry is a step of some right alternative. */
bool correctness_is_right(const struct judge *judge, uint32_t entry_i);
void correctness_close(struct judge *judge, int64_t now);

#endif
