/* SPDX-License-Identifier: Apache-2.0 */
/* ADWIN on fixed arrays. Each sum is made of the same operations in the same order as in the implementations named in the header, so it has
 * their bits, but not at the same time: values wait for the next look and enter the rows together, which leaves the same buckets, as a merge takes the
 * two oldest of a row whenever it happens. A look first screens the cuts by a bound that no change can miss, and only when one passes it are the
 * means compared as the implementations do. */
#include "core/detect/adwin.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

/* The screen. With u0 the sum of the n0 oldest values and c = total / W, (mean0 - mean1) n0 n1 / W = u0 - c n0. As m >= W / (n0 n1) in each
 * flavour, a change needs
 *     |u0 - c n0| > 2/3 d + sqrt(2 d D n0 n1) / W
 * with D the sum of squared deviations of the window. The left side and the compared means differ by roundings of at most 900 additions (the
 * buckets of all rows, 15 x 48, and a few) of numbers not above M + |total|, M the sum of absolute values: SCREEN_ROUNDING times that is more.
 * SCREEN_SLACK is far more than rounding can add to the right side. Beyond SCREEN_MAX the products could leave the range of a double and the
 * square root is left out, which only lets more pass. */
#define SCREEN_ROUNDING 0x1p-42
#define SCREEN_SLACK (1.0 - 0x1p-30)
#define SCREEN_MAX 1e250
#define SCREEN_MIN 1e-250

struct adwin_options adwin_defaults(void)
{
    return (struct adwin_options){.delta = 0.002,
                                  .look_every = 32,
                                  .max_buckets = 5,
                                  .min_window_length = 5,
                                  .grace_period = 10,
                                  .flavour = ADWIN_RIVER};
}

const char *adwin_wrong(const struct adwin_options *options)
{
    if (!(options->delta > 0.0 && options->delta <= 1.0)) {
        return "delta is in (0, 1]";
    }
    if (options->look_every < 1) {
        return "look_every is at least 1";
    }
    if (options->max_buckets < 2 || options->max_buckets > ADWIN_BUCKETS_MAX) {
        return "max_buckets is in 2 .. 15";
    }
    if (options->min_window_length < 1 || options->min_window_length > 1048576) {
        return "min_window_length is in 1 .. 1048576";
    }
    return NULL;
}

static void empty(struct adwin *adwin)
{
    adwin->n_rows = 1;
    adwin->until_look = adwin->options.look_every;
    adwin->n_waiting = 0;
    adwin->is_over = false;
    adwin->width = 0.0;
    adwin->total = 0.0;
    adwin->deviation = 0.0;
    adwin->magnitude = 0.0;
    adwin->spread = 0.0;
    adwin->spread_width = 0.0;
    adwin->rows[0].n = 0;
}

void adwin_init(struct adwin *adwin, const struct adwin_options *options)
{
    ASSERT(adwin_wrong(options) == NULL);
    memset(adwin, 0, sizeof(*adwin));
    adwin->options = *options;
    empty(adwin);
}

static double absolute(double x)
{
    return __builtin_fabs(x);
} /* One instruction; a call would cost more than a cut. */

static double size_of(uint32_t row) { return (double)(UINT64_C(1) << row); }

/* Buckets on their way into a row, oldest first, after those it has. */
struct arrival {
    uint32_t n;
    double totals[ADWIN_BUCKETS_MAX + ADWIN_WAITING_MAX];
    double deviations[ADWIN_BUCKETS_MAX + ADWIN_WAITING_MAX];
};

/* Merges the first 2 n buckets of from in pairs of `size` values each, behind those of to. */
static void merge(const struct arrival *from, uint32_t n, double size, struct arrival *to)
{
    double inverse = 1.0 / size, weight = size * size,
           half = 0.5 * inverse; /* Powers of two: scaling by them is exact. */
    double *totals = to->totals + to->n, *deviations = to->deviations + to->n;
    for (uint32_t k = 0; k < n; k++) {
        double older = from->totals[2 * k], newer = from->totals[2 * k + 1];
        double difference = older * inverse - newer * inverse;
        totals[k] = older + newer;
        deviations[k] = from->deviations[2 * k] + from->deviations[2 * k + 1] +
                        weight * difference * difference * half;
    }
    to->n += n;
}

