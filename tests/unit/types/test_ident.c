/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as words: there and back, and nothing that only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/types/ident.h"

static void digest_when_read_back_is_the_same(void **state)
{
    (void)state;
    const struct digest128 digest = {UINT64_C(0x0123456789abcdef), UINT64_C(0x00000000000000f0)};
    char bytes[64];
    struct text text;
    text_init(&text, bytes, sizeof(bytes));
    digest128_put(&text, digest);
    assert_string_equal(bytes, "0123456789abcdef00000000000000f0");
    struct digest128 read = {0, 0};
    assert_true(digest128_parse(slice_of(bytes), &read));
    assert_true(digest128_equal(read, digest));
}

static void digest_when_malformed_is_refused_and_leaves_what_was(void **state)
{
    (void)state;
    static const char *const words[] = {"",
                                        "0123456789abcdef00000000000000f",
                                        "0123456789abcdef00000000000000f00",
                                        "0123456789ABCDEF00000000000000f0",
                                        "0123456789abcdef0000000000000 f0",
                                        "0x23456789abcdef00000000000000f0",
                                        "g123456789abcdef00000000000000f0"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct digest128 read = {7, 9};
        assert_false(digest128_parse(slice_of(words[i]), &read));
        assert_true(read.hi == 7 && read.lo == 9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_when_read_back_is_the_same),
        cmocka_unit_test(digest_when_malformed_is_refused_and_leaves_what_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
