/* SPDX-License-Identifier: Apache-2.0 */
/* The door: its table agrees with each detector, and what goes through it is what goes past it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "tests/unit/detect/alarms.h"

static struct detector detector;

static void detector_find_when_asked_by_name_finds_each(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        const struct detector_form *form = detector_form((enum detector_kind)kind);
        enum detector_kind found = N_DETECTOR_KINDS;
        assert_true(detector_find(form->name, &found));
        assert_int_equal(found, kind);
        assert_true(form->state_bytes >= 32 && form->state_bytes <= sizeof(detector));
        assert_true(strlen(form->meaning) > 0 && strlen(form->guarantee) > 0);
        for (uint32_t i = 0; i < form->n_options; i++) {
            uint32_t option_i = DETECTOR_OPTIONS_MAX;
            assert_true(detector_find_option(found, form->options[i].name, &option_i));
            assert_int_equal(option_i, i);
            assert_true(form->options[i].alias == NULL ||
                        detector_find_option(found, form->options[i].alias, &option_i));
            assert_int_equal(option_i, i);
        }
    }
    enum detector_kind found;
    uint32_t option_i;
    assert_false(detector_find("adwin2", &found));
    assert_false(detector_find_option(DETECTOR_DDM, "delta", &option_i));
}

static void detector_defaults_when_taken_are_right_and_within_range(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        const struct detector_form *form = detector_form((enum detector_kind)kind);
        struct detector_settings settings = detector_defaults((enum detector_kind)kind);
        assert_null(detector_wrong((enum detector_kind)kind, &settings));
        for (uint32_t i = 0; i < form->n_options; i++) {
            const struct detector_option *option = &form->options[i];
            assert_true(detector_takes(option, option->fallback));
            assert_false(detector_takes(option, NAN));
            assert_false(detector_takes(option, option->highest * 2.0 + 1.0));
            assert_false(option->is_whole && detector_takes(option, option->lowest + 0.5));
            size_t n_choices = 0;
            while (n_choices < DETECTOR_CHOICES_MAX && option->choices[n_choices] != NULL) {
                n_choices++;
            }
            assert_true(n_choices == 0 || (double)n_choices == option->highest + 1.0);
        }
    }
}

#define ASSERT_DEFAULTS(KIND, name)                                                                \
    do {                                                                                           \
        struct detector_settings settings = detector_defaults(KIND);                               \
        struct name##_options expected = name##_defaults();                                        \
        static struct name plain;                                                                  \
        memset(&detector, 0, sizeof(detector));                                                    \
        memset(&plain, 0, sizeof(plain));                                                          \
        detector_init(&detector, KIND, &settings);                                                 \
        name##_init(&plain, &expected);                                                            \
        for (int i = 0; i < 3000; i++) {                                                           \
            double x = stream_chance(&random, i < 1500 ? 0.3 : 0.7) ? 1.0 : 0.0;                   \
            assert_int_equal(detector_step(&detector, x), name##_step(&plain, x));                 \
            double seen = detector_statistic(&detector), wanted = name##_statistic(&plain);        \
            assert_memory_equal(&seen, &wanted, sizeof(seen));                                     \
        }                                                                                          \
    } while (0)

/* Signal and statistic at each of 3,000 steps: the table's defaults are the detector's own. */
static void detector_when_defaults_are_used_is_the_detector_itself(void **state)
{
    (void)state;
    struct stream random;
    stream_init(&random, 1, "test/detector", 0);
    ASSERT_DEFAULTS(DETECTOR_ADWIN, adwin);
    ASSERT_DEFAULTS(DETECTOR_DDM, ddm);
    ASSERT_DEFAULTS(DETECTOR_EDDM, eddm);
    ASSERT_DEFAULTS(DETECTOR_HDDM_A, hddm_a);
    ASSERT_DEFAULTS(DETECTOR_HDDM_W, hddm_w);
    ASSERT_DEFAULTS(DETECTOR_FHDDM, fhddm);
    ASSERT_DEFAULTS(DETECTOR_PAGE_HINKLEY, page_hinkley);
    ASSERT_DEFAULTS(DETECTOR_CUSUM, cusum);
    ASSERT_DEFAULTS(DETECTOR_EWMA, ewma);
    ASSERT_DEFAULTS(DETECTOR_ECDD, ecdd);
    ASSERT_DEFAULTS(DETECTOR_GMA, gma);
    ASSERT_DEFAULTS(DETECTOR_KSWIN, kswin);
    ASSERT_DEFAULTS(DETECTOR_IKS, iks);
    ASSERT_DEFAULTS(DETECTOR_E_SR, e_sr);
    ASSERT_DEFAULTS(DETECTOR_E_CUSUM, e_cusum);
    ASSERT_DEFAULTS(DETECTOR_CTM, ctm);
}

static void detector_wrong_when_options_disagree_says_so(void **state)
{
    (void)state;
    struct detector_settings settings = detector_defaults(DETECTOR_DDM);
    set(&settings, DETECTOR_DDM, "drift", 1.0);
    assert_non_null(detector_wrong(DETECTOR_DDM, &settings));
    settings = detector_defaults(DETECTOR_E_SR);
    set(&settings, DETECTOR_E_SR, "m0", 2.0);
    assert_non_null(detector_wrong(DETECTOR_E_SR, &settings));
    settings = detector_defaults(DETECTOR_KSWIN);
    set(&settings, DETECTOR_KSWIN, "stat_size", 90.0);
    assert_non_null(detector_wrong(DETECTOR_KSWIN, &settings));
}

