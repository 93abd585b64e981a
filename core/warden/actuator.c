/* SPDX-License-Identifier: Apache-2.0 */
/* Actuator: the life of an action. Fresh state, intent, effect, read-back, verification by something independent, and back again
 * if that says worse. An attempt whose outcome nobody knows is read back before anything else, and repeated only with its key. */
#include "core/base/assert.h"
#include "core/warden/evidence.h"
#include "core/warden/layers.h"
#include "core/warden/parts.h"

#define TOOL_BIT(tool) (UINT32_C(1) << (tool))

struct action *actuator_find(struct warden *warden, struct action_id id)
{
    for (uint32_t i = 0; i < ACTIONS_MAX && id.value != 0; i++) {
        if (warden->actions[i].id.value == id.value) {
            return &warden->actions[i];
        }
    }
    return NULL;
}

struct past_effect *actuator_past(struct warden *warden, struct action_id id)
{
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct past_effect *past = &warden->past[(warden->n_past - 1 - i) % RECENT_EFFECTS_MAX];
        if (past->action.value == id.value) {
            return past;
        }
    }
    return NULL;
}

struct action *actuator_begin(struct warden *warden, const struct candidate *change)
{
    const struct advice_item *item = &change->item;
    for (uint32_t i = 0; i < ACTIONS_MAX; i++) {
        struct action *action = &warden->actions[i];
        if (action->id.value != 0) {
            continue;
        }
        *action = (struct action){.id = {++warden->action_last},
                                  .state = ACTION_NONE,
                                  .principal = change->principal,
                                  .item = *item,
                                  .undo_of = change->undo_of,
                                  .facts = change->facts,
                                  .verdict = change->verdict,
                                  .asked_at = NEVER,
                                  .act_at = NEVER,
                                  .applied_at = NEVER,
                                  .read_at = warden->now,
                                  .retry_at = warden->now,
                                  .deadline = warden->now + PATIENCE_NS,
                                  .lease_end = NEVER,
                                  .changed_at = warden->now,
                                  .n_evidence = item->n_evidence};
        memcpy(action->layers, change->layers, sizeof(action->layers));
        memcpy(action->evidence, item->evidence, sizeof(action->evidence));
        action->key.hi = stream_u64(&warden->keys);
        action->key.lo = stream_u64(&warden->keys);
        warden->n_live++;
        return action;
    }
    return NULL;
}

bool actuator_busy(const struct warden *warden, struct incident_id incident)
{
    for (uint32_t i = 0; i < ACTIONS_MAX; i++) {
        const struct action *action = &warden->actions[i];
        if (action->id.value != 0 && action->item.incident.value == incident.value) {
            return true;
        }
    }
    return false;
}

static struct model_id model_of(const struct action *action) { return action->item.args.model; }

static const struct newest *newest_of(struct warden *warden, const struct action *action,
                                      enum tool tool)
{
    return &evidence_model(warden, model_of(action))->newest[tool];
}

static void ask(struct warden *warden, struct model_id model, enum tool tool)
{
    struct ask_effect *effect = &effects_push(warden->effects, EFFECT_ASK)->ask;
    warden->question_last++;
    effect->question.value = QUESTION_WARDEN | (warden->question_last & (QUESTION_WARDEN - 1));
    effect->tool = tool;
    effect->model = model;
}

static void cite(struct record *record, struct evidence_id evidence)
{
    if (evidence.value != 0 && record->n_evidence < EVIDENCE_CITED_MAX) {
        record->evidence[record->n_evidence++] = evidence;
    }
}

/* The row of an attempt's end rests on the read-back, not on what was cited for the decision. */
static struct record *audit_read(struct warden *warden, enum record_kind kind,
                                 const struct action *action, enum action_state state)
{
    struct record *record = audit_action(warden, kind, action);
    record->n_evidence = 0;
    cite(record, newest_of(warden, action, TOOL_STATE)->evidence);
    record->action_state = (uint8_t)state;
    return record;
}

/* Locks: held from the intent to the end of the attempt. */

static void lock(struct warden *warden, struct action *action)
{
    action->locked = true;
    action->lease_end = warden->now + warden->policy->limits.lock_ns;
    audit_action(warden, RECORD_LOCKED, action)->deadline = action->lease_end;
}

static void unlock(struct warden *warden, struct action *action)
{
    if (action->locked) {
        action->locked = false;
        action->lease_end = NEVER;
        (void)audit_action(warden, RECORD_UNLOCKED, action);
    }
}

/* What stands and what it looks like. */

static bool has_ttl(enum verb verb)
{
    return verb == VERB_FALLBACK || verb == VERB_PIN_SNAPSHOT || verb == VERB_QUARANTINE_DATA ||
           verb == VERB_DISABLE_FEATURE || verb == VERB_FREEZE_RETRAIN;
}

static bool moves_version(enum verb verb)
{
    return verb == VERB_PROMOTE || verb == VERB_ROLLBACK || verb == VERB_SWITCH_MODEL;
}

