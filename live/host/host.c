/* SPDX-License-Identifier: Apache-2.0 */
/* The live host: opens everything, is the world of the loop, and closes everything. One thread; it sleeps in curl's poll with the descriptors of the
 * server and of the signals. */
#include "live/host/host.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/secret.h"
#include "live/host/parts.h"

const struct live_config *config_of(const struct live *live)
{
    return live->configs[live->config_i];
}

int64_t live_steady(void)
{
    struct timespec now;
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t live_now(const struct live *live)
{
    struct timespec now;
    ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    int64_t at = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec - live->epoch_unix_ns;
    /* Where the clock was set back, time passes at half its pace until the clock has caught up. */
    int64_t least = live->at + (live_steady() - live->at_steady) / 2;
    return at > least ? at : least;
}

bool live_changes(const struct live *live)
{
    enum live_mode mode = config_of(live)->mode;
    return !live->dry_run && !live->settling && (mode == LIVE_PROPOSE || mode == LIVE_AUTO);
}

void live_log(struct live *live, enum live_level level, const char *format, ...)
{
    char words[1024];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(words, sizeof(words), format, list);
    va_end(list);
    live->port.log(live->port.self, level, words);
}

/* Signals. */

static enum err open_signals(struct live *live)
{
    sigset_t set;
    (void)sigemptyset(&set); /* These cannot fail with such arguments. */
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
        (live->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) < 0) {
        return err_set(live->text, ERR_INTERNAL, "signals: %s", strerror(errno));
    }
    return OK;
}

