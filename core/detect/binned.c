/* SPDX-License-Identifier: Apache-2.0 */
/* Bets on events of binned counts: sums of likelihood ratios that cannot grow on average while what is tolerated holds. */
#include "core/detect/binned.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static const double sum_max = 1e12;
/* A ratio above e^60 counts as that much, and one below e^-40 as nothing: both make the e-process smaller. */
static const double exponent_large = 60.0, exponent_small = -40.0;
static const double weight_scale = 2.1098; /* Sum of 1 / (n ln^2 n), n = 2, 3, ...: 2.10974. */
static const double share_floor = 0.005, share_alternative = 0.015; /* Of the rows. */
static const double sampling_z = 3.0;
enum {
    LOOKS_WARM = 64, /* Until then any two windows in a row are looked at, */
    LOOK_EVERY = 8   /* then the first two of so many. */
};

double e_process_weight(uint64_t window)
{
    ASSERT(window >= 1);
    double n = (double)window + 1.0, log_n = d_log(n);
    return 1.0 / (weight_scale * n * log_n * log_n);
}

static double hold(double value, double low, double high)
{
    if (!(value > low)) { /* NaN as well. */
        return low;
    }
    return value < high ? value : high;
}

/* What an occurrence gains above a non-occurrence, and what a non-occurrence loses. */
static void weigh(double p0, double p1, double *ret_gain, double *ret_loss)
{
    if (!(p1 > p0)) {
        *ret_gain = 0.0;
        *ret_loss = -1.0;
        return;
    }
    double null = hold(p0, 1e-6, 1.0 - 1e-6), alternative = hold(p1, 1e-6, 1.0 - 1e-6);
    *ret_loss = d_log((1.0 - alternative) / (1.0 - null));
    *ret_gain = d_log(alternative / null) - *ret_loss;
}

/* (sum + weight) times the likelihood ratio of the window. A start before a window that speaks against it is worth less than one after it, so
 * that it need not be kept; leaving it out makes the e-process smaller, which keeps it one. */
static double grown(double sum, uint64_t window, double exponent)
{
    if ((exponent <= 0.0 && sum <= 0.0) || exponent <= exponent_small) {
        return 0.0;
    }
    double weight = e_process_weight(window);
    double value = (sum + weight) * d_exp(exponent < exponent_large ? exponent : exponent_large);
    if (exponent <= 0.0 && value <= weight) {
        return 0.0;
    }
    return value < sum_max ? value : sum_max;
}

void bet_place(struct bet *bet, double p0, double p1) { weigh(p0, p1, &bet->gain, &bet->loss); }

double bet_step(struct bet *bet, uint64_t occurrences, uint64_t n, uint64_t window,
                const struct dispersion *dispersion)
{
    if (n == 0) {
        return bet->sum;
    }
    double happened = (double)(occurrences < n ? occurrences : n);
    double exponent = happened * bet->gain + (double)n * bet->loss;
    if (exponent <= 0.0 && bet->sum <= 0.0) { /* Almost always. */
        return bet->sum = 0.0;
    }
    bet->sum = grown(bet->sum, window, exponent / dispersion_used(dispersion));
    return bet->sum;
}

double bet_once(double p0, double p1, uint64_t occurrences, uint64_t n)
{
    double gain, loss;
    weigh(p0, p1, &gain, &loss);
    double happened = (double)(occurrences < n ? occurrences : n);
    double exponent = happened * gain + (double)n * loss;
    double ratio = d_exp(exponent < exponent_large ? exponent : exponent_large);
    return ratio < sum_max ? ratio : sum_max;
}

void binned_init(struct binned *binned)
{
    *binned = (struct binned){.is_moving = false};
    dispersion_init(&binned->dispersion);
}

void binned_reset(struct binned *binned)
{
    for (uint32_t i = 0; i < BINNED_EVENTS; i++) {
        binned->sums[i] = 0.0;
    }
    binned->is_moving = false;
}

/* Shares of the events: lower tails, upper tails, inner cells. */
static void events_of(const double cells[BINNED_CELLS], double events[BINNED_EVENTS])
{
    double below = 0.0, above = 0.0;
    for (uint32_t i = 0; i < BINNED_TAILS; i++) {
        below += cells[i];
        above += cells[BINNED_CELLS - 1 - i];
        events[i] = below;
        events[BINNED_TAILS + i] = above;
    }
    for (uint32_t i = 1; i + 1 < BINNED_CELLS; i++) {
        events[2 * BINNED_TAILS + i - 1] = cells[i];
    }
}

static void normalise(const double shares[BINNED_CELLS], double ret_cells[BINNED_CELLS])
{
    double total = 0.0;
    for (uint32_t i = 0; i < BINNED_CELLS; i++) {
        ret_cells[i] = shares[i] > 0.0 ? shares[i] : 0.0;
        total += ret_cells[i];
    }
    for (uint32_t i = 0; i < BINNED_CELLS; i++) {
        ret_cells[i] = total > 0.0 ? ret_cells[i] / total : 0.0;
    }
}

