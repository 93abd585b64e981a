/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals and quantiles of a campaign, from base/dmath alone so that every machine prints the same digits. */
#include "sim/campaign/statistics.h"

#include <stdlib.h>

#include "core/base/dmath.h"
#include "core/base/prng.h"

enum { RESAMPLES = 2000, BISECTIONS = 100 };

static const double not_a_number = 0.0 / 0.0;

/* The p with I_p(a, b) = target. */
static double beta_quantile(double a, double b, double target)
{
    double lo = 0.0, hi = 1.0;
    for (int i = 0; i < BISECTIONS; i++) {
        double middle = 0.5 * (lo + hi);
        if (d_beta_inc(a, b, middle) < target) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    return 0.5 * (lo + hi);
}

struct interval proportion_interval(uint64_t k, uint64_t n)
{
    if (n == 0) {
        return (struct interval){not_a_number, 0.0, 1.0};
    }
    double x = (double)k, m = (double)n;
    return (struct interval){
        .value = x / m,
        .lo = k == 0 ? 0.0 : beta_quantile(x, m - x + 1.0, 0.025),
        .hi = k == n ? 1.0 : beta_quantile(x + 1.0, m - x, 0.975),
    };
}

double proportion_upper(uint64_t k, uint64_t n)
{
    if (k >= n) {
        return 1.0;
    }
    if (k == 0) {
        return 1.0 - d_pow(0.05, 1.0 / (double)n);
    }
    return beta_quantile((double)k + 1.0, (double)(n - k), 0.95);
}

static int by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    if (x->seconds < y->seconds) {
        return -1;
    }
    if (x->seconds > y->seconds) {
        return 1;
    }
    return (int)x->censored - (int)y->censored; /* Events before censorings of the same time. */
}

struct quantiles quantiles_of(struct sample *samples, size_t n)
{
    struct quantiles quantiles = {not_a_number, not_a_number, not_a_number, n, 0};
    if (n == 0) {
        return quantiles;
    }
    qsort(samples, n, sizeof(samples[0]), by_time);
    const double survivals[3] = {0.50, 0.05, 0.01};
    double *const results[3] = {&quantiles.p50, &quantiles.p95, &quantiles.p99};
    double survival = 1.0;
    size_t result_i = 0;
    for (size_t i = 0; i < n; i++) {
        if (samples[i].censored) {
            quantiles.censored++;
            continue;
        }
        survival *= 1.0 - 1.0 / (double)(n - i);
        while (result_i < 3 && survival <= survivals[result_i] + 1e-12) {
            *results[result_i++] = samples[i].seconds;
        }
    }
    return quantiles;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double reduction_of(double ours, double theirs)
{
    return theirs > 0.0 ? 1.0 - ours / theirs : not_a_number;
}

struct interval reduction_interval(const struct family_pair *families, size_t n, uint64_t seed)
{
    double ours = 0.0, theirs = 0.0;
    for (size_t i = 0; i < n; i++) {
        ours += families[i].ours;
        theirs += families[i].theirs;
    }
    struct interval interval = {reduction_of(ours, theirs), not_a_number, not_a_number};
    double values[RESAMPLES];
    size_t n_values = 0;
    struct stream stream;
    stream_init(&stream, seed, "campaign/bootstrap", 0);
    for (size_t r = 0; r < RESAMPLES && theirs > 0.0; r++) {
        double sum_ours = 0.0, sum_theirs = 0.0;
        for (size_t i = 0; i < n; i++) {
            const struct family_pair *drawn = &families[stream_below(&stream, n)];
            sum_ours += drawn->ours;
            sum_theirs += drawn->theirs;
        }
        if (sum_theirs > 0.0) {
            values[n_values++] = reduction_of(sum_ours, sum_theirs);
        }
    }
    if (n_values > 0) {
        qsort(values, n_values, sizeof(values[0]), by_value);
        interval.lo = values[n_values * 25 / 1000];
        interval.hi = values[n_values * 975 / 1000];
    }
    return interval;
}
