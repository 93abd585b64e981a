/* SPDX-License-Identifier: Apache-2.0 */
/* Auditor: makes each row of the audit self-contained. */
#include "core/base/assert.h"
#include "core/warden/parts.h"

struct record *audit(struct warden *warden, enum record_kind kind, struct incident_id incident,
                     struct model_id model)
{
    ASSERT(warden->effects != NULL);
    struct record *record = effects_record(warden->effects, kind);
    record->incident = incident;
    record->model = model;
    return record;
}

static void put_evidence(struct record *record, const struct evidence_id *evidence, uint32_t n)
{
    ASSERT(n <= EVIDENCE_CITED_MAX);
    record->n_evidence = n;
    for (uint32_t i = 0; i < n; i++) {
        record->evidence[i] = evidence[i];
    }
}

static void put_identity(const struct warden *warden, struct record *record)
{
    record->policy = warden->policy_digest;
    record->mind = warden->mind;
}

struct record *audit_change(struct warden *warden, enum record_kind kind,
                            const struct candidate *change)
{
    const struct advice_item *item = &change->item;
    struct record *record = audit(warden, kind, item->incident, item->model);
    record->plan = item->plan;
    record->step = item->step;
    record->verb = item->verb;
    record->args = item->args;
    record->principal = change->principal;
    record->verdict = change->verdict;
    memcpy(record->layers, change->layers, sizeof record->layers);
    record->refused_layer = change->refused_layer;
    record->reason = change->reason;
    record->cause = item->cause;
    record->facts = change->facts;
    put_evidence(record, item->evidence, item->n_evidence);
    record->advice_kind = (uint8_t)item->kind;
    if (change->action != NULL) {
        record->action = change->action->id;
        record->approval = change->action->approval;
    }
    put_identity(warden, record);
    return record;
}

struct record *audit_action(struct warden *warden, enum record_kind kind, const struct action *action)
{
    const struct advice_item *item = &action->item;
    struct record *record = audit(warden, kind, item->incident, item->args.model);
    record->action = action->id;
    record->plan = item->plan;
    record->step = item->step;
    record->verb = item->verb;
    record->args = item->args;
    record->key = action->key;
    record->principal = action->principal;
    record->verdict = action->verdict;
    memcpy(record->layers, action->layers, sizeof record->layers);
    record->cause = item->cause;
    record->facts = action->facts;
    put_evidence(record, action->evidence, action->n_evidence);
    record->approval = action->approval;
    record->action_state = action->state;
    put_identity(warden, record);
    return record;
}

/* A refused item may be ill-formed: what the row could not carry stays out of it. */
void audit_refusal(struct warden *warden, const struct candidate *change)
{
    const struct advice_item *item = &change->item;
    struct record *record = audit(warden, RECORD_REFUSED, item->incident, item->model);
    if (item->kind == ADVICE_PROPOSE && item->verb < N_VERBS) {
        record->verb = item->verb;
        record->plan = item->plan;
        record->step = item->step;
    }
    bool sound = item->kind == ADVICE_PROPOSE && change->layers[4] == LAYER_PASS;
    if (sound) { /* Typed, and of no doubtful origin. */
        record->args = item->args;
    }
    record->principal = change->principal;
    record->verdict = change->verdict;
    memcpy(record->layers, change->layers, sizeof record->layers);
    record->refused_layer = change->refused_layer;
    record->reason = change->reason;
    record->advice_kind = item->kind < N_ADVICE_KINDS ? (uint8_t)item->kind : 0;
    record->facts = change->facts;
    if (item->n_evidence <= EVIDENCE_CITED_MAX) {
        put_evidence(record, item->evidence, item->n_evidence);
    }
    if (change->action != NULL) {
        record->action = change->action->id;
    }
    put_identity(warden, record);
}

void audit_rejected(struct warden *warden, struct incident_id incident, struct person_id person,
                    uint8_t layer, enum refusal reason)
{
    struct record *record = audit(warden, RECORD_REJECTED, incident, (struct model_id){0});
    record->person = person;
    record->principal = PRINCIPAL_HUMAN;
    record->refused_layer = layer;
    record->reason = reason;
}
