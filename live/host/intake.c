/* SPDX-License-Identifier: Apache-2.0 */
/* What people and other servers bring: kept as a letter first, then an event. A letter that was kept is delivered once, whatever happens to the
 * process in between. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "live/host/parts.h"

enum { LETTER_BYTES = REPLY_BYTES_MAX };

static const char event_letter[] = "event";
static const char again_letter[] = "again"; /* Was in its step when the process died. */
static const char alert_letter[] = "alert";

/* Keeps the event and queues it; a duplicate counts as kept. Without a key every one counts: a person may ask twice for the same. */
static enum taken keep_event(struct live *live, const struct event *event,
                             const struct digest128 *key, uint64_t *ret_letter)
{
    uint8_t bytes[LETTER_BYTES];
    uint64_t letter = 0;
    bool is_duplicate = false;
    struct event named = *event; /* Number and time, given anew at its step, name the run meanwhile. */
    named.sequence = live->seed;
    named.at = live->epoch_unix_ns;
    size_t n_bytes = codec_pack_event(&named, bytes, sizeof(bytes));
    ASSERT(n_bytes > 0);
    struct digest128 name = {0, 0};
    randombytes_buf(&name, sizeof(name));
    name = key != NULL ? *key : name;
    bool is_halt = event->kind == EVENT_CONTROL && event->control.kind == CONTROL_HALT;
    enum sender sender = is_halt ? SENDER_HALT : key == NULL ? SENDER_PERSON : SENDER_MACHINE;
    if (live->broken || live->draining || !queue_is_open(live, sender)) {
        return TAKEN_BUSY;
    }
    enum err err = live_journal_put_letter(live->journal, event_letter, name,
                                           (struct slice){(const char *)bytes, n_bytes}, &letter,
                                           &is_duplicate, live->text);
    if (err != OK) {
        live_log(live, LIVE_ERROR, "%s", live->text->text);
        live->broken = true;
        return TAKEN_BUSY;
    }
    if (!is_duplicate && !live->settling) { /* Else the run that begins takes it up. */
        bool is_put = queue_put(live, event, letter);
        ASSERT(is_put);
    }
    *ret_letter = letter;
    return TAKEN_KEPT;
}

static enum taken take_act(void *self, const struct person_act *act, uint64_t *ret_letter)
{
    struct live *live = self;
    struct event event = {.kind = EVENT_CONTROL, .at = live_now(live)};
    if (live->dry_run) {
        return TAKEN_REFUSED; /* It keeps nothing, and halts nothing but itself. */
    }
    switch (act->kind) {
    case ACT_APPROVE:
    case ACT_DENY:
        event.kind = EVENT_APPROVAL;
        event.approval = (struct approval_event){.approval = act->request.approval,
                                                 .action_hash = act->request.action_hash,
                                                 .nonce = act->request.nonce,
                                                 .person = act->person,
                                                 .granted = act->kind == ACT_APPROVE,
                                                 .issued_at = event.at};
        break;
    case ACT_HALT:
    case ACT_RESUME:
        event.control.kind = act->kind == ACT_HALT ? CONTROL_HALT : CONTROL_RESET;
        event.control.person = act->person;
        break;
    case ACT_ACKNOWLEDGE:
        event.kind = EVENT_PAGE;
        event.page = (struct page_event){
            .page = act->page, .status = PAGE_ACKNOWLEDGED, .person = act->person};
        break;
    case ACT_TAKE:
    case ACT_RESOLVE:
        event.kind = EVENT_HANDLING;
        event.handling = (struct handling_event){.incident = act->incident,
                                                 .kind = act->kind == ACT_TAKE ? HANDLING_TAKEN
                                                                               : HANDLING_RESOLVED,
                                                 .person = act->person};
        break;
    case N_ACTS:
        return TAKEN_REFUSED;
    }
    live_log(live, LIVE_INFO, "%s: %s", board_person(&live->settings.deployment, act->person),
             act_name(act->kind));
    return keep_event(live, &event, NULL, ret_letter);
}

