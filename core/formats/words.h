/* SPDX-License-Identifier: Apache-2.0 */
/* Words of the enums in YAML files: one word, or a list of words as bits. */
#ifndef CORE_FORMATS_WORDS_H
#define CORE_FORMATS_WORDS_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/formats/yaml.h"

/* The words of one enum. */
struct words {
    const char *what; /* "verb". */
    uint32_t n;
    const char *(*name)(uint32_t value);
};

extern const struct words words_facts, words_roles, words_tiers, words_tools, words_verbs,
    words_verdicts;

/* Fails with "unknown WHAT 'x'; accepted: a, b, c". */
enum err word_to_value(const struct yaml *yaml, const struct yaml_node *node,
                       const struct words *words, uint32_t *ret_value,
                       struct err_text *ret_text) MUST_USE;
/* A list, which may be empty, of words that differ: bits 1 << value. */
enum err words_to_bits(const struct yaml *yaml, const struct yaml_node *node,
                       const struct words *words, uint64_t *ret_bits,
                       struct err_text *ret_text) MUST_USE;

#endif
