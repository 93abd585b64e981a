/* SPDX-License-Identifier: Apache-2.0 */
/* Intake: CloudEvents and OpenLineage run events become change events. */
#ifndef LIVE_ADAPTER_INTAKE_H
#define LIVE_ADAPTER_INTAKE_H

#include "core/types/deployment.h"
#include "core/types/event.h"
#include "live/adapter/exchange.h"

struct intake_change {
    struct digest128 key; /* Of source and id: at-least-once delivery is deduplicated with alert_memory_add. */
    struct change change; /* by is a person of the deployment or 0; unknown models and tables are refused. */
    uint32_t note_bytes;
    char note[TEXT_BYTES_MAX]; /* Untrusted; control characters dropped. change_event.note may point here. */
};
enum { INTAKE_CHANGES_MAX = 8 };
struct intake_batch {
    uint32_t n_changes;
    struct intake_change changes[INTAKE_CHANGES_MAX];
};

/* CloudEvents 1.0, structured JSON: {"specversion":"1.0","id","source","type":"steward.change.KIND","time"?,"data":{"model"?,"table"?,"from"?,"to"?,
 * "by"?,"note"?}}, KIND one of model config image schema data; model and table are names of the deployment. MODEL, CONFIG and IMAGE need a model,
 * SCHEMA and DATA a table. A time ahead of now is now. False with *ret_error: answer 400. */
bool intake_cloudevent_parse(struct slice body, const struct deployment *deployment,
                             int64_t epoch_unix_ns, int64_t now_ns, struct intake_batch *ret_batch,
                             char ret_error[EXCHANGE_ERROR_BYTES]);
/* OpenLineage run event: a COMPLETE run becomes one DATA change for each output that is a table of the deployment (SCHEMA when its lifecycle
 * facet says ALTER or RENAME); other states and outputs make none, and that is no error. */
bool intake_openlineage_parse(struct slice body, const struct deployment *deployment,
                              int64_t epoch_unix_ns, int64_t now_ns, struct intake_batch *ret_batch,
                              char ret_error[EXCHANGE_ERROR_BYTES]);

/* RFC 3339 with a zone, to nanoseconds since the Unix epoch. */
bool rfc3339_parse(struct slice text, int64_t *ret_unix_ns);

#endif
