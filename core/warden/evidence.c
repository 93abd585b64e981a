/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence store: a ring of everything that could be cited, the newest answers in full, and the facts they establish. */
#include "core/warden/evidence.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/proportion.h"
#include "core/detect/psi.h"

/* What counts as a fact. Each is a textbook threshold and a test, so that neither a small sample nor a small effect suffices. */
static const double error_margin =
    0.02; /* Two points of labelled error: the benign weekly spread twice over. */
static const double error_z = 2.33;      /* One-sided 1 %. */
static const double null_margin = 0.05;  /* Null ratio above the reference. */
static const double scale_factor = 1.5;  /* Spread moved by half ... */
static const double shift_sd = 1.0;      /* ... or the mean by one reference deviation. */
static const double psi_practical = 0.1; /* Siddiqi: below is no change. */
static const double psi_alpha = 0.001;
static const double step_margin = 0.02; /* Decision rate, absolute. */
static const double step_z = 4.0;
static const double golden_margin = 0.02; /* Accuracy on the clean set below its reference. */
static const double provider_down = 0.2;  /* Share of failed reads. */
static const double provider_fine = 0.05;
static const double shadow_alpha = 0.01;

bool evidence_is_model(const struct warden *warden, struct model_id model)
{
    return model.value >= 1 && model.value <= warden->deployment->n_models;
}

struct model_memory *evidence_model(struct warden *warden, struct model_id model)
{
    ASSERT(evidence_is_model(warden, model));
    return &warden->models[model.value - 1];
}

bool evidence_has_tool(const struct warden *warden, enum tool tool)
{
    return (warden->deployment->tools & (UINT64_C(1) << tool)) != 0;
}

const struct registry_version *evidence_version(const struct model_memory *memory,
                                                struct version_id version)
{
    for (uint32_t i = 0; i < memory->registry.n_versions && i < VERSIONS_MAX; i++) {
        if (memory->registry.versions[i].version.value == version.value) {
            return &memory->registry.versions[i];
        }
    }
    return NULL;
}

/* Of the version that serves; the newest one when that version's profile never came. */
const struct baseline *evidence_baseline(const struct model_memory *memory)
{
    uint32_t n = memory->n_baselines < BASELINES_KEPT ? memory->n_baselines : BASELINES_KEPT;
    for (uint32_t i = 0; i < n; i++) {
        const struct baseline *baseline =
            &memory->baselines[(memory->n_baselines - 1 - i) % BASELINES_KEPT];
        if (baseline->version.value == memory->window.version.value) {
            return baseline;
        }
    }
    return n == 0 ? NULL : &memory->baselines[(memory->n_baselines - 1) % BASELINES_KEPT];
}

double evidence_limit(const struct warden *warden, struct model_id model)
{
    const struct baseline *baseline = evidence_baseline(&warden->models[model.value - 1]);
    double declared = 1.0 - warden->deployment->models[model.value - 1].accuracy_floor;
    if (baseline == NULL) {
        return declared;
    }
    double usual = baseline->error + error_margin;
    double limit = usual < declared ? usual : declared;
    return limit > baseline->error + error_margin / 2 ? limit : baseline->error + error_margin / 2;
}

/* Pools label windows, newest first, whose rows are all of since or later, until enough labels are together. */
struct metric evidence_metric(const struct warden *warden, struct model_id model, int64_t since,
                              uint32_t enough)
{
    const struct model_memory *memory = &warden->models[model.value - 1];
    struct metric metric = {0};
    uint32_t n = memory->n_labels < LABEL_BINS ? memory->n_labels : LABEL_BINS;
    for (uint32_t i = 0; i < n && metric.scored < enough; i++) {
        const struct label_bin *bin = &memory->label_bins[(memory->n_labels - 1 - i) % LABEL_BINS];
        if (bin->scored == 0) {
            continue;
        }
        if (bin->cohort_from < since) {
            break;
        }
        if (metric.scored == 0) {
            metric.to = bin->cohort_to;
            metric.newest.value = bin->evidence;
        }
        metric.from = bin->cohort_from;
        metric.scored += bin->scored;
        metric.errors += bin->scored - bin->correct;
    }
    if (metric.scored > 0) {
        metric.error = (double)metric.errors / (double)metric.scored;
    }
    return metric;
}

