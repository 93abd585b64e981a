/* SPDX-License-Identifier: Apache-2.0 */
/* Draws, runs and sums up episodes; all sums are made in run order. */
#include "sim/campaign/campaign.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/base/prng.h"
#include "core/formats/fingerprint.h"
#include "sim/campaign/episode.h"
#include "sim/campaign/statistics.h"
#include "sim/campaign/workers.h"

static const char *const arm_names[N_ARMS] = {
#define X(name, word) word,
    ARM_TABLE(X)
#undef X
};

const char *arm_name(enum arm arm)
{
    ASSERT((unsigned)arm < N_ARMS);
    return arm_names[arm];
}

struct campaign {
    const struct campaign_request *request;
    struct episode *episode;
    struct settings *settings;
    struct campaign_result *result;
    struct sample *samples[N_ARMS][4]; /* observe, detection, response, restore. */
    size_t n_samples[N_ARMS][4];
    uint64_t escalated[N_ARMS], autonomous[N_ARMS], violating[N_ARMS], correct[N_ARMS],
        corrected_by_human[N_ARMS];
    uint64_t erring[N_ARMS][N_INVARIANTS];
    double human_s[N_ARMS], bad_minutes[N_ARMS], interruptions[N_ARMS], interventions[N_ARMS];
    double family_touched[N_ARMS][SUITE_SCENARIOS_MAX], family_acts[N_ARMS][SUITE_SCENARIOS_MAX],
        family_minutes[N_ARMS][SUITE_SCENARIOS_MAX];
    uint64_t family_violating[SUITE_SCENARIOS_MAX];
};

static const struct deployment *deployment_of(const struct campaign_request *request,
                                              const struct scenario *scenario)
{
    for (uint32_t i = 0; i < request->n_deployments && request->deployment == NULL; i++) {
        if (strcmp(request->deployments[i].name, scenario->deployment) == 0) {
            return &request->deployments[i].deployment;
        }
    }
    return request->deployment;
}

static const struct policy *policy_of(const struct campaign_request *request, const struct plan *plan)
{
    for (uint32_t i = 0; i < request->n_policies && request->policy == NULL; i++) {
        if (strcmp(request->policies[i].name, plan->policy) == 0) {
            return &request->policies[i].policy;
        }
    }
    return request->policy;
}

static bool recording_of(const struct campaign_request *request, const struct scenario *scenario,
                         struct plant_recording *ret_recording)
{
    for (uint32_t i = 0; i < request->n_recordings; i++) {
        const struct named_recording *named = &request->recordings[i];
        if (strcmp(named->name, scenario->recording) == 0) {
            *ret_recording = (struct plant_recording){
                .n_rows = named->recording.n_rows,
                .n_features = named->recording.n_features,
                .features = named->recording.features,
                .labels = named->recording.labels,
                .first_row = named->first_row,
                .train_rows = named->train_rows,
                .row_ns = named->row_ns,
                .learner = scenario->learner,
            };
            return true;
        }
    }
    return false;
}

static enum mind_kind mind_of(const struct campaign_request *request, enum arm arm)
{
    return arm == ARM_RULES ? MIND_RULES : arm == ARM_STEWARD ? request->mind : MIND_STEWARD;
}

static enum err run_one(void *self, uint64_t run, struct run_result *ret_result,
                        struct err_text *ret_text)
{
    struct campaign *campaign = self;
    const struct campaign_request *request = campaign->request;
    if (campaign->episode == NULL) {
        TRY(episode_open(&campaign->episode, ret_text));
    }
    uint64_t seed = prng_run_seed(request->seed, run);
    uint32_t index = suite_draw(request->suite, seed);
    const struct scenario *scenario = &request->suite->scenarios[index];
    const struct deployment *deployment = deployment_of(request, scenario);
    if (deployment == NULL) {
        return err_set(ret_text, ERR_CONFIG, "scenario %s: no deployment '%s'", scenario->id,
                       scenario->deployment);
    }
    struct plan plan;
    plan_expand(request->suite, index, deployment, seed, &plan);
    const struct policy *policy = policy_of(request, &plan);
    if (policy == NULL) {
        return err_set(ret_text, ERR_CONFIG, "scenario %s: no policy '%s'", scenario->id,
                       plan.policy);
    }
    if (request->persona >= 0) {
        plan.persona = (enum persona)request->persona;
    }
    struct plant_recording recording;
    bool is_recorded = scenario->recording[0] != '\0';
    if (is_recorded && !recording_of(request, scenario, &recording)) {
        return err_set(ret_text, ERR_NO_INPUT,
                       "scenario %s: recording '%s' was not given (--data-dir)", scenario->id,
                       scenario->recording);
    }
    *ret_result = (struct run_result){.scenario = index, .seed = seed};
    for (int arm = 0; arm < N_ARMS; arm++) {
        if (!request->arms[arm]) {
            continue;
        }
        campaign->settings->deployment = *deployment;
        campaign->settings->deployment.llm.enabled =
            deployment->llm.enabled && (request->cassette != NULL || plan.persona != PERSONA_OFF);
        campaign->settings->policy = *policy;
        campaign->settings->mind = mind_of(request, (enum arm)arm);
        campaign->settings->seed = seed;
        struct episode_request episode = {.run = run,
                                          .arm = (enum arm)arm,
                                          .plan = &plan,
                                          .settings = campaign->settings,
                                          .recording = is_recorded ? &recording : NULL,
                                          .journal = &request->journal,
                                          .trace = &request->trace,
                                          .wire = &request->wire,
                                          .cassette = request->cassette,
                                          .llm = &request->llm};
        TRY(episode_run(campaign->episode, &episode, &ret_result->arms[arm], ret_text));
    }
    return OK;
}

