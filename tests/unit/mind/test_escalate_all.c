/* SPDX-License-Identifier: Apache-2.0 */
/* The mind that pages at everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/mind/fixture.h"

static struct bench bench;

static int open_bench(void **state)
{
    (void)state;
    bench_open(&bench, &bench_escalate_all);
    return 0;
}

static int close_bench(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

static void escalate_all_when_all_is_well_says_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        bench_window(&bench, 1, (struct bench_window){.scored = 500, .wrong = 60});
        assert_int_equal(bench.advice.n_items, 0);
    }
}

static void assert_pages(struct bench_window window)
{
    bench_window(&bench, 2, (struct bench_window){0});
    bench_window(&bench, 1, window);
    const struct advice_item *open = bench_find(&bench, ADVICE_OPEN);
    const struct advice_item *page = bench_find(&bench, ADVICE_ESCALATE);
    assert_non_null(open);
    assert_non_null(page);
    assert_int_equal(open->model.value, 1);
    assert_int_equal(page->incident.value, open->incident.value);
    assert_int_equal(page->args.recipient, ROLE_ONCALL);
    assert_int_equal(page->evidence[0].value, bench.event.sequence);
}

static void escalate_all_when_inputs_shift_pages_at_once(void **state)
{
    (void)state;
    assert_pages((struct bench_window){.shifted = true});
}

static void escalate_all_when_labels_err_pages_at_once(void **state)
{
    (void)state;
    assert_pages((struct bench_window){.scored = 200, .wrong = 40});
}

static void escalate_all_when_requests_fail_pages_at_once(void **state)
{
    (void)state;
    assert_pages((struct bench_window){.requests_failed = 40});
}

static void escalate_all_when_values_are_missing_pages_at_once(void **state)
{
    (void)state;
    assert_pages((struct bench_window){.nulls = 0.1});
}

static void escalate_all_when_the_symptom_stays_pages_once_an_incident(void **state)
{
    (void)state;
    assert_pages((struct bench_window){.shifted = true});
    for (int i = 0; i < 6; i++) {
        bench_window(&bench, 1, (struct bench_window){.shifted = true});
        assert_int_equal(bench_count(&bench, ADVICE_ESCALATE), 0);
    }
    bench.docket.entries[0].state = INCIDENT_HANDED_OVER;
    uint32_t n_pages = 0;
    for (int i = 0; i < 15; i++) {
        bench_window(&bench, 1, (struct bench_window){.shifted = true});
        n_pages += bench_count(&bench, ADVICE_ESCALATE);
        assert_true(i >= 11 || n_pages == 0); /* The same symptom is quiet for an hour. */
    }
    assert_int_equal(n_pages, 1);
}

static void escalate_all_when_its_incident_is_refused_tries_again_later(void **state)
{
    (void)state;
    assert_pages((struct bench_window){.shifted = true});
    bench.docket.n_entries = 0;
    uint32_t n_pages = 0;
    for (int i = 0; i < 14; i++) {
        bench_window(&bench, 1, (struct bench_window){.shifted = true});
        n_pages += bench_count(&bench, ADVICE_ESCALATE);
    }
    assert_int_equal(n_pages, 1);
}

static void escalate_all_when_restored_goes_on_alike(void **state)
{
    (void)state;
    assert_pages((struct bench_window){.shifted = true});
    assert_round_trip(&bench, &bench_escalate_all);
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BENCH(escalate_all_when_all_is_well_says_nothing),
        ON_BENCH(escalate_all_when_inputs_shift_pages_at_once),
        ON_BENCH(escalate_all_when_labels_err_pages_at_once),
        ON_BENCH(escalate_all_when_requests_fail_pages_at_once),
        ON_BENCH(escalate_all_when_values_are_missing_pages_at_once),
        ON_BENCH(escalate_all_when_the_symptom_stays_pages_once_an_incident),
        ON_BENCH(escalate_all_when_its_incident_is_refused_tries_again_later),
        ON_BENCH(escalate_all_when_restored_goes_on_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
