/* SPDX-License-Identifier: Apache-2.0 */
/* Alertmanager's bytes: rules, the webhook body of version 4, and its way to the intake. A body is written from the states that hold when it
 * leaves; one whose answer is lost therefore comes again, perhaps with more in it. A resolved alert keeps its startsAt. */
#include "wire/alerts.h"

#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/types/limits.h"

enum { PPM = 1000000, POSTS_MAX = 3, ACCURACY_MIN = 100, STAMP_BYTES = 32 };

#define ERRORS_MAX 0.05

static const char *const rule_words[N_ALERT_RULES] = {
#define X(name, word) [ALERT_RULE_##name] = (word),
    ALERT_RULE_TABLE(X)
#undef X
};

enum alert_fault alert_fault_draw(struct stream *stream)
{
    static const uint32_t shares_ppm[N_ALERT_FAULTS] = {
#define X(name, ppm) [ALERT_FAULT_##name] = (ppm),
        ALERT_FAULT_TABLE(X)
#undef X
    };
    uint64_t drawn = stream_below(stream, PPM);
    for (uint32_t i = 0; i < N_ALERT_FAULTS; i++) {
        if (drawn < shares_ppm[i]) {
            return (enum alert_fault)i;
        }
        drawn -= shares_ppm[i];
    }
    return ALERT_FAULT_NONE;
}

static bool holds(enum alert_rule rule, const struct model_entry *model, const struct window *window)
{
    switch (rule) {
    case ALERT_RULE_ERRORS:
        return (double)window->errors > ERRORS_MAX * (double)window->requests;
    case ALERT_RULE_ACCURACY:
        return window->labels_scored >= ACCURACY_MIN &&
               (double)window->labels_correct < model->accuracy_floor * (double)window->labels_scored;
    case ALERT_RULE_SILENT:
        return window->requests == 0;
    case N_ALERT_RULES:
        break;
    }
    return false;
}

void alerts_watch(struct alert_double *alerts, const struct deployment *deployment,
                  const struct window *window)
{
    ASSERT(window->model.value >= 1);
    ASSERT(window->model.value <= deployment->n_models);
    const struct model_entry *model = &deployment->models[window->model.value - 1];
    for (uint32_t i = 0; i < N_ALERT_RULES; i++) {
        struct alert_state *state = &alerts->states[window->model.value - 1][i];
        bool firing = holds((enum alert_rule)i, model, window);
        if (firing == state->firing) {
            continue;
        }
        state->firing = firing;
        state->told = false;
        state->starts_at = firing ? window->to : state->starts_at;
    }
}

/* RFC 3339 in UTC, to the second. Days to civil dates after the algorithm of H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static void put_stamp(struct text *text, int64_t unix_ns)
{
    int64_t seconds = unix_ns / NS_PER_S, day_s = seconds % 86400, z = seconds / 86400 + 719468;
    int64_t era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
    char stamp[STAMP_BYTES];
    ASSERT(year >= 1970);
    ASSERT(year <= 9999);
    (void)snprintf(stamp, sizeof(stamp), "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)(uint16_t)year,
                   (unsigned)(uint8_t)month, (unsigned)(uint8_t)day,
                   (unsigned)(uint8_t)(day_s / 3600), (unsigned)(uint8_t)(day_s / 60 % 60),
                   (unsigned)(uint8_t)(day_s % 60));
    text_put(text, stamp);
}

static void put_alert(const struct alert_double *alerts, const char *model_name, uint32_t model_i,
                      uint32_t rule_i, struct text *text)
{
    const struct alert_state *state = &alerts->states[model_i][rule_i];
    char fingerprint[STAMP_BYTES];
    (void)snprintf(fingerprint, sizeof(fingerprint), "%016x",
                   (unsigned)(model_i * N_ALERT_RULES + rule_i + 1));
    text_put(text, state->firing ? "{\"status\":\"firing\"" : "{\"status\":\"resolved\"");
    text_put(text, ",\"labels\":{\"alertname\":\"");
    text_put(text, rule_words[rule_i]);
    text_put(text, "\",\"model\":\"");
    text_put(text, model_name);
    text_put(text, "\",\"severity\":\"critical\"},\"annotations\":{\"summary\":\"");
    text_put(text, rule_words[rule_i]);
    text_put(text, "\"},\"startsAt\":\"");
    put_stamp(text, alerts->epoch_unix_ns + state->starts_at);
    text_put(
        text,
        "\",\"endsAt\":\"0001-01-01T00:00:00Z\",\"generatorURL\":\"http://prometheus\",\"fingerprint\":\"");
    text_put(text, fingerprint);
    text_put(text, "\"}");
}

static void write_body(struct alert_double *alerts, const struct deployment *deployment,
                       struct model_id model, struct text *text)
{
    const char *name = deployment->models[model.value - 1].name;
    const struct alert_state *states = alerts->states[model.value - 1];
    bool is_first = true, is_firing = false;
    for (uint32_t i = 0; i < N_ALERT_RULES; i++) {
        is_firing = is_firing || states[i].firing;
    }
    text_put(text, is_firing ? "{\"receiver\":\"steward\",\"status\":\"firing\",\"alerts\":["
                             : "{\"receiver\":\"steward\",\"status\":\"resolved\",\"alerts\":[");
    for (uint32_t i = 0; i < N_ALERT_RULES; i++) {
        if (states[i].firing || !states[i].told) {
            if (states[i].starts_at == 0) {
                continue; /* Never fired. */
            }
            text_put(text, is_first ? "" : ",");
            put_alert(alerts, name, model.value - 1u, i, text);
            is_first = false;
        }
    }
    text_put(text, "],\"groupLabels\":{\"model\":\"");
    text_put(text, name);
    text_put(text,
             "\"},\"commonLabels\":{},\"commonAnnotations\":{},\"externalURL\":\"http://alertmanager\","
             "\"version\":\"4\",\"groupKey\":\"{}:{model=\\\"");
    text_put(text, name);
    text_put(text, "\\\"}\",\"truncatedAlerts\":0}\n");
}

