/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of detection: one window or one observation through a detector. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/case.h"
#include "bench/limits.h"
#include "core/base/dmath.h"
#include "core/detect/adwin.h"
#include "core/detect/bank.h"
#include "core/detect/detector.h"
#include "core/detect/e_detector.h"
#include "core/detect/iks.h"
#include "core/detect/ks.h"
#include "core/detect/kswin.h"
#include "core/detect/psi.h"

enum { DETECTIONS = 500000 };

static enum err psi(struct bench *bench, struct timing *ret_timing)
{
    uint32_t expected[BINS];
    double sum = 0.0;
    for (uint32_t i = 0; i < BINS; i++) {
        expected[i] = 1000000 / BINS;
    }
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < DETECTIONS; i++) {
        bench->event->window.bins[0][i % BINS]++;
        sum += psi_statistic(bench->event->window.bins[0], expected, BINS);
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, DETECTIONS};
    bench->sink += (uint64_t)sum;
    return OK;
}

static enum err psi_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s(), sum = limit_psi(BINS, DETECTIONS);
    *ret_timing = (struct timing){bench_cpu_s() - began, DETECTIONS};
    bench->sink += sum > 1.0 ? 1 : 0;
    return OK;
}

static enum err detector(struct bench *bench, struct timing *ret_timing)
{
    struct e_detector detector;
    e_detector_init(&detector, 0.1);
    double sum = 0.0, began = bench_cpu_s();
    for (uint64_t i = 0; i < DETECTIONS; i++) {
        sum += e_detector_step(&detector, (uint32_t)(i & 7), 60, 1e4);
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, DETECTIONS};
    bench->sink += sum > 1.0 ? 1 : 0;
    return OK;
}

static enum err detector_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s(), sum = limit_sums(DETECTIONS);
    *ret_timing = (struct timing){bench_cpu_s() - began, DETECTIONS};
    bench->sink += sum > 1.0 ? 1 : 0;
    return OK;
}

/* 2^21 values: the samples, over and over, so that the window grows as wide as that. */
enum { ADWIN_ROUNDS = 8 };

static enum err adwin_over(struct bench *bench, const double *values, struct timing *ret_timing)
{
    static struct adwin adwin;
    struct adwin_options options = adwin_defaults();
    adwin_init(&adwin, &options);
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < ADWIN_ROUNDS * SAMPLES; i++) {
        bench->sink += adwin_step(&adwin, values[i % SAMPLES]) == DETECT_DRIFT ? 1 : 0;
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, ADWIN_ROUNDS * SAMPLES};
    return OK;
}

static enum err adwin(struct bench *bench, struct timing *ret_timing)
{
    return adwin_over(bench, bench->gaussian, ret_timing);
}

static enum err adwin_errors(struct bench *bench, struct timing *ret_timing)
{
    return adwin_over(bench, bench->errors, ret_timing);
}

static enum err adwin_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_adwin(bench->gaussian, ADWIN_ROUNDS * SAMPLES);
    *ret_timing = (struct timing){bench_cpu_s() - began, ADWIN_ROUNDS * SAMPLES};
    return OK;
}

static enum err adwin_errors_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_adwin(bench->errors, ADWIN_ROUNDS * SAMPLES);
    *ret_timing = (struct timing){bench_cpu_s() - began, ADWIN_ROUNDS * SAMPLES};
    return OK;
}

static enum err kswin(struct bench *bench, struct timing *ret_timing)
{
    static struct kswin kswin;
    struct kswin_options options = kswin_defaults();
    kswin_init(&kswin, &options);
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < SAMPLES; i++) {
        bench->sink += kswin_step(&kswin, bench->gaussian[i]) == DETECT_DRIFT ? 1 : 0;
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, SAMPLES};
    return OK;
}

static enum err kswin_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_kswin(bench->gaussian, SAMPLES);
    *ret_timing = (struct timing){bench_cpu_s() - began, SAMPLES};
    return OK;
}