static void load(const struct adwin_row *row, struct arrival *arrival)
{
    arrival->n = row->n;
    memcpy(arrival->totals, row->totals, sizeof(row->totals));
    memcpy(arrival->deviations, row->deviations, sizeof(row->deviations));
}

static void store(struct adwin_row *row, const struct arrival *arrival, uint32_t from)
{
    row->n = arrival->n - from;
    for (uint32_t k = 0; k < row->n; k++) {
        row->totals[k] = arrival->totals[from + k];
        row->deviations[k] = arrival->deviations[from + k];
    }
}

/* From the arrivals at row 0 on, each row keeps its newest and passes the rest up in pairs. */
static void settle_rows(struct adwin *adwin, struct arrival arrivals[2])
{
    uint32_t most = adwin->options.max_buckets;
    for (uint32_t i = 0;; i++) {
        const struct arrival *here = &arrivals[i % 2];
        struct arrival *above = &arrivals[(i + 1) % 2];
        uint32_t n_pairs = here->n > most ? (here->n - most + 1) / 2 : 0;
        if (n_pairs > 0) {
            ASSERT(i + 1 < ADWIN_ROWS);
            if (i + 1 == adwin->n_rows) {
                adwin->rows[adwin->n_rows++].n = 0;
            }
            load(&adwin->rows[i + 1], above);
            merge(here, n_pairs, size_of(i), above);
        }
        store(&adwin->rows[i], here, 2 * n_pairs);
        if (n_pairs == 0) {
            return;
        }
    }
}

void adwin_settle(struct adwin *adwin)
{
    struct arrival arrivals[2];
    struct arrival *first = &arrivals[0];
    load(&adwin->rows[0], first);
    double width = adwin->width, total = adwin->total, deviation = adwin->deviation;
    double magnitude = adwin->magnitude;
    for (uint32_t i = 0; i < adwin->n_waiting; i++) {
        double x = adwin->waiting[i], before = width;
        width = before + 1.0;
        double difference =
            x - total / (before > 0.0 ? before : 1.0); /* before = 0 weighs nothing below. */
        deviation += before * difference * difference / width;
        total += x;
        magnitude += absolute(x);
        first->totals[first->n] = x;
        first->deviations[first->n] = 0.0;
        first->n++;
    }
    adwin->width = width;
    adwin->total = total;
    adwin->deviation = deviation;
    adwin->magnitude = magnitude;
    adwin->n_waiting = 0;
    settle_rows(adwin, arrivals);
}

static void drop_oldest(struct adwin *adwin)
{
    uint32_t last = adwin->n_rows - 1;
    struct adwin_row *row = &adwin->rows[last];
    double size = size_of(last), total = row->totals[0];
    adwin->width -= size;
    adwin->total -= total;
    double difference = total / size - adwin->total / adwin->width;
    adwin->deviation -=
        row->deviations[0] + size * adwin->width * difference * difference / (size + adwin->width);
    row->n--;
    memmove(row->totals, row->totals + 1, row->n * sizeof(row->totals[0]));
    memmove(row->deviations, row->deviations + 1, row->n * sizeof(row->deviations[0]));
    if (row->n == 0) {
        adwin->n_rows--;
    }
}

static double spread_at(const struct adwin *adwin)
{
    return d_log(2.0 * d_log(adwin->width) / adwin->options.delta);
}

/* A bound from below of d: d grows with the width. */
static double spread_bound(struct adwin *adwin)
{
    bool is_known = adwin->spread_width > 0.0 && adwin->width >= adwin->spread_width &&
                    adwin->width < 2.0 * adwin->spread_width;
    if (!is_known) {
        adwin->spread = spread_at(adwin);
        adwin->spread_width = adwin->width;
    }
    return adwin->spread * SCREEN_SLACK;
}

