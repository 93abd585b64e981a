/* SPDX-License-Identifier: Apache-2.0 */
/* From sums to statements: rates with intervals, curves, bounds, and what may be said of each target. */
#include "reports/evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/claims.h"
#include "reports/curves.h"
#include "reports/evidence_live.h"
#include "reports/reader.h"
#include "sim/campaign/statistics.h"

enum { ARMS_MAX = N_ARMS + REPORT_INPUTS_MAX };

static const double z_95 = 1.959963984540054;
/* The arm without agents: it pages nobody, nothing of it is done by itself, and no enforceable invariant binds it. */
static const char people_alone[] = "manual";

static json_t *interval_json(struct interval interval)
{
    json_t *object = json_object();
    set_json(object, "value", number_json(interval.value));
    set_json(object, "lo", number_json(interval.lo));
    set_json(object, "hi", number_json(interval.hi));
    return object;
}

static json_t *share_json(uint64_t k, uint64_t n)
{
    json_t *object = interval_json(proportion_interval(k, n));
    set_json(object, "k", count_json(k));
    set_json(object, "n", count_json(n));
    return object;
}

/* Mean of a count an episode with its 95 % interval by the central limit theorem. */
static json_t *mean_json(uint64_t sum, uint64_t sum_squared, uint64_t n)
{
    double m = (double)n, mean = (double)sum / m;
    double variance = n > 1 ? ((double)sum_squared - m * mean * mean) / (m - 1.0) : NAN;
    double half = z_95 * sqrt(variance < 0.0 ? 0.0 : variance / m);
    double lo = mean - half < 0.0 ? 0.0 : mean - half;
    return interval_json((struct interval){mean, n > 1 ? lo : NAN, n > 1 ? mean + half : NAN});
}

/* null where nothing was at stake, for one kind of error and for all of them. */
static void put_errors(struct reader *reader, json_t *arm, const json_t *sums, uint64_t episodes)
{
    bool is_judged = false;
    json_t *object = json_object();
    const json_t *invariants = read_object(reader, sums, "invariants");
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        if (invariant_is_enforceable(invariant) || !invariant_is_checked(invariant)) {
            continue;
        }
        const json_t *one = read_object(reader, invariants, invariant_name(invariant));
        uint64_t at_stake = read_count(reader, one, "episodes_at_stake"),
                 broken = read_count(reader, one, "episodes_broken");
        set_json(object, invariant_name(invariant),
                 at_stake > 0 ? share_json(broken, episodes) : json_null());
        is_judged |= at_stake > 0;
    }
    set_json(arm, "outcome_errors", object);
    if (!is_judged) {
        set_json(arm, "outcome_error", json_null());
    }
}

struct arm_source {
    const char *name, *arm, *mind, *file; /* file: where the sums stand, for messages. */
    const json_t *sums;
    bool is_subject;
};

