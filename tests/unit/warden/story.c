/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-made world of the warden's tests. */
#include "tests/unit/warden/story.h"

#include <stdlib.h>

static void person(struct deployment *deployment, uint16_t id, const char *name, uint32_t roles,
                   uint32_t level)
{
    struct person_entry *entry = &deployment->people[id - 1];
    strncpy(entry->name, name, NAME_BYTES - 1);
    entry->roles = roles;
    entry->level = level;
    deployment->n_people = id > deployment->n_people ? id : deployment->n_people;
}

static void deployment_make(struct deployment *deployment)
{
    deployment->window_ns = 5 * NS_PER_MIN;
    deployment->n_models = STORY_MODELS;
    for (uint16_t i = 0; i < STORY_MODELS; i++) {
        deployment->models[i] = (struct model_entry){.tier = i == 0 ? TIER_LOW : TIER_HIGH,
                                                     .requests_per_window = 2000,
                                                     .label_delay_ns = 30 * NS_PER_MIN,
                                                     .accuracy_floor = 0.80,
                                                     .availability_floor = 0.99,
                                                     .n_features = 2};
        deployment->models[i].features[0].table.value = 1;
        deployment->models[i].features[1].table.value = 1;
    }
    deployment->n_tables = 1;
    deployment->tables[0].producer.value = PIA;
    person(deployment, OLGA, "olga", 1u << ROLE_ONCALL, 1);
    person(deployment, OTTO, "otto", 1u << ROLE_ONCALL, 2);
    person(deployment, ADA, "ada", 1u << ROLE_APPROVER, 0);
    person(deployment, AMIR, "amir", 1u << ROLE_APPROVER, 0);
    person(deployment, PIA, "pia", 1u << ROLE_PRODUCER, 0);
    person(deployment, SVEN, "sven", 1u << ROLE_SECURITY, 0);
    person(deployment, OPAL, "opal", 1u << ROLE_OPERATOR, 0);
    deployment->tools = (UINT64_C(1) << N_TOOLS) - 1;
    deployment->verbs = (UINT64_C(1) << N_VERBS) - 1;
    deployment->llm = (struct llm_limits){true, 30 * NS_PER_S, 2, 100000};
}

static void rule(struct policy *policy, enum verb verb, uint32_t tiers, uint64_t all, uint64_t any,
                 enum verdict verdict)
{
    policy->rules[policy->n_rules++] = (struct policy_rule){verb, tiers, all, any, verdict};
}

static void policy_make(struct policy *policy)
{
    const uint32_t low = 1u << TIER_LOW | 1u << TIER_MEDIUM, high = 1u << TIER_HIGH;
    const uint32_t every = low | high;
    const uint64_t restores = FACT_BIT(FACT_RESTORES);
    const uint64_t worse =
        FACT_BIT(FACT_PREVIOUS_BETTER) | FACT_BIT(FACT_GOLDEN_LOW) | FACT_BIT(FACT_QUALITY_LOW);
    static const enum verb back[] = {VERB_FALLBACK, VERB_ROLLBACK, VERB_ABORT_CANARY,
                                     VERB_QUARANTINE_DATA, VERB_DISABLE_FEATURE};
    policy_defaults(&policy->limits);
    for (size_t i = 0; i < sizeof(back) / sizeof(back[0]); i++) {
        rule(policy, back[i], every, restores, 0, VERDICT_AUTO);
    }
    rule(policy, VERB_FALLBACK, every, 0, worse | FACT_BIT(FACT_NULLS_HIGH), VERDICT_AUTO);
    rule(policy, VERB_ROLLBACK, low, FACT_BIT(FACT_MODEL_CHANGED) | FACT_BIT(FACT_TARGET_CERTIFIED),
         worse, VERDICT_AUTO);
    rule(policy, VERB_ROLLBACK, high, FACT_BIT(FACT_TARGET_CERTIFIED), worse, VERDICT_ONE);
    rule(policy, VERB_RECONCILE, every, FACT_BIT(FACT_HALF_DONE), 0, VERDICT_AUTO);
    rule(policy, VERB_RETRAIN, every, FACT_BIT(FACT_LABELS_MATURED), 0, VERDICT_AUTO);
    rule(policy, VERB_CANARY, every, FACT_BIT(FACT_EVALUATED), 0, VERDICT_AUTO);
    rule(policy, VERB_PROMOTE, low, FACT_BIT(FACT_EVALUATED) | FACT_BIT(FACT_CANARY_PASSED), 0,
         VERDICT_CANARY);
    rule(policy, VERB_QUARANTINE_DATA, every, 0, FACT_BIT(FACT_NULLS_HIGH), VERDICT_AUTO);
    rule(policy, VERB_THRESHOLD, every, FACT_BIT(FACT_QUALITY_LOW), 0, VERDICT_ESCALATE);
    policy->freeze_allow = UINT64_C(1) << VERB_FALLBACK | UINT64_C(1) << VERB_ROLLBACK;
    policy->preauthorised = UINT64_C(1) << VERB_FALLBACK;
}

