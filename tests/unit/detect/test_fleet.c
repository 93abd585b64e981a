/* SPDX-License-Identifier: Apache-2.0 */
/* The realised share of false alarms over a fleet with correlated features. Without arguments a small fleet is checked; with MODELS and RUNS the same is
 * measured at that size and printed.
 *
 * Every day each of 40 features of a model gives z = a C + b M + c e, standard normal while nothing happens: C is common to the fleet that day (a^2 = 0.2), M
 * to the model (b^2 = 0.3), e is its own. One model in a hundred drifts from a day of the first twenty on, in 10 of its features, by 1.5 to 4 standard
 * deviations. A hypothesis is "this feature of this model does not drift"; its e-process is the mixture over the day of the change of the likelihood
 * ratios of N(2, 1) to N(0, 1), as the monitor's. alpha = 0.05. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dmath.h"
#include "core/base/prng.h"
#include "core/detect/binned.h"
#include "core/detect/fdr.h"

enum { FEATURES = 40, DRIFTED_FEATURES = 10, DAYS = 30, LAST_START = 20 };

static const double alpha = 0.05, bet = 2.0;

/* Ways to decide, and what each of them promises. */
enum way { E_LOND, E_BH_LAST_DAY, E_BH_EVER, BH_ONE_DAY, BH_EVER, FIVE_PER_CENT_EVER, N_WAYS };
static const char *const way_names[N_WAYS] = {
    "e-LOND, judged every day",      "e-BH, list of the last day", "e-BH, on any day's list",
    "BH on the last day's p-values", "BH every day, on any list",  "p <= 0.05 on any day",
};

struct tally {
    double n_runs, sum, squares; /* Of the share of false ones among the rejected of a run. */
    double n_false, n_rejected, n_found, n_drifted;
};

struct fleet {
    size_t n; /* Hypotheses. */
    double *e, *base, *p;
    uint32_t *scratch;
    bool *is_listed;
    uint8_t *starts; /* Day of the drift of a feature, 0: none. */
    float *sizes;
    bool *is_rejected[N_WAYS];
};

static void *room(size_t n, size_t size)
{
    void *bytes = calloc(n, size);
    assert_non_null(bytes);
    return bytes;
}

static void fleet_open(struct fleet *fleet, size_t n_models)
{
    size_t n = n_models * FEATURES;
    *fleet = (struct fleet){.n = n};
    fleet->e = room(n, sizeof(*fleet->e));
    fleet->base = room(n, sizeof(*fleet->base));
    fleet->p = room(n, sizeof(*fleet->p));
    fleet->scratch = room(n + 1, sizeof(*fleet->scratch));
    fleet->is_listed = room(n, sizeof(*fleet->is_listed));
    fleet->starts = room(n, sizeof(*fleet->starts));
    fleet->sizes = room(n, sizeof(*fleet->sizes));
    for (int way = 0; way < N_WAYS; way++) {
        fleet->is_rejected[way] = room(n, sizeof(bool));
    }
}

static void fleet_close(struct fleet *fleet)
{
    free(fleet->e);
    free(fleet->base);
    free(fleet->p);
    free(fleet->scratch);
    free(fleet->is_listed);
    free(fleet->starts);
    free(fleet->sizes);
    for (int way = 0; way < N_WAYS; way++) {
        free(fleet->is_rejected[way]);
    }
}

static void fleet_begin(struct fleet *fleet, struct stream *stream)
{
    for (size_t i = 0; i < fleet->n; i++) {
        fleet->e[i] = 0.0;
        fleet->starts[i] = 0;
    }
    for (int way = 0; way < N_WAYS; way++) {
        memset(fleet->is_rejected[way], 0, fleet->n * sizeof(bool));
    }
    for (size_t model = 0; model < fleet->n / FEATURES; model++) {
        if (!stream_chance(stream, 0.01)) {
            continue;
        }
        uint8_t start = (uint8_t)(1 + stream_below(stream, LAST_START));
        size_t first = stream_below(stream, FEATURES);
        for (size_t i = 0; i < DRIFTED_FEATURES; i++) {
            size_t at = model * FEATURES + (first + i) % FEATURES;
            fleet->starts[at] = start;
            fleet->sizes[at] = (float)stream_between(stream, 1.5, 4.0);
        }
    }
}

