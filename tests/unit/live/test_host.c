/* SPDX-License-Identifier: Apache-2.0 */
/* The live host without servers: what leaves in which mode, and what a recovered process sends on its own, which is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "core/formats/codec.h"
#include "live/host/parts.h"

static char folder[64];
static struct live *live;
static struct err_text text;
static char shown[8192];
static uint64_t letter_of_act;

static void take_log(void *self, enum live_level level, const char *words)
{
    (void)self;
    (void)level;
    (void)words;
}

static void take_shown(void *self, const char *words)
{
    (void)self;
    (void)snprintf(shown, sizeof(shown), "%s", words);
}

static void make_config(struct live_config *config)
{
    struct deployment *deployment = &config->deployment;
    (void)snprintf(deployment->name, NAME_BYTES, "demo");
    deployment->window_ns = 5 * NS_PER_MIN;
    deployment->n_models = deployment->n_tables = deployment->n_people = 1;
    struct model_entry *model = &deployment->models[0];
    (void)snprintf(model->name, NAME_BYTES, "fraud");
    model->requests_per_window = 1000;
    model->n_features = 1;
    (void)snprintf(model->features[0].name, NAME_BYTES, "amount");
    model->features[0].table.value = 1;
    (void)snprintf(deployment->tables[0].name, NAME_BYTES, "payments");
    (void)snprintf(deployment->people[0].name, NAME_BYTES, "ada");
    deployment->people[0].roles = 1u << ROLE_ONCALL | 1u << ROLE_APPROVER | 1u << ROLE_OPERATOR;
    deployment->people[0].level = 1;
    deployment->tools = UINT64_C(1) << TOOL_STATE | UINT64_C(1) << TOOL_REGISTRY;
    deployment->verbs = UINT64_C(1) << VERB_ROLLBACK | UINT64_C(1) << VERB_RETRAIN;
    (void)snprintf(config->prometheus.url, sizeof(config->prometheus.url), "http://127.0.0.1:1");
    signal_queries_defaults(&config->queries[0]);
    struct registry_source *registry = &config->registries[0];
    (void)snprintf(registry->endpoint.url, sizeof(registry->endpoint.url), "http://127.0.0.1:1");
    (void)snprintf(registry->endpoint.auth.name, sizeof(registry->endpoint.auth.name),
                   "Authorization");
    (void)snprintf(registry->endpoint.auth.value, sizeof(registry->endpoint.auth.value),
                   "Bearer planted");
    registry->endpoint.auth.secret = true;
    (void)snprintf(registry->model, sizeof(registry->model), "fraud");
    (void)snprintf(registry->alias, sizeof(registry->alias), "champion");
    config->has_hook = config->has_slack = true;
    (void)snprintf(config->hook.endpoint.url, sizeof(config->hook.endpoint.url),
                   "http://127.0.0.1:1/hook");
    config->hook.secret.n_bytes = 24;
    (void)snprintf(config->slack.url, sizeof(config->slack.url), "http://127.0.0.1:1/slack");
    (void)snprintf(config->state_dir, sizeof(config->state_dir), "%s", folder);
}

static void open_live(enum live_mode mode, bool dry_run)
{
    char path[128], queue[128];
    live = calloc(1, sizeof(*live));
    live->port = (struct live_port){NULL, take_log, take_shown, NULL};
    live->text = &text;
    live->dry_run = dry_run;
    live->configs[0] = calloc(1, sizeof(struct live_config));
    make_config(live->configs[0]);
    live->configs[0]->mode = mode;
    live->block = aligned_alloc(16, (steward_size() + 15) / 16 * 16);
    live->event_buffer = malloc(CODEC_BYTES_MAX);
    live->outcome_buffer = malloc(CODEC_BYTES_MAX);
    live->state_buffer = malloc(STATE_BYTES);
    live->calls = calloc(CALLS_MAX, sizeof(*live->calls));
    live->queue = calloc(QUEUE_MAX, sizeof(*live->queue));
    live->board = calloc(1, sizeof(*live->board));
    live->metrics = calloc(1, sizeof(*live->metrics));
    live->tracer = calloc(1, sizeof(*live->tracer));
    (void)snprintf(path, sizeof(path), "%s/journal.stw", folder);
    (void)snprintf(queue, sizeof(queue), "%s/queue.db", folder);
    policy_defaults(&live->policy.limits);
    assert_int_equal(pipe_open(&live->pipe, &text), OK);
    assert_int_equal(live_journal_open(path, queue, (struct slice){"", 0}, &live->journal, &text),
                     OK);
    record_build(live->build);
    assert_int_equal(record_resume(live), OK);
    shown[0] = '\0';
}

/* As a killed process does: the journal is left as it is. */
static void close_live(void)
{
    assert_int_equal(live_journal_close(live->journal, true, &text), OK);
    pipe_close(live->pipe);
    free(live->configs[0]);
    free(live->configs[1]);
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
    live = NULL;
}

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/steward_live_host_XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"journal.stw", "journal.stw-wal", "queue.db", "queue.db-wal"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)remove(path); /* Not every test left it. */
    }
    return rmdir(folder);
}

