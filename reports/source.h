/* SPDX-License-Identifier: Apache-2.0 */
/* Where evidence comes from: a campaign's folder or a journal, brought to one form. */
#ifndef REPORTS_SOURCE_H
#define REPORTS_SOURCE_H

#include "reports/reports.h"

struct source {
    const char *path; /* As given. */
    char file[4352];  /* For messages: the file that was read. */
    json_t *report; /* subject, targets, arms, families, incident: checked for kind as it is read. Owned. */
    json_t *ran; /* fingerprint, events, windows, virtual_s. Owned. */
    json_t *reductions; /* reduction and reduction_vs_rules as the campaign has them; NULL: to be computed. Owned. */
    json_t *audit; /* Owned. */
};

enum err source_open(const char *path, struct source *ret_source, struct err_text *ret_text) MUST_USE;
void source_close(struct source *source);

enum err source_of_journal(struct source *source, struct err_text *ret_text) MUST_USE;

#endif
