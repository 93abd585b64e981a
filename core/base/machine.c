/* SPDX-License-Identifier: Apache-2.0 */
/* Moves of table-driven life cycles. */
#include "core/base/machine.h"

#include "core/base/assert.h"

bool machine_may(const struct machine *machine, uint32_t from, uint32_t to)
{
    ASSERT(from < machine->n_states);
    ASSERT(to < machine->n_states);
    return (machine->states[from].next >> to & 1u) != 0;
}

bool machine_is_terminal(const struct machine *machine, uint32_t state)
{
    ASSERT(state < machine->n_states);
    return machine->states[state].next == 0;
}

void machine_move(const struct machine *machine, uint8_t *state, uint32_t to)
{
    ASSERT(machine_may(machine, *state, to));
    *state = (uint8_t)to;
}
