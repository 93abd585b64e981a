/* SPDX-License-Identifier: Apache-2.0 */
/* The files of scenarios/ for the tests of this room, read from what the build embeds. */
#ifndef TESTS_UNIT_SCENARIO_LIBRARY_H
#define TESTS_UNIT_SCENARIO_LIBRARY_H

#include "sim/scenario/scenario.h"

/* Fails the test when there is no such file. */
struct slice library_file(const char *path);
/* Reads library_file; an unknown path is ERR_NO_INPUT. */
struct library library_embedded(void);
/* The suite file of that path, whole; fails the test otherwise. */
void library_suite(const char *path, struct suite *ret_suite);
void library_deployment(const char *name, struct deployment *ret_deployment);

#endif
