/* SPDX-License-Identifier: Apache-2.0 */
/* One episode of one arm: a plan played to its horizon in one block of memory. */
#ifndef SIM_CAMPAIGN_EPISODE_H
#define SIM_CAMPAIGN_EPISODE_H

#include "sim/campaign/campaign.h"
#include "sim/plant/plant.h"

struct episode; /* Owns the block of one worker; reused for every episode. */

struct episode_request {
    uint64_t run;
    enum arm arm;
    const struct plan *plan;
    const struct settings *settings;         /* Deployment, policy, mind and seed of this run. */
    const struct plant_recording *recording; /* NULL: synthetic. */
    const struct journal_port *journal;
    const struct trace_port *trace;
    const struct wire_port *wire;
    const struct cassette *cassette; /* NULL: none. */
    const struct llm_port *llm;      /* NULL: nobody listens. */
};

struct episode_result {
    struct verdict_sheet sheet;
    struct digest128 fingerprint;
    uint64_t events, windows;
    uint64_t llm_unrecorded;            /* Questions with no exchange on the cassette. */
    struct digest128 unrecorded_prompt; /* Of the first. */
};

enum err episode_open(struct episode **ret_episode, struct err_text *ret_text) MUST_USE;
void episode_close(struct episode *episode);
enum err episode_run(struct episode *episode, const struct episode_request *request,
                     struct episode_result *ret_result, struct err_text *ret_text) MUST_USE;

#endif
