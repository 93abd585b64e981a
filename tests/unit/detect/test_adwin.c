/* SPDX-License-Identifier: Apache-2.0 */
/* ADWIN against the published alarms, its invariants, and a plain restatement of each flavour without screen or waiting values. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/adwin.h"
#include "tests/lib/python_random.h"
#include "tests/lib/truth_stream.h"

enum { STREAM_MAX = 8192, ALARMS_MAX = 4096 };

static double stream[STREAM_MAX];
static size_t alarms[ALARMS_MAX], expected_alarms[ALARMS_MAX];
static struct adwin adwin;

static size_t run(const struct adwin_options *options, const double *values, size_t n)
{
    size_t n_alarms = 0;
    adwin_init(&adwin, options);
    for (size_t i = 0; i < n; i++) {
        if (adwin_step(&adwin, values[i]) == DETECT_DRIFT) {
            assert_true(n_alarms < ALARMS_MAX);
            alarms[n_alarms++] = i;
        }
    }
    assert_true(adwin.n_alarms == n_alarms);
    return n_alarms;
}

static void assert_alarms(size_t n, const size_t *expected, size_t n_expected)
{
    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(alarms[i], expected[i]);
    }
}

/* Random(seed): zeros and ones, then 4 .. 7, 1000 each, as often as said. */
static size_t fill_steps(uint32_t seed, int times)
{
    struct python_random random;
    python_random_init(&random, seed);
    for (int i = 0; i < times; i++) {
        python_random_choices(&random, 0, 2, NULL, stream + 2000 * i, 1000);
        python_random_choices(&random, 4, 4, NULL, stream + 2000 * i + 1000, 1000);
    }
    return 2000 * (size_t)times;
}

/* river, test_adwin_regression.py and the example of its documentation. */
static void adwin_when_streams_are_rivers_alarms_where_river_does(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    static const size_t once[] = {1023}, thrice[] = {1023, 2015, 3007};
    size_t n = fill_steps(12345, 1);
    assert_alarms(run(&options, stream, n), once, 1);
    n = fill_steps(42, 2);
    assert_alarms(run(&options, stream, n), thrice, 3);
}

static void adwin_when_streams_are_kept_alarms_where_published(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    static const size_t once[] = {1023}, thrice[] = {1023, 2015, 3007};
    static const char *const singles[] = {"river_adwin_kswin_ph.txt", "river_np_stream1.txt",
                                          "capymoa_seed0.txt"};
    for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        size_t n = truth_stream(singles[i], stream, STREAM_MAX);
        assert_alarms(run(&options, stream, n), once, 1);
    }
    size_t n = truth_stream("river_adwin_multi.txt", stream, STREAM_MAX);
    assert_alarms(run(&options, stream, n), thrice, 3);
    static double again[STREAM_MAX];
    memcpy(again, stream, sizeof(again));
    assert_int_equal(fill_steps(42, 2), n);
    assert_memory_equal(again, stream, n * sizeof(stream[0]));
}

/* The window that only shrinks reports one change several times (scikit-multiflow gives the same three). */
static void adwin_when_it_only_shrinks_repeats_an_alarm(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    size_t n = fill_steps(12345, 1);
    options.flavour = ADWIN_FROUROS;
    static const size_t shrinking[] = {1023, 1055, 1087};
    assert_alarms(run(&options, stream, n), shrinking, 3);
    assert_true(adwin.width < 1100.0);
    options.flavour = ADWIN_MOA;
    assert_true(run(&options, stream, n) >= 1);
    assert_int_equal(alarms[0], 1023);
}

static void adwin_when_values_are_constant_is_silent(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    static const double levels[] = {1.0, 0.0, 0.1, -1e6};
    for (size_t k = 0; k < sizeof(levels) / sizeof(levels[0]); k++) {
        for (size_t i = 0; i < 5000; i++) {
            stream[i] = levels[k];
        }
        assert_int_equal(run(&options, stream, 5000), 0);
        adwin_settle(&adwin);
        assert_true(adwin.width == 5000.0);
    }
}

static void adwin_when_within_grace_is_silent(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    options.look_every = 1;
    options.grace_period = 100;
    for (size_t i = 0; i < 200; i++) {
        stream[i] = i < 50 ? 0.0 : 1000.0;
    }
    assert_int_equal(run(&options, stream, 100), 0);
    assert_true(run(&options, stream, 200) > 0);
    assert_int_equal(alarms[0], 100);
}

