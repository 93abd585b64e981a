/* SPDX-License-Identifier: Apache-2.0 */
/* The cases and their harness: case and limit take turns five times, the medians are reported. */
#include "bench/bench.h"

#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/limits.h"
#include "core/detect/e_detector.h"
#include "core/detect/psi.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "replay/replay.h"
#include "sim/engine/engine.h"

enum {
    REPEATS = 5,
    PENDING = 100, /* Occurrences in the queue of a busy episode. */
    HOLDS = 1000000,
    EVENTS = 1000000,
    ENCODINGS = 100000,
    FRAMES = 20000,
    STARTS = 20,
    DETECTIONS = 500000,
    EPISODES = 40,          /* Of the prior mix, so that each family is drawn. */
    SHOP_HORIZON_DAYS = 300 /* Beyond the last event of the shop. */
};

struct bench {
    const struct bench_request *request;
    uint64_t *increments;
    struct engine *engine;
    struct event *event; /* A telemetry window of one model. */
    uint8_t *bytes;      /* CODEC_BYTES_MAX. */
    size_t event_bytes;
    struct settings *settings;
    struct campaign_result *result;
    volatile uint64_t sink; /* What keeps the compiler from leaving work out. */
    struct err_text *text;
};

static double seconds_of(clockid_t clock)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(clock, &now); /* Always there. */
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double cpu_s(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

/* Each case does its work once and says how many seconds it took for how many rounds. */
struct timing {
    double seconds;
    uint64_t n;
};

static enum err hold(struct bench *bench, struct timing *ret_timing)
{
    struct engine *engine = engine_init(bench->engine, INT64_MAX - 1);
    uint64_t k = 0;
    for (uint32_t i = 0; i < PENDING; i++) {
        (void)engine_at(engine, (int64_t)bench->increments[k++ % INCREMENTS],
                        (struct occurrence){.number = i});
    }
    double began = cpu_s();
    for (uint64_t i = 0; i < HOLDS; i++) {
        struct occurrence occurrence;
        bool is_there = engine_next(engine, &occurrence);
        bench->sink += is_there ? occurrence.number : 1;
        (void)engine_at(engine, engine_now(engine) + (int64_t)bench->increments[k++ % INCREMENTS],
                        occurrence);
    }
    *ret_timing = (struct timing){cpu_s() - began, HOLDS};
    return OK;
}

static enum err hold_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = cpu_s();
    bench->sink += limit_hold(bench->increments, PENDING, HOLDS);
    *ret_timing = (struct timing){cpu_s() - began, HOLDS};
    return OK;
}

/* One server with a queue through the engine's door; each event becomes a record of 64 bytes in the running fingerprint. */
static enum err audited(struct bench *bench, struct timing *ret_timing)
{
    enum { ARRIVES, LEAVES };
    struct engine *engine = engine_init(bench->engine, SHOP_HORIZON_DAYS * NS_PER_DAY);
    struct digest128 chain = fingerprint_begin_run(0, 0, 1);
    uint64_t k = 0, waiting = 0;
    (void)engine_at(engine, 1, (struct occurrence){.kind = ARRIVES});
    double began = cpu_s();
    for (uint64_t i = 0; i < EVENTS; i++) {
        struct occurrence occurrence;
        bool is_there = engine_next(engine, &occurrence);
        int64_t now = engine_now(engine);
        bool is_arrival = is_there && occurrence.kind == ARRIVES;
        bool serves = is_arrival ? waiting++ == 0 : --waiting > 0;
        if (is_arrival) {
            (void)engine_at(engine, now + (int64_t)bench->increments[k++ % INCREMENTS],
                            (struct occurrence){.kind = ARRIVES});
        }
        if (serves) {
            (void)engine_at(engine, now + (int64_t)bench->increments[k++ % INCREMENTS] / 2,
                            (struct occurrence){.kind = LEAVES});
        }
        uint64_t record[8] = {i, (uint64_t)now, occurrence.kind, waiting, k, chain.hi, 0, 0};
        chain = fingerprint_add(chain, (const uint8_t *)record, sizeof(record), NULL, 0);
    }
    *ret_timing = (struct timing){cpu_s() - began, EVENTS};
    bench->sink += chain.lo;
    return OK;
}

static enum err audited_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = cpu_s();
    bench->sink += limit_audited(bench->increments, EVENTS);
    *ret_timing = (struct timing){cpu_s() - began, EVENTS};
    return OK;
}

static enum err encode(struct bench *bench, struct timing *ret_timing)
{
    double began = cpu_s();
    for (uint64_t i = 0; i < ENCODINGS; i++) {
        bench->event->sequence = i + 1;
        bench->event_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
        bench->sink += bench->bytes[bench->event_bytes / 2];
    }
    *ret_timing = (struct timing){cpu_s() - began, ENCODINGS};
    return OK;
}

