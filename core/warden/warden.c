/* SPDX-License-Identifier: Apache-2.0 */
/* The step of the warden: what the event tells, what the mind says, what the clock demands, in this order. */
#include "core/warden/warden.h"

#include "core/base/assert.h"
#include "core/warden/evidence.h"
#include "core/warden/parts.h"

_Static_assert(TIMER_ROOM >= 2 * ACTION_ROOM, "what the clock demands fits beside the advice");
_Static_assert(EFFECTS_MAX >= ADVICE_ROOM + TIMER_ROOM, "at least one item of advice has room");

size_t warden_size(void) { return sizeof(struct warden); }

struct warden *warden_init(void *block, const struct deployment *deployment,
                           const struct policy *policy, uint64_t seed, struct digest128 mind)
{
    struct warden *warden = block;
    memset(warden, 0, sizeof(*warden));
    warden->deployment = deployment;
    warden->policy = policy;
    warden->policy_digest = policy_digest(policy);
    warden->mind = mind;
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        warden->traffic += deployment->models[i].requests_per_window;
    }
    for (uint32_t i = 0; i < MODELS_MAX; i++) {
        warden->models[i].disputed_from = NEVER;
        warden->models[i].disputed_to = NEVER;
        warden->models[i].burn_from = INT64_MIN;
        warden->models[i].burns_since = NEVER;
    }
    stream_init(&warden->nonces, seed, "warden/nonces", 0);
    stream_init(&warden->keys, seed, "warden/keys", 0);
    return warden;
}

const struct docket *warden_docket(const struct warden *warden) { return &warden->docket; }

static void event_take(struct warden *warden, const struct event *event)
{
    switch (event->kind) {
    case EVENT_START:
        if (event->start.recovered) {
            actuator_recover(warden);
            escalator_recover(warden);
        }
        return;
    case EVENT_WINDOW:
        if (evidence_is_model(warden, event->window.model) && event->window.role == SERVING_CHAMPION) {
            incidents_metric(warden, event->window.model);
        }
        return;
    case EVENT_ANSWER:
        if (evidence_is_model(warden, event->answer.model) && event->answer.tool == TOOL_STATE) {
            actuator_follow(warden, event->answer.model);
        }
        return;
    case EVENT_REPLY:
        if (warden->now / NS_PER_DAY != warden->llm_day) {
            warden->llm_day = warden->now / NS_PER_DAY;
            warden->llm_tokens = 0;
        }
        warden->llm_tokens += event->reply.tokens;
        return;
    case EVENT_OUTCOME:
        actuator_outcome(warden, &event->outcome);
        return;
    case EVENT_APPROVAL:
        approvals_event(warden, &event->approval);
        return;
    case EVENT_PAGE:
        escalator_page_event(warden, &event->page);
        return;
    case EVENT_CONTROL:
        watchdog_control(warden, &event->control);
        return;
    case EVENT_HANDLING:
        incidents_handling(warden, &event->handling);
        return;
    case EVENT_TICK:
    case EVENT_BASELINE:
    case EVENT_CHANGE:
    case N_EVENT_KINDS:
        return;
    }
}

static void ask_take(struct warden *warden, struct candidate *change)
{
    const struct advice_item *item = &change->item;
    if (!evidence_has_tool(warden, item->tool)) {
        decision_refuse(warden, change, 3, REFUSAL_NO_ADAPTER);
        return;
    }
    if (warden->now - warden->asks_since >= NS_PER_MIN) {
        warden->asks_since = warden->now;
        warden->n_asks = 0;
    }
    if (warden->n_asks >= ASKS_PER_MINUTE) {
        decision_refuse(warden, change, 7, REFUSAL_RATE);
        return;
    }
    warden->n_asks++;
    struct ask_effect *ask = &effects_push(warden->effects, EFFECT_ASK)->ask;
    ask->question = item->question;
    ask->tool = item->tool;
    ask->model = item->model;
}

static enum refusal llm_refusal(const struct warden *warden, const struct incident *incident)
{
    const struct llm_limits *limits = &warden->deployment->llm;
    uint32_t own = warden->policy->limits.llm_tokens_per_day;
    uint64_t tokens = limits->tokens_per_day < own ? limits->tokens_per_day : own;
    bool same_day = warden->now / NS_PER_DAY == warden->llm_day;
    if (!limits->enabled) {
        return REFUSAL_NO_ADAPTER;
    }
    bool spent = incident->llm_calls >= limits->calls_per_incident ||
                 (same_day && warden->llm_tokens >= tokens);
    return spent ? REFUSAL_BUDGET : REFUSAL_NONE;
}

static void ask_llm_take(struct warden *warden, struct candidate *change, uint32_t i_entry)
{
    const struct advice_item *item = &change->item;
    enum refusal refusal = llm_refusal(warden, &warden->incidents[i_entry]);
    if (refusal != REFUSAL_NONE) {
        decision_refuse(warden, change, refusal == REFUSAL_BUDGET ? 7 : 3, refusal);
        return;
    }
    warden->incidents[i_entry].llm_calls++;
    struct ask_llm_effect *ask = &effects_push(warden->effects, EFFECT_ASK_LLM)->ask_llm;
    ask->question = item->question;
    ask->incident = item->incident;
    ask->model = warden->docket.entries[i_entry].model;
    ask->prompt = item->prompt;
    ask->leading = item->cause;
    ask->n_evidence = item->n_evidence;
    memcpy(ask->evidence, item->evidence, sizeof(ask->evidence));
    ask->deadline = warden->now + warden->deployment->llm.deadline_ns;
}

