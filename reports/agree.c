/* SPDX-License-Identifier: Apache-2.0 */
/* Arms from families, rates and bounds from counts, quantiles from times: made again and compared with what campaign.json says. */
#include "reports/agree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/curves.h"
#include "reports/evidence.h"
#include "sim/campaign/statistics.h"

/* The summary has twelve digits of a number. */
static const double digits = 1e-9;
/* Milliseconds are kept of a time. */
static const double time_digits_s = 0.0011;

const char *const agree_unchecked[] = {
    "fingerprint, events, windows and virtual time",
    "the share of the mix that must end at a human",
    "targets, when another version of the program set them",
    "interruptions, false actions, calls and cost of the language model, effects and records (stated twice, without parts)",
    "opportunities and breaches of each invariant (stated twice) and the episodes with something at stake (within bounds only)",
    "the times behind the quantiles, and the spread of acts an episode (within bounds only)",
    "the one incident that is told",
    NULL};

static void differs(struct reader *reader, const char *where, const char *name, double said,
                    double made)
{
    if (reader->err == OK) {
        reader->err = err_set(reader->text, ERR_DATA,
                              "%.300s: %.60s: '%.60s' is said to be %.12g, its parts make %.12g",
                              reader->path, where, name, said, made);
    }
}

static void agree_count(struct reader *reader, const char *where, const char *name, uint64_t said,
                        uint64_t made)
{
    if (said != made) {
        differs(reader, where, name, (double)said, (double)made);
    }
}

/* NaN is null on both sides. */
static void agree_number(struct reader *reader, const char *where, const char *name, double said,
                         double made, double within)
{
    bool is_same = (isnan(said) && isnan(made)) || fabs(said - made) <= within + digits * fabs(made);
    if (!is_same) {
        differs(reader, where, name, said, made);
    }
}

/* What no sums can be, whatever they are sums of. */
static void demand(struct reader *reader, bool is_possible, const char *where, const char *name)
{
    if (!is_possible && reader->err == OK) {
        reader->err = err_set(reader->text, ERR_DATA,
                              "%.300s: %.60s: '%.60s' cannot be so beside the other counts",
                              reader->path, where, name);
    }
}

static void agree_interval(struct reader *reader, const char *where, const json_t *said,
                           const struct interval *made, bool has_ends)
{
    agree_number(reader, where, "value", read_number(reader, said, "value"), made->value, digits);
    if (has_ends) {
        agree_number(reader, where, "lo", read_number(reader, said, "lo"), made->lo, digits);
        agree_number(reader, where, "hi", read_number(reader, said, "hi"), made->hi, digits);
    }
}

/* Families against an arm. */

static const json_t *arm_of_family(const json_t *family, const char *arm)
{
    return json_object_get(json_object_get(family, "arms"), arm);
}

static uint64_t sum_over(struct reader *reader, const json_t *families, const char *arm,
                         const char *name)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(families); i++) {
        const json_t *its = arm_of_family(json_array_get(families, i), arm);
        uint64_t more = its == NULL ? 0 : read_count(reader, its, name);
        demand(reader, sum <= INT64_MAX && more <= INT64_MAX, arm, name);
        sum += more;
    }
    return sum;
}

static uint64_t episodes_with(struct reader *reader, const json_t *families, const char *arm,
                              const char *flag)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(families); i++) {
        const json_t *family = json_array_get(families, i), *its = arm_of_family(family, arm);
        sum += its != NULL && read_flag(reader, family, flag) ? read_count(reader, its, "episodes")
                                                              : 0;
    }
    return sum;
}