static struct digest128 digest_of(uint16_t model, uint16_t version)
{
    return (struct digest128){UINT64_C(1000) + model, version};
}

static void model_make(struct story *story, uint16_t model)
{
    struct story_model *own = &story->models[model - 1];
    own->error = 0.10;
    own->availability = 0.999;
    own->state = (struct state_answer){.serving = {4},
                                       .previous = {3},
                                       .registered = {4},
                                       .serving_digest = digest_of(model, 4),
                                       .config = {2},
                                       .config_previous = {1},
                                       .schema_id = 7,
                                       .ready_replicas = 3};
    own->registry.n_versions = 4;
    for (uint16_t i = 0; i < 4; i++) {
        uint16_t version = (uint16_t)(6 - i); /* 6, 5, 4, 3: newest first. */
        own->registry.versions[i] =
            (struct registry_version){.version = {version},
                                      .digest = digest_of(model, version),
                                      .schema_id = version == 3 ? 6 : 7,
                                      .available = true,
                                      .complete = true,
                                      .certified = version <= 4,
                                      .evaluated = version != 5,
                                      .evaluated_digest = digest_of(model, version),
                                      .trained_from = 0,
                                      .trained_to = 10,
                                      .evaluated_from = 10,
                                      .evaluated_to = 20,
                                      .deployed_at = 0};
    }
    own->features.n_features = 2;
    for (int i = 0; i < 2; i++) {
        own->features.features[i] = (struct feature_profile){.rows = 2000, .scale = 1.0};
    }
    own->golden = (struct golden_answer){{4}, 1000, 900, 0.90};
    own->shadow = (struct shadow_answer){{3}, 2000, 60, 55};
    own->tables.n_tables = 1;
    own->tables.tables[0] = (struct table_profile){.table = {1},
                                                   .schema_changed_at = NEVER,
                                                   .rows_ratio = 1.0,
                                                   .batch = {21, 22},
                                                   .snapshot = {31, 32}};
    own->decisions = (struct decisions_answer){2000, 400, 0.2, 0.0};
}

static struct story_pending *pend(struct story *story, int64_t at)
{
    assert_true(story->n_pending < STORY_PENDING_MAX);
    struct story_pending *pending = &story->pending[story->n_pending++];
    memset(pending, 0, sizeof(*pending));
    pending->at = at;
    return pending;
}

static void keep_act(struct story *story, const struct act_effect *act)
{
    assert_true(story->n_acts < STORY_ACTS_MAX);
    story->acts[story->n_acts++] = *act;
    bool silent = story->fate == STORY_SILENT || story->fate == STORY_SILENT_DONE;
    bool unknown = story->fate == STORY_UNKNOWN_DONE || story->fate == STORY_UNKNOWN_NOT_DONE;
    bool done = story->fate == STORY_DONE || story->fate == STORY_UNKNOWN_DONE ||
                story->fate == STORY_SILENT_DONE;
    if (done) {
        struct story_pending *effect = pend(story, story->now + 10 * NS_PER_S);
        effect->is_effect = true;
        effect->act = *act;
    }
    if (!silent) {
        struct story_pending *outcome = pend(story, story->now + (unknown ? 60 : 10) * NS_PER_S);
        outcome->event.kind = EVENT_OUTCOME;
        outcome->event.outcome.action = act->action;
        outcome->event.outcome.key = act->key;
        outcome->event.outcome.status = unknown ? OUTCOME_UNKNOWN
                                        : done  ? OUTCOME_DONE
                                                : OUTCOME_FAILED;
    }
}

