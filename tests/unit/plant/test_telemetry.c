/* SPDX-License-Identifier: Apache-2.0 */
/* Windows: counts that add up and scatter as a multinomial, labels that come late, and streams that nothing shifts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/plant/parts.h"
#include "tests/unit/plant/world.h"

static void counts_when_drawn_add_up_and_scatter_as_a_multinomial(void **state)
{
    (void)state;
    struct world *world = world_open(1);
    world_begin(world, NULL);
    static const double p[BINS] = {0.05, 0.1, 0.15,   0.1,  0.1,    0.1,   0.1,
                                   0.1,  0.1, 0.0795, 0.02, 0.0003, 0.0002};
    static const uint32_t totals[] = {100, 159, 160, 700, 5000};
    enum { N = 20000 };
    for (size_t t = 0; t < 5; t++) {
        double n = totals[t], sum[BINS] = {0}, square[BINS] = {0}, cross = 0.0;
        for (uint64_t i = 0; i < N; i++) {
            uint32_t counts[BINS], total = 0;
            counts_draw(world->plant, p, BINS, totals[t], 12345, i * 32, counts);
            for (uint32_t j = 0; j < BINS; j++) {
                total += counts[j];
                sum[j] += counts[j];
                square[j] += (double)counts[j] * counts[j];
            }
            cross += (double)counts[1] * counts[4];
            assert_int_equal(total, totals[t]);
        }
        for (uint32_t j = 0; j < BINS; j++) {
            double mean = sum[j] / N, variance = square[j] / N - mean * mean,
                   expected = n * p[j] * (1.0 - p[j]);
            assert_true(fabs(mean - n * p[j]) < 5.0 * sqrt(expected / N) + 0.003 * n * p[j]);
            /* The bin in the middle takes what rounding leaves: a row or so of variance. */
            assert_true(variance < 1.06 * expected + 1.5);
            assert_true(variance > 0.93 * expected - 5.0 * sqrt(expected / N));
        }
        double covariance = cross / N - sum[1] / N * sum[4] / N;
        assert_true(fabs(covariance + n * p[1] * p[4]) < 0.15 * n * p[1] + 0.5);
    }
    world_close(world);
}

static void window_when_made_adds_up(void **state)
{
    (void)state;
    struct world *world = world_open(2);
    world_begin(world, NULL);
    world_run(world, 3 * NS_PER_HOUR);
    uint32_t n = 0;
    for (uint32_t i = 0; i < world->n_seen; i++) {
        const struct event *event = &world->seen[i];
        if (event->kind != EVENT_WINDOW) {
            continue;
        }
        const struct window *window = &event->window;
        assert_true(event->at == window->to);
        assert_true(window->to - window->from == 5 * NS_PER_MIN);
        for (uint32_t f = 0; f < FEATURES_MAX; f++) {
            uint32_t total = 0;
            for (uint32_t j = 0; j < BINS; j++) {
                total += window->bins[f][j];
            }
            assert_int_equal(total, window->requests);
        }
        uint32_t scores = 0;
        for (uint32_t j = 0; j < SCORE_BINS; j++) {
            scores += window->score_bins[j];
        }
        assert_int_equal(scores, window->requests);
        assert_true(window->positives <= window->requests);
        assert_true(window->errors * 100 < window->requests);
        assert_true(window->requests > 1500);
        n++;
    }
    assert_int_equal(n, 5 * 36);
    world_close(world);
}

static void labels_when_delivered_are_older_than_their_delay_and_none_is_lost(void **state)
{
    (void)state;
    struct world *world = world_open(3);
    world_plan(world, PLAN_BAD_MODEL_PUSH, 5, 4 * NS_PER_HOUR)->a = 0.2;
    world_begin(world, NULL);
    world_run(world, 12 * NS_PER_HOUR);
    int64_t delay = world->deployment.models[4].label_delay_ns, reached = INT64_MIN;
    uint32_t n_empty = 0;
    double early = 0.0, early_n = 0.0, late = 0.0, late_n = 0.0;
    for (uint32_t i = 0; i < world->n_seen; i++) {
        const struct event *event = &world->seen[i];
        if (event->kind != EVENT_WINDOW || event->window.model.value != 5) {
            continue;
        }
        const struct window *window = &event->window;
        if (window->labels_scored == 0) {
            n_empty++;
            continue;
        }
        assert_true(event->at - window->cohort_to >= delay);
        assert_true(event->at - window->cohort_to < delay + 5 * NS_PER_MIN);
        assert_true(reached == INT64_MIN || window->cohort_from == reached);
        reached = window->cohort_to;
        bool is_late = window->cohort_from >= 4 * NS_PER_HOUR;
        *(is_late ? &late : &early) += window->labels_correct;
        *(is_late ? &late_n : &early_n) += window->labels_scored;
    }
    assert_true(n_empty >= 1);
    assert_true(n_empty <= 20);
    assert_true(early / early_n - late / late_n > 0.17);
    world_close(world);
}

