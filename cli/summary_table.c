/* SPDX-License-Identifier: Apache-2.0 */
/* A campaign as a table that a manager can read. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/summary.h"
#include "core/formats/fingerprint.h"

enum { CELL_BYTES = 64, LABEL_WIDTH = 50, CELL_WIDTH = 26 };

static void duration_cell(double seconds, char cell[CELL_BYTES])
{
    if (!isfinite(seconds)) {
        (void)snprintf(cell, CELL_BYTES, ">horizon");
        return;
    }
    char buffer[CELL_BYTES];
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    text_put_duration(&text, (int64_t)(seconds * 1e9));
    (void)snprintf(cell, CELL_BYTES, "%s", buffer);
}

static void quantile_cell(const struct quantiles *q, char cell[CELL_BYTES])
{
    if (q->n == 0) {
        (void)snprintf(cell, CELL_BYTES, "-");
        return;
    }
    char p50[CELL_BYTES], p95[CELL_BYTES];
    duration_cell(q->p50, p50);
    duration_cell(q->p95, p95);
    (void)snprintf(cell, CELL_BYTES, "%.20s / %.20s", p50, p95);
}

static void rate_cell(const struct interval *r, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%5.1f %% [%.1f, %.1f]", 100.0 * r->value, 100.0 * r->lo,
                   100.0 * r->hi);
}

struct row {
    const char *label;
    void (*write)(const struct arm_result *arm, char cell[CELL_BYTES]);
};

static void write_detection(const struct arm_result *arm, char cell[CELL_BYTES])
{
    quantile_cell(&arm->detection, cell);
}
static void write_response(const struct arm_result *arm, char cell[CELL_BYTES])
{
    quantile_cell(&arm->response, cell);
}
static void write_observe(const struct arm_result *arm, char cell[CELL_BYTES])
{
    quantile_cell(&arm->observe, cell);
}
static void write_restore(const struct arm_result *arm, char cell[CELL_BYTES])
{
    quantile_cell(&arm->restore, cell);
}
static void write_escalation(const struct arm_result *arm, char cell[CELL_BYTES])
{
    rate_cell(&arm->escalation_rate, cell);
}
static void write_autonomy(const struct arm_result *arm, char cell[CELL_BYTES])
{
    rate_cell(&arm->autonomy_rate, cell);
}
static void write_interventions(const struct arm_result *arm, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%.2f (+%.2f read)", arm->interventions_per_episode,
                   arm->interruptions_per_episode);
}
static void write_minutes(const struct arm_result *arm, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%.1f min", arm->human_minutes);
}
static void write_bad(const struct arm_result *arm, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%.2f min", arm->bad_prediction_minutes);
}
static void write_missed(const struct arm_result *arm, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%" PRIu64, arm->missed);
}
static void write_correct(const struct arm_result *arm, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%.1f %%", 100.0 * arm->correct_rate);
}
static void write_harmful(const struct arm_result *arm, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%" PRIu64 " harmful, %" PRIu64 " false", arm->harmful_actions,
                   arm->false_actions);
}
static void write_violations(const struct arm_result *arm, char cell[CELL_BYTES])
{
    (void)snprintf(cell, CELL_BYTES, "%" PRIu64 " in %" PRIu64, arm->violations, arm->episodes);
}

static const struct row rows[] = {
    {"detection (t_obs to t_det)  p50/p95", write_detection},
    {"response (t_det to t_eff)   p50/p95", write_response},
    {"t_obs to t_eff              p50/p95", write_observe},
    {"restore (t_det to t_rest)   p50/p95", write_restore},
    {"missed incidents", write_missed},
    {"right remedy", write_correct},
    {"escalation rate", write_escalation},
    {"autonomy rate", write_autonomy},
    {"interventions per episode", write_interventions},
    {"human time per episode", write_minutes},
    {"bad predictions per episode", write_bad},
    {"acts", write_harmful},
    {"enforceable violations", write_violations},
};

static void table_of_arms(FILE *stream, const struct campaign_request *request,
                          const struct campaign_result *result)
{
    (void)fprintf(stream, "%-*s", LABEL_WIDTH, "");
    for (int arm = 0; arm < N_ARMS; arm++) {
        if (request->arms[arm]) {
            (void)fprintf(stream, "%-*s", CELL_WIDTH, arm_name((enum arm)arm));
        }
    }
    (void)fputc('\n', stream);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)fprintf(stream, "%-*s", LABEL_WIDTH, rows[i].label);
        for (int arm = 0; arm < N_ARMS; arm++) {
            char cell[CELL_BYTES];
            if (request->arms[arm]) {
                rows[i].write(&result->arms[arm], cell);
                (void)fprintf(stream, "%-*s", CELL_WIDTH, cell);
            }
        }
        (void)fputc('\n', stream);
    }
}

static void table_of_errors(FILE *stream, const struct campaign_request *request,
                            const struct campaign_result *result)
{
    (void)fprintf(stream, "\noutcome errors (share of episodes with at least one, 95 %% interval)\n");
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        if (invariant_is_enforceable(invariant) || !invariant_is_checked(invariant)) {
            continue;
        }
        (void)fprintf(stream, "%-5s%-*s", invariant_name(invariant), LABEL_WIDTH - 5,
                      invariant_words(invariant));
        for (int arm = 0; arm < N_ARMS; arm++) {
            char cell[CELL_BYTES];
            if (request->arms[arm]) {
                rate_cell(&result->arms[arm].outcome_errors[i], cell);
                (void)fprintf(stream, "%-*s", CELL_WIDTH, cell);
            }
        }
        (void)fputc('\n', stream);
    }
}

static void table_of_invariants(FILE *stream, const struct campaign_request *request,
                                const struct campaign_result *result)
{
    (void)fprintf(stream, "\nenforceable invariants (breaches in opportunities)\n");
    char unchecked[512] = "";
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        if (!invariant_is_checked(invariant)) {
            size_t n_bytes = strlen(unchecked);
            (void)snprintf(unchecked + n_bytes, sizeof(unchecked) - n_bytes, " %s",
                           invariant_name(invariant));
            continue;
        }
        if (!invariant_is_enforceable(invariant)) {
            continue;
        }
        (void)fprintf(stream, "%-5s%-*s", invariant_name(invariant), LABEL_WIDTH - 5,
                      invariant_words(invariant));
        for (int arm = 0; arm < N_ARMS; arm++) {
            char cell[CELL_BYTES];
            if (request->arms[arm]) {
                (void)snprintf(cell, sizeof(cell), "%" PRIu64 " in %" PRIu64,
                               result->arms[arm].breaches[i], result->arms[arm].occasions[i]);
                (void)fprintf(stream, "%-*s", CELL_WIDTH, cell);
            }
        }
        (void)fputc('\n', stream);
    }
    (void)fprintf(stream, "not checked:%s\n", unchecked);
}

static void table_of_families(FILE *stream, const struct campaign_request *request,
                              const struct campaign_result *result)
{
    (void)fprintf(stream, "\n%-*s", LABEL_WIDTH, "by scenario: right / interventions / bad min");
    (void)fputc('\n', stream);
    for (uint32_t i = 0; i < result->n_families; i++) {
        const struct family_result *family = &result->families[i];
        uint64_t n = 0;
        for (int arm = 0; arm < N_ARMS; arm++) {
            n = family->episodes[arm] > n ? family->episodes[arm] : n;
        }
        if (n == 0) {
            continue;
        }
        char label[CELL_BYTES];
        (void)snprintf(label, sizeof(label), "%s (n = %" PRIu64 ")", family->scenario, n);
        (void)fprintf(stream, "%-*s", LABEL_WIDTH, label);
        for (int arm = 0; arm < N_ARMS; arm++) {
            if (!request->arms[arm]) {
                continue;
            }
            char cell[CELL_BYTES];
            double m = (double)family->episodes[arm];
            (void)snprintf(cell, sizeof(cell), "%3.0f %% / %.2f / %.2f",
                           100.0 * (double)family->correct[arm] / m,
                           (double)family->interventions[arm] / m, family->bad_minutes[arm] / m);
            (void)fprintf(stream, "%-*s", CELL_WIDTH, cell);
        }
        (void)fputc('\n', stream);
    }
}

static void reduction_line(FILE *stream, const char *against, const struct reduction *reduction)
{
    if (reduction->known && !isfinite(reduction->episodes.value)) {
        (void)fprintf(stream, "fewer episodes that need a human, against %s: none needed one\n",
                      against);
    } else if (reduction->known) {
        (void)fprintf(
            stream,
            "fewer episodes that need a human, against %s: %.0f %% [%.0f, %.0f]; human time: %.0f %%\n",
            against, 100.0 * reduction->episodes.value, 100.0 * reduction->episodes.lo,
            100.0 * reduction->episodes.hi, 100.0 * reduction->minutes.value);
    }
}

static void list_violations(FILE *stream, const struct campaign_request *request,
                            const struct campaign_result *result)
{
    enum { SHOWN_MAX = 20 };
    for (int arm = 0; arm < N_ARMS; arm++) {
        const struct arm_result *sum = &result->arms[arm];
        for (uint64_t i = 0; request->arms[arm] && i < sum->n_listed && i < SHOWN_MAX; i++) {
            (void)fprintf(stream, "violation: %s arm %s, scenario %s, seed %" PRIu64 ": %s\n",
                          invariant_name(sum->listed[i].invariant), arm_name((enum arm)arm),
                          sum->listed[i].scenario, sum->listed[i].seed, sum->listed[i].why);
        }
        if (request->arms[arm] && sum->n_listed > SHOWN_MAX) {
            (void)fprintf(stream, "violation: ... %" PRIu64 " in all; --json lists them\n",
                          sum->violations);
        }
    }
}

void summary_table(FILE *stream, const struct campaign_request *request,
                   const struct campaign_result *result, double wall_s)
{
    char fingerprint[33];
    fingerprint_hex(result->fingerprint, fingerprint);
    (void)fprintf(stream, "%s: %" PRIu64 " episodes, seed %" PRIu64 ", mind %s\n\n",
                  request->suite->title, result->runs, result->seed, mind_name(request->mind));
    table_of_arms(stream, request, result);
    table_of_errors(stream, request, result);
    table_of_invariants(stream, request, result);
    table_of_families(stream, request, result);
    (void)fputc('\n', stream);
    list_violations(stream, request, result);
    reduction_line(stream, "manual", &result->vs_manual);
    reduction_line(stream, "rules", &result->vs_rules);
    if (request->arms[ARM_STEWARD]) {
        const struct arm_result *steward = &result->arms[ARM_STEWARD];
        (void)fprintf(stream,
                      "steward arm: %" PRIu64 " violations in %" PRIu64
                      " episodes, <= %.2g an episode at 95 %% (worst scenario <= %.2g)\n"
                      "audit: %" PRIu64 " effects, %" PRIu64 " with intent and outcome on record\n",
                      steward->violations, steward->episodes, result->bound_95,
                      result->bound_95_worst_family, steward->effects, steward->records);
    }
    (void)fprintf(stream,
                  "%" PRIu64 " events, %" PRIu64
                  " telemetry windows, %.0f virtual hours in %.1f s; fingerprint %s\n",
                  result->events, result->windows, result->virtual_s / 3600.0, wall_s, fingerprint);
}
