/* SPDX-License-Identifier: Apache-2.0 */
/* What the models show: probabilities of every bin when something changes, cheap exact-enough multinomial draws every window, and the
 * labels of earlier windows.
 * A count of mean 12 or more is normal with Cornish and Fisher's skewness term, conditioned on the total: x_i - p_i (sum x - n) of
 * independent x_i has the covariance of the multinomial. Rarer ones are Poisson by inversion, taken out first. */
#include "sim/plant/parts.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

#define RANGE 4.0 /* Of the reference, in deviations: the extremes of its fifty thousand rows. */
#define RARE_MEAN 12.0
#define SMALL_SAMPLE 160 /* Below it no bin is sure to have RARE_MEAN. */
#define MASS_MIN 1e-20
#define DRIFT_HOURS 3.0        /* Memory of the wandering of inputs, ... */
#define UNEXPLAINED_HOURS 48.0 /* ... of accuracy, ... */
#define LEVEL_HOURS 1.0        /* ... and of traffic. */
#define UNEXPLAINED_SD 0.05    /* Of the log odds: most of a point of accuracy from week to week. */
#define LEVEL_SD 0.03
#define LABELS_LATE 0.05 /* The job that joins labels misses its window. */
#define LABELS_HELD_MAX 3
#define INCOMPATIBLE_AVAILABILITY 0.55

enum { DRAWS_A_ROW = 32, ROWS_A_WINDOW = 2 * ROWS_OF_VIEW, COUNTS_A_WINDOW = 16 };
enum purpose { PURPOSE_BINS, PURPOSE_COUNTS, PURPOSE_DRIFT, PURPOSE_HISTORY };

/* Normal quantile of 16 random bits: eight choose a cell of the table, eight the place in it; the outer cells are exact. */
static inline double normal_at(const struct plant *plant, uint32_t bits)
{
    uint32_t cell = bits >> 8 & 255u, place = bits & 255u;
    if (cell - 1u >= NORMAL_CELLS - 2u) {
        return d_normal_quantile(((double)(bits & 65535u) + 0.5) * 0x1p-16);
    }
    double lo = plant->normal[cell];
    return lo + (plant->normal[cell + 1] - lo) * (((double)place + 0.5) * 0x1p-8);
}

/* Distribution of a normal variable over bins between n_edges edges: below the first, ..., above the last. */
static void spread(const double *edges, uint32_t n_edges, double mean, double sd, double factor,
                   double *p, double *slope, double *bend)
{
    double k = factor / sd, cdf = 0.0, first = 0.0, second = 0.0;
    for (uint32_t i = 0; i <= n_edges; i++) {
        double next_cdf = 1.0, next_first = 0.0, next_second = 0.0;
        double t = i < n_edges ? (edges[i] - mean) / sd : 40.0;
        if (t < -38.0) {
            next_cdf = 0.0;
        } else if (t < 38.0) {
            next_cdf = d_normal_cdf(t);
            next_first = -d_normal_pdf(t) * k;
            next_second = 0.5 * t * next_first * k;
        }
        p[i] = next_cdf - cdf;
        slope[i] = next_first - first;
        bend[i] = next_second - second;
        cdf = next_cdf;
        first = next_first;
        second = next_second;
    }
}

/* From below, deciles, above to the order of telemetry, with nulls. */
static void place(const double *from, double left, double *to)
{
    for (uint32_t i = 0; i < 10; i++) {
        to[i] = left * from[i + 1];
    }
    to[BIN_NULL] = 0.0;
    to[BIN_LOW] = left * from[0];
    to[BIN_HIGH] = left * from[11];
}

