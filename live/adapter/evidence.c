/* SPDX-License-Identifier: Apache-2.0 */
/* Questions of the core to a live platform: a table of what each tool reads, and the answer made of it.
 * Mean and spread of a feature come from its bins, each at the mean of a standard normal variable within it; beyond the reference range five
 * deviations are taken, so a larger move shows as at least that. */
#include "live/adapter/evidence.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/psi.h"
#include "live/adapter/parts.h"

enum {
    TRIES_MAX = 2,
    STEPS_MAX = 8,
    CHANGES_KEPT = 32,
    LABELS_ENOUGH = 1000, /* What the simulated platform looks for. */
    SHORT_SPAN = 3,       /* Windows of labels at first ... */
    LONG_SPAN = 12,       /* ... and where they are too few. */
};

static const char what[] = "evidence";

enum step_kind {
    STEP_NONE,
    STEP_REGISTERED,
    STEP_VERSIONS,
    STEP_MINUTE,       /* A signal over the last minute, ... */
    STEP_WINDOW,       /* ... over a window, ... */
    STEP_LABELS,       /* ... over three windows, ... */
    STEP_LABELS_LONG,  /* ... over twelve, where three hold too few labels, ... */
    STEP_LABELS_BEFORE /* ... over the three windows before those. */
};
struct step {
    enum step_kind kind;
    enum signal_kind signal;
};

static const struct step steps[N_TOOLS][STEPS_MAX] = {
    [TOOL_STATE] = {{STEP_REGISTERED, 0},
                    {STEP_VERSIONS, 0},
                    {STEP_WINDOW, SIGNAL_VERSION},
                    {STEP_WINDOW, SIGNAL_REPLICAS},
                    {STEP_MINUTE, SIGNAL_REQUESTS},
                    {STEP_MINUTE, SIGNAL_ERRORS},
                    {STEP_WINDOW, SIGNAL_FALLBACK}},
    [TOOL_REGISTRY] = {{STEP_VERSIONS, 0}},
    [TOOL_FEATURES] = {{STEP_WINDOW, SIGNAL_BINS}, {STEP_WINDOW, SIGNAL_SCORES}},
    [TOOL_LABELS] = {{STEP_LABELS, SIGNAL_SCORED},
                     {STEP_LABELS, SIGNAL_CORRECT},
                     {STEP_LABELS_BEFORE, SIGNAL_SCORED},
                     {STEP_LABELS_LONG, SIGNAL_SCORED},
                     {STEP_LABELS_LONG, SIGNAL_CORRECT}},
    [TOOL_GOLDEN] = {{STEP_WINDOW, SIGNAL_VERSION},
                     {STEP_WINDOW, SIGNAL_GOLDEN_SCORED},
                     {STEP_WINDOW, SIGNAL_GOLDEN_CORRECT}},
    [TOOL_DECISIONS] = {{STEP_WINDOW, SIGNAL_REQUESTS},
                        {STEP_WINDOW, SIGNAL_ERRORS},
                        {STEP_WINDOW, SIGNAL_POSITIVES},
                        {STEP_WINDOW, SIGNAL_SCORES}},
    [TOOL_PLATFORM] = {{STEP_WINDOW, SIGNAL_REQUESTS},
                       {STEP_WINDOW, SIGNAL_ERRORS},
                       {STEP_WINDOW, SIGNAL_LATENCY_P95},
                       {STEP_WINDOW, SIGNAL_REPLICAS},
                       {STEP_WINDOW, SIGNAL_RESTARTS}},
};

/* Bins in the order of their values; nulls have none. */
static const uint8_t bin_order[BINS - 1] = {BIN_LOW, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, BIN_HIGH};
#define SHARE_SEEN 0.002 /* Of the rows beyond an edge: less says nothing about where it lies. */
#define CLUSTER 0.05     /* Of the values, beyond one end of the range. */
#define BEYOND_RANGE 8.0 /* Reference deviations: values there have no place of their own. */
static const uint32_t deciles_ppm[SCORE_BINS] = {100000, 100000, 100000, 100000, 100000,
                                                 100000, 100000, 100000, 100000, 100000};

