/* SPDX-License-Identifier: Apache-2.0 */
/* Decision: advice and the warden's own rules on their way through the layers to a verdict. */
#include "core/base/assert.h"
#include "core/warden/evidence.h"
#include "core/warden/layers.h"
#include "core/warden/parts.h"

enum {
    LIVE_MAX =
        3, /* Actions of one incident at once: one that waits for approval, its containment, an undo. */
    ANY_TOOLS_MAX =
        3 /* Alternative facts that are read again: with the state, the calendar and what is required they fit a row. */
};

void change_of(struct candidate *ret_change, const struct advice_item *item, enum principal principal)
{
    memset(ret_change, 0, sizeof(*ret_change));
    ret_change->item = *item;
    ret_change->principal = principal;
}

static enum refusal layer_run(struct warden *warden, const struct event *event,
                              struct candidate *change, uint32_t layer)
{
    switch (layer) {
    case 0:
        return layer_0_ingress(warden, event, change);
    case 1:
        return layer_1_schema(warden, event, change);
    case 2:
        return layer_2_evidence(warden, event, change);
    case 3:
        return layer_3_action(warden, event, change);
    case 4:
        return layer_4_taint(warden, event, change);
    case 5:
        return layer_5_policy(warden, event, change);
    case 6:
        return layer_6_precondition(warden, event, change);
    case 7:
        return layer_7_budget(warden, event, change);
    case 10:
        return layer_10_approval(warden, event, change);
    case 11:
        return layer_11_canary(warden, event, change);
    case 12:
        return layer_12_verify(warden, event, change);
    case 13:
        return layer_13_halt(warden, event, change);
    case 14:
        return layer_14_audit(warden, event, change);
    default:
        ASSERT(layer < N_LAYERS);
        return REFUSAL_FORBIDDEN;
    }
}

bool decision_layer(struct warden *warden, const struct event *event, struct candidate *change,
                    uint32_t layer)
{
    enum refusal reason = layer_run(warden, event, change, layer);
    change->layers[layer] = (uint8_t)(reason == REFUSAL_NONE ? LAYER_PASS : LAYER_REFUSE);
    if (reason == REFUSAL_NONE) {
        return true;
    }
    change->refused_layer = (uint8_t)layer;
    change->reason = reason;
    return false;
}

bool decision_advice(struct warden *warden, const struct event *event, struct candidate *change)
{
    for (uint32_t layer = 0; layer <= 4; layer++) {
        if (!decision_layer(warden, event, change, layer)) {
            return false;
        }
    }
    return true;
}

bool decision_layers(struct warden *warden, const struct event *event, struct candidate *change)
{
    /* An item that is no known verb has no business with the switch; layer 1 refuses it. */
    bool known = (unsigned)change->item.verb < N_VERBS;
    if (known && !decision_layer(warden, event, change, 13)) {
        return false;
    }
    if (!decision_advice(warden, event, change)) {
        return false;
    }
    for (uint32_t layer = 5; layer <= 7; layer++) {
        if (!decision_layer(warden, event, change, layer)) {
            return false;
        }
    }
    change->layers[8] = LAYER_NOT_BUILT;
    change->layers[9] = LAYER_NOT_BUILT;
    return !change->executing ||
           (decision_layer(warden, event, change, 10) && decision_layer(warden, event, change, 11));
}

void decision_refuse(struct warden *warden, struct candidate *change, uint8_t layer,
                     enum refusal reason)
{
    ASSERT(reason != REFUSAL_NONE);
    change->refused_layer = layer;
    change->reason = reason;
    change->layers[layer] = LAYER_REFUSE;
    audit_refusal(warden, change);
    if (change->item.kind == ADVICE_PROPOSE) {
        incidents_refused(warden, change);
    }
}

/* How one incident may go on: plans in order, no action twice, one attempt at a time. */
static enum refusal conduct(const struct warden *warden, const struct candidate *change,
                            uint32_t i_entry)
{
    const struct advice_item *item = &change->item;
    const struct incident *incident = &warden->incidents[i_entry];
    bool mind = change->principal == PRINCIPAL_MIND;
    if (mind && item->plan < incident->plan_max) {
        return REFUSAL_BAD_ARGUMENT;
    }
    if (mind && incident->resolved_by.value != 0) {
        return REFUSAL_TAKEN;
    }
    struct digest128 hash = action_hash(item->verb, &item->args);
    uint32_t n_live = 0;
    for (uint32_t i = 0; i < ACTIONS_MAX; i++) {
        const struct action *action = &warden->actions[i];
        if (action->id.value == 0 || action->item.incident.value != item->incident.value) {
            continue;
        }
        n_live++;
        struct digest128 other = action_hash(action->item.verb, &action->item.args);
        if (digest128_equal(hash, other)) {
            return REFUSAL_DUPLICATE;
        }
        bool in_flight = action->state != ACTION_AWAITING && action->state != ACTION_APPLIED;
        if (mind && in_flight) {
            return REFUSAL_UNVERIFIED_CHANGE;
        }
    }
    return n_live < LIVE_MAX ? REFUSAL_NONE : REFUSAL_FULL;
}

static void keep_decision(struct warden *warden, const struct candidate *change, uint32_t i_entry)
{
    struct incident *incident = &warden->incidents[i_entry];
    const struct advice_item *item = &change->item;
    incident->plan_max = item->plan > incident->plan_max ? item->plan : incident->plan_max;
    incident->cause = item->cause;
    incident->n_evidence = item->n_evidence;
    memcpy(incident->evidence, item->evidence, sizeof(incident->evidence));
}

