/* SPDX-License-Identifier: Apache-2.0 */
/* The whole state of the warden: what it remembers of evidence, incidents, actions, approvals, effects and switches. */
#ifndef CORE_WARDEN_STATE_H
#define CORE_WARDEN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/prng.h"
#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "core/types/incident.h"
#include "core/types/policy.h"

enum {
    LABEL_BINS = 48, /* Label windows kept a model: four hours of five-minute windows. */
    BASELINES_KEPT =
        4, /* Versions that may serve within one incident: champion, canary, target, undo. */
    SUBJECTS_KEPT = 16, /* Batches and snapshots seen a model: two tables, two digests, four answers. */
    PAGES_KEPT =
        8, /* Pages of one escalation that an acknowledgement may still name: two rounds of four levels. */
    LEVELS = 4,       /* S24: levels of the rota. */
    ATTEMPTS_MAX = 3, /* One try and two retries with the same key. */
    ASKS_MAX = 3,     /* Times a silent tool is asked again before the action is given up. */
    NOTIFIES_MAX =
        8, /* Notifications an incident may send: each role once, and repeats for two tables. */
    ADVICE_ROOM = 8, /* Effects that one item of advice may need: decision, refusal, page, record. */
    ACTION_ROOM =
        12, /* Effects that one move of one action may need: questions, or undo, page and records. */
    TIMER_ROOM = 24, /* Effects kept back for what the warden itself must say in a step. */
    WAKES_AT_ONCE_MAX =
        6, /* Ticks at one instant: a longer exchange of mind and warden waits a second. */
    ASKS_PER_MINUTE = 96, /* Questions of a mind: six tools for each model of the largest fleet. */
};

#define EFFECT_LAG_NS                                                                              \
    (60 * NS_PER_S) /* The platform aborts after this: an effect may start so much later than its ACT. */
#define OUTCOME_GRACE_NS (5 * NS_PER_S) /* Silence for so long beyond that is an unknown outcome. */
#define FREEZE_MARGIN_NS (90 * NS_PER_S) /* No start so close before a freeze window. */
#define ANSWER_WAIT_NS (45 * NS_PER_S)   /* A tool that is silent for longer is asked again. */
#define RETRY_NS (20 * NS_PER_S)         /* Back-off before the same key goes out again. */
#define PAGE_RETRY_NS (30 * NS_PER_S)    /* S23: four tries within the deadline. */
#define CANARY_ASK_NS NS_PER_MIN         /* Between two looks at a canary. */
#define WATCHDOG_LEAD_NS                                                                           \
    (60 * NS_PER_S) /* The page needs so long to arrive before the S22 deadline. */
#define FALLBACK_LEAD_NS                                                                           \
    (120 * NS_PER_S) /* An absent approver: containment starts so long before the deadline. */
#define EVIDENCE_AGE_NS                                                                            \
    (15 * NS_PER_MIN) /* Evidence of a proposal; the decisive part is read again before the effect. */
#define WATCH_MAX_NS                                                                               \
    (12 * NS_PER_HOUR) /* Longest wait by rule, where LABEL_BINS windows are not longer. */
#define LEASE_LEAD_NS (30 * NS_PER_S)     /* A lock is renewed so long before its lease ends. */
#define PATIENCE_NS (15 * NS_PER_MIN)     /* A rule's own change waits so long for a budget. */
#define PATIENCE_STEP_NS (30 * NS_PER_S)  /* Between two looks at a budget. */
#define RELEASE_RETRY_NS (5 * NS_PER_MIN) /* A containment that cannot go yet is looked at again. */
#define RELEASE_LATE_NS                                                                            \
    NS_PER_HOUR /* One that stands so long beyond its time is a matter for a human. */
#define BURN_PAUSE_NS                                                                              \
    NS_PER_HOUR /* Between two pages about a service level of which nobody takes notice. */