static enum err arm_json(struct reader *reader, const struct arm_source *source, json_t **ret_arm)
{
    static const char *const counts[] = {
        "true_incidents", "must_escalate", "missed",          "violating",     "erring",
        "violations",     "llm_calls",     "harmful_actions", "false_actions", "needless_pages",
        "effects",        "records",       "interventions",   "interruptions", "cost_microusd"};
    static const char *const shares[][2] = {{"escalated", "escalation"},
                                            {"touched", "needed_human"},
                                            {"autonomous", "autonomy"},
                                            {"correct", "right_remedy"},
                                            {"corrected_by_human", "right_with_person"},
                                            {"erring", "outcome_error"}};
    const json_t *sums = source->sums;
    json_t *arm = *ret_arm = json_object();
    reader->path = source->file;
    uint64_t n = read_count(reader, sums, "episodes");
    if (n == 0) {
        read_fails(reader, "is 0", "episodes");
    }
    TRY(reader->err);
    set_json(arm, "name", words_json(source->name));
    set_json(arm, "arm", words_json(source->arm));
    set_json(arm, "mind", words_json(source->mind));
    set_json(arm, "is_subject", json_boolean(source->is_subject));
    set_json(arm, "episodes", count_json(n));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        set_json(arm, counts[i], count_json(read_count(reader, sums, counts[i])));
    }
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        uint64_t k = read_count(reader, sums, shares[i][0]);
        if (k > n) {
            read_fails(reader, "exceeds the episodes", shares[i][0]);
        }
        TRY(reader->err);
        set_json(arm, shares[i][1], share_json(k, n));
    }
    uint64_t correct = read_count(reader, sums, "correct"),
             with_person = read_count(reader, sums, "corrected_by_human");
    if (with_person > correct) {
        read_fails(reader, "exceeds the right remedies", "corrected_by_human");
    }
    TRY(reader->err);
    set_json(arm, "right_by_itself", share_json(correct - with_person, n));
    if (strcmp(source->arm, people_alone) == 0) {
        set_json(arm, "escalation", json_null());
        set_json(arm, "right_by_itself", json_null());
        set_json(arm, "right_with_person", json_null());
    }
    double m = (double)n;
    set_json(arm, "interventions_per_episode",
             mean_json(read_count(reader, sums, "interventions"),
                       read_count(reader, sums, "interventions_squared"), n));
    set_json(arm, "interruptions_per_episode",
             number_json((double)read_count(reader, sums, "interruptions") / m));
    set_json(arm, "human_minutes_per_episode",
             number_json((double)read_count(reader, sums, "human_ns") / 6e10 / m));
    set_json(arm, "bad_minutes_per_episode",
             number_json((double)read_count(reader, sums, "bad_micro_minutes") * 1e-6 / m));
    put_errors(reader, arm, sums, n);
    TRY(reader->err);
    static const char *const measures[] = {"observe", "detection", "response", "restore", NULL};
    return curves_put(reader, sums, measures, arm);
}

/* One invariant in every arm. */
static void put_invariant(struct reader *reader, json_t *list, enum invariant invariant,
                          const struct arm_source *arms, uint32_t n_arms)
{
    json_t *object = json_object(), *by_arm = json_object();
    const char *id = invariant_name(invariant);
    set_json(object, "id", words_json(id));
    set_json(object, "words", words_json(invariant_words(invariant)));
    set_json(object, "kind",
             words_json(invariant_is_enforceable(invariant) ? "enforceable" : "outcome"));
    for (uint32_t i = 0; i < n_arms; i++) {
        reader->path = arms[i].file;
        const json_t *sums = read_object(reader, read_object(reader, arms[i].sums, "invariants"), id);
        uint64_t at_stake = read_count(reader, sums, "episodes_at_stake");
        uint64_t broken = read_count(reader, sums, "episodes_broken");
        json_t *one = json_object();
        set_json(one, "opportunities", count_json(read_count(reader, sums, "opportunities")));
        set_json(one, "breaches", count_json(read_count(reader, sums, "breaches")));
        set_json(one, "episodes_at_stake", count_json(at_stake));
        set_json(one, "episodes_broken", count_json(broken));
        set_json(one, "bound_95", number_json(proportion_upper(broken, at_stake)));
        set_json(by_arm, arms[i].name, one);
    }
    set_json(object, "arms", by_arm);
    (void)json_array_append_new(list, object); /* Out of memory shows when the evidence is written. */
}

static void put_invariants(struct reader *reader, json_t *evidence, const struct arm_source *arms,
                           uint32_t n_arms)
{
    json_t *checked = json_array(), *unchecked = json_array();
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        if (invariant_is_checked(invariant)) {
            put_invariant(reader, checked, invariant, arms, n_arms);
        } else {
            (void)json_array_append_new(
                unchecked,
                json_pack("{s:s,s:s,s:s}", "id", invariant_name(invariant), "words",
                          invariant_words(invariant), "kind",
                          invariant_is_enforceable(invariant) ? "enforceable" : "outcome"));
        }
    }
    set_json(evidence, "invariants", checked);
    set_json(evidence, "not_checked", unchecked);
}

static void put_violations(struct reader *reader, json_t *evidence, const struct arm_source *arms,
                           uint32_t n_arms)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < n_arms; i++) {
        reader->path = arms[i].file;
        const json_t *list = read_array(reader, arms[i].sums, "violation_list");
        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *one = json_array_get(list, k);
            json_t *object = json_object();
            set_json(object, "arm", words_json(arms[i].name));
            set_json(object, "invariant", words_json(read_words(reader, one, "invariant")));
            set_json(object, "scenario", words_json(read_words(reader, one, "scenario")));
            set_json(object, "seed", count_json(read_count(reader, one, "seed")));
            set_json(object, "why", words_json(read_words(reader, one, "why")));
            (void)json_array_append_new(all, object); /* The count stands in the arm. */
        }
    }
    set_json(evidence, "violations", all);
}

