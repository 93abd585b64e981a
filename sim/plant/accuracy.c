/* SPDX-License-Identifier: Apache-2.0 */
/* The structural model: latent truth and score are bivariate normal under every environment, so accuracy, positive rate and
 * disagreement are integrals, not penalties. */
#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define PI 3.14159265358979323846
#define PIN_CORRELATION 0.9 /* A snapshot of an hour ago against the value of now. */
#define RELEVANT_MIN 0.03   /* Importance below which the truth does not use a feature. */

/* Abramowitz and Stegun 25.4.30, n = 16, on [-1, 1]; symmetric. */
static const double node_at[8] = {
    0.0950125098376374402, 0.2816035507792589132, 0.4580167776572273863, 0.6178762444026437484,
    0.7554044083550030339, 0.8656312023878317439, 0.9445750230732325761, 0.9894009349916499326};
static const double node_weight[8] = {
    0.1894506104550684963, 0.1826034150449235889, 0.1691565193950025382, 0.1495959888165767321,
    0.1246289712555338721, 0.0951585116824927848, 0.0622535239386478929, 0.0271524594117540949};

/* d Phi2 / d theta with sin(theta) = r, in t = tan(theta / 2): no trigonometric function is needed. */
static double density_at(double t, double a, double b)
{
    double square = t * t, plus = 1.0 + square, minus = 1.0 - square;
    double r = 2.0 * t / plus, cosine = minus / plus;
    double distance = (a * a - 2.0 * a * b * r + b * b) / (2.0 * cosine * cosine);
    return distance > 700.0 ? 0.0 : 2.0 / plus * d_exp(-distance);
}

static double panel(double from, double to, double a, double b)
{
    double half = 0.5 * (to - from), middle = 0.5 * (to + from), sum = 0.0;
    for (int i = 0; i < 8; i++) {
        sum += node_weight[i] * (density_at(middle - half * node_at[i], a, b) +
                                 density_at(middle + half * node_at[i], a, b));
    }
    return half * sum;
}

double plant_accuracy(double rho, double threshold_truth, double threshold_score)
{
    double a = threshold_truth, b = threshold_score;
    rho = rho > 1.0 ? 1.0 : rho < -1.0 ? -1.0 : rho;
    double end = rho / (1.0 + d_sqrt(1.0 - rho * rho));
    /* Near a correlation of one and unequal thresholds the density ends in a cliff: shorter panels there. */
    double integral = d_abs(end) < 0.7
                          ? panel(0.0, end, a, b)
                          : panel(0.0, 0.6 * end, a, b) + panel(0.6 * end, 0.9 * end, a, b) +
                                panel(0.9 * end, end, a, b);
    double cdf_a = d_normal_cdf(a), cdf_b = d_normal_cdf(b);
    double both = cdf_a * cdf_b + integral / (2.0 * PI);
    double accuracy = 1.0 - cdf_a - cdf_b + 2.0 * both;
    return accuracy < 0.0 ? 0.0 : accuracy > 1.0 ? 1.0 : accuracy;
}

double sine_of(double degrees)
{
    ASSERT(degrees >= 0.0);
    ASSERT(degrees <= 90.0);
    double x = degrees * (PI / 180.0), term = x, sum = x;
    for (int i = 1; i <= 12; i++) {
        term *= -x * x / (double)((2 * i) * (2 * i + 1));
        sum += term;
    }
    return sum;
}

double cosine_of(double degrees) { return sine_of(90.0 - degrees); }