static enum err iks(struct bench *bench, struct timing *ret_timing)
{
    static struct iks iks;
    struct iks_options options = iks_defaults();
    iks_init(&iks, &options);
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < SAMPLES; i++) {
        bench->sink += iks_step(&iks, bench->gaussian[i]) == DETECT_DRIFT ? 1 : 0;
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, SAMPLES};
    return OK;
}

/* Every detector by the door of all: `size` is the kind. Errors for those that are made for errors. */
static enum err step(struct bench *bench, struct timing *ret_timing)
{
    static struct detector detector;
    enum detector_kind kind = (enum detector_kind)bench->now->size;
    struct detector_settings settings = detector_defaults(kind);
    bool is_any = detector_form(kind)->range == DETECTOR_ANY;
    const double *values = is_any ? bench->gaussian : bench->errors;
    detector_init(&detector, kind, &settings);
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < SAMPLES; i++) {
        bench->sink += detector_step(&detector, values[i]) == DETECT_DRIFT ? 1 : 0;
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, SAMPLES};
    return OK;
}

/* Two samples of `size` values each, all different. */
static void fill_samples(const struct bench *bench, double *a, double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double round = 1e-7 * (double)(i / SAMPLES);
        a[i] = bench->gaussian[i % SAMPLES] + round;
        b[i] = bench->gaussian[(i * 5 + 1) % SAMPLES] + round + 3e-4;
    }
}

static enum err ks_either(struct bench *bench, bool is_limit, struct timing *ret_timing)
{
    size_t n = bench->now->size, n_scratch = ks_scratch(n, n);
    double *samples = malloc(2 * n * sizeof(*samples));
    double *scratch = malloc(n_scratch * sizeof(*scratch));
    if (samples == NULL || scratch == NULL) {
        free(samples);
        free(scratch);
        return err_set(bench->text, ERR_INTERNAL, "%s: out of memory", bench->now->name);
    }
    fill_samples(bench, samples, samples + n, n);
    for (size_t i = 0; i < n_scratch; i++) {
        scratch[i] = 1.0; /* The first touch of the memory is not timed. */
    }
    double began = bench_cpu_s();
    double d = is_limit ? limit_ks(samples, n, samples + n, n)
                        : ks_statistic(samples, n, samples + n, n, scratch);
    *ret_timing = (struct timing){bench_cpu_s() - began, 2 * n};
    bench->sink += d > 0.1 ? 1 : 0;
    free(samples);
    free(scratch);
    return OK;
}

static enum err ks(struct bench *bench, struct timing *ret_timing)
{
    return ks_either(bench, false, ret_timing);
}

static enum err ks_limit(struct bench *bench, struct timing *ret_timing)
{
    return ks_either(bench, true, ret_timing);
}

/* Forty features as five banks of eight, each on counts of 3,000 rows of 16 calm windows, over and over, with one e-LOND and labels. */
enum { BANKS = 5, BANK_ROWS = 3000, BANK_WINDOWS = 16, BANK_ROUNDS = 100000 };

static void fill_windows(const struct bench *bench,
                         uint32_t windows[BANK_WINDOWS][BANK_FEATURES][BANK_BINS])
{
    size_t at = 0;
    for (uint32_t i = 0; i < BANK_WINDOWS * BANK_FEATURES; i++) {
        for (uint32_t row = 0; row < BANK_ROWS; row++) {
            double share = d_normal_cdf(bench->gaussian[at++ % SAMPLES]);
            uint32_t bin = share < 1.0 ? (uint32_t)(10.0 * share) : 9;
            windows[i / BANK_FEATURES][i % BANK_FEATURES][bin]++;
        }
    }
}

