/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 7: budgets over the warden's own record of changes: rate, cool-down, blast radius, concurrency, oscillation. An effect
 * counts for the whole interval in which it may have come into force, and so does one of unknown outcome. */
#include "core/warden/layers.h"
#include "core/warden/parts.h"

static uint64_t moved(const struct warden *warden, enum verb verb, const struct action_args *args)
{
    uint64_t requests = warden->deployment->models[args->model.value - 1].requests_per_window;
    if (!verb_moves_serving(verb)) {
        return 0;
    }
    return verb == VERB_CANARY ? requests * args->weight_ppm / 1000000 : requests;
}

struct tally {
    uint64_t moved[MODELS_MAX]; /* Requests a window, within the blast window: the same traffic twice is the same traffic. */
    uint32_t models;               /* Bits of models changed within it. */
    uint32_t n_unverified;         /* Fleet. */
    uint32_t n_hour;               /* Plans on this model within the hour. */
    bool unverified_here, cooling; /* This model. */
    bool locked;                   /* Another incident's change on it. */
    uint32_t n_flips;
};

/* The row is in the record for good reasons of its own and does not count against the candidate. */
static bool is_taken_back(const struct candidate *change, const struct past_effect *past)
{
    const struct action_args *args = &change->item.args;
    if (change->undo_of.value != 0 && past->action.value == change->undo_of.value) {
        return true;
    }
    bool aborts = change->item.verb == VERB_ABORT_CANARY && past->verb == VERB_CANARY;
    bool releases = args->release && past->verb == change->item.verb && !past->args.release &&
                    past->args.table.value == args->table.value &&
                    past->args.feature_mask == args->feature_mask;
    return past->args.model.value == args->model.value && (aborts || releases);
}

static const struct past_effect *nth(const struct warden *warden, uint32_t i)
{
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    return &warden->past[(warden->n_past - n + i) % RECENT_EFFECTS_MAX];
}

/* Whether an earlier plan row on this model was seen already: the steps of one plan are one change. */
static bool plan_seen_before(const struct warden *warden, uint32_t i, int64_t since)
{
    const struct past_effect *past = nth(warden, i);
    for (uint32_t j = 0; j < i; j++) {
        const struct past_effect *earlier = nth(warden, j);
        if (earlier->may_end >= since && earlier->args.model.value == past->args.model.value &&
            earlier->incident.value == past->incident.value && earlier->plan == past->plan) {
            return true;
        }
    }
    return false;
}

/* Whether the value after row i had been the value before an earlier row: A to B and back to A. */
static bool returns(const struct warden *warden, uint32_t n, struct model_id model,
                    struct version_id before, struct version_id after, bool config, int64_t since)
{
    if (before.value == after.value) {
        return false;
    }
    for (uint32_t j = 0; j < n; j++) {
        const struct past_effect *earlier = nth(warden, j);
        if (earlier->absent || earlier->args.model.value != model.value || earlier->may_end < since) {
            continue;
        }
        struct version_id was = config ? earlier->config_before : earlier->version_before;
        struct version_id became = config ? earlier->config_after : earlier->version_after;
        if (was.value != became.value && was.value == after.value) {
            return true;
        }
    }
    return false;
}

static void tally_moved(const struct warden *warden, struct tally *tally, enum verb verb,
                        const struct action_args *args)
{
    uint64_t requests = moved(warden, verb, args);
    uint64_t *most = &tally->moved[args->model.value - 1];
    *most = requests > *most ? requests : *most;
}

/* One model may always be moved, whatever share it carries; several only within the share. */
static bool moves_too_much(const struct warden *warden, const struct tally *tally)
{
    uint64_t total = 0;
    uint32_t n_moved = 0;
    for (uint32_t i = 0; i < warden->deployment->n_models; i++) {
        total += tally->moved[i];
        n_moved += tally->moved[i] > 0 ? 1 : 0;
    }
    uint64_t share_ppm = warden->policy->limits.traffic_ppm_per_window;
    return n_moved > 1 && total * 1000000 > share_ppm * warden->traffic;
}

