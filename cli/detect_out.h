/* SPDX-License-Identifier: Apache-2.0 */
/* What `steward detect` found, for people and for programs. */
#ifndef CLI_DETECT_OUT_H
#define CLI_DETECT_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/detect/detector.h"
#include "core/detect/evaluate.h"
#include "core/formats/column.h"

/* Indexes of rows, growing. */
struct rows {
    uint64_t *at;
    uint64_t n, capacity;
};

enum { BASELINES = 3 };
/* A baseline and how often it alarms; every 0: never. */
struct trivial {
    uint64_t every;
    struct evaluation evaluation;
};

struct detection {
    const char *column, *input; /* As given; column may be NULL. */
    enum detector_kind kind;
    struct detector_settings settings;
    double threshold; /* Of the statistic; NaN: none that is fixed. */
    uint64_t n;       /* Rows, also those without a number. */
    double *values,
        *statistics; /* n each, NaN where the row has no number; only for a plot, otherwise NULL. */
    uint64_t capacity;
    struct rows alarms;
    struct rows warnings; /* The first after the start and after each alarm. */
    struct rows events[N_CELL_KINDS]; /* By kind; [CELL_NUMBER] holds numbers outside of the detector's range. */
    bool has_truth;
    struct evaluation evaluation;
    struct trivial baselines[BASELINES];
};

/* False when out of memory; whoever prints watches stdout. */
bool detection_json(const struct detection *detection);
void detection_text(const struct detection *detection);
/* All detectors, or one; false as above. */
bool detectors_json(const enum detector_kind *only);
void detectors_text(const enum detector_kind *only);
/* "clamped", "0.9999": a value of an option as it is given. */
void detector_value_word(const struct detector_option *option, double value, char ret_word[32]);

#endif
