/* SPDX-License-Identifier: Apache-2.0 */
/* What the guaranteed methods promise, measured: run lengths, coverage and alarms without a cause, under dependence too, beside what the usual
 * methods do. Prints the table of docs/detectors.md; fails where a promise is broken beyond chance. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/confidence.h"
#include "core/detect/e_detector.h"
#include "core/detect/martingale.h"
#include "core/detect/proportion.h"
#include "core/detect/risk_monitor.h"

enum { SEED = 1 };

/* Streams of values within 0 .. 1 whose conditional mean given the past never exceeds 0.2. */
enum source_kind { COIN, NARROW, CHAIN, CLUSTERS, N_SOURCES };
static const char *const source_words[N_SOURCES] = {
    "independent errors, rate 0.2",
    "independent, uniform on 0.1 .. 0.3",
    "errors that follow errors: rate 0.2 after one, 0.15 otherwise",
    "clusters of volatility: errors at 0.2 for 100 steps or so, then 0.2 +- 0.05",
};
struct source {
    struct stream stream;
    enum source_kind kind;
    bool is_high; /* CHAIN: the last was an error. CLUSTERS: volatile now. */
};

static double draw(struct source *source)
{
    switch (source->kind) {
    case COIN:
        return (double)stream_chance(&source->stream, 0.2);
    case NARROW:
        return stream_between(&source->stream, 0.1, 0.3);
    case CHAIN:
        source->is_high = stream_chance(&source->stream, source->is_high ? 0.2 : 0.15) != 0;
        return source->is_high ? 1.0 : 0.0;
    case CLUSTERS:
        if (stream_chance(&source->stream, 0.01) != 0) {
            source->is_high = !source->is_high;
        }
        if (source->is_high) {
            return (double)stream_chance(&source->stream, 0.2);
        }
        return stream_chance(&source->stream, 0.5) != 0 ? 0.25 : 0.15;
    case N_SOURCES:
        break;
    }
    fail();
    return 0.0;
}

struct mean {
    double sum, squares;
    int n, n_censored;
};

static void mean_add(struct mean *mean, double value)
{
    mean->sum += value;
    mean->squares += value * value;
    mean->n++;
}

static double mean_value(const struct mean *mean) { return mean->sum / mean->n; }

static double mean_error(const struct mean *mean)
{
    double value = mean_value(mean);
    return sqrt(fmax(0.0, mean->squares / mean->n - value * value) / mean->n);
}

/* Run lengths to the first alarm, cut at 20 times the promise: the mean is then a lower bound. */
static struct mean run_lengths(bool is_cusum, enum source_kind kind, double arl, uint32_t n_runs)
{
    struct mean mean = {0};
    double steps_max = 20.0 * arl;
    for (uint32_t run = 0; run < n_runs; run++) {
        struct source source = {.kind = kind};
        stream_init(&source.stream, SEED, is_cusum ? "guarantees/cusum" : "guarantees/sr",
                    ((uint64_t)arl * N_SOURCES + (uint64_t)kind) * 10000 + run);
        struct e_sr_options sr_options = e_sr_defaults();
        struct e_cusum_options cusum_options = e_cusum_defaults();
        sr_options.m0 = cusum_options.m0 = 0.2;
        sr_options.arl = cusum_options.arl = arl;
        struct e_sr sr;
        struct e_cusum cusum;
        e_sr_init(&sr, &sr_options);
        e_cusum_init(&cusum, &cusum_options);
        double steps = 0.0;
        enum detect_signal signal = DETECT_NONE;
        while (signal == DETECT_NONE && steps < steps_max) {
            double x = draw(&source);
            signal = is_cusum ? e_cusum_step(&cusum, x) : e_sr_step(&sr, x);
            steps++;
        }
        mean.n_censored += signal == DETECT_NONE;
        mean_add(&mean, steps);
    }
    return mean;
}

