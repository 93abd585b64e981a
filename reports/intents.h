/* SPDX-License-Identifier: Apache-2.0 */
/* When an intent has its outcome: questions to the table `action` of a journal. */
#ifndef REPORTS_INTENTS_H
#define REPORTS_INTENTS_H

/* An intent is one attempt. It has its outcome when, before the next intent of the same action, a record says what became of it: one of the kind
 * outcome, or one by which the action was applied, verified, undone, failed, refused or expired. That a lock was taken or given back, or that
 * the platform is being read, is no outcome. */

/* Intents without an outcome: run, action, incident, verb, at_ns, in the order of the journal. */
extern const char intents_open_query[];
/* Each intent in that order: run, from_ns and to_ns, which is null without an outcome. */
extern const char intents_length_query[];

#endif
