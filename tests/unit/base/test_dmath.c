/* SPDX-License-Identifier: Apache-2.0 */
/* Every function against MPFR at random and edge arguments, with the bounds that the header states;
 * and the same bits from every build. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <mpfr.h>

#include "core/base/dmath.h"
#include "core/base/prng.h"

enum { PRECISION = 256, ARGUMENTS = 4000 };

#define INF ((double)INFINITY)
#define NOT_A_NUMBER ((double)NAN)

typedef double (*function)(double);
typedef int (*reference)(mpfr_ptr ret_value, mpfr_srcptr x, mpfr_rnd_t rounding);

/* |got - exact| in units of the last place of a double near exact. */
static double ulps_between(double got, mpfr_srcptr exact)
{
    double nearest = mpfr_get_d(exact, MPFR_RNDN);
    if (nearest == 0.0 || !isfinite(nearest) || !isfinite(got)) {
        return got == nearest ? 0.0 : INF;
    }
    int exponent = 0;
    (void)frexp(nearest, &exponent); /* Only the exponent is wanted. */
    int last_place = exponent - 53 < -1074 ? -1074 : exponent - 53;
    mpfr_t difference;
    mpfr_init2(difference, PRECISION);
    mpfr_set_d(difference, got, MPFR_RNDN);
    mpfr_sub(difference, difference, exact, MPFR_RNDN);
    mpfr_mul_2si(difference, difference, -last_place, MPFR_RNDN);
    double ulps = fabs(mpfr_get_d(difference, MPFR_RNDN));
    mpfr_clear(difference);
    return ulps;
}

static double relative_between(double got, mpfr_srcptr exact)
{
    return ulps_between(got, exact) * DBL_EPSILON; /* Never less than the relative error. */
}

static void check_at(function got, reference exact, double x, double ulps_max)
{
    mpfr_t argument, value;
    mpfr_inits2(PRECISION, argument, value, (mpfr_ptr)0);
    mpfr_set_d(argument, x, MPFR_RNDN);
    (void)exact(value, argument, MPFR_RNDN); /* The ternary value is of no use here. */
    double ulps = ulps_between(got(x), value);
    mpfr_clears(argument, value, (mpfr_ptr)0);
    if (!(ulps <= ulps_max)) {
        fail_msg("x = %a (%.17g): got %.17g, off by %.3f ulp", x, x, got(x), ulps);
    }
}

/* At random arguments, uniform on [lo, hi]. */
static void check_between(function got, reference exact, double lo, double hi, double ulps_max)
{
    struct stream stream;
    stream_init(&stream, 1, "test/dmath", 0);
    for (int i = 0; i < ARGUMENTS; i++) {
        check_at(got, exact, stream_between(&stream, lo, hi), ulps_max);
    }
}

/* At random arguments with exponents from lo to hi, of either sign when asked. */
static void check_exponents(function got, reference exact, int lo, int hi, bool is_signed,
                            double ulps_max)
{
    struct stream stream;
    stream_init(&stream, 2, "test/dmath", 0);
    for (int i = 0; i < ARGUMENTS; i++) {
        int exponent = lo + (int)stream_below(&stream, (uint64_t)(hi - lo + 1));
        double x = ldexp(1.0 + stream_unit(&stream), exponent);
        bool is_negative = stream_chance(&stream, 0.5) != 0 && is_signed;
        check_at(got, exact, is_negative ? -x : x, ulps_max);
    }
}

/* At the doubles around x. */
static void check_around(function got, reference exact, double x, double ulps_max)
{
    double below = x, above = x;
    for (int i = 0; i < 20; i++) {
        check_at(got, exact, below, ulps_max);
        check_at(got, exact, above, ulps_max);
        below = nextafter(below, -INF);
        above = nextafter(above, INF);
    }
}

static void assert_same(double got, double expected)
{
    bool is_same = (isnan(got) && isnan(expected)) || got == expected;
    if (!is_same) {
        fail_msg("got %.17g, expected %.17g", got, expected);
    }
}

static void abs_floor_sqrt_when_compared_are_those_of_the_c_library(void **state)
{
    (void)state;
    static const double edges[] = {0.0,
                                   -0.0,
                                   0.5,
                                   -0.5,
                                   1.0,
                                   -1.0,
                                   2.5,
                                   -2.5,
                                   4503599627370495.5,
                                   -4503599627370495.5,
                                   0x1p52,
                                   -0x1p52,
                                   0x1p63,
                                   -0x1p63,
                                   1e300,
                                   -1e300,
                                   0x1p-1074,
                                   DBL_MAX,
                                   INFINITY,
                                   -INFINITY,
                                   NAN};
    struct stream stream;
    stream_init(&stream, 3, "test/dmath", 0);
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        assert_same(d_abs(edges[i]), fabs(edges[i]));
        assert_same(d_floor(edges[i]), floor(edges[i]));
        assert_same(d_sqrt(edges[i]), sqrt(edges[i]));
    }
    for (int i = 0; i < ARGUMENTS; i++) {
        double x = stream_between(&stream, -1e6, 1e6);
        assert_same(d_abs(x), fabs(x));
        assert_same(d_floor(x), floor(x));
        assert_same(d_sqrt(x), sqrt(x));
    }
    assert_false(signbit(d_abs(-0.0)));
}

