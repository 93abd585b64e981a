/* SPDX-License-Identifier: Apache-2.0 */
/* The bench: events by hand, a docket without a warden. */
#include "tests/unit/mind/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/memory_visit.h"

const struct bench_mind bench_rules = {rules_size, rules_init, rules_step, rules_visit};
const struct bench_mind bench_escalate_all = {escalate_all_size, escalate_all_init,
                                              escalate_all_step, escalate_all_visit};
const struct bench_mind bench_act_always = {act_always_size, act_always_init, act_always_step,
                                            act_always_visit};
const struct bench_mind bench_saboteur = {saboteur_size, saboteur_init, saboteur_step,
                                          saboteur_visit};

struct answer bench_answers[N_TOOLS];

enum { REQUESTS = 2000 };

static void deployment_init(struct deployment *deployment)
{
    memset(deployment, 0, sizeof(*deployment));
    deployment->window_ns = 5 * NS_PER_MIN;
    deployment->n_models = 2;
    deployment->n_tables = 2;
    deployment->tools = (UINT64_C(1) << N_TOOLS) - 1;
    deployment->verbs = (UINT64_C(1) << N_VERBS) - 1;
    deployment->llm.enabled = true;
    for (uint16_t i = 0; i < 2; i++) {
        deployment->models[i] = (struct model_entry){
            .name = "fraud",
            .tier = TIER_MEDIUM,
            .requests_per_window = REQUESTS,
            .label_delay_ns = NS_PER_HOUR,
            .accuracy_floor = 0.8,
            .availability_floor = 0.99,
            .n_features = 3,
            .features = {{"amount", {1}, 0.5}, {"hour", {1}, 0.3}, {"age", {2}, 0.2}}};
    }
}

static void send_baseline(struct bench *bench, uint16_t model)
{
    struct event *event = &bench->event;
    event->kind = EVENT_BASELINE;
    event->baseline = (struct baseline){.model = {model},
                                        .version = {7},
                                        .rows = 50000,
                                        .error = 0.1,
                                        .positive_rate = 0.3,
                                        .latency_p95_us = 20000};
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 10; j++) {
            event->baseline.bins_ppm[i][j] = 100000;
        }
    }
    bench_step(bench);
}

void bench_open(struct bench *bench, const struct bench_mind *mind)
{
    memset(bench, 0, sizeof(*bench));
    bench->mind = mind;
    deployment_init(&bench->deployment);
    policy_defaults(&bench->limits);
    size_t n_bytes = (mind->size() + 15) / 16 * 16;
    bench->block = aligned_alloc(16, n_bytes);
    assert_non_null(bench->block);
    memset(bench->block, 0xA5, n_bytes); /* What init does not set shows. */
    mind->init(bench->block, &bench->deployment, &bench->limits);
    bench->event.at = 10 * NS_PER_HOUR;
    bench_answers_reset();
    send_baseline(bench, 1);
    send_baseline(bench, 2);
}

void bench_close(struct bench *bench)
{
    free(bench->block);
    bench->block = NULL;
}

/* Closed incidents stay in the docket for one step; then they are gone. */
static void docket_sweep(struct bench *bench)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < bench->docket.n_entries; i++) {
        if (!incident_is_closed(bench->docket.entries[i].state)) {
            bench->docket.entries[kept++] = bench->docket.entries[i];
        }
    }
    bench->docket.n_entries = kept;
}

static void docket_take(struct bench *bench)
{
    for (uint32_t i = 0; i < bench->advice.n_items; i++) {
        const struct advice_item *item = &bench->advice.items[i];
        struct docket_entry *entry = bench_entry(bench, item->incident.value);
        if (item->kind == ADVICE_OPEN && entry == NULL && bench->docket.n_entries < INCIDENTS_MAX) {
            bench->docket.entries[bench->docket.n_entries++] =
                (struct docket_entry){.incident = item->incident,
                                      .model = item->model,
                                      .state = INCIDENT_OPEN,
                                      .opened_at = bench->event.at};
        }
        if (item->kind == ADVICE_ESCALATE && entry != NULL) {
            entry->state = INCIDENT_ESCALATED;
            entry->escalated = true;
        }
        if (item->kind == ADVICE_CLOSE && entry != NULL && !bench->keeps_open) {
            entry->state = INCIDENT_RESOLVED;
        }
    }
}

