/* SPDX-License-Identifier: Apache-2.0 */
/* Bets on binned counts: fair while the reference holds, quick when it does not, and deaf to what is tolerated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dmath.h"
#include "core/base/prng.h"
#include "core/detect/binned.h"
#include "tests/lib/memory_visit.h"

static const uint64_t seed = 20250318;

static void weights_when_summed_stay_below_one(void **state)
{
    (void)state;
    double sum = 0.0;
    for (uint64_t i = 1; i <= 2000000; i++) {
        sum += e_process_weight(i);
        assert_true(sum < 1.0);
    }
    /* The rest of the series is 1 / ln n of its scale. */
    assert_true(sum + 1.0 / (2.1098 * d_log(2000001.0)) < 1.0);
    assert_true(sum > 0.9);
}

/* The mean of the likelihood ratio under the worst tolerated rate is 1: summed exactly over the binomial distribution. */
static void bet_when_the_null_holds_is_fair(void **state)
{
    (void)state;
    enum { N = 40 };
    for (int k = 0; k < 2; k++) {
        double mean = 0.0, rate = k == 0 ? 0.05 : 0.1;
        for (uint64_t x = 0; x <= N; x++) {
            double mass = d_lgamma(N + 1.0) - d_lgamma((double)x + 1.0) -
                          d_lgamma((double)(N - x) + 1.0) + (double)x * d_log(rate) +
                          (double)(N - x) * d_log1p(-rate);
            mean += d_exp(mass) * bet_once(0.1, 0.2, x, N);
        }
        assert_true(k == 0 ? mean < 1.0 : d_abs(mean - 1.0) < 1e-9);
    }
}

static void bet_when_placed_on_nothing_never_gains(void **state)
{
    (void)state;
    double nan = d_log(-1.0);
    const struct dispersion known = {.value = 0.5, .n_looks = DISPERSION_MEMORY};
    struct bet bet = {0};
    bet_place(&bet, 0.2, 0.2);
    assert_true(bet_step(&bet, 100, 100, 1, &known) <= 0.0);
    bet_place(&bet, nan, 0.5);
    assert_true(bet_step(&bet, 100, 100, 2, &known) <= 0.0);
    bet_place(&bet, 0.1, 0.2);
    assert_true(bet_step(&bet, 50, 100, 3, &known) > 1.0);
    double before = bet.sum;
    assert_true(bet_step(&bet, 5, 0, 4, &known) == before); /* A window without rows is no window. */
    assert_true(bet_step(&bet, 700, 100, 5, &known) <= 1e12); /* More than there were counts as all. */
}

/* A window that no alarm comes of. */
static double take(struct binned *binned, const uint32_t cells[BINNED_CELLS], uint64_t window)
{
    double value = binned_step(binned, cells, window);
    binned_learn(binned, cells, window);
    return value;
}

/* Of a stream that was watched for a day. */
static const struct dispersion independent = {.value = 0.5, .n_looks = DISPERSION_MEMORY};

struct fixture {
    struct stream stream;
    struct binned binned;
    double reference[BINNED_CELLS];
};

static void fixture_init(struct fixture *fixture, double tolerated)
{
    memset(fixture, 0, sizeof(*fixture));
    binned_init(&fixture->binned);
    fixture->binned.dispersion = independent;
    stream_init(&fixture->stream, seed, "test/binned", 0);
    for (int i = 1; i <= 10; i++) {
        fixture->reference[i] = 0.1;
    }
    binned_refer(&fixture->binned, fixture->reference, 50000, NULL, tolerated, tolerated * 5.0 / 3.0);
}

/* Rows of a normal variable with the mean and spread in deviations of the reference, whose range is 4 of them. */
static void draw(struct fixture *fixture, uint32_t rows, double mean, double sd,
                 uint32_t cells[BINNED_CELLS])
{
    memset(cells, 0, BINNED_CELLS * sizeof(*cells));
    for (uint32_t row = 0; row < rows; row++) {
        double x = mean + sd * stream_normal(&fixture->stream);
        uint32_t cell = x < -4.0 ? 0 : x >= 4.0 ? 11 : 1 + (uint32_t)(10.0 * d_normal_cdf(x));
        cells[cell > 10 && x < 4.0 ? 10 : cell]++;
    }
}

static void process_when_the_mean_wanders_within_what_is_tolerated_stays_small(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0.25);
    double largest = 0.0;
    for (uint64_t window = 1; window <= 2000;
         window++) { /* Slow waves up to the limit, day after day. */
        uint32_t cells[BINNED_CELLS], phase = (uint32_t)(window % 100);
        double mean = 0.25 * (phase < 50 ? (double)phase : 100.0 - (double)phase) / 50.0;
        draw(&fixture, window % 2 == 0 ? 300 : 40, mean, 1.0, cells);
        double value = take(&fixture.binned, cells, window);
        largest = value > largest ? value : largest;
    }
    assert_true(largest < 20.0); /* Ville: above that one run in twenty. */
}

/* Windows until the e-process exceeds a million. */
static uint64_t delay(double tolerated, uint32_t rows, double mean, double sd)
{
    struct fixture fixture;
    fixture_init(&fixture, tolerated);
    for (uint64_t window = 1; window <= 500; window++) {
        uint32_t cells[BINNED_CELLS];
        bool has_changed = window > 20;
        draw(&fixture, rows, has_changed ? mean : 0.0, has_changed ? sd : 1.0, cells);
        if (take(&fixture.binned, cells, window) >= 1e6) {
            return window - 20;
        }
    }
    return 1000;
}

