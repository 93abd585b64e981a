/* SPDX-License-Identifier: Apache-2.0 */
/* A small fleet, its plan and its clock, for the tests of the plant. */
#ifndef TESTS_UNIT_PLANT_WORLD_H
#define TESTS_UNIT_PLANT_WORLD_H

#include "sim/plant/plant.h"

enum { SEEN_MAX = 8192 };

struct world {
    struct deployment deployment;
    struct plan plan;
    struct truth truth;
    void *engine_block, *plant_block;
    struct engine *engine;
    struct plant *plant;
    uint32_t n_seen;
    struct event seen[SEEN_MAX]; /* Slices of notes and logs are not kept. */
    char text[TEXT_BYTES_MAX];   /* Of the newest note or log. */
};

/* Five models of eight features and two tables each; every tool and verb; nothing planned; twelve hours. */
struct world *world_open(uint64_t seed);
void world_close(struct world *world);
struct plan_item *world_plan(struct world *world, enum plan_kind kind, uint16_t model, int64_t at);
/* Features 0..3 matter most and come from the first table of the model, 6 and 7 hardly. */
void world_begin(struct world *world, const struct plant_recording *recording);
/* Everything up to and including the time. */
void world_run(struct world *world, int64_t until);
struct truth_model *world_model(struct world *world, uint16_t model);
const struct truth_version *world_version(struct world *world, uint16_t model, uint16_t version);
void world_act(struct world *world, enum verb verb, struct action_args args, uint64_t key,
               enum fate fate);
/* Asks and runs until the answer is there. */
const struct answer *world_ask(struct world *world, enum tool tool, uint16_t model);
/* Newest event of the kind about the model; NULL: none. */
const struct event *world_last(const struct world *world, enum event_kind kind, uint16_t model);

#endif
