/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over verdicts, by arm and by family, and every time by its value. */
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "reports/reader.h"
#include "reports/reports.h"
#include "reports/lengths.h"

enum { MEASURES = 4, RANKS = 7 };

static const char *const measure_names[MEASURES] = {"observe", "detection", "response", "restore"};

struct arm_tally {
    uint64_t episodes, true_incidents, must_escalate, missed, escalated, touched, autonomous,
        correct, corrected_by_human, violating, erring, harmful, wrong, needless_pages, violations,
        interventions, interventions_squared, interruptions, llm_calls, cost_microusd, effects,
        records, human_ns;
    double bad_minutes;
    struct lengths times[MEASURES];
    uint64_t opportunities[N_INVARIANTS], breaches[N_INVARIANTS], at_stake[N_INVARIANTS],
        broken[N_INVARIANTS];
    uint32_t n_listed;
    struct listed_violation listed[LISTED_MAX];
};

struct family_sum {
    uint64_t episodes, correct, corrected_by_human, touched, escalated, missed, interventions,
        harmful, needless_pages, violating, human_ns;
    double bad_minutes;
};
struct family_tally {
    char id[NAME_BYTES], title[TITLE_BYTES];
    bool must_escalate, true_incident;
    struct family_sum arms[N_ARMS];
};

/* An episode's instants in each arm. */
struct milestones {
    bool known;
    uint64_t run, seed;
    uint32_t family;
    bool has[N_ARMS];
    struct verdict_sheet sheets[N_ARMS];
};

struct tally {
    struct arm_tally arms[N_ARMS];
    uint32_t n_families;
    struct family_tally families[SUITE_SCENARIOS_MAX];
    struct milestones now, best;
    int best_rank;
};

enum err tally_open(struct tally **ret_tally, struct err_text *ret_text)
{
    struct tally *tally = calloc(1, sizeof(*tally));
    if (tally == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "report: out of memory");
    }
    tally->best_rank = -1;
    *ret_tally = tally;
    return OK;
}

void tally_close(struct tally *tally)
{
    for (int arm = 0; arm < N_ARMS; arm++) {
        for (int i = 0; i < MEASURES; i++) {
            lengths_close(&tally->arms[arm].times[i]);
        }
    }
    free(tally);
}

static enum err find_family(struct tally *tally, const struct scenario *scenario,
                            uint32_t *ret_family, struct err_text *ret_text)
{
    uint32_t i = 0;
    while (i < tally->n_families && strcmp(tally->families[i].id, scenario->id) != 0) {
        i++;
    }
    if (i == SUITE_SCENARIOS_MAX) {
        return err_set(ret_text, ERR_DATA, "report: more than %d scenarios", SUITE_SCENARIOS_MAX);
    }
    if (i == tally->n_families) {
        struct family_tally *family = &tally->families[tally->n_families++];
        memcpy(family->id, scenario->id, sizeof(family->id));
        memcpy(family->title, scenario->title, sizeof(family->title));
        family->must_escalate = scenario->must_escalate;
        family->true_incident = scenario->true_incident;
    }
    *ret_family = i;
    return OK;
}

static void put_invariants(struct arm_tally *sum, const struct verdict_told *told)
{
    const struct verdict_sheet *sheet = told->sheet;
    bool is_erring = false;
    for (int i = 0; i < N_INVARIANTS; i++) {
        bool is_broken = sheet->breaches[i] > 0;
        sum->opportunities[i] += sheet->occasions[i];
        sum->breaches[i] += sheet->breaches[i];
        sum->at_stake[i] += sheet->occasions[i] > 0 || is_broken ? 1 : 0;
        sum->broken[i] += is_broken ? 1 : 0;
        is_erring |= is_broken && !invariant_is_enforceable((enum invariant)i);
    }
    sum->erring += is_erring ? 1 : 0;
    for (uint32_t i = 0; i < sheet->n_kept && sum->n_listed < LISTED_MAX; i++) {
        const struct violation *violation = &sheet->violations[i];
        if (invariant_is_enforceable(violation->invariant)) {
            struct listed_violation *listed = &sum->listed[sum->n_listed++];
            listed->invariant = violation->invariant;
            listed->seed = told->seed;
            memcpy(listed->scenario, told->scenario->id, sizeof(listed->scenario));
            memcpy(listed->why, violation->why, sizeof(listed->why));
        }
    }
}

