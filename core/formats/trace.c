/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a step: what the world told, what each agent of the mind said, and what the warden
 * recorded, one line each. Text from outside (notes, logs, replies) never enters a line: only its
 * verdict does. */
#include "core/formats/trace.h"

#include "core/types/names.h"

enum {
    AGENT_COLUMN = 12,   /* The longest name is investigator. */
    SHOWN_FACTS_MAX = 6, /* More no longer fit a line. */
};

struct teller {
    const struct deployment *deployment;
    const struct event *event;
    struct text *text;
};

/* Starts a line; the sentence follows, then tell_end. */
static void tell(const struct teller *teller, const char *agent)
{
    struct slice name = slice_of(agent);
    text_put_clock(teller->text, teller->event->at);
    text_put_char(teller->text, ' ');
    text_put_slice(teller->text, name);
    for (size_t i = name.n_bytes; i < AGENT_COLUMN; i++) {
        text_put_char(teller->text, ' ');
    }
    text_put(teller->text, " > ");
}

static void tell_end(const struct teller *teller) { text_put_char(teller->text, '\n'); }

static void put_number(struct text *text, const char *before, uint64_t number)
{
    text_put(text, before);
    text_put_u64(text, number);
}

static void put_model(const struct teller *teller, struct model_id model)
{
    const struct model_entry *entry = deployment_model(teller->deployment, model);
    if (entry != NULL) {
        text_put(teller->text, entry->name);
    } else if (model.value == 0) {
        text_put(teller->text, "the fleet");
    } else {
        put_number(teller->text, "model ", model.value);
    }
}

static void put_feature(const struct teller *teller, struct model_id model, uint32_t feature)
{
    const struct model_entry *entry = deployment_model(teller->deployment, model);
    if (entry != NULL && feature < entry->n_features) {
        text_put(teller->text, entry->features[feature].name);
    } else {
        put_number(teller->text, "feature ", feature);
    }
}

static void put_table(const struct teller *teller, struct table_id table)
{
    if (table.value >= 1 && table.value <= teller->deployment->n_tables) {
        text_put(teller->text, teller->deployment->tables[table.value - 1].name);
    } else {
        put_number(teller->text, "table ", table.value);
    }
}

static void put_person(const struct teller *teller, struct person_id person)
{
    if (person.value >= 1 && person.value <= teller->deployment->n_people) {
        text_put(teller->text, teller->deployment->people[person.value - 1].name);
    } else if (person.value == 0) {
        text_put(teller->text, "nobody by name");
    } else {
        put_number(teller->text, "person ", person.value);
    }
}

static void put_version(const struct teller *teller, struct version_id version)
{
    put_number(teller->text, "v", version.value);
}

static void put_value(const struct teller *teller, double value)
{
    bool is_large = value >= 100.0 || value <= -100.0;
    text_put_fixed(teller->text, value, is_large ? 0 : 3);
}

/* Millionths as a percentage with one decimal. */
static void put_share(const struct teller *teller, uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        text_put(teller->text, "none");
        return;
    }
    text_put_fixed(teller->text, 100.0 * (double)part / (double)whole, 1);
    text_put(teller->text, " %");
}

static void put_time(const struct teller *teller, int64_t at)
{
    if (at == NEVER) {
        text_put(teller->text, "further notice");
    } else {
        text_put_clock(teller->text, at);
    }
}

static void put_features(const struct teller *teller, struct model_id model, uint32_t mask)
{
    bool is_first = true;
    for (uint32_t i = 0; i < FEATURES_MAX; i++) {
        if ((mask >> i & 1u) != 0) {
            text_put(teller->text, is_first ? "" : ", ");
            put_feature(teller, model, i);
            is_first = false;
        }
    }
    text_put(teller->text, is_first ? "no feature" : "");
}

/* Part of the record, and never what an act rests on. */
static const uint64_t for_health = FACT_BIT(FACT_QUALITY_FINE) | FACT_BIT(FACT_PROVIDER_FINE);

static void put_facts(const struct teller *teller, uint64_t facts)
{
    uint32_t n_shown = 0;
    for (uint32_t i = 0; i < N_FACTS; i++) {
        if ((facts & FACT_BIT(i)) == 0) {
            continue;
        }
        if (n_shown == SHOWN_FACTS_MAX) {
            text_put(teller->text, ", ...");
            return;
        }
        text_put(teller->text, n_shown == 0 ? "" : ", ");
        text_put(teller->text, fact_name((enum fact)i));
        n_shown++;
    }
    text_put(teller->text, n_shown == 0 ? "no facts" : "");
}

