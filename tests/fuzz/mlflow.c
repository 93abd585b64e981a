/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer of MLflow: versions fall, shares are shares, and only one JSON object is without an error. */
#include <string.h>

#include "core/base/assert.h"
#include "live/adapter/mlflow.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static const struct model_entry model = {
        .name = "fraud", .n_features = 1, .features = {{.name = "amount"}}};
    static struct registry_list list;
    struct slice body = {(const char *)bytes, n_bytes};
    struct http_response response = {.transport = HTTP_OK,
                                     .status = 200,
                                     .content_type = "application/json",
                                     .retry_after_ns = -1,
                                     .body = body};
    struct registered registered;
    bool is_registered = registered_parse(body, "champion", &registered);
    bool is_list = versions_parse(body, &model, (struct model_id){1}, 0, &list);
    enum mlflow_error error = mlflow_judge(&response);
    ASSERT((uint32_t)error < N_MLFLOW_ERRORS);
    ASSERT(!(is_registered || is_list) || error != MLFLOW_MALFORMED);
    ASSERT(list.n_records <= VERSIONS_MAX);
    for (uint32_t i = 0; i < list.n_records; i++) {
        const struct registry_record *record = &list.records[i];
        ASSERT(record->version.version.value != 0);
        ASSERT(i == 0 || record->version.version.value < list.records[i - 1].version.version.value);
        ASSERT(!record->version.evaluated || record->version.holdout_error <= 1.0);
        for (uint32_t j = 0; j < BINS && record->has_baseline; j++) {
            ASSERT(record->baseline.bins_ppm[0][j] <= 1000000);
        }
    }
    return 0;
}
