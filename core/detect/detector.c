/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kinds, and from settings to the options of each. */
#include "core/detect/detector.h"

#include "core/base/assert.h"
#include "core/base/text.h"

#define WHOLE_MAX 2147483648.0      /* 2^31: what the counts of the detectors take. */
#define SEED_MAX 9007199254740992.0 /* 2^53: whole numbers that a double holds. */

#define NONE_GUARANTEED "none"
#define ERRORS_OF_ONE_TEST "each test errs with the probability given; none for a stream"

enum adwin_option_i {
    ADWIN_DELTA,
    ADWIN_CLOCK,
    ADWIN_BUCKETS,
    ADWIN_LENGTH,
    ADWIN_GRACE,
    ADWIN_FLAVOUR
};
enum ddm_option_i { DDM_WARM, DDM_WARNING, DDM_DRIFT };
enum eddm_option_i { EDDM_WARM, EDDM_ALPHA, EDDM_BETA, EDDM_FLAVOUR };
enum hddm_option_i { HDDM_DRIFT, HDDM_WARNING, HDDM_SIDES, HDDM_LAMBDA, HDDM_ZERO };
enum fhddm_option_i { FHDDM_WINDOW, FHDDM_DELTA, FHDDM_SHORT, FHDDM_DIRECTION };
enum page_hinkley_option_i { PH_MIN, PH_DELTA, PH_THRESHOLD, PH_ALPHA, PH_FLAVOUR, PH_DIRECTION };
enum cusum_option_i {
    CUSUM_FLAVOUR,
    CUSUM_MIN,
    CUSUM_DELTA,
    CUSUM_THRESHOLD,
    CUSUM_K,
    CUSUM_ARL,
    CUSUM_SIDES,
    CUSUM_REFERENCE,
    CUSUM_MEAN,
    CUSUM_DEVIATION
};
enum ewma_option_i { EWMA_LAMBDA, EWMA_ARL, EWMA_REFERENCE, EWMA_MEAN, EWMA_DEVIATION };
enum ecdd_option_i { ECDD_MIN, ECDD_LAMBDA, ECDD_WARNING, ECDD_ARL };
enum gma_option_i { GMA_MIN, GMA_ALPHA, GMA_THRESHOLD };
enum kswin_option_i { KSWIN_ALPHA, KSWIN_WINDOW, KSWIN_STAT, KSWIN_SEED };
enum iks_option_i { IKS_REFERENCE, IKS_WINDOW, IKS_CRITICAL, IKS_ALPHA, IKS_START };
enum bets_option_i { BETS_M0, BETS_ARL, BETS_LO, BETS_HI, BETS_BELOW };
enum ctm_option_i {
    CTM_REFERENCE,
    CTM_C,
    CTM_RUN_LENGTH,
    CTM_JUMP,
    CTM_SEED,
    CTM_GUARANTEE,
    CTM_GUARDED
};

/* Options of the four sorts: name, alias, default, (range,) meaning. */
#define REAL(name, alias, fallback, lowest, highest, meaning)                                      \
    {                                                                                              \
        name, alias, meaning, fallback, lowest, highest, false, { NULL }                           \
    }
#define WHOLE(name, alias, fallback, lowest, highest, meaning)                                     \
    {                                                                                              \
        name, alias, meaning, fallback, lowest, highest, true, { NULL }                            \
    }
#define FLAG(name, alias, fallback, meaning)                                                       \
    {                                                                                              \
        name, alias, meaning, fallback, 0.0, 1.0, true, { "no", "yes" }                            \
    }
#define CHOICE(name, alias, fallback, highest, meaning, ...)                                       \
    {                                                                                              \
        name, alias, meaning, fallback, 0.0, highest, true, { __VA_ARGS__ }                        \
    }

#define BETS_OPTIONS                                                                               \
    {                                                                                              \
        [BETS_M0] =                                                                                \
            REAL("m0", NULL, 0.5, -1e150, 1e150, "mean that is tolerated, between lo and hi"),     \
        [BETS_ARL] = REAL("arl", NULL, 1e4, 1.0, 1e12,                                             \
                          "least mean number of observations to a false alarm"),                   \
        [BETS_LO] = REAL("lo", NULL, 0.0, -1e150, 1e150, "lower bound of the stream"),             \
        [BETS_HI] = REAL("hi", NULL, 1.0, -1e150, 1e150, "upper bound of the stream"),             \
        [BETS_BELOW] = FLAG("below", NULL, 0.0, "alarm when the mean falls below m0"),             \
    }