static enum err put_times(struct arm_tally *sum, const struct verdict_sheet *sheet,
                          struct err_text *ret_text)
{
    if (!sheet->true_incident) {
        return OK;
    }
    TRY(lengths_put(&sum->times[0], sheet->t_obs, sheet->t_eff, sheet->horizon, ret_text));
    TRY(lengths_put(&sum->times[1], sheet->t_obs, sheet->t_det, sheet->horizon, ret_text));
    TRY(lengths_put(&sum->times[2], sheet->t_det, sheet->t_eff, sheet->horizon, ret_text));
    return lengths_put(&sum->times[3], sheet->t_det, sheet->t_rest, sheet->horizon, ret_text);
}

static void put_sums(struct arm_tally *sum, const struct verdict_told *told)
{
    const struct verdict_sheet *sheet = told->sheet;
    uint64_t interventions = sheet->interventions;
    sum->episodes++;
    sum->true_incidents += sheet->true_incident ? 1 : 0;
    sum->must_escalate += told->scenario->must_escalate ? 1 : 0;
    sum->missed += sheet->missed ? 1 : 0;
    sum->escalated += sheet->escalated ? 1 : 0;
    sum->touched += interventions > 0 ? 1 : 0;
    sum->autonomous += interventions == 0 && !sheet->missed ? 1 : 0;
    sum->correct += sheet->correct ? 1 : 0;
    sum->corrected_by_human += sheet->corrected_by_human ? 1 : 0;
    sum->violating += sheet->n_violations > 0 ? 1 : 0;
    sum->harmful += sheet->harmful_actions;
    sum->wrong += sheet->false_actions;
    sum->needless_pages += sheet->needless_pages;
    sum->violations += sheet->n_violations;
    sum->interventions += interventions;
    sum->interventions_squared += interventions * interventions;
    sum->interruptions += sheet->interruptions;
    sum->llm_calls += sheet->llm_calls;
    sum->cost_microusd += sheet->cost_microusd;
    sum->effects += sheet->effects;
    sum->records += sheet->records;
    sum->human_ns += (uint64_t)sheet->human_ns;
    sum->bad_minutes += sheet->bad_minutes;
}

static void put_family(struct family_sum *sum, const struct verdict_sheet *sheet)
{
    sum->episodes++;
    sum->correct += sheet->correct ? 1 : 0;
    sum->corrected_by_human += sheet->corrected_by_human ? 1 : 0;
    sum->needless_pages += sheet->needless_pages;
    sum->touched += sheet->interventions > 0 ? 1 : 0;
    sum->escalated += sheet->escalated ? 1 : 0;
    sum->missed += sheet->missed ? 1 : 0;
    sum->interventions += sheet->interventions;
    sum->harmful += sheet->harmful_actions;
    sum->violating += sheet->n_violations > 0 ? 1 : 0;
    sum->human_ns += (uint64_t)sheet->human_ns;
    sum->bad_minutes += sheet->bad_minutes;
}

static bool is_ordered(const struct verdict_sheet *sheet)
{
    return sheet->t_on <= sheet->t_obs && sheet->t_obs <= sheet->t_det &&
           sheet->t_det <= sheet->t_eff && sheet->t_eff <= sheet->t_rest && sheet->t_rest != NEVER;
}

/* How much there is to tell: a true incident, contained and over, by the arm that is reported and by all others, one thing after the
 * other and without a human. */
static int rank_of(const struct milestones *milestones)
{
    int first = 0;
    bool is_ordered_by_all = true;
    while (!milestones->has[first]) {
        first++;
    }
    for (int arm = 0; arm < N_ARMS; arm++) {
        is_ordered_by_all =
            is_ordered_by_all && (!milestones->has[arm] || is_ordered(&milestones->sheets[arm]));
    }
    const struct verdict_sheet *sheet = &milestones->sheets[first];
    const bool steps[RANKS] = {sheet->true_incident,
                               sheet->t_obs != NEVER && sheet->t_det != NEVER,
                               sheet->t_eff != NEVER && sheet->t_rest != NEVER,
                               sheet->correct,
                               is_ordered(sheet),
                               is_ordered_by_all,
                               sheet->interventions == 0};
    int rank = 0;
    while (rank < RANKS && steps[rank]) {
        rank++;
    }
    return rank;
}

