/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal of a live run shows: tables over its audited projections, and one incident told frame by frame. Nobody knows the truth here. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/formats/trace.h"
#include "core/types/names.h"
#include "replay/replay.h"
#include "reports/intents.h"
#include "reports/lengths.h"
#include "reports/reader.h"
#include "reports/source.h"

enum { STORY_BYTES = 1 << 16 };

enum measure { RESPONSE, CLOSING, APPROVAL, EXECUTION, N_MEASURES };
static const char *const measure_names[N_MEASURES] = {"response", "closing", "approval", "execution"};

struct live_reading {
    struct source *source;
    struct err_text *text;
    sqlite3 *database;
    json_t *runs, *incidents; /* Members of the result, borrowed. */
    struct lengths lengths[N_MEASURES];
    struct incident_log *log;
    /* While the frames are executed. */
    uint64_t run, told_run, told_incident;
    uint64_t acts, acts_without_intent, halts, resets;
    char story[STORY_BYTES];
};

/* What happened to each incident first; times are of its run. */
static const char incidents_query[] =
    "WITH opened AS (SELECT run, incident, min(model) AS model, min(at_ns) AS at FROM incident WHERE event = 'opened' GROUP BY run, incident),"
    " applied AS (SELECT run, incident, min(at_ns) AS at FROM action WHERE step = 'outcome' AND state = 'applied' GROUP BY run, incident),"
    " delivered AS (SELECT run, incident, min(at_ns) AS at FROM incident WHERE event = 'delivered' GROUP BY run, incident),"
    " taken AS (SELECT run, incident, min(at_ns) AS at FROM incident WHERE event = 'acknowledged' GROUP BY run, incident),"
    " closed AS (SELECT run, incident, min(at_ns) AS at, state, cause, principal FROM incident WHERE event = 'closed' GROUP BY run, incident)"
    " SELECT opened.run AS run, opened.incident AS incident, opened.model AS model, opened.at AS opened_ns, applied.at AS applied_ns,"
    " delivered.at AS delivered_ns, taken.at AS acknowledged_ns, closed.at AS closed_ns, closed.state AS ended, closed.cause AS cause,"
    " closed.principal AS closed_by FROM opened LEFT JOIN applied USING (run, incident) LEFT JOIN delivered USING (run, incident)"
    " LEFT JOIN taken USING (run, incident) LEFT JOIN closed USING (run, incident) ORDER BY opened.run, opened.incident";

static const struct {
    const char *name, *query;
} tables[] = {
    {"runs",
     "SELECT run.id AS run, run.plan AS plan, run.mind AS mind, run.build AS build, run.configuration AS deployment_digest,"
     " run.policy AS policy_digest, run.fingerprint AS fingerprint, coalesce(f.n, 0) AS frames, coalesce(f.last, 0) AS last_ns"
     " FROM run LEFT JOIN (SELECT run, count(*) AS n, max(at_ns) AS last FROM frame GROUP BY run) f ON f.run = run.id"
     " ORDER BY run.id"},
    {"incidents", incidents_query},
    {"decisions",
     "SELECT verb, outcome, verdict, layer, reason, count(*) AS n FROM decision GROUP BY verb, outcome, verdict, layer, reason"
     " ORDER BY verb, outcome, verdict, layer, reason"},
    {"actions",
     "SELECT verb, step, state, count(*) AS n FROM action GROUP BY verb, step, state ORDER BY verb, step, state"},
    {"open_intents", intents_open_query},
    {"approvals",
     "SELECT step, reason, count(*) AS n FROM approval GROUP BY step, reason ORDER BY step, reason"},
    {"people",
     "SELECT event, count(*) AS n FROM incident WHERE event IN ('paged', 'delivered', 'acknowledged', 'escalated', 'notified')"
     " GROUP BY event ORDER BY event"},
    {"llm",
     "SELECT step, verdict, count(*) AS n, sum(tokens) AS tokens, sum(cost_microusd) AS cost_microusd FROM llm GROUP BY step, verdict"
     " ORDER BY step, verdict"},
};

static json_t *cell_json(sqlite3_stmt *row, int i)
{
    const unsigned char *words = sqlite3_column_text(row, i);
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(row, i));
    case SQLITE_NULL:
        return json_null();
    default:
        return words_json(words == NULL ? "" : (const char *)words);
    }
}

/* Rows as objects with the names of the columns. */
static enum err read_rows(struct live_reading *reading, const char *query, json_t *ret_rows)
{
    sqlite3_stmt *row = NULL;
    int code = sqlite3_prepare_v2(reading->database, query, -1, &row, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(row);
        if (code == SQLITE_ROW) {
            json_t *object = json_object();
            for (int i = 0; i < sqlite3_column_count(row); i++) {
                set_json(object, sqlite3_column_name(row, i), cell_json(row, i));
            }
            (void)json_array_append_new(ret_rows,
                                        object); /* Out of memory: NULL, refused when written. */
        }
    }
    enum err err = code == SQLITE_DONE
                       ? OK
                       : err_set(reading->text, ERR_DATA, "journal %s: %s", reading->source->path,
                                 sqlite3_errmsg(reading->database));
    (void)sqlite3_finalize(row); /* Repeats a failure already reported. */
    return err;
}

