/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as words, as an encoding and as a text for people. */
#include "sim/truth/plan.h"

#include "core/base/assert.h"
#include "core/base/prng.h"

#define X(name, word, fault) [PLAN_##name] = word,
static const char *const kind_words[N_PLAN_KINDS] = {PLAN_TABLE(X)};
#undef X
#define X(name, word, fault) [PLAN_##name] = fault,
static const bool kind_is_fault[N_PLAN_KINDS] = {PLAN_TABLE(X)};
#undef X
#define X(name, word) [PERSONA_##name] = word,
static const char *const persona_words[N_PERSONAS] = {PERSONA_TABLE(X)};
#undef X

/* How a and b of a kind read: "accuracy lost 0.08". NULL before: the kind has no such number. */
struct number_words {
    const char *before, *after;
    int decimals; /* Of more than two, zeros at the end are dropped. */
};
static const struct number_words number_words[N_PLAN_KINDS][2] = {
    [PLAN_COVARIATE_SHIFT] = {{"moves ", " sd", 2}, {"turns ", " degrees", 0}},
    [PLAN_CONCEPT_SHIFT] = {[1] = {"turns ", " degrees", 0}},
    [PLAN_UNIT_CHANGE] = {{"x ", "", 6}},
    [PLAN_NULL_BURST] = {{"nulls ", "", 2}},
    [PLAN_BAD_MODEL_PUSH] = {{"accuracy lost ", "", 2}},
    [PLAN_BAD_CONFIG_PUSH] = {{"threshold moves ", " sd", 2}},
    [PLAN_INJECTED_TEXT] = {{"text ", "", 0}},
    [PLAN_HOLIDAY] = {{"traffic x ", "", 2}, {"moves ", " sd", 2}},
    [PLAN_HARMLESS_SHIFT] = {{"moves ", " sd", 2}},
    [PLAN_DEAD_MAN] = {{"heartbeats stop after ", " s", 0}},
    [PLAN_FORGED_APPROVAL] = {{"forgery ", "", 0}},
    [PLAN_ACTION_FAILURE] = {{"probability ", "", 2}},
    [PLAN_UNKNOWN_OUTCOME] = {{"probability ", "", 2}},
    [PLAN_TELEMETRY_LATE] = {{"late by ", " s", 0}},
};

_Static_assert(PLAN_ITEMS_MAX <= 32, "sets of items are masks");

/* Index of the word, or n_words. */
static uint32_t word_find(const char *const *words, uint32_t n_words, struct slice word)
{
    for (uint32_t i = 0; i < n_words; i++) {
        if (slice_equal(slice_of(words[i]), word)) {
            return i;
        }
    }
    return n_words;
}

struct digest128 plan_token(const struct plan *plan, enum taint_channel channel)
{
    ASSERT((uint32_t)channel < N_TAINT_CHANNELS);
    struct stream stream;
    stream_init(&stream, plan->seed, "plan/token", (uint64_t)channel);
    uint64_t hi = stream_u64(&stream);
    return (struct digest128){hi, stream_u64(&stream)};
}

const char *plan_kind_name(enum plan_kind kind)
{
    ASSERT((uint32_t)kind < N_PLAN_KINDS);
    return kind_words[kind];
}

bool plan_kind_find(struct slice word, enum plan_kind *ret_kind)
{
    uint32_t i = word_find(kind_words, N_PLAN_KINDS, word);
    if (i == N_PLAN_KINDS) {
        return false;
    }
    *ret_kind = (enum plan_kind)i;
    return true;
}

bool plan_kind_is_fault(enum plan_kind kind)
{
    ASSERT((uint32_t)kind < N_PLAN_KINDS);
    return kind_is_fault[kind];
}

const char *persona_name(enum persona persona)
{
    ASSERT((uint32_t)persona < N_PERSONAS);
    return persona_words[persona];
}

bool persona_find(struct slice word, enum persona *ret_persona)
{
    uint32_t i = word_find(persona_words, N_PERSONAS, word);
    if (i == N_PERSONAS) {
        return false;
    }
    *ret_persona = (enum persona)i;
    return true;
}

static void step_visit(struct visit *visit, struct code_step *step)
{
    visit_enum(visit, "verb", &step->verb, sizeof(step->verb), CODE_MUTE_ALERT + 1);
    VISIT_ENUM(visit, step, n_predicates, CODE_PREDICATES_MAX + 1);
    for (uint32_t i = 0; i < step->n_predicates && i < CODE_PREDICATES_MAX; i++) {
        visit_enum(visit, "predicate", &step->predicates[i], sizeof(step->predicates[i]),
                   N_CODE_PREDICATES);
    }
}

static void codes_visit(struct visit *visit, const char *name, struct codes *codes)
{
    visit_begin(visit, name, -1);
    VISIT_ENUM(visit, codes, n_alternatives, CODE_ALTERNATIVES_MAX + 1);
    for (uint32_t i = 0; i < codes->n_alternatives && i < CODE_ALTERNATIVES_MAX; i++) {
        struct code_alternative *alternative = &codes->alternatives[i];
        visit_begin(visit, "alternative", (int)i);
        VISIT_ENUM(visit, alternative, n_steps, CODE_STEPS_MAX + 1);
        for (uint32_t j = 0; j < alternative->n_steps && j < CODE_STEPS_MAX; j++) {
            step_visit(visit, &alternative->steps[j]);
        }
        visit_end(visit);
    }
    visit_end(visit);
}

