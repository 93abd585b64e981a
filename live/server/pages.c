/* SPDX-License-Identifier: Apache-2.0 */
/* The pages: plain HTML without scripts, readable without styles. Every foreign word passes html_put. */
#include <string.h>

#include "core/formats/fingerprint.h"
#include "core/types/names.h"
#include "live/server/server.h"

static const char head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">";
static const char style[] =
    "<style>:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--quiet:#57606a;--line:#d0d7de;--field:#f6f8fa;"
    "--link:#0550ae;--go:#1a7f37;--stop:#b3202c;--wait:#9a6700}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--quiet:#9ea7b3;--line:#3d444d;--field:#21262d;"
    "--link:#6cb0ff;--stop:#ff7b72;--wait:#d29922}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:1rem auto 3rem;padding:0 1rem;color:var(--ink);background:var(--paper)}"
    "h1{font-size:1.3rem;margin:0}h2{font-size:1.15rem;margin:1.8rem 0 .5rem}h3{font-size:1.1rem;margin:0 0 .5rem;overflow-wrap:anywhere}"
    "p{margin:.5rem 0;overflow-wrap:anywhere}a{color:var(--link)}"
    ".top{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:center;justify-content:space-between;"
    "border-bottom:1px solid var(--line);padding-bottom:.6rem;margin-bottom:1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);"
    "vertical-align:top;overflow-wrap:anywhere}th:first-child,td:first-child{white-space:nowrap;width:1%}th{font-weight:600}"
    "time{font-variant-numeric:tabular-nums}"
    ".card{border:1px solid var(--line);border-left:5px solid var(--wait);padding:.7rem 1rem;margin:.8rem 0}"
    ".stop{border-left-color:var(--stop)}.now{border-left-color:var(--link)}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem;margin:.5rem 0}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}"
    "code{font:.9rem/1.4 ui-monospace,monospace;overflow-wrap:anywhere}form{display:inline-block;margin:.3rem .6rem .3rem 0}.login{display:block}"
    "button{font:inherit;min-height:2.75rem;padding:.3rem 1.2rem;border:1px solid var(--quiet);background:var(--field);color:var(--ink);cursor:pointer}"
    "button.go{background:#1a7f37;color:#fff;border-color:#1a7f37;font-weight:600}"
    "button.no{border-color:var(--stop);color:var(--stop);font-weight:600}"
    "input{font:inherit;min-height:2.5rem;padding:.3rem;width:24rem;max-width:100%;box-sizing:border-box}.quiet{color:var(--quiet)}"
    "@media(max-width:32rem){.card form{display:block;margin-right:0}.card button{width:100%}button{padding:.3rem .8rem}dl{column-gap:.7rem}}"
    "</style></head><body>";
static const char tail[] = "</body></html>\n";

static const char *const mode_abouts[N_LIVE_MODES] = {
#define X(name, word, about) about,
    LIVE_MODE_TABLE(X)
#undef X
};

/* A page that offers no choice keeps itself up to date; one that does stands still, so that no button moves under a finger. */
static void put_head(struct text *text, bool is_refreshed, const char *title)
{
    text_put(text, head);
    if (is_refreshed) {
        text_put(text, "<meta http-equiv=\"refresh\" content=\"10\">");
    }
    text_put(text, "<title>");
    html_put_words(text, title);
    text_put(text, "</title>");
    text_put(text, style);
}

/* Of the day; the date and the time of the run, which the log and the trace have, are in its title. */
static void put_time(const struct server *server, struct text *text, int64_t at)
{
    text_put(text, "<time title=\"");
    put_utc(text, server->view->epoch_unix_ns + at, true);
    text_put(text, " UTC, run time ");
    text_put_clock(text, at);
    text_put(text, "\">");
    put_utc(text, server->view->epoch_unix_ns + at, false);
    text_put(text, "</time>");
}

static void put_date(const struct server *server, struct text *text, int64_t at)
{
    text_put(text, "<time>");
    put_utc(text, server->view->epoch_unix_ns + at, true);
    text_put(text, " UTC</time>");
}

