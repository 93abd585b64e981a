/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars that must not mix: one-field structs. Value 0 is none; models, tables and people count from 1 in the order of the
 * deployment file. */
#ifndef CORE_TYPES_IDENT_H
#define CORE_TYPES_IDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/base/visit.h"

struct model_id {
    uint16_t value;
};
struct version_id { /* Registry version number, unique within its model. */
    uint16_t value;
};
struct table_id {
    uint16_t value;
};
struct person_id {
    uint16_t value;
};
struct incident_id { /* Given by the mind, rising within a run; a number used before is refused. */
    uint32_t value;
};
struct action_id { /* Given by the warden, rising within a run. */
    uint32_t value;
};
struct page_id {
    uint32_t value;
};
struct approval_id {
    uint32_t value;
};
struct question_id {
    uint32_t value;
};
/* The sequence number of the event that carried the evidence: nobody can invent one that resolves to something else. */
struct evidence_id {
    uint64_t value;
};

/* struct digest128 (core/base/visit.h) names content: artefacts, batches, actions, policies. */
void digest128_visit(struct visit *visit, const char *name, struct digest128 *digest);
bool digest128_equal(struct digest128 a, struct digest128 b);
/* As 32 lower-case hex digits, hi first. */
void digest128_put(struct text *text, struct digest128 digest);
/* False: the word is anything else; ret_digest is then left as it was. */
bool digest128_parse(struct slice word, struct digest128 *ret_digest);
/* A list of citations: the count is checked against n_max before any id is touched. */
void evidence_ids_visit(struct visit *visit, const char *name, uint32_t *n_ids,
                        struct evidence_id *ids, uint32_t n_max);

#endif
