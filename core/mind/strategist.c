/* SPDX-License-Identifier: Apache-2.0 */
/* Strategist: plans as data. A step is said once its gate is open and its evidence fresh; a refusal is waited out with a back-off
 * that fits its reason, a bounded number of times, then a human is asked. What contains for a while is taken away again at the end. */
#include "core/mind/strategist.h"

#include "core/base/assert.h"
#include "core/mind/remedy.h"

enum {
    STEP_RELEASE_FALLBACK = 10,
    STEP_RELEASE_FEATURE = 11,
    STEP_RELEASE_TABLE = 12,
    STEP_STOPGAP = 13,
    STEP_ABORT = 14,
    STEP_UNBRIDGE = 15, /* The stopgap hides what the step behind it has to show. */
    STEP_END = 16,
    TRIES_MAX = 8, /* Of one step: an hour of the longer back-offs. */
    TRAININGS_MAX = 2,
    STOPGAPS_MAX = 4,  /* Each stands for a week at most. */
    ROWS_MIN = 500,    /* What the warden asks of a sample. */
    ROWS_FIRST = 1000, /* Twice that. */
    ROWS_MANY = 1300,
    CALM_WINDOWS = 2
};

_Static_assert((int)REMEDY_STEPS_MAX < (int)STEP_RELEASE_FALLBACK, "steps of a table come first");

#define EVIDENCE_FRESH_NS                                                                          \
    (10 * NS_PER_MIN) /* Asked again when older: a proposal may rest on a quarter of an hour. */
#define EVIDENCE_CITED_NS (14 * NS_PER_MIN)
#define LOST_NS                                                                                    \
    (90 * NS_PER_S) /* A proposal of which the docket shows nothing by then was not heard. */
#define SOON_NS (45 * NS_PER_S)
#define NO_ANSWER_NS (11 * NS_PER_S) /* A tool that failed is asked again then. */
#define LATER_NS (5 * NS_PER_MIN)
#define APPROVER_WAIT_NS (20 * NS_PER_MIN) /* An approval lives for fifteen minutes. */
#define MUCH_LATER_NS (10 * NS_PER_MIN)
#define TRAINED_WAIT_NS                                                                            \
    (10 * NS_PER_HOUR) /* 99 % of medium trainings with their queue are shorter. */

static bool is_last(const struct plan *plan, uint8_t step)
{
    return step >= REMEDY_STEPS_MAX || remedy_step(plan->cause, step)->verb == VERB_NOOP;
}

static struct move move_of(const struct plan *plan)
{
    enum gate gate = cause_is_of_data(plan->cause) ? GATE_RECOVERED : GATE_OPEN;
    switch (plan->step) {
    case STEP_RELEASE_FALLBACK:
        return (struct move){VERB_FALLBACK, gate, ROLE_ONCALL, false, true};
    case STEP_RELEASE_FEATURE:
        return (struct move){VERB_DISABLE_FEATURE, gate, ROLE_ONCALL, false, true};
    case STEP_RELEASE_TABLE:
        return (struct move){VERB_QUARANTINE_DATA, gate, ROLE_ONCALL, false, true};
    case STEP_STOPGAP:
        return (struct move){VERB_FALLBACK, GATE_OPEN, ROLE_ONCALL, true, false};
    case STEP_UNBRIDGE:
        return (struct move){VERB_FALLBACK, GATE_OPEN, ROLE_ONCALL, true, true};
    case STEP_ABORT:
        return (struct move){VERB_ABORT_CANARY, GATE_OPEN, ROLE_ONCALL, true, false};
    default:
        ASSERT(plan->step < REMEDY_STEPS_MAX);
        return *remedy_step(plan->cause, plan->step);
    }
}

static void step_to(struct plan *plan, uint8_t step, int64_t now)
{
    plan->step = step;
    plan->tries = 0;
    plan->retry_at = 0;
    plan->ready_at = now;
    plan->overtaken = false;
    plan->phase = step == STEP_END ? PLAN_DONE : PLAN_READY;
}

/* After the last step of the table what stands is taken away: traffic first, then features, then data. */
static uint8_t release_step(const struct plan *plan)
{
    return plan->fallback                 ? STEP_RELEASE_FALLBACK
           : plan->disabled != 0          ? STEP_RELEASE_FEATURE
           : plan->quarantined.value != 0 ? STEP_RELEASE_TABLE
                                          : STEP_END;
}

