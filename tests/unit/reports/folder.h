/* SPDX-License-Identifier: Apache-2.0 */
/* A source of evidence made by hand: episodes of one family in all arms. */
#ifndef TESTS_UNIT_REPORTS_FOLDER_H
#define TESTS_UNIT_REPORTS_FOLDER_H

#include "reports/source.h"

struct folder_wish {
    uint64_t episodes;
    uint64_t touched, touched_manual; /* Of the episodes: a human had to act. */
    int64_t response_ns;
    uint64_t violating;
    uint64_t by_human;  /* Of the episodes: right with a person. */
    bool two_families;  /* Every other episode is of the second. */
    double bad_minutes; /* Of an episode of the steward arm; 0: 1, as in the other arms. */
    double bound_95;    /* The target; 0: that of report_targets. */
    double must_escalate_share;
    const char *title, *mind;
};
/* As source_open would leave it. */
void folder_make(const struct folder_wish *wish, struct source *ret_source);
/* Evidence of the sources; every one must do. */
json_t *folder_evidence(const struct source *sources, uint32_t n_sources);
/* Verdict of a target. */
const char *folder_verdict(const json_t *evidence, const char *id);

#endif
