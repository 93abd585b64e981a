/* SPDX-License-Identifier: Apache-2.0 */
/* What was run, and the targets that stood before it ran. */
#include "reports/reader.h"
#include "reports/reports.h"

json_t *report_targets(void)
{
    json_t *targets = json_object();
    /* Seven of ten episodes that people alone would have had to touch are not touched. */
    set_json(targets, "reduction_episodes", json_real(0.70));
    /* "Three to five minutes": from detection to the first correct, confirmed, containing act, correct no-op or hand-over. */
    set_json(targets, "response_p50_s", json_real(240.0));
    set_json(targets, "response_p95_s", json_real(300.0));
    /* Fewer interventions count only when the users of the models are not worse off for it. */
    set_json(targets, "bad_minutes_ratio", json_real(1.05));
    set_json(targets, "violations", json_integer(0));
    set_json(targets, "bound_95", json_real(1e-6));
    /* Weighted share of the whole catalogue's episodes that must end at a human: 20.07 %. An easier mix proves less. */
    set_json(targets, "must_escalate_share", json_real(0.2007));
    return targets;
}

json_t *report_subject_json(const struct report_subject *subject)
{
    json_t *object = json_object(), *targets = json_array();
    for (uint32_t i = 0; i < subject->n_targets; i++) {
        (void)json_array_append_new(targets, words_json(subject->targets[i])); /* Shown, not counted. */
    }
    set_json(object, "title", words_json(subject->title));
    set_json(object, "targets", targets);
    if (subject->suite != NULL) {
        json_t *order = json_array();
        for (uint32_t i = 0; i < subject->suite->n_scenarios; i++) {
            (void)json_array_append_new(
                order, words_json(subject->suite->scenarios[i].id)); /* Checked when it is read. */
        }
        set_json(object, "family_order", order);
    }
    set_json(object, "seed", count_json(subject->seed));
    set_json(object, "runs", count_json(subject->runs));
    set_json(object, "mind", words_json(subject->mind));
    set_json(object, "llm", words_json(subject->llm));
    set_json(object, "policy", words_json(subject->policy));
    set_json(object, "deployment", words_json(subject->deployment));
    set_json(object, "must_escalate_share", number_json(subject->must_escalate_share));
    set_json(object, "version", words_json(STEWARD_VERSION));
    set_json(object, "compiler", words_json(STEWARD_COMPILER));
    return object;
}
