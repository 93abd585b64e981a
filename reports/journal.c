/* SPDX-License-Identifier: Apache-2.0 */
/* The same sums from a journal: the judge's verdicts lie in its table of truth; records and story come from executing it again. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "core/formats/trace.h"
#include "core/types/names.h"
#include "replay/audit.h"
#include "replay/replay.h"
#include "reports/reader.h"
#include "reports/source.h"

enum { STORY_BYTES = 1 << 16, WORD_BYTES = 64 };

struct journal_reading {
    struct source *source;
    struct err_text *text;
    sqlite3 *database;
    struct tally *tally;
    struct scenario *scenario; /* What the tally wants to know of one: id and kind. */
    struct incident_log *log;
    /* An episode is the runs of one seed one after the other; the id of its first run names it. */
    uint64_t n_episodes, n_must_escalate, first_seed, seed, episode, run;
    bool seen[N_ARMS];
    uint64_t told; /* Run whose story is told. */
    bool is_told;
    char mind[WORD_BYTES], version[WORD_BYTES], fingerprint[WORD_BYTES];
    char story[STORY_BYTES];
};

static bool find_arm(const char *word, enum arm *ret_arm)
{
    for (int arm = 0; arm < N_ARMS; arm++) {
        if (strcmp(word, arm_name((enum arm)arm)) == 0) {
            *ret_arm = (enum arm)arm;
            return true;
        }
    }
    return false;
}

static const char *column(sqlite3_stmt *row, int i)
{
    const char *words = (const char *)sqlite3_column_text(row, i);
    return words == NULL ? "" : words;
}

static void set_words(char *into, size_t n_bytes, const char *words)
{
    struct text text;
    text_init(&text, into, n_bytes);
    text_put(&text, words);
}

static enum err read_verdict(struct journal_reading *reading, sqlite3_stmt *row,
                             struct verdict_sheet *ret_sheet, bool *ret_must_escalate)
{
    const char *bytes = sqlite3_column_blob(row, 7);
    int n_bytes = sqlite3_column_bytes(row, 7);
    json_t *json =
        bytes == NULL ? NULL : json_loadb(bytes, (size_t)n_bytes, JSON_REJECT_DUPLICATES, NULL);
    bool is_read = json != NULL && verdict_parse(json, ret_sheet, ret_must_escalate);
    json_decref(json);
    return is_read ? OK
                   : err_set(reading->text, ERR_DATA,
                             "journal %s: run %lld holds no verdict of the judge",
                             reading->source->path, (long long)sqlite3_column_int64(row, 0));
}

/* Columns: id, arm, mind, scenario, seed, build, fingerprint, verdict. */
static enum err take_run(struct journal_reading *reading, sqlite3_stmt *row)
{
    uint64_t id = (uint64_t)sqlite3_column_int64(row, 0),
             seed = (uint64_t)sqlite3_column_int64(row, 4);
    enum arm arm = ARM_STEWARD;
    if (!find_arm(column(row, 1), &arm)) {
        return err_set(reading->text, ERR_DATA, "journal %s: run %llu: unknown arm",
                       reading->source->path, (unsigned long long)id);
    }
    if (id == reading->run) {
        return err_set(reading->text, ERR_DATA, "journal %s: run %llu holds more than one verdict",
                       reading->source->path, (unsigned long long)id);
    }
    reading->run = id;
    struct verdict_sheet sheet;
    bool must_escalate = false;
    TRY(read_verdict(reading, row, &sheet, &must_escalate));
    bool is_next = reading->n_episodes == 0 || seed != reading->seed || reading->seen[arm];
    if (is_next) {
        memset(reading->seen, 0, sizeof(reading->seen));
        reading->first_seed = reading->n_episodes == 0 ? seed : reading->first_seed;
        reading->n_episodes++;
        reading->n_must_escalate += must_escalate ? 1 : 0;
        reading->seed = seed;
        reading->episode = id;
    }
    reading->seen[arm] = true;
    if (arm == ARM_STEWARD || reading->mind[0] == '\0') {
        set_words(reading->mind, sizeof(reading->mind), column(row, 2));
    }
    set_words(reading->version, sizeof(reading->version), column(row, 5));
    set_words(reading->fingerprint, sizeof(reading->fingerprint), column(row, 6));
    struct scenario *scenario = reading->scenario;
    set_words(scenario->id, sizeof(scenario->id), column(row, 3));
    scenario->must_escalate = must_escalate;
    scenario->true_incident = sheet.true_incident;
    struct verdict_told told = {reading->episode, seed, scenario, arm, &sheet};
    return tally_put(reading->tally, &told, reading->text);
}

