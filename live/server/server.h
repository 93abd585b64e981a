/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the server: plain pages for people, endpoints for machines, and intakes. It decides nothing: what people do and what comes in is handed to
 * the host, which answers when it is on the disk. */
#ifndef LIVE_SERVER_SERVER_H
#define LIVE_SERVER_SERVER_H

#include "core/base/err.h"
#include "live/config/config.h"
#include "live/server/board.h"

enum {
    INQUIRY_BODY_MAX = 1024 * 1024, /* An Alertmanager group of a thousand alerts. */
    PAGE_BYTES = 512 * 1024,
    SESSIONS_MAX = 16,
};
#define SESSION_NS (8 * NS_PER_HOUR)

/* What a person may do. X(NAME, word). */
#define ACT_TABLE(X)                                                                               \
    X(APPROVE, "approve")                                                                          \
    X(DENY, "deny")                                                                                \
    X(HALT, "halt")                                                                                \
    X(RESUME, "resume")                                                                            \
    X(ACKNOWLEDGE, "acknowledge")                                                                  \
    X(TAKE, "take")                                                                                \
    X(RESOLVE, "resolve")

enum act_kind {
#define X(name, word) ACT_##name,
    ACT_TABLE(X)
#undef X
        N_ACTS
};
const char *act_name(enum act_kind kind);

struct person_act {
    enum act_kind kind;
    struct person_id person;
    struct request_effect request; /* APPROVE DENY: the very request that was shown. */
    struct incident_id incident;   /* TAKE RESOLVE. */
    struct page_id page;           /* ACKNOWLEDGE. */
};

enum intake_kind { INTAKE_ALERT, INTAKE_CLOUDEVENT, INTAKE_OPENLINEAGE, N_INTAKES };
enum taken { TAKEN_KEPT, TAKEN_REFUSED, TAKEN_BUSY }; /* 2xx, 400, 503. */

/* What the host does for the server; every call returns when the matter is on the disk. */
struct server_port {
    void *self;
    /* letter: its number, by which the board knows the warden's verdict. REFUSED: it is a dry run. */
    enum taken (*act)(void *self, const struct person_act *act, uint64_t *ret_letter);
    enum taken (*intake)(void *self, enum intake_kind kind, struct slice body,
                         char ret_error[EXCHANGE_ERROR_BYTES]);
    void (*metrics)(void *self, struct text *text);
    bool (*ready)(void *self, struct text *text); /* Failing checks as JSON. */
    int64_t (*now)(void *self);                   /* Of the run. */
    int64_t (*steady)(void *self);                /* By the clock that nobody sets. */
};

/* What is shown; borrowed, the host keeps it up to date. */
struct server_view {
    const struct live_config *config;
    const struct board *board;
    const struct docket *docket;
    int64_t epoch_unix_ns;
};

struct session {
    char id[33], csrf[33];
    struct person_id person; /* 0: free. */
    int64_t until;
};
struct server {
    struct server_port port;
    const struct server_view *view;
    struct session sessions[SESSIONS_MAX];
    char *page; /* PAGE_BYTES. */
    struct daemon *daemon;
};

/* One request without its socket. Absent headers are empty. */
struct inquiry {
    struct slice method, path, query, host, authorization, cookie, content_type, origin, fetch_site;
    struct slice webhook_id, webhook_timestamp, webhook_signature;
    struct slice body;
    bool too_large;
};
struct reply_page {
    uint32_t status;
    const char *content_type;
    char cookie[160];  /* Set-Cookie; empty: none. */
    char location[96]; /* Of a redirect; empty: none. */
    struct slice body; /* Valid until the next answer. */
};
/* Pages, tokens, forms, intakes: everything but the socket. */
void server_answer(struct server *server, const struct inquiry *inquiry,
                   struct reply_page *ret_reply);

/* Listens at the address of the configuration. A port in use or not permitted is ERR_UNAVAILABLE. A request and its answer have REQUEST_NS in all,
 * and a full house makes room (places.h). */
enum err server_open(const struct server_port *port, const struct server_view *view,
                     struct server **ret_server, struct err_text *ret_text) MUST_USE;
void server_close(struct server *server);
/* Forgets sessions of people whose token changed: all of them. */
void server_forget(struct server *server);
/* To be waited for, and run when readable or after the timeout (nanoseconds, -1 none). */
int server_descriptor(const struct server *server);
int64_t server_timeout(const struct server *server);
void server_run(struct server *server);

/* & < > " ' as entities; control characters as a space. */
void html_put(struct text *text, struct slice raw);
void html_put_words(struct text *text, const char *words);
/* 07:05:09, and 2026-11-25 before it when dated. */
void put_utc(struct text *text, int64_t unix_ns, bool is_dated);
/* A JSON string with its quotes. */
void json_put(struct text *text, const char *words);
/* The value of a field of a form (percent and plus decoded); false when it is absent, longer than capacity - 1, or holds a control character. */
bool form_field(struct slice body, const char *name, char *ret_value, size_t capacity);

/* Pages: the body of each into text. session NULL: nobody. */
void page_login(struct text *text, const char *message);
/* Why something was not done, and the way back. Replaces what text holds. */
void page_message(struct text *text, const char *message);
void page_index(const struct server *server, const struct session *session, struct text *text);
/* False when there is no such incident. */
bool page_incident(const struct server *server, const struct session *session,
                   struct incident_id incident, struct text *text);
void page_status(const struct server *server, struct text *text); /* JSON. */

#endif
