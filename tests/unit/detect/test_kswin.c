/* SPDX-License-Identifier: Apache-2.0 */
/* KSWIN against river's published alarms, and against a restatement that sorts and tests each window anew. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/kswin.h"
#include "core/detect/ks_p.h"
#include "tests/lib/python_random.h"
#include "tests/lib/truth_stream.h"

enum { STREAM_MAX = 4096 };

static double stream[STREAM_MAX];
static struct kswin kswin;

static size_t run(const struct kswin_options *options, size_t n, size_t *ret_first)
{
    size_t n_alarms = 0;
    kswin_init(&kswin, options);
    for (size_t i = 0; i < n; i++) {
        if (kswin_step(&kswin, stream[i]) == DETECT_DRIFT) {
            *ret_first = n_alarms == 0 ? i : *ret_first;
            n_alarms++;
        }
    }
    return n_alarms;
}

/* The example of river's documentation. */
static void kswin_when_the_stream_is_rivers_alarms_where_river_does(void **state)
{
    (void)state;
    struct python_random random;
    python_random_init(&random, 12345);
    python_random_choices(&random, 0, 2, NULL, stream, 1000);
    python_random_choices(&random, 4, 4, NULL, stream + 1000, 1000);
    struct kswin_options options = kswin_defaults();
    options.alpha = 0.0001;
    options.seed = 42;
    size_t first = 0;
    assert_int_equal(run(&options, 2000, &first), 1);
    assert_int_equal(first, 1016);
}

static void kswin_when_the_stream_is_kept_alarms_where_published(void **state)
{
    (void)state;
    size_t n = truth_stream("river_np_stream1.txt", stream, STREAM_MAX), first = 0;
    struct kswin_options options = {.alpha = 0.0001, .window = 200, .stat = 100, .seed = 42};
    assert_int_equal(run(&options, n, &first), 1);
    assert_int_equal(first, 1042);
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double share_up_to(const double *values, uint32_t n, double x)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        count += values[i] <= x ? 1 : 0;
    }
    return (double)count;
}

/* Words come in pairs from a unit: 27 bits of the first, 26 of the second. */
struct words {
    struct python_random *random;
    uint32_t second;
    bool has_second;
};

static uint32_t word_of(struct words *words)
{
    if (words->has_second) {
        words->has_second = false;
        return words->second;
    }
    uint64_t bits = (uint64_t)(python_random_unit(words->random) * 9007199254740992.0);
    words->second = (uint32_t)(bits & 0x3ffffff) << 6;
    words->has_second = true;
    return (uint32_t)(bits >> 26) << 5;
}

static uint32_t below(struct words *words, uint32_t n)
{
    uint32_t bits = 0;
    while (n >> bits != 0) {
        bits++;
    }
    uint32_t drawn = word_of(words) >> (32 - bits);
    while (drawn >= n) {
        drawn = word_of(words) >> (32 - bits);
    }
    return drawn;
}

static double restated_distance(const double *window, const struct kswin_options *options,
                                struct words *words, bool is_pool)
{
    uint32_t n = options->window - options->stat, pool[KSWIN_WINDOW_MAX];
    bool is_taken[KSWIN_WINDOW_MAX] = {false};
    double drawn[KSWIN_WINDOW_MAX];
    for (uint32_t i = 0; i < n; i++) {
        pool[i] = i;
    }
    for (uint32_t i = 0; i < options->stat; i++) {
        uint32_t j = below(words, is_pool ? n - i : n);
        while (!is_pool && is_taken[j]) {
            j = below(words, n);
        }
        is_taken[j] = true;
        drawn[i] = window[is_pool ? pool[j] : j];
        pool[j] = is_pool ? pool[n - i - 1] : pool[j];
    }
    qsort(drawn, options->stat, sizeof(drawn[0]), by_value);
    double highest = 0.0;
    for (uint32_t i = 0; i < options->window; i++) {
        double gap = fabs(share_up_to(drawn, options->stat, window[i]) -
                          share_up_to(window + n, options->stat, window[i]));
        highest = gap > highest ? gap : highest;
    }
    return highest / (double)options->stat;
}

