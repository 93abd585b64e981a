/* SPDX-License-Identifier: Apache-2.0 */
/* The committed recording holds the event that its scenario is about: a frozen Gaussian naive Bayes loses by it, one fitted on
 * a mixture loses more, and one fitted on the rows after it recovers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/csv.h"
#include "tests/unit/scenario/library.h"

enum {
    N_FEATURES = 6,
    A_DAY = 48,
    EVENT_ROW = 6720,
    FIRST_ROW = EVENT_ROW - 14 * A_DAY,
    END_ROW = FIRST_ROW + 84 * A_DAY,
    TRAIN_ROWS = 60 * A_DAY
};

static struct recording recording;

static int open_recording(void **state)
{
    (void)state;
    static const struct csv_request request = {
        .label = "class",
        .n_features = N_FEATURES,
        .features = {"period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"},
        .row_interval_ns = 1800 * NS_PER_S,
    };
    struct err_text text;
    const char *path = "scenarios/recorded/activation.csv";
    return recording_open(path, library_file(path), &request, &recording, &text) == OK ? 0 : 1;
}

static int close_recording(void **state)
{
    (void)state;
    recording_close(&recording);
    return 0;
}

struct bayes {
    double log_prior[2], mean[2][N_FEATURES], variance[2][N_FEATURES];
};

static struct bayes fit(uint32_t from, uint32_t to)
{
    struct bayes bayes = {0};
    double n[2] = {0.0, 0.0};
    for (uint32_t row = from; row < to; row++) {
        uint8_t label = recording.labels[row];
        n[label] += 1.0;
        for (uint32_t i = 0; i < N_FEATURES; i++) {
            bayes.mean[label][i] += recording.features[row * N_FEATURES + i];
        }
    }
    for (uint32_t label = 0; label < 2; label++) {
        bayes.log_prior[label] = log(n[label] / (double)(to - from));
        for (uint32_t i = 0; i < N_FEATURES; i++) {
            bayes.mean[label][i] /= n[label];
        }
    }
    for (uint32_t row = from; row < to; row++) {
        uint8_t label = recording.labels[row];
        for (uint32_t i = 0; i < N_FEATURES; i++) {
            double off = recording.features[row * N_FEATURES + i] - bayes.mean[label][i];
            bayes.variance[label][i] += off * off / n[label];
        }
    }
    for (uint32_t label = 0; label < 2; label++) {
        for (uint32_t i = 0; i < N_FEATURES; i++) {
            bayes.variance[label][i] = fmax(bayes.variance[label][i], 1e-6);
        }
    }
    return bayes;
}

static double accuracy(struct bayes bayes, uint32_t from, uint32_t to)
{
    uint32_t n_right = 0;
    for (uint32_t row = from; row < to; row++) {
        double score[2];
        for (uint32_t label = 0; label < 2; label++) {
            score[label] = bayes.log_prior[label];
            for (uint32_t i = 0; i < N_FEATURES; i++) {
                double off = recording.features[row * N_FEATURES + i] - bayes.mean[label][i];
                score[label] -=
                    0.5 * (log(bayes.variance[label][i]) + off * off / bayes.variance[label][i]);
            }
        }
        n_right += (score[1] > score[0] ? 1 : 0) == recording.labels[row] ? 1 : 0;
    }
    return (double)n_right / (double)(to - from);
}

static void recording_when_read_covers_the_scenario(void **state)
{
    (void)state;
    assert_int_equal(recording.n_rows, END_ROW);
    for (uint32_t row = 1; row < EVENT_ROW; row++) {
        assert_true(recording.features[row * N_FEATURES + 4] == recording.features[4]);
        assert_true(recording.features[row * N_FEATURES + 5] == recording.features[5]);
    }
    for (uint32_t row = EVENT_ROW; row < END_ROW; row++) {
        assert_true(recording.features[row * N_FEATURES + 4] != recording.features[4]);
        assert_true(recording.features[row * N_FEATURES + 5] != recording.features[5]);
    }
}

static void model_when_frozen_before_the_event_loses_by_it(void **state)
{
    (void)state;
    struct bayes frozen = fit(FIRST_ROW - TRAIN_ROWS, FIRST_ROW);
    assert_true(accuracy(frozen, FIRST_ROW, EVENT_ROW) > 0.78);
    assert_true(accuracy(frozen, EVENT_ROW, END_ROW) < 0.62);
}

static void model_when_fitted_again_recovers_only_without_the_old_rows(void **state)
{
    (void)state;
    struct bayes frozen = fit(FIRST_ROW - TRAIN_ROWS, FIRST_ROW);
    static const uint32_t days[] = {3, 7, 14, 21, 28};
    for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        uint32_t now = EVENT_ROW + days[i] * A_DAY;
        double kept = accuracy(frozen, now, END_ROW);
        double mixed = accuracy(fit(now - TRAIN_ROWS, now), now, END_ROW);
        double clean = accuracy(fit(EVENT_ROW, now), now, END_ROW);
        assert_true(mixed < kept);
        assert_true(clean > kept + 0.15);
        assert_true(clean > 0.75);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recording_when_read_covers_the_scenario),
        cmocka_unit_test(model_when_frozen_before_the_event_loses_by_it),
        cmocka_unit_test(model_when_fitted_again_recovers_only_without_the_old_rows),
    };
    return cmocka_run_group_tests(tests, open_recording, close_recording);
}
