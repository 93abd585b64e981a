/* SPDX-License-Identifier: Apache-2.0 */
/* Means before and after a cut; both tests of HDDM. */
#include "core/detect/hddm.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

#define CUT_UNKNOWN 1e308 /* Beyond any edge of finite means. */

struct hddm_a_options hddm_a_defaults(void)
{
    return (struct hddm_a_options){.drift = 0.001, .warning = 0.005, .two_sided = false};
}

struct hddm_w_options hddm_w_defaults(void)
{
    return (struct hddm_w_options){
        .drift = 0.001, .warning = 0.005, .lambda = 0.05, .two_sided = false, .zero_restarts = false};
}

static const char *wrong_levels(double drift, double warning)
{
    if (!(drift >= 1e-300 && drift <= 1.0)) {
        return "drift is in 1e-300 .. 1";
    }
    if (!(warning >= 1e-300 && warning <= 1.0)) {
        return "warning is in 1e-300 .. 1";
    }
    return NULL;
}

const char *hddm_a_wrong(const struct hddm_a_options *options)
{
    return wrong_levels(options->drift, options->warning);
}

const char *hddm_w_wrong(const struct hddm_w_options *options)
{
    const char *wrong = wrong_levels(options->drift, options->warning);
    bool is_lambda = options->lambda >= 0.0 && options->lambda <= 1.0;
    return wrong == NULL && !is_lambda ? "lambda is in 0 .. 1" : wrong;
}

static void begin_a(struct hddm_a *hddm)
{
    hddm->all = hddm->lowest = hddm->highest = (struct hddm_mean){0.0, 0.0};
    hddm->is_over = false;
}

void hddm_a_init(struct hddm_a *hddm, const struct hddm_a_options *options)
{
    ASSERT(hddm_a_wrong(options) == NULL);
    *hddm = (struct hddm_a){.options = *options,
                            .log_drift = d_log(1.0 / options->drift),
                            .log_2_drift = d_log(2.0 / options->drift),
                            .log_2_warning = d_log(2.0 / options->warning)};
    begin_a(hddm);
}

static double edge(const struct hddm_a *hddm, double n)
{
    return d_sqrt(1.0 / (2.0 * n) * hddm->log_drift);
}

/* Whether a difference to the mean up to the cut is significant. */
static bool has_moved(const struct hddm_a *hddm, const struct hddm_mean *cut, double difference,
                      double log_2_confidence)
{
    if (cut->n >= hddm->all.n) {
        return false;
    }
    double m = (hddm->all.n - cut->n) / cut->n * (1.0 / hddm->all.n);
    return difference >= d_sqrt(m / 2.0 * log_2_confidence);
}

static enum detect_signal signal_of(bool is_drift, bool is_warning)
{
    return is_drift ? DETECT_DRIFT : is_warning ? DETECT_WARNING : DETECT_NONE;
}

enum detect_signal hddm_a_step(struct hddm_a *hddm, double x)
{
    if (hddm->is_over) {
        begin_a(hddm);
    }
    struct hddm_mean *all = &hddm->all;
    all->n += 1.0;
    all->mean += 1.0 / all->n * (x - all->mean);
    if (hddm->lowest.n < 1.0) {
        hddm->lowest = hddm->highest = *all;
    }
    double e = edge(hddm, all->n);
    if (hddm->lowest.mean + edge(hddm, hddm->lowest.n) >= all->mean + e) {
        hddm->lowest = *all;
    }
    double rise = all->mean - hddm->lowest.mean;
    bool is_drift = has_moved(hddm, &hddm->lowest, rise, hddm->log_2_drift);
    bool is_warning = has_moved(hddm, &hddm->lowest, rise, hddm->log_2_warning);
    if (hddm->options.two_sided) {
        if (hddm->highest.mean - edge(hddm, hddm->highest.n) <= all->mean - e) {
            hddm->highest = *all;
        }
        double fall = hddm->highest.mean - all->mean;
        is_drift = is_drift || has_moved(hddm, &hddm->highest, fall, hddm->log_2_drift);
        is_warning = is_warning || has_moved(hddm, &hddm->highest, fall, hddm->log_2_warning);
    }
    hddm->is_over = is_drift;
    return signal_of(is_drift, is_warning);
}

