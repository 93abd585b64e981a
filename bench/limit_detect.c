/* SPDX-License-Identifier: Apache-2.0 */
/* Bare loops of detection: the formulas alone, with the libm of this machine, without options, states to save or other tails of distributions. */
#include "bench/limits.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

double limit_psi(size_t n_bins, uint64_t n)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        for (size_t b = 0; b < n_bins; b++) {
            double p = 0.01 + (double)((i + 7 * b) & 63), q = 0.02 + (double)(b + 1);
            sum += (p - q) * log(p / q);
        }
    }
    return sum;
}

double limit_sums(uint64_t n)
{
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    for (uint64_t i = 0; i < n; i++) {
        double failures = (double)(i & 7), others = 60.0 - failures;
        for (int k = 0; k < 4; k++) {
            double weight = 0.2 + 0.1 * k;
            sums[k] = (sums[k] + 1.0) * exp(failures * weight - others * 0.05 * weight);
            sums[k] = sums[k] > 1e12 ? 1e12 : sums[k];
        }
    }
    return sums[0] + sums[1] + sums[2] + sums[3];
}

/* ADWIN with buckets of at most ROW_MAX a row, looked at every 32nd value, newest cuts last (Bifet and Gavalda 2007). */
enum { ROW_MAX = 5, ROWS = 40, LOOK_EVERY = 32, NARROWEST = 10, PART_LEAST = 5 };
static const double adwin_delta = 0.002;

struct row {
    double totals[ROW_MAX + 1], deviations[ROW_MAX + 1];
    int n;
};
struct window {
    struct row rows[ROWS];
    int n_rows;
    double width, total, deviation;
};

/* Values in a bucket of the row. */
static double size_of(int row) { return (double)(UINT64_C(1) << row); }

static void add_value(struct window *window, double x)
{
    struct row *first = &window->rows[0];
    first->totals[first->n] = x;
    first->deviations[first->n++] = 0.0;
    window->width += 1.0;
    if (window->width > 1.0) {
        double difference = x - window->total / (window->width - 1.0);
        window->deviation += (window->width - 1.0) * difference * difference / window->width;
    }
    window->total += x;
}

/* Two oldest buckets of a full row become one of the next. */
static void merge_rows(struct window *window)
{
    for (int i = 0; window->rows[i].n == ROW_MAX + 1; i++) {
        struct row *row = &window->rows[i], *next = &window->rows[i + 1];
        if (i + 1 == window->n_rows) {
            window->n_rows++;
            next->n = 0;
        }
        double size = size_of(i), difference = (row->totals[0] - row->totals[1]) / size;
        next->totals[next->n] = row->totals[0] + row->totals[1];
        next->deviations[next->n++] =
            row->deviations[0] + row->deviations[1] + size * 0.5 * difference * difference;
        for (int k = 2; k <= ROW_MAX; k++) {
            row->totals[k - 2] = row->totals[k];
            row->deviations[k - 2] = row->deviations[k];
        }
        row->n -= 2;
    }
}

static void drop_oldest(struct window *window)
{
    struct row *row = &window->rows[window->n_rows - 1];
    double size = size_of(window->n_rows - 1), mean = row->totals[0] / size;
    window->width -= size;
    window->total -= row->totals[0];
    double difference = mean - window->total / window->width;
    window->deviation -=
        row->deviations[0] + size * window->width * difference * difference / (size + window->width);
    for (int k = 1; k <= ROW_MAX; k++) {
        row->totals[k - 1] = row->totals[k];
        row->deviations[k - 1] = row->deviations[k];
    }
    row->n--;
    window->n_rows -= row->n == 0 ? 1 : 0;
}

static bool has_cut(const struct window *window)
{
    double n0 = 0.0, n1 = window->width, total0 = 0.0, total1 = window->total;
    double spread = log(2.0 * log(window->width) / adwin_delta);
    double variance = 2.0 * window->deviation / window->width * spread;
    for (int i = window->n_rows - 1; i >= 0; i--) {
        double size = size_of(i);
        for (int k = 0; k < window->rows[i].n - 1; k++) {
            n0 += size;
            n1 -= size;
            total0 += window->rows[i].totals[k];
            total1 -= window->rows[i].totals[k];
            if (n0 >= PART_LEAST && n1 >= PART_LEAST) {
                double m = 1.0 / (n0 - PART_LEAST + 1) + 1.0 / (n1 - PART_LEAST + 1);
                double least = sqrt(m * variance) + 2.0 / 3.0 * spread * m;
                if (fabs(total0 / n0 - total1 / n1) > least) {
                    return true;
                }
            }
        }
    }
    return false;
}

uint64_t limit_adwin(const double *x, uint64_t n)
{
    struct window *window = calloc(1, sizeof(*window));
    uint64_t n_changes = 0;
    if (window == NULL) {
        return 0;
    }
    window->n_rows = 1;
    for (uint64_t i = 0; i < n; i++) {
        add_value(window, x[i % SAMPLES]);
        merge_rows(window);
        bool is_look = (i + 1) % LOOK_EVERY == 0, is_change = false;
        while (is_look && window->width > NARROWEST && has_cut(window)) {
            drop_oldest(window);
            is_change = true;
        }
        n_changes += is_change ? 1 : 0;
    }
    free(window);
    return n_changes;
}

