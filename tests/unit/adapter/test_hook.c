/* SPDX-License-Identifier: Apache-2.0 */
/* The signed hook and the chat webhook: what leaves, when it is tried again, and what the answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include <cmocka.h>

#include "live/adapter/hook.h"
#include "live/adapter/slack.h"
#include "tests/unit/adapter/play.h"

#define KEY "000000000000000a000000000000000b"

static struct hook_source source;
static struct hook_call call;
static struct http_request request;
static const struct act_effect retrain = {
    .action = {17},
    .incident = {3},
    .verb = VERB_RETRAIN,
    .args = {.model = {1}, .window = TRAIN_POST_CHANGE, .from_ns = NS_PER_MIN, .to_ns = NS_PER_HOUR},
    .key = {10, 11}};
static const struct act_effect disable = {
    .action = {18}, .verb = VERB_DISABLE_FEATURE, .args = {.model = {1}, .feature_mask = 3}};

static int fresh(void **state)
{
    (void)state;
    memset(&source, 0, sizeof(source));
    struct text text;
    text_init(&text, source.endpoint.url, sizeof(source.endpoint.url));
    text_put(&text, "https://jobs.test/hooks/steward?team=ml");
    source.epoch_unix_ns = EPOCH_UNIX_NS;
    return webhook_secret_parse(slice_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &source.secret)
               ? 0
               : 1;
}

static enum exchange_next begin(const struct act_effect *act)
{
    return hook_call_begin_act(&call, &source, play_deployment(), act, 0, &request);
}

static enum exchange_next take(int64_t now, struct http_response response)
{
    return hook_call_take(&call, now, &response, &request);
}

static const char *header(const char *name)
{
    for (uint32_t i = 0; i < request.n_headers; i++) {
        if (strcmp(request.headers[i].name, name) == 0) {
            return request.headers[i].value;
        }
    }
    return "";
}

static void call_when_sent_is_signed_json_with_its_key(void **state)
{
    (void)state;
    assert_int_equal(begin(&retrain), EXCHANGE_SEND);
    assert_string_equal(request.url, "https://jobs.test/hooks/steward?team=ml");
    assert_string_equal(header("webhook-id"), KEY);
    assert_string_equal(header("Idempotency-Key"), KEY);
    assert_string_equal(header("webhook-timestamp"), "1795440000");
    assert_int_equal(webhook_verify(&source.secret, slice_of(header("webhook-id")),
                                    slice_of(header("webhook-timestamp")),
                                    slice_of(header("webhook-signature")),
                                    (struct slice){request.body, request.body_bytes}, 1795440000),
                     WEBHOOK_VALID);
    json_t *root = json_loadb(request.body, request.body_bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "verb")), "RETRAIN");
    assert_string_equal(json_string_value(json_object_get(root, "model")), "fraud");
    assert_int_equal(json_integer_value(json_object_get(root, "from")), 1795440060);
    json_decref(root);
    (void)begin(&disable);
    assert_true(request_has(&request, "\"features\":[\"amount\",\"hour\"]"));
}

static void call_when_answered_plainly_is_done(void **state)
{
    (void)state;
    (void)begin(&disable);
    struct http_response empty = play_html(204);
    assert_int_equal(take(0, empty), EXCHANGE_DONE);
    assert_int_equal(call.status, OUTCOME_DONE);
    (void)begin(&disable);
    assert_int_equal(take(0, play_json(200, "{\"status\":\"failed\"}")), EXCHANGE_FAILED);
    assert_int_equal(call.status, OUTCOME_FAILED);
    (void)begin(&disable);
    assert_int_equal(take(0, play_json(403, "{}")), EXCHANGE_FAILED);
    assert_int_equal(call.status, OUTCOME_FAILED);
    (void)begin(&disable);
    assert_int_equal(take(0, play_html(302)), EXCHANGE_FAILED);
}

static void call_when_the_job_runs_is_polled_to_its_end(void **state)
{
    (void)state;
    (void)begin(&retrain);
    assert_int_equal(take(0, play_json(202, "{\"status\":\"running\",\"poll\":\"/jobs/7\"}")),
                     EXCHANGE_WAIT);
    assert_true(call.accepted);
    assert_int_equal(hook_call_timer(&call, 4 * NS_PER_S, &request), EXCHANGE_WAIT);
    assert_int_equal(hook_call_timer(&call, 5 * NS_PER_S, &request), EXCHANGE_SEND);
    assert_string_equal(request.url, "https://jobs.test/jobs/7");
    assert_int_equal(request.method, HTTP_GET);
    assert_int_equal(take(5 * NS_PER_S, play_html(502)), EXCHANGE_WAIT);
    assert_int_equal(hook_call_timer(&call, 10 * NS_PER_S, &request), EXCHANGE_SEND);
    assert_int_equal(take(10 * NS_PER_S, play_json(200, "{\"status\":\"done\",\"version\":8}")),
                     EXCHANGE_DONE);
    assert_int_equal(call.status, OUTCOME_TRAINED);
    assert_int_equal(call.version.value, 8);
}

static void call_when_the_training_fails_or_never_ends_says_so(void **state)
{
    (void)state;
    (void)begin(&retrain);
    (void)take(0, play_json(202, "{\"poll\":\"/jobs/7\"}"));
    (void)hook_call_timer(&call, 5 * NS_PER_S, &request);
    assert_int_equal(take(5 * NS_PER_S, play_json(200, "{\"status\":\"failed\"}")), EXCHANGE_FAILED);
    assert_int_equal(call.status, OUTCOME_TRAIN_FAILED);
    (void)begin(&retrain);
    (void)take(0, play_json(202, "{\"poll\":\"/jobs/7\"}"));
    (void)hook_call_timer(&call, 5 * NS_PER_S, &request);
    assert_int_equal(take(3 * NS_PER_HOUR, play_json(200, "{\"status\":\"running\"}")),
                     EXCHANGE_FAILED);
    assert_int_equal(call.status, OUTCOME_TRAIN_FAILED);
}

static void call_when_told_to_look_elsewhere_does_not(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"status\":\"running\",\"poll\":\"//evil.test/x\"}",
                                         "{\"status\":\"running\",\"poll\":\"http://evil.test/\"}",
                                         "{\"status\":\"running\",\"poll\":\"/a\\r\\nX: y\"}"};
    for (size_t i = 0; i < 3; i++) {
        (void)begin(&disable);
        assert_int_equal(take(0, play_json(202, bodies[i])), EXCHANGE_DONE);
        assert_string_equal(call.poll_path, "");
    }
}

static void call_when_unanswered_repeats_with_the_same_id_and_ends_unknown(void **state)
{
    (void)state;
    enum exchange_next next = begin(&disable);
    char id[64];
    memcpy(id, call.id, sizeof(id));
    uint32_t n_sent = 0;
    int64_t now = 0;
    while (next == EXCHANGE_SEND) {
        n_sent++;
        assert_string_equal(header("webhook-id"), id);
        next = take(now, play_broken(HTTP_TIMEOUT));
        now = call.exchange.wait_until;
        next = next == EXCHANGE_WAIT ? hook_call_timer(&call, now, &request) : next;
    }
    assert_int_equal(next, EXCHANGE_FAILED);
    assert_int_equal(n_sent, 4);
    assert_int_equal(call.status, OUTCOME_UNKNOWN);
}

static void call_when_shown_hides_what_is_secret(void **state)
{
    (void)state;
    source.endpoint.auth = play_endpoint()->auth;
    source.endpoint.secret_url = true;
    (void)begin(&disable);
    char shown[4096];
    struct text text;
    text_init(&text, shown, sizeof(shown));
    request_describe(&request, &text);
    assert_null(strstr(shown, "PLANTED-TOKEN"));
    assert_null(strstr(shown, "hooks"));
    assert_null(strstr(shown, "v1,"));
    assert_non_null(strstr(shown, "POST https://jobs.test/***\n"));
}

static void message_when_names_are_hostile_is_escaped(void **state)
{
    (void)state;
    char words[256];
    struct text text;
    text_init(&text, words, sizeof(words));
    slack_escape(&text, slice_of("<!channel> & \x1b[31m\xff"));
    assert_string_equal(words, "&lt;!channel&gt; &amp; [31m?");
}

static void message_when_sent_says_who_what_and_where(void **state)
{
    (void)state;
    static const struct page_effect page = {.page = {7},
                                            .incident = {3},
                                            .model = {1},
                                            .recipient = ROLE_ONCALL,
                                            .person = {1},
                                            .severity = 2,
                                            .cause = CAUSE_BAD_MODEL};
    static struct slack_send message;
    static struct endpoint endpoint;
    endpoint = *play_endpoint();
    endpoint.secret_url = true;
    char words[SLACK_TEXT_BYTES];
    struct text text;
    text_init(&text, words, sizeof(words));
    slack_page_text(play_deployment(), &page, "http://127.0.0.1:9466/incident/3", &text);
    assert_string_equal(words,
                        "Page 7 for ada: incident 3 of fraud, severity 2, cause so far: bad_model\n"
                        "http://127.0.0.1:9466/incident/3");
    assert_int_equal(slack_send_begin(&message, &endpoint, slice_of(words), 0, &request),
                     EXCHANGE_SEND);
    assert_true(request_has(&request, "{\"text\":\"Page 7 for ada"));
    struct http_response response = play_html(500);
    assert_int_equal(slack_send_take(&message, 0, &response, &request), EXCHANGE_WAIT);
    assert_int_equal(slack_send_timer(&message, NS_PER_S, &request), EXCHANGE_SEND);
    response = play_html(200);
    assert_int_equal(slack_send_take(&message, NS_PER_S, &response, &request), EXCHANGE_DONE);
    assert_true(message.delivered);
    (void)slack_send_begin(&message, &endpoint, slice_of(words), 0, &request);
    response = play_html(404);
    assert_int_equal(slack_send_take(&message, 0, &response, &request), EXCHANGE_FAILED);
    assert_false(message.delivered);
}

static void request_when_a_header_holds_a_line_break_is_refused(void **state)
{
    (void)state;
    assert_true(request_begin(&request, HTTP_GET, play_endpoint(), "/x"));
    assert_false(request_header(&request, "X", slice_of("a\r\nY: b"), false));
    assert_int_equal(request.n_headers, 1);
}

static void backoff_when_the_server_asks_for_too_much_gives_up(void **state)
{
    (void)state;
    struct http_response response = play_html(503);
    assert_true(exchange_backoff_ns(&response, 1) == NS_PER_S);
    assert_true(exchange_backoff_ns(&response, 3) == 4 * NS_PER_S);
    response.retry_after_ns = 3600 * NS_PER_S;
    assert_true(exchange_backoff_ns(&response, 1) == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(call_when_sent_is_signed_json_with_its_key, fresh),
        cmocka_unit_test_setup(call_when_answered_plainly_is_done, fresh),
        cmocka_unit_test_setup(call_when_the_job_runs_is_polled_to_its_end, fresh),
        cmocka_unit_test_setup(call_when_the_training_fails_or_never_ends_says_so, fresh),
        cmocka_unit_test_setup(call_when_told_to_look_elsewhere_does_not, fresh),
        cmocka_unit_test_setup(call_when_unanswered_repeats_with_the_same_id_and_ends_unknown, fresh),
        cmocka_unit_test_setup(call_when_shown_hides_what_is_secret, fresh),
        cmocka_unit_test(message_when_names_are_hostile_is_escaped),
        cmocka_unit_test(message_when_sent_says_who_what_and_where),
        cmocka_unit_test(request_when_a_header_holds_a_line_break_is_refused),
        cmocka_unit_test(backoff_when_the_server_asks_for_too_much_gives_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
