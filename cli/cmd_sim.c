/* SPDX-License-Identifier: Apache-2.0 */
/* steward sim: a campaign from the command line. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/keys.h"
#include "cli/out.h"
#include "cli/summary.h"
#include "cli/targets.h"
#include "core/formats/fingerprint.h"
#include "core/formats/secret.h"
#include "core/formats/tape.h"
#include "core/types/names.h"
#include "replay/replay.h"
#ifdef STEWARD_LIVE
#include "wire/wire.h"
#endif

enum {
    SEED,
    RUNS,
    JOBS,
    ARM,
    MIND,
    LLM,
    LLM_RECORD,
    POLICY,
    DEPLOYMENT,
    JOURNAL,
    SIGN,
    OUT,
    TRACE,
    DATA_DIR,
    JSON,
#ifdef STEWARD_LIVE
    WIRE,
#endif
    N_OPTIONS
};

static const struct option_entry options[N_OPTIONS] = {
    [SEED] = {"seed", "N", "seed of the first episode (default 1); the same seed gives the same bits"},
    [RUNS] = {"runs", "N", "episodes, drawn from all targets together (default 1)"},
    [JOBS] = {"jobs", "N", "worker processes (default: processors); never changes a result"},
    [ARM] = {"arm", "NAME", "steward, rules, manual or all (default steward)"},
    [MIND] = {"mind", "NAME",
              "mind of the steward arm: steward, rules, escalate_all, act_always, saboteur"},
    [LLM] = {"llm", "PROFILE",
             "mocked LLM: off, honest, wrong, malformed, slow, injected (default: the scenario's); or cassette:FILE"},
    [LLM_RECORD] =
        {"llm-record", "FILE",
         "record what the LLM is asked and answers in one run of one arm, to be played by --llm cassette:FILE"},
    [POLICY] = {"policy", "FILE", "policy in place of the scenario's"},
    [DEPLOYMENT] = {"deployment", "FILE", "deployment in place of the scenario's"},
    [JOURNAL] = {"journal", "FILE",
                 "record every run and arm; `steward replay FILE` executes it again"},
    [SIGN] = {"sign", "KEY",
              "sign checkpoints of the journal with this secret key (`steward audit keygen`)"},
    [OUT] = {"out", "DIR",
             "also write summary.txt and campaign.json there; `steward report DIR` makes a page of it"},
    [TRACE] = {"trace", NULL, "tell the story of each run as it happens"},
    [DATA_DIR] = {"data-dir", "DIR", "where recorded data lies (elec2_electricity.csv)"},
    [JSON] = {"json", NULL, "machine-readable result on standard output"},
#ifdef STEWARD_LIVE
    [WIRE] = {"wire", NULL,
              "reach registry and platform by the adapters of live mode, over doubles that fail"},
#endif
};

static const char usage[] = "steward sim TARGET... [options]";
static const char about[] =
    "Runs episodes of the targets against the agents, the rules or people alone, and judges each from ground\n"
    "truth. TARGET is a scenario (M01, my/own.yaml), a suite, or mix:prior. Exit status 1: the steward arm broke\n"
    "an enforceable safety invariant.";

static volatile sig_atomic_t stop_signal;
static volatile int stop;

static void on_signal(int number)
{
    stop_signal = number;
    stop = 1;
}

/* Everything of one command. */
struct sim {
    struct arguments arguments;
    struct targets targets;
    struct campaign_request request;
    struct campaign_result result;
    struct journal *journal;
    struct cassette *cassette; /* NULL without --llm cassette:FILE. */
    struct tape *tape;         /* NULL without --llm-record. */
    uint64_t n_taped;
    struct tally *tally; /* NULL without --out. */
    uint32_t n_made;     /* Folders of --out that were not there. */
    char command[8192];  /* Repeats an episode, given its seed. */
    struct err_text text;
    FILE *story; /* Where the trace goes. */
#ifdef STEWARD_LIVE
    struct wire *wire; /* NULL without --wire. */
#endif
};

