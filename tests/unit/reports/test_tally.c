/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over verdicts, and the episode that is worth telling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/reports.h"

static struct tally *tally;
static struct scenario *scenario;
static struct verdict_sheet sheet;
static struct err_text text;

static int open_tally(void **state)
{
    (void)state;
    scenario = calloc(1, sizeof(*scenario));
    if (scenario == NULL || tally_open(&tally, &text) != OK) {
        return 1;
    }
    memcpy(scenario->id, "M01", sizeof("M01"));
    memcpy(scenario->title, "<b>bad\xff</b>", sizeof("<b>bad\xff</b>"));
    sheet = (struct verdict_sheet){.true_incident = true,
                                   .t_obs = 0,
                                   .t_det = NS_PER_MS,
                                   .t_eff = 50 * NS_PER_MS,
                                   .t_rest = 90 * NS_PER_MS,
                                   .horizon = NS_PER_HOUR,
                                   .correct = true};
    return 0;
}

static int close_tally(void **state)
{
    (void)state;
    tally_close(tally);
    free(scenario);
    return 0;
}

static void put(uint64_t run, enum arm arm)
{
    struct verdict_told told = {run, 100 + run, scenario, arm, &sheet};
    assert_int_equal(tally_put(tally, &told, &text), OK);
}

static uint64_t number(const json_t *json, const char *a, const char *b, const char *c)
{
    const json_t *value = json_object_get(json_object_get(json_object_get(json, a), b), c);
    assert_true(json_is_integer(value));
    return (uint64_t)json_integer_value(value);
}

static void times_when_equal_are_counted_once_and_open_ones_apart(void **state)
{
    (void)state;
    put(0, ARM_STEWARD);
    put(1, ARM_STEWARD);
    sheet.t_eff = sheet.t_rest = NEVER;
    put(2, ARM_STEWARD);
    json_t *json = tally_json(tally);
    const json_t *times =
        json_object_get(json_object_get(json_object_get(json, "arms"), "steward"), "times");
    char *response = json_dumps(json_object_get(times, "response"), JSON_COMPACT);
    assert_string_equal(response, "{\"at_ms\":[49,3599999],\"ended\":[2,0],\"open\":[0,1]}");
    free(response);
    json_decref(json);
}

static void sums_when_an_episode_breaches_count_the_episode_once(void **state)
{
    (void)state;
    sheet.occasions[INVARIANT_S06] = 7;
    sheet.breaches[INVARIANT_S06] = 2;
    sheet.n_violations = 2;
    sheet.interventions = 3;
    sheet.needless_pages = 2;
    sheet.corrected_by_human = true;
    put(0, ARM_STEWARD);
    put(0, ARM_MANUAL);
    json_t *json = tally_json(tally),
           *arm = json_object_get(json_object_get(json, "arms"), "steward");
    assert_int_equal(number(arm, "invariants", "S06", "opportunities"), 7);
    assert_int_equal(number(arm, "invariants", "S06", "breaches"), 2);
    assert_int_equal(number(arm, "invariants", "S06", "episodes_broken"), 1);
    assert_int_equal(json_integer_value(json_object_get(arm, "interventions_squared")), 9);
    assert_int_equal(json_integer_value(json_object_get(arm, "violating")), 1);
    assert_int_equal(json_integer_value(json_object_get(arm, "needless_pages")), 2);
    assert_int_equal(json_integer_value(json_object_get(arm, "corrected_by_human")), 1);
    assert_null(json_object_get(json_object_get(json, "arms"), "rules"));
    json_decref(json);
}

static void title_when_not_utf8_is_kept_readable(void **state)
{
    (void)state;
    put(0, ARM_STEWARD);
    json_t *json = tally_json(tally);
    const json_t *family = json_array_get(json_object_get(json, "families"), 0);
    assert_string_equal(json_string_value(json_object_get(family, "title")), "<b>bad?</b>");
    json_decref(json);
}

static void incident_when_told_is_the_first_in_which_most_happened(void **state)
{
    (void)state;
    uint64_t run = 0, seed = 0;
    assert_false(tally_incident(tally, &run, &seed));
    struct verdict_sheet whole = sheet;
    sheet.t_eff = sheet.t_rest = NEVER;
    put(0, ARM_STEWARD);
    sheet = whole;
    put(1, ARM_STEWARD);
    put(2, ARM_STEWARD);
    assert_true(tally_incident(tally, &run, &seed));
    assert_int_equal(seed, 101);
    json_t *json = tally_json(tally);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "incident"), "seed")),
                     101);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(times_when_equal_are_counted_once_and_open_ones_apart,
                                        open_tally, close_tally),
        cmocka_unit_test_setup_teardown(sums_when_an_episode_breaches_count_the_episode_once,
                                        open_tally, close_tally),
        cmocka_unit_test_setup_teardown(title_when_not_utf8_is_kept_readable, open_tally, close_tally),
        cmocka_unit_test_setup_teardown(incident_when_told_is_the_first_in_which_most_happened,
                                        open_tally, close_tally),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
