/* SPDX-License-Identifier: Apache-2.0 */
/* Two means of the errors, one long and one short. */
#include "core/detect/ecdd.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

struct ecdd_options ecdd_defaults(void)
{
    return (struct ecdd_options){
        .min_instances = 30, .lambda = 0.2, .warning = 0.5, .arl = ECDD_ARL_400};
}

const char *ecdd_wrong(const struct ecdd_options *options)
{
    if (options->min_instances < 1 || options->min_instances > UINT32_C(1) << 31) {
        return "min_instances is in 1 .. 2147483648";
    }
    if (!(options->lambda >= 0.0 && options->lambda <= 1.0)) {
        return "lambda is in 0 .. 1";
    }
    return options->warning >= 0.0 && options->warning <= 1.0 ? NULL : "warning is in 0 .. 1";
}

static void begin(struct ecdd *ecdd)
{
    ecdd->n = ecdd->p = ecdd->z = 0.0;
    ecdd->remainder = 1.0;
    ecdd->is_over = false;
}

void ecdd_init(struct ecdd *ecdd, const struct ecdd_options *options)
{
    ASSERT(ecdd_wrong(options) == NULL);
    *ecdd = (struct ecdd){.options = *options};
    begin(ecdd);
}

/* Table 1 of the paper: constant and factors of p, p^3, p^5, p^7. */
static double control_limit(enum ecdd_run_length arl, double p)
{
    static const double factors[3][5] = {
        [ECDD_ARL_100] = {2.76, -6.23, 18.12, -312.45, 1002.18},
        [ECDD_ARL_400] = {3.97, -6.56, 48.73, -330.13, 848.18},
        [ECDD_ARL_1000] = {1.17, 7.56, -21.24, 112.12, -987.23},
    };
    const double *f = factors[arl];
    double p2 = p * p, p3 = p2 * p, p5 = p3 * p2, p7 = p5 * p2;
    return f[0] + f[1] * p + f[2] * p3 + f[3] * p5 + f[4] * p7;
}

enum detect_signal ecdd_step(struct ecdd *ecdd, double x)
{
    if (ecdd->is_over) {
        begin(ecdd);
    }
    double lambda = ecdd->options.lambda, rest = 1.0 - lambda;
    ecdd->n += 1.0;
    ecdd->p += (x - ecdd->p) / ecdd->n;
    ecdd->z = lambda * x + rest * ecdd->z;
    ecdd->remainder *= rest * rest;
    if (ecdd->n < ecdd->options.min_instances) {
        return DETECT_NONE;
    }
    double p = ecdd->p;
    double variance = lambda / (2.0 - lambda) * (1.0 - ecdd->remainder) * (p * (1.0 - p));
    double limit = control_limit(ecdd->options.arl, p) * d_sqrt(variance);
    ecdd->is_over = ecdd->z > p + limit;
    bool is_warning = ecdd->z > p + ecdd->options.warning * limit;
    return ecdd->is_over ? DETECT_DRIFT : is_warning ? DETECT_WARNING : DETECT_NONE;
}

double ecdd_statistic(const struct ecdd *ecdd) { return ecdd->z; }
