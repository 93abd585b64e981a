/* SPDX-License-Identifier: Apache-2.0 */
/* The mind rules: the static automation that a good team writes without an LLM. Alert rules with persistence, one runbook an alert,
 * its steps in order, and the person on call where a step does not go as written. */
#include <string.h>

#include "core/base/assert.h"
#include "core/mind/dossier.h"
#include "core/mind/minds.h"
#include "core/mind/moves.h"
#include "core/mind/textbook.h"

/* PSI 0.25, five points of labelled error, ten of the decision rate: what teams run with, on samples that carry it. */
static const struct textbook_limits alert_limits = {.psi = 0.25,
                                                    .nulls = 0.05,
                                                    .quality = 0.05,
                                                    .decisions = 0.1,
                                                    .latency_factor = 2.0,
                                                    .rows_min = 200,
                                                    .labels_min = UINT32_MAX}; /* Labels are pooled. */

enum {
    LABELS_POOLED = 500,   /* Five points are three standard errors of so many. */
    LABELS_TO_TRAIN = 800, /* A fit on fewer rows is worse than the version that it replaces. */
    FOR_SIGNAL = 2,        /* Windows in a row before nulls, decisions, errors and latency count. */
    FOR_DRIFT = 12,        /* Drift alone pages after so many: an hour of five-minute windows. */
    CLEAR_FOR = 3,         /* Windows without an alert before an incident may be closed. */
    STEPS_MAX = 5,
    HOLIDAYS_KEPT = 4
};

#define ANSWERS_NS (60 * NS_PER_S)  /* The runbook is chosen with what has come by then. */
#define RECENT_NS (6 * NS_PER_HOUR) /* A change is suspected for so long. */
#define STANDS_NS (4 * NS_PER_HOUR) /* Time to live of a containment. */
#define FRESH_NS                                                                                   \
    (10 * NS_PER_MIN) /* Evidence older than this is asked for again before it is cited. */
#define CURED_NS                                                                                   \
    (3 * NS_PER_HOUR) /* Alerts that outlive the last step so long: it was the wrong runbook. */
#define CLOSE_AGAIN_NS (20 * NS_PER_MIN) /* The warden wants the metric clear for a while. */
#define LOOK_AGAIN_NS (10 * NS_PER_MIN)  /* Between two looks at what a step waits for. */
#define SUSPECTED                                                                                  \
    (UINT64_C(1) << TOOL_STATE | UINT64_C(1) << TOOL_REGISTRY | UINT64_C(1) << TOOL_CHANGES |      \
     UINT64_C(1) << TOOL_TABLES | UINT64_C(1) << TOOL_LABELS)

enum runbook {
    RUNBOOK_PAGE,     /* No step: a person decides. */
    RUNBOOK_ROLLBACK, /* Quality fell and the model was deployed a while ago. */
    RUNBOOK_CONFIG,   /* Quality or decisions moved and a configuration was. */
    RUNBOOK_OUTAGE,   /* A source does not answer, or sends nothing. */
    RUNBOOK_SCHEMA,   /* A source changed its columns. */
    RUNBOOK_SOURCE,   /* One feature moved alone, and quality or decisions with it. */
    RUNBOOK_RETRAIN, /* Quality fell, or inputs and decisions moved together, and nothing else is known. */
    N_RUNBOOKS
};

struct step {
    enum move move;
    int64_t patience_ns; /* Longest wait until the step can be taken; then a person is paged. */
};

struct runbook_entry {
    enum cause cause;
    uint8_t severity;
    bool notifies; /* The producer of the table. */
    uint32_t n_steps;
    struct step steps[STEPS_MAX];
};

