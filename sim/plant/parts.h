/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the plant as they see each other: one block for each source file. */
#ifndef SIM_PLANT_PARTS_H
#define SIM_PLANT_PARTS_H

#include "sim/plant/state.h"

/* plant.c: what changes and when. */
enum plant_kind {
    PLANT_BASELINE,
    PLANT_WINDOW,
    PLANT_CANARY_WINDOW,
    PLANT_ITEM_ON,
    PLANT_ITEM_OFF,
    PLANT_DECLARE, /* A calendar window becomes known. */
    PLANT_CHANGE,  /* An entry of the change feed is told. */
    PLANT_ATTEMPT, /* An attempt takes effect, fails or is aborted. */
    PLANT_OUTCOME, /* No answer in time, or the answer to a repeated key. */
    PLANT_EXPIRE,  /* A time to live is over. */
    PLANT_TRAINED,
    PLANT_ANSWER
};
struct truth_model *truth_of(struct plant *plant, uint32_t model_i);
bool is_recorded(const struct plant *plant, uint32_t model_i);
int64_t now_of(const struct plant *plant);
/* Before anything about the model changes: integrals and the half-made window are brought to now. */
void plant_touch(struct plant *plant, uint32_t model_i);
/* After it: environment, accuracies, telemetry and truth follow. */
void plant_refresh(struct plant *plant, uint32_t model_i);
void plant_later(struct plant *plant, int64_t at, enum plant_kind kind, uint32_t model_i,
                 uint32_t number, uint64_t value);
/* An entry of the change feed, told now. item: of the plan, or PLAN_ITEMS_MAX. */
void plant_tell(struct plant *plant, const struct change *change, uint32_t item);
bool plant_item_concerns(const struct plan_item *item, uint32_t model_i);
void calendar_answer_of(const struct plant *plant, uint32_t model_i,
                        struct calendar_answer *ret_answer);

/* accuracy.c: the structural model. */
/* sin and cos of 0 .. 90 degrees. */
double sine_of(double degrees);
double cosine_of(double degrees);
/* A random direction of length |v|, orthogonal to v, over the features of mask. */
void orthogonal_to(const double *v, uint32_t mask, struct stream *stream, double ret_u[FEATURES_MAX]);
void environment_of(const struct plant *plant, uint32_t model_i, uint32_t items,
                    struct environment *ret_environment);
/* What stands between the world and the version. */
struct shield {
    uint32_t disabled, pinned; /* Features. */
    bool clean;                /* Values out of order are replaced by usual ones. */
};
uint32_t served_of(const struct plant_model *model, const struct environment *environment,
                   struct shield shield, struct served ret_served[SPLIT_MAX]);
double accuracy_of(const struct served *served, uint32_t n_served, const double *weights,
                   double intercept, double threshold, double score_sd);
double positive_rate_of(const struct served *served, uint32_t n_served, const double *weights,
                        double intercept, double threshold, double score_sd);
void score_moments(const struct served *served, const double *weights, double intercept,
                   double *ret_mean, double *ret_sd);
/* Probability that two versions disagree, at their thresholds. */
double disagreement_of(const struct served *served, uint32_t n_served, const struct artefact *a,
                       const struct artefact *b, double threshold);
/* Weights between those of `from` and noise along u, such that accuracy falls by loss under the environment. */
void weights_worse_by(const struct plant_model *model, const struct environment *environment,
                      double loss, const double *u, const struct artefact *from,
                      double ret_weights[FEATURES_MAX]);
struct shield shield_of(const struct plant *plant, uint32_t model_i);
double threshold_of(const struct plant *plant, uint32_t model_i);
/* Unexplained part: accuracy as it is this week. */
double accuracy_live(const struct plant_model *model, double accuracy);

/* model.c: what a model of the deployment is. */
void model_init(struct plant *plant, uint32_t model_i);

/* registry.c: versions. */
uint32_t version_index(const struct plant *plant, uint32_t model_i,
                       struct version_id version); /* VERSIONS_MAX: none. */
struct artefact *artefact_of(struct plant *plant, uint32_t model_i, struct version_id version);
struct truth_version *version_of(struct plant *plant, uint32_t model_i, struct version_id version);
/* Adds a version, newest; the oldest that nobody uses makes room. Its number and digest are set. */
struct truth_version *version_add(struct plant *plant, uint32_t model_i,
                                  const struct truth_version *known, const struct artefact *artefact);
void registry_init(struct plant *plant, uint32_t model_i);
/* A pipeline registers and deploys. */
void registry_push(struct plant *plant, uint32_t model_i, uint32_t item);
/* The version begins to serve, or to take a share as canary; its profile is sent. */
void version_serve(struct plant *plant, uint32_t model_i, struct version_id version);
void version_canary(struct plant *plant, uint32_t model_i, struct version_id version,
                    uint32_t weight_ppm);