static struct tally tally_take(const struct warden *warden, const struct candidate *change,
                               int64_t now)
{
    const struct policy_limits *limits = &warden->policy->limits;
    struct model_id model = change->item.args.model;
    struct action_id own = change->action == NULL ? (struct action_id){0} : change->action->id;
    struct tally tally = {0};
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const struct past_effect *past = nth(warden, i);
        if (past->action.value == own.value) {
            continue;
        }
        bool here = past->args.model.value == model.value;
        bool same_plan =
            past->incident.value == change->item.incident.value && past->plan == change->item.plan;
        if (here && past->may_end >= now - NS_PER_HOUR && !same_plan &&
            !plan_seen_before(warden, i, now - NS_PER_HOUR)) {
            tally.n_hour++; /* What came to nothing was an attempt all the same. */
        }
        if (past->absent) {
            continue;
        }
        bool settled = past->verified || past->released || is_taken_back(change, past);
        if (past->may_end >= now - limits->blast_window_ns) {
            tally.models |= UINT32_C(1) << (past->args.model.value - 1);
            tally_moved(warden, &tally, past->verb, &past->args);
        }
        if (!settled && past->may_end >= now - NS_PER_DAY) {
            tally.n_unverified++;
            tally.unverified_here = tally.unverified_here || here;
            tally.cooling = tally.cooling || (here && past->may_end >= now - limits->cool_down_ns);
        }
        if (!here) {
            continue;
        }
        if (past->incident.value != change->item.incident.value && !past->released &&
            !past->args.release && past->args.ttl_ns == 0 &&
            incidents_index(warden, past->incident) >= 0) {
            tally.locked = true; /* REQ S37: what stands belongs to the incident that made it. */
        }
        int64_t day = now - NS_PER_DAY;
        if (past->may_end >= day) {
            tally.n_flips +=
                returns(warden, i, model, past->version_before, past->version_after, false, day);
            tally.n_flips +=
                returns(warden, i, model, past->config_before, past->config_after, true, day);
        }
    }
    return tally;
}

static bool flips(const struct warden *warden, const struct candidate *change, int64_t now)
{
    const struct state_answer *state = &warden->models[change->item.args.model.value - 1].state;
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    enum verb verb = change->item.verb;
    bool version = verb == VERB_PROMOTE || verb == VERB_ROLLBACK || verb == VERB_SWITCH_MODEL;
    bool config = verb == VERB_ROLLBACK_CONFIG;
    if (!version && !config) {
        return false;
    }
    return returns(warden, n, change->item.args.model, version ? state->serving : state->config,
                   change->item.args.target, config, now - NS_PER_DAY);
}

static uint32_t bits(uint32_t mask)
{
    uint32_t n = 0;
    for (; mask != 0; mask &= mask - 1) {
        n++;
    }
    return n;
}

/* Steps of this plan so far; beyond the ceiling a plan is a new change. */
static uint32_t steps_taken(const struct warden *warden, const struct candidate *change)
{
    uint32_t n_steps = 0;
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const struct past_effect *past = nth(warden, i);
        bool own = change->action != NULL && past->action.value == change->action->id.value;
        n_steps += !own && past->incident.value == change->item.incident.value &&
                           past->plan == change->item.plan
                       ? 1
                       : 0;
    }
    return n_steps;
}

static bool locked_by_attempt(const struct warden *warden, const struct candidate *change)
{
    for (uint32_t i = 0; i < ACTIONS_MAX; i++) {
        const struct action *action = &warden->actions[i];
        if (action->id.value != 0 && action->locked && action != change->action &&
            action->item.args.model.value == change->item.args.model.value) {
            return true;
        }
    }
    return false;
}

enum refusal layer_7_budget(struct warden *warden, const struct event *event, struct candidate *change)
{
    if (!verb_changes_state(change->item.verb)) {
        return REFUSAL_NONE;
    }
    const struct policy_limits *limits = &warden->policy->limits;
    int64_t now = event->at;
    bool first = change->action == NULL || actuator_past(warden, change->action->id) == NULL;
    bool full = warden->n_past >= RECENT_EFFECTS_MAX && nth(warden, 0)->may_end >= now - NS_PER_DAY;
    if (first && full) {
        return REFUSAL_BUDGET; /* A change that would be forgotten within its day is not begun. */
    }
    struct tally tally = tally_take(warden, change, now);
    if (tally.locked || locked_by_attempt(warden, change)) {
        return REFUSAL_LOCKED;
    }
    if (tally.cooling) { /* REQ S11 */
        return REFUSAL_COOL_DOWN;
    }
    if (tally.unverified_here || tally.n_unverified >= limits->unverified_per_fleet) { /* REQ S08 */
        return REFUSAL_UNVERIFIED_CHANGE;
    }
    if (tally.n_hour + 1 > limits->changes_per_model_hour ||
        steps_taken(warden, change) >= PLAN_STEPS_MAX) { /* REQ S11 */
        return REFUSAL_RATE;
    }
    uint32_t here = UINT32_C(1) << (change->item.args.model.value - 1);
    if (bits(tally.models | here) > limits->models_per_window) { /* REQ S08 */
        return REFUSAL_BLAST_RADIUS;
    }
    tally_moved(warden, &tally, change->item.verb, &change->item.args);
    if (moves_too_much(warden, &tally)) { /* REQ S08 */
        return REFUSAL_BLAST_RADIUS;
    }
    if (flips(warden, change, now) && tally.n_flips >= limits->flips_per_day) { /* REQ S34 */
        return REFUSAL_OSCILLATION;
    }
    return REFUSAL_NONE;
}
