/* SPDX-License-Identifier: Apache-2.0 */
/* Bank: alarms with a budget, that stand with the effect, fall with it, and say what they rest on; and data that cannot be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/dmath.h"
#include "core/base/prng.h"
#include "core/detect/bank.h"
#include "tests/lib/beta_draw.h"
#include "tests/lib/memory_visit.h"

static const uint64_t seed = 20251107;
static const int64_t window_ns = INT64_C(300000000000);

enum { FEATURES = 3, ROWS = 3000 };

struct fixture {
    struct stream stream;
    struct fdr fleet;
    struct bank bank;
    struct bank_reference reference;
    uint32_t bins_ppm[FEATURES][BANK_BINS];
    uint32_t bins[FEATURES][BANK_BINS];
    uint32_t score_bins[BANK_SCORE_BINS];
    struct bank_window window;
    struct bank_alarms alarms;
};

static struct fixture fixture;

/* Of a stream that was watched for a day. */
static const struct dispersion independent = {.value = 0.5, .n_looks = DISPERSION_MEMORY};

static void fixture_init(void)
{
    memset(&fixture, 0, sizeof(fixture));
    stream_init(&fixture.stream, seed, "test/bank", 0);
    struct fdr_options options = fdr_defaults(FDR_E_LOND, 0.05);
    fdr_init(&fixture.fleet, &options);
    for (int i = 0; i < FEATURES; i++) {
        for (int j = 0; j < 10; j++) {
            fixture.bins_ppm[i][j] = 99000;
        }
        fixture.bins_ppm[i][BANK_BIN_NULL] = 10000;
    }
    fixture.reference =
        (struct bank_reference){.n_features = FEATURES,
                                .bins_ppm = (const uint32_t(*)[BANK_BINS])fixture.bins_ppm,
                                .rows = 50000,
                                .importance = {0.3, 0.3, 0.01},
                                .error_rate = 0.01,
                                .positive_rate = 0.3,
                                .latency_p95_us = 20000};
    bank_init(&fixture.bank);
    for (int i = 0; i < FEATURES; i++) {
        fixture.bank.features[i].shift.dispersion = independent;
        fixture.bank.features[i].nulls_spread = independent;
    }
    fixture.bank.errors_spread = fixture.bank.decisions_spread = independent;
    bank_begin(&fixture.bank, &fixture.reference);
}

/* Nothing is known of how rows resemble each other. */
static void fixture_init_new(uint32_t n_features)
{
    fixture_init();
    fixture.reference.n_features = n_features;
    bank_init(&fixture.bank);
    bank_begin(&fixture.bank, &fixture.reference);
}

/* Counts with noise; the feature's mean is moved by so many deviations. */
static void draw(uint32_t rows, int feature, double moved)
{
    memset(fixture.bins, 0, sizeof(fixture.bins));
    memset(fixture.score_bins, 0, sizeof(fixture.score_bins));
    struct bank_window *window = &fixture.window;
    int64_t to = window->to + window_ns;
    *window = (struct bank_window){.to = to,
                                   .requests = rows,
                                   .latency_p95_us = 20000,
                                   .bins = (const uint32_t(*)[BANK_BINS])fixture.bins,
                                   .score_bins = fixture.score_bins};
    for (uint32_t row = 0; row < rows; row++) {
        for (int i = 0; i < FEATURES; i++) {
            double x = stream_normal(&fixture.stream);
            x += i == feature ? moved : 0.0;
            bool is_null = stream_chance(&fixture.stream, 0.01) != 0;
            uint32_t bin = x < -4.0  ? BANK_BIN_NULL + 1
                           : x > 4.0 ? BANK_BIN_NULL + 2
                                     : (uint32_t)(10.0 * d_normal_cdf(x));
            fixture.bins[i][is_null ? BANK_BIN_NULL : bin]++;
        }
        fixture.score_bins[stream_below(&fixture.stream, BANK_SCORE_BINS)]++;
        window->positives += stream_chance(&fixture.stream, 0.3) != 0 ? 1 : 0;
    }
}