static void window_when_the_fault_begins_within_it_holds_both(void **state)
{
    (void)state;
    struct world *world = world_open(4);
    struct plan_item *item =
        world_plan(world, PLAN_SCHEMA_CHANGE, 1, 2 * NS_PER_HOUR + 4 * NS_PER_MIN);
    item->mask = 0x1;
    item->table.value = 1;
    world_begin(world, NULL);
    world_run(world, 2 * NS_PER_HOUR + 5 * NS_PER_MIN);
    const struct window *window = &world_last(world, EVENT_WINDOW, 1)->window;
    double nulls = (double)window->bins[0][BIN_NULL] / (double)window->requests;
    assert_true(fabs(nulls - 0.2) < 0.04);
    world_close(world);
}

static bool same_windows(const struct world *a, const struct world *b, uint16_t model)
{
    uint32_t j = 0, n = 0;
    for (uint32_t i = 0; i < a->n_seen; i++) {
        const struct event *event = &a->seen[i];
        if (event->kind != EVENT_WINDOW || event->window.model.value != model) {
            continue;
        }
        while (b->seen[j].kind != EVENT_WINDOW || b->seen[j].window.model.value != model) {
            j++;
        }
        const struct window *x = &event->window, *y = &b->seen[j++].window;
        bool same = x->requests == y->requests && x->positives == y->positives &&
                    x->errors == y->errors && x->labels_correct == y->labels_correct &&
                    x->latency_p95_us == y->latency_p95_us &&
                    memcmp(x->bins, y->bins, sizeof(x->bins)) == 0 &&
                    memcmp(x->score_bins, y->score_bins, sizeof(x->score_bins)) == 0;
        if (!same) {
            return false;
        }
        n++;
    }
    return n > 0;
}

static struct world *run_of(uint64_t seed, bool with_fault, bool with_act)
{
    struct world *world = world_open(seed);
    if (with_fault) {
        world_plan(world, PLAN_CONCEPT_SHIFT, 2, NS_PER_HOUR)->b = 40.0;
    }
    (void)world_plan(world, PLAN_TAINT, 0, 0);
    world_begin(world, NULL);
    world_run(world, NS_PER_HOUR);
    if (with_act) {
        world_act(world, VERB_FALLBACK, (struct action_args){.model = {2}}, 3, FATE_NORMAL);
        (void)world_ask(world, TOOL_FEATURES, 2);
    }
    world_run(world, 4 * NS_PER_HOUR);
    return world;
}

static void windows_when_the_seed_is_the_same_are_the_same(void **state)
{
    (void)state;
    struct world *a = run_of(5, true, false), *b = run_of(5, true, false),
                 *c = run_of(6, true, false);
    for (uint16_t m = 1; m <= 5; m++) {
        assert_true(same_windows(a, b, m));
        assert_false(same_windows(a, c, m));
    }
    world_close(a);
    world_close(b);
    world_close(c);
}

static void windows_when_an_item_or_an_act_is_removed_stay_for_other_models(void **state)
{
    (void)state;
    struct world *a = run_of(7, true, false), *b = run_of(7, false, false),
                 *c = run_of(7, true, true);
    for (uint16_t m = 1; m <= 5; m++) {
        assert_int_equal(same_windows(a, b, m), m != 2);
        assert_int_equal(same_windows(a, c, m), m != 2);
    }
    world_close(a);
    world_close(b);
    world_close(c);
}

static void harmless_drift_when_looked_at_trips_a_naive_detector_now_and_then(void **state)
{
    (void)state;
    uint32_t n_above = 0, n = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct world *world = world_open(seed);
        world_begin(world, NULL);
        world_run(world, 12 * NS_PER_HOUR);
        for (uint32_t i = 0; i < world->n_seen; i++) {
            const struct event *event = &world->seen[i];
            for (uint32_t f = 6; f < FEATURES_MAX && event->kind == EVENT_WINDOW; f++) {
                double psi = 0.0,
                       left = (double)(event->window.requests - event->window.bins[f][BIN_NULL]);
                for (uint32_t j = 0; j < 10; j++) {
                    double p = ((double)event->window.bins[f][j] + 0.5) / left;
                    psi += (p - 0.1) * log(p / 0.1);
                }
                n_above += psi > 0.1 ? 1 : 0;
                n++;
            }
        }
        world_close(world);
    }
    double share = (double)n_above / (double)n;
    assert_true(share > 0.002);
    assert_true(share < 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_when_drawn_add_up_and_scatter_as_a_multinomial),
        cmocka_unit_test(window_when_made_adds_up),
        cmocka_unit_test(labels_when_delivered_are_older_than_their_delay_and_none_is_lost),
        cmocka_unit_test(window_when_the_fault_begins_within_it_holds_both),
        cmocka_unit_test(windows_when_the_seed_is_the_same_are_the_same),
        cmocka_unit_test(windows_when_an_item_or_an_act_is_removed_stay_for_other_models),
        cmocka_unit_test(harmless_drift_when_looked_at_trips_a_naive_detector_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
