/* SPDX-License-Identifier: Apache-2.0 */
/* Prompt: the words of the one question that an incident puts to an LLM, made from typed evidence alone. */
#ifndef CORE_MIND_PROMPT_H
#define CORE_MIND_PROMPT_H

#include "core/base/text.h"
#include "core/mind/diagnosis.h"
#include "core/types/deployment.h"

enum { PROMPT_BYTES = 2048 }; /* The instructions, 22 signs and the leading causes, with room. */

/* Names and findings only; no text from outside enters. */
void prompt_write(struct text *text, const struct model_entry *model,
                  const struct diagnosis *diagnosis, const struct signs *signs);
/* Names the prompt in records. */
struct digest128 prompt_digest(const struct text *text);

#endif
