/* SPDX-License-Identifier: Apache-2.0 */
/* The deployment file and the policy file, as YAML. */
#ifndef CORE_FORMATS_DEPLOYMENT_H
#define CORE_FORMATS_DEPLOYMENT_H

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/types/deployment.h"
#include "core/types/policy.h"

/* name: the file as given, for messages. Failures are ERR_CONFIG with file, line, column and the accepted keys. The key live, where the servers of a
 * live platform are named, is left to live/config. */
enum err deployment_parse(const char *name, struct slice bytes, struct deployment *ret_deployment,
                          struct err_text *ret_text) MUST_USE;
enum err policy_parse(const char *name, struct slice bytes, struct policy *ret_policy,
                      struct err_text *ret_text) MUST_USE;

#endif
