/* SPDX-License-Identifier: Apache-2.0 */
/* The audit against the world's own ledger: nothing happens twice or stays open after a crash (S14), rows come in order (S27), and
 * effects and rows match one to one (S28). */
#include "sim/judge/state.h"

/* S27, S28: when an attempt goes out. */

static uint8_t count_intents(const struct judge *judge, const struct ledger_entry *entry)
{
    uint8_t n = 0;
    for (uint32_t i = 0; i < INTENTS_KEPT; i++) {
        const struct intent *intent = &judge->intents[i];
        bool is_it = intent->sequence != 0 && intent->sequence == entry->after_sequence &&
                     intent->action.value == entry->action.value &&
                     digest_same(intent->key, entry->key);
        n = (uint8_t)(n + (is_it ? 1 : 0));
    }
    return n;
}

/* REQ S27: intent before effect, approval before effect. */
static void judge_order(struct judge *judge, const struct ledger_entry *entry,
                        const struct intent *intent)
{
    occasion(judge, INVARIANT_S27);
    const char *flaw = NULL;
    if (intent == NULL || intent->at > entry->asked_at) {
        flaw = "no intent on record before the effect";
    } else if (entry->approval.value != 0) {
        const struct approval_memory *approval = history_approval(judge, entry->approval);
        flaw = approval == NULL || !approval->recorded ? "no approval on record before the effect"
                                                       : NULL;
    }
    if (flaw != NULL) {
        struct text why =
            breach(judge, INVARIANT_S27, entry->asked_at, entry->args.model, entry->verb);
        text_put(&why, flaw);
    }
}

/* REQ S28: one intent for each attempt, and it says what was done and by whose rules. */
static void judge_intent(struct judge *judge, const struct ledger_entry *entry,
                         const struct intent *intent, uint8_t n_intents)
{
    occasion(judge, INVARIANT_S28);
    const char *flaw = NULL;
    if (n_intents != 1) {
        flaw = n_intents == 0 ? "an effect without an intent of its own"
                              : "two intents for one effect";
    } else if (intent->verb != entry->verb || !args_same(&intent->args, &entry->args)) {
        flaw = "the intent names another action than the one done";
    } else if (!intent->identified) {
        flaw = "the intent names neither policy nor mind";
    }
    if (flaw != NULL) {
        struct text why =
            breach(judge, INVARIANT_S28, entry->asked_at, entry->args.model, entry->verb);
        text_put(&why, flaw);
    }
}

void audit_asked(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    struct entry_memory *memory = &judge->entries[entry_i];
    const struct intent *intent = history_intent(judge, entry);
    memory->n_records = count_intents(judge, entry);
    if (intent != NULL) {
        memory->had_intent = true;
        memory->decisive_at = intent->decisive_at;
        memory->untrusted = intent->untrusted;
        memory->blind = intent->blind;
    }
    judge_order(judge, entry, intent);
    judge_intent(judge, entry, intent, memory->n_records);
}

/* S14 */

/* REQ S14: no effect is applied twice, neither for one key nor for one action under two keys. */
void audit_in_force(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *other = &judge->truth->ledger[i];
        bool is_again = i != entry_i && judge->entries[i].agent &&
                        (digest_same(other->key, entry->key) ||
                         (entry->action.value != 0 && other->action.value == entry->action.value));
        if (!is_again) {
            continue;
        }
        occasion(judge, INVARIANT_S14);
        if (other->end == LEDGER_DONE) {
            struct text why =
                breach(judge, INVARIANT_S14, entry->effect_at, entry->args.model, entry->verb);
            text_put(&why, digest_same(other->key, entry->key) ? "applied twice for one key"
                                                               : "applied twice for one action");
            return;
        }
    }
}

static void due_begin(struct judge *judge, struct action_memory *action, int64_t at)
{
    if (action->due_from == NEVER) {
        occasion(judge, INVARIANT_S14);
        action->due_from = at;
        judge->n_due++;
    }
}

static void due_end(struct judge *judge, struct action_memory *action)
{
    if (action->due_from != NEVER) {
        action->due_from = NEVER;
        judge->n_due--;
    }
}

