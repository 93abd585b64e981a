/* SPDX-License-Identifier: Apache-2.0 */
/* The only home of the words for enum values, in traces, reports, files and errors. */
#ifndef CORE_TYPES_NAMES_H
#define CORE_TYPES_NAMES_H

#include <stdbool.h>

#include "core/types/advice.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "core/types/guarantee.h"
#include "core/types/incident.h"
#include "core/types/policy.h"

const char *verb_name(enum verb verb);
const char *tool_name(enum tool tool);
const char *cause_name(enum cause cause);
const char *fact_name(enum fact fact);
const char *tier_name(enum tier tier);
const char *role_name(enum role role);
const char *verdict_name(enum verdict verdict);
const char *event_name(enum event_kind kind);
const char *advice_name(enum advice_kind kind);
const char *symptom_name(enum symptom symptom);
const char *guarantee_name(enum guarantee guarantee);
const char *effect_name(enum effect_kind kind);
const char *record_name(enum record_kind kind);
const char *refusal_name(enum refusal refusal);
const char *principal_name(enum principal principal);
const char *incident_state_name(enum incident_state state);
const char *action_state_name(enum action_state state);
const char *reply_verdict_name(enum reply_verdict verdict);
const char *change_kind_name(enum change_kind kind);
const char *control_name(enum control_kind kind);
const char *train_window_name(enum train_window window);
const char *fallback_mode_name(enum fallback_mode mode);
const char *calendar_name(enum calendar_kind kind);
const char *layer_name(uint32_t layer); /* "ingress", "schema", ... */

/* From a word of a file; false when there is none. */
bool verb_find(struct slice word, enum verb *ret_verb);
bool tool_find(struct slice word, enum tool *ret_tool);
bool cause_find(struct slice word, enum cause *ret_cause);
bool fact_find(struct slice word, enum fact *ret_fact);
bool tier_find(struct slice word, enum tier *ret_tier);
bool role_find(struct slice word, enum role *ret_role);
bool verdict_find(struct slice word, enum verdict *ret_verdict);

#endif
