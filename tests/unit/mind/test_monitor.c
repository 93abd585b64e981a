/* SPDX-License-Identifier: Apache-2.0 */
/* Monitor: quiet on what stays, loud on what moves, and aware of how much it has seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/mind/monitor.h"

static const uint64_t seed = 20240611;

enum { ROWS = 3000 };

struct fixture {
    struct deployment deployment;
    struct monitor monitor;
    struct stream stream;
    struct findings findings;
    int64_t at;
    uint64_t sequence;
};

static struct fixture fixture;

/* The model has been watched for a day, and its rows are independent. */
static void trust_rows(struct bank *bank)
{
    const struct dispersion independent = {.value = 0.5, .n_looks = DISPERSION_MEMORY};
    for (int i = 0; i < BANK_FEATURES; i++) {
        bank->features[i].shift.dispersion = independent;
        bank->features[i].nulls_spread = independent;
    }
    bank->errors_spread = bank->decisions_spread = bank->labels.dispersion = independent;
}

static void fixture_init(double importance)
{
    memset(&fixture, 0, sizeof(fixture));
    struct deployment *deployment = &fixture.deployment;
    deployment->window_ns = 5 * NS_PER_MIN;
    deployment->n_models = 1;
    deployment->models[0] =
        (struct model_entry){.name = "fraud",
                             .accuracy_floor = 0.8,
                             .availability_floor = 0.99,
                             .n_features = 2,
                             .features = {{"amount", {1}, importance}, {"hour", {1}, 0.3}}};
    monitor_init(&fixture.monitor, deployment);
    struct baseline baseline = {.model = {1},
                                .version = {7},
                                .rows = 50000,
                                .error = 0.1,
                                .positive_rate = 0.3,
                                .latency_p95_us = 20000};
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 10; j++) {
            baseline.bins_ppm[i][j] = 99000;
        }
        baseline.bins_ppm[i][BIN_NULL] = 10000;
    }
    trust_rows(&fixture.monitor.models[0].bank);
    monitor_baseline(&fixture.monitor, &baseline);
    stream_init(&fixture.stream, seed, "test/monitor", 0);
    fixture.at = NS_PER_HOUR;
}

/* A window with multinomial noise; tilt moves that share of each of the first five deciles to the last five. */
static struct window window_of(uint32_t rows, double tilt)
{
    struct window window = {.model = {1},
                            .version = {7},
                            .role = SERVING_CHAMPION,
                            .from = fixture.at,
                            .to = fixture.at + 5 * NS_PER_MIN,
                            .requests = rows,
                            .latency_p95_us = 20000,
                            .cohort_from = fixture.at - NS_PER_HOUR,
                            .cohort_to = fixture.at - NS_PER_HOUR + 5 * NS_PER_MIN};
    for (uint32_t row = 0; row < rows; row++) {
        for (int i = 0; i < 2; i++) {
            uint64_t bin = stream_below(&fixture.stream, 10);
            bool moved = i == 0 && bin < 5 && stream_chance(&fixture.stream, tilt) != 0;
            bool null = stream_chance(&fixture.stream, 0.01) != 0;
            window.bins[i][null ? BIN_NULL : moved ? bin + 5 : bin]++;
        }
        window.score_bins[stream_below(&fixture.stream, SCORE_BINS)]++;
        window.positives += stream_chance(&fixture.stream, 0.3) != 0 ? 1 : 0;
    }
    return window;
}

static void give(const struct window *window)
{
    monitor_window(&fixture.monitor, window, (struct evidence_id){++fixture.sequence},
                   &fixture.findings);
    fixture.at = window->to;
}

static bool found(enum symptom symptom)
{
    for (uint32_t i = 0; i < fixture.findings.n_findings; i++) {
        if (fixture.findings.items[i].symptom == symptom) {
            return true;
        }
    }
    return false;
}

