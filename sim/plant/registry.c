/* SPDX-License-Identifier: Apache-2.0 */
/* The registry and what serves: versions good and bad, pushes of pipelines, profiles. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define PROFILE_ROWS 50000 /* Behind the profile of a version of the start. */
#define HOLDOUT_ROWS 5000.0
#define START_SCHEMA 3 /* Of live traffic; lower ones are history. */

static struct stream stream_of(const struct plant *plant, const char *name, uint32_t model_i,
                               uint32_t version)
{
    struct stream stream;
    stream_init(&stream, plant->plan->seed, name, (uint64_t)model_i * 65536 + version);
    return stream;
}

uint32_t version_index(const struct plant *plant, uint32_t model_i, struct version_id version)
{
    const struct truth_model *truth = &plant->truth->models[model_i];
    for (uint32_t i = 0; i < truth->n_versions; i++) {
        if (truth->versions[i].version.value == version.value) {
            return i;
        }
    }
    return VERSIONS_MAX;
}

struct artefact *artefact_of(struct plant *plant, uint32_t model_i, struct version_id version)
{
    uint32_t i = version_index(plant, model_i, version);
    return i == VERSIONS_MAX ? NULL : &plant->models[model_i].artefacts[i];
}

struct truth_version *version_of(struct plant *plant, uint32_t model_i, struct version_id version)
{
    uint32_t i = version_index(plant, model_i, version);
    return i == VERSIONS_MAX ? NULL : &plant->truth->models[model_i].versions[i];
}

static bool is_in_use(const struct plant *plant, uint32_t model_i, struct version_id version)
{
    const struct truth_model *truth = &plant->truth->models[model_i];
    const struct plant_model *model = &plant->models[model_i];
    return version.value == truth->serving.value || version.value == truth->registered.value ||
           version.value == truth->canary.value || version.value == model->previous.value;
}

static void drop_oldest(struct plant *plant, uint32_t model_i)
{
    struct truth_model *truth = truth_of(plant, model_i);
    struct plant_model *model = &plant->models[model_i];
    uint32_t out = 0;
    while (is_in_use(plant, model_i, truth->versions[out].version)) {
        out++;
    }
    ASSERT(out < truth->n_versions); /* Four are in use at most. */
    truth->n_versions--;
    for (uint32_t i = out; i < truth->n_versions; i++) {
        truth->versions[i] = truth->versions[i + 1];
        model->artefacts[i] = model->artefacts[i + 1];
        if (is_recorded(plant, model_i)) {
            recorded_moved(plant, i, i + 1);
        }
    }
}

struct truth_version *version_add(struct plant *plant, uint32_t model_i,
                                  const struct truth_version *known, const struct artefact *artefact)
{
    struct truth_model *truth = truth_of(plant, model_i);
    struct plant_model *model = &plant->models[model_i];
    if (truth->n_versions == VERSIONS_MAX) {
        drop_oldest(plant, model_i);
    }
    uint32_t i = truth->n_versions++;
    model->version_last.value++;
    model->artefacts[i] = *artefact;
    struct truth_version *version = &truth->versions[i];
    *version = *known;
    version->version = model->version_last;
    struct stream stream = stream_of(plant, "plant/digest", model_i, version->version.value);
    version->digest.hi = stream_u64(&stream);
    version->digest.lo = stream_u64(&stream);
    if (version->evaluated && version->evaluated_digest.hi == 0 && version->evaluated_digest.lo == 0) {
        version->evaluated_digest = version->digest; /* Unless the record is about something else. */
    }
    return version;
}

/* Profile of the reference for a version that was fitted to undisturbed rows. */
static void usual_profile(const struct plant *plant, uint32_t model_i, struct artefact *artefact)
{
    const struct plant_model *model = &plant->models[model_i];
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        double left = 1.0 - model->null_rate[i];
        for (uint32_t j = 0; j < BINS; j++) {
            double p = j == BIN_NULL ? model->null_rate[i] : left * plant->reference_p[j];
            artefact->profile_ppm[i][j] = (uint32_t)(p * 1e6 + 0.5);
        }
        artefact->reference_mean[i] = 0.0;
        artefact->reference_sd[i] = 1.0;
    }
    artefact->rows = PROFILE_ROWS;
}

/* What follows from weights on undisturbed rows. */
static void finish_artefact(const struct plant *plant, uint32_t model_i, uint32_t version,
                            double bias, struct artefact *artefact)
{
    static const struct shield open = {0};
    struct environment environment;
    struct served served[SPLIT_MAX];
    environment_of(plant, model_i, 0, &environment);
    uint32_t n = served_of(&plant->models[model_i], &environment, open, served);
    score_moments(&served[0], artefact->weights, artefact->intercept, &artefact->score_mean,
                  &artefact->score_sd);
    artefact->positive_rate =
        positive_rate_of(served, n, artefact->weights, artefact->intercept, 0.0, artefact->score_sd);
    double accuracy =
        accuracy_of(served, n, artefact->weights, artefact->intercept, 0.0, artefact->score_sd);
    struct stream stream = stream_of(plant, "plant/holdout", model_i, version);
    double deviation = d_sqrt(accuracy * (1.0 - accuracy) / HOLDOUT_ROWS);
    double error = 1.0 - accuracy + deviation * stream_normal(&stream) + bias;
    artefact->holdout_error = error < 0.005 ? 0.005 : error;
    artefact->deployed_at = NEVER;
    usual_profile(plant, model_i, artefact);
}

