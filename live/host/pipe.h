/* SPDX-License-Identifier: Apache-2.0 */
/* The pipe: requests of the adapters over libcurl, many at once, each in the slot of its call. */
#ifndef LIVE_HOST_PIPE_H
#define LIVE_HOST_PIPE_H

#include "core/base/err.h"
#include "live/adapter/exchange.h"

enum { PIPE_SLOTS = 64 };

struct pipe;
enum err pipe_open(struct pipe **ret_pipe, struct err_text *ret_text) MUST_USE;
void pipe_close(struct pipe *pipe);
/* The slot must be free. What cannot even begin is taken as FAILED. */
void pipe_send(struct pipe *pipe, uint32_t slot, const struct http_request *request);
/* Waits at most so long for anything on the sockets or the given descriptors, and moves bytes. */
void pipe_wait(struct pipe *pipe, const int *descriptors, uint32_t n_descriptors, int64_t timeout_ns);
/* A response that came; false when there is none. Its body is valid until pipe_done of the slot. */
bool pipe_take(struct pipe *pipe, uint32_t *ret_slot, struct http_response *ret_response);
void pipe_done(struct pipe *pipe, uint32_t slot);
uint32_t pipe_busy(const struct pipe *pipe);

#endif
