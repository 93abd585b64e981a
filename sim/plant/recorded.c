/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded rows through real learners: what is served, seen and labelled is what the rows hold; versions stay frozen between deploys
 * and a training fits on the rows whose labels have arrived. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define VALUE_MAX 1e100 /* Squares of recorded values stay finite. */
#define QUALITY_ROWS                                                                               \
    336 /* Of half an hour: a week. Quality of an instant is that of the week around it, on its side of the event. */
#define GOLDEN_ROWS 500
#define SHADOW_ROWS 2000
#define TRAIN_SHARE 0.8
#define ROWS_MIN 50     /* Fewer: the training fails. */
#define ROWS_ENOUGH 400 /* Fewer: undertrained. */
#define EVALUATION_ROWS_MIN 100
#define PASS_MARGIN 0.02
#define SCHEMA 3
#define CONSTANT_BIN 4 /* Where the one value of a constant feature is counted. */

enum { CELLS = 1024 };

struct rows {
    uint32_t from, to;
};

static double value_of(const struct plant *plant, uint32_t row, uint32_t i)
{
    double value = plant->recording.features[(size_t)row * plant->recording.n_features + i];
    return value > VALUE_MAX ? VALUE_MAX : value < -VALUE_MAX ? -VALUE_MAX : value;
}

static bool label_of(const struct plant *plant, uint32_t row)
{
    return plant->recording.labels[row] != 0;
}

/* Row served at a time; rows before the start are history. */
static uint32_t row_at(const struct plant *plant, int64_t at)
{
    int64_t row_ns = plant->recording.row_ns;
    int64_t number = at >= 0 ? at / row_ns : -((-at + row_ns - 1) / row_ns);
    number += plant->recording.first_row;
    if (number < 0) {
        return 0;
    }
    return number > plant->recording.n_rows ? plant->recording.n_rows : (uint32_t)number;
}

static struct plant_model *model_of(struct plant *plant)
{
    return &plant->models[plant->recorded.model_i];
}

/* Features that do not reach the version as they are. */
static uint32_t masked_of(const struct plant *plant)
{
    const struct plant_model *model = &plant->models[plant->recorded.model_i];
    const struct truth_model *truth = &plant->truth->models[plant->recorded.model_i];
    struct shield shield = shield_of(plant, plant->recorded.model_i);
    bool has_last_good = truth->fallback && model->fallback_mode == FALLBACK_LAST_GOOD;
    return shield.disabled | shield.pinned | (has_last_good ? model->start.constant_features : 0);
}

static void row_of(const struct plant *plant, uint32_t row, uint32_t masked,
                   double ret_x[FEATURES_MAX])
{
    const struct plant_model *model = &plant->models[plant->recorded.model_i];
    for (uint32_t i = 0; i < plant->recording.n_features; i++) {
        ret_x[i] = (masked >> i & 1u) != 0 ? model->start.reference_mean[i] : value_of(plant, row, i);
    }
}

static bool has_rules(const struct plant *plant)
{
    const struct truth_model *truth = &plant->truth->models[plant->recorded.model_i];
    return truth->fallback && plant->models[plant->recorded.model_i].fallback_mode == FALLBACK_RULES;
}

static double accuracy_on(const struct plant *plant, const struct learner *learner,
                          struct rows rows, uint32_t masked)
{
    uint32_t correct = 0;
    for (uint32_t row = rows.from; row < rows.to; row++) {
        double x[FEATURES_MAX];
        row_of(plant, row, masked, x);
        correct += learner_predict(learner, x) == label_of(plant, row) ? 1 : 0;
    }
    return rows.to > rows.from ? (double)correct / (double)(rows.to - rows.from) : 0.0;
}

