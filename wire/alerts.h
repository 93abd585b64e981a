/* SPDX-License-Identifier: Apache-2.0 */
/* The double of Alertmanager: rules over what the platform shows, and webhook posts that a bad network delays, doubles, cuts and loses. */
#ifndef WIRE_ALERTS_H
#define WIRE_ALERTS_H

#include "core/base/prng.h"
#include "core/types/deployment.h"
#include "core/types/event.h"
#include "live/adapter/alertmanager.h"

/* What a Prometheus rule would watch. X(NAME, alertname). */
#define ALERT_RULE_TABLE(X)                                                                        \
    X(ERRORS, "ModelErrorsHigh")      /* More than one request in twenty fails. */                 \
    X(ACCURACY, "ModelAccuracyLow")   /* At least ACCURACY_MIN labels, below the model's floor. */ \
    X(SILENT, "ModelWithoutRequests") /* No request in a window. */

enum alert_rule {
#define X(name, word) ALERT_RULE_##name,
    ALERT_RULE_TABLE(X)
#undef X
        N_ALERT_RULES
};

/* X(NAME, share of posts in millionths). Taken: the intake kept what was posted. Every post without a 2xx is made anew, from what holds then. */
#define ALERT_FAULT_TABLE(X)                                                                       \
    X(NONE, 0)                                                                                     \
    X(RESET, 60000)      /* Broken before the body was there. */                                   \
    X(LOST_2XX, 60000)   /* Taken; the answer is lost. */                                          \
    X(DUPLICATED, 60000) /* Taken twice: two Alertmanagers of one cluster. */                      \
    X(TRUNCATED, 60000)  /* Half a body, then the connection ends. */                              \
    X(LATE, 60000)       /* Taken only after the post that follows it. */

enum alert_fault {
#define X(name, ppm) ALERT_FAULT_##name,
    ALERT_FAULT_TABLE(X)
#undef X
        N_ALERT_FAULTS
};
enum alert_fault alert_fault_draw(struct stream *stream);

enum { ALERT_BODY_BYTES = 4096 };

struct alert_state {
    bool firing, told; /* Told: the intake has answered 2xx to this. */
    int64_t starts_at; /* 0: never fired. */
};
struct alert_double {
    int64_t epoch_unix_ns;
    struct alert_state states[MODELS_MAX][N_ALERT_RULES];
    size_t late_bytes; /* 0: none is under way. */
    char late[ALERT_BODY_BYTES], body[ALERT_BODY_BYTES];
};
/* The steward's side: the parser and the key of live mode. */
struct alert_intake {
    struct alert_memory memory;
    uint64_t n_kept, n_duplicates, n_refused;
    uint32_t woken; /* Bits 1 << (model - 1): an alert that fires is new. Cleared by who acts on it. */
    struct alert_batch batch;
};

/* The rules look at a window as the platform has it. */
void alerts_watch(struct alert_double *alerts, const struct deployment *deployment,
                  const struct window *window);
/* Posts what the intake has not confirmed, each post with a fault of its own, at most three times; what is left waits for the next call. */
void alerts_post(struct alert_double *alerts, const struct deployment *deployment,
                 struct model_id model, struct stream *stream, struct alert_intake *intake);
/* One post with this fault. True: 2xx. */
bool alerts_deliver(struct alert_double *alerts, const struct deployment *deployment,
                    struct model_id model, enum alert_fault fault, struct alert_intake *intake);

#endif
