/* SPDX-License-Identifier: Apache-2.0 */
/* The learners that recordings are replayed through: Gaussian naive Bayes, logistic regression, Hoeffding tree. Two classes, bounded,
 * one row at a time, in plain order. */
#ifndef SIM_PLANT_LEARNER_H
#define SIM_PLANT_LEARNER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/limits.h"

/* As plant_recording.learner numbers them. */
enum learner_kind { LEARNER_NB, LEARNER_LOGISTIC, LEARNER_TREE, N_LEARNER_KINDS };

enum {
    TREE_LEAVES_MAX = 32, /* Elec2 whole grows 19; a leaf beyond learns on without splitting. */
    TREE_NODES_MAX = 2 * TREE_LEAVES_MAX - 1
};

/* Welford's sums of each class and feature. */
struct bayes {
    double n[2];
    double mean[2][FEATURES_MAX], squares[2][FEATURES_MAX];
};

struct leaf {
    struct bayes bayes;
    double prior[2]; /* Estimated from the split that made it. */
    double low[FEATURES_MAX], high[FEATURES_MAX];
    double majority_right, bayes_right; /* Which of the two predicted better here. */
    double next_check;
};

struct node {
    int32_t feature; /* -1: a leaf. */
    double threshold;
    uint32_t left, right; /* Nodes; left of a leaf is its leaf. */
};

struct tree {
    uint32_t n_nodes, n_leaves;
    struct node nodes[TREE_NODES_MAX];
    struct leaf leaves[TREE_LEAVES_MAX];
};

struct learner {
    uint32_t kind, n_features;
    bool frozen;
    double constant[2], precision[2][FEATURES_MAX]; /* Of a frozen NB: what needs a logarithm. */
    union {
        struct bayes bayes;
        double weights[FEATURES_MAX + 1];
        struct tree tree;
    };
};

void learner_init(struct learner *learner, uint32_t kind, uint32_t n_features);
/* row: n_features finite numbers. A frozen learner thaws. */
void learner_fit(struct learner *learner, const double *row, bool label);
/* No more rows for now: scores become cheap. Changes no score. */
void learner_freeze(struct learner *learner);
/* Log odds of label 1; 0 when nothing was learnt. */
double learner_score(const struct learner *learner, const double *row);
bool learner_predict(const struct learner *learner, const double *row);

#endif
