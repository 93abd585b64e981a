/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives: alerts each once, changes in names of the deployment, and everything else refused with a clear word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/adapter/alertmanager.h"
#include "live/adapter/intake.h"
#include "tests/unit/adapter/play.h"

/* As Alertmanager 0.25 sends it. */
#define ALERT(status, model)                                                                                               \
    "{\"receiver\":\"steward\",\"status\":\"" status "\",\"alerts\":[{\"status\":\"" status                                \
    "\",\"labels\":{\"alertname\":\"ModelAccuracyLow\",\"model\":\"" model                                                 \
    "\",\"severity\":\"critical\"},\"annotations\":{\"summary\":\"accuracy 0.81\\u001b[2J below 0.9\"},"                   \
    "\"startsAt\":\"2026-11-23T13:27:19.23Z\",\"endsAt\":\"0001-01-01T00:00:00Z\",\"fingerprint\":\"0d2875afe1f6defb\"}]," \
    "\"version\":\"4\",\"groupKey\":\"{}\",\"truncatedAlerts\":2}\n"
#define EVENT(type, data)                                                                          \
    "{\"specversion\":\"1.0\",\"id\":\"a1\",\"source\":\"/ci\",\"type\":\"" type                   \
    "\",\"time\":\"2026-11-23T13:00:00Z\",\"data\":" data "}"

static struct alert_batch alerts;
static struct intake_batch changes;
static char error[EXCHANGE_ERROR_BYTES];

static bool read_alert(const char *body)
{
    return alertmanager_parse(slice_of(body), play_deployment(), &alerts, error);
}

static bool read_event(const char *body)
{
    return intake_cloudevent_parse(slice_of(body), play_deployment(), EPOCH_UNIX_NS, 100 * NS_PER_S,
                                   &changes, error);
}

static bool read_run(const char *body)
{
    return intake_openlineage_parse(slice_of(body), play_deployment(), EPOCH_UNIX_NS,
                                    100 * NS_PER_S, &changes, error);
}

static void alert_when_firing_names_its_model(void **state)
{
    (void)state;
    assert_true(read_alert(ALERT("firing", "fraud")));
    assert_int_equal(alerts.n_alerts, 1);
    assert_int_equal(alerts.n_hidden, 2);
    assert_true(alerts.alerts[0].firing);
    assert_int_equal(alerts.alerts[0].model.value, 1);
    assert_string_equal(alerts.alerts[0].name, "ModelAccuracyLow");
    assert_string_equal(alerts.alerts[0].summary, "accuracy 0.81[2J below 0.9");
    assert_true(alerts.alerts[0].starts_unix_ns == INT64_C(1795440439230000000));
}

static void alert_when_of_another_model_has_none(void **state)
{
    (void)state;
    assert_true(read_alert(ALERT("firing", "nobody")));
    assert_int_equal(alerts.alerts[0].model.value, 0);
}

static void alert_when_seen_before_is_known(void **state)
{
    (void)state;
    static struct alert_memory memory;
    assert_true(read_alert(ALERT("firing", "fraud")));
    struct digest128 firing = alerts.alerts[0].key;
    assert_true(alert_memory_add(&memory, firing));
    assert_false(alert_memory_add(&memory, firing));
    assert_true(read_alert(ALERT("resolved", "fraud")));
    assert_true(alert_memory_add(&memory, alerts.alerts[0].key));
    for (uint64_t i = 0; i < ALERT_MEMORY; i++) {
        assert_true(alert_memory_add(&memory, (struct digest128){i, 1}));
    }
    assert_true(alert_memory_add(&memory, firing)); /* Forgotten: the oldest goes first. */
}