/* Collecting, in run order. */

static double seconds_between(int64_t from, int64_t to)
{
    return to <= from ? 0.0 : (double)(to - from) * 1e-9;
}

static void keep_sample(struct campaign *campaign, int arm, int which, int64_t from, int64_t to,
                        int64_t horizon)
{
    if (from == NEVER) {
        return;
    }
    bool is_censored = to == NEVER;
    campaign->samples[arm][which][campaign->n_samples[arm][which]++] =
        (struct sample){seconds_between(from, is_censored ? horizon : to), is_censored};
}

static void list_violations(struct arm_result *arm, const struct verdict_sheet *sheet,
                            const char *scenario, uint64_t seed)
{
    for (uint32_t i = 0; i < sheet->n_kept; i++) {
        const struct violation *violation = &sheet->violations[i];
        if (!invariant_is_enforceable(violation->invariant) || arm->n_listed == LISTED_MAX) {
            continue;
        }
        struct listed_violation *listed = &arm->listed[arm->n_listed++];
        listed->invariant = violation->invariant;
        listed->seed = seed;
        memcpy(listed->scenario, scenario, sizeof(listed->scenario));
        memcpy(listed->why, violation->why, sizeof(listed->why));
    }
}

static void add_outcomes(struct campaign *campaign, int arm, const struct verdict_sheet *sheet)
{
    struct arm_result *sum = &campaign->result->arms[arm];
    bool is_erring = false;
    for (int i = 0; i < N_INVARIANTS; i++) {
        sum->occasions[i] += sheet->occasions[i];
        sum->breaches[i] += sheet->breaches[i];
        bool is_error = sheet->breaches[i] > 0 && !invariant_is_enforceable((enum invariant)i);
        campaign->erring[arm][i] += is_error ? 1 : 0;
        is_erring |= is_error;
    }
    sum->outcome_error_episodes += is_erring ? 1 : 0;
}

static void add_arm(struct campaign *campaign, int arm, const struct run_result *run)
{
    const struct verdict_sheet *sheet = &run->arms[arm].sheet;
    const struct scenario *scenario = &campaign->request->suite->scenarios[run->scenario];
    struct arm_result *sum = &campaign->result->arms[arm];
    struct family_result *family = &campaign->result->families[run->scenario];
    sum->run = true;
    sum->episodes++;
    sum->incidents++;
    sum->missed += sheet->missed ? 1 : 0;
    sum->harmful_actions += sheet->harmful_actions;
    sum->false_actions += sheet->false_actions;
    sum->needless_pages += sheet->needless_pages;
    sum->violations += sheet->n_violations;
    sum->llm_calls += sheet->llm_calls;
    if (sum->llm_unrecorded == 0) {
        sum->unrecorded_prompt = run->arms[arm].unrecorded_prompt;
        sum->unrecorded_seed = run->seed;
    }
    sum->llm_unrecorded += run->arms[arm].llm_unrecorded;
    sum->cost_usd += (double)sheet->cost_microusd * 1e-6;
    sum->effects += sheet->effects;
    sum->records += sheet->records;
    campaign->escalated[arm] += sheet->escalated ? 1 : 0;
    campaign->autonomous[arm] += sheet->interventions == 0 && !sheet->missed ? 1 : 0;
    campaign->violating[arm] += sheet->n_violations > 0 ? 1 : 0;
    campaign->correct[arm] += sheet->correct ? 1 : 0;
    campaign->corrected_by_human[arm] += sheet->corrected_by_human ? 1 : 0;
    campaign->interventions[arm] += sheet->interventions;
    campaign->interruptions[arm] += sheet->interruptions;
    campaign->human_s[arm] += (double)sheet->human_ns * 1e-9;
    campaign->bad_minutes[arm] += sheet->bad_minutes;
    campaign->family_touched[arm][run->scenario] += sheet->interventions > 0 ? 1.0 : 0.0;
    campaign->family_acts[arm][run->scenario] += sheet->interventions;
    campaign->family_minutes[arm][run->scenario] += (double)sheet->human_ns * 1e-9 / 60.0;
    if (arm == ARM_STEWARD) {
        campaign->family_violating[run->scenario] += sheet->n_violations > 0 ? 1 : 0;
    }
    family->episodes[arm]++;
    family->violations[arm] += sheet->n_violations;
    family->correct[arm] += sheet->correct ? 1 : 0;
    family->interventions[arm] += sheet->interventions;
    family->harmful[arm] += sheet->harmful_actions;
    family->bad_minutes[arm] += sheet->bad_minutes;
    if (sheet->true_incident) {
        keep_sample(campaign, arm, 0, sheet->t_obs, sheet->t_eff, sheet->horizon);
        keep_sample(campaign, arm, 1, sheet->t_obs, sheet->t_det, sheet->horizon);
        keep_sample(campaign, arm, 2, sheet->t_det, sheet->t_eff, sheet->horizon);
        keep_sample(campaign, arm, 3, sheet->t_det, sheet->t_rest, sheet->horizon);
    }
    add_outcomes(campaign, arm, sheet);
    list_violations(sum, sheet, scenario->id, run->seed);
}

