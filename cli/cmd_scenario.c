/* SPDX-License-Identifier: Apache-2.0 */
/* steward scenario list | show | check. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/embedded.h"
#include "cli/targets.h"

enum { SEED, JSON, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [SEED] = {"seed", "N", "show: the plan that this seed draws as well"},
    [JSON] = {"json", NULL, "list: machine-readable"},
};

static const char usage[] = "steward scenario list | show ID|FILE | check FILE...";
static const char about[] =
    "list: what this build holds. show: a scenario file, and with --seed the plan it becomes.\n"
    "check: reads scenario and suite files strictly and says what is wrong where.";

static bool is_scenario_file(const char *path)
{
    size_t n_bytes = strlen(path);
    bool is_yaml = n_bytes > 5 && strcmp(path + n_bytes - 5, ".yaml") == 0;
    return is_yaml && strchr(path + strlen("scenarios/"), '/') == NULL;
}

/* True when the embedded suite lists the scenario on a line of its own. */
static bool lists(const struct embedded_file *suite, const char *id)
{
    char line[64];
    (void)snprintf(line, sizeof(line), "- %s\n", id);
    struct slice bytes = {(const char *)suite->bytes, suite->n_bytes};
    return slice_find(bytes, slice_of(line)) >= 0;
}

static json_t *suites_of(const char *id)
{
    json_t *suites = json_array();
    for (size_t i = 0; i < n_embedded_files; i++) {
        const char *path = embedded_files[i].path;
        if (strncmp(path, "scenarios/suites/", 17) == 0 && lists(&embedded_files[i], id)) {
            (void)json_array_append_new(suites, json_stringn(path + 17, strlen(path) - 17 - 5));
        }
    }
    return suites;
}

static enum err list(bool is_json, struct err_text *text)
{
    json_t *scenarios = json_array();
    enum err err = OK;
    for (size_t i = 0; i < n_embedded_files && err == OK; i++) {
        const struct embedded_file *file = &embedded_files[i];
        if (!is_scenario_file(file->path)) {
            continue;
        }
        struct scenario scenario;
        err = scenario_parse(file->path, (struct slice){(const char *)file->bytes, file->n_bytes},
                             &scenario, text);
        if (err == OK && is_json) {
            (void)json_array_append_new(
                scenarios, json_pack("{s:s,s:s,s:s,s:s,s:o}", "id", scenario.id, "title",
                                     scenario.title, "class", scenario.class_name, "file",
                                     file->path, "suites", suites_of(scenario.id)));
        } else if (err == OK) {
            (void)printf("%-16s %-22s %s\n", scenario.id, scenario.class_name, scenario.title);
        }
    }
    if (err == OK && is_json) {
        json_t *root = json_pack("{s:O}", "scenarios", scenarios);
        (void)json_dumpf(root, stdout, JSON_INDENT(1));
        (void)fputc('\n', stdout);
        json_decref(root);
    }
    json_decref(scenarios);
    return err;
}

static enum err show_plan(struct targets *targets, uint64_t seed, struct err_text *text)
{
    const struct scenario *scenario = &targets->suite.scenarios[0];
    TRY(targets_set(targets, scenario->deployment, NULL, text));
    struct plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL) {
        return err_set(text, ERR_INTERNAL, "out of memory");
    }
    plan_expand(&targets->suite, suite_draw(&targets->suite, seed), &targets->deployment, seed, plan);
    char buffer[8192];
    struct text lines;
    text_init(&lines, buffer, sizeof(buffer));
    plan_text(plan, &targets->deployment, &lines);
    (void)printf("%s", buffer);
    free(plan);
    return OK;
}

static enum err show(struct targets *targets, const struct arguments *arguments, struct err_text *text)
{
    const char *word = arguments->targets[1];
    struct slice bytes;
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "scenarios/%s.yaml", word);
    if (names_a_file(word)) {
        TRY(files_read(targets->files, word, &bytes, text));
    } else if (!files_embedded(path, &bytes)) {
        return targets_unknown(word, text);
    }
    uint64_t seed = 0;
    TRY(arguments_number(arguments->values[SEED], "seed", 0, (UINT64_C(1) << 53) - 1, &seed, text));
    if (arguments->values[SEED] != NULL) {
        TRY(targets_add(targets, word, text));
        if (targets->suite.title[0] != '\0') {
            return err_set(text, ERR_USAGE,
                           "option --seed draws the plan of a scenario, and %s is a suite", word);
        }
    }
    (void)fwrite(bytes.bytes, 1, bytes.n_bytes, stdout); /* main tells when it cannot be written. */
    return arguments->values[SEED] == NULL ? OK : show_plan(targets, seed, text);
}

static enum err check(struct targets *targets, const struct arguments *arguments,
                      struct err_text *text)
{
    enum err first = OK;
    struct err_text newest; /* Told by the caller; those before it here. */
    for (uint32_t i = 1; i < arguments->n_targets; i++) {
        suite_init(&targets->suite, "command");
        targets->n_deployments = targets->n_policies = 0;
        enum err err = targets_add(targets, arguments->targets[i], text);
        err = err == OK ? targets_check(targets, text) : err;
        if (err == OK) {
            (void)printf("%s: ok\n", arguments->targets[i]);
            continue;
        }
        if (first != OK) {
            (void)failed("scenario", first, &newest);
        }
        first = first == OK ? err : first;
        newest = *text;
    }
    if (first != OK) {
        *text = newest;
    }
    return first;
}

/* Which option belongs to which verb. */
static enum err check_options(const char *verb, const struct arguments *arguments,
                              struct err_text *text)
{
    static const char *const verbs[N_OPTIONS] = {[SEED] = "show", [JSON] = "list"};
    for (int i = 0; i < N_OPTIONS; i++) {
        if (arguments->values[i] != NULL && strcmp(verb, verbs[i]) != 0) {
            return err_set(text, ERR_USAGE, "option --%s belongs to %s, not to '%s'; see --help",
                           options[i].name, verbs[i], verb);
        }
    }
    return OK;
}

static enum err run(struct targets *targets, const struct arguments *arguments, struct err_text *text)
{
    const char *what = arguments->n_targets == 0 ? "" : arguments->targets[0];
    TRY(check_options(what, arguments, text));
    suite_init(&targets->suite, "command");
    TRY(files_open(&targets->files, text));
    if (strcmp(what, "list") == 0 && arguments->n_targets == 1) {
        return list(arguments->values[JSON] != NULL, text);
    }
    if (strcmp(what, "show") == 0 && arguments->n_targets == 2) {
        return show(targets, arguments, text);
    }
    if (strcmp(what, "check") == 0 && arguments->n_targets >= 2) {
        return check(targets, arguments, text);
    }
    return err_set(text, ERR_USAGE,
                   "'%s' with %u names: wants list, show ID or check FILE...; see --help", what,
                   arguments->n_targets > 0 ? arguments->n_targets - 1 : 0);
}

int cmd_scenario(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &arguments, &text);
    if (err == OK && arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    struct targets *targets = calloc(1, sizeof(*targets));
    if (err == OK) {
        err = targets == NULL ? err_set(&text, ERR_INTERNAL, "out of memory")
                              : run(targets, &arguments, &text);
    }
    if (targets != NULL && targets->files != NULL) {
        files_close(targets->files);
    }
    free(targets);
    return err == OK ? 0 : failed("scenario", err, &text);
}
