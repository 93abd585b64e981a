/* SPDX-License-Identifier: Apache-2.0 */
/* Monitor: telemetry windows in, findings out. One bank of detectors a model, against the profile of the version that serves. */
#ifndef CORE_MIND_MONITOR_H
#define CORE_MIND_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/bank.h"
#include "core/detect/fdr.h"
#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/event.h"

enum {
    PROFILES_KEPT = 4, /* Versions that may serve within one incident: champion, canary, target, undo. */
    LABEL_WINDOWS =
        64, /* Windows with labels kept: five hours of five-minute ones, a month of half days. */
    FINDINGS_MAX =
        2 * FEATURES_MAX +
        8 /* Shift and nulls of each feature, and one of each kind of the model and its data. */
};

/* One thing out of the ordinary. */
struct finding {
    enum symptom symptom;
    int32_t feature; /* -1 none. */
    double value, limit;
    struct assurance assurance;
};
struct findings {
    uint32_t n_findings;
    struct finding items[FINDINGS_MAX];
};

struct label_window {
    int64_t cohort_from, cohort_to;
    uint32_t scored, errors;
};

/* Labelled quality of the rows since a time. */
struct quality {
    uint32_t scored, errors;
    double error;
};

struct watched_model {
    uint32_t n_profiles; /* Ever; the ring keeps the last ones. */
    struct baseline profiles[PROFILES_KEPT];
    struct bank bank; /* Against the profile of the version that serves; begun once there is one. */
    uint32_t n_labels; /* Ever; likewise. */
    struct label_window labels[LABEL_WINDOWS];
    int64_t rows_since; /* Rows from before do not count: another version or decision made them. */
    int64_t window_from, window_to; /* The newest window of the champion. */
    int64_t error_since; /* First row of the run of labels that the detector accumulates. */
    struct version_id version;
    struct evidence_id evidence;
    /* What the newest window shows; bit i is feature i. */
    uint32_t shifted, nulled, emptied, activated;
    bool stepped, failing, slow, alarmed, silent, fallback;
    double share[FEATURES_MAX]; /* Of the features in the evidence of the alarms that stand; all 0: none does. */
    uint32_t n_calm;        /* Windows in a row without trouble in the data. */
    int64_t troubled_since; /* End of the first window of this run of trouble; NEVER: calm. */
};

struct monitor {
    const struct deployment *deployment;
    struct fdr fleet; /* Alarms of all models but those on labels: e-LOND. */
    struct watched_model models[MODELS_MAX];
};

void monitor_init(struct monitor *monitor, const struct deployment *deployment);
struct watched_model *monitor_model(struct monitor *monitor, struct model_id model);
/* The profile of a version; the newest one when that version's never came; NULL when none came. */
const struct baseline *monitor_profile(const struct watched_model *watched,
                                       struct version_id version);
void monitor_baseline(struct monitor *monitor, const struct baseline *baseline);
/* Takes a window of the champion; another role's is ignored. */
void monitor_window(struct monitor *monitor, const struct window *window,
                    struct evidence_id evidence, struct findings *ret_findings);
/* Models whose telemetry is overdue at the time, as bits of model id - 1; those that just became so. */
uint32_t monitor_silence(struct monitor *monitor, int64_t now);
/* When the next silence would show; NEVER before the first window. */
int64_t monitor_deadline(const struct monitor *monitor);
/* Labels of rows before the time no longer count. */
void monitor_forget(struct monitor *monitor, struct model_id model, int64_t rows_since);
/* What is shifted now, or was of these features (bits), has been looked into: it is a finding again when it has grown beyond what is
 * tolerated around it, or has gone and come back. */
void monitor_accept(struct monitor *monitor, struct model_id model, uint32_t features);
/* Newest labels first, until enough are together or a cohort began before since. */
struct quality monitor_quality(const struct watched_model *watched, int64_t since, uint32_t enough);
/* Labels that have arrived of rows since a time, whoever predicted them: what a training could use. */
uint32_t monitor_matured(const struct watched_model *watched, int64_t since);
/* Tolerated labelled error of the version that serves: its record and a margin, within the declared service level. */
double monitor_tolerated(const struct monitor *monitor, struct model_id model);
void monitor_visit(struct visit *visit, struct monitor *monitor);

#endif