static void advance(struct plan *plan, int64_t now)
{
    if (plan->step == STEP_STOPGAP || plan->step == STEP_UNBRIDGE) {
        step_to(plan, plan->resume, now);
    } else if (plan->step < REMEDY_STEPS_MAX && !is_last(plan, (uint8_t)(plan->step + 1))) {
        step_to(plan, (uint8_t)(plan->step + 1), now);
    } else {
        step_to(plan, release_step(plan), now);
    }
}

void strategist_begin(struct inquiry *inquiry, enum cause cause, int64_t now)
{
    struct plan *plan = &inquiry->plan;
    plan->cause = cause;
    plan->number++;
    plan->stopgaps = 0;
    plan->used.value = 0;
    step_to(plan, 0, now);
    if (is_last(plan, 0)) { /* Nothing to do against it but to take away what stands. */
        step_to(plan, release_step(plan), now);
    }
}

bool strategist_is_busy(const struct inquiry *inquiry, const struct docket_entry *entry)
{
    (void)inquiry; /* Whoever began it: the warden's own undo has to end as well. */
    switch (entry->action_state) {
    case ACTION_AWAITING:
    case ACTION_CHECKING:
    case ACTION_INTENDED:
    case ACTION_READING:
    case ACTION_APPLIED:
    case ACTION_UNDOING:
        return true;
    case ACTION_NONE:
    case ACTION_VERIFIED:
    case ACTION_UNDONE:
    case ACTION_FAILED:
    case ACTION_REFUSED:
    case ACTION_EXPIRED:
    case N_ACTION_STATES:
        return false;
    }
    return false;
}

void strategist_cite(const struct outlook *outlook, uint64_t tools, struct advice_item *item)
{
    if (outlook->now - outlook->watched->window_to <= EVIDENCE_CITED_NS) {
        advice_cite(item, outlook->watched->evidence);
    }
    folder_cite(outlook->folder, tools, outlook->now - EVIDENCE_CITED_NS, item);
}

#define TOOL_BIT(tool) (UINT64_C(1) << (tool))

static uint8_t severity_of(const struct outlook *outlook)
{
    enum tier tier = outlook->model->tier;
    return tier == TIER_HIGH ? 1 : tier == TIER_MEDIUM ? 2 : 3;
}

void strategist_escalate(struct inquiry *inquiry, const struct outlook *outlook,
                         enum role recipient, struct advice *advice)
{
    uint32_t bit = UINT32_C(1) << recipient;
    if ((inquiry->paged & bit) != 0) {
        return;
    }
    inquiry->paged |= bit;
    if (outlook->entry->escalated && recipient != ROLE_SECURITY) {
        return; /* Somebody has been called already. */
    }
    struct advice_item *item = advice_push(advice, ADVICE_ESCALATE);
    item->incident = inquiry->incident;
    item->model = inquiry->model;
    item->severity = severity_of(outlook);
    bool decided = inquiry->plan.number > 0 && inquiry->plan.cause != CAUSE_UNKNOWN;
    item->cause = decided ? inquiry->plan.cause : inquiry->hypothesis;
    item->args.recipient = recipient;
    strategist_cite(outlook, ~UINT64_C(0), item);
    if (recipient == ROLE_SECURITY) {
        advice_cite(item, outlook->folder->text);
    }
}

/* What became of the step. */

enum fate {
    FATE_PENDING,
    FATE_DONE,
    FATE_REFUSED,
    FATE_FAILED,
    FATE_EXPIRED,
    FATE_FOREIGN,
    FATE_LOST
};

