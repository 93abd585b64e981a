/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and JSON of a detection. */
#include "cli/detect_out.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 10 }; /* Rows of a list in the text. */

void detector_value_word(const struct detector_option *option, double value, char ret_word[32])
{
    if (option->choices[0] != NULL) {
        (void)snprintf(ret_word, 32, "%s", option->choices[(int)value]);
        return;
    }
    bool is_short = option->is_whole || (floor(value) >= value && fabs(value) < 1e9);
    if (is_short) {
        (void)snprintf(ret_word, 32, "%.0f", value);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) { /* The shortest that is the same. */
        double read = 0.0;
        (void)snprintf(ret_word, 32, "%.*g", digits, value);
        if (sscanf(ret_word, "%lf", &read) == 1 && read >= value && read <= value) {
            return;
        }
    }
}

/* Endless and unknown are null. */
static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* A word of the command line: bytes that are no UTF-8 become ?. */
static json_t *word_json(const char *word)
{
    if (word == NULL) {
        return json_null();
    }
    json_t *json = json_string(word);
    char plain[512];
    size_t n_bytes = 0;
    for (; json == NULL && word[n_bytes] != '\0' && n_bytes + 1 < sizeof(plain); n_bytes++) {
        plain[n_bytes] = '?';
        if ((unsigned char)word[n_bytes] < 0x80) {
            plain[n_bytes] = word[n_bytes];
        }
    }
    plain[n_bytes] = '\0';
    return json != NULL ? json : json_string(plain);
}

