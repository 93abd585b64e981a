/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of truth: nothing is lost in silence, and what counts as an intervention is in the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/truth/truth.h"

static struct truth truth;

static void ledger_when_pushed_is_open_and_not_in_force(void **state)
{
    (void)state;
    memset(&truth, 0, sizeof(truth));
    const struct ledger_entry *entry = truth_ledger_push(&truth);
    assert_int_equal(truth.n_ledger, 1);
    assert_int_equal(entry->end, LEDGER_OPEN);
    assert_true(entry->effect_at == NEVER);
    assert_true(entry->ended_at == NEVER);
}

static void ledger_when_full_is_a_bug(void **state)
{
    (void)state;
    memset(&truth, 0, sizeof(truth));
    for (uint32_t i = 0; i < LEDGER_MAX; i++) {
        (void)truth_ledger_push(&truth);
    }
    expect_assert_failure(truth_ledger_push(&truth));
}

static void human_when_noted_keeps_who_when_and_how_long(void **state)
{
    (void)state;
    memset(&truth, 0, sizeof(truth));
    truth_human(&truth, HUMAN_APPROVED, 5, (struct person_id){2}, (struct model_id){3},
                (struct incident_id){4}, 6);
    assert_int_equal(truth.n_human, 1);
    assert_int_equal(truth.human[0].kind, HUMAN_APPROVED);
    assert_int_equal(truth.human[0].at, 5);
    assert_int_equal(truth.human[0].person.value, 2);
    assert_int_equal(truth.human[0].model.value, 3);
    assert_int_equal(truth.human[0].incident.value, 4);
    assert_int_equal(truth.human[0].spent_ns, 6);
}

static void human_when_reading_is_an_interruption_and_no_intervention(void **state)
{
    (void)state;
    assert_int_equal(human_interventions(HUMAN_NOTIFIED), 0);
    assert_true(human_is_interruption(HUMAN_NOTIFIED));
    assert_int_equal(human_interventions(HUMAN_ACKNOWLEDGED), 1);
    assert_false(human_is_interruption(HUMAN_ACKNOWLEDGED));
    assert_int_equal(human_interventions(HUMAN_REPAIRED), 1); /* A producer's, in every arm. */
    assert_string_equal(human_name(HUMAN_REPAIRED), "repaired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ledger_when_pushed_is_open_and_not_in_force),
        cmocka_unit_test(ledger_when_full_is_a_bug),
        cmocka_unit_test(human_when_noted_keeps_who_when_and_how_long),
        cmocka_unit_test(human_when_reading_is_an_interruption_and_no_intervention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