static void keep(struct story *story)
{
    for (uint32_t i = 0; i < story->effects.n_effects; i++) {
        const struct effect *effect = &story->effects.items[i];
        switch (effect->kind) {
        case EFFECT_RECORD:
            assert_true(story->n_records < STORY_RECORDS_MAX);
            story->record_at[story->n_records] = story->now;
            story->records[story->n_records++] = effect->record;
            break;
        case EFFECT_ASK: {
            struct story_pending *answer = pend(story, story->now + 2 * NS_PER_S);
            answer->is_ask = true;
            answer->event.answer.tool = effect->ask.tool;
            answer->event.answer.model = effect->ask.model;
            answer->event.answer.question = effect->ask.question;
            story->n_asks++;
            break;
        }
        case EFFECT_ACT:
            keep_act(story, &effect->act);
            break;
        case EFFECT_REQUEST_APPROVAL:
            assert_true(story->n_requests < STORY_REQUESTS_MAX);
            story->requests[story->n_requests++] = effect->request;
            break;
        case EFFECT_PAGE: {
            assert_true(story->n_pages < STORY_PAGES_MAX);
            story->page_at[story->n_pages] = story->now;
            story->pages[story->n_pages++] = effect->page;
            struct story_pending *page = pend(story, story->now + 3 * NS_PER_S);
            page->event.kind = EVENT_PAGE;
            page->event.page = (struct page_event){
                effect->page.page, story->pages_down ? PAGE_UNDELIVERED : PAGE_DELIVERED,
                effect->page.person};
            break;
        }
        case EFFECT_NOTIFY:
            story->n_notifies++;
            break;
        case EFFECT_ASK_LLM:
        case N_EFFECT_KINDS:
            break;
        }
    }
}

void story_step(struct story *story)
{
    story->event.sequence = ++story->sequence;
    story->event.at = story->now;
    effects_reset(&story->effects);
    warden_step(story->warden, &story->event, &story->advice, &story->effects);
    story->wake_at = story->effects.wake_at;
    keep(story);
    advice_reset(&story->advice);
}

void story_tick(struct story *story)
{
    story->event = (struct event){.kind = EVENT_TICK};
    story_step(story);
}

static void fill_answer(struct story *story, struct answer *answer)
{
    const struct story_model *own = &story->models[answer->model.value - 1];
    answer->status = ANSWER_OK;
    answer->sampled_at = story->now;
    switch (answer->tool) {
    case TOOL_STATE:
        answer->state = own->state;
        break;
    case TOOL_REGISTRY:
        answer->registry = own->registry;
        break;
    case TOOL_CHANGES:
        answer->changes = own->changes;
        break;
    case TOOL_FEATURES:
        answer->features = own->features;
        break;
    case TOOL_LABELS:
        answer->labels = own->labels;
        answer->labels.cohort_to = story->now - 30 * NS_PER_MIN;
        answer->labels.cohort_from = answer->labels.cohort_to - NS_PER_HOUR;
        break;
    case TOOL_SHADOW:
        answer->shadow = own->shadow;
        break;
    case TOOL_GOLDEN:
        answer->golden = own->golden;
        break;
    case TOOL_TABLES:
        answer->tables = own->tables;
        break;
    case TOOL_DECISIONS:
        answer->decisions = own->decisions;
        break;
    case TOOL_CALENDAR:
        answer->calendar = story->calendar;
        break;
    case TOOL_CANARY:
        answer->canary = own->canary;
        break;
    case TOOL_PLATFORM:
        answer->platform = (struct platform_answer){2000, 2, 1000, 3, 0};
        break;
    case TOOL_LOGS:
    case N_TOOLS:
        break;
    }
}

struct evidence_id story_answer(struct story *story, uint16_t model, enum tool tool)
{
    story->event = (struct event){.kind = EVENT_ANSWER};
    story->event.answer.tool = tool;
    story->event.answer.model.value = model;
    fill_answer(story, &story->event.answer);
    story_step(story);
    story->newest[model - 1][tool].value = story->sequence;
    return story->newest[model - 1][tool];
}