static void adwin_when_settled_has_the_moments_of_the_window(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    double total = 0.0, deviation = 0.0;
    for (size_t i = 0; i < 200; i++) {
        stream[i] = (double)(i % 7);
        total += stream[i];
    }
    for (size_t i = 0; i < 200; i++) {
        deviation += (stream[i] - total / 200.0) * (stream[i] - total / 200.0);
    }
    assert_int_equal(run(&options, stream, 200), 0);
    double mean = adwin_statistic(&adwin); /* With eight values still waiting. */
    assert_true(adwin.n_waiting == 8);
    adwin_settle(&adwin);
    assert_true(adwin.width == 200.0);
    assert_true(adwin.total >= total && adwin.total <= total);
    assert_true(fabs(adwin.deviation - deviation) < 1e-6);
    assert_true(fabs(mean - total / 200.0) < 1e-15);
    assert_true(adwin_statistic(&adwin) >= mean && adwin_statistic(&adwin) <= mean);
}

static void adwin_when_a_value_follows_an_alarm_starts_anew(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    (void)fill_steps(12345, 1);
    assert_int_equal(run(&options, stream, 1024), 1);
    assert_true(adwin.width > 1.0);
    assert_int_equal(adwin_step(&adwin, 5.0), DETECT_NONE);
    adwin_settle(&adwin);
    assert_true(adwin.width == 1.0);
    assert_true(adwin_statistic(&adwin) == 5.0);
}

/* The restatement: buckets in plain arrays, one value at a time, every cut compared in full. */
struct plain {
    int n_rows, n[ADWIN_ROWS];
    double totals[ADWIN_ROWS][ADWIN_BUCKETS_MAX + 1], deviations[ADWIN_ROWS][ADWIN_BUCKETS_MAX + 1];
    double width, total, deviation;
    uint32_t ticks;
};

static void shift(struct plain *plain, int row, int by)
{
    plain->n[row] -= by;
    for (int k = 0; k < plain->n[row]; k++) {
        plain->totals[row][k] = plain->totals[row][k + by];
        plain->deviations[row][k] = plain->deviations[row][k + by];
    }
}

static void plain_insert(struct plain *plain, const struct adwin_options *options, double x)
{
    plain->totals[0][plain->n[0]] = x;
    plain->deviations[0][plain->n[0]++] = 0.0;
    plain->n_rows = plain->n_rows < 1 ? 1 : plain->n_rows;
    plain->width++;
    if (plain->width > 1.0) {
        double mean = plain->total / (plain->width - 1.0);
        plain->deviation += (plain->width - 1.0) * (x - mean) * (x - mean) / plain->width;
    }
    plain->total += x;
    for (int i = 0; plain->n[i] == (int)options->max_buckets + 1; i++) {
        double size = pow(2.0, i), *t = plain->totals[i], *d = plain->deviations[i];
        double gap = t[0] / size - t[1] / size;
        int up = i + 1, k = plain->n[up]++;
        plain->n_rows = plain->n_rows < up + 1 ? up + 1 : plain->n_rows;
        plain->totals[up][k] = t[0] + t[1];
        plain->deviations[up][k] = d[0] + d[1] + size * size * gap * gap / (size + size);
        shift(plain, i, 2);
    }
}

static bool plain_cut(const struct plain *plain, const struct adwin_options *options, double n0,
                      double difference)
{
    double n1 = plain->width - n0, least = options->min_window_length;
    double shortest = options->flavour == ADWIN_RIVER ? least : least + 1.0;
    if (options->flavour == ADWIN_MOA) {
        shortest = least + 2.0;
    }
    double lost = options->flavour == ADWIN_FROUROS ? least + 1.0 : least - 1.0;
    if (n0 < shortest || n1 < shortest) {
        return false;
    }
    double d = log(2.0 * log(plain->width) / options->delta);
    double m = 1.0 / (n0 - lost) + 1.0 / (n1 - lost);
    double bound = sqrt(2.0 * m * (plain->deviation / plain->width) * d) + 2.0 / 3.0 * d * m;
    return fabs(difference) > bound;
}

static bool plain_look(const struct plain *plain, const struct adwin_options *options)
{
    double n0 = 0.0, u0 = 0.0, u1 = plain->total;
    for (int i = plain->n_rows - 1; i >= 0; i--) {
        int end = plain->n[i] - (options->flavour == ADWIN_FROUROS || i == 0 ? 1 : 0);
        for (int k = 0; k < end; k++) {
            n0 += pow(2.0, i);
            u0 += plain->totals[i][k];
            u1 -= plain->totals[i][k];
            if (plain_cut(plain, options, n0, u0 / n0 - u1 / (plain->width - n0))) {
                return true;
            }
        }
    }
    return false;
}

static bool plain_step(struct plain *plain, const struct adwin_options *options, double x)
{
    plain_insert(plain, options, x);
    bool is_alarm = false;
    if (++plain->ticks % options->look_every != 0 || plain->width <= options->grace_period) {
        return false;
    }
    while (plain_look(plain, options)) {
        int last = plain->n_rows - 1;
        double size = pow(2.0, last), total = plain->totals[last][0];
        plain->width -= size;
        plain->total -= total;
        double gap = total / size - plain->total / plain->width;
        plain->deviation -=
            plain->deviations[last][0] + size * plain->width * gap * gap / (size + plain->width);
        shift(plain, last, 1);
        plain->n_rows -= plain->n[last] == 0 ? 1 : 0;
        is_alarm = true;
    }
    return is_alarm;
}

