/* SPDX-License-Identifier: Apache-2.0 */
/* The port: what is carried as bytes arrives as it was, or says FAILED or NO_DATA; never something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/limits.h"
#include "wire/wire.h"

struct stage {
    struct settings settings;
    struct run_identity identity;
    struct registry_answer registry;
    struct wire *wire;
    struct wire_port port;
};

static struct stage *stage_open(uint64_t seed)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    struct err_text text;
    assert_non_null(stage);
    stage->settings.deployment.n_models = 1;
    stage->settings.deployment.window_ns = 5 * NS_PER_MIN;
    (void)snprintf(stage->settings.deployment.models[0].name,
                   sizeof(stage->settings.deployment.models[0].name), "fraud");
    stage->registry.n_versions = 2;
    for (uint16_t i = 0; i < 2; i++) {
        struct digest128 digest = {.hi = UINT64_C(0xfedcba9876543210) + i, .lo = 5};
        stage->registry.versions[i] =
            (struct registry_version){.version = {(uint16_t)(2 - i)},
                                      .digest = digest,
                                      .schema_id = 3,
                                      .available = true,
                                      .complete = true,
                                      .certified = i == 0,
                                      .evaluated = i == 0,
                                      .evaluated_digest = i == 0 ? digest : (struct digest128){0},
                                      .trained_from = -30 * NS_PER_DAY,
                                      .trained_to = -2 * NS_PER_DAY,
                                      .evaluated_from = -2 * NS_PER_DAY,
                                      .evaluated_to = -NS_PER_DAY,
                                      .holdout_error = i == 0 ? 0.123456789012345678 : 0.0,
                                      .deployed_at = i == 0 ? 0 : NEVER};
    }
    assert_int_equal(wire_open(&stage->wire, &text), OK);
    stage->port = wire_port_of(stage->wire);
    stage->identity = (struct run_identity){.seed = seed, .settings = &stage->settings};
    stage->port.begin(stage->port.self, &stage->identity);
    return stage;
}

static void stage_close(struct stage *stage)
{
    wire_close(stage->wire);
    free(stage);
}

static struct answer ask(struct stage *stage, struct answer answer)
{
    answer.question.value = 1;
    answer.model.value = 1;
    answer.status = ANSWER_OK;
    answer.sampled_at = NS_PER_HOUR;
    stage->port.answer(stage->port.self, &stage->registry, (struct version_id){2}, &answer);
    assert_int_equal(answer.question.value, 1);
    assert_int_equal(answer.sampled_at, NS_PER_HOUR);
    return answer;
}

static void registry_when_carried_is_what_it_was_or_failed(void **state)
{
    (void)state;
    struct stage *stage = stage_open(11);
    uint32_t n_ok = 0, n_failed = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        struct answer answer = {.tool = TOOL_REGISTRY, .registry = stage->registry};
        answer = ask(stage, answer);
        if (answer.status != ANSWER_OK) {
            assert_int_equal(answer.status, ANSWER_FAILED);
            n_failed++;
            continue;
        }
        n_ok++;
        assert_int_equal(answer.registry.n_versions, 2);
        for (uint32_t j = 0; j < 2; j++) {
            const struct registry_version *is = &answer.registry.versions[j];
            const struct registry_version *was = &stage->registry.versions[j];
            assert_int_equal(is->version.value, was->version.value);
            assert_true(is->digest.hi == was->digest.hi && is->digest.lo == was->digest.lo);
            assert_true(is->evaluated_digest.hi == was->evaluated_digest.hi);
            assert_int_equal(is->schema_id, was->schema_id);
            assert_int_equal(is->available, was->available);
            assert_int_equal(is->complete, was->complete);
            assert_int_equal(is->certified, was->certified);
            assert_int_equal(is->evaluated, was->evaluated);
            assert_int_equal(is->trained_from, was->trained_from);
            assert_int_equal(is->evaluated_to, was->evaluated_to);
            assert_int_equal(is->deployed_at, was->deployed_at);
            assert_true(is->holdout_error >= was->holdout_error);
            assert_true(is->holdout_error <= was->holdout_error);
        }
    }
    assert_true(n_ok > 1900);
    assert_true(n_failed > 0);
    stage_close(stage);
}

static void state_when_carried_keeps_its_meaning_or_says_that_it_has_none(void **state)
{
    (void)state;
    struct stage *stage = stage_open(12);
    uint32_t n_ok = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        struct answer answer = {.tool = TOOL_STATE};
        answer.state = (struct state_answer){.serving = {2},
                                             .registered = {2},
                                             .ready_replicas = 4,
                                             .requests = 900,
                                             .errors = 7,
                                             .fallback = true,
                                             .pinned_tables = 5,
                                             .config = {3}};
        answer = ask(stage, answer);
        if (answer.status != ANSWER_OK) {
            assert_true(answer.status == ANSWER_FAILED || answer.status == ANSWER_NO_DATA);
            assert_int_equal(answer.state.ready_replicas, 0);
            continue;
        }
        n_ok++;
        assert_int_equal(answer.state.serving.value, 2);
        assert_int_equal(answer.state.registered.value, 2);
        assert_int_equal(answer.state.previous.value, 1);
        assert_true(answer.state.serving_digest.hi == stage->registry.versions[0].digest.hi);
        assert_int_equal(answer.state.ready_replicas, 4);
        assert_int_equal(answer.state.requests, 900);
        assert_int_equal(answer.state.errors, 7);
        assert_true(answer.state.fallback);
        assert_int_equal(answer.state.pinned_tables, 5); /* No live source: as it was. */
        assert_int_equal(answer.state.config.value, 3);
    }
    assert_true(n_ok > 1500);
    stage_close(stage);
}

