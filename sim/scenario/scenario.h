/* SPDX-License-Identifier: Apache-2.0 */
/* Door of scenarios: strict YAML in, a suite of weighted scenarios out; a seed picks one and expands it into a plan. */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/types/deployment.h"
#include "core/types/policy.h"
#include "sim/truth/plan.h"

enum {
    SCENARIO_ITEMS_MAX = 12,
    PRESSURES_MAX = 16,       /* One for each kind of condition. */
    SUITE_SCENARIOS_MAX = 128 /* The whole catalogue and its variants. */
};

/* A number drawn when the plan is made: uniform on [lo, hi], or one of two values when choice. */
struct range {
    double lo, hi;
    bool choice;
};

struct scenario_item {
    enum plan_kind kind;
    uint32_t line;      /* In its file. */
    double probability; /* Of being in the plan. */
    bool main;          /* The item that the family is about. */
    struct range at_ns; /* From the start; relative to the main item's at when after_main. */
    bool after_main;
    struct range lasts_ns;   /* hi 0: until NEVER. */
    double median_ns, sigma; /* lasts is log-normal, kept within lasts_ns, when median is not 0. */
    struct range a, b;
    struct range share; /* Of the features that the kind concerns; 0: one feature. */
    bool fleet; /* On the whole fleet (model 0); otherwise on the model of the incident, or ... */
    bool any_model;  /* ... on any. */
    bool on_carrier; /* Came from the carrier. */
};

struct scenario {
    char id[NAME_BYTES];
    char title[TITLE_BYTES];
    char class_name[NAME_BYTES * 2];
    char family[FAMILY_BYTES];
    char file[128]; /* As listed: "scenarios/M01.yaml". */
    char deployment[NAME_BYTES], policy[NAME_BYTES];
    uint32_t class_line, deployment_line, policy_line; /* In the file. */
    char carrier[NAME_BYTES]; /* Scenario id whose items lie underneath; empty otherwise. */
    bool true_incident, must_escalate;
    struct codes correct, bait;
    double weight; /* In mix:prior. */
    int64_t horizon_ns;
    enum persona persona; /* Unless the run says otherwise. */
    char recording[64];   /* CSV under scenarios/ or --data-dir; empty: synthetic. */
    uint32_t learner;     /* Recorded: 0 gaussian_nb, 1 logistic, 2 hoeffding_tree. */
    uint32_t n_items;
    struct scenario_item items[SCENARIO_ITEMS_MAX];
};

struct suite {
    char name[NAME_BYTES];
    char title[TITLE_BYTES];
    uint32_t n_scenarios;
    struct scenario scenarios[SUITE_SCENARIOS_MAX];
    double weights[SUITE_SCENARIOS_MAX];
    char other_policy[NAME_BYTES]; /* In force instead of the scenario's with that probability; empty: never. */
    double other_policy_probability;
    uint32_t n_pressures;
    struct scenario_item pressures[PRESSURES_MAX]; /* Drawn for every episode of a mix, whatever its family. */
};

/* Where files come from: embedded in the binary or on disk. bytes stay valid while the library does. */
struct library {
    void *self;
    enum err (*read)(void *self, const char *path, struct slice *ret_bytes,
                     struct err_text *ret_text);
};

/* One scenario file. name as given, for messages: "FILE:LINE:COLUMN: ...; accepted: ...". */
enum err scenario_parse(const char *name, struct slice bytes, struct scenario *ret_scenario,
                        struct err_text *ret_text) MUST_USE;
void suite_init(struct suite *suite, const char *name);
/* Adds a scenario file; a carrier's items (scenarios/CARRIER.yaml) are read through library and put underneath. */
enum err suite_add(struct suite *suite, const char *name, struct slice bytes,
                   const struct library *library, struct err_text *ret_text) MUST_USE;
/* Adds all of a suite file: title, scenarios (ids, scenarios/ID.yaml), weights: prior | uniform, pressures. */
enum err suite_add_suite(struct suite *suite, const char *name, struct slice bytes,
                         const struct library *library, struct err_text *ret_text) MUST_USE;
/* "FALLBACK>RETRAIN(window=post_fault)>CANARY | NOOP", the catalogue's grammar; false and the place (0-based) of the wrong word otherwise. */
bool codes_parse(struct slice text, struct codes *ret_codes, size_t *ret_at);

/* Index of the scenario that the seed draws from suite, by weight. */
uint32_t suite_draw(const struct suite *suite, uint64_t seed);
/* Expands scenario number index of suite (and its carrier, found in the same suite or by library at parse time) with the suite's
 * pressures into a plan: a pure function of its arguments. */
void plan_expand(const struct suite *suite, uint32_t index, const struct deployment *deployment,
                 uint64_t seed, struct plan *ret_plan);

#endif
