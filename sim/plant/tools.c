/* SPDX-License-Identifier: Apache-2.0 */
/* The tools that look at the models: each answer is a fresh sample with its own noise, made when it is given. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define P_FAILED 0.01
#define FAST_S 2.5    /* A query. */
#define REPLAY_S 20.0 /* Scoring a set with an artefact. */
#define ANSWER_MAX_S 120.0
#define SAMPLE_MAX 5000
#define LABELS_WANTED 1000
#define COHORTS_WANTED 3
#define SHADOW_MAX 2000
#define GOLDEN_ROWS 1000

enum { TABLES_SHOWN = 4 };
_Static_assert(sizeof(((struct tables_answer *)0)->tables) ==
                   TABLES_SHOWN * sizeof(struct table_profile),
               "the ceiling of the list is that of its array");

static struct stream stream_of(const struct plant *plant, const char *name, uint32_t model_i)
{
    struct stream stream;
    stream_init(&stream, plant->plan->seed, name,
                (uint64_t)model_i * 65536 + plant->models[model_i].n_asks);
    return stream;
}

void plant_ask(struct plant *plant, const struct ask_effect *ask)
{
    bool is_model = ask->model.value >= 1 && ask->model.value <= plant->deployment->n_models;
    if (!is_model || (uint32_t)ask->tool >= N_TOOLS) {
        return; /* Nobody answers a question about nothing. */
    }
    uint32_t model_i = ask->model.value - 1u;
    plant->models[model_i].n_asks++;
    struct stream stream = stream_of(plant, "plant/ask", model_i);
    bool is_replay = ask->tool == TOOL_SHADOW || ask->tool == TOOL_GOLDEN;
    double seconds = stream_lognormal(&stream, is_replay ? REPLAY_S : FAST_S, 0.5);
    seconds = seconds > ANSWER_MAX_S ? ANSWER_MAX_S : seconds;
    plant_later(plant, now_of(plant) + (int64_t)(seconds * 1e3) * NS_PER_MS, PLANT_ANSWER, model_i,
                ask->question.value, (uint64_t)ask->tool);
}

static struct digest128 digest_of(const struct plant *plant, const char *name,
                                  struct table_id table, int64_t number)
{
    struct stream stream;
    stream_init(&stream, plant->plan->seed, name, table.value);
    uint64_t at = (uint64_t)number;
    return (struct digest128){prng_at(stream.key, 2 * at), prng_at(stream.key, 2 * at + 1)};
}

static int64_t floor_to(int64_t at, int64_t step)
{
    return at >= 0 ? at / step : -((-at + step - 1) / step);
}

struct digest128 batch_digest(const struct plant *plant, struct table_id table, int64_t at)
{
    return digest_of(plant, "plant/batch", table, floor_to(at, BATCH_NS));
}

struct digest128 snapshot_digest(const struct plant *plant, struct table_id table, int64_t at)
{
    return digest_of(plant, "plant/snapshot", table, floor_to(at, SNAPSHOT_NS));
}

/* Requests of the last so many minutes. */
static uint32_t recent_of(const struct plant *plant, uint32_t model_i, double minutes,
                          struct stream *stream)
{
    double mean = plant->truth->models[model_i].requests_per_minute * minutes;
    return (uint32_t)stream_poisson(stream, mean < 1e9 ? mean : 1e9);
}

static double psi_of(const uint32_t *counts, const uint32_t *reference_ppm, uint32_t n_bins,
                     uint32_t n)
{
    double psi = 0.0;
    for (uint32_t i = 0; i < n_bins && n > 0; i++) {
        double p = ((double)counts[i] + 0.5) / ((double)n + 0.5 * (double)n_bins);
        double q = ((double)reference_ppm[i] + 0.5) / (1e6 + 0.5 * (double)n_bins);
        psi += (p - q) * d_log(p / q);
    }
    return psi;
}

