/* SPDX-License-Identifier: Apache-2.0 */
/* Intake: what happens outside becomes symptoms, and symptoms become one open incident a model. */
#include "core/mind/intake.h"

#include "core/base/assert.h"
#include "core/detect/binned.h"

#define PROBE_AFTER_NS (30 * NS_PER_S) /* A configuration shows in decisions made since. */
#define DECLARED_MARGIN_NS                                                                         \
    (30 * NS_PER_MIN)      /* Traffic comes before and goes after the hour that was declared. */
#define CLEARLY_LOW 0.06   /* Accuracy below the reference: four deviations of a thousand rows. */
#define LITTLE_LOSS 0.02   /* Two points are tolerated; the alternative is four more. */
#define KEY_IMPORTANCE 0.1 /* A tenth of the decision. */
#define EXPLAINED_PSI                                                                              \
    2.0 /* A mean that moves by 1.4 deviations; units that change move it by far more. */
#define FREEZE_MARGIN_NS (2 * NS_PER_MIN)

/* Of all tests on answers after pushes and configurations of one model, over all time: the k-th is held against 6 / (pi^2 k^2) of it, which sum to 1. */
static const double answers_level = 0.01;
static const double budget_share = 0.6079271; /* 6 / pi^2, rounded down. */

static bool is_model(const struct coordinator *coordinator, struct model_id model)
{
    return model.value >= 1 && model.value <= coordinator->deployment->n_models;
}

static void calendar_put(struct coordinator *coordinator, const struct calendar_entry *entry,
                         int64_t now)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < coordinator->n_calendar; i++) {
        const struct calendar_entry *known = &coordinator->calendar[i];
        bool same = known->kind == entry->kind && known->from == entry->from &&
                    known->to == entry->to && known->model.value == entry->model.value;
        if (!same && known->to + DECLARED_MARGIN_NS > now) {
            coordinator->calendar[kept++] = *known;
        }
    }
    coordinator->n_calendar = kept;
    if (kept < CALENDAR_MAX &&
        entry->to > now) { /* Beyond that the warden, which counts everything as frozen, decides. */
        coordinator->calendar[coordinator->n_calendar++] = *entry;
    }
}

/* Who waited for its end need not any more. */
static void calendar_drop(struct coordinator *coordinator, const struct calendar_entry *entry,
                          int64_t now)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < coordinator->n_calendar; i++) {
        if (!calendar_entry_equal(&coordinator->calendar[i], entry)) {
            coordinator->calendar[kept++] = coordinator->calendar[i];
        }
    }
    coordinator->n_calendar = kept;
    for (uint32_t i = 0; i < coordinator->deployment->n_models; i++) {
        bool here = entry->model.value == 0 || entry->model.value == i + 1;
        if (here && coordinator->inquiries[i].wake_at != NEVER) {
            coordinator->inquiries[i].wake_at = now;
        }
    }
}

bool intake_is_declared(const struct coordinator *coordinator, struct model_id model, int64_t now)
{
    for (uint32_t i = 0; i < coordinator->n_calendar; i++) {
        const struct calendar_entry *entry = &coordinator->calendar[i];
        bool here = entry->model.value == 0 || entry->model.value == model.value;
        bool explains = entry->kind == CALENDAR_HOLIDAY || entry->kind == CALENDAR_EXPERIMENT;
        if (here && explains && entry->from - DECLARED_MARGIN_NS <= now &&
            now < entry->to + DECLARED_MARGIN_NS) {
            return true;
        }
    }
    return false;
}

int64_t intake_frozen_until(const struct coordinator *coordinator, struct model_id model, int64_t now)
{
    int64_t until = 0;
    for (uint32_t i = 0; i < coordinator->n_calendar; i++) {
        const struct calendar_entry *entry = &coordinator->calendar[i];
        bool here = entry->model.value == 0 || entry->model.value == model.value;
        bool freezes = entry->kind == CALENDAR_FREEZE || entry->kind == CALENDAR_MAINTENANCE;
        if (here && freezes && entry->from - FREEZE_MARGIN_NS <= now && now < entry->to &&
            entry->to > until) {
            until = entry->to;
        }
    }
    return until;
}