static const struct runbook_entry runbooks[N_RUNBOOKS] = {
    [RUNBOOK_PAGE] = {.cause = CAUSE_UNKNOWN, .severity = 3},
    [RUNBOOK_ROLLBACK] = {.cause = CAUSE_BAD_MODEL,
                          .severity = 1,
                          .n_steps = 1,
                          .steps = {{MOVE_ROLLBACK, 5 * NS_PER_MIN}}},
    [RUNBOOK_CONFIG] = {.cause = CAUSE_BAD_CONFIG,
                        .severity = 2,
                        .n_steps = 1,
                        .steps = {{MOVE_CONFIG, 5 * NS_PER_MIN}}},
    [RUNBOOK_OUTAGE] = {.cause = CAUSE_NULL_BURST,
                        .severity = 3,
                        .notifies = true,
                        .n_steps = 2,
                        .steps = {{MOVE_FALLBACK, 5 * NS_PER_MIN}, {MOVE_RELEASE, STANDS_NS}}},
    [RUNBOOK_SCHEMA] = {.cause = CAUSE_SCHEMA_CHANGE,
                        .severity = 2,
                        .notifies = true,
                        .n_steps = 2,
                        .steps = {{MOVE_QUARANTINE, 5 * NS_PER_MIN}, {MOVE_DISABLE, 30 * NS_PER_MIN}}},
    [RUNBOOK_SOURCE] = {.cause = CAUSE_UNIT_CHANGE,
                        .severity = 2,
                        .notifies = true,
                        .n_steps = 3,
                        .steps = {{MOVE_QUARANTINE, 5 * NS_PER_MIN},
                                  {MOVE_FALLBACK, 30 * NS_PER_MIN},
                                  {MOVE_RELEASE, STANDS_NS}}},
    [RUNBOOK_RETRAIN] = {.cause = CAUSE_CONCEPT_SHIFT,
                         .severity = 2,
                         .n_steps = 5,
                         .steps = {{MOVE_FALLBACK, 5 * NS_PER_MIN},
                                   {MOVE_RETRAIN, 4 * NS_PER_HOUR},
                                   {MOVE_RELEASE,
                                    4 * NS_PER_HOUR}, /* Under a fallback a canary shows nothing. */
                                   {MOVE_CANARY, NS_PER_HOUR},
                                   {MOVE_PROMOTE, 4 * NS_PER_HOUR}}},
};

enum stage {
    STAGE_QUIET,
    STAGE_ASKED, /* Opened; the answers that choose the runbook are on their way. */
    STAGE_READY, /* The next step is taken as soon as what it needs is there. */
    STAGE_WAITS, /* The step is in the warden's hands. */
    STAGE_DONE,  /* Every step stands; closed once the alerts stay away. */
    STAGE_PAGED, /* A person decides from here on. */
    N_STAGES
};

struct watched {
    struct textbook textbook;
    struct dossier dossier;
    uint32_t in_a_row[N_TEXTBOOK_RULES]; /* Windows with the alert, up to the newest. */
    int32_t feature[N_TEXTBOOK_RULES];   /* That it named last. */
    uint32_t clear;                      /* Windows without any alert but drift. */
    uint32_t scored, errors;             /* Labels pooled so far. */
    double error;                        /* Of the last full pool, ... */
    bool quality_low;                    /* ... and its verdict. */
    uint32_t scored_since;               /* Labels of rows since the incident was opened. */
    /* The open incident. */
    enum stage stage;
    struct incident_id incident;
    int64_t opened_at, stage_at, asked_at;
    int64_t drift_muted_until; /* A drift that a person has seen. */
    enum runbook runbook;
    struct table_id table;
    uint32_t step;
    uint32_t mask; /* Features with nulls in the newest window, and in those since the incident was opened. */
    uint32_t drifting; /* Features with drift in the newest window. */
    uint32_t alone;    /* The one feature that moved when the runbook was chosen. */
    uint32_t n_refused;
    struct version_id trained;
};

struct rules {
    const struct deployment *deployment;
    uint32_t incident_last;
    struct question_id question;
    uint32_t n_holidays; /* Ever; the ring keeps the last HOLIDAYS_KEPT. */
    struct calendar_entry holidays[HOLIDAYS_KEPT];
    struct watched models[MODELS_MAX];
};

size_t rules_size(void) { return sizeof(struct rules); }

void rules_init(void *block, const struct deployment *deployment, const struct policy_limits *limits)
{
    (void)limits; /* Nothing here waits for a metric to be clear. */
    struct rules *mind = block;
    memset(mind, 0, sizeof(*mind));
    mind->deployment = deployment;
}

