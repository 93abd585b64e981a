/* SPDX-License-Identifier: Apache-2.0 */
/* The host of one episode: fills the ports of the core with the simulated world, shows everything to the judge, and survives the
 * crash of the agent the way a real host would: snapshot, frames since, START. */
#include "sim/campaign/episode.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "core/formats/reply.h"
#include "core/formats/trace.h"
#include "core/host.h"
#include "sim/engine/engine.h"
#include "sim/faults/faults.h"
#include "sim/llm/llm.h"
#include "sim/people/people.h"

enum {
    HELD_MAX = 64,          /* Events on their way late, or kept while the agent is down. */
    CALLS_MAX = 64,         /* LLM calls in flight. */
    SNAPSHOT_FRAMES = 128,  /* Between snapshots, where the plan has a crash. */
    FRAME_BYTES_MAX = 4096, /* Of one packed event: an answer or a reply of 8 KiB is kept apart. */
    FRAMES_BYTES = SNAPSHOT_FRAMES * (FRAME_BYTES_MAX + REPLY_BYTES_MAX),
    STATE_BYTES = CODEC_BYTES_MAX * 4,
    TRACE_BYTES = 1 << 16
};

enum host_kind { HOST_TICK, HOST_RELEASE, HOST_RESTART };

struct held {
    bool used;
    uint64_t number; /* Rises with every event held. */
    struct event event;
    char text[TEXT_BYTES_MAX]; /* Of a change note. */
};

struct call {
    bool used;
    struct ask_llm_effect ask;
    struct llm_answer answer;
    enum reply_verdict silence; /* Where no answer comes. */
    char raw[REPLY_BYTES_MAX];
};

struct frame_kept {
    size_t at, n_bytes;
};

struct episode {
    void *block; /* Engine, truth, plant, people, judge: the world in one piece. */
    size_t block_bytes;
    void *agent; /* The steward. */
    const struct episode_request *request;
    struct engine *engine;
    struct truth *truth;
    struct plant *plant;
    struct people *people;
    struct judge *judge;
    struct steward *steward;
    struct loop loop;
    uint64_t sequence, acts, calls, n_held;
    uint32_t incarnation;
    bool down, has_outages, crashes;
    struct heap_handle timer;
    struct held held[HELD_MAX];
    struct call in_flight[CALLS_MAX];
    char reply[REPLY_BYTES_MAX]; /* Raw bytes of the reply being delivered. */
    uint32_t llm_calls;
    uint64_t cost_microusd, llm_unrecorded;
    struct cassette_head cassette;
    struct digest128 unrecorded_prompt;
    /* Recorder. */
    struct digest128 chain;
    size_t event_bytes;
    uint8_t *event_buffer, *outcome_buffer;
    /* Recovery: state at the last snapshot and the frames since. */
    uint8_t *snapshot, *frames;
    size_t snapshot_bytes, frames_bytes;
    uint32_t n_frames;
    struct frame_kept kept[SNAPSHOT_FRAMES];
    char *trace;
    uint8_t *state; /* Packed for the journal. */
};

static size_t world_size(void)
{
    return arena_cost(engine_size()) + arena_cost(sizeof(struct truth)) + arena_cost(plant_size()) +
           arena_cost(people_size()) + arena_cost(judge_size());
}

enum err episode_open(struct episode **ret_episode, struct err_text *ret_text)
{
    struct episode *episode = calloc(1, sizeof(*episode));
    if (episode == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "episode: out of memory");
    }
    episode->block_bytes = world_size();
    episode->block = aligned_alloc(16, episode->block_bytes);
    episode->agent = aligned_alloc(16, steward_size());
    episode->event_buffer = malloc(CODEC_BYTES_MAX);
    episode->outcome_buffer = malloc(CODEC_BYTES_MAX);
    episode->snapshot = malloc(STATE_BYTES);
    episode->frames = malloc(FRAMES_BYTES);
    episode->trace = malloc(TRACE_BYTES);
    episode->state = malloc(STATE_BYTES);
    bool is_whole = episode->block != NULL && episode->agent != NULL &&
                    episode->event_buffer != NULL && episode->outcome_buffer != NULL &&
                    episode->snapshot != NULL && episode->frames != NULL &&
                    episode->trace != NULL && episode->state != NULL;
    if (!is_whole) {
        episode_close(episode);
        return err_set(ret_text, ERR_INTERNAL, "episode: out of memory");
    }
    *ret_episode = episode;
    return OK;
}

