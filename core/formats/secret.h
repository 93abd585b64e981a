/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets from files, by the one rule of every verb: a file that anybody but its owner can use holds no secret. */
#ifndef CORE_FORMATS_SECRET_H
#define CORE_FORMATS_SECRET_H

#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"

/* Whether group or others may do anything with a file or folder of this mode. */
#define MODE_IS_OPEN(mode) (((mode) & (mode_t)077) != 0)

/* The text of a regular file, at most capacity - 1 bytes without a zero byte, white space around it taken off; the caller wipes it. A file that is not
 * there or is a folder is ERR_NO_INPUT; one that group or others can use, that is empty or too long ERR_CONFIG; one that cannot be read ERR_IO. */
enum err secret_read(const char *path, char *ret_secret, size_t capacity,
                     struct err_text *ret_text) MUST_USE;

#endif
