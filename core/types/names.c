/* SPDX-License-Identifier: Apache-2.0 */
/* The words: one table an enum, made from the same list as the enum wherever there is one. */
#include "core/types/names.h"

#include "core/base/assert.h"

#define X(name, ...) [VERB_##name] = #name,
static const char *const verb_words[N_VERBS] = {VERB_TABLE(X)};
#undef X
#define X(name, word) [TOOL_##name] = word,
static const char *const tool_words[N_TOOLS] = {TOOL_TABLE(X)};
#undef X
#define X(name, word) [CAUSE_##name] = word,
static const char *const cause_words[N_CAUSES] = {CAUSE_TABLE(X)};
#undef X
#define X(name, word) [FACT_##name] = word,
static const char *const fact_words[N_FACTS] = {FACT_TABLE(X)};
#undef X
#define X(name, word) [TIER_##name] = word,
static const char *const tier_words[N_TIERS] = {TIER_TABLE(X)};
#undef X
#define X(name, word) [ROLE_##name] = word,
static const char *const role_words[N_ROLES] = {ROLE_TABLE(X)};
#undef X
#define X(name, word) [VERDICT_##name] = word,
static const char *const verdict_words[N_VERDICTS] = {VERDICT_TABLE(X)};
#undef X
#define X(name, word) [EVENT_##name] = word,
static const char *const event_words[N_EVENT_KINDS] = {EVENT_TABLE(X)};
#undef X
#define X(name, word) [ADVICE_##name] = word,
static const char *const advice_words[N_ADVICE_KINDS] = {ADVICE_TABLE(X)};
#undef X
#define X(name, word) [SYMPTOM_##name] = word,
static const char *const symptom_words[N_SYMPTOMS] = {SYMPTOM_TABLE(X)};
#undef X
#define X(name, word) [EFFECT_##name] = word,
static const char *const effect_words[N_EFFECT_KINDS] = {EFFECT_TABLE(X)};
#undef X
#define X(name, word) [RECORD_##name] = word,
static const char *const record_words[N_RECORD_KINDS] = {RECORD_TABLE(X)};
#undef X
#define X(name, word) [REFUSAL_##name] = word,
static const char *const refusal_words[N_REFUSALS] = {REFUSAL_TABLE(X)};
#undef X
#define X(name, word) [PRINCIPAL_##name] = word,
static const char *const principal_words[N_PRINCIPALS] = {PRINCIPAL_TABLE(X)};
#undef X
#define X(name, word) [INCIDENT_##name] = word,
static const char *const incident_state_words[N_INCIDENT_STATES] = {INCIDENT_STATE_TABLE(X)};
#undef X
#define X(name, word) [ACTION_##name] = word,
static const char *const action_state_words[N_ACTION_STATES] = {ACTION_STATE_TABLE(X)};
#undef X
#define X(name, word) [REPLY_##name] = word,
static const char *const reply_verdict_words[N_REPLY_VERDICTS] = {REPLY_VERDICT_TABLE(X)};
#undef X
#define X(name, word) [GUARANTEE_##name] = word,
static const char *const guarantee_words[N_GUARANTEES] = {GUARANTEE_TABLE(X)};
#undef X

static const char *const change_words[N_CHANGE_KINDS] = {
    [CHANGE_MODEL] = "model",   [CHANGE_CONFIG] = "config", [CHANGE_IMAGE] = "image",
    [CHANGE_SCHEMA] = "schema", [CHANGE_DATA] = "data",
};
static const char *const control_words[N_CONTROL_KINDS] = {
    [CONTROL_HALT] = "halt",           [CONTROL_RESET] = "reset",   [CONTROL_ARM] = "arm",
    [CONTROL_HEARTBEAT] = "heartbeat", [CONTROL_DISARM] = "disarm", [CONTROL_CALENDAR] = "calendar",
    [CONTROL_WITHDRAW] = "withdraw",
};
static const char *const train_window_words[N_TRAIN_WINDOWS] = {
    [TRAIN_LAST_N] = "last_n",
    [TRAIN_POST_CHANGE] = "post_change",
    [TRAIN_PRE_CHANGE] = "pre_change",
    [TRAIN_CLEAN] = "clean",
};
static const char *const fallback_mode_words[N_FALLBACK_MODES] = {
    [FALLBACK_RULES] = "rules",
    [FALLBACK_LAST_GOOD] = "last_good",
};
static const char *const calendar_words[N_CALENDAR_KINDS] = {
    [CALENDAR_HOLIDAY] = "holiday",
    [CALENDAR_EXPERIMENT] = "experiment",
    [CALENDAR_FREEZE] = "freeze",
    [CALENDAR_MAINTENANCE] = "maintenance",
};
static const char *const layer_words[N_LAYERS] = {
    "ingress",  "schema",        "evidence",     "action",      "taint",
    "policy",   "preconditions", "budgets",      "risk",        "dry run",
    "approval", "canary",        "verification", "kill switch", "audit",
};

/* A value outside of its enum is a bug of the caller: what comes from outside was checked where it
 * came in. */
static const char *word_of(const char *const *words, uint32_t n_words, uint32_t value)
{
    ASSERT(value < n_words);
    ASSERT(words[value] != NULL);
    return words[value];
}