void reference_init(struct plant *plant)
{
    for (uint32_t i = 1; i < NORMAL_CELLS; i++) {
        plant->normal[i] = i <= NORMAL_CELLS / 2 ? d_normal_quantile((double)i / NORMAL_CELLS)
                                                 : -plant->normal[NORMAL_CELLS - i];
    }
    for (uint32_t i = 0; i <= 10; i++) {
        plant->edges[i] = i == 0 ? -RANGE : i == 10 ? RANGE : d_normal_quantile((double)i / 10.0);
    }
    double p[BINS], slope[BINS], bend[BINS];
    spread(plant->edges, 11, 0.0, 1.0, 1.0, p, slope, bend);
    place(p, 1.0, plant->reference_p);
    place(slope, 1.0, plant->reference_slope);
    place(bend, 1.0, plant->reference_bend);
}

static void feature_row(const struct plant *plant, const struct plant_model *model,
                        const struct environment *environment, bool is_pinned, uint32_t i,
                        struct view *view)
{
    bool is_dropped = (environment->dropped >> i & 1u) != 0 && !is_pinned;
    bool is_burst = (environment->burst >> i & 1u) != 0 && !is_pinned;
    double left = is_dropped ? 0.0 : 1.0 - model->null_rate[i];
    left *= is_burst ? 1.0 - environment->burst_share : 1.0;
    double scale = is_pinned ? 1.0 : environment->scale[i],
           sd = is_pinned ? 1.0 : scale * environment->sd[i];
    double mean =
        is_pinned ? 0.0 : scale * (model->raw_mean[i] + environment->mean[i]) - model->raw_mean[i];
    bool is_usual = d_abs(mean) < 1e-12 && d_abs(sd - 1.0) < 1e-12;
    if (is_usual) {
        for (uint32_t j = 0; j < BINS; j++) {
            view->p[i][j] = left * plant->reference_p[j];
            view->slope[i][j] = left * plant->reference_slope[j];
            view->bend[i][j] = left * plant->reference_bend[j];
        }
    } else {
        double p[BINS], slope[BINS], bend[BINS];
        spread(plant->edges, 11, mean, sd, scale, p, slope, bend);
        place(p, left, view->p[i]);
        place(slope, left, view->slope[i]);
        place(bend, left, view->bend[i]);
    }
    view->p[i][BIN_NULL] = 1.0 - left;
}

static void score_row(const struct plant *plant, const struct served *served, uint32_t n_served,
                      const struct artefact *artefact, uint32_t row, struct view *view)
{
    for (uint32_t j = 0; j < SCORE_BINS; j++) {
        view->p[row][j] = view->slope[row][j] = view->bend[row][j] = 0.0;
    }
    for (uint32_t k = 0; k < n_served; k++) {
        double mean = 0.0, sd = 0.0, p[BINS], slope[BINS], bend[BINS];
        score_moments(&served[k], artefact->weights, artefact->intercept, &mean, &sd);
        spread(plant->edges + 1, 9, (mean - artefact->score_mean) / artefact->score_sd,
               sd / artefact->score_sd, 1.0, p, slope, bend);
        for (uint32_t j = 0; j < SCORE_BINS; j++) {
            view->p[row][j] += served[k].share * p[j];
            view->slope[row][j] += served[k].share * slope[j];
            view->bend[row][j] += served[k].share * bend[j];
        }
    }
}

void view_inputs(const struct plant *plant, uint32_t model_i, const struct environment *environment,
                 uint32_t pinned, struct view *view)
{
    const struct plant_model *model = &plant->models[model_i];
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        feature_row(plant, model, environment, (pinned >> i & 1u) != 0, i, view);
    }
    view->traffic = environment->traffic;
}

void view_roots(const struct plant_model *model, struct view *view)
{
    for (uint32_t i = 0; i < ROWS_OF_VIEW; i++) {
        bool is_feature = i < model->entry->n_features;
        for (uint32_t j = 0; j < BINS && (is_feature || i >= FEATURES_MAX); j++) {
            double root = d_sqrt(view->p[i][j] > 0.0 ? view->p[i][j] : 0.0);
            view->root[i][j] = root;
            view->half_inverse[i][j] = root > 1e-9 ? 0.5 / root : 0.0;
        }
    }
}

