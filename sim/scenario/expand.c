/* SPDX-License-Identifier: Apache-2.0 */
/* From a seed to a plan: which scenario, which model, when, how strong. Each item draws from a stream of its own, so that removing
 * one moves nothing else. */
#include <string.h>

#include "core/base/assert.h"
#include "core/base/prng.h"
#include "sim/scenario/scenario.h"

#define IRRELEVANT 0.03 /* A feature with less importance than this moves without harm. */
#define RELEVANT 0.10   /* One with more matters to the decision. */

uint32_t suite_draw(const struct suite *suite, uint64_t seed)
{
    ASSERT(suite->n_scenarios >= 1);
    double total = 0.0;
    for (uint32_t i = 0; i < suite->n_scenarios; i++) {
        total += suite->weights[i];
    }
    struct stream stream;
    stream_init(&stream, seed, "plan/scenario", 0);
    if (!(total > 0.0)) {
        return (uint32_t)stream_below(&stream, suite->n_scenarios); /* Only recorded ones: alike. */
    }
    double place = total * stream_unit(&stream);
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < suite->n_scenarios; i++) {
        if (suite->weights[i] <= 0.0) {
            continue;
        }
        chosen = i;
        place -= suite->weights[i];
        if (place < 0.0) {
            break;
        }
    }
    return chosen;
}

static double draw(struct stream *stream, struct range range)
{
    double u = stream_unit(stream); /* Always drawn, so that the next draw has its place. */
    if (range.choice) {
        return u < 0.5 ? range.lo : range.hi;
    }
    return range.lo + (range.hi - range.lo) * u;
}

/* Whole milliseconds, so that a plan reads well. */
static int64_t whole_ms(double ns) { return (int64_t)(ns / (double)NS_PER_MS) * NS_PER_MS; }

static bool concerns(enum plan_kind kind, const struct feature_entry *feature)
{
    if (kind == PLAN_HARMLESS_SHIFT) {
        return feature->importance < IRRELEVANT;
    }
    return kind == PLAN_HOLIDAY ? feature->importance < RELEVANT : feature->importance >= RELEVANT;
}

/* A share of the features that the kind concerns, or one of them when share is 0. */
static uint32_t draw_mask(struct stream *stream, enum plan_kind kind,
                          const struct model_entry *model, double share)
{
    uint32_t candidates[FEATURES_MAX], n = 0;
    for (uint32_t i = 0; i < model->n_features; i++) {
        if (concerns(kind, &model->features[i])) {
            candidates[n++] = i;
        }
    }
    if (n == 0) {
        return 1; /* A deployment without such a feature: the first one. */
    }
    uint32_t wanted = share > 0.0 ? (uint32_t)(share * (double)n + 0.5) : 1;
    wanted = wanted < 1 ? 1 : wanted > n ? n : wanted;
    uint32_t mask = 0;
    for (uint32_t i = 0; i < wanted; i++) { /* The first steps of a Fisher-Yates shuffle. */
        uint32_t j = i + (uint32_t)stream_below(stream, n - i);
        uint32_t taken = candidates[j];
        candidates[j] = candidates[i];
        candidates[i] = taken;
        mask |= UINT32_C(1) << taken;
    }
    return mask;
}

static bool has_features(enum plan_kind kind)
{
    return kind == PLAN_COVARIATE_SHIFT || kind == PLAN_SCHEMA_CHANGE || kind == PLAN_UNIT_CHANGE ||
           kind == PLAN_NULL_BURST || kind == PLAN_HOLIDAY || kind == PLAN_HARMLESS_SHIFT;
}

static bool has_table(enum plan_kind kind)
{
    return kind == PLAN_SCHEMA_CHANGE || kind == PLAN_UNIT_CHANGE || kind == PLAN_NULL_BURST;
}

static void place_features(struct stream *stream, const struct scenario_item *source,
                           const struct deployment *deployment, struct plan_item *item)
{
    if (!has_features(source->kind) || item->model.value == 0) {
        return;
    }
    const struct model_entry *model = deployment_model(deployment, item->model);
    item->mask = draw_mask(stream, source->kind, model, draw(stream, source->share));
    if (!has_table(source->kind)) {
        return;
    }
    uint32_t first = 0;
    while ((item->mask >> first & 1u) == 0) {
        first++;
    }
    item->table = model->features[first].table;
    for (uint32_t i = 0; source->kind == PLAN_NULL_BURST && i < model->n_features; i++) {
        bool is_same = model->features[i].table.value == item->table.value;
        item->mask = is_same ? item->mask | UINT32_C(1) << i : item->mask & ~(UINT32_C(1) << i);
    }
}

