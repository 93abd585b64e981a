/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges and description of an alarm's guarantee. */
#include "core/types/guarantee.h"

static bool is_amount(double value) { return value >= 0.0 && value - value == 0.0; }

bool assurance_is_valid(const struct assurance *assurance)
{
    return (unsigned)assurance->guarantee < N_GUARANTEES && is_amount(assurance->bound) &&
           is_amount(assurance->evidence) && is_amount(assurance->level) &&
           is_amount(assurance->wealth_before) && is_amount(assurance->wealth_after) &&
           is_amount(assurance->share) && assurance->share <= 1.0;
}

void assurance_visit(struct visit *visit, struct assurance *assurance)
{
    VISIT_ENUM(visit, assurance, guarantee, N_GUARANTEES);
    visit_f64(visit, "bound", &assurance->bound);
    visit_f64(visit, "evidence", &assurance->evidence);
    visit_f64(visit, "level", &assurance->level);
    visit_f64(visit, "wealth_before", &assurance->wealth_before);
    visit_f64(visit, "wealth_after", &assurance->wealth_after);
    visit_f64(visit, "share", &assurance->share);
}
