/* SPDX-License-Identifier: Apache-2.0 */
/* Three incremental learners in plain double arithmetic and a fixed order. */
#include "sim/plant/learner.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"

#define VARIANCE_FLOOR                                                                             \
    1e-6 /* Added to that of unit-scaled features: without it a constant one gives both classes probability 0. */
#define VALUE_MAX 1e100 /* Squares of recorded values stay finite. */
#define LEARNING_RATE 0.05
#define SCORE_MAX 700.0 /* Beyond it the probability is 0 or 1 in any case. */
/* Domingos and Hulten (2000): rows between two looks at a leaf, error of the bound, and the tie break. */
#define TREE_GRACE 200.0
#define TREE_LOG_INVERSE_DELTA 16.118095650958319 /* ln(1e7) */
#define TREE_TIE 0.05
#define TREE_CUTS 10

static double bounded(double value)
{
    if (value > VALUE_MAX) {
        return VALUE_MAX;
    }
    return value < -VALUE_MAX ? -VALUE_MAX : value;
}

/* Gaussian naive Bayes. */

static void bayes_fit(struct bayes *bayes, uint32_t n_features, const double *row, bool label)
{
    uint32_t c = label ? 1 : 0;
    bayes->n[c] += 1.0;
    for (uint32_t i = 0; i < n_features; i++) {
        double x = bounded(row[i]), before = x - bayes->mean[c][i];
        bayes->mean[c][i] += before / bayes->n[c];
        bayes->squares[c][i] += before * (x - bayes->mean[c][i]);
    }
}

static double variance_of(const struct bayes *bayes, uint32_t c, uint32_t i)
{
    return VARIANCE_FLOOR + (bayes->n[c] > 1.0 ? bayes->squares[c][i] / (bayes->n[c] - 1.0) : 0.0);
}

/* What of the log density of class c does not depend on the row. */
static double constant_of(const struct bayes *bayes, uint32_t n_features, uint32_t c, double prior)
{
    double sum = d_log(prior);
    for (uint32_t i = 0; i < n_features; i++) {
        sum -= 0.5 * d_log(variance_of(bayes, c, i));
    }
    return sum;
}

static double distance_of(const struct bayes *bayes, uint32_t n_features, uint32_t c,
                          const double *row)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < n_features; i++) {
        double off = bounded(row[i]) - bayes->mean[c][i];
        sum += off * off / variance_of(bayes, c, i);
    }
    return 0.5 * sum;
}

static double bayes_score(const struct bayes *bayes, uint32_t n_features, const double prior[2],
                          const double *row)
{
    if (!(bayes->n[0] > 0.0 && bayes->n[1] > 0.0)) {
        return bayes->n[1] > bayes->n[0] ? 1.0 : bayes->n[0] > bayes->n[1] ? -1.0 : 0.0;
    }
    return constant_of(bayes, n_features, 1, prior[1]) - distance_of(bayes, n_features, 1, row) -
           constant_of(bayes, n_features, 0, prior[0]) + distance_of(bayes, n_features, 0, row);
}

static double frozen_score(const struct learner *learner, const double *row)
{
    double sum = learner->constant[1] - learner->constant[0];
    for (uint32_t i = 0; i < learner->n_features; i++) {
        double x = bounded(row[i]);
        double off_0 = x - learner->bayes.mean[0][i], off_1 = x - learner->bayes.mean[1][i];
        sum += 0.5 *
               (off_0 * off_0 * learner->precision[0][i] - off_1 * off_1 * learner->precision[1][i]);
    }
    return sum;
}

/* Logistic regression by stochastic gradient. */

static double linear_of(const double *weights, uint32_t n_features, const double *row)
{
    double sum = weights[n_features];
    for (uint32_t i = 0; i < n_features; i++) {
        sum += weights[i] * bounded(row[i]);
    }
    if (sum > SCORE_MAX) {
        return SCORE_MAX;
    }
    return sum < -SCORE_MAX ? -SCORE_MAX : sum;
}

static void logistic_fit(double *weights, uint32_t n_features, const double *row, bool label)
{
    double step =
        LEARNING_RATE * ((label ? 1.0 : 0.0) - d_logistic(linear_of(weights, n_features, row)));
    for (uint32_t i = 0; i < n_features; i++) {
        weights[i] = bounded(weights[i] + step * bounded(row[i]));
    }
    weights[n_features] = bounded(weights[n_features] + step);
}

/* Hoeffding tree with leaves that use naive Bayes where it predicted better than the majority. */