static const struct detector_form forms[N_DETECTOR_KINDS] = {
    [DETECTOR_ADWIN] = {"adwin",
                        "window that shrinks when its parts differ in mean",
                        "river",
                        "none proven for the delta in use",
                        DETECTOR_ANY,
                        sizeof(struct adwin),
                        6,
                        {
                            [ADWIN_DELTA] = REAL("delta", NULL, 0.002, 1e-300, 1.0,
                                                 "confidence of a cut; smaller alarms less"),
                            [ADWIN_CLOCK] = WHOLE("clock", "look_every", 32.0, 1.0, WHOLE_MAX,
                                                  "observations between two looks"),
                            [ADWIN_BUCKETS] = WHOLE("max_buckets", NULL, 5.0, 2.0,
                                                    ADWIN_BUCKETS_MAX, "buckets of each size"),
                            [ADWIN_LENGTH] = WHOLE("min_window_length", NULL, 5.0, 1.0, 1048576.0,
                                                   "least values on each side of a cut"),
                            [ADWIN_GRACE] = WHOLE("grace_period", NULL, 10.0, 0.0, WHOLE_MAX,
                                                  "no look while the window is not wider"),
                            [ADWIN_FLAVOUR] = CHOICE("flavour", NULL, 0.0, 2.0, "whose rules",
                                                     "river", "moa", "frouros"),
                        }},
    [DETECTOR_DDM] = {"ddm",
                      "error rate that rose by deviations above its lowest",
                      "river",
                      NONE_GUARANTEED,
                      DETECTOR_BINARY,
                      sizeof(struct ddm),
                      3,
                      {
                          [DDM_WARM] = WHOLE("warm_start", NULL, 30.0, 1.0, WHOLE_MAX,
                                             "observations before anything is said"),
                          [DDM_WARNING] = REAL("warning_threshold", "warning", 2.0, 0.0, 1e6,
                                               "deviations to a warning"),
                          [DDM_DRIFT] = REAL("drift_threshold", "drift", 3.0, 0.0, 1e6,
                                             "deviations to a drift"),
                      }},
    [DETECTOR_EDDM] =
        {"eddm",
         "errors that come closer together",
         "river",
         NONE_GUARANTEED,
         DETECTOR_BINARY,
         sizeof(struct eddm),
         4,
         {
             [EDDM_WARM] =
                 WHOLE("warm_start", NULL, 30.0, 1.0, WHOLE_MAX, "errors before anything is said"),
             [EDDM_ALPHA] = REAL("alpha", NULL, 0.95, 0.0, 1.0, "ratio below which it warns"),
             [EDDM_BETA] = REAL("beta", NULL, 0.9, 0.0, 1.0, "ratio below which it alarms"),
             [EDDM_FLAVOUR] =
                 CHOICE("flavour", NULL, 0.0, 2.0, "whose rules", "river", "moa", "frouros"),
         }},
    [DETECTOR_HDDM_A] = {"hddm_a",
                         "mean against its best cut, by Hoeffding",
                         "river",
                         ERRORS_OF_ONE_TEST,
                         DETECTOR_UNIT,
                         sizeof(struct hddm_a),
                         3,
                         {
                             [HDDM_DRIFT] = REAL("drift_confidence", "drift", 0.001, 1e-300, 1.0,
                                                 "error of a test to alarm"),
                             [HDDM_WARNING] = REAL("warning_confidence", "warning", 0.005, 1e-300,
                                                   1.0, "error of a test to warn"),
                             [HDDM_SIDES] =
                                 FLAG("two_sided_test", "two_sided", 0.0, "alarm on falls, too"),
                         }},
    [DETECTOR_HDDM_W] = {"hddm_w",
                         "weighted mean against its best cut, by McDiarmid",
                         "river",
                         ERRORS_OF_ONE_TEST,
                         DETECTOR_UNIT,
                         sizeof(struct hddm_w),
                         5,
                         {
                             [HDDM_DRIFT] = REAL("drift_confidence", "drift", 0.001, 1e-300, 1.0,
                                                 "error of a test to alarm"),
                             [HDDM_WARNING] = REAL("warning_confidence", "warning", 0.005, 1e-300,
                                                   1.0, "error of a test to warn"),
                             [HDDM_SIDES] =
                                 FLAG("two_sided_test", "two_sided", 0.0, "alarm on falls, too"),
                             [HDDM_LAMBDA] = REAL("lambda_val", "lambda", 0.05, 0.0, 1.0,
                                                  "weight of the newest value"),
                             [HDDM_ZERO] = FLAG("zero_restarts", NULL, 0.0,
                                                "a mean of 0 takes the next value whole, as in river"),
                         }},
    [DETECTOR_FHDDM] =
        {"fhddm",
         "share of ones in a window against its best",
         "river",
         ERRORS_OF_ONE_TEST,
         DETECTOR_BINARY,
         sizeof(struct fhddm),
         4,
         {
             [FHDDM_WINDOW] = WHOLE("sliding_window_size", "window", 100.0, 1.0, FHDDM_WINDOW_MAX,
                                    "values in the window"),
             [FHDDM_DELTA] = REAL("confidence_level", "delta", 1e-6, 1e-300, 1.0, "error of a test"),
             [FHDDM_SHORT] = WHOLE("short_window_size", "short_window", 0.0, 0.0, FHDDM_WINDOW_MAX,
                                   "a second, shorter window; 0: none"),
             [FHDDM_DIRECTION] = CHOICE(
                 "direction", NULL, 0.0, 1.0,
                 "which way the share of ones moves in a drift; rise for errors", "fall", "rise"),
         }},
    [DETECTOR_PAGE_HINKLEY] =
        {"page_hinkley",
         "cumulative sum of deviations from the running mean",
         "river (until 2023)",
         NONE_GUARANTEED,
         DETECTOR_ANY,
         sizeof(struct page_hinkley),
         6,
         {
             [PH_MIN] =
                 WHOLE("min_instances", NULL, 30.0, 1.0, WHOLE_MAX, "observations before an alarm"),
             [PH_DELTA] = REAL("delta", NULL, 0.005, -1e150, 1e150, "deviation that is let pass"),
             [PH_THRESHOLD] = REAL("threshold", "lambda", 50.0, 0.0, 1e150, "sum that alarms"),
             [PH_ALPHA] = REAL("alpha", NULL, 1.0 - 0.0001, 0.0, 1.0, "weight of the past sum"),
             [PH_FLAVOUR] = CHOICE("flavour", NULL, 0.0, 3.0, "whose rules", "clamped", "river",
                                   "moa", "frouros"),
             [PH_DIRECTION] = CHOICE("mode", "direction", 0.0, 2.0, "which way, for flavour=river",
                                     "up", "down", "both"),
         }},
    [DETECTOR_CUSUM] =
        {"cusum",
         "cumulative sum; flavour=chart has a calibrated threshold",
         "frouros",
         "chart: ARL = arl for independent normal values of known mean and deviation; running: none",
         DETECTOR_ANY,
         sizeof(struct cusum),
         10,
         {
             [CUSUM_FLAVOUR] =
                 CHOICE("flavour", NULL, 0.0, 1.0, "sum about the running mean, or control chart",
                        "running", "chart"),
             [CUSUM_MIN] = WHOLE("min_instances", NULL, 30.0,
                                 1.0, WHOLE_MAX, "running: observations before an alarm"),
             [CUSUM_DELTA] =
                 REAL("delta", NULL, 0.005, -1e150, 1e150, "running: deviation that is let pass"),
             [CUSUM_THRESHOLD] =
                 REAL("threshold", "lambda", 50.0, 0.0, 1e150, "running: sum that alarms"),
             [CUSUM_K] =
                 REAL("k", NULL, 0.5, 0.25, 5.0, "chart: half the shift to be found, in deviations"),
             [CUSUM_ARL] =
                 REAL("arl", NULL, 1000.0, 2.0, 1e6, "chart: average run length to a false alarm"),
             [CUSUM_SIDES] = FLAG("two_sided", NULL, 1.0, "chart: alarm on falls, too"),
             [CUSUM_REFERENCE] =
                 WHOLE("reference", NULL, 100.0, 0.0, WHOLE_MAX,
                       "chart: values that give mean and deviation; 0: given"),
             [CUSUM_MEAN] = REAL("mean", NULL, 0.0, -1e150, 1e150, "chart: given mean"),
             [CUSUM_DEVIATION] =
                 REAL("deviation", NULL, 1.0, 1e-150, 1e150, "chart: given standard deviation"),
         }},
    [DETECTOR_EWMA] =
        {"ewma",
         "exponentially weighted mean with calibrated limits",
         "steward",
         "ARL = arl for independent normal values of known mean and deviation",
         DETECTOR_ANY,
         sizeof(struct ewma),
         5,
         {
             [EWMA_LAMBDA] = REAL("lambda", NULL, 0.1, 0.05, 1.0, "weight of the newest value"),
             [EWMA_ARL] = REAL("arl", NULL, 1000.0, 2.0, 1e6, "average run length to a false alarm"),
             [EWMA_REFERENCE] = WHOLE("reference", NULL, 100.0, 0.0,
                                      WHOLE_MAX, "values that give mean and deviation; 0: given"),
             [EWMA_MEAN] = REAL("mean", NULL, 0.0, -1e150, 1e150, "given mean"),
             [EWMA_DEVIATION] = REAL("deviation", NULL, 1.0, 1e-150, 1e150, "given standard deviation"),
         }},
    [DETECTOR_ECDD] = {"ecdd",
                       "EWMA of errors whose limit follows the error rate",
                       "frouros",
                       "ARL about arl for independent errors (fitted by its authors)",
                       DETECTOR_BINARY,
                       sizeof(struct ecdd),
                       4,
                       {
                           [ECDD_MIN] = WHOLE("min_instances", NULL, 30.0, 1.0, WHOLE_MAX,
                                              "observations before anything is said"),
                           [ECDD_LAMBDA] =
                               REAL("lambda", NULL, 0.2, 0.0, 1.0, "weight of the newest value"),
                           [ECDD_WARNING] = REAL("warning_level", "warning", 0.5, 0.0,
                                                 1.0, "share of the limit that warns"),
                           [ECDD_ARL] = CHOICE("average_run_length", "arl", 1.0, 2.0,
                                               "average run length", "100", "400", "1000"),
                       }},
    [DETECTOR_GMA] = {"gma",
                      "geometric moving average of deviations from the running mean",
                      "frouros",
                      NONE_GUARANTEED,
                      DETECTOR_ANY,
                      sizeof(struct gma),
                      3,
                      {
                          [GMA_MIN] = WHOLE("min_instances", NULL, 30.0, 1.0, WHOLE_MAX,
                                            "observations before an alarm"),
                          [GMA_ALPHA] = REAL("alpha", NULL, 0.99, 0.0, 1.0, "weight of the past sum"),
                          [GMA_THRESHOLD] = REAL("threshold", "lambda", 1.0, 0.0, 1e150,
                                                 "sum that alarms"),
                      }},
    [DETECTOR_KSWIN] = {"kswin",
                        "newest values against a sample of the window, by Kolmogorov-Smirnov",
                        "river",
                        "none: a test at every value",
                        DETECTOR_ANY,
                        sizeof(struct kswin),
                        4,
                        {
                            [KSWIN_ALPHA] = REAL("alpha", NULL, 0.005, 0.0, 1.0, "level of one test"),
                            [KSWIN_WINDOW] = WHOLE("window_size", "window", 100.0, 2.0,
                                                   KSWIN_WINDOW_MAX, "values in the window"),
                            [KSWIN_STAT] = WHOLE("stat_size", "stat", 30.0, 1.0, KSWIN_WINDOW_MAX,
                                                 "newest values that are tested"),
                            [KSWIN_SEED] = WHOLE("seed", NULL, 0.0, 0.0, SEED_MAX, "of the sampling"),
                        }},
    [DETECTOR_IKS] = {"iks",
                      "sliding window against a reference window, by Kolmogorov-Smirnov",
                      "denismr/incremental-ks",
                      "none: a test at every value",
                      DETECTOR_ANY,
                      sizeof(struct iks),
                      5,
                      {
                          [IKS_REFERENCE] = WHOLE("reference", NULL, 500.0, 1.0, IKS_SIZE_MAX,
                                                  "values of the reference"),
                          [IKS_WINDOW] = WHOLE("window", "window_size", 500.0, 1.0, IKS_SIZE_MAX,
                                               "values of the window"),
                          [IKS_CRITICAL] =
                              REAL("critical", "ca", 1.95, 1e-300, 1e6, "critical value of D"),
                          [IKS_ALPHA] = REAL("alpha", NULL, 0.0, 0.0, 1.0,
                                             "above 0: level of the exact p-value instead"),
                          [IKS_START] =
                              CHOICE("start", NULL, 0.0, 1.0, "window at first", "full", "empty"),
                      }},
    [DETECTOR_E_SR] = {"e_sr", "Shiryaev-Roberts e-detector of a bounded mean", "steward",
                       "ARL >= arl whatever the stream, while its conditional mean is not beyond m0",
                       DETECTOR_UNIT, sizeof(struct e_sr), 5, BETS_OPTIONS},
    [DETECTOR_E_CUSUM] = {"e_cusum", "CUSUM e-detector of a bounded mean", "steward",
                          "ARL >= arl whatever the stream, while its conditional mean is not beyond m0",
                          DETECTOR_UNIT, sizeof(struct e_cusum), 5, BETS_OPTIONS},
    [DETECTOR_CTM] =
        {"ctm",
         "conformal test martingale against the first values",
         "steward",
         "P(ever an alarm) <= 1/c (guarantee=arl: ARL >= arl) for independent values of one law, guarded",
         DETECTOR_ANY,
         sizeof(struct ctm),
         7,
         {
             [CTM_REFERENCE] = WHOLE("n_reference", "reference", 200.0, 2.0, CTM_REFERENCE_MAX,
                                     "first values, which are the reference"),
             [CTM_C] =
                 REAL("c", NULL, 100.0, 1.0, 1e12, "ever: inverse of the probability of any alarm"),
             [CTM_RUN_LENGTH] =
                 REAL("arl", NULL, 1e4, 1.0,
                      1e12, "arl: least mean number of observations to a false alarm"),
             [CTM_JUMP] =
                 REAL("jump", NULL, 0.01, 0.0, 1.0, "share of the capital that is dealt out anew"),
             [CTM_SEED] = WHOLE("seed", NULL, 0.0, 0.0, SEED_MAX, "of the ties"),
             [CTM_GUARANTEE] = CHOICE("guarantee", NULL, 0.0, 1.0, "what is guaranteed", "ever", "arl"),
             [CTM_GUARDED] = FLAG("guarded", NULL, 1.0, "guard against the luck of the reference"),
         }},
};

