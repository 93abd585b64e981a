/* SPDX-License-Identifier: Apache-2.0 */
/* A verdict on paper: read back it is the same; damaged it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/reports.h"

static struct verdict_sheet sheet, read;
static bool must_escalate;

static int fill(void **state)
{
    (void)state;
    memset(&sheet, 0, sizeof(sheet));
    memset(&read, 0, sizeof(read));
    sheet.true_incident = true;
    sheet.t_on = NS_PER_HOUR;
    sheet.t_obs = NS_PER_HOUR + 1;
    sheet.t_det = NS_PER_HOUR + 2;
    sheet.t_eff = sheet.t_rest = NEVER;
    sheet.horizon = 12 * NS_PER_HOUR;
    sheet.interventions = 3;
    sheet.needless_pages = 2;
    sheet.correct = sheet.corrected_by_human = true;
    sheet.human_ns = 17;
    sheet.bad_minutes = 0.1;
    sheet.occasions[INVARIANT_S06] = 4;
    sheet.breaches[INVARIANT_S20] = 1;
    sheet.n_violations = 1;
    sheet.n_kept = 1;
    sheet.violations[0].invariant = INVARIANT_S06;
    sheet.violations[0].at = 5;
    (void)strncpy(sheet.violations[0].why, "\"quoted\" <seen>", sizeof(sheet.violations[0].why) - 1);
    return 0;
}

static void verdict_when_read_back_is_the_same(void **state)
{
    (void)state;
    json_t *json = verdict_json(&sheet, true);
    char *bytes = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(json);
    json = json_loads(bytes, 0, NULL);
    free(bytes);
    assert_true(verdict_parse(json, &read, &must_escalate));
    json_decref(json);
    assert_true(must_escalate);
    assert_true(read.t_eff == NEVER && read.t_obs == sheet.t_obs && read.horizon == sheet.horizon);
    assert_true(read.bad_minutes == sheet.bad_minutes);
    assert_int_equal(read.interventions, 3);
    assert_int_equal(read.needless_pages, 2);
    assert_true(read.corrected_by_human);
    assert_memory_equal(read.occasions, sheet.occasions, sizeof(read.occasions));
    assert_memory_equal(read.breaches, sheet.breaches, sizeof(read.breaches));
    assert_int_equal(read.n_kept, 1);
    assert_string_equal(read.violations[0].why, sheet.violations[0].why);
}

static void verdict_when_a_member_is_gone_is_refused(void **state)
{
    (void)state;
    json_t *whole = verdict_json(&sheet, false);
    const char *name = NULL;
    json_t *value = NULL;
    uint32_t n = 0;
    json_object_foreach(whole, name, value)
    {
        json_t *part = json_copy(whole);
        assert_int_equal(json_object_del(part, name), 0);
        assert_false(verdict_parse(part, &read, &must_escalate));
        assert_int_equal(json_object_set_new(part, name, json_string("x")), 0);
        assert_false(verdict_parse(part, &read, &must_escalate));
        json_decref(part);
        n++;
    }
    assert_true(n > 20);
    json_decref(whole);
}

static void verdict_when_it_names_an_unknown_invariant_is_refused(void **state)
{
    (void)state;
    json_t *json = verdict_json(&sheet, false);
    assert_int_equal(json_object_set_new(json_object_get(json, "breaches"), "S99", json_integer(1)),
                     0);
    assert_false(verdict_parse(json, &read, &must_escalate));
    json_decref(json);
}

static void verdict_when_a_person_corrected_what_is_not_correct_is_refused(void **state)
{
    (void)state;
    sheet.correct = false;
    json_t *json = verdict_json(&sheet, false);
    assert_false(verdict_parse(json, &read, &must_escalate));
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(verdict_when_read_back_is_the_same, fill),
        cmocka_unit_test_setup(verdict_when_a_member_is_gone_is_refused, fill),
        cmocka_unit_test_setup(verdict_when_it_names_an_unknown_invariant_is_refused, fill),
        cmocka_unit_test_setup(verdict_when_a_person_corrected_what_is_not_correct_is_refused, fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
