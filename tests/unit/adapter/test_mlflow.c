/* SPDX-License-Identifier: Apache-2.0 */
/* The registry as MLflow 3 answers, and everything that is not it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/adapter/mlflow.h"
#include "tests/unit/adapter/play.h"

#define BINS_WORDS "100000,100000,100000,100000,100000,100000,100000,100000,100000,90000,10000,0,0"
#define TAG(key, value) "{\"key\":\"" key "\",\"value\":\"" value "\"}"
#define RECORD(version, more)                                                                       \
    "{\"name\":\"fraud\",\"version\":\"" version                                                    \
    "\",\"source\":\"s3://models/fraud\",\"run_id\":\"\",\"status\":\"READY\",\"tags\":[" more TAG( \
        "steward.schema_id", "2") "]}"
#define BASELINE                                                                                   \
    TAG("steward.rows", "50000")                                                                   \
    "," TAG("steward.holdout_error", "0.125") "," TAG("steward.positive_rate", "0.3") "," TAG(     \
        "steward.latency_p95_ms", "42.5") "," TAG("steward.bins.amount",                           \
                                                  BINS_WORDS) "," TAG("steward.bins.hour",         \
                                                                      BINS_WORDS) ","

static const struct registry_source source = {.endpoint = {.url = "http://mlflow.test:5000"},
                                              .model = "fraud's?",
                                              .alias = "champion",
                                              .epoch_unix_ns = EPOCH_UNIX_NS};
static struct registry_list list;
static struct http_request request;

static bool read_versions(const char *body)
{
    return versions_parse(slice_of(body), &play_deployment()->models[0], (struct model_id){1},
                          EPOCH_UNIX_NS, &list);
}

static void versions_when_out_of_order_are_newest_first(void **state)
{
    (void)state;
    assert_true(read_versions("{\"model_versions\":[" RECORD("2", "") "," RECORD(
        "11", "") "," RECORD("3", "") "," RECORD("3", "") "]}"));
    assert_int_equal(list.n_records, 3);
    assert_int_equal(list.records[0].version.version.value, 11);
    assert_int_equal(list.records[2].version.version.value, 2);
    assert_int_equal(list.records[0].version.schema_id, 2);
    assert_true(list.records[0].version.available);
    assert_false(list.records[0].version.evaluated);
    assert_true(list.records[0].version.deployed_at == NEVER);
}

static void versions_when_more_than_fit_keep_the_newest(void **state)
{
    (void)state;
    static char body[32 * 1024];
    struct text text;
    text_init(&text, body, sizeof(body));
    text_put(&text, "{\"model_versions\":[");
    for (uint32_t i = 1; i <= 20; i++) {
        text_put(&text, i == 1 ? "" : ",");
        text_put(&text, "{\"version\":");
        text_put_u64(&text, i);
        text_put_char(&text, '}');
    }
    text_put(&text, "]}");
    assert_true(read_versions(body));
    assert_int_equal(list.n_records, VERSIONS_MAX);
    assert_int_equal(list.records[0].version.version.value, 20);
    assert_int_equal(list.records[VERSIONS_MAX - 1].version.version.value, 13);
    assert_false(list.records[0].version.available);
}

static void versions_when_tagged_have_record_and_baseline(void **state)
{
    (void)state;
    assert_true(read_versions("{\"model_versions\":[" RECORD(
        "7",
        BASELINE TAG("steward.certified", "true") "," TAG("steward.deployed_at", "1795440060") "," TAG(
            "steward.digest", "0000000000000001000000000000000f") ",") "]}"));
    const struct registry_record *record = &list.records[0];
    assert_true(record->version.certified);
    assert_true(record->version.evaluated);
    assert_true(digest128_equal(record->version.digest, (struct digest128){1, 15}));
    assert_true(digest128_equal(record->version.evaluated_digest, record->version.digest));
    assert_true(record->version.deployed_at == NS_PER_MIN);
    assert_true(record->has_baseline);
    assert_int_equal(record->baseline.rows, 50000);
    assert_int_equal(record->baseline.latency_p95_us, 42500);
    assert_int_equal(record->baseline.bins_ppm[1][9], 90000);
    assert_int_equal(record->baseline.version.value, 7);
    assert_true(record->baseline.error > 0.1249 && record->baseline.error < 0.1251);
}

static void baseline_when_a_bin_is_missing_is_none(void **state)
{
    (void)state;
    assert_true(read_versions("{\"model_versions\":[" RECORD("7", TAG("steward.rows", "1") ",") "]}"));
    assert_false(list.records[0].has_baseline);
    assert_true(read_versions("{\"model_versions\":[" RECORD(
        "7", TAG("steward.rows", "1") "," TAG("steward.holdout_error", "0.1") "," TAG(
                 "steward.positive_rate", "0.3") "," TAG("steward.bins.amount",
                                                         "1,2,3") "," TAG("steward.bins.hour",
                                                                          BINS_WORDS) ",") "]}"));
    assert_false(list.records[0].has_baseline);
}

static void versions_when_there_are_none_is_an_empty_list(void **state)
{
    (void)state;
    assert_true(read_versions("{}"));
    assert_int_equal(list.n_records, 0);
}

static void versions_when_malformed_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "[]",
                                         "<html>",
                                         "{\"model_versions\":{}}",
                                         "{\"model_versions\":[{}]}",
                                         "{\"model_versions\":[{\"version\":\"v2\"}]}",
                                         "{\"model_versions\":[{\"version\":70000}]}",
                                         "{\"model_versions\":[{\"version\":\"1\"}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (read_versions(bodies[i])) {
            fail_msg("taken: %s", bodies[i]);
        }
    }
}

static void previous_when_deployed_before_is_the_newest_of_those(void **state)
{
    (void)state;
    assert_true(read_versions("{\"model_versions\":[" RECORD("7", "") "," RECORD(
        "6", "") "," RECORD("4", TAG("steward.deployed_at", "1795440060") ",") "]}"));
    assert_int_equal(registry_list_previous(&list, (struct version_id){7}).value, 4);
    assert_true(read_versions("{\"model_versions\":[" RECORD("7", "") "," RECORD("6", "") "]}"));
    assert_int_equal(registry_list_previous(&list, (struct version_id){7}).value, 6);
    assert_int_equal(registry_list_previous(&list, (struct version_id){6}).value, 0);
}

static void registered_when_sound_gives_alias_and_key(void **state)
{
    (void)state;
    struct registered registered;
    assert_true(registered_parse(
        slice_of("{\"registered_model\":{\"aliases\":[{\"alias\":\"champion\",\"version\":\"2\"}],\"tags\":["
                 "{\"key\":\"steward.key\",\"value\":\"0000000000000001000000000000000f\"}]}}"),
        "champion", &registered));
    assert_int_equal(registered.alias.value, 2);
    assert_true(digest128_equal(registered.key, (struct digest128){1, 15}));
    assert_true(registered_parse(slice_of("{\"registered_model\":{\"name\":\"fraud\"}}"),
                                 "champion", &registered));
    assert_int_equal(registered.alias.value, 0);
    assert_false(registered_parse(slice_of("{}"), "champion", &registered));
    assert_false(
        registered_parse(slice_of("{\"registered_model\":{\"aliases\":[{\"alias\":\"champion\"}]}}"),
                         "champion", &registered));
}

static void verdict_when_judged_rests_on_the_error_code(void **state)
{
    (void)state;
    static const struct {
        uint32_t status;
        const char *body;
        enum mlflow_error error;
    } answers[] = {
        {200, "{}", MLFLOW_NONE},
        {404, "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\"}", MLFLOW_ABSENT},
        {400, "{\"error_code\":\"RESOURCE_ALREADY_EXISTS\"}", MLFLOW_CONFLICT},
        {403, "{\"error_code\":\"PERMISSION_DENIED\"}", MLFLOW_REFUSED},
        {400, "{\"error_code\":\"INVALID_PARAMETER_VALUE\"}", MLFLOW_REFUSED},
        {503, "{\"error_code\":\"TEMPORARILY_UNAVAILABLE\"}", MLFLOW_BUSY},
        {200, "{\"error_code\":\"INTERNAL_ERROR\"}", MLFLOW_BUSY},
        {500, "{}", MLFLOW_BUSY},
        {200, "[]", MLFLOW_MALFORMED},
        {200, "", MLFLOW_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct http_response response = play_json(answers[i].status, answers[i].body);
        if (mlflow_judge(&response) != answers[i].error) {
            fail_msg("%u %s: %s", answers[i].status, answers[i].body,
                     mlflow_error_name(mlflow_judge(&response)));
        }
    }
    struct http_response response = play_html(200);
    assert_int_equal(mlflow_judge(&response), MLFLOW_MALFORMED);
    response = play_html(502);
    assert_int_equal(mlflow_judge(&response), MLFLOW_BUSY);
    response = play_broken(HTTP_TIMEOUT);
    assert_int_equal(mlflow_judge(&response), MLFLOW_BUSY);
    response = play_broken(HTTP_TOO_LARGE);
    assert_int_equal(mlflow_judge(&response), MLFLOW_MALFORMED);
}

static void request_when_a_name_needs_it_is_encoded_or_refused(void **state)
{
    (void)state;
    assert_true(mlflow_read_registered(&request, &source));
    assert_string_equal(
        request.url,
        "http://mlflow.test:5000/api/2.0/mlflow/registered-models/get?name=fraud%27s%3F");
    assert_false(mlflow_read_versions(&request, &source)); /* A quote would end the filter. */
}