bool actuator_contains(const struct action *action)
{
    enum verb verb = action->item.verb;
    return verb_moves_serving(verb) && verb != VERB_CANARY && verb != VERB_ABORT_CANARY &&
           !action->item.args.release;
}

/* A change with a time to live is in force. */
static bool stands(enum verb verb, const struct action_args *args, const struct state_answer *state)
{
    uint32_t table = args->table.value == 0 ? 0 : UINT32_C(1) << (args->table.value - 1);
    if (verb == VERB_FALLBACK) {
        return state->fallback;
    }
    if (verb == VERB_PIN_SNAPSHOT) {
        return (state->pinned_tables & table) != 0;
    }
    if (verb == VERB_QUARANTINE_DATA) {
        return (state->quarantined_tables & table) != 0;
    }
    if (verb == VERB_FREEZE_RETRAIN) {
        return state->retrain_frozen;
    }
    return args->release ? (state->disabled_features & args->feature_mask) != 0
                         : (state->disabled_features & args->feature_mask) == args->feature_mask;
}

bool actuator_is_applied(const struct action *action, const struct state_answer *state)
{
    const struct action_args *args = &action->item.args;
    switch (action->item.verb) {
    case VERB_FALLBACK:
    case VERB_PIN_SNAPSHOT:
    case VERB_QUARANTINE_DATA:
    case VERB_DISABLE_FEATURE:
    case VERB_FREEZE_RETRAIN:
        return stands(action->item.verb, args, state) != args->release;
    case VERB_RETRAIN:
        return state->training || state->trained.value > action->trained_before.value;
    case VERB_THRESHOLD:
        return (int64_t)state->threshold_ppm == (int64_t)action->threshold_before + args->step_ppm;
    case VERB_CANARY:
        return state->canary.value == args->target.value;
    case VERB_ABORT_CANARY:
        return state->canary.value == 0;
    case VERB_PROMOTE:
    case VERB_ROLLBACK:
    case VERB_SWITCH_MODEL:
    case VERB_RECONCILE:
        return state->serving.value == args->target.value &&
               state->registered.value == args->target.value;
    case VERB_ROLLBACK_CONFIG:
        return state->config.value == args->target.value;
    case VERB_ROLLBACK_IMAGE:
    case VERB_SCALE_OUT:
    CASE_VERBS_THAT_TELL:
    CASE_VERBS_WITHOUT_LEVER:
        return false; /* The read-back has no field that would show it: such an attempt ends as failed. */
    }
    return false;
}

struct action_args actuator_release(const struct action_args *args)
{
    return (struct action_args){.model = args->model,
                                .table = args->table,
                                .feature_mask = args->feature_mask,
                                .release = true};
}

/* Ends of an action. */

static void finish(struct warden *warden, struct action *action)
{
    struct past_effect *past = actuator_past(warden, action->id);
    if (past != NULL && action->state == ACTION_VERIFIED) {
        past->verified = true;
    }
    unlock(warden, action);
    approvals_drop(warden, action);
    *action = (struct action){0};
    ASSERT(warden->n_live > 0);
    warden->n_live--;
}

/* The pointer is void after a terminal state. */
void actuator_move(struct warden *warden, struct action *action, enum action_state to)
{
    machine_move(&action_machine, &action->state, (uint32_t)to);
    action->changed_at = warden->now;
    incidents_action(warden, action);
    if (machine_is_terminal(&action_machine, action->state)) {
        finish(warden, action);
    }
}

static void escalate(struct warden *warden, struct incident_id incident, struct model_id model,
                     enum refusal reason)
{
    int32_t i_entry = incidents_index(warden, incident);
    if (i_entry < 0) {
        escalator_own(warden, model, reason);
        return;
    }
    escalator_escalate(warden, (uint32_t)i_entry, ROLE_ONCALL, warden->incidents[i_entry].severity,
                       reason);
}

/* Attempts. */

static struct past_effect *past_put(struct warden *warden, const struct action *action)
{
    struct past_effect *past = actuator_past(warden, action->id);
    if (past == NULL) {
        past = &warden->past[warden->n_past % RECENT_EFFECTS_MAX];
        warden->n_past++;
        *past = (struct past_effect){.action = action->id,
                                     .incident = action->item.incident,
                                     .plan = action->item.plan,
                                     .principal = action->principal,
                                     .verb = action->item.verb,
                                     .args = action->item.args,
                                     .act_at = warden->now,
                                     .release_at = NEVER,
                                     .version_before = action->version_before,
                                     .version_after = action->version_before,
                                     .config_before = action->config_before,
                                     .config_after = action->config_before};
        if (moves_version(action->item.verb)) {
            past->version_after = action->item.args.target;
        }
        if (action->item.verb == VERB_ROLLBACK_CONFIG) {
            past->config_after = action->item.args.target;
        }
    }
    past->absent = false;
    past->may_end = warden->now + EFFECT_LAG_NS;
    return past;
}