static enum err read_runs(struct journal_reading *reading)
{
    static const char query[] =
        "SELECT run.id, run.arm, run.mind, run.scenario, run.seed, run.build, run.fingerprint, truth.body FROM run"
        " LEFT JOIN truth ON truth.run = run.id AND truth.kind = 'verdict' ORDER BY run.id, truth.seq";
    const char *path = reading->source->path;
    sqlite3_stmt *row = NULL;
    enum err err = OK;
    int code = sqlite3_open_v2(path, &reading->database, SQLITE_OPEN_READONLY, NULL);
    code = code == SQLITE_OK ? sqlite3_prepare_v2(reading->database, query, -1, &row, NULL) : code;
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(row);
        err = code == SQLITE_ROW ? take_run(reading, row) : OK;
        if (err != OK) {
            break;
        }
    }
    if (err == OK && code != SQLITE_DONE) {
        err = err_set(reading->text, ERR_DATA,
                      "%s: neither a folder of `steward sim --out` nor a journal: %s", path,
                      sqlite3_errmsg(reading->database));
    }
    (void)sqlite3_finalize(row);            /* Repeats a failure already reported. */
    (void)sqlite3_close(reading->database); /* Only read. */
    if (err == OK && reading->n_episodes == 0) {
        err = err_set(reading->text, ERR_DATA, "journal %s: holds no run", path);
    }
    return err;
}

static enum err told_run(void *self, uint64_t run_id, const char *arm, const char *mind,
                         const char *scenario, uint64_t seed)
{
    (void)arm, (void)mind, (void)scenario, (void)seed; /* The table of runs told them. */
    struct journal_reading *reading = self;
    reading->is_told = run_id == reading->told;
    return OK;
}

static enum err told_frame(void *self, const struct settings *settings, const struct event *event,
                           const struct advice *advice, const struct effects *effects)
{
    struct journal_reading *reading = self;
    if (reading->is_told) {
        struct text text;
        text_init(&text, reading->story, sizeof(reading->story));
        trace_step(&settings->deployment, event, advice, effects, &text);
        incident_log_story(reading->log, (struct slice){text.bytes, text.n_bytes});
        incident_log_effects(reading->log, event->at, effects);
    }
    return OK;
}

enum err source_verify(struct source *source, struct err_text *ret_text)
{
    struct audit_request request = {.path = source->path};
    struct audit_result *result = calloc(1, sizeof(*result));
    json_t *audit = source->audit;
    enum err err = result == NULL ? err_set(ret_text, ERR_INTERNAL, "report: out of memory")
                                  : audit_verify(&request, result, ret_text);
    if (err == OK && result->problem.text[0] != '\0') {
        err = err_set(ret_text, ERR_DATA, "journal %s: %.400s", source->path, result->problem.text);
    }
    if (err == OK) {
        set_json(audit, "size", count_json(result->size));
        set_json(audit, "root", words_json(result->root));
        set_json(audit, "signer", result->is_signed ? words_json(result->key.name) : json_null());
        set_json(audit, "checkpoints", count_json(result->n_checkpoints));
    }
    free(result);
    return err;
}

void source_put_replayed(struct source *source, const struct replay_result *replayed)
{
    json_t *audit = source->audit;
    set_json(audit, "kind", words_json("journal"));
    set_json(audit, "runs", count_json(replayed->runs));
    set_json(audit, "frames", count_json(replayed->frames));
    set_json(audit, "replayed_the_same", json_boolean(replayed->same));
    set_json(audit, "first_difference", replayed->same ? json_null() : words_json(replayed->where));
}

