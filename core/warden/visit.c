/* SPDX-License-Identifier: Apache-2.0 */
/* One description of the warden's whole state, for snapshots and digests. Models beyond the deployment are left out. */
#include "core/base/assert.h"
#include "core/warden/parts.h"
#include "core/warden/warden.h"

static void stream_visit(struct visit *visit, const char *name, struct stream *stream)
{
    visit_begin(visit, name, -1);
    visit_u64(visit, "key", &stream->key);
    visit_u64(visit, "counter", &stream->counter);
    visit_end(visit);
}

static void layers_visit(struct visit *visit, uint8_t *layers)
{
    for (int i = 0; i < N_LAYERS; i++) {
        visit_enum(visit, "layer", &layers[i], sizeof(layers[i]), N_LAYER_VERDICTS);
    }
}

static void evidence_entry_visit(struct visit *visit, struct evidence_entry *entry)
{
    visit_u64(visit, "id", &entry->id);
    visit_i64(visit, "at", &entry->at);
    visit_i64(visit, "sampled_at", &entry->sampled_at);
    visit_u16(visit, "model", &entry->model.value);
    VISIT_ENUM(visit, entry, kind, N_EVENT_KINDS);
    VISIT_ENUM(visit, entry, tool, N_TOOLS);
    visit_bool(visit, "trusted", &entry->trusted);
    visit_bool(visit, "ok", &entry->ok);
    visit_u64(visit, "facts", &entry->facts);
}

static void newest_visit(struct visit *visit, struct newest *newest)
{
    visit_u64(visit, "evidence", &newest->evidence.value);
    visit_i64(visit, "at", &newest->at);
    visit_i64(visit, "sampled_at", &newest->sampled_at);
    visit_bool(visit, "ok", &newest->ok);
    visit_u64(visit, "facts", &newest->facts);
}

static void label_bin_visit(struct visit *visit, struct label_bin *bin)
{
    visit_u64(visit, "evidence", &bin->evidence);
    visit_i64(visit, "from", &bin->from);
    visit_i64(visit, "to", &bin->to);
    visit_i64(visit, "cohort_from", &bin->cohort_from);
    visit_i64(visit, "cohort_to", &bin->cohort_to);
    visit_u32(visit, "scored", &bin->scored);
    visit_u32(visit, "correct", &bin->correct);
    visit_u32(visit, "requests", &bin->requests);
    visit_u32(visit, "errors", &bin->errors);
}

/* The kept answers in the words of the answers themselves. */
static void answers_visit(struct visit *visit, struct model_memory *memory)
{
    struct answer answer = {.tool = TOOL_STATE, .state = memory->state};
    answer_visit(visit, "state", &answer);
    memory->state = answer.state;
    answer = (struct answer){.tool = TOOL_REGISTRY, .registry = memory->registry};
    answer_visit(visit, "registry", &answer);
    memory->registry = answer.registry;
    answer = (struct answer){.tool = TOOL_TABLES, .tables = memory->tables};
    answer_visit(visit, "tables", &answer);
    memory->tables = answer.tables;
    answer = (struct answer){.tool = TOOL_CANARY, .canary = memory->canary};
    answer_visit(visit, "canary", &answer);
    memory->canary = answer.canary;
    answer = (struct answer){.tool = TOOL_LABELS, .labels = memory->labels};
    answer_visit(visit, "labels", &answer);
    memory->labels = answer.labels;
    answer = (struct answer){.tool = TOOL_GOLDEN, .golden = memory->golden};
    answer_visit(visit, "golden", &answer);
    memory->golden = answer.golden;
}

static uint32_t filled(uint32_t n_ever, uint32_t n_kept)
{
    return n_ever < n_kept ? n_ever : n_kept;
}

