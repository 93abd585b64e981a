/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed thresholds on one window: no sample size, no persistence, no calendar. */
#include "core/mind/textbook.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/psi.h"

const struct textbook_limits textbook_limits = {.psi = 0.2,
                                                .nulls = 0.05,
                                                .quality = 0.05,
                                                .decisions = 0.05,
                                                .latency_factor = 2.0,
                                                .rows_min = 50,
                                                .labels_min = 50};

void textbook_put(struct textbook *textbook, const struct baseline *baseline)
{
    textbook->baselines[textbook->n_baselines % TEXTBOOK_BASELINES] = *baseline;
    textbook->n_baselines++;
}

const struct baseline *textbook_baseline(const struct textbook *textbook, struct version_id version)
{
    uint32_t n =
        textbook->n_baselines < TEXTBOOK_BASELINES ? textbook->n_baselines : TEXTBOOK_BASELINES;
    for (uint32_t i = 1; i <= n; i++) {
        const struct baseline *baseline =
            &textbook->baselines[(textbook->n_baselines - i) % TEXTBOOK_BASELINES];
        if (baseline->version.value == version.value) {
            return baseline;
        }
    }
    return n == 0 ? NULL : &textbook->baselines[(textbook->n_baselines - 1) % TEXTBOOK_BASELINES];
}

static void fire(struct textbook_alerts *alerts, enum textbook_rule rule, int32_t feature,
                 double value, double limit)
{
    alerts->fired |= UINT32_C(1) << rule;
    alerts->alerts[rule] =
        (struct textbook_alert){.feature = feature, .value = value, .limit = limit};
}

/* The feature that moved most, of those that do. */
static void look_at_features(const struct baseline *baseline, const struct model_entry *model,
                             const struct window *window, const struct textbook_limits *limits,
                             struct textbook_alerts *alerts)
{
    double psi_most = limits->psi, nulls_most = limits->nulls;
    for (uint32_t i = 0; i < model->n_features; i++) {
        uint32_t rows = 0;
        for (uint32_t j = 0; j < BINS; j++) {
            rows += window->bins[i][j];
        }
        if (rows < limits->rows_min) {
            continue;
        }
        double nulls = (double)window->bins[i][BIN_NULL] / (double)rows -
                       (double)baseline->bins_ppm[i][BIN_NULL] / 1e6;
        alerts->nulls |= nulls > limits->nulls ? UINT32_C(1) << i : 0;
        if (nulls > nulls_most) {
            nulls_most = nulls;
            fire(alerts, TEXTBOOK_NULLS, (int32_t)i, nulls, limits->nulls);
        }
        double psi = psi_statistic(window->bins[i], baseline->bins_ppm[i], BINS);
        alerts->drifting |= psi > limits->psi ? UINT32_C(1) << i : 0;
        if (psi > psi_most) {
            psi_most = psi;
            fire(alerts, TEXTBOOK_DRIFT, (int32_t)i, psi, limits->psi);
        }
    }
}

static void look_at_answers(const struct baseline *baseline, const struct window *window,
                            const struct textbook_limits *limits, struct textbook_alerts *alerts)
{
    bool labelled = window->labels_scored >= limits->labels_min &&
                    window->labels_correct <= window->labels_scored;
    if (labelled) {
        double error = 1.0 - (double)window->labels_correct / (double)window->labels_scored;
        if (error > baseline->error + limits->quality) {
            fire(alerts, TEXTBOOK_QUALITY, -1, error, baseline->error + limits->quality);
        }
    }
    if (window->requests < limits->rows_min || window->fallbacks > 0) {
        return;
    }
    double moved =
        d_abs((double)window->positives / (double)window->requests - baseline->positive_rate);
    if (moved > limits->decisions) {
        fire(alerts, TEXTBOOK_DECISIONS, -1, moved, limits->decisions);
    }
}