static double dot(const double *a, const double *b)
{
    double sum = 0.0;
    for (int i = 0; i < FEATURES_MAX; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

void orthogonal_to(const double *v, uint32_t mask, struct stream *stream, double ret_u[FEATURES_MAX])
{
    for (int i = 0; i < FEATURES_MAX; i++) {
        double draw = stream_normal(stream); /* Always drawn, so that a mask moves nothing. */
        ret_u[i] = (mask >> i & 1u) != 0 ? draw : 0.0;
    }
    double length = dot(v, v), along = 0.0;
    if (length > 0.0) {
        along = dot(ret_u, v) / length;
    }
    for (int i = 0; i < FEATURES_MAX; i++) {
        ret_u[i] -= along * v[i];
    }
    double own = dot(ret_u, ret_u);
    double factor =
        own > 1e-12 ? d_sqrt(length / own) : 0.0; /* One feature alone has no other direction. */
    for (int i = 0; i < FEATURES_MAX; i++) {
        ret_u[i] *= factor;
    }
}

/* Features that a change of the truth may lean on. */
static uint32_t relevant_of(const struct model_entry *entry)
{
    uint32_t mask = 0, n = 0;
    for (uint32_t i = 0; i < entry->n_features; i++) {
        if (entry->features[i].importance >= RELEVANT_MIN) {
            mask |= UINT32_C(1) << i;
            n++;
        }
    }
    return n >= 2 ? mask : (UINT32_C(1) << entry->n_features) - 1;
}

static void rotate(const struct plant *plant, uint32_t model_i, uint32_t item,
                   struct environment *environment)
{
    struct stream stream;
    stream_init(&stream, plant->plan->seed, "plant/rotate", (uint64_t)item * MODELS_MAX + model_i);
    double u[FEATURES_MAX], degrees = plant->plan->items[item].b;
    degrees = degrees < 0.0 ? 0.0 : degrees > 90.0 ? 90.0 : degrees;
    orthogonal_to(environment->truth, relevant_of(plant->models[model_i].entry), &stream, u);
    double cosine = cosine_of(degrees), sine = sine_of(degrees);
    /* Where inputs moved, the truth does not follow them as the old rule would. */
    bool follows = dot(u, environment->mean) * dot(environment->truth, environment->mean) > 0.0;
    sine = follows ? -sine : sine;
    for (int i = 0; i < FEATURES_MAX; i++) {
        environment->truth[i] = cosine * environment->truth[i] + sine * u[i];
    }
}

static void move_means(const struct plant *plant, uint32_t item, double by,
                       struct environment *environment)
{
    uint32_t mask = plant->plan->items[item].mask;
    for (int i = 0; i < FEATURES_MAX; i++) {
        if ((mask >> i & 1u) != 0) {
            environment->mean[i] += (plant->item_sign[item] >> i & 1u) != 0 ? by : -by;
        }
    }
}

/* A shock pulls the inputs apart instead of making every case look alike: each feature moves against the sum of those before. */
static void move_apart(const struct plant *plant, uint32_t item, struct environment *environment)
{
    const struct plan_item *entry = &plant->plan->items[item];
    double sum = 0.0;
    for (int i = 0; i < FEATURES_MAX; i++) {
        if ((entry->mask >> i & 1u) == 0) {
            continue;
        }
        bool is_first = !(d_abs(sum) > 0.0);
        bool goes_up =
            is_first ? (plant->item_sign[item] & 1u) != 0 : sum * environment->truth[i] < 0.0;
        double by = goes_up ? entry->a : -entry->a;
        environment->mean[i] += by;
        sum += by * environment->truth[i];
    }
}

static void item_works(const struct plant *plant, uint32_t model_i, uint32_t item,
                       struct environment *environment)
{
    const struct plan_item *entry = &plant->plan->items[item];
    switch (entry->kind) {
    case PLAN_COVARIATE_SHIFT:
        move_apart(plant, item, environment);
        rotate(plant, model_i, item, environment);
        return;
    case PLAN_CONCEPT_SHIFT:
        rotate(plant, model_i, item, environment);
        return;
    case PLAN_SCHEMA_CHANGE:
        environment->dropped |= entry->mask;
        return;
    case PLAN_UNIT_CHANGE:
        for (int i = 0; i < FEATURES_MAX; i++) {
            environment->scale[i] *= (entry->mask >> i & 1u) != 0 ? entry->a : 1.0;
        }
        return;
    case PLAN_NULL_BURST:
        environment->burst |= entry->mask;
        environment->burst_share =
            entry->a > environment->burst_share ? entry->a : environment->burst_share;
        return;
    case PLAN_HOLIDAY:
        environment->traffic *= entry->a > 0.0 ? entry->a : 1.0;
        move_means(plant, item, entry->b, environment);
        return;
    case PLAN_HARMLESS_SHIFT:
        move_means(plant, item, entry->a, environment);
        return;
    case PLAN_BAD_MODEL_PUSH:
    case PLAN_BAD_CONFIG_PUSH:
    case PLAN_INJECTED_TEXT:
    case PLAN_RECORDED:
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
    case PLAN_CRASH:
    case PLAN_TAINT:
    case N_PLAN_KINDS:
        return; /* Not of this model's inputs. */
    }
}

void environment_of(const struct plant *plant, uint32_t model_i, uint32_t items,
                    struct environment *ret_environment)
{
    const struct plant_model *model = &plant->models[model_i];
    *ret_environment = (struct environment){
        .items = items, .offset = model->offset, .noise = model->noise, .traffic = 1.0};
    for (int i = 0; i < FEATURES_MAX; i++) {
        ret_environment->sd[i] = ret_environment->scale[i] = 1.0;
        ret_environment->truth[i] = model->direction[i];
    }
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        if ((items >> i & 1u) != 0) {
            item_works(plant, model_i, i, ret_environment);
        }
    }
}

/* Moments of feature i in one share of the requests. */
static void feature_served(const struct plant_model *model, const struct environment *environment,
                           struct shield shield, bool is_burst, uint32_t i, struct served *served)
{
    double scale = environment->scale[i], sd = environment->sd[i];
    bool is_null =
        (environment->dropped >> i & 1u) != 0 || (is_burst && (environment->burst >> i & 1u) != 0);
    bool is_odd = is_null || scale < 0.5 || scale > 2.0;
    bool is_pinned = (shield.pinned >> i & 1u) != 0;
    served->mean[i] = served->variance[i] = served->covariance[i] = 0.0;
    if ((shield.disabled >> i & 1u) != 0 || (shield.clean && is_odd && !is_pinned)) {
        return; /* The usual value, for everyone alike. */
    }
    if (is_pinned) {
        served->variance[i] = 1.0;
        served->covariance[i] = PIN_CORRELATION * environment->truth[i] * sd;
        return;
    }
    if (is_null) {
        served->mean[i] = model->fill[i];
        return;
    }
    served->mean[i] = scale * (model->raw_mean[i] + environment->mean[i]) - model->raw_mean[i];
    served->variance[i] = scale * scale * sd * sd;
    served->covariance[i] = scale * environment->truth[i] * sd * sd;
}

uint32_t served_of(const struct plant_model *model, const struct environment *environment,
                   struct shield shield, struct served ret_served[SPLIT_MAX])
{
    uint32_t n = environment->burst != 0 && environment->burst_share > 0.0 ? 2 : 1;
    double truth_mean = environment->offset, truth_variance = environment->noise * environment->noise;
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        double v = environment->truth[i], sd = environment->sd[i];
        truth_mean += v * environment->mean[i];
        truth_variance += v * v * sd * sd;
    }
    for (uint32_t k = 0; k < n; k++) {
        struct served *served = &ret_served[k];
        *served = (struct served){
            .share = 1.0, .truth_mean = truth_mean, .truth_sd = d_sqrt(truth_variance)};
        if (n == 2) {
            served->share = k == 0 ? 1.0 - environment->burst_share : environment->burst_share;
        }
        for (uint32_t i = 0; i < model->entry->n_features; i++) {
            feature_served(model, environment, shield, k == 1, i, served);
        }
    }
    return n;
}

