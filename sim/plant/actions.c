/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to the platform, by whomever: attempts with their latency and fate, effects, times to live, and the row of each in
 * the ledger. A key that was applied, or is on its way, is never applied again. */
#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "sim/plant/parts.h"

#define THRESHOLD_MAX_PPM 2000000
#define P_HALF_DONE 0.5 /* An unknown attempt to switch that was not done left the alias moved. */
#define ROUTE_LAG_S 20.0
#define FLAG_LAG_S 8.0
#define REPEATED_NS (2 * NS_PER_S)
#define SNAPSHOTS_KEPT 72

static bool names_version(enum verb verb)
{
    return verb == VERB_CANARY || verb == VERB_PROMOTE || verb == VERB_ROLLBACK ||
           verb == VERB_SWITCH_MODEL;
}

static bool is_same(struct digest128 a, struct digest128 b) { return a.hi == b.hi && a.lo == b.lo; }

static bool is_set(struct digest128 digest) { return digest.hi != 0 || digest.lo != 0; }

/* Of the fleet's traffic, what the act changes the treatment of. */
static uint32_t moved_of(const struct plant *plant, uint32_t model_i, enum verb verb,
                         const struct action_args *args)
{
    uint64_t own = plant->deployment->models[model_i].requests_per_window;
    if (!verb_moves_serving(verb) || plant->requests_total == 0) {
        return 0;
    }
    uint64_t share_ppm = 1000000;
    if (verb == VERB_CANARY) {
        share_ppm = args->weight_ppm < 1000000 ? args->weight_ppm : 1000000;
    } else if (verb == VERB_ABORT_CANARY) {
        share_ppm = plant->truth->models[model_i].canary_weight_ppm;
    }
    return (uint32_t)(own * share_ppm / plant->requests_total);
}

/* Truth at effect time, before it. */
static void note_before(struct plant *plant, uint32_t model_i, struct ledger_entry *entry)
{
    const struct truth_model *truth = truth_of(plant, model_i);
    entry->faulty = truth->faulty;
    entry->cause = truth->cause;
    entry->quality_before = entry->quality_after = truth->quality;
    entry->version_before = entry->version_after = truth->serving;
    entry->config_before = entry->config_after = truth->config;
    entry->moved_ppm = moved_of(plant, model_i, entry->verb, &entry->args);
    if (!names_version(entry->verb)) {
        return;
    }
    const struct truth_version *target = version_of(plant, model_i, entry->args.target);
    entry->target_exists = target != NULL;
    if (target != NULL) {
        entry->target_available = target->available && target->complete;
        entry->target_compatible = target->schema_id == truth->schema_id;
        entry->target_certified = target->certified;
        entry->target_bad = target->bad;
        entry->target_quality = target->quality;
    }
}

static void note_after(struct plant *plant, uint32_t model_i, struct ledger_entry *entry)
{
    const struct truth_model *truth = truth_of(plant, model_i);
    entry->quality_after = truth->quality;
    entry->version_after = truth->serving;
    entry->config_after = truth->config;
    struct version_id shown = entry->verb == VERB_CANARY ? truth->canary : truth->serving;
    const struct truth_version *version = version_of(plant, model_i, shown);
    if (version != NULL) {
        entry->served_digest = version->digest;
    }
}

/* Effects, one function a kind; false: the platform refuses. */

static bool can_load(struct plant *plant, uint32_t model_i, const struct action_args *args)
{
    const struct truth_version *target = version_of(plant, model_i, args->target);
    return target != NULL && target->available && target->complete &&
           (!is_set(args->subject) || is_same(args->subject, target->digest));
}

static void tell_of_human(struct plant *plant, uint32_t model_i, const struct ledger_entry *entry,
                          enum change_kind kind, struct version_id from, struct version_id to)
{
    struct change change = {.kind = kind,
                            .at = now_of(plant),
                            .model = {(uint16_t)(model_i + 1)},
                            .from = from,
                            .to = to,
                            .by = entry->person};
    if (entry->principal == PRINCIPAL_HUMAN) {
        plant_tell(plant, &change, PLAN_ITEMS_MAX);
    }
}

