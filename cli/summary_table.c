/* SPDX-License-Identifier: Apache-2.0 */
/* A campaign as a table that a manager can read: three arms within 120 columns. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/summary.h"
#include "core/formats/fingerprint.h"

enum {
    CELL_BYTES = 64,
    LABEL_WIDTH = 49,
    CELL_WIDTH = 24,
    INTERVAL_EPISODES = 10,    /* Fewer carry no interval and no reduction. */
    WORST_FAMILY_EPISODES = 30 /* Fewer bound nothing that is worth a line. */
};

struct table {
    FILE *stream;
    const struct campaign_request *request;
    const struct campaign_result *result;
};

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

static void nothing_cell(char cell[CELL_BYTES]) { (void)snprintf(cell, CELL_BYTES, "-"); }

static void quantile_cell(const struct quantiles *q, char cell[CELL_BYTES])
{
    if (q->n == 0) {
        nothing_cell(cell);
        return;
    }
    char p50[CELL_BYTES], p95[CELL_BYTES];
    duration_cell(q->p50, p50);
    duration_cell(q->p95, p95);
    (void)snprintf(cell, CELL_BYTES, "%.20s / %.20s", p50, p95);
}

static void rate_cell(const struct interval *r, uint64_t n_episodes, char cell[CELL_BYTES])
{
    if (n_episodes < INTERVAL_EPISODES) {
        (void)snprintf(cell, CELL_BYTES, "%5.1f %%", 100.0 * r->value);
        return;
    }
    (void)snprintf(cell, CELL_BYTES, "%5.1f %% [%.1f, %.1f]", 100.0 * r->value, 100.0 * r->lo,
                   100.0 * r->hi);
}

/* One line of a table: a cell for each arm that ran. */
typedef void write_cell(const struct campaign_result *result, int arm, uint32_t index,
                        char cell[CELL_BYTES]);

static void put_line(const struct table *table, const char *label, write_cell *write, uint32_t index)
{
    int n_bytes = (int)strlen(label);
    (void)fputs(label, table->stream);
    if (n_bytes >= LABEL_WIDTH) {
        (void)fputc('\n', table->stream);
        n_bytes = 0;
    }
    int gap = LABEL_WIDTH - n_bytes;
    for (int arm = 0; arm < N_ARMS; arm++) {
        char cell[CELL_BYTES];
        if (table->request->arms[arm]) {
            write(table->result, arm, index, cell);
            (void)fprintf(table->stream, "%*s%s", gap, "", cell);
            gap = CELL_WIDTH - (int)strlen(cell);
        }
    }
    (void)fputc('\n', table->stream);
}

static void put_invariant(const struct table *table, enum invariant invariant, write_cell *write)
{
    char label[2 * CELL_BYTES];
    (void)snprintf(label, sizeof(label), "%-5s%s", invariant_name(invariant),
                   invariant_words(invariant));
    put_line(table, label, write, (uint32_t)invariant);
}

