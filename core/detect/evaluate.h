/* SPDX-License-Identifier: Apache-2.0 */
/* How good alarms were against the changes that really happened, and how good alarms without any look at the data would have been. */
#ifndef CORE_DETECT_EVALUATE_H
#define CORE_DETECT_EVALUATE_H

#include <stdbool.h>
#include <stdint.h>

/* A change at `from`; an alarm from there to `to`, both included, has found it. */
struct episode {
    uint64_t from, to;
};

/* NaN where a figure has no cases. An alarm is a hit of the last episode that began at or before it, when it lies in that episode; otherwise it
 * is false. The first hit of an episode detects it.
 *
 *     precision       hits / alarms
 *     recall          hits / (hits + missed episodes)                             (river, evaluate.py of pull request 1963)
 *     episode_recall  detected episodes / episodes
 *     f1              2 precision episode_recall / (precision + episode_recall)     (CapyMOA, EvaluateDriftDetector)
 *     mtd             mean of first hit - from over detected episodes: mean time to detection, in observations
 *     normalized_delay mean of (first hit - from) / (last - from) over detected episodes, last being the last observation of the episode: `to`, the one before
 *                     the next episode or the last of the stream, whichever comes first; an episode of one observation counts 0
 *     mdr             missed episodes / episodes: missed detection rate
 *     far             false alarms per 1,000 observations of the stream
 *     mtfa            mean distance between successive false alarms (two at least): mean time between false alarms, river's MTBFA
 *     mtr             mtfa / mtd (1 - mdr): mean time ratio (Bifet, "Classifier concept drift detection and the illusion of progress", ICAISC 2017, eq. 1);
 *                     infinite when every detection is immediate
 *     arl             observations outside of episodes / false alarms: empirical average run length. Infinite without a false alarm. Its 95 % interval is
 *                     that of a Poisson count (Breslow and Day 1987, p. 69, Byar's approximation; exact at 0) */
struct evaluation {
    uint64_t n, n_alarms, n_hits, n_false, n_episodes, n_detected;
    uint64_t n_outside; /* Observations in no episode. */
    double precision, recall, episode_recall, f1;
    double mtd, normalized_delay, mdr, far, mtfa, mtr;
    double arl, arl_low, arl_high;
};

/* n observations; alarms ascend and are below n; episodes ascend by from, from <= to. Where they overlap the later one ends the earlier. */
struct evaluation evaluate(uint64_t n, const uint64_t *alarms, uint64_t n_alarms,
                           const struct episode *episodes, uint64_t n_episodes);
/* The trivial baseline: an alarm at every - 1, 2 every - 1, ...; every >= 1. With every > n it is the one that never alarms. */
struct evaluation evaluate_periodic(uint64_t n, uint64_t every, const struct episode *episodes,
                                    uint64_t n_episodes);
/* Gain in accuracy of a learner that is reset on every alarm over one that never is, an alarm (Lukats et al. 2024); NaN without alarms. */
double lift_per_drift(double accuracy, double accuracy_without, uint64_t n_alarms);

#endif