static enum fate fate_of(const struct plan *plan, const struct outlook *outlook)
{
    const struct docket_entry *entry = outlook->entry;
    struct move move = move_of(plan);
    bool news = entry->action.value > plan->action_seen.value;
    bool own = news && entry->plan == plan->number && entry->step == plan->step &&
               entry->verb == move.verb && entry->args.release == move.release &&
               entry->args.target.value == plan->args.target.value;
    if (own) {
        switch (entry->action_state) {
        case ACTION_VERIFIED:
            return FATE_DONE;
        case ACTION_FAILED:
        case ACTION_UNDONE:
            return FATE_FAILED;
        case ACTION_REFUSED:
            return FATE_REFUSED;
        case ACTION_EXPIRED:
            return FATE_EXPIRED;
        case ACTION_NONE:
        case ACTION_AWAITING:
        case ACTION_CHECKING:
        case ACTION_INTENDED:
        case ACTION_READING:
        case ACTION_APPLIED:
        case ACTION_UNDOING:
        case N_ACTION_STATES:
            return FATE_PENDING;
        }
    }
    if (entry->n_refused != plan->refused_seen && entry->refused_verb == move.verb) {
        return FATE_REFUSED;
    }
    if (news) {
        return FATE_FOREIGN; /* The warden acted by a rule of its own. */
    }
    return outlook->now - plan->proposed_at >= LOST_NS ? FATE_LOST : FATE_PENDING;
}

/* How long to wait after a refusal; 0: it will not change, NEVER: the aim is reached already. */
static int64_t back_off(enum refusal reason, enum verb verb)
{
    switch (reason) {
    case REFUSAL_STALE_EVIDENCE:
    case REFUSAL_UNKNOWN_EVIDENCE:
    case REFUSAL_FULL:
    case REFUSAL_DUPLICATE:
        return SOON_NS;
    case REFUSAL_RATE:
    case REFUSAL_COOL_DOWN:
    case REFUSAL_BLAST_RADIUS:
    case REFUSAL_UNVERIFIED_CHANGE:
    case REFUSAL_LOCKED:
    case REFUSAL_FROZEN:
    case REFUSAL_HALTED:
    case REFUSAL_NO_CANARY:
    case REFUSAL_NOT_CLEAR:
        return LATER_NS;
    case REFUSAL_SMALL_SAMPLE:
    case REFUSAL_YOUNG_LABELS:
    case REFUSAL_QUARANTINED_DATA:
    case REFUSAL_WAIT:
    case REFUSAL_NOT_EVALUATED:
        return MUCH_LATER_NS;
    case REFUSAL_PRECONDITION:
        return verb == VERB_RETRAIN || verb == VERB_CANARY ? MUCH_LATER_NS : NEVER;
    case REFUSAL_NONE:
    case REFUSAL_INGRESS:
    case REFUSAL_MALFORMED:
    case REFUSAL_UNKNOWN_INCIDENT:
    case REFUSAL_FOREIGN_EVIDENCE:
    case REFUSAL_BAD_ARGUMENT:
    case REFUSAL_TAINTED:
    case REFUSAL_FORBIDDEN:
    case REFUSAL_NO_ADAPTER:
    case REFUSAL_NEEDS_HUMAN:
    case REFUSAL_TARGET_MISSING:
    case REFUSAL_TARGET_INCOMPATIBLE:
    case REFUSAL_OSCILLATION:
    case REFUSAL_BUDGET:
    case REFUSAL_APPROVAL_MISMATCH:
    case REFUSAL_APPROVAL_ROLE:
    case REFUSAL_APPROVAL_EXPIRED:
    case REFUSAL_TAKEN:
    case N_REFUSALS:
        return 0;
    }
    return 0;
}

/* Takes over what a step that is in force has changed. */
static void apply(struct inquiry *inquiry, const struct outlook *outlook)
{
    struct plan *plan = &inquiry->plan;
    struct move move = move_of(plan);
    if (move.verb == VERB_FALLBACK) {
        plan->fallback = !move.release;
    } else if (move.verb == VERB_DISABLE_FEATURE) {
        plan->disabled = move.release ? 0 : plan->args.feature_mask;
    } else if (move.verb == VERB_QUARANTINE_DATA) {
        plan->quarantined = move.release ? (struct table_id){0} : plan->args.table;
    }
    bool first = inquiry->moved_at < plan->proposed_at; /* Verified later, in force since. */
    if (verb_moves_serving(move.verb) && move.verb != VERB_CANARY && first) {
        inquiry->moved_at = outlook->entry->action_at;
    }
}

