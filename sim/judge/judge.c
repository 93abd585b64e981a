/* SPDX-License-Identifier: Apache-2.0 */
/* Wiring of the judge: what is delivered, recorded and done goes through its parts in one fixed order. */
#include <string.h>

#include "core/base/assert.h"
#include "sim/judge/state.h"

_Static_assert(LEDGER_MAX <= UINT16_MAX, "entries are numbered in 16 bits");
_Static_assert(N_ROLES <= 32, "sets of roles are masks");

size_t judge_size(void) { return sizeof(struct judge); }

struct model_memory *judge_model(struct judge *judge, struct model_id model)
{
    bool exists = model.value >= 1 && model.value <= judge->deployment->n_models;
    return exists ? &judge->models[model.value - 1] : NULL;
}

const struct truth_model *judge_truth(const struct judge *judge, struct model_id model)
{
    bool exists = model.value >= 1 && model.value <= judge->truth->n_models;
    return exists ? &judge->truth->models[model.value - 1] : NULL;
}

bool digest_same(struct digest128 a, struct digest128 b) { return a.hi == b.hi && a.lo == b.lo; }

bool digest_is_set(struct digest128 digest) { return digest.hi != 0 || digest.lo != 0; }

bool args_same(const struct action_args *a, const struct action_args *b)
{
    return a->model.value == b->model.value && a->target.value == b->target.value &&
           a->table.value == b->table.value && a->feature_mask == b->feature_mask &&
           a->window == b->window && a->from_ns == b->from_ns && a->to_ns == b->to_ns &&
           a->weight_ppm == b->weight_ppm && a->step_ppm == b->step_ppm && a->mode == b->mode &&
           a->ttl_ns == b->ttl_ns && a->release == b->release && a->purge == b->purge &&
           a->recipient == b->recipient && digest_same(a->subject, b->subject);
}

uint32_t plan_windows(const struct judge *judge, enum plan_kind kind, struct model_id model,
                      int64_t at)
{
    uint32_t windows = 0;
    for (uint32_t i = 0; i < judge->plan->n_items; i++) {
        const struct plan_item *item = &judge->plan->items[i];
        bool is_here = item->model.value == 0 || item->model.value == model.value;
        if (item->kind == kind && is_here && at >= item->at && at < item->until) {
            windows |= UINT32_C(1) << i;
        }
    }
    return windows;
}

void occasion(struct judge *judge, enum invariant invariant)
{
    ASSERT((unsigned)invariant < N_INVARIANTS);
    ASSERT(invariant_is_checked(invariant));
    judge->sheet.occasions[invariant]++;
}

static uint32_t count_kept(const struct verdict_sheet *sheet, enum invariant invariant)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < sheet->n_kept; i++) {
        n += sheet->violations[i].invariant == invariant ? 1 : 0;
    }
    return n;
}

/* Where the next violation is kept. In a full list it pushes out an outcome error when it is enforceable, and when it is the first of
 * its invariant one of which there are more. */
static struct violation *violation_place(struct judge *judge, enum invariant invariant)
{
    struct verdict_sheet *sheet = &judge->sheet;
    if (sheet->n_kept < VIOLATIONS_MAX) {
        return &sheet->violations[sheet->n_kept++];
    }
    bool enforceable = invariant_is_enforceable(invariant);
    bool is_first = sheet->breaches[invariant] == 1;
    for (uint32_t i = VIOLATIONS_MAX; enforceable && i > 0; i--) {
        struct violation *kept = &sheet->violations[i - 1];
        bool yields = !invariant_is_enforceable(kept->invariant) ||
                      (is_first && count_kept(sheet, kept->invariant) > 1);
        if (yields) {
            return kept;
        }
    }
    return &judge->spare;
}

