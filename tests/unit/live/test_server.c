/* SPDX-License-Identifier: Apache-2.0 */
/* Pages and endpoints without a socket: who gets in, what is escaped, what a form must carry, what is answered when nothing can be kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/fingerprint.h"
#include "live/server/server.h"

static const char token[] = "0123456789abcdef-ada";
static const char intake_token[] = "fedcba9876543210-am";

struct stage {
    struct live_config config;
    struct board board;
    struct docket docket;
    struct server server;
    struct server_view view;
    struct person_act act;
    uint32_t n_acts, n_intakes;
    enum taken answer;
    int64_t now;
    char page[PAGE_BYTES];
    char cookie[128], csrf[33];
    const char *origin, *fetch_site; /* What the browser says. */
};
static struct stage *stage;

static enum taken take_act(void *self, const struct person_act *act, uint64_t *ret_letter)
{
    (void)self;
    *ret_letter = 41;
    stage->act = *act;
    stage->n_acts += stage->answer == TAKEN_KEPT;
    return stage->answer;
}

static enum taken take_intake(void *self, enum intake_kind kind, struct slice body,
                              char ret_error[EXCHANGE_ERROR_BYTES])
{
    (void)self;
    (void)kind;
    (void)body;
    (void)snprintf(ret_error, EXCHANGE_ERROR_BYTES, "no version 4 body");
    stage->n_intakes++;
    return stage->answer;
}

static void write_metrics(void *self, struct text *text)
{
    (void)self;
    text_put(text, "steward_up 1\n");
}

static bool write_ready(void *self, struct text *text)
{
    (void)self;
    text_put(text, "{}");
    return stage->answer == TAKEN_KEPT;
}

static int64_t tell_now(void *self)
{
    (void)self;
    return stage->now;
}

/* One incident with one request, and names that want to be more than names. */
static void put_story(void)
{
    static struct effects effects;
    struct event event = {.kind = EVENT_TICK, .sequence = 1, .at = NS_PER_MIN};
    effects_reset(&effects);
    struct record *opened = effects_record(&effects, RECORD_OPENED);
    opened->incident.value = 1;
    opened->model.value = 1;
    struct request_effect *request = &effects_push(&effects, EFFECT_REQUEST_APPROVAL)->request;
    *request = (struct request_effect){.approval = {7},
                                       .incident = {1},
                                       .action = {3},
                                       .verb = VERB_ROLLBACK,
                                       .args = {.model = {1}, .target = {4}},
                                       .nonce = 99,
                                       .quorum = 1,
                                       .expires_at = NS_PER_HOUR};
    request->action_hash = action_hash(request->verb, &request->args);
    board_step(&stage->board, &event, &effects);
    stage->docket.n_entries = 1;
    stage->docket.entries[0] = (struct docket_entry){.incident = {1},
                                                     .model = {1},
                                                     .state = INCIDENT_OPEN,
                                                     .action = {3},
                                                     .action_state = ACTION_AWAITING};
}

static int set_stage(void **state)
{
    (void)state;
    stage = calloc(1, sizeof(*stage));
    struct deployment *deployment = &stage->config.deployment;
    (void)snprintf(deployment->name, NAME_BYTES, "demo");
    deployment->n_models = 1;
    (void)snprintf(deployment->models[0].name, NAME_BYTES, "fraud");
    deployment->n_people = 1;
    (void)snprintf(deployment->people[0].name, NAME_BYTES, "ada");
    deployment->people[0].roles = 1u << ROLE_ONCALL | 1u << ROLE_APPROVER | 1u << ROLE_OPERATOR;
    (void)snprintf(stage->config.address, sizeof(stage->config.address), "127.0.0.1");
    stage->config.n_logins = 1;
    stage->config.logins[0].person.value = 1;
    (void)snprintf(stage->config.logins[0].token, TOKEN_BYTES, "%s", token);
    (void)snprintf(stage->config.intake_token, TOKEN_BYTES, "%s", intake_token);
    board_init(&stage->board, deployment);
    stage->view = (struct server_view){&stage->config, &stage->board, &stage->docket, 0};
    stage->server.port = (struct server_port){stage,       take_act, take_intake, write_metrics,
                                              write_ready, tell_now, tell_now};
    stage->server.view = &stage->view;
    stage->server.page = stage->page;
    stage->answer = TAKEN_KEPT;
    stage->now = 2 * NS_PER_MIN;
    stage->origin = "http://127.0.0.1:9464";
    stage->fetch_site = "same-origin";
    put_story();
    return 0;
}