static uint8_t severity_of(enum symptom symptom, enum tier tier)
{
    uint8_t base = tier == TIER_HIGH ? 2 : tier == TIER_MEDIUM ? 3 : 4;
    bool mild =
        symptom == SYMPTOM_INPUT_SHIFT || symptom == SYMPTOM_SILENCE || symptom == SYMPTOM_DATA;
    return mild ? (uint8_t)(base + 1) : base;
}

/* True when the symptom belongs to an open incident now. */
static bool open_incident(struct coordinator *coordinator, struct model_id model,
                          const struct finding *finding, int64_t onset, struct evidence_id evidence,
                          int64_t now, struct advice *advice)
{
    struct inquiry *inquiry = &coordinator->inquiries[model.value - 1];
    if (inquiry->incident.value != 0) {
        return true;
    }
    if (now < coordinator->quiet_until[model.value - 1]) {
        return false;
    }
    *inquiry = (struct inquiry){.incident = {++coordinator->incident_last},
                                .model = model,
                                .opened_at = now,
                                .onset = onset < now ? onset : now,
                                .wake_at = now};
    struct advice_item *item = advice_push(advice, ADVICE_OPEN);
    item->incident = inquiry->incident;
    item->model = model;
    item->symptom = finding->symptom;
    item->assurance = finding->assurance;
    item->severity =
        severity_of(finding->symptom, coordinator->deployment->models[model.value - 1].tier);
    advice_cite(item, evidence);
    return true;
}

static void note(struct advice *advice, struct model_id model, const struct finding *finding,
                 struct evidence_id evidence)
{
    struct advice_item *item = advice_push(advice, ADVICE_NOTE);
    item->model = model;
    item->symptom = finding->symptom;
    item->feature = finding->feature;
    item->value = finding->value;
    item->limit = finding->limit;
    item->assurance = finding->assurance;
    advice_cite(item, evidence);
}

static int64_t onset_of(const struct watched_model *watched, enum symptom symptom)
{
    switch (symptom) {
    case SYMPTOM_INPUT_SHIFT:
    case SYMPTOM_NULLS:
        return watched->troubled_since;
    case SYMPTOM_QUALITY:
        return watched->error_since;
    case SYMPTOM_SILENCE:
        return watched->window_to;
    case SYMPTOM_DATA:
    case SYMPTOM_DECISIONS:
    case SYMPTOM_OPERATIONAL:
    case SYMPTOM_SUSPICIOUS_TEXT:
    case SYMPTOM_OPEN_INTENT:
    case N_SYMPTOMS:
        return watched->window_from;
    }
    return watched->window_from;
}

/* A declared holiday or experiment moves what carries little of the decision, as populations move: nothing else is found. */
static bool is_explained(const struct coordinator *coordinator, const struct watched_model *watched,
                         struct model_id model, const struct findings *findings, int64_t now)
{
    const struct model_entry *entry = &coordinator->deployment->models[model.value - 1];
    if (watched->activated != 0) {
        return false;
    }
    for (uint32_t i = 0; i < findings->n_findings; i++) {
        const struct finding *finding = &findings->items[i];
        bool is_minor = finding->symptom == SYMPTOM_INPUT_SHIFT && finding->feature >= 0 &&
                        entry->features[finding->feature].importance < KEY_IMPORTANCE;
        if (!is_minor || finding->value > EXPLAINED_PSI) {
            return false;
        }
    }
    return intake_is_declared(coordinator, model, now);
}