/* An own attempt may leave the registry's alias moved and the router not. What other principals do is their own affair. */
static bool has_tried(const struct judge *judge, uint32_t model_i)
{
    static const uint64_t switches = VERB_BIT(VERB_PROMOTE) | VERB_BIT(VERB_ROLLBACK) |
                                     VERB_BIT(VERB_SWITCH_MODEL) | VERB_BIT(VERB_RECONCILE);
    return (judge->models[model_i].intended & switches) != 0;
}

void audit_world(struct judge *judge, int64_t now)
{
    for (uint32_t i = 0; i < judge->deployment->n_models && i < judge->truth->n_models; i++) {
        const struct truth_model *truth = &judge->truth->models[i];
        struct model_memory *memory = &judge->models[i];
        bool is_split = truth->registered.value != truth->serving.value;
        if (is_split && !memory->split && has_tried(judge, i)) {
            occasion(judge, INVARIANT_S14);
            memory->split_from = now;
        }
        memory->split_from = is_split ? memory->split_from : NEVER;
        memory->split = is_split;
    }
}

/* The time to take it up begins anew with whatever keeps the platform from being read: a time-out, a crash, a tool that fails. */
static void split_again(struct judge *judge, struct model_id model, int64_t at)
{
    struct model_memory *memory = judge_model(judge, model);
    if (memory != NULL && memory->split_from != NEVER) {
        memory->split_from = at;
    }
    for (uint32_t i = 0; judge->n_due > 0 && i < ACTIONS_KEPT; i++) {
        struct action_memory *action = &judge->actions[i];
        bool is_its = action->action.value != 0 && action->model.value == model.value;
        if (is_its && action->due_from != NEVER) {
            action->due_from = at;
        }
    }
}

/* REQ S14: registry and router agree again, or the audit says who looks at it. */
static void judge_split(struct judge *judge, int64_t now)
{
    for (uint32_t i = 0; i < judge->deployment->n_models; i++) {
        struct model_memory *memory = &judge->models[i];
        bool is_late = memory->split_from != NEVER &&
                       usable_ns(judge, memory->split_from, now, PLAN_REGISTRY_OUTAGE) >
                           judge->parameters.recover_ns;
        if (is_late) {
            struct text why = breach(judge, INVARIANT_S14, now,
                                     (struct model_id){(uint16_t)(i + 1)}, VERB_RECONCILE);
            text_put(&why, "registry and router disagree and nobody takes it up");
            memory->split_from = NEVER;
        }
    }
}

/* After a crash or a time-out the audit owes a word on every attempt whose end it does not know. */
void audit_event(struct judge *judge, const struct event *event)
{
    if (event->kind == EVENT_ANSWER && event->answer.status == ANSWER_FAILED) {
        split_again(judge, event->answer.model, event->at);
    }
    if (event->kind == EVENT_OUTCOME) {
        const struct action_memory *action = history_action(judge, event->outcome.action);
        split_again(judge, action == NULL ? (struct model_id){0} : action->model, event->at);
    }
    if (event->kind == EVENT_OUTCOME && event->outcome.status == OUTCOME_UNKNOWN) {
        struct action_memory *action = history_action(judge, event->outcome.action);
        if (action != NULL && action->open) {
            due_begin(judge, action, event->at);
        }
    }
    if (event->kind != EVENT_START || !event->start.recovered) {
        return;
    }
    for (uint32_t i = 0; i < ACTIONS_KEPT; i++) {
        struct action_memory *action = &judge->actions[i];
        if (action->action.value != 0 && action->open) {
            due_begin(judge, action, event->at);
        }
    }
    for (uint16_t i = 1; i <= judge->deployment->n_models; i++) {
        split_again(judge, (struct model_id){i}, event->at);
    }
}

static bool is_word_on_attempt(enum record_kind kind)
{
    return kind == RECORD_OUTCOME || kind == RECORD_INTENT || kind == RECORD_REFUSED ||
           kind == RECORD_EXPIRED || kind == RECORD_RECONCILED || kind == RECORD_UNDO ||
           kind == RECORD_VERIFIED;
}

