/* SPDX-License-Identifier: Apache-2.0 */
/* Average run lengths of CUSUM and EWMA charts, and the thresholds that give a wanted one. */
#ifndef CORE_DETECT_ARL_H
#define CORE_DETECT_ARL_H

#include <stdbool.h>

/* Observations z are independent and normal with mean `shift` and standard deviation 1; a chart starts at 0. The average run length L(s) from state s
 * solves a Fredholm equation of the second kind (Page 1954; Crowder, "A simple method for studying run-length distributions of exponentially
 * weighted moving average charts", Technometrics 29, 1987):
 *     CUSUM, S <- max(0, S + z - k), alarm when S > h:
 *         L(s) = 1 + L(0) Phi(k - s - shift) + integral over 0 .. h of phi(u + k - s - shift) L(u) du
 *     EWMA, Z <- (1 - l) Z + l z, alarm when |Z| > w, w = c sqrt(l / (2 - l)):
 *         L(s) = 1 + 1/l integral over -w .. w of phi((u - (1 - l) s) / l - shift) L(u) du
 * solved on 64 Gauss-Legendre nodes, which is exact to 1e-7 relative for run lengths up to 1e7 (tests compare with the R package spc). About 0.2 ms a call on
 * 34 kB of stack; a threshold takes about ten. */

/* One-sided, for rises. k in 0 .. 5, h > 0 .. 30, shift in -10 .. 10. */
double cusum_arl(double k, double h, double shift);
/* Two one-sided charts at once: 1 / L = 1 / L_up + 1 / L_down (Kemp 1961). */
double cusum_arl_two_sided(double k, double h, double shift);
/* h that gives the average run length arl, 2 .. 1e6, without a shift, within 1e-11; at least 0.01, which may give more. k in 0.25 .. 5. */
double cusum_threshold(double k, double arl, bool two_sided);

/* Two-sided with limits that do not vary. lambda in 0.05 .. 1, c > 0 .. 6, shift in -10 .. 10. */
double ewma_arl(double lambda, double c, double shift);
/* c that gives the average run length arl, 2 .. 1e6, without a shift, within 1e-11; at least 0.1, which may give more. */
double ewma_threshold(double lambda, double arl);

#endif
