/* SPDX-License-Identifier: Apache-2.0 */
/* DDSketch: the promised error on hostile streams, collapse, merging in any order. */
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
#include "core/detect/ddsketch.h"
#include "core/detect/sample.h"
#include "tests/lib/memory_visit.h"

enum { VALUES = 4000, KINDS = 6 };

static double draw(struct stream *stream, int kind)
{
    switch (kind) {
    case 0:
        return stream_lognormal(stream, 120.0, 1.5); /* A latency. */
    case 1:
        return stream_normal(stream);
    case 2:
        return stream_between(stream, -5.0, 1.0);
    case 3:
        return (double)stream_below(stream, 5) - 2.0; /* Zeros and ties. */
    case 4:
        return 1.0 / stream_unit(stream); /* No mean. */
    default:
        return -stream_lognormal(stream, 1e-9, 3.0);
    }
}

static const double quantiles[] = {0.0,  0.001, 0.01, 0.1,  0.25,  0.5,
                                   0.75, 0.9,   0.95, 0.99, 0.999, 1.0};

static void ddsketch_quantile_when_any_stream_is_within_alpha(void **state)
{
    (void)state;
    static double values[VALUES], buffer[VALUES];
    static struct ddsketch sketch;
    static const double alphas[] = {0.5, 0.05, 0.01, 0.001};
    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t i_alpha = 0; i_alpha < 4; i_alpha++) {
            struct stream stream;
            stream_init(&stream, 60, "tests/ddsketch", (uint64_t)kind);
            bool is_wide =
                kind != 3 && alphas[i_alpha] < 0.005; /* Too many decades for 2,048 buckets. */
            if (is_wide) {
                continue;
            }
            ddsketch_init(&sketch, alphas[i_alpha]);
            for (int i = 0; i < VALUES; i++) {
                values[i] = draw(&stream, kind);
                ddsketch_add(&sketch, values[i]);
            }
            sample_sort(values, VALUES, buffer);
            for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
                double exact = values[(size_t)floor(quantiles[i] * (VALUES - 1))];
                double seen = ddsketch_quantile(&sketch, quantiles[i]);
                if (!(fabs(seen - exact) <= (alphas[i_alpha] + 1e-12) * fabs(exact))) {
                    fail_msg("kind %d alpha %g q %g: seen %.17g, exact %.17g", kind,
                             alphas[i_alpha], quantiles[i], seen, exact);
                }
            }
        }
    }
}

static void ddsketch_quantile_when_buckets_run_out_keeps_the_high_ones(void **state)
{
    (void)state;
    static double values[VALUES], buffer[VALUES];
    static struct ddsketch sketch;
    struct stream stream;
    stream_init(&stream, 61, "tests/ddsketch/wide", 0);
    ddsketch_init(&sketch, 0.01);
    for (int i = 0; i < VALUES; i++) {
        values[i] = exp(stream_between(&stream, -300.0, 300.0));
        ddsketch_add(&sketch, values[i]);
    }
    sample_sort(values, VALUES, buffer);
    double kept = values[VALUES - 1] * exp(-2000.0 * sketch.log_gamma);
    int n_kept = 0;
    for (double q = 0.0; q <= 1.0; q += 0.001) {
        double exact = values[(size_t)floor(q * (VALUES - 1))], seen = ddsketch_quantile(&sketch, q);
        assert_true(seen >= exact * 0.98); /* What collapsed went up, never down. */
        if (exact > kept) {
            assert_true(fabs(seen - exact) <= 0.0100001 * exact);
            n_kept++;
        }
    }
    assert_true(n_kept > 50 && n_kept < 100);
    assert_int_equal(ddsketch_n(&sketch), VALUES);
}

static void ddsketch_merge_when_split_anyhow_is_the_whole(void **state)
{
    (void)state;
    static struct ddsketch whole, parts[3], forth, back;
    for (int kind = 0; kind < KINDS + 1; kind++) {
        struct stream stream;
        stream_init(&stream, 62, "tests/ddsketch/merge", (uint64_t)kind);
        double alpha = kind == KINDS ? 0.0005 : 0.01; /* The last collapses much. */
        ddsketch_init(&whole, alpha);
        for (int i = 0; i < 3; i++) {
            ddsketch_init(&parts[i], alpha);
        }
        for (int i = 0; i < 1000; i++) {
            double x =
                kind == KINDS ? exp(stream_between(&stream, -50.0, 50.0)) : draw(&stream, kind);
            x = kind == KINDS && stream_chance(&stream, 0.5) ? -x : x;
            x = stream_chance(&stream, 0.02) ? (double)NAN : x;
            ddsketch_add(&whole, x);
            ddsketch_add(&parts[stream_below(&stream, 3)], x);
        }
        forth = parts[0];
        back = parts[2];
        assert_true(ddsketch_merge(&forth, &parts[1]));
        assert_true(ddsketch_merge(&forth, &parts[2]));
        assert_true(ddsketch_merge(&back, &parts[1]));
        assert_true(ddsketch_merge(&back, &parts[0]));
        assert_memory_equal(&whole.positive, &forth.positive, sizeof(whole.positive));
        assert_memory_equal(&whole.negative, &forth.negative, sizeof(whole.negative));
        assert_memory_equal(&whole.positive, &back.positive, sizeof(whole.positive));
        assert_memory_equal(&whole.negative, &back.negative, sizeof(whole.negative));
        assert_int_equal(whole.n_missing, back.n_missing);
        assert_int_equal(whole.n_zero, back.n_zero);
        assert_true(whole.min == back.min && whole.max == forth.max);
        for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
            assert_true(ddsketch_quantile(&whole, quantiles[i]) ==
                        ddsketch_quantile(&back, quantiles[i]));
        }
    }
}

