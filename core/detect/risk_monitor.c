/* SPDX-License-Identifier: Apache-2.0 */
/* Harmful-shift risk monitor: two betting confidence sequences over totals of losses, and the e-value that compares them. */
#include "core/detect/risk_monitor.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

/* Bets halve from bet_max on. The smallest is what a billion cases can use: the excess that they prove is some 1e-5 of the distance to 1. */
enum { RISK_BETS = 16, RISK_HALVINGS = 60 };
static const double bet_max = 0.95;
/* Below this a risk is none: 1 / p must stay finite. */
static const double risk_min = 1e-12;
static const double evidence_min = -1e300;

/* ln of the mean wealth of the bets against "risk <= p"; falls as p rises. */
static double wealth(double loss_sum, double n, double p)
{
    double kept = n - loss_sum, odds = 1.0 / p - 1.0;
    double logs[RISK_BETS], largest = evidence_min;
    double bet = bet_max;
    for (uint32_t i = 0; i < RISK_BETS; i++) {
        logs[i] = loss_sum * d_log1p(bet * odds) + kept * d_log1p(-bet);
        largest = logs[i] > largest ? logs[i] : largest;
        bet *= 0.5;
    }
    double sum = 0.0;
    for (uint32_t i = 0; i < RISK_BETS; i++) {
        sum += d_exp(logs[i] - largest);
    }
    return largest + d_log(sum / (double)RISK_BETS);
}

static double hold(double value, double low, double high)
{
    if (!(value > low)) { /* NaN as well. */
        return low;
    }
    return value < high ? value : high;
}

double risk_lower(double loss_sum, uint64_t n, double alpha)
{
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    double cases = (double)n, loss = hold(loss_sum, 0.0, cases);
    if (!(loss > 0.0)) {
        return 0.0;
    }
    double threshold = -d_log(alpha);
    double rejected = risk_min, possible = loss / cases;
    if (possible <= rejected || wealth(loss, cases, rejected) < threshold) {
        return 0.0;
    }
    for (uint32_t i = 0; i < RISK_HALVINGS; i++) {
        double middle = 0.5 * (rejected + possible);
        if (wealth(loss, cases, middle) >= threshold) {
            rejected = middle;
        } else {
            possible = middle;
        }
    }
    return rejected;
}

double risk_upper(double loss_sum, uint64_t n, double alpha)
{
    double cases = (double)n;
    return 1.0 - risk_lower(cases - hold(loss_sum, 0.0, cases), n, alpha);
}

/* Relative entropy of two coins, 0 <= p <= q < 1, q > 0. */
static double divergence(double p, double q)
{
    double sum = p < 1.0 ? (1.0 - p) * (d_log1p(-p) - d_log1p(-q)) : 0.0;
    return p > 0.0 ? sum + p * d_log(p / q) : sum;
}

double risk_upper_fixed(double loss_sum, uint64_t n, double alpha)
{
    ASSERT(alpha > 0.0);
    ASSERT(alpha < 1.0);
    if (n == 0) {
        return 1.0;
    }
    double cases = (double)n, seen = hold(loss_sum / cases, 0.0, 1.0);
    double allowed = -d_log(alpha) / cases;
    double possible = seen, rejected = 1.0;
    for (uint32_t i = 0; i < RISK_HALVINGS && seen < 1.0; i++) {
        double middle = 0.5 * (possible + rejected);
        if (middle < 1.0 && divergence(seen, middle) <= allowed) {
            possible = middle;
        } else {
            rejected = middle;
        }
    }
    return rejected;
}

struct risk_monitor_options risk_monitor_defaults(void)
{
    return (struct risk_monitor_options){.alpha = 0.01, .tolerance = 0.0};
}

const char *risk_monitor_wrong(const struct risk_monitor_options *options)
{
    if (!(options->alpha >= 1e-12 && options->alpha <= 0.5)) {
        return "alpha must be 1e-12 .. 0.5";
    }
    if (!(options->tolerance >= 0.0 && options->tolerance <= 1.0)) {
        return "tolerance must be 0 .. 1";
    }
    return NULL;
}

void risk_monitor_init(struct risk_monitor *monitor, const struct risk_monitor_options *options)
{
    ASSERT(risk_monitor_wrong(options) == NULL);
    *monitor = (struct risk_monitor){
        .alpha = options->alpha, .tolerance = options->tolerance, .source_upper = 1.0};
}

double risk_monitor_limit(const struct risk_monitor *monitor)
{
    return hold(monitor->source_upper + monitor->tolerance, risk_min, 1.0);
}

double risk_monitor_threshold(const struct risk_monitor *monitor)
{
    return d_log(2.0 / monitor->alpha);
}