void intake_findings(struct coordinator *coordinator, struct monitor *monitor,
                     struct model_id model, const struct findings *findings,
                     const struct event *event, struct advice *advice)
{
    if (findings->n_findings == 0 || event->at < coordinator->quiet_until[model.value - 1]) {
        return;
    }
    struct inquiry *inquiry = &coordinator->inquiries[model.value - 1];
    const struct watched_model *watched = monitor_model(monitor, model);
    bool known = inquiry->incident.value != 0;
    if (!known && is_explained(coordinator, watched, model, findings, event->at)) {
        for (uint32_t i = 0; i < findings->n_findings; i++) {
            note(advice, model, &findings->items[i], (struct evidence_id){event->sequence});
        }
        monitor_accept(monitor, model, 0); /* Labels go on watching. */
        return;
    }
    uint32_t symptoms = known ? inquiry->symptoms : 0, features = known ? inquiry->features : 0;
    uint32_t said[N_SYMPTOMS];
    for (uint32_t i = 0; i < N_SYMPTOMS; i++) {
        said[i] = known ? inquiry->said[i] : 0;
    }
    int64_t onset = NEVER;
    for (uint32_t i = 0; i < findings->n_findings; i++) {
        const struct finding *finding = &findings->items[i];
        uint32_t bit = UINT32_C(1) << finding->symptom;
        uint32_t feature = finding->feature < 0 ? 0 : UINT32_C(1) << finding->feature;
        uint32_t about = finding->feature < 0 ? 1 : feature << 1;
        if ((said[finding->symptom] & about) != 0) {
            continue;
        }
        said[finding->symptom] |= about;
        note(advice, model, finding, (struct evidence_id){event->sequence});
        /* What a new kind of trouble means begins with it, not with what was there before. */
        bool decides =
            finding->feature >= 0 &&
            coordinator->deployment->models[model.value - 1].features[finding->feature].importance >=
                KEY_IMPORTANCE;
        bool begins = (watched->activated & feature) != 0 ||
                      (finding->symptom == SYMPTOM_INPUT_SHIFT && decides);
        int64_t since = begins ? watched->window_to : onset_of(watched, finding->symptom);
        bool fresh = begins || (symptoms & bit) == 0;
        onset = fresh && since != NEVER ? since : onset;
        symptoms |= bit;
        features |= feature;
    }
    const struct finding *first = &findings->items[0];
    int64_t opened_onset = onset_of(watched, first->symptom);
    if (!known &&
        !open_incident(coordinator, model, first, opened_onset == NEVER ? event->at : opened_onset,
                       (struct evidence_id){event->sequence}, event->at, advice)) {
        return;
    }
    inquiry->symptoms = symptoms;
    inquiry->features = features;
    for (uint32_t i = 0; i < N_SYMPTOMS; i++) {
        inquiry->said[i] = said[i];
    }
    bool later = onset != NEVER && onset > inquiry->onset;
    if (known && later && inquiry->plan.trainings == 0) {
        inquiry->onset = onset;
    }
}

void intake_silence(struct coordinator *coordinator, struct monitor *monitor, uint32_t models,
                    const struct event *event, struct advice *advice)
{
    for (uint32_t i = 0; i < coordinator->deployment->n_models; i++) {
        if (((models >> i) & 1) == 0) {
            continue;
        }
        const struct watched_model *watched = &monitor->models[i];
        struct model_id model = {(uint16_t)(i + 1)};
        struct finding finding = {
            .symptom = SYMPTOM_SILENCE,
            .feature = -1,
            .value = (double)(event->at - watched->window_to) / (double)NS_PER_S,
            .limit = (double)coordinator->deployment->window_ns / (double)NS_PER_S,
            .assurance = {.guarantee = GUARANTEE_RULE}};
        note(advice, model, &finding, watched->evidence);
        if (open_incident(coordinator, model, &finding, watched->window_to, watched->evidence,
                          event->at, advice)) {
            coordinator->inquiries[i].symptoms |= UINT32_C(1) << SYMPTOM_SILENCE;
            coordinator->inquiries[i].said[SYMPTOM_SILENCE] |= 1;
            coordinator->inquiries[i].wake_at = event->at;
        }
    }
}

/* The guarantee of the next test on an answer of the model. Its level was fixed before the answer was seen, so that all alarms of this kind together are
 * false with a probability of at most answers_level, if rows of one answer are independent given the past. Evidence below the level is no alarm
 * of that kind: what opens then is the fixed rule. */
static struct assurance bet_on_answer(struct coordinator *coordinator, struct model_id model,
                                      double e_value)
{
    uint32_t *n_bets = &coordinator->n_bets[model.value - 1];
    *n_bets += *n_bets < UINT32_MAX ? 1 : 0;
    double level = answers_level * budget_share / ((double)*n_bets * (double)*n_bets);
    if (*n_bets == UINT32_MAX || !(e_value * level >= 1.0)) {
        return (struct assurance){.guarantee = GUARANTEE_RULE};
    }
    return (struct assurance){
        .guarantee = GUARANTEE_EVER, .bound = answers_level, .evidence = e_value, .level = level};
}

