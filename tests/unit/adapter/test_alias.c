/* SPDX-License-Identifier: Apache-2.0 */
/* The alias: moved at most once, never blindly repeated, and told as it reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/adapter/mlflow.h"
#include "tests/unit/adapter/play.h"

#define SET_PATH "/api/2.0/mlflow/registered-models/alias"
#define KEY "000000000000000a000000000000000b"

static const struct registry_source source = {.endpoint = {.url = "http://mlflow.test:5000"},
                                              .model = "fraud",
                                              .alias = "champion",
                                              .epoch_unix_ns = EPOCH_UNIX_NS};
static const struct act_effect act = {
    .action = {17}, .verb = VERB_ROLLBACK, .args = {.model = {1}, .target = {3}}, .key = {10, 11}};

/* A registry of one alias that counts what it is asked. */
static struct {
    uint32_t alias, n_sets, n_tags, n_reads;
    uint32_t stale_reads,
        stale_alias; /* Reads, as bits from the first on, that show an alias of before. */
    bool has_key;
    char key[40];
} registry;
static struct alias_move move;
static struct http_request request;
static char body[512];

static struct http_response registered(void)
{
    struct text text;
    text_init(&text, body, sizeof(body));
    text_put(&text,
             "{\"registered_model\":{\"name\":\"fraud\",\"aliases\":[{\"alias\":\"challenger\",\"version\":\"9\"},"
             "{\"alias\":\"champion\",\"version\":\"");
    bool is_stale =
        registry.n_reads <= 32 && (registry.stale_reads >> (registry.n_reads - 1) & 1) != 0;
    text_put_u64(&text, is_stale ? registry.stale_alias : registry.alias);
    text_put(&text, "\"}],\"tags\":[{\"key\":\"steward.key\",\"value\":\"");
    text_put(&text, registry.has_key ? registry.key : "");
    text_put(&text, "\"}]}}");
    return play_json(200, body);
}

static struct http_response serve(void)
{
    if (request.method == HTTP_GET) {
        registry.n_reads++;
        return registered();
    }
    if (strstr(request.url, SET_PATH) != NULL) {
        registry.n_sets++;
        registry.alias = 3;
        assert_true(
            request_has(&request, "{\"name\":\"fraud\",\"alias\":\"champion\",\"version\":\"3\"}"));
        return play_json(200, "{}");
    }
    registry.n_tags++;
    return play_json(200, "{}");
}

static bool is_set(void)
{
    return request.method == HTTP_POST && strstr(request.url, SET_PATH) != NULL;
}

static void start(uint32_t alias)
{
    memset(&registry, 0, sizeof(registry));
    registry.alias = alias;
}

static enum exchange_next begin(int64_t now)
{
    return alias_move_begin(&move, &source, &act, act.args.target, now, &request);
}

/* To the end; the set itself is answered by what is given when there is something. */
static enum exchange_next play(enum exchange_next next, const struct http_response *to_set,
                               bool applied)
{
    int64_t now = 0;
    for (uint32_t i = 0; i < 64 && (next == EXCHANGE_SEND || next == EXCHANGE_WAIT); i++) {
        if (next == EXCHANGE_WAIT) {
            now = move.exchange.wait_until;
            next = alias_move_timer(&move, now, &request);
            continue;
        }
        bool is_lost = is_set() && to_set != NULL;
        if (is_lost && applied) {
            (void)serve();
        }
        struct http_response response = is_lost ? *to_set : serve();
        next = alias_move_take(&move, now, &response, &request);
    }
    return next;
}

static void move_when_all_is_well_sets_once_and_reads_back(void **state)
{
    (void)state;
    start(5);
    assert_int_equal(play(begin(0), NULL, false), EXCHANGE_DONE);
    assert_int_equal(move.status, OUTCOME_DONE);
    assert_true(move.changed);
    assert_int_equal(move.before.value, 5);
    assert_int_equal(registry.n_sets, 1);
    assert_int_equal(registry.n_tags, 3);
    assert_int_equal(registry.n_reads, 2);
}

static void move_when_sent_carries_action_and_key(void **state)
{
    (void)state;
    start(5);
    (void)begin(0);
    assert_string_equal(request.headers[0].name, "X-Steward-Action");
    assert_string_equal(request.headers[0].value, "17");
    assert_string_equal(request.headers[1].name, "Idempotency-Key");
    assert_string_equal(request.headers[1].value, KEY);
}

static void move_when_the_alias_is_there_changes_nothing(void **state)
{
    (void)state;
    start(3);
    assert_int_equal(play(begin(0), NULL, false), EXCHANGE_DONE);
    assert_int_equal(move.status, OUTCOME_DONE);
    assert_false(move.changed);
    assert_int_equal(registry.n_sets, 0);
}

static void move_when_the_first_read_is_stale_is_looked_at_again_and_set_once(void **state)
{
    (void)state;
    start(5);
    registry.stale_reads = 1;
    registry.stale_alias = 3; /* It was the target before; somebody has moved it since. */
    assert_int_equal(play(begin(0), NULL, false), EXCHANGE_DONE);
    assert_int_equal(move.status, OUTCOME_DONE);
    assert_true(move.changed);
    assert_int_equal(registry.n_sets, 1);
    assert_int_equal(registry.n_reads, 4); /* Stale, two that agree, and the read-back. */
}

static void move_when_the_second_look_is_stale_is_not_set_again(void **state)
{
    (void)state;
    start(3);
    registry.stale_reads = 2;
    registry.stale_alias = 5;
    assert_int_equal(play(begin(0), NULL, false), EXCHANGE_DONE);
    assert_int_equal(move.status, OUTCOME_DONE);
    assert_false(move.changed);
    assert_int_equal(registry.n_sets, 0);
}

