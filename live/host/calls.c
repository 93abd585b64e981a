/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: every question and every act under way, each an adapter's machine with a slot of the pipe, from its beginning to the event that it brings. */
#include <stdio.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/types/names.h"
#include "live/host/parts.h"

enum { SHOWN_BYTES = 4096, ADDRESS_BYTES = 288 };

static struct call *call_begin(struct live *live, enum call_kind kind)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        struct call *call = &live->calls[i];
        if (call->kind == CALL_FREE) {
            call->kind = kind;
            call->sent = call->told = call->asked = false;
            call->begun = live_now(live);
            call->config = live->config_i;
            return call;
        }
    }
    live_log(live, LIVE_WARN, "more than %d requests under way", CALLS_MAX);
    return NULL;
}

static const struct live_config *config_of_call(const struct live *live, const struct call *call)
{
    return live->configs[call->config];
}

static void deliver(struct live *live, const struct event *event)
{
    bool is_put = queue_put(live, event, 0);
    ASSERT(is_put); /* QUEUE_SPARE is kept for calls. */
}

static void tell_outcome(struct live *live, const struct act_effect *act,
                         enum outcome_status status, struct version_id version)
{
    struct event event = {.kind = EVENT_OUTCOME};
    event.outcome = (struct outcome){
        .action = act->action, .key = act->key, .status = status, .version = version};
    deliver(live, &event);
}

static void tell_page(struct live *live, const struct page_effect *page, bool is_delivered)
{
    struct event event = {.kind = EVENT_PAGE};
    event.page.page = page->page;
    event.page.person = page->person;
    event.page.status = is_delivered ? PAGE_DELIVERED : PAGE_UNDELIVERED;
    deliver(live, &event);
}

/* What happened to the serving version without us, where nobody told: it belongs into the change feed. */
static void note_version(struct live *live, const struct window *window)
{
    struct watch *watch = &live->watches[window->model.value - 1];
    struct version_id before = watch->version;
    if (window->version.value == 0 || window->version.value == before.value) {
        return;
    }
    watch->version = window->version;
    if (window->version.value == watch->own.value) {
        return; /* The action's own record tells it. */
    }
    watch->own.value = 0;
    for (uint32_t i = 0; i < live->memory.n_changes && i < 32; i++) {
        const struct change *known = &live->memory.changes[i];
        bool is_known = known->kind == CHANGE_MODEL && known->model.value == window->model.value &&
                        known->to.value == window->version.value &&
                        live_now(live) - known->at < NS_PER_HOUR;
        if (is_known) {
            return;
        }
    }
    if (before.value == 0) {
        return;
    }
    struct event event = {.kind = EVENT_CHANGE};
    event.change.change = (struct change){.kind = CHANGE_MODEL,
                                          .at = window->from,
                                          .model = window->model,
                                          .from = before,
                                          .to = window->version};
    event.change.note = slice_of("seen in the telemetry");
    deliver(live, &event);
}

static void end_window(struct live *live, const struct call *call)
{
    const struct window_read *read = &call->window;
    struct watch *watch = &live->watches[read->model.value - 1];
    const char *name = live->settings.deployment.models[read->model.value - 1].name;
    watch->reading = false;
    if (read->exchange.next == EXCHANGE_FAILED) {
        live_log(live, LIVE_WARN, "window of %s: %s", name, read->exchange.error);
        live->n_requests_failed++;
        return;
    }
    if (read->no_data) {
        live_log(live, LIVE_WARN, "window of %s: no data", name);
        return;
    }
    struct event event = {.kind = EVENT_WINDOW};
    event.window = read->window;
    deliver(live, &event);
    note_version(live, &read->window);
    bool is_other =
        read->window.version.value != 0 &&
        read->window.version.value != live->memory.baselines[read->model.value - 1].version.value;
    if (is_other && live_now(live) - watch->registry_at >= REGISTRY_PAUSE_NS) {
        call_registry(live, read->model);
    }
}

