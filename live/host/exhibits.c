/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence in words, by its id, for the page and for the question to the LLM. Numbers only: nothing that others wrote is in them. */
#include <stdio.h>
#include <string.h>

#include "core/types/names.h"
#include "live/host/parts.h"

static void put(struct text *text, const char *name, double value, int decimals)
{
    text_put(text, name);
    text_put_char(text, ' ');
    text_put_fixed(text, value, decimals);
    text_put(text, "; ");
}

static void put_count(struct text *text, const char *name, uint64_t value)
{
    text_put(text, name);
    text_put_char(text, ' ');
    text_put_u64(text, value);
    text_put(text, "; ");
}

static void put_features(const struct model_entry *model, const struct features_answer *features,
                         struct text *text)
{
    for (uint32_t i = 0; i < features->n_features && i < model->n_features; i++) {
        const struct feature_profile *profile = &features->features[i];
        if (profile->psi > 0.1 || profile->null_ratio > 0.05) {
            text_put(text, model->features[i].name);
            put(text, ": psi", profile->psi, 3);
            put(text, "nulls", profile->null_ratio, 3);
        }
    }
    put(text, "score psi", features->score_psi, 3);
}

static void put_changes(const struct changes_answer *changes, int64_t now, struct text *text)
{
    put_count(text, "changes", changes->n_changes);
    for (uint32_t i = 0; i < changes->n_changes; i++) {
        text_put(text, change_kind_name(changes->changes[i].kind));
        text_put_char(text, ' ');
        text_put_duration(text, now - changes->changes[i].at);
        text_put(text, " ago; ");
    }
}

static void put_answer(const struct deployment *deployment, const struct answer *answer,
                       struct text *text)
{
    if (answer->status != ANSWER_OK) {
        text_put(text, answer->status == ANSWER_NO_DATA ? "no data" : "failed");
        return;
    }
    switch (answer->tool) {
    case TOOL_STATE:
        put_count(text, "serving version", answer->state.serving.value);
        put_count(text, "previous", answer->state.previous.value);
        put_count(text, "registered", answer->state.registered.value);
        put_count(text, "errors", answer->state.errors);
        put_count(text, "requests", answer->state.requests);
        return;
    case TOOL_REGISTRY:
        put_count(text, "versions", answer->registry.n_versions);
        return;
    case TOOL_CHANGES:
        put_changes(&answer->changes, answer->sampled_at, text);
        return;
    case TOOL_FEATURES:
        put_features(&deployment->models[answer->model.value - 1], &answer->features, text);
        return;
    case TOOL_LABELS:
        put_count(text, "scored", answer->labels.scored);
        put_count(text, "correct", answer->labels.correct);
        put(text, "baseline error", answer->labels.baseline_error, 3);
        return;
    case TOOL_GOLDEN:
        put_count(text, "clean set", answer->golden.n);
        put_count(text, "correct", answer->golden.correct);
        return;
    case TOOL_DECISIONS:
        put_count(text, "decisions", answer->decisions.decisions);
        put_count(text, "positive", answer->decisions.positives);
        put(text, "reference rate", answer->decisions.reference_rate, 3);
        return;
    case TOOL_PLATFORM:
        put_count(text, "requests", answer->platform.requests);
        put_count(text, "errors", answer->platform.errors);
        put_count(text, "p95 microseconds", answer->platform.latency_p95_us);
        put_count(text, "replicas", answer->platform.ready_replicas);
        return;
    case TOOL_CALENDAR:
        put_count(text, "declared windows", answer->calendar.n_entries);
        return;
    case TOOL_SHADOW:
    case TOOL_TABLES:
    case TOOL_LOGS:
    case TOOL_CANARY:
    case N_TOOLS:
        return;
    }
}

static void put_window(const struct window *window, struct text *text)
{
    put_count(text, "version", window->version.value);
    put_count(text, "requests", window->requests);
    put_count(text, "errors", window->errors);
    put_count(text, "labels", window->labels_scored);
    put_count(text, "correct", window->labels_correct);
}

void exhibit_note(struct live *live, const struct event *event)
{
    bool is_window = event->kind == EVENT_WINDOW;
    if (!is_window && event->kind != EVENT_ANSWER) {
        return;
    }
    struct exhibit *exhibit = &live->exhibits[live->n_exhibits++ % EXHIBITS_MAX];
    exhibit->evidence.value = event->sequence;
    exhibit->shown.value = 0;
    exhibit->is_window = is_window;
    exhibit->tool = is_window ? TOOL_STATE : event->answer.tool;
    struct text text;
    text_init(&text, exhibit->words, sizeof(exhibit->words));
    if (is_window) {
        put_window(&event->window, &text);
    } else {
        put_answer(&live->settings.deployment, &event->answer, &text);
    }
}

static const struct exhibit *find(const struct live *live, struct evidence_id evidence)
{
    for (uint32_t i = 0; i < EXHIBITS_MAX && i < live->n_exhibits; i++) {
        if (live->exhibits[i].evidence.value == evidence.value) {
            return &live->exhibits[i];
        }
    }
    return NULL;
}

static const char *source_of(const struct exhibit *exhibit)
{
    return exhibit->is_window ? "telemetry" : tool_name(exhibit->tool);
}

void exhibit_say(struct live *live, const struct record *record)
{
    for (uint32_t i = 0; i < record->n_evidence && i < EVIDENCE_CITED_MAX; i++) {
        const struct exhibit *exhibit = find(live, record->evidence[i]);
        char line[BOARD_LINE_BYTES];
        if (exhibit != NULL && exhibit->shown.value != record->incident.value) {
            live->exhibits[exhibit - live->exhibits].shown = record->incident;
            (void)snprintf(line, sizeof(line), "evidence #%llu, %s: %s",
                           (unsigned long long)exhibit->evidence.value, source_of(exhibit),
                           exhibit->words);
            for (size_t n = strlen(line); line[n - 1] == ';' || line[n - 1] == ' '; n--) {
                line[n - 1] = '\0'; /* Every number of the words ends so, the last one too. */
            }
            board_say(live->board, record->incident, live->board->at, line);
        }
    }
}

void exhibit_prompt(const struct live *live, const struct ask_llm_effect *ask, struct text *text)
{
    struct llm_exhibit exhibits[EVIDENCE_CITED_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < ask->n_evidence && i < EVIDENCE_CITED_MAX; i++) {
        const struct exhibit *exhibit = find(live, ask->evidence[i]);
        if (exhibit != NULL) {
            exhibits[n++] = (struct llm_exhibit){.evidence = exhibit->evidence,
                                                 .tool = source_of(exhibit),
                                                 .words = slice_of(exhibit->words)};
        }
    }
    llm_prompt_write(text, &live->settings.deployment, ask, exhibits, n);
}
