/* SPDX-License-Identifier: Apache-2.0 */
/* What a model of the deployment is made of, drawn once an episode from streams of its own: truth, noise, sources, rules, habits. */
#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define RELEVANT_MIN 0.03 /* Importance below which the truth does not use a feature. */
#define ROWS_OF_START 10000.0
#define LABEL_NOISE                                                                                \
    2.5 /* A label says less than the latent truth: variance of a weight over that of the latent's noise. */

static void draw_direction(struct plant_model *model, struct stream *stream)
{
    double length = 0.0;
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        bool is_down = stream_chance(stream, 0.4) != 0;
        double importance = i < model->entry->n_features ? model->entry->features[i].importance : 0.0;
        bool is_used = importance >= RELEVANT_MIN;
        model->direction[i] = is_used ? (is_down ? -d_sqrt(importance) : d_sqrt(importance)) : 0.0;
        length += model->direction[i] * model->direction[i];
    }
    if (!(length > 0.0)) {
        model->direction[0] = length =
            1.0; /* A deployment that publishes no importance: the first feature. */
    }
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        model->direction[i] /= d_sqrt(length);
    }
}

static void draw_sources(struct plant_model *model, struct stream *stream)
{
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        double importance = i < model->entry->n_features ? model->entry->features[i].importance : 0.0;
        model->raw_mean[i] = stream_between(stream, 0.8, 2.5);
        bool is_default =
            stream_chance(stream, 0.5) != 0; /* A silent zero; otherwise the mean is filled in. */
        double zero = model->raw_mean[i] > 2.0 ? -2.0 : -model->raw_mean[i];
        model->fill[i] = is_default ? zero : 0.0;
        model->null_rate[i] = stream_between(stream, 0.002, 0.02);
        /* What matters is watched and stable; what does not wanders, and trips whoever looks at inputs alone. */
        model->drift_sd[i] = importance < RELEVANT_MIN ? 0.15 : importance < 0.1 ? 0.06 : 0.03;
    }
}

/* Accuracy of weights w when the noise of the truth is given and the class share fixes its offset. */
static double accuracy_at(const struct plant_model *model, const double *noise_of_weights,
                          double noise, double quantile, double weights[FEATURES_MAX])
{
    double covariance = 0.0, variance = 0.0, truth_sd = d_sqrt(1.0 + noise * noise);
    for (int i = 0; i < FEATURES_MAX; i++) {
        weights[i] = model->direction[i] + noise * noise_of_weights[i];
        covariance += weights[i] * model->direction[i];
        variance += weights[i] * weights[i];
    }
    double score_sd = d_sqrt(variance);
    return plant_accuracy(covariance / (score_sd * truth_sd), quantile,
                          quantile * truth_sd / score_sd);
}

/* The noise that gives the champion its accuracy: a little above the declared floor, as a team would declare it. */
static void draw_noise(struct plant_model *model, struct stream *stream)
{
    double target = model->entry->accuracy_floor + stream_between(stream, 0.03, 0.05);
    target = target > 0.96 ? 0.96 : target < 0.6 ? 0.6 : target;
    double spare = target - 0.7 > 0.2 ? 0.2 : target - 0.7 < 0.0 ? 0.0 : target - 0.7;
    double quantile =
        d_normal_quantile(0.5 + spare * stream_unit(stream)); /* The negative class is the larger. */
    double unit_noise[FEATURES_MAX];
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        double draw = d_sqrt(LABEL_NOISE / ROWS_OF_START) * stream_normal(stream);
        unit_noise[i] = i < model->entry->n_features ? draw : 0.0;
    }
    double lo = 0.02, hi = 6.0;
    for (int step = 0; step < 22; step++) {
        double middle = 0.5 * (lo + hi);
        bool is_good =
            accuracy_at(model, unit_noise, middle, quantile, model->start.weights) > target;
        lo = is_good ? middle : lo;
        hi = is_good ? hi : middle;
    }
    model->noise = lo;
    double accuracy = accuracy_at(model, unit_noise, lo, quantile, model->start.weights);
    model->offset = -quantile * d_sqrt(1.0 + lo * lo);
    model->start.intercept = model->offset;
    model->start.accuracy = accuracy;
}

static void draw_rules(struct plant_model *model, struct stream *stream)
{
    double u[FEATURES_MAX], degrees = stream_between(stream, 20.0, 35.0);
    orthogonal_to(model->direction, (UINT32_C(1) << model->entry->n_features) - 1, stream, u);
    for (int i = 0; i < FEATURES_MAX; i++) {
        model->rules[i] = cosine_of(degrees) * model->direction[i] + sine_of(degrees) * u[i];
    }
}

/* Training takes minutes, most of an hour, or hours. */
static void draw_training(struct plant_model *model, struct stream *stream)
{
    double size = stream_unit(stream);
    model->train_median_min = size < 0.5 ? 12.0 : size < 0.9 ? 45.0 : 240.0;
    model->train_sigma = size < 0.5 ? 0.8 : size < 0.9 ? 0.9 : 1.0;
}

void model_init(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    model->entry = &plant->deployment->models[model_i];
    ASSERT(model->entry->n_features <= FEATURES_MAX);
    struct stream stream;
    stream_init(&stream, plant->plan->seed, "plant/model", model_i);
    draw_direction(model, &stream);
    draw_sources(model, &stream);
    draw_noise(model, &stream);
    draw_rules(model, &stream);
    draw_training(model, &stream);
    model->base_latency_us = stream_between(&stream, 30e3, 120e3);
    double spare = 1.0 - model->entry->availability_floor;
    model->base_availability = 1.0 - spare * stream_between(&stream, 0.03, 0.15);
    model->unexplained = 0.05 * stream_normal(&stream);
    model->level = 0.03 * stream_normal(&stream);
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        model->drift[i] = model->drift_sd[i] * stream_normal(&stream);
    }
    model->key = stream_u64(&stream);
    int64_t window_ns = plant->deployment->window_ns;
    model->delay_windows = (uint32_t)((model->entry->label_delay_ns + window_ns - 1) / window_ns);
    model->onset = NEVER;
    model->n_configs = START_CONFIG;
    model->config_threshold[0] = 0.03;
    model->config_previous.value = START_CONFIG - 1;
    model->n_epochs = 1;
    model->epochs[0] = (struct epoch){INT64_MIN, 0};
}