void view_of(struct plant *plant, uint32_t model_i, struct view *ret_view)
{
    struct plant_model *model = &plant->models[model_i];
    const struct truth_model *truth = truth_of(plant, model_i);
    struct shield shield = shield_of(plant, model_i);
    view_inputs(plant, model_i, &model->now, shield.pinned, ret_view);
    struct served served[SPLIT_MAX];
    uint32_t n = served_of(model, &model->now, shield, served);
    double threshold = threshold_of(plant, model_i);
    const struct artefact *champion = artefact_of(plant, model_i, truth->serving);
    bool has_rules = truth->fallback && model->fallback_mode == FALLBACK_RULES;
    score_row(plant, served, n, champion, ROW_SCORE, ret_view);
    ret_view->positive = has_rules
                             ? positive_rate_of(served, n, model->rules, model->offset, 0.0, 1.0)
                             : positive_rate_of(served, n, champion->weights, champion->intercept,
                                                threshold, champion->score_sd);
    ret_view->canary_positive = 0.0;
    if (truth->canary.value != 0) {
        const struct artefact *canary = artefact_of(plant, model_i, truth->canary);
        score_row(plant, served, n, canary, ROW_CANARY_SCORE, ret_view);
        ret_view->canary_positive = positive_rate_of(served, n, canary->weights, canary->intercept,
                                                     threshold, canary->score_sd);
    }
    bool is_incompatible = !truth->fallback &&
                           version_of(plant, model_i, truth->serving)->schema_id != truth->schema_id;
    ret_view->availability = is_incompatible ? INCOMPATIBLE_AVAILABILITY : model->base_availability;
    ret_view->latency =
        1.0 + (model->now.burst != 0 && shield.pinned == 0 ? 0.8 * model->now.burst_share : 0.0);
    ret_view->fallback_share = truth->fallback ? 1.0 : 0.0;
    ret_view->canary_share = truth->canary.value == 0 ? 0.0 : (double)truth->canary_weight_ppm / 1e6;
    view_roots(model, ret_view);
}

static double ratio_log(double with, double without)
{
    return d_log((with + 1e-9) / (without + 1e-9));
}

void ratio_of_views(struct plant *plant, uint32_t model_i)
{
    struct plant_model *model = &plant->models[model_i];
    model->has_ratio = truth_of(plant, model_i)->faulty;
    if (!model->has_ratio) {
        return;
    }
    static const struct shield open = {0};
    struct view usual;
    view_inputs(plant, model_i, &model->benign, 0, &usual);
    struct served served[SPLIT_MAX];
    uint32_t n = served_of(model, &model->benign, open, served);
    usual.positive =
        positive_rate_of(served, n, model->start.weights, model->start.intercept,
                         model->config_threshold[START_CONFIG - 1], model->start.score_sd);
    model->inputs_differ = false;
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        for (uint32_t j = 0; j < BINS; j++) {
            bool is_same = d_abs(model->view.p[i][j] - usual.p[i][j]) < 1e-12;
            model->ratio[i][j] = is_same ? 0.0 : ratio_log(model->view.p[i][j], usual.p[i][j]);
            model->inputs_differ = model->inputs_differ || !is_same;
        }
    }
    model->positive_ratio = ratio_log(model->view.positive, usual.positive);
    model->negative_ratio = ratio_log(1.0 - model->view.positive, 1.0 - usual.positive);
}

static uint32_t poisson_at(uint64_t bits, double mean)
{
    double u = ((double)(bits >> 12) + 0.5) * 0x1p-52;
    if (u <= 1.0 - mean) {
        return 0; /* e^-m >= 1 - m. */
    }
    double m = mean, k = 0.0;
    double series =
        1.0 - m * (1.0 - m * (1.0 / 2 - m * (1.0 / 6 - m * (1.0 / 24 - m * (1.0 / 120 - m / 720)))));
    double mass = m < 0.5 ? series : d_exp(-m); /* 2e-6 where the series is cut. */
    while (u > mass && mass > MASS_MIN) {
        u -= mass;
        k += 1.0;
        mass *= m / k;
    }
    return (uint32_t)k;
}

