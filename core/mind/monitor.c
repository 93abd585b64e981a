/* SPDX-License-Identifier: Apache-2.0 */
/* Monitor: detectors of inputs, nulls, decisions, operations, silence and labelled error of each model.
 *
 * The statistics are the bank's. Alarms on telemetry of the whole fleet are one stream of tests under e-LOND: of those that are issued at most a twentieth
 * is false on average, however streams and windows depend on each other (of rows within a window: core/detect/dispersion.h). Labelled error has a Shiryaev-Roberts e-detector of its own, whose average run length to a
 * false alarm is at least its threshold however often one looks, because loss must not wait for a budget that drift has spent. */
#include "core/mind/monitor.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/types/evidence.h"

static const double false_alarms =
    0.05; /* Of the fleet's alarms on telemetry, at most so many are false on average: FDR of e-LOND. */
static const double empty_ratio = 0.95;  /* A column that is gone, not one that suffers. */
static const double error_margin = 0.02; /* Two points of labelled error are tolerated. */
static const double run_length =
    1e4; /* Windows with labels to a false alarm, at least: a month of five-minute ones. */
enum { SILENCE_WINDOWS = 2 /* And a half: one lost scrape is no silence. */ };

_Static_assert((int)BANK_FEATURES == (int)FEATURES_MAX, "a bank holds the features of a model");
_Static_assert((int)BANK_BINS == (int)BINS, "bins of telemetry are bins of the bank");
_Static_assert((int)BANK_BIN_NULL == (int)BIN_NULL, "in the same order");
_Static_assert((int)BANK_SCORE_BINS == (int)SCORE_BINS, "deciles of the score");

void monitor_init(struct monitor *monitor, const struct deployment *deployment)
{
    memset(monitor, 0, sizeof(*monitor));
    monitor->deployment = deployment;
    struct fdr_options options = fdr_defaults(FDR_E_LOND, false_alarms);
    fdr_init(&monitor->fleet, &options);
    for (uint32_t i = 0; i < MODELS_MAX; i++) {
        bank_init(&monitor->models[i].bank);
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
    e_detector_restart(&watched->bank.labels, monitor_tolerated(monitor, model));
    watched->error_since = NEVER;
    watched->alarmed = false;
}

static struct bank_reference reference_of(const struct monitor *monitor,
                                          const struct baseline *profile)
{
    const struct model_entry *model = &monitor->deployment->models[profile->model.value - 1];
    struct bank_reference reference = {
        .n_features = model->n_features < FEATURES_MAX ? model->n_features : FEATURES_MAX,
        .bins_ppm = profile->bins_ppm,
        .rows = profile->rows,
        .constant_features = profile->constant_features,
        .error_rate = 1.0 - model->availability_floor,
        .positive_rate = profile->positive_rate,
        .latency_p95_us = profile->latency_p95_us};
    for (uint32_t i = 0; i < reference.n_features; i++) {
        reference.importance[i] = model->features[i].importance;
    }
    return reference;
}

/* Another version, or its own profile at last: nothing that was seen before counts. */
static void bank_restart(struct monitor *monitor, struct model_id model)
{
    struct watched_model *watched = monitor_model(monitor, model);
    const struct baseline *profile = monitor_profile(watched, watched->version);
    if (profile != NULL) {
        struct bank_reference reference = reference_of(monitor, profile);
        bank_begin(&watched->bank, &reference);
    }
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
        bank_restart(monitor, baseline->model);
        detector_restart(monitor, baseline->model);
    }
}

static struct finding *find(struct findings *findings, enum symptom symptom, int32_t feature,
                            double value, double limit)
{
    ASSERT(findings->n_findings < FINDINGS_MAX);
    struct finding *finding = &findings->items[findings->n_findings++];
    *finding =
        (struct finding){.symptom = symptom,
                         .feature = feature,
                         .value = value,
                         .limit = limit,
                         .assurance = {.guarantee = GUARANTEE_RULE}}; /* Unless a test says more. */
    return finding;
}

static void find_alarm(const struct watched_model *watched, const struct bank_alarm *alarm,
                       struct findings *findings)
{
    bool is_nulls = alarm->stream >= BANK_NULLS && alarm->stream < BANK_ERRORS;
    bool is_feature = alarm->stream < BANK_ERRORS;
    int32_t feature = !is_feature ? -1 : alarm->stream - (is_nulls ? BANK_NULLS : BANK_SHIFT);
    enum symptom symptom = is_nulls                          ? SYMPTOM_NULLS
                           : is_feature                      ? SYMPTOM_INPUT_SHIFT
                           : alarm->stream == BANK_DECISIONS ? SYMPTOM_DECISIONS
                                                             : SYMPTOM_OPERATIONAL;
    struct finding *finding = find(findings, symptom, feature, alarm->value, alarm->limit);
    finding->assurance = (struct assurance){.guarantee = GUARANTEE_FDR,
                                            .bound = false_alarms,
                                            .evidence = alarm->test.e_value,
                                            .level = alarm->test.level,
                                            .wealth_before = alarm->test.wealth_before,
                                            .wealth_after = alarm->test.wealth_after,
                                            .share = is_feature ? watched->share[feature] : 0.0};
}

