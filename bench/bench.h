/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the bench: hot paths timed on this machine beside the limit of what it can do, medians of five. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <jansson.h>

#include "core/base/err.h"
#include "sim/campaign/campaign.h"

/* Targets of episodes, of which seed, runs and arms are the bench's own. */
struct bench_mix {
    const char *name; /* `prior` for the case incidents_prior. */
    const struct campaign_request *request;
};

struct bench_request {
    const char *only;    /* Part of a name; NULL: all. A case with just this name comes first. */
    const char *program; /* Started for start_up; NULL leaves that out. */
    const struct bench_mix *mixes; /* Cases of a mix that is not here are left out. */
    uint32_t n_mixes;
};

/* Runs what was asked for: {"build","compiler","results":[{"name","unit","value","n","limit","of_limit"}]}. value is unscaled; limit is what a bare
 * loop that does the least reaches in the same unit, null where there is none; of_limit is the time taken over that of the bare loop: above 1 when slower than it, 0.5 in half of its time. No case with such a
 * name is ERR_USAGE. */
enum err bench_run(const struct bench_request *request, json_t **ret_result,
                   struct err_text *ret_text) MUST_USE;

/* A result is a regression when it is this much slower than the baseline's, both taken relative to their limits where these are known. */
#define BENCH_TOLERANCE 1.30

/* Compares two results of bench_run. Sets "slower" (ratio to the baseline, above 1 when slower) and "regression" in each result of now
 * that the baseline has, and "regressions" in now; returns their number. A baseline that is none is ERR_DATA. */
enum err bench_compare(json_t *now, const json_t *baseline, const char *path,
                       uint32_t *ret_regressions, struct err_text *ret_text) MUST_USE;

#endif