static void telemetry_visit(struct visit *visit, struct model_memory *memory)
{
    struct event event = {.kind = EVENT_BASELINE};
    visit_u32(visit, "n_baselines", &memory->n_baselines);
    for (uint32_t i = 0; i < filled(memory->n_baselines, BASELINES_KEPT); i++) {
        event.baseline = memory->baselines[i];
        event_visit(visit, &event);
        memory->baselines[i] = event.baseline;
    }
    event = (struct event){.kind = EVENT_WINDOW, .window = memory->window};
    event_visit(visit, &event);
    memory->window = event.window;
    visit_u64(visit, "window_evidence", &memory->window_evidence.value);
    visit_bool(visit, "window_read", &memory->window_read);
    visit_u64(visit, "window_facts", &memory->window_facts);
    visit_u32(visit, "n_labels", &memory->n_labels);
    for (uint32_t i = 0; i < filled(memory->n_labels, LABEL_BINS); i++) {
        label_bin_visit(visit, &memory->label_bins[i]);
    }
}

static void model_visit(struct visit *visit, struct model_memory *memory)
{
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        newest_visit(visit, &memory->newest[i]);
    }
    answers_visit(visit, memory);
    telemetry_visit(visit, memory);
    visit_u32(visit, "n_subjects", &memory->n_subjects);
    for (uint32_t i = 0; i < filled(memory->n_subjects, SUBJECTS_KEPT); i++) {
        digest128_visit(visit, "subject", &memory->subjects[i].digest);
        visit_u16(visit, "table", &memory->subjects[i].table.value);
        visit_bool(visit, "snapshot", &memory->subjects[i].snapshot);
    }
    visit_i64(visit, "disputed_from", &memory->disputed_from);
    visit_i64(visit, "disputed_to", &memory->disputed_to);
    visit_i64(visit, "burn_from", &memory->burn_from);
    visit_i64(visit, "burns_since", &memory->burns_since);
    digest128_visit(visit, "passed", &memory->passed);
    visit_u64(visit, "passed_evidence", &memory->passed_evidence.value);
}

static void escalation_visit(struct visit *visit, struct escalation *escalation)
{
    visit_bool(visit, "active", &escalation->active);
    visit_bool(visit, "acknowledged", &escalation->acknowledged);
    visit_bool(visit, "delivered", &escalation->delivered);
    visit_u8(visit, "severity", &escalation->severity);
    visit_u8(visit, "level", &escalation->level);
    VISIT_ENUM(visit, escalation, recipient, N_ROLES);
    VISIT_ENUM(visit, escalation, cause, N_CAUSES);
    visit_u32(visit, "incident", &escalation->incident.value);
    visit_u16(visit, "model", &escalation->model.value);
    visit_i64(visit, "decided_at", &escalation->decided_at);
    visit_u32(visit, "page", &escalation->page.value);
    visit_i64(visit, "page_at", &escalation->page_at);
    visit_i64(visit, "next_try", &escalation->next_try);
    visit_u32(visit, "n_pages", &escalation->n_pages);
    for (int i = 0; i < PAGES_KEPT; i++) {
        visit_u32(visit, "pages", &escalation->pages[i].value);
    }
}

static void incident_visit(struct visit *visit, struct incident *incident)
{
    visit_u8(visit, "severity", &incident->severity);
    VISIT_ENUM(visit, incident, cause, N_CAUSES);
    visit_bool(visit, "contained", &incident->contained);
    visit_bool(visit, "fallback_tried", &incident->fallback_tried);
    visit_u32(visit, "llm_calls", &incident->llm_calls);
    visit_u32(visit, "n_notifies", &incident->n_notifies);
    visit_u32(visit, "refusal_wakes", &incident->refusal_wakes);
    visit_u16(visit, "plan_max", &incident->plan_max);
    visit_i64(visit, "open_since", &incident->open_since);
    visit_i64(visit, "metric_from", &incident->metric_from);
    visit_i64(visit, "clear_since", &incident->clear_since);
    visit_i64(visit, "watch_until", &incident->watch_until);
    visit_f64(visit, "watch_limit", &incident->watch_limit);
    visit_i64(visit, "watch_from", &incident->watch_from);
    visit_u32(visit, "retrain", &incident->retrain.value);
    visit_u16(visit, "trained_before", &incident->trained_before.value);
    visit_u16(visit, "resolved_by", &incident->resolved_by.value);
    visit_i64(visit, "resolved_at", &incident->resolved_at);
    evidence_ids_visit(visit, "evidence", &incident->n_evidence, incident->evidence,
                       EVIDENCE_CITED_MAX);
    escalation_visit(visit, &incident->escalation);
}

