/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: the docket, the life of each incident and the rules by which it may be closed. */
#include "core/base/assert.h"
#include "core/detect/proportion.h"
#include "core/warden/evidence.h"
#include "core/warden/parts.h"

enum {
    REFUSAL_WAKES_MAX = 8
}; /* A mind that is refused again and again is not woken for it for ever. */

static const double harm_z =
    1.64; /* One-sided 5 %: the harm limit itself already leaves room for noise. */
static const double harm_margin =
    0.04; /* Of labelled error above the usual limit, while an incident is watched. */
static const double burn_z = 3.0; /* Looked at after every window of every model. */

int32_t incidents_index(const struct warden *warden, struct incident_id incident)
{
    for (uint32_t i = 0; i < warden->docket.n_entries && incident.value != 0; i++) {
        if (warden->docket.entries[i].incident.value == incident.value) {
            return (int32_t)i;
        }
    }
    return -1;
}

void incidents_touch(struct warden *warden, uint32_t i_entry, bool wake)
{
    ASSERT(i_entry < warden->docket.n_entries);
    warden->docket.entries[i_entry].revision++;
    warden->wake_mind = warden->wake_mind || wake;
}

void incidents_move(struct warden *warden, uint32_t i_entry, enum incident_state to)
{
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    uint8_t state = (uint8_t)entry->state;
    machine_move(&incident_machine, &state, (uint32_t)to);
    entry->state = to;
    if (to == INCIDENT_OPEN) {
        warden->incidents[i_entry].open_since = warden->now;
    }
    incidents_touch(warden, i_entry, true);
}

static bool may_move(const struct warden *warden, uint32_t i_entry, enum incident_state to)
{
    return machine_may(&incident_machine, (uint32_t)warden->docket.entries[i_entry].state,
                       (uint32_t)to);
}

static struct record *audit_incident(struct warden *warden, enum record_kind kind, uint32_t i_entry)
{
    const struct docket_entry *entry = &warden->docket.entries[i_entry];
    struct record *record = audit(warden, kind, entry->incident, entry->model);
    record->severity = warden->incidents[i_entry].severity;
    record->cause = warden->incidents[i_entry].cause;
    record->incident_state = (uint8_t)entry->state;
    return record;
}

void incidents_open(struct warden *warden, const struct candidate *change)
{
    const struct advice_item *item = &change->item;
    struct candidate refused = *change;
    if (item->incident.value <= warden->incident_last) {
        decision_refuse(warden, &refused, 3, REFUSAL_DUPLICATE);
        return;
    }
    if (warden->docket.n_entries == INCIDENTS_MAX) {
        decision_refuse(warden, &refused, 7, REFUSAL_FULL);
        escalator_own(warden, item->model, REFUSAL_FULL);
        return;
    }
    warden->incident_last = item->incident.value;
    uint32_t i_entry = warden->docket.n_entries++;
    warden->docket.entries[i_entry] = (struct docket_entry){.incident = item->incident,
                                                            .model = item->model,
                                                            .state = INCIDENT_NONE,
                                                            .opened_at = warden->now};
    warden->incidents[i_entry] = (struct incident){.severity = item->severity,
                                                   .cause = CAUSE_UNKNOWN,
                                                   .metric_from = warden->now,
                                                   .clear_since = NEVER,
                                                   .watch_until = NEVER,
                                                   .n_evidence = item->n_evidence};
    memcpy(warden->incidents[i_entry].evidence, item->evidence, sizeof(item->evidence));
    incidents_move(warden, i_entry, INCIDENT_OPEN);
    struct record *record = audit_incident(warden, RECORD_OPENED, i_entry);
    record->assurance = item->assurance;
    record->n_evidence = item->n_evidence;
    memcpy(record->evidence, item->evidence, sizeof(record->evidence));
}

/* Labelled errors of all models that users get now, whatever their age. */
static struct metric current_metric(const struct warden *warden, struct model_id model)
{
    return evidence_metric(warden, model, INT64_MIN, 2 * warden->policy->limits.scored_min);
}

static bool is_above(const struct metric *metric, double limit, double z)
{
    return metric->scored > 0 && wilson_lower(metric->errors, metric->scored, z) > limit;
}

