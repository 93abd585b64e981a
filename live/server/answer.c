/* SPDX-License-Identifier: Apache-2.0 */
/* Who may ask what: routing, tokens, sessions, forms, intakes. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/formats/fingerprint.h"
#include "live/adapter/metrics.h"
#include "live/adapter/webhook.h"
#include "live/server/server.h"

enum { NUMBER_BYTES = 12 };

static const char html_type[] = "text/html; charset=utf-8";
static const char json_type[] = "application/json";
static const char plain_type[] = "text/plain; charset=utf-8";

static const char *const act_names[N_ACTS] = {
#define X(name, word) word,
    ACT_TABLE(X)
#undef X
};

const char *act_name(enum act_kind kind) { return act_names[kind]; }

static bool is(struct slice slice, const char *words)
{
    return slice_equal(slice, slice_of(words));
}

static bool begins(struct slice slice, const char *words)
{
    size_t n_bytes = strlen(words);
    return slice.n_bytes >= n_bytes && memcmp(slice.bytes, words, n_bytes) == 0;
}

static void say(struct reply_page *reply, struct text *text, uint32_t status, const char *words)
{
    text->n_bytes = 0;
    text_put(text, words);
    text_put(text, "\n");
    reply->status = status;
    reply->content_type = plain_type;
}

/* To a person as a page with the way back, to a program as a line. */
static void refuse(struct reply_page *reply, struct text *text, uint32_t status, const char *words,
                   bool is_page)
{
    say(reply, text, status, words);
    if (is_page) {
        reply->content_type = html_type;
        page_message(text, words);
    }
}

/* Name and port at which people find the page through a proxy; empty: there is none. */
static struct slice page_name(const struct server *server)
{
    struct slice url = slice_of(server->view->config->page_url);
    int64_t at = slice_find(url, slice_of("//"));
    return at < 0 ? url : (struct slice){url.bytes + at + 2, url.n_bytes - (size_t)at - 2};
}

/* Where only the own machine listens, a foreign name in Host means a page that wants to reach through somebody's browser. */
static bool is_host(const struct server *server, struct slice host)
{
    const char *address = server->view->config->address;
    bool is_loopback = begins(slice_of(address), "127.") || strcmp(address, "::1") == 0;
    size_t n_bytes = host.n_bytes;
    while (n_bytes > 0 && host.bytes[n_bytes - 1] >= '0' && host.bytes[n_bytes - 1] <= '9') {
        n_bytes--;
    }
    bool has_port = n_bytes > 0 && n_bytes < host.n_bytes && host.bytes[n_bytes - 1] == ':';
    struct slice name = {host.bytes, has_port ? n_bytes - 1 : host.n_bytes};
    return !is_loopback || is(name, "localhost") || is(name, "127.0.0.1") || is(name, "[::1]") ||
           is(name, address) || (host.n_bytes > 0 && slice_equal(host, page_name(server)));
}

/* Browsers say where a form comes from, and no page can make them say otherwise: only a page of this server may post one. Whoever says nothing is
 * no browser, and has the commands. */
static bool is_own_form(const struct server *server, const struct inquiry *inquiry)
{
    struct slice origin = inquiry->origin, site = inquiry->fetch_site;
    if (site.n_bytes > 0 && !is(site, "same-origin")) {
        return false;
    }
    if (origin.n_bytes == 0) {
        return site.n_bytes > 0;
    }
    size_t n_scheme = begins(origin, "https://") ? 8 : begins(origin, "http://") ? 7 : 0;
    struct slice name = {origin.bytes + n_scheme, origin.n_bytes - n_scheme};
    return n_scheme > 0 && name.n_bytes > 0 &&
           (slice_equal(name, inquiry->host) || slice_equal(name, page_name(server)));
}

/* Whether people come by TLS, which then a proxy ends. */
static bool is_secure(const struct server *server)
{
    const struct live_config *config = server->view->config;
    return config->is_remote || begins(slice_of(config->page_url), "https://");
}

