/* SPDX-License-Identifier: Apache-2.0 */
/* Random values for every kind of field. */
#include "tests/lib/random_visit.h"

#include <string.h>

#include "core/types/record.h"

/* Uniform in the number of bits, so that every length of an encoding turns up. */
static uint64_t random_bits(struct random_visit *random)
{
    uint64_t n_bits = stream_below(&random->stream, 65);
    uint64_t value = stream_u64(&random->stream);
    return n_bits == 0 ? 0 : value >> (64 - n_bits);
}

static void random_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    struct random_visit *random = self;
    uint64_t drawn = random_bits(random);
    if (strcmp(name, "layers") == 0) { /* Verdicts of the layers, four bits each. */
        drawn = 0;
        for (int i = 0; i < N_LAYERS; i++) {
            drawn |= stream_below(&random->stream, N_LAYER_VERDICTS) << (4 * i);
        }
    }
    *value = max == UINT64_MAX ? drawn
             : drawn <= max    ? drawn
                               : stream_below(&random->stream, max + 1);
}

static void random_i64(void *self, const char *name, int64_t *value)
{
    struct random_visit *random = self;
    bool is_narrow = strcmp(name, "feature") == 0 || strcmp(name, "step_ppm") == 0 ||
                     strcmp(name, "threshold_ppm") == 0;
    uint64_t magnitude = random_bits(random) >> (is_narrow ? 33 : 1);
    *value = stream_chance(&random->stream, 0.5) ? (int64_t)magnitude : -(int64_t)magnitude - 1;
}

static void random_f64(void *self, const char *name, double *value)
{
    (void)name;
    struct random_visit *random = self;
    *value = stream_chance(&random->stream, 0.2) ? 0.0 : stream_normal(&random->stream) * 1e3;
}

static void random_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    (void)name;
    struct random_visit *random = self;
    size_t n_live = (size_t)stream_below(&random->stream, n + 1);
    for (size_t i = 0; i < n; i++) {
        values[i] = i < n_live ? (uint32_t)random_bits(random) : 0;
    }
}

static void random_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)name;
    struct random_visit *random = self;
    size_t room = sizeof(random->pool) - random->used;
    size_t most = max_bytes < room ? max_bytes : room;
    size_t n_bytes = (size_t)stream_below(&random->stream, most + 1);
    char *bytes = random->pool + random->used;
    for (size_t i = 0; i < n_bytes; i++) {
        bytes[i] =
            (char)(1 + stream_below(&random->stream, 255)); /* No NUL: some fields are C strings. */
    }
    random->used += n_bytes;
    *value = (struct slice){bytes, n_bytes};
}

static void random_begin(void *self, const char *name, int index)
{
    (void)self;
    (void)name;
    (void)index;
}

static void random_end(void *self) { (void)self; }

static const struct visit_ops random_ops = {
    .u64 = random_u64,
    .i64 = random_i64,
    .f64 = random_f64,
    .u32s = random_u32s,
    .bytes = random_bytes,
    .begin = random_begin,
    .end = random_end,
};

void random_visit_init(struct random_visit *random, uint64_t seed, uint64_t index)
{
    random->visit = (struct visit){.ops = &random_ops, .self = random, .reading = true};
    random->used = 0;
    stream_init(&random->stream, seed, "tests/random", index);
}