static bool word_find(const char *const *words, uint32_t n_words, struct slice word,
                      uint32_t *ret_value)
{
    for (uint32_t i = 0; i < n_words; i++) {
        if (slice_equal(slice_of(words[i]), word)) {
            *ret_value = i;
            return true;
        }
    }
    return false;
}

const char *verb_name(enum verb verb) { return word_of(verb_words, N_VERBS, (uint32_t)verb); }

const char *tool_name(enum tool tool) { return word_of(tool_words, N_TOOLS, (uint32_t)tool); }

const char *cause_name(enum cause cause) { return word_of(cause_words, N_CAUSES, (uint32_t)cause); }

const char *fact_name(enum fact fact) { return word_of(fact_words, N_FACTS, (uint32_t)fact); }

const char *tier_name(enum tier tier) { return word_of(tier_words, N_TIERS, (uint32_t)tier); }

const char *role_name(enum role role) { return word_of(role_words, N_ROLES, (uint32_t)role); }

const char *verdict_name(enum verdict verdict)
{
    return word_of(verdict_words, N_VERDICTS, (uint32_t)verdict);
}

const char *event_name(enum event_kind kind)
{
    return word_of(event_words, N_EVENT_KINDS, (uint32_t)kind);
}

const char *advice_name(enum advice_kind kind)
{
    return word_of(advice_words, N_ADVICE_KINDS, (uint32_t)kind);
}

const char *symptom_name(enum symptom symptom)
{
    return word_of(symptom_words, N_SYMPTOMS, (uint32_t)symptom);
}

const char *guarantee_name(enum guarantee guarantee)
{
    return word_of(guarantee_words, N_GUARANTEES, (uint32_t)guarantee);
}

const char *effect_name(enum effect_kind kind)
{
    return word_of(effect_words, N_EFFECT_KINDS, (uint32_t)kind);
}

const char *record_name(enum record_kind kind)
{
    return word_of(record_words, N_RECORD_KINDS, (uint32_t)kind);
}

const char *refusal_name(enum refusal refusal)
{
    return word_of(refusal_words, N_REFUSALS, (uint32_t)refusal);
}

const char *principal_name(enum principal principal)
{
    return word_of(principal_words, N_PRINCIPALS, (uint32_t)principal);
}

const char *incident_state_name(enum incident_state state)
{
    return word_of(incident_state_words, N_INCIDENT_STATES, (uint32_t)state);
}

const char *action_state_name(enum action_state state)
{
    return word_of(action_state_words, N_ACTION_STATES, (uint32_t)state);
}

const char *reply_verdict_name(enum reply_verdict verdict)
{
    return word_of(reply_verdict_words, N_REPLY_VERDICTS, (uint32_t)verdict);
}

const char *change_kind_name(enum change_kind kind)
{
    return word_of(change_words, N_CHANGE_KINDS, (uint32_t)kind);
}

const char *control_name(enum control_kind kind)
{
    return word_of(control_words, N_CONTROL_KINDS, (uint32_t)kind);
}

const char *train_window_name(enum train_window window)
{
    return word_of(train_window_words, N_TRAIN_WINDOWS, (uint32_t)window);
}

const char *fallback_mode_name(enum fallback_mode mode)
{
    return word_of(fallback_mode_words, N_FALLBACK_MODES, (uint32_t)mode);
}

const char *calendar_name(enum calendar_kind kind)
{
    return word_of(calendar_words, N_CALENDAR_KINDS, (uint32_t)kind);
}

const char *layer_name(uint32_t layer) { return word_of(layer_words, N_LAYERS, layer); }

bool verb_find(struct slice word, enum verb *ret_verb)
{
    uint32_t value = 0;
    if (!word_find(verb_words, N_VERBS, word, &value)) {
        return false;
    }
    *ret_verb = (enum verb)value;
    return true;
}

bool tool_find(struct slice word, enum tool *ret_tool)
{
    uint32_t value = 0;
    if (!word_find(tool_words, N_TOOLS, word, &value)) {
        return false;
    }
    *ret_tool = (enum tool)value;
    return true;
}

bool cause_find(struct slice word, enum cause *ret_cause)
{
    uint32_t value = 0;
    if (!word_find(cause_words, N_CAUSES, word, &value)) {
        return false;
    }
    *ret_cause = (enum cause)value;
    return true;
}

bool fact_find(struct slice word, enum fact *ret_fact)
{
    uint32_t value = 0;
    if (!word_find(fact_words, N_FACTS, word, &value)) {
        return false;
    }
    *ret_fact = (enum fact)value;
    return true;
}

bool tier_find(struct slice word, enum tier *ret_tier)
{
    uint32_t value = 0;
    if (!word_find(tier_words, N_TIERS, word, &value)) {
        return false;
    }
    *ret_tier = (enum tier)value;
    return true;
}

bool role_find(struct slice word, enum role *ret_role)
{
    uint32_t value = 0;
    if (!word_find(role_words, N_ROLES, word, &value)) {
        return false;
    }
    *ret_role = (enum role)value;
    return true;
}

bool verdict_find(struct slice word, enum verdict *ret_verdict)
{
    uint32_t value = 0;
    if (!word_find(verdict_words, N_VERDICTS, word, &value)) {
        return false;
    }
    *ret_verdict = (enum verdict)value;
    return true;
}
