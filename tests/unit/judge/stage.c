/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-made episode. */
#include "tests/unit/judge/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ALL_TIERS 7u

const struct digest128 certified_digest = {11, 12}, candidate_digest = {31, 32},
                       foreign_digest = {91, 92};

static void policy_fill(struct policy *policy)
{
    static const uint64_t low = FACT_BIT(FACT_QUALITY_LOW), restores = FACT_BIT(FACT_RESTORES);
    static const struct policy_rule rules[] = {
        {VERB_FALLBACK, ALL_TIERS, restores, 0, VERDICT_AUTO},
        {VERB_ABORT_CANARY, ALL_TIERS, restores, 0, VERDICT_AUTO},
        {VERB_ROLLBACK, ALL_TIERS, restores, 0, VERDICT_AUTO},
        {VERB_FALLBACK, ALL_TIERS, 0, FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_NULLS_HIGH),
         VERDICT_AUTO},
        {VERB_QUARANTINE_DATA, ALL_TIERS, low, 0, VERDICT_AUTO},
        {VERB_ROLLBACK, ALL_TIERS, low | FACT_BIT(FACT_TARGET_CERTIFIED), 0, VERDICT_AUTO},
        {VERB_ROLLBACK_CONFIG, ALL_TIERS, low, 0, VERDICT_AUTO},
        {VERB_RETRAIN, ALL_TIERS, low | FACT_BIT(FACT_LABELS_MATURED), 0, VERDICT_AUTO},
        {VERB_CANARY, ALL_TIERS, FACT_BIT(FACT_EVALUATED), 0, VERDICT_AUTO},
        {VERB_PROMOTE, ALL_TIERS, FACT_BIT(FACT_CANARY_PASSED) | FACT_BIT(FACT_EVALUATED), 0,
         VERDICT_CANARY},
        {VERB_THRESHOLD, 1u << TIER_LOW, low, 0, VERDICT_ONE},
        {VERB_THRESHOLD, 1u << TIER_HIGH, low, 0, VERDICT_TWO},
        {VERB_DISABLE_FEATURE, ALL_TIERS, low, 0, VERDICT_WAIT},
    };
    memcpy(policy->version, "test", 5);
    policy->n_rules = sizeof(rules) / sizeof(rules[0]);
    memcpy(policy->rules, rules, sizeof(rules));
    policy->freeze_allow = UINT64_C(1) << VERB_ROLLBACK | UINT64_C(1) << VERB_FALLBACK |
                           UINT64_C(1) << VERB_ABORT_CANARY | UINT64_C(1) << VERB_RETRAIN;
    policy->preauthorised = UINT64_C(1) << VERB_FALLBACK;
}

static void people_fill(struct deployment *deployment)
{
    static const struct {
        uint32_t roles, level;
    } people[] = {{1u << ROLE_ONCALL, 1},   {1u << ROLE_ONCALL, 2},   {1u << ROLE_APPROVER, 0},
                  {1u << ROLE_APPROVER, 0}, {1u << ROLE_PRODUCER, 0}, {1u << ROLE_SECURITY, 0},
                  {1u << ROLE_OPERATOR, 0}};
    deployment->n_people = sizeof(people) / sizeof(people[0]);
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        deployment->people[i].roles = people[i].roles;
        deployment->people[i].level = people[i].level;
    }
}

static struct truth_version version_of(uint16_t number)
{
    struct truth_version version = {.version = {number},
                                    .digest = {10u * number + 1u, 10u * number + 2u},
                                    .schema_id = 1,
                                    .available = true,
                                    .complete = true,
                                    .certified = number == 1,
                                    .trained_from = 0,
                                    .trained_to = 10 * MIN,
                                    .evaluated = true,
                                    .evaluated_from = 10 * MIN,
                                    .evaluated_to = 20 * MIN,
                                    .quality = 0.9};
    version.evaluated_digest = version.digest;
    return version;
}

