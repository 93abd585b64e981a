/* SPDX-License-Identifier: Apache-2.0 */
/* Page-Hinkley against the published alarms of four implementations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/python_random.h"
#include "tests/unit/detect/alarms.h"

static double stream[STREAM_MAX];
static struct alarms alarms;

static void page_hinkley_when_stream_is_rivers_alarms_where_river_does(void **state)
{
    (void)state;
    static const size_t drifts[] = {1006};
    struct python_random random;
    python_random_init(&random, 12345);
    python_random_choices(&random, 0, 2, NULL, stream, 1000);
    python_random_choices(&random, 4, 4, NULL, stream + 1000, 1000);
    for (int flavour = PAGE_HINKLEY_CLAMPED; flavour <= PAGE_HINKLEY_RIVER; flavour++) {
        struct detector_settings settings = detector_defaults(DETECTOR_PAGE_HINKLEY);
        set(&settings, DETECTOR_PAGE_HINKLEY, "flavour", flavour);
        run(DETECTOR_PAGE_HINKLEY, &settings, stream, 2000, &alarms);
        assert_rows(alarms.at, alarms.n, drifts, 1);
    }
}

/* The alarms of flavour river are those of river 0.23.0, run on the stream. */
static void page_hinkley_when_streams_are_kept_alarms_where_each_flavour_does(void **state)
{
    (void)state;
    static const size_t clamped[] = {1020, 1991}, up[] = {1020, 1990};
    static const size_t both[] = {1020, 1397, 1548, 1988}, moa[] = {1014, 1685};
    static const size_t frouros[] = {113, 227};
    const enum detector_kind kind = DETECTOR_PAGE_HINKLEY;
    assert_published(kind, "river_np_stream1.txt", clamped, 2, NULL);
    assert_published(kind, "river_np_stream1.txt", up, 2, "flavour", (double)PAGE_HINKLEY_RIVER,
                     NULL);
    assert_published(kind, "river_np_stream1.txt", both, 4, "flavour", (double)PAGE_HINKLEY_RIVER,
                     "mode", (double)PAGE_HINKLEY_BOTH, NULL);
    assert_published(kind, "capymoa_seed0.txt", moa, 2, "flavour", (double)PAGE_HINKLEY_MOA, NULL);
    assert_published(kind, "frouros_stream_drift.txt", frouros, 2, "flavour",
                     (double)PAGE_HINKLEY_FROUROS, NULL);
}

/* From 0 to 1 at row 500: after k ones m = k / (500 + k), and the sum of 1 - m - delta passes the threshold at a k that can be added up. */
static void page_hinkley_when_mean_jumps_alarms_where_the_sum_says(void **state)
{
    (void)state;
    struct page_hinkley_options options = page_hinkley_defaults();
    struct page_hinkley test;
    options.alpha = 1.0;
    options.threshold = 20.0;
    page_hinkley_init(&test, &options);
    for (int i = 0; i < 500; i++) {
        assert_int_equal(page_hinkley_step(&test, 0.0), DETECT_NONE);
    }
    double sum = 0.0;
    for (int k = 1; sum < 20.0; k++) {
        sum += 1.0 - (double)k / (500.0 + k) - options.delta;
        enum detect_signal expected = sum >= 20.0 ? DETECT_DRIFT : DETECT_NONE;
        assert_int_equal(page_hinkley_step(&test, 1.0), expected);
        assert_true(fabs(page_hinkley_statistic(&test) - sum) < 1e-9);
    }
}

static void page_hinkley_when_stream_is_constant_never_alarms(void **state)
{
    (void)state;
    for (int flavour = PAGE_HINKLEY_CLAMPED; flavour <= PAGE_HINKLEY_FROUROS; flavour++) {
        struct page_hinkley_options options = page_hinkley_defaults();
        struct page_hinkley test;
        options.flavour = (enum page_hinkley_flavour)flavour;
        options.direction = PAGE_HINKLEY_BOTH;
        page_hinkley_init(&test, &options);
        for (int i = 0; i < 5000; i++) {
            assert_int_equal(page_hinkley_step(&test, 1.0), DETECT_NONE);
        }
    }
}

static void page_hinkley_when_mean_falls_alarms_only_downwards(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        stream[i] = i < 1000 ? 1.0 : 0.0;
    }
    for (int mode = PAGE_HINKLEY_UP; mode <= PAGE_HINKLEY_BOTH; mode++) {
        struct detector_settings settings = detector_defaults(DETECTOR_PAGE_HINKLEY);
        set(&settings, DETECTOR_PAGE_HINKLEY, "flavour", PAGE_HINKLEY_RIVER);
        set(&settings, DETECTOR_PAGE_HINKLEY, "mode", mode);
        run(DETECTOR_PAGE_HINKLEY, &settings, stream, 2000, &alarms);
        assert_int_equal(alarms.n, mode == PAGE_HINKLEY_UP ? 0 : 1);
    }
}

static void page_hinkley_wrong_when_an_option_is_out_of_range_names_it(void **state)
{
    (void)state;
    struct page_hinkley_options options = page_hinkley_defaults();
    assert_null(page_hinkley_wrong(&options));
    options.alpha = 1.1;
    assert_string_equal(page_hinkley_wrong(&options), "alpha is in 0 .. 1");
    options.threshold = NAN;
    assert_string_equal(page_hinkley_wrong(&options), "threshold is in 0 .. 1e300");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_hinkley_when_stream_is_rivers_alarms_where_river_does),
        cmocka_unit_test(page_hinkley_when_streams_are_kept_alarms_where_each_flavour_does),
        cmocka_unit_test(page_hinkley_when_mean_jumps_alarms_where_the_sum_says),
        cmocka_unit_test(page_hinkley_when_stream_is_constant_never_alarms),
        cmocka_unit_test(page_hinkley_when_mean_falls_alarms_only_downwards),
        cmocka_unit_test(page_hinkley_wrong_when_an_option_is_out_of_range_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
