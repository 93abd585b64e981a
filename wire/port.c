/* SPDX-License-Identifier: Apache-2.0 */
/* The port of a campaign onto the wire: drives the adapters' machines against the doubles, in virtual time and within one call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/types/limits.h"
#include "live/adapter/evidence.h"
#include "live/adapter/mlflow.h"
#include "wire/alerts.h"
#include "wire/double.h"
#include "wire/wire.h"

#define EPOCH_UNIX_NS                                                                              \
    (INT64_C(1767225600) * NS_PER_S) /* 2026-01-01; long before it lies no record. */

#define P_DISTURBED 0.1 /* Of windows: a scrape is asked ten times as often as a question. */

enum { ROUNDS_MAX = 256 };

struct wire {
    const struct deployment *deployment;
    uint64_t seed, n_exchanges;
    struct double_model models[MODELS_MAX];
    struct wire_double servers;
    struct signal_queries queries;
    struct endpoint prometheus;
    struct registry_source registry;
    struct live_memory memory;
    struct window newest[MODELS_MAX]; /* As the platform had them; requests 0 and from 0: none yet. */
    struct alert_double alerts;
    struct alert_intake intake;
    uint64_t n_watches;
    struct alias_move move;
    struct evidence_call evidence;
    struct window_read read;
    struct window sent; /* The window as the platform has it. */
    struct http_request request;
};

static void put_query(struct signal_queries *queries, enum signal_kind signal, const char *words)
{
    (void)snprintf(queries->templates[signal], QUERY_BYTES, "%s", words);
}

enum err wire_open(struct wire **ret_wire, struct err_text *ret_text)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    if (wire == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "wire: out of memory");
    }
    signal_queries_defaults(&wire->queries);
    (void)snprintf(wire->prometheus.url, sizeof(wire->prometheus.url), "http://prometheus");
    (void)snprintf(wire->registry.endpoint.url, sizeof(wire->registry.endpoint.url), "http://mlflow");
    (void)snprintf(wire->registry.model, sizeof(wire->registry.model), "model");
    (void)snprintf(wire->registry.alias, sizeof(wire->registry.alias), "champion");
    wire->registry.epoch_unix_ns = EPOCH_UNIX_NS;
    wire->servers.epoch_unix_ns = EPOCH_UNIX_NS;
    put_query(&wire->queries, SIGNAL_GOLDEN_SCORED, "golden_scored{model=\"$model\"}");
    put_query(&wire->queries, SIGNAL_GOLDEN_CORRECT, "golden_correct{model=\"$model\"}");
    *ret_wire = wire;
    return OK;
}

void wire_close(struct wire *wire) { free(wire); }

static void begin(void *self, const struct run_identity *identity)
{
    struct wire *wire = self;
    wire->deployment = &identity->settings->deployment;
    wire->seed = identity->seed;
    wire->n_exchanges = wire->n_watches = 0;
    memset(wire->models, 0, sizeof(wire->models));
    memset(wire->newest, 0, sizeof(wire->newest));
    memset(&wire->memory, 0, sizeof(wire->memory));
    memset(&wire->alerts, 0, sizeof(wire->alerts));
    memset(&wire->intake, 0, sizeof(wire->intake));
    wire->alerts.epoch_unix_ns = EPOCH_UNIX_NS;
}

static void note(void *self, const struct event *event)
{
    struct wire *wire = self;
    live_memory_note(&wire->memory, event);
}

/* The registry's view of the model as the plant has it now. People move aliases too. */
static void show(struct wire *wire, struct model_id model, struct version_id registered)
{
    struct double_model *known = &wire->models[model.value - 1];
    if (known->alias.value != registered.value) {
        bool is_first = known->alias.value == 0;
        known->alias_before = is_first ? registered : known->alias;
        known->alias = registered;
    }
    wire->servers.model = *known;
    wire->servers.doom = DOOM_NONE;
    wire->servers.dark = false;
    wire->servers.n_sets = 0;
    wire->servers.window = NULL;
}

static enum wire_doom doom_of(enum wire_fate fate)
{
    switch (fate) {
    case WIRE_FAILS:
        return DOOM_REFUSED;
    case WIRE_UNKNOWN_DONE:
        return DOOM_LOST_DONE;
    case WIRE_UNKNOWN_NOT_DONE:
        return DOOM_LOST_NOT_DONE;
    case WIRE_GOES:
    case WIRE_BELIEVED_DONE:
        break;
    }
    return DOOM_NONE;
}