static void fit(const struct plant *plant, struct rows rows, struct learner *learner)
{
    learner_init(learner, plant->recording.learner, plant->recording.n_features);
    for (uint32_t row = rows.from; row < rows.to; row++) {
        double x[FEATURES_MAX];
        row_of(plant, row, 0, x);
        learner_fit(learner, x, label_of(plant, row));
    }
    learner_freeze(learner);
}

/* Deciles by a histogram between the extremes: near enough, as what is compared with them is counted in the same bins. */
struct histogram {
    double low, high;
    uint32_t n, cells[CELLS];
};

static void histogram_put(struct histogram *histogram, double value)
{
    double place = (value - histogram->low) / (histogram->high - histogram->low) * CELLS;
    uint32_t cell = place > 0.0 ? (place < CELLS - 1 ? (uint32_t)place : CELLS - 1) : 0;
    histogram->cells[cell]++;
    histogram->n++;
}

static void histogram_deciles(const struct histogram *histogram, double ret_edges[SCORE_BINS - 1])
{
    uint32_t seen = 0, edge = 0;
    double width = (histogram->high - histogram->low) / CELLS;
    for (uint32_t cell = 0; cell < CELLS; cell++) {
        seen += histogram->cells[cell];
        while (edge < SCORE_BINS - 1 && (uint64_t)seen * 10 >= (uint64_t)histogram->n * (edge + 1)) {
            ret_edges[edge++] = histogram->low + width * (double)(cell + 1);
        }
    }
}

static void feature_reference(struct plant *plant, struct rows rows, uint32_t i)
{
    struct recorded *recorded = &plant->recorded;
    struct histogram histogram = {.low = value_of(plant, rows.from, i),
                                  .high = value_of(plant, rows.from, i)};
    for (uint32_t row = rows.from; row < rows.to; row++) {
        double x = value_of(plant, row, i);
        histogram.low = x < histogram.low ? x : histogram.low;
        histogram.high = x > histogram.high ? x : histogram.high;
    }
    recorded->low[i] = histogram.low;
    recorded->high[i] = histogram.high;
    if (histogram.high > histogram.low) {
        for (uint32_t row = rows.from; row < rows.to; row++) {
            histogram_put(&histogram, value_of(plant, row, i));
        }
        histogram_deciles(&histogram, recorded->edges[i]);
    }
}

static uint32_t bin_of(const struct plant *plant, uint32_t i, double x)
{
    const struct recorded *recorded = &plant->recorded;
    if (x < recorded->low[i]) {
        return BIN_LOW;
    }
    if (x > recorded->high[i]) {
        return BIN_HIGH;
    }
    if (!(recorded->high[i] > recorded->low[i])) {
        return CONSTANT_BIN;
    }
    uint32_t bin = 0;
    while (bin < SCORE_BINS - 1 && x > recorded->edges[i][bin]) {
        bin++;
    }
    return bin;
}

static uint32_t score_bin_of(const double *edges, double score)
{
    uint32_t bin = 0;
    while (bin < SCORE_BINS - 1 && score > edges[bin]) {
        bin++;
    }
    return bin;
}

static void score_reference(const struct plant *plant, struct rows rows,
                            const struct learner *learner, double ret_edges[SCORE_BINS - 1])
{
    struct histogram histogram = {.low = 0.0, .high = 0.0};
    double x[FEATURES_MAX];
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t row = rows.from; row < rows.to; row++) {
            row_of(plant, row, 0, x);
            double score = learner_score(learner, x);
            bool is_first = row == rows.from;
            if (pass == 0) {
                histogram.low = is_first || score < histogram.low ? score : histogram.low;
                histogram.high = is_first || score > histogram.high ? score : histogram.high;
            } else if (histogram.high > histogram.low) {
                histogram_put(&histogram, score);
            }
        }
    }
    for (uint32_t j = 0; j < SCORE_BINS - 1; j++) {
        ret_edges[j] = histogram.low;
    }
    if (histogram.n > 0) {
        histogram_deciles(&histogram, ret_edges);
    }
}