static void put_family(struct reader *reader, json_t *list, const json_t *family)
{
    json_t *object = json_object(), *by_arm = json_object();
    set_json(object, "id", words_json(read_words(reader, family, "id")));
    set_json(object, "title", words_json(read_words(reader, family, "title")));
    set_json(object, "must_escalate", json_boolean(read_flag(reader, family, "must_escalate")));
    set_json(object, "true_incident", json_boolean(read_flag(reader, family, "true_incident")));
    const char *name = NULL;
    json_t *sums = NULL;
    json_object_foreach((json_t *)read_object(reader, family, "arms"), name, sums)
    {
        uint64_t n = read_count(reader, sums, "episodes");
        double m = (double)(n > 0 ? n : 1);
        json_t *one = json_object();
        set_json(one, "episodes", count_json(n));
        bool is_alone = strcmp(name, people_alone) == 0;
        uint64_t correct = read_count(reader, sums, "correct"),
                 with_person = read_count(reader, sums, "corrected_by_human"),
                 needless = read_count(reader, sums, "needless_pages");
        if (with_person > correct || correct > n) {
            read_fails(reader, "exceeds the right remedies", "corrected_by_human");
            with_person = correct = 0;
        }
        set_json(one, "right_remedy", share_json(correct, n));
        set_json(one, "right_by_itself",
                 is_alone ? json_null() : share_json(correct - with_person, n));
        set_json(one, "right_with_person", is_alone ? json_null() : share_json(with_person, n));
        set_json(one, "needless_pages", is_alone ? json_null() : count_json(needless));
        set_json(one, "needed_human", share_json(read_count(reader, sums, "touched"), n));
        set_json(one, "missed", count_json(read_count(reader, sums, "missed")));
        set_json(one, "harmful_actions", count_json(read_count(reader, sums, "harmful_actions")));
        set_json(one, "interventions_per_episode",
                 number_json((double)read_count(reader, sums, "interventions") / m));
        set_json(one, "bad_minutes_per_episode",
                 number_json((double)read_count(reader, sums, "bad_micro_minutes") * 1e-6 / m));
        set_json(one, "violating", count_json(read_count(reader, sums, "violating")));
        double bound = is_alone ? NAN : proportion_upper(read_count(reader, sums, "violating"), n);
        set_json(one, "bound_95", number_json(bound));
        set_json(by_arm, name, one);
    }
    set_json(object, "arms", by_arm);
    (void)json_array_append_new(list, object); /* Out of memory shows when the evidence is written. */
}

/* The bound of the first arm and the curve of what zero violations in n episodes would prove. */
static void put_bound(struct reader *reader, json_t *evidence, const struct arm_source *first)
{
    enum { DECADES = 7 };
    static const uint64_t steps[] = {1, 2, 5};
    uint64_t n = read_count(reader, first->sums, "episodes"),
             k = read_count(reader, first->sums, "violating");
    json_t *object = json_object(), *curve = json_array();
    set_json(object, "arm", words_json(first->name));
    set_json(object, "n", count_json(n));
    set_json(object, "k", count_json(k));
    bool is_bound = strcmp(first->arm, people_alone) != 0;
    set_json(object, "upper_95", number_json(is_bound ? proportion_upper(k, n) : NAN));
    uint64_t decade = 1;
    for (int i = 0; i <= DECADES; i++) {
        for (int s = 0; s < (i < DECADES ? 3 : 1); s++) {
            uint64_t m = steps[s] * decade;
            json_t *point = json_pack("[I,f]", (json_int_t)m, proportion_upper(0, m));
            (void)json_array_append_new(curve, point); /* A point of a figure. */
        }
        decade *= 10;
    }
    set_json(object, "zero_failures", curve);
    set_json(object, "n_for_one_in_a_million", count_json(2995731));
    double worst = -1.0;
    const json_t *families = json_object_get(evidence, "families");
    for (size_t i = 0; i < json_array_size(families); i++) {
        const json_t *family = json_array_get(families, i);
        const json_t *arm = json_object_get(json_object_get(family, "arms"), first->arm);
        double bound = json_number_value(json_object_get(arm, "bound_95"));
        if (is_bound && arm != NULL && bound > worst) {
            worst = bound;
            set_json(object, "worst_family", json_deep_copy(json_object_get(family, "id")));
            set_json(object, "worst_family_n", json_deep_copy(json_object_get(arm, "episodes")));
            set_json(object, "worst_family_upper_95", number_json(bound));
        }
    }
    set_json(evidence, "bound", object);
}