static void alert_when_malformed_is_refused_with_a_word(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "<html></html>",
        "[]",
        "{\"version\":\"3\",\"alerts\":[]}",
        "{\"version\":\"4\"}",
        "{\"version\":\"4\",\"alerts\":{}}",
        "{\"version\":\"4\",\"alerts\":[1]}",
        "{\"version\":\"4\",\"version\":\"4\",\"alerts\":[]}",
        "{\"version\":\"4\",\"alerts\":[{\"status\":\"firing\",\"labels\":{},\"startsAt\":\"2026-11-23T13:27:19.23Z\"}]}",
        "{\"version\":\"4\",\"alerts\":[{\"status\":\"maybe\",\"labels\":{},\"startsAt\":\"2026-11-23T13:27:19Z\",\"fingerprint\":\"a\"}]}",
        "{\"version\":\"4\",\"alerts\":[],\"truncatedAlerts\":-1}",
        "{\"version\":\"4\",\"alerts\":[",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        bool is_taken = read_alert(bodies[i]);
        if (is_taken || alerts.n_alerts != 0 || error[0] == '\0') {
            fail_msg("taken: %s", bodies[i]);
        }
    }
}

static void event_when_sound_is_a_change(void **state)
{
    (void)state;
    assert_true(read_event(EVENT(
        "steward.change.model",
        "{\"model\":\"fraud\",\"from\":6,\"to\":\"7\",\"by\":\"ada\",\"note\":\"new\\u0007\"}")));
    const struct intake_change *change = &changes.changes[0];
    assert_int_equal(changes.n_changes, 1);
    assert_int_equal(change->change.kind, CHANGE_MODEL);
    assert_int_equal(change->change.model.value, 1);
    assert_int_equal(change->change.from.value, 6);
    assert_int_equal(change->change.to.value, 7);
    assert_int_equal(change->change.by.value, 1);
    assert_string_equal(change->note, "new");
    assert_int_equal(change->note_bytes, 3);
    assert_true(change->change.at == INT64_C(1795438800) * NS_PER_S - EPOCH_UNIX_NS);
}

static void event_when_ahead_of_time_is_now(void **state)
{
    (void)state;
    assert_true(read_event(
        "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"b\",\"type\":\"steward.change.data\",\"time\":"
        "\"2099-01-01T00:00:00Z\",\"data\":{\"table\":\"payments\"}}"));
    assert_true(changes.changes[0].change.at == 100 * NS_PER_S);
}

static void event_when_repeated_has_the_same_key(void **state)
{
    (void)state;
    assert_true(read_event(EVENT("steward.change.image", "{\"model\":\"fraud\"}")));
    struct digest128 key = changes.changes[0].key;
    assert_true(read_event(EVENT("steward.change.image", "{\"model\":\"fraud\",\"note\":\"again\"}")));
    assert_true(digest128_equal(key, changes.changes[0].key));
}

static void event_when_malformed_is_refused_with_a_word(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "{}",
        "not json",
        EVENT("steward.change.weather", "{\"model\":\"fraud\"}"),
        EVENT("com.example", "{\"model\":\"fraud\"}"),
        EVENT("steward.change.model", "{\"model\":\"nobody\"}"),
        EVENT("steward.change.model", "{}"),
        EVENT("steward.change.model", "[]"),
        EVENT("steward.change.data", "{\"model\":\"fraud\"}"),
        EVENT("steward.change.schema", "{\"table\":\"nowhere\"}"),
        EVENT("steward.change.config", "{\"model\":\"fraud\",\"to\":70000}"),
        EVENT("steward.change.config", "{\"model\":\"fraud\",\"from\":1.5}"),
        "{\"specversion\":\"1.0\",\"id\":\"a\",\"source\":\"b\",\"type\":\"steward.change.model\",\"time\":\"yesterday\",\"data\":"
        "{\"model\":\"fraud\"}}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        bool is_taken = read_event(bodies[i]);
        if (is_taken || changes.n_changes != 0 || error[0] == '\0') {
            fail_msg("taken: %s", bodies[i]);
        }
    }
}

