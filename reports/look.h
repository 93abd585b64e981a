/* SPDX-License-Identifier: Apache-2.0 */
/* Members of evidence, which is ours: what is absent is no number, 0 or no words. */
#ifndef REPORTS_LOOK_H
#define REPORTS_LOOK_H

#include <jansson.h>
#include <stdint.h>

double number_of(const json_t *object, const char *name); /* NaN when absent. */
uint64_t count_of(const json_t *object, const char *name);
const char *words_of(const json_t *object, const char *name);

#endif
