/* SPDX-License-Identifier: Apache-2.0 */
/* The board. */
#include "live/server/board.h"

#include <string.h>

#include "core/formats/fingerprint.h"
#include "core/types/names.h"

const char *board_model(const struct deployment *deployment, struct model_id model)
{
    const struct model_entry *entry = model.value >= 1 && model.value <= deployment->n_models
                                          ? &deployment->models[model.value - 1]
                                          : NULL;
    return entry == NULL ? "fleet" : entry->name;
}

const char *board_person(const struct deployment *deployment, struct person_id person)
{
    bool is_known = person.value >= 1 && person.value <= deployment->n_people;
    return is_known ? deployment->people[person.value - 1].name : "nobody";
}

static void put_number(struct text *text, const char *before, uint64_t value)
{
    text_put(text, before);
    text_put_u64(text, value);
}

static void put_digest(struct text *text, const char *before, struct digest128 digest)
{
    if (digest.hi == 0 && digest.lo == 0) {
        return;
    }
    text_put(text, before);
    digest128_put(text, digest);
}

static void put_features(const struct model_entry *model, uint32_t mask, struct text *text)
{
    text_put(text, ", features");
    for (uint32_t i = 0; i < model->n_features; i++) {
        if ((mask >> i & 1u) != 0) {
            text_put_char(text, ' ');
            text_put(text, model->features[i].name);
        }
    }
}

static void put_duration(struct text *text, const char *before, int64_t ns)
{
    text_put(text, before);
    text_put_duration(text, ns);
}

void board_action(const struct deployment *deployment, enum verb verb,
                  const struct action_args *args, struct text *text)
{
    text_put(text, verb_name(verb));
    text_put_char(text, ' ');
    text_put(text, board_model(deployment, args->model));
    if (args->release) {
        text_put(text, ", take the earlier one away");
    }
    if (args->target.value != 0) {
        put_number(text, verb == VERB_ROLLBACK_CONFIG ? " to configuration " : " to version ",
                   args->target.value);
    }
    put_digest(text, ", artefact ", args->subject);
    if (args->table.value >= 1 && args->table.value <= deployment->n_tables) {
        text_put(text, ", table ");
        text_put(text, deployment->tables[args->table.value - 1].name);
    }
    bool is_model = args->model.value >= 1 && args->model.value <= deployment->n_models;
    if (args->feature_mask != 0 && is_model) {
        put_features(&deployment->models[args->model.value - 1], args->feature_mask, text);
    }
    if (verb == VERB_RETRAIN) {
        text_put(text, " on rows ");
        text_put(text, train_window_name(args->window));
        text_put(text, " from ");
        text_put_clock(text, args->from_ns);
        text_put(text, " to ");
        text_put_clock(text, args->to_ns);
    }
    if (args->weight_ppm != 0) {
        text_put(text, ", share of traffic ");
        text_put_fixed(text, args->weight_ppm / 1e4, 2);
        text_put(text, " %");
    }
    if (args->step_ppm != 0) {
        text_put(text, ", threshold by ");
        text_put_fixed(text, args->step_ppm / 1e6, 3);
        text_put(text, " sd of the score");
    }
    if (verb == VERB_FALLBACK && !args->release) {
        text_put(text, ", mode ");
        text_put(text, fallback_mode_name(args->mode));
    }
    if (args->ttl_ns != 0) {
        put_duration(text, ", for ", args->ttl_ns);
    }
    if (args->purge) {
        text_put(text, ", and DELETE what is replaced");
    }
}

static void put_facts(uint64_t facts, struct text *text)
{
    const char *before = "; facts: ";
    for (int i = 0; i < N_FACTS; i++) {
        if ((facts & FACT_BIT(i)) != 0) {
            text_put(text, before);
            text_put(text, fact_name((enum fact)i));
            before = " ";
        }
    }
}

static void put_evidence(const struct record *record, struct text *text)
{
    for (uint32_t i = 0; i < record->n_evidence && i < EVIDENCE_CITED_MAX; i++) {
        put_number(text, i == 0 ? "; evidence: #" : " #", record->evidence[i].value);
    }
}

static void put_metric(const struct record *record, struct text *text)
{
    bool has_metric = record->kind == RECORD_VERIFIED || record->kind == RECORD_UNDO ||
                      record->kind == RECORD_CLOSED || record->kind == RECORD_WATCHED ||
                      record->kind == RECORD_CANARY;
    if (record->n == 0 || !has_metric) {
        return;
    }
    text_put(text, "; error ");
    text_put_fixed(text, record->metric, 4);
    text_put(text, " against ");
    text_put_fixed(text, record->limit, 4);
    put_number(text, " on ", record->n);
    text_put(text, " labels");
}

static bool has_action(const struct record *record)
{
    bool is_there = record->action.value != 0 || record->kind == RECORD_DECIDED ||
                    (record->kind == RECORD_REFUSED && record->advice_kind == ADVICE_PROPOSE);
    return is_there && record->args.model.value != 0;
}

