/* SPDX-License-Identifier: Apache-2.0 */
/* What a simple mind has been told of one model: the newest answer of each tool, with the evidence ids to cite. */
#ifndef CORE_MIND_DOSSIER_H
#define CORE_MIND_DOSSIER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/event.h"

struct known {
    struct evidence_id evidence; /* 0: never answered with data. */
    int64_t sampled_at;
};

struct dossier {
    struct known known[N_TOOLS];
    struct state_answer state;
    struct registry_answer registry;
    struct changes_answer changes;
    struct tables_answer tables;
    struct features_answer features;
    struct labels_answer labels;
    struct evidence_id window; /* Newest of the champion. */
};

/* Takes an ANSWER or a WINDOW of this model; anything else is not for it. */
void dossier_put(struct dossier *dossier, const struct event *event);
bool dossier_is_fresh(const struct dossier *dossier, enum tool tool, int64_t since);
/* Of the tools of the mask (bits 1 << enum tool) those that are not. */
uint64_t dossier_missing(const struct dossier *dossier, uint64_t tools, int64_t since);
/* NULL when the registry's newest answer does not list it. */
const struct registry_version *dossier_version(const struct dossier *dossier,
                                               struct version_id version);
/* Cites what is known by the tools of the mask and not older than since. */
void dossier_cite(const struct dossier *dossier, uint64_t tools, int64_t since,
                  struct advice_item *item);
/* Asks the tools of the mask that the deployment has; question rises by one each. */
void dossier_ask(const struct deployment *deployment, uint64_t tools, struct model_id model,
                 struct incident_id incident, struct question_id *question, struct advice *advice);
void dossier_visit(struct visit *visit, const char *name, struct dossier *dossier);

#endif
