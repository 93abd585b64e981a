/* SPDX-License-Identifier: Apache-2.0 */
/* Training on what a window really holds: least squares of the latent truth on the inputs as they were logged, over the mixture of
 * the epochs in the window. Bad rows pull the weights; few rows shake them; the evaluation is on rows of the same kind. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define HISTORY_NS (365 * NS_PER_DAY) /* Older rows are not kept. */
#define LABEL_NOISE 2.5               /* As for the versions of the start. */
#define ROWS_ALIKE 4.0  /* Neighbouring rows say the same: an effective row of four. */
#define TRAIN_SHARE 0.8 /* In time; the later rest evaluates. */
#define EVALUATION_ROWS_MIN 100
#define PASS_MARGIN 0.02  /* Worse than the champion by less: passed. */
#define CONTAMINATED 0.01 /* Share of bad rows. */
#define ROWS_ENOUGH 400   /* Fewer: undertrained. */
#define SCORED_ENOUGH 500 /* Labels after the onset that make a window ready. */
#define P_FAILS 0.08

enum { N_UNKNOWNS = FEATURES_MAX + 1, SNAPSHOTS_BACK = 72 };

/* Normal equations of the weights and the intercept, last. */
struct equations {
    double left[N_UNKNOWNS][N_UNKNOWNS], right[N_UNKNOWNS], weight;
};

/* A part of a window in which nothing changed. */
struct stretch {
    int64_t from, to;
    uint32_t items;
    double rows;
};

static bool is_corrupting(enum plan_kind kind)
{
    return kind == PLAN_SCHEMA_CHANGE || kind == PLAN_UNIT_CHANGE || kind == PLAN_NULL_BURST;
}

int64_t snapshot_before(const struct plant *plant, uint32_t model_i, struct table_id table, int64_t at)
{
    int64_t number = at >= 0 ? at / SNAPSHOT_NS : -((-at + SNAPSHOT_NS - 1) / SNAPSHOT_NS);
    for (int back = 0; back < SNAPSHOTS_BACK; back++, number--) {
        int64_t taken_at = number * SNAPSHOT_NS;
        bool is_clean = true;
        for (uint32_t i = 0; i < plant->plan->n_items; i++) {
            const struct plan_item *item = &plant->plan->items[i];
            bool is_on = is_corrupting(item->kind) && item->table.value == table.value &&
                         plant_item_concerns(item, model_i) && taken_at >= item->at &&
                         taken_at < plant->item_ended[i];
            is_clean = is_clean && !is_on;
        }
        if (is_clean) {
            return taken_at;
        }
    }
    return NEVER;
}

/* Time of [from, to) that no quarantine covers. Two tables set aside at once count as the longer one. */
static int64_t usable_ns(const struct plant_model *model, int64_t from, int64_t to)
{
    int64_t covered_ns = 0;
    for (uint32_t i = 0; i < model->n_quarantines && i < QUARANTINES_MAX; i++) {
        const struct quarantine *quarantine = &model->quarantines[i];
        int64_t lo = quarantine->from > from ? quarantine->from : from;
        int64_t hi = quarantine->to < to ? quarantine->to : to;
        covered_ns = hi - lo > covered_ns ? hi - lo : covered_ns;
    }
    return to - from - covered_ns;
}

static double traffic_of(const struct plant *plant, uint32_t items)
{
    double traffic = 1.0;
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        bool is_holiday = (items >> i & 1u) != 0 && plant->plan->items[i].kind == PLAN_HOLIDAY;
        traffic *= is_holiday && plant->plan->items[i].a > 0.0 ? plant->plan->items[i].a : 1.0;
    }
    return traffic;
}

/* Part k of the window; false when it is empty. */
static bool stretch_of(const struct plant *plant, uint32_t model_i, int64_t from, int64_t to,
                       uint32_t k, struct stretch *ret_stretch)
{
    const struct plant_model *model = &plant->models[model_i];
    const struct epoch *epoch = &model->epochs[k];
    int64_t ends_at = k + 1 < model->n_epochs ? epoch[1].from : NEVER;
    int64_t lo = epoch->from > from ? epoch->from : from, hi = ends_at < to ? ends_at : to;
    if (lo >= hi) {
        return false;
    }
    double windows = (double)usable_ns(model, lo, hi) / (double)plant->deployment->window_ns;
    double rows = windows * (double)model->entry->requests_per_window *
                  traffic_of(plant, epoch->items) * LABELLED_SHARE;
    *ret_stretch = (struct stretch){lo, hi, epoch->items, rows};
    return rows >= 1.0;
}