/* Moments and profile of the rows that a version was fitted to. */
static void describe(const struct plant *plant, struct rows rows, const struct learner *learner,
                     struct artefact *artefact)
{
    uint32_t n = rows.to - rows.from, positives = 0, counts[FEATURES_MAX][BINS] = {{0}};
    double sum[FEATURES_MAX] = {0}, x[FEATURES_MAX];
    for (uint32_t row = rows.from; row < rows.to; row++) {
        row_of(plant, row, 0, x);
        positives += learner_predict(learner, x) ? 1 : 0;
        for (uint32_t i = 0; i < plant->recording.n_features; i++) {
            sum[i] += x[i];
            counts[i][bin_of(plant, i, x[i])]++;
        }
    }
    artefact->rows = n;
    artefact->positive_rate = (double)positives / (double)n;
    artefact->deployed_at = NEVER;
    artefact->score_sd = 1.0;
    artefact->constant_features = 0;
    for (uint32_t i = 0; i < plant->recording.n_features; i++) {
        double mean = sum[i] / (double)n, square = 0.0, low = value_of(plant, rows.from, i),
               high = low;
        for (uint32_t row = rows.from; row < rows.to; row++) {
            double value = value_of(plant, row, i);
            square += (value - mean) * (value - mean);
            low = value < low ? value : low;
            high = value > high ? value : high;
        }
        artefact->reference_mean[i] = mean;
        artefact->reference_sd[i] = d_sqrt(square / (double)n);
        artefact->constant_features |= high > low ? 0 : UINT32_C(1) << i;
        for (uint32_t j = 0; j < BINS; j++) {
            artefact->profile_ppm[i][j] = (uint32_t)((uint64_t)counts[i][j] * 1000000 / n);
        }
    }
}

/* First part fits, the later part evaluates. */
static struct rows evaluation_of(struct rows rows)
{
    uint32_t n = rows.to - rows.from;
    return (struct rows){rows.from + (uint32_t)(TRAIN_SHARE * (double)n), rows.to};
}

static int64_t time_of(const struct plant *plant, uint32_t row)
{
    return ((int64_t)row - plant->recording.first_row) * plant->recording.row_ns;
}

static struct version_id add_of_start(struct plant *plant, struct rows rows, bool is_champion)
{
    struct recorded *recorded = &plant->recorded;
    struct rows later = evaluation_of(rows);
    struct artefact artefact;
    memset(&artefact, 0, sizeof(artefact));
    fit(plant, (struct rows){rows.from, later.from}, &recorded->fitted);
    artefact.holdout_error = 1.0 - accuracy_on(plant, &recorded->fitted, later, 0);
    fit(plant, rows, &recorded->fitted);
    describe(plant, rows, &recorded->fitted, &artefact);
    score_reference(plant, rows, &recorded->fitted, recorded->fitted_edges);
    artefact.deployed_at = time_of(plant, rows.to);
    struct truth_version known = {.schema_id = SCHEMA,
                                  .available = true,
                                  .complete = true,
                                  .certified = true,
                                  .trained_from = time_of(plant, rows.from),
                                  .trained_to = time_of(plant, later.from),
                                  .evaluated = true,
                                  .evaluated_from = time_of(plant, later.from),
                                  .evaluated_to = time_of(plant, rows.to)};
    struct version_id version = version_add(plant, recorded->model_i, &known, &artefact)->version;
    recorded_keep(plant, version_index(plant, recorded->model_i, version));
    if (is_champion) {
        model_of(plant)->start = artefact;
        recorded->start = recorded->learners[version_index(plant, recorded->model_i, version)];
    }
    return version;
}

void recorded_keep(struct plant *plant, uint32_t slot)
{
    ASSERT(slot < VERSIONS_MAX);
    plant->recorded.learners[slot] = plant->recorded.fitted;
    memcpy(plant->recorded.score_edges[slot], plant->recorded.fitted_edges,
           sizeof(plant->recorded.fitted_edges));
}