static void small_counts(const double *p, uint32_t n_bins, uint32_t n, uint64_t key,
                         uint64_t counter, uint32_t *ret_counts)
{
    struct stream stream = {key, counter};
    double left = 1.0;
    for (uint32_t i = 0; i < n_bins; i++) {
        bool is_last = i + 1 == n_bins;
        double share = left > 0.0 ? p[i] / left : 0.0;
        ret_counts[i] = is_last ? n : (uint32_t)stream_binomial(&stream, n, share);
        n -= ret_counts[i];
        left -= p[i];
    }
}

/* Rounding leaves a few rows over or short: a bin in the middle takes them, the others what it cannot. */
static void settle_rounding(const uint32_t *usual, uint32_t n_usual, int64_t rest, uint32_t *counts)
{
    uint32_t middle = usual[n_usual / 2];
    if ((int64_t)counts[middle] + rest >= 0) {
        counts[middle] = (uint32_t)((int64_t)counts[middle] + rest);
        return;
    }
    for (uint32_t k = 0; k < n_usual; k++) {
        uint32_t taken = (int64_t)counts[usual[k]] < -rest ? counts[usual[k]] : (uint32_t)-rest;
        counts[usual[k]] -= taken;
        rest += taken;
    }
    ASSERT(rest == 0); /* The counts are at least as many as the rows. */
}

/* root: square roots of p, or near. */
static void counts_with(const struct plant *plant, const double *p, const double *root,
                        uint32_t n_bins, uint32_t n, uint64_t key, uint64_t counter,
                        uint32_t *ret_counts)
{
    double x[BINS], total = (double)n, total_root = d_sqrt((double)n), mass = 0.0, sum = 0.0;
    uint64_t bits[(BINS + 3) / 4];
    uint32_t left = n, n_usual = 0, usual[BINS];
    for (uint32_t i = 0; i < n_bins; i++) {
        if (total * p[i] >= RARE_MEAN) {
            usual[n_usual++] = i;
            continue;
        }
        double mean = total * p[i];
        uint32_t count = mean > 0.0 ? poisson_at(prng_at(key, counter + 16 + i), mean) : 0;
        ret_counts[i] = count < left ? count : left;
        left -= ret_counts[i];
    }
    ASSERT(n_usual > 0); /* Of 13 bins and 160 rows one has 12. */
    for (uint32_t k = 0; k < (n_usual + 3) / 4; k++) {
        bits[k] = prng_at(key, counter + k);
    }
    for (uint32_t k = 0; k < n_usual; k++) {
        double mean = total * p[usual[k]];
        double z = normal_at(plant, (uint32_t)(bits[k / 4] >> (k % 4 * 16)));
        x[k] = mean + total_root * root[usual[k]] * z + (z * z - 1.0) * (1.0 / 6.0);
        mass += mean;
        sum += x[k];
    }
    double excess = (sum - (double)left) * total / mass;
    int64_t rest = left;
    for (uint32_t k = 0; k < n_usual; k++) {
        double exact = x[k] - p[usual[k]] * excess;
        int64_t whole = exact > 0.0 ? (int64_t)(exact + 0.5) : 0;
        ret_counts[usual[k]] = (uint32_t)whole;
        rest -= whole;
    }
    settle_rounding(usual, n_usual, rest, ret_counts);
}

