/* SPDX-License-Identifier: Apache-2.0 */
/* Investigator: files answers, reads signs from them, asks by expected information, and listens to an LLM only in near ties. */
#include "core/mind/investigator.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/proportion.h"
#include "core/detect/psi.h"

/* From numbers to signs. Where the warden derives a fact of the same name its threshold is not below this one. */
static const double null_margin = 0.05, empty_ratio = 0.95;
static const double scale_factor = 4.0; /* Populations move by less, units by more. */
static const double shift_wild = 4.0;   /* Reference deviations. */
static const double shift_seen = 0.3;
static const double key_importance = 0.1; /* A tenth of the decision. */
static const double psi_seen = 0.1, psi_alpha = 1e-4;
static const double provider_down = 0.1; /* Share of reads that fail; a tenth of a percent is usual. */
static const double rows_few = 0.5;
static const double golden_margin = 0.03; /* Of a thousand rows: one false alarm in a hundred. */
static const double shadow_alpha = 0.01;
static const double fail_z = 3.0;
static const double step_margin = 0.02, step_z = 4.0, score_slope = 0.4;
static const double arrival_few = 0.5;
static const double harm_evidence =
    4.605; /* Ln 100. The onset is chosen by the data, so that this is a score that a diagnosis weighs, and no e-value. */
static const double near_tie =
    1.5; /* Ratio of two posteriors within which an opinion may order them. */
static const double worth_a_look = 0.05;
static const double worth_asking = 0.01; /* Nats. */
enum {
    ROWS_MIN = 200,
    SCORED_MIN = 500,
    FAILURES_MAX = 3 /* A tool that failed so often in a row is left alone for a while. */
};
#define RECENT_NS                                                                                  \
    (6 * NS_PER_HOUR) /* A change may show so much later: the slowest labels twice over. */
#define ANSWER_WAIT_NS (45 * NS_PER_S)
#define ASK_MUCH_LATER_NS (15 * NS_PER_MIN)
#define STALE_NS (2 * NS_PER_HOUR)

/* Signs. */

static void see(struct signs *signs, enum sign sign, bool present)
{
    signs->states[sign] = (uint8_t)(present ? SIGN_PRESENT : SIGN_ABSENT);
}

/* Either source may show a sign; it is absent only where one looked and none showed it. */
static void see_either(struct signs *signs, enum sign sign, bool present)
{
    if (present || signs->states[sign] == SIGN_UNSEEN) {
        see(signs, sign, present);
    }
}

static uint32_t key_features(const struct model_entry *model)
{
    uint32_t key = 0;
    for (uint32_t i = 0; i < model->n_features && i < FEATURES_MAX; i++) {
        key |= model->features[i].importance >= key_importance ? UINT32_C(1) << i : 0;
    }
    return key;
}

static void read_windows(const struct watched_model *watched, const struct question_frame *frame,
                         struct signs *signs)
{
    see(signs, SIGN_SILENT, watched->silent);
    if (watched->window_to < frame->onset || watched->silent) {
        return; /* Nothing came after the onset. */
    }
    uint32_t key = key_features(frame->model), moved = watched->shifted & ~watched->activated;
    see(signs, SIGN_COLUMN_EMPTY, watched->emptied != 0);
    see(signs, SIGN_NULLS, (watched->nulled & ~watched->emptied) != 0);
    see(signs, SIGN_SHIFT_KEY, (moved & key) != 0);
    see(signs, SIGN_SHIFT_MINOR, (moved & ~key) != 0);
    see(signs, SIGN_ACTIVATED, watched->activated != 0);
    see(signs, SIGN_OPERATIONS_BAD, watched->failing || watched->slow);
    if (watched->stepped) {
        see(signs, SIGN_DECISION_STEP, true);
    }
}

