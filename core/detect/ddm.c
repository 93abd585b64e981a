/* SPDX-License-Identifier: Apache-2.0 */
/* One mean and its lowest upper edge. */
#include "core/detect/ddm.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

#define LEVEL_UNKNOWN 1e308 /* Before the first level; no level of finite values is above it. */

struct ddm_options ddm_defaults(void)
{
    return (struct ddm_options){.warm_start = 30, .warning = 2.0, .drift = 3.0};
}

const char *ddm_wrong(const struct ddm_options *options)
{
    if (options->warm_start < 1 || options->warm_start > UINT32_C(1) << 31) {
        return "warm_start is in 1 .. 2147483648";
    }
    if (!(options->warning >= 0.0 && options->warning <= 1e6)) {
        return "warning is in 0 .. 1000000";
    }
    if (!(options->drift >= options->warning && options->drift <= 1e6)) {
        return "drift is in warning .. 1000000";
    }
    return NULL;
}

static void begin(struct ddm *ddm)
{
    ddm->n = 0.0;
    ddm->p = 0.0;
    ddm->lowest = ddm->warning_level = ddm->drift_level = LEVEL_UNKNOWN;
    ddm->is_over = false;
}

void ddm_init(struct ddm *ddm, const struct ddm_options *options)
{
    ASSERT(ddm_wrong(options) == NULL);
    *ddm = (struct ddm){.options = *options};
    begin(ddm);
}

enum detect_signal ddm_step(struct ddm *ddm, double x)
{
    if (ddm->is_over) {
        begin(ddm);
    }
    ddm->n += 1.0;
    ddm->p += 1.0 / ddm->n * (x - ddm->p);
    double p = ddm->p, s = d_sqrt(p * (1.0 - p) / ddm->n);
    ddm->level = p + s;
    if (ddm->n <= ddm->options.warm_start) {
        return DETECT_NONE;
    }
    if (ddm->level <= ddm->lowest) {
        ddm->lowest = p + s;
        ddm->warning_level = p + ddm->options.warning * s;
        ddm->drift_level = p + ddm->options.drift * s;
    }
    if (ddm->level > ddm->drift_level) {
        ddm->is_over = true;
        return DETECT_DRIFT;
    }
    return ddm->level > ddm->warning_level ? DETECT_WARNING : DETECT_NONE;
}

double ddm_statistic(const struct ddm *ddm) { return ddm->level; }