void episode_close(struct episode *episode)
{
    free(episode->block);
    free(episode->agent);
    free(episode->event_buffer);
    free(episode->outcome_buffer);
    free(episode->snapshot);
    free(episode->frames);
    free(episode->trace);
    free(episode->state);
    free(episode);
}

/* Events that wait: late telemetry, and what is kept for an agent that is down. */

static struct held *held_take(struct episode *episode, const struct event *event)
{
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        struct held *held = &episode->held[i];
        if (held->used) {
            continue;
        }
        held->used = true;
        held->number = ++episode->n_held;
        held->event = *event;
        if (event->kind == EVENT_CHANGE) {
            size_t n_bytes = event->change.note.n_bytes;
            ASSERT(n_bytes <= TEXT_BYTES_MAX);
            memcpy(held->text, event->change.note.bytes, n_bytes);
            held->event.change.note.bytes = held->text;
        }
        return held;
    }
    return NULL;
}

static void release_later(struct episode *episode, const struct held *held, int64_t at)
{
    struct occurrence occurrence = {
        .owner = OWNER_HOST, .kind = HOST_RELEASE, .number = (uint32_t)(held - episode->held)};
    (void)engine_at(episode->engine, at, occurrence);
}

/* A platform keeps what concerns people and configuration; telemetry, heartbeats, answers and outcomes of a dead process are
 * gone. */
static bool survives_downtime(const struct event *event)
{
    bool is_heartbeat = event->kind == EVENT_CONTROL && event->control.kind == CONTROL_HEARTBEAT;
    return (event->kind == EVENT_CONTROL && !is_heartbeat) || event->kind == EVENT_CHANGE ||
           event->kind == EVENT_BASELINE || event->kind == EVENT_HANDLING ||
           event->kind == EVENT_APPROVAL || event->kind == EVENT_PAGE;
}

/* What was kept reaches the new process in the order in which it happened. */
static void release_kept(struct episode *episode)
{
    uint64_t last = 0;
    for (;;) {
        const struct held *next = NULL;
        for (uint32_t i = 0; i < HELD_MAX; i++) {
            const struct held *held = &episode->held[i];
            bool is_kept = held->used && survives_downtime(&held->event) && held->number > last;
            next = is_kept && (next == NULL || held->number < next->number) ? held : next;
        }
        if (next == NULL) {
            return;
        }
        last = next->number;
        release_later(episode, next, engine_now(episode->engine));
    }
}

/* True when the event goes to the arm now. */
static bool is_delivered(struct episode *episode, const struct event *event)
{
    if (event->kind == EVENT_WINDOW) {
        int64_t delay_ns = faults_window_delay(episode->request->plan, event);
        if (delay_ns != 0) {
            const struct held *held = delay_ns > 0 ? held_take(episode, event) : NULL;
            if (held != NULL) {
                release_later(episode, held, event->at + delay_ns);
            }
            return false;
        }
    }
    if (!episode->down) {
        return true;
    }
    if (survives_downtime(event)) {
        (void)held_take(
            episode, event); /* Released by the restart; with no room it is lost, as in a full queue. */
    }
    return false;
}

static bool has_wire(const struct episode *episode)
{
    const struct wire_port *wire = episode->request->wire;
    return wire != NULL && wire->begin != NULL && episode->request->arm != ARM_MANUAL;
}

/* An answer of the platform as its protocol brings it. */
static void answer_by_wire(struct episode *episode, struct event *event)
{
    const struct wire_port *wire = episode->request->wire;
    struct registry_answer registry;
    struct version_id registered = episode->truth->models[event->answer.model.value - 1].registered;
    memset(&registry, 0, sizeof(registry));
    plant_registry(episode->plant, event->answer.model, &registry);
    wire->answer(wire->self, &registry, registered, &event->answer);
}

