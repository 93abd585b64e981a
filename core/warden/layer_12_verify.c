/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 12: an effect is good when something other than what caused it says so: labels of later rows, the clean set where
 * labels come too late, and for containment the read-back with the windows after it. */
#include "core/detect/proportion.h"
#include "core/warden/evidence.h"
#include "core/warden/layers.h"

/* What a verb is measured by. */
static bool is_seen_in_labels(enum verb verb, const struct action_args *args)
{
    return !args->release &&
           (verb == VERB_PROMOTE || verb == VERB_ROLLBACK || verb == VERB_SWITCH_MODEL ||
            verb == VERB_ROLLBACK_CONFIG || verb == VERB_THRESHOLD || verb == VERB_RECALIBRATE);
}

static bool is_seen_in_state(enum verb verb)
{
    return verb == VERB_RETRAIN || verb == VERB_FREEZE_RETRAIN || verb == VERB_LOCK ||
           verb == VERB_RECONCILE || verb == VERB_ABORT_CANARY || verb == VERB_QUARANTINE_DATA;
}

/* One whole window after the effect with the service level kept. */
static enum refusal by_window(struct warden *warden, struct candidate *change)
{
    const struct action *action = change->action;
    const struct model_memory *memory = evidence_model(warden, change->item.args.model);
    const struct window *window = &memory->window;
    double floor = warden->deployment->models[change->item.args.model.value - 1].availability_floor;
    bool after = memory->window_evidence.value != 0 && window->from >= action->applied_at &&
                 window->requests > 0;
    if (!after) {
        return REFUSAL_WAIT;
    }
    change->metric = (double)window->errors / (double)window->requests;
    change->limit = 1.0 - floor;
    change->n = window->requests;
    if (evidence_operational(warden, change->item.args.model)) {
        return REFUSAL_NONE;
    }
    /* Far worse than the level: the containment itself does harm. */
    return wilson_lower(window->errors, window->requests, 3.0) > 2.0 * change->limit
               ? REFUSAL_NOT_CLEAR
               : REFUSAL_WAIT;
}

static enum refusal by_labels(struct warden *warden, const struct event *event,
                              struct candidate *change)
{
    const struct action *action = change->action;
    const struct policy_limits *limits = &warden->policy->limits;
    struct model_id model = change->item.args.model;
    const struct model_memory *memory = evidence_model(warden, model);
    /* Under a fallback the labels are about the fallback. A promotion was measured in its canary, the rest has to be fit to
     * serve; the labels of after the release then decide whether the incident may be closed. */
    bool masked = memory->newest[TOOL_STATE].ok && memory->state.fallback;
    if (masked && change->item.verb != VERB_ROLLBACK && change->item.verb != VERB_SWITCH_MODEL) {
        return by_window(warden, change);
    }
    struct metric metric = evidence_metric(warden, model, action->applied_at, 2 * limits->scored_min);
    change->metric = metric.error;
    change->limit = evidence_limit(warden, model);
    change->n = metric.scored;
    if (!masked && metric.scored >= limits->scored_min) {
        double z = proportion_z(metric.errors, metric.scored, action->error_before, action->n_before);
        bool worse =
            action->n_before >= limits->scored_min && z >= 2.33 && metric.error > change->limit;
        if (worse) {
            return REFUSAL_NOT_CLEAR;
        }
        /* A shifted threshold is to ease the harm of something else: to be no worse is what it can show. */
        bool eases = change->item.verb == VERB_THRESHOLD &&
                     metric.scored >= 2 * limits->scored_min && z < 1.64;
        return metric.error <= change->limit || eases ? REFUSAL_NONE : REFUSAL_WAIT;
    }
    int64_t delay = warden->deployment->models[model.value - 1].label_delay_ns;
    bool late = delay + 3 * warden->deployment->window_ns >= limits->verify_ns;
    const struct newest *newest = &memory->newest[TOOL_GOLDEN];
    if (!(late || masked) || !newest->ok || newest->sampled_at < action->applied_at ||
        memory->golden.n < limits->feature_rows_min || action->item.verb == VERB_ROLLBACK_CONFIG ||
        event->at - action->applied_at < warden->deployment->window_ns) {
        return REFUSAL_WAIT;
    }
    change->metric = 1.0 - (double)memory->golden.correct / (double)memory->golden.n;
    change->limit = 1.0 - memory->golden.reference_accuracy + 0.02;
    change->n = memory->golden.n;
    return change->metric <= change->limit ? REFUSAL_NONE : REFUSAL_WAIT;
}

enum refusal layer_12_verify(struct warden *warden, const struct event *event,
                             struct candidate *change)
{
    enum verb verb = change->item.verb;
    if (is_seen_in_state(verb)) {
        return REFUSAL_NONE;
    }
    return is_seen_in_labels(verb, &change->item.args) ? by_labels(warden, event, change)
                                                       : by_window(warden, change);
}
