/* SPDX-License-Identifier: Apache-2.0 */
/* Doubles of the servers: a request becomes the bytes that MLflow or Prometheus would send, or what a bad network makes of them. */
#ifndef WIRE_DOUBLE_H
#define WIRE_DOUBLE_H

#include "core/base/prng.h"
#include "core/types/deployment.h"
#include "core/types/event.h"
#include "live/adapter/exchange.h"

/* X(NAME, share of requests in millionths). Acted: the server did what was asked and its answer is lost or spoilt. */
#define WIRE_FAULT_TABLE(X)                                                                        \
    X(NONE, 0)                                                                                     \
    X(RESET_BEFORE, 8000) /* Connection reset before the server saw the request. */                \
    X(RESET_AFTER, 8000)  /* Acted; reset before the body was whole. */                            \
    X(TIMEOUT, 6000)      /* Acted; no answer in time. */                                          \
    X(DUPLICATED, 6000)   /* Acted; the body arrives twice. */                                     \
    X(TRUNCATED, 6000)    /* Acted; half a body. */                                                \
    X(STALE, 10000)       /* A read sees the alias and key before the last change. */              \
    X(HTML, 6000)         /* A proxy answers in its place. */                                      \
    X(BUSY_429, 5000)     /* Not acted, Retry-After named. */                                      \
    X(BUSY_503, 5000)

enum wire_fault {
#define X(name, ppm) WIRE_FAULT_##name,
    WIRE_FAULT_TABLE(X)
#undef X
        N_WIRE_FAULTS
};
/* Drawn anew for each request. */
enum wire_fault wire_fault_draw(struct stream *stream);

/* How a set of the alias is doomed from outside, besides the faults. */
enum wire_doom { DOOM_NONE, DOOM_REFUSED, DOOM_LOST_DONE, DOOM_LOST_NOT_DONE };

/* What the servers hold of one model. Registry and platform are the plant's, shown before each exchange. */
struct double_model {
    struct version_id alias, alias_before; /* Before: of the last change, for stale reads. */
    struct digest128 key, key_before;
};
struct wire_double {
    struct double_model model;
    struct registry_answer registry;
    const struct window *window; /* What requests and errors are taken from: the window where there is one, ... */
    const struct model_entry *entry; /* ... with the names of its features, ... */
    const struct answer *asked;      /* ... else what this answer holds; bins are those of ... */
    const struct window *newest;     /* ... the newest window. NULL: none yet. */
    int64_t window_ns;
    enum wire_doom doom;
    bool dark;       /* From now on nothing answers. */
    uint32_t n_sets; /* Sets of the alias that were applied. */
    int64_t set_at;
    int64_t epoch_unix_ns;
    char body[1 << 16];
};

/* Answers one request at now; the response borrows the body until the next. Returns when it is there. */
int64_t double_serve(struct wire_double *servers, const struct http_request *request,
                     enum wire_fault fault, struct stream *stream, int64_t now_ns,
                     struct http_response *ret_response);

#endif
