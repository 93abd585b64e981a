/* SPDX-License-Identifier: Apache-2.0 */
/* Runs, and compares rows one by one. */
#include "tests/unit/detect/alarms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/python_random.h"
#include "tests/lib/truth_stream.h"

static struct detector detector;

void set(struct detector_settings *settings, enum detector_kind kind, const char *name, double value)
{
    uint32_t option_i = 0;
    if (!detector_find_option(kind, name, &option_i)) {
        fail_msg("no option %s", name);
    }
    settings->values[option_i] = value;
}

void run(enum detector_kind kind, const struct detector_settings *settings, const double *values,
         size_t n, struct alarms *ret_alarms)
{
    bool has_warned = false;
    ret_alarms->n = ret_alarms->n_warnings = 0;
    detector_init(&detector, kind, settings);
    for (size_t i = 0; i < n; i++) {
        enum detect_signal signal = detector_step(&detector, values[i]);
        if (signal == DETECT_DRIFT) {
            assert_true(ret_alarms->n < ALARMS_MAX);
            ret_alarms->at[ret_alarms->n++] = i;
            has_warned = false;
        } else if (signal == DETECT_WARNING && !has_warned) {
            assert_true(ret_alarms->n_warnings < ALARMS_MAX);
            ret_alarms->warnings[ret_alarms->n_warnings++] = i;
            has_warned = true;
        }
    }
}

void assert_rows(const size_t *seen, size_t n_seen, const size_t *expected, size_t n_expected)
{
    for (size_t i = 0; i < n_seen && i < n_expected; i++) {
        assert_int_equal(seen[i], expected[i]);
    }
    assert_int_equal(n_seen, n_expected);
}

void assert_published(enum detector_kind kind, const char *stream, const size_t *expected,
                      size_t n_expected, const char *option, ...)
{
    static double values[STREAM_MAX];
    static struct alarms alarms;
    struct detector_settings settings = detector_defaults(kind);
    va_list options;
    va_start(options, option);
    for (const char *name = option; name != NULL; name = va_arg(options, const char *)) {
        set(&settings, kind, name, va_arg(options, double));
    }
    va_end(options);
    size_t n = truth_stream(stream, values, STREAM_MAX);
    run(kind, &settings, values, n, &alarms);
    assert_rows(alarms.at, alarms.n, expected, n_expected);
}

size_t fill_coins(double *values, uint32_t seed, size_t n_first, size_t n_then, const double *weights)
{
    struct python_random random;
    python_random_init(&random, seed);
    python_random_choices(&random, 0, 2, NULL, values, n_first);
    python_random_choices(&random, 0, 2, weights, values + n_first, n_then);
    return n_first + n_then;
}