void recorded_moved(struct plant *plant, uint32_t to, uint32_t from)
{
    plant->recorded.learners[to] = plant->recorded.learners[from];
    memcpy(plant->recorded.score_edges[to], plant->recorded.score_edges[from],
           sizeof(plant->recorded.fitted_edges));
}

static uint32_t event_row_of(const struct plant *plant)
{
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        if (plant->plan->items[i].kind == PLAN_RECORDED) {
            return row_at(plant, plant->plan->items[i].at);
        }
    }
    return UINT32_MAX;
}

void recorded_init(struct plant *plant)
{
    struct recorded *recorded = &plant->recorded;
    const struct plant_recording *recording = &plant->recording;
    struct plant_model *model = model_of(plant);
    struct truth_model *truth = &plant->truth->models[recorded->model_i];
    ASSERT(recording->n_features == model->entry->n_features);
    ASSERT(recording->row_ns > 0);
    ASSERT(recording->train_rows >= 2 * ROWS_MIN);
    ASSERT(recording->first_row >= 2 * ROWS_MIN);
    ASSERT(recording->first_row <= recording->n_rows);
    uint32_t n =
        recording->train_rows < recording->first_row ? recording->train_rows : recording->first_row;
    struct rows rows = {recording->first_row - n, recording->first_row};
    struct rows before = {rows.from >= n ? rows.from - n : rows.from,
                          rows.from >= n ? rows.from : rows.from + n / 2};
    recorded->horizon_row = row_at(plant, plant->plan->horizon_ns);
    recorded->event_row = event_row_of(plant);
    uint32_t positives = 0;
    for (uint32_t row = rows.from; row < rows.to; row++) {
        positives += label_of(plant, row) ? 1 : 0;
    }
    recorded->majority = 2 * positives > n;
    for (uint32_t i = 0; i < recording->n_features; i++) {
        feature_reference(plant, rows, i);
    }
    model->previous = add_of_start(plant, before, false);
    truth->serving = truth->registered = add_of_start(plant, rows, true);
    truth->schema_id = SCHEMA;
    truth->config.value = START_CONFIG;
    model->unexplained = 0.0; /* The rows hold it. */
    model->base_availability = 1.0;
    model->now.traffic = 1.0;
    truth->requests_per_minute = (double)NS_PER_MIN / (double)recording->row_ns;
    bool has_before = recorded->event_row != UINT32_MAX && recorded->event_row > recording->first_row;
    struct rows healthy = {recording->first_row,
                           has_before ? recorded->event_row : recorded->horizon_row};
    bool has_rows = healthy.to > healthy.from;
    model->start.accuracy = has_rows ? accuracy_on(plant, &recorded->start, healthy, 0)
                                     : 1.0 - model->start.holdout_error;
}

/* The week that stands for an instant: from it on, but not across the event. */
static struct rows week_of(const struct plant *plant, int64_t at)
{
    const struct recorded *recorded = &plant->recorded;
    uint32_t row = row_at(plant, at), n_rows = plant->recording.n_rows;
    uint32_t end =
        row < recorded->event_row && recorded->event_row < n_rows ? recorded->event_row : n_rows;
    uint32_t begin = row >= recorded->event_row ? recorded->event_row : 0;
    struct rows rows = {row, row + QUALITY_ROWS};
    if (rows.to > end) {
        rows.to = end;
        rows.from = end > QUALITY_ROWS ? end - QUALITY_ROWS : 0;
        rows.from = rows.from < begin ? begin : rows.from;
    }
    return rows;
}