void incidents_watch(struct warden *warden, const struct candidate *change)
{
    const struct advice_item *item = &change->item;
    struct candidate refused = *change;
    int32_t i_entry = incidents_index(warden, item->incident);
    if (i_entry < 0 || incident_is_closed(warden->docket.entries[i_entry].state)) {
        decision_refuse(warden, &refused, 3, REFUSAL_UNKNOWN_INCIDENT);
        return;
    }
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    struct incident *incident = &warden->incidents[i_entry];
    int64_t longest = LABEL_BINS * warden->deployment->window_ns;
    longest = longest > WATCH_MAX_NS ? longest : WATCH_MAX_NS;
    if (item->until <= warden->now || item->until - warden->now > longest) {
        decision_refuse(warden, &refused, 3, REFUSAL_BAD_ARGUMENT);
        return;
    }
    bool possible =
        entry->state == INCIDENT_WATCHED || may_move(warden, (uint32_t)i_entry, INCIDENT_WATCHED);
    if (!possible || entry->taken) {
        decision_refuse(warden, &refused, 6, REFUSAL_PRECONDITION);
        return;
    }
    /* The mind may ask for a stricter limit; a laxer one than this is no limit. */
    double laxest = evidence_limit(warden, entry->model) + harm_margin;
    double limit = item->limit < laxest ? item->limit : laxest;
    struct metric metric = current_metric(warden, entry->model);
    bool burns =
        metric.scored >= warden->policy->limits.scored_min && is_above(&metric, limit, harm_z);
    if (burns) {
        decision_refuse(warden, &refused, 12, REFUSAL_NOT_CLEAR);
        return;
    }
    incident->watch_from = entry->state == INCIDENT_WATCHED ? incident->watch_from : warden->now;
    incident->watch_until = item->until;
    incident->watch_limit = limit;
    if (entry->state != INCIDENT_WATCHED) {
        incidents_move(warden, (uint32_t)i_entry, INCIDENT_WATCHED);
    }
    struct record *record = audit_incident(warden, RECORD_WATCHED, (uint32_t)i_entry);
    record->deadline = item->until;
    record->metric = metric.error;
    record->limit = limit;
    record->n = metric.scored;
    record->n_evidence = item->n_evidence;
    memcpy(record->evidence, item->evidence, sizeof(record->evidence));
}

/* A person who ends an incident has looked at what automation did in it. */
static void settle(struct warden *warden, struct incident_id incident)
{
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (warden->past[i].incident.value == incident.value) {
            warden->past[i].verified = true;
            warden->past[i].release_at = NEVER;
        }
    }
}

void incidents_end(struct warden *warden, uint32_t i_entry, enum incident_state state,
                   enum principal principal, struct person_id person)
{
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    struct incident *incident = &warden->incidents[i_entry];
    ASSERT(may_move(warden, i_entry, state));
    struct metric metric = evidence_metric(warden, entry->model, incident->metric_from,
                                           2 * warden->policy->limits.scored_min);
    if (metric.scored == 0) {
        metric = current_metric(warden, entry->model);
    }
    if (principal == PRINCIPAL_HUMAN) {
        settle(warden, entry->incident);
    }
    incidents_move(warden, i_entry, state);
    struct record *record = audit_incident(warden, RECORD_CLOSED, i_entry);
    record->principal = principal;
    record->person = person;
    record->metric = metric.error;
    record->limit = evidence_limit(warden, entry->model);
    record->n = metric.scored;
    if (metric.newest.value != 0) {
        record->evidence[record->n_evidence++] = metric.newest;
    }
    incident->escalation.active = false;
    evidence_model(warden, entry->model)->burn_from = warden->now;
}

/* What the incident has changed: unverified, or in force for a time. */
static bool has_loose_ends(const struct warden *warden, struct incident_id incident, bool standing)
{
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const struct past_effect *past = &warden->past[i];
        if (past->incident.value != incident.value || past->absent || past->released) {
            continue;
        }
        if (standing ? past->release_at != NEVER : !past->verified) {
            return true;
        }
    }
    return false;
}

/* REQ S27: what was changed has been verified, and nothing of it still waits to be taken away. */
static enum refusal ends_refusal(const struct warden *warden, struct incident_id incident)
{
    if (actuator_busy(warden, incident) || has_loose_ends(warden, incident, false)) {
        return REFUSAL_UNVERIFIED_CHANGE;
    }
    return has_loose_ends(warden, incident, true) ? REFUSAL_NOT_CLEAR : REFUSAL_NONE;
}