static int clear_stage(void **state)
{
    (void)state;
    free(stage);
    return 0;
}

static struct reply_page ask(const char *method, const char *path, const char *authorization,
                             const char *cookie, const char *body)
{
    struct inquiry inquiry = {.method = slice_of(method),
                              .path = slice_of(path),
                              .host = slice_of("127.0.0.1:9464"),
                              .authorization = slice_of(authorization),
                              .cookie = slice_of(cookie),
                              .content_type = slice_of("application/x-www-form-urlencoded"),
                              .origin = slice_of(stage->origin),
                              .fetch_site = slice_of(stage->fetch_site),
                              .webhook_id = slice_of(""),
                              .webhook_timestamp = slice_of(""),
                              .webhook_signature = slice_of(""),
                              .body = slice_of(body)};
    struct reply_page reply;
    server_answer(&stage->server, &inquiry, &reply);
    return reply;
}

static bool says(const struct reply_page *reply, const char *words)
{
    return slice_find(reply->body, slice_of(words)) >= 0;
}

static void sign_in(void)
{
    char body[80];
    (void)snprintf(body, sizeof(body), "token=%s", token);
    struct reply_page reply = ask("POST", "/login", "", "", body);
    assert_int_equal(reply.status, 303);
    assert_non_null(strstr(reply.cookie, "HttpOnly; SameSite=Strict"));
    (void)snprintf(stage->cookie, sizeof(stage->cookie), "%.*s", (int)strcspn(reply.cookie, ";"),
                   reply.cookie);
    (void)snprintf(stage->csrf, sizeof(stage->csrf), "%s", stage->server.sessions[0].csrf);
}

static void approve_body(const char *csrf, uint64_t number, bool is_hash_right, char ret_body[200])
{
    char hash[33];
    fingerprint_hex(stage->board.requests[0].request.action_hash, hash);
    hash[0] = is_hash_right ? hash[0] : hash[0] == '0' ? '1' : '0';
    (void)snprintf(ret_body, 200, "csrf=%s&act=approve&number=%llu&hash=%s", csrf,
                   (unsigned long long)number, hash);
}

static void page_when_nobody_is_signed_in_is_not_shown(void **state)
{
    (void)state;
    struct reply_page reply = ask("GET", "/", "", "", "");
    assert_int_equal(reply.status, 303);
    assert_string_equal(reply.location, "/login");
    reply = ask("GET", "/incident/1", "", "steward=00000000000000000000000000000000", "");
    assert_int_equal(reply.status, 303);
    reply = ask("POST", "/act", "", "", "act=halt&number=0");
    assert_int_equal(reply.status, 303);
    assert_int_equal(stage->n_acts, 0);
}

static void login_when_the_token_is_wrong_is_refused_and_locks_nobody_out(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(ask("POST", "/login", "", "", "token=0123456789abcdef-adb").status, 403);
        assert_int_equal(ask("POST", "/login", "", "", "token=").status, 403);
        assert_int_equal(ask("POST", "/login", "", "", "").status, 403);
    }
    sign_in();
}

static void page_when_somebody_is_signed_in_shows_the_exact_effect(void **state)
{
    (void)state;
    sign_in();
    struct reply_page reply = ask("GET", "/", "", stage->cookie, "");
    assert_int_equal(reply.status, 200);
    assert_true(says(&reply, "ROLLBACK fraud to version 4"));
    assert_true(says(&reply, "approvals 0 of 1"));
    assert_false(says(&reply, "<script"));
    assert_false(says(&reply, token));
    reply = ask("GET", "/incident/1", "", stage->cookie, "");
    assert_true(says(&reply, "Incident 1: fraud"));
    assert_int_equal(ask("GET", "/incident/2", "", stage->cookie, "").status, 404);
    assert_int_equal(ask("GET", "/incident/1x", "", stage->cookie, "").status, 404);
    assert_int_equal(ask("GET", "/incident/99999999999999999999", "", stage->cookie, "").status, 404);
}