static bool switch_version(struct plant *plant, uint32_t model_i, struct ledger_entry *entry)
{
    struct truth_model *truth = truth_of(plant, model_i);
    if (!can_load(plant, model_i, &entry->args)) {
        return false;
    }
    struct version_id from = truth->serving;
    version_serve(plant, model_i, entry->args.target);
    struct truth_version *replaced = version_of(plant, model_i, from);
    bool deletes = entry->args.purge && replaced != NULL && from.value != entry->args.target.value;
    if (deletes) {
        replaced->available = false;
        entry->destroys = true;
    }
    if (entry->verb == VERB_PROMOTE && entry->principal == PRINCIPAL_HUMAN) {
        version_of(plant, model_i, entry->args.target)->certified = true; /* After review. */
    }
    tell_of_human(plant, model_i, entry, CHANGE_MODEL, from, entry->args.target);
    return true;
}

static bool start_canary(struct plant *plant, uint32_t model_i, const struct action_args *args)
{
    const struct truth_model *truth = truth_of(plant, model_i);
    bool is_free = truth->canary.value == 0 && args->target.value != truth->serving.value;
    if (!is_free || args->weight_ppm == 0 || !can_load(plant, model_i, args)) {
        return false;
    }
    version_canary(plant, model_i, args->target, args->weight_ppm);
    return true;
}

static bool abort_canary(struct plant *plant, uint32_t model_i)
{
    struct truth_model *truth = truth_of(plant, model_i);
    if (truth->canary.value == 0) {
        return false;
    }
    truth->canary.value = 0;
    truth->canary_weight_ppm = 0;
    return true;
}

static bool switch_config(struct plant *plant, uint32_t model_i, const struct ledger_entry *entry)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    if (entry->args.target.value < 1 || entry->args.target.value > model->n_configs) {
        return false;
    }
    struct version_id from = truth->config;
    if (from.value != entry->args.target.value) {
        model->config_previous = from;
    }
    truth->config = entry->args.target;
    tell_of_human(plant, model_i, entry, CHANGE_CONFIG, from, truth->config);
    return true;
}

static bool shift_threshold(struct plant *plant, uint32_t model_i, const struct action_args *args)
{
    int64_t wanted = (int64_t)plant->models[model_i].threshold_ppm + args->step_ppm;
    if (wanted > THRESHOLD_MAX_PPM || wanted < -THRESHOLD_MAX_PPM) {
        return false;
    }
    plant->models[model_i].threshold_ppm = (int32_t)wanted;
    return true;
}

/* The registry's alias is what was wanted: the router follows it where it can, otherwise the alias follows the router. */
static bool reconcile(struct plant *plant, uint32_t model_i, struct version_id target)
{
    struct truth_model *truth = truth_of(plant, model_i);
    if (version_of(plant, model_i, target) == NULL) {
        return false;
    }
    truth->registered = target;
    return true;
}

static uint32_t bit_of(struct table_id table) { return UINT32_C(1) << (table.value - 1); }

static bool feeds(const struct plant *plant, uint32_t model_i, struct table_id table)
{
    const struct model_entry *entry = &plant->deployment->models[model_i];
    for (uint32_t i = 0; i < entry->n_features; i++) {
        if (table.value >= 1 && table.value <= TABLES_MAX &&
            entry->features[i].table.value == table.value) {
            return true;
        }
    }
    return false;
}

/* Whether the digest names a snapshot of the last days that passed its checks. */
static bool is_clean_snapshot(const struct plant *plant, uint32_t model_i,
                              const struct action_args *args)
{
    int64_t at = now_of(plant);
    for (int i = 0; i < SNAPSHOTS_KEPT; i++) {
        int64_t taken_at = snapshot_before(plant, model_i, args->table, at);
        if (taken_at == NEVER) {
            return false;
        }
        if (is_same(snapshot_digest(plant, args->table, taken_at), args->subject)) {
            return true;
        }
        at = taken_at - 1;
    }
    return false;
}