static void write_detection(const struct campaign_result *result, int arm, uint32_t index,
                            char cell[CELL_BYTES])
{
    (void)index;
    quantile_cell(&result->arms[arm].detection, cell);
}
static void write_response(const struct campaign_result *result, int arm, uint32_t index,
                           char cell[CELL_BYTES])
{
    (void)index;
    quantile_cell(&result->arms[arm].response, cell);
}
static void write_observe(const struct campaign_result *result, int arm, uint32_t index,
                          char cell[CELL_BYTES])
{
    (void)index;
    quantile_cell(&result->arms[arm].observe, cell);
}
static void write_restore(const struct campaign_result *result, int arm, uint32_t index,
                          char cell[CELL_BYTES])
{
    (void)index;
    quantile_cell(&result->arms[arm].restore, cell);
}
static void write_missed(const struct campaign_result *result, int arm, uint32_t index,
                         char cell[CELL_BYTES])
{
    (void)index;
    (void)snprintf(cell, CELL_BYTES, "%" PRIu64, result->arms[arm].missed);
}
static void write_correct(const struct campaign_result *result, int arm, uint32_t index,
                          char cell[CELL_BYTES])
{
    (void)index;
    const struct arm_result *sum = &result->arms[arm];
    if (arm == ARM_MANUAL) {
        (void)snprintf(cell, CELL_BYTES, "%5.1f %%", 100.0 * sum->correct_rate);
        return;
    }
    double with_person = sum->corrected_by_human_rate;
    (void)snprintf(cell, CELL_BYTES, "%5.1f %% (%.1f + %.1f)", 100.0 * sum->correct_rate,
                   100.0 * (sum->correct_rate - with_person), 100.0 * with_person);
}
static void write_escalation(const struct campaign_result *result, int arm, uint32_t index,
                             char cell[CELL_BYTES])
{
    (void)index;
    if (arm == ARM_MANUAL) {
        nothing_cell(cell);
        return;
    }
    rate_cell(&result->arms[arm].escalation_rate, result->arms[arm].episodes, cell);
}
static void write_autonomy(const struct campaign_result *result, int arm, uint32_t index,
                           char cell[CELL_BYTES])
{
    (void)index;
    rate_cell(&result->arms[arm].autonomy_rate, result->arms[arm].episodes, cell);
}
static void write_interventions(const struct campaign_result *result, int arm, uint32_t index,
                                char cell[CELL_BYTES])
{
    (void)index;
    (void)snprintf(cell, CELL_BYTES, "%.2f (+ %.2f read)",
                   result->arms[arm].interventions_per_episode,
                   result->arms[arm].interruptions_per_episode);
}
static void write_minutes(const struct campaign_result *result, int arm, uint32_t index,
                          char cell[CELL_BYTES])
{
    (void)index;
    (void)snprintf(cell, CELL_BYTES, "%.1f min", result->arms[arm].human_minutes);
}
static void write_bad(const struct campaign_result *result, int arm, uint32_t index,
                      char cell[CELL_BYTES])
{
    (void)index;
    (void)snprintf(cell, CELL_BYTES, "%.2f min", result->arms[arm].bad_prediction_minutes);
}
static void write_acts(const struct campaign_result *result, int arm, uint32_t index,
                       char cell[CELL_BYTES])
{
    (void)index;
    const struct arm_result *sum = &result->arms[arm];
    int n_bytes = snprintf(cell, CELL_BYTES, "%" PRIu64 " harmful", sum->harmful_actions);
    if (arm != ARM_MANUAL) {
        (void)snprintf(cell + n_bytes, CELL_BYTES - (size_t)n_bytes, ", %" PRIu64 " false",
                       sum->false_actions);
    }
}
static void write_pages(const struct campaign_result *result, int arm, uint32_t index,
                        char cell[CELL_BYTES])
{
    (void)index;
    if (arm == ARM_MANUAL) {
        nothing_cell(cell);
        return;
    }
    (void)snprintf(cell, CELL_BYTES, "%" PRIu64, result->arms[arm].needless_pages);
}
static void write_violations(const struct campaign_result *result, int arm, uint32_t index,
                             char cell[CELL_BYTES])
{
    (void)index;
    if (arm == ARM_MANUAL) {
        nothing_cell(cell);
        return;
    }
    (void)snprintf(cell, CELL_BYTES, "%" PRIu64 " in %" PRIu64, result->arms[arm].violations,
                   result->arms[arm].episodes);
}

static const struct row {
    const char *label;
    write_cell *write;
} rows[] = {
    {"detection (t_obs to t_det)  p50 / p95", write_detection},
    {"response (t_det to t_eff)   p50 / p95", write_response},
    {"t_obs to t_eff              p50 / p95", write_observe},
    {"restore (t_det to t_rest)   p50 / p95", write_restore},
    {"missed incidents", write_missed},
    {"right remedy (by itself + with a person)", write_correct},
    {"escalation rate", write_escalation},
    {"autonomy rate", write_autonomy},
    {"interventions per episode", write_interventions},
    {"human time per episode", write_minutes},
    {"bad predictions per episode", write_bad},
    {"acts", write_acts},
    {"needless pages", write_pages},
    {"enforceable violations", write_violations},
};