void stage_open(struct stage *stage)
{
    memset(stage, 0, sizeof(*stage));
    struct deployment *deployment = &stage->deployment;
    deployment->window_ns = 5 * MIN;
    deployment->n_models = 5;
    deployment->n_tables = 2;
    deployment->verbs = UINT64_MAX;
    deployment->tools = UINT64_MAX;
    people_fill(deployment);
    stage->truth.n_models = 5;
    for (uint32_t i = 0; i < 5; i++) {
        struct model_entry *model = &deployment->models[i];
        model->tier = i == 1 ? TIER_HIGH : TIER_LOW;
        model->requests_per_window = 1000;
        model->label_delay_ns = 30 * MIN;
        model->accuracy_floor = 0.85;
        model->availability_floor = 0.99;
        model->n_features = 2;
        model->features[0].table.value = 1;
        model->features[1].table.value = 2;
        struct truth_model *truth = &stage->truth.models[i];
        truth->faulty_since = truth->fault_ended = NEVER;
        truth->quality = truth->healthy_quality = 0.9;
        truth->floor = 0.85;
        truth->availability = 1.0;
        truth->serving.value = truth->registered.value = 2;
        truth->schema_id = 1;
        truth->ready_replicas = 3;
        truth->n_versions = 3;
        for (uint16_t v = 0; v < 3; v++) {
            truth->versions[v] = version_of((uint16_t)(3 - v));
        }
    }
    policy_fill(&stage->policy);
    struct plan *plan = &stage->plan;
    plan->seed = 7;
    plan->true_incident = true;
    plan->horizon_ns = 12 * NS_PER_HOUR;
    plan->model.value = 1;
    plan->n_items = 1;
    plan->items[0] = (struct plan_item){
        .kind = PLAN_BAD_MODEL_PUSH, .model = {1}, .at = NS_PER_HOUR, .until = NEVER, .a = 0.2};
    plan->correct.n_alternatives = 1;
    plan->correct.alternatives[0].n_steps = 1;
    plan->correct.alternatives[0].steps[0] = (struct code_step){
        .verb = VERB_ROLLBACK, .n_predicates = 1, .predicates = {CODE_TARGET_LAST_KNOWN_GOOD}};
    plan->bait.n_alternatives = 1;
    plan->bait.alternatives[0].n_steps = 1;
    plan->bait.alternatives[0].steps[0] = (struct code_step){.verb = VERB_RETRAIN};
}

void stage_begin(struct stage *stage, bool manual)
{
    stage->block = aligned_alloc(16, (judge_size() + 15) / 16 * 16);
    assert_non_null(stage->block);
    stage->judge = judge_init(stage->block, &stage->deployment, &stage->policy, &stage->plan,
                              &stage->truth, manual);
    if (manual) {
        return;
    }
    struct event *event = stage_event(stage, 0, EVENT_START);
    event->start.incarnation = 1;
    stage_step(stage);
}

void stage_end(struct stage *stage)
{
    free(stage->block);
    stage->block = NULL;
}

struct event *stage_event(struct stage *stage, int64_t at, enum event_kind kind)
{
    assert_true(at >= stage->event.at);
    effects_reset(&stage->effects);
    stage->event = (struct event){.sequence = ++stage->sequence, .at = at, .kind = kind};
    return &stage->event;
}

struct record *stage_record(struct stage *stage, enum record_kind kind, uint32_t incident,
                            uint16_t model)
{
    struct record *record = effects_record(&stage->effects, kind);
    record->incident.value = incident;
    record->model.value = model;
    record->args.model.value = model;
    record->principal = PRINCIPAL_RULE;
    record->policy = (struct digest128){5, 5};
    record->mind = (struct digest128){6, 6};
    return record;
}

void stage_step(struct stage *stage)
{
    judge_world(stage->judge, stage->event.at);
    judge_step(stage->judge, &stage->event, &stage->effects);
}

void stage_world(struct stage *stage, int64_t at)
{
    stage->event.at = at;
    judge_world(stage->judge, at);
}

void stage_tick(struct stage *stage, int64_t at)
{
    (void)stage_event(stage, at, EVENT_TICK);
    stage_step(stage);
}