static void end_registry(struct live *live, const struct call *call)
{
    const struct registry_read *read = &call->registry;
    const struct watch *watch = &live->watches[read->id.value - 1];
    if (read->exchange.next == EXCHANGE_FAILED) {
        live_log(live, LIVE_WARN, "registry of %s: %s", read->model->name, read->exchange.error);
        live->n_requests_failed++;
        return;
    }
    struct version_id serving = watch->version.value != 0 ? watch->version : read->registered.alias;
    const struct registry_record *record = registry_list_find(&read->list, serving);
    if (record == NULL || !record->has_baseline) {
        live_log(live, LIVE_WARN, "registry of %s: version %u has no complete baseline in its tags",
                 read->model->name, serving.value);
        return;
    }
    struct event event = {.kind = EVENT_BASELINE};
    event.baseline = record->baseline;
    deliver(live, &event);
}

static void end_evidence(struct live *live, const struct call *call)
{
    const struct evidence_call *evidence = &call->evidence;
    const struct answer *answer = &evidence->answer;
    if (evidence->exchange.next == EXCHANGE_FAILED) {
        live_log(live, LIVE_WARN, "tool %s: %s", tool_name(answer->tool), evidence->exchange.error);
        live->n_requests_failed++;
    }
    struct event event = {.kind = EVENT_ANSWER};
    event.answer = *answer;
    deliver(live, &event);
}

static void end_alias(struct live *live, const struct call *call)
{
    static const char *const words[N_OUTCOME_STATUSES] = {"done", "failed", "unknown", "trained",
                                                          "training failed"};
    const struct alias_move *move = &call->alias;
    char line[BOARD_LINE_BYTES];
    (void)snprintf(line, sizeof(line), "registry: alias %s of %s to version %u: %s%s%.200s",
                   move->source->alias, move->source->model, move->target.value, words[move->status],
                   move->exchange.error[0] == '\0' ? "" : " - ", move->exchange.error);
    live_log(live, LIVE_INFO, "%s", line);
    board_say(live->board, call->act.incident, live_now(live), line);
    tell_outcome(live, &call->act, move->status, (struct version_id){0});
}

/* A training tells twice: that it was taken, and how it ended. */
static void end_hook(struct live *live, const struct call *call)
{
    const struct hook_call *hook = &call->hook;
    bool is_end_of_training = hook->status == OUTCOME_TRAINED || hook->status == OUTCOME_TRAIN_FAILED;
    if (hook->exchange.error[0] != '\0') {
        live_log(live, LIVE_WARN, "%s: %s", verb_name(call->act.verb), hook->exchange.error);
    }
    if (!call->told) {
        enum outcome_status first = is_end_of_training ? OUTCOME_DONE : hook->status;
        tell_outcome(live, &call->act, first, (struct version_id){0});
    }
    if (is_end_of_training) {
        tell_outcome(live, &call->act, hook->status, hook->version);
    }
}

/* What was asked and answered, for a simulation to play; the journal does not need it. */
static void record_llm(struct live *live, const struct call *call)
{
    const struct reply_event *reply = &call->llm.reply;
    struct err_text text;
    if (live->tape == NULL || !call->asked) {
        return;
    }
    struct cassette_exchange exchange = {.prompt = call->llm.ask.prompt,
                                         .verdict = reply->reply.verdict,
                                         .latency_ns = live_now(live) - call->begun,
                                         .tokens = reply->tokens,
                                         .cost_microusd = reply->cost_microusd,
                                         .raw = reply->raw};
    live->n_taped++;
    if (tape_put(live->tape, &exchange, &text) != OK) {
        live_log(live, LIVE_ERROR, "the LLM is not recorded any more: %s", text.text);
        tape_close(live->tape);
        live->tape = NULL;
    }
}

static void end_llm(struct live *live, const struct call *call)
{
    struct event event = {.kind = EVENT_REPLY};
    event.reply = call->llm.reply;
    record_llm(live, call);
    if (call->llm.exchange.error[0] != '\0') {
        live_log(live, LIVE_WARN, "%s", call->llm.exchange.error);
    }
    deliver(live, &event);
}

