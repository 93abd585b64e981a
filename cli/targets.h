/* SPDX-License-Identifier: Apache-2.0 */
/* From words on the command line to what a campaign needs: suite, deployments, policies, recordings. */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include "cli/cli.h"
#include "sim/campaign/campaign.h"

struct targets {
    struct files *files;
    struct suite suite;
    uint32_t n_deployments, n_policies, n_recordings;
    struct named_deployment deployments[SETTINGS_MAX];
    struct named_policy policies[SETTINGS_MAX];
    struct named_recording recordings[RECORDINGS_MAX];
    struct deployment deployment; /* Of --deployment. */
    struct policy policy;         /* Of --policy. */
    bool has_deployment, has_policy;
};

/* Adds a target: scenario id or file, suite id or file, mix:NAME. */
enum err targets_add(struct targets *targets, const char *target, struct err_text *ret_text) MUST_USE;
/* Finds what the scenarios name, but no recording outside: deployments and policies; a family of this build has its class. */
enum err targets_check(struct targets *targets, struct err_text *ret_text) MUST_USE;
/* ERR_NO_INPUT: there is no such id; says which one may have been meant. */
enum err targets_unknown(const char *word, struct err_text *ret_text) MUST_USE;
/* Options --deployment and --policy; NULL leaves what the scenarios name. */
enum err targets_set(struct targets *targets, const char *deployment, const char *policy,
                     struct err_text *ret_text) MUST_USE;
/* Loads what the scenarios name. data_dir may be NULL: scenarios whose recording lies there then fail, or are left out of suites. */
enum err targets_load(struct targets *targets, const char *data_dir,
                      struct err_text *ret_text) MUST_USE;
void targets_close(struct targets *targets);
enum err policy_load(struct files *files, const char *name, struct policy *ret_policy,
                     struct err_text *ret_text) MUST_USE;

#endif