static void wake(struct advice *advice, int64_t at)
{
    advice->wake_at = at < advice->wake_at ? at : advice->wake_at;
}

static struct model_id model_of(const struct rules *mind, const struct watched *watched)
{
    return (struct model_id){(uint16_t)(watched - mind->models + 1)};
}

static const struct model_entry *entry_of(const struct rules *mind, const struct watched *watched)
{
    return &mind->deployment->models[watched - mind->models];
}

static void stage_set(struct watched *watched, enum stage stage, int64_t now)
{
    watched->stage = stage;
    watched->stage_at = now;
}

static void ask(struct rules *mind, struct watched *watched, uint64_t tools, int64_t now,
                struct advice *advice)
{
    watched->asked_at = now;
    dossier_ask(mind->deployment, tools, model_of(mind, watched), watched->incident,
                &mind->question, advice);
}

static void page(struct rules *mind, struct watched *watched, uint8_t severity, int64_t now,
                 struct advice *advice)
{
    struct advice_item *item = advice_push(advice, ADVICE_ESCALATE);
    item->incident = watched->incident;
    item->model = model_of(mind, watched);
    item->severity = severity;
    item->cause = runbooks[watched->runbook].cause;
    item->args.recipient = ROLE_ONCALL;
    advice_cite(item, watched->dossier.window);
    dossier_cite(&watched->dossier, SUSPECTED, watched->opened_at, item);
    stage_set(watched, STAGE_PAGED, now);
}

static void open_incident(struct rules *mind, struct watched *watched, enum symptom symptom,
                          uint8_t severity, int64_t now, struct advice *advice)
{
    mind->incident_last++;
    watched->incident.value = mind->incident_last;
    watched->opened_at = now;
    watched->runbook = RUNBOOK_PAGE;
    watched->table.value = 0;
    watched->step = watched->n_refused = watched->scored_since = watched->alone = 0;
    watched->trained.value = 0;
    watched->clear = 0;
    struct advice_item *item = advice_push(advice, ADVICE_OPEN);
    item->incident = watched->incident;
    item->model = model_of(mind, watched);
    item->symptom = symptom;
    item->severity = severity;
    advice_cite(item, watched->dossier.window);
}

/* Alerts of drift and decisions are silenced while a declared holiday or experiment explains them. */
static bool is_holiday(const struct rules *mind, struct model_id model, int64_t now)
{
    for (uint32_t i = 0; i < HOLIDAYS_KEPT && i < mind->n_holidays; i++) {
        const struct calendar_entry *entry = &mind->holidays[i];
        bool here = entry->model.value == 0 || entry->model.value == model.value;
        if (here && entry->from <= now && now < entry->to) {
            return true;
        }
    }
    return false;
}

static void note_quality(const struct watched *watched, const struct window *window,
                         const struct baseline *baseline, struct advice *advice)
{
    struct advice_item *item = advice_push(advice, ADVICE_NOTE);
    item->model = window->model;
    item->symptom = SYMPTOM_QUALITY;
    item->feature = -1;
    item->value = watched->error;
    item->limit = baseline->error + alert_limits.quality;
    advice_cite(item, watched->dossier.window);
}

static void pool_labels(struct watched *watched, const struct window *window,
                        const struct baseline *baseline)
{
    if (window->labels_correct > window->labels_scored) {
        return;
    }
    watched->scored += window->labels_scored;
    watched->errors += window->labels_scored - window->labels_correct;
    watched->scored_since += window->cohort_from >= watched->opened_at ? window->labels_scored : 0;
    if (watched->scored >= LABELS_POOLED) {
        watched->error = (double)watched->errors / (double)watched->scored;
        watched->quality_low = watched->error > baseline->error + alert_limits.quality;
        watched->scored = watched->errors = 0;
    }
}

static bool persists(const struct watched *watched, enum textbook_rule rule)
{
    return watched->in_a_row[rule] >= FOR_SIGNAL;
}