const struct detector_form *detector_form(enum detector_kind kind)
{
    ASSERT(kind < N_DETECTOR_KINDS);
    return &forms[kind];
}

bool detector_find(const char *name, enum detector_kind *ret_kind)
{
    for (uint32_t i = 0; i < N_DETECTOR_KINDS; i++) {
        if (slice_equal(slice_of(forms[i].name), slice_of(name))) {
            *ret_kind = (enum detector_kind)i;
            return true;
        }
    }
    return false;
}

bool detector_find_option(enum detector_kind kind, const char *name, uint32_t *ret_option_i)
{
    const struct detector_form *form = detector_form(kind);
    for (uint32_t i = 0; i < form->n_options; i++) {
        const struct detector_option *option = &form->options[i];
        bool is_alias = option->alias != NULL && slice_equal(slice_of(option->alias), slice_of(name));
        if (is_alias || slice_equal(slice_of(option->name), slice_of(name))) {
            *ret_option_i = i;
            return true;
        }
    }
    return false;
}

struct detector_settings detector_defaults(enum detector_kind kind)
{
    const struct detector_form *form = detector_form(kind);
    struct detector_settings settings = {{0.0}};
    for (uint32_t i = 0; i < form->n_options; i++) {
        settings.values[i] = form->options[i].fallback;
    }
    return settings;
}

