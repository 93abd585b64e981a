/* SPDX-License-Identifier: Apache-2.0 */
/* The section live: what is read, what is refused and where, secrets that others could read, and what a mode makes of the settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "live/config/config.h"

static char folder[64];
static struct live_config config;

static const char file[] =
    "name: demo\n"                                                                        /* 1 */
    "window: 10s\n"                                                                       /* 2 */
    "models:\n"                                                                           /* 3 */
    "  - name: fraud\n"                                                                   /* 4 */
    "    tier: low\n"                                                                     /* 5 */
    "    requests_per_window: 3000\n"                                                     /* 6 */
    "    label_delay: 1s\n"                                                               /* 7 */
    "    accuracy_floor: 0.80\n"                                                          /* 8 */
    "    availability_floor: 0.99\n"                                                      /* 9 */
    "    features: [{name: amount, table: payments, importance: 0.40}]\n"                 /* 10 */
    "tables: [{name: payments, producer: pia}]\n"                                         /* 11 */
    "people:\n"                                                                           /* 12 */
    "  - {name: olga, roles: [oncall], level: 1}\n"                                       /* 13 */
    "  - {name: ada, roles: [approver]}\n"                                                /* 14 */
    "  - {name: pia, roles: [producer]}\n"                                                /* 15 */
    "tools: [state, registry, changes, labels, calendar]\n"                               /* 16 */
    "verbs: [NOOP, NOTIFY, ESCALATE, ROLLBACK]\n"                                         /* 17 */
    "llm: {enabled: false, deadline: 20s, calls_per_incident: 3, tokens_per_day: 1000}\n" /* 18 */
    "live:\n"                                                                             /* 19 */
    "  state_dir: state\n"                                                                /* 20 */
    "  listen: {address: 127.0.0.1, port: 9464}\n"                                        /* 21 */
    "  prometheus: {url: \"http://127.0.0.1:9090/\", lag: 2s}\n"                          /* 22 */
    "  mlflow: {url: \"http://127.0.0.1:5000\"}\n"                                        /* 23 */
    "  logins: [{person: ada, token_file: ada.token}]\n";                                 /* 24 */

static void put_secret(const char *name, const char *words, mode_t mode)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    (void)remove(path); /* It may not be there. */
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(words, 1, strlen(words), stream), strlen(words));
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/steward_live_config_XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    put_secret("ada.token", "0123456789abcdef0123\n", 0600);
    return 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"ada.token", "open.token", "hook.secret", "slack.url"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)remove(path); /* Not every test made it. */
    }
    return rmdir(folder);
}

static enum err parse(const char *words, struct err_text *text)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "%s/d.yaml", folder);
    return live_config_parse(name, slice_of(words), true, &config, text);
}

/* The file with the first occurrence of one text replaced by another. */
static void replaced(const char *from, const char *to, char ret_file[4096])
{
    const char *at = strstr(file, from);
    assert_non_null(at);
    (void)snprintf(ret_file, 4096, "%.*s%s%s", (int)(at - file), file, to, at + strlen(from));
}

static void assert_refused(const char *from, const char *to, const char *place, const char *words)
{
    char changed[4096], expected[160];
    struct err_text text = {""};
    replaced(from, to, changed);
    assert_int_equal(parse(changed, &text), ERR_CONFIG);
    (void)snprintf(expected, sizeof(expected), "/d.yaml:%s: ", place);
    if (strstr(text.text, expected) == NULL || strstr(text.text, words) == NULL) {
        fail_msg("expected '%s' and '%s' in '%s'", expected, words, text.text);
    }
}

static void config_when_it_is_sound_is_read(void **state)
{
    struct err_text text = {""};
    (void)state;
    assert_int_equal(parse(file, &text), OK);
    assert_int_equal(config.mode, LIVE_SHADOW);
    assert_string_equal(config.prometheus.url, "http://127.0.0.1:9090");
    assert_int_equal(config.lag_ns, 2 * NS_PER_S);
    assert_string_equal(config.registries[0].model, "fraud");
    assert_string_equal(config.registries[0].alias, "champion");
    assert_string_equal(config.logins[0].token, "0123456789abcdef0123");
    assert_int_equal(config.logins[0].person.value, 2);
    live_config_bind(&config, 77);
    assert_ptr_equal(config.sources[0].registry, &config.registries[0]);
    assert_int_equal(config.sources[0].epoch_unix_ns, 77);
    char expected[128];
    (void)snprintf(expected, sizeof(expected), "%s/state", folder);
    assert_string_equal(config.state_dir, expected);
}

