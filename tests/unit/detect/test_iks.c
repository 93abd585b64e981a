/* SPDX-License-Identifier: Apache-2.0 */
/* Incremental Kolmogorov-Smirnov against published figures and against windows compared anew at each value. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/iks.h"
#include "tests/lib/truth_stream.h"

enum { STREAM_MAX = 4096 };

static double stream[STREAM_MAX];
static struct iks iks;

/* frouros, IncrementalKSTest(window_size=10) after 100 values of the reference; scipy's exact p-value where frouros gives 0. */
static void iks_when_windows_are_published_has_their_figures(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double d, p, relative;
    } rows[] = {{"fr_iks_test_same.txt", 0.27, 0.4604691007, 1e-9},
                {"fr_iks_test_diff.txt", 1.0, 4.2646072253826637e-14, 1e-9}};
    for (size_t r = 0; r < 2; r++) {
        struct iks_options options = iks_defaults();
        options.reference = 100;
        options.window = 10;
        options.alpha = 1e-300; /* No alarm: the windows stay. */
        options.start = IKS_START_EMPTY;
        iks_init(&iks, &options);
        size_t n = truth_stream("fr_iks_ref.txt", stream, STREAM_MAX);
        assert_int_equal(n, 100);
        n += truth_stream(rows[r].name, stream + n, STREAM_MAX - n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(iks_step(&iks, stream[i]), DETECT_NONE);
        }
        assert_true(fabs(iks_statistic(&iks) - rows[r].d) < 1e-15);
        assert_true(fabs(iks_p(&iks) - rows[r].p) < rows[r].relative * rows[r].p);
    }
}

static uint32_t count_up_to(const double *values, uint32_t n, double x)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        count += values[i] <= x ? 1 : 0;
    }
    return count;
}

static double distance_of(const double *a, uint32_t n, const double *b, uint32_t m)
{
    double highest = 0.0;
    for (uint32_t i = 0; i < n + m; i++) {
        double x = i < n ? a[i] : b[i - n];
        double gap = fabs((double)count_up_to(a, n, x) * m - (double)count_up_to(b, m, x) * n);
        highest = gap > highest ? gap : highest;
    }
    return highest / ((double)n * m);
}

/* The reference and the window as plain arrays. */
static uint32_t assert_as_restated(const struct iks_options *options, uint32_t n)
{
    const double *reference = stream;
    uint32_t n_reference = options->reference, n_alarms = 0;
    uint32_t begin = options->start == IKS_START_FULL ? n_reference - options->window : n_reference;
    bool is_over = false;
    iks_init(&iks, options);
    for (uint32_t i = 0; i < n; i++) {
        enum detect_signal signal = iks_step(&iks, stream[i]);
        if (is_over) { /* The window before this value becomes the reference. */
            reference = stream + i - options->window;
            n_reference = options->window;
            begin = options->start == IKS_START_FULL ? i - options->window : i;
            is_over = false;
        }
        if (i < options->reference || i + 1 < begin + options->window) {
            assert_int_equal(signal, DETECT_NONE);
            continue;
        }
        double d =
            distance_of(reference, n_reference, stream + i + 1 - options->window, options->window);
        assert_true(fabs(iks_statistic(&iks) - d) < 1e-15);
        double n_double = n_reference, m = options->window;
        is_over = options->alpha > 0.0
                      ? iks_p(&iks) <= options->alpha
                      : d > options->critical * sqrt((n_double + m) / (n_double * m));
        assert_int_equal(signal, is_over ? DETECT_DRIFT : DETECT_NONE);
        n_alarms += is_over ? 1 : 0;
    }
    return n_alarms;
}

static void iks_when_restated_is_the_same(void **state)
{
    (void)state;
    static const struct iks_options variants[] = {{50, 50, 1.95, 0.0, IKS_START_FULL},
                                                  {64, 20, 1.3, 0.0, IKS_START_FULL},
                                                  {33, 40, 1.95, 0.001, IKS_START_EMPTY},
                                                  {1, 1, 1.95, 0.01, IKS_START_FULL},
                                                  {20, 70, 1.5, 0.0, IKS_START_EMPTY}};
    uint32_t n_alarms = 0;
    for (uint32_t seed = 0; seed < 15; seed++) {
        struct stream random;
        stream_init(&random, seed, "tests/iks", 0);
        for (uint32_t i = 0; i < 800; i++) {
            double x = stream_normal(&random) + (i / 300) * 1.5;
            stream[i] = seed % 3 == 0 ? x : floor((double)(seed % 3) * x);
        }
        n_alarms += assert_as_restated(&variants[seed % 5], 800);
    }
    assert_true(n_alarms >= 10);
}

static void iks_when_full_sized_finds_a_shift_once(void **state)
{
    (void)state;
    struct iks_options options = iks_defaults();
    options.reference = options.window = IKS_SIZE_MAX;
    iks_init(&iks, &options);
    struct stream random;
    stream_init(&random, 1, "tests/iks", 1);
    uint32_t n_alarms = 0;
    for (uint32_t i = 0; i < 8000; i++) {
        double x = stream_normal(&random) + (i < 4000 ? 0.0 : 5.0);
        if (iks_step(&iks, x) == DETECT_DRIFT) {
            n_alarms += 1;
            assert_true(i >= 4000);
        }
    }
    assert_true(n_alarms >= 1);
    assert_true(iks_statistic(&iks) < 0.2);
}

static void iks_when_values_are_constant_is_silent(void **state)
{
    (void)state;
    struct iks_options options = iks_defaults();
    iks_init(&iks, &options);
    assert_true(iks_statistic(&iks) == 0.0);
    assert_true(iks_p(&iks) == 1.0);
    for (uint32_t i = 0; i < 2000; i++) {
        assert_int_equal(iks_step(&iks, i % 2 == 0 ? 0.0 : -0.0), DETECT_NONE);
    }
    assert_true(iks_statistic(&iks) == 0.0);
}

static void iks_options_when_out_of_range_are_named(void **state)
{
    (void)state;
    struct iks_options options = iks_defaults();
    assert_null(iks_wrong(&options));
    options.window = 501;
    assert_non_null(iks_wrong(&options));
    options = iks_defaults();
    options.reference = 0;
    assert_non_null(iks_wrong(&options));
    options = iks_defaults();
    options.critical = 0.0;
    assert_non_null(iks_wrong(&options));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iks_when_windows_are_published_has_their_figures),
        cmocka_unit_test(iks_when_restated_is_the_same),
        cmocka_unit_test(iks_when_full_sized_finds_a_shift_once),
        cmocka_unit_test(iks_when_values_are_constant_is_silent),
        cmocka_unit_test(iks_options_when_out_of_range_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
