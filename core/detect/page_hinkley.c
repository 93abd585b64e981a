/* SPDX-License-Identifier: Apache-2.0 */
/* One running mean and one or two sums, four rules of alarm. */
#include "core/detect/page_hinkley.h"

#include "core/base/assert.h"

#define SUM_UNKNOWN 1e308 /* Beyond any sum of finite values that is in use. */

struct page_hinkley_options page_hinkley_defaults(void)
{
    return (struct page_hinkley_options){.min_instances = 30,
                                         .delta = 0.005,
                                         .threshold = 50.0,
                                         .alpha = 1.0 - 0.0001,
                                         .flavour = PAGE_HINKLEY_CLAMPED,
                                         .direction = PAGE_HINKLEY_UP};
}

const char *page_hinkley_wrong(const struct page_hinkley_options *options)
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
    return options->alpha >= 0.0 && options->alpha <= 1.0 ? NULL : "alpha is in 0 .. 1";
}

static void begin(struct page_hinkley *test)
{
    test->n = test->mean = test->rise = test->fall = 0.0;
    test->rise_min = SUM_UNKNOWN;
    test->fall_max = -1.0; /* As river has it: a fall is measured from there at least. */
    test->is_over = false;
}

void page_hinkley_init(struct page_hinkley *test, const struct page_hinkley_options *options)
{
    ASSERT(page_hinkley_wrong(options) == NULL);
    *test = (struct page_hinkley){.options = *options};
    begin(test);
}

static void step_mean(struct page_hinkley *test, double x)
{
    test->n += 1.0;
    test->mean += 1.0 / test->n * (x - test->mean);
}

/* river from 2023 on. */
static bool step_both(struct page_hinkley *test, double x)
{
    const struct page_hinkley_options *options = &test->options;
    step_mean(test, x);
    double deviation = x - test->mean;
    test->rise = options->alpha * test->rise + deviation - options->delta;
    test->fall = options->alpha * test->fall + deviation + options->delta;
    test->rise_min = test->rise < test->rise_min ? test->rise : test->rise_min;
    test->fall_max = test->fall > test->fall_max ? test->fall : test->fall_max;
    double rise = test->rise - test->rise_min, fall = test->fall_max - test->fall;
    rise = options->direction == PAGE_HINKLEY_DOWN ? 0.0 : rise;
    fall = options->direction == PAGE_HINKLEY_UP ? 0.0 : fall;
    test->statistic = rise > fall ? rise : fall;
    return test->n >= options->min_instances && test->statistic > options->threshold;
}

/* The one sum of all others. */
static void step_sum(struct page_hinkley *test, double x)
{
    test->rise = test->options.alpha * test->rise + (x - test->mean - test->options.delta);
}

static bool step_clamped(struct page_hinkley *test, double x)
{
    step_mean(test, x);
    step_sum(test, x);
    test->rise = test->rise > 0.0 ? test->rise : 0.0;
    test->statistic = test->rise;
    return test->n + 1.0 >= test->options.min_instances && test->rise >= test->options.threshold;
}

static bool step_unclamped(struct page_hinkley *test, double x, double n_extra)
{
    test->n += 1.0;
    test->mean += (x - test->mean) / test->n;
    step_sum(test, x);
    test->statistic = test->rise;
    return test->n + n_extra >= test->options.min_instances && test->rise > test->options.threshold;
}

enum detect_signal page_hinkley_step(struct page_hinkley *test, double x)
{
    if (test->is_over) {
        begin(test);
    }
    switch (test->options.flavour) {
    case PAGE_HINKLEY_CLAMPED:
        test->is_over = step_clamped(test, x);
        break;
    case PAGE_HINKLEY_RIVER:
        test->is_over = step_both(test, x);
        break;
    case PAGE_HINKLEY_MOA:
        test->is_over = step_unclamped(test, x, 1.0);
        break;
    case PAGE_HINKLEY_FROUROS:
        test->is_over = step_unclamped(test, x, 0.0);
        break;
    }
    return test->is_over ? DETECT_DRIFT : DETECT_NONE;
}

double page_hinkley_statistic(const struct page_hinkley *test) { return test->statistic; }
