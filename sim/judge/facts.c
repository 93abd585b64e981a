/* SPDX-License-Identifier: Apache-2.0 */
/* What a piece of evidence may establish, by the judge's own reading of the facts' definitions. Each bound is what the definition
 * cannot do without (the sign and the practical size, not the test): a fact that fails it is not supported by anybody's test. */
#include "core/base/dmath.h"
#include "sim/judge/state.h"

static const double null_least = 0.02; /* Null ratio above the reference. */
static const double null_plain = 0.1;  /* Above every reference: plain. */
static const double scale_least = 1.3; /* Factor of the spread ... */
static const double shift_least = 0.8; /* ... or reference deviations of the mean. */
static const double psi_least = 0.09;  /* Siddiqi: below 0.1 is no change. */
static const double activated_least = 0.05;
static const double provider_down_least = 0.15; /* Share of failed reads. */
static const double provider_down_plain = 0.3;
static const double provider_fine_most = 0.06;
static const double step_least = 0.015;   /* Of the decision rate. */
static const double step_psi_most = 0.11; /* And the scores stand still. */
static const double golden_least = 0.015; /* Below the reference accuracy. */
static const double fine_most = 0.025;    /* Labelled error above the reference. */
static const double slow_least = 1.8;     /* Times the reference latency. */

bool labels_are_mature(const struct judge *judge, struct model_id model, int64_t cohort_to, int64_t at)
{
    const struct model_entry *entry = deployment_model(judge->deployment, model);
    return entry != NULL && cohort_to <= at &&
           cohort_to <= at - (entry->label_delay_ns - LABEL_SLACK_NS);
}

static bool is_within_day(int64_t at, int64_t sampled_at)
{
    return at != NEVER && at <= sampled_at && at >= sampled_at - NS_PER_DAY;
}

static double usual_nulls(const struct model_memory *memory, uint32_t feature)
{
    uint32_t n = memory->n_baselines < BASELINES_KEPT ? memory->n_baselines : BASELINES_KEPT;
    double least = n == 0 ? 0.0 : 1.0;
    for (uint32_t i = 0; i < n; i++) {
        double nulls = (double)memory->baselines[i].bins_ppm[feature][BIN_NULL] / 1e6;
        least = nulls < least ? nulls : least;
    }
    return least;
}

static uint64_t plain_nulls(const struct model_memory *memory, uint32_t feature, double nulls)
{
    uint32_t n = memory->n_baselines < BASELINES_KEPT ? memory->n_baselines : BASELINES_KEPT;
    double most = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        double usual = (double)memory->baselines[i].bins_ppm[feature][BIN_NULL] / 1e6;
        most = usual > most ? usual : most;
    }
    return n > 0 && nulls > most + null_plain ? FACT_BIT(FACT_NULLS_HIGH) : 0;
}

static uint64_t of_features(const struct judge *judge, const struct model_memory *memory,
                            const struct features_answer *answer, uint64_t *ret_loose,
                            uint64_t *ret_plain)
{
    uint64_t strict = 0, loose = 0, plain = 0;
    for (uint32_t i = 0; i < answer->n_features && i < FEATURES_MAX; i++) {
        const struct feature_profile *feature = &answer->features[i];
        uint64_t facts = 0;
        if (feature->null_ratio > usual_nulls(memory, i) + null_least) {
            facts |= FACT_BIT(FACT_NULLS_HIGH);
        }
        if (feature->was_constant) {
            facts |= feature->psi > activated_least ? FACT_BIT(FACT_ACTIVATED) : 0;
        } else {
            bool scaled = feature->scale > scale_least || feature->scale < 1.0 / scale_least ||
                          d_abs(feature->shift) > shift_least;
            facts |= scaled ? FACT_BIT(FACT_SCALE_SHIFT) : 0;
            facts |= feature->psi > psi_least ? FACT_BIT(FACT_INPUT_SHIFT) : 0;
        }
        loose |= facts;
        if (feature->rows >= judge->parameters.values_min) {
            strict |= facts;
            plain |= plain_nulls(memory, i, feature->null_ratio);
        }
    }
    *ret_loose = loose;
    *ret_plain = plain;
    return strict;
}