static void step(void)
{
    bank_open(&fixture.bank, &fixture.fleet);
    bank_step(&fixture.bank, &fixture.window, &fixture.fleet, &fixture.alarms);
}

static const struct bank_alarm *alarm_of(uint32_t stream)
{
    for (uint32_t i = 0; i < fixture.alarms.n_alarms; i++) {
        if (fixture.alarms.alarms[i].stream == stream) {
            return &fixture.alarms.alarms[i];
        }
    }
    return NULL;
}

static void bank_when_nothing_moves_is_silent_whatever_the_traffic(void **state)
{
    (void)state;
    static const uint32_t traffic[3] = {30, 400, ROWS};
    for (int k = 0; k < 3; k++) {
        fixture_init();
        for (int i = 0; i < 300; i++) {
            draw(traffic[k], -1, 0.0);
            step();
            assert_int_equal(fixture.alarms.n_alarms, 0);
        }
        assert_int_equal(fixture.fleet.n_tests,
                         2 * FEATURES + 2); /* One each, for as long as it takes. */
    }
}

/* Of 200 fleets of one calm model at the very edge of what is tolerated, a twentieth may alarm within a day. */
static void bank_when_at_the_edge_keeps_its_promise(void **state)
{
    (void)state;
    fixture_init();
    uint64_t n_false = 0;
    for (int run = 0; run < 200; run++) {
        struct stream stream = fixture.stream;
        fixture_init();
        fixture.stream = stream;
        for (int i = 0; i < 40; i++) {
            draw(60, 0, 0.25);
            step();
        }
        n_false += fixture.fleet.n_rejected;
    }
    assert_true(n_false <= 10);
}

static void alarm_when_a_feature_moves_carries_its_test(void **state)
{
    (void)state;
    fixture_init();
    draw(ROWS, -1, 0.0);
    step();
    double wealth = fdr_wealth(&fixture.fleet);
    draw(ROWS, 1, 0.8);
    step();
    assert_int_equal(fixture.alarms.n_alarms, 1);
    const struct bank_alarm *alarm = alarm_of(BANK_SHIFT + 1);
    assert_non_null(alarm);
    assert_true(alarm->is_new);
    assert_true(alarm->value > 0.5 && alarm->value < 0.8); /* 0.8 deviations squared, about. */
    assert_true(alarm->test.level > 0.0);
    assert_true(alarm->test.e_value >= 1.0 / alarm->test.level);
    assert_true(alarm->test.wealth_before == wealth);
    assert_true(alarm->test.wealth_after > alarm->test.wealth_before);
    assert_int_equal(fixture.fleet.n_rejected, 1);
    double shares[BANK_FEATURES];
    bank_attribute(&fixture.bank, shares);
    assert_true(shares[0] == 0.0);
    assert_true(shares[1] == 1.0);
    draw(ROWS, 1, 0.8); /* It stands, and is not tested again. */
    step();
    assert_int_equal(fixture.alarms.n_alarms, 1);
    assert_false(fixture.alarms.alarms[0].is_new);
    assert_int_equal(fixture.fleet.n_rejected, 1);
    assert_true(fixture.alarms.alarms[0].test.e_value == alarm->test.e_value);
}

static void alarm_when_the_effect_has_gone_for_good_falls(void **state)
{
    (void)state;
    fixture_init();
    draw(ROWS, 0, 0.8);
    step();
    for (int i = 0; i < 2; i++) {
        draw(ROWS, -1, 0.0);
        step();
        assert_int_equal(fixture.alarms.n_alarms, 0);
        assert_true((fixture.bank.raised & 1) != 0);
    }
    draw(ROWS, 0, 0.8); /* Two windows are no leave. */
    step();
    assert_false(alarm_of(BANK_SHIFT)->is_new);
    for (int i = 0; i < 3; i++) {
        draw(ROWS, -1, 0.0);
        step();
    }
    assert_int_equal(fixture.bank.raised, 0);
    draw(ROWS, 0, 0.8); /* Another hypothesis, another test. */
    step();
    assert_true(alarm_of(BANK_SHIFT)->is_new);
    assert_int_equal(fixture.fleet.n_rejected, 2);
}

