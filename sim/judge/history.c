/* SPDX-License-Identifier: Apache-2.0 */
/* The judge's own memory of what was delivered and recorded. Every list is a ring or a table: an event costs the same, however
 * long the episode. */
#include "core/base/assert.h"
#include "sim/judge/state.h"

static struct seen *seen_push(struct judge *judge, const struct event *event, struct model_id model)
{
    struct seen *seen = &judge->seen[judge->n_seen++ % SEEN_KEPT];
    *seen = (struct seen){.id = event->sequence,
                          .sampled_at = event->at,
                          .model = model.value,
                          .kind = (uint8_t)event->kind,
                          .trusted = true};
    return seen;
}

/* Ids rise, so the ring is searched by halves. */
const struct seen *history_find(const struct judge *judge, struct evidence_id id)
{
    uint32_t low = judge->n_seen < SEEN_KEPT ? 0 : judge->n_seen - SEEN_KEPT;
    uint32_t high = judge->n_seen;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct seen *seen = &judge->seen[middle % SEEN_KEPT];
        if (seen->id == id.value) {
            return seen;
        }
        if (seen->id < id.value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

static void window_put(struct judge *judge, const struct event *event, struct model_memory *memory)
{
    const struct window *window = &event->window;
    seen_push(judge, event, window->model)->sampled_at = window->to;
    if (window->role != SERVING_CHAMPION) {
        return;
    }
    memory->window_id = event->sequence;
    memory->window = *window;
    struct cohort *cohort = &memory->cohorts[memory->n_cohorts++ % COHORTS_KEPT];
    *cohort = (struct cohort){window->cohort_from, window->cohort_to, window->labels_scored,
                              window->labels_correct, false};
    cohort->mature = window->labels_correct <= window->labels_scored &&
                     labels_are_mature(judge, window->model, window->cohort_to, event->at);
}

/* REQ S13: from the first word that a source is not what it was, to the first that it is sound. */
static void dispute_put(struct model_memory *memory, int64_t from)
{
    bool is_open = memory->dispute_from != NEVER && memory->dispute_to == NEVER;
    if (!is_open) {
        memory->dispute_from = from;
    }
    memory->dispute_to = NEVER;
}

static void tables_put(struct model_memory *memory, const struct answer *answer,
                       const struct seen *seen, int64_t now)
{
    static const uint64_t bad = FACT_BIT(FACT_SCHEMA_CHANGED) | FACT_BIT(FACT_PROVIDER_DOWN);
    if ((seen->strict & bad) != 0) {
        int64_t from = answer->sampled_at;
        for (uint32_t i = 0; i < answer->tables.n_tables && i < 4; i++) {
            int64_t at = answer->tables.tables[i].schema_changed_at;
            from = at < from ? at : from;
        }
        dispute_put(memory, from);
    } else if (memory->dispute_to == NEVER) {
        memory->dispute_to = now;
    }
}

/* REQ S07: what the samples of a canary say of its artefact, by their own count. */
static void canary_put(const struct judge *judge, struct model_memory *memory,
                       const struct canary_answer *canary)
{
    static const double margin =
        0.02; /* Two points of accuracy, the tolerance that S43 gives a slice. */
    uint32_t enough = judge->parameters.scored_min;
    if (canary->canary_scored < enough || canary->champion_scored < enough ||
        !digest_is_set(canary->digest)) {
        return;
    }
    double canary_rate = (double)canary->canary_correct / (double)canary->canary_scored;
    double champion_rate = (double)canary->champion_correct / (double)canary->champion_scored;
    if (canary_rate >= champion_rate - margin) {
        memory->passed = canary->digest;
    }
}

static void declare(struct judge *judge, const struct calendar_entry *entry)
{
    bool freezes = entry->kind == CALENDAR_FREEZE || entry->kind == CALENDAR_MAINTENANCE;
    for (uint32_t i = 0; freezes && i < judge->plan->n_items; i++) {
        const struct plan_item *item = &judge->plan->items[i];
        bool is_it = item->kind == PLAN_FREEZE && entry->from < item->until && entry->to > item->at &&
                     (entry->model.value == 0 || entry->model.value == item->model.value);
        judge->declared |= is_it ? UINT32_C(1) << i : 0;
    }
}

static void answer_put(struct judge *judge, const struct event *event, struct model_memory *memory)
{
    const struct answer *answer = &event->answer;
    struct seen *seen = seen_push(judge, event, answer->model);
    seen->tool = (uint8_t)answer->tool;
    seen->sampled_at = answer->sampled_at < event->at ? answer->sampled_at : event->at;
    seen->sampled_at =
        seen->sampled_at > 0 ? seen->sampled_at : 0; /* Nothing is older than the run. */
    seen->trusted = answer->tool != TOOL_LOGS;
    if (answer->status != ANSWER_OK) {
        return;
    }
    facts_of_answer(judge, answer, event->at, seen);
    switch (answer->tool) {
    case TOOL_STATE:
        if (!memory->has_state || seen->sampled_at >= memory->state_at) {
            memory->has_state = true;
            memory->state_at = seen->sampled_at;
            memory->state = answer->state;
        }
        break;
    case TOOL_REGISTRY:
        if (!memory->has_registry || seen->sampled_at >= memory->registry_at) {
            memory->has_registry = true;
            memory->registry_at = seen->sampled_at;
            memory->registry = answer->registry;
        }
        break;
    case TOOL_LABELS:
        memory->labels = answer->labels;
        memory->labels_mature =
            labels_are_mature(judge, answer->model, answer->labels.cohort_to, event->at);
        break;
    case TOOL_TABLES:
        tables_put(memory, answer, seen, event->at);
        break;
    case TOOL_CALENDAR:
        for (uint32_t i = 0; i < answer->calendar.n_entries && i < CALENDAR_MAX; i++) {
            declare(judge, &answer->calendar.entries[i]);
        }
        break;
    case TOOL_CANARY:
        canary_put(judge, memory, &answer->canary);
        break;
    case TOOL_CHANGES:
    case TOOL_FEATURES:
    case TOOL_SHADOW:
    case TOOL_GOLDEN:
    case TOOL_DECISIONS:
    case TOOL_LOGS:
    case TOOL_PLATFORM:
    case N_TOOLS:
        break;
    }
}

static void change_put(struct judge *judge, const struct event *event)
{
    const struct change *change = &event->change.change;
    struct seen *seen = seen_push(judge, event, change->model);
    seen->strict = seen->loose = seen->plain = facts_of_change(change->kind);
    seen->trusted = event->change.note.n_bytes == 0; /* The note is anybody's word. */
    struct model_memory *memory = judge_model(judge, change->model);
    if (change->kind == CHANGE_SCHEMA && memory != NULL) {
        dispute_put(memory, change->at);
    }
}

/* REQ S10: a voice counts when it says yes to this very action, with its number, in time, from somebody who may say so. */
static void approval_put(struct judge *judge, const struct approval_event *voice, int64_t at)
{
    struct approval_memory *approval = history_approval(judge, voice->approval);
    if (approval == NULL || approval->n_granted == 2) {
        return;
    }
    bool is_sound = voice->granted && voice->nonce == approval->nonce &&
                    digest_same(voice->action_hash, approval->hash) &&
                    voice->issued_at >= approval->requested_at &&
                    deployment_person_has(judge->deployment, voice->person, ROLE_APPROVER);
    bool is_new = approval->n_granted == 0 || approval->granted[0].value != voice->person.value;
    if (voice->granted && (!is_sound || at > approval->expires_at)) {
        occasion(judge, INVARIANT_S10); /* Whoever believed this yes would act without approval. */
    }
    if (is_sound && is_new) {
        approval->granted[approval->n_granted++] = voice->person;
    }
}

/* A person who ends an incident has looked at what automation did in it. */
static void settle_incident(struct judge *judge, struct incident_id incident, int64_t at)
{
    for (uint32_t i = 0; i < ACTIONS_KEPT && incident.value != 0; i++) {
        struct action_memory *action = &judge->actions[i];
        bool is_it = action->action.value != 0 && action->incident.value == incident.value;
        if (is_it && action->settled_at == NEVER) {
            action->settled_at = at;
        }
    }
}

void history_event(struct judge *judge, const struct event *event)
{
    struct model_memory *memory = NULL;
    switch (event->kind) {
    case EVENT_BASELINE:
        memory = judge_model(judge, event->baseline.model);
        if (memory != NULL) {
            memory->baselines[memory->n_baselines++ % BASELINES_KEPT] = event->baseline;
            (void)seen_push(judge, event, event->baseline.model);
        }
        return;
    case EVENT_WINDOW:
        memory = judge_model(judge, event->window.model);
        if (memory != NULL) {
            window_put(judge, event, memory);
        }
        return;
    case EVENT_ANSWER:
        memory = judge_model(judge, event->answer.model);
        if (memory != NULL && (unsigned)event->answer.tool < N_TOOLS) {
            answer_put(judge, event, memory);
        }
        return;
    case EVENT_CHANGE:
        change_put(judge, event);
        return;
    case EVENT_REPLY:
        seen_push(judge, event, event->reply.model)->trusted = false;
        return;
    case EVENT_CONTROL:
        if (event->control.kind == CONTROL_CALENDAR) {
            (void)seen_push(judge, event, event->control.calendar.model);
            declare(judge, &event->control.calendar);
        }
        return;
    case EVENT_APPROVAL:
        approval_put(judge, &event->approval, event->at);
        return;
    case EVENT_HANDLING:
        if (event->handling.kind == HANDLING_RESOLVED) {
            settle_incident(judge, event->handling.incident, event->at);
        }
        return;
    case EVENT_START:
    case EVENT_TICK:
    case EVENT_OUTCOME:
    case EVENT_PAGE:
    case N_EVENT_KINDS:
        return;
    }
}

struct action_memory *history_action(struct judge *judge, struct action_id action)
{
    struct action_memory *memory = &judge->actions[action.value % ACTIONS_KEPT];
    return action.value != 0 && memory->action.value == action.value ? memory : NULL;
}

struct approval_memory *history_approval(struct judge *judge, struct approval_id approval)
{
    uint32_t n = judge->n_approvals < APPROVALS_KEPT ? judge->n_approvals : APPROVALS_KEPT;
    for (uint32_t i = 0; i < n && approval.value != 0; i++) {
        struct approval_memory *memory =
            &judge->approvals[(judge->n_approvals - 1 - i) % APPROVALS_KEPT];
        if (memory->approval.value == approval.value) {
            return memory;
        }
    }
    return NULL;
}

static struct incident_memory *incident_place(struct judge *judge)
{
    if (judge->n_incidents < INCIDENTS_KEPT) {
        return &judge->incidents[judge->n_incidents++];
    }
    struct incident_memory *oldest = &judge->incidents[0];
    for (uint32_t i = 0; i < INCIDENTS_KEPT; i++) {
        struct incident_memory *memory = &judge->incidents[i];
        bool is_better = memory->closed != oldest->closed ? memory->closed
                                                          : memory->opened_at < oldest->opened_at;
        oldest = is_better ? memory : oldest;
    }
    return oldest;
}

struct incident_memory *history_incident(struct judge *judge, struct incident_id incident,
                                         struct model_id model)
{
    for (uint32_t i = judge->n_incidents; i > 0; i--) {
        struct incident_memory *memory = &judge->incidents[i - 1];
        bool is_it = memory->incident.value == incident.value &&
                     (incident.value != 0 || memory->model.value == model.value);
        if (is_it) {
            return memory;
        }
    }
    struct incident_memory *memory = incident_place(judge);
    *memory = (struct incident_memory){.incident = incident,
                                       .model = model,
                                       .opened_at = judge->step_at,
                                       .handled = true,
                                       .due_from = NEVER,
                                       .watched_at = NEVER};
    return memory;
}

const struct intent *history_intent(const struct judge *judge, const struct ledger_entry *entry)
{
    const struct intent *found = NULL;
    for (uint32_t i = 0; i < INTENTS_KEPT; i++) {
        const struct intent *intent = &judge->intents[i];
        bool is_it = intent->sequence != 0 && intent->action.value == entry->action.value &&
                     digest_same(intent->key, entry->key) &&
                     intent->sequence <= entry->after_sequence;
        if (is_it && (found == NULL || intent->sequence > found->sequence)) {
            found = intent;
        }
    }
    return found;
}

const struct registry_version *history_version(const struct model_memory *memory,
                                               struct version_id version)
{
    for (uint32_t i = 0; i < memory->registry.n_versions && i < VERSIONS_MAX; i++) {
        if (memory->registry.versions[i].version.value == version.value) {
            return &memory->registry.versions[i];
        }
    }
    return NULL;
}

static void intent_put(struct judge *judge, const struct event *event, const struct record *record)
{
    struct intent *intent = &judge->intents[judge->n_intents++ % INTENTS_KEPT];
    *intent = (struct intent){.sequence = event->sequence,
                              .at = event->at,
                              .action = record->action,
                              .incident = record->incident,
                              .plan = record->plan,
                              .verb = record->verb,
                              .args = record->args,
                              .key = record->key,
                              .approval = record->approval,
                              .verdict = VERDICT_FORBID,
                              .decisive_at = NEVER};
    intent->identified = digest_is_set(record->policy) && digest_is_set(record->mind);
    permitted_intent(judge, event, record, intent);
    struct action_memory *action = &judge->actions[record->action.value % ACTIONS_KEPT];
    if (action->action.value != record->action.value) {
        judge->n_due -= action->due_from != NEVER && action->action.value != 0 ? 1 : 0;
        *action = (struct action_memory){.action = record->action,
                                         .incident = record->incident,
                                         .model = record->args.model,
                                         .plan = record->plan,
                                         .verb = record->verb,
                                         .outcome_at = NEVER,
                                         .applied_at = NEVER,
                                         .settled_at = NEVER,
                                         .due_from = NEVER};
    }
    action->n_intents++;
    action->intent_at = event->at;
    action->open = true;
    struct model_memory *memory = judge_model(judge, record->args.model);
    if (memory != NULL) {
        bool is_repeat = memory->tried_at != NEVER && memory->tried == record->verb &&
                         memory->tried_target.value == record->args.target.value;
        bool is_read = memory->has_state && memory->state_at > memory->tried_at;
        intent->blind = is_repeat && !is_read;
        memory->tried = record->verb;
        memory->tried_target = record->args.target;
        memory->tried_at = event->at;
        memory->intended |= VERB_BIT(record->verb);
    }
}

static void outcome_put(struct judge *judge, const struct event *event, const struct record *record)
{
    struct action_memory *action = history_action(judge, record->action);
    if (action == NULL) {
        return;
    }
    action->n_outcomes++;
    action->outcome_at = event->at;
    action->open = false;
    if (record->action_state == ACTION_APPLIED || record->action_state == ACTION_VERIFIED) {
        action->applied_at = action->applied_at == NEVER ? event->at : action->applied_at;
    }
}

/* What the read-back alone shows: no traffic is treated differently, or it is again as it was. */
static bool is_seen_in_state(enum verb verb)
{
    return !verb_moves_serving(verb) || verb == VERB_RECONCILE || verb == VERB_ABORT_CANARY;
}

/* Verified is what was read back and measured; a row that names neither a sample nor what was read settles nothing. */
static bool is_measured(const struct record *record)
{
    return record->n_evidence > 0 && ((unsigned)record->verb < N_VERBS) &&
           (record->n > 0 || is_seen_in_state(record->verb));
}

static void settle(struct judge *judge, const struct event *event, const struct record *record)
{
    struct action_memory *action = history_action(judge, record->action);
    bool counts = record->kind != RECORD_VERIFIED || is_measured(record);
    if (action != NULL && counts && action->settled_at == NEVER) {
        action->settled_at = event->at;
    }
}

static void opened_put(struct judge *judge, const struct event *event, const struct record *record)
{
    struct incident_memory *incident = history_incident(judge, record->incident, record->model);
    incident->opened = true;
    incident->opened_at = event->at;
    incident->model = record->model;
    incident->handled = false;
}

void history_record(struct judge *judge, const struct event *event, const struct record *record)
{
    struct approval_memory *approval = NULL;
    struct model_memory *memory = NULL;
    switch (record->kind) {
    case RECORD_OPENED:
        opened_put(judge, event, record);
        return;
    case RECORD_APPROVED:
        approval = history_approval(judge, record->approval);
        if (approval != NULL) {
            approval->recorded = true;
        }
        return;
    case RECORD_INTENT:
        if (record->action.value != 0) {
            intent_put(judge, event, record);
        }
        return;
    case RECORD_OUTCOME:
        outcome_put(judge, event, record);
        return;
    case RECORD_UNDO:
        memory = judge_model(judge, record->model);
        if (memory != NULL) {
            memory->undo_seen = true;
        }
        settle(judge, event, record);
        return;
    case RECORD_VERIFIED:
    case RECORD_CANARY:
        settle(judge, event, record);
        return;
    case RECORD_CLOSED:
        if (record->principal == PRINCIPAL_HUMAN) {
            settle_incident(judge, record->incident, event->at);
        }
        return;
    case RECORD_DECIDED:
    case RECORD_REFUSED:
    case RECORD_REQUESTED:
    case RECORD_REJECTED:
    case RECORD_DENIED:
    case RECORD_EXPIRED:
    case RECORD_LOCKED:
    case RECORD_UNLOCKED:
    case RECORD_CONTAINED:
    case RECORD_WATCHED:
    case RECORD_ESCALATED:
    case RECORD_PAGED:
    case RECORD_DELIVERED:
    case RECORD_ACKNOWLEDGED:
    case RECORD_HALTED:
    case RECORD_RESET:
    case RECORD_RECONCILED:
    case RECORD_NOTIFIED:
    case N_RECORD_KINDS:
        return;
    }
}

/* Whether the later entry takes back what the earlier one did. */
static bool takes_back(const struct ledger_entry *later, const struct ledger_entry *earlier)
{
    if (later->args.model.value != earlier->args.model.value) {
        return false;
    }
    if (earlier->verb == VERB_CANARY) {
        bool promotes =
            later->verb == VERB_PROMOTE && later->args.target.value == earlier->args.target.value;
        return later->verb == VERB_ABORT_CANARY || promotes;
    }
    return later->args.release && !earlier->args.release && later->verb == earlier->verb &&
           later->args.table.value == earlier->args.table.value &&
           later->args.feature_mask == earlier->args.feature_mask;
}

int64_t history_settled(const struct judge *judge, const struct ledger_entry *entry)
{
    int64_t settled_at = NEVER;
    const struct action_memory *action = &judge->actions[entry->action.value % ACTIONS_KEPT];
    if (action->action.value == entry->action.value) {
        settled_at = action->settled_at;
    }
    if (entry->args.ttl_ns > 0 && entry->effect_at < NEVER - entry->args.ttl_ns &&
        entry->effect_at + entry->args.ttl_ns < settled_at) {
        settled_at = entry->effect_at + entry->args.ttl_ns;
    }
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *later = &judge->truth->ledger[i];
        bool is_back = later->end == LEDGER_DONE && later->effect_at >= entry->effect_at &&
                       later->effect_at < settled_at && later != entry && takes_back(later, entry);
        settled_at = is_back ? later->effect_at : settled_at;
    }
    return settled_at;
}
