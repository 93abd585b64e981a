/* SPDX-License-Identifier: Apache-2.0 */
/* One door for five minds: dispatch by kind over one block that fits any of them. */
#include "core/mind/mind.h"

#include <string.h>

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/mind/minds.h"

/* Rises with every change of a threshold, table or runbook of any mind: records name what advised. */
enum { TABLES_VERSION = 4 };

struct mind { /* The block of the mind itself follows, aligned as the arena aligns. */
    enum mind_door_kind kind;
};

struct mind_handlers {
    const char *word;
    size_t (*size)(void);
    void (*init)(void *block, const struct deployment *deployment,
                 const struct policy_limits *limits);
    void (*step)(void *block, const struct event *event, const struct docket *docket,
                 struct advice *advice);
    void (*visit)(void *block, struct visit *visit);
};

enum { N_MINDS = MIND_DOOR_SABOTEUR + 1 };

static const struct mind_handlers minds[N_MINDS] = {
    [MIND_DOOR_STEWARD] = {"steward", steward_mind_size, steward_mind_init, steward_mind_step,
                           steward_mind_visit},
    [MIND_DOOR_RULES] = {"rules", rules_size, rules_init, rules_step, rules_visit},
    [MIND_DOOR_ESCALATE_ALL] = {"escalate_all", escalate_all_size, escalate_all_init,
                                escalate_all_step, escalate_all_visit},
    [MIND_DOOR_ACT_ALWAYS] = {"act_always", act_always_size, act_always_init, act_always_step,
                              act_always_visit},
    [MIND_DOOR_SABOTEUR] = {"saboteur", saboteur_size, saboteur_init, saboteur_step, saboteur_visit},
};

static void *block_of(struct mind *mind)
{
    return (uint8_t *)mind + arena_cost(sizeof(struct mind));
}

size_t mind_size(void)
{
    size_t most = 0;
    for (int i = 0; i < N_MINDS; i++) {
        size_t size = minds[i].size();
        most = size > most ? size : most;
    }
    return arena_cost(sizeof(struct mind)) + arena_cost(most);
}

struct mind *mind_init(void *block, const struct deployment *deployment,
                       const struct policy_limits *limits, enum mind_door_kind kind)
{
    ASSERT((unsigned)kind < N_MINDS);
    ASSERT(deployment->n_models <= MODELS_MAX);
    struct mind *mind = block;
    memset(mind, 0, arena_cost(sizeof(*mind)));
    mind->kind = kind;
    minds[kind].init(block_of(mind), deployment, limits);
    return mind;
}

void mind_step(struct mind *mind, const struct event *event, const struct docket *docket,
               struct advice *advice)
{
    minds[mind->kind].step(block_of(mind), event, docket, advice);
}

void mind_visit(struct mind *mind, struct visit *visit)
{
    visit_begin(visit, "mind", -1);
    minds[mind->kind].visit(block_of(mind), visit);
    visit_end(visit);
}

struct digest128 mind_identity(const struct mind *mind)
{
    struct slice word = slice_of(minds[mind->kind].word);
    uint32_t version = TABLES_VERSION;
    struct visit_digest digest;
    visit_digest_init(&digest);
    visit_slice(&digest.visit, "word", &word, NAME_BYTES);
    visit_u32(&digest.visit, "version", &version);
    return visit_digest_close(&digest);
}
