/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet of the tests. */
#include "tests/unit/plant/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world *world_open(uint64_t seed)
{
    static const double importance[FEATURES_MAX] = {0.28, 0.22, 0.16, 0.12, 0.10, 0.06, 0.02, 0.01};
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->engine_block = aligned_alloc(16, (engine_size() + 15) / 16 * 16);
    world->plant_block = aligned_alloc(16, (plant_size() + 15) / 16 * 16);
    assert_non_null(world->engine_block);
    assert_non_null(world->plant_block);
    memset(world->plant_block, 0xa5, plant_size());
    struct deployment *deployment = &world->deployment;
    deployment->window_ns = 5 * NS_PER_MIN;
    deployment->n_models = 5;
    deployment->n_tables = 10;
    deployment->tools = (UINT64_C(1) << N_TOOLS) - 1;
    deployment->verbs = (UINT64_C(1) << N_VERBS) - 1;
    for (uint16_t m = 0; m < 5; m++) {
        struct model_entry *model = &deployment->models[m];
        (void)snprintf(model->name, sizeof(model->name), "model-%d", m);
        model->requests_per_window = 3000 + 500u * m;
        model->label_delay_ns = 30 * NS_PER_MIN + m * 20 * NS_PER_MIN;
        model->accuracy_floor = 0.78;
        model->availability_floor = 0.99;
        model->n_features = FEATURES_MAX;
        for (uint16_t f = 0; f < FEATURES_MAX; f++) {
            (void)snprintf(model->features[f].name, NAME_BYTES, "feature-%d", f);
            model->features[f].importance = importance[f];
            model->features[f].table.value = (uint16_t)(2 * m + (f < 4 ? 1 : 2));
        }
    }
    world->plan.seed = seed;
    world->plan.model.value = 1;
    world->plan.horizon_ns = 12 * NS_PER_HOUR;
    world->plan.start_minute = 10 * 60;
    return world;
}

void world_close(struct world *world)
{
    free(world->engine_block);
    free(world->plant_block);
    free(world);
}

struct plan_item *world_plan(struct world *world, enum plan_kind kind, uint16_t model, int64_t at)
{
    assert_true(world->plan.n_items < PLAN_ITEMS_MAX);
    struct plan_item *item = &world->plan.items[world->plan.n_items++];
    *item = (struct plan_item){.kind = kind, .model = {model}, .at = at, .until = NEVER};
    return item;
}

void world_begin(struct world *world, const struct plant_recording *recording)
{
    world->engine = engine_init(world->engine_block, world->plan.horizon_ns);
    world->plant = plant_init(world->plant_block, &world->deployment, &world->plan, recording,
                              world->engine, &world->truth);
}

static void see(struct world *world, const struct event *event)
{
    assert_true(world->n_seen < SEEN_MAX);
    world->seen[world->n_seen++] = *event;
    struct slice text = {NULL, 0};
    if (event->kind == EVENT_CHANGE) {
        text = event->change.note;
    } else if (event->kind == EVENT_ANSWER && event->answer.tool == TOOL_LOGS) {
        text = event->answer.logs.text;
    }
    if (text.n_bytes > 0 && text.n_bytes < sizeof(world->text)) {
        memcpy(world->text, text.bytes, text.n_bytes);
        world->text[text.n_bytes] = '\0';
    }
}

/* A marker of the test's own tells that the time was reached. */
void world_run(struct world *world, int64_t until)
{
    struct occurrence marker = {.owner = OWNER_HOST}, occurrence;
    (void)engine_at(world->engine, until, marker);
    while (engine_next(world->engine, &occurrence)) {
        if (occurrence.owner == OWNER_HOST) {
            break;
        }
        struct event event;
        memset(&event, 0, sizeof(event));
        if (plant_step(world->plant, &occurrence, &event)) {
            see(world, &event);
        }
    }
    plant_settle(world->plant);
}

struct truth_model *world_model(struct world *world, uint16_t model)
{
    return &world->truth.models[model - 1];
}

const struct truth_version *world_version(struct world *world, uint16_t model, uint16_t version)
{
    const struct truth_model *truth = world_model(world, model);
    for (uint32_t i = 0; i < truth->n_versions; i++) {
        if (truth->versions[i].version.value == version) {
            return &truth->versions[i];
        }
    }
    return NULL;
}

void world_act(struct world *world, enum verb verb, struct action_args args, uint64_t key,
               enum fate fate)
{
    struct act_effect act = {.action = {1}, .verb = verb, .args = args, .key = {key, key}};
    plant_act(world->plant, &act, fate, 7);
}

const struct answer *world_ask(struct world *world, enum tool tool, uint16_t model)
{
    for (uint32_t try = 0; try < 5; try++) { /* One in a hundred fails. */
        struct ask_effect ask = {.question = {100 + try}, .tool = tool, .model = {model}};
        plant_ask(world->plant, &ask);
        world_run(world, engine_now(world->engine) + 2 * NS_PER_MIN);
        const struct event *event = world_last(world, EVENT_ANSWER, model);
        if (event != NULL && event->answer.tool == tool && event->answer.status != ANSWER_FAILED) {
            return &event->answer;
        }
    }
    return NULL;
}

static uint16_t model_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_BASELINE:
        return event->baseline.model.value;
    case EVENT_WINDOW:
        return event->window.model.value;
    case EVENT_ANSWER:
        return event->answer.model.value;
    case EVENT_CHANGE:
        return event->change.change.model.value;
    case EVENT_CONTROL:
        return event->control.calendar.model.value;
    case EVENT_START:
    case EVENT_TICK:
    case EVENT_REPLY:
    case EVENT_OUTCOME:
    case EVENT_APPROVAL:
    case EVENT_PAGE:
    case EVENT_HANDLING:
    case N_EVENT_KINDS:
        break;
    }
    return 0;
}

const struct event *world_last(const struct world *world, enum event_kind kind, uint16_t model)
{
    for (uint32_t i = world->n_seen; i-- > 0;) {
        const struct event *event = &world->seen[i];
        if (event->kind == kind && (kind == EVENT_OUTCOME || model_of(event) == model)) {
            return event;
        }
    }
    return NULL;
}
