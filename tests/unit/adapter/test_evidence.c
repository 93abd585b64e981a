/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence tools: an answer rests on what was read; a source that fails or is empty never looks well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/adapter/evidence.h"
#include "tests/unit/adapter/play.h"

#define VECTOR(series)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" series "]}}"
#define ONE(value) VECTOR("{\"metric\":{},\"value\":[1,\"" value "\"]}")
#define BIN(feature, bin, value)                                                                   \
    "{\"metric\":{\"feature\":\"" feature "\",\"bin\":\"" bin "\"},\"value\":[1,\"" value "\"]}"

static const struct registry_source registry = {.endpoint = {.url = "http://mlflow.test:5000"},
                                                .model = "fraud",
                                                .alias = "champion",
                                                .epoch_unix_ns = EPOCH_UNIX_NS};
static struct signal_queries queries;
static struct model_source source;
static struct live_memory memory;
static struct evidence_call call;
static struct http_request request;

struct line {
    const char *mark; /* Of the URL or of the body. */
    const char *body;
};
static const struct line lines[] = {
    {"registered-models/get",
     "{\"registered_model\":{\"aliases\":[{\"alias\":\"champion\",\"version\":\"7\"}]}}"},
    {"model-versions/search",
     "{\"model_versions\":[{\"version\":\"7\",\"status\":\"READY\",\"source\":\"s3://m/7\",\"tags\":[{\"key\":\"steward.schema_id\","
     "\"value\":\"4\"}]},{\"version\":\"6\",\"status\":\"READY\",\"source\":\"s3://m/6\"}]}"},
    {"mlserve_model_info", VECTOR("{\"metric\":{\"version\":\"7\"},\"value\":[1,\"1\"]}")},
    {"mlserve_replicas", ONE("2")},
    {"code%3D~", ONE("3")},
    {"mlserve_fallback_active", ONE("1")},
    {"histogram_quantile", ONE("0.05")},
    {"mlserve_restarts", ONE("0")},
    {"mlqual_scored_total", ONE("400")},
    {"mlqual_correct_total", ONE("300")},
    {"mlfeat_bin_total", VECTOR(BIN("amount", "high", "1000") "," BIN(
                             "hour", "null", "500") "," BIN("hour", "4", "500"))},
    {"mlpred_score_bin_total", VECTOR("{\"metric\":{\"bin\":\"9\"},\"value\":[1,\"99\"]}")},
    {"mlpred_decisions_total", ONE("70")},
    {"mlserve_requests_total", ONE("100")},
};

static int fresh(void **state)
{
    (void)state;
    signal_queries_defaults(&queries);
    source = (struct model_source){.prometheus = play_endpoint(),
                                   .queries = &queries,
                                   .registry = &registry,
                                   .epoch_unix_ns = EPOCH_UNIX_NS};
    memset(&memory, 0, sizeof(memory));
    struct event event = {.kind = EVENT_BASELINE};
    event.baseline = (struct baseline){.model = {1},
                                       .version = {7},
                                       .rows = 50000,
                                       .error = 0.1,
                                       .positive_rate = 0.3,
                                       .latency_p95_us = 40000};
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t j = 0; j < 10; j++) {
            event.baseline.bins_ppm[i][j] = 100000;
        }
    }
    live_memory_note(&memory, &event);
    return 0;
}

/* Asks the tool; the request that holds the mark is answered by what is given. */
static enum exchange_next play(enum tool tool, const char *mark, struct http_response instead)
{
    struct ask_effect ask = {.question = {9}, .tool = tool, .model = {1}};
    enum exchange_next next =
        evidence_call_begin(&call, &source, play_deployment(), &memory, &ask, NS_PER_HOUR, &request);
    for (uint32_t n = 0; n < 32 && (next == EXCHANGE_SEND || next == EXCHANGE_WAIT); n++) {
        if (next == EXCHANGE_WAIT) {
            next = evidence_call_timer(&call, call.exchange.wait_until, &request);
            continue;
        }
        struct http_response response = play_json(200, VECTOR(""));
        bool is_found = false;
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && !is_found; i++) {
            is_found =
                strstr(request.url, lines[i].mark) != NULL || request_has(&request, lines[i].mark);
            response = is_found ? play_json(200, lines[i].body) : response;
        }
        bool is_marked =
            mark != NULL && (strstr(request.url, mark) != NULL || request_has(&request, mark));
        response = is_marked ? instead : response;
        next = evidence_call_take(&call, NS_PER_HOUR, &response, &request);
    }
    assert_int_equal(call.answer.question.value, 9);
    assert_int_equal(call.answer.tool, tool);
    assert_true(call.answer.sampled_at == NS_PER_HOUR);
    return next;
}

