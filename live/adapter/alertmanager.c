/* SPDX-License-Identifier: Apache-2.0 */
/* Alertmanager's webhook body, read strictly; every word in it is somebody else's. */
#include "live/adapter/alertmanager.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/formats/fingerprint.h"
#include "live/adapter/intake.h"
#include "live/adapter/parts.h"

enum { KEY_BYTES = 256 };

static struct model_id model_named(const struct deployment *deployment, struct slice name)
{
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        if (slice_is(name, deployment->models[i].name)) {
            return (struct model_id){(uint16_t)(i + 1)};
        }
    }
    return (struct model_id){0};
}

static bool alert_parse(const json_t *entry, const struct deployment *deployment, struct alert *alert)
{
    struct slice status = member_words(entry, "status");
    struct slice fingerprint = member_words(entry, "fingerprint");
    struct slice starts = member_words(entry, "startsAt");
    const json_t *labels = json_object_get(entry, "labels");
    const json_t *annotations = json_object_get(entry, "annotations");
    bool is_firing = slice_is(status, "firing");
    bool is_sound = (is_firing || slice_is(status, "resolved")) && json_is_object(labels) &&
                    fingerprint.n_bytes > 0 && fingerprint.n_bytes <= 64 &&
                    rfc3339_parse(starts, &alert->starts_unix_ns);
    if (!is_sound) {
        return false;
    }
    char identity[KEY_BYTES];
    struct text text;
    text_init(&text, identity, sizeof(identity));
    text_put_slice(&text, fingerprint);
    text_put_char(&text, '\n');
    text_put_i64(&text, alert->starts_unix_ns);
    text_put_char(&text, '\n');
    text_put_slice(&text, status);
    alert->key = fingerprint_of(text.bytes, text.n_bytes);
    alert->firing = is_firing;
    alert->model = model_named(deployment, member_words(labels, "model"));
    chars_clean(alert->name, sizeof(alert->name), member_words(labels, "alertname"));
    chars_clean(alert->severity, sizeof(alert->severity), member_words(labels, "severity"));
    chars_clean(alert->summary, sizeof(alert->summary), member_words(annotations, "summary"));
    return true;
}

static const char *batch_parse(const json_t *root, const struct deployment *deployment,
                               struct alert_batch *batch)
{
    int64_t n_hidden = 0;
    const json_t *alerts = json_object_get(root, "alerts");
    if (!slice_is(member_words(root, "version"), "4")) {
        return "not version 4 of the Alertmanager webhook";
    }
    if (!json_is_array(alerts)) {
        return "alerts is not a list";
    }
    if (json_object_get(root, "truncatedAlerts") != NULL &&
        !member_whole(root, "truncatedAlerts", 0, UINT32_MAX / 2, &n_hidden)) {
        return "truncatedAlerts is not a count";
    }
    batch->n_hidden = (uint32_t)n_hidden;
    for (size_t i = 0; i < json_array_size(alerts); i++) {
        if (batch->n_alerts == ALERTS_MAX) {
            batch->n_hidden += (uint32_t)(json_array_size(alerts) - ALERTS_MAX);
            break;
        }
        if (!alert_parse(json_array_get(alerts, i), deployment, &batch->alerts[batch->n_alerts])) {
            return "an alert lacks status, fingerprint, startsAt or labels";
        }
        batch->n_alerts++;
    }
    return NULL;
}

bool alertmanager_parse(struct slice body, const struct deployment *deployment,
                        struct alert_batch *ret_batch, char ret_error[EXCHANGE_ERROR_BYTES])
{
    memset(ret_batch, 0, sizeof(*ret_batch));
    json_t *root = object_open(body);
    const char *wrong =
        root == NULL ? "the body is not one JSON object" : batch_parse(root, deployment, ret_batch);
    json_decref(root);
    if (wrong != NULL) {
        memset(ret_batch, 0, sizeof(*ret_batch));
    }
    struct text text;
    text_init(&text, ret_error, EXCHANGE_ERROR_BYTES);
    text_put(&text, wrong == NULL ? "" : wrong);
    return wrong == NULL;
}

bool alert_memory_add(struct alert_memory *memory, struct digest128 key)
{
    uint32_t n_kept = memory->n_seen < ALERT_MEMORY ? memory->n_seen : ALERT_MEMORY;
    for (uint32_t i = 0; i < n_kept; i++) {
        if (memory->keys[i].hi == key.hi && memory->keys[i].lo == key.lo) {
            return false;
        }
    }
    memory->keys[memory->n_seen++ % ALERT_MEMORY] = key;
    return true;
}