static void log_when_compared_is_within_2_ulp(void **state)
{
    (void)state;
    check_exponents(d_log, mpfr_log, -1074, 1022, false, 2.0);
    check_between(d_log, mpfr_log, 0.0, 1.0, 2.0);
    check_between(d_log, mpfr_log, 0.5, 2.0, 2.0);
    check_between(d_log, mpfr_log, 0.99, 1.01, 2.0);
    check_around(d_log, mpfr_log, 1.0, 2.0);
    check_around(d_log, mpfr_log, sqrt(0.5), 2.0);
    check_around(d_log, mpfr_log, sqrt(2.0), 2.0);
    check_at(d_log, mpfr_log, 0x1p-1074, 2.0);
    check_at(d_log, mpfr_log, DBL_MAX, 2.0);
    assert_same(d_log(1.0), 0.0);
    assert_same(d_log(0.0), -INF);
    assert_same(d_log(-0.0), -INF);
    assert_same(d_log(INF), INF);
    assert_same(d_log(-1.0), NOT_A_NUMBER);
    assert_same(d_log(-INF), NOT_A_NUMBER);
    assert_same(d_log(NOT_A_NUMBER), NOT_A_NUMBER);
}

static void log1p_when_compared_is_within_2_ulp(void **state)
{
    (void)state;
    check_exponents(d_log1p, mpfr_log1p, -1074, -2, true, 2.0);
    check_exponents(d_log1p, mpfr_log1p, -1, 1022, false, 2.0);
    check_between(d_log1p, mpfr_log1p, -1.0, 3.0, 2.0);
    check_between(d_log1p, mpfr_log1p, 0.40, 0.45, 2.0);
    check_around(d_log1p, mpfr_log1p, -0.29, 2.0);
    check_around(d_log1p, mpfr_log1p, 0.41, 2.0);
    check_around(d_log1p, mpfr_log1p, 1.0, 2.0);
    check_at(d_log1p, mpfr_log1p, nextafter(-1.0, 0.0), 2.0);
    check_at(d_log1p, mpfr_log1p, DBL_MAX, 2.0);
    assert_same(d_log1p(0.0), 0.0);
    assert_same(d_log1p(-1.0), -INF);
    assert_same(d_log1p(-1.5), NOT_A_NUMBER);
    assert_same(d_log1p(INF), INF);
    assert_same(d_log1p(NOT_A_NUMBER), NOT_A_NUMBER);
}

static void exp_when_compared_is_within_2_ulp(void **state)
{
    (void)state;
    check_between(d_exp, mpfr_exp, -745.1, 709.7, 2.0);
    check_between(d_exp, mpfr_exp, -2.0, 2.0, 2.0);
    check_between(d_exp, mpfr_exp, -745.1, -707.0, 2.0);
    check_exponents(d_exp, mpfr_exp, -1074, 8, true, 2.0);
    check_around(d_exp, mpfr_exp, 0.34657359027997264, 2.0);
    check_around(d_exp, mpfr_exp, -708.3964185322641, 2.0);
    check_around(d_exp, mpfr_exp, 709.782712893384, 2.0);
    check_around(d_exp, mpfr_exp, -745.1332191019411, 2.0);
    assert_same(d_exp(0.0), 1.0);
    assert_same(d_exp(710.0), INF);
    assert_same(d_exp(INF), INF);
    assert_same(d_exp(-746.0), 0.0);
    assert_same(d_exp(-INF), 0.0);
    assert_same(d_exp(NOT_A_NUMBER), NOT_A_NUMBER);
}

static void check_pow(double base, double exponent)
{
    mpfr_t b, e, value;
    mpfr_inits2(PRECISION, b, e, value, (mpfr_ptr)0);
    mpfr_set_d(b, base, MPFR_RNDN);
    mpfr_set_d(e, exponent, MPFR_RNDN);
    (void)mpfr_pow(value, b, e, MPFR_RNDN); /* The ternary value is of no use here. */
    double got = d_pow(base, exponent), ulps = ulps_between(got, value);
    mpfr_clears(b, e, value, (mpfr_ptr)0);
    if (!(ulps <= 2.0)) {
        fail_msg("%a ^ %a: got %.17g, off by %.3f ulp", base, exponent, got, ulps);
    }
}

static void pow_when_compared_is_within_2_ulp(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 4, "test/dmath", 0);
    for (int i = 0; i < ARGUMENTS; i++) {
        double wide = ldexp(1.0 + stream_unit(&stream), (int)stream_below(&stream, 2000) - 1000);
        check_pow(wide, stream_between(&stream, -1.0, 1.0) * (double)(1 << i % 11));
        check_pow(stream_between(&stream, 0.0, 10.0), stream_between(&stream, -20.0, 20.0));
        check_pow(stream_between(&stream, 0.999, 1.001), stream_between(&stream, -7e5, 7e5));
        check_pow(stream_between(&stream, 0.5, 2.0), stream_between(&stream, -1000.0, 1000.0));
        check_pow(-stream_between(&stream, 0.0, 10.0), (double)stream_below(&stream, 40) - 20.0);
    }
    check_pow(10.0, -3.0);
    check_pow(2.0, 1023.0);
    check_pow(2.0, -1074.0);
    check_pow(0x1p-1074, 0.5);
    check_pow(0x1p-1074, -0.9);
    check_pow(nextafter(1.0, 2.0), 0x1p52);
    check_pow(nextafter(1.0, 0.0), 0x1p60);
}