/* A word of a table as a reader has it. */
static void put_plain(struct text *text, const char *word)
{
    for (const char *c = word; *c != '\0'; c++) {
        text_put_char(text, *c == '_' ? ' ' : *c);
    }
}

static bool has_role(const struct server *server, struct person_id person, enum role role)
{
    const struct deployment *deployment = &server->view->config->deployment;
    return person.value >= 1 && person.value <= deployment->n_people &&
           deployment_person_has(deployment, person, role);
}

static void put_roles(const struct server *server, struct person_id person, struct text *text)
{
    const char *before = " (";
    for (int i = 0; i < N_ROLES; i++) {
        if (has_role(server, person, (enum role)i)) {
            text_put(text, before);
            text_put(text, role_name((enum role)i));
            before = ", ";
        }
    }
    text_put(text, before[0] == ',' ? ")" : "");
}

/* Who can, for somebody who cannot. */
static void put_holders(const struct server *server, enum role role, struct text *text)
{
    const struct deployment *deployment = &server->view->config->deployment;
    const char *before = "";
    for (uint16_t i = 1; i <= deployment->n_people; i++) {
        if (has_role(server, (struct person_id){i}, role)) {
            text_put(text, before);
            html_put_words(text, deployment->people[i - 1].name);
            before = ", ";
        }
    }
    text_put(text, before[0] == '\0' ? "nobody has that role" : "");
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
    put_head(text, false, "steward: sign in");
    text_put(text, "<h1>steward</h1>");
    if (message[0] != '\0') {
        text_put(text, "<p class=\"card stop\" role=\"alert\">");
        html_put_words(text, message);
        text_put(text, "</p>");
    }
    text_put(
        text,
        "<form class=\"login\" method=\"post\" action=\"/login\"><p><label for=\"token\">Your token</label></p>"
        "<p><input id=\"token\" type=\"password\" name=\"token\" autocomplete=\"current-password\" required autofocus></p>"
        "<p><button class=\"go\">Sign in</button></p>"
        "<p class=\"quiet\">It is in the file that the section <code>logins</code> of the configuration names for you.</p></form>");
    text_put(text, tail);
}

void page_message(struct text *text, const char *message)
{
    text->n_bytes = 0;
    put_head(text, false, "steward");
    text_put(text, "<h1>steward</h1><p class=\"card stop\" role=\"alert\">");
    html_put_words(text, message);
    text_put(text, "</p><p><a href=\"/\">To what is happening now</a></p>");
    text_put(text, tail);
}

static void put_halted(const struct server *server, const struct session *session, struct text *text)
{
    text_put(text, "<div class=\"card stop\" id=\"halted\" role=\"alert\"><h3>Halted</h3><p>Nothing is "
                   "changed until a person resumes. Watching and paging go on.</p>");
    if (has_role(server, session->person, ROLE_OPERATOR)) {
        put_button(text, session, ACT_RESUME, 0, "", "Resume", "go");
    } else {
        text_put(text, "<p>Only an operator can resume: ");
        put_holders(server, ROLE_OPERATOR, text);
        text_put(text, ".</p>");
    }
    text_put(text, "</div>");
}

static void put_top(const struct server *server, const struct session *session, bool is_refreshed,
                    const char *title, struct text *text)
{
    const struct server_view *view = server->view;
    const struct deployment *deployment = &view->config->deployment;
    put_head(text, is_refreshed, title);
    text_put(text, "<div class=\"top\"><h1><a href=\"/\">steward</a>: ");
    html_put_words(text, deployment->name);
    text_put(text, "</h1><div>");
    html_put_words(text, board_person(deployment, session->person));
    put_roles(server, session->person, text);
    text_put(
        text,
        " <form method=\"post\" action=\"/logout\"><input type=\"hidden\" name=\"csrf\" value=\"");
    html_put_words(text, session->csrf);
    text_put(text, "\"><button>Sign out</button></form>");
    if (!view->board->halted) {
        put_button(text, session, ACT_HALT, 0, "", "Halt every change", "no");
    }
    text_put(text, "</div></div><p class=\"quiet\">");
    put_date(server, text, server->port.now(server->port.self));
    text_put(text, is_refreshed ? ", reloads every 10 s" : ", stands still while you choose");
    text_put(text, ". Mode <strong>");
    text_put(text, live_mode_names[view->config->mode]);
    text_put(text, "</strong>: ");
    text_put(text, mode_abouts[view->config->mode]);
    text_put(text, ".</p>");
    if (view->board->halted) {
        put_halted(server, session, text);
    }
}