static void item_visit(struct visit *visit, int index, struct plan_item *item)
{
    visit_begin(visit, "item", index);
    VISIT_ENUM(visit, item, kind, N_PLAN_KINDS);
    visit_u16(visit, "model", &item->model.value);
    visit_u16(visit, "table", &item->table.value);
    visit_u32(visit, "mask", &item->mask);
    visit_i64(visit, "at", &item->at);
    visit_i64(visit, "until", &item->until);
    visit_f64(visit, "a", &item->a);
    visit_f64(visit, "b", &item->b);
    visit_end(visit);
}

void plan_visit(struct visit *visit, struct plan *plan)
{
    visit_begin(visit, "plan", -1);
    visit_u64(visit, "seed", &plan->seed);
    visit_chars(visit, "scenario", plan->scenario, sizeof(plan->scenario));
    visit_chars(visit, "family", plan->family, sizeof(plan->family));
    visit_chars(visit, "carrier", plan->carrier, sizeof(plan->carrier));
    visit_chars(visit, "policy", plan->policy, sizeof(plan->policy));
    visit_bool(visit, "true_incident", &plan->true_incident);
    visit_bool(visit, "must_escalate", &plan->must_escalate);
    codes_visit(visit, "correct", &plan->correct);
    codes_visit(visit, "bait", &plan->bait);
    visit_i64(visit, "horizon", &plan->horizon_ns);
    visit_u32(visit, "start_minute", &plan->start_minute);
    VISIT_ENUM(visit, plan, persona, N_PERSONAS);
    visit_u16(visit, "model", &plan->model.value);
    visit_enum(visit, "main_item", &plan->main_item, sizeof(plan->main_item), PLAN_ITEMS_MAX);
    VISIT_ENUM(visit, plan, n_items, PLAN_ITEMS_MAX + 1);
    for (uint32_t i = 0; i < plan->n_items && i < PLAN_ITEMS_MAX; i++) {
        item_visit(visit, (int)i, &plan->items[i]);
    }
    visit_end(visit);
}

static void put_features(const struct model_entry *model, uint32_t mask, struct text *text)
{
    for (uint32_t i = 0; i < model->n_features; i++) {
        if ((mask >> i & 1u) != 0) {
            text_put_char(text, '.');
            text_put(text, model->features[i].name);
        }
    }
}

static void put_number(const struct number_words *words, double value, struct text *text)
{
    text_put(text, words->before);
    text_put_fixed(text, value, words->decimals);
    while (words->decimals > 2 && text->bytes[text->n_bytes - 1] == '0') {
        text->bytes[--text->n_bytes] = '\0';
    }
    if (words->decimals > 2 && text->bytes[text->n_bytes - 1] == '.') {
        text->bytes[--text->n_bytes] = '\0';
    }
    text_put(text, words->after);
}

/* ": moves 1.20 sd, turns 24 degrees", or nothing. */
static void put_numbers(const struct plan_item *item, struct text *text)
{
    if (item->kind == PLAN_CRASH) {
        text_put(text, item->b < 0.5 ? ": before act " : ": after act ");
        text_put_u64(text, (uint64_t)item->a);
        return;
    }
    const struct number_words *a = &number_words[item->kind][0], *b = &number_words[item->kind][1];
    /* These are used as whole numbers. */
    bool is_index = item->kind == PLAN_FORGED_APPROVAL || item->kind == PLAN_INJECTED_TEXT;
    if (a->before != NULL) {
        text_put(text, ": ");
        put_number(a, is_index ? (double)(uint64_t)item->a : item->a, text);
    }
    if (b->before != NULL) {
        text_put(text, a->before == NULL ? ": " : ", ");
        put_number(b, item->b, text);
    }
}

static void put_item(const struct plan_item *item, const struct deployment *deployment,
                     struct text *text)
{
    text_put(text, "  ");
    text_put_clock(text, item->at);
    text_put_char(text, ' ');
    text_put(text, plan_kind_name(item->kind));
    const struct model_entry *model = deployment_model(deployment, item->model);
    text_put(text, " on ");
    text_put(text, model == NULL ? "the fleet" : model->name);
    if (model != NULL) {
        put_features(model, item->mask, text);
    }
    bool has_table = item->table.value >= 1 && item->table.value <= deployment->n_tables;
    if (has_table) {
        text_put(text, " from ");
        text_put(text, deployment->tables[item->table.value - 1].name);
    }
    put_numbers(item, text);
    if (item->until != NEVER) {
        text_put(text, ", until ");
        text_put_clock(text, item->until);
    }
    text_put_char(text, '\n');
}

void plan_text(const struct plan *plan, const struct deployment *deployment, struct text *text)
{
    text_put(text, plan->scenario);
    text_put(text, " seed ");
    text_put_u64(text, plan->seed);
    const struct model_entry *model = deployment_model(deployment, plan->model);
    if (model != NULL) {
        text_put(text, " on ");
        text_put(text, model->name);
    }
    text_put_char(text, '\n');
    for (uint32_t i = 0; i < plan->n_items; i++) {
        put_item(&plan->items[i], deployment, text);
    }
}