static uint32_t node_of(const struct tree *tree, const double *row)
{
    uint32_t at = 0;
    for (uint32_t depth = 0; depth < TREE_NODES_MAX && tree->nodes[at].feature >= 0; depth++) {
        const struct node *node = &tree->nodes[at];
        at = bounded(row[node->feature]) <= node->threshold ? node->left : node->right;
    }
    ASSERT(tree->nodes[at].feature < 0);
    return at;
}

static double majority_score(const struct leaf *leaf)
{
    double n_0 = leaf->prior[0] + leaf->bayes.n[0], n_1 = leaf->prior[1] + leaf->bayes.n[1];
    return n_1 + n_0 > 0.0 ? d_log((n_1 + 0.5) / (n_0 + 0.5)) : 0.0;
}

static double leaf_bayes_score(const struct leaf *leaf, uint32_t n_features, const double *row)
{
    double prior[2] = {leaf->prior[0] + leaf->bayes.n[0], leaf->prior[1] + leaf->bayes.n[1]};
    bool has_both = leaf->bayes.n[0] > 1.0 && leaf->bayes.n[1] > 1.0;
    return has_both ? bayes_score(&leaf->bayes, n_features, prior, row) : majority_score(leaf);
}

static double tree_score(const struct tree *tree, uint32_t n_features, const double *row)
{
    const struct leaf *leaf = &tree->leaves[tree->nodes[node_of(tree, row)].left];
    return leaf->bayes_right > leaf->majority_right ? leaf_bayes_score(leaf, n_features, row)
                                                    : majority_score(leaf);
}

static double entropy_of(double n_0, double n_1)
{
    double n = n_0 + n_1, bits = 0.0;
    if (n_0 > 0.0) {
        bits -= n_0 / n * d_log(n_0 / n);
    }
    if (n_1 > 0.0) {
        bits -= n_1 / n * d_log(n_1 / n);
    }
    return bits * 1.4426950408889634; /* 1 / ln 2 */
}

struct split {
    double gain, threshold;
    uint32_t feature;
    double left[2], right[2];
};

/* Rows of class c at or below the cut, by the normal distribution of the class. */
static double below_of(const struct bayes *bayes, uint32_t c, uint32_t i, double cut)
{
    if (!(bayes->n[c] > 0.0)) {
        return 0.0;
    }
    double deviation = d_sqrt(variance_of(bayes, c, i));
    return bayes->n[c] * d_normal_cdf((cut - bayes->mean[c][i]) / deviation);
}

static struct split best_cut(const struct leaf *leaf, uint32_t feature)
{
    const struct bayes *bayes = &leaf->bayes;
    double n = bayes->n[0] + bayes->n[1], whole = entropy_of(bayes->n[0], bayes->n[1]);
    struct split best = {.feature = feature};
    double span = leaf->high[feature] - leaf->low[feature];
    for (uint32_t k = 1; k <= TREE_CUTS && span > 0.0; k++) {
        double cut = leaf->low[feature] + span * (double)k / (TREE_CUTS + 1);
        double left_0 = below_of(bayes, 0, feature, cut), left_1 = below_of(bayes, 1, feature, cut);
        double right_0 = bayes->n[0] - left_0, right_1 = bayes->n[1] - left_1;
        double share = (left_0 + left_1) / n;
        if (share < 0.01 || share > 0.99) {
            continue; /* A branch that hardly any row takes is no split. */
        }
        double gain = whole - share * entropy_of(left_0, left_1) -
                      (1.0 - share) * entropy_of(right_0, right_1);
        if (gain > best.gain) {
            best = (struct split){gain, cut, feature, {left_0, left_1}, {right_0, right_1}};
        }
    }
    return best;
}

static void leaf_reset(struct leaf *leaf, const double prior[2])
{
    *leaf = (struct leaf){.prior = {prior[0], prior[1]}, .next_check = TREE_GRACE};
}

static void split_at(struct tree *tree, uint32_t node_i, const struct split *split)
{
    struct node *node = &tree->nodes[node_i];
    uint32_t left_leaf = node->left, right_leaf = tree->n_leaves++;
    uint32_t left = tree->n_nodes++, right = tree->n_nodes++;
    ASSERT(tree->n_nodes <= TREE_NODES_MAX);
    leaf_reset(&tree->leaves[left_leaf], split->left);
    leaf_reset(&tree->leaves[right_leaf], split->right);
    tree->nodes[left] = (struct node){.feature = -1, .left = left_leaf};
    tree->nodes[right] = (struct node){.feature = -1, .left = right_leaf};
    *node = (struct node){(int32_t)split->feature, split->threshold, left, right};
}

