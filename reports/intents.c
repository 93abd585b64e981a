/* SPDX-License-Identifier: Apache-2.0 */
/* The questions, over the life cycle of an action (core/types/action.h). Rows stand in the order in which they were recorded. */
#include "reports/intents.h"

/* An intent and what follows it, up to the next of the same action, are one attempt; what comes before the first is attempt 0. */
#define ATTEMPTS                                                                                     \
    "WITH numbered AS (SELECT rowid AS place, run, action, incident, verb, at_ns, step, state,"      \
    " sum(step = 'intent') OVER (PARTITION BY run, action ORDER BY rowid) AS attempt FROM action),"  \
    " attempts AS (SELECT min(place) AS place, run, action,"                                         \
    " min(CASE WHEN step = 'intent' THEN incident END) AS incident,"                                 \
    " min(CASE WHEN step = 'intent' THEN verb END) AS verb,"                                         \
    " min(CASE WHEN step = 'intent' THEN at_ns END) AS from_ns,"                                     \
    " min(CASE WHEN step = 'outcome' OR (step IN ('verified', 'undo', 'reconciled') AND state IN"    \
    " ('applied', 'verified', 'undoing', 'undone', 'failed', 'refused', 'expired')) THEN at_ns END)" \
    " AS to_ns FROM numbered WHERE attempt > 0 GROUP BY run, action, attempt)"

const char intents_open_query[] = ATTEMPTS
    " SELECT run, action, incident, verb, from_ns AS at_ns FROM attempts WHERE to_ns IS NULL ORDER BY place";

const char intents_length_query[] =
    ATTEMPTS " SELECT run, from_ns, to_ns FROM attempts ORDER BY place";