static bool hold_fallback(struct plant *plant, uint32_t model_i, const struct action_args *args,
                          uint32_t by)
{
    struct plant_model *model = &plant->models[model_i];
    truth_of(plant, model_i)->fallback = !args->release;
    model->fallback_mode = args->mode;
    model->fallback_by = args->release ? 0 : by;
    return true;
}

static bool hold_pin(struct plant *plant, uint32_t model_i, const struct action_args *args,
                     uint32_t by)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    if (!feeds(plant, model_i, args->table)) {
        return false;
    }
    uint32_t bit = bit_of(args->table);
    model->corrupt_pins &= ~bit;
    truth->pinned_tables = args->release ? truth->pinned_tables & ~bit : truth->pinned_tables | bit;
    if (!args->release && !is_clean_snapshot(plant, model_i, args)) {
        model->corrupt_pins |= bit; /* What is served then is what came last, good or bad. */
    }
    model->pinned_by[args->table.value - 1] = args->release ? 0 : by;
    return true;
}

static void end_quarantine(struct plant *plant, uint32_t model_i, struct table_id table)
{
    struct plant_model *model = &plant->models[model_i];
    for (uint32_t i = 0; i < model->n_quarantines && i < QUARANTINES_MAX; i++) {
        struct quarantine *quarantine = &model->quarantines[i];
        if (quarantine->table.value == table.value && quarantine->to == NEVER) {
            quarantine->to = now_of(plant);
        }
    }
}

static bool hold_quarantine(struct plant *plant, uint32_t model_i, struct ledger_entry *entry,
                            uint32_t by)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    const struct action_args *args = &entry->args;
    if (!feeds(plant, model_i, args->table)) {
        return false;
    }
    uint32_t bit = bit_of(args->table);
    model->quarantined_by[args->table.value - 1] = args->release ? 0 : by;
    end_quarantine(plant, model_i, args->table);
    truth->quarantined_tables &= ~bit;
    if (args->release) {
        return true;
    }
    truth->quarantined_tables |= bit;
    int64_t clean_at = snapshot_before(plant, model_i, args->table, now_of(plant));
    struct quarantine quarantine = {args->table, clean_at == NEVER ? now_of(plant) : clean_at, NEVER};
    model->quarantines[model->n_quarantines++ % QUARANTINES_MAX] = quarantine;
    entry->destroys = args->purge;
    return true;
}

static bool hold_features(struct plant *plant, uint32_t model_i, const struct action_args *args,
                          uint32_t by)
{
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    uint32_t all = (UINT32_C(1) << model->entry->n_features) - 1;
    if (args->feature_mask == 0 || (args->feature_mask & ~all) != 0) {
        return false;
    }
    truth->disabled_features = args->release ? truth->disabled_features & ~args->feature_mask
                                             : truth->disabled_features | args->feature_mask;
    for (uint32_t i = 0; i < model->entry->n_features; i++) {
        if ((args->feature_mask >> i & 1u) != 0) {
            model->disabled_by[i] = args->release ? 0 : by;
        }
    }
    return true;
}

static bool hold_training(struct plant *plant, uint32_t model_i, const struct action_args *args,
                          uint32_t by)
{
    struct plant_model *model = &plant->models[model_i];
    model->retrain_frozen = !args->release;
    model->frozen_by = args->release ? 0 : by;
    return true;
}

static bool retrain(struct plant *plant, uint32_t model_i, uint32_t entry_i)
{
    if (truth_of(plant, model_i)->training || plant->models[model_i].retrain_frozen) {
        return false;
    }
    training_start(plant, model_i, entry_i);
    return true;
}