const char *live_tool_source(enum tool tool)
{
    static const char *const sources[N_TOOLS] = {
#define X(name, source) [TOOL_##name] = (source),
        LIVE_TOOL_TABLE(X)
#undef X
    };
    ASSERT((uint32_t)tool < N_TOOLS);
    return sources[tool];
}

static bool has_signal(const struct model_source *source, enum signal_kind signal)
{
    return source->prometheus != NULL && source->queries->templates[signal][0] != '\0';
}

uint64_t live_tools(const struct model_source *source)
{
    bool has_registry = source->registry != NULL;
    bool has_golden =
        has_signal(source, SIGNAL_GOLDEN_SCORED) && has_signal(source, SIGNAL_GOLDEN_CORRECT);
    bool has_labels = has_signal(source, SIGNAL_SCORED) && has_signal(source, SIGNAL_CORRECT);
    bool has_requests = has_signal(source, SIGNAL_REQUESTS);
    const bool present[N_TOOLS] = {
        [TOOL_STATE] = has_registry && has_requests && has_signal(source, SIGNAL_REPLICAS),
        [TOOL_REGISTRY] = has_registry,
        [TOOL_CHANGES] = true,
        [TOOL_FEATURES] = has_signal(source, SIGNAL_BINS),
        [TOOL_LABELS] = has_labels,
        [TOOL_GOLDEN] = has_golden,
        [TOOL_DECISIONS] = has_requests && has_signal(source, SIGNAL_POSITIVES) &&
                           has_signal(source, SIGNAL_SCORES),
        [TOOL_CALENDAR] = true,
        [TOOL_PLATFORM] = has_requests && has_signal(source, SIGNAL_REPLICAS)};
    uint64_t tools = 0;
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        tools |= present[i] ? UINT64_C(1) << i : 0;
    }
    return tools;
}

uint64_t live_verbs(const struct model_source *source, bool has_hook)
{
    uint64_t verbs = UINT64_C(1) << VERB_NOOP | UINT64_C(1) << VERB_NOTIFY |
                     UINT64_C(1) << VERB_ESCALATE | UINT64_C(1) << VERB_HOLD |
                     UINT64_C(1) << VERB_STAND_DOWN | UINT64_C(1) << VERB_WAIT_LABELS;
    bool has_state = (live_tools(source) & UINT64_C(1) << TOOL_STATE) != 0;
    if (has_state) {
        verbs |= UINT64_C(1) << VERB_ROLLBACK | UINT64_C(1) << VERB_PROMOTE |
                 UINT64_C(1) << VERB_SWITCH_MODEL | UINT64_C(1) << VERB_RECONCILE;
    }
    if (has_state && has_hook) {
        verbs |= UINT64_C(1) << VERB_RETRAIN;
        verbs |= has_signal(source, SIGNAL_FALLBACK) ? UINT64_C(1) << VERB_FALLBACK : 0;
    }
    return verbs;
}

static void calendar_note(struct live_memory *memory, const struct calendar_entry *entry, int64_t now)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < memory->n_calendar; i++) {
        const struct calendar_entry *known = &memory->calendar[i];
        bool is_same = known->kind == entry->kind && known->from == entry->from &&
                       known->to == entry->to && known->model.value == entry->model.value;
        if (known->to > now && !is_same) {
            memory->calendar[kept++] = *known;
        }
    }
    memory->n_calendar = kept;
    if (entry->to > now && kept < CALENDAR_MAX) {
        memory->calendar[memory->n_calendar++] = *entry;
    }
}

static void calendar_drop(struct live_memory *memory, const struct calendar_entry *entry)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < memory->n_calendar; i++) {
        if (!calendar_entry_equal(&memory->calendar[i], entry)) {
            memory->calendar[kept++] = memory->calendar[i];
        }
    }
    memory->n_calendar = kept;
}

