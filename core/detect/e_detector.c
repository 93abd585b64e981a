/* SPDX-License-Identifier: Apache-2.0 */
/* Shiryaev-Roberts e-detector on labelled errors: small steps of a product that cannot grow on average without a change. */
#include "core/detect/e_detector.h"

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
    detector->tolerated = hold(tolerated, 0.001, 0.97);
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        detector->alternatives[i] = hold(detector->tolerated + steps[i], 0.0, alternative_max);
    }
    weigh(detector);
    e_detector_reset(detector);
}

double e_detector_step(struct e_detector *detector, uint32_t failures, uint32_t n)
{
    if (n == 0) { /* A window without labels is no observation: the run length counts windows that say something. */
        return e_detector_value(detector);
    }
    double lost = failures < n ? (double)failures : (double)n, kept = (double)n - lost;
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        double exponent = lost * detector->failure_weights[i] + kept * detector->success_weights[i];
        if (exponent >= exponent_large) {
            detector->r[i] = sum_max;
        } else if (exponent <= exponent_small) {
            detector->r[i] = 0.0;
        } else {
            double grown = (detector->r[i] + 1.0) * d_exp(exponent);
            detector->r[i] = grown < sum_max ? grown : sum_max;
        }
    }
    return e_detector_value(detector);
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
    visit_end(visit);
    if (!visit->reading) {
        return;
    }
    /* The rates follow from the tolerated one; what a reader found is held to what init allows. */
    double r[E_DETECTOR_ALTERNATIVES];
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        r[i] = hold(detector->r[i], 0.0, sum_max);
    }
    e_detector_init(detector, detector->tolerated);
    for (uint32_t i = 0; i < E_DETECTOR_ALTERNATIVES; i++) {
        detector->r[i] = r[i];
    }
}
