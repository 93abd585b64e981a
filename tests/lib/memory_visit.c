/* SPDX-License-Identifier: Apache-2.0 */
/* A tape of the values of a visit. */
#include "tests/lib/memory_visit.h"

#include <string.h>

static void swap(struct memory_visit *memory, void *value, size_t n_bytes)
{
    if (memory->at >= MEMORY_VISIT_VALUES ||
        (memory->visit.reading && memory->at >= memory->n_values)) {
        memory->visit.failed = true;
        return;
    }
    uint64_t *cell = &memory->values[memory->at++];
    if (memory->visit.reading) {
        memcpy(value, cell, n_bytes);
        return;
    }
    *cell = 0;
    memcpy(cell, value, n_bytes);
    memory->n_values = memory->at;
}

static void put_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)name;
    struct memory_visit *memory = self;
    swap(memory, value, sizeof(*value));
    memory->visit.failed = memory->visit.failed || *value > max;
}

static void put_i64(void *self, const char *name, int64_t *value)
{
    (void)name;
    swap(self, value, sizeof(*value));
}

static void put_f64(void *self, const char *name, double *value)
{
    (void)name;
    swap(self, value, sizeof(*value));
}

static void put_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    (void)name;
    for (size_t i = 0; i < n; i++) {
        swap(self, &values[i], sizeof(values[i]));
    }
}

static void put_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)name;
    struct memory_visit *memory = self;
    swap(memory, &value->bytes, sizeof(value->bytes));
    swap(memory, &value->n_bytes, sizeof(value->n_bytes));
    memory->visit.failed = memory->visit.failed || value->n_bytes > max_bytes;
}

static void begin(void *self, const char *name, int index)
{
    (void)self;
    (void)name;
    (void)index;
}

static void end(void *self) { (void)self; }

static const struct visit_ops ops = {.u64 = put_u64,
                                     .i64 = put_i64,
                                     .f64 = put_f64,
                                     .u32s = put_u32s,
                                     .bytes = put_bytes,
                                     .begin = begin,
                                     .end = end};

void memory_visit_init(struct memory_visit *memory)
{
    memory->visit = (struct visit){.ops = &ops, .self = memory};
    memory->n_values = memory->at = 0;
}

void memory_visit_rewind(struct memory_visit *memory)
{
    memory->visit.reading = true;
    memory->at = 0;
}

bool memory_visit_is_done(const struct memory_visit *memory)
{
    return !memory->visit.failed && memory->at == memory->n_values;
}