static void keep_before(struct warden *warden, struct action *action)
{
    const struct state_answer *state = &evidence_model(warden, model_of(action))->state;
    struct metric metric =
        evidence_metric(warden, model_of(action), INT64_MIN, 2 * warden->policy->limits.scored_min);
    action->version_before = state->serving;
    action->digest_before = state->serving_digest;
    action->config_before = state->config;
    action->trained_before = state->trained;
    action->threshold_before = state->threshold_ppm;
    action->error_before = metric.error;
    action->n_before = metric.scored;
}

/* Sampled after it was asked for, and fresh for as long as the effect may take to start. */
static bool is_current(struct warden *warden, const struct action *action, enum tool tool)
{
    const struct newest *newest = newest_of(warden, action, tool);
    int64_t stale = warden->policy->limits.stale_ns;
    int64_t age_max = stale > EFFECT_LAG_NS ? stale - EFFECT_LAG_NS : 0;
    return newest->ok && newest->sampled_at >= action->read_at &&
           warden->now - newest->sampled_at <= age_max;
}

static uint32_t missing_tools(struct warden *warden, const struct action *action)
{
    uint32_t missing = decision_tools(warden, action);
    for (uint32_t tool = 0; tool < N_TOOLS; tool++) {
        if ((missing & TOOL_BIT(tool)) != 0 && is_current(warden, action, (enum tool)tool)) {
            missing &= ~TOOL_BIT(tool);
        }
    }
    return missing;
}

/* The fresh answers that establish something, then what every effect rests on; the state is the last. */
static void cite_fresh(struct warden *warden, struct action *action, struct advice_item *item)
{
    static const enum tool always[] = {TOOL_REGISTRY, TOOL_CALENDAR, TOOL_STATE};
    uint32_t tools = decision_tools(warden, action);
    item->n_evidence = 0;
    for (uint32_t tool = 0; tool < N_TOOLS; tool++) {
        const struct newest *newest = newest_of(warden, action, (enum tool)tool);
        bool is_fact = (tools & TOOL_BIT(tool)) != 0 && newest->facts != 0 && tool != TOOL_STATE &&
                       tool != TOOL_REGISTRY && tool != TOOL_CALENDAR;
        if (is_fact && is_current(warden, action, (enum tool)tool) &&
            item->n_evidence < EVIDENCE_CITED_MAX - 3) {
            advice_cite(item, newest->evidence);
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        if ((tools & TOOL_BIT(always[i])) != 0 && is_current(warden, action, always[i])) {
            advice_cite(item, newest_of(warden, action, always[i])->evidence);
        }
    }
}

/* A containment that ends by rule ends only where its reason is gone: the source is fine, and for a fallback either the inputs
 * and the artefact are what they were or a later change of the incident is in force. */
static bool may_end(struct warden *warden, const struct action *action)
{
    bool by_rule = action->principal == PRINCIPAL_RULE && action->item.args.release &&
                   action->undo_of.value == 0;
    if (!by_rule) {
        return true;
    }
    const struct newest *tables = newest_of(warden, action, TOOL_TABLES);
    const struct newest *features = newest_of(warden, action, TOOL_FEATURES);
    const struct newest *golden = newest_of(warden, action, TOOL_GOLDEN);
    bool fine = evidence_has_tool(warden, TOOL_TABLES)
                    ? is_current(warden, action, TOOL_TABLES) &&
                          (tables->facts & FACT_BIT(FACT_PROVIDER_FINE)) != 0
                    : true;
    fine = fine && (features->facts & FACT_BIT(FACT_NULLS_HIGH)) == 0;
    if (!fine || action->item.verb != VERB_FALLBACK) {
        return fine;
    }
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const struct past_effect *past = &warden->past[i];
        bool remedy = moves_version(past->verb) || past->verb == VERB_ROLLBACK_CONFIG;
        if (remedy && past->incident.value == action->item.incident.value && past->verified) {
            return true;
        }
    }
    uint64_t moved =
        FACT_BIT(FACT_INPUT_SHIFT) | FACT_BIT(FACT_SCALE_SHIFT) | FACT_BIT(FACT_ACTIVATED);
    return (features->facts & moved) == 0 && (golden->facts & FACT_BIT(FACT_GOLDEN_LOW)) == 0;
}

static bool is_budget(enum refusal reason)
{
    return reason == REFUSAL_RATE || reason == REFUSAL_COOL_DOWN || reason == REFUSAL_BLAST_RADIUS ||
           reason == REFUSAL_UNVERIFIED_CHANGE || reason == REFUSAL_LOCKED;
}

/* A budget is a matter of time: what a person approved, and what a rule has to do, waits for it a while. */
static void stop(struct warden *warden, struct action *action, struct candidate *change)
{
    bool patient = action->principal == PRINCIPAL_RULE || action->approval.value != 0;
    if (patient && is_budget(change->reason) && warden->now + PATIENCE_STEP_NS < action->deadline) {
        action->retry_at = action->read_at = warden->now + PATIENCE_STEP_NS;
        action->asked_at = NEVER;
        action->asks = 0;
        return;
    }
    decision_refuse(warden, change, change->refused_layer, change->reason);
    actuator_move(warden, action, action->attempts > 0 ? ACTION_FAILED : ACTION_REFUSED);
}