static uint64_t family_count(const json_t *family, const char *arm, const char *name)
{
    return (uint64_t)json_integer_value(
        json_object_get(json_object_get(json_object_get(family, "arms"), arm), name));
}

/* Of one sum of the families. */
static json_t *one_reduction(const json_t *families, const char *theirs, const char *sum,
                             uint64_t seed)
{
    struct family_pair pairs[SUITE_SCENARIOS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(families) && n < SUITE_SCENARIOS_MAX; i++) {
        const json_t *family = json_array_get(families, i);
        if (family_count(family, "steward", "episodes") > 0) {
            pairs[n++] = (struct family_pair){(double)family_count(family, "steward", sum),
                                              (double)family_count(family, theirs, sum)};
        }
    }
    return interval_json(reduction_interval(pairs, n, seed));
}

json_t *reduction_json(const json_t *families, const char *theirs, uint64_t seed)
{
    json_t *object = json_object();
    set_json(object, "episodes", one_reduction(families, theirs, "touched", seed));
    set_json(object, "acts", one_reduction(families, theirs, "interventions", seed));
    set_json(object, "minutes", one_reduction(families, theirs, "human_ns", seed));
    return object;
}

static void put_reductions(struct reader *reader, json_t *evidence, const struct source *source)
{
    static const char *const against[] = {"manual", "rules"};
    json_t *object = json_object();
    const json_t *arms = read_object(reader, source->report, "arms");
    const json_t *families = read_array(reader, source->report, "families");
    uint64_t seed = read_count(reader, read_object(reader, source->report, "subject"), "seed");
    for (int i = 0; i < 2; i++) {
        bool is_there =
            json_object_get(arms, "steward") != NULL && json_object_get(arms, against[i]) != NULL;
        json_t *reduction = json_null();
        if (is_there && source->reductions != NULL) {
            reduction = json_deep_copy(json_object_get(source->reductions, against[i]));
        } else if (is_there) {
            reduction = reduction_json(families, against[i], seed);
        }
        set_json(object, against[i], reduction);
    }
    bool is_paired =
        json_object_get(arms, "steward") != NULL && json_object_get(arms, people_alone) != NULL;
    set_json(evidence, "reductions", object);
    set_json(evidence, "bad_minutes_reduction",
             is_paired ? one_reduction(families, people_alone, "bad_micro_minutes", seed)
                       : json_null());
}

/* Arms of the subject, then the steward arm of each other source under the name of its mind. */
static enum err list_arms(struct reader *reader, const struct source *sources, uint32_t n_sources,
                          struct arm_source *arms, uint32_t *ret_n)
{
    uint32_t n = 0;
    const json_t *subject = read_object(reader, sources[0].report, "subject");
    const json_t *sums = read_object(reader, sources[0].report, "arms");
    for (int arm = 0; arm < N_ARMS; arm++) {
        const char *name = arm_name((enum arm)arm);
        const json_t *one = json_object_get(sums, name);
        if (one != NULL) {
            const char *mind = arm == ARM_STEWARD ? read_words(reader, subject, "mind")
                               : arm == ARM_RULES ? "rules"
                                                  : "";
            arms[n++] = (struct arm_source){name, name, mind, sources[0].file, one, true};
        }
    }
    if (n == 0) {
        read_fails(reader, "is empty", "arms");
    }
    for (uint32_t i = 1; i < n_sources; i++) {
        struct reader other = {sources[i].file, reader->text, OK};
        const json_t *theirs = read_object(&other, sources[i].report, "subject");
        bool is_same = read_count(&other, theirs, "seed") == read_count(reader, subject, "seed") &&
                       read_count(&other, theirs, "runs") == read_count(reader, subject, "runs") &&
                       json_equal(read_array(&other, theirs, "targets"),
                                  read_array(reader, subject, "targets"));
        const json_t *one =
            read_object(&other, read_object(&other, sources[i].report, "arms"), "steward");
        TRY(other.err);
        if (!is_same) {
            return err_set(reader->text, ERR_DATA,
                           "%s: other targets, seed or number of runs than %s; nothing to compare",
                           sources[i].path, sources[0].path);
        }
        const char *mind = read_words(&other, theirs, "mind");
        for (uint32_t k = 0; k < n; k++) {
            if (strcmp(arms[k].name, mind) == 0) {
                return err_set(reader->text, ERR_DATA, "%s: mind %s is there already",
                               sources[i].path, mind);
            }
        }
        arms[n++] = (struct arm_source){mind, "steward", mind, sources[i].file, one, false};
        TRY(other.err);
    }
    *ret_n = n;
    return reader->err;
}