static void config_when_a_key_is_unknown_names_place_and_accepted_keys(void **state)
{
    (void)state;
    assert_refused("  state_dir", "  stat_dir", "20:3",
                   "unknown key 'stat_dir' in live; accepted: mode, mind");
    assert_refused("lag: 2s", "lagg: 2s", "22:47", "unknown key 'lagg' in prometheus; accepted: url");
    assert_refused("person: ada, ", "persona: ada, ", "24:13", "unknown key 'persona' in login");
}

static void config_when_a_value_is_wrong_names_place_and_reason(void **state)
{
    (void)state;
    assert_refused("  state_dir: state\n", "  state_dir: state\n  mode: bold\n", "21:9",
                   "accepted: observe, shadow, propose, auto");
    assert_refused("http://127.0.0.1:5000", "ftp://127.0.0.1", "23:17", "wants http://");
    assert_refused("http://127.0.0.1:5000", "http://me:secret@127.0.0.1", "23:17",
                   "without a name, password");
    assert_refused("address: 127.0.0.1", "address: 0.0.0.0", "21:21", "reachable from elsewhere");
    assert_refused("person: ada", "person: eve", "24:21", "nobody of the deployment");
    assert_refused("9464", "94640", "21:38", "port");
    assert_refused("  mlflow: {url: \"http://127.0.0.1:5000\"}\n", "", "16:8", "has no live source");
    assert_refused("ROLLBACK]", "ROLLBACK, RETRAIN]", "17:8", "RETRAIN has no live adapter");
    assert_refused("labels,", "labels, shadow,", "16:8", "shadow has no live source");
    assert_refused("labels,", "labels, tables,", "16:8", "tables has no live source");
    assert_refused("labels,", "labels, logs,", "16:8", "logs has no live source");
    assert_refused("labels,", "labels, canary,", "16:8", "canary has no live source");
    assert_refused("ROLLBACK]", "ROLLBACK, CANARY]", "17:8", "CANARY has no live adapter");
    assert_refused("[state, registry,", "[registry,", "17:8", "ROLLBACK needs the tool state");
}

static void config_when_it_has_no_live_section_says_so(void **state)
{
    char changed[4096];
    struct err_text text = {""};
    (void)state;
    (void)snprintf(changed, sizeof(changed), "%.*s", (int)(strstr(file, "live:") - file), file);
    assert_int_equal(parse(changed, &text), ERR_CONFIG);
    assert_non_null(strstr(text.text, "key 'live' is missing"));
}

static void secret_when_others_can_read_it_is_refused(void **state)
{
    (void)state;
    put_secret("open.token", "0123456789abcdef0123\n", 0644);
    assert_refused("ada.token", "open.token", "24:38", "others can use it (mode 644); chmod 600 it");
    put_secret("open.token", "0123456789abcdef0123\n", 0640);
    assert_refused("ada.token", "open.token", "24:38", "others can use it (mode 640); chmod 600 it");
    put_secret("open.token", "PRIVATE+KEY+example.com+0123", 0440);
    assert_refused("  state_dir: state\n", "  state_dir: state\n  sign_key_file: open.token\n",
                   "21:18", "others can use it (mode 440); chmod 600 it");
    put_secret("open.token", "0123456789abcdef0123\n", 0400);
    char changed[4096];
    struct err_text text = {""};
    replaced("ada.token", "open.token", changed);
    assert_int_equal(parse(changed, &text), OK);
}

static void listen_when_people_come_through_a_proxy_knows_its_name(void **state)
{
    char changed[4096];
    struct err_text text = {""};
    (void)state;
    assert_int_equal(parse(file, &text), OK);
    assert_false(config.is_remote);
    assert_string_equal(config.page_url, "");
    replaced("port: 9464", "port: 9464, url: \"https://steward.example/\"", changed);
    assert_int_equal(parse(changed, &text), OK);
    assert_string_equal(config.page_url, "https://steward.example");
    replaced("address: 127.0.0.1", "address: 0.0.0.0, remote: true", changed);
    assert_int_equal(parse(changed, &text), OK);
    assert_true(config.is_remote);
    assert_refused("port: 9464", "port: 9464, url: \"https://example.com/steward\"", "21:49",
                   "without a path");
    assert_refused("port: 9464", "port: 9464, url: \"example.com\"", "21:49", "wants http://");
}