static void take_signals(struct live *live)
{
    struct signalfd_siginfo signal;
    while (read(live->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
        if (signal.ssi_signo == SIGHUP) {
            live->reload_wanted = true;
        } else if (live->draining) {
            live->hurried = true;
        } else {
            live->draining = true;
            live->drain_until = live_steady() + DRAIN_NS;
            live_log(live, LIVE_INFO,
                     "stopping: acts under way are waited for, a second signal does not wait");
        }
    }
}

/* SIGHUP: all or nothing. What the run is about changes only between incidents, because a run has one deployment and one policy. */

static bool is_same_run(struct live *live, const struct live_config *config,
                        const struct policy *policy)
{
    struct settings *settings = calloc(1, sizeof(*settings));
    struct live_run run = {0};
    bool is_same = false;
    if (settings != NULL) {
        live_settings(config, policy, live->seed, settings);
        is_same = config->mode == config_of(live)->mode &&
                  live_journal_newest(live->journal, settings, &run, live->text) == OK &&
                  run.same_settings;
    }
    free(settings);
    return is_same;
}

static const char *reload_refusal(struct live *live, const struct live_config *config,
                                  const struct policy *policy, uint32_t other)
{
    if (calls_use(live, other)) {
        return "requests of the configuration before the last are under way; try again later";
    }
    if (strcmp(config->state_dir, config_of(live)->state_dir) != 0 ||
        strcmp(config->address, config_of(live)->address) != 0 ||
        config->port != config_of(live)->port ||
        strcmp(config->sign_key, config_of(live)->sign_key) != 0 ||
        strcmp(config->cassette, config_of(live)->cassette) != 0) {
        return "state_dir, listen, sign_key_file and llm.cassette change only with a restart";
    }
    if (!is_same_run(live, config, policy) &&
        (steward_docket(live->steward)->n_entries > 0 || !calls_idle(live))) {
        return "mode, deployment or policy change only while no incident is open and no request under way; try again later";
    }
    return NULL;
}

static bool is_among(const struct calendar_entry *entries, uint32_t n,
                     const struct calendar_entry *entry)
{
    for (uint32_t i = 0; i < n; i++) {
        if (calendar_entry_equal(&entries[i], entry)) {
            return true;
        }
    }
    return false;
}

/* What is queued counts as known from now on: an answer about the calendar that is queued behind it agrees with it. */
static bool put_calendar(struct live *live, enum control_kind kind, const struct calendar_entry *entry)
{
    struct event event = {.kind = EVENT_CONTROL, .at = live_now(live)};
    event.control.kind = kind;
    event.control.calendar = *entry;
    if (!queue_is_open(live, SENDER_HALT) || !queue_put(live, &event, 0)) {
        return false;
    }
    live_memory_note(&live->memory, &event);
    return true;
}

/* Declared windows that the run does not know yet, after those that it knows and nobody declares any more. */
static void tell_calendar(struct live *live)
{
    const struct live_config *config = config_of(live);
    const struct live_memory known = live->memory;
    struct calendar_entry entries[CALENDAR_MAX];
    int64_t now = live_now(live);
    for (uint32_t i = 0; i < config->n_calendar; i++) {
        entries[i] = config->calendar[i];
        entries[i].from -= live->epoch_unix_ns;
        entries[i].to -= live->epoch_unix_ns;
    }
    for (uint32_t i = 0; i < known.n_calendar; i++) {
        const struct calendar_entry *entry = &known.calendar[i];
        bool is_withdrawn = entry->to > now && !is_among(entries, config->n_calendar, entry);
        if (is_withdrawn && !put_calendar(live, CONTROL_WITHDRAW, entry)) {
            live_log(live, LIVE_ERROR,
                     "a calendar entry that is in the file no more stays in force: too much waits");
        }
    }
    for (uint32_t i = 0; i < config->n_calendar; i++) {
        bool is_new = entries[i].to > now && !is_among(known.calendar, known.n_calendar, &entries[i]);
        if (is_new && !put_calendar(live, CONTROL_CALENDAR, &entries[i])) {
            live_log(live, LIVE_ERROR, "calendar entry %u is not in force: too much waits", i + 1);
        }
    }
}

static void reload(struct live *live)
{
    uint32_t other = 1 - live->config_i;
    struct live_config *config = calloc(1, sizeof(*config));
    struct policy *policy = calloc(1, sizeof(*policy));
    struct err_text text = {""};
    const char *refusal = "out of memory";
    live->reload_wanted = false;
    if (config != NULL && policy != NULL) {
        bool is_valid = live->port.load(live->port.self, config, policy, &text) == OK;
        refusal = is_valid ? reload_refusal(live, config, policy, other) : text.text;
    }
    live->reload_ok = refusal == NULL;
    if (refusal == NULL) {
        live->renew = !is_same_run(live, config, policy);
        live->policy = *policy;
        if (live->configs[other] != NULL) {
            live_config_wipe(live->configs[other]);
            free(live->configs[other]);
        }
        live->configs[other] = config;
        live->config_i = other;
        live_config_bind(config, live->epoch_unix_ns);
        live->view.config = config;
        live->reload_unix_s = (live->epoch_unix_ns + live_now(live)) / NS_PER_S;
        server_forget(live->server);
        live_log(live, LIVE_INFO, "configuration taken over%s",
                 live->renew ? "; a new run begins" : "");
        config = NULL;
        if (!live->renew) {
            tell_calendar(live);
        }
    } else {
        live_log(live, LIVE_ERROR, "configuration not taken over: %s", refusal);
    }
    if (config != NULL) {
        live_config_wipe(config);
    }
    free(config);
    free(policy);
}

/* The world. */

static void look_for_halt(struct live *live)
{
    char path[LIVE_PATH_BYTES + 8];
    struct stat status;
    int64_t now = live_steady();
    if (now < live->halt_look_at) {
        return;
    }
    live->halt_look_at = now + HALT_LOOK_NS;
    (void)snprintf(path, sizeof(path), "%s/HALT", config_of(live)->state_dir);
    if (stat(path, &status) == 0 && !steward_docket(live->steward)->halted) {
        struct event event = {.kind = EVENT_CONTROL};
        event.control.kind = CONTROL_HALT;
        if (queue_is_open(live, SENDER_HALT) && queue_put(live, &event, 0)) {
            live_log(live, LIVE_WARN,
                     "halted: there is a file %s; a person resumes after it is removed", path);
        }
    }
}

static void begin_windows(struct live *live)
{
    const struct live_config *config = config_of(live);
    int64_t now = live_now(live), window_ns = config->deployment.window_ns;
    if (live->draining || live->is_first || live->settling) {
        return;
    }
    for (uint32_t i = 0; i < config->deployment.n_models; i++) {
        struct watch *watch = &live->watches[i];
        if (watch->window_next == 0) {
            watch->window_next = live->once ? now - config->lag_ns - (now - config->lag_ns) % NS_PER_S
                                            : (now / window_ns + 1) * window_ns;
        }
        bool is_over = live->once && watch->window_to != 0;
        if (is_over || now < watch->window_next + config->lag_ns) {
            continue;
        }
        int64_t newest = (now - config->lag_ns) / window_ns * window_ns;
        int64_t to = watch->window_next > newest || live->once ? watch->window_next : newest;
        if (to > watch->window_to) {
            call_window(live, (struct model_id){(uint16_t)(i + 1)}, to);
        }
        watch->window_next = (to / window_ns + 1) * window_ns;
    }
}

static int64_t windows_due(const struct live *live)
{
    int64_t due = NEVER;
    if (live->draining || live->settling) {
        return due;
    }
    for (uint32_t i = 0; i < config_of(live)->deployment.n_models; i++) {
        int64_t own = live->watches[i].window_next + config_of(live)->lag_ns;
        due = live->watches[i].window_next != 0 && own < due ? own : due;
    }
    return live->once ? NEVER : due;
}

static bool is_over(const struct live *live)
{
    if (live->is_first) {
        return false;
    }
    if (live->hurried || live->renew) {
        return true;
    }
    if (live->settling && !live->draining) {
        return settle_is_over(live);
    }
    if (live->draining) {
        return (!calls_acting(live) && live->n_queued == 0) || live_steady() >= live->drain_until;
    }
    if (!live->once || !calls_idle(live) || live->n_queued > 0) {
        return false;
    }
    for (uint32_t i = 0; i < config_of(live)->deployment.n_models; i++) {
        if (live->watches[i].window_to == 0) {
            return false;
        }
    }
    return live->wake_at > live_now(live);
}

static void wait_for_anything(struct live *live)
{
    int64_t now = live_now(live);
    int64_t until = now + HALT_LOOK_NS, due = calls_due(live);
    until = due < until ? due : until;
    until = live->wake_at < until && !live->draining ? live->wake_at : until;
    due = windows_due(live);
    until = due < until ? due : until;
    int64_t server_ns = server_timeout(live->server);
    int64_t wait_ns = until > now ? until - now : 0;
    wait_ns = server_ns >= 0 && server_ns < wait_ns ? server_ns : wait_ns;
    const int descriptors[2] = {server_descriptor(live->server), live->signals};
    pipe_wait(live->pipe, descriptors, 2, wait_ns);
}

/* Everything that can be done without waiting. */
static void turn(struct live *live)
{
    take_signals(live);
    server_run(live->server);
    calls_step(live);
    call_traces(live);
    look_for_halt(live);
    begin_windows(live);
    if (live->reload_wanted && !live->is_first && !live->settling) {
        reload(live);
    }
}

static bool first_event(struct live *live, struct event *event)
{
    if (!live->is_first) {
        return false;
    }
    live->is_first = false;
    event->kind = EVENT_START;
    event->start = (struct start_event){live->recovered, live->recovered ? live->incarnation + 1 : 0};
    return true;
}

static bool next_event(struct live *live, struct event *event)
{
    memset(event, 0, sizeof(*event));
    live->letter = 0;
    if (first_event(live, event) || queue_take(live, event, &live->letter)) {
        return true;
    }
    if (live->wake_at <= live_now(live) && !live->draining) {
        live->wake_at = NEVER;
        event->kind = EVENT_TICK;
        return true;
    }
    return false;
}

static enum err world_next(void *self, struct event *ret_event, bool *ret_more)
{
    struct live *live = self;
    for (;;) {
        turn(live);
        if (live->broken) {
            return ERR_IO;
        }
        if (is_over(live)) {
            *ret_more = false;
            return OK;
        }
        if (next_event(live, ret_event)) {
            live->at = live_now(live);
            live->at_steady = live_steady();
            ret_event->at = live->at;
            ret_event->sequence = ++live->sequence;
            *ret_more = true;
            return OK;
        }
        wait_for_anything(live);
    }
}

static void open_eyes(struct live *live)
{
    const struct live_config *config = config_of(live);
    tell_calendar(live);
    for (uint32_t i = 0; i < config->deployment.n_models; i++) {
        live->watches[i].version = live->memory.baselines[i].version;
        call_registry(live, (struct model_id){(uint16_t)(i + 1)});
    }
}

static enum err world_apply(void *self, const struct effects *effects)
{
    struct live *live = self;
    live_memory_note(&live->memory, &live->loop.event);
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        switch (effect->kind) {
        case EFFECT_RECORD:
            break;
        case EFFECT_ASK:
            call_evidence(live, &effect->ask);
            break;
        case EFFECT_ASK_LLM:
            call_llm(live, &effect->ask_llm);
            break;
        case EFFECT_ACT:
            call_act(live, &effect->act);
            break;
        case EFFECT_REQUEST_APPROVAL:
            call_request(live, &effect->request);
            break;
        case EFFECT_PAGE:
            call_page(live, &effect->page);
            break;
        case EFFECT_NOTIFY:
            call_notify(live, &effect->notify);
            break;
        case N_EFFECT_KINDS:
            ASSERT(effect->kind != N_EFFECT_KINDS);
            break;
        }
    }
    live->wake_at = effects->wake_at;
    if (live->loop.event.kind == EVENT_START && !live->settling) {
        open_eyes(live);
    }
    return OK;
}