struct evidence_entry {
    uint64_t id;
    int64_t at, sampled_at;
    struct model_id model;
    uint8_t kind; /* enum event_kind. */
    uint8_t tool; /* enum tool, of answers. */
    bool trusted;
    bool ok;
    uint64_t facts;
};

/* Newest answer of one tool about one model. */
struct newest {
    struct evidence_id evidence; /* 0: none yet. */
    int64_t at, sampled_at;
    bool ok;
    uint64_t facts;
};

struct label_bin {
    uint64_t evidence;
    int64_t from, to, cohort_from, cohort_to;
    uint32_t scored, correct, requests, errors;
};

/* A digest that a trusted answer named: a batch or a snapshot of a table. */
struct subject {
    struct digest128 digest;
    struct table_id table;
    bool snapshot;
};

struct model_memory {
    struct newest newest[N_TOOLS];
    struct state_answer state;
    struct registry_answer registry;
    struct tables_answer tables;
    struct canary_answer canary;
    struct labels_answer labels;
    struct golden_answer golden;
    uint32_t n_baselines; /* Ever; the ring keeps the last BASELINES_KEPT. */
    struct baseline baselines[BASELINES_KEPT];
    struct window window; /* Newest of the champion. */
    struct evidence_id window_evidence;
    bool window_read; /* Its facts have been looked at. */
    uint64_t window_facts;
    uint32_t n_labels; /* Ever; the ring keeps the last LABEL_BINS. */
    struct label_bin label_bins[LABEL_BINS];
    uint32_t n_subjects;
    struct subject subjects[SUBJECTS_KEPT];
    int64_t disputed_from,
        disputed_to; /* Newest data-quality verdict; from NEVER: none, to NEVER: open. */
    int64_t burn_from; /* Rows before this have been looked at by whoever closed what they were about. */
    int64_t burns_since;     /* Labelled error beyond the declared level; NEVER: it is not. */
    struct digest128 passed; /* Artefact whose canary passed. */
    struct evidence_id passed_evidence;
};

struct escalation {
    bool active, acknowledged, delivered;
    uint8_t severity, level;
    enum role recipient;
    enum cause cause;
    struct incident_id incident;
    struct model_id model;
    int64_t decided_at;
    struct page_id page; /* The newest. */
    int64_t page_at;     /* When it was first sent; NEVER: not yet. */
    int64_t next_try;    /* Of the newest page while it is not delivered. */
    uint32_t n_pages;
    struct page_id pages[PAGES_KEPT];
};

/* Parallel to the docket's entries. */
struct incident {
    uint8_t severity;
    enum cause cause;
    bool contained, fallback_tried;
    uint32_t llm_calls, n_notifies, refusal_wakes;
    uint16_t plan_max;
    int64_t open_since;  /* In state open since then: the deadline of S22 counts from it. */
    int64_t metric_from; /* Rows from here on count for the independent metric. */
    int64_t clear_since; /* The metric has been inside its limit since; NEVER: it is not. */
    int64_t watch_until; /* NEVER: no watch. */
    double watch_limit;
    int64_t watch_from;
    struct action_id retrain;
    struct version_id trained_before; /* Newest trained version when the training was asked for. */
    struct person_id resolved_by; /* Said that it is over; closed once nothing of ours stands any more. */
    int64_t resolved_at;
    uint32_t n_evidence;
    struct evidence_id evidence[EVIDENCE_CITED_MAX]; /* Of the newest decided proposal. */
    struct escalation escalation;
};

