/* SPDX-License-Identifier: Apache-2.0 */
/* Description of the tools' answers for encodings: only the member of the tool. */
#include "core/types/evidence.h"

#include "core/base/assert.h"

enum { ANSWER_TABLES_MAX = 4 };
_Static_assert(sizeof(((struct tables_answer *)0)->tables) ==
                   ANSWER_TABLES_MAX * sizeof(struct table_profile),
               "the ceiling of the list is that of its array");
_Static_assert(N_TOOLS <= 32, "sets of tools are masks");
_Static_assert(N_FACTS <= 64, "sets of facts are masks");

void evidence_change_visit(struct visit *visit, const char *name, int index, struct change *change)
{
    visit_begin(visit, name, index);
    visit_enum(visit, "change_kind", &change->kind, sizeof(change->kind), N_CHANGE_KINDS);
    visit_i64(visit, "at", &change->at);
    visit_u16(visit, "model", &change->model.value);
    visit_u16(visit, "table", &change->table.value);
    visit_u16(visit, "from", &change->from.value);
    visit_u16(visit, "to", &change->to.value);
    visit_u16(visit, "by", &change->by.value);
    visit_end(visit);
}

bool calendar_entry_equal(const struct calendar_entry *a, const struct calendar_entry *b)
{
    return a->kind == b->kind && a->from == b->from && a->to == b->to &&
           a->model.value == b->model.value;
}

void evidence_calendar_visit(struct visit *visit, const char *name, int index,
                             struct calendar_entry *entry)
{
    visit_begin(visit, name, index);
    visit_enum(visit, "calendar_kind", &entry->kind, sizeof(entry->kind), N_CALENDAR_KINDS);
    visit_i64(visit, "from", &entry->from);
    visit_i64(visit, "to", &entry->to);
    visit_u16(visit, "model", &entry->model.value);
    visit_end(visit);
}

static void state_visit(struct visit *visit, struct state_answer *state)
{
    visit_u16(visit, "serving", &state->serving.value);
    visit_u16(visit, "previous", &state->previous.value);
    visit_u16(visit, "registered", &state->registered.value);
    digest128_visit(visit, "serving_digest", &state->serving_digest);
    visit_u16(visit, "canary", &state->canary.value);
    visit_u32(visit, "canary_weight_ppm", &state->canary_weight_ppm);
    visit_i64(visit, "canary_since", &state->canary_since);
    visit_u16(visit, "config", &state->config.value);
    visit_u16(visit, "config_previous", &state->config_previous.value);
    visit_u32(visit, "schema_id", &state->schema_id);
    visit_bool(visit, "fallback", &state->fallback);
    visit_u32(visit, "pinned_tables", &state->pinned_tables);
    visit_u32(visit, "quarantined_tables", &state->quarantined_tables);
    visit_u32(visit, "disabled_features", &state->disabled_features);
    visit_bool(visit, "retrain_frozen", &state->retrain_frozen);
    visit_bool(visit, "training", &state->training);
    visit_u16(visit, "trained", &state->trained.value);
    visit_i32(visit, "threshold_ppm", &state->threshold_ppm);
    visit_u32(visit, "ready_replicas", &state->ready_replicas);
    visit_u32(visit, "requests", &state->requests);
    visit_u32(visit, "errors", &state->errors);
}

static void registry_visit(struct visit *visit, struct registry_answer *registry)
{
    VISIT_ENUM(visit, registry, n_versions, VERSIONS_MAX + 1);
    for (uint32_t i = 0; i < registry->n_versions; i++) {
        struct registry_version *version = &registry->versions[i];
        visit_begin(visit, "versions", (int)i);
        visit_u16(visit, "version", &version->version.value);
        digest128_visit(visit, "digest", &version->digest);
        visit_u32(visit, "schema_id", &version->schema_id);
        visit_bool(visit, "available", &version->available);
        visit_bool(visit, "complete", &version->complete);
        visit_bool(visit, "certified", &version->certified);
        visit_bool(visit, "evaluated", &version->evaluated);
        digest128_visit(visit, "evaluated_digest", &version->evaluated_digest);
        visit_i64(visit, "trained_from", &version->trained_from);
        visit_i64(visit, "trained_to", &version->trained_to);
        visit_i64(visit, "evaluated_from", &version->evaluated_from);
        visit_i64(visit, "evaluated_to", &version->evaluated_to);
        visit_f64(visit, "holdout_error", &version->holdout_error);
        visit_i64(visit, "deployed_at", &version->deployed_at);
        visit_end(visit);
    }
}

static void changes_visit(struct visit *visit, struct changes_answer *changes)
{
    VISIT_ENUM(visit, changes, n_changes, CHANGES_MAX + 1);
    for (uint32_t i = 0; i < changes->n_changes; i++) {
        evidence_change_visit(visit, "changes", (int)i, &changes->changes[i]);
    }
}

static void features_visit(struct visit *visit, struct features_answer *features)
{
    VISIT_ENUM(visit, features, n_features, FEATURES_MAX + 1);
    for (uint32_t i = 0; i < features->n_features; i++) {
        struct feature_profile *feature = &features->features[i];
        visit_begin(visit, "features", (int)i);
        visit_u32(visit, "rows", &feature->rows);
        visit_f64(visit, "null_ratio", &feature->null_ratio);
        visit_f64(visit, "shift", &feature->shift);
        visit_f64(visit, "scale", &feature->scale);
        visit_f64(visit, "psi", &feature->psi);
        visit_bool(visit, "was_constant", &feature->was_constant);
        visit_end(visit);
    }
    visit_f64(visit, "score_psi", &features->score_psi);
}

