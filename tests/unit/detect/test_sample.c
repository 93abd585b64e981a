/* SPDX-License-Identifier: Apache-2.0 */
/* Samples in order: every size, equal values, and the walk over two of them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/sample.h"

static void sample_sort_when_sizes_vary_orders_stably(void **state)
{
    (void)state;
    static double values[2000], buffer[2000];
    struct stream stream;
    stream_init(&stream, 40, "tests/sample", 0);
    for (size_t n = 0; n < 2000; n = n * 5 / 4 + 1) {
        double sum = 0.0, after = 0.0;
        for (size_t i = 0; i < n; i++) {
            values[i] = (double)stream_below(&stream, 50) - 25.0;
            sum += values[i];
        }
        sample_sort(values, n, buffer);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || values[i - 1] <= values[i]);
            after += values[i];
        }
        assert_true(sum == after);
    }
    double zeros[3] = {0.0, -0.0, -1.0};
    sample_sort(zeros, 3, buffer);
    assert_true(zeros[0] == -1.0);
    assert_false(signbit(zeros[1]));
    assert_true(signbit(zeros[2]));
}

static void sample_pair_next_when_walked_counts_every_value(void **state)
{
    (void)state;
    const double a[5] = {2.0, 1.0, 2.0, 5.0, 2.0}, b[3] = {7.0, 2.0, -1.0};
    double scratch[13];
    assert_int_equal(sample_pair_scratch(5, 3), 13);
    struct sample_pair pair = sample_pair_sort(a, 5, b, 3, scratch);
    struct sample_group group = {0};
    static const double values[5] = {-1.0, 1.0, 2.0, 5.0, 7.0};
    static const size_t n_a[5] = {0, 1, 3, 1, 0}, n_b[5] = {1, 0, 1, 0, 1};
    for (int i = 0; i < 5; i++) {
        assert_true(sample_pair_next(&pair, &group));
        assert_true(group.value == values[i]);
        assert_int_equal(group.n_a, n_a[i]);
        assert_int_equal(group.n_b, n_b[i]);
    }
    assert_false(sample_pair_next(&pair, &group));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sample_sort_when_sizes_vary_orders_stably),
        cmocka_unit_test(sample_pair_next_when_walked_counts_every_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
