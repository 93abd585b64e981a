/* SPDX-License-Identifier: Apache-2.0 */
/* Streams: published values, independence, and each distribution against its exact one. */
#include <math.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

/* Undoes z ^= z >> shift. */
static uint64_t unshift(uint64_t z, int shift)
{
    uint64_t x = z;
    for (int done = shift; done < 64; done += shift) {
        x = z ^ x >> shift;
    }
    return x;
}

/* Inverse of an odd number modulo 2^64, by Newton's iteration. */
static uint64_t inverse_of(uint64_t odd)
{
    uint64_t x = odd;
    for (int i = 0; i < 6; i++) {
        x *= 2 - odd * x;
    }
    return x;
}

/* A stream whose next 64 bits are value: SplitMix64's finaliser is a bijection. With it a
 * distribution can be asked for any quantile. */
static struct stream stream_giving(uint64_t value)
{
    uint64_t z = unshift(value, 31);
    z = unshift(z * inverse_of(UINT64_C(0x94d049bb133111eb)), 27);
    z = unshift(z * inverse_of(UINT64_C(0xbf58476d1ce4e5b9)), 30);
    return (struct stream){.key = z - GOLDEN, .counter = 0};
}

static void at_when_key_is_a_published_seed_gives_published_values(void **state)
{
    (void)state;
    static const uint64_t of_1234567[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    static const uint64_t of_0[] = {
        UINT64_C(0xe220a8397b1dcdaf),
        UINT64_C(0x6e789e6aa1b965f4),
        UINT64_C(0x06c45d188009454f),
        UINT64_C(0xf88bb8a8724c81ec),
    };
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(prng_at(1234567, i), of_1234567[i]);
    }
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(prng_at(0, i), of_0[i]);
    }
}

static void stream_when_given_a_value_backwards_draws_it(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        struct stream stream = stream_giving(i * GOLDEN);
        assert_int_equal(stream_u64(&stream), i * GOLDEN);
    }
}

static void stream_when_counter_is_set_gives_the_value_of_that_place(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 42, "world/labels", 3);
    uint64_t values[50];
    for (int i = 0; i < 50; i++) {
        values[i] = stream_u64(&stream);
    }
    for (uint64_t i = 50; i-- > 0;) {
        stream.counter = i;
        assert_int_equal(stream_u64(&stream), values[i]);
        assert_int_equal(prng_at(stream.key, i), values[i]);
    }
}

static void stream_when_seed_name_or_index_differ_shares_nothing(void **state)
{
    (void)state;
    static const char *names[] = {"world/labels", "world/label", "world/labelt", "people", ""};
    enum { N_NAMES = 5, N_SEEDS = 20, N_INDEXES = 20, N_KEYS = N_NAMES * N_SEEDS * N_INDEXES };
    static uint64_t keys[N_KEYS];
    size_t n = 0;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        for (size_t name_i = 0; name_i < N_NAMES; name_i++) {
            for (uint64_t index = 0; index < N_INDEXES; index++) {
                struct stream stream;
                stream_init(&stream, seed, names[name_i], index);
                assert_int_equal(stream.counter, 0);
                keys[n++] = stream.key;
            }
        }
    }
    for (size_t i = 0; i < N_KEYS; i++) {
        for (size_t j = i + 1; j < N_KEYS; j++) {
            assert_int_not_equal(keys[i], keys[j]);
        }
    }
    /* Bits of neighbouring streams agree half of the time: 64000 bits, deviation 126.5. */
    for (size_t i = 0; i + 1 < N_KEYS; i += 97) {
        int n_equal = 0;
        for (uint64_t at = 0; at < 1000; at++) {
            uint64_t same = ~(prng_at(keys[i], at) ^ prng_at(keys[i + 1], at));
            n_equal += __builtin_popcountll(same);
        }
        assert_in_range(n_equal, 32000 - 6 * 127, 32000 + 6 * 127);
    }
}

