/* SPDX-License-Identifier: Apache-2.0 */
/* The text writer: every writer's bytes, rounding, cutting; and slices. */
#include <math.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/base/text.h"

static char buffer[128];

static struct text empty(void)
{
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    return text;
}

static const char *fixed(double value, int decimals)
{
    struct text text = empty();
    text_put_fixed(&text, value, decimals);
    return text.bytes;
}

static void utf8_length_when_a_sequence_is_no_shortest_form_is_zero(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n_bytes, length;
    } cases[] = {{"a", 1, 1},
                 {"\x00", 1, 1},
                 {"\xc3\xa9", 2, 2},
                 {"\xe2\x82\xac", 3, 3},
                 {"\xf0\x9f\x98\x80", 4, 4},
                 {"\xf4\x8f\xbf\xbf", 4, 4},
                 {"\x80", 1, 0},     /* A continuation alone. */
                 {"\xc0\x80", 2, 0}, /* Overlong. */
                 {"\xe0\x9f\xbf", 3, 0},
                 {"\xf0\x8f\xbf\xbf", 4, 0},
                 {"\xed\xa0\x80", 3, 0},     /* A surrogate. */
                 {"\xf4\x90\x80\x80", 4, 0}, /* Beyond U+10FFFF. */
                 {"\xe2\x82\xac", 2, 0},     /* Cut. */
                 {"\xe2\x28\xa1", 3, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(utf8_length((const uint8_t *)cases[i].bytes, cases[i].n_bytes),
                         cases[i].length);
    }
}

static void slice_equal_when_bytes_and_lengths_agree(void **state)
{
    (void)state;
    assert_int_equal(slice_of("abc").n_bytes, 3);
    assert_int_equal(slice_of("").n_bytes, 0);
    assert_true(slice_equal(slice_of("abc"), (struct slice){"abcd", 3}));
    assert_false(slice_equal(slice_of("abc"), slice_of("abd")));
    assert_false(slice_equal(slice_of("abc"), slice_of("ab")));
    assert_true(slice_equal(slice_of(""), (struct slice){NULL, 0}));
}

static void slice_find_when_present_gives_the_first_place(void **state)
{
    (void)state;
    struct slice haystack = slice_of("aabaabaac");
    assert_int_equal(slice_find(haystack, slice_of("aab")), 0);
    assert_int_equal(slice_find(haystack, slice_of("baa")), 2);
    assert_int_equal(slice_find(haystack, slice_of("aac")), 6);
    assert_int_equal(slice_find(haystack, slice_of("c")), 8);
    assert_int_equal(slice_find(haystack, slice_of("cc")), -1);
    assert_int_equal(slice_find(haystack, slice_of("aabaabaaca")), -1);
    assert_int_equal(slice_find(haystack, (struct slice){NULL, 0}), 0);
    assert_int_equal(slice_find((struct slice){NULL, 0}, slice_of("a")), -1);
    assert_int_equal(slice_find((struct slice){"abc", 2}, slice_of("bc")), -1);
}

static void put_when_all_fits_appends(void **state)
{
    (void)state;
    struct text text = empty();
    text_put(&text, "model ");
    text_put_u64(&text, 7);
    text_put_char(&text, ' ');
    text_put_slice(&text, (struct slice){"psi!", 3});
    text_put_slice(&text, (struct slice){NULL, 0});
    assert_string_equal(text.bytes, "model 7 psi");
    assert_int_equal(text.n_bytes, 11);
    assert_false(text.truncated);
}

static void put_when_full_cuts_and_stays_terminated(void **state)
{
    (void)state;
    char small[6] = {'x', 'x', 'x', 'x', 'x', '!'};
    struct text text;
    text_init(&text, small, 5);
    text_put(&text, "abcd");
    assert_false(text.truncated);
    text_put_slice(&text, (struct slice){NULL, 0});
    assert_false(text.truncated);
    text_put_u64(&text, 123);
    assert_true(text.truncated);
    assert_string_equal(small, "abcd");
    assert_int_equal(small[5], '!');
    text_init(&text, small, 1);
    text_put_char(&text, 'z');
    assert_true(text.truncated);
    assert_string_equal(small, "");
    expect_assert_failure(text_init(&text, small, 0));
}

static void put_integers_when_extreme_prints_every_digit(void **state)
{
    (void)state;
    struct text text = empty();
    text_put_u64(&text, 0);
    text_put_char(&text, ' ');
    text_put_u64(&text, UINT64_MAX);
    text_put_char(&text, ' ');
    text_put_i64(&text, INT64_MIN);
    text_put_char(&text, ' ');
    text_put_i64(&text, INT64_MAX);
    text_put_char(&text, ' ');
    text_put_i64(&text, -1);
    assert_string_equal(text.bytes,
                        "0 18446744073709551615 -9223372036854775808 9223372036854775807 -1");
}

