/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: results in run order for any number of processes, and no loss that goes unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "sim/campaign/workers.h"

enum { RUNS = 12, NOBODY = 1000 };

/* What the work does, and what came of it. */
struct labour {
    uint64_t dies_at, fails_at, refuses_at; /* Runs. */
    bool uneven;                            /* The first worker is the slowest. */
    uint64_t n_collected;
    uint64_t runs[RUNS], seeds[RUNS];
    bool in_other_processes;
    pid_t here;
    volatile int *stop; /* Set when run 5 is collected. */
};

static const struct labour no_trouble = {.dies_at = NOBODY, .fails_at = NOBODY, .refuses_at = NOBODY};

static enum err labour_run(void *self, uint64_t run, struct run_result *ret_result,
                           struct err_text *ret_text)
{
    struct labour *labour = self;
    if (run == labour->dies_at) {
        _exit(3);
    }
    if (run == labour->fails_at) {
        return err_set(ret_text, ERR_DATA, "run %llu: bad on purpose", (unsigned long long)run);
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; labour->uneven && run % 3 == 0 && i < 400000; i++) {
        sum ^= prng_at(run, i);
    }
    *ret_result = (struct run_result){.scenario = (uint32_t)getpid(), .seed = run * 7 + 1};
    ret_result->arms[ARM_MANUAL].events = run;
    ret_result->arms[ARM_MANUAL].windows = sum;
    return OK;
}

static enum err labour_collect(void *self, uint64_t run, const struct run_result *result,
                               struct err_text *ret_text)
{
    struct labour *labour = self;
    if (run == labour->refuses_at) {
        return err_set(ret_text, ERR_IO, "run %llu: cannot be kept", (unsigned long long)run);
    }
    assert_true(labour->n_collected < RUNS);
    assert_int_equal(result->arms[ARM_MANUAL].events, run);
    labour->in_other_processes |= result->scenario != (uint32_t)labour->here;
    labour->runs[labour->n_collected] = run;
    labour->seeds[labour->n_collected++] = result->seed;
    if (labour->stop != NULL && run == 5) {
        *labour->stop = 1;
    }
    return OK;
}

static enum err work_through(struct labour *labour, uint32_t jobs, const volatile int *stop,
                             struct err_text *text)
{
    labour->here = getpid();
    text->text[0] = '\0';
    struct work work = {labour, labour_run, labour_collect};
    return workers_run(&work, RUNS, jobs, stop, text);
}

static void results_when_worked_by_any_number_come_in_run_order(void **state)
{
    (void)state;
    static const uint32_t jobs[] = {1, 2, 3, 5, 12, 200};
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        struct labour labour = no_trouble;
        labour.uneven = true;
        struct err_text text;
        assert_int_equal(work_through(&labour, jobs[i], NULL, &text), OK);
        assert_int_equal(labour.n_collected, RUNS);
        for (uint64_t run = 0; run < RUNS; run++) {
            assert_int_equal(labour.runs[run], run);
            assert_int_equal(labour.seeds[run], run * 7 + 1);
        }
        assert_int_equal(labour.in_other_processes, jobs[i] > 1);
    }
}

static void whole_when_a_worker_dies_fails_and_names_the_run(void **state)
{
    (void)state;
    struct labour labour = no_trouble;
    labour.dies_at = 7;
    struct err_text text;
    assert_int_equal(work_through(&labour, 2, NULL, &text), ERR_INTERNAL);
    assert_string_equal(text.text, "campaign: run 7: its worker process ended");
    assert_int_equal(labour.n_collected, 7);
}

static void whole_when_a_run_fails_fails_as_it_did(void **state)
{
    (void)state;
    for (uint32_t jobs = 1; jobs <= 3; jobs++) {
        struct labour labour = no_trouble;
        labour.fails_at = 4;
        struct err_text text;
        assert_int_equal(work_through(&labour, jobs, NULL, &text), ERR_DATA);
        assert_string_equal(text.text, "run 4: bad on purpose");
        assert_int_equal(labour.n_collected, 4);
    }
}

static void whole_when_a_result_cannot_be_kept_fails(void **state)
{
    (void)state;
    for (uint32_t jobs = 1; jobs <= 2; jobs++) {
        struct labour labour = no_trouble;
        labour.refuses_at = 3;
        struct err_text text;
        assert_int_equal(work_through(&labour, jobs, NULL, &text), ERR_IO);
        assert_string_equal(text.text, "run 3: cannot be kept");
    }
}

static void whole_when_stopped_says_how_far_it_came(void **state)
{
    (void)state;
    for (uint32_t jobs = 1; jobs <= 2; jobs++) {
        volatile int stop = 0;
        struct labour labour = no_trouble;
        labour.stop = &stop;
        struct err_text text;
        assert_int_equal(work_through(&labour, jobs, &stop, &text), ERR_CRASHED);
        assert_string_equal(text.text, "stopped after 6 of 12 episodes");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_when_worked_by_any_number_come_in_run_order),
        cmocka_unit_test(whole_when_a_worker_dies_fails_and_names_the_run),
        cmocka_unit_test(whole_when_a_run_fails_fails_as_it_did),
        cmocka_unit_test(whole_when_a_result_cannot_be_kept_fails),
        cmocka_unit_test(whole_when_stopped_says_how_far_it_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
