/* SPDX-License-Identifier: Apache-2.0 */
/* steward detect: one detector over one column of a file or of standard input. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/detect_in.h"
#include "cli/detect_out.h"
#include "reports/reports.h"

enum { COLUMN, HEADER, NO_HEADER, DETECTOR, SET, EVALUATE, MAX_DELAY, PLOT, LIST, JSON, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [COLUMN] = {"column", "NAME",
                "column to watch, or its number from 0; needed when there are more than one"},
    [HEADER] = {"header", NULL, "the first row is a header, whatever it holds"},
    [NO_HEADER] = {"no-header", NULL, "the first row is a row; columns have numbers only"},
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
    "Defaults are those of river, so that its users get the alarms they know; see docs/detectors.md.\n"
    "Exit status: 0 watched, alarms or none; 2 wrong usage; 65 nothing to watch, or bad data or TRUTH; 66 no such file;\n"
    "69 no gnuplot; 70 out of memory; 73 the picture cannot be written; 74 reading or writing failed. The alarms are\n"
    "printed before the picture is drawn.";

enum { BASELINE_EVERY = 100 };

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

static enum err read_settings(const struct arguments *arguments, struct detection *detection,
                              struct err_text *text)
{
    detection->settings = detector_defaults(detection->kind);
    for (uint32_t i = 0; i < arguments->n_repeats; i++) {
        TRY(setting_take(detection->kind, arguments->repeats[i].value, &detection->settings, text));
    }
    const char *wrong = detector_wrong(detection->kind, &detection->settings);
    return wrong == NULL
               ? OK
               : err_set(text, ERR_USAGE, "%s: %s", detector_form(detection->kind)->name, wrong);
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

/* No alarm on a stream without a value would pass for calm. */
static enum err something_seen(const struct detection *detection, struct err_text *text)
{
    const char *column = detection->column == NULL ? "" : detection->column;
    const char *word = detection->column == NULL ? "" : ": column ";
    uint64_t n_empty = 0;
    for (int kind = CELL_MISSING; kind < N_CELL_KINDS; kind++) {
        n_empty += detection->events[kind].n;
    }
    if (detection->n == 0) {
        return err_set(text, ERR_DATA, "%.250s%s%.60s: no row after the header; nothing to watch",
                       detection->input, word, column);
    }
    if (n_empty < detection->n) {
        return OK;
    }
    return err_set(text, ERR_DATA,
                   "%.250s%s%.60s: none of %llu rows holds a finite number (%llu missing, %llu text, "
                   "%llu nan, %llu infinite); nothing to watch",
                   detection->input, word, column, (unsigned long long)detection->n,
                   (unsigned long long)detection->events[CELL_MISSING].n,
                   (unsigned long long)detection->events[CELL_TEXT].n,
                   (unsigned long long)detection->events[CELL_NAN].n,
                   (unsigned long long)detection->events[CELL_INFINITE].n);
}