static void end(struct live *live, struct call *call)
{
    bool is_failed = call->exchange.next == EXCHANGE_FAILED;
    switch (call->kind) {
    case CALL_WINDOW:
        end_window(live, call);
        break;
    case CALL_REGISTRY:
        end_registry(live, call);
        break;
    case CALL_EVIDENCE:
        end_evidence(live, call);
        break;
    case CALL_ALIAS:
        end_alias(live, call);
        break;
    case CALL_HOOK_ACT:
        end_hook(live, call);
        break;
    case CALL_PAGE_HOOK:
        tell_page(live, &call->page, !is_failed && call->hook.status == OUTCOME_DONE);
        break;
    case CALL_PAGE_SLACK:
        tell_page(live, &call->page, !is_failed && call->slack.delivered);
        break;
    case CALL_LLM:
        end_llm(live, call);
        break;
    case CALL_NOTE_HOOK:
    case CALL_NOTE_SLACK:
    case CALL_TRACE:
        if (is_failed) {
            live_log(live, LIVE_WARN, "%s", call->exchange.error);
            live->n_requests_failed++;
        }
        break;
    case CALL_FREE:
    case N_CALL_KINDS:
        ASSERT(call->kind != CALL_FREE);
        break;
    }
    call->kind = CALL_FREE;
}

/* REQ S25 at the last door: a halted steward sends nothing that changes, not even what it had begun. */
static void give_up(struct live *live, struct call *call, enum outcome_status status)
{
    call->exchange.next = EXCHANGE_FAILED;
    (void)snprintf(call->exchange.error, sizeof(call->exchange.error), "halted");
    if (call->kind == CALL_ALIAS) {
        call->alias.status = status;
    } else {
        call->hook.status = status;
    }
    end(live, call);
}

/* The request in scratch is one that changes the platform. A set that was declined has not begun; after a lost one there is no second. */
static bool is_change(const struct live *live, const struct call *call)
{
    bool is_set =
        call->kind == CALL_ALIAS && !call->alias.changed && live->scratch.method != HTTP_GET;
    return is_set || (call->kind == CALL_HOOK_ACT && !call->hook.polling);
}

/* What has not changed anything yet, ends; what was asked of a hook and stayed without an answer is not known. */
static void stop_changes(struct live *live)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        struct call *call = &live->calls[i];
        if (call->kind == CALL_ALIAS && !call->alias.sent) {
            if (call->sent) {
                pipe_done(live->pipe, i);
                call->sent = false;
            }
            give_up(live, call, OUTCOME_FAILED);
        } else if (call->kind == CALL_HOOK_ACT && !call->sent && !call->hook.polling) {
            give_up(live, call, OUTCOME_UNKNOWN);
        }
    }
}

static void proceed(struct live *live, struct call *call, enum exchange_next next)
{
    switch (next) {
    case EXCHANGE_SEND:
        if (steward_docket(live->steward)->halted && is_change(live, call)) {
            bool is_repeat = call->kind == CALL_HOOK_ACT && call->exchange.tries > 1;
            give_up(live, call, is_repeat ? OUTCOME_UNKNOWN : OUTCOME_FAILED);
            return;
        }
        if (live->dry_run) {
            char shown[SHOWN_BYTES];
            struct text text;
            text_init(&text, shown, sizeof(shown));
            request_describe(&live->scratch, &text);
            live->port.show(live->port.self, shown);
        }
        pipe_send(live->pipe, (uint32_t)(call - live->calls), &live->scratch);
        call->sent = call->asked = true;
        return;
    case EXCHANGE_WAIT:
        if (call->kind == CALL_HOOK_ACT && call->hook.accepted && call->hook.is_training &&
            !call->told) {
            call->told = true;
            tell_outcome(live, &call->act, OUTCOME_DONE, (struct version_id){0});
        }
        return;
    case EXCHANGE_DONE:
    case EXCHANGE_FAILED:
        end(live, call);
        return;
    }
}

