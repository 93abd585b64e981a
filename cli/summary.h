/* SPDX-License-Identifier: Apache-2.0 */
/* What a campaign found, for people and for programs. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <jansson.h>
#include <stdio.h>

#include "sim/campaign/campaign.h"

/* A table that a manager can read. command with --seed N repeats one episode of it. */
void summary_table(FILE *stream, const struct campaign_request *request,
                   const struct campaign_result *result, const char *command, double wall_s);
/* The fixed JSON of `steward sim`: null where nothing was run; NULL when out of memory. */
json_t *summary_object(const struct campaign_request *request, const struct campaign_result *result,
                       double wall_s);
/* The same as text; false when writing failed. */
bool summary_json(FILE *stream, const struct campaign_request *request,
                  const struct campaign_result *result, double wall_s);

#endif