/* by: of the ledger, plus one. */
static bool take_effect(struct plant *plant, uint32_t model_i, struct ledger_entry *entry, uint32_t by)
{
    switch (entry->verb) {
    case VERB_ROLLBACK:
    case VERB_PROMOTE:
    case VERB_SWITCH_MODEL:
        return switch_version(plant, model_i, entry);
    case VERB_CANARY:
        return start_canary(plant, model_i, &entry->args);
    case VERB_ABORT_CANARY:
        return abort_canary(plant, model_i);
    case VERB_ROLLBACK_CONFIG:
        return switch_config(plant, model_i, entry);
    case VERB_THRESHOLD:
        return shift_threshold(plant, model_i, &entry->args);
    case VERB_RECONCILE:
        return reconcile(plant, model_i, entry->args.target);
    case VERB_FALLBACK:
        return hold_fallback(plant, model_i, &entry->args, by);
    case VERB_PIN_SNAPSHOT:
        return hold_pin(plant, model_i, &entry->args, by);
    case VERB_QUARANTINE_DATA:
        return hold_quarantine(plant, model_i, entry, by);
    case VERB_DISABLE_FEATURE:
        return hold_features(plant, model_i, &entry->args, by);
    case VERB_FREEZE_RETRAIN:
        return hold_training(plant, model_i, &entry->args, by);
    case VERB_RETRAIN:
        return retrain(plant, model_i, by - 1);
    case VERB_NOOP:
    case VERB_NOTIFY:
    case VERB_ESCALATE:
    case VERB_HOLD:
    case VERB_STAND_DOWN:
    case VERB_WAIT_LABELS:
        return true; /* Nothing to do to the platform. */
    case VERB_ROLLBACK_IMAGE:
    case VERB_SCALE_OUT:
    CASE_VERBS_WITHOUT_LEVER:
        return false; /* The platform has no such lever. */
    }
    return false;
}

static bool has_adapter(const struct plant *plant, const struct ledger_entry *entry)
{
    return entry->principal == PRINCIPAL_HUMAN || !verb_changes_state(entry->verb) ||
           (plant->deployment->verbs >> entry->verb & 1u) != 0;
}

/* Attempts. */

static bool is_model(const struct plant *plant, struct model_id model)
{
    return model.value >= 1 && model.value <= plant->deployment->n_models;
}

static bool put_outcome(const struct ledger_entry *entry, enum outcome_status status,
                        struct version_id version, struct event *ret_event)
{
    if (entry->principal == PRINCIPAL_HUMAN) {
        return false; /* People see what they did. */
    }
    ret_event->kind = EVENT_OUTCOME;
    ret_event->outcome = (struct outcome){entry->action, entry->key, status, version};
    return true;
}

/* Halfway through an unknown attempt to switch: the alias moved, the router did not. */
static void half_done(struct plant *plant, uint32_t model_i, const struct ledger_entry *entry,
                      uint32_t entry_i)
{
    bool is_switch = entry->verb == VERB_PROMOTE || entry->verb == VERB_ROLLBACK ||
                     entry->verb == VERB_SWITCH_MODEL;
    struct stream stream;
    stream_init(&stream, plant->plan->seed, "plant/half", entry_i);
    if (is_switch && can_load(plant, model_i, &entry->args) && stream_chance(&stream, P_HALF_DONE)) {
        truth_of(plant, model_i)->registered = entry->args.target;
    }
}

bool attempt_happens(struct plant *plant, uint32_t entry_i, struct event *ret_event)
{
    struct ledger_entry *entry = &plant->truth->ledger[entry_i];
    struct attempt *attempt = &plant->attempts[entry_i];
    enum fate fate = (enum fate)attempt->fate;
    attempt->in_flight = false;
    entry->ended_at = now_of(plant);
    entry->end = LEDGER_FAILED;
    bool is_believed = fate == FATE_BELIEVED_DONE;
    bool is_told = fate == FATE_NORMAL || fate == FATE_FAILS || is_believed;
    static const struct version_id none = {0};
    if (!is_model(plant, entry->args.model)) {
        return is_told && put_outcome(entry, OUTCOME_FAILED, none, ret_event);
    }
    uint32_t model_i = entry->args.model.value - 1u;
    note_before(plant, model_i, entry);
    bool is_done = false;
    if (attempt->late) {
        entry->end = LEDGER_ABORTED;
    } else if (fate == FATE_UNKNOWN_NOT_DONE) {
        half_done(plant, model_i, entry, entry_i);
    } else if (fate != FATE_FAILS && !is_believed && has_adapter(plant, entry)) {
        plant_touch(plant, model_i);
        is_done = take_effect(plant, model_i, entry, entry_i + 1);
        plant_refresh(plant, model_i);
    }
    if (is_done) {
        entry->end = LEDGER_DONE;
        entry->effect_at = now_of(plant);
        attempt->applied = true;
        note_after(plant, model_i, entry);
        bool expires = entry->args.ttl_ns > 0 && !entry->args.release;
        if (expires) {
            plant_later(plant, now_of(plant) + entry->args.ttl_ns, PLANT_EXPIRE, model_i, entry_i, 0);
        }
    }
    enum outcome_status status = is_done || is_believed ? OUTCOME_DONE : OUTCOME_FAILED;
    return is_told && put_outcome(entry, status, none, ret_event);
}