static void pow_when_arguments_are_special_is_that_of_the_c_library(void **state)
{
    (void)state;
    static const double values[] = {0.0,  -0.0, 1.0,   -1.0,     0.5,       -0.5,      2.0,
                                    -2.0, 3.0,  -3.0,  1e300,    -1e300,    0x1p-1074, 0x1p53,
                                    1e18, 2.5,  -1e-9, INFINITY, -INFINITY, NAN,       -0x1p54};
    size_t n = sizeof(values) / sizeof(values[0]);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            double expected = pow(values[i], values[j]), got = d_pow(values[i], values[j]);
            bool is_special = !isfinite(expected) || expected == 0.0 || fabs(expected) == 1.0;
            if (is_special && !((isnan(got) && isnan(expected)) || got == expected)) {
                fail_msg("%g ^ %g: got %g, expected %g", values[i], values[j], got, expected);
            }
            if (is_special && !isnan(expected)) {
                assert_int_equal(signbit(got) != 0, signbit(expected) != 0);
            }
        }
    }
}

static void erf_when_compared_is_within_2_ulp(void **state)
{
    (void)state;
    check_between(d_erf, mpfr_erf, -7.0, 7.0, 2.0);
    check_between(d_erf, mpfr_erf, -1.0, 1.0, 2.0);
    check_exponents(d_erf, mpfr_erf, -1020, 2, true, 2.0);
    check_around(d_erf, mpfr_erf, 0.5, 2.0);
    check_around(d_erf, mpfr_erf, -0.5, 2.0);
    assert_same(d_erf(0.0), 0.0);
    assert_same(d_erf(INF), 1.0);
    assert_same(d_erf(-INF), -1.0);
    assert_same(d_erf(NOT_A_NUMBER), NOT_A_NUMBER);
}

static void erfc_when_compared_is_within_2_ulp(void **state)
{
    (void)state;
    check_between(d_erfc, mpfr_erfc, -6.0, 6.0, 2.0);
    check_between(d_erfc, mpfr_erfc, -1.0, 1.0, 2.0);
    check_around(d_erfc, mpfr_erfc, 0.5, 2.0);
    check_around(d_erfc, mpfr_erfc, -0.5, 2.0);
    check_around(d_erfc, mpfr_erfc, 3.75, 2.0);
    for (double x = 6.0; x < 27.25; x += 0.0625) { /* Into the subnormal numbers. */
        check_at(d_erfc, mpfr_erfc, x, 2.0);
    }
    assert_same(d_erfc(0.0), 1.0);
    assert_same(d_erfc(INF), 0.0);
    assert_same(d_erfc(28.0), 0.0);
    assert_same(d_erfc(-INF), 2.0);
    assert_same(d_erfc(NOT_A_NUMBER), NOT_A_NUMBER);
}

/* exp(-x^2/2) / sqrt(2 pi) */
static int normal_pdf(mpfr_ptr ret_value, mpfr_srcptr x, mpfr_rnd_t rounding)
{
    mpfr_t root;
    mpfr_init2(root, PRECISION);
    (void)mpfr_const_pi(root, rounding);
    mpfr_mul_2ui(root, root, 1, rounding);
    mpfr_sqrt(root, root, rounding);
    mpfr_sqr(ret_value, x, rounding);
    mpfr_div_si(ret_value, ret_value, -2, rounding);
    mpfr_exp(ret_value, ret_value, rounding);
    mpfr_div(ret_value, ret_value, root, rounding);
    mpfr_clear(root);
    return 0;
}

/* erfc(-x / sqrt 2) / 2 */
static int normal_cdf(mpfr_ptr ret_value, mpfr_srcptr x, mpfr_rnd_t rounding)
{
    mpfr_t root;
    mpfr_init2(root, PRECISION);
    (void)mpfr_sqrt_ui(root, 2, rounding); /* The ternary value is of no use here. */
    mpfr_div(ret_value, x, root, rounding);
    mpfr_neg(ret_value, ret_value, rounding);
    mpfr_erfc(ret_value, ret_value, rounding);
    mpfr_div_2ui(ret_value, ret_value, 1, rounding);
    mpfr_clear(root);
    return 0;
}

/* Newton's iteration on normal_cdf. It starts at the function under test, but ends at the root from
 * any near start. */
