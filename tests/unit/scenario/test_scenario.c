/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario and suite files: the ones of this build are sound, and wrong ones are refused where they are wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/embedded.h"
#include "core/formats/deployment.h"
#include "tests/unit/scenario/library.h"

#define HEAD                                                                                           \
    "id: T1\ntitle: A title\nclass: bad_model_push\nfamily: M01\ndeployment: fleet\npolicy: default\n" \
    "true_incident: true\nmust_escalate: false\ncorrect: ROLLBACK\nbait: NOOP\nhorizon: 12h\n"
#define MAIN "  - kind: bad_model_push\n    main: true\n    at: [1h, 3h]\n    a: [0.03, 0.30]\n"

static struct scenario scenario;
static struct suite suite;
static struct err_text text;

static void assert_refused(const char *document, const char *message)
{
    memset(&text, 0, sizeof(text));
    assert_int_equal(scenario_parse("s.yaml", slice_of(document), &scenario, &text), ERR_DATA);
    assert_string_equal(text.text, message);
}

static void assert_suite_refused(const char *document, const char *message)
{
    struct library library = library_embedded();
    memset(&text, 0, sizeof(text));
    suite_init(&suite, "test");
    assert_int_equal(suite_add_suite(&suite, "u.yaml", slice_of(document), &library, &text),
                     ERR_DATA);
    assert_string_equal(text.text, message);
}

static void scenario_when_sound_is_read_whole(void **state)
{
    (void)state;
    const char *document =
        HEAD "weight: 2.5\npersona: slow\nitems:\n" MAIN
             "  - kind: freeze\n    probability: 0.25\n    after_main: [-10min, 5min]\n"
             "    lasts: [5min, 2h]\n    median: 20min\n    sigma: 0.5\n    on: fleet\n"
             "  - kind: unit_change\n    at: 1h\n    a_either: [0.01, 100]\n    on: any\n";
    if (scenario_parse("s.yaml", slice_of(document), &scenario, &text) != OK) {
        fail_msg("%s", text.text);
    }
    assert_string_equal(scenario.id, "T1");
    assert_string_equal(scenario.file, "s.yaml");
    assert_string_equal(scenario.class_name, "bad_model_push");
    assert_true(scenario.true_incident);
    assert_false(scenario.must_escalate);
    assert_int_equal(scenario.correct.alternatives[0].steps[0].verb, VERB_ROLLBACK);
    assert_int_equal(scenario.persona, PERSONA_SLOW);
    assert_true(scenario.weight == 2.5);
    assert_true(scenario.horizon_ns == 12 * NS_PER_HOUR);
    assert_int_equal(scenario.n_items, 3);
    assert_true(scenario.items[0].main);
    assert_true(scenario.items[0].at_ns.lo == 3600e9);
    assert_true(scenario.items[0].a.hi == 0.30);
    const struct scenario_item *freeze = &scenario.items[1];
    assert_int_equal(freeze->kind, PLAN_FREEZE);
    assert_true(freeze->probability == 0.25);
    assert_true(freeze->after_main);
    assert_true(freeze->at_ns.lo == -600e9);
    assert_true(freeze->median_ns == 1200e9);
    assert_true(freeze->fleet);
    assert_true(scenario.items[2].any_model);
    assert_true(scenario.items[2].a.choice);
}

static void scenario_when_a_key_is_unknown_lists_the_accepted_ones(void **state)
{
    (void)state;
    assert_refused(
        HEAD "item:\n" MAIN,
        "s.yaml:12:1: unknown key 'item' in scenario; accepted: id, title, class, family, deployment, "
        "policy, true_incident, must_escalate, correct, bait, weight, horizon, items, carrier, recording, "
        "learner, persona");
    assert_refused(
        HEAD "items:\n" MAIN "    until: 4h\n",
        "s.yaml:17:5: unknown key 'until' in item; accepted: kind, main, on, at, after_main, lasts, median, "
        "sigma, probability, a, a_either, b, share");
}