static enum exchange_next take(struct live *live, struct call *call,
                               const struct http_response *response)
{
    int64_t now = live_now(live);
    struct http_request *request = &live->scratch;
    switch (call->kind) {
    case CALL_WINDOW:
        return window_read_take(&call->window, now, response, request);
    case CALL_REGISTRY:
        return registry_read_take(&call->registry, now, response, request);
    case CALL_EVIDENCE:
        return evidence_call_take(&call->evidence, now, response, request);
    case CALL_ALIAS:
        return alias_move_take(&call->alias, now, response, request);
    case CALL_HOOK_ACT:
    case CALL_PAGE_HOOK:
    case CALL_NOTE_HOOK:
        return hook_call_take(&call->hook, now, response, request);
    case CALL_PAGE_SLACK:
    case CALL_NOTE_SLACK:
        return slack_send_take(&call->slack, now, response, request);
    case CALL_LLM:
        return llm_call_take(&call->llm, now, response, request);
    case CALL_TRACE:
        return trace_send_take(&call->trace, now, response, request);
    case CALL_FREE:
    case N_CALL_KINDS:
        break;
    }
    ASSERT(call->kind != CALL_FREE);
    return EXCHANGE_FAILED;
}

static enum exchange_next timer(struct live *live, struct call *call)
{
    int64_t now = live_now(live);
    struct http_request *request = &live->scratch;
    switch (call->kind) {
    case CALL_WINDOW:
        return window_read_timer(&call->window, now, request);
    case CALL_REGISTRY:
        return registry_read_timer(&call->registry, now, request);
    case CALL_EVIDENCE:
        return evidence_call_timer(&call->evidence, now, request);
    case CALL_ALIAS:
        return alias_move_timer(&call->alias, now, request);
    case CALL_HOOK_ACT:
    case CALL_PAGE_HOOK:
    case CALL_NOTE_HOOK:
        return hook_call_timer(&call->hook, now, request);
    case CALL_PAGE_SLACK:
    case CALL_NOTE_SLACK:
        return slack_send_timer(&call->slack, now, request);
    case CALL_LLM:
        return llm_call_timer(&call->llm, now, request);
    case CALL_TRACE:
        return trace_send_timer(&call->trace, now, request);
    case CALL_FREE:
    case N_CALL_KINDS:
        break;
    }
    ASSERT(call->kind != CALL_FREE);
    return EXCHANGE_FAILED;
}

/* The LLM's deadline holds while its request is still on its way. */
static int64_t due_of(const struct call *call)
{
    if (call->kind == CALL_FREE) {
        return NEVER;
    }
    if (!call->sent) {
        return call->exchange.wait_until;
    }
    return call->kind == CALL_LLM ? call->llm.ask.deadline : NEVER;
}

void calls_step(struct live *live)
{
    uint32_t slot = 0;
    struct http_response response;
    if (steward_docket(live->steward)->halted) {
        stop_changes(live);
    }
    while (pipe_take(live->pipe, &slot, &response)) {
        struct call *call = &live->calls[slot];
        ASSERT(call->sent);
        call->sent = false;
        enum exchange_next next = take(live, call, &response);
        pipe_done(live->pipe, slot);
        proceed(live, call, next);
    }
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        struct call *call = &live->calls[i];
        if (due_of(call) <= live_now(live)) {
            if (call->sent) {
                pipe_done(live->pipe, i);
                call->sent = false;
            }
            proceed(live, call, timer(live, call));
        }
    }
}

int64_t calls_due(const struct live *live)
{
    int64_t due = NEVER;
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        int64_t own = due_of(&live->calls[i]);
        due = own < due ? own : due;
    }
    return due;
}

static bool is_acting(const struct call *call)
{
    return call->kind == CALL_ALIAS || (call->kind == CALL_HOOK_ACT && !call->hook.accepted);
}

bool calls_acting(const struct live *live)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        if (is_acting(&live->calls[i])) {
            return true;
        }
    }
    return false;
}

bool calls_idle(const struct live *live)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        if (live->calls[i].kind != CALL_FREE) {
            return false;
        }
    }
    return true;
}

bool calls_use(const struct live *live, uint32_t config)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        if (live->calls[i].kind != CALL_FREE && live->calls[i].config == config) {
            return true;
        }
    }
    return false;
}

