/* SPDX-License-Identifier: Apache-2.0 */
/* The pipe. No redirects, no proxies or passwords from the environment, no other protocols; a response stops at its ceiling, counted after
 * decompression. */
#include "live/host/pipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "core/base/assert.h"
#include "core/types/limits.h"
#include "live/host/host.h"

enum { DESCRIPTORS_MAX = 4, CONNECT_MS = 5000 };
enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_FAILED, SLOT_TAKEN };

struct slot {
    enum slot_state state;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    size_t n_bytes, capacity, bytes_max;
    bool too_large;
};
struct pipe {
    CURLM *multi;
    uint32_t n_busy;
    struct slot slots[PIPE_SLOTS];
};

enum err pipe_open(struct pipe **ret_pipe, struct err_text *ret_text)
{
    struct pipe *pipe = calloc(1, sizeof(*pipe));
    bool is_ready = pipe != NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
                    (pipe->multi = curl_multi_init()) != NULL;
    if (!is_ready) {
        free(pipe);
        return err_set(ret_text, ERR_INTERNAL, "HTTP: out of memory");
    }
    *ret_pipe = pipe;
    return OK;
}

void pipe_done(struct pipe *pipe, uint32_t slot_i)
{
    struct slot *slot = &pipe->slots[slot_i];
    if (slot->state == SLOT_FREE) {
        return;
    }
    if (slot->easy != NULL) {
        (void)curl_multi_remove_handle(pipe->multi, slot->easy); /* Known to be in it. */
        curl_easy_cleanup(slot->easy);
    }
    curl_slist_free_all(slot->headers);
    free(slot->body);
    *slot = (struct slot){0};
    pipe->n_busy--;
}

void pipe_close(struct pipe *pipe)
{
    for (uint32_t i = 0; i < PIPE_SLOTS; i++) {
        pipe_done(pipe, i);
    }
    (void)curl_multi_cleanup(pipe->multi); /* Empty. */
    curl_global_cleanup();
    free(pipe);
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *self)
{
    struct slot *slot = self;
    size_t n_bytes = size * n;
    if (n_bytes > slot->bytes_max - slot->n_bytes) {
        slot->too_large = true;
        return 0;
    }
    if (slot->n_bytes + n_bytes > slot->capacity) {
        size_t capacity = 2 * (slot->n_bytes + n_bytes);
        char *grown = realloc(slot->body, capacity);
        if (grown == NULL) {
            return 0;
        }
        slot->body = grown;
        slot->capacity = capacity;
    }
    memcpy(slot->body + slot->n_bytes, bytes, n_bytes);
    slot->n_bytes += n_bytes;
    return n_bytes;
}

static bool add_header(struct slot *slot, const char *name, const char *value)
{
    char line[HEADER_NAME_BYTES + HEADER_VALUE_BYTES + 4];
    (void)snprintf(line, sizeof(line), "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(slot->headers, line);
    if (longer == NULL) {
        return false;
    }
    slot->headers = longer;
    return true;
}

static bool put_headers(struct slot *slot, const struct http_request *request)
{
    bool is_put = true;
    if (request->content_type[0] != '\0') {
        is_put = add_header(slot, "Content-Type", request->content_type);
        struct curl_slist *longer = curl_slist_append(slot->headers, "Expect:");
        is_put = is_put && longer != NULL;
        slot->headers = longer != NULL ? longer : slot->headers;
    }
    for (uint32_t i = 0; i < request->n_headers && is_put; i++) {
        is_put = add_header(slot, request->headers[i].name, request->headers[i].value);
    }
    return is_put;
}

/* curl_easy_setopt is a macro of many types: one line an option. */
static bool put_options(struct slot *slot, const struct http_request *request)
{
    CURL *easy = slot->easy;
    int64_t timeout_ms = (request->timeout_ns > 0 ? request->timeout_ns : 10 * NS_PER_S) / NS_PER_MS;
    bool is_put = put_headers(slot, request);
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                        timeout_ms < CONNECT_MS ? (long)timeout_ms
                                                                : (long)CONNECT_MS) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK;
    is_put =
        is_put && curl_easy_setopt(easy, CURLOPT_USERAGENT, "steward/" STEWARD_VERSION) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, slot->headers) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_WRITEDATA, slot) == CURLE_OK;
    is_put = is_put && curl_easy_setopt(easy, CURLOPT_PRIVATE, slot) == CURLE_OK;
    if (request->content_type[0] != '\0' || request->method == HTTP_POST) {
        is_put = is_put && curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE,
                                            (long)request->body_bytes) == CURLE_OK;
        is_put = is_put && curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK;
    }
    if (request->method != HTTP_GET) {
        is_put = is_put && curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
                                            http_method_name(request->method)) == CURLE_OK;
        /* On a kept connection that dies libcurl sends again by itself, and a change would be made twice. */
        is_put = is_put && curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
    }
    return is_put;
}