static struct act_effect rollback(void)
{
    return (struct act_effect){.action = {1},
                               .incident = {1},
                               .verb = VERB_ROLLBACK,
                               .args = {.model = {1}, .target = {4}},
                               .key = {7, 9}};
}

static void send_everything(void)
{
    struct act_effect act = rollback();
    struct page_effect page = {.page = {1}, .incident = {1}, .model = {1}, .person = {1}};
    struct notify_effect notify = {.incident = {1}, .model = {1}, .person = {1}};
    call_act(live, &act);
    act.action.value = 2;
    act.verb = VERB_RETRAIN;
    act.args.target.value = 0;
    call_act(live, &act);
    call_page(live, &page);
    call_notify(live, &notify);
}

static uint32_t queued_of(enum event_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < live->n_queued; i++) {
        n += live->queue[(live->queue_first + i) % QUEUE_MAX].event.kind == kind;
    }
    return n;
}

static void act_when_the_mode_is_observe_or_a_dry_run_leaves_nothing_out(void **state)
{
    (void)state;
    open_live(LIVE_OBSERVE, false);
    send_everything();
    assert_int_equal(pipe_busy(live->pipe), 0);
    assert_int_equal(queued_of(EVENT_OUTCOME), 2);
    close_live();
    assert_int_equal(remove_folder(state), 0);
    assert_int_equal(make_folder(state), 0);
    open_live(LIVE_AUTO, true);
    send_everything();
    assert_int_equal(pipe_busy(live->pipe), 0);
    assert_int_equal(queued_of(EVENT_OUTCOME), 2);
    assert_int_equal(queued_of(EVENT_PAGE), 1);
    close_live();
}

static void act_when_the_mode_is_shadow_is_shown_and_told_as_not_done(void **state)
{
    (void)state;
    open_live(LIVE_SHADOW, false);
    struct act_effect act = rollback();
    call_act(live, &act);
    assert_int_equal(pipe_busy(live->pipe), 0);
    assert_int_equal(live->queue[0].event.kind, EVENT_OUTCOME);
    assert_int_equal(live->queue[0].event.outcome.status, OUTCOME_FAILED);
    const char *line = live->board->incidents[0].lines[0].words;
    assert_non_null(strstr(
        line, "not sent (shadow): POST http://127.0.0.1:1/api/2.0/mlflow/registered-models/alias"));
    assert_null(strstr(line, "planted"));
    act.verb = VERB_RETRAIN;
    act.args.target.value = 0;
    call_act(live, &act);
    assert_int_equal(pipe_busy(live->pipe), 0);
    assert_int_equal(queued_of(EVENT_OUTCOME), 2);
    close_live();
}

static void act_when_the_mode_is_auto_leaves(void **state)
{
    (void)state;
    open_live(LIVE_AUTO, false);
    struct act_effect act = rollback();
    call_act(live, &act);
    assert_int_equal(pipe_busy(live->pipe), 1);
    assert_int_equal(live->n_queued, 0);
    assert_true(calls_acting(live));
    close_live();
}

