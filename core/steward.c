/* SPDX-License-Identifier: Apache-2.0 */
/* The contract: wires mind and warden into one step over one given block. */
#include "core/steward.h"

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/mind/mind.h"
#include "core/warden/warden.h"

_Static_assert((int)MIND_STEWARD == (int)MIND_DOOR_STEWARD, "the minds have one order");
_Static_assert((int)MIND_RULES == (int)MIND_DOOR_RULES, "the minds have one order");
_Static_assert((int)MIND_ESCALATE_ALL == (int)MIND_DOOR_ESCALATE_ALL, "the minds have one order");
_Static_assert((int)MIND_ACT_ALWAYS == (int)MIND_DOOR_ACT_ALWAYS, "the minds have one order");
_Static_assert((int)MIND_SABOTEUR == (int)MIND_DOOR_SABOTEUR, "the minds have one order");

struct steward {
    const struct settings *settings;
    struct mind *mind;
    struct warden *warden;
    uint64_t sequence; /* Of the newest event. */
    int64_t at;
};

static const char *const mind_names[N_MIND_KINDS] = {
#define X(name, word) word,
    MIND_TABLE(X)
#undef X
};

const char *mind_name(enum mind_kind kind)
{
    ASSERT((unsigned)kind < N_MIND_KINDS);
    return mind_names[kind];
}

bool mind_find(struct slice word, enum mind_kind *ret_kind)
{
    for (int i = 0; i < N_MIND_KINDS; i++) {
        if (slice_equal(word, slice_of(mind_names[i]))) {
            *ret_kind = (enum mind_kind)i;
            return true;
        }
    }
    return false;
}

size_t steward_size(void)
{
    return arena_cost(sizeof(struct steward)) + arena_cost(mind_size()) + arena_cost(warden_size());
}

struct steward *steward_init(void *block, const struct settings *settings)
{
    struct arena arena;
    arena_init(&arena, block, steward_size());
    struct steward *steward = arena_take(&arena, sizeof(*steward));
    void *mind = arena_take(&arena, mind_size());
    void *warden = arena_take(&arena, warden_size());
    arena_seal(&arena);
    steward->settings = settings;
    steward->mind = mind_init(mind, &settings->deployment, &settings->policy.limits,
                              (enum mind_door_kind)settings->mind);
    steward->warden = warden_init(warden, &settings->deployment, &settings->policy, settings->seed,
                                  mind_identity(steward->mind));
    return steward;
}

void steward_step(struct steward *steward, const struct event *event, struct advice *ret_advice,
                  struct effects *ret_effects)
{
    ASSERT(event->sequence > steward->sequence);
    ASSERT(event->at >= steward->at);
    steward->sequence = event->sequence;
    steward->at = event->at;
    advice_reset(ret_advice);
    effects_reset(ret_effects);
    mind_step(steward->mind, event, warden_docket(steward->warden), ret_advice);
    warden_step(steward->warden, event, ret_advice, ret_effects);
}

const struct docket *steward_docket(const struct steward *steward)
{
    return warden_docket(steward->warden);
}

struct steward_digest steward_digest(struct steward *steward)
{
    struct visit_digest mind;
    visit_digest_init(&mind);
    mind_visit(steward->mind, &mind.visit);
    struct visit_digest warden;
    visit_digest_init(&warden);
    warden_visit(steward->warden, &warden.visit);
    return (struct steward_digest){.mind = visit_digest_close(&mind),
                                   .warden = visit_digest_close(&warden)};
}

void steward_visit(struct steward *steward, struct visit *visit)
{
    visit_u64(visit, "sequence", &steward->sequence);
    visit_i64(visit, "at", &steward->at);
    mind_visit(steward->mind, visit);
    warden_visit(steward->warden, visit);
}
