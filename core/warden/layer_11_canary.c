/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 11: a promotion follows a canary of the same digest that passed; and the test by which one passes. */
#include "core/detect/proportion.h"
#include "core/warden/evidence.h"
#include "core/warden/layers.h"

/* One look of several at the canary of an action in flight: NONE passed, NOT_CLEAR failed, WAIT neither. The level is a fifth
 * of the usual 5 % because the test is looked at again and again. */
static enum refusal look(struct warden *warden, const struct event *event, struct candidate *change)
{
    static const double alpha = 0.01;
    const struct policy_limits *limits = &warden->policy->limits;
    const struct model_memory *memory = evidence_model(warden, change->item.model);
    const struct canary_answer *canary = &memory->canary;
    bool this_one = memory->newest[TOOL_CANARY].ok &&
                    memory->newest[TOOL_CANARY].sampled_at >= change->action->applied_at &&
                    canary->digest.hi == change->item.args.subject.hi &&
                    canary->digest.lo == change->item.args.subject.lo;
    if (memory->newest[TOOL_STATE].ok && memory->state.fallback) {
        return REFUSAL_NOT_CLEAR; /* Labels of a fallback are mixed in: begun anew, without it. */
    }
    if (!this_one || canary->canary_scored < limits->scored_min ||
        canary->champion_scored < limits->scored_min || canary->canary_scored == 0 ||
        event->at - change->action->applied_at < limits->canary_min_ns) { /* REQ S07 */
        return REFUSAL_WAIT;
    }
    double margin = (double)limits->canary_margin_ppm / 1e6;
    change->metric = (double)canary->canary_correct / (double)canary->canary_scored;
    change->limit = (double)canary->champion_correct / (double)canary->champion_scored - margin;
    change->n = canary->canary_scored;
    if (non_inferior(canary->canary_correct, canary->canary_scored, canary->champion_correct,
                     canary->champion_scored, margin, alpha)) {
        return REFUSAL_NONE;
    }
    bool worse = wilson_upper(canary->canary_correct, canary->canary_scored, 2.33) < change->limit;
    bool long_enough = canary->canary_scored >= 8 * limits->scored_min;
    return worse || long_enough ? REFUSAL_NOT_CLEAR : REFUSAL_WAIT;
}

enum refusal layer_11_canary(struct warden *warden, const struct event *event,
                             struct candidate *change)
{
    bool in_flight = change->action != NULL && change->item.verb == VERB_CANARY &&
                     change->action->state == ACTION_APPLIED;
    if (in_flight) {
        return look(warden, event, change);
    }
    bool needs = change->item.verb == VERB_PROMOTE || change->verdict == VERDICT_CANARY;
    return !needs || (change->facts & FACT_BIT(FACT_CANARY_PASSED)) != 0 ? REFUSAL_NONE
                                                                         : REFUSAL_NO_CANARY;
}