/* Compares digests, so that neither length nor first difference shows in the time it takes. */
static bool is_secret(struct slice given, const char *secret)
{
    uint8_t a[crypto_hash_sha256_BYTES], b[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(a, (const uint8_t *)given.bytes, given.n_bytes); /* These cannot fail. */
    (void)crypto_hash_sha256(b, (const uint8_t *)secret, strlen(secret));
    return secret[0] != '\0' && sodium_memcmp(a, b, sizeof(a)) == 0;
}

static struct slice bearer_of(const struct inquiry *inquiry)
{
    struct slice header = inquiry->authorization;
    return begins(header, "Bearer ") ? (struct slice){header.bytes + 7, header.n_bytes - 7}
                                     : (struct slice){"", 0};
}

static struct person_id person_of(const struct server *server, struct slice token)
{
    const struct live_config *config = server->view->config;
    struct person_id person = {0};
    for (uint32_t i = 0; i < config->n_logins; i++) {
        if (is_secret(token, config->logins[i].token)) {
            person = config->logins[i].person;
        }
    }
    return person;
}

static struct session *session_of(struct server *server, const struct inquiry *inquiry)
{
    static const char name[] = "steward=";
    int64_t at = slice_find(inquiry->cookie, slice_of(name));
    size_t from = at < 0 ? 0 : (size_t)at + sizeof(name) - 1;
    if (at < 0 || inquiry->cookie.n_bytes - from < 32) {
        return NULL;
    }
    struct slice id = {inquiry->cookie.bytes + from, 32};
    int64_t now = server->port.now(server->port.self);
    for (uint32_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *session = &server->sessions[i];
        if (session->person.value != 0 && now < session->until && is_secret(id, session->id)) {
            return session;
        }
    }
    return NULL;
}

static void random_hex(char ret_hex[33])
{
    uint8_t bytes[16];
    randombytes_buf(bytes, sizeof(bytes));
    (void)sodium_bin2hex(ret_hex, 33, bytes, sizeof(bytes));
}

static void login(struct server *server, const struct inquiry *inquiry, struct reply_page *reply,
                  struct text *text)
{
    char token[TOKEN_BYTES] = "";
    bool is_read = form_field(inquiry->body, "token", token, sizeof(token));
    /* Wrong tokens bar nobody: a token has at least sixteen characters, and whoever wants to halt must get in. */
    struct person_id person = is_read ? person_of(server, slice_of(token)) : (struct person_id){0};
    sodium_memzero(token, sizeof(token));
    if (person.value == 0) {
        reply->status = 403;
        page_login(text, "That token is not known.");
        return;
    }
    struct session *session = &server->sessions[0];
    for (uint32_t i = 1; i < SESSIONS_MAX; i++) {
        session = server->sessions[i].until < session->until ? &server->sessions[i] : session;
    }
    session->person = person;
    session->until = server->port.now(server->port.self) + SESSION_NS;
    random_hex(session->id);
    random_hex(session->csrf);
    reply->status = 303;
    (void)snprintf(reply->location, sizeof(reply->location), "/");
    (void)snprintf(reply->cookie, sizeof(reply->cookie),
                   "steward=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=28800%s", session->id,
                   is_secure(server) ? "; Secure" : "");
}

static bool number_field(struct slice body, const char *name, uint32_t *ret_number)
{
    char words[NUMBER_BYTES];
    uint64_t number = 0;
    if (!form_field(body, name, words, sizeof(words)) || words[0] == '\0') {
        return false;
    }
    for (const char *c = words; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(*c - '0');
    }
    *ret_number = (uint32_t)number;
    return number <= UINT32_MAX;
}

/* The act that a form asks for; the request of an approval must be the one that was shown. NULL or why not. */
static const char *read_act(const struct server *server, struct slice body, struct person_act *act)
{
    char word[24], hash[33], expected[33];
    uint32_t number = 0;
    bool is_known = false;
    if (!form_field(body, "act", word, sizeof(word)) || !number_field(body, "number", &number)) {
        return "The form is incomplete.";
    }
    for (int i = 0; i < N_ACTS; i++) {
        if (strcmp(word, act_names[i]) == 0) {
            act->kind = (enum act_kind)i;
            is_known = true;
        }
    }
    if (!is_known) {
        return "There is no such act.";
    }
    act->incident.value = number;
    act->page.value = number;
    if (act->kind != ACT_APPROVE && act->kind != ACT_DENY) {
        return NULL;
    }
    const struct board_request *request =
        board_request(server->view->board, server->view->docket, (struct approval_id){number},
                      server->port.now(server->port.self));
    if (request == NULL) {
        return "That request waits no longer.";
    }
    fingerprint_hex(request->request.action_hash, expected);
    if (!form_field(body, "hash", hash, sizeof(hash)) || strcmp(hash, expected) != 0) {
        return "The request is not the one that was shown.";
    }
    request_code(&request->request, expected);
    if (form_field(body, "code", hash, sizeof(hash)) && strcmp(hash, expected) != 0) {
        return "The request is not the one that was shown.";
    }
    act->request = request->request;
    return NULL;
}

/* The incident that an act is about; 0: none, or steward's own matters. */
static struct incident_id subject_of(const struct board *board, const struct person_act *act)
{
    switch (act->kind) {
    case ACT_APPROVE:
    case ACT_DENY:
        return act->request.incident;
    case ACT_TAKE:
    case ACT_RESOLVE:
        return act->incident;
    case ACT_ACKNOWLEDGE:
        for (uint32_t i = 0; i < BOARD_INCIDENTS_MAX; i++) {
            if (board->incidents[i].page.value == act->page.value) {
                return board->incidents[i].incident;
            }
        }
        break;
    case ACT_HALT:
    case ACT_RESUME:
    case N_ACTS:
        break;
    }
    return (struct incident_id){0};
}

static bool has_any(const struct server *server, struct person_id person, uint32_t roles)
{
    return (server->view->config->deployment.people[person.value - 1].roles & roles) != 0;
}

/* Why the warden will reject it from this person; NULL: it will not for a role. */
static const char *role_problem(const struct server *server, const struct person_act *act)
{
    static const uint32_t handlers = 1u << ROLE_ONCALL | 1u << ROLE_APPROVER | 1u << ROLE_OWNER |
                                     1u << ROLE_SECURITY | 1u << ROLE_OPERATOR;
    switch (act->kind) {
    case ACT_APPROVE:
    case ACT_DENY:
        return has_any(server, act->person, 1u << ROLE_APPROVER)
                   ? NULL
                   : "Rejected: only a person with the role approver may.";
    case ACT_RESUME:
        return has_any(server, act->person, 1u << ROLE_OPERATOR)
                   ? NULL
                   : "Rejected: only a person with the role operator may.";
    case ACT_TAKE:
    case ACT_RESOLVE:
        return has_any(server, act->person, handlers)
                   ? NULL
                   : "Rejected: only a person with a role in incidents may.";
    case ACT_HALT:
    case ACT_ACKNOWLEDGE:
    case N_ACTS:
        break;
    }
    return NULL;
}

static void act(struct server *server, const struct inquiry *inquiry, struct person_id person,
                bool is_page, struct reply_page *reply, struct text *text)
{
    struct person_act act = {.person = person};
    const char *problem = read_act(server, inquiry->body, &act);
    if (problem != NULL) {
        refuse(reply, text, 409, problem, is_page);
        return;
    }
    struct incident_id incident = subject_of(server->view->board, &act); /* Before it is answered. */
    uint64_t letter = 0;
    enum taken taken = server->port.act(server->port.self, &act, &letter);
    if (taken != TAKEN_KEPT) {
        bool is_dry = taken == TAKEN_REFUSED;
        refuse(reply, text, is_dry ? 409 : 503,
               is_dry ? "This is a dry run: it takes no commands."
                      : "It could not be kept. Try again.",
               is_page);
        return;
    }
    problem = role_problem(server, &act);
    if (problem != NULL) { /* The warden rejects it, and so it is in the journal. */
        refuse(reply, text, 403, problem, is_page);
        return;
    }
    char words[32];
    (void)snprintf(words, sizeof(words), "kept %llu", (unsigned long long)letter);
    say(reply, text, 202, words);
    if (is_page) {
        reply->status = 303;
        (void)snprintf(reply->location, sizeof(reply->location), "/");
        if (incident.value != 0) {
            (void)snprintf(reply->location, sizeof(reply->location), "/incident/%u", incident.value);
        }
    }
}

/* A form of our own page: the session's secret word is in it. */
static void act_on_page(struct server *server, const struct inquiry *inquiry,
                        struct reply_page *reply, struct text *text)
{
    struct session *session = session_of(server, inquiry);
    char csrf[33] = "";
    if (session == NULL) {
        reply->status = 303;
        (void)snprintf(reply->location, sizeof(reply->location), "/login");
        return;
    }
    if (!form_field(inquiry->body, "csrf", csrf, sizeof(csrf)) ||
        !is_secret(slice_of(csrf), session->csrf)) {
        refuse(reply, text, 403, "This form did not come from your page. Reload it and try again.",
               true);
        return;
    }
    if (is(inquiry->path, "/logout")) {
        memset(session, 0, sizeof(*session));
        reply->status = 303;
        (void)snprintf(reply->location, sizeof(reply->location), "/login");
        return;
    }
    act(server, inquiry, session->person, true, reply, text);
}

static void intake(struct server *server, const struct inquiry *inquiry, struct reply_page *reply,
                   struct text *text)
{
    const struct live_config *config = server->view->config;
    bool is_alert = is(inquiry->path, "/intake/alertmanager");
    bool is_lineage = is(inquiry->path, "/intake/openlineage");
    enum intake_kind kind = is_alert     ? INTAKE_ALERT
                            : is_lineage ? INTAKE_OPENLINEAGE
                                         : INTAKE_CLOUDEVENT;
    if (!is_alert && !is_lineage && !is(inquiry->path, "/intake/cloudevents")) {
        say(reply, text, 404, "no such intake");
        return;
    }
    if (is_alert ? config->intake_token[0] == '\0' : !config->has_intake_secret) {
        say(reply, text, 403, "this intake is closed: the configuration has no secret for it");
        return;
    }
    if (is_alert && !is_secret(bearer_of(inquiry), config->intake_token)) {
        say(reply, text, 401, "wrong bearer token");
        return;
    }
    if (!is_alert) {
        int64_t unix_s =
            (server->view->epoch_unix_ns + server->port.now(server->port.self)) / NS_PER_S;
        enum webhook_verdict verdict =
            webhook_verify(&config->intake_secret, inquiry->webhook_id, inquiry->webhook_timestamp,
                           inquiry->webhook_signature, inquiry->body, unix_s);
        if (verdict != WEBHOOK_VALID) {
            say(reply, text, 401, webhook_verdict_name(verdict));
            return;
        }
    }
    char error[EXCHANGE_ERROR_BYTES] = "";
    switch (server->port.intake(server->port.self, kind, inquiry->body, error)) {
    case TAKEN_KEPT:
        say(reply, text, 202, "kept");
        return;
    case TAKEN_REFUSED:
        say(reply, text, 400, error);
        return;
    case TAKEN_BUSY:
        say(reply, text, 503, "cannot be kept now; send it again");
        return;
    }
}

static void show(struct server *server, const struct inquiry *inquiry, struct reply_page *reply,
                 struct text *text)
{
    const struct session *session = session_of(server, inquiry);
    if (is(inquiry->path, "/login")) {
        page_login(text, "");
        return;
    }
    if (session == NULL) {
        reply->status = 303;
        (void)snprintf(reply->location, sizeof(reply->location), "/login");
        return;
    }
    if (is(inquiry->path, "/")) {
        page_index(server, session, text);
        return;
    }
    uint64_t number = 0;
    size_t at = sizeof("/incident/") - 1;
    bool is_number = begins(inquiry->path, "/incident/") && inquiry->path.n_bytes > at &&
                     inquiry->path.n_bytes - at < NUMBER_BYTES - 2;
    for (; is_number && at < inquiry->path.n_bytes; at++) {
        is_number = inquiry->path.bytes[at] >= '0' && inquiry->path.bytes[at] <= '9';
        number = number * 10 + (uint64_t)(inquiry->path.bytes[at] - '0');
    }
    if (!is_number || !page_incident(server, session, (struct incident_id){(uint32_t)number}, text)) {
        refuse(reply, text, 404, "There is nothing here.", true);
    }
}

static void show_to_machines(struct server *server, const struct inquiry *inquiry,
                             struct reply_page *reply, struct text *text)
{
    reply->content_type = json_type;
    if (is(inquiry->path, "/metrics")) {
        reply->content_type = METRICS_CONTENT_TYPE;
        server->port.metrics(server->port.self, text);
    } else if (is(inquiry->path, "/healthz")) {
        text_put(text, "{\"status\":\"ok\"}\n");
    } else if (is(inquiry->path, "/readyz")) {
        reply->status = server->port.ready(server->port.self, text) ? 200 : 503;
    } else {
        text_put(text, "{\"version\":\"" STEWARD_VERSION "\"}\n");
    }
}

static void use_token(struct server *server, const struct inquiry *inquiry,
                      struct reply_page *reply, struct text *text)
{
    struct person_id person = person_of(server, bearer_of(inquiry));
    if (person.value == 0) {
        say(reply, text, 401, "that token is not known");
    } else if (is(inquiry->path, "/api/status") && is(inquiry->method, "GET")) {
        reply->content_type = json_type;
        page_status(server, text);
    } else if (is(inquiry->path, "/api/act") && is(inquiry->method, "POST")) {
        act(server, inquiry, person, false, reply, text);
    } else {
        say(reply, text, 404, "there is nothing here");
    }
}

void server_answer(struct server *server, const struct inquiry *inquiry, struct reply_page *ret_reply)
{
    struct text text;
    text_init(&text, server->page, PAGE_BYTES);
    memset(ret_reply, 0, sizeof(*ret_reply));
    ret_reply->status = 200;
    ret_reply->content_type = html_type;
    bool is_get = is(inquiry->method, "GET") || is(inquiry->method, "HEAD");
    bool is_post = is(inquiry->method, "POST");
    struct slice path = inquiry->path;
    bool is_machine =
        is(path, "/metrics") || is(path, "/healthz") || is(path, "/readyz") || is(path, "/version");
    bool is_form = is(path, "/login") || is(path, "/act") || is(path, "/logout");
    if (!is_host(server, inquiry->host)) {
        say(ret_reply, &text, 421, "this server does not answer to that name");
    } else if (inquiry->too_large) {
        say(ret_reply, &text, 413, "the body is larger than 1 MiB");
    } else if (begins(path, "/api/")) {
        use_token(server, inquiry, ret_reply, &text);
    } else if (is_get && is_machine) {
        show_to_machines(server, inquiry, ret_reply, &text);
    } else if (is_get) {
        show(server, inquiry, ret_reply, &text);
    } else if (is_post && begins(path, "/intake/")) {
        intake(server, inquiry, ret_reply, &text);
    } else if (is_post && is_form && !is_own_form(server, inquiry)) {
        refuse(ret_reply, &text, 403,
               "This form did not come from a page of this server. Open the page itself and try again.",
               true);
    } else if (is_post && is(path, "/login")) {
        login(server, inquiry, ret_reply, &text);
    } else if (is_post && is_form) {
        act_on_page(server, inquiry, ret_reply, &text);
    } else {
        say(ret_reply, &text, 405, "not done here");
    }
    if (text.truncated) {
        say(ret_reply, &text, 500, "the page is too long");
    }
    ret_reply->body = (struct slice){text.bytes, text.n_bytes};
}
