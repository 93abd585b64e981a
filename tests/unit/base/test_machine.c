/* SPDX-License-Identifier: Apache-2.0 */
/* Life-cycle tables: only the moves that the table names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/machine.h"

enum { OPEN, BUSY, DONE, N_STATES };

static const struct machine_state states[N_STATES] = {
    [OPEN] = {"open", 1u << BUSY | 1u << DONE},
    [BUSY] = {"busy", 1u << OPEN | 1u << BUSY},
    [DONE] = {"done", 0},
};
static const struct machine machine = {states, N_STATES};

static void may_when_asked_for_all_pairs_is_the_table(void **state)
{
    (void)state;
    static const bool allowed[N_STATES][N_STATES] = {
        [OPEN] = {false, true, true},
        [BUSY] = {true, true, false},
        [DONE] = {false, false, false},
    };
    for (uint32_t from = 0; from < N_STATES; from++) {
        for (uint32_t to = 0; to < N_STATES; to++) {
            assert_int_equal(machine_may(&machine, from, to), allowed[from][to]);
        }
    }
}

static void is_terminal_when_nothing_follows(void **state)
{
    (void)state;
    assert_false(machine_is_terminal(&machine, OPEN));
    assert_false(machine_is_terminal(&machine, BUSY));
    assert_true(machine_is_terminal(&machine, DONE));
}

static void move_when_allowed_sets_the_state(void **state)
{
    (void)state;
    uint8_t now = OPEN;
    machine_move(&machine, &now, BUSY);
    assert_int_equal(now, BUSY);
    machine_move(&machine, &now, OPEN);
    machine_move(&machine, &now, DONE);
    assert_int_equal(now, DONE);
}

static void move_when_not_in_the_table_is_a_bug_and_changes_nothing(void **state)
{
    (void)state;
    uint8_t now = BUSY;
    expect_assert_failure(machine_move(&machine, &now, DONE));
    assert_int_equal(now, BUSY);
    now = DONE;
    expect_assert_failure(machine_move(&machine, &now, OPEN));
    expect_assert_failure(machine_move(&machine, &now, N_STATES));
    assert_int_equal(now, DONE);
}

static void state_when_outside_the_table_is_a_bug(void **state)
{
    (void)state;
    uint8_t now = N_STATES;
    expect_assert_failure(machine_move(&machine, &now, OPEN));
    expect_assert_failure((void)machine_is_terminal(&machine, N_STATES));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(may_when_asked_for_all_pairs_is_the_table),
        cmocka_unit_test(is_terminal_when_nothing_follows),
        cmocka_unit_test(move_when_allowed_sets_the_state),
        cmocka_unit_test(move_when_not_in_the_table_is_a_bug_and_changes_nothing),
        cmocka_unit_test(state_when_outside_the_table_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
