/* SPDX-License-Identifier: Apache-2.0 */
/* The two lists that truth keeps of an episode: what was done to the world, and what people did. */
#include "sim/truth/truth.h"

#include "core/base/assert.h"

#define X(name, word, interventions, interruption) [HUMAN_##name] = word,
static const char *const human_words[N_HUMAN_KINDS] = {HUMAN_TABLE(X)};
#undef X
#define X(name, word, interventions, interruption) [HUMAN_##name] = interventions,
static const uint32_t interventions_of[N_HUMAN_KINDS] = {HUMAN_TABLE(X)};
#undef X
#define X(name, word, interventions, interruption) [HUMAN_##name] = interruption,
static const bool interrupts[N_HUMAN_KINDS] = {HUMAN_TABLE(X)};
#undef X

struct ledger_entry *truth_ledger_push(struct truth *truth)
{
    ASSERT(truth->n_ledger < LEDGER_MAX);
    struct ledger_entry *entry = &truth->ledger[truth->n_ledger++];
    *entry = (struct ledger_entry){.effect_at = NEVER, .ended_at = NEVER};
    return entry;
}

void truth_human(struct truth *truth, enum human_kind kind, int64_t at, struct person_id person,
                 struct model_id model, struct incident_id incident, int64_t spent_ns)
{
    ASSERT((uint32_t)kind < N_HUMAN_KINDS);
    ASSERT(truth->n_human < HUMAN_ACTS_MAX);
    truth->human[truth->n_human++] = (struct human_act){.kind = kind,
                                                        .at = at,
                                                        .person = person,
                                                        .model = model,
                                                        .incident = incident,
                                                        .spent_ns = spent_ns};
}

uint32_t human_interventions(enum human_kind kind)
{
    ASSERT((uint32_t)kind < N_HUMAN_KINDS);
    return interventions_of[kind];
}

bool human_is_interruption(enum human_kind kind)
{
    ASSERT((uint32_t)kind < N_HUMAN_KINDS);
    return interrupts[kind];
}

const char *human_name(enum human_kind kind)
{
    ASSERT((uint32_t)kind < N_HUMAN_KINDS);
    return human_words[kind];
}
