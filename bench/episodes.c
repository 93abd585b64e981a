/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of whole episodes: core, world, judge and fingerprint together. */
#include <stdlib.h>
#include <unistd.h>

#include "bench/case.h"
#include "bench/limits.h"

enum {
    EPISODES = 40, /* So that most families of a mix are drawn. */
    EPISODES_A_WORKER = 40,
    LIMIT_EVENTS = 5000000,
    WORKERS_MAX = 64
};

/* Steward arm, judge on. */
static enum err run_episodes(struct bench *bench, uint32_t n_episodes, uint32_t n_jobs)
{
    struct campaign_request request = *bench_mix(bench, bench->now->mix);
    struct campaign_result *result = malloc(sizeof(*result));
    if (result == NULL) {
        return err_set(bench->text, ERR_INTERNAL, "bench: out of memory");
    }
    request.seed = 1;
    request.runs = n_episodes;
    request.jobs = n_jobs;
    request.mind = MIND_STEWARD;
    request.persona = -1;
    for (int arm = 0; arm < N_ARMS; arm++) {
        request.arms[arm] = arm == ARM_STEWARD;
    }
    enum err err = campaign_run(&request, NULL, result, bench->text);
    free(result);
    return err;
}

static enum err play(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    TRY(run_episodes(bench, EPISODES, 1));
    *ret_timing = (struct timing){bench_cpu_s() - began, EPISODES};
    return OK;
}

static uint32_t n_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (uint32_t)n;
}

/* How many times sooner as many episodes are over with a worker on each processor. Time that passes. */
static enum err speed_up(struct bench *bench, struct timing *ret_timing)
{
    uint32_t n_jobs = n_processors();
    double began = bench_wall_s();
    TRY(run_episodes(bench, EPISODES_A_WORKER * n_jobs, 1));
    double alone = bench_wall_s() - began;
    began = bench_wall_s();
    TRY(run_episodes(bench, EPISODES_A_WORKER * n_jobs, n_jobs));
    *ret_timing = (struct timing){(bench_wall_s() - began) / alone, 1};
    return OK;
}

/* n times the work in n processes takes as long as the work once, at best. */
static enum err speed_up_limit(struct bench *bench, struct timing *ret_timing)
{
    uint32_t n_jobs = n_processors();
    double began = bench_wall_s();
    uint32_t n_done = limit_workers(bench->increments, LIMIT_EVENTS, 1);
    double alone = bench_wall_s() - began;
    began = bench_wall_s();
    n_done += limit_workers(bench->increments, LIMIT_EVENTS, n_jobs);
    *ret_timing = (struct timing){(bench_wall_s() - began) / alone / n_jobs, 1};
    return n_done == n_jobs + 1 ? OK
                                : err_set(bench->text, ERR_INTERNAL, "speed_up: a worker failed");
}

static const struct bench_case cases[] = {
    {.name = "incidents_prior",
     .unit = "episodes/s",
     .scale = SCALE_PER_SECOND,
     .run = play,
     .mix = "prior"},
    {.name = "incidents_recorded",
     .unit = "episodes/s",
     .scale = SCALE_PER_SECOND,
     .run = play,
     .mix = "recorded"},
    {.name = "speed_up",
     .unit = "times",
     .scale = SCALE_PER_SECOND,
     .run = speed_up,
     .limit = speed_up_limit,
     .mix = "prior"},
};
const struct bench_table bench_episodes = {cases, sizeof(cases) / sizeof(cases[0])};
