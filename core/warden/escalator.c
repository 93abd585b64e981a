/* SPDX-License-Identifier: Apache-2.0 */
/* Escalator: pages until one is delivered, reminds one level higher until somebody answers, and notifies. Never silence. */
#include "core/base/assert.h"
#include "core/warden/parts.h"

/* The role asked first; from the second level on the rota. Somebody of the rota where the role has nobody. */
static struct person_id person_for(const struct warden *warden, const struct escalation *escalation)
{
    struct person_id person = {0};
    if (escalation->level == 1 || escalation->recipient == ROLE_ONCALL) {
        person = deployment_person(warden->deployment, escalation->recipient, escalation->level);
    }
    return person.value != 0 ? person
                             : deployment_person(warden->deployment, ROLE_ONCALL, escalation->level);
}

static struct record *audit_escalation(struct warden *warden, enum record_kind kind,
                                       const struct escalation *escalation)
{
    struct record *record = audit(warden, kind, escalation->incident, escalation->model);
    record->severity = escalation->severity;
    record->level = escalation->level;
    record->recipient = escalation->recipient;
    record->cause = escalation->cause;
    return record;
}

static void page_renew(struct warden *warden, struct escalation *escalation)
{
    escalation->page.value = ++warden->page_last;
    escalation->pages[escalation->n_pages % PAGES_KEPT] = escalation->page;
    escalation->n_pages++;
    escalation->page_at = NEVER;
    escalation->next_try = warden->now;
    escalation->delivered = false;
}

/* REQ S23: the same page again until it is delivered. */
static void page_send(struct warden *warden, struct escalation *escalation)
{
    struct person_id person = person_for(warden, escalation);
    struct record *record = audit_escalation(warden, RECORD_PAGED, escalation);
    record->page = escalation->page;
    record->person = person;
    struct page_effect *page = &effects_push(warden->effects, EFFECT_PAGE)->page;
    page->page = escalation->page;
    page->incident = escalation->incident;
    page->model = escalation->model;
    page->recipient = escalation->recipient;
    page->person = person;
    page->severity = escalation->severity;
    page->level = escalation->level;
    page->cause = escalation->cause;
    if (escalation->page_at == NEVER) {
        escalation->page_at = warden->now;
    }
    escalation->next_try = warden->now + PAGE_RETRY_NS;
}

static void begin(struct warden *warden, struct escalation *escalation, enum refusal reason)
{
    escalation->active = true;
    escalation->level = 1;
    escalation->decided_at = warden->now;
    struct record *record = audit_escalation(warden, RECORD_ESCALATED, escalation);
    record->reason = reason;
    int32_t i_entry = incidents_index(warden, escalation->incident);
    if (i_entry >= 0) {
        const struct incident *incident = &warden->incidents[i_entry];
        record->n_evidence = incident->n_evidence;
        memcpy(record->evidence, incident->evidence, sizeof(record->evidence));
    }
    page_renew(warden, escalation);
    page_send(warden, escalation);
}

void escalator_escalate(struct warden *warden, uint32_t i_entry, enum role recipient,
                        uint8_t severity, enum refusal reason)
{
    ASSERT(i_entry < warden->docket.n_entries);
    struct docket_entry *entry = &warden->docket.entries[i_entry];
    struct incident *incident = &warden->incidents[i_entry];
    struct escalation *escalation = &incident->escalation;
    bool more =
        escalation->active && recipient == ROLE_SECURITY &&
        escalation->recipient != ROLE_SECURITY; /* Security is called beside whoever was called. */
    if (incident_is_closed(entry->state) || (escalation->active && !more)) {
        return;
    }
    escalation->severity = severity; /* Who has answered already need not answer again. */
    escalation->recipient = recipient;
    escalation->cause = incident->cause;
    escalation->incident = entry->incident;
    escalation->model = entry->model;
    entry->escalated = true;
    if (entry->state != INCIDENT_ESCALATED) {
        incidents_move(warden, i_entry, INCIDENT_ESCALATED);
    }
    incidents_touch(warden, i_entry, true);
    begin(warden, escalation, reason);
}

void escalator_own(struct warden *warden, struct model_id model, enum refusal reason)
{
    struct escalation *own = &warden->own;
    bool told = own->n_pages > 0 && warden->now - own->decided_at < BURN_PAUSE_NS;
    if (own->active || told) {
        return;
    }
    own->acknowledged = false;
    own->severity = 2;
    own->recipient = ROLE_ONCALL;
    own->cause = CAUSE_UNKNOWN;
    own->model = model;
    begin(warden, own, reason);
}

static bool is_of(const struct escalation *escalation, struct page_id page)
{
    uint32_t n = escalation->n_pages < PAGES_KEPT ? escalation->n_pages : PAGES_KEPT;
    for (uint32_t i = 0; i < n; i++) {
        if (escalation->active && escalation->pages[i].value == page.value) {
            return true;
        }
    }
    return false;
}

static struct escalation *find(struct warden *warden, struct page_id page)
{
    if (is_of(&warden->own, page)) {
        return &warden->own;
    }
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        if (is_of(&warden->incidents[i].escalation, page)) {
            return &warden->incidents[i].escalation;
        }
    }
    return NULL;
}

static bool is_known(const struct warden *warden, struct person_id person)
{
    return person.value >= 1 && person.value <= warden->deployment->n_people;
}

