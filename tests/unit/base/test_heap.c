/* SPDX-License-Identifier: Apache-2.0 */
/* The heap against a plain sorted list: order, cancel, stale handles, slots used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/heap.h"
#include "core/base/prng.h"

enum { CAPACITY = 64 };

struct payload {
    uint64_t number;
    uint8_t rest[13];
};

struct pending {
    struct heap_key key;
    struct heap_handle handle;
    uint64_t number;
};

static _Alignas(16) uint8_t block[8192];

static struct heap *fresh(uint32_t capacity)
{
    assert_true(heap_size(capacity, sizeof(struct payload)) <= sizeof(block));
    memset(block, 0xcc, sizeof(block));
    return heap_init(block, capacity, sizeof(struct payload));
}

static struct heap_handle push(struct heap *heap, int64_t at, uint32_t class, uint64_t number)
{
    struct payload payload;
    memset(&payload, 0, sizeof(payload));
    payload.number = number;
    return heap_push(heap, at, class, &payload);
}

static uint64_t pop(struct heap *heap)
{
    struct heap_key key;
    struct payload payload;
    assert_true(heap_pop(heap, &key, &payload));
    return payload.number;
}

static int key_compare(const struct heap_key *a, const struct heap_key *b)
{
    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }
    if (a->class != b->class) {
        return a->class < b->class ? -1 : 1;
    }
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence ? 1 : 0;
}

static size_t least_of(const struct pending *list, size_t n)
{
    size_t least = 0;
    for (size_t i = 1; i < n; i++) {
        least = key_compare(&list[i].key, &list[least].key) < 0 ? i : least;
    }
    return least;
}

static void pop_when_times_are_equal_follows_class_then_order_of_pushing(void **state)
{
    (void)state;
    struct heap *heap = fresh(CAPACITY);
    (void)push(heap, 10, 1, 3); /* No handle is needed. */
    (void)push(heap, 10, 0, 1);
    (void)push(heap, 5, 9, 0);
    (void)push(heap, 10, 1, 4);
    (void)push(heap, 10, 0, 2);
    (void)push(heap, -1, 7, 100);
    assert_int_equal(pop(heap), 100);
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(pop(heap), i);
    }
    assert_int_equal(heap_count(heap), 0);
}

static void peek_and_pop_when_empty_say_so(void **state)
{
    (void)state;
    struct heap *heap = fresh(1);
    struct heap_key key = {7, 7, 7};
    struct payload payload;
    assert_false(heap_peek(heap, &key));
    assert_false(heap_pop(heap, &key, &payload));
    assert_int_equal(key.at, 7);
    assert_false(heap_is_full(heap));
}

static void push_when_full_is_a_bug(void **state)
{
    (void)state;
    struct heap *heap = fresh(2);
    (void)push(heap, 1, 0, 1);
    (void)push(heap, 2, 0, 2);
    assert_true(heap_is_full(heap));
    struct payload payload = {0};
    expect_assert_failure((void)heap_push(heap, 3, 0, &payload));
    assert_int_equal(pop(heap), 1);
    assert_false(heap_is_full(heap));
}

static void cancel_when_handle_is_stale_or_foreign_is_refused(void **state)
{
    (void)state;
    struct heap *heap = fresh(2);
    struct heap_handle first = push(heap, 1, 0, 1);
    assert_int_not_equal(first.value, 0);
    assert_int_equal(pop(heap), 1);
    assert_false(heap_cancel(heap, first));
    struct heap_handle second = push(heap, 2, 0, 2); /* Stands in the slot of the first. */
    assert_false(heap_cancel(heap, first));
    assert_false(heap_cancel(heap, (struct heap_handle){0}));
    assert_false(heap_cancel(heap, (struct heap_handle){UINT64_MAX}));
    assert_int_equal(heap_count(heap), 1);
    assert_true(heap_cancel(heap, second));
    assert_false(heap_cancel(heap, second));
    assert_int_equal(heap_count(heap), 0);
}

/* A long random life: every operation is mirrored in the list, whose least entry is found by
 * looking at all. */
static void heap_when_used_at_random_agrees_with_a_list(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct heap *heap = fresh(CAPACITY);
        struct pending list[CAPACITY];
        struct heap_handle gone = {0};
        size_t n = 0;
        uint64_t n_pushed = 0;
        struct stream stream;
        stream_init(&stream, seed, "test/heap", 0);
        for (int step = 0; step < 4000; step++) {
            uint64_t choice = stream_below(&stream, 10);
            if (choice < 5 && n < CAPACITY) {
                struct pending *entry = &list[n++];
                entry->key = (struct heap_key){(int64_t)stream_below(&stream, 40) - 20,
                                               (uint32_t)stream_below(&stream, 3), n_pushed};
                entry->number = n_pushed++;
                entry->handle = push(heap, entry->key.at, entry->key.class, entry->number);
            } else if (choice < 8 && n > 0) {
                size_t least = least_of(list, n);
                struct heap_key key;
                struct payload payload;
                assert_true(heap_peek(heap, &key));
                assert_int_equal(key_compare(&key, &list[least].key), 0);
                assert_true(heap_pop(heap, &key, &payload));
                assert_int_equal(key_compare(&key, &list[least].key), 0);
                assert_int_equal(payload.number, list[least].number);
                gone = list[least].handle;
                list[least] = list[--n];
            } else if (choice == 8 && n > 0) {
                size_t i = stream_below(&stream, n);
                gone = list[i].handle;
                assert_true(heap_cancel(heap, gone));
                list[i] = list[--n];
            } else if (choice == 9) {
                assert_false(heap_cancel(heap, gone));
            }
            assert_int_equal(heap_count(heap), n);
        }
    }
}

static void heap_when_block_is_copied_goes_on_the_same(void **state)
{
    (void)state;
    static _Alignas(16) uint8_t copy[sizeof(block)];
    struct heap *heap = fresh(CAPACITY);
    for (uint64_t i = 0; i < 40; i++) {
        (void)push(heap, (int64_t)(i * 7919 % 31), 0, i);
    }
    memcpy(copy, block, sizeof(block));
    struct heap *twin = (struct heap *)(void *)copy;
    while (heap_count(heap) > 0) {
        assert_int_equal(pop(heap), pop(twin));
    }
    assert_int_equal(heap_count(twin), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pop_when_times_are_equal_follows_class_then_order_of_pushing),
        cmocka_unit_test(peek_and_pop_when_empty_say_so),
        cmocka_unit_test(push_when_full_is_a_bug),
        cmocka_unit_test(cancel_when_handle_is_stale_or_foreign_is_refused),
        cmocka_unit_test(heap_when_used_at_random_agrees_with_a_list),
        cmocka_unit_test(heap_when_block_is_copied_goes_on_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
