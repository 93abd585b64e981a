/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the live host share. */
#ifndef LIVE_HOST_PARTS_H
#define LIVE_HOST_PARTS_H

#include "core/formats/tape.h"
#include "core/host.h"
#include "live/adapter/alertmanager.h"
#include "live/adapter/intake.h"
#include "live/adapter/metrics.h"
#include "live/adapter/otlp.h"
#include "live/adapter/slack.h"
#include "live/host/host.h"
#include "live/host/pipe.h"
#include "live/server/server.h"
#include "replay/live_journal.h"

enum {
    CALLS_MAX = PIPE_SLOTS,
    QUEUE_MAX =
        368, /* Events that wait for their step: two of every call, one of every effect of a step, people and intakes the rest. */
    QUEUE_SPARE = 224,  /* Kept free of what comes from outside, so that calls always have room. */
    QUEUE_PEOPLE = 40,  /* Of the rest, kept free of machines for people. */
    QUEUE_HALTS = 8,    /* Of these, kept for the kill switch. */
    EXHIBITS_MAX = 256, /* Evidence kept in words for the LLM: an hour of a small fleet. */
    EXHIBIT_BYTES = 192,
    SNAPSHOT_FRAMES = 128,
    STATE_BYTES = 4 * 512 * 1024,
    STORY_BYTES = 1 << 16,
    BUILD_BYTES = 32,
};
#define SETTLE_NS                                                                                  \
    (3 * NS_PER_MIN) /* For the outcome of what the run before began: a request that is lost may arrive for a minute. */
#define DRAIN_NS (20 * NS_PER_S) /* Of acts in flight after SIGTERM. */
#define HALT_LOOK_NS NS_PER_S    /* Between looks for the HALT file. */
#define REGISTRY_PAUSE_NS                                                                          \
    (60 * NS_PER_S) /* Between looks for the baseline of a version that has none. */

enum call_kind {
    CALL_FREE,
    CALL_WINDOW,
    CALL_REGISTRY,
    CALL_EVIDENCE,
    CALL_ALIAS,
    CALL_HOOK_ACT,
    CALL_PAGE_HOOK,
    CALL_PAGE_SLACK,
    CALL_NOTE_HOOK, /* Nobody waits for what becomes of these. */
    CALL_NOTE_SLACK,
    CALL_LLM,
    CALL_TRACE,
    N_CALL_KINDS
};

struct call {
    enum call_kind kind;
    bool sent;       /* A request is in its slot of the pipe. */
    bool told;       /* HOOK_ACT: that the work was taken is told already. */
    bool asked;      /* A request went out. */
    int64_t begun;   /* Of the run. */
    uint32_t config; /* Which configuration it points into. */
    struct act_effect act;
    struct page_effect page;
    union {
        struct exchange exchange; /* First member of them all. */
        struct window_read window;
        struct registry_read registry;
        struct evidence_call evidence;
        struct alias_move alias;
        struct hook_call hook;
        struct slack_send slack;
        struct llm_call llm;
        struct trace_send trace;
    };
};

struct item {
    struct event event;
    uint64_t letter; /* 0: none. */
    char bytes[REPLY_BYTES_MAX];
};

struct exhibit {
    struct evidence_id evidence;
    enum tool tool;
    bool is_window;
    struct incident_id shown; /* Whose story it is in already. */
    char words[EXHIBIT_BYTES];
};

/* What the host knows of one model. */
struct watch {
    int64_t window_to;   /* End of the newest window asked for. */
    int64_t window_next; /* End of the next one. */
    bool reading;
    int64_t registry_at;        /* Last look for a baseline. */
    struct version_id version;  /* Of the newest window that named one. */
    struct version_id own;      /* What our own newest act asked for. */
    struct deployment narrowed; /* With the span of a window that an alert called for. */
};

