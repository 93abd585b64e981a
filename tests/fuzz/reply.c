/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an LLM reply: a verdict comes out, and only a valid reply has claims, all of them in
 * range. */
#include "core/base/assert.h"
#include "core/formats/reply.h"
#include "tests/fuzz/fuzz.h"

enum { NEWEST = 1000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct reply reply;
    reply_parse((struct slice){(const char *)bytes, n_bytes}, NEWEST, &reply);
    ASSERT((uint32_t)reply.verdict < N_REPLY_VERDICTS);
    ASSERT(reply.n_claims <= CLAIMS_MAX);
    ASSERT((reply.n_claims > 0) == (reply.verdict == REPLY_VALID));
    for (uint32_t i = 0; i < reply.n_claims; i++) {
        const struct llm_claim *claim = &reply.claims[i];
        ASSERT((uint32_t)claim->cause < N_CAUSES);
        ASSERT((uint32_t)claim->verb < N_VERBS);
        ASSERT(claim->confidence_pct <= 100);
        ASSERT(claim->n_cited <= EVIDENCE_CITED_MAX);
        for (uint32_t cited_i = 0; cited_i < claim->n_cited; cited_i++) {
            ASSERT(claim->cited[cited_i].value >= 1);
            ASSERT(claim->cited[cited_i].value <= NEWEST);
        }
    }
    return 0;
}
