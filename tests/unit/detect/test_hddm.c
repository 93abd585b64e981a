/* SPDX-License-Identifier: Apache-2.0 */
/* HDDM against the published alarms of river, one- and two-sided. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/detect/alarms.h"

static double stream[STREAM_MAX];
static struct alarms alarms;
static const double mostly_ones[2] = {0.3, 0.7};

static void hddm_when_stream_is_rivers_warns_and_alarms_where_river_does(void **state)
{
    (void)state;
    static const size_t a[] = {1206}, w[] = {1077}, warnings[] = {451};
    size_t n = fill_coins(stream, 42, 1000, 1000, mostly_ones);
    struct detector_settings settings = detector_defaults(DETECTOR_HDDM_A);
    run(DETECTOR_HDDM_A, &settings, stream, n, &alarms);
    assert_rows(alarms.at, alarms.n, a, 1);
    assert_rows(alarms.warnings, alarms.n_warnings, warnings, 1);
    settings = detector_defaults(DETECTOR_HDDM_W);
    run(DETECTOR_HDDM_W, &settings, stream, n, &alarms);
    assert_rows(alarms.at, alarms.n, w, 1);
    assert_rows(alarms.warnings, alarms.n_warnings, warnings, 1);
}

static void hddm_when_streams_are_kept_alarms_where_published(void **state)
{
    (void)state;
    static const size_t a[] = {1047}, a_two[] = {531, 1015, 1545};
    static const size_t w[] = {1018}, w_two[] = {507, 1032, 1508};
    assert_published(DETECTOR_HDDM_A, "river_np_stream2.txt", a, 1, NULL);
    assert_published(DETECTOR_HDDM_A, "river_np_stream3.txt", a_two, 3, "two_sided", 1.0, NULL);
    assert_published(DETECTOR_HDDM_W, "river_np_stream2.txt", w, 1, NULL);
    assert_published(DETECTOR_HDDM_W, "river_np_stream3.txt", w_two, 3, "two_sided", 1.0, NULL);
}

/* 500 errors, then none: a fall. */
static void hddm_when_one_sided_is_blind_to_a_fall(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        stream[i] = i < 500 ? (double)(i % 2) : 0.0;
    }
    for (int kind = DETECTOR_HDDM_A; kind <= DETECTOR_HDDM_W; kind++) {
        struct detector_settings settings = detector_defaults((enum detector_kind)kind);
        run((enum detector_kind)kind, &settings, stream, 1000, &alarms);
        assert_int_equal(alarms.n, 0);
        set(&settings, (enum detector_kind)kind, "two_sided", 1.0);
        run((enum detector_kind)kind, &settings, stream, 1000, &alarms);
        assert_true(alarms.n >= 1 && alarms.at[0] > 500 && alarms.at[0] < 700);
    }
}

/* z = 0 for as long as only zeros came: river's mean then takes the first 1 whole, ours by its weight. */
static void hddm_w_when_zeros_come_first_weighs_the_first_one(void **state)
{
    (void)state;
    struct hddm_w_options options = hddm_w_defaults();
    struct hddm_w ours, rivers;
    hddm_w_init(&ours, &options);
    options.zero_restarts = true;
    hddm_w_init(&rivers, &options);
    for (int i = 0; i < 3; i++) {
        (void)hddm_w_step(&ours, i == 2 ? 1.0 : 0.0);
        (void)hddm_w_step(&rivers, i == 2 ? 1.0 : 0.0);
    }
    assert_true(fabs(ours.all.mean - 0.05) < 1e-15);
    assert_true(fabs(rivers.all.mean - 1.0) < 1e-15);
}

static void hddm_wrong_when_an_option_is_out_of_range_names_it(void **state)
{
    (void)state;
    struct hddm_a_options a = hddm_a_defaults();
    struct hddm_w_options w = hddm_w_defaults();
    assert_null(hddm_a_wrong(&a));
    assert_null(hddm_w_wrong(&w));
    a.drift = 0.0;
    w.lambda = 1.5;
    assert_string_equal(hddm_a_wrong(&a), "drift is in 1e-300 .. 1");
    assert_string_equal(hddm_w_wrong(&w), "lambda is in 0 .. 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hddm_when_stream_is_rivers_warns_and_alarms_where_river_does),
        cmocka_unit_test(hddm_when_streams_are_kept_alarms_where_published),
        cmocka_unit_test(hddm_when_one_sided_is_blind_to_a_fall),
        cmocka_unit_test(hddm_w_when_zeros_come_first_weighs_the_first_one),
        cmocka_unit_test(hddm_wrong_when_an_option_is_out_of_range_names_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