/* What the step would take away is in force, as far as the newest read knows. */
static bool stands(const struct plan *plan, const struct outlook *outlook)
{
    const struct state_answer *state = &outlook->folder->state;
    bool known = folder_is_fresh(outlook->folder, TOOL_STATE, outlook->now - EVIDENCE_FRESH_NS);
    switch (plan->step) {
    case STEP_RELEASE_FEATURE:
        return !known || (state->disabled_features & plan->disabled) != 0;
    case STEP_RELEASE_TABLE:
        return !known || (state->quarantined_tables >> (plan->quarantined.value - 1) & 1) != 0;
    default:
        return plan->fallback && (!known || state->fallback);
    }
}

/* The deployment has the lever. What it has not is never proposed. */
static bool is_adapted(const struct outlook *outlook, enum verb verb)
{
    return !verb_changes_state(verb) || (outlook->deployment->verbs & (UINT64_C(1) << verb)) != 0;
}

static bool may_fall_back(const struct inquiry *inquiry, const struct outlook *outlook)
{
    const struct plan *plan = &inquiry->plan;
    return is_adapted(outlook, VERB_FALLBACK) && plan->stopgaps == 0 && !plan->fallback &&
           cause_is_harmful(plan->cause) && plan->step < REMEDY_STEPS_MAX &&
           move_of(plan).verb != VERB_FALLBACK &&
           move_of(plan).verb !=
               VERB_PROMOTE; /* The canary that passed is the better part of the traffic. */
}

static void stopgap(struct inquiry *inquiry, uint8_t resume, int64_t now)
{
    struct plan *plan = &inquiry->plan;
    plan->resume = resume;
    step_to(plan, STEP_STOPGAP, now);
    plan->stopgaps++;
}

/* No way on: containment where there is one, and a human. */
static void give_up(struct inquiry *inquiry, const struct outlook *outlook, struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    if (move_of(plan).optional) {
        advance(plan, outlook->now);
        return;
    }
    strategist_escalate(inquiry, outlook, ROLE_ONCALL, advice);
    if (may_fall_back(inquiry, outlook)) {
        stopgap(inquiry, STEP_END, outlook->now);
    } else {
        plan->phase = PLAN_DONE;
    }
}

static void wait_for(struct inquiry *inquiry, const struct outlook *outlook, int64_t wait_ns,
                     struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    plan->phase = PLAN_READY;
    plan->tries++;
    plan->retry_at = outlook->now + wait_ns;
    if (plan->tries >= TRIES_MAX) {
        give_up(inquiry, outlook, advice);
    }
}

/* The training that this step would use did not pass its evaluation: more rows, if there may be another one. */
static bool trains_again(struct plan *plan, const struct outlook *outlook)
{
    const struct registry_version *version = folder_version(outlook->folder, outlook->entry->trained);
    bool failed = move_of(plan).verb == VERB_CANARY && version != NULL && !version->evaluated;
    if (!failed || plan->trainings >= TRAININGS_MAX) {
        return false;
    }
    for (uint8_t step = plan->step; step > 0; step--) {
        if (remedy_step(plan->cause, step - 1u)->verb == VERB_RETRAIN) {
            plan->used = outlook->entry->trained;
            step_to(plan, (uint8_t)(step - 1), outlook->now);
            return true;
        }
    }
    return false;
}

static void refused(struct inquiry *inquiry, const struct outlook *outlook, struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    enum refusal reason = outlook->entry->refused_reason;
    int64_t wait_ns = back_off(reason, move_of(plan).verb);
    if (wait_ns == NEVER) {
        apply(inquiry, outlook);
        advance(plan, outlook->now);
        return;
    }
    if (wait_ns == 0 && trains_again(plan, outlook)) {
        return;
    }
    if (wait_ns == 0) {
        give_up(inquiry, outlook, advice);
        return;
    }
    uint8_t step = plan->step;
    bool frozen = reason == REFUSAL_FROZEN;
    if (frozen && outlook->frozen_until > outlook->now) {
        wait_ns = outlook->frozen_until - outlook->now + NS_PER_MIN;
    }
    bool bridge = (frozen || reason == REFUSAL_COOL_DOWN || reason == REFUSAL_UNVERIFIED_CHANGE) &&
                  may_fall_back(inquiry, outlook);
    plan->frozen = plan->frozen || frozen;
    if (frozen && bridge) {
        stopgap(inquiry, step, outlook->now);
        return;
    }
    wait_for(inquiry, outlook, wait_ns, advice);
}

