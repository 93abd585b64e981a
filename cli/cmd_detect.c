/* SPDX-License-Identifier: Apache-2.0 */
/* steward detect: one detector over one column of a file or of standard input. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/detect_out.h"
#include "reports/reports.h"

enum { COLUMN, DETECTOR, SET, EVALUATE, MAX_DELAY, PLOT, LIST, JSON, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [COLUMN] = {"column", "NAME",
                "column to watch, or its number from 0; needed when there are more than one"},
    [DETECTOR] = {"detector", "NAME", "what watches it; --list names them"},
    [SET] = {"set", "KEY=VALUE...", "an option of the detector; may be given more than once"},
    [EVALUATE] = {"evaluate", "TRUTH",
                  "judge the alarms: a line `row` or `first,last` for each real change"},
    [MAX_DELAY] = {"max-delay", "ROWS",
                   "an alarm later than this after a change is false (default: until the next change)"},
    [PLOT] = {"plot", "FILE", "draw stream, alarms and statistic as SVG (needs gnuplot)"},
    [LIST] = {"list", NULL, "name every detector with its options, or the one of --detector"},
    [JSON] = {"json", NULL, "machine-readable result"},
};

static const char usage[] =
    "steward detect [CSV|-] [--column NAME] --detector NAME [--set KEY=VALUE]... [options]";
static const char about[] =
    "Feeds the rows of a column to a drift detector and prints the rows, from 0, at which it alarms. Without a file, or\n"
    "with -, standard input is read. Rows without a finite number are listed and not shown to the detector, but count.\n"
    "Defaults are those of river, so that its users get the alarms they know; see docs/detectors.md.";

enum { BASELINE_EVERY = 100, LISTED_BYTES = 380 };

static enum err no_memory(struct err_text *text)
{
    return err_set(text, ERR_INTERNAL, "out of memory");
}

static enum err rows_put(struct rows *rows, uint64_t row, struct err_text *text)
{
    if (rows->n == rows->capacity) {
        uint64_t capacity = rows->capacity == 0 ? 64 : 2 * rows->capacity;
        uint64_t *at = realloc(rows->at, capacity * sizeof(*at));
        if (at == NULL) {
            return no_memory(text);
        }
        rows->at = at;
        rows->capacity = capacity;
    }
    rows->at[rows->n++] = row;
    return OK;
}

static enum err choose_detector(const char *name, enum detector_kind *ret_kind, struct err_text *text)
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

static enum err read_settings(const struct arguments *arguments, struct detection *detection,
                              struct err_text *text)
{
    const struct detector_form *form = detector_form(detection->kind);
    detection->settings = detector_defaults(detection->kind);
    for (uint32_t i = 0; i < arguments->n_repeats; i++) {
        const char *word = arguments->repeats[i].value, *equals = strchr(word, '=');
        char name[64];
        uint32_t option_i = 0;
        if (equals == NULL || (size_t)(equals - word) >= sizeof(name)) {
            return err_set(text, ERR_USAGE, "option --set: '%.60s' is not KEY=VALUE", word);
        }
        memcpy(name, word, (size_t)(equals - word));
        name[equals - word] = '\0';
        if (!detector_find_option(detection->kind, name, &option_i)) {
            return no_such_option(form, name, text);
        }
        TRY(set_option(form, option_i, equals + 1, &detection->settings, text));
    }
    const char *wrong = detector_wrong(detection->kind, &detection->settings);
    return wrong == NULL ? OK : err_set(text, ERR_USAGE, "%s: %s", form->name, wrong);
}

static enum err keep_for_plot(struct detection *detection, double value, double statistic,
                              struct err_text *text)
{
    if (detection->n == detection->capacity) {
        uint64_t capacity = detection->capacity == 0 ? 4096 : 2 * detection->capacity;
        double *values = realloc(detection->values, capacity * sizeof(double));
        detection->values = values != NULL ? values : detection->values;
        double *statistics = realloc(detection->statistics, capacity * sizeof(double));
        detection->statistics = statistics != NULL ? statistics : detection->statistics;
        if (values == NULL || statistics == NULL) {
            return no_memory(text);
        }
        detection->capacity = capacity;
    }
    detection->values[detection->n] = value;
    detection->statistics[detection->n] = statistic;
    return OK;
}

static bool is_outside(enum detector_range range, double value)
{
    bool is_end = (value >= 0.0 && value <= 0.0) || (value >= 1.0 && value <= 1.0);
    bool is_inside = value >= 0.0 && value <= 1.0;
    return range == DETECTOR_BINARY ? !is_end : range == DETECTOR_UNIT && !is_inside;
}

/* What a detector is made for; the e-detectors say it by options. */
static bool is_out_of_range(const struct detection *detection, double value)
{
    uint32_t lo = 0, hi = 0;
    bool has_bounds = detector_find_option(detection->kind, "lo", &lo) &&
                      detector_find_option(detection->kind, "hi", &hi);
    if (has_bounds) {
        return value < detection->settings.values[lo] || value > detection->settings.values[hi];
    }
    return is_outside(detector_form(detection->kind)->range, value);
}