static const struct http_response none;

static void state_when_read_joins_registry_and_serving(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_STATE, NULL, none), EXCHANGE_DONE);
    const struct state_answer *answer = &call.answer.state;
    assert_int_equal(call.answer.status, ANSWER_OK);
    assert_int_equal(answer->serving.value, 7);
    assert_int_equal(answer->registered.value, 7);
    assert_int_equal(answer->previous.value, 6);
    assert_int_equal(answer->schema_id, 4);
    assert_int_equal(answer->ready_replicas, 2);
    assert_int_equal(answer->requests, 100);
    assert_int_equal(answer->errors, 3);
    assert_true(answer->fallback);
    assert_false(answer->training);
}

static void state_when_serving_is_unknown_has_no_data(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_STATE, "mlserve_model_info", play_json(200, VECTOR(""))),
                     EXCHANGE_FAILED);
    assert_int_equal(call.answer.status, ANSWER_NO_DATA);
    assert_int_equal(call.answer.state.registered.value, 0); /* Half an answer is none. */
}

static void state_when_serving_follows_the_alias_needs_no_series(void **state)
{
    (void)state;
    queries.templates[SIGNAL_VERSION][0] = '\0';
    assert_int_equal(play(TOOL_STATE, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.state.serving.value, 7);
}

static void state_when_the_registry_is_away_fails(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_STATE, "registered-models/get", play_html(502)), EXCHANGE_FAILED);
    assert_int_equal(call.answer.status, ANSWER_FAILED);
    assert_int_equal(play(TOOL_STATE, "registered-models/get", play_html(200)), EXCHANGE_FAILED);
    assert_int_equal(call.answer.status, ANSWER_FAILED);
}

static void labels_when_few_look_further_back(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_LABELS, NULL, none), EXCHANGE_DONE);
    const struct labels_answer *answer = &call.answer.labels;
    assert_int_equal(answer->scored, 400);
    assert_int_equal(answer->correct, 300);
    assert_true(answer->cohort_to == 0);
    assert_true(answer->cohort_from == -NS_PER_HOUR); /* Twelve windows. */
    assert_true(answer->baseline_error > 0.099 && answer->baseline_error < 0.101);
}

static void labels_when_further_back_are_enough_are_counted_over_one_span(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_LABELS, "%5B3600s%5D", play_json(200, ONE("1600"))), EXCHANGE_DONE);
    assert_int_equal(call.answer.labels.scored, 1600);
    assert_int_equal(call.answer.labels.correct, 1600); /* Not the 300 of the shorter span. */
    assert_true(call.answer.labels.cohort_from == -NS_PER_HOUR);
}

static void labels_when_not_a_number_have_no_data(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_LABELS, "mlqual_correct_total", play_json(200, ONE("NaN"))),
                     EXCHANGE_FAILED);
    assert_int_equal(call.answer.status, ANSWER_NO_DATA);
    assert_int_equal(call.answer.labels.scored, 0);
}

static void labels_when_a_store_is_away_have_no_data(void **state)
{
    (void)state;
    assert_int_equal(
        play(TOOL_LABELS, "mlqual_scored_total",
             play_json(200, "{\"status\":\"success\",\"warnings\":[\"away\"],\"data\":{\"resultType\":\"vector\","
                            "\"result\":[{\"metric\":{},\"value\":[1,\"400\"]}]}}")),
        EXCHANGE_FAILED);
    assert_int_equal(call.answer.status, ANSWER_NO_DATA);
}