static bool signals(const struct watched *watched)
{
    return watched->quality_low || persists(watched, TEXTBOOK_NULLS) ||
           persists(watched, TEXTBOOK_DECISIONS) || persists(watched, TEXTBOOK_ERRORS) ||
           persists(watched, TEXTBOOK_LATENCY);
}

/* Of the alerts that open, the one that says most. */
static enum symptom symptom_of(const struct watched *watched)
{
    static const enum textbook_rule order[] = {TEXTBOOK_NULLS, TEXTBOOK_DECISIONS, TEXTBOOK_ERRORS,
                                               TEXTBOOK_LATENCY};
    for (uint32_t i = 0; !watched->quality_low && i < sizeof(order) / sizeof(order[0]); i++) {
        if (persists(watched, order[i])) {
            return textbook_symptom(order[i]);
        }
    }
    return SYMPTOM_QUALITY;
}

static void take_window(struct rules *mind, const struct event *event, struct advice *advice)
{
    const struct window *window = &event->window;
    struct watched *watched = &mind->models[window->model.value - 1];
    const struct model_entry *model = entry_of(mind, watched);
    const struct baseline *baseline = textbook_baseline(&watched->textbook, window->version);
    if (baseline == NULL || window->role != SERVING_CHAMPION) {
        return;
    }
    struct textbook_alerts alerts;
    textbook_look(&watched->textbook, model, window, &alert_limits, &alerts);
    if (is_holiday(mind, window->model, event->at)) {
        alerts.fired &= ~(UINT32_C(1) << TEXTBOOK_DRIFT | UINT32_C(1) << TEXTBOOK_DECISIONS);
    }
    for (uint32_t i = 0; i < N_TEXTBOOK_RULES; i++) {
        bool fired = ((alerts.fired >> i) & 1) != 0;
        watched->in_a_row[i] = fired ? watched->in_a_row[i] + 1 : 0;
        watched->feature[i] = fired ? alerts.alerts[i].feature : watched->feature[i];
    }
    watched->drifting = alerts.drifting;
    watched->mask = watched->stage == STAGE_QUIET ? alerts.nulls : watched->mask | alerts.nulls;
    pool_labels(watched, window, baseline);
    bool quiet = (alerts.fired & ~(UINT32_C(1) << TEXTBOOK_DRIFT)) == 0 && !watched->quality_low;
    watched->clear = quiet ? watched->clear + 1 : 0;
    if (watched->stage != STAGE_QUIET) {
        return;
    }
    bool drifts =
        watched->in_a_row[TEXTBOOK_DRIFT] >= FOR_DRIFT && event->at >= watched->drift_muted_until;
    if (signals(watched)) {
        if (watched->quality_low) {
            note_quality(watched, window, baseline, advice);
        } else {
            textbook_note(&alerts, window->model, watched->dossier.window, advice);
        }
        open_incident(mind, watched, symptom_of(watched), watched->quality_low ? 2 : 3, event->at,
                      advice);
        ask(mind, watched, SUSPECTED, event->at, advice);
        stage_set(watched, STAGE_ASKED, event->at);
        wake(advice, event->at + ANSWERS_NS);
    } else if (drifts) {
        textbook_note(&alerts, window->model, watched->dossier.window, advice);
        open_incident(mind, watched, SYMPTOM_INPUT_SHIFT, 4, event->at, advice);
        page(mind, watched, 4, event->at, advice);
    }
}

/* The newest change of the model that is recent, of the kinds a runbook undoes. */
static const struct change *suspect(const struct watched *watched)
{
    const struct changes_answer *changes = &watched->dossier.changes;
    for (uint32_t i = 0; i < changes->n_changes && i < CHANGES_MAX; i++) {
        const struct change *change = &changes->changes[i];
        bool undone_by_us = change->kind == CHANGE_MODEL || change->kind == CHANGE_CONFIG;
        if (undone_by_us && watched->opened_at - change->at <= RECENT_NS) {
            return change;
        }
    }
    return NULL;
}

