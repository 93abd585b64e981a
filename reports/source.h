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
    json_t *as_said; /* What nothing in campaign.json vouches for, in words; NULL: no campaign. Owned. */
    json_t *extra; /* Members "splits" and "forks", if the campaign has them, as they stand there; with as_said. Owned. */
    bool is_live;  /* report then has members live, times and incident. */
};

enum err source_open(const char *path, struct source *ret_source, struct err_text *ret_text) MUST_USE;
void source_close(struct source *source);

/* What campaign.json holds; path and file are set. */
enum err source_of_campaign(struct source *source, const json_t *root,
                            struct err_text *ret_text) MUST_USE;
enum err source_of_journal(struct source *source, struct err_text *ret_text) MUST_USE;
/* A journal all of whose runs are live. */
enum err source_of_live(struct source *source, struct err_text *ret_text) MUST_USE;

/* What `steward audit verify` would say, without a key or a checkpoint from elsewhere, into audit. What does not fit is ERR_DATA. */
enum err source_verify(struct source *source, struct err_text *ret_text) MUST_USE;
struct replay_result;
void source_put_replayed(struct source *source, const struct replay_result *replayed);

#endif