/* REQ S24: inside its limit for the whole time, and an escalation only once somebody has answered it. */
static enum refusal resolved_refusal(const struct warden *warden, uint32_t i_entry)
{
    const struct docket_entry *entry = &warden->docket.entries[i_entry];
    const struct incident *incident = &warden->incidents[i_entry];
    if (entry->escalated && !entry->acknowledged) {
        return REFUSAL_NEEDS_HUMAN;
    }
    bool clear = incident->clear_since != NEVER &&
                 warden->now - incident->clear_since >= warden->policy->limits.clear_ns;
    return clear && evidence_operational(warden, entry->model) ? REFUSAL_NONE : REFUSAL_NOT_CLEAR;
}

/* Harmless is what the newest labels and the service level do not show, on data that nobody disputes. */
static enum refusal benign_refusal(const struct warden *warden, uint32_t i_entry)
{
    const struct docket_entry *entry = &warden->docket.entries[i_entry];
    const struct model_memory *memory = &warden->models[entry->model.value - 1];
    const struct policy_limits *limits = &warden->policy->limits;
    if (entry->escalated || !may_move(warden, i_entry, INCIDENT_BENIGN)) {
        return REFUSAL_NEEDS_HUMAN;
    }
    struct metric metric = current_metric(warden, entry->model);
    int64_t delay = warden->deployment->models[entry->model.value - 1].label_delay_ns;
    bool recent = metric.to >= warden->now - 2 * delay - 6 * warden->deployment->window_ns;
    bool fine = metric.scored >= limits->scored_min && recent &&
                metric.error <= evidence_limit(warden, entry->model) &&
                evidence_operational(warden, entry->model);
    bool disputed = memory->disputed_from != NEVER && memory->disputed_to == NEVER;
    return fine && !disputed ? REFUSAL_NONE : REFUSAL_NOT_CLEAR;
}

void incidents_close(struct warden *warden, const struct candidate *change)
{
    const struct advice_item *item = &change->item;
    struct candidate refused = *change;
    int32_t i_entry = incidents_index(warden, item->incident);
    if (i_entry < 0 || incident_is_closed(warden->docket.entries[i_entry].state)) {
        decision_refuse(warden, &refused, 3, REFUSAL_UNKNOWN_INCIDENT);
        return;
    }
    bool human =
        warden->docket.entries[i_entry].taken || warden->incidents[i_entry].resolved_by.value != 0;
    if (human) {
        decision_refuse(warden, &refused, 5, REFUSAL_TAKEN);
        return;
    }
    bool benign = item->reason == CLOSE_BENIGN;
    enum refusal refusal = ends_refusal(warden, item->incident);
    if (refusal == REFUSAL_NONE) {
        refusal = benign ? benign_refusal(warden, (uint32_t)i_entry)
                         : resolved_refusal(warden, (uint32_t)i_entry);
    }
    if (refusal != REFUSAL_NONE) {
        decision_refuse(warden, &refused, 12, refusal);
        return;
    }
    warden->incidents[i_entry].cause = item->cause;
    incidents_end(warden, (uint32_t)i_entry, benign ? INCIDENT_BENIGN : INCIDENT_RESOLVED,
                  PRINCIPAL_RULE, (struct person_id){0});
}

/* Whoever only makes tables has no say in incidents. */
static bool may_handle(const struct warden *warden, struct person_id person)
{
    static const enum role roles[] = {ROLE_ONCALL, ROLE_APPROVER, ROLE_OWNER, ROLE_SECURITY,
                                      ROLE_OPERATOR};
    for (uint32_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (deployment_person_has(warden->deployment, person, roles[i])) {
            return true;
        }
    }
    return false;
}

static void taken(struct warden *warden, uint32_t i_entry, const struct handling_event *event)
{
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    struct escalation *escalation = &warden->incidents[i_entry].escalation;
    entry->taken = true;
    if (!entry->acknowledged) { /* Who works on it has answered. */
        struct record *record = audit_incident(warden, RECORD_ACKNOWLEDGED, i_entry);
        record->person = event->person;
        record->principal = PRINCIPAL_HUMAN;
        record->page = escalation->page;
        entry->acknowledged = true;
        escalation->acknowledged = escalation->active;
        escalation->delivered = escalation->active;
    }
    actuator_cancel(warden, event->incident, REFUSAL_TAKEN);
    incidents_touch(warden, i_entry, true);
}

