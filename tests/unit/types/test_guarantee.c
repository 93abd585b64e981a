/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of what a mind may claim of its alarms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/types/guarantee.h"

static struct assurance usual(void)
{
    return (struct assurance){.guarantee = GUARANTEE_FDR,
                              .bound = 0.05,
                              .evidence = 1e9,
                              .level = 1e-6,
                              .wealth_before = 0.03,
                              .wealth_after = 0.06,
                              .share = 1.0};
}

static void assurance_when_within_its_ranges_is_valid(void **state)
{
    (void)state;
    struct assurance assurance = usual();
    assert_true(assurance_is_valid(&assurance));
    assurance = (struct assurance){0}; /* None at all. */
    assert_true(assurance_is_valid(&assurance));
}

static void assurance_when_a_number_is_none_is_invalid(void **state)
{
    (void)state;
    double zero = 0.0;
    const double wrong[] = {zero / zero, 1.0 / zero, -1e-9};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct assurance assurance = usual();
        double *fields[] = {&assurance.bound,         &assurance.evidence,     &assurance.level,
                            &assurance.wealth_before, &assurance.wealth_after, &assurance.share};
        for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++) {
            assurance = usual();
            *fields[k] = wrong[i];
            assert_false(assurance_is_valid(&assurance));
        }
    }
    struct assurance assurance = usual();
    assurance.share = 1.01;
    assert_false(assurance_is_valid(&assurance));
    assurance = usual();
    assurance.guarantee = (enum guarantee)N_GUARANTEES;
    assert_false(assurance_is_valid(&assurance));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assurance_when_within_its_ranges_is_valid),
        cmocka_unit_test(assurance_when_a_number_is_none_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
