/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals: requests bound to the exact action, and answers that are believed only when everything about them is right. */
#include "core/base/assert.h"
#include "core/warden/parts.h"

struct approval *approvals_find(struct warden *warden, struct approval_id id)
{
    for (uint32_t i = 0; i < APPROVALS_MAX && id.value != 0; i++) {
        if (warden->approvals[i].id.value == id.value) {
            return &warden->approvals[i];
        }
    }
    return NULL;
}

bool approvals_request(struct warden *warden, struct action *action)
{
    struct approval *approval = NULL;
    for (uint32_t i = 0; i < APPROVALS_MAX && approval == NULL; i++) {
        approval = warden->approvals[i].id.value == 0 ? &warden->approvals[i] : NULL;
    }
    if (approval == NULL) {
        return false;
    }
    *approval = (struct approval){.id = {++warden->approval_last},
                                  .action = action->id,
                                  .action_hash = action_hash(action->item.verb, &action->item.args),
                                  .nonce = stream_u64(&warden->nonces),
                                  .quorum = action->verdict == VERDICT_TWO ? 2 : 1,
                                  .requested_at = warden->now,
                                  .expires_at = warden->now + warden->policy->limits.approval_ttl_ns};
    action->approval = approval->id;
    actuator_move(warden, action, ACTION_AWAITING);
    struct record *record = audit_action(warden, RECORD_REQUESTED, action);
    record->deadline = approval->expires_at;
    record->n = approval->quorum;
    struct request_effect *request = &effects_push(warden->effects, EFFECT_REQUEST_APPROVAL)->request;
    request->approval = approval->id;
    request->incident = action->item.incident;
    request->action = action->id;
    request->action_hash = approval->action_hash;
    request->verb = action->item.verb;
    request->args = action->item.args;
    request->nonce = approval->nonce;
    request->quorum = approval->quorum;
    request->expires_at = approval->expires_at;
    return true;
}

static bool has_answered(const struct approval *approval, struct person_id person)
{
    for (uint32_t i = 0; i < approval->n_granted; i++) {
        if (approval->granted[i].value == person.value) {
            return true;
        }
    }
    return false;
}

/* REQ S10: this very action, this very request, a person who may, in time, and each voice once. */
static enum refusal answer_refusal(const struct warden *warden, const struct approval *approval,
                                   const struct approval_event *event)
{
    if (approval == NULL || approval->n_granted >= approval->quorum ||
        !digest128_equal(approval->action_hash, event->action_hash) ||
        approval->nonce != event->nonce) {
        return REFUSAL_APPROVAL_MISMATCH;
    }
    if (!deployment_person_has(warden->deployment, event->person, ROLE_APPROVER)) {
        return REFUSAL_APPROVAL_ROLE;
    }
    bool in_time = event->issued_at >= approval->requested_at && event->issued_at <= warden->now &&
                   warden->now < approval->expires_at;
    if (!in_time) {
        return REFUSAL_APPROVAL_EXPIRED;
    }
    return has_answered(approval, event->person) ? REFUSAL_DUPLICATE : REFUSAL_NONE;
}

void approvals_event(struct warden *warden, const struct approval_event *event)
{
    struct approval *approval = approvals_find(warden, event->approval);
    struct action *action = approval == NULL ? NULL : actuator_find(warden, approval->action);
    enum refusal refusal = answer_refusal(warden, action == NULL ? NULL : approval, event);
    if (refusal != REFUSAL_NONE) {
        struct incident_id incident =
            action == NULL ? (struct incident_id){0} : action->item.incident;
        audit_rejected(warden, incident, event->person, 10, refusal);
        return;
    }
    ASSERT(action->state == ACTION_AWAITING);
    struct record *record =
        audit_action(warden, event->granted ? RECORD_APPROVED : RECORD_DENIED, action);
    record->person = event->person;
    record->deadline = approval->expires_at;
    if (!event->granted) {
        struct candidate change;
        change_of(&change, &action->item, action->principal);
        change.refused_layer = 10;
        change.reason = REFUSAL_NEEDS_HUMAN;
        actuator_move(warden, action, ACTION_REFUSED);
        incidents_refused(warden, &change);
        return;
    }
    ASSERT(approval->n_granted < 2);
    approval->granted[approval->n_granted++] = event->person;
    record->n = approval->n_granted;
    if (approval->n_granted == approval->quorum) {
        action->deadline = approval->expires_at - EFFECT_LAG_NS;
        actuator_check(warden, action);
    }
}

static void expire(struct warden *warden, struct action *action)
{
    struct incident_id incident = action->item.incident;
    struct candidate change;
    change_of(&change, &action->item, action->principal);
    change.refused_layer = 10;
    change.reason = REFUSAL_APPROVAL_EXPIRED;
    (void)audit_action(warden, RECORD_EXPIRED, action);
    actuator_move(warden, action, ACTION_EXPIRED);
    incidents_refused(warden, &change);
    int32_t i_entry = incidents_index(warden, incident);
    if (i_entry >= 0) {
        escalator_escalate(warden, (uint32_t)i_entry, ROLE_ONCALL,
                           warden->incidents[i_entry].severity, REFUSAL_APPROVAL_EXPIRED);
    }
}

void approvals_step(struct warden *warden)
{
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        const struct approval *approval = &warden->approvals[i];
        bool over = approval->id.value != 0 && warden->now >= approval->expires_at;
        if (!over || !effects_have_room(warden->effects, ADVICE_ROOM)) {
            continue;
        }
        struct action *action = actuator_find(warden, approval->action);
        ASSERT(action != NULL);
        if (action->state == ACTION_AWAITING) {
            expire(warden, action);
        }
    }
}

void approvals_drop(struct warden *warden, struct action *action)
{
    struct approval *approval = approvals_find(warden, action->approval);
    if (approval != NULL) {
        *approval = (struct approval){0};
    }
}

int64_t approvals_deadline(const struct warden *warden)
{
    int64_t due = NEVER;
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        const struct approval *approval = &warden->approvals[i];
        bool open = approval->id.value != 0 && approval->n_granted < approval->quorum;
        if (open && approval->expires_at < due) {
            due = approval->expires_at;
        }
    }
    return due;
}
