/* SPDX-License-Identifier: Apache-2.0 */
/* Table-driven life cycles: which state may follow which, and which are terminal. A move that the
 * table lacks is a bug. */
#ifndef CORE_BASE_MACHINE_H
#define CORE_BASE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

struct machine_state {
    const char *name;
    uint32_t next; /* Bit i set: state i may follow. 0: terminal. */
};

struct machine {
    const struct machine_state *states;
    uint32_t n_states; /* At most 32. */
};

bool machine_may(const struct machine *machine, uint32_t from, uint32_t to);
bool machine_is_terminal(const struct machine *machine, uint32_t state);
/* *state = to, after asserting that the move is allowed. */
void machine_move(const struct machine *machine, uint8_t *state, uint32_t to);

#endif