static void dry_run_when_an_act_is_due_shows_the_request_without_secrets(void **state)
{
    (void)state;
    open_live(LIVE_AUTO, true);
    struct act_effect act = rollback();
    call_act(live, &act);
    assert_non_null(strstr(shown, "\"version\":\"4\""));
    assert_non_null(strstr(shown, "***"));
    assert_null(strstr(shown, "planted"));
    close_live();
}

/* A frame with an act that nobody answered for. */
static void put_open_intent(void)
{
    struct recorder recorder = record_port(live);
    struct loop *loop = &live->loop;
    memset(&loop->event, 0, sizeof(loop->event));
    loop->event = (struct event){.sequence = 1, .at = live_now(live), .kind = EVENT_START};
    advice_reset(&loop->advice);
    effects_reset(&loop->effects);
    effects_push(&loop->effects, EFFECT_ACT)->act = rollback();
    assert_int_equal(recorder.put_event(recorder.self, &loop->event), OK);
    assert_int_equal(
        recorder.put_effects(recorder.self, &loop->event, &loop->advice, &loop->effects), OK);
}

static void intent_when_the_process_died_is_not_sent_again_by_the_host(void **state)
{
    (void)state;
    open_live(LIVE_AUTO, false);
    assert_false(live->recovered);
    uint64_t seed = live->seed;
    int64_t epoch = live->epoch_unix_ns;
    put_open_intent();
    close_live();
    open_live(LIVE_AUTO, false);
    assert_true(live->recovered);
    assert_true(live->is_first);
    assert_int_equal(live->sequence, 1);
    assert_int_equal(live->seed, seed);
    assert_int_equal(live->epoch_unix_ns, epoch);
    assert_int_equal(pipe_busy(live->pipe), 0);
    assert_true(calls_idle(live));
    close_live();
}

static void state_dir_when_others_can_use_it_is_refused(void **state)
{
    static const mode_t modes[] = {0755, 0701, 0770, 0720, 0740};
    struct live_config *config = calloc(1, sizeof(*config));
    struct policy *policy = calloc(1, sizeof(*policy));
    struct live_request request = {.config = config, .policy = policy};
    struct live_port port = {NULL, take_log, take_shown, NULL};
    (void)state;
    make_config(config);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(folder, modes[i]), 0);
        assert_int_equal(live_run(&request, &port, &text), ERR_CONFIG);
        assert_non_null(strstr(text.text, "others can read or change what is kept there (mode 7"));
        assert_non_null(strstr(text.text, folder));
    }
    free(config);
    free(policy);
}

static void run_when_the_mode_is_another_begins_anew(void **state)
{
    (void)state;
    open_live(LIVE_SHADOW, false);
    put_open_intent();
    close_live();
    open_live(LIVE_AUTO, false);
    assert_false(live->recovered);
    assert_int_equal(live->sequence, 0);
    close_live();
}

static void queue_when_a_note_is_borrowed_keeps_its_bytes(void **state)
{
    char note[] = "a note";
    uint64_t letter = 0;
    struct event event = {.kind = EVENT_CHANGE};
    (void)state;
    open_live(LIVE_SHADOW, false);
    event.change.note = (struct slice){note, sizeof(note) - 1};
    assert_true(queue_put(live, &event, 5));
    memset(note, 'x', sizeof(note));
    assert_true(queue_take(live, &event, &letter));
    assert_int_equal(letter, 5);
    assert_true(slice_equal(event.change.note, slice_of("a note")));
    assert_false(queue_take(live, &event, &letter));
    close_live();
}

static void queue_when_it_is_nearly_full_closes_to_what_comes_from_outside(void **state)
{
    struct server_port port;
    struct person_act act = {.kind = ACT_HALT, .person = {1}};
    struct event event = {.kind = EVENT_TICK};
    (void)state;
    open_live(LIVE_SHADOW, false);
    port = intake_port(live);
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    while (queue_is_open(live, SENDER_HALT)) {
        assert_true(queue_put(live, &event, 0));
    }
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_BUSY);
    close_live();
}