static enum err judge(const char *path, const struct changes *truth, struct detection *detection,
                      struct err_text *text)
{
    uint64_t n = detection->n, n_alarms = detection->alarms.n;
    if (truth->n > 0 && truth->farthest >= n) {
        return err_set(
            text, ERR_DATA, "%.300s: line %u: a change at row %llu, but the last row is %llu", path,
            truth->farthest_line, (unsigned long long)truth->farthest, (unsigned long long)n - 1);
    }
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
                               .threshold = detection->threshold,
                               .is_two_sided = detection->kind == DETECTOR_EWMA,
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
    TRY(detector_choose(values[DETECTOR], &detection->kind, text));
    TRY(read_settings(arguments, detection, text));
    if (values[EVALUATE] != NULL) {
        struct slice bytes;
        TRY(files_read_any(files, values[EVALUATE], &bytes, text));
        TRY(truth_read(values[EVALUATE], bytes, max_delay, truth, text));
    }
    struct slice bytes;
    detection->input = is_input ? "standard input" : arguments->targets[0];
    detection->column = values[COLUMN];
    TRY(is_input ? files_read_input(files, &bytes, text)
                 : files_read_any(files, arguments->targets[0], &bytes, text));
    struct column column;
    enum column_header header = values[HEADER] != NULL      ? COLUMN_HEADER_FIRST
                                : values[NO_HEADER] != NULL ? COLUMN_HEADER_NONE
                                                            : COLUMN_HEADER_GUESSED;
    TRY(column_open(&column, detection->input, bytes, values[COLUMN], header, text));
    struct detector *detector = malloc(sizeof(*detector));
    if (detector == NULL) {
        return no_memory(text);
    }
    detector_init(detector, detection->kind, &detection->settings);
    detection->threshold = detector_threshold(detector);
    enum err err = watch(&column, detector, values[PLOT] != NULL, detection, text);
    free(detector);
    TRY(err);
    TRY(something_seen(detection, text));
    return values[EVALUATE] == NULL ? OK : judge(values[EVALUATE], truth, detection, text);
}

/* What was found is printed before anything is drawn: a picture that fails loses nothing. A write that fails is told when the program ends. */
static enum err tell(const struct arguments *arguments, const struct detection *detection,
                     const struct changes *truth, struct err_text *text)
{
    if (arguments->values[JSON] == NULL) {
        detection_text(detection);
    } else if (!detection_json(detection)) {
        return no_memory(text);
    }
    const char *path = arguments->values[PLOT];
    return path == NULL ? OK : plot(path, detection, truth, text);
}

/* Options that say nothing beside each other. */
static enum err check_together(const struct arguments *arguments, struct err_text *text)
{
    const char *const *values = arguments->values;
    if (values[LIST] != NULL) {
        for (uint32_t i = 0; i < N_OPTIONS; i++) {
            bool is_of_list = i == LIST || i == DETECTOR || i == JSON;
            if (values[i] != NULL && !is_of_list) {
                return err_set(text, ERR_USAGE, "option --list: takes no --%s", options[i].name);
            }
        }
        return arguments->n_targets == 0
                   ? OK
                   : err_set(text, ERR_USAGE, "option --list: takes no file, not '%.200s'",
                             arguments->targets[0]);
    }
    if (arguments->n_targets > 1) {
        return err_set(text, ERR_USAGE, "takes one file, not '%.200s' as well; see --help",
                       arguments->targets[1]);
    }
    if (values[DETECTOR] == NULL) {
        return err_set(text, ERR_USAGE, "wants --detector NAME; --list names them");
    }
    if (values[MAX_DELAY] != NULL && values[EVALUATE] == NULL) {
        return err_set(text, ERR_USAGE, "option --max-delay: says nothing without --evaluate TRUTH");
    }
    if (values[HEADER] != NULL && values[NO_HEADER] != NULL) {
        return err_set(text, ERR_USAGE, "options --header and --no-header: one of them");
    }
    return OK;
}

static int list(const struct arguments *arguments, struct err_text *text)
{
    const char *name = arguments->values[DETECTOR];
    enum detector_kind kind = DETECTOR_ADWIN;
    enum err err = name == NULL ? OK : detector_choose(name, &kind, text);
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
    err = err == OK ? check_together(&arguments, &text) : err;
    if (err == OK && arguments.values[LIST] != NULL) {
        return list(&arguments, &text);
    }
    struct files *files = NULL;
    struct detection detection = {0};
    struct changes truth = {0};
    err = err == OK ? files_open(&files, &text) : err;
    err = err == OK ? run(&arguments, files, &detection, &truth, &text) : err;
    err = err == OK ? tell(&arguments, &detection, &truth, &text) : err;
    int status = err == OK ? 0 : failed("detect", err, &text);
    detection_close(&detection);
    free(truth.at);
    if (files != NULL) {
        files_close(files);
    }
    return status;
}
