/* SPDX-License-Identifier: Apache-2.0 */
/* The step: same events, same advice, effects and state; a state written and read back goes on as if nothing had happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/steward.h"
#include "tests/lib/memory_visit.h"

enum { EVENTS = 400 };

struct bench {
    struct settings settings;
    struct steward *steward;
    struct advice advice;
    struct effects effects;
};

static struct bench *bench_open(enum mind_kind mind)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    void *block = aligned_alloc(16, steward_size());
    assert_non_null(bench);
    assert_non_null(block);
    memset(block, 0xa5, steward_size()); /* Init may not rely on what was there. */
    struct deployment *deployment = &bench->settings.deployment;
    deployment->window_ns = 5 * NS_PER_MIN;
    deployment->n_models = 2;
    deployment->n_tables = 1;
    deployment->n_people = 1;
    deployment->people[0].roles = UINT32_C(1) << ROLE_ONCALL;
    deployment->people[0].level = 1;
    deployment->tools = (UINT64_C(1) << N_TOOLS) - 1;
    deployment->verbs = (UINT64_C(1) << N_VERBS) - 1;
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        struct model_entry *model = &deployment->models[i];
        model->requests_per_window = 1000;
        model->label_delay_ns = NS_PER_HOUR;
        model->accuracy_floor = 0.8;
        model->availability_floor = 0.99;
        model->n_features = 2;
        model->features[0].table.value = model->features[1].table.value = 1;
        model->features[0].importance = model->features[1].importance = 0.5;
    }
    deployment->tables[0].producer.value = 1;
    policy_defaults(&bench->settings.policy.limits);
    bench->settings.mind = mind;
    bench->settings.seed = 5;
    bench->steward = steward_init(block, &bench->settings);
    return bench;
}

static void bench_close(struct bench *bench)
{
    free(bench->steward);
    free(bench);
}

/* Event number i of a life in which model 1 loses its quality: a baseline each, then windows. */
static void make_event(uint64_t i, struct event *event)
{
    memset(event, 0, sizeof(*event));
    event->sequence = i + 1;
    event->at = (int64_t)i * 150 * NS_PER_S;
    event->kind = i == 0 ? EVENT_START : i < 3 ? EVENT_BASELINE : EVENT_WINDOW;
    if (event->kind == EVENT_BASELINE) {
        event->baseline = (struct baseline){
            .model = {(uint16_t)i}, .version = {4}, .rows = 50000, .error = 0.15, .positive_rate = 0.4};
        for (uint32_t f = 0; f < 2; f++) {
            for (uint32_t bin = 0; bin < 10; bin++) {
                event->baseline.bins_ppm[f][bin] = 100000;
            }
        }
    }
    if (event->kind == EVENT_WINDOW) {
        struct window *window = &event->window;
        *window = (struct window){.model = {(uint16_t)(1 + i % 2)},
                                  .version = {4},
                                  .requests = 1000,
                                  .positives = 400,
                                  .latency_p95_us = 900,
                                  .to = event->at};
        window->from = event->at - 5 * NS_PER_MIN;
        window->cohort_to = window->to - NS_PER_HOUR;
        window->cohort_from = window->from - NS_PER_HOUR;
        window->labels_scored = 500;
        bool is_bad = window->model.value == 1 && i > 100;
        window->labels_correct = is_bad ? 300 : 425;
        for (uint32_t bin = 0; bin < 10; bin++) {
            window->bins[0][bin] = window->bins[1][bin] = window->score_bins[bin] = 100;
        }
    }
}

static void step(struct bench *bench, uint64_t i)
{
    struct event event;
    make_event(i, &event);
    steward_step(bench->steward, &event, &bench->advice, &bench->effects);
}

static struct digest128 digest_of_step(struct bench *bench)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    advice_visit(&digest.visit, &bench->advice);
    effects_visit(&digest.visit, &bench->effects);
    return visit_digest_close(&digest);
}