/* True when the plan moved on and can be looked at again at once. */
static bool settle(struct inquiry *inquiry, const struct outlook *outlook, struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    switch (fate_of(plan, outlook)) {
    case FATE_PENDING:
        if (outlook->entry->action_state == ACTION_APPLIED &&
            outlook->entry->action.value > plan->action_seen.value) {
            apply(inquiry, outlook);
        }
        return false;
    case FATE_DONE:
        apply(inquiry, outlook);
        advance(plan, outlook->now);
        return true;
    case FATE_REFUSED:
        refused(inquiry, outlook, advice);
        return true;
    case FATE_FAILED:
    case FATE_LOST:
        wait_for(inquiry, outlook, SOON_NS, advice);
        plan->tries = (uint8_t)(plan->tries + 1); /* An attempt that failed weighs twice. */
        return true;
    case FATE_EXPIRED:
        give_up(inquiry, outlook, advice);
        return true;
    case FATE_FOREIGN:
        if (outlook->entry->verb == VERB_FALLBACK && !outlook->entry->args.release &&
            move_of(plan).verb != VERB_FALLBACK) {
            plan->overtaken = plan->fallback =
                true; /* No approver yet: the warden contains meanwhile. */
            return false;
        }
        if (outlook->entry->args.release && outlook->entry->verb == VERB_FALLBACK) {
            plan->fallback = false;
        }
        strategist_escalate(inquiry, outlook, ROLE_ONCALL, advice);
        plan->phase = PLAN_DONE;
        return true;
    }
    return false;
}

/* A step that waits for an approver behind the warden's containment: whether it came into force is read from the platform. True
 * when the plan moved on. */
static bool overtaken(struct inquiry *inquiry, const struct outlook *outlook, struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    const struct state_answer *state = &outlook->folder->state;
    enum verb verb = move_of(plan).verb;
    bool read = folder_is_fresh(outlook->folder, TOOL_STATE, plan->proposed_at);
    bool in_force =
        read &&
        ((verb == VERB_ROLLBACK && state->serving.value == plan->args.target.value) ||
         (verb == VERB_ROLLBACK_CONFIG && state->config.value == plan->args.target.value) ||
         (verb == VERB_DISABLE_FEATURE && (state->disabled_features & plan->args.feature_mask) != 0));
    if (in_force) {
        inquiry->moved_at = outlook->now;
        plan->disabled = verb == VERB_DISABLE_FEATURE ? plan->args.feature_mask : plan->disabled;
        advance(plan, outlook->now);
        return true;
    }
    if (outlook->entry->escalated || outlook->now - plan->proposed_at >= APPROVER_WAIT_NS) {
        strategist_escalate(inquiry, outlook, ROLE_ONCALL, advice);
        plan->phase = PLAN_DONE;
        return true;
    }
    if (!folder_is_fresh(outlook->folder, TOOL_STATE, outlook->now - LATER_NS)) {
        investigator_ask(outlook->folder, TOOL_BIT(TOOL_STATE) & outlook->deployment->tools,
                         inquiry->model, inquiry->incident, outlook->now, outlook->question, advice);
    }
    return false;
}

/* The fallback ended by its time to live: windows show no answers of it any more, and the platform says so when asked. */
static bool has_expired(const struct inquiry *inquiry, const struct outlook *outlook,
                        struct advice *advice)
{
    const struct watched_model *watched = outlook->watched;
    if (watched->fallback || watched->window_from < inquiry->moved_at) {
        return false;
    }
    if (folder_is_fresh(outlook->folder, TOOL_STATE, watched->window_to)) {
        return !outlook->folder->state.fallback;
    }
    investigator_ask(outlook->folder, TOOL_BIT(TOOL_STATE) & outlook->deployment->tools,
                     inquiry->model, inquiry->incident, outlook->now, outlook->question, advice);
    return false;
}