/* The sick table among those that feed the model, if any. */
static enum runbook suspect_table(const struct watched *watched, struct table_id *ret_table)
{
    const struct tables_answer *tables = &watched->dossier.tables;
    for (uint32_t i = 0; i < tables->n_tables && i < 4; i++) {
        const struct table_profile *table = &tables->tables[i];
        bool changed = table->schema_changed_at != NEVER &&
                       watched->opened_at - table->schema_changed_at <= RECENT_NS;
        if (changed || table->provider_error_ratio > 0.2) {
            *ret_table = table->table;
            return changed ? RUNBOOK_SCHEMA : RUNBOOK_OUTAGE;
        }
    }
    return RUNBOOK_PAGE;
}

static void choose(const struct rules *mind, struct watched *watched)
{
    const struct model_entry *model = entry_of(mind, watched);
    bool tables = dossier_is_fresh(&watched->dossier, TOOL_TABLES, watched->opened_at);
    bool changes = dossier_is_fresh(&watched->dossier, TOOL_CHANGES, watched->opened_at) &&
                   dossier_is_fresh(&watched->dossier, TOOL_STATE, watched->opened_at);
    watched->runbook = tables ? suspect_table(watched, &watched->table) : RUNBOOK_PAGE;
    if (watched->runbook != RUNBOOK_PAGE) {
        return;
    }
    if (persists(watched, TEXTBOOK_NULLS) && watched->feature[TEXTBOOK_NULLS] >= 0) {
        watched->table = model->features[watched->feature[TEXTBOOK_NULLS]].table;
        watched->runbook = RUNBOOK_OUTAGE;
        return;
    }
    const struct change *change = changes ? suspect(watched) : NULL;
    bool moved = watched->quality_low || persists(watched, TEXTBOOK_DECISIONS);
    bool one = watched->drifting != 0 && (watched->drifting & (watched->drifting - 1)) == 0;
    if (change != NULL && change->kind == CHANGE_CONFIG && moved) {
        watched->runbook = RUNBOOK_CONFIG;
    } else if (change != NULL && change->kind == CHANGE_MODEL && watched->quality_low) {
        watched->runbook = RUNBOOK_ROLLBACK;
    } else if (moved && one && persists(watched, TEXTBOOK_DRIFT)) {
        watched->runbook = RUNBOOK_SOURCE;
        watched->alone = watched->drifting;
        watched->table = model->features[watched->feature[TEXTBOOK_DRIFT]].table;
    } else if (watched->quality_low || (moved && persists(watched, TEXTBOOK_DRIFT))) {
        watched->runbook = RUNBOOK_RETRAIN;
    }
}

static void notify_producer(struct rules *mind, struct watched *watched, struct advice *advice)
{
    struct advice_item *item = advice_push(advice, ADVICE_NOTIFY);
    item->incident = watched->incident;
    item->model = model_of(mind, watched);
    item->cause = runbooks[watched->runbook].cause;
    item->args.model = item->model;
    item->args.recipient = ROLE_PRODUCER;
    item->args.table = watched->table;
    dossier_cite(&watched->dossier, UINT64_C(1) << TOOL_TABLES, watched->opened_at, item);
}

static const struct step *step_of(const struct watched *watched)
{
    ASSERT(watched->step < runbooks[watched->runbook].n_steps);
    return &runbooks[watched->runbook].steps[watched->step];
}

static bool is_recovered(const struct watched *watched)
{
    const struct tables_answer *tables = &watched->dossier.tables;
    for (uint32_t i = 0; i < tables->n_tables && i < 4; i++) {
        if (tables->tables[i].provider_error_ratio >= 0.05) {
            return false;
        }
    }
    return watched->in_a_row[TEXTBOOK_NULLS] == 0 && (watched->drifting & watched->alone) == 0;
}

/* Whether the moment for the step has come; its arguments are another matter. */
static bool is_due(const struct watched *watched, enum move move, const struct docket_entry *entry)
{
    switch (move) {
    case MOVE_RETRAIN:
        return watched->scored_since >= LABELS_TO_TRAIN;
    case MOVE_CANARY:
        return watched->trained.value != 0;
    case MOVE_PROMOTE:
        return entry->canary_passed;
    case MOVE_RELEASE:
        return watched->runbook == RUNBOOK_RETRAIN ? watched->trained.value != 0
                                                   : is_recovered(watched);
    case MOVE_FALLBACK:
    case MOVE_QUARANTINE:
    case MOVE_PIN:
    case MOVE_DISABLE:
    case MOVE_ROLLBACK:
    case MOVE_CONFIG:
    case MOVE_THRESHOLD:
    case N_MOVES:
        return true;
    }
    return true;
}

