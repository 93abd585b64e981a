/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that passed through the warden, and the facts it establishes. */
#ifndef CORE_WARDEN_EVIDENCE_H
#define CORE_WARDEN_EVIDENCE_H

#include "core/warden/state.h"

/* Labelled errors of rows since a time. */
struct metric {
    uint32_t scored, errors;
    double error;
    int64_t from, to; /* Cohorts covered. */
    struct evidence_id newest;
};

bool evidence_is_model(const struct warden *warden, struct model_id model);
struct model_memory *evidence_model(struct warden *warden, struct model_id model);
/* Takes in what the event carries; constant time. */
void evidence_put(struct warden *warden, const struct event *event);
const struct evidence_entry *evidence_find(const struct warden *warden, struct evidence_id id);
/* Facts that the entry alone establishes; windows are looked at when they are cited, not when they come. */
uint64_t evidence_facts(struct warden *warden, const struct evidence_entry *entry);
/* Facts that depend on the action: target, canary, labels of its rows, what it restores. */
uint64_t evidence_context(struct warden *warden, const struct candidate *change);
/* Tool whose fresh answer establishes the fact; N_TOOLS when it is the warden's own knowledge. */
enum tool evidence_tool(enum fact fact);
bool evidence_has_tool(const struct warden *warden, enum tool tool);

const struct registry_version *evidence_version(const struct model_memory *memory,
                                                struct version_id version);
const struct baseline *evidence_baseline(const struct model_memory *memory);
struct metric evidence_metric(const struct warden *warden, struct model_id model, int64_t since,
                              uint32_t enough);
/* Limit of the independent metric: labelled error rate. */
double evidence_limit(const struct warden *warden, struct model_id model);
bool evidence_operational(const struct warden *warden, struct model_id model);
/* Opens or widens the data-quality verdict over the rows from the time on. */
void evidence_dispute(struct warden *warden, struct model_id model, int64_t from);
void evidence_calendar(struct warden *warden, const struct calendar_entry *entry);
/* The earlier own effect that the change takes away again; NULL: none. */
struct past_effect *evidence_restored(struct warden *warden, enum verb verb,
                                      const struct action_args *args);

#endif
