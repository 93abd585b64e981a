/* SPDX-License-Identifier: Apache-2.0 */
/* Key files, which are never overwritten. Secret ones are read as every secret is (core/formats/secret.h). */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli/cli.h"
#include "replay/audit.h"

enum { KEY_BYTES = 1024 }; /* Longer than any key. */
/* A file of a verifier key. Anything else is ERR_CONFIG. */
enum err key_read_verifier(const char *path, struct note_key *ret_key,
                           struct err_text *ret_text) MUST_USE;
/* Makes a file that is not there yet (otherwise ERR_CANNOT_WRITE). */
enum err key_write(const char *path, unsigned mode, struct slice bytes,
                   struct err_text *ret_text) MUST_USE;

#endif