static void labels_visit(struct visit *visit, struct labels_answer *labels)
{
    visit_u32(visit, "scored", &labels->scored);
    visit_u32(visit, "correct", &labels->correct);
    visit_i64(visit, "cohort_from", &labels->cohort_from);
    visit_i64(visit, "cohort_to", &labels->cohort_to);
    visit_f64(visit, "baseline_error", &labels->baseline_error);
    visit_f64(visit, "arrival_ratio", &labels->arrival_ratio);
}

static void shadow_visit(struct visit *visit, struct shadow_answer *shadow)
{
    visit_u16(visit, "version", &shadow->version.value);
    visit_u32(visit, "scored", &shadow->scored);
    visit_u32(visit, "only_serving_correct", &shadow->only_serving_correct);
    visit_u32(visit, "only_shadow_correct", &shadow->only_shadow_correct);
}

static void golden_visit(struct visit *visit, struct golden_answer *golden)
{
    visit_u16(visit, "version", &golden->version.value);
    visit_u32(visit, "n", &golden->n);
    visit_u32(visit, "correct", &golden->correct);
    visit_f64(visit, "reference_accuracy", &golden->reference_accuracy);
}

static void tables_visit(struct visit *visit, struct tables_answer *tables)
{
    VISIT_ENUM(visit, tables, n_tables, ANSWER_TABLES_MAX + 1);
    for (uint32_t i = 0; i < tables->n_tables; i++) {
        struct table_profile *table = &tables->tables[i];
        visit_begin(visit, "tables", (int)i);
        visit_u16(visit, "table", &table->table.value);
        visit_i64(visit, "age_ns", &table->age_ns);
        visit_i64(visit, "schema_changed_at", &table->schema_changed_at);
        visit_f64(visit, "provider_error_ratio", &table->provider_error_ratio);
        visit_f64(visit, "rows_ratio", &table->rows_ratio);
        visit_f64(visit, "duplicate_ratio", &table->duplicate_ratio);
        digest128_visit(visit, "batch", &table->batch);
        digest128_visit(visit, "snapshot", &table->snapshot);
        visit_i64(visit, "snapshot_at", &table->snapshot_at);
        visit_end(visit);
    }
}

static void decisions_visit(struct visit *visit, struct decisions_answer *decisions)
{
    visit_u32(visit, "decisions", &decisions->decisions);
    visit_u32(visit, "positives", &decisions->positives);
    visit_f64(visit, "reference_rate", &decisions->reference_rate);
    visit_f64(visit, "score_psi", &decisions->score_psi);
}

static void calendar_visit(struct visit *visit, struct calendar_answer *calendar)
{
    VISIT_ENUM(visit, calendar, n_entries, CALENDAR_MAX + 1);
    for (uint32_t i = 0; i < calendar->n_entries; i++) {
        evidence_calendar_visit(visit, "entries", (int)i, &calendar->entries[i]);
    }
}

static void platform_visit(struct visit *visit, struct platform_answer *platform)
{
    visit_u32(visit, "requests", &platform->requests);
    visit_u32(visit, "errors", &platform->errors);
    visit_u32(visit, "latency_p95_us", &platform->latency_p95_us);
    visit_u32(visit, "ready_replicas", &platform->ready_replicas);
    visit_u32(visit, "restarts", &platform->restarts);
}

static void canary_visit(struct visit *visit, struct canary_answer *canary)
{
    visit_u16(visit, "version", &canary->version.value);
    digest128_visit(visit, "digest", &canary->digest);
    visit_i64(visit, "since", &canary->since);
    visit_u32(visit, "champion_scored", &canary->champion_scored);
    visit_u32(visit, "champion_correct", &canary->champion_correct);
    visit_u32(visit, "canary_scored", &canary->canary_scored);
    visit_u32(visit, "canary_correct", &canary->canary_correct);
}

static void content_visit(struct visit *visit, struct answer *answer)
{
    switch (answer->tool) {
    case TOOL_STATE:
        state_visit(visit, &answer->state);
        break;
    case TOOL_REGISTRY:
        registry_visit(visit, &answer->registry);
        break;
    case TOOL_CHANGES:
        changes_visit(visit, &answer->changes);
        break;
    case TOOL_FEATURES:
        features_visit(visit, &answer->features);
        break;
    case TOOL_LABELS:
        labels_visit(visit, &answer->labels);
        break;
    case TOOL_SHADOW:
        shadow_visit(visit, &answer->shadow);
        break;
    case TOOL_GOLDEN:
        golden_visit(visit, &answer->golden);
        break;
    case TOOL_TABLES:
        tables_visit(visit, &answer->tables);
        break;
    case TOOL_DECISIONS:
        decisions_visit(visit, &answer->decisions);
        break;
    case TOOL_CALENDAR:
        calendar_visit(visit, &answer->calendar);
        break;
    case TOOL_LOGS:
        visit_slice(visit, "text", &answer->logs.text, TEXT_BYTES_MAX);
        break;
    case TOOL_PLATFORM:
        platform_visit(visit, &answer->platform);
        break;
    case TOOL_CANARY:
        canary_visit(visit, &answer->canary);
        break;
    case N_TOOLS:
        ASSERT(answer->tool < N_TOOLS);
        break;
    }
}

void answer_visit(struct visit *visit, const char *name, struct answer *answer)
{
    visit_begin(visit, name, -1);
    visit_u32(visit, "question", &answer->question.value);
    VISIT_ENUM(visit, answer, tool, N_TOOLS);
    visit_u16(visit, "model", &answer->model.value);
    VISIT_ENUM(visit, answer, status, N_ANSWER_STATUSES);
    visit_i64(visit, "sampled_at", &answer->sampled_at);
    content_visit(visit, answer);
    visit_end(visit);
}
