/* SPDX-License-Identifier: Apache-2.0 */
/* Folder: files answers and changes; of text it keeps only whether it tried to give orders. */
#include "core/mind/folder.h"

#include <string.h>

#include "core/base/assert.h"

void folder_init(struct folder *folder)
{
    memset(folder, 0, sizeof(*folder));
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        folder->leaves[i].asked_at = NEVER;
        folder->leaves[i].tried_at = NEVER;
    }
    for (uint32_t i = 0; i < N_CHANGE_KINDS; i++) {
        folder->changed_at[i] = NEVER;
    }
}

static void change_put(struct folder *folder, enum change_kind kind, int64_t at)
{
    if ((unsigned)kind < N_CHANGE_KINDS &&
        (folder->changed_at[kind] == NEVER || at > folder->changed_at[kind])) {
        folder->changed_at[kind] = at;
    }
}

static void content_put(struct folder *folder, const struct answer *answer,
                        struct evidence_id evidence)
{
    switch (answer->tool) {
    case TOOL_STATE:
        folder->state = answer->state;
        return;
    case TOOL_REGISTRY:
        folder->registry = answer->registry;
        return;
    case TOOL_CHANGES:
        folder->changes = answer->changes;
        for (uint32_t i = 0; i < answer->changes.n_changes && i < CHANGES_MAX; i++) {
            const struct change *change = &answer->changes.changes[i];
            bool here = change->model.value == answer->model.value || change->model.value == 0;
            if (here && change->by.value == 0) {
                change_put(folder, change->kind, change->at);
            }
        }
        return;
    case TOOL_FEATURES:
        folder->features = answer->features;
        return;
    case TOOL_LABELS:
        folder->labels = answer->labels;
        return;
    case TOOL_SHADOW:
        folder->shadow = answer->shadow;
        return;
    case TOOL_GOLDEN:
        folder->golden = answer->golden;
        return;
    case TOOL_TABLES:
        folder->tables = answer->tables;
        return;
    case TOOL_DECISIONS:
        folder->decisions = answer->decisions;
        return;
    case TOOL_PLATFORM:
        folder->platform = answer->platform;
        return;
    case TOOL_LOGS:
        if (text_is_suspicious(
                answer->logs.text)) { /* The text itself is not kept: it can tell us nothing more. */
            folder->suspicious = true;
            folder->text = evidence;
        }
        return;
    case TOOL_CALENDAR: /* The coordinator keeps the calendar of the fleet. */
    case TOOL_CANARY:   /* The warden's test decides. */
    case N_TOOLS:
        return;
    }
}

void folder_answer(struct folder *folder, const struct answer *answer, struct evidence_id evidence,
                   int64_t now)
{
    ASSERT((unsigned)answer->tool < N_TOOLS);
    struct leaf *leaf = &folder->leaves[answer->tool];
    leaf->asked_at = NEVER;
    leaf->tried_at = now;
    if (answer->status != ANSWER_OK) {
        leaf->failures = leaf->failures < UINT8_MAX ? (uint8_t)(leaf->failures + 1) : UINT8_MAX;
        return;
    }
    leaf->failures = 0;
    if (leaf->evidence.value != 0 && answer->sampled_at < leaf->sampled_at) {
        return;
    }
    leaf->evidence = evidence;
    leaf->sampled_at = answer->sampled_at;
    content_put(folder, answer, evidence);
}

void folder_change(struct folder *folder, const struct change_event *change,
                   struct evidence_id evidence)
{
    if (change->change.by.value == 0) { /* What a person did was meant; REQ S12. */
        change_put(folder, change->change.kind, change->change.at);
        folder->change = evidence;
    }
    if (text_is_suspicious(change->note)) {
        folder->suspicious = true;
        folder->text = evidence;
    }
}

bool folder_is_fresh(const struct folder *folder, enum tool tool, int64_t since)
{
    ASSERT((unsigned)tool < N_TOOLS);
    const struct leaf *leaf = &folder->leaves[tool];
    return leaf->evidence.value != 0 && leaf->sampled_at >= since;
}

const struct registry_version *folder_version(const struct folder *folder, struct version_id version)
{
    for (uint32_t i = 0; i < folder->registry.n_versions && i < VERSIONS_MAX; i++) {
        if (folder->registry.versions[i].version.value == version.value) {
            return &folder->registry.versions[i];
        }
    }
    return NULL;
}

void folder_cite(const struct folder *folder, uint64_t tools, int64_t since, struct advice_item *item)
{
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        if (((tools >> i) & 1) != 0 && folder_is_fresh(folder, (enum tool)i, since)) {
            advice_cite(item, folder->leaves[i].evidence);
        }
    }
}