static void consider_split(struct tree *tree, uint32_t n_features, uint32_t node_i)
{
    struct leaf *leaf = &tree->leaves[tree->nodes[node_i].left];
    double n = leaf->bayes.n[0] + leaf->bayes.n[1];
    leaf->next_check = n + TREE_GRACE;
    bool is_pure = !(leaf->bayes.n[0] > 0.0 && leaf->bayes.n[1] > 0.0);
    if (is_pure || tree->n_leaves == TREE_LEAVES_MAX) {
        return;
    }
    struct split best = {0};
    double second = 0.0; /* Not to split at all gains nothing. */
    for (uint32_t i = 0; i < n_features; i++) {
        struct split split = best_cut(leaf, i);
        if (split.gain > best.gain) {
            second = best.gain;
            best = split;
        } else if (split.gain > second) {
            second = split.gain;
        }
    }
    double bound = d_sqrt(TREE_LOG_INVERSE_DELTA / (2.0 * n));
    if (best.gain > 0.0 && (best.gain - second > bound || bound < TREE_TIE)) {
        split_at(tree, node_i, &best);
    }
}

static void tree_fit(struct tree *tree, uint32_t n_features, const double *row, bool label)
{
    uint32_t node_i = node_of(tree, row);
    struct leaf *leaf = &tree->leaves[tree->nodes[node_i].left];
    leaf->majority_right += (majority_score(leaf) > 0.0) == label ? 1.0 : 0.0;
    leaf->bayes_right += (leaf_bayes_score(leaf, n_features, row) > 0.0) == label ? 1.0 : 0.0;
    bool is_first = !(leaf->bayes.n[0] + leaf->bayes.n[1] > 0.0);
    for (uint32_t i = 0; i < n_features; i++) {
        double x = bounded(row[i]);
        leaf->low[i] = is_first || x < leaf->low[i] ? x : leaf->low[i];
        leaf->high[i] = is_first || x > leaf->high[i] ? x : leaf->high[i];
    }
    bayes_fit(&leaf->bayes, n_features, row, label);
    if (leaf->bayes.n[0] + leaf->bayes.n[1] >= leaf->next_check) {
        consider_split(tree, n_features, node_i);
    }
}

void learner_init(struct learner *learner, uint32_t kind, uint32_t n_features)
{
    ASSERT(kind < N_LEARNER_KINDS);
    ASSERT(n_features <= FEATURES_MAX);
    memset(learner, 0, sizeof(*learner));
    learner->kind = kind;
    learner->n_features = n_features;
    if (kind == LEARNER_TREE) {
        static const double nothing[2] = {0.0, 0.0};
        learner->tree.n_nodes = learner->tree.n_leaves = 1;
        learner->tree.nodes[0] = (struct node){.feature = -1};
        leaf_reset(&learner->tree.leaves[0], nothing);
    }
}

void learner_fit(struct learner *learner, const double *row, bool label)
{
    learner->frozen = false;
    switch ((enum learner_kind)learner->kind) {
    case LEARNER_NB:
        bayes_fit(&learner->bayes, learner->n_features, row, label);
        return;
    case LEARNER_LOGISTIC:
        logistic_fit(learner->weights, learner->n_features, row, label);
        return;
    case LEARNER_TREE:
        tree_fit(&learner->tree, learner->n_features, row, label);
        return;
    case N_LEARNER_KINDS:
        ASSERT(learner->kind != N_LEARNER_KINDS);
        return;
    }
}

void learner_freeze(struct learner *learner)
{
    const struct bayes *bayes = &learner->bayes;
    bool has_both = learner->kind == LEARNER_NB && bayes->n[0] > 0.0 && bayes->n[1] > 0.0;
    learner->frozen = has_both;
    for (uint32_t c = 0; c < 2 && has_both; c++) {
        learner->constant[c] = constant_of(bayes, learner->n_features, c, bayes->n[c]);
        for (uint32_t i = 0; i < learner->n_features; i++) {
            learner->precision[c][i] = 1.0 / variance_of(bayes, c, i);
        }
    }
}

double learner_score(const struct learner *learner, const double *row)
{
    switch ((enum learner_kind)learner->kind) {
    case LEARNER_NB:
        return learner->frozen
                   ? frozen_score(learner, row)
                   : bayes_score(&learner->bayes, learner->n_features, learner->bayes.n, row);
    case LEARNER_LOGISTIC:
        return linear_of(learner->weights, learner->n_features, row);
    case LEARNER_TREE:
        return tree_score(&learner->tree, learner->n_features, row);
    case N_LEARNER_KINDS:
        break;
    }
    ASSERT(learner->kind < N_LEARNER_KINDS);
    return 0.0;
}

bool learner_predict(const struct learner *learner, const double *row)
{
    return learner_score(learner, row) > 0.0;
}