static void page_when_words_hold_markup_shows_them_as_words(void **state)
{
    (void)state;
    sign_in();
    board_say(&stage->board, (struct incident_id){1}, 0,
              "<img src=x onerror=alert(1)> & \"quoted\" 'too'\n");
    struct reply_page reply = ask("GET", "/incident/1", "", stage->cookie, "");
    assert_true(says(
        &reply, "&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quoted&quot; &#39;too&#39; </td>"));
    assert_false(says(&reply, "<img"));
}

static void act_when_the_form_is_ours_reaches_the_host_bound_to_the_request(void **state)
{
    char body[200];
    (void)state;
    sign_in();
    approve_body(stage->csrf, 7, true, body);
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body).status, 303);
    assert_int_equal(stage->n_acts, 1);
    assert_int_equal(stage->act.kind, ACT_APPROVE);
    assert_int_equal(stage->act.person.value, 1);
    assert_int_equal(stage->act.request.nonce, 99);
    assert_int_equal(stage->act.request.approval.value, 7);
}

static void act_when_the_person_has_not_the_role_is_kept_for_the_journal_and_refused(void **state)
{
    static const char *const forbidden[] = {"approve", "deny", "resume", "take", "resolve"};
    static const char *const free[] = {"halt", "acknowledge"};
    char hash[33], body[200], authorization[64];
    (void)state;
    fingerprint_hex(stage->board.requests[0].request.action_hash, hash);
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    stage->config.deployment.people[0].roles = 1u << ROLE_PRODUCER;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        (void)snprintf(body, sizeof(body), "act=%s&number=7&hash=%s", forbidden[i], hash);
        struct reply_page reply = ask("POST", "/api/act", authorization, "", body);
        assert_int_equal(reply.status, 403);
        assert_true(says(&reply, "Rejected: only a person with"));
        assert_int_equal(stage->n_acts, i + 1); /* The warden says so in the journal. */
    }
    for (size_t i = 0; i < sizeof(free) / sizeof(free[0]); i++) {
        (void)snprintf(body, sizeof(body), "act=%s&number=7", free[i]);
        struct reply_page reply = ask("POST", "/api/act", authorization, "", body);
        assert_int_equal(reply.status, 202);
        assert_true(says(&reply, "kept 41"));
    }
    stage->answer = TAKEN_REFUSED;
    assert_int_equal(ask("POST", "/api/act", authorization, "", body).status, 409);
}

/* The same number in another run: another nonce, or another action. */
static void act_when_the_code_is_of_another_request_is_refused(void **state)
{
    char hash[33], code[REQUEST_CODE_BYTES], body[200], authorization[64];
    struct request_effect other = stage->board.requests[0].request;
    (void)state;
    (void)snprintf(authorization, sizeof(authorization), "Bearer %s", token);
    fingerprint_hex(other.action_hash, hash);
    other.nonce++;
    request_code(&other, code);
    (void)snprintf(body, sizeof(body), "act=approve&number=7&hash=%s&code=%s", hash, code);
    assert_int_equal(ask("POST", "/api/act", authorization, "", body).status, 409);
    assert_int_equal(stage->n_acts, 0);
    other.nonce--;
    request_code(&other, code);
    (void)snprintf(body, sizeof(body), "act=approve&number=7&hash=%s&code=%s", hash, code);
    assert_int_equal(ask("POST", "/api/act", authorization, "", body).status, 202);
    assert_int_equal(stage->n_acts, 1);
    struct reply_page reply = ask("GET", "/api/status", authorization, "", "");
    assert_true(says(&reply, code));
    board_verdict(&stage->board, 41, &(struct effects){0});
    reply = ask("GET", "/api/status", authorization, "", "");
    assert_true(says(&reply, "\"verdicts\":[{\"reason\":\"\",\"letter\":41}]"));
}

static void act_when_it_is_about_an_incident_leads_back_to_it(void **state)
{
    char body[200];
    (void)state;
    sign_in();
    approve_body(stage->csrf, 7, true, body);
    assert_string_equal(ask("POST", "/act", "", stage->cookie, body).location, "/incident/1");
    stage->board.incidents[1].page.value = 5;
    (void)snprintf(body, sizeof(body), "csrf=%s&act=acknowledge&number=5", stage->csrf);
    assert_string_equal(ask("POST", "/act", "", stage->cookie, body).location, "/incident/1");
    (void)snprintf(body, sizeof(body), "csrf=%s&act=halt&number=0", stage->csrf);
    assert_string_equal(ask("POST", "/act", "", stage->cookie, body).location, "/");
}