static void shift_when_let_be_is_quiet_until_it_grows(void **state)
{
    (void)state;
    fixture_init();
    draw(ROWS, 0, 0.8);
    step();
    bank_let_be(&fixture.bank, UINT32_C(1) << BANK_SHIFT);
    for (int i = 0; i < 20; i++) {
        draw(ROWS, 0, 0.8);
        step();
        assert_int_equal(fixture.alarms.n_alarms, 0);
    }
    draw(ROWS, 0, 1.8);
    step();
    assert_non_null(alarm_of(BANK_SHIFT));
}

static void importance_when_small_lets_more_pass(void **state)
{
    (void)state;
    fixture_init();
    for (int i = 0; i < 20; i++) {
        draw(ROWS, 2, 0.7);
        step();
        assert_int_equal(fixture.alarms.n_alarms, 0);
    }
    draw(ROWS, 2, 1.6);
    step();
    assert_non_null(alarm_of(BANK_SHIFT + 2));
}

static void nulls_when_they_rise_are_no_shift(void **state)
{
    (void)state;
    fixture_init();
    draw(ROWS, -1, 0.0);
    for (int j = 0; j < 10; j++) { /* A third of the rows. */
        uint32_t gone = fixture.bins[1][j] / 3;
        fixture.bins[1][j] -= gone;
        fixture.bins[1][BANK_BIN_NULL] += gone;
    }
    step();
    assert_int_equal(fixture.alarms.n_alarms, 1);
    const struct bank_alarm *alarm = alarm_of(BANK_NULLS + 1);
    assert_non_null(alarm);
    assert_true(alarm->value > 0.3 && alarm->value < 0.4);
}

static void rates_when_they_jump_are_alarms_of_their_own(void **state)
{
    (void)state;
    fixture_init();
    draw(ROWS, -1, 0.0);
    fixture.window.errors = ROWS / 20;
    step();
    assert_non_null(alarm_of(BANK_ERRORS));
    fixture_init();
    draw(ROWS, -1, 0.0);
    fixture.window.positives = ROWS / 2;
    step();
    assert_non_null(alarm_of(BANK_DECISIONS));
    bank_let_be(&fixture.bank, UINT32_C(1) << BANK_DECISIONS);
    for (int i = 0; i < 5; i++) {
        draw(ROWS, -1, 0.0);
        fixture.window.positives = ROWS / 2;
        step();
        assert_int_equal(fixture.alarms.n_alarms, 0);
    }
    fixture_init();
    draw(ROWS, -1, 0.0);
    fixture.window.positives = ROWS / 2;
    memset(fixture.score_bins, 0, sizeof(fixture.score_bins));
    fixture.score_bins[9] = ROWS; /* The score moved: the inputs did it. */
    step();
    assert_null(alarm_of(BANK_DECISIONS));
}

static void data_when_it_cannot_be_right_is_told_and_kept_out(void **state)
{
    (void)state;
    fixture_init();
    draw(ROWS, -1, 0.0);
    step();
    for (int i = 0; i < 2; i++) { /* A column that stops. */
        draw(ROWS, -1, 0.0);
        memset(fixture.bins[1], 0, sizeof(fixture.bins[1]));
        step();
        assert_int_equal(fixture.bank.quality.missing, i == 0 ? 0 : 2);
        assert_int_equal(fixture.alarms.n_alarms, 0);
    }
    draw(ROWS, -1, 0.0);
    fixture.bins[0][3] = UINT32_MAX - 5; /* A counter that began again, read as a difference. */
    step();
    assert_int_equal(fixture.bank.quality.broken, 1);
    assert_int_equal(fixture.bank.quality.missing, 0);
    assert_int_equal(fixture.fleet.n_rejected, 0);
    draw(ROWS, -1, 0.0);
    memset(fixture.bins[1], 0, sizeof(fixture.bins[1]));
    fixture.bins[1][4] = ROWS;
    step();
    assert_int_equal(fixture.bank.quality.constant, 2);
    fixture.window.requests = UINT32_MAX;
    uint64_t n_windows = fixture.bank.n_windows;
    step();
    assert_true(fixture.bank.quality.is_broken);
    assert_int_equal(fixture.bank.n_windows, n_windows);
}

