/* SPDX-License-Identifier: Apache-2.0 */
/* Description of a parsed LLM reply for encodings. */
#include "core/types/reply.h"

static void claim_visit(struct visit *visit, struct llm_claim *claim)
{
    VISIT_ENUM(visit, claim, cause, N_CAUSES);
    visit_enum(visit, "confidence_pct", &claim->confidence_pct, sizeof(claim->confidence_pct), 101);
    evidence_ids_visit(visit, "cited", &claim->n_cited, claim->cited, EVIDENCE_CITED_MAX);
    visit_bool(visit, "suggests", &claim->suggests);
    VISIT_ENUM(visit, claim, verb, N_VERBS);
    visit_u16(visit, "target", &claim->target.value);
    digest128_visit(visit, "subject", &claim->subject);
}

void reply_event_visit(struct visit *visit, struct reply_event *reply)
{
    visit_begin(visit, "reply", -1);
    visit_u32(visit, "question", &reply->question.value);
    visit_u16(visit, "model", &reply->model.value);
    visit_enum(visit, "reply_verdict", &reply->reply.verdict, sizeof(reply->reply.verdict),
               N_REPLY_VERDICTS);
    VISIT_ENUM(visit, &reply->reply, n_claims, CLAIMS_MAX + 1);
    for (uint32_t i = 0; i < reply->reply.n_claims; i++) {
        visit_begin(visit, "claims", (int)i);
        claim_visit(visit, &reply->reply.claims[i]);
        visit_end(visit);
    }
    visit_u32(visit, "tokens", &reply->tokens);
    visit_u32(visit, "cost_microusd", &reply->cost_microusd);
    visit_slice(visit, "raw", &reply->raw, REPLY_BYTES_MAX);
    visit_end(visit);
}