static void page_when_the_person_lacks_the_role_names_who_has_it_in_place_of_buttons(void **state)
{
    (void)state;
    sign_in();
    struct deployment *deployment = &stage->config.deployment;
    deployment->people[0].roles = 0;
    struct reply_page reply = ask("GET", "/", "", stage->cookie, "");
    assert_true(says(&reply, "Only an approver can answer: nobody has that role."));
    assert_false(says(&reply, "value=\"approve\""));
    deployment->people[0].roles = 1u << ROLE_APPROVER;
    stage->board.halted = true;
    reply = ask("GET", "/", "", stage->cookie, "");
    assert_true(says(&reply, "value=\"approve\""));
    assert_true(says(&reply, "Only an operator can resume: nobody has that role."));
    assert_false(says(&reply, "value=\"resume\""));
    deployment->people[0].roles |= 1u << ROLE_OPERATOR;
    reply = ask("GET", "/", "", stage->cookie, "");
    assert_true(says(&reply, "value=\"resume\""));
}

static void page_when_it_offers_a_choice_stands_still(void **state)
{
    (void)state;
    sign_in();
    struct reply_page reply = ask("GET", "/", "", stage->cookie, "");
    assert_false(says(&reply, "http-equiv=\"refresh\""));
    stage->docket.entries[0].action_state = ACTION_APPLIED;
    reply = ask("GET", "/", "", stage->cookie, "");
    assert_true(says(&reply, "http-equiv=\"refresh\""));
    reply = ask("GET", "/incident/1", "", stage->cookie, "");
    assert_true(says(&reply, "The action is applied."));
}

static void utc_when_a_time_is_given_is_its_date_and_clock(void **state)
{
    static const struct {
        int64_t unix_s;
        const char *words;
    } cases[] = {
        {0, "1970-01-01 00:00:00"},          {951782399, "2000-02-28 23:59:59"},
        {951782400, "2000-02-29 00:00:00"},  {951868800, "2000-03-01 00:00:00"},
        {1704067199, "2023-12-31 23:59:59"}, {4107542400, "2100-03-01 00:00:00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char words[32];
        struct text text;
        text_init(&text, words, sizeof(words));
        put_utc(&text, cases[i].unix_s * NS_PER_S, true);
        assert_string_equal(words, cases[i].words);
        text_init(&text, words, sizeof(words));
        put_utc(&text, cases[i].unix_s * NS_PER_S, false);
        assert_string_equal(words, cases[i].words + 11);
    }
}

static void act_when_the_form_is_forged_does_nothing(void **state)
{
    char body[200];
    (void)state;
    sign_in();
    approve_body("00000000000000000000000000000000", 7, true, body);
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body).status, 403);
    approve_body("", 7, true, body);
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body + sizeof("csrf=")).status, 403);
    approve_body(stage->csrf, 7, false, body);
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body).status, 409);
    approve_body(stage->csrf, 8, true, body);
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body).status, 409);
    assert_int_equal(ask("GET", "/act", "", stage->cookie, body).status, 404);
    assert_int_equal(stage->n_acts, 0);
}

static void form_when_it_comes_from_elsewhere_is_refused(void **state)
{
    static const struct {
        const char *origin, *fetch_site;
        uint32_t status;
    } cases[] = {
        {"http://127.0.0.1:9464", "same-origin", 303},
        {"http://127.0.0.1:9464", "", 303},
        {"", "same-origin", 303},
        {"https://steward.example", "", 303}, /* Through the proxy. */
        {"http://127.0.0.1:9465", "", 403},   /* Another port of the same machine. */
        {"http://127.0.0.1:9464", "same-site", 403},
        {"http://127.0.0.1:9464", "cross-site", 403},
        {"http://127.0.0.1:9464", "none", 403},
        {"http://evil.example", "", 403},
        {"https://steward.example.evil.example", "", 403},
        {"https://", "", 403},
        {"ftp://127.0.0.1:9464", "", 403},
        {"null", "", 403},
        {"", "", 403},
    };
    char login[80], halt[80];
    (void)state;
    (void)snprintf(stage->config.page_url, sizeof(stage->config.page_url), "https://steward.example");
    sign_in();
    (void)snprintf(login, sizeof(login), "token=%s", token);
    (void)snprintf(halt, sizeof(halt), "csrf=%s&act=halt&number=0", stage->csrf);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t n_acts = stage->n_acts;
        bool is_ours = cases[i].status == 303;
        stage->origin = cases[i].origin;
        stage->fetch_site = cases[i].fetch_site;
        struct reply_page reply = ask("POST", "/login", "", "", login);
        assert_int_equal(reply.status, cases[i].status);
        assert_int_equal(reply.cookie[0] != '\0', is_ours);
        assert_int_equal(ask("POST", "/act", "", stage->cookie, halt).status, cases[i].status);
        assert_int_equal(stage->n_acts, n_acts + is_ours);
        assert_int_equal(ask("POST", "/logout", "", "", "").status, cases[i].status);
    }
}

