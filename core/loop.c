/* SPDX-License-Identifier: Apache-2.0 */
/* The one loop of every mode: next, record, step, record, apply. */
#include "core/host.h"

enum err loop_run(struct loop *loop, struct steward *steward, const struct world *world,
                  const struct recorder *recorder)
{
    for (;;) {
        bool more = false;
        TRY(world->next(world->self, &loop->event, &more));
        if (!more) {
            return OK;
        }
        TRY(recorder->put_event(recorder->self, &loop->event));
        steward_step(steward, &loop->event, &loop->advice, &loop->effects);
        TRY(recorder->put_effects(recorder->self, &loop->event, &loop->advice, &loop->effects));
        TRY(world->apply(world->self, &loop->effects));
    }
}

void loop_recover(struct loop *loop, struct steward *steward, const struct event *event)
{
    steward_step(steward, event, &loop->advice, &loop->effects);
}
