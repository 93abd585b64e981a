/* SPDX-License-Identifier: Apache-2.0 */
/* Confidence-based performance estimation: four sums, and the four reasons not to use them. */
#include "core/detect/cbpe.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/confidence.h"

static const uint64_t scores_min = 100;    /* Before a share of scores says something. */
static const uint64_t bin_labels_min = 30; /* Of a bin that the reference knows. */
static const double boundary_v = 250.0;    /* The boundary is tightest at 1,000 late labels. */

static double held(double p)
{
    if (!(p > 0.0)) {
        return 0.0;
    }
    return p < 1.0 ? p : 1.0;
}

static double ratio(double part, double whole) { return whole > 0.0 ? part / whole : 0.0; }

void cbpe_init(struct cbpe *cbpe) { *cbpe = (struct cbpe){0}; }

void cbpe_step(struct cbpe *cbpe, double p, bool predicted)
{
    if (p != p) {
        return;
    }
    double positive = held(p);
    cbpe->n++;
    if (predicted) {
        cbpe->true_positives += positive;
        cbpe->false_positives += 1.0 - positive;
    } else {
        cbpe->false_negatives += positive;
        cbpe->true_negatives += 1.0 - positive;
    }
}

void cbpe_merge(struct cbpe *cbpe, const struct cbpe *other)
{
    cbpe->true_positives += other->true_positives;
    cbpe->false_positives += other->false_positives;
    cbpe->true_negatives += other->true_negatives;
    cbpe->false_negatives += other->false_negatives;
    cbpe->n += other->n;
}

double cbpe_accuracy(const struct cbpe *cbpe)
{
    return ratio(cbpe->true_positives + cbpe->true_negatives, (double)cbpe->n);
}

double cbpe_precision(const struct cbpe *cbpe)
{
    return ratio(cbpe->true_positives, cbpe->true_positives + cbpe->false_positives);
}

double cbpe_recall(const struct cbpe *cbpe)
{
    return ratio(cbpe->true_positives, cbpe->true_positives + cbpe->false_negatives);
}

double cbpe_f1(const struct cbpe *cbpe)
{
    double twice = 2.0 * cbpe->true_positives;
    return ratio(twice, twice + cbpe->false_positives + cbpe->false_negatives);
}

struct cbpe_gate_options cbpe_gate_defaults(void)
{
    return (struct cbpe_gate_options){
        .labels_min = 1000, .tolerance = 0.02, .alpha = 0.01, .unseen_max = 0.1};
}

const char *cbpe_gate_wrong(const struct cbpe_gate_options *options)
{
    if (!(options->tolerance >= 0.0 && options->tolerance <= 1.0)) {
        return "tolerance must be 0 .. 1";
    }
    if (!(options->alpha >= 1e-12 && options->alpha <= 0.4)) {
        return "alpha must be 1e-12 .. 0.4";
    }
    if (!(options->unseen_max >= 0.0 && options->unseen_max <= 1.0)) {
        return "unseen_max must be 0 .. 1";
    }
    return NULL;
}

void cbpe_gate_init(struct cbpe_gate *gate, const struct cbpe_gate_options *options)
{
    ASSERT(cbpe_gate_wrong(options) == NULL);
    memset(gate, 0, sizeof(*gate));
    gate->options = *options;
    calibration_init(&gate->reference);
}

void cbpe_gate_reference(struct cbpe_gate *gate, double p, bool positive)
{
    calibration_step(&gate->reference, p, positive);
}

void cbpe_gate_score(struct cbpe_gate *gate, double p)
{
    if (p == p) {
        gate->scores[calibration_bin(p)]++;
    }
}

void cbpe_gate_label(struct cbpe_gate *gate, double p, bool predicted, bool positive)
{
    if (p != p) {
        return;
    }
    double expected = predicted ? held(p) : 1.0 - held(p);
    gate->late_n++;
    gate->surprise += (predicted == positive ? 1.0 : 0.0) - expected;
    struct mixture boundary;
    mixture_init(&boundary, MIXTURE_NORMAL_TWO_SIDED, boundary_v, gate->options.alpha, 0.0);
    double n = (double)gate->late_n;
    double allowed = mixture_bound(&boundary, 0.25 * n, gate->options.alpha);
    if (d_abs(gate->surprise) - n * gate->options.tolerance > allowed) {
        gate->disagreed = true;
    }
}

static bool is_unseen(const struct cbpe_gate *gate)
{
    uint64_t n = 0, unseen = 0;
    for (uint32_t i = 0; i < CALIBRATION_BINS; i++) {
        n += gate->scores[i];
        unseen += gate->reference.n[i] < bin_labels_min ? gate->scores[i] : 0;
    }
    return n >= scores_min && (double)unseen > gate->options.unseen_max * (double)n;
}

enum estimate_trust cbpe_gate_trust(const struct cbpe_gate *gate)
{
    const struct calibration *reference = &gate->reference;
    if (calibration_n(reference) == 0 || calibration_n(reference) < gate->options.labels_min) {
        return ESTIMATE_FEW_LABELS;
    }
    double error = calibration_error(reference) - calibration_noise(reference);
    if (error > gate->options.tolerance) {
        return ESTIMATE_MISCALIBRATED;
    }
    if (gate->disagreed) {
        return ESTIMATE_LABELS_DISAGREE;
    }
    return is_unseen(gate) ? ESTIMATE_UNSEEN : ESTIMATE_TRUSTED;
}