static void e_detectors_when_nothing_changed_run_as_long_as_promised(void **state)
{
    (void)state;
    static const double arls[] = {200.0, 1000.0, 10000.0};
    static const uint32_t n_runs[] = {1000, 500, 200};
    (void)printf(
        "| stream | detector | promised | mean run | 95 %% interval | runs (cut) |\n|---|---|---|---|---|---|\n");
    for (int kind = 0; kind < N_SOURCES; kind++) {
        for (int i = 0; i < 6; i++) {
            bool is_cusum = i % 2 == 1;
            double arl = arls[i / 2];
            struct mean mean = run_lengths(is_cusum, (enum source_kind)kind, arl, n_runs[i / 2]);
            double value = mean_value(&mean), error = mean_error(&mean);
            (void)printf("| %s | %s | %.0f | %s%.0f | %.0f .. %.0f | %d (%d) |\n", source_words[kind],
                         is_cusum ? "e-CUSUM" : "e-SR", arl, mean.n_censored > 0 ? ">= " : "",
                         value, value - 1.96 * error, value + 1.96 * error, mean.n, mean.n_censored);
            assert_true(value + 3.0 * error >= arl);
        }
    }
}

/* 95 % interval of a share by Wilson. */
static void print_share(const char *what, int n_hits, int n)
{
    (void)printf("| %s | %.3f | %.3f .. %.3f | %d |\n", what, (double)n_hits / n,
                 wilson_lower((uint32_t)n_hits, (uint32_t)n, 1.96),
                 wilson_upper((uint32_t)n_hits, (uint32_t)n, 1.96), n);
}

/* Not more than chance above the promise. */
static void assert_promise(int n_hits, int n, double promised)
{
    if (wilson_lower((uint32_t)n_hits, (uint32_t)n, 3.0) > promised) {
        fail_msg("%d of %d, promised %g", n_hits, n, promised);
    }
}

static void sequences_when_looked_at_5000_times_cover(void **state)
{
    (void)state;
    const int n_runs = 500, n_looks = 5000;
    const double alpha = 0.05, rate = 0.1;
    int missed[5] = {0};
    static const char *const words[5] = {
        "betting confidence sequence", "empirical Bernstein", "beta-binomial mixture (Bernoulli)",
        "totals of losses (risk_lower, one-sided)", "95 % Wilson interval, for comparison"};
    double threshold = log(1.0 / alpha);
    for (int run = 0; run < n_runs; run++) {
        struct stream stream;
        stream_init(&stream, SEED, "guarantees/coverage", (uint64_t)run);
        struct cs_options options = {.alpha = alpha, .lo = 0.0, .hi = 1.0};
        struct betting_cs betting;
        struct bernstein_cs bernstein;
        struct mixture mixture;
        betting_cs_init(&betting, &options);
        bernstein_cs_init(&bernstein, &options);
        mixture_init_beta_binomial(&mixture, MIXTURE_BETA_BINOMIAL_TWO_SIDED,
                                   100.0 * rate * (1.0 - rate), alpha, rate, 1.0 - rate);
        bool outside[5] = {false};
        uint32_t errors = 0;
        for (uint32_t n = 1; n <= (uint32_t)n_looks; n++) {
            bool is_error = stream_chance(&stream, rate) != 0;
            errors += is_error;
            betting_cs_step(&betting, is_error ? 1.0 : 0.0);
            bernstein_cs_step(&bernstein, is_error ? 1.0 : 0.0);
            double s = errors - rate * n, v = rate * (1.0 - rate) * n;
            outside[2] = outside[2] || mixture_log(&mixture, s, v) > threshold;
            outside[4] = outside[4] || (n >= 30 && (wilson_lower(errors, n, 1.96) > rate ||
                                                    wilson_upper(errors, n, 1.96) < rate));
            if (n % 50 == 0) { /* A bisection a look: dear, and it changes slowly. */
                outside[3] = outside[3] || risk_lower(errors, n, alpha) > rate;
            }
        }
        outside[0] = betting_cs_lower(&betting) > rate || betting_cs_upper(&betting) < rate;
        outside[1] = bernstein_cs_lower(&bernstein) > rate || bernstein_cs_upper(&bernstein) < rate;
        for (int i = 0; i < 5; i++) {
            missed[i] += outside[i];
        }
    }
    (void)printf(
        "| P(ever wrong in 5,000 looks), promised 0.05 | share | 95 %% interval | runs |\n|---|---|---|---|\n");
    for (int i = 0; i < 5; i++) {
        print_share(words[i], missed[i], n_runs);
    }
    for (int i = 0; i < 4; i++) {
        assert_promise(missed[i], n_runs, alpha);
    }
    assert_true(missed[4] > n_runs / 4);
}

