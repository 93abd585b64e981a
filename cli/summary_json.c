/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed JSON of `steward sim`. */
#include <jansson.h>
#include <math.h>

#include "cli/summary.h"
#include "core/formats/fingerprint.h"

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *count(uint64_t value) { return json_integer((json_int_t)value); }

static json_t *quantiles(const struct quantiles *q)
{
    return json_pack("{s:o,s:o,s:o,s:o,s:o}", "p50", number(q->p50), "p95", number(q->p95), "p99",
                     number(q->p99), "n", count(q->n), "censored", count(q->censored));
}

static json_t *interval(const struct interval *r)
{
    return json_pack("{s:o,s:o,s:o}", "value", number(r->value), "lo", number(r->lo), "hi",
                     number(r->hi));
}

static json_t *violation_list(const struct arm_result *arm)
{
    json_t *list = json_array();
    for (uint64_t i = 0; i < arm->n_listed; i++) {
        const struct listed_violation *listed = &arm->listed[i];
        (void)json_array_append_new(list, json_pack("{s:s,s:s,s:o,s:s}", "invariant",
                                                    invariant_name(listed->invariant), "scenario",
                                                    listed->scenario, "seed", count(listed->seed),
                                                    "why", listed->why));
    }
    return list;
}

static json_t *invariants(const struct arm_result *arm)
{
    json_t *object = json_object();
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        json_t *value = invariant_is_checked(invariant)
                            ? json_pack("{s:o,s:o}", "opportunities", count(arm->occasions[i]),
                                        "breaches", count(arm->breaches[i]))
                            : json_string("not checked");
        (void)json_object_set_new(object, invariant_name(invariant), value);
    }
    return object;
}

static json_t *outcome_errors(const struct arm_result *arm)
{
    json_t *object = json_object();
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        if (!invariant_is_enforceable(invariant) && invariant_is_checked(invariant)) {
            (void)json_object_set_new(object, invariant_name(invariant),
                                      interval(&arm->outcome_errors[i]));
        }
    }
    return object;
}

static json_t *arm_json(const struct arm_result *arm)
{
    json_t *object = json_object();
    (void)json_object_set_new(object, "observe_s", quantiles(&arm->observe));
    (void)json_object_set_new(object, "detection_s", quantiles(&arm->detection));
    (void)json_object_set_new(object, "response_s", quantiles(&arm->response));
    (void)json_object_set_new(object, "restore_s", quantiles(&arm->restore));
    (void)json_object_set_new(object, "missed", count(arm->missed));
    (void)json_object_set_new(object, "escalation_rate", number(arm->escalation_rate.value));
    (void)json_object_set_new(object, "autonomy_rate", number(arm->autonomy_rate.value));
    (void)json_object_set_new(object, "interventions_per_episode",
                              number(arm->interventions_per_episode));
    (void)json_object_set_new(object, "interruptions_per_episode",
                              number(arm->interruptions_per_episode));
    (void)json_object_set_new(object, "human_minutes_per_episode", number(arm->human_minutes));
    (void)json_object_set_new(object, "bad_prediction_minutes", number(arm->bad_prediction_minutes));
    (void)json_object_set_new(object, "correct_rate", number(arm->correct_rate));
    (void)json_object_set_new(object, "corrected_by_human_rate",
                              number(arm->corrected_by_human_rate));
    (void)json_object_set_new(object, "harmful_actions", count(arm->harmful_actions));
    (void)json_object_set_new(object, "false_actions", count(arm->false_actions));
    (void)json_object_set_new(object, "needless_pages", count(arm->needless_pages));
    (void)json_object_set_new(object, "violations", count(arm->violations));
    (void)json_object_set_new(object, "violation_list", violation_list(arm));
    (void)json_object_set_new(object, "outcome_errors", outcome_errors(arm));
    (void)json_object_set_new(object, "invariants", invariants(arm));
    (void)json_object_set_new(object, "llm_calls", count(arm->llm_calls));
    (void)json_object_set_new(object, "llm_unrecorded", count(arm->llm_unrecorded));
    (void)json_object_set_new(object, "cost_usd", number(arm->cost_usd));
    return object;
}

static json_t *reduction(const struct reduction *r)
{
    return r->known ? json_pack("{s:o,s:o,s:o}", "episodes", interval(&r->episodes), "acts",
                                interval(&r->acts), "minutes", interval(&r->minutes))
                    : json_null();
}

json_t *summary_object(const struct campaign_request *request, const struct campaign_result *result,
                       double wall_s)
{
    char fingerprint[33];
    fingerprint_hex(result->fingerprint, fingerprint);
    json_t *arms = json_object();
    for (int i = 0; i < N_ARMS; i++) {
        if (request->arms[i]) {
            (void)json_object_set_new(arms, arm_name((enum arm)i), arm_json(&result->arms[i]));
        }
    }
    const struct arm_result *steward = &result->arms[ARM_STEWARD];
    bool ran = request->arms[ARM_STEWARD]; /* Of the agents nothing is known otherwise. */
    json_t *audit =
        ran ? json_pack("{s:o,s:o,s:b}", "effects", count(steward->effects), "records",
                        count(steward->records), "complete", steward->effects == steward->records)
            : json_pack("{s:n,s:n,s:n}", "effects", "records", "complete");
    return json_pack("{s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "seed",
                     count(result->seed), "runs", count(result->runs), "incidents",
                     ran ? count(result->incidents) : json_null(), "fingerprint", fingerprint,
                     "events", count(result->events), "windows", count(result->windows),
                     "virtual_s", number(result->virtual_s), "wall_s", number(wall_s), "arms", arms,
                     "reduction", reduction(&result->vs_manual), "reduction_vs_rules",
                     reduction(&result->vs_rules), "bound_95",
                     ran ? number(result->bound_95) : json_null(), "bound_95_worst_family",
                     ran ? number(result->bound_95_worst_family) : json_null(), "audit", audit);
}

bool summary_json(FILE *stream, const struct campaign_request *request,
                  const struct campaign_result *result, double wall_s)
{
    json_t *root = summary_object(request, result, wall_s);
    if (root == NULL) {
        return false;
    }
    bool is_written = json_dumpf(root, stream, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) == 0 &&
                      fputc('\n', stream) != EOF;
    json_decref(root);
    return is_written;
}
