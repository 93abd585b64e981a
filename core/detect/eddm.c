/* SPDX-License-Identifier: Apache-2.0 */
/* Welford's mean and deviation of the distances between errors. */
#include "core/detect/eddm.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

struct eddm_options eddm_defaults(void)
{
    return (struct eddm_options){.warm_start = 30, .alpha = 0.95, .beta = 0.9, .flavour = EDDM_RIVER};
}

const char *eddm_wrong(const struct eddm_options *options)
{
    if (options->warm_start < 1 || options->warm_start > UINT32_C(1) << 31) {
        return "warm_start is in 1 .. 2147483648";
    }
    if (!(options->alpha >= 0.0 && options->alpha <= 1.0)) {
        return "alpha is in 0 .. 1";
    }
    if (!(options->beta >= 0.0 && options->beta <= options->alpha)) {
        return "beta is in 0 .. alpha";
    }
    return NULL;
}

static void begin(struct eddm *eddm)
{
    struct eddm_options options = eddm->options;
    *eddm = (struct eddm){.options = options, .ratio = 1.0, .v_max = -1.0};
}

void eddm_init(struct eddm *eddm, const struct eddm_options *options)
{
    ASSERT(eddm_wrong(options) == NULL);
    eddm->options = *options;
    begin(eddm);
}

static double deviation_of(const struct eddm *eddm)
{
    if (eddm->options.flavour != EDDM_RIVER) {
        return d_sqrt(eddm->deviations / eddm->n_errors);
    }
    return eddm->n_errors > 1.0 ? d_sqrt(eddm->deviations / (eddm->n_errors - 1.0)) : 0.0;
}

static bool is_warm(const struct eddm *eddm, double n)
{
    double warm_start = eddm->options.warm_start;
    return eddm->options.flavour == EDDM_FROUROS ? n >= warm_start : n > warm_start;
}

/* At an error: the new distance. */
static void put_distance(struct eddm *eddm)
{
    double distance = eddm->n - eddm->last_error, mean = eddm->mean;
    eddm->n_errors += 1.0;
    eddm->mean += eddm->options.flavour == EDDM_RIVER ? 1.0 / eddm->n_errors * (distance - mean)
                                                      : (distance - mean) / eddm->n_errors;
    eddm->deviations += (distance - mean) * (distance - eddm->mean);
    eddm->last_error = eddm->n;
}

enum detect_signal eddm_step(struct eddm *eddm, double x)
{
    if (eddm->is_over) {
        begin(eddm);
    }
    eddm->n += 1.0;
    bool is_error = x >= 1.0 && x <= 1.0;
    if (!is_error) {
        eddm->is_warning = eddm->is_warning && eddm->options.flavour != EDDM_FROUROS;
        return eddm->is_warning ? DETECT_WARNING : DETECT_NONE;
    }
    put_distance(eddm);
    bool has_level = eddm->options.flavour == EDDM_MOA ? eddm->n + 1.0 >= eddm->options.warm_start
                                                       : is_warm(eddm, eddm->n);
    if (!has_level) {
        return DETECT_NONE;
    }
    double v = eddm->mean + 2.0 * deviation_of(eddm);
    if (v > eddm->v_max) {
        eddm->v_max = v;
        eddm->ratio = 1.0;
        eddm->is_warning = eddm->is_warning && eddm->options.flavour == EDDM_RIVER;
    } else if (is_warm(eddm, eddm->n_errors)) {
        eddm->ratio = v / eddm->v_max;
        eddm->is_over = eddm->ratio < eddm->options.beta;
        eddm->is_warning = eddm->ratio < eddm->options.alpha;
    }
    return eddm->is_over ? DETECT_DRIFT : eddm->is_warning ? DETECT_WARNING : DETECT_NONE;
}

double eddm_statistic(const struct eddm *eddm) { return eddm->ratio; }