static bool gate_is_open(struct inquiry *inquiry, const struct outlook *outlook, enum gate gate,
                         struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    bool loss = outlook->signs->states[SIGN_QUALITY_LOW] == SIGN_PRESENT;
    uint32_t rows = monitor_matured(outlook->watched, inquiry->onset);
    plan->fallback = plan->fallback && !has_expired(inquiry, outlook, advice);
    switch (gate) {
    case GATE_OPEN:
        return true;
    case GATE_LOSS:
        return loss;
    case GATE_ROWS:
        return rows >= (uint32_t)ROWS_FIRST * (plan->trainings + 1u);
    case GATE_MANY_ROWS:
        if (inquiry->loss && !plan->fallback && plan->stopgaps < STOPGAPS_MAX) {
            stopgap(inquiry, plan->step,
                    outlook->now); /* Rows come slowly; the harm need not wait for them. */
            return false;
        }
        return rows >= (inquiry->loss && plan->trainings == 0 ? ROWS_MIN : ROWS_MANY);
    case GATE_TRAINED:
        if (inquiry->training_failed && plan->trainings < TRAININGS_MAX) {
            inquiry->training_failed = false;
            step_to(plan, (uint8_t)(plan->step - 1), outlook->now);
            return false;
        }
        if (inquiry->training_failed || outlook->now - plan->ready_at > TRAINED_WAIT_NS) {
            give_up(inquiry, outlook, advice);
            return false;
        }
        return outlook->entry->trained.value != plan->used.value;
    case GATE_CANARY:
        if (outlook->entry->canary_failed) {
            give_up(inquiry, outlook, advice);
            return false;
        }
        if (outlook->entry->canary_passed && !inquiry->loss) {
            step_to(plan, STEP_ABORT, outlook->now); /* As good as what serves, which loses nothing. */
            return false;
        }
        return outlook->entry->canary_passed;
    case GATE_RECOVERED:
        return outlook->watched->n_calm >= CALM_WINDOWS;
    }
    return false;
}

/* NOTIFY, ESCALATE and HOLD are said and done. True when the move was one of them. */
static bool say(struct inquiry *inquiry, const struct outlook *outlook, const struct move *move,
                struct advice *advice)
{
    if (move->verb == VERB_ESCALATE) {
        strategist_escalate(inquiry, outlook, move->recipient, advice);
        return true;
    }
    if (move->verb != VERB_NOTIFY && move->verb != VERB_HOLD) {
        return false;
    }
    uint32_t bit = UINT32_C(1) << move->recipient;
    if (move->verb == VERB_NOTIFY && (inquiry->notified & bit) != 0) {
        return true;
    }
    bool notify = move->verb == VERB_NOTIFY;
    struct advice_item *item = advice_push(advice, notify ? ADVICE_NOTIFY : ADVICE_PROPOSE);
    item->incident = inquiry->incident;
    item->model = inquiry->model;
    item->cause = inquiry->plan.cause;
    item->args.model = inquiry->model;
    if (notify) {
        inquiry->notified |= bit;
        item->args.recipient = move->recipient;
        item->args.table = move->recipient == ROLE_PRODUCER
                               ? remedy_table(outlook, inquiry->plan.cause)
                               : (struct table_id){0};
    } else {
        item->verb = VERB_HOLD;
        item->plan = inquiry->plan.number;
        item->step = inquiry->plan.step;
    }
    strategist_cite(outlook, ~UINT64_C(0), item);
    return true;
}

/* Asks for what is missing. True when an answer is on its way. */
static bool asks(struct inquiry *inquiry, const struct outlook *outlook, uint64_t tools,
                 struct advice *advice)
{
    /* What was seen before the newest change of our own speaks of another state. */
    int64_t since = outlook->now - EVIDENCE_FRESH_NS;
    since = inquiry->moved_at > since ? inquiry->moved_at : since;
    uint64_t missing = 0;
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        bool wanted = ((tools & outlook->deployment->tools) >> i & 1) != 0;
        if (wanted &&
            !folder_is_fresh(outlook->folder, (enum tool)i, outlook->now - EVIDENCE_FRESH_NS)) {
            missing |= TOOL_BIT(i);
        }
    }
    investigator_ask(outlook->folder, missing, inquiry->model, inquiry->incident, outlook->now,
                     outlook->question, advice);
    return missing != 0 && investigator_waits(outlook->folder, outlook->now);
}