void calls_forget(struct live *live)
{
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        if (live->calls[i].kind != CALL_FREE && live->calls[i].sent) {
            pipe_done(live->pipe, i);
        }
        live->calls[i].kind = CALL_FREE;
        live->calls[i].sent = false;
    }
}

void call_window(struct live *live, struct model_id model, int64_t to)
{
    struct watch *watch = &live->watches[model.value - 1];
    struct call *call = watch->reading ? NULL : call_begin(live, CALL_WINDOW);
    if (call == NULL) {
        return; /* The one before is late; its absence shows as silence. */
    }
    const struct live_config *config = config_of_call(live, call);
    int64_t span = to - watch->window_to;
    watch->narrowed = live->settings.deployment;
    if (watch->window_to != 0 && span > 0 && span < watch->narrowed.window_ns) {
        watch->narrowed.window_ns = span;
    }
    watch->window_to = to;
    watch->reading = true;
    proceed(live, call,
            window_read_begin(&call->window, &config->prometheus, &config->queries[model.value - 1],
                              &watch->narrowed, model, live->epoch_unix_ns, to, live_now(live),
                              &live->scratch));
}

void call_registry(struct live *live, struct model_id model)
{
    const struct registry_source *source = config_of(live)->sources[model.value - 1].registry;
    struct call *call = source == NULL ? NULL : call_begin(live, CALL_REGISTRY);
    if (call == NULL) {
        return;
    }
    live->watches[model.value - 1].registry_at = live_now(live);
    proceed(live, call,
            registry_read_begin(&call->registry, source,
                                &live->settings.deployment.models[model.value - 1], model,
                                live_now(live), &live->scratch));
}

void call_evidence(struct live *live, const struct ask_effect *ask)
{
    const struct deployment *deployment = &live->settings.deployment;
    bool is_model = ask->model.value >= 1 && ask->model.value <= deployment->n_models;
    struct call *call = is_model ? call_begin(live, CALL_EVIDENCE) : NULL;
    if (call == NULL) {
        struct event event = {.kind = EVENT_ANSWER};
        event.answer = (struct answer){.question = ask->question,
                                       .tool = ask->tool,
                                       .model = ask->model,
                                       .status = ANSWER_FAILED,
                                       .sampled_at = live_now(live)};
        deliver(live, &event);
        return;
    }
    const struct model_source *source = &config_of_call(live, call)->sources[ask->model.value - 1];
    proceed(live, call,
            evidence_call_begin(&call->evidence, source, deployment, &live->memory, ask,
                                live_now(live), &live->scratch));
}

void call_llm(struct live *live, const struct ask_llm_effect *ask)
{
    struct call *call = config_of(live)->has_llm ? call_begin(live, CALL_LLM) : NULL;
    if (call == NULL) {
        struct event event = {.kind = EVENT_REPLY};
        event.reply = (struct reply_event){.question = ask->question, .model = ask->model};
        event.reply.reply.verdict = REPLY_TRANSPORT;
        event.reply.raw = slice_of("");
        deliver(live, &event);
        return;
    }
    struct text prompt;
    text_init(&prompt, live->story, sizeof(call->llm.prompt));
    exhibit_prompt(live, ask, &prompt);
    proceed(live, call,
            llm_call_begin(&call->llm, &config_of_call(live, call)->llm, &live->meter,
                           &live->settings.deployment.llm, ask,
                           (struct slice){prompt.bytes, prompt.n_bytes}, live->sequence,
                           live_now(live), &live->scratch));
}

/* The request that an act would send: shown, and told as not done. */
static void withhold(struct live *live, const struct act_effect *act)
{
    char shown[SHOWN_BYTES], line[BOARD_LINE_BYTES];
    struct text text;
    text_init(&text, shown, sizeof(shown));
    request_describe(&live->scratch, &text);
    if (live->dry_run) {
        live->port.show(live->port.self, shown);
    }
    (void)snprintf(line, sizeof(line), "not sent (%s): %.400s",
                   live->dry_run ? "dry run" : live_mode_names[config_of(live)->mode], shown);
    live_log(live, LIVE_INFO, "%s", line);
    board_say(live->board, act->incident, live_now(live), line);
    tell_outcome(live, act, OUTCOME_FAILED, (struct version_id){0});
}