static double score_psi_of(struct plant *plant, uint32_t model_i, uint32_t n, struct stream *stream)
{
    static const uint32_t deciles_ppm[SCORE_BINS] = {100000, 100000, 100000, 100000, 100000,
                                                     100000, 100000, 100000, 100000, 100000};
    uint32_t counts[SCORE_BINS];
    counts_draw(plant, plant->models[model_i].view.p[ROW_SCORE], SCORE_BINS, n, stream->key, 1024,
                counts);
    return psi_of(counts, deciles_ppm, SCORE_BINS, n);
}

static void state_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                            struct state_answer *state)
{
    const struct truth_model *truth = truth_of(plant, model_i);
    const struct plant_model *model = &plant->models[model_i];
    *state =
        (struct state_answer){.serving = truth->serving,
                              .previous = model->previous,
                              .registered = truth->registered,
                              .serving_digest = version_of(plant, model_i, truth->serving)->digest,
                              .canary = truth->canary,
                              .canary_weight_ppm = truth->canary_weight_ppm,
                              .canary_since = truth->canary.value == 0 ? 0 : model->canary_since,
                              .config = truth->config,
                              .config_previous = model->config_previous,
                              .schema_id = truth->schema_id,
                              .fallback = truth->fallback,
                              .pinned_tables = truth->pinned_tables,
                              .quarantined_tables = truth->quarantined_tables,
                              .disabled_features = truth->disabled_features,
                              .retrain_frozen = model->retrain_frozen,
                              .training = truth->training,
                              .trained = model->trained,
                              .threshold_ppm = model->threshold_ppm,
                              .ready_replicas = truth->ready_replicas};
    state->requests = recent_of(plant, model_i, 1.0, stream);
    state->errors = (uint32_t)stream_binomial(stream, state->requests, 1.0 - truth->availability);
}

static void changes_answer_of(const struct plant *plant, uint32_t model_i,
                              struct changes_answer *changes)
{
    uint32_t kept = plant->n_feed < FEED_MAX ? plant->n_feed : FEED_MAX;
    for (uint32_t i = 0; i < kept && changes->n_changes < CHANGES_MAX; i++) {
        const struct change *change = &plant->feed[(plant->n_feed - 1 - i) % FEED_MAX].change;
        bool is_here = change->model.value == 0 || change->model.value == model_i + 1;
        if (is_here && now_of(plant) - change->at <= NS_PER_DAY) {
            changes->changes[changes->n_changes++] = *change;
        }
    }
}

static bool features_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                               struct features_answer *features)
{
    const struct plant_model *model = &plant->models[model_i];
    uint32_t rows = recent_of(plant, model_i, 5.0, stream);
    rows = rows > SAMPLE_MAX ? SAMPLE_MAX : rows;
    if (rows == 0) {
        return false;
    }
    const struct artefact *artefact = artefact_of(plant, model_i, truth_of(plant, model_i)->serving);
    struct served served[SPLIT_MAX];
    struct shield shield = {.pinned = shield_of(plant, model_i).pinned};
    (void)served_of(model, &model->now, shield, served);
    features->n_features = model->entry->n_features;
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        double p[BINS];
        uint32_t counts[BINS];
        for (uint32_t j = 0; j < BINS; j++) {
            p[j] = drifted(model, i, j);
        }
        counts_draw(plant, p, BINS, rows, stream->key, 4096 + (uint64_t)i * 32, counts);
        struct feature_profile *profile = &features->features[i];
        profile->rows = rows;
        profile->null_ratio = (double)counts[BIN_NULL] / (double)rows;
        profile->psi = psi_of(counts, artefact->profile_ppm[i], BINS, rows);
        profile->was_constant = false;
        profile->scale = 1.0;
        double values = (double)(rows - counts[BIN_NULL]), noise = stream_normal(stream);
        bool is_gone = values < 2.0 || (model->now.dropped >> i & 1u & ~(shield.pinned >> i)) != 0;
        if (!is_gone) {
            double sd = d_sqrt(served[0].variance[i]);
            double mean = served[0].mean[i] + model->drift[i] * (sd < 1.0 ? sd : 1.0) +
                          sd / d_sqrt(values) * noise;
            profile->shift = (mean - artefact->reference_mean[i]) / artefact->reference_sd[i];
            profile->scale = sd / artefact->reference_sd[i] *
                             (1.0 + stream_normal(stream) / d_sqrt(2.0 * values));
        }
    }
    features->score_psi = score_psi_of(plant, model_i, rows, stream);
    return true;
}