static void training_note(struct live_memory *memory, const struct outcome *outcome)
{
    for (uint32_t i = 0; i < MODELS_MAX && outcome->action.value != 0; i++) {
        if (memory->training[i].value == outcome->action.value) {
            memory->training[i].value = 0;
            bool is_trained = outcome->status == OUTCOME_TRAINED;
            memory->trained[i] = is_trained ? outcome->version : memory->trained[i];
        }
    }
}

void live_memory_note(struct live_memory *memory, const struct event *event)
{
    switch (event->kind) {
    case EVENT_BASELINE:
        if (event->baseline.model.value >= 1 && event->baseline.model.value <= MODELS_MAX) {
            memory->baselines[event->baseline.model.value - 1] = event->baseline;
        }
        return;
    case EVENT_CHANGE:
        memory->changes[memory->n_changes++ % CHANGES_KEPT] = event->change.change;
        return;
    case EVENT_CONTROL:
        if (event->control.kind == CONTROL_CALENDAR) {
            calendar_note(memory, &event->control.calendar, event->at);
        } else if (event->control.kind == CONTROL_WITHDRAW) {
            calendar_drop(memory, &event->control.calendar);
        }
        return;
    case EVENT_OUTCOME:
        if (event->outcome.status == OUTCOME_TRAINED ||
            event->outcome.status == OUTCOME_TRAIN_FAILED) {
            training_note(memory, &event->outcome);
        }
        return;
    case EVENT_START:
    case EVENT_TICK:
    case EVENT_WINDOW:
    case EVENT_ANSWER:
    case EVENT_REPLY:
    case EVENT_APPROVAL:
    case EVENT_PAGE:
    case EVENT_HANDLING:
    case N_EVENT_KINDS:
        return;
    }
}

void live_memory_training(struct live_memory *memory, const struct act_effect *act)
{
    ASSERT(act->verb == VERB_RETRAIN);
    ASSERT(act->args.model.value >= 1);
    ASSERT(act->args.model.value <= MODELS_MAX);
    memory->training[act->args.model.value - 1] = act->action;
}

static const struct baseline *baseline_of(const struct evidence_call *call)
{
    const struct baseline *baseline = &call->memory->baselines[call->answer.model.value - 1];
    return baseline->version.value == 0 ? NULL : baseline;
}

static const struct model_entry *model_of(const struct evidence_call *call)
{
    return &call->deployment->models[call->answer.model.value - 1];
}

/* Half an answer is none. */
static void clear(struct evidence_call *call, enum answer_status status)
{
    struct answer nothing;
    memset(&nothing, 0, sizeof(nothing));
    nothing.question = call->answer.question;
    nothing.tool = call->answer.tool;
    nothing.model = call->answer.model;
    nothing.sampled_at = call->answer.sampled_at;
    nothing.status = status;
    call->answer = nothing;
}

static enum exchange_next failed(struct evidence_call *call, enum answer_status status,
                                 const char *why)
{
    clear(call, status);
    return exchange_fail(&call->exchange, what, why);
}

static enum exchange_next finish(struct evidence_call *call, bool has_data)
{
    call->answer.status = ANSWER_OK;
    if (!has_data) {
        clear(call, ANSWER_NO_DATA);
    }
    return exchange_to(&call->exchange, EXCHANGE_DONE);
}

static bool finish_state(struct evidence_call *call)
{
    struct state_answer *state = &call->answer.state;
    state->registered = call->registered.alias;
    if (!has_signal(call->source, SIGNAL_VERSION)) {
        state->serving =
            state->registered; /* The deployment says that whoever serves follows the alias. */
    }
    const struct registry_record *record = registry_list_find(&call->list, state->serving);
    uint32_t model_i = call->answer.model.value - 1u;
    state->schema_id = record == NULL ? 0 : record->version.schema_id;
    state->serving_digest = record == NULL ? (struct digest128){0} : record->version.digest;
    state->previous = registry_list_previous(&call->list, state->serving);
    state->training = call->memory->training[model_i].value != 0;
    state->trained = call->memory->trained[model_i];
    return state->serving.value != 0 && state->registered.value != 0;
}

