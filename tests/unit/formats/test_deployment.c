/* SPDX-License-Identifier: Apache-2.0 */
/* The deployment file: references resolved, and each way of being wrong refused where it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/deployment.h"

#define HEAD "name: small\nwindow: 5min\n"
#define MODELS                                                                                     \
    "models:\n"                                                                                    \
    "  - name: fraud\n"                                                                            \
    "    tier: high\n"                                                                             \
    "    requests_per_window: 3000\n"                                                              \
    "    label_delay: 1h\n"                                                                        \
    "    accuracy_floor: 0.8\n"                                                                    \
    "    availability_floor: 0.99\n"                                                               \
    "    features:\n"                                                                              \
    "      - {name: amount, table: payments, importance: 0.75}\n"                                  \
    "      - {name: age, table: merchants, importance: 0.25}\n"
#define TABLES                                                                                     \
    "tables:\n"                                                                                    \
    "  - {name: merchants, producer: pia}\n"                                                       \
    "  - {name: payments, producer: pia}\n"
#define PEOPLE                                                                                     \
    "people:\n"                                                                                    \
    "  - {name: olga, roles: [oncall, operator], level: 1}\n"                                      \
    "  - {name: otto, roles: [oncall], level: 2}\n"                                                \
    "  - {name: pia, roles: [producer]}\n"
#define TAIL                                                                                       \
    "tools: [state, labels]\n"                                                                     \
    "verbs: [NOOP, ROLLBACK]\n"                                                                    \
    "llm: {enabled: true, deadline: 30s, calls_per_incident: 3, tokens_per_day: 500}\n"

static struct deployment deployment;
static struct err_text text;

static void assert_refused(const char *document, const char *message)
{
    static struct deployment untouched;
    memset(&deployment, 0xa5, sizeof(deployment));
    memcpy(&untouched, &deployment, sizeof(untouched));
    memset(&text, 0, sizeof(text));
    assert_int_equal(deployment_parse("d.yaml", slice_of(document), &deployment, &text), ERR_CONFIG);
    assert_string_equal(text.text, message);
    assert_memory_equal(&deployment, &untouched, sizeof(untouched));
}

/* The sound file with one piece of it replaced. */
static void assert_replaced_refused(const char *old, const char *new, const char *message)
{
    static const char sound[] = HEAD MODELS TABLES PEOPLE TAIL;
    char document[4096];
    int64_t at = slice_find(slice_of(sound), slice_of(old));
    assert_true(at >= 0);
    struct text writer;
    text_init(&writer, document, sizeof(document));
    text_put_slice(&writer, (struct slice){sound, (size_t)at});
    text_put(&writer, new);
    text_put(&writer, sound + (size_t)at + strlen(old));
    assert_refused(document, message);
}

static void deployment_when_sound_has_ids_from_one_in_the_order_of_the_file(void **state)
{
    (void)state;
    const char *document = HEAD MODELS TABLES PEOPLE TAIL;
    assert_int_equal(deployment_parse("d.yaml", slice_of(document), &deployment, &text), OK);
    assert_string_equal(deployment.name, "small");
    assert_true(deployment.window_ns == 5 * NS_PER_MIN);
    assert_int_equal(deployment.n_models, 1);
    const struct model_entry *model = deployment_model(&deployment, (struct model_id){1});
    assert_string_equal(model->name, "fraud");
    assert_int_equal(model->tier, TIER_HIGH);
    assert_int_equal(model->requests_per_window, 3000);
    assert_true(model->label_delay_ns == NS_PER_HOUR);
    assert_true(model->accuracy_floor == 0.8);
    assert_true(model->availability_floor == 0.99);
    assert_int_equal(model->n_features, 2);
    assert_string_equal(model->features[0].name, "amount");
    assert_int_equal(model->features[0].table.value, 2);
    assert_true(model->features[0].importance == 0.75);
    assert_int_equal(model->features[1].table.value, 1);
    assert_int_equal(deployment.n_tables, 2);
    assert_string_equal(deployment.tables[0].name, "merchants");
    assert_int_equal(deployment.tables[0].producer.value, 3);
    assert_int_equal(deployment.n_people, 3);
    assert_int_equal(deployment_person(&deployment, ROLE_ONCALL, 2).value, 2);
    assert_int_equal(deployment_person(&deployment, ROLE_OPERATOR, 0).value, 1);
    assert_int_equal(deployment.people[2].level, 0);
    assert_true(deployment.verbs == (UINT64_C(1) << VERB_NOOP | UINT64_C(1) << VERB_ROLLBACK));
    assert_int_equal(deployment.tools, 1u << TOOL_STATE | 1u << TOOL_LABELS);
    assert_true(deployment.llm.enabled);
    assert_true(deployment.llm.deadline_ns == 30 * NS_PER_S);
    assert_int_equal(deployment.llm.calls_per_incident, 3);
    assert_int_equal(deployment.llm.tokens_per_day, 500);
}

