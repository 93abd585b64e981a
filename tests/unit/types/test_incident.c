/* SPDX-License-Identifier: Apache-2.0 */
/* Life cycle of incidents and the docket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/incident.h"
#include "core/types/names.h"

static void incident_when_closed_never_moves_again(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < N_INCIDENT_STATES; from++) {
        bool is_closed =
            from == INCIDENT_RESOLVED || from == INCIDENT_BENIGN || from == INCIDENT_HANDED_OVER;
        assert_int_equal(incident_is_closed((enum incident_state)from), is_closed);
        assert_string_equal(incident_machine.states[from].name,
                            incident_state_name((enum incident_state)from));
    }
}

/* REQ S24: an escalation is let go by a human, or by rule on the independent metric. */
static void incident_when_escalated_is_never_closed_as_benign(void **state)
{
    (void)state;
    assert_false(machine_may(&incident_machine, INCIDENT_ESCALATED, INCIDENT_BENIGN));
    assert_false(machine_may(&incident_machine, INCIDENT_ESCALATED, INCIDENT_OPEN));
    assert_false(machine_may(&incident_machine, INCIDENT_ESCALATED, INCIDENT_WATCHED));
    assert_true(machine_may(&incident_machine, INCIDENT_ESCALATED, INCIDENT_RESOLVED));
    assert_true(machine_may(&incident_machine, INCIDENT_ESCALATED, INCIDENT_HANDED_OVER));
}

static void incident_when_open_can_always_be_escalated(void **state)
{
    (void)state;
    static const enum incident_state open[] = {INCIDENT_OPEN, INCIDENT_CONTAINED, INCIDENT_WATCHED};
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        assert_true(machine_may(&incident_machine, (uint32_t)open[i], INCIDENT_ESCALATED));
    }
    uint8_t none = INCIDENT_NONE;
    expect_assert_failure(machine_move(&incident_machine, &none, INCIDENT_ESCALATED));
}

static void docket_find_when_absent_is_null(void **state)
{
    (void)state;
    static struct docket docket;
    docket.n_entries = 2;
    docket.entries[0].incident.value = 4;
    docket.entries[1].incident.value = 9;
    docket.entries[2].incident.value = 12;
    assert_ptr_equal(docket_find(&docket, (struct incident_id){9}), &docket.entries[1]);
    assert_null(docket_find(&docket, (struct incident_id){12}));
    assert_null(docket_find(&docket, (struct incident_id){5}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incident_when_closed_never_moves_again),
        cmocka_unit_test(incident_when_escalated_is_never_closed_as_benign),
        cmocka_unit_test(incident_when_open_can_always_be_escalated),
        cmocka_unit_test(docket_find_when_absent_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
