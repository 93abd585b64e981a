/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing two results: a planted slow-down is noticed, noise within the tolerance and faster machines are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/bench.h"

static struct err_text text;
static uint32_t n_regressions;

static enum err compare(const char *now, const char *before, json_t **ret_now)
{
    json_t *ours = json_loads(now, 0, NULL), *theirs = json_loads(before, 0, NULL);
    assert_non_null(ours);
    assert_non_null(theirs);
    n_regressions = 99;
    enum err err = bench_compare(ours, theirs, "old.json", &n_regressions, &text);
    json_decref(theirs);
    if (ret_now != NULL) {
        *ret_now = ours;
    } else {
        json_decref(ours);
    }
    return err;
}

#define RESULT(unit, value, of_limit)                                                              \
    "{\"results\":[{\"name\":\"a\",\"unit\":\"" unit "\",\"value\":" value                         \
    ",\"n\":1,\"limit\":null,\"of_limit\":" of_limit "}]}"

static void is_number_of_regressions(const char *now, const char *before, uint32_t n)
{
    assert_int_equal(compare(now, before, NULL), OK);
    assert_int_equal(n_regressions, n);
}

static void time_when_longer_than_the_tolerance_is_a_regression(void **state)
{
    (void)state;
    is_number_of_regressions(RESULT("ns", "131.0", "null"), RESULT("ns", "100.0", "null"), 1);
    is_number_of_regressions(RESULT("ns", "129.0", "null"), RESULT("ns", "100.0", "null"), 0);
    is_number_of_regressions(RESULT("ms", "1", "null"), RESULT("ms", "100", "null"), 0);
}

static void rate_when_lower_than_the_tolerance_is_a_regression(void **state)
{
    (void)state;
    is_number_of_regressions(RESULT("events/s", "76.0", "null"),
                             RESULT("events/s", "100.0", "null"), 1);
    is_number_of_regressions(RESULT("events/s", "78.0", "null"),
                             RESULT("events/s", "100.0", "null"), 0);
    is_number_of_regressions(RESULT("events/s", "900.0", "null"),
                             RESULT("events/s", "100.0", "null"), 0);
}

static void machine_when_slower_as_a_whole_is_no_regression(void **state)
{
    (void)state;
    is_number_of_regressions(RESULT("ns", "500.0", "1.5"), RESULT("ns", "100.0", "1.5"), 0);
    is_number_of_regressions(RESULT("ns", "100.0", "2.0"), RESULT("ns", "100.0", "1.5"), 1);
}

static void result_when_compared_says_by_how_much(void **state)
{
    (void)state;
    json_t *now = NULL;
    assert_int_equal(compare(RESULT("ns", "200", "null"), RESULT("ns", "100", "null"), &now), OK);
    const json_t *one = json_array_get(json_object_get(now, "results"), 0);
    assert_true(json_number_value(json_object_get(one, "slower")) == 2.0);
    assert_true(json_is_true(json_object_get(one, "regression")));
    assert_int_equal(json_integer_value(json_object_get(now, "regressions")), 1);
    json_decref(now);
}

static void baseline_when_it_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"[]",
                                        "{}",
                                        "{\"results\":1}",
                                        "{\"results\":[]}",
                                        "{\"results\":[1,{\"name\":2}]}",
                                        RESULT("ms", "100", "null"),
                                        RESULT("ns", "0", "null"),
                                        RESULT("ns", "-1", "null"),
                                        RESULT("ns", "\"x\"", "null")};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(compare(RESULT("ns", "100", "null"), wrong[i], NULL), ERR_DATA);
        assert_memory_equal(text.text, "old.json: ", 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_when_longer_than_the_tolerance_is_a_regression),
        cmocka_unit_test(rate_when_lower_than_the_tolerance_is_a_regression),
        cmocka_unit_test(machine_when_slower_as_a_whole_is_no_regression),
        cmocka_unit_test(result_when_compared_says_by_how_much),
        cmocka_unit_test(baseline_when_it_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