static void run_seed_when_index_is_zero_is_the_seed_else_below_2_53(void **state)
{
    (void)state;
    assert_int_equal(prng_run_seed(77, 0), 77);
    for (uint64_t i = 1; i < 2000; i++) {
        uint64_t seed = prng_run_seed(77, i);
        assert_true(seed < UINT64_C(1) << 53);
        assert_int_not_equal(seed, prng_run_seed(77, i - 1));
        assert_int_not_equal(seed, prng_run_seed(78, i));
    }
}

/* For n = 3 * 2^62, scaling without rejection would hit every third value twice as often. */
static void below_when_n_is_near_2_64_is_unbiased(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 5, "test/below", 0);
    int counts[3] = {0, 0, 0};
    for (int i = 0; i < 90000; i++) {
        uint64_t value = stream_below(&stream, UINT64_C(3) << 62);
        assert_true(value < UINT64_C(3) << 62);
        counts[value % 3]++;
    }
    for (int i = 0; i < 3; i++) { /* Deviation 141. */
        assert_in_range(counts[i], 30000 - 850, 30000 + 850);
    }
}

static void below_when_n_is_small_is_uniform(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 6, "test/below", 1);
    int counts[7] = {0};
    for (int i = 0; i < 70000; i++) {
        uint64_t value = stream_below(&stream, 7);
        assert_true(value < 7);
        counts[value]++;
    }
    for (int i = 0; i < 7; i++) { /* Deviation 93. */
        assert_in_range(counts[i], 10000 - 560, 10000 + 560);
    }
    assert_int_equal(stream_below(&stream, 1), 0);
    expect_assert_failure((void)stream_below(&stream, 0));
}

static void unit_when_bits_are_extreme_stays_open(void **state)
{
    (void)state;
    struct stream least = stream_giving(0), most = stream_giving(UINT64_MAX);
    assert_true(stream_unit(&least) == 0x1p-53);
    assert_true(stream_unit(&most) == 1.0 - 0x1p-53);
    struct stream low = stream_giving(0), high = stream_giving(UINT64_MAX);
    double lowest = stream_between(&low, -3.0, 5.0), highest = stream_between(&high, -3.0, 5.0);
    assert_true(lowest >= -3.0 && lowest < -2.999);
    assert_true(highest <= 5.0 && highest > 4.999);
}

/* Sample mean and second central moment of n draws. */
struct moments {
    double mean, variance, skewness;
};

static struct moments moments_of(double (*draw)(struct stream *), int n)
{
    struct stream stream;
    stream_init(&stream, 9, "test/moments", 0);
    double sum = 0.0, squares = 0.0, cubes = 0.0;
    for (int i = 0; i < n; i++) {
        double x = draw(&stream);
        sum += x;
        squares += x * x;
        cubes += x * x * x;
    }
    double mean = sum / n, variance = squares / n - mean * mean;
    double third = cubes / n - 3.0 * mean * squares / n + 2.0 * mean * mean * mean;
    return (struct moments){mean, variance, third / pow(variance, 1.5)};
}

static double draw_exponential(struct stream *stream) { return stream_exponential(stream, 2.5); }

static double draw_log_of_lognormal(struct stream *stream)
{
    return log(stream_lognormal(stream, 12.0, 0.8));
}

static void unit_when_drawn_often_has_the_moments_of_the_uniform(void **state)
{
    (void)state;
    struct moments moments = moments_of(stream_unit, 400000);
    assert_true(fabs(moments.mean - 0.5) < 0.0025);
    assert_true(fabs(moments.variance - 1.0 / 12.0) < 0.0008);
    assert_true(fabs(moments.skewness) < 0.02);
}

static void normal_when_drawn_often_has_the_moments_of_the_normal(void **state)
{
    (void)state;
    struct moments moments = moments_of(stream_normal, 400000);
    assert_true(fabs(moments.mean) < 0.008);
    assert_true(fabs(moments.variance - 1.0) < 0.012);
    assert_true(fabs(moments.skewness) < 0.02);
}