/* REQ S27: the intent is on record before the effect leaves; both go in this step or neither. */
static void attempt(struct warden *warden, const struct event *event, struct action *action)
{
    struct candidate change;
    change_of(&change, &action->item, action->principal);
    change.action = action;
    change.undo_of = action->undo_of;
    change.executing = true;
    cite_fresh(warden, action, &change.item);
    uint32_t blind = missing_tools(warden, action) & (TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_REGISTRY));
    if (blind != 0 || !evidence_has_tool(warden, TOOL_STATE)) {
        change.refused_layer = 6;
        change.reason = REFUSAL_STALE_EVIDENCE;
        stop(warden, action, &change);
        return;
    }
    if (!decision_layers(warden, event, &change)) {
        stop(warden, action, &change);
        return;
    }
    if (!may_end(warden, action)) {
        change.refused_layer = 12;
        change.reason = REFUSAL_NOT_CLEAR;
        stop(warden, action, &change);
        return;
    }
    if (action->attempts == 0) {
        keep_before(warden, action);
    }
    lock(warden, action); /* REQ S37 */
    if (!decision_layer(warden, event, &change, 14)) {
        unlock(warden, action);
        stop(warden, action, &change);
        return;
    }
    memcpy(action->layers, change.layers, sizeof(action->layers));
    action->facts = change.facts;
    action->n_evidence = change.item.n_evidence;
    memcpy(action->evidence, change.item.evidence, sizeof(action->evidence));
    struct approval *approval = approvals_find(warden, action->approval);
    if (approval != NULL) {
        approval->used = true;
    }
    (void)past_put(warden, action);
    struct act_effect *act = &effects_push(warden->effects, EFFECT_ACT)->act;
    act->action = action->id;
    act->incident = action->item.incident;
    act->plan = action->item.plan;
    act->verb = action->item.verb;
    act->args = action->item.args;
    act->key = action->key;
    act->principal = action->principal;
    act->approval = action->approval;
    action->attempts++;
    action->act_at = warden->now;
    action->outcome = OUTCOME_UNKNOWN;
    action->outcome_known = false;
    actuator_move(warden, action, ACTION_INTENDED);
}

/* What the effect took away again stands no longer, and nothing is left to verify of it. */
static void settle_restored(struct warden *warden, const struct action *action)
{
    struct past_effect *past = evidence_restored(warden, action->item.verb, &action->item.args);
    while (past != NULL) {
        past->released = true;
        past->release_at = NEVER;
        struct action *earlier = actuator_find(warden, past->action);
        if (earlier != NULL && earlier->state == ACTION_APPLIED) {
            actuator_move(warden, earlier, ACTION_UNDOING);
            actuator_move(warden, earlier, ACTION_UNDONE);
        }
        past = evidence_restored(warden, action->item.verb, &action->item.args);
    }
}

/* A version that serves is no canary any more. */
static void settle_canary(struct warden *warden, const struct action *action)
{
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct past_effect *past = &warden->past[i];
        if (past->verb == VERB_CANARY && past->args.model.value == model_of(action).value &&
            past->args.target.value == action->item.args.target.value) {
            past->released = true;
            past->release_at = NEVER;
        }
    }
}

static int64_t verify_time(const struct warden *warden, const struct action *action)
{
    const struct model_entry *model = &warden->deployment->models[model_of(action).value - 1];
    int64_t window = warden->deployment->window_ns;
    if (action->item.verb == VERB_CANARY) {
        return model->label_delay_ns + LABEL_BINS * window;
    }
    int64_t labels = model->label_delay_ns + 3 * window;
    int64_t usual = warden->policy->limits.verify_ns;
    return labels > usual ? labels : usual;
}

/* The first look worth asking for: a canary has no labels before the delay, the clean set needs a window of the new state. */
static int64_t first_look(const struct warden *warden, const struct action *action)
{
    int64_t delay = warden->deployment->models[model_of(action).value - 1].label_delay_ns;
    int64_t minimum = warden->policy->limits.canary_min_ns;
    if (action->item.verb == VERB_CANARY) {
        bool canary = evidence_has_tool(warden, TOOL_CANARY);
        return canary ? warden->now + (delay > minimum ? delay : minimum) : NEVER;
    }
    bool golden = moves_version(action->item.verb) && evidence_has_tool(warden, TOOL_GOLDEN);
    return golden ? warden->now + warden->deployment->window_ns : NEVER;
}

