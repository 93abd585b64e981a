/* SPDX-License-Identifier: Apache-2.0 */
/* Isotonic regression: figures worked by hand, the optimality conditions on random data, and the fitted curve. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/isotonic.h"

static void assert_near(double seen, double expected)
{
    if (!(fabs(seen - expected) <= 1e-12)) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

static void pool_when_worked_by_hand_is_the_same(void **state)
{
    (void)state;
    double values[] = {1.0, 3.0, 2.0, 2.0, 5.0, 4.0, 9.0};
    double weights[] = {1.0, 1.0, 1.0, 2.0, 3.0, 1.0, 1.0};
    uint32_t sizes[7];
    static const double expected[] = {1.0, 2.25, 2.25, 2.25, 4.75, 4.75, 9.0};
    isotonic_pool(values, weights, sizes, 7);
    for (int i = 0; i < 7; i++) {
        assert_near(values[i], expected[i]);
    }
    double falling[] = {4.0, 3.0, 2.0, 1.0}, even[] = {1.0, 1.0, 1.0, 1.0};
    isotonic_pool(falling, even, sizes, 4);
    for (int i = 0; i < 4; i++) {
        assert_near(falling[i], 2.5);
    }
    isotonic_pool(falling, even, sizes, 0);
}

/* Least squares over non-decreasing sequences: each block is the weighted mean of its values, and no start of a block has a mean below it. */
static void pool_when_random_meets_the_optimality_conditions(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 19, "tests/isotonic", 0);
    for (int run = 0; run < 300; run++) {
        double given[40], values[40], kept[40], weights[40];
        uint32_t sizes[40], n = 1 + (uint32_t)stream_below(&stream, 40);
        for (uint32_t i = 0; i < n; i++) {
            given[i] = values[i] = stream_normal(&stream) + 0.02 * i;
            kept[i] = weights[i] = stream_between(&stream, 0.5, 3.0);
        }
        isotonic_pool(values, weights, sizes, n);
        for (uint32_t first = 0; first < n;) {
            uint32_t next = first;
            double sum = 0.0, weight = 0.0;
            while (next < n && values[next] == values[first]) {
                sum += given[next] * kept[next];
                weight += kept[next];
                next++;
                assert_true(sum / weight >= values[first] - 1e-12);
            }
            assert_near(sum / weight, values[first]);
            assert_true(next == n || values[next] > values[first]);
            first = next;
        }
    }
}

static void fit_when_outcomes_follow_a_curve_finds_it(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 20, "tests/isotonic", 0);
    struct isotonic first, second;
    isotonic_init(&first);
    isotonic_init(&second);
    for (int i = 0; i < 200000; i++) {
        double score = stream_unit(&stream);
        double outcome = (double)stream_chance(&stream, score * score);
        isotonic_step(i % 2 == 0 ? &first : &second, score, outcome);
    }
    isotonic_merge(&first, &second);
    struct isotonic_map map;
    isotonic_fit(&first, &map);
    assert_int_equal(map.n_knots, ISOTONIC_BINS);
    double last = 0.0;
    for (int i = 0; i <= 1000; i++) {
        double score = (double)i / 1000.0, value = isotonic_at(&map, score);
        assert_true(value >= last);
        assert_true(fabs(value - score * score) < 0.04);
        last = value;
    }
}

static void fit_when_data_are_odd_stays_usable(void **state)
{
    (void)state;
    struct isotonic isotonic;
    struct isotonic_map map;
    isotonic_init(&isotonic);
    isotonic_step(&isotonic, NAN, 1.0);
    isotonic_step(&isotonic, 0.5, NAN);
    isotonic_fit(&isotonic, &map);
    assert_int_equal(map.n_knots, 0);
    assert_true(isotonic_at(&map, 0.3) == 0.3);
    isotonic_step(&isotonic, 0.5, 0.25);
    isotonic_fit(&isotonic, &map);
    assert_true(isotonic_at(&map, 0.0) == 0.25);
    assert_true(isotonic_at(&map, 1.0) == 0.25);
    isotonic_step(&isotonic, -7.0, 0.75);
    isotonic_step(&isotonic, 7.0, 0.5);
    isotonic_fit(&isotonic, &map);
    assert_int_equal(map.n_knots, 3);
    assert_true(isotonic_at(&map, -9.0) == 0.5);
    assert_true(isnan(isotonic_at(&map, NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_when_worked_by_hand_is_the_same),
        cmocka_unit_test(pool_when_random_meets_the_optimality_conditions),
        cmocka_unit_test(fit_when_outcomes_follow_a_curve_finds_it),
        cmocka_unit_test(fit_when_data_are_odd_stays_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
