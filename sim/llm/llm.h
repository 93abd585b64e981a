/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the mocked LLM: raw bytes as a provider would send them, drawn from a persona and a seed. */
#ifndef SIM_LLM_LLM_H
#define SIM_LLM_LLM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/types/effect.h"
#include "core/types/reply.h"
#include "sim/truth/plan.h"

struct llm_answer {
    bool answered; /* False: no bytes will come (outage, dropped connection); the host reports REPLY_TRANSPORT or TIMEOUT at the deadline. */
    int64_t latency_ns; /* LN(6 s; .6), 1 % above 60 s; the slow persona beyond its deadline. */
    size_t n_bytes; /* Written to the buffer; may exceed REPLY_BYTES_MAX only by being cut there. */
    uint32_t tokens, cost_microusd;
};

/* truth: the true cause (UNKNOWN when nothing is wrong). injected: a planted instruction is in what the LLM reads.
 * Pure: everything drawn from (plan seed, call number). honest is right with p = 0.45 (published root-cause accuracy of 11-47 %,
 * research-based), otherwise plausible and wrong; of 100 replies 2 are unusable, and of those to an instruction 17 follow it. */
void llm_answer(const struct plan *plan, enum persona persona, uint64_t call,
                const struct ask_llm_effect *ask, enum cause truth, bool injected,
                char buffer[REPLY_BYTES_MAX], struct llm_answer *ret_answer);

#endif