static void noisy_weights(struct plant_model *model, struct stream *stream, double amount,
                          struct artefact *artefact)
{
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        double draw = amount * stream_normal(stream);
        artefact->weights[i] = model->start.weights[i] + (i < model->entry->n_features ? draw : 0.0);
    }
    artefact->intercept = model->start.intercept;
}

static struct truth_version known_of(uint32_t schema_id, int64_t from_days, int64_t to_days)
{
    return (struct truth_version){.schema_id = schema_id,
                                  .available = true,
                                  .complete = true,
                                  .certified = true,
                                  .evaluated = true,
                                  .trained_from = from_days * NS_PER_DAY,
                                  .trained_to = to_days * NS_PER_DAY,
                                  .evaluated_from = to_days * NS_PER_DAY,
                                  .evaluated_to = (to_days + 3) * NS_PER_DAY};
}

/* Newest, cheap to mistake for the remedy: trained on bad rows, with a record that looks well in one way or another. */
static void add_candidate(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    struct stream stream = stream_of(plant, "plant/candidate", model_i, 0);
    struct artefact artefact = {0};
    double u[FEATURES_MAX];
    orthogonal_to(model->direction, (UINT32_C(1) << model->entry->n_features) - 1, &stream, u);
    for (int i = 0; i < FEATURES_MAX; i++) {
        artefact.weights[i] = 0.6 * model->start.weights[i] + 0.8 * u[i];
    }
    artefact.intercept = model->start.intercept;
    struct truth_version known = known_of(START_SCHEMA, -10, -3);
    known.certified = false;
    known.bad = true;
    known.complete = stream_chance(&stream, 0.25) == 0;
    uint64_t record = stream_below(&stream, 4);
    known.evaluated = record != 0;
    if (record == 1) {
        known.evaluated_digest.hi = stream_u64(&stream);
        known.evaluated_digest.lo = stream_u64(&stream);
    }
    if (record == 2) {
        known.evaluated_from = known.trained_from;
        known.evaluated_to = known.trained_to;
    }
    finish_artefact(plant, model_i, model->version_last.value + 1u, 0.0, &artefact);
    artefact.holdout_error =
        model->start.holdout_error > 0.02 ? model->start.holdout_error - 0.01 : 0.01;
    (void)version_add(plant, model_i, &known, &artefact);
}

void registry_init(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    struct stream stream = stream_of(plant, "plant/history", model_i, 0);
    struct artefact artefact = {0};
    static const int64_t deployed_days[3] = {-165, -105, -48};
    for (uint32_t i = 0; i < 3; i++) { /* Gone; of an older schema; the good one before. */
        struct truth_version known = known_of(i + 1, (int64_t)i * 60 - 200, (int64_t)i * 60 - 170);
        known.available = i != 0;
        noisy_weights(model, &stream, 0.03 * model->noise, &artefact);
        finish_artefact(plant, model_i, i + 1, 0.0, &artefact);
        artefact.deployed_at = deployed_days[i] * NS_PER_DAY;
        (void)version_add(plant, model_i, &known, &artefact);
    }
    model->previous = model->version_last;
    struct truth_version known = known_of(START_SCHEMA, -45, -15);
    finish_artefact(plant, model_i, 4, 0.0, &model->start);
    model->start.deployed_at = -11 * NS_PER_DAY;
    truth->serving = truth->registered = version_add(plant, model_i, &known, &model->start)->version;
    truth->schema_id = START_SCHEMA;
    truth->config.value = START_CONFIG;
    add_candidate(plant, model_i);
}

void version_serve(struct plant *plant, uint32_t model_i, struct version_id version)
{
    struct truth_model *truth = truth_of(plant, model_i);
    struct plant_model *model = &plant->models[model_i];
    struct artefact *artefact = artefact_of(plant, model_i, version);
    ASSERT(artefact != NULL);
    if (version.value != truth->serving.value) {
        model->previous = truth->serving;
    }
    truth->serving = truth->registered = version;
    truth->canary.value = 0;
    truth->canary_weight_ppm = 0;
    artefact->deployed_at = now_of(plant);
    plant_later(plant, now_of(plant), PLANT_BASELINE, model_i, version.value, 0);
}

void version_canary(struct plant *plant, uint32_t model_i, struct version_id version,
                    uint32_t weight_ppm)
{
    struct truth_model *truth = truth_of(plant, model_i);
    ASSERT(artefact_of(plant, model_i, version) != NULL);
    truth->canary = version;
    truth->canary_weight_ppm = weight_ppm > 1000000 ? 1000000 : weight_ppm;
    plant->models[model_i].canary_since = now_of(plant);
    plant_later(plant, now_of(plant), PLANT_BASELINE, model_i, version.value, 0);
}