/* Where the edges of the bins lie for a standard normal variable with these shares; false: nobody is on one of the sides. */
static bool edge_at(double below, double total, double *ret_z)
{
    double share = total > 0.0 ? below / total : 0.0;
    bool is_seen = share > SHARE_SEEN && share < 1.0 - SHARE_SEEN;
    *ret_z = is_seen ? d_normal_quantile(share) : 0.0;
    return is_seen;
}

/* The same edges split the reference and the rows of now: with probits z of the one and y of the other, z = shift + scale y. By least squares
 * over the edges that have rows on both sides; one edge alone gives the shift. */
static void profile_put(const double now[BINS], const double reference[BINS],
                        struct feature_profile *profile)
{
    double totals[2] = {0.0, 0.0}, below[2] = {0.0, 0.0};
    for (uint32_t k = 0; k < BINS - 1; k++) {
        totals[0] += now[bin_order[k]];
        totals[1] += reference[bin_order[k]];
    }
    double n = 0.0, sum_y = 0.0, sum_z = 0.0, sum_yy = 0.0, sum_yz = 0.0;
    for (uint32_t k = 0; k + 1 < BINS - 1; k++) {
        double y = 0.0, z = 0.0;
        below[0] += now[bin_order[k]];
        below[1] += reference[bin_order[k]];
        bool is_seen = edge_at(below[0], totals[0], &y) && edge_at(below[1], totals[1], &z);
        if (is_seen) {
            n += 1.0;
            sum_y += y;
            sum_z += z;
            sum_yy += y * y;
            sum_yz += y * z;
        }
    }
    double spread = n > 1.0 ? sum_yy - sum_y * sum_y / n : 0.0;
    if (spread > 1e-6) {
        profile->scale = (sum_yz - sum_y * sum_z / n) / spread;
        profile->shift = (sum_z - profile->scale * sum_y) / n;
    } else if (n > 0.0) {
        profile->shift = (sum_z - sum_y) / n;
    }
    /* No population that has only moved has more values beyond the range than in the decile before it. */
    bool is_low = now[BIN_LOW] > now[0] && now[BIN_LOW] > CLUSTER * totals[0];
    bool is_high = now[BIN_HIGH] > now[9] && now[BIN_HIGH] > CLUSTER * totals[0];
    if (is_low && is_high) {
        profile->scale = BEYOND_RANGE;
    } else if (is_low || is_high) {
        profile->shift = is_low ? -BEYOND_RANGE : BEYOND_RANGE;
    }
}

static void feature_put(const struct baseline *baseline, uint32_t i, const uint32_t counts[BINS],
                        struct feature_profile *profile)
{
    double now[BINS], reference[BINS];
    uint64_t rows = 0;
    for (uint32_t j = 0; j < BINS; j++) {
        rows += counts[j];
        now[j] = (double)counts[j];
        reference[j] = (double)baseline->bins_ppm[i][j];
    }
    profile->rows = rows > UINT32_MAX ? UINT32_MAX : (uint32_t)rows;
    profile->was_constant = ((baseline->constant_features >> i) & 1u) != 0;
    profile->scale = 1.0;
    if (rows == 0) {
        return;
    }
    profile->null_ratio = (double)counts[BIN_NULL] / (double)rows;
    profile->psi = psi_statistic(counts, baseline->bins_ppm[i], BINS);
    if (!profile->was_constant) {
        profile_put(now, reference, profile);
    }
}

static bool finish_features(struct evidence_call *call)
{
    const struct baseline *baseline = baseline_of(call);
    struct features_answer *features = &call->answer.features;
    uint32_t rows = 0;
    if (baseline == NULL) {
        return false;
    }
    features->n_features = model_of(call)->n_features;
    for (uint32_t i = 0; i < features->n_features; i++) {
        feature_put(baseline, i, call->bins[i], &features->features[i]);
        rows |= features->features[i].rows;
    }
    features->score_psi = psi_statistic(call->score_bins, deciles_ppm, SCORE_BINS);
    return rows > 0;
}