static void window_when_nothing_moves_finds_nothing(void **state)
{
    (void)state;
    fixture_init(0.3);
    for (int i = 0; i < 288; i++) { /* A day. */
        struct window window = window_of(ROWS, 0.0);
        window.labels_scored = 900;
        window.labels_correct = 900 - (uint32_t)stream_binomial(&fixture.stream, 900, 0.1);
        give(&window);
        assert_int_equal(fixture.findings.n_findings, 0);
    }
}

static void window_when_inputs_shift_finds_it_at_once(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window window = window_of(ROWS, 0.5);
    give(&window);
    assert_int_equal(fixture.findings.n_findings, 1);
    assert_int_equal(fixture.findings.items[0].symptom, SYMPTOM_INPUT_SHIFT);
    assert_int_equal(fixture.findings.items[0].feature, 0);
    const struct watched_model *watched = monitor_model(&fixture.monitor, (struct model_id){1});
    assert_int_equal(watched->shifted, 1);
    assert_true(watched->troubled_since == window.to);
    assert_true(watched->share[0] == 1.0); /* Nothing else has moved. */
    const struct assurance *assurance = &fixture.findings.items[0].assurance;
    assert_true(assurance_is_valid(assurance));
    assert_int_equal(assurance->guarantee, GUARANTEE_FDR);
    assert_true(assurance->evidence * assurance->level >= 1.0);
    assert_true(assurance->wealth_after > assurance->wealth_before);
    assert_true(assurance->share == 1.0);
}

/* Two features at once: each carries its own test, and its part of the whole evidence. */
static void evidence_when_two_features_move_is_shared_out(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window window = window_of(ROWS, 0.3);
    window.bins[1][0] -= 250;
    window.bins[1][9] += 250;
    give(&window);
    assert_int_equal(fixture.findings.n_findings, 2);
    const struct assurance *first = &fixture.findings.items[0].assurance;
    const struct assurance *second = &fixture.findings.items[1].assurance;
    assert_true(first->share > 0.0 && second->share > 0.0);
    assert_true(first->share + second->share > 1.0 - 1e-9);
    assert_true(first->share + second->share < 1.0 + 1e-9);
    assert_true(second->wealth_before == first->wealth_after); /* One budget for the fleet. */
}

static void data_when_a_column_stops_is_a_finding_of_its_own(void **state)
{
    (void)state;
    fixture_init(0.3);
    for (int i = 0; i < 3; i++) {
        struct window window = window_of(ROWS, 0.0);
        if (i > 0) {
            memset(window.bins[1], 0, sizeof(window.bins[1]));
        }
        give(&window);
        assert_true(found(SYMPTOM_DATA) == (i == 2)); /* One window without it may be a lost scrape. */
    }
    assert_int_equal(fixture.findings.items[0].feature, 1);
    assert_int_equal(fixture.findings.items[0].assurance.guarantee, GUARANTEE_RULE);
}

/* The same shift, too small a window to tell it from noise. */
static void window_when_small_needs_more_to_be_a_shift(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window small = window_of(60, 0.35);
    give(&small);
    assert_false(found(SYMPTOM_INPUT_SHIFT));
    struct window large = window_of(ROWS, 0.35);
    give(&large);
    assert_true(found(SYMPTOM_INPUT_SHIFT));
}

static void window_when_small_and_stationary_finds_nothing(void **state)
{
    (void)state;
    fixture_init(0.3);
    for (int i = 0; i < 500; i++) { /* PSI of 60 rows exceeds 0.25 almost every time. */
        struct window window = window_of(60, 0.0);
        give(&window);
        assert_false(found(SYMPTOM_INPUT_SHIFT));
    }
}

static void shift_when_little_rests_on_the_feature_has_to_be_larger(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window key = window_of(ROWS, 0.33);
    give(&key);
    assert_true(found(SYMPTOM_INPUT_SHIFT));
    fixture_init(0.02);
    struct window minor =
        window_of(ROWS, 0.5); /* The median moves by 0.7 deviations: 0.8 are tolerated. */
    give(&minor);
    assert_false(found(SYMPTOM_INPUT_SHIFT));
    minor = window_of(ROWS, 0.9);
    give(&minor);
    assert_true(found(SYMPTOM_INPUT_SHIFT));
}

