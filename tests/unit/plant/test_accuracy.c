/* SPDX-License-Identifier: Apache-2.0 */
/* The bivariate normal against closed forms and against a plain numerical integral. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/dmath.h"
#include "sim/plant/parts.h"

static void assert_near(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance)) {
        fail_msg("saw %.12g, expected %.12g within %g", seen, expected, tolerance);
    }
}

/* P(sign agrees) by Simpson's rule over the density of the truth: nothing shared with the code under test. */
static double by_simpson(double rho, double a, double b)
{
    enum { N = 20000 };
    const double lo = -9.0, hi = 9.0, spread = sqrt(1.0 - rho * rho);
    double sum = 0.0;
    for (int part = 0; part < 2;
         part++) { /* Below and above the threshold, where the integrand jumps. */
        double from = part == 0 ? lo : a, to = part == 0 ? a : hi;
        double h = (to - from) / N;
        for (int i = 0; i <= N; i++) {
            double s = from + h * i, weight = i == 0 || i == N ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
            double above = 0.5 * erfc((b - rho * s) / spread / sqrt(2.0));
            double agrees = part == 0 ? 1.0 - above : above;
            sum += weight * h / 3.0 * exp(-0.5 * s * s) / sqrt(2.0 * 3.14159265358979323846) * agrees;
        }
    }
    return sum;
}

static void accuracy_when_thresholds_are_zero_is_one_less_angle_over_pi(void **state)
{
    (void)state;
    for (double rho = -1.0; rho <= 1.0; rho += 0.01) {
        double r = rho > 1.0 ? 1.0 : rho;
        assert_near(plant_accuracy(r, 0.0, 0.0), 1.0 - acos(r) / 3.14159265358979323846, 1e-12);
    }
    assert_near(plant_accuracy(0.9, 0.0, 0.0), 0.856, 5e-4);
    assert_near(plant_accuracy(0.8, 0.0, 0.0), 0.795, 5e-4);
    assert_near(plant_accuracy(0.5, 0.0, 0.0), 0.667, 5e-4);
}

static void accuracy_when_thresholds_differ_equals_the_plain_integral(void **state)
{
    (void)state;
    static const double rhos[] = {-0.9, -0.4, 0.0, 0.3, 0.7, 0.9, 0.97, 0.99};
    static const double thresholds[] = {-2.5, -1.0, -0.3, 0.0, 0.5, 1.5, 3.0};
    for (size_t i = 0; i < sizeof(rhos) / sizeof(rhos[0]); i++) {
        for (size_t j = 0; j < 7; j++) {
            for (size_t k = 0; k < 7; k++) {
                assert_near(plant_accuracy(rhos[i], thresholds[j], thresholds[k]),
                            by_simpson(rhos[i], thresholds[j], thresholds[k]), 1e-7);
            }
        }
    }
}

static void accuracy_when_the_score_says_nothing_is_that_of_the_shares(void **state)
{
    (void)state;
    double p = d_normal_cdf(-0.8), q = d_normal_cdf(-0.2);
    assert_near(plant_accuracy(0.0, 0.8, 0.2), p * q + (1.0 - p) * (1.0 - q), 1e-14);
    assert_near(plant_accuracy(0.6, 40.0, 0.0), 0.5, 1e-12);
}

static void sine_when_compared_with_libm_is_alike(void **state)
{
    (void)state;
    for (double degrees = 0.0; degrees <= 90.0; degrees += 0.5) {
        assert_near(sine_of(degrees), sin(degrees * 3.14159265358979323846 / 180.0), 1e-14);
        assert_near(cosine_of(degrees), cos(degrees * 3.14159265358979323846 / 180.0), 1e-14);
    }
}

static void orthogonal_when_drawn_has_the_length_and_no_share(void **state)
{
    (void)state;
    static const double v[FEATURES_MAX] = {0.5, -0.4, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0};
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct stream stream;
        stream_init(&stream, seed, "test", 0);
        double u[FEATURES_MAX], own = 0.0, length = 0.0, along = 0.0;
        orthogonal_to(v, 0x1f, &stream, u);
        for (int i = 0; i < FEATURES_MAX; i++) {
            own += u[i] * u[i];
            length += v[i] * v[i];
            along += u[i] * v[i];
        }
        assert_near(own, length, 1e-12);
        assert_near(along, 0.0, 1e-12);
        assert_near(u[5], 0.0, 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accuracy_when_thresholds_are_zero_is_one_less_angle_over_pi),
        cmocka_unit_test(accuracy_when_thresholds_differ_equals_the_plain_integral),
        cmocka_unit_test(accuracy_when_the_score_says_nothing_is_that_of_the_shares),
        cmocka_unit_test(sine_when_compared_with_libm_is_alike),
        cmocka_unit_test(orthogonal_when_drawn_has_the_length_and_no_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
