/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed thresholds: just below is silence, just above an alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mind/textbook.h"

static const struct model_entry model = {.availability_floor = 0.99, .n_features = 2};

static struct textbook textbook_of(uint16_t version, double error)
{
    struct textbook textbook = {0};
    struct baseline baseline = {.model = {1},
                                .version = {version},
                                .rows = 10000,
                                .error = error,
                                .positive_rate = 0.4,
                                .latency_p95_us = 10000};
    for (int i = 0; i < 2; i++) {
        baseline.bins_ppm[i][0] = 490000;
        baseline.bins_ppm[i][1] = 490000;
        baseline.bins_ppm[i][BIN_NULL] = 20000;
    }
    textbook_put(&textbook, &baseline);
    return textbook;
}

static struct window healthy(void)
{
    struct window window = {
        .model = {1}, .version = {7}, .requests = 1000, .positives = 400, .latency_p95_us = 10000};
    for (int i = 0; i < 2; i++) {
        window.bins[i][0] = window.bins[i][1] = 490;
        window.bins[i][BIN_NULL] = 20;
    }
    return window;
}

static uint32_t fired(const struct window *window)
{
    struct textbook textbook = textbook_of(7, 0.1);
    struct textbook_alerts alerts;
    textbook_look(&textbook, &model, window, &textbook_limits, &alerts);
    return alerts.fired;
}

#define ONLY(rule) (UINT32_C(1) << (rule))

static void textbook_when_healthy_is_silent(void **state)
{
    (void)state;
    struct window window = healthy();
    assert_int_equal(fired(&window), 0);
}

static void textbook_when_a_feature_drifts_names_it(void **state)
{
    (void)state;
    struct window window = healthy();
    window.bins[1][0] = 700;
    window.bins[1][1] = 280; /* PSI 0.19 */
    assert_int_equal(fired(&window), 0);
    window.bins[1][0] = 730;
    window.bins[1][1] = 250; /* PSI 0.26 */
    assert_int_equal(fired(&window), ONLY(TEXTBOOK_DRIFT));
    struct textbook textbook = textbook_of(7, 0.1);
    struct textbook_alerts alerts;
    textbook_look(&textbook, &model, &window, &textbook_limits, &alerts);
    assert_int_equal(alerts.alerts[TEXTBOOK_DRIFT].feature, 1);
    assert_true(alerts.alerts[TEXTBOOK_DRIFT].value > 0.2);
    assert_true(alerts.alerts[TEXTBOOK_DRIFT].limit == 0.2);
}

static void textbook_when_values_are_missing_fires_beyond_five_points(void **state)
{
    (void)state;
    struct window window = healthy();
    window.bins[0][0] = 440;
    window.bins[0][BIN_NULL] = 69;
    assert_int_equal(fired(&window) & ONLY(TEXTBOOK_NULLS), 0);
    window.bins[0][0] = 430;
    window.bins[0][BIN_NULL] = 80;
    assert_int_equal(fired(&window) & ONLY(TEXTBOOK_NULLS), ONLY(TEXTBOOK_NULLS));
}

static void textbook_when_labels_err_fires_beyond_five_points(void **state)
{
    (void)state;
    struct window window = healthy();
    window.labels_scored = 200;
    window.labels_correct = 171;
    assert_int_equal(fired(&window), 0);
    window.labels_correct = 169;
    assert_int_equal(fired(&window), ONLY(TEXTBOOK_QUALITY));
    window.labels_scored = 40; /* Too few to speak. */
    window.labels_correct = 10;
    assert_int_equal(fired(&window), 0);
}

static void textbook_when_decisions_move_fires_unless_a_fallback_decides(void **state)
{
    (void)state;
    struct window window = healthy();
    window.positives = 460;
    assert_int_equal(fired(&window), ONLY(TEXTBOOK_DECISIONS));
    window.fallbacks = 1000;
    assert_int_equal(fired(&window), 0);
}

static void textbook_when_the_service_suffers_fires(void **state)
{
    (void)state;
    struct window window = healthy();
    window.errors = 10;
    assert_int_equal(fired(&window), 0);
    window.errors = 11;
    assert_int_equal(fired(&window), ONLY(TEXTBOOK_ERRORS));
    window.latency_p95_us = 20001;
    assert_int_equal(fired(&window), ONLY(TEXTBOOK_ERRORS) | ONLY(TEXTBOOK_LATENCY));
}

static void textbook_when_the_window_is_tiny_is_silent(void **state)
{
    (void)state;
    struct window window = {.model = {1}, .version = {7}, .requests = 40, .errors = 40};
    window.bins[0][BIN_NULL] = 40;
    assert_int_equal(fired(&window), 0);
}

static void textbook_when_no_baseline_came_is_silent(void **state)
{
    (void)state;
    struct textbook none = {0};
    struct window window = healthy();
    window.errors = 500;
    struct textbook_alerts alerts = {.fired = 1};
    textbook_look(&none, &model, &window, &textbook_limits, &alerts);
    assert_int_equal(alerts.fired, 0);
}

static void textbook_baseline_when_versions_change_is_that_of_the_version(void **state)
{
    (void)state;
    struct textbook textbook = {0};
    assert_null(textbook_baseline(&textbook, (struct version_id){1}));
    for (uint16_t i = 1; i <= 6; i++) {
        struct baseline baseline = {.version = {i}};
        textbook_put(&textbook, &baseline);
    }
    assert_int_equal(textbook_baseline(&textbook, (struct version_id){4})->version.value, 4);
    assert_int_equal(textbook_baseline(&textbook, (struct version_id){1})->version.value, 6);
}

static void textbook_note_when_several_fired_says_the_first(void **state)
{
    (void)state;
    static struct advice advice;
    advice_reset(&advice);
    struct textbook_alerts alerts = {.fired = ONLY(TEXTBOOK_QUALITY) | ONLY(TEXTBOOK_LATENCY)};
    alerts.alerts[TEXTBOOK_QUALITY] =
        (struct textbook_alert){.feature = -1, .value = 0.3, .limit = 0.15};
    textbook_note(&alerts, (struct model_id){3}, (struct evidence_id){9}, &advice);
    assert_int_equal(advice.n_items, 1);
    assert_int_equal(advice.items[0].kind, ADVICE_NOTE);
    assert_int_equal(advice.items[0].symptom, SYMPTOM_QUALITY);
    assert_int_equal(advice.items[0].model.value, 3);
    assert_int_equal(advice.items[0].evidence[0].value, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(textbook_when_healthy_is_silent),
        cmocka_unit_test(textbook_when_a_feature_drifts_names_it),
        cmocka_unit_test(textbook_when_values_are_missing_fires_beyond_five_points),
        cmocka_unit_test(textbook_when_labels_err_fires_beyond_five_points),
        cmocka_unit_test(textbook_when_decisions_move_fires_unless_a_fallback_decides),
        cmocka_unit_test(textbook_when_the_service_suffers_fires),
        cmocka_unit_test(textbook_when_the_window_is_tiny_is_silent),
        cmocka_unit_test(textbook_when_no_baseline_came_is_silent),
        cmocka_unit_test(textbook_baseline_when_versions_change_is_that_of_the_version),
        cmocka_unit_test(textbook_note_when_several_fired_says_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