static void check_sums(struct reader *reader, const char *arm, const json_t *sums,
                       const json_t *families)
{
    static const char *const counts[] = {
        "episodes", "correct",       "corrected_by_human", "needless_pages", "touched", "escalated",
        "missed",   "interventions", "harmful_actions",    "violating",      "human_ns"};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        agree_count(reader, arm, counts[i], read_count(reader, sums, counts[i]),
                    sum_over(reader, families, arm, counts[i]));
    }
    agree_count(reader, arm, "true_incidents", read_count(reader, sums, "true_incidents"),
                episodes_with(reader, families, arm, "true_incident"));
    agree_count(reader, arm, "must_escalate", read_count(reader, sums, "must_escalate"),
                episodes_with(reader, families, arm, "must_escalate"));
    /* Each was rounded to a whole millionth by itself. */
    agree_number(reader, arm, "bad_micro_minutes",
                 (double)read_count(reader, sums, "bad_micro_minutes"),
                 (double)sum_over(reader, families, arm, "bad_micro_minutes"),
                 1.0 + (double)json_array_size(families));
}

/* Counts of episodes beside counts of what happened in them. */
static void check_counts(struct reader *reader, const char *where, const json_t *sums)
{
    static const char *const shares[] = {"correct", "corrected_by_human", "touched", "escalated",
                                         "missed",  "violating"};
    uint64_t n = read_count(reader, sums, "episodes");
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        demand(reader, read_count(reader, sums, shares[i]) <= n, where, shares[i]);
    }
    uint64_t touched = read_count(reader, sums, "touched"),
             acts = read_count(reader, sums, "interventions");
    demand(reader, touched <= acts && (touched > 0 || acts == 0), where, "touched");
    demand(reader,
           read_count(reader, sums, "corrected_by_human") <= read_count(reader, sums, "correct"),
           where, "corrected_by_human");
}

static void check_families(struct reader *reader, const json_t *arms, const json_t *families)
{
    const char *before = "";
    for (size_t i = 0; i < json_array_size(families); i++) {
        const json_t *family = json_array_get(families, i),
                     *theirs = read_object(reader, family, "arms");
        const char *id = read_words(reader, family, "id"), *name = NULL;
        json_t *sums = NULL;
        uint64_t n = UINT64_MAX;
        demand(reader, strcmp(before, id) < 0, id, "id");
        demand(reader, json_object_size(theirs) == json_object_size(arms), id, "arms");
        json_object_foreach((json_t *)theirs, name, sums)
        {
            uint64_t its = read_count(reader, sums, "episodes");
            demand(reader, json_object_get(arms, name) != NULL, id, name);
            demand(reader, its > 0 && (n == UINT64_MAX || its == n), id, "episodes"); /* Paired. */
            check_counts(reader, id, sums);
            n = its;
        }
        before = id;
    }
}

/* An arm by itself. */

static void check_invariants(struct reader *reader, const char *arm, const json_t *summary,
                             const json_t *sums)
{
    const json_t *told = read_object(reader, summary, "invariants"),
                 *errors = read_object(reader, summary, "outcome_errors"),
                 *invariants = read_object(reader, sums, "invariants");
    uint64_t n = read_count(reader, sums, "episodes"), violations = 0;
    uint64_t most[2] = {0, 0}, all[2] = {0, 0}; /* Episodes broken: outcome errors, enforceable. */
    for (int i = 0; i < N_INVARIANTS; i++) {
        if (!invariant_is_checked((enum invariant)i)) {
            continue;
        }
        const char *id = invariant_name((enum invariant)i);
        bool is_enforceable = invariant_is_enforceable((enum invariant)i);
        const json_t *one = read_object(reader, invariants, id),
                     *other = read_object(reader, told, id);
        uint64_t breaches = read_count(reader, one, "breaches"),
                 occasions = read_count(reader, one, "opportunities"),
                 at_stake = read_count(reader, one, "episodes_at_stake"),
                 broken = read_count(reader, one, "episodes_broken");
        agree_count(reader, id, "breaches", read_count(reader, other, "breaches"), breaches);
        agree_count(reader, id, "opportunities", read_count(reader, other, "opportunities"),
                    occasions);
        demand(reader, breaches <= occasions, id, "breaches");
        demand(reader, at_stake <= n && at_stake <= occasions && (at_stake > 0 || occasions == 0),
               id, "episodes_at_stake");
        demand(reader, broken <= at_stake && broken <= breaches && (broken > 0 || breaches == 0),
               id, "episodes_broken");
        if (!is_enforceable && reader->err == OK) {
            struct interval made = proportion_interval(broken, n);
            agree_interval(reader, id, read_object(reader, errors, id), &made, true);
        }
        most[is_enforceable] = broken > most[is_enforceable] ? broken : most[is_enforceable];
        all[is_enforceable] += broken <= n ? broken : 0;
        violations += is_enforceable && breaches <= INT32_MAX ? breaches : 0;
    }
    agree_count(reader, arm, "violations", read_count(reader, sums, "violations"), violations);
    uint64_t erring = read_count(reader, sums, "erring"),
             violating = read_count(reader, sums, "violating");
    demand(reader, erring >= most[0] && erring <= all[0] && erring <= n, arm, "erring");
    demand(reader, violating >= most[1] && violating <= all[1], arm, "violating");
    const json_t *list = read_array(reader, sums, "violation_list");
    size_t n_listed = json_array_size(list);
    demand(reader, n_listed <= violations && (n_listed > 0 || violations == 0), arm,
           "violation_list");
    demand(reader, json_equal(list, read_array(reader, summary, "violation_list")) == 1, arm,
           "violation_list");
}

