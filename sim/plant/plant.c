/* SPDX-License-Identifier: Apache-2.0 */
/* The wiring of the plant: what happens by itself and when, and how truth follows every change. */
#include "sim/plant/plant.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define ADAPTED_MARGIN                                                                             \
    0.02 /* A version fitted to the changed world is at home in it when it is so near to health. */
#define READY_REPLICAS 4
#define ANNOUNCED 0.5 /* Producers tell of a schema change as often as not. */

struct truth_model *truth_of(struct plant *plant, uint32_t model_i)
{
    ASSERT(model_i < plant->deployment->n_models);
    return &plant->truth->models[model_i];
}

bool is_recorded(const struct plant *plant, uint32_t model_i)
{
    return plant->has_recording && model_i == plant->recorded.model_i;
}

int64_t now_of(const struct plant *plant) { return engine_now(plant->engine); }

void plant_later(struct plant *plant, int64_t at, enum plant_kind kind, uint32_t model_i,
                 uint32_t number, uint64_t value)
{
    struct occurrence occurrence = {.owner = OWNER_PLANT,
                                    .kind = (uint8_t)kind,
                                    .model = (uint16_t)model_i,
                                    .number = number,
                                    .value = value};
    (void)engine_at(plant->engine, at, occurrence); /* Beyond the horizon: dropped. */
}

bool plant_item_concerns(const struct plan_item *item, uint32_t model_i)
{
    return item->model.value == 0 || item->model.value == model_i + 1;
}

/* The half-made window. */

static void view_put(const struct plant_model *model, double weight, bool is_first,
                     const struct view *from, struct view *to)
{
    for (uint32_t i = 0; i < ROWS_OF_VIEW; i++) {
        if (i >= model->entry->n_features && i < FEATURES_MAX) {
            continue;
        }
        for (uint32_t j = 0; j < BINS; j++) {
            to->p[i][j] = (is_first ? 0.0 : to->p[i][j]) + weight * from->p[i][j];
            to->slope[i][j] = (is_first ? 0.0 : to->slope[i][j]) + weight * from->slope[i][j];
            to->bend[i][j] = (is_first ? 0.0 : to->bend[i][j]) + weight * from->bend[i][j];
        }
    }
    const struct view zero = {.positive = 0.0};
    const struct view *old = is_first ? &zero : to;
    to->positive = old->positive + weight * from->positive;
    to->canary_positive = old->canary_positive + weight * from->canary_positive;
    to->quality = old->quality + weight * from->quality;
    to->healthy = old->healthy + weight * from->healthy;
    to->canary_quality = old->canary_quality + weight * from->canary_quality;
    to->champion_quality = old->champion_quality + weight * from->champion_quality;
    to->canary_share = old->canary_share + weight * from->canary_share;
    to->fallback_share = old->fallback_share + weight * from->fallback_share;
    to->availability = old->availability + weight * from->availability;
    to->latency = old->latency + weight * from->latency;
    to->traffic = old->traffic + weight * from->traffic;
}

static void settle(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    double minutes = (double)(now_of(plant) - model->settled_at) / (double)NS_PER_MIN;
    double loss = truth->healthy_quality - truth->quality;
    if (loss > 0.0 && minutes > 0.0) {
        truth->bad_minutes += loss * minutes;
        truth->bad_predictions += loss * minutes * truth->requests_per_minute;
    }
    model->settled_at = now_of(plant);
}

void plant_touch(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    settle(plant, model_i);
    int64_t since_ns = now_of(plant) - model->seen_at;
    if (since_ns > 0) {
        double weight = (double)since_ns / (double)plant->deployment->window_ns;
        bool is_first = !(model->mixed_weight > 0.0);
        view_put(model, weight, is_first, &model->view, &model->mixed);
        model->mixed_weight += weight;
        model->seen_at = now_of(plant);
    }
}

/* What follows a change. */

