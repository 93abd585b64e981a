/* SPDX-License-Identifier: Apache-2.0 */
/* Visiting of the names that other structs share: content digests and lists of citations. */
#include "core/types/ident.h"

void digest128_visit(struct visit *visit, const char *name, struct digest128 *digest)
{
    visit_begin(visit, name, -1);
    visit_u64(visit, "hi", &digest->hi);
    visit_u64(visit, "lo", &digest->lo);
    visit_end(visit);
}

bool digest128_equal(struct digest128 a, struct digest128 b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

void evidence_ids_visit(struct visit *visit, const char *name, uint32_t *n_ids,
                        struct evidence_id *ids, uint32_t n_max)
{
    visit_enum(visit, "n_evidence", n_ids, sizeof(*n_ids), n_max + 1);
    for (uint32_t i = 0; i < *n_ids; i++) {
        visit_begin(visit, name, (int)i);
        visit_u64(visit, "id", &ids[i].value);
        visit_end(visit);
    }
}
