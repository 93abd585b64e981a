/* SPDX-License-Identifier: Apache-2.0 */
/* Order of samples: runs put in order by insertion, then merged in pairs of doubling length. */
#include "core/detect/sample.h"

#include <string.h>

#include "core/base/assert.h"

enum { RUN = 16 };

static void sort_run(double *values, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        double moved = values[i];
        size_t at = i;
        while (at > 0 && values[at - 1] > moved) {
            values[at] = values[at - 1];
            at--;
        }
        values[at] = moved;
    }
}

static void merge(const double *left, size_t n_left, const double *right, size_t n_right, double *to)
{
    size_t i = 0, j = 0, at = 0;
    while (i < n_left && j < n_right) {
        to[at++] = right[j] < left[i] ? right[j++] : left[i++];
    }
    while (i < n_left) {
        to[at++] = left[i++];
    }
    while (j < n_right) {
        to[at++] = right[j++];
    }
}

void sample_sort(double *values, size_t n, double *buffer)
{
    for (size_t start = 0; start < n; start += RUN) {
        sort_run(values + start, n - start < RUN ? n - start : RUN);
    }
    double *from = values, *to = buffer;
    for (size_t width = RUN; width < n; width *= 2) {
        for (size_t start = 0; start < n; start += 2 * width) {
            size_t n_left = n - start < width ? n - start : width;
            size_t rest = n - start - n_left;
            size_t n_right = rest < width ? rest : width;
            merge(from + start, n_left, from + start + n_left, n_right, to + start);
        }
        double *swap = from;
        from = to;
        to = swap;
    }
    if (from != values) {
        memcpy(values, from, n * sizeof(*values));
    }
}

size_t sample_pair_scratch(size_t n, size_t m) { return n + m + (n > m ? n : m); }

struct sample_pair sample_pair_sort(const double *a, size_t n, const double *b, size_t m,
                                    double *scratch)
{
    ASSERT(n >= 1);
    ASSERT(m >= 1);
    double *sorted_a = scratch, *sorted_b = scratch + n, *buffer = scratch + n + m;
    memcpy(sorted_a, a, n * sizeof(*a));
    memcpy(sorted_b, b, m * sizeof(*b));
    sample_sort(sorted_a, n, buffer);
    sample_sort(sorted_b, m, buffer);
    return (struct sample_pair){sorted_a, sorted_b, n, m};
}

bool sample_pair_next(const struct sample_pair *pair, struct sample_group *group)
{
    size_t i = group->a_before + group->n_a, j = group->b_before + group->n_b;
    if (i == pair->n && j == pair->m) {
        return false;
    }
    bool is_a = j == pair->m || (i < pair->n && pair->a[i] <= pair->b[j]);
    double value = is_a ? pair->a[i] : pair->b[j];
    *group = (struct sample_group){.value = value, .a_before = i, .b_before = j};
    while (i + group->n_a < pair->n && pair->a[i + group->n_a] <= value) {
        group->n_a++;
    }
    while (j + group->n_b < pair->m && pair->b[j + group->n_b] <= value) {
        group->n_b++;
    }
    return true;
}
