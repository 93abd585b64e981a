/* SPDX-License-Identifier: Apache-2.0 */
/* Bank: the detectors of one model, window by window, and what each of them may be trusted with. */
/* Bytes of state: 11,624. Shift is PSI less what sampling makes of it (Yurdakul 2018, "Statistical properties of population stability index"), tested by the
 * e-processes of binned.h; which hypotheses are rejected is e-LOND's word (Xu and Ramdas 2024, "Online multiple testing with e-values", AISTATS; fdr.h). */
#ifndef CORE_DETECT_BANK_H
#define CORE_DETECT_BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/visit.h"
#include "core/detect/binned.h"
#include "core/detect/e_detector.h"
#include "core/detect/fdr.h"

enum {
    BANK_FEATURES = 8,
    BANK_BINS = 13, /* Ten deciles, then null, below and above the reference's range. */
    BANK_BIN_NULL = 10,
    BANK_SCORE_BINS = 10,
    BANK_HOURS = 168 /* Of a week. */
};

/* Streams, each with a null hypothesis of its own that is tested until it is rejected, and a new one from when what rejected it has gone. */
enum bank_stream {
    BANK_SHIFT = 0, /* + feature: tails and cells within what is tolerated. */
    BANK_NULLS =
        BANK_SHIFT + BANK_FEATURES, /* + feature: null share within the reference's and a point. */
    BANK_ERRORS = BANK_NULLS + BANK_FEATURES, /* Failed requests within what the service level allows. */
    BANK_DECISIONS, /* Decision rate within what the scores explain and five points. */
    N_BANK_STREAMS
};

/* What the detectors are held against. Borrowed for the call. */
struct bank_reference {
    uint32_t n_features;
    const uint32_t (*bins_ppm)[BANK_BINS]; /* Of each feature. */
    uint32_t rows;                         /* Behind them. */
    uint32_t constant_features;            /* Bit i: feature i has no spread. */
    double importance[BANK_FEATURES];      /* Share of the decision that rests on the feature. */
    double error_rate;                     /* Failed requests that the service level allows. */
    double positive_rate;
    uint32_t latency_p95_us;
};

/* One window. Borrowed for the call. */
struct bank_window {
    int64_t to; /* Nanoseconds; only its place in the week counts. */
    uint32_t requests, errors, fallbacks, positives, latency_p95_us;
    const uint32_t (*bins)[BANK_BINS]; /* Of each feature. */
    const uint32_t *score_bins;        /* BANK_SCORE_BINS deciles of the reference. */
};

/* The test that rejected a hypothesis, and the wealth of the fleet's tests before and after it. */
struct bank_test {
    double e_value, level, wealth_before, wealth_after;
};

/* What a detector says of a stream. */
struct bank_alarm {
    uint8_t stream;
    bool is_new;         /* Rejected by this window; otherwise it still stands and shows. */
    double value, limit; /* Effect: debiased PSI, share, rate; and from where on it counts. */
    struct bank_test test;
};

/* Data that cannot be right, whatever the model does; bit i is feature i. No statistic takes in what is missing or broken. */
struct bank_quality {
    uint32_t missing; /* Two windows in a row without a row of a feature that had some, although there were requests. */
    uint32_t broken;   /* Counts that are no difference of a counter: it was reset or ran over. */
    uint32_t constant; /* All values in one decile where the reference has several. */
    bool is_broken;    /* The window's own counters are no differences. */
};

struct bank_feature {
    struct binned shift;
    struct bet nulls;
    struct dispersion nulls_spread;
    double psi;                     /* Debiased, of the newest window while raised or let be. */
    double limit;                   /* From where on PSI is an effect. */
    double null_share;              /* Of the newest window. */
    double nulls_usual, tolerated;  /* Follow from the reference. */
    double cells[BINNED_CELLS];     /* Of the newest window that showed a shift. */
    double let_be[BINNED_CELLS];    /* Shares of a shift that was looked into. */
    double reference[BINNED_CELLS]; /* Follow from the reference. */
    uint8_t n_left[2];              /* Windows in a row well below the limit: shift, nulls. */
    uint8_t n_missing;              /* Windows in a row without a row. */
    bool had_rows;
};

