/* SPDX-License-Identifier: Apache-2.0 */
/* Sums that do not fall below nought. */
#include "core/detect/cusum.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/arl.h"

struct cusum_options cusum_defaults(void)
{
    return (struct cusum_options){.flavour = CUSUM_RUNNING,
                                  .min_instances = 30,
                                  .delta = 0.005,
                                  .threshold = 50.0,
                                  .k = 0.5,
                                  .arl = 1000.0,
                                  .two_sided = true,
                                  .reference = 100,
                                  .mean = 0.0,
                                  .deviation = 1.0};
}

const char *cusum_wrong(const struct cusum_options *options)
{
    if (options->min_instances < 1 || options->min_instances > UINT32_C(1) << 31) {
        return "min_instances is in 1 .. 2147483648";
    }
    if (!(options->delta >= -1e300 && options->delta <= 1e300)) {
        return "delta is in -1e300 .. 1e300";
    }
    if (!(options->threshold >= 0.0 && options->threshold <= 1e300)) {
        return "threshold is in 0 .. 1e300";
    }
    if (!(options->k >= 0.25 && options->k <= 5.0)) {
        return "k is in 0.25 .. 5";
    }
    if (!(options->arl >= 2.0 && options->arl <= 1e6)) {
        return "arl is in 2 .. 1e6";
    }
    if (options->reference == 1 || options->reference > UINT32_C(1) << 31) {
        return "reference is 0 or in 2 .. 2147483648";
    }
    if (!(options->mean >= -1e300 && options->mean <= 1e300)) {
        return "mean is in -1e300 .. 1e300";
    }
    return options->deviation >= 1e-300 && options->deviation <= 1e300
               ? NULL
               : "deviation is in 1e-300 .. 1e300";
}

static void begin(struct cusum *cusum)
{
    bool is_given = cusum->options.flavour == CUSUM_CHART && cusum->options.reference == 0;
    cusum->n = cusum->squares = cusum->rise = cusum->fall = 0.0;
    cusum->mean = is_given ? cusum->options.mean : 0.0;
    cusum->scale = is_given ? 1.0 / cusum->options.deviation : 0.0;
    cusum->is_over = false;
}

void cusum_init(struct cusum *cusum, const struct cusum_options *options)
{
    ASSERT(cusum_wrong(options) == NULL);
    *cusum = (struct cusum){.options = *options};
    if (options->flavour == CUSUM_CHART) {
        cusum->h = cusum_threshold(options->k, options->arl, options->two_sided);
    }
    begin(cusum);
}

static double not_below_nought(double x) { return x > 0.0 ? x : 0.0; }

static bool step_running(struct cusum *cusum, double x)
{
    cusum->n += 1.0;
    cusum->mean += (x - cusum->mean) / cusum->n;
    cusum->rise = not_below_nought(cusum->rise + x - cusum->mean - cusum->options.delta);
    return cusum->n >= cusum->options.min_instances && cusum->rise > cusum->options.threshold;
}

static void put_reference(struct cusum *cusum, double x)
{
    double mean = cusum->mean;
    cusum->n += 1.0;
    cusum->mean += (x - mean) / cusum->n;
    cusum->squares += (x - mean) * (x - cusum->mean);
    if (cusum->n >= cusum->options.reference && cusum->squares > 0.0) {
        cusum->scale = 1.0 / d_sqrt(cusum->squares / (cusum->n - 1.0));
    }
}

static bool step_chart(struct cusum *cusum, double x)
{
    if (cusum->scale <= 0.0) {
        put_reference(cusum, x);
        return false;
    }
    double z = (x - cusum->mean) * cusum->scale, k = cusum->options.k;
    cusum->rise = not_below_nought(cusum->rise + z - k);
    cusum->fall = cusum->options.two_sided ? not_below_nought(cusum->fall - z - k) : 0.0;
    return cusum_statistic(cusum) > cusum->h;
}

enum detect_signal cusum_step(struct cusum *cusum, double x)
{
    if (cusum->is_over) {
        begin(cusum);
    }
    cusum->is_over =
        cusum->options.flavour == CUSUM_RUNNING ? step_running(cusum, x) : step_chart(cusum, x);
    return cusum->is_over ? DETECT_DRIFT : DETECT_NONE;
}

double cusum_statistic(const struct cusum *cusum)
{
    return cusum->rise > cusum->fall ? cusum->rise : cusum->fall;
}