static void acknowledge(struct warden *warden, struct escalation *escalation,
                        const struct page_event *event)
{
    if (!is_known(warden, event->person)) {
        audit_rejected(warden, escalation->incident, event->person, 10, REFUSAL_APPROVAL_ROLE);
        return;
    }
    struct record *record = audit_escalation(warden, RECORD_ACKNOWLEDGED, escalation);
    record->page = event->page;
    record->person = event->person;
    record->principal = PRINCIPAL_HUMAN;
    escalation->acknowledged = true;
    escalation->delivered = true; /* Who answers has read it. */
    int32_t i_entry = incidents_index(warden, escalation->incident);
    if (i_entry >= 0) {
        warden->docket.entries[i_entry].acknowledged = true;
        incidents_touch(warden, (uint32_t)i_entry, true);
    }
}

void escalator_page_event(struct warden *warden, const struct page_event *event)
{
    struct escalation *escalation = find(warden, event->page);
    if (escalation == NULL) {
        return; /* About an incident that is closed meanwhile: nothing waits for it. */
    }
    bool newest = escalation->page.value == event->page.value;
    switch (event->status) {
    case PAGE_DELIVERED: {
        struct record *record = audit_escalation(warden, RECORD_DELIVERED, escalation);
        record->page = event->page;
        record->person = event->person;
        escalation->delivered = escalation->delivered || newest;
        return;
    }
    case PAGE_UNDELIVERED: /* The next try is scheduled already. */
        return;
    case PAGE_ACKNOWLEDGED:
        if (!escalation->acknowledged) {
            acknowledge(warden, escalation, event);
        }
        return;
    case N_PAGE_STATUSES:
        return;
    }
}

/* Whether a delivery came while the process was dead is not known: the page goes out again. */
static void recover(struct warden *warden, struct escalation *escalation)
{
    if (escalation->active && !escalation->delivered) {
        escalation->next_try = warden->now;
    }
}

void escalator_recover(struct warden *warden)
{
    recover(warden, &warden->own);
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        recover(warden, &warden->incidents[i].escalation);
    }
}

static int64_t reminder_at(const struct warden *warden, const struct escalation *escalation)
{
    bool waits = !escalation->acknowledged && escalation->page_at != NEVER;
    return waits ? escalation->page_at + warden->policy->limits.acknowledge_ns : NEVER;
}

static void step(struct warden *warden, struct escalation *escalation)
{
    if (!escalation->active || !effects_have_room(warden->effects, 2)) {
        return;
    }
    if (warden->now >= reminder_at(warden, escalation)) { /* REQ S24 */
        escalation->level = escalation->level < LEVELS ? (uint8_t)(escalation->level + 1) : LEVELS;
        page_renew(warden, escalation);
    }
    if (!escalation->delivered && warden->now >= escalation->next_try) {
        page_send(warden, escalation);
    }
}

void escalator_step(struct warden *warden)
{
    step(warden, &warden->own);
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        if (!incident_is_closed(warden->docket.entries[i].state)) {
            step(warden, &warden->incidents[i].escalation);
        }
    }
}

static int64_t due_of(const struct warden *warden, const struct escalation *escalation)
{
    if (!escalation->active) {
        return NEVER;
    }
    int64_t reminder = reminder_at(warden, escalation);
    int64_t retry = escalation->delivered ? NEVER : escalation->next_try;
    return reminder < retry ? reminder : retry;
}

int64_t escalator_deadline(const struct warden *warden)
{
    int64_t due = due_of(warden, &warden->own);
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        int64_t next = incident_is_closed(warden->docket.entries[i].state)
                           ? NEVER
                           : due_of(warden, &warden->incidents[i].escalation);
        due = next < due ? next : due;
    }
    return due;
}

static struct person_id producer_of(const struct warden *warden, struct table_id table)
{
    return table.value >= 1 && table.value <= warden->deployment->n_tables
               ? warden->deployment->tables[table.value - 1].producer
               : (struct person_id){0};
}

void escalator_notify(struct warden *warden, const struct event *event, const struct candidate *change)
{
    (void)event; /* A notification has no deadline. */
    const struct advice_item *item = &change->item;
    int32_t i_entry = incidents_index(warden, item->incident);
    struct candidate refused = *change;
    if (i_entry < 0 || incident_is_closed(warden->docket.entries[i_entry].state)) {
        decision_refuse(warden, &refused, 3, REFUSAL_UNKNOWN_INCIDENT);
        return;
    }
    struct incident *incident = &warden->incidents[i_entry];
    struct table_id table = item->args.table;
    struct person_id person = {0};
    if (item->args.recipient == ROLE_PRODUCER && table.value != 0) {
        person = producer_of(warden, table);
    } else {
        person = deployment_person(warden->deployment, item->args.recipient, 1);
    }
    if (person.value == 0) {
        decision_refuse(warden, &refused, 3, REFUSAL_BAD_ARGUMENT);
        return;
    }
    if (incident->n_notifies >= NOTIFIES_MAX) {
        decision_refuse(warden, &refused, 7, REFUSAL_BUDGET);
        return;
    }
    incident->n_notifies++;
    struct model_id model = warden->docket.entries[i_entry].model;
    struct record *record = audit(warden, RECORD_NOTIFIED, item->incident, model);
    record->recipient = item->args.recipient;
    record->person = person;
    record->cause = item->cause;
    record->principal = change->principal;
    record->args.table = table;
    record->n_evidence = item->n_evidence;
    memcpy(record->evidence, item->evidence, sizeof(record->evidence));
    struct notify_effect *notify = &effects_push(warden->effects, EFFECT_NOTIFY)->notify;
    notify->incident = item->incident;
    notify->model = model;
    notify->table = table;
    notify->recipient = item->args.recipient;
    notify->person = person;
    notify->cause = item->cause;
}
