/* SPDX-License-Identifier: Apache-2.0 */
/* A small team for tests. */
#include "tests/unit/people/town.h"

#include <string.h>

#include "core/base/assert.h"

static void add_version(struct truth_model *model, uint16_t number, double quality, bool bad)
{
    struct truth_version *version = &model->versions[model->n_versions++];
    version->version.value = number;
    version->digest = (struct digest128){number, 7};
    version->available = version->complete = true;
    version->bad = bad;
    version->quality = quality;
}

void town_init(struct town *town, uint64_t seed, uint32_t start_minute, int64_t horizon_ns)
{
    static const uint32_t roles[] = {1u << ROLE_ONCALL,   1u << ROLE_ONCALL,   1u << ROLE_PRODUCER,
                                     1u << ROLE_APPROVER, 1u << ROLE_APPROVER, 1u << ROLE_OPERATOR};
    memset(town, 0, sizeof(*town));
    struct deployment *deployment = &town->deployment;
    deployment->n_models = 2;
    deployment->n_tables = 2;
    deployment->n_people = 6;
    for (uint32_t i = 0; i < 6; i++) {
        deployment->people[i].roles = roles[i];
        deployment->people[i].level = i < 2 ? i + 1 : 0;
    }
    for (uint32_t i = 0; i < 2; i++) {
        deployment->models[i].n_features = 1;
        deployment->tables[i].producer.value = PRODUCER;
    }
    town->plan.seed = seed;
    town->plan.start_minute = start_minute;
    town->plan.horizon_ns = horizon_ns;
    town->truth.n_models = 2;
    for (uint32_t i = 0; i < 2; i++) {
        struct truth_model *model = &town->truth.models[i];
        model->faulty_since = model->fault_ended = NEVER;
        model->serving.value = 2;
        model->config.value = 4;
        add_version(model, 1, 0.90, false);
        add_version(model, 2, 0.85, false);
        add_version(model, 3, 0.95, true);
    }
}

void town_open(struct town *town, bool manual)
{
    ASSERT(engine_size() <= sizeof(town->engine_block));
    ASSERT(people_size() <= sizeof(town->people_block));
    town->engine = engine_init(town->engine_block, town->plan.horizon_ns);
    town->people = people_init(town->people_block, &town->deployment, &town->plan, manual,
                               town->engine, &town->truth);
}

void town_break(struct town *town, enum cause cause)
{
    struct truth_model *model = &town->truth.models[0];
    model->faulty = true;
    model->cause = cause;
    model->faulty_since = 0;
}

void town_run(struct town *town, bool stop_at_wish)
{
    struct occurrence occurrence;
    while (engine_next(town->engine, &occurrence)) {
        struct event event = {0};
        struct person_wish wish;
        ASSERT(occurrence.owner == OWNER_PEOPLE);
        if (people_step(town->people, &occurrence, &event, &wish)) {
            ASSERT(town->n_events < SEEN_MAX);
            town->events[town->n_events++] = (struct seen_event){engine_now(town->engine), event};
        }
        if (wish.kind != WISH_NONE) {
            ASSERT(town->n_wishes < SEEN_MAX);
            town->wishes[town->n_wishes++] = (struct seen_wish){engine_now(town->engine), wish};
            if (stop_at_wish) {
                return;
            }
        }
    }
}

void town_page(struct town *town, uint32_t page, uint32_t incident, bool channels_down)
{
    struct page_effect effect = {.page = {page},
                                 .incident = {incident},
                                 .model = {1},
                                 .recipient = ROLE_ONCALL,
                                 .person = {ONCALL},
                                 .level = 1};
    people_page(town->people, &effect, channels_down);
}

static int detail_of(const struct event *event)
{
    return event->kind == EVENT_PAGE       ? (int)event->page.status
           : event->kind == EVENT_HANDLING ? (int)event->handling.kind
           : event->kind == EVENT_APPROVAL ? (int)event->approval.granted
                                           : 0;
}

const struct seen_event *town_find(const struct town *town, enum event_kind kind, int which)
{
    for (uint32_t i = 0; i < town->n_events; i++) {
        const struct event *event = &town->events[i].event;
        if (event->kind == kind && (which < 0 || detail_of(event) == which)) {
            return &town->events[i];
        }
    }
    return NULL;
}

const struct human_act *town_act(const struct town *town, enum human_kind kind)
{
    for (uint32_t i = 0; i < town->truth.n_human; i++) {
        if (town->truth.human[i].kind == kind) {
            return &town->truth.human[i];
        }
    }
    return NULL;
}

uint32_t town_count(const struct town *town, enum human_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < town->truth.n_human; i++) {
        n += town->truth.human[i].kind == kind ? 1 : 0;
    }
    return n;
}