/* Items that change what requests or labels are like. */
static bool is_of_world(enum plan_kind kind)
{
    return kind == PLAN_COVARIATE_SHIFT || kind == PLAN_CONCEPT_SHIFT ||
           kind == PLAN_SCHEMA_CHANGE || kind == PLAN_UNIT_CHANGE || kind == PLAN_NULL_BURST ||
           kind == PLAN_HOLIDAY || kind == PLAN_HARMLESS_SHIFT;
}

static uint32_t items_of_world(const struct plant *plant, uint32_t active, bool with_faults)
{
    uint32_t items = 0;
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        enum plan_kind kind = plant->plan->items[i].kind;
        bool is_in = (active >> i & 1u) != 0 && is_of_world(kind) &&
                     (with_faults || !plan_kind_is_fault(kind));
        items |= is_in ? UINT32_C(1) << i : 0;
    }
    return items;
}

static void environment_follow(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    uint32_t items = items_of_world(plant, model->active, true);
    uint32_t benign = items_of_world(plant, model->active, false);
    bool is_first = !(model->now.traffic > 0.0);
    if (!is_first && items == model->now.items && benign == model->benign.items) {
        return;
    }
    environment_of(plant, model_i, items, &model->now);
    environment_of(plant, model_i, benign, &model->benign);
    struct epoch *newest = &model->epochs[model->n_epochs - 1];
    if (newest->items == items) {
        return;
    }
    if (newest->from == now_of(plant)) {
        newest->items = items;
        return;
    }
    ASSERT(model->n_epochs < EPOCHS_MAX); /* Items begin once and end once. */
    model->epochs[model->n_epochs++] = (struct epoch){now_of(plant), items};
}

/* Accuracy of what each version would give now, of what users are given, and of health. */
static void accuracy_follow(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    struct served served[SPLIT_MAX];
    struct shield shield = shield_of(plant, model_i);
    shield.clean = false;
    double threshold = threshold_of(plant, model_i);
    uint32_t n = served_of(model, &model->now, shield, served);
    for (uint32_t i = 0; i < truth->n_versions; i++) {
        struct artefact *artefact = &model->artefacts[i];
        bool fits = truth->versions[i].schema_id == truth->schema_id;
        artefact->accuracy = fits ? accuracy_of(served, n, artefact->weights, artefact->intercept,
                                                threshold, artefact->score_sd)
                                  : 0.5;
    }
    const struct artefact *champion = artefact_of(plant, model_i, truth->serving);
    const struct artefact *canary = artefact_of(plant, model_i, truth->canary);
    struct view *view = &model->view;
    view->champion_quality = champion->accuracy;
    view->canary_quality = canary == NULL ? 0.0 : canary->accuracy;
    if (truth->fallback) {
        shield.clean = true;
        n = served_of(model, &model->now, shield, served);
        bool has_rules = model->fallback_mode == FALLBACK_RULES;
        double bypass = has_rules ? accuracy_of(served, n, model->rules, model->offset, 0.0, 1.0)
                                  : accuracy_of(served, n, champion->weights, champion->intercept,
                                                threshold, champion->score_sd);
        view->champion_quality = view->canary_quality = bypass;
    }
    static const struct shield open = {0};
    n = served_of(model, &model->benign, open, served);
    model->start.accuracy =
        accuracy_of(served, n, model->start.weights, model->start.intercept,
                    model->config_threshold[START_CONFIG - 1], model->start.score_sd);
}

/* From structural to live: the unexplained part of the week is in all of them. */
static void quality_follow(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    double share = truth->fallback ? 0.0 : (double)truth->canary_weight_ppm / 1e6;
    for (uint32_t i = 0; i < truth->n_versions; i++) {
        truth->versions[i].quality = accuracy_live(model, model->artefacts[i].accuracy);
    }
    double champion = accuracy_live(model, model->view.champion_quality);
    double canary = accuracy_live(model, model->view.canary_quality);
    truth->quality = (1.0 - share) * champion + share * canary;
    truth->healthy_quality = accuracy_live(model, model->start.accuracy);
    truth->availability = model->view.availability;
    if (!is_recorded(plant, model_i)) {
        double window_min = (double)plant->deployment->window_ns / (double)NS_PER_MIN;
        truth->requests_per_minute = (double)model->entry->requests_per_window * model->now.traffic *
                                     shape_at(plant, now_of(plant)) / window_min;
    }
}

