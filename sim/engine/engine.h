/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the engine: virtual time, one queue in total order (time, class, sequence), cancellable timers. */
#ifndef SIM_ENGINE_ENGINE_H
#define SIM_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/heap.h"

/* Who handles an occurrence; its own enum of kinds is private to the room. The order is the class: among equal times the world
 * moves before people, people before the agent's timer. */
enum owner { OWNER_PLANT, OWNER_FAULTS, OWNER_LLM, OWNER_PEOPLE, OWNER_HOST, N_OWNERS };

struct occurrence {
    uint8_t owner; /* enum owner. */
    uint8_t kind;
    uint16_t model;
    uint32_t number; /* An id or an index, as kind says. */
    uint64_t value;  /* Likewise. */
};

struct engine; /* Opaque; in the episode's block, no pointer outside it. */

enum {
    OCCURRENCES_MAX = 512
}; /* Pending at once: windows, labels, answers and people of 16 models, with room. */

size_t engine_size(void);
struct engine *engine_init(void *block, int64_t horizon_ns);
int64_t engine_now(const struct engine *engine);
/* at is not before now. Beyond the horizon it is dropped (handle 0). A full queue is a bug. */
struct heap_handle engine_at(struct engine *engine, int64_t at, struct occurrence occurrence);
bool engine_cancel(struct engine *engine, struct heap_handle handle);
/* The next occurrence; time moves to it. False when none is left: time moves to the horizon. */
bool engine_next(struct engine *engine, struct occurrence *ret_occurrence);
uint64_t engine_count(const struct engine *engine); /* Occurrences so far. */

#endif