/* An alert wakes its model: what was not read yet is read at once. */
void intake_alert(struct live *live, const struct alert *alert)
{
    char line[BOARD_LINE_BYTES];
    (void)snprintf(line, sizeof(line), "alert %s: %s, %s, model %s, %s",
                   alert->firing ? "firing" : "resolved", alert->name, alert->severity,
                   board_model(&live->settings.deployment, alert->model), alert->summary);
    live_log(live, LIVE_INFO, "%s", line);
    board_say(live->board, (struct incident_id){0}, live_now(live), line);
    if (!alert->firing || alert->model.value == 0 || live->draining || live->is_first) {
        return;
    }
    struct watch *watch = &live->watches[alert->model.value - 1];
    int64_t to = live_now(live) - config_of(live)->lag_ns; /* What is younger is not whole yet. */
    to -= to % NS_PER_S;
    if (watch->window_to != 0 && to - watch->window_to >= NS_PER_S) {
        call_window(live, alert->model, to);
    }
}

static enum taken take_alerts(struct live *live, struct slice body,
                              char ret_error[EXCHANGE_ERROR_BYTES])
{
    struct alert_batch *batch = calloc(1, sizeof(*batch));
    enum taken taken = TAKEN_KEPT;
    if (batch == NULL || live->broken || live->draining) {
        free(batch);
        return TAKEN_BUSY;
    }
    if (!alertmanager_parse(body, &live->settings.deployment, batch, ret_error)) {
        free(batch);
        return TAKEN_REFUSED;
    }
    for (uint32_t i = 0; i < batch->n_alerts && taken == TAKEN_KEPT; i++) {
        const struct alert *alert = &batch->alerts[i];
        uint64_t letter = 0;
        bool is_duplicate = false;
        enum err err =
            live_journal_put_letter(live->journal, alert_letter, alert->key, slice_of(alert->name),
                                    &letter, &is_duplicate, live->text);
        if (err == OK && !is_duplicate) {
            err = live_journal_letter_done(live->journal, letter, live->text);
            intake_alert(live, alert);
        }
        if (err != OK) {
            live_log(live, LIVE_ERROR, "%s", live->text->text);
            live->broken = true;
            taken = TAKEN_BUSY;
        }
    }
    if (batch->n_hidden > 0) {
        live_log(live, LIVE_WARN, "%u alerts were not shown to us", batch->n_hidden);
    }
    free(batch);
    return taken;
}

static enum taken take_changes(struct live *live, bool is_lineage, struct slice body,
                               char ret_error[EXCHANGE_ERROR_BYTES])
{
    struct intake_batch *batch = calloc(1, sizeof(*batch));
    const struct deployment *deployment = &live->settings.deployment;
    int64_t now = live_now(live);
    if (batch == NULL) {
        return TAKEN_BUSY;
    }
    bool is_read =
        is_lineage
            ? intake_openlineage_parse(body, deployment, live->epoch_unix_ns, now, batch, ret_error)
            : intake_cloudevent_parse(body, deployment, live->epoch_unix_ns, now, batch, ret_error);
    enum taken taken = is_read ? TAKEN_KEPT : TAKEN_REFUSED;
    for (uint32_t i = 0; i < batch->n_changes && taken == TAKEN_KEPT; i++) {
        const struct intake_change *change = &batch->changes[i];
        struct event event = {.kind = EVENT_CHANGE, .at = now};
        uint64_t letter = 0;
        event.change.change = change->change;
        event.change.note = (struct slice){change->note, change->note_bytes};
        taken = keep_event(live, &event, &change->key, &letter);
    }
    free(batch);
    return taken;
}

static enum taken take_intake(void *self, enum intake_kind kind, struct slice body,
                              char ret_error[EXCHANGE_ERROR_BYTES])
{
    struct live *live = self;
    enum taken taken = kind == INTAKE_ALERT
                           ? take_alerts(live, body, ret_error)
                           : take_changes(live, kind == INTAKE_OPENLINEAGE, body, ret_error);
    /* A dry run looks at it and keeps it for nobody: the sender sends it again, to the steward that acts. */
    return taken == TAKEN_KEPT && live->dry_run ? TAKEN_BUSY : taken;
}

