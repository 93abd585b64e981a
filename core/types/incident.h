/* SPDX-License-Identifier: Apache-2.0 */
/* Incidents: symptoms, life cycle in the warden, and the docket, the list of open ones that a mind may read. */
#ifndef CORE_TYPES_INCIDENT_H
#define CORE_TYPES_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/machine.h"
#include "core/types/action.h"
#include "core/types/ident.h"
#include "core/types/policy.h"
#include "core/types/record.h"

/* X(NAME, word). */
#define INCIDENT_STATE_TABLE(X)                                                                    \
    X(NONE, "none")                                                                                \
    X(OPEN, "open")                                                                                \
    X(CONTAINED, "contained")     /* A confirmed effect; harm no longer grows. */                  \
    X(WATCHED, "watched")         /* Waiting by rule, with a harm limit that pages. */             \
    X(ESCALATED, "escalated")     /* A human has been paged and not let go yet. */                 \
    X(RESOLVED, "resolved")       /* Closed by rule on the independent metric. */                  \
    X(BENIGN, "benign")           /* Closed by rule as harmless. */                                \
    X(HANDED_OVER, "handed over") /* Closed by a human. */

enum incident_state {
#define X(name, word) INCIDENT_##name,
    INCIDENT_STATE_TABLE(X)
#undef X
        N_INCIDENT_STATES
};

extern const struct machine incident_machine;
bool incident_is_closed(enum incident_state state);

/* What the warden publishes of one open incident; the mind plans from this and learns here what became of its proposals. */
struct docket_entry {
    struct incident_id incident;
    struct model_id model;
    enum incident_state state;
    int64_t opened_at;
    uint32_t revision;                   /* Rises with every change of this entry. */
    bool escalated, acknowledged, taken; /* taken: a human works on it; proposals are refused. */
    /* The newest action of the incident, if any. */
    struct action_id action;
    uint16_t plan;
    uint8_t step;
    enum verb verb;
    struct action_args args;
    enum action_state action_state;
    int64_t action_at; /* When it reached that state. */
    /* The newest refusal, if any. */
    uint32_t n_refused;
    uint8_t refused_layer;
    enum refusal refused_reason;
    enum verb refused_verb;
    struct version_id trained; /* Result of the newest RETRAIN of this incident. */
    bool canary_passed, canary_failed;
};

struct docket {
    uint32_t n_entries;
    struct docket_entry entries[INCIDENTS_MAX]; /* By rising incident id; closed ones stay for one step. */
    bool halted;
};

const struct docket_entry *docket_find(const struct docket *docket, struct incident_id incident);
void docket_visit(struct visit *visit, struct docket *docket);

#endif