static enum cause cause_of(enum plan_kind kind)
{
    switch (kind) {
    case PLAN_COVARIATE_SHIFT:
        return CAUSE_COVARIATE_SHIFT;
    case PLAN_CONCEPT_SHIFT:
        return CAUSE_CONCEPT_SHIFT;
    case PLAN_SCHEMA_CHANGE:
        return CAUSE_SCHEMA_CHANGE;
    case PLAN_UNIT_CHANGE:
        return CAUSE_UNIT_CHANGE;
    case PLAN_NULL_BURST:
        return CAUSE_NULL_BURST;
    case PLAN_BAD_MODEL_PUSH:
        return CAUSE_BAD_MODEL;
    case PLAN_BAD_CONFIG_PUSH:
        return CAUSE_BAD_CONFIG;
    case PLAN_INJECTED_TEXT:
        return CAUSE_ATTACK;
    case PLAN_RECORDED:
        return CAUSE_FEATURE_ACTIVATION;
    case PLAN_CRASH:
        return CAUSE_HALF_FINISHED_CHANGE;
    case PLAN_HOLIDAY:
    case PLAN_HARMLESS_SHIFT:
    case PLAN_HEALTHY_PUSH:
    case PLAN_FREEZE:
    case PLAN_HALT:
    case PLAN_FORGED_RESET:
    case PLAN_DEAD_MAN:
    case PLAN_APPROVER_ABSENT:
    case PLAN_FORGED_APPROVAL:
    case PLAN_STALE_APPROVAL:
    case PLAN_REGISTRY_OUTAGE:
    case PLAN_ACTION_FAILURE:
    case PLAN_UNKNOWN_OUTCOME:
    case PLAN_LLM_OUTAGE:
    case PLAN_TELEMETRY_LOST:
    case PLAN_TELEMETRY_LATE:
    case PLAN_PAGE_OUTAGE:
    case PLAN_TAINT:
    case N_PLAN_KINDS:
        return CAUSE_UNKNOWN;
    }
    return CAUSE_UNKNOWN;
}

/* Whether an item whose time it is works on the model still. */
static bool is_in_force(struct plant *plant, uint32_t model_i, uint32_t item)
{
    const struct plant_model *model = &plant->models[model_i];
    const struct truth_model *truth = truth_of(plant, model_i);
    const struct truth_version *serving = version_of(plant, model_i, truth->serving);
    const struct plan_item *entry = &plant->plan->items[item];
    uint32_t pushed = model->pushed[item].value;
    if (entry->kind == PLAN_BAD_MODEL_PUSH || entry->kind == PLAN_HEALTHY_PUSH) {
        return pushed != 0 && (truth->serving.value == pushed || truth->canary.value == pushed);
    }
    if (entry->kind == PLAN_BAD_CONFIG_PUSH) {
        return pushed != 0 && truth->config.value == pushed;
    }
    if (entry->kind == PLAN_RECORDED) {
        return serving->trained_from < entry->at;
    }
    if (entry->kind == PLAN_COVARIATE_SHIFT || entry->kind == PLAN_CONCEPT_SHIFT) {
        double accuracy = artefact_of(plant, model_i, truth->serving)->accuracy;
        bool is_adapted =
            serving->trained_to > entry->at && accuracy >= model->start.accuracy - ADAPTED_MARGIN;
        return !is_adapted;
    }
    return entry->kind != PLAN_CRASH; /* The process of the agent is the host's. */
}

