/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for is run, in which order, and what cannot be run is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/bench.h"

static const char *name_at(const json_t *result, size_t i)
{
    return json_string_value(
        json_object_get(json_array_get(json_object_get(result, "results"), i), "name"));
}

static void only_when_it_is_a_whole_name_puts_that_case_first(void **state)
{
    (void)state;
    struct bench_request request = {.only = "e_detector"};
    struct err_text text;
    json_t *result = NULL;
    assert_int_equal(bench_run(&request, &result, &text), OK);
    assert_string_equal(name_at(result, 0), "e_detector");
    const json_t *one = json_array_get(json_object_get(result, "results"), 0);
    assert_true(json_number_value(json_object_get(one, "value")) > 0.0);
    assert_true(json_number_value(json_object_get(one, "of_limit")) > 0.0);
    json_decref(result);
    request.only = "note_"; /* Part of the names of two. */
    assert_int_equal(bench_run(&request, &result, &text), OK);
    assert_int_equal(json_array_size(json_object_get(result, "results")), 2);
    assert_string_equal(name_at(result, 0), "note_sign");
    assert_string_equal(name_at(result, 1), "note_verify");
    json_decref(result);
}

static void only_when_no_case_can_run_is_refused(void **state)
{
    (void)state;
    static const char *const wanted[] = {"nothing_of_this_name", "incidents_prior", "start_up"};
    for (size_t i = 0; i < 3; i++) {
        struct bench_request request = {.only = wanted[i]}; /* No mix, no program. */
        struct err_text text;
        json_t *result = NULL;
        assert_int_equal(bench_run(&request, &result, &text), ERR_USAGE);
        assert_non_null(strstr(text.text, wanted[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_when_it_is_a_whole_name_puts_that_case_first),
        cmocka_unit_test(only_when_no_case_can_run_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