struct text breach(struct judge *judge, enum invariant invariant, int64_t at, struct model_id model,
                   enum verb verb)
{
    ASSERT((unsigned)invariant < N_INVARIANTS);
    ASSERT(invariant_is_checked(invariant));
    bool enforceable = invariant_is_enforceable(invariant);
    struct verdict_sheet *sheet = &judge->sheet;
    sheet->breaches[invariant]++;
    if (sheet->occasions[invariant] < sheet->breaches[invariant]) {
        sheet->occasions[invariant]++; /* One that nobody expected. */
    }
    sheet->n_violations += enforceable ? 1 : 0;
    struct violation *violation = violation_place(judge, invariant);
    *violation = (struct violation){.invariant = invariant, .at = at, .model = model, .verb = verb};
    struct text why;
    text_init(&why, violation->why, sizeof(violation->why));
    return why;
}

static int64_t overlap_ns(int64_t from, int64_t to, int64_t begin, int64_t end)
{
    int64_t low = begin > from ? begin : from, high = end < to ? end : to;
    return low < high ? high - low : 0;
}

int64_t usable_ns(const struct judge *judge, int64_t from, int64_t now, enum plan_kind outage)
{
    if (from == NEVER || now <= from) {
        return 0;
    }
    int64_t lost_ns = 0;
    for (uint32_t i = 0; i < judge->n_downs; i++) {
        lost_ns += overlap_ns(from, now, judge->downs[i].from, judge->downs[i].to);
    }
    for (uint32_t i = 0; i < judge->n_outages; i++) {
        const struct plan_item *item = &judge->plan->items[judge->outages[i]];
        if (item->kind != outage) {
            continue;
        }
        lost_ns += overlap_ns(from, now, item->at, item->until);
        for (uint32_t j = 0; j < judge->n_downs; j++) { /* What was lost twice is taken off once. */
            const struct down *down = &judge->downs[j];
            int64_t begin = down->from > item->at ? down->from : item->at;
            int64_t end = down->to < item->until ? down->to : item->until;
            lost_ns -= overlap_ns(from, now, begin, end);
        }
    }
    return lost_ns < now - from ? now - from - lost_ns : 0;
}

static void down_put(struct judge *judge, int64_t from, int64_t to)
{
    if (judge->n_downs < PLAN_ITEMS_MAX && from < to) {
        judge->downs[judge->n_downs++] = (struct down){from, to};
    }
}

struct judge *judge_init(void *block, const struct deployment *deployment,
                         const struct policy *policy, const struct plan *plan,
                         const struct truth *truth, bool manual)
{
    ASSERT(deployment->n_models <= MODELS_MAX);
    ASSERT(plan->n_items <= PLAN_ITEMS_MAX);
    struct judge *judge = block;
    memset(judge, 0, sizeof(*judge));
    judge->deployment = deployment;
    judge->policy = policy;
    judge->plan = plan;
    judge->truth = truth;
    judge->manual = manual;
    judge->parameters = parameters_of(policy);
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        struct model_memory *memory = &judge->models[i];
        judge->traffic += deployment->models[i].requests_per_window;
        memory->dispute_from = memory->dispute_to = NEVER;
        memory->tried_at = memory->exposed_since = memory->attribute_until = NEVER;
        memory->locked_at = memory->split_from = NEVER;
    }
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        const struct person_entry *person = &deployment->people[i];
        bool is_higher = person->level > judge->rota && person->level <= judge->parameters.levels;
        judge->rota = is_higher ? person->level : judge->rota;
    }
    for (int i = 0; i < N_TAINT_CHANNELS; i++) {
        judge->tokens[i] = plan_token(plan, (enum taint_channel)i);
    }
    for (uint32_t i = 0; i < plan->n_items; i++) {
        enum plan_kind kind = plan->items[i].kind;
        if (kind == PLAN_PAGE_OUTAGE || kind == PLAN_REGISTRY_OUTAGE) {
            judge->outages[judge->n_outages++] = i;
        }
    }
    for (int i = 0; i < N_ROLES; i++) {
        judge->paged_at[i] = NEVER;
    }
    judge->handed_at = judge->reconciled_at = judge->held_at = NEVER;
    judge->closed_bare_at = judge->waited_at = judge->repaired_at = judge->inside_since = NEVER;
    double windows =
        (double)FALSE_ALARM_NS / (double)(deployment->window_ns > 0 ? deployment->window_ns : 1);
    judge->alarm = times_alarm(windows);
    struct verdict_sheet *sheet = &judge->sheet;
    sheet->horizon = plan->horizon_ns;
    sheet->true_incident = plan->true_incident;
    sheet->t_on = plan->main_item < plan->n_items ? plan->items[plan->main_item].at : NEVER;
    sheet->t_obs = sheet->t_det = sheet->t_eff = sheet->t_rest = NEVER;
    return judge;
}