static void llm_when_it_is_not_enabled_needs_no_limits(void **state)
{
    (void)state;
    assert_replaced_refused("llm: {enabled: true, deadline: 30s, ", "llm: {enabled: true, ",
                            "d.yaml:22:6: llm: key 'deadline' is missing");
    assert_replaced_refused("llm: {enabled: true, deadline: 30s, ", "llm: {enabled: false, ",
                            "d.yaml:22:6: llm: key 'deadline' is missing"); /* One for all. */
    static const char quiet[] =
        HEAD MODELS TABLES PEOPLE "tools: []\nverbs: []\nllm: {enabled: false}\n";
    assert_int_equal(deployment_parse("d.yaml", slice_of(quiet), &deployment, &text), OK);
    assert_false(deployment.llm.enabled);
    assert_int_equal(deployment.llm.tokens_per_day, 0);
}

static void deployment_when_a_part_is_missing_names_it(void **state)
{
    (void)state;
    assert_refused("window: 5min\n" MODELS TABLES PEOPLE TAIL,
                   "d.yaml:1:1: deployment: key 'name' is missing");
    assert_refused(HEAD TABLES PEOPLE TAIL, "d.yaml:1:1: deployment: key 'models' is missing");
    assert_refused(HEAD MODELS PEOPLE TAIL, "d.yaml:1:1: deployment: key 'tables' is missing");
    assert_refused(HEAD MODELS TABLES TAIL, "d.yaml:1:1: deployment: key 'people' is missing");
    assert_refused(HEAD MODELS TABLES PEOPLE, "d.yaml:1:1: deployment: key 'tools' is missing");
    assert_replaced_refused("    tier: high\n", "", "d.yaml:4:5: model: key 'tier' is missing");
    assert_replaced_refused(", importance: 0.25", "",
                            "d.yaml:12:9: feature: key 'importance' is missing");
    assert_refused("- a\n", "d.yaml:1:1: deployment: expected a map, found a list");
    assert_replaced_refused(MODELS, "models: []\n",
                            "d.yaml:3:9: 'models': expected a list with at least one entry");
    assert_replaced_refused(MODELS, "models: fraud\n",
                            "d.yaml:3:9: 'models': expected a list with at least one entry");
}

static void deployment_when_a_key_is_unknown_lists_the_accepted_ones(void **state)
{
    (void)state;
    assert_replaced_refused(
        "window: 5min", "windows: 5min",
        "d.yaml:2:1: unknown key 'windows' in deployment; accepted: name, window, models, "
        "tables, people, tools, verbs, llm, live");
    assert_replaced_refused("tier: high", "tear: high",
                            "d.yaml:5:5: unknown key 'tear' in model; accepted: name, tier, label_delay, "
                            "requests_per_window, accuracy_floor, availability_floor, features");
    assert_replaced_refused(
        "importance: 0.75", "weight: 0.75",
        "d.yaml:11:41: unknown key 'weight' in feature; accepted: name, table, importance");
    assert_replaced_refused("deadline", "timeout",
                            "d.yaml:22:22: unknown key 'timeout' in llm; accepted: enabled, deadline, "
                            "calls_per_incident, tokens_per_day");
}

static void deployment_when_a_word_is_unknown_lists_the_accepted_ones(void **state)
{
    (void)state;
    assert_replaced_refused("tier: high", "tier: High",
                            "d.yaml:5:11: unknown tier 'High'; accepted: low, medium, high");
    assert_replaced_refused(
        "[producer]", "[producers]",
        "d.yaml:19:25: unknown role 'producers'; accepted: oncall, approver, producer, owner, "
        "security, operator");
    assert_replaced_refused(
        "[state, labels]", "[state, label]",
        "d.yaml:20:16: unknown tool 'label'; accepted: state, registry, changes, features, "
        "labels, shadow, golden, tables, decisions, calendar, logs, platform, canary");
    assert_replaced_refused("[state, labels]", "[state, state]",
                            "d.yaml:20:16: tool 'state' is listed twice");
    assert_replaced_refused("[state, labels]", "state",
                            "d.yaml:20:8: 'tools': expected a list of words: [a, b]");
    assert_int_equal(deployment_parse("d.yaml",
                                      slice_of(HEAD MODELS TABLES PEOPLE
                                               "tools: []\nverbs: [rollback]\nllm: {}\n"),
                                      &deployment, &text),
                     ERR_CONFIG);
    assert_non_null(
        strstr(text.text, "d.yaml:21:9: unknown verb 'rollback'; accepted: NOOP, NOTIFY, "));
}