/* Coarse columns hold whole seconds: then only the numbers are compared. */
static bool is_coarse(const json_t *columns)
{
    const json_t *at = json_object_get(columns, "at_ms");
    for (size_t i = 0; i < json_array_size(at); i++) {
        if (json_integer_value(json_array_get(at, i)) % 1000 != 0) {
            return false;
        }
    }
    return json_array_size(at) > 1000;
}

static void check_times(struct reader *reader, const char *arm, const json_t *summary,
                        const json_t *sums)
{
    static const char *const measures[] = {"observe", "detection", "response", "restore", NULL};
    static const char *const members[] = {"observe_s", "detection_s", "response_s", "restore_s"};
    static const char *const quantiles[] = {"p50", "p95", "p99"};
    json_t *made = json_object();
    enum err err = reader->err == OK ? curves_put(reader, sums, measures, made) : reader->err;
    reader->err = reader->err == OK ? err : reader->err;
    const json_t *times = json_object_get(made, "times");
    uint64_t incidents = read_count(reader, sums, "true_incidents");
    for (size_t i = 0; measures[i] != NULL && reader->err == OK; i++) {
        const json_t *one = json_object_get(times, measures[i]),
                     *said = read_object(reader, summary, members[i]);
        uint64_t n = read_count(reader, one, "n");
        agree_count(reader, arm, members[i], read_count(reader, said, "n"), n);
        agree_count(reader, arm, members[i], read_count(reader, said, "censored"),
                    read_count(reader, one, "open"));
        demand(reader, n <= incidents, arm, members[i]);
        bool is_fine = !is_coarse(json_object_get(json_object_get(sums, "times"), measures[i]));
        for (size_t q = 0; q < 3 && is_fine; q++) {
            agree_number(reader, members[i], quantiles[q], read_number(reader, said, quantiles[q]),
                         read_number(reader, one, quantiles[q]), time_digits_s);
        }
    }
    json_decref(made);
}

static void check_rates(struct reader *reader, const char *arm, const json_t *summary,
                        const json_t *sums)
{
    static const char *const same[] = {"missed",         "harmful_actions", "false_actions",
                                       "needless_pages", "violations",      "llm_calls"};
    static const struct {
        const char *said, *sum;
        double unit; /* Of the summary, in units of the sum. */
    } means[] = {{"escalation_rate", "escalated", 1.0},
                 {"autonomy_rate", "autonomous", 1.0},
                 {"correct_rate", "correct", 1.0},
                 {"corrected_by_human_rate", "corrected_by_human", 1.0},
                 {"interventions_per_episode", "interventions", 1.0},
                 {"interruptions_per_episode", "interruptions", 1.0},
                 {"human_minutes_per_episode", "human_ns", 6e10},
                 {"bad_prediction_minutes", "bad_micro_minutes", 1e6}};
    double n = (double)read_count(reader, sums, "episodes");
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        agree_count(reader, arm, same[i], read_count(reader, summary, same[i]),
                    read_count(reader, sums, same[i]));
    }
    for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++) {
        double within = means[i].unit == 1e6 ? 1e-6 / n : digits; /* A sum of rounded millionths. */
        agree_number(reader, arm, means[i].said, read_number(reader, summary, means[i].said),
                     (double)read_count(reader, sums, means[i].sum) / means[i].unit / n, within);
    }
    agree_number(reader, arm, "cost_usd", read_number(reader, summary, "cost_usd"),
                 (double)read_count(reader, sums, "cost_microusd") * 1e-6, digits);
}

