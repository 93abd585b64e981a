/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an answer of Prometheus: samples come out only with a status that says so, finite and sorted. */
#include <math.h>
#include <string.h>

#include "core/base/assert.h"
#include "live/adapter/prometheus.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static struct vector vector;
    vector_parse((struct slice){(const char *)bytes, n_bytes}, &vector);
    ASSERT((uint32_t)vector.status < N_VECTOR_STATUSES);
    ASSERT(vector.n_samples <= SAMPLES_MAX);
    bool has_samples = vector.status == VECTOR_OK || vector.status == VECTOR_PARTIAL;
    ASSERT(has_samples || vector.n_samples == 0);
    for (uint32_t i = 0; i < vector.n_samples; i++) {
        ASSERT(isfinite(vector.samples[i].value));
        ASSERT(memchr(vector.samples[i].feature, 0, LABEL_BYTES) != NULL);
        ASSERT(i == 0 || strcmp(vector.samples[i - 1].feature, vector.samples[i].feature) <= 0);
    }
    uint32_t count = 0;
    ASSERT(!vector_count(&vector, &count) || vector.n_samples == 1);
    (void)vector_version(&vector); /* Must only not go astray. */
    return 0;
}