static int normal_quantile(mpfr_ptr ret_value, mpfr_srcptr p, mpfr_rnd_t rounding)
{
    mpfr_t x, distance, slope;
    mpfr_inits2(PRECISION, x, distance, slope, (mpfr_ptr)0);
    mpfr_set_d(x, d_normal_quantile(mpfr_get_d(p, rounding)), rounding);
    for (int i = 0; i < 4; i++) {
        (void)normal_cdf(distance, x, rounding);
        mpfr_sub(distance, distance, p, rounding);
        (void)normal_pdf(slope, x, rounding);
        mpfr_div(distance, distance, slope, rounding);
        mpfr_sub(x, x, distance, rounding);
    }
    mpfr_set(ret_value, x, rounding);
    mpfr_clears(x, distance, slope, (mpfr_ptr)0);
    return 0;
}

static const double normal_ulps_max = 1e-14 / DBL_EPSILON; /* 1e-14 relative, never less strictly. */

static void normal_pdf_and_cdf_when_compared_are_within_1e_14(void **state)
{
    (void)state;
    check_between(d_normal_pdf, normal_pdf, -37.0, 37.0, normal_ulps_max);
    check_between(d_normal_pdf, normal_pdf, -3.0, 3.0, normal_ulps_max);
    check_between(d_normal_cdf, normal_cdf, -4.0, 8.0, normal_ulps_max);
    check_around(d_normal_cdf, normal_cdf, sqrt(0.5), normal_ulps_max);
    check_around(d_normal_cdf, normal_cdf, -sqrt(0.5), normal_ulps_max);
    for (double x = -37.5; x < -4.0; x += 0.0625) {
        check_at(d_normal_cdf, normal_cdf, x, normal_ulps_max);
    }
    assert_same(d_normal_cdf(0.0), 0.5);
    assert_same(d_normal_cdf(INF), 1.0);
    assert_same(d_normal_cdf(-INF), 0.0);
    assert_same(d_normal_cdf(1e308), 1.0);
    assert_same(d_normal_pdf(INF), 0.0);
    assert_same(d_normal_pdf(-1e308), 0.0);
    assert_same(d_normal_cdf(NOT_A_NUMBER), NOT_A_NUMBER);
    assert_same(d_normal_pdf(NOT_A_NUMBER), NOT_A_NUMBER);
}

static void normal_quantile_when_compared_is_within_1e_14(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 5, "test/dmath", 0);
    for (int i = 0; i < 400; i++) {
        check_at(d_normal_quantile, normal_quantile, stream_unit(&stream), normal_ulps_max);
        double small = ldexp(stream_unit(&stream), -(int)stream_below(&stream, 300));
        check_at(d_normal_quantile, normal_quantile, small, normal_ulps_max);
        check_at(d_normal_quantile, normal_quantile, 0.5 + 0.02 * (small - 0.5), normal_ulps_max);
    }
    static const double joints[] = {0.075, 0.925, 1.3887943864964021e-11};
    for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++) {
        check_around(d_normal_quantile, normal_quantile, joints[i], normal_ulps_max);
    }
    check_at(d_normal_quantile, normal_quantile, 0x1p-1000, normal_ulps_max);
    check_at(d_normal_quantile, normal_quantile, 1.0 - 0x1p-53, normal_ulps_max);
    assert_same(d_normal_quantile(0.5), 0.0);
    assert_same(d_normal_quantile(0.0), -INF);
    assert_same(d_normal_quantile(1.0), INF);
    assert_same(d_normal_quantile(-0.1), NOT_A_NUMBER);
    assert_same(d_normal_quantile(1.1), NOT_A_NUMBER);
    assert_same(d_normal_quantile(NOT_A_NUMBER), NOT_A_NUMBER);
}

static void normal_quantile_when_p_grows_does_not_fall(void **state)
{
    (void)state;
    double before = -INF;
    for (int i = 1; i < 100000; i++) {
        double now = d_normal_quantile((double)i / 100000.0);
        assert_true(now > before);
        before = now;
    }
}

static void logit_and_logistic_when_chained_come_back(void **state)
{
    (void)state;
    for (double x = -30.0; x <= 30.0; x += 0.37) {
        double p = d_logistic(x);
        assert_true(fabs(p - 1.0 / (1.0 + exp(-x))) <= 4.0 * DBL_EPSILON * p);
        double slack = 8.0 * DBL_EPSILON * (1.0 / (1.0 - p) + fabs(x));
        assert_true(fabs(d_logit(p) - x) <= slack);
    }
    assert_same(d_logistic(0.0), 0.5);
    assert_same(d_logistic(1000.0), 1.0);
    assert_same(d_logistic(-1000.0), 0.0);
    assert_same(d_logit(0.0), -INF);
    assert_same(d_logit(1.0), INF);
    assert_same(d_logit(1.5), NOT_A_NUMBER);
    assert_same(d_logistic(NOT_A_NUMBER), NOT_A_NUMBER);
}

