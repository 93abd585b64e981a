/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of real changes and, line by line, as options of every detector: refused with a message, or changes in order and settings within range. */
#include <stdlib.h>
#include <string.h>

#include "cli/detect_in.h"
#include "core/base/assert.h"
#include "tests/fuzz/fuzz.h"

enum { WORD_BYTES = 256, ROWS_MAX = 1 << 20 };

static void try_truth(struct slice input, uint64_t max_delay)
{
    struct changes truth = {0};
    struct err_text text;
    enum err err = truth_read("truth", input, max_delay, &truth, &text);
    ASSERT(err == OK || err == ERR_DATA);
    ASSERT(err == OK || strncmp(text.text, "truth: ", 7) == 0);
    for (uint64_t i = 0; err == OK && i < truth.n; i++) {
        ASSERT(truth.at[i].from <= truth.at[i].to);
        ASSERT(i == 0 || truth.at[i - 1].from < truth.at[i].from);
        ASSERT(truth.at[i].from <= truth.farthest);
    }
    if (err == OK) {
        struct evaluation evaluation = evaluate(ROWS_MAX, NULL, 0, truth.at, truth.n);
        ASSERT(evaluation.n_outside <= ROWS_MAX);
    }
    free(truth.at);
}

static void try_setting(const char *word)
{
    for (int kind = 0; kind < N_DETECTOR_KINDS; kind++) {
        const struct detector_form *form = detector_form((enum detector_kind)kind);
        struct detector_settings settings = detector_defaults((enum detector_kind)kind);
        struct err_text text;
        enum err err = setting_take((enum detector_kind)kind, word, &settings, &text);
        ASSERT(err == OK || err == ERR_USAGE);
        for (uint32_t i = 0; i < form->n_options; i++) {
            ASSERT(detector_takes(&form->options[i], settings.values[i]));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    struct slice input = {(const char *)bytes, n_bytes};
    try_truth(input, 0);
    try_truth(input, UINT32_MAX);
    for (size_t from = 0, end = 0; from < n_bytes; from = end + 1) {
        for (end = from; end < n_bytes && bytes[end] != '\n' && end - from < WORD_BYTES - 1;) {
            end++;
        }
        char word[WORD_BYTES];
        memcpy(word, bytes + from, end - from);
        word[end - from] = '\0';
        try_setting(word);
    }
    return 0;
}
