/* SPDX-License-Identifier: Apache-2.0 */
/* Files of scenarios/ inside the binary; the build writes the table. */
#ifndef CLI_EMBEDDED_H
#define CLI_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *path; /* From the root: "scenarios/M01.yaml". */
    const unsigned char *bytes;
    size_t n_bytes;
};

extern const struct embedded_file embedded_files[];
extern const size_t n_embedded_files;

#endif
