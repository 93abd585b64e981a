/* SPDX-License-Identifier: Apache-2.0 */
/* What the conditions of a plan do, as pure functions of plan, time and draw number. */
#include "sim/faults/faults.h"

#include "core/base/assert.h"
#include "core/base/prng.h"

#define HEARTBEAT_NS (15 * NS_PER_S)
#define DEAD_MAN_NS (60 * NS_PER_S)

const struct plan_item *faults_active(const struct plan *plan, enum plan_kind kind, int64_t at,
                                      struct model_id model)
{
    for (uint32_t i = 0; i < plan->n_items; i++) {
        const struct plan_item *item = &plan->items[i];
        bool is_here = item->model.value == 0 || item->model.value == model.value;
        if (item->kind == kind && is_here && at >= item->at && at < item->until) {
            return item;
        }
    }
    return NULL;
}

/* Draw number of a purpose, uniform on (0,1). */
static double draw(const struct plan *plan, const char *name, uint64_t number)
{
    struct stream stream;
    stream_init(&stream, plan->seed, name, number);
    return stream_unit(&stream);
}

static bool needs_registry(enum verb verb)
{
    return verb == VERB_PROMOTE || verb == VERB_ROLLBACK || verb == VERB_CANARY ||
           verb == VERB_RETRAIN || verb == VERB_RECONCILE || verb == VERB_SWITCH_MODEL;
}

bool faults_registry_down(const struct plan *plan, int64_t at)
{
    return faults_active(plan, PLAN_REGISTRY_OUTAGE, at, (struct model_id){0}) != NULL;
}

enum action_fault faults_action(const struct plan *plan, int64_t at, struct model_id model,
                                enum verb verb, uint64_t number)
{
    if (needs_registry(verb) && faults_registry_down(plan, at)) {
        return ACTION_FAILS;
    }
    const struct plan_item *failure = faults_active(plan, PLAN_ACTION_FAILURE, at, model);
    if (failure != NULL && draw(plan, "faults/failure", number) < failure->a) {
        return ACTION_FAILS;
    }
    const struct plan_item *unknown = faults_active(plan, PLAN_UNKNOWN_OUTCOME, at, model);
    if (unknown != NULL && draw(plan, "faults/unknown", number) < unknown->a) {
        bool is_done = draw(plan, "faults/unknown_done", number) < 0.5;
        return is_done ? ACTION_UNKNOWN_DONE : ACTION_UNKNOWN_NOT_DONE;
    }
    return ACTION_GOES;
}

int64_t faults_window_delay(const struct plan *plan, const struct event *window)
{
    ASSERT(window->kind == EVENT_WINDOW);
    struct model_id model = window->window.model;
    if (faults_active(plan, PLAN_TELEMETRY_LOST, window->at, model) != NULL) {
        return -1;
    }
    const struct plan_item *late = faults_active(plan, PLAN_TELEMETRY_LATE, window->at, model);
    return late == NULL ? 0 : (int64_t)(late->a * 1e3) * NS_PER_MS;
}

bool faults_llm_down(const struct plan *plan, int64_t at)
{
    return faults_active(plan, PLAN_LLM_OUTAGE, at, (struct model_id){0}) != NULL;
}

bool faults_channels_down(const struct plan *plan, int64_t at)
{
    return faults_active(plan, PLAN_PAGE_OUTAGE, at, (struct model_id){0}) != NULL;
}

bool faults_crash(const struct plan *plan, uint64_t act_number, bool after, int64_t *ret_down_ns)
{
    for (uint32_t i = 0; i < plan->n_items; i++) {
        const struct plan_item *item = &plan->items[i];
        bool is_after = item->b > 0.5;
        if (item->kind == PLAN_CRASH && (uint64_t)item->a == act_number && is_after == after) {
            *ret_down_ns = item->until - item->at;
            return true;
        }
    }
    return false;
}

/* The operator, or (forged) someone who is not one. */
static struct person_id person_for(const struct deployment *deployment, bool is_operator)
{
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        struct person_id person = {(uint16_t)(i + 1)};
        if (deployment_person_has(deployment, person, ROLE_OPERATOR) == is_operator) {
            return person;
        }
    }
    return (struct person_id){0};
}

static bool dead_man_step(const struct plan_item *item, struct person_id person, uint64_t step,
                          int64_t *ret_at, struct control_event *ret_control)
{
    int64_t beats_ns = (int64_t)item->a * NS_PER_S;
    bool has_expired = item->at + beats_ns + DEAD_MAN_NS < item->until;
    int64_t last_beat = has_expired ? item->at + beats_ns : item->until;
    uint64_t n_beats = (uint64_t)((last_beat - item->at) / HEARTBEAT_NS);
    *ret_control = (struct control_event){.kind = CONTROL_HEARTBEAT};
    if (step == 0) {
        ret_control->kind = CONTROL_ARM;
        ret_control->person = person;
        *ret_at = item->at;
        return true;
    }
    if (step <= n_beats) {
        *ret_at = item->at + (int64_t)step * HEARTBEAT_NS;
        return true;
    }
    *ret_at = item->until;
    ret_control->person = person;
    if (step == n_beats + 1) {
        ret_control->kind = CONTROL_DISARM;
        return true;
    }
    ret_control->kind = CONTROL_RESET;
    return has_expired && step == n_beats + 2;
}

bool faults_control(const struct plan *plan, const struct deployment *deployment, uint32_t item_i,
                    uint64_t step, int64_t *ret_at, struct control_event *ret_control)
{
    ASSERT(item_i < plan->n_items);
    const struct plan_item *item = &plan->items[item_i];
    struct person_id person = person_for(deployment, item->kind != PLAN_FORGED_RESET);
    *ret_control = (struct control_event){.person = person};
    if (item->kind == PLAN_HALT && step < 2) {
        ret_control->kind = step == 0 ? CONTROL_HALT : CONTROL_RESET;
        *ret_at = step == 0 ? item->at : item->until;
        return true;
    }
    if (item->kind == PLAN_FORGED_RESET && step == 0) {
        ret_control->kind = CONTROL_RESET;
        *ret_at = item->at;
        return true;
    }
    return item->kind == PLAN_DEAD_MAN && dead_man_step(item, person, step, ret_at, ret_control);
}
