/* SPDX-License-Identifier: Apache-2.0 */
/* What people give to `steward detect`: a detector's name, options, and the file of real changes. */
#include "cli/detect_in.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/detect_out.h"

enum { LISTED_BYTES = 380 };

enum err detector_choose(const char *name, enum detector_kind *ret_kind, struct err_text *text)
{
    if (detector_find(name, ret_kind)) {
        return OK;
    }
    char listed[LISTED_BYTES];
    struct text words;
    text_init(&words, listed, sizeof(listed));
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        text_put(&words, kind == 0 ? "" : ", ");
        text_put(&words, detector_form((enum detector_kind)kind)->name);
    }
    return err_set(text, ERR_USAGE, "no detector '%.60s'; there are: %s", name, listed);
}

static enum err no_such_option(const struct detector_form *form, const char *name,
                               struct err_text *text)
{
    char listed[LISTED_BYTES];
    struct text words;
    text_init(&words, listed, sizeof(listed));
    for (uint32_t i = 0; i < form->n_options; i++) {
        text_put(&words, i == 0 ? "" : ", ");
        text_put(&words, form->options[i].name);
    }
    return err_set(text, ERR_USAGE, "%s has no option '%.60s'; it has: %s", form->name, name, listed);
}

/* A choice by its word; yes and no also as true, false, 1 and 0. */
static bool read_choice(const struct detector_option *option, const char *word, double *ret_value)
{
    static const char *const yes_no[][3] = {{"0", "false", "False"}, {"1", "true", "True"}};
    bool is_flag = strcmp(option->choices[0], "no") == 0;
    for (uint32_t i = 0; i < DETECTOR_CHOICES_MAX && option->choices[i] != NULL; i++) {
        bool is_it = strcmp(option->choices[i], word) == 0;
        for (uint32_t k = 0; is_flag && k < 3; k++) {
            is_it = is_it || strcmp(yes_no[i][k], word) == 0;
        }
        if (is_it) {
            *ret_value = i;
            return true;
        }
    }
    return false;
}

static enum err set_option(const struct detector_form *form, uint32_t option_i, const char *word,
                           struct detector_settings *settings, struct err_text *text)
{
    const struct detector_option *option = &form->options[option_i];
    double *value = &settings->values[option_i];
    if (option->choices[0] != NULL) {
        char listed[LISTED_BYTES];
        struct text words;
        text_init(&words, listed, sizeof(listed));
        for (uint32_t i = 0; i < DETECTOR_CHOICES_MAX && option->choices[i] != NULL; i++) {
            text_put(&words, i == 0 ? "" : ", ");
            text_put(&words, option->choices[i]);
        }
        return read_choice(option, word, value)
                   ? OK
                   : err_set(text, ERR_USAGE, "%s: option %s: '%.60s' is none of: %s", form->name,
                             option->name, word, listed);
    }
    char *end = NULL;
    double number = strtod(word, &end);
    if (end == word || *end != '\0' || !detector_takes(option, number)) {
        char lowest[32], highest[32];
        detector_value_word(option, option->lowest, lowest);
        detector_value_word(option, option->highest, highest);
        return err_set(text, ERR_USAGE, "%s: option %s: '%.60s' is not a %s from %s to %s",
                       form->name, option->name, word, option->is_whole ? "whole number" : "number",
                       lowest, highest);
    }
    *value = number;
    return OK;
}

enum err setting_take(enum detector_kind kind, const char *word, struct detector_settings *settings,
                      struct err_text *text)
{
    const struct detector_form *form = detector_form(kind);
    const char *equals = strchr(word, '=');
    char name[64];
    uint32_t option_i = 0;
    if (equals == NULL || (size_t)(equals - word) >= sizeof(name)) {
        return err_set(text, ERR_USAGE, "option --set: '%.60s' is not KEY=VALUE", word);
    }
    memcpy(name, word, (size_t)(equals - word));
    name[equals - word] = '\0';
    if (!detector_find_option(kind, name, &option_i)) {
        return no_such_option(form, name, text);
    }
    return set_option(form, option_i, equals + 1, settings, text);
}

