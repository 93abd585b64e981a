/* SPDX-License-Identifier: Apache-2.0 */
/* Remedy: the plans as one table, and how the arguments of their steps follow from evidence. */
#include "core/mind/remedy.h"

#include "core/base/assert.h"

#define TOOL_BIT(tool) (UINT64_C(1) << (tool))
#define THRESHOLD_STEP_PPM 150000 /* A seventh of a score deviation: tighter, and little. */

static const struct move plans[N_CAUSES][REMEDY_STEPS_MAX] = {
    [CAUSE_UNKNOWN] = {{VERB_ESCALATE, GATE_OPEN, ROLE_ONCALL, false, false},
                       {VERB_FALLBACK, GATE_LOSS, ROLE_ONCALL, true, false}},
    [CAUSE_COVARIATE_SHIFT] = {{VERB_FALLBACK, GATE_OPEN, ROLE_ONCALL, true, false},
                               {VERB_RETRAIN, GATE_ROWS, ROLE_ONCALL, false, false},
                               /* A fallback answers for the canary as well: nothing could be learned of it. */
                               {VERB_FALLBACK, GATE_TRAINED, ROLE_ONCALL, true, true},
                               {VERB_CANARY, GATE_TRAINED, ROLE_ONCALL, false, false},
                               {VERB_PROMOTE, GATE_CANARY, ROLE_ONCALL, false, false}},
    [CAUSE_CONCEPT_SHIFT] = {{VERB_ESCALATE, GATE_OPEN, ROLE_ONCALL, false, false},
                             {VERB_THRESHOLD, GATE_OPEN, ROLE_ONCALL, true, false},
                             {VERB_RETRAIN, GATE_ROWS, ROLE_ONCALL, true, false},
                             {VERB_CANARY, GATE_TRAINED, ROLE_ONCALL, true, false},
                             {VERB_PROMOTE, GATE_CANARY, ROLE_ONCALL, true, false}},
    [CAUSE_SCHEMA_CHANGE] = {{VERB_NOTIFY, GATE_OPEN, ROLE_PRODUCER, true, false},
                             {VERB_QUARANTINE_DATA, GATE_OPEN, ROLE_ONCALL, false, false},
                             {VERB_DISABLE_FEATURE, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_UNIT_CHANGE] = {{VERB_NOTIFY, GATE_OPEN, ROLE_PRODUCER, true, false},
                           {VERB_QUARANTINE_DATA, GATE_OPEN, ROLE_ONCALL, false, false},
                           {VERB_FALLBACK, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_NULL_BURST] = {{VERB_NOTIFY, GATE_OPEN, ROLE_PRODUCER, true, false},
                          {VERB_FALLBACK, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_FEATURE_ACTIVATION] = {{VERB_HOLD, GATE_OPEN, ROLE_ONCALL, true, false},
                                  {VERB_NOTIFY, GATE_OPEN, ROLE_OWNER, true, false},
                                  {VERB_RETRAIN, GATE_MANY_ROWS, ROLE_ONCALL, false, false},
                                  {VERB_FALLBACK, GATE_TRAINED, ROLE_ONCALL, true, true},
                                  {VERB_CANARY, GATE_TRAINED, ROLE_ONCALL, false, false},
                                  {VERB_PROMOTE, GATE_CANARY, ROLE_ONCALL, false, false}},
    [CAUSE_STALE_DATA] = {{VERB_NOTIFY, GATE_OPEN, ROLE_PRODUCER, true, false},
                          {VERB_FALLBACK, GATE_LOSS, ROLE_ONCALL, true, false}},
    [CAUSE_LABEL_FAULT] = {{VERB_NOTIFY, GATE_OPEN, ROLE_OWNER, true, false},
                           {VERB_ESCALATE, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_BAD_MODEL] = {{VERB_ROLLBACK, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_BAD_CONFIG] = {{VERB_ROLLBACK_CONFIG, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_BAD_IMAGE] = {{VERB_ROLLBACK_IMAGE, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_CAPACITY] = {{VERB_SCALE_OUT, GATE_OPEN, ROLE_ONCALL, false, false}},
    [CAUSE_ATTACK] = {{VERB_ESCALATE, GATE_OPEN, ROLE_SECURITY, false, false}},
    [CAUSE_TELEMETRY_FAULT] = {{VERB_NOTIFY, GATE_OPEN, ROLE_OWNER, true, false}},
    [CAUSE_HALF_FINISHED_CHANGE] = {{VERB_RECONCILE, GATE_OPEN, ROLE_ONCALL, false, false}},
};

const struct move *remedy_step(enum cause cause, uint32_t step)
{
    ASSERT((unsigned)cause < N_CAUSES);
    ASSERT(step < REMEDY_STEPS_MAX);
    return &plans[cause][step];
}

bool cause_is_harmful(enum cause cause)
{
    switch (cause) {
    case CAUSE_COVARIATE_SHIFT:
    case CAUSE_CONCEPT_SHIFT:
    case CAUSE_SCHEMA_CHANGE:
    case CAUSE_UNIT_CHANGE:
    case CAUSE_NULL_BURST:
    case CAUSE_BAD_MODEL:
    case CAUSE_BAD_CONFIG:
    case CAUSE_BAD_IMAGE:
    case CAUSE_CAPACITY:
    case CAUSE_HALF_FINISHED_CHANGE:
        return true;
    case CAUSE_UNKNOWN:
    case CAUSE_FEATURE_ACTIVATION:
    case CAUSE_STALE_DATA:
    case CAUSE_LABEL_FAULT:
    case CAUSE_ATTACK:
    case CAUSE_BENIGN_CALENDAR:
    case CAUSE_BENIGN_DRIFT:
    case CAUSE_TELEMETRY_FAULT:
    case N_CAUSES:
        return false;
    }
    return false;
}

bool cause_is_of_data(enum cause cause)
{
    return cause == CAUSE_SCHEMA_CHANGE || cause == CAUSE_UNIT_CHANGE ||
           cause == CAUSE_NULL_BURST || cause == CAUSE_STALE_DATA;
}

/* Features that the data show to be wrong: empty ones, ones with nulls, or ones out of scale. */
static uint32_t faulty_features(const struct outlook *outlook, enum cause cause)
{
    const struct watched_model *watched = outlook->watched;
    const struct features_answer *features = &outlook->folder->features;
    uint32_t mask = cause == CAUSE_SCHEMA_CHANGE ? watched->emptied
                    : cause == CAUSE_NULL_BURST  ? watched->nulled
                                                 : 0;
    for (uint32_t i = 0; i < features->n_features && i < FEATURES_MAX; i++) {
        const struct feature_profile *feature = &features->features[i];
        bool empty = feature->null_ratio >= 0.95, nulls = feature->null_ratio > 0.05;
        bool wild = !nulls && !feature->was_constant &&
                    (feature->scale > 4.0 || feature->scale < 0.25 || feature->shift > 4.0 ||
                     feature->shift < -4.0);
        bool faulty = cause == CAUSE_SCHEMA_CHANGE ? empty
                      : cause == CAUSE_UNIT_CHANGE ? wild
                      : cause == CAUSE_NULL_BURST  ? nulls
                                                   : false;
        mask |= faulty ? UINT32_C(1) << i : 0;
    }
    return mask;
}

struct table_id remedy_table(const struct outlook *outlook, enum cause cause)
{
    uint32_t mask = faulty_features(outlook, cause);
    struct table_id table = {0};
    double most = -1.0;
    for (uint32_t i = 0; i < outlook->model->n_features && i < FEATURES_MAX; i++) {
        const struct feature_entry *feature = &outlook->model->features[i];
        if (((mask >> i) & 1) != 0 && feature->importance > most) {
            most = feature->importance;
            table = feature->table;
        }
    }
    const struct tables_answer *tables = &outlook->folder->tables;
    for (uint32_t i = 0; i < tables->n_tables && i < 4 && table.value == 0; i++) {
        bool suspect = tables->tables[i].provider_error_ratio > 0.2 ||
                       tables->tables[i].schema_changed_at != NEVER ||
                       tables->tables[i].rows_ratio < 0.5;
        table = suspect ? tables->tables[i].table : table;
    }
    return table;
}

static bool fits(const struct outlook *outlook, const struct registry_version *version)
{
    const struct state_answer *state = &outlook->folder->state;
    return version != NULL && version->available && version->complete &&
           version->schema_id == state->schema_id && version->version.value != state->serving.value;
}

/* The version before, when a human certified it; else the newest certified one that has served. */
static const struct registry_version *rollback_target(const struct outlook *outlook)
{
    const struct folder *folder = outlook->folder;
    const struct registry_version *previous = folder_version(folder, folder->state.previous);
    if (fits(outlook, previous) && previous->certified) {
        return previous;
    }
    for (uint32_t i = 0; i < folder->registry.n_versions && i < VERSIONS_MAX; i++) {
        const struct registry_version *version = &folder->registry.versions[i];
        if (fits(outlook, version) && version->certified && version->deployed_at != NEVER) {
            return version;
        }
    }
    return fits(outlook, previous) ? previous : NULL;
}

/* Sources heal within hours; a new version takes its training, its canary and the labels of both. */
static int64_t containment_ttl(const struct outlook *outlook, enum cause cause)
{
    int64_t windows = 6 * outlook->deployment->window_ns;
    int64_t least = cause == CAUSE_COVARIATE_SHIFT ? 12 * NS_PER_HOUR : 6 * NS_PER_HOUR;
    int64_t ttl = windows > least ? windows : least;
    ttl = cause == CAUSE_FEATURE_ACTIVATION ? 7 * NS_PER_DAY
                                            : ttl; /* Rows of a new population come slowly. */
    return ttl < 7 * NS_PER_DAY ? ttl : 7 * NS_PER_DAY;
}

/* Rules stand in where the model itself or its decision is at fault. Otherwise what is out of order is replaced by its last good
 * value and the model goes on: rules know a moved population no better than the model does. */
static enum fallback_mode fallback_mode(enum cause cause)
{
    bool inputs = cause_is_of_data(cause) || cause == CAUSE_COVARIATE_SHIFT ||
                  cause == CAUSE_FEATURE_ACTIVATION;
    return inputs ? FALLBACK_LAST_GOOD : FALLBACK_RULES;
}

/* 30 % of the traffic; half where the champion is known to lose, or where labels would otherwise take weeks. */
static uint32_t canary_weight(const struct inquiry *inquiry, const struct outlook *outlook)
{
    return inquiry->loss || outlook->model->requests_per_window < 200 ? 500000 : 300000;
}

static bool artefact(const struct outlook *outlook, const struct registry_version *version,
                     struct action_args *args)
{
    (void)outlook; /* The registry names it. */
    if (version == NULL || !version->available || !version->complete) {
        return false;
    }
    args->target = version->version;
    args->subject = version->digest;
    return true;
}

static struct digest128 newest_batch(const struct outlook *outlook, struct table_id table)
{
    const struct tables_answer *tables = &outlook->folder->tables;
    for (uint32_t i = 0; i < tables->n_tables && i < 4; i++) {
        if (tables->tables[i].table.value == table.value) {
            return tables->tables[i].batch;
        }
    }
    return (struct digest128){0, 0};
}

bool remedy_args(const struct inquiry *inquiry, const struct outlook *outlook,
                 const struct move *move, struct action_args *ret_args)
{
    const struct plan *plan = &inquiry->plan;
    const struct folder *folder = outlook->folder;
    struct action_args *args = ret_args;
    *args = (struct action_args){.model = inquiry->model, .release = move->release};
    switch (move->verb) {
    case VERB_FALLBACK:
        args->mode = fallback_mode(plan->cause);
        args->ttl_ns = move->release ? 0 : containment_ttl(outlook, plan->cause);
        return true;
    case VERB_QUARANTINE_DATA:
        args->table = move->release ? plan->quarantined : remedy_table(outlook, plan->cause);
        if (!move->release) {
            args->subject = newest_batch(outlook, args->table);
            args->ttl_ns = containment_ttl(outlook, plan->cause);
        }
        return args->table.value != 0;
    case VERB_DISABLE_FEATURE:
        args->feature_mask = move->release ? plan->disabled : faulty_features(outlook, plan->cause);
        args->ttl_ns = move->release ? 0 : containment_ttl(outlook, plan->cause);
        return args->feature_mask != 0;
    case VERB_ROLLBACK:
        return artefact(outlook, rollback_target(outlook), args);
    case VERB_ROLLBACK_CONFIG:
        args->target = folder->state.config_previous;
        return args->target.value != 0 && args->target.value != folder->state.config.value;
    case VERB_RETRAIN:
        args->window = TRAIN_POST_CHANGE;
        args->from_ns = inquiry->onset;
        args->to_ns = outlook->now;
        return args->from_ns < args->to_ns;
    case VERB_CANARY:
        args->weight_ppm = canary_weight(inquiry, outlook);
        return artefact(outlook, folder_version(folder, outlook->entry->trained), args);
    case VERB_PROMOTE:
        return artefact(outlook, folder_version(folder, outlook->entry->trained), args);
    case VERB_THRESHOLD:
        args->step_ppm = THRESHOLD_STEP_PPM;
        return true;
    case VERB_RECONCILE:
        args->target = folder->state.serving;
        return args->target.value != 0;
    case VERB_ABORT_CANARY:
    case VERB_ROLLBACK_IMAGE:
    case VERB_SCALE_OUT:
        return true;
    case VERB_PIN_SNAPSHOT:
    case VERB_FREEZE_RETRAIN:
    case VERB_SWITCH_MODEL:
    CASE_VERBS_THAT_TELL:
    CASE_VERBS_WITHOUT_LEVER:
        return false;
    }
    return false;
}

uint64_t remedy_tools(enum cause cause, enum verb verb)
{
    switch (verb) {
    case VERB_ROLLBACK:
        return TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_REGISTRY) | TOOL_BIT(TOOL_CHANGES) |
               TOOL_BIT(TOOL_GOLDEN) | TOOL_BIT(TOOL_SHADOW);
    case VERB_ROLLBACK_CONFIG:
        return TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_CHANGES) | TOOL_BIT(TOOL_DECISIONS);
    case VERB_QUARANTINE_DATA:
    case VERB_DISABLE_FEATURE:
        return TOOL_BIT(TOOL_TABLES) | TOOL_BIT(TOOL_FEATURES) | TOOL_BIT(TOOL_STATE);
    case VERB_FALLBACK: {
        uint64_t tools = TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_FEATURES);
        if (cause_is_of_data(cause)) {
            tools |= TOOL_BIT(TOOL_TABLES);
        }
        if (cause == CAUSE_BAD_MODEL) {
            tools |= TOOL_BIT(TOOL_GOLDEN);
        }
        if (cause == CAUSE_BAD_CONFIG) {
            tools |= TOOL_BIT(TOOL_DECISIONS);
        }
        return tools;
    }
    case VERB_RETRAIN:
    case VERB_THRESHOLD:
        return TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_LABELS) | TOOL_BIT(TOOL_FEATURES);
    case VERB_CANARY:
        return TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_REGISTRY);
    case VERB_PROMOTE:
        return TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_REGISTRY) | TOOL_BIT(TOOL_CANARY);
    case VERB_RECONCILE:
    case VERB_ABORT_CANARY:
        return TOOL_BIT(TOOL_STATE);
    case VERB_ROLLBACK_IMAGE:
    case VERB_SCALE_OUT:
        return TOOL_BIT(TOOL_STATE) | TOOL_BIT(TOOL_PLATFORM);
    case VERB_PIN_SNAPSHOT:
    case VERB_FREEZE_RETRAIN:
    case VERB_SWITCH_MODEL:
    CASE_VERBS_THAT_TELL:
    CASE_VERBS_WITHOUT_LEVER:
        return 0;
    }
    return 0;
}