/* Opening and closing. */

static enum err look_at_state_dir(const char *path, const struct stat *status,
                                  struct err_text *ret_text)
{
    if (!S_ISDIR(status->st_mode)) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "state_dir %s: is not a directory", path);
    }
    if (MODE_IS_OPEN(status->st_mode)) {
        return err_set(
            ret_text, ERR_CONFIG,
            "state_dir %s: others can read or change what is kept there (mode %03o); chmod 700 it",
            path, (unsigned)status->st_mode & 0777u);
    }
    return OK;
}

static enum err make_state_dir(const char *path, struct err_text *ret_text)
{
    struct stat status;
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || stat(path, &status) != 0) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "state_dir %s: %s", path, strerror(errno));
    }
    return look_at_state_dir(path, &status, ret_text);
}

enum err live_check_state_dir(const struct live_config *config, struct err_text *ret_text)
{
    const char *path = config->state_dir;
    struct stat status;
    char parent[LIVE_PATH_BYTES];
    if (stat(path, &status) == 0) {
        TRY(look_at_state_dir(path, &status, ret_text));
        return access(path, W_OK | X_OK) == 0
                   ? OK
                   : err_set(ret_text, ERR_CANNOT_WRITE, "state_dir %s: %s", path, strerror(errno));
    }
    if (errno != ENOENT) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "state_dir %s: %s", path, strerror(errno));
    }
    (void)snprintf(parent, sizeof(parent), "%s", path);
    size_t n_bytes = strlen(parent);
    while (n_bytes > 1 && parent[n_bytes - 1] == '/') {
        n_bytes--;
    }
    while (n_bytes > 0 && parent[n_bytes - 1] != '/') {
        n_bytes--;
    }
    parent[n_bytes] = '\0';
    const char *above = n_bytes == 0 ? "." : parent;
    if (stat(above, &status) != 0 || access(above, W_OK | X_OK) != 0) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "state_dir %s: cannot be made in %s: %s", path,
                       above, strerror(errno));
    }
    return S_ISDIR(status.st_mode)
               ? OK
               : err_set(ret_text, ERR_CANNOT_WRITE,
                         "state_dir %s: cannot be made: %s is not a directory", path, above);
}

