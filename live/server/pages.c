/* SPDX-License-Identifier: Apache-2.0 */
/* The pages: plain HTML without scripts, readable without styles. Every foreign word passes html_put. */
#include <string.h>

#include "core/formats/fingerprint.h"
#include "core/types/names.h"
#include "live/server/server.h"

static const char head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>steward</title><style>"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:1.5rem auto;padding:0 1rem;color:#1b1f24;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d0d7de;vertical-align:top}td code{white-space:nowrap}"
    ".card{border:1px solid #d0d7de;border-left:4px solid #9a6700;padding:.6rem 1rem;margin:.8rem 0}"
    ".stop{border-left-color:#cf222e}code{font:.9rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere}"
    "form{display:inline}button{font:inherit;padding:.3rem .9rem;margin:.3rem .4rem .3rem 0;border:1px solid #57606a;background:#f6f8fa;cursor:pointer}"
    "button.go{background:#1a7f37;color:#fff;border-color:#1a7f37}button.no{background:#cf222e;color:#fff;border-color:#cf222e}"
    "input{font:inherit;padding:.3rem;width:24rem;max-width:100%}.quiet{color:#57606a}"
    "@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}button{background:#21262d;color:#e6edf3}"
    "th,td,.card{border-color:#3d444d}.card{border-left-color:#d29922}.stop{border-left-color:#f85149}.quiet{color:#9198a1}a{color:#4493f8}}"
    "</style></head><body>";
static const char tail[] = "</body></html>\n";

static void put_time(struct text *text, int64_t at)
{
    text_put(text, "<code>");
    text_put_clock(text, at);
    text_put(text, "</code>");
}

static void put_button(struct text *text, const struct session *session, enum act_kind kind,
                       uint64_t number, const char *hash, const char *label, const char *kind_class)
{
    text_put(text,
             "<form method=\"post\" action=\"/act\"><input type=\"hidden\" name=\"csrf\" value=\"");
    html_put_words(text, session->csrf);
    text_put(text, "\"><input type=\"hidden\" name=\"act\" value=\"");
    text_put(text, act_name(kind));
    text_put(text, "\"><input type=\"hidden\" name=\"number\" value=\"");
    text_put_u64(text, number);
    text_put(text, "\"><input type=\"hidden\" name=\"hash\" value=\"");
    text_put(text, hash);
    text_put(text, "\"><button class=\"");
    text_put(text, kind_class);
    text_put(text, "\">");
    text_put(text, label);
    text_put(text, "</button></form>");
}

void page_login(struct text *text, const char *message)
{
    text_put(text, head);
    text_put(text, "<h1>steward</h1>");
    if (message[0] != '\0') {
        text_put(text, "<p class=\"card stop\">");
        html_put_words(text, message);
        text_put(text, "</p>");
    }
    text_put(text,
             "<form method=\"post\" action=\"/login\"><p><label for=\"token\">Your token</label></p>"
             "<p><input id=\"token\" type=\"password\" name=\"token\" autocomplete=\"current-password\" autofocus></p>"
             "<p><button class=\"go\">Sign in</button></p></form>");
    text_put(text, tail);
}

static void put_top(const struct server *server, const struct session *session, struct text *text)
{
    const struct server_view *view = server->view;
    const struct deployment *deployment = &view->config->deployment;
    text_put(text, head);
    text_put(text, "<h1><a href=\"/\">steward</a>: ");
    html_put_words(text, deployment->name);
    text_put(text, "</h1><div>Mode <strong>");
    text_put(text, live_mode_names[view->config->mode]);
    text_put(text, "</strong>, run time ");
    put_time(text, server->port.now(server->port.self));
    text_put(text, ", you are <strong>");
    html_put_words(text, board_person(deployment, session->person));
    text_put(
        text,
        "</strong> <form method=\"post\" action=\"/logout\"><input type=\"hidden\" name=\"csrf\" value=\"");
    html_put_words(text, session->csrf);
    text_put(text, "\"><button>Sign out</button></form></div>");
    if (view->board->halted) {
        text_put(
            text,
            "<div class=\"card stop\" id=\"halted\"><strong>Halted.</strong> Nothing is changed until a person resumes. ");
        put_button(text, session, ACT_RESUME, 0, "", "Resume", "go");
        text_put(text, "</div>");
    } else {
        text_put(text, "<div>");
        put_button(text, session, ACT_HALT, 0, "", "Halt", "no");
        text_put(
            text,
            "<span class=\"quiet\">stops every change at once; only a person ends it</span></div>");
    }
}