static enum err put_signal(struct detection *detection, enum detect_signal signal, bool *has_warned,
                           struct err_text *text)
{
    if (signal == DETECT_DRIFT) {
        *has_warned = false;
        return rows_put(&detection->alarms, detection->n, text);
    }
    if (signal == DETECT_WARNING && !*has_warned) {
        *has_warned = true;
        return rows_put(&detection->warnings, detection->n, text);
    }
    return OK;
}

static enum err watch(struct column *column, struct detector *detector, bool keeps,
                      struct detection *detection, struct err_text *text)
{
    bool has_row = true, has_warned = false;
    for (;; detection->n++) {
        enum cell_kind kind = CELL_MISSING;
        double value = 0.0;
        TRY(column_next(column, &has_row, &kind, &value));
        if (!has_row) {
            return OK;
        }
        bool is_number = kind == CELL_NUMBER;
        if (is_number) {
            TRY(put_signal(detection, detector_step(detector, value), &has_warned, text));
        }
        if (!is_number || is_out_of_range(detection, value)) {
            TRY(rows_put(&detection->events[kind], detection->n, text));
        }
        if (keeps) {
            TRY(keep_for_plot(detection, is_number ? value : NAN,
                              is_number ? detector_statistic(detector) : NAN, text));
        }
    }
}

/* Changes as read, growing. */
struct changes {
    struct episode *at;
    uint64_t n, capacity;
};

