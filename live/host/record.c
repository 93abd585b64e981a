/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder of a live run, and its recovery: the same run goes on, unless its settings are others now. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "core/formats/trace.h"
#include "live/host/parts.h"

#define SEED_MAX (UINT64_C(1) << 53) /* Seeds that JSON readers keep exact. */

void record_build(char ret_build[BUILD_BYTES])
{
    uint8_t bytes[1 << 14];
    crypto_generichash_state state;
    uint8_t digest[crypto_generichash_BYTES];
    char hex[17];
    size_t n_bytes = 0;
    FILE *file = fopen("/proc/self/exe", "rbe");
    (void)snprintf(ret_build, BUILD_BYTES, "%s", STEWARD_VERSION);
    if (file == NULL) {
        return;
    }
    (void)crypto_generichash_init(&state, NULL, 0, sizeof(digest)); /* These cannot fail. */
    while ((n_bytes = fread(bytes, 1, sizeof(bytes), file)) > 0) {
        (void)crypto_generichash_update(&state, bytes, n_bytes);
    }
    (void)crypto_generichash_final(&state, digest, sizeof(digest));
    (void)sodium_bin2hex(hex, sizeof(hex), digest, 8);
    if (!ferror(file)) {
        (void)snprintf(ret_build, BUILD_BYTES, "%.14s %s", STEWARD_VERSION, hex);
    }
    (void)fclose(file); /* Only read. */
}

static enum err put_event(void *self, const struct event *event)
{
    struct live *live = self;
    live->event_bytes = codec_pack_event(event, live->event_buffer, CODEC_BYTES_MAX);
    ASSERT(live->event_bytes > 0);
    struct slice bytes = {(const char *)live->event_buffer, live->event_bytes};
    enum err err = live_journal_put_event(live->journal, event->sequence, event->at, bytes,
                                          live->letter, live->text);
    live->broken = live->broken || err != OK;
    return err;
}

/* What people and machines are shown. */
static void show_step(struct live *live, const struct event *event, const struct advice *advice,
                      const struct effects *effects)
{
    exhibit_note(live, event);
    board_step(live->board, event, effects);
    if (live->letter != 0) {
        board_verdict(live->board, live->letter, effects);
    }
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        bool has_reasons =
            effect->kind == EFFECT_RECORD &&
            (effect->record.kind == RECORD_OPENED || effect->record.kind == RECORD_DECIDED ||
             effect->record.kind == RECORD_ESCALATED);
        if (has_reasons) {
            exhibit_say(live, &effect->record);
        }
    }
    live_metrics_step(live->metrics, event, effects);
    tracer_step(live->tracer, &live->settings.deployment, event, advice, effects);
}

static void tell_story(struct live *live, const struct event *event, const struct advice *advice,
                       const struct effects *effects)
{
    struct text text;
    text_init(&text, live->story, sizeof(live->story));
    trace_step(&live->settings.deployment, event, advice, effects, &text);
    char *line = live->story;
    while (*line != '\0') {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        live_log(live, LIVE_INFO, "%s", line);
        line = end == NULL ? line + strlen(line) : end + 1;
    }
}

static enum err put_effects(void *self, const struct event *event, const struct advice *advice,
                            const struct effects *effects)
{
    struct live *live = self;
    size_t outcome_bytes = codec_pack_outcome(advice, effects, live->outcome_buffer, CODEC_BYTES_MAX);
    ASSERT(outcome_bytes > 0);
    struct digest128 chain = fingerprint_add(live->chain, live->event_buffer, live->event_bytes,
                                             live->outcome_buffer, outcome_bytes);
    struct journal_frame frame = {.sequence = event->sequence,
                                  .at = event->at,
                                  .kind = (uint8_t)event->kind,
                                  .event = {(const char *)live->event_buffer, live->event_bytes},
                                  .outcome = {(const char *)live->outcome_buffer, outcome_bytes},
                                  .state = {"", 0},
                                  .chain = chain};
    if (event->sequence % SNAPSHOT_FRAMES == 0) {
        size_t n_bytes = codec_pack_state(live->steward, live->state_buffer, STATE_BYTES);
        ASSERT(n_bytes > 0);
        frame.state = (struct slice){(const char *)live->state_buffer, n_bytes};
    }
    enum err err = live_journal_put_frame(live->journal, &frame, live->text);
    if (err != OK) {
        live->broken = true;
        return err;
    }
    live->chain = chain;
    show_step(live, event, advice, effects);
    tell_story(live, event, advice, effects);
    return OK;
}

struct recorder record_port(struct live *live)
{
    return (struct recorder){live, put_event, put_effects};
}