static void process_when_the_feature_moves_grows(void **state)
{
    (void)state;
    assert_true(delay(0.25, 3000, 0.5, 1.0) == 1);
    assert_true(delay(0.25, 3000, -0.5, 1.0) == 1);
    assert_true(delay(0.25, 3000, 0.0, 1.6) == 1); /* It spreads, ... */
    assert_true(delay(0.25, 3000, 0.0, 0.5) == 1); /* ... or shrinks. */
    /* Little traffic takes longer and gets there: the upper half gains 0.023 nats a row, of 24 that a million and the mixtures ask for. */
    uint64_t slow = delay(0.25, 60, 0.6, 1.0);
    assert_true(slow >= 5);
    assert_true(slow <= 30);
    assert_true(delay(0.8, 3000, 0.6, 1.0) == 1000); /* Tolerated. */
}

/* One decile takes the rows of its neighbour: no tail moves by more than its tolerance. */
static void process_when_a_cell_takes_its_neighbour_grows(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0.25);
    uint32_t cells[BINNED_CELLS] = {0, 300, 300, 300, 300, 0, 600, 300, 300, 300, 300, 0};
    double value = 0.0;
    for (uint64_t window = 1; window <= 3; window++) {
        value = take(&fixture.binned, cells, window);
    }
    assert_true(value >= 1e6);
}

static void process_when_a_shift_is_let_be_hears_only_more(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0.25);
    uint32_t cells[BINNED_CELLS];
    double let_be[BINNED_CELLS];
    draw(&fixture, 3000, 1.0, 1.0, cells);
    for (int i = 0; i < BINNED_CELLS; i++) {
        let_be[i] = cells[i];
    }
    binned_refer(&fixture.binned, fixture.reference, 50000, let_be, 0.25, 0.42);
    for (uint64_t window = 1; window <= 50; window++) { /* Neither staying nor going back is news. */
        draw(&fixture, 3000, window <= 25 ? 1.0 : 0.0, 1.0, cells);
        assert_true(take(&fixture.binned, cells, window) < 20.0);
    }
    draw(&fixture, 3000, 1.8, 1.0, cells);
    assert_true(take(&fixture.binned, cells, 51) >= 1e6);
}

/* Each window is about a mean of its own, as in a series in time: its rows resemble each other, and no shift lasts. */
static void process_when_rows_resemble_each_other_learns_to_doubt(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0.25);
    dispersion_init(&fixture.binned.dispersion);
    int n_loud = 0;
    for (uint64_t window = 1; window <= 400; window++) {
        uint32_t cells[BINNED_CELLS];
        double mean = 0.7 * stream_normal(&fixture.stream);
        draw(&fixture, 24, mean, 0.71, cells);
        n_loud += take(&fixture.binned, cells, window) >= 100.0 ? 1 : 0;
    }
    assert_int_equal(n_loud, 0);
    assert_true(dispersion_used(&fixture.binned.dispersion) > 2.0);
}

static void process_when_nothing_is_known_never_gains(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0.25);
    uint32_t cells[BINNED_CELLS] = {0};
    assert_true(take(&fixture.binned, cells, 1) <= 0.0); /* No rows. */
    cells[11] = UINT32_MAX;
    binned_refer(&fixture.binned, fixture.reference, 0, NULL, 0.25, 0.42); /* No reference rows. */
    assert_true(take(&fixture.binned, cells, 2) <= 0.0);
    double empty[BINNED_CELLS] = {0}; /* A profile without shares: whatever comes is news, and finite. */
    binned_refer(&fixture.binned, empty, 50000, NULL, 0.25, 0.42);
    double value = take(&fixture.binned, cells, 3);
    assert_true(value >= 1.0);
    assert_true(value <= 1e12);
}

static void process_when_visited_comes_back(void **state)
{
    (void)state;
    static struct memory_visit memory;
    struct fixture fixture;
    fixture_init(&fixture, 0.25);
    uint32_t cells[BINNED_CELLS];
    draw(&fixture, 60, 0.5, 1.0, cells);
    (void)binned_step(&fixture.binned, cells, 1);
    assert_true(binned_value(&fixture.binned) > 0.0);
    memory_visit_init(&memory);
    binned_visit(&memory.visit, "binned", &fixture.binned);
    struct binned copy = {.sums = {3.0}};
    memory_visit_rewind(&memory);
    binned_visit(&memory.visit, "binned", &copy);
    assert_true(memory_visit_is_done(&memory));
    assert_memory_equal(copy.sums, fixture.binned.sums, sizeof(copy.sums));
    assert_true(copy.is_moving);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_when_summed_stay_below_one),
        cmocka_unit_test(bet_when_the_null_holds_is_fair),
        cmocka_unit_test(bet_when_placed_on_nothing_never_gains),
        cmocka_unit_test(process_when_the_mean_wanders_within_what_is_tolerated_stays_small),
        cmocka_unit_test(process_when_the_feature_moves_grows),
        cmocka_unit_test(process_when_a_cell_takes_its_neighbour_grows),
        cmocka_unit_test(process_when_a_shift_is_let_be_hears_only_more),
        cmocka_unit_test(process_when_rows_resemble_each_other_learns_to_doubt),
        cmocka_unit_test(process_when_nothing_is_known_never_gains),
        cmocka_unit_test(process_when_visited_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