static void profile_when_it_is_nonsense_crashes_nothing(void **state)
{
    (void)state;
    fixture_init();
    memset(fixture.bins_ppm, 0, sizeof(fixture.bins_ppm));
    fixture.reference.rows = 0;
    fixture.reference.importance[0] = d_log(-1.0);
    fixture.reference.error_rate = d_log(-1.0);
    fixture.reference.positive_rate = 7.0;
    bank_begin(&fixture.bank, &fixture.reference);
    for (int i = 0; i < 20; i++) {
        draw(i % 3 == 0 ? 0 : ROWS, -1, 0.0);
        step();
        for (uint32_t k = 0; k < fixture.alarms.n_alarms; k++) {
            assert_true(fixture.alarms.alarms[k].stream ==
                        BANK_DECISIONS); /* That rate is seen and is none of 7. */
        }
    }
}

static void traffic_when_it_breaks_away_is_low_by_the_hour_of_the_week(void **state)
{
    (void)state;
    fixture_init();
    const int64_t hour = 12 * window_ns;
    for (int i = 0; i < 168 * 12; i++) { /* A week: little at night, much by day. */
        bool is_night = fixture.window.to / hour % 24 < 8;
        draw(is_night ? 20 : 150, -1, 0.0);
        step();
        assert_false(fixture.bank.volume.is_low);
    }
    assert_true(bank_usual_requests(&fixture.bank, 12 * hour) > 100.0);
    assert_true(bank_usual_requests(&fixture.bank, 169 * hour) < 40.0);
    int n_low = 0;
    for (int i = 0; i < 12 * 12; i++) { /* The next day's night is as usual, its morning is not. */
        bool is_night = fixture.window.to / hour % 24 < 8;
        draw(20, -1, 0.0);
        step();
        assert_false(is_night && fixture.bank.volume.is_low);
        n_low += fixture.bank.volume.is_low ? 1 : 0;
    }
    assert_true(n_low >= 30);
}

static void bank_when_visited_goes_on_as_if_nothing_was(void **state)
{
    (void)state;
    static struct memory_visit memory;
    fixture_init();
    e_detector_init(&fixture.bank.labels, 0.1);
    for (int i = 0; i < 6; i++) {
        draw(200, i % 2, i < 4 ? 0.5 : 0.0);
        step();
        (void)e_detector_step(&fixture.bank.labels, 30, 200, 1e4);
        if (i == 4) {
            bank_let_be(&fixture.bank, UINT32_MAX);
        }
    }
    memory_visit_init(&memory);
    bank_visit(&memory.visit, "bank", &fixture.bank);
    static struct bank copy;
    bank_init(&copy);
    memory_visit_rewind(&memory);
    bank_visit(&memory.visit, "bank", &copy);
    assert_true(memory_visit_is_done(&memory));
    bank_refer(&copy, &fixture.reference);
    struct fdr fleet = fixture.fleet;
    struct bank_alarms alarms;
    for (int i = 0; i < 10; i++) {
        draw(200, 0, 1.5);
        step();
        bank_open(&copy, &fleet);
        bank_step(&copy, &fixture.window, &fleet, &alarms);
        assert_int_equal(alarms.n_alarms, fixture.alarms.n_alarms);
        for (uint32_t k = 0; k < alarms.n_alarms; k++) {
            assert_true(alarms.alarms[k].test.e_value == fixture.alarms.alarms[k].test.e_value);
            assert_true(alarms.alarms[k].value == fixture.alarms.alarms[k].value);
        }
    }
    assert_true(fixture.fleet.n_rejected > 0);
}