/* As the live intake does: parsed strictly, each key once, a new one that fires wakes its model. */
static bool take(struct alert_intake *intake, const struct deployment *deployment,
                 const char *bytes, size_t n_bytes)
{
    char error[EXCHANGE_ERROR_BYTES];
    struct alert_batch *batch = &intake->batch;
    if (!alertmanager_parse((struct slice){bytes, n_bytes}, deployment, batch, error)) {
        intake->n_refused++;
        return false;
    }
    for (uint32_t i = 0; i < batch->n_alerts; i++) {
        const struct alert *alert = &batch->alerts[i];
        if (!alert_memory_add(&intake->memory, alert->key)) {
            intake->n_duplicates++;
            continue;
        }
        intake->n_kept++;
        bool is_wake = alert->firing && alert->model.value != 0;
        intake->woken |= is_wake ? UINT32_C(1) << (alert->model.value - 1) : 0;
    }
    return true;
}

bool alerts_deliver(struct alert_double *alerts, const struct deployment *deployment,
                    struct model_id model, enum alert_fault fault, struct alert_intake *intake)
{
    struct text text;
    text_init(&text, alerts->body, sizeof(alerts->body));
    write_body(alerts, deployment, model, &text);
    ASSERT(!text.truncated);
    size_t late_bytes = alerts->late_bytes;
    bool is_answered = false;
    if (fault == ALERT_FAULT_LATE && late_bytes == 0) {
        memcpy(alerts->late, text.bytes, text.n_bytes);
        alerts->late_bytes = text.n_bytes;
        return false;
    }
    if (fault == ALERT_FAULT_TRUNCATED) {
        (void)take(intake, deployment, text.bytes, text.n_bytes / 2); /* Refused, and nobody hears it. */
    } else if (fault != ALERT_FAULT_RESET) {
        is_answered = take(intake, deployment, text.bytes, text.n_bytes);
        ASSERT(is_answered);
    }
    if (fault == ALERT_FAULT_DUPLICATED) {
        (void)take(intake, deployment, text.bytes, text.n_bytes); /* Told by the first. */
    }
    if (is_answered && late_bytes > 0) { /* Overtaken by what came after it. */
        (void)take(intake, deployment, alerts->late, late_bytes);
        alerts->late_bytes = 0;
    }
    return is_answered && fault != ALERT_FAULT_LOST_2XX;
}

static bool is_confirmed(const struct alert_double *alerts, struct model_id model)
{
    for (uint32_t i = 0; i < N_ALERT_RULES; i++) {
        const struct alert_state *state = &alerts->states[model.value - 1][i];
        if (state->starts_at != 0 && !state->told) {
            return false;
        }
    }
    return true;
}

void alerts_post(struct alert_double *alerts, const struct deployment *deployment,
                 struct model_id model, struct stream *stream, struct alert_intake *intake)
{
    for (uint32_t i = 0; i < POSTS_MAX && !is_confirmed(alerts, model); i++) {
        if (!alerts_deliver(alerts, deployment, model, alert_fault_draw(stream), intake)) {
            continue;
        }
        for (uint32_t j = 0; j < N_ALERT_RULES; j++) {
            alerts->states[model.value - 1][j].told = true;
        }
    }
}