static void put_request(const struct server *server, const struct session *session,
                        const struct board_request *request, struct text *text)
{
    const struct request_effect *effect = &request->request;
    char hash[33];
    fingerprint_hex(effect->action_hash, hash);
    text_put(text, "<div class=\"card approval\"><p><strong>");
    char words[BOARD_LINE_BYTES];
    struct text action;
    text_init(&action, words, sizeof(words));
    board_action(&server->view->config->deployment, effect->verb, &effect->args, &action);
    html_put_words(text, words);
    text_put(text, "</strong></p><p>Request ");
    text_put_u64(text, effect->approval.value);
    text_put(text, " of <a href=\"/incident/");
    text_put_u64(text, effect->incident.value);
    text_put(text, "\">incident ");
    text_put_u64(text, effect->incident.value);
    text_put(text, "</a>, approvals ");
    text_put_u64(text, request->n_granted);
    text_put(text, " of ");
    text_put_u64(text, effect->quorum);
    text_put(text, ", expires in ");
    text_put_duration(text, effect->expires_at - server->port.now(server->port.self));
    text_put(text, "</p><p class=\"quiet\">Bound to exactly this action: <code>");
    text_put(text, hash);
    text_put(text, "</code></p>");
    put_button(text, session, ACT_APPROVE, effect->approval.value, hash, "Approve", "go");
    put_button(text, session, ACT_DENY, effect->approval.value, hash, "Deny", "no");
    text_put(text, "</div>");
}

static void put_requests(const struct server *server, const struct session *session,
                         struct incident_id incident, struct text *text)
{
    const struct board *board = server->view->board;
    int64_t now = server->port.now(server->port.self);
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        const struct board_request *request =
            board_request(board, server->view->docket, board->requests[i].request.approval, now);
        bool is_shown = request != NULL &&
                        (incident.value == 0 || request->request.incident.value == incident.value);
        if (is_shown) {
            put_request(server, session, request, text);
        }
    }
}

static void put_page(const struct session *session, const struct board_incident *incident,
                     struct text *text)
{
    if (incident->page.value != 0) {
        text_put(text, "<div class=\"card\">Page ");
        text_put_u64(text, incident->page.value);
        text_put(text, " waits for an answer. ");
        put_button(text, session, ACT_ACKNOWLEDGE, incident->page.value, "", "Acknowledge", "go");
        text_put(text, "</div>");
    }
}

static void put_lines(const struct board_incident *incident, struct text *text)
{
    uint32_t kept = incident->n_lines < BOARD_LINES_MAX ? incident->n_lines : BOARD_LINES_MAX;
    text_put(text, "<table><tr><th>Time</th><th>What happened and why</th></tr>");
    for (uint32_t i = 0; i < kept; i++) {
        const struct board_line *line =
            &incident->lines[(incident->n_lines - kept + i) % BOARD_LINES_MAX];
        text_put(text, "<tr><td>");
        put_time(text, line->at);
        text_put(text, "</td><td>");
        html_put_words(text, line->words);
        text_put(text, "</td></tr>");
    }
    text_put(text, "</table>");
    if (incident->n_lines > kept) {
        text_put(text, "<p class=\"quiet\">Earlier lines are in the journal.</p>");
    }
}

static void put_incident_row(const struct server *server, const struct board_incident *incident,
                             struct text *text)
{
    text_put(text, "<tr><td><a href=\"/incident/");
    text_put_u64(text, incident->incident.value);
    text_put(text, "\">");
    text_put_u64(text, incident->incident.value);
    text_put(text, "</a></td><td>");
    html_put_words(text, board_model(&server->view->config->deployment, incident->model));
    text_put(text, "</td><td>");
    text_put(text, incident_state_name(incident->state));
    text_put(text, "</td><td>");
    text_put(text, cause_name(incident->cause));
    text_put(text, "</td><td>");
    put_time(text, incident->opened_at);
    text_put(text, "</td><td>");
    if (incident->closed_at != NEVER) {
        text_put_duration(text, incident->closed_at - incident->opened_at);
    }
    text_put(text, "</td></tr>");
}

void page_index(const struct server *server, const struct session *session, struct text *text)
{
    const struct board *board = server->view->board;
    put_top(server, session, text);
    text_put(text, "<h2>Waiting for a person</h2>");
    size_t before = text->n_bytes;
    put_requests(server, session, (struct incident_id){0}, text);
    for (uint32_t i = 0; i < BOARD_INCIDENTS_MAX; i++) {
        put_page(session, &board->incidents[i], text);
    }
    if (text->n_bytes == before) {
        text_put(text, "<p class=\"quiet\">Nothing.</p>");
    }
    text_put(text, "<h2>Incidents</h2><table><tr><th>No.</th><th>Model</th><th>State</th><th>Cause</th>"
                   "<th>Opened</th><th>Closed after</th></tr>");
    const struct board_incident *incident = NULL;
    for (uint32_t i = 0; (incident = board_newest(board, i)) != NULL; i++) {
        put_incident_row(server, incident, text);
    }
    text_put(text, "</table>");
    if (board->n_incidents == 0) {
        text_put(text, "<p class=\"quiet\">None yet.</p>");
    }
    if (board->incidents[0].n_lines > 0) {
        text_put(text, "<h2>About steward itself</h2>");
        put_lines(&board->incidents[0], text);
    }
    text_put(text, tail);
}