static void read_when_both_answers_come_is_done(void **state)
{
    (void)state;
    static struct registry_read read;
    struct registry_source plain = source;
    memcpy(plain.model, "fraud", sizeof("fraud"));
    assert_int_equal(registry_read_begin(&read, &plain, &play_deployment()->models[0],
                                         (struct model_id){1}, 0, &request),
                     EXCHANGE_SEND);
    struct http_response response = play_json(
        200, "{\"registered_model\":{\"aliases\":[{\"alias\":\"champion\",\"version\":\"7\"}]}}");
    assert_int_equal(registry_read_take(&read, 0, &response, &request), EXCHANGE_SEND);
    assert_non_null(strstr(request.url, "filter=name%3D%27fraud%27&order_by=version_number%20DESC"));
    response = play_json(200, "{\"model_versions\":[" RECORD("7", BASELINE) "]}");
    assert_int_equal(registry_read_take(&read, 0, &response, &request), EXCHANGE_DONE);
    assert_int_equal(read.registered.alias.value, 7);
    assert_non_null(registry_list_find(&read.list, read.registered.alias));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_when_out_of_order_are_newest_first),
        cmocka_unit_test(versions_when_more_than_fit_keep_the_newest),
        cmocka_unit_test(versions_when_tagged_have_record_and_baseline),
        cmocka_unit_test(baseline_when_a_bin_is_missing_is_none),
        cmocka_unit_test(versions_when_there_are_none_is_an_empty_list),
        cmocka_unit_test(versions_when_malformed_are_refused),
        cmocka_unit_test(previous_when_deployed_before_is_the_newest_of_those),
        cmocka_unit_test(registered_when_sound_gives_alias_and_key),
        cmocka_unit_test(verdict_when_judged_rests_on_the_error_code),
        cmocka_unit_test(request_when_a_name_needs_it_is_encoded_or_refused),
        cmocka_unit_test(read_when_both_answers_come_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