static void faults_follow(struct plant *plant, uint32_t model_i)
{
    const struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    bool was_faulty = truth->faulty;
    truth->items = 0;
    truth->faulty = false;
    int64_t newest = INT64_MIN;
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        const struct plan_item *item = &plant->plan->items[i];
        if ((model->active >> i & 1u) == 0 || !is_in_force(plant, model_i, i)) {
            continue;
        }
        truth->items |= UINT32_C(1) << i;
        if (plan_kind_is_fault(item->kind) && item->at >= newest) {
            newest = item->at;
            truth->faulty = true;
            truth->cause = cause_of(item->kind);
            truth->faulty_since = item->at;
        }
    }
    if (!truth->faulty) {
        truth->cause = CAUSE_UNKNOWN;
        truth->fault_ended = was_faulty ? now_of(plant) : truth->fault_ended;
    }
}

void plant_refresh(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    if (is_recorded(plant, model_i)) {
        recorded_refresh(plant);
        faults_follow(plant, model_i);
        quality_follow(plant, model_i);
        return;
    }
    environment_follow(plant, model_i);
    accuracy_follow(plant, model_i);
    faults_follow(plant, model_i);
    view_of(plant, model_i, &model->view);
    quality_follow(plant, model_i);
    model->view.quality = truth_of(plant, model_i)->quality;
    ratio_of_views(plant, model_i);
}

/* Changes that people and pipelines tell of. */

void plant_tell(struct plant *plant, const struct change *change, uint32_t item)
{
    uint32_t number = plant->n_feed++;
    plant->feed[number % FEED_MAX] = (struct feed_entry){*change, item};
    plant_later(plant, now_of(plant), PLANT_CHANGE,
                change->model.value == 0 ? 0 : change->model.value - 1u, number, 0);
}

static int64_t declared_at(const struct plant *plant, uint32_t item)
{
    const struct plan_item *entry = &plant->plan->items[item];
    if (entry->kind == PLAN_HOLIDAY) {
        return 0; /* Holidays are in the calendar all year. */
    }
    struct stream stream;
    stream_init(&stream, plant->plan->seed, "plant/declared", item);
    int64_t lead_ns = (int64_t)stream_between(&stream, 10.0, 120.0) * NS_PER_MIN;
    return entry->at > lead_ns ? entry->at - lead_ns : 0;
}

static bool is_declared(enum plan_kind kind) { return kind == PLAN_HOLIDAY || kind == PLAN_FREEZE; }

static struct calendar_entry calendar_of(const struct plan_item *item)
{
    return (struct calendar_entry){.kind = item->kind == PLAN_HOLIDAY ? CALENDAR_HOLIDAY
                                                                      : CALENDAR_FREEZE,
                                   .from = item->at,
                                   .to = item->until,
                                   .model = item->model};
}

void calendar_answer_of(const struct plant *plant, uint32_t model_i,
                        struct calendar_answer *ret_answer)
{
    ret_answer->n_entries = 0;
    for (uint32_t i = 0; i < plant->plan->n_items && ret_answer->n_entries < CALENDAR_MAX; i++) {
        const struct plan_item *item = &plant->plan->items[i];
        bool is_known = is_declared(item->kind) && plant_item_concerns(item, model_i) &&
                        declared_at(plant, i) <= now_of(plant);
        if (is_known) {
            ret_answer->entries[ret_answer->n_entries++] = calendar_of(item);
        }
    }
}

static void push_config(struct plant *plant, uint32_t model_i, uint32_t item)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    ASSERT(model->n_configs < CONFIGS_MAX); /* Two of the start and one an item. */
    double shift = plant->plan->items[item].a;
    shift = (plant->item_sign[item] & 1u) != 0 ? shift : -shift;
    model->config_threshold[model->n_configs++] = shift;
    struct version_id from = truth->config;
    model->config_previous = from;
    truth->config.value = (uint16_t)model->n_configs;
    model->pushed[item] = truth->config;
    struct change change = {.kind = CHANGE_CONFIG,
                            .at = now_of(plant),
                            .model = {(uint16_t)(model_i + 1)},
                            .from = from,
                            .to = truth->config};
    plant_tell(plant, &change, item);
}