void score_moments(const struct served *served, const double *weights, double intercept,
                   double *ret_mean, double *ret_sd)
{
    double mean = intercept, variance = 0.0;
    for (int i = 0; i < FEATURES_MAX; i++) {
        mean += weights[i] * served->mean[i];
        variance += weights[i] * weights[i] * served->variance[i];
    }
    *ret_mean = mean;
    *ret_sd = d_sqrt(variance > 1e-18 ? variance : 1e-18);
}

double accuracy_of(const struct served *served, uint32_t n_served, const double *weights,
                   double intercept, double threshold, double score_sd)
{
    double accuracy = 0.0;
    for (uint32_t k = 0; k < n_served; k++) {
        double mean = 0.0, sd = 0.0;
        score_moments(&served[k], weights, intercept, &mean, &sd);
        double rho = dot(weights, served[k].covariance) / (sd * served[k].truth_sd);
        accuracy += served[k].share * plant_accuracy(rho, -served[k].truth_mean / served[k].truth_sd,
                                                     (threshold * score_sd - mean) / sd);
    }
    return accuracy;
}

double positive_rate_of(const struct served *served, uint32_t n_served, const double *weights,
                        double intercept, double threshold, double score_sd)
{
    double rate = 0.0;
    for (uint32_t k = 0; k < n_served; k++) {
        double mean = 0.0, sd = 0.0;
        score_moments(&served[k], weights, intercept, &mean, &sd);
        rate += served[k].share * d_normal_cdf((mean - threshold * score_sd) / sd);
    }
    return rate;
}

