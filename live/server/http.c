/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of the server: libmicrohttpd without threads, driven by its epoll descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <microhttpd.h>

#include "live/server/server.h"

enum { CONNECTIONS_MAX = 64, IDLE_S = 15, BACKLOG = 64 };

struct daemon {
    struct MHD_Daemon *mhd;
    int epoll;
};

/* What has arrived of a request's body. */
struct arrival {
    size_t n_bytes, capacity;
    bool too_large;
    char *bytes;
};

static struct slice header_of(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return slice_of(value == NULL ? "" : value);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct reply_page *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body.n_bytes, (void *)(uintptr_t)reply->body.bytes, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) {
        return MHD_NO;
    }
    const struct {
        const char *name, *value;
    } headers[] = {
        {"Content-Type", reply->content_type},
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "same-origin"},
        {"Content-Security-Policy",
         "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
        {"Set-Cookie", reply->cookie},
        {"Location", reply->location},
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (headers[i].value[0] != '\0') {
            (void)MHD_add_response_header(response, headers[i].name,
                                          headers[i].value); /* Out of memory: without it. */
        }
    }
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static void take_bytes(struct arrival *arrival, const char *bytes, size_t n_bytes)
{
    if (arrival->too_large || n_bytes > INQUIRY_BODY_MAX - arrival->n_bytes) {
        arrival->too_large = true;
        return;
    }
    if (arrival->n_bytes + n_bytes > arrival->capacity) {
        size_t capacity = 2 * (arrival->n_bytes + n_bytes);
        char *grown = realloc(arrival->bytes, capacity);
        if (grown == NULL) {
            arrival->too_large = true;
            return;
        }
        arrival->bytes = grown;
        arrival->capacity = capacity;
    }
    memcpy(arrival->bytes + arrival->n_bytes, bytes, n_bytes);
    arrival->n_bytes += n_bytes;
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *n_bytes, void **memory)
{
    struct server *server = self;
    (void)version; /* 1.0 and 1.1 are served alike. */
    if (*memory == NULL) {
        *memory = calloc(1, sizeof(struct arrival));
        return *memory == NULL ? MHD_NO : MHD_YES;
    }
    struct arrival *arrival = *memory;
    if (*n_bytes > 0) {
        take_bytes(arrival, bytes, *n_bytes);
        *n_bytes = 0;
        return MHD_YES;
    }
    struct inquiry inquiry = {
        .method = slice_of(method),
        .path = slice_of(url),
        .host = header_of(connection, "Host"),
        .authorization = header_of(connection, "Authorization"),
        .cookie = header_of(connection, "Cookie"),
        .content_type = header_of(connection, "Content-Type"),
        .origin = header_of(connection, "Origin"),
        .webhook_id = header_of(connection, "webhook-id"),
        .webhook_timestamp = header_of(connection, "webhook-timestamp"),
        .webhook_signature = header_of(connection, "webhook-signature"),
        .body = {arrival->bytes == NULL ? "" : arrival->bytes, arrival->n_bytes},
        .too_large = arrival->too_large,
    };
    struct reply_page reply;
    server_answer(server, &inquiry, &reply);
    return send_reply(connection, &reply);
}

static void on_end(void *self, struct MHD_Connection *connection, void **memory,
                   enum MHD_RequestTerminationCode code)
{
    struct arrival *arrival = *memory;
    (void)self;
    (void)connection;
    (void)code; /* However it ended. */
    if (arrival != NULL) {
        free(arrival->bytes);
        free(arrival);
    }
    *memory = NULL;
}

static enum err listen_at(const struct live_config *config, int *ret_socket, struct err_text *ret_text)
{
    char port[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    (void)snprintf(port, sizeof(port), "%u", config->port);
    if (getaddrinfo(config->address, port, &hints, &found) != 0) {
        return err_set(ret_text, ERR_CONFIG, "listening at %s port %u: not a numeric address",
                       config->address, config->port);
    }
    int one = 1;
    int listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool is_listening =
        listener >= 0 && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
        bind(listener, found->ai_addr, found->ai_addrlen) == 0 && listen(listener, BACKLOG) == 0;
    int reason = errno;
    freeaddrinfo(found);
    if (!is_listening) {
        if (listener >= 0) {
            (void)close(listener); /* Never used. */
        }
        return err_set(ret_text, ERR_UNAVAILABLE, "listening at %s port %u: %s", config->address,
                       config->port, strerror(reason));
    }
    *ret_socket = listener;
    return OK;
}

static enum err start(struct server *server, struct err_text *ret_text)
{
    int listener = -1;
    TRY(listen_at(server->view->config, &listener, ret_text));
    server->daemon->mhd = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        server->daemon->mhd == NULL
            ? NULL
            : MHD_get_daemon_info(server->daemon->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL) {
        (void)close(listener); /* Never used. */
        return err_set(ret_text, ERR_UNAVAILABLE, "the server at port %u does not start",
                       server->view->config->port);
    }
    server->daemon->epoll = info->epoll_fd;
    return OK;
}

enum err server_open(const struct server_port *port, const struct server_view *view,
                     struct server **ret_server, struct err_text *ret_text)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "server: out of memory");
    }
    server->port = *port;
    server->view = view;
    server->page = malloc(PAGE_BYTES);
    server->daemon = calloc(1, sizeof(*server->daemon));
    enum err err = OK;
    if (server->page == NULL || server->daemon == NULL) {
        err = err_set(ret_text, ERR_INTERNAL, "server: out of memory");
    } else {
        err = start(server, ret_text);
    }
    if (err != OK) {
        server_close(server);
        return err;
    }
    *ret_server = server;
    return OK;
}

void server_close(struct server *server)
{
    if (server->daemon != NULL && server->daemon->mhd != NULL) {
        MHD_stop_daemon(server->daemon->mhd);
    }
    free(server->daemon);
    free(server->page);
    free(server);
}

void server_forget(struct server *server) { memset(server->sessions, 0, sizeof(server->sessions)); }

int server_descriptor(const struct server *server) { return server->daemon->epoll; }

int64_t server_timeout(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    return MHD_get_timeout(server->daemon->mhd, &ms) == MHD_YES ? (int64_t)ms * NS_PER_MS : -1;
}

void server_run(struct server *server)
{
    (void)MHD_run(server->daemon->mhd); /* Connections tell for themselves. */
}
