/* SPDX-License-Identifier: Apache-2.0 */
/* Frame bodies: there and back, and everything that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "replay/body.h"

static uint8_t bytes[64];

static size_t pack(const char *event, const char *outcome)
{
    return body_pack(slice_of(event), slice_of(outcome), bytes, sizeof(bytes));
}

static bool unpack(size_t n_bytes, struct slice *event, struct slice *outcome)
{
    return body_unpack((struct slice){(const char *)bytes, n_bytes}, event, outcome);
}

static void body_when_unpacked_is_what_was_packed(void **state)
{
    (void)state;
    struct slice event, outcome;
    size_t n_bytes = pack("event", "what came of it");
    assert_int_equal(n_bytes, 1 + 5 + 5 + 5 + 15);
    assert_true(unpack(n_bytes, &event, &outcome));
    assert_true(slice_equal(event, slice_of("event")));
    assert_true(slice_equal(outcome, slice_of("what came of it")));
    assert_true(unpack(pack("", ""), &event, &outcome));
    assert_int_equal(event.n_bytes + outcome.n_bytes, 0);
}

/* An array of two bins with 32-bit lengths: any reader of msgpack can open it. */
static void body_when_packed_is_msgpack(void **state)
{
    (void)state;
    static const uint8_t expected[] = {0x92, 0xc6, 0, 0, 0, 1, 'e', 0xc6, 0, 0, 0, 2, 'o', 'u'};
    assert_int_equal(pack("e", "ou"), sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(expected));
}

static void body_when_it_does_not_fit_is_not_packed(void **state)
{
    (void)state;
    assert_int_equal(body_pack(slice_of("12345"), slice_of("1234567890"), bytes, 25), 0);
    assert_int_equal(body_pack(slice_of("12345"), slice_of("1234567890"), bytes, 26), 26);
}

static void body_when_cut_or_longer_is_refused(void **state)
{
    (void)state;
    struct slice event, outcome;
    size_t n_bytes = pack("event", "outcome");
    for (size_t cut = 0; cut < n_bytes; cut++) {
        assert_false(unpack(cut, &event, &outcome));
    }
    assert_false(unpack(n_bytes + 1, &event, &outcome));
}

static void body_when_its_frame_is_altered_is_refused(void **state)
{
    (void)state;
    struct slice event, outcome;
    size_t n_bytes = pack("event", "outcome");
    static const size_t heads[] = {0, 1, 2, 3, 4, 5, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        for (int bit = 0; bit < 8; bit++) {
            bytes[heads[i]] ^= (uint8_t)(1 << bit);
            assert_false(unpack(n_bytes, &event, &outcome));
            bytes[heads[i]] ^= (uint8_t)(1 << bit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_when_unpacked_is_what_was_packed),
        cmocka_unit_test(body_when_packed_is_msgpack),
        cmocka_unit_test(body_when_it_does_not_fit_is_not_packed),
        cmocka_unit_test(body_when_cut_or_longer_is_refused),
        cmocka_unit_test(body_when_its_frame_is_altered_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