void recorded_refresh(struct plant *plant)
{
    struct recorded *recorded = &plant->recorded;
    struct plant_model *model = model_of(plant);
    const struct truth_model *truth = truth_of(plant, recorded->model_i);
    struct rows rows = week_of(plant, now_of(plant));
    uint32_t masked = masked_of(plant);
    for (uint32_t i = 0; i < truth->n_versions; i++) {
        model->artefacts[i].accuracy = accuracy_on(plant, &recorded->learners[i], rows, masked);
    }
    struct view *view = &model->view;
    const struct artefact *canary = artefact_of(plant, recorded->model_i, truth->canary);
    view->champion_quality = artefact_of(plant, recorded->model_i, truth->serving)->accuracy;
    view->canary_quality = canary == NULL ? 0.0 : canary->accuracy;
    view->canary_share = truth->canary.value == 0 ? 0.0 : (double)truth->canary_weight_ppm / 1e6;
    view->availability = 1.0;
    view->latency = view->traffic = 1.0;
    if (has_rules(plant)) {
        uint32_t right = 0;
        for (uint32_t row = rows.from; row < rows.to; row++) {
            right += label_of(plant, row) == recorded->majority ? 1 : 0;
        }
        view->champion_quality =
            rows.to > rows.from ? (double)right / (double)(rows.to - rows.from) : 0.0;
        view->canary_quality = view->champion_quality;
    }
}

static bool goes_to_canary(const struct plant *plant, uint32_t row)
{
    const struct plant_model *model = &plant->models[plant->recorded.model_i];
    const struct truth_model *truth = &plant->truth->models[plant->recorded.model_i];
    uint64_t draw = prng_at(model->key, row) >> 32;
    return truth->canary.value != 0 && draw * 1000000 >> 32 < truth->canary_weight_ppm;
}

/* Rows of window number that the role answers. */
static struct window serve(struct plant *plant, int64_t number, enum serving_role role)
{
    struct recorded *recorded = &plant->recorded;
    const struct truth_model *truth = truth_of(plant, recorded->model_i);
    struct plant_model *model = model_of(plant);
    int64_t window_ns = plant->deployment->window_ns;
    struct window window = {.model = {(uint16_t)(recorded->model_i + 1)},
                            .version = role == SERVING_CANARY ? truth->canary : truth->serving,
                            .role = role,
                            .from = (number - 1) * window_ns,
                            .to = number * window_ns,
                            .latency_p95_us = (uint32_t)model->base_latency_us};
    uint32_t slot = version_index(plant, recorded->model_i, window.version),
             masked = masked_of(plant);
    ASSERT(slot < VERSIONS_MAX);
    bool rules = has_rules(plant);
    uint32_t correct = 0, to = row_at(plant, window.to);
    for (uint32_t row = row_at(plant, window.from); row < to; row++) {
        if (goes_to_canary(plant, row) != (role == SERVING_CANARY)) {
            continue;
        }
        double x[FEATURES_MAX];
        row_of(plant, row, masked, x);
        double score = learner_score(&recorded->learners[slot], x);
        bool positive = rules ? recorded->majority : score > 0.0;
        window.requests++;
        window.positives += positive ? 1 : 0;
        correct += positive == label_of(plant, row) ? 1 : 0;
        for (uint32_t i = 0; i < plant->recording.n_features; i++) {
            window.bins[i][bin_of(plant, i, value_of(plant, row, i))]++;
        }
        if (!rules) {
            window.score_bins[score_bin_of(recorded->score_edges[slot], score)]++;
        }
    }
    window.fallbacks = truth->fallback ? window.requests : 0;
    struct cohort *cohort = &model->cohorts[number % COHORTS_MAX];
    if (role == SERVING_CHAMPION) {
        *cohort = (struct cohort){.requests = window.requests,
                                  .positives = window.positives,
                                  .scored = window.requests,
                                  .correct = correct,
                                  .quality = truth->faulty ? truth->quality : truth->healthy_quality,
                                  .healthy = truth->healthy_quality,
                                  .champion = truth->serving,
                                  .canary = truth->canary};
    } else {
        cohort->canary_scored = window.requests;
        cohort->canary_correct = correct;
    }
    return window;
}