static void write_outcome(const struct campaign_result *result, int arm, uint32_t index,
                          char cell[CELL_BYTES])
{
    if (result->arms[arm].occasions[index] == 0) {
        nothing_cell(cell);
        return;
    }
    rate_cell(&result->arms[arm].outcome_errors[index], result->arms[arm].episodes, cell);
}

static void write_breaches(const struct campaign_result *result, int arm, uint32_t index,
                           char cell[CELL_BYTES])
{
    uint64_t n_occasions = result->arms[arm].occasions[index];
    if (arm == ARM_MANUAL || n_occasions == 0) {
        nothing_cell(cell);
        return;
    }
    (void)snprintf(cell, CELL_BYTES, "%" PRIu64 " in %" PRIu64, result->arms[arm].breaches[index],
                   n_occasions);
}

static void write_family(const struct campaign_result *result, int arm, uint32_t index,
                         char cell[CELL_BYTES])
{
    const struct family_result *family = &result->families[index];
    double n = (double)family->episodes[arm];
    (void)snprintf(cell, CELL_BYTES, "%3.0f %% / %.2f / %.1f",
                   100.0 * (double)family->correct[arm] / n, (double)family->interventions[arm] / n,
                   family->bad_minutes[arm] / n);
}

static void write_name(const struct campaign_result *result, int arm, uint32_t mind,
                       char cell[CELL_BYTES])
{
    (void)result;
    if (arm == ARM_STEWARD && mind != MIND_STEWARD) {
        (void)snprintf(cell, CELL_BYTES, "%s (%s)", arm_name(ARM_STEWARD),
                       mind_name((enum mind_kind)mind));
        return;
    }
    (void)snprintf(cell, CELL_BYTES, "%s", arm_name((enum arm)arm));
}

static void table_of_arms(const struct table *table)
{
    put_line(table, "", write_name, (uint32_t)table->request->mind);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        put_line(table, rows[i].label, rows[i].write, 0);
    }
    (void)fputs(
        "\n"
        "t_obs: an oracle could see the fault; t_det: the arm noticed it; t_eff: the first right and containing act,\n"
        "no-op or hand-over was confirmed; t_rest: the models were well again, which may come before the confirmation\n"
        "by read-back. 0ms = no later than the oracle; >horizon = not within the episode; + read = messages that a\n"
        "person only had to read; bad min = minutes of bad predictions an episode; with a person = a person's act\n"
        "contained it, while a hand-over that was due counts as by itself; - = nothing to judge.\n",
        table->stream);
}

static void table_of_invariants(const struct table *table)
{
    (void)fprintf(table->stream, "\noutcome errors (share of episodes with at least one%s)\n",
                  table->result->runs < INTERVAL_EPISODES ? "" : ", 95 % interval");
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        if (invariant_is_checked(invariant) && !invariant_is_enforceable(invariant)) {
            put_invariant(table, invariant, write_outcome);
        }
    }
    (void)fputs("\nenforceable invariants (breaches in opportunities)\n", table->stream);
    for (int i = 0; i < N_INVARIANTS; i++) {
        enum invariant invariant = (enum invariant)i;
        if (invariant_is_checked(invariant) && invariant_is_enforceable(invariant)) {
            put_invariant(table, invariant, write_breaches);
        }
    }
    (void)fputs("not checked:", table->stream);
    for (int i = 0; i < N_INVARIANTS; i++) {
        if (!invariant_is_checked((enum invariant)i)) {
            (void)fprintf(table->stream, " %s", invariant_name((enum invariant)i));
        }
    }
    (void)fputc('\n', table->stream);
}

static void table_of_families(const struct table *table)
{
    (void)fputs("\nby scenario: right / interventions / bad min\n", table->stream);
    for (uint32_t i = 0; i < table->result->n_families; i++) {
        const struct family_result *family = &table->result->families[i];
        uint64_t n = 0;
        for (int arm = 0; arm < N_ARMS; arm++) {
            n = family->episodes[arm] > n ? family->episodes[arm] : n;
        }
        char label[CELL_BYTES];
        (void)snprintf(label, sizeof(label), "%s (n = %" PRIu64 ")", family->scenario, n);
        if (n > 0) {
            put_line(table, label, write_family, i);
        }
    }
    (void)fputc('\n', table->stream);
}

