/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the live host: the ports of the core filled with a real platform, a real clock and a journal, on one thread. */
#ifndef LIVE_HOST_HOST_H
#define LIVE_HOST_HOST_H

#include "core/base/err.h"
#include "live/config/config.h"

enum live_level { LIVE_INFO, LIVE_WARN, LIVE_ERROR };

/* What cli does for the host: it alone prints and reads input files. */
struct live_port {
    void *self;
    void (*log)(void *self, enum live_level level, const char *words);
    void (*show)(void *self, const char *words); /* Requests of a dry run. */
    /* Configuration and policy again, for SIGHUP. */
    enum err (*load)(void *self, struct live_config *ret_config, struct policy *ret_policy,
                     struct err_text *ret_text);
};

struct live_request {
    struct live_config *config; /* Taken over by copy; the caller wipes its own. */
    const struct policy *policy;
    bool dry_run; /* Nothing that changes, pages or tells leaves; every request is shown. The journal is one of its own, and is not kept. */
    bool once;    /* One window of each model and what follows from it, then the end. */
};

/* Runs until SIGTERM, SIGINT or (once) until there is nothing left to do. The journal is state_dir/journal.stw; what a killed process left is taken
 * up. ERR_UNAVAILABLE: port or journal in use; ERR_IO, ERR_CANNOT_WRITE: a record could not be written, and nothing was done after it. */
enum err live_run(const struct live_request *request, const struct live_port *port,
                  struct err_text *ret_text) MUST_USE;

/* Whether state_dir can be used, or made by a start; nothing is made. ERR_CANNOT_WRITE, ERR_CONFIG. */
enum err live_check_state_dir(const struct live_config *config, struct err_text *ret_text) MUST_USE;

/* Asks every server of the configuration once; a line for each through show. ERR_UNAVAILABLE when one did not answer as it must. */
enum err live_check(struct live_config *config, const struct live_port *port,
                    struct err_text *ret_text) MUST_USE;

/* One request and its response, for the commands of people. body: valid until the next call or http_end. Nothing of the environment is used. */
struct http_once;
enum err http_once_open(struct http_once **ret_once, struct err_text *ret_text) MUST_USE;
void http_once_close(struct http_once *once);
void http_once_ask(struct http_once *once, const struct http_request *request,
                   struct http_response *ret_response);

#endif
