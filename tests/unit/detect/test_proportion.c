/* SPDX-License-Identifier: Apache-2.0 */
/* Tests and bounds of proportions against figures of scipy. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/proportion.h"

static void assert_near(double seen, double expected)
{
    if (fabs(seen - expected) > 1e-12 * fmax(1.0, fabs(expected))) {
        fail_msg("seen %.17g, expected %.17g", seen, expected);
    }
}

static void proportion_z_when_computed_elsewhere_is_the_same(void **state)
{
    (void)state;
    assert_near(proportion_z(60, 500, 0.08, 100000), 3.284963399350078);
    assert_near(proportion_z(30, 500, 0.08, 1000), -1.4007379163384381);
    assert_near(proportion_z(3, 50, 0.0, 200), 3.485075176786614);
}

static void proportion_z_when_nothing_is_known_is_zero(void **state)
{
    (void)state;
    assert_true(proportion_z(0, 0, 0.1, 1000) == 0.0);
    assert_true(proportion_z(5, 10, 0.1, 0) == 0.0);
    assert_true(proportion_z(0, 10, 0.0, 1000) == 0.0);
    assert_true(proportion_z(10, 10, 1.0, 1000) == 0.0);
}

/* Figures: scipy.stats.binomtest(...).proportion_ci(method="wilson"). */
static void wilson_bounds_when_computed_elsewhere_are_the_same(void **state)
{
    (void)state;
    assert_near(wilson_lower(90, 100, 2.3263478740408408), 0.8084541325714025);
    assert_near(wilson_upper(90, 100, 2.3263478740408408), 0.9504735048815491);
    assert_near(wilson_lower(5, 500, 1.6448536269514722), 0.004875972245999767);
    assert_near(wilson_upper(5, 500, 1.6448536269514722), 0.02039835309124534);
    assert_near(wilson_lower(499, 500, 1.959963984540054), 0.9887592932948532);
    assert_near(wilson_upper(499, 500, 1.959963984540054), 0.9996468636054407);
}

static void wilson_bounds_when_nothing_was_seen_are_0_and_1(void **state)
{
    (void)state;
    assert_true(wilson_lower(0, 0, 3.0) == 0.0);
    assert_true(wilson_upper(0, 0, 3.0) == 1.0);
    assert_true(wilson_lower(0, 50, 3.0) == 0.0);
    assert_true(wilson_upper(50, 50, 3.0) == 1.0);
}

static void wilson_bounds_always_hold_the_share_between_them(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 3, "tests/wilson", 0);
    for (int i = 0; i < 20000; i++) {
        uint32_t n = 1 + (uint32_t)stream_below(&stream, 5000);
        uint32_t k = (uint32_t)stream_below(&stream, n + 1);
        double z = stream_between(&stream, 0.0, 6.0), share = (double)k / (double)n;
        assert_true(wilson_lower(k, n, z) <= share + 1e-12);
        assert_true(wilson_upper(k, n, z) >= share - 1e-12);
        assert_true(wilson_lower(k, n, z) >= 0.0);
        assert_true(wilson_upper(k, n, z) <= 1.0);
    }
}

static void mcnemar_p_when_computed_elsewhere_is_the_same(void **state)
{
    (void)state;
    assert_near(mcnemar_p(40, 20), 0.007085694127006165);
    assert_near(mcnemar_p(12, 10), 0.4155852047708812);
    assert_near(mcnemar_p(5, 9), 0.9092753961392898);
    assert_near(mcnemar_p(300, 220), 0.0002657284101039337);
    assert_true(mcnemar_p(0, 0) == 1.0);
}

/* Figures: scipy.stats.binomtest(b, b + c, alternative="greater"). */
static void mcnemar_p_when_compared_with_the_exact_test_is_close(void **state)
{
    (void)state;
    assert_true(fabs(mcnemar_p(40, 20) - 0.00674464686559593) < 5e-4);
    assert_true(fabs(mcnemar_p(12, 10) - 0.4159059524536133) < 1e-3);
    assert_true(fabs(mcnemar_p(300, 220) - 0.0002597079248326453) < 1e-5);
}

/* Figures: the lower bounds of the difference, scipy's normal quantile. */
static void non_inferior_when_the_bound_clears_the_margin_is_true(void **state)
{
    (void)state;
    assert_false(non_inferior(450, 500, 455, 500, 0.04049, 0.05));
    assert_true(non_inferior(450, 500, 455, 500, 0.04051, 0.05));
    assert_false(non_inferior(1800, 2000, 1810, 2000, 0.02682, 0.01));
    assert_true(non_inferior(1800, 2000, 1810, 2000, 0.02683, 0.01));
    assert_false(non_inferior(440, 500, 460, 500, 0.07113, 0.05));
    assert_true(non_inferior(440, 500, 460, 500, 0.07115, 0.05));
}

static void non_inferior_when_an_arm_is_empty_is_false(void **state)
{
    (void)state;
    assert_false(non_inferior(0, 0, 900, 1000, 0.5, 0.05));
    assert_false(non_inferior(900, 1000, 0, 0, 0.5, 0.05));
}

/* A version that is worse by the whole margin passes no more often than alpha (three standard errors). */
static void non_inferior_when_worse_by_the_margin_passes_at_its_level(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 5, "tests/non_inferior", 0);
    const int n_trials = 20000;
    int n_passed = 0;
    for (int i = 0; i < n_trials; i++) {
        uint32_t good = (uint32_t)stream_binomial(&stream, 600, 0.88);
        uint32_t old = (uint32_t)stream_binomial(&stream, 600, 0.90);
        n_passed += non_inferior(good, 600, old, 600, 0.02, 0.05) ? 1 : 0;
    }
    assert_true(n_passed < 0.05 * n_trials + 3.0 * sqrt(0.05 * n_trials) + 0.002 * n_trials);
    assert_true(n_passed > 0.03 * n_trials);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proportion_z_when_computed_elsewhere_is_the_same),
        cmocka_unit_test(proportion_z_when_nothing_is_known_is_zero),
        cmocka_unit_test(wilson_bounds_when_computed_elsewhere_are_the_same),
        cmocka_unit_test(wilson_bounds_when_nothing_was_seen_are_0_and_1),
        cmocka_unit_test(wilson_bounds_always_hold_the_share_between_them),
        cmocka_unit_test(mcnemar_p_when_computed_elsewhere_is_the_same),
        cmocka_unit_test(mcnemar_p_when_compared_with_the_exact_test_is_close),
        cmocka_unit_test(non_inferior_when_the_bound_clears_the_margin_is_true),
        cmocka_unit_test(non_inferior_when_an_arm_is_empty_is_false),
        cmocka_unit_test(non_inferior_when_worse_by_the_margin_passes_at_its_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
