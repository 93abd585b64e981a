/* SPDX-License-Identifier: Apache-2.0 */
/* Prompt: instructions, what was seen and not seen, and the leading hypotheses of the tables. */
#include "core/mind/prompt.h"

#include "core/base/assert.h"
#include "core/types/names.h"

static const char *const instructions =
    "You are asked for hypotheses about an incident of a machine learning model. Prompt 1.\n"
    "Answer with one JSON object: {\"hypotheses\":[{\"cause\":C,\"confidence\":0..100,\"evidence\":[ids]}]},\n"
    "at most four, best first, C one of the causes listed, nothing outside the object.\n";

static void put_signs(struct text *text, const struct signs *signs, enum sign_state state,
                      const char *heading)
{
    text_put(text, heading);
    for (uint32_t i = 0; i < N_SIGNS; i++) {
        if (signs->states[i] == (uint8_t)state) {
            text_put_char(text, ' ');
            text_put(text, sign_name((enum sign)i));
        }
    }
    text_put_char(text, '\n');
}

void prompt_write(struct text *text, const struct model_entry *model,
                  const struct diagnosis *diagnosis, const struct signs *signs)
{
    text_put(text, instructions);
    text_put(text, "Model: ");
    text_put(text, model->name);
    text_put(text, "\nCauses:");
    for (uint32_t i = 0; i < N_CAUSES; i++) {
        text_put_char(text, ' ');
        text_put(text, cause_name((enum cause)i));
    }
    text_put_char(text, '\n');
    put_signs(text, signs, SIGN_PRESENT, "Seen:");
    put_signs(text, signs, SIGN_ABSENT, "Looked for and not seen:");
    text_put(text, "Tables say: ");
    text_put(text, cause_name(diagnosis->leading));
    text_put_char(text, ' ');
    text_put_fixed(text, diagnosis->posterior[diagnosis->leading], 2);
    text_put(text, ", ");
    text_put(text, cause_name(diagnosis->second));
    text_put_char(text, ' ');
    text_put_fixed(text, diagnosis->posterior[diagnosis->second], 2);
    text_put_char(text, '\n');
    ASSERT(!text->truncated);
}

struct digest128 prompt_digest(const struct text *text)
{
    struct slice words = {text->bytes, text->n_bytes};
    struct visit_digest digest;
    visit_digest_init(&digest);
    visit_slice(&digest.visit, "prompt", &words, PROMPT_BYTES);
    return visit_digest_close(&digest);
}