double disagreement_of(const struct served *served, uint32_t n_served, const struct artefact *a,
                       const struct artefact *b, double threshold)
{
    double agreement = 0.0;
    for (uint32_t k = 0; k < n_served; k++) {
        double mean_a = 0.0, sd_a = 0.0, mean_b = 0.0, sd_b = 0.0, covariance = 0.0;
        score_moments(&served[k], a->weights, a->intercept, &mean_a, &sd_a);
        score_moments(&served[k], b->weights, b->intercept, &mean_b, &sd_b);
        for (int i = 0; i < FEATURES_MAX; i++) {
            covariance += a->weights[i] * b->weights[i] * served[k].variance[i];
        }
        agreement += served[k].share * plant_accuracy(covariance / (sd_a * sd_b),
                                                      (threshold * a->score_sd - mean_a) / sd_a,
                                                      (threshold * b->score_sd - mean_b) / sd_b);
    }
    return 1.0 - agreement;
}

void weights_worse_by(const struct plant_model *model, const struct environment *environment,
                      double loss, const double *u, const struct artefact *from,
                      double ret_weights[FEATURES_MAX])
{
    static const struct shield open = {0};
    struct served served[SPLIT_MAX];
    uint32_t n = served_of(model, environment, open, served);
    double target = accuracy_of(served, n, from->weights, from->intercept, 0.0, 1.0) - loss;
    double lo = 0.0, hi = 1.0; /* Of the way from the weights to the noise. */
    for (int step = 0; step < 24; step++) {
        double middle = 0.5 * (lo + hi);
        for (int i = 0; i < FEATURES_MAX; i++) {
            ret_weights[i] = (1.0 - middle) * from->weights[i] + middle * u[i];
        }
        bool is_worse = accuracy_of(served, n, ret_weights, from->intercept, 0.0, 1.0) < target;
        lo = is_worse ? lo : middle;
        hi = is_worse ? middle : hi;
    }
}

struct shield shield_of(const struct plant *plant, uint32_t model_i)
{
    const struct plant_model *model = &plant->models[model_i];
    const struct truth_model *truth = &plant->truth->models[model_i];
    struct shield shield = {.disabled = truth->disabled_features, .clean = truth->fallback};
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        uint32_t table = model->entry->features[i].table.value;
        uint32_t pins = truth->pinned_tables & ~model->corrupt_pins;
        bool is_pinned = table >= 1 && table <= TABLES_MAX && (pins >> (table - 1) & 1u) != 0;
        shield.pinned |= is_pinned ? UINT32_C(1) << i : 0;
    }
    return shield;
}

double threshold_of(const struct plant *plant, uint32_t model_i)
{
    const struct plant_model *model = &plant->models[model_i];
    uint32_t config = plant->truth->models[model_i].config.value;
    ASSERT(config >= 1);
    ASSERT(config <= model->n_configs);
    return model->config_threshold[config - 1] + (double)model->threshold_ppm / 1e6;
}

/* A first-order step of the log odds: enough for the small unexplained part. */
double accuracy_live(const struct plant_model *model, double accuracy)
{
    double live = accuracy + accuracy * (1.0 - accuracy) * model->unexplained;
    return live < 0.0 ? 0.0 : live > 1.0 ? 1.0 : live;
}