/* The read-back shows the state that was asked for. */
static void confirm(struct warden *warden, struct action *action)
{
    const struct state_answer *state = &evidence_model(warden, model_of(action))->state;
    const struct advice_item *item = &action->item;
    struct past_effect *past = actuator_past(warden, action->id);
    ASSERT(past != NULL);
    past->confirmed = true;
    past->absent = false;
    past->may_end = warden->now;
    past->version_after = state->serving;
    past->config_after = state->config;
    past->release_at = has_ttl(item->verb) && !item->args.release && item->args.ttl_ns > 0
                           ? warden->now + item->args.ttl_ns
                           : NEVER;
    (void)audit_read(warden, RECORD_OUTCOME, action, ACTION_APPLIED);
    if (action->recovered) {
        (void)audit_read(warden, RECORD_RECONCILED, action, ACTION_APPLIED);
        action->recovered = false;
    }
    unlock(warden, action);
    action->applied_at = warden->now;
    action->deadline = warden->now + verify_time(warden, action);
    action->read_at = first_look(warden, action);
    struct past_effect *undone = actuator_past(warden, action->undo_of);
    if (undone != NULL) {
        undone->released = true;
        undone->release_at = NEVER;
    }
    if (item->args.release || item->verb == VERB_ABORT_CANARY) {
        settle_restored(warden, action);
    }
    if (item->verb == VERB_CANARY) {
        evidence_model(warden, model_of(action))->passed_evidence.value = 0;
    }
    if (item->verb == VERB_PROMOTE) {
        settle_canary(warden, action);
    }
    actuator_move(warden, action, ACTION_APPLIED);
}

/* Not in force now. Whether it was for a while, and somebody else took it away again, only the platform could have told. */
static void deny(struct warden *warden, const struct event *event, struct action *action)
{
    const struct state_answer *state = &evidence_model(warden, model_of(action))->state;
    struct past_effect *past = actuator_past(warden, action->id);
    ASSERT(past != NULL);
    bool half_done =
        moves_version(action->item.verb) && state->serving.value != state->registered.value;
    bool undone = action->outcome_known && action->outcome == OUTCOME_DONE;
    bool again = !half_done && !undone && action->attempts < ATTEMPTS_MAX && !warden->halted &&
                 incidents_index(warden, action->item.incident) >= 0;
    bool told = action->outcome_known && action->outcome == OUTCOME_FAILED;
    action->doubtful = action->doubtful || !told;
    past->absent = !half_done && !action->doubtful;
    past->released = half_done; /* What is left of it is settled by the reconciliation. */
    (void)audit_read(warden, RECORD_OUTCOME, action, ACTION_FAILED);
    if (action->recovered) {
        (void)audit_read(warden, RECORD_RECONCILED, action, ACTION_FAILED);
        action->recovered = false;
    }
    unlock(warden, action);
    if (again) {
        action->retry_at = action->read_at = warden->now + RETRY_NS;
        action->asked_at = NEVER;
        action->asks = 0;
        actuator_move(warden, action, ACTION_CHECKING);
        return;
    }
    struct action copy = *action;
    actuator_move(warden, action, ACTION_FAILED);
    if (!half_done) {
        return;
    }
    /* REQ S14: router and registry may not be left to disagree. The registry is put right: no traffic moves by it. */
    struct advice_item item = {.kind = ADVICE_PROPOSE,
                               .incident = copy.item.incident,
                               .model = copy.item.model,
                               .cause = CAUSE_HALF_FINISHED_CHANGE,
                               .verb = VERB_RECONCILE,
                               .args = {.model = model_of(&copy), .target = state->serving},
                               .plan = copy.item.plan,
                               .step = copy.item.step};
    advice_cite(&item, newest_of(warden, &copy, TOOL_STATE)->evidence);
    if (!decision_rule(warden, event, &item, (struct action_id){0})) {
        escalate(warden, copy.item.incident, model_of(&copy), REFUSAL_PRECONDITION);
    }
}

/* Undo. */

static bool undo_item(struct warden *warden, const struct action *action, struct advice_item *ret_item)
{
    const struct action_args *args = &action->item.args;
    struct advice_item item = {.kind = ADVICE_PROPOSE,
                               .incident = action->item.incident,
                               .model = action->item.model,
                               .cause = action->item.cause,
                               .verb = action->item.verb,
                               .args = {.model = args->model},
                               .plan = action->item.plan,
                               .step = action->item.step};
    advice_cite(&item, evidence_model(warden, args->model)->window_evidence);
    bool possible = true;
    if (moves_version(item.verb)) {
        item.verb = VERB_ROLLBACK;
        item.args.target = action->version_before;
        item.args.subject = action->digest_before;
    } else if (item.verb == VERB_ROLLBACK_CONFIG) {
        item.args.target = action->config_before;
    } else if (item.verb == VERB_THRESHOLD) {
        item.args.step_ppm = -args->step_ppm;
    } else if (item.verb == VERB_CANARY) {
        item.verb = VERB_ABORT_CANARY;
    } else if (has_ttl(item.verb) && !args->release) {
        item.args = actuator_release(args);
    } else if (item.verb == VERB_FALLBACK) {
        item.args.ttl_ns = RELEASE_LATE_NS; /* The release did harm: back under the fallback. */
    } else {
        possible = false;
    }
    *ret_item = item;
    return possible;
}

static struct record *audit_verification(struct warden *warden, enum record_kind kind,
                                         const struct action *action, const struct candidate *change)
{
    struct record *record = audit_read(warden, kind, action, (enum action_state)action->state);
    const struct model_memory *memory = evidence_model(warden, model_of(action));
    record->metric = change->metric;
    record->limit = change->limit;
    record->n = change->n;
    cite(record, memory->window_evidence);
    if (memory->newest[TOOL_GOLDEN].ok &&
        memory->newest[TOOL_GOLDEN].sampled_at >= action->applied_at) {
        cite(record, memory->newest[TOOL_GOLDEN].evidence);
    }
    if (action->item.verb == VERB_CANARY) {
        cite(record, memory->newest[TOOL_CANARY].evidence);
    }
    return record;
}