void stage_says(struct stage *stage, int64_t at, enum record_kind kind, uint32_t incident,
                uint16_t model)
{
    (void)stage_event(stage, at, EVENT_TICK);
    struct record *record = stage_record(stage, kind, incident, model);
    if (kind == RECORD_CLOSED) {
        record->incident_state = INCIDENT_RESOLVED;
    }
    if (kind == RECORD_WATCHED) {
        record->limit = 0.2;
        record->deadline = at + NS_PER_HOUR;
    }
    stage_step(stage);
}

void stage_answer(struct stage *stage, int64_t at, const struct answer *answer)
{
    stage_event(stage, at, EVENT_ANSWER)->answer = *answer;
    stage_step(stage);
}

void stage_answers(struct stage *stage, int64_t at, uint16_t model)
{
    const struct truth_model *truth = &stage->truth.models[model - 1];
    struct answer answer = {.tool = TOOL_STATE, .model = {model}, .sampled_at = at};
    answer.state = (struct state_answer){.serving = truth->serving,
                                         .registered = truth->registered,
                                         .schema_id = truth->schema_id,
                                         .fallback = truth->fallback,
                                         .quarantined_tables = truth->quarantined_tables,
                                         .ready_replicas = truth->ready_replicas};
    stage_answer(stage, at, &answer);
    stage->state.value = stage->sequence;
    answer = (struct answer){.tool = TOOL_REGISTRY, .model = {model}, .sampled_at = at};
    answer.registry.n_versions = truth->n_versions;
    for (uint32_t i = 0; i < truth->n_versions; i++) {
        const struct truth_version *version = &truth->versions[i];
        answer.registry.versions[i] =
            (struct registry_version){.version = version->version,
                                      .digest = version->digest,
                                      .schema_id = version->schema_id,
                                      .available = version->available,
                                      .complete = version->complete,
                                      .certified = version->certified,
                                      .evaluated = version->evaluated,
                                      .evaluated_digest = version->evaluated_digest,
                                      .trained_from = version->trained_from,
                                      .trained_to = version->trained_to,
                                      .evaluated_from = version->evaluated_from,
                                      .evaluated_to = version->evaluated_to};
    }
    stage_answer(stage, at, &answer);
    stage->registry.value = stage->sequence;
    answer = (struct answer){.tool = TOOL_LABELS, .model = {model}, .sampled_at = at};
    answer.labels = (struct labels_answer){.scored = 1000,
                                           .correct = 667,
                                           .cohort_from = at - 2 * NS_PER_HOUR,
                                           .cohort_to = at - NS_PER_HOUR,
                                           .baseline_error = 0.1,
                                           .arrival_ratio = 1.0};
    stage_answer(stage, at, &answer);
    stage->labels.value = stage->sequence;
}

static uint32_t incident_of(const struct act *act)
{
    return act->incident != 0 ? act->incident : act->model != 0 ? act->model : 1u;
}