/* autonomous: neither touched nor missed. The squares of whole numbers are not less than these, nor their mean than the mean's square. */
static void check_bounds(struct reader *reader, const char *arm, const json_t *sums)
{
    uint64_t n = read_count(reader, sums, "episodes"), touched = read_count(reader, sums, "touched"),
             missed = read_count(reader, sums, "missed"),
             autonomous = read_count(reader, sums, "autonomous"),
             incidents = read_count(reader, sums, "true_incidents");
    demand(reader, missed <= incidents && incidents <= n, arm, "missed");
    demand(reader,
           autonomous <= n && n - autonomous >= touched && n - autonomous >= missed &&
               n - autonomous <= touched + missed,
           arm, "autonomous");
    double acts = (double)read_count(reader, sums, "interventions"),
           squared = (double)read_count(reader, sums, "interventions_squared");
    demand(reader,
           squared >= acts && squared <= acts * acts &&
               squared * (double)touched >= acts * acts * (1.0 - digits),
           arm, "interventions_squared");
}

/* The whole. */

/* Families in the order in which the campaign resampled them. NULL: it does not say. */
static json_t *resampled_order(struct reader *reader, const json_t *subject, const json_t *families)
{
    const json_t *ids = json_object_get(subject, "family_order");
    if (ids == NULL) {
        return NULL;
    }
    json_t *order = json_array();
    for (size_t k = 0; k < json_array_size(ids); k++) {
        const char *wanted = json_string_value(json_array_get(ids, k));
        for (size_t i = 0; i < json_array_size(families) && wanted != NULL; i++) {
            json_t *family = json_array_get(families, i);
            const char *id = json_string_value(json_object_get(family, "id"));
            if (id != NULL && strcmp(id, wanted) == 0) {
                (void)json_array_append(order, family); /* A shorter list is refused. */
            }
        }
    }
    demand(reader, json_array_size(order) == json_array_size(families), "subject", "family_order");
    return order;
}

static void check_reduction(struct reader *reader, const json_t *said, const json_t *made,
                            bool has_intervals)
{
    static const char *const measures[] = {"episodes", "acts", "minutes"};
    for (size_t i = 0; i < 3; i++) {
        const json_t *one = read_object(reader, made, measures[i]);
        struct interval interval = {read_number(reader, one, "value"),
                                    read_number(reader, one, "lo"), read_number(reader, one, "hi")};
        agree_interval(reader, measures[i], read_object(reader, said, measures[i]), &interval,
                       has_intervals);
    }
}

static bool check_reductions(struct reader *reader, const json_t *root, const json_t *report)
{
    static const char *const members[][2] = {{"reduction", "manual"},
                                             {"reduction_vs_rules", "rules"}};
    const json_t *arms = read_object(reader, report, "arms"),
                 *families = read_array(reader, report, "families"),
                 *subject = read_object(reader, report, "subject");
    json_t *order = resampled_order(reader, subject, families);
    bool is_known = order != NULL;
    for (size_t i = 0; i < 2 && reader->err == OK; i++) {
        const json_t *said = json_object_get(root, members[i][0]);
        bool is_there = json_object_get(arms, "steward") != NULL &&
                        json_object_get(arms, members[i][1]) != NULL;
        demand(reader, is_there ? json_is_object(said) : json_is_null(said), "summary",
               members[i][0]);
        if (is_there && reader->err == OK) {
            json_t *made = reduction_json(is_known ? order : families, members[i][1],
                                          read_count(reader, subject, "seed"));
            check_reduction(reader, said, made, is_known);
            json_decref(made);
        }
    }
    json_decref(order);
    return is_known;
}