static void ddsketch_when_values_are_odd_counts_them_apart(void **state)
{
    (void)state;
    static struct ddsketch sketch, other;
    ddsketch_init(&sketch, 0.01);
    assert_true(isnan(ddsketch_quantile(&sketch, 0.5)));
    ddsketch_add(&sketch, (double)NAN);
    ddsketch_add_missing(&sketch);
    ddsketch_add(&sketch, (double)INFINITY);
    ddsketch_add(&sketch, -(double)INFINITY);
    assert_int_equal(sketch.n_missing, 2);
    assert_int_equal(sketch.n_infinite, 2);
    assert_int_equal(ddsketch_n(&sketch), 0);
    assert_true(isnan(ddsketch_quantile(&sketch, 1.0)));
    ddsketch_add(&sketch, 0x1p-1074);
    ddsketch_add(&sketch, -0.0);
    ddsketch_add(&sketch, 1.7976931348623157e308);
    ddsketch_add(&sketch, -1.7976931348623157e308);
    assert_true(ddsketch_quantile(&sketch, 0.0) <= -1.75e308);
    assert_true(ddsketch_quantile(&sketch, 0.4) == 0.0);
    assert_true(ddsketch_quantile(&sketch, 1.0) >= 1.75e308);
    assert_int_equal(ddsketch_n(&sketch), 4);
    ddsketch_init(&other, 0.02);
    assert_false(ddsketch_merge(&sketch, &other));
    ddsketch_init(&other, 0.01);
    for (int i = 0; i < 100; i++) {
        ddsketch_add(&other, 7.5);
    }
    assert_true(ddsketch_quantile(&other, 0.3) == 7.5); /* Constant: exact by its ends. */
}

static void ddsketch_visit_when_read_back_goes_on_alike(void **state)
{
    (void)state;
    static struct memory_visit memory;
    static struct ddsketch sketch, again;
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream;
        stream_init(&stream, 63, "tests/ddsketch/visit", (uint64_t)kind);
        ddsketch_init(&sketch, 0.01);
        for (int i = 0; i < 300; i++) {
            ddsketch_add(&sketch, draw(&stream, kind));
        }
        memory_visit_init(&memory);
        ddsketch_visit(&memory.visit, "sketch", &sketch);
        memory_visit_rewind(&memory);
        memset(&again, 0x33, sizeof(again));
        ddsketch_visit(&memory.visit, "sketch", &again);
        assert_false(memory.visit.failed);
        assert_true(memory_visit_is_done(&memory));
        for (int i = 0; i < 300; i++) {
            double x = draw(&stream, kind);
            ddsketch_add(&sketch, x);
            ddsketch_add(&again, x);
        }
        assert_int_equal(ddsketch_n(&sketch), ddsketch_n(&again));
        for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
            assert_true(ddsketch_quantile(&sketch, quantiles[i]) ==
                        ddsketch_quantile(&again, quantiles[i]));
        }
    }
    sketch.alpha = 0.9;
    memory_visit_init(&memory);
    ddsketch_visit(&memory.visit, "sketch", &sketch);
    memory_visit_rewind(&memory);
    ddsketch_visit(&memory.visit, "sketch", &again);
    assert_true(memory.visit.failed);
    assert_int_equal(ddsketch_n(&again), 0);
}

static void ddsketch_when_measured_has_the_bytes_stated(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct ddsketch), 32856);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ddsketch_quantile_when_any_stream_is_within_alpha),
        cmocka_unit_test(ddsketch_quantile_when_buckets_run_out_keeps_the_high_ones),
        cmocka_unit_test(ddsketch_merge_when_split_anyhow_is_the_whole),
        cmocka_unit_test(ddsketch_when_values_are_odd_counts_them_apart),
        cmocka_unit_test(ddsketch_visit_when_read_back_goes_on_alike),
        cmocka_unit_test(ddsketch_when_measured_has_the_bytes_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
