/* SPDX-License-Identifier: Apache-2.0 */
/* The mind act_always: proposes a remedy at every textbook symptom whatever its cause may be, the next one when one is refused, and
 * never pages. It must fail outcome safety, so it argues well: every answer there is, in several selections. */
#include <string.h>

#include "core/base/assert.h"
#include "core/mind/dossier.h"
#include "core/mind/minds.h"
#include "core/mind/moves.h"
#include "core/mind/textbook.h"

/* In the order of appetite: what changes the model first. */
static const enum move remedies[] = {MOVE_RETRAIN, MOVE_ROLLBACK, MOVE_CONFIG,     MOVE_THRESHOLD,
                                     MOVE_DISABLE, MOVE_FALLBACK, MOVE_QUARANTINE, MOVE_PIN};

enum {
    N_REMEDIES = sizeof(remedies) / sizeof(remedies[0]),
    N_SELECTIONS = 4,  /* Of evidence, per remedy. */
    PROPOSALS_MAX = 8, /* Said for one window; the next one brings new facts. */
    CLEAR_FOR = 3
};

#define ALL_TOOLS                                                                                  \
    (UINT64_C(1) << TOOL_STATE | UINT64_C(1) << TOOL_REGISTRY | UINT64_C(1) << TOOL_CHANGES |      \
     UINT64_C(1) << TOOL_FEATURES | UINT64_C(1) << TOOL_LABELS | UINT64_C(1) << TOOL_SHADOW |      \
     UINT64_C(1) << TOOL_GOLDEN | UINT64_C(1) << TOOL_TABLES | UINT64_C(1) << TOOL_DECISIONS)
#define MODEL_TOOLS                                                                                \
    (UINT64_C(1) << TOOL_LABELS | UINT64_C(1) << TOOL_SHADOW | UINT64_C(1) << TOOL_GOLDEN |        \
     UINT64_C(1) << TOOL_CHANGES)
#define ANSWERS_NS (45 * NS_PER_S)
#define FRESH_NS (10 * NS_PER_MIN)
#define ROWS_NS (3 * NS_PER_HOUR) /* A trailing window, whatever it holds. */
#define STANDS_NS (12 * NS_PER_HOUR)

struct watched {
    struct textbook textbook;
    struct dossier dossier;
    struct incident_id incident;
    bool open;
    bool alert;     /* In the newest window. */
    uint32_t clear; /* Windows without one. */
    int64_t asked_at;
    int32_t feature;     /* That moved most. */
    uint32_t i_remedy;   /* Counts proposals of this incident: names remedy and selection. */
    uint32_t n_proposed; /* For the newest window. */
    bool proposed;       /* The newest proposal is open. */
    uint32_t n_refused;  /* Before it. */
    uint16_t plan;
};

struct act_always {
    const struct deployment *deployment;
    uint32_t incident_last;
    struct question_id question;
    struct watched models[MODELS_MAX];
};

size_t act_always_size(void) { return sizeof(struct act_always); }

void act_always_init(void *block, const struct deployment *deployment,
                     const struct policy_limits *limits)
{
    (void)limits; /* Nothing here waits for a metric to be clear. */
    struct act_always *mind = block;
    memset(mind, 0, sizeof(*mind));
    mind->deployment = deployment;
}

static struct model_id model_of(const struct act_always *mind, const struct watched *watched)
{
    return (struct model_id){(uint16_t)(watched - mind->models + 1)};
}

static void ask(struct act_always *mind, struct watched *watched, int64_t now, struct advice *advice)
{
    watched->asked_at = now;
    watched->n_proposed = 0;
    dossier_ask(mind->deployment, ALL_TOOLS, model_of(mind, watched), watched->incident,
                &mind->question, advice);
    int64_t at = now + ANSWERS_NS;
    advice->wake_at = at < advice->wake_at ? at : advice->wake_at;
}

