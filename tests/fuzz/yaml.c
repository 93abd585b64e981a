/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a scenario, a suite, a deployment and a policy: refused with a message that names the file, or something that keeps
 * its promises and can be used. */
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/deployment.h"
#include "sim/scenario/scenario.h"
#include "tests/fuzz/fuzz.h"

static const char carried[] =
    "id: M01\ntitle: Carried\nclass: c\nfamily: M01\ndeployment: fleet\npolicy: default\n"
    "true_incident: true\nmust_escalate: false\ncorrect: ROLLBACK\nbait: NOOP\n"
    "horizon: 12h\nitems: [{kind: bad_model_push, main: true, at: 1h, a: 0.1}]\n";

static struct err_text text;
static struct suite suite;
static struct plan plan;
static struct deployment deployment, small;
static struct policy policy;

static enum err read_carried(void *self, const char *path, struct slice *ret_bytes,
                             struct err_text *ret_text)
{
    (void)self;
    if (strcmp(path, "scenarios/M01.yaml") != 0) {
        return err_set(ret_text, ERR_NO_INPUT, "input: %s is not there", path);
    }
    *ret_bytes = slice_of(carried);
    return OK;
}

static void assert_told(enum err err)
{
    ASSERT(err == ERR_DATA || err == ERR_CONFIG || err == ERR_NO_INPUT);
    ASSERT(strncmp(text.text, "input", 5) == 0 || strncmp(text.text, "scenarios/M01.yaml", 18) == 0);
    for (const char *c = text.text; *c != '\0'; c++) {
        ASSERT((unsigned char)*c >= 0x20);
    }
}

/* Three models of two features, so that every kind has something to act on. */
static void make_small(void)
{
    small.n_models = 3;
    small.n_tables = 1;
    for (uint32_t i = 0; i < small.n_models; i++) {
        small.models[i].n_features = 2;
        for (uint32_t j = 0; j < 2; j++) {
            small.models[i].features[j].table.value = 1;
            small.models[i].features[j].importance = j == 0 ? 0.5 : 0.01;
        }
    }
}

static void expand_all(void)
{
    make_small();
    for (uint32_t i = 0; i < suite.n_scenarios; i++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            plan_expand(&suite, i, &small, seed, &plan);
            ASSERT(plan.n_items >= 1);
            ASSERT(plan.n_items <= PLAN_ITEMS_MAX);
            ASSERT(plan.items[plan.main_item].at >= 0);
            ASSERT(plan.items[plan.main_item].until >= plan.items[plan.main_item].at);
            ASSERT(plan.model.value >= 1);
            ASSERT(plan.model.value <= small.n_models);
        }
    }
}

static void try_suite(struct slice bytes)
{
    struct library library = {NULL, read_carried};
    suite_init(&suite, "fuzz");
    enum err err = suite_add(&suite, "input", bytes, &library, &text);
    if (err != OK) {
        assert_told(err);
        err = suite_add_suite(&suite, "input", bytes, &library, &text);
    }
    if (err != OK) {
        assert_told(err);
        return;
    }
    ASSERT(suite.n_scenarios <= SUITE_SCENARIOS_MAX);
    ASSERT(suite.n_pressures <= PRESSURES_MAX);
    expand_all();
}

static void try_deployment(struct slice bytes)
{
    enum err err = deployment_parse("input", bytes, &deployment, &text);
    if (err != OK) {
        assert_told(err);
        return;
    }
    ASSERT(deployment.n_models >= 1);
    ASSERT(deployment.n_models <= MODELS_MAX);
    ASSERT(deployment_person(&deployment, ROLE_ONCALL, 1).value != 0);
    for (uint32_t i = 0; i < deployment.n_models; i++) {
        const struct model_entry *model = &deployment.models[i];
        ASSERT(model->n_features >= 1);
        ASSERT(model->n_features <= FEATURES_MAX);
        for (uint32_t j = 0; j < model->n_features; j++) {
            ASSERT(model->features[j].table.value >= 1);
            ASSERT(model->features[j].table.value <= deployment.n_tables);
            ASSERT(model->features[j].importance >= 0.0);
            ASSERT(model->features[j].importance <= 1.0);
        }
    }
    for (uint32_t i = 0; i < deployment.n_tables; i++) {
        ASSERT(deployment_person_has(&deployment, deployment.tables[i].producer, ROLE_PRODUCER));
    }
}

static void try_policy(struct slice bytes)
{
    enum err err = policy_parse("input", bytes, &policy, &text);
    if (err != OK) {
        assert_told(err);
        return;
    }
    ASSERT(policy.n_rules <= POLICY_RULES_MAX);
    for (uint32_t verb = 0; verb < N_VERBS; verb++) {
        ASSERT((uint32_t)policy_verdict(&policy, (enum verb)verb, TIER_HIGH, UINT64_MAX) < N_VERDICTS);
    }
    ASSERT(policy.limits.traffic_ppm_per_window <= 1000000);
    ASSERT(policy.limits.cool_down_ns > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct slice input = {(const char *)bytes, n_bytes};
    try_suite(input);
    try_deployment(input);
    try_policy(input);
    return 0;
}