void counts_draw(const struct plant *plant, const double *p, uint32_t n_bins, uint32_t n,
                 uint64_t key, uint64_t counter, uint32_t *ret_counts)
{
    ASSERT(n_bins <= BINS);
    if (n < SMALL_SAMPLE) {
        small_counts(p, n_bins, n, key, counter, ret_counts);
        return;
    }
    double root[BINS];
    for (uint32_t i = 0; i < n_bins; i++) {
        root[i] = d_sqrt(p[i]);
    }
    counts_with(plant, p, root, n_bins, n, key, counter, ret_counts);
}

double drifted(const struct plant_model *model, uint32_t i, uint32_t bin)
{
    const struct view *view = &model->view;
    double shift = model->drift[i];
    double p = view->p[i][bin] + shift * (view->slope[i][bin] + shift * view->bend[i][bin]);
    return p > 0.0 ? p : 0.0;
}

/* Shift of the mean score by the wandering of the inputs, in deviations of its reference. */
static double score_drift(struct plant *plant, uint32_t model_i, struct version_id version)
{
    const struct plant_model *model = &plant->models[model_i];
    const struct artefact *artefact = artefact_of(plant, model_i, version);
    double shift = 0.0;
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        shift += artefact->weights[i] * model->drift[i];
    }
    return shift / artefact->score_sd;
}

static void draw_row(const struct plant *plant, const struct view *view, uint32_t row,
                     uint32_t n_bins, double shift, uint32_t n, uint64_t key, uint64_t counter,
                     uint32_t *ret_counts)
{
    double p[BINS], root[BINS];
    for (uint32_t j = 0; j < n_bins;
         j++) { /* The root by one step of Heron's rule from that without drift. */
        double value = view->p[row][j] + shift * (view->slope[row][j] + shift * view->bend[row][j]);
        p[j] = value > 0.0 ? value : 0.0;
        root[j] = 0.5 * view->root[row][j] + p[j] * view->half_inverse[row][j];
    }
    if (n < SMALL_SAMPLE) {
        small_counts(p, n_bins, n, key, counter, ret_counts);
        return;
    }
    counts_with(plant, p, root, n_bins, n, key, counter, ret_counts);
}

double shape_at(const struct plant *plant, int64_t at)
{
    static const double hours[24] = {0.55, 0.45, 0.40, 0.38, 0.40, 0.50, 0.70, 0.90,
                                     1.10, 1.25, 1.35, 1.40, 1.40, 1.35, 1.30, 1.30,
                                     1.30, 1.30, 1.35, 1.35, 1.30, 1.15, 0.95, 0.75};
    const int64_t week = 7 * 24 * 60;
    int64_t minute = ((int64_t)plant->plan->start_minute + at / NS_PER_MIN) % week;
    minute = minute < 0 ? minute + week : minute;
    int64_t hour = minute / 60 % 24;
    double part = (double)(minute % 60) / 60.0;
    double level = hours[hour] * (1.0 - part) + hours[(hour + 1) % 24] * part;
    return minute / (24 * 60) >= 5 ? 0.80 * level : 1.08 * level;
}

static uint64_t key_of(const struct plant_model *model, enum purpose purpose)
{
    return prng_at(model->key, (uint64_t)purpose);
}

static uint32_t requests_of(const struct plant *plant, const struct plant_model *model,
                            double traffic, int64_t middle, uint64_t key, uint64_t counter)
{
    double mean = (double)model->entry->requests_per_window * shape_at(plant, middle) * traffic *
                  (1.0 + model->level);
    double x = mean + d_sqrt(mean) * normal_at(plant, (uint32_t)prng_at(key, counter));
    return x > 0.5 ? (uint32_t)(x + 0.5) : 0;
}

static uint32_t labelled_of(uint32_t n) { return (uint32_t)((double)n * LABELLED_SHARE + 0.5); }

