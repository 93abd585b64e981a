/* SPDX-License-Identifier: Apache-2.0 */
/* Layer 3: a typed action: every argument the verb uses is in range, every other one is zero, and an adapter exists. */
#include "core/warden/evidence.h"
#include "core/warden/layers.h"
#include "core/warden/parts.h"

#define ROWS_AGE_MAX_NS (3 * 366 * NS_PER_DAY) /* No warehouse of rows goes back further. */

static bool is_set(struct digest128 digest) { return digest.hi != 0 || digest.lo != 0; }

static bool unused_are_zero(const struct action_args *args, uint32_t used)
{
    return ((used & USES_TARGET) != 0 || args->target.value == 0) &&
           ((used & USES_TABLE) != 0 || args->table.value == 0) &&
           ((used & USES_MASK) != 0 || args->feature_mask == 0) &&
           ((used & USES_ROWS) != 0 ||
            ((unsigned)args->window == 0 && args->from_ns == 0 && args->to_ns == 0)) &&
           ((used & USES_WEIGHT) != 0 || args->weight_ppm == 0) &&
           ((used & USES_STEP) != 0 || args->step_ppm == 0) &&
           ((used & USES_MODE) != 0 || (unsigned)args->mode == 0) &&
           ((used & USES_TTL) != 0 || (args->ttl_ns == 0 && !args->release)) &&
           ((used & USES_PURGE) != 0 || !args->purge) &&
           ((used & USES_RECIPIENT) != 0 || (unsigned)args->recipient == 0) &&
           ((used & USES_SUBJECT) != 0 || !is_set(args->subject));
}

static bool table_feeds(const struct model_entry *model, struct table_id table)
{
    for (uint32_t i = 0; i < model->n_features; i++) {
        if (model->features[i].table.value == table.value) {
            return true;
        }
    }
    return false;
}

static bool used_are_in_range(const struct warden *warden, enum verb verb,
                              const struct action_args *args, int64_t now)
{
    const struct model_entry *model = &warden->deployment->models[args->model.value - 1];
    uint32_t used = verb_uses(verb), all = (UINT32_C(1) << model->n_features) - 1;
    bool changes = verb_changes_state(verb);
    if ((used & USES_TARGET) != 0 && args->target.value == 0) {
        return false;
    }
    if ((used & USES_TABLE) != 0 && changes &&
        (args->table.value == 0 || !table_feeds(model, args->table))) {
        return false;
    }
    if ((used & USES_MASK) != 0 && (args->feature_mask == 0 || (args->feature_mask & ~all) != 0)) {
        return false;
    }
    bool rows =
        args->from_ns < args->to_ns && args->to_ns <= now && args->from_ns >= now - ROWS_AGE_MAX_NS;
    if ((used & USES_ROWS) != 0 && !rows) {
        return false;
    }
    if ((used & USES_WEIGHT) != 0 && (args->weight_ppm == 0 || args->weight_ppm > 500000)) {
        return false;
    }
    int64_t step = args->step_ppm < 0 ? -(int64_t)args->step_ppm : args->step_ppm;
    if ((used & USES_STEP) != 0 &&
        (step == 0 || step > (int64_t)warden->policy->limits.threshold_step_ppm)) {
        return false;
    }
    if (args->ttl_ns < 0 || args->ttl_ns > 7 * NS_PER_DAY) {
        return false;
    }
    bool names_artefact = (used & USES_TARGET) != 0 && (used & USES_SUBJECT) != 0;
    bool names_snapshot = verb == VERB_PIN_SNAPSHOT && !args->release;
    return !(names_artefact || names_snapshot) || is_set(args->subject);
}

enum refusal layer_3_action(struct warden *warden, const struct event *event, struct candidate *change)
{
    const struct advice_item *item = &change->item;
    if (item->kind != ADVICE_PROPOSE) {
        return REFUSAL_NONE;
    }
    int32_t i_entry = incidents_index(warden, item->incident);
    if (i_entry < 0 || incident_is_closed(warden->docket.entries[i_entry].state)) {
        return REFUSAL_UNKNOWN_INCIDENT;
    }
    if (item->args.model.value != item->model.value ||
        item->model.value != warden->docket.entries[i_entry].model.value) {
        return REFUSAL_BAD_ARGUMENT;
    }
    if (!unused_are_zero(&item->args, verb_uses(item->verb)) ||
        !used_are_in_range(warden, item->verb, &item->args, event->at)) {
        return REFUSAL_BAD_ARGUMENT;
    }
    bool adapted = (warden->deployment->verbs & (UINT64_C(1) << item->verb)) != 0;
    return !verb_changes_state(item->verb) || adapted ? REFUSAL_NONE : REFUSAL_NO_ADAPTER;
}