bool evidence_operational(const struct warden *warden, struct model_id model)
{
    const struct model_memory *memory = &warden->models[model.value - 1];
    double floor = warden->deployment->models[model.value - 1].availability_floor;
    const struct window *window = &memory->window;
    return window->requests == 0 ||
           (double)window->errors <= (1.0 - floor) * (double)window->requests;
}

void evidence_dispute(struct warden *warden, struct model_id model, int64_t from)
{
    struct model_memory *memory = evidence_model(warden, model);
    /* An earlier verdict of the same day is kept: no training window may span either. */
    bool over = memory->disputed_from == NEVER ||
                (memory->disputed_to != NEVER && from - memory->disputed_to > NS_PER_DAY);
    if (over || from < memory->disputed_from) {
        memory->disputed_from = from;
    }
    memory->disputed_to = NEVER;
}

void evidence_calendar(struct warden *warden, const struct calendar_entry *entry)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < warden->n_calendar; i++) {
        const struct calendar_entry *known = &warden->calendar[i];
        bool same = known->kind == entry->kind && known->from == entry->from &&
                    known->to == entry->to && known->model.value == entry->model.value;
        if (same) {
            return;
        }
        if (known->to > warden->now) {
            warden->calendar[kept++] = *known;
        }
    }
    warden->n_calendar = kept;
    bool matters = (entry->kind == CALENDAR_FREEZE || entry->kind == CALENDAR_MAINTENANCE) &&
                   entry->to > warden->now;
    if (!matters) {
        return;
    }
    if (warden->n_calendar == CALENDAR_MAX) {
        warden->calendar_full = true;
        return;
    }
    warden->calendar[warden->n_calendar++] = *entry;
}

static void withdraw(struct warden *warden, const struct calendar_entry *entry)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < warden->n_calendar; i++) {
        if (!calendar_entry_equal(&warden->calendar[i], entry)) {
            warden->calendar[kept++] = warden->calendar[i];
        }
    }
    warden->n_calendar = kept;
}

static uint64_t quality_facts(const struct warden *warden, struct model_id model, uint32_t errors,
                              uint32_t scored, double baseline)
{
    if (scored < warden->policy->limits.scored_min) { /* REQ S13: no verdict on a small sample. */
        return 0;
    }
    double error = (double)errors / (double)scored;
    double z = proportion_z(errors, scored, baseline, 100000);
    if (error > baseline + error_margin / 2 && z >= error_z) {
        return FACT_BIT(FACT_QUALITY_LOW);
    }
    return error <= baseline + error_margin && error <= evidence_limit(warden, model) + error_margin
               ? FACT_BIT(FACT_QUALITY_FINE)
               : 0;
}

/* REQ S12: what a person deployed is not a reason for automation to take it back. */
static uint64_t change_fact(const struct change_event *change)
{
    bool human = change->change.by.value != 0;
    switch (change->change.kind) {
    case CHANGE_MODEL:
        return human ? 0 : FACT_BIT(FACT_MODEL_CHANGED);
    case CHANGE_CONFIG:
        return human ? 0 : FACT_BIT(FACT_CONFIG_CHANGED);
    case CHANGE_SCHEMA:
        return FACT_BIT(FACT_SCHEMA_CHANGED);
    case CHANGE_IMAGE:
    case CHANGE_DATA:
    case N_CHANGE_KINDS:
        return 0;
    }
    return 0;
}

static uint64_t features_facts(const struct warden *warden, const struct model_memory *memory,
                               const struct features_answer *answer)
{
    const struct baseline *baseline = evidence_baseline(memory);
    uint64_t facts = 0;
    for (uint32_t i = 0; i < answer->n_features && i < FEATURES_MAX; i++) {
        const struct feature_profile *feature = &answer->features[i];
        if (feature->rows < warden->policy->limits.feature_rows_min) { /* REQ S13 */
            continue;
        }
        double usual_nulls = baseline == NULL ? 0.0 : (double)baseline->bins_ppm[i][BIN_NULL] / 1e6;
        uint32_t behind = baseline == NULL ? 100000 : baseline->rows;
        if (feature->null_ratio > usual_nulls + null_margin) {
            facts |= FACT_BIT(FACT_NULLS_HIGH);
        }
        if (feature->was_constant) {
            facts |= feature->psi > psi_practical ? FACT_BIT(FACT_ACTIVATED) : 0;
            continue;
        }
        if (feature->scale > scale_factor || feature->scale < 1.0 / scale_factor ||
            d_abs(feature->shift) > shift_sd) {
            facts |= FACT_BIT(FACT_SCALE_SHIFT);
        }
        if (feature->psi > psi_threshold(feature->rows, behind, BINS, psi_alpha, psi_practical)) {
            facts |= FACT_BIT(FACT_INPUT_SHIFT);
        }
    }
    return facts;
}

