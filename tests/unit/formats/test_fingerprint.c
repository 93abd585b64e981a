/* SPDX-License-Identifier: Apache-2.0 */
/* The chain: sensitive to every byte, to order, to where one frame ends, and to everything before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/fingerprint.h"
#include "core/types/ident.h"

static void fingerprint_when_any_bit_differs_is_another(void **state)
{
    (void)state;
    uint8_t event[300];
    uint8_t outcome[40];
    for (size_t i = 0; i < sizeof(event); i++) {
        event[i] = (uint8_t)(i * 7);
        outcome[i % sizeof(outcome)] = (uint8_t)(i * 11);
    }
    struct digest128 start = fingerprint_begin_run(1, 0, 42);
    struct digest128 whole = fingerprint_add(start, event, sizeof(event), outcome, sizeof(outcome));
    for (size_t bit = 0; bit < 8 * sizeof(event); bit++) {
        event[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(digest128_equal(
            whole, fingerprint_add(start, event, sizeof(event), outcome, sizeof(outcome))));
        event[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof(outcome); bit++) {
        outcome[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(digest128_equal(
            whole, fingerprint_add(start, event, sizeof(event), outcome, sizeof(outcome))));
        outcome[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(digest128_equal(
        whole, fingerprint_add(start, event, sizeof(event), outcome, sizeof(outcome))));
}

static void fingerprint_when_bytes_move_between_event_and_outcome_is_another(void **state)
{
    (void)state;
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct digest128 start = {0, 0};
    struct digest128 seen[sizeof(bytes) + 1];
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        seen[cut] = fingerprint_add(start, bytes, cut, bytes + cut, sizeof(bytes) - cut);
        for (size_t i = 0; i < cut; i++) {
            assert_false(digest128_equal(seen[i], seen[cut]));
        }
    }
}

static void fingerprint_when_an_earlier_frame_differs_never_meets_again(void **state)
{
    (void)state;
    const uint8_t frame[] = {9, 9, 9};
    const uint8_t other[] = {9, 9, 8};
    struct digest128 a = fingerprint_add(fingerprint_begin_run(0, 0, 1), frame, 3, frame, 3);
    struct digest128 b = fingerprint_add(fingerprint_begin_run(0, 0, 1), other, 3, frame, 3);
    for (int i = 0; i < 100; i++) {
        a = fingerprint_add(a, frame, 3, frame, 3);
        b = fingerprint_add(b, frame, 3, frame, 3);
        assert_false(digest128_equal(a, b));
    }
}

static void fingerprint_when_runs_differ_in_identity_or_order_differs(void **state)
{
    (void)state;
    struct digest128 runs[] = {
        fingerprint_begin_run(0, 0, 1),
        fingerprint_begin_run(1, 0, 1),
        fingerprint_begin_run(0, 1, 1),
        fingerprint_begin_run(0, 0, 2),
        fingerprint_begin_run(0, 0, UINT64_C(1) << 40),
    };
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_false(digest128_equal(runs[i], runs[j]));
        }
    }
    struct digest128 zero = {0, 0};
    assert_false(digest128_equal(fingerprint_merge(fingerprint_merge(zero, runs[0]), runs[1]),
                                 fingerprint_merge(fingerprint_merge(zero, runs[1]), runs[0])));
}

/* Published XXH3-128 of no bytes, and hexadecimal in the usual order. */
static void fingerprint_when_of_nothing_is_the_published_digest(void **state)
{
    (void)state;
    char hex[33];
    fingerprint_hex(fingerprint_of("", 0), hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
    fingerprint_hex((struct digest128){.hi = 1, .lo = UINT64_C(0xfedcba9876543210)}, hex);
    assert_string_equal(hex, "0000000000000001fedcba9876543210");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint_when_any_bit_differs_is_another),
        cmocka_unit_test(fingerprint_when_bytes_move_between_event_and_outcome_is_another),
        cmocka_unit_test(fingerprint_when_an_earlier_frame_differs_never_meets_again),
        cmocka_unit_test(fingerprint_when_runs_differ_in_identity_or_order_differs),
        cmocka_unit_test(fingerprint_when_of_nothing_is_the_published_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
