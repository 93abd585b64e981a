/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded list of what a mind says in one step. */
#include "core/types/advice.h"

#include <string.h>

#include "core/base/assert.h"

void advice_reset(struct advice *advice)
{
    advice->n_items = 0;
    advice->n_dropped = 0;
    advice->wake_at = NEVER;
}

struct advice_item *advice_push(struct advice *advice, enum advice_kind kind)
{
    ASSERT(advice->n_items <= ADVICE_MAX);
    ASSERT((uint32_t)kind < N_ADVICE_KINDS);
    struct advice_item *item = &advice->scratch;
    if (advice->n_items < ADVICE_MAX) {
        item = &advice->items[advice->n_items++];
    } else {
        advice->n_dropped++;
    }
    memset(item, 0, sizeof(*item));
    item->kind = kind;
    return item;
}

void advice_cite(struct advice_item *item, struct evidence_id evidence)
{
    ASSERT(item->n_evidence <= EVIDENCE_CITED_MAX);
    if (evidence.value == 0 || item->n_evidence == EVIDENCE_CITED_MAX) {
        return;
    }
    for (uint32_t i = 0; i < item->n_evidence; i++) {
        if (item->evidence[i].value == evidence.value) {
            return;
        }
    }
    item->evidence[item->n_evidence++] = evidence;
}

void advice_item_visit(struct visit *visit, struct advice_item *item)
{
    VISIT_ENUM(visit, item, kind, N_ADVICE_KINDS);
    visit_u32(visit, "incident", &item->incident.value);
    visit_u16(visit, "model", &item->model.value);
    VISIT_ENUM(visit, item, symptom, N_SYMPTOMS);
    visit_i32(visit, "feature", &item->feature);
    visit_f64(visit, "value", &item->value);
    visit_f64(visit, "limit", &item->limit);
    assurance_visit(visit, &item->assurance);
    visit_u8(visit, "severity", &item->severity);
    VISIT_ENUM(visit, item, tool, N_TOOLS);
    visit_u32(visit, "question", &item->question.value);
    digest128_visit(visit, "prompt", &item->prompt);
    VISIT_ENUM(visit, item, cause, N_CAUSES);
    VISIT_ENUM(visit, item, verb, N_VERBS);
    action_args_visit(visit, "args", &item->args);
    visit_u16(visit, "plan", &item->plan);
    visit_u8(visit, "step", &item->step);
    visit_i64(visit, "until", &item->until);
    VISIT_ENUM(visit, item, reason, N_CLOSE_REASONS);
    evidence_ids_visit(visit, "evidence", &item->n_evidence, item->evidence, EVIDENCE_CITED_MAX);
}

void advice_visit(struct visit *visit, struct advice *advice)
{
    VISIT_ENUM(visit, advice, n_items, ADVICE_MAX + 1);
    for (uint32_t i = 0; i < advice->n_items; i++) {
        visit_begin(visit, "advice", (int)i);
        if (visit->reading) {
            memset(&advice->items[i], 0, sizeof(advice->items[i]));
        }
        advice_item_visit(visit, &advice->items[i]);
        visit_end(visit);
    }
    visit_u32(visit, "n_dropped", &advice->n_dropped);
    visit_i64(visit, "wake_at", &advice->wake_at);
}