/* One turn of the loop, without the world. */
static void step(const struct event *event, uint64_t letter)
{
    struct recorder recorder = record_port(live);
    struct loop *loop = &live->loop;
    loop->event = *event;
    loop->event.sequence = ++live->sequence;
    loop->event.at = live->at = live_now(live);
    live->letter = letter;
    assert_int_equal(recorder.put_event(recorder.self, &loop->event), OK);
    steward_step(live->steward, &loop->event, &loop->advice, &loop->effects);
    assert_int_equal(
        recorder.put_effects(recorder.self, &loop->event, &loop->advice, &loop->effects), OK);
}

static void start(void)
{
    struct event event = {.kind = EVENT_START};
    step(&event, 0);
}

static void control(enum control_kind kind)
{
    struct event event = {.kind = EVENT_CONTROL};
    event.control = (struct control_event){.kind = kind, .person = {1}};
    step(&event, 0);
}

/* Takes what is queued; fails unless it is the kill switch. */
static void step_halt(void)
{
    struct event event;
    uint64_t letter = 0;
    assert_true(queue_take(live, &event, &letter));
    assert_int_equal(event.kind, EVENT_CONTROL);
    assert_int_equal(event.control.kind, CONTROL_HALT);
    assert_int_not_equal(letter, 0);
    step(&event, letter);
    assert_true(steward_docket(live->steward)->halted);
}

static void halt_when_a_restart_begins_a_new_run_holds_in_it(void **state)
{
    (void)state;
    open_live(LIVE_SHADOW, false);
    start();
    control(CONTROL_HALT);
    assert_true(steward_docket(live->steward)->halted);
    close_live();
    open_live(LIVE_AUTO, false);
    assert_false(live->recovered);
    assert_int_equal(intake_letters(live), OK);
    close_live(); /* Killed before its first step: nothing is lost. */
    open_live(LIVE_AUTO, false);
    assert_int_equal(intake_letters(live), OK);
    start();
    step_halt();
    close_live();
    open_live(LIVE_PROPOSE, false); /* And into the run after that. */
    assert_int_equal(intake_letters(live), OK);
    step_halt();
    close_live();
}

static void halt_when_it_was_reset_is_not_carried_into_a_new_run(void **state)
{
    (void)state;
    open_live(LIVE_SHADOW, false);
    start();
    control(CONTROL_HALT);
    control(CONTROL_RESET);
    assert_false(steward_docket(live->steward)->halted);
    close_live();
    open_live(LIVE_AUTO, false);
    assert_int_equal(intake_letters(live), OK);
    assert_int_equal(live->n_queued, 0);
    close_live();
}

static void run_when_the_one_before_cannot_be_read_begins_halted(void **state)
{
    char path[128];
    sqlite3 *database = NULL;
    (void)state;
    open_live(LIVE_SHADOW, false);
    start();
    close_live();
    (void)snprintf(path, sizeof(path), "%s/journal.stw", folder);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "UPDATE frame SET chain=x'00'", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    open_live(LIVE_AUTO, false);
    assert_false(live->recovered);
    assert_int_equal(intake_letters(live), OK);
    start();
    step_halt();
    close_live();
}

/* A frame whose snapshot has an action with an intent and no outcome. */
static void put_state_of_open_action(void)
{
    struct docket *docket = (struct docket *)(uintptr_t)steward_docket(live->steward);
    docket->n_entries = 1;
    docket->entries[0] = (struct docket_entry){.incident = {1},
                                               .model = {1},
                                               .state = INCIDENT_OPEN,
                                               .action = {1},
                                               .verb = VERB_ROLLBACK,
                                               .args = {.model = {1}, .target = {4}},
                                               .action_state = ACTION_INTENDED};
    while (live->sequence % SNAPSHOT_FRAMES != SNAPSHOT_FRAMES - 1) {
        control(CONTROL_RESET);
        docket->n_entries = 1;
    }
    struct event event = {.kind = EVENT_CONTROL};
    event.control.kind = CONTROL_RESET;
    struct recorder recorder = record_port(live);
    struct loop *loop = &live->loop;
    loop->event = event;
    loop->event.sequence = ++live->sequence;
    loop->event.at = live->at = live_now(live);
    advice_reset(&loop->advice);
    effects_reset(&loop->effects);
    effects_record(&loop->effects, RECORD_INTENT)->action.value = 1;
    assert_int_equal(recorder.put_event(recorder.self, &loop->event), OK);
    assert_int_equal(
        recorder.put_effects(recorder.self, &loop->event, &loop->advice, &loop->effects), OK);
}