static void put_ttl(const struct teller *teller, const struct action_args *args)
{
    if (args->ttl_ns > 0) {
        text_put(teller->text, " for ");
        text_put_duration(teller->text, args->ttl_ns);
    }
}

/* "ROLLBACK fraud to v3": the verb, its model, and the arguments that this verb has. */
static void put_action(const struct teller *teller, enum verb verb, const struct action_args *args)
{
    struct text *text = teller->text;
    text_put(text, args->release ? "release of " : "");
    text_put(text, verb_name(verb));
    text_put_char(text, ' ');
    put_model(teller, args->model);
    uint32_t used = (uint32_t)verb < N_VERBS ? verb_uses(verb) : 0; /* A refused one may be none. */
    if ((used & USES_MODE) != 0) {
        text_put(text, " to ");
        text_put(text, fallback_mode_name(args->mode));
    }
    if ((used & USES_TABLE) != 0 && args->table.value != 0) {
        text_put(text, " table ");
        put_table(teller, args->table);
    }
    if ((used & USES_MASK) != 0) {
        text_put(text, " feature ");
        put_features(teller, args->model, args->feature_mask);
    }
    if ((used & USES_ROWS) != 0) {
        text_put(text, " on ");
        text_put(text, train_window_name(args->window));
        text_put(text, " rows from ");
        put_time(teller, args->from_ns);
        text_put(text, " to ");
        put_time(teller, args->to_ns);
    }
    if ((used & USES_STEP) != 0) {
        text_put(text, args->step_ppm > 0 ? " tighter by " : " looser by ");
        text_put_fixed(text, (args->step_ppm > 0 ? 1e-6 : -1e-6) * (double)args->step_ppm, 3);
        text_put(text, " sd");
    }
    if ((used & USES_TARGET) != 0) {
        bool is_config = verb == VERB_ROLLBACK_CONFIG, is_part = (used & USES_WEIGHT) != 0;
        text_put(text, is_part ? " with " : is_config ? " to configuration " : " to ");
        put_version(teller, args->target);
    }
    if ((used & USES_WEIGHT) != 0) {
        text_put(text, " on ");
        put_share(teller, args->weight_ppm, 1000000);
        text_put(text, " of traffic");
    }
    if ((used & USES_RECIPIENT) != 0) {
        text_put(text, " to ");
        text_put(text, role_name(args->recipient));
    }
    put_ttl(teller, args);
    text_put(text, args->purge ? ", deleting what it replaces" : "");
}

static void tell_change(const struct teller *teller, const struct change *change)
{
    tell(teller, "world");
    text_put(teller->text, change_kind_name(change->kind));
    text_put(teller->text, " change on ");
    put_model(teller, change->model);
    if (change->table.value != 0) {
        text_put(teller->text, " table ");
        put_table(teller, change->table);
    }
    if (change->from.value != 0 || change->to.value != 0) {
        text_put(teller->text, ": ");
        put_version(teller, change->from);
        text_put(teller->text, " -> ");
        put_version(teller, change->to);
    }
    text_put(teller->text, " by ");
    if (change->by.value == 0) {
        text_put(teller->text, "a pipeline");
    } else {
        put_person(teller, change->by);
    }
    tell_end(teller);
}

static void put_calendar(const struct teller *teller, const struct calendar_entry *entry)
{
    text_put(teller->text, calendar_name(entry->kind));
    text_put(teller->text, " from ");
    put_time(teller, entry->from);
    text_put(teller->text, " to ");
    put_time(teller, entry->to);
    text_put(teller->text, " for ");
    put_model(teller, entry->model);
}

static void tell_control(const struct teller *teller, const struct control_event *control)
{
    if (control->kind == CONTROL_HEARTBEAT) {
        return;
    }
    tell(teller, "world");
    switch (control->kind) {
    case CONTROL_HALT:
        text_put(teller->text, "kill switch pulled by ");
        put_person(teller, control->person);
        break;
    case CONTROL_RESET:
        text_put(teller->text, "reset of the kill switch asked for by ");
        put_person(teller, control->person);
        break;
    case CONTROL_ARM:
        text_put(teller->text, "dead man armed");
        break;
    case CONTROL_DISARM:
        text_put(teller->text, "dead man disarmed");
        break;
    case CONTROL_CALENDAR:
        text_put(teller->text, "calendar: ");
        put_calendar(teller, &control->calendar);
        break;
    case CONTROL_WITHDRAW:
        text_put(teller->text, "calendar, withdrawn: ");
        put_calendar(teller, &control->calendar);
        break;
    case CONTROL_HEARTBEAT:
    case N_CONTROL_KINDS:
        break;
    }
    tell_end(teller);
}