/* Cause and facts behind the newest decision. */
static void put_why(const struct board_incident *incident, struct text *text)
{
    put_plain(text, cause_name(incident->cause));
    const char *before = ": ";
    for (int i = 0; i < N_FACTS; i++) {
        if ((incident->facts & FACT_BIT(i)) != 0) {
            text_put(text, before);
            put_plain(text, fact_name((enum fact)i));
            before = ", ";
        }
    }
}

/* What the action does in the world, where that is not its own words already. */
static void put_effect(const struct server *server, const struct request_effect *effect,
                       struct text *text)
{
    const struct live_config *config = server->view->config;
    bool moves_alias = effect->verb == VERB_ROLLBACK || effect->verb == VERB_PROMOTE ||
                       effect->verb == VERB_SWITCH_MODEL || effect->verb == VERB_RECONCILE;
    uint32_t model = effect->args.model.value;
    if (!moves_alias || model < 1 || model > config->deployment.n_models ||
        config->registries[model - 1].model[0] == '\0' || effect->args.target.value == 0) {
        return;
    }
    text_put(text, "<dt>In MLflow</dt><dd>the alias <code>");
    html_put_words(text, config->registries[model - 1].alias);
    text_put(text, "</code> of <code>");
    html_put_words(text, config->registries[model - 1].model);
    text_put(text, "</code> is set to version <strong>");
    text_put_u64(text, effect->args.target.value);
    text_put(text, "</strong></dd>");
}

static void put_answers(const struct server *server, const struct session *session,
                        const struct request_effect *effect, const char *hash, struct text *text)
{
    if (has_role(server, session->person, ROLE_APPROVER)) {
        put_button(text, session, ACT_APPROVE, effect->approval.value, hash, "Approve", "go");
        put_button(text, session, ACT_DENY, effect->approval.value, hash, "Deny", "no");
        return;
    }
    text_put(text, "<p>Only an approver can answer: ");
    put_holders(server, ROLE_APPROVER, text);
    text_put(text, ".</p>");
}