static uint64_t tables_facts(const struct tables_answer *answer, int64_t sampled_at,
                             int64_t *ret_schema_at)
{
    uint64_t facts = 0;
    bool fine = answer->n_tables > 0;
    *ret_schema_at = NEVER;
    for (uint32_t i = 0; i < answer->n_tables && i < 4; i++) {
        const struct table_profile *table = &answer->tables[i];
        bool changed = table->schema_changed_at != NEVER && table->schema_changed_at <= sampled_at &&
                       sampled_at - table->schema_changed_at <= NS_PER_DAY;
        if (changed) {
            facts |= FACT_BIT(FACT_SCHEMA_CHANGED);
            *ret_schema_at = table->schema_changed_at;
        }
        if (table->provider_error_ratio > provider_down) {
            facts |= FACT_BIT(FACT_PROVIDER_DOWN);
        }
        fine = fine && !changed && table->provider_error_ratio < provider_fine;
    }
    return fine ? facts | FACT_BIT(FACT_PROVIDER_FINE) : facts;
}

static uint64_t decision_facts(const struct decisions_answer *answer)
{
    if (answer->decisions == 0) {
        return 0;
    }
    double rate = (double)answer->positives / (double)answer->decisions;
    double z = proportion_z(answer->positives, answer->decisions, answer->reference_rate, 100000);
    bool stepped = d_abs(rate - answer->reference_rate) > step_margin && d_abs(z) > step_z;
    return stepped && answer->score_psi < psi_practical ? FACT_BIT(FACT_DECISION_STEP) : 0;
}

static uint64_t operational_facts(const struct warden *warden, struct model_id model,
                                  uint32_t requests, uint32_t errors, uint32_t latency_p95_us)
{
    const struct baseline *baseline = evidence_baseline(&warden->models[model.value - 1]);
    double floor = warden->deployment->models[model.value - 1].availability_floor;
    if (requests < warden->policy->limits.feature_rows_min) {
        return 0;
    }
    bool slow = baseline != NULL && baseline->latency_p95_us > 0 &&
                latency_p95_us > 2 * (uint64_t)baseline->latency_p95_us;
    bool failing = (double)errors > (1.0 - floor) * (double)requests;
    return slow || failing ? FACT_BIT(FACT_OPERATIONAL_LOW) : 0;
}

/* Of each kind the newest entry counts: they come newest first. */
static uint64_t changes_facts(const struct changes_answer *answer, struct model_id model,
                              int64_t sampled_at)
{
    uint64_t facts = 0;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < answer->n_changes && i < CHANGES_MAX; i++) {
        const struct change_event change = {.change = answer->changes[i]};
        bool here = change.change.model.value == model.value || change.change.model.value == 0;
        bool known = (unsigned)change.change.kind < N_CHANGE_KINDS;
        uint32_t kind = known ? UINT32_C(1) << change.change.kind : 0;
        if (here && (seen & kind) == 0 && change.change.at <= sampled_at &&
            sampled_at - change.change.at <= NS_PER_DAY) {
            seen |= kind;
            facts |= change_fact(&change);
        }
    }
    return facts;
}

/* A set of tables is disputed from the first sign on; the sample looked back a while, hence the margin. */
static void dispute_follow(struct warden *warden, struct model_id model, uint64_t facts,
                           int64_t from, bool may_end)
{
    static const uint64_t bad =
        FACT_BIT(FACT_NULLS_HIGH) | FACT_BIT(FACT_SCHEMA_CHANGED) | FACT_BIT(FACT_PROVIDER_DOWN);
    struct model_memory *memory = evidence_model(warden, model);
    if ((facts & bad) != 0) {
        evidence_dispute(warden, model, from - 3 * warden->deployment->window_ns);
    } else if (may_end && memory->disputed_from != NEVER && memory->disputed_to == NEVER &&
               memory->state.quarantined_tables == 0) {
        memory->disputed_to = warden->now;
    }
}

