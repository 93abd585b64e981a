/* SPDX-License-Identifier: Apache-2.0 */
/* The contract: one pure step from an event to effects. Everything steward is, without a world. */
#ifndef CORE_STEWARD_H
#define CORE_STEWARD_H

#include <stddef.h>
#include <stdint.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "core/types/incident.h"
#include "core/types/policy.h"

/* X(NAME, word). */
#define MIND_TABLE(X)                                                                              \
    X(STEWARD, "steward")                                                                          \
    X(RULES, "rules")                                                                              \
    X(ESCALATE_ALL, "escalate_all")                                                                \
    X(ACT_ALWAYS, "act_always")                                                                    \
    X(SABOTEUR, "saboteur")

enum mind_kind {
#define X(name, word) MIND_##name,
    MIND_TABLE(X)
#undef X
        N_MIND_KINDS
};
const char *mind_name(enum mind_kind kind);
bool mind_find(struct slice word, enum mind_kind *ret_kind);

/* Everything fixed for a run. Borrowed by steward for its whole life; never changed after init. */
struct settings {
    struct deployment deployment;
    struct policy policy;
    enum mind_kind mind;
    uint64_t seed; /* Names the streams of nonces and idempotency keys, nothing else. */
};

struct steward; /* Opaque; lives in the given block, which holds no pointer but the one to settings. */

size_t steward_size(void);
/* block: 16-aligned, steward_size() bytes, zeroed here. Nothing is allocated afterwards. */
struct steward *steward_init(void *block, const struct settings *settings);

/* The whole product: mind_step, then warden_step. event.sequence and event.at must not fall (a bug otherwise). advice and
 * effects are reset, then filled; slices in event are borrowed until the return. Total: any event in any state is handled,
 * refused with a named reason, or a bug. */
void steward_step(struct steward *steward, const struct event *event, struct advice *ret_advice,
                  struct effects *ret_effects);

/* Incidents open after the last step. Borrowed, valid until the next step. */
const struct docket *steward_docket(const struct steward *steward);

/* Digest of the state by room, for snapshots and for bisecting a divergence. */
struct steward_digest {
    struct digest128 mind, warden;
};
struct steward_digest steward_digest(struct steward *steward);
/* One description for encode and decode: pack with a writing visitor, restore into a freshly initialised steward with a
 * reading one (check visit->failed afterwards; a failed steward must not be stepped). */
void steward_visit(struct steward *steward, struct visit *visit);

#endif
