/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of the event queue: what a simulated world pays for each event. */
#include <stdlib.h>

#include "bench/case.h"
#include "bench/limits.h"
#include "core/formats/fingerprint.h"
#include "sim/engine/engine.h"

enum {
    HOLDS = 1000000,
    EVENTS = 1000000,
    SHOP_HORIZON_DAYS = 300 /* Beyond the last event of the shop. */
};

static enum err open_memory(struct bench *bench, void **ret_memory)
{
    *ret_memory = aligned_alloc(16, (engine_size() + 15) / 16 * 16);
    return *ret_memory != NULL ? OK : err_set(bench->text, ERR_INTERNAL, "bench: out of memory");
}

static enum err hold(struct bench *bench, struct timing *ret_timing)
{
    void *memory = NULL;
    TRY(open_memory(bench, &memory));
    struct engine *engine = engine_init(memory, INT64_MAX - 1);
    uint64_t k = 0;
    for (uint64_t i = 0; i < bench->now->size; i++) {
        (void)engine_at(engine, (int64_t)bench->increments[k++ % INCREMENTS],
                        (struct occurrence){.number = (uint32_t)i});
    }
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < HOLDS; i++) {
        struct occurrence occurrence;
        bool is_there = engine_next(engine, &occurrence);
        bench->sink += is_there ? occurrence.number : 1;
        (void)engine_at(engine, engine_now(engine) + (int64_t)bench->increments[k++ % INCREMENTS],
                        occurrence);
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, HOLDS};
    free(memory);
    return OK;
}

static enum err hold_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_hold(bench->increments, (uint32_t)bench->now->size, HOLDS);
    *ret_timing = (struct timing){bench_cpu_s() - began, HOLDS};
    return OK;
}

struct shop {
    struct engine *engine;
    const uint64_t *increments;
    uint64_t k, waiting;
};
enum { ARRIVES, LEAVES };

/* One server with a queue, through the engine's door: the event that is handled. */
static uint32_t serve(struct shop *shop)
{
    struct occurrence occurrence;
    bool is_there = engine_next(shop->engine, &occurrence);
    int64_t now = engine_now(shop->engine);
    bool is_arrival = is_there && occurrence.kind == ARRIVES;
    bool serves = is_arrival ? shop->waiting++ == 0 : --shop->waiting > 0;
    if (is_arrival) {
        (void)engine_at(shop->engine, now + (int64_t)shop->increments[shop->k++ % INCREMENTS],
                        (struct occurrence){.kind = ARRIVES});
    }
    if (serves) {
        (void)engine_at(shop->engine, now + (int64_t)shop->increments[shop->k++ % INCREMENTS] / 2,
                        (struct occurrence){.kind = LEAVES});
    }
    return occurrence.kind;
}

static void open_shop(struct bench *bench, void *memory, struct shop *ret_shop)
{
    *ret_shop = (struct shop){.engine = engine_init(memory, SHOP_HORIZON_DAYS * NS_PER_DAY),
                              .increments = bench->increments};
    (void)engine_at(ret_shop->engine, 1, (struct occurrence){.kind = ARRIVES});
}

static enum err queue(struct bench *bench, struct timing *ret_timing)
{
    void *memory = NULL;
    TRY(open_memory(bench, &memory));
    struct shop shop;
    open_shop(bench, memory, &shop);
    uint64_t sum = 0;
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < EVENTS; i++) {
        sum += serve(&shop);
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, EVENTS};
    bench->sink += sum;
    free(memory);
    return OK;
}

static enum err queue_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_queue(bench->increments, EVENTS);
    *ret_timing = (struct timing){bench_cpu_s() - began, EVENTS};
    return OK;
}

/* Each event becomes a record of 64 bytes in the running fingerprint. */
static enum err audited(struct bench *bench, struct timing *ret_timing)
{
    void *memory = NULL;
    TRY(open_memory(bench, &memory));
    struct shop shop;
    open_shop(bench, memory, &shop);
    struct digest128 chain = fingerprint_begin_run(0, 0, 1);
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < EVENTS; i++) {
        uint32_t kind = serve(&shop);
        uint64_t record[8] = {
            i, (uint64_t)engine_now(shop.engine), kind, shop.waiting, shop.k, chain.hi, 0, 0};
        chain = fingerprint_add(chain, (const uint8_t *)record, sizeof(record), NULL, 0);
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, EVENTS};
    bench->sink += chain.lo;
    free(memory);
    return OK;
}

static enum err audited_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_audited(bench->increments, EVENTS);
    *ret_timing = (struct timing){bench_cpu_s() - began, EVENTS};
    return OK;
}

/* Size: occurrences in the queue; a busy episode has about 100. */
static const struct bench_case cases[] = {
    {.name = "engine_hold", .unit = "ns", .scale = SCALE_NS, .run = hold, .limit = hold_limit, .size = 100},
    {.name = "engine_hold_10",
     .unit = "ns",
     .scale = SCALE_NS,
     .run = hold,
     .limit = hold_limit,
     .size = 10},
    {.name = "engine_hold_500",
     .unit = "ns",
     .scale = SCALE_NS,
     .run = hold,
     .limit = hold_limit,
     .size = 500},
    {.name = "queue_events",
     .unit = "events/s",
     .scale = SCALE_PER_SECOND,
     .run = queue,
     .limit = queue_limit},
    {.name = "audited_events",
     .unit = "events/s",
     .scale = SCALE_PER_SECOND,
     .run = audited,
     .limit = audited_limit},
};
const struct bench_table bench_events = {cases, sizeof(cases) / sizeof(cases[0])};