/* False: nothing of the event arrives. */
static bool is_brought(struct episode *episode, struct event *event)
{
    const struct wire_port *wire = episode->request->wire;
    if (event->kind == EVENT_ANSWER) {
        answer_by_wire(episode, event);
    }
    wire->note(wire->self, event);
    return event->kind != EVENT_WINDOW || wire->window(wire->self, &event->window);
}

/* The world's side of an effect. */

/* The cassette's answer; what it has not is a provider that is away. */
static void play_llm(struct episode *episode, const struct ask_llm_effect *ask, struct call *call)
{
    const struct cassette_exchange *exchange =
        cassette_play(episode->request->cassette, &episode->cassette, ask->prompt);
    call->answer = (struct llm_answer){.answered = false};
    call->silence = REPLY_TRANSPORT;
    if (exchange == NULL) {
        episode->unrecorded_prompt =
            episode->llm_unrecorded == 0 ? ask->prompt : episode->unrecorded_prompt;
        episode->llm_unrecorded++;
        return;
    }
    call->answer = (struct llm_answer){.answered = !cassette_is_silent(exchange),
                                       .latency_ns = exchange->latency_ns,
                                       .n_bytes = exchange->raw.n_bytes,
                                       .tokens = exchange->tokens,
                                       .cost_microusd = exchange->cost_microusd};
    call->silence = exchange->verdict;
    if (exchange->raw.n_bytes > 0) {
        memcpy(call->raw, exchange->raw.bytes, exchange->raw.n_bytes);
    }
}

static enum err tell_llm(struct episode *episode, const struct call *call, int64_t latency_ns)
{
    const struct llm_port *port = episode->request->llm;
    struct reply reply = {.verdict = call->silence};
    struct slice raw = {call->raw, call->answer.answered ? call->answer.n_bytes : 0};
    if (port == NULL || port->put == NULL) {
        return OK;
    }
    if (call->answer.answered) {
        reply_parse(raw, episode->sequence, &reply);
    }
    struct cassette_exchange exchange = {.prompt = call->ask.prompt,
                                         .verdict = reply.verdict,
                                         .latency_ns = latency_ns,
                                         .tokens = call->answer.tokens,
                                         .cost_microusd = call->answer.cost_microusd,
                                         .raw = raw};
    return port->put(port->self, &exchange);
}

static enum err ask_llm(struct episode *episode, const struct ask_llm_effect *ask)
{
    const struct plan *plan = episode->request->plan;
    struct call *call = NULL;
    for (uint32_t i = 0; i < CALLS_MAX && call == NULL; i++) {
        call = episode->in_flight[i].used ? NULL : &episode->in_flight[i];
    }
    uint64_t number = episode->calls++;
    if (call == NULL) {
        return OK; /* A provider that drops the sixty-fifth parallel call; the deadline of the mind holds. */
    }
    int64_t now = engine_now(episode->engine);
    ASSERT(ask->model.value >= 1 && ask->model.value <= episode->truth->n_models);
    const struct truth_model *model = &episode->truth->models[ask->model.value - 1];
    bool injected = faults_active(plan, PLAN_INJECTED_TEXT, now, ask->model) != NULL;
    bool is_down = faults_llm_down(plan, now);
    bool is_played = episode->request->cassette != NULL && !is_down;
    call->used = true;
    call->ask = *ask;
    episode->llm_calls++;
    if (is_played) {
        play_llm(episode, ask, call);
    } else {
        llm_answer(plan, is_down ? PERSONA_OFF : plan->persona, number, ask, model->cause, injected,
                   call->raw, &call->answer);
        call->silence = REPLY_TIMEOUT;
    }
    bool is_told = call->answer.answered || is_played; /* Otherwise only the deadline tells. */
    bool in_time = is_told && now + call->answer.latency_ns <= ask->deadline;
    if (!in_time) {
        call->answer.answered = false;
        call->silence = REPLY_TIMEOUT;
    }
    struct occurrence occurrence = {.owner = OWNER_LLM,
                                    .number = (uint32_t)(call - episode->in_flight)};
    int64_t at = in_time ? now + call->answer.latency_ns : ask->deadline;
    (void)engine_at(episode->engine, at, occurrence);
    return is_down ? OK : tell_llm(episode, call, at - now); /* An outage is of the plan. */
}