/* Extremes, constants and jumps: no detector may end the process or speak nonsense. */
static void detector_when_values_are_hostile_stays_total(void **state)
{
    (void)state;
    struct stream random;
    stream_init(&random, 5, "test/hostile", 0);
    static const double hostile[] = {0.0, -0.0, 1.0, -1.0, 1e150, -1e150, 1e-300, 5e-324, 0.5};
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        struct detector_settings settings = detector_defaults((enum detector_kind)kind);
        detector_init(&detector, (enum detector_kind)kind, &settings);
        for (int i = 0; i < 4000; i++) {
            uint64_t which = stream_below(&random, sizeof(hostile) / sizeof(hostile[0]));
            double x = (i / 500) % 2 == 0 ? hostile[which] : 1e150;
            enum detect_signal signal = detector_step(&detector, x);
            assert_true(signal <= DETECT_DRIFT);
        }
    }
}

/* A value that is none, anywhere: the detector goes on as if it had not come, bit for bit. */
static void detector_step_when_value_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    static const double broken[] = {NAN, INFINITY, -INFINITY};
    static struct detector plain;
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        struct stream random;
        stream_init(&random, 3, "test/broken", 0);
        struct detector_settings settings = detector_defaults((enum detector_kind)kind);
        memset(&detector, 0, sizeof(detector));
        memset(&plain, 0, sizeof(plain));
        detector_init(&detector, (enum detector_kind)kind, &settings);
        detector_init(&plain, (enum detector_kind)kind, &settings);
        for (int i = 0; i < 2000; i++) {
            if (i % 97 == 5) {
                assert_int_equal(detector_step(&detector, broken[(i / 97) % 3]), DETECT_NONE);
            }
            double x = stream_chance(&random, i < 1000 ? 0.2 : 0.8) ? 1.0 : 0.0;
            assert_int_equal(detector_step(&detector, x), detector_step(&plain, x));
        }
        assert_memory_equal(&detector, &plain, sizeof(plain));
    }
}

/* The statistic passes the fixed threshold at an alarm, and at no other step. */
static void detector_threshold_when_fixed_is_where_it_alarms(void **state)
{
    (void)state;
    static const enum detector_kind fixed[] = {
        DETECTOR_PAGE_HINKLEY, DETECTOR_CUSUM,   DETECTOR_EWMA, DETECTOR_GMA,
        DETECTOR_E_SR,         DETECTOR_E_CUSUM, DETECTOR_CTM};
    for (size_t k = 0; k < sizeof(fixed) / sizeof(fixed[0]); k++) {
        struct detector_settings settings = detector_defaults(fixed[k]);
        uint32_t option_i;
        if (fixed[k] == DETECTOR_GMA) {
            assert_true(detector_find_option(DETECTOR_GMA, "threshold", &option_i));
            settings.values[option_i] = 0.2;
        }
        detector_init(&detector, fixed[k], &settings);
        double threshold = detector_threshold(&detector);
        assert_true(threshold > 0.0);
        struct stream random;
        stream_init(&random, 7, "test/threshold", 0);
        int n_alarms = 0;
        for (int i = 0; i < 6000; i++) {
            double x = stream_chance(&random, i < 3000 ? 0.2 : 0.9) ? 1.0 : 0.0;
            bool is_alarm = detector_step(&detector, x) == DETECT_DRIFT;
            bool is_beyond = fabs(detector_statistic(&detector)) >= threshold;
            n_alarms += is_alarm ? 1 : 0;
            assert_true(!is_alarm || is_beyond);
        }
        assert_true(n_alarms > 0);
    }
    struct detector_settings settings = detector_defaults(DETECTOR_DDM);
    detector_init(&detector, DETECTOR_DDM, &settings);
    assert_true(isnan(detector_threshold(&detector)));
}

static void detector_when_ctm_promises_a_run_length_has_its_own_default(void **state)
{
    (void)state;
    struct detector_settings settings = detector_defaults(DETECTOR_CTM);
    set(&settings, DETECTOR_CTM, "guarantee", CTM_ARL);
    detector_init(&detector, DETECTOR_CTM, &settings);
    assert_true(fabs(detector.as.ctm.options.c - 1e4) <= 0.0);
    set(&settings, DETECTOR_CTM, "arl", 500.0);
    detector_init(&detector, DETECTOR_CTM, &settings);
    assert_true(fabs(detector.as.ctm.options.c - 500.0) <= 0.0);
    set(&settings, DETECTOR_CTM, "guarantee", CTM_EVER);
    detector_init(&detector, DETECTOR_CTM, &settings);
    assert_true(fabs(detector.as.ctm.options.c - 100.0) <= 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detector_find_when_asked_by_name_finds_each),
        cmocka_unit_test(detector_defaults_when_taken_are_right_and_within_range),
        cmocka_unit_test(detector_when_defaults_are_used_is_the_detector_itself),
        cmocka_unit_test(detector_wrong_when_options_disagree_says_so),
        cmocka_unit_test(detector_when_values_are_hostile_stays_total),
        cmocka_unit_test(detector_step_when_value_is_not_finite_changes_nothing),
        cmocka_unit_test(detector_threshold_when_fixed_is_where_it_alarms),
        cmocka_unit_test(detector_when_ctm_promises_a_run_length_has_its_own_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