static void features_when_moved_show_shift_and_nulls(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_FEATURES, NULL, none), EXCHANGE_DONE);
    const struct features_answer *answer = &call.answer.features;
    assert_int_equal(answer->n_features, 2);
    assert_int_equal(answer->features[0].rows, 1000);
    assert_true(answer->features[0].shift > 3.0);
    assert_true(answer->features[0].psi > 1.0);
    assert_true(answer->features[1].null_ratio > 0.49 && answer->features[1].null_ratio < 0.51);
}

/* Counts of normal values at the deciles of the standard normal, moved by 1 and spread by 1; moved by .5 and spread by 1.5. */
static void features_when_normal_give_back_shift_and_scale(void **state)
{
    (void)state;
    const struct feature_profile *amount = &call.answer.features.features[0];
    assert_int_equal(
        play(
            TOOL_FEATURES, "mlfeat_bin_total",
            play_json(
                200,
                VECTOR(BIN("amount", "0", "113") "," BIN("amount", "1", "215") "," BIN("amount", "2", "309") "," BIN("amount", "3", "413") "," BIN(
                    "amount", "4",
                    "536") "," BIN("amount", "5",
                                   "690") "," BIN("amount", "6",
                                                  "895") "," BIN("amount", "7",
                                                                 "1199") "," BIN("amount", "8",
                                                                                 "1738") "," BIN("amount",
                                                                                                 "9",
                                                                                                 "3878") "," BIN("amount",
                                                                                                                 "high",
                                                                                                                 "13")))),
        EXCHANGE_DONE);
    assert_true(amount->shift > 0.97 && amount->shift < 1.03);
    assert_true(amount->scale > 0.97 && amount->scale < 1.03);
    assert_int_equal(
        play(
            TOOL_FEATURES, "mlfeat_bin_total",
            play_json(
                200,
                VECTOR(BIN("amount", "low", "13") "," BIN("amount", "0", "1161") "," BIN("amount", "1", "681") "," BIN("amount", "2", "618") "," BIN(
                    "amount", "3",
                    "604") "," BIN("amount", "4",
                                   "617") "," BIN("amount", "5",
                                                  "653") "," BIN("amount", "6",
                                                                 "718") "," BIN("amount", "7",
                                                                                "836") "," BIN("amount",
                                                                                               "8",
                                                                                               "1087") "," BIN("amount",
                                                                                                               "9",
                                                                                                               "2914") "," BIN("amount",
                                                                                                                               "high",
                                                                                                                               "98")))),
        EXCHANGE_DONE);
    assert_true(amount->shift > 0.47 && amount->shift < 0.53);
    assert_true(amount->scale > 1.46 && amount->scale < 1.54);
}

static void features_when_there_is_no_baseline_have_no_data(void **state)
{
    (void)state;
    memset(&memory, 0, sizeof(memory));
    (void)play(TOOL_FEATURES, NULL, none);
    assert_int_equal(call.answer.status, ANSWER_NO_DATA);
}

