/* SPDX-License-Identifier: Apache-2.0 */
/* Isotonic regression: blocks of equal value, merged backwards while they fall. */
#include "core/detect/isotonic.h"

#include "core/base/assert.h"

void isotonic_pool(double *values, double *weights, uint32_t *sizes, uint32_t n)
{
    uint32_t n_blocks = 0;
    for (uint32_t i = 0; i < n; i++) {
        ASSERT(weights[i] > 0.0);
        values[n_blocks] = values[i];
        weights[n_blocks] = weights[i];
        sizes[n_blocks] = 1;
        n_blocks++;
        while (n_blocks >= 2 && values[n_blocks - 2] > values[n_blocks - 1]) {
            uint32_t into = n_blocks - 2, from = n_blocks - 1;
            double weight = weights[into] + weights[from];
            values[into] = (values[into] * weights[into] + values[from] * weights[from]) / weight;
            weights[into] = weight;
            sizes[into] += sizes[from];
            n_blocks--;
        }
    }
    /* Blocks are dealt out from the last, so that none is overwritten before it is read. */
    uint32_t at = n;
    for (uint32_t block = n_blocks; block > 0; block--) {
        double value = values[block - 1];
        for (uint32_t i = 0; i < sizes[block - 1]; i++) {
            at--;
            values[at] = value;
        }
    }
    ASSERT(at == 0);
}

void isotonic_init(struct isotonic *isotonic) { memset(isotonic, 0, sizeof(*isotonic)); }

static uint32_t bin_of(double score)
{
    double at = score * (double)ISOTONIC_BINS;
    if (!(at > 0.0)) {
        return 0;
    }
    return at >= (double)ISOTONIC_BINS ? ISOTONIC_BINS - 1 : (uint32_t)at;
}

void isotonic_step(struct isotonic *isotonic, double score, double outcome)
{
    if (score != score || outcome != outcome) {
        return;
    }
    uint32_t bin = bin_of(score);
    isotonic->n[bin] += 1.0;
    isotonic->scores[bin] += score;
    isotonic->outcomes[bin] += outcome;
}

void isotonic_merge(struct isotonic *isotonic, const struct isotonic *other)
{
    for (uint32_t i = 0; i < ISOTONIC_BINS; i++) {
        isotonic->n[i] += other->n[i];
        isotonic->scores[i] += other->scores[i];
        isotonic->outcomes[i] += other->outcomes[i];
    }
}

void isotonic_fit(const struct isotonic *isotonic, struct isotonic_map *ret_map)
{
    double weights[ISOTONIC_BINS];
    uint32_t sizes[ISOTONIC_BINS], n = 0;
    for (uint32_t i = 0; i < ISOTONIC_BINS; i++) {
        if (isotonic->n[i] > 0.0) {
            ret_map->scores[n] = isotonic->scores[i] / isotonic->n[i];
            ret_map->values[n] = isotonic->outcomes[i] / isotonic->n[i];
            weights[n] = isotonic->n[i];
            n++;
        }
    }
    ret_map->n_knots = n;
    isotonic_pool(ret_map->values, weights, sizes, n);
}

double isotonic_at(const struct isotonic_map *map, double score)
{
    uint32_t n = map->n_knots;
    if (n == 0 || score != score) {
        return score;
    }
    if (score <= map->scores[0]) {
        return map->values[0];
    }
    if (score >= map->scores[n - 1]) {
        return map->values[n - 1];
    }
    uint32_t low = 0, high = n - 1; /* scores[low] < score < scores[high] */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (map->scores[middle] < score) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double share = (score - map->scores[low]) / (map->scores[high] - map->scores[low]);
    return map->values[low] + share * (map->values[high] - map->values[low]);
}
