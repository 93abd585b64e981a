/* SPDX-License-Identifier: Apache-2.0 */
/* E-detectors: small steps of a product that cannot grow on average without a change. */
#include "core/detect/e_detector.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static const double steps[E_DETECTOR_ALTERNATIVES] = {0.02, 0.05, 0.1, 0.2};
static const double alternative_max = 0.98;
static const double sum_max = 1e12;
/* Beyond these exponents the sum is at its cap (e^28 > 1e12), or nothing that the next step would notice (1e12 e^-70 < 1e-18). */
static const double exponent_large = 28.0, exponent_small = -70.0;

/* What a failure and a success add to the log likelihood ratio: fixed by the rates, and used in every window. */
static void weigh(struct e_detector *detector)
{
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        double alternative = detector->alternatives[i], tolerated = detector->tolerated;
        detector->failure_weights[i] = d_log(alternative / tolerated);
        detector->success_weights[i] = d_log((1.0 - alternative) / (1.0 - tolerated));
    }
}

static double hold(double value, double low, double high)
{
    if (!(value > low)) { /* NaN as well. */
        return low;
    }
    return value < high ? value : high;
}

void e_detector_init(struct e_detector *detector, double tolerated)
{
    dispersion_init(&detector->dispersion);
    e_detector_restart(detector, tolerated);
}

void e_detector_restart(struct e_detector *detector, double tolerated)
{
    dispersion_forget(&detector->dispersion);
    detector->tolerated = hold(tolerated, 0.001, 0.97);
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        detector->alternatives[i] = hold(detector->tolerated + steps[i], 0.0, alternative_max);
    }
    weigh(detector);
    e_detector_reset(detector);
}

double e_detector_step(struct e_detector *detector, uint32_t failures, uint32_t n, double calm)
{
    if (n == 0) { /* A window without labels is no observation: the run length counts windows that say something. */
        return e_detector_value(detector);
    }
    double lost = failures < n ? (double)failures : (double)n, kept = (double)n - lost;
    double power = 1.0 / dispersion_used(&detector->dispersion);
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        double exponent =
            power * (lost * detector->failure_weights[i] + kept * detector->success_weights[i]);
        if (exponent >= exponent_large) {
            detector->r[i] = sum_max;
        } else if (exponent <= exponent_small) {
            detector->r[i] = 0.0;
        } else {
            double grown = (detector->r[i] + 1.0) * d_exp(exponent);
            detector->r[i] = grown < sum_max ? grown : sum_max;
        }
    }
    double value = e_detector_value(detector);
    if (value <= calm) {
        dispersion_take(&detector->dispersion, failures, n);
    } else {
        dispersion_forget(&detector->dispersion);
    }
    return value;
}

double e_detector_evidence(const struct e_detector *detector, uint64_t failures, uint64_t n)
{
    double lost = failures < n ? (double)failures : (double)n, kept = (double)n - lost;
    double exponents[E_DETECTOR_ALTERNATIVES], largest = 0.0, sum = 0.0;
    double power = 1.0 / dispersion_used(&detector->dispersion);
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        exponents[i] =
            power * (lost * detector->failure_weights[i] + kept * detector->success_weights[i]);
        largest = i == 0 || exponents[i] > largest ? exponents[i] : largest;
    }
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        sum += d_exp(exponents[i] - largest);
    }
    return largest + d_log(sum / (double)E_DETECTOR_ALTERNATIVES);
}

double e_detector_value(const struct e_detector *detector)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        sum += detector->r[i];
    }
    return sum / (double)E_DETECTOR_ALTERNATIVES;
}

void e_detector_reset(struct e_detector *detector)
{
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        detector->r[i] = 0.0;
    }
}

void e_detector_visit(struct visit *visit, const char *name, struct e_detector *detector)
{
    visit_begin(visit, name, -1);
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        visit_f64(visit, "r", &detector->r[i]);
    }
    visit_f64(visit, "tolerated", &detector->tolerated);
    dispersion_visit(visit, "dispersion", &detector->dispersion);
    visit_end(visit);
    if (!visit->reading) {
        return;
    }
    /* The rates follow from the tolerated one; what a reader found is held to what init allows. */
    double r[E_DETECTOR_ALTERNATIVES];
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        r[i] = hold(detector->r[i], 0.0, sum_max);
    }
    struct dispersion dispersion = detector->dispersion;
    e_detector_restart(detector, detector->tolerated);
    detector->dispersion = dispersion;
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        detector->r[i] = r[i];
    }
}

static const double bet_max = 0.95;
static const double arl_max = 1e12;
static const double bound_max = 1e300; /* So that hi - lo stays finite. */