static void exponential_and_lognormal_when_drawn_often_have_their_moments(void **state)
{
    (void)state;
    struct moments exponential = moments_of(draw_exponential, 400000);
    assert_true(fabs(exponential.mean - 2.5) < 0.02);
    assert_true(fabs(exponential.variance - 6.25) < 0.15);
    struct moments logs = moments_of(draw_log_of_lognormal, 400000);
    assert_true(fabs(logs.mean - log(12.0)) < 0.0065);
    assert_true(fabs(logs.variance - 0.64) < 0.008);
}

static void chance_when_p_is_outside_0_1_is_clamped(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 3, "test/chance", 0);
    int n_hits = 0;
    for (int i = 0; i < 40000; i++) {
        assert_int_equal(stream_chance(&stream, -0.5), 0);
        assert_int_equal(stream_chance(&stream, 0.0), 0);
        assert_int_equal(stream_chance(&stream, 1.0), 1);
        assert_int_equal(stream_chance(&stream, 7.0), 1);
        n_hits += stream_chance(&stream, 0.3);
    }
    assert_in_range(n_hits, 12000 - 550, 12000 + 550); /* Deviation 92. */
}

/* A count distribution, n = 0 for Poisson. */
struct count_case {
    uint64_t n;
    double p, mean;
};

static uint64_t count_at(const struct count_case *c, uint64_t bits)
{
    struct stream stream = stream_giving(bits);
    return c->n > 0 ? stream_binomial(&stream, c->n, c->p) : stream_poisson(&stream, c->mean);
}

/* Share of all 2^64 inputs that draw at most k. The draw grows with its input for p <= 1/2 and for
 * Poisson, and falls for p > 1/2, where counts are drawn as n less the failures. */
static double drawn_share(const struct count_case *c, uint64_t k)
{
    bool is_falling = c->n > 0 && c->p > 0.5;
    uint64_t lo = 0, hi = UINT64_MAX;
    while (lo < hi) { /* The least input that is on the far side. */
        uint64_t middle = lo + (hi - lo) / 2;
        bool is_far = (count_at(c, middle) <= k) == is_falling;
        if (is_far) {
            hi = middle;
        } else {
            lo = middle + 1;
        }
    }
    double share = (double)lo * 0x1p-64;
    return is_falling ? 1.0 - share : share;
}

static double exact_mass(const struct count_case *c, double k)
{
    if (c->n == 0) {
        return exp(k * log(c->mean) - c->mean - lgamma(k + 1.0));
    }
    double n = (double)c->n;
    return exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(c->p) +
               (n - k) * log1p(-c->p));
}

/* Largest distance between the drawn and the exact distribution function. */
static double worst_distance(const struct count_case *c)
{
    double mean = c->n > 0 ? (double)c->n * c->p : c->mean;
    double reach = 8.0 * sqrt(mean) + 12.0, exact = 0.0, worst = 0.0;
    double first = fmax(0.0, floor(mean - reach)), last = ceil(mean + reach);
    last = c->n > 0 ? fmin(last, (double)c->n - 1.0) : last;
    for (double k = first; k <= last; k += 1.0) {
        exact += exact_mass(c, k);
        worst = fmax(worst, fabs(drawn_share(c, (uint64_t)k) - exact));
    }
    return worst;
}

static void counts_when_mean_is_small_have_the_exact_distribution(void **state)
{
    (void)state;
    static const struct count_case cases[] = {
        {1, 0.3, 0.0},     {10, 0.5, 0.0},   {10, 0.9, 0.0},       {23, 0.5, 0.0},
        {300, 0.001, 0.0}, {300, 0.03, 0.0}, {1000000, 1e-6, 0.0}, {300, 0.985, 0.0},
        {0, 0.0, 0.05},    {0, 0.0, 1.0},    {0, 0.0, 11.9},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double worst = worst_distance(&cases[i]);
        if (!(worst < 1e-9)) {
            fail_msg("case %zu: distance %.3g", i, worst);
        }
    }
}