void board_record(const struct deployment *deployment, const struct record *record, struct text *text)
{
    text_put(text, record_name(record->kind));
    if (has_action(record)) {
        text_put_char(text, ' ');
        board_action(deployment, record->verb, &record->args, text);
    } else if (record->kind == RECORD_REFUSED) {
        text_put_char(text, ' ');
        text_put(text, advice_name((enum advice_kind)record->advice_kind));
        if (record->advice_kind == ADVICE_PROPOSE) { /* Its arguments were not sound enough to be kept. */
            text_put_char(text, ' ');
            text_put(text, verb_name(record->verb));
            text_put_char(text, ' ');
            text_put(text, board_model(deployment, record->model));
        }
    }
    if (record->kind == RECORD_DECIDED) {
        text_put(text, ": ");
        text_put(text, verdict_name(record->verdict));
        text_put(text, record->verdict == VERDICT_ONE   ? " approval"
                       : record->verdict == VERDICT_TWO ? " approvals"
                                                        : "");
    }
    if (record->kind == RECORD_OUTCOME || record->kind == RECORD_VERIFIED ||
        record->kind == RECORD_UNDO || record->kind == RECORD_RECONCILED) {
        text_put(text, ": ");
        text_put(text, action_state_name((enum action_state)record->action_state));
    }
    if (record->kind == RECORD_CLOSED) {
        text_put(text, ": ");
        text_put(text, incident_state_name((enum incident_state)record->incident_state));
    }
    if (record->reason != REFUSAL_NONE) {
        text_put(text, " - ");
        text_put(text, refusal_name(record->reason));
        if (record->reason == REFUSAL_NO_ADAPTER && record->advice_kind == ADVICE_PROPOSE) {
            text_put(text, " for ");
            text_put(text, verb_name(record->verb));
            text_put(text, " in this deployment");
        }
        if (record->kind == RECORD_REFUSED || record->kind == RECORD_REJECTED) {
            text_put(text, " (layer ");
            text_put(text, layer_name(record->refused_layer));
            text_put(text, ")");
        }
    }
    bool has_cause = record->kind == RECORD_ESCALATED || record->kind == RECORD_PAGED ||
                     record->kind == RECORD_CLOSED || record->kind == RECORD_DECIDED;
    if (has_cause) {
        text_put(text, "; cause ");
        text_put(text, cause_name(record->cause));
    }
    if (record->person.value != 0) {
        text_put(text, "; ");
        text_put(text, board_person(deployment, record->person));
    }
    if (record->kind == RECORD_DECIDED || record->kind == RECORD_INTENT) {
        put_facts(record->facts, text);
    }
    put_metric(record, text);
    if (record->kind != RECORD_LOCKED && record->kind != RECORD_UNLOCKED) {
        put_evidence(record, text);
    }
}

void board_init(struct board *board, const struct deployment *deployment)
{
    memset(board, 0, sizeof(*board));
    board->deployment = deployment;
    board->incidents[0].closed_at = NEVER;
}

static struct board_incident *find(struct board *board, struct incident_id incident)
{
    for (uint32_t i = 0; i < BOARD_INCIDENTS_MAX; i++) {
        if (board->incidents[i].incident.value == incident.value) {
            return &board->incidents[i];
        }
    }
    return &board->incidents[0];
}

const struct board_incident *board_find(const struct board *board, struct incident_id incident)
{
    for (uint32_t i = 1; i < BOARD_INCIDENTS_MAX; i++) {
        if (incident.value != 0 && board->incidents[i].incident.value == incident.value) {
            return &board->incidents[i];
        }
    }
    return incident.value == 0 ? &board->incidents[0] : NULL;
}

const struct board_incident *board_newest(const struct board *board, uint32_t i)
{
    uint32_t kept =
        board->n_incidents < BOARD_INCIDENTS_MAX - 1 ? board->n_incidents : BOARD_INCIDENTS_MAX - 1;
    return i < kept ? &board->incidents[1 + (board->n_incidents - 1 - i) % (BOARD_INCIDENTS_MAX - 1)]
                    : NULL;
}

void board_verdict(struct board *board, uint64_t letter, const struct effects *effects)
{
    struct board_verdict *verdict = &board->verdicts[board->n_verdicts++ % BOARD_VERDICTS_MAX];
    *verdict = (struct board_verdict){letter, REFUSAL_NONE};
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind == EFFECT_RECORD && effect->record.kind == RECORD_REJECTED) {
            verdict->reason = effect->record.reason;
        }
    }
}

void request_code(const struct request_effect *request, char ret_code[REQUEST_CODE_BYTES])
{
    const uint64_t parts[3] = {request->action_hash.hi, request->action_hash.lo, request->nonce};
    char hex[33];
    fingerprint_hex(fingerprint_of(parts, sizeof(parts)), hex);
    memcpy(ret_code, hex, REQUEST_CODE_BYTES - 1);
    ret_code[REQUEST_CODE_BYTES - 1] = '\0';
}

