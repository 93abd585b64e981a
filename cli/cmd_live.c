/* SPDX-License-Identifier: Apache-2.0 */
/* steward live: the same agents on a real platform. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/targets.h"
#include "core/types/names.h"
#include "live/host/host.h"

enum { CONFIG, MODE, DRY_RUN, ONCE, ONLINE, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [CONFIG] = {"config", "FILE", "deployment file with a section live; -c FILE is the same"},
    [MODE] = {"mode", "MODE", "observe, shadow, propose or auto instead of the file's"},
    [DRY_RUN] = {"dry-run", NULL,
                 "show every request, send none that changes, pages or tells; keep nothing"},
    [ONCE] = {"once", NULL, "one window of each model and what follows from it, then end"},
    [ONLINE] = {"online", NULL, "check: ask every server once as well"},
};
static const char usage[] =
    "steward live -c FILE [options]\n       steward live check FILE [--online]";
static const char about[] =
    "Looks after the models of a live platform. The default mode is shadow: everything is decided and recorded, nothing is changed.\n"
    "SIGTERM ends it orderly, SIGHUP takes over a changed file, a file HALT in the state directory halts it.";

struct source {
    const char *path;
    const char *mode; /* NULL: the file's. */
};

static enum err load(void *self, struct live_config *ret_config, struct policy *ret_policy,
                     struct err_text *ret_text)
{
    const struct source *source = self;
    struct files *files = NULL;
    struct slice bytes = {"", 0};
    TRY(files_open(&files, ret_text));
    enum err err = files_read(files, source->path, &bytes, ret_text);
    if (err == OK) {
        err = live_config_parse(source->path, bytes, true, ret_config, ret_text);
    }
    if (err == OK && source->mode != NULL &&
        !live_mode_find(slice_of(source->mode), &ret_config->mode)) {
        err = err_set(ret_text, ERR_USAGE,
                      "option --mode: '%s'; accepted: observe, shadow, propose, auto", source->mode);
    }
    if (err == OK) {
        err = policy_load(files, ret_config->policy, ret_policy, ret_text);
    }
    files_close(files);
    return err;
}

static void log_line(void *self, enum live_level level, const char *words)
{
    static const char *const levels[] = {"info", "warn", "error"};
    struct timespec now;
    struct tm parts;
    char time_words[32] = "";
    (void)self;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* A log line without a time is still one. */
    if (gmtime_r(&now.tv_sec, &parts) != NULL) {
        (void)strftime(time_words, sizeof(time_words), "%Y-%m-%dT%H:%M:%S", &parts);
    }
    (void)fprintf(stderr, "%s.%03ldZ %-5s ", time_words, now.tv_nsec / 1000000, levels[level]);
    for (const char *c = words; *c != '\0'; c++) {
        bool is_control = (unsigned char)*c < 0x20 || *c == 0x7f;
        (void)fputc(is_control ? ' ' : *c, stderr);
    }
    (void)fputc('\n', stderr);
}

static void show(void *self, const char *words)
{
    (void)self;
    (void)printf("%s\n", words);
    (void)fflush(stdout); /* Somebody watches. */
}

/* Tools and verbs with where they come from, masked secrets. */
static void print_sources(const struct live_config *config)
{
    const struct deployment *deployment = &config->deployment;
    (void)printf("deployment %s, mode %s, policy %s, page at http://%s:%u/\n", deployment->name,
                 live_mode_names[config->mode], config->policy, config->address, config->port);
    (void)printf("%-12s %s\n", "tool", "live source");
    for (int tool = 0; tool < N_TOOLS; tool++) {
        bool is_there = (deployment->tools >> tool & 1u) != 0;
        const char *source = live_tool_source((enum tool)tool);
        (void)printf("%-12s %s\n", tool_name((enum tool)tool),
                     is_there         ? source
                     : source == NULL ? "absent (no live source)"
                                      : "absent (not in the file)");
    }
    (void)printf("actions     ");
    for (int verb = 0; verb < N_VERBS; verb++) {
        if ((deployment->verbs >> verb & 1u) != 0) {
            (void)printf(" %s", verb_name((enum verb)verb));
        }
    }
    (void)printf("\npages by    %s%s%s\n", config->has_slack ? " chat webhook" : "",
                 config->has_hook ? " signed webhook" : "",
                 config->has_slack || config->has_hook
                     ? ""
                     : " nobody: no slack and no hook, pages are only shown");
}

static enum err check(struct live_config *config, const struct live_port *port, bool is_online,
                      struct err_text *ret_text)
{
    TRY(live_check_state_dir(config, ret_text));
    print_sources(config);
    TRY(is_online ? live_check(config, port, ret_text) : OK);
    (void)printf("ok\n");
    return OK;
}

static enum err read_targets(struct arguments *arguments, bool *ret_is_check,
                             struct err_text *ret_text)
{
    bool is_check = arguments->n_targets > 0 && strcmp(arguments->targets[0], "check") == 0;
    if (is_check && arguments->n_targets == 2 && arguments->values[CONFIG] == NULL) {
        arguments->values[CONFIG] = arguments->targets[1];
    } else if (arguments->n_targets > (is_check ? 1u : 0u)) {
        return err_set(ret_text, ERR_USAGE, "too many arguments; see --help");
    }
    if (arguments->values[CONFIG] == NULL) {
        return err_set(ret_text, ERR_USAGE, "wants -c FILE; see --help");
    }
    if (arguments->values[ONLINE] != NULL && !is_check) {
        return err_set(ret_text, ERR_USAGE, "option --online goes with check");
    }
    *ret_is_check = is_check;
    return OK;
}

static enum err run(const struct arguments *arguments, bool is_check, struct err_text *ret_text)
{
    struct source source = {arguments->values[CONFIG], arguments->values[MODE]};
    struct live_port port = {&source, log_line, show, load};
    struct live_config *config = calloc(1, sizeof(*config));
    struct policy *policy = calloc(1, sizeof(*policy));
    enum err err = OK;
    if (config == NULL || policy == NULL) {
        err = err_set(ret_text, ERR_INTERNAL, "out of memory");
        goto out;
    }
    err = load(&source, config, policy, ret_text);
    if (err == OK && is_check) {
        err = check(config, &port, arguments->values[ONLINE] != NULL, ret_text);
    } else if (err == OK) {
        struct live_request request = {.config = config,
                                       .policy = policy,
                                       .dry_run = arguments->values[DRY_RUN] != NULL,
                                       .once = arguments->values[ONCE] != NULL};
        err = live_run(&request, &port, ret_text);
    }
out:
    if (config != NULL) {
        live_config_wipe(config);
    }
    free(config);
    free(policy);
    return err;
}

void expand_config_option(int argc, char **argv)
{
    static char config_option[] = "--config";
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            return;
        }
        if (strcmp(argv[i], "-c") == 0) {
            argv[i] = config_option;
        }
    }
}

int cmd_live(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    bool is_check = false;
    expand_config_option(argc, argv);
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &arguments, &text);
    if (err == OK && arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    if (err == OK) {
        err = read_targets(&arguments, &is_check, &text);
    }
    if (err == OK) {
        err = run(&arguments, is_check, &text);
    }
    return err == OK ? 0 : failed("live", err, &text);
}