static void put_request(const struct server *server, const struct session *session,
                        const struct board_request *request, struct text *text)
{
    const struct request_effect *effect = &request->request;
    const struct board_incident *incident = board_find(server->view->board, effect->incident);
    char hash[33], artefact[33], words[BOARD_LINE_BYTES];
    struct text action;
    struct action_args named = effect->args;
    named.subject = (struct digest128){0}; /* It has a row of its own. */
    fingerprint_hex(effect->action_hash, hash);
    fingerprint_hex(effect->args.subject, artefact);
    text_init(&action, words, sizeof(words));
    board_action(&server->view->config->deployment, effect->verb, &named, &action);
    text_put(text, "<div class=\"card approval\"><p class=\"quiet\">Request ");
    text_put_u64(text, effect->approval.value);
    text_put(text, " of <a href=\"/incident/");
    text_put_u64(text, effect->incident.value);
    text_put(text, "\">incident ");
    text_put_u64(text, effect->incident.value);
    text_put(text, "</a> waits for an approver</p><h3>");
    html_put_words(text, words);
    text_put(text, "</h3><dl>");
    put_effect(server, effect, text);
    if (effect->args.subject.hi != 0 || effect->args.subject.lo != 0) {
        text_put(text, "<dt>Artefact</dt><dd><code>");
        text_put(text, artefact);
        text_put(text, "</code></dd>");
    }
    if (incident != NULL) {
        text_put(text, "<dt>Why</dt><dd>");
        put_why(incident, text);
        text_put(text, "</dd>");
    }
    text_put(text, "<dt>Until</dt><dd>");
    put_time(server, text, effect->expires_at);
    text_put(text, " UTC, in ");
    text_put_duration(text, effect->expires_at - server->port.now(server->port.self));
    text_put(text, "; unanswered it expires and is not done</dd><dt>So far</dt><dd>approvals ");
    text_put_u64(text, request->n_granted);
    text_put(text, " of ");
    text_put_u64(text, effect->quorum);
    text_put(text, "</dd><dt>Bound to</dt><dd>exactly this action <code>");
    text_put(text, hash);
    text_put(text, "</code></dd></dl>");
    put_answers(server, session, effect, hash, text);
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

static void put_page(const struct server *server, const struct session *session,
                     const struct board_incident *incident, struct text *text)
{
    if (incident->page.value == 0) {
        return;
    }
    text_put(text, "<div class=\"card\"><h3>Page ");
    text_put_u64(text, incident->page.value);
    if (incident->incident.value != 0) {
        text_put(text, " about <a href=\"/incident/");
        text_put_u64(text, incident->incident.value);
        text_put(text, "\">incident ");
        text_put_u64(text, incident->incident.value);
        text_put(text, "</a> of ");
        html_put_words(text, board_model(&server->view->config->deployment, incident->model));
    } else {
        text_put(text, " about steward itself");
    }
    text_put(text, "</h3><p>Nobody has answered. Acknowledge, and the next level is not called.</p>");
    put_button(text, session, ACT_ACKNOWLEDGE, incident->page.value, "", "Acknowledge", "go");
    text_put(text, "</div>");
}

/* What steward does about it now, and what that leaves to a person. */
static const char *now_words(const struct board_incident *shown, const struct docket_entry *entry)
{
    if (shown->state == INCIDENT_HANDED_OVER) {
        return "Closed by a person. What is left to do is theirs: steward changed nothing by closing.";
    }
    if (entry == NULL || incident_is_closed(entry->state)) {
        return "Closed by rule. Nothing is left to do.";
    }
    if (entry->taken) {
        return "A person works on it. steward goes on watching and proposes nothing.";
    }
    switch (entry->action_state) {
    case ACTION_AWAITING:
        return "An action waits for approval. Nothing is changed until then.";
    case ACTION_CHECKING:
    case ACTION_INTENDED:
    case ACTION_READING:
        return "An action is being carried out. There is nothing to do for you.";
    case ACTION_APPLIED:
        return "The action is applied. steward verifies it with what comes in from now on; there is nothing to do for you.";
    case ACTION_UNDOING:
        return "The action did not help and is being taken back.";
    case ACTION_NONE:
    case ACTION_VERIFIED:
    case ACTION_UNDONE:
    case ACTION_FAILED:
    case ACTION_REFUSED:
    case ACTION_EXPIRED:
    case N_ACTION_STATES:
        break;
    }
    if (entry->state == INCIDENT_ESCALATED) {
        return entry->acknowledged
                   ? "A person is needed. Somebody has acknowledged; whoever works on it should take it over."
                   : "A person is needed, and nobody has acknowledged yet. Take it over, or see that somebody does.";
    }
    if (entry->action_state == ACTION_VERIFIED) {
        return "The action helped. The incident is closed once the metric has stayed clear; there is nothing to do for you.";
    }
    if (entry->state == INCIDENT_WATCHED) {
        return "steward waits by rule and pages when harm passes its limit. There is nothing to do for you.";
    }
    return "steward gathers evidence and decides. There is nothing to do for you yet.";
}

static bool is_evidence(const struct board_line *line)
{
    static const char evidence[] = "evidence #";
    return strncmp(line->words, evidence, sizeof(evidence) - 1) == 0;
}

/* The newest line that is no evidence; NULL: none is kept. */
static const struct board_line *newest_step(const struct board_incident *shown)
{
    for (uint32_t i = 1; i <= shown->n_lines && i <= BOARD_LINES_MAX; i++) {
        const struct board_line *line = &shown->lines[(shown->n_lines - i) % BOARD_LINES_MAX];
        if (!is_evidence(line)) {
            return line;
        }
    }
    return NULL;
}

static void put_now(const struct server *server, const struct session *session,
                    const struct board_incident *shown, struct text *text)
{
    uint32_t number = shown->incident.value;
    text_put(text, "<div class=\"card now\"><h3>Now</h3><p>");
    text_put(text, now_words(shown, docket_find(server->view->docket, shown->incident)));
    text_put(text, "</p>");
    const struct board_line *line = newest_step(shown);
    if (line != NULL) {
        text_put(text, "<p class=\"quiet\">Latest, ");
        put_time(server, text, line->at);
        text_put(text, ": ");
        html_put_words(text, line->words);
        text_put(text, "</p>");
    }
    if (shown->closed_at == NEVER) {
        put_button(text, session, ACT_TAKE, number, "", "I take it over", "");
        put_button(text, session, ACT_RESOLVE, number, "", "It is resolved, close it", "");
    }
    text_put(text, "</div>");
}

/* A line begins with the word of its record; evidence stands back. */
static void put_line(const struct server *server, const struct board_line *line, struct text *text)
{
    size_t n_first = strspn(line->words, "abcdefghijklmnopqrstuvwxyz");
    bool is_quiet = is_evidence(line);
    text_put(text, "<tr><td>");
    put_time(server, text, line->at);
    text_put(text, is_quiet ? "</td><td class=\"quiet\">" : "</td><td>");
    if (n_first > 0 && !is_quiet) {
        text_put(text, "<strong>");
        html_put(text, (struct slice){line->words, n_first});
        text_put(text, "</strong>");
        html_put_words(text, line->words + n_first);
    } else {
        html_put_words(text, line->words);
    }
    text_put(text, "</td></tr>");
}

static void put_lines(const struct server *server, const struct board_incident *incident,
                      struct text *text)
{
    uint32_t kept = incident->n_lines < BOARD_LINES_MAX ? incident->n_lines : BOARD_LINES_MAX;
    if (incident->n_lines > kept) {
        text_put(text, "<p class=\"quiet\">Earlier lines are in the journal.</p>");
    }
    text_put(text, "<table><tr><th>UTC</th><th>What happened and why</th></tr>");
    for (uint32_t i = 0; i < kept; i++) {
        put_line(server, &incident->lines[(incident->n_lines - kept + i) % BOARD_LINES_MAX], text);
    }
    text_put(text, "</table>");
}

static void put_incident_row(const struct server *server, const struct board_incident *incident,
                             struct text *text)
{
    text_put(text, "<tr><td><a href=\"/incident/");
    text_put_u64(text, incident->incident.value);
    text_put(text, "\">");
    text_put_u64(text, incident->incident.value);
    text_put(text, ": ");
    html_put_words(text, board_model(&server->view->config->deployment, incident->model));
    text_put(text, "</a></td><td><strong>");
    text_put(text, incident_state_name(incident->state));
    text_put(text, "</strong>, ");
    put_plain(text, cause_name(incident->cause));
    text_put(text, "</td><td>");
    put_date(server, text, incident->opened_at);
    int64_t until =
        incident->closed_at == NEVER ? server->port.now(server->port.self) : incident->closed_at;
    text_put(text, incident->closed_at == NEVER ? ", " : ", closed after ");
    text_put_duration(text, until - incident->opened_at);
    text_put(text, incident->closed_at == NEVER ? " ago" : "");
    text_put(text, "</td></tr>");
}

static bool has_choice(const struct server *server, struct incident_id incident)
{
    const struct board *board = server->view->board;
    int64_t now = server->port.now(server->port.self);
    for (uint32_t i = 0; i < APPROVALS_MAX; i++) {
        const struct board_request *request =
            board_request(board, server->view->docket, board->requests[i].request.approval, now);
        if (request != NULL &&
            (incident.value == 0 || request->request.incident.value == incident.value)) {
            return true;
        }
    }
    for (uint32_t i = 0; i < BOARD_INCIDENTS_MAX; i++) {
        const struct board_incident *paged = &board->incidents[i];
        if (paged->page.value != 0 &&
            (incident.value == 0 || paged->incident.value == incident.value)) {
            return true;
        }
    }
    return false;
}

void page_index(const struct server *server, const struct session *session, struct text *text)
{
    const struct board *board = server->view->board;
    bool waits = has_choice(server, (struct incident_id){0});
    put_top(server, session, !waits, waits ? "steward: waits for a person" : "steward", text);
    text_put(text, "<h2>Waiting for a person</h2>");
    put_requests(server, session, (struct incident_id){0}, text);
    for (uint32_t i = 0; i < BOARD_INCIDENTS_MAX; i++) {
        put_page(server, session, &board->incidents[i], text);
    }
    if (!waits) {
        text_put(text, "<p class=\"quiet\">Nothing.</p>");
    }
    text_put(text, "<h2>Incidents</h2>");
    if (board->n_incidents == 0) {
        text_put(text, "<p class=\"quiet\">None yet.</p>");
    } else {
        text_put(text, "<table><tr><th>Incident</th><th>State, cause</th><th>Opened</th></tr>");
        const struct board_incident *incident = NULL;
        for (uint32_t i = 0; (incident = board_newest(board, i)) != NULL; i++) {
            put_incident_row(server, incident, text);
        }
        text_put(text, "</table>");
    }
    if (board->incidents[0].n_lines > 0) {
        text_put(text, "<h2>About steward itself</h2>");
        put_lines(server, &board->incidents[0], text);
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
    put_top(server, session, !has_choice(server, incident), "steward: incident", text);
    text_put(text, "<h2>Incident ");
    text_put_u64(text, incident.value);
    text_put(text, ": ");
    html_put_words(text, board_model(&server->view->config->deployment, shown->model));
    text_put(text, "</h2><dl><dt>State</dt><dd><strong>");
    text_put(text, incident_state_name(shown->state));
    text_put(text, "</strong>, severity ");
    text_put_u64(text, shown->severity);
    text_put(text, "</dd><dt>Cause</dt><dd>");
    put_why(shown, text);
    text_put(text, "</dd><dt>Opened</dt><dd>");
    put_date(server, text, shown->opened_at);
    if (shown->closed_at != NEVER) {
        text_put(text, ", closed after ");
        text_put_duration(text, shown->closed_at - shown->opened_at);
    }
    text_put(text, "</dd></dl>");
    put_requests(server, session, incident, text);
    put_page(server, session, shown, text);
    put_now(server, session, shown, text);
    put_lines(server, shown, text);
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
    char hash[33], code[REQUEST_CODE_BYTES], words[BOARD_LINE_BYTES];
    struct text action;
    fingerprint_hex(request->request.action_hash, hash);
    text_init(&action, words, sizeof(words));
    board_action(&server->view->config->deployment, request->request.verb, &request->request.args,
                 &action);
    text_put(text, "{\"action\":");
    json_put(text, words);
    text_put(text, ",\"hash\":");
    json_put(text, hash);
    request_code(&request->request, code);
    text_put(text, ",\"code\":");
    json_put(text, code);
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
    text_put(text, "],\"verdicts\":[");
    comma = "";
    for (uint32_t i = 0; i < BOARD_VERDICTS_MAX && board->verdicts[i].letter != 0; i++) {
        const struct board_verdict *verdict = &board->verdicts[i];
        text_put(text, comma);
        text_put(text, "{\"reason\":");
        json_put(text, verdict->reason == REFUSAL_NONE ? "" : refusal_name(verdict->reason));
        put_number_member(text, "letter", verdict->letter);
        text_put(text, "}");
        comma = ",";
    }
    text_put(text, "]}\n");
}