static void scenario_when_wrong_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    assert_refused("- a\n", "s.yaml: not a scenario: expected a map");
    assert_refused("a: [\n",
                   "s.yaml:2:1: not valid YAML: did not find expected node content while parsing a flow "
                   "node");
    assert_refused(HEAD, "s.yaml:1:1: scenario: key 'items' is missing");
    assert_refused(HEAD "id: T2\nitems:\n" MAIN, "s.yaml:12:1: key 'id' repeats the one of line 1");
    assert_refused(HEAD "items: none\n", "s.yaml:12:8: expected a list of items");
    assert_refused(HEAD "items: [none]\n", "s.yaml:12:9: an item is a map that begins with 'kind'");
    assert_refused(
        HEAD "items:\n  - kind: earthquake\n    at: 1h\n",
        "s.yaml:13:11: unknown kind 'earthquake'; `steward scenario show` of any scenario lists some, "
        "docs/SCENARIOS.md all");
    assert_refused(HEAD "items:\n  - kind: freeze\n",
                   "s.yaml:13:5: an item wants either 'at' or 'after_main'");
    assert_refused(HEAD "items:\n  - kind: freeze\n    at: -1h\n",
                   "s.yaml:14:9: 'at' cannot be negative");
    assert_refused(HEAD "items:\n  - kind: freeze\n    at: 1h\n    lasts: [-5min, 5min]\n",
                   "s.yaml:15:12: 'lasts' cannot be negative");
    assert_refused(HEAD "items:\n  - kind: freeze\n    at: [3h, 1h]\n",
                   "s.yaml:14:9: 'at': the highest value lies below the lowest");
    assert_refused(HEAD "items:\n  - kind: freeze\n    at: [1h, 2h, 3h]\n",
                   "s.yaml:14:9: 'at' wants one value or [lowest, highest]");
    assert_refused(
        HEAD "items:\n  - kind: freeze\n    at: soon\n",
        "s.yaml:14:9: 'at': expected a duration such as 250ms, 90s, 5min, 2h or 3d, at most 3650d, found "
        "'soon'");
    assert_refused(
        HEAD "items:\n  - kind: freeze\n    at: 1h\n    median: 5min\n",
        "s.yaml:13:5: a log-normal length wants all of 'median', 'sigma' and 'lasts: [least, most]'");
    assert_refused(HEAD "items:\n  - kind: freeze\n    at: 1h\n    on: moon\n",
                   "s.yaml:15:9: 'on' is 'moon'; accepted: incident, any, fleet");
    assert_refused(HEAD
                   "items:\n  - kind: freeze\n    at: 1h\n    main: true\n    probability: 0.5\n",
                   "s.yaml:13:5: the main item wants an 'at' and is always there");
    assert_refused(HEAD "items:\n  - kind: null_burst\n    at: 1h\n    a: [nan, 1]\n",
                   "s.yaml:15:9: 'a': expected a number from -1e+09 to 1e+09, found 'nan'");
    assert_refused("id: T1\ntitle: A\nclass: Odd one\nfamily: M01\n",
                   "s.yaml:3:8: 'class': 'Odd one' is no name of small letters and _");
    static const char *const families[] = {"m01", "M1", "M001", "M0x"};
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        char document[128], message[128];
        (void)snprintf(document, sizeof(document), "id: T1\ntitle: A\nclass: c\nfamily: %s\n",
                       families[i]);
        (void)snprintf(message, sizeof(message),
                       "s.yaml:4:9: 'family': '%s' is no capital letter and two digits, such as M01",
                       families[i]);
        assert_refused(document, message);
    }
    assert_refused(HEAD "items:\n  - kind: freeze\n    at: 1h\n    a: 3\n",
                   "s.yaml:15:8: 'a' means nothing to freeze");
    assert_refused(HEAD "items:\n  - kind: crash\n    at: 1h\n    a: [0, 2]\n",
                   "s.yaml:15:8: 'a' of crash must lie between 1 and 1000");
    assert_refused(HEAD "items:\n  - kind: unit_change\n    at: 1h\n    a_either: [-100, 0.01]\n",
                   "s.yaml:15:15: 'a_either' of unit_change must lie between 1e-06 and 1e+06");
    assert_refused(HEAD "items:\n  - kind: crash\n    at: 1h\n    b: 2\n",
                   "s.yaml:15:8: 'b' of crash must lie between 0 and 1");
    assert_refused(HEAD "items:\n  - kind: holiday\n    at: 1h\n    share: 1.5\n",
                   "s.yaml:15:12: 'share' must lie between 0 and 1");
    assert_refused(HEAD "persona: rude\nitems:\n" MAIN, "s.yaml:12:10: unknown persona 'rude'");
    assert_refused("correct: JUMP\n" HEAD "items:\n" MAIN,
                   "s.yaml:10:1: key 'correct' repeats the one of line 1");
}