static void look_at_service(const struct baseline *baseline, const struct model_entry *model,
                            const struct window *window, const struct textbook_limits *limits,
                            struct textbook_alerts *alerts)
{
    if (window->requests < limits->rows_min) {
        return;
    }
    double failed = (double)window->errors / (double)window->requests;
    if (failed > 1.0 - model->availability_floor) {
        fire(alerts, TEXTBOOK_ERRORS, -1, failed, 1.0 - model->availability_floor);
    }
    double slow = limits->latency_factor * (double)baseline->latency_p95_us;
    if (slow > 0.0 && (double)window->latency_p95_us > slow) {
        fire(alerts, TEXTBOOK_LATENCY, -1, (double)window->latency_p95_us, slow);
    }
}

void textbook_look(const struct textbook *textbook, const struct model_entry *model,
                   const struct window *window, const struct textbook_limits *limits,
                   struct textbook_alerts *ret_alerts)
{
    ret_alerts->fired = ret_alerts->drifting = ret_alerts->nulls = 0;
    const struct baseline *baseline = textbook_baseline(textbook, window->version);
    if (baseline == NULL) {
        return;
    }
    look_at_features(baseline, model, window, limits, ret_alerts);
    look_at_answers(baseline, window, limits, ret_alerts);
    look_at_service(baseline, model, window, limits, ret_alerts);
}

enum symptom textbook_symptom(enum textbook_rule rule)
{
    switch (rule) {
    case TEXTBOOK_DRIFT:
        return SYMPTOM_INPUT_SHIFT;
    case TEXTBOOK_NULLS:
        return SYMPTOM_NULLS;
    case TEXTBOOK_QUALITY:
        return SYMPTOM_QUALITY;
    case TEXTBOOK_DECISIONS:
        return SYMPTOM_DECISIONS;
    case TEXTBOOK_ERRORS:
    case TEXTBOOK_LATENCY:
    case N_TEXTBOOK_RULES:
        return SYMPTOM_OPERATIONAL;
    }
    return SYMPTOM_OPERATIONAL;
}

static uint32_t first_rule(const struct textbook_alerts *alerts)
{
    ASSERT(alerts->fired != 0);
    uint32_t i = 0;
    while (((alerts->fired >> i) & 1) == 0) {
        i++;
    }
    ASSERT(i < N_TEXTBOOK_RULES);
    return i;
}

enum symptom textbook_first(const struct textbook_alerts *alerts)
{
    return textbook_symptom((enum textbook_rule)first_rule(alerts));
}

void textbook_note(const struct textbook_alerts *alerts, struct model_id model,
                   struct evidence_id evidence, struct advice *advice)
{
    uint32_t i = first_rule(alerts);
    struct advice_item *item = advice_push(advice, ADVICE_NOTE);
    item->model = model;
    item->symptom = textbook_symptom((enum textbook_rule)i);
    item->feature = alerts->alerts[i].feature;
    item->value = alerts->alerts[i].value;
    item->limit = alerts->alerts[i].limit;
    advice_cite(item, evidence);
}

static void baseline_visit(struct visit *visit, int index, struct baseline *baseline)
{
    visit_begin(visit, "baseline", index);
    visit_u16(visit, "model", &baseline->model.value);
    visit_u16(visit, "version", &baseline->version.value);
    visit_u32(visit, "rows", &baseline->rows);
    visit_u32s(visit, "bins_ppm", &baseline->bins_ppm[0][0], (size_t)FEATURES_MAX * BINS);
    visit_f64(visit, "error", &baseline->error);
    visit_f64(visit, "positive_rate", &baseline->positive_rate);
    visit_u32(visit, "latency_p95_us", &baseline->latency_p95_us);
    visit_u32(visit, "constant_features", &baseline->constant_features);
    visit_end(visit);
}

void textbook_visit(struct visit *visit, const char *name, struct textbook *textbook)
{
    visit_begin(visit, name, -1);
    visit_u32(visit, "n_baselines", &textbook->n_baselines);
    for (int i = 0; i < TEXTBOOK_BASELINES; i++) {
        baseline_visit(visit, i, &textbook->baselines[i]);
    }
    visit_end(visit);
}
