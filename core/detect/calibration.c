/* SPDX-License-Identifier: Apache-2.0 */
/* Calibration: sums by bin of probability, and a map that is kept only where it helps on labels that it has not seen. */
#include "core/detect/calibration.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static const double two_over_pi = 0.6366197723675814;

void calibration_init(struct calibration *calibration)
{
    memset(calibration, 0, sizeof(*calibration));
}

static double held(double p)
{
    if (!(p > 0.0)) {
        return 0.0;
    }
    return p < 1.0 ? p : 1.0;
}

uint32_t calibration_bin(double p)
{
    uint32_t bin = (uint32_t)(held(p) * (double)CALIBRATION_BINS);
    return bin < CALIBRATION_BINS ? bin : CALIBRATION_BINS - 1;
}

void calibration_step(struct calibration *calibration, double p, bool outcome)
{
    if (p != p) {
        return;
    }
    uint32_t bin = calibration_bin(p);
    calibration->n[bin]++;
    calibration->probabilities[bin] += held(p);
    calibration->outcomes[bin] += outcome ? 1.0 : 0.0;
}

void calibration_merge(struct calibration *calibration, const struct calibration *other)
{
    for (uint32_t i = 0; i < CALIBRATION_BINS; i++) {
        calibration->n[i] += other->n[i];
        calibration->probabilities[i] += other->probabilities[i];
        calibration->outcomes[i] += other->outcomes[i];
    }
}

uint64_t calibration_n(const struct calibration *calibration)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < CALIBRATION_BINS; i++) {
        n += calibration->n[i];
    }
    return n;
}

double calibration_error(const struct calibration *calibration)
{
    uint64_t n = calibration_n(calibration);
    double sum = 0.0;
    for (uint32_t i = 0; i < CALIBRATION_BINS; i++) {
        sum += d_abs(calibration->probabilities[i] - calibration->outcomes[i]);
    }
    return n > 0 ? sum / (double)n : 0.0;
}

double calibration_noise(const struct calibration *calibration)
{
    uint64_t n = calibration_n(calibration);
    double sum = 0.0;
    for (uint32_t i = 0; i < CALIBRATION_BINS; i++) {
        if (calibration->n[i] > 0) {
            double cases = (double)calibration->n[i];
            double p = calibration->probabilities[i] / cases;
            sum += d_sqrt(two_over_pi * cases * p * (1.0 - p));
        }
    }
    return n > 0 ? sum / (double)n : 0.0;
}

void recalibration_init(struct recalibration *recalibration)
{
    isotonic_init(&recalibration->fit);
    recalibration->map.n_knots = 0;
    calibration_init(&recalibration->raw);
    calibration_init(&recalibration->mapped);
    recalibration->is_fitted = false;
}

void recalibration_learn(struct recalibration *recalibration, double p, bool outcome)
{
    ASSERT(!recalibration->is_fitted);
    isotonic_step(&recalibration->fit, p, outcome ? 1.0 : 0.0);
}

void recalibration_fit(struct recalibration *recalibration)
{
    ASSERT(!recalibration->is_fitted);
    isotonic_fit(&recalibration->fit, &recalibration->map);
    recalibration->is_fitted = true;
}

void recalibration_check(struct recalibration *recalibration, double p, bool outcome)
{
    ASSERT(recalibration->is_fitted);
    calibration_step(&recalibration->raw, p, outcome);
    calibration_step(&recalibration->mapped, isotonic_at(&recalibration->map, p), outcome);
}

bool recalibration_helps(const struct recalibration *recalibration)
{
    return calibration_error(&recalibration->mapped) < calibration_error(&recalibration->raw);
}

double recalibration_at(const struct recalibration *recalibration, double p)
{
    return recalibration_helps(recalibration) ? isotonic_at(&recalibration->map, p) : p;
}

const char *estimate_trust_word(enum estimate_trust trust)
{
    static const char *const words[N_ESTIMATE_TRUSTS] = {
        [ESTIMATE_TRUSTED] = "trusted",
        [ESTIMATE_FEW_LABELS] = "too few labels in the reference",
        [ESTIMATE_MISCALIBRATED] = "miscalibrated on the reference",
        [ESTIMATE_LABELS_DISAGREE] = "late labels disagree",
        [ESTIMATE_UNSEEN] = "cases unlike the reference",
    };
    ASSERT(trust < N_ESTIMATE_TRUSTS);
    return words[trust];
}
