/* SPDX-License-Identifier: Apache-2.0 */
/* A failed assertion of a fuzz target ends the process, so that every driver sees it. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/assert.h"

void steward_bug(const char *file, int line, const char *condition)
{
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    abort();
}