/* A cohort of before the episode: the version of the start in an undisturbed world. */
static struct cohort history_of(const struct plant *plant, const struct plant_model *model,
                                int64_t number)
{
    uint64_t key = key_of(model, PURPOSE_HISTORY), counter = (uint64_t)-number * COUNTS_A_WINDOW;
    int64_t window_ns = plant->deployment->window_ns;
    struct cohort cohort = {0};
    cohort.requests =
        requests_of(plant, model, 1.0, number * window_ns - window_ns / 2, key, counter);
    cohort.scored = labelled_of(cohort.requests);
    cohort.quality = cohort.healthy = accuracy_live(model, model->start.accuracy);
    struct stream stream = {key, counter + 1};
    cohort.correct = (uint32_t)stream_binomial(&stream, cohort.scored, cohort.quality);
    return cohort;
}

struct cohort cohort_at(const struct plant *plant, const struct plant_model *model, int64_t number)
{
    if (number < 1) {
        bool recorded = is_recorded(plant, (uint32_t)(model - plant->models));
        return recorded ? recorded_history(plant, number) : history_of(plant, model, number);
    }
    bool is_kept = number + COHORTS_MAX > (int64_t)model->n_windows;
    return is_kept ? model->cohorts[number % COHORTS_MAX] : (struct cohort){0};
}

int64_t cohort_due(const struct plant *plant, const struct plant_model *model)
{
    int64_t window_ns = plant->deployment->window_ns,
            at = now_of(plant) - model->entry->label_delay_ns;
    int64_t number = at >= 0 ? at / window_ns : -((-at + window_ns - 1) / window_ns);
    return number - model->labels_held;
}

static double cohort_llr(const struct cohort *cohort)
{
    bool differs = d_abs(cohort->quality - cohort->healthy) > 1e-9;
    if (!differs) {
        return 0.0;
    }
    double correct = (double)cohort->correct, wrong = (double)(cohort->scored - cohort->correct);
    return correct * ratio_log(cohort->quality, cohort->healthy) +
           wrong * ratio_log(1.0 - cohort->quality, 1.0 - cohort->healthy);
}

double labels_put(const struct plant *plant, struct plant_model *model, bool is_late,
                  struct window *window)
{
    int64_t newest = (int64_t)model->n_windows - model->delay_windows,
            window_ns = plant->deployment->window_ns;
    bool is_held = is_late && model->labels_held < LABELS_HELD_MAX;
    if (is_held) {
        model->labels_held++;
        window->cohort_from = window->cohort_to = newest * window_ns;
        return 0.0;
    }
    double llr = 0.0;
    int64_t oldest = newest - model->labels_held;
    for (int64_t number = oldest; number <= newest; number++) {
        struct cohort cohort = cohort_at(plant, model, number);
        window->labels_scored += cohort.scored;
        window->labels_correct += cohort.correct;
        llr += cohort_llr(&cohort);
    }
    window->cohort_from = (oldest - 1) * window_ns;
    window->cohort_to = newest * window_ns;
    model->labels_held = 0;
    return llr;
}

/* The inputs wander, the week has its mood, traffic its level: one step of three AR(1) processes. */
static void wander(const struct plant *plant, struct plant_model *model)
{
    double hours = (double)plant->deployment->window_ns / (double)NS_PER_HOUR;
    uint64_t key = key_of(model, PURPOSE_DRIFT), counter = model->n_windows * 8, bits = 0;
    double keep = 1.0 / (1.0 + hours / DRIFT_HOURS), fresh = d_sqrt(1.0 - keep * keep);
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        bits = i % 4 == 0 ? prng_at(key, counter + i / 4) : bits >> 16;
        model->drift[i] =
            keep * model->drift[i] + fresh * model->drift_sd[i] * normal_at(plant, (uint32_t)bits);
    }
    bits = prng_at(key, counter + 7);
    keep = 1.0 / (1.0 + hours / UNEXPLAINED_HOURS);
    model->unexplained = keep * model->unexplained + UNEXPLAINED_SD * d_sqrt(1.0 - keep * keep) *
                                                         normal_at(plant, (uint32_t)bits);
    keep = 1.0 / (1.0 + hours / LEVEL_HOURS);
    model->level = keep * model->level +
                   LEVEL_SD * d_sqrt(1.0 - keep * keep) * normal_at(plant, (uint32_t)(bits >> 32));
}

