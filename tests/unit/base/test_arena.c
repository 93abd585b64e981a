/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: alignment, zeroed memory, and the two ways of misuse that end the process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/arena.h"

static _Alignas(16) uint8_t block[256];

static void take_when_sizes_are_odd_gives_aligned_zeroed_neighbours(void **state)
{
    (void)state;
    memset(block, 0xaa, sizeof(block));
    struct arena arena;
    arena_init(&arena, block, sizeof(block));
    uint8_t *first = arena_take(&arena, 1);
    uint8_t *second = arena_take(&arena, 17);
    uint8_t *third = arena_take(&arena, 16);
    assert_ptr_equal(first, block);
    assert_ptr_equal(second, block + 16);
    assert_ptr_equal(third, block + 48);
    for (size_t i = 0; i < sizeof(block); i++) {
        assert_int_equal(block[i], 0);
    }
}

static void cost_when_summed_is_what_taking_uses(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 33};
    struct arena arena;
    arena_init(&arena, block, sizeof(block));
    size_t expected = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        expected += arena_cost(sizes[i]);
        (void)arena_take(&arena, sizes[i]); /* Only the use counts here. */
        assert_int_equal(arena.used_bytes, expected);
    }
    assert_int_equal(expected, 0 + 16 + 16 + 16 + 32 + 32 + 32 + 48);
}

static void take_when_block_is_spent_is_a_bug(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, block, 32);
    assert_non_null(arena_take(&arena, 32));
    assert_non_null(arena_take(&arena, 0));
    expect_assert_failure(arena_take(&arena, 1));
    expect_assert_failure(arena_take(&arena, SIZE_MAX));
}

static void take_when_sealed_is_a_bug(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, block, sizeof(block));
    arena_seal(&arena);
    expect_assert_failure(arena_take(&arena, 1));
}

static void init_when_block_is_misaligned_is_a_bug(void **state)
{
    (void)state;
    struct arena arena;
    expect_assert_failure(arena_init(&arena, block + 8, 32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take_when_sizes_are_odd_gives_aligned_zeroed_neighbours),
        cmocka_unit_test(cost_when_summed_is_what_taking_uses),
        cmocka_unit_test(take_when_block_is_spent_is_a_bug),
        cmocka_unit_test(take_when_sealed_is_a_bug),
        cmocka_unit_test(init_when_block_is_misaligned_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