static void action_visit(struct visit *visit, struct action *action)
{
    VISIT_ENUM(visit, action, state, N_ACTION_STATES);
    VISIT_ENUM(visit, action, principal, N_PRINCIPALS);
    advice_item_visit(visit, &action->item);
    visit_u32(visit, "undo_of", &action->undo_of.value);
    visit_u32(visit, "undone_by", &action->undone_by.value);
    visit_u64(visit, "facts", &action->facts);
    VISIT_ENUM(visit, action, verdict, N_VERDICTS);
    layers_visit(visit, action->layers);
    visit_u32(visit, "approval", &action->approval.value);
    digest128_visit(visit, "key", &action->key);
    visit_u32(visit, "attempts", &action->attempts);
    visit_u32(visit, "asks", &action->asks);
    visit_u32(visit, "needs", &action->needs);
    visit_i64(visit, "asked_at", &action->asked_at);
    visit_i64(visit, "act_at", &action->act_at);
    visit_i64(visit, "applied_at", &action->applied_at);
    visit_i64(visit, "read_at", &action->read_at);
    visit_i64(visit, "retry_at", &action->retry_at);
    visit_i64(visit, "deadline", &action->deadline);
    visit_i64(visit, "lease_end", &action->lease_end);
    visit_i64(visit, "changed_at", &action->changed_at);
    visit_bool(visit, "locked", &action->locked);
    visit_bool(visit, "recovered", &action->recovered);
    visit_bool(visit, "doubtful", &action->doubtful);
    VISIT_ENUM(visit, action, outcome, N_OUTCOME_STATUSES);
    visit_bool(visit, "outcome_known", &action->outcome_known);
    visit_u16(visit, "version_before", &action->version_before.value);
    visit_u16(visit, "config_before", &action->config_before.value);
    visit_u16(visit, "trained_before", &action->trained_before.value);
    digest128_visit(visit, "digest_before", &action->digest_before);
    visit_i32(visit, "threshold_before", &action->threshold_before);
    visit_f64(visit, "error_before", &action->error_before);
    visit_u32(visit, "n_before", &action->n_before);
    evidence_ids_visit(visit, "evidence", &action->n_evidence, action->evidence, EVIDENCE_CITED_MAX);
}

static void approval_visit(struct visit *visit, struct approval *approval)
{
    visit_u32(visit, "action", &approval->action.value);
    digest128_visit(visit, "action_hash", &approval->action_hash);
    visit_u64(visit, "nonce", &approval->nonce);
    visit_enum(visit, "quorum", &approval->quorum, sizeof(approval->quorum), 3);
    visit_enum(visit, "n_granted", &approval->n_granted, sizeof(approval->n_granted), 3);
    visit_u16(visit, "granted", &approval->granted[0].value);
    visit_u16(visit, "granted", &approval->granted[1].value);
    visit_i64(visit, "requested_at", &approval->requested_at);
    visit_i64(visit, "expires_at", &approval->expires_at);
    visit_bool(visit, "used", &approval->used);
}

static void past_visit(struct visit *visit, struct past_effect *past)
{
    visit_u32(visit, "action", &past->action.value);
    visit_u32(visit, "incident", &past->incident.value);
    visit_u16(visit, "plan", &past->plan);
    VISIT_ENUM(visit, past, principal, N_PRINCIPALS);
    VISIT_ENUM(visit, past, verb, N_VERBS);
    action_args_visit(visit, "args", &past->args);
    visit_i64(visit, "act_at", &past->act_at);
    visit_i64(visit, "may_end", &past->may_end);
    visit_bool(visit, "confirmed", &past->confirmed);
    visit_bool(visit, "absent", &past->absent);
    visit_bool(visit, "verified", &past->verified);
    visit_bool(visit, "released", &past->released);
    visit_i64(visit, "release_at", &past->release_at);
    visit_u32(visit, "n_releases", &past->n_releases);
    visit_u16(visit, "version_before", &past->version_before.value);
    visit_u16(visit, "version_after", &past->version_after.value);
    visit_u16(visit, "config_before", &past->config_before.value);
    visit_u16(visit, "config_after", &past->config_after.value);
}