static void tell_of_table(struct plant *plant, uint32_t model_i, uint32_t item, enum change_kind kind)
{
    struct table_id table = plant->plan->items[item].table;
    struct change change = {
        .kind = kind,
        .at = now_of(plant),
        .model = {(uint16_t)(model_i + 1)},
        .table = table.value != 0 ? table : plant->models[model_i].entry->features[0].table};
    plant_tell(plant, &change, item);
}

/* Conditions around the models change none of them: only the set of what is in force follows. */
static bool is_condition(enum plan_kind kind)
{
    return !plan_kind_is_fault(kind) && kind != PLAN_HEALTHY_PUSH && !is_of_world(kind);
}

static void item_begins(struct plant *plant, uint32_t model_i, uint32_t item)
{
    struct plant_model *model = &plant->models[model_i];
    const struct plan_item *entry = &plant->plan->items[item];
    if (is_condition(entry->kind)) {
        model->active |= UINT32_C(1) << item;
        faults_follow(plant, model_i);
        return;
    }
    bool is_push = entry->kind == PLAN_BAD_MODEL_PUSH || entry->kind == PLAN_HEALTHY_PUSH;
    bool is_config = entry->kind == PLAN_BAD_CONFIG_PUSH;
    if ((is_push || is_config) && is_recorded(plant, model_i)) {
        return; /* A recording brings versions of its own. */
    }
    plant_touch(plant, model_i);
    model->active |= UINT32_C(1) << item;
    if (plan_kind_is_fault(entry->kind) && entry->kind != PLAN_CRASH) {
        model->onset = now_of(plant);
    }
    if (is_push) {
        registry_push(plant, model_i, item);
    } else if (is_config) {
        push_config(plant, model_i, item);
    } else if (entry->kind == PLAN_SCHEMA_CHANGE) {
        struct stream stream;
        stream_init(&stream, plant->plan->seed, "plant/announced", item);
        if (stream_chance(&stream, ANNOUNCED)) {
            tell_of_table(plant, model_i, item, CHANGE_SCHEMA);
        }
    } else if (entry->kind == PLAN_INJECTED_TEXT) {
        tell_of_table(plant, model_i, item, CHANGE_DATA);
    }
    plant_refresh(plant, model_i);
}

static void item_ends(struct plant *plant, uint32_t item)
{
    if (plant->item_ended[item] != NEVER) {
        return;
    }
    plant->item_ended[item] = now_of(plant);
    for (uint32_t i = 0; i < plant->deployment->n_models; i++) {
        if ((plant->models[i].active >> item & 1u) == 0) {
            continue;
        }
        bool is_light = is_condition(plant->plan->items[item].kind);
        if (!is_light) {
            plant_touch(plant, i);
        }
        plant->models[i].active &= ~(UINT32_C(1) << item);
        if (is_light) {
            faults_follow(plant, i);
        } else {
            plant_refresh(plant, i);
        }
    }
}

void plant_repair(struct plant *plant, struct table_id table)
{
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        const struct plan_item *item = &plant->plan->items[i];
        bool is_of_table = item->kind == PLAN_SCHEMA_CHANGE || item->kind == PLAN_UNIT_CHANGE ||
                           item->kind == PLAN_NULL_BURST;
        if (is_of_table && item->table.value == table.value && item->at <= now_of(plant)) {
            item_ends(plant, i);
        }
    }
}

/* Handlers. */

