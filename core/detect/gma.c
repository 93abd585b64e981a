/* SPDX-License-Identifier: Apache-2.0 */
/* One mean and the weighted sum of deviations from it. */
#include "core/detect/gma.h"

#include "core/base/assert.h"

struct gma_options gma_defaults(void)
{
    return (struct gma_options){.min_instances = 30, .alpha = 0.99, .threshold = 1.0};
}

const char *gma_wrong(const struct gma_options *options)
{
    if (options->min_instances < 1 || options->min_instances > UINT32_C(1) << 31) {
        return "min_instances is in 1 .. 2147483648";
    }
    if (!(options->alpha >= 0.0 && options->alpha <= 1.0)) {
        return "alpha is in 0 .. 1";
    }
    return options->threshold >= 0.0 && options->threshold <= 1e300 ? NULL
                                                                    : "threshold is in 0 .. 1e300";
}

static void begin(struct gma *gma)
{
    gma->n = gma->mean = gma->sum = 0.0;
    gma->is_over = false;
}

void gma_init(struct gma *gma, const struct gma_options *options)
{
    ASSERT(gma_wrong(options) == NULL);
    *gma = (struct gma){.options = *options};
    begin(gma);
}

enum detect_signal gma_step(struct gma *gma, double x)
{
    if (gma->is_over) {
        begin(gma);
    }
    double alpha = gma->options.alpha;
    gma->n += 1.0;
    gma->mean += (x - gma->mean) / gma->n;
    gma->sum = alpha * gma->sum + (1.0 - alpha) * (x - gma->mean);
    gma->is_over = gma->n >= gma->options.min_instances && gma->sum > gma->options.threshold;
    return gma->is_over ? DETECT_DRIFT : DETECT_NONE;
}

double gma_statistic(const struct gma *gma) { return gma->sum; }