/* Not NaN and within; the bounds keep infinities out. */
static bool is_within(double value, double low, double high)
{
    return value >= low && value <= high;
}

static const char *bets_wrong(double m0, double arl, double lo, double hi)
{
    if (!is_within(lo, -bound_max, bound_max) || !is_within(hi, -bound_max, bound_max) || !(lo < hi)) {
        return "lo and hi must be finite, lo below hi";
    }
    if (!(m0 > lo && m0 < hi)) {
        return "m0 must lie between lo and hi";
    }
    if (!is_within(arl, 1.0, arl_max)) {
        return "arl must be 1 .. 1e12";
    }
    return NULL;
}

static double scaled(const struct e_bets *bets, double x)
{
    double y = (hold(x, bets->lo, bets->hi) - bets->lo) / (bets->hi - bets->lo);
    return bets->below ? 1.0 - y : y;
}

static void bets_reset(struct e_bets *bets)
{
    for (uint32_t i = 0; i < E_BETS; i++) {
        bets->m[i] = 0.0;
    }
    bets->statistic = 0.0;
    bets->alarmed = false;
}

static void bets_init(struct e_bets *bets, double m0, double arl, double lo, double hi, bool below)
{
    ASSERT(bets_wrong(m0, arl, lo, hi) == NULL);
    *bets = (struct e_bets){.lo = lo, .hi = hi, .arl = arl, .below = below};
    /* A tolerated mean that scaling rounds to nothing is moved up, which keeps the promise: a bet on it would divide by it. */
    bets->mean = hold(scaled(bets, m0), 1e-15, 1.0);
    double lambda = bet_max / bets->mean;
    for (uint32_t i = 0; i < E_BETS; i++) {
        bets->lambdas[i] = lambda;
        lambda *= 0.5;
    }
    bets_reset(bets);
}

static enum detect_signal bets_judge(struct e_bets *bets)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < E_BETS; i++) {
        sum += bets->m[i];
    }
    bets->statistic = sum / (double)E_BETS;
    bets->alarmed = bets->statistic >= bets->arl;
    return bets->alarmed ? DETECT_DRIFT : DETECT_NONE;
}

/* The value as an excess over the mean, in bets that start afresh after an alarm. */
static double bets_take(struct e_bets *bets, double x)
{
    if (bets->alarmed) {
        bets_reset(bets);
    }
    return scaled(bets, x) - bets->mean;
}

struct e_sr_options e_sr_defaults(void)
{
    return (struct e_sr_options){.m0 = 0.5, .arl = 1e4, .lo = 0.0, .hi = 1.0, .below = false};
}

const char *e_sr_wrong(const struct e_sr_options *options)
{
    return bets_wrong(options->m0, options->arl, options->lo, options->hi);
}

void e_sr_init(struct e_sr *detector, const struct e_sr_options *options)
{
    bets_init(&detector->bets, options->m0, options->arl, options->lo, options->hi, options->below);
}

enum detect_signal e_sr_step(struct e_sr *detector, double x)
{
    struct e_bets *bets = &detector->bets;
    if (x != x) {
        return DETECT_NONE;
    }
    double excess = bets_take(bets, x);
    for (uint32_t i = 0; i < E_BETS; i++) {
        bets->m[i] = (bets->m[i] + 1.0) * (1.0 + bets->lambdas[i] * excess);
    }
    return bets_judge(bets);
}

double e_sr_statistic(const struct e_sr *detector) { return detector->bets.statistic; }

struct e_cusum_options e_cusum_defaults(void)
{
    return (struct e_cusum_options){.m0 = 0.5, .arl = 1e4, .lo = 0.0, .hi = 1.0, .below = false};
}

const char *e_cusum_wrong(const struct e_cusum_options *options)
{
    return bets_wrong(options->m0, options->arl, options->lo, options->hi);
}

void e_cusum_init(struct e_cusum *detector, const struct e_cusum_options *options)
{
    bets_init(&detector->bets, options->m0, options->arl, options->lo, options->hi, options->below);
}

enum detect_signal e_cusum_step(struct e_cusum *detector, double x)
{
    struct e_bets *bets = &detector->bets;
    if (x != x) {
        return DETECT_NONE;
    }
    double excess = bets_take(bets, x);
    for (uint32_t i = 0; i < E_BETS; i++) {
        double from = bets->m[i] > 1.0 ? bets->m[i] : 1.0;
        bets->m[i] = from * (1.0 + bets->lambdas[i] * excess);
    }
    return bets_judge(bets);
}

double e_cusum_statistic(const struct e_cusum *detector) { return detector->bets.statistic; }
