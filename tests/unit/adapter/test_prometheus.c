/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus: an empty answer is no data, what is no number is never well, and a window is what the counters say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "live/adapter/prometheus.h"
#include "tests/unit/adapter/play.h"

#define VECTOR(series)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" series "]}}\n"
#define ONE(value) VECTOR("{\"metric\":{},\"value\":[1795440438.166,\"" value "\"]}")

static struct vector vector;
static struct http_request request;
static struct window_read reading;

static void parse(const char *body) { vector_parse(slice_of(body), &vector); }

static void vector_when_sound_gives_sorted_samples(void **state)
{
    (void)state;
    parse(VECTOR(
        "{\"metric\":{\"feature\":\"hour\",\"bin\":\"null\"},\"value\":[1795440438.166,\"3\"]},"
        "{\"metric\":{\"feature\":\"amount\",\"bin\":\"9\"},\"value\":[1795440438.166,\"12.4\"]}"));
    assert_int_equal(vector.status, VECTOR_OK);
    assert_int_equal(vector.n_samples, 2);
    assert_string_equal(vector.samples[0].feature, "amount");
    assert_string_equal(vector.samples[1].feature, "hour");
    assert_true(vector.samples[0].at_unix_ms == INT64_C(1795440438166));
    uint32_t bins[FEATURES_MAX][BINS] = {{0}};
    vector_bins(&vector, &play_deployment()->models[0], bins);
    assert_int_equal(bins[0][9], 12);
    assert_int_equal(bins[1][BIN_NULL], 3);
}

static void vector_when_empty_is_no_data(void **state)
{
    (void)state;
    parse(VECTOR(""));
    assert_int_equal(vector.status, VECTOR_NO_DATA);
    uint32_t count = 7;
    assert_false(vector_count(&vector, &count));
    assert_int_equal(count, 7);
}

static void vector_when_not_finite_has_no_samples(void **state)
{
    (void)state;
    static const char *const words[] = {ONE("NaN"), ONE("+Inf"), ONE("-Inf")};
    for (size_t i = 0; i < 3; i++) {
        parse(words[i]);
        assert_int_equal(vector.status, VECTOR_NOT_FINITE);
        assert_int_equal(vector.n_samples, 0);
    }
    parse("{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[1795440438.166,\"NaN\"]}}");
    assert_int_equal(vector.status, VECTOR_NOT_FINITE);
}

static void vector_when_warned_is_partial(void **state)
{
    (void)state;
    parse("{\"status\":\"success\",\"warnings\":[\"one store is away\"],\"data\":{\"resultType\":\"vector\",\"result\":"
          "[{\"metric\":{},\"value\":[1,\"2\"]}]}}");
    assert_int_equal(vector.status, VECTOR_PARTIAL);
    assert_int_equal(vector.n_samples, 1);
}

static void vector_when_refused_keeps_clean_words_of_the_server(void **state)
{
    (void)state;
    parse("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"1:9: parse\\u001b error\"}");
    assert_int_equal(vector.status, VECTOR_REFUSED);
    assert_string_equal(vector.error, "1:9: parse error");
}

static void vector_when_malformed_is_named_so(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "<html>",
        "null",
        "[]",
        "{}",
        "{\"status\":\"success\"}",
        "{\"status\":\"success\",\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}",
        VECTOR("{\"metric\":{},\"value\":[1,2]}"),
        VECTOR("{\"metric\":{},\"value\":[\"1\",\"2\"]}"),
        VECTOR("{\"metric\":{},\"value\":[1,\"0x1p3\"]}"),
        VECTOR("{\"metric\":{},\"value\":[1,\"\"]}"),
        VECTOR("{\"metric\":{},\"value\":[1,\"1e999\"]}"),
        VECTOR("{\"metric\":{},\"value\":[1,\"1 \"]}"),
        VECTOR("{\"metric\":{},\"value\":[1e300,\"1\"]}"),
        VECTOR("{\"metric\":{},\"histogram\":[1,{}]}"),
        VECTOR("{\"value\":[1,\"1\"]}"),
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[]}}",
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"val",
        ONE("1") "x",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        parse(bodies[i]);
        if (vector.status != VECTOR_MALFORMED || vector.n_samples != 0) {
            fail_msg("taken as %d: %s", (int)vector.status, bodies[i]);
        }
    }
}