static void tell_outcome(const struct teller *teller, const struct outcome *outcome)
{
    if (outcome->status == OUTCOME_DONE) {
        return; /* Not believed before the read-back, which has a line of its own. */
    }
    tell(teller, "world");
    switch (outcome->status) {
    case OUTCOME_FAILED:
        put_number(teller->text, "the platform says that it did not do action ",
                   outcome->action.value);
        break;
    case OUTCOME_UNKNOWN:
        put_number(teller->text, "the platform does not say what became of action ",
                   outcome->action.value);
        break;
    case OUTCOME_TRAINED:
        put_number(teller->text, "training of action ", outcome->action.value);
        text_put(teller->text, " ended with ");
        put_version(teller, outcome->version);
        break;
    case OUTCOME_TRAIN_FAILED:
        put_number(teller->text, "training of action ", outcome->action.value);
        text_put(teller->text, " failed");
        break;
    case OUTCOME_DONE:
    case N_OUTCOME_STATUSES:
        break;
    }
    tell_end(teller);
}

static void put_state(const struct teller *teller, const struct state_answer *state)
{
    text_put(teller->text, "serves ");
    put_version(teller, state->serving);
    if (state->registered.value != state->serving.value) {
        text_put(teller->text, " although the registry says ");
        put_version(teller, state->registered);
    }
    put_number(teller->text, ", configuration v", state->config.value);
    if (state->canary.value != 0) {
        text_put(teller->text, ", canary ");
        put_version(teller, state->canary);
        text_put(teller->text, " on ");
        put_share(teller, state->canary_weight_ppm, 1000000);
    }
    text_put(teller->text, state->fallback ? ", in fallback" : "");
    text_put(teller->text, state->pinned_tables != 0 ? ", data pinned" : "");
    text_put(teller->text, state->quarantined_tables != 0 ? ", data quarantined" : "");
    text_put(teller->text, state->training ? ", training" : "");
}

static void put_registry(const struct teller *teller, const struct registry_answer *registry)
{
    put_number(teller->text, "", registry->n_versions);
    text_put(teller->text, " versions");
    for (uint32_t i = 0; i < registry->n_versions; i++) {
        const struct registry_version *version = &registry->versions[i];
        text_put(teller->text, i == 0 ? ": " : ", ");
        put_version(teller, version->version);
        text_put(teller->text, !version->available  ? " missing"
                               : version->certified ? " certified"
                                                    : "");
    }
}

/* The profile that stands out most, by its PSI. */
static void put_profiles(const struct teller *teller, struct model_id model,
                         const struct features_answer *features)
{
    if (features->n_features == 0) {
        text_put(teller->text, "no features");
        return;
    }
    uint32_t widest = 0;
    for (uint32_t i = 1; i < features->n_features; i++) {
        widest = features->features[i].psi > features->features[widest].psi ? i : widest;
    }
    const struct feature_profile *feature = &features->features[widest];
    text_put(teller->text, "most moved ");
    put_feature(teller, model, widest);
    text_put(teller->text, ": psi ");
    put_value(teller, feature->psi);
    text_put(teller->text, ", shift ");
    put_value(teller, feature->shift);
    text_put(teller->text, " sd, scale ");
    put_value(teller, feature->scale);
    text_put(teller->text, ", nulls ");
    text_put_fixed(teller->text, 100.0 * feature->null_ratio, 1);
    text_put(teller->text, " %");
}

static void put_tables(const struct teller *teller, const struct tables_answer *tables)
{
    for (uint32_t i = 0; i < tables->n_tables; i++) {
        const struct table_profile *table = &tables->tables[i];
        text_put(teller->text, i == 0 ? "" : "; ");
        put_table(teller, table->table);
        text_put(teller->text, " ");
        text_put_duration(teller->text, table->age_ns);
        text_put(teller->text, " old, provider errors ");
        text_put_fixed(teller->text, 100.0 * table->provider_error_ratio, 1);
        text_put(teller->text, " %");
        text_put(teller->text, table->schema_changed_at == NEVER ? "" : ", schema changed");
    }
    text_put(teller->text, tables->n_tables == 0 ? "no tables" : "");
}

static void put_correct(const struct teller *teller, uint32_t correct, uint32_t scored)
{
    put_number(teller->text, "", correct);
    put_number(teller->text, " of ", scored);
    text_put(teller->text, " right");
}