static bool labels_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                             struct labels_answer *labels)
{
    const struct plant_model *model = &plant->models[model_i];
    int64_t newest = cohort_due(plant, model), window_ns = plant->deployment->window_ns;
    for (int64_t back = 0; back < COHORTS_MAX; back++) {
        struct cohort cohort = cohort_at(plant, model, newest - back);
        labels->scored += cohort.scored;
        labels->correct += cohort.correct;
        labels->cohort_from = (newest - back - 1) * window_ns;
        if (labels->scored >= LABELS_WANTED && back + 1 >= COHORTS_WANTED) {
            break;
        }
    }
    labels->cohort_to = newest * window_ns;
    labels->baseline_error =
        artefact_of(plant, model_i, truth_of(plant, model_i)->serving)->holdout_error;
    double late = (double)model->labels_held * (double)window_ns / (double)NS_PER_HOUR;
    double ratio = (late < 1.0 ? 1.0 - late : 0.0) * (1.0 + 0.02 * stream_normal(stream));
    labels->arrival_ratio = ratio > 0.0 ? ratio : 0.0;
    return labels->scored > 0;
}

/* The version before, scored on the labelled traffic of the last hour, whoever served it. */
static bool shadow_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                             struct shadow_answer *shadow)
{
    static const struct shield open = {0};
    const struct plant_model *model = &plant->models[model_i];
    const struct truth_version *previous = version_of(plant, model_i, model->previous);
    bool is_there = previous != NULL && previous->available && previous->complete &&
                    previous->schema_id == truth_of(plant, model_i)->schema_id;
    if (!is_there) {
        return false;
    }
    int64_t newest = cohort_due(plant, model),
            middle = newest * plant->deployment->window_ns - plant->deployment->window_ns / 2;
    uint32_t scored = 0, items = 0;
    for (int64_t back = 0; back < COHORTS_MAX && scored < SHADOW_MAX; back++) {
        scored += cohort_at(plant, model, newest - back).scored;
    }
    for (uint32_t k = 0; k < model->n_epochs; k++) {
        items = model->epochs[k].from <= middle ? model->epochs[k].items : items;
    }
    struct environment environment;
    struct served served[SPLIT_MAX];
    environment_of(plant, model_i, items, &environment);
    uint32_t n = served_of(model, &environment, open, served);
    const struct artefact *a = artefact_of(plant, model_i, truth_of(plant, model_i)->serving);
    const struct artefact *b = artefact_of(plant, model_i, model->previous);
    double threshold = threshold_of(plant, model_i);
    double apart = disagreement_of(served, n, a, b, threshold);
    double lead = accuracy_of(served, n, a->weights, a->intercept, threshold, a->score_sd) -
                  accuracy_of(served, n, b->weights, b->intercept, threshold, b->score_sd);
    shadow->version = model->previous;
    shadow->scored = scored < SHADOW_MAX ? scored : SHADOW_MAX;
    /* Of two classes exactly one of two that disagree is right. */
    uint64_t discordant = stream_binomial(stream, shadow->scored, apart);
    double share = apart > 1e-12 ? 0.5 * (1.0 + lead / apart) : 0.5;
    shadow->only_serving_correct = (uint32_t)stream_binomial(stream, discordant, share);
    shadow->only_shadow_correct = (uint32_t)discordant - shadow->only_serving_correct;
    return shadow->scored > 0;
}

static void golden_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                             struct golden_answer *golden)
{
    static const struct shield open = {0};
    const struct plant_model *model = &plant->models[model_i];
    struct environment environment;
    struct served served[SPLIT_MAX];
    environment_of(plant, model_i, 0, &environment);
    uint32_t n = served_of(model, &environment, open, served);
    golden->version = truth_of(plant, model_i)->serving;
    const struct artefact *artefact = artefact_of(plant, model_i, golden->version);
    double accuracy =
        accuracy_of(served, n, artefact->weights, artefact->intercept, 0.0, artefact->score_sd);
    golden->n = GOLDEN_ROWS;
    golden->correct = (uint32_t)stream_binomial(stream, GOLDEN_ROWS, accuracy);
    golden->reference_accuracy = 1.0 - model->start.holdout_error;
}

