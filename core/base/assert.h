/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions that stay on in production; a failed one is a bug and ends the process through the
 * host. */
#ifndef CORE_BASE_ASSERT_H
#define CORE_BASE_ASSERT_H

/* The host defines it: prints and aborts. The only host symbol that the pure core may call. */
_Noreturn void steward_bug(const char *file, int line, const char *condition);

#define ASSERT(condition) ((condition) ? (void)0 : steward_bug(__FILE__, __LINE__, #condition))

#endif
