/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration error and its noise against analytic truth, and a map that is kept only where it helps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/calibration.h"

static void error_when_worked_by_hand_is_the_same(void **state)
{
    (void)state;
    struct calibration first, second;
    calibration_init(&first);
    calibration_init(&second);
    assert_true(calibration_error(&first) == 0.0);
    assert_true(calibration_noise(&first) == 0.0);
    calibration_step(&first, 0.25, true); /* Bin 2: p 0.25, y 1. */
    calibration_step(&first, 0.85, true); /* Bin 8: mean p 0.85, mean y 1/2. */
    calibration_step(&second, 0.85, false);
    calibration_step(&second, 1.7, true); /* Bin 9: p 1, y 1. */
    calibration_step(&second, NAN, true);
    calibration_merge(&first, &second);
    assert_int_equal(calibration_n(&first), 4);
    assert_true(fabs(calibration_error(&first) - (0.75 + 0.7 + 0.0) / 4.0) < 1e-12);
    double noise = sqrt(2.0 / acos(-1.0) * 0.25 * 0.75) + sqrt(2.0 / acos(-1.0) * 2.0 * 0.85 * 0.15);
    assert_true(fabs(calibration_noise(&first) - noise / 4.0) < 1e-12);
}

/* A calibrated model's error is its noise; one that is overconfident by 0.1 has at least that. */
static void error_when_calibrated_is_near_its_noise(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 21, "tests/calibration", 0);
    double errors = 0.0, noises = 0.0;
    for (int run = 0; run < 100; run++) {
        struct calibration calibration;
        calibration_init(&calibration);
        for (int i = 0; i < 1000; i++) {
            double p = stream_unit(&stream);
            calibration_step(&calibration, p, stream_chance(&stream, p));
        }
        errors += calibration_error(&calibration);
        noises += calibration_noise(&calibration);
    }
    assert_true(fabs(errors / noises - 1.0) < 0.1);
    struct calibration off;
    calibration_init(&off);
    for (int i = 0; i < 20000; i++) {
        double p = stream_between(&stream, 0.5, 1.0);
        calibration_step(&off, p, stream_chance(&stream, p - 0.1));
    }
    assert_true(fabs(calibration_error(&off) - 0.1) < 0.015);
}

static double recalibrated(uint64_t index, double power, bool *ret_helps)
{
    struct stream stream;
    stream_init(&stream, 22, "tests/calibration", index);
    struct recalibration recalibration;
    recalibration_init(&recalibration);
    for (int i = 0; i < 100000; i++) {
        double p = stream_unit(&stream);
        recalibration_learn(&recalibration, p, stream_chance(&stream, pow(p, power)));
    }
    recalibration_fit(&recalibration);
    assert_false(recalibration_helps(&recalibration));
    assert_true(recalibration_at(&recalibration, 0.4) == 0.4);
    for (int i = 0; i < 100000; i++) {
        double p = stream_unit(&stream);
        recalibration_check(&recalibration, p, stream_chance(&stream, pow(p, power)));
    }
    *ret_helps = recalibration_helps(&recalibration);
    return recalibration_at(&recalibration, 0.4);
}

static void recalibration_when_scores_are_off_corrects_them(void **state)
{
    (void)state;
    bool helps = false;
    double value = recalibrated(0, 2.0, &helps);
    assert_true(helps);
    assert_true(fabs(value - 0.16) < 0.03);
}

/* Of calibrated scores the map is noise: it may not move them by more than that. */
static void recalibration_when_scores_are_right_leaves_them(void **state)
{
    (void)state;
    for (uint64_t run = 1; run < 6; run++) {
        bool helps = false;
        assert_true(fabs(recalibrated(run, 1.0, &helps) - 0.4) < 0.04);
    }
}

static void words_when_asked_are_all_there(void **state)
{
    (void)state;
    for (int i = 0; i < N_ESTIMATE_TRUSTS; i++) {
        assert_true(strlen(estimate_trust_word((enum estimate_trust)i)) > 0);
    }
    assert_string_equal(estimate_trust_word(ESTIMATE_LABELS_DISAGREE), "late labels disagree");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_when_worked_by_hand_is_the_same),
        cmocka_unit_test(error_when_calibrated_is_near_its_noise),
        cmocka_unit_test(recalibration_when_scores_are_off_corrects_them),
        cmocka_unit_test(recalibration_when_scores_are_right_leaves_them),
        cmocka_unit_test(words_when_asked_are_all_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
