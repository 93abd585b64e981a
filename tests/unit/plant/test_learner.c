/* SPDX-License-Identifier: Apache-2.0 */
/* The learners on rows whose answer is known, and at the edges of what a recording may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "sim/plant/learner.h"

/* Two classes apart by their means; the second feature says nothing. */
static bool draw_row(struct stream *stream, double x[2])
{
    bool label = stream_chance(stream, 0.4) != 0;
    x[0] = stream_normal(stream) * 0.5 + (label ? 1.0 : -1.0);
    x[1] = stream_normal(stream);
    return label;
}

static double accuracy_of(struct learner *learner, uint64_t seed)
{
    struct stream stream;
    stream_init(&stream, seed, "test", 0);
    uint32_t right = 0;
    for (int i = 0; i < 4000; i++) {
        double x[2];
        bool label = draw_row(&stream, x);
        right += learner_predict(learner, x) == label ? 1 : 0;
    }
    return right / 4000.0;
}

static void learner_when_fitted_separates_the_classes(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < N_LEARNER_KINDS; kind++) {
        struct learner learner;
        learner_init(&learner, kind, 2);
        struct stream stream;
        stream_init(&stream, 1, "test", 1);
        for (int i = 0; i < 3000; i++) {
            double x[2];
            bool label = draw_row(&stream, x);
            learner_fit(&learner, x, label);
        }
        assert_true(accuracy_of(&learner, 2) > 0.965); /* Bayes: 0.977. */
    }
}

static void bayes_when_frozen_scores_as_before(void **state)
{
    (void)state;
    struct learner learner;
    learner_init(&learner, LEARNER_NB, 2);
    struct stream stream;
    stream_init(&stream, 3, "test", 0);
    double x[2];
    for (int i = 0; i < 500; i++) {
        bool label = draw_row(&stream, x);
        learner_fit(&learner, x, label);
    }
    for (int i = 0; i < 100; i++) {
        (void)draw_row(&stream, x);
        struct learner frozen = learner;
        learner_freeze(&frozen);
        double difference = learner_score(&learner, x) - learner_score(&frozen, x);
        assert_true(difference < 1e-9 && difference > -1e-9);
    }
}

static void tree_when_the_classes_lie_apart_in_two_features_splits(void **state)
{
    (void)state;
    struct learner learner;
    learner_init(&learner, LEARNER_TREE, 2);
    struct stream stream;
    stream_init(&stream, 4, "test", 0);
    uint32_t right = 0;
    for (int i = 0; i < 40000;
         i++) { /* A checkerboard of two by two, off centre: no line separates it. */
        double x[2] = {stream_unit(&stream), stream_unit(&stream)};
        bool label = (x[0] > 0.4) != (x[1] > 0.7);
        right += i >= 30000 && learner_predict(&learner, x) == label ? 1 : 0;
        learner_fit(&learner, x, label);
    }
    assert_true(learner.tree.n_leaves >= 4);
    assert_true(learner.tree.n_leaves <= TREE_LEAVES_MAX);
    assert_true(right > 9000);
}

static void learner_when_nothing_was_learnt_says_no(void **state)
{
    (void)state;
    static const double x[2] = {1.0, 2.0};
    for (uint32_t kind = 0; kind < N_LEARNER_KINDS; kind++) {
        struct learner learner;
        learner_init(&learner, kind, 2);
        learner_freeze(&learner);
        assert_false(learner_predict(&learner, x));
        learner_fit(&learner, x, true);
        (void)learner_score(&learner, x);
    }
}

static void learner_when_values_are_huge_or_constant_stays_finite(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < N_LEARNER_KINDS; kind++) {
        struct learner learner;
        learner_init(&learner, kind, 2);
        for (int i = 0; i < 1000; i++) {
            double x[2] = {i % 2 == 0 ? 1e308 : -1e308, 5.0};
            learner_fit(&learner, x, i % 3 == 0);
            double score = learner_score(&learner, x);
            assert_true(score >= 0.0 || score < 0.0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learner_when_fitted_separates_the_classes),
        cmocka_unit_test(bayes_when_frozen_scores_as_before),
        cmocka_unit_test(tree_when_the_classes_lie_apart_in_two_features_splits),
        cmocka_unit_test(learner_when_nothing_was_learnt_says_no),
        cmocka_unit_test(learner_when_values_are_huge_or_constant_stays_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