static uint64_t of_tables(const struct tables_answer *answer, int64_t sampled_at, uint64_t *ret_plain)
{
    uint64_t facts = 0;
    *ret_plain = 0;
    bool is_fine = answer->n_tables > 0;
    for (uint32_t i = 0; i < answer->n_tables && i < 4; i++) {
        const struct table_profile *table = &answer->tables[i];
        bool changed = is_within_day(table->schema_changed_at, sampled_at);
        facts |= changed ? FACT_BIT(FACT_SCHEMA_CHANGED) : 0;
        facts |= table->provider_error_ratio > provider_down_least ? FACT_BIT(FACT_PROVIDER_DOWN) : 0;
        bool is_plain = table->provider_error_ratio > provider_down_plain;
        *ret_plain |= is_plain ? FACT_BIT(FACT_PROVIDER_DOWN) : 0;
        is_fine = is_fine && !changed && table->provider_error_ratio < provider_fine_most;
    }
    *ret_plain |= facts & FACT_BIT(FACT_SCHEMA_CHANGED);
    return facts | (is_fine ? FACT_BIT(FACT_PROVIDER_FINE) : 0);
}

uint64_t facts_of_change(enum change_kind kind)
{
    switch (kind) {
    case CHANGE_MODEL:
        return FACT_BIT(FACT_MODEL_CHANGED);
    case CHANGE_CONFIG:
        return FACT_BIT(FACT_CONFIG_CHANGED);
    case CHANGE_SCHEMA:
        return FACT_BIT(FACT_SCHEMA_CHANGED);
    case CHANGE_IMAGE:
    case CHANGE_DATA:
    case N_CHANGE_KINDS:
        return 0;
    }
    return 0;
}

static uint64_t of_changes(const struct changes_answer *answer, struct model_id model,
                           int64_t sampled_at)
{
    uint64_t facts = 0;
    for (uint32_t i = 0; i < answer->n_changes && i < CHANGES_MAX; i++) {
        const struct change *change = &answer->changes[i];
        bool is_here = change->model.value == 0 || change->model.value == model.value;
        facts |= is_here && is_within_day(change->at, sampled_at) ? facts_of_change(change->kind) : 0;
    }
    return facts;
}

static uint64_t of_quality(uint32_t errors, uint32_t scored, double least_error, double most_error)
{
    if (scored == 0) {
        return 0;
    }
    double error = (double)errors / (double)scored;
    return (error > least_error ? FACT_BIT(FACT_QUALITY_LOW) : 0) |
           (error <= most_error + fine_most ? FACT_BIT(FACT_QUALITY_FINE) : 0);
}

static uint64_t of_operation(const struct judge *judge, const struct model_memory *memory,
                             struct model_id model, uint32_t requests, uint32_t errors,
                             uint32_t latency_p95_us)
{
    const struct model_entry *entry = deployment_model(judge->deployment, model);
    bool failing =
        entry != NULL && (double)errors > (1.0 - entry->availability_floor) * (double)requests;
    bool slow = false;
    uint32_t n = memory->n_baselines < BASELINES_KEPT ? memory->n_baselines : BASELINES_KEPT;
    for (uint32_t i = 0; i < n; i++) {
        double usual = (double)memory->baselines[i].latency_p95_us;
        slow = slow || (usual > 0.0 && (double)latency_p95_us > slow_least * usual);
    }
    return failing || slow ? FACT_BIT(FACT_OPERATIONAL_LOW) : 0;
}