static void take_back(struct warden *warden, const struct event *event, struct action *action,
                      const struct candidate *change)
{
    struct incident_id incident = action->item.incident;
    struct model_id model = model_of(action);
    bool canary = action->item.verb == VERB_CANARY;
    struct advice_item item;
    bool possible = action->undo_of.value == 0 && undo_item(warden, action, &item);
    audit_verification(warden, RECORD_UNDO, action, change)->action_state = ACTION_UNDOING;
    actuator_move(warden, action, ACTION_UNDOING);
    if (!possible || !decision_rule(warden, event, &item, action->id)) {
        actuator_move(warden, action, ACTION_FAILED);
        escalate(warden, incident, model, REFUSAL_NOT_CLEAR);
        return;
    }
    action->undone_by.value = warden->action_last;
    if (!canary) {
        escalate(warden, incident, model, REFUSAL_NOT_CLEAR);
    }
}

/* Steps of each state. */

static void checking_step(struct warden *warden, const struct event *event, struct action *action)
{
    if (warden->now < action->retry_at) {
        return;
    }
    action->needs = missing_tools(warden, action);
    bool waited = action->asked_at != NEVER && warden->now - action->asked_at >= ANSWER_WAIT_NS;
    if (action->needs == 0 || (waited && action->asks >= ASKS_MAX)) {
        attempt(warden, event, action);
        return;
    }
    if (action->asked_at != NEVER && !waited) {
        return;
    }
    for (uint32_t tool = 0; tool < N_TOOLS; tool++) {
        if ((action->needs & TOOL_BIT(tool)) != 0) {
            ask(warden, model_of(action), (enum tool)tool);
        }
    }
    action->asks++;
    action->asked_at = warden->now;
}

static void read_again(struct action *action, int64_t at)
{
    action->read_at = action->retry_at = at;
    action->asked_at = NEVER;
    action->asks = 0;
}

static void intended_step(struct warden *warden, struct action *action)
{
    bool silent = warden->now >= action->act_at + EFFECT_LAG_NS + OUTCOME_GRACE_NS;
    if (action->outcome_known || silent || action->recovered) {
        read_again(action, warden->now);
        actuator_move(warden, action, ACTION_READING);
    }
}

/* REQ S14: an attempt is over only when the platform can no longer start it and the state has been read after that. */
static void reading_step(struct warden *warden, const struct event *event, struct action *action)
{
    const struct newest *newest = newest_of(warden, action, TOOL_STATE);
    if (newest->ok && newest->sampled_at >= action->read_at) {
        /* Of a repeated key nobody knows to which attempt the answer belongs. */
        bool refused =
            action->outcome_known && action->outcome == OUTCOME_FAILED && action->attempts == 1;
        bool over = refused || newest->sampled_at > action->act_at + EFFECT_LAG_NS;
        if (actuator_is_applied(action, &evidence_model(warden, model_of(action))->state)) {
            confirm(warden, action);
        } else if (over) {
            deny(warden, event, action);
        } else {
            read_again(action, action->act_at + EFFECT_LAG_NS + NS_PER_S);
        }
        return;
    }
    bool waited = action->asked_at != NEVER && warden->now - action->asked_at >= ANSWER_WAIT_NS;
    if (warden->now < action->retry_at || (action->asked_at != NEVER && !waited)) {
        return;
    }
    if (action->asks ==
        ASKS_MAX) { /* Nobody can say what is in force: it is read on, and a human looks. */
        escalate(warden, action->item.incident, model_of(action), REFUSAL_STALE_EVIDENCE);
    }
    ask(warden, model_of(action), TOOL_STATE);
    action->asks++;
    action->asked_at = warden->now;
}

static void verified(struct warden *warden, struct action *action, const struct candidate *change)
{
    audit_verification(warden, RECORD_VERIFIED, action, change)->action_state = ACTION_VERIFIED;
    actuator_move(warden, action, ACTION_VERIFIED);
}

static void unverified(struct warden *warden, struct action *action)
{
    struct incident_id incident = action->item.incident;
    struct model_id model = model_of(action);
    actuator_move(warden, action, ACTION_FAILED);
    escalate(warden, incident, model, REFUSAL_NOT_CLEAR);
}

