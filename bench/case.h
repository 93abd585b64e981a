/* SPDX-License-Identifier: Apache-2.0 */
/* What a case of the bench is, and the tables of cases, one a file. */
#ifndef BENCH_CASE_H
#define BENCH_CASE_H

#include "bench/bench.h"
#include "core/base/err.h"
#include "core/steward.h"

struct bench_case;

/* What cases may work on; made once for all of them. */
struct bench {
    const struct bench_request *request;
    const struct bench_case *now; /* The one that is running. */
    uint64_t *increments;         /* INCREMENTS of limits.h. */
    double *gaussian, *errors;    /* SAMPLES of it. */
    struct event *event;          /* A telemetry window of one model. */
    uint8_t *bytes;               /* CODEC_BYTES_MAX. */
    size_t event_bytes;           /* Of that window, packed. */
    struct settings *settings;
    volatile uint64_t sink; /* What keeps the compiler from leaving work out. */
    struct err_text *text;
};

/* How many seconds it took for how many rounds. */
struct timing {
    double seconds;
    uint64_t n;
};

enum scale { SCALE_NS, SCALE_MS, SCALE_PER_SECOND };

struct bench_case {
    const char *name, *unit;
    enum scale scale; /* Of the value: nanoseconds or milliseconds a round, or rounds a second. */
    /* Each does its work once, and says how long that took by the clock that fits. */
    enum err (*run)(struct bench *bench, struct timing *ret_timing);
    enum err (*limit)(struct bench *bench, struct timing *ret_timing); /* NULL: none. */
    uint64_t size;      /* For cases that differ in nothing else; what it counts, each file says. */
    const char *mix;    /* Name of the mix in the request that it wants; NULL: none. */
    bool wants_program; /* The request's. */
};

/* Cases of one file, which are run in this order. */
struct bench_table {
    const struct bench_case *cases;
    size_t n;
};
extern const struct bench_table bench_events, bench_detect, bench_journal, bench_seal,
    bench_episodes, bench_start;

/* CPU time of this process; time that passes, for what waits for a disk, a child or other processors. */
double bench_cpu_s(void);
double bench_wall_s(void);
/* The mix of that name in the request; NULL when it is not there. */
const struct campaign_request *bench_mix(const struct bench *bench, const char *name);

#endif