static void platform_when_carried_keeps_its_counts(void **state)
{
    (void)state;
    struct stage *stage = stage_open(13);
    uint32_t n_ok = 0;
    for (uint32_t i = 0; i < 500; i++) {
        struct answer answer = {.tool = TOOL_PLATFORM};
        answer.platform = (struct platform_answer){5000, 40, 123456, 3, 2};
        answer = ask(stage, answer);
        if (answer.status == ANSWER_OK) {
            n_ok++;
            assert_int_equal(answer.platform.requests, 5000);
            assert_int_equal(answer.platform.errors, 40);
            assert_int_equal(answer.platform.latency_p95_us, 123456);
            assert_int_equal(answer.platform.ready_replicas, 3);
            assert_int_equal(answer.platform.restarts, 2);
        }
    }
    assert_true(n_ok > 400);
    stage_close(stage);
}

/* A baseline and a window: what the tools of counts are made of. */
static void remember(struct stage *stage)
{
    struct event event = {.kind = EVENT_BASELINE};
    event.baseline.model.value = 1;
    event.baseline.version.value = 2;
    event.baseline.error = 0.125;
    event.baseline.positive_rate = 0.25;
    for (uint32_t i = 0; i < SCORE_BINS; i++) {
        event.baseline.bins_ppm[0][i] = 100000;
    }
    stage->settings.deployment.models[0].n_features = 1;
    (void)snprintf(stage->settings.deployment.models[0].features[0].name,
                   sizeof(stage->settings.deployment.models[0].features[0].name), "amount");
    stage->port.note(stage->port.self, &event);
    struct window window = {.model = {1},
                            .version = {2},
                            .role = SERVING_CHAMPION,
                            .from = NS_PER_HOUR,
                            .to = NS_PER_HOUR + 5 * NS_PER_MIN,
                            .requests = 1000};
    for (uint32_t i = 0; i < SCORE_BINS; i++) {
        window.score_bins[i] = 100;
        window.bins[0][i] = i < 5 ? 50 : 90; /* 700 rows and 300 without a value. */
    }
    window.bins[0][BIN_NULL] = 300;
    (void)stage->port.window(stage->port.self, &window);
}