static bool is_drifted(const struct fleet *fleet, size_t i, int day)
{
    return fleet->starts[i] != 0 && fleet->starts[i] <= day;
}

static void fleet_observe(struct fleet *fleet, struct stream *stream, int day)
{
    const double a = sqrt(0.2), b = sqrt(0.3), c = sqrt(0.5);
    double weight = e_process_weight((uint64_t)day), common = stream_normal(stream), shared = 0.0;
    for (size_t i = 0; i < fleet->n; i++) {
        shared = i % FEATURES == 0 ? stream_normal(stream) : shared;
        double z = a * common + b * shared + c * stream_normal(stream);
        z += is_drifted(fleet, i, day) ? (double)fleet->sizes[i] : 0.0;
        fleet->p[i] = z;
        fleet->e[i] = (fleet->e[i] + weight) * d_exp(bet * z - 0.5 * bet * bet);
    }
    for (size_t i = 0; i < fleet->n; i++) {
        /* Beyond 0.05 no way looks at the digits. */
        fleet->p[i] = fleet->p[i] > 1.6 ? d_normal_cdf(-fleet->p[i]) : 1.0;
    }
}

static void join(const struct fleet *fleet, enum way way)
{
    for (size_t i = 0; i < fleet->n; i++) {
        fleet->is_rejected[way][i] = fleet->is_rejected[way][i] || fleet->is_listed[i];
    }
}

static void fleet_decide(struct fleet *fleet, struct fdr *online, int day)
{
    for (size_t i = 0; i < fleet->n; i++) {
        bool *is_rejected = &fleet->is_rejected[E_LOND][i];
        *is_rejected = *is_rejected || fdr_judge(online, fleet->base[i], fleet->e[i]).is_rejected;
        fleet->is_rejected[FIVE_PER_CENT_EVER][i] =
            fleet->is_rejected[FIVE_PER_CENT_EVER][i] || fleet->p[i] <= alpha;
    }
    (void)fdr_e_bh(fleet->e, fleet->n, alpha, fleet->scratch, fleet->is_listed);
    join(fleet, E_BH_EVER);
    if (day == DAYS) {
        join(fleet, E_BH_LAST_DAY);
    }
    (void)fdr_bh(fleet->p, fleet->n, alpha, fleet->scratch, fleet->is_listed);
    join(fleet, BH_EVER);
    if (day == DAYS) {
        join(fleet, BH_ONE_DAY);
    }
}

/* A rejection before the drift began, on a feature that drifts later, counts as found: 1 in 400 features, and a way that does that does worse elsewhere. */
static void fleet_count(const struct fleet *fleet, struct tally tallies[N_WAYS])
{
    for (int way = 0; way < N_WAYS; way++) {
        double n_false = 0.0, n_rejected = 0.0, n_drifted = 0.0;
        for (size_t i = 0; i < fleet->n; i++) {
            bool is_rejected = fleet->is_rejected[way][i], drifts = fleet->starts[i] != 0;
            n_rejected += is_rejected ? 1.0 : 0.0;
            n_false += is_rejected && !drifts ? 1.0 : 0.0;
            n_drifted += drifts ? 1.0 : 0.0;
        }
        struct tally *tally = &tallies[way];
        double share = n_rejected > 0.0 ? n_false / n_rejected : 0.0;
        tally->n_runs += 1.0;
        tally->sum += share;
        tally->squares += share * share;
        tally->n_false += n_false;
        tally->n_rejected += n_rejected;
        tally->n_found += n_rejected - n_false;
        tally->n_drifted += n_drifted;
    }
}