bool page_incident(const struct server *server, const struct session *session,
                   struct incident_id incident, struct text *text)
{
    const struct board_incident *shown =
        incident.value == 0 ? NULL : board_find(server->view->board, incident);
    if (shown == NULL) {
        return false;
    }
    put_top(server, session, text);
    text_put(text, "<h2>Incident ");
    text_put_u64(text, incident.value);
    text_put(text, ": ");
    html_put_words(text, board_model(&server->view->config->deployment, shown->model));
    text_put(text, "</h2><p>State <strong>");
    text_put(text, incident_state_name(shown->state));
    text_put(text, "</strong>, leading cause <strong>");
    text_put(text, cause_name(shown->cause));
    text_put(text, "</strong>, severity ");
    text_put_u64(text, shown->severity);
    text_put(text, ", opened ");
    put_time(text, shown->opened_at);
    text_put(text, "</p>");
    put_requests(server, session, incident, text);
    put_page(session, shown, text);
    if (shown->closed_at == NEVER) {
        text_put(text, "<p>");
        put_button(text, session, ACT_TAKE, incident.value, "", "I take it over", "");
        put_button(text, session, ACT_RESOLVE, incident.value, "", "It is resolved", "");
        text_put(text, "</p>");
    }
    put_lines(shown, text);
    text_put(text, tail);
    return true;
}

static void put_number_member(struct text *text, const char *name, uint64_t value)
{
    text_put(text, ",");
    json_put(text, name);
    text_put(text, ":");
    text_put_u64(text, value);
}

static void put_request_json(const struct server *server, const struct board_request *request,
                             struct text *text)
{
    char hash[33], words[BOARD_LINE_BYTES];
    struct text action;
    fingerprint_hex(request->request.action_hash, hash);
    text_init(&action, words, sizeof(words));
    board_action(&server->view->config->deployment, request->request.verb, &request->request.args,
                 &action);
    text_put(text, "{\"action\":");
    json_put(text, words);
    text_put(text, ",\"hash\":");
    json_put(text, hash);
    put_number_member(text, "approval", request->request.approval.value);
    put_number_member(text, "incident", request->request.incident.value);
    put_number_member(text, "granted", request->n_granted);
    put_number_member(text, "quorum", request->request.quorum);
    int64_t left = request->request.expires_at - server->port.now(server->port.self);
    put_number_member(text, "expires_in_s", (uint64_t)(left / NS_PER_S));
    text_put(text, "}");
}

void page_status(const struct server *server, struct text *text)
{
    const struct server_view *view = server->view;
    const struct board *board = view->board;
    int64_t now = server->port.now(server->port.self);
    text_put(text, "{\"deployment\":");
    json_put(text, view->config->deployment.name);
    text_put(text, ",\"mode\":");
    json_put(text, live_mode_names[view->config->mode]);
    text_put(text, board->halted ? ",\"halted\":true" : ",\"halted\":false");
    put_number_member(text, "events", board->n_events);
    put_number_member(text, "up_to_s", (uint64_t)(now / NS_PER_S));
    text_put(text, ",\"approvals\":[");
    const char *comma = "";
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        const struct board_request *request =
            board_request(board, view->docket, board->requests[i].request.approval, now);
        if (request != NULL) {
            text_put(text, comma);
            put_request_json(server, request, text);
            comma = ",";
        }
    }
    text_put(text, "],\"incidents\":[");
    const struct board_incident *incident = NULL;
    for (uint32_t i = 0; (incident = board_newest(board, i)) != NULL; i++) {
        text_put(text, i == 0 ? "{\"model\":" : ",{\"model\":");
        json_put(text, board_model(&view->config->deployment, incident->model));
        text_put(text, ",\"state\":");
        json_put(text, incident_state_name(incident->state));
        text_put(text, ",\"cause\":");
        json_put(text, cause_name(incident->cause));
        put_number_member(text, "incident", incident->incident.value);
        put_number_member(text, "opened_s", (uint64_t)(incident->opened_at / NS_PER_S));
        put_number_member(text, "page", incident->page.value);
        text_put(text, "}");
    }
    text_put(text, "]}\n");
}
