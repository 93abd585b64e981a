/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of `steward sim --out`: summary.txt for people, campaign.json for programs and for `steward report`. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "core/base/err.h"
#include "reports/reports.h"

struct out {
    const char *folder;
    struct tally *tally; /* Of the campaign's verdicts. */
    const struct campaign_request *request;
    const struct campaign_result *result;
    struct report_subject subject;
    const char *command; /* With --seed N it repeats one episode. */
    double wall_s;
};

/* Makes the folder and those above it; before the work, so that an hour is not lost to a folder that cannot be made. */
enum err out_make(const char *folder, uint32_t *ret_n_made, struct err_text *ret_text) MUST_USE;
/* Removes those that were made, as far as they are empty. */
void out_unmake(const char *folder, uint32_t n_made);
/* Writes both files whole or not at all. One episode is run once more, to be told in detail. */
enum err out_write(const struct out *out, struct err_text *ret_text) MUST_USE;

#endif
