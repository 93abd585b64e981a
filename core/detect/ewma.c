/* SPDX-License-Identifier: Apache-2.0 */
/* A reference, then one weighted mean of what follows. */
#include "core/detect/ewma.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/arl.h"

struct ewma_options ewma_defaults(void)
{
    return (struct ewma_options){
        .lambda = 0.1, .arl = 1000.0, .reference = 100, .mean = 0.0, .deviation = 1.0};
}

const char *ewma_wrong(const struct ewma_options *options)
{
    if (!(options->lambda >= 0.05 && options->lambda <= 1.0)) {
        return "lambda is in 0.05 .. 1";
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

static void begin(struct ewma *ewma)
{
    bool is_given = ewma->options.reference == 0;
    ewma->n = ewma->squares = ewma->z = 0.0;
    ewma->mean = is_given ? ewma->options.mean : 0.0;
    ewma->scale = is_given ? 1.0 / ewma->options.deviation : 0.0;
    ewma->is_over = false;
}

void ewma_init(struct ewma *ewma, const struct ewma_options *options)
{
    ASSERT(ewma_wrong(options) == NULL);
    double lambda = options->lambda, c = ewma_threshold(lambda, options->arl);
    *ewma = (struct ewma){.options = *options, .limit = c * d_sqrt(lambda / (2.0 - lambda))};
    begin(ewma);
}

static void put_reference(struct ewma *ewma, double x)
{
    double mean = ewma->mean;
    ewma->n += 1.0;
    ewma->mean += (x - mean) / ewma->n;
    ewma->squares += (x - mean) * (x - ewma->mean);
    if (ewma->n >= ewma->options.reference && ewma->squares > 0.0) {
        ewma->scale = 1.0 / d_sqrt(ewma->squares / (ewma->n - 1.0));
    }
}

enum detect_signal ewma_step(struct ewma *ewma, double x)
{
    if (ewma->is_over) {
        begin(ewma);
    }
    if (ewma->scale <= 0.0) {
        put_reference(ewma, x);
        return DETECT_NONE;
    }
    double z = (x - ewma->mean) * ewma->scale;
    ewma->z += ewma->options.lambda * (z - ewma->z);
    ewma->is_over = d_abs(ewma->z) > ewma->limit;
    return ewma->is_over ? DETECT_DRIFT : DETECT_NONE;
}

double ewma_statistic(const struct ewma *ewma) { return ewma->z; }