static bool window_comes(struct plant *plant, uint32_t model_i, struct event *ret_event)
{
    struct plant_model *model = &plant->models[model_i];
    int64_t now = now_of(plant);
    settle(plant, model_i);
    if (model->mixed_weight > 0.0) {
        plant_touch(plant, model_i);
        view_roots(model, &model->mixed);
    }
    ret_event->kind = EVENT_WINDOW;
    if (is_recorded(plant, model_i)) {
        recorded_window(plant, &ret_event->window);
        recorded_refresh(plant);
        faults_follow(plant, model_i);
    } else {
        window_make(plant, model_i, &ret_event->window);
    }
    model->mixed_weight = 0.0;
    model->seen_at = now;
    quality_follow(plant, model_i);
    plant->windows++;
    plant_later(plant, now + plant->deployment->window_ns, PLANT_WINDOW, model_i, 0, 0);
    if (truth_of(plant, model_i)->canary.value != 0) {
        plant_later(plant, now, PLANT_CANARY_WINDOW, model_i, 0, 0);
    }
    return true;
}

static bool canary_window_comes(struct plant *plant, uint32_t model_i, struct event *ret_event)
{
    if (truth_of(plant, model_i)->canary.value == 0) {
        return false; /* It ended at this very instant. */
    }
    ret_event->kind = EVENT_WINDOW;
    if (is_recorded(plant, model_i)) {
        recorded_canary_window(plant, &ret_event->window);
    } else {
        canary_window_make(plant, model_i, &ret_event->window);
    }
    plant->windows++;
    return true;
}

static bool baseline_comes(struct plant *plant, uint32_t model_i, uint32_t version,
                           struct event *ret_event)
{
    struct version_id id = {(uint16_t)version};
    if (version_index(plant, model_i, id) == VERSIONS_MAX) {
        return false;
    }
    ret_event->kind = EVENT_BASELINE;
    baseline_of(plant, model_i, id, &ret_event->baseline);
    return true;
}

static bool change_comes(struct plant *plant, uint32_t number, struct event *ret_event)
{
    const struct feed_entry *entry = &plant->feed[number % FEED_MAX];
    ret_event->kind = EVENT_CHANGE;
    ret_event->change = (struct change_event){.change = entry->change,
                                              .note = note_of(plant, &entry->change, entry->item)};
    return true;
}

static bool answer_comes(struct plant *plant, const struct occurrence *occurrence,
                         struct event *ret_event)
{
    ret_event->kind = EVENT_ANSWER;
    answer_make(plant, occurrence->model, (enum tool)occurrence->value,
                (struct question_id){occurrence->number}, &ret_event->answer);
    return true;
}

static void item_on(struct plant *plant, uint32_t item)
{
    for (uint32_t i = 0; i < plant->deployment->n_models; i++) {
        if (plant_item_concerns(&plant->plan->items[item], i)) {
            item_begins(plant, i, item);
        }
    }
}

bool plant_step(struct plant *plant, const struct occurrence *occurrence, struct event *ret_event)
{
    uint32_t model_i = occurrence->model, number = occurrence->number;
    ret_event->at = now_of(plant);
    switch ((enum plant_kind)occurrence->kind) {
    case PLANT_BASELINE:
        return baseline_comes(plant, model_i, number, ret_event);
    case PLANT_WINDOW:
        return window_comes(plant, model_i, ret_event);
    case PLANT_CANARY_WINDOW:
        return canary_window_comes(plant, model_i, ret_event);
    case PLANT_ITEM_ON:
        item_on(plant, number);
        return false;
    case PLANT_ITEM_OFF:
        item_ends(plant, number);
        return false;
    case PLANT_DECLARE:
        ret_event->kind = EVENT_CONTROL;
        ret_event->control = (struct control_event){
            .kind = CONTROL_CALENDAR, .calendar = calendar_of(&plant->plan->items[number])};
        return true;
    case PLANT_CHANGE:
        return change_comes(plant, number, ret_event);
    case PLANT_ATTEMPT:
        return attempt_happens(plant, number, ret_event);
    case PLANT_OUTCOME:
        return outcome_comes(plant, number, (enum outcome_status)occurrence->value, ret_event);
    case PLANT_EXPIRE:
        hold_expires(plant, number);
        return false;
    case PLANT_TRAINED:
        return trained_ends(plant, number, occurrence->value != 0, ret_event);
    case PLANT_ANSWER:
        return answer_comes(plant, occurrence, ret_event);
    }
    ASSERT(occurrence->kind <= PLANT_ANSWER);
    return false;
}