/* Options of each kind from numbers that are within their ranges. */

static uint32_t whole(double value) { return (uint32_t)value; }

static bool is_yes(double value) { return value > 0.5; }

static struct adwin_options adwin_of(const double *v)
{
    return (struct adwin_options){.delta = v[ADWIN_DELTA],
                                  .look_every = whole(v[ADWIN_CLOCK]),
                                  .max_buckets = whole(v[ADWIN_BUCKETS]),
                                  .min_window_length = whole(v[ADWIN_LENGTH]),
                                  .grace_period = whole(v[ADWIN_GRACE]),
                                  .flavour = (enum adwin_flavour)whole(v[ADWIN_FLAVOUR])};
}

static struct ddm_options ddm_of(const double *v)
{
    return (struct ddm_options){
        .warm_start = whole(v[DDM_WARM]), .warning = v[DDM_WARNING], .drift = v[DDM_DRIFT]};
}

static struct eddm_options eddm_of(const double *v)
{
    return (struct eddm_options){.warm_start = whole(v[EDDM_WARM]),
                                 .alpha = v[EDDM_ALPHA],
                                 .beta = v[EDDM_BETA],
                                 .flavour = (enum eddm_flavour)whole(v[EDDM_FLAVOUR])};
}

static struct hddm_a_options hddm_a_of(const double *v)
{
    return (struct hddm_a_options){
        .drift = v[HDDM_DRIFT], .warning = v[HDDM_WARNING], .two_sided = is_yes(v[HDDM_SIDES])};
}