static void take_effect(struct story *story, const struct act_effect *act)
{
    for (uint32_t i = 0; i < story->n_applied; i++) {
        if (story->applied_keys[i].hi == act->key.hi && story->applied_keys[i].lo == act->key.lo) {
            return;
        }
    }
    story->applied_keys[story->n_applied++] = act->key;
    struct story_model *own = &story->models[act->args.model.value - 1];
    struct state_answer *state = &own->state;
    bool on = !act->args.release;
    if (act->verb == VERB_ROLLBACK || act->verb == VERB_PROMOTE) {
        state->previous = state->serving;
        state->serving = state->registered = act->args.target;
        state->serving_digest = act->args.subject;
        state->canary.value = act->verb == VERB_PROMOTE ? 0 : state->canary.value;
    } else if (act->verb == VERB_FALLBACK) {
        state->fallback = on;
    } else if (act->verb == VERB_QUARANTINE_DATA) {
        state->quarantined_tables = on ? 1 : 0;
    } else if (act->verb == VERB_CANARY) {
        state->canary = act->args.target;
        state->canary_since = story->now;
    } else if (act->verb == VERB_ABORT_CANARY) {
        state->canary.value = 0;
    } else if (act->verb == VERB_RETRAIN) {
        state->training = true;
    } else if (act->verb == VERB_RECONCILE) {
        state->registered = act->args.target;
    }
}

static void deliver(struct story *story, uint32_t i)
{
    struct story_pending pending = story->pending[i];
    story->pending[i] = story->pending[--story->n_pending];
    if (pending.is_effect) {
        take_effect(story, &pending.act);
        return;
    }
    if (pending.is_ask) {
        if (!story->tools_silent) {
            story->event = (struct event){.kind = EVENT_ANSWER, .answer = pending.event.answer};
            fill_answer(story, &story->event.answer);
            story_step(story);
        }
        return;
    }
    story->event = pending.event;
    story_step(story);
}

static void tell_windows(struct story *story)
{
    for (uint16_t model = 1; model <= STORY_MODELS; model++) {
        const struct story_model *own = &story->models[model - 1];
        story->event = (struct event){.kind = EVENT_WINDOW};
        struct window *window = &story->event.window;
        window->model.value = model;
        window->version = own->state.serving;
        window->from = story->now - 5 * NS_PER_MIN;
        window->to = story->now;
        window->requests = 2000;
        window->errors = (uint32_t)(2000.0 * (1.0 - own->availability) + 0.5);
        window->latency_p95_us = 1000;
        window->labels_scored = 1000;
        window->labels_correct = (uint32_t)(1000.0 * (1.0 - own->error) + 0.5);
        window->cohort_to = story->now - 30 * NS_PER_MIN;
        window->cohort_from = window->cohort_to - 5 * NS_PER_MIN;
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 10; j++) {
                window->bins[i][j] = 200;
            }
        }
        story_step(story);
        story->window[model - 1].value = story->sequence;
    }
    story->next_window = story->now + 5 * NS_PER_MIN;
}

void story_run(struct story *story, int64_t for_ns)
{
    int64_t until = story->now + for_ns;
    if (story->advice.n_items > 0) {
        story_tick(story);
    }
    for (;;) {
        uint32_t first = STORY_PENDING_MAX;
        for (uint32_t i = 0; i < story->n_pending; i++) {
            bool sooner =
                first == STORY_PENDING_MAX || story->pending[i].at < story->pending[first].at ||
                (story->pending[i].at == story->pending[first].at && story->pending[i].is_effect);
            first = sooner ? i : first;
        }
        int64_t at = first == STORY_PENDING_MAX ? NEVER : story->pending[first].at;
        int64_t window = story->telemetry ? story->next_window : NEVER;
        int64_t next = at < window ? at : window;
        int64_t wake = story->wake_at < story->now ? story->now : story->wake_at;
        next = wake < next ? wake : next;
        if (next > until) {
            story->now = until;
            return;
        }
        story->now = next > story->now ? next : story->now;
        if (at == next) {
            deliver(story, first);
        } else if (wake == next) {
            story_tick(story);
        } else {
            tell_windows(story);
        }
    }
}

void story_begin(struct story *story)
{
    memset(story, 0, sizeof(*story));
    deployment_make(&story->deployment);
    policy_make(&story->policy);
    story->block = calloc(1, warden_size());
    assert_non_null(story->block);
    story->warden =
        warden_init(story->block, &story->deployment, &story->policy, 7, (struct digest128){5, 6});
    story->wake_at = NEVER;
    story->telemetry = true;
    advice_reset(&story->advice);
    story->event = (struct event){.kind = EVENT_START};
    story_step(story);
    for (uint16_t model = 1; model <= STORY_MODELS; model++) {
        model_make(story, model);
        for (uint16_t version = 4; version <= 6; version++) {
            story->event = (struct event){.kind = EVENT_BASELINE};
            struct baseline *baseline = &story->event.baseline;
            baseline->model.value = model;
            baseline->version.value = version;
            baseline->rows = 50000;
            baseline->error = 0.10;
            baseline->latency_p95_us = 1000;
            for (int i = 0; i < 2; i++) {
                for (int j = 0; j < 10; j++) {
                    baseline->bins_ppm[i][j] = 100000;
                }
            }
            story_step(story);
        }
    }
    story->next_window = 5 * NS_PER_MIN;
    story_run(story, NS_PER_HOUR);
}