struct shift {
    const char *word;
    double rate;
    bool is_benign;
};

static void risk_monitor_when_watched_for_10000_labels_alarms_as_promised(void **state)
{
    (void)state;
    static const struct shift shifts[] = {{"no shift (0.10)", 0.10, true},
                                          {"benign shift (0.07)", 0.07, true},
                                          {"harmful shift (0.13)", 0.13, false},
                                          {"harmful shift (0.15)", 0.15, false},
                                          {"harmful shift (0.20)", 0.20, false}};
    const int n_runs = 500, n_batches = 200, batch = 50;
    (void)printf(
        "| risk 0.10 on 2,000 labels, then 200 batches of 50; alpha 0.05 | ever alarm | z test a batch > 2.33, ever | median labels to the alarm |\n|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
        int n_alarms = 0, n_naive = 0, delays[500], n_delays = 0;
        for (int run = 0; run < n_runs; run++) {
            struct stream stream;
            stream_init(&stream, SEED, "guarantees/risk", (uint64_t)run + 1000 * i);
            struct risk_monitor_options options = {.alpha = 0.05, .tolerance = 0.0};
            struct risk_monitor monitor;
            risk_monitor_init(&monitor, &options);
            uint32_t source = (uint32_t)stream_binomial(&stream, 2000, 0.10);
            (void)risk_monitor_source_fixed(&monitor, source, 2000);
            bool is_naive = false;
            int delay = n_batches;
            for (int b = 0; b < n_batches; b++) {
                uint32_t errors = (uint32_t)stream_binomial(&stream, (uint64_t)batch, shifts[i].rate);
                if (risk_monitor_target(&monitor, errors, (uint64_t)batch) && delay == n_batches) {
                    delay = b;
                }
                is_naive =
                    is_naive || proportion_z(errors, (uint32_t)batch, source / 2000.0, 2000) > 2.33;
            }
            n_alarms += risk_monitor_has_alarmed(&monitor);
            n_naive += is_naive;
            int at = n_delays++;
            while (at > 0 && delays[at - 1] > delay) {
                delays[at] = delays[at - 1];
                at--;
            }
            delays[at] = delay;
        }
        int median = delays[n_runs / 2];
        (void)printf(
            "| %s | %.3f (%.3f .. %.3f) | %.3f | ", shifts[i].word, (double)n_alarms / n_runs,
            wilson_lower((uint32_t)n_alarms, (uint32_t)n_runs, 1.96),
            wilson_upper((uint32_t)n_alarms, (uint32_t)n_runs, 1.96), (double)n_naive / n_runs);
        if (median < n_batches) {
            (void)printf("%d |\n", (median + 1) * batch);
        } else {
            (void)printf("none |\n");
        }
        if (shifts[i].is_benign) {
            assert_promise(n_alarms, n_runs, 0.05);
        }
    }
}

/* Ever alarms in n_steps normal values after the reference. */
static int ctm_alarms(const struct ctm_options *options, int n_runs, int n_steps)
{
    int n_alarms = 0;
    for (int run = 0; run < n_runs; run++) {
        struct stream stream;
        stream_init(&stream, SEED, "guarantees/ctm", (uint64_t)run);
        struct ctm_options seeded = *options;
        seeded.seed = (uint64_t)run;
        struct ctm ctm;
        ctm_init(&ctm, &seeded);
        bool is_alarm = false;
        for (int i = 0; i < n_steps + (int)options->n_reference && !is_alarm; i++) {
            is_alarm = ctm_step(&ctm, stream_normal(&stream)) == DETECT_DRIFT;
        }
        n_alarms += is_alarm;
    }
    return n_alarms;
}