static void assert_as_restated(const struct kswin_options *options, bool is_pool, size_t n)
{
    static double window[STREAM_MAX];
    struct python_random random;
    python_random_init(&random, (uint32_t)options->seed);
    struct words words = {.random = &random};
    kswin_init(&kswin, options);
    uint32_t n_window = 0;
    for (size_t i = 0; i < n; i++) {
        enum detect_signal signal = kswin_step(&kswin, stream[i]);
        window[n_window++] = stream[i];
        if (n_window < options->window) {
            assert_int_equal(signal, DETECT_NONE);
            continue;
        }
        const double *latest = window + n_window - options->window;
        double distance = restated_distance(latest, options, &words, is_pool);
        assert_true(kswin_statistic(&kswin) >= distance && kswin_statistic(&kswin) <= distance);
        bool is_drift = kswin_p(&kswin) <= options->alpha && distance > 0.1;
        assert_int_equal(signal, is_drift ? DETECT_DRIFT : DETECT_NONE);
        if (is_drift) {
            n_window = 0;
            python_random_init(&random, (uint32_t)options->seed);
            words = (struct words){.random = &random};
        }
    }
}

static void kswin_when_restated_is_the_same(void **state)
{
    (void)state;
    struct stream random;
    for (uint32_t seed = 0; seed < 6; seed++) {
        stream_init(&random, seed, "tests/kswin", 0);
        for (size_t i = 0; i < 1500; i++) {
            double x = stream_normal(&random) + (i > 700 ? 1.0 : 0.0);
            stream[i] = seed % 2 == 0 ? x : floor(2.0 * x);
        }
        struct kswin_options pool = {.alpha = 0.01, .window = 100, .stat = 30, .seed = seed};
        assert_as_restated(&pool, true, 1500);
        struct kswin_options set = {.alpha = 0.001, .window = 500, .stat = 20, .seed = 7 + seed};
        assert_as_restated(&set, false, 1200);
        struct kswin_options few = {.alpha = 0.05, .window = 16, .stat = 5, .seed = 3};
        assert_as_restated(&few, true, 700);
    }
}

static void kswin_when_values_are_constant_is_silent(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        stream[i] = i % 2 == 0 ? 0.0 : -0.0;
    }
    struct kswin_options options = kswin_defaults();
    size_t first = 0;
    assert_int_equal(run(&options, 1000, &first), 0);
    assert_true(kswin_statistic(&kswin) == 0.0);
    assert_true(kswin_p(&kswin) == 1.0);
}

/* 13 / 30 is the least distance whose exact p-value is at most 0.01, 14 / 30 for the default. */
static void kswin_threshold_when_exact_is_that_of_small_samples(void **state)
{
    (void)state;
    assert_true(ks_p_exact(30, 30, 13, NULL) <= 0.01);
    assert_true(ks_p_exact(30, 30, 12, NULL) > 0.01);
    assert_true(ks_p_exact(30, 30, 14, NULL) <= 0.005);
    assert_true(ks_p_exact(30, 30, 13, NULL) > 0.005);
}

static void kswin_options_when_out_of_range_are_named(void **state)
{
    (void)state;
    struct kswin_options options = kswin_defaults();
    assert_null(kswin_wrong(&options));
    options.stat = 51;
    assert_non_null(kswin_wrong(&options));
    options = kswin_defaults();
    options.alpha = 1.5;
    assert_non_null(kswin_wrong(&options));
    options = kswin_defaults();
    options.window = KSWIN_WINDOW_MAX + 1;
    assert_non_null(kswin_wrong(&options));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kswin_when_the_stream_is_rivers_alarms_where_river_does),
        cmocka_unit_test(kswin_when_the_stream_is_kept_alarms_where_published),
        cmocka_unit_test(kswin_when_restated_is_the_same),
        cmocka_unit_test(kswin_when_values_are_constant_is_silent),
        cmocka_unit_test(kswin_threshold_when_exact_is_that_of_small_samples),
        cmocka_unit_test(kswin_options_when_out_of_range_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