static enum err choose_arms(const char *word, struct campaign_request *request, struct err_text *text)
{
    bool is_all = word != NULL && strcmp(word, "all") == 0;
    bool is_known = is_all || word == NULL;
    for (int arm = 0; arm < N_ARMS; arm++) {
        bool is_it = word == NULL ? arm == ARM_STEWARD : strcmp(word, arm_name((enum arm)arm)) == 0;
        request->arms[arm] = is_all || is_it;
        is_known = is_known || is_it;
    }
    return is_known ? OK
                    : err_set(text, ERR_USAGE,
                              "option --arm: '%s'; accepted: steward, rules, manual, all", word);
}

static enum err choose_mind(const char *word, struct campaign_request *request, struct err_text *text)
{
    request->mind = MIND_STEWARD;
    if (word == NULL || mind_find(slice_of(word), &request->mind)) {
        return OK;
    }
    return err_set(
        text, ERR_USAGE,
        "option --mind: '%s'; accepted: steward, rules, escalate_all, act_always, saboteur", word);
}

/* Of "cassette:FILE"; NULL: it is something else. */
static const char *cassette_path(const char *word)
{
    static const char kind[] = "cassette:";
    bool is_cassette = word != NULL && strncmp(word, kind, sizeof(kind) - 1) == 0;
    return is_cassette ? word + sizeof(kind) - 1 : NULL;
}

/* One run of one arm that thinks: what is played begins anew with every episode. */
static enum err check_record(const struct sim *sim, struct err_text *text)
{
    const struct campaign_request *request = &sim->request;
    bool is_one = request->runs == 1 && !request->arms[ARM_MANUAL] &&
                  request->arms[ARM_STEWARD] != request->arms[ARM_RULES];
    return sim->arguments.values[LLM_RECORD] == NULL || is_one
               ? OK
               : err_set(text, ERR_USAGE,
                         "option --llm-record wants one run (--runs 1) of the arm steward or rules");
}

static enum err choose_llm(const char *word, struct campaign_request *request, struct err_text *text)
{
    enum persona persona = PERSONA_OFF;
    request->persona = -1;
    if (word == NULL || cassette_path(word) != NULL) {
        return OK;
    }
    if (strstr(word, "://") != NULL) {
        return err_set(
            text, ERR_USAGE,
            "option --llm: %.200s: a simulation asks no server, or it would never be the same twice; record a cassette "
            "(live: llm.cassette) and give --llm cassette:FILE",
            word);
    }
    if (!persona_find(slice_of(word), &persona)) {
        return err_set(
            text, ERR_USAGE,
            "option --llm: '%s'; accepted: off, honest, wrong, malformed, slow, injected, cassette:FILE",
            word);
    }
    request->persona = (int)persona;
    return OK;
}

static enum err read_options(struct sim *sim)
{
    const char *const *values = sim->arguments.values;
    struct campaign_request *request = &sim->request;
    long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs = n_processors < 1 ? 1 : n_processors > 256 ? 256 : (uint64_t)n_processors;
    request->seed = 1;
    request->runs = 1;
    TRY(arguments_number(values[SEED], "seed", 0, (UINT64_C(1) << 53) - 1, &request->seed,
                         &sim->text));
    TRY(arguments_number(values[RUNS], "runs", 1, 10000000, &request->runs, &sim->text));
    TRY(arguments_number(values[JOBS], "jobs", 1, 256, &jobs, &sim->text));
    request->jobs = (uint32_t)jobs;
    TRY(choose_arms(values[ARM], request, &sim->text));
    TRY(choose_mind(values[MIND], request, &sim->text));
    TRY(choose_llm(values[LLM], request, &sim->text));
    if (values[MIND] != NULL && !request->arms[ARM_STEWARD]) {
        return err_set(&sim->text, ERR_USAGE,
                       "option --mind is of the steward arm, which --arm %s leaves out", values[ARM]);
    }
    if (values[SIGN] != NULL && values[JOURNAL] == NULL) {
        return err_set(&sim->text, ERR_USAGE,
                       "option --sign wants a journal to sign: --journal FILE");
    }
    TRY(check_record(sim, &sim->text));
    if (sim->arguments.n_targets == 0) {
        return err_set(&sim->text, ERR_USAGE, "wants a target, such as M01 or mix:prior; see --help");
    }
    return OK;
}

