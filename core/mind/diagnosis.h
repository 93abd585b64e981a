/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnosis: signs that evidence shows, what each cause makes of them, the posterior, and which tool is worth asking next. */
#ifndef CORE_MIND_DIAGNOSIS_H
#define CORE_MIND_DIAGNOSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/evidence.h"

/* What evidence can show. X(NAME, tool that shows it; N_TOOLS: telemetry alone). */
#define SIGN_TABLE(X)                                                                              \
    X(COLUMN_EMPTY, TOOL_FEATURES) /* A feature is null as good as always. */                      \
    X(NULLS, TOOL_FEATURES)        /* Some more nulls than usual. */                               \
    X(SCALE, TOOL_FEATURES)        /* Spread or mean moved by a factor that no population does. */ \
    X(SHIFT_KEY, TOOL_FEATURES)    /* A feature that carries a tenth of the decision moved. */     \
    X(SHIFT_MINOR, TOOL_FEATURES)  /* One that carries less moved. */                              \
    X(ACTIVATED, TOOL_FEATURES)    /* A constant feature lives. */                                 \
    X(SCHEMA_CHANGED, TOOL_TABLES)                                                                 \
    X(PROVIDER_DOWN, TOOL_TABLES)                                                                  \
    X(STALE, TOOL_TABLES) /* Old rows, or too few. */                                              \
    X(MODEL_CHANGED, TOOL_CHANGES)                                                                 \
    X(CONFIG_CHANGED, TOOL_CHANGES)                                                                \
    X(IMAGE_CHANGED, TOOL_CHANGES)                                                                 \
    X(GOLDEN_LOW, TOOL_GOLDEN)                                                                     \
    X(PREVIOUS_BETTER, TOOL_SHADOW)                                                                \
    X(DECISION_STEP, TOOL_DECISIONS) /* Decisions moved, scores did not. */                        \
    X(QUALITY_LOW, TOOL_LABELS) /* Absent: labels of the rows in question say that it is fine. */  \
    X(LABELS_SCARCE, TOOL_LABELS)                                                                  \
    X(DECLARED, TOOL_CALENDAR) /* A holiday or experiment is declared for now. */                  \
    X(OPERATIONS_BAD, TOOL_PLATFORM)                                                               \
    X(SUSPICIOUS_TEXT, TOOL_LOGS)                                                                  \
    X(HALF_DONE, TOOL_STATE)                                                                       \
    X(SILENT, N_TOOLS)

enum sign {
#define X(name, tool) SIGN_##name,
    SIGN_TABLE(X)
#undef X
        N_SIGNS
};

enum sign_state { SIGN_UNSEEN, SIGN_ABSENT, SIGN_PRESENT, N_SIGN_STATES };

struct signs {
    uint8_t states[N_SIGNS]; /* enum sign_state. */
};

struct diagnosis {
    double posterior[N_CAUSES]; /* Sums to 1. */
    enum cause leading, second;
};

/* Tool that shows the sign. */
enum tool sign_tool(enum sign sign);
/* "SHIFT_KEY": for prompts. */
const char *sign_name(enum sign sign);
/* P(sign present | cause) of the table, and the prior of a cause. */
double diagnosis_likelihood(enum cause cause, enum sign sign);
double diagnosis_prior(enum cause cause);
/* Posterior of the causes given the signs seen; ties by the order of the causes. */
void diagnosis_update(struct diagnosis *diagnosis, const struct signs *signs);
/* The tables are sure enough to act on: the leading cause is not unknown, holds at least the decisive share, and a sign that only
 * it and few others make has been seen. Absence and circumstance alone decide nothing. */
/* waiting: answers are on their way, so that more is asked of the tables. */
bool diagnosis_is_decisive(const struct diagnosis *diagnosis, const struct signs *signs,
                           bool waiting);
/* Expected fall of the posterior's entropy (nats) by an answer of the tool; 0 when it shows nothing that is unseen. */
double diagnosis_value(const struct diagnosis *diagnosis, const struct signs *signs, enum tool tool);
bool cause_is_benign(enum cause cause);

#endif