void board_say(struct board *board, struct incident_id incident, int64_t at, const char *words)
{
    struct board_incident *into = find(board, incident);
    struct board_line *line = &into->lines[into->n_lines++ % BOARD_LINES_MAX];
    struct text text;
    line->at = at;
    text_init(&text, line->words, sizeof(line->words));
    text_put(&text, words);
}

static void open_incident(struct board *board, const struct record *record, int64_t at)
{
    struct board_incident *incident =
        &board->incidents[1 + board->n_incidents % (BOARD_INCIDENTS_MAX - 1)];
    board->n_incidents++;
    memset(incident, 0, sizeof(*incident));
    incident->incident = record->incident;
    incident->model = record->model;
    incident->opened_at = at;
    incident->closed_at = NEVER;
    incident->severity = record->severity;
    incident->state = INCIDENT_OPEN;
}

static void answer_request(struct board *board, const struct record *record)
{
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        struct board_request *request = &board->requests[i];
        bool is_it = request->request.approval.value != 0 &&
                     request->request.action.value == record->action.value;
        if (!is_it) {
            continue;
        }
        request->n_granted += record->kind == RECORD_APPROVED;
        if (record->kind != RECORD_APPROVED || request->n_granted >= request->request.quorum) {
            request->request.approval.value = 0;
        }
    }
}

static void take_record(struct board *board, const struct record *record, int64_t at)
{
    char words[BOARD_LINE_BYTES];
    struct text text;
    if (record->kind == RECORD_OPENED) {
        open_incident(board, record, at);
    }
    struct board_incident *incident = find(board, record->incident);
    text_init(&text, words, sizeof(words));
    board_record(board->deployment, record, &text);
    board_say(board, record->incident, at, words);
    switch (record->kind) {
    case RECORD_APPROVED:
    case RECORD_DENIED:
    case RECORD_EXPIRED:
        answer_request(board, record);
        return;
    case RECORD_CONTAINED:
        incident->state = INCIDENT_CONTAINED;
        return;
    case RECORD_WATCHED:
        incident->state = INCIDENT_WATCHED;
        return;
    case RECORD_ESCALATED:
        incident->state = INCIDENT_ESCALATED;
        incident->cause = record->cause;
        return;
    case RECORD_PAGED:
        incident->page = record->page;
        return;
    case RECORD_ACKNOWLEDGED:
        incident->page.value = 0;
        return;
    case RECORD_CLOSED:
        incident->state = (enum incident_state)record->incident_state;
        incident->cause = record->cause;
        incident->closed_at = incident->incident.value == 0 ? NEVER : at;
        incident->page.value = 0;
        return;
    case RECORD_HALTED:
        board->halted = true;
        return;
    case RECORD_RESET:
        board->halted = false;
        return;
    case RECORD_DECIDED:
        incident->cause = record->cause;
        incident->facts = record->facts;
        return;
    case RECORD_OPENED:
    case RECORD_REFUSED:
    case RECORD_REQUESTED:
    case RECORD_REJECTED:
    case RECORD_LOCKED:
    case RECORD_UNLOCKED:
    case RECORD_INTENT:
    case RECORD_OUTCOME:
    case RECORD_VERIFIED:
    case RECORD_UNDO:
    case RECORD_CANARY:
    case RECORD_DELIVERED:
    case RECORD_RECONCILED:
    case RECORD_NOTIFIED:
    case N_RECORD_KINDS:
        return;
    }
}

static void take_request(struct board *board, const struct request_effect *request, int64_t at)
{
    struct board_request *into = &board->requests[0];
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        struct board_request *place = &board->requests[i];
        if (place->request.approval.value == 0) {
            into = place;
            break;
        }
        into = place->at < into->at
                   ? place
                   : into; /* Never full with live ones: the warden has as many places. */
    }
    *into = (struct board_request){*request, at, 0};
}

void board_step(struct board *board, const struct event *event, const struct effects *effects)
{
    board->at = event->at;
    board->n_events++;
    board->n_effects += effects->n_effects;
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind == EFFECT_RECORD) {
            take_record(board, &effect->record, event->at);
        } else if (effect->kind == EFFECT_REQUEST_APPROVAL) {
            take_request(board, &effect->request, event->at);
        }
    }
}

const struct board_request *board_request(const struct board *board, const struct docket *docket,
                                          struct approval_id approval, int64_t now)
{
    for (uint32_t i = 0; i < APPROVALS_MAX && approval.value != 0; i++) {
        const struct board_request *request = &board->requests[i];
        if (request->request.approval.value != approval.value || now >= request->request.expires_at) {
            continue;
        }
        const struct docket_entry *entry = docket_find(docket, request->request.incident);
        bool waits = entry != NULL && (entry->action.value != request->request.action.value ||
                                       entry->action_state == ACTION_AWAITING);
        return waits ? request : NULL;
    }
    return NULL;
}