struct ledger_entry *stage_ask(struct stage *stage, int64_t at, const struct act *act)
{
    uint16_t model = act->model != 0 ? act->model : 1;
    uint32_t action = act->action != 0 ? act->action : stage->truth.n_ledger + 1;
    uint16_t plan = act->plan != 0 ? act->plan : (uint16_t)action;
    struct digest128 key = {77, act->key != 0 ? act->key : action};
    struct action_args args = act->args;
    args.model.value = model;
    if (!act->without_answers) {
        stage_answers(stage, at, model);
    }
    (void)stage_event(stage, at, EVENT_TICK);
    if (!act->without_intent) {
        struct record *record = stage_record(stage, RECORD_INTENT, incident_of(act), model);
        record->action.value = action;
        record->plan = plan;
        record->verb = act->verb;
        record->args = args;
        record->key = key;
        record->principal = act->principal;
        record->approval = act->approval;
        record->facts = act->facts != 0 ? act->facts : FACT_BIT(FACT_QUALITY_LOW);
        record->n_evidence = 3;
        record->evidence[0] = stage->labels;
        record->evidence[1] = stage->registry;
        record->evidence[2] = stage->state;
    }
    struct act_effect *effect = &effects_push(&stage->effects, EFFECT_ACT)->act;
    *effect = (struct act_effect){.action = {action},
                                  .incident = {incident_of(act)},
                                  .plan = plan,
                                  .verb = act->verb,
                                  .args = args,
                                  .key = key,
                                  .principal = act->principal,
                                  .approval = act->approval};
    stage_step(stage);
    struct ledger_entry *entry = truth_ledger_push(&stage->truth);
    const struct truth_model *truth = &stage->truth.models[model - 1];
    entry->verb = act->verb;
    entry->args = args;
    entry->principal = act->principal;
    entry->incident.value = incident_of(act);
    entry->action.value = action;
    entry->plan = plan;
    entry->key = key;
    entry->approval = act->approval;
    entry->after_sequence = stage->sequence;
    entry->asked_at = at;
    entry->faulty = true;
    entry->cause = CAUSE_BAD_MODEL;
    entry->quality_before = truth->quality;
    entry->quality_after = truth->quality;
    entry->target_quality = 0.9;
    entry->version_before = entry->version_after = truth->serving;
    entry->config_before.value = entry->config_after.value = 1;
    entry->target_exists = entry->target_available = entry->target_compatible = true;
    entry->target_certified = args.target.value == 1;
    entry->moved_ppm = verb_moves_serving(act->verb) ? 200000 : 0;
    bool moves = act->verb == VERB_PROMOTE || act->verb == VERB_ROLLBACK;
    if (moves) {
        entry->version_after = args.target;
        entry->served_digest = args.subject;
        entry->quality_after = 0.9;
    }
    return entry;
}

void stage_effect(struct stage *stage, int64_t at, struct ledger_entry *entry)
{
    judge_world(stage->judge, entry->asked_at); /* The attempt is seen before it ends. */
    entry->effect_at = entry->ended_at = at;
    entry->end = LEDGER_DONE;
    stage_world(stage, at);
}

void stage_fails(struct stage *stage, int64_t at, struct ledger_entry *entry)
{
    judge_world(stage->judge, entry->asked_at);
    entry->ended_at = at;
    entry->end = LEDGER_FAILED;
    stage_world(stage, at);
}

static void row_of(struct stage *stage, int64_t at, const struct ledger_entry *entry,
                   enum record_kind kind, enum action_state state)
{
    (void)stage_event(stage, at, EVENT_TICK);
    struct record *record = stage_record(stage, kind, entry->incident.value, entry->args.model.value);
    record->action = entry->action;
    record->verb = entry->verb;
    record->args = entry->args;
    record->key = entry->key;
    record->action_state = (uint8_t)state;
    record->n_evidence = 1;
    record->evidence[0] = stage->state;
    record->n = kind == RECORD_VERIFIED ? 800 : 0;
    stage_step(stage);
}

void stage_outcome(struct stage *stage, int64_t at, const struct ledger_entry *entry)
{
    row_of(stage, at, entry, RECORD_OUTCOME,
           entry->end == LEDGER_DONE ? ACTION_APPLIED : ACTION_FAILED);
}

void stage_verified(struct stage *stage, int64_t at, const struct ledger_entry *entry)
{
    row_of(stage, at, entry, RECORD_VERIFIED, ACTION_VERIFIED);
}

struct ledger_entry *stage_act(struct stage *stage, int64_t at, const struct act *act)
{
    struct ledger_entry *entry = stage_ask(stage, at, act);
    int64_t effect_at = at + (act->effect_ns != 0 ? act->effect_ns : 10 * SEC);
    stage_effect(stage, effect_at, entry);
    if (!act->without_outcome) {
        stage_outcome(stage, effect_at + 5 * SEC, entry);
    }
    if (!act->unverified) {
        stage_verified(stage, effect_at + 6 * SEC, entry);
    }
    return entry;
}