static struct hddm_w_options hddm_w_of(const double *v)
{
    return (struct hddm_w_options){.drift = v[HDDM_DRIFT],
                                   .warning = v[HDDM_WARNING],
                                   .lambda = v[HDDM_LAMBDA],
                                   .two_sided = is_yes(v[HDDM_SIDES]),
                                   .zero_restarts = is_yes(v[HDDM_ZERO])};
}

static struct fhddm_options fhddm_of(const double *v)
{
    return (struct fhddm_options){.window = whole(v[FHDDM_WINDOW]),
                                  .delta = v[FHDDM_DELTA],
                                  .short_window = whole(v[FHDDM_SHORT]),
                                  .direction = (enum fhddm_direction)whole(v[FHDDM_DIRECTION])};
}

static struct page_hinkley_options page_hinkley_of(const double *v)
{
    return (struct page_hinkley_options){.min_instances = whole(v[PH_MIN]),
                                         .delta = v[PH_DELTA],
                                         .threshold = v[PH_THRESHOLD],
                                         .alpha = v[PH_ALPHA],
                                         .flavour = (enum page_hinkley_flavour)whole(v[PH_FLAVOUR]),
                                         .direction =
                                             (enum page_hinkley_direction)whole(v[PH_DIRECTION])};
}

static struct cusum_options cusum_of(const double *v)
{
    return (struct cusum_options){.flavour = (enum cusum_flavour)whole(v[CUSUM_FLAVOUR]),
                                  .min_instances = whole(v[CUSUM_MIN]),
                                  .delta = v[CUSUM_DELTA],
                                  .threshold = v[CUSUM_THRESHOLD],
                                  .k = v[CUSUM_K],
                                  .arl = v[CUSUM_ARL],
                                  .two_sided = is_yes(v[CUSUM_SIDES]),
                                  .reference = whole(v[CUSUM_REFERENCE]),
                                  .mean = v[CUSUM_MEAN],
                                  .deviation = v[CUSUM_DEVIATION]};
}