/* Names joined to fit into the title; three dots where they do not. */
static void title_by_targets(const struct arguments *arguments, char title[TITLE_BYTES])
{
    struct text text;
    text_init(&text, title, TITLE_BYTES);
    for (uint32_t i = 0; i < arguments->n_targets; i++) {
        text_put(&text, i == 0 ? "" : ", ");
        text_put(&text, arguments->targets[i]);
    }
    if (text.truncated) {
        memcpy(title + TITLE_BYTES - sizeof("..."), "...", sizeof("..."));
    }
}

static void write_command(struct sim *sim)
{
    static const int kept[] = {ARM, MIND, LLM, POLICY, DEPLOYMENT, DATA_DIR};
    struct text text;
    text_init(&text, sim->command, sizeof(sim->command));
    text_put(&text, "steward sim");
    for (uint32_t i = 0; i < sim->arguments.n_targets; i++) {
        text_put_char(&text, ' ');
        text_put(&text, sim->arguments.targets[i]);
    }
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        const char *value = sim->arguments.values[kept[i]];
        if (value != NULL) {
            text_put(&text, " --");
            text_put(&text, options[kept[i]].name);
            text_put_char(&text, ' ');
            text_put(&text, value);
        }
    }
#ifdef STEWARD_LIVE
    text_put(&text, sim->arguments.values[WIRE] != NULL ? " --wire" : "");
#endif
}

static enum err read_targets(struct sim *sim)
{
    struct targets *targets = &sim->targets;
    suite_init(&targets->suite, "command");
    TRY(files_open(&targets->files, &sim->text));
    for (uint32_t i = 0; i < sim->arguments.n_targets; i++) {
        TRY(targets_add(targets, sim->arguments.targets[i], &sim->text));
    }
    const char *const *values = sim->arguments.values;
    TRY(targets_set(targets, values[DEPLOYMENT], values[POLICY], &sim->text));
    TRY(targets_load(targets, values[DATA_DIR], &sim->text));
    struct suite *suite = &targets->suite;
    if (sim->arguments.n_targets == 1 && suite->title[0] == '\0' && suite->n_scenarios == 1) {
        memcpy(suite->title, suite->scenarios[0].title, sizeof(suite->title));
    } else if (sim->arguments.n_targets > 1 || suite->title[0] == '\0') {
        title_by_targets(&sim->arguments, suite->title);
    }
    write_command(sim);
    struct campaign_request *request = &sim->request;
    request->suite = &targets->suite;
    request->deployment = targets->has_deployment ? &targets->deployment : NULL;
    request->policy = targets->has_policy ? &targets->policy : NULL;
    request->deployments = targets->deployments;
    request->n_deployments = targets->n_deployments;
    request->policies = targets->policies;
    request->n_policies = targets->n_policies;
    request->recordings = targets->recordings;
    request->n_recordings = targets->n_recordings;
    return OK;
}

/* Ports of the campaign. */

static enum err journal_begins(void *self, const struct run_identity *identity)
{
    struct sim *sim = self;
    char plan[8192];
    struct text text;
    text_init(&text, plan, sizeof(plan));
    plan_text(identity->plan, &identity->settings->deployment, &text);
    struct journal_run run = {.arm = arm_name(identity->arm),
                              .mind = identity->arm == ARM_MANUAL ? "" : mind_name(identity->mind),
                              .scenario = identity->plan->scenario,
                              .seed = identity->seed,
                              .plan = {plan, text.n_bytes},
                              .settings = identity->settings};
    return journal_begin(sim->journal, &run, &sim->text);
}

static enum err journal_frame_put(void *self, const struct frame_bytes *frame)
{
    struct sim *sim = self;
    struct journal_frame kept = {frame->sequence, frame->at,    frame->kind, frame->event,
                                 frame->outcome,  frame->state, frame->chain};
    return journal_put(sim->journal, &kept, &sim->text);
}

static enum err put_verdicts(struct sim *sim, const struct verdict_sheet *sheet)
{
    for (uint32_t i = 0; i < sheet->n_kept; i++) {
        const struct violation *violation = &sheet->violations[i];
        char line[160];
        int n_bytes = snprintf(line, sizeof(line), "%s: %s", invariant_name(violation->invariant),
                               violation->why);
        const char *kind =
            invariant_is_enforceable(violation->invariant) ? "violation" : "outcome_error";
        TRY(journal_put_truth(sim->journal, violation->at, kind,
                              (struct slice){line, (size_t)n_bytes}, &sim->text));
    }
    return OK;
}