static void deployment_when_a_reference_leads_nowhere_is_refused(void **state)
{
    (void)state;
    assert_replaced_refused("table: payments", "table: payment",
                            "d.yaml:11:31: 'table': no table is named 'payment'");
    assert_replaced_refused("name: payments, producer: pia", "name: payments, producer: pio",
                            "d.yaml:15:32: 'producer': no person is named 'pio'");
    assert_replaced_refused("name: payments, producer: pia", "name: payments, producer: otto",
                            "d.yaml:15:32: 'producer': 'otto' lacks the role producer");
}

static void deployment_when_a_name_repeats_is_refused(void **state)
{
    (void)state;
    assert_replaced_refused("name: age", "name: amount",
                            "d.yaml:12:16: feature 'amount' is named twice");
    assert_replaced_refused("name: payments,", "name: merchants,",
                            "d.yaml:15:12: table 'merchants' is named twice");
    assert_replaced_refused("name: otto", "name: olga", "d.yaml:18:12: person 'olga' is named twice");
    assert_replaced_refused(
        "name: fraud", "name: fraud model",
        "d.yaml:4:11: 'name': 'fraud model' may hold letters, digits, '_', '-' and '.' only");
    assert_replaced_refused(
        "name: fraud", "name: abcdefghijklmnopqrstuvwx",
        "d.yaml:4:11: 'name': expected text of 1 to 23 bytes, found 'abcdefghijklmnopqrstuvwx'");
}

static void rota_when_it_has_a_hole_is_refused(void **state)
{
    (void)state;
    assert_replaced_refused("[oncall, operator], level: 1", "[operator]",
                            "d.yaml:17:3: 'people': nobody is on call at level 1");
    assert_replaced_refused(
        "level: 2", "level: 3",
        "d.yaml:17:3: 'people': nobody is on call at level 2, below the highest level");
    assert_replaced_refused("level: 2", "level: 5",
                            "d.yaml:18:42: 'level': expected a whole number from 1 to 4, found '5'");
    assert_replaced_refused(", level: 2", "",
                            "d.yaml:18:5: person 'otto': the role oncall and a 'level' go together");
    assert_replaced_refused("[producer]", "[producer], level: 1",
                            "d.yaml:19:43: person 'pia': the role oncall and a 'level' go together");
}

static void number_when_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_replaced_refused(
        "importance: 0.25", "importance: 0.26",
        "d.yaml:11:7: model 'fraud': the importances add up to 1.0100, more than 1");
    assert_replaced_refused("importance: 0.25", "importance: 1.5",
                            "d.yaml:12:51: 'importance': expected a number from 0 to 1, found '1.5'");
    assert_replaced_refused(
        "accuracy_floor: 0.8", "accuracy_floor: nan",
        "d.yaml:8:21: 'accuracy_floor': expected a number from 0 to 1, found 'nan'");
    assert_replaced_refused(
        "3000", "0",
        "d.yaml:6:26: 'requests_per_window': expected a whole number from 1 to 10000000, "
        "found '0'");
    assert_replaced_refused("window: 5min", "window: 2d",
                            "d.yaml:2:9: 'window' must lie between 1s and 1d00h");
    assert_replaced_refused(
        "window: 5min", "window: 300",
        "d.yaml:2:9: 'window': expected a duration such as 250ms, 90s, 5min, 2h or 3d, at most "
        "3650d, found '300'");
    assert_replaced_refused("enabled: true", "enabled: yes",
                            "d.yaml:22:16: 'enabled': expected true or false, found 'yes'");
}

static void list_when_longer_than_its_ceiling_is_refused(void **state)
{
    (void)state;
    char document[8192];
    struct text writer;
    text_init(&writer, document, sizeof(document));
    text_put(&writer, HEAD MODELS TABLES "people:\n");
    for (uint32_t i = 0; i <= PEOPLE_MAX; i++) {
        text_put(&writer, "  - {name: p");
        text_put_u64(&writer, i);
        text_put(&writer, ", roles: [owner]}\n");
    }
    text_put(&writer, TAIL);
    assert_refused(document, "d.yaml:33:5: 'people': more than 16 entries");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deployment_when_sound_has_ids_from_one_in_the_order_of_the_file),
        cmocka_unit_test(llm_when_it_is_not_enabled_needs_no_limits),
        cmocka_unit_test(deployment_when_a_part_is_missing_names_it),
        cmocka_unit_test(deployment_when_a_key_is_unknown_lists_the_accepted_ones),
        cmocka_unit_test(deployment_when_a_word_is_unknown_lists_the_accepted_ones),
        cmocka_unit_test(deployment_when_a_reference_leads_nowhere_is_refused),
        cmocka_unit_test(deployment_when_a_name_repeats_is_refused),
        cmocka_unit_test(rota_when_it_has_a_hole_is_refused),
        cmocka_unit_test(number_when_out_of_range_is_refused),
        cmocka_unit_test(list_when_longer_than_its_ceiling_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