static enum err make_scratch_dir(struct live *live)
{
    (void)snprintf(live->scratch_dir, sizeof(live->scratch_dir), "/tmp/steward-dry-run-XXXXXX");
    if (mkdtemp(live->scratch_dir) == NULL) {
        live->scratch_dir[0] = '\0';
        return err_set(live->text, ERR_CANNOT_WRITE, "a directory under /tmp for the dry run: %s",
                       strerror(errno));
    }
    return OK;
}

static void remove_scratch_dir(const struct live *live)
{
    static const char *const names[] = {"journal.stw", "journal.stw-wal", "journal.stw-shm",
                                        "queue.db",    "queue.db-wal",    "queue.db-shm"};
    char path[sizeof(live->scratch_dir) + 24];
    if (live->scratch_dir[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", live->scratch_dir, names[i]);
        (void)unlink(path); /* Not every one is there. */
    }
    (void)rmdir(live->scratch_dir); /* What stays is told by its name. */
}

static enum err open_memory(struct live *live, const struct live_request *request)
{
    live->configs[0] = calloc(1, sizeof(*live->configs[0]));
    live->block = aligned_alloc(16, (steward_size() + 15) / 16 * 16);
    live->event_buffer = malloc(CODEC_BYTES_MAX);
    live->outcome_buffer = malloc(CODEC_BYTES_MAX);
    live->state_buffer = malloc(STATE_BYTES);
    live->calls = calloc(CALLS_MAX, sizeof(*live->calls));
    live->queue = calloc(QUEUE_MAX, sizeof(*live->queue));
    live->board = calloc(1, sizeof(*live->board));
    live->metrics = calloc(1, sizeof(*live->metrics));
    live->tracer = calloc(1, sizeof(*live->tracer));
    bool is_whole = live->configs[0] != NULL && live->block != NULL && live->event_buffer != NULL &&
                    live->outcome_buffer != NULL && live->state_buffer != NULL &&
                    live->calls != NULL && live->queue != NULL && live->board != NULL &&
                    live->metrics != NULL && live->tracer != NULL;
    if (!is_whole) {
        return err_set(live->text, ERR_INTERNAL, "live: out of memory");
    }
    *live->configs[0] = *request->config;
    live->policy = *request->policy;
    return OK;
}

static enum err open_files(struct live *live)
{
    const struct live_config *config = config_of(live);
    char path[LIVE_PATH_BYTES + 16], queue[LIVE_PATH_BYTES + 16];
    const char *folder = config->state_dir;
    if (live->dry_run) {
        TRY(make_scratch_dir(live));
        folder = live->scratch_dir;
    } else {
        TRY(make_state_dir(folder, live->text));
    }
    (void)snprintf(path, sizeof(path), "%s/journal.stw", folder);
    (void)snprintf(queue, sizeof(queue), "%s/queue.db", folder);
    TRY(live_journal_open(path, queue, slice_of(config->sign_key), &live->journal, live->text));
    bool is_taped = config->cassette[0] != '\0' && !live->dry_run;
    return is_taped ? tape_open(config->cassette, &live->tape, live->text) : OK;
}

static enum err open_all(struct live *live, const struct live_request *request)
{
    if (sodium_init() < 0) {
        return err_set(live->text, ERR_INTERNAL, "live: no source of random numbers");
    }
    (void)prctl(
        PR_SET_DUMPABLE,
        0L); /* Secrets belong into no core dump; where that is refused, the system's own limit holds. */
    TRY(open_memory(live, request));
    TRY(open_signals(live));
    TRY(pipe_open(&live->pipe, live->text));
    TRY(open_files(live));
    record_build(live->build);
    TRY(record_resume(live));
    if (!live->settling) { /* They are for the run that begins. */
        TRY(intake_letters(live));
    }
    live->view.config = live->configs[0];
    live->view.board = live->board;
    struct server_port port = intake_port(live);
    return server_open(&port, &live->view, &live->server, live->text);
}

static void close_all(struct live *live)
{
    if (live->server != NULL) {
        server_close(live->server);
    }
    if (live->pipe != NULL) {
        pipe_close(live->pipe);
    }
    if (live->tape != NULL) {
        tape_close(live->tape);
    }
    if (live->signals >= 0) {
        (void)close(live->signals); /* Only read. */
    }
    for (int i = 0; i < 2; i++) {
        if (live->configs[i] != NULL) {
            live_config_wipe(live->configs[i]);
        }
        free(live->configs[i]);
    }
    free(live->block);
    free(live->event_buffer);
    free(live->outcome_buffer);
    free(live->state_buffer);
    free(live->calls);
    free(live->queue);
    free(live->board);
    free(live->metrics);
    free(live->tracer);
    free(live);
}

static enum err run_loops(struct live *live)
{
    struct world world = {live, world_next, world_apply};
    struct recorder recorder = record_port(live);
    for (;;) {
        TRY(loop_run(&live->loop, live->steward, &world, &recorder));
        if ((!live->renew && !live->settling) || live->draining) {
            return OK;
        }
        bool is_settled = live->settling;
        live->renew = false;
        bool is_halted = steward_docket(live->steward)->halted;
        TRY(is_settled ? settle_end(live)
                       : record_begin(live, is_halted ? "the run before was halted" : NULL));
        TRY(intake_letters(live)); /* What waited in the queue of the old run. */
    }
}

/* A record that cannot be written: nothing is done any more, and somebody is told without one. */
static void cry(struct live *live)
{
    const struct live_config *config = config_of(live);
    live_log(live, LIVE_ERROR, "stopped acting: %s", live->text->text);
    if (!config->has_slack || live->dry_run || config->mode == LIVE_OBSERVE) {
        return;
    }
    struct http_once *once = NULL;
    struct slack_send send;
    struct err_text ignored;
    if (http_once_open(&once, &ignored) != OK) {
        return;
    }
    struct http_response response;
    if (slack_send_begin(
            &send, &config->slack,
            slice_of(
                "steward stopped: its journal cannot be written. Nobody looks after the models now."),
            0, &live->scratch) == EXCHANGE_SEND) {
        http_once_ask(once, &live->scratch, &response);
    }
    http_once_close(once);
}

enum err live_run(const struct live_request *request, const struct live_port *port,
                  struct err_text *ret_text)
{
    struct live *live = calloc(1, sizeof(*live));
    if (live == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "live: out of memory");
    }
    live->port = *port;
    live->text = ret_text;
    live->dry_run = request->dry_run;
    live->once = request->once;
    live->signals = -1;
    live->reload_ok = true;
    enum err err = open_all(live, request);
    if (err == OK) {
        live_log(live, LIVE_INFO, "mode %s, %u models, page at http://%s:%u/",
                 live_mode_names[config_of(live)->mode], config_of(live)->deployment.n_models,
                 config_of(live)->address, config_of(live)->port);
        if (live->dry_run) {
            live_log(live, LIVE_INFO,
                     "dry run: state_dir and cassette stay as they are, no command of people is taken; "
                     "its own journal is in %s and goes with it",
                     live->scratch_dir);
        }
        err = run_loops(live);
        if (live->tape != NULL && live->n_taped == 0) {
            live_log(live, LIVE_WARN, "the LLM was not asked: nothing was recorded on %s",
                     config_of(live)->cassette);
        }
        if (live->broken) {
            cry(live);
        }
    }
    if (live->journal != NULL) {
        struct err_text closing;
        enum err closed = live_journal_close(live->journal, err != OK || live->dry_run, &closing);
        if (err == OK && closed != OK) {
            *ret_text = closing;
            err = closed;
        }
    }
    remove_scratch_dir(live);
    close_all(live);
    return err;
}

