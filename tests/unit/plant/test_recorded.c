/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded rows: a generated feature activation, and Elec2 where its file is at hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "sim/plant/learner.h"
#include "tests/unit/plant/world.h"

enum {
    N_FEATURES = 6,
    EVENT_ROW = 17424,
    DAYS_BEFORE = 14,
    ROWS_A_DAY = 48,
    TRAIN_ROWS = 60 * ROWS_A_DAY,
    ROWS_MAX = 46000
};

static double features[ROWS_MAX * N_FEATURES];
static uint8_t labels[ROWS_MAX];

static void assert_near(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance)) {
        fail_msg("saw %.4f, expected %.4f within %g", seen, expected, tolerance);
    }
}

/* Three features are constant until the event; then they come alive and the meaning of the others turns. */
static struct plant_recording generated(void)
{
    struct stream stream;
    stream_init(&stream, 11, "test/rows", 0);
    uint32_t n_rows = EVENT_ROW + 80 * ROWS_A_DAY;
    for (uint32_t row = 0; row < n_rows; row++) {
        double *x = &features[row * N_FEATURES];
        bool is_live = row >= EVENT_ROW;
        double signal = 0.0;
        for (uint32_t i = 0; i < N_FEATURES; i++) {
            bool is_still = i >= 3 && !is_live;
            x[i] = is_still ? 0.4 : 0.5 + 0.15 * stream_normal(&stream);
        }
        signal = is_live ? (x[3] - 0.5) - 0.6 * (x[0] - 0.5) : (x[0] - 0.5) + 0.5 * (x[1] - 0.5);
        labels[row] = signal + 0.08 * stream_normal(&stream) > 0.0;
    }
    return (struct plant_recording){.n_rows = n_rows,
                                    .n_features = N_FEATURES,
                                    .features = features,
                                    .labels = labels,
                                    .first_row = EVENT_ROW - DAYS_BEFORE * ROWS_A_DAY,
                                    .train_rows = TRAIN_ROWS,
                                    .row_ns = NS_PER_DAY / ROWS_A_DAY};
}

static struct world *recorded_world(const struct plant_recording *recording, int64_t horizon)
{
    struct world *world = world_open(1);
    world->deployment.n_models = 1;
    world->deployment.window_ns = 12 * NS_PER_HOUR;
    world->deployment.models[0].n_features = N_FEATURES;
    world->deployment.models[0].label_delay_ns = NS_PER_DAY;
    world->deployment.models[0].requests_per_window = 24;
    world->plan.horizon_ns = horizon;
    (void)world_plan(world, PLAN_RECORDED, 1, DAYS_BEFORE * NS_PER_DAY);
    world_begin(world, recording);
    return world;
}

static void recording_when_replayed_shows_its_rows_and_nothing_else(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < N_LEARNER_KINDS; kind++) {
        struct plant_recording recording = generated();
        recording.learner = kind;
        struct world *world = recorded_world(&recording, 40 * NS_PER_DAY);
        world_run(world, 12 * NS_PER_DAY);
        const struct truth_model *model = world_model(world, 1);
        assert_false(model->faulty);
        assert_true(model->quality > 0.8);
        const struct baseline *baseline = &world_last(world, EVENT_BASELINE, 1)->baseline;
        assert_int_equal(baseline->constant_features, 0x38);
        const struct window *window = &world_last(world, EVENT_WINDOW, 1)->window;
        assert_int_equal(window->requests, 24);
        uint32_t positives = 0;
        for (uint32_t j = 0; j < SCORE_BINS; j++) {
            positives += window->score_bins[j];
        }
        assert_int_equal(positives, 24);
        assert_int_equal(window->labels_scored, 24);
        assert_true(window->cohort_to == window->to - NS_PER_DAY);
        world_run(world, 20 * NS_PER_DAY);
        assert_true(model->faulty);
        assert_int_equal(model->cause, CAUSE_FEATURE_ACTIVATION);
        assert_true(model->quality < model->healthy_quality - 0.1);
        assert_true(model->bad_minutes > 0.1 * 5 * 24 * 60);
        assert_true(model->window_llr > 20.0);
        const struct answer *profile = world_ask(world, TOOL_FEATURES, 1);
        assert_true(profile->features.features[4].was_constant);
        assert_true(profile->features.features[4].psi > 0.5);
        assert_false(profile->features.features[1].was_constant);
        world_close(world);
    }
}