static void canary_step(struct warden *warden, const struct event *event, struct action *action,
                        struct candidate *change)
{
    struct model_memory *memory = evidence_model(warden, model_of(action));
    int32_t i_entry = incidents_index(warden, action->item.incident);
    bool passed = decision_layer(warden, event, change, 11);
    bool failed = !passed && (change->reason == REFUSAL_NOT_CLEAR || warden->now >= action->deadline);
    if (!passed && !failed) {
        struct candidate service = *change;
        failed = !decision_layer(warden, event, &service, 12) && service.reason == REFUSAL_NOT_CLEAR;
    }
    if (!passed && !failed) {
        if (warden->now >= action->read_at) {
            int64_t pause = warden->deployment->window_ns / 5;
            ask(warden, model_of(action), TOOL_CANARY);
            action->read_at = warden->now + (pause > CANARY_ASK_NS ? pause : CANARY_ASK_NS);
        }
        return;
    }
    memcpy(action->layers, change->layers, sizeof(action->layers));
    audit_verification(warden, RECORD_CANARY, action, change)->reason =
        passed ? REFUSAL_NONE : REFUSAL_NOT_CLEAR;
    if (i_entry >= 0) {
        warden->docket.entries[i_entry].canary_passed = passed;
        warden->docket.entries[i_entry].canary_failed = !passed;
    }
    if (!passed) {
        take_back(warden, event, action, change);
        return;
    }
    memory->passed = action->item.args.subject;
    memory->passed_evidence = memory->newest[TOOL_CANARY].evidence;
    struct past_effect *past = actuator_past(warden, action->id);
    if (past != NULL) { /* A canary that nobody promotes does not run for ever. */
        past->release_at = warden->now + warden->policy->limits.verify_ns;
    }
    verified(warden, action, change);
}

static bool concerns(const struct event *event, struct model_id model)
{
    return (event->kind == EVENT_WINDOW && event->window.model.value == model.value) ||
           (event->kind == EVENT_ANSWER && event->answer.model.value == model.value);
}

static void applied_step(struct warden *warden, const struct event *event, struct action *action)
{
    bool first = action->changed_at == warden->now;
    bool due = warden->now >= action->read_at || warden->now >= action->deadline;
    if (!first && !due && !concerns(event, model_of(action))) {
        return;
    }
    struct candidate change;
    change_of(&change, &action->item, action->principal);
    change.action = action;
    change.undo_of = action->undo_of;
    memcpy(change.layers, action->layers, sizeof(change.layers));
    if (action->item.verb == VERB_CANARY) {
        canary_step(warden, event, action, &change);
        return;
    }
    bool good = decision_layer(warden, event, &change, 12);
    memcpy(action->layers, change.layers, sizeof(action->layers));
    if (good) {
        verified(warden, action, &change);
    } else if (change.reason == REFUSAL_NOT_CLEAR) {
        take_back(warden, event, action, &change);
    } else if (warden->now >= action->deadline) {
        unverified(warden, action);
    } else if (warden->now >= action->read_at) {
        ask(warden, model_of(action), TOOL_GOLDEN);
        action->read_at = warden->now + warden->deployment->window_ns;
    }
}

/* The undo is an action of its own; what it was to take back ends with it. */
static void undoing_step(struct warden *warden, struct action *action)
{
    struct action *undo = actuator_find(warden, action->undone_by);
    bool running = undo != NULL && (undo->state == ACTION_CHECKING ||
                                    undo->state == ACTION_INTENDED || undo->state == ACTION_READING);
    if (running) {
        return;
    }
    const struct past_effect *by = actuator_past(warden, action->undone_by);
    if (by != NULL && by->confirmed) {
        actuator_move(warden, action, ACTION_UNDONE);
    } else {
        unverified(warden, action);
    }
}

static void action_step(struct warden *warden, const struct event *event, struct action *action)
{
    if (action->locked && warden->now >= action->lease_end - LEASE_LEAD_NS) {
        lock(warden, action);
    }
    if (action->state == ACTION_INTENDED) {
        intended_step(warden, action);
    }
    if (action->state == ACTION_READING) {
        reading_step(warden, event, action);
    }
    if (action->state == ACTION_CHECKING) {
        checking_step(warden, event, action);
    }
    if (action->state == ACTION_APPLIED) {
        applied_step(warden, event, action);
    }
}