static void assert_same(struct bench *a, struct bench *b)
{
    assert_true(digest128_equal(digest_of_step(a), digest_of_step(b)));
    struct steward_digest one = steward_digest(a->steward), other = steward_digest(b->steward);
    assert_true(digest128_equal(one.mind, other.mind));
    assert_true(digest128_equal(one.warden, other.warden));
}

static void step_when_events_are_the_same_then_so_is_everything(void **state)
{
    (void)state;
    for (int mind = 0; mind < N_MIND_KINDS; mind++) {
        struct bench *a = bench_open((enum mind_kind)mind), *b = bench_open((enum mind_kind)mind);
        for (uint64_t i = 0; i < EVENTS; i++) {
            step(a, i);
            step(b, i);
            assert_same(a, b);
        }
        bench_close(a);
        bench_close(b);
    }
}

static void step_when_a_model_loses_quality_then_an_incident_opens(void **state)
{
    (void)state;
    struct bench *bench = bench_open(MIND_STEWARD);
    uint32_t n_before = 0, n_after = 0;
    for (uint64_t i = 0; i < EVENTS; i++) {
        step(bench, i);
        uint32_t n = steward_docket(bench->steward)->n_entries;
        n_before += i <= 100 ? n : 0;
        n_after += i > 100 ? n : 0;
    }
    assert_int_equal(n_before, 0);
    assert_true(n_after > 0);
    bench_close(bench);
}

static void visit_when_state_is_read_back_then_the_run_goes_on_as_before(void **state)
{
    (void)state;
    struct memory_visit *memory = malloc(sizeof(*memory));
    assert_non_null(memory);
    for (int mind = 0; mind < N_MIND_KINDS; mind++) {
        struct bench *a = bench_open((enum mind_kind)mind), *b = bench_open((enum mind_kind)mind);
        for (uint64_t i = 0; i < EVENTS / 2; i++) {
            step(a, i);
        }
        memory_visit_init(memory);
        steward_visit(a->steward, &memory->visit);
        assert_false(memory->visit.failed);
        memory_visit_rewind(memory);
        steward_visit(b->steward, &memory->visit);
        assert_false(memory->visit.failed);
        assert_true(memory_visit_is_done(memory));
        for (uint64_t i = EVENTS / 2; i < EVENTS; i++) {
            step(a, i);
            step(b, i);
            assert_same(a, b);
        }
        bench_close(a);
        bench_close(b);
    }
    free(memory);
}

static void step_when_sequence_or_time_falls_then_it_is_a_bug(void **state)
{
    (void)state;
    struct bench *bench = bench_open(MIND_RULES);
    step(bench, 0);
    step(bench, 1);
    struct event event;
    make_event(1, &event);
    expect_assert_failure(steward_step(bench->steward, &event, &bench->advice, &bench->effects));
    make_event(2, &event);
    event.at = 0;
    expect_assert_failure(steward_step(bench->steward, &event, &bench->advice, &bench->effects));
    bench_close(bench);
}

static void mind_when_named_then_found_and_otherwise_not(void **state)
{
    (void)state;
    for (int i = 0; i < N_MIND_KINDS; i++) {
        enum mind_kind kind = N_MIND_KINDS;
        assert_true(mind_find(slice_of(mind_name((enum mind_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    enum mind_kind kind = N_MIND_KINDS;
    assert_false(mind_find(slice_of("stewart"), &kind));
    assert_int_equal(kind, N_MIND_KINDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_when_events_are_the_same_then_so_is_everything),
        cmocka_unit_test(step_when_a_model_loses_quality_then_an_incident_opens),
        cmocka_unit_test(visit_when_state_is_read_back_then_the_run_goes_on_as_before),
        cmocka_unit_test(step_when_sequence_or_time_falls_then_it_is_a_bug),
        cmocka_unit_test(mind_when_named_then_found_and_otherwise_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