/* The later of the two looks at the inputs counts: a window that began before the trouble mixes two populations. */
static void read_features(const struct folder *folder, const struct watched_model *watched,
                          const struct model_entry *model, struct signs *signs)
{
    const struct features_answer *answer = &folder->features;
    uint32_t key = key_features(model);
    bool emptied = false, nulls = false, scale = false, moved_key = false, moved_minor = false;
    bool activated = false;
    uint32_t n_read = 0;
    for (uint32_t i = 0; i < answer->n_features && i < FEATURES_MAX; i++) {
        const struct feature_profile *feature = &answer->features[i];
        if (feature->rows < ROWS_MIN && !feature->was_constant) {
            continue;
        }
        n_read++;
        bool is_key = ((key >> i) & 1) != 0;
        emptied = emptied || feature->null_ratio >= empty_ratio;
        nulls = nulls || (feature->null_ratio > null_margin && feature->null_ratio < empty_ratio);
        if (feature->null_ratio > null_margin) {
            continue;
        }
        if (feature->was_constant) {
            activated = activated || feature->psi > psi_seen;
            continue;
        }
        bool wild = feature->scale > scale_factor || feature->scale < 1.0 / scale_factor ||
                    d_abs(feature->shift) > shift_wild;
        scale = scale || wild;
        bool moved = feature->psi > psi_threshold(feature->rows, 100000, BINS, psi_alpha, psi_seen) ||
                     d_abs(feature->shift) > shift_seen;
        moved_key = moved_key || (moved && is_key);
        moved_minor = moved_minor || (moved && !is_key);
    }
    if (n_read == 0) {
        return;
    }
    see(signs, SIGN_SCALE, scale);
    if (folder->leaves[TOOL_FEATURES].sampled_at < watched->window_to &&
        signs->states[SIGN_NULLS] != SIGN_UNSEEN) {
        return;
    }
    see(signs, SIGN_COLUMN_EMPTY, emptied);
    see(signs, SIGN_NULLS, nulls);
    see(signs, SIGN_SHIFT_KEY, moved_key);
    see(signs, SIGN_SHIFT_MINOR, moved_minor);
    see(signs, SIGN_ACTIVATED, activated);
}

static void read_tables(const struct folder *folder, int64_t onset, struct signs *signs)
{
    bool schema = folder->changed_at[CHANGE_SCHEMA] != NEVER &&
                  folder->changed_at[CHANGE_SCHEMA] >= onset - RECENT_NS;
    bool down = false, stale = false;
    for (uint32_t i = 0; i < folder->tables.n_tables && i < 4; i++) {
        const struct table_profile *table = &folder->tables.tables[i];
        schema = schema || (table->schema_changed_at != NEVER &&
                            table->schema_changed_at >= onset - RECENT_NS);
        down = down || table->provider_error_ratio > provider_down;
        stale = stale || table->age_ns > STALE_NS || table->rows_ratio < rows_few;
    }
    see(signs, SIGN_SCHEMA_CHANGED, schema);
    see(signs, SIGN_PROVIDER_DOWN, down);
    see(signs, SIGN_STALE, stale && !down);
}

static bool changed_recently(const struct folder *folder, enum change_kind kind, int64_t onset)
{
    int64_t at = folder->changed_at[kind];
    return at != NEVER && at >= onset - RECENT_NS;
}

static void read_decisions(const struct folder *folder, struct signs *signs)
{
    const struct decisions_answer *answer = &folder->decisions;
    if (answer->decisions < ROWS_MIN) {
        return;
    }
    double rate = (double)answer->positives / (double)answer->decisions;
    double z = proportion_z(answer->positives, answer->decisions, answer->reference_rate, 100000);
    /* A mean shift of the score by d gives a PSI of about d^2 and moves the rate by at most d times the normal density at 0. */
    double explained = score_slope * d_sqrt(answer->score_psi > 0.0 ? answer->score_psi : 0.0);
    bool stepped =
        d_abs(rate - answer->reference_rate) > step_margin + explained && d_abs(z) > step_z;
    see_either(signs, SIGN_DECISION_STEP, stepped && answer->score_psi < psi_seen);
}

