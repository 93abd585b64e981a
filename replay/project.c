/* SPDX-License-Identifier: Apache-2.0 */
/* Projections: incident, decision, action, approval, llm, each row derived from records and effects alone. */
#include "replay/project.h"

#include <stdlib.h>

#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "core/types/names.h"
#include "replay/body.h"

static const char tables[] =
    "CREATE TABLE incident(run INTEGER, seq INTEGER, at_ns INTEGER, incident INTEGER, model INTEGER,"
    " event TEXT, state TEXT, cause TEXT, principal TEXT, guarantee TEXT, bound REAL, evidence REAL,"
    " wealth_before REAL, wealth_after REAL);"
    "CREATE TABLE decision(run INTEGER, seq INTEGER, at_ns INTEGER, incident INTEGER, model INTEGER,"
    " action INTEGER, verb TEXT, outcome TEXT, verdict TEXT, layer TEXT, reason TEXT, policy TEXT, mind TEXT);"
    "CREATE TABLE action(run INTEGER, seq INTEGER, at_ns INTEGER, incident INTEGER, model INTEGER,"
    " action INTEGER, verb TEXT, step TEXT, state TEXT, metric REAL, bound REAL, n INTEGER);"
    "CREATE TABLE approval(run INTEGER, seq INTEGER, at_ns INTEGER, incident INTEGER, approval INTEGER,"
    " action INTEGER, verb TEXT, step TEXT, person INTEGER, reason TEXT);"
    "CREATE TABLE llm(run INTEGER, seq INTEGER, at_ns INTEGER, question INTEGER, step TEXT, verdict TEXT,"
    " tokens INTEGER, cost_microusd INTEGER);";

const char *const projection_tables[] = {"incident", "decision", "action", "approval", "llm", NULL};

enum { N_INSERTS = 5 };

struct projection {
    sqlite3 *from, *into;
    const char *path;
    struct err_text *text;
    sqlite3_stmt *read, *incident, *decision, *action, *approval, *llm;
    int64_t run, sequence, at;
    struct event event;
    struct advice advice;
    struct effects effects;
};

/* Binds run, seq, at_ns and then the numbers and words given; the step reports what a bind could not do. */
static void bind_place(const struct projection *projection, sqlite3_stmt *into)
{
    (void)sqlite3_bind_int64(into, 1, projection->run);
    (void)sqlite3_bind_int64(into, 2, projection->sequence);
    (void)sqlite3_bind_int64(into, 3, projection->at);
}

static enum err insert(struct projection *projection, sqlite3_stmt *into)
{
    return sql_step(projection->into, projection->path, "building a projection", into,
                    projection->text);
}

static enum err put_incident(struct projection *projection, const struct record *record)
{
    sqlite3_stmt *into = projection->incident;
    bind_place(projection, into);
    (void)sqlite3_bind_int64(into, 4, record->incident.value);
    (void)sqlite3_bind_int64(into, 5, record->model.value);
    sql_bind_text(into, 6, record_name(record->kind));
    sql_bind_text(into, 7, incident_state_name((enum incident_state)record->incident_state));
    sql_bind_text(into, 8, cause_name(record->cause));
    sql_bind_text(into, 9, principal_name(record->principal));
    const struct assurance *assurance = &record->assurance;
    sql_bind_text(into, 10, guarantee_name(assurance->guarantee));
    (void)sqlite3_bind_double(into, 11, assurance->bound);
    (void)sqlite3_bind_double(into, 12, assurance->evidence);
    (void)sqlite3_bind_double(into, 13, assurance->wealth_before);
    (void)sqlite3_bind_double(into, 14, assurance->wealth_after);
    return insert(projection, into);
}