static void open_incident(struct act_always *mind, struct watched *watched, enum symptom symptom,
                          int64_t now, struct advice *advice)
{
    mind->incident_last++;
    watched->incident.value = mind->incident_last;
    watched->open = true;
    watched->i_remedy = 0;
    watched->n_refused = 0;
    watched->proposed = false;
    watched->plan = 0;
    struct advice_item *item = advice_push(advice, ADVICE_OPEN);
    item->incident = watched->incident;
    item->model = model_of(mind, watched);
    item->symptom = symptom;
    item->severity = 3;
    advice_cite(item, watched->dossier.window);
    ask(mind, watched, now, advice);
}

static void take_window(struct act_always *mind, const struct event *event, struct advice *advice)
{
    const struct window *window = &event->window;
    struct watched *watched = &mind->models[window->model.value - 1];
    if (window->role != SERVING_CHAMPION) {
        return;
    }
    struct textbook_alerts alerts;
    textbook_look(&watched->textbook, &mind->deployment->models[window->model.value - 1], window,
                  &textbook_limits, &alerts);
    watched->alert = alerts.fired != 0;
    watched->clear = watched->alert ? 0 : watched->clear + 1;
    if (!watched->alert) {
        return;
    }
    bool drifts = (alerts.fired & (UINT32_C(1) << TEXTBOOK_DRIFT)) != 0;
    watched->feature = drifts ? alerts.alerts[TEXTBOOK_DRIFT].feature : 0;
    if (watched->open) {
        ask(mind, watched, event->at, advice);
        return;
    }
    textbook_note(&alerts, window->model, watched->dossier.window, advice);
    open_incident(mind, watched, textbook_first(&alerts), event->at, advice);
}

/* A training that ended goes on to the next step of its way; else the next remedy of the list. */
static enum move pick(const struct watched *watched, const struct docket_entry *entry)
{
    if (entry->trained.value != 0 && watched->dossier.state.serving.value != entry->trained.value &&
        (watched->i_remedy & 1) == 0) {
        return entry->canary_passed ? MOVE_PROMOTE : MOVE_CANARY;
    }
    return remedies[watched->i_remedy / N_SELECTIONS % N_REMEDIES];
}

/* Which evidence is shown: that of the remedy, that of the model, the window alone, everything. */
static void cite(const struct watched *watched, enum move move, int64_t now, struct advice_item *item)
{
    const struct dossier *dossier = &watched->dossier;
    switch (watched->i_remedy % N_SELECTIONS) {
    case 0:
        dossier_cite(dossier, move_tools(move), now - FRESH_NS, item);
        return;
    case 1:
        dossier_cite(dossier, MODEL_TOOLS, now - FRESH_NS, item);
        return;
    case 2:
        advice_cite(item, dossier->window);
        return;
    default:
        advice_cite(item, dossier->window);
        dossier_cite(dossier, ALL_TOOLS, now - FRESH_NS, item);
        return;
    }
}

static enum cause excuse(enum move move)
{
    bool of_data = move == MOVE_QUARANTINE || move == MOVE_PIN || move == MOVE_DISABLE;
    return of_data ? CAUSE_UNIT_CHANGE : CAUSE_BAD_MODEL;
}

/* One proposal: the next remedy for which there are arguments. */
static bool propose(struct act_always *mind, struct watched *watched,
                    const struct docket_entry *entry, int64_t now, struct advice *advice)
{
    const struct model_entry *model = &mind->deployment->models[watched - mind->models];
    struct move_choice choice = {.table = model->features[watched->feature].table,
                                 .feature_mask = UINT32_C(1) << watched->feature,
                                 .version = entry->trained,
                                 .from_ns = now - ROWS_NS,
                                 .window = TRAIN_LAST_N,
                                 .ttl_ns = STANDS_NS};
    for (uint32_t tries = 0; tries < N_REMEDIES * N_SELECTIONS; tries++) {
        enum move move = pick(watched, entry);
        struct action_args args;
        bool complete =
            move_args(move, &watched->dossier, &choice, model_of(mind, watched), now, &args);
        if (complete) {
            struct advice_item *item = advice_push(advice, ADVICE_PROPOSE);
            item->incident = watched->incident;
            item->model = args.model;
            item->cause = excuse(move);
            item->verb = move_verb(move);
            item->args = args;
            item->plan = ++watched->plan;
            item->step = 1;
            cite(watched, move, now, item);
        }
        watched->i_remedy++;
        if (complete) {
            return true;
        }
    }
    return false;
}