static struct approval_conditions conditions_of(const struct episode *episode,
                                                const struct request_effect *request)
{
    const struct plan *plan = episode->request->plan;
    int64_t now = engine_now(episode->engine);
    struct model_id model = request->args.model;
    const struct plan_item *forged = faults_active(plan, PLAN_FORGED_APPROVAL, now, model);
    return (struct approval_conditions){
        .forgery = forged == NULL ? -1 : (int)forged->a,
        .absent = faults_active(plan, PLAN_APPROVER_ABSENT, now, model) != NULL,
        .stale = faults_active(plan, PLAN_STALE_APPROVAL, now, model) != NULL,
    };
}

static enum fate fate_of(enum action_fault fault)
{
    switch (fault) {
    case ACTION_GOES:
        return FATE_NORMAL;
    case ACTION_FAILS:
        return FATE_FAILS;
    case ACTION_UNKNOWN_DONE:
        return FATE_UNKNOWN_DONE;
    case ACTION_UNKNOWN_NOT_DONE:
        return FATE_UNKNOWN_NOT_DONE;
    }
    return FATE_NORMAL;
}

/* Acts that a registry is asked for. */
static bool is_wired(const struct episode *episode, const struct act_effect *effect)
{
    uint16_t model = effect->args.model.value;
    bool is_alias = effect->verb == VERB_ROLLBACK || effect->verb == VERB_PROMOTE ||
                    effect->verb == VERB_SWITCH_MODEL || effect->verb == VERB_RECONCILE;
    return has_wire(episode) && is_alias && effect->args.target.value != 0 && model >= 1 &&
           model <= episode->truth->n_models;
}

static enum fate fate_by_wire(struct episode *episode, const struct act_effect *effect,
                              enum fate fate, int64_t *ret_delay_ns)
{
    static const enum wire_fate asked[] = {
        [FATE_NORMAL] = WIRE_GOES,
        [FATE_FAILS] = WIRE_FAILS,
        [FATE_UNKNOWN_DONE] = WIRE_UNKNOWN_DONE,
        [FATE_UNKNOWN_NOT_DONE] = WIRE_UNKNOWN_NOT_DONE,
        [FATE_BELIEVED_DONE] = WIRE_BELIEVED_DONE,
    };
    const struct wire_port *wire = episode->request->wire;
    struct version_id registered = episode->truth->models[effect->args.model.value - 1].registered;
    switch (wire->act(wire->self, effect, registered, asked[fate], engine_now(episode->engine),
                      ret_delay_ns)) {
    case WIRE_GOES:
        return FATE_NORMAL;
    case WIRE_FAILS:
        return FATE_FAILS;
    case WIRE_UNKNOWN_DONE:
        return FATE_UNKNOWN_DONE;
    case WIRE_UNKNOWN_NOT_DONE:
        return FATE_UNKNOWN_NOT_DONE;
    case WIRE_BELIEVED_DONE:
        return FATE_BELIEVED_DONE;
    }
    return fate;
}

static void crash(struct episode *episode, int64_t down_ns)
{
    episode->down = true;
    episode->truth->agent_down = true;
    (void)engine_cancel(episode->engine, episode->timer);
    struct occurrence restart = {.owner = OWNER_HOST, .kind = HOST_RESTART};
    (void)engine_at(episode->engine, engine_now(episode->engine) + down_ns, restart);
}

static enum err act(struct episode *episode, const struct act_effect *effect)
{
    const struct plan *plan = episode->request->plan;
    uint64_t number = ++episode->acts;
    int64_t down_ns = 0, delay_ns = 0;
    if (faults_crash(plan, number, false, &down_ns)) {
        crash(episode, down_ns);
        return ERR_CRASHED;
    }
    enum action_fault fault =
        faults_action(plan, engine_now(episode->engine), effect->args.model, effect->verb, number);
    enum fate fate = fate_of(fault);
    if (is_wired(episode, effect)) {
        fate = fate_by_wire(episode, effect, fate, &delay_ns);
    }
    plant_act_later(episode->plant, effect, fate, delay_ns, episode->sequence);
    if (faults_crash(plan, number, true, &down_ns)) {
        crash(episode, down_ns);
        return ERR_CRASHED;
    }
    return OK;
}

