/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed thresholds on one window, as textbooks give them: what the simple minds see of a model. */
#ifndef CORE_MIND_TEXTBOOK_H
#define CORE_MIND_TEXTBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/event.h"

enum textbook_rule {
    TEXTBOOK_DRIFT,     /* PSI of any feature. */
    TEXTBOOK_NULLS,     /* Null ratio of any feature above its reference. */
    TEXTBOOK_QUALITY,   /* Labelled error above the baseline. */
    TEXTBOOK_DECISIONS, /* Positive rate away from the baseline. */
    TEXTBOOK_ERRORS,    /* Failed requests beyond the declared availability. */
    TEXTBOOK_LATENCY,   /* p95 against the baseline. */
    N_TEXTBOOK_RULES
};

struct textbook_limits {
    double psi;
    double nulls, quality, decisions; /* Absolute differences. */
    double latency_factor;
    uint32_t rows_min, labels_min; /* A smaller window says nothing. */
};
/* PSI 0.2, five points of nulls, error and decisions, twice the latency. */
extern const struct textbook_limits textbook_limits;

struct textbook_alert {
    int32_t feature; /* -1 none. */
    double value, limit;
};
struct textbook_alerts {
    uint32_t fired;           /* Bits 1 << enum textbook_rule. */
    uint32_t drifting, nulls; /* Bit i: feature i broke that rule. */
    struct textbook_alert alerts[N_TEXTBOOK_RULES];
};

/* Newest reference profiles of one model: versions that may serve at one time (champion, canary, target, undo). */
enum { TEXTBOOK_BASELINES = 4 };
struct textbook {
    uint32_t n_baselines; /* Ever; the ring keeps the last ones. */
    struct baseline baselines[TEXTBOOK_BASELINES];
};

void textbook_put(struct textbook *textbook, const struct baseline *baseline);
/* Of the version; the newest one when that version's profile never came; NULL when none came. */
const struct baseline *textbook_baseline(const struct textbook *textbook, struct version_id version);
/* Nothing fires before a baseline has come, nor while the answers of a fallback stand in for the model's (operational rules still do). */
void textbook_look(const struct textbook *textbook, const struct model_entry *model,
                   const struct window *window, const struct textbook_limits *limits,
                   struct textbook_alerts *ret_alerts);
enum symptom textbook_symptom(enum textbook_rule rule);
/* Of the first alert that fired; one has. */
enum symptom textbook_first(const struct textbook_alerts *alerts);
/* A NOTE of the first alert that fired; one has. */
void textbook_note(const struct textbook_alerts *alerts, struct model_id model,
                   struct evidence_id evidence, struct advice *advice);
void textbook_visit(struct visit *visit, const char *name, struct textbook *textbook);

#endif