static void canonical_when_zero_or_nan_has_one_form(void **state)
{
    (void)state;
    double odd_nan = 0.0;
    uint64_t bits = UINT64_C(0xfff0000000000001);
    memcpy(&odd_nan, &bits, sizeof(bits));
    double one = d_canonical(odd_nan), two = d_canonical(NOT_A_NUMBER), zero = d_canonical(-0.0);
    assert_memory_equal(&one, &two, sizeof(one));
    assert_true(isnan(one));
    assert_false(signbit(zero));
    assert_same(zero, 0.0);
    assert_same(d_canonical(-1.5), -1.5);
    assert_same(d_canonical(-INF), -INF);
}

static void check_lgamma(double x)
{
    mpfr_t argument, value;
    mpfr_inits2(PRECISION, argument, value, (mpfr_ptr)0);
    mpfr_set_d(argument, x, MPFR_RNDN);
    (void)mpfr_lngamma(value, argument, MPFR_RNDN); /* The ternary value is of no use here. */
    double exact = mpfr_get_d(value, MPFR_RNDN), got = d_lgamma(x);
    mpfr_clears(argument, value, (mpfr_ptr)0);
    if (!(fabs(got - exact) <= 1e-14 * fmax(1.0, fabs(exact)))) {
        fail_msg("x = %.17g: got %.17g, expected %.17g", x, got, exact);
    }
}

static void lgamma_when_compared_is_within_1e_14(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 6, "test/dmath", 0);
    for (int i = 0; i < ARGUMENTS; i++) {
        check_lgamma(stream_between(&stream, 0.0, 20.0));
        check_lgamma(ldexp(1.0 + stream_unit(&stream), (int)stream_below(&stream, 1000) - 500));
    }
    check_lgamma(0x1p-1000);
    check_lgamma(1.0);
    check_lgamma(2.0);
    check_lgamma(10.0);
    assert_same(d_lgamma(INF), INF);
    assert_same(d_lgamma(0.0), NOT_A_NUMBER);
    assert_same(d_lgamma(-2.5), NOT_A_NUMBER);
    assert_same(d_lgamma(NOT_A_NUMBER), NOT_A_NUMBER);
}

/* x^a (1 - x)^b / (a B(a, b)) times the sum over n of x^n (a + b)_n / (a + 1)_n: all terms
 * positive. */
static void beta_left(mpfr_ptr ret_value, mpfr_srcptr a, mpfr_srcptr b, mpfr_srcptr x)
{
    mpfr_t front, term, sum, t, ab;
    mpfr_inits2(PRECISION, front, term, sum, t, ab, (mpfr_ptr)0);
    mpfr_add(ab, a, b, MPFR_RNDN);
    mpfr_lngamma(front, ab, MPFR_RNDN);
    mpfr_lngamma(t, a, MPFR_RNDN);
    mpfr_sub(front, front, t, MPFR_RNDN);
    mpfr_lngamma(t, b, MPFR_RNDN);
    mpfr_sub(front, front, t, MPFR_RNDN);
    mpfr_log(t, x, MPFR_RNDN);
    mpfr_fma(front, t, a, front, MPFR_RNDN);
    mpfr_ui_sub(t, 1, x, MPFR_RNDN);
    mpfr_log(t, t, MPFR_RNDN);
    mpfr_fma(front, t, b, front, MPFR_RNDN);
    mpfr_exp(front, front, MPFR_RNDN);
    mpfr_div(front, front, a, MPFR_RNDN);
    mpfr_set_ui(term, 1, MPFR_RNDN);
    mpfr_set_ui(sum, 1, MPFR_RNDN);
    for (unsigned long n = 0; n < 1000000 && mpfr_get_d(term, MPFR_RNDN) > 1e-17; n++) {
        mpfr_add_ui(t, ab, n, MPFR_RNDN);
        mpfr_mul(term, term, t, MPFR_RNDN);
        mpfr_add_ui(t, a, n + 1, MPFR_RNDN);
        mpfr_div(term, term, t, MPFR_RNDN);
        mpfr_mul(term, term, x, MPFR_RNDN);
        mpfr_add(sum, sum, term, MPFR_RNDN);
    }
    mpfr_mul(ret_value, front, sum, MPFR_RNDN);
    mpfr_clears(front, term, sum, t, ab, (mpfr_ptr)0);
}

static void check_beta(double a, double b, double x)
{
    mpfr_t a_exact, b_exact, x_exact, value;
    mpfr_inits2(PRECISION, a_exact, b_exact, x_exact, value, (mpfr_ptr)0);
    mpfr_set_d(a_exact, a, MPFR_RNDN);
    mpfr_set_d(b_exact, b, MPFR_RNDN);
    mpfr_set_d(x_exact, x, MPFR_RNDN);
    bool is_left = x <= 0.5 || x <= a / (a + b); /* The other side would converge slowly or cancel. */
    if (is_left) {
        beta_left(value, a_exact, b_exact, x_exact);
    } else {
        mpfr_ui_sub(x_exact, 1, x_exact, MPFR_RNDN);
        beta_left(value, b_exact, a_exact, x_exact);
        mpfr_ui_sub(value, 1, value, MPFR_RNDN);
    }
    double got = d_beta_inc(a, b, x), relative = relative_between(got, value);
    bool is_tiny = mpfr_get_d(value, MPFR_RNDN) < 1e-290; /* Below it the bound is not promised. */
    mpfr_clears(a_exact, b_exact, x_exact, value, (mpfr_ptr)0);
    if (!(relative <= 1e-10) && !is_tiny) {
        fail_msg("I_%.17g(%.17g, %.17g): got %.17g, off by %.3g", x, a, b, got, relative);
    }
}