static int64_t time_of(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(row, name);
    return json_is_integer(value) ? json_integer_value(value) : NEVER;
}

/* When the run of a row was last heard of. */
static int64_t horizon_of(const struct live_reading *reading, const json_t *row)
{
    json_int_t run = json_integer_value(json_object_get(row, "run"));
    for (size_t i = 0; i < json_array_size(reading->runs); i++) {
        const json_t *one = json_array_get(reading->runs, i);
        if (json_integer_value(json_object_get(one, "run")) == run) {
            return json_integer_value(json_object_get(one, "last_ns"));
        }
    }
    return 0;
}

static int64_t earliest(int64_t a, int64_t b) { return a < b ? a : b; }

/* Response: until the first confirmed act, delivered page or, without either, the end. */
static enum err put_incident_lengths(struct live_reading *reading)
{
    for (size_t i = 0; i < json_array_size(reading->incidents); i++) {
        json_t *row = json_array_get(reading->incidents, i);
        int64_t opened = time_of(row, "opened_ns"), closed = time_of(row, "closed_ns"),
                horizon = horizon_of(reading, row);
        int64_t effect = earliest(time_of(row, "applied_ns"), time_of(row, "delivered_ns"));
        effect = earliest(effect, closed);
        set_json(row, "effect_ns", effect == NEVER ? json_null() : json_integer(effect));
        TRY(lengths_put(&reading->lengths[RESPONSE], opened, effect, horizon, reading->text));
        TRY(lengths_put(&reading->lengths[CLOSING], opened, closed, horizon, reading->text));
    }
    return OK;
}

static enum err put_lengths(struct live_reading *reading, enum measure measure, const char *query)
{
    json_t *rows = json_array();
    enum err err = read_rows(reading, query, rows);
    for (size_t i = 0; i < json_array_size(rows) && err == OK; i++) {
        const json_t *row = json_array_get(rows, i);
        err = lengths_put(&reading->lengths[measure], time_of(row, "from_ns"),
                          time_of(row, "to_ns"), horizon_of(reading, row), reading->text);
    }
    json_decref(rows);
    return err;
}

/* Mode and epoch of a run, from its plan. */
static void put_mode(json_t *row)
{
    const char *plan = json_string_value(json_object_get(row, "plan"));
    char mode[64] = "";
    long long epoch_ns = 0;
    int n = plan == NULL
                ? 0
                : sscanf(plan, "live\nmode: %63[^\n]\nepoch_unix_ns: %lld", mode, &epoch_ns);
    set_json(row, "mode", words_json(n >= 1 ? mode : "unknown"));
    set_json(row, "epoch_unix_ns", n == 2 ? json_integer(epoch_ns) : json_null());
    (void)json_object_del(row, "plan"); /* Both parts of it are there. */
}

static enum err told_run(void *self, uint64_t run_id, const char *arm, const char *mind,
                         const char *scenario, uint64_t seed)
{
    (void)arm, (void)mind, (void)scenario, (void)seed; /* The table of runs told them. */
    struct live_reading *reading = self;
    reading->run = run_id;
    return OK;
}

static void name_model(const struct live_reading *reading, const struct settings *settings,
                       const struct record *record)
{
    bool is_model = record->model.value >= 1 && record->model.value <= settings->deployment.n_models;
    for (size_t i = 0; i < json_array_size(reading->incidents) && is_model; i++) {
        json_t *row = json_array_get(reading->incidents, i);
        if ((uint64_t)json_integer_value(json_object_get(row, "run")) == reading->run &&
            json_integer_value(json_object_get(row, "incident")) == record->incident.value) {
            set_json(row, "model_name",
                     words_json(settings->deployment.models[record->model.value - 1].name));
        }
    }
}

static bool has_intent(const struct effects *effects, struct action_id action)
{
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind == EFFECT_RECORD && effect->record.kind == RECORD_INTENT &&
            effect->record.action.value == action.value) {
            return true;
        }
    }
    return false;
}

static enum err told_frame(void *self, const struct settings *settings, const struct event *event,
                           const struct advice *advice, const struct effects *effects)
{
    struct live_reading *reading = self;
    bool is_told = false;
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        if (effect->kind == EFFECT_ACT) {
            reading->acts++;
            reading->acts_without_intent += has_intent(effects, effect->act.action) ? 0 : 1;
        }
        if (effect->kind != EFFECT_RECORD) {
            continue;
        }
        const struct record *record = &effect->record;
        reading->halts += record->kind == RECORD_HALTED ? 1 : 0;
        reading->resets += record->kind == RECORD_RESET ? 1 : 0;
        is_told |= reading->run == reading->told_run &&
                   record->incident.value == reading->told_incident && reading->told_incident != 0;
        if (record->kind == RECORD_OPENED) {
            name_model(reading, settings, record);
        }
    }
    if (is_told) {
        struct text text;
        text_init(&text, reading->story, sizeof(reading->story));
        trace_step(&settings->deployment, event, advice, effects, &text);
        incident_log_story(reading->log, (struct slice){text.bytes, text.n_bytes});
        incident_log_effects(reading->log, event->at, effects);
    }
    return OK;
}