/* What we put in force for a time goes now that its reason is gone; the watchdog closes after it. */
static void resolved(struct warden *warden, uint32_t i_entry, const struct handling_event *event)
{
    struct incident *incident = &warden->incidents[i_entry];
    actuator_cancel(warden, event->incident, REFUSAL_TAKEN);
    incident->resolved_by = event->person;
    incident->resolved_at = warden->now;
    warden->docket.entries[i_entry].taken = false;
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct past_effect *past = &warden->past[i];
        if (past->incident.value == event->incident.value && past->release_at != NEVER) {
            past->release_at = warden->now;
        }
    }
    incidents_touch(warden, i_entry, false);
}

void incidents_handling(struct warden *warden, const struct handling_event *event)
{
    int32_t i_entry = incidents_index(warden, event->incident);
    bool own = event->incident.value == 0 && warden->own.active;
    bool open = i_entry >= 0 && !incident_is_closed(warden->docket.entries[i_entry].state);
    if (!may_handle(warden, event->person)) {
        audit_rejected(warden, event->incident, event->person, 10, REFUSAL_APPROVAL_ROLE);
    } else if (!own && !open) {
        audit_rejected(warden, event->incident, event->person, 3, REFUSAL_UNKNOWN_INCIDENT);
    } else if (own) {
        warden->own.acknowledged = true;
        warden->own.delivered = true;
        warden->own.active = event->kind != HANDLING_RESOLVED;
        if (evidence_is_model(warden, warden->own.model)) {
            evidence_model(warden, warden->own.model)->burn_from = warden->now;
        }
    } else if (event->kind == HANDLING_TAKEN) {
        taken(warden, (uint32_t)i_entry, event);
    } else {
        resolved(warden, (uint32_t)i_entry, event);
    }
}

void incidents_contained(struct warden *warden, const struct action *action)
{
    int32_t i_entry = incidents_index(warden, action->item.incident);
    if (i_entry < 0 || warden->incidents[i_entry].contained) {
        return;
    }
    warden->incidents[i_entry].contained = true;
    audit_incident(warden, RECORD_CONTAINED, (uint32_t)i_entry)->action = action->id;
    enum incident_state state = warden->docket.entries[i_entry].state;
    if (state == INCIDENT_OPEN || state == INCIDENT_WATCHED) {
        incidents_move(warden, (uint32_t)i_entry, INCIDENT_CONTAINED);
    }
}

static void applied(struct warden *warden, uint32_t i_entry, const struct action *action)
{
    struct incident *incident = &warden->incidents[i_entry];
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    if (verb_moves_serving(action->item.verb)) {
        incident->metric_from = warden->now;
        incident->clear_since = NEVER;
    }
    if (action->item.verb == VERB_RETRAIN) {
        incident->retrain = action->id;
        incident->trained_before = action->trained_before;
        entry->trained.value = 0;
    }
    if (action->item.verb == VERB_CANARY) {
        entry->canary_passed = entry->canary_failed = false;
    }
    if (actuator_contains(action)) {
        incidents_contained(warden, action);
    }
}

/* The containment was no good: as open as before, and its time starts again. */
static void uncontained(struct warden *warden, uint32_t i_entry)
{
    struct incident *incident = &warden->incidents[i_entry];
    if (!incident->contained) {
        return;
    }
    incident->contained = false;
    if (warden->docket.entries[i_entry].state == INCIDENT_CONTAINED) {
        incidents_move(warden, i_entry, INCIDENT_OPEN);
    }
}

void incidents_action(struct warden *warden, const struct action *action)
{
    int32_t i_entry = incidents_index(warden, action->item.incident);
    if (i_entry < 0) {
        return;
    }
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    if (action->state == ACTION_APPLIED) {
        applied(warden, (uint32_t)i_entry, action);
    }
    if (action->state == ACTION_UNDOING && actuator_contains(action)) {
        uncontained(warden, (uint32_t)i_entry);
    }
    if (action->id.value < entry->action.value) {
        incidents_touch(warden, (uint32_t)i_entry, true);
        return; /* The docket shows the newest action. */
    }
    entry->action = action->id;
    entry->plan = action->item.plan;
    entry->step = action->item.step;
    entry->verb = action->item.verb;
    entry->args = action->item.args;
    entry->action_state = (enum action_state)action->state;
    entry->action_at = warden->now;
    warden->incidents[i_entry].refusal_wakes = 0;
    incidents_touch(warden, (uint32_t)i_entry, true);
}