/* Newest time at or before which an item of the kinds hit the table; NEVER: not within a day. */
static int64_t schema_changed_at(const struct plant *plant, uint32_t model_i, struct table_id table)
{
    int64_t at = NEVER;
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        const struct plan_item *item = &plant->plan->items[i];
        bool is_it = item->kind == PLAN_SCHEMA_CHANGE && item->table.value == table.value &&
                     plant_item_concerns(item, model_i) && item->at <= now_of(plant) &&
                     plant->item_ended[i] == NEVER && now_of(plant) - item->at <= NS_PER_DAY;
        at = is_it ? item->at : at;
    }
    return at;
}

static double provider_errors_of(const struct plant *plant, uint32_t model_i, struct table_id table,
                                 struct stream *stream)
{
    double ratio = 0.004 * stream_unit(stream);
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        const struct plan_item *item = &plant->plan->items[i];
        bool is_it = item->kind == PLAN_NULL_BURST && item->table.value == table.value &&
                     (plant->models[model_i].active >> i & 1u) != 0;
        double seen = item->a * stream_between(stream, 0.85, 1.0);
        ratio = is_it ? seen : ratio;
    }
    return ratio;
}

static void tables_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                             struct tables_answer *tables)
{
    const struct plant_model *model = &plant->models[model_i];
    uint32_t seen = 0;
    for (uint32_t i = 0; i < model->entry->n_features && tables->n_tables < TABLES_SHOWN; i++) {
        struct table_id table = model->entry->features[i].table;
        bool is_new =
            table.value >= 1 && table.value <= TABLES_MAX && (seen >> (table.value - 1) & 1u) == 0;
        if (!is_new) {
            continue;
        }
        seen |= UINT32_C(1) << (table.value - 1);
        struct table_profile *profile = &tables->tables[tables->n_tables++];
        int64_t clean_at = snapshot_before(plant, model_i, table, now_of(plant));
        *profile = (struct table_profile){
            .table = table,
            .age_ns = now_of(plant) - floor_to(now_of(plant), BATCH_NS) * BATCH_NS,
            .schema_changed_at = schema_changed_at(plant, model_i, table),
            .rows_ratio = model->now.traffic * (1.0 + model->level),
            .duplicate_ratio = 0.002 * stream_unit(stream),
            .batch = batch_digest(plant, table, now_of(plant)),
            .snapshot_at = clean_at};
        profile->provider_error_ratio = provider_errors_of(plant, model_i, table, stream);
        if (clean_at != NEVER) {
            profile->snapshot = snapshot_digest(plant, table, clean_at);
        }
    }
}

static bool decisions_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                                struct decisions_answer *decisions)
{
    const struct plant_model *model = &plant->models[model_i];
    uint32_t n = recent_of(plant, model_i, 5.0, stream);
    decisions->decisions = n > SAMPLE_MAX ? SAMPLE_MAX : n;
    decisions->positives =
        (uint32_t)stream_binomial(stream, decisions->decisions, model->view.positive);
    decisions->reference_rate =
        artefact_of(plant, model_i, truth_of(plant, model_i)->serving)->positive_rate;
    decisions->score_psi = score_psi_of(plant, model_i, decisions->decisions, stream);
    return decisions->decisions > 0;
}

static void platform_answer_of(struct plant *plant, uint32_t model_i, struct stream *stream,
                               struct platform_answer *platform)
{
    const struct truth_model *truth = truth_of(plant, model_i);
    const struct plant_model *model = &plant->models[model_i];
    platform->requests = recent_of(plant, model_i, 5.0, stream);
    platform->errors =
        (uint32_t)stream_binomial(stream, platform->requests, 1.0 - truth->availability);
    double factor = is_recorded(plant, model_i) ? 1.0 : model->view.latency;
    platform->latency_p95_us =
        (uint32_t)(model->base_latency_us * factor * (1.0 + 0.03 * stream_normal(stream)));
    platform->ready_replicas = truth->ready_replicas;
}