/* What the exchange did to the registry and what the machine tells of it. */
static enum wire_fate fate_of(bool is_set, enum outcome_status status)
{
    bool is_unknown = status == OUTCOME_UNKNOWN;
    if (is_set) {
        ASSERT(status != OUTCOME_FAILED); /* Never told as failed what was done. */
        return is_unknown ? WIRE_UNKNOWN_DONE : WIRE_GOES;
    }
    if (is_unknown) {
        return WIRE_UNKNOWN_NOT_DONE;
    }
    return status == OUTCOME_DONE ? WIRE_BELIEVED_DONE : WIRE_FAILS;
}

static enum wire_fate act(void *self, const struct act_effect *act_effect,
                          struct version_id registered, enum wire_fate fate, int64_t now_ns,
                          int64_t *ret_delay_ns)
{
    struct wire *wire = self;
    struct wire_double *servers = &wire->servers;
    struct alias_move *move = &wire->move;
    show(wire, act_effect->args.model, registered);
    servers->doom = doom_of(fate);
    struct stream stream;
    stream_init(&stream, wire->seed, "wire/act", wire->n_exchanges++);
    int64_t at = now_ns;
    struct http_response response;
    enum exchange_next next = alias_move_begin(move, &wire->registry, act_effect,
                                               act_effect->args.target, at, &wire->request);
    for (uint32_t i = 0; next == EXCHANGE_SEND || next == EXCHANGE_WAIT; i++) {
        ASSERT(i < ROUNDS_MAX);
        if (next == EXCHANGE_SEND) {
            at = double_serve(servers, &wire->request, wire_fault_draw(&stream), &stream, at,
                              &response);
            next = alias_move_take(move, at, &response, &wire->request);
        } else {
            at = move->exchange.wait_until > at ? move->exchange.wait_until : at;
            next = alias_move_timer(move, at, &wire->request);
        }
    }
    ASSERT(servers->n_sets <= 1); /* A set leaves once for each attempt. */
    bool is_set = servers->n_sets == 1;
    servers->model.alias = registered; /* The plant moves it, when the attempt happens. */
    servers->model.alias_before = wire->models[act_effect->args.model.value - 1].alias_before;
    wire->models[act_effect->args.model.value - 1] = servers->model;
    *ret_delay_ns = is_set ? servers->set_at - now_ns : at - now_ns;
    return fate_of(is_set, move->status);
}

/* Fields of the state that a live platform can show; the others have no live source and stay as they are. */
static void merge_state(const struct state_answer *read, struct state_answer *state)
{
    state->registered = read->registered;
    state->serving = read->serving;
    state->serving_digest = read->serving_digest;
    state->schema_id = read->schema_id;
    state->previous = read->previous;
    state->fallback = read->fallback;
    state->ready_replicas = read->ready_replicas;
    state->requests = read->requests;
    state->errors = read->errors;
}

/* Figures that no count of the double makes stay the plant's. */
static void take_answer(const struct answer *read, struct answer *ret_answer)
{
    struct answer was = *ret_answer;
    bool is_state = read->status == ANSWER_OK && read->tool == TOOL_STATE;
    if (is_state) {
        merge_state(&read->state, &ret_answer->state);
        return;
    }
    *ret_answer = *read;
    if (read->status == ANSWER_OK && read->tool == TOOL_LABELS) {
        ret_answer->labels.cohort_from = was.labels.cohort_from;
        ret_answer->labels.cohort_to = was.labels.cohort_to;
        ret_answer->labels.arrival_ratio = was.labels.arrival_ratio;
    }
}

/* The tools that a live platform has by a server, as far as this wire has seen what they are made of. */
static bool is_carried(const struct wire *wire, const struct answer *answer)
{
    uint32_t model_i = answer->model.value - 1u;
    bool has_baseline = wire->memory.baselines[model_i].version.value != 0;
    bool has_window = wire->newest[model_i].to != 0;
    switch (answer->tool) {
    case TOOL_STATE:
    case TOOL_REGISTRY:
    case TOOL_PLATFORM:
    case TOOL_LABELS:
        return true;
    case TOOL_GOLDEN:
        return has_baseline;
    case TOOL_FEATURES:
    case TOOL_DECISIONS:
        return has_baseline && has_window;
    case TOOL_CHANGES:
    case TOOL_SHADOW:
    case TOOL_TABLES:
    case TOOL_CALENDAR:
    case TOOL_LOGS:
    case TOOL_CANARY:
    case N_TOOLS:
        break;
    }
    return false;
}