void folder_recover(struct folder *folder)
{
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        folder->leaves[i].asked_at = NEVER;
    }
}

/* Text. */

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

static bool contains(struct slice text, const char *word)
{
    size_t n = slice_of(word).n_bytes;
    for (size_t i = 0; i + n <= text.n_bytes; i++) {
        size_t same = 0;
        while (same < n && lower(text.bytes[i + same]) == word[same]) {
            same++;
        }
        if (same == n) {
            return true;
        }
    }
    return false;
}

static bool contains_any(struct slice text, const char *const *words, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++) {
        if (contains(text, words[i])) {
            return true;
        }
    }
    return false;
}

bool text_is_suspicious(struct slice text)
{
    /* Telemetry reports; it neither speaks to its reader nor claims an authority. Injected instructions do one of both and name
     * something to do (research on indirect prompt injection: role tags, overrides, urgency, borrowed authority). */
    static const char *const overrides[] = {
        "ignore previous",  "ignore all",       "ignore the above", "ignore your",
        "ignore any",       "disregard",        "do not page",      "don't page",
        "do not alert",     "do not escalate",  "do not notify",    "stay silent",
        "you are now",      "you must",         "system prompt",    "new instruction",
        "instructions are", "without approval", "skip approval",    "bypass",
    };
    static const char *const voices[] = {
        "system:",  "assistant", "agent",     "llm",      "steward",   "<tool",
        "[inst",    "task:",     "important", "urgent",   "immediat",  " now",
        "please",   "approved",  "authoris",  "authoriz", "commander", "admin",
        "operator", "runbook",   "requires",  "verified",
    };
    static const char *const acts[] = {
        "promote ",  "promotion", "roll back", "rollback", "retrain",    "deploy ",
        "switch to", "disable ",  "delete ",   "restart ", "execute ",   "apply ",
        "close ",    "silence ",  "mute ",     "skip ",    "quarantine", "threshold ",
    };
    if (contains_any(text, overrides, sizeof(overrides) / sizeof(overrides[0]))) {
        return true;
    }
    return contains_any(text, acts, sizeof(acts) / sizeof(acts[0])) &&
           contains_any(text, voices, sizeof(voices) / sizeof(voices[0]));
}

static void leaf_visit(struct visit *visit, int index, struct leaf *leaf)
{
    visit_begin(visit, "leaves", index);
    visit_u64(visit, "evidence", &leaf->evidence.value);
    visit_i64(visit, "sampled_at", &leaf->sampled_at);
    visit_i64(visit, "tried_at", &leaf->tried_at);
    visit_i64(visit, "asked_at", &leaf->asked_at);
    visit_u8(visit, "failures", &leaf->failures);
    visit_end(visit);
}

/* The union of answers is described once, in the types: each part is lent to it for the visit. */
#define VISIT_PART(visit, folder, TOOL, part)                                                      \
    do {                                                                                           \
        struct answer answer_ = {.tool = TOOL, .status = ANSWER_OK, .part = (folder)->part};       \
        answer_visit((visit), #part, &answer_);                                                    \
        if ((visit)->reading && !(visit)->failed) {                                                \
            (folder)->part = answer_.part;                                                         \
        }                                                                                          \
    } while (0)

void folder_visit(struct visit *visit, struct folder *folder)
{
    visit_begin(visit, "folder", -1);
    for (int i = 0; i < N_TOOLS; i++) {
        leaf_visit(visit, i, &folder->leaves[i]);
    }
    VISIT_PART(visit, folder, TOOL_STATE, state);
    VISIT_PART(visit, folder, TOOL_REGISTRY, registry);
    VISIT_PART(visit, folder, TOOL_CHANGES, changes);
    VISIT_PART(visit, folder, TOOL_FEATURES, features);
    VISIT_PART(visit, folder, TOOL_LABELS, labels);
    VISIT_PART(visit, folder, TOOL_SHADOW, shadow);
    VISIT_PART(visit, folder, TOOL_GOLDEN, golden);
    VISIT_PART(visit, folder, TOOL_TABLES, tables);
    VISIT_PART(visit, folder, TOOL_DECISIONS, decisions);
    VISIT_PART(visit, folder, TOOL_PLATFORM, platform);
    visit_bool(visit, "suspicious", &folder->suspicious);
    visit_u64(visit, "text", &folder->text.value);
    for (uint32_t i = 0; i < N_CHANGE_KINDS; i++) {
        visit_i64(visit, "changed_at", &folder->changed_at[i]);
    }
    visit_u64(visit, "change", &folder->change.value);
    visit_end(visit);
}