static int32_t first_bit(uint32_t bits)
{
    int32_t i = 0;
    while (bits != 0 && ((bits >> i) & 1) == 0) {
        i++;
    }
    return bits == 0 ? -1 : i;
}

/* What cannot be right whatever the model does; no statistics are needed for it, so that it is a rule. */
static void look_at_data(const struct bank *bank, const struct window *window,
                         struct findings *findings)
{
    const struct bank_quality *quality = &bank->quality;
    double requests = (double)window->requests;
    if (quality->missing != 0) {
        find(findings, SYMPTOM_DATA, first_bit(quality->missing), 0.0, requests);
    }
    if (quality->constant != 0) {
        find(findings, SYMPTOM_DATA, first_bit(quality->constant), 1.0, 1.0);
    }
    if (quality->broken != 0 || quality->is_broken) {
        find(findings, SYMPTOM_DATA, first_bit(quality->broken), requests, (double)INT32_MAX);
    }
    if (bank->volume.is_low) {
        find(findings, SYMPTOM_DATA, -1, requests, bank_usual_requests(bank, window->to));
    }
}

static void read_bank(struct watched_model *watched, const struct window *window)
{
    const struct bank *bank = &watched->bank;
    uint32_t features = (UINT32_C(1) << bank->n_features) - 1;
    watched->shifted = bank->shows >> BANK_SHIFT & features;
    watched->nulled = bank->shows >> BANK_NULLS & features;
    watched->activated = watched->shifted & bank->constant_features;
    watched->emptied = 0;
    for (uint32_t i = 0; i < bank->n_features; i++) {
        bool is_empty =
            (watched->nulled >> i & 1) != 0 && bank->features[i].null_share >= empty_ratio;
        watched->emptied |= is_empty ? UINT32_C(1) << i : 0;
    }
    watched->stepped = (bank->shows >> BANK_DECISIONS & 1) != 0;
    watched->failing = (bank->shows >> BANK_ERRORS & 1) != 0;
    watched->slow = bank->is_slow && !watched->failing;
    watched->fallback = window->requests > 0 && 2 * window->fallbacks > window->requests;
}

static void look_at_telemetry(struct monitor *monitor, struct watched_model *watched,
                              const struct window *window, struct findings *findings)
{
    struct bank_window counts = {.to = window->to,
                                 .requests = window->requests,
                                 .errors = window->errors,
                                 .fallbacks = window->fallbacks,
                                 .positives = window->positives,
                                 .latency_p95_us = window->latency_p95_us,
                                 .bins = window->bins,
                                 .score_bins = window->score_bins};
    struct bank_alarms alarms;
    bank_open(&watched->bank, &monitor->fleet);
    bank_step(&watched->bank, &counts, &monitor->fleet, &alarms);
    read_bank(watched, window);
    bank_attribute(&watched->bank, watched->share);
    for (uint32_t i = 0; i < alarms.n_alarms; i++) {
        find_alarm(watched, &alarms.alarms[i], findings);
    }
    if (watched->slow) {
        find(findings, SYMPTOM_OPERATIONAL, -1, (double)window->latency_p95_us,
             2.0 * (double)watched->bank.latency_p95_us);
    }
    look_at_data(&watched->bank, window, findings);
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
    double value = e_detector_step(&watched->bank.labels, errors, window->labels_scored, run_length);
    if (value < 1.0 || watched->error_since == NEVER) {
        watched->error_since = window->cohort_from; /* Below one the past speaks for health. */
    }
    watched->alarmed = value >= run_length;
    if (watched->alarmed) {
        struct finding *finding =
            find(findings, SYMPTOM_QUALITY, -1, (double)errors / (double)window->labels_scored,
                 watched->bank.labels.tolerated);
        finding->assurance = (struct assurance){.guarantee = GUARANTEE_RUN_LENGTH,
                                                .bound = run_length,
                                                .evidence = value,
                                                .level = 1.0 / run_length};
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
        bank_restart(monitor, window->model);
        detector_restart(monitor, window->model);
    }
    const struct baseline *profile = monitor_profile(watched, window->version);
    if (profile == NULL) {
        return;
    }
    look_at_telemetry(monitor, watched, window, ret_findings);
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
    uint32_t shows = watched->bank.shows, shifts = (features | watched->shifted) << BANK_SHIFT;
    bank_let_be(&watched->bank, shifts | (shows & UINT32_C(1) << BANK_DECISIONS));
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
    bank_visit(visit, "bank", &watched->bank);
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
        visit_f64(visit, "share", &watched->share[i]);
    }
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
        const struct watched_model *watched = &monitor->models[i];
        const struct baseline *profile = monitor_profile(watched, watched->version);
        bool is_fit = profile != NULL && profile->model.value == i + 1;
        if (visit->reading && is_fit) { /* What follows from the reference is in no encoding. */
            struct bank_reference reference = reference_of(monitor, profile);
            bank_refer(&monitor->models[i].bank, &reference);
        }
    }
    fdr_visit(visit, "fleet", &monitor->fleet);
    visit_end(visit);
}