static void cookie_when_people_come_by_tls_is_for_tls_alone(void **state)
{
    char login[80];
    (void)state;
    (void)snprintf(login, sizeof(login), "token=%s", token);
    assert_null(strstr(ask("POST", "/login", "", "", login).cookie, "Secure"));
    stage->config.is_remote = true;
    assert_non_null(strstr(ask("POST", "/login", "", "", login).cookie, "; Secure"));
    stage->config.is_remote = false;
    (void)snprintf(stage->config.page_url, sizeof(stage->config.page_url), "https://steward.example");
    assert_non_null(strstr(ask("POST", "/login", "", "", login).cookie, "; Secure"));
}

static void act_when_the_request_waits_no_longer_is_refused(void **state)
{
    char body[200];
    (void)state;
    sign_in();
    approve_body(stage->csrf, 7, true, body);
    stage->docket.entries[0].action_state = ACTION_REFUSED;
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body).status, 409);
    stage->docket.entries[0].action_state = ACTION_AWAITING;
    stage->now = NS_PER_HOUR;
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body).status, 409);
    assert_int_equal(stage->n_acts, 0);
}

static void act_when_it_cannot_be_kept_says_so(void **state)
{
    char body[80];
    (void)state;
    sign_in();
    stage->answer = TAKEN_BUSY;
    (void)snprintf(body, sizeof(body), "csrf=%s&act=halt&number=0", stage->csrf);
    assert_int_equal(ask("POST", "/act", "", stage->cookie, body).status, 503);
}

static void command_when_the_token_is_right_acts_for_its_person(void **state)
{
    char bearer[80];
    (void)state;
    (void)snprintf(bearer, sizeof(bearer), "Bearer %s", token);
    struct reply_page reply = ask("GET", "/api/status", bearer, "", "");
    assert_int_equal(reply.status, 200);
    assert_true(says(&reply, "\"approval\":7"));
    assert_int_equal(ask("POST", "/api/act", bearer, "", "act=halt&number=0").status, 202);
    assert_int_equal(stage->act.kind, ACT_HALT);
    assert_int_equal(ask("GET", "/api/status", "Bearer 0123456789abcdef-eve", "", "").status, 401);
    assert_int_equal(ask("GET", "/api/status", "", stage->cookie, "").status, 401);
    assert_int_equal(ask("POST", "/api/act", bearer, "", "act=explode&number=0").status, 409);
    assert_int_equal(stage->n_acts, 1);
}

static void intake_when_it_is_open_answers_for_what_was_kept(void **state)
{
    char bearer[80];
    (void)state;
    (void)snprintf(bearer, sizeof(bearer), "Bearer %s", intake_token);
    assert_int_equal(ask("POST", "/intake/alertmanager", bearer, "", "{}").status, 202);
    stage->answer = TAKEN_BUSY;
    assert_int_equal(ask("POST", "/intake/alertmanager", bearer, "", "{}").status, 503);
    stage->answer = TAKEN_REFUSED;
    struct reply_page reply = ask("POST", "/intake/alertmanager", bearer, "", "{}");
    assert_int_equal(reply.status, 400);
    assert_true(says(&reply, "no version 4 body"));
    uint32_t n_intakes = stage->n_intakes;
    assert_int_equal(ask("POST", "/intake/alertmanager", "Bearer wrong", "", "{}").status, 401);
    assert_int_equal(ask("POST", "/intake/cloudevents", bearer, "", "{}").status, 403);
    stage->config.has_intake_secret = true;
    stage->config.intake_secret.n_bytes = 24;
    assert_int_equal(ask("POST", "/intake/cloudevents", bearer, "", "{}").status, 401);
    assert_int_equal(ask("POST", "/intake/other", bearer, "", "{}").status, 404);
    assert_int_equal(stage->n_intakes, n_intakes);
}