static void shift_when_accepted_is_a_finding_only_when_it_grows(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window window = window_of(ROWS, 0.5);
    give(&window);
    monitor_accept(&fixture.monitor, (struct model_id){1}, 0);
    window = window_of(ROWS, 0.5);
    give(&window);
    assert_int_equal(fixture.findings.n_findings, 0);
    window = window_of(ROWS, 0.9);
    give(&window);
    assert_true(found(SYMPTOM_INPUT_SHIFT));
}

static void give_tilted(double tilt, int n_windows)
{
    for (int i = 0; i < n_windows; i++) {
        struct window window = window_of(ROWS, tilt);
        give(&window);
    }
}

/* What stands is one alarm until it has gone for good. */
static void shift_when_found_benign_is_a_finding_only_when_it_has_gone_and_come_back(void **state)
{
    (void)state;
    fixture_init(0.3);
    give_tilted(0.35, 1);
    assert_true(found(SYMPTOM_INPUT_SHIFT));
    give_tilted(0.2, 1); /* Below the limit, and not away from it: it stands. */
    assert_true(found(SYMPTOM_INPUT_SHIFT));
    monitor_accept(&fixture.monitor, (struct model_id){1}, 1);
    give_tilted(0.35, 3);
    assert_int_equal(fixture.findings.n_findings, 0);
    give_tilted(0.0, 2);
    give_tilted(0.35, 1);
    assert_int_equal(fixture.findings.n_findings, 0);
    give_tilted(0.0, 3); /* Gone. */
    give_tilted(0.35, 1);
    assert_true(found(SYMPTOM_INPUT_SHIFT));
}

static void nulls_when_many_are_told_from_a_shift(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window window = window_of(ROWS, 0.0);
    memset(window.bins[1], 0, sizeof(window.bins[1]));
    window.bins[1][BIN_NULL] = ROWS;
    give(&window);
    assert_int_equal(fixture.findings.n_findings, 1);
    assert_int_equal(fixture.findings.items[0].symptom, SYMPTOM_NULLS);
    const struct watched_model *watched = monitor_model(&fixture.monitor, (struct model_id){1});
    assert_int_equal(watched->emptied, 2);
    assert_int_equal(watched->shifted, 0);
}

static void errors_when_they_rise_are_found_and_since_when(void **state)
{
    (void)state;
    fixture_init(0.3);
    int64_t changed = 0;
    int n_after = 0;
    for (int i = 0; i < 60 && !found(SYMPTOM_QUALITY); i++) {
        struct window window = window_of(200, 0.0);
        double rate = i < 30 ? 0.1 : 0.2;
        changed = i == 30 ? window.cohort_from : changed;
        n_after += i >= 30 ? 1 : 0;
        window.labels_scored = 900;
        window.labels_correct = 900 - (uint32_t)stream_binomial(&fixture.stream, 900, rate);
        give(&window);
    }
    assert_true(found(SYMPTOM_QUALITY));
    assert_true(n_after <= 3);
    assert_int_equal(fixture.findings.items[0].assurance.guarantee, GUARANTEE_RUN_LENGTH);
    assert_true(fixture.findings.items[0].assurance.evidence >=
                fixture.findings.items[0].assurance.bound);
    const struct watched_model *watched = monitor_model(&fixture.monitor, (struct model_id){1});
    assert_true(watched->error_since >= changed - 10 * NS_PER_MIN);
    assert_true(watched->error_since <= changed);
}

