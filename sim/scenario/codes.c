/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue's grammar of right and tempting actions: "FALLBACK>RETRAIN(window=post_fault) | NOOP". */
#include "core/types/names.h"
#include "sim/scenario/scenario.h"

struct code_word {
    const char *key, *value;
};

static const struct code_word code_words[N_CODE_PREDICATES] = {
#define X(key, key_word, value, value_word) {key_word, value_word},
    CODE_TABLE(X)
#undef X
};

struct reader {
    struct slice text;
    size_t at;
};

static char peek(const struct reader *reader)
{
    return reader->at < reader->text.n_bytes ? reader->text.bytes[reader->at] : '\0';
}

static bool take(struct reader *reader, char wanted)
{
    if (peek(reader) != wanted) {
        return false;
    }
    reader->at++;
    return true;
}

static void skip_blanks(struct reader *reader)
{
    while (peek(reader) == ' ') {
        reader->at++;
    }
}

static struct slice take_word(struct reader *reader)
{
    size_t from = reader->at;
    for (char c = peek(reader); (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
         c = peek(reader)) {
        reader->at++;
    }
    return (struct slice){reader->text.bytes + from, reader->at - from};
}

/* A word that is wrong is the place, not what follows it. */
static bool take_predicate(struct reader *reader, struct code_step *step)
{
    size_t from = reader->at;
    struct slice key = take_word(reader);
    if (!take(reader, '=')) {
        return false;
    }
    struct slice value = take_word(reader);
    for (int i = 0; i < N_CODE_PREDICATES; i++) {
        bool is_it = slice_equal(key, slice_of(code_words[i].key)) &&
                     slice_equal(value, slice_of(code_words[i].value));
        if (is_it && step->n_predicates < CODE_PREDICATES_MAX) {
            step->predicates[step->n_predicates++] = (enum code_predicate)i;
            return true;
        }
    }
    reader->at = from;
    return false;
}

static bool take_step(struct reader *reader, struct code_step *step)
{
    *step = (struct code_step){.verb = N_VERBS};
    size_t from = reader->at;
    struct slice word = take_word(reader);
    enum verb verb = VERB_NOOP;
    if (verb_find(word, &verb)) {
        step->verb = verb;
    } else if (!slice_equal(word, slice_of("MUTE_ALERT"))) {
        reader->at = from;
        return false;
    }
    if (!take(reader, '(')) {
        return true;
    }
    do {
        if (!take_predicate(reader, step)) {
            return false;
        }
    } while (take(reader, ','));
    return take(reader, ')');
}

bool codes_parse(struct slice text, struct codes *ret_codes, size_t *ret_at)
{
    struct reader reader = {text, 0};
    struct codes codes = {0};
    bool is_sound = true;
    do {
        is_sound = codes.n_alternatives < CODE_ALTERNATIVES_MAX;
        struct code_alternative *alternative =
            &codes.alternatives[is_sound ? codes.n_alternatives++ : 0];
        skip_blanks(&reader);
        do {
            is_sound = is_sound && alternative->n_steps < CODE_STEPS_MAX &&
                       take_step(&reader, &alternative->steps[alternative->n_steps++]);
        } while (is_sound && take(&reader, '>'));
        skip_blanks(&reader);
    } while (is_sound && take(&reader, '|'));
    *ret_at = reader.at;
    is_sound = is_sound && reader.at == text.n_bytes;
    if (is_sound) {
        *ret_codes = codes;
    }
    return is_sound;
}
