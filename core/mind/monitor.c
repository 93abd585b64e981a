/* SPDX-License-Identifier: Apache-2.0 */
/* Monitor: detectors of inputs, nulls, decisions, operations, silence and labelled error of each model.
 *
 * A window is cheap while nothing moves: PSI is computed only where a bound on it, without logarithms, reaches the limit.
 * Thresholds: PSI against max(practical, (1/n + 1/m) chi2) as in Yurdakul 2018, because a fixed one alarms on every small sample and
 * misses in every large one; labelled error by the Shiryaev-Roberts e-detector, whose average run length to a false alarm is at least
 * its threshold however often one looks. */
#include "core/mind/monitor.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/proportion.h"
#include "core/detect/psi.h"
#include "core/types/evidence.h"

static const double psi_key =
    0.1; /* Siddiqi: below is no change; above, of a feature that carries a tenth of the decision. */
static const double psi_minor =
    0.25; /* Siddiqi: above is a major change; what carries less may wander below. */
static const double key_importance = 0.1;
static const double psi_alpha =
    1e-6; /* A fleet of 16 models with 8 features looks 37,000 times a day. */
/* Deciles all this near to their reference: PSI of them is at most r^2 / (1 - r), 0.05 and 0.19, and the special bins add as much as
 * the limit still leaves. */
static const double quiet_ratio_key = 0.2, quiet_ratio_minor = 0.35;
static const double quiet_bound = 0.05;
static const double null_margin = 0.05; /* Null ratio above the reference. */
static const double empty_ratio = 0.95; /* A column that is gone, not one that suffers. */
static const double step_margin =
    0.05; /* Decision rate, absolute: a quarter of a score deviation moves it by more. */
static const double step_z = 6.0;
static const double score_calm = 0.1;  /* Score PSI below which the score did not move. */
static const double slow_factor = 2.0; /* Latency against the reference. */
static const double fail_z = 3.0;
static const double error_margin = 0.02; /* Two points of labelled error are tolerated. */
static const double run_length = 1e4;    /* Windows with labels to a false alarm, at least. */
static const double accept_factor = 1.5,
                    accept_more = 0.1; /* So much beyond an accepted shift is news. */
static const double leave_share = 0.5; /* Of the limit: below, a shift has gone. */
enum {
    LEAVE_WINDOWS = 3,
    ROWS_MIN = 200, /* PSI noise of a smaller window is beyond any practical threshold. */
    SCORES_MIN = 500,
    SILENCE_WINDOWS = 2 /* And a half: one lost scrape is no silence. */
};

void monitor_init(struct monitor *monitor, const struct deployment *deployment)
{
    memset(monitor, 0, sizeof(*monitor));
    monitor->deployment = deployment;
    monitor->chi_square = psi_threshold(2, 2, BINS, psi_alpha, 0.0); /* (1/2 + 1/2) chi2. */
    for (uint32_t i = 0; i < MODELS_MAX; i++) {
        monitor->models[i].troubled_since = NEVER;
    }
}

struct watched_model *monitor_model(struct monitor *monitor, struct model_id model)
{
    ASSERT(model.value >= 1);
    ASSERT(model.value <= MODELS_MAX);
    return &monitor->models[model.value - 1];
}

const struct baseline *monitor_profile(const struct watched_model *watched, struct version_id version)
{
    uint32_t n = watched->n_profiles < PROFILES_KEPT ? watched->n_profiles : PROFILES_KEPT;
    for (uint32_t i = 1; i <= n; i++) {
        const struct baseline *profile =
            &watched->profiles[(watched->n_profiles - i) % PROFILES_KEPT];
        if (profile->version.value == version.value) {
            return profile;
        }
    }
    return n == 0 ? NULL : &watched->profiles[(watched->n_profiles - 1) % PROFILES_KEPT];
}

double monitor_tolerated(const struct monitor *monitor, struct model_id model)
{
    const struct watched_model *watched = &monitor->models[model.value - 1];
    const struct baseline *profile = monitor_profile(watched, watched->version);
    double declared = 1.0 - monitor->deployment->models[model.value - 1].accuracy_floor;
    double usual = profile == NULL ? declared : profile->error + error_margin;
    return usual < declared
               ? usual
               : declared; /* A version's own record cannot excuse it from the service level. */
}