static void counts_when_mean_is_large_are_within_0_002(void **state)
{
    (void)state;
    static const struct count_case cases[] = {
        {24, 0.5, 0.0},     {40, 0.3, 0.0},   {120, 0.1, 0.0},  {300, 0.1, 0.0},
        {300, 0.9, 0.0},    {1000, 0.5, 0.0}, {5000, 0.7, 0.0}, {120000, 1e-4, 0.0},
        {20000, 0.01, 0.0}, {0, 0.0, 12.0},   {0, 0.0, 31.0},   {0, 0.0, 400.0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double worst = worst_distance(&cases[i]);
        if (!(worst < 0.002)) {
            fail_msg("case %zu: distance %.3g", i, worst);
        }
    }
}

static void counts_when_input_is_extreme_stay_in_the_support(void **state)
{
    (void)state;
    static const uint64_t ends[] = {0, 1, UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};
    static const struct count_case cases[] = {
        {24, 0.5, 0.0},          {25, 0.51, 0.0}, {1, 0.999999, 0.0}, {60, 0.25, 0.0},
        {1000000000, 1e-9, 0.0}, {0, 0.0, 1e-12}, {0, 0.0, 12.0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t end = 0; end < sizeof(ends) / sizeof(ends[0]); end++) {
            uint64_t count = count_at(&cases[i], ends[end]);
            assert_true(count <= (cases[i].n > 0 ? cases[i].n : 60));
            if (cases[i].n == 1000000000) { /* Mean 1: no walk ends in the far tail. */
                assert_true(count <= 30);
            }
        }
    }
}

static void counts_when_parameters_are_degenerate_are_certain(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 1, "test/degenerate", 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(stream_binomial(&stream, 0, 0.5), 0);
        assert_int_equal(stream_binomial(&stream, 50, 0.0), 0);
        assert_int_equal(stream_binomial(&stream, 50, -1.0), 0);
        assert_int_equal(stream_binomial(&stream, 50, 1.0), 50);
        assert_int_equal(stream_binomial(&stream, 50, 1.5), 50);
        assert_int_equal(stream_poisson(&stream, 0.0), 0);
        assert_int_equal(stream_poisson(&stream, -1.0), 0);
    }
    assert_int_equal(stream.counter, 700); /* One number a draw, whatever the parameters. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_when_key_is_a_published_seed_gives_published_values),
        cmocka_unit_test(stream_when_given_a_value_backwards_draws_it),
        cmocka_unit_test(stream_when_counter_is_set_gives_the_value_of_that_place),
        cmocka_unit_test(stream_when_seed_name_or_index_differ_shares_nothing),
        cmocka_unit_test(run_seed_when_index_is_zero_is_the_seed_else_below_2_53),
        cmocka_unit_test(below_when_n_is_near_2_64_is_unbiased),
        cmocka_unit_test(below_when_n_is_small_is_uniform),
        cmocka_unit_test(unit_when_bits_are_extreme_stays_open),
        cmocka_unit_test(unit_when_drawn_often_has_the_moments_of_the_uniform),
        cmocka_unit_test(normal_when_drawn_often_has_the_moments_of_the_normal),
        cmocka_unit_test(exponential_and_lognormal_when_drawn_often_have_their_moments),
        cmocka_unit_test(chance_when_p_is_outside_0_1_is_clamped),
        cmocka_unit_test(counts_when_mean_is_small_have_the_exact_distribution),
        cmocka_unit_test(counts_when_mean_is_large_are_within_0_002),
        cmocka_unit_test(counts_when_input_is_extreme_stay_in_the_support),
        cmocka_unit_test(counts_when_parameters_are_degenerate_are_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