static int64_t label_span(const struct evidence_call *call, enum step_kind kind)
{
    return call->deployment->window_ns * (kind == STEP_LABELS_LONG ? LONG_SPAN : SHORT_SPAN);
}

static bool finish_labels(struct evidence_call *call)
{
    struct labels_answer *labels = &call->answer.labels;
    const struct baseline *baseline = baseline_of(call);
    labels->baseline_error =
        baseline != NULL ? baseline->error : 1.0 - model_of(call)->accuracy_floor;
    labels->correct = labels->correct < labels->scored ? labels->correct : labels->scored;
    return labels->scored > 0;
}

static bool finish_golden(struct evidence_call *call)
{
    struct golden_answer *golden = &call->answer.golden;
    const struct baseline *baseline = baseline_of(call);
    if (baseline == NULL || golden->n == 0 || golden->correct > golden->n) {
        return false;
    }
    golden->reference_accuracy = 1.0 - baseline->error;
    return true;
}

static bool finish_decisions(struct evidence_call *call)
{
    struct decisions_answer *decisions = &call->answer.decisions;
    const struct baseline *baseline = baseline_of(call);
    if (baseline == NULL || decisions->decisions == 0) {
        return false;
    }
    decisions->positives =
        decisions->positives < decisions->decisions ? decisions->positives : decisions->decisions;
    decisions->reference_rate = baseline->positive_rate;
    decisions->score_psi = psi_statistic(call->score_bins, deciles_ppm, SCORE_BINS);
    return true;
}

static void changes_put(struct evidence_call *call, int64_t now_ns)
{
    const struct live_memory *memory = call->memory;
    struct changes_answer *changes = &call->answer.changes;
    uint32_t n_kept = memory->n_changes < CHANGES_KEPT ? memory->n_changes : CHANGES_KEPT;
    for (uint32_t i = 0; i < n_kept && changes->n_changes < CHANGES_MAX; i++) {
        const struct change *change = &memory->changes[(memory->n_changes - 1 - i) % CHANGES_KEPT];
        bool is_here = change->model.value == 0 || change->model.value == call->answer.model.value;
        if (is_here && now_ns - change->at <= NS_PER_DAY) {
            changes->changes[changes->n_changes++] = *change;
        }
    }
}

static void calendar_put(struct evidence_call *call)
{
    struct calendar_answer *calendar = &call->answer.calendar;
    for (uint32_t i = 0; i < call->memory->n_calendar; i++) {
        const struct calendar_entry *entry = &call->memory->calendar[i];
        if (entry->model.value == 0 || entry->model.value == call->answer.model.value) {
            calendar->entries[calendar->n_entries++] = *entry;
        }
    }
}

static enum exchange_next conclude(struct evidence_call *call)
{
    switch (call->answer.tool) {
    case TOOL_STATE:
        return finish(call, finish_state(call));
    case TOOL_REGISTRY:
        registry_list_answer(&call->list, &call->answer.registry);
        return finish(call, call->list.n_records > 0);
    case TOOL_FEATURES:
        return finish(call, finish_features(call));
    case TOOL_LABELS:
        return finish(call, finish_labels(call));
    case TOOL_GOLDEN:
        return finish(call, finish_golden(call));
    case TOOL_DECISIONS:
        return finish(call, finish_decisions(call));
    case TOOL_PLATFORM:
        return finish(call, call->seen);
    case TOOL_CHANGES:
        changes_put(call, call->answer.sampled_at);
        return finish(call, true);
    case TOOL_CALENDAR:
        calendar_put(call);
        return finish(call, true);
    case TOOL_SHADOW:
    case TOOL_TABLES:
    case TOOL_LOGS:
    case TOOL_CANARY:
    case N_TOOLS:
        break;
    }
    return failed(call, ANSWER_FAILED, "the tool has no live source");
}