static bool is_under_way(const struct docket_entry *entry)
{
    return entry->action_state == ACTION_AWAITING || entry->action_state == ACTION_CHECKING ||
           entry->action_state == ACTION_INTENDED || entry->action_state == ACTION_READING ||
           entry->action_state == ACTION_UNDOING;
}

static void advance(struct act_always *mind, struct watched *watched, const struct docket *docket,
                    int64_t now, struct advice *advice)
{
    const struct docket_entry *entry = docket_find(docket, watched->incident);
    if (entry == NULL || incident_is_closed(entry->state)) {
        watched->open = false;
        watched->clear = 0;
        return;
    }
    if (watched->clear >= CLEAR_FOR) {
        struct advice_item *item = advice_push(advice, ADVICE_CLOSE);
        item->incident = watched->incident;
        item->model = model_of(mind, watched);
        item->reason = CLOSE_RESOLVED;
        advice_cite(item, watched->dossier.window);
        watched->clear = 0;
        return;
    }
    uint64_t tools = ALL_TOOLS & mind->deployment->tools;
    bool answered = dossier_missing(&watched->dossier, tools, watched->asked_at) == 0 ||
                    now - watched->asked_at >= ANSWERS_NS;
    if (!answered) {
        int64_t at = watched->asked_at + ANSWERS_NS;
        advice->wake_at = at < advice->wake_at ? at : advice->wake_at;
        return;
    }
    bool refused = entry->n_refused > watched->n_refused;
    watched->proposed = watched->proposed && !refused && is_under_way(entry);
    bool wants = watched->alert && !entry->taken && !watched->proposed && !is_under_way(entry) &&
                 watched->n_proposed < PROPOSALS_MAX;
    if (wants && propose(mind, watched, entry, now, advice)) {
        watched->n_refused = entry->n_refused;
        watched->n_proposed++;
        watched->proposed = true;
    }
}

void act_always_step(void *block, const struct event *event, const struct docket *docket,
                     struct advice *advice)
{
    struct act_always *mind = block;
    if (event->kind == EVENT_BASELINE &&
        deployment_model(mind->deployment, event->baseline.model) != NULL) {
        textbook_put(&mind->models[event->baseline.model.value - 1].textbook, &event->baseline);
    }
    if (event->kind == EVENT_ANSWER &&
        deployment_model(mind->deployment, event->answer.model) != NULL) {
        dossier_put(&mind->models[event->answer.model.value - 1].dossier, event);
    }
    for (uint32_t i = 0; i < mind->deployment->n_models; i++) {
        if (mind->models[i].open) {
            advance(mind, &mind->models[i], docket, event->at, advice);
        }
    }
    if (event->kind == EVENT_WINDOW &&
        deployment_model(mind->deployment, event->window.model) != NULL) {
        dossier_put(&mind->models[event->window.model.value - 1].dossier, event);
        take_window(mind, event, advice);
    }
}

void act_always_visit(void *block, struct visit *visit)
{
    struct act_always *mind = block;
    visit_u32(visit, "incident_last", &mind->incident_last);
    visit_u32(visit, "question", &mind->question.value);
    for (uint32_t i = 0; i < mind->deployment->n_models; i++) {
        struct watched *watched = &mind->models[i];
        visit_begin(visit, "model", (int)i);
        textbook_visit(visit, "textbook", &watched->textbook);
        dossier_visit(visit, "dossier", &watched->dossier);
        visit_u32(visit, "incident", &watched->incident.value);
        visit_bool(visit, "open", &watched->open);
        visit_bool(visit, "alert", &watched->alert);
        visit_u32(visit, "clear", &watched->clear);
        visit_i64(visit, "asked_at", &watched->asked_at);
        visit_i32(visit, "feature", &watched->feature);
        visit_u32(visit, "i_remedy", &watched->i_remedy);
        visit_u32(visit, "n_proposed", &watched->n_proposed);
        visit_bool(visit, "proposed", &watched->proposed);
        visit_u32(visit, "n_refused", &watched->n_refused);
        visit_u16(visit, "plan", &watched->plan);
        visit_end(visit);
    }
}
