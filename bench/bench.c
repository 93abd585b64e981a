/* SPDX-License-Identifier: Apache-2.0 */
/* The harness: case and limit take turns five times, the medians are reported. */
#include "bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/case.h"
#include "bench/limits.h"
#include "core/formats/codec.h"

enum { REPEATS = 5 };

static const struct bench_table *const tables[] = {&bench_events, &bench_detect,   &bench_journal,
                                                   &bench_seal,   &bench_episodes, &bench_start};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static double seconds_of(clockid_t clock)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(clock, &now); /* Always there. */
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double bench_cpu_s(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

double bench_wall_s(void) { return seconds_of(CLOCK_MONOTONIC); }

const struct campaign_request *bench_mix(const struct bench *bench, const char *name)
{
    for (uint32_t i = 0; i < bench->request->n_mixes; i++) {
        if (strcmp(bench->request->mixes[i].name, name) == 0) {
            return bench->request->mixes[i].request;
        }
    }
    return NULL;
}

static double value_of(enum scale scale, struct timing timing)
{
    double n = (double)timing.n;
    switch (scale) {
    case SCALE_NS:
        return timing.seconds * 1e9 / n;
    case SCALE_MS:
        return timing.seconds * 1e3 / n;
    case SCALE_PER_SECOND:
        return n / timing.seconds;
    }
    return NAN;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static enum err measure(struct bench *bench, const struct bench_case *one, json_t *results)
{
    double values[REPEATS], limits[REPEATS];
    struct timing timing = {0.0, 0}, limit = {0.0, 0};
    for (int i = 0; i < REPEATS; i++) {
        TRY(one->run(bench, &timing));
        values[i] = value_of(one->scale, timing);
        limits[i] = NAN;
        if (one->limit != NULL) {
            TRY(one->limit(bench, &limit));
            limits[i] = value_of(one->scale, limit);
        }
    }
    qsort(values, REPEATS, sizeof(values[0]), by_value);
    if (one->limit != NULL) {
        qsort(limits, REPEATS, sizeof(limits[0]), by_value);
    }
    double value = values[REPEATS / 2], bare = limits[REPEATS / 2];
    double of_limit = one->scale == SCALE_PER_SECOND ? bare / value : value / bare;
    json_t *object = json_pack("{s:s,s:s,s:o,s:I,s:o,s:o}", "name", one->name, "unit", one->unit,
                               "value", number(value), "n", (json_int_t)timing.n, "limit",
                               number(bare), "of_limit", number(of_limit));
    bool is_kept = json_array_append_new(results, object) == 0;
    return is_kept ? OK : err_set(bench->text, ERR_INTERNAL, "bench: out of memory");
}

static bool can_run(const struct bench *bench, const struct bench_case *one)
{
    return (!one->wants_program || bench->request->program != NULL) &&
           (one->mix == NULL || bench_mix(bench, one->mix) != NULL);
}

/* Cases whose name is what was asked for; then those in whose name it is. */
static enum err measure_table(struct bench *bench, const struct bench_table *table, bool whole_name,
                              json_t *results)
{
    const char *only = bench->request->only == NULL ? "" : bench->request->only;
    for (size_t i = 0; i < table->n; i++) {
        const struct bench_case *one = &table->cases[i];
        bool is_whole = strcmp(one->name, only) == 0;
        if (is_whole == whole_name && strstr(one->name, only) != NULL && can_run(bench, one)) {
            bench->now = one;
            TRY(measure(bench, one, results));
        }
    }
    return OK;
}

static enum err measure_all(struct bench *bench, json_t *results)
{
    for (size_t i = 0; i < 2 * TABLES; i++) {
        TRY(measure_table(bench, tables[i % TABLES], i < TABLES, results));
    }
    return OK;
}

static void fill_event(struct event *event)
{
    *event = (struct event){.sequence = 1, .at = NS_PER_HOUR, .kind = EVENT_WINDOW};
    struct window *window = &event->window;
    window->model.value = 1;
    window->version.value = 4;
    window->from = NS_PER_HOUR - 5 * NS_PER_MIN;
    window->to = NS_PER_HOUR;
    window->requests = 3000;
    window->positives = 1200;
    window->latency_p95_us = 21000;
    for (uint32_t f = 0; f < FEATURES_MAX; f++) {
        for (uint32_t b = 0; b < BINS; b++) {
            window->bins[f][b] = 200 + 17 * f + 5 * b;
        }
    }
    for (uint32_t b = 0; b < SCORE_BINS; b++) {
        window->score_bins[b] = 290 + b;
    }
    window->labels_scored = 2500;
    window->labels_correct = 2300;
}

static bool bench_open(struct bench *bench)
{
    bench->increments = malloc(INCREMENTS * sizeof(bench->increments[0]));
    bench->gaussian = malloc(SAMPLES * sizeof(bench->gaussian[0]));
    bench->errors = malloc(SAMPLES * sizeof(bench->errors[0]));
    bench->event = malloc(sizeof(*bench->event));
    bench->bytes = malloc(CODEC_BYTES_MAX);
    bench->settings = calloc(1, sizeof(*bench->settings));
    bool is_whole = bench->increments != NULL && bench->gaussian != NULL && bench->errors != NULL &&
                    bench->event != NULL && bench->bytes != NULL && bench->settings != NULL;
    if (!is_whole) {
        return false;
    }
    limit_increments(bench->increments);
    limit_samples(bench->gaussian, bench->errors);
    fill_event(bench->event);
    bench->event_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    const struct campaign_request *prior = bench_mix(bench, "prior");
    if (prior != NULL) {
        bench->settings->deployment = prior->deployments[0].deployment;
        bench->settings->policy = prior->policies[0].policy;
        bench->settings->seed = 1;
    }
    return true;
}

static void bench_close(struct bench *bench)
{
    free(bench->increments);
    free(bench->gaussian);
    free(bench->errors);
    free(bench->event);
    free(bench->bytes);
    free(bench->settings);
}

enum err bench_run(const struct bench_request *request, json_t **ret_result, struct err_text *ret_text)
{
    struct bench bench = {.request = request, .text = ret_text};
    json_t *results = json_array();
    enum err err = bench_open(&bench) && results != NULL
                       ? OK
                       : err_set(ret_text, ERR_INTERNAL, "bench: out of memory");
    err = err == OK ? measure_all(&bench, results) : err;
    bench_close(&bench);
    if (err == OK && json_array_size(results) == 0) {
        err = err_set(ret_text, ERR_USAGE, "option --only: no benchmark has '%s' in its name",
                      request->only);
    }
    if (err != OK) {
        json_decref(results);
        return err;
    }
    *ret_result = json_pack("{s:s,s:s,s:i,s:o}", "build", STEWARD_VERSION, "compiler",
                            STEWARD_COMPILER, "repeats", REPEATS, "results", results);
    return *ret_result != NULL ? OK : err_set(ret_text, ERR_INTERNAL, "bench: out of memory");
}