struct action {
    struct action_id id; /* 0: free slot. */
    uint8_t state;       /* enum action_state. */
    enum principal principal;
    struct advice_item item; /* What was proposed, as checked. */
    struct action_id undo_of;
    struct action_id undone_by;
    uint64_t facts;
    enum verdict verdict;
    uint8_t layers[N_LAYERS];
    struct approval_id approval;
    struct digest128 key;
    uint32_t attempts, asks;
    uint32_t needs; /* Tools whose fresh answers are waited for. */
    int64_t asked_at;
    int64_t act_at, applied_at;
    int64_t read_at;  /* Answers sampled before this do not count. */
    int64_t retry_at; /* Nothing is asked before this. */
    int64_t deadline; /* Of waiting for a budget, and of verification. */
    int64_t lease_end, changed_at;
    bool locked;
    bool recovered; /* The process died in mid-attempt. */
    bool doubtful; /* An attempt may have been in force for a while: nobody said that it was not. */
    enum outcome_status outcome; /* Of the newest attempt. */
    bool outcome_known;
    struct version_id version_before, config_before, trained_before;
    struct digest128 digest_before;
    int32_t threshold_before;
    double error_before;
    uint32_t n_before;
    uint32_t n_evidence;
    struct evidence_id evidence[EVIDENCE_CITED_MAX];
};

struct approval {
    struct approval_id id; /* 0: free slot. */
    struct action_id action;
    struct digest128 action_hash;
    uint64_t nonce;
    uint32_t quorum, n_granted;
    struct person_id granted[2];
    int64_t requested_at, expires_at;
    bool used;
};

/* What the budgets count: a change that may be in force. */
struct past_effect {
    struct action_id action; /* 0: free. */
    struct incident_id incident;
    uint16_t plan;
    enum principal principal;
    enum verb verb;
    struct action_args args;
    int64_t act_at, may_end; /* It came into force within this interval, if it did. */
    bool confirmed, absent;  /* Read back: in force; certainly not. */
    bool verified, released;
    int64_t release_at;  /* Its time to live ends then; NEVER: it has none, or it is over. */
    uint32_t n_releases; /* Tries of the rule that ends it. */
    struct version_id version_before, version_after, config_before, config_after;
};

struct warden {
    const struct deployment *deployment;
    const struct policy *policy;
    struct digest128 policy_digest, mind;
    uint64_t traffic;        /* Requests a window of the whole fleet. */
    struct effects *effects; /* Of the step that runs; NULL between steps. */

    struct stream nonces, keys;
    int64_t now;
    uint64_t sequence;
    uint32_t incident_last, action_last, page_last, approval_last, question_last;

    bool halted, armed;
    int64_t heartbeat_at;

    uint32_t n_calendar;
    struct calendar_entry calendar[CALENDAR_MAX];
    bool calendar_full; /* More windows were declared than fit: every time counts as frozen. */

    uint32_t n_evidence; /* Ever; the ring keeps the last EVIDENCE_MAX. */
    struct evidence_entry evidence[EVIDENCE_MAX];
    struct model_memory models[MODELS_MAX];

    struct docket docket;
    struct incident incidents[INCIDENTS_MAX];
    struct escalation own; /* The warden's own trouble, which belongs to no incident. */
    uint32_t n_live;       /* Actions in a slot. */
    struct action actions[ACTIONS_MAX];
    struct approval approvals[APPROVALS_MAX];
    uint32_t n_past; /* Ever; the ring keeps the last RECENT_EFFECTS_MAX. */
    struct past_effect past[RECENT_EFFECTS_MAX];

    int64_t asks_since, llm_day;
    uint32_t n_asks;
    uint64_t llm_tokens;
    int64_t woken_at;
    uint32_t n_woken;
    bool wake_mind; /* The docket changed in this step. */
};

/* A candidate on its way through the layers: advice as said, or a rule of the warden's own. */
struct candidate {
    struct advice_item item;
    enum principal principal;
    bool executing;        /* Checked again on fresh state, right before the effect. */
    struct action *action; /* The action, once there is one. */
    struct action_id undo_of;
    uint64_t facts;       /* Layer 2. */
    enum verdict verdict; /* Layer 5. */
    uint8_t layers[N_LAYERS];
    uint8_t refused_layer;
    enum refusal reason;
    double metric, limit; /* Layers 11 and 12. */
    uint32_t n;
};

#endif