static void detector_restart(struct monitor *monitor, struct model_id model)
{
    struct watched_model *watched = monitor_model(monitor, model);
    e_detector_init(&watched->detector, monitor_tolerated(monitor, model));
    watched->error_since = NEVER;
    watched->alarmed = false;
}

void monitor_baseline(struct monitor *monitor, const struct baseline *baseline)
{
    struct watched_model *watched = monitor_model(monitor, baseline->model);
    watched->profiles[watched->n_profiles % PROFILES_KEPT] = *baseline;
    watched->n_profiles++;
    if (watched->version.value == 0) {
        watched->version = baseline->version;
    }
    if (watched->version.value == baseline->version.value) {
        detector_restart(monitor, baseline->model);
    }
}

static void find(struct findings *findings, enum symptom symptom, int32_t feature, double value,
                 double limit)
{
    ASSERT(findings->n_findings < FINDINGS_MAX);
    findings->items[findings->n_findings++] =
        (struct finding){.symptom = symptom, .feature = feature, .value = value, .limit = limit};
}

/* PSI is at most sum (a - b)^2 / min(a, b) over the total, because ln x <= x - 1. True when that is below the practical limit. */
static bool is_quiet(const uint32_t *counts, const uint32_t *expected_ppm, double total, double ratio)
{
    double scale = total * 1e-6, special = 0.0;
    for (uint32_t i = 0; i < BIN_NULL; i++) {
        double b = (double)expected_ppm[i] * scale + 0.5;
        double apart = (double)counts[i] + 0.5 - b;
        if (apart > ratio * b || -apart > ratio * b) {
            return false;
        }
    }
    for (uint32_t i = BIN_NULL; i < BINS; i++) {
        double a = (double)counts[i] + 0.5, b = (double)expected_ppm[i] * scale + 0.5;
        double least = a < b ? a : b;
        special += (a - b) * (a - b) / least;
    }
    return special <= quiet_bound * total;
}

/* What was let be is news again once it has been well below its limit for a while: one window below is noise about the limit. */
static void leave_band(struct watched_model *watched, uint32_t i, double psi, double limit)
{
    bool left = psi <= leave_share * limit;
    watched->n_left[i] = left ? watched->n_left[i] + 1 : 0;
    if (watched->n_left[i] >= LEAVE_WINDOWS) {
        watched->accepted[i] = 0.0;
    }
}

static void look_at_feature(const struct monitor *monitor, struct watched_model *watched,
                            const struct baseline *profile, const uint32_t *counts, uint32_t i,
                            struct findings *findings)
{
    uint32_t rows = 0;
    for (uint32_t bin = 0; bin < BINS; bin++) {
        rows += counts[bin];
    }
    bool is_minor = monitor->deployment->models[profile->model.value - 1].features[i].importance <
                    key_importance;
    bool was_constant = ((profile->constant_features >> i) & 1) != 0;
    if (rows == 0) {
        return;
    }
    const uint32_t *expected = profile->bins_ppm[i];
    uint32_t bit = UINT32_C(1) << i;
    if (!was_constant &&
        is_quiet(counts, expected, (double)rows, is_minor ? quiet_ratio_minor : quiet_ratio_key)) {
        leave_band(watched, i, 0.0, 1.0);
        return;
    }
    double nulls = (double)counts[BIN_NULL] / (double)rows;
    double usual = (double)expected[BIN_NULL] * 1e-6;
    if (rows >= ROWS_MIN && nulls > usual + null_margin) {
        watched->nulled |= bit;
        watched->emptied |= nulls >= empty_ratio ? bit : 0;
        find(findings, SYMPTOM_NULLS, (int32_t)i, nulls, usual + null_margin);
        return; /* Nulls move every other proportion: what else shifted shows when they are gone. */
    }
    double noise = (1.0 / (double)rows + 1.0 / (double)(profile->rows == 0 ? 1 : profile->rows)) *
                   monitor->chi_square;
    double practical = is_minor ? psi_minor : psi_key;
    double limit = noise > practical ? noise : practical;
    double psi = psi_statistic(counts, expected, BINS);
    if (psi <= limit) {
        leave_band(watched, i, psi, limit);
        return;
    }
    watched->psi[i] = psi;
    watched->n_left[i] = 0;
    watched->activated |= was_constant ? bit : 0;
    watched->shifted |= bit;
    double let_be = watched->accepted[i] * accept_factor + accept_more;
    if (watched->accepted[i] <= 0.0 || psi > let_be) {
        find(findings, SYMPTOM_INPUT_SHIFT, (int32_t)i, psi, limit);
    }
}