static void counters_visit(struct visit *visit, struct warden *warden)
{
    stream_visit(visit, "nonces", &warden->nonces);
    stream_visit(visit, "keys", &warden->keys);
    visit_i64(visit, "now", &warden->now);
    visit_u64(visit, "sequence", &warden->sequence);
    visit_u32(visit, "incident_last", &warden->incident_last);
    visit_u32(visit, "action_last", &warden->action_last);
    visit_u32(visit, "page_last", &warden->page_last);
    visit_u32(visit, "approval_last", &warden->approval_last);
    visit_u32(visit, "question_last", &warden->question_last);
    visit_bool(visit, "halted", &warden->halted);
    visit_bool(visit, "armed", &warden->armed);
    visit_i64(visit, "heartbeat_at", &warden->heartbeat_at);
    visit_i64(visit, "asks_since", &warden->asks_since);
    visit_i64(visit, "llm_day", &warden->llm_day);
    visit_u32(visit, "n_asks", &warden->n_asks);
    visit_u64(visit, "llm_tokens", &warden->llm_tokens);
    visit_i64(visit, "woken_at", &warden->woken_at);
    visit_u32(visit, "n_woken", &warden->n_woken);
    visit_bool(visit, "wake_mind", &warden->wake_mind);
}

static void evidence_visit(struct visit *visit, struct warden *warden)
{
    VISIT_ENUM(visit, warden, n_calendar, CALENDAR_MAX + 1);
    for (uint32_t i = 0; i < warden->n_calendar; i++) {
        evidence_calendar_visit(visit, "calendar", (int)i, &warden->calendar[i]);
    }
    visit_bool(visit, "calendar_full", &warden->calendar_full);
    visit_u32(visit, "n_evidence", &warden->n_evidence);
    for (uint32_t i = 0; i < filled(warden->n_evidence, EVIDENCE_MAX); i++) {
        visit_begin(visit, "evidence", (int)i);
        evidence_entry_visit(visit, &warden->evidence[i]);
        visit_end(visit);
    }
    for (uint32_t i = 0; i < warden->deployment->n_models; i++) {
        visit_begin(visit, "models", (int)i);
        model_visit(visit, &warden->models[i]);
        visit_end(visit);
    }
}

/* Slots: the id says whether one is taken, and a free one is zero. */
static void slots_visit(struct visit *visit, struct warden *warden)
{
    VISIT_ENUM(visit, warden, n_live, ACTIONS_MAX + 1);
    for (uint32_t i = 0; i < ACTIONS_MAX; i++) {
        visit_begin(visit, "actions", (int)i);
        visit_u32(visit, "id", &warden->actions[i].id.value);
        if (warden->actions[i].id.value != 0) {
            action_visit(visit, &warden->actions[i]);
        }
        visit_end(visit);
    }
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        visit_begin(visit, "approvals", (int)i);
        visit_u32(visit, "id", &warden->approvals[i].id.value);
        if (warden->approvals[i].id.value != 0) {
            approval_visit(visit, &warden->approvals[i]);
        }
        visit_end(visit);
    }
}

void warden_state_visit(struct warden *warden, struct visit *visit)
{
    ASSERT(warden->effects == NULL); /* Between steps only. */
    counters_visit(visit, warden);
    evidence_visit(visit, warden);
    docket_visit(visit, &warden->docket);
    for (uint32_t i = 0; i < warden->docket.n_entries; i++) {
        visit_begin(visit, "incidents", (int)i);
        incident_visit(visit, &warden->incidents[i]);
        visit_end(visit);
    }
    visit_begin(visit, "own", -1);
    escalation_visit(visit, &warden->own);
    visit_end(visit);
    slots_visit(visit, warden);
    visit_u32(visit, "n_past", &warden->n_past);
    for (uint32_t i = 0; i < filled(warden->n_past, RECENT_EFFECTS_MAX); i++) {
        visit_begin(visit, "past", (int)i);
        past_visit(visit, &warden->past[i]);
        visit_end(visit);
    }
}
