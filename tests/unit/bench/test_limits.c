/* SPDX-License-Identifier: Apache-2.0 */
/* The bare loops do the work they claim: a heap that pops in another order would be no limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/limits.h"

enum { PENDING = 50, ROUNDS = 5000 };

/* The same hold model by looking through all pending entries. */
static uint64_t slow_hold(const uint64_t *increments)
{
    uint64_t at[PENDING], order[PENDING], sequence = 0, sum = 0;
    for (uint32_t i = 0; i < PENDING; i++) {
        at[i] = increments[sequence % INCREMENTS];
        order[i] = sequence++;
    }
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint32_t first = 0;
        for (uint32_t i = 1; i < PENDING; i++) {
            first = at[i] < at[first] || (at[i] == at[first] && order[i] < order[first]) ? i : first;
        }
        sum = sum * 31 + at[first];
        at[first] += increments[sequence % INCREMENTS];
        order[first] = sequence++;
    }
    return sum;
}

static void heap_when_held_pops_in_the_order_of_a_plain_search(void **state)
{
    (void)state;
    uint64_t *increments = malloc(INCREMENTS * sizeof(increments[0]));
    assert_non_null(increments);
    limit_increments(increments);
    assert_int_equal(limit_hold(increments, PENDING, ROUNDS), slow_hold(increments));
    assert_true(limit_audited(increments, ROUNDS) != limit_audited(increments, ROUNDS - 1));
    assert_int_equal(limit_audited(increments, ROUNDS), limit_audited(increments, ROUNDS));
    free(increments);
}

static void loops_when_run_do_every_round(void **state)
{
    (void)state;
    assert_int_equal(limit_write(100, 7), 7);
    assert_int_equal(limit_append(8, 3), 0 + 1 + 2);
    assert_true(limit_psi(13, 2) > limit_psi(13, 1));
    assert_true(limit_sums(2) > 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_when_held_pops_in_the_order_of_a_plain_search),
        cmocka_unit_test(loops_when_run_do_every_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
