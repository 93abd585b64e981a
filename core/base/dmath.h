/* SPDX-License-Identifier: Apache-2.0 */
/* Transcendental functions from + - * / sqrt and integer bit operations only, so that every
 * compiler, CPU and level of optimisation gives the same bits. Errors against MPFR are tested: <= 2
 * ulp for log, log1p, exp, pow, erf and erfc; 1e-14 relative for the normal functions. NaN in gives
 * NaN out. */
#ifndef CORE_BASE_DMATH_H
#define CORE_BASE_DMATH_H

double d_abs(double x);
double d_sqrt(double x);
double d_floor(double x);
double d_log(double x);
double d_log1p(double x);
double d_exp(double x);
double d_pow(double base, double exponent);
double d_erf(double x);
double d_erfc(double x);
/* Standard normal density, distribution function and its inverse (p in (0,1); 0 and 1 give -inf and
 * inf). */
double d_normal_pdf(double x);
double d_normal_cdf(double x);
double d_normal_quantile(double p);
double d_logit(double p);
double d_logistic(double x);
/* Any NaN becomes one NaN, -0 becomes 0: call before a double enters a digest or an encoding. */
double d_canonical(double x);
/* Regularised incomplete beta I_x(a,b) by the continued fraction of Numerical Recipes 6.4 (modified
 * Lentz); 1e-10 relative for a, b from 0.1 to 1e5. */
double d_beta_inc(double a, double b, double x);
/* ln of the gamma function for x > 0, NaN otherwise; 1e-14 of max(1, |result|). */
double d_lgamma(double x);
/* Regularised incomplete gamma functions P(a, x) (lower) and Q = 1 - P (upper), each to 1e-12
 * relative for a from 0.05 to 1e5 while the value is above 1e-290: the series and, from x = a + 1
 * on, the continued fraction of Numerical Recipes 6.2. a > 0, x >= 0, NaN otherwise. */
double d_gamma_p(double a, double x);
double d_gamma_q(double a, double x);
/* e^x K_nu(x), K the modified Bessel function of the second kind (Abramowitz and Stegun 9.6.24), x >
 * 0, 0 <= nu <= 10; 1e-13 relative for x from 1e-6 to 1e6. NaN otherwise. */
double d_bessel_k_scaled(double nu, double x);

#endif
