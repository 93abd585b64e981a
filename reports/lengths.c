/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths of time, kept one by one and listed by value. */
#include "reports/lengths.h"

#include <stdlib.h>

#include "core/types/limits.h"
#include "reports/reader.h"

enum {
    EXACT_TIMES_MAX =
        20000 /* Distinct milliseconds that are listed one by one; beyond it whole seconds are. */
};

enum err lengths_put(struct lengths *lengths, int64_t from, int64_t to, int64_t horizon,
                     struct err_text *ret_text)
{
    if (from == NEVER) {
        return OK;
    }
    if (lengths->n == lengths->capacity) {
        size_t capacity = lengths->capacity == 0 ? 256 : 2 * lengths->capacity;
        uint64_t *values = realloc(lengths->values, capacity * sizeof(values[0]));
        if (values == NULL) {
            return err_set(ret_text, ERR_INTERNAL, "report: out of memory");
        }
        lengths->values = values;
        lengths->capacity = capacity;
    }
    bool is_open = to == NEVER;
    int64_t length_ns = (is_open ? horizon : to) - from;
    uint64_t length_ms = length_ns <= 0 ? 0 : (uint64_t)(length_ns + NS_PER_MS / 2) / NS_PER_MS;
    lengths->values[lengths->n++] = 2 * length_ms + (is_open ? 1 : 0);
    return OK;
}

void lengths_close(struct lengths *lengths) { free(lengths->values); }

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static size_t count_distinct(const struct lengths *lengths)
{
    size_t n = 0;
    for (size_t i = 0; i < lengths->n; i++) {
        n += i == 0 || lengths->values[i] != lengths->values[i - 1] ? 1 : 0;
    }
    return n;
}

/* Rounds to whole seconds, up, so that nothing looks faster than it was. */
static void coarsen(struct lengths *lengths)
{
    for (size_t i = 0; i < lengths->n; i++) {
        uint64_t length_ms = lengths->values[i] / 2, is_open = lengths->values[i] % 2;
        lengths->values[i] = 2 * ((length_ms + 999) / 1000 * 1000) + is_open;
    }
}

json_t *lengths_json(struct lengths *lengths)
{
    if (lengths->n > 0) {
        qsort(lengths->values, lengths->n, sizeof(lengths->values[0]), by_value);
    }
    if (count_distinct(lengths) > EXACT_TIMES_MAX) {
        coarsen(lengths);
    }
    json_t *at = json_array(), *ended = json_array(), *open = json_array();
    for (size_t i = 0; i < lengths->n;) {
        uint64_t length_ms = lengths->values[i] / 2, n[2] = {0, 0};
        while (i < lengths->n && lengths->values[i] / 2 == length_ms) {
            n[lengths->values[i++] % 2]++;
        }
        (void)json_array_append_new(
            at, count_json(length_ms)); /* Columns of other lengths are refused on reading. */
        (void)json_array_append_new(ended, count_json(n[0]));
        (void)json_array_append_new(open, count_json(n[1]));
    }
    json_t *object = json_object();
    set_json(object, "at_ms", at);
    set_json(object, "ended", ended);
    set_json(object, "open", open);
    return object;
}