/* A day of one model at which nothing is wrong, but rows of a window resemble each other: nulls, failures and decisions have a rate of their own in
 * each window, and so has the mean of the feature. Binomial counts, so that a day costs little. */
static void draw_bursts(double nulls, double failures, double positives, double concentration,
                        double wander)
{
    enum { N = 2000 };
    struct stream *stream = &fixture.stream;
    struct bank_window *window = &fixture.window;
    memset(fixture.bins, 0, sizeof(fixture.bins));
    *window = (struct bank_window){.to = window->to + window_ns,
                                   .requests = N,
                                   .latency_p95_us = 20000,
                                   .bins = (const uint32_t(*)[BANK_BINS])fixture.bins,
                                   .score_bins = fixture.score_bins};
    for (int j = 0; j < BANK_SCORE_BINS; j++) {
        fixture.score_bins[j] = N / BANK_SCORE_BINS;
    }
    double failed = beta_draw(stream, failures, concentration);
    window->errors = (uint32_t)stream_binomial(stream, N, failed);
    double decided = beta_draw(stream, positives, concentration);
    window->positives = (uint32_t)stream_binomial(stream, N - window->errors, decided);
    double mean = wander * stream_normal(stream), spread = d_sqrt(1.0 + wander * wander);
    double lost = beta_draw(stream, nulls, concentration);
    uint32_t left = N, n_nulls = (uint32_t)stream_binomial(stream, N, lost);
    fixture.bins[0][BANK_BIN_NULL] = n_nulls;
    left -= n_nulls;
    double below = 0.0;
    for (int j = 0; j < 10; j++) {
        double edge = j == 9 ? 1.0 : d_normal_cdf(d_normal_quantile((j + 1) / 10.0) * spread - mean);
        double share = below < 1.0 ? (edge - below) / (1.0 - below) : 1.0;
        uint32_t count = j == 9 ? left : (uint32_t)stream_binomial(stream, left, share);
        fixture.bins[0][j] = count;
        left -= count;
        below = edge;
    }
}

/* Runs of a day, of 120, that had a false alarm. */
static int bursts(double nulls, double failures, double positives, double concentration, double wander)
{
    int n_false = 0;
    struct stream stream;
    stream_init(&stream, seed, "test/bank/bursts", (uint64_t)concentration);
    for (int run = 0; run < 120; run++) {
        fixture_init_new(1);
        fixture.stream = stream;
        for (int i = 0; i < 288; i++) {
            draw_bursts(nulls, failures, positives, concentration, wander);
            step();
        }
        n_false += fixture.fleet.n_rejected > 0 ? 1 : 0;
        stream = fixture.stream;
    }
    return n_false;
}

/* 0.05 of 120 runs are 6; two deviations more are 11. */
static void bank_when_rows_come_in_bursts_keeps_its_promise(void **state)
{
    (void)state;
    assert_true(bursts(0.01, 0.005, 0.3, 1000.0, 0.0) <= 11);
    assert_true(bursts(0.01, 0.008, 0.3, 100.0, 0.2) <= 11);
    assert_true(bursts(0.015, 0.01, 0.3, 100.0, 0.35) <= 11);
    assert_true(bursts(0.01, 0.005, 0.3, 30.0, 0.5) <= 11);
}

/* Another version: what it is held against begins anew, how rows resemble each other does not. */
static void bank_when_begun_again_keeps_what_it_learned_of_rows(void **state)
{
    (void)state;
    fixture_init_new(FEATURES);
    for (int i = 0; i < 100; i++) {
        draw_bursts(0.02, 0.008, 0.3, 100.0, 0.3);
        step();
    }
    struct bank before = fixture.bank;
    bank_begin(&fixture.bank, &fixture.reference);
    const struct bank_feature *feature = &fixture.bank.features[0];
    assert_int_equal(fixture.bank.n_windows, 0);
    assert_true(dispersion_used(&feature->shift.dispersion) > 5.0);
    assert_true(dispersion_used(&feature->shift.dispersion) ==
                dispersion_used(&before.features[0].shift.dispersion));
    assert_true(feature->nulls_spread.value == before.features[0].nulls_spread.value);
    assert_true(fixture.bank.errors_spread.value == before.errors_spread.value);
    assert_true(fixture.bank.decisions_spread.value == before.decisions_spread.value);
    assert_true(before.errors_spread.value > 3.0);
    assert_int_equal(fixture.bank.errors_spread.before_n,
                     0); /* The last window was another version's. */
}