static double mean_of(const struct tally *tally) { return tally->sum / tally->n_runs; }

static double error_of(const struct tally *tally)
{
    double mean = mean_of(tally), variance = fmax(0.0, tally->squares / tally->n_runs - mean * mean);
    return sqrt(variance / fmax(1.0, tally->n_runs - 1.0));
}

static void measure(size_t n_models, uint64_t n_runs, uint64_t seed, struct tally tallies[N_WAYS])
{
    struct fleet fleet;
    fleet_open(&fleet, n_models);
    memset(tallies, 0, N_WAYS * sizeof(*tallies));
    for (uint64_t run = 0; run < n_runs; run++) {
        struct stream stream;
        stream_init(&stream, seed, "tests/fleet", run);
        fleet_begin(&fleet, &stream);
        struct fdr_options options = fdr_defaults(FDR_E_LOND, alpha);
        struct fdr online;
        fdr_init(&online, &options);
        for (size_t i = 0; i < fleet.n; i++) {
            fleet.base[i] = fdr_open(&online);
        }
        for (int day = 1; day <= DAYS; day++) {
            fleet_observe(&fleet, &stream, day);
            fleet_decide(&fleet, &online, day);
        }
        fleet_count(&fleet, tallies);
    }
    fleet_close(&fleet);
}

static void print(size_t n_models, uint64_t n_runs, uint64_t seed, const struct tally tallies[N_WAYS])
{
    (void)printf("%zu models x %d features x %d days, %" PRIu64 " runs, seed %" PRIu64
                 ", alpha %.2f\n",
                 n_models, FEATURES, DAYS, n_runs, seed, alpha);
    (void)printf("%-32s %-26s %8s %12s %12s\n", "", "FDR (95 % interval)", "power", "false a run",
                 "true a run");
    for (int way = 0; way < N_WAYS; way++) {
        const struct tally *tally = &tallies[way];
        double mean = mean_of(tally), error = 1.96 * error_of(tally);
        (void)printf("%-32s %.4f (%.4f .. %.4f)  %8.3f %12.1f %12.1f\n", way_names[way], mean,
                     fmax(0.0, mean - error), mean + error, tally->n_found / tally->n_drifted,
                     tally->n_false / tally->n_runs, tally->n_found / tally->n_runs);
    }
}

static void fdr_when_features_of_a_fleet_are_correlated_is_below_alpha(void **state)
{
    (void)state;
    enum { MODELS = 500, RUNS = 40, SEED = 80 };
    struct tally tallies[N_WAYS];
    measure(MODELS, RUNS, SEED, tallies);
    print(MODELS, RUNS, SEED, tallies);
    static const enum way promised[] = {E_LOND, E_BH_LAST_DAY};
    for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
        const struct tally *tally = &tallies[promised[i]];
        if (mean_of(tally) > alpha + 3.0 * error_of(tally)) {
            fail_msg("%s: FDR %.4f (seed %d)", way_names[promised[i]], mean_of(tally), SEED);
        }
        assert_true(tally->n_found > 0.5 * tally->n_drifted); /* Not kept by silence. */
    }
    /* What a month of daily lists does to a rule that is right on one day. */
    assert_true(mean_of(&tallies[BH_EVER]) > 2.0 * alpha);
    assert_true(mean_of(&tallies[FIVE_PER_CENT_EVER]) > 0.9);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        uint64_t n_models = strtoull(argv[1], NULL, 10), n_runs = strtoull(argv[2], NULL, 10);
        if (n_models < 1 || n_models > 100000 || n_runs < 2 || n_runs > 100000) {
            (void)fprintf(stderr, "usage: %s [MODELS RUNS], 1 .. 100000 and 2 .. 100000\n", argv[0]);
            return 2;
        }
        struct tally tallies[N_WAYS];
        measure(n_models, n_runs, 80, tallies);
        print(n_models, n_runs, 80, tallies);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fdr_when_features_of_a_fleet_are_correlated_is_below_alpha),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