static void put_answer(const struct teller *teller, const struct answer *answer)
{
    struct text *text = teller->text;
    switch (answer->tool) {
    case TOOL_STATE:
        put_state(teller, &answer->state);
        break;
    case TOOL_REGISTRY:
        put_registry(teller, &answer->registry);
        break;
    case TOOL_CHANGES:
        put_number(text, "", answer->changes.n_changes);
        text_put(text, answer->changes.n_changes == 1 ? " change" : " changes");
        for (uint32_t i = 0; i < answer->changes.n_changes; i++) {
            text_put(text, i == 0 ? ": " : ", ");
            text_put(text, change_kind_name(answer->changes.changes[i].kind));
            text_put(text, " at ");
            put_time(teller, answer->changes.changes[i].at);
        }
        break;
    case TOOL_FEATURES:
        put_profiles(teller, answer->model, &answer->features);
        break;
    case TOOL_LABELS:
        put_correct(teller, answer->labels.correct, answer->labels.scored);
        text_put(text, ", baseline error ");
        put_value(teller, answer->labels.baseline_error);
        break;
    case TOOL_SHADOW:
        put_version(teller, answer->shadow.version);
        put_number(text, " alone right ", answer->shadow.only_shadow_correct);
        put_number(text, " times, the serving one ", answer->shadow.only_serving_correct);
        put_number(text, ", of ", answer->shadow.scored);
        break;
    case TOOL_GOLDEN:
        put_correct(teller, answer->golden.correct, answer->golden.n);
        text_put(text, ", reference ");
        put_value(teller, answer->golden.reference_accuracy);
        break;
    case TOOL_TABLES:
        put_tables(teller, &answer->tables);
        break;
    case TOOL_DECISIONS:
        put_share(teller, answer->decisions.positives, answer->decisions.decisions);
        text_put(text, " positive, reference ");
        text_put_fixed(text, 100.0 * answer->decisions.reference_rate, 1);
        text_put(text, " %, score psi ");
        put_value(teller, answer->decisions.score_psi);
        break;
    case TOOL_CALENDAR:
        text_put(text, answer->calendar.n_entries == 0 ? "nothing declared" : "");
        for (uint32_t i = 0; i < answer->calendar.n_entries; i++) {
            text_put(text, i == 0 ? "" : "; ");
            put_calendar(teller, &answer->calendar.entries[i]);
        }
        break;
    case TOOL_LOGS:
        put_number(text, "", answer->logs.text.n_bytes);
        text_put(text, " bytes of untrusted text");
        break;
    case TOOL_PLATFORM:
        put_number(text, "p95 ", answer->platform.latency_p95_us / 1000);
        text_put(text, " ms, errors ");
        put_share(teller, answer->platform.errors, answer->platform.requests);
        put_number(text, ", ready replicas ", answer->platform.ready_replicas);
        break;
    case TOOL_CANARY:
        put_version(teller, answer->canary.version);
        text_put_char(text, ' ');
        put_correct(teller, answer->canary.canary_correct, answer->canary.canary_scored);
        text_put(text, ", champion ");
        put_correct(teller, answer->canary.champion_correct, answer->canary.champion_scored);
        break;
    case N_TOOLS:
        break;
    }
}

static void tell_answer(const struct teller *teller, const struct answer *answer)
{
    if ((answer->question.value & QUESTION_WARDEN) != 0) {
        return; /* What the warden reads back ends in a record, which has a line of its own. */
    }
    tell(teller, "investigator");
    text_put(teller->text, tool_name(answer->tool));
    text_put(teller->text, " of ");
    put_model(teller, answer->model);
    text_put(teller->text, ": ");
    switch (answer->status) {
    case ANSWER_OK:
        put_answer(teller, answer);
        break;
    case ANSWER_NO_DATA:
        text_put(teller->text, "no data");
        break;
    case ANSWER_FAILED:
    case N_ANSWER_STATUSES:
        text_put(teller->text, "no answer");
        break;
    }
    put_number(teller->text, " [evidence ", teller->event->sequence);
    text_put_char(teller->text, ']');
    tell_end(teller);
}

static void tell_reply(const struct teller *teller, const struct reply_event *reply)
{
    tell(teller, "investigator");
    text_put(teller->text, "LLM on ");
    put_model(teller, reply->model);
    text_put(teller->text, ": ");
    if (reply->reply.verdict != REPLY_VALID) {
        text_put(teller->text, "reply not used, ");
        text_put(teller->text, reply_verdict_name(reply->reply.verdict));
    }
    for (uint32_t i = 0; i < reply->reply.n_claims; i++) {
        const struct llm_claim *claim = &reply->reply.claims[i];
        text_put(teller->text, i == 0 ? "" : ", ");
        text_put(teller->text, cause_name(claim->cause));
        put_number(teller->text, " ", claim->confidence_pct);
        text_put(teller->text, " %");
        if (claim->suggests) {
            text_put(teller->text, " (suggests ");
            text_put(teller->text, verb_name(claim->verb));
            text_put(teller->text, ", untrusted)");
        }
    }
    tell_end(teller);
}