static void run_when_it_was_left_with_an_open_change_is_settled_before_a_new_one_begins(void **state)
{
    struct event event;
    uint64_t letter = 0, seed = 0;
    struct person_act person_act = {.kind = ACT_HALT, .person = {1}};
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    put_state_of_open_action();
    seed = live->seed;
    close_live();
    open_live(LIVE_SHADOW, false);
    assert_true(live->settling);
    assert_true(live->recovered && live->is_first);
    assert_int_equal(live->seed, seed); /* The old run, by its own settings. */
    assert_string_equal(config_of(live)->sources[0].registry->model, "fraud");
    assert_false(settle_is_over(live));
    start();
    assert_true(queue_take(live, &event, &letter));
    assert_int_equal(event.control.kind, CONTROL_HALT);
    step(&event, letter);
    struct docket *docket = (struct docket *)(uintptr_t)steward_docket(live->steward);
    assert_true(docket->halted);
    assert_false(live_changes(live));
    struct server_port port = intake_port(live);
    assert_int_equal(port.act(port.self, &person_act, &letter_of_act),
                     TAKEN_KEPT); /* Kept for the new run. */
    assert_int_equal(live->n_queued, 0);
    docket->n_entries = 1;
    docket->entries[0].action_state = ACTION_READING;
    assert_false(settle_is_over(live));
    docket->entries[0].action_state = ACTION_APPLIED;
    assert_true(settle_is_over(live));
    assert_int_equal(settle_end(live), OK);
    assert_false(live->settling);
    assert_int_not_equal(live->seed, seed);
    assert_int_equal(intake_letters(live), OK);
    assert_int_equal(live->n_queued, 1); /* The person's, and not the one of the old run. */
    close_live();
}

static void run_when_its_open_change_cannot_be_read_back_leaves_the_new_one_halted(void **state)
{
    struct event event;
    uint64_t letter = 0;
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    put_state_of_open_action();
    close_live();
    open_live(LIVE_SHADOW, false);
    assert_true(queue_take(live, &event, &letter));
    assert_false(settle_is_over(live));
    live->settle_until = live_steady();
    assert_true(settle_is_over(live));
    assert_int_equal(settle_end(live), OK);
    assert_int_equal(intake_letters(live), OK);
    start();
    step_halt();
    close_live();
}

/* Killed while it settles, by whichever settings it starts again: what was not halted before is not halted after. */
static void run_when_the_process_dies_while_it_settles_is_settled_again_and_not_left_halted(void **state)
{
    struct event event;
    uint64_t letter = 0, seed = 0;
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    put_state_of_open_action();
    seed = live->seed;
    close_live();
    for (int i = 0; i < 2; i++) {
        open_live(i == 0 ? LIVE_SHADOW : LIVE_AUTO, false);
        assert_true(live->settling);
        assert_int_equal(live->seed, seed);
        assert_false(live->halted_before);
        start();
        assert_true(queue_take(live, &event, &letter));
        step(&event, letter);
        assert_true(steward_docket(live->steward)->halted);
        if (i == 0) {
            close_live();
        }
    }
    ((struct docket *)(uintptr_t)steward_docket(live->steward))->n_entries = 0;
    assert_true(settle_is_over(live));
    assert_int_equal(settle_end(live), OK);
    assert_int_equal(live->settle_letter, 0);
    assert_int_not_equal(live->seed, seed);
    seed = live->seed;
    assert_int_equal(intake_letters(live), OK);
    assert_int_equal(live->n_queued, 0); /* No halt. */
    start();
    assert_false(steward_docket(live->steward)->halted);
    close_live();
    open_live(LIVE_AUTO, false);
    assert_false(live->settling);
    assert_int_equal(live->seed, seed); /* And the new run goes on. */
    close_live();
}

