/* SPDX-License-Identifier: Apache-2.0 */
/* What a simple mind has been told of one model. */
#include "core/mind/dossier.h"

#include "core/base/assert.h"

static void answer_put(struct dossier *dossier, const struct event *event)
{
    const struct answer *answer = &event->answer;
    if (answer->status != ANSWER_OK || answer->tool >= N_TOOLS ||
        answer->sampled_at < dossier->known[answer->tool].sampled_at) {
        return;
    }
    dossier->known[answer->tool] =
        (struct known){.evidence = {event->sequence}, .sampled_at = answer->sampled_at};
    switch (answer->tool) {
    case TOOL_STATE:
        dossier->state = answer->state;
        return;
    case TOOL_REGISTRY:
        dossier->registry = answer->registry;
        return;
    case TOOL_CHANGES:
        dossier->changes = answer->changes;
        return;
    case TOOL_TABLES:
        dossier->tables = answer->tables;
        return;
    case TOOL_FEATURES:
        dossier->features = answer->features;
        return;
    case TOOL_LABELS:
        dossier->labels = answer->labels;
        return;
    case TOOL_SHADOW:
    case TOOL_GOLDEN:
    case TOOL_DECISIONS:
    case TOOL_CALENDAR:
    case TOOL_LOGS:
    case TOOL_PLATFORM:
    case TOOL_CANARY:
    case N_TOOLS:
        return; /* Cited for what the warden reads in them; the mind itself does not. */
    }
}

void dossier_put(struct dossier *dossier, const struct event *event)
{
    if (event->kind == EVENT_ANSWER) {
        answer_put(dossier, event);
    }
    if (event->kind == EVENT_WINDOW && event->window.role == SERVING_CHAMPION) {
        dossier->window.value = event->sequence;
    }
}

bool dossier_is_fresh(const struct dossier *dossier, enum tool tool, int64_t since)
{
    ASSERT(tool < N_TOOLS);
    const struct known *known = &dossier->known[tool];
    return known->evidence.value != 0 && known->sampled_at >= since;
}

uint64_t dossier_missing(const struct dossier *dossier, uint64_t tools, int64_t since)
{
    uint64_t missing = 0;
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        bool wanted = ((tools >> i) & 1) != 0;
        missing |= wanted && !dossier_is_fresh(dossier, (enum tool)i, since) ? UINT64_C(1) << i : 0;
    }
    return missing;
}

const struct registry_version *dossier_version(const struct dossier *dossier,
                                               struct version_id version)
{
    for (uint32_t i = 0; i < dossier->registry.n_versions && i < VERSIONS_MAX; i++) {
        if (dossier->registry.versions[i].version.value == version.value) {
            return &dossier->registry.versions[i];
        }
    }
    return NULL;
}

void dossier_cite(const struct dossier *dossier, uint64_t tools, int64_t since,
                  struct advice_item *item)
{
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        if (((tools >> i) & 1) != 0 && dossier_is_fresh(dossier, (enum tool)i, since)) {
            advice_cite(item, dossier->known[i].evidence);
        }
    }
}

void dossier_ask(const struct deployment *deployment, uint64_t tools, struct model_id model,
                 struct incident_id incident, struct question_id *question, struct advice *advice)
{
    for (uint32_t i = 0; i < N_TOOLS; i++) {
        if (((tools & deployment->tools) >> i & 1) == 0) {
            continue;
        }
        question->value++;
        struct advice_item *item = advice_push(advice, ADVICE_ASK);
        item->incident = incident;
        item->model = model;
        item->tool = (enum tool)i;
        item->question = *question;
    }
}

/* The union of answers is described once, in the types: each kept part is lent to it for the visit. */
#define VISIT_PART(visit, dossier, TOOL, part)                                                     \
    do {                                                                                           \
        struct answer answer_ = {.tool = TOOL, .status = ANSWER_OK, .part = (dossier)->part};      \
        answer_visit((visit), #part, &answer_);                                                    \
        if ((visit)->reading && !(visit)->failed) {                                                \
            (dossier)->part = answer_.part;                                                        \
        }                                                                                          \
    } while (0)

void dossier_visit(struct visit *visit, const char *name, struct dossier *dossier)
{
    visit_begin(visit, name, -1);
    for (int i = 0; i < N_TOOLS; i++) {
        visit_begin(visit, "known", i);
        visit_u64(visit, "evidence", &dossier->known[i].evidence.value);
        visit_i64(visit, "sampled_at", &dossier->known[i].sampled_at);
        visit_end(visit);
    }
    VISIT_PART(visit, dossier, TOOL_STATE, state);
    VISIT_PART(visit, dossier, TOOL_REGISTRY, registry);
    VISIT_PART(visit, dossier, TOOL_CHANGES, changes);
    VISIT_PART(visit, dossier, TOOL_TABLES, tables);
    VISIT_PART(visit, dossier, TOOL_FEATURES, features);
    VISIT_PART(visit, dossier, TOOL_LABELS, labels);
    visit_u64(visit, "window", &dossier->window.value);
    visit_end(visit);
}