static void ctm_when_nothing_changed_alarms_as_promised(void **state)
{
    (void)state;
    static const uint32_t references[] = {200, 1000};
    const int n_runs = 200;
    (void)printf(
        "| conformal test martingale, promised 0.05, 20,000 normal values | ever alarm | 95 %% interval | runs |\n|---|---|---|---|\n");
    for (int i = 0; i < 4; i++) {
        struct ctm_options options = ctm_defaults();
        options.c = 20.0;
        options.n_reference = references[i / 2];
        options.guarded = i % 2 == 0;
        char word[64];
        (void)snprintf(word, sizeof(word), "%s, reference %u",
                       options.guarded ? "guarded" : "unguarded", options.n_reference);
        int n_alarms = ctm_alarms(&options, n_runs, 20000);
        print_share(word, n_alarms, n_runs);
        if (options.guarded) {
            assert_promise(n_alarms, n_runs, 0.05);
        }
    }
}

static void ctm_when_arl_is_promised_runs_as_long(void **state)
{
    (void)state;
    struct mean mean = {0};
    for (int run = 0; run < 100; run++) {
        struct ctm_options options = ctm_defaults();
        options.guarantee = CTM_ARL;
        options.c = 1000.0;
        options.n_reference = 500;
        struct stream stream;
        stream_init(&stream, SEED, "guarantees/ctm_arl", (uint64_t)run);
        struct ctm ctm;
        ctm_init(&ctm, &options);
        int n = 0;
        while (n < 20000 && ctm_step(&ctm, stream_normal(&stream)) == DETECT_NONE) {
            n++;
        }
        mean.n_censored += n == 20000;
        mean_add(&mean, n - 500.0);
    }
    double error = mean_error(&mean);
    (void)printf(
        "CTM_ARL, promised 1,000, reference 500: mean run >= %.0f, 95 %% interval %.0f .. %.0f, %d runs, %d cut at 19,500\n",
        mean_value(&mean), mean_value(&mean) - 1.96 * error, mean_value(&mean) + 1.96 * error,
        mean.n, mean.n_censored);
    assert_true(mean_value(&mean) + 3.0 * error >= 1000.0);
}

static void ctm_when_values_shift_shows_its_delay(void **state)
{
    (void)state;
    static const double shifts[] = {0.25, 0.5, 1.0, 2.0};
    (void)printf(
        "| shift of the mean, in standard deviations, after 1,000 quiet values | detector | found in 5,000 | mean delay |\n|---|---|---|---|\n");
    for (int i = 0; i < 12; i++) {
        struct mean mean = {0};
        static const char *const words[] = {"CTM_EVER, c 100", "CTM_ARL, c 10,000",
                                            "CTM_EVER, c 100, unguarded"};
        for (int run = 0; run < 40; run++) {
            struct ctm_options options = ctm_defaults();
            options.n_reference = 1000;
            options.guarantee = i % 3 == 1 ? CTM_ARL : CTM_EVER;
            options.c = i % 3 == 1 ? 10000.0 : 100.0;
            options.guarded = i % 3 != 2;
            struct stream stream;
            stream_init(&stream, SEED, "guarantees/ctm_delay", (uint64_t)run);
            struct ctm ctm;
            ctm_init(&ctm, &options);
            for (int k = 0; k < 7000; k++) {
                double x = stream_normal(&stream) + (k >= 2000 ? shifts[i / 3] : 0.0);
                if (ctm_step(&ctm, x) == DETECT_DRIFT) {
                    if (k >= 2000) {
                        mean_add(&mean, k - 1999.0);
                    }
                    break;
                }
            }
        }
        (void)printf("| %.2f | %s | %d of 40 | %.0f |\n", shifts[i / 3], words[i % 3], mean.n,
                     mean.n > 0 ? mean_value(&mean) : 0.0);
        assert_true(shifts[i / 3] < 1.0 || mean.n == 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e_detectors_when_nothing_changed_run_as_long_as_promised),
        cmocka_unit_test(sequences_when_looked_at_5000_times_cover),
        cmocka_unit_test(risk_monitor_when_watched_for_10000_labels_alarms_as_promised),
        cmocka_unit_test(ctm_when_nothing_changed_alarms_as_promised),
        cmocka_unit_test(ctm_when_arl_is_promised_runs_as_long),
        cmocka_unit_test(ctm_when_values_shift_shows_its_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
