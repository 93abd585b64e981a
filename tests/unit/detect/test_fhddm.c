/* SPDX-License-Identifier: Apache-2.0 */
/* FHDDM against river's published alarm, a restatement without sums that are kept, and its two directions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "tests/unit/detect/alarms.h"

static double stream[STREAM_MAX];
static struct alarms alarms;
static const double mostly_zeros[2] = {0.9, 0.1};

static void fhddm_when_stream_is_rivers_alarms_where_river_does(void **state)
{
    (void)state;
    static const size_t drifts[] = {315};
    struct detector_settings settings = detector_defaults(DETECTOR_FHDDM);
    run(DETECTOR_FHDDM, &settings, stream, fill_coins(stream, 42, 250, 250, mostly_zeros), &alarms);
    assert_rows(alarms.at, alarms.n, drifts, 1);
}

/* The same stream turned round rises where the other falls. */
static void fhddm_when_errors_rise_alarms_with_direction_rise(void **state)
{
    (void)state;
    static const size_t drifts[] = {315};
    size_t n = fill_coins(stream, 42, 250, 250, mostly_zeros);
    for (size_t i = 0; i < n; i++) {
        stream[i] = 1.0 - stream[i];
    }
    struct detector_settings settings = detector_defaults(DETECTOR_FHDDM);
    run(DETECTOR_FHDDM, &settings, stream, n, &alarms);
    assert_int_equal(alarms.n, 0);
    set(&settings, DETECTOR_FHDDM, "direction", FHDDM_RISE);
    run(DETECTOR_FHDDM, &settings, stream, n, &alarms);
    assert_rows(alarms.at, alarms.n, drifts, 1);
}

/* Every share added up anew from the stream. */
static size_t restated(const double *values, size_t n, size_t window, size_t short_window,
                       double delta, size_t *ret_at)
{
    size_t n_alarms = 0, begin = 0;
    double largest = 0.0, short_largest = 0.0;
    double bound = sqrt(log(1.0 / delta) / (2.0 * (double)window));
    double short_bound = sqrt(log(1.0 / delta) / (2.0 * (double)short_window));
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < begin + window) {
            continue;
        }
        double sum = 0.0, short_sum = 0.0;
        for (size_t k = 0; k < window; k++) {
            sum += values[i - k];
            short_sum += k < short_window ? values[i - k] : 0.0;
        }
        double share = sum / (double)window, short_share = short_sum / (double)short_window;
        largest = fmax(largest, share);
        short_largest = fmax(short_largest, short_share);
        if (largest - share > bound || short_largest - short_share > short_bound) {
            ret_at[n_alarms++] = i;
            begin = i + 1;
            largest = short_largest = 0.0;
        }
    }
    return n_alarms;
}

static void fhddm_when_windows_are_stacked_agrees_with_its_definition(void **state)
{
    (void)state;
    static size_t expected[ALARMS_MAX];
    size_t n_alarms = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct stream random;
        stream_init(&random, seed, "test/fhddm", 0);
        for (size_t i = 0; i < 2000; i++) {
            double p = (i / 250) % 2 == 0 ? 0.8 : 0.45;
            stream[i] = stream_unit(&random) < p ? 1.0 : 0.0;
        }
        struct detector_settings settings = detector_defaults(DETECTOR_FHDDM);
        set(&settings, DETECTOR_FHDDM, "window", 100.0);
        set(&settings, DETECTOR_FHDDM, "short_window", 25.0);
        set(&settings, DETECTOR_FHDDM, "delta", 1e-4);
        run(DETECTOR_FHDDM, &settings, stream, 2000, &alarms);
        size_t n_expected = restated(stream, 2000, 100, 25, 1e-4, expected);
        assert_rows(alarms.at, alarms.n, expected, n_expected);
        n_alarms += n_expected;
    }
    assert_true(n_alarms > 20);
}

static void fhddm_wrong_when_windows_do_not_fit_says_so(void **state)
{
    (void)state;
    struct fhddm_options options = fhddm_defaults();
    assert_null(fhddm_wrong(&options));
    options.short_window = 101;
    assert_string_equal(fhddm_wrong(&options), "short_window is in 0 .. window");
    options.window = FHDDM_WINDOW_MAX + 1;
    assert_string_equal(fhddm_wrong(&options), "window is in 1 .. 1024");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fhddm_when_stream_is_rivers_alarms_where_river_does),
        cmocka_unit_test(fhddm_when_errors_rise_alarms_with_direction_rise),
        cmocka_unit_test(fhddm_when_windows_are_stacked_agrees_with_its_definition),
        cmocka_unit_test(fhddm_wrong_when_windows_do_not_fit_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
