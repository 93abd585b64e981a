/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded, ordered list of what the core wants done in one step. */
#include "core/types/effect.h"

#include <string.h>

#include "core/base/assert.h"

void effects_reset(struct effects *effects)
{
    effects->n_effects = 0;
    effects->wake_at = NEVER;
}

bool effects_have_room(const struct effects *effects, uint32_t n)
{
    ASSERT(effects->n_effects <= EFFECTS_MAX);
    return n <= EFFECTS_MAX - effects->n_effects;
}

struct effect *effects_push(struct effects *effects, enum effect_kind kind)
{
    ASSERT((uint32_t)kind < N_EFFECT_KINDS);
    ASSERT(effects_have_room(effects, 1));
    struct effect *effect = &effects->items[effects->n_effects++];
    memset(effect, 0, sizeof(*effect));
    effect->kind = kind;
    return effect;
}

struct record *effects_record(struct effects *effects, enum record_kind kind)
{
    ASSERT((uint32_t)kind < N_RECORD_KINDS);
    struct record *record = &effects_push(effects, EFFECT_RECORD)->record;
    record->kind = kind;
    return record;
}

static void ask_visit(struct visit *visit, struct ask_effect *ask)
{
    visit_u32(visit, "question", &ask->question.value);
    VISIT_ENUM(visit, ask, tool, N_TOOLS);
    visit_u16(visit, "model", &ask->model.value);
}

static void ask_llm_visit(struct visit *visit, struct ask_llm_effect *ask)
{
    visit_u32(visit, "question", &ask->question.value);
    visit_u32(visit, "incident", &ask->incident.value);
    visit_u16(visit, "model", &ask->model.value);
    digest128_visit(visit, "prompt", &ask->prompt);
    visit_enum(visit, "cause", &ask->leading, sizeof(ask->leading), N_CAUSES);
    evidence_ids_visit(visit, "evidence", &ask->n_evidence, ask->evidence, EVIDENCE_CITED_MAX);
    visit_i64(visit, "deadline", &ask->deadline);
}

static void act_visit(struct visit *visit, struct act_effect *act)
{
    visit_u32(visit, "action", &act->action.value);
    visit_u32(visit, "incident", &act->incident.value);
    visit_u16(visit, "plan", &act->plan);
    VISIT_ENUM(visit, act, verb, N_VERBS);
    action_args_visit(visit, "args", &act->args);
    digest128_visit(visit, "key", &act->key);
    VISIT_ENUM(visit, act, principal, N_PRINCIPALS);
    visit_u32(visit, "approval", &act->approval.value);
}

static void request_visit(struct visit *visit, struct request_effect *request)
{
    visit_u32(visit, "approval", &request->approval.value);
    visit_u32(visit, "incident", &request->incident.value);
    visit_u32(visit, "action", &request->action.value);
    digest128_visit(visit, "action_hash", &request->action_hash);
    VISIT_ENUM(visit, request, verb, N_VERBS);
    action_args_visit(visit, "args", &request->args);
    visit_u64(visit, "nonce", &request->nonce);
    visit_u32(visit, "quorum", &request->quorum);
    visit_i64(visit, "expires_at", &request->expires_at);
}

static void page_visit(struct visit *visit, struct page_effect *page)
{
    visit_u32(visit, "page", &page->page.value);
    visit_u32(visit, "incident", &page->incident.value);
    visit_u16(visit, "model", &page->model.value);
    VISIT_ENUM(visit, page, recipient, N_ROLES);
    visit_u16(visit, "person", &page->person.value);
    visit_u8(visit, "severity", &page->severity);
    visit_u8(visit, "level", &page->level);
    VISIT_ENUM(visit, page, cause, N_CAUSES);
}

static void notify_visit(struct visit *visit, struct notify_effect *notify)
{
    visit_u32(visit, "incident", &notify->incident.value);
    visit_u16(visit, "model", &notify->model.value);
    visit_u16(visit, "table", &notify->table.value);
    VISIT_ENUM(visit, notify, recipient, N_ROLES);
    visit_u16(visit, "person", &notify->person.value);
    VISIT_ENUM(visit, notify, cause, N_CAUSES);
}

static const char *const effect_parts[N_EFFECT_KINDS] = {
    [EFFECT_RECORD] = "record", [EFFECT_ASK] = "ask",   [EFFECT_ASK_LLM] = "ask_llm",
    [EFFECT_ACT] = "act",       [EFFECT_PAGE] = "page", [EFFECT_REQUEST_APPROVAL] = "request",
    [EFFECT_NOTIFY] = "notify",
};

void effect_visit(struct visit *visit, struct effect *effect)
{
    VISIT_ENUM(visit, effect, kind, N_EFFECT_KINDS);
    visit_begin(visit, effect_parts[effect->kind], -1);
    switch (effect->kind) {
    case EFFECT_RECORD:
        record_visit(visit, &effect->record);
        break;
    case EFFECT_ASK:
        ask_visit(visit, &effect->ask);
        break;
    case EFFECT_ASK_LLM:
        ask_llm_visit(visit, &effect->ask_llm);
        break;
    case EFFECT_ACT:
        act_visit(visit, &effect->act);
        break;
    case EFFECT_REQUEST_APPROVAL:
        request_visit(visit, &effect->request);
        break;
    case EFFECT_PAGE:
        page_visit(visit, &effect->page);
        break;
    case EFFECT_NOTIFY:
        notify_visit(visit, &effect->notify);
        break;
    case N_EFFECT_KINDS:
        ASSERT(effect->kind < N_EFFECT_KINDS);
        break;
    }
    visit_end(visit);
}

void effects_visit(struct visit *visit, struct effects *effects)
{
    VISIT_ENUM(visit, effects, n_effects, EFFECTS_MAX + 1);
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        visit_begin(visit, "effects", (int)i);
        if (visit->reading) {
            memset(&effects->items[i], 0, sizeof(effects->items[i]));
        }
        effect_visit(visit, &effects->items[i]);
        visit_end(visit);
    }
    visit_i64(visit, "wake_at", &effects->wake_at);
}