/* A symptom that a tool showed, not a window; e_value of the test that it is, 0: it is none, but a fact. */
static void open_by_answer(struct coordinator *coordinator, struct model_id model,
                           enum symptom symptom, double value, double limit, double e_value,
                           int64_t onset, const struct event *event, struct advice *advice)
{
    struct inquiry *inquiry = &coordinator->inquiries[model.value - 1];
    uint32_t bit = UINT32_C(1) << symptom;
    bool known = inquiry->incident.value != 0 && (inquiry->symptoms & bit) != 0;
    if (known || event->at < coordinator->quiet_until[model.value - 1]) {
        return;
    }
    struct finding finding = {.symptom = symptom,
                              .feature = -1,
                              .value = value,
                              .limit = limit,
                              .assurance = {.guarantee = GUARANTEE_RULE}};
    if (e_value > 0.0) {
        finding.assurance = bet_on_answer(coordinator, model, e_value);
    }
    note(advice, model, &finding, (struct evidence_id){event->sequence});
    if (open_incident(coordinator, model, &finding, onset, (struct evidence_id){event->sequence},
                      event->at, advice)) {
        inquiry->symptoms |= bit;
        inquiry->said[symptom] |= 1;
    }
}

static void probe_put(struct coordinator *coordinator, struct model_id model, enum change_kind kind,
                      int64_t now)
{
    struct probe *probe = &coordinator->probes[model.value - 1];
    switch (kind) {
    case CHANGE_MODEL:
        probe->tools |= UINT64_C(1) << TOOL_GOLDEN | UINT64_C(1) << TOOL_SHADOW;
        probe->due_at = now;
        probe->n_rounds = 1;
        return;
    case CHANGE_CONFIG:
        probe->tools |= UINT64_C(1) << TOOL_DECISIONS;
        probe->due_at = now + PROBE_AFTER_NS;
        probe->n_rounds = 2;
        return;
    case CHANGE_SCHEMA:
    case CHANGE_DATA:
        probe->tools |= UINT64_C(1) << TOOL_FEATURES;
        probe->due_at = now + PROBE_AFTER_NS;
        probe->n_rounds = 1;
        return;
    case CHANGE_IMAGE:
        probe->tools |= UINT64_C(1) << TOOL_PLATFORM;
        probe->due_at = now + PROBE_AFTER_NS;
        probe->n_rounds = 1;
        return;
    case N_CHANGE_KINDS:
        return;
    }
}

void intake_probe(struct coordinator *coordinator, uint32_t i, int64_t now, struct advice *advice)
{
    struct probe *probe = &coordinator->probes[i];
    if (now < probe->due_at) {
        return;
    }
    struct model_id model = {(uint16_t)(i + 1)};
    investigator_ask(&coordinator->folders[i], probe->tools & coordinator->deployment->tools, model,
                     coordinator->inquiries[i].incident, now, &coordinator->question_last, advice);
    probe->n_rounds--;
    probe->due_at = probe->n_rounds > 0 ? now + 4 * PROBE_AFTER_NS : NEVER;
    probe->tools = probe->n_rounds > 0 ? probe->tools : 0;
}

static bool uses_table(const struct model_entry *model, struct table_id table)
{
    for (uint32_t i = 0; i < model->n_features; i++) {
        if (table.value != 0 && model->features[i].table.value == table.value) {
            return true;
        }
    }
    return false;
}

static void take_change(struct coordinator *coordinator, const struct event *event,
                        struct advice *advice)
{
    const struct change_event *change = &event->change;
    struct evidence_id evidence = {event->sequence};
    for (uint32_t i = 0; i < coordinator->deployment->n_models; i++) {
        struct model_id model = {(uint16_t)(i + 1)};
        bool here = change->change.model.value == model.value ||
                    (change->change.model.value == 0 &&
                     (change->change.table.value == 0 ||
                      uses_table(&coordinator->deployment->models[i], change->change.table)));
        if (!here) {
            continue;
        }
        struct folder *folder = &coordinator->folders[i];
        bool before = folder->suspicious;
        folder_change(folder, change, evidence);
        if (change->change.by.value == 0) {
            probe_put(coordinator, model, change->change.kind, event->at);
        }
        coordinator->inquiries[i].wake_at = event->at;
        if (folder->suspicious && !before) {
            open_by_answer(coordinator, model, SYMPTOM_SUSPICIOUS_TEXT, 1.0, 0.0, 0.0, event->at,
                           event, advice);
        }
    }
}