static void beta_when_compared_is_within_1e_10(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 7, "test/dmath", 0);
    for (int i = 0; i < 200; i++) {
        double a = 0.1 * d_exp(stream_unit(&stream) * 13.8);
        double b = 0.1 * d_exp(stream_unit(&stream) * 13.8);
        double mean = a / (a + b), deviation = sqrt(mean * (1.0 - mean) / (a + b + 1.0));
        double x = mean + deviation * stream_between(&stream, -8.0, 8.0);
        if (x > 0.0 && x < 1.0 - 1e-4) { /* Nearer to 1 the reference takes too long. */
            check_beta(a, b, x);
        }
        if (a < 1000.0 && b < 1000.0) {
            check_beta(a, b, stream_between(&stream, 0.001, 0.999));
        }
    }
    check_beta(1e5, 1e5, 0.5);
    check_beta(1e5, 1e5, 0.49);
    check_beta(1e5, 0.5, 0.9998);
    check_beta(0.5, 0.5, 1e-9);
    check_beta(1.0, 1.0, 0.3);
}

static void beta_when_arguments_are_at_the_ends_is_certain(void **state)
{
    (void)state;
    assert_same(d_beta_inc(2.0, 3.0, 0.0), 0.0);
    assert_same(d_beta_inc(2.0, 3.0, -1.0), 0.0);
    assert_same(d_beta_inc(2.0, 3.0, 1.0), 1.0);
    assert_same(d_beta_inc(2.0, 3.0, 2.0), 1.0);
    assert_same(d_beta_inc(0.0, 3.0, 0.5), NOT_A_NUMBER);
    assert_same(d_beta_inc(2.0, -1.0, 0.5), NOT_A_NUMBER);
    assert_same(d_beta_inc(2.0, 3.0, NOT_A_NUMBER), NOT_A_NUMBER);
    assert_same(d_beta_inc(NOT_A_NUMBER, 3.0, 0.5), NOT_A_NUMBER);
}

/* P(a, x) = x^a e^-x / Gamma(a + 1) times the sum of x^k / ((a + 1) .. (a + k)): all terms positive. */
static void gamma_lower(mpfr_ptr ret_value, double a, double x)
{
    mpfr_t front, term, sum, t, a_exact, x_exact;
    mpfr_inits2(PRECISION, front, term, sum, t, a_exact, x_exact, (mpfr_ptr)0);
    mpfr_set_d(a_exact, a, MPFR_RNDN);
    mpfr_set_d(x_exact, x, MPFR_RNDN);
    mpfr_log(front, x_exact, MPFR_RNDN);
    mpfr_mul(front, front, a_exact, MPFR_RNDN);
    mpfr_sub(front, front, x_exact, MPFR_RNDN);
    mpfr_add_ui(t, a_exact, 1, MPFR_RNDN);
    mpfr_lngamma(t, t, MPFR_RNDN);
    mpfr_sub(front, front, t, MPFR_RNDN);
    mpfr_exp(front, front, MPFR_RNDN);
    mpfr_set_ui(term, 1, MPFR_RNDN);
    mpfr_set_ui(sum, 1, MPFR_RNDN);
    bool is_done = false;
    for (unsigned long k = 1; k < 1000000 && !is_done; k++) {
        mpfr_add_ui(t, a_exact, k, MPFR_RNDN);
        mpfr_div(t, x_exact, t, MPFR_RNDN);
        mpfr_mul(term, term, t, MPFR_RNDN);
        mpfr_add(sum, sum, term, MPFR_RNDN);
        mpfr_div(t, term, sum, MPFR_RNDN);
        is_done = mpfr_get_d(t, MPFR_RNDN) < 1e-75;
    }
    assert_true(is_done);
    mpfr_mul(ret_value, front, sum, MPFR_RNDN);
    mpfr_clears(front, term, sum, t, a_exact, x_exact, (mpfr_ptr)0);
}

static void check_gamma(double a, double x)
{
    mpfr_t value;
    mpfr_init2(value, PRECISION);
    gamma_lower(value, a, x);
    bool is_far = mpfr_get_d(value, MPFR_RNDN) < 1e-290; /* Below it the bound is not promised. */
    double lower = relative_between(d_gamma_p(a, x), value);
    mpfr_ui_sub(value, 1, value, MPFR_RNDN);
    bool is_thin = mpfr_get_d(value, MPFR_RNDN) < 1e-55; /* The reference itself cancels there. */
    double upper = relative_between(d_gamma_q(a, x), value);
    mpfr_clear(value);
    if ((!(lower <= 1e-12) && !is_far) || (!(upper <= 1e-12) && !is_thin)) {
        fail_msg("a %.17g, x %.17g: P off by %.3g, Q by %.3g", a, x, lower, upper);
    }
}

