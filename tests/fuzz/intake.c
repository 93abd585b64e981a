/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes at the intake, as every kind of body: what is taken names things of the deployment, what is refused says why. */
#include <string.h>

#include "core/base/assert.h"
#include "live/adapter/alertmanager.h"
#include "live/adapter/intake.h"
#include "live/adapter/webhook.h"
#include "tests/fuzz/fuzz.h"

static const struct deployment deployment = {.name = "shop",
                                             .n_models = 1,
                                             .models = {{.name = "fraud"}},
                                             .n_tables = 1,
                                             .tables = {{.name = "payments"}}};

static void look_at_changes(bool is_taken, const struct intake_batch *batch, const char *error)
{
    ASSERT(is_taken == (error[0] == '\0'));
    ASSERT(batch->n_changes <= INTAKE_CHANGES_MAX);
    ASSERT(is_taken || batch->n_changes == 0);
    for (uint32_t i = 0; i < batch->n_changes; i++) {
        const struct intake_change *entry = &batch->changes[i];
        ASSERT((uint32_t)entry->change.kind < N_CHANGE_KINDS);
        ASSERT(entry->change.model.value + entry->change.table.value > 0);
        ASSERT(entry->change.model.value <= deployment.n_models);
        ASSERT(entry->change.table.value <= deployment.n_tables);
        ASSERT(entry->note_bytes == strlen(entry->note));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static struct alert_batch alerts;
    static struct intake_batch changes;
    char error[EXCHANGE_ERROR_BYTES];
    struct slice body = {(const char *)bytes, n_bytes};
    bool is_taken = alertmanager_parse(body, &deployment, &alerts, error);
    ASSERT(is_taken == (error[0] == '\0'));
    ASSERT(alerts.n_alerts <= ALERTS_MAX);
    for (uint32_t i = 0; i < alerts.n_alerts; i++) {
        ASSERT(alerts.alerts[i].model.value <= deployment.n_models);
        ASSERT(memchr(alerts.alerts[i].summary, 0x1b, strlen(alerts.alerts[i].summary)) == NULL);
    }
    is_taken = intake_cloudevent_parse(body, &deployment, 0, 0, &changes, error);
    look_at_changes(is_taken, &changes, error);
    is_taken = intake_openlineage_parse(body, &deployment, 0, 0, &changes, error);
    look_at_changes(is_taken, &changes, error);
    struct webhook_secret secret;
    if (webhook_secret_parse(body, &secret)) {
        ASSERT(secret.n_bytes >= WEBHOOK_SECRET_MIN);
        ASSERT(secret.n_bytes <= WEBHOOK_SECRET_MAX);
        ASSERT(webhook_verify(&secret, body, slice_of("1"), body, body, 1) == WEBHOOK_FORGED);
    }
    return 0;
}