/* Whether a version that was pushed is worse than the one before. A little below on the clean set may be chance: the version before,
 * on the same rows, has the word then. */
static void look_at_push(struct coordinator *coordinator, const struct event *event,
                         const struct signs *signs, int64_t pushed_at, struct advice *advice)
{
    const struct answer *answer = &event->answer;
    if (answer->tool == TOOL_GOLDEN && signs->states[SIGN_GOLDEN_LOW] == SIGN_PRESENT) {
        double right = (double)answer->golden.correct / (double)answer->golden.n;
        double reference = answer->golden.reference_accuracy;
        if (right < reference - CLEARLY_LOW) {
            double tolerated = 1.0 - reference + LITTLE_LOSS;
            double e_value = bet_once(tolerated, tolerated + 2.0 * LITTLE_LOSS,
                                      answer->golden.n - answer->golden.correct, answer->golden.n);
            open_by_answer(coordinator, answer->model, SYMPTOM_QUALITY, 1.0 - right,
                           1.0 - reference, e_value, pushed_at, event, advice);
        }
    }
    if (answer->tool == TOOL_SHADOW && signs->states[SIGN_PREVIOUS_BETTER] == SIGN_PRESENT) {
        double scored = (double)answer->shadow.scored; /* Errors that only one of the two makes. */
        uint64_t apart =
            (uint64_t)answer->shadow.only_shadow_correct + answer->shadow.only_serving_correct;
        double e_value = 0.5 * (bet_once(0.5, 0.6, answer->shadow.only_shadow_correct, apart) +
                                bet_once(0.5, 0.75, answer->shadow.only_shadow_correct, apart));
        open_by_answer(coordinator, answer->model, SYMPTOM_QUALITY,
                       (double)answer->shadow.only_shadow_correct / scored,
                       (double)answer->shadow.only_serving_correct / scored, e_value, pushed_at,
                       event, advice);
    }
}

/* Against "the rate is within two points of the reference", both ways. */
static double rate_evidence(const struct decisions_answer *answer)
{
    uint32_t positives =
        answer->positives < answer->decisions ? answer->positives : answer->decisions;
    double high = answer->reference_rate + LITTLE_LOSS;
    double low = 1.0 - answer->reference_rate + LITTLE_LOSS;
    double up = bet_once(high, high + 2.0 * LITTLE_LOSS, positives, answer->decisions);
    double down =
        bet_once(low, low + 2.0 * LITTLE_LOSS, answer->decisions - positives, answer->decisions);
    return 0.5 * (up + down);
}

static void look_at_answer(struct coordinator *coordinator, struct monitor *monitor,
                           const struct event *event, struct advice *advice)
{
    const struct answer *answer = &event->answer;
    struct model_id model = answer->model;
    struct question_frame frame = {.model = &coordinator->deployment->models[model.value - 1],
                                   .tolerated = monitor_tolerated(monitor, model),
                                   .onset = event->at,
                                   .since = answer->sampled_at};
    const struct folder *folder = &coordinator->folders[model.value - 1];
    struct signs signs;
    investigator_read(folder, monitor_model(monitor, model), &frame, &signs);
    int64_t pushed_at = folder->changed_at[CHANGE_MODEL];
    int64_t configured_at = folder->changed_at[CHANGE_CONFIG];
    if (pushed_at != NEVER && pushed_at >= event->at - NS_PER_HOUR) {
        look_at_push(coordinator, event, &signs, pushed_at, advice);
    }
    if (answer->tool == TOOL_DECISIONS && configured_at != NEVER &&
        signs.states[SIGN_DECISION_STEP] == SIGN_PRESENT) {
        open_by_answer(coordinator, model, SYMPTOM_DECISIONS,
                       (double)answer->decisions.positives / (double)answer->decisions.decisions,
                       answer->decisions.reference_rate, rate_evidence(&answer->decisions),
                       configured_at, event, advice);
    }
    if (answer->tool == TOOL_FEATURES && signs.states[SIGN_COLUMN_EMPTY] == SIGN_PRESENT) {
        open_by_answer(coordinator, model, SYMPTOM_NULLS, 1.0, 0.05, 0.0, event->at, event, advice);
    }
    if (answer->tool == TOOL_STATE && coordinator->reconciling &&
        signs.states[SIGN_HALF_DONE] == SIGN_PRESENT) {
        open_by_answer(coordinator, model, SYMPTOM_OPEN_INTENT, 1.0, 0.0, 0.0, event->at, event,
                       advice);
    }
    if (answer->tool == TOOL_LOGS && folder->suspicious) {
        open_by_answer(coordinator, model, SYMPTOM_SUSPICIOUS_TEXT, 1.0, 0.0, 0.0, event->at, event,
                       advice);
    }
}

