/* SPDX-License-Identifier: Apache-2.0 */
/* What people give to `steward detect`: a detector's name, options, and the file of real changes. */
#ifndef CLI_DETECT_IN_H
#define CLI_DETECT_IN_H

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/detect/detector.h"
#include "core/detect/evaluate.h"

/* The detector of that name; none is ERR_USAGE, and the message lists them. */
enum err detector_choose(const char *name, enum detector_kind *ret_kind,
                         struct err_text *text) MUST_USE;
/* Takes one KEY=VALUE into the settings. Anything else is ERR_USAGE, and the message says what is taken. */
enum err setting_take(enum detector_kind kind, const char *word, struct detector_settings *settings,
                      struct err_text *text) MUST_USE;

/* Real changes, ascending by their first row, no two at one. All zero at first; `at` is the caller's to free, whatever truth_read returns. */
struct changes {
    struct episode *at;
    uint64_t n, capacity;
    uint64_t farthest; /* The last row at which a change begins, and its line. */
    uint32_t farthest_line;
};
/* Lines `row` or `first,last`; a lone row's last is max_delay later. Blank lines are passed over, and so is a first line of one or two of the words row,
 * rows, index, change, drift, first, last, start, end, from, to, begin. A file may know of no change. Anything else is ERR_DATA with path and line. */
enum err truth_read(const char *path, struct slice bytes, uint64_t max_delay, struct changes *truth,
                    struct err_text *text) MUST_USE;

#endif
