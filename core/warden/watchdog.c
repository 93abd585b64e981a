/* SPDX-License-Identifier: Apache-2.0 */
/* Watchdog: the kill switch and the dead man, the deadline by which every incident is in somebody's hands, and the end of what was
 * put in force for a time. Asks no mind. */
#include "core/base/assert.h"
#include "core/warden/evidence.h"
#include "core/warden/parts.h"

/* REQ S25: latched; whatever has not started yet never will. */
static void halt(struct warden *warden, enum principal principal, struct person_id person)
{
    if (warden->halted) {
        return;
    }
    warden->halted = true;
    warden->docket.halted = true;
    warden->wake_mind = true;
    struct record *record =
        audit(warden, RECORD_HALTED, (struct incident_id){0}, (struct model_id){0});
    record->principal = principal;
    record->person = person;
    record->reason = REFUSAL_HALTED;
    actuator_cancel(warden, (struct incident_id){0}, REFUSAL_HALTED);
}

void watchdog_dead_man(struct warden *warden)
{
    bool expired =
        warden->armed && warden->now - warden->heartbeat_at >= warden->policy->limits.dead_man_ns;
    if (expired) {
        halt(warden, PRINCIPAL_RULE, (struct person_id){0});
    }
}

static void reset(struct warden *warden, struct person_id person)
{
    if (!warden->halted) {
        return;
    }
    warden->halted = false;
    warden->docket.halted = false;
    warden->wake_mind = true;
    warden->heartbeat_at = warden->now; /* A dead man that is still armed gets a whole interval. */
    struct record *record =
        audit(warden, RECORD_RESET, (struct incident_id){0}, (struct model_id){0});
    record->principal = PRINCIPAL_HUMAN;
    record->person = person;
}

void watchdog_control(struct warden *warden, const struct control_event *event)
{
    bool operates = deployment_person_has(warden->deployment, event->person, ROLE_OPERATOR);
    bool lets_go = event->kind == CONTROL_RESET || event->kind == CONTROL_DISARM;
    if (lets_go && !operates) {
        audit_rejected(warden, (struct incident_id){0}, event->person, 13, REFUSAL_APPROVAL_ROLE);
        return;
    }
    switch (event->kind) {
    case CONTROL_HALT: /* Whoever pulls it: stopping is safe. */
        halt(warden, PRINCIPAL_HUMAN, event->person);
        return;
    case CONTROL_RESET:
        reset(warden, event->person);
        return;
    case CONTROL_ARM:
        warden->armed = true;
        warden->heartbeat_at = warden->now;
        return;
    case CONTROL_HEARTBEAT:
        warden->heartbeat_at = warden->now;
        return;
    case CONTROL_DISARM:
        warden->armed = false;
        return;
    case CONTROL_CALENDAR: /* The evidence store has it. */
    case CONTROL_WITHDRAW:
    case N_CONTROL_KINDS:
        return;
    }
}

static int64_t due_of(const struct warden *warden, uint32_t i_entry)
{
    return warden->incidents[i_entry].open_since + warden->policy->limits.act_deadline_ns;
}

/* A remedy that waits for an approver while nothing contains the harm. */
static const struct action *uncovered(const struct warden *warden, uint32_t i_entry)
{
    struct incident_id incident = warden->docket.entries[i_entry].incident;
    if (warden->incidents[i_entry].fallback_tried) {
        return NULL;
    }
    for (uint32_t i = 0; i < ACTIONS_MAX && warden->n_live > 0; i++) {
        const struct action *action = &warden->actions[i];
        if (action->id.value != 0 && action->item.incident.value == incident.value &&
            action->state == ACTION_AWAITING && action->item.verb != VERB_FALLBACK) {
            return action;
        }
    }
    return NULL;
}

/* No approver has answered: what the policy authorises beforehand contains the harm meanwhile. */
static void contain(struct warden *warden, const struct event *event, uint32_t i_entry,
                    const struct action *waits)
{
    warden->incidents[i_entry].fallback_tried = true;
    bool listed = (warden->policy->preauthorised & (UINT64_C(1) << VERB_FALLBACK)) != 0;
    if (!listed) {
        return;
    }
    struct advice_item item = waits->item;
    item.verb = VERB_FALLBACK;
    item.args = (struct action_args){
        .model = waits->item.args.model, .mode = FALLBACK_RULES, .ttl_ns = 4 * NS_PER_HOUR};
    (void)decision_rule(warden, event, &item, (struct action_id){0});
}

static void open_step(struct warden *warden, const struct event *event, uint32_t i_entry)
{
    int64_t due = due_of(warden, i_entry);
    const struct action *waits = uncovered(warden, i_entry);
    if (waits != NULL && warden->now >= due - FALLBACK_LEAD_NS) {
        contain(warden, event, i_entry, waits);
    }
    if (warden->now >= due - WATCHDOG_LEAD_NS) { /* REQ S22 */
        escalator_escalate(warden, i_entry, ROLE_ONCALL, warden->incidents[i_entry].severity,
                           REFUSAL_NONE);
    }
}