/* A step that this source or this answer does not need. */
static bool is_needless(const struct evidence_call *call, const struct step *step)
{
    const struct labels_answer *labels = &call->answer.labels;
    bool is_long = false;
    switch (step->kind) {
    case STEP_NONE:
    case STEP_REGISTERED:
    case STEP_VERSIONS:
        return false;
    case STEP_LABELS_LONG: /* Once the long span is begun, both of its counts are needed. */
        is_long = labels->cohort_to - labels->cohort_from > label_span(call, STEP_LABELS);
        return !is_long && labels->scored >= LABELS_ENOUGH;
    case STEP_MINUTE:
    case STEP_WINDOW:
    case STEP_LABELS:
    case STEP_LABELS_BEFORE:
        return !has_signal(call->source, step->signal);
    }
    return false;
}

static bool signal_request(const struct evidence_call *call, const struct step *step,
                           struct http_request *request)
{
    int64_t span = call->deployment->window_ns, at = call->answer.sampled_at;
    if (step->kind == STEP_MINUTE) {
        span = span < NS_PER_MIN ? span : NS_PER_MIN;
    } else if (step->kind != STEP_WINDOW) {
        span = label_span(call, step->kind);
        at -= step->kind == STEP_LABELS_BEFORE ? span : 0;
    }
    char query[URL_BYTES];
    struct text text;
    text_init(&text, query, sizeof(query));
    return signal_query(call->source->queries, step->signal, model_of(call)->name, span, &text) &&
           prometheus_query(request, call->source->prometheus,
                            (struct slice){text.bytes, text.n_bytes},
                            call->source->epoch_unix_ns + at);
}

static bool step_request(const struct evidence_call *call, const struct step *step,
                         struct http_request *request)
{
    if (step->kind == STEP_REGISTERED) {
        return mlflow_read_registered(request, call->source->registry);
    }
    return step->kind == STEP_VERSIONS ? mlflow_read_versions(request, call->source->registry)
                                       : signal_request(call, step, request);
}

static const struct step *step_of(const struct evidence_call *call)
{
    return &steps[call->answer.tool][call->step];
}

static enum exchange_next send_step(struct evidence_call *call, struct http_request *ret_request)
{
    while (call->step < STEPS_MAX && step_of(call)->kind != STEP_NONE &&
           is_needless(call, step_of(call))) {
        call->step++;
    }
    if (call->step == STEPS_MAX || step_of(call)->kind == STEP_NONE) {
        return conclude(call);
    }
    if (!step_request(call, step_of(call), ret_request)) {
        return failed(call, ANSWER_FAILED, "the request does not fit");
    }
    return exchange_to(&call->exchange, EXCHANGE_SEND);
}

enum exchange_next evidence_call_begin(struct evidence_call *call, const struct model_source *source,
                                       const struct deployment *deployment,
                                       const struct live_memory *memory, const struct ask_effect *ask,
                                       int64_t now_ns, struct http_request *ret_request)
{
    memset(call, 0, sizeof(*call));
    call->source = source;
    call->deployment = deployment;
    call->memory = memory;
    call->answer.question = ask->question;
    call->answer.tool = ask->tool;
    call->answer.model = ask->model;
    call->answer.status = ANSWER_FAILED;
    call->answer.sampled_at = now_ns;
    bool is_model = ask->model.value >= 1 && ask->model.value <= deployment->n_models;
    if (!is_model || (uint32_t)ask->tool >= N_TOOLS) {
        return failed(call, ANSWER_FAILED, "a question about nothing");
    }
    if ((live_tools(source) >> ask->tool & 1u) == 0) {
        return failed(call, ANSWER_FAILED, "the tool has no live source");
    }
    call->exchange.tries = 1;
    return send_step(call, ret_request);
}

