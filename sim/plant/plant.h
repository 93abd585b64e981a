/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the plant: the models of a deployment in virtual time, with causal accuracy, training on mixtures, late labels, a registry,
 * a router and the tools that look at them. Structural for synthetic fleets, real learners for recordings. */
#ifndef SIM_PLANT_PLANT_H
#define SIM_PLANT_PLANT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "sim/engine/engine.h"
#include "sim/truth/plan.h"
#include "sim/truth/truth.h"

/* Rows of a recording, borrowed (the same shape as core/formats/csv.h gives). */
struct plant_recording {
    uint32_t n_rows, n_features;
    const double *features;
    const uint8_t *labels;
    uint32_t first_row; /* Row served at time 0. */
    uint32_t train_rows; /* The version of the start was fitted on that many rows before first_row. */
    int64_t row_ns;
    uint32_t learner; /* 0 gaussian_nb, 1 logistic, 2 hoeffding_tree. */
};

struct plant; /* Opaque; in the episode's block. */

size_t plant_size(void);
/* truth is filled and kept true from here on. Schedules everything of the plan that is the world's. recording NULL: structural. */
struct plant *plant_init(void *block, const struct deployment *deployment, const struct plan *plan,
                         const struct plant_recording *recording, struct engine *engine,
                         struct truth *truth);

/* Handles an occurrence of OWNER_PLANT. Returns true when *ret_event (kind, at, body; not sequence) is something the arm gets to
 * see now: BASELINE WINDOW ANSWER OUTCOME CHANGE CONTROL(CALENDAR). Slices live in the plant until the next call. */
bool plant_step(struct plant *plant, const struct occurrence *occurrence, struct event *ret_event);

/* How an attempt will go, decided by the faults. */
enum fate {
    FATE_NORMAL,
    FATE_FAILS,
    FATE_UNKNOWN_DONE,
    FATE_UNKNOWN_NOT_DONE,
    FATE_BELIEVED_DONE /* Nothing is done, and DONE is told. */
};

/* A tool is asked; its answer comes as an ANSWER event after the tool's latency, sampled when it is made. */
void plant_ask(struct plant *plant, const struct ask_effect *ask);
/* The agent acts. An entry is put into the ledger in any case; an OUTCOME event follows. after_sequence: newest event the agent got. */
void plant_act(struct plant *plant, const struct act_effect *act, enum fate fate,
               uint64_t after_sequence);
/* The same, where the attempt reaches the platform only delay_ns from now. */
void plant_act_later(struct plant *plant, const struct act_effect *act, enum fate fate,
                     int64_t delay_ns, uint64_t after_sequence);
/* A person acts (both arms); the same machinery without keys and outcomes. */
void plant_act_human(struct plant *plant, enum verb verb, const struct action_args *args,
                     struct person_id person, struct incident_id incident);
/* What the registry holds of a model now. */
void plant_registry(struct plant *plant, struct model_id model, struct registry_answer *ret_answer);
/* The producer of table repairs what is wrong with it, now. */
void plant_repair(struct plant *plant, struct table_id table);
/* Brings the integrals of truth (bad minutes, bad predictions) to now. */
void plant_settle(struct plant *plant);
uint64_t plant_windows(const struct plant *plant); /* Telemetry windows made so far. */

/* Structural accuracy of version weights w, bias b against truth v, c under served mean mu, sd sigma: P(sign agrees), Gauss-Legendre over
 * the bivariate normal. correlation form for tests: 1 - acos(rho)/pi at zero thresholds. Public for tests and calibration. */
double plant_accuracy(double rho, double threshold_truth, double threshold_score);

#endif