static void propose(struct inquiry *inquiry, const struct outlook *outlook, const struct move *move,
                    uint64_t tools, struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    struct advice_item *item = advice_push(advice, ADVICE_PROPOSE);
    item->incident = inquiry->incident;
    item->model = inquiry->model;
    item->cause = plan->cause;
    item->verb = move->verb;
    item->args = plan->args;
    item->plan = plan->number;
    item->step = plan->step;
    strategist_cite(outlook, tools, item);
    if (move->verb == VERB_ROLLBACK || move->verb == VERB_ROLLBACK_CONFIG) {
        advice_cite(item, outlook->folder->change);
    }
    plan->phase = PLAN_PROPOSED;
    plan->proposed_at = outlook->now;
    plan->refused_seen = outlook->entry->n_refused;
    plan->action_seen = outlook->entry->action;
    plan->trainings = (uint8_t)(plan->trainings + (move->verb == VERB_RETRAIN ? 1 : 0));
}

int64_t strategist_step(struct inquiry *inquiry, const struct outlook *outlook, struct advice *advice)
{
    struct plan *plan = &inquiry->plan;
    int64_t now = outlook->now;
    for (uint32_t n = 0; n < 2 * REMEDY_STEPS_MAX; n++) {
        if (plan->phase == PLAN_NONE || plan->phase == PLAN_DONE) {
            return NEVER;
        }
        if (plan->phase == PLAN_PROPOSED && plan->overtaken) {
            if (!overtaken(inquiry, outlook, advice)) {
                return now + LATER_NS / 2;
            }
            continue;
        }
        if (plan->phase == PLAN_PROPOSED) {
            if (!settle(inquiry, outlook, advice)) {
                return plan->proposed_at + LOST_NS > now ? plan->proposed_at + LOST_NS : NEVER;
            }
            continue;
        }
        if (now < plan->retry_at) {
            return plan->retry_at;
        }
        struct move move = move_of(plan);
        uint8_t step = plan->step;
        bool over = cause_is_of_data(plan->cause) && plan->step < REMEDY_STEPS_MAX &&
                    outlook->watched->n_calm >= CALM_WINDOWS && now > inquiry->opened_at + LATER_NS;
        if (over) { /* The source has healed: what has not been done need not be. */
            step_to(plan, release_step(plan), now);
            continue;
        }
        bool contains = move.verb == VERB_FALLBACK && !move.release;
        if (plan->frozen && outlook->frozen_until > now && !contains) {
            return outlook->frozen_until + NS_PER_MIN; /* It has been refused for that once. */
        }
        bool hidden = plan->frozen && plan->fallback && plan->cause == CAUSE_BAD_CONFIG &&
                      plan->step < REMEDY_STEPS_MAX;
        if (hidden) {
            plan->resume = plan->step;
            step_to(plan, STEP_UNBRIDGE, now);
            continue;
        }
        if (!gate_is_open(inquiry, outlook, move.gate, advice)) {
            if (plan->step == step) {
                return NEVER; /* Windows and the docket open gates. */
            }
            continue;
        }
        if (say(inquiry, outlook, &move, advice)) {
            advance(plan, now);
            continue;
        }
        if (outlook->halted || strategist_is_busy(inquiry, outlook->entry)) {
            return NEVER; /* The docket changes when that ends. */
        }
        if (!is_adapted(outlook, move.verb)) {
            give_up(inquiry, outlook, advice);
            continue;
        }
        uint64_t tools = remedy_tools(plan->cause, move.verb);
        if (outlook->signs->states[SIGN_GOLDEN_LOW] == SIGN_PRESENT) {
            tools &= ~TOOL_BIT(TOOL_SHADOW); /* One of the two is enough; each takes long. */
        } else if (outlook->signs->states[SIGN_PREVIOUS_BETTER] == SIGN_PRESENT) {
            tools &= ~TOOL_BIT(TOOL_GOLDEN);
        }
        if (asks(inquiry, outlook, tools, advice)) {
            return now + SOON_NS;
        }
        if (move.release && !stands(plan, outlook)) { /* Its time was over before we came to it. */
            apply(inquiry, outlook);
            advance(plan, now);
            continue;
        }
        if (!remedy_args(inquiry, outlook, &move, &plan->args)) {
            wait_for(inquiry, outlook, NO_ANSWER_NS, advice);
            continue;
        }
        propose(inquiry, outlook, &move, tools, advice);
        return now + LOST_NS;
    }
    return now + SOON_NS;
}