static void vector_when_larger_than_its_room_is_malformed(void **state)
{
    (void)state;
    static char body[64 * 1024];
    struct text text;
    text_init(&text, body, sizeof(body));
    text_put(&text, "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[");
    for (uint32_t i = 0; i <= SAMPLES_MAX; i++) {
        text_put(&text, i == 0 ? "" : ",");
        text_put(&text, "{\"metric\":{\"bin\":\"");
        text_put_u64(&text, i);
        text_put(&text, "\"},\"value\":[1,\"1\"]}");
    }
    text_put(&text, "]}}");
    assert_false(text.truncated);
    parse(body);
    assert_int_equal(vector.status, VECTOR_MALFORMED);
}

static void query_when_written_names_model_span_and_time(void **state)
{
    (void)state;
    static struct signal_queries queries;
    signal_queries_defaults(&queries);
    char words[URL_BYTES];
    struct text text;
    text_init(&text, words, sizeof(words));
    assert_true(signal_query(&queries, SIGNAL_REQUESTS, "fr\"aud", 300 * NS_PER_S, &text));
    assert_string_equal(words, "sum(increase(mlserve_requests_total{model=\"fr\\\"aud\"}[300s])) "
                               "and sum(mlserve_requests_total{model=\"fr\\\"aud\"} offset 300s)");
    assert_true(prometheus_query(&request, play_endpoint(), slice_of("up == 1"),
                                 EPOCH_UNIX_NS + 42 * NS_PER_MS));
    assert_string_equal(request.url, "http://server.test:1/api/v1/query");
    assert_true(request_has(&request, "query=up%20%3D%3D%201&time=1795440000.042"));
    assert_string_equal(request.headers[0].value, "Bearer PLANTED-TOKEN");
}

/* Plays a window with these answers, each for the signal that its query names. */
struct answer_line {
    const char *mark; /* Percent-encoded part of the query. */
    const char *body;
};
static const struct answer_line sound[] = {
    {"mlserve_model_info",
     VECTOR("{\"metric\":{\"version\":\"6\",\"role\":\"canary\"},\"value\":[1795440300,\"1\"]},"
            "{\"metric\":{\"version\":\"7\",\"role\":\"champion\"},\"value\":[1795440300,\"1\"]}")},
    {"code%3D~", ONE("12.2")},
    {"mlserve_fallback_total", ONE("0")},
    {"mlpred_decisions_total", ONE("400")},
    {"histogram_quantile", ONE("0.0425")},
    {"mlfeat_bin_total",
     VECTOR("{\"metric\":{\"feature\":\"amount\",\"bin\":\"0\"},\"value\":[1,\"250\"]},"
            "{\"metric\":{\"feature\":\"strange\",\"bin\":\"0\"},\"value\":[1,\"1\"]},"
            "{\"metric\":{\"feature\":\"hour\",\"bin\":\"high\"},\"value\":[1,\"3\"]}")},
    {"mlpred_score_bin_total", VECTOR("{\"metric\":{\"bin\":\"9\"},\"value\":[1,\"99\"]}")},
    {"mlqual_scored_total", ONE("800")},
    {"mlqual_correct_total", ONE("700.4")},
    {"mlserve_requests_total", ONE("1000.6")},
};

static const char *answer_to(const struct answer_line *lines, size_t n_lines)
{
    for (size_t i = 0; i < n_lines; i++) {
        if (request_has(&request, lines[i].mark)) {
            return lines[i].body;
        }
    }
    return VECTOR("");
}

static enum exchange_next play_window(const char *mark, const char *body)
{
    static struct signal_queries queries;
    signal_queries_defaults(&queries);
    enum exchange_next next =
        window_read_begin(&reading, play_endpoint(), &queries, play_deployment(),
                          (struct model_id){1}, EPOCH_UNIX_NS, 5 * NS_PER_MIN, 0, &request);
    for (uint32_t i = 0; i < 2 * N_SIGNALS && next == EXCHANGE_SEND; i++) {
        bool is_marked = mark != NULL && request_has(&request, mark);
        struct http_response response =
            play_json(200, is_marked ? body : answer_to(sound, sizeof(sound) / sizeof(sound[0])));
        next = window_read_take(&reading, 0, &response, &request);
    }
    return next;
}

static void window_when_every_signal_answers_is_whole(void **state)
{
    (void)state;
    assert_int_equal(play_window(NULL, NULL), EXCHANGE_DONE);
    const struct window *window = &reading.window;
    assert_false(reading.no_data);
    assert_false(reading.partial);
    assert_int_equal(window->version.value, 7);
    assert_int_equal(window->requests, 1001);
    assert_int_equal(window->errors, 12);
    assert_int_equal(window->positives, 400);
    assert_int_equal(window->latency_p95_us, 42500);
    assert_int_equal(window->bins[0][0], 250);
    assert_int_equal(window->bins[1][BIN_HIGH], 3);
    assert_int_equal(window->score_bins[9], 99);
    assert_int_equal(window->labels_scored, 800);
    assert_int_equal(window->labels_correct, 700);
    assert_true(window->from == 0);
    assert_true(window->cohort_from == -NS_PER_HOUR);
    assert_true(window->cohort_to == 5 * NS_PER_MIN - NS_PER_HOUR);
}