static void tell_handling(const struct teller *teller, const struct handling_event *handling)
{
    tell(teller, "world");
    put_person(teller, handling->person);
    text_put(teller->text, handling->kind == HANDLING_TAKEN ? " takes over" : " says resolved:");
    put_number(teller->text, " incident ", handling->incident.value);
    tell_end(teller);
}

static void tell_event(const struct teller *teller)
{
    const struct event *event = teller->event;
    switch (event->kind) {
    case EVENT_START:
        if (event->start.recovered) {
            tell(teller, "world");
            put_number(teller->text, "the agent process is back, incarnation ",
                       event->start.incarnation);
            tell_end(teller);
        }
        break;
    case EVENT_ANSWER:
        tell_answer(teller, &event->answer);
        break;
    case EVENT_REPLY:
        tell_reply(teller, &event->reply);
        break;
    case EVENT_OUTCOME:
        tell_outcome(teller, &event->outcome);
        break;
    case EVENT_PAGE:
        if (event->page.status == PAGE_UNDELIVERED) {
            tell(teller, "world");
            put_number(teller->text, "page ", event->page.page.value);
            text_put(teller->text, " was not delivered");
            tell_end(teller);
        }
        break;
    case EVENT_CHANGE:
        tell_change(teller, &event->change.change);
        break;
    case EVENT_CONTROL:
        tell_control(teller, &event->control);
        break;
    case EVENT_HANDLING:
        tell_handling(teller, &event->handling);
        break;
    case EVENT_TICK:
    case EVENT_BASELINE:
    case EVENT_WINDOW:
    case EVENT_APPROVAL: /* Its record says whether it counted. */
    case N_EVENT_KINDS:
        break;
    }
}

static void put_incident(const struct teller *teller, const char *before, struct incident_id incident)
{
    text_put(teller->text, before);
    put_number(teller->text, "incident ", incident.value);
}

/* "e-value 3e+12 at level 2e-6, 62 % of the evidence, FDR 0.05": numbers by their power of ten, because that is what they say. */
static void put_power(const struct teller *teller, double value)
{
    int power = 0;
    while (value >= 10.0 && power < 300) {
        value /= 10.0;
        power++;
    }
    while (value > 0.0 && value < 1.0 && power > -300) {
        value *= 10.0;
        power--;
    }
    if (value >= 9.95) { /* It would be told as 10.0. */
        value /= 10.0;
        power++;
    }
    text_put_fixed(teller->text, value, 1);
    text_put(teller->text, power < 0 ? "e-" : "e+");
    text_put_i64(teller->text, power < 0 ? -power : power);
}

static void put_assurance(const struct teller *teller, const struct assurance *assurance)
{
    if (assurance->guarantee == GUARANTEE_NONE) {
        return;
    }
    if (assurance->guarantee == GUARANTEE_RULE) {
        text_put(teller->text, ", by rule");
        return;
    }
    bool is_run = assurance->guarantee == GUARANTEE_RUN_LENGTH;
    text_put(teller->text, is_run ? ", statistic " : ", e-value ");
    put_power(teller, assurance->evidence);
    text_put(teller->text, " at level ");
    put_power(teller, assurance->level);
    text_put(teller->text, ", ");
    text_put(teller->text, guarantee_name(assurance->guarantee));
    text_put_char(teller->text, ' ');
    if (is_run) {
        text_put_fixed(teller->text, assurance->bound, 0);
        text_put(teller->text, " windows");
        return;
    }
    text_put_fixed(teller->text, assurance->bound, 2);
    if (assurance->share > 0.0) {
        text_put(teller->text, ", ");
        text_put_fixed(teller->text, 100.0 * assurance->share, 0);
        text_put(teller->text, " % of the evidence");
    }
}

static void tell_note(const struct teller *teller, const struct advice_item *item)
{
    tell(teller, "monitor");
    text_put(teller->text, symptom_name(item->symptom));
    text_put(teller->text, " on ");
    put_model(teller, item->model);
    if (item->feature >= 0) {
        text_put_char(teller->text, '.');
        put_feature(teller, item->model, (uint32_t)item->feature);
    }
    text_put(teller->text, ": ");
    put_value(teller, item->value);
    text_put(teller->text, " (limit ");
    put_value(teller, item->limit);
    text_put_char(teller->text, ')');
    put_assurance(teller, &item->assurance);
    tell_end(teller);
}