void actuator_step(struct warden *warden, const struct event *event)
{
    for (uint32_t i = 0; i < ACTIONS_MAX && warden->n_live > 0; i++) {
        bool live = warden->actions[i].id.value != 0;
        if (live && effects_have_room(warden->effects, ACTION_ROOM)) {
            action_step(warden, event, &warden->actions[i]);
        }
    }
    for (uint32_t i = 0; i < ACTIONS_MAX && warden->n_live > 0; i++) {
        bool undoing = warden->actions[i].id.value != 0 && warden->actions[i].state == ACTION_UNDOING;
        if (undoing && effects_have_room(warden->effects, ACTION_ROOM)) {
            undoing_step(warden, &warden->actions[i]);
        }
    }
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t action_deadline(const struct warden *warden, const struct action *action)
{
    int64_t lease = action->locked ? action->lease_end - LEASE_LEAD_NS : NEVER;
    int64_t answer = action->asked_at == NEVER ? warden->now : action->asked_at + ANSWER_WAIT_NS;
    switch ((enum action_state)action->state) {
    case ACTION_CHECKING:
    case ACTION_READING:
        return earlier(lease, warden->now < action->retry_at ? action->retry_at : answer);
    case ACTION_INTENDED:
        return earlier(lease, action->act_at + EFFECT_LAG_NS + OUTCOME_GRACE_NS);
    case ACTION_APPLIED:
        return earlier(action->deadline, action->read_at);
    case ACTION_NONE:
    case ACTION_AWAITING:
    case ACTION_VERIFIED:
    case ACTION_UNDOING:
    case ACTION_UNDONE:
    case ACTION_FAILED:
    case ACTION_REFUSED:
    case ACTION_EXPIRED:
    case N_ACTION_STATES:
        return NEVER;
    }
    return NEVER;
}

int64_t actuator_deadline(const struct warden *warden)
{
    int64_t due = NEVER;
    for (uint32_t i = 0; i < ACTIONS_MAX && warden->n_live > 0; i++) {
        if (warden->actions[i].id.value != 0) {
            due = earlier(due, action_deadline(warden, &warden->actions[i]));
        }
    }
    return due;
}

/* What reaches an action from outside. */

void actuator_check(struct warden *warden, struct action *action)
{
    action->read_at = action->retry_at = warden->now;
    action->asked_at = NEVER;
    action->asks = 0;
    actuator_move(warden, action, ACTION_CHECKING);
}

static void trained(struct warden *warden, uint32_t i_entry, struct version_id version)
{
    warden->incidents[i_entry].retrain.value = 0;
    warden->docket.entries[i_entry].trained = version;
    incidents_touch(warden, i_entry, true);
}

void actuator_outcome(struct warden *warden, const struct outcome *outcome)
{
    if (outcome->status == OUTCOME_TRAINED || outcome->status == OUTCOME_TRAIN_FAILED) {
        for (uint32_t i = 0; i < warden->docket.n_entries && outcome->action.value != 0; i++) {
            if (warden->incidents[i].retrain.value == outcome->action.value) {
                bool made = outcome->status == OUTCOME_TRAINED;
                trained(warden, i, made ? outcome->version : (struct version_id){0});
            }
        }
        return;
    }
    struct action *action = actuator_find(warden, outcome->action);
    if (action == NULL || !digest128_equal(action->key, outcome->key)) {
        return; /* Of an attempt that was settled by reading back meanwhile. */
    }
    if (action->state != ACTION_INTENDED && action->state != ACTION_READING) {
        return;
    }
    action->outcome = outcome->status;
    action->outcome_known = true;
    if (action->state == ACTION_READING) { /* Late, so what was read before may not show it. */
        read_again(action, warden->now);
    }
}

void actuator_recover(struct warden *warden)
{
    for (uint32_t i = 0; i < ACTIONS_MAX; i++) {
        struct action *action = &warden->actions[i];
        if (action->id.value == 0) {
            continue;
        }
        bool attempted = action->state == ACTION_INTENDED || action->state == ACTION_READING;
        action->recovered = attempted;
        if (attempted || action->state == ACTION_CHECKING) {
            /* What was asked for died with the process. */
            int64_t at = action->retry_at > warden->now ? action->retry_at : warden->now;
            read_again(action, at);
        }
    }
}

void actuator_cancel(struct warden *warden, struct incident_id incident, enum refusal reason)
{
    for (uint32_t i = 0; i < ACTIONS_MAX && warden->n_live > 0; i++) {
        struct action *action = &warden->actions[i];
        bool here = action->id.value != 0 &&
                    (incident.value == 0 || action->item.incident.value == incident.value);
        bool waits = action->state == ACTION_AWAITING || action->state == ACTION_CHECKING;
        /* With no room the layers refuse it when its turn comes. */
        if (!here || !waits || !effects_have_room(warden->effects, TIMER_ROOM)) {
            continue;
        }
        struct record *record = audit_action(warden, RECORD_REFUSED, action);
        record->reason = reason;
        record->refused_layer = reason == REFUSAL_HALTED ? 13 : 5;
        record->advice_kind = ADVICE_PROPOSE;
        actuator_move(warden, action, action->attempts > 0 ? ACTION_FAILED : ACTION_REFUSED);
    }
}

void actuator_follow(struct warden *warden, struct model_id model)
{
    const struct state_answer *state = &evidence_model(warden, model)->state;
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct past_effect *past = &warden->past[i];
        bool ours = past->args.model.value == model.value && past->confirmed && !past->released;
        bool gone = has_ttl(past->verb)
                        ? !past->args.release && !stands(past->verb, &past->args, state)
                        : past->verb == VERB_CANARY && state->canary.value != past->args.target.value;
        if (ours &&
            gone) { /* Settled only when its own time is over: anything else was somebody's act. */
            bool over = past->args.ttl_ns > 0 && warden->now >= past->may_end + past->args.ttl_ns;
            past->released = over;
            past->release_at = NEVER;
        }
    }
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        bool awaited = warden->docket.entries[i].model.value == model.value &&
                       warden->incidents[i].retrain.value != 0 && !state->training &&
                       state->trained.value > warden->incidents[i].trained_before.value;
        if (awaited) { /* Its outcome was lost with a process. */
            trained(warden, i, state->trained);
        }
    }
}