struct cohort recorded_history(const struct plant *plant, int64_t number)
{
    int64_t window_ns = plant->deployment->window_ns;
    struct rows rows = {row_at(plant, (number - 1) * window_ns), row_at(plant, number * window_ns)};
    struct cohort cohort = {.requests = rows.to - rows.from, .scored = rows.to - rows.from};
    double accuracy = accuracy_on(plant, &plant->recorded.start, rows, 0);
    cohort.correct = (uint32_t)(accuracy * (double)cohort.scored + 0.5);
    return cohort;
}

/* Inputs as they are this week against those of the reference. */
static double inputs_llr(const struct plant *plant, const struct window *window)
{
    const struct plant_model *model = &plant->models[plant->recorded.model_i];
    struct rows rows = week_of(plant, now_of(plant) - 1);
    double n = (double)(rows.to - rows.from), llr = 0.0;
    for (uint32_t i = 0; i < plant->recording.n_features && n > 0.0; i++) {
        uint32_t counts[BINS] = {0};
        for (uint32_t row = rows.from; row < rows.to; row++) {
            counts[bin_of(plant, i, value_of(plant, row, i))]++;
        }
        for (uint32_t j = 0; j < BINS; j++) {
            double with = ((double)counts[j] + 0.5) / (n + 0.5 * BINS);
            double without = ((double)model->start.profile_ppm[i][j] + 0.5) / (1e6 + 0.5 * BINS);
            llr += (double)window->bins[i][j] * d_log(with / without);
        }
    }
    return llr;
}

void recorded_window(struct plant *plant, struct window *ret_window)
{
    struct plant_model *model = model_of(plant);
    *ret_window = serve(plant, (int64_t)++model->n_windows, SERVING_CHAMPION);
    double llr = labels_put(plant, model, false, ret_window);
    llr += truth_of(plant, plant->recorded.model_i)->faulty ? inputs_llr(plant, ret_window) : 0.0;
    window_seen(plant, plant->recorded.model_i, llr);
}

void recorded_canary_window(struct plant *plant, struct window *ret_window)
{
    const struct plant_model *model = model_of(plant);
    *ret_window = serve(plant, (int64_t)model->n_windows, SERVING_CANARY);
    int64_t window_ns = plant->deployment->window_ns,
            newest = (int64_t)model->n_windows - model->delay_windows;
    struct cohort due = cohort_at(plant, model, newest);
    ret_window->cohort_from = (newest - 1) * window_ns;
    ret_window->cohort_to = newest * window_ns;
    if (due.canary.value == ret_window->version.value) {
        ret_window->labels_scored = due.canary_scored;
        ret_window->labels_correct = due.canary_correct;
    }
}

static bool is_set_aside(const struct plant *plant, uint32_t row)
{
    const struct plant_model *model = &plant->models[plant->recorded.model_i];
    int64_t at = time_of(plant, row);
    for (uint32_t i = 0; i < model->n_quarantines && i < QUARANTINES_MAX; i++) {
        if (at >= model->quarantines[i].from && at < model->quarantines[i].to) {
            return true;
        }
    }
    return false;
}

/* Labelled rows of the window. */
static struct rows rows_of(const struct plant *plant, const struct action_args *args,
                           int64_t labelled_to)
{
    int64_t to = args->to_ns < labelled_to ? args->to_ns : labelled_to;
    struct rows rows = {row_at(plant, args->from_ns), row_at(plant, to)};
    rows.to = rows.to < rows.from ? rows.from : rows.to;
    return rows;
}

