/* SPDX-License-Identifier: Apache-2.0 */
/* A beta variable is the share of one gamma variable in two (Marsaglia and Tsang 2000, "A simple method for generating gamma variables"). */
#include "tests/lib/beta_draw.h"

#include <math.h>

static double gamma_draw(struct stream *stream, double shape)
{
    double boost = 1.0;
    if (shape < 1.0) {
        boost = pow(stream_unit(stream), 1.0 / shape);
        shape += 1.0;
    }
    double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = stream_normal(stream), v = 1.0 + c * x;
        double u = stream_unit(stream);
        v = v * v * v;
        if (v > 0.0 && log(u) < 0.5 * x * x + d - d * v + d * log(v)) {
            return boost * d * v;
        }
    }
}

double beta_draw(struct stream *stream, double mean, double concentration)
{
    double a = gamma_draw(stream, mean * concentration);
    double b = gamma_draw(stream, (1.0 - mean) * concentration);
    return a + b > 0.0 ? a / (a + b) : mean;
}