static void run_when_the_program_is_another_build_is_not_gone_on_with(void **state)
{
    char path[128];
    sqlite3 *database = NULL;
    (void)state;
    open_live(LIVE_AUTO, false);
    assert_non_null(strchr(live->build, ' ')); /* Version and digest. */
    start();
    uint64_t seed = live->seed;
    close_live();
    open_live(LIVE_AUTO, false);
    assert_int_equal(live->seed, seed);
    close_live();
    (void)snprintf(path, sizeof(path), "%s/journal.stw", folder);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(database, "UPDATE run SET build='" STEWARD_VERSION "'", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    open_live(LIVE_AUTO, false);
    assert_int_not_equal(live->seed, seed);
    close_live();
}

static void act_when_it_was_stepped_has_the_wardens_verdict(void **state)
{
    struct event event;
    uint64_t letter = 0;
    struct person_act act = {.kind = ACT_RESUME, .person = {1}};
    (void)state;
    open_live(LIVE_SHADOW, false);
    start();
    struct server_port port = intake_port(live);
    ((struct deployment *)&live->settings.deployment)->people[0].roles = 1u << ROLE_ONCALL;
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    assert_int_equal(live->board->n_verdicts, 0);
    assert_true(queue_take(live, &event, &letter));
    assert_int_equal(letter, letter_of_act);
    step(&event, letter);
    assert_int_equal(live->board->n_verdicts, 1);
    assert_int_equal(live->board->verdicts[0].letter, letter_of_act);
    assert_int_equal(live->board->verdicts[0].reason, REFUSAL_APPROVAL_ROLE);
    act.kind = ACT_HALT;
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    assert_true(queue_take(live, &event, &letter));
    step(&event, letter);
    assert_int_equal(live->board->verdicts[1].reason, REFUSAL_NONE);
    live->dry_run = true;
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_REFUSED);
    assert_int_equal(live->n_queued, 0);
    close_live();
}

static void run_when_it_cannot_be_taken_up_and_has_an_open_change_leaves_the_new_one_halted(void **state)
{
    char path[128];
    sqlite3 *database = NULL;
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    put_state_of_open_action();
    close_live();
    (void)snprintf(path, sizeof(path), "%s/journal.stw", folder);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "UPDATE snapshot SET body=x'00'", NULL, NULL, NULL),
                     SQLITE_OK); /* As a build with another state would read it. */
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    open_live(LIVE_SHADOW, false);
    assert_false(live->settling);
    assert_int_equal(intake_letters(live), OK);
    start();
    step_halt();
    close_live();
}

static void put_reply(uint32_t tokens)
{
    struct recorder recorder = record_port(live);
    struct loop *loop = &live->loop;
    memset(&loop->event, 0, sizeof(loop->event));
    loop->event = (struct event){
        .sequence = ++live->sequence, .at = live->at = live_now(live), .kind = EVENT_REPLY};
    loop->event.reply = (struct reply_event){.tokens = tokens, .raw = slice_of("")};
    loop->event.reply.reply.verdict = REPLY_SYNTAX;
    advice_reset(&loop->advice);
    effects_reset(&loop->effects);
    assert_int_equal(recorder.put_event(recorder.self, &loop->event), OK);
    assert_int_equal(
        recorder.put_effects(recorder.self, &loop->event, &loop->advice, &loop->effects), OK);
}

static void budget_when_the_process_dies_is_what_was_left_of_it(void **state)
{
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    put_reply(300);
    put_reply(44);
    close_live();
    open_live(LIVE_AUTO, false);
    assert_true(live->recovered);
    assert_int_equal(live->meter.tokens, 344);
    close_live();
    open_live(LIVE_SHADOW, false); /* Another run, the same day. */
    assert_false(live->recovered);
    assert_int_equal(live->meter.tokens, 344);
    assert_int_equal(live->meter.day, live_now(live) / NS_PER_DAY);
    live->meter.open_until = NS_PER_HOUR;
    assert_int_equal(record_begin(live, NULL), OK);
    assert_int_equal(live->meter.tokens, 344);
    assert_int_equal(live->meter.open_until, 0);
    live->epoch_unix_ns -= 2 * NS_PER_DAY; /* As if that run had begun long ago. */
    assert_int_equal(record_begin(live, NULL), OK);
    assert_int_equal(live->meter.tokens, 0);
    close_live();
}