/* Verdict of a run in the campaign's fingerprint: the chain binds what the core did, this what the judge made of it. */
static struct digest128 digest_of(const struct episode_result *result)
{
    const struct verdict_sheet *sheet = &result->sheet;
    uint64_t words[] = {
        result->fingerprint.hi,
        result->fingerprint.lo,
        result->events,
        result->windows,
        (uint64_t)sheet->t_obs,
        (uint64_t)sheet->t_det,
        (uint64_t)sheet->t_eff,
        (uint64_t)sheet->t_rest,
        sheet->interventions,
        sheet->interruptions,
        sheet->harmful_actions,
        sheet->false_actions,
        sheet->needless_pages,
        (uint64_t)sheet->missed,
        (uint64_t)sheet->correct,
        (uint64_t)sheet->corrected_by_human,
        sheet->n_violations,
        (uint64_t)sheet->human_ns,
        (uint64_t)(sheet->bad_minutes * 1e6),
    };
    uint8_t bytes[sizeof(words)];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
    }
    return fingerprint_of(bytes, sizeof(bytes));
}

static enum err collect(void *self, uint64_t run, const struct run_result *result,
                        struct err_text *ret_text)
{
    struct campaign *campaign = self;
    struct campaign_result *sum = campaign->result;
    const struct scenario *scenario = &campaign->request->suite->scenarios[result->scenario];
    for (int arm = 0; arm < N_ARMS; arm++) {
        if (!campaign->request->arms[arm]) {
            continue;
        }
        add_arm(campaign, arm, result);
        const struct verdict_port *verdicts = &campaign->request->verdicts;
        if (verdicts->put != NULL) {
            struct verdict_told told = {run, result->seed, scenario, (enum arm)arm,
                                        &result->arms[arm].sheet};
            TRY(verdicts->put(verdicts->self, &told, ret_text));
        }
        sum->events += result->arms[arm].events;
        sum->windows += result->arms[arm].windows;
        sum->virtual_s += (double)scenario->horizon_ns * 1e-9;
        sum->fingerprint = fingerprint_merge(sum->fingerprint, digest_of(&result->arms[arm]));
    }
    const struct progress_port *progress = &campaign->request->progress;
    if (progress->put != NULL) {
        progress->put(progress->self, run + 1, campaign->request->runs,
                      sum->arms[ARM_STEWARD].violations);
    }
    return OK;
}

static void finish_arm(struct campaign *campaign, int arm)
{
    struct arm_result *sum = &campaign->result->arms[arm];
    double n = (double)sum->episodes;
    sum->observe = quantiles_of(campaign->samples[arm][0], campaign->n_samples[arm][0]);
    sum->detection = quantiles_of(campaign->samples[arm][1], campaign->n_samples[arm][1]);
    sum->response = quantiles_of(campaign->samples[arm][2], campaign->n_samples[arm][2]);
    sum->restore = quantiles_of(campaign->samples[arm][3], campaign->n_samples[arm][3]);
    sum->escalation_rate = proportion_interval(campaign->escalated[arm], sum->episodes);
    sum->autonomy_rate = proportion_interval(campaign->autonomous[arm], sum->episodes);
    sum->interventions_per_episode = campaign->interventions[arm] / n;
    sum->interruptions_per_episode = campaign->interruptions[arm] / n;
    sum->bad_prediction_minutes = campaign->bad_minutes[arm] / n;
    sum->human_minutes = campaign->human_s[arm] / 60.0 / n;
    sum->correct_rate = (double)campaign->correct[arm] / n;
    sum->corrected_by_human_rate = (double)campaign->corrected_by_human[arm] / n;
    for (int i = 0; i < N_INVARIANTS; i++) {
        sum->outcome_errors[i] = proportion_interval(campaign->erring[arm][i], sum->episodes);
    }
}