static void put_hex_when_leading_zeros_gives_sixteen_digits(void **state)
{
    (void)state;
    struct text text = empty();
    text_put_hex64(&text, UINT64_C(0x0123456789abcdef));
    text_put_hex64(&text, 0);
    assert_string_equal(text.bytes, "0123456789abcdef0000000000000000");
}

static void put_fixed_when_half_rounds_away_from_zero(void **state)
{
    (void)state;
    assert_string_equal(fixed(0.125, 2), "0.13");
    assert_string_equal(fixed(-0.125, 2), "-0.13");
    assert_string_equal(fixed(0.5, 0), "1");
    assert_string_equal(fixed(-2.5, 0), "-3");
    assert_string_equal(fixed(0.49999999999999994, 0), "0");
    assert_string_equal(fixed(0.9995, 3), "1.000");
    assert_string_equal(fixed(-0.0004, 3), "0.000");
    assert_string_equal(fixed(-0.0, 1), "0.0");
    assert_string_equal(fixed(1.0000000005, 9), "1.000000001");
    assert_string_equal(fixed(12.05, 3), "12.050");
}

static void put_fixed_when_large_or_not_finite_is_exact_or_a_word(void **state)
{
    (void)state;
    assert_string_equal(fixed(1e10, 9), "10000000000.000000000");
    assert_string_equal(fixed(0x1p63, 9), "9223372036854775808.000000000");
    assert_string_equal(fixed(-18446744073709549568.0, 0), "-18446744073709549568");
    assert_string_equal(fixed(0x1p64, 0), "inf");
    assert_string_equal(fixed((double)INFINITY, 3), "inf");
    assert_string_equal(fixed(-(double)INFINITY, 3), "-inf");
    assert_string_equal(fixed((double)NAN, 3), "nan");
    struct text text = empty();
    expect_assert_failure(text_put_fixed(&text, 1.0, 10));
    expect_assert_failure(text_put_fixed(&text, 1.0, -1));
}

/* printf rounds the exact binary value half to even, so ties are left out. */
static void put_fixed_when_not_a_tie_prints_as_the_c_library(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 11, "test/fixed", 0);
    for (int i = 0; i < 20000; i++) {
        int decimals = (int)stream_below(&stream, 7);
        double value = stream_between(&stream, -2000.0, 2000.0);
        char expected[64];
        (void)snprintf(expected, sizeof(expected), "%.*f", decimals, value);
        const char *digits =
            strpbrk(expected, "123456789") == NULL && expected[0] == '-' ? expected + 1 : expected;
        assert_string_equal(fixed(value, decimals), digits);
    }
}

static void put_clock_when_a_day_or_more_shows_the_day(void **state)
{
    (void)state;
    struct text text = empty();
    text_put_clock(&text, INT64_C(250000000000));
    text_put_clock(&text, INT64_C(86399999999999));
    text_put_clock(&text, INT64_C(86400000000000));
    text_put_clock(&text, INT64_C(1000000) * ((INT64_C(12) * 86400 + 3661) * 1000 + 7));
    assert_string_equal(text.bytes,
                        "[00:04:10.000][23:59:59.999][1d 00:00:00.000][12d 01:01:01.007]");
}

static void put_duration_when_units_change_keeps_two(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *words;
    } cases[] = {
        {0, "0ms"},          {850, "850ms"},       {999, "999ms"},      {1000, "1s"},
        {42999, "42s"},      {60000, "1m00s"},     {192000, "3m12s"},   {3600000, "1h00m"},
        {7500000, "2h05m"},  {86399999, "23h59m"}, {86400000, "1d00h"}, {273600000, "3d04h"},
        {-192000, "-3m12s"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text text = empty();
        text_put_duration(&text, cases[i].ms * 1000000);
        assert_string_equal(text.bytes, cases[i].words);
    }
    struct text text = empty();
    text_put_duration(&text, INT64_MIN);
    assert_string_equal(text.bytes, "-106751d23h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_length_when_a_sequence_is_no_shortest_form_is_zero),
        cmocka_unit_test(slice_equal_when_bytes_and_lengths_agree),
        cmocka_unit_test(slice_find_when_present_gives_the_first_place),
        cmocka_unit_test(put_when_all_fits_appends),
        cmocka_unit_test(put_when_full_cuts_and_stays_terminated),
        cmocka_unit_test(put_integers_when_extreme_prints_every_digit),
        cmocka_unit_test(put_hex_when_leading_zeros_gives_sixteen_digits),
        cmocka_unit_test(put_fixed_when_half_rounds_away_from_zero),
        cmocka_unit_test(put_fixed_when_large_or_not_finite_is_exact_or_a_word),
        cmocka_unit_test(put_fixed_when_not_a_tie_prints_as_the_c_library),
        cmocka_unit_test(put_clock_when_a_day_or_more_shows_the_day),
        cmocka_unit_test(put_duration_when_units_change_keeps_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
