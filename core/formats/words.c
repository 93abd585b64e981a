/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the enums in YAML files, with the accepted ones in every refusal. */
#include "core/formats/words.h"

#include "core/types/names.h"

enum { ACCEPTED_BYTES = 360, WORD_BYTES = 32 };

static const char *fact_word(uint32_t value) { return fact_name((enum fact)value); }
static const char *role_word(uint32_t value) { return role_name((enum role)value); }
static const char *tier_word(uint32_t value) { return tier_name((enum tier)value); }
static const char *tool_word(uint32_t value) { return tool_name((enum tool)value); }
static const char *verb_word(uint32_t value) { return verb_name((enum verb)value); }
static const char *verdict_word(uint32_t value) { return verdict_name((enum verdict)value); }

const struct words words_facts = {"fact", N_FACTS, fact_word};
const struct words words_roles = {"role", N_ROLES, role_word};
const struct words words_tiers = {"tier", N_TIERS, tier_word};
const struct words words_tools = {"tool", N_TOOLS, tool_word};
const struct words words_verbs = {"verb", N_VERBS, verb_word};
const struct words words_verdicts = {"verdict", N_VERDICTS, verdict_word};

enum err word_to_value(const struct yaml *yaml, const struct yaml_node *node,
                       const struct words *words, uint32_t *ret_value, struct err_text *ret_text)
{
    char word[WORD_BYTES];
    TRY(yaml_to_chars(yaml, node, word, sizeof(word), ret_text));
    char accepted[ACCEPTED_BYTES];
    struct text text;
    text_init(&text, accepted, sizeof(accepted));
    for (uint32_t i = 0; i < words->n; i++) {
        if (slice_equal(slice_of(word), slice_of(words->name(i)))) {
            *ret_value = i;
            return OK;
        }
        text_put(&text, i == 0 ? "" : ", ");
        text_put(&text, words->name(i));
    }
    return yaml_error(yaml, node, ret_text, "unknown %s '%s'; accepted: %s", words->what, word,
                      accepted);
}

enum err words_to_bits(const struct yaml *yaml, const struct yaml_node *node,
                       const struct words *words, uint64_t *ret_bits, struct err_text *ret_text)
{
    if (node->kind != YAML_LIST) {
        return yaml_error(yaml, node, ret_text, "'%.*s': expected a list of words: [a, b]",
                          (int)node->key.n_bytes, node->key.bytes);
    }
    uint64_t bits = 0;
    for (const struct yaml_node *entry = node->first_child; entry != NULL; entry = entry->next) {
        uint32_t value = 0;
        TRY(word_to_value(yaml, entry, words, &value, ret_text));
        if ((bits >> value & 1u) != 0) {
            return yaml_error(yaml, entry, ret_text, "%s '%s' is listed twice", words->what,
                              words->name(value));
        }
        bits |= UINT64_C(1) << value;
    }
    *ret_bits = bits;
    return OK;
}