static uint32_t latency_of(const struct plant *plant, const struct plant_model *model,
                           double factor, uint64_t bits)
{
    double latency =
        model->base_latency_us * factor * (1.0 + 0.03 * normal_at(plant, (uint32_t)bits));
    return (uint32_t)(latency + 0.5);
}

static double inputs_llr(const struct plant_model *model, const struct window *window)
{
    double llr = 0.0;
    if (!model->inputs_differ) {
        return (double)window->positives * model->positive_ratio +
               (double)(window->requests - window->positives) * model->negative_ratio;
    }
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        for (uint32_t j = 0; j < BINS; j++) {
            llr += (double)window->bins[i][j] * model->ratio[i][j];
        }
    }
    return llr;
}

/* When the window made now reaches the arm; NEVER: it does not. */
static int64_t delivered_at(const struct plant *plant, uint32_t model_i)
{
    int64_t at = now_of(plant);
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        const struct plan_item *item = &plant->plan->items[i];
        bool is_here = (item->kind == PLAN_TELEMETRY_LOST || item->kind == PLAN_TELEMETRY_LATE) &&
                       plant_item_concerns(item, model_i) && at >= item->at && at < item->until;
        if (is_here && item->kind == PLAN_TELEMETRY_LOST) {
            return NEVER;
        }
        if (is_here) {
            return at + (int64_t)(item->a * 1e3) * NS_PER_MS;
        }
    }
    return at;
}

void window_seen(struct plant *plant, uint32_t model_i, double llr)
{
    struct truth_model *truth = truth_of(plant, model_i);
    int64_t seen_at = delivered_at(plant, model_i);
    if (seen_at != NEVER) {
        truth->window_llr = llr;
        truth->window_at = seen_at;
    }
}

void window_make(struct plant *plant, uint32_t model_i, struct window *ret_window)
{
    struct plant_model *model = &plant->models[model_i];
    const struct truth_model *truth = truth_of(plant, model_i);
    const struct view *view = model->mixed_weight > 0.0 ? &model->mixed : &model->view;
    int64_t window_ns = plant->deployment->window_ns;
    uint64_t number = ++model->n_windows;
    uint64_t bins_key = key_of(model, PURPOSE_BINS), bins_at = number * ROWS_A_WINDOW * DRAWS_A_ROW;
    uint64_t key = key_of(model, PURPOSE_COUNTS), counter = number * COUNTS_A_WINDOW;
    *ret_window = (struct window){.model = {(uint16_t)(model_i + 1)},
                                  .version = truth->serving,
                                  .role = SERVING_CHAMPION,
                                  .from = (int64_t)(number - 1) * window_ns,
                                  .to = (int64_t)number * window_ns};
    uint32_t total =
        requests_of(plant, model, view->traffic, ret_window->to - window_ns / 2, key, counter);
    struct stream stream = {key, counter + 1};
    uint32_t for_canary = (uint32_t)stream_binomial(&stream, total, view->canary_share);
    bool has_canary_now =
        truth->canary.value != 0; /* Of one that ended within the window nothing is told. */
    for_canary = has_canary_now ? for_canary : 0;
    struct window *window = ret_window;
    window->requests = total - for_canary;
    stream.counter = counter + 2;
    window->errors = (uint32_t)stream_binomial(&stream, window->requests, 1.0 - view->availability);
    stream.counter = counter + 3;
    window->positives = (uint32_t)stream_binomial(&stream, window->requests, view->positive);
    window->fallbacks = (uint32_t)((double)window->requests * view->fallback_share + 0.5);
    window->latency_p95_us = latency_of(plant, model, view->latency, prng_at(key, counter + 4));
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        draw_row(plant, view, i, BINS, model->drift[i], window->requests, bins_key,
                 bins_at + i * DRAWS_A_ROW, window->bins[i]);
    }
    draw_row(plant, view, ROW_SCORE, SCORE_BINS, score_drift(plant, model_i, truth->serving),
             window->requests - window->fallbacks, bins_key, bins_at + ROW_SCORE * DRAWS_A_ROW,
             window->score_bins);
    struct cohort *cohort = &model->cohorts[number % COHORTS_MAX];
    *cohort = (struct cohort){.requests = total,
                              .positives = window->positives,
                              .scored = labelled_of(window->requests),
                              .canary_scored = labelled_of(for_canary),
                              .quality = view->champion_quality,
                              .healthy = view->healthy,
                              .champion = truth->serving,
                              .canary = truth->canary};
    stream.counter = counter + 5;
    cohort->correct = (uint32_t)stream_binomial(&stream, cohort->scored, view->champion_quality);
    stream.counter = counter + 6;
    cohort->canary_correct =
        (uint32_t)stream_binomial(&stream, cohort->canary_scored, view->canary_quality);
    bool is_late = (double)(prng_at(key, counter + 7) >> 11) * 0x1p-53 < LABELS_LATE;
    double llr = labels_put(plant, model, is_late, window) +
                 (model->has_ratio ? inputs_llr(model, window) : 0.0);
    window_seen(plant, model_i, llr);
    wander(plant, model);
}