static void errors_when_of_rows_before_a_change_no_longer_count(void **state)
{
    (void)state;
    fixture_init(0.3);
    monitor_forget(&fixture.monitor, (struct model_id){1}, fixture.at);
    for (int i = 0; i < 10; i++) { /* Labels of the hour before the remedy keep coming. */
        struct window window = window_of(200, 0.0);
        window.labels_scored = 900;
        window.labels_correct = 500;
        give(&window);
        assert_false(found(SYMPTOM_QUALITY));
    }
    const struct watched_model *watched = monitor_model(&fixture.monitor, (struct model_id){1});
    assert_int_equal(monitor_quality(watched, 0, 1000).scored, 0);
    assert_int_equal(monitor_matured(watched, 0), 9000);
}

static void decisions_when_the_score_stays_are_a_step(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window window = window_of(ROWS, 0.0);
    window.positives = ROWS / 2;
    give(&window);
    assert_true(found(SYMPTOM_DECISIONS));
    window = window_of(ROWS, 0.0);
    window.positives = ROWS / 2;
    memset(window.score_bins, 0, sizeof(window.score_bins));
    window.score_bins[9] = ROWS; /* The score moved as well: the inputs did it. */
    give(&window);
    assert_false(found(SYMPTOM_DECISIONS));
}

static void service_when_it_fails_is_operational(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct window window = window_of(ROWS, 0.0);
    window.errors = ROWS / 20;
    give(&window);
    assert_true(found(SYMPTOM_OPERATIONAL));
    window = window_of(ROWS, 0.0);
    window.latency_p95_us = 50000;
    give(&window);
    assert_true(found(SYMPTOM_OPERATIONAL));
}

static void telemetry_when_missing_is_silence_once(void **state)
{
    (void)state;
    fixture_init(0.3);
    assert_true(monitor_deadline(&fixture.monitor) == NEVER);
    struct window window = window_of(ROWS, 0.0);
    give(&window);
    int64_t due = monitor_deadline(&fixture.monitor);
    assert_int_equal(monitor_silence(&fixture.monitor, due - 1), 0);
    assert_int_equal(monitor_silence(&fixture.monitor, due), 1);
    assert_int_equal(monitor_silence(&fixture.monitor, due + NS_PER_HOUR), 0);
    assert_true(monitor_deadline(&fixture.monitor) == NEVER);
}

static void version_when_its_record_is_poor_is_held_to_the_service_level(void **state)
{
    (void)state;
    fixture_init(0.3);
    struct baseline baseline = {.model = {1}, .version = {8}, .rows = 50000, .error = 0.45};
    monitor_baseline(&fixture.monitor, &baseline);
    struct window window = window_of(ROWS, 0.0);
    window.version.value = 8;
    give(&window);
    double tolerated = monitor_tolerated(&fixture.monitor, (struct model_id){1});
    assert_true(tolerated > 0.199 && tolerated < 0.201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_when_nothing_moves_finds_nothing),
        cmocka_unit_test(window_when_inputs_shift_finds_it_at_once),
        cmocka_unit_test(evidence_when_two_features_move_is_shared_out),
        cmocka_unit_test(data_when_a_column_stops_is_a_finding_of_its_own),
        cmocka_unit_test(window_when_small_needs_more_to_be_a_shift),
        cmocka_unit_test(window_when_small_and_stationary_finds_nothing),
        cmocka_unit_test(shift_when_little_rests_on_the_feature_has_to_be_larger),
        cmocka_unit_test(shift_when_accepted_is_a_finding_only_when_it_grows),
        cmocka_unit_test(shift_when_found_benign_is_a_finding_only_when_it_has_gone_and_come_back),
        cmocka_unit_test(nulls_when_many_are_told_from_a_shift),
        cmocka_unit_test(errors_when_they_rise_are_found_and_since_when),
        cmocka_unit_test(errors_when_of_rows_before_a_change_no_longer_count),
        cmocka_unit_test(decisions_when_the_score_stays_are_a_step),
        cmocka_unit_test(service_when_it_fails_is_operational),
        cmocka_unit_test(telemetry_when_missing_is_silence_once),
        cmocka_unit_test(version_when_its_record_is_poor_is_held_to_the_service_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