/* False: without it there is no answer. */
static bool platform_put(struct evidence_call *call, enum signal_kind signal)
{
    struct platform_answer *platform = &call->answer.platform;
    uint32_t count = 0;
    bool is_there = vector_count(&call->vector, &count);
    if (signal == SIGNAL_LATENCY_P95) {
        double seconds = call->vector.n_samples == 1 ? call->vector.samples[0].value : 0.0;
        bool is_sound = seconds > 0.0 && seconds < 4000.0;
        platform->latency_p95_us = is_sound ? (uint32_t)(seconds * 1e6 + 0.5) : 0;
        return true;
    }
    if (signal == SIGNAL_REQUESTS) {
        platform->requests = count;
        call->seen = is_there;
        return is_there;
    }
    if (signal == SIGNAL_ERRORS) {
        platform->errors = count < platform->requests ? count : platform->requests;
    } else if (signal == SIGNAL_REPLICAS) {
        platform->ready_replicas = count;
    } else {
        platform->restarts = count;
    }
    return is_there || signal == SIGNAL_RESTARTS || signal == SIGNAL_ERRORS;
}

static bool state_put(struct evidence_call *call, enum signal_kind signal)
{
    struct state_answer *state = &call->answer.state;
    uint32_t count = 0;
    bool is_there = vector_count(&call->vector, &count);
    if (signal == SIGNAL_VERSION) {
        state->serving = vector_version(&call->vector);
        return state->serving.value != 0;
    }
    if (signal == SIGNAL_REPLICAS) {
        state->ready_replicas = count;
        return is_there;
    }
    if (signal == SIGNAL_REQUESTS) {
        state->requests =
            count; /* None in a minute is possible; the replicas say whether anything serves. */
    } else if (signal == SIGNAL_ERRORS) {
        state->errors = count < state->requests ? count : state->requests;
    } else {
        state->fallback = count > 0;
    }
    return true;
}

static bool labels_put(struct evidence_call *call, const struct step *step)
{
    struct labels_answer *labels = &call->answer.labels;
    uint32_t count = 0;
    bool is_there = vector_count(&call->vector, &count);
    if (step->kind == STEP_LABELS_BEFORE) {
        double ratio = count > 0 ? (double)labels->scored / (double)count : 1.0;
        labels->arrival_ratio = ratio < 1.0 ? ratio : 1.0;
        return true;
    }
    if (step->signal == SIGNAL_SCORED) {
        int64_t delay = model_of(call)->label_delay_ns;
        labels->scored = count;
        labels->cohort_to = call->answer.sampled_at - delay;
        labels->cohort_from = labels->cohort_to - label_span(call, step->kind);
    } else {
        labels->correct = count;
    }
    return is_there;
}

static bool signal_put(struct evidence_call *call, const struct step *step)
{
    uint32_t count = 0;
    struct decisions_answer *decisions = &call->answer.decisions;
    switch (call->answer.tool) {
    case TOOL_STATE:
        return state_put(call, step->signal);
    case TOOL_PLATFORM:
        return platform_put(call, step->signal);
    case TOOL_LABELS:
        return labels_put(call, step);
    case TOOL_FEATURES:
        if (step->signal == SIGNAL_BINS) {
            vector_bins(&call->vector, model_of(call), call->bins);
            return call->vector.n_samples > 0;
        }
        vector_scores(&call->vector, call->score_bins);
        return true;
    case TOOL_GOLDEN:
        if (step->signal == SIGNAL_VERSION) {
            call->answer.golden.version = vector_version(&call->vector);
            return true;
        }
        return vector_count(&call->vector, step->signal == SIGNAL_GOLDEN_SCORED
                                               ? &call->answer.golden.n
                                               : &call->answer.golden.correct);
    case TOOL_DECISIONS:
        if (step->signal == SIGNAL_SCORES) {
            vector_scores(&call->vector, call->score_bins);
            return call->vector.n_samples > 0;
        }
        if (!vector_count(&call->vector, &count)) {
            return false;
        }
        if (step->signal == SIGNAL_REQUESTS) {
            decisions->decisions = count;
        } else if (step->signal == SIGNAL_ERRORS) {
            decisions->decisions -= count < decisions->decisions ? count : decisions->decisions;
        } else {
            decisions->positives = count;
        }
        return true;
    case TOOL_REGISTRY:
    case TOOL_CHANGES:
    case TOOL_SHADOW:
    case TOOL_TABLES:
    case TOOL_CALENDAR:
    case TOOL_LOGS:
    case TOOL_CANARY:
    case N_TOOLS:
        break;
    }
    return false;
}