static void reduction_line(const struct table *table, const char *against,
                           const struct reduction *reduction)
{
    if (!reduction->known || table->result->runs < INTERVAL_EPISODES) {
        return;
    }
    (void)fprintf(table->stream, "fewer episodes that need a human, against %s: ", against);
    if (!isfinite(reduction->episodes.value)) {
        (void)fputs("none needed one\n", table->stream);
        return;
    }
    (void)fprintf(table->stream, "%.0f %% [%.0f, %.0f]; human time: %.0f %%\n",
                  100.0 * reduction->episodes.value, 100.0 * reduction->episodes.lo,
                  100.0 * reduction->episodes.hi, 100.0 * reduction->minutes.value);
}

static void list_violations(const struct table *table, const char *command)
{
    enum { SHOWN_MAX = 20 };
    for (int arm = 0; arm < N_ARMS; arm++) {
        const struct arm_result *sum = &table->result->arms[arm];
        for (uint64_t i = 0; table->request->arms[arm] && i < sum->n_listed && i < SHOWN_MAX; i++) {
            const struct listed_violation *listed = &sum->listed[i];
            (void)fprintf(table->stream,
                          "violation: %s arm %s, scenario %s, seed %" PRIu64
                          ": %s\n  again: %s --seed %" PRIu64 "\n",
                          invariant_name(listed->invariant), arm_name((enum arm)arm),
                          listed->scenario, listed->seed, listed->why, command, listed->seed);
        }
        if (table->request->arms[arm] && sum->n_listed > SHOWN_MAX) {
            (void)fprintf(table->stream, "violation: ... %" PRIu64 " in all; --json lists them\n",
                          sum->violations);
        }
    }
}

static void steward_lines(const struct table *table)
{
    const struct campaign_result *result = table->result;
    const struct arm_result *steward = &result->arms[ARM_STEWARD];
    (void)fprintf(table->stream,
                  "steward arm: %" PRIu64 " violations in %" PRIu64
                  " episodes, <= %.2g an episode at 95 %%",
                  steward->violations, steward->episodes, result->bound_95);
    if (result->worst_family_episodes >= WORST_FAMILY_EPISODES) {
        (void)fprintf(table->stream, " (worst scenario <= %.2g, n = %" PRIu64 ")",
                      result->bound_95_worst_family, result->worst_family_episodes);
    }
    (void)fprintf(table->stream,
                  "\naudit: %" PRIu64 " effects, %" PRIu64 " with intent and outcome on record\n",
                  steward->effects, steward->records);
}

void summary_table(FILE *stream, const struct campaign_request *request,
                   const struct campaign_result *result, const char *command, double wall_s)
{
    const struct table table = {stream, request, result};
    char fingerprint[33];
    fingerprint_hex(result->fingerprint, fingerprint);
    (void)fprintf(stream, "%s: %" PRIu64 " episode%s, seed %" PRIu64, request->suite->title,
                  result->runs, result->runs == 1 ? "" : "s", result->seed);
    if (request->arms[ARM_STEWARD]) {
        (void)fprintf(stream, ", mind %s", mind_name(request->mind));
    }
    (void)fputs("\n\n", stream);
    table_of_arms(&table);
    table_of_invariants(&table);
    table_of_families(&table);
    list_violations(&table, command);
    reduction_line(&table, "manual", &result->vs_manual);
    reduction_line(&table, "rules", &result->vs_rules);
    if (request->arms[ARM_STEWARD]) {
        steward_lines(&table);
    }
    (void)fprintf(stream,
                  "%" PRIu64 " events, %" PRIu64
                  " telemetry windows, %.0f virtual hours in %.1f s; fingerprint %s\n",
                  result->events, result->windows, result->virtual_s / 3600.0, wall_s, fingerprint);
}