/* Newest earlier attempt with the key that was applied or is on its way; LEDGER_MAX: none. */
static uint32_t earlier_of(const struct plant *plant, uint32_t entry_i)
{
    const struct ledger_entry *entry = &plant->truth->ledger[entry_i];
    for (uint32_t i = is_set(entry->key) ? entry_i : 0; i-- > 0;) {
        const struct ledger_entry *other = &plant->truth->ledger[i];
        const struct attempt *attempt = &plant->attempts[i];
        bool is_it = other->principal != PRINCIPAL_HUMAN && is_same(other->key, entry->key) &&
                     (attempt->applied || attempt->in_flight);
        if (is_it) {
            return i;
        }
    }
    return LEDGER_MAX;
}

bool outcome_comes(struct plant *plant, uint32_t entry_i, enum outcome_status status,
                   struct event *ret_event)
{
    const struct ledger_entry *entry = &plant->truth->ledger[entry_i];
    static const struct version_id none = {0};
    if (status == OUTCOME_DONE) { /* The answer to a repeated key is the state of the first attempt. */
        uint32_t first = earlier_of(plant, entry_i);
        bool is_applied = first != LEDGER_MAX && plant->attempts[first].applied;
        bool is_open = first != LEDGER_MAX && plant->attempts[first].in_flight;
        status = is_applied ? OUTCOME_DONE : is_open ? OUTCOME_UNKNOWN : OUTCOME_FAILED;
    }
    return put_outcome(entry, status, none, ret_event);
}

static void free_features(struct plant *plant, uint32_t model_i, uint32_t by)
{
    struct plant_model *model = &plant->models[model_i];
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        if (model->disabled_by[i] == by) {
            model->disabled_by[i] = 0;
            truth_of(plant, model_i)->disabled_features &= ~(UINT32_C(1) << i);
        }
    }
}

void hold_expires(struct plant *plant, uint32_t entry_i)
{
    const struct ledger_entry *entry = &plant->truth->ledger[entry_i];
    uint32_t model_i = entry->args.model.value - 1u, by = entry_i + 1;
    struct plant_model *model = &plant->models[model_i];
    struct truth_model *truth = truth_of(plant, model_i);
    plant_touch(plant, model_i);
    if (model->fallback_by == by) {
        model->fallback_by = 0;
        truth->fallback = false;
    }
    if (model->frozen_by == by) {
        model->frozen_by = 0;
        model->retrain_frozen = false;
    }
    for (uint16_t i = 0; i < TABLES_MAX; i++) {
        if (model->pinned_by[i] == by) {
            model->pinned_by[i] = 0;
            truth->pinned_tables &= ~(UINT32_C(1) << i);
        }
        if (model->quarantined_by[i] == by) {
            model->quarantined_by[i] = 0;
            truth->quarantined_tables &= ~(UINT32_C(1) << i);
            end_quarantine(plant, model_i, (struct table_id){(uint16_t)(i + 1)});
        }
    }
    free_features(plant, model_i, by);
    plant_refresh(plant, model_i);
}