static bool moves_alias(enum verb verb)
{
    return verb == VERB_ROLLBACK || verb == VERB_PROMOTE || verb == VERB_SWITCH_MODEL ||
           verb == VERB_RECONCILE;
}

static void act_alias(struct live *live, const struct act_effect *act)
{
    uint32_t model_i = act->args.model.value - 1u;
    const struct registry_source *source = config_of(live)->sources[model_i].registry;
    struct version_id target = act->args.target;
    if (source == NULL || target.value == 0) {
        tell_outcome(live, act, OUTCOME_FAILED, (struct version_id){0});
        return;
    }
    if (!live_changes(live)) {
        if (alias_move_preview(source, act, target, &live->scratch)) {
            withhold(live, act);
        } else {
            tell_outcome(live, act, OUTCOME_FAILED, (struct version_id){0});
        }
        return;
    }
    struct call *call = call_begin(live, CALL_ALIAS);
    if (call == NULL) {
        tell_outcome(live, act, OUTCOME_FAILED, (struct version_id){0});
        return;
    }
    call->act = *act;
    live->watches[model_i].own = target;
    proceed(live, call,
            alias_move_begin(&call->alias, source, act, target, live_now(live), &live->scratch));
}

static void act_hook(struct live *live, const struct act_effect *act)
{
    struct call *call = config_of(live)->has_hook ? call_begin(live, CALL_HOOK_ACT) : NULL;
    if (call == NULL) {
        tell_outcome(live, act, OUTCOME_FAILED, (struct version_id){0});
        return;
    }
    call->act = *act;
    enum exchange_next next =
        hook_call_begin_act(&call->hook, &config_of_call(live, call)->hook,
                            &live->settings.deployment, act, live_now(live), &live->scratch);
    if (next == EXCHANGE_SEND && !live_changes(live)) {
        withhold(live, act);
        call->kind = CALL_FREE;
        return;
    }
    proceed(live, call, next);
    if (act->verb == VERB_RETRAIN && call->sent) {
        live_memory_training(&live->memory, act);
    }
}

void call_act(struct live *live, const struct act_effect *act)
{
    bool is_model =
        act->args.model.value >= 1 && act->args.model.value <= live->settings.deployment.n_models;
    if (!is_model) {
        tell_outcome(live, act, OUTCOME_FAILED, (struct version_id){0});
    } else if (moves_alias(act->verb)) {
        act_alias(live, act);
    } else {
        act_hook(live, act);
    }
}

/* Words by the chat channel; false when there is none or nothing may leave. */
static bool say_slack(struct live *live, enum call_kind kind, const char *words,
                      const struct page_effect *page)
{
    bool is_open =
        config_of(live)->has_slack && !live->dry_run && config_of(live)->mode != LIVE_OBSERVE;
    struct call *call = is_open ? call_begin(live, kind) : NULL;
    if (call == NULL) {
        return false;
    }
    if (page != NULL) {
        call->page = *page;
    }
    char marked[SLACK_TEXT_BYTES];
    (void)snprintf(marked, sizeof(marked), "%s%.1990s",
                   config_of(live)->mode == LIVE_SHADOW ? "[shadow] " : "", words);
    proceed(live, call,
            slack_send_begin(&call->slack, &config_of_call(live, call)->slack, slice_of(marked),
                             live_now(live), &live->scratch));
    return true;
}

static bool say_hook(struct live *live, enum call_kind kind, const char *id, struct slice body,
                     const struct page_effect *page)
{
    bool is_open = config_of(live)->has_hook && live_changes(live);
    struct call *call = is_open ? call_begin(live, kind) : NULL;
    if (call == NULL) {
        return false;
    }
    if (page != NULL) {
        call->page = *page;
    }
    proceed(live, call,
            hook_call_begin(&call->hook, &config_of_call(live, call)->hook, id, body, false,
                            live_now(live), &live->scratch));
    return true;
}