static void watched_step(struct warden *warden, uint32_t i_entry)
{
    struct incident *incident = &warden->incidents[i_entry];
    if (warden->now < incident->watch_until) {
        return;
    }
    incident->watch_until = NEVER;
    incidents_move(warden, i_entry, incident->contained ? INCIDENT_CONTAINED : INCIDENT_OPEN);
}

static bool stands(const struct warden *warden, struct incident_id incident)
{
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (warden->past[i].incident.value == incident.value && warden->past[i].release_at != NEVER) {
            return true;
        }
    }
    return false;
}

static void resolved_step(struct warden *warden, uint32_t i_entry)
{
    const struct docket_entry *entry = &warden->docket.entries[i_entry];
    const struct incident *incident = &warden->incidents[i_entry];
    bool loose = actuator_busy(warden, entry->incident) || stands(warden, entry->incident);
    bool patient = warden->now - incident->resolved_at < RELEASE_LATE_NS;
    if (!loose || !patient) {
        incidents_end(warden, i_entry, INCIDENT_HANDED_OVER, PRINCIPAL_HUMAN, incident->resolved_by);
    }
}

static void incident_step(struct warden *warden, const struct event *event, uint32_t i_entry)
{
    enum incident_state state = warden->docket.entries[i_entry].state;
    if (incident_is_closed(state)) {
        return;
    }
    if (warden->incidents[i_entry].resolved_by.value != 0) {
        resolved_step(warden, i_entry);
        return;
    }
    if (state == INCIDENT_WATCHED) {
        watched_step(warden, i_entry);
        state = warden->docket.entries[i_entry].state;
    }
    if (state == INCIDENT_OPEN) {
        open_step(warden, event, i_entry);
    }
}

/* Its time is over: taken away where that is safe, looked at again later where it is not. */
static void release_step(struct warden *warden, const struct event *event, struct past_effect *past)
{
    int32_t i_entry = incidents_index(warden, past->incident);
    past->n_releases++;
    if (i_entry < 0) {
        past->release_at = NEVER; /* Whoever closed the incident has taken it over as it was. */
        return;
    }
    if (past->n_releases == 1) { /* The platform may have ended it by itself: first a look. */
        struct ask_effect *ask = &effects_push(warden->effects, EFFECT_ASK)->ask;
        ask->question.value = QUESTION_WARDEN | (++warden->question_last & (QUESTION_WARDEN - 1));
        ask->tool = TOOL_STATE;
        ask->model = past->args.model;
        past->release_at = warden->now + NS_PER_MIN;
        return;
    }
    past->release_at = warden->now + RELEASE_RETRY_NS;
    if (past->n_releases == RELEASE_LATE_NS / RELEASE_RETRY_NS) {
        escalator_escalate(warden, (uint32_t)i_entry, ROLE_ONCALL,
                           warden->incidents[i_entry].severity, REFUSAL_NOT_CLEAR);
    }
    bool canary = past->verb == VERB_CANARY;
    struct advice_item item = {.kind = ADVICE_PROPOSE,
                               .incident = past->incident,
                               .model = past->args.model,
                               .cause = warden->incidents[i_entry].cause,
                               .verb = canary ? VERB_ABORT_CANARY : past->verb,
                               .args = canary ? (struct action_args){.model = past->args.model}
                                              : actuator_release(&past->args),
                               .plan = past->plan};
    (void)decision_rule(warden, event, &item, (struct action_id){0});
}

void watchdog_step(struct warden *warden, const struct event *event)
{
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        if (effects_have_room(warden->effects, ADVICE_ROOM)) {
            incident_step(warden, event, i);
        }
    }
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        bool due = warden->past[i].release_at <= warden->now;
        if (due && effects_have_room(warden->effects, ADVICE_ROOM)) {
            release_step(warden, event, &warden->past[i]);
        }
    }
    bool telemetry = event->kind == EVENT_WINDOW && event->window.role == SERVING_CHAMPION &&
                     evidence_is_model(warden, event->window.model);
    if (telemetry && effects_have_room(warden->effects, ADVICE_ROOM)) {
        incidents_burn(warden, event->window.model);
    }
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t incident_deadline(const struct warden *warden, uint32_t i_entry)
{
    const struct incident *incident = &warden->incidents[i_entry];
    const struct docket_entry *entry = &warden->docket.entries[i_entry];
    int64_t due = due_of(warden, i_entry);
    if (incident->resolved_by.value != 0) {
        return incident->resolved_at + RELEASE_LATE_NS;
    }
    if (entry->state == INCIDENT_WATCHED) {
        return incident->watch_until;
    }
    if (entry->state != INCIDENT_OPEN) {
        return NEVER;
    }
    return uncovered(warden, i_entry) != NULL ? due - FALLBACK_LEAD_NS : due - WATCHDOG_LEAD_NS;
}

int64_t watchdog_deadline(const struct warden *warden)
{
    bool ticking = warden->armed && !warden->halted;
    int64_t due = ticking ? warden->heartbeat_at + warden->policy->limits.dead_man_ns : NEVER;
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        if (!incident_is_closed(warden->docket.entries[i].state)) {
            due = earlier(due, incident_deadline(warden, i));
        }
    }
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        due = earlier(due, warden->past[i].release_at);
    }
    return due;
}