static enum err put_ledger(struct sim *sim, const struct truth *truth)
{
    for (uint32_t i = 0; i < truth->n_ledger; i++) {
        const struct ledger_entry *entry = &truth->ledger[i];
        static const char *const ends[N_LEDGER_ENDS] = {"open", "done", "failed", "aborted",
                                                        "repeated"};
        char line[160];
        int n_bytes = snprintf(line, sizeof(line), "%s on model %u by %s: %s, quality %.4f to %.4f",
                               verb_name(entry->verb), entry->args.model.value,
                               principal_name(entry->principal), ends[entry->end],
                               entry->quality_before, entry->quality_after);
        TRY(journal_put_truth(sim->journal, entry->asked_at, "effect",
                              (struct slice){line, (size_t)n_bytes}, &sim->text));
    }
    return OK;
}

/* The whole verdict, from which a report can be made without the campaign. */
static enum err put_sheet(struct sim *sim, const struct verdict_sheet *sheet, bool must_escalate)
{
    json_t *json = verdict_json(sheet, must_escalate);
    char *bytes = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(json);
    if (bytes == NULL) {
        return err_set(&sim->text, ERR_INTERNAL, "out of memory");
    }
    enum err err =
        journal_put_truth(sim->journal, sheet->horizon, "verdict", slice_of(bytes), &sim->text);
    free(bytes);
    return err;
}

static enum err journal_ends(void *self, const struct run_identity *identity,
                             const struct verdict_sheet *sheet, const struct truth *truth,
                             struct digest128 fingerprint)
{
    struct sim *sim = self;
    TRY(put_ledger(sim, truth));
    TRY(put_verdicts(sim, sheet));
    TRY(put_sheet(sim, sheet, identity->plan->must_escalate));
    return journal_end(sim->journal, fingerprint, &sim->text);
}

static enum err story_failed(struct sim *sim)
{
    return err_set(&sim->text, ERR_IO, "telling the story: writing failed: %s", strerror(errno));
}

static enum err story_begins(void *self, const struct run_identity *identity)
{
    struct sim *sim = self;
    char plan[8192];
    struct text text;
    text_init(&text, plan, sizeof(plan));
    plan_text(identity->plan, &identity->settings->deployment, &text);
    (void)fprintf(sim->story, "# run %llu, arm %s\n%s", (unsigned long long)identity->run,
                  arm_name(identity->arm), plan);
    return ferror(sim->story) ? story_failed(sim) : OK;
}

static enum err story_goes_on(void *self, struct slice lines)
{
    struct sim *sim = self;
    bool is_written = fwrite(lines.bytes, 1, lines.n_bytes, sim->story) == lines.n_bytes;
    return is_written ? OK : story_failed(sim);
}

static void show_progress(void *self, uint64_t n_ended, uint64_t n_all, uint64_t n_violations)
{
    (void)self;
    enum { BAR = 40 };
    uint64_t step = n_all / 200 + 1;
    if (n_ended % step != 0 && n_ended != n_all) {
        return;
    }
    int filled = (int)(n_ended * BAR / n_all);
    char bar[BAR + 1];
    memset(bar, '.', BAR);
    memset(bar, '#', (size_t)filled);
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r[%s] %llu/%llu episodes, %llu violations%s", bar,
                  (unsigned long long)n_ended, (unsigned long long)n_all,
                  (unsigned long long)n_violations, n_ended == n_all ? "\r\033[K" : "");
}

static enum err sign_journal(struct sim *sim)
{
    const char *path = sim->arguments.values[SIGN];
    if (path == NULL) {
        return OK;
    }
    char bytes[KEY_BYTES] = "";
    enum err err = secret_read(path, bytes, sizeof(bytes), &sim->text);
    if (err == OK) {
        struct err_text why;
        err = journal_sign(sim->journal, slice_of(bytes), &why);
        err = err == OK ? OK : err_set(&sim->text, err, "%.200s: %.200s", path, why.text);
    }
    audit_wipe(bytes, sizeof(bytes));
    return err;
}

