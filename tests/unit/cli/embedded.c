/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests' build holds in place of scenarios/: two scenarios, one of them recorded outside, and a suite of both. */
#include "cli/embedded.h"

#define HEAD(id)                                                                                     \
    "id: " id                                                                                        \
    "\ntitle: Test\nclass: test\nfamily: T01\ndeployment: none\npolicy: none\ntrue_incident: true\n" \
    "must_escalate: false\ncorrect: ROLLBACK\nbait: NOOP\nhorizon: 12h\n"

static const char plain[] =
    HEAD("M01") "items:\n  - kind: bad_model_push\n    main: true\n    at: 1h\n    a: 0.1\n";
static const char recorded[] =
    HEAD("R01") "recording: elec2\nitems:\n  - kind: recorded\n    main: true\n    at: 1h\n";
static const char suite[] =
    "name: both\ntitle: Both\nweights: uniform\nscenarios:\n  - M01\n  - R01\n";

#define FILE_OF(path, text)                                                                        \
    {                                                                                              \
        path, (const unsigned char *)text, sizeof(text) - 1                                        \
    }

const struct embedded_file embedded_files[] = {
    FILE_OF("scenarios/M01.yaml", plain),
    FILE_OF("scenarios/R01.yaml", recorded),
    FILE_OF("scenarios/suites/both.yaml", suite),
};
const size_t n_embedded_files = sizeof(embedded_files) / sizeof(embedded_files[0]);