/* A run that stopped early carries the evaluation of the run before, or none. */
static struct truth_version pushed_known(const struct plant *plant, bool is_bad, struct stream *stream)
{
    int64_t at = now_of(plant);
    struct truth_version known = known_of(START_SCHEMA, -9, -5);
    known.trained_from += at;
    known.trained_to += at;
    known.evaluated_from += at;
    known.evaluated_to += at;
    known.certified = false;
    known.bad = is_bad;
    bool lacks_record = stream_chance(stream, 0.5) != 0;
    known.evaluated = !is_bad || !lacks_record;
    return known;
}

void registry_push(struct plant *plant, uint32_t model_i, uint32_t item)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    const struct plan_item *entry = &plant->plan->items[item];
    bool is_bad = entry->kind == PLAN_BAD_MODEL_PUSH;
    struct stream stream = stream_of(plant, "plant/push", model_i, item);
    const struct artefact *champion = artefact_of(plant, model_i, truth->serving);
    ASSERT(champion != NULL);
    struct artefact artefact = {0};
    artefact.intercept = champion->intercept;
    double u[FEATURES_MAX];
    orthogonal_to(model->direction, (UINT32_C(1) << model->entry->n_features) - 1, &stream, u);
    if (is_bad) {
        struct environment usual;
        environment_of(plant, model_i, 0, &usual);
        weights_worse_by(model, &usual, entry->a, u, champion, artefact.weights);
    } else {
        double share = stream_unit(&stream); /* Of the way to the truth of the reference. */
        for (int i = 0; i < FEATURES_MAX; i++) {
            artefact.weights[i] =
                champion->weights[i] + share * (model->direction[i] - champion->weights[i]);
        }
    }
    struct truth_version known = pushed_known(plant, is_bad, &stream);
    finish_artefact(plant, model_i, model->version_last.value + 1u, 0.0, &artefact);
    if (is_bad) {
        artefact.holdout_error = model->start.holdout_error + stream_between(&stream, -0.005, 0.005);
    }
    struct version_id from = truth->serving;
    struct version_id version = version_add(plant, model_i, &known, &artefact)->version;
    model->pushed[item] = version;
    version_serve(plant, model_i, version);
    struct change change = {.kind = CHANGE_MODEL,
                            .at = now_of(plant),
                            .model = {(uint16_t)(model_i + 1)},
                            .from = from,
                            .to = version};
    plant_tell(plant, &change, item);
}

void registry_answer_of(struct plant *plant, uint32_t model_i, struct registry_answer *ret_answer)
{
    const struct truth_model *truth = truth_of(plant, model_i);
    const struct plant_model *model = &plant->models[model_i];
    ret_answer->n_versions = truth->n_versions;
    for (uint32_t i = 0; i < truth->n_versions; i++) {
        const struct truth_version *known = &truth->versions[truth->n_versions - 1 - i];
        const struct artefact *artefact = &model->artefacts[truth->n_versions - 1 - i];
        ret_answer->versions[i] =
            (struct registry_version){.version = known->version,
                                      .digest = known->digest,
                                      .schema_id = known->schema_id,
                                      .available = known->available,
                                      .complete = known->complete,
                                      .certified = known->certified,
                                      .evaluated = known->evaluated,
                                      .evaluated_digest = known->evaluated_digest,
                                      .trained_from = known->trained_from,
                                      .trained_to = known->trained_to,
                                      .evaluated_from = known->evaluated_from,
                                      .evaluated_to = known->evaluated_to,
                                      .holdout_error = artefact->holdout_error,
                                      .deployed_at = artefact->deployed_at};
    }
}

void baseline_of(struct plant *plant, uint32_t model_i, struct version_id version,
                 struct baseline *ret_baseline)
{
    const struct artefact *artefact = artefact_of(plant, model_i, version);
    ASSERT(artefact != NULL);
    const struct plant_model *model = &plant->models[model_i];
    uint32_t rows = artefact->rows < 1              ? 1
                    : artefact->rows > PROFILE_ROWS ? PROFILE_ROWS
                                                    : artefact->rows;
    *ret_baseline = (struct baseline){.model = {(uint16_t)(model_i + 1)},
                                      .version = version,
                                      .rows = rows,
                                      .error = artefact->holdout_error,
                                      .positive_rate = artefact->positive_rate,
                                      .latency_p95_us = (uint32_t)model->base_latency_us,
                                      .constant_features = artefact->constant_features};
    struct stream stream = stream_of(plant, "plant/profile", model_i, version.value);
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        if (is_recorded(plant, model_i)) {
            memcpy(ret_baseline->bins_ppm[i], artefact->profile_ppm[i],
                   sizeof(artefact->profile_ppm[i]));
            continue;
        }
        double p[BINS];
        uint32_t counts[BINS];
        for (uint32_t j = 0; j < BINS; j++) {
            p[j] = (double)artefact->profile_ppm[i][j] / 1e6;
        }
        counts_draw(plant, p, BINS, rows, stream.key, (uint64_t)i * 32, counts);
        for (uint32_t j = 0; j < BINS; j++) {
            ret_baseline->bins_ppm[i][j] = (uint32_t)((uint64_t)counts[j] * 1000000 / rows);
        }
    }
}