/* Windows until the stream alarms, after so many calm ones; 99: not within 20. */
static int delay_of(uint32_t stream, int n_calm, uint32_t nulls, uint32_t errors, double moved)
{
    fixture_init_new(FEATURES);
    for (int i = 0; i < n_calm + 20; i++) {
        bool is_calm = i < n_calm;
        draw(ROWS, 0, is_calm ? 0.0 : moved);
        if (i % 2 == 0) {
            fixture.window.errors = ROWS / 500;
        }
        for (uint32_t j = 0; j < 10 && !is_calm; j++) {
            uint32_t gone = fixture.bins[0][j] < nulls / 10 ? fixture.bins[0][j] : nulls / 10;
            fixture.bins[0][j] -= gone;
            fixture.bins[0][BANK_BIN_NULL] += gone;
        }
        fixture.window.errors += is_calm ? 0 : errors;
        step();
        if (is_calm) {
            assert_int_equal(fixture.alarms.n_alarms, 0);
        } else if (alarm_of(stream) != NULL) {
            return i - n_calm + 1;
        }
    }
    return 99;
}

static void bank_when_something_is_wrong_alarms_within_few_windows(void **state)
{
    (void)state;
    assert_true(delay_of(BANK_SHIFT, 100, 0, 0, 0.6) <= 1);
    assert_true(delay_of(BANK_SHIFT, 100, 0, 0, 0.5) <= 3);
    assert_true(delay_of(BANK_NULLS, 100, 300, 0, 0.0) <= 1);
    assert_true(delay_of(BANK_ERRORS, 100, 0, 150, 0.0) <= 2);
    /* Of a version that nothing is known of yet, what is gross shows at once and what is less within the hour. */
    assert_true(delay_of(BANK_NULLS, 0, 1500, 0, 0.0) <= 1);
    assert_true(delay_of(BANK_ERRORS, 0, 0, 600, 0.0) <= 1);
    assert_true(delay_of(BANK_SHIFT, 0, 0, 0, 0.8) <= 12);
    assert_true(delay_of(BANK_ERRORS, 0, 0, 150, 0.0) <= 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bank_when_nothing_moves_is_silent_whatever_the_traffic),
        cmocka_unit_test(bank_when_at_the_edge_keeps_its_promise),
        cmocka_unit_test(bank_when_rows_come_in_bursts_keeps_its_promise),
        cmocka_unit_test(bank_when_begun_again_keeps_what_it_learned_of_rows),
        cmocka_unit_test(bank_when_something_is_wrong_alarms_within_few_windows),
        cmocka_unit_test(alarm_when_a_feature_moves_carries_its_test),
        cmocka_unit_test(alarm_when_the_effect_has_gone_for_good_falls),
        cmocka_unit_test(shift_when_let_be_is_quiet_until_it_grows),
        cmocka_unit_test(importance_when_small_lets_more_pass),
        cmocka_unit_test(nulls_when_they_rise_are_no_shift),
        cmocka_unit_test(rates_when_they_jump_are_alarms_of_their_own),
        cmocka_unit_test(data_when_it_cannot_be_right_is_told_and_kept_out),
        cmocka_unit_test(profile_when_it_is_nonsense_crashes_nothing),
        cmocka_unit_test(traffic_when_it_breaks_away_is_low_by_the_hour_of_the_week),
        cmocka_unit_test(bank_when_visited_goes_on_as_if_nothing_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