void pipe_send(struct pipe *pipe, uint32_t slot_i, const struct http_request *request)
{
    ASSERT(slot_i < PIPE_SLOTS);
    struct slot *slot = &pipe->slots[slot_i];
    ASSERT(slot->state == SLOT_FREE);
    pipe->n_busy++;
    slot->bytes_max =
        request->response_bytes_max > 0 && request->response_bytes_max < RESPONSE_BYTES_MAX
            ? request->response_bytes_max
            : RESPONSE_BYTES_MAX;
    slot->state = SLOT_BUSY;
    slot->easy = curl_easy_init();
    bool is_ready = slot->easy != NULL && put_options(slot, request) &&
                    curl_multi_add_handle(pipe->multi, slot->easy) == CURLM_OK;
    if (!is_ready) {
        curl_easy_cleanup(slot->easy);
        slot->easy = NULL;
        slot->state = SLOT_FAILED;
    }
}

void pipe_wait(struct pipe *pipe, const int *descriptors, uint32_t n_descriptors, int64_t timeout_ns)
{
    struct curl_waitfd waits[DESCRIPTORS_MAX];
    int running = 0;
    ASSERT(n_descriptors <= DESCRIPTORS_MAX);
    for (uint32_t i = 0; i < n_descriptors; i++) {
        waits[i] = (struct curl_waitfd){.fd = descriptors[i], .events = CURL_WAIT_POLLIN};
    }
    (void)curl_multi_perform(pipe->multi, &running); /* Failures come with their message. */
    int64_t ms = timeout_ns <= 0 ? 0 : timeout_ns / NS_PER_MS + 1;
    (void)curl_multi_poll(pipe->multi, waits, n_descriptors, ms > 60000 ? 60000 : (int)ms, NULL);
    (void)curl_multi_perform(pipe->multi, &running);
}

static enum http_transport transport_of(const struct slot *slot, CURLcode code)
{
    if (slot->too_large) {
        return HTTP_TOO_LARGE;
    }
    return code == CURLE_OK                   ? HTTP_OK
           : code == CURLE_OPERATION_TIMEDOUT ? HTTP_TIMEOUT
                                              : HTTP_FAILED;
}

static void fill_response(const struct slot *slot, CURLcode code, struct http_response *ret_response)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    char *content_type = NULL;
    memset(ret_response, 0, sizeof(*ret_response));
    ret_response->transport = transport_of(slot, code);
    ret_response->retry_after_ns = -1;
    if (ret_response->transport != HTTP_OK) {
        return;
    }
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE,
                            &status); /* Zero and NULL say the same as a failure. */
    (void)curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_TYPE, &content_type);
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    ret_response->status = (uint32_t)status;
    (void)snprintf(ret_response->content_type, sizeof(ret_response->content_type), "%s",
                   content_type == NULL ? "" : content_type);
    bool has_retry = retry_after_s > 0 && retry_after_s < 86400;
    ret_response->retry_after_ns = has_retry ? (int64_t)retry_after_s * NS_PER_S : -1;
    ret_response->body = (struct slice){slot->body == NULL ? "" : slot->body, slot->n_bytes};
}

bool pipe_take(struct pipe *pipe, uint32_t *ret_slot, struct http_response *ret_response)
{
    for (uint32_t i = 0; i < PIPE_SLOTS; i++) {
        if (pipe->slots[i].state == SLOT_FAILED) {
            pipe->slots[i].state = SLOT_TAKEN;
            memset(ret_response, 0, sizeof(*ret_response));
            ret_response->transport = HTTP_FAILED;
            ret_response->retry_after_ns = -1;
            *ret_slot = i;
            return true;
        }
    }
    int left = 0;
    const CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(pipe->multi, &left)) != NULL) {
        struct slot *slot = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot) != CURLE_OK) {
            continue;
        }
        slot->state = SLOT_TAKEN;
        fill_response(slot, message->data.result, ret_response);
        *ret_slot = (uint32_t)(slot - pipe->slots);
        return true;
    }
    return false;
}

uint32_t pipe_busy(const struct pipe *pipe) { return pipe->n_busy; }

struct http_once {
    struct pipe *pipe;
};

enum err http_once_open(struct http_once **ret_once, struct err_text *ret_text)
{
    struct http_once *once = calloc(1, sizeof(*once));
    if (once == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "HTTP: out of memory");
    }
    enum err err = pipe_open(&once->pipe, ret_text);
    if (err != OK) {
        free(once);
        return err;
    }
    *ret_once = once;
    return OK;
}

void http_once_close(struct http_once *once)
{
    pipe_close(once->pipe);
    free(once);
}

void http_once_ask(struct http_once *once, const struct http_request *request,
                   struct http_response *ret_response)
{
    uint32_t slot = 0;
    pipe_done(once->pipe, 0);
    pipe_send(once->pipe, 0, request);
    while (!pipe_take(once->pipe, &slot, ret_response)) {
        pipe_wait(once->pipe, NULL, 0, NS_PER_S); /* curl ends it at its time. */
    }
}