void facts_of_answer(const struct judge *judge, const struct answer *answer, int64_t at,
                     struct seen *seen)
{
    const struct model_memory *memory = &judge->models[answer->model.value - 1];
    const struct parameters *parameters = &judge->parameters;
    uint64_t strict = 0, loose = 0, plain = 0;
    switch (answer->tool) {
    case TOOL_STATE:
        strict = loose = plain = answer->state.registered.value != answer->state.serving.value
                                     ? FACT_BIT(FACT_HALF_DONE)
                                     : 0;
        break;
    case TOOL_CHANGES:
        strict = loose = plain = of_changes(&answer->changes, answer->model, seen->sampled_at);
        break;
    case TOOL_FEATURES:
        strict = of_features(judge, memory, &answer->features, &loose, &plain);
        break;
    case TOOL_LABELS: {
        const struct labels_answer *labels = &answer->labels;
        if (labels->correct > labels->scored) {
            break;
        }
        loose = of_quality(labels->scored - labels->correct, labels->scored, labels->baseline_error,
                           labels->baseline_error);
        bool is_mature = labels_are_mature(judge, answer->model, labels->cohort_to, at);
        strict = labels->scored >= parameters->scored_min && is_mature ? loose : 0;
        break;
    }
    case TOOL_SHADOW:
        loose = answer->shadow.only_shadow_correct > answer->shadow.only_serving_correct
                    ? FACT_BIT(FACT_PREVIOUS_BETTER)
                    : 0;
        strict = answer->shadow.scored >= parameters->scored_min ? loose : 0;
        break;
    case TOOL_GOLDEN: {
        const struct golden_answer *golden = &answer->golden;
        double accuracy = golden->n == 0 ? 1.0 : (double)golden->correct / (double)golden->n;
        loose = accuracy < golden->reference_accuracy - golden_least ? FACT_BIT(FACT_GOLDEN_LOW) : 0;
        strict = golden->n >= parameters->values_min ? loose : 0;
        break;
    }
    case TOOL_TABLES:
        strict = loose = of_tables(&answer->tables, seen->sampled_at, &plain);
        break;
    case TOOL_DECISIONS: {
        const struct decisions_answer *decisions = &answer->decisions;
        double n = decisions->decisions == 0 ? 1.0 : (double)decisions->decisions;
        double step = d_abs((double)decisions->positives / n - decisions->reference_rate);
        loose = step > step_least && decisions->score_psi < step_psi_most
                    ? FACT_BIT(FACT_DECISION_STEP)
                    : 0;
        strict = decisions->decisions >= parameters->values_min ? loose : 0;
        break;
    }
    case TOOL_PLATFORM:
        loose = of_operation(judge, memory, answer->model, answer->platform.requests,
                             answer->platform.errors, answer->platform.latency_p95_us);
        strict = answer->platform.requests >= parameters->values_min ? loose : 0;
        break;
    case TOOL_REGISTRY:
    case TOOL_CALENDAR:
    case TOOL_LOGS:
    case TOOL_CANARY:
    case N_TOOLS:
        break;
    }
    seen->strict = strict;
    seen->loose = loose;
    seen->plain = plain;
}

/* Population stability of counts against a reference, both smoothed by half a count of their own: an empty reference bin weighs
 * as much as it can. */
static double psi_of(const uint32_t *counts, const uint32_t *reference_ppm, double total)
{
    double psi = 0.0;
    for (size_t i = 0; i < BINS; i++) {
        double p = ((double)counts[i] + 0.5) / (total + 0.5 * BINS);
        double q = ((double)reference_ppm[i] + 0.5) / (1e6 + 0.5 * BINS);
        psi += (p - q) * d_log(p / q);
    }
    return psi;
}

static uint64_t of_bins(const struct model_memory *memory, uint32_t feature, uint32_t *ret_rows)
{
    const uint32_t *counts = memory->window.bins[feature];
    uint64_t facts = 0;
    uint32_t rows = 0;
    for (size_t i = 0; i < BINS; i++) {
        rows += counts[i];
    }
    *ret_rows = rows;
    if (rows == 0) {
        return 0;
    }
    double nulls = (double)counts[BIN_NULL] / (double)rows;
    facts |= nulls > usual_nulls(memory, feature) + null_least ? FACT_BIT(FACT_NULLS_HIGH) : 0;
    uint32_t n = memory->n_baselines < BASELINES_KEPT ? memory->n_baselines : BASELINES_KEPT;
    for (uint32_t i = 0; i < n; i++) {
        const struct baseline *baseline = &memory->baselines[i];
        double psi = psi_of(counts, baseline->bins_ppm[feature], (double)rows);
        bool was_constant = (baseline->constant_features >> feature & 1u) != 0;
        if (was_constant) {
            facts |= psi > activated_least ? FACT_BIT(FACT_ACTIVATED) : 0;
        } else {
            facts |= psi > psi_least ? FACT_BIT(FACT_INPUT_SHIFT) : 0;
        }
    }
    return facts;
}

/* Labels of the newest cohorts together until they are enough; rows before since do not count. */
static uint32_t pool(const struct model_memory *memory, int64_t since, uint32_t enough, bool mature,
                     uint32_t *ret_errors)
{
    uint32_t n = memory->n_cohorts < COHORTS_KEPT ? memory->n_cohorts : COHORTS_KEPT;
    uint32_t scored = 0, errors = 0;
    for (uint32_t i = 0; i < n && scored < enough; i++) {
        const struct cohort *cohort = &memory->cohorts[(memory->n_cohorts - 1 - i) % COHORTS_KEPT];
        bool counts =
            cohort->scored > 0 && cohort->correct <= cohort->scored && (cohort->mature || !mature);
        if (!counts) {
            continue;
        }
        if (cohort->from < since) {
            break;
        }
        scored += cohort->scored;
        errors += cohort->scored - cohort->correct;
    }
    *ret_errors = errors;
    return scored;
}