static void check_steward(struct reader *reader, const json_t *root, const json_t *report)
{
    const json_t *sums = json_object_get(read_object(reader, report, "arms"), "steward"),
                 *families = read_array(reader, report, "families"),
                 *audit = read_object(reader, root, "audit");
    if (sums == NULL) {
        demand(reader, json_is_null(json_object_get(root, "bound_95")), "summary", "bound_95");
        return;
    }
    uint64_t n = read_count(reader, sums, "episodes"), effects = read_count(reader, sums, "effects"),
             records = read_count(reader, sums, "records");
    agree_count(reader, "summary", "incidents", read_count(reader, root, "incidents"), n);
    agree_number(reader, "summary", "bound_95", read_number(reader, root, "bound_95"),
                 proportion_upper(read_count(reader, sums, "violating"), n), 0.0);
    double worst = 0.0, said = read_number(reader, root, "bound_95_worst_family");
    for (size_t i = 0; i < json_array_size(families); i++) {
        const json_t *its = arm_of_family(json_array_get(families, i), "steward");
        double bound = proportion_upper(read_count(reader, its, "violating"),
                                        read_count(reader, its, "episodes"));
        worst = bound > worst ? bound : worst;
    }
    /* Of a family of which no episode was drawn anything may be: 1. */
    agree_number(reader, "summary", "bound_95_worst_family", said, said == 1.0 ? 1.0 : worst, 0.0);
    agree_count(reader, "audit", "effects", read_count(reader, audit, "effects"), effects);
    agree_count(reader, "audit", "records", read_count(reader, audit, "records"), records);
    demand(reader, read_flag(reader, audit, "complete") == (effects == records), "audit", "complete");
}

/* A build sets the same targets before every run. */
static void check_targets(struct reader *reader, const json_t *report)
{
    const json_t *subject = read_object(reader, report, "subject"),
                 *said = read_object(reader, report, "targets");
    json_t *ours = report_targets();
    bool is_ours = strcmp(read_words(reader, subject, "version"), STEWARD_VERSION) == 0;
    demand(reader, !is_ours || json_equal(ours, said) == 1, "targets of this version", "targets");
    json_decref(ours);
}

void agree_campaign(struct reader *reader, const json_t *root, const json_t *report,
                    bool *ret_has_intervals)
{
    const json_t *arms = read_object(reader, report, "arms"),
                 *summaries = read_object(reader, root, "arms"),
                 *families = read_array(reader, report, "families"),
                 *subject = read_object(reader, report, "subject");
    uint64_t runs = read_count(reader, root, "runs");
    agree_count(reader, "subject", "runs", read_count(reader, subject, "runs"), runs);
    agree_count(reader, "subject", "seed", read_count(reader, subject, "seed"),
                read_count(reader, root, "seed"));
    agree_count(reader, "summary", "arms", json_object_size(summaries), json_object_size(arms));
    demand(reader, json_array_size(families) <= SUITE_SCENARIOS_MAX, "report", "families");
    if (reader->err == OK) {
        check_families(reader, arms, families);
    }
    const char *name = NULL;
    json_t *sums = NULL;
    json_object_foreach((json_t *)arms, name, sums)
    {
        const json_t *summary = read_object(reader, summaries, name);
        agree_count(reader, name, "episodes", read_count(reader, sums, "episodes"), runs);
        check_sums(reader, name, sums, families);
        check_counts(reader, name, sums);
        check_bounds(reader, name, sums);
        check_rates(reader, name, summary, sums);
        check_invariants(reader, name, summary, sums);
        check_times(reader, name, summary, sums);
    }
    check_steward(reader, root, report);
    check_targets(reader, report);
    *ret_has_intervals = reader->err == OK && check_reductions(reader, root, report);
}