static bool canary_answer_of(struct plant *plant, uint32_t model_i, struct canary_answer *canary)
{
    const struct truth_model *truth = truth_of(plant, model_i);
    const struct plant_model *model = &plant->models[model_i];
    if (truth->canary.value == 0) {
        return false;
    }
    canary->version = truth->canary;
    canary->digest = version_of(plant, model_i, truth->canary)->digest;
    canary->since = model->canary_since;
    int64_t window_ns = plant->deployment->window_ns;
    for (int64_t number = cohort_due(plant, model); (number - 1) * window_ns >= model->canary_since;
         number--) {
        struct cohort cohort = cohort_at(plant, model, number);
        bool is_pair = cohort.canary.value == truth->canary.value &&
                       cohort.champion.value == truth->serving.value;
        if (is_pair) {
            canary->champion_scored += cohort.scored;
            canary->champion_correct += cohort.correct;
            canary->canary_scored += cohort.canary_scored;
            canary->canary_correct += cohort.canary_correct;
        }
    }
    return true;
}

/* False: the tool has no data. */
static bool look(struct plant *plant, uint32_t model_i, struct stream *stream, struct answer *answer)
{
    bool recorded = is_recorded(plant, model_i);
    switch (answer->tool) {
    case TOOL_STATE:
        state_answer_of(plant, model_i, stream, &answer->state);
        return true;
    case TOOL_REGISTRY:
        registry_answer_of(plant, model_i, &answer->registry);
        return true;
    case TOOL_CHANGES:
        changes_answer_of(plant, model_i, &answer->changes);
        return true;
    case TOOL_FEATURES:
        if (recorded) {
            recorded_features(plant, &answer->features);
            return true;
        }
        return features_answer_of(plant, model_i, stream, &answer->features);
    case TOOL_LABELS:
        return labels_answer_of(plant, model_i, stream, &answer->labels);
    case TOOL_SHADOW:
        return recorded ? recorded_shadow(plant, &answer->shadow)
                        : shadow_answer_of(plant, model_i, stream, &answer->shadow);
    case TOOL_GOLDEN:
        if (recorded) {
            recorded_golden(plant, &answer->golden);
        } else {
            golden_answer_of(plant, model_i, stream, &answer->golden);
        }
        return true;
    case TOOL_TABLES:
        tables_answer_of(plant, model_i, stream, &answer->tables);
        return true;
    case TOOL_DECISIONS:
        if (recorded) {
            recorded_decisions(plant, &answer->decisions);
            return answer->decisions.decisions > 0;
        }
        return decisions_answer_of(plant, model_i, stream, &answer->decisions);
    case TOOL_CALENDAR:
        calendar_answer_of(plant, model_i, &answer->calendar);
        return true;
    case TOOL_LOGS:
        answer->logs.text = logs_of(plant, model_i);
        return true;
    case TOOL_PLATFORM:
        platform_answer_of(plant, model_i, stream, &answer->platform);
        return true;
    case TOOL_CANARY:
        return canary_answer_of(plant, model_i, &answer->canary);
    case N_TOOLS:
        break;
    }
    ASSERT(answer->tool < N_TOOLS);
    return false;
}

void answer_make(struct plant *plant, uint32_t model_i, enum tool tool, struct question_id question,
                 struct answer *ret_answer)
{
    memset(ret_answer, 0, sizeof(*ret_answer));
    ret_answer->question = question;
    ret_answer->tool = tool;
    ret_answer->model.value = (uint16_t)(model_i + 1);
    ret_answer->sampled_at = now_of(plant);
    plant->models[model_i].n_asks++;
    struct stream stream = stream_of(plant, "plant/answer", model_i);
    bool has_source = (plant->deployment->tools >> tool & 1u) != 0;
    bool is_down = tool == TOOL_REGISTRY && plant->truth->platform_down;
    if (!has_source || is_down || stream_chance(&stream, P_FAILED)) {
        ret_answer->status = ANSWER_FAILED;
        return;
    }
    bool has_data = look(plant, model_i, &stream, ret_answer);
    ret_answer->status = has_data ? ANSWER_OK : ANSWER_NO_DATA;
}