static void answer(void *self, const struct registry_answer *registry, struct version_id registered,
                   struct answer *ret_answer)
{
    struct wire *wire = self;
    struct wire_double *servers = &wire->servers;
    if (ret_answer->status != ANSWER_OK || !is_carried(wire, ret_answer)) {
        return;
    }
    uint32_t model_i = ret_answer->model.value - 1u;
    bool is_state = ret_answer->tool == TOOL_STATE;
    show(wire, ret_answer->model, is_state ? ret_answer->state.registered : registered);
    servers->registry = ret_answer->tool == TOOL_REGISTRY ? ret_answer->registry : *registry;
    servers->asked = ret_answer;
    servers->newest = &wire->newest[model_i];
    servers->entry = &wire->deployment->models[model_i];
    servers->window_ns = wire->deployment->window_ns;
    struct stream stream;
    stream_init(&stream, wire->seed, "wire/answer", wire->n_exchanges++);
    const struct model_source source = {.prometheus = &wire->prometheus,
                                        .queries = &wire->queries,
                                        .registry = &wire->registry,
                                        .epoch_unix_ns = EPOCH_UNIX_NS};
    const struct ask_effect ask = {
        .question = ret_answer->question, .tool = ret_answer->tool, .model = ret_answer->model};
    int64_t at = ret_answer->sampled_at;
    struct evidence_call *call = &wire->evidence;
    struct http_response response;
    enum exchange_next next = evidence_call_begin(call, &source, wire->deployment, &wire->memory,
                                                  &ask, at, &wire->request);
    for (uint32_t i = 0; next == EXCHANGE_SEND || next == EXCHANGE_WAIT; i++) {
        ASSERT(i < ROUNDS_MAX);
        if (next == EXCHANGE_SEND) {
            at = double_serve(servers, &wire->request, wire_fault_draw(&stream), &stream, at,
                              &response);
            next = evidence_call_take(call, at, &response, &wire->request);
        } else {
            at = call->exchange.wait_until > at ? call->exchange.wait_until : at;
            next = evidence_call_timer(call, at, &wire->request);
        }
    }
    wire->models[model_i] = servers->model;
    take_answer(&call->answer, ret_answer);
}

/* One reading of the window that was sent; false: the exchange failed or there is none. */
static bool read_window(struct wire *wire, bool is_disturbed, struct stream *stream,
                        struct window *ret_window)
{
    struct window_read *read = &wire->read;
    int64_t at = wire->sent.to;
    struct http_response response;
    enum exchange_next next =
        window_read_begin(read, &wire->prometheus, &wire->queries, wire->deployment,
                          wire->sent.model, EPOCH_UNIX_NS, wire->sent.to, at, &wire->request);
    for (uint32_t i = 0; next == EXCHANGE_SEND || next == EXCHANGE_WAIT; i++) {
        ASSERT(i < ROUNDS_MAX);
        if (next == EXCHANGE_SEND) {
            enum wire_fault fault = is_disturbed ? wire_fault_draw(stream) : WIRE_FAULT_NONE;
            at = double_serve(&wire->servers, &wire->request, fault, stream, at, &response);
            next = window_read_take(read, at, &response, &wire->request);
        } else {
            at = read->exchange.wait_until > at ? read->exchange.wait_until : at;
            next = window_read_timer(read, at, &wire->request);
        }
    }
    if (next != EXCHANGE_DONE || read->no_data) {
        return false;
    }
    *ret_window = read->window;
    return true;
}

/* True when an alert that came by wakes the model of the window. */
static bool is_woken(struct wire *wire)
{
    struct stream stream;
    stream_init(&stream, wire->seed, "wire/alert", wire->n_watches++);
    alerts_watch(&wire->alerts, wire->deployment, &wire->sent);
    alerts_post(&wire->alerts, wire->deployment, wire->sent.model, &stream, &wire->intake);
    uint32_t bit = UINT32_C(1) << (wire->sent.model.value - 1);
    bool is_woken = (wire->intake.woken & bit) != 0;
    wire->intake.woken &= ~bit;
    return is_woken;
}

/* As the live host does: without a counter of requests, and where the exchange failed, there is no window, until an alert has it read again. */
static bool window(void *self, struct window *ret_window)
{
    struct wire *wire = self;
    bool is_carried_by_queries = ret_window->role == SERVING_CHAMPION &&
                                 ret_window->to - ret_window->from == wire->deployment->window_ns;
    if (!is_carried_by_queries) {
        return true;
    }
    wire->sent = wire->newest[ret_window->model.value - 1] = *ret_window;
    wire->servers.window = &wire->sent;
    wire->servers.entry = &wire->deployment->models[ret_window->model.value - 1];
    wire->servers.dark = false;
    wire->servers.doom = DOOM_NONE;
    struct stream stream;
    stream_init(&stream, wire->seed, "wire/window", wire->n_exchanges++);
    bool is_disturbed = stream_chance(&stream, P_DISTURBED) != 0;
    bool is_read = read_window(wire, is_disturbed, &stream, ret_window);
    return (is_woken(wire) && !is_read) ? read_window(wire, is_disturbed, &stream, ret_window)
                                        : is_read;
}

struct wire_port wire_port_of(struct wire *wire)
{
    return (struct wire_port){wire, begin, note, answer, window, act};
}