static void look_at_inputs(const struct monitor *monitor, struct watched_model *watched,
                           const struct baseline *profile, const struct window *window,
                           struct findings *findings)
{
    uint32_t n_features = monitor->deployment->models[window->model.value - 1].n_features;
    watched->shifted = watched->nulled = watched->emptied = watched->activated = 0;
    for (uint32_t i = 0; i < n_features && i < FEATURES_MAX; i++) {
        look_at_feature(monitor, watched, profile, window->bins[i], i, findings);
    }
}

/* Mean of a standard normal variable within each of its deciles. */
static const double decile_means[SCORE_BINS] = {-1.7550, -1.0449, -0.6773, -0.3865, -0.1257,
                                                0.1257,  0.3865,  0.6773,  1.0449,  1.7550};

/* The decision rate that the scores of the window explain: the reference threshold on a score whose mean moved as its deciles say. */
static double explained_rate(const struct window *window, double reference)
{
    double total = 0.0, mean = 0.0;
    for (uint32_t i = 0; i < SCORE_BINS; i++) {
        total += (double)window->score_bins[i];
        mean += (double)window->score_bins[i] * decile_means[i];
    }
    if (total <= 0.0 || reference <= 0.0 || reference >= 1.0) {
        return reference;
    }
    return 1.0 - d_normal_cdf(d_normal_quantile(1.0 - reference) - mean / total);
}

/* The decision rate moved further than the scores did: someone moved the threshold. */
static void look_at_decisions(struct watched_model *watched, const struct baseline *profile,
                              const struct window *window, struct findings *findings)
{
    static const uint32_t deciles[SCORE_BINS] = {100000, 100000, 100000, 100000, 100000,
                                                 100000, 100000, 100000, 100000, 100000};
    watched->stepped = false;
    uint32_t failed = window->errors < window->requests ? window->errors : window->requests;
    uint32_t decided = window->requests - failed;
    if (decided < SCORES_MIN || window->fallbacks != 0) {
        return;
    }
    double rate = (double)window->positives / (double)decided;
    if (d_abs(rate - profile->positive_rate) <= step_margin) {
        watched->accepted_rate = 0.0;
        return;
    }
    double explained = explained_rate(window, profile->positive_rate);
    double z = proportion_z(window->positives, decided, explained, profile->rows);
    bool steady = psi_statistic(window->score_bins, deciles, SCORE_BINS) <= score_calm;
    bool let_be =
        watched->accepted_rate > 0.0 && d_abs(rate - watched->accepted_rate) <= 2.0 * step_margin;
    if (steady && d_abs(rate - explained) > step_margin && d_abs(z) > step_z && !let_be) {
        watched->stepped = true;
        watched->rate = rate;
        find(findings, SYMPTOM_DECISIONS, -1, rate, profile->positive_rate);
    }
}

static void look_at_operations(const struct monitor *monitor, struct watched_model *watched,
                               const struct baseline *profile, const struct window *window,
                               struct findings *findings)
{
    const struct model_entry *model = &monitor->deployment->models[window->model.value - 1];
    watched->failing = watched->slow = false;
    watched->fallback = window->requests > 0 && 2 * window->fallbacks > window->requests;
    double allowed = 1.0 - model->availability_floor;
    double errors = (double)window->errors;
    if (window->requests < ROWS_MIN) {
        return;
    }
    if (errors > allowed * (double)window->requests &&
        wilson_lower(window->errors, window->requests, fail_z) > allowed) {
        watched->failing = true;
        find(findings, SYMPTOM_OPERATIONAL, -1, errors / (double)window->requests, allowed);
        return;
    }
    double usual = (double)profile->latency_p95_us;
    if (usual > 0.0 && (double)window->latency_p95_us > slow_factor * usual) {
        watched->slow = true;
        find(findings, SYMPTOM_OPERATIONAL, -1, (double)window->latency_p95_us, slow_factor * usual);
    }
}

