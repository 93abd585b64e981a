/* SPDX-License-Identifier: Apache-2.0 */
/* steward bench: how fast this build is on this machine, and whether it became slower. */
#include <math.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "cli/cli.h"
#include "cli/targets.h"

enum { JSON, ONLY, BASELINE, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [JSON] = {"json", NULL, "machine-readable result, which a later --baseline reads"},
    [ONLY] = {"only", "NAME", "only those with NAME in their name"},
    [BASELINE] = {"baseline", "FILE",
                  "compare with an earlier --json; exit status 1 when one is 1.3 times slower or more"},
};

static const char usage[] = "steward bench [options]";
static const char about[] =
    "Times the hot paths: medians of five in process CPU time (start_up: wall clock), each beside what a bare loop\n"
    "reaches on the same machine in the same minute. Comparisons are ratios to that limit where there is one.";

/* Mixes whose episodes are timed; of the recorded ones that whose recording is part of the build. */
static const struct {
    const char *name, *target;
} mixes[] = {{"prior", "mix:prior"}, {"recorded", "P16-activation"}};
enum { MIXES = sizeof(mixes) / sizeof(mixes[0]) };

static enum err load_mix(struct targets *targets, const char *target,
                         struct campaign_request *request, struct err_text *text)
{
    suite_init(&targets->suite, "bench");
    TRY(files_open(&targets->files, text));
    TRY(targets_add(targets, target, text));
    TRY(targets_set(targets, NULL, NULL, text));
    TRY(targets_load(targets, NULL, text));
    *request = (struct campaign_request){.suite = &targets->suite,
                                         .deployments = targets->deployments,
                                         .n_deployments = targets->n_deployments,
                                         .policies = targets->policies,
                                         .n_policies = targets->n_policies,
                                         .recordings = targets->recordings,
                                         .n_recordings = targets->n_recordings};
    return OK;
}

/* Read before anything is timed: a wrong file is told at once. */
static enum err read_baseline(struct files *files, const char *path, json_t **ret_baseline,
                              struct err_text *text)
{
    struct slice bytes;
    TRY(files_read(files, path, &bytes, text));
    json_error_t error;
    *ret_baseline = json_loadb(bytes.bytes, bytes.n_bytes, JSON_REJECT_DUPLICATES, &error);
    if (*ret_baseline == NULL) {
        return err_set(text, ERR_DATA, "%.200s:%d:%d: %.160s", path, error.line, error.column,
                       error.text);
    }
    bool is_result = json_is_array(json_object_get(*ret_baseline, "results"));
    return is_result ? OK
                     : err_set(text, ERR_DATA, "%s: not a result of `steward bench --json`", path);
}

static void show(const json_t *result)
{
    const json_t *results = json_object_get(result, "results");
    (void)printf("%-18s %14s %-11s %14s %9s %s\n", "name", "value", "unit", "bare loop",
                 "time/bare", "against baseline");
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *one = json_array_get(results, i);
        char limit[32] = "-", of_limit[32] = "-", slower[64] = "";
        if (json_is_number(json_object_get(one, "limit"))) {
            (void)snprintf(limit, sizeof(limit), "%.1f",
                           json_number_value(json_object_get(one, "limit")));
            (void)snprintf(of_limit, sizeof(of_limit), "%.2f",
                           json_number_value(json_object_get(one, "of_limit")));
        }
        if (json_object_get(one, "slower") != NULL) {
            (void)snprintf(slower, sizeof(slower), "%.2f%s",
                           json_number_value(json_object_get(one, "slower")),
                           json_is_true(json_object_get(one, "regression")) ? "  REGRESSION" : "");
        }
        (void)printf("%-18s %14.1f %-11s %14s %9s %s\n",
                     json_string_value(json_object_get(one, "name")),
                     json_number_value(json_object_get(one, "value")),
                     json_string_value(json_object_get(one, "unit")), limit, of_limit, slower);
    }
    (void)printf(
        "time/bare: time taken over the time of a bare loop that does the least; 0.50 is half of its time, "
        "2.00 twice.\n");
}

static enum err run(const struct arguments *arguments, struct targets *targets, json_t **result,
                    json_t **baseline, uint32_t *ret_regressions, struct err_text *text)
{
    const char *path = arguments->values[BASELINE];
    struct campaign_request requests[MIXES];
    struct bench_mix loaded[MIXES];
    for (size_t i = 0; i < MIXES; i++) {
        TRY(load_mix(&targets[i], mixes[i].target, &requests[i], text));
        loaded[i] = (struct bench_mix){mixes[i].name, &requests[i]};
    }
    if (path != NULL) {
        TRY(read_baseline(targets[0].files, path, baseline, text));
    }
    struct bench_request request = {.only = arguments->values[ONLY],
                                    .program = "/proc/self/exe",
                                    .mixes = loaded,
                                    .n_mixes = MIXES};
    TRY(bench_run(&request, result, text));
    return path == NULL ? OK : bench_compare(*result, *baseline, path, ret_regressions, text);
}

int cmd_bench(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &arguments, &text);
    if (err == OK && arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    if (err == OK && arguments.n_targets > 0) {
        err = err_set(&text, ERR_USAGE, "takes no '%s'; see --help", arguments.targets[0]);
    }
    struct targets *targets = calloc(MIXES, sizeof(*targets));
    if (err == OK && targets == NULL) {
        err = err_set(&text, ERR_INTERNAL, "out of memory");
    }
    json_t *result = NULL, *baseline = NULL;
    uint32_t n_regressions = 0;
    err = err == OK ? run(&arguments, targets, &result, &baseline, &n_regressions, &text) : err;
    int status = 0;
    if (err != OK) {
        status = failed("bench", err, &text);
    } else {
        if (arguments.values[JSON] != NULL) {
            (void)json_dumpf(result, stdout,
                             JSON_INDENT(1) | JSON_REAL_PRECISION(9)); /* main() looks at the stream. */
            (void)fputc('\n', stdout);
        } else {
            show(result);
        }
        status = n_regressions > 0 ? 1 : 0;
    }
    json_decref(result);
    json_decref(baseline);
    for (size_t i = 0; targets != NULL && i < MIXES; i++) {
        targets_close(&targets[i]);
        if (targets[i].files != NULL) {
            files_close(targets[i].files);
        }
    }
    free(targets);
    return status;
}