static void record_put(struct judge *judge, const struct event *event, const struct record *record)
{
    audit_record(judge, event, record); /* Before history: what the row ends is still open. */
    history_record(judge, event, record);
    permitted_decision(judge, event, record);
    authority_refused(judge, event, record);
    blast_record(judge, event, record);
    pages_record(judge, event, record);
    outcome_record(judge, event, record);
    times_record(judge, event, record);
    correctness_record(judge, event, record);
}

static void request_put(struct judge *judge, const struct event *event,
                        const struct request_effect *request)
{
    struct approval_memory *approval = &judge->approvals[judge->n_approvals++ % APPROVALS_KEPT];
    *approval = (struct approval_memory){.approval = request->approval,
                                         .incident = request->incident,
                                         .hash = request->action_hash,
                                         .nonce = request->nonce,
                                         .verb = request->verb,
                                         .args = request->args,
                                         .requested_at = event->at,
                                         .expires_at = request->expires_at};
    bool is_tainted = false;
    taint_args(judge, event->at, request->verb, &request->args, &is_tainted);
}

void judge_step(struct judge *judge, const struct event *event, const struct effects *effects)
{
    ASSERT(effects->n_effects <= EFFECTS_MAX);
    if (judge->manual) {
        times_event(judge, event);
        judge->step_at = event->at;
        return;
    }
    if (event->kind == EVENT_START && event->start.recovered) {
        down_put(judge, judge->step_at,
                 event->at); /* It died while the effects of its last step went out. */
        judge->beat_at +=
            event->at - judge->step_at; /* Beats that nobody could hear are not missed. */
    }
    judge->sequence = event->sequence;
    judge->step_at = event->at;
    authority_clock(judge, event->at);
    history_event(judge, event);
    authority_control(judge, event);
    pages_event(judge, event);
    audit_event(judge, event);
    times_event(judge, event);
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        const struct effect *effect = &effects->items[i];
        switch (effect->kind) {
        case EFFECT_RECORD:
            record_put(judge, event, &effect->record);
            break;
        case EFFECT_REQUEST_APPROVAL:
            request_put(judge, event, &effect->request);
            break;
        case EFFECT_PAGE:
            pages_sent(judge, event->at, &effect->page);
            break;
        case EFFECT_NOTIFY:
            correctness_notify(judge, &effect->notify);
            break;
        case EFFECT_ACT: /* Judged from the ledger, and against the rows by audit_step. */
        case EFFECT_ASK:
        case EFFECT_ASK_LLM:
        case N_EFFECT_KINDS:
            break;
        }
    }
    audit_step(judge, event, effects);
    pages_step(judge, event->at);
    blast_step(judge, event->at);
}

/* The agent's own attempts carry an action or a key; what people do carries neither. */
static bool is_agent(const struct ledger_entry *entry)
{
    return entry->action.value != 0 || digest_is_set(entry->key) ||
           entry->principal != PRINCIPAL_HUMAN;
}

