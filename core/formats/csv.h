/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded rows from CSV (RFC 4180): a header, numeric features, a 0/1 label, optional timestamp. */
#ifndef CORE_FORMATS_CSV_H
#define CORE_FORMATS_CSV_H

#include <stdint.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/types/limits.h"

struct csv_request {
    char label[NAME_BYTES];
    uint32_t n_features;
    char features[FEATURES_MAX][NAME_BYTES];
    char timestamp[NAME_BYTES]; /* Empty: rows are row_interval_ns apart. */
    int64_t row_interval_ns;
};

struct recording {
    uint32_t n_rows, n_features;
    double *features; /* n_rows x n_features, row by row; owned. Finite. */
    uint8_t *labels;  /* 0 or 1; owned. */
    int64_t *at;      /* Rising; owned. */
};

/* At most 2,000,000 rows and 256 MiB. A missing column, a cell that is not a finite number, a label that is not 0/1, unsorted time or a row of
 * the wrong width fails with "FILE: line N: ...". */
enum err recording_open(const char *name, struct slice bytes, const struct csv_request *request,
                        struct recording *ret_recording, struct err_text *ret_text) MUST_USE;
void recording_close(struct recording *recording);

#endif