static void codes_when_wrong_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_refused(
        "id: T1\ntitle: A\nclass: c\nfamily: M01\ndeployment: fleet\npolicy: default\n"
        "true_incident: true\nmust_escalate: false\ncorrect: NOOP>JUMP\nbait: NOOP\nhorizon: 12h\n"
        "items:\n" MAIN,
        "s.yaml:9:10: 'correct': 'JUMP' at character 6 cannot stand there; accepted: VERB(key=value)>VERB "
        "| VERB, with the verbs, keys and values that docs/SCENARIOS.md lists");
    assert_refused(
        "id: T1\ntitle: A\nclass: c\nfamily: M01\ndeployment: fleet\npolicy: default\n"
        "true_incident: true\nmust_escalate: false\ncorrect: NOOP>\nbait: NOOP\nhorizon: 12h\n"
        "items:\n" MAIN,
        "s.yaml:9:10: 'correct': 'end of it' at character 6 cannot stand there; accepted: "
        "VERB(key=value)>VERB | VERB, with the verbs, keys and values that docs/SCENARIOS.md lists");
}

static void files_when_embedded_are_all_sound(void **state)
{
    (void)state;
    static struct deployment deployment;
    static struct policy policy;
    struct library library = library_embedded();
    uint32_t n_scenarios = 0, n_suites = 0, n_deployments = 0, n_policies = 0;
    for (size_t i = 0; i < n_embedded_files; i++) {
        const char *path = embedded_files[i].path;
        struct slice bytes = {(const char *)embedded_files[i].bytes, embedded_files[i].n_bytes};
        enum err err = OK;
        suite_init(&suite, "test");
        if (strstr(path, "/suites/") != NULL) {
            err = suite_add_suite(&suite, path, bytes, &library, &text);
            n_suites++;
        } else if (strstr(path, "/deployments/") != NULL) {
            err = deployment_parse(path, bytes, &deployment, &text);
            n_deployments++;
        } else if (strstr(path, "/policies/") != NULL) {
            err = policy_parse(path, bytes, &policy, &text);
            n_policies++;
        } else if (strstr(path, "/recorded/") == NULL) {
            err = suite_add(&suite, path, bytes, &library, &text);
            n_scenarios++;
        }
        if (err != OK) {
            fail_msg("%s", text.text);
        }
    }
    assert_true(n_scenarios >= 14);
    assert_true(n_suites >= 2);
    assert_true(n_deployments >= 2);
    assert_true(n_policies >= 2);
}

static void scenario_when_it_has_a_carrier_takes_its_main_item(void **state)
{
    (void)state;
    struct library library = library_embedded();
    suite_init(&suite, "test");
    assert_int_equal(suite_add(&suite, "scenarios/X04.yaml", library_file("scenarios/X04.yaml"),
                               &library, &text),
                     OK);
    const struct scenario *x04 = &suite.scenarios[0];
    assert_string_equal(x04->carrier, "M01");
    assert_int_equal(x04->n_items, 2);
    assert_int_equal(x04->items[0].kind, PLAN_APPROVER_ABSENT);
    assert_false(x04->items[0].main);
    assert_false(x04->items[0].on_carrier);
    assert_int_equal(x04->items[1].kind, PLAN_BAD_MODEL_PUSH);
    assert_true(x04->items[1].main);
    assert_true(x04->items[1].on_carrier);
}

static void scenario_when_its_carrier_cannot_carry_is_refused(void **state)
{
    (void)state;
    struct library library = library_embedded();
    suite_init(&suite, "test");
    assert_int_equal(
        suite_add(&suite, "s.yaml", slice_of(HEAD "carrier: Z99\nitems: []\n"), &library, &text),
        ERR_NO_INPUT);
    assert_string_equal(text.text, "scenarios/Z99.yaml: not embedded");
    assert_int_equal(
        suite_add(&suite, "s.yaml", slice_of(HEAD "carrier: X04\nitems: []\n"), &library, &text),
        ERR_DATA);
    assert_string_equal(text.text, "s.yaml: carrier X04 has too many items or a carrier of its own");
    assert_int_equal(suite_add(&suite, "s.yaml", slice_of(HEAD "items: []\n"), &library, &text),
                     ERR_DATA);
    assert_string_equal(text.text, "s.yaml: exactly one item must be 'main: true', found 0");
    assert_int_equal(
        suite_add(&suite, "s.yaml", slice_of(HEAD "items:\n" MAIN MAIN), &library, &text), ERR_DATA);
    assert_string_equal(text.text, "s.yaml: exactly one item must be 'main: true', found 2");
    assert_int_equal(suite.n_scenarios, 0);
}

static void assert_not_added(const char *document, const char *message)
{
    struct library library = library_embedded();
    suite_init(&suite, "test");
    assert_int_equal(suite_add(&suite, "s.yaml", slice_of(document), &library, &text), ERR_DATA);
    assert_string_equal(text.text, message);
    assert_int_equal(suite.n_scenarios, 0);
}

