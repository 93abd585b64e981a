/* SPDX-License-Identifier: Apache-2.0 */
/* Two results side by side, as ratios: machines differ, the distance to their limit less so. */
#include <math.h>
#include <string.h>

#include "bench/bench.h"

static double number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *words_of(const json_t *object, const char *name)
{
    const char *words = json_string_value(json_object_get(object, name));
    return words == NULL ? "" : words;
}

static const json_t *find(const json_t *results, const char *name)
{
    for (size_t i = 0; i < json_array_size(results); i++) {
        if (strcmp(words_of(json_array_get(results, i), "name"), name) == 0) {
            return json_array_get(results, i);
        }
    }
    return NULL;
}

/* Above 1: slower than before. NaN: not comparable. */
static double slower(const json_t *now, const json_t *before)
{
    double ours = number_of(now, "of_limit"), theirs = number_of(before, "of_limit");
    if (isfinite(ours) && isfinite(theirs)) {
        return ours / theirs;
    }
    bool is_rate = strstr(words_of(now, "unit"), "/s") != NULL;
    double a = number_of(now, "value"), b = number_of(before, "value");
    return is_rate ? b / a : a / b;
}

enum err bench_compare(json_t *now, const json_t *baseline, const char *path,
                       uint32_t *ret_regressions, struct err_text *ret_text)
{
    const json_t *before = json_object_get(baseline, "results");
    json_t *results = json_object_get(now, "results");
    uint32_t n_regressions = 0, n_compared = 0;
    if (!json_is_array(before)) {
        return err_set(ret_text, ERR_DATA, "%s: not a result of `steward bench --json`", path);
    }
    for (size_t i = 0; i < json_array_size(results); i++) {
        json_t *one = json_array_get(results, i);
        const json_t *its = find(before, words_of(one, "name"));
        if (its == NULL) {
            continue;
        }
        if (strcmp(words_of(its, "unit"), words_of(one, "unit")) != 0) {
            return err_set(ret_text, ERR_DATA, "%s: %s is in %s there and in %s here", path,
                           words_of(one, "name"), words_of(its, "unit"), words_of(one, "unit"));
        }
        double ratio = slower(one, its);
        if (!isfinite(ratio) || ratio <= 0.0) {
            return err_set(ret_text, ERR_DATA, "%s: %s has no positive value", path,
                           words_of(one, "name"));
        }
        bool is_regression = ratio > BENCH_TOLERANCE;
        n_compared++;
        n_regressions += is_regression ? 1 : 0;
        (void)json_object_set_new(one, "slower", json_real(ratio));                /* Shown. */
        (void)json_object_set_new(one, "regression", json_boolean(is_regression)); /* Shown. */
    }
    if (n_compared == 0) {
        return err_set(ret_text, ERR_DATA, "%s: holds none of the benchmarks that were run", path);
    }
    (void)json_object_set_new(now, "tolerance", json_real(BENCH_TOLERANCE));    /* Shown. */
    (void)json_object_set_new(now, "regressions", json_integer(n_regressions)); /* Shown. */
    *ret_regressions = n_regressions;
    return OK;
}