double hddm_a_statistic(const struct hddm_a *hddm) { return hddm->all.mean - hddm->lowest.mean; }

static const struct hddm_weighted nothing = {.mean = 0.0, .bound = 1.0, .is_empty = true};

static void begin_w(struct hddm_w *hddm)
{
    hddm->all = nothing;
    hddm->before_rise = hddm->after_rise = nothing;
    hddm->before_fall = hddm->after_fall = nothing;
    hddm->rise_cut = CUT_UNKNOWN;
    hddm->fall_cut = -CUT_UNKNOWN;
    hddm->is_over = false;
}

void hddm_w_init(struct hddm_w *hddm, const struct hddm_w_options *options)
{
    ASSERT(hddm_w_wrong(options) == NULL);
    *hddm = (struct hddm_w){.options = *options,
                            .log_drift = d_log(1.0 / options->drift),
                            .log_warning = d_log(1.0 / options->warning)};
    begin_w(hddm);
}

static void weigh(const struct hddm_w *hddm, struct hddm_weighted *weighted, double x)
{
    double lambda = hddm->options.lambda, rest = 1.0 - lambda;
    bool is_zero = weighted->mean >= 0.0 && weighted->mean <= 0.0;
    bool is_whole = weighted->is_empty || (hddm->options.zero_restarts && is_zero);
    weighted->mean = is_whole ? x : lambda * x + rest * weighted->mean;
    weighted->bound = lambda * lambda + rest * rest * weighted->bound;
    weighted->is_empty = false;
}

static bool is_above(const struct hddm_weighted *high, const struct hddm_weighted *low,
                     double log_confidence)
{
    return !high->is_empty && !low->is_empty &&
           high->mean - low->mean > d_sqrt((low->bound + high->bound) * log_confidence / 2.0);
}

static void cut_or_add(struct hddm_w *hddm, bool is_cut, double x, struct hddm_weighted *before,
                       struct hddm_weighted *after)
{
    if (is_cut) {
        *before = hddm->all;
        *after = nothing;
    } else {
        weigh(hddm, after, x);
    }
}

enum detect_signal hddm_w_step(struct hddm_w *hddm, double x)
{
    if (hddm->is_over) {
        begin_w(hddm);
    }
    weigh(hddm, &hddm->all, x);
    double e = d_sqrt(hddm->all.bound * hddm->log_drift / 2.0);
    double upper = hddm->all.mean + e, lower = hddm->all.mean - e;
    bool is_cut = upper < hddm->rise_cut;
    hddm->rise_cut = is_cut ? upper : hddm->rise_cut;
    cut_or_add(hddm, is_cut, x, &hddm->before_rise, &hddm->after_rise);
    bool is_drift = is_above(&hddm->after_rise, &hddm->before_rise, hddm->log_drift);
    bool is_warning = is_above(&hddm->after_rise, &hddm->before_rise, hddm->log_warning);
    if (hddm->options.two_sided) {
        is_cut = lower > hddm->fall_cut;
        hddm->fall_cut = is_cut ? lower : hddm->fall_cut;
        cut_or_add(hddm, is_cut, x, &hddm->before_fall, &hddm->after_fall);
        is_drift = is_drift || is_above(&hddm->before_fall, &hddm->after_fall, hddm->log_drift);
        is_warning = is_warning || is_above(&hddm->before_fall, &hddm->after_fall, hddm->log_warning);
    }
    hddm->is_over = is_drift;
    return signal_of(is_drift, is_warning);
}

double hddm_w_statistic(const struct hddm_w *hddm)
{
    return hddm->after_rise.is_empty ? 0.0 : hddm->after_rise.mean - hddm->before_rise.mean;
}
