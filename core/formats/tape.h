/* SPDX-License-Identifier: Apache-2.0 */
/* Tape: a cassette in a file, written as exchanges happen. What is on it is always a whole cassette. */
#ifndef CORE_FORMATS_TAPE_H
#define CORE_FORMATS_TAPE_H

#include "core/formats/cassette.h"

struct tape;
/* A new file for its owner alone, or one that goes on after what it holds, which must be a cassette (else ERR_DATA). ERR_UNAVAILABLE: another process
 * records on it. ERR_CANNOT_WRITE, ERR_IO. */
enum err tape_open(const char *path, struct tape **ret_tape, struct err_text *ret_text) MUST_USE;
/* ERR_NO_SPACE: it is full. ERR_IO: nothing of the exchange stays on it. */
enum err tape_put(struct tape *tape, const struct cassette_exchange *exchange,
                  struct err_text *ret_text) MUST_USE;
void tape_close(struct tape *tape);

#endif
