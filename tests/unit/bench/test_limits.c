/* SPDX-License-Identifier: Apache-2.0 */
/* The bare loops do the work they claim: a heap that pops in another order would be no limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/limits.h"

enum { PENDING = 50, ROUNDS = 5000 };

/* The same hold model by looking through all pending entries. */
static uint64_t slow_hold(const uint64_t *increments)
{
    uint64_t at[PENDING], order[PENDING], sequence = 0, sum = 0;
    for (uint32_t i = 0; i < PENDING; i++) {
        at[i] = increments[sequence % INCREMENTS];
        order[i] = sequence++;
    }
    for (uint64_t round = 0; round < ROUNDS; round++) {
        uint32_t first = 0;
        for (uint32_t i = 1; i < PENDING; i++) {
            first = at[i] < at[first] || (at[i] == at[first] && order[i] < order[first]) ? i : first;
        }
        sum = sum * 31 + at[first];
        at[first] += increments[sequence % INCREMENTS];
        order[first] = sequence++;
    }
    return sum;
}

static void heap_when_held_pops_in_the_order_of_a_plain_search(void **state)
{
    (void)state;
    uint64_t *increments = malloc(INCREMENTS * sizeof(increments[0]));
    assert_non_null(increments);
    limit_increments(increments);
    assert_int_equal(limit_hold(increments, PENDING, ROUNDS), slow_hold(increments));
    assert_true(limit_audited(increments, ROUNDS) != limit_audited(increments, ROUNDS - 1));
    assert_int_equal(limit_audited(increments, ROUNDS), limit_audited(increments, ROUNDS));
    free(increments);
}

static void loops_when_run_do_every_round(void **state)
{
    (void)state;
    assert_int_equal(limit_write(100, 7), 7);
    assert_int_equal(limit_append(8, 3), 0 + 1 + 2);
    assert_true(limit_psi(13, 2) > limit_psi(13, 1));
    assert_true(limit_sums(2) > 0.0);
}

/* Two means one after the other: the detectors see it, and do not see it in one mean alone. */
static void detectors_when_the_mean_moves_say_so(void **state)
{
    (void)state;
    double *steady = malloc(SAMPLES * sizeof(*steady)), *errors = malloc(SAMPLES * sizeof(*errors));
    assert_non_null(steady);
    assert_non_null(errors);
    limit_samples(steady, errors);
    assert_int_equal(limit_adwin(steady, 5000), 0);
    assert_int_equal(limit_ddm(errors, 5000), 0);
    for (size_t i = 2000; i < SAMPLES; i++) {
        steady[i] += 3.0;
        errors[i] = i % 2 == 0 ? 1.0 : 0.0;
    }
    assert_true(limit_adwin(steady, 5000) > 0);
    assert_true(limit_ddm(errors, 5000) > 0);
    assert_true(limit_kswin(steady, 2100) > limit_kswin(steady, 2000));
    assert_true(limit_page_hinkley(steady, 9000) > limit_page_hinkley(steady, 2000));
    free(steady);
    free(errors);
}

static void ks_when_samples_are_known_is_the_largest_distance(void **state)
{
    (void)state;
    static const double a[] = {3.0, -1.0, 2.0, -5.0}, b[] = {2.5, 2.25, 7.0, -0.5, 2.0};
    assert_float_equal(limit_ks(a, 4, a, 4), 0.0, 0.0);
    assert_float_equal(limit_ks(a, 4, b, 5), 0.5,
                       1e-12); /* From -1 to -0.5: two of four, none of five. */
}

static void seals_when_made_are_sound(void **state)
{
    (void)state;
    static const uint8_t text[] = "text";
    assert_int_equal(limit_sign(text, sizeof(text), 3), 3);
    assert_int_equal(limit_verify(text, sizeof(text), 3), 3);
    assert_true(limit_sha256(100, 3) != limit_sha256(100, 2));
}

static void disk_when_written_keeps_every_record_and_no_file(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_limits_XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/a", folder);
    assert_int_equal(limit_durable(path, 100, 3), 3);
    assert_int_equal(limit_durable_row(path, 100, 3), 3);
    assert_int_equal(limit_durable("/nowhere/a", 100, 3), 0);
    assert_int_equal(limit_durable_row("/nowhere/a", 100, 3), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void workers_when_started_all_end(void **state)
{
    (void)state;
    uint64_t *increments = malloc(INCREMENTS * sizeof(increments[0]));
    assert_non_null(increments);
    limit_increments(increments);
    assert_int_equal(limit_workers(increments, ROUNDS, 3), 3);
    free(increments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap_when_held_pops_in_the_order_of_a_plain_search),
        cmocka_unit_test(loops_when_run_do_every_round),
        cmocka_unit_test(detectors_when_the_mean_moves_say_so),
        cmocka_unit_test(ks_when_samples_are_known_is_the_largest_distance),
        cmocka_unit_test(seals_when_made_are_sound),
        cmocka_unit_test(disk_when_written_keeps_every_record_and_no_file),
        cmocka_unit_test(workers_when_started_all_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