static void write_metrics(void *self, struct text *text)
{
    struct live *live = self;
    const struct docket *docket = steward_docket(live->steward);
    struct live_gauges gauges = {.mode = live_mode_names[config_of(live)->mode],
                                 .modes = live_mode_names,
                                 .halted = docket->halted,
                                 .ready = !live->broken,
                                 .n_incidents = docket->n_entries,
                                 .reload_ok = live->reload_ok,
                                 .reload_unix_s = live->reload_unix_s,
                                 .epoch_unix_ns = live->epoch_unix_ns,
                                 .n_requests_failed = live->n_requests_failed,
                                 .n_queued = live->n_queued};
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        gauges.n_approvals +=
            board_request(live->board, docket, live->board->requests[i].request.approval,
                          live_now(live)) != NULL;
    }
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        gauges.n_actions += live->calls[i].kind == CALL_ALIAS || live->calls[i].kind == CALL_HOOK_ACT;
    }
    live_metrics_write(live->metrics, &gauges, &live->meter, text);
}

static bool write_ready(void *self, struct text *text)
{
    struct live *live = self;
    bool is_ready = !live->broken && !live->draining && queue_is_open(live, SENDER_MACHINE);
    text_put(text, is_ready ? "{\"ready\":true,\"failing\":[" : "{\"ready\":false,\"failing\":[");
    text_put(text, live->broken ? "\"journal\"" : "");
    text_put(text, live->draining ? live->broken ? ",\"draining\"" : "\"draining\"" : "");
    if (!queue_is_open(live, SENDER_MACHINE)) {
        text_put(text, live->broken || live->draining ? ",\"queue\"" : "\"queue\"");
    }
    text_put(text, "]}\n");
    return is_ready;
}

static int64_t tell_now(void *self) { return live_now(self); }

static int64_t tell_steady(void *self)
{
    (void)self; /* One clock for everybody. */
    return live_steady();
}

struct server_port intake_port(struct live *live)
{
    return (struct server_port){live,        take_act, take_intake, write_metrics,
                                write_ready, tell_now, tell_steady};
}

/* What an old run was told and did not step: the kill switch holds for this one too, and what changed has changed. Everything else was about
 * incidents, approvals and people of that run. */
static bool crosses(const struct live *live, struct event *event)
{
    const struct deployment *deployment = &live->settings.deployment;
    if (event->kind == EVENT_CONTROL && event->control.kind == CONTROL_HALT) {
        event->control.person.value = 0;
        return true;
    }
    if (event->kind != EVENT_CHANGE) {
        return false;
    }
    struct change *change = &event->change.change;
    int64_t at = change->at + event->at - live->epoch_unix_ns, now = live_now(live);
    change->at = at < 0 ? 0 : at > now ? now : at;
    return change->model.value <= deployment->n_models && change->table.value <= deployment->n_tables;
}

static enum err take_letter(void *self, uint64_t letter, const char *kind, struct slice body)
{
    struct live *live = self;
    struct event event;
    memset(&event, 0, sizeof(event));
    if (strcmp(kind, event_letter) != 0 && strcmp(kind, again_letter) != 0) {
        return OK; /* Of an alert: every window is read anew at a start. */
    }
    bool is_read = codec_unpack_event((const uint8_t *)body.bytes, body.n_bytes, &event);
    if (is_read && event.sequence != live->seed && !crosses(live, &event)) {
        live_log(live, LIVE_WARN, "a letter to the run before is not delivered");
        return live_journal_letter_done(live->journal, letter, live->text);
    }
    return is_read && queue_put(live, &event, letter) ? OK : ERR_DATA;
}

enum err intake_letters(struct live *live)
{
    struct live_letter_port port = {live, take_letter};
    return live_journal_letters(live->journal, &port, live->text);
}
