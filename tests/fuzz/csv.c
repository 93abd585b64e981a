/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a recording, with and without a timestamp: refused with file and line, or rows of finite numbers in rising time. */
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/csv.h"
#include "tests/fuzz/fuzz.h"

static const struct csv_request requests[] = {
    {.label = "class",
     .n_features = 2,
     .features = {"price", "demand"},
     .row_interval_ns = 1800 * NS_PER_S},
    {.label = "class", .n_features = 1, .features = {"price"}, .timestamp = "time"},
};

static void try_request(struct slice input, const struct csv_request *request)
{
    struct recording recording;
    struct err_text text;
    enum err err = recording_open("input", input, request, &recording, &text);
    if (err != OK) {
        ASSERT(err == ERR_DATA);
        ASSERT(strncmp(text.text, "input: line ", 12) == 0);
        return;
    }
    ASSERT(recording.n_rows >= 1);
    for (uint32_t row = 0; row < recording.n_rows; row++) {
        ASSERT(recording.labels[row] <= 1);
        ASSERT(recording.at[row] >= 0);
        ASSERT(row == 0 || recording.at[row] > recording.at[row - 1]);
        for (uint32_t i = 0; i < recording.n_features; i++) {
            double value = recording.features[row * recording.n_features + i];
            ASSERT(value >= -1e300);
            ASSERT(value <= 1e300);
        }
    }
    recording_close(&recording);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        try_request((struct slice){(const char *)bytes, n_bytes}, &requests[i]);
    }
    return 0;
}
