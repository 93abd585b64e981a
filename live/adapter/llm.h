/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAI-compatible chat completions with structured output: one question, a deadline, bounded retries, a circuit breaker and budgets.
 * What comes back goes through core/formats/reply, as in every world. */
#ifndef LIVE_ADAPTER_LLM_H
#define LIVE_ADAPTER_LLM_H

#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/reply.h"
#include "live/adapter/exchange.h"

/* Shape of response_format. */
enum llm_dialect { LLM_OPENAI, LLM_LLAMACPP, N_LLM_DIALECTS };

struct llm_source {
    struct endpoint endpoint; /* Base such as http://127.0.0.1:8080/v1. */
    enum llm_dialect dialect;
    char model[128];
    uint32_t tokens_max; /* Of one answer; 0: 1024. */
    uint32_t tries_max;  /* 0: 3. */
    uint32_t microusd_per_1000_in, microusd_per_1000_out;
};

/* Circuit breaker and day budget, shared by all questions of a process. Zeroed is new. */
struct llm_meter {
    uint32_t failures;  /* In a row. */
    int64_t open_until; /* No call before. */
    int64_t day;        /* Of tokens. */
    uint32_t tokens;    /* Spent this day. */
    uint32_t calls, calls_failed, calls_refused;
};
enum { LLM_FAILURES_MAX = 5 };
#define LLM_OPEN_NS (INT64_C(120) * 1000000000)

/* One exhibit of the question: what an evidence id stands for, in words. Untrusted words are quoted by the writer. */
struct llm_exhibit {
    struct evidence_id evidence;
    const char *tool;
    struct slice words;
    bool untrusted;
};
/* The words of the user's message: model, hypothesis of the tables, causes, exhibits. */
void llm_prompt_write(struct text *text, const struct deployment *deployment,
                      const struct ask_llm_effect *ask, const struct llm_exhibit *exhibits,
                      uint32_t n_exhibits);

struct llm_call {
    struct exchange exchange;
    const struct llm_source *source;
    struct llm_meter *meter;
    uint32_t tokens_per_day;
    struct ask_llm_effect ask;
    uint64_t newest_evidence;
    uint32_t prompt_bytes;
    char prompt[8 * 1024];
    /* Result with DONE and FAILED alike: an event that may be delivered as it is. reply.raw points into raw. */
    struct reply_event reply;
    char raw[REPLY_BYTES_MAX];
};
/* prompt is copied. The deadline is that of the ask. newest_evidence: highest evidence id that exists. */
enum exchange_next llm_call_begin(struct llm_call *call, const struct llm_source *source,
                                  struct llm_meter *meter, const struct llm_limits *limits,
                                  const struct ask_llm_effect *ask, struct slice prompt,
                                  uint64_t newest_evidence, int64_t now_ns,
                                  struct http_request *ret_request);
enum exchange_next llm_call_take(struct llm_call *call, int64_t now_ns,
                                 const struct http_response *response,
                                 struct http_request *ret_request);
/* Also for the deadline: after it the verdict is TIMEOUT whatever is still on its way. */
enum exchange_next llm_call_timer(struct llm_call *call, int64_t now_ns,
                                  struct http_request *ret_request);

#endif
