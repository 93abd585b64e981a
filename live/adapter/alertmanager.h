/* SPDX-License-Identifier: Apache-2.0 */
/* Alertmanager webhook, version 4: a body becomes alerts, each once. */
#ifndef LIVE_ADAPTER_ALERTMANAGER_H
#define LIVE_ADAPTER_ALERTMANAGER_H

#include "core/types/deployment.h"
#include "core/types/ident.h"
#include "live/adapter/exchange.h"

enum { ALERTS_MAX = 64, ALERT_TEXT_BYTES = 256, ALERT_MEMORY = 512 };

struct alert {
    struct digest128 key; /* Of fingerprint, startsAt and status. */
    bool firing;
    struct model_id model; /* Label model, when it names one of the deployment; 0 otherwise. */
    int64_t starts_unix_ns;
    char name[64]; /* Label alertname. Untrusted, cleaned and cut, as are the next two. */
    char severity[32];
    char summary[ALERT_TEXT_BYTES];
};
struct alert_batch {
    uint32_t n_alerts;
    struct alert alerts[ALERTS_MAX];
    uint32_t n_hidden; /* truncatedAlerts, and those beyond ALERTS_MAX: not shown, must be said. */
};

/* False with *ret_error set when it is not a version 4 body: answer 400. An alert wakes its model (a window is read at once); it
 * is no evidence. */
bool alertmanager_parse(struct slice body, const struct deployment *deployment,
                        struct alert_batch *ret_batch, char ret_error[EXCHANGE_ERROR_BYTES]);

/* Keys seen, oldest forgotten first. */
struct alert_memory {
    uint32_t n_seen;
    struct digest128 keys[ALERT_MEMORY];
};
/* True when the key is new; it is then remembered. */
bool alert_memory_add(struct alert_memory *memory, struct digest128 key);

#endif