/* Requests by the hour of the week, learned as it goes: a band, without a guarantee. */
struct volume_band {
    uint32_t usual[BANK_HOURS]; /* Smoothed requests of a window, in sixteenths; 0: the hour was not seen. */
    uint8_t n_low;              /* Windows in a row far below. */
    bool is_low;
};

struct bank {
    uint64_t n_windows; /* Since the reference: the clock of the weights. */
    struct bank_feature features[BANK_FEATURES];
    struct bet errors, decisions_up, decisions_down;
    struct dispersion errors_spread, decisions_spread;
    double rate,
        let_be_rate; /* Decision rate of the newest step; one that was looked into, negative: none. */
    double levels[N_BANK_STREAMS];          /* Base level of the open hypothesis. */
    struct bank_test tests[N_BANK_STREAMS]; /* That raised what stands. */
    uint32_t open;                          /* Bit: stream with an open hypothesis. */
    uint32_t raised;                        /* Bit: stream whose alarm stands. */
    uint32_t shows;                         /* Bit: raised, and the newest window shows it. */
    uint32_t has_let_be;                    /* Bit i: feature i. */
    uint8_t n_left_errors, n_left_decisions;
    bool is_slow;
    struct volume_band volume;
    struct bank_quality quality; /* Of the newest window. */
    struct e_detector labels;    /* Labelled error. */
    /* Follow from the reference. */
    uint32_t n_features, constant_features, reference_rows, latency_p95_us;
    double error_rate, positive_rate;
};

struct bank_alarms {
    uint32_t n_alarms;
    struct bank_alarm alarms[N_BANK_STREAMS];
};

void bank_init(struct bank *bank);
/* A version begins to serve: what was seen of the one before says nothing of it, but for the traffic and how much rows of a window resemble each
 * other. All streams of the reference need a hypothesis. */
void bank_begin(struct bank *bank, const struct bank_reference *reference);
/* Sets what follows from the reference again, after a visit that read. */
void bank_refer(struct bank *bank, const struct bank_reference *reference);
/* Streams of the reference without an open hypothesis and without a standing alarm, as bits. */
uint32_t bank_vacant(const struct bank *bank);
/* Opens the next hypothesis of every vacant stream, in their order: one test each of the fleet's e-LOND, numbered before any window that tests it
 * (fdr_open). */
void bank_open(struct bank *bank, struct fdr *fleet);
/* Takes a window in. A hypothesis is rejected when its e-process reaches what fdr_judge asks for, so that the false share of all alarms of the fleet
 * is at most alpha on average, however streams and windows depend on each other: e-processes are such given the past of the whole fleet. Rows
 * within a window are independent given that past, or as dependent as the dispersion learned of them says (dispersion.h). Rejected is only what the
 * window shows, so that each rejection is an alarm. */
void bank_step(struct bank *bank, const struct bank_window *window, struct fdr *fleet,
               struct bank_alarms *ret_alarms);
/* What stands of these streams (bits) has been looked into: it is tolerated from now on, and a new hypothesis says "no more than that". */
void bank_let_be(struct bank *bank, uint32_t streams);
/* Requests that the hour of the week makes usual; 0 before a window of that hour was seen. */
double bank_usual_requests(const struct bank *bank, int64_t to);
/* Share of the evidence (nats of the e-values above 1) of each feature's shift and nulls among all features; sums to 1, or is all 0. */
void bank_attribute(const struct bank *bank, double ret_shares[BANK_FEATURES]);
/* All but what follows from the reference. */
void bank_visit(struct visit *visit, const char *name, struct bank *bank);

#endif