struct live {
    struct live_port port;
    bool dry_run, once;
    struct err_text *text;
    /* Two configurations: the present one, and the one whose calls are still under way after a reload. */
    struct live_config *configs[2];
    uint32_t config_i;
    struct policy policy;
    struct settings settings;
    char run_plan[LIVE_PLAN_BYTES];
    char build[BUILD_BYTES]; /* Version and digest of the program that runs. */
    int64_t epoch_unix_ns;
    uint64_t seed;
    /* Core. */
    void *block;
    struct steward *steward;
    struct loop loop;
    /* Recorder. */
    struct live_journal *journal;
    struct tape *tape; /* NULL: the LLM is not recorded. */
    uint32_t n_taped;
    char scratch_dir[64]; /* Of a dry run: its journal lies here and goes with it; empty: state_dir. */
    struct digest128 chain;
    uint64_t sequence;
    int64_t at;        /* Of the newest event. */
    int64_t at_steady; /* When that was, by the clock that nobody sets. */
    uint32_t incarnation;
    uint64_t letter; /* Of the event being stepped. */
    size_t event_bytes;
    uint8_t *event_buffer, *outcome_buffer, *state_buffer;
    bool broken; /* A record could not be written. */
    /* World. */
    struct pipe *pipe;
    struct call *calls;
    struct item *queue;
    uint32_t queue_first, n_queued;
    char bytes[REPLY_BYTES_MAX]; /* Of the event being stepped. */
    int64_t wake_at;
    int64_t halt_look_at, drain_until; /* By the clock that nobody sets. */
    int signals;
    bool draining, hurried, ending, renew, reload_wanted;
    bool is_first; /* START is due. */
    bool recovered;
    bool settling; /* The run before is ended first: nothing is done but reading back what it began. */
    bool halted_before;     /* It was, before it was halted for this. */
    uint64_t settle_letter; /* Keeps that over the death of the process. 0: none. */
    int64_t settle_until;   /* By the clock that nobody sets. */
    struct watch watches[MODELS_MAX];
    uint32_t n_windows_once;
    struct live_memory memory;
    struct alert_memory alerts;
    struct exhibit exhibits[EXHIBITS_MAX];
    uint64_t n_exhibits;
    /* Shown. */
    struct board *board;
    struct server_view view;
    struct server *server;
    struct live_metrics *metrics;
    struct tracer *tracer;
    struct llm_meter meter;
    uint64_t n_requests_failed;
    bool reload_ok;
    int64_t reload_unix_s;
    struct http_request scratch;
    char story[STORY_BYTES];
};

const struct live_config *config_of(const struct live *live);
/* Of the run; never falls and never stands still. */
int64_t live_now(const struct live *live);
int64_t live_steady(void);                  /* Nanoseconds of the clock that nobody sets. */
bool live_changes(const struct live *live); /* False: nothing that changes or tells may leave. */
void live_log(struct live *live, enum live_level level, const char *format, ...)
    __attribute__((format(__printf__, 3, 4)));

/* queue.c. bytes of the event (reply, note) are copied. False when there is no room. A HALT goes first, unless a RESET waits that it must follow. */
bool queue_put(struct live *live, const struct event *event, uint64_t letter);
bool queue_take(struct live *live, struct event *ret_event, uint64_t *ret_letter);
/* Room for what comes from outside. */
enum sender { SENDER_MACHINE, SENDER_PERSON, SENDER_HALT };
bool queue_is_open(const struct live *live, enum sender sender);

/* record.c. */
struct recorder record_port(struct live *live);
enum err record_begin(struct live *live,
                      const char *halted); /* A new run; halted: why it begins so, NULL not. */
/* The build in words: the version and a digest of the program's own file, so that other code is another build. Without /proc the version alone. */
void record_build(char ret_build[BUILD_BYTES]);
/* The frames of a run into the core, the board and what is remembered; live->settings are its own. */
enum err record_restore(struct live *live, const struct live_run *run);
/* Tokens that a reply cost, by the day of its run. */
void meter_note(struct llm_meter *meter, const struct event *event);
enum err record_resume(struct live *live); /* The run of before, or a new one when the settings are others. */

/* A run that was left with changes under way is taken up as it was begun, halted, and its changes are read back; then it ends. */
/* settle.c. False: it was left with none, or cannot be taken up; *ret_halted says why the new run begins halted, NULL when it does not. */
bool settle_begin(struct live *live, const struct live_run *run, const char **ret_halted);
/* Whether a process ended while it settled this run: it may not go on, whatever the settings are, for it was halted only to be settled. */
enum err settle_resume(struct live *live, const struct live_run *run, bool *ret_interrupted);
bool settle_is_over(const struct live *live);
enum err settle_end(struct live *live); /* And the new run begins. */

/* calls.c. */
void calls_forget(struct live *live); /* Whatever is under way is nobody's any more. */
void call_window(struct live *live, struct model_id model, int64_t to);
void call_registry(struct live *live, struct model_id model);
void call_evidence(struct live *live, const struct ask_effect *ask);
void call_llm(struct live *live, const struct ask_llm_effect *ask);
void call_act(struct live *live, const struct act_effect *act);
void call_page(struct live *live, const struct page_effect *page);
void call_notify(struct live *live, const struct notify_effect *notify);
void call_request(struct live *live, const struct request_effect *request);
void call_traces(struct live *live);
/* Responses and timers that are due. */
void calls_step(struct live *live);
int64_t calls_due(const struct live *live); /* NEVER: none waits. */
bool calls_acting(const struct live *live); /* A change is under way. */
bool calls_idle(const struct live *live);
bool calls_use(const struct live *live, uint32_t config);

/* exhibits.c. */
void exhibit_note(struct live *live, const struct event *event);
/* What a decision rests on, below it on the board. */
void exhibit_say(struct live *live, const struct record *record);
void exhibit_prompt(const struct live *live, const struct ask_llm_effect *ask, struct text *text);

/* intake.c: the server's port, and letters. */
struct server_port intake_port(struct live *live);
enum err intake_letters(struct live *live); /* What was kept and not delivered when the process died. */
void intake_alert(struct live *live, const struct alert *alert);

#endif