static enum err record_exchange(void *self, const struct cassette_exchange *exchange)
{
    struct sim *sim = self;
    sim->n_taped++;
    return tape_put(sim->tape, exchange, &sim->text);
}

static enum err open_llm(struct sim *sim)
{
    const char *path = cassette_path(sim->arguments.values[LLM]);
    const char *record = sim->arguments.values[LLM_RECORD];
    struct slice bytes = {"", 0};
    if (path != NULL) {
        TRY(files_read(sim->targets.files, path, &bytes, &sim->text));
        TRY(cassette_open(path, bytes, &sim->cassette, &sim->text));
        sim->request.cassette = sim->cassette;
    }
    if (record != NULL) {
        TRY(tape_open(record, &sim->tape, &sim->text));
        sim->request.llm = (struct llm_port){sim, record_exchange};
    }
    return OK;
}

/* Questions that the cassette could not answer, so that nobody takes its silence for the LLM's. */
static void tell_unrecorded(const struct sim *sim)
{
    if (sim->tape != NULL && sim->n_taped == 0) {
        (void)fprintf(stderr, "steward sim: the LLM was not asked: nothing was recorded on %s\n",
                      sim->arguments.values[LLM_RECORD]);
    }
    for (int i = 0; i < N_ARMS && sim->cassette != NULL; i++) {
        const struct arm_result *arm = &sim->result.arms[i];
        char prompt[33];
        fingerprint_hex(arm->unrecorded_prompt, prompt);
        if (arm->llm_unrecorded > 0) {
            (void)fprintf(
                stderr,
                "steward sim: arm %s: %llu of %llu questions are not on %s (first: prompt %s, seed %llu); for these the LLM was away\n",
                arm_name((enum arm)i), (unsigned long long)arm->llm_unrecorded,
                (unsigned long long)arm->llm_calls, cassette_path(sim->arguments.values[LLM]),
                prompt, (unsigned long long)arm->unrecorded_seed);
        }
    }
}

static enum err open_ports(struct sim *sim)
{
    struct campaign_request *request = &sim->request;
    TRY(open_llm(sim));
#ifdef STEWARD_LIVE
    if (sim->arguments.values[WIRE] != NULL) {
        TRY(wire_open(&sim->wire, &sim->text));
        request->wire = wire_port_of(sim->wire);
    }
#endif
    if (sim->arguments.values[JOURNAL] != NULL) {
        TRY(journal_create(sim->arguments.values[JOURNAL], &sim->journal, &sim->text));
        enum err signing = sign_journal(sim);
        if (signing != OK) {
            struct err_text ignored;
            enum err also = journal_close(sim->journal, true, &ignored);
            (void)also; /* The first failure is the one to tell. */
            sim->journal = NULL;
            return signing;
        }
        request->journal =
            (struct journal_port){sim, journal_begins, journal_frame_put, journal_ends};
    }
    if (sim->arguments.values[TRACE] != NULL) {
        sim->story = sim->arguments.values[JSON] != NULL ? stderr : stdout;
        request->trace = (struct trace_port){sim, story_begins, story_goes_on};
    }
    if (isatty(STDERR_FILENO) && sim->arguments.values[TRACE] == NULL && request->runs > 1) {
        request->progress = (struct progress_port){sim, show_progress};
    }
    return OK;
}

static enum err keep_verdict(void *self, const struct verdict_told *told, struct err_text *ret_text)
{
    return tally_put(self, told, ret_text);
}

static enum err open_out(struct sim *sim)
{
    if (sim->arguments.values[OUT] == NULL) {
        return OK;
    }
    TRY(out_make(sim->arguments.values[OUT], &sim->n_made, &sim->text));
    TRY(tally_open(&sim->tally, &sim->text));
    sim->request.verdicts = (struct verdict_port){sim->tally, keep_verdict};
    return OK;
}