/* Through the layers into an action. False when it was refused, which is on record then. */
static bool decide(struct warden *warden, const struct event *event, struct candidate *change)
{
    if (!decision_layers(warden, event, change)) {
        decision_refuse(warden, change, change->refused_layer, change->reason);
        return false;
    }
    int32_t i_entry = incidents_index(warden, change->item.incident);
    ASSERT(i_entry >= 0); /* Layer 3. */
    enum refusal refusal = conduct(warden, change, (uint32_t)i_entry);
    if (refusal != REFUSAL_NONE) {
        decision_refuse(warden, change, 7, refusal);
        return false;
    }
    struct action *action = actuator_begin(warden, change);
    if (action == NULL) {
        decision_refuse(warden, change, 7, REFUSAL_FULL);
        return false;
    }
    change->action = action;
    keep_decision(warden, change, (uint32_t)i_entry);
    (void)audit_change(warden, RECORD_DECIDED, change);
    if (decision_layer(warden, event, change, 10)) {
        actuator_check(warden, action);
        return true;
    }
    bool asked = change->principal == PRINCIPAL_MIND && change->reason == REFUSAL_NEEDS_HUMAN &&
                 approvals_request(warden, action);
    if (!asked) {
        change->action = NULL;
        actuator_move(warden, action, ACTION_REFUSED);
        decision_refuse(warden, change, 10,
                        change->principal == PRINCIPAL_MIND ? REFUSAL_FULL : REFUSAL_NEEDS_HUMAN);
    }
    return asked;
}

/* Verbs that change nothing: they tell, or they are a decision to wait. */
static void tell(struct warden *warden, const struct event *event, struct candidate *change)
{
    int32_t i_entry = incidents_index(warden, change->item.incident);
    ASSERT(i_entry >= 0);
    if (change->item.verb == VERB_NOTIFY) {
        escalator_notify(warden, event, change);
    } else if (change->item.verb == VERB_ESCALATE) {
        escalator_escalate(warden, (uint32_t)i_entry, change->item.args.recipient,
                           warden->incidents[i_entry].severity, REFUSAL_NONE);
    } else {
        (void)audit_change(warden, RECORD_DECIDED, change);
    }
}

void decision_propose(struct warden *warden, const struct event *event, struct candidate *change)
{
    bool changes = (unsigned)change->item.verb < N_VERBS && verb_changes_state(change->item.verb);
    if (!changes) {
        if (decision_layers(warden, event, change)) {
            tell(warden, event, change);
        } else {
            decision_refuse(warden, change, change->refused_layer, change->reason);
        }
        return;
    }
    if (decide(warden, event, change)) {
        return;
    }
    int32_t i_entry = incidents_index(warden, change->item.incident);
    bool table_says_human = change->refused_layer == 5 && change->reason == REFUSAL_NEEDS_HUMAN;
    if (i_entry >= 0 && table_says_human) {
        escalator_escalate(warden, (uint32_t)i_entry, ROLE_ONCALL,
                           warden->incidents[i_entry].severity, REFUSAL_NEEDS_HUMAN);
    }
}

bool decision_rule(struct warden *warden, const struct event *event, const struct advice_item *item,
                   struct action_id undo_of)
{
    struct candidate change;
    change_of(&change, item, PRINCIPAL_RULE);
    change.undo_of = undo_of;
    return decide(warden, event, &change);
}

static uint64_t bits_of_facts(uint64_t facts, uint32_t n_max)
{
    uint64_t tools = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < N_FACTS; i++) {
        enum tool tool = evidence_tool((enum fact)i);
        bool counts =
            (facts & FACT_BIT(i)) != 0 && tool < N_TOOLS && (tools & (UINT64_C(1) << tool)) == 0;
        if (counts && n < n_max) {
            tools |= UINT64_C(1) << tool;
            n++;
        }
    }
    return tools;
}

/* Tools behind the facts of the rule that let the action pass. */
static uint64_t rule_tools(const struct warden *warden, const struct action *action)
{
    const struct policy *policy = warden->policy;
    uint32_t tier = UINT32_C(1) << warden->deployment->models[action->item.args.model.value - 1].tier;
    for (uint32_t i = 0; i < policy->n_rules; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        bool is_it = rule->verb == action->item.verb && (rule->tiers & tier) != 0 &&
                     (action->facts & rule->needs_all) == rule->needs_all &&
                     (rule->needs_any == 0 || (action->facts & rule->needs_any) != 0);
        if (is_it) {
            return bits_of_facts(rule->needs_all, N_TOOLS) |
                   bits_of_facts(rule->needs_any & action->facts, ANY_TOOLS_MAX);
        }
    }
    return 0;
}

uint32_t decision_tools(const struct warden *warden, const struct action *action)
{
    const struct advice_item *item = &action->item;
    uint64_t tools = UINT64_C(1) << TOOL_STATE | UINT64_C(1) << TOOL_CALENDAR;
    tools |= rule_tools(warden, action);
    bool restores_serving = item->verb == VERB_FALLBACK && item->args.release;
    if (item->args.target.value != 0 || restores_serving) {
        tools |= UINT64_C(1) << TOOL_REGISTRY;
    }
    bool ends_by_rule =
        item->args.release && action->principal == PRINCIPAL_RULE && action->undo_of.value == 0;
    if (ends_by_rule || item->verb == VERB_RETRAIN) { /* REQ S13: what the source looks like now. */
        tools |= UINT64_C(1) << TOOL_TABLES | UINT64_C(1) << TOOL_FEATURES;
    }
    if (ends_by_rule && item->verb == VERB_FALLBACK) {
        tools |= UINT64_C(1) << TOOL_GOLDEN;
    }
    return (uint32_t)(tools & warden->deployment->tools);
}