static void look_at_labels(struct watched_model *watched, const struct window *window,
                           struct findings *findings)
{
    if (window->labels_scored == 0 || window->labels_correct > window->labels_scored) {
        return;
    }
    uint32_t errors = window->labels_scored - window->labels_correct;
    watched->labels[watched->n_labels % LABEL_WINDOWS] =
        (struct label_window){.cohort_from = window->cohort_from,
                              .cohort_to = window->cohort_to,
                              .scored = window->labels_scored,
                              .errors = errors};
    watched->n_labels++;
    if (window->cohort_from < watched->rows_since || watched->fallback) {
        return; /* Other predictions than those of the version that serves. */
    }
    double value = e_detector_step(&watched->detector, errors, window->labels_scored);
    if (value < 1.0 || watched->error_since == NEVER) {
        watched->error_since = window->cohort_from; /* Below one the past speaks for health. */
    }
    watched->alarmed = value >= run_length;
    if (watched->alarmed) {
        find(findings, SYMPTOM_QUALITY, -1, (double)errors / (double)window->labels_scored,
             watched->detector.tolerated);
    }
}

void monitor_window(struct monitor *monitor, const struct window *window,
                    struct evidence_id evidence, struct findings *ret_findings)
{
    ret_findings->n_findings = 0;
    struct watched_model *watched = monitor_model(monitor, window->model);
    if (window->role != SERVING_CHAMPION || window->from < watched->window_from) {
        return; /* An overtaken window would turn back what a newer one showed. */
    }
    watched->window_from = window->from;
    watched->window_to = window->to;
    watched->evidence = evidence;
    watched->silent = false;
    if (watched->version.value != window->version.value) {
        watched->version = window->version;
        /* Labels that still come of the version before say nothing of this one. */
        watched->rows_since = window->to;
        detector_restart(monitor, window->model);
    }
    const struct baseline *profile = monitor_profile(watched, window->version);
    if (profile == NULL) {
        return;
    }
    look_at_inputs(monitor, watched, profile, window, ret_findings);
    look_at_decisions(watched, profile, window, ret_findings);
    look_at_operations(monitor, watched, profile, window, ret_findings);
    look_at_labels(watched, window, ret_findings);
    bool calm = (watched->shifted | watched->nulled) == 0;
    watched->n_calm = calm ? watched->n_calm + 1 : 0;
    if (calm) {
        watched->troubled_since = NEVER;
    } else if (watched->troubled_since == NEVER) {
        watched->troubled_since = window->to;
    }
}

uint32_t monitor_silence(struct monitor *monitor, int64_t now)
{
    uint32_t fallen_silent = 0;
    int64_t window_ns = monitor->deployment->window_ns;
    for (uint32_t i = 0; i < monitor->deployment->n_models; i++) {
        struct watched_model *watched = &monitor->models[i];
        int64_t overdue_at = watched->window_to + SILENCE_WINDOWS * window_ns + window_ns / 2;
        if (watched->window_to > 0 && !watched->silent && now >= overdue_at) {
            watched->silent = true;
            fallen_silent |= UINT32_C(1) << i;
        }
    }
    return fallen_silent;
}

int64_t monitor_deadline(const struct monitor *monitor)
{
    int64_t deadline = NEVER;
    int64_t window_ns = monitor->deployment->window_ns;
    for (uint32_t i = 0; i < monitor->deployment->n_models; i++) {
        const struct watched_model *watched = &monitor->models[i];
        int64_t overdue_at = watched->window_to + SILENCE_WINDOWS * window_ns + window_ns / 2;
        if (watched->window_to > 0 && !watched->silent && overdue_at < deadline) {
            deadline = overdue_at;
        }
    }
    return deadline;
}

void monitor_forget(struct monitor *monitor, struct model_id model, int64_t rows_since)
{
    struct watched_model *watched = monitor_model(monitor, model);
    if (rows_since > watched->rows_since) {
        watched->rows_since = rows_since;
        detector_restart(monitor, model);
    }
}

void monitor_accept(struct monitor *monitor, struct model_id model, uint32_t features)
{
    struct watched_model *watched = monitor_model(monitor, model);
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        bool concerned = (((watched->shifted | features) >> i) & 1) != 0;
        if (concerned && watched->psi[i] > watched->accepted[i]) {
            watched->accepted[i] = watched->psi[i];
            watched->n_left[i] = 0;
        }
    }
    if (watched->stepped) {
        watched->accepted_rate = watched->rate;
    }
}

struct quality monitor_quality(const struct watched_model *watched, int64_t since, uint32_t enough)
{
    struct quality quality = {0};
    uint32_t n = watched->n_labels < LABEL_WINDOWS ? watched->n_labels : LABEL_WINDOWS;
    for (uint32_t i = 1; i <= n && quality.scored < enough; i++) {
        const struct label_window *labels = &watched->labels[(watched->n_labels - i) % LABEL_WINDOWS];
        if (labels->cohort_from < since || labels->cohort_from < watched->rows_since) {
            break;
        }
        quality.scored += labels->scored;
        quality.errors += labels->errors;
    }
    if (quality.scored > 0) {
        quality.error = (double)quality.errors / (double)quality.scored;
    }
    return quality;
}