static enum err put_decision(struct projection *projection, const struct record *record)
{
    char policy[33], mind[33];
    fingerprint_hex(record->policy, policy);
    fingerprint_hex(record->mind, mind);
    sqlite3_stmt *into = projection->decision;
    bind_place(projection, into);
    (void)sqlite3_bind_int64(into, 4, record->incident.value);
    (void)sqlite3_bind_int64(into, 5, record->model.value);
    (void)sqlite3_bind_int64(into, 6, record->action.value);
    sql_bind_text(into, 7, verb_name(record->verb));
    sql_bind_text(into, 8, record_name(record->kind));
    sql_bind_text(into, 9, verdict_name(record->verdict));
    bool is_refused = record->kind == RECORD_REFUSED;
    sql_bind_text(into, 10, is_refused ? layer_name(record->refused_layer) : "");
    sql_bind_text(into, 11, refusal_name(record->reason));
    sql_bind_text(into, 12, policy);
    sql_bind_text(into, 13, mind);
    return insert(projection, into);
}

static enum err put_action(struct projection *projection, const struct record *record)
{
    sqlite3_stmt *into = projection->action;
    bind_place(projection, into);
    (void)sqlite3_bind_int64(into, 4, record->incident.value);
    (void)sqlite3_bind_int64(into, 5, record->model.value);
    (void)sqlite3_bind_int64(into, 6, record->action.value);
    sql_bind_text(into, 7, verb_name(record->verb));
    sql_bind_text(into, 8, record_name(record->kind));
    sql_bind_text(into, 9, action_state_name((enum action_state)record->action_state));
    (void)sqlite3_bind_double(into, 10, record->metric);
    (void)sqlite3_bind_double(into, 11, record->limit);
    (void)sqlite3_bind_int64(into, 12, record->n);
    return insert(projection, into);
}

static enum err put_approval(struct projection *projection, const struct record *record)
{
    sqlite3_stmt *into = projection->approval;
    bind_place(projection, into);
    (void)sqlite3_bind_int64(into, 4, record->incident.value);
    (void)sqlite3_bind_int64(into, 5, record->approval.value);
    (void)sqlite3_bind_int64(into, 6, record->action.value);
    sql_bind_text(into, 7, verb_name(record->verb));
    sql_bind_text(into, 8, record_name(record->kind));
    (void)sqlite3_bind_int64(into, 9, record->person.value);
    sql_bind_text(into, 10, refusal_name(record->reason));
    return insert(projection, into);
}

static enum err put_llm(struct projection *projection, uint32_t question, const char *step,
                        const char *verdict, uint32_t tokens, uint32_t cost_microusd)
{
    sqlite3_stmt *into = projection->llm;
    bind_place(projection, into);
    (void)sqlite3_bind_int64(into, 4, question);
    sql_bind_text(into, 5, step);
    sql_bind_text(into, 6, verdict);
    (void)sqlite3_bind_int64(into, 7, tokens);
    (void)sqlite3_bind_int64(into, 8, cost_microusd);
    return insert(projection, into);
}

static enum err put_record(struct projection *projection, const struct record *record)
{
    switch (record->kind) {
    case RECORD_OPENED:
    case RECORD_CONTAINED:
    case RECORD_WATCHED:
    case RECORD_ESCALATED:
    case RECORD_PAGED:
    case RECORD_DELIVERED:
    case RECORD_ACKNOWLEDGED:
    case RECORD_CLOSED:
    case RECORD_NOTIFIED:
        return put_incident(projection, record);
    case RECORD_DECIDED:
    case RECORD_REFUSED:
        return put_decision(projection, record);
    case RECORD_INTENT:
    case RECORD_OUTCOME:
    case RECORD_VERIFIED:
    case RECORD_UNDO:
    case RECORD_CANARY:
    case RECORD_RECONCILED:
    case RECORD_LOCKED:
    case RECORD_UNLOCKED:
        return put_action(projection, record);
    case RECORD_REQUESTED:
    case RECORD_APPROVED:
    case RECORD_REJECTED:
    case RECORD_DENIED:
    case RECORD_EXPIRED:
        return put_approval(projection, record);
    case RECORD_HALTED:
    case RECORD_RESET:
    case N_RECORD_KINDS:
        return OK;
    }
    return OK;
}