static enum exchange_next again(struct evidence_call *call, const char *server,
                                const struct http_response *response, int64_t now_ns)
{
    enum exchange_next next = exchange_again(&call->exchange, server, response, TRIES_MAX, now_ns);
    if (next == EXCHANGE_FAILED) {
        clear(call, ANSWER_FAILED);
    }
    return next;
}

static enum exchange_next take_registry(struct evidence_call *call, int64_t now_ns,
                                        const struct http_response *response, bool *ret_is_taken)
{
    *ret_is_taken = false;
    enum mlflow_error error = mlflow_judge(response);
    if (error == MLFLOW_BUSY) {
        return again(call, "mlflow", response, now_ns);
    }
    if (error != MLFLOW_NONE) {
        return failed(call, ANSWER_FAILED, mlflow_error_name(error));
    }
    bool is_sound =
        step_of(call)->kind == STEP_REGISTERED
            ? registered_parse(response->body, call->source->registry->alias, &call->registered)
            : versions_parse(response->body, model_of(call), call->answer.model,
                             call->source->epoch_unix_ns, &call->list);
    if (!is_sound) {
        return failed(call, ANSWER_FAILED, "not an answer of the registry's API");
    }
    *ret_is_taken = true;
    return EXCHANGE_DONE;
}

static enum exchange_next take_signal(struct evidence_call *call, int64_t now_ns,
                                      const struct http_response *response, bool *ret_is_taken)
{
    *ret_is_taken = false;
    const struct step *step = step_of(call);
    bool is_refusal =
        response->transport == HTTP_OK && (response->status == 400 || response->status == 422);
    if (!response_is_json(response) || (!response_is_ok(response) && !is_refusal)) {
        return again(call, "prometheus", response, now_ns);
    }
    vector_parse(response->body, &call->vector);
    enum vector_status status = call->vector.status;
    bool is_idle = status == VECTOR_NOT_FINITE && step->signal == SIGNAL_LATENCY_P95;
    if (status == VECTOR_REFUSED || status == VECTOR_MALFORMED) {
        return failed(call, ANSWER_FAILED,
                      status == VECTOR_REFUSED ? call->vector.error : "not an answer of its API");
    }
    if (status == VECTOR_PARTIAL) { /* What is missing could be what matters. */
        return failed(call, ANSWER_NO_DATA, "some series are missing");
    }
    if (status == VECTOR_NOT_FINITE && !is_idle) {
        return failed(call, ANSWER_NO_DATA, "a sample is not finite");
    }
    if (!signal_put(call, step)) {
        return failed(call, ANSWER_NO_DATA, signal_name(step->signal));
    }
    *ret_is_taken = true;
    return EXCHANGE_DONE;
}

enum exchange_next evidence_call_take(struct evidence_call *call, int64_t now_ns,
                                      const struct http_response *response,
                                      struct http_request *ret_request)
{
    ASSERT(call->step < STEPS_MAX);
    bool is_registry = step_of(call)->kind == STEP_REGISTERED || step_of(call)->kind == STEP_VERSIONS;
    bool is_taken = false;
    enum exchange_next next = is_registry ? take_registry(call, now_ns, response, &is_taken)
                                          : take_signal(call, now_ns, response, &is_taken);
    if (!is_taken) {
        return next;
    }
    call->step++;
    call->exchange.tries = 1;
    return send_step(call, ret_request);
}

enum exchange_next evidence_call_timer(struct evidence_call *call, int64_t now_ns,
                                       struct http_request *ret_request)
{
    enum exchange_next next = EXCHANGE_DONE;
    if (exchange_is_early(&call->exchange, now_ns, &next)) {
        return next;
    }
    return send_step(call, ret_request);
}