static enum err bank(struct bench *bench, struct timing *ret_timing)
{
    static struct bank banks[BANKS];
    static uint32_t windows[BANK_WINDOWS][BANK_FEATURES][BANK_BINS];
    static uint32_t bins_ppm[BANK_FEATURES][BANK_BINS];
    uint32_t score_bins[BANK_SCORE_BINS];
    memset(windows, 0, sizeof(windows));
    fill_windows(bench, windows);
    struct bank_reference reference = {.n_features = BANK_FEATURES,
                                       .bins_ppm = (const uint32_t(*)[BANK_BINS])bins_ppm,
                                       .rows = 50000,
                                       .error_rate = 0.01,
                                       .positive_rate = 0.3};
    for (uint32_t i = 0; i < BANK_FEATURES; i++) {
        reference.importance[i] = 0.12;
        for (uint32_t j = 0; j < BANK_BINS; j++) {
            bins_ppm[i][j] = j < BANK_BIN_NULL ? 100000 : 0;
        }
    }
    for (uint32_t i = 0; i < BANK_SCORE_BINS; i++) {
        score_bins[i] = BANK_ROWS / BANK_SCORE_BINS;
    }
    struct fdr_options options = fdr_defaults(FDR_E_LOND, 0.05);
    struct fdr fleet;
    fdr_init(&fleet, &options);
    for (uint32_t i = 0; i < BANKS; i++) {
        bank_init(&banks[i]);
        bank_begin(&banks[i], &reference);
        e_detector_init(&banks[i].labels, 0.12);
    }
    struct bank_alarms alarms;
    double began = bench_cpu_s(), sum = 0.0;
    for (uint32_t round = 0; round < BANK_ROUNDS; round++) {
        struct bank_window window = {.to = (int64_t)round * 300000000000,
                                     .requests = BANK_ROWS,
                                     .positives = BANK_ROWS * 3 / 10,
                                     .bins =
                                         (const uint32_t(*)[BANK_BINS])windows[round % BANK_WINDOWS],
                                     .score_bins = score_bins};
        for (uint32_t i = 0; i < BANKS; i++) {
            bank_open(&banks[i], &fleet);
            bank_step(&banks[i], &window, &fleet, &alarms);
            bench->sink += alarms.n_alarms;
            sum += e_detector_step(&banks[i].labels, 90 + (round & 7), 900, 1e4);
        }
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, BANK_ROUNDS};
    bench->sink += sum > 1.0 ? 1 : 0;
    return OK;
}

static const struct bench_case cases[] = {
    {.name = "adwin", .unit = "values/s", .scale = SCALE_PER_SECOND, .run = adwin, .limit = adwin_limit},
    {.name = "adwin_errors",
     .unit = "values/s",
     .scale = SCALE_PER_SECOND,
     .run = adwin_errors,
     .limit = adwin_errors_limit},
    {.name = "kswin", .unit = "values/s", .scale = SCALE_PER_SECOND, .run = kswin, .limit = kswin_limit},
    {.name = "iks", .unit = "values/s", .scale = SCALE_PER_SECOND, .run = iks},
    {.name = "ks_1m",
     .unit = "values/s",
     .scale = SCALE_PER_SECOND,
     .run = ks,
     .limit = ks_limit,
     .size = 1000000},
    {.name = "bank", .unit = "ns", .scale = SCALE_NS, .run = bank},
    {.name = "psi", .unit = "ns", .scale = SCALE_NS, .run = psi, .limit = psi_limit},
    {.name = "e_detector", .unit = "ns", .scale = SCALE_NS, .run = detector, .limit = detector_limit},
    {.name = "step_adwin", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_ADWIN},
    {.name = "step_ddm", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_DDM},
    {.name = "step_eddm", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_EDDM},
    {.name = "step_hddm_a", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_HDDM_A},
    {.name = "step_hddm_w", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_HDDM_W},
    {.name = "step_fhddm", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_FHDDM},
    {.name = "step_page_hinkley",
     .unit = "ns",
     .scale = SCALE_NS,
     .run = step,
     .size = DETECTOR_PAGE_HINKLEY},
    {.name = "step_cusum", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_CUSUM},
    {.name = "step_ewma", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_EWMA},
    {.name = "step_ecdd", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_ECDD},
    {.name = "step_gma", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_GMA},
    {.name = "step_kswin", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_KSWIN},
    {.name = "step_iks", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_IKS},
    {.name = "step_e_sr", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_E_SR},
    {.name = "step_e_cusum", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_E_CUSUM},
    {.name = "step_ctm", .unit = "ns", .scale = SCALE_NS, .run = step, .size = DETECTOR_CTM},
};
const struct bench_table bench_detect = {cases, sizeof(cases) / sizeof(cases[0])};
