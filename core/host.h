/* SPDX-License-Identifier: Apache-2.0 */
/* The ports a host fills, and the one loop of every mode: record, then act. */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "core/base/err.h"
#include "core/steward.h"

/* Where frames go before anything happens. put_event is durable before the step, put_effects before apply. A failure stops
 * the loop before the world is touched. */
struct recorder {
    void *self;
    enum err (*put_event)(void *self, const struct event *event);
    enum err (*put_effects)(void *self, const struct event *event, const struct advice *advice,
                            const struct effects *effects);
};

/* The world: next waits for (or makes) the next event, false in *ret_more at the end of the run; apply carries the effects out in
 * their order. ERR_CRASHED from either means that the agent process died there; the host then recovers. */
struct world {
    void *self;
    enum err (*next)(void *self, struct event *ret_event, bool *ret_more);
    enum err (*apply)(void *self, const struct effects *effects);
};

/* Scratch of the loop, given by the host so that core owns no large stack frames. */
struct loop {
    struct event event;
    struct advice advice;
    struct effects effects;
};

/* Runs until the world ends or a port fails. */
enum err loop_run(struct loop *loop, struct steward *steward, const struct world *world,
                  const struct recorder *recorder) MUST_USE;

/* Recovery: steps a recorded event again and discards advice and effects; the host does so for each complete frame since
 * the snapshot that it restored, then lets the world deliver START with recovered set. */
void loop_recover(struct loop *loop, struct steward *steward, const struct event *event);

#endif