static void tell_propose(const struct teller *teller, const struct advice_item *item)
{
    tell(teller, "strategist");
    text_put(teller->text, "proposes ");
    put_action(teller, item->verb, &item->args);
    text_put(teller->text, " against ");
    text_put(teller->text, cause_name(item->cause));
    put_number(teller->text, " (plan ", item->plan);
    put_number(teller->text, " step ", item->step);
    text_put_char(teller->text, ')');
    tell_end(teller);
}

static void tell_advice(const struct teller *teller, const struct advice_item *item)
{
    switch (item->kind) {
    case ADVICE_NOTE:
        tell_note(teller, item);
        break;
    case ADVICE_OPEN:
        tell(teller, "coordinator");
        put_incident(teller, "opens ", item->incident);
        text_put(teller->text, " on ");
        put_model(teller, item->model);
        text_put(teller->text, ": ");
        text_put(teller->text, symptom_name(item->symptom));
        put_number(teller->text, ", severity ", item->severity);
        tell_end(teller);
        break;
    case ADVICE_ASK:
        tell(teller, "investigator");
        text_put(teller->text, "asks ");
        text_put(teller->text, tool_name(item->tool));
        text_put(teller->text, " of ");
        put_model(teller, item->model);
        tell_end(teller);
        break;
    case ADVICE_ASK_LLM:
        tell(teller, "investigator");
        put_incident(teller, "asks the LLM about ", item->incident);
        text_put(teller->text, ", leading hypothesis ");
        text_put(teller->text, cause_name(item->cause));
        tell_end(teller);
        break;
    case ADVICE_CLAIM:
        tell(teller, "investigator");
        put_incident(teller, "", item->incident);
        text_put(teller->text, ": ");
        text_put(teller->text, cause_name(item->cause));
        text_put(teller->text, " with probability ");
        put_value(teller, item->value);
        put_number(teller->text, ", ", item->n_evidence);
        text_put(teller->text, item->n_evidence == 1 ? " piece of evidence" : " pieces of evidence");
        tell_end(teller);
        break;
    case ADVICE_PROPOSE:
        tell_propose(teller, item);
        break;
    case ADVICE_WATCH:
        tell(teller, "coordinator");
        put_incident(teller, "watches ", item->incident);
        text_put(teller->text, " until ");
        put_time(teller, item->until);
        text_put(teller->text, ", pages above an error of ");
        put_value(teller, item->limit);
        tell_end(teller);
        break;
    case ADVICE_CLOSE:
        tell(teller, "coordinator");
        put_incident(teller, "wants to close ", item->incident);
        text_put(teller->text, item->reason == CLOSE_BENIGN ? " as benign: " : " as resolved: ");
        text_put(teller->text, cause_name(item->cause));
        tell_end(teller);
        break;
    case ADVICE_ESCALATE: /* The warden's record or refusal of these says the same. */
    case ADVICE_NOTIFY:
    case N_ADVICE_KINDS:
        break;
    }
}

static void put_metric(const struct teller *teller, const struct record *record)
{
    put_value(teller, record->metric);
    text_put(teller->text, " (limit ");
    put_value(teller, record->limit);
    if (record->n > 0) {
        put_number(teller->text, ", n ", record->n);
    }
    text_put_char(teller->text, ')');
}

static void put_numbered_action(const struct teller *teller, const struct record *record)
{
    put_number(teller->text, "action ", record->action.value);
    text_put_char(teller->text, ' ');
    put_action(teller, record->verb, &record->args);
}

/* "layer 6      > preconditions: refuses ROLLBACK fraud to v3: target not available". */
static void tell_refused(const struct teller *teller, const struct record *record)
{
    char agent[AGENT_COLUMN + 1];
    struct text name;
    text_init(&name, agent, sizeof(agent));
    put_number(&name, "layer ", record->refused_layer);
    tell(teller, agent);
    text_put(teller->text, layer_name(record->refused_layer));
    text_put(teller->text, record->kind == RECORD_REJECTED ? ": rejects " : ": refuses ");
    if (record->kind == RECORD_REJECTED) {
        text_put(teller->text, "what came from ");
        put_person(teller, record->person);
    } else if (record->advice_kind == ADVICE_PROPOSE && record->args.model.value != 0) {
        put_action(teller, record->verb, &record->args);
    } else if (record->advice_kind ==
               ADVICE_PROPOSE) { /* Its arguments were not sound enough to be kept. */
        text_put(teller->text, verb_name(record->verb));
        text_put_char(teller->text, ' ');
        put_model(teller, record->model);
    } else {
        text_put(teller->text, "to ");
        text_put(teller->text, advice_name((enum advice_kind)record->advice_kind));
        text_put_char(teller->text, ' ');
        put_model(teller, record->model);
    }
    text_put(teller->text, ": ");
    text_put(teller->text, refusal_name(record->reason));
    if (record->reason == REFUSAL_NO_ADAPTER && record->advice_kind == ADVICE_PROPOSE) {
        text_put(teller->text, " for ");
        text_put(teller->text, verb_name(record->verb));
        text_put(teller->text, " in this deployment");
    }
    tell_end(teller);
}