/* One look at every server. */

static enum err check_answer(struct http_once *once, const struct http_request *request,
                             const struct live_port *port, const char *what, bool is_good,
                             struct http_response *ret_response)
{
    char words[512];
    http_once_ask(once, request, ret_response);
    is_good = is_good && ret_response->transport == HTTP_OK;
    (void)snprintf(words, sizeof(words), "%.300s: %s, status %u", what,
                   is_good ? "answers" : "does not answer", ret_response->status);
    port->show(port->self, words);
    return is_good ? OK : ERR_UNAVAILABLE;
}

static enum err check_prometheus(struct live_config *config, const struct live_port *port,
                                 struct http_once *once, struct http_request *request)
{
    struct http_response response;
    struct vector *vector = calloc(1, sizeof(*vector));
    struct timespec now;
    ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    bool is_built =
        vector != NULL && prometheus_query(request, &config->prometheus, slice_of("vector(1)"),
                                           (int64_t)now.tv_sec * NS_PER_S);
    enum err err = check_answer(once, request, port, "prometheus", is_built, &response);
    if (err == OK) {
        vector_parse(response.body, vector);
        if (vector->status != VECTOR_OK) {
            port->show(port->self, "prometheus: the answer is not that of a Prometheus");
            err = ERR_UNAVAILABLE;
        }
    }
    free(vector);
    return err;
}

