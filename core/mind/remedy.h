/* SPDX-License-Identifier: Apache-2.0 */
/* Remedy: what is done against each cause, step by step, with arguments that evidence names and the tools a step rests on. */
#ifndef CORE_MIND_REMEDY_H
#define CORE_MIND_REMEDY_H

#include "core/mind/strategist.h"

enum { REMEDY_STEPS_MAX = 6 };

enum gate {
    GATE_OPEN,
    GATE_LOSS,      /* Labels say that quality is low. */
    GATE_ROWS,      /* Enough labels of rows after the change for a first training. */
    GATE_MANY_ROWS, /* For a population that has only just begun: four weeks of half-hours on record did, one did not. */
    GATE_TRAINED,
    GATE_CANARY,   /* The canary passed. */
    GATE_RECOVERED /* The data are as before. */
};

struct move {
    enum verb verb;
    enum gate gate;
    enum role recipient; /* NOTIFY ESCALATE. */
    bool optional;       /* Given up in silence. */
    bool release;
};

/* A table ends at NOOP. */
const struct move *remedy_step(enum cause cause, uint32_t step);
/* False: what the verb has to name is not known. */
bool remedy_args(const struct inquiry *inquiry, const struct outlook *outlook,
                 const struct move *move, struct action_args *ret_args);
/* Tools whose fresh answers a proposal of the verb against the cause should rest on; bits 1 << enum tool. */
uint64_t remedy_tools(enum cause cause, enum verb verb);
/* The table behind the features that the data show to be wrong; 0: none. */
struct table_id remedy_table(const struct outlook *outlook, enum cause cause);

#endif