void story_end(struct story *story) { free(story->block); }

struct advice_item *story_say(struct story *story, enum advice_kind kind, uint32_t incident,
                              uint16_t model)
{
    struct advice_item *item = advice_push(&story->advice, kind);
    item->incident.value = incident;
    item->model.value = model;
    item->severity = 2;
    return item;
}

void story_open(struct story *story, uint32_t incident, uint16_t model)
{
    advice_cite(story_say(story, ADVICE_OPEN, incident, model), story->window[model - 1]);
    story_tick(story);
}

void story_bad_push(struct story *story, uint16_t model)
{
    struct story_model *own = &story->models[model - 1];
    own->state.previous.value = 4;
    own->state.serving.value = own->state.registered.value = 5;
    own->state.serving_digest = digest_of(model, 5);
    own->changes.n_changes = 1;
    own->changes.changes[0] = (struct change){
        .kind = CHANGE_MODEL, .at = story->now, .model = {model}, .from = {4}, .to = {5}};
    own->golden.correct = 700;
    own->shadow = (struct shadow_answer){{4}, 2000, 40, 400};
}

struct advice_item *story_propose_rollback(struct story *story, uint32_t incident, uint16_t model)
{
    static const enum tool tools[] = {TOOL_STATE, TOOL_REGISTRY, TOOL_CHANGES, TOOL_SHADOW};
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        (void)story_answer(story, model, tools[i]);
    }
    struct advice_item *item = story_say(story, ADVICE_PROPOSE, incident, model);
    item->verb = VERB_ROLLBACK;
    item->cause = CAUSE_BAD_MODEL;
    item->args.model.value = model;
    item->args.target.value = 4;
    item->args.subject = digest_of(model, 4);
    item->plan = 1;
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        advice_cite(item, story->newest[model - 1][tools[i]]);
    }
    return item;
}

struct advice_item *story_propose_fallback(struct story *story, uint32_t incident, uint16_t model)
{
    struct evidence_id golden = story_answer(story, model, TOOL_GOLDEN);
    struct advice_item *item = story_say(story, ADVICE_PROPOSE, incident, model);
    item->verb = VERB_FALLBACK;
    item->cause = CAUSE_BAD_MODEL;
    item->args.model.value = model;
    item->args.ttl_ns = NS_PER_HOUR;
    item->plan = 1;
    advice_cite(item, golden);
    return item;
}

const struct record *story_record(const struct story *story, enum record_kind kind)
{
    for (uint32_t i = story->n_records; i-- > 0;) {
        if (story->records[i].kind == kind) {
            return &story->records[i];
        }
    }
    return NULL;
}

uint32_t story_count(const struct story *story, enum record_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < story->n_records; i++) {
        n += story->records[i].kind == kind ? 1 : 0;
    }
    return n;
}

int32_t story_index(const struct story *story, enum record_kind kind)
{
    for (uint32_t i = 0; i < story->n_records; i++) {
        if (story->records[i].kind == kind) {
            return (int32_t)i;
        }
    }
    return -1;
}

const struct docket_entry *story_entry(const struct story *story, uint32_t incident)
{
    return docket_find(warden_docket(story->warden), (struct incident_id){incident});
}

void story_approval(struct story *story, const struct request_effect *request, uint16_t by,
                    bool granted)
{
    story->event = (struct event){.kind = EVENT_APPROVAL};
    story->event.approval = (struct approval_event){.approval = request->approval,
                                                    .action_hash = request->action_hash,
                                                    .nonce = request->nonce,
                                                    .person = {by},
                                                    .granted = granted,
                                                    .issued_at = story->now};
}

struct digest128 story_digest(struct story *story)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    warden_visit(story->warden, &digest.visit);
    return visit_digest_close(&digest);
}
