/* SPDX-License-Identifier: Apache-2.0 */
/* A failed assertion fails the test, or satisfies expect_assert_failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/assert.h"

void steward_bug(const char *file, int line, const char *condition)
{
    mock_assert(0, condition, file, line);
    abort();
}
