/* SPDX-License-Identifier: Apache-2.0 */
/* Direct loss estimation: mean losses by bin of a driver, weighed by where production now is. */
#include "core/detect/dle.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/confidence.h"

static const uint64_t cases_min = 100;     /* Before a share of cases says something. */
static const uint64_t bin_labels_min = 30; /* Of a bin that the reference knows. */
static const double bound_max = 1e300;

struct dle_options dle_defaults(void)
{
    return (struct dle_options){.lo = 0.0,
                                .hi = 1.0,
                                .loss_max = 1.0,
                                .labels_min = 1000,
                                .tolerance = 0.02,
                                .alpha = 0.01,
                                .unseen_max = 0.1};
}

const char *dle_wrong(const struct dle_options *options)
{
    bool is_finite = d_abs(options->lo) <= bound_max && d_abs(options->hi) <= bound_max;
    if (!is_finite || !(options->lo < options->hi)) {
        return "lo and hi must be finite, lo below hi";
    }
    if (!(options->loss_max > 0.0 && options->loss_max <= 1e150)) {
        return "loss_max must be above 0, at most 1e150";
    }
    if (!(options->tolerance >= 0.0 && options->tolerance <= bound_max)) {
        return "tolerance must be finite, at least 0";
    }
    if (!(options->alpha >= 1e-12 && options->alpha <= 0.4)) {
        return "alpha must be 1e-12 .. 0.4";
    }
    if (!(options->unseen_max >= 0.0 && options->unseen_max <= 1.0)) {
        return "unseen_max must be 0 .. 1";
    }
    return NULL;
}

void dle_init(struct dle *dle, const struct dle_options *options)
{
    ASSERT(dle_wrong(options) == NULL);
    memset(dle, 0, sizeof(*dle));
    dle->options = *options;
}

static bool is_outside(const struct dle *dle, double driver)
{
    return driver < dle->options.lo || driver > dle->options.hi;
}

static uint32_t bin_of(const struct dle *dle, double driver)
{
    const struct dle_options *options = &dle->options;
    double at = (driver - options->lo) / (options->hi - options->lo) * (double)DLE_BINS;
    if (!(at > 0.0)) {
        return 0;
    }
    return at >= (double)DLE_BINS ? DLE_BINS - 1 : (uint32_t)at;
}

static double held_loss(const struct dle *dle, double loss)
{
    if (!(loss > 0.0)) {
        return 0.0;
    }
    return loss < dle->options.loss_max ? loss : dle->options.loss_max;
}

void dle_reference(struct dle *dle, double driver, double loss)
{
    if (driver != driver || loss != loss || is_outside(dle, driver)) {
        return;
    }
    uint32_t bin = bin_of(dle, driver);
    double held = held_loss(dle, loss);
    dle->reference_n[bin]++;
    dle->losses[bin] += held;
    dle->squares[bin] += held * held;
}

void dle_step(struct dle *dle, double driver)
{
    if (driver != driver) {
        return;
    }
    if (is_outside(dle, driver)) {
        dle->outside_n++;
    } else {
        dle->n[bin_of(dle, driver)]++;
    }
}

static bool is_known(const struct dle *dle, uint32_t bin)
{
    return dle->reference_n[bin] >= bin_labels_min;
}

void dle_label(struct dle *dle, double driver, double loss)
{
    if (driver != driver || loss != loss || is_outside(dle, driver)) {
        return;
    }
    uint32_t bin = bin_of(dle, driver);
    if (!is_known(dle, bin)) { /* Nothing was expected there. */
        return;
    }
    double cases = (double)dle->reference_n[bin], mean = dle->losses[bin] / cases;
    double variance = dle->squares[bin] / cases - mean * mean;
    dle->late_n++;
    dle->surprise += held_loss(dle, loss) - mean;
    dle->slack += dle->options.tolerance;
    dle->slack += variance > 0.0 ? 3.0 * d_sqrt(variance / cases) : 0.0;
    double unit = 0.25 * dle->options.loss_max * dle->options.loss_max;
    struct mixture boundary;
    mixture_init(&boundary, MIXTURE_NORMAL_TWO_SIDED, 1000.0 * unit, dle->options.alpha, 0.0);
    double allowed = mixture_bound(&boundary, (double)dle->late_n * unit, dle->options.alpha);
    if (d_abs(dle->surprise) - dle->slack > allowed) {
        dle->disagreed = true;
    }
}

double dle_baseline(const struct dle *dle)
{
    double sum = 0.0;
    uint64_t n = 0;
    for (uint32_t i = 0; i < DLE_BINS; i++) {
        sum += dle->losses[i];
        n += dle->reference_n[i];
    }
    return n > 0 ? sum / (double)n : 0.0;
}

double dle_estimate(const struct dle *dle)
{
    double sum = 0.0, n = 0.0;
    for (uint32_t i = 0; i < DLE_BINS; i++) {
        if (is_known(dle, i)) {
            sum += (double)dle->n[i] * (dle->losses[i] / (double)dle->reference_n[i]);
            n += (double)dle->n[i];
        }
    }
    return n > 0.0 ? sum / n : dle_baseline(dle);
}

enum estimate_trust dle_trust(const struct dle *dle)
{
    uint64_t labels = 0, n = dle->outside_n, unseen = dle->outside_n;
    for (uint32_t i = 0; i < DLE_BINS; i++) {
        labels += dle->reference_n[i];
        n += dle->n[i];
        unseen += is_known(dle, i) ? 0 : dle->n[i];
    }
    if (labels == 0 || labels < dle->options.labels_min) {
        return ESTIMATE_FEW_LABELS;
    }
    if (dle->disagreed) {
        return ESTIMATE_LABELS_DISAGREE;
    }
    bool is_unseen = n >= cases_min && (double)unseen > dle->options.unseen_max * (double)n;
    return is_unseen ? ESTIMATE_UNSEEN : ESTIMATE_TRUSTED;
}

void dle_merge(struct dle *dle, const struct dle *other)
{
    for (uint32_t i = 0; i < DLE_BINS; i++) {
        dle->n[i] += other->n[i];
    }
    dle->outside_n += other->outside_n;
}