static bool is_corrupt(const struct plant *plant, uint32_t items)
{
    for (uint32_t i = 0; i < plant->plan->n_items; i++) {
        if ((items >> i & 1u) != 0 && is_corrupting(plant->plan->items[i].kind)) {
            return true;
        }
    }
    return false;
}

static int64_t labelled_until(const struct plant *plant, uint32_t model_i, int64_t to)
{
    int64_t arrived = now_of(plant) - plant->models[model_i].entry->label_delay_ns;
    return to < arrived ? to : arrived;
}

static int64_t kept_from(const struct plant *plant, int64_t from)
{
    int64_t oldest = now_of(plant) - HISTORY_NS;
    return from > oldest ? from : oldest;
}

void training_rows(const struct plant *plant, uint32_t model_i, const struct action_args *args,
                   struct ledger_entry *entry)
{
    const struct plant_model *model = &plant->models[model_i];
    int64_t from = kept_from(plant, args->from_ns), to = labelled_until(plant, model_i, args->to_ns);
    if (is_recorded(plant, model_i)) {
        recorded_rows(plant, args, entry);
        entry->labels_ready = entry->rows_after_onset >= SCORED_ENOUGH;
        return;
    }
    double rows = 0.0, faulty = 0.0, after = 0.0;
    for (uint32_t k = 0; k < model->n_epochs; k++) {
        struct stretch stretch;
        if (!stretch_of(plant, model_i, from, to, k, &stretch)) {
            continue;
        }
        rows += stretch.rows;
        faulty += is_corrupt(plant, stretch.items) ? stretch.rows : 0.0;
        if (model->onset != NEVER && stretch.to > model->onset) {
            int64_t lo = stretch.from > model->onset ? stretch.from : model->onset;
            after += stretch.rows * (double)(stretch.to - lo) / (double)(stretch.to - stretch.from);
        }
    }
    const double most = 4e9;
    entry->rows = (uint32_t)(rows < most ? rows : most);
    entry->rows_faulty = (uint32_t)(faulty < most ? faulty : most);
    entry->rows_after_onset = (uint32_t)(after < most ? after : most);
    entry->labels_ready = entry->rows_after_onset >= SCORED_ENOUGH;
}

void training_start(struct plant *plant, uint32_t model_i, uint32_t entry_i)
{
    struct plant_model *model = &plant->models[model_i];
    struct ledger_entry *entry = &plant->truth->ledger[entry_i];
    training_rows(plant, model_i, &entry->args, entry);
    truth_of(plant, model_i)->training = true;
    model->training.labelled_to = labelled_until(plant, model_i, entry->args.to_ns);
    struct stream stream;
    stream_init(&stream, plant->plan->seed, "plant/training",
                (uint64_t)model_i * 65536 + ++model->training.n_started);
    bool waits = stream_chance(&stream, 0.3) != 0;
    double queue_min = stream_lognormal(&stream, 3.0, 1.5);
    double minutes = stream_lognormal(&stream, model->train_median_min, model->train_sigma) +
                     (waits ? queue_min : 0.0);
    minutes += stream_lognormal(&stream, 4.0, 0.5); /* Evaluation. */
    bool fails = stream_chance(&stream, P_FAILS) != 0;
    plant_later(plant, now_of(plant) + (int64_t)(minutes * 60e3) * NS_PER_MS, PLANT_TRAINED,
                model_i, entry_i, fails);
}

/* Gauss with partial pivoting; a little ridge keeps constant columns apart from the intercept. */
static void solve(struct equations *equations, double ret_x[N_UNKNOWNS])
{
    double(*a)[N_UNKNOWNS] = equations->left;
    double *y = equations->right;
    for (int i = 0; i < N_UNKNOWNS; i++) {
        int pivot = i;
        for (int r = i + 1; r < N_UNKNOWNS; r++) {
            pivot = d_abs(a[r][i]) > d_abs(a[pivot][i]) ? r : pivot;
        }
        for (int c = 0; c < N_UNKNOWNS; c++) {
            double kept = a[i][c];
            a[i][c] = a[pivot][c];
            a[pivot][c] = kept;
        }
        double kept = y[i];
        y[i] = y[pivot];
        y[pivot] = kept;
        for (int r = i + 1; r < N_UNKNOWNS; r++) {
            double factor = a[r][i] / a[i][i];
            for (int c = i; c < N_UNKNOWNS; c++) {
                a[r][c] -= factor * a[i][c];
            }
            y[r] -= factor * y[i];
        }
    }
    for (int i = N_UNKNOWNS - 1; i >= 0; i--) {
        double sum = y[i];
        for (int c = i + 1; c < N_UNKNOWNS; c++) {
            sum -= a[i][c] * ret_x[c];
        }
        ret_x[i] = sum / a[i][i];
    }
}