/* Setting data aside contains nothing yet: until the next step stands, loss is watched. */
static void watch(const struct rules *mind, const struct watched *watched, int64_t now,
                  struct advice *advice)
{
    const struct baseline *baseline =
        textbook_baseline(&watched->textbook, watched->dossier.state.serving);
    double usual = baseline == NULL ? 1.0 - entry_of(mind, watched)->accuracy_floor : baseline->error;
    struct advice_item *item = advice_push(advice, ADVICE_WATCH);
    item->incident = watched->incident;
    item->model = model_of(mind, watched);
    item->limit = usual < 0.8 ? usual + 0.15 : 0.95;
    item->until = now + 30 * NS_PER_MIN;
    advice_cite(item, watched->dossier.window);
}

static void propose(struct rules *mind, struct watched *watched, const struct action_args *args,
                    const struct docket_entry *entry, int64_t now, struct advice *advice)
{
    enum move move = step_of(watched)->move;
    struct advice_item *item = advice_push(advice, ADVICE_PROPOSE);
    item->incident = watched->incident;
    item->model = model_of(mind, watched);
    item->cause = runbooks[watched->runbook].cause;
    item->verb = move_verb(move);
    item->args = *args;
    item->plan = 1;
    item->step = (uint8_t)(watched->step + 1);
    dossier_cite(&watched->dossier, move_tools(move), now - FRESH_NS, item);
    advice_cite(item, watched->dossier.window);
    watched->n_refused = entry->n_refused;
    stage_set(watched, STAGE_WAITS, now);
    if (move == MOVE_QUARANTINE) {
        watch(mind, watched, now, advice);
    }
}

static void take_step(struct rules *mind, struct watched *watched, const struct docket_entry *entry,
                      int64_t now, struct advice *advice)
{
    const struct step *step = step_of(watched);
    uint64_t tools = move_tools(step->move) & mind->deployment->tools;
    uint64_t missing = dossier_missing(&watched->dossier, tools, now - FRESH_NS);
    bool asked = watched->asked_at >= watched->stage_at;
    bool waits = missing != 0 && (!asked || now - watched->asked_at < ANSWERS_NS);
    bool due = is_due(watched, step->move, entry);
    struct move_choice choice = {.table = watched->table,
                                 .feature_mask = watched->mask,
                                 .version = watched->trained,
                                 .from_ns = watched->opened_at,
                                 .window = TRAIN_POST_CHANGE,
                                 .ttl_ns = STANDS_NS};
    struct action_args args;
    if (due && !waits &&
        move_args(step->move, &watched->dossier, &choice, model_of(mind, watched), now, &args)) {
        propose(mind, watched, &args, entry, now, advice);
        return;
    }
    if (entry->canary_failed || now - watched->stage_at >= step->patience_ns) {
        page(mind, watched, runbooks[watched->runbook].severity, now, advice);
        return;
    }
    if (now - watched->asked_at >= LOOK_AGAIN_NS) {
        ask(mind, watched, tools, now, advice);
    } else if (missing != 0 && !asked) {
        ask(mind, watched, missing, now, advice);
    }
    int64_t next = watched->asked_at + (waits ? ANSWERS_NS : LOOK_AGAIN_NS);
    int64_t last = watched->stage_at + step->patience_ns;
    wake(advice, next < last ? next : last);
}

static void next_step(struct watched *watched, int64_t now)
{
    watched->step++;
    bool more = watched->step < runbooks[watched->runbook].n_steps;
    stage_set(watched, more ? STAGE_READY : STAGE_DONE, now);
}

