/* SPDX-License-Identifier: Apache-2.0 */
/* Intake of the coordinator: events to symptoms, symptoms to incidents, changes to probes, and the calendar. */
#ifndef CORE_MIND_INTAKE_H
#define CORE_MIND_INTAKE_H

#include "core/mind/coordinator.h"

/* What the monitor found in a window. */
void intake_findings(struct coordinator *coordinator, struct monitor *monitor,
                     struct model_id model, const struct findings *findings,
                     const struct event *event, struct advice *advice);
/* Models that fell silent, as bits of model id - 1. */
void intake_silence(struct coordinator *coordinator, struct monitor *monitor, uint32_t models,
                    const struct event *event, struct advice *advice);
/* Every other event. */
void intake_event(struct coordinator *coordinator, struct monitor *monitor,
                  const struct event *event, const struct docket *docket, struct advice *advice);
/* Asks what a recent change of model i has to be looked at with, when that is due. */
void intake_probe(struct coordinator *coordinator, uint32_t i, int64_t now, struct advice *advice);
/* A holiday or experiment is declared for about now. */
bool intake_is_declared(const struct coordinator *coordinator, struct model_id model, int64_t now);
/* End of the freeze or maintenance window that is open or about to open; 0: none. */
int64_t intake_frozen_until(const struct coordinator *coordinator, struct model_id model,
                            int64_t now);

#endif
