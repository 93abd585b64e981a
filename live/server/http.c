/* SPDX-License-Identifier: Apache-2.0 */
/* The socket of the server: libmicrohttpd without threads, driven by its epoll descriptor. Connections are accepted here, because the library times
 * silence and not requests, and turns away whoever comes when others have taken every place. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <microhttpd.h>

#include "live/server/places.h"
#include "live/server/server.h"

enum {
    CONNECTIONS_MAX = 2 * PLACES_MAX, /* Of the library: those that were sent away end in its time. */
    BACKLOG = 128,
    ACCEPTS_MAX = 128 /* In one turn. */
};

struct daemon {
    struct MHD_Daemon *mhd;
    int listener;
    int epoll; /* The library's and the listener. */
    struct places places;
};

/* What has arrived of a request's body. */
struct arrival {
    size_t n_bytes, capacity;
    bool too_large;
    char *bytes;
};

static int64_t steady(const struct server *server)
{
    return server->port.steady(server->port.self);
}

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
        .fetch_site = header_of(connection, "Sec-Fetch-Site"),
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

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info == NULL ? -1 : info->connect_fd;
}

static void on_end(void *self, struct MHD_Connection *connection, void **memory,
                   enum MHD_RequestTerminationCode code)
{
    struct server *server = self;
    struct arrival *arrival = *memory;
    (void)code; /* However it ended. */
    places_renew(&server->daemon->places, socket_of(connection), steady(server));
    if (arrival != NULL) {
        free(arrival->bytes);
        free(arrival);
    }
    *memory = NULL;
}

static void on_connection(void *self, struct MHD_Connection *connection, void **memory,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = self;
    (void)memory; /* Of the connection: unused. */
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        places_leave(&server->daemon->places, socket_of(connection));
    }
}

/* Both ways are shut; the library finds that out and closes. */
static void send_away(struct server *server, int socket)
{
    (void)shutdown(socket, SHUT_RDWR); /* It may have gone by itself. */
    places_leave(&server->daemon->places, socket);
}

static struct peer peer_of(const struct sockaddr_storage *address)
{
    struct peer peer = {0};
    if (address->ss_family == AF_INET) {
        peer.value = ((const struct sockaddr_in *)address)->sin_addr.s_addr;
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        memcpy(&peer.value, v6->sin6_addr.s6_addr, sizeof(peer.value));
    }
    return peer;
}

/* False: nobody waits. */
static bool accept_one(struct server *server)
{
    struct daemon *daemon = server->daemon;
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t n_bytes = sizeof(address);
    int socket = accept(daemon->listener, (struct sockaddr *)&address, &n_bytes);
    int reason = errno;
    if (socket < 0) {
        bool is_full = reason == EMFILE || reason == ENFILE;
        int late = is_full ? places_late(&daemon->places, NEVER) : -1;
        if (late >= 0) {
            send_away(server, late); /* Its descriptor is free after this turn. */
        }
        return reason == ECONNABORTED || reason == EINTR;
    }
    struct peer peer = peer_of(&address);
    int surplus = places_surplus(&daemon->places, peer);
    if (surplus >= 0) {
        send_away(server, surplus);
    }
    bool is_set = fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 &&
                  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK) == 0;
    if (!is_set) {
        (void)close(socket); /* Never used. */
        return true;
    }
    places_take(&daemon->places, socket, peer, steady(server));
    if (MHD_add_connection(daemon->mhd, socket, (const struct sockaddr *)&address, n_bytes) !=
        MHD_YES) {
        places_leave(&daemon->places, socket); /* Closed by the library. */
    }
    return true;
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
    struct daemon *daemon = server->daemon;
    TRY(listen_at(server->view->config, &daemon->listener, ret_text));
    daemon->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, server,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_NOTIFY_COMPLETED, on_end,
        server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        daemon->mhd == NULL ? NULL : MHD_get_daemon_info(daemon->mhd, MHD_DAEMON_INFO_EPOLL_FD);
    daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event readable = {.events = EPOLLIN};
    bool is_started = info != NULL && daemon->epoll >= 0 &&
                      epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, daemon->listener, &readable) == 0 &&
                      epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, info->epoll_fd, &readable) == 0;
    return is_started ? OK
                      : err_set(ret_text, ERR_UNAVAILABLE, "the server at port %u does not start",
                                server->view->config->port);
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
        server->daemon->listener = server->daemon->epoll = -1;
        places_init(&server->daemon->places);
        err = start(server, ret_text);
    }
    if (err != OK) {
        server_close(server);
        return err;
    }
    *ret_server = server;
    return OK;
}

static void close_daemon(struct daemon *daemon)
{
    if (daemon->mhd != NULL) {
        MHD_stop_daemon(daemon->mhd);
    }
    if (daemon->listener >= 0) {
        (void)close(daemon->listener); /* Nothing was written to these. */
    }
    if (daemon->epoll >= 0) {
        (void)close(daemon->epoll);
    }
    free(daemon);
}

void server_close(struct server *server)
{
    if (server->daemon != NULL) {
        close_daemon(server->daemon);
    }
    free(server->page);
    free(server);
}

void server_forget(struct server *server) { memset(server->sessions, 0, sizeof(server->sessions)); }

int server_descriptor(const struct server *server) { return server->daemon->epoll; }

int64_t server_timeout(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    int64_t now = steady(server), due = places_due(&server->daemon->places);
    int64_t wait_ns = due == NEVER ? -1 : due > now ? due - now : 0;
    if (MHD_get_timeout(server->daemon->mhd, &ms) == MHD_YES) {
        int64_t own_ns = ms > 1000 ? NS_PER_S : (int64_t)ms * NS_PER_MS;
        wait_ns = wait_ns < 0 || own_ns < wait_ns ? own_ns : wait_ns;
    }
    return wait_ns;
}

void server_run(struct server *server)
{
    int late = -1;
    while ((late = places_late(&server->daemon->places, steady(server))) >= 0) {
        send_away(server, late);
    }
    for (int i = 0; i < ACCEPTS_MAX && accept_one(server); i++) {
    }
    (void)MHD_run(server->daemon->mhd); /* Connections tell for themselves. */
}