static enum err world_apply(void *self, const struct effects *effects)
{
    struct episode *episode = self;
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        switch (effect->kind) {
        case EFFECT_RECORD:
            break;
        case EFFECT_ASK:
            plant_ask(episode->plant, &effect->ask);
            break;
        case EFFECT_ASK_LLM:
            TRY(ask_llm(episode, &effect->ask_llm));
            break;
        case EFFECT_ACT:
            TRY(act(episode, &effect->act));
            break;
        case EFFECT_REQUEST_APPROVAL:
            people_request(episode->people, &effect->request,
                           conditions_of(episode, &effect->request));
            break;
        case EFFECT_PAGE:
            people_page(episode->people, &effect->page, episode->truth->channels_down);
            break;
        case EFFECT_NOTIFY:
            people_notify(episode->people, &effect->notify);
            break;
        case N_EFFECT_KINDS:
            ASSERT(effect->kind != N_EFFECT_KINDS);
            break;
        }
    }
    (void)engine_cancel(episode->engine, episode->timer); /* Gone already when the step was its tick. */
    episode->timer = (struct heap_handle){0};
    if (effects->wake_at != NEVER) {
        int64_t now = engine_now(episode->engine);
        struct occurrence tick = {.owner = OWNER_HOST, .kind = HOST_TICK};
        episode->timer =
            engine_at(episode->engine, effects->wake_at > now ? effects->wake_at : now, tick);
    }
    return OK;
}

/* The world's side of an occurrence: true when *event is for the arm. */

static bool reply_arrives(struct episode *episode, uint32_t call_i, struct event *event)
{
    struct call *call = &episode->in_flight[call_i];
    ASSERT(call->used);
    call->used = false;
    if (episode->down) {
        return false;
    }
    size_t n_bytes = call->answer.answered ? call->answer.n_bytes : 0;
    memcpy(episode->reply, call->raw, n_bytes);
    struct reply_event *reply = &event->reply;
    *reply = (struct reply_event){.question = call->ask.question,
                                  .model = call->ask.model,
                                  .tokens = call->answer.tokens,
                                  .cost_microusd = call->answer.cost_microusd,
                                  .raw = {episode->reply, n_bytes}};
    event->kind = EVENT_REPLY;
    if (call->answer.answered) {
        reply_parse(reply->raw, episode->sequence, &reply->reply);
    } else {
        reply->reply.verdict = call->silence;
    }
    episode->cost_microusd += call->answer.cost_microusd;
    return true;
}

static bool control_happens(struct episode *episode, const struct occurrence *occurrence,
                            struct event *event)
{
    const struct episode_request *request = episode->request;
    const struct deployment *deployment = &request->settings->deployment;
    int64_t at = 0;
    event->kind = EVENT_CONTROL;
    bool is_there = faults_control(request->plan, deployment, occurrence->number, occurrence->value,
                                   &at, &event->control);
    ASSERT(is_there);
    bool is_reset = event->control.kind == CONTROL_RESET &&
                    deployment_person_has(deployment, event->control.person, ROLE_OPERATOR);
    if (is_reset) {
        truth_human(episode->truth, HUMAN_RESET, at, event->control.person, (struct model_id){0},
                    (struct incident_id){0}, NS_PER_MIN);
    }
    struct control_event after;
    struct occurrence next = *occurrence;
    next.value++;
    if (faults_control(request->plan, deployment, next.number, next.value, &at, &after)) {
        (void)engine_at(episode->engine, at, next);
    }
    return true;
}

static bool host_step(struct episode *episode, const struct occurrence *occurrence,
                      struct event *event)
{
    switch ((enum host_kind)occurrence->kind) {
    case HOST_TICK:
        event->kind = EVENT_TICK;
        return true;
    case HOST_RELEASE: {
        struct held *held = &episode->held[occurrence->number];
        ASSERT(held->used);
        *event = held->event;
        held->used = episode->down && survives_downtime(event);
        return !episode->down;
    }
    case HOST_RESTART:
        episode->down = false;
        episode->truth->agent_down = false;
        event->kind = EVENT_START;
        event->start = (struct start_event){true, ++episode->incarnation};
        release_kept(episode);
        return true;
    }
    return false;
}