static void take_answer(struct coordinator *coordinator, struct monitor *monitor,
                        const struct event *event, struct advice *advice)
{
    const struct answer *answer = &event->answer;
    if (!is_model(coordinator, answer->model) || (unsigned)answer->tool >= N_TOOLS) {
        return;
    }
    uint32_t i = answer->model.value - 1u;
    folder_answer(&coordinator->folders[i], answer, (struct evidence_id){event->sequence}, event->at);
    coordinator->inquiries[i].wake_at = event->at;
    if (answer->status != ANSWER_OK) {
        return;
    }
    if (answer->tool == TOOL_CALENDAR) {
        for (uint32_t k = 0; k < answer->calendar.n_entries && k < CALENDAR_MAX; k++) {
            calendar_put(coordinator, &answer->calendar.entries[k], event->at);
        }
        return;
    }
    look_at_answer(coordinator, monitor, event, advice);
}

static void take_outcome(struct coordinator *coordinator, const struct outcome *outcome,
                         const struct docket *docket)
{
    if (outcome->status != OUTCOME_TRAIN_FAILED) {
        return;
    }
    for (uint32_t i = 0; i < coordinator->deployment->n_models; i++) {
        struct inquiry *inquiry = &coordinator->inquiries[i];
        const struct docket_entry *entry =
            inquiry->incident.value == 0 ? NULL : docket_find(docket, inquiry->incident);
        if (entry != NULL && entry->action.value == outcome->action.value) {
            inquiry->training_failed = true;
            inquiry->wake_at = 0;
        }
    }
}

static void recover(struct coordinator *coordinator, int64_t now, struct advice *advice)
{
    coordinator->reconciling = true;
    for (uint32_t i = 0; i < coordinator->deployment->n_models; i++) {
        struct model_id model = {(uint16_t)(i + 1)};
        folder_recover(&coordinator->folders[i]);
        coordinator->inquiries[i].wake_at = now;
        investigator_ask(
            &coordinator->folders[i], (UINT64_C(1) << TOOL_STATE) & coordinator->deployment->tools,
            model, coordinator->inquiries[i].incident, now, &coordinator->question_last, advice);
    }
}

void intake_event(struct coordinator *coordinator, struct monitor *monitor,
                  const struct event *event, const struct docket *docket, struct advice *advice)
{
    switch (event->kind) {
    case EVENT_START:
        if (event->start.recovered) {
            recover(coordinator, event->at, advice);
        }
        break;
    case EVENT_ANSWER:
        take_answer(coordinator, monitor, event, advice);
        break;
    case EVENT_CHANGE:
        take_change(coordinator, event, advice);
        break;
    case EVENT_REPLY:
        if (is_model(coordinator, event->reply.model)) {
            struct inquiry *inquiry = &coordinator->inquiries[event->reply.model.value - 1];
            investigator_reply(&inquiry->hints, &event->reply);
            inquiry->wake_at = event->at;
        }
        break;
    case EVENT_CONTROL:
        if (event->control.kind == CONTROL_CALENDAR) {
            calendar_put(coordinator, &event->control.calendar, event->at);
        } else if (event->control.kind == CONTROL_WITHDRAW) {
            calendar_drop(coordinator, &event->control.calendar, event->at);
        }
        break;
    case EVENT_OUTCOME:
        take_outcome(coordinator, &event->outcome, docket);
        break;
    case EVENT_TICK:
    case EVENT_BASELINE:
    case EVENT_WINDOW:
    case EVENT_APPROVAL:
    case EVENT_PAGE:
    case EVENT_HANDLING:
    case N_EVENT_KINDS:
        break; /* The docket shows what they changed. */
    }
}