static void others_when_read_say_what_was_there(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_PLATFORM, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.platform.latency_p95_us, 50000);
    assert_int_equal(call.answer.platform.ready_replicas, 2);
    assert_int_equal(play(TOOL_DECISIONS, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.decisions.decisions, 97);
    assert_int_equal(call.answer.decisions.positives, 70);
    assert_int_equal(play(TOOL_REGISTRY, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.registry.n_versions, 2);
}

static void tool_when_it_has_no_live_source_fails_without_asking(void **state)
{
    (void)state;
    assert_int_equal(play(TOOL_SHADOW, NULL, none), EXCHANGE_FAILED);
    assert_int_equal(call.answer.status, ANSWER_FAILED);
    assert_int_equal(play(TOOL_GOLDEN, NULL, none), EXCHANGE_FAILED); /* Its queries are empty. */
    assert_null(live_tool_source(TOOL_LOGS));
    assert_string_equal(live_tool_source(TOOL_LABELS), "Prometheus");
}

static void memory_when_told_answers_changes_and_calendar(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_CHANGE, .at = NS_PER_HOUR};
    event.change.change =
        (struct change){.kind = CHANGE_MODEL, .at = NS_PER_MIN, .model = {1}, .to = {7}};
    live_memory_note(&memory, &event);
    event.change.change.model.value = 2;
    live_memory_note(&memory, &event);
    assert_int_equal(play(TOOL_CHANGES, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.changes.n_changes, 1);
    assert_int_equal(call.answer.changes.changes[0].to.value, 7);
    event = (struct event){.kind = EVENT_CONTROL, .at = 0};
    event.control = (struct control_event){
        .kind = CONTROL_CALENDAR,
        .calendar = {.kind = CALENDAR_FREEZE, .from = 0, .to = 2 * NS_PER_HOUR}};
    live_memory_note(&memory, &event);
    live_memory_note(&memory, &event);
    assert_int_equal(play(TOOL_CALENDAR, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.calendar.n_entries, 1);
    event.control.kind = CONTROL_WITHDRAW;
    event.control.calendar.to++;
    live_memory_note(&memory, &event); /* Another one. */
    assert_int_equal(play(TOOL_CALENDAR, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.calendar.n_entries, 1);
    event.control.calendar.to--;
    live_memory_note(&memory, &event);
    assert_int_equal(play(TOOL_CALENDAR, NULL, none), EXCHANGE_DONE);
    assert_int_equal(call.answer.calendar.n_entries, 0);
}

static void memory_when_a_training_ends_knows_its_version(void **state)
{
    (void)state;
    struct act_effect act = {.action = {4}, .verb = VERB_RETRAIN, .args = {.model = {1}}};
    live_memory_training(&memory, &act);
    (void)play(TOOL_STATE, NULL, none);
    assert_true(call.answer.state.training);
    struct event event = {.kind = EVENT_OUTCOME};
    event.outcome = (struct outcome){.action = {4}, .status = OUTCOME_TRAINED, .version = {8}};
    live_memory_note(&memory, &event);
    (void)play(TOOL_STATE, NULL, none);
    assert_false(call.answer.state.training);
    assert_int_equal(call.answer.state.trained.value, 8);
}

static void verbs_when_there_is_no_hook_are_those_of_the_registry(void **state)
{
    (void)state;
    uint64_t with = live_verbs(&source, true), without = live_verbs(&source, false);
    assert_true((without >> VERB_ROLLBACK & 1u) != 0);
    assert_true((without >> VERB_RETRAIN & 1u) == 0);
    assert_true((with >> VERB_RETRAIN & 1u) != 0);
    source.registry = NULL;
    assert_true((live_verbs(&source, true) >> VERB_ROLLBACK & 1u) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(state_when_read_joins_registry_and_serving, fresh),
        cmocka_unit_test_setup(state_when_serving_is_unknown_has_no_data, fresh),
        cmocka_unit_test_setup(state_when_serving_follows_the_alias_needs_no_series, fresh),
        cmocka_unit_test_setup(state_when_the_registry_is_away_fails, fresh),
        cmocka_unit_test_setup(labels_when_few_look_further_back, fresh),
        cmocka_unit_test_setup(labels_when_further_back_are_enough_are_counted_over_one_span, fresh),
        cmocka_unit_test_setup(labels_when_not_a_number_have_no_data, fresh),
        cmocka_unit_test_setup(labels_when_a_store_is_away_have_no_data, fresh),
        cmocka_unit_test_setup(features_when_moved_show_shift_and_nulls, fresh),
        cmocka_unit_test_setup(features_when_normal_give_back_shift_and_scale, fresh),
        cmocka_unit_test_setup(features_when_there_is_no_baseline_have_no_data, fresh),
        cmocka_unit_test_setup(others_when_read_say_what_was_there, fresh),
        cmocka_unit_test_setup(tool_when_it_has_no_live_source_fails_without_asking, fresh),
        cmocka_unit_test_setup(memory_when_told_answers_changes_and_calendar, fresh),
        cmocka_unit_test_setup(memory_when_a_training_ends_knows_its_version, fresh),
        cmocka_unit_test_setup(verbs_when_there_is_no_hook_are_those_of_the_registry, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
