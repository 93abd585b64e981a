/* SPDX-License-Identifier: Apache-2.0 */
/* The conformal test martingale: ranks and ties, the simple jumper against figures computed elsewhere, silence without a change, and delay after one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/martingale.h"

static void p_when_ranked_is_within_its_step(void **state)
{
    (void)state;
    static const double values[] = {3.0, 1.0, 2.0, 2.0, 5.0};
    struct ctm_options options = ctm_defaults();
    struct ctm ctm;
    ctm_init(&ctm, &options);
    ctm_set_reference(&ctm, values, 5);
    static const struct {
        double x, above, ties;
    } rows[] = {{9.0, 0.0, 1.0}, {0.0, 5.0, 1.0}, {2.0, 2.0, 3.0}, {2.5, 2.0, 1.0}, {5.0, 0.0, 2.0}};
    for (int i = 0; i < 5; i++) {
        (void)ctm_step(&ctm, rows[i].x);
        assert_true(ctm_p(&ctm) > rows[i].above / 6.0);
        assert_true(ctm_p(&ctm) < (rows[i].above + rows[i].ties) / 6.0);
    }
}

/* The simple jumper of the literature, on the p-values that the detector shows. */
static void capital_when_computed_again_is_the_same(void **state)
{
    (void)state;
    struct ctm_options options = ctm_defaults();
    options.guarded = false;
    options.c = 1e12;
    struct ctm ctm;
    ctm_init(&ctm, &options);
    struct stream stream;
    stream_init(&stream, 28, "tests/martingale", 0);
    double accounts[3] = {1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0};
    for (int i = 0; i < 900; i++) {
        (void)ctm_step(&ctm, stream_normal(&stream) + (i >= 800 ? 0.5 : 0.0));
        if (i < 200) {
            assert_true(ctm_statistic(&ctm) == 1.0);
            continue;
        }
        double sum = accounts[0] + accounts[1] + accounts[2];
        for (int e = -1; e <= 1; e++) {
            accounts[e + 1] =
                (0.99 * accounts[e + 1] + 0.01 / 3.0 * sum) * (1.0 + e * (ctm_p(&ctm) - 0.5));
        }
        sum = accounts[0] + accounts[1] + accounts[2];
        assert_true(fabs(ctm_statistic(&ctm) / sum - 1.0) < 1e-9);
    }
}

static int first_alarm(struct ctm *ctm, struct stream *stream, double shift, int change, int n)
{
    for (int i = 0; i < n; i++) {
        if (ctm_step(ctm, stream_normal(stream) + (i >= change ? shift : 0.0)) == DETECT_DRIFT) {
            return i;
        }
    }
    return -1;
}

/* 100 runs of 3,000 values without a change, c = 20: at most one in twenty may ever alarm. */
static void ctm_when_nothing_changed_is_silent(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 29, "tests/martingale", 0);
    int n_alarms = 0;
    for (int run = 0; run < 100; run++) {
        struct ctm_options options = ctm_defaults();
        options.c = 20.0;
        options.seed = (uint64_t)run;
        struct ctm ctm;
        ctm_init(&ctm, &options);
        n_alarms += first_alarm(&ctm, &stream, 0.0, 0, 3000) >= 0;
    }
    /* 12 or more of 100 would have probability below 0.005 at the promised 5 %. */
    assert_in_range(n_alarms, 0, 11);
}

static void ctm_when_values_shift_alarms_soon(void **state)
{
    (void)state;
    static const double shifts[] = {1.0, 2.0, -2.0};
    static const int delays[] = {120, 70, 70};
    struct stream stream;
    stream_init(&stream, 30, "tests/martingale", 0);
    for (int i = 0; i < 3; i++) {
        for (int guarantee = CTM_EVER; guarantee <= CTM_ARL; guarantee++) {
            for (int run = 0; run < 10; run++) {
                struct ctm_options options = ctm_defaults();
                options.n_reference = 500;
                options.guarantee = (enum ctm_guarantee)guarantee;
                options.c = guarantee == CTM_EVER ? 100.0 : 10000.0;
                struct ctm ctm;
                ctm_init(&ctm, &options);
                int at = first_alarm(&ctm, &stream, shifts[i], 1000, 2000);
                assert_in_range(at, 1000, 1000 + delays[i] + 100);
            }
        }
    }
}

static void ctm_when_alarmed_learns_anew_unless_reference_was_given(void **state)
{
    (void)state;
    struct ctm_options options = ctm_defaults();
    struct ctm ctm;
    ctm_init(&ctm, &options);
    struct stream stream;
    stream_init(&stream, 31, "tests/martingale", 0);
    assert_true(first_alarm(&ctm, &stream, 3.0, 300, 600) >= 300);
    assert_true(ctm_statistic(&ctm) >= ctm_threshold(&ctm));
    assert_int_equal(first_alarm(&ctm, &stream, 3.0, 0, 1000), -1);
    assert_int_equal(ctm.n_reference, 200);
    double values[100];
    for (int i = 0; i < 100; i++) {
        values[i] = (double)i;
    }
    ctm_set_reference(&ctm, values, 100);
    for (int round = 0; round < 2; round++) {
        int n = 0;
        while (n < 500 && ctm_step(&ctm, 200.0) == DETECT_NONE) {
            n++;
        }
        assert_in_range(n, 5, 60);
    }
}

/* One seed, one answer; another seed breaks ties another way. */
static void ties_when_seeded_break_the_same_way(void **state)
{
    (void)state;
    struct ctm_options options = ctm_defaults();
    struct ctm first, same, other;
    ctm_init(&first, &options);
    ctm_init(&same, &options);
    options.seed = 1;
    ctm_init(&other, &options);
    int n_differ = 0;
    for (int i = 0; i < 400; i++) {
        double x = (double)(i % 3);
        (void)ctm_step(&first, x);
        (void)ctm_step(&same, x);
        (void)ctm_step(&other, x);
        assert_true(ctm_p(&first) == ctm_p(&same));
        n_differ += ctm_p(&first) != ctm_p(&other);
    }
    assert_in_range(n_differ, 150, 200);
}

static void ctm_when_stream_is_odd_goes_on(void **state)
{
    (void)state;
    struct ctm_options options = ctm_defaults();
    options.n_reference = 50;
    struct ctm ctm;
    ctm_init(&ctm, &options);
    static const double values[] = {NAN, INFINITY, 0.0, -INFINITY, 0.0};
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(ctm_step(&ctm, values[i % 5]), DETECT_NONE);
        assert_true(isfinite(ctm_statistic(&ctm)));
    }
    /* Nothing changes: the capital shrinks, and its logarithm holds what no double would on a longer stream. */
    assert_true(ctm.log_capital < 0.0);
    options.n_reference = 1;
    assert_non_null(ctm_wrong(&options));
    options = ctm_defaults();
    options.c = NAN;
    assert_non_null(ctm_wrong(&options));
    options = ctm_defaults();
    options.jump = 1.5;
    assert_non_null(ctm_wrong(&options));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p_when_ranked_is_within_its_step),
        cmocka_unit_test(capital_when_computed_again_is_the_same),
        cmocka_unit_test(ctm_when_nothing_changed_is_silent),
        cmocka_unit_test(ctm_when_values_shift_alarms_soon),
        cmocka_unit_test(ctm_when_alarmed_learns_anew_unless_reference_was_given),
        cmocka_unit_test(ties_when_seeded_break_the_same_way),
        cmocka_unit_test(ctm_when_stream_is_odd_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
