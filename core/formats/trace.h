/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a step as text: "[01:15:00.000] monitor      > input shift on fraud.amount: 0.310 (limit 0.100)". Derived from event, advice and effects
 * alone, so a journal tells the same story as the run. */
#ifndef CORE_FORMATS_TRACE_H
#define CORE_FORMATS_TRACE_H

#include "core/base/text.h"
#include "core/steward.h"

/* Appends the lines of one step; quiet steps (windows in band, ticks) append nothing. */
void trace_step(const struct deployment *deployment, const struct event *event,
                const struct advice *advice, const struct effects *effects, struct text *text);

#endif