static void machine_endpoints_when_asked_need_no_token(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/healthz", "", "", "").status, 200);
    assert_int_equal(ask("GET", "/readyz", "", "", "").status, 200);
    assert_int_equal(ask("GET", "/version", "", "", "").status, 200);
    struct reply_page reply = ask("GET", "/metrics", "", "", "");
    assert_string_equal(reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
    stage->answer = TAKEN_BUSY;
    assert_int_equal(ask("GET", "/readyz", "", "", "").status, 503);
    assert_int_equal(ask("DELETE", "/healthz", "", "", "").status, 405);
}

static void request_when_its_host_is_foreign_or_its_body_too_large_is_refused(void **state)
{
    (void)state;
    struct inquiry inquiry = {
        .method = slice_of("GET"), .path = slice_of("/healthz"), .host = slice_of("evil.example")};
    struct reply_page reply;
    server_answer(&stage->server, &inquiry, &reply);
    assert_int_equal(reply.status, 421);
    (void)snprintf(stage->config.page_url, sizeof(stage->config.page_url), "https://evil.example");
    server_answer(&stage->server, &inquiry, &reply); /* Unless it is the proxy's. */
    assert_int_equal(reply.status, 200);
    inquiry.host = slice_of("localhost:9464");
    inquiry.too_large = true;
    server_answer(&stage->server, &inquiry, &reply);
    assert_int_equal(reply.status, 413);
}

static void form_when_a_field_is_malformed_has_none(void **state)
{
    char value[8];
    (void)state;
    assert_true(form_field(slice_of("a=1&b=x%20y+z"), "b", value, sizeof(value)));
    assert_string_equal(value, "x y z");
    assert_false(form_field(slice_of("a=1&ab=2"), "b", value, sizeof(value)));
    assert_false(form_field(slice_of("b=%2"), "b", value, sizeof(value)));
    assert_false(form_field(slice_of("b=%zz"), "b", value, sizeof(value)));
    assert_false(form_field(slice_of("b=%0a"), "b", value, sizeof(value)));
    assert_false(form_field(slice_of("b=12345678"), "b", value, sizeof(value)));
    assert_false(form_field(slice_of(""), "b", value, sizeof(value)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_stage, clear_stage)
    const struct CMUnitTest tests[] = {
        TEST(page_when_nobody_is_signed_in_is_not_shown),
        TEST(login_when_the_token_is_wrong_is_refused_and_locks_nobody_out),
        TEST(page_when_somebody_is_signed_in_shows_the_exact_effect),
        TEST(page_when_words_hold_markup_shows_them_as_words),
        TEST(act_when_the_form_is_ours_reaches_the_host_bound_to_the_request),
        TEST(act_when_it_is_about_an_incident_leads_back_to_it),
        TEST(act_when_the_person_has_not_the_role_is_kept_for_the_journal_and_refused),
        TEST(act_when_the_code_is_of_another_request_is_refused),
        TEST(page_when_the_person_lacks_the_role_names_who_has_it_in_place_of_buttons),
        TEST(page_when_it_offers_a_choice_stands_still),
        TEST(utc_when_a_time_is_given_is_its_date_and_clock),
        TEST(act_when_the_form_is_forged_does_nothing),
        TEST(form_when_it_comes_from_elsewhere_is_refused),
        TEST(cookie_when_people_come_by_tls_is_for_tls_alone),
        TEST(act_when_the_request_waits_no_longer_is_refused),
        TEST(act_when_it_cannot_be_kept_says_so),
        TEST(command_when_the_token_is_right_acts_for_its_person),
        TEST(intake_when_it_is_open_answers_for_what_was_kept),
        TEST(machine_endpoints_when_asked_need_no_token),
        TEST(request_when_its_host_is_foreign_or_its_body_too_large_is_refused),
        TEST(form_when_a_field_is_malformed_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