static void keep_best(struct tally *tally)
{
    if (tally->now.known) {
        int rank = rank_of(&tally->now);
        if (rank > tally->best_rank) {
            tally->best_rank = rank;
            tally->best = tally->now;
        }
    }
}

static void put_milestones(struct tally *tally, const struct verdict_told *told, uint32_t family)
{
    struct milestones *now = &tally->now;
    if (!now->known || now->run != told->run) {
        keep_best(tally);
        now->known = true;
        now->run = told->run;
        now->seed = told->seed;
        now->family = family;
        memset(now->has, 0, sizeof(now->has));
    }
    now->has[told->arm] = true;
    now->sheets[told->arm] = *told->sheet;
}

enum err tally_put(struct tally *tally, const struct verdict_told *told, struct err_text *ret_text)
{
    ASSERT((unsigned)told->arm < N_ARMS);
    uint32_t family = 0;
    TRY(find_family(tally, told->scenario, &family, ret_text));
    struct arm_tally *sum = &tally->arms[told->arm];
    TRY(put_times(sum, told->sheet, ret_text));
    put_sums(sum, told);
    put_invariants(sum, told);
    put_family(&tally->families[family].arms[told->arm], told->sheet);
    put_milestones(tally, told, family);
    return OK;
}

bool tally_incident(const struct tally *tally, uint64_t *ret_run, uint64_t *ret_seed)
{
    bool is_newest = tally->now.known && rank_of(&tally->now) > tally->best_rank;
    const struct milestones *best = is_newest ? &tally->now : &tally->best;
    *ret_run = best->run;
    *ret_seed = best->seed;
    return best->known;
}

static json_t *invariants_json(const struct arm_tally *sum)
{
    json_t *object = json_object();
    for (int i = 0; i < N_INVARIANTS; i++) {
        if (!invariant_is_checked((enum invariant)i)) {
            continue;
        }
        json_t *one = json_object();
        set_json(one, "opportunities", count_json(sum->opportunities[i]));
        set_json(one, "breaches", count_json(sum->breaches[i]));
        set_json(one, "episodes_at_stake", count_json(sum->at_stake[i]));
        set_json(one, "episodes_broken", count_json(sum->broken[i]));
        set_json(object, invariant_name((enum invariant)i), one);
    }
    return object;
}

static json_t *listed_json(const struct arm_tally *sum)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < sum->n_listed; i++) {
        json_t *one = json_object();
        set_json(one, "invariant", words_json(invariant_name(sum->listed[i].invariant)));
        set_json(one, "scenario", words_json(sum->listed[i].scenario));
        set_json(one, "seed", count_json(sum->listed[i].seed));
        set_json(one, "why", words_json(sum->listed[i].why));
        (void)json_array_append_new(list, one); /* The count beside the list tells. */
    }
    return list;
}

/* Whole millionths: what is written and read again is the same, however many digits a file has. */
static json_t *micro_json(double value) { return count_json((uint64_t)(value * 1e6 + 0.5)); }

static json_t *arm_json(struct arm_tally *sum)
{
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"episodes", sum->episodes},
        {"true_incidents", sum->true_incidents},
        {"must_escalate", sum->must_escalate},
        {"missed", sum->missed},
        {"escalated", sum->escalated},
        {"touched", sum->touched},
        {"autonomous", sum->autonomous},
        {"correct", sum->correct},
        {"corrected_by_human", sum->corrected_by_human},
        {"violating", sum->violating},
        {"erring", sum->erring},
        {"harmful_actions", sum->harmful},
        {"false_actions", sum->wrong},
        {"needless_pages", sum->needless_pages},
        {"violations", sum->violations},
        {"interventions", sum->interventions},
        {"interventions_squared", sum->interventions_squared},
        {"interruptions", sum->interruptions},
        {"llm_calls", sum->llm_calls},
        {"cost_microusd", sum->cost_microusd},
        {"effects", sum->effects},
        {"records", sum->records},
    };
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        set_json(object, counts[i].name, count_json(counts[i].value));
    }
    set_json(object, "human_ns", count_json(sum->human_ns));
    set_json(object, "bad_micro_minutes", micro_json(sum->bad_minutes));
    json_t *times = json_object();
    for (int i = 0; i < MEASURES; i++) {
        set_json(times, measure_names[i], lengths_json(&sum->times[i]));
    }
    set_json(object, "times", times);
    set_json(object, "invariants", invariants_json(sum));
    set_json(object, "violation_list", listed_json(sum));
    return object;
}

