/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in a deployment, and its description for encodings. */
#include "core/types/deployment.h"

#include <stddef.h>

#include "core/base/assert.h"

const struct model_entry *deployment_model(const struct deployment *deployment, struct model_id model)
{
    ASSERT(deployment->n_models <= MODELS_MAX);
    bool exists = model.value >= 1 && model.value <= deployment->n_models;
    return exists ? &deployment->models[model.value - 1] : NULL;
}

/* The level of the rota that answers for the level asked: the highest present when that one is
 * beyond. */
static uint32_t rota_level(const struct deployment *deployment, uint32_t level)
{
    uint32_t highest = 0;
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        const struct person_entry *person = &deployment->people[i];
        bool on_call = (person->roles >> ROLE_ONCALL & 1u) != 0;
        if (on_call && person->level > highest) {
            highest = person->level;
        }
    }
    return level < highest ? level : highest;
}

struct person_id deployment_person(const struct deployment *deployment, enum role role, uint32_t level)
{
    ASSERT((uint32_t)role < N_ROLES);
    ASSERT(deployment->n_people <= PEOPLE_MAX);
    uint32_t wanted = role == ROLE_ONCALL ? rota_level(deployment, level) : 0;
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        const struct person_entry *person = &deployment->people[i];
        bool has_role = (person->roles >> role & 1u) != 0;
        if (has_role && (role != ROLE_ONCALL || person->level == wanted)) {
            return (struct person_id){(uint16_t)(i + 1)};
        }
    }
    return (struct person_id){0};
}

bool deployment_person_has(const struct deployment *deployment, struct person_id person,
                           enum role role)
{
    ASSERT((uint32_t)role < N_ROLES);
    ASSERT(deployment->n_people <= PEOPLE_MAX);
    if (person.value < 1 || person.value > deployment->n_people) {
        return false;
    }
    return (deployment->people[person.value - 1].roles >> role & 1u) != 0;
}

static void model_entry_visit(struct visit *visit, struct model_entry *model)
{
    visit_chars(visit, "name", model->name, sizeof(model->name));
    VISIT_ENUM(visit, model, tier, N_TIERS);
    visit_u32(visit, "requests_per_window", &model->requests_per_window);
    visit_i64(visit, "label_delay_ns", &model->label_delay_ns);
    visit_f64(visit, "accuracy_floor", &model->accuracy_floor);
    visit_f64(visit, "availability_floor", &model->availability_floor);
    VISIT_ENUM(visit, model, n_features, FEATURES_MAX + 1);
    for (uint32_t i = 0; i < model->n_features; i++) {
        struct feature_entry *feature = &model->features[i];
        visit_begin(visit, "features", (int)i);
        visit_chars(visit, "name", feature->name, sizeof(feature->name));
        visit_u16(visit, "table", &feature->table.value);
        visit_f64(visit, "importance", &feature->importance);
        visit_end(visit);
    }
}

void deployment_visit(struct visit *visit, struct deployment *deployment)
{
    visit_begin(visit, "deployment", -1);
    visit_chars(visit, "name", deployment->name, sizeof(deployment->name));
    visit_i64(visit, "window_ns", &deployment->window_ns);
    VISIT_ENUM(visit, deployment, n_models, MODELS_MAX + 1);
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        visit_begin(visit, "models", (int)i);
        model_entry_visit(visit, &deployment->models[i]);
        visit_end(visit);
    }
    VISIT_ENUM(visit, deployment, n_tables, TABLES_MAX + 1);
    for (uint32_t i = 0; i < deployment->n_tables; i++) {
        struct table_entry *table = &deployment->tables[i];
        visit_begin(visit, "tables", (int)i);
        visit_chars(visit, "name", table->name, sizeof(table->name));
        visit_u16(visit, "producer", &table->producer.value);
        visit_end(visit);
    }
    VISIT_ENUM(visit, deployment, n_people, PEOPLE_MAX + 1);
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        struct person_entry *person = &deployment->people[i];
        visit_begin(visit, "people", (int)i);
        visit_chars(visit, "name", person->name, sizeof(person->name));
        visit_u32(visit, "roles", &person->roles);
        visit_u32(visit, "level", &person->level);
        visit_end(visit);
    }
    visit_u64(visit, "tools", &deployment->tools);
    visit_u64(visit, "verbs", &deployment->verbs);
    visit_begin(visit, "llm", -1);
    visit_bool(visit, "enabled", &deployment->llm.enabled);
    visit_i64(visit, "deadline_ns", &deployment->llm.deadline_ns);
    visit_u32(visit, "calls_per_incident", &deployment->llm.calls_per_incident);
    visit_u32(visit, "tokens_per_day", &deployment->llm.tokens_per_day);
    visit_end(visit);
    visit_end(visit);
}
