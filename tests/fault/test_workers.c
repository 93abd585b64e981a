/* SPDX-License-Identifier: Apache-2.0 */
/* Worker processes under failure: no result is lost or doubled, and the campaign ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/campaign/workers.h"
#include "tests/fault/failing.h"

enum { RUNS = 6 };

static enum err labour_run(void *self, uint64_t run, struct run_result *ret_result,
                           struct err_text *ret_text)
{
    (void)self;
    (void)ret_text; /* Never fails. */
    *ret_result = (struct run_result){.seed = run};
    return OK;
}

static enum err labour_collect(void *self, uint64_t run, const struct run_result *result,
                               struct err_text *ret_text)
{
    (void)ret_text; /* Never fails. */
    uint64_t *n_collected = self;
    assert_int_equal(run, *n_collected);
    assert_int_equal(result->seed, run);
    (*n_collected)++;
    return OK;
}

static void campaign_when_any_call_fails_ends_with_a_failure(void **state)
{
    (void)state;
    for (uint32_t jobs = 1; jobs <= 3; jobs++) {
        for (int forever = 0; forever < 2; forever++) {
            for (uint64_t n = 1;; n++) {
                struct err_text text = {""};
                uint64_t n_collected = 0;
                struct work work = {&n_collected, labour_run, labour_collect};
                failing_arm(FAILING_CALLS, n, forever == 1);
                enum err err = workers_run(&work, RUNS, jobs, NULL, &text);
                bool has_failed = failing_disarm(); /* Here; a worker counts for itself. */
                assert_true(n < 40);
                if (err == OK) {
                    assert_int_equal(n_collected, RUNS);
                    assert_false(has_failed);
                    break;
                }
                assert_int_equal(err, ERR_INTERNAL);
                assert_memory_equal(text.text, "campaign: ", 10);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(campaign_when_any_call_fails_ends_with_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
