/* SPDX-License-Identifier: Apache-2.0 */
/* The integral equations as linear systems on Gauss-Legendre nodes. */
#include "core/detect/arl.h"

#include <stdint.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"

enum {
    NODES = 64,
    UNKNOWNS_MAX = NODES + 1, /* The CUSUM's L(0) is one more. */
    NEWTON_STEPS = 8,         /* Quadratic from a guess that is good to 1e-3: four are enough. */
    COSINE_TERMS = 12,        /* Of Taylor's series up to pi / 2, to the last bit but one. */
    ROOT_STEPS_MAX = 80
};
#define PI 3.14159265358979323846
#define H_MAX 30.0
#define C_MAX 6.0
#define ROOT_WIDTH 1e-12

/* 0 <= x <= pi / 2. */
static double cosine(double x)
{
    double term = 1.0, sum = 1.0;
    for (uint32_t i = 1; i <= COSINE_TERMS; i++) {
        term *= -x * x / ((2.0 * i - 1.0) * (2.0 * i));
        sum += term;
    }
    return sum;
}

struct rule {
    double at[NODES], weight[NODES];
};

/* Roots of Legendre's polynomial of degree NODES on -1 .. 1, by Newton from the guess cos(pi (i + 3/4) / (n + 1/2)), moved to lo .. hi. */
static void rule_init(struct rule *rule, double lo, double hi)
{
    double n = NODES, half = (hi - lo) / 2.0, middle = (hi + lo) / 2.0;
    for (uint32_t i = 0; i < NODES / 2; i++) {
        double x = cosine(PI * (i + 0.75) / (n + 0.5)), slope = 1.0;
        for (uint32_t step = 0; step < NEWTON_STEPS; step++) {
            double p = x, before = 1.0;
            for (uint32_t k = 2; k <= NODES; k++) {
                double next = ((2.0 * k - 1.0) * x * p - (k - 1.0) * before) / k;
                before = p;
                p = next;
            }
            slope = n * (x * p - before) / (x * x - 1.0);
            x -= p / slope;
        }
        double weight = 2.0 / ((1.0 - x * x) * slope * slope) * half;
        rule->at[i] = middle - half * x;
        rule->at[NODES - 1 - i] = middle + half * x;
        rule->weight[i] = rule->weight[NODES - 1 - i] = weight;
    }
}

/* n equations, the right side in column n. */
struct system {
    uint32_t n;
    double a[UNKNOWNS_MAX][UNKNOWNS_MAX + 1];
};

static void swap_rows(struct system *system, uint32_t a, uint32_t b)
{
    for (uint32_t k = 0; k <= system->n; k++) {
        double kept = system->a[a][k];
        system->a[a][k] = system->a[b][k];
        system->a[b][k] = kept;
    }
}

/* Gauss with row pivots; the solution takes the place of the right side. */
static void solve(struct system *system)
{
    uint32_t n = system->n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t pivot = i;
        for (uint32_t j = i + 1; j < n; j++) {
            pivot = d_abs(system->a[j][i]) > d_abs(system->a[pivot][i]) ? j : pivot;
        }
        swap_rows(system, i, pivot);
        for (uint32_t j = i + 1; j < n; j++) {
            double factor = system->a[j][i] / system->a[i][i];
            for (uint32_t k = i; k <= n; k++) {
                system->a[j][k] -= factor * system->a[i][k];
            }
        }
    }
    for (uint32_t i = n; i-- > 0;) {
        double sum = system->a[i][n];
        for (uint32_t k = i + 1; k < n; k++) {
            sum -= system->a[i][k] * system->a[k][n];
        }
        system->a[i][n] = sum / system->a[i][i];
    }
}

double cusum_arl(double k, double h, double shift)
{
    ASSERT(k >= 0.0 && k <= 5.0);
    ASSERT(h > 0.0 && h <= H_MAX);
    ASSERT(shift >= -10.0 && shift <= 10.0);
    struct rule rule;
    struct system system = {.n = NODES + 1};
    rule_init(&rule, 0.0, h);
    for (uint32_t i = 0; i <= NODES; i++) { /* The last unknown is L(0). */
        double from = (i < NODES ? rule.at[i] : 0.0) + shift - k;
        for (uint32_t j = 0; j < NODES; j++) {
            system.a[i][j] = -rule.weight[j] * d_normal_pdf(rule.at[j] - from);
        }
        system.a[i][NODES] = -d_normal_cdf(-from);
        system.a[i][i] += 1.0;
        system.a[i][NODES + 1] = 1.0;
    }
    solve(&system);
    return system.a[NODES][NODES + 1];
}