/* After window_make of the same instant. */
void canary_window_make(struct plant *plant, uint32_t model_i, struct window *ret_window)
{
    const struct plant_model *model = &plant->models[model_i];
    const struct truth_model *truth = truth_of(plant, model_i);
    const struct view *view = &model->view;
    int64_t window_ns = plant->deployment->window_ns;
    uint64_t number = model->n_windows, key = key_of(model, PURPOSE_COUNTS),
             counter = number * COUNTS_A_WINDOW;
    uint64_t bins_key = key_of(model, PURPOSE_BINS), bins_at = number * ROWS_A_WINDOW * DRAWS_A_ROW;
    const struct cohort *cohort = &model->cohorts[number % COHORTS_MAX];
    *ret_window = (struct window){.model = {(uint16_t)(model_i + 1)},
                                  .version = truth->canary,
                                  .role = SERVING_CANARY,
                                  .from = (int64_t)(number - 1) * window_ns,
                                  .to = (int64_t)number * window_ns};
    struct window *window = ret_window;
    window->requests = (uint32_t)((double)cohort->canary_scored / LABELLED_SHARE + 0.5);
    struct stream stream = {key, counter + 8};
    window->errors =
        (uint32_t)stream_binomial(&stream, window->requests, 1.0 - model->base_availability);
    stream.counter = counter + 9;
    window->positives = (uint32_t)stream_binomial(&stream, window->requests, view->canary_positive);
    window->latency_p95_us = latency_of(plant, model, view->latency, prng_at(key, counter + 10));
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        draw_row(plant, view, i, BINS, model->drift[i], window->requests, bins_key,
                 bins_at + (ROWS_OF_VIEW + i) * DRAWS_A_ROW, window->bins[i]);
    }
    draw_row(plant, view, ROW_CANARY_SCORE, SCORE_BINS, score_drift(plant, model_i, truth->canary),
             window->requests, bins_key, bins_at + (ROWS_OF_VIEW + ROW_CANARY_SCORE) * DRAWS_A_ROW,
             window->score_bins);
    int64_t newest = (int64_t)number - model->delay_windows;
    window->cohort_from = (newest - 1) * window_ns;
    window->cohort_to = newest * window_ns;
    struct cohort due = cohort_at(plant, model, newest);
    if (due.canary.value == truth->canary.value) {
        window->labels_scored = due.canary_scored;
        window->labels_correct = due.canary_correct;
    }
}