static void grant(struct episode *episode, const struct person_wish *wish)
{
    if (wish->kind == WISH_ACT) {
        plant_act_human(episode->plant, wish->verb, &wish->args, wish->person, wish->incident);
    } else if (wish->kind == WISH_REPAIR) {
        plant_repair(episode->plant, wish->table);
    }
}

static bool occurs(struct episode *episode, const struct occurrence *occurrence, struct event *event)
{
    switch ((enum owner)occurrence->owner) {
    case OWNER_PLANT:
        if (!plant_step(episode->plant, occurrence, event)) {
            return false;
        }
        if (has_wire(episode) && !is_brought(episode, event)) {
            return false;
        }
        return is_delivered(episode, event);
    case OWNER_FAULTS:
        return control_happens(episode, occurrence, event) && is_delivered(episode, event);
    case OWNER_LLM:
        return reply_arrives(episode, occurrence->number, event);
    case OWNER_PEOPLE: {
        struct person_wish wish;
        bool is_event = people_step(episode->people, occurrence, event, &wish);
        grant(episode, &wish);
        return is_event && is_delivered(episode, event);
    }
    case OWNER_HOST:
        return host_step(episode, occurrence, event);
    case N_OWNERS:
        break;
    }
    ASSERT(occurrence->owner < N_OWNERS);
    return false;
}

static enum err world_next(void *self, struct event *ret_event, bool *ret_more)
{
    struct episode *episode = self;
    struct occurrence occurrence;
    while (engine_next(episode->engine, &occurrence)) {
        int64_t now = engine_now(episode->engine);
        if (episode->has_outages) {
            episode->truth->channels_down = faults_channels_down(episode->request->plan, now);
            episode->truth->platform_down = faults_registry_down(episode->request->plan, now);
        }
        bool is_event = occurs(episode, &occurrence, ret_event);
        judge_world(episode->judge, now);
        if (is_event) {
            ret_event->at = now;
            ret_event->sequence = ++episode->sequence;
            *ret_more = true;
            return OK;
        }
    }
    *ret_more = false;
    return OK;
}

/* Recorder: packs, chains, journals, tells the story, shows the judge. */

static enum err put_event(void *self, const struct event *event)
{
    struct episode *episode = self;
    episode->event_bytes = codec_pack_event(event, episode->event_buffer, CODEC_BYTES_MAX);
    ASSERT(episode->event_bytes > 0);
    return OK;
}

/* Keeps what recovery needs: a snapshot now and then and the frames since. */
static void keep_frame(struct episode *episode)
{
    bool is_full = episode->n_frames == SNAPSHOT_FRAMES ||
                   episode->frames_bytes + episode->event_bytes > FRAMES_BYTES;
    if (is_full) {
        episode->snapshot_bytes = codec_pack_state(episode->steward, episode->snapshot, STATE_BYTES);
        ASSERT(episode->snapshot_bytes > 0);
        episode->n_frames = 0;
        episode->frames_bytes = 0;
        return; /* The snapshot holds this frame already: the step is over. */
    }
    memcpy(episode->frames + episode->frames_bytes, episode->event_buffer, episode->event_bytes);
    episode->kept[episode->n_frames++] =
        (struct frame_kept){episode->frames_bytes, episode->event_bytes};
    episode->frames_bytes += episode->event_bytes;
}

static enum err put_trace(struct episode *episode, const struct event *event,
                          const struct advice *advice, const struct effects *effects)
{
    const struct trace_port *port = episode->request->trace;
    struct text text;
    text_init(&text, episode->trace, TRACE_BYTES);
    trace_step(&episode->request->settings->deployment, event, advice, effects, &text);
    return text.n_bytes == 0 ? OK : port->put(port->self, (struct slice){text.bytes, text.n_bytes});
}