bool trained_ends(struct plant *plant, uint32_t entry_i, bool fails, struct event *ret_event)
{
    const struct ledger_entry *entry = &plant->truth->ledger[entry_i];
    uint32_t model_i = entry->args.model.value - 1u;
    struct version_id version = {0};
    plant_touch(plant, model_i);
    truth_of(plant, model_i)->training = false;
    bool is_trained = !fails && training_end(plant, model_i, entry_i, &version);
    if (is_trained) {
        plant->models[model_i].trained = version;
    }
    plant_refresh(plant, model_i);
    return put_outcome(entry, is_trained ? OUTCOME_TRAINED : OUTCOME_TRAIN_FAILED, version,
                       ret_event);
}

static int64_t lag_of(struct plant *plant, const struct ledger_entry *entry)
{
    uint32_t model_i = is_model(plant, entry->args.model) ? entry->args.model.value - 1u : 0;
    struct stream stream;
    stream_init(&stream, plant->plan->seed, "plant/lag",
                (uint64_t)model_i * 65536 + plant->models[model_i].n_attempts++);
    bool is_route = names_version(entry->verb) || entry->verb == VERB_RECONCILE ||
                    entry->verb == VERB_ABORT_CANARY;
    double seconds = stream_lognormal(&stream, is_route ? ROUTE_LAG_S : FLAG_LAG_S, 0.5);
    return (int64_t)(seconds * 1e3) * NS_PER_MS;
}

static void attempt_begins(struct plant *plant, struct ledger_entry *entry, enum fate fate,
                           int64_t delay_ns)
{
    uint32_t entry_i = (uint32_t)(entry - plant->truth->ledger);
    struct attempt *attempt = &plant->attempts[entry_i];
    int64_t lag_ns = delay_ns + lag_of(plant, entry);
    bool is_late = lag_ns > PLATFORM_LIMIT_NS;
    *attempt = (struct attempt){.fate = (uint8_t)fate, .late = is_late, .in_flight = true};
    int64_t at = now_of(plant) + (is_late ? PLATFORM_LIMIT_NS : lag_ns);
    plant_later(plant, at, PLANT_ATTEMPT, 0, entry_i, 0);
    bool is_unknown = fate == FATE_UNKNOWN_DONE || fate == FATE_UNKNOWN_NOT_DONE;
    if (is_unknown && entry->principal != PRINCIPAL_HUMAN) {
        plant_later(plant, now_of(plant) + PLATFORM_LIMIT_NS, PLANT_OUTCOME, 0, entry_i,
                    OUTCOME_UNKNOWN);
    }
}

void plant_act(struct plant *plant, const struct act_effect *act, enum fate fate,
               uint64_t after_sequence)
{
    plant_act_later(plant, act, fate, 0, after_sequence);
}

void plant_act_later(struct plant *plant, const struct act_effect *act, enum fate fate,
                     int64_t delay_ns, uint64_t after_sequence)
{
    ASSERT(delay_ns >= 0);
    struct ledger_entry *entry = truth_ledger_push(plant->truth);
    entry->verb = act->verb;
    entry->args = act->args;
    entry->principal = act->principal;
    entry->incident = act->incident;
    entry->action = act->action;
    entry->plan = act->plan;
    entry->key = act->key;
    entry->approval = act->approval;
    entry->after_sequence = after_sequence;
    entry->asked_at = now_of(plant);
    uint32_t entry_i = (uint32_t)(entry - plant->truth->ledger);
    plant->attempts[entry_i] = (struct attempt){.fate = (uint8_t)fate};
    if (earlier_of(plant, entry_i) != LEDGER_MAX) {
        entry->end = LEDGER_REPEATED;
        entry->ended_at = now_of(plant);
        plant_later(plant, now_of(plant) + REPEATED_NS, PLANT_OUTCOME, 0, entry_i, OUTCOME_DONE);
        return;
    }
    attempt_begins(plant, entry, fate, delay_ns);
}

void plant_act_human(struct plant *plant, enum verb verb, const struct action_args *args,
                     struct person_id person, struct incident_id incident)
{
    struct ledger_entry *entry = truth_ledger_push(plant->truth);
    entry->verb = verb;
    entry->args = *args;
    entry->principal = PRINCIPAL_HUMAN;
    entry->person = person;
    entry->incident = incident;
    entry->asked_at = now_of(plant);
    attempt_begins(plant, entry, FATE_NORMAL, 0);
}