static enum err encode_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = cpu_s();
    bench->sink += limit_append(bench->event_bytes, ENCODINGS);
    *ret_timing = (struct timing){cpu_s() - began, ENCODINGS};
    return OK;
}

/* Whole episodes of the steward arm in this process, judge and fingerprint on. */
static enum err incidents(struct bench *bench, struct timing *ret_timing)
{
    struct campaign_request request = *bench->request->prior;
    request.seed = 1;
    request.runs = EPISODES;
    request.jobs = 1;
    request.mind = MIND_STEWARD;
    request.persona = -1;
    for (int arm = 0; arm < N_ARMS; arm++) {
        request.arms[arm] = arm == ARM_STEWARD;
    }
    double began = cpu_s();
    TRY(campaign_run(&request, NULL, bench->result, bench->text));
    *ret_timing = (struct timing){cpu_s() - began, EPISODES};
    return OK;
}

static enum err put_frames(struct bench *bench, struct journal *journal, struct timing *ret_timing)
{
    struct journal_run run = {.arm = "steward",
                              .mind = "steward",
                              .scenario = "bench",
                              .seed = 1,
                              .plan = {"bench", 5},
                              .settings = bench->settings};
    TRY(journal_begin(journal, &run, bench->text));
    size_t n_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    struct slice event = {(const char *)bench->bytes, n_bytes};
    double began = cpu_s();
    for (uint64_t i = 0; i < FRAMES; i++) {
        struct journal_frame frame = {.sequence = i + 1,
                                      .at = (int64_t)i,
                                      .kind = EVENT_WINDOW,
                                      .event = event,
                                      .outcome = event,
                                      .chain = {i, i}};
        TRY(journal_put(journal, &frame, bench->text));
    }
    *ret_timing = (struct timing){cpu_s() - began, FRAMES};
    return OK;
}

static enum err append(struct bench *bench, struct timing *ret_timing)
{
    char folder[] = "/tmp/steward_bench_XXXXXX", path[64];
    if (mkdtemp(folder) == NULL) {
        return err_set(bench->text, ERR_CANNOT_WRITE, "%s: cannot be made", folder);
    }
    (void)snprintf(path, sizeof(path), "%s/a.stw", folder);
    struct journal *journal = NULL;
    enum err err = journal_create(path, &journal, bench->text);
    if (err == OK) {
        err = put_frames(bench, journal, ret_timing);
        struct err_text ignored;
        enum err closed = journal_close(journal, true, &ignored);
        (void)closed; /* Thrown away. */
    }
    (void)rmdir(folder); /* Empty again. */
    return err;
}

static enum err append_limit(struct bench *bench, struct timing *ret_timing)
{
    size_t n_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    double began = cpu_s();
    bench->sink += limit_write(2 * n_bytes, FRAMES);
    *ret_timing = (struct timing){cpu_s() - began, FRAMES};
    return OK;
}

extern char **environ;

/* Wall clock: a child's start is not this process's time. Its output is thrown away. */
static enum err start(struct bench *bench, const char *program, const char *word,
                      struct timing *ret_timing)
{
    char *const arguments[] = {(char *)program, (char *)word, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return err_set(bench->text, ERR_INTERNAL, "start_up: out of memory");
    }
    (void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1,
                                           0); /* Otherwise it prints. */
    double began = seconds_of(CLOCK_MONOTONIC);
    enum err err = OK;
    for (int i = 0; i < STARTS && err == OK; i++) {
        pid_t child = 0;
        int status = 0;
        bool is_done = posix_spawn(&child, program, &actions, NULL, arguments, environ) == 0 &&
                       waitpid(child, &status, 0) == child && WIFEXITED(status) &&
                       WEXITSTATUS(status) == 0;
        err = is_done ? OK : err_set(bench->text, ERR_INTERNAL, "start_up: %s did not run", program);
    }
    *ret_timing = (struct timing){seconds_of(CLOCK_MONOTONIC) - began, STARTS};
    (void)posix_spawn_file_actions_destroy(&actions); /* Frees memory only. */
    return err;
}

static enum err start_up(struct bench *bench, struct timing *ret_timing)
{
    return start(bench, bench->request->program, "version", ret_timing);
}

static enum err start_up_limit(struct bench *bench, struct timing *ret_timing)
{
    return start(bench, "/bin/true", NULL, ret_timing);
}