static json_t *value_json(const struct detector_option *option, double value)
{
    if (option->choices[0] != NULL) {
        return json_string(option->choices[(int)value]);
    }
    return option->is_whole ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *rows_json(const struct rows *rows)
{
    json_t *array = json_array();
    for (uint64_t i = 0; i < rows->n; i++) {
        (void)json_array_append_new(array, json_integer((json_int_t)rows->at[i]));
    }
    return array;
}

static const char *event_word(enum cell_kind kind)
{
    return kind == CELL_NUMBER ? "outside" : cell_kind_word(kind);
}

static json_t *events_json(const struct detection *detection)
{
    json_t *events = json_object();
    for (int kind = N_CELL_KINDS - 1; kind >= 0; kind--) {
        const struct rows *rows = &detection->events[kind];
        json_t *one = json_object();
        (void)json_object_set_new(one, "n", json_integer((json_int_t)rows->n));
        (void)json_object_set_new(one, "rows", rows_json(rows));
        (void)json_object_set_new(events, event_word((enum cell_kind)kind), one);
    }
    return events;
}

/* Names of an evaluation's figures, for both kinds of output. */
struct figure_entry {
    const char *name;
    size_t offset;
    int decimals;
};
static const struct figure_entry figures[] = {
    {"precision", offsetof(struct evaluation, precision), 3},
    {"recall", offsetof(struct evaluation, recall), 3},
    {"episode_recall", offsetof(struct evaluation, episode_recall), 3},
    {"f1", offsetof(struct evaluation, f1), 3},
    {"mtd", offsetof(struct evaluation, mtd), 1},
    {"normalized_delay", offsetof(struct evaluation, normalized_delay), 3},
    {"mdr", offsetof(struct evaluation, mdr), 3},
    {"far", offsetof(struct evaluation, far), 3},
    {"mtfa", offsetof(struct evaluation, mtfa), 1},
    {"mtr", offsetof(struct evaluation, mtr), 2},
    {"arl", offsetof(struct evaluation, arl), 1},
    {"arl_low", offsetof(struct evaluation, arl_low), 1},
    {"arl_high", offsetof(struct evaluation, arl_high), 1},
};
enum { FIGURES = sizeof(figures) / sizeof(figures[0]) };

static double figure_of(const struct evaluation *evaluation, size_t i)
{
    double value;
    memcpy(&value, (const char *)evaluation + figures[i].offset, sizeof(value));
    return value;
}

static json_t *evaluation_json(const struct evaluation *evaluation)
{
    json_t *json = json_pack(
        "{s:I, s:I, s:I, s:I, s:I}", "alarms", (json_int_t)evaluation->n_alarms, "hits",
        (json_int_t)evaluation->n_hits, "false_alarms", (json_int_t)evaluation->n_false, "episodes",
        (json_int_t)evaluation->n_episodes, "detected", (json_int_t)evaluation->n_detected);
    for (size_t i = 0; i < FIGURES; i++) {
        (void)json_object_set_new(json, figures[i].name, number_json(figure_of(evaluation, i)));
    }
    return json;
}

static void baseline_word(const struct trivial *trivial, char ret_word[32])
{
    if (trivial->every == 0) {
        (void)snprintf(ret_word, 32, "no_change");
    } else {
        (void)snprintf(ret_word, 32, "every_%llu", (unsigned long long)trivial->every);
    }
}

static void set_evaluation(json_t *json, const struct detection *detection)
{
    json_t *baselines = json_object();
    for (size_t i = 0; i < BASELINES; i++) {
        char word[32];
        baseline_word(&detection->baselines[i], word);
        (void)json_object_set_new(baselines, word,
                                  evaluation_json(&detection->baselines[i].evaluation));
    }
    (void)json_object_set_new(json, "evaluation", evaluation_json(&detection->evaluation));
    (void)json_object_set_new(json, "baselines", baselines);
}

static bool print_json(json_t *json)
{
    bool is_made = json != NULL;
    if (is_made && json_dumpf(json, stdout, JSON_REAL_PRECISION(15)) == 0) {
        (void)fputc('\n', stdout); /* The stream remembers a failure. */
    } else if (is_made) {
        is_made = ferror(stdout) != 0; /* Not written, for which main has the reason. */
    }
    json_decref(json);
    return is_made;
}

bool detection_json(const struct detection *detection)
{
    const struct detector_form *form = detector_form(detection->kind);
    json_t *json = json_object(), *settings = json_object();
    (void)json_object_set_new(json, "detector", json_string(form->name));
    (void)json_object_set_new(json, "n", json_integer((json_int_t)detection->n));
    (void)json_object_set_new(json, "alarms", rows_json(&detection->alarms));
    (void)json_object_set_new(json, "file", word_json(detection->input));
    (void)json_object_set_new(json, "column", word_json(detection->column));
    (void)json_object_set_new(json, "warnings", rows_json(&detection->warnings));
    (void)json_object_set_new(json, "data_quality", events_json(detection));
    for (uint32_t i = 0; i < form->n_options; i++) {
        (void)json_object_set_new(settings, form->options[i].name,
                                  value_json(&form->options[i], detection->settings.values[i]));
    }
    (void)json_object_set_new(json, "settings", settings);
    if (detection->has_truth) {
        set_evaluation(json, detection);
    }
    return print_json(json);
}

static void print_rows(const char *words, const struct rows *rows)
{
    (void)printf("%-10s %llu", words, (unsigned long long)rows->n);
    for (uint64_t i = 0; i < rows->n && i < SHOWN; i++) {
        (void)printf("%s%llu", i == 0 ? ": rows " : ", ", (unsigned long long)rows->at[i]);
    }
    (void)printf("%s\n", rows->n > SHOWN ? ", ..." : "");
}

static void print_figure(double value, int decimals)
{
    if (isnan(value)) {
        (void)printf(" %15s", "-");
    } else if (isinf(value)) {
        (void)printf(" %15s", "endless");
    } else {
        (void)printf(" %15.*f", decimals, value);
    }
}

static void print_evaluation(const struct detection *detection)
{
    const struct evaluation *columns[1 + BASELINES] = {&detection->evaluation};
    (void)printf("\n%-16s %15s", "", detector_form(detection->kind)->name);
    for (size_t i = 0; i < BASELINES; i++) {
        char word[32];
        baseline_word(&detection->baselines[i], word);
        (void)printf(" %15s", word);
        columns[1 + i] = &detection->baselines[i].evaluation;
    }
    (void)printf("\n%-16s", "detected");
    for (size_t k = 0; k < 1 + BASELINES; k++) {
        char words[48];
        (void)snprintf(words, sizeof(words), "%llu of %llu",
                       (unsigned long long)columns[k]->n_detected,
                       (unsigned long long)columns[k]->n_episodes);
        (void)printf(" %15s", words);
    }
    (void)printf("\n%-16s", "false alarms");
    for (size_t k = 0; k < 1 + BASELINES; k++) {
        (void)printf(" %15llu", (unsigned long long)columns[k]->n_false);
    }
    (void)printf("\n");
    for (size_t i = 0; i < FIGURES; i++) {
        (void)printf("%-16s", figures[i].name);
        for (size_t k = 0; k < 1 + BASELINES; k++) {
            print_figure(figure_of(columns[k], i), figures[i].decimals);
        }
        (void)printf("\n");
    }
}

void detection_text(const struct detection *detection)
{
    const struct detector_form *form = detector_form(detection->kind);
    (void)printf("%s on %s%s%s, %llu rows\n", form->name, detection->input,
                 detection->column == NULL ? "" : ", column ",
                 detection->column == NULL ? "" : detection->column,
                 (unsigned long long)detection->n);
    print_rows("alarms", &detection->alarms);
    print_rows("warnings", &detection->warnings);
    for (int kind = N_CELL_KINDS - 1; kind >= 0; kind--) {
        if (detection->events[kind].n > 0) {
            print_rows(event_word((enum cell_kind)kind), &detection->events[kind]);
        }
    }
    if (detection->has_truth) {
        print_evaluation(detection);
    }
}

static const char *const range_words[] = {
    [DETECTOR_ANY] = "any", [DETECTOR_UNIT] = "0 .. 1", [DETECTOR_BINARY] = "0 or 1"};

static json_t *option_json(const struct detector_option *option)
{
    json_t *json = json_object();
    (void)json_object_set_new(json, "name", json_string(option->name));
    if (option->alias != NULL) {
        (void)json_object_set_new(json, "alias", json_string(option->alias));
    }
    (void)json_object_set_new(json, "default", value_json(option, option->fallback));
    if (option->choices[0] == NULL) {
        (void)json_object_set_new(json, "lowest", value_json(option, option->lowest));
        (void)json_object_set_new(json, "highest", value_json(option, option->highest));
        (void)json_object_set_new(json, "whole", json_boolean(option->is_whole));
    } else {
        json_t *choices = json_array();
        for (size_t i = 0; i < DETECTOR_CHOICES_MAX && option->choices[i] != NULL; i++) {
            (void)json_array_append_new(choices, json_string(option->choices[i]));
        }
        (void)json_object_set_new(json, "choices", choices);
    }
    (void)json_object_set_new(json, "meaning", json_string(option->meaning));
    return json;
}

bool detectors_json(const enum detector_kind *only)
{
    json_t *json = json_object(), *list = json_array();
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        if (only != NULL && (int)*only != kind) {
            continue;
        }
        const struct detector_form *form = detector_form((enum detector_kind)kind);
        json_t *one = json_object(), *options = json_array();
        (void)json_object_set_new(one, "name", json_string(form->name));
        (void)json_object_set_new(one, "meaning", json_string(form->meaning));
        (void)json_object_set_new(one, "defaults", json_string(form->defaults));
        (void)json_object_set_new(one, "guarantee", json_string(form->guarantee));
        (void)json_object_set_new(one, "values", json_string(range_words[form->range]));
        (void)json_object_set_new(one, "state_bytes", json_integer((json_int_t)form->state_bytes));
        for (uint32_t i = 0; i < form->n_options; i++) {
            (void)json_array_append_new(options, option_json(&form->options[i]));
        }
        (void)json_object_set_new(one, "options", options);
        (void)json_array_append_new(list, one);
    }
    (void)json_object_set_new(json, "detectors", list);
    return print_json(json);
}

static void print_option(const struct detector_option *option)
{
    char left[64], word[32];
    detector_value_word(option, option->fallback, word);
    (void)snprintf(left, sizeof(left), "%s=%s", option->name, word);
    (void)printf("  %-28s %s", left, option->meaning);
    for (size_t i = 0; i < DETECTOR_CHOICES_MAX && option->choices[i] != NULL; i++) {
        (void)printf("%s%s", i == 0 ? ": " : ", ", option->choices[i]);
    }
    (void)printf("\n");
}

void detectors_text(const enum detector_kind *only)
{
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        if (only != NULL && (int)*only != kind) {
            continue;
        }
        const struct detector_form *form = detector_form((enum detector_kind)kind);
        (void)printf("%s: %s\n  values %s, %zu bytes, defaults of %s; guarantee: %s\n", form->name,
                     form->meaning, range_words[form->range], form->state_bytes, form->defaults,
                     form->guarantee);
        for (uint32_t i = 0; i < form->n_options; i++) {
            print_option(&form->options[i]);
        }
    }
}