static enum err write_out(struct sim *sim, double wall_s)
{
    const char *const *values = sim->arguments.values;
    if (values[OUT] == NULL) {
        return OK;
    }
    struct out out = {.folder = values[OUT],
                      .tally = sim->tally,
                      .request = &sim->request,
                      .result = &sim->result,
                      .command = sim->command,
                      .wall_s = wall_s,
                      .subject = {.title = sim->targets.suite.title,
                                  .mind = mind_name(sim->request.mind),
                                  .llm = values[LLM] == NULL ? "" : values[LLM],
                                  .policy = values[POLICY] == NULL ? "" : values[POLICY],
                                  .deployment = values[DEPLOYMENT] == NULL ? "" : values[DEPLOYMENT],
                                  .seed = sim->request.seed,
                                  .runs = sim->request.runs,
                                  .targets = sim->arguments.targets,
                                  .n_targets = sim->arguments.n_targets}};
    return out_write(&out, &sim->text);
}

static double now_s(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* Always there. */
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}, hangup = {.sa_handler = SIG_DFL};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, NULL, &hangup);
    if (hangup.sa_handler != SIG_IGN) { /* nohup stays what it says. */
        (void)sigaction(SIGHUP, &action, NULL);
    }
}

/* The status of a campaign that failed, after its message; no empty folder stays. */
static int fails(const struct sim *sim, enum err err)
{
    if (sim->n_made > 0) {
        out_unmake(sim->arguments.values[OUT], sim->n_made);
    }
    if (err != ERR_CRASHED || stop == 0) {
        return failed("sim", err, &sim->text);
    }
    (void)fprintf(stderr, "%ssteward sim: %s; nothing written\n",
                  sim->request.progress.put == NULL ? "" : "\r\033[K", sim->text.text);
    return 128 + (int)stop_signal;
}

static enum err run(struct sim *sim, double *ret_wall_s)
{
    TRY(read_options(sim));
    TRY(read_targets(sim));
    watch_signals();
    TRY(open_out(sim));
    TRY(open_ports(sim));
    double began_s = now_s();
    struct err_text port_text = {""};
    sim->text = port_text;
    enum err err = campaign_run(&sim->request, &stop, &sim->result, &port_text);
    *ret_wall_s = now_s() - began_s;
    if (err != OK) {
        bool is_told = sim->text.text[0] != '\0'; /* A port knows more than the campaign. */
        sim->text = is_told ? sim->text : port_text;
    }
    if (sim->journal != NULL) {
        struct err_text close_text;
        enum err closed = journal_close(sim->journal, err != OK, &close_text);
        sim->text = err == OK && closed != OK ? close_text : sim->text;
        err = err == OK ? closed : err;
    }
    TRY(err);
    return write_out(sim, *ret_wall_s);
}

int cmd_sim(int argc, char **argv)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    if (sim == NULL) {
        struct err_text text;
        return failed("sim", err_set(&text, ERR_INTERNAL, "out of memory"), &text);
    }
    double wall_s = 0.0;
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &sim->arguments, &sim->text);
    if (err == OK && sim->arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        free(sim);
        return 0;
    }
    err = err == OK ? run(sim, &wall_s) : err;
    int status = 0;
    if (err != OK) {
        status = fails(sim, err);
    } else {
        tell_unrecorded(sim);
        if (sim->arguments.values[JSON] != NULL) {
            bool is_written = summary_json(stdout, &sim->request, &sim->result, wall_s);
            err = is_written ? OK
                             : err_set(&sim->text, ERR_IO, "standard output: writing failed: %s",
                                       strerror(errno));
        } else {
            summary_table(stdout, &sim->request, &sim->result, sim->command, wall_s);
        }
        bool is_violated =
            sim->request.arms[ARM_STEWARD] && sim->result.arms[ARM_STEWARD].violations > 0;
        status = err != OK ? failed("sim", err, &sim->text) : is_violated ? 1 : 0;
    }
    if (sim->tally != NULL) {
        tally_close(sim->tally);
    }
    if (sim->cassette != NULL) {
        cassette_close(sim->cassette);
    }
    if (sim->tape != NULL) {
        tape_close(sim->tape);
    }
#ifdef STEWARD_LIVE
    if (sim->wire != NULL) {
        wire_close(sim->wire);
    }
#endif
    targets_close(&sim->targets);
    if (sim->targets.files != NULL) {
        files_close(sim->targets.files);
    }
    free(sim);
    return status;
}