static enum err put_effects(void *self, const struct event *event, const struct advice *advice,
                            const struct effects *effects)
{
    struct episode *episode = self;
    size_t outcome_bytes =
        codec_pack_outcome(advice, effects, episode->outcome_buffer, CODEC_BYTES_MAX);
    ASSERT(outcome_bytes > 0);
    episode->chain = fingerprint_add(episode->chain, episode->event_buffer, episode->event_bytes,
                                     episode->outcome_buffer, outcome_bytes);
    const struct journal_port *journal = episode->request->journal;
    if (journal->put != NULL) {
        struct frame_bytes frame = {
            .sequence = event->sequence,
            .at = event->at,
            .kind = (uint8_t)event->kind,
            .event = {(const char *)episode->event_buffer, episode->event_bytes},
            .outcome = {(const char *)episode->outcome_buffer, outcome_bytes},
            .chain = episode->chain,
        };
        if (episode->steward != NULL && event->sequence % SNAPSHOT_FRAMES == 0) {
            size_t n_bytes = codec_pack_state(episode->steward, episode->state, STATE_BYTES);
            ASSERT(n_bytes > 0);
            frame.state = (struct slice){(const char *)episode->state, n_bytes};
        }
        TRY(journal->put(journal->self, &frame));
    }
    if (episode->request->trace->put != NULL) {
        TRY(put_trace(episode, event, advice, effects));
    }
    if (episode->crashes) {
        keep_frame(episode);
    }
    judge_step(episode->judge, event, effects);
    return OK;
}

/* A new process: fresh state, the snapshot, every frame since. */
static void recover(struct episode *episode)
{
    episode->steward = steward_init(episode->agent, episode->request->settings);
    if (episode->snapshot_bytes > 0) {
        bool is_restored =
            codec_unpack_state(episode->snapshot, episode->snapshot_bytes, episode->steward);
        ASSERT(is_restored);
    }
    for (uint32_t i = 0; i < episode->n_frames; i++) {
        const struct frame_kept *frame = &episode->kept[i];
        bool is_read =
            codec_unpack_event(episode->frames + frame->at, frame->n_bytes, &episode->loop.event);
        ASSERT(is_read);
        loop_recover(&episode->loop, episode->steward, &episode->loop.event);
    }
}

static void begin(struct episode *episode, const struct episode_request *request)
{
    bool is_manual = request->arm == ARM_MANUAL;
    const struct settings *settings = request->settings;
    const struct plan *plan = request->plan;
    episode->request = request;
    struct arena arena;
    arena_init(&arena, episode->block, episode->block_bytes);
    episode->engine = engine_init(arena_take(&arena, engine_size()), plan->horizon_ns);
    episode->truth = arena_take(&arena, sizeof(struct truth));
    void *plant = arena_take(&arena, plant_size());
    void *people = arena_take(&arena, people_size());
    void *judge = arena_take(&arena, judge_size());
    arena_seal(&arena);
    episode->plant = plant_init(plant, &settings->deployment, plan, request->recording,
                                episode->engine, episode->truth);
    episode->people =
        people_init(people, &settings->deployment, plan, is_manual, episode->engine, episode->truth);
    episode->judge =
        judge_init(judge, &settings->deployment, &settings->policy, plan, episode->truth, is_manual);
    episode->steward = is_manual ? NULL : steward_init(episode->agent, settings);
    episode->sequence = episode->acts = episode->calls = episode->n_held = 0;
    episode->incarnation = 0;
    episode->down = episode->has_outages = episode->crashes = false;
    episode->timer = (struct heap_handle){0};
    episode->llm_calls = 0;
    episode->cost_microusd = episode->llm_unrecorded = 0;
    episode->cassette = (struct cassette_head){{0}};
    episode->unrecorded_prompt = (struct digest128){0, 0};
    episode->snapshot_bytes = episode->frames_bytes = episode->n_frames = 0;
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        episode->held[i].used = false;
    }
    for (uint32_t i = 0; i < CALLS_MAX; i++) {
        episode->in_flight[i].used = false;
    }
    for (uint32_t i = 0; i < plan->n_items; i++) {
        enum plan_kind kind = plan->items[i].kind;
        episode->has_outages |= kind == PLAN_PAGE_OUTAGE || kind == PLAN_REGISTRY_OUTAGE;
        episode->crashes |= kind == PLAN_CRASH && !is_manual;
        struct control_event control;
        int64_t at = 0;
        if (!is_manual && faults_control(plan, &settings->deployment, i, 0, &at, &control)) {
            struct occurrence first = {.owner = OWNER_FAULTS, .number = i};
            (void)engine_at(episode->engine, at, first);
        }
    }
    episode->chain =
        fingerprint_begin_run((uint8_t)request->arm, (uint8_t)settings->mind, plan->seed);
}