static void subject_put(struct model_memory *memory, struct digest128 digest, struct table_id table,
                        bool snapshot)
{
    if (digest.hi == 0 && digest.lo == 0) {
        return;
    }
    uint32_t n = memory->n_subjects < SUBJECTS_KEPT ? memory->n_subjects : SUBJECTS_KEPT;
    for (uint32_t i = 0; i < n; i++) {
        const struct subject *known = &memory->subjects[i];
        if (known->digest.hi == digest.hi && known->digest.lo == digest.lo &&
            known->table.value == table.value && known->snapshot == snapshot) {
            return;
        }
    }
    memory->subjects[memory->n_subjects % SUBJECTS_KEPT] =
        (struct subject){.digest = digest, .table = table, .snapshot = snapshot};
    memory->n_subjects++;
}

/* REQ S13: labels younger than the model's label delay confirm nothing. */
static bool labels_are_old(const struct warden *warden, struct model_id model, int64_t cohort_to,
                           int64_t at)
{
    int64_t delay = warden->deployment->models[model.value - 1].label_delay_ns;
    return cohort_to <= at && at - cohort_to >= delay - NS_PER_MIN;
}

static bool same_digest(struct digest128 a, struct digest128 b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static uint64_t answer_take(struct warden *warden, const struct answer *answer)
{
    struct model_memory *memory = evidence_model(warden, answer->model);
    int64_t at = answer->sampled_at, schema_at = NEVER;
    uint64_t facts = 0;
    bool sound = false;
    switch (answer->tool) {
    case TOOL_STATE:
        memory->state = answer->state;
        if (answer->state.registered.value != answer->state.serving.value) {
            facts |= FACT_BIT(FACT_HALF_DONE);
        }
        return facts;
    case TOOL_REGISTRY:
        memory->registry = answer->registry;
        return 0;
    case TOOL_CHANGES:
        return changes_facts(&answer->changes, answer->model, at);
    case TOOL_FEATURES:
        facts = features_facts(warden, memory, &answer->features);
        dispute_follow(warden, answer->model, facts, at,
                       (memory->newest[TOOL_TABLES].facts & FACT_BIT(FACT_PROVIDER_FINE)) != 0);
        return facts;
    case TOOL_LABELS:
        memory->labels = answer->labels;
        if (!labels_are_old(warden, answer->model, answer->labels.cohort_to, at) ||
            answer->labels.correct > answer->labels.scored) {
            return 0;
        }
        return quality_facts(warden, answer->model, answer->labels.scored - answer->labels.correct,
                             answer->labels.scored, answer->labels.baseline_error);
    case TOOL_SHADOW:
        if (answer->shadow.scored < warden->policy->limits.scored_min) {
            return 0;
        }
        return mcnemar_p(answer->shadow.only_shadow_correct, answer->shadow.only_serving_correct) <
                       shadow_alpha
                   ? FACT_BIT(FACT_PREVIOUS_BETTER)
                   : 0;
    case TOOL_GOLDEN:
        memory->golden = answer->golden;
        if (answer->golden.n < warden->policy->limits.feature_rows_min) {
            return 0;
        }
        return (double)answer->golden.correct / (double)answer->golden.n <
                       answer->golden.reference_accuracy - golden_margin
                   ? FACT_BIT(FACT_GOLDEN_LOW)
                   : 0;
    case TOOL_TABLES:
        memory->tables = answer->tables;
        for (uint32_t i = 0; i < answer->tables.n_tables && i < 4; i++) {
            const struct table_profile *table = &answer->tables.tables[i];
            subject_put(memory, table->batch, table->table, false);
            subject_put(memory, table->snapshot, table->table, true);
        }
        facts = tables_facts(&answer->tables, at, &schema_at);
        /* REQ S13: a source that is not sound is doubted before it counts as down. */
        sound = (facts & FACT_BIT(FACT_PROVIDER_FINE)) != 0;
        dispute_follow(warden, answer->model, sound ? facts : facts | FACT_BIT(FACT_PROVIDER_DOWN),
                       schema_at == NEVER ? at : schema_at,
                       (memory->newest[TOOL_FEATURES].facts & FACT_BIT(FACT_NULLS_HIGH)) == 0 &&
                           sound);
        return facts;
    case TOOL_DECISIONS:
        return answer->decisions.decisions < warden->policy->limits.feature_rows_min
                   ? 0
                   : decision_facts(&answer->decisions);
    case TOOL_CALENDAR:
        for (uint32_t i = 0; i < answer->calendar.n_entries && i < CALENDAR_MAX; i++) {
            evidence_calendar(warden, &answer->calendar.entries[i]);
        }
        return 0;
    case TOOL_LOGS:
        return 0;
    case TOOL_PLATFORM:
        return operational_facts(warden, answer->model, answer->platform.requests,
                                 answer->platform.errors, answer->platform.latency_p95_us);
    case TOOL_CANARY:
        memory->canary = answer->canary;
        if (!same_digest(answer->canary.digest, memory->passed)) {
            memory->passed_evidence.value =
                0; /* A pass does not outlive the canary of another artefact. */
        }
        return 0;
    case N_TOOLS:
        return 0;
    }
    return 0;
}

static struct evidence_entry *entry_push(struct warden *warden, const struct event *event,
                                         struct model_id model)
{
    struct evidence_entry *entry = &warden->evidence[warden->n_evidence % EVIDENCE_MAX];
    warden->n_evidence++;
    *entry = (struct evidence_entry){.id = event->sequence,
                                     .at = event->at,
                                     .sampled_at = event->at,
                                     .model = model,
                                     .kind = (uint8_t)event->kind,
                                     .trusted = true,
                                     .ok = true};
    return entry;
}

static void window_put(struct warden *warden, const struct event *event)
{
    const struct window *window = &event->window;
    struct model_memory *memory = evidence_model(warden, window->model);
    entry_push(warden, event, window->model)->sampled_at = window->to;
    if (window->role != SERVING_CHAMPION) {
        return;
    }
    memory->window = *window;
    memory->window_evidence.value = event->sequence;
    memory->window_read = false;
    bool usable = window->labels_correct <= window->labels_scored &&
                  labels_are_old(warden, window->model, window->cohort_to, event->at);
    memory->label_bins[memory->n_labels % LABEL_BINS] =
        (struct label_bin){.evidence = event->sequence,
                           .from = window->from,
                           .to = window->to,
                           .cohort_from = window->cohort_from,
                           .cohort_to = window->cohort_to,
                           .scored = usable ? window->labels_scored : 0,
                           .correct = usable ? window->labels_correct : 0,
                           .requests = window->requests,
                           .errors = window->errors};
    memory->n_labels++;
}

static void answer_put(struct warden *warden, const struct event *event)
{
    const struct answer *answer = &event->answer;
    struct evidence_entry *entry = entry_push(warden, event, answer->model);
    entry->tool = (uint8_t)answer->tool;
    entry->sampled_at = answer->sampled_at < event->at ? answer->sampled_at : event->at;
    entry->trusted = answer->tool != TOOL_LOGS;
    entry->ok = answer->status == ANSWER_OK;
    struct newest *newest = &evidence_model(warden, answer->model)->newest[answer->tool];
    if (newest->evidence.value != 0 && entry->sampled_at < newest->sampled_at) {
        return; /* An answer that was overtaken may be cited, but it is not what we know. */
    }
    if (entry->ok) {
        entry->facts = answer_take(warden, answer);
    }
    *newest = (struct newest){.evidence = {event->sequence},
                              .at = event->at,
                              .sampled_at = entry->sampled_at,
                              .ok = entry->ok,
                              .facts = entry->facts};
}

void evidence_put(struct warden *warden, const struct event *event)
{
    switch (event->kind) {
    case EVENT_BASELINE:
        if (evidence_is_model(warden, event->baseline.model)) {
            struct model_memory *memory = evidence_model(warden, event->baseline.model);
            memory->baselines[memory->n_baselines % BASELINES_KEPT] = event->baseline;
            memory->n_baselines++;
            memory->window_read = false;
            entry_push(warden, event, event->baseline.model);
        }
        return;
    case EVENT_WINDOW:
        if (evidence_is_model(warden, event->window.model)) {
            window_put(warden, event);
        }
        return;
    case EVENT_ANSWER:
        if (evidence_is_model(warden, event->answer.model) && event->answer.tool < N_TOOLS) {
            answer_put(warden, event);
        }
        return;
    case EVENT_CHANGE: {
        struct evidence_entry *entry = entry_push(warden, event, event->change.change.model);
        entry->facts = change_fact(&event->change);
        /* The typed change is the platform's word; a note beside it is anybody's. */
        entry->trusted = event->change.note.n_bytes == 0;
        if (event->change.change.kind == CHANGE_SCHEMA &&
            evidence_is_model(warden, event->change.change.model)) {
            evidence_dispute(warden, event->change.change.model, event->change.change.at);
        }
        return;
    }
    case EVENT_REPLY:
        entry_push(warden, event, event->reply.model)->trusted = false;
        return;
    case EVENT_CONTROL:
        if (event->control.kind == CONTROL_CALENDAR) {
            entry_push(warden, event, event->control.calendar.model);
            evidence_calendar(warden, &event->control.calendar);
        } else if (event->control.kind == CONTROL_WITHDRAW) {
            withdraw(warden, &event->control.calendar);
        }
        return;
    case EVENT_START:
    case EVENT_TICK:
    case EVENT_OUTCOME:
    case EVENT_APPROVAL:
    case EVENT_PAGE:
    case EVENT_HANDLING:
    case N_EVENT_KINDS:
        return;
    }
}

/* Ids rise, so the ring is searched by halves. */
const struct evidence_entry *evidence_find(const struct warden *warden, struct evidence_id id)
{
    uint32_t n = warden->n_evidence < EVIDENCE_MAX ? warden->n_evidence : EVIDENCE_MAX;
    uint32_t low = warden->n_evidence - n, high = warden->n_evidence;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct evidence_entry *entry = &warden->evidence[middle % EVIDENCE_MAX];
        if (entry->id == id.value) {
            return entry;
        }
        if (entry->id < id.value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static uint64_t window_facts(struct warden *warden, const struct model_memory *memory)
{
    const struct window *window = &memory->window;
    const struct baseline *baseline = evidence_baseline(memory);
    uint64_t facts = operational_facts(warden, window->model, window->requests, window->errors,
                                       window->latency_p95_us);
    if (baseline == NULL) {
        return facts;
    }
    uint32_t n_features = warden->deployment->models[window->model.value - 1].n_features;
    for (uint32_t i = 0; i < n_features && i < FEATURES_MAX; i++) {
        uint32_t rows = 0;
        for (uint32_t j = 0; j < BINS; j++) {
            rows += window->bins[i][j];
        }
        if (rows < warden->policy->limits.feature_rows_min) { /* REQ S13 */
            continue;
        }
        double nulls = (double)window->bins[i][BIN_NULL] / (double)rows;
        if (nulls > (double)baseline->bins_ppm[i][BIN_NULL] / 1e6 + null_margin) {
            facts |= FACT_BIT(FACT_NULLS_HIGH);
        }
        double psi = psi_statistic(window->bins[i], baseline->bins_ppm[i], BINS);
        bool was_constant = ((baseline->constant_features >> i) & 1) != 0;
        if (was_constant) {
            facts |= psi > psi_practical ? FACT_BIT(FACT_ACTIVATED) : 0;
        } else if (psi > psi_threshold(rows, baseline->rows, BINS, psi_alpha, psi_practical)) {
            facts |= FACT_BIT(FACT_INPUT_SHIFT);
        }
    }
    struct metric metric =
        evidence_metric(warden, window->model, INT64_MIN, warden->policy->limits.scored_min);
    return facts |
           quality_facts(warden, window->model, metric.errors, metric.scored, baseline->error);
}

uint64_t evidence_facts(struct warden *warden, const struct evidence_entry *entry)
{
    if (!entry->ok || !evidence_is_model(warden, entry->model)) {
        return 0;
    }
    if (entry->kind == EVENT_WINDOW) {
        struct model_memory *memory = evidence_model(warden, entry->model);
        if (memory->window_evidence.value != entry->id) {
            return 0;
        }
        if (!memory->window_read) { /* Once: a mind may cite it in every item that it says. */
            memory->window_facts = window_facts(warden, memory);
            memory->window_read = true;
        }
        return memory->window_facts;
    }
    return entry->kind == EVENT_REPLY ? 0 : entry->facts;
}

enum tool evidence_tool(enum fact fact)
{
    switch (fact) {
    case FACT_QUALITY_LOW:
    case FACT_QUALITY_FINE:
    case FACT_LABELS_MATURED:
        return TOOL_LABELS;
    case FACT_NULLS_HIGH:
    case FACT_SCALE_SHIFT:
    case FACT_INPUT_SHIFT:
    case FACT_ACTIVATED:
        return TOOL_FEATURES;
    case FACT_SCHEMA_CHANGED:
    case FACT_PROVIDER_DOWN:
    case FACT_PROVIDER_FINE:
        return TOOL_TABLES;
    case FACT_MODEL_CHANGED:
    case FACT_CONFIG_CHANGED:
        return TOOL_CHANGES;
    case FACT_DECISION_STEP:
        return TOOL_DECISIONS;
    case FACT_PREVIOUS_BETTER:
        return TOOL_SHADOW;
    case FACT_GOLDEN_LOW:
        return TOOL_GOLDEN;
    case FACT_OPERATIONAL_LOW:
        return TOOL_PLATFORM;
    case FACT_EVALUATED:
    case FACT_TARGET_CERTIFIED:
        return TOOL_REGISTRY;
    case FACT_HALF_DONE:
        return TOOL_STATE;
    case FACT_CANARY_PASSED:
    case FACT_RESTORES:
    case N_FACTS:
        return N_TOOLS;
    }
    return N_TOOLS;
}

static bool version_is_evaluated(const struct registry_version *version)
{
    return version->evaluated && same_digest(version->evaluated_digest, version->digest) &&
           version->evaluated_from >= version->trained_to &&
           version->evaluated_to > version->evaluated_from;
}

struct past_effect *evidence_restored(struct warden *warden, enum verb verb,
                                      const struct action_args *args)
{
    bool aborts = verb == VERB_ABORT_CANARY;
    if (!aborts && !args->release) {
        return NULL;
    }
    uint32_t n = warden->n_past < RECENT_EFFECTS_MAX ? warden->n_past : RECENT_EFFECTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        struct past_effect *past = &warden->past[(warden->n_past - 1 - i) % RECENT_EFFECTS_MAX];
        if (past->args.model.value != args->model.value || past->absent || past->released) {
            continue;
        }
        bool same = past->verb == verb && !past->args.release &&
                    past->args.table.value == args->table.value &&
                    past->args.feature_mask == args->feature_mask;
        if (aborts ? past->verb == VERB_CANARY : same) {
            return past;
        }
    }
    return NULL;
}

/* Whether an own change of the model may be half done: its attempt was never read back, or it was interrupted. */
static bool has_open_intent(const struct warden *warden, struct model_id model)
{
    for (uint32_t i = 0; i < ACTIONS_MAX; i++) {
        const struct action *action = &warden->actions[i];
        if (action->id.value != 0 && action->item.args.model.value == model.value &&
            action->attempts > 0 &&
            (action->state == ACTION_INTENDED || action->state == ACTION_READING)) {
            return true;
        }
    }
    return false;
}

uint64_t evidence_context(struct warden *warden, const struct candidate *change)
{
    const struct action_args *args = &change->item.args;
    struct model_memory *memory = evidence_model(warden, args->model);
    uint64_t facts = 0;
    const struct registry_version *version = evidence_version(memory, args->target);
    if (args->target.value != 0 && version != NULL) {
        facts |= version_is_evaluated(version) ? FACT_BIT(FACT_EVALUATED) : 0;
        facts |= version->certified ? FACT_BIT(FACT_TARGET_CERTIFIED) : 0;
    }
    bool passed = memory->passed_evidence.value != 0 && same_digest(memory->passed, args->subject);
    facts |= passed ? FACT_BIT(FACT_CANARY_PASSED) : 0;
    facts |= has_open_intent(warden, args->model) ? FACT_BIT(FACT_HALF_DONE) : 0;
    facts |= evidence_restored(warden, change->item.verb, args) != NULL || change->undo_of.value != 0
                 ? FACT_BIT(FACT_RESTORES)
                 : 0;
    if (change->item.verb == VERB_RETRAIN) {
        uint32_t enough = warden->policy->limits.scored_min;
        struct metric metric = evidence_metric(warden, args->model, args->from_ns, enough);
        const struct newest *newest = &memory->newest[TOOL_LABELS];
        bool listed =
            newest->ok && memory->labels.correct <= memory->labels.scored &&
            labels_are_old(warden, args->model, memory->labels.cohort_to, newest->sampled_at) &&
            memory->labels.cohort_from >= args->from_ns && memory->labels.scored >= enough;
        facts |= metric.scored >= enough || listed ? FACT_BIT(FACT_LABELS_MATURED) : 0;
    }
    return facts;
}