static enum err check_registry(const struct registry_source *source, const struct live_port *port,
                               struct http_once *once, struct http_request *request)
{
    char what[192];
    struct http_response response;
    struct registered registered;
    (void)snprintf(what, sizeof(what), "mlflow: registered model %s", source->model);
    enum err err =
        check_answer(once, request, port, what, mlflow_read_registered(request, source), &response);
    if (err != OK) {
        return err;
    }
    enum mlflow_error verdict = mlflow_judge(&response);
    bool is_known = verdict == MLFLOW_NONE &&
                    registered_parse(response.body, source->alias, &registered) &&
                    registered.alias.value != 0;
    if (!is_known) {
        (void)snprintf(what, sizeof(what), "mlflow: registered model %.64s: %s", source->model,
                       verdict == MLFLOW_NONE ? "its alias is not set" : mlflow_error_name(verdict));
        port->show(port->self, what);
        return ERR_UNAVAILABLE;
    }
    return OK;
}

enum err live_check(struct live_config *config, const struct live_port *port,
                    struct err_text *ret_text)
{
    struct http_once *once = NULL;
    struct http_request *request = calloc(1, sizeof(*request));
    if (request == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "live: out of memory");
    }
    enum err err = http_once_open(&once, ret_text);
    if (err != OK) {
        free(request);
        return err;
    }
    live_config_bind(config, 0);
    enum err worst = check_prometheus(config, port, once, request);
    for (uint32_t i = 0; i < config->deployment.n_models; i++) {
        if (config->sources[i].registry != NULL) {
            err = check_registry(config->sources[i].registry, port, once, request);
            worst = worst == OK ? err : worst;
        }
    }
    http_once_close(once);
    free(request);
    return worst == OK ? OK : err_set(ret_text, worst, "not every server answers as it must");
}
