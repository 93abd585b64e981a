/* SPDX-License-Identifier: Apache-2.0 */
/* Description of an audit record for encodings. */
#include "core/types/record.h"

#include "core/types/advice.h"
#include "core/types/incident.h"

/* Four bits a layer, layer 0 lowest: fifteen fields in one. */
static void layers_visit(struct visit *visit, uint8_t layers[N_LAYERS])
{
    uint64_t packed = 0;
    for (uint32_t i = 0; i < N_LAYERS; i++) {
        packed |= (uint64_t)(layers[i] & 15u) << (4 * i);
    }
    visit_u64(visit, "layers", &packed);
    visit->failed = visit->failed || packed >> (4 * N_LAYERS) != 0;
    for (uint32_t i = 0; i < N_LAYERS; i++) {
        uint8_t layer = (uint8_t)(packed >> (4 * i) & 15u);
        visit->failed = visit->failed || layer >= N_LAYER_VERDICTS;
        if (visit->reading) {
            layers[i] = layer < N_LAYER_VERDICTS ? layer : 0;
        }
    }
}

_Static_assert(4 * N_LAYERS < 64, "the verdicts of all layers fit one word");
_Static_assert(N_LAYER_VERDICTS <= 16, "a layer's verdict fits four bits");

void record_visit(struct visit *visit, struct record *record)
{
    VISIT_ENUM(visit, record, kind, N_RECORD_KINDS);
    visit_u32(visit, "incident", &record->incident.value);
    visit_u16(visit, "model", &record->model.value);
    visit_u32(visit, "action", &record->action.value);
    visit_u16(visit, "plan", &record->plan);
    visit_u8(visit, "step", &record->step);
    VISIT_ENUM(visit, record, verb, N_VERBS);
    action_args_visit(visit, "args", &record->args);
    digest128_visit(visit, "key", &record->key);
    VISIT_ENUM(visit, record, principal, N_PRINCIPALS);
    visit_u16(visit, "person", &record->person.value);
    VISIT_ENUM(visit, record, verdict, N_VERDICTS);
    layers_visit(visit, record->layers);
    VISIT_ENUM(visit, record, refused_layer, N_LAYERS);
    VISIT_ENUM(visit, record, reason, N_REFUSALS);
    VISIT_ENUM(visit, record, cause, N_CAUSES);
    visit_u64(visit, "facts", &record->facts);
    evidence_ids_visit(visit, "evidence", &record->n_evidence, record->evidence, EVIDENCE_CITED_MAX);
    visit_u32(visit, "approval", &record->approval.value);
    visit_u32(visit, "page", &record->page.value);
    visit_u8(visit, "severity", &record->severity);
    visit_u8(visit, "level", &record->level);
    VISIT_ENUM(visit, record, recipient, N_ROLES);
    VISIT_ENUM(visit, record, advice_kind, N_ADVICE_KINDS);
    VISIT_ENUM(visit, record, incident_state, N_INCIDENT_STATES);
    VISIT_ENUM(visit, record, action_state, N_ACTION_STATES);
    visit_f64(visit, "metric", &record->metric);
    visit_f64(visit, "limit", &record->limit);
    visit_u32(visit, "n", &record->n);
    assurance_visit(visit, &record->assurance);
    visit_i64(visit, "deadline", &record->deadline);
    digest128_visit(visit, "policy", &record->policy);
    digest128_visit(visit, "mind", &record->mind);
}