static bool judge(struct risk_monitor *monitor)
{
    if (monitor->target_n > 0) {
        double limit = risk_monitor_limit(monitor);
        double evidence = wealth(monitor->target_loss, (double)monitor->target_n, limit);
        monitor->evidence = hold(evidence, evidence_min, -evidence_min);
        if (monitor->evidence > monitor->evidence_max) {
            monitor->evidence_max = monitor->evidence;
        }
        if (monitor->evidence >= risk_monitor_threshold(monitor)) {
            monitor->alarmed = true;
        }
    }
    return monitor->alarmed;
}

bool risk_monitor_source_fixed(struct risk_monitor *monitor, double loss_sum, uint64_t n)
{
    ASSERT(monitor->source_n == 0);
    if (n == 0 || loss_sum != loss_sum) {
        return monitor->alarmed;
    }
    monitor->source_loss = hold(loss_sum, 0.0, (double)n);
    monitor->source_n = n;
    monitor->source_fixed = true;
    monitor->source_upper = risk_upper_fixed(monitor->source_loss, n, 0.5 * monitor->alpha);
    return judge(monitor);
}

bool risk_monitor_source_loss(struct risk_monitor *monitor, double loss_sum, uint64_t n)
{
    ASSERT(!monitor->source_fixed);
    if (n == 0 || loss_sum != loss_sum) {
        return monitor->alarmed;
    }
    monitor->source_loss += hold(loss_sum, 0.0, (double)n);
    monitor->source_n += n;
    double upper = risk_upper(monitor->source_loss, monitor->source_n, 0.5 * monitor->alpha);
    if (upper < monitor->source_upper) {
        monitor->source_upper = upper;
    }
    return judge(monitor);
}

bool risk_monitor_target_loss(struct risk_monitor *monitor, double loss_sum, uint64_t n)
{
    if (n == 0 || loss_sum != loss_sum) {
        return monitor->alarmed;
    }
    monitor->target_loss += hold(loss_sum, 0.0, (double)n);
    monitor->target_n += n;
    return judge(monitor);
}

bool risk_monitor_source(struct risk_monitor *monitor, uint64_t errors, uint64_t n)
{
    return risk_monitor_source_loss(monitor, (double)errors, n);
}

bool risk_monitor_target(struct risk_monitor *monitor, uint64_t errors, uint64_t n)
{
    return risk_monitor_target_loss(monitor, (double)errors, n);
}

double risk_monitor_target_lower(const struct risk_monitor *monitor)
{
    return risk_lower(monitor->target_loss, monitor->target_n, 0.5 * monitor->alpha);
}

double risk_monitor_evidence(const struct risk_monitor *monitor) { return monitor->evidence; }

bool risk_monitor_has_alarmed(const struct risk_monitor *monitor) { return monitor->alarmed; }

void risk_monitor_restart(struct risk_monitor *monitor)
{
    monitor->target_loss = 0.0;
    monitor->target_n = 0;
    monitor->evidence = 0.0;
    monitor->evidence_max = 0.0;
    monitor->alarmed = false;
}

void risk_monitor_visit(struct visit *visit, const char *name, struct risk_monitor *monitor)
{
    visit_begin(visit, name, -1);
    visit_f64(visit, "alpha", &monitor->alpha);
    visit_f64(visit, "tolerance", &monitor->tolerance);
    visit_f64(visit, "source_loss", &monitor->source_loss);
    visit_f64(visit, "target_loss", &monitor->target_loss);
    visit_u64(visit, "source_n", &monitor->source_n);
    visit_u64(visit, "target_n", &monitor->target_n);
    visit_f64(visit, "source_upper", &monitor->source_upper);
    visit_f64(visit, "evidence", &monitor->evidence);
    visit_f64(visit, "evidence_max", &monitor->evidence_max);
    visit_bool(visit, "source_fixed", &monitor->source_fixed);
    visit_bool(visit, "alarmed", &monitor->alarmed);
    visit_end(visit);
    if (!visit->reading) {
        return;
    }
    /* What a reader found is held to what the steps keep. */
    monitor->alpha = hold(monitor->alpha, 1e-12, 0.5);
    monitor->tolerance = hold(monitor->tolerance, 0.0, 1.0);
    monitor->source_loss = hold(monitor->source_loss, 0.0, (double)monitor->source_n);
    monitor->target_loss = hold(monitor->target_loss, 0.0, (double)monitor->target_n);
    monitor->source_upper = hold(monitor->source_upper, 0.0, 1.0);
    monitor->evidence = hold(monitor->evidence, evidence_min, -evidence_min);
    monitor->evidence_max = hold(monitor->evidence_max, 0.0, -evidence_min);
}