static enum err truth_put(struct changes *truth, struct episode episode, struct err_text *text)
{
    if (truth->n == truth->capacity) {
        uint64_t capacity = truth->capacity == 0 ? 64 : 2 * truth->capacity;
        struct episode *at = realloc(truth->at, capacity * sizeof(*at));
        if (at == NULL) {
            return no_memory(text);
        }
        truth->at = at;
        truth->capacity = capacity;
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

/* Blank lines and a header are passed over. */
static enum err read_truth(const char *path, struct slice bytes, uint64_t max_delay,
                           struct changes *truth, struct err_text *text)
{
    const char *at = bytes.bytes, *end = bytes.bytes + bytes.n_bytes;
    for (uint32_t line = 1; at < end; line++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = feed == NULL ? end : feed;
        const char *first = skip_blanks(at, line_end);
        bool is_header = line == 1 && first < line_end && (*first < '0' || *first > '9');
        struct episode episode;
        if (first < line_end && !is_header) {
            if (!read_episode(at, line_end, max_delay, &episode)) {
                return err_set(text, ERR_DATA, "%.400s: line %u: wants `row` or `first,last`", path,
                               line);
            }
            TRY(truth_put(truth, episode, text));
        }
        at = feed == NULL ? end : feed + 1;
    }
    return OK;
}

static int by_from(const void *a, const void *b)
{
    uint64_t left = ((const struct episode *)a)->from, right = ((const struct episode *)b)->from;
    return left < right ? -1 : left > right;
}

static enum err judge(const char *path, const struct changes *truth, struct detection *detection,
                      struct err_text *text)
{
    for (uint64_t i = 1; i < truth->n; i++) {
        if (truth->at[i - 1].from == truth->at[i].from) {
            return err_set(text, ERR_DATA, "%.400s: two changes at row %llu", path,
                           (unsigned long long)truth->at[i].from);
        }
    }
    uint64_t n = detection->n, n_alarms = detection->alarms.n;
    detection->has_truth = true;
    detection->evaluation = evaluate(n, detection->alarms.at, n_alarms, truth->at, truth->n);
    uint64_t as_many = n_alarms == 0 ? 0 : n / n_alarms;
    uint64_t every[BASELINES] = {0, BASELINE_EVERY, as_many};
    for (size_t i = 0; i < BASELINES; i++) {
        uint64_t effective = every[i] == 0 ? n + 1 : every[i];
        detection->baselines[i].every = every[i];
        detection->baselines[i].evaluation = evaluate_periodic(n, effective, truth->at, truth->n);
    }
    return OK;
}

static enum err plot(const char *path, const struct detection *detection,
                     const struct changes *truth, struct err_text *text)
{
    const struct detector_form *form = detector_form(detection->kind);
    struct stream_plot plot = {.detector = form->name,
                               .column = detection->column == NULL ? "value" : detection->column,
                               .n = detection->n,
                               .values = detection->values,
                               .statistics = detection->statistics,
                               .alarms = detection->alarms.at,
                               .n_alarms = detection->alarms.n,
                               .warnings = detection->warnings.at,
                               .n_warnings = detection->warnings.n,
                               .episodes = truth->at,
                               .n_episodes = truth->n};
    return report_stream_plot(&plot, path, text);
}

static enum err run(const struct arguments *arguments, struct files *files,
                    struct detection *detection, struct changes *truth, struct err_text *text)
{
    const char *const *values = arguments->values;
    bool is_input = arguments->n_targets == 0 || strcmp(arguments->targets[0], "-") == 0;
    uint64_t max_delay = UINT32_MAX;
    TRY(arguments_number(values[MAX_DELAY], "max-delay", 0, UINT32_MAX, &max_delay, text));
    TRY(choose_detector(values[DETECTOR], &detection->kind, text));
    TRY(read_settings(arguments, detection, text));
    if (values[EVALUATE] != NULL) {
        struct slice bytes;
        TRY(files_read(files, values[EVALUATE], &bytes, text));
        TRY(read_truth(values[EVALUATE], bytes, max_delay, truth, text));
        qsort(truth->at, truth->n, sizeof(truth->at[0]), by_from);
    }
    struct slice bytes;
    detection->input = is_input ? "standard input" : arguments->targets[0];
    detection->column = values[COLUMN];
    TRY(is_input ? files_read_input(files, &bytes, text)
                 : files_read(files, arguments->targets[0], &bytes, text));
    struct column column;
    TRY(column_open(&column, detection->input, bytes, values[COLUMN], text));
    struct detector *detector = malloc(sizeof(*detector));
    if (detector == NULL) {
        return no_memory(text);
    }
    detector_init(detector, detection->kind, &detection->settings);
    enum err err = watch(&column, detector, values[PLOT] != NULL, detection, text);
    free(detector);
    TRY(err);
    if (values[EVALUATE] != NULL) {
        TRY(judge(values[EVALUATE], truth, detection, text));
    }
    return values[PLOT] == NULL ? OK : plot(values[PLOT], detection, truth, text);
}

static int list(const struct arguments *arguments, struct err_text *text)
{
    const char *name = arguments->values[DETECTOR];
    enum detector_kind kind = DETECTOR_ADWIN;
    enum err err = name == NULL ? OK : choose_detector(name, &kind, text);
    if (err != OK) {
        return failed("detect", err, text);
    }
    if (arguments->values[JSON] == NULL) {
        detectors_text(name == NULL ? NULL : &kind);
    } else if (!detectors_json(name == NULL ? NULL : &kind)) {
        return failed("detect", err_set(text, ERR_INTERNAL, "out of memory"), text);
    }
    return 0;
}

static void detection_close(struct detection *detection)
{
    free(detection->values);
    free(detection->statistics);
    free(detection->alarms.at);
    free(detection->warnings.at);
    for (int kind = 0; kind < N_CELL_KINDS; kind++) {
        free(detection->events[kind].at);
    }
}

int cmd_detect(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &arguments, &text);
    if (err == OK && arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    if (err == OK && arguments.n_targets > 1) {
        err = err_set(&text, ERR_USAGE, "takes one file, not '%s' as well; see --help",
                      arguments.targets[1]);
    }
    if (err == OK && arguments.values[LIST] != NULL) {
        return list(&arguments, &text);
    }
    if (err == OK && arguments.values[DETECTOR] == NULL) {
        err = err_set(&text, ERR_USAGE, "wants --detector NAME; --list names them");
    }
    struct files *files = NULL;
    struct detection detection = {0};
    struct changes truth = {0};
    err = err == OK ? files_open(&files, &text) : err;
    err = err == OK ? run(&arguments, files, &detection, &truth, &text) : err;
    if (err == OK && arguments.values[JSON] == NULL) {
        detection_text(&detection);
    } else if (err == OK && !detection_json(&detection)) {
        err = err_set(&text, ERR_INTERNAL, "standard output: writing failed or out of memory");
    }
    int status = err == OK ? 0 : failed("detect", err, &text);
    detection_close(&detection);
    free(truth.at);
    if (files != NULL) {
        files_close(files);
    }
    return status;
}