/* The step is with the warden: what became of it. */
static void follow_step(struct rules *mind, struct watched *watched,
                        const struct docket_entry *entry, int64_t now, struct advice *advice)
{
    const struct step *step = step_of(watched);
    bool refused =
        entry->n_refused > watched->n_refused && entry->refused_verb == move_verb(step->move);
    bool own = entry->verb == move_verb(step->move) && entry->step == watched->step + 1;
    bool over =
        own && (entry->action_state == ACTION_FAILED || entry->action_state == ACTION_REFUSED ||
                entry->action_state == ACTION_EXPIRED || entry->action_state == ACTION_UNDONE);
    bool stands = own && entry->action_state == ACTION_VERIFIED;
    bool late = now - watched->stage_at >= 4 * NS_PER_HOUR;
    if (stands || (step->move == MOVE_CANARY && entry->canary_passed)) {
        next_step(watched, now);
    } else if (refused || over || late || entry->canary_failed) {
        page(mind, watched, runbooks[watched->runbook].severity, now, advice);
    } else {
        wake(advice, watched->stage_at + 4 * NS_PER_HOUR);
    }
}

static void close_incident(struct rules *mind, struct watched *watched, int64_t now,
                           struct advice *advice)
{
    struct advice_item *item = advice_push(advice, ADVICE_CLOSE);
    item->incident = watched->incident;
    item->model = model_of(mind, watched);
    item->cause = runbooks[watched->runbook].cause;
    item->reason = CLOSE_RESOLVED;
    advice_cite(item, watched->dossier.window);
    stage_set(watched, STAGE_DONE, now);
}

/* An incident that the docket lacks was refused or is closed; the next one starts from new counts. */
static void forget(struct watched *watched, int64_t now)
{
    watched->quality_low = false;
    watched->scored = watched->errors = 0;
    memset(watched->in_a_row, 0, sizeof(watched->in_a_row));
    watched->drift_muted_until = now + NS_PER_DAY;
    stage_set(watched, STAGE_QUIET, now);
}

static void begin(struct rules *mind, struct watched *watched, int64_t now, struct advice *advice)
{
    choose(mind, watched);
    const struct runbook_entry *runbook = &runbooks[watched->runbook];
    if (runbook->notifies) {
        notify_producer(mind, watched, advice);
    }
    if (runbook->n_steps == 0) {
        page(mind, watched, runbook->severity, now, advice);
        return;
    }
    stage_set(watched, STAGE_READY, now);
}

static void advance(struct rules *mind, struct watched *watched, const struct docket *docket,
                    int64_t now, struct advice *advice)
{
    const struct docket_entry *entry = docket_find(docket, watched->incident);
    if (entry == NULL || incident_is_closed(entry->state)) {
        forget(watched, now);
        return;
    }
    if (entry->taken) {
        stage_set(watched, STAGE_PAGED, now);
    }
    watched->trained = entry->trained;
    if (watched->stage == STAGE_ASKED) {
        uint64_t tools = SUSPECTED & mind->deployment->tools;
        if (dossier_missing(&watched->dossier, tools, watched->opened_at) == 0 ||
            now - watched->stage_at >= ANSWERS_NS) {
            begin(mind, watched, now, advice);
        } else {
            wake(advice, watched->stage_at + ANSWERS_NS);
        }
    }
    if (watched->stage == STAGE_WAITS) {
        follow_step(mind, watched, entry, now, advice);
    }
    if (watched->stage == STAGE_READY) {
        take_step(mind, watched, entry, now, advice);
    }
    if (watched->stage != STAGE_DONE) {
        return;
    }
    int64_t done = now - watched->stage_at;
    if (watched->clear >= CLEAR_FOR && done >= CLOSE_AGAIN_NS) {
        close_incident(mind, watched, now, advice);
    } else if (signals(watched) && done >= CURED_NS) {
        page(mind, watched, runbooks[watched->runbook].severity, now, advice);
    }
}