static void tell_decided(const struct teller *teller, const struct record *record)
{
    tell(teller, "decision");
    put_action(teller, record->verb, &record->args);
    text_put(teller->text, ": ");
    text_put(teller->text, verdict_name(record->verdict));
    if (verb_changes_state(record->verb)) {
        text_put(teller->text, " on ");
        put_facts(teller, record->facts & ~for_health);
    } else {
        text_put(teller->text, ", needs no evidence");
    }
    text_put(teller->text, record->principal == PRINCIPAL_RULE ? ", by rule" : "");
    tell_end(teller);
}

static void tell_requested(const struct teller *teller, const struct record *record)
{
    tell(teller, "approvals");
    text_put(teller->text, "asks ");
    text_put(teller->text,
             record->verdict == VERDICT_TWO ? "two approvers for " : "an approver for ");
    put_numbered_action(teller, record);
    text_put(teller->text, " until ");
    put_time(teller, record->deadline);
    tell_end(teller);
}

static void tell_approval(const struct teller *teller, const struct record *record, const char *did)
{
    tell(teller, "approvals");
    put_person(teller, record->person);
    text_put(teller->text, did);
    put_numbered_action(teller, record);
    tell_end(teller);
}

static void tell_expired(const struct teller *teller, const struct record *record)
{
    tell(teller, "approvals");
    text_put(teller->text, "no answer in time for ");
    put_numbered_action(teller, record);
    tell_end(teller);
}

static void tell_intent(const struct teller *teller, const struct record *record)
{
    tell(teller, "actuator");
    text_put(teller->text, "starts ");
    put_numbered_action(teller, record);
    text_put(teller->text, record->principal == PRINCIPAL_RULE ? ", by rule" : "");
    tell_end(teller);
}

static void tell_action_state(const struct teller *teller, const struct record *record)
{
    tell(teller, "actuator");
    put_number(teller->text, "action ", record->action.value);
    text_put_char(teller->text, ' ');
    text_put(teller->text, verb_name(record->verb));
    text_put_char(teller->text, ' ');
    put_model(teller, record->args.model);
    text_put(teller->text,
             record->kind == RECORD_RECONCILED ? ", read back after the restart: " : ": ");
    text_put(teller->text, action_state_name((enum action_state)record->action_state));
    if (record->reason != REFUSAL_NONE) {
        text_put(teller->text, ", ");
        text_put(teller->text, refusal_name(record->reason));
    }
    tell_end(teller);
}

static void tell_verification(const struct teller *teller, const struct record *record)
{
    tell(teller, "actuator");
    text_put(teller->text, record->kind == RECORD_VERIFIED ? "verified " : "takes back ");
    put_numbered_action(teller, record);
    if (record->n == 0 && record->kind == RECORD_VERIFIED) {
        text_put(teller->text, " by read-back"); /* Some verbs ask for nothing but a state. */
    } else {
        text_put(teller->text, ": independent metric ");
        put_metric(teller, record);
    }
    tell_end(teller);
}

static void tell_canary(const struct teller *teller, const struct record *record)
{
    tell(teller, "canary");
    put_version(teller, record->args.target);
    text_put(teller->text, " on ");
    put_model(teller, record->args.model);
    text_put(teller->text, record->reason == REFUSAL_NONE ? " passed: " : " did not pass: ");
    put_metric(teller, record);
    tell_end(teller);
}

static void tell_escalated(const struct teller *teller, const struct record *record)
{
    tell(teller, "escalator");
    put_incident(teller, "escalates ", record->incident);
    text_put(teller->text, " on ");
    put_model(teller, record->model);
    text_put(teller->text, " to ");
    text_put(teller->text, role_name(record->recipient));
    put_number(teller->text, ", severity ", record->severity);
    text_put(teller->text, ": ");
    text_put(teller->text, cause_name(record->cause));
    if (record->reason != REFUSAL_NONE) {
        text_put(teller->text, ", ");
        text_put(teller->text, refusal_name(record->reason));
    }
    tell_end(teller);
}