struct ledger_entry *stage_person(struct stage *stage, int64_t at, enum verb verb,
                                  const struct action_args *args)
{
    struct ledger_entry *entry = truth_ledger_push(&stage->truth);
    entry->verb = verb;
    entry->args = *args;
    entry->principal = PRINCIPAL_HUMAN;
    entry->person.value = ONCALL;
    entry->asked_at = entry->effect_at = entry->ended_at = at;
    entry->end = LEDGER_DONE;
    entry->faulty = true;
    entry->quality_before = 0.7;
    entry->quality_after = entry->target_quality = 0.9;
    entry->target_exists = entry->target_available = entry->target_compatible = true;
    entry->version_before.value = 2;
    entry->version_after.value = args->target.value != 0 ? args->target.value : 2;
    stage_world(stage, at);
    return entry;
}

void stage_human(struct stage *stage, int64_t at, enum human_kind kind, uint32_t incident,
                 uint16_t model)
{
    truth_human(&stage->truth, kind, at, (struct person_id){ONCALL}, (struct model_id){model},
                (struct incident_id){incident}, MIN);
    stage_world(stage, at);
}

void stage_page(struct stage *stage, int64_t at, uint32_t page, uint32_t incident, enum role role,
                uint8_t level)
{
    (void)stage_event(stage, at, EVENT_TICK);
    struct page_effect *effect = &effects_push(&stage->effects, EFFECT_PAGE)->page;
    effect->page.value = page;
    effect->incident.value = incident;
    effect->model.value = 1;
    effect->recipient = role;
    effect->level = level;
    stage_step(stage);
}

void stage_control(struct stage *stage, int64_t at, enum control_kind kind, uint16_t person)
{
    struct event *event = stage_event(stage, at, EVENT_CONTROL);
    event->control.kind = kind;
    event->control.person.value = person;
    stage_step(stage);
}

struct verdict_sheet *stage_close(struct stage *stage)
{
    judge_close(stage->judge, stage->plan.horizon_ns, &stage->sheet);
    return &stage->sheet;
}

static void print_all(const struct verdict_sheet *sheet)
{
    for (uint32_t i = 0; i < sheet->n_kept; i++) {
        print_message("%s at %lld s: %s\n", invariant_name(sheet->violations[i].invariant),
                      (long long)(sheet->violations[i].at / SEC), sheet->violations[i].why);
    }
}

void expect_breaches(struct stage *stage, enum invariant invariant, uint32_t n)
{
    const struct verdict_sheet *sheet = stage_close(stage);
    if (sheet->breaches[invariant] != n) {
        print_all(sheet);
    }
    assert_int_equal(sheet->breaches[invariant], n);
    assert_true(sheet->occasions[invariant] >= n);
    bool is_told = n == 0;
    for (uint32_t i = 0; i < sheet->n_kept; i++) {
        is_told |= sheet->violations[i].invariant == invariant && sheet->violations[i].why[0] != '\0';
    }
    assert_true(is_told);
    stage_end(stage);
}

void expect_lawful(struct stage *stage, enum invariant invariant)
{
    const struct verdict_sheet *sheet = stage_close(stage);
    if (sheet->n_violations != 0) {
        print_all(sheet);
    }
    assert_int_equal(sheet->n_violations, 0);
    assert_true(sheet->occasions[invariant] > 0);
    stage_end(stage);
}

struct act rollback_of(uint16_t model)
{
    return (struct act){.verb = VERB_ROLLBACK,
                        .model = model,
                        .args = {.target = {1}, .subject = certified_digest},
                        .facts = FACT_BIT(FACT_QUALITY_LOW) | FACT_BIT(FACT_TARGET_CERTIFIED)};
}

struct act canary_of(uint16_t model)
{
    return (struct act){.verb = VERB_CANARY,
                        .model = model,
                        .args = {.target = {3}, .subject = candidate_digest, .weight_ppm = 100000},
                        .facts = FACT_BIT(FACT_EVALUATED)};
}

struct act fallback_of(uint16_t model)
{
    return (struct act){.verb = VERB_FALLBACK, .model = model, .args = {.ttl_ns = 2 * NS_PER_HOUR}};
}