void incidents_refused(struct warden *warden, const struct candidate *change)
{
    int32_t i_entry = incidents_index(warden, change->item.incident);
    if (i_entry < 0) {
        return;
    }
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    struct incident *incident = &warden->incidents[i_entry];
    entry->n_refused++;
    entry->refused_layer = change->refused_layer;
    entry->refused_reason = change->reason;
    entry->refused_verb = (unsigned)change->item.verb < N_VERBS ? change->item.verb : VERB_NOOP;
    incidents_touch(warden, (uint32_t)i_entry, incident->refusal_wakes < REFUSAL_WAKES_MAX);
    incident->refusal_wakes++;
}

static void follow_metric(struct warden *warden, uint32_t i_entry)
{
    const struct docket_entry *entry = &warden->docket.entries[i_entry];
    struct incident *incident = &warden->incidents[i_entry];
    uint32_t enough = warden->policy->limits.scored_min;
    struct metric metric = evidence_metric(warden, entry->model, incident->metric_from, 2 * enough);
    const struct model_memory *memory = &warden->models[entry->model.value - 1];
    bool masked = memory->newest[TOOL_STATE].ok && memory->state.fallback;
    bool inside = metric.scored >= enough && !masked &&
                  metric.error <= evidence_limit(warden, entry->model) &&
                  evidence_operational(warden, entry->model);
    if (!inside) {
        incident->clear_since = NEVER;
    } else if (incident->clear_since == NEVER) {
        incident->clear_since = warden->now;
    }
    if (entry->state != INCIDENT_WATCHED) {
        return;
    }
    struct metric harm = evidence_metric(warden, entry->model, incident->watch_from, 4 * enough);
    if (harm.scored >= enough && is_above(&harm, incident->watch_limit, harm_z)) {
        escalator_escalate(warden, i_entry, ROLE_ONCALL, incident->severity, REFUSAL_NOT_CLEAR);
    }
}

void incidents_metric(struct warden *warden, struct model_id model)
{
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        const struct docket_entry *entry = &warden->docket.entries[i];
        bool here = entry->model.value == model.value && !incident_is_closed(entry->state);
        if (here && effects_have_room(warden->effects, ADVICE_ROOM)) {
            follow_metric(warden, i);
        }
    }
}

/* Independent of any mind: a service level that burns while nobody has even opened an incident is paged for. */
void incidents_burn(struct warden *warden, struct model_id model)
{
    struct model_memory *memory = evidence_model(warden, model);
    uint32_t enough = 2 * warden->policy->limits.scored_min;
    struct metric metric = evidence_metric(warden, model, memory->burn_from, enough);
    double floor = warden->deployment->models[model.value - 1].accuracy_floor;
    bool burns = metric.scored >= enough && is_above(&metric, 1.0 - floor, burn_z);
    if (!burns) {
        memory->burns_since = NEVER;
        return;
    }
    memory->burns_since = memory->burns_since == NEVER ? warden->now : memory->burns_since;
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        if (warden->docket.entries[i].model.value == model.value) {
            return; /* Open ones have deadlines of their own, and one that was closed just now has been looked at. */
        }
    }
    if (warden->now - memory->burns_since >= warden->policy->limits.act_deadline_ns) {
        escalator_own(warden, model, REFUSAL_NOT_CLEAR);
    }
}

void incidents_sweep(struct warden *warden)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        if (incident_is_closed(warden->docket.entries[i].state)) {
            continue;
        }
        if (kept != i) {
            warden->docket.entries[kept] = warden->docket.entries[i];
            warden->incidents[kept] = warden->incidents[i];
        }
        kept++;
    }
    for (uint32_t i = kept; i < warden->docket.n_entries; i++) {
        warden->docket.entries[i] = (struct docket_entry){0};
        warden->incidents[i] = (struct incident){0};
    }
    warden->docket.n_entries = kept;
}