static enum err put_frame(struct projection *projection)
{
    const struct event *event = &projection->event;
    if (event->kind == EVENT_REPLY) {
        const struct reply_event *reply = &event->reply;
        TRY(put_llm(projection, reply->question.value, "reply",
                    reply_verdict_name(reply->reply.verdict), reply->tokens, reply->cost_microusd));
    }
    for (uint32_t i = 0; i < projection->effects.n_effects; i++) {
        const struct effect *effect = &projection->effects.items[i];
        if (effect->kind == EFFECT_RECORD) {
            TRY(put_record(projection, &effect->record));
        } else if (effect->kind == EFFECT_ASK_LLM) {
            TRY(put_llm(projection, effect->ask_llm.question.value, "asked", "", 0, 0));
        }
    }
    return OK;
}

static enum err read_frames(struct projection *projection)
{
    for (;;) {
        int code = sqlite3_step(projection->read);
        if (code == SQLITE_DONE) {
            return OK;
        }
        if (code != SQLITE_ROW) {
            return sql_failure(projection->from, projection->path, "reading frames",
                               projection->text);
        }
        projection->run = sqlite3_column_int64(projection->read, 0);
        projection->sequence = sqlite3_column_int64(projection->read, 1);
        projection->at = sqlite3_column_int64(projection->read, 2);
        struct slice event, outcome;
        bool is_read =
            body_unpack(sql_column(projection->read, 3), &event, &outcome) &&
            codec_unpack_event((const uint8_t *)event.bytes, event.n_bytes, &projection->event) &&
            codec_unpack_outcome((const uint8_t *)outcome.bytes, outcome.n_bytes,
                                 &projection->advice, &projection->effects);
        if (!is_read) {
            return err_set(projection->text, ERR_DATA,
                           "journal %s: run %lld frame %lld: not a frame", projection->path,
                           (long long)projection->run, (long long)projection->sequence);
        }
        TRY(put_frame(projection));
    }
}

static enum err prepare(struct projection *projection)
{
    const struct {
        const char *statement;
        sqlite3_stmt **into;
    } wanted[N_INSERTS + 1] = {
        {"SELECT run, seq, at_ns, body FROM frame ORDER BY run, seq", &projection->read},
        {"INSERT INTO incident VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)", &projection->incident},
        {"INSERT INTO decision VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)", &projection->decision},
        {"INSERT INTO action VALUES(?,?,?,?,?,?,?,?,?,?,?,?)", &projection->action},
        {"INSERT INTO approval VALUES(?,?,?,?,?,?,?,?,?,?)", &projection->approval},
        {"INSERT INTO llm VALUES(?,?,?,?,?,?,?,?)", &projection->llm},
    };
    for (int i = 0; i <= N_INSERTS; i++) {
        sqlite3 *database = i == 0 ? projection->from : projection->into;
        TRY(sql_prepare(database, projection->path, wanted[i].statement, wanted[i].into,
                        projection->text));
    }
    return OK;
}

enum err project_create(sqlite3 *database, const char *path, struct err_text *ret_text)
{
    return sql_run(database, path, "creating the projections", tables, ret_text);
}

enum err project(sqlite3 *from, sqlite3 *into, const char *path, struct err_text *ret_text)
{
    struct projection *projection = calloc(1, sizeof(*projection));
    if (projection == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
    }
    projection->from = from;
    projection->into = into;
    projection->path = path;
    projection->text = ret_text;
    enum err err = prepare(projection);
    if (err == OK) {
        err = read_frames(projection);
    }
    sqlite3_stmt *const statements[] = {projection->read,     projection->incident,
                                        projection->decision, projection->action,
                                        projection->approval, projection->llm};
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        (void)sqlite3_finalize(statements[i]); /* Repeats a failure already reported. */
    }
    free(projection);
    return err;
}