static struct ewma_options ewma_of(const double *v)
{
    return (struct ewma_options){.lambda = v[EWMA_LAMBDA],
                                 .arl = v[EWMA_ARL],
                                 .reference = whole(v[EWMA_REFERENCE]),
                                 .mean = v[EWMA_MEAN],
                                 .deviation = v[EWMA_DEVIATION]};
}

static struct ecdd_options ecdd_of(const double *v)
{
    return (struct ecdd_options){.min_instances = whole(v[ECDD_MIN]),
                                 .lambda = v[ECDD_LAMBDA],
                                 .warning = v[ECDD_WARNING],
                                 .arl = (enum ecdd_run_length)whole(v[ECDD_ARL])};
}

static struct gma_options gma_of(const double *v)
{
    return (struct gma_options){
        .min_instances = whole(v[GMA_MIN]), .alpha = v[GMA_ALPHA], .threshold = v[GMA_THRESHOLD]};
}

static struct kswin_options kswin_of(const double *v)
{
    return (struct kswin_options){.alpha = v[KSWIN_ALPHA],
                                  .window = whole(v[KSWIN_WINDOW]),
                                  .stat = whole(v[KSWIN_STAT]),
                                  .seed = (uint64_t)v[KSWIN_SEED]};
}

static struct iks_options iks_of(const double *v)
{
    return (struct iks_options){.reference = whole(v[IKS_REFERENCE]),
                                .window = whole(v[IKS_WINDOW]),
                                .critical = v[IKS_CRITICAL],
                                .alpha = v[IKS_ALPHA],
                                .start = (enum iks_start)whole(v[IKS_START])};
}

static struct e_sr_options e_sr_of(const double *v)
{
    return (struct e_sr_options){.m0 = v[BETS_M0],
                                 .arl = v[BETS_ARL],
                                 .lo = v[BETS_LO],
                                 .hi = v[BETS_HI],
                                 .below = is_yes(v[BETS_BELOW])};
}

static struct e_cusum_options e_cusum_of(const double *v)
{
    return (struct e_cusum_options){.m0 = v[BETS_M0],
                                    .arl = v[BETS_ARL],
                                    .lo = v[BETS_LO],
                                    .hi = v[BETS_HI],
                                    .below = is_yes(v[BETS_BELOW])};
}

static struct ctm_options ctm_of(const double *v)
{
    bool is_arl = whole(v[CTM_GUARANTEE]) == CTM_ARL;
    return (struct ctm_options){.n_reference = whole(v[CTM_REFERENCE]),
                                .c = is_arl ? v[CTM_RUN_LENGTH] : v[CTM_C],
                                .jump = v[CTM_JUMP],
                                .seed = (uint64_t)v[CTM_SEED],
                                .guarantee = (enum ctm_guarantee)whole(v[CTM_GUARANTEE]),
                                .guarded = is_yes(v[CTM_GUARDED])};
}

/* What must hold between options; each of them is within its range. */
static const char *wrong_together(enum detector_kind kind, const double *v)
{
    switch (kind) {
    case DETECTOR_ADWIN: {
        struct adwin_options options = adwin_of(v);
        return adwin_wrong(&options);
    }
    case DETECTOR_DDM: {
        struct ddm_options options = ddm_of(v);
        return ddm_wrong(&options);
    }
    case DETECTOR_EDDM: {
        struct eddm_options options = eddm_of(v);
        return eddm_wrong(&options);
    }
    case DETECTOR_HDDM_A: {
        struct hddm_a_options options = hddm_a_of(v);
        return hddm_a_wrong(&options);
    }
    case DETECTOR_HDDM_W: {
        struct hddm_w_options options = hddm_w_of(v);
        return hddm_w_wrong(&options);
    }
    case DETECTOR_FHDDM: {
        struct fhddm_options options = fhddm_of(v);
        return fhddm_wrong(&options);
    }
    case DETECTOR_PAGE_HINKLEY: {
        struct page_hinkley_options options = page_hinkley_of(v);
        return page_hinkley_wrong(&options);
    }
    case DETECTOR_CUSUM: {
        struct cusum_options options = cusum_of(v);
        return cusum_wrong(&options);
    }
    case DETECTOR_EWMA: {
        struct ewma_options options = ewma_of(v);
        return ewma_wrong(&options);
    }
    case DETECTOR_ECDD: {
        struct ecdd_options options = ecdd_of(v);
        return ecdd_wrong(&options);
    }
    case DETECTOR_GMA: {
        struct gma_options options = gma_of(v);
        return gma_wrong(&options);
    }
    case DETECTOR_KSWIN: {
        struct kswin_options options = kswin_of(v);
        return kswin_wrong(&options);
    }
    case DETECTOR_IKS: {
        struct iks_options options = iks_of(v);
        return iks_wrong(&options);
    }
    case DETECTOR_E_SR: {
        struct e_sr_options options = e_sr_of(v);
        return e_sr_wrong(&options);
    }
    case DETECTOR_E_CUSUM: {
        struct e_cusum_options options = e_cusum_of(v);
        return e_cusum_wrong(&options);
    }
    case DETECTOR_CTM: {
        struct ctm_options options = ctm_of(v);
        return ctm_wrong(&options);
    }
    case N_DETECTOR_KINDS:
        break;
    }
    ASSERT(kind < N_DETECTOR_KINDS);
    return NULL;
}

