/* SPDX-License-Identifier: Apache-2.0 */
/* Dispersion: cautious at first, one for independent rows, right for bursts, and deaf to a single step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/dmath.h"
#include "core/base/prng.h"
#include "core/detect/dispersion.h"
#include "tests/lib/beta_draw.h"
#include "tests/lib/memory_visit.h"

static const uint64_t seed = 20250819;

static void dispersion_when_nothing_was_seen_is_cautious(void **state)
{
    (void)state;
    struct dispersion dispersion;
    dispersion_init(&dispersion);
    assert_true(d_abs(dispersion_used(&dispersion) - 24.0) < 1e-9);
    for (int i = 0; i < 50; i++) { /* Nothing ever happens, or no row comes: nothing is learned. */
        dispersion_take(&dispersion, 0, 1000);
        dispersion_take(&dispersion, 0, 0);
    }
    assert_int_equal(dispersion.n_looks, 0);
    dispersion_look(&dispersion, d_log(-1.0));
    assert_int_equal(dispersion.n_looks, 0);
}

/* Mean of what is learned in 300 windows, of 40 runs. */
static double learned(double mean, double concentration, uint32_t rows)
{
    struct stream stream;
    stream_init(&stream, seed, "test/dispersion", (uint64_t)concentration);
    double sum = 0.0;
    for (int run = 0; run < 40; run++) {
        struct dispersion dispersion;
        dispersion_init(&dispersion);
        for (int i = 0; i < 300; i++) {
            double rate = concentration > 0.0 ? beta_draw(&stream, mean, concentration) : mean;
            uint32_t n = i % 2 == 0 ? rows : rows / 2 + rows / 4; /* Sizes differ a little. */
            dispersion_take(&dispersion, (uint32_t)stream_binomial(&stream, n, rate), n);
        }
        sum += dispersion.value / 40.0;
    }
    return sum;
}

static void dispersion_when_learned_is_the_ratio_of_variances(void **state)
{
    (void)state;
    assert_true(d_abs(learned(0.01, 0.0, 2000) - 1.0) < 0.1);
    assert_true(d_abs(learned(0.3, 0.0, 60) - 1.0) < 0.1);
    /* 1 + (n - 1) / (c + 1), n the 1,714 rows that are the harmonic mean of 2,000 and 1,500. */
    double expected = 1.0 + 1713.0 / 101.0;
    double seen = learned(0.05, 100.0, 2000);
    assert_true(seen > 0.85 * expected && seen < 1.15 * expected);
}

static void dispersion_when_the_rate_steps_once_changes_little(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, seed, "test/dispersion/step", 0);
    struct dispersion dispersion;
    dispersion_init(&dispersion);
    for (int i = 0; i < 250; i++) {
        dispersion_take(&dispersion, (uint32_t)stream_binomial(&stream, 1000, 0.1), 1000);
    }
    double before = dispersion_used(&dispersion);
    for (int i = 0; i < 50; i++) {
        dispersion_take(&dispersion, (uint32_t)stream_binomial(&stream, 1000, 0.13), 1000);
    }
    assert_true(d_abs(dispersion_used(&dispersion) - before) < 0.5);
    uint32_t n_looks = dispersion.n_looks;
    dispersion_forget(&dispersion);
    dispersion_take(&dispersion, 900, 1000); /* It has no neighbour. */
    assert_int_equal(dispersion.n_looks, n_looks);
    assert_int_equal(n_looks, DISPERSION_MEMORY);
}

static void dispersion_when_visited_comes_back_and_nonsense_does_not(void **state)
{
    (void)state;
    static struct memory_visit memory;
    struct dispersion dispersion, copy = {0};
    dispersion_init(&dispersion);
    dispersion_take(&dispersion, 10, 100);
    dispersion_take(&dispersion, 20, 100);
    memory_visit_init(&memory);
    dispersion_visit(&memory.visit, "dispersion", &dispersion);
    memory_visit_rewind(&memory);
    dispersion_visit(&memory.visit, "dispersion", &copy);
    assert_true(memory_visit_is_done(&memory));
    assert_memory_equal(&copy, &dispersion, sizeof(copy));
    dispersion.n_looks = UINT32_MAX;
    memory_visit_init(&memory);
    dispersion_visit(&memory.visit, "dispersion", &dispersion);
    memory_visit_rewind(&memory);
    dispersion_visit(&memory.visit, "dispersion", &copy);
    assert_int_equal(copy.n_looks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dispersion_when_nothing_was_seen_is_cautious),
        cmocka_unit_test(dispersion_when_learned_is_the_ratio_of_variances),
        cmocka_unit_test(dispersion_when_the_rate_steps_once_changes_little),
        cmocka_unit_test(dispersion_when_visited_comes_back_and_nonsense_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
