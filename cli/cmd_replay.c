/* SPDX-License-Identifier: Apache-2.0 */
/* steward replay: executes a journal again. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/targets.h"
#include "core/formats/trace.h"
#include "replay/replay.h"

enum { POLICY, TRACE, JSON, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [POLICY] = {"policy", "FILE",
                "execute with this policy instead and show the first frame that differs"},
    [TRACE] = {"trace", NULL, "tell the story of each run"},
    [JSON] = {"json", NULL, "machine-readable result"},
};

enum { STORY_BYTES = 1 << 16 };
static const char usage[] = "steward replay JOURNAL [options]";
static const char about[] =
    "Feeds the recorded events to this build and compares every frame. Exit status 0: all the same; 1: the first\n"
    "divergence is shown; 65: the journal is damaged. Rows beside the frames (plan, truth, tree, projections) are for\n"
    "steward audit verify.";

struct story {
    FILE *stream;
    struct err_text *text;
    char lines[STORY_BYTES];
};

static enum err story_run(void *self, uint64_t run_id, const char *arm, const char *mind,
                          const char *scenario, uint64_t seed)
{
    struct story *story = self;
    (void)fprintf(story->stream, "# run %llu: arm %s, mind %s, scenario %s, seed %llu\n",
                  (unsigned long long)run_id, arm, mind, scenario, (unsigned long long)seed);
    return ferror(story->stream) ? err_set(story->text, ERR_IO,
                                           "telling the story: writing failed: %s", strerror(errno))
                                 : OK;
}

static enum err story_frame(void *self, const struct settings *settings, const struct event *event,
                            const struct advice *advice, const struct effects *effects)
{
    struct story *story = self;
    struct text text;
    text_init(&text, story->lines, sizeof(story->lines));
    trace_step(&settings->deployment, event, advice, effects, &text);
    bool is_written = fwrite(text.bytes, 1, text.n_bytes, story->stream) == text.n_bytes;
    return is_written ? OK
                      : err_set(story->text, ERR_IO, "telling the story: writing failed: %s",
                                strerror(errno));
}

static void show_same(const char *path, const struct replay_result *result)
{
    uint64_t n_checked = result->frames - result->executed;
    (void)printf("%s: %llu runs, all the same: %llu frames executed", path,
                 (unsigned long long)result->runs, (unsigned long long)result->executed);
    if (n_checked > 0) {
        (void)printf("; %llu frames of the manual arm have no core and are only checked",
                     (unsigned long long)n_checked);
    }
    (void)printf("\nRows of plan, truth, tree and projections are not executed: `steward audit verify "
                 "%s` checks them.\n",
                 path);
}

static int show(const struct arguments *arguments, const struct replay_result *result)
{
    if (arguments->values[JSON] != NULL) {
        json_t *root = json_pack("{s:b,s:I,s:I,s:I}", "same", result->same, "runs",
                                 (json_int_t)result->runs, "frames", (json_int_t)result->frames,
                                 "executed", (json_int_t)result->executed);
        if (!result->same) {
            (void)json_object_set_new(root, "divergence",
                                      json_pack("{s:I,s:I,s:I,s:s}", "run", (json_int_t)result->run_id,
                                                "seq", (json_int_t)result->sequence, "at_ns",
                                                (json_int_t)result->at, "where", result->where));
        }
        (void)json_dumpf(root, stdout, JSON_INDENT(1));
        (void)fputc('\n', stdout);
        json_decref(root);
    } else if (result->same) {
        show_same(arguments->targets[0], result);
    } else {
        char buffer[64];
        struct text text;
        text_init(&text, buffer, sizeof(buffer));
        text_put_clock(&text, result->at);
        (void)printf("%s: run %llu differs first at frame %llu %s: %s (journal / now)\n",
                     arguments->targets[0], (unsigned long long)result->run_id,
                     (unsigned long long)result->sequence, buffer, result->where);
    }
    return result->same ? 0 : 1;
}

int cmd_replay(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &arguments, &text);
    if (err == OK && arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    if (err == OK && arguments.n_targets != 1) {
        err = err_set(&text, ERR_USAGE, "wants one journal; see --help");
    }
    if (err != OK) {
        return failed("replay", err, &text);
    }
    struct files *files = NULL;
    struct policy policy;
    struct replay_result result = {0};
    struct story *story = calloc(1, sizeof(*story));
    err = story == NULL ? err_set(&text, ERR_INTERNAL, "out of memory") : files_open(&files, &text);
    bool has_policy = arguments.values[POLICY] != NULL;
    if (err == OK && has_policy) {
        err = policy_load(files, arguments.values[POLICY], &policy, &text);
    }
    if (err == OK) {
        story->stream = arguments.values[JSON] != NULL ? stderr : stdout;
        story->text = &text;
        bool has_story = arguments.values[TRACE] != NULL;
        struct replay_port port = {story, has_story ? story_run : NULL,
                                   has_story ? story_frame : NULL};
        err = replay_run(arguments.targets[0], has_policy ? &policy : NULL, &port, &result, &text);
    }
    if (files != NULL) {
        files_close(files);
    }
    free(story);
    return err == OK ? show(&arguments, &result) : failed("replay", err, &text);
}