static void scenario_when_its_keys_do_not_fit_together_is_refused(void **state)
{
    (void)state;
    assert_not_added(HEAD "items:\n  - kind: bad_model_push\n    main: true\n    at: [1h, 12h]\n",
                     "s.yaml:13: item bad_model_push is 'main', and its 'at' may lie at or after the "
                     "'horizon'");
    assert_not_added(HEAD "items:\n  - kind: holiday\n    main: true\n    at: 1h\n",
                     "s.yaml:13: item holiday is 'main' and no fault, but 'true_incident' is true");
    assert_not_added(HEAD "items:\n  - kind: recorded\n    main: true\n    at: 1h\n",
                     "s.yaml:13: item recorded wants a 'recording' that it is the event of");
    assert_not_added(HEAD "items:\n" MAIN "  - kind: freeze\n    after_main: [-61min, 1h]\n",
                     "s.yaml:17: item freeze may begin before the episode");
    assert_not_added("id: T1\ntitle: A\nclass: c\nfamily: M01\ndeployment: fleet\npolicy: default\n"
                     "true_incident: false\nmust_escalate: false\ncorrect: NOOP\nbait: NOOP\n"
                     "horizon: 12h\ncarrier: M01\nitems:\n  - kind: freeze\n    at: 1h\n",
                     "s.yaml: item bad_model_push of its carrier is 'main' and a fault, but "
                     "'true_incident' is false");
}

static void suite_when_wrong_is_refused_where_it_is_wrong(void **state)
{
    (void)state;
    assert_suite_refused("x\n", "u.yaml: not a suite: expected a map");
    assert_suite_refused(
        "name: u\ntitle: U\nweights: prior\nscenario: [M01]\n",
        "u.yaml:4:1: unknown key 'scenario' in suite; accepted: name, title, weights, scenarios, "
        "other_policy, pressures");
    assert_suite_refused("name: u\ntitle: U\nweights: prior\nscenarios: [M01]\n"
                         "other_policy: {name: approval, probability: 1.5}\n",
                         "u.yaml:5:45: 'probability': expected a number from 0 to 1, found '1.5'");
    assert_suite_refused("name: u\ntitle: U\nweights: heavy\nscenarios: [M01]\n",
                         "u.yaml:3:10: 'weights' is 'heavy'; accepted: prior, uniform");
    assert_suite_refused("name: u\ntitle: U\nweights: prior\nscenarios: M01\n",
                         "u.yaml:4:12: 'scenarios': expected a list of ids");
    assert_suite_refused(
        "name: u\ntitle: U\nweights: prior\nscenarios: [M01]\npressures: [{kind: freeze}]\n",
        "u.yaml:5:13: an item wants either 'at' or 'after_main'");
    struct library library = library_embedded();
    suite_init(&suite, "test");
    assert_int_equal(suite_add_suite(&suite, "u.yaml",
                                     slice_of("name: u\ntitle: U\nweights: prior\nscenarios: [Z99]\n"),
                                     &library, &text),
                     ERR_NO_INPUT);
    assert_string_equal(text.text, "scenarios/Z99.yaml: not embedded");
}

static void suite_when_uniform_weighs_its_scenarios_alike(void **state)
{
    (void)state;
    struct library library = library_embedded();
    suite_init(&suite, "test");
    const char *uniform = "name: u\ntitle: U\nweights: uniform\nscenarios: [M01, A04]\n";
    const char *prior = "name: p\ntitle: P\nweights: prior\nscenarios: [M01, A04]\n";
    assert_int_equal(suite_add_suite(&suite, "u.yaml", slice_of(uniform), &library, &text), OK);
    assert_int_equal(suite_add_suite(&suite, "p.yaml", slice_of(prior), &library, &text), OK);
    assert_int_equal(suite.n_scenarios, 4);
    assert_true(suite.weights[0] == 1.0);
    assert_true(suite.weights[1] == 1.0);
    assert_true(suite.weights[2] == 58.0);
    assert_true(suite.weights[3] == 8.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenario_when_sound_is_read_whole),
        cmocka_unit_test(scenario_when_a_key_is_unknown_lists_the_accepted_ones),
        cmocka_unit_test(scenario_when_wrong_is_refused_where_it_is_wrong),
        cmocka_unit_test(codes_when_wrong_are_refused_with_their_place),
        cmocka_unit_test(files_when_embedded_are_all_sound),
        cmocka_unit_test(scenario_when_it_has_a_carrier_takes_its_main_item),
        cmocka_unit_test(scenario_when_its_carrier_cannot_carry_is_refused),
        cmocka_unit_test(scenario_when_its_keys_do_not_fit_together_is_refused),
        cmocka_unit_test(suite_when_wrong_is_refused_where_it_is_wrong),
        cmocka_unit_test(suite_when_uniform_weighs_its_scenarios_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