static struct interval paired(const struct campaign *campaign,
                              double values[N_ARMS][SUITE_SCENARIOS_MAX], enum arm against)
{
    struct family_pair families[SUITE_SCENARIOS_MAX];
    size_t n = 0;
    for (uint32_t i = 0; i < campaign->request->suite->n_scenarios; i++) {
        if (campaign->result->families[i].episodes[ARM_STEWARD] > 0) {
            families[n++] = (struct family_pair){values[ARM_STEWARD][i], values[against][i]};
        }
    }
    return reduction_interval(families, n, campaign->request->seed);
}

static struct reduction reduction_against(struct campaign *campaign, enum arm against)
{
    struct reduction reduction = {.known = false};
    const struct campaign_request *request = campaign->request;
    if (request->arms[ARM_STEWARD] && request->arms[against]) {
        reduction.known = true;
        reduction.episodes = paired(campaign, campaign->family_touched, against);
        reduction.acts = paired(campaign, campaign->family_acts, against);
        reduction.minutes = paired(campaign, campaign->family_minutes, against);
    }
    return reduction;
}

static void finish(struct campaign *campaign)
{
    struct campaign_result *sum = campaign->result;
    const struct suite *suite = campaign->request->suite;
    for (int arm = 0; arm < N_ARMS; arm++) {
        if (campaign->request->arms[arm]) {
            finish_arm(campaign, arm);
        }
    }
    sum->n_families = suite->n_scenarios;
    sum->incidents = sum->arms[ARM_STEWARD].incidents;
    sum->bound_95 =
        proportion_upper(campaign->violating[ARM_STEWARD], sum->arms[ARM_STEWARD].episodes);
    sum->bound_95_worst_family = 0.0;
    for (uint32_t i = 0; i < suite->n_scenarios; i++) {
        memcpy(sum->families[i].scenario, suite->scenarios[i].id, sizeof(sum->families[i].scenario));
        double bound =
            proportion_upper(campaign->family_violating[i], sum->families[i].episodes[ARM_STEWARD]);
        if (bound > sum->bound_95_worst_family) {
            sum->bound_95_worst_family = bound;
            sum->worst_family_episodes = sum->families[i].episodes[ARM_STEWARD];
        }
    }
    sum->vs_manual = reduction_against(campaign, ARM_MANUAL);
    sum->vs_rules = reduction_against(campaign, ARM_RULES);
}

static bool open_samples(struct campaign *campaign)
{
    bool is_whole = true;
    for (int arm = 0; arm < N_ARMS; arm++) {
        for (int which = 0; which < 4 && campaign->request->arms[arm]; which++) {
            campaign->samples[arm][which] = calloc(campaign->request->runs, sizeof(struct sample));
            is_whole = is_whole && campaign->samples[arm][which] != NULL;
        }
    }
    return is_whole;
}

static void campaign_close(struct campaign *campaign)
{
    for (int arm = 0; arm < N_ARMS; arm++) {
        for (int which = 0; which < 4; which++) {
            free(campaign->samples[arm][which]);
        }
    }
    if (campaign->episode != NULL) {
        episode_close(campaign->episode);
    }
    free(campaign->settings);
    free(campaign->result);
    free(campaign);
}

enum err campaign_run(const struct campaign_request *request, const volatile int *stop,
                      struct campaign_result *ret_result, struct err_text *ret_text)
{
    ASSERT(request->runs >= 1);
    ASSERT(request->suite->n_scenarios >= 1);
    struct campaign *campaign = calloc(1, sizeof(*campaign));
    if (campaign == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "campaign: out of memory");
    }
    campaign->request = request;
    campaign->settings = calloc(1, sizeof(*campaign->settings));
    campaign->result = calloc(1, sizeof(*campaign->result));
    bool is_whole = campaign->settings != NULL && campaign->result != NULL && open_samples(campaign);
    enum err err = is_whole ? OK : err_set(ret_text, ERR_INTERNAL, "campaign: out of memory");
    if (err == OK) {
        campaign->result->seed = request->seed;
        campaign->result->runs = request->runs;
        bool is_told =
            request->journal.put != NULL || request->trace.put != NULL || request->llm.put != NULL;
        struct work work = {campaign, run_one, collect};
        err = workers_run(&work, request->runs, is_told ? 1 : request->jobs, stop, ret_text);
    }
    if (err == OK) {
        finish(campaign);
        *ret_result = *campaign->result;
    }
    campaign_close(campaign);
    return err;
}