/* How much there is to tell of an incident. */
static int worth_of(const json_t *row)
{
    return (time_of(row, "applied_ns") != NEVER ? 4 : 0) +
           (time_of(row, "closed_ns") != NEVER ? 2 : 0) +
           (time_of(row, "delivered_ns") != NEVER ? 1 : 0);
}

/* The first of those of which the most is to be told. */
static const json_t *choose(struct live_reading *reading)
{
    const json_t *best = NULL;
    for (size_t i = 0; i < json_array_size(reading->incidents); i++) {
        const json_t *row = json_array_get(reading->incidents, i);
        best = best == NULL || worth_of(row) > worth_of(best) ? row : best;
    }
    if (best != NULL) {
        reading->told_run = (uint64_t)json_integer_value(json_object_get(best, "run"));
        reading->told_incident = (uint64_t)json_integer_value(json_object_get(best, "incident"));
    }
    return best;
}

static json_t *seconds_json(int64_t at)
{
    return at == NEVER ? json_null() : json_real((double)at * 1e-9);
}

static json_t *incident_json(const struct live_reading *reading, const json_t *row)
{
    json_t *object = json_object();
    set_json(object, "run", count_json(reading->told_run));
    set_json(object, "incident", count_json(reading->told_incident));
    set_json(object, "opened_s", seconds_json(time_of(row, "opened_ns")));
    set_json(object, "effect_s", seconds_json(time_of(row, "effect_ns")));
    set_json(object, "closed_s", seconds_json(time_of(row, "closed_ns")));
    incident_log_json(reading->log, object);
    return object;
}

static enum err read_tables(struct live_reading *reading, json_t *live)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        json_t *rows = json_array();
        set_json(live, tables[i].name, rows);
        TRY(read_rows(reading, tables[i].query, rows));
    }
    reading->runs = json_object_get(live, "runs");
    reading->incidents = json_object_get(live, "incidents");
    for (size_t i = 0; i < json_array_size(reading->runs); i++) {
        put_mode(json_array_get(reading->runs, i));
    }
    TRY(put_incident_lengths(reading));
    TRY(put_lengths(
        reading, APPROVAL,
        "SELECT run, min(CASE WHEN step = 'requested' THEN at_ns END) AS from_ns,"
        " min(CASE WHEN step IN ('approved', 'denied', 'expired') THEN at_ns END) AS to_ns FROM approval"
        " WHERE approval > 0 GROUP BY run, approval ORDER BY run, approval"));
    return put_lengths(reading, EXECUTION, intents_length_query);
}

static json_t *lengths_of(struct live_reading *reading)
{
    json_t *object = json_object();
    for (int i = 0; i < N_MEASURES; i++) {
        set_json(object, measure_names[i], lengths_json(&reading->lengths[i]));
    }
    return object;
}

/* Opened read-only, after the audit found everything in it to fit. */
static enum err read_all(struct live_reading *reading, json_t *live)
{
    bool is_open = sqlite3_open_v2(reading->source->path, &reading->database, SQLITE_OPEN_READONLY,
                                   NULL) == SQLITE_OK;
    enum err err = is_open ? read_tables(reading, live)
                           : err_set(reading->text, ERR_DATA, "journal %s: %s",
                                     reading->source->path, sqlite3_errmsg(reading->database));
    (void)sqlite3_close(reading->database); /* Only read. */
    return err;
}

static enum err build(struct live_reading *reading)
{
    struct source *source = reading->source;
    source->report = json_object();
    source->audit = json_object();
    source->ran = json_object();
    json_t *live = json_object();
    set_json(source->report, "live", live);
    TRY(source_verify(source, reading->text));
    TRY(read_all(reading, live));
    const json_t *row = choose(reading);
    struct replay_port port = {reading, told_run, told_frame};
    struct replay_result replayed = {0};
    TRY(replay_run(source->path, NULL, &port, &replayed, reading->text));
    set_json(live, "acts", count_json(reading->acts));
    set_json(live, "acts_without_intent", count_json(reading->acts_without_intent));
    set_json(live, "halts", count_json(reading->halts));
    set_json(live, "resets", count_json(reading->resets));
    set_json(source->report, "times", lengths_of(reading));
    set_json(source->report, "incident", row == NULL ? json_null() : incident_json(reading, row));
    source_put_replayed(source, &replayed);
    return OK;
}

enum err source_of_live(struct source *source, struct err_text *ret_text)
{
    struct live_reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "report: out of memory");
    }
    source->is_live = true;
    reading->source = source;
    reading->text = ret_text;
    enum err err = incident_log_open(&reading->log, ret_text);
    if (err == OK) {
        err = build(reading);
        incident_log_close(reading->log);
    }
    for (int i = 0; i < N_MEASURES; i++) {
        lengths_close(&reading->lengths[i]);
    }
    free(reading);
    return err;
}