static int64_t draw_until(struct stream *stream, const struct scenario_item *source, int64_t at)
{
    if (source->lasts_ns.hi <= 0.0) {
        return NEVER;
    }
    double uniform = draw(stream, source->lasts_ns);
    if (source->median_ns <= 0.0) {
        return at + whole_ms(uniform);
    }
    double ns = stream_lognormal(stream, source->median_ns, source->sigma);
    ns = ns < source->lasts_ns.lo ? source->lasts_ns.lo : ns;
    ns = ns > source->lasts_ns.hi ? source->lasts_ns.hi : ns;
    return at + whole_ms(ns);
}

/* Adds the item when its probability has it. Returns true when added. */
static bool add_item(struct plan *plan, const struct scenario_item *source, const char *stream_name,
                     uint64_t index, const struct deployment *deployment, int64_t main_at)
{
    struct stream stream;
    stream_init(&stream, plan->seed, stream_name, index);
    bool is_in = stream_unit(&stream) < source->probability;
    uint64_t any = stream_below(&stream, deployment->n_models);
    if (!is_in || plan->n_items == PLAN_ITEMS_MAX) {
        return false;
    }
    struct plan_item item = {.kind = source->kind, .model = plan->model};
    if (source->fleet) {
        item.model.value = 0;
    } else if (source->any_model) {
        item.model.value = (uint16_t)(any + 1);
    }
    item.at = whole_ms(draw(&stream, source->at_ns)) + (source->after_main ? main_at : 0);
    item.at = item.at < 0 ? 0 : item.at; /* A pressure before the start of an own scenario. */
    item.a = draw(&stream, source->a);
    item.b = draw(&stream, source->b);
    item.until = draw_until(&stream, source, item.at);
    place_features(&stream, source, deployment, &item);
    plan->items[plan->n_items++] = item;
    return true;
}

static void copy_chars(char *to, size_t capacity, const char *from)
{
    size_t i = 0;
    for (; i + 1 < capacity && from[i] != '\0'; i++) {
        to[i] = from[i];
    }
    memset(to + i, 0, capacity - i);
}

void plan_expand(const struct suite *suite, uint32_t index, const struct deployment *deployment,
                 uint64_t seed, struct plan *ret_plan)
{
    ASSERT(index < suite->n_scenarios);
    const struct scenario *scenario = &suite->scenarios[index];
    memset(ret_plan, 0, sizeof(*ret_plan));
    struct plan *plan = ret_plan;
    plan->seed = seed;
    copy_chars(plan->scenario, sizeof(plan->scenario), scenario->id);
    copy_chars(plan->family, sizeof(plan->family), scenario->family);
    copy_chars(plan->carrier, sizeof(plan->carrier), scenario->carrier);
    struct stream stream;
    stream_init(&stream, seed, "plan/policy", 0);
    bool is_other =
        suite->other_policy[0] != '\0' && stream_unit(&stream) < suite->other_policy_probability;
    copy_chars(plan->policy, sizeof(plan->policy), is_other ? suite->other_policy : scenario->policy);
    plan->true_incident = scenario->true_incident;
    plan->must_escalate = scenario->must_escalate;
    plan->correct = scenario->correct;
    plan->bait = scenario->bait;
    plan->horizon_ns = scenario->horizon_ns;
    plan->persona = scenario->persona;
    stream_init(&stream, seed, "plan/model", 0);
    plan->model.value = (uint16_t)(1 + stream_below(&stream, deployment->n_models));
    plan->start_minute = (uint32_t)stream_below(&stream, 7 * 24 * 60);
    int64_t main_at = 0;
    for (uint32_t i = 0; i < scenario->n_items; i++) {
        if (scenario->items[i].main) {
            (void)add_item(plan, &scenario->items[i], "plan/item", i, deployment, 0);
            main_at = plan->items[0].at;
        }
    }
    for (uint32_t i = 0; i < scenario->n_items; i++) {
        if (!scenario->items[i].main) {
            (void)add_item(plan, &scenario->items[i], "plan/item", i, deployment, main_at);
        }
    }
    for (uint32_t i = 0; i < suite->n_pressures; i++) {
        (void)add_item(plan, &suite->pressures[i], "plan/pressure", suite->pressures[i].kind,
                       deployment, main_at);
    }
}