static void counts_when_carried_are_what_they_were(void **state)
{
    (void)state;
    struct stage *stage = stage_open(18);
    remember(stage);
    uint32_t n_ok[N_TOOLS] = {0};
    for (uint32_t i = 0; i < 500; i++) {
        struct answer labels = {.tool = TOOL_LABELS}, golden = {.tool = TOOL_GOLDEN};
        struct answer decisions = {.tool = TOOL_DECISIONS}, features = {.tool = TOOL_FEATURES};
        labels.labels = (struct labels_answer){1400, 1200, -30 * NS_PER_MIN, 0, 0.125, 0.5};
        golden.golden = (struct golden_answer){{2}, 2000, 1750, 0.875};
        decisions.decisions = (struct decisions_answer){900, 300, 0.25, 7.0};
        features.features.n_features = 1;
        labels = ask(stage, labels);
        golden = ask(stage, golden);
        decisions = ask(stage, decisions);
        features = ask(stage, features);
        if (labels.status == ANSWER_OK) {
            n_ok[TOOL_LABELS]++;
            assert_int_equal(labels.labels.scored, 1400);
            assert_int_equal(labels.labels.correct, 1200);
            assert_int_equal(labels.labels.cohort_from, -30 * NS_PER_MIN);
            assert_true(labels.labels.arrival_ratio > 0.49 && labels.labels.arrival_ratio < 0.51);
        }
        if (golden.status == ANSWER_OK) {
            n_ok[TOOL_GOLDEN]++;
            assert_int_equal(golden.golden.version.value, 2);
            assert_int_equal(golden.golden.n, 2000);
            assert_int_equal(golden.golden.correct, 1750);
            assert_true(golden.golden.reference_accuracy > 0.874 &&
                        golden.golden.reference_accuracy < 0.876);
        }
        if (decisions.status == ANSWER_OK) {
            n_ok[TOOL_DECISIONS]++;
            assert_int_equal(decisions.decisions.decisions, 900);
            assert_int_equal(decisions.decisions.positives, 300);
            assert_true(decisions.decisions.score_psi < 0.01); /* Of the bins, not the plant's figure. */
        }
        if (features.status == ANSWER_OK) {
            n_ok[TOOL_FEATURES]++;
            assert_int_equal(features.features.features[0].rows, 1000);
            assert_true(features.features.features[0].null_ratio > 0.29 &&
                        features.features.features[0].null_ratio < 0.31);
            assert_true(features.features.features[0].shift > 0.1);
        }
    }
    assert_true(n_ok[TOOL_LABELS] > 400 && n_ok[TOOL_GOLDEN] > 400);
    assert_true(n_ok[TOOL_DECISIONS] > 400 && n_ok[TOOL_FEATURES] > 400);
    stage_close(stage);
}

static void features_when_no_baseline_was_seen_stay_as_they_are(void **state)
{
    (void)state;
    struct stage *stage = stage_open(19);
    struct answer features = {.tool = TOOL_FEATURES};
    features.features.n_features = 1;
    features.features.features[0].psi = 0.75;
    features = ask(stage, features);
    assert_int_equal(features.status, ANSWER_OK);
    assert_true(features.features.features[0].psi > 0.74);
    stage_close(stage);
}

static void answer_when_it_has_no_source_or_is_none_stays_as_it_is(void **state)
{
    (void)state;
    struct stage *stage = stage_open(14);
    struct answer tables = {.tool = TOOL_TABLES}, failed = {.tool = TOOL_STATE};
    tables = ask(stage, tables);
    assert_int_equal(tables.status, ANSWER_OK);
    failed.model.value = 1;
    failed.status = ANSWER_FAILED;
    stage->port.answer(stage->port.self, &stage->registry, (struct version_id){2}, &failed);
    assert_int_equal(failed.status, ANSWER_FAILED);
    stage_close(stage);
}