static enum err start(struct episode *episode, const struct recorder *recorder,
                      const struct world *world)
{
    struct event *event = &episode->loop.event;
    *event = (struct event){.sequence = ++episode->sequence, .kind = EVENT_START};
    TRY(recorder->put_event(recorder->self, event));
    steward_step(episode->steward, event, &episode->loop.advice, &episode->loop.effects);
    TRY(recorder->put_effects(recorder->self, event, &episode->loop.advice, &episode->loop.effects));
    return world->apply(world->self, &episode->loop.effects);
}

static enum err run_agent(struct episode *episode, const struct world *world,
                          const struct recorder *recorder)
{
    TRY(start(episode, recorder, world));
    for (;;) {
        enum err err = loop_run(&episode->loop, episode->steward, world, recorder);
        if (err != ERR_CRASHED) {
            return err;
        }
        recover(episode);
    }
}

/* No core: people see the telemetry, and the frames hold events alone. */
static enum err run_manual(struct episode *episode, const struct world *world,
                           const struct recorder *recorder)
{
    struct loop *loop = &episode->loop;
    advice_reset(&loop->advice);
    effects_reset(&loop->effects);
    for (;;) {
        bool more = false;
        TRY(world->next(world->self, &loop->event, &more));
        if (!more) {
            return OK;
        }
        TRY(recorder->put_event(recorder->self, &loop->event));
        people_observe(episode->people, &loop->event);
        TRY(recorder->put_effects(recorder->self, &loop->event, &loop->advice, &loop->effects));
    }
}

enum err episode_run(struct episode *episode, const struct episode_request *request,
                     struct episode_result *ret_result, struct err_text *ret_text)
{
    struct run_identity identity = {.run = request->run,
                                    .seed = request->plan->seed,
                                    .arm = request->arm,
                                    .mind = request->settings->mind,
                                    .plan = request->plan,
                                    .settings = request->settings};
    begin(episode, request);
    enum err err = OK;
    if (has_wire(episode)) {
        request->wire->begin(request->wire->self, &identity);
    }
    if (request->journal->begin != NULL) {
        err = request->journal->begin(request->journal->self, &identity);
    }
    if (err == OK && request->trace->begin != NULL) {
        err = request->trace->begin(request->trace->self, &identity);
    }
    struct world world = {episode, world_next, world_apply};
    struct recorder recorder = {episode, put_event, put_effects};
    if (err == OK) {
        err = request->arm == ARM_MANUAL ? run_manual(episode, &world, &recorder)
                                         : run_agent(episode, &world, &recorder);
    }
    if (err != OK) {
        return err_set(ret_text, err, "run %llu (%s, seed %llu): %s",
                       (unsigned long long)request->run, arm_name(request->arm),
                       (unsigned long long)request->plan->seed, err_word(err));
    }
    plant_settle(episode->plant);
    judge_world(episode->judge, request->plan->horizon_ns);
    judge_close(episode->judge, request->plan->horizon_ns, &ret_result->sheet);
    ret_result->sheet.llm_calls = episode->llm_calls;
    ret_result->sheet.cost_microusd = episode->cost_microusd;
    ret_result->llm_unrecorded = episode->llm_unrecorded;
    ret_result->unrecorded_prompt = episode->unrecorded_prompt;
    ret_result->fingerprint = episode->chain;
    ret_result->events = episode->sequence;
    ret_result->windows = plant_windows(episode->plant);
    if (request->journal->end != NULL) {
        TRY(request->journal->end(request->journal->self, &identity, &ret_result->sheet,
                                  episode->truth, episode->chain));
    }
    return OK;
}
