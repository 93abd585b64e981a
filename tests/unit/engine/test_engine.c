/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: total order, cancelled timers, the horizon, a copied block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "sim/engine/engine.h"

static _Alignas(16) uint8_t block[1 << 16];

static struct engine *fresh(int64_t horizon)
{
    assert_true(engine_size() <= sizeof(block));
    memset(block, 0xcc, sizeof(block));
    return engine_init(block, horizon);
}

static struct heap_handle put(struct engine *engine, int64_t at, enum owner owner, uint32_t number)
{
    struct occurrence occurrence = {
        .owner = (uint8_t)owner, .kind = 3, .model = 7, .number = number, .value = 11};
    return engine_at(engine, at, occurrence);
}

static void next_when_times_are_equal_gives_class_then_sequence(void **state)
{
    (void)state;
    struct engine *engine = fresh(100);
    (void)put(engine, 5, OWNER_HOST, 1);
    (void)put(engine, 5, OWNER_PLANT, 2);
    (void)put(engine, 5, OWNER_PEOPLE, 3);
    (void)put(engine, 5, OWNER_PLANT, 4);
    (void)put(engine, 4, OWNER_HOST, 5);
    static const uint32_t expected[] = {5, 2, 4, 3, 1};
    struct occurrence occurrence;
    for (size_t i = 0; i < 5; i++) {
        assert_true(engine_next(engine, &occurrence));
        assert_int_equal(occurrence.number, expected[i]);
        assert_int_equal(occurrence.kind, 3);
        assert_int_equal(occurrence.model, 7);
        assert_int_equal(occurrence.value, 11);
    }
    assert_int_equal(engine_count(engine), 5);
}

static void next_when_many_are_pending_never_goes_back(void **state)
{
    (void)state;
    struct engine *engine = fresh(1000000);
    struct stream stream;
    stream_init(&stream, 3, "test", 0);
    for (uint32_t i = 0; i < OCCURRENCES_MAX; i++) {
        (void)put(engine, (int64_t)stream_below(&stream, 50),
                  (enum owner)stream_below(&stream, N_OWNERS), i);
    }
    struct occurrence occurrence;
    int64_t at = 0;
    uint32_t n = 0;
    uint8_t owner = 0;
    while (engine_next(engine, &occurrence)) {
        assert_true(engine_now(engine) >= at);
        assert_true(engine_now(engine) > at || occurrence.owner >= owner);
        at = engine_now(engine);
        owner = occurrence.owner;
        n++;
    }
    assert_int_equal(n, OCCURRENCES_MAX);
}

static void cancel_when_pending_takes_it_out_once(void **state)
{
    (void)state;
    struct engine *engine = fresh(100);
    struct heap_handle handle = put(engine, 5, OWNER_HOST, 1);
    (void)put(engine, 6, OWNER_HOST, 2);
    assert_true(engine_cancel(engine, handle));
    assert_false(engine_cancel(engine, handle));
    struct occurrence occurrence;
    assert_true(engine_next(engine, &occurrence));
    assert_int_equal(occurrence.number, 2);
    assert_false(engine_next(engine, &occurrence));
}

static void at_when_beyond_the_horizon_drops_and_gives_no_handle(void **state)
{
    (void)state;
    struct engine *engine = fresh(100);
    assert_int_equal(put(engine, 101, OWNER_PLANT, 1).value, 0);
    assert_int_not_equal(put(engine, 100, OWNER_PLANT, 2).value, 0);
    assert_false(engine_cancel(engine, (struct heap_handle){0}));
    struct occurrence occurrence;
    assert_true(engine_next(engine, &occurrence));
    assert_int_equal(occurrence.number, 2);
}

static void next_when_nothing_is_left_moves_time_to_the_horizon(void **state)
{
    (void)state;
    struct engine *engine = fresh(100);
    (void)put(engine, 40, OWNER_PLANT, 1);
    struct occurrence occurrence;
    assert_true(engine_next(engine, &occurrence));
    assert_int_equal(engine_now(engine), 40);
    assert_false(engine_next(engine, &occurrence));
    assert_int_equal(engine_now(engine), 100);
}

static void at_when_before_now_is_a_bug(void **state)
{
    (void)state;
    struct engine *engine = fresh(100);
    (void)put(engine, 40, OWNER_PLANT, 1);
    struct occurrence occurrence;
    assert_true(engine_next(engine, &occurrence));
    expect_assert_failure(put(engine, 39, OWNER_PLANT, 2));
}

static void block_when_copied_elsewhere_goes_on_alike(void **state)
{
    (void)state;
    struct engine *engine = fresh(100);
    for (uint32_t i = 0; i < 20; i++) {
        (void)put(engine, (int64_t)(i * 7 % 13), OWNER_PLANT, i);
    }
    void *copy = aligned_alloc(16, sizeof(block));
    assert_non_null(copy);
    memcpy(copy, block, sizeof(block));
    struct engine *other = copy;
    struct occurrence a, b;
    while (engine_next(engine, &a)) {
        assert_true(engine_next(other, &b));
        assert_int_equal(a.number, b.number);
        assert_int_equal(engine_now(engine), engine_now(other));
    }
    assert_false(engine_next(other, &b));
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_when_times_are_equal_gives_class_then_sequence),
        cmocka_unit_test(next_when_many_are_pending_never_goes_back),
        cmocka_unit_test(cancel_when_pending_takes_it_out_once),
        cmocka_unit_test(at_when_beyond_the_horizon_drops_and_gives_no_handle),
        cmocka_unit_test(next_when_nothing_is_left_moves_time_to_the_horizon),
        cmocka_unit_test(at_when_before_now_is_a_bug),
        cmocka_unit_test(block_when_copied_elsewhere_goes_on_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