static void halt_when_a_reload_begins_a_new_run_holds_in_it(void **state)
{
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    control(CONTROL_HALT);
    assert_int_equal(record_begin(live, steward_docket(live->steward)->halted ? "it was" : NULL), OK);
    assert_false(steward_docket(live->steward)->halted);
    assert_int_equal(intake_letters(live), OK);
    start();
    step_halt();
    close_live();
}

static void halt_when_the_process_dies_in_its_step_is_stepped_once_more_and_only_once(void **state)
{
    struct person_act act = {.kind = ACT_HALT, .person = {1}};
    struct event event;
    uint64_t letter = 0;
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    struct server_port port = intake_port(live);
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    for (uint32_t i = 0; i < 2; i++) {
        struct recorder recorder = record_port(live);
        assert_true(queue_take(live, &event, &letter));
        assert_int_equal(event.control.kind, CONTROL_HALT);
        event.sequence = live->sequence + 1;
        event.at = live_now(live);
        live->letter = letter;
        assert_int_equal(recorder.put_event(recorder.self, &event), OK);
        close_live();
        open_live(LIVE_AUTO, false);
        assert_true(live->recovered);
        assert_int_equal(intake_letters(live), OK);
        assert_int_equal(live->n_queued, i == 0 ? 1 : 0);
    }
    close_live();
}

static void halt_when_a_change_has_not_left_ends_it_as_failed(void **state)
{
    (void)state;
    open_live(LIVE_AUTO, false);
    start();
    struct act_effect act = rollback();
    call_act(live, &act);
    act.action.value = 2;
    act.verb = VERB_RETRAIN;
    act.args.target.value = 0;
    call_act(live, &act);
    assert_int_equal(pipe_busy(live->pipe), 2);
    /* As if the hook's answer had been lost and a second try were waited for. */
    struct call *hook = &live->calls[1];
    assert_int_equal(hook->kind, CALL_HOOK_ACT);
    pipe_done(live->pipe, 1);
    hook->sent = false;
    hook->hook.exchange.tries = 2;
    hook->hook.exchange.wait_until = live_now(live);
    control(CONTROL_HALT);
    calls_step(live);
    assert_int_equal(pipe_busy(live->pipe), 0);
    assert_true(calls_idle(live));
    assert_int_equal(live->n_queued, 2);
    assert_int_equal(live->queue[0].event.outcome.status, OUTCOME_FAILED);
    assert_int_equal(live->queue[1].event.outcome.status, OUTCOME_UNKNOWN);
    call_act(live, &act);
    assert_int_equal(pipe_busy(live->pipe), 0);
    assert_int_equal(live->queue[2].event.outcome.status, OUTCOME_FAILED);
    close_live();
}

static void letter_when_its_run_is_over_is_delivered_only_as_halt_or_change(void **state)
{
    struct person_act act = {.kind = ACT_ACKNOWLEDGE, .person = {1}, .page = {1}};
    (void)state;
    open_live(LIVE_SHADOW, false);
    struct server_port port = intake_port(live);
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    act.kind = ACT_HALT;
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    assert_int_equal(live->n_queued, 3); /* The same asked for twice is two letters. */
    close_live();
    open_live(LIVE_AUTO, false);
    assert_int_equal(intake_letters(live), OK);
    assert_int_equal(live->n_queued, 2);
    assert_int_equal(queued_of(EVENT_CONTROL), 2);
    close_live();
    open_live(LIVE_AUTO, false);
    assert_true(live->recovered);
    close_live();
}

