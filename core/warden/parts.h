/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the warden as they see each other: one block for each source file. */
#ifndef CORE_WARDEN_PARTS_H
#define CORE_WARDEN_PARTS_H

#include "core/warden/state.h"

/* decision.c: advice and rules through the layers to a verdict. */
void change_of(struct candidate *ret_change, const struct advice_item *item,
               enum principal principal);
/* Runs the layer; notes its verdict in the change. False when it refused. */
bool decision_layer(struct warden *warden, const struct event *event, struct candidate *change,
                    uint32_t layer);
/* Layers 0 to 4, as every item of advice. */
bool decision_advice(struct warden *warden, const struct event *event, struct candidate *change);
/* Layers 13 and 0 to 7, and for an execution 10 and 11 as well. */
bool decision_layers(struct warden *warden, const struct event *event, struct candidate *change);
void decision_propose(struct warden *warden, const struct event *event, struct candidate *change);
/* Notes the refusal, records it and tells the docket. */
void decision_refuse(struct warden *warden, struct candidate *change, uint8_t layer,
                     enum refusal reason);
/* Tools whose fresh answers the effect rests on. */
uint32_t decision_tools(const struct warden *warden, const struct action *action);
/* A rule's own proposal for an incident. False when it was refused. */
bool decision_rule(struct warden *warden, const struct event *event, const struct advice_item *item,
                   struct action_id undo_of);

/* auditor.c: the rows. */
struct record *audit(struct warden *warden, enum record_kind kind, struct incident_id incident,
                     struct model_id model);
struct record *audit_change(struct warden *warden, enum record_kind kind,
                            const struct candidate *change);
struct record *audit_action(struct warden *warden, enum record_kind kind,
                            const struct action *action);
void audit_refusal(struct warden *warden, const struct candidate *change);
void audit_rejected(struct warden *warden, struct incident_id incident, struct person_id person,
                    uint8_t layer, enum refusal reason);

/* actuator.c: the life of an action. */
struct action *actuator_find(struct warden *warden, struct action_id id);
/* NULL: no room. */
struct action *actuator_begin(struct warden *warden, const struct candidate *change);
void actuator_move(struct warden *warden, struct action *action, enum action_state to);
void actuator_check(struct warden *warden, struct action *action);
void actuator_outcome(struct warden *warden, const struct outcome *outcome);
void actuator_recover(struct warden *warden);
/* Ends what has not started yet: of one incident, or of all (0). */
void actuator_cancel(struct warden *warden, struct incident_id incident, enum refusal reason);
void actuator_step(struct warden *warden, const struct event *event);
int64_t actuator_deadline(const struct warden *warden);
bool actuator_is_applied(const struct action *action, const struct state_answer *state);
/* The verb, once in force, ends the growth of harm. */
bool actuator_contains(const struct action *action);
/* Any live action of the incident. */
bool actuator_busy(const struct warden *warden, struct incident_id incident);
/* What people or the platform ended meanwhile no longer counts as standing. */
void actuator_follow(struct warden *warden, struct model_id model);
/* What the release of a standing change looks like. */
struct action_args actuator_release(const struct action_args *args);
struct past_effect *actuator_past(struct warden *warden, struct action_id id);

/* approvals.c */
bool approvals_request(struct warden *warden, struct action *action);
void approvals_event(struct warden *warden, const struct approval_event *event);
void approvals_step(struct warden *warden);
void approvals_drop(struct warden *warden, struct action *action);
struct approval *approvals_find(struct warden *warden, struct approval_id id);
int64_t approvals_deadline(const struct warden *warden);

/* escalator.c */
void escalator_escalate(struct warden *warden, uint32_t i_entry, enum role recipient,
                        uint8_t severity, enum refusal reason);
/* Trouble of the warden itself: no room, nobody to ask. */
void escalator_own(struct warden *warden, struct model_id model, enum refusal reason);
void escalator_page_event(struct warden *warden, const struct page_event *event);
void escalator_recover(struct warden *warden);
void escalator_step(struct warden *warden);
int64_t escalator_deadline(const struct warden *warden);
void escalator_notify(struct warden *warden, const struct event *event,
                      const struct candidate *change);

/* watchdog.c: the dead man, deadlines of incidents and what stands against the clock. */
void watchdog_dead_man(struct warden *warden);
void watchdog_control(struct warden *warden, const struct control_event *event);
void watchdog_step(struct warden *warden, const struct event *event);
int64_t watchdog_deadline(const struct warden *warden);

/* incidents.c: the docket and the life of an incident. */
int32_t incidents_index(const struct warden *warden, struct incident_id incident);
/* The docket entry changed; the mind is woken when wake. */
void incidents_touch(struct warden *warden, uint32_t i_entry, bool wake);
void incidents_open(struct warden *warden, const struct candidate *change);
void incidents_watch(struct warden *warden, const struct candidate *change);
void incidents_close(struct warden *warden, const struct candidate *change);
void incidents_handling(struct warden *warden, const struct handling_event *event);
void incidents_contained(struct warden *warden, const struct action *action);
void incidents_action(struct warden *warden, const struct action *action);
void incidents_refused(struct warden *warden, const struct candidate *change);
void incidents_end(struct warden *warden, uint32_t i_entry, enum incident_state state,
                   enum principal principal, struct person_id person);
/* The independent metric after each window of the model. */
void incidents_metric(struct warden *warden, struct model_id model);
/* Pages where the service level of a model burns and nobody has opened an incident. */
void incidents_burn(struct warden *warden, struct model_id model);
void incidents_sweep(struct warden *warden);
void incidents_move(struct warden *warden, uint32_t i_entry, enum incident_state to);

/* visit.c */
void warden_state_visit(struct warden *warden, struct visit *visit);

#endif