void registry_answer_of(struct plant *plant, uint32_t model_i, struct registry_answer *ret_answer);
void baseline_of(struct plant *plant, uint32_t model_i, struct version_id version,
                 struct baseline *ret_baseline);

/* training.c */
/* Rows of a window, as truth sees them. */
void training_rows(const struct plant *plant, uint32_t model_i, const struct action_args *args,
                   struct ledger_entry *entry);
/* Rows and labels are looked at now; the version comes with PLANT_TRAINED. */
void training_start(struct plant *plant, uint32_t model_i, uint32_t entry_i);
/* The training of the ledger entry ends; true when it gave a version. */
bool training_end(struct plant *plant, uint32_t model_i, uint32_t entry_i,
                  struct version_id *ret_version);
/* Last snapshot of the table that passed its checks, by time; NEVER: none. */
int64_t snapshot_before(const struct plant *plant, uint32_t model_i, struct table_id table,
                        int64_t at);

/* actions.c */
bool attempt_happens(struct plant *plant, uint32_t entry_i, struct event *ret_event);
bool outcome_comes(struct plant *plant, uint32_t entry_i, enum outcome_status status,
                   struct event *ret_event);
void hold_expires(struct plant *plant, uint32_t entry_i);
bool trained_ends(struct plant *plant, uint32_t entry_i, bool fails, struct event *ret_event);

/* telemetry.c */
void view_of(struct plant *plant, uint32_t model_i, struct view *ret_view);
void ratio_of_views(struct plant *plant, uint32_t model_i);
/* The square roots, once the probabilities are there. */
void view_roots(const struct plant_model *model, struct view *view);
void reference_init(struct plant *plant);
void counts_draw(const struct plant *plant, const double *p, uint32_t n_bins, uint32_t n,
                 uint64_t key, uint64_t counter, uint32_t *ret_counts);
void window_make(struct plant *plant, uint32_t model_i, struct window *ret_window);
void canary_window_make(struct plant *plant, uint32_t model_i, struct window *ret_window);
/* Puts the labels that are due by the end of the window into it; returns their log likelihood ratio. */
double labels_put(const struct plant *plant, struct plant_model *model, bool is_late,
                  struct window *window);
/* Truth notes the ratio of the newest window that reaches the arm. */
void window_seen(struct plant *plant, uint32_t model_i, double llr);
/* Factor of the mean traffic at a time: hour of day and day of week. */
double shape_at(const struct plant *plant, int64_t at);
/* Probability of a bin of feature i with the drift of now. */
double drifted(const struct plant_model *model, uint32_t i, uint32_t bin);
/* What requests of an environment show, behind pins (features). */
void view_inputs(const struct plant *plant, uint32_t model_i, const struct environment *environment,
                 uint32_t pinned, struct view *view);
/* Requests of window number (1 is the first; before it: history). */
struct cohort cohort_at(const struct plant *plant, const struct plant_model *model, int64_t number);
/* Newest window whose labels are due now. */
int64_t cohort_due(const struct plant *plant, const struct plant_model *model);

/* tools.c */
void answer_make(struct plant *plant, uint32_t model_i, enum tool tool, struct question_id question,
                 struct answer *ret_answer);
struct digest128 batch_digest(const struct plant *plant, struct table_id table, int64_t at);
struct digest128 snapshot_digest(const struct plant *plant, struct table_id table, int64_t at);

/* notes.c: untrusted text. */
struct slice note_of(struct plant *plant, const struct change *change, uint32_t item);
struct slice logs_of(struct plant *plant, uint32_t model_i);

/* recorded.c */
void recorded_init(struct plant *plant);
void recorded_refresh(struct plant *plant);
void recorded_window(struct plant *plant, struct window *ret_window);
void recorded_canary_window(struct plant *plant, struct window *ret_window);
struct cohort recorded_history(const struct plant *plant, int64_t number);
void recorded_rows(const struct plant *plant, const struct action_args *args,
                   struct ledger_entry *entry);
/* Fits on labelled rows of the window; the learner waits until recorded_keep gives it the slot of its version. */
bool recorded_train(struct plant *plant, const struct action_args *args, int64_t labelled_to,
                    struct truth_version *ret_version, struct artefact *ret_artefact);
void recorded_keep(struct plant *plant, uint32_t slot);
/* The version in slot from is now in slot to. */
void recorded_moved(struct plant *plant, uint32_t to, uint32_t from);
void recorded_features(const struct plant *plant, struct features_answer *ret_answer);
/* False: nothing labelled to compare on. */
bool recorded_shadow(struct plant *plant, struct shadow_answer *ret_answer);
void recorded_golden(struct plant *plant, struct golden_answer *ret_answer);
void recorded_decisions(struct plant *plant, struct decisions_answer *ret_answer);

#endif