static void equations_add(struct equations *equations, const struct served *served, double weight)
{
    equations->weight += weight;
    for (int i = 0; i < N_UNKNOWNS; i++) {
        double mean_i = i < FEATURES_MAX ? served->mean[i] : 1.0;
        double covariance = i < FEATURES_MAX ? served->covariance[i] : 0.0;
        for (int j = 0; j < N_UNKNOWNS; j++) {
            double mean_j = j < FEATURES_MAX ? served->mean[j] : 1.0;
            double variance = i == j && i < FEATURES_MAX ? served->variance[i] : 0.0;
            equations->left[i][j] += weight * (mean_i * mean_j + variance);
        }
        equations->right[i] += weight * (mean_i * served->truth_mean + covariance);
    }
}

/* Profile, reference and positive rate of the version over the rows that it was fitted to. */
static void describe(struct plant *plant, uint32_t model_i, int64_t from, int64_t to, double rows,
                     struct artefact *artefact)
{
    static const struct shield open = {0};
    const struct plant_model *model = &plant->models[model_i];
    double mean[FEATURES_MAX] = {0}, square[FEATURES_MAX] = {0}, profile[FEATURES_MAX][BINS] = {{0}};
    double score_mean = 0.0, score_square = 0.0;
    artefact->positive_rate = 0.0;
    for (int pass = 0; pass < 2; pass++) { /* The positive rate needs the deviation of the score. */
        for (uint32_t k = 0; k < model->n_epochs; k++) {
            struct stretch stretch;
            if (!stretch_of(plant, model_i, from, to, k, &stretch)) {
                continue;
            }
            struct environment environment;
            struct served served[SPLIT_MAX];
            struct view view;
            double share = stretch.rows / rows;
            environment_of(plant, model_i, stretch.items, &environment);
            uint32_t n = served_of(model, &environment, open, served);
            if (pass == 1) {
                artefact->positive_rate +=
                    share * positive_rate_of(served, n, artefact->weights, artefact->intercept, 0.0,
                                             artefact->score_sd);
                continue;
            }
            view_inputs(plant, model_i, &environment, 0, &view);
            for (uint32_t i = 0; i < model->entry->n_features; i++) {
                for (uint32_t j = 0; j < BINS; j++) {
                    profile[i][j] += share * view.p[i][j];
                }
                mean[i] += share * served[0].mean[i];
                square[i] += share * (served[0].variance[i] + served[0].mean[i] * served[0].mean[i]);
            }
            for (uint32_t s = 0; s < n; s++) {
                double m = 0.0, sd = 0.0;
                score_moments(&served[s], artefact->weights, artefact->intercept, &m, &sd);
                score_mean += share * served[s].share * m;
                score_square += share * served[s].share * (sd * sd + m * m);
            }
        }
        if (pass == 0) {
            double variance = score_square - score_mean * score_mean;
            artefact->score_mean = score_mean;
            artefact->score_sd = d_sqrt(variance > 1e-12 ? variance : 1e-12);
        }
    }
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        double variance = square[i] - mean[i] * mean[i];
        artefact->reference_mean[i] = mean[i];
        artefact->reference_sd[i] = d_sqrt(variance > 1e-6 ? variance : 1e-6);
        for (uint32_t j = 0; j < BINS; j++) {
            artefact->profile_ppm[i][j] = (uint32_t)(profile[i][j] * 1e6 + 0.5);
        }
    }
}

/* Expected accuracy over the rows of the window; rows too. */
static double accuracy_over(const struct plant *plant, uint32_t model_i, int64_t from, int64_t to,
                            const struct artefact *artefact, double *ret_rows)
{
    static const struct shield open = {0};
    const struct plant_model *model = &plant->models[model_i];
    double sum = 0.0, rows = 0.0;
    for (uint32_t k = 0; k < model->n_epochs; k++) {
        struct stretch stretch;
        if (!stretch_of(plant, model_i, from, to, k, &stretch)) {
            continue;
        }
        struct environment environment;
        struct served served[SPLIT_MAX];
        environment_of(plant, model_i, stretch.items, &environment);
        uint32_t n = served_of(model, &environment, open, served);
        sum += stretch.rows * accuracy_of(served, n, artefact->weights, artefact->intercept, 0.0,
                                          artefact->score_sd);
        rows += stretch.rows;
    }
    *ret_rows = rows;
    return rows > 0.0 ? sum / rows : 0.0;
}

