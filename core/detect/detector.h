/* SPDX-License-Identifier: Apache-2.0 */
/* One door to every stream detector: by name, with options by name, on memory of the caller. */
#ifndef CORE_DETECT_DETECTOR_H
#define CORE_DETECT_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/detect/adwin.h"
#include "core/detect/cusum.h"
#include "core/detect/ddm.h"
#include "core/detect/e_detector.h"
#include "core/detect/ecdd.h"
#include "core/detect/eddm.h"
#include "core/detect/ewma.h"
#include "core/detect/fhddm.h"
#include "core/detect/gma.h"
#include "core/detect/hddm.h"
#include "core/detect/iks.h"
#include "core/detect/kswin.h"
#include "core/detect/martingale.h"
#include "core/detect/page_hinkley.h"
#include "core/detect/signal.h"

enum detector_kind {
    DETECTOR_ADWIN,
    DETECTOR_DDM,
    DETECTOR_EDDM,
    DETECTOR_HDDM_A,
    DETECTOR_HDDM_W,
    DETECTOR_FHDDM,
    DETECTOR_PAGE_HINKLEY,
    DETECTOR_CUSUM,
    DETECTOR_EWMA,
    DETECTOR_ECDD,
    DETECTOR_GMA,
    DETECTOR_KSWIN,
    DETECTOR_IKS,
    DETECTOR_E_SR,
    DETECTOR_E_CUSUM,
    DETECTOR_CTM,
    N_DETECTOR_KINDS
};

/* What a detector is made for. Any finite value is taken; outside of this its mathematics says nothing. */
enum detector_range { DETECTOR_ANY, DETECTOR_UNIT /* 0 .. 1. */, DETECTOR_BINARY /* 0 or 1. */ };

enum { DETECTOR_OPTIONS_MAX = 10, DETECTOR_CHOICES_MAX = 4 };

/* An option is a number; a choice is the number of its word. */
struct detector_option {
    const char *name;  /* As the reference implementation calls it. */
    const char *alias; /* As the detector's header calls it; NULL: the same. */
    const char *meaning;
    double fallback, lowest, highest;
    bool is_whole;
    const char *choices[DETECTOR_CHOICES_MAX]; /* NULL from the first that is not there on. */
};

struct detector_form {
    const char *name, *meaning;
    const char *defaults;  /* Whose defaults these are. */
    const char *guarantee; /* "none", or what holds and under which condition. */
    enum detector_range range;
    size_t state_bytes;
    uint32_t n_options;
    struct detector_option options[DETECTOR_OPTIONS_MAX];
};

/* Never NULL; lives as long as the program. */
const struct detector_form *detector_form(enum detector_kind kind);
/* False when there is none of that name. */
bool detector_find(const char *name, enum detector_kind *ret_kind);
/* Index of the option of that name or alias; false when there is none. */
bool detector_find_option(enum detector_kind kind, const char *name, uint32_t *ret_option_i);

/* Options of one detector, in the order of its form. */
struct detector_settings {
    double values[DETECTOR_OPTIONS_MAX];
};
struct detector_settings detector_defaults(enum detector_kind kind);
/* True when the value is within the option's range, and whole where that is asked for. */
bool detector_takes(const struct detector_option *option, double value);
/* NULL when the detector takes every value and they agree, else one clause that says what does not. The clause lives until the program ends. */
const char *detector_wrong(enum detector_kind kind, const struct detector_settings *settings);

struct detector {
    enum detector_kind kind;
    union {
        struct adwin adwin;
        struct ddm ddm;
        struct eddm eddm;
        struct hddm_a hddm_a;
        struct hddm_w hddm_w;
        struct fhddm fhddm;
        struct page_hinkley page_hinkley;
        struct cusum cusum;
        struct ewma ewma;
        struct ecdd ecdd;
        struct gma gma;
        struct kswin kswin;
        struct iks iks;
        struct e_sr e_sr;
        struct e_cusum e_cusum;
        struct ctm ctm;
    } as;
};

/* The settings must be right (detector_wrong). */
void detector_init(struct detector *detector, enum detector_kind kind,
                   const struct detector_settings *settings);
/* x is at most 1e150 in magnitude, so that squares stay finite. One that is NaN or infinite changes nothing and gives DETECT_NONE. */
enum detect_signal detector_step(struct detector *detector, double x);
/* What the detector decides by, after the last step. */
double detector_statistic(const struct detector *detector);
/* The fixed value at which the statistic alarms; NaN where what alarms follows the stream. The statistic of ewma alarms at minus it as well. */
double detector_threshold(const struct detector *detector);

#endif