static struct truth_version trained_on(const struct plant_recording *recording, int64_t at,
                                       int64_t from, int64_t to, struct world **ret_world)
{
    struct world *world = recorded_world(recording, 80 * NS_PER_DAY);
    world_run(world, at);
    struct action_args args = {.model = {1}, .from_ns = from, .to_ns = to};
    const struct event *event = NULL;
    for (uint64_t key = 1; key <= 4; key++) { /* A training may fail; the next one then does not. */
        world_act(world, VERB_RETRAIN, args, key, FATE_NORMAL);
        world_run(world, engine_now(world->engine) + NS_PER_DAY);
        event = world_last(world, EVENT_OUTCOME, 0);
        if (event->outcome.status == OUTCOME_TRAINED) {
            break;
        }
    }
    assert_int_equal(event->outcome.status, OUTCOME_TRAINED);
    *ret_world = world;
    return *world_version(world, 1, event->outcome.version.value);
}

static void retrain_when_on_rows_of_after_the_event_beats_mixed(void **state)
{
    (void)state;
    struct plant_recording recording = generated();
    int64_t event_at = DAYS_BEFORE * NS_PER_DAY, at = event_at + 15 * NS_PER_DAY;
    struct world *world = NULL;
    struct truth_version clean = trained_on(&recording, at, event_at, at, &world);
    const struct ledger_entry *entry = &world->truth.ledger[0];
    assert_int_equal(entry->rows, 14 * ROWS_A_DAY);
    assert_int_equal(entry->rows_after_onset, entry->rows);
    assert_true(entry->labels_ready);
    assert_true(clean.trained_from == event_at);
    struct action_args args = {.model = {1}, .target = clean.version, .subject = clean.digest};
    world_act(world, VERB_PROMOTE, args, 9, FATE_NORMAL);
    world_run(world, engine_now(world->engine) + NS_PER_DAY);
    if (world->truth.ledger[world->truth.n_ledger - 1].end == LEDGER_DONE) {
        assert_false(world_model(world, 1)->faulty);
        assert_int_equal(world_last(world, EVENT_BASELINE, 1)->baseline.constant_features, 0);
    }
    world_close(world);
    struct truth_version mixed = trained_on(&recording, at, at - 60 * NS_PER_DAY, at, &world);
    assert_true(clean.quality > mixed.quality + 0.05);
    world_close(world);
}

static uint32_t read_elec2(void)
{
    const char *dir = getenv("STEWARD_TRUTH_DIR");
    if (dir == NULL || dir[0] == '\0') {
        print_message("skipped: STEWARD_TRUTH_DIR is not set\n");
        return 0;
    }
    char path[1024], line[512];
    (void)snprintf(path, sizeof(path), "%s/data/elec2_electricity.csv", dir);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        print_message("skipped: cannot read %s\n", path);
        return 0;
    }
    uint32_t n = 0;
    bool has_header = fgets(line, sizeof(line), file) != NULL;
    while (has_header && n < ROWS_MAX && fgets(line, sizeof(line), file) != NULL) {
        char *at = line;
        for (uint32_t i = 0; i < N_FEATURES; i++) {
            features[n * N_FEATURES + i] = strtod(at, &at);
            at++;
        }
        labels[n++] = (uint8_t)(*at == '1');
    }
    (void)fclose(file);
    return n;
}