static json_t *family_arm_json(const struct family_sum *sum)
{
    json_t *object = json_object();
    set_json(object, "episodes", count_json(sum->episodes));
    set_json(object, "correct", count_json(sum->correct));
    set_json(object, "corrected_by_human", count_json(sum->corrected_by_human));
    set_json(object, "needless_pages", count_json(sum->needless_pages));
    set_json(object, "touched", count_json(sum->touched));
    set_json(object, "escalated", count_json(sum->escalated));
    set_json(object, "missed", count_json(sum->missed));
    set_json(object, "interventions", count_json(sum->interventions));
    set_json(object, "harmful_actions", count_json(sum->harmful));
    set_json(object, "violating", count_json(sum->violating));
    set_json(object, "human_ns", count_json(sum->human_ns));
    set_json(object, "bad_micro_minutes", micro_json(sum->bad_minutes));
    return object;
}

static int by_id(const void *a, const void *b)
{
    const struct family_tally *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static json_t *families_json(const struct tally *tally)
{
    struct family_tally *sorted = malloc(sizeof(tally->families));
    if (sorted == NULL) {
        return NULL;
    }
    memcpy(sorted, tally->families, sizeof(tally->families));
    qsort(sorted, tally->n_families, sizeof(sorted[0]), by_id);
    json_t *list = json_array();
    for (uint32_t i = 0; i < tally->n_families; i++) {
        json_t *one = json_object(), *arms = json_object();
        set_json(one, "id", words_json(sorted[i].id));
        set_json(one, "title", words_json(sorted[i].title));
        set_json(one, "must_escalate", json_boolean(sorted[i].must_escalate));
        set_json(one, "true_incident", json_boolean(sorted[i].true_incident));
        for (int arm = 0; arm < N_ARMS; arm++) {
            if (sorted[i].arms[arm].episodes > 0) {
                set_json(arms, arm_name((enum arm)arm), family_arm_json(&sorted[i].arms[arm]));
            }
        }
        set_json(one, "arms", arms);
        (void)json_array_append_new(list, one); /* The sums of the arms are checked against the list. */
    }
    free(sorted);
    return list;
}

static json_t *seconds_json(int64_t at)
{
    return at == NEVER ? json_null() : json_real((double)at * 1e-9);
}

static json_t *milestones_json(const struct verdict_sheet *sheet)
{
    json_t *object = json_object();
    set_json(object, "on_s", seconds_json(sheet->t_on));
    set_json(object, "obs_s", seconds_json(sheet->t_obs));
    set_json(object, "det_s", seconds_json(sheet->t_det));
    set_json(object, "eff_s", seconds_json(sheet->t_eff));
    set_json(object, "rest_s", seconds_json(sheet->t_rest));
    set_json(object, "horizon_s", seconds_json(sheet->horizon));
    set_json(object, "correct", json_boolean(sheet->correct));
    set_json(object, "interventions", count_json(sheet->interventions));
    return object;
}

static json_t *incident_json(const struct tally *tally)
{
    const struct milestones *best = &tally->best;
    if (!best->known) {
        return json_null();
    }
    json_t *object = json_object(), *arms = json_object();
    set_json(object, "scenario", words_json(tally->families[best->family].id));
    set_json(object, "title", words_json(tally->families[best->family].title));
    set_json(object, "true_incident", json_boolean(tally->families[best->family].true_incident));
    set_json(object, "seed", count_json(best->seed));
    for (int arm = 0; arm < N_ARMS; arm++) {
        if (best->has[arm]) {
            set_json(arms, arm_name((enum arm)arm), milestones_json(&best->sheets[arm]));
        }
    }
    set_json(object, "arms", arms);
    set_json(object, "records", json_array());
    set_json(object, "story", json_array());
    return object;
}

json_t *tally_json(struct tally *tally)
{
    keep_best(tally);
    json_t *object = json_object(), *arms = json_object();
    for (int arm = 0; arm < N_ARMS; arm++) {
        if (tally->arms[arm].episodes > 0) {
            set_json(arms, arm_name((enum arm)arm), arm_json(&tally->arms[arm]));
        }
    }
    set_json(object, "arms", arms);
    set_json(object, "families", families_json(tally));
    set_json(object, "incident", incident_json(tally));
    return object;
}