static enum err truth_put(struct changes *truth, struct episode episode, uint32_t line,
                          struct err_text *text)
{
    if (truth->n == truth->capacity) {
        uint64_t capacity = truth->capacity == 0 ? 64 : 2 * truth->capacity;
        struct episode *at = realloc(truth->at, capacity * sizeof(*at));
        if (at == NULL) {
            return err_set(text, ERR_INTERNAL, "out of memory");
        }
        truth->at = at;
        truth->capacity = capacity;
    }
    if (truth->n == 0 || episode.from > truth->farthest) {
        truth->farthest = episode.from;
        truth->farthest_line = line;
    }
    truth->at[truth->n++] = episode;
    return OK;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) {
        at++;
    }
    return at;
}

/* A row's number at *at; false when there is none. */
static bool take_row(const char **at, const char *end, uint64_t *ret_row)
{
    const char *from = skip_blanks(*at, end);
    uint64_t row = 0;
    for (*at = from; *at < end && **at >= '0' && **at <= '9' && *at - from < 15; (*at)++) {
        row = row * 10 + (uint64_t)(**at - '0');
    }
    *ret_row = row;
    bool is_row = *at > from;
    *at = skip_blanks(*at, end);
    return is_row;
}

/* A line `first` or `first,last`; the last of a lone `first` is max_delay later. */
static bool read_episode(const char *at, const char *end, uint64_t max_delay,
                         struct episode *ret_episode)
{
    uint64_t from = 0, to = 0;
    if (!take_row(&at, end, &from)) {
        return false;
    }
    to = from + max_delay;
    if (at < end && *at == ',') {
        at++;
        if (!take_row(&at, end, &to)) {
            return false;
        }
    }
    *ret_episode = (struct episode){from, to};
    return at == end && to >= from;
}

/* One word of a header at *at, which ends at a comma, a blank or the line's end. */
static bool take_header_word(const char **at, const char *end)
{
    static const char *const words[] = {"row",  "rows",  "index", "change", "drift", "first",
                                        "last", "start", "end",   "from",   "to",    "begin"};
    const char *from = skip_blanks(*at, end);
    *at = from;
    while (*at < end && **at != ',' && **at != ' ' && **at != '\t' && **at != '\r') {
        (*at)++;
    }
    size_t n_bytes = (size_t)(*at - from);
    bool is_word = false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !is_word; i++) {
        is_word = strlen(words[i]) == n_bytes && strncasecmp(words[i], from, n_bytes) == 0;
    }
    *at = skip_blanks(*at, end);
    return is_word;
}

/* "row", or two such words with a comma between: nothing else, as a spoilt first change must not pass for a header. */
static bool is_header(const char *at, const char *end)
{
    if (!take_header_word(&at, end)) {
        return false;
    }
    if (at < end && *at == ',') {
        at++;
        return take_header_word(&at, end) && at == end;
    }
    return at == end;
}

static int by_from(const void *a, const void *b)
{
    uint64_t left = ((const struct episode *)a)->from, right = ((const struct episode *)b)->from;
    return left < right ? -1 : left > right;
}

static enum err order(const char *path, struct changes *truth, struct err_text *text)
{
    if (truth->n > 1) {
        qsort(truth->at, truth->n, sizeof(truth->at[0]), by_from);
    }
    for (uint64_t i = 1; i < truth->n; i++) {
        if (truth->at[i - 1].from == truth->at[i].from) {
            return err_set(text, ERR_DATA, "%.400s: two changes at row %llu", path,
                           (unsigned long long)truth->at[i].from);
        }
    }
    return OK;
}

enum err truth_read(const char *path, struct slice bytes, uint64_t max_delay, struct changes *truth,
                    struct err_text *text)
{
    bool is_marked = bytes.n_bytes >= 3 && memcmp(bytes.bytes, "\xef\xbb\xbf", 3) == 0;
    const char *at = bytes.bytes + (is_marked ? 3 : 0), *end = bytes.bytes + bytes.n_bytes;
    for (uint32_t line = 1; at < end; line++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = feed == NULL ? end : feed;
        struct episode episode;
        bool is_blank = skip_blanks(at, line_end) == line_end;
        if (!is_blank && !(line == 1 && is_header(at, line_end))) {
            if (!read_episode(at, line_end, max_delay, &episode)) {
                return err_set(text, ERR_DATA, "%.400s: line %u: wants `row` or `first,last`%s",
                               path, line, line == 1 ? ", as numbers or as a header" : "");
            }
            TRY(truth_put(truth, episode, line, text));
        }
        at = feed == NULL ? end : feed + 1;
    }
    return order(path, truth, text);
}