uint32_t monitor_matured(const struct watched_model *watched, int64_t since)
{
    uint32_t n = watched->n_labels < LABEL_WINDOWS ? watched->n_labels : LABEL_WINDOWS;
    uint32_t scored = 0;
    for (uint32_t i = 1; i <= n; i++) {
        const struct label_window *labels = &watched->labels[(watched->n_labels - i) % LABEL_WINDOWS];
        if (labels->cohort_from < since) {
            break;
        }
        scored += labels->scored;
    }
    return scored;
}

static void profile_visit(struct visit *visit, struct baseline *profile)
{
    visit_u16(visit, "model", &profile->model.value);
    visit_u16(visit, "version", &profile->version.value);
    visit_u32(visit, "rows", &profile->rows);
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        visit_u32s(visit, "bins_ppm", profile->bins_ppm[i], BINS);
    }
    visit_f64(visit, "error", &profile->error);
    visit_f64(visit, "positive_rate", &profile->positive_rate);
    visit_u32(visit, "latency_p95_us", &profile->latency_p95_us);
    visit_u32(visit, "constant_features", &profile->constant_features);
}

static void labels_visit(struct visit *visit, struct watched_model *watched)
{
    visit_u32(visit, "n_labels", &watched->n_labels);
    uint32_t n = watched->n_labels < LABEL_WINDOWS ? watched->n_labels : LABEL_WINDOWS;
    for (uint32_t i = 0; i < n; i++) {
        struct label_window *labels = &watched->labels[i];
        visit_i64(visit, "cohort_from", &labels->cohort_from);
        visit_i64(visit, "cohort_to", &labels->cohort_to);
        visit_u32(visit, "scored", &labels->scored);
        visit_u32(visit, "errors", &labels->errors);
    }
}

static void model_visit(struct visit *visit, struct watched_model *watched)
{
    visit_u32(visit, "n_profiles", &watched->n_profiles);
    uint32_t n = watched->n_profiles < PROFILES_KEPT ? watched->n_profiles : PROFILES_KEPT;
    for (uint32_t i = 0; i < n; i++) {
        profile_visit(visit, &watched->profiles[i]);
    }
    e_detector_visit(visit, "detector", &watched->detector);
    labels_visit(visit, watched);
    visit_i64(visit, "rows_since", &watched->rows_since);
    visit_i64(visit, "window_from", &watched->window_from);
    visit_i64(visit, "window_to", &watched->window_to);
    visit_i64(visit, "error_since", &watched->error_since);
    visit_u16(visit, "version", &watched->version.value);
    visit_u64(visit, "evidence", &watched->evidence.value);
    visit_u32(visit, "shifted", &watched->shifted);
    visit_u32(visit, "nulled", &watched->nulled);
    visit_u32(visit, "emptied", &watched->emptied);
    visit_u32(visit, "activated", &watched->activated);
    visit_bool(visit, "stepped", &watched->stepped);
    visit_bool(visit, "failing", &watched->failing);
    visit_bool(visit, "slow", &watched->slow);
    visit_bool(visit, "alarmed", &watched->alarmed);
    visit_bool(visit, "silent", &watched->silent);
    visit_bool(visit, "fallback", &watched->fallback);
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        visit_f64(visit, "psi", &watched->psi[i]);
        visit_f64(visit, "accepted", &watched->accepted[i]);
        visit_u32(visit, "n_left", &watched->n_left[i]);
    }
    visit_f64(visit, "rate", &watched->rate);
    visit_f64(visit, "accepted_rate", &watched->accepted_rate);
    visit_u32(visit, "n_calm", &watched->n_calm);
    visit_i64(visit, "troubled_since", &watched->troubled_since);
}

void monitor_visit(struct visit *visit, struct monitor *monitor)
{
    visit_begin(visit, "monitor", -1);
    for (uint32_t i = 0; i < monitor->deployment->n_models; i++) {
        visit_begin(visit, "models", (int)i);
        model_visit(visit, &monitor->models[i]);
        visit_end(visit);
    }
    visit_end(visit);
}
