/* SPDX-License-Identifier: Apache-2.0 */
/* Strict parser of LLM replies: hostile bytes in, claims or a named refusal out. Used in every world. */
#ifndef CORE_FORMATS_REPLY_H
#define CORE_FORMATS_REPLY_H

#include "core/types/reply.h"

/* The one shape accepted:
 * {"hypotheses":[{"cause":"bad_model","confidence":80,"evidence":[17,23],
 *                 "suggestion":{"action":"ROLLBACK","version":7,"subject":"<32 hex digits>"}}, ...]}
 * 1..CLAIMS_MAX hypotheses, confidence integer 0..100, at most EVIDENCE_CITED_MAX evidence ids, suggestion optional with action required in
 * it. Anything else, in it or after it, is refused whole. newest is the highest evidence id that exists. An empty object or
 * {"refusal": "..."} is REPLY_REFUSAL. */
void reply_parse(struct slice raw, uint64_t newest_evidence, struct reply *ret_reply);

#endif