void binned_refer(struct binned *binned, const double shares[BINNED_CELLS], uint64_t rows,
                  const double *let_be, double tolerated, double alternative)
{
    double cells[BINNED_CELLS], events[BINNED_EVENTS], also[BINNED_EVENTS] = {0.0};
    normalise(shares, cells);
    events_of(cells, events);
    if (let_be != NULL) {
        normalise(let_be, cells);
        events_of(cells, also);
    }
    double n = (double)rows;
    for (uint32_t i = 0; i < BINNED_EVENTS; i++) {
        if (rows == 0) {
            weigh(1.0, 0.0, &binned->gains[i], &binned->losses[i]);
            continue;
        }
        double q = (events[i] * n + 0.5) / (n + 1.0);
        q += sampling_z * d_sqrt(q * (1.0 - q) / n);
        q = hold(also[i] > q ? also[i] : q, 0.0, 1.0 - 1e-9);
        double z = d_normal_quantile(q);
        double p0 = d_normal_cdf(z + tolerated), p1 = d_normal_cdf(z + alternative);
        weigh(p0 > share_floor ? p0 : share_floor, p1 > share_alternative ? p1 : share_alternative,
              &binned->gains[i], &binned->losses[i]);
    }
}

/* Two-sample chi-square of two windows less its degrees of freedom, and 1: should all that is too much of it be in one direction, that one varies so
 * much. */
static double difference_of(const uint32_t *a, const uint32_t *b)
{
    double n_a = 0.0, n_b = 0.0, sum = 0.0, degrees = -1.0;
    for (uint32_t i = 0; i < BINNED_CELLS; i++) {
        n_a += (double)a[i];
        n_b += (double)b[i];
    }
    double ratio = d_sqrt(n_b / n_a);
    for (uint32_t i = 0; i < BINNED_CELLS; i++) {
        double both = (double)a[i] + (double)b[i];
        if (both > 0.0) {
            double apart = (double)a[i] * ratio - (double)b[i] / ratio;
            sum += apart * apart / both;
            degrees += 1.0;
        }
    }
    return 1.0 + sum - degrees;
}

static bool has_rows(const uint32_t *cells)
{
    bool has = false;
    for (uint32_t i = 0; i < BINNED_CELLS; i++) {
        has = has || cells[i] > 0;
    }
    return has;
}

void binned_learn(struct binned *binned, const uint32_t cells[BINNED_CELLS], uint64_t window)
{
    if (!has_rows(cells)) {
        return;
    }
    bool is_warm = binned->dispersion.n_looks >= LOOKS_WARM;
    if ((!is_warm || window % LOOK_EVERY == 1) && has_rows(binned->before)) {
        dispersion_look(&binned->dispersion, difference_of(binned->before, cells));
    }
    if (!is_warm || window % LOOK_EVERY == 0) {
        for (uint32_t i = 0; i < BINNED_CELLS; i++) {
            binned->before[i] = cells[i];
        }
    }
}

void binned_part(struct binned *binned)
{
    for (uint32_t i = 0; i < BINNED_CELLS; i++) {
        binned->before[i] = 0;
    }
}

double binned_step(struct binned *binned, const uint32_t cells[BINNED_CELLS], uint64_t window)
{
    uint32_t events[BINNED_EVENTS], below = 0;
    for (uint32_t i = 0; i < BINNED_TAILS; i++) {
        below += cells[i];
        events[i] = below;
    }
    uint32_t all = below + cells[BINNED_CELLS - 1];
    ASSERT(all >= below); /* The caller has looked at the counts. */
    for (uint32_t i = 0; i < BINNED_TAILS; i++) {
        events[BINNED_TAILS + i] = all - events[BINNED_TAILS - 1 - i];
    }
    for (uint32_t i = 1; i + 1 < BINNED_CELLS; i++) {
        events[2 * BINNED_TAILS + i - 1] = cells[i];
    }
    double exponents[BINNED_EVENTS], rows = (double)all;
    uint32_t n_gaining = 0;
    for (uint32_t i = 0; i < BINNED_EVENTS; i++) {
        exponents[i] = (double)events[i] * binned->gains[i] + rows * binned->losses[i];
        n_gaining += exponents[i] > 0.0 ? 1 : 0;
    }
    if (n_gaining == 0 && !binned->is_moving) {
        return 0.0;
    }
    double total = 0.0, power = 1.0 / dispersion_used(&binned->dispersion);
    for (uint32_t i = 0; i < BINNED_EVENTS && all > 0; i++) {
        binned->sums[i] = grown(binned->sums[i], window, power * exponents[i]);
        total += binned->sums[i];
    }
    binned->is_moving = all > 0 ? total > 0.0 : binned->is_moving;
    return all > 0 ? total / (double)BINNED_EVENTS : binned_value(binned);
}

double binned_value(const struct binned *binned)
{
    double total = 0.0;
    for (uint32_t i = 0; i < BINNED_EVENTS; i++) {
        total += binned->sums[i];
    }
    return total / (double)BINNED_EVENTS;
}

void binned_visit(struct visit *visit, const char *name, struct binned *binned)
{
    visit_begin(visit, name, -1);
    visit_bool(visit, "is_moving", &binned->is_moving);
    for (uint32_t i = 0; i < BINNED_EVENTS && binned->is_moving; i++) {
        visit_f64(visit, "sum", &binned->sums[i]);
    }
    dispersion_visit(visit, "dispersion", &binned->dispersion);
    visit_u32s(visit, "before", binned->before, BINNED_CELLS);
    visit_end(visit);
    if (!visit->reading) {
        return;
    }
    for (uint32_t i = 0; i < BINNED_EVENTS; i++) {
        binned->sums[i] = binned->is_moving ? hold(binned->sums[i], 0.0, sum_max) : 0.0;
    }
}