void bench_step(struct bench *bench)
{
    bench->event.sequence++;
    advice_reset(&bench->advice);
    bench->mind->step(bench->block, &bench->event, &bench->docket, &bench->advice);
    docket_sweep(bench);
    docket_take(bench);
}

void bench_tick(struct bench *bench, int64_t after_ns)
{
    bench->event.at += after_ns;
    bench->event.kind = EVENT_TICK;
    bench_step(bench);
}

static void fill_bins(struct window *window, const struct bench_window *shape)
{
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 10; j++) {
            window->bins[i][j] = REQUESTS / 10;
        }
    }
    if (shape->shifted) {
        for (int j = 0; j < 9; j++) {
            window->bins[0][j] = REQUESTS / 20;
        }
        window->bins[0][9] = REQUESTS - 9 * (REQUESTS / 20);
    }
    uint32_t nulls = (uint32_t)(shape->nulls * REQUESTS);
    for (int j = 0; j < 10; j++) {
        window->bins[1][j] = (REQUESTS - nulls) / 10;
    }
    window->bins[1][BIN_NULL] = nulls;
}

void bench_window(struct bench *bench, uint16_t model, struct bench_window shape)
{
    struct event *event = &bench->event;
    int64_t from = event->at;
    event->at += model == 1 ? bench->deployment.window_ns : 0;
    event->kind = EVENT_WINDOW;
    event->window = (struct window){.model = {model},
                                    .version = {7},
                                    .role = SERVING_CHAMPION,
                                    .from = from,
                                    .to = event->at,
                                    .requests = REQUESTS,
                                    .errors = shape.requests_failed,
                                    .positives = shape.positives == 0 ? 600 : shape.positives,
                                    .latency_p95_us = 20000,
                                    .labels_scored = shape.scored,
                                    .labels_correct = shape.scored - shape.wrong,
                                    .cohort_from = from - NS_PER_HOUR,
                                    .cohort_to = event->at - NS_PER_HOUR};
    fill_bins(&event->window, &shape);
    bench_step(bench);
}

struct answer *bench_answer(struct bench *bench, uint16_t model, enum tool tool)
{
    struct event *event = &bench->event;
    event->kind = EVENT_ANSWER;
    event->answer = bench_answers[tool];
    event->answer.tool = tool;
    event->answer.model.value = model;
    event->answer.status = ANSWER_OK;
    event->answer.sampled_at = event->at;
    return &event->answer;
}

void bench_answers_reset(void)
{
    memset(bench_answers, 0, sizeof(bench_answers));
    bench_answers[TOOL_STATE].state = (struct state_answer){.serving = {7},
                                                            .previous = {6},
                                                            .registered = {7},
                                                            .serving_digest = {7, 77},
                                                            .config = {3},
                                                            .config_previous = {2},
                                                            .schema_id = 1,
                                                            .ready_replicas = 4};
    struct registry_answer *registry = &bench_answers[TOOL_REGISTRY].registry;
    registry->n_versions = 3;
    for (uint16_t i = 0; i < 3; i++) {
        uint16_t version = (uint16_t)(7 - i);
        registry->versions[i] = (struct registry_version){.version = {version},
                                                          .digest = {version, version * 11u},
                                                          .schema_id = 1,
                                                          .available = true,
                                                          .complete = true,
                                                          .certified = true,
                                                          .holdout_error = 0.1 + 0.01 * i};
    }
    struct tables_answer *tables = &bench_answers[TOOL_TABLES].tables;
    tables->n_tables = 2;
    for (uint16_t i = 0; i < 2; i++) {
        tables->tables[i] = (struct table_profile){.table = {(uint16_t)(i + 1)},
                                                   .schema_changed_at = NEVER,
                                                   .rows_ratio = 1.0,
                                                   .batch = {100u + i, 1},
                                                   .snapshot = {200u + i, 1}};
    }
    bench_answers[TOOL_LABELS].labels =
        (struct labels_answer){.scored = 1000, .correct = 900, .baseline_error = 0.1};
}