static void move_when_no_two_reads_agree_is_unknown_and_nothing_is_sent(void **state)
{
    (void)state;
    start(3);
    registry.stale_reads = 10;
    registry.stale_alias = 5;
    assert_int_equal(play(begin(0), NULL, false), EXCHANGE_FAILED);
    assert_int_equal(move.status, OUTCOME_UNKNOWN);
    assert_int_equal(registry.n_sets, 0);
    assert_int_equal(registry.n_reads, 4);
    assert_string_equal(move.exchange.error, "mlflow alias: two reads in a row never agree");
}

static void move_when_the_second_look_fails_is_unknown(void **state)
{
    (void)state;
    start(3);
    (void)begin(0);
    struct http_response first = serve(), page = play_html(200);
    assert_int_equal(alias_move_take(&move, 0, &first, &request), EXCHANGE_WAIT);
    assert_int_equal(alias_move_timer(&move, move.exchange.wait_until, &request), EXCHANGE_SEND);
    assert_int_equal(alias_move_take(&move, 2 * NS_PER_S, &page, &request), EXCHANGE_FAILED);
    assert_int_equal(move.status, OUTCOME_UNKNOWN); /* An earlier attempt may have been applied. */
}

static void move_when_the_key_is_spent_changes_nothing(void **state)
{
    (void)state;
    start(5); /* Somebody moved on after our change. */
    registry.has_key = true;
    memcpy(registry.key, KEY, sizeof(KEY));
    assert_int_equal(play(begin(0), NULL, false), EXCHANGE_DONE);
    assert_int_equal(move.status, OUTCOME_DONE);
    assert_int_equal(registry.n_sets, 0);
}

static void move_when_the_answer_is_lost_is_found_and_not_repeated(void **state)
{
    (void)state;
    struct http_response lost = play_broken(HTTP_TIMEOUT);
    start(5);
    assert_int_equal(play(begin(0), &lost, true), EXCHANGE_DONE);
    assert_int_equal(move.status, OUTCOME_DONE);
    assert_int_equal(registry.n_sets, 1);
    assert_int_equal(registry.n_tags, 3);
}

static void move_when_the_request_is_lost_is_unknown_and_not_repeated(void **state)
{
    (void)state;
    struct http_response lost = play_html(502);
    start(5);
    assert_int_equal(play(begin(0), &lost, false), EXCHANGE_FAILED);
    assert_int_equal(move.status, OUTCOME_UNKNOWN);
    assert_int_equal(registry.n_sets, 0);
    assert_string_equal(move.exchange.error, "mlflow alias: reads back as another version");
}

static void move_when_refused_fails(void **state)
{
    (void)state;
    struct http_response refusal =
        play_json(404, "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"no version 3\"}");
    start(5);
    assert_int_equal(play(begin(0), &refusal, false), EXCHANGE_FAILED);
    assert_int_equal(move.status, OUTCOME_FAILED);
    assert_string_equal(move.exchange.error, "mlflow alias: absent");
}

static void move_when_the_first_read_fails_sends_nothing(void **state)
{
    (void)state;
    start(5);
    (void)begin(0);
    struct http_response page = play_html(200);
    assert_int_equal(alias_move_take(&move, 0, &page, &request), EXCHANGE_FAILED);
    assert_int_equal(move.status, OUTCOME_FAILED);
}

static void move_when_too_late_is_not_sent(void **state)
{
    (void)state;
    start(5);
    (void)begin(0);
    struct http_response response = serve();
    assert_int_equal(alias_move_take(&move, 50 * NS_PER_S, &response, &request), EXCHANGE_FAILED);
    assert_int_equal(move.status, OUTCOME_FAILED);
    assert_int_equal(registry.n_sets, 0);
}

static void preview_when_written_is_the_set(void **state)
{
    (void)state;
    assert_true(alias_move_preview(&source, &act, act.args.target, &request));
    char shown[1024];
    struct text text;
    text_init(&text, shown, sizeof(shown));
    request_describe(&request, &text);
    assert_string_equal(shown, "POST http://mlflow.test:5000" SET_PATH
                               "\nX-Steward-Action: 17\nIdempotency-Key: " KEY
                               "\nContent-Type: application/json\n\n"
                               "{\"name\":\"fraud\",\"alias\":\"champion\",\"version\":\"3\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(move_when_all_is_well_sets_once_and_reads_back),
        cmocka_unit_test(move_when_sent_carries_action_and_key),
        cmocka_unit_test(move_when_the_alias_is_there_changes_nothing),
        cmocka_unit_test(move_when_the_first_read_is_stale_is_looked_at_again_and_set_once),
        cmocka_unit_test(move_when_the_second_look_is_stale_is_not_set_again),
        cmocka_unit_test(move_when_no_two_reads_agree_is_unknown_and_nothing_is_sent),
        cmocka_unit_test(move_when_the_second_look_fails_is_unknown),
        cmocka_unit_test(move_when_the_key_is_spent_changes_nothing),
        cmocka_unit_test(move_when_the_answer_is_lost_is_found_and_not_repeated),
        cmocka_unit_test(move_when_the_request_is_lost_is_unknown_and_not_repeated),
        cmocka_unit_test(move_when_refused_fails),
        cmocka_unit_test(move_when_the_first_read_fails_sends_nothing),
        cmocka_unit_test(move_when_too_late_is_not_sent),
        cmocka_unit_test(preview_when_written_is_the_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