uint64_t limit_page_hinkley(const double *x, uint64_t n)
{
    double mean = 0.0, sum = 0.0, least = 0.0;
    uint64_t n_alarms = 0;
    for (uint64_t i = 0; i < n; i++) {
        double value = x[i % SAMPLES];
        mean += (value - mean) / (double)(i + 1);
        sum += value - mean - 0.005;
        least = sum < least ? sum : least;
        n_alarms += sum - least > 5000.0 ? 1 : 0;
    }
    return n_alarms + (sum > 0.0 ? 1 : 0);
}

uint64_t limit_ddm(const double *errors, uint64_t n)
{
    double p = 0.0, p_min = 1e9, s_min = 1e9;
    uint64_t n_alarms = 0;
    for (uint64_t i = 0; i < n; i++) {
        p += (errors[i % SAMPLES] - p) / (double)(i + 1);
        double s = sqrt(p * (1.0 - p) / (double)(i + 1));
        if (i >= 30) {
            bool is_least = p + s < p_min + s_min;
            p_min = is_least ? p : p_min;
            s_min = is_least ? s : s_min;
            n_alarms += p + s > p_min + 3.0 * s_min ? 1 : 0;
        }
    }
    return n_alarms;
}

/* KSWIN by the book: draw and sort both samples at every value. */
enum { KSWIN_WINDOW = 100, KSWIN_STAT = 30, KSWIN_OLDER = KSWIN_WINDOW - KSWIN_STAT };

static void sort_few(double *values, int n)
{
    for (int i = 1; i < n; i++) {
        double value = values[i];
        int k = i;
        for (; k > 0 && values[k - 1] > value; k--) {
            values[k] = values[k - 1];
        }
        values[k] = value;
    }
}

static int distance_of(const double *a, const double *b, int n)
{
    int i = 0, j = 0, most = 0;
    while (i < n && j < n) {
        if (a[i] <= b[j]) {
            i++;
        } else {
            j++;
        }
        most = abs(i - j) > most ? abs(i - j) : most;
    }
    return most;
}

uint64_t limit_kswin(const double *x, uint64_t n)
{
    uint64_t state = 42, n_alarms = 0;
    for (uint64_t i = KSWIN_WINDOW; i < n; i++) {
        double older[KSWIN_STAT], newer[KSWIN_STAT];
        uint8_t places[KSWIN_OLDER];
        for (int k = 0; k < KSWIN_OLDER; k++) {
            places[k] = (uint8_t)k;
        }
        for (int k = 0; k < KSWIN_STAT; k++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            int other = k + (int)(((state >> 32) * (uint64_t)(KSWIN_OLDER - k)) >> 32);
            uint8_t place = places[other];
            places[other] = places[k];
            older[k] = x[(i - KSWIN_WINDOW + place) % SAMPLES];
            newer[k] = x[(i - KSWIN_STAT + (uint64_t)k) % SAMPLES];
        }
        sort_few(older, KSWIN_STAT);
        sort_few(newer, KSWIN_STAT);
        n_alarms += distance_of(older, newer, KSWIN_STAT) >= 14 ? 1 : 0;
    }
    return n_alarms;
}

/* Doubles in order by the eight bytes of their bits, least first. */
static void radix_sort(uint64_t *keys, uint64_t *other, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t mask = (keys[i] >> 63) != 0 ? UINT64_MAX : UINT64_C(1) << 63;
        keys[i] ^= mask;
    }
    for (int shift = 0; shift < 64; shift += 8) {
        size_t counts[256] = {0}, at = 0;
        for (size_t i = 0; i < n; i++) {
            counts[keys[i] >> shift & 255]++;
        }
        for (int b = 0; b < 256; b++) {
            size_t count = counts[b];
            counts[b] = at;
            at += count;
        }
        for (size_t i = 0; i < n; i++) {
            other[counts[keys[i] >> shift & 255]++] = keys[i];
        }
        uint64_t *swap = keys;
        keys = other;
        other = swap;
    }
}

double limit_ks(const double *a, size_t n, const double *b, size_t m)
{
    uint64_t *keys = malloc(2 * (n + m) * sizeof(*keys));
    double largest = 0.0;
    if (keys == NULL) {
        return NAN;
    }
    uint64_t *first = keys, *second = keys + n;
    memcpy(first, a, n * sizeof(*first));
    memcpy(second, b, m * sizeof(*second));
    radix_sort(first, keys + n + m, n);
    radix_sort(second, keys + n + m, m);
    for (size_t i = 0, j = 0; i < n && j < m;) {
        uint64_t x = first[i] < second[j] ? first[i] : second[j];
        while (i < n && first[i] == x) {
            i++;
        }
        while (j < m && second[j] == x) {
            j++;
        }
        double difference = fabs((double)i / (double)n - (double)j / (double)m);
        largest = difference > largest ? difference : largest;
    }
    free(keys);
    return largest;
}