bool detector_takes(const struct detector_option *option, double value)
{
    bool is_inside = value >= option->lowest && value <= option->highest;
    return is_inside && (!option->is_whole || (double)(int64_t)value >= value);
}

const char *detector_wrong(enum detector_kind kind, const struct detector_settings *settings)
{
    const struct detector_form *form = detector_form(kind);
    for (uint32_t i = 0; i < form->n_options; i++) {
        if (!detector_takes(&form->options[i], settings->values[i])) {
            return "an option is outside of its range";
        }
    }
    return wrong_together(kind, settings->values);
}

void detector_init(struct detector *detector, enum detector_kind kind,
                   const struct detector_settings *settings)
{
    ASSERT(detector_wrong(kind, settings) == NULL);
    const double *v = settings->values;
    detector->kind = kind;
    switch (kind) {
    case DETECTOR_ADWIN: {
        struct adwin_options options = adwin_of(v);
        adwin_init(&detector->as.adwin, &options);
        return;
    }
    case DETECTOR_DDM: {
        struct ddm_options options = ddm_of(v);
        ddm_init(&detector->as.ddm, &options);
        return;
    }
    case DETECTOR_EDDM: {
        struct eddm_options options = eddm_of(v);
        eddm_init(&detector->as.eddm, &options);
        return;
    }
    case DETECTOR_HDDM_A: {
        struct hddm_a_options options = hddm_a_of(v);
        hddm_a_init(&detector->as.hddm_a, &options);
        return;
    }
    case DETECTOR_HDDM_W: {
        struct hddm_w_options options = hddm_w_of(v);
        hddm_w_init(&detector->as.hddm_w, &options);
        return;
    }
    case DETECTOR_FHDDM: {
        struct fhddm_options options = fhddm_of(v);
        fhddm_init(&detector->as.fhddm, &options);
        return;
    }
    case DETECTOR_PAGE_HINKLEY: {
        struct page_hinkley_options options = page_hinkley_of(v);
        page_hinkley_init(&detector->as.page_hinkley, &options);
        return;
    }
    case DETECTOR_CUSUM: {
        struct cusum_options options = cusum_of(v);
        cusum_init(&detector->as.cusum, &options);
        return;
    }
    case DETECTOR_EWMA: {
        struct ewma_options options = ewma_of(v);
        ewma_init(&detector->as.ewma, &options);
        return;
    }
    case DETECTOR_ECDD: {
        struct ecdd_options options = ecdd_of(v);
        ecdd_init(&detector->as.ecdd, &options);
        return;
    }
    case DETECTOR_GMA: {
        struct gma_options options = gma_of(v);
        gma_init(&detector->as.gma, &options);
        return;
    }
    case DETECTOR_KSWIN: {
        struct kswin_options options = kswin_of(v);
        kswin_init(&detector->as.kswin, &options);
        return;
    }
    case DETECTOR_IKS: {
        struct iks_options options = iks_of(v);
        iks_init(&detector->as.iks, &options);
        return;
    }
    case DETECTOR_E_SR: {
        struct e_sr_options options = e_sr_of(v);
        e_sr_init(&detector->as.e_sr, &options);
        return;
    }
    case DETECTOR_E_CUSUM: {
        struct e_cusum_options options = e_cusum_of(v);
        e_cusum_init(&detector->as.e_cusum, &options);
        return;
    }
    case DETECTOR_CTM: {
        struct ctm_options options = ctm_of(v);
        ctm_init(&detector->as.ctm, &options);
        return;
    }
    case N_DETECTOR_KINDS:
        return; /* Not a kind: detector_wrong has refused it. */
    }
}

/* Neither NaN nor infinite: x - x is NaN for both. */
static bool is_finite(double x) { return x - x >= 0.0; }