void recorded_rows(const struct plant *plant, const struct action_args *args,
                   struct ledger_entry *entry)
{
    int64_t arrived = now_of(plant) - plant->models[plant->recorded.model_i].entry->label_delay_ns;
    struct rows rows = rows_of(plant, args, arrived);
    entry->rows = entry->rows_faulty = entry->rows_after_onset = 0;
    for (uint32_t row = rows.from; row < rows.to; row++) {
        bool is_in = !is_set_aside(plant, row);
        entry->rows += is_in ? 1 : 0;
        entry->rows_after_onset += is_in && row >= plant->recorded.event_row ? 1 : 0;
    }
}

bool recorded_train(struct plant *plant, const struct action_args *args, int64_t labelled_to,
                    struct truth_version *ret_version, struct artefact *ret_artefact)
{
    struct recorded *recorded = &plant->recorded;
    struct rows rows = rows_of(plant, args, labelled_to);
    if (rows.to - rows.from < ROWS_MIN) {
        return false;
    }
    struct rows later = evaluation_of(rows), first = {rows.from, later.from};
    learner_init(&recorded->fitted, plant->recording.learner, plant->recording.n_features);
    uint32_t n = 0;
    for (uint32_t row = first.from; row < first.to; row++) {
        if (!is_set_aside(plant, row)) {
            double x[FEATURES_MAX];
            row_of(plant, row, 0, x);
            learner_fit(&recorded->fitted, x, label_of(plant, row));
            n++;
        }
    }
    if (n < ROWS_MIN / 2) {
        return false;
    }
    learner_freeze(&recorded->fitted);
    describe(plant, first, &recorded->fitted, ret_artefact);
    score_reference(plant, first, &recorded->fitted, recorded->fitted_edges);
    ret_artefact->holdout_error = 1.0 - accuracy_on(plant, &recorded->fitted, later, 0);
    uint32_t slot =
        version_index(plant, recorded->model_i, truth_of(plant, recorded->model_i)->serving);
    double champion_error = 1.0 - accuracy_on(plant, &recorded->learners[slot], later, 0);
    bool passes = later.to - later.from >= EVALUATION_ROWS_MIN &&
                  ret_artefact->holdout_error <= champion_error + PASS_MARGIN;
    *ret_version = (struct truth_version){.schema_id = SCHEMA,
                                          .available = true,
                                          .complete = true,
                                          .bad = n < ROWS_ENOUGH,
                                          .trained_from = time_of(plant, first.from),
                                          .trained_to = time_of(plant, first.to),
                                          .evaluated = passes,
                                          .evaluated_from = passes ? time_of(plant, later.from) : 0,
                                          .evaluated_to = passes ? time_of(plant, later.to) : 0};
    return true;
}

/* The newest rows up to a time. */
static struct rows newest_rows(const struct plant *plant, int64_t at, uint32_t n)
{
    uint32_t to = row_at(plant, at);
    return (struct rows){to > n ? to - n : 0, to};
}

void recorded_features(const struct plant *plant, struct features_answer *ret_answer)
{
    const struct plant_model *model = &plant->models[plant->recorded.model_i];
    const struct truth_model *truth = &plant->truth->models[plant->recorded.model_i];
    const struct artefact *artefact =
        &model->artefacts[version_index(plant, plant->recorded.model_i, truth->serving)];
    struct rows rows = newest_rows(plant, now_of(plant), QUALITY_ROWS);
    double n = (double)(rows.to - rows.from);
    ret_answer->n_features = plant->recording.n_features;
    for (uint32_t i = 0; i < plant->recording.n_features && n > 0.0; i++) {
        uint32_t counts[BINS] = {0};
        double sum = 0.0, square = 0.0, psi = 0.0;
        for (uint32_t row = rows.from; row < rows.to; row++) {
            double x = value_of(plant, row, i);
            counts[bin_of(plant, i, x)]++;
            sum += x;
        }
        for (uint32_t row = rows.from; row < rows.to; row++) {
            double off = value_of(plant, row, i) - sum / n;
            square += off * off;
        }
        for (uint32_t j = 0; j < BINS; j++) {
            double p = ((double)counts[j] + 0.5) / (n + 0.5 * BINS);
            double q = ((double)artefact->profile_ppm[i][j] + 0.5) / (1e6 + 0.5 * BINS);
            psi += (p - q) * d_log(p / q);
        }
        struct feature_profile *profile = &ret_answer->features[i];
        profile->rows = rows.to - rows.from;
        profile->psi = psi;
        profile->was_constant = (artefact->constant_features >> i & 1u) != 0;
        profile->scale = 1.0;
        if (!profile->was_constant) {
            profile->shift = (sum / n - artefact->reference_mean[i]) / artefact->reference_sd[i];
            profile->scale = d_sqrt(square / n) / artefact->reference_sd[i];
        }
    }
}