/* REQ S27: verification before closure. What a person closes, that person has looked at. */
static void judge_closure(struct judge *judge, const struct event *event, const struct record *record)
{
    if (record->principal == PRINCIPAL_HUMAN || record->incident.value == 0) {
        return;
    }
    bool has_effect = false;
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *entry = &judge->truth->ledger[i];
        bool is_its = judge->entries[i].agent && entry->end == LEDGER_DONE &&
                      entry->incident.value == record->incident.value;
        if (!is_its) {
            continue;
        }
        if (!has_effect) {
            occasion(judge, INVARIANT_S27);
        }
        has_effect = true;
        if (history_settled(judge, entry) > event->at) {
            struct text why = breach(judge, INVARIANT_S27, event->at, entry->args.model, entry->verb);
            text_put(&why, "closed before the effect was verified");
            return;
        }
    }
}

void audit_record(struct judge *judge, const struct event *event, const struct record *record)
{
    struct action_memory *action = history_action(judge, record->action);
    if (action != NULL && is_word_on_attempt(record->kind)) {
        due_end(judge, action);
    }
    struct model_memory *memory = judge_model(judge, record->model);
    bool takes_up = record->kind == RECORD_ESCALATED || record->verb == VERB_RECONCILE;
    if (memory != NULL && takes_up) {
        memory->split_from = NEVER;
    }
    if (record->kind == RECORD_CLOSED) {
        judge_closure(judge, event, record);
    }
}

static bool has_act(const struct effects *effects, const struct record *intent, uint32_t after)
{
    for (uint32_t i = after; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        bool is_it = effect->kind == EFFECT_ACT && effect->act.action.value == intent->action.value &&
                     digest_same(effect->act.key, intent->key);
        if (is_it) {
            return true;
        }
    }
    return false;
}

void audit_step(struct judge *judge, const struct event *event, const struct effects *effects)
{
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        bool is_intent = effect->kind == EFFECT_RECORD && effect->record.kind == RECORD_INTENT;
        if (is_intent && !has_act(effects, &effect->record, i)) { /* REQ S28 */
            struct text why = breach(judge, INVARIANT_S28, event->at, effect->record.args.model,
                                     effect->record.verb);
            text_put(&why, "an intent that nothing follows");
        }
        bool is_nameless = effect->kind == EFFECT_ACT &&
                           (effect->act.action.value == 0 || !digest_is_set(effect->act.key));
        if (is_nameless) {
            struct text why =
                breach(judge, INVARIANT_S28, event->at, effect->act.args.model, effect->act.verb);
            text_put(&why, "an act without number or key");
        }
    }
    judge_split(judge, event->at);
    for (uint32_t i = 0; judge->n_due > 0 && i < ACTIONS_KEPT; i++) {
        struct action_memory *action = &judge->actions[i];
        bool is_late = action->action.value != 0 && action->due_from != NEVER &&
                       usable_ns(judge, action->due_from, event->at, PLAN_REGISTRY_OUTAGE) >
                           judge->parameters.recover_ns;
        if (is_late) { /* REQ S14 */
            struct text why = breach(judge, INVARIANT_S14, event->at, action->model, action->verb);
            text_put(&why, "the audit does not say how an attempt ended");
            due_end(judge, action);
        }
    }
}

/* S28: at the horizon. */

static bool is_complete(const struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    const struct action_memory *action = &judge->actions[entry->action.value % ACTIONS_KEPT];
    bool has_outcome = action->action.value == entry->action.value && action->n_outcomes > 0 &&
                       action->outcome_at >= entry->asked_at &&
                       action->n_outcomes <= action->n_intents;
    return judge->entries[entry_i].n_records == 1 && has_outcome;
}

/* An effect of the last minutes is counted once its outcome could be on record. */
void audit_close(struct judge *judge, int64_t now)
{
    for (uint32_t i = 0; i < judge->n_entries; i++) {
        const struct ledger_entry *entry = &judge->truth->ledger[i];
        if (!judge->entries[i].agent) {
            continue;
        }
        bool is_whole = is_complete(judge, i);
        bool is_due = usable_ns(judge, entry->asked_at, now, PLAN_REGISTRY_OUTAGE) > OUTCOME_NS;
        judge->sheet.effects += is_whole || is_due ? 1 : 0;
        judge->sheet.records += is_whole ? 1 : 0;
        bool lacks_outcome = !is_whole && is_due && judge->entries[i].n_records == 1;
        if (lacks_outcome) { /* REQ S28: a missing intent was told when the act went out. */
            struct text why = breach(judge, INVARIANT_S28, now, entry->args.model, entry->verb);
            text_put(&why, "an effect without exactly one outcome on record");
        }
    }
}