static enum err build(struct journal_reading *reading)
{
    struct source *source = reading->source;
    TRY(read_runs(reading));
    source->audit = json_object();
    TRY(source_verify(source, reading->text));
    uint64_t seed = 0;
    bool is_there = tally_incident(reading->tally, &reading->told, &seed);
    struct replay_port port = {reading, is_there ? told_run : NULL, is_there ? told_frame : NULL};
    struct replay_result replayed = {0};
    TRY(replay_run(source->path, NULL, &port, &replayed, reading->text));
    source->report = tally_json(reading->tally);
    json_t *incident = json_object_get(source->report, "incident");
    incident_log_json(reading->log, incident);
    double share = (double)reading->n_must_escalate / (double)reading->n_episodes;
    struct report_subject subject = {.title = "Journal",
                                     .mind = reading->mind,
                                     .llm = "",
                                     .policy = "",
                                     .deployment = "",
                                     .seed = reading->first_seed,
                                     .runs = reading->n_episodes,
                                     .must_escalate_share = share};
    set_json(source->report, "subject", report_subject_json(&subject));
    set_json(json_object_get(source->report, "subject"), "version", words_json(reading->version));
    set_json(json_object_get(source->report, "subject"), "compiler",
             words_json("")); /* Not on record. */
    set_json(source->report, "targets", report_targets());
    source->ran = json_object();
    set_json(source->ran, "fingerprint",
             replayed.runs == 1 ? words_json(reading->fingerprint) : json_null());
    source_put_replayed(source, &replayed);
    return OK;
}

/* How many runs a journal has, and how many of them were live: no scenario, no judge, a mode in place of a plan. */
static enum err count_runs(const struct source *source, int64_t *ret_runs, int64_t *ret_live,
                           struct err_text *ret_text)
{
    static const char query[] =
        "SELECT count(*), coalesce(sum(scenario = 'live' AND plan LIKE 'live' || char(10) || 'mode: %'), 0) FROM run";
    sqlite3 *database = NULL;
    sqlite3_stmt *row = NULL;
    int code = sqlite3_open_v2(source->path, &database, SQLITE_OPEN_READONLY, NULL);
    code = code == SQLITE_OK ? sqlite3_prepare_v2(database, query, -1, &row, NULL) : code;
    code = code == SQLITE_OK ? sqlite3_step(row) : code;
    enum err err = OK;
    if (code == SQLITE_ROW) {
        *ret_runs = sqlite3_column_int64(row, 0);
        *ret_live = sqlite3_column_int64(row, 1);
    } else if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) {
        err = err_set(ret_text, ERR_UNAVAILABLE,
                      "journal %s: a running steward holds it; it can be read once that has ended",
                      source->path);
    } else {
        err = err_set(ret_text, ERR_DATA,
                      "%s: neither a folder of `steward sim --out` nor a journal: %s", source->path,
                      sqlite3_errmsg(database));
    }
    (void)sqlite3_finalize(row);   /* Repeats a failure already reported. */
    (void)sqlite3_close(database); /* Only read. */
    return err;
}

enum err source_of_journal(struct source *source, struct err_text *ret_text)
{
    int64_t n_runs = 0, n_live = 0;
    TRY(count_runs(source, &n_runs, &n_live, ret_text));
    if (n_live > 0 && n_live < n_runs) {
        return err_set(
            ret_text, ERR_DATA,
            "journal %s: %lld of its %lld runs are live, the others simulated; a report is of one kind",
            source->path, (long long)n_live, (long long)n_runs);
    }
    if (n_live > 0) {
        return source_of_live(source, ret_text);
    }
    struct journal_reading *reading = calloc(1, sizeof(*reading));
    if (reading == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "report: out of memory");
    }
    reading->source = source;
    reading->text = ret_text;
    reading->scenario = calloc(1, sizeof(*reading->scenario));
    enum err err = reading->scenario == NULL
                       ? err_set(ret_text, ERR_INTERNAL, "report: out of memory")
                       : tally_open(&reading->tally, ret_text);
    if (err == OK) {
        err = incident_log_open(&reading->log, ret_text);
    }
    if (err == OK) {
        err = build(reading);
    }
    if (reading->log != NULL) {
        incident_log_close(reading->log);
    }
    if (reading->tally != NULL) {
        tally_close(reading->tally);
    }
    free(reading->scenario);
    free(reading);
    return err;
}
