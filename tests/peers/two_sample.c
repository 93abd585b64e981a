/* SPDX-License-Identifier: Apache-2.0 */
/* Batch tests and distances on lines of standard input, so that another implementation may be asked the same. A line is NAME N M and N + M numbers;
 * the answer is a line with the statistic and the p-value (nan where there is none), 17 digits. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/detect/distance.h"
#include "core/detect/ks.h"
#include "core/detect/two_sample.h"

struct answer {
    double statistic, p;
};

struct question {
    const double *a, *b;
    size_t n, m;
};

static double *room(size_t n)
{
    double *doubles = calloc(n + 1, sizeof(*doubles));
    if (doubles == NULL) {
        (void)fprintf(stderr, "no memory for %zu numbers\n", n);
        exit(2);
    }
    return doubles;
}

static struct answer of_chi_square(struct chi_square test)
{
    return (struct answer){test.statistic, test.p};
}

static struct answer ask_cramer_von_mises(const struct question *question, bool is_exact)
{
    double *scratch = room(two_sample_scratch(question->n, question->m));
    struct cramer_von_mises test =
        cramer_von_mises(question->a, question->n, question->b, question->m, scratch);
    free(scratch);
    struct answer answer = {test.statistic, 0.0};
    if (is_exact) {
        scratch = room(cramer_von_mises_exact_scratch(&test));
        answer.p = cramer_von_mises_p_exact(&test, scratch);
        free(scratch);
    } else {
        answer.p = cramer_von_mises_p_asymptotic(&test);
    }
    return answer;
}

static struct answer ask_mann_whitney(const struct question *question, bool is_exact,
                                      enum alternative alternative)
{
    double *scratch = room(two_sample_scratch(question->n, question->m));
    struct mann_whitney test =
        mann_whitney(question->a, question->n, question->b, question->m, scratch);
    free(scratch);
    struct answer answer = {test.u, 0.0};
    if (is_exact) {
        scratch = room(mann_whitney_exact_scratch(&test));
        answer.p = mann_whitney_p_exact(&test, alternative, scratch);
        free(scratch);
    } else {
        answer.p = mann_whitney_p_asymptotic(&test, alternative);
    }
    return answer;
}

static struct answer ask_ks(const struct question *question, enum ks_method method)
{
    double *scratch = room(ks_scratch(question->n, question->m));
    struct ks_result result =
        ks_two_sample(question->a, question->n, question->b, question->m, method, scratch);
    free(scratch);
    return (struct answer){result.statistic, result.p};
}

static struct answer ask_pair(const struct question *question, const char *name)
{
    double *scratch = room(distance_scratch(question->n, question->m));
    struct answer answer = {0.0, (double)NAN};
    if (strcmp(name, "anderson_darling") == 0) {
        struct anderson_darling test =
            anderson_darling(question->a, question->n, question->b, question->m, scratch);
        answer = (struct answer){test.statistic, test.p};
    } else if (strcmp(name, "wasserstein") == 0) {
        answer.statistic =
            distance_wasserstein(question->a, question->n, question->b, question->m, scratch);
    } else {
        answer.statistic =
            distance_energy(question->a, question->n, question->b, question->m, scratch);
    }
    free(scratch);
    return answer;
}

static bool ask(const char *name, const struct question *q, struct answer *ret_answer)
{
    if (strcmp(name, "chi_square") == 0) {
        *ret_answer = of_chi_square(chi_square_two_sample(q->a, q->b, q->n, CHI_SQUARE_PEARSON));
    } else if (strcmp(name, "g") == 0) {
        *ret_answer = of_chi_square(chi_square_two_sample(q->a, q->b, q->n, CHI_SQUARE_G));
    } else if (strcmp(name, "chi_square_fit") == 0) {
        *ret_answer = of_chi_square(chi_square_fit(q->a, q->b, q->n, CHI_SQUARE_PEARSON));
    } else if (strcmp(name, "g_fit") == 0) {
        *ret_answer = of_chi_square(chi_square_fit(q->a, q->b, q->n, CHI_SQUARE_G));
    } else if (strcmp(name, "cramer_von_mises_exact") == 0) {
        *ret_answer = ask_cramer_von_mises(q, true);
    } else if (strcmp(name, "cramer_von_mises_asymptotic") == 0) {
        *ret_answer = ask_cramer_von_mises(q, false);
    } else if (strcmp(name, "mann_whitney_exact") == 0) {
        *ret_answer = ask_mann_whitney(q, true, ALTERNATIVE_TWO_SIDED);
    } else if (strcmp(name, "mann_whitney_asymptotic") == 0) {
        *ret_answer = ask_mann_whitney(q, false, ALTERNATIVE_TWO_SIDED);
    } else if (strcmp(name, "mann_whitney_exact_less") == 0) {
        *ret_answer = ask_mann_whitney(q, true, ALTERNATIVE_LESS);
    } else if (strcmp(name, "mann_whitney_asymptotic_greater") == 0) {
        *ret_answer = ask_mann_whitney(q, false, ALTERNATIVE_GREATER);
    } else if (strcmp(name, "ks_exact") == 0) {
        *ret_answer = ask_ks(q, KS_EXACT);
    } else if (strcmp(name, "ks_asymptotic") == 0) {
        *ret_answer = ask_ks(q, KS_ASYMPTOTIC);
    } else if (strcmp(name, "anderson_darling") == 0 || strcmp(name, "wasserstein") == 0 ||
               strcmp(name, "energy") == 0) {
        *ret_answer = ask_pair(q, name);
    } else if (strcmp(name, "jensen_shannon") == 0) {
        *ret_answer = (struct answer){distance_jensen_shannon(q->a, q->b, q->n), (double)NAN};
    } else {
        return false;
    }
    return true;
}

int main(void)
{
    char name[64];
    size_t n = 0, m = 0;
    while (scanf("%63s %zu %zu", name, &n, &m) == 3) {
        double *values = room(n + m);
        for (size_t i = 0; i < n + m; i++) {
            if (scanf("%lf", values + i) != 1) {
                (void)fprintf(stderr, "%s: number %zu of %zu is missing\n", name, i + 1, n + m);
                return 2;
            }
        }
        struct question question = {values, values + n, n, m};
        struct answer answer;
        if (!ask(name, &question, &answer)) {
            (void)fprintf(stderr, "%s: no such test\n", name);
            return 2;
        }
        (void)printf("%.17g %.17g\n", answer.statistic, answer.p);
        free(values);
    }
    return 0;
}