enum detect_signal detector_step(struct detector *detector, double x)
{
    if (!is_finite(x)) {
        return DETECT_NONE;
    }
    switch (detector->kind) {
    case DETECTOR_ADWIN:
        return adwin_step(&detector->as.adwin, x);
    case DETECTOR_DDM:
        return ddm_step(&detector->as.ddm, x);
    case DETECTOR_EDDM:
        return eddm_step(&detector->as.eddm, x);
    case DETECTOR_HDDM_A:
        return hddm_a_step(&detector->as.hddm_a, x);
    case DETECTOR_HDDM_W:
        return hddm_w_step(&detector->as.hddm_w, x);
    case DETECTOR_FHDDM:
        return fhddm_step(&detector->as.fhddm, x);
    case DETECTOR_PAGE_HINKLEY:
        return page_hinkley_step(&detector->as.page_hinkley, x);
    case DETECTOR_CUSUM:
        return cusum_step(&detector->as.cusum, x);
    case DETECTOR_EWMA:
        return ewma_step(&detector->as.ewma, x);
    case DETECTOR_ECDD:
        return ecdd_step(&detector->as.ecdd, x);
    case DETECTOR_GMA:
        return gma_step(&detector->as.gma, x);
    case DETECTOR_KSWIN:
        return kswin_step(&detector->as.kswin, x);
    case DETECTOR_IKS:
        return iks_step(&detector->as.iks, x);
    case DETECTOR_E_SR:
        return e_sr_step(&detector->as.e_sr, x);
    case DETECTOR_E_CUSUM:
        return e_cusum_step(&detector->as.e_cusum, x);
    case DETECTOR_CTM:
        return ctm_step(&detector->as.ctm, x);
    case N_DETECTOR_KINDS:
        break;
    }
    ASSERT(detector->kind < N_DETECTOR_KINDS);
    return DETECT_NONE;
}

double detector_statistic(const struct detector *detector)
{
    switch (detector->kind) {
    case DETECTOR_ADWIN:
        return adwin_statistic(&detector->as.adwin);
    case DETECTOR_DDM:
        return ddm_statistic(&detector->as.ddm);
    case DETECTOR_EDDM:
        return eddm_statistic(&detector->as.eddm);
    case DETECTOR_HDDM_A:
        return hddm_a_statistic(&detector->as.hddm_a);
    case DETECTOR_HDDM_W:
        return hddm_w_statistic(&detector->as.hddm_w);
    case DETECTOR_FHDDM:
        return fhddm_statistic(&detector->as.fhddm);
    case DETECTOR_PAGE_HINKLEY:
        return page_hinkley_statistic(&detector->as.page_hinkley);
    case DETECTOR_CUSUM:
        return cusum_statistic(&detector->as.cusum);
    case DETECTOR_EWMA:
        return ewma_statistic(&detector->as.ewma);
    case DETECTOR_ECDD:
        return ecdd_statistic(&detector->as.ecdd);
    case DETECTOR_GMA:
        return gma_statistic(&detector->as.gma);
    case DETECTOR_KSWIN:
        return kswin_statistic(&detector->as.kswin);
    case DETECTOR_IKS:
        return iks_statistic(&detector->as.iks);
    case DETECTOR_E_SR:
        return e_sr_statistic(&detector->as.e_sr);
    case DETECTOR_E_CUSUM:
        return e_cusum_statistic(&detector->as.e_cusum);
    case DETECTOR_CTM:
        return ctm_statistic(&detector->as.ctm);
    case N_DETECTOR_KINDS:
        break;
    }
    ASSERT(detector->kind < N_DETECTOR_KINDS);
    return 0.0;
}

double detector_threshold(const struct detector *detector)
{
    switch (detector->kind) {
    case DETECTOR_PAGE_HINKLEY:
        return detector->as.page_hinkley.options.threshold;
    case DETECTOR_CUSUM:
        return detector->as.cusum.options.flavour == CUSUM_CHART
                   ? detector->as.cusum.h
                   : detector->as.cusum.options.threshold;
    case DETECTOR_EWMA:
        return detector->as.ewma.limit;
    case DETECTOR_GMA:
        return detector->as.gma.options.threshold;
    case DETECTOR_E_SR:
        return detector->as.e_sr.bets.arl;
    case DETECTOR_E_CUSUM:
        return detector->as.e_cusum.bets.arl;
    case DETECTOR_CTM:
        return ctm_threshold(&detector->as.ctm);
    case DETECTOR_ADWIN:
    case DETECTOR_DDM:
    case DETECTOR_EDDM:
    case DETECTOR_HDDM_A:
    case DETECTOR_HDDM_W:
    case DETECTOR_FHDDM:
    case DETECTOR_ECDD:
    case DETECTOR_KSWIN:
    case DETECTOR_IKS:
    case N_DETECTOR_KINDS:
        break;
    }
    return __builtin_nan("");
}