/* False: no cut is a change. */
static bool may_change(struct adwin *adwin)
{
    double width = adwin->width, spread = spread_bound(adwin);
    double offset =
        2.0 / 3.0 * spread - SCREEN_ROUNDING * (adwin->magnitude + absolute(adwin->total));
    double slope = 2.0 * spread * adwin->deviation / (width * width) * SCREEN_SLACK;
    slope = slope < SCREEN_MAX / (width * width) && slope > SCREEN_MIN ? slope : 0.0;
    double mean = adwin->total / width;
    uint32_t n_spared = adwin->options.flavour == ADWIN_FROUROS ? 1 : 0;
    double n0 = 0.0, u0 = 0.0, excess = 0.0;
    for (uint32_t i = adwin->n_rows; i-- > 0;) {
        const struct adwin_row *row = &adwin->rows[i];
        double size = size_of(i);
        for (uint32_t k = 0; k + n_spared < row->n; k++) {
            n0 += size;
            u0 += row->totals[k];
            double gap = absolute(u0 - mean * n0) - offset;
            double over = gap * absolute(gap) - slope * n0 * (width - n0);
            excess = over > excess ? over : excess;
        }
    }
    return excess > 0.0;
}

/* A side shorter than this is no cut. */
static double shortest(const struct adwin_options *options)
{
    double least = (double)options->min_window_length;
    switch (options->flavour) {
    case ADWIN_RIVER:
        return least;
    case ADWIN_MOA:
        return least + 2.0;
    case ADWIN_FROUROS:
        return least + 1.0;
    }
    return least;
}

/* Looks at all cuts, with the operations of the implementations in their order. */
static bool has_change(const struct adwin *adwin)
{
    bool is_frouros = adwin->options.flavour == ADWIN_FROUROS;
    double least = shortest(&adwin->options), length = (double)adwin->options.min_window_length;
    double lost = is_frouros ? length + 1.0 : length - 1.0;
    double spread = spread_at(adwin), variance = adwin->deviation / adwin->width;
    double n0 = 0.0, n1 = adwin->width, u0 = 0.0, u1 = adwin->total;
    for (uint32_t i = adwin->n_rows; i-- > 0;) {
        const struct adwin_row *row = &adwin->rows[i];
        double size = size_of(i);
        bool is_short =
            is_frouros || i == 0; /* After the newest value of all there is no other side. */
        for (uint32_t k = 0; k + (is_short ? 1 : 0) < row->n; k++) {
            n0 += size;
            n1 -= size;
            u0 += row->totals[k];
            u1 -= row->totals[k];
            if (n0 < least || n1 < least || n0 <= lost || n1 <= lost) {
                continue;
            }
            double m = 1.0 / (n0 - lost) + 1.0 / (n1 - lost);
            double epsilon = d_sqrt(2.0 * m * variance * spread) + 2.0 / 3.0 * spread * m;
            if (absolute(u0 / n0 - u1 / n1) > epsilon) {
                return true;
            }
        }
    }
    return false;
}

static bool is_changed(struct adwin *adwin)
{
    return adwin->width >= 2.0 && may_change(adwin) && has_change(adwin);
}

static enum detect_signal look(struct adwin *adwin)
{
    adwin->until_look = adwin->options.look_every;
    if (adwin->width <= (double)adwin->options.grace_period || !is_changed(adwin)) {
        return DETECT_NONE;
    }
    do {
        drop_oldest(adwin);
    } while (is_changed(adwin));
    adwin->n_alarms++;
    adwin->is_over = adwin->options.flavour == ADWIN_RIVER;
    return DETECT_DRIFT;
}

enum detect_signal adwin_step(struct adwin *adwin, double x)
{
    if (adwin->is_over) {
        empty(adwin);
    }
    adwin->waiting[adwin->n_waiting++] = x;
    if (--adwin->until_look == 0) {
        adwin_settle(adwin);
        return look(adwin);
    }
    if (adwin->n_waiting == ADWIN_WAITING_MAX) {
        adwin_settle(adwin);
    }
    return DETECT_NONE;
}

double adwin_statistic(const struct adwin *adwin)
{
    double total = adwin->total;
    for (uint32_t i = 0; i < adwin->n_waiting; i++) {
        total += adwin->waiting[i];
    }
    double width = adwin->width + (double)adwin->n_waiting;
    return width > 0.0 ? total / width : 0.0;
}