static void window_when_there_is_no_requests_counter_is_none(void **state)
{
    (void)state;
    /* The marks of the errors come first in the list of answers, so this is the plain counter alone. */
    assert_int_equal(play_window("sum%28increase%28mlserve_requests_total%7Bmodel%3D%22fraud%22%7D%5B",
                                 VECTOR("")),
                     EXCHANGE_DONE);
    assert_true(reading.no_data);
}

static void window_when_a_count_is_not_finite_fails(void **state)
{
    (void)state;
    assert_int_equal(play_window("mlqual_correct_total", ONE("NaN")), EXCHANGE_FAILED);
    assert_non_null(strstr(reading.exchange.error, "not finite"));
    assert_int_equal(play_window("code%3D~", ONE("NaN")), EXCHANGE_FAILED);
}

static void window_when_latency_is_nan_goes_on_partial(void **state)
{
    (void)state;
    assert_int_equal(play_window("histogram_quantile", ONE("NaN")), EXCHANGE_DONE);
    assert_int_equal(reading.window.latency_p95_us, 0);
    assert_true(reading.partial);
}

static void window_when_correct_is_missing_has_no_labels(void **state)
{
    (void)state;
    assert_int_equal(play_window("mlqual_correct_total", VECTOR("")), EXCHANGE_DONE);
    assert_int_equal(reading.window.labels_scored, 0);
}

static void window_when_the_server_is_away_tries_three_times(void **state)
{
    (void)state;
    static struct signal_queries queries;
    signal_queries_defaults(&queries);
    (void)window_read_begin(&reading, play_endpoint(), &queries, play_deployment(),
                            (struct model_id){1}, EPOCH_UNIX_NS, 5 * NS_PER_MIN, 0, &request);
    struct http_response away = play_broken(HTTP_FAILED);
    assert_int_equal(window_read_take(&reading, 0, &away, &request), EXCHANGE_WAIT);
    assert_int_equal(window_read_timer(&reading, NS_PER_MS, &request), EXCHANGE_WAIT);
    assert_int_equal(window_read_timer(&reading, NS_PER_S, &request), EXCHANGE_SEND);
    away = play_html(502);
    assert_int_equal(window_read_take(&reading, NS_PER_S, &away, &request), EXCHANGE_WAIT);
    assert_int_equal(window_read_timer(&reading, 9 * NS_PER_S, &request), EXCHANGE_SEND);
    assert_int_equal(window_read_take(&reading, 9 * NS_PER_S, &away, &request), EXCHANGE_FAILED);
    assert_string_equal(reading.exchange.error, "prometheus query: HTTP 502, text/html");
}

static void window_when_html_comes_with_200_fails_at_once(void **state)
{
    (void)state;
    static struct signal_queries queries;
    signal_queries_defaults(&queries);
    (void)window_read_begin(&reading, play_endpoint(), &queries, play_deployment(),
                            (struct model_id){1}, EPOCH_UNIX_NS, 5 * NS_PER_MIN, 0, &request);
    struct http_response page = play_html(200);
    assert_int_equal(window_read_take(&reading, 0, &page, &request), EXCHANGE_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vector_when_sound_gives_sorted_samples),
        cmocka_unit_test(vector_when_empty_is_no_data),
        cmocka_unit_test(vector_when_not_finite_has_no_samples),
        cmocka_unit_test(vector_when_warned_is_partial),
        cmocka_unit_test(vector_when_refused_keeps_clean_words_of_the_server),
        cmocka_unit_test(vector_when_malformed_is_named_so),
        cmocka_unit_test(vector_when_larger_than_its_room_is_malformed),
        cmocka_unit_test(query_when_written_names_model_span_and_time),
        cmocka_unit_test(window_when_every_signal_answers_is_whole),
        cmocka_unit_test(window_when_there_is_no_requests_counter_is_none),
        cmocka_unit_test(window_when_a_count_is_not_finite_fails),
        cmocka_unit_test(window_when_latency_is_nan_goes_on_partial),
        cmocka_unit_test(window_when_correct_is_missing_has_no_labels),
        cmocka_unit_test(window_when_the_server_is_away_tries_three_times),
        cmocka_unit_test(window_when_html_comes_with_200_fails_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