static int64_t unix_now(void)
{
    struct timespec now;
    ASSERT(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Nothing is known yet. */
static void forget(struct live *live)
{
    live->sequence = 0;
    live->at = 0;
    live->at_steady = live_steady();
    live->incarnation = 0;
    live->queue_first = live->n_queued = 0;
    live->wake_at = NEVER;
    live->n_exhibits = 0;
    memset(&live->memory, 0, sizeof(live->memory));
    memset(live->metrics, 0, sizeof(*live->metrics));
    memset(live->watches, 0, sizeof(live->watches));
    board_init(live->board, &live->settings.deployment);
    tracer_init(live->tracer, live->seed, live->epoch_unix_ns, config_of(live)->llm.model);
    live_config_bind(live->configs[live->config_i], live->epoch_unix_ns);
    live->view.epoch_unix_ns = live->epoch_unix_ns;
    live->steward = steward_init(live->block, &live->settings);
    live->view.docket = steward_docket(live->steward);
}

static void plan_write(const struct live *live, int64_t epoch_unix_ns, char ret_plan[LIVE_PLAN_BYTES])
{
    (void)snprintf(ret_plan, LIVE_PLAN_BYTES, "live\nmode: %s\nepoch_unix_ns: %lld\n",
                   live_mode_names[config_of(live)->mode], (long long)epoch_unix_ns);
}

/* Kept as a letter before the run exists: whatever becomes of the process, its first step after START halts it. */
static enum err carry_halt(struct live *live)
{
    struct event event = {.kind = EVENT_CONTROL};
    struct digest128 name = {0, 0};
    uint64_t letter = 0;
    bool is_duplicate = false;
    event.control.kind = CONTROL_HALT;
    size_t n_bytes = codec_pack_event(&event, live->event_buffer, CODEC_BYTES_MAX);
    ASSERT(n_bytes > 0);
    randombytes_buf(&name, sizeof(name));
    return live_journal_put_letter(live->journal, "event", name,
                                   (struct slice){(const char *)live->event_buffer, n_bytes},
                                   &letter, &is_duplicate, live->text);
}

void meter_note(struct llm_meter *meter, const struct event *event)
{
    int64_t day = event->at / NS_PER_DAY;
    if (event->kind != EVENT_REPLY || event->reply.tokens == 0) {
        return;
    }
    uint64_t spent = (uint64_t)(day == meter->day ? meter->tokens : 0) + event->reply.tokens;
    meter->day = day;
    meter->tokens = spent > UINT32_MAX ? UINT32_MAX : (uint32_t)spent;
}

/* A new run counts its days from its own epoch: what was spent in the day that is not over counts for its first one. */
static void carry_meter(struct live *live, int64_t now_unix_ns, int64_t epoch_unix_ns)
{
    struct llm_meter *meter = &live->meter;
    bool is_over = live->epoch_unix_ns + (meter->day + 1) * NS_PER_DAY <= now_unix_ns;
    meter->tokens = is_over ? 0 : meter->tokens;
    meter->day = (now_unix_ns - epoch_unix_ns) / NS_PER_DAY;
    meter->failures = 0;
    meter->open_until = 0; /* It was a time of the run before. */
}

enum err record_begin(struct live *live, const char *halted)
{
    if (halted != NULL) {
        TRY(carry_halt(live));
        live_log(live, LIVE_WARN, "begins halted: %s; an operator resumes", halted);
    }
    uint64_t seed = 0;
    randombytes_buf(&seed, sizeof(seed));
    live->seed = seed % SEED_MAX;
    int64_t window_ns = config_of(live)->deployment.window_ns;
    int64_t now = unix_now();
    int64_t windows_before =
        2 + config_of(live)->lag_ns / window_ns; /* The first window lies after the epoch. */
    int64_t epoch_unix_ns = now - now % window_ns - windows_before * window_ns;
    carry_meter(live, now, epoch_unix_ns);
    live->epoch_unix_ns = epoch_unix_ns;
    live_settings(config_of(live), &live->policy, live->seed, &live->settings);
    plan_write(live, live->epoch_unix_ns, live->run_plan);
    struct journal_run run = {.arm = "steward",
                              .mind = mind_name(live->settings.mind),
                              .scenario = "live",
                              .seed = live->seed,
                              .plan = slice_of(live->run_plan),
                              .settings = &live->settings,
                              .build = live->build};
    TRY(live_journal_begin(live->journal, &run, live->text));
    live->chain = fingerprint_begin_run(0, (uint8_t)live->settings.mind, live->seed);
    forget(live);
    live->recovered = false;
    live->is_first = true;
    return OK;
}

static enum err take_snapshot(void *self, uint64_t sequence, struct slice state)
{
    struct live *live = self;
    bool is_restored = sequence == 0 || codec_unpack_state((const uint8_t *)state.bytes,
                                                           state.n_bytes, live->steward);
    return is_restored ? OK : ERR_DATA;
}

static void remember_act(struct live *live, const struct act_effect *act)
{
    bool is_model = act->args.model.value >= 1 && act->args.model.value <= MODELS_MAX;
    if (is_model && act->verb == VERB_RETRAIN) {
        live_memory_training(&live->memory, act);
    } else if (is_model && act->args.target.value != 0) {
        live->watches[act->args.model.value - 1].own = act->args.target;
    }
}

static enum err take_frame(void *self, struct slice event, struct slice outcome, bool stepped)
{
    struct live *live = self;
    struct loop *loop = &live->loop;
    bool is_read = codec_unpack_event((const uint8_t *)event.bytes, event.n_bytes, &loop->event) &&
                   codec_unpack_outcome((const uint8_t *)outcome.bytes, outcome.n_bytes,
                                        &loop->advice, &loop->effects);
    if (!is_read) {
        return ERR_DATA;
    }
    meter_note(&live->meter, &loop->event);
    live->incarnation += loop->event.kind == EVENT_START && loop->event.start.recovered;
    live_memory_note(&live->memory, &loop->event);
    for (uint32_t i = 0; i < loop->effects.n_effects; i++) {
        if (loop->effects.items[i].kind == EFFECT_ACT) {
            remember_act(live, &loop->effects.items[i].act);
        }
    }
    show_step(live, &loop->event, &loop->advice, &loop->effects);
    if (!stepped) {
        loop_recover(loop, live->steward, &loop->event);
    }
    return OK;
}

/* The epoch of the run, from its plan; and whether the mode is the same. */
static bool read_plan(const struct live *live, const char *plan, int64_t *ret_epoch)
{
    static const char key[] = "\nepoch_unix_ns: ";
    const char *at = strstr(plan, key);
    char expected[LIVE_PLAN_BYTES];
    if (at == NULL) {
        return false;
    }
    *ret_epoch = strtoll(at + sizeof(key) - 1, NULL, 10);
    plan_write(live, *ret_epoch, expected);
    return strcmp(plan, expected) == 0;
}

/* What our own newest acts asked for, as far as the frames did not say. */
static void remember_docket(struct live *live)
{
    const struct docket *docket = steward_docket(live->steward);
    for (uint32_t i = 0; i < docket->n_entries; i++) {
        const struct docket_entry *entry = &docket->entries[i];
        bool is_model = entry->args.model.value >= 1 && entry->args.model.value <= MODELS_MAX;
        if (is_model && entry->action.value != 0 && entry->verb != VERB_RETRAIN &&
            live->watches[entry->args.model.value - 1].own.value == 0) {
            live->watches[entry->args.model.value - 1].own = entry->args.target;
        }
    }
}

enum err record_restore(struct live *live, const struct live_run *run)
{
    struct live_journal_port port = {live, take_snapshot, take_frame};
    forget(live);
    memset(&live->meter, 0, sizeof(live->meter));
    TRY(live_journal_resume(live->journal, run, &port, &live->sequence, &live->at, &live->chain,
                            live->text));
    live->at_steady = live_steady();
    remember_docket(live);
    struct incident_trace *sent = NULL;
    while ((sent = tracer_closed(live->tracer)) != NULL) {
        tracer_drop(sent); /* Left with the process that closed it. */
    }
    memset(live->metrics, 0, sizeof(*live->metrics)); /* Counters count a process. */
    live->recovered = true;
    live->is_first = true;
    return OK;
}

static enum err resume(struct live *live, const struct live_run *run)
{
    live->seed = run->seed;
    live_settings(config_of(live), &live->policy, live->seed, &live->settings);
    TRY(record_restore(live, run));
    live_log(live, LIVE_INFO, "run %llu goes on after frame %llu", (unsigned long long)run->run,
             (unsigned long long)live->sequence);
    return OK;
}

enum err record_resume(struct live *live)
{
    struct live_run run;
    uint64_t quarantined = 0;
    live_settings(config_of(live), &live->policy, 0, &live->settings);
    TRY(live_journal_newest(live->journal, &live->settings, &run, live->text));
    TRY(live_journal_quarantine(live->journal, &quarantined, live->text));
    if (quarantined != 0) {
        live_log(
            live, LIVE_WARN,
            "event %llu was in its step when the process ended: set aside; what a person asked for with it is taken up once more",
            (unsigned long long)quarantined);
    }
    bool is_interrupted = false;
    TRY(settle_resume(live, &run, &is_interrupted));
    bool is_same = run.run != 0 && run.same_settings && strcmp(run.build, live->build) == 0 &&
                   read_plan(live, run.plan, &live->epoch_unix_ns);
    if (is_same && !is_interrupted) {
        return resume(live, &run);
    }
    const char *halted = NULL;
    if (is_interrupted) {
        live_log(live, LIVE_WARN,
                 "run %llu was being settled when the process ended: a new run begins after it",
                 (unsigned long long)run.run);
    } else if (run.run != 0) {
        live_log(live, LIVE_WARN,
                 "build, mode, deployment or policy differ from those of run %llu: a new run begins; incidents of the old one are closed "
                 "with it, look at them in the journal",
                 (unsigned long long)run.run);
    }
    if (run.run != 0 && settle_begin(live, &run, &halted)) {
        return OK;
    }
    return record_begin(live, halted);
}
