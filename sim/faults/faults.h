/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the faults: what the conditions of a plan do to actions, telemetry, channels, the LLM and the agent process. Pure
 * functions of plan, time and draw number, so that removing one condition moves nothing else. */
#ifndef SIM_FAULTS_FAULTS_H
#define SIM_FAULTS_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/event.h"
#include "sim/truth/plan.h"

/* The item of kind in force at a time for a model (or the fleet), or NULL. */
const struct plan_item *faults_active(const struct plan *plan, enum plan_kind kind, int64_t at,
                                      struct model_id model);

enum action_fault { ACTION_GOES, ACTION_FAILS, ACTION_UNKNOWN_DONE, ACTION_UNKNOWN_NOT_DONE };
bool faults_registry_down(const struct plan *plan, int64_t at);
/* number: the how-manieth act of the episode. Registry outage fails the verbs that need the registry. */
enum action_fault faults_action(const struct plan *plan, int64_t at, struct model_id model,
                                enum verb verb, uint64_t number);

/* Delay of a telemetry window, 0 normally; negative: lost. */
int64_t faults_window_delay(const struct plan *plan, const struct event *window);

bool faults_llm_down(const struct plan *plan, int64_t at);
bool faults_channels_down(const struct plan *plan, int64_t at);
/* True when the agent process dies at its act number (from 1): before it goes out, or right after. *ret_restart_ns: down time. */
bool faults_crash(const struct plan *plan, uint64_t act_number, bool after, int64_t *ret_restart_ns);

/* CONTROL event number step of a plan item (halt, reset; forged reset; arm, heartbeats every 15 s, disarm, reset), and when it is due.
 * False: the item has no such step. */
bool faults_control(const struct plan *plan, const struct deployment *deployment, uint32_t item,
                    uint64_t step, int64_t *ret_at, struct control_event *ret_control);

#endif
