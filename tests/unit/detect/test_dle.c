/* SPDX-License-Identifier: Apache-2.0 */
/* Estimated loss against analytic truth, and the gate on each thing that makes the estimate wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/dle.h"

static void assert_within(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance)) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

/* A driver x, uniform on 0 .. 1 at the reference; the loss is uniform on 0 .. 2 x rate, so that its mean given x is x rate. */
static double loss_at(struct stream *stream, double x, double rate)
{
    return stream_between(stream, 0.0, 2.0 * x * rate);
}

static void open_with_reference(struct dle *dle, struct stream *stream, int n)
{
    struct dle_options options = dle_defaults();
    assert_null(dle_wrong(&options));
    dle_init(dle, &options);
    assert_true(dle_estimate(dle) == 0.0);
    for (int i = 0; i < n; i++) {
        double x = stream_unit(stream);
        dle_reference(dle, x, loss_at(stream, x, 0.4));
    }
}

static void estimate_when_only_inputs_move_follows_the_truth(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 24, "tests/dle", 0);
    struct dle dle;
    open_with_reference(&dle, &stream, 20000);
    assert_within(dle_baseline(&dle), 0.2, 0.005);
    assert_true(dle_estimate(&dle) == dle_baseline(&dle));
    for (int i = 0; i < 20000; i++) { /* x = sqrt(u): mean 2/3. */
        double x = sqrt(stream_unit(&stream));
        dle_step(&dle, x);
        if (i % 10 == 0) {
            dle_label(&dle, x, loss_at(&stream, x, 0.4));
        }
    }
    assert_within(dle_estimate(&dle), 0.4 * 2.0 / 3.0, 0.006);
    assert_int_equal(dle_trust(&dle), ESTIMATE_TRUSTED);
}

static void estimate_when_the_relation_moves_is_wrong_and_gated(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 25, "tests/dle", 0);
    struct dle dle;
    open_with_reference(&dle, &stream, 5000);
    double real = 0.0;
    for (int i = 0; i < 5000; i++) {
        double x = stream_unit(&stream), loss = loss_at(&stream, x, 0.6);
        dle_step(&dle, x);
        dle_label(&dle, x, fmin(loss, 1.0));
        real += fmin(loss, 1.0) / 5000.0;
    }
    assert_within(dle_estimate(&dle), 0.2, 0.01);
    assert_true(real > 0.27);
    assert_int_equal(dle_trust(&dle), ESTIMATE_LABELS_DISAGREE);
}

static void gate_when_reference_is_small_or_inputs_are_new_closes(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 26, "tests/dle", 0);
    struct dle dle;
    open_with_reference(&dle, &stream, 900);
    assert_int_equal(dle_trust(&dle), ESTIMATE_FEW_LABELS);
    open_with_reference(&dle, &stream, 5000);
    for (int i = 0; i < 100; i++) {
        dle_step(&dle, i < 11 ? 1.5 : 0.5);
    }
    assert_int_equal(dle_trust(&dle), ESTIMATE_UNSEEN);
    assert_within(dle_estimate(&dle), 0.2, 0.05);
}

static void dle_when_merged_or_odd_counts_what_it_can(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 27, "tests/dle", 0);
    struct dle first, second, both;
    open_with_reference(&first, &stream, 5000);
    second = first;
    both = first;
    dle_reference(&first, NAN, 0.5);
    dle_reference(&first, 0.5, NAN);
    dle_step(&first, NAN);
    dle_label(&first, NAN, 0.5);
    dle_label(&first, 9.0, 0.5);
    assert_int_equal(first.late_n, 0);
    for (int i = 0; i < 500; i++) {
        double x = stream_between(&stream, -0.1, 1.1);
        dle_step(i % 3 == 0 ? &first : &second, x);
        dle_step(&both, x);
    }
    dle_merge(&first, &second);
    assert_true(dle_estimate(&first) == dle_estimate(&both));
    assert_int_equal(first.outside_n, both.outside_n);
}

static void options_when_wrong_are_named(void **state)
{
    (void)state;
    struct dle_options options = dle_defaults();
    options.lo = 1.0;
    assert_non_null(dle_wrong(&options));
    options = dle_defaults();
    options.loss_max = 0.0;
    assert_non_null(dle_wrong(&options));
    options = dle_defaults();
    options.alpha = NAN;
    assert_non_null(dle_wrong(&options));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimate_when_only_inputs_move_follows_the_truth),
        cmocka_unit_test(estimate_when_the_relation_moves_is_wrong_and_gated),
        cmocka_unit_test(gate_when_reference_is_small_or_inputs_are_new_closes),
        cmocka_unit_test(dle_when_merged_or_odd_counts_what_it_can),
        cmocka_unit_test(options_when_wrong_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