static void escalate_take(struct warden *warden, struct candidate *change, uint32_t i_entry)
{
    const struct advice_item *item = &change->item;
    struct incident *incident = &warden->incidents[i_entry];
    bool security =
        item->args.recipient == ROLE_SECURITY && incident->escalation.recipient != ROLE_SECURITY;
    if (incident->escalation.active && !security) {
        decision_refuse(warden, change, 7, REFUSAL_DUPLICATE);
        return;
    }
    incident->cause = item->cause;
    incident->n_evidence = item->n_evidence;
    memcpy(incident->evidence, item->evidence, sizeof(incident->evidence));
    escalator_escalate(warden, i_entry, item->args.recipient, item->severity, REFUSAL_NONE);
}

/* Items about an incident that must be open for them. */
static void about_incident(struct warden *warden, struct candidate *change)
{
    const struct advice_item *item = &change->item;
    int32_t i_entry = incidents_index(warden, item->incident);
    if (i_entry < 0 || incident_is_closed(warden->docket.entries[i_entry].state)) {
        decision_refuse(warden, change, 3, REFUSAL_UNKNOWN_INCIDENT);
    } else if (item->kind == ADVICE_ASK_LLM) {
        ask_llm_take(warden, change, (uint32_t)i_entry);
    } else if (item->kind == ADVICE_ESCALATE) {
        escalate_take(warden, change, (uint32_t)i_entry);
    } else {
        warden->incidents[i_entry].cause = item->cause; /* A claim: what a page will name. */
    }
}

static void item_take(struct warden *warden, const struct event *event, const struct advice_item *item)
{
    struct candidate change;
    change_of(&change, item, PRINCIPAL_MIND);
    if (item->kind == ADVICE_PROPOSE) {
        decision_propose(warden, event, &change);
        return;
    }
    if (!decision_advice(warden, event, &change)) {
        decision_refuse(warden, &change, change.refused_layer, change.reason);
        return;
    }
    switch (item->kind) {
    case ADVICE_OPEN:
        incidents_open(warden, &change);
        return;
    case ADVICE_ASK:
        ask_take(warden, &change);
        return;
    case ADVICE_ASK_LLM:
    case ADVICE_CLAIM:
    case ADVICE_ESCALATE:
        about_incident(warden, &change);
        return;
    case ADVICE_WATCH:
        incidents_watch(warden, &change);
        return;
    case ADVICE_NOTIFY:
        escalator_notify(warden, event, &change);
        return;
    case ADVICE_CLOSE:
        incidents_close(warden, &change);
        return;
    case ADVICE_NOTE:
    case ADVICE_PROPOSE:
    case N_ADVICE_KINDS:
        return;
    }
}

/* What finds no room is lost like what the mind itself could not fit, and the loss is on record. */
static void advice_take(struct warden *warden, const struct event *event, const struct advice *advice)
{
    ASSERT(advice->n_items <= ADVICE_MAX);
    uint32_t n_lost = advice->n_dropped;
    for (uint32_t i = 0; i < advice->n_items; i++) {
        if (effects_have_room(warden->effects, ADVICE_ROOM + TIMER_ROOM)) {
            item_take(warden, event, &advice->items[i]);
        } else {
            n_lost++;
        }
    }
    if (n_lost > 0 && effects_have_room(warden->effects, 1)) {
        struct record *record =
            audit(warden, RECORD_REFUSED, (struct incident_id){0}, (struct model_id){0});
        record->principal = PRINCIPAL_MIND;
        record->refused_layer = 7;
        record->reason = REFUSAL_FULL;
        record->n = n_lost;
    }
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t wake_of(struct warden *warden, const struct advice *advice)
{
    int64_t due = warden->wake_mind ? warden->now : advice->wake_at;
    due = earlier(due, actuator_deadline(warden));
    due = earlier(due, approvals_deadline(warden));
    due = earlier(due, escalator_deadline(warden));
    due = earlier(due, watchdog_deadline(warden));
    if (due > warden->now) {
        return due;
    }
    warden->n_woken = warden->woken_at == warden->now ? warden->n_woken + 1 : 1;
    warden->woken_at = warden->now;
    return warden->n_woken <= WAKES_AT_ONCE_MAX ? warden->now : warden->now + NS_PER_S;
}

void warden_step(struct warden *warden, const struct event *event, const struct advice *advice,
                 struct effects *effects)
{
    ASSERT(event->at >= warden->now);
    ASSERT(event->sequence > warden->sequence);
    warden->now = event->at;
    warden->sequence = event->sequence;
    warden->effects = effects;
    warden->wake_mind = false;
    incidents_sweep(warden);
    watchdog_dead_man(warden);
    evidence_put(warden, event);
    event_take(warden, event);
    advice_take(warden, event, advice);
    approvals_step(warden);
    actuator_step(warden, event);
    watchdog_step(warden, event);
    escalator_step(warden);
    effects->wake_at = wake_of(warden, advice);
    warden->effects = NULL;
}

void warden_visit(struct warden *warden, struct visit *visit) { warden_state_visit(warden, visit); }
