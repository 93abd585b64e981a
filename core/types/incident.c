/* SPDX-License-Identifier: Apache-2.0 */
/* Life cycle of an incident and the docket of the open ones. */
#include "core/types/incident.h"

#include <stddef.h>

#include "core/base/assert.h"

_Static_assert(N_INCIDENT_STATES <= 32, "a machine has at most 32 states");

#define BIT(state) (UINT32_C(1) << (state))

enum {
    ENDS = BIT(INCIDENT_RESOLVED) | BIT(INCIDENT_BENIGN) | BIT(INCIDENT_HANDED_OVER),
};

/* Containment and watching may fail and fall back to open. An escalated incident is let go by a
 * human, or by rule once the independent metric is clear; it is never waved through as harmless
 * (REQ S24). */
enum {
    AFTER_NONE = BIT(INCIDENT_OPEN),
    AFTER_OPEN = BIT(INCIDENT_CONTAINED) | BIT(INCIDENT_WATCHED) | BIT(INCIDENT_ESCALATED) | ENDS,
    AFTER_CONTAINED = BIT(INCIDENT_OPEN) | BIT(INCIDENT_WATCHED) | BIT(INCIDENT_ESCALATED) | ENDS,
    AFTER_WATCHED = BIT(INCIDENT_OPEN) | BIT(INCIDENT_CONTAINED) | BIT(INCIDENT_ESCALATED) | ENDS,
    AFTER_ESCALATED = BIT(INCIDENT_RESOLVED) | BIT(INCIDENT_HANDED_OVER),
    AFTER_RESOLVED = 0,
    AFTER_BENIGN = 0,
    AFTER_HANDED_OVER = 0,
};

static const struct machine_state incident_states[N_INCIDENT_STATES] = {
#define X(name, word) [INCIDENT_##name] = {word, AFTER_##name},
    INCIDENT_STATE_TABLE(X)
#undef X
};

const struct machine incident_machine = {incident_states, N_INCIDENT_STATES};

bool incident_is_closed(enum incident_state state)
{
    return machine_is_terminal(&incident_machine, (uint32_t)state);
}

const struct docket_entry *docket_find(const struct docket *docket, struct incident_id incident)
{
    ASSERT(docket->n_entries <= INCIDENTS_MAX);
    for (uint32_t i = 0; i < docket->n_entries; i++) {
        if (docket->entries[i].incident.value == incident.value) {
            return &docket->entries[i];
        }
    }
    return NULL;
}

static void docket_entry_visit(struct visit *visit, struct docket_entry *entry)
{
    visit_u32(visit, "incident", &entry->incident.value);
    visit_u16(visit, "model", &entry->model.value);
    visit_enum(visit, "incident_state", &entry->state, sizeof(entry->state), N_INCIDENT_STATES);
    visit_i64(visit, "opened_at", &entry->opened_at);
    visit_u32(visit, "revision", &entry->revision);
    visit_bool(visit, "escalated", &entry->escalated);
    visit_bool(visit, "acknowledged", &entry->acknowledged);
    visit_bool(visit, "taken", &entry->taken);
    visit_u32(visit, "action", &entry->action.value);
    visit_u16(visit, "plan", &entry->plan);
    visit_u8(visit, "step", &entry->step);
    VISIT_ENUM(visit, entry, verb, N_VERBS);
    action_args_visit(visit, "args", &entry->args);
    VISIT_ENUM(visit, entry, action_state, N_ACTION_STATES);
    visit_i64(visit, "action_at", &entry->action_at);
    visit_u32(visit, "n_refused", &entry->n_refused);
    VISIT_ENUM(visit, entry, refused_layer, N_LAYERS);
    VISIT_ENUM(visit, entry, refused_reason, N_REFUSALS);
    VISIT_ENUM(visit, entry, refused_verb, N_VERBS);
    visit_u16(visit, "trained", &entry->trained.value);
    visit_bool(visit, "canary_passed", &entry->canary_passed);
    visit_bool(visit, "canary_failed", &entry->canary_failed);
}

void docket_visit(struct visit *visit, struct docket *docket)
{
    VISIT_ENUM(visit, docket, n_entries, INCIDENTS_MAX + 1);
    for (uint32_t i = 0; i < docket->n_entries; i++) {
        visit_begin(visit, "docket", (int)i);
        docket_entry_visit(visit, &docket->entries[i]);
        visit_end(visit);
    }
    visit_bool(visit, "halted", &docket->halted);
}
