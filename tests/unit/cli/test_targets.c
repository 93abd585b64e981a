/* SPDX-License-Identifier: Apache-2.0 */
/* From words to a suite: ids, suites, mixes, files, and what is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/targets.h"

static struct targets *targets;
static struct err_text text;

static int open_targets(void **state)
{
    (void)state;
    targets = calloc(1, sizeof(*targets));
    suite_init(&targets->suite, "command");
    return targets == NULL || files_open(&targets->files, &text) != OK;
}

static int close_targets(void **state)
{
    (void)state;
    targets_close(targets);
    files_close(targets->files);
    free(targets);
    return 0;
}

static void word_when_it_is_an_id_or_a_suite_adds_what_it_names(void **state)
{
    (void)state;
    assert_int_equal(targets_add(targets, "M01", &text), OK);
    assert_int_equal(targets->suite.n_scenarios, 1);
    assert_string_equal(targets->suite.scenarios[0].id, "M01");
    assert_int_equal(targets_add(targets, "both", &text), OK);
    assert_int_equal(targets_add(targets, "mix:both", &text), OK);
    assert_int_equal(targets->suite.n_scenarios, 5);
    assert_string_equal(targets->suite.title, "Both");
}

static void word_when_unknown_is_refused_and_named(void **state)
{
    (void)state;
    assert_int_equal(targets_add(targets, "M99", &text), ERR_NO_INPUT);
    assert_string_equal(text.text,
                        "target 'M99': no such scenario or suite; see `steward scenario list`");
    static const char *const slips[] = {"M1", "m01", "M0"};
    for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
        assert_int_equal(targets_add(targets, slips[i], &text), ERR_NO_INPUT);
        assert_non_null(strstr(text.text, "no such scenario or suite; did you mean M01?"));
    }
    assert_int_equal(targets_add(targets, "boht", &text), ERR_NO_INPUT);
    assert_null(strstr(text.text, "did you mean"));
    assert_int_equal(targets_add(targets, "bot", &text), ERR_NO_INPUT);
    assert_non_null(strstr(text.text, "did you mean both?"));
    assert_int_equal(targets_add(targets, "mix:stress", &text), ERR_USAGE);
    assert_non_null(strstr(text.text, "mix:stress"));
    assert_int_equal(targets_add(targets, "missing.yaml", &text), ERR_NO_INPUT);
    assert_int_equal(targets_add(targets, "/tmp/", &text), ERR_NO_INPUT);
    assert_string_equal(text.text, "/tmp/: is a directory");
    assert_int_equal(targets->suite.n_scenarios, 0);
}

static void write_file(const char *path, const char *before, const char *after)
{
    struct slice base;
    assert_true(files_embedded("scenarios/M01.yaml", &base));
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_true(fputs(before, stream) >= 0);
    assert_int_equal(fwrite(base.bytes, 1, base.n_bytes, stream), base.n_bytes);
    assert_true(fputs(after, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static void file_when_on_disk_is_a_scenario_or_tells_what_is_wrong_where(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof(path), "/tmp/steward_target_%ld.yaml", (long)getpid());
    write_file(path, "", "");
    assert_int_equal(targets_add(targets, path, &text), OK);
    assert_string_equal(targets->suite.scenarios[0].id, "M01");
    write_file(path, "surprise: 1\n", "");
    assert_int_equal(targets_add(targets, path, &text), ERR_DATA);
    assert_memory_equal(text.text, path, strlen(path));
    assert_non_null(strstr(text.text, "surprise"));
    assert_non_null(strstr(text.text, "accepted: "));
    write_file(path, "", "id: M01\n");
    assert_int_equal(targets_add(targets, path, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "id"));
    assert_int_equal(targets->suite.n_scenarios, 1);
    assert_int_equal(unlink(path), 0);
}

static void suite_when_on_disk_is_told_by_its_list_of_scenarios(void **state)
{
    (void)state;
    char path[64];
    (void)snprintf(path, sizeof(path), "/tmp/steward_suite_%ld.yaml", (long)getpid());
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_true(fputs("scenarios: [M01]\nname: own\ntitle: Own\nweights: prior\n", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(targets_add(targets, path, &text), OK);
    assert_string_equal(targets->suite.name, "own");
    assert_int_equal(targets->suite.n_scenarios, 1);
    assert_int_equal(unlink(path), 0);
}

static void recording_when_it_lies_elsewhere_is_asked_for(void **state)
{
    (void)state;
    assert_int_equal(targets_add(targets, "R01", &text), OK);
    assert_int_equal(targets_load(targets, NULL, &text), ERR_NO_INPUT);
    assert_non_null(strstr(text.text, "--data-dir"));
    assert_non_null(strstr(text.text, "R01"));
}

static void deployment_when_nobody_has_it_is_missing(void **state)
{
    (void)state;
    assert_int_equal(targets_add(targets, "M01", &text), OK);
    assert_int_equal(targets_load(targets, NULL, &text), ERR_NO_INPUT);
    assert_string_equal(text.text, "scenarios/M01.yaml:5: 'deployment': none: no such name in this "
                                   "build (a file needs a / or .yaml)");
    assert_int_equal(targets_check(targets, &text), ERR_NO_INPUT);
    assert_int_equal(targets_set(targets, "missing/one.yaml", NULL, &text), ERR_NO_INPUT);
    assert_int_equal(targets_set(targets, NULL, "nobody", &text), ERR_NO_INPUT);
    assert_false(targets->has_deployment);
    assert_false(targets->has_policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(word_when_it_is_an_id_or_a_suite_adds_what_it_names,
                                        open_targets, close_targets),
        cmocka_unit_test_setup_teardown(word_when_unknown_is_refused_and_named, open_targets,
                                        close_targets),
        cmocka_unit_test_setup_teardown(file_when_on_disk_is_a_scenario_or_tells_what_is_wrong_where,
                                        open_targets, close_targets),
        cmocka_unit_test_setup_teardown(suite_when_on_disk_is_told_by_its_list_of_scenarios,
                                        open_targets, close_targets),
        cmocka_unit_test_setup_teardown(recording_when_it_lies_elsewhere_is_asked_for, open_targets,
                                        close_targets),
        cmocka_unit_test_setup_teardown(deployment_when_nobody_has_it_is_missing, open_targets,
                                        close_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