static enum err psi(struct bench *bench, struct timing *ret_timing)
{
    uint32_t expected[BINS];
    double sum = 0.0;
    for (uint32_t i = 0; i < BINS; i++) {
        expected[i] = 1000000 / BINS;
    }
    double began = cpu_s();
    for (uint64_t i = 0; i < DETECTIONS; i++) {
        bench->event->window.bins[0][i % BINS]++;
        sum += psi_statistic(bench->event->window.bins[0], expected, BINS);
    }
    *ret_timing = (struct timing){cpu_s() - began, DETECTIONS};
    bench->sink += (uint64_t)sum;
    return OK;
}

static enum err psi_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = cpu_s(), sum = limit_psi(BINS, DETECTIONS);
    *ret_timing = (struct timing){cpu_s() - began, DETECTIONS};
    bench->sink += sum > 1.0 ? 1 : 0;
    return OK;
}

static enum err detector(struct bench *bench, struct timing *ret_timing)
{
    struct e_detector detector;
    e_detector_init(&detector, 0.1);
    double sum = 0.0, began = cpu_s();
    for (uint64_t i = 0; i < DETECTIONS; i++) {
        sum += e_detector_step(&detector, (uint32_t)(i & 7), 60);
    }
    *ret_timing = (struct timing){cpu_s() - began, DETECTIONS};
    bench->sink += sum > 1.0 ? 1 : 0;
    return OK;
}

static enum err detector_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = cpu_s(), sum = limit_sums(DETECTIONS);
    *ret_timing = (struct timing){cpu_s() - began, DETECTIONS};
    bench->sink += sum > 1.0 ? 1 : 0;
    return OK;
}

enum scale { NS, MS, PER_SECOND };
struct bench_case {
    const char *name, *unit;
    enum scale scale;
    enum err (*run)(struct bench *bench, struct timing *ret_timing);
    enum err (*limit)(struct bench *bench, struct timing *ret_timing); /* NULL: none. */
};

static const struct bench_case cases[] = {
    {"engine_hold", "ns", NS, hold, hold_limit},
    {"audited_events", "events/s", PER_SECOND, audited, audited_limit},
    {"encode", "ns", NS, encode, encode_limit},
    {"psi", "ns", NS, psi, psi_limit},
    {"e_detector", "ns", NS, detector, detector_limit},
    {"journal_append", "frames/s", PER_SECOND, append, append_limit},
    {"incidents_prior", "episodes/s", PER_SECOND, incidents, NULL},
    {"start_up", "ms", MS, start_up, start_up_limit},
};
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static double value_of(enum scale scale, struct timing timing)
{
    double n = (double)timing.n;
    switch (scale) {
    case NS:
        return timing.seconds * 1e9 / n;
    case MS:
        return timing.seconds * 1e3 / n;
    case PER_SECOND:
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
    double of_limit = one->scale == PER_SECOND ? bare / value : value / bare;
    json_t *object = json_pack("{s:s,s:s,s:o,s:I,s:o,s:o}", "name", one->name, "unit", one->unit,
                               "value", number(value), "n", (json_int_t)timing.n, "limit",
                               number(bare), "of_limit", number(of_limit));
    bool is_kept = json_array_append_new(results, object) == 0;
    return is_kept ? OK : err_set(bench->text, ERR_INTERNAL, "bench: out of memory");
}

static bool is_wanted(const struct bench_request *request, const struct bench_case *one)
{
    bool can_run = (one->run != start_up || request->program != NULL) &&
                   ((one->run != incidents && one->run != append) || request->prior != NULL);
    return can_run && (request->only == NULL || strstr(one->name, request->only) != NULL);
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
    bench->engine = aligned_alloc(16, (engine_size() + 15) / 16 * 16);
    bench->event = malloc(sizeof(*bench->event));
    bench->bytes = malloc(CODEC_BYTES_MAX);
    bench->settings = calloc(1, sizeof(*bench->settings));
    bench->result = malloc(sizeof(*bench->result));
    bool is_whole = bench->increments != NULL && bench->engine != NULL && bench->event != NULL &&
                    bench->bytes != NULL && bench->settings != NULL && bench->result != NULL;
    if (!is_whole) {
        return false;
    }
    limit_increments(bench->increments);
    fill_event(bench->event);
    bench->event_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    const struct campaign_request *prior = bench->request->prior;
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
    free(bench->engine);
    free(bench->event);
    free(bench->bytes);
    free(bench->settings);
    free(bench->result);
}

enum err bench_run(const struct bench_request *request, json_t **ret_result, struct err_text *ret_text)
{
    struct bench bench = {.request = request, .text = ret_text};
    json_t *results = json_array();
    enum err err = bench_open(&bench) && results != NULL
                       ? OK
                       : err_set(ret_text, ERR_INTERNAL, "bench: out of memory");
    for (int i = 0; i < CASES && err == OK; i++) {
        if (is_wanted(request, &cases[i])) {
            err = measure(&bench, &cases[i], results);
        }
    }
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
