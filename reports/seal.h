/* SPDX-License-Identifier: Apache-2.0 */
/* What signs a report: digests of its files, and a note over them. */
#ifndef REPORTS_SEAL_H
#define REPORTS_SEAL_H

#include "core/base/err.h"
#include "replay/note.h"
#include "reports/page.h"

/* Lines of sha256sum: digest, two spaces, name. The file lies in folder. */
enum err seal_add(struct page *sums, const char *folder, const char *name,
                  struct err_text *ret_text) MUST_USE;
/* The note: a line that says what it is, then the digests. */
enum err seal_sign(const struct page *sums, const struct note_signer *signer, struct page *note,
                   struct err_text *ret_text) MUST_USE;

#endif