static size_t fill_random(uint64_t seed)
{
    struct stream random;
    stream_init(&random, seed, "tests/adwin", 0);
    size_t n = 0;
    while (n < 3000) {
        size_t length = 100 + stream_below(&random, 900);
        uint64_t kind = stream_below(&random, 5);
        double level = stream_normal(&random), scale = 0.1 + 2.0 * stream_unit(&random);
        for (size_t i = 0; i < length; i++, n++) {
            double normal = level + scale * stream_normal(&random);
            double values[5] = {normal, stream_chance(&random, scale / 3.0) ? 1.0 : 0.0,
                                1e6 + normal, level, 1e-3 * stream_exponential(&random, scale)};
            stream[n] = values[kind];
        }
    }
    return n;
}

static void adwin_when_screened_decides_as_without_a_screen(void **state)
{
    (void)state;
    static const struct adwin_options variants[] = {
        {0.002, 32, 5, 5, 10, ADWIN_RIVER},   {0.3, 1, 2, 1, 0, ADWIN_RIVER},
        {0.05, 7, 15, 20, 100, ADWIN_RIVER},  {0.002, 100, 5, 5, 10, ADWIN_RIVER},
        {0.002, 32, 5, 5, 10, ADWIN_MOA},     {0.1, 3, 4, 2, 10, ADWIN_MOA},
        {0.002, 32, 5, 5, 10, ADWIN_FROUROS}, {0.2, 5, 3, 5, 10, ADWIN_FROUROS}};
    size_t n_all = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        const struct adwin_options *options = &variants[seed % 8];
        static struct plain plain;
        memset(&plain, 0, sizeof(plain));
        size_t n = fill_random(seed), n_expected = 0;
        for (size_t i = 0; i < n; i++) {
            if (plain_step(&plain, options, stream[i])) {
                expected_alarms[n_expected++] = i;
                if (options->flavour == ADWIN_RIVER) {
                    memset(&plain, 0, sizeof(plain));
                }
            }
        }
        assert_alarms(run(options, stream, n), expected_alarms, n_expected);
        adwin_settle(&adwin);
        if (!adwin.is_over) {
            assert_true(adwin.width >= plain.width && adwin.width <= plain.width);
            assert_memory_equal(&adwin.total, &plain.total, sizeof(plain.total));
            assert_memory_equal(&adwin.deviation, &plain.deviation, sizeof(plain.deviation));
        }
        n_all += n_expected;
    }
    assert_true(n_all > 100);
}

static void adwin_when_values_are_huge_still_counts_them(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    options.flavour = ADWIN_MOA;
    for (size_t i = 0; i < 4000; i++) {
        stream[i] = i % 2 == 0 ? DBL_MAX : -DBL_MAX;
    }
    (void)run(&options, stream, 4000); /* Whether it alarms says nothing here. */
    adwin_settle(&adwin);
    assert_true(adwin.width >= 1.0 && adwin.width <= 4000.0);
    for (size_t i = 0; i < 4000; i++) {
        stream[i] = i % 2 == 0 ? DBL_TRUE_MIN : 0.0;
    }
    assert_int_equal(run(&options, stream, 4000), 0);
}

static void adwin_options_when_out_of_range_are_named(void **state)
{
    (void)state;
    struct adwin_options options = adwin_defaults();
    assert_null(adwin_wrong(&options));
    options.delta = 0.0;
    assert_non_null(adwin_wrong(&options));
    options = adwin_defaults();
    options.look_every = 0;
    assert_non_null(adwin_wrong(&options));
    options = adwin_defaults();
    options.max_buckets = ADWIN_BUCKETS_MAX + 1;
    assert_non_null(adwin_wrong(&options));
    options = adwin_defaults();
    options.min_window_length = 0;
    assert_non_null(adwin_wrong(&options));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adwin_when_streams_are_rivers_alarms_where_river_does),
        cmocka_unit_test(adwin_when_streams_are_kept_alarms_where_published),
        cmocka_unit_test(adwin_when_it_only_shrinks_repeats_an_alarm),
        cmocka_unit_test(adwin_when_values_are_constant_is_silent),
        cmocka_unit_test(adwin_when_within_grace_is_silent),
        cmocka_unit_test(adwin_when_settled_has_the_moments_of_the_window),
        cmocka_unit_test(adwin_when_a_value_follows_an_alarm_starts_anew),
        cmocka_unit_test(adwin_when_screened_decides_as_without_a_screen),
        cmocka_unit_test(adwin_when_values_are_huge_still_counts_them),
        cmocka_unit_test(adwin_options_when_out_of_range_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
