/* SPDX-License-Identifier: Apache-2.0 */
/* Conformal test martingale: ranks in a sorted reference, and three accounts that bet on the mean of the p-values. */
#include "core/detect/martingale.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static const double log_capital_shown = 700.0;
static const double sum_max = 1e300;
static const double reference_risk_arl = 0.01;

struct ctm_options ctm_defaults(void)
{
    return (struct ctm_options){
        .n_reference = 200, .c = 100.0, .jump = 0.01, .seed = 0, .guarantee = CTM_EVER, .guarded = true};
}

const char *ctm_wrong(const struct ctm_options *options)
{
    if (options->n_reference < 2 || options->n_reference > CTM_REFERENCE_MAX) {
        return "n_reference must be 2 .. 1024";
    }
    if (!(options->c >= 1.0 && options->c <= 1e12)) {
        return "c must be 1 .. 1e12";
    }
    if (!(options->jump >= 0.0 && options->jump <= 1.0)) {
        return "jump must be 0 .. 1";
    }
    return NULL;
}

static void restart(struct ctm *ctm)
{
    for (uint32_t i = 0; i < 3; i++) {
        ctm->shares[i] = 1.0 / 3.0;
    }
    ctm->log_capital = 0.0;
    ctm->sum = 0.0;
    ctm->p = 0.5;
    ctm->alarmed = false;
    if (!ctm->given) {
        ctm->n_reference = 0;
    }
}

/* Threshold and guard: what is spent on the luck of the reference is missing elsewhere. */
static void guard_against(struct ctm *ctm, uint32_t n)
{
    const struct ctm_options *options = &ctm->options;
    double risk = reference_risk_arl;
    switch (options->guarantee) {
    case CTM_EVER:
        risk = 0.5 / options->c;
        ctm->threshold = 2.0 * options->c;
        break;
    case CTM_ARL:
        ctm->threshold = options->c / (1.0 - risk);
        break;
    }
    double guard = d_sqrt(d_log(2.0 / risk) / (6.0 * (double)n));
    /* At 1/2 no bet can win any more; a factor may not become negative. */
    ctm->guard = guard < 0.5 ? guard : 0.5;
}

static void calibrate(struct ctm *ctm, uint32_t n)
{
    ctm->threshold = ctm->options.c;
    ctm->guard = 0.0;
    if (ctm->options.guarded) {
        guard_against(ctm, n);
    }
    ctm->log_threshold = d_log(ctm->threshold);
}

void ctm_init(struct ctm *ctm, const struct ctm_options *options)
{
    ASSERT(ctm_wrong(options) == NULL);
    memset(ctm, 0, sizeof(*ctm));
    ctm->options = *options;
    stream_init(&ctm->ties, options->seed, "detect/ctm", 0);
    calibrate(ctm, options->n_reference);
    restart(ctm);
}

/* Number of reference values below x, or not above it. */
static uint32_t rank(const struct ctm *ctm, double x, bool with_equal)
{
    uint32_t low = 0, high = ctm->n_reference;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        double value = ctm->reference[middle];
        if (value < x || (with_equal && value <= x)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void learn(struct ctm *ctm, double x)
{
    ASSERT(ctm->n_reference < CTM_REFERENCE_MAX);
    uint32_t at = rank(ctm, x, true);
    memmove(&ctm->reference[at + 1], &ctm->reference[at],
            (ctm->n_reference - at) * sizeof(ctm->reference[0]));
    ctm->reference[at] = x;
    ctm->n_reference++;
}

void ctm_set_reference(struct ctm *ctm, const double *values, uint32_t n)
{
    ASSERT(n >= 2);
    ASSERT(n <= CTM_REFERENCE_MAX);
    ctm->given = false;
    restart(ctm);
    for (uint32_t i = 0; i < n; i++) {
        ASSERT(values[i] == values[i]);
        learn(ctm, values[i]);
    }
    ctm->given = true;
    calibrate(ctm, n);
}

/* The factor by which the bets on p multiply the capital. */
static double bet(struct ctm *ctm, double p)
{
    double even = ctm->options.jump / 3.0, stay = 1.0 - ctm->options.jump;
    double total = 0.0;
    for (int i = 0; i < 3; i++) {
        double e = (double)(i - 1);
        double factor = i == 1 ? 1.0 : 1.0 + e * (p - 0.5) - ctm->guard;
        ctm->shares[i] = (stay * ctm->shares[i] + even) * factor;
        total += ctm->shares[i];
    }
    ASSERT(total > 0.0);
    for (int i = 0; i < 3; i++) {
        ctm->shares[i] /= total;
    }
    return total;
}

enum detect_signal ctm_step(struct ctm *ctm, double x)
{
    if (x != x) {
        return DETECT_NONE;
    }
    if (ctm->alarmed) {
        restart(ctm);
    }
    if (!ctm->given && ctm->n_reference < ctm->options.n_reference) {
        learn(ctm, x);
        return DETECT_NONE;
    }
    uint32_t below = rank(ctm, x, false), not_above = rank(ctm, x, true);
    double n = (double)ctm->n_reference, above = n - (double)not_above;
    double ties = (double)(not_above - below) + 1.0;
    ctm->p = (above + stream_unit(&ctm->ties) * ties) / (n + 1.0);
    double factor = bet(ctm, ctm->p);
    switch (ctm->options.guarantee) {
    case CTM_EVER:
        ctm->log_capital += d_log(factor);
        ctm->alarmed = ctm->log_capital >= ctm->log_threshold;
        break;
    case CTM_ARL:
        ctm->sum = (ctm->sum + 1.0) * factor;
        ctm->sum = ctm->sum < sum_max ? ctm->sum : sum_max;
        ctm->alarmed = ctm->sum >= ctm->threshold;
        break;
    }
    return ctm->alarmed ? DETECT_DRIFT : DETECT_NONE;
}

double ctm_statistic(const struct ctm *ctm)
{
    if (ctm->options.guarantee == CTM_ARL) {
        return ctm->sum;
    }
    return d_exp(ctm->log_capital < log_capital_shown ? ctm->log_capital : log_capital_shown);
}

double ctm_threshold(const struct ctm *ctm) { return ctm->threshold; }

double ctm_p(const struct ctm *ctm) { return ctm->p; }
