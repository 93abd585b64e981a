/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence: one object from which every page, figure and test result is made. */
#ifndef REPORTS_EVIDENCE_H
#define REPORTS_EVIDENCE_H

#include "reports/source.h"

/* sources[0] is the subject; the others add the steward arm of other minds on the same seeds. */
enum err evidence_build(const struct source *sources, uint32_t n_sources, json_t **ret_evidence,
                        struct err_text *ret_text) MUST_USE;

/* 1 - ours / theirs of episodes with a person, acts and minutes of people, over families in the order given, with the bootstrap of the campaign. */
json_t *reduction_json(const json_t *families, const char *theirs, uint64_t seed);

#endif