static void put_address(const struct live *live, struct incident_id incident,
                        char ret_address[ADDRESS_BYTES])
{
    const struct live_config *config = config_of(live);
    char own[96];
    (void)snprintf(own, sizeof(own), "http://%s:%u", config->address, config->port);
    (void)snprintf(ret_address, ADDRESS_BYTES, "%s/incident/%u",
                   config->page_url[0] != '\0' ? config->page_url : own, incident.value);
}

void call_page(struct live *live, const struct page_effect *page)
{
    const struct deployment *deployment = &live->settings.deployment;
    char address[ADDRESS_BYTES], words[SLACK_TEXT_BYTES], body[4096], id[64];
    struct text text, json;
    put_address(live, page->incident, address);
    text_init(&text, words, sizeof(words));
    slack_page_text(deployment, page, address, &text);
    live_log(live, LIVE_WARN, "page %u to %s: %s", page->page.value,
             board_person(deployment, page->person), words);
    text_init(&json, body, sizeof(body));
    (void)snprintf(id, sizeof(id), "page-%llx-%u", (unsigned long long)live->seed, page->page.value);
    bool is_said = say_slack(live, CALL_PAGE_SLACK, words, page);
    bool is_sent = hook_page_body(deployment, page, &json) &&
                   say_hook(live, CALL_PAGE_HOOK, id, (struct slice){json.bytes, json.n_bytes}, page);
    if (!is_said && !is_sent) {
        bool has_channel = config_of(live)->has_slack || config_of(live)->has_hook;
        bool is_silent = live->dry_run || !live_changes(live);
        tell_page(live, page,
                  !has_channel || is_silent); /* Without a channel the page itself shows it. */
    }
}

void call_notify(struct live *live, const struct notify_effect *notify)
{
    const struct deployment *deployment = &live->settings.deployment;
    char address[ADDRESS_BYTES], words[SLACK_TEXT_BYTES], body[4096], id[64];
    struct text text, json;
    put_address(live, notify->incident, address);
    text_init(&text, words, sizeof(words));
    slack_notify_text(deployment, notify, address, &text);
    text_init(&json, body, sizeof(body));
    (void)snprintf(id, sizeof(id), "note-%llx-%llu-%u", (unsigned long long)live->seed,
                   (unsigned long long)live->sequence, notify->incident.value);
    (void)say_slack(live, CALL_NOTE_SLACK, words, NULL); /* A note may be lost, a page may not. */
    if (hook_notify_body(deployment, notify, &json)) {
        (void)say_hook(live, CALL_NOTE_HOOK, id, (struct slice){json.bytes, json.n_bytes}, NULL);
    }
}

void call_request(struct live *live, const struct request_effect *request)
{
    char address[ADDRESS_BYTES], raw[1024], words[SLACK_TEXT_BYTES];
    struct text text, escaped;
    put_address(live, request->incident, address);
    text_init(&text, raw, sizeof(raw));
    text_put(&text, "Approval ");
    text_put_u64(&text, request->approval.value);
    text_put(&text, " is asked for: ");
    board_action(&live->settings.deployment, request->verb, &request->args, &text);
    live_log(live, LIVE_WARN, "%s", raw);
    text_init(&escaped, words, sizeof(words));
    slack_escape(&escaped, (struct slice){text.bytes, text.n_bytes});
    text_put_char(&escaped, ' ');
    text_put(&escaped, address);
    (void)say_slack(live, CALL_NOTE_SLACK, words, NULL); /* The request waits on the page in any case. */
}

void call_traces(struct live *live)
{
    struct incident_trace *trace = NULL;
    while ((trace = tracer_closed(live->tracer)) != NULL) {
        bool is_open = config_of(live)->has_otlp && !live->dry_run;
        struct call *call = is_open ? call_begin(live, CALL_TRACE) : NULL;
        if (call != NULL) {
            proceed(live, call,
                    trace_send_begin(&call->trace, &config_of_call(live, call)->otlp, live->tracer,
                                     &live->settings.deployment, trace, live_now(live),
                                     &live->scratch));
        }
        tracer_drop(trace);
    }
}