/* Weights from the rows of [from, to); false when there are none. */
static bool fit(struct plant *plant, uint32_t model_i, int64_t from, int64_t to,
                struct stream *stream, double *ret_rows, struct artefact *ret_artefact)
{
    static const struct shield open = {0};
    const struct plant_model *model = &plant->models[model_i];
    struct equations equations = {.weight = 0.0};
    double rows = 0.0;
    for (uint32_t k = 0; k < model->n_epochs; k++) {
        struct stretch stretch;
        if (!stretch_of(plant, model_i, from, to, k, &stretch)) {
            continue;
        }
        struct environment environment;
        struct served served[SPLIT_MAX];
        environment_of(plant, model_i, stretch.items, &environment);
        uint32_t n = served_of(model, &environment, open, served);
        for (uint32_t s = 0; s < n; s++) {
            equations_add(&equations, &served[s], stretch.rows * served[s].share);
        }
        rows += stretch.rows;
    }
    if (!(rows >= 1.0)) {
        return false;
    }
    double x[N_UNKNOWNS], variance[FEATURES_MAX];
    for (int i = 0; i < FEATURES_MAX; i++) {
        double mean = equations.left[i][FEATURES_MAX] / rows;
        double own = equations.left[i][i] / rows - mean * mean;
        variance[i] = own > 1e-3 ? own : 1e-3;
        equations.left[i][i] += 1e-4 * rows;
    }
    solve(&equations, x);
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        double draw = stream_normal(stream);
        double sd = model->noise * d_sqrt(LABEL_NOISE * ROWS_ALIKE / (rows * variance[i]));
        ret_artefact->weights[i] = i < model->entry->n_features ? x[i] + sd * draw : 0.0;
    }
    ret_artefact->intercept = x[FEATURES_MAX];
    *ret_rows = rows;
    return true;
}

static bool fit_structural(struct plant *plant, uint32_t model_i, const struct ledger_entry *entry,
                           struct truth_version *ret_version, struct artefact *ret_artefact)
{
    struct plant_model *model = &plant->models[model_i];
    const struct truth_model *truth = truth_of(plant, model_i);
    int64_t from = kept_from(plant, entry->args.from_ns), to = model->training.labelled_to;
    if (from >= to) {
        return false;
    }
    int64_t cut = from + (int64_t)(TRAIN_SHARE * (double)(to - from));
    struct stream stream;
    stream_init(&stream, plant->plan->seed, "plant/fit",
                (uint64_t)model_i * 65536 + model->version_last.value + 1u);
    double rows = 0.0, later_rows = 0.0;
    if (!fit(plant, model_i, from, cut, &stream, &rows, ret_artefact)) {
        return false;
    }
    describe(plant, model_i, from, cut, rows, ret_artefact);
    ret_artefact->rows = rows < 4e9 ? (uint32_t)rows : UINT32_MAX;
    ret_artefact->deployed_at = NEVER;
    double accuracy = accuracy_over(plant, model_i, cut, to, ret_artefact, &later_rows);
    const struct artefact *champion = artefact_of(plant, model_i, truth->serving);
    double champion_accuracy = accuracy_over(plant, model_i, cut, to, champion, &later_rows);
    uint32_t n = later_rows < 20000.0 ? (uint32_t)later_rows : 20000;
    uint64_t correct = stream_binomial(&stream, n, accuracy);
    ret_artefact->holdout_error = n > 0 ? 1.0 - (double)correct / (double)n : 0.5;
    bool passes = n >= EVALUATION_ROWS_MIN &&
                  ret_artefact->holdout_error <= 1.0 - champion_accuracy + PASS_MARGIN;
    double faulty = entry->rows > 0 ? (double)entry->rows_faulty / (double)entry->rows : 0.0;
    *ret_version = (struct truth_version){.schema_id = truth->schema_id,
                                          .available = true,
                                          .complete = true,
                                          .bad = faulty > CONTAMINATED || rows < ROWS_ENOUGH,
                                          .trained_from = from,
                                          .trained_to = cut,
                                          .evaluated = passes,
                                          .evaluated_from = passes ? cut : 0,
                                          .evaluated_to = passes ? to : 0};
    return true;
}

bool training_end(struct plant *plant, uint32_t model_i, uint32_t entry_i,
                  struct version_id *ret_version)
{
    struct plant_model *model = &plant->models[model_i];
    const struct ledger_entry *entry = &plant->truth->ledger[entry_i];
    struct truth_version known;
    struct artefact artefact;
    memset(&artefact, 0, sizeof(artefact));
    bool is_fitted =
        is_recorded(plant, model_i)
            ? recorded_train(plant, &entry->args, model->training.labelled_to, &known, &artefact)
            : fit_structural(plant, model_i, entry, &known, &artefact);
    if (!is_fitted) {
        return false;
    }
    *ret_version = version_add(plant, model_i, &known, &artefact)->version;
    if (is_recorded(plant, model_i)) {
        recorded_keep(plant, version_index(plant, model_i, *ret_version));
    }
    return true;
}