static void elec2_when_tested_then_trained_gives_published_accuracy(void **state)
{
    (void)state;
    uint32_t n = read_elec2();
    if (n == 0) {
        skip();
    }
    assert_int_equal(n, 45312);
    static const double expected[N_LEARNER_KINDS] = {0.7364, 0.7332, 0.7730};
    for (uint32_t kind = 0; kind < N_LEARNER_KINDS; kind++) {
        struct learner learner;
        learner_init(&learner, kind, N_FEATURES);
        uint32_t right = 0;
        for (uint32_t row = 0; row < n; row++) {
            right +=
                learner_predict(&learner, &features[row * N_FEATURES]) == (labels[row] != 0) ? 1 : 0;
            learner_fit(&learner, &features[row * N_FEATURES], labels[row] != 0);
        }
        assert_near((double)right / n, expected[kind], 0.009);
    }
}

static double accuracy_on(struct learner *learner, uint32_t from, uint32_t to)
{
    uint32_t right = 0;
    for (uint32_t row = from; row < to; row++) {
        right += learner_predict(learner, &features[row * N_FEATURES]) == (labels[row] != 0) ? 1 : 0;
    }
    return (double)right / (double)(to - from);
}

static void fit_on(struct learner *learner, uint32_t from, uint32_t to)
{
    learner_init(learner, LEARNER_NB, N_FEATURES);
    for (uint32_t row = from; row < to; row++) {
        learner_fit(learner, &features[row * N_FEATURES], labels[row] != 0);
    }
    learner_freeze(learner);
}

/* The real event: the frozen version does well, then badly; the usual retrain does worse than nothing; patience does best. */
static void elec2_when_features_go_live_gives_the_measured_story(void **state)
{
    (void)state;
    if (read_elec2() == 0) {
        skip();
    }
    const uint32_t week = 7 * ROWS_A_DAY, event = EVENT_ROW;
    struct learner learner;
    fit_on(&learner, event - TRAIN_ROWS, event);
    assert_near(accuracy_on(&learner, event - week, event), 0.786, 0.003);
    assert_near(accuracy_on(&learner, event, event + week), 0.807, 0.003);
    assert_near(accuracy_on(&learner, event + week, event + 4 * week), 0.879, 0.003);
    assert_near(accuracy_on(&learner, event + 4 * week, event + 12 * week), 0.546, 0.003);
    fit_on(&learner, event + week - TRAIN_ROWS, event + week);
    assert_near(accuracy_on(&learner, event + week, event + 4 * week), 0.421, 0.003);
    fit_on(&learner, event, event + 4 * week);
    assert_near(accuracy_on(&learner, event + 4 * week, event + 12 * week), 0.703, 0.003);
}

static void elec2_when_replayed_runs_to_the_horizon(void **state)
{
    (void)state;
    uint32_t n = read_elec2();
    if (n == 0) {
        skip();
    }
    struct plant_recording recording = {.n_rows = n,
                                        .n_features = N_FEATURES,
                                        .features = features,
                                        .labels = labels,
                                        .first_row = EVENT_ROW - DAYS_BEFORE * ROWS_A_DAY,
                                        .train_rows = TRAIN_ROWS,
                                        .row_ns = NS_PER_DAY / ROWS_A_DAY};
    struct world *world = recorded_world(&recording, 84 * NS_PER_DAY);
    world_run(world, 84 * NS_PER_DAY);
    assert_int_equal(plant_windows(world->plant), 168);
    assert_true(world_model(world, 1)->faulty);
    assert_true(world_model(world, 1)->quality < world_model(world, 1)->healthy_quality - 0.1);
    assert_true(world_model(world, 1)->bad_minutes > 0.0);
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recording_when_replayed_shows_its_rows_and_nothing_else),
        cmocka_unit_test(retrain_when_on_rows_of_after_the_event_beats_mixed),
        cmocka_unit_test(elec2_when_tested_then_trained_gives_published_accuracy),
        cmocka_unit_test(elec2_when_features_go_live_gives_the_measured_story),
        cmocka_unit_test(elec2_when_replayed_runs_to_the_horizon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
