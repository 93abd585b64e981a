/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles and curves of times, some of which were still open. */
#include "reports/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/campaign/statistics.h"

enum { CURVE_POINTS_MAX = 400 };

/* Times as columns of milliseconds, ended and still open, in rising order. */
struct columns {
    const json_t *at, *ended, *open;
    size_t n;
    uint64_t n_samples, n_open;
};

static struct columns read_columns(struct reader *reader, const json_t *times, const char *name)
{
    const json_t *object = read_object(reader, times, name);
    struct columns columns = {.at = read_array(reader, object, "at_ms"),
                              .ended = read_array(reader, object, "ended"),
                              .open = read_array(reader, object, "open")};
    columns.n = json_array_size(columns.at);
    bool is_even =
        json_array_size(columns.ended) == columns.n && json_array_size(columns.open) == columns.n;
    if (!is_even) {
        read_fails(reader, "has columns of different lengths", name);
        columns.n = 0;
    }
    uint64_t before = 0;
    for (size_t i = 0; i < columns.n; i++) {
        uint64_t at = read_count_at(reader, columns.at, i);
        uint64_t n = read_count_at(reader, columns.ended, i),
                 n_open = read_count_at(reader, columns.open, i);
        bool is_wrong =
            (i > 0 && at <= before) || n > UINT32_MAX || n_open > UINT32_MAX || n + n_open == 0;
        if (is_wrong) {
            read_fails(reader, "is not in rising order", name);
        }
        before = at;
        columns.n_samples += n + n_open;
        columns.n_open += n_open;
    }
    if (columns.n_samples > UINT32_MAX) {
        read_fails(reader, "counts too many", name);
    }
    return columns;
}

static enum err quantiles_json(const struct columns *columns, json_t **ret_json, struct err_text *text)
{
    struct sample *samples = calloc(columns->n_samples + 1, sizeof(samples[0]));
    if (samples == NULL) {
        return err_set(text, ERR_INTERNAL, "report: out of memory");
    }
    size_t n = 0;
    for (size_t i = 0; i < columns->n; i++) {
        double seconds = (double)json_integer_value(json_array_get(columns->at, i)) * 1e-3;
        json_int_t n_ended = json_integer_value(json_array_get(columns->ended, i));
        json_int_t n_all = n_ended + json_integer_value(json_array_get(columns->open, i));
        for (json_int_t k = 0; k < n_all; k++) {
            samples[n++] = (struct sample){seconds, k >= n_ended};
        }
    }
    struct quantiles q = quantiles_of(samples, n);
    free(samples);
    *ret_json = json_object();
    set_json(*ret_json, "p50", number_json(q.p50));
    set_json(*ret_json, "p95", number_json(q.p95));
    set_json(*ret_json, "p99", number_json(q.p99));
    set_json(*ret_json, "n", count_json(q.n));
    set_json(*ret_json, "open", count_json(q.censored));
    return OK;
}

/* Kaplan-Meier estimate of the share that ended by then: [[seconds, share], ...], thinned to a few hundred steps, and its value at
 * the two lines that readers ask about. */
static json_t *curve_json(const struct columns *columns, double *ret_at_3_min, double *ret_at_5_min)
{
    json_t *curve = json_array();
    double survival = 1.0;
    uint64_t at_risk = columns->n_samples;
    size_t stride = columns->n / CURVE_POINTS_MAX + 1;
    *ret_at_3_min = *ret_at_5_min = 0.0;
    for (size_t i = 0; i < columns->n; i++) {
        double seconds = (double)json_integer_value(json_array_get(columns->at, i)) * 1e-3;
        uint64_t n_ended = (uint64_t)json_integer_value(json_array_get(columns->ended, i));
        uint64_t n_open = (uint64_t)json_integer_value(json_array_get(columns->open, i));
        survival *= 1.0 - (double)n_ended / (double)at_risk;
        at_risk -= n_ended + n_open;
        *ret_at_3_min = seconds <= 180.0 ? 1.0 - survival : *ret_at_3_min;
        *ret_at_5_min = seconds <= 300.0 ? 1.0 - survival : *ret_at_5_min;
        if (i % stride == 0 || i + 1 == columns->n) {
            (void)json_array_append_new(curve,
                                        json_pack("[f,f]", seconds, 1.0 - survival)); /* A point. */
        }
    }
    return curve;
}

enum err curves_put(struct reader *reader, const json_t *sums, const char *const *measures,
                    json_t *into)
{
    const json_t *times = read_object(reader, sums, "times");
    json_t *object = json_object();
    set_json(into, "times", object);
    for (int i = 0; measures[i] != NULL; i++) {
        struct columns columns = read_columns(reader, times, measures[i]);
        TRY(reader->err);
        json_t *one = NULL;
        TRY(quantiles_json(&columns, &one, reader->text));
        if (strcmp(measures[i], "response") == 0) {
            double at_3_min = 0.0, at_5_min = 0.0;
            set_json(into, "response_curve", curve_json(&columns, &at_3_min, &at_5_min));
            set_json(one, "by_3_min", number_json(columns.n > 0 ? at_3_min : NAN));
            set_json(one, "by_5_min", number_json(columns.n > 0 ? at_5_min : NAN));
        }
        set_json(object, measures[i], one);
    }
    return OK;
}