static void window_when_carried_is_what_it_was_or_does_not_come(void **state)
{
    (void)state;
    struct stage *stage = stage_open(17);
    struct model_entry *model = &stage->settings.deployment.models[0];
    model->n_features = 2;
    model->label_delay_ns = NS_PER_HOUR;
    (void)snprintf(model->features[0].name, sizeof(model->features[0].name), "amount");
    (void)snprintf(model->features[1].name, sizeof(model->features[1].name), "age");
    struct window sent = {.model = {1},
                          .version = {2},
                          .role = SERVING_CHAMPION,
                          .from = NS_PER_HOUR,
                          .to = NS_PER_HOUR + 5 * NS_PER_MIN,
                          .requests = 5001,
                          .errors = 12,
                          .fallbacks = 3,
                          .positives = 700,
                          .latency_p95_us = 123457,
                          .labels_scored = 400,
                          .labels_correct = 371,
                          .cohort_from = 0,
                          .cohort_to = 5 * NS_PER_MIN};
    for (uint32_t i = 0; i < BINS; i++) {
        sent.bins[0][i] = 100 + i;
        sent.bins[1][i] = 7 * i;
    }
    for (uint32_t i = 0; i < SCORE_BINS; i++) {
        sent.score_bins[i] = 500 - i;
    }
    uint32_t n_come = 0, n_lost = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        struct window window = sent;
        if (!stage->port.window(stage->port.self, &window)) {
            n_lost++;
            continue;
        }
        n_come++;
        assert_int_equal(window.version.value, 2);
        assert_int_equal(window.role, SERVING_CHAMPION);
        assert_int_equal(window.from, sent.from);
        assert_int_equal(window.to, sent.to);
        assert_int_equal(window.requests, sent.requests);
        assert_int_equal(window.errors, sent.errors);
        assert_int_equal(window.fallbacks, sent.fallbacks);
        assert_int_equal(window.positives, sent.positives);
        assert_int_equal(window.latency_p95_us, sent.latency_p95_us);
        assert_int_equal(window.labels_scored, sent.labels_scored);
        assert_int_equal(window.labels_correct, sent.labels_correct);
        assert_int_equal(window.cohort_from, sent.cohort_from);
        assert_int_equal(window.cohort_to, sent.cohort_to);
        assert_memory_equal(window.bins, sent.bins, sizeof(sent.bins));
        assert_memory_equal(window.score_bins, sent.score_bins, sizeof(sent.score_bins));
    }
    assert_true(n_come > 950);
    assert_true(n_lost > 0);
    stage_close(stage);
}

static enum wire_fate act(struct stage *stage, uint64_t key, enum wire_fate fate, int64_t *ret_delay)
{
    struct act_effect act = {.verb = VERB_ROLLBACK, .action = {1}, .key = {.hi = key, .lo = 1}};
    act.args.model.value = 1;
    act.args.target.value = 1;
    return stage->port.act(stage->port.self, &act, (struct version_id){2}, fate, NS_PER_HOUR,
                           ret_delay);
}

static void act_when_the_plan_dooms_it_never_does_more_than_that(void **state)
{
    (void)state;
    struct stage *stage = stage_open(15);
    uint32_t n_kept = 0;
    for (uint64_t i = 1; i <= 400; i++) {
        int64_t delay = -1;
        enum wire_fate goes = act(stage, 8 * i, WIRE_GOES, &delay);
        assert_in_range(delay, 0, 50 * NS_PER_S);
        n_kept += goes == WIRE_GOES;
        enum wire_fate fails = act(stage, 8 * i + 1, WIRE_FAILS, &delay);
        assert_true(fails == WIRE_FAILS || fails == WIRE_UNKNOWN_NOT_DONE);
        enum wire_fate not_done = act(stage, 8 * i + 2, WIRE_UNKNOWN_NOT_DONE, &delay);
        assert_true(not_done == WIRE_FAILS || not_done == WIRE_UNKNOWN_NOT_DONE);
    }
    assert_true(n_kept > 350);
    stage_close(stage);
}

static void port_when_begun_again_with_its_seed_repeats_itself(void **state)
{
    (void)state;
    struct stage *stage = stage_open(16);
    enum wire_fate fates[200];
    int64_t delays[200], delay = 0;
    for (uint32_t i = 0; i < 200; i++) {
        fates[i] = act(stage, i + 1, WIRE_GOES, &delays[i]);
    }
    stage->port.begin(stage->port.self, &stage->identity);
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(act(stage, i + 1, WIRE_GOES, &delay), fates[i]);
        assert_int_equal(delay, delays[i]);
    }
    stage_close(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registry_when_carried_is_what_it_was_or_failed),
        cmocka_unit_test(state_when_carried_keeps_its_meaning_or_says_that_it_has_none),
        cmocka_unit_test(platform_when_carried_keeps_its_counts),
        cmocka_unit_test(window_when_carried_is_what_it_was_or_does_not_come),
        cmocka_unit_test(counts_when_carried_are_what_they_were),
        cmocka_unit_test(features_when_no_baseline_was_seen_stay_as_they_are),
        cmocka_unit_test(answer_when_it_has_no_source_or_is_none_stays_as_it_is),
        cmocka_unit_test(act_when_the_plan_dooms_it_never_does_more_than_that),
        cmocka_unit_test(port_when_begun_again_with_its_seed_repeats_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
