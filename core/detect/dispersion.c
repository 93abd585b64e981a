/* SPDX-License-Identifier: Apache-2.0 */
/* A running mean of chi-squares with a cautious beginning. */
#include "core/detect/dispersion.h"

#include <stdbool.h>

#include "core/base/dmath.h"

static const double dispersion_prior = 8.0;
static const double error_z = 2.0;
static const double look_most = 16.0;         /* Times what is used: four deviations of a normal. */
static const double least = -1e4, most = 1e4; /* Rows that are copies of one. */

void dispersion_init(struct dispersion *dispersion)
{
    *dispersion = (struct dispersion){.value = dispersion_prior};
}

double dispersion_used(const struct dispersion *dispersion)
{
    double n = (double)(dispersion->n_looks + DISPERSION_PRIOR);
    double used = dispersion->value * (1.0 + error_z * d_sqrt(2.0 / n));
    return used > 1.0 ? used : 1.0;
}

void dispersion_look(struct dispersion *dispersion, double look)
{
    if (!(look >= least)) { /* NaN as well. */
        return;
    }
    double largest = look_most * dispersion_used(dispersion);
    dispersion->n_looks += dispersion->n_looks < DISPERSION_MEMORY ? 1 : 0;
    double held = look < largest ? look : largest;
    held = held < most ? held : most;
    dispersion->value +=
        (held - dispersion->value) / (double)(dispersion->n_looks + DISPERSION_PRIOR);
}

/* Two-sample chi-square of one degree, with the factor that makes its mean 1 for given totals. */
static void compare(struct dispersion *dispersion, double k_a, double n_a, double k_b, double n_b)
{
    double k = k_a + k_b, n = n_a + n_b;
    if (k <= 0.0 || k >= n) { /* Nothing happened, or everything: no spread to learn from. */
        return;
    }
    double apart = k_a * n_b - k_b * n_a;
    dispersion_look(dispersion, apart * apart * (n - 1.0) / (n_a * n_b * k * (n - k)));
}

void dispersion_take(struct dispersion *dispersion, uint32_t occurrences, uint32_t n)
{
    if (n == 0) {
        return;
    }
    uint32_t happened = occurrences < n ? occurrences : n;
    if (dispersion->before_n > 0) {
        compare(dispersion, (double)dispersion->before, (double)dispersion->before_n,
                (double)happened, (double)n);
    }
    dispersion->before = happened;
    dispersion->before_n = n;
}

void dispersion_forget(struct dispersion *dispersion)
{
    dispersion->before = dispersion->before_n = 0;
}

void dispersion_visit(struct visit *visit, const char *name, struct dispersion *dispersion)
{
    visit_begin(visit, name, -1);
    visit_f64(visit, "value", &dispersion->value);
    visit_u32(visit, "n_looks", &dispersion->n_looks);
    visit_u32(visit, "before", &dispersion->before);
    visit_u32(visit, "before_n", &dispersion->before_n);
    visit_end(visit);
    if (!visit->reading) {
        return;
    }
    bool is_within = dispersion->value >= least && dispersion->value <= most;
    if (!is_within || dispersion->n_looks > DISPERSION_MEMORY) {
        dispersion_init(dispersion);
    }
}