static void read_quality(const struct folder *folder, const struct watched_model *watched,
                         const struct question_frame *frame, struct signs *signs)
{
    if (folder_is_fresh(folder, TOOL_LABELS, frame->since)) {
        see(signs, SIGN_LABELS_SCARCE, folder->labels.arrival_ratio < arrival_few);
    }
    struct quality quality = monitor_quality(watched, frame->onset, 2 * SCORED_MIN);
    struct quality all = monitor_quality(watched, frame->onset, UINT32_MAX);
    bool harmful = all.scored > 0 && e_detector_evidence(&watched->bank.labels, all.errors,
                                                         all.scored) >= harm_evidence;
    if (watched->alarmed || harmful) {
        see(signs, SIGN_QUALITY_LOW, true);
    } else if (quality.scored >= SCORED_MIN && quality.error <= frame->tolerated) {
        see(signs, SIGN_QUALITY_LOW, false);
    }
}

static void read_platform(const struct folder *folder, const struct model_entry *model,
                          struct signs *signs)
{
    const struct platform_answer *answer = &folder->platform;
    if (answer->requests < ROWS_MIN) {
        return;
    }
    double allowed = 1.0 - model->availability_floor;
    bool failing = wilson_lower(answer->errors, answer->requests, fail_z) > allowed;
    see_either(signs, SIGN_OPERATIONS_BAD, failing || answer->ready_replicas == 0);
}

void investigator_read(const struct folder *folder, const struct watched_model *watched,
                       const struct question_frame *frame, struct signs *ret_signs)
{
    *ret_signs = (struct signs){{0}};
    struct signs *signs = ret_signs;
    int64_t since = frame->since, onset = frame->onset;
    read_windows(watched, frame, signs);
    if (folder_is_fresh(folder, TOOL_FEATURES, since)) {
        read_features(folder, watched, frame->model, signs);
    }
    if (folder_is_fresh(folder, TOOL_TABLES, since)) {
        read_tables(folder, onset, signs);
    }
    if (folder_is_fresh(folder, TOOL_CHANGES, since)) {
        see(signs, SIGN_MODEL_CHANGED, changed_recently(folder, CHANGE_MODEL, onset));
        see(signs, SIGN_CONFIG_CHANGED, changed_recently(folder, CHANGE_CONFIG, onset));
        see(signs, SIGN_IMAGE_CHANGED, changed_recently(folder, CHANGE_IMAGE, onset));
    }
    if (folder_is_fresh(folder, TOOL_GOLDEN, since) && folder->golden.n >= ROWS_MIN) {
        double accuracy = (double)folder->golden.correct / (double)folder->golden.n;
        see(signs, SIGN_GOLDEN_LOW, accuracy < folder->golden.reference_accuracy - golden_margin);
    }
    if (folder_is_fresh(folder, TOOL_SHADOW, since) && folder->shadow.scored >= SCORED_MIN) {
        see(signs, SIGN_PREVIOUS_BETTER,
            mcnemar_p(folder->shadow.only_shadow_correct, folder->shadow.only_serving_correct) <
                shadow_alpha);
    }
    if (folder_is_fresh(folder, TOOL_DECISIONS, since)) {
        read_decisions(folder, signs);
    }
    if (folder_is_fresh(folder, TOOL_PLATFORM, since)) {
        read_platform(folder, frame->model, signs);
    }
    read_quality(folder, watched, frame, signs);
    if (frame->declared || folder_is_fresh(folder, TOOL_CALENDAR, since)) {
        see(signs, SIGN_DECLARED, frame->declared);
    }
    if (folder->suspicious || folder_is_fresh(folder, TOOL_LOGS, since)) {
        see(signs, SIGN_SUSPICIOUS_TEXT, folder->suspicious);
    }
    if (folder_is_fresh(folder, TOOL_STATE, since)) {
        see(signs, SIGN_HALF_DONE, folder->state.registered.value != folder->state.serving.value);
    }
}

/* Questions. */