static void clock_when_it_was_set_back_does_not_stand_still(void **state)
{
    (void)state;
    open_live(LIVE_SHADOW, false);
    live->at = live_now(live) + NS_PER_HOUR;
    live->at_steady = live_steady();
    int64_t first = live_now(live);
    assert_true(first >= live->at);
    struct timespec pause = {0, 2000000};
    assert_int_equal(nanosleep(&pause, NULL), 0);
    assert_true(live_now(live) >= first + 1000000);
    close_live();
}

static void queue_when_machines_fill_it_has_room_for_people_and_halt_goes_first(void **state)
{
    struct person_act act = {.kind = ACT_ACKNOWLEDGE, .person = {1}, .page = {1}};
    struct event event = {.kind = EVENT_TICK};
    (void)state;
    open_live(LIVE_SHADOW, false);
    struct server_port port = intake_port(live);
    while (queue_is_open(live, SENDER_MACHINE)) {
        assert_true(queue_put(live, &event, 0));
    }
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    while (queue_is_open(live, SENDER_PERSON)) {
        assert_true(queue_put(live, &event, 0));
    }
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_BUSY);
    act.kind = ACT_HALT;
    assert_int_equal(port.act(port.self, &act, &letter_of_act), TAKEN_KEPT);
    assert_int_equal(live->queue[live->queue_first].event.kind, EVENT_CONTROL);
    close_live();
}

static void queue_when_a_reset_waits_keeps_a_later_halt_behind_it(void **state)
{
    struct event event = {.kind = EVENT_CONTROL};
    uint64_t letter = 0;
    (void)state;
    open_live(LIVE_SHADOW, false);
    event.control.kind = CONTROL_RESET;
    assert_true(queue_put(live, &event, 0));
    event.control.kind = CONTROL_HALT;
    assert_true(queue_put(live, &event, 0));
    assert_true(queue_take(live, &event, &letter));
    assert_int_equal(event.control.kind, CONTROL_RESET);
    close_live();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(act_when_the_mode_is_observe_or_a_dry_run_leaves_nothing_out),
        TEST(act_when_the_mode_is_shadow_is_shown_and_told_as_not_done),
        TEST(act_when_the_mode_is_auto_leaves),
        TEST(dry_run_when_an_act_is_due_shows_the_request_without_secrets),
        TEST(intent_when_the_process_died_is_not_sent_again_by_the_host),
        TEST(state_dir_when_others_can_use_it_is_refused),
        TEST(run_when_the_mode_is_another_begins_anew),
        TEST(queue_when_a_note_is_borrowed_keeps_its_bytes),
        TEST(queue_when_it_is_nearly_full_closes_to_what_comes_from_outside),
        TEST(halt_when_a_restart_begins_a_new_run_holds_in_it),
        TEST(halt_when_it_was_reset_is_not_carried_into_a_new_run),
        TEST(run_when_the_one_before_cannot_be_read_begins_halted),
        TEST(run_when_it_was_left_with_an_open_change_is_settled_before_a_new_one_begins),
        TEST(run_when_the_process_dies_while_it_settles_is_settled_again_and_not_left_halted),
        TEST(run_when_the_program_is_another_build_is_not_gone_on_with),
        TEST(act_when_it_was_stepped_has_the_wardens_verdict),
        TEST(run_when_its_open_change_cannot_be_read_back_leaves_the_new_one_halted),
        TEST(run_when_it_cannot_be_taken_up_and_has_an_open_change_leaves_the_new_one_halted),
        TEST(budget_when_the_process_dies_is_what_was_left_of_it),
        TEST(halt_when_a_reload_begins_a_new_run_holds_in_it),
        TEST(halt_when_the_process_dies_in_its_step_is_stepped_once_more_and_only_once),
        TEST(halt_when_a_change_has_not_left_ends_it_as_failed),
        TEST(letter_when_its_run_is_over_is_delivered_only_as_halt_or_change),
        TEST(clock_when_it_was_set_back_does_not_stand_still),
        TEST(queue_when_machines_fill_it_has_room_for_people_and_halt_goes_first),
        TEST(queue_when_a_reset_waits_keeps_a_later_halt_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
