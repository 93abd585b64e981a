/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of values with the sums of its newest ones. */
#include "core/detect/fhddm.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

struct fhddm_options fhddm_defaults(void)
{
    return (struct fhddm_options){
        .window = 100, .delta = 1e-6, .short_window = 0, .direction = FHDDM_FALL};
}

const char *fhddm_wrong(const struct fhddm_options *options)
{
    if (options->window < 1 || options->window > FHDDM_WINDOW_MAX) {
        return "window is in 1 .. 1024";
    }
    if (!(options->delta >= 1e-300 && options->delta <= 1.0)) {
        return "delta is in 1e-300 .. 1";
    }
    return options->short_window > options->window ? "short_window is in 0 .. window" : NULL;
}

static void begin(struct fhddm *fhddm)
{
    fhddm->sum = fhddm->short_sum = 0.0;
    fhddm->largest = fhddm->short_largest = fhddm->share = 0.0;
    fhddm->n_values = fhddm->at = 0;
    fhddm->is_over = false;
}

void fhddm_init(struct fhddm *fhddm, const struct fhddm_options *options)
{
    ASSERT(fhddm_wrong(options) == NULL);
    *fhddm = (struct fhddm){.options = *options};
    double log_delta = d_log(1.0 / options->delta);
    fhddm->bound = d_sqrt(log_delta / (2.0 * options->window));
    fhddm->short_bound =
        options->short_window == 0 ? 0.0 : d_sqrt(log_delta / (2.0 * options->short_window));
    begin(fhddm);
}

/* The value that came `back` values before the newest, which is in slot `at`. */
static double value_before(const struct fhddm *fhddm, uint32_t back)
{
    uint32_t window = fhddm->options.window;
    return fhddm->values[(fhddm->at + window - back) % window];
}

/* True when the newest values have fallen below the best by more than the bound. */
static bool has_fallen(double share, double *largest, double bound)
{
    *largest = share > *largest ? share : *largest;
    return *largest - share > bound;
}

enum detect_signal fhddm_step(struct fhddm *fhddm, double x)
{
    if (fhddm->is_over) {
        begin(fhddm);
    }
    uint32_t window = fhddm->options.window, short_window = fhddm->options.short_window;
    double value = fhddm->options.direction == FHDDM_RISE ? 1.0 - x : x;
    fhddm->values[fhddm->at] = value;
    fhddm->sum += value;
    fhddm->short_sum += value;
    fhddm->n_values += fhddm->n_values < window ? 1 : 0;
    if (fhddm->n_values == window) {
        fhddm->share = fhddm->sum / window;
        fhddm->is_over = has_fallen(fhddm->share, &fhddm->largest, fhddm->bound);
        if (short_window > 0) {
            bool is_short = has_fallen(fhddm->short_sum / short_window, &fhddm->short_largest,
                                       fhddm->short_bound);
            fhddm->is_over = fhddm->is_over || is_short;
        }
        fhddm->sum -= value_before(fhddm, window - 1);
    }
    if (short_window > 0 && fhddm->n_values >= short_window) {
        fhddm->short_sum -= value_before(fhddm, short_window - 1);
    }
    fhddm->at = fhddm->at + 1 == window ? 0 : fhddm->at + 1;
    return fhddm->is_over ? DETECT_DRIFT : DETECT_NONE;
}

double fhddm_statistic(const struct fhddm *fhddm) { return fhddm->largest - fhddm->share; }