static void tell_page(const struct teller *teller, const struct record *record)
{
    tell(teller, "escalator");
    if (record->kind == RECORD_PAGED) {
        text_put(teller->text, "pages ");
        put_person(teller, record->person);
        text_put(teller->text, " (");
        text_put(teller->text, role_name(record->recipient));
        put_number(teller->text, ", level ", record->level);
        text_put_char(teller->text, ')');
    } else {
        put_person(teller, record->person);
        text_put(teller->text, record->kind == RECORD_DELIVERED ? " has" : " acknowledges");
    }
    put_number(teller->text, record->kind == RECORD_PAGED ? ": page " : " page ", record->page.value);
    put_incident(teller, " about ", record->incident);
    tell_end(teller);
}

static void tell_notified(const struct teller *teller, const struct record *record)
{
    tell(teller, "escalator");
    text_put(teller->text, "tells ");
    text_put(teller->text, role_name(record->recipient));
    text_put_char(teller->text, ' ');
    put_person(teller, record->person);
    text_put(teller->text, ": ");
    text_put(teller->text, cause_name(record->cause));
    text_put(teller->text, " on ");
    put_model(teller, record->model);
    tell_end(teller);
}

static void tell_closed(const struct teller *teller, const struct record *record)
{
    tell(teller, "auditor");
    put_incident(teller, "", record->incident);
    text_put(teller->text, " on ");
    put_model(teller, record->model);
    text_put(teller->text, " closed: ");
    text_put(teller->text, incident_state_name((enum incident_state)record->incident_state));
    text_put(teller->text, ", by ");
    if (record->principal == PRINCIPAL_HUMAN && record->person.value != 0) {
        put_person(teller, record->person);
    } else {
        text_put(teller->text, principal_name(record->principal));
    }
    if (record->n > 0) {
        text_put(teller->text, ", independent metric ");
        put_metric(teller, record);
    }
    tell_end(teller);
}

static void tell_switch(const struct teller *teller, const struct record *record)
{
    tell(teller, "kill switch");
    if (record->kind == RECORD_HALTED) {
        text_put(teller->text, "halted: nothing new starts until an operator resets it");
    } else {
        text_put(teller->text, "reset by ");
        put_person(teller, record->person);
    }
    tell_end(teller);
}

static void tell_record(const struct teller *teller, const struct record *record)
{
    switch (record->kind) {
    case RECORD_DECIDED:
        tell_decided(teller, record);
        break;
    case RECORD_REFUSED:
    case RECORD_REJECTED:
        tell_refused(teller, record);
        break;
    case RECORD_REQUESTED:
        tell_requested(teller, record);
        break;
    case RECORD_APPROVED:
        tell_approval(teller, record, " approves ");
        break;
    case RECORD_DENIED:
        tell_approval(teller, record, " denies ");
        break;
    case RECORD_EXPIRED:
        tell_expired(teller, record);
        break;
    case RECORD_INTENT:
        tell_intent(teller, record);
        break;
    case RECORD_OUTCOME:
    case RECORD_RECONCILED:
        tell_action_state(teller, record);
        break;
    case RECORD_VERIFIED:
    case RECORD_UNDO:
        tell_verification(teller, record);
        break;
    case RECORD_CANARY:
        tell_canary(teller, record);
        break;
    case RECORD_CONTAINED:
        tell(teller, "actuator");
        put_incident(teller, "", record->incident);
        text_put(teller->text, " is contained");
        tell_end(teller);
        break;
    case RECORD_ESCALATED:
        tell_escalated(teller, record);
        break;
    case RECORD_PAGED:
    case RECORD_DELIVERED:
    case RECORD_ACKNOWLEDGED:
        tell_page(teller, record);
        break;
    case RECORD_NOTIFIED:
        tell_notified(teller, record);
        break;
    case RECORD_CLOSED:
        tell_closed(teller, record);
        break;
    case RECORD_HALTED:
    case RECORD_RESET:
        tell_switch(teller, record);
        break;
    case RECORD_OPENED:  /* The coordinator has said it, */
    case RECORD_WATCHED: /* and this. */
    case RECORD_LOCKED:  /* Leases are renewed too often for a story. */
    case RECORD_UNLOCKED:
    case N_RECORD_KINDS:
        break;
    }
}

void trace_step(const struct deployment *deployment, const struct event *event,
                const struct advice *advice, const struct effects *effects, struct text *text)
{
    const struct teller teller = {deployment, event, text};
    tell_event(&teller);
    for (uint32_t i = 0; i < advice->n_items; i++) {
        tell_advice(&teller, &advice->items[i]);
    }
    if (advice->n_dropped > 0) {
        tell(&teller, "coordinator");
        put_number(text, "said more than fits a step, items lost: ", advice->n_dropped);
        tell_end(&teller);
    }
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        if (effects->items[i].kind == EFFECT_RECORD) {
            tell_record(&teller, &effects->items[i].record);
        }
    }
}