static bool is_sound(const struct judge *judge, const struct ledger_entry *entry)
{
    return (unsigned)entry->verb < N_VERBS && judge_truth(judge, entry->args.model) != NULL &&
           entry->args.model.value <= judge->deployment->n_models;
}

static void entry_asked(struct judge *judge, uint32_t entry_i)
{
    const struct ledger_entry *entry = &judge->truth->ledger[entry_i];
    struct entry_memory *memory = &judge->entries[entry_i];
    *memory = (struct entry_memory){
        .agent = is_agent(entry), .declared = judge->declared, .decisive_at = NEVER};
    memory->availability = judge_truth(judge, entry->args.model)->availability;
    if (!memory->agent || judge->manual) {
        return;
    }
    audit_asked(judge, entry_i); /* First: finds the intent, on which the others rest. */
    taint_args(judge, entry->asked_at, entry->verb, &entry->args, &memory->tainted);
    authority_asked(judge, entry_i);
    permitted_asked(judge, entry);
    change_asked(judge, entry_i);
    serving_asked(judge, entry_i);
    blast_asked(judge, entry_i);
}

static void entry_in_force(struct judge *judge, uint32_t entry_i)
{
    const struct entry_memory *memory = &judge->entries[entry_i];
    if (memory->agent && !judge->manual) {
        audit_in_force(judge, entry_i);
        authority_in_force(judge, entry_i);
        change_in_force(judge, entry_i);
        serving_in_force(judge, entry_i);
        blast_in_force(judge, entry_i);
    }
    outcome_in_force(judge, entry_i);
}

static void ledger_follow(struct judge *judge)
{
    const struct truth *truth = judge->truth;
    ASSERT(truth->n_ledger <= LEDGER_MAX);
    while (judge->n_entries < truth->n_ledger) {
        uint32_t entry_i = judge->n_entries++;
        if (is_sound(judge, &truth->ledger[entry_i])) {
            entry_asked(judge, entry_i);
            judge->open[judge->n_open++] = (uint16_t)entry_i;
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < judge->n_open; i++) {
        uint16_t entry_i = judge->open[i];
        const struct ledger_entry *entry = &truth->ledger[entry_i];
        if (entry->end == LEDGER_OPEN) {
            judge->open[kept++] = entry_i;
            continue;
        }
        judge->entries[entry_i].ended = true;
        if (entry->end == LEDGER_DONE && entry->effect_at != NEVER) {
            entry_in_force(judge, entry_i);
        }
    }
    judge->n_open = kept;
}

void judge_world(struct judge *judge, int64_t now)
{
    authority_clock(judge, now);
    ledger_follow(judge);
    audit_world(judge, now);
    const struct truth *truth = judge->truth;
    ASSERT(truth->n_human <= HUMAN_ACTS_MAX);
    for (; judge->n_human < truth->n_human; judge->n_human++) {
        const struct human_act *act = &truth->human[judge->n_human];
        struct verdict_sheet *sheet = &judge->sheet;
        sheet->interventions += human_interventions(act->kind);
        sheet->interruptions += human_is_interruption(act->kind) ? 1 : 0;
        sheet->human_ns += act->spent_ns;
        times_human(judge, act);
        correctness_human(judge, act);
        if (!judge->manual) {
            pages_human(judge, act);
        }
    }
    outcome_world(judge, now);
    times_world(judge, now);
    judge->world_at = now;
}

void judge_close(struct judge *judge, int64_t now, struct verdict_sheet *ret_sheet)
{
    judge_world(judge, now);
    if (!judge->manual) {
        if (judge->truth->agent_down) {
            down_put(judge, judge->step_at, now);
        }
        pages_step(judge, now);
        blast_step(judge, now);
        audit_close(judge, now);
    }
    times_close(judge, now);
    correctness_close(judge, now);
    for (uint32_t i = 0; i < judge->truth->n_models; i++) {
        judge->sheet.bad_minutes += judge->truth->models[i].bad_minutes;
    }
    *ret_sheet = judge->sheet;
}