#define RUN(state, outputs)                                                                                 \
    "{\"eventTime\":\"2026-11-23T13:00:00.5+01:00\",\"eventType\":\"" state                                 \
    "\",\"run\":{\"runId\":\"r1\"},\"job\":{\"namespace\":\"etl\",\"name\":\"load\"},\"outputs\":[" outputs \
    "]}"

static void run_when_complete_changes_its_tables(void **state)
{
    (void)state;
    assert_true(read_run(RUN(
        "COMPLETE",
        "{\"namespace\":\"db\",\"name\":\"payments\"},{\"namespace\":\"db\",\"name\":\"other\"},"
        "{\"name\":\"payments\",\"facets\":{\"lifecycleStateChange\":{\"lifecycleStateChange\":\"ALTER\"}}}")));
    assert_int_equal(changes.n_changes, 2);
    assert_int_equal(changes.changes[0].change.kind, CHANGE_DATA);
    assert_int_equal(changes.changes[1].change.kind, CHANGE_SCHEMA);
    assert_int_equal(changes.changes[0].change.table.value, 1);
    assert_string_equal(changes.changes[0].note, "load");
    assert_false(digest128_equal(changes.changes[0].key, changes.changes[1].key));
}

static void run_when_not_complete_changes_nothing(void **state)
{
    (void)state;
    assert_true(read_run(RUN("START", "{\"name\":\"payments\"}")));
    assert_int_equal(changes.n_changes, 0);
    assert_false(read_run("{\"eventType\":\"COMPLETE\"}"));
}

static void time_when_sound_is_nanoseconds_since_1970(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t unix_ns;
    } times[] = {{"1970-01-01T00:00:00Z", 0},
                 {"2000-02-29T12:00:00Z", INT64_C(951825600) * NS_PER_S},
                 {"2026-11-23T13:27:19.230000001Z", INT64_C(1795440439230000001)},
                 {"2026-11-23T14:27:19.23+01:00", INT64_C(1795440439230000000)},
                 {"1985-04-12T23:20:50.52Z", INT64_C(482196050520000000)},
                 {"1996-12-19T16:39:57-08:00", INT64_C(851042397) * NS_PER_S}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int64_t unix_ns = 1;
        assert_true(rfc3339_parse(slice_of(times[i].text), &unix_ns));
        assert_true(unix_ns == times[i].unix_ns);
    }
}

static void time_when_malformed_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2026-11-23",
                                        "2026-11-23T13:27:19",
                                        "2026-13-23T13:27:19Z",
                                        "2026-02-29T13:27:19Z",
                                        "2026-11-23T24:00:00Z",
                                        "2026-11-23T13:27:19.Z",
                                        "2026-11-23T13:27:19+1:00",
                                        "2026-11-23T13:27:19Zx",
                                        "0001-01-01T00:00:00Z",
                                        "1969-12-31T23:59:59Z",
                                        "2201-01-01T00:00:00Z",
                                        "2026-11--3T13:27:19Z",
                                        "9999-12-31T23:59:59Z"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t unix_ns = 0;
        if (rfc3339_parse(slice_of(texts[i]), &unix_ns)) {
            fail_msg("taken: %s", texts[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alert_when_firing_names_its_model),
        cmocka_unit_test(alert_when_of_another_model_has_none),
        cmocka_unit_test(alert_when_seen_before_is_known),
        cmocka_unit_test(alert_when_malformed_is_refused_with_a_word),
        cmocka_unit_test(event_when_sound_is_a_change),
        cmocka_unit_test(event_when_ahead_of_time_is_now),
        cmocka_unit_test(event_when_repeated_has_the_same_key),
        cmocka_unit_test(event_when_malformed_is_refused_with_a_word),
        cmocka_unit_test(run_when_complete_changes_its_tables),
        cmocka_unit_test(run_when_not_complete_changes_nothing),
        cmocka_unit_test(time_when_sound_is_nanoseconds_since_1970),
        cmocka_unit_test(time_when_malformed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