bool recorded_shadow(struct plant *plant, struct shadow_answer *ret_answer)
{
    const struct recorded *recorded = &plant->recorded;
    const struct plant_model *model = model_of(plant);
    uint32_t served =
        version_index(plant, recorded->model_i, truth_of(plant, recorded->model_i)->serving);
    uint32_t before = version_index(plant, recorded->model_i, model->previous);
    if (before == VERSIONS_MAX) {
        return false;
    }
    struct rows rows = newest_rows(plant, now_of(plant) - model->entry->label_delay_ns, SHADOW_ROWS);
    ret_answer->version = model->previous;
    ret_answer->scored = rows.to - rows.from;
    for (uint32_t row = rows.from; row < rows.to; row++) {
        double x[FEATURES_MAX];
        row_of(plant, row, 0, x);
        bool label = label_of(plant, row);
        bool is_served_right = learner_predict(&recorded->learners[served], x) == label;
        bool is_before_right = learner_predict(&recorded->learners[before], x) == label;
        ret_answer->only_serving_correct += is_served_right && !is_before_right ? 1 : 0;
        ret_answer->only_shadow_correct += is_before_right && !is_served_right ? 1 : 0;
    }
    return ret_answer->scored > 0;
}

void recorded_golden(struct plant *plant, struct golden_answer *ret_answer)
{
    const struct recorded *recorded = &plant->recorded;
    struct rows rows = newest_rows(plant, 0, GOLDEN_ROWS);
    ret_answer->version = truth_of(plant, recorded->model_i)->serving;
    uint32_t slot = version_index(plant, recorded->model_i, ret_answer->version);
    ret_answer->n = rows.to - rows.from;
    double accuracy = accuracy_on(plant, &recorded->learners[slot], rows, 0);
    ret_answer->correct = (uint32_t)(accuracy * (double)ret_answer->n + 0.5);
    ret_answer->reference_accuracy = accuracy_on(plant, &recorded->start, rows, 0);
}

void recorded_decisions(struct plant *plant, struct decisions_answer *ret_answer)
{
    const struct recorded *recorded = &plant->recorded;
    uint32_t slot =
        version_index(plant, recorded->model_i, truth_of(plant, recorded->model_i)->serving);
    struct rows rows = newest_rows(plant, now_of(plant), QUALITY_ROWS);
    uint32_t counts[SCORE_BINS] = {0};
    for (uint32_t row = rows.from; row < rows.to; row++) {
        double x[FEATURES_MAX];
        row_of(plant, row, masked_of(plant), x);
        double score = learner_score(&recorded->learners[slot], x);
        counts[score_bin_of(recorded->score_edges[slot], score)]++;
        ret_answer->positives += score > 0.0 ? 1 : 0;
    }
    ret_answer->decisions = rows.to - rows.from;
    ret_answer->reference_rate = model_of(plant)->artefacts[slot].positive_rate;
    for (uint32_t j = 0; j < SCORE_BINS && ret_answer->decisions > 0; j++) {
        double p = ((double)counts[j] + 0.5) / ((double)ret_answer->decisions + 0.5 * SCORE_BINS);
        ret_answer->score_psi += (p - 0.1) * d_log(p / 0.1);
    }
}