double cusum_arl_two_sided(double k, double h, double shift)
{
    double up = cusum_arl(k, h, shift), down = cusum_arl(k, h, -shift);
    return 1.0 / (1.0 / up + 1.0 / down);
}

double ewma_arl(double lambda, double c, double shift)
{
    ASSERT(lambda >= 0.05 && lambda <= 1.0);
    ASSERT(c > 0.0 && c <= C_MAX);
    ASSERT(shift >= -10.0 && shift <= 10.0);
    struct rule rule;
    struct system system = {.n = NODES};
    double width = c * d_sqrt(lambda / (2.0 - lambda));
    rule_init(&rule, -width, width);
    for (uint32_t i = 0; i < NODES; i++) {
        for (uint32_t j = 0; j < NODES; j++) {
            double z = (rule.at[j] - (1.0 - lambda) * rule.at[i]) / lambda - shift;
            system.a[i][j] = -rule.weight[j] / lambda * d_normal_pdf(z);
        }
        system.a[i][i] += 1.0;
        system.a[i][NODES] = 1.0;
    }
    solve(&system);
    double sum = 1.0; /* L(0) by the equation itself. */
    for (uint32_t j = 0; j < NODES; j++) {
        double z = rule.at[j] / lambda - shift;
        sum += rule.weight[j] / lambda * d_normal_pdf(z) * system.a[j][NODES];
    }
    return sum;
}

/* What a threshold is sought for. */
struct chart {
    bool is_ewma, two_sided;
    double k; /* The EWMA's lambda. */
    double arl;
};

/* ln of the run length over the wanted one; rises with the threshold, about linearly. A run length that rounding has made meaningless is endless. */
static double excess(const struct chart *chart, double threshold)
{
    double arl = chart->is_ewma     ? ewma_arl(chart->k, threshold, 0.0)
                 : chart->two_sided ? cusum_arl_two_sided(chart->k, threshold, 0.0)
                                    : cusum_arl(chart->k, threshold, 0.0);
    return arl > 0.0 && arl < 1e14 ? d_log(arl / chart->arl) : d_log(1e14 / chart->arl);
}

/* False position, Illinois. */
static double root(const struct chart *chart, double lo, double hi)
{
    ASSERT(chart->arl >= 2.0 && chart->arl <= 1e6);
    double at_lo = excess(chart, lo), at_hi = excess(chart, hi);
    if (at_lo >= 0.0) {
        return lo;
    }
    ASSERT(at_hi >= 0.0);
    double middle = lo, kept = 0.0;
    for (uint32_t i = 0; i < ROOT_STEPS_MAX && hi - lo > ROOT_WIDTH; i++) {
        middle = (lo * at_hi - hi * at_lo) / (at_hi - at_lo);
        double value = excess(chart, middle);
        if (d_abs(value) < ROOT_WIDTH) {
            return middle;
        }
        bool is_low = value < 0.0;
        if (is_low) {
            lo = middle;
            at_lo = value;
            at_hi = kept < 0.0 ? at_hi / 2.0 : at_hi;
        } else {
            hi = middle;
            at_hi = value;
            at_lo = kept > 0.0 ? at_lo / 2.0 : at_lo;
        }
        kept = value;
    }
    return middle;
}

double cusum_threshold(double k, double arl, bool two_sided)
{
    ASSERT(k >= 0.25);
    struct chart chart = {.is_ewma = false, .two_sided = two_sided, .k = k, .arl = arl};
    return root(&chart, 0.01, H_MAX);
}

double ewma_threshold(double lambda, double arl)
{
    struct chart chart = {.is_ewma = true, .two_sided = true, .k = lambda, .arl = arl};
    return root(&chart, 0.1, C_MAX);
}
