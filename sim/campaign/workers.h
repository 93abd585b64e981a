/* SPDX-License-Identifier: Apache-2.0 */
/* Worker processes: run i goes to worker i mod jobs; results come back over pipes and are handed on in run order. */
#ifndef SIM_CAMPAIGN_WORKERS_H
#define SIM_CAMPAIGN_WORKERS_H

#include "sim/campaign/episode.h"

/* All arms of one run. */
struct run_result {
    uint32_t scenario; /* Index in the suite. */
    uint64_t seed;
    struct episode_result arms[N_ARMS];
};

/* What a worker does and what is done with its result; both may fail. */
struct work {
    void *self;
    enum err (*run)(void *self, uint64_t run, struct run_result *ret_result,
                    struct err_text *ret_text);
    enum err (*collect)(void *self, uint64_t run, const struct run_result *result,
                        struct err_text *ret_text);
};

/* jobs 1 runs in this process. A worker that ends early fails the whole. */
enum err workers_run(const struct work *work, uint64_t runs, uint32_t jobs,
                     const volatile int *stop, struct err_text *ret_text) MUST_USE;

#endif