static void take_event(struct rules *mind, const struct event *event)
{
    if (event->kind == EVENT_BASELINE &&
        deployment_model(mind->deployment, event->baseline.model) != NULL) {
        textbook_put(&mind->models[event->baseline.model.value - 1].textbook, &event->baseline);
    }
    if (event->kind == EVENT_ANSWER &&
        deployment_model(mind->deployment, event->answer.model) != NULL) {
        dossier_put(&mind->models[event->answer.model.value - 1].dossier, event);
    }
    bool explains = event->kind == EVENT_CONTROL && event->control.kind == CONTROL_CALENDAR &&
                    (event->control.calendar.kind == CALENDAR_HOLIDAY ||
                     event->control.calendar.kind == CALENDAR_EXPERIMENT);
    if (explains) {
        mind->holidays[mind->n_holidays % HOLIDAYS_KEPT] = event->control.calendar;
        mind->n_holidays++;
    }
    bool withdraws = event->kind == EVENT_CONTROL && event->control.kind == CONTROL_WITHDRAW;
    for (uint32_t i = 0; i < HOLIDAYS_KEPT && withdraws; i++) {
        struct calendar_entry *entry = &mind->holidays[i];
        if (calendar_entry_equal(entry, &event->control.calendar)) {
            entry->to = entry->from; /* Holds at no time. */
        }
    }
}

/* What is open goes on before a window may open more: the docket of this step cannot know that yet. */
void rules_step(void *block, const struct event *event, const struct docket *docket,
                struct advice *advice)
{
    struct rules *mind = block;
    take_event(mind, event);
    for (uint32_t i = 0; i < mind->deployment->n_models; i++) {
        struct watched *watched = &mind->models[i];
        if (watched->stage != STAGE_QUIET) {
            advance(mind, watched, docket, event->at, advice);
        }
    }
    if (event->kind == EVENT_WINDOW &&
        deployment_model(mind->deployment, event->window.model) != NULL) {
        dossier_put(&mind->models[event->window.model.value - 1].dossier, event);
        take_window(mind, event, advice);
    }
}

static void watched_visit(struct visit *visit, int index, struct watched *watched)
{
    visit_begin(visit, "model", index);
    textbook_visit(visit, "textbook", &watched->textbook);
    dossier_visit(visit, "dossier", &watched->dossier);
    visit_u32s(visit, "in_a_row", watched->in_a_row, N_TEXTBOOK_RULES);
    for (uint32_t i = 0; i < N_TEXTBOOK_RULES; i++) {
        visit_i32(visit, "feature", &watched->feature[i]);
    }
    visit_u32(visit, "clear", &watched->clear);
    visit_u32(visit, "scored", &watched->scored);
    visit_u32(visit, "errors", &watched->errors);
    visit_f64(visit, "error", &watched->error);
    visit_bool(visit, "quality_low", &watched->quality_low);
    visit_u32(visit, "scored_since", &watched->scored_since);
    VISIT_ENUM(visit, watched, stage, N_STAGES);
    visit_u32(visit, "incident", &watched->incident.value);
    visit_i64(visit, "opened_at", &watched->opened_at);
    visit_i64(visit, "stage_at", &watched->stage_at);
    visit_i64(visit, "asked_at", &watched->asked_at);
    visit_i64(visit, "drift_muted_until", &watched->drift_muted_until);
    VISIT_ENUM(visit, watched, runbook, N_RUNBOOKS);
    visit_u16(visit, "table", &watched->table.value);
    VISIT_ENUM(visit, watched, step, STEPS_MAX + 1);
    visit_u32(visit, "mask", &watched->mask);
    visit_u32(visit, "drifting", &watched->drifting);
    visit_u32(visit, "alone", &watched->alone);
    visit_u32(visit, "n_refused", &watched->n_refused);
    visit_u16(visit, "trained", &watched->trained.value);
    visit_end(visit);
}

void rules_visit(void *block, struct visit *visit)
{
    struct rules *mind = block;
    visit_u32(visit, "incident_last", &mind->incident_last);
    visit_u32(visit, "question", &mind->question.value);
    visit_u32(visit, "n_holidays", &mind->n_holidays);
    for (int i = 0; i < HOLIDAYS_KEPT; i++) {
        evidence_calendar_visit(visit, "holiday", i, &mind->holidays[i]);
    }
    for (uint32_t i = 0; i < mind->deployment->n_models; i++) {
        watched_visit(visit, (int)i, &mind->models[i]);
    }
}