void facts_of_window(const struct judge *judge, const struct model_memory *memory,
                     uint64_t *ret_strict, uint64_t *ret_loose, uint64_t *ret_plain)
{
    const struct window *window = &memory->window;
    const struct model_entry *entry = deployment_model(judge->deployment, window->model);
    uint64_t strict = 0, loose = 0, plain = 0;
    for (uint32_t i = 0; entry != NULL && i < entry->n_features; i++) {
        uint32_t rows = 0;
        uint64_t facts = of_bins(memory, i, &rows);
        loose |= facts;
        if (rows >= judge->parameters.values_min) {
            strict |= facts;
            plain |= plain_nulls(memory, i, (double)window->bins[i][BIN_NULL] / (double)rows);
        }
    }
    uint64_t operation = of_operation(judge, memory, window->model, window->requests,
                                      window->errors, window->latency_p95_us);
    loose |= operation;
    strict |= window->requests >= judge->parameters.values_min ? operation : 0;
    uint32_t n = memory->n_baselines < BASELINES_KEPT ? memory->n_baselines : BASELINES_KEPT;
    double least = 1.0, most = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        double error = memory->baselines[i].error;
        least = error < least ? error : least;
        most = error > most ? error : most;
    }
    uint32_t errors = 0;
    uint32_t scored = pool(memory, INT64_MIN, judge->parameters.scored_min, true, &errors);
    if (n > 0 && scored >= judge->parameters.scored_min) {
        strict |= of_quality(errors, scored, least, most);
    }
    scored = pool(memory, INT64_MIN, 1, false, &errors);
    loose |= strict | (n > 0 ? of_quality(errors, scored, least, most) : 0);
    *ret_strict = strict;
    *ret_plain = plain;
    *ret_loose = loose;
}

static bool has_open_attempt(const struct judge *judge, struct model_id model)
{
    for (uint32_t i = 0; i < ACTIONS_KEPT; i++) {
        const struct action_memory *action = &judge->actions[i];
        if (action->action.value != 0 && action->open && action->model.value == model.value) {
            return true;
        }
    }
    return false;
}

static uint64_t of_target(const struct model_memory *memory, const struct action_args *args)
{
    const struct registry_version *version = history_version(memory, args->target);
    if (args->target.value == 0 || version == NULL) {
        return 0;
    }
    bool is_evaluated = version->evaluated &&
                        digest_same(version->evaluated_digest, version->digest) &&
                        version->evaluated_from >= version->trained_to &&
                        version->evaluated_to > version->evaluated_from;
    return (is_evaluated ? FACT_BIT(FACT_EVALUATED) : 0) |
           (version->certified ? FACT_BIT(FACT_TARGET_CERTIFIED) : 0);
}

uint64_t facts_of_context(struct judge *judge, const struct record *record, uint64_t *ret_loose)
{
    const struct action_args *args = &record->args;
    const struct model_memory *memory = judge_model(judge, args->model);
    *ret_loose = 0;
    if (memory == NULL) {
        return 0;
    }
    uint64_t facts = of_target(memory, args);
    bool passed = digest_is_set(memory->passed) && digest_same(memory->passed, args->subject);
    facts |= passed ? FACT_BIT(FACT_CANARY_PASSED) : 0;
    facts |= has_open_attempt(judge, args->model) ? FACT_BIT(FACT_HALF_DONE) : 0;
    uint64_t earlier = record->verb == VERB_ABORT_CANARY ? VERB_BIT(VERB_CANARY)
                       : args->release                   ? VERB_BIT(record->verb)
                                                         : 0;
    bool restores = (memory->intended & earlier) != 0 || memory->undo_seen;
    facts |= restores ? FACT_BIT(FACT_RESTORES) : 0;
    *ret_loose = facts;
    if (record->verb != VERB_RETRAIN) {
        return facts;
    }
    uint32_t enough = judge->parameters.scored_min, errors = 0;
    const struct labels_answer *labels = &memory->labels;
    bool any = pool(memory, args->from_ns, 1, false, &errors) > 0 || labels->scored > 0;
    bool listed =
        memory->labels_mature && labels->cohort_from >= args->from_ns && labels->scored >= enough;
    bool matured = pool(memory, args->from_ns, enough, true, &errors) >= enough || listed;
    *ret_loose |= any ? FACT_BIT(FACT_LABELS_MATURED) : 0;
    return facts | (matured ? FACT_BIT(FACT_LABELS_MATURED) : 0);
}