static void gamma_when_compared_is_within_1e_12(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 9, "test/dmath", 0);
    for (int i = 0; i < 300; i++) {
        double a = 0.05 * exp(stream_unit(&stream) * 11.5);
        check_gamma(a, fmax(1e-3, a + sqrt(a) * stream_between(&stream, -6.0, 12.0)));
        check_gamma(a, a * exp(stream_between(&stream, -5.0, 1.0)));
        check_gamma(a, nextafter(a + 1.0, INF));
        check_gamma(a, nextafter(a + 1.0, 0.0));
    }
    check_gamma(1e5, 1e5);
    check_gamma(1e5, 1.02e5);
    check_gamma(0.5, 1e-9);
    check_gamma(10.0, 10.0);
}

static void gamma_when_tails_are_thin_keeps_its_digits(void **state)
{
    (void)state;
    /* Q(1, x) = e^-x and Q(2, x) = (1 + x) e^-x. */
    for (double x = 3.0; x < 650.0; x += 0.7) {
        assert_true(fabs(d_gamma_q(1.0, x) / exp(-x) - 1.0) <= 1e-12);
        assert_true(fabs(d_gamma_q(2.0, x) / ((1.0 + x) * exp(-x)) - 1.0) <= 1e-12);
    }
    assert_same(d_gamma_q(2.0, 0.0), 1.0);
    assert_same(d_gamma_p(2.0, 0.0), 0.0);
    assert_same(d_gamma_q(2.0, INF), 0.0);
    assert_same(d_gamma_p(2.0, INF), 1.0);
    assert_same(d_gamma_q(0.0, 1.0), NOT_A_NUMBER);
    assert_same(d_gamma_p(2.0, -1.0), NOT_A_NUMBER);
    assert_same(d_gamma_q(NOT_A_NUMBER, 1.0), NOT_A_NUMBER);
    assert_same(d_gamma_q(INF, 1.0), NOT_A_NUMBER);
}

enum { BESSEL_PRECISION = 2048 };

/* I_nu(x) by its power series. */
static void bessel_i(mpfr_ptr ret_value, double nu, double x)
{
    mpfr_t term, quarter, t;
    mpfr_inits2(BESSEL_PRECISION, term, quarter, t, (mpfr_ptr)0);
    mpfr_set_d(quarter, x, MPFR_RNDN);
    mpfr_div_2ui(quarter, quarter, 1, MPFR_RNDN);
    mpfr_set_d(t, nu, MPFR_RNDN);
    mpfr_pow(term, quarter, t, MPFR_RNDN);
    mpfr_add_ui(t, t, 1, MPFR_RNDN);
    mpfr_gamma(t, t, MPFR_RNDN);
    mpfr_div(term, term, t, MPFR_RNDN);
    mpfr_sqr(quarter, quarter, MPFR_RNDN);
    mpfr_set(ret_value, term, MPFR_RNDN);
    for (unsigned long k = 1; k < 3000; k++) {
        mpfr_set_d(t, nu, MPFR_RNDN);
        mpfr_add_ui(t, t, k, MPFR_RNDN);
        mpfr_mul_ui(t, t, k, MPFR_RNDN);
        mpfr_mul(term, term, quarter, MPFR_RNDN);
        mpfr_div(term, term, t, MPFR_RNDN);
        mpfr_add(ret_value, ret_value, term, MPFR_RNDN);
    }
    mpfr_clears(term, quarter, t, (mpfr_ptr)0);
}

/* K = pi / 2 (I_-nu - I_nu) / sin(nu pi), nu not whole. */
static void check_bessel(double nu, double x)
{
    mpfr_t value, other, pi;
    mpfr_inits2(BESSEL_PRECISION, value, other, pi, (mpfr_ptr)0);
    bessel_i(value, -nu, x);
    bessel_i(other, nu, x);
    mpfr_sub(value, value, other, MPFR_RNDN);
    mpfr_const_pi(pi, MPFR_RNDN);
    mpfr_mul(value, value, pi, MPFR_RNDN);
    mpfr_mul_d(pi, pi, nu, MPFR_RNDN);
    mpfr_sin(pi, pi, MPFR_RNDN);
    mpfr_div(value, value, pi, MPFR_RNDN);
    mpfr_div_2ui(value, value, 1, MPFR_RNDN);
    mpfr_set_d(other, x, MPFR_RNDN);
    mpfr_exp(other, other, MPFR_RNDN);
    mpfr_mul(value, value, other, MPFR_RNDN);
    double got = d_bessel_k_scaled(nu, x);
    mpfr_set_prec(other, PRECISION);
    mpfr_set(other, value, MPFR_RNDN);
    double relative = relative_between(got, other);
    mpfr_clears(value, other, pi, (mpfr_ptr)0);
    if (!(relative <= 1e-13)) {
        fail_msg("nu %.17g, x %.17g: got %.17g, off by %.3g", nu, x, got, relative);
    }
}

