/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over alarms and episodes, both in order. */
#include "core/detect/evaluate.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

#define NOT_A_NUMBER __builtin_nan("")
#define ENDLESS __builtin_inf()

/* Alarms from a list, or one every so many observations. */
struct alarms {
    const uint64_t *list; /* NULL: periodic. */
    uint64_t n, every;
};

static uint64_t alarm_at(const struct alarms *alarms, uint64_t i)
{
    return alarms->list != NULL ? alarms->list[i] : (i + 1) * alarms->every - 1;
}

static double share(double part, double whole) { return whole > 0.0 ? part / whole : NOT_A_NUMBER; }

static double cube(double x) { return x * x * x; }

/* Interval of a Poisson mean from its count: Byar's approximation of the exact one. */
static void poisson_interval(double count, double *ret_low, double *ret_high)
{
    double z = d_normal_quantile(0.975), next = count + 1.0;
    if (count <= 0.0) {
        *ret_low = 0.0;
        *ret_high = -d_log(0.025);
        return;
    }
    *ret_low = count * cube(1.0 - 1.0 / (9.0 * count) - z / (3.0 * d_sqrt(count)));
    *ret_high = next * cube(1.0 - 1.0 / (9.0 * next) + z / (3.0 * d_sqrt(next)));
}

static void rate(struct evaluation *evaluation)
{
    double low, high, outside = (double)evaluation->n_outside;
    double n_false = (double)evaluation->n_false;
    poisson_interval(n_false, &low, &high);
    evaluation->arl = n_false > 0.0 ? outside / n_false : ENDLESS;
    evaluation->arl_low = outside / high;
    evaluation->arl_high = low > 0.0 ? outside / low : ENDLESS;
    evaluation->far = 1000.0 * share(n_false, (double)evaluation->n);
}

/* Where the episode ends: at the next one at the latest, and at the end of the stream. */
static uint64_t end_of(const struct episode *episodes, uint64_t i, uint64_t n_episodes, uint64_t n)
{
    uint64_t to = episodes[i].to;
    if (i + 1 < n_episodes && episodes[i + 1].from <= to) {
        to = episodes[i + 1].from - 1;
    }
    return to < n ? to : n - 1;
}

/* What one pass adds up. */
struct sums {
    double delay, normalized, gaps;
    uint64_t last_false;
};

static void put_false(struct evaluation *evaluation, struct sums *sums, uint64_t alarm)
{
    if (evaluation->n_false > 0) {
        sums->gaps += (double)(alarm - sums->last_false);
    }
    sums->last_false = alarm;
    evaluation->n_false++;
}

static void put_detected(struct evaluation *evaluation, struct sums *sums, uint64_t from,
                         uint64_t end, uint64_t alarm)
{
    double delay = (double)(alarm - from), length = (double)(end - from);
    sums->delay += delay;
    sums->normalized += length > 0.0 ? delay / length : 0.0;
    evaluation->n_detected++;
}

static struct evaluation judge(uint64_t n, const struct alarms *alarms,
                               const struct episode *episodes, uint64_t n_episodes)
{
    struct evaluation evaluation = {
        .n = n, .n_alarms = alarms->n, .n_episodes = n_episodes, .n_outside = n};
    struct sums sums = {0};
    uint64_t alarm_i = 0;
    for (uint64_t i = 0; i < n_episodes; i++) {
        ASSERT(episodes[i].from <= episodes[i].to);
        ASSERT(i == 0 || episodes[i - 1].from < episodes[i].from);
        if (episodes[i].from >= n) {
            continue; /* Beyond the stream: missed. */
        }
        uint64_t end = end_of(episodes, i, n_episodes, n);
        bool is_detected = false;
        evaluation.n_outside -= end - episodes[i].from + 1;
        for (; alarm_i < alarms->n && alarm_at(alarms, alarm_i) <= end; alarm_i++) {
            uint64_t alarm = alarm_at(alarms, alarm_i);
            if (alarm < episodes[i].from) {
                put_false(&evaluation, &sums, alarm);
                continue;
            }
            if (!is_detected) {
                put_detected(&evaluation, &sums, episodes[i].from, end, alarm);
                is_detected = true;
            }
            evaluation.n_hits++;
        }
    }
    for (; alarm_i < alarms->n; alarm_i++) {
        put_false(&evaluation, &sums, alarm_at(alarms, alarm_i));
    }
    double hits = (double)evaluation.n_hits, detected = (double)evaluation.n_detected;
    double missed = (double)n_episodes - detected;
    double precision = share(hits, (double)alarms->n), found = share(detected, (double)n_episodes);
    evaluation.precision = precision;
    evaluation.recall = share(hits, hits + missed);
    evaluation.episode_recall = found;
    evaluation.f1 =
        alarms->n == 0 && n_episodes > 0 ? 0.0 : share(2.0 * precision * found, precision + found);
    evaluation.f1 = alarms->n > 0 && hits <= 0.0 && n_episodes > 0 ? 0.0 : evaluation.f1;
    evaluation.mtd = share(sums.delay, detected);
    evaluation.normalized_delay = share(sums.normalized, detected);
    evaluation.mdr = share(missed, (double)n_episodes);
    evaluation.mtfa =
        evaluation.n_false > 1 ? sums.gaps / (double)(evaluation.n_false - 1) : NOT_A_NUMBER;
    evaluation.mtr = evaluation.mtd > 0.0 || !(evaluation.mtd >= 0.0)
                         ? evaluation.mtfa / evaluation.mtd * (1.0 - evaluation.mdr)
                         : ENDLESS;
    rate(&evaluation);
    return evaluation;
}

struct evaluation evaluate(uint64_t n, const uint64_t *alarms, uint64_t n_alarms,
                           const struct episode *episodes, uint64_t n_episodes)
{
    for (uint64_t i = 0; i < n_alarms; i++) {
        ASSERT(alarms[i] < n);
        ASSERT(i == 0 || alarms[i - 1] < alarms[i]);
    }
    static const uint64_t none = 0;
    struct alarms list = {.list = alarms != NULL ? alarms : &none, .n = n_alarms};
    return judge(n, &list, episodes, n_episodes);
}

struct evaluation evaluate_periodic(uint64_t n, uint64_t every, const struct episode *episodes,
                                    uint64_t n_episodes)
{
    ASSERT(every >= 1);
    struct alarms periodic = {.list = NULL, .n = n / every, .every = every};
    return judge(n, &periodic, episodes, n_episodes);
}

double lift_per_drift(double accuracy, double accuracy_without, uint64_t n_alarms)
{
    return share(accuracy - accuracy_without, (double)n_alarms);
}
