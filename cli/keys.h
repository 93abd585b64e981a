/* SPDX-License-Identifier: Apache-2.0 */
/* Key files: secret ones are read only when nobody else can read them, and are never overwritten. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli/cli.h"
#include "replay/audit.h"

/* A file of a secret key, as text; the caller wipes it. Readable by group or others is ERR_CONFIG. */
enum { KEY_BYTES = 1024 };
enum err key_read_secret(const char *path, char ret_bytes[KEY_BYTES], struct slice *ret_key,
                         struct err_text *ret_text) MUST_USE;
/* A file of a verifier key. Anything else is ERR_CONFIG. */
enum err key_read_verifier(const char *path, struct note_key *ret_key,
                           struct err_text *ret_text) MUST_USE;
/* Makes a file that is not there yet (otherwise ERR_CANNOT_WRITE). */
enum err key_write(const char *path, unsigned mode, struct slice bytes,
                   struct err_text *ret_text) MUST_USE;

#endif