static void bessel_k_when_compared_is_within_1e_13(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 10, "test/dmath", 0);
    for (int i = 0; i < 25; i++) {
        double x = 1e-6 * exp(stream_unit(&stream) * 19.5); /* To 294. */
        check_bessel(0.25, x);
        check_bessel(0.75, x);
        check_bessel(9.0 + 0.5 * stream_unit(&stream), x);
    }
    /* K_1/2(x) = sqrt(pi / 2x) e^-x for any x. */
    for (double x = 1e-6; x < 1e6; x *= 1.3) {
        double exact = 1.2533141373155003 / sqrt(x);
        assert_true(fabs(d_bessel_k_scaled(0.5, x) / exact - 1.0) <= 1e-13);
    }
    assert_same(d_bessel_k_scaled(0.25, 0.0), NOT_A_NUMBER);
    assert_same(d_bessel_k_scaled(0.25, INF), NOT_A_NUMBER);
    assert_same(d_bessel_k_scaled(-0.25, 1.0), NOT_A_NUMBER);
    assert_same(d_bessel_k_scaled(NOT_A_NUMBER, 1.0), NOT_A_NUMBER);
}

static uint64_t mixed(uint64_t digest, double value)
{
    double canonical = d_canonical(value);
    uint64_t bits = 0;
    memcpy(&bits, &canonical, sizeof(bits));
    return prng_at(digest ^ bits, 0);
}

/* The recorded number is the same for every compiler and level: a difference means that a run would
 * not repeat. */
static void all_functions_when_built_by_anyone_give_the_same_bits(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 8, "test/dmath", 0);
    uint64_t digest = 0;
    for (int i = 0; i < 20000; i++) {
        double unit = stream_unit(&stream), wide = stream_between(&stream, -40.0, 40.0);
        double positive = unit * d_exp(wide);
        digest = mixed(digest, d_sqrt(positive));
        digest = mixed(digest, d_floor(wide));
        digest = mixed(digest, d_log(positive));
        digest = mixed(digest, d_log1p(positive - 0.5));
        digest = mixed(digest, d_exp(wide));
        digest = mixed(digest, d_pow(positive, wide * 0.1));
        digest = mixed(digest, d_erf(wide * 0.1));
        digest = mixed(digest, d_erfc(wide * 0.5));
        digest = mixed(digest, d_normal_pdf(wide));
        digest = mixed(digest, d_normal_cdf(wide));
        digest = mixed(digest, d_normal_quantile(unit));
        digest = mixed(digest, d_logit(unit));
        digest = mixed(digest, d_logistic(wide));
        digest = mixed(digest, d_lgamma(positive));
        digest = mixed(digest, i % 100 == 0 ? d_beta_inc(wide + 41.0, 41.0 - wide, unit) : 0.0);
    }
    assert_int_equal(digest, UINT64_C(0xb56f221cb7a68216));
}

static void gamma_and_bessel_when_built_by_anyone_give_the_same_bits(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 11, "test/dmath", 0);
    uint64_t digest = 0;
    for (int i = 0; i < 2000; i++) {
        double a = d_exp(stream_between(&stream, -3.0, 8.0));
        double x = a * d_exp(stream_between(&stream, -1.0, 1.0));
        digest = mixed(digest, d_gamma_p(a, x));
        digest = mixed(digest, d_gamma_q(a, x));
        digest = mixed(digest, d_bessel_k_scaled(0.25, x));
    }
    assert_int_equal(digest, UINT64_C(0x08cfd2b35aaf1584));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(abs_floor_sqrt_when_compared_are_those_of_the_c_library),
        cmocka_unit_test(log_when_compared_is_within_2_ulp),
        cmocka_unit_test(log1p_when_compared_is_within_2_ulp),
        cmocka_unit_test(exp_when_compared_is_within_2_ulp),
        cmocka_unit_test(pow_when_compared_is_within_2_ulp),
        cmocka_unit_test(pow_when_arguments_are_special_is_that_of_the_c_library),
        cmocka_unit_test(erf_when_compared_is_within_2_ulp),
        cmocka_unit_test(erfc_when_compared_is_within_2_ulp),
        cmocka_unit_test(normal_pdf_and_cdf_when_compared_are_within_1e_14),
        cmocka_unit_test(normal_quantile_when_compared_is_within_1e_14),
        cmocka_unit_test(normal_quantile_when_p_grows_does_not_fall),
        cmocka_unit_test(logit_and_logistic_when_chained_come_back),
        cmocka_unit_test(canonical_when_zero_or_nan_has_one_form),
        cmocka_unit_test(lgamma_when_compared_is_within_1e_14),
        cmocka_unit_test(beta_when_compared_is_within_1e_10),
        cmocka_unit_test(beta_when_arguments_are_at_the_ends_is_certain),
        cmocka_unit_test(all_functions_when_built_by_anyone_give_the_same_bits),
        cmocka_unit_test(gamma_when_compared_is_within_1e_12),
        cmocka_unit_test(gamma_when_tails_are_thin_keeps_its_digits),
        cmocka_unit_test(bessel_k_when_compared_is_within_1e_13),
        cmocka_unit_test(gamma_and_bessel_when_built_by_anyone_give_the_same_bits),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mpfr_free_cache();
    return failed;
}