static void truth_init(struct truth *truth, const struct deployment *deployment)
{
    truth->n_models = deployment->n_models;
    truth->n_ledger = truth->n_human = 0;
    truth->platform_down = truth->channels_down = truth->agent_down = false;
    memset(truth->models, 0, deployment->n_models * sizeof(truth->models[0]));
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        struct truth_model *model = &truth->models[i];
        model->faulty_since = model->fault_ended = model->window_at = NEVER;
        model->floor = deployment->models[i].accuracy_floor;
        model->ready_replicas = READY_REPLICAS;
    }
}

static void schedule(struct plant *plant)
{
    const struct plan *plan = plant->plan;
    for (uint32_t i = 0; i < plant->deployment->n_models; i++) {
        plant_later(plant, 0, PLANT_BASELINE, i, plant->truth->models[i].serving.value, 0);
    }
    for (uint32_t i = 0; i < plan->n_items; i++) {
        const struct plan_item *item = &plan->items[i];
        int64_t at = item->at < 0 ? 0 : item->at;
        struct stream stream;
        stream_init(&stream, plan->seed, "plant/item", i);
        plant->item_sign[i] = (uint32_t)stream_u64(&stream);
        plant->item_ended[i] = NEVER;
        if (is_declared(item->kind)) {
            plant_later(plant, declared_at(plant, i), PLANT_DECLARE, 0, i, 0);
        }
        plant_later(plant, at, PLANT_ITEM_ON, 0, i, 0);
        if (item->until != NEVER) {
            plant_later(plant, item->until > at ? item->until : at, PLANT_ITEM_OFF, 0, i, 0);
        }
    }
    for (uint32_t i = 0; i < plant->deployment->n_models; i++) {
        plant_later(plant, plant->deployment->window_ns, PLANT_WINDOW, i, 0, 0);
    }
}

size_t plant_size(void) { return sizeof(struct plant); }

struct plant *plant_init(void *block, const struct deployment *deployment, const struct plan *plan,
                         const struct plant_recording *recording, struct engine *engine,
                         struct truth *truth)
{
    ASSERT(deployment->n_models >= 1);
    ASSERT(deployment->n_models <= MODELS_MAX);
    ASSERT(deployment->window_ns > 0);
    struct plant *plant = block;
    memset(plant, 0,
           offsetof(struct plant, models) + deployment->n_models * sizeof(struct plant_model));
    plant->deployment = deployment;
    plant->plan = plan;
    plant->engine = engine;
    plant->truth = truth;
    truth_init(truth, deployment);
    reference_init(plant);
    if (recording != NULL) {
        plant->has_recording = true;
        plant->recording = *recording;
        memset(&plant->recorded, 0, sizeof(plant->recorded));
        plant->recorded.model_i = plan->model.value >= 1 ? plan->model.value - 1u : 0;
    }
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        plant->requests_total += deployment->models[i].requests_per_window;
        model_init(plant, i);
        if (is_recorded(plant, i)) {
            recorded_init(plant);
        } else {
            registry_init(plant, i);
        }
        plant_refresh(plant, i);
    }
    schedule(plant);
    return plant;
}

void plant_settle(struct plant *plant)
{
    for (uint32_t i = 0; i < plant->deployment->n_models; i++) {
        settle(plant, i);
    }
}

uint64_t plant_windows(const struct plant *plant) { return plant->windows; }

void plant_registry(struct plant *plant, struct model_id model, struct registry_answer *ret_answer)
{
    ASSERT(model.value >= 1);
    ASSERT(model.value <= plant->deployment->n_models);
    registry_answer_of(plant, model.value - 1u, ret_answer);
}