static bool may_ask(const struct folder *folder, enum tool tool, int64_t now)
{
    static const int64_t rests_ns[FAILURES_MAX + 1] = {0, 10 * NS_PER_S, NS_PER_MIN,
                                                       ASK_MUCH_LATER_NS};
    const struct leaf *leaf = &folder->leaves[tool];
    if (leaf->asked_at != NEVER && now - leaf->asked_at < ANSWER_WAIT_NS) {
        return false;
    }
    uint32_t n = leaf->failures < FAILURES_MAX ? leaf->failures : FAILURES_MAX;
    return leaf->tried_at == NEVER || now - leaf->tried_at >= rests_ns[n];
}

uint64_t investigator_choose(const struct diagnosis *diagnosis, const struct signs *signs,
                             const struct folder *folder, uint64_t tools, int64_t since,
                             int64_t now, uint32_t n_max)
{
    double values[N_TOOLS];
    uint64_t chosen = 0;
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        enum tool tool = (enum tool)i;
        bool open = ((tools >> i) & 1) != 0 && may_ask(folder, tool, now) &&
                    !folder_is_fresh(folder, tool, since);
        values[i] = open ? diagnosis_value(diagnosis, signs, tool) : 0.0;
    }
    for (uint32_t n = 0; n < n_max; n++) {
        uint32_t best = N_TOOLS;
        for (uint32_t i = 0; i < N_TOOLS; i++) {
            bool better = values[i] > worth_asking && (best == N_TOOLS || values[i] > values[best]);
            best = better ? i : best;
        }
        if (best == N_TOOLS) {
            break;
        }
        chosen |= UINT64_C(1) << best;
        values[best] = 0.0;
    }
    return chosen;
}

bool investigator_waits(const struct folder *folder, int64_t now)
{
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        const struct leaf *leaf = &folder->leaves[i];
        if (leaf->asked_at != NEVER && now - leaf->asked_at < ANSWER_WAIT_NS) {
            return true;
        }
    }
    return false;
}

void investigator_ask(struct folder *folder, uint64_t tools, struct model_id model,
                      struct incident_id incident, int64_t now, uint32_t *question,
                      struct advice *advice)
{
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        if (((tools >> i) & 1) == 0 || !may_ask(folder, (enum tool)i, now)) {
            continue;
        }
        folder->leaves[i].asked_at = now;
        (*question)++;
        struct advice_item *item = advice_push(advice, ADVICE_ASK);
        item->incident = incident;
        item->model = model;
        item->tool = (enum tool)i;
        item->question.value = *question;
    }
}

void investigator_reply(struct hints *hints, const struct reply_event *reply)
{
    if (!hints->asked || hints->answered || reply->question.value != hints->question.value) {
        return;
    }
    hints->answered = true;
    for (uint32_t i = 0; i < reply->reply.n_claims && i < CLAIMS_MAX; i++) {
        enum cause cause = reply->reply.claims[i].cause;
        /* The verbalised confidence says next to nothing (AUROC 0.5 to 0.6), so each claim counts alike. */
        if (reply->reply.verdict == REPLY_VALID && (unsigned)cause < N_CAUSES) {
            hints->causes |= UINT32_C(1) << cause;
        }
    }
}

void investigator_consider(const struct diagnosis *diagnosis, const struct hints *hints,
                           struct diagnosis *ret_considered)
{
    *ret_considered = *diagnosis;
    double total = 0.0;
    for (uint32_t i = 0; i < N_CAUSES; i++) {
        bool named = ((hints->causes >> i) & 1) != 0;
        if (named && ret_considered->posterior[i] < worth_a_look) {
            ret_considered->posterior[i] = worth_a_look;
        }
        total += ret_considered->posterior[i];
    }
    for (uint32_t i = 0; i < N_CAUSES; i++) {
        ret_considered->posterior[i] /= total;
    }
}

enum cause investigator_hypothesis(const struct diagnosis *diagnosis, const struct hints *hints)
{
    double first = diagnosis->posterior[diagnosis->leading];
    double second = diagnosis->posterior[diagnosis->second];
    bool tie = first < near_tie * second;
    bool named = ((hints->causes >> diagnosis->second) & 1) != 0 &&
                 ((hints->causes >> diagnosis->leading) & 1) == 0;
    return tie && named ? diagnosis->second : diagnosis->leading;
}
