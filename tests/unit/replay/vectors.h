/* SPDX-License-Identifier: Apache-2.0 */
/* Reference sets under STEWARD_TRUTH_DIR/vectors; a test that lacks them skips and says why. */
#ifndef TESTS_UNIT_REPLAY_VECTORS_H
#define TESTS_UNIT_REPLAY_VECTORS_H

#include <jansson.h>

#include "core/base/text.h"

enum { VECTOR_PATH = 4096, VECTOR_BYTES = 1 << 20 };

/* Path of a file or folder of the sets; skips the test when STEWARD_TRUTH_DIR is not set. */
void vectors_path(const char *name, char ret_path[VECTOR_PATH]);
/* A file of JSON, integers as reals (some pass 2^63); the caller gives it back with json_decref. */
json_t *vectors_read(const char *path);
/* A whole file, into a static buffer. */
struct slice vectors_bytes(const char *path);
/* Text of a member, with its NULs; fails the test when there is none. */
struct slice vectors_text(const json_t *object, const char *member);
/* Bytes of hexadecimal digits; what is left of capacity is untouched. */
size_t vectors_hex(const char *digits, uint8_t *bytes, size_t capacity);

#endif