static enum err build(struct reader *reader, const struct source *sources, uint32_t n_sources,
                      json_t *evidence)
{
    const struct source *source = &sources[0];
    struct arm_source arms[ARMS_MAX];
    uint32_t n_arms = 0;
    TRY(list_arms(reader, sources, n_sources, arms, &n_arms));
    set_json(evidence, "subject", json_deep_copy(read_object(reader, source->report, "subject")));
    set_json(evidence, "ran", json_deep_copy(source->ran));
    if (source->as_said != NULL) {
        set_json(evidence, "as_the_campaign_said", json_deep_copy(source->as_said));
        (void)json_object_update(evidence, source->extra); /* Shown, not counted. */
    }
    json_t *list = json_array();
    set_json(evidence, "arms", list);
    for (uint32_t i = 0; i < n_arms; i++) {
        json_t *arm = NULL;
        enum err err = arm_json(reader, &arms[i], &arm);
        (void)json_array_append_new(list, arm); /* Out of memory shows when the evidence is written. */
        TRY(err);
    }
    reader->path = source->file;
    put_reductions(reader, evidence, source);
    put_invariants(reader, evidence, arms, n_arms);
    put_violations(reader, evidence, arms, n_arms);
    reader->path = source->file;
    json_t *families = json_array();
    set_json(evidence, "families", families);
    const json_t *theirs = read_array(reader, source->report, "families");
    for (size_t i = 0; i < json_array_size(theirs); i++) {
        put_family(reader, families, json_array_get(theirs, i));
    }
    put_bound(reader, evidence, &arms[0]);
    set_json(evidence, "incident", json_deep_copy(read_object(reader, source->report, "incident")));
    json_t *audit = json_deep_copy(source->audit);
    uint64_t effects = read_count(reader, arms[0].sums, "effects"),
             records = read_count(reader, arms[0].sums, "records");
    set_json(audit, "effects", count_json(effects));
    set_json(audit, "records", count_json(records));
    set_json(audit, "complete", json_boolean(effects == records));
    set_json(evidence, "audit", audit);
    TRY(reader->err);
    claims_put(reader, evidence, read_object(reader, source->report, "targets"));
    return reader->err;
}

static enum err build_either(struct reader *reader, const struct source *sources,
                             uint32_t n_sources, json_t *evidence)
{
    set_json(evidence, "format", words_json("steward evidence 1"));
    set_json(evidence, "kind", words_json(sources[0].is_live ? "live" : "simulated"));
    set_json(evidence, "status", words_json("DRAFT"));
    set_json(evidence, "signature", json_null());
    for (uint32_t i = 0; i < n_sources; i++) {
        if (n_sources > 1 && sources[i].is_live) {
            return err_set(
                reader->text, ERR_DATA,
                "%s: is the journal of a live run; nothing else ran on its incidents, so it stands alone in a report",
                sources[i].path);
        }
    }
    return sources[0].is_live ? evidence_of_live(&sources[0], evidence, reader->text)
                              : build(reader, sources, n_sources, evidence);
}

enum err evidence_build(const struct source *sources, uint32_t n_sources, json_t **ret_evidence,
                        struct err_text *ret_text)
{
    struct reader reader = {sources[0].file, ret_text, OK};
    json_t *evidence = json_object();
    enum err err = evidence == NULL ? err_set(ret_text, ERR_INTERNAL, "report: out of memory")
                                    : build_either(&reader, sources, n_sources, evidence);
    if (err != OK) {
        json_decref(evidence);
        return err;
    }
    *ret_evidence = evidence;
    return OK;
}