static void secret_when_it_is_no_token_is_refused_without_being_shown(void **state)
{
    (void)state;
    put_secret("open.token", "short", 0600);
    assert_refused("ada.token", "open.token", "24:38", "shorter than 16");
    put_secret("open.token", "two words in one file 0123456789", 0600);
    assert_refused("ada.token", "open.token", "24:38", "more than one token");
    put_secret("open.token", " \n", 0600);
    assert_refused("ada.token", "open.token", "24:38", "is empty");
    assert_refused("ada.token", "missing.token", "24:38", "No such file");
    put_secret("hook.secret", "whsec_planted_secret", 0600);
    char changed[4096];
    struct err_text text = {""};
    replaced("  logins:",
             "  hook: {url: \"http://127.0.0.1:1\", secret_file: hook.secret}\n  logins:", changed);
    assert_int_equal(parse(changed, &text), ERR_CONFIG);
    assert_null(strstr(text.text, "planted"));
}

static void mode_when_it_is_observe_takes_every_change_away(void **state)
{
    struct err_text text = {""};
    struct settings *settings = calloc(1, sizeof(*settings));
    static struct policy policy;
    (void)state;
    assert_int_equal(parse(file, &text), OK);
    config.mode = LIVE_OBSERVE;
    config.deployment.llm.enabled = true;
    live_settings(&config, &policy, 1, settings);
    for (int verb = 0; verb < N_VERBS; verb++) {
        bool is_there = (settings->deployment.verbs >> verb & 1u) != 0;
        assert_false(is_there && verb_changes_state((enum verb)verb));
    }
    assert_true((settings->deployment.verbs >> VERB_NOTIFY & 1u) != 0);
    assert_false(settings->deployment.llm.enabled);
    free(settings);
}

static void mode_when_it_is_propose_leaves_nothing_to_automation(void **state)
{
    struct err_text text = {""};
    struct settings *settings = calloc(1, sizeof(*settings));
    static struct policy policy;
    (void)state;
    assert_int_equal(parse(file, &text), OK);
    policy.n_rules = 4;
    policy.preauthorised = UINT64_C(1) << VERB_FALLBACK;
    policy.rules[0] = (struct policy_rule){.verb = VERB_ROLLBACK, .verdict = VERDICT_AUTO};
    policy.rules[1] = (struct policy_rule){.verb = VERB_PROMOTE, .verdict = VERDICT_CANARY};
    policy.rules[2] = (struct policy_rule){.verb = VERB_ROLLBACK, .verdict = VERDICT_TWO};
    policy.rules[3] = (struct policy_rule){.verb = VERB_RETRAIN, .verdict = VERDICT_FORBID};
    config.mode = LIVE_PROPOSE;
    live_settings(&config, &policy, 1, settings);
    assert_int_equal(settings->policy.rules[0].verdict, VERDICT_ONE);
    assert_int_equal(settings->policy.rules[1].verdict, VERDICT_ONE);
    assert_int_equal(settings->policy.rules[2].verdict, VERDICT_TWO);
    assert_int_equal(settings->policy.rules[3].verdict, VERDICT_FORBID);
    assert_int_equal(settings->policy.preauthorised, 0);
    config.mode = LIVE_AUTO;
    live_settings(&config, &policy, 1, settings);
    assert_int_equal(settings->policy.rules[0].verdict, VERDICT_AUTO);
    free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_when_it_is_sound_is_read),
        cmocka_unit_test(config_when_a_key_is_unknown_names_place_and_accepted_keys),
        cmocka_unit_test(config_when_a_value_is_wrong_names_place_and_reason),
        cmocka_unit_test(config_when_it_has_no_live_section_says_so),
        cmocka_unit_test(secret_when_others_can_read_it_is_refused),
        cmocka_unit_test(listen_when_people_come_through_a_proxy_knows_its_name),
        cmocka_unit_test(secret_when_it_is_no_token_is_refused_without_being_shown),
        cmocka_unit_test(mode_when_it_is_observe_takes_every_change_away),
        cmocka_unit_test(mode_when_it_is_propose_leaves_nothing_to_automation),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