void bench_answer_all(struct bench *bench, uint16_t model)
{
    static struct advice asked; /* Larger than a frame should be; tests run one at a time. */
    asked = bench->advice;
    for (uint32_t i = 0; i < asked.n_items; i++) {
        if (asked.items[i].kind == ADVICE_ASK && asked.items[i].model.value == model) {
            bench->event.at += NS_PER_S;
            bench_answer(bench, model, asked.items[i].tool)->question = asked.items[i].question;
            bench_step(bench);
        }
    }
}

uint32_t bench_count(const struct bench *bench, enum advice_kind kind)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < bench->advice.n_items; i++) {
        n += bench->advice.items[i].kind == kind ? 1 : 0;
    }
    return n;
}

const struct advice_item *bench_find(const struct bench *bench, enum advice_kind kind)
{
    for (uint32_t i = 0; i < bench->advice.n_items; i++) {
        if (bench->advice.items[i].kind == kind) {
            return &bench->advice.items[i];
        }
    }
    return NULL;
}

struct docket_entry *bench_entry(struct bench *bench, uint32_t incident)
{
    for (uint32_t i = 0; i < bench->docket.n_entries; i++) {
        if (bench->docket.entries[i].incident.value == incident) {
            return &bench->docket.entries[i];
        }
    }
    return NULL;
}

void bench_act(struct bench *bench, const struct advice_item *proposal, enum action_state state)
{
    struct docket_entry *entry = bench_entry(bench, proposal->incident.value);
    assert_non_null(entry);
    entry->action.value++;
    entry->plan = proposal->plan;
    entry->step = proposal->step;
    entry->verb = proposal->verb;
    entry->args = proposal->args;
    entry->action_state = state;
    entry->action_at = bench->event.at;
}

static struct digest128 advice_digest(struct advice *advice)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    advice_visit(&digest.visit, advice);
    return visit_digest_close(&digest);
}

static struct digest128 state_digest(const struct bench *bench)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    bench->mind->visit(bench->block, &digest.visit);
    return visit_digest_close(&digest);
}

void assert_round_trip(struct bench *first, const struct bench_mind *mind)
{
    static struct memory_visit memory;
    static struct bench second;
    bench_open(&second, mind);
    second.event = first->event;
    second.docket = first->docket;
    second.keeps_open = first->keeps_open;
    memory_visit_init(&memory);
    mind->visit(first->block, &memory.visit);
    memory_visit_rewind(&memory);
    mind->visit(second.block, &memory.visit);
    assert_true(memory_visit_is_done(&memory));
    for (uint32_t i = 0; i < 40; i++) {
        struct digest128 a = state_digest(first), b = state_digest(&second);
        assert_true(digest128_equal(a, b));
        struct bench_window window = {.shifted = i < 20,
                                      .nulls = i % 7 == 3 ? 0.3 : 0.0,
                                      .scored = 300,
                                      .wrong = i < 12 ? 60 : 30};
        bench_window(first, 1, window);
        bench_window(&second, 1, window);
        assert_true(digest128_equal(advice_digest(&first->advice), advice_digest(&second.advice)));
        enum tool tool = (enum tool)(i % N_TOOLS);
        (void)bench_answer(first, 1, tool);
        (void)bench_answer(&second, 1, tool);
        bench_step(first);
        bench_step(&second);
        assert_true(digest128_equal(advice_digest(&first->advice), advice_digest(&second.advice)));
        bench_tick(first, 30 * NS_PER_S);
        bench_tick(&second, 30 * NS_PER_S);
        assert_true(digest128_equal(advice_digest(&first->advice), advice_digest(&second.advice)));
    }
    bench_close(&second);
}
